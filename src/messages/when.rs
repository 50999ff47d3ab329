//! Times for display: relative text, with the exact time in the title.

use std::time::Duration;

use crate::primitives::time::{CLOCK_TOLERANCE, Timestamp};

/// A time for a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DisplayTime {
    /// RFC 3339 with the offset, for `datetime`. Empty if the time is unknown.
    pub(crate) iso: String,
    /// To the second with the time zone, for the title.
    pub(crate) exact: String,
    /// The displayed text.
    pub(crate) text: String,
    /// True if the text is relative and is updated by script.
    pub(crate) is_recent: bool,
}

/// Formats a time relative to `now`: just now, then seconds, minutes and hours up to a day, then yesterday, then the day.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> DisplayTime {
    if is_future(at, now) {
        return DisplayTime::unknown();
    }
    let zoned = at.zoned();
    let age = now.since(at).as_secs();
    let text = match age {
        0 => "just now".to_owned(),
        1..60 => format!("{age}\u{a0}s ago"),
        60..3600 => format!("{}\u{a0}min ago", age / 60),
        3600..86_400 => format!("{}\u{a0}h ago", age / 3600),
        _ if is_yesterday(at, now) => "yesterday".to_owned(),
        _ => day(at, now),
    };
    DisplayTime {
        iso: zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        exact: zoned.strftime("%-d %b %Y, %-I:%M:%S %P IST").to_string(),
        is_recent: age < 86_400 && at <= now,
        text,
    }
}

/// Shown instead of a day in the future.
pub(crate) const UNKNOWN_DAY: &str = "Date in the future";

/// True if a recorded time is in the future, which means that a clock is or was wrong.
fn is_future(at: Timestamp, now: Timestamp) -> bool {
    at > now.plus(CLOCK_TOLERANCE)
}

/// Formats the day of a past time; `None` if it is in the future.
pub(crate) fn past_day(at: Timestamp, now: Timestamp) -> Option<String> {
    (!is_future(at, now)).then(|| day(at, now))
}

/// Formats the day, with its year unless it is the current one.
pub(super) fn day(at: Timestamp, now: Timestamp) -> String {
    let zoned = at.zoned();
    let is_this_year = zoned.year() == now.zoned().year();
    zoned.strftime(if is_this_year { "%-d\u{a0}%b" } else { "%-d\u{a0}%b\u{a0}%Y" }).to_string()
}

fn is_yesterday(at: Timestamp, now: Timestamp) -> bool {
    now.zoned().date().yesterday().is_ok_and(|yesterday| yesterday == at.zoned().date())
}

/// Formats a duration: `40 s`, `20 min`, `9 h`, `3 days`.
pub(crate) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..60 => format!("{seconds}\u{a0}s"),
        60..3600 => format!("{}\u{a0}min", seconds / 60),
        3600..172_800 => format!("{}\u{a0}h", seconds / 3600),
        _ => format!("{}\u{a0}days", seconds / 86_400),
    }
}

/// Formats a remaining time, rounded up to the minute: `18 h 40 min`.
pub(crate) fn to_the_minute(length: Duration) -> String {
    let minutes = length.as_secs().div_ceil(60).max(1);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}\u{a0}min"),
        (hours, 0) => format!("{hours}\u{a0}h"),
        (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes}\u{a0}min"),
    }
}

impl DisplayTime {
    /// Returns the placeholder for a stored time in the future. It is from this server or the gateway, so either clock may be
    /// wrong.
    fn unknown() -> Self {
        Self {
            iso: String::new(),
            exact: "Later than this server’s clock: its clock is or was wrong".to_owned(),
            text: "time unknown".to_owned(),
            is_recent: false,
        }
    }

    /// Formats day and time: `22 Nov, 7:41 pm`.
    pub(crate) fn of_day(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, |at| Self::of_expiry(at, now).text)
    }

    /// Formats day and time of an expiry, which may be in the future.
    pub(crate) fn of_expiry(at: Timestamp, now: Timestamp) -> Self {
        let clock = at.zoned().strftime("%-I:%M\u{a0}%P").to_string();
        Self { text: format!("{}, {clock}", day(at, now)), is_recent: false, ..when(at, at.max(now)) }
    }

    /// Formats a past time with `text`.
    fn of_past(at: Timestamp, now: Timestamp, text: impl FnOnce(Timestamp) -> String) -> Self {
        if is_future(at, now) {
            return Self::unknown();
        }
        Self { text: text(at), is_recent: false, ..when(at, now) }
    }

    /// Formats a start: the time on the same day, else the day.
    pub(crate) fn of_start(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, |at| {
            let zoned = at.zoned();
            if zoned.date() == now.zoned().date() {
                zoned.strftime("%-I:%M\u{a0}%P").to_string()
            } else if is_yesterday(at, now) {
                "yesterday".to_owned()
            } else {
                day(at, now)
            }
        })
    }

    /// Formats day and time to the second: `22 Nov, 7:41:57 pm`.
    pub(crate) fn of_moment(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, |at| format!("{}, {}", day(at, now), Self::of_clock(at, now).text))
    }

    /// Formats the time to the second: `7:41:57 pm`.
    pub(crate) fn of_clock(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, |at| at.zoned().strftime("%-I:%M:%S\u{a0}%P").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_in_its_largest_part() {
        let said = |seconds| span(Duration::from_secs(seconds)).replace('\u{a0}', " ");
        assert_eq!(
            [0, 59, 60, 3599, 3600, 172_799, 172_800].map(said),
            ["0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 days"]
        );
        let left = |seconds| to_the_minute(Duration::from_secs(seconds)).replace('\u{a0}', " ");
        assert_eq!([1, 61, 3541, 67_200, 86_399].map(left), ["1 min", "2 min", "1 h", "18 h 40 min", "24 h"]);
    }

    #[test]
    fn a_stored_time_that_has_not_been_yet_is_not_shown_and_an_expiry_is() {
        let now = Timestamp::from_seconds(1_795_356_717);
        let later = now.plus(Duration::from_hours(365 * 24));
        let shown = [
            when(later, now),
            DisplayTime::of_day(later, now),
            DisplayTime::of_start(later, now),
            DisplayTime::of_moment(later, now),
            DisplayTime::of_clock(later, now),
        ];
        for when in shown {
            assert_eq!(when, DisplayTime::unknown());
            assert!(when.iso.is_empty() && !when.exact.contains("2027"));
        }
        assert_eq!((past_day(later, now), past_day(now, now)), (None, Some("22\u{a0}Nov".to_owned())));
        let expiry = DisplayTime::of_expiry(later, now);
        assert!(expiry.text.contains("2027") && expiry.exact.contains("2027") && !expiry.is_recent);
        assert_eq!(when(now.plus(Duration::from_secs(2)), now).text, "just now");
    }

    #[test]
    fn a_time_is_said_as_people_say_it() {
        // 22 Nov 2026, 7:41:57 pm in India.
        let now = Timestamp::from_seconds(1_795_356_717);
        let said = |seconds: u64| when(now.minus(Duration::from_secs(seconds)), now).text.replace('\u{a0}', " ");
        assert_eq!(said(0), "just now");
        assert_eq!(said(1), "1 s ago");
        assert_eq!(said(59), "59 s ago");
        assert_eq!(said(60), "1 min ago");
        assert_eq!(said(3599), "59 min ago");
        assert_eq!(said(5 * 3600), "5 h ago");
        assert_eq!(said(86_400), "yesterday");
        assert_eq!(said(13 * 86_400), "9 Nov");
        assert_eq!(said(365 * 86_400), "22 Nov 2025");
        assert_eq!(when(now, now).exact, "22 Nov 2026, 7:41:57 pm IST");
        assert_eq!(when(now, now).iso, "2026-11-22T19:41:57+05:30");
    }
}
