//! Writes a batch of verified requests: new events, conflicts, and higher received counts of known events.
//!
//! Invariant: bodies are written before ids, and both in the same order on every server, so that servers which store the same
//! events cannot deadlock.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    iter,
    ops::Range,
};

use sha2::{Digest as _, Sha256};

use crate::{
    connections::ConnectionScope,
    db::{DbError, Tx},
    events::{
        State,
        store::log::{self, Claim},
    },
    gateways::{
        adapter::{self, Incoming, ParsedEvent, ResponseBody, Verified},
        parts::{self, Part, Split},
    },
    primitives::{
        id::{ConnectionId, EventId, SecretId, TransactionId},
        time::Timestamp,
    },
};

/// A verified request that is to be stored: its events, all of them or none.
pub(crate) struct VerifiedRequest {
    pub(crate) first: Arrival,
    /// The further events: an empty vector, which needs no memory, for a gateway that sends one event in a request.
    pub(crate) others: Vec<Arrival>,
}

impl VerifiedRequest {
    /// Parses the events of a verified request. Does all the work that needs no database.
    pub(crate) fn new(
        scope: ConnectionScope,
        request: &Incoming<'_>,
        (body, secret): (Verified, SecretId),
        headers: String,
        at: Timestamp,
    ) -> Self {
        let origin = Origin { scope, request, secret, at, sha256: body.sha256() };
        match parts::split(scope.gateway, body.bytes()) {
            Split::Whole => Self { first: origin.whole(&body, headers), others: Vec::new() },
            Split::Faulty => {
                let reading = ParsedEvent::quarantined(None, FAULTY_PARTS);
                Self { first: Arrival { reading, ..origin.whole(&body, headers) }, others: Vec::new() }
            }
            Split::Parts { first, others } => {
                let first = origin.part(&body, (0, &first), headers.clone());
                let (request, headers) = (Some(first.id), &first.headers);
                let other = |part| Arrival { request, ..origin.part(&body, part, headers.clone()) };
                Self { others: (1..).zip(&others).map(other).collect(), first }
            }
        }
    }

    /// Returns all events, in the order of the body.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        iter::once(&self.first).chain(&self.others)
    }

    /// Returns the body of the response once all of them are stored, if the gateway demands one.
    pub(crate) fn response_body(&self) -> Option<ResponseBody> {
        self.first.scope.gateway.adapter().response_body(&self.first.body)
    }
}

/// What the events of a request have in common.
struct Origin<'a> {
    scope: ConnectionScope,
    request: &'a Incoming<'a>,
    secret: SecretId,
    at: Timestamp,
    sha256: [u8; 32],
}

impl Origin<'_> {
    fn whole(&self, body: &Verified, headers: String) -> Arrival {
        self.arrival(body, &Part::whole(body), self.sha256, headers)
    }

    /// Returns the event in that range.
    fn part(&self, body: &Verified, (index, range): (i64, &Range<usize>), headers: String) -> Arrival {
        let part = Part::of(body, range);
        Arrival { part: Some(index), ..self.arrival(body, &part, Sha256::digest(part.bytes()).into(), headers) }
    }

    fn arrival(&self, body: &Verified, part: &Part<'_>, identity: [u8; 32], headers: String) -> Arrival {
        let adapter = self.scope.gateway.adapter();
        let gateway_event_id = adapter.event_id(self.request, part.bytes());
        Arrival {
            id: EventId::new(self.at),
            scope: self.scope,
            body: body.share(),
            sha256: self.sha256,
            dedupe_key: adapter::dedupe_key(self.scope.gateway, identity, gateway_event_id),
            dedupe_prefix: adapter.dedupe_prefix(part.bytes()).to_owned(),
            gateway_event_id: gateway_event_id.map(str::to_owned),
            secret: self.secret,
            headers,
            reading: adapter.read(part, self.at).received(&identity),
            part: None,
            request: None,
            at: self.at,
        }
    }
}

/// The fault of a body whose events cannot be told apart.
const FAULTY_PARTS: &str = "events";

/// An event of a verified request.
pub(crate) struct Arrival {
    /// The id of the row if this is a new event.
    pub(crate) id: EventId,
    pub(crate) scope: ConnectionScope,
    /// The signed body, of all events of the request.
    pub(crate) body: Verified,
    /// The SHA-256 of the body.
    pub(crate) sha256: [u8; 32],
    pub(crate) dedupe_key: [u8; 32],
    pub(crate) dedupe_prefix: String,
    pub(crate) gateway_event_id: Option<String>,
    pub(crate) secret: SecretId,
    /// As JSON, without cookies and credentials.
    pub(crate) headers: String,
    pub(crate) reading: ParsedEvent,
    /// The index of the event in its request; `None` if the body is the event.
    pub(crate) part: Option<i64>,
    /// The id of the request if it is not `id`: that of the first event in it.
    pub(crate) request: Option<EventId>,
    pub(crate) at: Timestamp,
}

impl Arrival {
    /// Returns the id under which the body is stored, once for all events of the request.
    pub(crate) fn request_id(&self) -> EventId {
        self.request.unwrap_or(self.id)
    }

    /// Returns the gateway account that the event names, if any.
    pub(crate) fn account(&self) -> Option<&str> {
        self.scope.gateway.adapter().account(self.body.bytes())
    }

    /// Returns the deduplication key: arrivals with equal keys are the same event.
    fn key(&self) -> Key<'_> {
        (self.scope.connection, &self.dedupe_prefix, &self.dedupe_key)
    }
}

/// An arrival, and the transaction that its observation belongs to.
pub(crate) type Kept<'a> = (&'a Arrival, Option<TransactionId>);

type Key<'a> = (ConnectionId, &'a str, &'a [u8; 32]);

/// The arrivals of a batch that are the same event.
pub(crate) struct Group<'a> {
    pub(crate) first: &'a Arrival,
    pub(crate) transaction: Option<TransactionId>,
    /// The number of these arrivals.
    pub(crate) received_count: i64,
    /// True if they were received with different gateway ids.
    pub(crate) is_flagged: bool,
    pub(crate) last_at: Timestamp,
    /// The id of the event: a new row, or the one already stored.
    event: EventId,
    /// The gateway id with which that event was first received.
    gateway_event_id: Option<String>,
}

impl<'a> Group<'a> {
    fn new((first, transaction): Kept<'a>) -> Self {
        let gateway_event_id = first.gateway_event_id.clone();
        Self { first, transaction, received_count: 0, is_flagged: false, last_at: first.at, event: first.id, gateway_event_id }
    }

    fn add(&mut self, arrival: &Arrival) {
        self.received_count += 1;
        self.is_flagged |= arrival.gateway_event_id != self.first.gateway_event_id;
        self.last_at = self.last_at.max(arrival.at);
    }

    fn is_new(&self) -> bool {
        self.event == self.first.id
    }
}

type Groups<'a> = BTreeMap<Key<'a>, Group<'a>>;

/// Stores a batch.
///
/// # Errors
/// If the database fails; then nothing of the batch is stored.
pub(crate) async fn append(tx: &mut Tx, batch: &[Kept<'_>]) -> Result<(), DbError> {
    let mut groups = group(batch);
    if !log::insert(tx, &groups.values().collect::<Vec<_>>()).await? {
        receive_again(tx, &mut groups).await?;
    }
    let mut new: Vec<&Group<'_>> = groups.values().filter(|group| group.is_new()).collect();
    // The body of a request with several events is stored once.
    let mut requests = HashSet::new();
    new.retain(|Group { first, .. }| first.part.is_none() || requests.insert(first.request_id()));
    log::insert_payloads(tx, &new).await?;
    claim_ids(tx, batch, &groups).await
}

fn group<'a>(batch: &[Kept<'a>]) -> Groups<'a> {
    let mut groups = Groups::new();
    for kept in batch {
        groups.entry(kept.0.key()).or_insert_with(|| Group::new(*kept)).add(kept.0);
    }
    groups
}

/// Raises the received count of events that were already stored.
async fn receive_again(tx: &mut Tx, groups: &mut Groups<'_>) -> Result<(), DbError> {
    let ids: Vec<EventId> = groups.values().map(|group| group.first.id).collect();
    let made = log::made(tx, &ids).await?;
    let known: Vec<&Group<'_>> = groups.values().filter(|group| !made.contains(&group.first.id)).collect();
    let found = log::add_receipts(tx, &known).await?;
    let found: HashMap<_, _> = found.into_iter().map(|found| ((found.connection_id, found.dedupe_key.clone()), found)).collect();
    for group in groups.values_mut() {
        if let Some(found) = found.get(&(group.first.scope.connection, group.first.dedupe_key.to_vec())) {
            group.event = found.id;
            group.gateway_event_id.clone_from(&found.gateway_event_id);
        }
    }
    Ok(())
}

/// Records the gateway ids, and marks a new event as a conflict if another event had its id first.
async fn claim_ids(tx: &mut Tx, batch: &[Kept<'_>], groups: &Groups<'_>) -> Result<(), DbError> {
    let claims = claims(batch, groups);
    let are_all_first =
        log::claim(tx, &claims.iter().map(|(key, event)| (key.0, key.1, *event)).collect::<Vec<Claim<'_>>>()).await?;
    for group in groups.values().filter(|group| group.is_new()) {
        let Some(id) = group.first.gateway_event_id.as_deref() else { continue };
        let connection = group.first.scope.connection;
        let first = match claims.get(&(connection, id)) {
            Some(first) if are_all_first => *first,
            _ => log::find_first(tx, connection, id).await?,
        };
        if first != group.event {
            log::update_conflict(tx, group.event, State::of(&group.first.reading.content, true), first).await?;
        }
    }
    Ok(())
}

/// Maps each gateway id to the first event of this batch that has it. Omits ids that are already stored with their event.
fn claims<'a>(batch: &[Kept<'a>], groups: &Groups<'a>) -> BTreeMap<(ConnectionId, &'a str), EventId> {
    let mut claims = BTreeMap::new();
    for (arrival, _) in batch {
        let (Some(id), Some(group)) = (arrival.gateway_event_id.as_deref(), groups.get(&arrival.key())) else { continue };
        if group.is_new() || group.gateway_event_id.as_deref() != Some(id) {
            claims.entry((arrival.scope.connection, id)).or_insert(group.event);
        }
    }
    claims
}
