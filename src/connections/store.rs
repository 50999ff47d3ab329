//! Store of the `connections` table.

use super::{ApiKeyState, Connection, near_apps::NEAR_APPS};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::{Gateway, Mode},
    primitives::{
        id::{AppId, CompanyId, ConnectionId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every query.
macro_rules! columns {
    () => {
        "id, company_id, app_id, gateway, mode, currency, endpoint, is_enabled, keys_state, keys_at, \
         webhook_done_by, webhook_done_at, integration_done_by, integration_done_at, created_at"
    };
}

sql! {
    /// Payment methods are not asked for: nothing depends on them yet.
    INSERT = "INSERT INTO connections (id, company_id, app_id, gateway, mode, currency, endpoint, is_enabled, payment_modes, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, '', $8)";
    FIND_OF_APP = concat!("SELECT ", columns!(), " FROM connections WHERE app_id = $1 AND gateway = $2 AND mode = $3");
    LIST_ALL = concat!("SELECT ", columns!(), " FROM connections");
    LIST_OF_COMPANY = concat!("SELECT ", columns!(), " FROM connections WHERE company_id = $1 ORDER BY app_id, gateway, mode");
    LIST_OF_APP = concat!("SELECT ", columns!(), " FROM connections WHERE company_id = $1 AND app_id = $2 ORDER BY currency, gateway, mode");
    LIST_OF_APPS = concat!("SELECT ", columns!(), " FROM connections WHERE company_id = $1 \
                    AND app_id IN ($2, $3, $4, $5, $6, $7, $8, $9) ORDER BY currency, gateway, mode");
    UPDATE_KEYS = "UPDATE connections SET keys_state = $2, keys_at = $3 WHERE id = $1";
    UPDATE_ENABLED = "UPDATE connections SET is_enabled = $2 WHERE id = $1";
    /// Changes nothing, but locks the row until the unit of work ends.
    TAKE_TURN = "UPDATE connections SET currency = currency WHERE id = $1";
    /// Keeps the first name and time.
    COMPLETE_WEBHOOK = "UPDATE connections SET webhook_done_by = $2, webhook_done_at = $3 WHERE id = $1 AND webhook_done_at IS NULL";
    REOPEN_WEBHOOK = "UPDATE connections SET webhook_done_by = NULL, webhook_done_at = NULL WHERE id = $1";
    COMPLETE_INTEGRATION = "UPDATE connections SET integration_done_by = $2, integration_done_at = $3 \
                            WHERE id = $1 AND integration_done_at IS NULL";
    REOPEN_INTEGRATION = "UPDATE connections SET integration_done_by = NULL, integration_done_at = NULL WHERE id = $1";
}

/// Inserts the row. Fails with [`DbError::NotUnique`] if the app already has a connection at that gateway in that mode.
pub(super) async fn insert(tx: &mut Tx, new: &Connection) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(new.id)
            .bind(new.company_id)
            .bind(new.app_id)
            .bind(new.gateway.slug())
            .bind(new.mode.slug())
            .bind(&new.currency)
            .bind(&new.endpoint)
            .bind(new.created_at)
    )?;
    Ok(())
}

/// Finds an app's connection without a company check: for the command line only.
pub(crate) async fn find_of_app(
    on: impl Into<Exec<'_>>,
    app: AppId,
    gateway: Gateway,
    mode: Mode,
) -> Result<Option<Connection>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_OF_APP).bind(app).bind(gateway.slug()).bind(mode.slug()).fetch_optional(conn).await)
}

/// Lists every connection of all companies, disabled ones included. Not scoped to a company: never for pages.
pub(crate) async fn list_all(on: impl Into<Exec<'_>>) -> Result<Vec<Connection>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ALL).fetch_all(conn).await)
}

pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<Connection>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(conn).await)
}

pub(crate) async fn list_of_app(on: impl Into<Exec<'_>>, company: CompanyId, app: AppId) -> Result<Vec<Connection>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_APP).bind(company).bind(app).fetch_all(conn).await)
}

/// Lists the connections of a few apps.
pub(crate) async fn list_of_apps(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    apps: [AppId; NEAR_APPS],
) -> Result<Vec<Connection>, DbError> {
    run!(on, |conn| {
        let query = sqlx::query_as(LIST_OF_APPS).bind(company);
        apps.into_iter().fold(query, sqlx::query::QueryAs::bind).fetch_all(conn).await
    })
}

/// Sets the state of the API keys and the time, and locks the row.
pub(super) async fn update_keys(tx: &mut Tx, id: ConnectionId, state: ApiKeyState, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_KEYS).bind(id).bind(state).bind(now))?;
    Ok(())
}

/// Locks the connection's row: serializes writers of one connection, and each sees the changes of the one before.
pub(crate) async fn lock_row(tx: &mut Tx, id: ConnectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(TAKE_TURN).bind(id))?;
    Ok(())
}

pub(super) async fn update_enabled(tx: &mut Tx, id: ConnectionId, is_enabled: bool) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_ENABLED).bind(id).bind(is_enabled))?;
    Ok(())
}

/// Marks the webhook step as done, unless it already is.
pub(super) async fn complete_webhook(tx: &mut Tx, id: ConnectionId, by: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(COMPLETE_WEBHOOK).bind(id).bind(by).bind(now))?;
    Ok(())
}

pub(super) async fn reopen_webhook(tx: &mut Tx, id: ConnectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(REOPEN_WEBHOOK).bind(id))?;
    Ok(())
}

/// Marks the integration step as done, unless it already is.
pub(super) async fn complete_integration(tx: &mut Tx, id: ConnectionId, by: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(COMPLETE_INTEGRATION).bind(id).bind(by).bind(now))?;
    Ok(())
}

pub(super) async fn reopen_integration(tx: &mut Tx, id: ConnectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(REOPEN_INTEGRATION).bind(id))?;
    Ok(())
}
