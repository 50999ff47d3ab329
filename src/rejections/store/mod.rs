//! The `rejections`, `rejected_requests` and `unknown_endpoint_requests` tables.

pub(crate) mod copies;
pub(crate) mod deferred;
pub(crate) mod evictions;
pub(crate) mod later;
pub(crate) mod list;
pub(crate) mod recoveries;
pub(crate) mod search;
pub(crate) mod streak;

use sqlx::query::QueryScalar;

use super::{Cause, Reason, Rejection, Request};
use crate::{
    connections::ConnectionScope,
    db::{
        DbError, Exec, Tx, execute,
        list::{MAX_EXAMINED, among_page, max_examined, page_ids},
        run, sql,
    },
    gateways::Mode,
    primitives::{
        id::{AppId, ConnectionId, RejectionId, RequestId, SecretId},
        time::Timestamp,
    },
};

/// The columns of a rejection, in the same order everywhere.
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, reason, cause, secret_id, key_digest, other_connection_id, detail, address, count, \
         recovered_count, first_at, last_at"
    };
}
use columns;

/// The columns of a stored request, without its content.
macro_rules! request {
    () => {
        "id, address, size, is_truncated, count, received_at, recovered_at"
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM rejections WHERE app_id = $1 AND id = $2");
    FIND_NEWEST = concat!("SELECT ", columns!(), " FROM (SELECT ", columns!(), " FROM rejections WHERE connection_id = $1 \
                   ORDER BY last_at DESC LIMIT ", max_examined!(), ") AS examined WHERE reason = $2 ORDER BY last_at DESC LIMIT 1");
    /// Of the newest rejections.
    COUNT = concat!("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS requests, COUNT(*) AS rejections, \
             CAST(COALESCE(SUM(CASE WHEN first_at < $3 THEN 1 ELSE 0 END), 0) AS BIGINT) AS earlier FROM (SELECT count, first_at FROM rejections \
             WHERE app_id = $1 AND mode = $2 AND last_at >= $3 ORDER BY last_at DESC, id DESC LIMIT ", max_examined!(), ") AS newest");
    /// The rejection that continues, if there is one.
    FIND_OPEN = "SELECT id FROM rejections WHERE connection_id = $1 AND reason = $2 AND cause = $3 \
                 AND secret_id IS NOT DISTINCT FROM $4 AND key_digest IS NOT DISTINCT FROM $5 AND (CAST($8 AS BOOLEAN) OR detail IS NOT DISTINCT FROM $6) AND last_at > $7 AND first_at < $9 \
                 ORDER BY last_at DESC LIMIT 1";
    INSERT = "INSERT INTO rejections (id, company_id, app_id, connection_id, gateway, mode, reason, cause, secret_id, \
              key_digest, other_connection_id, detail, address, count, first_at, last_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// Here and in the statements like it, times are merged as minimum and maximum, an address is that of the latest time, and the
    /// lower eviction rank stays, as requests are stored in any order. What a rank means is in `eviction.rs`.
    ADD = "UPDATE rejections SET count = count + $2, first_at = CASE WHEN first_at < $3 THEN first_at ELSE $3 END, \
           last_at = CASE WHEN last_at > $4 THEN last_at ELSE $4 END, address = CASE WHEN last_at > $4 THEN address ELSE $5 END, \
           detail = COALESCE($6, detail) WHERE id = $1";
    KEEP = "INSERT INTO rejected_requests (id, rejection_id, app_id, connection_id, digest, eviction_rank, sender, address, size, is_truncated, bytes, \
            count, received_at, last_at, headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12, $13, $14) \
            ON CONFLICT (rejection_id, digest) DO UPDATE SET count = rejected_requests.count + 1, \
            last_at = CASE WHEN rejected_requests.last_at > excluded.last_at THEN rejected_requests.last_at ELSE excluded.last_at END, \
            address = CASE WHEN rejected_requests.last_at > excluded.last_at THEN rejected_requests.address ELSE excluded.address END, \
            eviction_rank = CASE WHEN rejected_requests.eviction_rank < excluded.eviction_rank THEN rejected_requests.eviction_rank ELSE excluded.eviction_rank END";
    LIST_REQUESTS = concat!("SELECT ", request!(), " FROM rejected_requests WHERE rejection_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    FIND_REQUEST = concat!("SELECT ", request!(), " FROM rejected_requests WHERE rejection_id = $1 AND id = $2");
    FIND_SAID = "SELECT headers, body FROM rejected_requests WHERE rejection_id = $1 AND id = $2";
    COUNT_REQUESTS = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id = $1";
    LIST_RECOVERABLE = "SELECT id, rejection_id, received_at, headers, body FROM rejected_requests \
                        WHERE rejection_id = $1 AND recovered_at IS NULL AND NOT is_truncated AND id > $2 ORDER BY id LIMIT $3";
    /// COALESCE forces a search by id: with the app's index, SQLite would examine all rejections of the app.
    LIST_WITH_RECOVERABLE = concat!("SELECT id FROM rejections WHERE COALESCE(app_id, app_id) = $1 AND EXISTS (SELECT 1 FROM rejected_requests \
                  WHERE rejection_id = rejections.id AND recovered_at IS NULL AND NOT is_truncated) AND id ", among_page!());
    /// The newest of a connection, of all its rejections.
    LIST_OF_CONNECTION = "SELECT id, rejection_id, received_at, headers, body FROM rejected_requests \
                          WHERE connection_id = $1 AND recovered_at IS NULL AND NOT is_truncated ORDER BY id DESC LIMIT $2";
    FIND_RECOVERABLE = "SELECT id, rejection_id, received_at, headers, body FROM rejected_requests \
                        WHERE rejection_id = $1 AND recovered_at IS NULL AND NOT is_truncated AND id = $2";
    ADD_RECOVERED = "UPDATE rejections SET recovered_count = recovered_count + $2 WHERE id = $1";
    /// Of two concurrent recoveries only one succeeds.
    MARK_RECOVERED = "UPDATE rejected_requests SET recovered_at = $2 WHERE id = $1 AND rejection_id = $3 AND recovered_at IS NULL";
    DELETE_REQUESTS = "DELETE FROM rejected_requests WHERE id IN (SELECT id FROM rejected_requests WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
    DELETE = "DELETE FROM rejections WHERE id IN (SELECT id FROM rejections WHERE last_at < $1 \
              AND NOT EXISTS (SELECT 1 FROM rejected_requests WHERE rejection_id = rejections.id) ORDER BY last_at LIMIT $2)";
    ADD_STRAYS = "INSERT INTO unknown_endpoint_requests (name, count, last_at) VALUES ('unknown_endpoint', $1, $2) \
                  ON CONFLICT (name) DO UPDATE SET count = unknown_endpoint_requests.count + excluded.count, \
                  last_at = CASE WHEN unknown_endpoint_requests.last_at > excluded.last_at THEN unknown_endpoint_requests.last_at ELSE excluded.last_at END";
    FIND_STRAYS = "SELECT count, last_at FROM unknown_endpoint_requests WHERE name = 'unknown_endpoint'";
}

/// The rejections of an app in a mode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
}

/// Returns a rejection of the app.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: RejectionId) -> Result<Option<Rejection>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// Returns the newest of a connection. The caller has checked access to it.
pub(crate) async fn find_newest(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    reason: Reason,
) -> Result<Option<Rejection>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_NEWEST).bind(connection).bind(reason).fetch_optional(conn).await)
}

/// A number of rejected requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestCount {
    pub(crate) requests: i64,
    /// True if there may be more: only a limited number of rejections is added up.
    pub(crate) is_partial: bool,
    /// True if some of the requests may have been rejected before: their rejection began earlier.
    pub(crate) has_earlier: bool,
}

/// Returns the number of rejected requests, in the newest rejections with a request since then.
pub(crate) async fn count(on: impl Into<Exec<'_>>, filter: Filter, since: Timestamp) -> Result<RequestCount, DbError> {
    let (requests, rejections, earlier): (i64, i64, i64) =
        run!(on, |conn| sqlx::query_as(COUNT).bind(filter.app).bind(filter.mode).bind(since).fetch_one(conn).await)?;
    Ok(RequestCount { requests, is_partial: rejections >= MAX_EXAMINED, has_earlier: earlier > 0 })
}

/// The identity of a rejection: requests with equal keys are counted as one rejection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RejectionKey {
    pub(crate) reason: Reason,
    pub(crate) cause: Cause,
    pub(crate) secret: Option<SecretId>,
    /// A keyed digest of the key of the signature.
    pub(crate) key: Option<Vec<u8>>,
    /// Further text of the message, if it distinguishes rejections.
    pub(crate) detail: Option<String>,
}

/// Returns the newest rejection with that key that ended after the first of these times and began before the second.
pub(crate) async fn find_open(
    tx: &mut Tx,
    connection: ConnectionId,
    kind: &RejectionKey,
    (since, until): (Timestamp, Timestamp),
) -> Result<Option<RejectionId>, DbError> {
    run!(tx, |conn| sqlx::query_scalar(FIND_OPEN)
        .bind(connection)
        .bind(kind.reason)
        .bind(kind.cause.as_str())
        .bind(kind.secret)
        .bind(&kind.key)
        .bind(&kind.detail)
        .bind(since)
        .bind(kind.cause.has_varying_detail())
        .bind(until)
        .fetch_optional(conn)
        .await)
}

/// A new rejection.
pub(crate) struct NewRejection<'a> {
    pub(crate) id: RejectionId,
    pub(crate) scope: &'a ConnectionScope,
    pub(crate) kind: &'a RejectionKey,
    pub(crate) other: Option<ConnectionId>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) address: &'a str,
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewRejection<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(new.id)
            .bind(new.scope.company)
            .bind(new.scope.app)
            .bind(new.scope.connection)
            .bind(new.scope.gateway)
            .bind(new.scope.mode)
            .bind(new.kind.reason)
            .bind(new.kind.cause.as_str())
            .bind(new.kind.secret)
            .bind(&new.kind.key)
            .bind(new.other)
            .bind(new.detail)
            .bind(new.address)
            .bind(new.count)
            .bind(new.first_at)
            .bind(new.last_at)
    )?;
    Ok(())
}

/// Further requests of a rejection.
pub(crate) struct AdditionalRequests<'a> {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The address of the last of them.
    pub(crate) address: &'a str,
    /// The newest detail, if that one is displayed.
    pub(crate) detail: Option<&'a str>,
}

/// Adds further requests to a rejection.
pub(crate) async fn add(tx: &mut Tx, id: RejectionId, more: &AdditionalRequests<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(ADD).bind(id).bind(more.count).bind(more.first_at).bind(more.last_at).bind(more.address).bind(more.detail)
    )?;
    Ok(())
}

/// A request to be stored, sealed.
pub(crate) struct NewRequest<'a> {
    pub(crate) id: RequestId,
    pub(crate) rejection: RejectionId,
    pub(crate) scope: &'a ConnectionScope,
    pub(crate) digest: &'a [u8],
    pub(crate) eviction_rank: i64,
    pub(crate) sender: &'a str,
    pub(crate) address: &'a str,
    pub(crate) size: Option<i64>,
    pub(crate) is_truncated: bool,
    pub(crate) at: Timestamp,
    pub(crate) headers: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// Stores a request, or increments the count of an equal one.
pub(crate) async fn keep(tx: &mut Tx, new: &NewRequest<'_>) -> Result<(), DbError> {
    let bytes = i64::try_from(new.headers.len() + new.body.len()).unwrap_or(i64::MAX);
    execute!(
        tx,
        sqlx::query(KEEP)
            .bind(new.id)
            .bind(new.rejection)
            .bind(new.scope.app)
            .bind(new.scope.connection)
            .bind(new.digest)
            .bind(new.eviction_rank)
            .bind(new.sender)
            .bind(new.address)
            .bind(new.size)
            .bind(new.is_truncated)
            .bind(bytes)
            .bind(new.at)
            .bind(new.headers)
            .bind(new.body)
    )?;
    Ok(())
}

/// Returns the requests of a rejection before `from`, newest first. The caller has checked access to it.
pub(crate) async fn list_requests(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    from: RequestId,
    limit: i64,
) -> Result<Vec<Request>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_REQUESTS).bind(rejection).bind(from).bind(limit).fetch_all(conn).await)
}

/// Returns a request of a rejection.
pub(crate) async fn find_request(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    id: RequestId,
) -> Result<Option<Request>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_REQUEST).bind(rejection).bind(id).fetch_optional(conn).await)
}

/// Returns the sealed headers and body of a request.
pub(crate) async fn find_content(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    id: RequestId,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_SAID).bind(rejection).bind(id).fetch_optional(conn).await)
}

/// Returns how many requests of a rejection are stored.
pub(crate) async fn count_requests(on: impl Into<Exec<'_>>, rejection: RejectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_REQUESTS).bind(rejection).fetch_one(conn).await)
}

/// A stored request that could still become an event.
#[derive(sqlx::FromRow)]
pub(crate) struct Recoverable {
    pub(crate) id: RequestId,
    pub(crate) rejection_id: RejectionId,
    pub(crate) received_at: Timestamp,
    pub(crate) headers: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// Returns the recoverable requests of a rejection after `after`, oldest first.
pub(crate) async fn list_recoverable(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    after: RequestId,
    limit: i64,
) -> Result<Vec<Recoverable>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_RECOVERABLE).bind(rejection).bind(after).bind(limit).fetch_all(conn).await)
}

/// Returns which of an app's rejections, at most a page, have a request that is stored whole and was not recovered, so that it can
/// be diagnosed later.
pub(crate) async fn list_with_recoverable(
    on: impl Into<Exec<'_>>,
    app: AppId,
    rejections: impl Iterator<Item = RejectionId>,
) -> Result<Vec<RejectionId>, DbError> {
    let Some(rejections) = page_ids(rejections, RejectionId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| {
        let query = sqlx::query_scalar(LIST_WITH_RECOVERABLE).bind(app);
        rejections.iter().fold(query, QueryScalar::bind).fetch_all(conn).await
    })
}

/// Returns the newest of a connection. The caller has checked access to it.
pub(crate) async fn list_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    limit: i64,
) -> Result<Vec<Recoverable>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).bind(limit).fetch_all(conn).await)
}

/// Returns that request of a rejection, if it can be recovered.
pub(crate) async fn find_recoverable(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    id: RequestId,
) -> Result<Vec<Recoverable>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_RECOVERABLE).bind(rejection).bind(id).fetch_all(conn).await)
}

/// Adds recovered requests to the count of a rejection. Runs before they are marked: the recorder of rejections locks in that
/// order.
pub(crate) async fn add_recovered(tx: &mut Tx, id: RejectionId, number: usize) -> Result<(), DbError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    execute!(tx, sqlx::query(ADD_RECOVERED).bind(id).bind(number))?;
    Ok(())
}

/// Marks a request of a rejection as recovered. False if another unit of work has done so, or has moved it to another
/// rejection.
pub(crate) async fn mark_recovered(tx: &mut Tx, id: RequestId, of: RejectionId, at: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(MARK_RECOVERED).bind(id).bind(at).bind(of))? == 1)
}

/// Deletes the oldest requests received before then, at most `most`. Returns their number.
pub(crate) async fn delete_requests(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_REQUESTS).bind(before).bind(most))
}

/// Deletes rejections that ended before then and have no stored requests, at most `most`. Returns their number.
pub(crate) async fn delete(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE).bind(before).bind(most))
}

/// Adds to the number of requests to unknown endpoints.
pub(crate) async fn add_strays(tx: &mut Tx, count: i64, at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(ADD_STRAYS).bind(count).bind(at))?;
    Ok(())
}

/// Returns the number of requests to unknown endpoints, and when the last one was received.
pub(crate) async fn find_strays(on: impl Into<Exec<'_>>) -> Result<Option<(i64, Timestamp)>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_STRAYS).fetch_optional(conn).await)
}
