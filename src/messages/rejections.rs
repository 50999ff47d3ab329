//! Messages on a rejection: the reason, what to do, and whether its requests can be recovered.

use std::collections::HashMap;

use super::{
    Badge, DisplayTime, EmptyState,
    activity::refusal,
    parts::{comma_list, paragraph},
    text::{causes as why, fixes as tasks, rejections as t},
};
use crate::{
    gateways::{Gateway, Mode},
    i18n::{Text, isolate},
    primitives::{id::ConnectionId, time::Timestamp},
    rejections::{Cause, Reason, Rejection, Request, adopt_secret::Offer, recovery::Recovered, store::RequestCount},
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
    /// A heading: no full stop.
    pub(crate) why: Text,
    /// Whole sentences, of which the first says what matters most.
    pub(crate) fix: Vec<Text>,
    /// True if the fix says that it applies only if the gateway sent the request.
    pub(crate) is_conditional: bool,
    /// Alternative fixes, each with its condition.
    pub(crate) options: Vec<Text>,
    /// What to check if no cause is known.
    pub(crate) checks: Vec<Text>,
}

impl Explanation {
    /// Returns the whole fix.
    pub(crate) fn fix(&self) -> Text {
        paragraph(self.fix.iter().cloned())
    }

    /// Returns the beginning of the fix, for a list.
    pub(crate) fn short_fix(&self) -> Text {
        self.fix.first().cloned().unwrap_or_default()
    }
}

/// Explains a rejection; `other` is the name of the connection whose secret was used.
pub(crate) fn explanation(rejection: &Rejection, other: Option<&Text>) -> Explanation {
    let (gateway, cause) = (rejection.gateway, rejection.cause);
    let detail = rejection.detail.as_deref().unwrap_or_default();
    let other = other.cloned().unwrap_or_else(t::another_webhook);
    let context = causes::Context { gateway, detail, other: &other, is_signed: rejection.secret_id.is_some() };
    let reason = rejection.reason.rejected().filter(|_| cause == Cause::Unknown);
    let (known, why, fix) = match reason {
        Some(reason) => {
            let (why, fix) = refusal(gateway, reason);
            (rejection.reason.as_str(), why, fix)
        }
        None => (cause.as_str(), causes::why(cause, context), fixes::fix(cause, context)),
    };
    let is_conditional = fixes::is_conditional(cause, context);
    let options = fixes::either(cause, gateway, rejection.mode, &other);
    Explanation { cause: known, why, fix, is_conditional, options, checks: checks(cause, gateway, rejection.reason) }
}

/// Explains requests that were not diagnosed and are not stored whole, so that they never will be.
pub(crate) fn never_diagnosed(gateway: Gateway) -> Explanation {
    Explanation {
        cause: "never_diagnosed",
        why: why::never_diagnosed(),
        fix: fixes::never_diagnosed(gateway),
        is_conditional: true,
        options: Vec::new(),
        checks: Vec::new(),
    }
}

/// Returns what to check if no cause is known.
fn checks(cause: Cause, gateway: Gateway, reason: Reason) -> Vec<Text> {
    if !matches!(cause, Cause::Unknown | Cause::OtherAccount) || reason != Reason::SignatureMismatch {
        return Vec::new();
    }
    vec![gateway.profile().texts.requests.compare.clone(), tasks::check_proxies()]
}

/// Returns the name of a connection, relative to the app of another.
pub(crate) fn other(app: &str, gateway: Gateway, mode: Mode, is_same_app: bool) -> Text {
    if is_same_app {
        t::webhook(gateway.label(), mode.label())
    } else {
        t::webhook_of_app(isolate(app), gateway.label(), mode.label())
    }
}

/// Returns the badge of the reason that ingestion recorded. Nothing is wrong with a request at a disabled webhook.
pub(crate) fn badge(reason: Reason) -> Badge {
    let (class, icon) = if matches!(reason, Reason::Disabled) { ("status-off", "not-started") } else { ("status-bad", "bad") };
    super::badge(reason.as_str(), (class, icon), label(reason))
}

/// Returns the label of the reason that ingestion recorded.
const fn label(reason: Reason) -> Text {
    match reason {
        Reason::SignatureMissing => t::label_signature_missing(),
        Reason::SignatureMalformed => t::label_signature_malformed(),
        Reason::SignatureMismatch => t::label_signature_mismatch(),
        Reason::TimeOutOfTolerance => t::label_time_out_of_tolerance(),
        Reason::Disabled => t::label_disabled(),
        Reason::TooLarge => t::label_too_large(),
        Reason::Encoded => t::label_encoded(),
        Reason::TooSlow => t::label_too_slow(),
    }
}

/// Says below the title of a rejection how often its requests were rejected, and when.
pub(crate) fn counted(rejection: &Rejection, now: Timestamp) -> Text {
    let (gateway, mode) = (rejection.gateway.label(), rejection.mode.label());
    let last = DisplayTime::of_moment(rejection.last_at, now);
    match rejection.count {
        1 => t::rejected_once(gateway, mode, last),
        count => t::rejected_often(gateway, mode, count, DisplayTime::of_moment(rejection.first_at, now), last),
    }
}

/// The empty list if no request was rejected.
pub(crate) fn nothing(mode: Mode) -> EmptyState {
    EmptyState {
        hook: "no-rejection",
        cause: None,
        icon: "inbox",
        title: t::nothing(),
        text: t::nothing_text(mode.label()),
        way: None,
    }
}

/// The list if no rejection matches the search or the filters; `all` is the URL of all rejections.
pub(crate) fn none_of_filters(all: String) -> EmptyState {
    EmptyState {
        hook: "no-such-rejection",
        cause: None,
        icon: "search",
        title: t::none_of_filters(),
        text: t::none_of_filters_text(),
        way: Some((all, t::show_all())),
    }
}

/// How many requests of any sender were rejected in 24 hours: on the overview. Other pages count those of one sender or reason.
pub(crate) fn rejected_in_all(number: RequestCount) -> Text {
    match (number.is_partial, number.has_earlier) {
        (true, _) => t::more_requests_rejected(number.requests),
        (false, true) => t::requests_rejected_since_before(number.requests),
        (false, false) => t::requests_rejected(number.requests),
    }
}

/// States how many stored requests the secret of a rejection would verify, and since when they were received.
pub(crate) fn offered(offer: &Offer, now: Timestamp) -> Text {
    let (own, since) = (offer.own.len(), DisplayTime::of_moment(offer.since, now));
    match offer.requests - own {
        0 => t::offered(own, since),
        elsewhere => t::offered_elsewhere(own, elsewhere, since),
    }
}

/// Shown before the secret of another webhook is adopted.
pub(crate) const fn before_accepting(cause: Cause) -> Option<Text> {
    match cause {
        Cause::OtherApp | Cause::OtherConnection => Some(t::before_adding()),
        _ => None,
    }
}

/// Shown after requests were recovered.
pub(crate) fn recovered(recovered: Recovered) -> Text {
    match (recovered.events, recovered.known) {
        (0, 0) => t::recovered_nothing(),
        (0, known) => t::recovered_known(known),
        (events, 0) => t::recovered_events(events),
        (events, 1) => t::recovered_events_one_known(events),
        (events, known) => t::recovered_events_some_known(events, known),
    }
}

/// The note next to a stored request in a list.
pub(crate) fn note(request: &Request, would_verify: bool) -> Text {
    let again = (request.count > 1).then(|| t::times(request.count));
    let state = match request.recovered_at {
        Some(_) => Some(t::note_recovered()),
        None => would_verify.then(t::note_verifies),
    };
    comma_list(again.into_iter().chain(state))
}

/// The line below it: its event type and its size.
pub(crate) fn what(request: &Request, event_type: Option<&str>) -> Text {
    let event_type = event_type.map(|name| Text::verbatim(isolate(name)));
    comma_list(event_type.into_iter().chain([size(request)]))
}

/// The size of a request's body as it was received, if it was read.
pub(crate) fn size(request: &Request) -> Text {
    request.size.map_or_else(t::not_read, t::size_bytes)
}

/// The same among the details, with the part that is stored.
pub(crate) fn size_stored(request: &Request) -> Text {
    if request.is_truncated && request.size.is_some() { t::size_bytes_cut(size(request)) } else { size(request) }
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
        let why = said.why.in_english();
        let (first, second) = why.split_once(". Also: The body was changed").unwrap();
        assert!(first.contains("Only part of the secret") && second.contains("spaces and line breaks"), "{why}");
    }

    #[test]
    fn that_no_secret_matches_is_said_before_the_other_account() {
        let said = explanation(&rejection(Cause::OtherAccount, Mode::Test, None), None);
        let places = ["matches no secret", "another Razorpay account"].map(|text| said.why.in_english().find(text).unwrap());
        assert!(places.is_sorted(), "{:?}", said.why);
    }

    /// Whichever secret a webhook gets, the wrong one lets it record payments that are not its own.
    #[test]
    fn the_secret_of_another_webhook_has_two_fixes_and_a_warning_of_what_would_be_recorded() {
        for (cause, mode, is_wrong_url, harm) in [
            (Cause::OtherMode, Mode::Test, "live payments, the URL", "live payments would be recorded as test payments"),
            (Cause::OtherMode, Mode::Live, "test payments, the URL", "test payments would be recorded as live payments"),
            (
                Cause::OtherApp,
                Mode::Test,
                "payments of the other app, the URL",
                "payments of the other app would be recorded as payments of this one",
            ),
            (
                Cause::OtherConnection,
                Mode::Test,
                "belong to the other webhook, the URL",
                "payments of the other webhook would be recorded as payments of this one",
            ),
        ] {
            let other = Text::verbatim("Neem Tree Stall");
            let said = explanation(&rejection(cause, mode, None), Some(&other));
            let [url, secret] = &said.options.iter().map(Text::in_english).collect::<Vec<_>>()[..] else {
                panic!("{cause:?}: {said:?}")
            };
            assert!(url.contains(harm) && url.contains(is_wrong_url) && url.contains("Neem Tree Stall"), "{cause:?}: {url}");
            assert!(secret.contains("the secret is wrong") && !secret.contains(harm), "{cause:?}: {secret}");
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
