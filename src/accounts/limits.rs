//! Rate limits on sign-in: per account and address, per account, per address, per customer network (IPv4 /24, IPv6 /48), and
//! overall. Password confirmation is limited per session, password resets per account, address and network.
//!
//! Throttles instead of locking out: an attempt is possible again within seconds.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::reset::{LINKS_PERIOD, MAX_LINKS};
use crate::primitives::{
    network::{network, site},
    rate_limit::KeyedLimiter,
    time::Clock,
};

/// Number of keys above which keys whose quota has fully recovered are evicted.
const EVICT_ABOVE_KEYS: usize = 10_000;

/// The number of requests for a password reset that are looked up at the same time: one takes a few milliseconds.
const MAX_RESET_LOOKUPS: usize = 100;

type Limiter = KeyedLimiter<[u8; 32]>;

/// The limits of one server.
pub(crate) struct Limits {
    account_and_address: Limiter,
    account: Limiter,
    address: Limiter,
    site: Limiter,
    overall: Limiter,
    trusted_browser: Limiter,
    trusted_browser_site: Limiter,
    session: Limiter,
    sign_out_elsewhere: Limiter,
    reset_of_account: Limiter,
    reset_of_address: Limiter,
    reset_of_site: Limiter,
    reset_requests: Limiter,
    reset_in_a_day: Limiter,
    reset_emails: Limiter,
    /// The requests for a password reset that are looked up at the same time.
    reset_lookups: Arc<Semaphore>,
}

impl Limits {
    pub(crate) fn new(clock: &Clock) -> Self {
        let limiter = |burst, interval| KeyedLimiter::new(clock, NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN), interval);
        Self {
            account_and_address: limiter(10, Duration::from_secs(5)),
            account: limiter(30, Duration::from_secs(2)),
            address: limiter(60, Duration::from_secs(1)),
            site: limiter(120, Duration::from_millis(500)),
            overall: limiter(300, Duration::from_millis(50)),
            trusted_browser: limiter(10, Duration::from_secs(5)),
            trusted_browser_site: limiter(20, Duration::from_secs(3)),
            session: limiter(10, Duration::from_secs(5)),
            sign_out_elsewhere: limiter(3, Duration::from_mins(1)),
            reset_of_account: limiter(3, Duration::from_mins(10)),
            reset_of_address: limiter(10, Duration::from_mins(1)),
            reset_of_site: limiter(20, Duration::from_secs(30)),
            reset_requests: limiter(300, Duration::from_millis(50)),
            reset_in_a_day: limiter(MAX_LINKS, LINKS_PERIOD / MAX_LINKS),
            reset_emails: limiter(60, Duration::from_secs(5)),
            reset_lookups: Arc::new(Semaphore::new(MAX_RESET_LOOKUPS)),
        }
    }

    /// Consumes a sign-in attempt of a browser without a trusted cookie. Returns the seconds until the next attempt if a
    /// limit is exceeded.
    ///
    /// The limits of addresses are checked before the overall limit, and the account's limit last, so that an address over
    /// its limit uses up no quota of other accounts. In IPv4 it uses up none of its /24 either. In IPv6 the /48 is checked
    /// first, because one customer owns all its 65,536 networks: every attempt consumes quota of the /48, even if the limit
    /// of its own /64 rejects it.
    pub(crate) fn try_sign_in(&self, address: IpAddr, email: &str) -> Result<(), u64> {
        let own = check_network(address, &self.address, &self.site)?;
        check(&self.overall, &[])?;
        check(&self.account_and_address, &[&own, email])?;
        check(&self.account, &[email])
    }

    /// Like [`Self::try_sign_in`], for a browser from which this account has signed in before. It has separate limits per
    /// network and per customer network, which neither unknown browsers nor copies of its cookies in other networks use up.
    pub(crate) fn check_trusted_browser(&self, address: IpAddr, browser: &str, email: &str) -> Result<(), u64> {
        check(&self.trusted_browser_site, &[browser, email, &site(address).to_string()])?;
        check(&self.trusted_browser, &[browser, email, &network(address).to_string()])
    }

    /// Consumes a request for a password reset, whether or not an account has the email. Returns the seconds until the next one if a
    /// limit is exceeded. Each request may send an email, so the limits are lower than those of sign-in.
    ///
    /// The order is that of sign-in, but the overall limit denies no one: above it the account's limits are left to the background
    /// task, which knows whether the account exists, so that requests for unknown accounts use up nothing that others need.
    pub(crate) fn try_reset(&self, address: IpAddr, email: &str) -> Result<(), u64> {
        check_network(address, &self.reset_of_address, &self.reset_of_site)?;
        if check(&self.reset_requests, &[]).is_err() {
            return Ok(());
        }
        check(&self.reset_of_account, &[email])?;
        check(&self.reset_in_a_day, &[email])
    }

    /// Consumes a reset of an account that exists; false if too many are sent overall.
    pub(crate) fn try_reset_email(&self) -> bool {
        check(&self.reset_emails, &[]).is_ok()
    }

    /// Returns the permit to look for the account of a reset; `None` if too many are looked for.
    pub(crate) fn try_reset_lookup(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.reset_lookups).try_acquire_owned().ok()
    }

    /// Consumes a session's attempt to confirm the password.
    pub(crate) fn try_session(&self, session: &[u8; 32]) -> Result<(), u64> {
        check_key(&self.session, *session)
    }

    /// Consumes a session's attempt to sign out the user's other sessions.
    pub(crate) fn try_sign_out_elsewhere(&self, session: &[u8; 32]) -> Result<(), u64> {
        check_key(&self.sign_out_elsewhere, *session)
    }
}

/// Consumes quota of an address's own network and of the customer network around it; see [`Limits::try_sign_in`] for the order. Returns
/// the key of the own network.
fn check_network(address: IpAddr, own_limit: &Limiter, site_limit: &Limiter) -> Result<String, u64> {
    let (site, network) = (site(address).to_string(), network(address));
    let own = network.to_string();
    if network.is_ipv6() {
        check(site_limit, &[&site])?;
        check(own_limit, &[&own])?;
    } else {
        check(own_limit, &[&own])?;
        check(site_limit, &[&site])?;
    }
    Ok(own)
}

fn check(limiter: &Limiter, parts: &[&str]) -> Result<(), u64> {
    check_key(limiter, key(parts))
}

fn check_key(limiter: &Limiter, key: [u8; 32]) -> Result<(), u64> {
    if limiter.len() > EVICT_ABOVE_KEYS {
        limiter.evict_recovered();
    }
    limiter.check(&key).map_err(|wait| wait.as_secs() + 1)
}

/// Hashes the parts into a key of fixed size, so that no typed text is stored.
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
    use crate::primitives::time::Timestamp;

    fn limits() -> Limits {
        Limits::new(&Clock::fixed(Timestamp::from_millis(0)))
    }

    #[test]
    fn an_ipv6_network_is_one_visitor() {
        let limits = limits();
        let address = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let refused = (0..150).filter(|host| limits.try_sign_in(address(*host), &format!("{host}@x.example")).is_err()).count();
        assert!(refused >= 80, "{refused}");
    }

    #[test]
    fn a_known_browser_may_sign_in_while_others_guess() {
        let limits = limits();
        for host in 0..200 {
            let _ = limits.try_sign_in(IpAddr::from([192, 0, 2, host]), "meera@neemtree.example");
        }
        assert!(limits.try_sign_in(IpAddr::from([198, 51, 100, 1]), "meera@neemtree.example").is_err());
        let owner = IpAddr::from([198, 51, 100, 1]);
        assert!(limits.check_trusted_browser(owner, "browser", "meera@neemtree.example").is_ok());
    }

    #[test]
    fn a_copy_of_a_known_browsers_cookies_uses_up_its_own_limit_alone() {
        let limits = limits();
        let (thief, owner) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([198, 51, 100, 1]));
        let refused =
            (0..30).filter(|_| limits.check_trusted_browser(thief, "browser", "meera@neemtree.example").is_err()).count();
        assert!(refused >= 19, "{refused}");
        assert!(limits.check_trusted_browser(owner, "browser", "meera@neemtree.example").is_ok());
        let refused = (0..30).filter(|_| limits.try_session(&[1; 32]).is_err()).count();
        assert!(refused >= 19 && limits.try_session(&[2; 32]).is_ok(), "{refused}");
    }

    #[test]
    fn a_copy_of_a_known_browsers_cookies_gains_nothing_from_the_networks_of_one_customer() {
        let limits = limits();
        let network = |number: u16| IpAddr::from([0x2001, 0xdb8, 1, number, 0, 0, 0, 1]);
        let attempt = |address| limits.check_trusted_browser(address, "browser", "meera@neemtree.example");
        let refused = (0..3000).filter(|number| attempt(network(*number)).is_err()).count();
        assert!(refused >= 2950, "{refused}");
        let refused = (0..=255).filter(|host| attempt(IpAddr::from([192, 0, 2, *host])).is_err()).count();
        assert!(refused >= 200, "{refused}");
        assert!(attempt(IpAddr::from([198, 51, 100, 1])).is_ok(), "the owner's own network");
        assert!(limits.check_trusted_browser(network(0), "another browser", "meera@neemtree.example").is_ok());
    }

    #[test]
    fn many_networks_of_one_customer_are_limited_together_and_take_nothing_from_others() {
        let limits = limits();
        let network = |number: u16| IpAddr::from([0x2001, 0xdb8, 1, number, 0, 0, 0, 1]);
        let refused = (0..3000).filter(|number| limits.try_sign_in(network(*number), "meera@neemtree.example").is_err()).count();
        assert!(refused >= 2800, "{refused}");
        let other = IpAddr::from([0x2001, 0xdb8, 2, 0, 0, 0, 0, 1]);
        assert!(limits.try_sign_in(other, "ravi@banyan.example").is_ok());
    }

    #[test]
    fn resets_of_unknown_accounts_use_up_nothing_that_others_need() {
        let limits = limits();
        let address = |number: u16| IpAddr::from([0x2001, 0xdb8, number, 0, 0, 0, 0, 1]);
        for number in 0..3000 {
            assert!(limits.try_reset(address(number), &format!("{number}@x.example")).is_ok(), "{number}");
        }
        assert!(limits.try_reset(address(3000), "meera@neemtree.example").is_ok() && limits.try_reset_email());
        assert!(limits.reset_of_account.len() <= 400, "nor memory: {}", limits.reset_of_account.len());
    }

    #[test]
    fn an_account_is_reset_three_times_in_a_row_and_five_times_a_day() {
        let clock = Clock::fixed(Timestamp::from_millis(0));
        let limits = Limits::new(&clock);
        let accepted = |host| {
            let address = IpAddr::from([192, 0, 2, host]);
            (0..4).filter(|_| limits.try_reset(address, "meera@neemtree.example").is_ok()).count()
        };
        assert_eq!(accepted(1), 3);
        clock.advance(Duration::from_mins(30));
        assert_eq!((accepted(2), accepted(3)), (2, 0));
    }

    #[test]
    fn guessing_is_slowed_down_for_that_address_alone() {
        let limits = limits();
        let (guesser, owner) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let refused = (0..30).filter(|_| limits.try_sign_in(guesser, "meera@neemtree.example").is_err()).count();
        assert!(refused >= 19, "{refused}");
        assert!(limits.try_sign_in(owner, "meera@neemtree.example").is_ok());
    }
}
