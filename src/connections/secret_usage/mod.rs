//! When each secret verified its first and its latest request. Only this module accesses the `secret_usage` table.
//!
//! Invariant: a write only moves the first use back and the latest use forward, so that servers may write in any order.

pub(crate) mod recorder;

use std::collections::BTreeMap;

use crate::{
    db::{
        DbError, Exec, Tx,
        batch::{execute_rows, rows},
        execute, run, sql,
    },
    primitives::{
        id::{ConnectionId, SecretId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

sql! {
    LIST_OF_CONNECTION = "SELECT secret_id, first_verified_at, last_verified_at FROM secret_usage WHERE connection_id = $1";
    HAS_LATER = "SELECT EXISTS (SELECT 1 FROM secret_usage WHERE last_verified_at > $1)";
    BOUND = "UPDATE secret_usage SET first_verified_at = CASE WHEN first_verified_at > $1 THEN $2 ELSE first_verified_at END, \
             last_verified_at = $2 WHERE last_verified_at > $1";
    COUNT_OF_CONNECTION = "SELECT COUNT(*) FROM secret_usage WHERE connection_id = $1";
}

rows! {
    USED = "INSERT INTO secret_usage (connection_id, secret_id, first_verified_at, last_verified_at) VALUES",
           "(?, ?, ?, ?)",
           "ON CONFLICT (connection_id, secret_id) DO UPDATE SET \
            first_verified_at = CASE WHEN secret_usage.first_verified_at < excluded.first_verified_at THEN secret_usage.first_verified_at ELSE excluded.first_verified_at END, \
            last_verified_at = CASE WHEN secret_usage.last_verified_at > excluded.last_verified_at THEN secret_usage.last_verified_at ELSE excluded.last_verified_at END";
}

/// The first and the latest use of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecretUse {
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

impl SecretUse {
    pub(crate) const fn once(at: Timestamp) -> Self {
        Self { first_at: at, last_at: at }
    }

    /// Merges two uses: the earlier first and the later last.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { first_at: self.first_at.min(other.first_at), last_at: self.last_at.max(other.last_at) }
    }
}

/// Uses buffered until they are written, in the order in which every server writes them.
pub(crate) type BufferedUsage = BTreeMap<(ConnectionId, SecretId), SecretUse>;

/// Lists the uses of a connection's secrets. The caller has checked access to `connection`.
pub(crate) async fn list(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Vec<(SecretId, SecretUse)>, DbError> {
    let rows: Vec<(SecretId, Timestamp, Timestamp)> =
        run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(|(id, first_at, last_at)| (id, SecretUse { first_at, last_at })).collect())
}

/// Returns how many of a connection's secrets have ever been used: it changes when one verifies its first request.
pub(crate) async fn count(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_OF_CONNECTION).bind(connection).fetch_one(conn).await)
}

/// True if a stored use is in the future, which means that the clock was ahead.
pub(crate) async fn has_later(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_LATER).bind(now.plus(CLOCK_TOLERANCE)).fetch_one(conn).await)
}

/// Caps stored times at now. `now` is from a clock known to be correct.
pub(crate) async fn clamp_future_times(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(BOUND).bind(now.plus(CLOCK_TOLERANCE)).bind(now))
}

/// Records uses.
pub(crate) async fn add(tx: &mut Tx, used: &BufferedUsage) -> Result<(), DbError> {
    let rows: Vec<_> = used.iter().collect();
    execute_rows!(tx, USED, &rows, |query, row| query.bind(row.0.0).bind(row.0.1).bind(row.1.first_at).bind(row.1.last_at))?;
    Ok(())
}
