//! Runs: one automation for one change of a payment, and what was done.
//!
//! Invariant: a run has ended, or it has a time at which it is looked at next.

use serde::{Deserialize, Serialize};

use crate::{
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomationId, NotificationId, RunId, TransactionId},
        keyset::Listed,
        money::Money,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// The state of a run.
    pub(crate) enum RunState, "the state of a run" {
        Waiting = "waiting",
        /// Its messages are in the outbox.
        Sending = "sending",
        /// All of its messages were sent.
        Done = "done",
        /// A message was not sent.
        Failed = "failed",
        /// Nothing was sent, for a reason that is no failure.
        Skipped = "skipped",
    }
}
text_column!(RunState, RunState::as_str);

text_enum! {
    /// Why nothing was sent.
    pub(crate) enum SkipReason, "why a run was skipped" {
        /// The event was recovered from a rejected request.
        Recovered = "recovered",
        /// The payment changed long ago.
        TooOld = "too_old",
        /// The payment changed before the automation was turned on.
        BeforeOn = "before_on",
        /// The automation was turned off or deleted before it was run.
        TurnedOff = "turned_off",
        /// The payment has no email address that can be used.
        NoAddress = "no_address",
        /// The recipient has received as many emails of the automation as one may in a day.
        DailyLimit = "daily_limit",
        /// Email is not set up.
        NoEmail = "no_email",
        /// The user or channel no longer exists.
        RecipientGone = "recipient_gone",
    }
}
text_column!(SkipReason, SkipReason::as_str);

/// What was done for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// In Unix milliseconds.
    pub(crate) at: i64,
    /// The text of a [`super::Recipient`].
    pub(crate) to: String,
    /// The id of the message in the outbox.
    pub(crate) message: Option<String>,
    /// The text of a [`SkipReason`].
    pub(crate) skipped: Option<String>,
}

impl Step {
    pub(crate) fn queued(to: super::Recipient, message: NotificationId, now: Timestamp) -> Self {
        Self { at: now.millis(), to: to.to_string(), message: Some(message.to_string()), skipped: None }
    }

    pub(crate) fn skipped(to: super::Recipient, reason: SkipReason, now: Timestamp) -> Self {
        Self { at: now.millis(), to: to.to_string(), message: None, skipped: Some(reason.to_string()) }
    }

    pub(crate) fn message(&self) -> Option<NotificationId> {
        self.message.as_deref()?.parse().ok()
    }

    pub(crate) fn skip_reason(&self) -> Option<SkipReason> {
        self.skipped.as_deref()?.parse().ok()
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) automation: AutomationId,
    pub(crate) app: AppId,
    pub(crate) transaction: TransactionId,
    /// See `Change::key`.
    pub(crate) change_key: String,
    /// When the payment changed.
    pub(crate) occurred_at: Timestamp,
    /// The amount of what changed.
    pub(crate) money: Option<Money>,
    pub(crate) state: RunState,
    pub(crate) reason: Option<SkipReason>,
    /// Of all executions, in order.
    pub(crate) steps: Vec<Step>,
    /// Who ran it by hand.
    pub(crate) requested_by: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

impl Run {
    /// Returns the gateway's id of the refund or dispute that changed.
    pub(crate) fn object(&self) -> Option<&str> {
        self.change_key.split_once(':').map(|(_, object)| object)
    }

    pub(crate) fn kind(&self) -> Option<ChangeKind> {
        self.change_key.split(':').next()?.parse().ok()
    }

    /// True if a user may run it.
    pub(crate) const fn is_ended(&self) -> bool {
        matches!(self.state, RunState::Done | RunState::Failed | RunState::Skipped)
    }
}

impl Listed for Run {
    type Cursor = RunId;

    fn cursor(&self) -> RunId {
        self.id
    }
}
