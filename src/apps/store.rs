//! The `apps` table.

use std::collections::HashMap;

use super::{App, Details};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
        zone::Zone,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, name, email, country, address, phone, state, city, postal_code, domain, zone, is_enabled"
    };
}

sql! {
    INSERT = "INSERT INTO apps (id, company_id, name, email, country, address, phone, state, city, postal_code, is_enabled, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, TRUE, $11)";
    FIND = concat!("SELECT ", columns!(), " FROM apps WHERE company_id = $1 AND id = $2");
    FIND_ANY = concat!("SELECT ", columns!(), " FROM apps WHERE id = $1");
    LIST_FOR_INGESTION = "SELECT id, is_enabled, zone FROM apps";
    LIST_ZONES = "SELECT id, zone FROM apps ORDER BY id";
    FIND_ZONE = "SELECT zone FROM apps WHERE id = $1";
    LIST = concat!("SELECT ", columns!(), " FROM apps WHERE company_id = $1 ORDER BY id");
    COUNT = "SELECT COUNT(*) FROM apps WHERE company_id = $1";
    UPDATE = "UPDATE apps SET name = $3, email = $4, country = $5, address = $6, phone = $7, state = $8, city = $9, \
              postal_code = $10 WHERE company_id = $1 AND id = $2";
    UPDATE_ENABLED = "UPDATE apps SET is_enabled = $3 WHERE company_id = $1 AND id = $2";
    UPDATE_DOMAIN = "UPDATE apps SET domain = $3 WHERE company_id = $1 AND id = $2";
}

pub(super) async fn insert(tx: &mut Tx, id: AppId, company: CompanyId, details: &Details, now: Timestamp) -> Result<(), DbError> {
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
    pub(crate) zone: Zone,
}

/// Lists the apps of all companies; for ingestion only.
pub(crate) async fn list_for_ingestion(on: impl Into<Exec<'_>>) -> Result<HashMap<AppId, AppForIngestion>, DbError> {
    let found: Vec<AppForIngestion> = run!(on, |conn| sqlx::query_as(LIST_FOR_INGESTION).fetch_all(conn).await)?;
    Ok(found.into_iter().map(|app| (app.id, app)).collect())
}

/// Lists the apps of all companies with their zones; for the command line.
pub(crate) async fn list_zones(on: impl Into<Exec<'_>>) -> Result<Vec<(AppId, Zone)>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ZONES).fetch_all(conn).await)
}

/// Returns the zone of an app. The caller has checked access to it.
pub(crate) async fn zone(on: impl Into<Exec<'_>>, id: AppId) -> Result<Zone, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_ZONE).bind(id).fetch_one(conn).await)
}
