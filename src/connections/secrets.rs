//! A connection's SECRETs: one active, any number draining. Sealed at rest, bound to their row.
//!
//! The `secrets` table is this file's alone.

use super::ConnectError;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::adapter::LiveSecret,
    installation,
    kernel::{
        id::{ConnectionId, SecretId},
        secret::Secret,
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// What a sealed SECRET is bound to.
const PLACE: &str = "secrets.sealed";
/// Under this name the installation remembers which master key it was sealed with.
pub(crate) const SEALED_WITH: &str = "sealed_with";

sql! {
    INSERT = "INSERT INTO secrets (id, connection_id, sealed, state, until, created_at) VALUES ($1, $2, $3, 'active', NULL, $4)";
    LIST_LIVE = "SELECT id, connection_id, sealed, state, until, created_at FROM secrets \
                 WHERE connection_id = $1 AND (state = 'active' OR until > $2) ORDER BY id DESC";
    LIST_ALL_LIVE = "SELECT id, connection_id, sealed, state, until, created_at FROM secrets \
                     WHERE state = 'active' OR until > $1 ORDER BY id DESC";
}

/// A stored SECRET that counts.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Stored {
    pub(crate) id: SecretId,
    pub(crate) connection_id: ConnectionId,
    sealed: Vec<u8>,
    pub(crate) state: String,
    pub(crate) until: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

impl Stored {
    /// The value.
    ///
    /// # Errors
    /// When it was sealed under another master key or is damaged.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Secret, VaultError> {
        let plain = vault.open(PLACE, self.id.as_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).ok().and_then(Secret::parse).ok_or(VaultError::Damaged)
    }

    /// The value, ready to verify with.
    ///
    /// # Errors
    /// See [`Stored::open`].
    pub(crate) fn live(&self, vault: &Vault) -> Result<LiveSecret, VaultError> {
        Ok(LiveSecret { id: self.id, secret: self.open(vault)?, until: self.until })
    }
}

/// Notes which master key this database is sealed with, before anything is sealed with it. Two servers with two keys
/// on one database would otherwise seal what the other cannot open.
pub(super) async fn claim_key(tx: &mut Tx, vault: &Vault) -> Result<(), ConnectError> {
    let claimed = installation::claim(tx, SEALED_WITH, vault.key_id().as_bytes()).await?;
    if claimed == vault.key_id().as_bytes() { Ok(()) } else { Err(ConnectError::OtherKey) }
}

/// Gives the connection a SECRET that counts from now on.
pub(super) async fn add_active(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    secret: &Secret,
    now: Timestamp,
) -> Result<(), ConnectError> {
    claim_key(tx, vault).await?;
    let id = SecretId::new(now);
    let sealed = vault.seal(PLACE, id.as_bytes(), secret.expose().as_bytes());
    execute!(tx, sqlx::query(INSERT).bind(id).bind(connection).bind(sealed).bind(now))?;
    Ok(())
}

/// The SECRETs that count now, newest first. `connection` is one the caller was allowed to see.
pub(crate) async fn list_live(on: impl Into<Exec<'_>>, connection: ConnectionId, now: Timestamp) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_LIVE).bind(connection).bind(now).fetch_all(conn).await)
}

/// The SECRETs of all connections that count now, newest first: for ingestion alone.
pub(crate) async fn list_all_live(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ALL_LIVE).bind(now).fetch_all(conn).await)
}
