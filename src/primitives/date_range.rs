//! Ranges of whole days of a time zone.

use jiff::{ToSpan as _, civil::Date};

use super::{time::Timestamp, zone::Zone};

/// From the first day to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateRange {
    pub(crate) first: Date,
    pub(crate) last: Date,
}

impl DateRange {
    /// Returns `count` days, ending with `last`.
    pub(crate) fn ending(last: Date, count: i32) -> Self {
        Self { first: last.saturating_sub((count - 1).days()), last }
    }

    /// Returns `count` days, ending today.
    pub(crate) fn until_now(zone: Zone, now: Timestamp, count: i32) -> Self {
        Self::ending(zone.date(now), count)
    }

    /// Returns the range of as many days before this one.
    pub(crate) fn previous(self) -> Self {
        Self::ending(self.first.saturating_sub(1.day()), self.count())
    }

    /// Returns the range without its last day; `None` if it has no other.
    pub(crate) fn without_last(self) -> Option<Self> {
        let last = self.last.saturating_sub(1.day());
        (self.first <= last).then_some(Self { last, ..self })
    }

    /// Returns the number of days.
    pub(crate) fn count(self) -> i32 {
        self.last.since(self.first).map_or(i32::MAX, |span| span.get_days()) + 1
    }

    /// Returns the start of the first day.
    pub(crate) fn start(self, zone: Zone) -> Timestamp {
        zone.start_of(self.first)
    }

    /// Returns the exclusive end: the start of the day after the last.
    pub(crate) fn end(self, zone: Zone) -> Timestamp {
        zone.end_of(self.last)
    }

    /// Iterates over the days, oldest first.
    pub(crate) fn each(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| *day <= self.last)
    }
}

/// Returns the number of days from 1970 to that day.
pub(crate) fn number(day: Date) -> i64 {
    i64::from(day.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days()))
}

/// Returns the day with that number; the first or last one if there is none.
pub(crate) fn date_of(number: i64) -> Date {
    let end = if number < 0 { Date::MIN } else { Date::MAX };
    let span = jiff::Span::new().try_days(number).ok();
    span.and_then(|days| jiff::civil::date(1970, 1, 1).checked_add(days).ok()).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_begin_at_midnight_in_india() {
        let days = DateRange { first: date(2026, 11, 1), last: date(2026, 11, 22) };
        assert_eq!((days.count(), days.each().count()), (22, 22));
        let zone = Zone::default();
        assert_eq!(days.start(zone).rfc3339(), "2026-10-31T18:30:00.000Z");
        assert_eq!(days.end(zone).rfc3339(), "2026-11-22T18:30:00.000Z");
        assert_eq!(DateRange::ending(days.last, 1), DateRange { first: days.last, last: days.last });
        assert_eq!(days.previous(), DateRange { first: date(2026, 10, 10), last: date(2026, 10, 31) });
        assert_eq!(days.without_last(), Some(DateRange { last: date(2026, 11, 21), ..days }));
        assert_eq!(DateRange::ending(days.last, 1).without_last(), None);
        assert_eq!(DateRange { first: date(2026, 1, 1), last: date(2026, 12, 31) }.count(), 365);
        for day in [days.first, date(1969, 12, 31), date(1970, 1, 1)] {
            assert_eq!(date_of(number(day)), day);
        }
        assert_eq!((number(date(1970, 1, 2)), number(date(1969, 12, 31))), (1, -1));
    }
}
