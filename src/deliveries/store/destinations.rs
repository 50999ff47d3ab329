//! The `destinations` and `destination_health` tables.

use crate::{
    db::{
        DbError, Exec, Tx,
        batch::{fetch_rows, rows},
        execute, run, sql,
    },
    deliveries::{
        destination::{Destination, PauseReason, Recipient, Settings},
        health::{Health, Recent},
    },
    gateways::Mode,
    primitives::{
        id::{AppId, CompanyId, DestinationId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, app_id, mode, name, url, format, connection_id, is_resigned, events, is_fifo, concurrency, per_second, \
         timeout_seconds, state, pause_reason, paused_at, created_by, created_at"
    };
}

macro_rules! health_columns {
    () => {
        "destination_id, recent, open_until, failing_since, last_success_at, rate_until, response_day, response_bytes"
    };
}

sql! {
    INSERT = "INSERT INTO destinations (id, company_id, app_id, mode, name, url, format, connection_id, is_resigned, events, is_fifo, \
              concurrency, per_second, timeout_seconds, state, created_by, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'active', $15, $16)";
    INSERT_HEALTH = "INSERT INTO destination_health (destination_id, recent, response_day, response_bytes) VALUES ($1, $2, 0, 0)";
    FIND = concat!("SELECT ", columns!(), " FROM destinations WHERE company_id = $1 AND id = $2 AND state <> 'deleted'");
    FIND_ANY = concat!("SELECT ", columns!(), " FROM destinations WHERE id = $1 AND state <> 'deleted'");
    /// Includes deleted destinations, for the history of an event.
    LIST_NAMES = "SELECT id, name FROM destinations WHERE app_id = $1 ORDER BY id DESC LIMIT 1000";
    LIST = concat!("SELECT ", columns!(), " FROM destinations WHERE app_id = $1 AND mode = $2 AND state <> 'deleted' ORDER BY id");
    /// Destinations that KS Pay has paused, and those failing since `$2` or longer.
    LIST_TROUBLED = concat!("SELECT ", columns!(), " FROM destinations JOIN destination_health ON destination_id = id \
                     WHERE company_id = $1 AND (state = 'paused' AND pause_reason <> 'user' OR state = 'active' AND failing_since <= $2) \
                     ORDER BY id LIMIT 20");
    /// Those of the company's newest 500 destinations whose oldest open delivery has an event received before `$2`.
    LIST_WAITING_SINCE = concat!("SELECT ", columns!(), " FROM destinations WHERE id IN (SELECT id FROM (SELECT id, (SELECT created_at \
                          FROM deliveries WHERE destination_id = newest.id AND due_at IS NOT NULL ORDER BY message_id LIMIT 1) AS oldest \
                          FROM (SELECT id FROM destinations WHERE company_id = $1 AND state <> 'deleted' ORDER BY id DESC LIMIT 500) \
                          AS newest) AS waiting WHERE oldest < $2 LIMIT 20) ORDER BY id");
    COUNT = "SELECT COUNT(*) FROM destinations WHERE app_id = $1 AND mode = $2 AND state <> 'deleted'";
    UPDATE = "UPDATE destinations SET name = $3, url = $4, format = $5, connection_id = $6, is_resigned = $7, events = $8, \
              is_fifo = $9, concurrency = $10, per_second = $11, timeout_seconds = $12 WHERE company_id = $1 AND id = $2 \
              AND state <> 'deleted'";
    PAUSE = "UPDATE destinations SET state = 'paused', pause_reason = $2, paused_at = $3 WHERE id = $1 AND state = 'active'";
    RESUME = "UPDATE destinations SET state = 'active', pause_reason = NULL, paused_at = NULL WHERE id = $1 AND state = 'paused'";
    DELETE = "UPDATE destinations SET state = 'deleted', pause_reason = NULL, paused_at = NULL WHERE id = $1 AND state <> 'deleted'";
    /// Serialises units of work that claim deliveries of the destination or change it.
    LOCK = "UPDATE destination_health SET recent = recent WHERE destination_id = $1";
    GET_HEALTH = concat!("SELECT ", health_columns!(), " FROM destination_health WHERE destination_id = $1");
    LIST_HEALTH = concat!("SELECT ", health_columns!(), " FROM destination_health WHERE destination_id IN \
                   (SELECT id FROM destinations WHERE app_id = $1 AND mode = $2 AND state <> 'deleted')");
    SET_HEALTH = "UPDATE destination_health SET recent = $2, open_until = $3, failing_since = $4, last_success_at = $5, \
                  rate_until = $6, response_day = $7, response_bytes = $8 WHERE destination_id = $1";
}

rows! {
    LIST_RECIPIENTS = "SELECT id, app_id, mode, format, connection_id, events FROM destinations WHERE state <> 'deleted' AND app_id IN (",
                      "?", ") ORDER BY id";
}

pub(crate) async fn insert(tx: &mut Tx, destination: &Destination) -> Result<(), DbError> {
    let settings = &destination.settings;
    execute!(
        &mut *tx,
        sqlx::query(INSERT)
            .bind(destination.id)
            .bind(destination.company_id)
            .bind(destination.app_id)
            .bind(destination.mode)
            .bind(&settings.name)
            .bind(&settings.url)
            .bind(settings.format)
            .bind(settings.connection_id)
            .bind(settings.is_resigned)
            .bind(&settings.events)
            .bind(settings.is_fifo)
            .bind(settings.concurrency)
            .bind(settings.per_second)
            .bind(settings.timeout_seconds)
            .bind(&destination.created_by)
            .bind(destination.created_at)
    )?;
    execute!(tx, sqlx::query(INSERT_HEALTH).bind(destination.id).bind(recent_json(&Recent::default())))?;
    Ok(())
}

/// Finds a destination of the company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, company: CompanyId, id: DestinationId) -> Result<Option<Destination>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(company).bind(id).fetch_optional(conn).await)
}

/// Finds a destination of any company; for the worker and the command line.
pub(crate) async fn find_any(on: impl Into<Exec<'_>>, id: DestinationId) -> Result<Option<Destination>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_ANY).bind(id).fetch_optional(conn).await)
}

/// Lists the destinations of an app in a mode, oldest first. The caller has checked access to the app.
pub(crate) async fn list(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Vec<Destination>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(app).bind(mode).fetch_all(conn).await)
}

/// Lists the company's destinations that KS Pay has paused, or that have been failing since `failing_since` or longer; at most 20.
pub(crate) async fn list_troubled(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    failing_since: Timestamp,
) -> Result<Vec<Destination>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_TROUBLED).bind(company).bind(failing_since).fetch_all(conn).await)
}

/// Lists those of the company's newest destinations that have an open delivery of an event received before `before`; at most 20.
pub(crate) async fn list_waiting_since(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    before: Timestamp,
) -> Result<Vec<Destination>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_WAITING_SINCE).bind(company).bind(before).fetch_all(conn).await)
}

/// Lists the names of the app's newest destinations, including deleted ones. The caller has checked access to the app.
pub(crate) async fn list_names(on: impl Into<Exec<'_>>, app: AppId) -> Result<Vec<(DestinationId, String)>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_NAMES).bind(app).fetch_all(conn).await)
}

/// Counts the destinations of an app in a mode.
pub(crate) async fn count(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).bind(app).bind(mode).fetch_one(conn).await)
}

/// Lists the recipients among the apps' destinations. `apps` is in ascending order without duplicates.
pub(crate) async fn list_recipients(tx: &mut Tx, apps: &[AppId]) -> Result<Vec<Recipient>, DbError> {
    fetch_rows!(tx, LIST_RECIPIENTS -> Recipient, apps, |query, app| query.bind(app))
}

pub(crate) async fn update(tx: &mut Tx, company: CompanyId, id: DestinationId, settings: &Settings) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(UPDATE)
            .bind(company)
            .bind(id)
            .bind(&settings.name)
            .bind(&settings.url)
            .bind(settings.format)
            .bind(settings.connection_id)
            .bind(settings.is_resigned)
            .bind(&settings.events)
            .bind(settings.is_fifo)
            .bind(settings.concurrency)
            .bind(settings.per_second)
            .bind(settings.timeout_seconds)
    )?;
    Ok(())
}

/// Pauses an active destination; returns false if it was not active.
pub(crate) async fn pause(tx: &mut Tx, id: DestinationId, reason: PauseReason, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(PAUSE).bind(id).bind(reason).bind(now))? > 0)
}

/// Resumes a paused destination; returns false if it was not paused.
pub(crate) async fn resume(tx: &mut Tx, id: DestinationId) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(RESUME).bind(id))? > 0)
}

/// Marks a destination as deleted; returns false if it was already deleted.
pub(crate) async fn delete(tx: &mut Tx, id: DestinationId) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(DELETE).bind(id))? > 0)
}

/// Locks a destination: serialises units of work that claim its deliveries or change it.
pub(crate) async fn lock(tx: &mut Tx, id: DestinationId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOCK).bind(id))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct HealthRow {
    destination_id: DestinationId,
    recent: String,
    open_until: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    rate_until: Option<Timestamp>,
    response_day: i64,
    response_bytes: i64,
}

impl From<HealthRow> for Health {
    fn from(row: HealthRow) -> Self {
        // Discards counts that another version wrote in another form: without them the circuit only opens later.
        let recent = serde_json::from_str(&row.recent).unwrap_or_default();
        let HealthRow { open_until, failing_since, last_success_at, rate_until, response_day, response_bytes, .. } = row;
        Self { recent, open_until, failing_since, last_success_at, rate_until, response_day, response_bytes }
    }
}

fn recent_json(recent: &Recent) -> String {
    serde_json::to_string(recent).unwrap_or_default()
}

/// Returns the health of a destination.
pub(crate) async fn health(on: impl Into<Exec<'_>>, id: DestinationId) -> Result<Health, DbError> {
    let row: Option<HealthRow> = run!(on, |conn| sqlx::query_as(GET_HEALTH).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(Health::from).unwrap_or_default())
}

/// Lists the health of the destinations of an app in a mode. The caller has checked access to the app.
pub(crate) async fn list_health(
    on: impl Into<Exec<'_>>,
    app: AppId,
    mode: Mode,
) -> Result<Vec<(DestinationId, Health)>, DbError> {
    let rows: Vec<HealthRow> = run!(on, |conn| sqlx::query_as(LIST_HEALTH).bind(app).bind(mode).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(|row| (row.destination_id, Health::from(row))).collect())
}

/// Stores the health of a destination, which the caller has locked.
pub(crate) async fn set_health(tx: &mut Tx, id: DestinationId, health: &Health) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(SET_HEALTH)
            .bind(id)
            .bind(recent_json(&health.recent))
            .bind(health.open_until)
            .bind(health.failing_since)
            .bind(health.last_success_at)
            .bind(health.rate_until)
            .bind(health.response_day)
            .bind(health.response_bytes)
    )?;
    Ok(())
}
