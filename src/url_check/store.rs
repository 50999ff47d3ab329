//! The `url_checks` table: the last check of each connection's URL.

use super::{Check, Finding};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{id::ConnectionId, time::Timestamp},
};

sql! {
    FIND = "SELECT url, findings, checked_at FROM url_checks WHERE connection_id = $1";
    UPSERT = "INSERT INTO url_checks (connection_id, url, findings, checked_at) VALUES ($1, $2, $3, $4) \
              ON CONFLICT (connection_id) DO UPDATE SET url = excluded.url, findings = excluded.findings, checked_at = excluded.checked_at";
}

/// Returns the connection's last check, if there is one that this version can parse. The caller has checked access to
/// `connection`.
pub(crate) async fn find(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Option<Check>, DbError> {
    let row: Option<(String, String, Timestamp)> =
        run!(on, |conn| sqlx::query_as(FIND).bind(connection).fetch_optional(conn).await)?;
    Ok(row.and_then(|(url, findings, checked_at)| {
        let findings: Vec<Finding> = serde_json::from_str(&findings).ok()?;
        Some(Check { url, findings, checked_at })
    }))
}

/// Replaces the connection's last check.
pub(crate) async fn upsert(tx: &mut Tx, connection: ConnectionId, check: &Check) -> Result<(), DbError> {
    let findings = serde_json::to_string(&check.findings).unwrap_or_default();
    execute!(tx, sqlx::query(UPSERT).bind(connection).bind(&check.url).bind(findings).bind(check.checked_at))?;
    Ok(())
}
