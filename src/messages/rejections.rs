//! Messages on a rejection: the reason, what to do, and whether its requests can be recovered.

use std::collections::HashMap;

use super::{Badge, activity::refusal, count, number_text};
use crate::{
    gateways::{Gateway, Mode},
    messages::EmptyState,
    primitives::id::ConnectionId,
    rejections::{Cause, RETENTION, Reason, Rejection, Request, adopt_secret::Offer, recovery::Recovered, store::RequestCount},
};

mod causes;
mod fixes;
mod standing;

pub(crate) use standing::{Left, standing};

/// The explanation of the latest rejection for each failing connection.
pub(crate) type Causes = HashMap<ConnectionId, Explanation>;

/// Why requests were rejected, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explanation {
    /// The stored value of the cause, or of the reason if no cause is known.
    pub(crate) cause: &'static str,
    /// Follows a colon: no capital, no full stop.
    pub(crate) why: String,
    pub(crate) fix: String,
    /// True if the fix says that it applies only if the gateway sent the request.
    pub(crate) is_conditional: bool,
    /// Alternative fixes, each with its condition.
    pub(crate) options: Vec<String>,
    /// What to check if no cause is known.
    pub(crate) checks: Vec<&'static str>,
}

/// Explains a rejection; `other` is the name of the connection whose secret was used.
pub(crate) fn explanation(rejection: &Rejection, other: Option<&str>) -> Explanation {
    let (gateway, cause) = (rejection.gateway, rejection.cause);
    let detail = rejection.detail.as_deref().unwrap_or_default();
    let other = other.unwrap_or("another webhook");
    let context = causes::Context { gateway, detail, other, is_signed: rejection.secret_id.is_some() };
    let reason = rejection.reason.rejected().filter(|_| cause == Cause::Unknown);
    let (known, why, fix) = match reason {
        Some(reason) => {
            let (why, fix) = refusal(gateway, reason);
            (rejection.reason.as_str(), why.into_owned(), fix.into_owned())
        }
        None => (cause.as_str(), causes::why(cause, context), fixes::fix(cause, context)),
    };
    let is_conditional = fixes::is_conditional(cause, context);
    let options = fixes::either(cause, gateway, rejection.mode, other);
    Explanation { cause: known, why, fix, is_conditional, options, checks: checks(cause, gateway, rejection.reason) }
}

/// Explains requests that were not diagnosed and are not stored whole, so that they never will be.
pub(crate) fn never_diagnosed(gateway: Gateway) -> Explanation {
    Explanation {
        cause: "never_diagnosed",
        why: "not every common mistake was checked: many requests arrived together, or their bodies are very large".to_owned(),
        fix: fixes::never_diagnosed(gateway),
        is_conditional: true,
        options: Vec::new(),
        checks: Vec::new(),
    }
}

/// Returns what to check if no cause is known.
fn checks(cause: Cause, gateway: Gateway, reason: Reason) -> Vec<&'static str> {
    if !matches!(cause, Cause::Unknown | Cause::OtherAccount) || reason != Reason::SignatureMismatch {
        return Vec::new();
    }
    let second = gateway.profile().texts.requests.compare;
    vec![
        second,
        "If Cloudflare, nginx, an API gateway or another program is in front of KS Pay, ask its administrator to pass requests to /webhooks/ through unchanged. It may change the body in a way that cannot be undone.",
    ]
}

/// Exactly what diagnosis tried before it reports an unknown cause.
pub(crate) const DIAGNOSIS_SCOPE: &str = "KS Pay tried up to 64 secrets of this webhook, the valid ones first, up to 64 of your company’s other webhooks and up to 64 Key Secrets on requests like this: unchanged; with spaces, line breaks or quotes around them; in upper case and in lower case. It also tried this webhook’s valid secrets with every other single copy-paste mistake it knows, with one likely typing mistake, and with a body that was reformatted on the way. None matches. Rare mistakes, and several at once, are tried only while there is time.";
/// What to do about requests at a disabled webhook that may be signed with a secret that is not known here.
pub(crate) const ENABLE_THEN_ENTER: &str =
    "Enable the webhook first, then enter the secret these requests were signed with. You can then recover them.";
/// Shown below the list of what to check.
pub(crate) const NOT_YOURS: &str = "If someone else sent it, there is nothing to do.";
/// A webhook was disabled and is enabled again, while requests wait to be recovered.
pub(crate) const ENABLED_AGAIN: &str = "It’s enabled again. Recover what arrived meanwhile below.";
/// The same in the list, where the number that can be recovered is not known.
pub(crate) const ENABLED_IN_LIST: &str = "It’s enabled again. Open this rejection to see what can be recovered.";
/// The same if no request can be recovered any more.
pub(crate) const ENABLED: &str = "It’s enabled again.";

/// Returns the name of a connection, relative to the app of another.
pub(crate) fn other(app: &str, gateway: Gateway, mode: Mode, is_same_app: bool) -> String {
    let webhook = format!("{}, {} mode", gateway.label(), mode.label());
    if is_same_app { webhook } else { format!("{app}: {webhook}") }
}

/// Returns the badge of the reason that ingestion recorded. Nothing is wrong with a request at a disabled webhook.
pub(crate) fn badge(reason: Reason) -> Badge {
    let (class, icon) = if matches!(reason, Reason::Disabled) { ("status-off", "not-started") } else { ("status-bad", "bad") };
    super::badge(reason.as_str(), (class, icon), label(reason).into())
}

/// Returns the label of the reason that ingestion recorded.
const fn label(reason: Reason) -> &'static str {
    match reason {
        Reason::SignatureMissing => "No signature",
        Reason::SignatureMalformed => "Unreadable signature",
        Reason::SignatureMismatch => "Wrong signature",
        Reason::TimeOutOfTolerance => "Signed at another time",
        Reason::Disabled => "Off",
        Reason::TooLarge => "Too large",
        Reason::Encoded => "Encoded",
        Reason::TooSlow => "Too slow",
    }
}

/// Formats how often a request was rejected.
pub(crate) fn times(number: i64) -> String {
    if number == 1 { "once".to_owned() } else { count(number, "time", "times") }
}

/// The empty list if no request was rejected.
pub(crate) fn nothing(mode: Mode) -> EmptyState {
    EmptyState {
        hook: "no-rejection",
        cause: None,
        icon: "inbox",
        title: "Nothing was rejected".into(),
        text: format!(
            "A request that reaches a webhook of {} mode and can’t be verified is stored here for 15 days, with the reason and what to do.",
            mode.label()
        ).into(),
        way: None,
    }
}

/// How many requests of any sender were rejected while rejections are kept: on the overview. Other pages count those of one
/// sender or reason.
pub(crate) fn rejected_in_all(number: RequestCount) -> String {
    let more = if number.is_partial { "more than " } else { "" };
    let days = RETENTION.as_secs() / 86_400;
    format!("{more}{} rejected in the last {days} days, for any reason", count(number.requests, "request", "requests"))
}

/// Shown in place of a request that is no longer stored.
pub(crate) const NOT_KEPT: &str =
    "What it said is not kept any more: only so much of a rejection is, and for a limited time. The count is of all that came.";
pub(crate) const NOTHING_TO_ACCEPT: &str =
    "There is no SECRET to accept here: none of the kept requests tells it. Enter it yourself on the Webhook page.";
pub(crate) const OPEN_WEBHOOK: &str = "Open webhook settings";
pub(crate) const OPEN_OTHER_WEBHOOK: &str = "Open the other webhook";
pub(crate) const CHECK_URL: &str = "Check the URL";
pub(crate) const OPEN_GATEWAYS: &str = "Payment Gateway Settings";
/// Shown after the secret of rejected requests was adopted.
pub(crate) const ACCEPTED: &str = "Accepted: requests signed with that secret verify from now on. Recover what was rejected below; retire the secret on the Webhook page when you no longer need it.";
pub(crate) const SWITCH_ON_FIRST: &str = "Enable the app and its gateway first. Then you can recover requests.";

/// States how many stored requests the secret of a rejection would verify; a time follows.
pub(crate) fn offered(offer: &Offer) -> String {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let elsewhere = offer.requests - offer.own.len();
    let own = count(number(offer.own.len()), "stored request", "stored requests");
    let verb = if offer.requests == 1 { "verifies" } else { "verify" };
    match elsewhere {
        0 => format!("With that secret {own} of this rejection {verb}, the first received"),
        _ => format!(
            "With that secret {own} of this rejection and {} of other rejections {verb}, the first received",
            number_text(number(elsewhere))
        ),
    }
}

/// Shown before the secret of another webhook is adopted.
pub(crate) const fn before_accepting(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::OtherApp | Cause::OtherConnection => Some(
            "First check which URL the webhook has at the gateway. If these are payments of the other webhook, do not accept its secret here: correct the URL.",
        ),
        _ => None,
    }
}

/// Shown after requests were recovered.
pub(crate) fn recovered(recovered: Recovered) -> String {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let events = match recovered.events {
        0 => "No new event".to_owned(),
        events => format!("{} recovered", count(number(events), "event", "events")),
    };
    match recovered.known {
        0 => events,
        known => format!("{events}; {} had come again in the meantime", count(number(known), "request", "requests")),
    }
}

/// The note next to a stored request in a list.
pub(crate) fn note(request: &Request, would_verify: bool) -> String {
    let again = if request.count > 1 { format!("{} times", number_text(request.count)) } else { String::new() };
    let state = match request.recovered_at {
        Some(_) => "recovered",
        None if would_verify => "verifies with that secret",
        None => "",
    };
    [again.as_str(), state].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The line below it: its event type and its size.
pub(crate) fn what(request: &Request, event_type: Option<&str>) -> String {
    let parts = [event_type.map(str::to_owned), Some(size(request).in_english())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The size of a request's body as it was received, if it was read.
pub(crate) fn size(request: &Request) -> crate::i18n::Text {
    request.size.map_or_else(|| "not read".into(), |size| super::bytes(usize::try_from(size).unwrap_or_default()))
}

/// The link below the latest recovered events.
pub(crate) fn more_recovered(number: i64) -> String {
    format!("{} recovered in all: see all events", count(number, "request", "requests"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connections, rejections::recovery};

    fn rejection(cause: Cause, mode: Mode, detail: Option<&str>) -> Rejection {
        let fixture = recovery::tests::rejection(&connections::tests::connection(Gateway::RAZORPAY));
        Rejection { cause, mode, detail: detail.map(str::to_owned), ..fixture }
    }

    #[test]
    fn both_faults_of_a_rejection_are_named_the_secret_first() {
        let said = explanation(&rejection(Cause::SecretCut, Mode::Test, Some("body_respaced")), None);
        let (first, second) = said.why.split_once("; also, the body was changed").unwrap();
        assert!(first.contains("only part of it was pasted") && second.contains("spaces and line breaks"), "{first}; {second}");
    }

    #[test]
    fn that_no_secret_matches_is_said_before_the_other_account() {
        let said = explanation(&rejection(Cause::OtherAccount, Mode::Test, None), None);
        let places = ["matches no secret", "another Razorpay account"].map(|text| said.why.find(text).unwrap());
        assert!(places.is_sorted(), "{}", said.why);
    }

    /// Whichever secret a webhook gets, the wrong one lets it record payments that are not its own.
    #[test]
    fn the_secret_of_another_webhook_has_two_fixes_and_a_warning_of_what_would_be_recorded() {
        for (cause, mode, harm, is_wrong_url) in [
            (Cause::OtherMode, Mode::Test, "live payments would be recorded as test payments", "is in Live mode"),
            (Cause::OtherMode, Mode::Live, "test payments would be recorded as live payments", "is in Test mode"),
            (
                Cause::OtherApp,
                Mode::Test,
                "payments of the other app would be recorded as payments of this one",
                "of the other app",
            ),
            (
                Cause::OtherConnection,
                Mode::Test,
                "payments of the other webhook would be recorded as payments of this one",
                "belong to the other webhook",
            ),
        ] {
            let said = explanation(&rejection(cause, mode, None), Some("Neem Tree Stall"));
            let [url, secret] = &said.options[..] else { panic!("{cause:?}: {said:?}") };
            assert!(
                url.contains(harm) && url.contains("its URL is wrong") && url.contains("Neem Tree Stall"),
                "{cause:?}: {url}"
            );
            assert!(url.split(", its URL").next().unwrap().ends_with(is_wrong_url), "{cause:?}: {url}");
            assert!(secret.contains("its secret is wrong") && !secret.contains(harm), "{cause:?}: {secret}");
            assert!(!secret.contains(is_wrong_url), "{cause:?}: {secret}");
        }
        assert!(explanation(&rejection(Cause::OldSecret, Mode::Test, None), None).options.is_empty());
    }

    #[test]
    fn without_a_cause_the_reason_is_said_and_its_fix_is_conditional() {
        for reason in [Reason::SignatureMismatch, Reason::SignatureMalformed, Reason::TimeOutOfTolerance] {
            let said = explanation(&Rejection { reason, ..rejection(Cause::Unknown, Mode::Test, None) }, None);
            assert!(said.is_conditional && said.cause != Cause::Unknown.as_str(), "{reason:?}: {said:?}");
        }
        assert!(!explanation(&rejection(Cause::SecretCut, Mode::Test, None), None).is_conditional);
    }
}
