//! Stored requests that were not diagnosed on arrival, and how they move to the rejection of their cause.

use crate::{
    connections::ConnectionScope,
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::{Gateway, Mode},
    primitives::{
        id::{AppId, CompanyId, ConnectionId, RejectionId, RequestId},
        time::Timestamp,
    },
    rejections::Reason,
};

sql! {
    LIST_CONNECTIONS = "SELECT c.id FROM connections c WHERE EXISTS \
                        (SELECT 1 FROM rejections r WHERE r.connection_id = c.id AND r.cause = 'not_diagnosed')";
    LIST = "SELECT q.id, q.address, r.gateway FROM rejected_requests q JOIN rejections r ON r.id = q.rejection_id WHERE q.connection_id = $1 \
            AND r.cause = 'not_diagnosed' AND q.recovered_at IS NULL AND NOT q.is_truncated ORDER BY q.id LIMIT $2";
    FIND = "SELECT q.id, q.rejection_id, q.address, q.size, q.eviction_rank, q.received_at, q.headers, q.body, \
            r.company_id, r.app_id, r.connection_id, r.gateway, r.mode, r.reason, r.cause = 'unknown' AS is_unknown \
            FROM rejected_requests q JOIN rejections r ON r.id = q.rejection_id \
            WHERE q.id = $1 AND r.cause IN ('not_diagnosed', 'unknown') AND q.recovered_at IS NULL AND NOT q.is_truncated";
    /// Recovery locks the rejection before its requests, too.
    LOCK = "UPDATE rejections SET count = count WHERE id = $1";
    FIND_COUNT = "SELECT count, last_at FROM rejected_requests WHERE id = $1 AND rejection_id = $2 AND recovered_at IS NULL";
    FIND_SAME = "SELECT id FROM rejected_requests WHERE rejection_id = $1 AND digest = $2";
    MOVE = "UPDATE rejected_requests SET rejection_id = $2, digest = $3, eviction_rank = $4 WHERE id = $1";
    ADD_COPIES = "UPDATE rejected_requests SET count = count + $2, last_at = CASE WHEN last_at > $3 THEN last_at ELSE $3 END, \
                  eviction_rank = CASE WHEN eviction_rank < $4 THEN eviction_rank ELSE $4 END WHERE id = $1";
    DELETE_REQUEST = "DELETE FROM rejected_requests WHERE id = $1";
    SUBTRACT = "UPDATE rejections SET count = count - $2 WHERE id = $1";
    ADD_EARLIER = "UPDATE rejections SET count = count + $2, first_at = CASE WHEN first_at < $3 THEN first_at ELSE $3 END, \
                   address = CASE WHEN last_at > $4 THEN address ELSE $5 END, last_at = CASE WHEN last_at > $4 THEN last_at ELSE $4 END \
                   WHERE id = $1";
    DELETE_IF_EMPTY = "DELETE FROM rejections WHERE id = $1 AND count <= 0 \
                       AND NOT EXISTS (SELECT 1 FROM rejected_requests WHERE rejection_id = rejections.id)";
}

/// A stored request without a known cause, sealed.
#[derive(sqlx::FromRow)]
pub(crate) struct DeferredRequest {
    pub(crate) id: RequestId,
    pub(crate) rejection_id: RejectionId,
    pub(crate) address: String,
    pub(crate) size: Option<i64>,
    pub(crate) eviction_rank: i64,
    pub(crate) received_at: Timestamp,
    pub(crate) headers: Vec<u8>,
    pub(crate) body: Vec<u8>,
    company_id: CompanyId,
    app_id: AppId,
    connection_id: ConnectionId,
    pub(crate) gateway: Gateway,
    mode: Mode,
    pub(crate) reason: Reason,
    /// Whether it was diagnosed without a finding, rather than not diagnosed.
    pub(crate) is_unknown: bool,
}

impl DeferredRequest {
    pub(crate) const fn scope(&self) -> ConnectionScope {
        ConnectionScope {
            company: self.company_id,
            app: self.app_id,
            connection: self.connection_id,
            gateway: self.gateway,
            mode: self.mode,
        }
    }
}

/// Returns the connections that have rejections of requests that were not diagnosed.
pub(crate) async fn list_connections(on: impl Into<Exec<'_>>) -> Result<Vec<ConnectionId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_CONNECTIONS).fetch_all(conn).await)
}

/// A stored request that was not diagnosed, and where it came from.
#[derive(sqlx::FromRow)]
pub(crate) struct Listed {
    pub(crate) id: RequestId,
    pub(crate) address: String,
    pub(crate) gateway: Gateway,
}

/// Returns the stored requests of a connection that were not diagnosed, oldest first.
pub(crate) async fn list(on: impl Into<Exec<'_>>, connection: ConnectionId, limit: i64) -> Result<Vec<Listed>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(connection).bind(limit).fetch_all(conn).await)
}

/// Returns one of them, if it is still to be diagnosed.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: RequestId) -> Result<Option<DeferredRequest>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)
}

/// Locks a rejection, so that none of its requests is recovered meanwhile.
pub(crate) async fn lock(tx: &mut Tx, rejection: RejectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOCK).bind(rejection))?;
    Ok(())
}

/// Returns how often a request of a rejection was received, and when last. `None` if it was moved or recovered meanwhile.
pub(crate) async fn find_count(tx: &mut Tx, id: RequestId, rejection: RejectionId) -> Result<Option<(i64, Timestamp)>, DbError> {
    run!(tx, |conn| sqlx::query_as(FIND_COUNT).bind(id).bind(rejection).fetch_optional(conn).await)
}

/// A request to be moved, and its new values.
pub(crate) struct Moved<'a> {
    pub(crate) id: RequestId,
    pub(crate) from: RejectionId,
    pub(crate) to: RejectionId,
    pub(crate) digest: &'a [u8],
    pub(crate) eviction_rank: i64,
    pub(crate) address: &'a str,
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

/// Moves a request to another rejection with its count, or adds it to the same request there.
pub(crate) async fn move_to(tx: &mut Tx, moved: &Moved<'_>) -> Result<(), DbError> {
    let same: Option<RequestId> =
        run!(&mut *tx, |conn| sqlx::query_scalar(FIND_SAME).bind(moved.to).bind(moved.digest).fetch_optional(conn).await)?;
    if let Some(same) = same {
        execute!(&mut *tx, sqlx::query(ADD_COPIES).bind(same).bind(moved.count).bind(moved.last_at).bind(moved.eviction_rank))?;
        execute!(&mut *tx, sqlx::query(DELETE_REQUEST).bind(moved.id))?;
    } else {
        execute!(&mut *tx, sqlx::query(MOVE).bind(moved.id).bind(moved.to).bind(moved.digest).bind(moved.eviction_rank))?;
    }
    execute!(&mut *tx, sqlx::query(SUBTRACT).bind(moved.from).bind(moved.count))?;
    execute!(
        tx,
        sqlx::query(ADD_EARLIER).bind(moved.to).bind(moved.count).bind(moved.first_at).bind(moved.last_at).bind(moved.address)
    )?;
    Ok(())
}

/// Deletes a rejection if every request was moved.
pub(crate) async fn delete_if_empty(tx: &mut Tx, rejection: RejectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_IF_EMPTY).bind(rejection))?;
    Ok(())
}
