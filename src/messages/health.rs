//! The status line of a connection's webhook, shared by cards, lists and the dashboard.
//!
//! Invariant: the line is built only here, from the state and the stored activity.

use std::time::Duration;

use super::{Badge, DisplayTime, count, span, to_the_minute, webhook_state, when};
use crate::{
    connections::{
        ConnectionState,
        activity::Activity,
        baseline::{self, Silence, TypicalTraffic},
    },
    gateways::Gateway,
    i18n::Text,
    primitives::time::Timestamp,
};

/// A state, its most relevant time, and the consequence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) badge: Badge,
    /// The text between the state and the time.
    pub(crate) joint: &'static str,
    pub(crate) when: Option<DisplayTime>,
    /// An additional clause, and what identifies it in tests.
    pub(crate) rest: Option<(&'static str, Text)>,
}

impl StatusLine {
    /// A state without further text.
    pub(crate) const fn quiet(badge: Badge) -> Self {
        Self { badge, joint: "", when: None, rest: None }
    }
}

/// Returns the status line.
pub(crate) fn line(gateway: Gateway, state: ConnectionState, activity: &Activity, now: Timestamp) -> StatusLine {
    let (joint, when, rest) = match state {
        ConnectionState::Failing if let Some(since) = activity.failing_since => {
            (" since ", Some(DisplayTime::of_start(since, now)), countdown(gateway, since, now))
        }
        // The sender of the rejected requests is unproven: only the silence is certain.
        ConnectionState::Failing | ConnectionState::Silent => {
            let silence = baseline::silence(activity, now);
            (
                " for ",
                silence.map(|silence| lasting(&silence, now)),
                silence.map(|silence| ("usual-traffic", usually(&silence.usual).into())),
            )
        }
        ConnectionState::Verified => (", ", activity.last_verified_at.map(|at| when(at, now)), None),
        ConnectionState::Pending | ConnectionState::NotStarted => {
            ("", None, rejected(activity).map(|text| ("proven-rejections", text.into())))
        }
        ConnectionState::Off => ("", None, None),
    };
    StatusLine { badge: webhook_state(state, activity), joint, when, rest }
}

impl StatusLine {
    /// The same for a webhook that is off only because its app is disabled.
    pub(crate) fn because_of_app(self) -> Self {
        Self { rest: Some(("app-is-off", "because the app is disabled".into())), ..self }
    }
}

/// How many of the connection's own requests were rejected before the first event was verified. No account is known yet, so a
/// key of the company's proves them.
fn rejected(activity: &Activity) -> Option<String> {
    let verb = if activity.failing_count == 1 { "was" } else { "were" };
    activity.failing_since.map(|_| {
        format!("{} signed with one of your secrets {verb} rejected", count(activity.failing_count, "request", "requests"))
    })
}

/// Returns the time left until the gateway disables the webhook, with what identifies it in tests; `None` if it documents no such
/// limit.
pub(crate) fn countdown(gateway: Gateway, since: Timestamp, now: Timestamp) -> Option<(&'static str, Text)> {
    let patience = gateway.profile().auto_disable_after?;
    let name = gateway.label();
    let left = since.plus(patience).since(now);
    Some(if left.is_zero() {
        ("countdown-over", format!("{name} may have switched the webhook off already: look in {name}’s Dashboard").into())
    } else {
        ("countdown", format!("{name} switches the webhook off in {}", to_the_minute(left)).into())
    })
}

/// Returns the length of the silence, with the time of the last event as its exact time.
fn lasting(silence: &Silence, now: Timestamp) -> DisplayTime {
    DisplayTime { text: span(silence.lasts), is_recent: false, ..when(silence.since, now) }
}

fn usually(usual: &TypicalTraffic) -> String {
    format!("Usually something comes every {}", every(usual.every))
}

/// Returns the baseline in the Evidence panel.
pub(crate) fn pace(usual: &TypicalTraffic) -> String {
    format!("something every {}, longest pause {}", every(usual.every), span(usual.longest_pause))
}

/// Describes the silence, compared with the baseline.
pub(crate) fn silence(silence: &Silence) -> String {
    let usual = &silence.usual;
    let over = usual.over.as_secs() / 86_400;
    format!(
        "Nothing for {}. Usually something comes every {}, and the longest pause in the {over} days before was {}.",
        span(silence.lasts),
        every(usual.every),
        span(usual.longest_pause)
    )
}

/// Formats an interval; the baseline has a resolution of one minute.
fn every(length: Duration) -> String {
    if length < Duration::from_mins(2) { "minute".to_owned() } else { span(length).in_english() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);
    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn the_countdown_is_the_gateways() {
        let after = |length| countdown(Gateway::RAZORPAY, NOW, NOW.plus(length)).unwrap().1.in_english().replace('\u{a0}', " ");
        assert_eq!(after(Duration::from_mins(320)), "Razorpay switches the webhook off in 18 h 40 min");
        assert_eq!(after(Duration::from_secs(86_399)), "Razorpay switches the webhook off in 1 min");
        let over = "Razorpay may have switched the webhook off already: look in Razorpay’s Dashboard";
        assert_eq!((after(HOUR * 24).as_str(), after(HOUR * 999).as_str()), (over, over));
        assert_eq!(countdown(Gateway::STANDARD_WEBHOOKS, NOW, NOW.plus(HOUR)), None);
    }

    #[test]
    fn a_silence_stands_beside_what_is_usual() {
        let usual = TypicalTraffic { every: Duration::from_mins(20), longest_pause: HOUR * 2, over: HOUR * 24 * 17 };
        let silence_of_9_h = Silence { since: NOW.minus(HOUR * 9), lasts: HOUR * 9, usual };
        assert_eq!(
            silence(&silence_of_9_h).replace('\u{a0}', " "),
            "Nothing for 9 h. Usually something comes every 20 min, and the longest pause in the 17 days before was 2 h."
        );
        assert_eq!(lasting(&silence_of_9_h, NOW).text.in_english().replace('\u{a0}', " "), "9 h");
        assert_eq!(usually(&TypicalTraffic { every: Duration::from_secs(61), ..usual }), "Usually something comes every minute");
    }
}
