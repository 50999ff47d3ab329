//! The `companies` table.

use super::Company;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{id::CompanyId, time::Timestamp},
};

sql! {
    LIST_BY_NAME = "SELECT id, name FROM companies WHERE name = $1 ORDER BY id LIMIT 2";
    GET = "SELECT id, name FROM companies WHERE id = $1";
    INSERT = "INSERT INTO companies (id, name, created_at) VALUES ($1, $2, $3)";
    UPDATE_NAME = "UPDATE companies SET name = $2 WHERE id = $1";
}

/// Lists companies with exactly that name, at most two, because two already make it ambiguous.
pub(crate) async fn list_by_name(on: impl Into<Exec<'_>>, name: &str) -> Result<Vec<Company>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_BY_NAME).bind(name).fetch_all(conn).await)
}

/// Returns the company, which must exist, because something belongs to it.
pub(crate) async fn get(on: impl Into<Exec<'_>>, id: CompanyId) -> Result<Company, DbError> {
    run!(on, |conn| sqlx::query_as(GET).bind(id).fetch_one(conn).await)
}

pub(crate) async fn insert(tx: &mut Tx, company: &Company, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(company.id).bind(&company.name).bind(now))?;
    Ok(())
}

/// Renames the company. Names need not be unique: a conflict would reveal another tenant.
pub(super) async fn update_name(tx: &mut Tx, id: CompanyId, name: &str) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_NAME).bind(id).bind(name))?;
    Ok(())
}
