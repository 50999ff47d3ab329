//! Writes the `events`, `event_payloads` and `event_ids` tables in batches.

use sqlx::FromRow;

use crate::{
    db::{
        DbError, Tx,
        batch::{execute_rows, fetch_rows, rows},
        execute, run, sql,
    },
    events::{
        State,
        append::{Arrival, Group},
        references,
    },
    gateways::{adapter::EventContent, payment::Reference},
    primitives::{
        id::{ConnectionId, EventId},
        time::Timestamp,
    },
};

macro_rules! insert {
    () => {
        "INSERT INTO events (id, connection_id, gateway_event_id, event_type, dedupe_prefix, dedupe_key, body_sha256, state, fault, \
         transaction_id, amount_subunits, currency, reference, subject_id, subject_status, references_json, \
         secret_id, received_count, is_flagged, \
         occurred_at, is_time_borrowed, request_id, part, received_at, last_received_at) VALUES"
    };
}
const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

rows! {
    INSERT = insert!(), ROW, "ON CONFLICT (connection_id, dedupe_prefix, dedupe_key) DO NOTHING";
    MADE = "SELECT id FROM events WHERE id IN (", "?", ")";
    LIST_STATES = "SELECT id, state FROM events WHERE id IN (", "?", ")";
    /// Flags the event if its gateway id differs from the stored one or is missing: the id is not signed.
    ADD_RECEIPTS = insert!(), ROW, "ON CONFLICT (connection_id, dedupe_prefix, dedupe_key) DO UPDATE SET \
                    received_count = events.received_count + excluded.received_count, last_received_at = excluded.last_received_at, \
                    is_flagged = events.is_flagged OR excluded.is_flagged \
                    OR events.gateway_event_id IS DISTINCT FROM excluded.gateway_event_id \
                    RETURNING id, connection_id, dedupe_key, gateway_event_id";
    DELETE_PAYLOADS = "DELETE FROM event_payloads WHERE request_id IN (", "?", ")";
    INSERT_PAYLOAD = "INSERT INTO event_payloads (request_id, received_at, frame) VALUES", "(?, ?, ?)", "";
    CLAIM_ID = "INSERT INTO event_ids (connection_id, gateway_event_id, event_id) VALUES", "(?, ?, ?)",
               "ON CONFLICT (connection_id, gateway_event_id) DO NOTHING";
    /// Looks for an event only while those before it are stored.
    ARE_STORED = "SELECT COALESCE(", "(SELECT FALSE WHERE NOT EXISTS (SELECT 1 FROM events \
                  WHERE connection_id = ? AND dedupe_prefix = ? AND dedupe_key = ?))", ", TRUE)";
}

sql! {
    FIND_FIRST = "SELECT event_id FROM event_ids WHERE connection_id = $1 AND gateway_event_id = $2";
    LIST_PAYLOADS = "SELECT request_id, received_at FROM event_payloads WHERE request_id > $1 ORDER BY request_id LIMIT $2";
    UPDATE_CONFLICT = "UPDATE events SET state = $2, conflict_with = $3 WHERE id = $1";
}

macro_rules! bind_group {
    ($query:expr, $group:expr) => {{
        let (request, event) = ($group.first.request, $group.first.event);
        let reading = &event.reading;
        let subject = subject(&reading.content);
        $query
            .bind($group.first.id)
            .bind(request.scope.connection)
            .bind(&event.gateway_event_id)
            .bind(&reading.event_type)
            .bind(&event.dedupe_prefix)
            .bind(event.dedupe_key.as_slice())
            .bind($group.first.other_sha256())
            .bind(State::of(&reading.content, false))
            .bind(fault(&reading.content))
            .bind($group.transaction)
            .bind(reading.amount.map(|amount| amount.subunits))
            .bind(reading.amount.map(|amount| amount.currency.to_string()))
            .bind(&reading.reference)
            .bind(subject.0)
            .bind(subject.1)
            .bind(references::to_json(reported_references(&reading.content)))
            .bind(request.secret)
            .bind($group.received_count)
            .bind($group.is_flagged)
            .bind(reading.occurred_at)
            .bind(reading.is_time_borrowed)
            .bind($group.first.other_request_id())
            .bind(event.part)
            .bind(request.at)
            .bind($group.last_at)
    }};
}

fn subject(content: &EventContent) -> (Option<&str>, Option<&'static str>) {
    match content {
        EventContent::Observation(facts) => facts.subject(),
        EventContent::Quarantined(_) | EventContent::Unhandled => (None, None),
    }
}

/// Returns the references that an event reports of its payment.
fn reported_references(content: &EventContent) -> &[Reference] {
    match content {
        EventContent::Observation(facts) => &facts.details.references,
        EventContent::Quarantined(_) | EventContent::Unhandled => &[],
    }
}

fn fault(content: &EventContent) -> Option<&'static str> {
    match content {
        EventContent::Quarantined(fault) => Some(fault),
        EventContent::Observation(_) | EventContent::Unhandled => None,
    }
}

/// Inserts the events that the connection does not have yet; returns whether all were new. `groups` are in key order.
pub(crate) async fn insert(tx: &mut Tx, groups: &[&Group<'_>]) -> Result<bool, DbError> {
    let added = execute_rows!(tx, INSERT, groups, |query, group| bind_group!(query, group))?;
    Ok(usize::try_from(added) == Ok(groups.len()))
}

/// Returns those of the ids that have a row.
pub(crate) async fn made(tx: &mut Tx, ids: &[EventId]) -> Result<Vec<EventId>, DbError> {
    let found = fetch_rows!(tx, MADE -> (EventId,), ids, |query, id| query.bind(id))?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Returns the states of those of the ids that have a row.
pub(crate) async fn states(tx: &mut Tx, ids: &[EventId]) -> Result<Vec<(EventId, State)>, DbError> {
    fetch_rows!(tx, LIST_STATES -> (EventId, State), ids, |query, id| query.bind(id))
}

/// Returns true if the connection has all events with these prefixes and keys.
pub(crate) async fn are_stored(tx: &mut Tx, connection: ConnectionId, keys: &[(&str, &[u8; 32])]) -> Result<bool, DbError> {
    let found = fetch_rows!(tx, ARE_STORED -> (bool,), keys, |query, key| {
        query.bind(connection).bind(key.0).bind(key.1.as_slice())
    })?;
    Ok(found.into_iter().all(|(are_stored,)| are_stored))
}

/// An event that was already stored.
#[derive(FromRow)]
pub(crate) struct Known {
    pub(crate) id: EventId,
    pub(crate) connection_id: ConnectionId,
    pub(crate) dedupe_key: Vec<u8>,
    pub(crate) gateway_event_id: Option<String>,
}

/// Raises the received counts of the events that the arrivals repeat.
pub(crate) async fn add_receipts(tx: &mut Tx, groups: &[&Group<'_>]) -> Result<Vec<Known>, DbError> {
    fetch_rows!(tx, ADD_RECEIPTS -> Known, groups, |query, group| bind_group!(query, group))
}

/// Inserts the frames of requests, each represented by one of its new events.
pub(crate) async fn insert_payloads(tx: &mut Tx, requests: &[&Group<'_>]) -> Result<(), DbError> {
    execute_rows!(tx, INSERT_PAYLOAD, requests, |query, group| {
        let Arrival { request, request_id, .. } = group.first;
        query.bind(request_id).bind(request.at).bind(request.frame())
    })?;
    Ok(())
}

/// A gateway id at a connection, and the event received with it.
pub(crate) type Claim<'a> = (ConnectionId, &'a str, EventId);

/// Inserts the ids that are not recorded yet; returns whether all were new. `claims` are in key order.
pub(crate) async fn claim(tx: &mut Tx, claims: &[Claim<'_>]) -> Result<bool, DbError> {
    let claimed = execute_rows!(tx, CLAIM_ID, claims, |query, claim| query.bind(claim.0).bind(claim.1).bind(claim.2))?;
    Ok(usize::try_from(claimed) == Ok(claims.len()))
}

/// Returns the event first received with that id.
pub(crate) async fn find_first(tx: &mut Tx, connection: ConnectionId, id: &str) -> Result<EventId, DbError> {
    run!(tx, |conn| sqlx::query_scalar(FIND_FIRST).bind(connection).bind(id).fetch_one(conn).await)
}

/// Marks an event of this unit of work as a conflict with `with`, which had its id first.
pub(crate) async fn update_conflict(tx: &mut Tx, id: EventId, state: State, with: EventId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_CONFLICT).bind(id).bind(state).bind(with))?;
    Ok(())
}

/// Lists the requests after `after` whose headers and body are stored, with the times when they were received, in the order of
/// their ids.
pub(crate) async fn list_payloads(tx: &mut Tx, after: EventId, limit: i64) -> Result<Vec<(EventId, Timestamp)>, DbError> {
    run!(tx, |conn| sqlx::query_as(LIST_PAYLOADS).bind(after).bind(limit).fetch_all(conn).await)
}

/// Deletes the headers and bodies of these requests; returns their number.
pub(crate) async fn delete_payloads(tx: &mut Tx, requests: &[EventId]) -> Result<u64, DbError> {
    execute_rows!(tx, DELETE_PAYLOADS, requests, |query, request| query.bind(request))
}
