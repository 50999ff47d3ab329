//! The `companies` table.

use super::Company;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{id::CompanyId, time::Timestamp, zone::Zone},
};

sql! {
    LIST_BY_NAME = "SELECT id, name, time_zone FROM companies WHERE name = $1 ORDER BY id LIMIT 2";
    GET = "SELECT id, name, time_zone FROM companies WHERE id = $1";
    /// Those after an id, so that a job can read all of them in parts.
    LIST_AFTER = "SELECT id, name, time_zone FROM companies WHERE id > $1 ORDER BY id LIMIT 100";
    INSERT = "INSERT INTO companies (id, name, time_zone, created_at) VALUES ($1, $2, $3, $4)";
    UPDATE = "UPDATE companies SET name = $2, time_zone = $3 WHERE id = $1";
}

/// Lists companies with exactly that name, at most two, because two already make it ambiguous.
pub(crate) async fn list_by_name(on: impl Into<Exec<'_>>, name: &str) -> Result<Vec<Company>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_BY_NAME).bind(name).fetch_all(conn).await)
}

/// Returns the company, which must exist, because something belongs to it.
pub(crate) async fn get(on: impl Into<Exec<'_>>, id: CompanyId) -> Result<Company, DbError> {
    run!(on, |conn| sqlx::query_as(GET).bind(id).fetch_one(conn).await)
}

/// Lists the companies after an id, at most 100; for jobs.
pub(crate) async fn list_after(on: impl Into<Exec<'_>>, id: CompanyId) -> Result<Vec<Company>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_AFTER).bind(id).fetch_all(conn).await)
}

pub(crate) async fn insert(tx: &mut Tx, company: &Company, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(company.id).bind(&company.name).bind(company.zone).bind(now))?;
    Ok(())
}

/// Updates name and zone. Names need not be unique: a conflict would reveal another tenant.
pub(super) async fn update(tx: &mut Tx, id: CompanyId, (name, zone): (&str, Zone)) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE).bind(id).bind(name).bind(zone))?;
    Ok(())
}
