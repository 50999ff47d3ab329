//! The `rejections`, `rejected_requests` and `stray_requests` tables.

pub(crate) mod copies;
pub(crate) mod deferred;
pub(crate) mod evictions;
pub(crate) mod later;
pub(crate) mod recoveries;

use super::{Cause, Reason, Rejection, Request};
use crate::{
    connections::ConnectionScope,
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    primitives::{
        id::{AppId, ConnectionId, RejectionId, RequestId, SecretId},
        time::Timestamp,
    },
};

/// What is read of a rejection, everywhere in the same order.
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, reason, cause, secret_id, key_digest, other_connection_id, detail, address, count, \
         recovered, first_at, last_at"
    };
}

/// The same of a kept request, but for what it said.
macro_rules! request {
    () => {
        "id, address, size, is_cut, count, received_at, recovered_at"
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM rejections WHERE app_id = $1 AND id = $2");
    FIND_NEWEST = concat!("SELECT ", columns!(), " FROM rejections WHERE connection_id = $1 AND reason = $2 ORDER BY last_at DESC LIMIT 1");
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM rejections WHERE app_id = $1 AND mode = $2 AND (last_at, id) < ($3, $4) \
                  ORDER BY last_at DESC, id DESC LIMIT $5");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM rejections WHERE app_id = $1 AND mode = $2 AND (last_at, id) > ($3, $4) \
                  ORDER BY last_at, id LIMIT $5");
    COUNT = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections WHERE app_id = $1 AND mode = $2 AND last_at >= $3";
    /// The one that goes on, if there is one.
    FIND_OPEN = "SELECT id FROM rejections WHERE connection_id = $1 AND reason = $2 AND cause = $3 \
                 AND secret_id IS NOT DISTINCT FROM $4 AND key_digest IS NOT DISTINCT FROM $5 AND (CAST($8 AS BOOLEAN) OR detail IS NOT DISTINCT FROM $6) AND last_at > $7 AND first_at < $9 \
                 ORDER BY last_at DESC LIMIT 1";
    INSERT = "INSERT INTO rejections (id, company_id, app_id, connection_id, gateway, mode, reason, cause, secret_id, \
              key_digest, other_connection_id, detail, address, count, first_at, last_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    ADD = "UPDATE rejections SET count = count + $2, first_at = CASE WHEN first_at < $3 THEN first_at ELSE $3 END, \
           last_at = CASE WHEN last_at > $4 THEN last_at ELSE $4 END, address = CASE WHEN last_at > $4 THEN address ELSE $5 END, \
           detail = COALESCE($6, detail) WHERE id = $1";
    KEEP = "INSERT INTO rejected_requests (id, rejection_id, app_id, connection_id, digest, worth, sender, address, size, is_cut, bytes, \
            count, received_at, last_at, headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12, $13, $14) \
            ON CONFLICT (rejection_id, digest) DO UPDATE SET count = rejected_requests.count + 1, \
            last_at = CASE WHEN rejected_requests.last_at > excluded.last_at THEN rejected_requests.last_at ELSE excluded.last_at END, \
            address = CASE WHEN rejected_requests.last_at > excluded.last_at THEN rejected_requests.address ELSE excluded.address END, \
            worth = CASE WHEN rejected_requests.worth < excluded.worth THEN rejected_requests.worth ELSE excluded.worth END";
    LIST_REQUESTS = concat!("SELECT ", request!(), " FROM rejected_requests WHERE rejection_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    FIND_REQUEST = concat!("SELECT ", request!(), " FROM rejected_requests WHERE rejection_id = $1 AND id = $2");
    FIND_SAID = "SELECT headers, body FROM rejected_requests WHERE rejection_id = $1 AND id = $2";
    COUNT_REQUESTS = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id = $1";
    LIST_RECOVERABLE = "SELECT id, rejection_id, received_at, headers, body FROM rejected_requests \
                        WHERE rejection_id = $1 AND recovered_at IS NULL AND NOT is_cut AND id > $2 ORDER BY id LIMIT $3";
    /// The newest of a connection, whatever rejection they are of.
    LIST_OF_CONNECTION = "SELECT id, rejection_id, received_at, headers, body FROM rejected_requests \
                          WHERE connection_id = $1 AND recovered_at IS NULL AND NOT is_cut ORDER BY id DESC LIMIT $2";
    FIND_RECOVERABLE = "SELECT id, rejection_id, received_at, headers, body FROM rejected_requests \
                        WHERE rejection_id = $1 AND recovered_at IS NULL AND NOT is_cut AND id = $2";
    ADD_RECOVERED = "UPDATE rejections SET recovered = recovered + $2 WHERE id = $1";
    /// Only one of two that try comes through.
    MARK_RECOVERED = "UPDATE rejected_requests SET recovered_at = $2 WHERE id = $1 AND rejection_id = $3 AND recovered_at IS NULL";
    DELETE_REQUESTS = "DELETE FROM rejected_requests WHERE id IN (SELECT id FROM rejected_requests WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
    DELETE = "DELETE FROM rejections WHERE id IN (SELECT id FROM rejections WHERE last_at < $1 \
              AND NOT EXISTS (SELECT 1 FROM rejected_requests WHERE rejection_id = rejections.id) ORDER BY last_at LIMIT $2)";
    ADD_STRAYS = "INSERT INTO stray_requests (name, count, last_at) VALUES ('unknown_endpoint', $1, $2) \
                  ON CONFLICT (name) DO UPDATE SET count = stray_requests.count + excluded.count, \
                  last_at = CASE WHEN stray_requests.last_at > excluded.last_at THEN stray_requests.last_at ELSE excluded.last_at END";
    FIND_STRAYS = "SELECT count, last_at FROM stray_requests WHERE name = 'unknown_endpoint'";
}

/// A place in the order of the list.
pub(crate) type Cursor = (Timestamp, RejectionId);

/// Which rejections a list shows.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
}

/// The app's rejection.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: RejectionId) -> Result<Option<Rejection>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// The newest of a connection that the caller was allowed to see.
pub(crate) async fn find_newest(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    reason: Reason,
) -> Result<Option<Rejection>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_NEWEST).bind(connection).bind(reason.as_str()).fetch_optional(conn).await)
}

/// Those before `from`, newest first.
pub(crate) async fn list_older(
    on: impl Into<Exec<'_>>,
    filter: Filter,
    from: Cursor,
    limit: i64,
) -> Result<Vec<Rejection>, DbError> {
    list(on, LIST_OLDER, filter, from, limit).await
}

/// Those after `from`, newest first.
pub(crate) async fn list_newer(
    on: impl Into<Exec<'_>>,
    filter: Filter,
    from: Cursor,
    limit: i64,
) -> Result<Vec<Rejection>, DbError> {
    let mut found = list(on, LIST_NEWER, filter, from, limit).await?;
    found.reverse();
    Ok(found)
}

async fn list(
    on: impl Into<Exec<'_>>,
    text: &'static str,
    filter: Filter,
    from: Cursor,
    limit: i64,
) -> Result<Vec<Rejection>, DbError> {
    run!(on, |conn| sqlx::query_as(text)
        .bind(filter.app)
        .bind(filter.mode.slug())
        .bind(from.0)
        .bind(from.1)
        .bind(limit)
        .fetch_all(conn)
        .await)
}

/// How many requests were refused, in the rejections that went on until then or later.
pub(crate) async fn count(on: impl Into<Exec<'_>>, filter: Filter, since: Timestamp) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).bind(filter.app).bind(filter.mode.slug()).bind(since).fetch_one(conn).await)
}

/// What makes a rejection the same as another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RejectionKey {
    pub(crate) reason: Reason,
    pub(crate) cause: Cause,
    pub(crate) secret: Option<SecretId>,
    /// A keyed digest of the key of the signature.
    pub(crate) key: Option<Vec<u8>>,
    /// What the sentence says besides, where something else would be another thing.
    pub(crate) detail: Option<String>,
}

/// The newest rejection of that kind which ended after the first of these times and began before the second.
pub(crate) async fn find_open(
    tx: &mut Tx,
    connection: ConnectionId,
    kind: &RejectionKey,
    (since, until): (Timestamp, Timestamp),
) -> Result<Option<RejectionId>, DbError> {
    run!(tx, |conn| sqlx::query_scalar(FIND_OPEN)
        .bind(connection)
        .bind(kind.reason.as_str())
        .bind(kind.cause.as_str())
        .bind(kind.secret)
        .bind(&kind.key)
        .bind(&kind.detail)
        .bind(since)
        .bind(kind.cause.has_passing_detail())
        .bind(until)
        .fetch_optional(conn)
        .await)
}

/// A rejection that begins.
pub(crate) struct NewRejection<'a> {
    pub(crate) id: RejectionId,
    pub(crate) place: &'a ConnectionScope,
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
            .bind(new.place.company)
            .bind(new.place.app)
            .bind(new.place.connection)
            .bind(new.place.gateway.slug())
            .bind(new.place.mode.slug())
            .bind(new.kind.reason.as_str())
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

/// So many more of the same.
pub(crate) struct More<'a> {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// Where the last of them came from.
    pub(crate) address: &'a str,
    /// The newest detail, where that one is shown.
    pub(crate) detail: Option<&'a str>,
}

/// Counts them.
pub(crate) async fn add(tx: &mut Tx, id: RejectionId, more: &More<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(ADD).bind(id).bind(more.count).bind(more.first_at).bind(more.last_at).bind(more.address).bind(more.detail)
    )?;
    Ok(())
}

/// A request to be kept, sealed.
pub(crate) struct NewRequest<'a> {
    pub(crate) id: RequestId,
    pub(crate) rejection: RejectionId,
    pub(crate) place: &'a ConnectionScope,
    pub(crate) digest: &'a [u8],
    pub(crate) worth: i64,
    pub(crate) sender: &'a str,
    pub(crate) address: &'a str,
    pub(crate) size: Option<i64>,
    pub(crate) is_cut: bool,
    pub(crate) at: Timestamp,
    pub(crate) headers: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// Keeps it, or counts it as one more of the same.
pub(crate) async fn keep(tx: &mut Tx, new: &NewRequest<'_>) -> Result<(), DbError> {
    let bytes = i64::try_from(new.headers.len() + new.body.len()).unwrap_or(i64::MAX);
    execute!(
        tx,
        sqlx::query(KEEP)
            .bind(new.id)
            .bind(new.rejection)
            .bind(new.place.app)
            .bind(new.place.connection)
            .bind(new.digest)
            .bind(new.worth)
            .bind(new.sender)
            .bind(new.address)
            .bind(new.size)
            .bind(new.is_cut)
            .bind(bytes)
            .bind(new.at)
            .bind(new.headers)
            .bind(new.body)
    )?;
    Ok(())
}

/// The requests of a rejection that the caller was allowed to see, newest first, those before `from`.
pub(crate) async fn list_requests(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    from: RequestId,
    limit: i64,
) -> Result<Vec<Request>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_REQUESTS).bind(rejection).bind(from).bind(limit).fetch_all(conn).await)
}

/// One of them.
pub(crate) async fn find_request(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    id: RequestId,
) -> Result<Option<Request>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_REQUEST).bind(rejection).bind(id).fetch_optional(conn).await)
}

/// What it said, sealed: headers and body.
pub(crate) async fn find_said(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    id: RequestId,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_SAID).bind(rejection).bind(id).fetch_optional(conn).await)
}

/// How many requests of a rejection are kept.
pub(crate) async fn count_requests(on: impl Into<Exec<'_>>, rejection: RejectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_REQUESTS).bind(rejection).fetch_one(conn).await)
}

/// A kept request that could still become an event.
#[derive(sqlx::FromRow)]
pub(crate) struct Recoverable {
    pub(crate) id: RequestId,
    pub(crate) rejection_id: RejectionId,
    pub(crate) received_at: Timestamp,
    pub(crate) headers: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// Those of a rejection after that one, oldest first.
pub(crate) async fn list_recoverable(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    after: RequestId,
    limit: i64,
) -> Result<Vec<Recoverable>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_RECOVERABLE).bind(rejection).bind(after).bind(limit).fetch_all(conn).await)
}

/// The newest of a connection that the caller was allowed to see.
pub(crate) async fn list_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    limit: i64,
) -> Result<Vec<Recoverable>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).bind(limit).fetch_all(conn).await)
}

/// That one of a rejection, if it can be recovered.
pub(crate) async fn find_recoverable(
    on: impl Into<Exec<'_>>,
    rejection: RejectionId,
    id: RequestId,
) -> Result<Vec<Recoverable>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_RECOVERABLE).bind(rejection).bind(id).fetch_all(conn).await)
}

/// Counts requests of a rejection that are recovered. Before they are taken: whoever writes down refusals has that order.
pub(crate) async fn add_recovered(tx: &mut Tx, id: RejectionId, number: usize) -> Result<(), DbError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    execute!(tx, sqlx::query(ADD_RECOVERED).bind(id).bind(number))?;
    Ok(())
}

/// Takes a request of a rejection for recovery. False if another unit of work has, or moved it to another rejection.
pub(crate) async fn mark_recovered(tx: &mut Tx, id: RequestId, of: RejectionId, at: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(MARK_RECOVERED).bind(id).bind(at).bind(of))? == 1)
}

/// Deletes the oldest requests before then, at most so many; how many.
pub(crate) async fn delete_requests(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_REQUESTS).bind(before).bind(most))
}

/// Deletes rejections that ended before then and of which nothing is kept, at most so many; how many.
pub(crate) async fn delete(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE).bind(before).bind(most))
}

/// Counts requests at no endpoint of anybody.
pub(crate) async fn add_strays(tx: &mut Tx, count: i64, at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(ADD_STRAYS).bind(count).bind(at))?;
    Ok(())
}

/// How many there were, and when the last.
pub(crate) async fn find_strays(on: impl Into<Exec<'_>>) -> Result<Option<(i64, Timestamp)>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_STRAYS).fetch_optional(conn).await)
}
