//! The `alerts` table.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use sqlx::{FromRow as _, Row as _};

use crate::{
    alerts::{Alert, Detail, Kind, Step, Update},
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    primitives::{
        id::{AlertId, AppId, CompanyId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, app_id, mode, kind, object, since, opened_at, count, stage, detail, is_notified, last_message_at, \
         acknowledged_by, acknowledged_at, resolved_at, updates, revision"
    };
}

/// The most active alerts of an app and mode. No more are opened.
pub(crate) const MAX_ACTIVE: usize = 1_000;

sql! {
    INSERT = "INSERT INTO alerts (id, company_id, app_id, mode, kind, object, since, opened_at, count, stage, detail, is_notified, \
              last_message_at, resolved_at, is_active, updates, revision) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0) ON CONFLICT DO NOTHING";
    UPDATE = "UPDATE alerts SET count = $3, stage = $4, detail = $5, is_notified = $6, last_message_at = $7, resolved_at = $8, \
              is_active = $9, updates = $10, acknowledged_by = $11, acknowledged_at = $12, revision = revision + 1 \
              WHERE id = $1 AND revision = $2";
    ACKNOWLEDGE = "UPDATE alerts SET acknowledged_by = $3, acknowledged_at = $4, revision = revision + 1 \
                   WHERE company_id = $1 AND id = $2 AND resolved_at IS NULL AND acknowledged_at IS NULL";
    FIND = concat!("SELECT ", columns!(), " FROM alerts WHERE id = $1");
    LIST_ACTIVE = concat!("SELECT ", columns!(), " FROM alerts WHERE app_id = $1 AND mode = $2 AND is_active ORDER BY id LIMIT 1000");
    FIND_LAST_OF_OBJECT = concat!("SELECT ", columns!(), " FROM alerts WHERE app_id = $1 AND mode = $2 AND kind = $3 AND object = $4 \
                           ORDER BY id DESC LIMIT 1");
    /// Those that are over and whose messages are deleted.
    DELETE_OLD = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE opened_at < $1 AND resolved_at IS NOT NULL AND NOT is_active \
                  AND NOT EXISTS (SELECT 1 FROM alert_messages WHERE alert_id = alerts.id) ORDER BY opened_at LIMIT $2)";
    LIST_OPEN = concat!("SELECT ", columns!(), " FROM alerts WHERE app_id = $1 AND mode = $2 AND is_active AND resolved_at IS NULL \
                 ORDER BY id DESC LIMIT 20");
    LIST_RECENT = concat!("SELECT ", columns!(), " FROM alerts WHERE app_id = $1 AND mode = $2 ORDER BY id DESC LIMIT 20");
}

/// Reads rows and leaves out those that are damaged, so that one of them does not stop the alerts of its app.
macro_rules! read_all {
    ($rows:expr) => {
        $rows
            .iter()
            .filter_map(|row| Row::from_row(row).map(Alert::from).inspect_err(|_| log_damaged(row.try_get("id").ok())).ok())
            .collect::<Vec<Alert>>()
    };
}

/// The alerts of this process that were logged as damaged; at most [`MAX_LOGGED`].
static LOGGED: Mutex<BTreeSet<AlertId>> = Mutex::new(BTreeSet::new());
const MAX_LOGGED: usize = 1000;

/// Logs each damaged alert once: it is read again every few seconds.
fn log_damaged(id: Option<AlertId>) {
    let id = id.unwrap_or(AlertId::least());
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if logged.len() < MAX_LOGGED && logged.insert(id) {
        tracing::error!(alert = %id, "an alert is damaged in the database and is left out");
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: AlertId,
    company_id: CompanyId,
    app_id: AppId,
    mode: Mode,
    kind: Kind,
    object: String,
    since: Timestamp,
    opened_at: Timestamp,
    count: i64,
    stage: i64,
    detail: String,
    is_notified: bool,
    last_message_at: Option<Timestamp>,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<Timestamp>,
    resolved_at: Option<Timestamp>,
    updates: String,
    revision: i64,
}

/// An update as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredUpdate(i64, String, i64);

impl From<Row> for Alert {
    /// What a damaged column had is missing from the page.
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            company_id: row.company_id,
            app_id: row.app_id,
            mode: row.mode,
            kind: row.kind,
            object: row.object,
            since: row.since,
            opened_at: row.opened_at,
            count: row.count,
            stage: row.stage,
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            is_notified: row.is_notified,
            last_message_at: row.last_message_at,
            acknowledged_by: row.acknowledged_by,
            acknowledged_at: row.acknowledged_at,
            resolved_at: row.resolved_at,
            updates: read_updates(&row.updates),
            revision: row.revision,
        }
    }
}

fn read_updates(text: &str) -> Vec<Update> {
    let stored: Vec<StoredUpdate> = serde_json::from_str(text).unwrap_or_default();
    let read =
        |StoredUpdate(at, step, count)| Some(Update { at: Timestamp::from_millis(at), step: step.parse::<Step>().ok()?, count });
    stored.into_iter().filter_map(read).collect()
}

fn updates_json(alert: &Alert) -> String {
    let stored = alert.updates.iter().map(|update| StoredUpdate(update.at.millis(), update.step.to_string(), update.count));
    serde_json::to_string(&stored.collect::<Vec<_>>()).unwrap_or_default()
}

fn detail_json(detail: &Detail) -> String {
    serde_json::to_string(detail).unwrap_or_default()
}

/// Inserts an alert; returns false if one of its problem is open.
pub(crate) async fn insert(tx: &mut Tx, alert: &Alert) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        sqlx::query(INSERT)
            .bind(alert.id)
            .bind(alert.company_id)
            .bind(alert.app_id)
            .bind(alert.mode)
            .bind(alert.kind)
            .bind(&alert.object)
            .bind(alert.since)
            .bind(alert.opened_at)
            .bind(alert.count)
            .bind(alert.stage)
            .bind(detail_json(&alert.detail))
            .bind(alert.is_notified)
            .bind(alert.last_message_at)
            .bind(alert.resolved_at)
            .bind(alert.is_active())
            .bind(updates_json(alert))
    )?;
    Ok(inserted > 0)
}

/// Stores a changed alert; returns false if another server has changed it since it was read.
pub(crate) async fn update(tx: &mut Tx, alert: &Alert) -> Result<bool, DbError> {
    let updated = execute!(
        tx,
        sqlx::query(UPDATE)
            .bind(alert.id)
            .bind(alert.revision)
            .bind(alert.count)
            .bind(alert.stage)
            .bind(detail_json(&alert.detail))
            .bind(alert.is_notified)
            .bind(alert.last_message_at)
            .bind(alert.resolved_at)
            .bind(alert.is_active())
            .bind(updates_json(alert))
            .bind(&alert.acknowledged_by)
            .bind(alert.acknowledged_at)
    )?;
    Ok(updated > 0)
}

/// Stores who stops the reminders; returns false if it is over or acknowledged.
pub(crate) async fn acknowledge(
    tx: &mut Tx,
    (company, id): (CompanyId, AlertId),
    by: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(ACKNOWLEDGE).bind(company).bind(id).bind(by).bind(now))? > 0)
}

/// Finds an alert of any company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: AlertId) -> Result<Option<Alert>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(Alert::from))
}

/// Lists the alerts that are open, and those whose end is still to be reported: at most [`MAX_ACTIVE`].
pub(crate) async fn list_active(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Vec<Alert>, DbError> {
    Ok(run!(on, |conn| sqlx::query(LIST_ACTIVE).bind(app).bind(mode).fetch_all(conn).await.map(|rows| read_all!(rows)))?)
}

/// Finds the newest alert of a problem.
pub(crate) async fn find_last_of_object(
    on: impl Into<Exec<'_>>,
    (app, mode): (AppId, Mode),
    (kind, object): (Kind, &str),
) -> Result<Option<Alert>, DbError> {
    let found: Vec<Alert> = run!(on, |conn| sqlx::query(FIND_LAST_OF_OBJECT)
        .bind(app)
        .bind(mode)
        .bind(kind)
        .bind(object)
        .fetch_all(conn)
        .await
        .map(|rows| read_all!(rows)))?;
    Ok(found.into_iter().next())
}

/// Lists the newest alerts of an app in a mode, at most 20.
pub(crate) async fn list_recent(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Vec<Alert>, DbError> {
    Ok(run!(on, |conn| sqlx::query(LIST_RECENT).bind(app).bind(mode).fetch_all(conn).await.map(|rows| read_all!(rows)))?)
}

/// Lists the newest alerts of an app in a mode that are open, at most 20.
pub(crate) async fn list_open(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Vec<Alert>, DbError> {
    Ok(run!(on, |conn| sqlx::query(LIST_OPEN).bind(app).bind(mode).fetch_all(conn).await.map(|rows| read_all!(rows)))?)
}

/// Deletes at most `limit` alerts that began before a time and are over; returns their number.
pub(crate) async fn delete_old(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_OLD).bind(before).bind(limit))
}
