//! What the installation remembers of itself: a few named values in one table.

use crate::db::{DbError, Exec, Tx, execute, run, sql};

sql! {
    FIND = "SELECT value FROM installation WHERE name = $1";
    SET = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    CLAIM = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    DELETE = "DELETE FROM installation WHERE name = $1";
}

/// The value of that name.
pub(crate) async fn find(on: impl Into<Exec<'_>>, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND).bind(name).fetch_optional(conn).await)
}

/// Sets it, whatever it was.
pub(crate) async fn set(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET).bind(name).bind(value))?;
    Ok(())
}

/// Sets it unless it is set, and returns what it is then.
pub(crate) async fn claim(tx: &mut Tx, name: &str, value: &[u8]) -> Result<Vec<u8>, DbError> {
    execute!(&mut *tx, sqlx::query(CLAIM).bind(name).bind(value))?;
    Ok(find(tx, name).await?.unwrap_or_default())
}

/// Forgets it; whether there was anything to forget.
pub(crate) async fn delete(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let gone = execute!(tx, sqlx::query(DELETE).bind(name))?;
    Ok(gone > 0)
}
