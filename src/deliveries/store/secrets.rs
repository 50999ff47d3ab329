//! The `destination_secrets` table: the secrets that sign the deliveries of destinations, sealed and bound to their rows.
//!
//! Invariant: a destination has one current secret for each purpose that it needs. Replaced secrets sign until they expire, and at most
//! [`MAX_SIGNING_SECRETS`] sign at the same time.

use crate::{
    db::{DbError, Exec, Tx, execute, ids, run, sql},
    primitives::{
        id::{DestinationId, DestinationSecretId},
        secret::Secret,
        text_enum::{text_column, text_enum},
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// The sealing context of a secret.
const SEAL_CONTEXT: &str = "destination_secrets.sealed";
/// The maximum number of secrets that sign a request.
pub(crate) const MAX_SIGNING_SECRETS: usize = 10;

text_enum! {
    /// The purpose of a secret of a destination.
    pub(crate) enum Purpose, "the purpose of a secret" {
        /// The Standard Webhooks signature of every delivery.
        Webhook = "webhook",
        /// The gateway's own signature, created by KS Pay.
        Gateway = "gateway",
    }
}
text_column!(Purpose, Purpose::as_str);

sql! {
    INSERT = "INSERT INTO destination_secrets (id, destination_id, purpose, sealed, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    EXPIRE = "UPDATE destination_secrets SET valid_until = $3 WHERE destination_id = $1 AND purpose = $2 AND valid_until IS NULL";
    EXPIRE_ALL = "UPDATE destination_secrets SET valid_until = $2 WHERE destination_id = $1 AND (valid_until IS NULL OR valid_until > $2)";
    LIST_VALID = "SELECT id, destination_id, purpose, sealed, valid_until, created_at FROM destination_secrets \
                  WHERE destination_id = $1 AND (valid_until IS NULL OR valid_until > $2) ORDER BY id DESC";
    LIST_ALL_VALID = "SELECT id, destination_id, purpose, sealed, valid_until, created_at FROM destination_secrets \
                      WHERE valid_until IS NULL OR valid_until > $1 ORDER BY id DESC";
}

/// A stored secret of a destination.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredSecret {
    pub(crate) id: DestinationSecretId,
    pub(crate) destination_id: DestinationId,
    pub(crate) purpose: Purpose,
    sealed: Vec<u8>,
    /// When it expires; `None` for the current one.
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

impl StoredSecret {
    /// Opens the sealed value.
    ///
    /// # Errors
    /// If it was sealed under another master key or is damaged.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Secret, VaultError> {
        let plain = vault.open(SEAL_CONTEXT, &self.id.to_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).ok().and_then(Secret::parse).ok_or(VaultError::Damaged)
    }
}

/// Stores a secret as the current one. The caller has set the expiry of the previous one and bound the master key.
pub(crate) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    (destination, purpose, secret): (DestinationId, Purpose, &Secret),
    (by, now): (&str, Timestamp),
) -> Result<(), DbError> {
    let id: DestinationSecretId = ids::next(tx).await?;
    let sealed = vault.seal(SEAL_CONTEXT, &id.to_bytes(), secret.expose().as_bytes());
    execute!(tx, sqlx::query(INSERT).bind(id).bind(destination).bind(purpose).bind(&sealed).bind(by).bind(now))?;
    Ok(())
}

/// Sets the expiry of the current secret of a purpose.
pub(crate) async fn expire(tx: &mut Tx, destination: DestinationId, purpose: Purpose, until: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(EXPIRE).bind(destination).bind(purpose).bind(until))?;
    Ok(())
}

/// Expires every secret of a destination now.
pub(crate) async fn expire_all(tx: &mut Tx, destination: DestinationId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(EXPIRE_ALL).bind(destination).bind(now))?;
    Ok(())
}

/// Lists the secrets that sign now, newest first. The caller has checked access to the destination.
pub(crate) async fn list_valid(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_VALID).bind(destination).bind(now).fetch_all(conn).await)
}

/// Lists the secrets of all destinations that sign now, newest first; for `doctor`.
pub(crate) async fn list_all_valid(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ALL_VALID).bind(now).fetch_all(conn).await)
}
