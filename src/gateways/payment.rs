//! What a gateway may report of a payment, in terms that all gateways share.
//!
//! Invariant: it depends on no gateway and on nothing that is stored; the ledger merges it.

use crate::primitives::{
    money::Money,
    text_enum::{text_column, text_enum},
    time::Timestamp,
};

text_enum! {
    /// The status of a payment, in ascending order of precedence. A partially refunded payment remains captured, and `failed` is
    /// not final: a gateway may learn of a successful payment later.
    pub(crate) enum Status, "the status of a payment" {
        Created = "created",
        Failed = "failed",
        Authorized = "authorized",
        Captured = "captured",
        Refunded = "refunded",
    }
}
text_column!(Status, Status::as_str);

impl Status {
    /// True if money was received for payments of this status. `refunded` includes payments that were never captured; the
    /// daily totals have these separately.
    pub(crate) const fn is_received(self) -> bool {
        matches!(self, Self::Captured | Self::Refunded)
    }
}

/// An observation of a payment, from one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentObservation {
    pub(crate) payment_id: String,
    /// The time of the event.
    pub(crate) at: Timestamp,
    pub(crate) time_source: TimeSource,
    /// The beginning of the body's SHA-256, which ranks otherwise equal reports. Set by `ParsedEvent::received`.
    pub(crate) digest: i64,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) refund: Option<Refund>,
    pub(crate) dispute: Option<Dispute>,
    pub(crate) details: Details,
}

/// Details for display and search, and the order; no status and no total of the payment depends on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// The settlement amount of a payment in a foreign currency.
    pub(crate) settled: Option<Money>,
    pub(crate) references: Vec<Reference>,
    pub(crate) order: Option<Order>,
}

/// The payment's order as it was when the event occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) status: Option<OrderStatus>,
    pub(crate) money: Option<Money>,
    /// The paid amount in subunits that the order quotes.
    pub(crate) paid: Option<i64>,
    pub(crate) receipt: Option<String>,
    /// True if the event proves that the order is paid in parts.
    pub(crate) is_in_parts: bool,
}

text_enum! {
    /// The status of an order, in the order of the gateway's life cycle.
    pub(crate) enum OrderStatus, "the status of an order" {
        Created = "created",
        Attempted = "attempted",
        Paid = "paid",
    }
}
text_column!(OrderStatus, OrderStatus::as_str);

/// A customer's or bank's reference to a payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) kind: ReferenceKind,
    pub(crate) text: String,
}

text_enum! {
    /// The origin of a reference.
    pub(crate) enum ReferenceKind, "the kind of a reference" {
        /// The merchant.
        Receipt = "receipt",
        /// The bank, for the payment: RRN, UTR or ARN.
        Bank = "bank",
        /// The bank, for a refund of it.
        RefundBank = "refund_bank",
        /// The merchant, for a refund of it.
        RefundReceipt = "refund_receipt",
    }
}
text_column!(ReferenceKind, ReferenceKind::as_str);

text_enum! {
    /// Why a payment failed, in groups that all gateways share; the gateway's own words are in the event.
    pub(crate) enum FailureCategory, "the reason of a failure" {
        /// The customer left or cancelled.
        NotCompleted = "not_completed",
        /// The customer did not approve it in time.
        TimedOut = "timed_out",
        InsufficientFunds = "insufficient_funds",
        /// A wrong PIN, OTP, UPI ID or card detail.
        WrongDetails = "wrong_details",
        /// By the bank, the network or the gateway's check of risks.
        Declined = "declined",
        /// The bank or the gateway did not work.
        TechnicalError = "technical_error",
        Other = "other",
    }
}
text_column!(FailureCategory, FailureCategory::as_str);

/// The source of an event's time, least trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimeSource {
    /// The time at which the event was received, because neither the envelope nor the entity has a time.
    Received,
    /// Borrowed from the entity of the event.
    Entity,
    /// The time in the envelope.
    Envelope,
}

/// The payment as it was when the event occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) status: Status,
    /// For the status `refunded`: whether the payment was ever captured, if reported.
    pub(crate) was_captured: Option<bool>,
    pub(crate) money: Money,
    /// The gateway's time of the payment.
    pub(crate) created_at: Timestamp,
    pub(crate) order_id: Option<String>,
    pub(crate) method: Option<String>,
    /// The refunded total that the payment quotes, in subunits.
    pub(crate) refunded: Option<i64>,
    /// Why a failed payment failed, if reported.
    pub(crate) failure: Option<FailureCategory>,
}

/// One refund of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) money: Money,
    pub(crate) status: RefundStatus,
    /// The gateway's time of the refund, if known.
    pub(crate) created_at: Option<Timestamp>,
}

text_enum! {
    /// The state of a refund, in the order of the gateway's life cycle: a failure is reported after a success.
    pub(crate) enum RefundStatus, "the status of a refund" {
        Pending = "pending",
        Processed = "processed",
        Failed = "failed",
    }
}
text_column!(RefundStatus, RefundStatus::as_str);

/// One dispute of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) status: DisputeStatus,
    pub(crate) money: Money,
    /// The amount deducted for it in subunits, if reported.
    pub(crate) deducted: Option<i64>,
    /// The deadline for a response.
    pub(crate) respond_by: Option<Timestamp>,
}

text_enum! {
    /// The state of a dispute, in the order of the gateway's life cycle.
    pub(crate) enum DisputeStatus, "the status of a dispute" {
        Open = "open",
        UnderReview = "under_review",
        Lost = "lost",
        Won = "won",
        Closed = "closed",
    }
}
text_column!(DisputeStatus, DisputeStatus::as_str);

impl PaymentObservation {
    /// Returns the id and the state of the reported refund or dispute; without one, the stage of the payment.
    pub(crate) fn subject(&self) -> (Option<&str>, Option<&'static str>) {
        let refund = self.refund.as_ref().map(|refund| (refund.id.as_str(), refund.status.as_str()));
        let dispute = || self.dispute.as_ref().map(|dispute| (dispute.id.as_str(), dispute.status.as_str()));
        match refund.or_else(dispute) {
            Some((id, status)) => (Some(id), Some(status)),
            None => (None, self.snapshot.as_ref().map(|snapshot| snapshot.stage().as_str())),
        }
    }
}

impl Snapshot {
    /// Returns the stage of the payment itself. A refunded payment was captured before, unless its report says otherwise.
    pub(crate) const fn stage(&self) -> Status {
        match (self.status, self.was_captured) {
            (Status::Refunded, Some(false)) => Status::Authorized,
            (Status::Refunded, _) => Status::Captured,
            (status, _) => status,
        }
    }

    /// Returns the quoted refunded total: the whole amount if only the status `refunded` is reported.
    pub(crate) const fn quote(&self) -> Option<i64> {
        match (self.refunded, self.status) {
            (None, Status::Refunded) => Some(self.money.subunits),
            (quoted, _) => quoted,
        }
    }
}
