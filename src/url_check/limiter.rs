//! The limit on costly checks, of a webhook's URL, of API keys and of imported secrets: one at a time per company, with a burst
//! quota. Each kind of check has a limiter of its own.

use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::primitives::{id::CompanyId, rate_limit::KeyedLimiter, time::Clock};

/// The burst of checks that a company may make, and the interval after which another is allowed.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
const EVERY: Duration = Duration::from_secs(10);

/// The limiter of one server.
pub(crate) struct CheckLimiter {
    running: Mutex<HashSet<CompanyId>>,
    quota: KeyedLimiter<CompanyId>,
}

/// Why a check is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Another check of the company is in progress.
    Running,
    TooMany,
}

/// Permission for one check, released on drop.
pub(crate) struct CheckPermit<'a> {
    desk: &'a CheckLimiter,
    company: CompanyId,
}

impl CheckLimiter {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { running: Mutex::default(), quota: KeyedLimiter::new(clock, BURST, EVERY) }
    }

    /// Acquires a permit for the company.
    pub(crate) fn acquire(&self, company: CompanyId) -> Result<CheckPermit<'_>, Denied> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains(&company) {
            return Err(Denied::Running);
        }
        self.quota.check(&company).map_err(|_| Denied::TooMany)?;
        running.insert(company);
        Ok(CheckPermit { desk: self, company })
    }
}

impl Drop for CheckPermit<'_> {
    fn drop(&mut self) {
        self.desk.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.company);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::time::Timestamp;

    #[test]
    fn one_at_a_time_and_not_without_end() {
        let clock = Clock::fixed(Timestamp::from_millis(0));
        let desk = CheckLimiter::new(&clock);
        let [mine, theirs] = [1, 2].map(|millis| CompanyId::new(Timestamp::from_millis(millis)));
        let turn = desk.acquire(mine).ok();
        assert!(turn.is_some());
        assert_eq!(desk.acquire(mine).err(), Some(Denied::Running));
        assert!(desk.acquire(theirs).is_ok(), "another company does not wait");
        drop(turn);
        for _ in 1..BURST.get() {
            assert!(desk.acquire(mine).is_ok());
        }
        assert_eq!(desk.acquire(mine).err(), Some(Denied::TooMany));
        clock.advance(EVERY);
        assert!(desk.acquire(mine).is_ok(), "after waiting");
        assert_eq!(desk.acquire(mine).err(), Some(Denied::TooMany));
    }
}
