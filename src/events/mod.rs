//! Events: authentic requests, stored unchanged.
//!
//! Invariant: the body decides first whether a request is a new event, then the gateway's id. Duplicates only raise the
//! received count; the stored event is never changed.

pub(crate) mod append;
pub(crate) mod headers;
pub(crate) mod payload;
pub(crate) mod payload_sample;
pub(crate) mod references;
pub(crate) mod retention;
pub(crate) mod store;

use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::App,
    db::Tx,
    gateways::{
        Gateway, Mode,
        adapter::EventContent,
        event_kind::EventKind,
        parts::{self, PartNotFound},
    },
    primitives::{
        id::{AppId, ConnectionId, EventId, SecretId, TransactionId},
        keyset::Listed,
        money::{Currency, Money},
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// The processing state of an event, in the order of the filter.
    pub(crate) enum State, "the state of an event" {
        /// Applied to a transaction.
        Processed = "processed",
        /// Stored only: events of this type are not interpreted.
        Unhandled = "unhandled",
        /// Received with a gateway id that belongs to an event with another body.
        Conflict = "conflict",
        /// Authentic but malformed: stored and shown, not applied.
        Quarantined = "quarantined",
    }
}
text_column!(State, State::as_str);

impl State {
    /// Returns the first state that applies.
    pub(crate) fn of(content: &EventContent, is_conflict: bool) -> Self {
        match content {
            EventContent::Quarantined(_) => Self::Quarantined,
            _ if is_conflict => Self::Conflict,
            EventContent::Unhandled => Self::Unhandled,
            EventContent::Observation(_) => Self::Processed,
        }
    }
}

text_enum! {
    /// Where an event comes from.
    pub(crate) enum Origin, "the origin of an event" {
        /// A gateway's request, verified when it was received.
        Webhook = "webhook",
        /// A rejected request that was verified later.
        Recovered = "recovered",
        /// A test event of KS Pay.
        Test = "test",
        /// A change that an automation reports to a destination.
        Automation = "automation",
    }
}
text_column!(Origin, Origin::as_str);

/// Records that an actor downloads the body of an event of an app. Committed before the body is sent.
pub(crate) async fn begin_download(
    tx: &mut Tx,
    app: &App,
    event: EventId,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require(Permission::ViewPayments, app.company_id)?;
    Ok(security_log::append(tx, actor, Action::EventBodyDownloaded, event, now).await?)
}

/// An event as lists and exports show it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) app_id: AppId,
    pub(crate) connection_id: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) gateway_event_id: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) body_sha256: Vec<u8>,
    pub(crate) state: State,
    pub(crate) fault: Option<String>,
    pub(crate) conflict_with: Option<EventId>,
    pub(crate) transaction_id: Option<TransactionId>,
    pub(crate) amount_subunits: Option<i64>,
    pub(crate) currency: Option<String>,
    /// The gateway's id of the refund or dispute that the event reports.
    pub(crate) subject_id: Option<String>,
    /// The state in which it reports that refund or dispute, else its payment.
    pub(crate) subject_status: Option<String>,
    /// The bank's reference of a settlement.
    pub(crate) reference: Option<String>,
    pub(crate) secret_id: SecretId,
    pub(crate) received_count: i64,
    pub(crate) is_flagged: bool,
    /// The gateway's time of the event, or that of its entity.
    pub(crate) occurred_at: Option<Timestamp>,
    /// True if the event has no time of its own; `occurred_at` is then that of the entity, if that has one.
    pub(crate) is_time_borrowed: bool,
    /// The id under which headers and body are stored, if it is not `id`: that of the first event of the same request.
    pub(crate) request_id: Option<EventId>,
    /// The index of the event in its request; `None` if the body is the event.
    pub(crate) part: Option<i64>,
    pub(crate) received_at: Timestamp,
    pub(crate) last_received_at: Timestamp,
}

impl Event {
    /// Returns what it reports; `None` for a type that its gateway's folder does not map.
    pub(crate) fn kind(&self) -> Option<EventKind> {
        self.gateway.adapter().event_kind(self.event_type.as_deref()?)
    }

    /// Returns the id under which headers and body of its request are stored.
    pub(crate) fn request(&self) -> EventId {
        self.request_id.unwrap_or(self.id)
    }

    /// Returns the event's own bytes within the body of its request.
    ///
    /// # Errors
    /// If they are not found in it.
    pub(crate) fn own_bytes<'a>(&self, body: &'a [u8]) -> Result<&'a [u8], PartNotFound> {
        parts::part_of(self.gateway, body, self.part)
    }

    /// Returns the number of the event within its request, from 1; `None` if the body is the event.
    pub(crate) fn number(&self) -> Option<i64> {
        self.part.map(|index| index + 1)
    }

    /// Returns the amount of the event, if it has one in a known currency.
    pub(crate) fn money(&self) -> Option<Money> {
        Some(Money::new(self.amount_subunits?, self.currency.as_deref()?.parse::<Currency>().ok()?))
    }
}

impl Listed for Event {
    type Cursor = EventId;

    fn cursor(&self) -> EventId {
        self.id
    }
}
