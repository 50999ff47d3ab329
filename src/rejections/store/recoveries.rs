//! The `recoveries` table: which events were refused first, and who let them in.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AppId, EventId, RejectionId},
        time::Timestamp,
    },
};

sql! {
    INSERT = "INSERT INTO recoveries (event_id, app_id, rejection_id, refused_at, recovered_at, recovered_by) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT rejection_id, refused_at, recovered_by FROM recoveries WHERE app_id = $1 AND event_id = $2";
    IS_RECOVERED = "SELECT EXISTS (SELECT 1 FROM recoveries WHERE event_id = $1)";
    /// The key is the event's, so that it takes no more than the events between take.
    LIST_BETWEEN = "SELECT event_id FROM recoveries WHERE event_id >= $2 AND event_id <= $3 AND app_id = $1";
    LIST_OF_REJECTION = "SELECT event_id FROM recoveries WHERE rejection_id = $2 AND app_id = $1 ORDER BY event_id DESC LIMIT $3";
}

/// An event that was let in.
pub(crate) struct New<'a> {
    pub(crate) event: EventId,
    pub(crate) app: AppId,
    pub(crate) rejection: RejectionId,
    pub(crate) refused_at: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) by: &'a str,
}

/// Notes that an event was refused first.
pub(crate) async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT).bind(new.event).bind(new.app).bind(new.rejection).bind(new.refused_at).bind(new.at).bind(new.by)
    )?;
    Ok(())
}

/// When an event was refused, and who let it in.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Recovery {
    /// Nothing where that was not noted yet. It may be deleted by now.
    pub(crate) rejection_id: Option<RejectionId>,
    pub(crate) refused_at: Timestamp,
    pub(crate) recovered_by: String,
}

/// Whether and by whom the app's event was recovered.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, event: EventId) -> Result<Option<Recovery>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(event).fetch_optional(conn).await)
}

/// Whether an event was recovered, of any app: then it was received when a person accepted it.
pub(crate) async fn is_recovered(on: impl Into<Exec<'_>>, event: EventId) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(IS_RECOVERED).bind(event).fetch_one(conn).await)
}

/// The app's recovered events from one id to another.
pub(crate) async fn list_between(
    on: impl Into<Exec<'_>>,
    app: AppId,
    (first, last): (EventId, EventId),
) -> Result<Vec<EventId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_BETWEEN).bind(app).bind(first).bind(last).fetch_all(conn).await)
}

/// The newest events that were let in from one of the app's rejections.
pub(crate) async fn list_of_rejection(
    on: impl Into<Exec<'_>>,
    app: AppId,
    rejection: RejectionId,
    limit: i64,
) -> Result<Vec<EventId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_OF_REJECTION).bind(app).bind(rejection).bind(limit).fetch_all(conn).await)
}
