//! A connection's SECRETs: one active, any number draining. Sealed at rest, bound to their row.
//!
//! The rule: there is no instant without an active one. Whatever changes them takes turns, and is one unit of work in which
//! the one before begins to drain and the new one is there. A row is never deleted, so that every event can name the SECRET
//! that verified it. The `secrets` table is this file's alone.

use super::{
    ConnectError,
    overlap::{self, Overlap},
    store,
};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::adapter::ValidSecret,
    primitives::{
        id::{CompanyId, ConnectionId, SecretId},
        secret::Secret,
        time::{CLOCK_TOLERANCE, Timestamp},
        vault::{Vault, VaultError},
    },
    settings_store,
};

/// What a sealed SECRET is bound to.
const SEAL_CONTEXT: &str = "secrets.sealed";
/// Under this name the installation remembers which master key it was sealed with.
pub(crate) const SEALED_WITH: &str = "sealed_with";
/// Who made a SECRET that no user made.
pub(crate) const COMMAND_LINE: &str = "the command line";
/// So many brought SECRETs may count at once: each request that is refused has been tried with every one.
pub(crate) const MAX_IMPORTED_SECRETS: usize = 8;
/// With so many that count, no other is made: each request is tried with every one.
pub(super) const MAX_VALID_SECRETS: usize = 64;
/// So many of those that count no more are listed.
const MOST_ENDED: i64 = 20;

/// What is read of a row, everywhere in the same order.
macro_rules! columns {
    () => {
        "id, connection_id, sealed, state, until, origin, made_by, retired_by, created_at"
    };
}

/// The rows that count at a moment. A retired one does not, whatever a server's clock says.
macro_rules! is_valid_at {
    ($now:literal) => {
        concat!("(state = 'active' OR (retired_at IS NULL AND (until > ", $now, " OR (origin <> 'made' AND until IS NULL))))")
    };
}

sql! {
    INSERT = "INSERT INTO secrets (id, connection_id, sealed, state, until, origin, made_by, created_at) VALUES ($1, $2, $3, $4, NULL, $5, $6, $7)";
    LIST_LIVE = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id = $1 AND ", is_valid_at!("$2"), " ORDER BY id DESC");
    LIST_ENDED = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id = $1 AND state <> 'active' \
                          AND (retired_at IS NOT NULL OR until <= $2) ORDER BY until DESC, id DESC LIMIT $3");
    LIST_ALL_LIVE = concat!("SELECT ", columns!(), " FROM secrets WHERE ", is_valid_at!("$1"), " ORDER BY id DESC");
    /// Those whose time is over, too: after all others.
    LIST_OF_CONNECTION = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id = $1 \
                          ORDER BY CASE WHEN ", is_valid_at!("$2"), " THEN 0 ELSE 1 END, id DESC LIMIT $3");
    LIST_OF_OTHERS = concat!("SELECT ", columns!(), " FROM secrets WHERE connection_id IN \
                      (SELECT id FROM connections WHERE company_id = $1 AND id <> $2) \
                      ORDER BY CASE WHEN ", is_valid_at!("$3"), " THEN 0 ELSE 1 END, id DESC LIMIT $4");
    HAS_UNTIL_AFTER = "SELECT EXISTS (SELECT 1 FROM secrets WHERE state <> 'active' AND retired_at IS NULL AND until > $1)";
    BOUND_UNTIL = "UPDATE secrets SET until = $2 WHERE state <> 'active' AND retired_at IS NULL AND until > $1";
    DRAIN = "UPDATE secrets SET state = 'draining', until = $2 WHERE connection_id = $1 AND state = 'active'";
    RETIRE = "UPDATE secrets SET until = $3, retired_at = $3, retired_by = $4 WHERE connection_id = $1 AND id = $2 \
              AND state <> 'active' AND retired_at IS NULL AND (until IS NULL OR until > $3)";
}

/// Where a SECRET comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Made here, and shown to whoever asks on the page.
    Generated,
    /// The gateway had it before; it is never shown again.
    Imported,
    /// Found by the doctor in what was refused, and accepted; it is never shown.
    Adopted,
}

impl Origin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "made",
            Self::Imported => "brought",
            Self::Adopted => "accepted",
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        [Self::Generated, Self::Imported, Self::Adopted]
            .into_iter()
            .find(|origin| origin.as_str() == text)
            .ok_or("no origin of ours")
    }
}

/// A stored SECRET.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Stored {
    pub(crate) id: SecretId,
    pub(crate) connection_id: ConnectionId,
    sealed: Vec<u8>,
    pub(crate) state: String,
    /// When it stops to count; nothing of the active one, and of a brought one until it is retired.
    pub(crate) until: Option<Timestamp>,
    #[sqlx(try_from = "String")]
    pub(crate) origin: Origin,
    pub(crate) made_by: Option<String>,
    pub(crate) retired_by: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl Stored {
    pub(crate) fn is_active(&self) -> bool {
        self.state == "active"
    }

    /// Whether somebody ended it before its time.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired_by.is_some()
    }

    /// Whether a request of that moment could be believed by it.
    pub(crate) fn counts_at(&self, at: Timestamp) -> bool {
        !self.is_retired() && self.until.is_none_or(|until| until > at)
    }

    /// The value.
    ///
    /// # Errors
    /// When it was sealed under another master key or is damaged.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Secret, VaultError> {
        let plain = vault.open(SEAL_CONTEXT, self.id.as_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).ok().and_then(Secret::parse).ok_or(VaultError::Damaged)
    }

    /// The value, ready to verify with.
    ///
    /// # Errors
    /// See [`Stored::open`].
    pub(crate) fn live(&self, vault: &Vault) -> Result<ValidSecret, VaultError> {
        Ok(ValidSecret { id: self.id, secret: self.open(vault)?, until: self.until })
    }
}

#[cfg(test)]
impl Stored {
    /// One of a state, for rules that never open it.
    pub(crate) fn sample(state: &str, created_at: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            id: SecretId::new(created_at),
            connection_id: ConnectionId::new(created_at),
            sealed: Vec::new(),
            state: state.to_owned(),
            until,
            origin: Origin::Generated,
            made_by: None,
            retired_by: None,
            created_at,
        }
    }
}

/// Notes which master key this database is sealed with, before anything is sealed with it. Two servers with two keys
/// on one database would otherwise seal what the other cannot open.
pub(super) async fn bind_master_key(tx: &mut Tx, vault: &Vault) -> Result<(), ConnectError> {
    let claimed = settings_store::claim(tx, SEALED_WITH, vault.key_id().as_bytes()).await?;
    if claimed == vault.key_id().as_bytes() { Ok(()) } else { Err(ConnectError::WrongMasterKey) }
}

/// A SECRET to be stored.
struct New<'a> {
    connection: ConnectionId,
    secret: &'a Secret,
    state: &'static str,
    origin: Origin,
    by: &'a str,
}

async fn insert(tx: &mut Tx, vault: &Vault, new: &New<'_>, now: Timestamp) -> Result<SecretId, ConnectError> {
    bind_master_key(tx, vault).await?;
    let id = SecretId::new(now);
    let sealed = vault.seal(SEAL_CONTEXT, id.as_bytes(), new.secret.expose().as_bytes());
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(id)
            .bind(new.connection)
            .bind(&sealed)
            .bind(new.state)
            .bind(new.origin.as_str())
            .bind(new.by)
            .bind(now)
    )?;
    Ok(id)
}

/// Makes the connection a SECRET that counts from now on.
pub(super) async fn insert_active(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    by: &str,
    now: Timestamp,
) -> Result<SecretId, ConnectError> {
    let new = New { connection, secret: &Secret::generate(), state: "active", origin: Origin::Generated, by };
    insert(tx, vault, &new, now).await
}

/// A new active SECRET, made by `by`; the one before drains, and it is said until when. Two at once come one after the other.
pub(crate) async fn rotate(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    (overlap, by): (Overlap, &str),
    now: Timestamp,
) -> Result<Timestamp, ConnectError> {
    store::lock_row(tx, connection).await?;
    if list_live(&mut *tx, connection, now).await?.len() >= MAX_VALID_SECRETS {
        return Err(ConnectError::TooManySecrets);
    }
    let until = now.plus(overlap.duration());
    execute!(&mut *tx, sqlx::query(DRAIN).bind(connection).bind(until))?;
    insert_active(tx, vault, connection, by, now).await?;
    Ok(until)
}

/// What became of a SECRET that was to be accepted as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddSecretOutcome {
    Accepted(SecretId),
    /// It counts at this connection already.
    Known,
    /// So many brought ones count that another would make every request too much work.
    TooMany,
}

/// Accepts this SECRET at the connection as well, beside those that count, until somebody retires it. Whoever calls this has
/// made sure that a user of the company wants it, by their password.
pub(crate) async fn add_secret(
    tx: &mut Tx,
    vault: &Vault,
    connection: ConnectionId,
    (secret, origin, by): (&Secret, Origin, &str),
    now: Timestamp,
) -> Result<AddSecretOutcome, ConnectError> {
    store::lock_row(tx, connection).await?;
    let live = list_live(&mut *tx, connection, now).await?;
    // One that does not open is no reason to refuse another: a new secret is the way out of it.
    if live.iter().any(|stored| stored.open(vault).is_ok_and(|opened| opened.is(secret))) {
        return Ok(AddSecretOutcome::Known);
    }
    if live.iter().filter(|stored| stored.origin != Origin::Generated).count() >= MAX_IMPORTED_SECRETS {
        return Ok(AddSecretOutcome::TooMany);
    }
    let new = New { connection, secret, state: "draining", origin, by };
    Ok(AddSecretOutcome::Accepted(insert(tx, vault, &new, now).await?))
}

/// Ends one that is not the active one, at once and on every server; whether there was anything to end.
pub(crate) async fn retire(
    tx: &mut Tx,
    connection: ConnectionId,
    id: SecretId,
    by: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(RETIRE).bind(connection).bind(id).bind(now).bind(by))? > 0)
}

/// Whether one expires later than any overlap lasts, as one does that was replaced while the clock was ahead.
pub(crate) async fn has_late_expiry(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    let latest = now.plus(overlap::LONGEST).plus(CLOCK_TOLERANCE);
    run!(on, |conn| sqlx::query_scalar(HAS_UNTIL_AFTER).bind(latest).fetch_one(conn).await)
}

/// Lets none expire later than after the longest overlap. `now` is of a clock that is known to be right.
pub(crate) async fn bound_expiry(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let longest = now.plus(overlap::LONGEST);
    execute!(tx, sqlx::query(BOUND_UNTIL).bind(longest.plus(CLOCK_TOLERANCE)).bind(longest))
}

/// The SECRETs that count now, newest first. `connection` is one the caller was allowed to see.
pub(crate) async fn list_live(on: impl Into<Exec<'_>>, connection: ConnectionId, now: Timestamp) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_LIVE).bind(connection).bind(now).fetch_all(conn).await)
}

/// Those that count no more, the last to end first. `connection` is one the caller was allowed to see.
pub(crate) async fn list_expired(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ENDED).bind(connection).bind(now).bind(MOST_ENDED).fetch_all(conn).await)
}

/// The SECRETs of all connections that count now, newest first: for ingestion alone.
pub(crate) async fn list_all_live(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ALL_LIVE).bind(now).fetch_all(conn).await)
}

/// Every secret a connection has had, the valid ones first, the newest first among each: for diagnosis, and to compare one that
/// is imported.
pub(crate) async fn list_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).bind(now).bind(most).fetch_all(conn).await)
}

/// The same of a company's other connections.
pub(crate) async fn list_of_others(
    on: impl Into<Exec<'_>>,
    (company, but): (CompanyId, ConnectionId),
    now: Timestamp,
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_OTHERS).bind(company).bind(but).bind(now).bind(most).fetch_all(conn).await)
}
