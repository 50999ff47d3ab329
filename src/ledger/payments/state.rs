//! The display state of a payment: the closed list of states that badges show and lists filter by.
//!
//! Invariant: it is derived in one place and stored with the payment, so that a filter selects exactly the payments with its
//! badge. Only the filter of paid ones selects more, see [`Kinds`](super::store::Kinds).

use super::projection::PaymentState;
use crate::{
    gateways::payment::Status,
    primitives::text_enum::{text_column, text_enum},
};

text_enum! {
    /// The state shown by a payment's badge, in the order of the filter.
    pub(crate) enum DisplayState, "the state of a payment" {
        Unreported = "unreported",
        Created = "created",
        Failed = "failed",
        Authorized = "authorized",
        Captured = "captured",
        PartlyRefunded = "partly_refunded",
        Refunded = "refunded",
        RefundPending = "refund_pending",
        RefundFailed = "refund_failed",
        Disputed = "disputed",
        DisputeLost = "dispute_lost",
        DisputeDeducted = "dispute_deducted",
    }
}
text_column!(DisplayState, DisplayState::as_str);

impl DisplayState {
    /// True if it is the state of a dispute that costs money, or may do so.
    pub(crate) const fn is_of_dispute(self) -> bool {
        matches!(self, Self::Disputed | Self::DisputeLost | Self::DisputeDeducted)
    }

    /// Derives the state by priority for the merchant: disputes, then failed or pending refunds, then the status of the
    /// payment.
    pub(crate) fn of(payment: &PaymentState) -> Self {
        if payment.is_dispute_lost() {
            return Self::DisputeLost;
        }
        if payment.is_disputed() {
            return Self::Disputed;
        }
        if payment.is_deducted() {
            return Self::DisputeDeducted;
        }
        // A failed refund requires action, a pending one does not.
        if payment.refund_failed() > 0 {
            return Self::RefundFailed;
        }
        if payment.refund_pending() > 0 {
            return Self::RefundPending;
        }
        match payment.status() {
            None => Self::Unreported,
            Some(Status::Created) => Self::Created,
            Some(Status::Failed) => Self::Failed,
            Some(Status::Authorized) => Self::Authorized,
            Some(Status::Captured) if payment.refunded() > 0 => Self::PartlyRefunded,
            Some(Status::Captured) => Self::Captured,
            Some(Status::Refunded) => Self::Refunded,
        }
    }
}
