//! The secrets of a connection: one active, and any number of additional, expiring, expired and retired ones. Sealed at rest
//! and bound to their row.
//!
//! Invariant: a connection always has an active secret, except before the first secret of a gateway that makes it is entered.
//! No two valid secrets of a connection have the same value, so that retiring one ends its value there.
//! Changes are serialized by a row lock, and a rotation is one unit of
//! work that inserts the new secret and gives the previous one its expiry. A row is never deleted, so that every event can
//! name the secret that verified it. Only this module accesses the `secrets` table.

use std::time::Duration;

use super::{
    ConnectError, activity,
    overlap::{self, Overlap},
    secret_usage, store,
};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::adapter::ValidSecret,
    primitives::{
        id::{CompanyId, ConnectionId, SecretId},
        secret::Secret,
        text_enum::{text_column, text_enum},
        time::{CLOCK_TOLERANCE, Timestamp},
        vault::{Vault, VaultError},
    },
    settings_store,
};

/// The sealing context of a secret.
const SEAL_CONTEXT: &str = "secrets.sealed";
/// The setting that stores the id of the master key in use.
pub(crate) const SEALED_WITH: &str = "sealed_with";
/// Maximum number of valid imported and adopted secrets: a rejected request has been verified against every one.
pub(crate) const MAX_IMPORTED_SECRETS: usize = 8;
/// Maximum number of valid secrets for a rotation: each request is verified against every one.
pub(super) const MAX_VALID_SECRETS: usize = 64;
/// Maximum number of expired and retired secrets listed.
const MAX_LISTED_ENDED: i64 = 20;

/// The selected columns, in the same order in every query.
macro_rules! columns {
    () => {
        "id, connection_id, sealed, state, valid_until, origin, created_by, retired_by, created_at"
    };
}

/// Selects the secrets valid at a given time. A retired one never is, even if this server's clock is behind.
macro_rules! is_valid_at {
    ($now:literal) => {
        concat!(
            "(state = 'active' OR (retired_at IS NULL AND (valid_until > ",
            $now,
            " OR (origin <> 'generated' AND valid_until IS NULL))))"
        )
    };
}

sql! {
    INSERT = "INSERT INTO secrets (id, connection_id, sealed, state, valid_until, origin, created_by, created_at) VALUES ($1, $2, $3, $4, NULL, $5, $6, $7)";
    LIST_LIVE = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id = $1 AND ", is_valid_at!("$2"), " ORDER BY id DESC");
    LIST_ENDED = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id = $1 AND state <> 'active' \
                          AND (retired_at IS NOT NULL OR valid_until <= $2) ORDER BY valid_until DESC, id DESC LIMIT $3");
    LIST_ALL_LIVE = concat!("SELECT ", columns!(), " FROM secrets WHERE ", is_valid_at!("$1"), " ORDER BY id DESC");
    /// Those whose time is over, too: after all others.
    LIST_OF_CONNECTION = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id = $1 \
                          ORDER BY CASE WHEN ", is_valid_at!("$2"), " THEN 0 ELSE 1 END, id DESC LIMIT $3");
    LIST_OF_OTHERS = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id IN \
                      (SELECT id FROM connections WHERE company_id = $1 AND id <> $2) \
                      ORDER BY CASE WHEN ", is_valid_at!("$3"), " THEN 0 ELSE 1 END, id DESC LIMIT $4");
    HAS_UNTIL_AFTER = "SELECT EXISTS (SELECT 1 FROM secrets WHERE state <> 'active' AND retired_at IS NULL AND valid_until > $1)";
    BOUND_UNTIL = "UPDATE secrets SET valid_until = $2 WHERE state <> 'active' AND retired_at IS NULL AND valid_until > $1";
    ACTIVATE = "UPDATE secrets SET state = 'active', valid_until = NULL, origin = 'imported' WHERE id = $1";
    EXPIRE = "UPDATE secrets SET state = 'additional', valid_until = $2 WHERE connection_id = $1 AND state = 'active'";
    RETIRE = "UPDATE secrets SET valid_until = $3, retired_at = $3, retired_by = $4 WHERE connection_id = $1 AND id = $2 \
              AND state <> 'active' AND retired_at IS NULL AND (valid_until IS NULL OR valid_until > $3)";
}

text_enum! {
    /// The stored state of a secret. Whether an additional one is still valid depends on the time.
    pub(crate) enum SecretState or "a secret is active or additional" {
        /// The one to paste into the gateway; each connection has exactly one.
        Active = "active",
        Additional = "additional",
    }
}
text_column!(SecretState, SecretState::as_str);

text_enum! {
    /// The origin of a secret.
    pub(crate) enum Origin or "a secret is generated, imported or adopted" {
        /// Generated here, and revealed on the Webhook page on request.
        Generated = "generated",
        /// Imported by a user: the gateway already had it. Never shown again.
        Imported = "imported",
        /// Found by diagnosis in rejected requests and adopted by a user. Never shown.
        Adopted = "adopted",
    }
}
text_column!(Origin, Origin::as_str);

/// A stored secret.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredSecret {
    pub(crate) id: SecretId,
    pub(crate) connection_id: ConnectionId,
    sealed: Vec<u8>,
    pub(crate) state: SecretState,
    /// When it expires; `None` for the active one, and for an imported or adopted one until it is retired.
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) origin: Origin,
    pub(crate) created_by: Option<String>,
    pub(crate) retired_by: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl StoredSecret {
    pub(crate) fn is_active(&self) -> bool {
        self.state == SecretState::Active
    }

    /// Returns the state that scripts read: `active`, `expiring` (until `valid_until`) or `additional` (until it is retired).
    pub(crate) fn state_label(&self) -> &'static str {
        match self.valid_until {
            _ if self.is_active() => "active",
            Some(_) => "expiring",
            None => "additional",
        }
    }

    /// True if a user retired it.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired_by.is_some()
    }

    /// True if it could verify a request received at that time.
    pub(crate) fn is_valid_at(&self, at: Timestamp) -> bool {
        !self.is_retired() && self.valid_until.is_none_or(|until| until > at)
    }

    /// Opens the sealed value.
    ///
    /// # Errors
    /// If it was sealed under another master key or is damaged.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Secret, VaultError> {
        let plain = vault.open(SEAL_CONTEXT, self.id.as_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).ok().and_then(Secret::parse).ok_or(VaultError::Damaged)
    }

    /// Opens the value for verification.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub(crate) fn live(&self, vault: &Vault) -> Result<ValidSecret, VaultError> {
        Ok(ValidSecret { id: self.id, secret: self.open(vault)?, until: self.valid_until })
    }
}

#[cfg(test)]
impl StoredSecret {
    /// Returns a sample with this state, for tests that never open it.
    pub(crate) fn sample(state: SecretState, created_at: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            id: SecretId::new(created_at),
            connection_id: ConnectionId::new(created_at),
            sealed: Vec::new(),
            state,
            valid_until: until,
            origin: Origin::Generated,
            created_by: None,
            retired_by: None,
            created_at,
        }
    }
}

/// Records the id of the master key before the first value is sealed. Two servers with different keys on one database would
/// otherwise seal values that the other cannot open.
pub(super) async fn bind_master_key(tx: &mut Tx, vault: &Vault) -> Result<(), ConnectError> {
    let claimed = settings_store::claim(tx, SEALED_WITH, vault.key_id().as_bytes()).await?;
    if claimed == vault.key_id().as_bytes() { Ok(()) } else { Err(ConnectError::WrongMasterKey) }
}

/// A secret to store.
struct New<'a> {
    connection: ConnectionId,
    secret: &'a Secret,
    state: SecretState,
    origin: Origin,
    by: &'a str,
}

async fn insert(tx: &mut Tx, vault: &Vault, new: &New<'_>, now: Timestamp) -> Result<SecretId, ConnectError> {
    bind_master_key(tx, vault).await?;
    let id = SecretId::new(now);
    let sealed = vault.seal(SEAL_CONTEXT, id.as_bytes(), new.secret.expose().as_bytes());
    execute!(
        tx,
        sqlx::query(INSERT).bind(id).bind(new.connection).bind(&sealed).bind(new.state).bind(new.origin).bind(new.by).bind(now)
    )?;
    Ok(id)
}

/// Generates and stores an active secret, valid from now on.
pub(super) async fn insert_active(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    by: &str,
    now: Timestamp,
) -> Result<SecretId, ConnectError> {
    let new = New { connection, secret: &Secret::generate(), state: SecretState::Active, origin: Origin::Generated, by };
    insert(tx, vault, &new, now).await
}

/// Generates a new active secret; `by` is its author. The previous one becomes expiring; returns its expiry. Concurrent
/// rotations are serialized.
pub(crate) async fn rotate(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    (overlap, by): (Overlap, &str),
    now: Timestamp,
) -> Result<Timestamp, ConnectError> {
    let until = now.plus(overlap.duration());
    expire_active(tx, connection, until, now).await?;
    insert_active(tx, vault, connection, by, now).await?;
    Ok(until)
}

/// Gives the active secret its expiry, after which another must become active in the same unit of work.
async fn expire_active(tx: &mut Tx, connection: ConnectionId, until: Timestamp, now: Timestamp) -> Result<(), ConnectError> {
    store::lock_row(tx, connection).await?;
    if list_valid(&mut *tx, connection, now).await?.len() >= MAX_VALID_SECRETS {
        return Err(ConnectError::TooManySecrets);
    }
    execute!(&mut *tx, sqlx::query(EXPIRE).bind(connection).bind(until))?;
    Ok(())
}

/// Makes a secret of the gateway the active one; `by` is the user who pasted it. The one before becomes expiring, since the
/// gateway may still retry requests signed with it; one that has never verified a request was pasted by mistake and expires now.
/// A secret that is still valid is made active again, not inserted twice.
pub(crate) async fn enter(
    tx: &mut Tx,
    vault: &Vault,
    (connection, retry_window): (ConnectionId, Duration),
    (secret, by): (&Secret, &str),
    now: Timestamp,
) -> Result<AddSecretOutcome, ConnectError> {
    store::lock_row(tx, connection).await?;
    let live = list_valid(&mut *tx, connection, now).await?;
    let known = live.iter().find(|stored| stored.open(vault).is_ok_and(|opened| opened.is(secret)));
    if known.is_some_and(StoredSecret::is_active) {
        return Ok(AddSecretOutcome::AlreadyValid);
    }
    if known.is_none() && live.iter().filter(|stored| stored.origin != Origin::Generated).count() >= MAX_IMPORTED_SECRETS {
        return Ok(AddSecretOutcome::LimitReached);
    }
    let previous = live.iter().find(|stored| stored.is_active());
    let may_be_used = match previous {
        Some(previous) => may_have_verified(tx, previous).await?,
        None => false,
    };
    expire_active(tx, connection, if may_be_used { now.plus(retry_window) } else { now }, now).await?;
    if let Some(known) = known {
        execute!(tx, sqlx::query(ACTIVATE).bind(known.id))?;
        return Ok(AddSecretOutcome::Added(known.id));
    }
    let new = New { connection, secret, state: SecretState::Active, origin: Origin::Imported, by };
    Ok(AddSecretOutcome::Added(insert(tx, vault, &new, now).await?))
}

/// Returns false only if it is certain that the secret has verified no request. Its usage alone does not prove that, because it
/// is written after the events; the activity of the connection is written with them.
async fn may_have_verified(tx: &mut Tx, secret: &StoredSecret) -> Result<bool, DbError> {
    let last_at = activity::get(&mut *tx, secret.connection_id).await?.last_verified_at;
    if last_at.is_some_and(|at| at.plus(CLOCK_TOLERANCE) >= secret.created_at) {
        return Ok(true);
    }
    Ok(secret_usage::list(&mut *tx, secret.connection_id).await?.iter().any(|(id, _)| *id == secret.id))
}

/// The result of adding a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddSecretOutcome {
    Added(SecretId),
    /// It is already valid at this connection.
    AlreadyValid,
    /// The limit of imported and adopted secrets is reached: see [`MAX_IMPORTED_SECRETS`].
    LimitReached,
}

/// Adds a secret to the valid ones of a connection; it remains valid until it is retired. The caller has confirmed the
/// password of a user of the company.
pub(crate) async fn add_secret(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    (secret, origin, by): (&Secret, Origin, &str),
    now: Timestamp,
) -> Result<AddSecretOutcome, ConnectError> {
    store::lock_row(tx, connection).await?;
    let live = list_valid(&mut *tx, connection, now).await?;
    // A stored secret that does not open must not prevent adding another, since that resolves the failure.
    if live.iter().any(|stored| stored.open(vault).is_ok_and(|opened| opened.is(secret))) {
        return Ok(AddSecretOutcome::AlreadyValid);
    }
    if live.iter().filter(|stored| stored.origin != Origin::Generated).count() >= MAX_IMPORTED_SECRETS {
        return Ok(AddSecretOutcome::LimitReached);
    }
    let new = New { connection, secret, state: SecretState::Additional, origin, by };
    Ok(AddSecretOutcome::Added(insert(tx, vault, &new, now).await?))
}

/// Retires a secret that is not active, immediately and on every server. Returns false if there was none to retire.
pub(crate) async fn retire(
    tx: &mut Tx,
    connection: ConnectionId,
    id: SecretId,
    by: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(RETIRE).bind(connection).bind(id).bind(now).bind(by))? > 0)
}

/// True if a secret expires later than the longest overlap from now, which means that it was rotated while the clock was
/// ahead.
pub(crate) async fn has_late_expiry(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    let latest = now.plus(overlap::MAX_OVERLAP).plus(CLOCK_TOLERANCE);
    run!(on, |conn| sqlx::query_scalar(HAS_UNTIL_AFTER).bind(latest).fetch_one(conn).await)
}

/// Caps expiries at the longest overlap from now. `now` is from a clock known to be correct.
pub(crate) async fn bound_expiry(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let longest = now.plus(overlap::MAX_OVERLAP);
    execute!(tx, sqlx::query(BOUND_UNTIL).bind(longest.plus(CLOCK_TOLERANCE)).bind(longest))
}

/// Lists the valid secrets, newest first. The caller has checked access to `connection`.
pub(crate) async fn list_valid(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_LIVE).bind(connection).bind(now).fetch_all(conn).await)
}

/// Lists expired and retired secrets, the most recently ended first. The caller has checked access to `connection`.
pub(crate) async fn list_expired(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ENDED).bind(connection).bind(now).bind(MAX_LISTED_ENDED).fetch_all(conn).await)
}

/// Lists the valid secrets of all connections, newest first. Not scoped to a company: for ingestion and `ks-pay doctor` only.
pub(crate) async fn list_all_valid(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ALL_LIVE).bind(now).fetch_all(conn).await)
}

/// Every secret a connection has had, the valid ones first, the newest first among each: for diagnosis, and to compare one that
/// is imported.
pub(crate) async fn list_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).bind(now).bind(most).fetch_all(conn).await)
}

/// The same of a company's other connections.
pub(crate) async fn list_of_others(
    on: impl Into<Exec<'_>>,
    (company, but): (CompanyId, ConnectionId),
    now: Timestamp,
    most: i64,
) -> Result<Vec<StoredSecret>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_OTHERS).bind(company).bind(but).bind(now).bind(most).fetch_all(conn).await)
}
