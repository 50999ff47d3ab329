//! Deliveries: every verified event is sent to the merchant's own systems, its destinations, and so are the changes that automations
//! report to them.
//!
//! Invariant: a delivery is stored in the unit of work that stores its event or executes its run, and ends only as delivered, exhausted or
//! canceled. Unless it is canceled, it is sent at least once, even if servers are killed, and always with the id of its event or run. While its destination is paused or
//! on hold, it waits. No destination delays another one.

pub(crate) mod destination;
pub(crate) mod expiry;
pub(crate) mod fixed_headers;
pub(crate) mod health;
pub(crate) mod housekeeping;
pub(crate) mod manage;
pub(crate) mod normalized;
pub(crate) mod outbox;
pub(crate) mod request;
pub(crate) mod schedule;
pub(crate) mod sealed;
pub(crate) mod signature;
pub(crate) mod store;
pub(crate) mod worker;

use std::fmt;

use crate::{
    events::Origin,
    primitives::{
        id::{AttemptId, DeliveryId, DestinationId, EventId, Id as _, MessageId, RunId},
        keyset::Listed,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// The state of a delivery.
    pub(crate) enum DeliveryState, "the state of a delivery" {
        /// Until its next attempt, also while its destination is paused or its circuit is open.
        Waiting = "waiting",
        Sending = "sending",
        Delivered = "delivered",
        /// Every planned attempt has failed.
        Exhausted = "exhausted",
        /// The destination was deleted, a user skipped it, or the body was deleted before it could be sent.
        Canceled = "canceled",
    }
}
text_column!(DeliveryState, DeliveryState::as_str);

impl DeliveryState {
    /// True if attempts may follow.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Sending)
    }
}

text_enum! {
    /// Why a delivery was canceled.
    pub(crate) enum CancelReason, "the reason of a cancellation" {
        /// A user skipped it.
        Skipped = "skipped",
        DestinationDeleted = "destination_deleted",
        /// The body was deleted, or the destination was changed so that it does not receive the event.
        NothingToSend = "nothing_to_send",
    }
}
text_column!(CancelReason, CancelReason::as_str);

/// What a delivery sends. Its text is the `webhook-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    Event(EventId),
    /// A run of an automation, which reports a change.
    Run(RunId),
}

impl Message {
    fn of(id: MessageId, origin: Origin) -> Self {
        match origin {
            Origin::Automation => Self::Run(RunId::from_number(id.number())),
            Origin::Webhook | Origin::Recovered | Origin::Test => Self::Event(EventId::from_number(id.number())),
        }
    }

    /// Returns the event; `None` for a run.
    pub(crate) const fn event(self) -> Option<EventId> {
        match self {
            Self::Event(id) => Some(id),
            Self::Run(_) => None,
        }
    }

    /// Returns the run; `None` for an event.
    pub(crate) const fn run(self) -> Option<RunId> {
        match self {
            Self::Run(id) => Some(id),
            Self::Event(_) => None,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => id.fmt(f),
            Self::Run(id) => id.fmt(f),
        }
    }
}

impl From<EventId> for MessageId {
    fn from(event: EventId) -> Self {
        Self::from_number(event.number())
    }
}

impl From<RunId> for MessageId {
    fn from(run: RunId) -> Self {
        Self::from_number(run.number())
    }
}

/// A message for a destination.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    pub(crate) destination_id: DestinationId,
    pub(crate) message_id: MessageId,
    pub(crate) origin: Origin,
    pub(crate) state: DeliveryState,
    /// The number of attempts since it was created or last replayed.
    pub(crate) attempts: i64,
    /// When the next attempt may begin, or when the claim on the running one expires; `None` once it has ended.
    pub(crate) due_at: Option<Timestamp>,
    /// The HTTP status of the last response.
    pub(crate) last_status: Option<i64>,
    /// Why the last attempt had no response.
    pub(crate) last_failure: Option<AttemptFailure>,
    /// Why it was canceled, if it was.
    pub(crate) cancel_reason: Option<CancelReason>,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

impl Delivery {
    pub(crate) fn message(&self) -> Message {
        Message::of(self.message_id, self.origin)
    }
}

impl Listed for Delivery {
    type Cursor = MessageId;

    fn cursor(&self) -> MessageId {
        self.message_id
    }
}

/// An attempt to send a delivery.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Attempt {
    pub(crate) id: AttemptId,
    pub(crate) number: i64,
    pub(crate) began_at: Timestamp,
    /// Its duration in milliseconds.
    pub(crate) millis: i64,
    pub(crate) status: Option<i64>,
    pub(crate) failure: Option<AttemptFailure>,
    /// The address and port that KS Pay connected to.
    pub(crate) address: Option<String>,
    /// The beginning of the response's body, of the first and the last attempt.
    pub(crate) response: Option<Vec<u8>>,
    /// True if the body was longer.
    pub(crate) is_response_cut: bool,
    /// The SHA-256 of the beginning of the response's body.
    pub(crate) response_sha256: Option<Vec<u8>>,
}

text_enum! {
    /// Why an attempt had no response.
    pub(crate) enum AttemptFailure, "the failure of an attempt" {
        /// The URL or an address of its host may not be used.
        Forbidden = "forbidden",
        NameNotFound = "name_not_found",
        NameSlow = "name_slow",
        ConnectionRefused = "connection_refused",
        Unreachable = "unreachable",
        ConnectSlow = "connect_slow",
        /// No secure connection, in general.
        Tls = "tls",
        CertificateExpired = "certificate_expired",
        CertificateOfOtherName = "certificate_of_other_name",
        CertificateUntrusted = "certificate_untrusted",
        /// This machine has no list of trusted certificates.
        NoCertificates = "no_certificates",
        ResponseSlow = "response_slow",
        ConnectionClosed = "connection_closed",
        NotHttp = "not_http",
        HeadTooLarge = "head_too_large",
        /// The stored event, a secret or a header does not open or is damaged, so nothing could be sent.
        Unreadable = "unreadable",
    }
}
text_column!(AttemptFailure, AttemptFailure::as_str);
