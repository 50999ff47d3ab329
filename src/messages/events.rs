//! Messages on what events report, worded for shop owners.

use super::{
    arrivals::{contradicts, reports_without_payment},
    text::events as t,
};
use crate::{
    events::{Event, State},
    gateways::{
        event_kind::EventKind,
        payment::{DisputeStatus, RefundStatus},
    },
    i18n::{Arg, Text, code},
    ledger::payments::{Transaction, disputes::Dispute},
    primitives::money::Money,
};

/// The message with the amount, or the one without it.
macro_rules! of {
    ($amount:expr, $with:ident, $without:ident $(, $more:expr)*) => {
        match $amount {
            Some(amount) => t::$with(amount $(, $more)*),
            None => t::$without($($more),*),
        }
    };
}

/// Describes an event.
pub(crate) fn event_sentence(event: &Event) -> Text {
    let Some(name) = event.event_type.as_deref() else { return t::unreadable() };
    if event.state == State::Quarantined {
        // It changes no payment, so nothing is claimed about the money.
        return t::received(code(name));
    }
    if reports_without_payment(event) {
        return without_payment(event, name);
    }
    match (event.kind(), event.money()) {
        (Some(kind), _) if kind.is_of_refund() => of_refund(event, kind),
        (Some(kind), _) if kind.is_of_dispute() => of_dispute(event, kind),
        (Some(EventKind::SettlementProcessed), _) => of_settlement(event),
        (Some(kind), amount) => of_payment(kind, amount, name),
        (None, Some(amount)) => t::received_with_payment(code(name), amount),
        (None, None) => t::received(code(name)),
    }
}

fn of_payment(kind: EventKind, amount: Option<Money>, name: &str) -> Text {
    match kind {
        EventKind::PaymentCreated => of!(amount, payment_created_of, payment_created),
        EventKind::PaymentAuthorized => of!(amount, payment_authorised_of, payment_authorised),
        EventKind::PaymentCaptured => of!(amount, payment_captured_of, payment_captured),
        EventKind::PaymentFailed => of!(amount, payment_failed_of, payment_failed),
        EventKind::OrderPaid => of!(amount, order_paid_of, order_paid),
        EventKind::PaymentLinkPaid => of!(amount, payment_link_paid_of, payment_link_paid),
        EventKind::PaymentLinkPartlyPaid => of!(amount, payment_link_partly_paid_of, payment_link_partly_paid),
        EventKind::InvoicePaid => of!(amount, invoice_paid_of, invoice_paid),
        EventKind::InvoicePartlyPaid => of!(amount, invoice_partly_paid_of, invoice_partly_paid),
        EventKind::SubscriptionCharged => of!(amount, subscription_charged_of, subscription_charged),
        EventKind::SubscriptionActivated => of!(amount, subscription_activated_of, subscription_activated),
        EventKind::SubscriptionCompleted => of!(amount, subscription_completed_of, subscription_completed),
        EventKind::QrCodeCredited => of!(amount, qr_code_credited_of, qr_code_credited),
        EventKind::VirtualAccountCredited => of!(amount, virtual_account_credited_of, virtual_account_credited),
        _ => t::received(code(name)),
    }
}

fn of_refund(event: &Event, kind: EventKind) -> Text {
    let amount = event.money();
    let is_in = |status: RefundStatus| event.subject_status.as_deref() == Some(status.as_str());
    match kind {
        EventKind::RefundSpeedChanged => of!(amount, refund_speed_changed_of, refund_speed_changed),
        EventKind::RefundFailed => of!(amount, refund_failed_of, refund_failed),
        EventKind::RefundCreated if is_in(RefundStatus::Failed) => of!(amount, refund_failed_of, refund_failed),
        EventKind::RefundCreated if !is_in(RefundStatus::Processed) => of!(amount, refund_requested_of, refund_requested),
        EventKind::RefundCreated => of!(amount, refund_requested_and_processed_of, refund_requested_and_processed),
        _ => of!(amount, refund_processed_of, refund_processed),
    }
}

fn of_dispute(event: &Event, kind: EventKind) -> Text {
    let amount = event.money();
    match kind {
        EventKind::DisputeCreated => of!(amount, dispute_created_of, dispute_created),
        EventKind::DisputeUnderReview => of!(amount, dispute_under_review_of, dispute_under_review),
        EventKind::DisputeActionRequired => {
            of!(amount, dispute_action_required_of, dispute_action_required, event.gateway.label())
        }
        EventKind::DisputeWon => of!(amount, dispute_won_of, dispute_won),
        EventKind::DisputeLost => of!(amount, dispute_lost_of, dispute_lost),
        _ => of!(amount, dispute_closed_of, dispute_closed),
    }
}

fn of_settlement(event: &Event) -> Text {
    let gateway = event.gateway.label();
    match (event.money(), event.reference.as_deref().map(code)) {
        (None, None) => t::settlement(gateway),
        (Some(amount), None) => t::settlement_of(gateway, amount),
        (None, Some(utr)) => t::settlement_with_utr(gateway, utr),
        (Some(amount), Some(utr)) => t::settlement_of_with_utr(gateway, amount, utr),
    }
}

/// The same on the page of its payment: what was not received is not called paid, and disputes say what they cost.
pub(crate) fn event_sentence_of_payment(event: &Event, payment: &Transaction, disputes: &[Dispute]) -> Text {
    let Some(name) = event.event_type.as_deref() else { return event_sentence(event) };
    if contradicts(event, payment) {
        return without_payment(event, name);
    }
    match (event.kind(), event.money()) {
        (Some(EventKind::DisputeCreated), Some(money)) if [payment.money(), payment.settled].contains(&Some(money)) => {
            t::dispute_created_of_all(money)
        }
        (Some(EventKind::DisputeCreated), Some(money)) => t::dispute_created_of_this(money),
        _ => event_sentence_with_costs(event, disputes),
    }
}

/// True if the event's sentence says only that the gateway reports it, because its payment was not received.
pub(crate) fn is_only_report(event: &Event, payment: &Transaction) -> bool {
    event.event_type.is_some() && (contradicts(event, payment) || reports_without_payment(event))
}

/// The same outside of that page: a lost dispute says what it cost. `disputes` may be those of any payments.
pub(crate) fn event_sentence_with_costs(event: &Event, disputes: &[Dispute]) -> Text {
    let dispute = disputes.iter().find(|dispute| event.subject_id.as_deref() == Some(dispute.id.as_str()));
    match (is_lost_dispute(event), event.money(), dispute) {
        (true, Some(money), Some(dispute)) if event.subject_status.as_deref() == Some(DisputeStatus::Lost.as_str()) => {
            lost(dispute, money)
        }
        _ => event_sentence(event),
    }
}

/// A lost dispute, and how much of it was deducted where that is another amount.
fn lost(dispute: &Dispute, money: Money) -> Text {
    let deducted = dispute.deducted.filter(|_| dispute.status == DisputeStatus::Lost);
    match deducted.map(|subunits| Money::new(subunits, dispute.money.currency)) {
        Some(Money { subunits: 0, .. }) => t::dispute_lost_nothing_deducted(money),
        Some(deducted) if deducted != money => t::dispute_lost_and_deducted(money, deducted),
        Some(_) | None => t::dispute_lost_of(money),
    }
}

/// True if the sentence of the event needs its dispute.
pub(crate) fn is_lost_dispute(event: &Event) -> bool {
    event.kind() == Some(EventKind::DisputeLost)
}

/// What an event is called whose payment was not received.
fn without_payment(event: &Event, name: &str) -> Text {
    let (gateway, name): (&str, Arg) = (event.gateway.label(), code(name));
    match event.money() {
        None => t::reports(gateway, name),
        Some(amount) if event.kind() == Some(EventKind::OrderPaid) => t::reports_for_order(gateway, name, amount),
        Some(amount) => t::reports_for_payment(gateway, name, amount),
    }
}

/// Explains a state of an event that needs attention; `None` for processed events.
pub(crate) fn fault_sentence(event: &Event) -> Option<Text> {
    let look_up = &event.gateway.profile().texts.requests.look_up_event;
    match event.state {
        State::Quarantined => Some(match event.fault.as_deref() {
            Some("json") => t::not_json(look_up),
            Some(field) => t::unreadable_field(code(field), look_up),
            None => t::unreadable_event(look_up),
        }),
        State::Conflict => Some(t::conflict()),
        State::Unhandled if event.kind() == Some(EventKind::SettlementProcessed) => Some(t::settlement_stored()),
        State::Unhandled => Some(t::stored_only()),
        State::Processed => None,
    }
}
