//! Limits guesses of tokens: the requests of a network without a valid token.
//!
//! Invariant: a network that has used up its guesses of a minute is denied until the minute ends, also with a valid token, so that no
//! response reveals whether a further guess is right. Until then, a guess reads one row of the database.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use crate::primitives::time::Clock;

/// The maximum number of failures of a network in a minute.
pub(super) const MAX_FAILURES: u32 = 10;
/// The maximum number of networks whose failures are counted in a minute; further networks are not counted.
const MAX_NETWORKS: usize = 10_000;

/// The failures of the current minute.
pub(super) struct Guesses {
    clock: Clock,
    of_minute: Mutex<(u64, HashMap<IpAddr, u32>)>,
}

impl Guesses {
    pub(super) fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), of_minute: Mutex::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<IpAddr, u32>) -> T) -> T {
        let minute = self.clock.monotonic().as_secs() / 60;
        let mut of_minute = self.of_minute.lock().unwrap_or_else(PoisonError::into_inner);
        if of_minute.0 != minute {
            *of_minute = (minute, HashMap::new());
        }
        work(&mut of_minute.1)
    }

    /// Returns the seconds until the network may try again, if it is denied.
    pub(super) fn denied(&self, network: IpAddr) -> Option<u64> {
        let is_denied = self.with(|failures| failures.get(&network).is_some_and(|count| *count >= MAX_FAILURES));
        is_denied.then(|| 60 - self.clock.monotonic().as_secs() % 60)
    }

    /// Counts a failure.
    pub(super) fn note(&self, network: IpAddr) {
        self.with(|failures| {
            if failures.len() < MAX_NETWORKS || failures.contains_key(&network) {
                *failures.entry(network).or_default() += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::primitives::time::Timestamp;

    #[test]
    fn a_network_is_denied_until_the_minute_ends_and_no_other_one_is() {
        let clock = Clock::fixed(Timestamp::from_seconds(600));
        let guesses = Guesses::new(&clock);
        let [one, other]: [IpAddr; 2] = ["203.0.113.1", "203.0.113.2"].map(|text| text.parse().unwrap());
        for _ in 0..MAX_FAILURES {
            assert_eq!(guesses.denied(one), None);
            guesses.note(one);
        }
        assert_eq!((guesses.denied(one), guesses.denied(other)), (Some(60), None));
        clock.advance(Duration::from_secs(59));
        assert_eq!(guesses.denied(one), Some(1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(guesses.denied(one), None);
    }
}
