//! Messages on refunds that are requested here: why one is not possible now, and how one that was requested stands.

use super::{
    Badge, DisplayTime, Notice,
    activity::{BAD, WARN},
    badge,
    text::{refunds as t, states},
};
use crate::{
    gateways::{Gateway, api::Unavailable, payment::Status, refunds::ApiError},
    i18n::{Text, code, isolate, link},
    primitives::time::Timestamp,
    refunds::{Reason, RefundError, RefundRequest, State, rule::Refusal, shown_words},
};

const fn status(status: Status) -> Text {
    match status {
        Status::Created => states::created(),
        Status::Failed => states::failed(),
        Status::Authorized => states::authorised(),
        Status::Captured => states::paid(),
        Status::Refunded => states::refunded(),
    }
}

/// A payment of which nothing can be refunded now. `None` if only another amount is needed.
pub(crate) fn refusal(gateway: Gateway, refusal: &Refusal) -> Option<Notice> {
    let name = gateway.label();
    let (hook, advice) = match refusal {
        Refusal::NotCaptured(now) => ("not-captured", t::not_captured(name, status(*now))),
        Refusal::FullyRefunded => ("fully-refunded", t::fully_refunded(name)),
        Refusal::RestTooSmall(rest) => ("rest-too-small", t::rest_too_small(name, *rest)),
        Refusal::AllPending => ("all-pending", t::all_pending()),
        Refusal::OtherCurrency(currency) => ("other-currency", t::other_currency(name, currency.to_string())),
        Refusal::MoreThanLeft(_) | Refusal::BelowMin(_) | Refusal::NoMultiple(_) => return None,
    };
    Some(Notice::new(hook, WARN, t::not_possible(), advice))
}

/// The error of an amount: its reason in kebab case, and the sentence.
pub(crate) fn amount_error(gateway: Gateway, refusal: &Refusal) -> Option<(&'static str, Text)> {
    match *refusal {
        Refusal::MoreThanLeft(left) => Some(("more-than-left", t::more_than_left(left))),
        Refusal::BelowMin(min) => Some(("below-min", t::below_min(gateway.label(), min))),
        Refusal::NoMultiple(step) => Some(("no-multiple", t::no_multiple(gateway.label(), step))),
        Refusal::NotCaptured(_)
        | Refusal::FullyRefunded
        | Refusal::RestTooSmall(_)
        | Refusal::AllPending
        | Refusal::OtherCurrency(_) => None,
    }
}

/// The amount of the payment is not known.
pub(crate) fn currency_unknown() -> Notice {
    Notice::new("currency-unknown", WARN, t::not_possible(), t::currency_unknown())
}

/// Another refund of the payment is in progress.
pub(crate) fn in_progress(request: &RefundRequest) -> Notice {
    let advice = t::in_progress(request.amount, isolate(&request.requested_by));
    Notice::new("refund-in-progress", ("is-waiting", "pending"), t::in_progress_headline(), advice)
}

/// The company has asked the gateway too often.
pub(crate) fn too_many_reads(gateway: Gateway) -> Notice {
    Notice::new("too-many-reads", WARN, t::unavailable_headline(gateway.label()), t::too_many_reads())
}

/// Why the gateway was not asked to refund. `keys` is the address of the step Credentials; `mode` is its mode. `None` for errors of this
/// installation.
pub(crate) fn obstacle(gateway: Gateway, error: &RefundError, (mode, keys): (&'static str, &str)) -> Option<Notice> {
    let name = gateway.label();
    Some(match error {
        RefundError::NoKeys => Notice::new("no-keys", WARN, t::no_keys_headline(mode), t::no_keys(link(keys), name)),
        RefundError::KeysUnreadable => {
            Notice::new("keys-unreadable", BAD, t::keys_unreadable_headline(), t::keys_unreadable(link(keys)))
        }
        RefundError::Api(ApiError::KeysRejected) => {
            Notice::new("keys-rejected", BAD, t::keys_rejected_headline(name), t::keys_rejected(link(keys)))
        }
        RefundError::Api(ApiError::Rejected(words)) => {
            let advice = match shown_words(words) {
                Some(words) => t::request_rejected(name, isolate(&words)),
                None => t::request_rejected_without_words(),
            };
            Notice::new("request-rejected", BAD, t::request_rejected_headline(name), advice)
        }
        RefundError::Api(ApiError::Unknown(why)) => {
            let (hook, advice) = unavailable(name, why);
            Notice::new(hook, WARN, t::unavailable_headline(name), advice)
        }
        RefundError::Refused(why) => refusal(gateway, why)?,
        RefundError::InProgress(request) => in_progress(request),
        RefundError::Db(_) | RefundError::Denied(_) | RefundError::Unsupported => return None,
    })
}

fn unavailable(gateway: &'static str, why: &Unavailable) -> (&'static str, Text) {
    let advice = match why {
        Unavailable::NoClient(sentence) => Text::verbatim(sentence),
        Unavailable::Unreachable => t::unreachable(gateway),
        Unavailable::Timeout => t::timeout(gateway),
        Unavailable::Busy => t::busy(gateway),
        Unavailable::ServerError(status) | Unavailable::UnexpectedStatus(status) => t::gateway_error(gateway, *status),
    };
    (why.reason(), advice)
}

/// The payment's order was paid twice.
pub(crate) fn paid_twice() -> Notice {
    Notice::new("order-paid-twice", WARN, t::paid_twice_headline(), t::paid_twice())
}

/// The gateway reports another order or amount than the payment's events.
pub(crate) fn reported_otherwise(gateway: Gateway) -> Notice {
    let name = gateway.label();
    Notice::new("reported-otherwise", BAD, t::reported_otherwise_headline(name), t::reported_otherwise(name))
}

/// A dispute of the payment is not decided.
pub(crate) fn disputed(gateway: Gateway) -> Notice {
    Notice::new("dispute-open", WARN, t::disputed_headline(), t::disputed(gateway.label()))
}

/// What events report of the refund that a request made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    Nothing,
    Refund,
    /// It failed after the gateway had confirmed it, for example because the customer's account is closed.
    Failure,
}

/// Returns the badge of a request.
pub(crate) const fn request_state(state: State, reported: Reported) -> Badge {
    match state {
        State::Confirmed if matches!(reported, Reported::Failure) => badge("failed", ("status-bad", "bad"), t::state_failed()),
        State::Reserved | State::Sent => badge(state.as_str(), ("status-pending", "pending"), t::state_sending()),
        State::Unknown => badge(state.as_str(), ("status-warn", "warn"), t::state_unknown()),
        State::Confirmed => badge(state.as_str(), ("status-good", "good"), t::state_confirmed()),
        State::Rejected => badge(state.as_str(), ("status-bad", "bad"), t::state_rejected()),
    }
}

/// Says who requested a refund, and when.
pub(crate) fn requested_by(request: &RefundRequest, now: Timestamp) -> Text {
    t::requested_by(isolate(&request.requested_by), DisplayTime::of_moment(request.created_at, now))
}

/// Says what the state of a request means.
pub(crate) fn request_sentence(request: &RefundRequest, reported: Reported) -> Text {
    let gateway = request.gateway.label();
    match request.state {
        State::Reserved | State::Sent => t::is_sending(gateway),
        State::Unknown if matches!(request.reason, Some(Reason::NoKeys | Reason::KeysRejected)) => {
            t::is_without_keys(why_unknown(gateway, request.reason))
        }
        State::Unknown => t::is_unknown(why_unknown(gateway, request.reason)),
        State::Confirmed => {
            let id = code(request.refund_id.as_deref().unwrap_or_default());
            match reported {
                Reported::Nothing => t::is_confirmed_waiting(gateway, id),
                Reported::Refund => t::is_confirmed(gateway, id),
                Reported::Failure => t::has_failed(gateway, id),
            }
        }
        State::Rejected => why_rejected(gateway, request),
    }
}

fn why_unknown(gateway: &'static str, reason: Option<Reason>) -> Text {
    match reason {
        Some(Reason::Unreachable) => t::unknown_unreachable(gateway),
        Some(Reason::Busy) => t::unknown_busy(gateway),
        Some(Reason::GatewayError) => t::unknown_error(gateway),
        Some(Reason::KeysRejected) => t::unknown_keys(gateway),
        Some(Reason::NoKeys) => t::unknown_no_keys(),
        Some(Reason::GatewayRejected) => t::unknown_rejected(gateway),
        Some(
            Reason::Timeout
            | Reason::NotCaptured
            | Reason::FullyRefunded
            | Reason::MoreThanLeft
            | Reason::AmountInvalid
            | Reason::Expired,
        )
        | None => t::unknown_timeout(gateway),
    }
}

fn why_rejected(gateway: &'static str, request: &RefundRequest) -> Text {
    match request.reason {
        Some(Reason::KeysRejected) => t::was_keys(gateway),
        Some(Reason::NoKeys) => t::was_no_keys(),
        Some(Reason::NotCaptured) => t::was_not_captured(),
        Some(Reason::FullyRefunded) => t::was_fully_refunded(),
        Some(Reason::MoreThanLeft) => t::was_more_than_left(),
        Some(Reason::AmountInvalid) => t::was_amount(gateway),
        Some(Reason::Expired | Reason::Unreachable | Reason::Timeout | Reason::Busy | Reason::GatewayError) => {
            t::was_expired(gateway)
        }
        Some(Reason::GatewayRejected) | None => match &request.answer {
            Some(words) => t::was_rejected(gateway, isolate(words)),
            None => t::was_rejected_without_words(gateway),
        },
    }
}

/// Says after the form was submitted how its request stands: the reason of a warning in kebab case, if it is one, and the sentence.
pub(crate) fn submitted(request: &RefundRequest) -> (Option<&'static str>, Text) {
    let (gateway, amount) = (request.gateway.label(), request.amount);
    match request.state {
        State::Confirmed => {
            let id = code(request.refund_id.as_deref().unwrap_or_default());
            (None, t::now_confirmed(gateway, amount, id))
        }
        State::Reserved | State::Sent => (Some("refund-in-progress"), t::now_sending(amount)),
        State::Unknown => (Some("refund-unknown"), t::now_unknown(amount, gateway)),
        State::Rejected => (Some("refund-rejected"), t::now_rejected(amount)),
    }
}
