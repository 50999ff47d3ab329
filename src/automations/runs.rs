//! Runs: the execution of one automation for one change of a payment.
//!
//! Invariant: a run either has ended or has a time at which it is processed next.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomaticRefundId, AutomationId, DeliveryId, NotificationId, RunId, TransactionId},
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
        /// Nothing was sent, for a reason that is not a failure.
        Skipped = "skipped",
    }
}
text_column!(RunState, RunState::as_str);

text_enum! {
    /// Why nothing was sent.
    pub(crate) enum SkipReason, "why a run was skipped" {
        /// The event was recovered from a rejected request.
        Recovered = "recovered",
        /// The payment changed longer ago than [`super::outbox::MAX_AGE`].
        TooOld = "too_old",
        /// The payment changed before the automation was turned on.
        BeforeOn = "before_on",
        /// The automation was turned off or deleted before it was run.
        TurnedOff = "turned_off",
        /// The payment has no valid email address.
        NoAddress = "no_address",
        /// The customer has reached the limit of emails from the automation in 24 hours.
        DailyLimit = "daily_limit",
        /// The automation, the company or the recipient has reached the limit of an hour.
        HourlyLimit = "hourly_limit",
        /// Email is not set up.
        NoEmail = "no_email",
        /// The user, channel or destination no longer exists.
        RecipientGone = "recipient_gone",
        /// The body for destinations is larger than [`super::json_template::MAX_BODY_BYTES`].
        BodyTooLarge = "body_too_large",
        /// The payment's notes do not meet the condition.
        NoteNotMet = "note_not_met",
        /// The delivery was canceled before it was sent.
        DeliveryCanceled = "delivery_canceled",
        /// The run has asked the gateway for a refund before, and never asks for a second one.
        AlreadyRefunded = "already_refunded",
        /// Nothing was refunded; the automatic refund of the run says why.
        NotRefunded = "not_refunded",
    }
}
text_column!(SkipReason, SkipReason::as_str);

/// [`Step::to`] of a step that refunds.
pub(crate) const REFUND: &str = "refund";

/// What was done for one recipient, or the refund that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// In Unix milliseconds.
    pub(crate) at: i64,
    /// The text of a [`super::Recipient`], or [`REFUND`].
    pub(crate) to: String,
    /// The id of the message in the outbox.
    pub(crate) message: Option<String>,
    /// The id of the delivery to a destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<String>,
    /// The id of the automatic refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<String>,
    /// The text of a [`SkipReason`].
    pub(crate) skipped: Option<String>,
}

impl Step {
    fn new(to: String, now: Timestamp) -> Self {
        Self { at: now.millis(), to, message: None, delivery: None, refund: None, skipped: None }
    }

    pub(crate) fn queued(to: super::Recipient, message: NotificationId, now: Timestamp) -> Self {
        Self { message: Some(message.to_string()), ..Self::new(to.to_string(), now) }
    }

    pub(crate) fn skipped(to: super::Recipient, reason: SkipReason, now: Timestamp) -> Self {
        Self { skipped: Some(reason.to_string()), ..Self::new(to.to_string(), now) }
    }

    pub(crate) fn delivered(to: super::Recipient, delivery: DeliveryId, now: Timestamp) -> Self {
        Self { delivery: Some(delivery.to_string()), ..Self::new(to.to_string(), now) }
    }

    /// The run has started this refund, or continues it.
    pub(crate) fn refund_started(refund: AutomaticRefundId, now: Timestamp) -> Self {
        Self { refund: Some(refund.to_string()), ..Self::new(REFUND.to_owned(), now) }
    }

    /// The run has asked the gateway for this refund before.
    pub(crate) fn refund_skipped(refund: AutomaticRefundId, now: Timestamp) -> Self {
        Self { skipped: Some(SkipReason::AlreadyRefunded.to_string()), ..Self::refund_started(refund, now) }
    }

    pub(crate) fn refund(&self) -> Option<AutomaticRefundId> {
        self.refund.as_deref()?.parse().ok()
    }

    pub(crate) fn delivery(&self) -> Option<DeliveryId> {
        self.delivery.as_deref()?.parse().ok()
    }

    /// True if something was queued for the recipient, or a refund was started.
    pub(crate) const fn is_queued(&self) -> bool {
        self.skipped.is_none() && (self.message.is_some() || self.delivery.is_some() || self.refund.is_some())
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
    /// The user who last requested it.
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

    /// Returns how often it was executed; the steps of an execution have one time.
    pub(crate) fn executions(&self) -> usize {
        self.steps.iter().map(|step| step.at).collect::<BTreeSet<_>>().len()
    }

    /// Returns the steps of the last execution.
    pub(crate) fn last_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| self.is_of_last_execution(step))
    }

    /// True for a step of the last execution; the steps of an execution have one time.
    pub(crate) fn is_of_last_execution(&self, step: &Step) -> bool {
        self.steps.last().is_some_and(|last| last.at == step.at)
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
