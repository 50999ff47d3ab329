//! The `operator_alerts` table.

use crate::{
    alerts::operators::OperatorAlert,
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::time::Timestamp,
};

sql! {
    LIST = "SELECT problem, server, opened_at, detail, is_notified, last_message_at, resolved_at, revision FROM operator_alerts \
            WHERE server IN ('', $1)";
    INSERT = "INSERT INTO operator_alerts (problem, server, opened_at, detail, is_notified, last_message_at, resolved_at, revision) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
    UPDATE = "UPDATE operator_alerts SET opened_at = $4, detail = $5, is_notified = $6, last_message_at = $7, resolved_at = $8, \
              revision = revision + 1 WHERE problem = $1 AND server = $2 AND revision = $3";
    /// Those of servers that no longer exist: a server that has a problem sends a reminder every day.
    DELETE_OLD = "DELETE FROM operator_alerts WHERE COALESCE(last_message_at, opened_at) < $1";
}

/// Lists the alerts of a server, and those of all servers.
pub(crate) async fn list(on: impl Into<Exec<'_>>, server: &str) -> Result<Vec<OperatorAlert>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(server).fetch_all(conn).await)
}

/// Inserts an alert; [`DbError::NotUnique`] if another server has done so.
pub(crate) async fn insert(tx: &mut Tx, alert: &OperatorAlert) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(alert.problem)
            .bind(&alert.server)
            .bind(alert.opened_at)
            .bind(&alert.detail)
            .bind(alert.is_notified)
            .bind(alert.last_message_at)
            .bind(alert.resolved_at)
    )?;
    Ok(())
}

/// Stores a changed alert; returns false if another server has changed it since it was read.
pub(crate) async fn update(tx: &mut Tx, alert: &OperatorAlert) -> Result<bool, DbError> {
    let updated = execute!(
        tx,
        sqlx::query(UPDATE)
            .bind(alert.problem)
            .bind(&alert.server)
            .bind(alert.revision)
            .bind(alert.opened_at)
            .bind(&alert.detail)
            .bind(alert.is_notified)
            .bind(alert.last_message_at)
            .bind(alert.resolved_at)
    )?;
    Ok(updated > 0)
}

/// Deletes the alerts that were last reported before a time.
pub(crate) async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_OLD).bind(before))
}
