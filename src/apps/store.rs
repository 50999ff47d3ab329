//! The `apps` table.

use std::collections::HashMap;

use super::{
    App, Details,
    zones::{ZoneChange, Zones},
};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
        zone::Zone,
    },
};

/// The maximum number of apps that [`list_near`] lists.
pub(crate) const MAX_NEAR_APPS: usize = 51;

/// The number behind [`MAX_NEAR_APPS`], as it stands in SQL.
macro_rules! max_near_apps {
    () => {
        "51"
    };
}

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, name, email, country, address, phone, state, city, postal_code, domain, time_zone, next_time_zone, \
         is_enabled"
    };
}

sql! {
    INSERT = "INSERT INTO apps (id, company_id, name, email, country, address, phone, state, city, postal_code, time_zone, is_enabled, \
              created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, TRUE, $12)";
    FIND = concat!("SELECT ", columns!(), " FROM apps WHERE company_id = $1 AND id = $2");
    FIND_ANY = concat!("SELECT ", columns!(), " FROM apps WHERE id = $1");
    LIST_FOR_INGESTION = "SELECT id, is_enabled, time_zone, next_time_zone, past_time_zone FROM apps";
    LIST_ZONES = "SELECT id, time_zone, next_time_zone, past_time_zone FROM apps ORDER BY id";
    GET_ZONES = "SELECT time_zone, next_time_zone, past_time_zone FROM apps WHERE id = $1";
    LIST_ZONE_CHANGES = "SELECT id, next_time_zone, next_time_zone_at FROM apps WHERE next_time_zone IS NOT NULL ORDER BY id";
    COUNT_ZONE_CHANGES = "SELECT COUNT(*) FROM apps WHERE company_id = $1 AND next_time_zone IS NOT NULL";
    LIST_WITH_PAST_ZONE = "SELECT id FROM apps WHERE past_time_zone IS NOT NULL AND next_time_zone IS NULL ORDER BY id";
    /// The totals of a zone that is no longer asked for are to be deleted too.
    ASK_FOR_ZONE = "UPDATE apps SET past_time_zone = COALESCE(next_time_zone, past_time_zone), next_time_zone = $3, \
                    next_time_zone_at = $4 WHERE company_id = $1 AND id = $2 AND time_zone <> $3 \
                    AND next_time_zone IS DISTINCT FROM $3";
    CANCEL_ZONE_CHANGE = "UPDATE apps SET next_time_zone = NULL, next_time_zone_at = NULL, past_time_zone = next_time_zone \
                          WHERE company_id = $1 AND id = $2 AND next_time_zone IS NOT NULL";
    CHANGE_ZONE = "UPDATE apps SET past_time_zone = time_zone, time_zone = next_time_zone, next_time_zone = NULL, \
                   next_time_zone_at = NULL WHERE id = $1 AND next_time_zone = $2 AND next_time_zone_at = $3";
    FORGET_PAST_ZONE = "UPDATE apps SET past_time_zone = NULL WHERE id = $1";
    TAKE_TURN = "UPDATE apps SET email = email WHERE id = $1";
    LIST = concat!("SELECT ", columns!(), " FROM apps WHERE company_id = $1 ORDER BY id");
    /// The first three, if they are the company's, then the newest. Only these are sorted: every page reads them, and a company may
    /// have very many apps. The newest are those of the company and, if it has fewer, of others, in the order of the index: for the
    /// company alone, PostgreSQL's planner may read the newest apps of all companies instead.
    LIST_NEAR = concat!("SELECT ", columns!(), " FROM apps WHERE id IN \
                 (SELECT id FROM apps WHERE company_id = $1 AND id IN ($2, $3, $4) \
                 UNION SELECT id FROM (SELECT id, company_id FROM apps WHERE company_id <= $1 ORDER BY company_id DESC, id DESC LIMIT ", max_near_apps!(), ") \
                 AS newest WHERE newest.company_id = $1) \
                 ORDER BY (id = $2) DESC, (id = $3) DESC, (id = $4) DESC, id DESC LIMIT $5");
    COUNT = "SELECT COUNT(*) FROM apps WHERE company_id = $1";
    UPDATE = "UPDATE apps SET name = $3, email = $4, country = $5, address = $6, phone = $7, state = $8, city = $9, \
              postal_code = $10 WHERE company_id = $1 AND id = $2";
    UPDATE_ENABLED = "UPDATE apps SET is_enabled = $3 WHERE company_id = $1 AND id = $2";
    UPDATE_DOMAIN = "UPDATE apps SET domain = $3 WHERE company_id = $1 AND id = $2";
}

pub(super) async fn insert(
    tx: &mut Tx,
    (id, company): (AppId, CompanyId),
    (details, zone): (&Details, Zone),
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(id)
            .bind(company)
            .bind(&details.name)
            .bind(&details.email)
            .bind(&details.country)
            .bind(&details.address)
            .bind(&details.phone)
            .bind(&details.state)
            .bind(&details.city)
            .bind(&details.postal_code)
            .bind(zone)
            .bind(now)
    )?;
    Ok(())
}

/// Finds an app of the company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, company: CompanyId, id: AppId) -> Result<Option<App>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(company).bind(id).fetch_optional(conn).await)
}

/// Finds an app of any company; for the command line.
pub(crate) async fn find_any(on: impl Into<Exec<'_>>, id: AppId) -> Result<Option<App>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_ANY).bind(id).fetch_optional(conn).await)
}

/// Lists the company's apps, oldest first.
pub(crate) async fn list(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<App>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(company).fetch_all(conn).await)
}

/// Lists at most `limit` of the company's apps, and at most [`MAX_NEAR_APPS`]: these three, as far as they are the company's, then the
/// newest.
pub(crate) async fn list_near(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    first: [AppId; 3],
    limit: i64,
) -> Result<Vec<App>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_NEAR)
        .bind(company)
        .bind(first[0])
        .bind(first[1])
        .bind(first[2])
        .bind(limit)
        .fetch_all(conn)
        .await)
}

/// Counts the company's apps.
pub(crate) async fn count(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).bind(company).fetch_one(conn).await)
}

/// Updates the app's details; [`DbError::NotUnique`] if another app of the company has this name.
pub(super) async fn update(tx: &mut Tx, company: CompanyId, id: AppId, details: &Details) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(UPDATE)
            .bind(company)
            .bind(id)
            .bind(&details.name)
            .bind(&details.email)
            .bind(&details.country)
            .bind(&details.address)
            .bind(&details.phone)
            .bind(&details.state)
            .bind(&details.city)
            .bind(&details.postal_code)
    )?;
    Ok(())
}

pub(super) async fn update_enabled(tx: &mut Tx, company: CompanyId, id: AppId, is_enabled: bool) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_ENABLED).bind(company).bind(id).bind(is_enabled))?;
    Ok(())
}

pub(super) async fn update_domain(tx: &mut Tx, company: CompanyId, id: AppId, domain: &str) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_DOMAIN).bind(company).bind(id).bind(domain))?;
    Ok(())
}

/// What ingestion has to know of an app.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct AppForIngestion {
    id: AppId,
    pub(crate) is_enabled: bool,
    #[sqlx(flatten)]
    pub(crate) zones: Zones,
}

/// Lists the apps of all companies; for ingestion only.
pub(crate) async fn list_for_ingestion(on: impl Into<Exec<'_>>) -> Result<HashMap<AppId, AppForIngestion>, DbError> {
    let found: Vec<AppForIngestion> = run!(on, |conn| sqlx::query_as(LIST_FOR_INGESTION).fetch_all(conn).await)?;
    Ok(found.into_iter().map(|app| (app.id, app)).collect())
}

/// An app with its zones.
#[derive(sqlx::FromRow)]
struct ZonesRow {
    id: AppId,
    #[sqlx(flatten)]
    zones: Zones,
}

/// Lists the apps of all companies with their zones; for the command line and for jobs.
pub(crate) async fn list_zones(on: impl Into<Exec<'_>>) -> Result<Vec<(AppId, Zones)>, DbError> {
    let rows: Vec<ZonesRow> = run!(on, |conn| sqlx::query_as(LIST_ZONES).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(|row| (row.id, row.zones)).collect())
}

/// Returns the zones of an app. The caller has checked access to it.
pub(crate) async fn zones(on: impl Into<Exec<'_>>, id: AppId) -> Result<Zones, DbError> {
    run!(on, |conn| sqlx::query_as(GET_ZONES).bind(id).fetch_one(conn).await)
}

/// Lists the zone changes that are not complete yet; for jobs.
pub(crate) async fn list_zone_changes(on: impl Into<Exec<'_>>) -> Result<Vec<ZoneChange>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ZONE_CHANGES).fetch_all(conn).await)
}

/// Counts the company's zone changes that are not complete yet.
pub(super) async fn count_zone_changes(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_ZONE_CHANGES).bind(company).fetch_one(conn).await)
}

/// Lists the apps whose totals of an earlier zone are to be deleted; for jobs.
pub(crate) async fn list_with_past_zone(on: impl Into<Exec<'_>>) -> Result<Vec<AppId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_WITH_PAST_ZONE).fetch_all(conn).await)
}

/// Stores the zone that is to replace the app's, unless it already is the app's.
pub(super) async fn ask_for_zone(
    tx: &mut Tx,
    (company, id): (CompanyId, AppId),
    zone: Zone,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(ASK_FOR_ZONE).bind(company).bind(id).bind(zone).bind(now))?;
    Ok(())
}

/// Keeps the app's zone instead of the one that was to replace it.
pub(super) async fn cancel_zone_change(tx: &mut Tx, company: CompanyId, id: AppId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(CANCEL_ZONE_CHANGE).bind(company).bind(id))?;
    Ok(())
}

/// Replaces the zone of the app; false if another change was asked for meanwhile, or this one is complete.
pub(super) async fn change_zone(tx: &mut Tx, change: &ZoneChange) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(CHANGE_ZONE).bind(change.app).bind(change.zone).bind(change.asked_at))? > 0)
}

/// Stores that the app has no totals of an earlier zone.
pub(crate) async fn forget_past_zone(tx: &mut Tx, id: AppId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(FORGET_PAST_ZONE).bind(id))?;
    Ok(())
}

/// Locks the app's row: of several units of work that repair its totals, each sees the changes of the one before.
pub(crate) async fn lock_row(tx: &mut Tx, id: AppId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(TAKE_TURN).bind(id))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_in_sql_is_the_maximum() {
        assert_eq!(max_near_apps!().parse(), Ok(MAX_NEAR_APPS));
    }
}
