//! The `installation` table: named settings of this installation.

use crate::db::{DbError, Exec, Tx, execute, run, sql};

sql! {
    FIND = "SELECT value FROM installation WHERE name = $1";
    SET = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    CLAIM = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    DELETE = "DELETE FROM installation WHERE name = $1";
}

/// Returns the value of that name.
pub(crate) async fn find(on: impl Into<Exec<'_>>, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND).bind(name).fetch_optional(conn).await)
}

/// Sets a value, replacing an existing one.
pub(crate) async fn set(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET).bind(name).bind(value))?;
    Ok(())
}

/// Sets a value unless one exists, and returns the current value.
pub(crate) async fn claim(tx: &mut Tx, name: &str, value: &[u8]) -> Result<Vec<u8>, DbError> {
    execute!(&mut *tx, sqlx::query(CLAIM).bind(name).bind(value))?;
    Ok(find(tx, name).await?.unwrap_or_default())
}

/// Deletes a value; returns whether it existed.
pub(crate) async fn delete(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let gone = execute!(tx, sqlx::query(DELETE).bind(name))?;
    Ok(gone > 0)
}
