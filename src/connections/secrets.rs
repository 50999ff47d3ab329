//! A connection's SECRETs: one active, any number draining. Sealed at rest, bound to their row.
//!
//! The `secrets` table is this file's alone.

use super::ConnectError;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::adapter::LiveSecret,
    installation,
    kernel::{
        id::{CompanyId, ConnectionId, SecretId},
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
    /// Those whose time is over, too.
    LIST_OF_CONNECTION = "SELECT id, connection_id, sealed, state, until, created_at FROM secrets \
                          WHERE connection_id = $1 ORDER BY id DESC LIMIT $2";
    LIST_OF_COMPANY = "SELECT s.id, s.connection_id, s.sealed, s.state, s.until, s.created_at FROM secrets s \
                       JOIN connections c ON c.id = s.connection_id WHERE c.company_id = $1 ORDER BY s.id DESC LIMIT $2";
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

/// Every SECRET a connection has had, newest first: for the doctor alone.
pub(crate) async fn list_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).bind(most).fetch_all(conn).await)
}

/// The newest SECRETs of a company, those whose time is over included: for the doctor alone.
pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId, most: i64) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).bind(most).fetch_all(conn).await)
}
