//! Times as people say them, with the exact one at hand.

use crate::kernel::time::Timestamp;

/// A moment for a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// For machines: RFC 3339 with the offset.
    pub(crate) iso: String,
    /// For the title: to the second, with the zone.
    pub(crate) exact: String,
    /// As people say it.
    pub(crate) text: String,
    /// Whether the text goes on ticking.
    pub(crate) is_recent: bool,
}

/// The moment, seen from `now`: seconds, minutes and hours up to a day, then yesterday, then the day.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> When {
    let zoned = at.zoned();
    let age = now.since(at).as_secs();
    let text = match age {
        0 if at > now.plus(std::time::Duration::from_mins(1)) => zoned.strftime("%-d %b %Y, %-I:%M\u{a0}%P").to_string(),
        0..60 => format!("{age}\u{a0}s ago"),
        60..3600 => format!("{}\u{a0}min ago", age / 60),
        3600..86_400 => format!("{}\u{a0}h ago", age / 3600),
        _ if is_yesterday(at, now) => "yesterday".to_owned(),
        _ => day(at, now),
    };
    When {
        iso: zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        exact: zoned.strftime("%-d %b %Y, %-I:%M:%S %P IST").to_string(),
        is_recent: age < 86_400 && at <= now,
        text,
    }
}

/// The day, with its year unless it is this one.
pub(crate) fn day(at: Timestamp, now: Timestamp) -> String {
    let zoned = at.zoned();
    let is_this_year = zoned.year() == now.zoned().year();
    zoned.strftime(if is_this_year { "%-d\u{a0}%b" } else { "%-d\u{a0}%b\u{a0}%Y" }).to_string()
}

fn is_yesterday(at: Timestamp, now: Timestamp) -> bool {
    now.zoned().date().yesterday().is_ok_and(|yesterday| yesterday == at.zoned().date())
}

impl When {
    /// Day and clock: `22 Nov, 7:41 pm`.
    pub(crate) fn of_day(at: Timestamp, now: Timestamp) -> Self {
        let clock = at.zoned().strftime("%-I:%M\u{a0}%P").to_string();
        Self { text: format!("{}, {clock}", day(at, now)), is_recent: false, ..when(at, now) }
    }

    /// Since when: the clock on the same day, else the day.
    pub(crate) fn of_start(at: Timestamp, now: Timestamp) -> Self {
        let zoned = at.zoned();
        let text = if zoned.date() == now.zoned().date() {
            zoned.strftime("%-I:%M\u{a0}%P").to_string()
        } else if is_yesterday(at, now) {
            "yesterday".to_owned()
        } else {
            day(at, now)
        };
        Self { text, is_recent: false, ..when(at, now) }
    }

    /// Day and clock to the second: `22 Nov, 7:41:57 pm`.
    pub(crate) fn of_moment(at: Timestamp, now: Timestamp) -> Self {
        let clock = Self::of_clock(at, now);
        Self { text: format!("{}, {}", day(at, now), clock.text), ..clock }
    }

    /// The clock to the second: `7:41:57 pm`.
    pub(crate) fn of_clock(at: Timestamp, now: Timestamp) -> Self {
        Self { text: at.zoned().strftime("%-I:%M:%S\u{a0}%P").to_string(), is_recent: false, ..when(at, now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_is_said_as_people_say_it() {
        // 22 Nov 2026, 7:41:57 pm in India.
        let now = Timestamp::from_seconds(1_795_356_717);
        let said = |seconds: u64| when(now.minus(Duration::from_secs(seconds)), now).text.replace('\u{a0}', " ");
        assert_eq!(said(0), "0 s ago");
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
