//! Time zones by their names in the IANA database, and the days of a zone.
//!
//! Invariant: the days of a zone follow each other without gap or overlap, even where clocks are set back across midnight. So
//! the payments of a day are a range of times, and a payment has one day.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{
    Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    date_range,
    text_enum::text_column,
    time::{self, Timestamp},
};

/// No day is shorter: a time within the first hours of a day is not compared with its end.
const MIN_DAY: Duration = Duration::from_hours(20);

/// The zones that are in use, by name.
static LOADED: Mutex<BTreeMap<&'static str, Zone>> = Mutex::new(BTreeMap::new());

struct Loaded {
    name: String,
    rules: TimeZone,
}

/// A time zone. Each is loaded once and never freed: there are a few hundred.
#[derive(Clone, Copy)]
pub(crate) struct Zone(&'static Loaded);
text_column!(Zone, Zone::name);

impl Zone {
    /// Parses a zone as it is entered; `None` if the text is empty.
    ///
    /// # Errors
    /// If no zone has this name.
    pub(crate) fn entered(text: &str) -> Result<Option<Self>, <Self as FromStr>::Err> {
        match text.trim() {
            "" => Ok(None),
            name => name.parse().map(Some),
        }
    }

    /// Returns the name, such as `Asia/Kolkata`.
    pub(crate) fn name(self) -> &'static str {
        &self.0.name
    }

    /// Returns that time on the clocks of the zone.
    pub(crate) fn zoned(self, at: Timestamp) -> Zoned {
        at.instant().to_zoned(self.0.rules.clone())
    }

    /// Returns the calendar day of that time.
    pub(crate) fn date(self, at: Timestamp) -> Date {
        let day = self.0.rules.to_datetime(at.instant()).date();
        // Where clocks were set back from a day to the one before it, times repeat.
        if at < self.start_of(day) {
            return day.yesterday().unwrap_or(day);
        }
        let is_early = at.since(self.start_of(day)) < MIN_DAY;
        if is_early || at < self.end_of(day) { day } else { day.tomorrow().unwrap_or(day) }
    }

    /// Returns the number of the day of that time, counted from 1970.
    pub(crate) fn day(self, at: Timestamp) -> i64 {
        date_range::number(self.date(at))
    }

    /// Returns the time at which the clocks of the zone show that; the earlier one of two.
    pub(crate) fn at(self, shown: DateTime) -> Timestamp {
        let end_of_time = if shown.year() < 0 { i64::MIN } else { i64::MAX };
        let at = self.0.rules.to_ambiguous_zoned(shown).compatible();
        Timestamp::from_millis(at.map_or(end_of_time, |at| at.timestamp().as_millisecond()))
    }

    /// Returns the first time of that day.
    pub(crate) fn start_of(self, day: Date) -> Timestamp {
        let midnight = self.0.rules.to_ambiguous_zoned(day.at(0, 0, 0, 0)).compatible();
        let end_of_time = if day.year() < 0 { i64::MIN } else { i64::MAX };
        Timestamp::from_millis(midnight.map_or(end_of_time, |start| start.timestamp().as_millisecond()))
    }

    /// Returns the first time after that day.
    pub(crate) fn end_of(self, day: Date) -> Timestamp {
        day.tomorrow().map_or(Timestamp::from_millis(i64::MAX), |next| self.start_of(next))
    }
}

impl FromStr for Zone {
    type Err = &'static str;

    /// Parses a name in its exact spelling.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = loaded.get(name) {
            return Ok(*zone);
        }
        let rules =
            TimeZone::get(name).ok().filter(|rules| rules.iana_name() == Some(name)).ok_or("no time zone has this name")?;
        let zone = Self(Box::leak(Box::new(Loaded { name: name.to_owned(), rules })));
        loaded.insert(zone.name(), zone);
        Ok(zone)
    }
}

/// The zone of new companies.
impl Default for Zone {
    fn default() -> Self {
        time::ZONE.parse().expect("the time zone data is bundled")
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn only_an_exact_name_is_a_zone() {
        assert_eq!((zone("Asia/Kolkata").name(), zone("UTC").name()), ("Asia/Kolkata", "UTC"));
        assert_eq!(Zone::default(), zone("Asia/Kolkata"));
        for wrong in ["", "asia/kolkata", "Asia/Nowhere", "+05:30", "../../etc/passwd", "Asia/Kolkata\0"] {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_day_ends_at_midnight_of_its_zone() {
        let at = Timestamp::from_seconds(1_795_343_403);
        assert_eq!(zone("Asia/Kolkata").date(at), date(2026, 11, 22));
        assert_eq!(zone("Pacific/Auckland").date(at), date(2026, 11, 22));
        let late = Timestamp::from_seconds(1_795_343_403 + 9 * 3600);
        assert_eq!((zone("Asia/Kolkata").date(late), zone("UTC").date(late)), (date(2026, 11, 23), date(2026, 11, 22)));
        assert_eq!(zone("Asia/Kolkata").start_of(date(2026, 11, 22)).rfc3339(), "2026-11-21T18:30:00.000Z");
    }

    /// The days of Saint John's in 1988 and 2006 ended twice, as clocks were set back at one minute past midnight; Samoa skipped
    /// a day.
    #[test]
    fn days_follow_each_other_without_gap_or_overlap() {
        for (name, first) in [
            ("Asia/Kolkata", date(2026, 11, 1)),
            ("America/New_York", date(2026, 10, 20)),
            ("America/Sao_Paulo", date(2018, 10, 25)),
            ("America/St_Johns", date(2006, 10, 20)),
            ("America/St_Johns", date(1988, 10, 20)),
            ("Pacific/Apia", date(2011, 12, 20)),
        ] {
            let zone = zone(name);
            let (start, end) =
                (zone.start_of(first).millis(), zone.end_of(first.saturating_add(jiff::ToSpan::days(25))).millis());
            let mut days: Vec<Date> = Vec::new();
            for minute in (start..end).step_by(60_000) {
                let at = Timestamp::from_millis(minute);
                let day = zone.date(at);
                assert!(zone.start_of(day) <= at && at < zone.end_of(day), "{name}: {at} is not on {day}");
                if days.last() != Some(&day) {
                    days.push(day);
                }
            }
            assert!(days.is_sorted() && days.len() >= 25, "{name}: {days:?}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for millis in [i64::MIN, i64::MAX, 0] {
            let (zone, at) = (Zone::default(), Timestamp::from_millis(millis));
            let day = zone.day(at);
            assert!(zone.start_of(date_range::date_of(day)) <= at && at <= zone.end_of(date_range::date_of(day)), "{millis}");
        }
        assert_eq!(date_range::date_of(i64::MIN), Date::MIN);
        assert_eq!(date_range::date_of(i64::MAX), Date::MAX);
    }
}
