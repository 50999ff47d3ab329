//! The `activity` and `accepted_accounts` tables.
//!
//! Invariant: a change locks the rows, in the order of their connections so that servers cannot deadlock, reads them, and
//! writes what `activity/mod.rs` computes from them. That is two statements for the connections of a batch, and a third if an event
//! names an account other than that of the first event.

use std::collections::BTreeMap;

use super::{Activity, ProvenRequests, RejectedRequests, Streaks, Verifications};
use crate::{
    connections::near_apps::NEAR_APPS,
    db::{
        DbError, Exec, Tx,
        batch::{execute_rows, fetch_rows, rows},
        execute, run, sql,
    },
    primitives::{
        id::{AppId, CompanyId, ConnectionId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

/// The selected columns, in the same order in every query.
macro_rules! columns {
    () => {
        "connection_id, verified_count, first_verified_at, last_verified_at, rejected_count, last_rejected_at, last_reason, \
         failing_since, failing_count, last_proven_at, failing_rejection_id, rejected_since, rejected_streak, version, \
         baseline_since, baseline_minutes, baseline_pause, previous_since, previous_minutes, previous_pause, account, \
         other_account, other_account_at"
    };
}

/// True if any time of the row is later than $1.
macro_rules! is_later {
    () => {
        "first_verified_at > $1 OR last_verified_at > $1 OR last_rejected_at > $1 OR failing_since > $1 OR last_proven_at > $1 \
         OR rejected_since > $1 OR other_account_at > $1 OR baseline_since > $1 OR previous_since > $1"
    };
}

sql! {
    INSERT = "INSERT INTO activity (connection_id, verified_count, rejected_count, failing_count, version) VALUES ($1, 0, 0, 0, 0)";
    FIND = concat!("SELECT ", columns!(), " FROM activity WHERE connection_id = $1");
    FIND_VERSION = "SELECT version FROM activity WHERE connection_id = $1";
    LIST_OF_COMPANY = concat!("SELECT ", columns!(), " FROM activity \
                      WHERE connection_id IN (SELECT id FROM connections WHERE company_id = $1)");
    LIST_OF_APP = concat!("SELECT ", columns!(), " FROM activity \
                  WHERE connection_id IN (SELECT id FROM connections WHERE app_id = $1)");
    LIST_OF_APPS = concat!("SELECT ", columns!(), " FROM activity WHERE connection_id IN \
                   (SELECT id FROM connections WHERE app_id IN ($1, $2, $3, $4, $5, $6, $7, $8))");
    HAS_LATER = concat!("SELECT EXISTS (SELECT 1 FROM activity WHERE ", is_later!(), ")");
    LIST_LATER = concat!("SELECT connection_id FROM activity WHERE ", is_later!(), " ORDER BY connection_id");
    ACCEPT_ACCOUNT = "INSERT INTO accepted_accounts (connection_id, account, accepted_at) VALUES ($1, $2, $3)";
    LIST_ACCEPTED = "SELECT connection_id, account FROM accepted_accounts WHERE connection_id = $1 ORDER BY accepted_at, account";
    LIST_ACCEPTED_OF_COMPANY = "SELECT a.connection_id, a.account FROM connections c \
                                JOIN accepted_accounts a ON a.connection_id = c.id \
                                WHERE c.company_id = $1 ORDER BY a.accepted_at, a.account";
    LIST_ACCEPTED_OF_APP = "SELECT a.connection_id, a.account FROM connections c \
                            JOIN accepted_accounts a ON a.connection_id = c.id \
                            WHERE c.app_id = $1 ORDER BY a.accepted_at, a.account";
}

rows! {
    /// Each change raises the version, so the row is locked and read by raising it.
    LOCK = "INSERT INTO activity (connection_id, verified_count, rejected_count, failing_count, version) VALUES", "(?, 0, 0, 0, 1)",
           concat!("ON CONFLICT (connection_id) DO UPDATE SET version = activity.version + 1 RETURNING ", columns!());
    WRITE = concat!("INSERT INTO activity (", columns!(), ") VALUES"),
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "ON CONFLICT (connection_id) DO UPDATE SET verified_count = excluded.verified_count, \
             first_verified_at = excluded.first_verified_at, last_verified_at = excluded.last_verified_at, \
             rejected_count = excluded.rejected_count, last_rejected_at = excluded.last_rejected_at, \
             last_reason = excluded.last_reason, failing_since = excluded.failing_since, \
             failing_count = excluded.failing_count, last_proven_at = excluded.last_proven_at, \
             failing_rejection_id = excluded.failing_rejection_id, rejected_since = excluded.rejected_since, \
             rejected_streak = excluded.rejected_streak, version = excluded.version, \
             baseline_since = excluded.baseline_since, baseline_minutes = excluded.baseline_minutes, \
             baseline_pause = excluded.baseline_pause, previous_since = excluded.previous_since, \
             previous_minutes = excluded.previous_minutes, previous_pause = excluded.previous_pause, \
             account = excluded.account, other_account = excluded.other_account, \
             other_account_at = excluded.other_account_at";
    LIST_ACCEPTED_OF_BATCH = "SELECT connection_id, account FROM accepted_accounts WHERE connection_id IN (", "?",
                             ") ORDER BY accepted_at, account";
}

/// The rows of a batch, locked until the unit of work ends.
type Locked = BTreeMap<ConnectionId, Activity>;

/// Accounts that were accepted at connections.
type Accepted = Vec<(ConnectionId, String)>;

pub(crate) async fn insert(tx: &mut Tx, connection: ConnectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(connection))?;
    Ok(())
}

/// Returns the activity of a connection. The caller has checked access to `connection`.
pub(crate) async fn get(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Activity, DbError> {
    run!(on, |conn| async {
        let mut found: Activity = sqlx::query_as(FIND).bind(connection).fetch_one(&mut *conn).await?;
        let accepted: Accepted = sqlx::query_as(LIST_ACCEPTED).bind(connection).fetch_all(conn).await?;
        found.accepted_accounts = accepted.into_iter().map(|(_, account)| account).collect();
        Ok::<_, sqlx::Error>(found)
    }
    .await)
}

/// Returns only the version: cheap enough to poll every second.
pub(crate) async fn version(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_VERSION).bind(connection).fetch_one(conn).await)
}

/// Returns the activity of every connection of a company.
pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<Activity>, DbError> {
    run!(on, |conn| async {
        let found: Vec<Activity> = sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(&mut *conn).await?;
        let accepted: Accepted = sqlx::query_as(LIST_ACCEPTED_OF_COMPANY).bind(company).fetch_all(conn).await?;
        Ok::<_, sqlx::Error>(joined(found, accepted))
    }
    .await)
}

/// Returns the activity of every connection of a few apps, without the accounts that were accepted.
pub(crate) async fn list_of_apps(on: impl Into<Exec<'_>>, apps: [AppId; NEAR_APPS]) -> Result<Vec<Activity>, DbError> {
    run!(on, |conn| {
        let query = sqlx::query_as(LIST_OF_APPS);
        apps.into_iter().fold(query, sqlx::query::QueryAs::bind).fetch_all(conn).await
    })
}

/// Returns the activity of every connection of an app.
pub(crate) async fn list_of_app(on: impl Into<Exec<'_>>, app: AppId) -> Result<Vec<Activity>, DbError> {
    run!(on, |conn| async {
        let found: Vec<Activity> = sqlx::query_as(LIST_OF_APP).bind(app).fetch_all(&mut *conn).await?;
        let accepted: Accepted = sqlx::query_as(LIST_ACCEPTED_OF_APP).bind(app).fetch_all(conn).await?;
        Ok::<_, sqlx::Error>(joined(found, accepted))
    }
    .await)
}

fn joined(mut found: Vec<Activity>, accepted: Accepted) -> Vec<Activity> {
    for (connection, account) in accepted {
        if let Some(activity) = found.iter_mut().find(|activity| activity.connection_id == connection) {
            activity.accepted_accounts.push(account);
        }
    }
    found
}

/// Records verified requests.
pub(crate) async fn add_verified(tx: &mut Tx, verified: &BTreeMap<ConnectionId, Verifications<'_>>) -> Result<(), DbError> {
    let connections: Vec<ConnectionId> = verified.keys().copied().collect();
    let mut rows = lock(tx, &connections).await?;
    let with_others: Vec<ConnectionId> =
        rows.values().filter(|row| names_another(row, verified)).map(|row| row.connection_id).collect();
    load_accepted(tx, &mut rows, &with_others).await?;
    for (connection, row) in &mut rows {
        if let Some(verified) = verified.get(connection) {
            row.add_verified(verified);
        }
    }
    write(tx, &rows).await
}

/// True if a request names an account other than that of the connection's first event.
fn names_another(row: &Activity, verified: &BTreeMap<ConnectionId, Verifications<'_>>) -> bool {
    let named = verified.get(&row.connection_id).map(|verified| [verified.account, verified.other_account]);
    row.account.as_deref().is_some_and(|own| named.into_iter().flatten().flatten().any(|account| account != own))
}

/// Records rejected requests, and which of them are proven.
pub(crate) async fn add_rejected(
    tx: &mut Tx,
    rejected: &BTreeMap<ConnectionId, RejectedRequests>,
    proven: &BTreeMap<ConnectionId, ProvenRequests>,
) -> Result<(), DbError> {
    let connections: Vec<ConnectionId> = rejected.keys().copied().collect();
    let mut rows = lock(tx, &connections).await?;
    for (connection, row) in &mut rows {
        if let Some(rejected) = rejected.get(connection) {
            row.add_rejected(rejected);
        }
        if let Some(proven) = proven.get(connection) {
            row.add_proven(proven);
        }
    }
    write(tx, &rows).await
}

/// Records which of the requests already counted are proven, each group by itself, since a verified event may have arrived
/// between two of them. Increments the version even if there are none, since pages show a new result.
pub(crate) async fn add_proven(tx: &mut Tx, connection: ConnectionId, proven: &[ProvenRequests]) -> Result<(), DbError> {
    let mut rows = lock(tx, &[connection]).await?;
    for row in rows.values_mut() {
        for group in proven {
            row.add_later_proven(group);
        }
    }
    write(tx, &rows).await
}

/// Locks the row, which waits for requests that are being stored, and returns its streaks of rejections.
pub(crate) async fn lock_streaks(tx: &mut Tx, connection: ConnectionId) -> Result<Streaks, DbError> {
    Ok(lock(tx, &[connection]).await?.remove(&connection).map(|row| row.streaks()).unwrap_or_default())
}

/// Ends these streaks, whose requests were all recovered. Nothing is counted as verified, since a recovery is no traffic.
pub(crate) async fn end_streaks(tx: &mut Tx, connection: ConnectionId, recovered: Streaks) -> Result<(), DbError> {
    let mut rows = lock(tx, &[connection]).await?;
    for row in rows.values_mut() {
        row.end_streaks(recovered);
    }
    write(tx, &rows).await
}

/// Adds an account to the expected ones, if it is the unexpected one currently recorded, which is the one that the page
/// showed. Returns whether it was added; if not, the caller rolls back, since the row was locked by raising its version. The
/// caller has checked write access to `connection`.
pub(crate) async fn accept_account(
    tx: &mut Tx,
    connection: ConnectionId,
    account: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let mut rows = lock(tx, &[connection]).await?;
    load_accepted(tx, &mut rows, &[connection]).await?;
    let Some(row) = rows.get_mut(&connection).filter(|row| row.can_accept(account)) else { return Ok(false) };
    row.accept(account);
    execute!(&mut *tx, sqlx::query(ACCEPT_ACCOUNT).bind(connection).bind(account).bind(now))?;
    write(tx, &rows).await.map(|()| true)
}

/// True if a stored time is in the future, which means that the clock was ahead.
pub(crate) async fn has_later(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_LATER).bind(now.plus(CLOCK_TOLERANCE)).fetch_one(conn).await)
}

/// Caps stored times at now; returns the number of rows. `now` is from a clock known to be correct.
pub(crate) async fn clamp_future_times(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let latest = now.plus(CLOCK_TOLERANCE);
    let later: Vec<ConnectionId> = run!(&mut *tx, |conn| sqlx::query_scalar(LIST_LATER).bind(latest).fetch_all(conn).await)?;
    let mut rows = lock(tx, &later).await?;
    rows.retain(|_, row| row.is_later_than(latest));
    for row in rows.values_mut() {
        row.clamp(latest, now);
    }
    write(tx, &rows).await?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// Locks the row, which waits for requests that are being stored, and returns when an event was last verified.
pub(crate) async fn lock_last_verified_at(tx: &mut Tx, connection: ConnectionId) -> Result<Option<Timestamp>, DbError> {
    Ok(lock(tx, &[connection]).await?.remove(&connection).and_then(|row| row.last_verified_at))
}

/// Locks and reads the rows of these connections, which are in order, without the accounts accepted in addition.
async fn lock(tx: &mut Tx, connections: &[ConnectionId]) -> Result<Locked, DbError> {
    let rows = fetch_rows!(tx, LOCK -> Activity, connections, |query, connection| query.bind(connection))?;
    Ok(rows.into_iter().map(|row| (row.connection_id, row)).collect())
}

async fn load_accepted(tx: &mut Tx, rows: &mut Locked, connections: &[ConnectionId]) -> Result<(), DbError> {
    let accepted = fetch_rows!(tx, LIST_ACCEPTED_OF_BATCH -> (ConnectionId, String), connections, |query, connection| query
        .bind(connection))?;
    for (connection, account) in accepted {
        if let Some(row) = rows.get_mut(&connection) {
            row.accepted_accounts.push(account);
        }
    }
    Ok(())
}

/// Writes rows that are locked.
async fn write(tx: &mut Tx, rows: &Locked) -> Result<(), DbError> {
    let rows: Vec<&Activity> = rows.values().collect();
    execute_rows!(tx, WRITE, &rows, |query, row| query
        .bind(row.connection_id)
        .bind(row.verified_count)
        .bind(row.first_verified_at)
        .bind(row.last_verified_at)
        .bind(row.rejected_count)
        .bind(row.last_rejected_at)
        .bind(row.last_reason)
        .bind(row.failing_since)
        .bind(row.failing_count)
        .bind(row.last_proven_at)
        .bind(row.failing_rejection_id)
        .bind(row.rejected_since)
        .bind(row.rejected_streak)
        .bind(row.version)
        .bind(row.habit.baseline_since)
        .bind(row.habit.baseline_minutes)
        .bind(row.habit.baseline_pause)
        .bind(row.habit.previous_since)
        .bind(row.habit.previous_minutes)
        .bind(row.habit.previous_pause)
        .bind(&row.account)
        .bind(&row.other_account)
        .bind(row.other_account_at))?;
    Ok(())
}
