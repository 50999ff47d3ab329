//! The `recoveries` table: which events were rejected first, and who recovered them.

use std::collections::HashSet;

use sqlx::query::QueryScalar;

use crate::{
    db::{
        DbError, Exec, Tx, execute,
        list::{among_page, page_ids},
        run, sql,
    },
    primitives::{
        id::{AppId, EventId, RejectionId},
        time::Timestamp,
    },
};

sql! {
    INSERT = "INSERT INTO recoveries (event_id, app_id, rejection_id, rejected_at, recovered_at, recovered_by) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT rejection_id, rejected_at, recovered_by FROM recoveries WHERE app_id = $1 AND event_id = $2";
    IS_RECOVERED = "SELECT EXISTS (SELECT 1 FROM recoveries WHERE event_id = $1)";
    LIST_AMONG = concat!("SELECT event_id FROM recoveries WHERE app_id = $1 AND event_id ", among_page!());
    /// The key is the event's, so that the cost is bounded by the events in the range.
    LIST_OF_EXPORT = "SELECT event_id FROM recoveries WHERE event_id >= $1 AND event_id <= $2 \
                      AND (CAST($3 AS BOOLEAN) OR app_id = $4)";
    LIST_OF_REJECTION = "SELECT event_id FROM recoveries WHERE rejection_id = $2 AND app_id = $1 ORDER BY event_id DESC LIMIT $3";
}

/// A recovered event.
pub(crate) struct New<'a> {
    pub(crate) event: EventId,
    pub(crate) app: AppId,
    pub(crate) rejection: RejectionId,
    pub(crate) rejected_at: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) by: &'a str,
}

/// Records that an event was rejected first.
pub(crate) async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT).bind(new.event).bind(new.app).bind(new.rejection).bind(new.rejected_at).bind(new.at).bind(new.by)
    )?;
    Ok(())
}

/// When an event was rejected, and who recovered it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Recovery {
    /// `None` in rows older than this column. The rejection may be deleted by now.
    pub(crate) rejection_id: Option<RejectionId>,
    pub(crate) rejected_at: Timestamp,
    pub(crate) recovered_by: String,
}

/// Returns the recovery of the app's event, if it was recovered.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, event: EventId) -> Result<Option<Recovery>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(event).fetch_optional(conn).await)
}

/// Whether an event of any app was recovered: its time of receipt is then when a user accepted it.
pub(crate) async fn is_recovered(on: impl Into<Exec<'_>>, event: EventId) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(IS_RECOVERED).bind(event).fetch_one(conn).await)
}

/// Returns which of the app's events on a page were recovered.
pub(crate) async fn list_among(
    on: impl Into<Exec<'_>>,
    app: AppId,
    events: impl Iterator<Item = EventId>,
) -> Result<Vec<EventId>, DbError> {
    let Some(events) = page_ids(events, EventId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| { events.iter().fold(sqlx::query_scalar(LIST_AMONG).bind(app), QueryScalar::bind).fetch_all(conn).await })
}

/// Returns the recovered events within a range of ids, of one app or of all.
pub(crate) async fn list_of_export(
    on: impl Into<Exec<'_>>,
    app: Option<AppId>,
    (first, last): (EventId, EventId),
) -> Result<HashSet<EventId>, DbError> {
    let found: Vec<EventId> = run!(on, |conn| sqlx::query_scalar(LIST_OF_EXPORT)
        .bind(first)
        .bind(last)
        .bind(app.is_none())
        .bind(app)
        .fetch_all(conn)
        .await)?;
    Ok(found.into_iter().collect())
}

/// Returns the newest events recovered from one of the app's rejections.
pub(crate) async fn list_of_rejection(
    on: impl Into<Exec<'_>>,
    app: AppId,
    rejection: RejectionId,
    limit: i64,
) -> Result<Vec<EventId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_OF_REJECTION).bind(app).bind(rejection).bind(limit).fetch_all(conn).await)
}
