//! Events: authentic requests, kept as they came.
//!
//! The rule: the body decides first whether a request is a new event, then the gateway's id; whatever comes again is a
//! receipt more, and what was stored first stays as it was.

pub(crate) mod forms;
pub(crate) mod payload;
pub(crate) mod routes;
pub(crate) mod store;
pub(crate) mod views;

use std::{fmt, str::FromStr};

use crate::{
    connections::Place,
    db::{DbError, Reader, Tx},
    gateways::{
        Gateway, Mode,
        adapter::{self, Content, Reading, Verified},
    },
    kernel::{
        id::{AppId, ConnectionId, EventId, SecretId, TransactionId},
        money::{Currency, Money},
        page::{FETCH, Page, Side},
        time::Timestamp,
    },
};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Authentic, but not to be relied on: kept and shown.
    Quarantined,
    /// Came under an id that another body had before.
    Conflict,
    /// No rule for this type yet.
    Unhandled,
    /// Part of a transaction's story.
    Processed,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [Self::Processed, Self::Unhandled, Self::Conflict, Self::Quarantined];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::Conflict => "conflict",
            Self::Unhandled => "unhandled",
            Self::Processed => "processed",
        }
    }

    /// The first that fits.
    fn of(content: &Content, is_conflict: bool) -> Self {
        match content {
            Content::Quarantined(_) => Self::Quarantined,
            _ if is_conflict => Self::Conflict,
            Content::Unhandled => Self::Unhandled,
            Content::Facts(_) => Self::Processed,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or("no state of an event")
    }
}

impl TryFrom<String> for State {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// An event as lists and exports show it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) app_id: AppId,
    pub(crate) connection_id: ConnectionId,
    #[sqlx(try_from = "String")]
    pub(crate) gateway: Gateway,
    #[sqlx(try_from = "String")]
    pub(crate) mode: Mode,
    pub(crate) gateway_event_id: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) body_sha256: Vec<u8>,
    #[sqlx(try_from = "String")]
    pub(crate) state: State,
    pub(crate) fault: Option<String>,
    pub(crate) conflict_with: Option<EventId>,
    pub(crate) transaction_id: Option<TransactionId>,
    pub(crate) amount_subunits: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) secret_id: SecretId,
    pub(crate) receipts: i64,
    pub(crate) is_flagged: bool,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) received_at: Timestamp,
    pub(crate) last_received_at: Timestamp,
}

impl Event {
    /// The amount the event is about.
    pub(crate) fn money(&self) -> Option<Money> {
        Some(Money::new(self.amount_subunits?, self.currency.as_deref()?.parse::<Currency>().ok()?))
    }
}

/// A verified request that is to be kept.
pub(crate) struct Arrival<'a> {
    pub(crate) place: &'a Place,
    pub(crate) body: &'a Verified<'a>,
    pub(crate) gateway_event_id: Option<&'a str>,
    pub(crate) secret: SecretId,
    /// The headers as JSON, without what could sign somebody in.
    pub(crate) headers: &'a str,
    pub(crate) at: Timestamp,
}

/// What became of a request.
pub(crate) enum Appended {
    /// A new event, to be projected once.
    New(EventId),
    /// A receipt more of one that was stored.
    Again,
}

/// Keeps the request: as a new event, as a conflict, or as a receipt more.
///
/// Body before id, on every server: two requests then wait for each other in one order and cannot lock up.
pub(crate) async fn append(tx: &mut Tx, arrival: &Arrival<'_>, reading: &Reading) -> Result<Appended, DbError> {
    let sha256 = arrival.body.sha256();
    let identity = adapter::identity(arrival.place.gateway, sha256, arrival.gateway_event_id);
    let id = EventId::new(arrival.at);
    let row = store::NewEvent { id, arrival, reading, sha256, identity, state: State::of(&reading.content, false) };
    if !store::insert(tx, &row).await? {
        receive_again(tx, arrival, &identity).await?;
        return Ok(Appended::Again);
    }
    store::insert_payload(tx, id, arrival.headers, arrival.body.body()).await?;
    if let Some(gateway_id) = arrival.gateway_event_id {
        let first = store::claim_id(tx, arrival.place.connection, gateway_id, id).await?;
        if first != id {
            store::update_conflict(tx, id, State::of(&reading.content, true), first).await?;
        }
    }
    Ok(Appended::New(id))
}

async fn receive_again(tx: &mut Tx, arrival: &Arrival<'_>, identity: &[u8; 32]) -> Result<(), DbError> {
    let event = store::add_receipt(tx, arrival, identity).await?;
    if let Some(gateway_id) = arrival.gateway_event_id {
        store::claim_id(tx, arrival.place.connection, gateway_id, event).await?;
    }
    Ok(())
}

/// A page of the list.
pub(crate) async fn list(reader: &mut Reader, filter: &store::Filter, side: Side<EventId>) -> Result<Page<Event>, DbError> {
    let rows = match side {
        Side::Newest => store::list_older(&mut *reader, filter, EventId::greatest(), FETCH).await?,
        Side::Before(place) => store::list_older(&mut *reader, filter, place, FETCH).await?,
        Side::After(place) => store::list_newer(&mut *reader, filter, place, FETCH).await?,
    };
    if let Some(page) = Page::cut(rows, &side) {
        return Ok(page);
    }
    let rows = store::list_older(reader, filter, EventId::greatest(), FETCH).await?;
    Ok(Page::cut(rows, &Side::<EventId>::Newest).unwrap_or_default())
}
