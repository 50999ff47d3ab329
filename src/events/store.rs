//! The `events`, `event_payloads` and `event_ids` tables.

use super::{Arrival, Event, State};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::{
        Mode,
        adapter::{self, Content, Reading},
    },
    kernel::id::{AppId, ConnectionId, EventId, TransactionId},
};

/// What is read of a row, everywhere in the same order.
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, gateway_event_id, event_type, \
             body_sha256, state, fault, conflict_with, transaction_id, amount_subunits, currency, \
             secret_id, receipts, is_flagged, occurred_at, received_at, last_received_at"
    };
}

sql! {
    INSERT = "INSERT INTO events (id, company_id, app_id, connection_id, gateway, mode, gateway_event_id, event_type, locality, \
              identity, body_sha256, state, fault, amount_subunits, currency, secret_id, receipts, is_flagged, occurred_at, received_at, last_received_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, FALSE, $17, $18, $18) \
              ON CONFLICT (connection_id, locality, identity) DO NOTHING";
    INSERT_PAYLOAD = "INSERT INTO event_payloads (event_id, headers, body) VALUES ($1, $2, $3)";
    CLAIM_ID = "INSERT INTO event_ids (connection_id, gateway_event_id, event_id) VALUES ($1, $2, $3) \
                ON CONFLICT (connection_id, gateway_event_id) DO NOTHING";
    FIND_ID = "SELECT event_id FROM event_ids WHERE connection_id = $1 AND gateway_event_id = $2";
    UPDATE_CONFLICT = "UPDATE events SET state = $2, conflict_with = $3 WHERE id = $1";
    UPDATE_TRANSACTION = "UPDATE events SET transaction_id = $2 WHERE id = $1";
    /// Another id than the first one's, or none where there was one, marks the event: the id is not signed.
    ADD_RECEIPT = "UPDATE events SET receipts = events.receipts + 1, last_received_at = $4, \
                   is_flagged = events.is_flagged OR gateway_event_id IS DISTINCT FROM $5 \
                   WHERE connection_id = $1 AND locality = $2 AND identity = $3 RETURNING id";
    FIND = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND id = $2");
    FIND_PAYLOAD = "SELECT headers, body FROM event_payloads WHERE event_id = $1";
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND mode = $2 AND id < $3 \
                  AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR substr(event_type, 1, length(CAST($5 AS TEXT))) = $5) \
                  ORDER BY id DESC LIMIT $6");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND mode = $2 AND id > $3 \
                  AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR substr(event_type, 1, length(CAST($5 AS TEXT))) = $5) \
                  ORDER BY id LIMIT $6");
    LIST_LAST = concat!("SELECT ", columns!(), " FROM events WHERE connection_id = $1 ORDER BY id DESC LIMIT $2");
    LIST_OF_TRANSACTION = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND transaction_id = $2 ORDER BY id LIMIT $3");
    EXPORT = concat!("SELECT ", columns!(), " FROM events WHERE id > $1 ORDER BY id LIMIT $2");
    EXPORT_APP = concat!("SELECT ", columns!(), " FROM events WHERE id > $1 AND app_id = $3 ORDER BY id LIMIT $2");
}

/// A row to be inserted.
pub(super) struct NewEvent<'a> {
    pub(super) id: EventId,
    pub(super) arrival: &'a Arrival<'a>,
    pub(super) reading: &'a Reading,
    pub(super) sha256: [u8; 32],
    pub(super) identity: [u8; 32],
    pub(super) state: State,
}

/// Inserts the row unless the connection has the same event; whether it did.
pub(super) async fn insert(tx: &mut Tx, new: &NewEvent<'_>) -> Result<bool, DbError> {
    let (place, reading) = (new.arrival.place, new.reading);
    let fault = match reading.content {
        Content::Quarantined(fault) => Some(fault),
        _ => None,
    };
    let done = execute!(
        tx,
        sqlx::query(INSERT)
            .bind(new.id)
            .bind(place.company)
            .bind(place.app)
            .bind(place.connection)
            .bind(place.gateway.slug())
            .bind(place.mode.slug())
            .bind(new.arrival.gateway_event_id)
            .bind(&reading.event_type)
            .bind(adapter::locality(new.arrival.body.body()))
            .bind(new.identity.as_slice())
            .bind(new.sha256.as_slice())
            .bind(new.state.as_str())
            .bind(fault)
            .bind(reading.amount.map(|amount| amount.subunits))
            .bind(reading.amount.map(|amount| amount.currency.to_string()))
            .bind(new.arrival.secret)
            .bind(reading.occurred_at)
            .bind(new.arrival.at)
    )?;
    Ok(done == 1)
}

pub(super) async fn insert_payload(tx: &mut Tx, id: EventId, headers: &str, body: &[u8]) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT_PAYLOAD).bind(id).bind(headers).bind(body))?;
    Ok(())
}

/// Remembers the gateway's id, and returns the event that had it first.
pub(super) async fn claim_id(
    tx: &mut Tx,
    connection: ConnectionId,
    gateway_id: &str,
    event: EventId,
) -> Result<EventId, DbError> {
    let done = execute!(&mut *tx, sqlx::query(CLAIM_ID).bind(connection).bind(gateway_id).bind(event))?;
    if done == 1 {
        return Ok(event);
    }
    run!(tx, |conn| sqlx::query_scalar(FIND_ID).bind(connection).bind(gateway_id).fetch_one(conn).await)
}

pub(super) async fn update_conflict(tx: &mut Tx, id: EventId, state: State, with: EventId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_CONFLICT).bind(id).bind(state.as_str()).bind(with))?;
    Ok(())
}

/// Ties the event to the transaction whose story it is part of.
pub(crate) async fn update_transaction(tx: &mut Tx, id: EventId, transaction: TransactionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_TRANSACTION).bind(id).bind(transaction))?;
    Ok(())
}

/// Counts the request as a receipt more of the event it repeats.
pub(super) async fn add_receipt(tx: &mut Tx, arrival: &Arrival<'_>, identity: &[u8]) -> Result<EventId, DbError> {
    run!(tx, |conn| sqlx::query_scalar(ADD_RECEIPT)
        .bind(arrival.place.connection)
        .bind(adapter::locality(arrival.body.body()))
        .bind(identity)
        .bind(arrival.at)
        .bind(arrival.gateway_event_id)
        .fetch_one(conn)
        .await)
}

/// The app's event.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: EventId) -> Result<Option<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// Headers as JSON, and the exact octets, of an event that was found as the app's.
pub(crate) async fn find_payload(on: impl Into<Exec<'_>>, id: EventId) -> Result<Option<(String, Vec<u8>)>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_PAYLOAD).bind(id).fetch_optional(conn).await)
}

/// Which events a list shows.
pub(crate) struct Filter {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) state: Option<State>,
    /// How the type begins.
    pub(crate) event_type: Option<String>,
}

/// Those before `from`, newest first.
pub(crate) async fn list_older(
    on: impl Into<Exec<'_>>,
    filter: &Filter,
    from: EventId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    list(on, LIST_OLDER, filter, from, limit).await
}

/// Those after `from`, newest first.
pub(crate) async fn list_newer(
    on: impl Into<Exec<'_>>,
    filter: &Filter,
    from: EventId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    let mut found = list(on, LIST_NEWER, filter, from, limit).await?;
    found.reverse();
    Ok(found)
}

async fn list(
    on: impl Into<Exec<'_>>,
    text: &'static str,
    filter: &Filter,
    from: EventId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(text)
        .bind(filter.app)
        .bind(filter.mode.slug())
        .bind(from)
        .bind(filter.state.map(State::as_str))
        .bind(&filter.event_type)
        .bind(limit)
        .fetch_all(conn)
        .await)
}

/// The newest events of a connection.
pub(crate) async fn list_last(on: impl Into<Exec<'_>>, connection: ConnectionId, limit: i64) -> Result<Vec<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_LAST).bind(connection).bind(limit).fetch_all(conn).await)
}

/// The events of a transaction, in the order they came.
pub(crate) async fn list_of_transaction(
    on: impl Into<Exec<'_>>,
    app: AppId,
    transaction: TransactionId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_TRANSACTION).bind(app).bind(transaction).bind(limit).fetch_all(conn).await)
}

/// The next of all events in the order they came, or of one app's.
pub(crate) async fn export(
    on: impl Into<Exec<'_>>,
    after: EventId,
    app: Option<AppId>,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    match app {
        None => run!(on, |conn| sqlx::query_as(EXPORT).bind(after).bind(limit).fetch_all(conn).await),
        Some(app) => run!(on, |conn| sqlx::query_as(EXPORT_APP).bind(after).bind(limit).bind(app).fetch_all(conn).await),
    }
}
