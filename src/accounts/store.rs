//! The `users`, `sessions` and `password_resets` tables.

use sqlx::FromRow;

use super::{NewUser, Session, User};
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    i18n::Locale,
    primitives::{
        id::{CompanyId, UserId},
        time::Timestamp,
        zone::Zone,
    },
};

sql! {
    HAS_USERS = "SELECT EXISTS (SELECT 1 FROM users)";
    INSERT = "INSERT INTO users (id, company_id, email, name, role, password_hash, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT id, company_id, email, name, role, language, time_zone FROM users WHERE id = $1";
    FIND_BY_EMAIL = "SELECT id, company_id, email, name, role, language, time_zone FROM users WHERE email = $1";
    LIST_OF_COMPANY = "SELECT id, company_id, email, name, role, language, time_zone FROM users WHERE company_id = $1 ORDER BY id LIMIT 200";
    FIND_WITH_PASSWORD = "SELECT id, company_id, email, name, role, language, time_zone, password_hash FROM users WHERE email = $1";
    FIND_PASSWORD = "SELECT password_hash FROM users WHERE id = $1";
    /// Changes nothing, but locks the row until the unit of work ends.
    LOCK_USER = "UPDATE users SET email = email WHERE id = $1";
    UPDATE_PERSON = "UPDATE users SET name = $2, time_zone = $3 WHERE id = $1";
    UPDATE_EMAIL = "UPDATE users SET email = $2 WHERE id = $1";
    UPDATE_LANGUAGE = "UPDATE users SET language = $2 WHERE id = $1";
    UPDATE_PASSWORD = "UPDATE users SET password_hash = $2 WHERE id = $1";
    INSERT_SESSION = "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, confirmed_at) VALUES ($1, $2, $3, $3, $3)";
    FIND_SESSION = "SELECT u.id, u.company_id, u.email, u.name, u.role, u.language, u.time_zone, s.created_at AS started_at, s.last_seen_at, \
                    s.confirmed_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1";
    TOUCH_SESSION = "UPDATE sessions SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2";
    CONFIRM_SESSION = "UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1";
    COUNT_OTHER_SESSIONS = "SELECT COUNT(*) FROM sessions \
                            WHERE user_id = $1 AND token_hash <> $2 AND last_seen_at > $3 AND created_at > $4";
    DELETE_OTHER_SESSIONS = "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2";
    DELETE_SESSION = "DELETE FROM sessions WHERE token_hash = $1";
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE user_id = $1";
    INSERT_RESET = "INSERT INTO password_resets (digest, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    FIND_RESET = "SELECT u.id, u.company_id, u.email, u.name, u.role, u.language, u.time_zone FROM password_resets r \
                  JOIN users u ON u.id = r.user_id WHERE r.digest = $1 AND r.expires_at > $2 AND r.created_at <= $3";
    TAKE_RESET = "DELETE FROM password_resets WHERE digest = $1 AND expires_at > $2 AND created_at <= $3 RETURNING user_id";
    DELETE_RESETS_OF = "DELETE FROM password_resets WHERE user_id = $1";
    COUNT_RESETS = "SELECT COUNT(*) FROM password_resets WHERE user_id = $1 AND created_at > $2";
    DELETE_RESETS_OUTSIDE = "DELETE FROM password_resets WHERE created_at <= $1 OR created_at > $2";
    DELETE_SESSIONS_OUTSIDE = "DELETE FROM sessions WHERE last_seen_at <= $1 OR created_at <= $2 OR last_seen_at > $3 OR created_at > $3";
}

/// True if there is any user.
pub(crate) async fn has_users(on: impl Into<Exec<'_>>) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_USERS).fetch_one(conn).await)
}

/// Inserts a user; [`DbError::NotUnique`] if the email is taken.
pub(crate) async fn insert(tx: &mut Tx, id: UserId, new: &NewUser, now: Timestamp) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(id)
            .bind(new.company)
            .bind(&new.email)
            .bind(&new.name)
            .bind(new.role)
            .bind(&new.password_hash)
            .bind(now)
    )?;
    Ok(())
}

/// Finds a user.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: UserId) -> Result<Option<User>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)
}

/// Finds a user by email, which must be in lower case.
pub(crate) async fn find_by_email(on: impl Into<Exec<'_>>, email: &str) -> Result<Option<User>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_BY_EMAIL).bind(email).fetch_optional(conn).await)
}

/// The period in which a link is valid: it expires after `now`, and no correct clock has created it later than `latest`.
#[derive(Clone, Copy)]
pub(super) struct ValidAt {
    pub(super) now: Timestamp,
    pub(super) latest: Timestamp,
}

pub(super) async fn insert_reset(
    tx: &mut Tx,
    digest: &[u8],
    user: UserId,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT_RESET).bind(digest).bind(user).bind(now).bind(expires_at))?;
    Ok(())
}

/// Finds the user of a valid link.
pub(super) async fn find_reset(on: impl Into<Exec<'_>>, digest: &[u8], at: ValidAt) -> Result<Option<User>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_RESET).bind(digest).bind(at.now).bind(at.latest).fetch_optional(conn).await)
}

/// Deletes a valid link and returns its user; `None` if there is none any more.
pub(super) async fn take_reset(tx: &mut Tx, digest: &[u8], at: ValidAt) -> Result<Option<UserId>, DbError> {
    run!(tx, |conn| sqlx::query_scalar(TAKE_RESET).bind(digest).bind(at.now).bind(at.latest).fetch_optional(conn).await)
}

/// Deletes the links of a user.
pub(super) async fn delete_resets_of(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_RESETS_OF).bind(user))?;
    Ok(())
}

/// Counts the links of a user created after a time, expired ones included.
pub(super) async fn count_resets(tx: &mut Tx, user: UserId, after: Timestamp) -> Result<i64, DbError> {
    run!(tx, |conn| sqlx::query_scalar(COUNT_RESETS).bind(user).bind(after).fetch_one(conn).await)
}

/// Deletes the links of all users that were created before a time, or later than a correct clock has.
pub(super) async fn delete_resets_outside(tx: &mut Tx, earliest: Timestamp, latest: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_RESETS_OUTSIDE).bind(earliest).bind(latest))?;
    Ok(())
}

/// Lists the users of a company, at most 200.
pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<User>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(conn).await)
}

/// A user with the stored hash of the password.
#[derive(FromRow)]
struct WithPassword {
    #[sqlx(flatten)]
    user: User,
    password_hash: String,
}

/// Finds a user by email, which must be in lower case, with the stored hash of the password.
pub(super) async fn find_with_password(on: impl Into<Exec<'_>>, email: &str) -> Result<Option<(User, String)>, DbError> {
    let found: Option<WithPassword> = run!(on, |conn| sqlx::query_as(FIND_WITH_PASSWORD).bind(email).fetch_optional(conn).await)?;
    Ok(found.map(|found| (found.user, found.password_hash)))
}

/// Returns the stored hash of the user's password.
pub(crate) async fn find_password(on: impl Into<Exec<'_>>, id: UserId) -> Result<Option<String>, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_PASSWORD).bind(id).fetch_optional(conn).await)
}

/// Locks the user's row: a change of the password waits until the unit of work has ended, or has ended before.
pub(super) async fn lock_user(tx: &mut Tx, id: UserId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOCK_USER).bind(id))?;
    Ok(())
}

pub(crate) async fn update_person(tx: &mut Tx, id: UserId, name: &str, zone: Option<Zone>) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_PERSON).bind(id).bind(name).bind(zone))?;
    Ok(())
}

/// Updates the email; [`DbError::NotUnique`] if it is taken.
pub(crate) async fn update_email(tx: &mut Tx, id: UserId, email: &str) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_EMAIL).bind(id).bind(email))?;
    Ok(())
}

pub(crate) async fn update_language(tx: &mut Tx, id: UserId, language: Locale) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_LANGUAGE).bind(id).bind(language))?;
    Ok(())
}

pub(crate) async fn update_password(tx: &mut Tx, id: UserId, hash: &str) -> Result<(), DbError> {
    execute!(tx, sqlx::query(UPDATE_PASSWORD).bind(id).bind(hash))?;
    Ok(())
}

pub(crate) async fn insert_session(tx: &mut Tx, hash: &[u8], user: UserId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT_SESSION).bind(hash).bind(user).bind(now))?;
    Ok(())
}

/// Finds a session by the hash of its token.
pub(crate) async fn find_session(on: impl Into<Exec<'_>>, hash: &[u8]) -> Result<Option<Session>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_SESSION).bind(hash).fetch_optional(conn).await)
}

pub(crate) async fn touch_session(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(TOUCH_SESSION).bind(hash).bind(now))?;
    Ok(())
}

/// Stores the time of a password confirmation; false if the session has ended.
pub(crate) async fn confirm_session(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(CONFIRM_SESSION).bind(hash).bind(now))? > 0)
}

/// Counts the user's other sessions that were last used after `seen` and started after `begun`.
pub(crate) async fn count_other_sessions(
    on: impl Into<Exec<'_>>,
    (user, hash): (UserId, &[u8]),
    (seen, begun): (Timestamp, Timestamp),
) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_OTHER_SESSIONS).bind(user).bind(hash).bind(seen).bind(begun).fetch_one(conn).await)
}

/// Deletes every session of the user except the one whose token has this hash.
pub(crate) async fn delete_other_sessions(tx: &mut Tx, user: UserId, hash: &[u8]) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_OTHER_SESSIONS).bind(user).bind(hash))?;
    Ok(())
}

pub(crate) async fn delete_session(tx: &mut Tx, hash: &[u8]) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_SESSION).bind(hash))?;
    Ok(())
}

pub(crate) async fn delete_sessions_of(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_SESSIONS_OF).bind(user))?;
    Ok(())
}

/// Deletes sessions last used before `seen` or started before `begun`, and those with either time after `latest`.
pub(crate) async fn delete_sessions_outside(
    tx: &mut Tx,
    (seen, begun): (Timestamp, Timestamp),
    latest: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_SESSIONS_OUTSIDE).bind(seen).bind(begun).bind(latest))?;
    Ok(())
}
