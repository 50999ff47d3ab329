//! When alerts are sent: quiet hours, and muting, which always ends.
//!
//! Invariant: pure. Times of day are those of the app's zone, also across midnight and where clocks are changed.

use std::time::Duration;

use jiff::{ToSpan as _, civil::Weekday};

use crate::primitives::{text_enum::text_enum, time::Timestamp, zone::Zone};

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
