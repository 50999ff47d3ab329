//! Times for display: relative text, with the exact time in the title. Days and times of day are those of the reader's zone.

use std::time::Duration;

use jiff::{Zoned, civil::Date};

use super::text::{dates as t, lists};
pub(crate) use crate::i18n::DisplayTime;
use crate::{
    i18n::{InZone, Text},
    primitives::{
        date_presets::DatePreset,
        date_range::DateRange,
        time::{CLOCK_TOLERANCE, Timestamp},
        zone::Zone,
    },
};

/// Formats a time relative to `now`: just now, then seconds, minutes and hours up to a day, then yesterday, then the day.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> DisplayTime {
    if is_future(at, now) {
        return DisplayTime::unknown();
    }
    let age = now.since(at).as_secs();
    let text = match age {
        0 => t::just_now(),
        1..60 => t::seconds_ago(age),
        60..3600 => t::minutes_ago(age / 60),
        3600..86_400 => t::hours_ago(age / 3600),
        _ => in_zone(at, now, yesterday_or_day),
    };
    DisplayTime { iso: at.rfc3339_seconds(), exact: in_zone(at, now, exact), is_recent: age < 86_400 && at <= now, text }
}

/// Returns a text about a time that is formatted where it is written, in the zone of the reader.
fn in_zone(at: Timestamp, now: Timestamp, text: fn(Timestamp, Timestamp, Zone) -> Text) -> Text {
    Text::verbatim(InZone { at, now, text })
}

fn exact(at: Timestamp, _: Timestamp, zone: Zone) -> Text {
    let zoned = zone.zoned(at);
    t::exact(day_of_year(zoned.date()), clock(&zoned, "%-I:%M:%S"), zoned.strftime("%Z").to_string())
}

fn yesterday_or_day(at: Timestamp, now: Timestamp, zone: Zone) -> Text {
    let (day, today) = (zone.zoned(at).date(), zone.zoned(now).date());
    if today.yesterday().is_ok_and(|yesterday| yesterday == day) { t::yesterday() } else { date(day, today) }
}

fn day_in(at: Timestamp, now: Timestamp, zone: Zone) -> Text {
    date(zone.zoned(at).date(), zone.zoned(now).date())
}

fn day_and_minute(at: Timestamp, now: Timestamp, zone: Zone) -> Text {
    t::day_and_clock(day_in(at, now, zone), clock(&zone.zoned(at), "%-I:%M"))
}

fn day_and_second(at: Timestamp, now: Timestamp, zone: Zone) -> Text {
    t::day_and_clock(day_in(at, now, zone), clock_in(at, now, zone))
}

fn clock_in(at: Timestamp, _: Timestamp, zone: Zone) -> Text {
    clock(&zone.zoned(at), "%-I:%M:%S")
}

fn minute_in(at: Timestamp, _: Timestamp, zone: Zone) -> Text {
    clock(&zone.zoned(at), "%-I:%M")
}

fn minute_or_day(at: Timestamp, now: Timestamp, zone: Zone) -> Text {
    let zoned = zone.zoned(at);
    if zoned.date() == zone.zoned(now).date() { clock(&zoned, "%-I:%M") } else { yesterday_or_day(at, now, zone) }
}

/// Shown instead of a day in the future.
pub(crate) const UNKNOWN_DAY: Text = t::future_day();

/// True if a recorded time is in the future, which means that a clock is or was wrong.
fn is_future(at: Timestamp, now: Timestamp) -> bool {
    at > now.plus(CLOCK_TOLERANCE)
}

/// True unless a recorded time is in the future.
pub(crate) fn is_past(at: Timestamp, now: Timestamp) -> bool {
    !is_future(at, now)
}

/// Returns the heading of the rows of a day: `Today, 29 Nov`, `Yesterday, 28 Nov`, `Monday, 2 Nov`. A day in the future is not named.
pub(crate) fn day_heading(day: Option<Date>, today: Date) -> Text {
    let Some(day) = day else { return UNKNOWN_DAY };
    let named = date(day, today);
    if day == today {
        t::heading_today(named)
    } else if today.yesterday().is_ok_and(|yesterday| yesterday == day) {
        t::heading_yesterday(named)
    } else {
        t::heading_weekday(t::weekday(i32::from(day.weekday().to_monday_one_offset())), named)
    }
}

/// Formats the day of a past time; `None` if it is in the future.
pub(crate) fn past_day(at: Timestamp, now: Timestamp) -> Option<Text> {
    (!is_future(at, now)).then(|| day(at, now))
}

/// Formats the day, with its year unless it is the current one.
pub(super) fn day(at: Timestamp, now: Timestamp) -> Text {
    in_zone(at, now, day_in)
}

/// Formats a day, with its year unless it is the current one.
pub(crate) fn date(day: Date, today: Date) -> Text {
    if day.year() == today.year() { t::day(i32::from(day.day()), month(day)) } else { day_of_year(day) }
}

fn day_of_year(day: Date) -> Text {
    t::day_of_year(i32::from(day.day()), month(day), day.year().to_string())
}

fn month(day: Date) -> Text {
    t::month(i32::from(day.month()))
}

/// Formats a range of days: `1 to 22 Nov`.
pub(crate) fn days(days: DateRange, today: Date) -> Text {
    between(days, today, t::days)
}

/// Formats a range of days as a label: `1–22 Nov`.
pub(crate) fn range(days: DateRange, today: Date) -> Text {
    between(days, today, t::range)
}

fn between(days: DateRange, today: Date, text: fn(Text, Text) -> Text) -> Text {
    let (first, last) = (days.first, days.last);
    if first == last {
        return date(first, today);
    }
    let is_one_month = (first.year(), first.month()) == (last.year(), last.month());
    let from = if is_one_month { Text::verbatim(i32::from(first.day())) } else { date(first, today) };
    text(from, date(last, today))
}

/// Returns the name of a range of days.
pub(crate) fn date_preset(preset: DatePreset) -> Text {
    match preset {
        DatePreset::Today => lists::today(),
        DatePreset::Yesterday => lists::yesterday(),
        DatePreset::Last7Days => lists::last_days(7),
        DatePreset::Last30Days => lists::last_days(30),
        DatePreset::ThisMonth => lists::this_month(),
        DatePreset::LastMonth => lists::last_month(),
        DatePreset::ThisQuarter => lists::this_quarter(),
        DatePreset::ThisFinancialYear => lists::this_financial_year(),
    }
}

/// Returns the day of a time.
pub(super) fn date_of(at: Timestamp) -> Date {
    at.zoned().date()
}

/// Formats the time to the minute: `7:41 pm`.
pub(super) fn time_of_day(at: Timestamp) -> Text {
    clock(&at.zoned(), "%-I:%M")
}

/// Formats a time of day in minutes: `7:41 pm`.
pub(crate) fn time_of_minutes(minutes: i64) -> Text {
    let (hour, minute) = (minutes / 60, minutes % 60);
    t::clock(format!("{}:{minute:02}", if hour % 12 == 0 { 12 } else { hour % 12 }), t::half(hour))
}

/// Formats the time of day in a format of `strftime` for 12 hours.
fn clock(at: &Zoned, format: &str) -> Text {
    t::clock(at.strftime(format).to_string(), t::half(i32::from(at.hour())))
}

/// Formats a duration: `40 s`, `20 min`, `9 h`, `3 days`.
pub(crate) fn span(length: Duration) -> Text {
    let seconds = length.as_secs();
    match seconds {
        0..60 => t::seconds(seconds),
        60..3600 => t::minutes(seconds / 60),
        3600..172_800 => t::hours(seconds / 3600),
        _ => t::days_long(seconds / 86_400),
    }
}

/// Formats a remaining time, rounded up to the minute: `18 h 40 min`.
pub(crate) fn to_the_minute(length: Duration) -> Text {
    let minutes = length.as_secs().div_ceil(60).max(1);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => t::minutes(minutes),
        (hours, 0) => t::hours(hours),
        (hours, minutes) => t::hours_and_minutes(hours, minutes),
    }
}

impl DisplayTime {
    /// Returns the placeholder for a stored time in the future. It is from this server or the gateway, so either clock may be
    /// wrong.
    fn unknown() -> Self {
        Self { iso: String::new(), exact: t::unknown_time_why(), text: t::unknown_time(), is_recent: false }
    }

    /// Formats day and time: `22 Nov, 7:41 pm`.
    pub(crate) fn of_day(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, day_and_minute)
    }

    /// Formats day and time of an expiry, which may be in the future.
    pub(crate) fn of_expiry(at: Timestamp, now: Timestamp) -> Self {
        Self { text: in_zone(at, now, day_and_minute), is_recent: false, ..when(at, at.max(now)) }
    }

    /// Formats a past time with `text`.
    fn of_past(at: Timestamp, now: Timestamp, text: fn(Timestamp, Timestamp, Zone) -> Text) -> Self {
        if is_future(at, now) {
            return Self::unknown();
        }
        Self { text: in_zone(at, now, text), is_recent: false, ..when(at, now) }
    }

    /// Formats a start: the time on the same day, else the day.
    pub(crate) fn of_start(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, minute_or_day)
    }

    /// Formats the time of day: `7:41 pm`.
    pub(crate) fn of_minute(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, minute_in)
    }

    /// Formats day and time to the second: `22 Nov, 7:41:57 pm`.
    pub(crate) fn of_moment(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, day_and_second)
    }

    /// Formats the time to the second: `7:41:57 pm`.
    pub(crate) fn of_clock(at: Timestamp, now: Timestamp) -> Self {
        Self::of_past(at, now, clock_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Locale, Reader};

    #[test]
    fn a_length_is_said_in_its_largest_part() {
        let said = |seconds| span(Duration::from_secs(seconds)).in_english().replace('\u{a0}', " ");
        assert_eq!(
            [0, 59, 60, 3599, 3600, 172_799, 172_800].map(said),
            ["0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 days"]
        );
        let left = |seconds| to_the_minute(Duration::from_secs(seconds)).in_english().replace('\u{a0}', " ");
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
            assert!(when.iso.is_empty() && !when.exact.in_english().contains("2027"));
        }
        assert_eq!((past_day(later, now), past_day(now, now)), (None, Some(day(now, now))));
        let expiry = DisplayTime::of_expiry(later, now);
        assert!(expiry.text.in_english().contains("2027") && expiry.exact.in_english().contains("2027") && !expiry.is_recent);
        assert_eq!(when(now.plus(Duration::from_secs(2)), now).text, "just now");
    }

    #[test]
    fn a_time_is_said_as_people_say_it() {
        // 22 Nov 2026, 7:41:57 pm in India.
        let now = Timestamp::from_seconds(1_795_356_717);
        let said = |seconds: u64| when(now.minus(Duration::from_secs(seconds)), now).text.in_english().replace('\u{a0}', " ");
        assert_eq!(said(0), "just now");
        assert_eq!(said(1), "1 s ago");
        assert_eq!(said(59), "59 s ago");
        assert_eq!(said(60), "1 min ago");
        assert_eq!(said(3599), "59 min ago");
        assert_eq!(said(5 * 3600), "5 h ago");
        assert_eq!(said(86_400), "yesterday");
        assert_eq!(said(13 * 86_400), "9 Nov");
        assert_eq!(said(365 * 86_400), "22 Nov 2025");
        assert_eq!(when(now, now).exact.in_english().replace('\u{a0}', " "), "22 Nov 2026, 7:41:57 pm IST");
        assert_eq!(when(now, now).iso, "2026-11-22T14:11:57Z");
    }

    #[test]
    fn days_and_times_of_day_are_those_of_the_reader() {
        // 22 Nov 2026, 7:41:57 pm in India, and 9 hours before.
        let (now, before) = (Timestamp::from_seconds(1_795_356_717), Timestamp::from_seconds(1_795_356_717 - 9 * 3600));
        let said = |text: &Text, zone: &str| {
            let reader = Reader { locale: Locale::English, zone: zone.parse().unwrap() };
            text.to_plain(reader).replace('\u{a0}', " ")
        };
        for (zone, exact, start) in [
            ("Asia/Kolkata", "22 Nov 2026, 7:41:57 pm IST", "10:41 am"),
            ("Asia/Kathmandu", "22 Nov 2026, 7:56:57 pm +0545", "10:56 am"),
            ("America/New_York", "22 Nov 2026, 9:11:57 am EST", "12:11 am"),
            ("America/Chicago", "22 Nov 2026, 8:11:57 am CST", "yesterday"),
            ("Pacific/Auckland", "23 Nov 2026, 3:11:57 am NZDT", "yesterday"),
        ] {
            assert_eq!(said(&when(now, now).exact, zone), exact);
            assert_eq!(said(&DisplayTime::of_start(before, now).text, zone), start, "{zone}");
        }
    }
}
