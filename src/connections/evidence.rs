//! What was seen at a connection's endpoint: the facts behind every "done". The `evidence` table is this file's alone.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::adapter::Rejected,
    kernel::{
        id::{AppId, CompanyId, ConnectionId},
        time::Timestamp,
    },
};

sql! {
    INSERT = "INSERT INTO evidence (connection_id, verified_count, refused_count, failing_count, version) VALUES ($1, 0, 0, 0, 0)";
    FIND = "SELECT connection_id, verified_count, first_verified_at, last_verified_at, refused_count, last_refused_at, last_refusal, \
            failing_since, failing_count, version FROM evidence WHERE connection_id = $1";
    FIND_VERSION = "SELECT version FROM evidence WHERE connection_id = $1";
    LIST_OF_COMPANY = "SELECT e.connection_id, e.verified_count, e.first_verified_at, e.last_verified_at, e.refused_count, \
                       e.last_refused_at, e.last_refusal, e.failing_since, e.failing_count, e.version \
                       FROM evidence e JOIN connections c ON c.id = e.connection_id WHERE c.company_id = $1";
    LIST_OF_APP = "SELECT e.connection_id, e.verified_count, e.first_verified_at, e.last_verified_at, e.refused_count, \
                   e.last_refused_at, e.last_refusal, e.failing_since, e.failing_count, e.version \
                   FROM evidence e JOIN connections c ON c.id = e.connection_id WHERE c.app_id = $1";
    VERIFIED = "UPDATE evidence SET verified_count = evidence.verified_count + 1, first_verified_at = COALESCE(first_verified_at, $2), \
                last_verified_at = CASE WHEN last_verified_at > $2 THEN last_verified_at ELSE $2 END, \
                failing_since = CASE WHEN last_refused_at > $2 THEN failing_since END, \
                failing_count = CASE WHEN last_refused_at > $2 THEN evidence.failing_count ELSE 0 END, version = evidence.version + 1 WHERE connection_id = $1";
    /// Written after the answer, so a verification may have come meanwhile: then it is not failing.
    REFUSED = "UPDATE evidence SET refused_count = evidence.refused_count + $2, last_refused_at = $3, last_refusal = $4, \
               failing_since = CASE WHEN last_verified_at > $3 THEN failing_since ELSE COALESCE(failing_since, CASE WHEN last_verified_at > $5 THEN $3 ELSE $5 END) END, \
               failing_count = CASE WHEN last_verified_at > $3 THEN failing_count ELSE evidence.failing_count + $2 END, \
               version = evidence.version + 1 WHERE connection_id = $1";
}

/// The facts.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Evidence {
    pub(crate) connection_id: ConnectionId,
    pub(crate) verified_count: i64,
    pub(crate) first_verified_at: Option<Timestamp>,
    pub(crate) last_verified_at: Option<Timestamp>,
    pub(crate) refused_count: i64,
    pub(crate) last_refused_at: Option<Timestamp>,
    last_refusal: Option<String>,
    /// Since when every request was refused; nothing while the newest was verified.
    pub(crate) failing_since: Option<Timestamp>,
    /// How many were refused since then.
    pub(crate) failing_count: i64,
    /// Rises with every change.
    pub(crate) version: i64,
}

impl Evidence {
    /// Why the last refused request was refused.
    pub(crate) fn last_refusal(&self) -> Option<Rejected> {
        self.last_refusal.clone().and_then(|text| text.try_into().ok())
    }
}

#[cfg(test)]
impl Default for Evidence {
    fn default() -> Self {
        Self {
            connection_id: ConnectionId::new(Timestamp::from_millis(0)),
            verified_count: 0,
            first_verified_at: None,
            last_verified_at: None,
            refused_count: 0,
            last_refused_at: None,
            last_refusal: None,
            failing_since: None,
            failing_count: 0,
            version: 0,
        }
    }
}

/// Refused requests of one connection, gathered until they are written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusals {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    pub(crate) reason: Rejected,
}

pub(super) async fn insert(tx: &mut Tx, connection: ConnectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(connection))?;
    Ok(())
}

/// The connection's evidence. `connection` is one the caller was allowed to see.
pub(crate) async fn get(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Evidence, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(connection).fetch_one(conn).await)
}

/// Only its version: cheap enough to ask once a second.
pub(crate) async fn version(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_VERSION).bind(connection).fetch_one(conn).await)
}

/// That of all connections of a company.
pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<Evidence>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(conn).await)
}

/// That of all connections of an app.
pub(crate) async fn list_of_app(on: impl Into<Exec<'_>>, app: AppId) -> Result<Vec<Evidence>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_APP).bind(app).fetch_all(conn).await)
}

/// Notes that a request was verified.
pub(crate) async fn add_verified(tx: &mut Tx, connection: ConnectionId, at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(VERIFIED).bind(connection).bind(at))?;
    Ok(())
}

/// Notes that requests were refused.
pub(crate) async fn add_refused(tx: &mut Tx, connection: ConnectionId, refusals: &Refusals) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(REFUSED)
            .bind(connection)
            .bind(refusals.count)
            .bind(refusals.last_at)
            .bind(refusals.reason.as_str())
            .bind(refusals.first_at)
    )?;
    Ok(())
}
