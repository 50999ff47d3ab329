//! How often somebody may try to sign in: by account and address together, by account, and by address.
//!
//! Never a lock: whoever guesses is slowed down, and the owner gets in again within seconds.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use sha2::{Digest as _, Sha256};

use crate::web::client::network;

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
    known: Limiter,
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
            known: limiter(10, Duration::from_secs(5)),
        }
    }

    /// Lets a try through, or says after how many seconds to come again.
    pub(crate) fn try_sign_in(&self, address: IpAddr, email: &str) -> Result<(), u64> {
        let address = network(address).to_string();
        check(&self.pair, &[&address, email])?;
        check(&self.account, &[email])?;
        check(&self.address, &[&address])
    }

    /// The same for a browser that this account has signed in from: others who guess cannot keep it out.
    pub(crate) fn try_known(&self, browser: &str, email: &str) -> Result<(), u64> {
        check(&self.known, &[browser, email])
    }
}

fn check(limiter: &Limiter, parts: &[&str]) -> Result<(), u64> {
    if limiter.len() > MANY {
        limiter.retain_recent();
    }
    limiter.check_key(&key(parts)).map_err(|early| early.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
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
    fn an_ipv6_network_is_one_visitor() {
        let limits = Limits::new();
        let address = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let refused = (0..150).filter(|host| limits.try_sign_in(address(*host), &format!("{host}@x.example")).is_err()).count();
        assert!(refused >= 80, "{refused}");
    }

    #[test]
    fn a_known_browser_is_let_in_while_others_guess() {
        let limits = Limits::new();
        for host in 0..200 {
            let _ = limits.try_sign_in(IpAddr::from([192, 0, 2, host]), "meera@neemtree.example");
        }
        assert!(limits.try_sign_in(IpAddr::from([198, 51, 100, 1]), "meera@neemtree.example").is_err());
        assert!(limits.try_known("browser", "meera@neemtree.example").is_ok());
    }

    #[test]
    fn guessing_is_slowed_down_for_that_address_alone() {
        let limits = Limits::new();
        let (guesser, owner) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let refused = (0..30).filter(|_| limits.try_sign_in(guesser, "meera@neemtree.example").is_err()).count();
        assert!(refused >= 19, "{refused}");
        assert!(limits.try_sign_in(owner, "meera@neemtree.example").is_ok());
    }
}
