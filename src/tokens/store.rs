//! The `tokens` table.

use super::AppToken;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::{
        id::{AppId, TokenId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, app_id, user_id, name, is_live, digest, created_at, last_used_at, expires_at"
    };
}

sql! {
    INSERT = "INSERT INTO tokens (id, company_id, app_id, user_id, name, is_live, digest, created_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND_ANY = concat!("SELECT ", columns!(), " FROM tokens WHERE id = $1");
    LIST = concat!("SELECT ", columns!(), " FROM tokens WHERE app_id = $1 ORDER BY id DESC");
    COUNT = "SELECT COUNT(*) FROM tokens WHERE app_id = $1";
    TOUCH = "UPDATE tokens SET last_used_at = $2 WHERE id = $1";
    DELETE = "DELETE FROM tokens WHERE id = $1";
    DELETE_EXPIRED = "DELETE FROM tokens WHERE app_id = $1 AND expires_at <= $2";
}

/// Inserts a token; [`DbError::NotUnique`] if another token of the app has its name.
pub(super) async fn insert(tx: &mut Tx, token: &AppToken) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(token.id)
            .bind(token.company_id)
            .bind(token.app_id)
            .bind(token.user_id)
            .bind(&token.name)
            .bind(token.is_live)
            .bind(&token.digest)
            .bind(token.created_at)
            .bind(token.expires_at)
    )?;
    Ok(())
}

/// Finds a token of any company; for the command line, and to authenticate.
pub(crate) async fn find_any(on: impl Into<Exec<'_>>, id: TokenId) -> Result<Option<AppToken>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_ANY).bind(id).fetch_optional(conn).await)
}

/// Lists the tokens of an app, newest first. The caller has checked access to the app.
pub(super) async fn list(on: impl Into<Exec<'_>>, app: AppId) -> Result<Vec<AppToken>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(app).fetch_all(conn).await)
}

pub(super) async fn count(on: impl Into<Exec<'_>>, app: AppId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).bind(app).fetch_one(conn).await)
}

/// Stores the last use of a token.
pub(crate) async fn touch(tx: &mut Tx, id: TokenId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(TOUCH).bind(id).bind(now))?;
    Ok(())
}

/// Deletes a token; returns false if there is none.
pub(super) async fn delete(tx: &mut Tx, id: TokenId) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(DELETE).bind(id))? > 0)
}

pub(super) async fn delete_expired(tx: &mut Tx, app: AppId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_EXPIRED).bind(app).bind(now))?;
    Ok(())
}
