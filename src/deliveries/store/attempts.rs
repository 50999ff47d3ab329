//! The `attempts` table.

use sqlx::query::QueryAs;

use crate::{
    db::{
        DbError, Exec, Tx, execute, ids,
        list::{among_page, page_ids},
        run, sql,
    },
    deliveries::{Attempt, AttemptFailure},
    primitives::{
        id::{AttemptId, DeliveryId, DestinationId, MessageId},
        time::Timestamp,
    },
};

/// The maximum number of attempts of a delivery that a page lists.
pub(crate) const MAX_LISTED: i64 = 50;

sql! {
    INSERT = "INSERT INTO attempts (id, delivery_id, number, began_at, millis, status, failure, address, response, is_response_cut, \
              response_sha256) VALUES ($1, $2, (SELECT COALESCE(MAX(number), 0) + 1 FROM attempts WHERE delivery_id = $2), \
              $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Deletes the previous attempt's response unless it was the first: the first and the last response stay stored.
    DELETE_MIDDLE_RESPONSE = "UPDATE attempts SET response = NULL WHERE delivery_id = $1 AND number > 1 AND response IS NOT NULL \
                              AND number < (SELECT MAX(number) FROM attempts WHERE delivery_id = $1)";
    DELETE_RESPONSES = "UPDATE attempts SET response = NULL WHERE id IN \
                        (SELECT id FROM attempts WHERE began_at < $1 AND response IS NOT NULL ORDER BY began_at LIMIT $2)";
    /// The number of attempts of each delivery, including those before a replay.
    LIST_COUNTS = concat!("SELECT id, (SELECT COALESCE(MAX(number), 0) FROM attempts WHERE delivery_id = deliveries.id) FROM deliveries \
                   WHERE destination_id = $1 AND message_id ", among_page!());
    LIST = "SELECT id, number, began_at, millis, status, failure, address, response, is_response_cut, response_sha256 \
            FROM attempts WHERE delivery_id = $1 ORDER BY number DESC LIMIT $2";
}

/// An attempt to store.
pub(crate) struct New<'a> {
    pub(crate) delivery: DeliveryId,
    pub(crate) began_at: Timestamp,
    pub(crate) millis: i64,
    pub(crate) status: Option<i64>,
    pub(crate) failure: Option<AttemptFailure>,
    pub(crate) address: Option<&'a str>,
    /// The beginning of the response, if it is to be stored.
    pub(crate) response: Option<&'a [u8]>,
    pub(crate) is_response_cut: bool,
    pub(crate) response_sha256: Option<&'a [u8]>,
}

/// Stores an attempt, and deletes the response of the previous one unless that was the first.
pub(crate) async fn insert(tx: &mut Tx, attempt: &New<'_>) -> Result<(), DbError> {
    let id: AttemptId = ids::next(tx).await?;
    execute!(
        &mut *tx,
        sqlx::query(INSERT)
            .bind(id)
            .bind(attempt.delivery)
            .bind(attempt.began_at)
            .bind(attempt.millis)
            .bind(attempt.status)
            .bind(attempt.failure)
            .bind(attempt.address)
            .bind(attempt.response)
            .bind(attempt.is_response_cut)
            .bind(attempt.response_sha256)
    )?;
    execute!(tx, sqlx::query(DELETE_MIDDLE_RESPONSE).bind(attempt.delivery))?;
    Ok(())
}

/// Lists the newest attempts of a delivery, newest first. The caller has checked access to the delivery.
pub(crate) async fn list(on: impl Into<Exec<'_>>, delivery: DeliveryId) -> Result<Vec<Attempt>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST).bind(delivery).bind(MAX_LISTED).fetch_all(conn).await)
}

/// Returns the number of attempts of each delivery of at most a page of messages to a destination, including attempts before a replay.
/// The caller has checked access to the destination.
pub(crate) async fn list_counts(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    messages: impl Iterator<Item = MessageId>,
) -> Result<Vec<(DeliveryId, i64)>, DbError> {
    let Some(messages) = page_ids(messages, MessageId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| { messages.iter().fold(sqlx::query_as(LIST_COUNTS).bind(destination), QueryAs::bind).fetch_all(conn).await })
}

/// Deletes at most `limit` responses of attempts that began before `before`; returns their number.
pub(crate) async fn delete_responses(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_RESPONSES).bind(before).bind(limit))
}
