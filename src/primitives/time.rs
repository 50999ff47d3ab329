//! Timestamps in Unix milliseconds, and the only clock.
//!
//! Columns hold integers because the two databases represent every other form of time differently. Pages show times in the zone
//! of the reader; the days of an app are those of its own zone (`zone.rs`).

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{Zoned, civil::Date, tz::TimeZone};

/// The time zone of new companies.
pub const ZONE: &str = "Asia/Kolkata";

/// Maximum difference between two correct clocks. A stored time further in the future was stored by an incorrect clock.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

/// A point in time, in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the time of these Unix milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the time of these Unix seconds, saturating at the end of the range.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Returns Unix milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns whole Unix seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Adds a duration, saturating.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Subtracts a duration, saturating.
    #[must_use]
    pub fn minus(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(earlier.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the time elapsed since `other`; zero if `other` is later.
    #[must_use]
    pub fn since(self, other: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(other.0)).unwrap_or_default())
    }

    /// Returns the civil time in [`ZONE`].
    #[must_use]
    pub fn zoned(self) -> Zoned {
        self.instant().to_zoned(zone())
    }

    /// Formats as RFC 3339 in UTC, to the millisecond.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{:.3}", self.instant())
    }

    /// Parses RFC 3339, with any offset.
    pub(crate) fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }

    /// Formats the time as RFC 3339 to the second.
    #[must_use]
    pub fn rfc3339_seconds(self) -> String {
        format!("{:.0}", self.instant())
    }

    /// Returns the start of `day` in [`ZONE`].
    #[must_use]
    pub fn start_of(day: Date) -> Self {
        day.to_zoned(zone()).map_or(Self(0), |start| Self(start.timestamp().as_millisecond()))
    }

    pub(super) fn instant(self) -> jiff::Timestamp {
        let nearest = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(nearest)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

fn zone() -> TimeZone {
    // The time zone data is bundled; the offset is a fallback in case that changes.
    TimeZone::get(ZONE).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(5)))
}

/// The source of time. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// Returns the system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// Returns a fixed clock, which only changes when advanced.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.0))))
    }

    /// Advances a fixed clock; has no effect on the system's.
    pub fn advance(&self, by: Duration) {
        if let Some(now) = &self.0 {
            now.fetch_add(i64::try_from(by.as_millis()).unwrap_or_default(), Ordering::Relaxed);
        }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(now) => Timestamp(now.load(Ordering::Relaxed)),
            None => Timestamp(jiff::Timestamp::now().as_millisecond()),
        }
    }

    /// Returns the time since a fixed point, which is arbitrary. On the system's clock it never goes back, even if the wall
    /// clock is set back.
    pub(crate) fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &self.0 {
            Some(now) => Duration::from_millis(u64::try_from(now.load(Ordering::Relaxed)).unwrap_or_default()),
            None => START.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_both_forms() {
        let at = Timestamp::from_seconds(1_795_343_403);
        assert_eq!(at.rfc3339(), "2026-11-22T10:30:03.000Z");
        assert_eq!(at.zoned().strftime("%-d %b %Y, %H:%M").to_string(), "22 Nov 2026, 16:00");
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for millis in [i64::MIN, i64::MAX, 0] {
            let at = Timestamp::from_millis(millis);
            assert!(!at.rfc3339().is_empty());
            let _ = (at.zoned(), at.plus(Duration::MAX), at.minus(Duration::MAX), at.since(Timestamp(0)));
        }
    }
}
