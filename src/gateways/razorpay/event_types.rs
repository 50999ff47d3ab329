//! Razorpay's event types: what each is about.

use crate::gateways::event_kind::EventKind;

/// What an event of a type is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A payment, which must be there.
    Payment,
    Refund,
    Dispute,
    /// Something that was paid, usually with its payment.
    Paid,
    /// A type without a rule of its own: a whole payment in it is read all the same.
    Other,
}

/// Returns what events of a type report (razorpay.com/docs/webhooks/payloads).
pub(super) fn kind(event_type: &str) -> Option<EventKind> {
    Some(match event_type {
        "payment.created" => EventKind::PaymentCreated,
        "payment.authorized" => EventKind::PaymentAuthorized,
        "payment.captured" => EventKind::PaymentCaptured,
        "payment.failed" => EventKind::PaymentFailed,
        "order.paid" => EventKind::OrderPaid,
        "payment_link.paid" => EventKind::PaymentLinkPaid,
        "payment_link.partially_paid" => EventKind::PaymentLinkPartlyPaid,
        "invoice.paid" => EventKind::InvoicePaid,
        "invoice.partially_paid" => EventKind::InvoicePartlyPaid,
        "subscription.charged" => EventKind::SubscriptionCharged,
        "subscription.activated" => EventKind::SubscriptionActivated,
        "subscription.completed" => EventKind::SubscriptionCompleted,
        "qr_code.credited" => EventKind::QrCodeCredited,
        "virtual_account.credited" => EventKind::VirtualAccountCredited,
        "refund.created" => EventKind::RefundCreated,
        "refund.processed" => EventKind::RefundProcessed,
        "refund.failed" => EventKind::RefundFailed,
        "refund.speed_changed" => EventKind::RefundSpeedChanged,
        "payment.dispute.created" => EventKind::DisputeCreated,
        "payment.dispute.under_review" => EventKind::DisputeUnderReview,
        "payment.dispute.action_required" => EventKind::DisputeActionRequired,
        "payment.dispute.won" => EventKind::DisputeWon,
        "payment.dispute.lost" => EventKind::DisputeLost,
        "payment.dispute.closed" => EventKind::DisputeClosed,
        "settlement.processed" => EventKind::SettlementProcessed,
        _ => return None,
    })
}

pub(super) fn subject(event_type: &str) -> Subject {
    match kind(event_type) {
        Some(
            EventKind::PaymentCreated
            | EventKind::PaymentAuthorized
            | EventKind::PaymentCaptured
            | EventKind::PaymentFailed
            | EventKind::OrderPaid,
        ) => Subject::Payment,
        Some(kind) if kind.is_of_refund() => Subject::Refund,
        Some(kind) if kind.is_of_dispute() => Subject::Dispute,
        None | Some(EventKind::SettlementProcessed) => Subject::Other,
        Some(_) => Subject::Paid,
    }
}
