//! Refunds that automations start.
//!
//! Invariants:
//! - A change only wakes the rule. What is refunded comes from the gateway's responses, which are used only if no refund of the payments
//!   was requested since; that is checked under a lock on the order, or on the payment where there is none.
//! - A payment has at most one automatic refund, whatever the automation, and it counts against the limits of its day before the gateway
//!   is called.
//! - Nothing is refunded without a user's confirmation, unless an owner has turned that off up to an amount.

pub(crate) mod decide;
mod excess;
pub(crate) mod job;
pub(crate) mod manage;
mod read;
pub(super) mod reserve;
pub(crate) mod settings;
pub(crate) mod start;
pub(crate) mod store;

use crate::{
    gateways::Mode,
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomaticRefundId, AutomationId, CompanyId, RefundRequestId, RunId, TransactionId},
        money::Money,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// The state of an automatic refund.
    pub(crate) enum State, "the state of an automatic refund" {
        /// The gateway is to be asked what can be refunded.
        Due = "due",
        /// A user is asked to confirm it.
        ToConfirm = "to_confirm",
        /// It is a refund request whose outcome is not known.
        Requested = "requested",
        /// The gateway has made the refund.
        Done = "done",
        /// The gateway has not made it.
        Failed = "failed",
        /// Nothing was refunded, and the gateway was not asked to refund.
        Skipped = "skipped",
    }
}
text_column!(State, State::as_str);

impl State {
    /// True if a refund may still be made.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::ToConfirm | Self::Requested)
    }
}

text_enum! {
    /// Why nothing was refunded, or why a user is asked.
    pub(crate) enum Reason, "the reason of an automatic refund's state" {
        /// Refunds of the app's automations are confirmed by a user.
        Confirmation = "confirmation",
        /// The amount is larger than what is refunded without confirmation.
        AboveLimit = "above_limit",
        /// The gateway does not say what the order amounts to: a user decides what is refunded.
        OrderAmountUnknown = "order_amount_unknown",
        /// The payment to be refunded is not known here.
        PaymentUnknown = "payment_unknown",
        /// A dispute of the payment, or of another one of the order, is open or was lost: a user decides what is refunded.
        Disputed = "disputed",
        /// The limit of the day was reached.
        DailyLimit = "daily_limit",
        /// It was not confirmed within seven days.
        Expired = "expired",
        /// A user declined it.
        Declined = "declined",
        /// The app's automations refund nothing at present.
        Stopped = "stopped",
        /// The payment has had an automatic refund.
        AlreadyRefunded = "already_refunded",
        /// The payments of the order do not exceed its amount.
        NotPaidTwice = "not_paid_twice",
        /// The order may be paid in parts.
        PaidInParts = "paid_in_parts",
        NotCaptured = "not_captured",
        FullyRefunded = "fully_refunded",
        /// The amount is not one that the gateway refunds.
        AmountInvalid = "amount_invalid",
        /// No API keys are stored, or they cannot be decrypted.
        NoKeys = "no_keys",
        KeysRejected = "keys_rejected",
        /// The gateway rejected the request that reads the payment or the order.
        GatewayRejected = "gateway_rejected",
        /// The gateway did not respond for a day.
        Unreachable = "unreachable",
        /// Payments of the gateway cannot be refunded by its API.
        Unsupported = "unsupported",
    }
}
text_column!(Reason, Reason::as_str);

/// A refund that a run of an automation starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AutomaticRefund {
    pub(crate) id: AutomaticRefundId,
    pub(crate) company: CompanyId,
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) automation: AutomationId,
    pub(crate) run: RunId,
    /// What happened to the payment: an order that was paid twice, or another change.
    pub(crate) change: ChangeKind,
    /// The payment that changed.
    pub(crate) transaction: TransactionId,
    /// Its order at the gateway.
    pub(crate) order_id: Option<String>,
    /// The payment that is refunded, once it is known.
    pub(crate) refunded: Option<TransactionId>,
    /// What is refunded, or proposed.
    pub(crate) amount: Option<Money>,
    pub(crate) state: State,
    pub(crate) reason: Option<Reason>,
    /// When it is continued, or expires.
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) request: Option<RefundRequestId>,
    /// The user who confirmed or declined it.
    pub(crate) decided_by: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Returns an automatic refund of a captured payment.
    pub(crate) fn refund(state: State) -> AutomaticRefund {
        AutomaticRefund {
            id: AutomaticRefundId::unique(),
            company: CompanyId::unique(),
            app: AppId::unique(),
            mode: Mode::Live,
            automation: AutomationId::unique(),
            run: RunId::unique(),
            change: ChangeKind::Captured,
            transaction: TransactionId::unique(),
            order_id: None,
            refunded: None,
            amount: None,
            state,
            reason: None,
            due_at: None,
            request: None,
            decided_by: None,
            created_at: Timestamp::from_seconds(1_795_343_400),
            ended_at: None,
        }
    }
}
