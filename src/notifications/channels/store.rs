//! The `channels` table.

use super::Channel;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    notifications::chat::Problem,
    primitives::{
        id::{ChannelId, CompanyId},
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, company_id, service, name, sealed, last_chars, language, last_sent_at, failing_since, problem, answer, created_by, created_at"
    };
}

sql! {
    INSERT = "INSERT INTO channels (id, company_id, service, name, sealed, last_chars, language, created_by, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = concat!("SELECT ", columns!(), " FROM channels WHERE id = $1");
    LIST = concat!("SELECT ", columns!(), " FROM channels WHERE company_id = $1 ORDER BY name");
    COUNT = "SELECT COUNT(*) FROM channels WHERE company_id = $1";
    SET_SENT = "UPDATE channels SET last_sent_at = $2, failing_since = NULL, problem = NULL, answer = NULL WHERE id = $1";
    SET_FAILED = "UPDATE channels SET failing_since = COALESCE(failing_since, $2), problem = $3, answer = $4 WHERE id = $1";
    GET_PAUSED_UNTIL = "SELECT paused_until FROM channels WHERE id = $1";
    SET_PAUSED_UNTIL = "UPDATE channels SET paused_until = $2 WHERE id = $1";
    SET_SEALED = "UPDATE channels SET sealed = $2 WHERE id = $1";
    DELETE = "DELETE FROM channels WHERE id = $1";
}

/// Inserts a channel; [`DbError::NotUnique`] if another one of the company has its name.
pub(in crate::notifications) async fn insert(tx: &mut Tx, channel: &Channel) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(channel.id)
            .bind(channel.company_id)
            .bind(channel.service)
            .bind(&channel.name)
            .bind(&channel.sealed)
            .bind(&channel.last_chars)
            .bind(channel.language)
            .bind(&channel.created_by)
            .bind(channel.created_at)
    )?;
    Ok(())
}

/// Finds a channel of any company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: ChannelId) -> Result<Option<Channel>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)
}

/// Lists the channels of a company by name. The caller has checked access to it.
pub(crate) async fn list(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<Channel>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(company).fetch_all(conn).await)
}

pub(super) async fn count(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).bind(company).fetch_one(conn).await)
}

/// Stores that a post was accepted.
pub(super) async fn set_sent(tx: &mut Tx, id: ChannelId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET_SENT).bind(id).bind(now))?;
    Ok(())
}

/// Stores that a post failed, and what the service said.
pub(super) async fn set_failed(
    tx: &mut Tx,
    id: ChannelId,
    (problem, answer): (Problem, &str),
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET_FAILED).bind(id).bind(now).bind(problem).bind(answer))?;
    Ok(())
}

/// Returns until when the service of a channel accepts nothing, if it has said so.
pub(in crate::notifications) async fn paused_until(on: impl Into<Exec<'_>>, id: ChannelId) -> Result<Option<Timestamp>, DbError> {
    let found: Option<Option<Timestamp>> =
        run!(on, |conn| sqlx::query_scalar(GET_PAUSED_UNTIL).bind(id).fetch_optional(conn).await)?;
    Ok(found.flatten())
}

/// Stores until when the service accepts nothing.
pub(in crate::notifications) async fn set_paused_until(tx: &mut Tx, id: ChannelId, until: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET_PAUSED_UNTIL).bind(id).bind(until))?;
    Ok(())
}

/// Replaces the sealed credential.
pub(super) async fn set_sealed(tx: &mut Tx, id: ChannelId, sealed: &[u8]) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET_SEALED).bind(id).bind(sealed))?;
    Ok(())
}

/// Deletes a channel; returns false if there is none.
pub(super) async fn delete(tx: &mut Tx, id: ChannelId) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(DELETE).bind(id))? > 0)
}
