//! The `replays` table.

use super::{Range, Replay, Scope};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{DestinationId, MessageId, ReplayId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, destination_id, scope, since, until, cursor, replayed, expected, created_by, created_at, ended_at, is_canceled"
    };
}

sql! {
    /// At most one replay of a destination runs.
    INSERT = "INSERT INTO replays (id, destination_id, scope, since, until, cursor, replayed, expected, created_by, created_at, is_canceled) \
              VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, FALSE) ON CONFLICT (destination_id) WHERE ended_at IS NULL DO NOTHING";
    FIND_LATEST = concat!("SELECT ", columns!(), " FROM replays WHERE destination_id = $1 ORDER BY id DESC LIMIT 1");
    /// In the order of the destinations, each of which has at most one running replay.
    LIST_RUNNING = concat!("SELECT ", columns!(), " FROM replays WHERE ended_at IS NULL AND destination_id > $1 ORDER BY destination_id LIMIT 50");
    ADVANCE = "UPDATE replays SET cursor = $3, replayed = replayed + $4, ended_at = $5 WHERE id = $1 AND cursor = $2 AND ended_at IS NULL";
    CANCEL = "UPDATE replays SET ended_at = $2, is_canceled = TRUE WHERE destination_id = $1 AND ended_at IS NULL";
}

/// A replay to store.
pub(crate) struct New<'a> {
    pub(crate) id: ReplayId,
    pub(crate) destination: DestinationId,
    pub(crate) scope: Scope,
    pub(crate) range: Range,
    pub(crate) cursor: MessageId,
    pub(crate) expected: Option<i64>,
    pub(crate) by: &'a str,
    pub(crate) now: Timestamp,
}

/// Stores a replay; returns false if another replay of the destination is running.
pub(super) async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<bool, DbError> {
    let stored = execute!(
        tx,
        sqlx::query(INSERT)
            .bind(new.id)
            .bind(new.destination)
            .bind(new.scope)
            .bind(new.range.since)
            .bind(new.range.until)
            .bind(new.cursor)
            .bind(new.expected)
            .bind(new.by)
            .bind(new.now)
    )?;
    Ok(stored > 0)
}

/// Finds the latest replay of a destination. The caller has checked access to the destination.
pub(crate) async fn find_latest(on: impl Into<Exec<'_>>, destination: DestinationId) -> Result<Option<Replay>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_LATEST).bind(destination).fetch_optional(conn).await)
}

/// Lists the next running replays of all companies, after the replay of the destination `after`.
pub(super) async fn list_running(on: impl Into<Exec<'_>>, after: DestinationId) -> Result<Vec<Replay>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_RUNNING).bind(after).fetch_all(conn).await)
}

/// Stores the position of a replay; returns false if it has ended, or another server has stored a later position.
pub(super) async fn advance(
    tx: &mut Tx,
    replay: &Replay,
    (cursor, replayed): (MessageId, i64),
    ended_at: Option<Timestamp>,
) -> Result<bool, DbError> {
    let advanced =
        execute!(tx, sqlx::query(ADVANCE).bind(replay.id).bind(replay.cursor).bind(cursor).bind(replayed).bind(ended_at))?;
    Ok(advanced > 0)
}

/// Ends the running replay of a destination; returns false if there is none.
pub(super) async fn cancel(tx: &mut Tx, destination: DestinationId, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(CANCEL).bind(destination).bind(now))? > 0)
}
