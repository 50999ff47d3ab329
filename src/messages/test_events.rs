//! Messages about test events.

use super::text::test_event as t;
use crate::{
    gateways::Gateway,
    i18n::{Text, code},
    test_events::{Outcome, TestEvent, Unavailable},
};

/// Shown on the page of a test event.
pub(crate) const EXPLAINED: Text = t::explained();

/// Returns the name of a test event, with the time that its request took.
pub(crate) fn name(event: &TestEvent) -> Text {
    event.millis.map_or_else(t::name, |millis| t::name_with_time(seconds(millis)))
}

/// Returns seconds with a decimal, rounded up: a request never takes no time.
fn seconds(millis: i64) -> String {
    let tenths = millis.max(1).saturating_add(99) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Returns why no test event can be sent, and what to do.
pub(crate) fn unavailable(gateway: Gateway, why: Unavailable) -> Text {
    match why {
        Unavailable::Unsupported => t::unsupported(gateway.label()),
        Unavailable::Disabled => t::disabled(),
        Unavailable::NoSecret => t::no_secret(gateway.label()),
        Unavailable::SecretUnreadable => t::secret_unreadable(code("ks-pay doctor")),
    }
}

/// Returns what became of a test event; `None` stands for one that was not sent.
pub(crate) fn outcome(outcome: Option<Outcome>) -> Text {
    match outcome {
        Some(Outcome::Arrived { millis }) => t::arrived(seconds(millis)),
        Some(Outcome::Answered { status: 401 }) => t::rejected(),
        Some(Outcome::Answered { status: 503 }) => t::not_stored(code("ks-pay doctor")),
        Some(Outcome::Answered { status }) => t::answered(status.to_string()),
        Some(Outcome::Unanswered) => t::unanswered(),
        None => t::not_sent(),
    }
}

/// Returns the same as the reason of a message, in kebab case.
pub(crate) const fn hook(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Arrived { .. }) => "test-arrived",
        Some(Outcome::Answered { .. }) => "test-answered",
        Some(Outcome::Unanswered) => "test-unanswered",
        None => "test-not-sent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_decimal_and_is_never_zero() {
        assert_eq!([0, 1, 100, 101, 240, 5000].map(seconds), ["0.1", "0.1", "0.1", "0.2", "0.3", "5.0"]);
    }
}
