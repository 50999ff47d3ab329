//! The `automation_emails` table.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AutomationId, RunId},
        time::Timestamp,
    },
};

sql! {
    INSERT = "INSERT INTO automation_emails (automation_id, recipient, queued_at, run_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    COUNT_SINCE = "SELECT COUNT(*) FROM automation_emails WHERE automation_id = $1 AND recipient = $2 AND queued_at > $3";
    REACHES_LIMIT = "SELECT COUNT(*) = $3 FROM (SELECT 1 FROM automation_emails WHERE automation_id = $1 AND queued_at > $2 LIMIT $3) AS counted";
    DELETE_BEFORE = "DELETE FROM automation_emails WHERE (automation_id, recipient, queued_at, run_id) IN \
                     (SELECT automation_id, recipient, queued_at, run_id FROM automation_emails WHERE queued_at < $1 ORDER BY queued_at LIMIT $2)";
}

/// The keyed digest of an address, by which emails to one recipient are counted.
pub(crate) type Digest = [u8; 32];

/// Records an email.
pub(crate) async fn insert(
    tx: &mut Tx,
    (automation, run): (AutomationId, RunId),
    recipient: &Digest,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(automation).bind(&recipient[..]).bind(now).bind(run))?;
    Ok(())
}

/// Counts the emails of an automation to a recipient after a time.
pub(crate) async fn count_since(
    on: impl Into<Exec<'_>>,
    automation: AutomationId,
    recipient: &Digest,
    since: Timestamp,
) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_SINCE).bind(automation).bind(&recipient[..]).bind(since).fetch_one(conn).await)
}

/// Deletes at most `limit` records from before a time; returns their number.
pub(crate) async fn delete_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_BEFORE).bind(before).bind(limit))
}

/// True if an automation has queued `limit` emails to any customers after a time.
pub(crate) async fn reaches_limit(
    on: impl Into<Exec<'_>>,
    automation: AutomationId,
    since: Timestamp,
    limit: i64,
) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(REACHES_LIMIT).bind(automation).bind(since).bind(limit).fetch_one(conn).await)
}
