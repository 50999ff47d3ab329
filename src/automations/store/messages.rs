//! The `automation_messages` table.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AutomationId, CompanyId, RunId},
        time::Timestamp,
    },
};

sql! {
    INSERT = "INSERT INTO automation_messages (automation_id, recipient, queued_at, run_id, company_id) VALUES ($1, $2, $3, $4, $5) \
              ON CONFLICT DO NOTHING";
    COUNT_SINCE = "SELECT COUNT(*) FROM automation_messages WHERE automation_id = $1 AND recipient = $2 AND queued_at > $3";
    REACHES_LIMIT = "SELECT COUNT(*) = $3 FROM (SELECT 1 FROM automation_messages WHERE automation_id = $1 AND company_id IS NOT NULL \
                     AND queued_at > $2 LIMIT $3) AS counted";
    FULL_SINCE = "SELECT queued_at FROM automation_messages WHERE company_id = $1 AND queued_at > $2 \
                  ORDER BY queued_at DESC LIMIT 1 OFFSET $3";
    DELETE_BEFORE = "DELETE FROM automation_messages WHERE (automation_id, recipient, queued_at, run_id) IN \
                     (SELECT automation_id, recipient, queued_at, run_id FROM automation_messages WHERE queued_at < $1 \
                     ORDER BY queued_at LIMIT $2)";
}

/// A keyed digest of a recipient: messages are counted without storing addresses.
pub(crate) type Digest = [u8; 32];

/// A message that counts towards the limits.
pub(crate) struct Counted {
    pub(crate) automation: AutomationId,
    pub(crate) run: RunId,
    pub(crate) recipient: Digest,
    /// The company, for an email to a customer.
    pub(crate) company: Option<CompanyId>,
    pub(crate) at: Timestamp,
}

/// Records a message.
pub(crate) async fn insert(tx: &mut Tx, message: &Counted) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(message.automation)
            .bind(&message.recipient[..])
            .bind(message.at)
            .bind(message.run)
            .bind(message.company)
    )?;
    Ok(())
}

/// Counts the messages of an automation to a recipient after a time.
pub(crate) async fn count_since(
    on: impl Into<Exec<'_>>,
    automation: AutomationId,
    recipient: &Digest,
    since: Timestamp,
) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_SINCE).bind(automation).bind(&recipient[..]).bind(since).fetch_one(conn).await)
}

/// True if an automation has queued `limit` emails to customers after a time.
pub(crate) async fn reaches_limit(
    on: impl Into<Exec<'_>>,
    automation: AutomationId,
    since: Timestamp,
    limit: i64,
) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(REACHES_LIMIT).bind(automation).bind(since).bind(limit).fetch_one(conn).await)
}

/// If the automations of a company have queued `limit` emails to customers after a time, returns when the first of the last `limit` was
/// queued.
pub(crate) async fn full_since(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    since: Timestamp,
    limit: i64,
) -> Result<Option<Timestamp>, DbError> {
    run!(on, |conn| sqlx::query_scalar(FULL_SINCE).bind(company).bind(since).bind(limit - 1).fetch_optional(conn).await)
}

/// Deletes at most `limit` records from before a time; returns their number.
pub(crate) async fn delete_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_BEFORE).bind(before).bind(limit))
}
