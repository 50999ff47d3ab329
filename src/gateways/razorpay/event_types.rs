//! Razorpay's event types: what each is about.

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

pub(super) fn subject(event: &str) -> Subject {
    match event {
        "payment.created" | "payment.authorized" | "payment.captured" | "payment.failed" | "order.paid" => Subject::Payment,
        "refund.created" | "refund.processed" | "refund.failed" | "refund.speed_changed" => Subject::Refund,
        "payment.dispute.created"
        | "payment.dispute.under_review"
        | "payment.dispute.action_required"
        | "payment.dispute.won"
        | "payment.dispute.lost"
        | "payment.dispute.closed" => Subject::Dispute,
        "payment_link.paid"
        | "payment_link.partially_paid"
        | "invoice.paid"
        | "invoice.partially_paid"
        | "subscription.activated"
        | "subscription.charged"
        | "subscription.completed"
        | "qr_code.credited"
        | "virtual_account.credited" => Subject::Paid,
        _ => Subject::Other,
    }
}

/// Whether an event of that type says that money was paid. A subscription may start or end without a payment.
pub(crate) fn reports_payment(event: &str) -> bool {
    match subject(event) {
        Subject::Payment => matches!(event, "payment.captured" | "order.paid"),
        Subject::Paid => !matches!(event, "subscription.activated" | "subscription.completed"),
        Subject::Refund | Subject::Dispute | Subject::Other => false,
    }
}
