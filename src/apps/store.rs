//! The `apps` table.

use std::collections::HashSet;

use super::{App, Details};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, name, email, country, address, phone, state, city, postal_code, domain, is_enabled"
    };
}

sql! {
    INSERT = "INSERT INTO apps (id, company_id, name, email, country, address, phone, state, city, postal_code, is_enabled, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, TRUE, $11)";
    FIND = concat!("SELECT ", columns!(), " FROM apps WHERE company_id = $1 AND id = $2");
    FIND_ANY = concat!("SELECT ", columns!(), " FROM apps WHERE id = $1");
    LIST_DISABLED = "SELECT id FROM apps WHERE NOT is_enabled";
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
pub(crate) async fn update(tx: &mut Tx, company: CompanyId, id: AppId, details: &Details) -> Result<(), DbError> {
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

pub(crate) async fn update_enabled(tx: &mut Tx, company: CompanyId, id: AppId, is_enabled: bool) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_ENABLED).bind(company).bind(id).bind(is_enabled))?;
    Ok(())
}

pub(crate) async fn update_domain(tx: &mut Tx, company: CompanyId, id: AppId, domain: &str) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_DOMAIN).bind(company).bind(id).bind(domain))?;
    Ok(())
}

/// Lists the disabled apps of all companies; for ingestion only.
pub(crate) async fn list_disabled(on: impl Into<Exec<'_>>) -> Result<HashSet<AppId>, DbError> {
    let found: Vec<AppId> = run!(on, |conn| sqlx::query_scalar(LIST_DISABLED).fetch_all(conn).await)?;
    Ok(found.into_iter().collect())
}
