//! The status line of a connection's webhook, shared by cards, lists and the dashboard.
//!
//! Invariant: the line is built only here, from the state and the stored activity.

use std::time::Duration;

use super::{
    Badge, DisplayTime, span,
    text::{activity as t, dates},
    to_the_minute, webhook_state, when,
};
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
    /// The state with its time.
    pub(crate) text: Text,
    /// An additional clause, and what identifies it in tests.
    pub(crate) rest: Option<(&'static str, Text)>,
}

impl StatusLine {
    /// A state without further text.
    pub(crate) fn quiet(badge: Badge) -> Self {
        Self { text: badge.label.clone(), badge, rest: None }
    }

    /// The same for a webhook that is off only because its app is disabled.
    pub(crate) fn because_of_app(self) -> Self {
        Self { rest: Some(("app-is-off", t::app_is_off())), ..self }
    }
}

/// Returns the status line.
pub(crate) fn line(gateway: Gateway, state: ConnectionState, activity: &Activity, now: Timestamp) -> StatusLine {
    let (text, rest) = match state {
        ConnectionState::Failing if let Some(since) = activity.failing_since => {
            (Some(t::failing_since(DisplayTime::of_start(since, now))), short_countdown(gateway, since, now))
        }
        // The sender of the rejected requests is unproven: only the silence is certain.
        ConnectionState::Failing | ConnectionState::Silent => {
            let silence = baseline::silence(activity, now);
            let text = silence.map(|silence| {
                let length = lasting(&silence, now);
                if state == ConnectionState::Failing { t::failing_for(length) } else { t::silent_for(length) }
            });
            (text, silence.map(|silence| ("usual-traffic", usually(&silence.usual))))
        }
        ConnectionState::Verified => (activity.last_verified_at.map(|at| t::verified_at(when(at, now))), None),
        ConnectionState::Pending | ConnectionState::NotStarted => {
            (None, rejected(activity).map(|text| ("proven-rejections", text)))
        }
        ConnectionState::Off => (None, None),
    };
    let badge = webhook_state(state, activity);
    StatusLine { text: text.unwrap_or_else(|| badge.label.clone()), badge, rest }
}

/// How many of the connection's own requests were rejected before the first event was verified. No account is known yet, so a
/// key of the company's proves them.
fn rejected(activity: &Activity) -> Option<Text> {
    activity.failing_since.map(|_| t::proven_rejections(activity.failing_count))
}

/// How long the gateway still tolerates failures.
enum Tolerated {
    For(Duration),
    Over,
}

impl Tolerated {
    /// Returns `None` if the gateway documents no limit.
    fn of(gateway: Gateway, since: Timestamp, now: Timestamp) -> Option<Self> {
        let left = since.plus(gateway.profile().auto_disable_after?).since(now);
        Some(if left.is_zero() { Self::Over } else { Self::For(left) })
    }
}

/// Returns the time left until the gateway disables the webhook, as a clause, with what identifies it in tests; `None` if it
/// documents no such limit.
fn short_countdown(gateway: Gateway, since: Timestamp, now: Timestamp) -> Option<(&'static str, Text)> {
    let name = gateway.label();
    Some(match Tolerated::of(gateway, since, now)? {
        Tolerated::Over => ("countdown-over", t::countdown_over(name)),
        Tolerated::For(left) => ("countdown", t::countdown(name, to_the_minute(left))),
    })
}

/// The same as a sentence.
pub(crate) fn countdown(gateway: Gateway, since: Timestamp, now: Timestamp) -> Option<(&'static str, Text)> {
    let name = gateway.label();
    Some(match Tolerated::of(gateway, since, now)? {
        Tolerated::Over => ("countdown-over", t::countdown_over_sentence(name)),
        Tolerated::For(left) => ("countdown", t::countdown_sentence(name, to_the_minute(left))),
    })
}

/// Returns the length of the silence, with the time of the last event as its exact time.
fn lasting(silence: &Silence, now: Timestamp) -> DisplayTime {
    DisplayTime { text: span(silence.lasts), is_recent: false, ..when(silence.since, now) }
}

fn usually(usual: &TypicalTraffic) -> Text {
    every(usual).map_or_else(t::usually_every_minute, t::usually_every)
}

/// Returns the baseline in the Evidence panel.
pub(crate) fn pace(usual: &TypicalTraffic) -> Text {
    let pause = span(usual.longest_pause);
    every(usual).map_or_else(|| t::pace_every_minute(&pause), |length| t::pace(length, &pause))
}

/// Describes the silence, compared with the baseline.
pub(crate) fn silence(silence: &Silence) -> Text {
    let usual = &silence.usual;
    let (lasts, pause) = (span(silence.lasts), span(usual.longest_pause));
    let days = dates::days_long(usual.over.as_secs() / 86_400);
    match every(usual) {
        Some(length) => t::silence(lasts, length, days, pause),
        None => t::silence_every_minute(lasts, days, pause),
    }
}

/// Formats the usual interval; `None` for a minute, which is the resolution of the baseline.
fn every(usual: &TypicalTraffic) -> Option<Text> {
    (usual.every >= Duration::from_mins(2)).then(|| span(usual.every))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);
    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn the_countdown_is_the_gateways() {
        let after =
            |length| short_countdown(Gateway::RAZORPAY, NOW, NOW.plus(length)).unwrap().1.in_english().replace('\u{a0}', " ");
        assert_eq!(after(Duration::from_mins(320)), "Razorpay will disable the webhook in 18 h 40 min unless this is fixed");
        assert_eq!(after(Duration::from_secs(86_399)), "Razorpay will disable the webhook in 1 min unless this is fixed");
        let over = "Razorpay may have disabled the webhook already: check Razorpay’s Dashboard";
        assert_eq!((after(HOUR * 24).as_str(), after(HOUR * 999).as_str()), (over, over));
        assert_eq!(short_countdown(Gateway::STANDARD_WEBHOOKS, NOW, NOW.plus(HOUR)), None);
    }

    #[test]
    fn a_silence_stands_beside_what_is_usual() {
        let usual = TypicalTraffic { every: Duration::from_mins(20), longest_pause: HOUR * 2, over: HOUR * 24 * 17 };
        let silence_of_9_h = Silence { since: NOW.minus(HOUR * 9), lasts: HOUR * 9, usual };
        assert_eq!(
            silence(&silence_of_9_h).in_english().replace('\u{a0}', " "),
            "No events for 9 h. Usually an event arrives every 20 min, and the longest pause in the previous 17 days was 2 h."
        );
        assert_eq!(lasting(&silence_of_9_h, NOW).text.in_english().replace('\u{a0}', " "), "9 h");
        assert_eq!(usually(&TypicalTraffic { every: Duration::from_secs(61), ..usual }), "Usually an event every minute");
    }
}
