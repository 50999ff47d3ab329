//! The state of a payment that badges show and lists filter by: one closed list.
//!
//! It is derived in one place and stored with the payment, so a filter selects exactly the payments that have its badge.

use std::str::FromStr;

use super::{Status, projection::PaymentState};

macro_rules! states {
    ($($variant:ident = $word:literal),+ $(,)?) => {
        /// What a payment's badge shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum DisplayState { $($variant),+ }

        impl DisplayState {
            /// Every state, in the order of the filter.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it stands in addresses and in the database.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}
states!(
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
);

impl FromStr for DisplayState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|state| state.as_str() == text).ok_or("no state of a payment")
    }
}

impl DisplayState {
    /// Whether it is that of a dispute which costs something or may.
    pub(crate) const fn is_of_dispute(self) -> bool {
        matches!(self, Self::Disputed | Self::DisputeLost | Self::DisputeDeducted)
    }

    /// What the merchant has to know first: disputes, then refunds that did not succeed, then how far the payment went.
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
        // A failed refund needs an action, a pending one only time.
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
