//! Messages on the refunds that automations start: how each stands, why a user is asked, and why nothing was refunded.

use super::{Badge, DisplayTime, NO_VALUE, Notice, activity::WARN, badge, span, text::automatic_refunds as t};
use crate::{
    i18n::{Text, isolate},
    primitives::time::Timestamp,
    refunds::automatic::{AutomaticRefund, Reason, State, settings::RefundSettings},
};

/// The most refunds that are counted.
pub(crate) const MAX_COUNTED: i64 = 99;

/// Says how many refunds wait for a user; `None` if none does.
pub(crate) fn waiting(count: i64) -> Option<Text> {
    match count {
        ..=0 => None,
        1..=MAX_COUNTED => Some(t::waiting(count)),
        _ => Some(t::waiting_many(MAX_COUNTED)),
    }
}

/// Returns the badge of a refund.
pub(crate) const fn state(state: State) -> Badge {
    match state {
        State::Due => badge("due", ("status-pending", "pending"), t::state_due()),
        State::ToConfirm => badge("to_confirm", ("status-warn", "warn"), t::state_to_confirm()),
        State::Requested => badge("requested", ("status-pending", "pending"), t::state_requested()),
        State::Done => badge("done", ("status-off", "good"), t::state_done()),
        State::Failed => badge("failed", ("status-bad", "bad"), t::state_failed()),
        State::Skipped => badge("skipped", ("status-off", "block"), t::state_skipped()),
    }
}

/// Says how a refund stands, and why. `gateway` is that of its payment.
pub(crate) fn sentence(refund: &AutomaticRefund, gateway: Option<&'static str>) -> Text {
    let gateway = gateway.unwrap_or(NO_VALUE);
    match (refund.state, refund.reason) {
        (State::Due, _) => t::is_due(gateway),
        (State::Requested, _) => t::is_requested(),
        (State::Done, _) => t::is_done(gateway),
        (State::Failed, _) => t::is_failed(gateway),
        (State::Skipped, Some(Reason::Declined)) => {
            refund.decided_by.as_deref().map_or_else(t::why_declined_unknown, |name| t::why_declined(isolate(name)))
        }
        (State::ToConfirm, Some(reason)) => asked(reason, gateway),
        (State::Skipped, Some(reason)) => because(reason, gateway),
        (State::ToConfirm | State::Skipped, None) => t::ask_confirmation(),
    }
}

/// Says why a user is asked.
fn asked(reason: Reason, gateway: &'static str) -> Text {
    if reason == Reason::PaidInParts { t::ask_paid_in_parts() } else { because(reason, gateway) }
}

/// Says why a user is asked, or why nothing was refunded.
pub(crate) fn because(reason: Reason, gateway: &'static str) -> Text {
    match reason {
        Reason::Confirmation => t::ask_confirmation(),
        Reason::AboveLimit => t::ask_above_limit(),
        Reason::OrderAmountUnknown => t::ask_order_amount_unknown(gateway),
        Reason::PaymentUnknown => t::ask_payment_unknown(gateway),
        Reason::Disputed => t::ask_disputed(),
        Reason::DailyLimit => t::ask_daily_limit(),
        Reason::Expired => t::why_expired(),
        Reason::Declined => t::why_declined_unknown(),
        Reason::Stopped => t::why_stopped(),
        Reason::AlreadyRefunded => t::why_already_refunded(),
        Reason::NotPaidTwice => t::why_not_paid_twice(),
        Reason::PaidInParts => t::why_paid_in_parts(),
        Reason::NotCaptured => t::why_not_captured(gateway),
        Reason::FullyRefunded => t::why_fully_refunded(gateway),
        Reason::AmountInvalid => t::why_amount_invalid(gateway),
        Reason::NoKeys => t::why_no_keys(gateway),
        Reason::KeysRejected => t::why_keys_rejected(gateway),
        Reason::GatewayRejected => t::why_gateway_rejected(gateway),
        Reason::Unreachable => t::why_unreachable(gateway),
        Reason::Unsupported => t::why_unsupported(gateway),
    }
}

/// Says until when a user can confirm it; `None` if it does not wait for one.
pub(crate) fn expires(refund: &AutomaticRefund, now: Timestamp) -> Option<Text> {
    let at = refund.due_at.filter(|_| refund.state == State::ToConfirm)?;
    Some(t::expires(DisplayTime::of_expiry(at, now), span(at.since(now))))
}

/// Returns the amount, or that a user decides on it.
pub(crate) fn amount(refund: &AutomaticRefund) -> Text {
    match refund.amount {
        Some(amount) => Text::verbatim(amount),
        None if refund.state == State::ToConfirm => t::amount_open(),
        None => Text::verbatim(NO_VALUE),
    }
}

/// Says in the form of a rule who confirms its refunds.
pub(crate) fn confirmed_by(settings: &RefundSettings) -> Text {
    match settings.max_unconfirmed {
        _ if settings.is_stopped => t::by_none_now(),
        Some(max) => t::by_user_above(max),
        None => t::by_user(),
    }
}

/// Automations refund nothing at present.
pub(crate) fn stopped() -> Notice {
    Notice::new("refunds-stopped", WARN, t::stopped_headline(), t::stopped())
}

/// The user has confirmed a refund while automatic refunds are stopped.
pub(crate) fn stopped_confirm() -> Notice {
    Notice::new("refunds-stopped", WARN, t::stopped_headline(), t::stopped_confirm())
}

/// The gateway reports other amounts than those that were shown.
pub(crate) fn changed(gateway: &'static str) -> Notice {
    Notice::new("amount-changed", WARN, t::changed_headline(), t::changed(gateway))
}

/// Nothing is left to refund.
pub(crate) fn nothing(reason: Reason, gateway: &'static str) -> Notice {
    Notice::new("nothing-to-refund", WARN, t::nothing_headline(), because(reason, gateway))
}

/// A user decides what is refunded.
pub(crate) fn person(reason: Reason, gateway: &'static str) -> Notice {
    Notice::new("decide-yourself", WARN, t::amount_open(), asked(reason, gateway))
}

/// The limit of the day is reached.
pub(crate) fn daily_limit() -> Notice {
    Notice::new("daily-limit", WARN, t::limit_headline(), t::limit())
}
