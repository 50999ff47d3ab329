//! Helpers for the tests of samples.
//!
//! Invariant: every test has a fixed seed, so that failures are reproducible.

use std::convert::Infallible;

use rand::TryRng;

use super::*;

/// A small random number generator whose output never changes, which crates do not guarantee.
pub(crate) struct SplitMix(u64);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn step(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl TryRng for SplitMix {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let [.., a, b, c, d] = self.step().to_be_bytes();
        Ok(u32::from_be_bytes([a, b, c, d]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.step())
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            chunk.copy_from_slice(&self.step().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// True if a JSON text has no white space outside its strings.
pub(in crate::gateways) fn is_compact(body: &[u8]) -> bool {
    let (mut is_inside, mut is_escaped) = (false, false);
    body.iter().all(|&octet| {
        if is_inside {
            is_inside = is_escaped || octet != b'"';
            is_escaped = !is_escaped && octet == b'\\';
            return true;
        }
        is_inside = octet == b'"';
        !octet.is_ascii_whitespace()
    })
}

#[test]
fn a_life_cycle_is_known_by_its_name_and_by_no_other() {
    for kind in LifeCycle::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert!(UnknownLifeCycle.to_string().contains(kind.name()));
    }
    assert_eq!("Paid".parse::<LifeCycle>(), Err(UnknownLifeCycle));
}
