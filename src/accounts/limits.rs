//! How often somebody may try to sign in: by account and address together, by account, and by address.
//!
//! Never a lock: whoever guesses is slowed down, and the owner gets in again within seconds.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use sha2::{Digest as _, Sha256};

/// What a visitor is told who tries too often.
pub(crate) const SLOW_DOWN: &str = "Too many tries. Wait a few seconds, then sign in again.";

/// Keys kept before those that have recovered are swept away.
const MANY: usize = 10_000;

type Limiter = DefaultKeyedRateLimiter<[u8; 32]>;

/// The limits of one server.
pub(crate) struct Limits {
    pair: Limiter,
    account: Limiter,
    address: Limiter,
}

impl Limits {
    pub(crate) fn new() -> Self {
        let limiter = |burst: u32, every: Duration| {
            let quota =
                Quota::with_period(every).map(|quota| quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)));
            RateLimiter::keyed(quota.unwrap_or(Quota::per_second(NonZeroU32::MIN)))
        };
        Self {
            pair: limiter(10, Duration::from_secs(5)),
            account: limiter(30, Duration::from_secs(2)),
            address: limiter(60, Duration::from_secs(1)),
        }
    }

    /// Lets a try through, or says after how many seconds to come again.
    pub(crate) fn try_sign_in(&self, address: IpAddr, email: &str) -> Result<(), u64> {
        let address = address.to_string();
        let checks = [(&self.pair, key(&[&address, email])), (&self.account, key(&[email])), (&self.address, key(&[&address]))];
        for (limiter, key) in checks {
            if limiter.len() > MANY {
                limiter.retain_recent();
            }
            limiter.check_key(&key).map_err(|early| early.wait_time_from(DefaultClock::default().now()).as_secs() + 1)?;
        }
        Ok(())
    }
}

/// A key of fixed size: what was typed is not kept.
fn key(parts: &[&str]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_down_for_that_address_alone() {
        let limits = Limits::new();
        let (guesser, owner) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let refused = (0..30).filter(|_| limits.try_sign_in(guesser, "meera@neemtree.example").is_err()).count();
        assert!(refused >= 19, "{refused}");
        assert!(limits.try_sign_in(owner, "meera@neemtree.example").is_ok());
    }
}
