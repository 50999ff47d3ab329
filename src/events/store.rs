//! The `events` and `event_payloads` tables, as they are read.

pub(crate) mod log;

use super::{Event, State};
use crate::{
    db::{DbError, Exec, run, sql},
    gateways::Mode,
    primitives::{
        id::{AppId, ConnectionId, EventId, TransactionId},
        time::Timestamp,
    },
};

/// What is read of a row, everywhere in the same order.
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, gateway_event_id, event_type, \
             body_sha256, state, fault, conflict_with, transaction_id, amount_subunits, currency, reference, \
             subject_id, subject_status, secret_id, receipts, is_flagged, occurred_at, is_time_borrowed, received_at, last_received_at"
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND id = $2");
    FIND_PAYLOAD = "SELECT headers, body FROM event_payloads WHERE event_id = $1";
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND mode = $2 AND id < $3 \
                  AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR substr(event_type, 1, length(CAST($5 AS TEXT))) = $5) \
                  ORDER BY id DESC LIMIT $6");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND mode = $2 AND id > $3 \
                  AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR substr(event_type, 1, length(CAST($5 AS TEXT))) = $5) \
                  ORDER BY id LIMIT $6");
    LIST_LAST = concat!("SELECT ", columns!(), " FROM events WHERE connection_id = $1 ORDER BY id DESC LIMIT $2");
    LIST_SIGNED_TIMES = "SELECT id, connection_id, occurred_at, is_time_borrowed, received_at FROM events WHERE id <= $1 ORDER BY id DESC LIMIT $2";
    LIST_SIGNED_TIMES_OF = "SELECT id, connection_id, occurred_at, is_time_borrowed, received_at FROM events WHERE connection_id = $1 AND id <= $2 ORDER BY id DESC LIMIT $3";
    LIST_ORDER_REPORTS = "SELECT DISTINCT event_type, amount_subunits, currency FROM events WHERE transaction_id = $1 \
                          AND event_type IN ('order.paid', 'payment_link.partially_paid', 'invoice.partially_paid')";
    LIST_OF_TRANSACTION = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND transaction_id = $2 ORDER BY id LIMIT $3");
    /// In any order of ids, so that SQLite takes the index of references and not that of the app.
    FIND_BY_REFERENCE = concat!("SELECT ", columns!(), " FROM events WHERE app_id = $1 AND reference IN ($2, $3) \
                         AND mode = $4 ORDER BY received_at DESC LIMIT 1");
    COUNT = "SELECT COUNT(*) FROM events";
    EXPORT = concat!("SELECT ", columns!(), " FROM events WHERE id > $1 ORDER BY id LIMIT $2");
    /// COALESCE keeps it in the order of the ids: by the index of the app, each page would sort all that the app has.
    EXPORT_APP = concat!("SELECT ", columns!(), " FROM events WHERE id > $1 AND COALESCE(app_id, app_id) = $3 ORDER BY id LIMIT $2");
}

/// The app's event.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: EventId) -> Result<Option<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// The newest event with that reference, in capitals or as it was typed.
pub(crate) async fn find_by_reference(
    on: impl Into<Exec<'_>>,
    app: AppId,
    mode: Mode,
    reference: &str,
) -> Result<Option<Event>, DbError> {
    let capitals = reference.to_uppercase();
    run!(on, |conn| sqlx::query_as(FIND_BY_REFERENCE)
        .bind(app)
        .bind(reference)
        .bind(&capitals)
        .bind(mode.slug())
        .fetch_optional(conn)
        .await)
}

/// How many there are, of every app.
pub(crate) async fn count(on: impl Into<Exec<'_>>) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).fetch_one(conn).await)
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

/// When an event was signed and received.
#[derive(sqlx::FromRow)]
pub(crate) struct EventTimes {
    pub(crate) id: EventId,
    pub(crate) connection_id: ConnectionId,
    occurred_at: Option<Timestamp>,
    is_time_borrowed: bool,
    pub(crate) received_at: Timestamp,
}

impl EventTimes {
    /// The event's own time: that of its payment may be much earlier.
    pub(crate) fn signed_at(&self) -> Option<Timestamp> {
        self.occurred_at.filter(|_| !self.is_time_borrowed)
    }
}

/// When the newest events that were first received up to a moment were signed and received, of one connection or of all,
/// newest first. `connection` is one the caller was allowed to see.
pub(crate) async fn list_signed_times(
    on: impl Into<Exec<'_>>,
    connection: Option<ConnectionId>,
    up_to: EventId,
    limit: i64,
) -> Result<Vec<EventTimes>, DbError> {
    if let Some(connection) = connection {
        return run!(on, |conn| {
            sqlx::query_as(LIST_SIGNED_TIMES_OF).bind(connection).bind(up_to).bind(limit).fetch_all(conn).await
        });
    }
    run!(on, |conn| sqlx::query_as(LIST_SIGNED_TIMES).bind(up_to).bind(limit).fetch_all(conn).await)
}

/// What an event says of the order of its payment: its type, and the amount and currency that it names.
pub(crate) type OrderReport = (String, Option<i64>, Option<String>);

/// What the events of a transaction say of its order. `transaction` is one the caller was allowed to see.
pub(crate) async fn list_order_reports(on: impl Into<Exec<'_>>, transaction: TransactionId) -> Result<Vec<OrderReport>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ORDER_REPORTS).bind(transaction).fetch_all(conn).await)
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
