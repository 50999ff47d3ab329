//! Keyed rate limiters that take the time from [`Clock`].
//!
//! Invariant: the time of a limiter never goes back, because a wall clock that is set back would deny attempts until it catches up.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, clock, middleware::NoOpMiddleware, state::keyed::DefaultKeyedStateStore};

use super::time::Clock;

/// Limits attempts per key. With a fixed clock, quota recovers only when the clock is advanced.
pub(crate) struct KeyedLimiter<K: Hash + Eq + Clone>(
    RateLimiter<K, DefaultKeyedStateStore<K>, LimiterClock, NoOpMiddleware<Duration>>,
);

impl<K: Hash + Eq + Clone> KeyedLimiter<K> {
    /// Creates a limiter that allows `burst` attempts, and another after each `interval`, which must not be zero.
    pub(crate) fn new(clock: &Clock, burst: NonZeroU32, interval: Duration) -> Self {
        let quota = Quota::with_period(interval).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
        Self(RateLimiter::new(quota, DefaultKeyedStateStore::default(), LimiterClock(clock.clone())))
    }

    /// Consumes an attempt of the key. Returns the time until the next attempt if the limit is exceeded.
    pub(crate) fn check(&self, key: &K) -> Result<(), Duration> {
        self.0.check_key(key).map_err(|early| early.wait_time_from(clock::Clock::now(self.0.clock())))
    }

    /// Returns the number of keys, including those whose quota has fully recovered.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Evicts the keys whose quota has fully recovered.
    pub(crate) fn evict_recovered(&self) {
        self.0.retain_recent();
    }
}

#[derive(Clone)]
struct LimiterClock(Clock);

impl clock::Clock for LimiterClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::time::Timestamp;

    const BURST: NonZeroU32 = NonZeroU32::new(3).unwrap();

    #[test]
    fn quota_recovers_with_the_clock_alone() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_795_343_403));
        let limiter = KeyedLimiter::new(&clock, BURST, Duration::from_secs(5));
        let attempts = || (0..10).filter(|_| limiter.check(&1).is_ok()).count();
        assert_eq!((attempts(), limiter.check(&1)), (3, Err(Duration::from_secs(5))));
        clock.advance(Duration::from_millis(4999));
        assert_eq!((attempts(), limiter.check(&1)), (0, Err(Duration::from_millis(1))));
        clock.advance(Duration::from_millis(1));
        assert_eq!((attempts(), limiter.check(&2)), (1, Ok(())));
        clock.advance(Duration::from_mins(1));
        limiter.evict_recovered();
        assert_eq!((limiter.len(), attempts()), (0, 3));
    }

    #[test]
    fn the_systems_clock_limits_as_well() {
        let limiter = KeyedLimiter::new(&Clock::system(), BURST, Duration::from_hours(1));
        assert_eq!((0..10).filter(|_| limiter.check(&1).is_ok()).count(), 3);
    }
}
