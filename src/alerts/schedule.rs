//! When alerts are sent: quiet hours, and muting, which always ends; and when the daily digest is.
//!
//! Invariant: pure. Times of day are those of the app's zone, also across midnight and where clocks are changed.

use std::time::Duration;

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday},
};

use crate::primitives::{date_range, text_enum::text_enum, time::Timestamp, zone::Zone};

/// The hour until which alerts are muted until a day.
const MORNING_HOUR: i8 = 9;
/// No correct clock has muted alerts for longer: a weekend with the days before it.
const MAX_MUTE: Duration = Duration::from_hours(8 * 24);

/// The schedule of an app's alerts in a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Schedule {
    /// From and to, in minutes of the day; the same twice or `None` for no quiet hours.
    pub(crate) quiet: Option<(i64, i64)>,
    pub(crate) muted_until: Option<Timestamp>,
}

impl Schedule {
    pub(crate) fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| now < until && until.since(now) <= MAX_MUTE)
    }

    /// True in quiet hours, whose end is no longer of them.
    pub(crate) fn is_quiet(&self, zone: Zone, now: Timestamp) -> bool {
        let Some((from, to)) = self.quiet else { return false };
        let clock = zone.zoned(now);
        let minute = i64::from(clock.hour()) * 60 + i64::from(clock.minute());
        if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

text_enum! {
    /// How long alerts are muted.
    pub(crate) enum Mute, "how long alerts are muted" {
        Hour = "hour",
        Tomorrow = "tomorrow",
        Monday = "monday",
    }
}

impl Mute {
    /// Returns the end: in an hour, or at 9 in the morning of the next day or the next Monday in the zone.
    pub(crate) fn until(self, zone: Zone, now: Timestamp) -> Timestamp {
        let today = zone.zoned(now).date();
        let day = match self {
            Self::Hour => return now.plus(Duration::from_hours(1)),
            Self::Tomorrow => today.tomorrow().unwrap_or(today),
            Self::Monday => {
                let passed = today.weekday().since(Weekday::Monday);
                today.checked_add((7 - i64::from(passed)).days()).unwrap_or(today)
            }
        };
        zone.at(day.at(MORNING_HOUR, 0, 0, 0))
    }
}

/// The most days by which the day of a digest can be ahead of that in another zone. What is farther ahead was stored by a wrong clock.
pub(crate) const MAX_DAYS_AHEAD: i64 = 2;

/// Returns today in the zone if the digest of a minute of the day is due, or late; `last_day` is the day on which the last one was sent.
/// Days that have passed are never made up for.
pub(crate) fn digest_due(minute: i64, last_day: Option<i64>, zone: Zone, now: Timestamp) -> Option<Date> {
    let today = zone.date(now);
    let number = date_range::number(today);
    let was_sent = last_day.is_some_and(|last| (number..=number + MAX_DAYS_AHEAD).contains(&last));
    (!was_sent && now >= digest_time(minute, zone, today)).then_some(today)
}

/// Returns the time of a minute of that day. Where clocks skip it, it is later by as much, but within the day.
fn digest_time(minute: i64, zone: Zone, day: Date) -> Timestamp {
    let [hours, minutes] = [minute / 60, minute % 60].map(|part| i8::try_from(part).unwrap_or_default());
    let last = zone.end_of(day).minus(Duration::from_mins(1));
    zone.at(day.at(hours.clamp(0, 23), minutes, 0, 0)).clamp(zone.start_of(day), last)
}

/// Returns the last day of the zone that is over.
pub(crate) fn last_full_day(zone: Zone, now: Timestamp) -> Date {
    // Not the calendar's: a zone may skip a day.
    zone.date(zone.start_of(zone.date(now)).minus(Duration::from_millis(1)))
}

/// Parses a time of day as a form sends it, `HH:MM`, to minutes.
pub(crate) fn parse_minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number =
        |text: &str| text.parse::<i64>().ok().filter(|_| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// The same the other way.
pub(crate) fn format_minutes(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
