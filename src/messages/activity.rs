//! Messages on a webhook's activity: a headline, a reason, and the fix if there is one.

use std::borrow::Cow;

use super::{DisplayTime, health, rejections::Explanation, span, when};
use crate::{
    connections::{Connection, ConnectionState, activity::Activity, baseline},
    events::Event,
    gateways::{Gateway, Mode, adapter::SignatureError},
    i18n::Text,
    messages::{EmptyState, rejections::Causes},
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
pub(crate) fn refusal(gateway: Gateway, reason: SignatureError) -> (Cow<'static, str>, Cow<'static, str>) {
    let fixes = &gateway.profile().texts.requests.refusals;
    let (why, fix) = match reason {
        SignatureError::SignatureMissing => ("no signature was sent", fixes[0]),
        SignatureError::SignatureMalformed => ("the signature cannot be read", fixes[1]),
        SignatureError::SignatureMismatch => ("the signature matches no secret of this webhook", fixes[2]),
        SignatureError::TimeOutOfTolerance => {
            let most = tolerance(gateway);
            return (
                format!("its time is more than {most} in the past or future").into(),
                format!(
                    "If your sender sent this, its clock or this server’s clock is wrong: they must agree to within {most}. Ask your server administrator or hosting provider to synchronise the clock."
                )
                .into(),
            );
        }
    };
    (why.into(), fix.into())
}

/// Returns the largest accepted difference between a signed time and the server's: `5 minutes`. Zero for a gateway that signs no
/// time.
pub(crate) fn tolerance(gateway: Gateway) -> String {
    let seconds = gateway.profile().signature.time_tolerance_seconds.unwrap_or_default();
    if seconds % 60 == 0 { format!("{} minutes", seconds / 60) } else { format!("{seconds} seconds") }
}

/// The empty list of a webhook whose requests were rejected: the reason, and a link to the fix.
pub(crate) fn nothing_but_refused(empty: EmptyState, connections: &[(Connection, Activity)], causes: &Causes) -> EmptyState {
    let rejecting = connections.iter().filter(|(_, activity)| activity.rejected_since.is_some());
    let Some((connection, activity)) = rejecting.max_by_key(|(_, activity)| activity.rejected_streak) else { return empty };
    let LatestCause { known, why, .. } = latest_cause(connection.gateway, activity, causes.get(&connection.id));
    let not_yet = if activity.first_verified_at.is_none() { "Not verified yet: " } else { "" };
    let last = if activity.rejected_streak == 1 { ": " } else { ". Latest reason: " };
    EmptyState {
        hook: "only-rejected-requests",
        cause: Some(known),
        text: format!("{not_yet}{} rejected{last}{why}.", were(activity.rejected_streak)).into(),
        way: Some((urls::activity(connection.app_id, connection.gateway, connection.mode), "See how to fix it".into())),
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
                ("evidence-connection-off", "This connection is disabled.")
            } else {
                ("evidence-app-off", "The app is disabled.")
            };
            Notice::new(hook, ("is-off", "not-started"), "Off: every request is rejected", reason)
        }
        ConnectionState::Pending => Notice::new(
            "evidence-pending",
            WAITING,
            "Marked as done, nothing verified yet",
            "The step stays Pending verification until a verified event comes.",
        ),
        ConnectionState::NotStarted => {
            let reason = match connection.mode {
                Mode::Test => gateway.profile().texts.setup.waiting[0],
                Mode::Live => gateway.profile().texts.setup.waiting[1],
            };
            Notice::new("evidence-waiting", WAITING, "Waiting for the first event", reason)
        }
    }
}

/// The style of a notice before the first event.
const WAITING: (&str, &str) = ("is-waiting", "pending");

/// Why the latest rejected request was rejected, and what to do.
#[derive(Default)]
pub(super) struct LatestCause<'a> {
    /// The stored value of the cause or of the reason.
    pub(super) known: &'static str,
    pub(super) why: Cow<'a, str>,
    fix: Cow<'a, str>,
    /// See [`Explanation::is_conditional`].
    is_conditional: bool,
}

/// Returns the cause of the latest rejected request. That one may be from an unknown sender, so its reason does not explain why a
/// webhook is failing.
pub(super) fn latest_cause<'a>(gateway: Gateway, activity: &Activity, explanation: Option<&'a Explanation>) -> LatestCause<'a> {
    match (explanation, activity.last_reason) {
        (Some(Explanation { cause, why, fix, is_conditional, .. }), _) => {
            LatestCause { known: cause, why: why.into(), fix: fix.into(), is_conditional: *is_conditional }
        }
        (None, _) if activity.failing_since.is_some() => {
            let known = Reason::SignatureMismatch.as_str();
            LatestCause { known, why: "the signature matches no secret of this webhook".into(), ..LatestCause::default() }
        }
        (None, Some(reason)) => of_signature(gateway, reason),
        (None, None) => LatestCause { known: "unverified", why: "it could not be verified".into(), ..LatestCause::default() },
    }
}

/// Returns the cause of a request whose signature was not accepted.
fn of_signature(gateway: Gateway, reason: SignatureError) -> LatestCause<'static> {
    let (why, fix) = refusal(gateway, reason);
    LatestCause { known: Reason::from(reason).as_str(), why, fix, is_conditional: true }
}

fn failing(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>, now: Timestamp) -> Notice {
    let LatestCause { known, why, fix, .. } = latest_cause(gateway, activity, explanation);
    let ago = activity.last_proven_at.map(|at| format!(" {}", when(at, now).text)).unwrap_or_default();
    Notice::new("evidence-failing", BAD, format!("Rejected{ago}: {why}"), fix).because(known)
}

/// Events are overdue, and requests from an unproven sender are rejected.
fn overdue(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>, now: Timestamp) -> Notice {
    let cause = latest_cause(gateway, activity, explanation);
    let usual = baseline::silence(activity, now).map(|silence| format!("{} ", health::silence(&silence))).unwrap_or_default();
    let reason = format!("{usual}{} {}", unproven(activity, now), condition(gateway, &cause));
    Notice::new("evidence-overdue", BAD, "No events are being verified, and requests are rejected", reason).because(cause.known)
}

/// No event has been verified yet, and requests were rejected.
fn not_yet(gateway: Gateway, activity: &Activity, explanation: Option<&Explanation>) -> Notice {
    let cause = latest_cause(gateway, activity, explanation);
    let known = cause.known;
    let (hook, headline, reason) = if activity.failing_since.is_some() {
        ("evidence-not-verified-yet", format!("Not verified yet: {}", cause.why), cause.fix.into_owned())
    } else {
        let rejected = format!("Not verified yet: {} rejected", were(activity.rejected_streak));
        ("evidence-only-rejected", rejected, format!("{ANYONE} {}", condition(gateway, &cause)))
    };
    Notice::new(hook, WARN, headline, reason).because(known)
}

/// Requests rejected since the last verified event while the webhook works: how many, when, and that their sender is unknown.
pub(crate) fn rejected_meanwhile(state: ConnectionState, activity: &Activity, now: Timestamp) -> Option<String> {
    (state == ConnectionState::Verified && activity.rejected_since.is_some()).then(|| unproven(activity, now))
}

/// A note on requests that are not proven to be the gateway's.
const ANYONE: &str = "Anyone who knows the URL can send such requests.";

/// States how many requests were rejected since the last verified event, and when.
fn unproven(activity: &Activity, now: Timestamp) -> String {
    let start = activity.rejected_since.map(|at| DisplayTime::of_day(at, now).text).unwrap_or_default();
    let end = activity.last_rejected_at.map(|at| DisplayTime::of_day(at, now).text).unwrap_or_default();
    format!("{} rejected {}. {ANYONE}", were(activity.rejected_streak), between(&start.in_english(), &end.in_english()))
}

/// Words a period between two texts of day and time; the day of both is named once.
fn between(start: &str, end: &str) -> String {
    let (day, from) = start.split_once(", ").unwrap_or(("", start));
    match end.split_once(", ") {
        _ if start == end => format!("on {start}"),
        Some((same, to)) if same == day => format!("on {day} between {from} and {to}"),
        _ => format!("between {start} and {end}"),
    }
}

/// Words the cause of a request from an unproven sender as a condition, unless its fix is one already.
fn condition(gateway: Gateway, LatestCause { why, fix, is_conditional, .. }: &LatestCause<'_>) -> String {
    let start = if *is_conditional {
        "Latest reason".to_owned()
    } else {
        format!("If {} sent the last one, this is why it was rejected", gateway.profile().your_sender)
    };
    format!("{start}: {why}. {fix}").trim_end().to_owned()
}

/// `1 request was`, `3 requests were`.
fn were(count: i64) -> String {
    super::count(count, "request was", "requests were")
}

fn silent(gateway: Gateway, activity: &Activity, now: Timestamp) -> Notice {
    let silence = baseline::silence(activity, now);
    let lasts = silence.map(|silence| format!(" for {}", span(silence.lasts))).unwrap_or_default();
    let usual = silence.map(|silence| format!("{} ", health::silence(&silence))).unwrap_or_default();
    let reason = format!("{usual}{}", see_whether_enabled(gateway));
    Notice::new("evidence-silent", ("is-warn", "silent"), format!("Silent{lasts}"), reason)
}

/// Returns what to do about a silence.
pub(super) const fn see_whether_enabled(gateway: Gateway) -> &'static str {
    gateway.profile().texts.setup.silent
}

fn verified(activity: &Activity, last: Option<&Event>, now: Timestamp) -> Notice {
    let name = last.and_then(|event| event.event_type.clone()).unwrap_or_else(|| "an event".to_owned());
    let ago = activity.last_verified_at.map(|at| format!(", {}", when(at, now).text)).unwrap_or_default();
    let amount = last.and_then(Event::money).map(|money| format!("{money}. ")).unwrap_or_default();
    Notice::new(
        "evidence-verified",
        ("is-good", "good"),
        format!("Received {name}, verified{ago}"),
        format!("{amount}Signed with a SECRET of this webhook, and stored before the answer went out."),
    )
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
        let said = condition(Gateway::RAZORPAY, &of_signature(Gateway::RAZORPAY, SignatureError::SignatureMismatch));
        assert!(said.starts_with("Latest reason: the signature matches no secret of this webhook. If Razorpay sent this, "));
        assert_eq!(said.matches("If Razorpay").count(), 1, "{said}");
        let (why, fix) = ("the right signature is in another header".into(), "Keep its name.".into());
        let said = condition(Gateway::RAZORPAY, &LatestCause { why, fix, ..LatestCause::default() });
        assert!(
            said.starts_with("If Razorpay sent the last one, this is why it was rejected: ") && said.ends_with("Keep its name.")
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
        assert_eq!(between("30 Nov, 8:06 pm", "30 Nov, 8:06 pm"), "on 30 Nov, 8:06 pm");
        assert_eq!(between("30 Nov, 8:06 pm", "30 Nov, 8:07 pm"), "on 30 Nov between 8:06 pm and 8:07 pm");
        assert_eq!(between("29 Nov, 8:06 pm", "30 Nov, 8:07 pm"), "between 29 Nov, 8:06 pm and 30 Nov, 8:07 pm");
        assert_eq!(between("time unknown", "30 Nov, 8:07 pm"), "between time unknown and 30 Nov, 8:07 pm");
    }
}
