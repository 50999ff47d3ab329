//! The `notifications` table.

use super::{Failure, Kind, Notification, Purpose};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AlertId, ChannelId, CompanyId, NotificationId, RunId},
        time::Timestamp,
    },
};

/// The columns of a [`Notification`].
macro_rules! columns {
    () => {
        "id, company_id, kind, channel_id, purpose, alert_id, state, attempts, due_at, last_failure, last_answer, created_at, \
         expires_at, ended_at"
    };
}

sql! {
    INSERT = "INSERT INTO notifications (id, company_id, kind, channel_id, recipient, content, purpose, alert_id, state, attempts, \
              due_at, created_at, expires_at, run_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, $10, $11, $12)";
    IS_ANY_DUE = "SELECT EXISTS (SELECT 1 FROM notifications WHERE kind = $1 AND due_at <= $2)";
    /// The outer condition on due_at: of two servers that read the same rows, one claims them.
    CLAIM = "UPDATE notifications SET state = 'sending', claim = $4, due_at = $5 WHERE due_at <= $2 AND id IN \
             (SELECT id FROM notifications WHERE kind = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3) \
             RETURNING id, channel_id, recipient, content, attempts, expires_at";
    /// The next channel with messages that have not ended, due or not.
    NEXT_CHANNEL = "SELECT channel_id FROM notifications WHERE kind = $1 AND channel_id > $2 AND due_at IS NOT NULL \
                    ORDER BY channel_id LIMIT 1";
    LIST_DUE = "SELECT id FROM notifications WHERE kind = $1 AND channel_id = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4";
    CLAIM_OF_CHANNEL = "UPDATE notifications SET state = 'sending', claim = $5, due_at = $6 WHERE due_at <= $3 AND id IN \
                        (SELECT id FROM notifications WHERE kind = $1 AND channel_id = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4) \
                        RETURNING id, channel_id, recipient, content, attempts, expires_at";
    /// The service asked for a pause, so the attempt is not counted.
    POSTPONE = "UPDATE notifications SET state = 'waiting', due_at = $3, claim = NULL, last_failure = 'deferred', last_answer = $4 \
                WHERE id = $1 AND claim = $2";
    POSTPONE_CHANNEL = "UPDATE notifications SET state = 'waiting', claim = NULL, due_at = $4, last_failure = 'deferred' \
                        WHERE due_at <= $3 AND id IN \
                        (SELECT id FROM notifications WHERE kind = $1 AND channel_id = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $5)";
    RETRY = "UPDATE notifications SET state = 'waiting', attempts = attempts + 1, due_at = $3, claim = NULL, last_failure = $4, \
             last_answer = $5 WHERE id = $1 AND claim = $2";
    /// An accepted message is sent, even if its claim has expired.
    END_SENT = "UPDATE notifications SET state = 'sent', attempts = attempts + 1, due_at = NULL, claim = NULL, recipient = NULL, \
                content = NULL, last_failure = NULL, last_answer = NULL, ended_at = $2 WHERE id = $1 AND due_at IS NOT NULL";
    END_FAILED = "UPDATE notifications SET state = 'failed', attempts = attempts + 1, due_at = NULL, claim = NULL, recipient = NULL, \
                  content = NULL, last_failure = $3, last_answer = $4, ended_at = $5 WHERE id = $1 AND claim = $2";
    /// It keeps the failure of its last attempt, which is why it was not sent.
    END_EXPIRED = "UPDATE notifications SET state = 'failed', due_at = NULL, claim = NULL, recipient = NULL, content = NULL, \
                   last_failure = COALESCE(last_failure, 'expired'), ended_at = $3 WHERE id = $1 AND claim = $2";
    CANCEL_OF_RUN = "UPDATE notifications SET state = 'canceled', due_at = NULL, recipient = NULL, content = NULL, ended_at = $2 \
                     WHERE run_id = $1 AND state = 'waiting'";
    /// The claims of a process that has ended; only one server uses SQLite's files.
    RELEASE_ALL = "UPDATE notifications SET state = 'waiting', claim = NULL, due_at = $1 WHERE state = 'sending'";
    /// Times that no correct clock has planned become due.
    REPAIR = "UPDATE notifications SET state = 'waiting', claim = NULL, due_at = $2 WHERE id IN \
              (SELECT id FROM notifications WHERE kind IN ('email', 'slack', 'teams', 'discord', 'telegram') AND due_at > $1 LIMIT $3)";
    DELETE_BEFORE = "DELETE FROM notifications WHERE id IN \
                     (SELECT id FROM notifications WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
    FIND = concat!("SELECT ", columns!(), " FROM notifications WHERE id = $1");
    LIST_OF_ALERT = concat!("SELECT ", columns!(), " FROM notifications WHERE alert_id = $1 ORDER BY id DESC LIMIT 200");
    LIST_OF_RUN = concat!("SELECT ", columns!(), " FROM notifications WHERE run_id = $1 ORDER BY id DESC LIMIT 200");
    FIND_LATEST = concat!("SELECT ", columns!(), " FROM notifications WHERE company_id = $1 AND purpose = $2 AND kind = $3 \
                   ORDER BY id DESC LIMIT 1");
}

/// A row to be inserted.
pub(super) struct NewRow {
    pub(super) id: NotificationId,
    pub(super) company: Option<CompanyId>,
    pub(super) kind: Kind,
    pub(super) channel: Option<ChannelId>,
    pub(super) recipient: Option<Vec<u8>>,
    pub(super) content: Vec<u8>,
    pub(super) purpose: Purpose,
    pub(super) alert: Option<AlertId>,
    pub(super) run: Option<RunId>,
    pub(super) due_at: Timestamp,
    pub(super) now: Timestamp,
    pub(super) expires_at: Timestamp,
}

pub(super) async fn insert(tx: &mut Tx, row: &NewRow) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(row.id)
            .bind(row.company)
            .bind(row.kind)
            .bind(row.channel)
            .bind(&row.recipient)
            .bind(&row.content)
            .bind(row.purpose)
            .bind(row.alert)
            .bind(row.due_at)
            .bind(row.now)
            .bind(row.expires_at)
            .bind(row.run)
    )?;
    Ok(())
}

/// A message to be sent, sealed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Claimed {
    pub(super) id: NotificationId,
    pub(super) channel_id: Option<ChannelId>,
    pub(super) recipient: Option<Vec<u8>>,
    pub(super) content: Option<Vec<u8>>,
    /// The number of attempts before this one.
    pub(super) attempts: i64,
    pub(super) expires_at: Timestamp,
}

/// A claim on due messages of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) kind: Kind,
    /// Identifies it; random.
    pub(super) number: i64,
    pub(super) now: Timestamp,
    /// When others may claim the messages again.
    pub(super) expires_at: Timestamp,
}

pub(super) async fn is_any_due(on: impl Into<Exec<'_>>, kind: Kind, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(IS_ANY_DUE).bind(kind).bind(now).fetch_one(conn).await)
}

/// Claims at most `limit` due messages of any company.
pub(super) async fn claim(tx: &mut Tx, claim: &Claim, limit: i64) -> Result<Vec<Claimed>, DbError> {
    run!(tx, |conn| sqlx::query_as(CLAIM)
        .bind(claim.kind)
        .bind(claim.now)
        .bind(limit)
        .bind(claim.number)
        .bind(claim.expires_at)
        .fetch_all(conn)
        .await)
}

/// Returns the next channel after `after` to which messages of a kind wait or are sent.
pub(super) async fn next_channel(on: impl Into<Exec<'_>>, kind: Kind, after: ChannelId) -> Result<Option<ChannelId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(NEXT_CHANNEL).bind(kind).bind(after).fetch_optional(conn).await)
}

/// Counts the due messages to a channel, up to `limit`.
pub(super) async fn count_due(on: impl Into<Exec<'_>>, claim: &Claim, channel: ChannelId, limit: i64) -> Result<usize, DbError> {
    let found: Vec<NotificationId> = run!(on, |conn| sqlx::query_scalar(LIST_DUE)
        .bind(claim.kind)
        .bind(channel)
        .bind(claim.now)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    Ok(found.len())
}

/// Claims at most `limit` due messages to a channel, the oldest first.
pub(super) async fn claim_of_channel(
    tx: &mut Tx,
    claim: &Claim,
    channel: ChannelId,
    limit: i64,
) -> Result<Vec<Claimed>, DbError> {
    run!(tx, |conn| sqlx::query_as(CLAIM_OF_CHANNEL)
        .bind(claim.kind)
        .bind(channel)
        .bind(claim.now)
        .bind(limit)
        .bind(claim.number)
        .bind(claim.expires_at)
        .fetch_all(conn)
        .await)
}

/// Lets a message wait for the end of its channel's pause; the attempt is not counted.
pub(super) async fn postpone(
    tx: &mut Tx,
    (id, claim): (NotificationId, i64),
    until: Timestamp,
    answer: &str,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(POSTPONE).bind(id).bind(claim).bind(until).bind(answer))?;
    Ok(())
}

/// Lets at most `limit` due messages to a channel wait until a time.
pub(super) async fn postpone_channel(
    tx: &mut Tx,
    (kind, channel): (Kind, ChannelId),
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(POSTPONE_CHANNEL).bind(kind).bind(channel).bind(now).bind(until).bind(limit))?;
    Ok(())
}

/// Why an attempt failed, with what the server said.
pub(super) type Failed<'a> = (Failure, &'a str);

/// Lets a message wait for its next attempt.
pub(super) async fn retry(
    tx: &mut Tx,
    (id, claim): (NotificationId, i64),
    due_at: Timestamp,
    (failure, answer): Failed<'_>,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(RETRY).bind(id).bind(claim).bind(due_at).bind(failure).bind(answer))?;
    Ok(())
}

pub(super) async fn end_sent(tx: &mut Tx, id: NotificationId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(END_SENT).bind(id).bind(now))?;
    Ok(())
}

pub(super) async fn end_failed(
    tx: &mut Tx,
    (id, claim): (NotificationId, i64),
    (failure, answer): Failed<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(END_FAILED).bind(id).bind(claim).bind(failure).bind(answer).bind(now))?;
    Ok(())
}

pub(super) async fn end_expired(tx: &mut Tx, (id, claim): (NotificationId, i64), now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(END_EXPIRED).bind(id).bind(claim).bind(now))?;
    Ok(())
}

/// Returns every claimed message to those that wait. Only for a database that no other server uses.
pub(super) async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(RELEASE_ALL).bind(now))?;
    Ok(())
}

/// Makes at most `limit` messages due that wait until later than `latest`; returns their number.
pub(super) async fn repair(tx: &mut Tx, (latest, now): (Timestamp, Timestamp), limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(REPAIR).bind(latest).bind(now).bind(limit))
}

/// Deletes at most `limit` messages created before a time; returns their number.
pub(super) async fn delete_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_BEFORE).bind(before).bind(limit))
}

/// Finds the latest message of a company of a kind and for a purpose.
pub(crate) async fn find_latest(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    (purpose, kind): (Purpose, Kind),
) -> Result<Option<Notification>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_LATEST).bind(company).bind(purpose).bind(kind).fetch_optional(conn).await)
}

/// Finds a message of any company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: NotificationId) -> Result<Option<Notification>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)
}

/// Lists the newest messages of an alert. The caller has checked access to it.
pub(crate) async fn list_of_alert(on: impl Into<Exec<'_>>, alert: AlertId) -> Result<Vec<Notification>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_ALERT).bind(alert).fetch_all(conn).await)
}

/// Cancels the messages of a run that wait for an attempt.
pub(crate) async fn cancel_of_run(tx: &mut Tx, run: RunId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(CANCEL_OF_RUN).bind(run).bind(now))?;
    Ok(())
}

/// Lists the newest messages of a run of an automation. The caller has checked access to it.
pub(crate) async fn list_of_run(on: impl Into<Exec<'_>>, run: RunId) -> Result<Vec<Notification>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_RUN).bind(run).fetch_all(conn).await)
}
