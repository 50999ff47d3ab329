//! The limit on costly checks, of a webhook's URL, of API keys and of imported secrets: one at a time per company, with a burst
//! quota. Each kind of check has a limiter of its own.

use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::{JoinError, spawn_blocking};

use crate::primitives::{id::CompanyId, rate_limit::KeyedLimiter, time::Clock};

/// The burst of checks that send requests, and the interval after which another is allowed.
const REQUEST_BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
const REQUEST_INTERVAL: Duration = Duration::from_secs(10);
/// The same for checks that only compute.
const COMPUTATION_BURST: NonZeroU32 = NonZeroU32::new(60).expect("sixty is not zero");
const COMPUTATION_INTERVAL: Duration = Duration::from_secs(1);

/// The limiter of one server.
pub(crate) struct CheckLimiter {
    running: Mutex<HashSet<CompanyId>>,
    quota: KeyedLimiter<CompanyId>,
}

/// Why a check is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckDenied {
    /// Another check of the company is in progress.
    Running,
    TooMany,
}

impl CheckDenied {
    /// Returns the reason of a message, in kebab case.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Running => "check-running",
            Self::TooMany => "too-many-checks",
        }
    }
}

/// Permission for one check, released on drop.
pub(crate) struct CheckPermit<'a> {
    limiter: &'a CheckLimiter,
    company: CompanyId,
}

impl CheckLimiter {
    /// Limits checks that make this server send requests.
    pub(crate) fn of_requests(clock: &Clock) -> Self {
        Self { running: Mutex::default(), quota: KeyedLimiter::new(clock, REQUEST_BURST, REQUEST_INTERVAL) }
    }

    /// Limits checks that cost CPU time only.
    pub(crate) fn of_computations(clock: &Clock) -> Self {
        Self { running: Mutex::default(), quota: KeyedLimiter::new(clock, COMPUTATION_BURST, COMPUTATION_INTERVAL) }
    }

    /// Acquires a permit for the company.
    pub(crate) fn acquire(&self, company: CompanyId) -> Result<CheckPermit<'_>, CheckDenied> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains(&company) {
            return Err(CheckDenied::Running);
        }
        self.quota.check(&company).map_err(|_| CheckDenied::TooMany)?;
        running.insert(company);
        Ok(CheckPermit { limiter: self, company })
    }

    /// Runs a check that costs CPU time on another thread, since it would delay the requests that this one serves. Its permit is
    /// held until it ends, also if the client disconnects.
    ///
    /// # Errors
    /// If the check panics.
    pub(crate) async fn compute<T: Send + 'static>(
        self: Arc<Self>,
        company: CompanyId,
        check: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, CheckDenied>, JoinError> {
        spawn_blocking(move || {
            let _permit = self.acquire(company)?;
            Ok(check())
        })
        .await
    }
}

impl Drop for CheckPermit<'_> {
    fn drop(&mut self) {
        self.limiter.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.company);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::time::Timestamp;

    #[test]
    fn one_at_a_time_and_not_without_end() {
        let clock = Clock::fixed(Timestamp::from_millis(0));
        let limiter = CheckLimiter::of_requests(&clock);
        let [mine, theirs] = std::array::from_fn(|_| CompanyId::unique());
        let turn = limiter.acquire(mine).ok();
        assert!(turn.is_some());
        assert_eq!(limiter.acquire(mine).err(), Some(CheckDenied::Running));
        assert!(limiter.acquire(theirs).is_ok(), "another company does not wait");
        drop(turn);
        for _ in 1..REQUEST_BURST.get() {
            assert!(limiter.acquire(mine).is_ok());
        }
        assert_eq!(limiter.acquire(mine).err(), Some(CheckDenied::TooMany));
        clock.advance(REQUEST_INTERVAL);
        assert!(limiter.acquire(mine).is_ok(), "after waiting");
        assert_eq!(limiter.acquire(mine).err(), Some(CheckDenied::TooMany));
    }

    #[tokio::test]
    async fn a_computation_has_a_permit_to_its_end_and_no_thread_that_serves_others() {
        let limiter = Arc::new(CheckLimiter::of_computations(&Clock::fixed(Timestamp::from_millis(0))));
        let (company, here, inner) = (CompanyId::unique(), std::thread::current().id(), Arc::clone(&limiter));
        let check = move || (std::thread::current().id() == here, inner.acquire(company).err());
        assert_eq!(Arc::clone(&limiter).compute(company, check).await.unwrap(), Ok((false, Some(CheckDenied::Running))));
        assert!(limiter.acquire(company).is_ok());
    }
}
