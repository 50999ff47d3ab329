//! Claims on deliveries: a server claims those that it sends, and settles them by the outcome of their attempt.
//!
//! Invariant: the caller has locked the health of the destination, so a delivery has at most one claim. An expired claim can only record
//! that the delivery succeeded.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    deliveries::{AttemptFailure, DeliveryState, Message, health::OPEN_PERIOD, schedule::MAX_DELAY, worker::MAX_CLAIM},
    events::Origin,
    primitives::{
        id::{DeliveryId, DestinationId, MessageId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

sql! {
    /// The active destinations that have a due delivery, except those whose circuit is open. A circuit that no correct clock can have
    /// opened is ignored.
    LIST_DUE_DESTINATIONS = "SELECT id FROM destinations JOIN destination_health ON destination_health.destination_id = id \
                             WHERE state = 'active' AND (open_until IS NULL OR open_until <= $1 OR open_until > $2) AND \
                             (EXISTS (SELECT 1 FROM deliveries WHERE destination_id = destinations.id AND is_retry = FALSE AND due_at <= $1) \
                             OR EXISTS (SELECT 1 FROM deliveries WHERE destination_id = destinations.id AND is_retry = TRUE AND due_at <= $1)) \
                             ORDER BY id";
    /// At most the maximum concurrency of a destination. A claim that expires after the longest possible time was made by a clock ahead of
    /// time, and is ignored.
    COUNT_SENDING = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE destination_id = $1 AND state = 'sending' AND due_at > $2 \
                     AND due_at <= $3 LIMIT 10) AS sending";
    /// New events before retries, each in the order in which they became due; at most the maximum concurrency of each.
    CLAIM = "UPDATE deliveries SET state = 'sending', claim = $4, due_at = $5 WHERE id IN (SELECT id FROM \
             (SELECT * FROM (SELECT id, is_retry, due_at, message_id FROM deliveries WHERE destination_id = $1 AND is_retry = FALSE \
             AND due_at <= $2 ORDER BY due_at, message_id LIMIT 10) AS fresh \
             UNION ALL SELECT * FROM (SELECT id, is_retry, due_at, message_id FROM deliveries WHERE destination_id = $1 AND is_retry = TRUE \
             AND due_at <= $2 ORDER BY due_at, message_id LIMIT 10) AS retries) AS due ORDER BY is_retry, due_at, message_id LIMIT $3) \
             RETURNING id, message_id, origin, attempts";
    /// The oldest open delivery, if it is due.
    CLAIM_FIRST = "UPDATE deliveries SET state = 'sending', claim = $3, due_at = $4 WHERE id = (SELECT id FROM deliveries \
                   WHERE destination_id = $1 AND due_at IS NOT NULL ORDER BY message_id LIMIT 1) AND due_at <= $2 \
                   RETURNING id, message_id, origin, attempts";
    SETTLE = "UPDATE deliveries SET state = $3, attempts = attempts + 1, due_at = $4, is_retry = TRUE, claim = NULL, last_status = $5, \
              last_failure = $6, ended_at = $7 WHERE id = $1 AND claim = $2";
    SETTLE_LATE = "UPDATE deliveries SET state = 'delivered', due_at = NULL, claim = NULL, last_status = $2, last_failure = NULL, \
                   ended_at = $3 WHERE id = $1 AND due_at IS NOT NULL";
    RELEASE = "UPDATE deliveries SET state = 'waiting', claim = NULL, due_at = $3 WHERE id = $1 AND claim = $2";
    /// Makes deliveries due whose times no correct clock can have planned.
    REPAIR_WAITING = "UPDATE deliveries SET due_at = $2 WHERE due_at > $1 AND state = 'waiting' AND id IN \
                      (SELECT deliveries.id FROM destinations JOIN deliveries ON deliveries.destination_id = destinations.id \
                      WHERE is_retry IN (FALSE, TRUE) AND due_at > $1 LIMIT $3)";
    REPAIR_SENDING = "UPDATE deliveries SET due_at = $2, state = 'waiting', claim = NULL WHERE due_at > $1 AND state = 'sending' AND id IN \
                      (SELECT deliveries.id FROM destinations JOIN deliveries ON deliveries.destination_id = destinations.id \
                      WHERE deliveries.state = 'sending' AND due_at > $1 LIMIT $3)";
    /// The claims of a process that has ended; only one server uses SQLite's files.
    RELEASE_ALL = "UPDATE deliveries SET state = 'waiting', claim = NULL, due_at = $1 WHERE state = 'sending'";
}

/// A delivery to be sent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Claimed {
    pub(crate) id: DeliveryId,
    pub(crate) message_id: MessageId,
    pub(crate) origin: Origin,
    /// The number of attempts before this one.
    pub(crate) attempts: i64,
}

impl Claimed {
    pub(crate) fn message(&self) -> Message {
        Message::of(self.message_id, self.origin)
    }
}

/// A claim on deliveries of a destination.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) destination: DestinationId,
    /// Identifies it; random.
    pub(crate) number: i64,
    pub(crate) now: Timestamp,
    /// When others may claim the deliveries again.
    pub(crate) expires_at: Timestamp,
}

/// Lists the active destinations of all apps that have a due delivery, in ascending order.
pub(crate) async fn list_due_destinations(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<Vec<DestinationId>, DbError> {
    let latest = now.plus(OPEN_PERIOD);
    run!(on, |conn| sqlx::query_scalar(LIST_DUE_DESTINATIONS).bind(now).bind(latest).fetch_all(conn).await)
}

/// Counts the deliveries that are being sent.
pub(crate) async fn count_sending(tx: &mut Tx, destination: DestinationId, now: Timestamp) -> Result<i64, DbError> {
    let latest = now.plus(MAX_CLAIM + CLOCK_TOLERANCE);
    run!(tx, |conn| sqlx::query_scalar(COUNT_SENDING).bind(destination).bind(now).bind(latest).fetch_one(conn).await)
}

/// Claims at most `limit` due deliveries.
pub(crate) async fn claim(tx: &mut Tx, claim: &Claim, limit: i64) -> Result<Vec<Claimed>, DbError> {
    run!(tx, |conn| sqlx::query_as(CLAIM)
        .bind(claim.destination)
        .bind(claim.now)
        .bind(limit)
        .bind(claim.number)
        .bind(claim.expires_at)
        .fetch_all(conn)
        .await)
}

/// Claims the oldest open delivery, if it is due.
pub(crate) async fn claim_first(tx: &mut Tx, claim: &Claim) -> Result<Vec<Claimed>, DbError> {
    run!(tx, |conn| sqlx::query_as(CLAIM_FIRST)
        .bind(claim.destination)
        .bind(claim.now)
        .bind(claim.number)
        .bind(claim.expires_at)
        .fetch_all(conn)
        .await)
}

/// The state of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settlement {
    pub(crate) state: DeliveryState,
    /// When the next attempt may begin, if it is waiting.
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) status: Option<i64>,
    pub(crate) failure: Option<AttemptFailure>,
    pub(crate) now: Timestamp,
}

/// Settles a delivery under its claim; returns false if the claim has expired and another has replaced it.
pub(crate) async fn settle(tx: &mut Tx, delivery: DeliveryId, claim: i64, settlement: &Settlement) -> Result<bool, DbError> {
    let Settlement { state, due_at, status, failure, now } = *settlement;
    let ended_at = (!state.is_open()).then_some(now);
    let settled = execute!(
        tx,
        sqlx::query(SETTLE).bind(delivery).bind(claim).bind(state).bind(due_at).bind(status).bind(failure).bind(ended_at)
    )?;
    Ok(settled > 0)
}

/// Records that a delivery succeeded although its claim had expired.
pub(crate) async fn settle_late(tx: &mut Tx, delivery: DeliveryId, status: Option<i64>, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SETTLE_LATE).bind(delivery).bind(status).bind(now))?;
    Ok(())
}

/// Ends a claim under which nothing was attempted.
pub(crate) async fn release(tx: &mut Tx, delivery: DeliveryId, claim: i64, due_at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(RELEASE).bind(delivery).bind(claim).bind(due_at))?;
    Ok(())
}

/// Makes at most `limit` deliveries due whose next attempt or claim has a time that no correct clock can have planned; returns their
/// number.
pub(crate) async fn repair(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64, DbError> {
    let (latest, latest_claim) = (now.plus(MAX_DELAY + CLOCK_TOLERANCE), now.plus(MAX_CLAIM + CLOCK_TOLERANCE));
    let waiting = execute!(&mut *tx, sqlx::query(REPAIR_WAITING).bind(latest).bind(now).bind(limit))?;
    let sending = execute!(tx, sqlx::query(REPAIR_SENDING).bind(latest_claim).bind(now).bind(limit))?;
    Ok(waiting + sending)
}

/// Releases every claim. Only for a database that no other server uses.
pub(crate) async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(RELEASE_ALL).bind(now))?;
    Ok(())
}
