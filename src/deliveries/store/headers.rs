//! The `destination_headers` table: the fixed headers of destinations, their values sealed and bound to their rows.

use crate::{
    db::{DbError, Exec, Tx, execute, ids, run, sql},
    deliveries::fixed_headers::{Name, Value},
    primitives::{
        id::{DestinationHeaderId, DestinationId},
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// The sealing context of a value.
const SEAL_CONTEXT: &str = "destination_headers.sealed";

sql! {
    INSERT = "INSERT INTO destination_headers (id, destination_id, name, sealed, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    DELETE = "DELETE FROM destination_headers WHERE destination_id = $1 AND name = $2";
    DELETE_ALL = "DELETE FROM destination_headers WHERE destination_id = $1";
    LIST = "SELECT id, destination_id, name, sealed FROM destination_headers WHERE destination_id = $1 ORDER BY name";
    LIST_OF_ALL = "SELECT id, destination_id, name, sealed FROM destination_headers ORDER BY destination_id, name";
}

/// A stored header.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredHeader {
    id: DestinationHeaderId,
    pub(crate) destination_id: DestinationId,
    pub(crate) name: Name,
    sealed: Vec<u8>,
}

impl StoredHeader {
    /// Opens the sealed value.
    ///
    /// # Errors
    /// If it was sealed under another master key or is damaged.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Value, VaultError> {
        let plain = vault.open(SEAL_CONTEXT, &self.id.to_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).ok().and_then(|text| Value::parse(text).ok()).ok_or(VaultError::Damaged)
    }
}

/// Stores a header; the destination has none with this name yet. The caller has bound the master key.
pub(crate) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    (destination, name, value): (DestinationId, &Name, &Value),
    (by, now): (&str, Timestamp),
) -> Result<(), DbError> {
    let id: DestinationHeaderId = ids::next(tx).await?;
    let sealed = vault.seal(SEAL_CONTEXT, &id.to_bytes(), value.expose().as_bytes());
    execute!(tx, sqlx::query(INSERT).bind(id).bind(destination).bind(name).bind(&sealed).bind(by).bind(now))?;
    Ok(())
}

/// Deletes a header; returns false if there is none with that name.
pub(crate) async fn delete(tx: &mut Tx, destination: DestinationId, name: &Name) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(DELETE).bind(destination).bind(name))? > 0)
}

/// Deletes the headers of a destination.
pub(crate) async fn delete_all(tx: &mut Tx, destination: DestinationId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_ALL).bind(destination))?;
    Ok(())
}

/// Lists the headers of a destination by name. The caller has checked access to it.
pub(crate) async fn list(on: impl Into<Exec<'_>>, destination: DestinationId) -> Result<Vec<StoredHeader>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(destination).fetch_all(conn).await)
}

/// Lists the headers of all destinations; for `doctor`.
pub(crate) async fn list_of_all(on: impl Into<Exec<'_>>) -> Result<Vec<StoredHeader>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_ALL).fetch_all(conn).await)
}
