//! Compares this server's clock with the times in signed events, and repairs what a wrong clock left behind.
//!
//! Only what was signed is compared: of requests that anybody can make no time is taken. An event that was received again is
//! not compared anew.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    connections::{evidence, secrets, uses},
    db::{Db, DbError, Reader},
    events,
    kernel::{
        id::{ConnectionId, EventId},
        time::{CLOCK_TOLERANCE, Clock, Timestamp},
    },
};

/// The newest events that are compared.
const SAMPLES: i64 = 5;
/// So many must agree that the clock is ahead: one alone may have been sent again.
const MIN_LATE_SAMPLES: usize = 3;
/// No gateway sends an event again after so long.
const LONGEST_RETRY: Duration = Duration::from_hours(15 * 24 + 1);
/// How often it is looked for times that are later than now.
const REPAIR_INTERVAL: Duration = Duration::from_mins(5);
/// No right clock says an earlier time: 1 January 2026.
const EARLIEST_NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// How far the clock is from the times in signed events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Events are dated later than now.
    Behind(Duration),
    /// Every one of the newest events was received so long after it was signed.
    Ahead {
        by: Duration,
        /// Too long for events that were sent again.
        is_certain: bool,
    },
}

/// What signed events say of the clock.
pub(crate) struct SignedTimes {
    /// The newest signed time, whenever its event was received.
    latest: Option<Timestamp>,
    /// When each of the newest was signed and received, of those received up to now, newest first.
    up_to_now: Vec<(Timestamp, Timestamp)>,
}

impl SignedTimes {
    /// Of one connection, which the caller was allowed to see, or of all.
    pub(crate) async fn load(reader: &mut Reader, connection: Option<ConnectionId>, now: Timestamp) -> Result<Self, DbError> {
        let newest = events::store::list_signed_times(&mut *reader, connection, EventId::greatest(), SAMPLES).await?;
        // Beneath those that a clock that was ahead received, which stay the newest by their ids.
        let up_to = EventId::first_at(now.plus(CLOCK_TOLERANCE));
        let beneath = events::store::list_signed_times(reader, connection, up_to, SAMPLES).await?;
        let pairs = newest.into_iter().chain(beneath).filter_map(|(signed, received)| Some((signed?, received)));
        Ok(Self::of(pairs.collect(), now))
    }

    fn of(mut pairs: Vec<(Timestamp, Timestamp)>, now: Timestamp) -> Self {
        let latest = pairs.iter().map(|(signed, _)| *signed).max();
        // A process whose clock was set back goes on making ids of the time before, so times are looked at.
        pairs.retain(|(_, received)| *received <= now.plus(CLOCK_TOLERANCE));
        pairs.sort_unstable_by_key(|(signed, received)| std::cmp::Reverse((*received, *signed)));
        pairs.dedup();
        pairs.truncate(usize::try_from(SAMPLES).unwrap_or_default());
        Self { latest, up_to_now: pairs }
    }

    /// Whether there is anything to compare with.
    pub(crate) const fn is_empty(&self) -> bool {
        self.up_to_now.is_empty()
    }

    /// How far the clock is off; nothing while it is right, or nothing is known.
    pub(crate) fn difference(&self, now: Timestamp) -> Option<Difference> {
        if let Some(latest) = self.latest.filter(|latest| *latest > now.plus(CLOCK_TOLERANCE)) {
            return Some(Difference::Behind(latest.since(now)));
        }
        let &(signed, received) = self.up_to_now.first()?;
        if signed > received.plus(CLOCK_TOLERANCE) {
            return Some(Difference::Behind(signed.since(received)));
        }
        let by = self.up_to_now.iter().map(|(signed, received)| received.since(*signed)).min()?;
        let is_certain = by > LONGEST_RETRY;
        let is_ahead = by > CLOCK_TOLERANCE && (is_certain || self.up_to_now.len() >= MIN_LATE_SAMPLES);
        is_ahead.then_some(Difference::Ahead { by, is_certain })
    }

    /// Whether `now` may be taken for the time: nothing signed is later. A clock that is behind would end what has not ended.
    fn allows(&self, now: Timestamp) -> bool {
        now >= EARLIEST_NOW
            && self.difference(now).is_none_or(|difference| matches!(difference, Difference::Ahead { is_certain: false, .. }))
    }
}

/// Repairs times that are later than now, now and every few minutes.
pub(crate) async fn run(db: Db, clock: Clock) {
    loop {
        match repair(&db, clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "times were corrected that a wrong clock had stored: they were later than now"),
            Err(error) => tracing::debug!(%error, "times that are later than now are corrected later"),
        }
        sleep(REPAIR_INTERVAL).await;
    }
}

/// How many rows were repaired.
async fn repair(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let mut reader = db.reader().await?;
    let is_needed = evidence::has_later(&mut reader, now).await?
        || secrets::has_late_expiry(&mut reader, now).await?
        || uses::has_later(&mut reader, now).await?;
    if !is_needed || !SignedTimes::load(&mut reader, None, now).await?.allows(now) {
        return Ok(0);
    }
    drop(reader);
    let mut repaired = 0;
    db.note(async |tx| {
        repaired = evidence::bound(tx, now).await? + secrets::bound_expiry(tx, now).await? + uses::bound(tx, now).await?;
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

    /// Events that were signed and received so many seconds ago, newest first.
    fn received(ago: &[(u64, u64)]) -> SignedTimes {
        let at = |seconds: u64| now().minus(Duration::from_secs(seconds));
        SignedTimes::of(ago.iter().map(|(signed, received)| (at(*signed), at(*received))).collect(), now())
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
        assert_eq!(ten_minutes.difference(now()), Some(Difference::Behind(Duration::from_secs(10 * MINUTE))));
    }

    #[test]
    fn what_a_clock_that_was_ahead_received_says_nothing_once_it_is_right() {
        let later = now().plus(Duration::from_secs(365 * DAY));
        let signed = now().minus(Duration::from_secs(DAY));
        let times = SignedTimes::of(vec![(signed, later), (signed, signed)], now());
        assert_eq!(times.difference(now()), None);
        assert!(times.allows(now()));
        assert!(!SignedTimes::of(Vec::new(), now()).allows(Timestamp::from_seconds(0)));
    }
}
