//! Alerts: what needs attention, who is notified of it, and when.
//!
//! Invariants: an alert rests on what is proven or on verified events alone, so that no outsider can cause one. There is one for each
//! problem, with a count, however many requests or deliveries it has. What it stores of events are amounts, dates and ids.

pub(crate) mod collect;
pub(crate) mod digest;
pub(crate) mod manage;
pub(crate) mod operators;
pub(crate) mod retention;
pub(crate) mod schedule;
pub(crate) mod state;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    gateways::{Gateway, Mode},
    primitives::{
        id::{AlertId, AppId, ChannelId, CompanyId, UserId},
        money::Money,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// What an alert is about.
    pub(crate) enum Kind, "a kind of alert" {
        /// Proven requests of the gateway are rejected.
        WebhookFailing = "webhook_failing",
        /// The gateway will soon disable a webhook that fails.
        WebhookDisabling = "webhook_disabling",
        WebhookSilent = "webhook_silent",
        DestinationFailing = "destination_failing",
        /// KS Pay has paused it.
        DestinationPaused = "destination_paused",
        /// Deliveries are overdue although their destination responds.
        Backlog = "backlog",
        DisputeOpened = "dispute_opened",
        DisputeDeadline = "dispute_deadline",
        /// The payments of an order exceed its amount.
        OrderPaidTwice = "order_paid_twice",
        /// An automation proposes a refund that a user must confirm.
        RefundToConfirm = "refund_to_confirm",
    }
}
text_column!(Kind, Kind::as_str);

impl Kind {
    /// True if recipients are notified when the problem is over. Others end by what a user does.
    pub(crate) const fn reports_end(self) -> bool {
        matches!(self, Self::WebhookFailing | Self::WebhookSilent | Self::DestinationFailing | Self::Backlog)
    }

    /// True if recipients are reminded until it is acknowledged.
    pub(crate) const fn repeats(self) -> bool {
        matches!(self, Self::WebhookFailing | Self::DestinationFailing)
    }

    /// True if it is about a payment.
    pub(crate) const fn is_of_payment(self) -> bool {
        matches!(self, Self::DisputeOpened | Self::DisputeDeadline | Self::OrderPaidTwice | Self::RefundToConfirm)
    }

    /// True if it is neither muted nor delayed by quiet hours.
    pub(crate) const fn is_never_muted(self) -> bool {
        matches!(self, Self::DisputeDeadline)
    }
}

text_enum! {
    /// What a message of an alert reports.
    pub(crate) enum Event, "what a message of an alert reports" {
        Problem = "problem",
        /// A deadline is near.
        Nearer = "nearer",
        Reminder = "reminder",
        Resolved = "resolved",
        /// A test, at a user's request.
        Test = "test",
    }
}
text_column!(Event, Event::as_str);

/// What is stored of a problem, for the texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    /// The slug of the gateway.
    pub(crate) gateway: Option<String>,
    /// The name of a destination.
    pub(crate) name: Option<String>,
    /// The id of a transaction.
    pub(crate) transaction: Option<String>,
    /// The id of an automatic refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<String>,
    /// The amount of the dispute or the order in subunits, with its currency.
    pub(crate) amount: Option<(i64, String)>,
    /// The deadline, in Unix milliseconds.
    pub(crate) due_at: Option<i64>,
    /// When something last went right, in Unix milliseconds.
    pub(crate) last_at: Option<i64>,
}

impl Detail {
    pub(crate) fn gateway(&self) -> Option<Gateway> {
        self.gateway.as_deref().and_then(|slug| slug.parse().ok())
    }

    pub(crate) fn money(&self) -> Option<Money> {
        let (subunits, currency) = self.amount.as_ref()?;
        Some(Money::new(*subunits, currency.parse().ok()?))
    }

    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        self.due_at.map(Timestamp::from_millis)
    }

    pub(crate) fn last_at(&self) -> Option<Timestamp> {
        self.last_at.map(Timestamp::from_millis)
    }
}

/// A problem as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) kind: Kind,
    /// The id of what it is about.
    pub(crate) object: String,
    pub(crate) since: Timestamp,
    /// How many requests or deliveries it has.
    pub(crate) count: i64,
    /// How near a deadline is; 0 if it is far or there is none.
    pub(crate) stage: i64,
    pub(crate) detail: Detail,
}

text_enum! {
    /// A step in the history of an alert.
    pub(crate) enum Step, "a step of an alert" {
        Opened = "opened",
        Nearer = "nearer",
        Reopened = "reopened",
        /// What it is about works again.
        Resolved = "resolved",
        /// It no longer applies, for example because a user has changed something.
        Closed = "closed",
    }
}

/// A step, when it was, and the count then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) at: Timestamp,
    pub(crate) step: Step,
    pub(crate) count: i64,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    pub(crate) id: AlertId,
    pub(crate) company_id: CompanyId,
    pub(crate) app_id: AppId,
    pub(crate) mode: Mode,
    pub(crate) kind: Kind,
    pub(crate) object: String,
    pub(crate) since: Timestamp,
    pub(crate) opened_at: Timestamp,
    pub(crate) count: i64,
    pub(crate) stage: i64,
    pub(crate) detail: Detail,
    /// True if the recipients know of the problem, and not yet of its end.
    pub(crate) is_notified: bool,
    pub(crate) last_message_at: Option<Timestamp>,
    /// Who stopped the reminders, and when.
    pub(crate) acknowledged_by: Option<String>,
    pub(crate) acknowledged_at: Option<Timestamp>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) updates: Vec<Update>,
    revision: i64,
}

impl Alert {
    pub(crate) const fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// True if it is open, or its end is still to be reported.
    pub(crate) const fn is_active(&self) -> bool {
        self.is_open() || self.is_notified
    }
}

/// Who can be notified: a user by email, or a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RecipientId {
    User(UserId),
    Channel(ChannelId),
}

impl fmt::Display for RecipientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Channel(id) => id.fmt(f),
        }
    }
}

impl FromStr for RecipientId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let user = text.parse().map(Self::User);
        user.or_else(|_| text.parse().map(Self::Channel)).map_err(|_| "a recipient is the id of a user or a channel")
    }
}

/// The maximum number of recipients of a kind.
pub(crate) const MAX_RECIPIENTS: usize = 50;

/// The settings of a kind of alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    pub(crate) is_on: bool,
    /// In the order in which they were chosen; `None`: every user, by email.
    pub(crate) recipients: Option<Vec<RecipientId>>,
    /// Who is notified if a channel fails; `None`: every user, by email.
    pub(crate) fallback: Option<RecipientId>,
}

impl Rule {
    /// Returns the rule of a kind, which is the default if `chosen` has none.
    pub(crate) fn of(chosen: &[Self], kind: Kind) -> Self {
        chosen.iter().find(|rule| rule.kind == kind).cloned().unwrap_or_else(|| Self::default_of(kind))
    }

    /// Returns the settings of a kind that nothing was chosen for.
    pub(crate) const fn default_of(kind: Kind) -> Self {
        Self { kind, is_on: true, recipients: None, fallback: None }
    }
}

/// How long a message of an alert is worth sending.
pub(crate) const MESSAGE_LIFETIME: Duration = Duration::from_hours(24);
