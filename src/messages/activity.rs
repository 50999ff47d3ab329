//! Messages on a webhook's activity: a headline, a reason, and the fix if there is one.

use std::time::Duration;

use super::{
    DisplayTime, EmptyState, health,
    parts::paragraph,
    rejections::{Causes, Explanation},
    span,
    text::{activity as t, causes, fixes},
    when,
    when::{date_of, past_day, time_of_day},
};
use crate::{
    connections::{Connection, ConnectionState, activity::Activity, baseline},
    events::Event,
    gateways::{Gateway, Mode, adapter::SignatureError},
    i18n::{Text, isolate},
    primitives::time::Timestamp,
    rejections::Reason,
    urls,
};

/// The style of a failure.
pub(super) const BAD: (&str, &str) = ("is-bad", "bad");
/// The style of a warning.
pub(super) const WARN: (&str, &str) = ("is-warn", "warn");

/// A headline with its reason and its style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Identifies it in tests.
    pub(crate) hook: &'static str,
    /// The panel's class: waiting, good or bad.
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) headline: Text,
    pub(crate) reason: Text,
    /// The stored value of the cause that the text names.
    pub(crate) cause: Option<&'static str>,
    /// How long the gateway tolerates the failures.
    pub(crate) countdown: Option<(&'static str, Text)>,
}

impl Notice {
    pub(super) fn new(
        hook: &'static str,
        (class, icon): (&'static str, &'static str),
        headline: impl Into<Text>,
        reason: impl Into<Text>,
    ) -> Self {
        Self { hook, class, icon, headline: headline.into(), reason: reason.into(), cause: None, countdown: None }
    }

    pub(super) fn because(self, cause: &'static str) -> Self {
        Self { cause: Some(cause), ..self }
    }
}

/// Returns why a request was rejected, and what to do.
pub(crate) fn refusal(gateway: Gateway, reason: SignatureError) -> (Text, Vec<Text>) {
    let texts = &gateway.profile().texts.requests;
    match reason {
        SignatureError::SignatureMissing => (causes::no_signature(), (texts.unsigned)()),
        SignatureError::SignatureMalformed => (causes::signature_unreadable(), (texts.malformed)()),
        SignatureError::SignatureMismatch => (causes::unknown(), (texts.mismatch)()),
        SignatureError::TimeOutOfTolerance => {
            let most = tolerance(gateway);
            (causes::out_of_tolerance(&most), vec![fixes::clock_difference(&most), fixes::synchronise()])
        }
    }
}

/// Returns the largest accepted difference between a signed time and the server's. Zero for a gateway that signs no time.
pub(crate) fn tolerance(gateway: Gateway) -> Text {
    let seconds = gateway.profile().signature.time_tolerance_seconds.unwrap_or_default();
    span(Duration::from_secs(seconds.unsigned_abs()))
}

/// The empty list of a webhook whose requests were rejected: the reason, and a link to the fix.
pub(crate) fn nothing_but_refused(empty: EmptyState, connections: &[(Connection, Activity)], causes: &Causes) -> EmptyState {
    let rejecting = connections.iter().filter(|(_, activity)| activity.rejected_since.is_some());
    let Some((connection, activity)) = rejecting.max_by_key(|(_, activity)| activity.rejected_streak) else { return empty };
    let LatestCause { known, why, .. } = latest_cause(connection.gateway, activity, causes.get(&connection.id));
    let count = activity.rejected_streak;
    let text = match activity.first_verified_at {
        None => t::nothing_but_rejected_yet(count, why),
        Some(_) => t::nothing_but_rejected(count, why),
    };
    EmptyState {
        hook: "only-rejected-requests",
        cause: Some(known),
        text,
        way: Some((urls::activity(connection.app_id, connection.gateway, connection.mode), t::see_how_to_fix())),
        ..empty
    }
}

/// Returns the notice at the top of the Evidence panel, about the latest event or the latest rejected request.
pub(crate) fn sentence_of_connection(
    connection: &Connection,
    (state, is_app_enabled): (ConnectionState, bool),
    activity: &Activity,
    (last, explanation): (Option<&Event>, Option<&Explanation>),
    now: Timestamp,
) -> Notice {
    let gateway = connection.gateway;
    match state {
        ConnectionState::Failing if activity.failing_since.is_some() => failing(gateway, activity, explanation, now),
        ConnectionState::Failing => overdue(gateway, activity, explanation, now),
        ConnectionState::Silent => silent(gateway, activity, now),
        ConnectionState::Pending | ConnectionState::NotStarted if activity.rejected_since.is_some() => {
            not_yet(gateway, activity, explanation)
        }
        ConnectionState::Verified => verified(activity, last, now),
        ConnectionState::Off => {
            let (hook, reason) = if is_app_enabled {
                ("evidence-connection-off", t::off_connection())
            } else {
                ("evidence-app-off", t::off_app())
            };
            Notice::new(hook, ("is-off", "not-started"), t::off(), reason)
        }
        ConnectionState::Pending => Notice::new("evidence-pending", WAITING, t::pending(), t::pending_reason()),
        ConnectionState::NotStarted => {
            let [test, live] = &gateway.profile().texts.setup.waiting;
            let reason = if connection.mode == Mode::Test { test } else { live };
            Notice::new("evidence-waiting", WAITING, t::waiting(), reason.clone())
        }
    }
}

/// Returns what is read aloud when the notice is about something new. It has counts and no relative time, so it changes with each
/// request and never by itself.
pub(crate) fn news(
    notice: &Notice,
    (gateway, state): (Gateway, ConnectionState),
    activity: &Activity,
    (last, explanation): (Option<&Event>, Option<&Explanation>),
) -> Text {
    match state {
        ConnectionState::Off => notice.headline.clone(),
        ConnectionState::Verified => {
            let name = last.and_then(|event| event.event_type.as_deref());
            let verified = match name {
                Some(name) => t::news_verified_event(activity.verified_count, isolate(name)),
                None => t::news_verified(activity.verified_count),
            };
            let rejected = activity.rejected_since.map(|_| t::news_also_rejected(activity.rejected_streak));
            paragraph([verified].into_iter().chain(rejected))
        }
        _ if activity.failing_since.is_some() => {
            t::news_rejected(activity.failing_count, latest_cause(gateway, activity, explanation).why)
        }
        _ => notice.headline.clone(),
    }
}

/// The style of a notice before the first event.
const WAITING: (&str, &str) = ("is-waiting", "pending");

/// Why the latest rejected request was rejected, and what to do.
pub(super) struct LatestCause {
    /// The stored value of the cause or of the reason.
    pub(super) known: &'static str,
    pub(super) why: Text,
    fix: Text,
    /// See [`Explanation::is_conditional`].
    is_conditional: bool,
}

/// Returns the cause of the latest rejected request. That one may be from an unknown sender, so its reason does not explain why a
/// webhook is failing.
pub(super) fn latest_cause(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>) -> LatestCause {
    let without_fix = |known, why| LatestCause { known, why, fix: Text::default(), is_conditional: false };
    match (explanation, activity.last_reason) {
        (Some(found), _) => {
            LatestCause { known: found.cause, why: found.why.clone(), fix: found.fix(), is_conditional: found.is_conditional }
        }
        (None, _) if activity.failing_since.is_some() => without_fix(Reason::SignatureMismatch.as_str(), causes::unknown()),
        (None, Some(reason)) => of_signature(gateway, reason),
        (None, None) => without_fix("unverified", causes::unverified()),
    }
}

/// Returns the cause of a request whose signature was not accepted.
fn of_signature(gateway: Gateway, reason: SignatureError) -> LatestCause {
    let (why, fix) = refusal(gateway, reason);
    LatestCause { known: Reason::from(reason).as_str(), why, fix: paragraph(fix), is_conditional: true }
}

fn failing(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>, now: Timestamp) -> Notice {
    let LatestCause { known, why, fix, .. } = latest_cause(gateway, activity, explanation);
    let headline = match activity.last_proven_at {
        Some(at) => t::rejected_ago(when(at, now).text, why),
        None => t::rejected(why),
    };
    Notice::new("evidence-failing", BAD, headline, fix).because(known)
}

/// Events are overdue, and requests from an unproven sender are rejected.
fn overdue(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>, now: Timestamp) -> Notice {
    let cause = latest_cause(gateway, activity, explanation);
    let known = cause.known;
    let silence = baseline::silence(activity, now).map(|silence| health::silence(&silence));
    let sentences = silence.into_iter().chain([unproven(activity, now), condition(gateway, cause)]);
    Notice::new("evidence-overdue", BAD, t::overdue(), paragraph(sentences)).because(known)
}

/// No event has been verified yet, and requests were rejected.
fn not_yet(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>) -> Notice {
    let cause = latest_cause(gateway, activity, explanation);
    let known = cause.known;
    let (hook, headline, reason) = if activity.failing_since.is_some() {
        ("evidence-not-verified-yet", t::not_verified_yet(cause.why), cause.fix)
    } else {
        let reason = paragraph([t::anyone(), condition(gateway, cause)]);
        ("evidence-only-rejected", t::only_rejected(activity.rejected_streak), reason)
    };
    Notice::new(hook, WARN, headline, reason).because(known)
}

/// Requests rejected since the last verified event while the webhook works: how many, when, and that their sender is unknown.
pub(crate) fn rejected_meanwhile(state: ConnectionState, activity: &Activity, now: Timestamp) -> Option<Text> {
    (state == ConnectionState::Verified && activity.rejected_since.is_some()).then(|| unproven(activity, now))
}

/// States how many requests were rejected since the last verified event, and when.
fn unproven(activity: &Activity, now: Timestamp) -> Text {
    let start = activity.rejected_since.unwrap_or(now);
    let end = activity.last_rejected_at.unwrap_or(start);
    paragraph([rejected_between(activity.rejected_streak, (start, end), now), t::anyone()])
}

/// States when requests were rejected; a day on which all were is named once.
fn rejected_between(count: i64, (start, end): (Timestamp, Timestamp), now: Timestamp) -> Text {
    let [from, to] = [start, end].map(|at| DisplayTime::of_day(at, now).text);
    if from == to {
        return t::rejected_at(count, from);
    }
    match past_day(end, now) {
        Some(day) if date_of(start) == date_of(end) => t::rejected_on_day(count, day, time_of_day(start), time_of_day(end)),
        _ => t::rejected_between(count, from, to),
    }
}

/// Words the cause of a request from an unproven sender as a condition, unless its fix is one already.
fn condition(gateway: Gateway, LatestCause { why, fix, is_conditional, .. }: LatestCause) -> Text {
    let reason = if is_conditional { t::latest_reason(why) } else { t::if_sent_last(&gateway.profile().your_sender, why) };
    paragraph([reason, fix].into_iter().filter(|text| !text.is_empty()))
}

fn silent(gateway: Gateway, activity: &Activity, now: Timestamp) -> Notice {
    let silence = baseline::silence(activity, now);
    let headline = silence.map_or_else(t::silent, |silence| t::silent_for(span(silence.lasts)));
    let usual = silence.map(|silence| health::silence(&silence));
    let reason = paragraph(usual.into_iter().chain([see_whether_enabled(gateway)]));
    Notice::new("evidence-silent", ("is-warn", "silent"), headline, reason)
}

/// Returns what to do about a silence.
pub(super) fn see_whether_enabled(gateway: Gateway) -> Text {
    gateway.profile().texts.setup.silent.clone()
}

fn verified(activity: &Activity, last: Option<&Event>, now: Timestamp) -> Notice {
    let name = last.and_then(|event| event.event_type.as_deref());
    let ago = activity.last_verified_at.map(|at| when(at, now).text);
    let headline = match (name, ago) {
        (Some(name), Some(ago)) => t::verified_event(isolate(name), ago),
        (None, Some(ago)) => t::verified_ago(ago),
        (_, None) => t::verified(),
    };
    let reason = last.and_then(Event::money).map_or_else(t::saved, t::saved_of_amount);
    Notice::new("evidence-verified", ("is-good", "good"), headline, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connections,
        messages::rejections::explanation,
        rejections::{Cause, Rejection, recovery::tests::rejection},
    };

    #[test]
    fn a_condition_is_said_once() {
        let said = condition(Gateway::RAZORPAY, of_signature(Gateway::RAZORPAY, SignatureError::SignatureMismatch));
        let said = said.in_english();
        assert!(said.starts_with("Latest reason: The signature matches no secret of this webhook. If Razorpay sent this, "));
        assert_eq!(said.matches("If Razorpay").count(), 1, "{said}");
        let (why, fix) = (causes::renamed_header(), fixes::keep_names());
        let said = condition(Gateway::RAZORPAY, LatestCause { known: "", why, fix, is_conditional: false }).in_english();
        assert!(
            said.starts_with("If Razorpay sent the latest request, it was rejected for this reason: ")
                && said.ends_with("keep their names.")
        );
    }

    #[test]
    fn a_cause_whose_fix_is_a_condition_is_not_made_one_again() {
        let of = |cause| Rejection { cause, ..rejection(&connections::tests::connection(Gateway::RAZORPAY)) };
        for (cause, is_condition) in [(Cause::NoSignature, true), (Cause::Unknown, true), (Cause::SecretWithSpace, false)] {
            let explanation = explanation(&of(cause), None);
            let latest = latest_cause(Gateway::RAZORPAY, &Activity::default(), Some(&explanation));
            assert_eq!((latest.is_conditional, latest.known), (is_condition, explanation.cause));
            let notice = overdue(Gateway::RAZORPAY, &Activity::default(), Some(&explanation), Timestamp::from_millis(0));
            assert_eq!(notice.reason.in_english().matches("If Razorpay sent ").count(), 1, "{cause:?}: {}", notice.reason);
        }
    }

    #[test]
    fn a_period_within_a_day_names_the_day_once() {
        // 22 Nov 2026, 7:41:57 pm in India.
        let now = Timestamp::from_seconds(1_795_356_717);
        let said = |start: u64, end: u64| {
            let [start, end] = [start, end].map(|hours| now.minus(Duration::from_hours(hours)));
            rejected_between(2, (start, end), now).in_english().replace('\u{a0}', " ")
        };
        assert_eq!(said(1, 1), "2 requests were rejected on 22 Nov, 6:41 pm.");
        assert_eq!(said(2, 1), "2 requests were rejected on 22 Nov between 5:41 pm and 6:41 pm.");
        assert_eq!(said(25, 1), "2 requests were rejected between 21 Nov, 6:41 pm and 22 Nov, 6:41 pm.");
        let later = now.plus(Duration::from_hours(48));
        let unknown = rejected_between(1, (later, now), now).in_english();
        assert!(unknown.starts_with("1 request was rejected between time unknown and"), "{unknown}");
    }
}
