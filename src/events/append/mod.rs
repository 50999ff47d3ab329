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
    apps::zones::Zones,
    connections::ConnectionScope,
    db::{DbError, Tx, ids},
    events::{
        State, payload,
        store::log::{self, Claim},
    },
    gateways::{
        Gateway,
        adapter::{self, EventContent, Incoming, ParsedEvent, ResponseBody, Verified},
        parts::{self, Part, Split},
    },
    primitives::{
        id::{ConnectionId, EventId, SecretId, TransactionId},
        time::Timestamp,
    },
};

/// A verified request that is to be stored: its events, all of them or none, and what they have in common.
pub(crate) struct VerifiedRequest {
    pub(crate) scope: ConnectionScope,
    /// The zones of its app.
    pub(crate) zones: Zones,
    /// The signed body, of all events.
    body: Verified,
    /// The SHA-256 of the body.
    pub(crate) sha256: [u8; 32],
    pub(crate) secret: SecretId,
    /// Headers and body, as they are stored.
    frame: Vec<u8>,
    pub(crate) at: Timestamp,
    first: ReadEvent,
    /// The further events: an empty vector, which needs no memory, for a gateway that sends one event in a request.
    others: Vec<ReadEvent>,
}

impl VerifiedRequest {
    /// Parses the events of a verified request, whose headers are JSON without cookies and
    /// credentials. Does all the work that needs no database.
    pub(crate) fn new(
        (scope, zones): (ConnectionScope, Zones),
        request: &Incoming<'_>,
        (body, secret): (Verified, SecretId),
        headers: &str,
        at: Timestamp,
    ) -> Self {
        let (gateway, sha256) = (scope.gateway, body.sha256());
        let (first, others) = match parts::split(gateway, body.bytes()) {
            Split::Whole => {
                let part = Part::whole(&body);
                let reading = gateway.adapter().read(&part, at);
                (ReadEvent::new(gateway, request, (part.bytes(), sha256), (reading, None)), Vec::new())
            }
            Split::Faulty => (ReadEvent::faulty(gateway, sha256), Vec::new()),
            Split::Parts { first, others } => {
                let read = gateway.adapter().part_reader(body.bytes());
                let event = |(index, range): (i64, &Range<usize>)| {
                    let part = Part::of(&body, range);
                    let identity = Sha256::digest(part.bytes()).into();
                    ReadEvent::new(gateway, request, (part.bytes(), identity), (read(&part, at), Some(index)))
                };
                (event((0, &first)), (1..).zip(&others).map(event).collect())
            }
        };
        let frame = payload::pack(headers, body.bytes());
        Self { scope, zones, body, sha256, secret, frame, at, first, others }
    }

    /// Returns all events, in the order of the body.
    fn events(&self) -> impl Iterator<Item = &ReadEvent> {
        iter::once(&self.first).chain(&self.others)
    }

    /// Returns the number of events, at least one.
    pub(crate) const fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// True if it is a single event of that type that no rule reads.
    pub(crate) fn is_unhandled(&self, event_type: &str) -> bool {
        let ParsedEvent { event_type: own, content, .. } = &self.first.reading;
        own.as_deref() == Some(event_type) && matches!(content, EventContent::Unhandled) && self.first.part.is_none()
    }

    /// Returns headers and body, as they are stored.
    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Returns the gateway account that the body names, if any.
    pub(crate) fn account(&self) -> Option<&str> {
        self.scope.gateway.adapter().account(self.body.bytes())
    }

    /// Returns an upper bound of its memory, in bytes.
    pub(crate) fn queue_bytes(&self) -> usize {
        self.body.bytes().len() + self.frame.len() + self.others.len() * FURTHER_EVENT_BYTES
    }

    /// Returns the body of the response once all events are stored, if the gateway demands one.
    pub(crate) fn response_body(&self) -> Option<ResponseBody> {
        let mut ids = self.events().filter_map(|event| event.gateway_event_id.as_deref());
        self.scope.gateway.adapter().response_body(&mut ids)
    }
}

/// The queue space of each further event of a request, in bytes.
const FURTHER_EVENT_BYTES: usize = 16 * 1024;

/// An event of a verified request, without what all its events share.
pub(crate) struct ReadEvent {
    pub(crate) dedupe_key: [u8; 32],
    pub(crate) dedupe_prefix: String,
    pub(crate) gateway_event_id: Option<String>,
    pub(crate) reading: ParsedEvent,
    /// The index of the event in its request; `None` if the body is the event.
    pub(crate) part: Option<i64>,
}

impl ReadEvent {
    fn new(
        gateway: Gateway,
        request: &Incoming<'_>,
        (bytes, identity): (&[u8], [u8; 32]),
        (reading, part): (ParsedEvent, Option<i64>),
    ) -> Self {
        let gateway_event_id = gateway.adapter().event_id(request, bytes);
        Self {
            dedupe_key: adapter::dedupe_key(gateway, identity, gateway_event_id),
            dedupe_prefix: gateway.adapter().dedupe_prefix(bytes).to_owned(),
            gateway_event_id: gateway_event_id.map(str::to_owned),
            reading: reading.received(&identity),
            part,
        }
    }

    /// Returns the event that stands for a faulty body. It is identified by its bytes alone: an id in it is that of an event
    /// which the gateway may still send on its own.
    fn faulty(gateway: Gateway, sha256: [u8; 32]) -> Self {
        Self {
            dedupe_key: adapter::dedupe_key(gateway, sha256, None),
            dedupe_prefix: String::new(),
            gateway_event_id: None,
            reading: ParsedEvent::quarantined(None, parts::FAULTY_PARTS),
            part: None,
        }
    }
}

/// An event with its request, in the unit of work that stores it.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) request: &'a VerifiedRequest,
    pub(crate) event: &'a ReadEvent,
    /// The id of the row if this is a new event.
    pub(crate) id: EventId,
    /// The id under which headers and body are stored: that of the first event of the request.
    pub(crate) request_id: EventId,
}

/// Returns the events of the requests, in their order, with ids.
///
/// # Errors
/// If the database fails.
pub(crate) async fn arrivals<'a>(tx: &mut Tx, requests: &[&'a VerifiedRequest]) -> Result<Vec<Arrival<'a>>, DbError> {
    let ids = ids::take(tx, requests.iter().map(|request| request.count()).sum()).await?;
    let mut rest = ids.as_slice();
    let mut arrivals = Vec::with_capacity(ids.len());
    for request in requests {
        let (own, others) = rest.split_at(request.count());
        arrivals.extend(request.events().zip(own).map(|(event, id)| Arrival { request, event, id: *id, request_id: own[0] }));
        rest = others;
    }
    Ok(arrivals)
}

impl<'a> Arrival<'a> {
    /// True for the first event of its request.
    pub(crate) fn is_first(&self) -> bool {
        self.id == self.request_id
    }

    /// Returns the id of the request if it is not that of the event.
    pub(crate) fn other_request_id(&self) -> Option<EventId> {
        (!self.is_first()).then_some(self.request_id)
    }

    /// Returns the SHA-256 of the request's body, if it is not the deduplication key.
    pub(crate) fn other_sha256(&self) -> Option<&'a [u8]> {
        (self.request.sha256 != self.event.dedupe_key).then_some(&self.request.sha256)
    }

    /// Returns the deduplication key: arrivals with equal keys are the same event.
    fn key(&self) -> Key<'a> {
        (self.request.scope.connection, &self.event.dedupe_prefix, &self.event.dedupe_key)
    }
}

/// An arrival, and the transaction that its observation belongs to.
pub(crate) type ProjectedArrival<'a> = (Arrival<'a>, Option<TransactionId>);

type Key<'a> = (ConnectionId, &'a str, &'a [u8; 32]);

/// The arrivals of a batch that are the same event.
pub(crate) struct Group<'a> {
    pub(crate) first: Arrival<'a>,
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
    fn new((first, transaction): ProjectedArrival<'a>) -> Self {
        let (event, gateway_event_id, last_at) = (first.id, first.event.gateway_event_id.clone(), first.request.at);
        Self { first, transaction, received_count: 0, is_flagged: false, last_at, event, gateway_event_id }
    }

    fn add(&mut self, arrival: Arrival<'_>) {
        self.received_count += 1;
        self.is_flagged |= arrival.event.gateway_event_id != self.first.event.gateway_event_id;
        self.last_at = self.last_at.max(arrival.request.at);
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
pub(crate) async fn append(tx: &mut Tx, batch: &[ProjectedArrival<'_>]) -> Result<(), DbError> {
    let mut groups = group(batch);
    if !log::insert(tx, &groups.values().collect::<Vec<_>>()).await? {
        receive_again(tx, &mut groups).await?;
    }
    let mut new: Vec<&Group<'_>> = groups.values().filter(|group| group.is_new()).collect();
    // The body of a request with several events is stored once.
    let mut requests = HashSet::new();
    new.retain(|Group { first, .. }| first.event.part.is_none() || requests.insert(first.request_id));
    log::insert_payloads(tx, &new).await?;
    claim_ids(tx, batch, &groups).await
}

/// Stores a request with a single event, unless that is already stored. Records no event id, so that the event conflicts with no
/// other. Returns the id of the new event.
///
/// # Errors
/// If the database fails; then nothing is stored.
pub(crate) async fn append_alone(tx: &mut Tx, request: &VerifiedRequest) -> Result<Option<EventId>, DbError> {
    let arrivals = arrivals(tx, &[request]).await?;
    let groups = group(&arrivals.iter().map(|arrival| (*arrival, None)).collect::<Vec<_>>());
    let groups: Vec<&Group<'_>> = groups.values().collect();
    if !log::insert(tx, &groups).await? {
        return Ok(None);
    }
    log::insert_payloads(tx, &groups).await?;
    Ok(arrivals.first().map(|arrival| arrival.id))
}

fn group<'a>(batch: &[ProjectedArrival<'a>]) -> Groups<'a> {
    let mut groups = Groups::new();
    for projected in batch {
        groups.entry(projected.0.key()).or_insert_with(|| Group::new(*projected)).add(projected.0);
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
        if let Some(found) = found.get(&(group.first.request.scope.connection, group.first.event.dedupe_key.to_vec())) {
            group.event = found.id;
            group.gateway_event_id.clone_from(&found.gateway_event_id);
        }
    }
    Ok(())
}

/// Records the gateway ids, and marks a new event as a conflict if another event had its id first.
async fn claim_ids(tx: &mut Tx, batch: &[ProjectedArrival<'_>], groups: &Groups<'_>) -> Result<(), DbError> {
    let claims = claims(batch, groups);
    let are_all_first =
        log::claim(tx, &claims.iter().map(|(key, event)| (key.0, key.1, *event)).collect::<Vec<Claim<'_>>>()).await?;
    for group in groups.values().filter(|group| group.is_new()) {
        let Some(id) = group.first.event.gateway_event_id.as_deref() else { continue };
        let connection = group.first.request.scope.connection;
        let first = match claims.get(&(connection, id)) {
            Some(first) if are_all_first => *first,
            _ => log::find_first(tx, connection, id).await?,
        };
        if first != group.event {
            log::update_conflict(tx, group.event, State::of(&group.first.event.reading.content, true), first).await?;
        }
    }
    Ok(())
}

/// Maps each gateway id to the first event of this batch that has it. Omits ids that are already stored with their event.
fn claims<'a>(batch: &[ProjectedArrival<'a>], groups: &Groups<'a>) -> BTreeMap<(ConnectionId, &'a str), EventId> {
    let mut claims = BTreeMap::new();
    for (arrival, _) in batch {
        let (Some(id), Some(group)) = (arrival.event.gateway_event_id.as_deref(), groups.get(&arrival.key())) else { continue };
        if group.is_new() || group.gateway_event_id.as_deref() != Some(id) {
            claims.entry((arrival.request.scope.connection, id)).or_insert(group.event);
        }
    }
    claims
}

#[cfg(test)]
mod tests;
