//! The health of a destination: its circuit breaker, how long it has been failing, and how many deliveries may begin now.
//!
//! Invariant: pure. [`Health`] is read and written within one unit of work that holds the destination's lock, so that several
//! servers act on one state. While the circuit is open, deliveries wait; none is dropped.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::primitives::time::Timestamp;

/// The period whose attempts decide whether the circuit opens.
const WINDOW: Duration = Duration::from_mins(5);
/// The number of attempts in the window below which the circuit stays closed.
const MIN_ATTEMPTS: u32 = 10;
/// The share of failures, in percent, from which the circuit opens.
const MIN_FAILED_PERCENT: u32 = 70;
/// The minimum time between the first and the last failed attempt: a burst of concurrent failures does not open the circuit.
const MIN_SPREAD: Duration = Duration::from_secs(30);
/// How long the circuit stays open before one attempt tests whether the destination has recovered.
pub(super) const OPEN_PERIOD: Duration = Duration::from_secs(30);
/// The time that one entry of the window's counts covers.
const SLOT: Duration = Duration::from_secs(30);
/// How long a destination may fail without a success before it is paused.
pub(crate) const PAUSE_AFTER: Duration = Duration::from_hours(5 * 24);
/// The time without a success after which pages show when the destination will be paused.
pub(crate) const WARN_AFTER: Duration = Duration::from_hours(60);
/// The time without a success after which pages raise an alert: by then the first retries have failed, too.
pub(crate) const ALERT_AFTER: Duration = Duration::from_mins(15);

/// The maximum bytes of a destination's responses stored per day; of further responses only status and digest are stored.
const MAX_RESPONSE_BYTES_PER_DAY: i64 = 10 * 1024 * 1024;

/// What an attempt shows about the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// 2xx.
    Delivered,
    /// The destination responded and did not accept this delivery.
    Declined,
    /// The destination is overloaded, broken or not reachable.
    Unavailable,
}

/// The stored health of a destination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health {
    pub(crate) recent: Recent,
    /// When the open circuit admits an attempt; `None` while it is closed.
    pub(crate) open_until: Option<Timestamp>,
    /// When the first failure since the last success began.
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) last_success_at: Option<Timestamp>,
    /// Until when the destination's rate is exhausted.
    pub(crate) rate_until: Option<Timestamp>,
    /// The day since 1970 on which `response_bytes` were stored.
    pub(crate) response_day: i64,
    pub(crate) response_bytes: i64,
}

/// The attempts of the last minutes, in slots of half a minute by the time at which they began. Stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Recent(Vec<Slot>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    /// The beginning of the slot, in Unix milliseconds.
    at: i64,
    attempts: u32,
    failed: u32,
    /// When the first and the last attempt that failed began, in Unix milliseconds.
    first_failed: i64,
    last_failed: i64,
}

/// The state of the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Circuit {
    Closed,
    Open {
        until: Timestamp,
    },
    /// One attempt at a time.
    HalfOpen,
}

impl Health {
    /// Returns the state of the circuit. An `open_until` that no correct clock can have set is treated as past.
    pub(crate) fn circuit(&self, now: Timestamp) -> Circuit {
        match self.open_until {
            None => Circuit::Closed,
            Some(until) if until > now && until <= now.plus(OPEN_PERIOD) => Circuit::Open { until },
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// Adds an attempt that began at `began_at` and ended now.
    pub(crate) fn record(&mut self, verdict: Verdict, began_at: Timestamp, now: Timestamp) {
        self.recent.add(verdict == Verdict::Unavailable, began_at, now);
        match verdict {
            Verdict::Delivered => {
                self.failing_since = None;
                self.last_success_at = Some(now);
            }
            Verdict::Declined | Verdict::Unavailable => self.failing_since = self.failing_since.or(Some(began_at)),
        }
        match (verdict, self.circuit(now)) {
            (Verdict::Unavailable, Circuit::Closed) if self.recent.is_failing() => self.open(now),
            (Verdict::Unavailable, Circuit::HalfOpen) => self.open(now),
            (Verdict::Delivered | Verdict::Declined, Circuit::HalfOpen | Circuit::Open { .. }) => self.close(),
            _ => {}
        }
    }

    fn open(&mut self, now: Timestamp) {
        self.open_until = Some(now.plus(OPEN_PERIOD));
    }

    /// Forgets all failures, because the URL has changed or a user has resumed the destination.
    pub(crate) fn forget_failures(&mut self) {
        self.close();
        self.failing_since = None;
    }

    /// Closes the circuit and forgets its failures, but not since when no delivery has succeeded.
    pub(crate) fn close(&mut self) {
        self.open_until = None;
        self.recent = Recent::default();
    }

    /// True if the destination has failed for so long that it must be paused.
    pub(crate) fn is_to_be_paused(&self, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| now.since(since) >= PAUSE_AFTER)
    }

    /// Returns how many deliveries may begin now while `sending` are being sent.
    pub(crate) fn allowance(&self, limits: Limits, sending: usize, now: Timestamp) -> usize {
        let concurrency = match self.circuit(now) {
            Circuit::Open { .. } => 0,
            Circuit::HalfOpen => 1,
            Circuit::Closed => limits.concurrency,
        };
        concurrency.saturating_sub(sending).min(self.rate_allowance(limits, now))
    }

    /// The deliveries of one second may begin together, as in the generic cell rate algorithm.
    fn rate_allowance(&self, limits: Limits, now: Timestamp) -> usize {
        let Some(interval) = limits.interval_millis() else { return usize::MAX };
        let used_until = self.used_until(now).millis();
        usize::try_from((now.millis() + 1000 - used_until) / interval).unwrap_or(0)
    }

    /// Counts deliveries that begin now towards the rate.
    pub(crate) fn take_rate(&mut self, limits: Limits, count: usize, now: Timestamp) {
        if let Some(interval) = limits.interval_millis() {
            let used = interval.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX));
            self.rate_until = Some(Timestamp::from_millis(self.used_until(now).millis().saturating_add(used)));
        }
    }

    /// Counts the bytes of a response towards the daily maximum; returns false if they exceed it.
    pub(crate) fn take_response_bytes(&mut self, bytes: usize, now: Timestamp) -> bool {
        let day = now.seconds().div_euclid(86_400);
        let used = if self.response_day == day { self.response_bytes } else { 0 };
        let sum = used.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX));
        if sum > MAX_RESPONSE_BYTES_PER_DAY {
            return false;
        }
        (self.response_day, self.response_bytes) = (day, sum);
        true
    }

    /// Returns until when the rate is exhausted. A time that no correct clock can have set is ignored.
    fn used_until(&self, now: Timestamp) -> Timestamp {
        let latest = now.plus(Duration::from_secs(2));
        self.rate_until.filter(|until| (now..=latest).contains(until)).unwrap_or(now)
    }
}

/// The limits of concurrency and rate of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The maximum number of concurrent deliveries.
    pub(crate) concurrency: usize,
    /// The maximum deliveries per second; `None` if there is no limit.
    pub(crate) per_second: Option<i64>,
}

impl Limits {
    fn interval_millis(self) -> Option<i64> {
        self.per_second.map(|rate| (1000 + rate.clamp(1, 1000) - 1) / rate.clamp(1, 1000))
    }
}

impl Recent {
    fn add(&mut self, is_failed: bool, began_at: Timestamp, now: Timestamp) {
        let (slot_millis, began) = (i64::try_from(SLOT.as_millis()).unwrap_or(1), began_at.millis());
        let at = began - began.rem_euclid(slot_millis);
        let first = now.minus(WINDOW).millis();
        self.0.retain(|slot| slot.at + slot_millis > first && slot.at <= now.millis());
        if at + slot_millis <= first {
            return;
        }
        if !self.0.iter().any(|slot| slot.at == at) {
            self.0.push(Slot { at, attempts: 0, failed: 0, first_failed: i64::MAX, last_failed: i64::MIN });
        }
        for slot in self.0.iter_mut().filter(|slot| slot.at == at) {
            slot.attempts = slot.attempts.saturating_add(1);
            if is_failed {
                slot.failed = slot.failed.saturating_add(1);
                slot.first_failed = slot.first_failed.min(began);
                slot.last_failed = slot.last_failed.max(began);
            }
        }
    }

    fn is_failing(&self) -> bool {
        let sum = |count: fn(&Slot) -> u32| self.0.iter().map(count).fold(0_u32, u32::saturating_add);
        let (attempts, failed) = (sum(|slot| slot.attempts), sum(|slot| slot.failed));
        let with_failures = || self.0.iter().filter(|slot| slot.failed > 0);
        let (first, last) =
            (with_failures().map(|slot| slot.first_failed).min(), with_failures().map(|slot| slot.last_failed).max());
        let spread = first
            .zip(last)
            .map_or(Duration::ZERO, |(first, last)| Timestamp::from_millis(last).since(Timestamp::from_millis(first)));
        attempts >= MIN_ATTEMPTS
            && u64::from(failed) * 100 >= u64::from(attempts) * u64::from(MIN_FAILED_PERCENT)
            && spread >= MIN_SPREAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_343_400);

    fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    /// The health after attempts that began and ended at these seconds.
    fn after(attempts: &[(u64, Verdict)]) -> Health {
        let mut health = Health::default();
        for (second, verdict) in attempts {
            health.record(*verdict, at(*second), at(*second));
        }
        health
    }

    fn limits(concurrency: usize, per_second: Option<i64>) -> Limits {
        Limits { concurrency, per_second }
    }

    #[test]
    fn ten_failures_over_half_a_minute_open_the_circuit_and_one_success_closes_it() {
        let failures: Vec<_> = (0..10).map(|index| (index * 4, Verdict::Unavailable)).collect();
        assert_eq!(after(&failures[..9]).circuit(at(36)), Circuit::Closed);
        let mut health = after(&failures);
        assert_eq!(health.circuit(at(36)), Circuit::Open { until: at(66) });
        assert_eq!(health.circuit(at(66)), Circuit::HalfOpen);
        health.record(Verdict::Unavailable, at(66), at(70));
        assert_eq!(health.circuit(at(70)), Circuit::Open { until: at(100) });
        health.record(Verdict::Delivered, at(100), at(101));
        assert_eq!(
            (health.circuit(at(101)), health.failing_since, health.last_success_at),
            (Circuit::Closed, None, Some(at(101)))
        );
        // Attempts before the success no longer count.
        health.record(Verdict::Unavailable, at(140), at(140));
        assert_eq!(health.circuit(at(140)), Circuit::Closed);
    }

    #[test]
    fn one_burst_of_failures_does_not_open_the_circuit() {
        let burst = vec![(0, Verdict::Unavailable); 50];
        assert_eq!(after(&burst).circuit(at(0)), Circuit::Closed);
        let later = [burst, vec![(30, Verdict::Unavailable)]].concat();
        assert_eq!(after(&later).circuit(at(30)), Circuit::Open { until: at(60) });
    }

    #[test]
    fn the_circuit_opens_from_seventy_percent_of_failures_in_five_minutes() {
        let mixed = |failed: u64, good: u64| {
            let failed = (0..failed).map(|index| (index * 10, Verdict::Unavailable));
            // The last attempt is one that failed.
            let mut all: Vec<_> = (0..good).map(|index| (index, Verdict::Delivered)).chain(failed).collect();
            all.sort_by_key(|(second, _)| *second);
            after(&all).circuit(at(70))
        };
        assert_eq!(mixed(6, 3), Circuit::Closed);
        assert_eq!(mixed(6, 4), Circuit::Closed);
        assert!(matches!(mixed(7, 3), Circuit::Open { .. }));
        // Nine failures are too old when the tenth occurs.
        let old: Vec<_> = (0..9).map(|index| (index, Verdict::Unavailable)).chain([(400, Verdict::Unavailable)]).collect();
        assert_eq!(after(&old).circuit(at(400)), Circuit::Closed);
    }

    #[test]
    fn a_response_that_declines_a_delivery_does_not_open_the_circuit() {
        let declined: Vec<_> = (0..100).map(|index| (index, Verdict::Declined)).collect();
        let health = after(&declined);
        assert_eq!((health.circuit(at(99)), health.failing_since), (Circuit::Closed, Some(at(0))));
    }

    #[test]
    fn a_destination_is_paused_after_five_days_without_a_success() {
        let health = after(&[(0, Verdict::Declined)]);
        let days = |days: u64| at(days * 86_400);
        assert!(!health.is_to_be_paused(days(5).minus(Duration::from_millis(1))) && health.is_to_be_paused(days(5)));
        assert!(!after(&[(0, Verdict::Declined), (1, Verdict::Delivered)]).is_to_be_paused(days(9)));
    }

    #[test]
    fn no_more_begin_than_concurrency_circuit_and_rate_allow() {
        let health = Health::default();
        assert_eq!(health.allowance(limits(4, None), 1, at(0)), 3);
        assert_eq!(health.allowance(limits(4, None), 9, at(0)), 0);
        assert_eq!(Health { open_until: Some(at(30)), ..Health::default() }.allowance(limits(4, None), 0, at(1)), 0);
        assert_eq!(Health { open_until: Some(at(30)), ..Health::default() }.allowance(limits(4, None), 0, at(30)), 1);
        assert_eq!(Health { open_until: Some(at(30)), ..Health::default() }.allowance(limits(4, None), 1, at(30)), 0);
        // A clock that was ahead opened it.
        assert_eq!(Health { open_until: Some(at(9999)), ..Health::default() }.allowance(limits(4, None), 0, at(1)), 1);
    }

    #[test]
    fn a_rate_admits_a_second_of_it_at_a_time() {
        let (mut health, limits) = (Health::default(), limits(100, Some(5)));
        assert_eq!(health.allowance(limits, 0, at(0)), 5);
        health.take_rate(limits, 5, at(0));
        assert_eq!(health.allowance(limits, 0, at(0)), 0);
        assert_eq!(health.allowance(limits, 0, at(0).plus(Duration::from_millis(400))), 2);
        assert_eq!(health.allowance(limits, 0, at(60)), 5);
    }

    #[test]
    fn a_destination_fills_no_more_than_its_share_of_the_disk_with_responses() {
        let (mut health, megabyte) = (Health::default(), 1024 * 1024);
        assert_eq!((0..12).filter(|_| health.take_response_bytes(megabyte, at(0))).count(), 10);
        assert!(!health.take_response_bytes(1, at(3600)) && health.take_response_bytes(megabyte, at(86_400)));
    }

    #[test]
    fn recent_attempts_are_stored_as_json() {
        let health = after(&[(0, Verdict::Unavailable), (40, Verdict::Delivered)]);
        let text = serde_json::to_string(&health.recent).unwrap();
        assert_eq!(serde_json::from_str::<Recent>(&text).unwrap(), health.recent);
    }
}
