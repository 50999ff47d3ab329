//! Compares this server's clock with the times in signed events, and repairs what a wrong clock left behind.
//!
//! Invariant: only times in signed events are compared, never those of requests that anyone can send. Duplicates of an event
//! are not compared again. A clock that is behind is reported by the median of the latest events of each connection, so that
//! no single event or connection decides; every page and command reports the same.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    connections::{activity, secret_usage, secrets},
    db::{Db, DbError, Reader},
    events,
    jobs::Periodic,
    primitives::{
        id::ConnectionId,
        time::{CLOCK_TOLERANCE, Clock, Timestamp},
    },
    rejections::store::{later, recoveries},
};

/// The maximum number of newest events that are read.
const MAX_EVENTS_READ: i64 = 20;
/// The number of these that are compared, of each connection.
const SAMPLES: usize = 5;
/// Samples that must agree that the clock is ahead: a single one may be a retry.
const MIN_LATE_SAMPLES: usize = 3;
/// No gateway retries an event for longer.
const MAX_RETRY_AGE: Duration = Duration::from_hours(15 * 24 + 1);
/// The earliest plausible time: 1 January 2026.
const EARLIEST_NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// The deviation of the clock from the times in signed events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The latest events are dated later than now, and the clock was or is this far behind them.
    Behind(Duration),
    /// The latest events were received this long before they were signed, and now is later than both: the clock may have been
    /// corrected.
    WasBehind(Duration),
    /// Each of the latest events was received at least this long after it was signed.
    Ahead {
        by: Duration,
        /// True if the delay is too long for a retry.
        is_certain: bool,
    },
}

impl Difference {
    /// True if the clock is wrong for certain; otherwise it may have been corrected, or the gateway was retrying.
    pub(crate) const fn is_proven(self) -> bool {
        !matches!(self, Self::WasBehind(_) | Self::Ahead { is_certain: false, .. })
    }
}

/// The times at which an event of a connection was signed and received.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sample {
    received: Timestamp,
    signed: Timestamp,
    connection: ConnectionId,
}

/// The times in signed events with which the clock is compared.
pub(crate) struct SignedTimes {
    /// The newest events, including those received in the future.
    newest: Vec<Sample>,
    /// The newest of those received up to now, newest first.
    up_to_now: Vec<Sample>,
}

impl SignedTimes {
    /// Loads the times of all connections: the clock is the same for all.
    pub(crate) async fn load(reader: &mut Reader, now: Timestamp) -> Result<Self, DbError> {
        let mut found = events::store::list_signed_times(&mut *reader, MAX_EVENTS_READ).await?;
        // The clock was ahead when these were received, so earlier ones are read too.
        let until = now.plus(CLOCK_TOLERANCE);
        if found.iter().any(|event| event.received_at > until) {
            found.extend(events::store::list_signed_times_until(&mut *reader, until, MAX_EVENTS_READ).await?);
        }
        let mut samples = Vec::with_capacity(found.len());
        for event in found {
            let Some(signed) = event.signed_at() else { continue };
            let is_late = event.received_at > signed.plus(CLOCK_TOLERANCE);
            // A recovered event was received before its row was written.
            if !(is_late && recoveries::is_recovered(&mut *reader, event.id).await?) {
                samples.push(Sample { received: event.received_at, signed, connection: event.connection_id });
            }
        }
        Ok(Self::of(samples, now))
    }

    fn of(mut newest: Vec<Sample>, now: Timestamp) -> Self {
        newest.sort_unstable_by(|one, other| other.cmp(one));
        newest.dedup();
        let up_to_now =
            newest.iter().filter(|sample| sample.received <= now.plus(CLOCK_TOLERANCE)).copied().take(SAMPLES).collect();
        Self { newest, up_to_now }
    }

    /// True if there is nothing to compare with.
    pub(crate) const fn is_empty(&self) -> bool {
        self.up_to_now.is_empty()
    }

    /// Returns the deviation of the clock; `None` if it is correct or nothing is known.
    pub(crate) fn difference(&self, now: Timestamp) -> Option<Difference> {
        let at_arrival = self.median(|sample| behind(sample.signed, sample.received));
        let until_now = self.median(|sample| behind(sample.signed, now));
        // Later than the events only in a clock that was set back since they arrived.
        if until_now > CLOCK_TOLERANCE {
            return Some(Difference::Behind(until_now.max(at_arrival)));
        }
        if at_arrival > CLOCK_TOLERANCE {
            return Some(Difference::WasBehind(at_arrival));
        }
        // A single event that arrived in time shows that the clock is not ahead. One dated later than its arrival shows nothing.
        let is_possible = |sample: &&Sample| behind(sample.signed, sample.received.min(now)) <= CLOCK_TOLERANCE;
        let samples: Vec<&Sample> = self.up_to_now.iter().filter(is_possible).collect();
        let by = samples.iter().map(|sample| sample.received.since(sample.signed)).min()?;
        let is_certain = by > MAX_RETRY_AGE;
        let is_ahead = by > CLOCK_TOLERANCE && (is_certain || samples.len() >= MIN_LATE_SAMPLES);
        is_ahead.then_some(Difference::Ahead { by, is_certain })
    }

    /// Returns the median over the connections of the median over the latest samples of each.
    fn median(&self, of: impl Fn(&Sample) -> Duration) -> Duration {
        let mut by_connection: BTreeMap<ConnectionId, Vec<Duration>> = BTreeMap::new();
        for sample in &self.newest {
            let latest = by_connection.entry(sample.connection).or_default();
            if latest.len() < SAMPLES {
                latest.push(of(sample));
            }
        }
        median(by_connection.into_values().map(median).collect())
    }

    /// True if `now` is plausible. With a clock that is behind, a repair would expire secrets that are still valid.
    fn allows(&self, now: Timestamp) -> bool {
        now >= EARLIEST_NOW && !self.difference(now).is_some_and(Difference::is_proven)
    }
}

/// Returns how far `clock` is behind `signed`.
fn behind(signed: Timestamp, clock: Timestamp) -> Duration {
    if signed > clock { signed.since(clock) } else { Duration::ZERO }
}

/// Returns the median, of an even number the lower one: half of the events are no majority.
fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// Repairs stored times in the future.
pub(crate) struct TimeRepair {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Periodic for TimeRepair {
    const NAME: &'static str = "repair_future_times";

    fn interval(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let count = repair(&self.db, self.clock.now()).await?;
        if count > 0 {
            tracing::warn!(count, "corrected stored times that were in the future because of a wrong clock");
        }
        Ok(())
    }
}

/// Repairs stored times in the future; returns the number of rows.
async fn repair(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let mut reader = db.bulk_reader().await?;
    let is_needed = activity::has_later(&mut reader, now).await?
        || secrets::has_late_expiry(&mut reader, now).await?
        || secret_usage::has_later(&mut reader, now).await?
        || later::has_later(&mut reader, now).await?;
    if !is_needed || !SignedTimes::load(&mut reader, now).await?.allows(now) {
        return Ok(0);
    }
    drop(reader);
    let mut repaired = 0;
    db.write_with_timeout(async |tx| {
        // Activity is locked last, as everywhere: two servers cannot deadlock.
        repaired = secrets::correct_expiry(tx, now).await?
            + secret_usage::clamp_future_times(tx, now).await?
            + later::bound(tx, now).await?
            + activity::clamp_future_times(tx, now).await?;
        Ok(())
    })
    .await?;
    Ok(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;
    const DAY: u64 = 86_400;

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_795_356_717)
    }

    /// Returns events signed and received the given numbers of seconds ago, newest first.
    fn received(ago: &[(u64, u64)]) -> SignedTimes {
        let at = |seconds: u64| now().minus(Duration::from_secs(seconds));
        let connection = ConnectionId::least();
        let samples = ago.iter().map(|(signed, received)| Sample { received: at(*received), signed: at(*signed), connection });
        SignedTimes::of(samples.collect(), now())
    }

    #[test]
    fn a_right_clock_is_right_although_some_events_were_sent_again() {
        for ago in
            [&[][..], &[(1, 0)], &[(DAY, 0)], &[(DAY, 0), (DAY, 1)], &[(3, 1), (DAY, 2), (DAY, 3)], &[(DAY, 0), (5, 4), (DAY, 3)]]
        {
            assert_eq!(received(ago).difference(now()), None, "{ago:?}");
        }
    }

    #[test]
    fn a_clock_that_is_ahead_receives_everything_late() {
        let late = received(&[(10 * MINUTE, 0), (11 * MINUTE, 1), (12 * MINUTE, 2)]);
        assert_eq!(late.difference(now()), Some(Difference::Ahead { by: Duration::from_secs(10 * MINUTE), is_certain: false }));
        assert!(late.allows(now()));
        let year = received(&[(365 * DAY, 0)]);
        assert_eq!(year.difference(now()), Some(Difference::Ahead { by: Duration::from_secs(365 * DAY), is_certain: true }));
        assert!(!year.allows(now()));
    }

    #[test]
    fn a_clock_that_is_behind_receives_what_is_signed_later() {
        let before = now().minus(Duration::from_secs(365 * DAY));
        let behind = received(&[(1, 0)]);
        let found = behind.difference(before);
        assert!(matches!(found, Some(Difference::Behind(by)) if by > Duration::from_secs(364 * DAY)), "{found:?}");
        assert!(!behind.allows(before), "nothing is ended by a clock that is behind");
        let ten_minutes = received(&[(0, 10 * MINUTE)]);
        let was_behind = Some(Difference::WasBehind(Duration::from_secs(10 * MINUTE)));
        assert_eq!(ten_minutes.difference(now()), was_behind);
        assert!(ten_minutes.allows(now()), "now is later than everything signed");
        assert_eq!(received(&[(0, 1), (0, 10 * MINUTE)]).difference(now()), None, "an event that came since is right");
    }

    #[test]
    fn a_clock_that_is_behind_is_so_by_the_time_of_arrival_however_long_ago_that_was() {
        let by = Duration::from_secs(10 * MINUTE);
        let at = |seconds: u64| now().minus(Duration::from_secs(seconds));
        let connection = ConnectionId::least();
        let arrived = |received: u64| Sample { received: at(received), signed: at(received).plus(by), connection };
        for (ago, wanted) in [
            (0, Difference::Behind(by)),
            (4 * MINUTE, Difference::Behind(by)),
            (6 * MINUTE, Difference::WasBehind(by)),
            (30 * DAY, Difference::WasBehind(by)),
        ] {
            let times = SignedTimes::of((ago..ago + 3).map(arrived).collect(), now());
            assert_eq!(times.difference(now()), Some(wanted), "{ago}");
        }
    }

    #[test]
    fn an_event_that_all_others_contradict_says_nothing() {
        let later = now().plus(Duration::from_secs(400 * DAY));
        let sample =
            |signed, ago| Sample { received: now().minus(Duration::from_secs(ago)), signed, connection: ConnectionId::least() };
        let right = |ago| sample(now().minus(Duration::from_secs(ago + 1)), ago);
        for others in 1..4 {
            let mut samples: Vec<Sample> = (1..=others).map(right).collect();
            samples.push(sample(later, 0));
            assert_eq!(SignedTimes::of(samples, now()).difference(now()), None, "{others}");
        }
        let late = |ago| sample(now().minus(Duration::from_secs(ago + 10 * MINUTE)), ago);
        let ahead = vec![sample(later, 0), late(1), late(2), late(3)];
        let found = SignedTimes::of(ahead, now()).difference(now());
        assert_eq!(found, Some(Difference::Ahead { by: Duration::from_secs(10 * MINUTE), is_certain: false }));
    }

    #[test]
    fn one_connection_alone_does_not_say_that_the_clock_is_behind() {
        let (own, other) = (ConnectionId::least(), ConnectionId::unique());
        let later = now().plus(Duration::from_secs(70 * 365 * DAY));
        let sample = |connection, signed, ago| Sample { received: now().minus(Duration::from_secs(ago)), signed, connection };
        let right = sample(other, now().minus(Duration::from_secs(9)), 8);
        let times = |samples: &[Sample]| SignedTimes::of(samples.to_vec(), now());
        let many: Vec<Sample> = (0..7).map(|ago| sample(own, later, ago)).collect();
        let found = times(&[&many[..], &[right]].concat());
        assert_eq!(found.difference(now()), None);
        assert!(found.allows(now()));
        let both = times(&[&many[..], &[right, sample(other, later, 2), sample(other, later, 3)]].concat());
        assert!(matches!(both.difference(now()), Some(Difference::Behind(_))));
        assert!(matches!(times(&many).difference(now()), Some(Difference::Behind(_))), "nothing contradicts the only one");
    }

    #[test]
    fn what_a_clock_that_was_ahead_received_says_nothing_once_it_is_right() {
        let later = now().plus(Duration::from_secs(365 * DAY));
        let signed = now().minus(Duration::from_secs(DAY));
        let sample = |received| Sample { received, signed, connection: ConnectionId::least() };
        let times = SignedTimes::of(vec![sample(later), sample(signed)], now());
        assert_eq!(times.difference(now()), None);
        assert!(times.allows(now()));
        assert!(!SignedTimes::of(Vec::new(), now()).allows(Timestamp::from_seconds(0)));
    }
}
