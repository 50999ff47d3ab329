//! The `companies` table.

use super::Company;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    kernel::{id::CompanyId, time::Timestamp},
};

sql! {
    FIND_BY_NAME = "SELECT id, name FROM companies WHERE name = $1";
    GET = "SELECT id, name FROM companies WHERE id = $1";
    INSERT = "INSERT INTO companies (id, name, created_at) VALUES ($1, $2, $3)";
    UPDATE_NAME = "UPDATE companies SET name = $2 WHERE id = $1";
}

/// The company with exactly that name.
pub(crate) async fn find_by_name(on: impl Into<Exec<'_>>, name: &str) -> Result<Option<Company>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_BY_NAME).bind(name).fetch_optional(conn).await)
}

/// The company, which exists because something belongs to it.
pub(crate) async fn get(on: impl Into<Exec<'_>>, id: CompanyId) -> Result<Company, DbError> {
    run!(on, |conn| sqlx::query_as(GET).bind(id).fetch_one(conn).await)
}

pub(crate) async fn insert(tx: &mut Tx, company: &Company, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(company.id).bind(&company.name).bind(now))?;
    Ok(())
}

/// Gives the company another name; [`DbError::NotUnique`] when one has it.
pub(crate) async fn update_name(tx: &mut Tx, id: CompanyId, name: &str) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_NAME).bind(id).bind(name))?;
    Ok(())
}
