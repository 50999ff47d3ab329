//! The `test_events` table: which events are test events.

use sqlx::query::QueryAs;

use super::TestEvent;
use crate::{
    connections::ConnectionScope,
    db::{
        DbError, Exec, Tx, execute,
        list::{among_page, page_ids},
        run, sql,
    },
    primitives::{
        id::{AppId, ConnectionId, EventId},
        time::Timestamp,
    },
};

macro_rules! select {
    ($condition:expr) => {
        concat!("SELECT event_id, millis, received_at FROM test_events WHERE ", $condition)
    };
}

sql! {
    CLAIM = "INSERT INTO test_events (event_id, app_id, connection_id, body_sha256, received_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (connection_id, body_sha256) DO NOTHING";
    IS_CLAIMED = "SELECT EXISTS (SELECT 1 FROM test_events WHERE connection_id = $1 AND body_sha256 = $2)";
    SET_MILLIS = "UPDATE test_events SET millis = $3 WHERE connection_id = $1 AND body_sha256 = $2";
    FIND = select!("app_id = $1 AND event_id = $2");
    FIND_LAST = select!("connection_id = $1 ORDER BY event_id DESC LIMIT 1");
    LIST_AMONG = concat!(select!("app_id = $1 AND event_id "), among_page!());
    /// The key is the event's, so that the cost is bounded by the events in the range.
    LIST_OF_EXPORT = select!("event_id >= $1 AND event_id <= $2 AND (CAST($3 AS BOOLEAN) OR app_id = $4)");
}

/// Records that an event is a test event; returns false if its body was one before.
pub(crate) async fn claim(
    tx: &mut Tx,
    scope: &ConnectionScope,
    (event, sha256): (EventId, &[u8; 32]),
    at: Timestamp,
) -> Result<bool, DbError> {
    let claimed =
        execute!(tx, sqlx::query(CLAIM).bind(event).bind(scope.app).bind(scope.connection).bind(sha256.as_slice()).bind(at))?;
    Ok(claimed > 0)
}

/// True if that body is a test event of the connection.
pub(crate) async fn is_claimed(on: impl Into<Exec<'_>>, connection: ConnectionId, sha256: &[u8; 32]) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(IS_CLAIMED).bind(connection).bind(sha256.as_slice()).fetch_one(conn).await)
}

/// Notes how long the request of a test event took; returns false if there is no such event.
pub(super) async fn set_millis(tx: &mut Tx, connection: ConnectionId, sha256: &[u8; 32], millis: i64) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(SET_MILLIS).bind(connection).bind(sha256.as_slice()).bind(millis))? > 0)
}

/// Returns the app's test event with that id, if the event is one.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, event: EventId) -> Result<Option<TestEvent>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(event).fetch_optional(conn).await)
}

/// Returns the last test event of a connection. The caller has checked access to `connection`.
pub(crate) async fn find_last(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Option<TestEvent>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_LAST).bind(connection).fetch_optional(conn).await)
}

/// Returns those of the app's events on a page that are test events.
pub(crate) async fn list_among(
    on: impl Into<Exec<'_>>,
    app: AppId,
    events: impl Iterator<Item = EventId>,
) -> Result<Vec<TestEvent>, DbError> {
    let Some(events) = page_ids(events, EventId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| { events.iter().fold(sqlx::query_as(LIST_AMONG).bind(app), QueryAs::bind).fetch_all(conn).await })
}

/// Returns the test events within a range of ids, of one app or of all.
pub(crate) async fn list_of_export(
    on: impl Into<Exec<'_>>,
    app: Option<AppId>,
    (first, last): (EventId, EventId),
) -> Result<Vec<TestEvent>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_EXPORT).bind(first).bind(last).bind(app.is_none()).bind(app).fetch_all(conn).await)
}
