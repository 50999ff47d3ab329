//! Messages on destinations: their state, what to do about it, and the errors of their form.

use std::time::Duration;

use super::{
    Badge, DisplayTime, Notice,
    activity::{BAD, WARN},
    badge, deliveries,
    text::destinations as t,
    when,
};
use crate::{
    companies::check_limiter::CheckDenied,
    connections::overlap::Overlap,
    deliveries::{
        destination::{Destination, DestinationState, PauseReason, Settings},
        expiry::Expiring,
        health::{ALERT_AFTER, Circuit, Health, PAUSE_AFTER, WARN_AFTER},
        schedule::{MAX_ATTEMPTS, PLANNED_DAYS},
        store::deliveries::{Backlog, MAX_COUNTED},
        worker::TestOutcome,
    },
    gateways::Gateway,
    i18n::{Text, code, isolate},
    net::outbound::{MAX_URL_BYTES, Refusal},
    primitives::time::Timestamp,
    replays::{Plan, Replay},
};

/// An example of a group of event types.
pub(crate) const EXAMPLE_GROUP: &str = "refund.*";
/// An example of an event type.
pub(crate) const EXAMPLE_TYPE: &str = "payment.captured";
/// An example of a URL.
const EXAMPLE_URL: &str = "https://shop.neemtree.example/webhooks";

/// Returns the badge of a destination that is not as it should be; `None` for one that receives events.
pub(crate) fn state(destination: &Destination, health: &Health, now: Timestamp) -> Option<Badge> {
    if destination.state == DestinationState::Paused {
        return Some(badge("paused", ("status-warn", "paused"), t::paused()));
    }
    if health.circuit(now) != Circuit::Closed {
        return Some(badge("not_responding", ("status-bad", "broken"), t::not_responding()));
    }
    let since = health.failing_since?;
    let look = if is_alerted(since, now) { ("status-warn", "warn") } else { ("status-lost", "failed") };
    Some(badge("failing", look, t::failing()))
}

fn is_alerted(failing_since: Timestamp, now: Timestamp) -> bool {
    now.since(failing_since) >= ALERT_AFTER
}

/// Explains a state in a row of the list.
pub(crate) fn state_note(destination: &Destination, health: &Health, now: Timestamp) -> Option<Text> {
    if destination.state == DestinationState::Paused {
        let at = when(destination.paused_at.unwrap_or(now), now);
        return Some(match destination.pause_reason {
            None | Some(PauseReason::User) => t::paused_by_user(at),
            Some(PauseReason::Gone) => t::paused_gone(at),
            Some(PauseReason::NoSuccess) => t::paused_no_success(),
        });
    }
    match health.circuit(now) {
        Circuit::Closed => health.failing_since.map(|since| t::failing_since(DisplayTime::of_day(since, now))),
        Circuit::Open { until } => Some(t::next_attempt(DisplayTime::of_expiry(until, now))),
        Circuit::HalfOpen => Some(t::next_attempt_soon()),
    }
}

/// True if [`trouble`] says something.
pub(crate) fn needs_attention(destination: &Destination, health: &Health, now: Timestamp) -> bool {
    let is_failing =
        || health.failing_since.is_some_and(|since| is_alerted(since, now) || health.circuit(now) != Circuit::Closed);
    destination.state == DestinationState::Paused || is_failing()
}

/// Says what is wrong with a destination and what to do; `None` if nothing is. `name` is its own where the page is not about it.
pub(crate) fn trouble(
    destination: &Destination,
    health: &Health,
    backlog: Backlog,
    (name, now): (Option<&str>, Timestamp),
) -> Option<Notice> {
    if !needs_attention(destination, health, now) {
        return None;
    }
    let waiting = events_wait(backlog.count);
    if destination.state == DestinationState::Paused {
        let waiting = (backlog.count > 0).then_some(waiting);
        return Some(paused(destination.pause_reason, name, waiting));
    }
    let (since, circuit) = (health.failing_since?, health.circuit(now));
    let at = DisplayTime::of_day(since, now);
    let said = match (circuit, name.map(isolate)) {
        (Circuit::Closed, name) => {
            let headline = name.map_or_else(|| t::is_failing(&at), |name| t::is_failing_named(name, &at));
            Notice::new("destination-failing", WARN, headline, t::is_failing_reason(waiting))
        }
        (Circuit::Open { .. } | Circuit::HalfOpen, name) => {
            let headline = name.map_or_else(|| t::is_not_responding(&at), |name| t::is_not_responding_named(name, &at));
            let reason = t::is_not_responding_reason(waiting, next_attempt(circuit, now));
            Notice::new("destination-not-responding", BAD, headline, reason)
        }
    };
    let pause_at = since.plus(PAUSE_AFTER);
    let countdown = (now.since(since) >= WARN_AFTER).then(|| t::will_be_paused(DisplayTime::of_expiry(pause_at, now)));
    Some(Notice { countdown: countdown.map(|text| ("will-be-paused", text)), ..said })
}

/// Warns of deliveries that will be canceled, because the bodies of their events will be deleted. `name` is the destination's own where
/// the page is not about it.
pub(crate) fn expiring(expiring: Expiring, (name, now): (Option<&str>, Timestamp)) -> Notice {
    let Expiring { count, first_at, retention } = expiring;
    let at = DisplayTime::of_expiry(first_at, now);
    let headline = match name.map(isolate) {
        None => t::is_expiring(at),
        Some(name) => t::is_expiring_named(name, at),
    };
    let stored_for = super::span(retention);
    let reason = if count >= MAX_COUNTED {
        t::is_expiring_reason_at_least(MAX_COUNTED, stored_for)
    } else {
        t::is_expiring_reason(count, stored_for)
    };
    Notice::new("destination-expiring", WARN, headline, reason)
}

/// `waiting` says how many events wait, if any do.
fn paused(reason: Option<PauseReason>, name: Option<&str>, waiting: Option<Text>) -> Notice {
    let headline = match (reason, name.map(isolate)) {
        (None | Some(PauseReason::User), None) => t::is_paused(),
        (None | Some(PauseReason::User), Some(name)) => t::is_paused_named(name),
        (Some(PauseReason::Gone), None) => t::is_gone(),
        (Some(PauseReason::Gone), Some(name)) => t::is_gone_named(name),
        (Some(PauseReason::NoSuccess), None) => t::is_without_success(),
        (Some(PauseReason::NoSuccess), Some(name)) => t::is_without_success_named(name),
    };
    let advice = match (reason, waiting) {
        (Some(PauseReason::Gone), Some(waiting)) => t::is_gone_reason(waiting),
        (Some(PauseReason::Gone), None) => t::is_gone_reason_none(),
        (_, Some(waiting)) => t::is_paused_reason(waiting),
        (_, None) => t::is_paused_reason_none(),
    };
    Notice::new("destination-paused", WARN, headline, advice)
}

fn next_attempt(circuit: Circuit, now: Timestamp) -> Text {
    match circuit {
        Circuit::Open { until } => t::next_attempt_at(DisplayTime::of_expiry(until, now)),
        Circuit::Closed | Circuit::HalfOpen => t::next_attempt_soon(),
    }
}

/// States how many events wait, as a sentence.
pub(crate) fn events_wait(count: i64) -> Text {
    if count >= MAX_COUNTED { t::events_wait_at_least(MAX_COUNTED) } else { t::events_wait(count) }
}

/// States how many events wait, as a value.
pub(crate) fn waiting(count: i64) -> Text {
    match count {
        0 => t::none_waiting(),
        MAX_COUNTED.. => t::waiting_at_least(MAX_COUNTED),
        _ => t::waiting(count),
    }
}

/// Names the format of a destination; `gateway` is that of its connection.
pub(crate) fn format(settings: &Settings, gateway: Option<Gateway>) -> Text {
    match gateway {
        Some(gateway) if settings.is_resigned => t::format_resigned(gateway.label()),
        Some(gateway) => t::types_original(gateway.label()),
        None => t::format_normalized(),
    }
}

/// States how fast a destination is sent to.
pub(crate) fn speed(settings: &Settings) -> Text {
    match (settings.is_fifo, settings.concurrency, settings.per_second) {
        (true, _, None) => t::one_at_a_time(),
        (true, _, Some(rate)) => t::at_a_time_limited(1, rate),
        (false, count, None) => t::at_a_time(count),
        (false, count, Some(rate)) => t::at_most_limited(count, rate),
    }
}

/// States how often a delivery is retried.
pub(crate) fn retries() -> Text {
    t::retries(MAX_ATTEMPTS - 1, PLANNED_DAYS)
}

/// Returns the reason in kebab case and the error of a URL that is refused. All forbidden addresses have the same error, so that it
/// says nothing of the server's network.
pub(crate) fn url_error(refusal: Refusal) -> (&'static str, Text) {
    match refusal {
        Refusal::Malformed => ("malformed", t::url_malformed(code(EXAMPLE_URL))),
        Refusal::TooLong => ("too-long", t::url_too_long(MAX_URL_BYTES)),
        Refusal::NotHttps => ("not-https", t::url_not_https()),
        Refusal::UserInfo => ("user-info", t::url_user_info()),
        Refusal::NoHost => ("no-host", t::url_no_host()),
        Refusal::NameNotFound => ("name-not-found", t::url_not_found()),
        Refusal::Forbidden => ("forbidden", t::url_forbidden()),
    }
}

/// Shown if another request of the company is running, or there were too many.
pub(crate) const fn busy(busy: CheckDenied) -> Text {
    match busy {
        CheckDenied::Running => t::test_running(),
        CheckDenied::TooMany => t::too_many_tests(),
    }
}

/// States what came of a test event.
pub(crate) fn test_outcome(outcome: &TestOutcome) -> Text {
    let status_code = |status: u16| code(status.to_string());
    match *outcome {
        TestOutcome::Responded { status: status @ 200..=299, millis, .. } => {
            t::test_accepted(status_code(status), millis.to_string())
        }
        TestOutcome::Responded { status: status @ 300..=399, .. } => t::test_redirected(status_code(status)),
        TestOutcome::Responded { status, millis, .. } => t::test_declined(status_code(status), millis.to_string()),
        TestOutcome::Failed(failure) => t::test_failed(deliveries::why(failure)),
        TestOutcome::NoEvent => t::test_no_event(),
        TestOutcome::NoMatch => t::test_no_match(),
    }
}

/// Returns the label of an overlap.
pub(crate) fn overlap(overlap: Overlap) -> Text {
    let hours = overlap.duration().as_secs() / Duration::from_hours(1).as_secs();
    if hours <= 24 { t::overlap_hours(hours) } else { t::overlap_days(hours / 24) }
}

/// True if a replay sends anything.
pub(crate) fn has_events(plan: &Plan) -> bool {
    plan.count.is_none_or(|count| count.events > 0 || !count.is_complete)
}

/// States how many events a replay will send.
pub(crate) fn replay_count(plan: &Plan) -> Text {
    match plan.count {
        Some(count) if count.is_complete => t::will_be_replayed(count.events),
        count => t::will_be_replayed_at_least(count.map_or(0, |count| count.events)),
    }
}

/// States how far a running replay has come.
pub(crate) fn replay_progress(replay: &Replay) -> Text {
    match replay.expected {
        Some(expected) => t::replay_progress(replay.replayed, expected),
        None => t::replay_progress_open(replay.replayed),
    }
}

/// States what the last replay did; `None` while it runs.
pub(crate) fn last_replay(replay: &Replay, now: Timestamp) -> Option<Text> {
    let ended = when(replay.ended_at?, now);
    Some(if replay.is_canceled {
        t::last_replay_canceled(replay.replayed, ended)
    } else {
        t::last_replay(replay.replayed, ended)
    })
}
