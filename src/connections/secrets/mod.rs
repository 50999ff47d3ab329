//! The secrets of a connection: one active, and any number of additional, expiring, expired and retired ones. Sealed at rest
//! and bound to their row.
//!
//! Invariant: a connection always has an active secret, except before the first secret of a gateway that generates it is entered.
//! No two valid secrets of a connection have the same value, so that retiring one ends its value there. Changes are serialized by
//! a row lock, and a rotation is one unit of work that inserts the new secret and gives the previous one its expiry. A row is never
//! deleted, so that every event can name the secret that verified it. Only this module accesses the `secrets` table.

mod stored;

use self::stored::SEAL_CONTEXT;
pub(crate) use self::stored::{Origin, SecretState, StoredSecret};
use super::{ConnectError, Connection, activity, overlap::Overlap, secret_strength, secret_usage, store};
use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    db::{DbError, Exec, Tx, execute, ids, run, sql},
    primitives::{
        id::{CompanyId, ConnectionId, SecretId},
        secret::Secret,
        time::{CLOCK_TOLERANCE, Timestamp},
        vault::{Vault, VaultError},
    },
    settings_store,
};

/// The setting that stores the id of the master key in use.
pub(crate) const SEALED_WITH: &str = "sealed_with";
/// Maximum number of valid imported and adopted secrets: a rejected request has been verified against every one.
pub(crate) const MAX_IMPORTED_SECRETS: usize = 8;
/// Maximum number of valid secrets for a rotation: each request is verified against every one.
pub(crate) const MAX_VALID_SECRETS: usize = 64;
/// Maximum number of expired and retired secrets listed.
const MAX_LISTED_ENDED: i64 = 20;

/// The selected columns, in the same order in every query.
macro_rules! columns {
    () => {
        "id, connection_id, sealed, state, valid_until, origin, created_by, retired_by, reactivated_at, created_at"
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
    HAS_LATER_EXPIRY = "SELECT EXISTS (SELECT 1 FROM secrets WHERE retired_at IS NULL AND replaced_at > $1)";
    MOVE_EXPIRY = "UPDATE secrets SET valid_until = valid_until - replaced_at + $2, replaced_at = $2 \
                   WHERE retired_at IS NULL AND replaced_at > $1";
    ACTIVATE = "UPDATE secrets SET state = 'active', valid_until = NULL, replaced_at = NULL, reactivated_at = $2, \
                origin = 'imported' WHERE id = $1 AND retired_at IS NULL";
    EXPIRE = "UPDATE secrets SET state = 'additional', valid_until = $2, replaced_at = $3 WHERE connection_id = $1 AND state = 'active'";
    END = "UPDATE secrets SET valid_until = $2 WHERE id = $1";
    RETIRE = "UPDATE secrets SET valid_until = $3, retired_at = $3, retired_by = $4 WHERE connection_id = $1 AND id = $2 \
              AND state <> 'active' AND retired_at IS NULL AND (valid_until IS NULL OR valid_until > $3)";
}

/// Records the id of the master key before the first value is sealed. Two servers with different keys on one database would
/// otherwise seal values that the other cannot open. Called before endpoints or secrets change: units of work wait for the row of
/// the key first, then for the version of the endpoints, so that no two wait for each other.
pub(crate) async fn bind_master_key(tx: &mut Tx, vault: &Vault) -> Result<(), ConnectError> {
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
    let id: SecretId = ids::next(tx).await?;
    let sealed = vault.seal(SEAL_CONTEXT, &id.to_bytes(), new.secret.expose().as_bytes());
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
    connection: &Connection,
    by: &str,
    now: Timestamp,
) -> Result<SecretId, ConnectError> {
    let secret = &secret_strength::generate(connection.gateway);
    let new = New { connection: connection.id, secret, state: SecretState::Active, origin: Origin::Generated, by };
    insert(tx, vault, &new, now).await
}

/// Generates a new active secret. The previous one becomes expiring; returns its expiry. Concurrent rotations are serialized.
pub(crate) async fn rotate(
    tx: &mut Tx,
    vault: &Vault,
    connection: &Connection,
    (overlap, actor): (Overlap, &Actor<'_>),
    now: Timestamp,
) -> Result<Timestamp, ConnectError> {
    actor.require(Permission::ManageSecrets, connection.company_id)?;
    let until = now.plus(overlap.duration());
    bind_master_key(tx, vault).await?;
    expire_active(tx, connection.id, until, now).await?;
    insert_active(tx, vault, connection, actor.name, now).await?;
    security_log::append(tx, actor, Action::SecretRotated, connection.id, now).await?;
    Ok(until)
}

/// Gives the active secret its expiry, after which another must become active in the same unit of work.
async fn expire_active(tx: &mut Tx, connection: ConnectionId, until: Timestamp, now: Timestamp) -> Result<(), ConnectError> {
    store::lock_row(tx, connection).await?;
    if list_valid(&mut *tx, connection, now).await?.len() >= MAX_VALID_SECRETS {
        return Err(ConnectError::TooManySecrets);
    }
    execute!(&mut *tx, sqlx::query(EXPIRE).bind(connection).bind(until).bind(now))?;
    Ok(())
}

/// Makes a secret of the gateway, which the actor pasted, the active one. The one before becomes expiring, since the
/// gateway may still retry requests signed with it; one that has never verified a request was pasted by mistake and expires now.
/// A secret that is still valid is made active again, not inserted twice.
pub(crate) async fn enter(
    tx: &mut Tx,
    vault: &Vault,
    connection: &Connection,
    (secret, actor): (&Secret, &Actor<'_>),
    now: Timestamp,
) -> Result<AddSecretOutcome, ConnectError> {
    actor.require(Permission::ManageSecrets, connection.company_id)?;
    let (connection, retry_window) = (connection.id, connection.gateway.retry_window());
    store::lock_row(tx, connection).await?;
    let live = list_valid(&mut *tx, connection, now).await?;
    let known = live.iter().find(|stored| stored.open(vault).is_ok_and(|opened| opened.is(secret)));
    if known.is_some_and(StoredSecret::is_active) {
        return Ok(AddSecretOutcome::AlreadyValid);
    }
    if known.is_none() && live.iter().filter(|stored| stored.origin != Origin::Generated).count() >= MAX_IMPORTED_SECRETS {
        return Ok(AddSecretOutcome::LimitReached);
    }
    bind_master_key(tx, vault).await?;
    expire_active(tx, connection, now.plus(retry_window), now).await?;
    if let Some(previous) = live.iter().find(|stored| stored.is_active())
        && !may_have_verified(tx, previous).await?
    {
        execute!(&mut *tx, sqlx::query(END).bind(previous.id).bind(now))?;
    }
    let id = if let Some(known) = known {
        execute!(&mut *tx, sqlx::query(ACTIVATE).bind(known.id).bind(now))?;
        known.id
    } else {
        let new = New { connection, secret, state: SecretState::Active, origin: Origin::Imported, by: actor.name };
        insert(tx, vault, &new, now).await?
    };
    security_log::append(tx, actor, Action::SecretImported, id, now).await?;
    Ok(AddSecretOutcome::Added(id))
}

/// Returns false only if the secret has verified no request that is stored. Its usage alone does not prove that, because it is
/// written after the events; the activity of the connection is written with them, and is locked, so that requests being stored
/// are seen. Called after secrets have changed: every unit of work locks activity last. A batch that has read the version of the
/// endpoints before this change and locks the activity after it is not seen: its request is stored, and verified by a secret that
/// expires now instead of later.
async fn may_have_verified(tx: &mut Tx, secret: &StoredSecret) -> Result<bool, DbError> {
    let last_at = activity::lock_last_verified_at(&mut *tx, secret.connection_id).await?;
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
    connection: &Connection,
    (secret, origin, actor): (&Secret, Origin, &Actor<'_>),
    now: Timestamp,
) -> Result<AddSecretOutcome, ConnectError> {
    actor.require(Permission::ManageSecrets, connection.company_id)?;
    let connection = connection.id;
    store::lock_row(tx, connection).await?;
    let live = list_valid(&mut *tx, connection, now).await?;
    // A stored secret that does not open must not prevent adding another, since that resolves the failure.
    if live.iter().any(|stored| stored.open(vault).is_ok_and(|opened| opened.is(secret))) {
        return Ok(AddSecretOutcome::AlreadyValid);
    }
    if live.iter().filter(|stored| stored.origin != Origin::Generated).count() >= MAX_IMPORTED_SECRETS {
        return Ok(AddSecretOutcome::LimitReached);
    }
    let new = New { connection, secret, state: SecretState::Additional, origin, by: actor.name };
    let id = insert(tx, vault, &new, now).await?;
    let action = if origin == Origin::Adopted { Action::SecretAdopted } else { Action::SecretImported };
    security_log::append(tx, actor, action, id, now).await?;
    Ok(AddSecretOutcome::Added(id))
}

/// Retires a secret that is not active, immediately and on every server. Returns false if there was none to retire.
pub(crate) async fn retire(
    tx: &mut Tx,
    connection: &Connection,
    id: SecretId,
    actor: &Actor<'_>,
    now: Timestamp,
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageSecrets, connection.company_id)?;
    let connection = connection.id;
    store::lock_row(tx, connection).await?;
    let is_retired = execute!(&mut *tx, sqlx::query(RETIRE).bind(connection).bind(id).bind(now).bind(actor.name))? > 0;
    if is_retired {
        security_log::append(tx, actor, Action::SecretRetired, id, now).await?;
    }
    Ok(is_retired)
}

/// Returns the active secret in order to show it. `None` if it does not open, or if there is none.
pub(crate) async fn reveal(
    tx: &mut Tx,
    vault: &Vault,
    connection: &Connection,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<Option<Secret>, UseCaseError> {
    actor.require(Permission::ManageSecrets, connection.company_id)?;
    security_log::append(tx, actor, Action::SecretRevealed, connection.id, now).await?;
    let valid = list_valid(tx, connection.id, now).await?;
    Ok(valid.iter().find(|stored| stored.is_active()).and_then(|stored| stored.open(vault).ok()))
}

/// Returns the active secret in order to sign with it: `None` if there is none, an error if it does not open. The caller has checked
/// access to `connection`.
pub(crate) async fn open_active(
    on: impl Into<Exec<'_>>,
    vault: &Vault,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Option<Result<Secret, VaultError>>, DbError> {
    let valid = list_valid(on, connection, now).await?;
    Ok(valid.iter().find(|stored| stored.is_active()).map(|stored| stored.open(vault)))
}

/// True if a secret was replaced in the future, which means that the clock was ahead.
pub(crate) async fn has_late_expiry(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_LATER_EXPIRY).bind(now.plus(CLOCK_TOLERANCE)).fetch_one(conn).await)
}

/// Lets the overlaps of such secrets begin now, each as long as it was chosen. `now` is from a clock known to be correct.
pub(crate) async fn correct_expiry(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(MOVE_EXPIRY).bind(now.plus(CLOCK_TOLERANCE)).bind(now))
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
