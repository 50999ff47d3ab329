//! The `refund_requests` table.

use sqlx::FromRow;

use super::{Reason, RefundRequest, State};
use crate::{
    db::{DbError, Exec, Reader, Tx, execute, run, sql},
    gateways::Gateway,
    primitives::{
        id::{AppId, CompanyId, ConnectionId, RefundRequestId, TransactionId, UserId},
        money::{Currency, Money},
        time::Timestamp,
    },
};

macro_rules! columns {
    () => {
        "id, company_id, app_id, connection_id, gateway, transaction_id, payment_id, amount_subunits, currency, note, origin, \
         idempotency_key, user_id, requested_by, state, reason, answer, refund_id, attempts, created_at, sent_at"
    };
}

sql! {
    /// A payment with an open request has no other, and an origin has one request.
    INSERT = "INSERT INTO refund_requests (id, company_id, app_id, connection_id, gateway, transaction_id, payment_id, amount_subunits, \
              currency, note, origin, idempotency_key, user_id, requested_by, state, attempts, due_at, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'reserved', 0, $15, $16) ON CONFLICT DO NOTHING";
    FIND = concat!("SELECT ", columns!(), " FROM refund_requests WHERE id = $1");
    FIND_BY_ORIGIN = concat!("SELECT ", columns!(), " FROM refund_requests WHERE transaction_id = $1 AND origin = $2");
    FIND_OPEN = concat!("SELECT ", columns!(), " FROM refund_requests WHERE transaction_id = $1 AND due_at IS NOT NULL");
    LIST_OF_TRANSACTION = concat!("SELECT ", columns!(), " FROM refund_requests WHERE transaction_id = $1 ORDER BY id DESC LIMIT $2");
    /// Those of a payment that the gateway may not show yet: whose outcome is not known, or that were confirmed after a time.
    FIND_UNSETTLED = concat!("SELECT ", columns!(), " FROM refund_requests WHERE transaction_id = $1 \
                              AND (due_at IS NOT NULL OR (state = 'confirmed' AND settled_at > $2)) ORDER BY id DESC LIMIT 1");
    LIST_DUE = concat!("SELECT ", columns!(), " FROM refund_requests WHERE due_at <= $1 ORDER BY due_at LIMIT $2");
    /// Those that only a wrong clock can have scheduled.
    LIST_AHEAD = concat!("SELECT ", columns!(), " FROM refund_requests WHERE due_at > $1 ORDER BY due_at LIMIT $2");
    /// Only while the gateway was not asked to refund.
    WITHDRAW = "DELETE FROM refund_requests WHERE id = $1 AND state = 'reserved'";
    /// Of two that begin an attempt, the second finds another number of attempts.
    BEGIN_ATTEMPT = "UPDATE refund_requests SET state = 'sent', attempts = attempts + 1, sent_at = $3, due_at = $4 \
                     WHERE id = $1 AND attempts = $2 AND due_at IS NOT NULL";
    /// Whatever the state: a refund that exists is never forgotten.
    CONFIRM = "UPDATE refund_requests SET state = 'confirmed', reason = NULL, answer = NULL, refund_id = $2, settled_at = $3, due_at = NULL \
               WHERE id = $1 AND state <> 'confirmed'";
    REJECT = "UPDATE refund_requests SET state = 'rejected', reason = $3, answer = $4, settled_at = $5, due_at = NULL \
              WHERE id = $1 AND attempts = $2 AND due_at IS NOT NULL";
    LOOK_LATER = "UPDATE refund_requests SET due_at = $2 WHERE id = $1 AND due_at IS NOT NULL";
    POSTPONE = "UPDATE refund_requests SET state = $3, reason = $4, answer = $5, due_at = $6 \
                WHERE id = $1 AND attempts = $2 AND due_at IS NOT NULL";
}

#[derive(FromRow)]
struct Row {
    id: RefundRequestId,
    company_id: CompanyId,
    app_id: AppId,
    connection_id: ConnectionId,
    gateway: Gateway,
    transaction_id: TransactionId,
    payment_id: String,
    amount_subunits: i64,
    currency: String,
    note: Option<String>,
    origin: String,
    idempotency_key: String,
    user_id: Option<UserId>,
    requested_by: String,
    state: State,
    reason: Option<Reason>,
    answer: Option<String>,
    refund_id: Option<String>,
    attempts: i64,
    created_at: Timestamp,
    sent_at: Option<Timestamp>,
}

impl From<Row> for RefundRequest {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            company: row.company_id,
            app: row.app_id,
            connection: row.connection_id,
            gateway: row.gateway,
            transaction: row.transaction_id,
            payment_id: row.payment_id,
            // The table has no other than those it was given.
            amount: Money::new(row.amount_subunits, row.currency.parse().unwrap_or(Currency::INR)),
            note: row.note,
            origin: row.origin,
            idempotency_key: row.idempotency_key,
            user: row.user_id,
            requested_by: row.requested_by,
            state: row.state,
            reason: row.reason,
            answer: row.answer,
            refund_id: row.refund_id,
            attempts: row.attempts,
            created_at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

/// Stores a request that continues at `due_at`; returns false if the payment has an open one, or its origin has one.
pub(super) async fn insert(tx: &mut Tx, new: &RefundRequest, due_at: Timestamp) -> Result<bool, DbError> {
    let stored = execute!(
        tx,
        sqlx::query(INSERT)
            .bind(new.id)
            .bind(new.company)
            .bind(new.app)
            .bind(new.connection)
            .bind(new.gateway)
            .bind(new.transaction)
            .bind(&new.payment_id)
            .bind(new.amount.subunits)
            .bind(new.amount.currency.as_str())
            .bind(new.note.as_deref())
            .bind(&new.origin)
            .bind(&new.idempotency_key)
            .bind(new.user)
            .bind(&new.requested_by)
            .bind(due_at)
            .bind(new.created_at)
    )?;
    Ok(stored > 0)
}

pub(super) async fn find(on: impl Into<Exec<'_>>, id: RefundRequestId) -> Result<Option<RefundRequest>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(RefundRequest::from))
}

/// Finds the request of an origin. The caller has checked access to the payment.
pub(super) async fn find_by_origin(
    on: impl Into<Exec<'_>>,
    transaction: TransactionId,
    origin: &str,
) -> Result<Option<RefundRequest>, DbError> {
    let row: Option<Row> =
        run!(on, |conn| sqlx::query_as(FIND_BY_ORIGIN).bind(transaction).bind(origin).fetch_optional(conn).await)?;
    Ok(row.map(RefundRequest::from))
}

/// Finds the request of a payment whose outcome is not known. The caller has checked access to the payment.
pub(crate) async fn find_open(on: impl Into<Exec<'_>>, transaction: TransactionId) -> Result<Option<RefundRequest>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND_OPEN).bind(transaction).fetch_optional(conn).await)?;
    Ok(row.map(RefundRequest::from))
}

/// Finds a request of a payment that the gateway may not show yet: its outcome is not known, or it was confirmed after `read_back`.
pub(super) async fn find_unsettled(
    on: impl Into<Exec<'_>>,
    transaction: TransactionId,
    read_back: Timestamp,
) -> Result<Option<RefundRequest>, DbError> {
    let row: Option<Row> =
        run!(on, |conn| sqlx::query_as(FIND_UNSETTLED).bind(transaction).bind(read_back).fetch_optional(conn).await)?;
    Ok(row.map(RefundRequest::from))
}

/// Lists the requests of a payment, newest first. The caller has checked access to the payment.
pub(crate) async fn list_of_transaction(
    on: impl Into<Exec<'_>>,
    transaction: TransactionId,
    limit: i64,
) -> Result<Vec<RefundRequest>, DbError> {
    let rows: Vec<Row> =
        run!(on, |conn| sqlx::query_as(LIST_OF_TRANSACTION).bind(transaction).bind(limit).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(RefundRequest::from).collect())
}

/// Lists the open requests that continue now, the earliest first, and those that are due later than `ahead`, which no correct clock
/// schedules.
pub(super) async fn list_due(
    reader: &mut Reader,
    (now, ahead): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<RefundRequest>, DbError> {
    let mut rows: Vec<Row> = run!(&mut *reader, |conn| sqlx::query_as(LIST_DUE).bind(now).bind(limit).fetch_all(conn).await)?;
    if rows.is_empty() {
        rows = run!(reader, |conn| sqlx::query_as(LIST_AHEAD).bind(ahead).bind(limit).fetch_all(conn).await)?;
    }
    Ok(rows.into_iter().map(RefundRequest::from).collect())
}

/// Deletes a request that was not sent to the gateway; returns false if it was.
pub(super) async fn withdraw(tx: &mut Tx, id: RefundRequestId) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(WITHDRAW).bind(id))? > 0)
}

/// Begins an attempt, which is repeated at `due_at` unless its outcome is stored before; returns false if another has begun.
pub(super) async fn begin_attempt(
    tx: &mut Tx,
    of: &RefundRequest,
    (now, due_at): (Timestamp, Timestamp),
) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(BEGIN_ATTEMPT).bind(of.id).bind(of.attempts).bind(now).bind(due_at))? > 0)
}

/// Stores that the refund exists.
pub(super) async fn confirm(tx: &mut Tx, id: RefundRequestId, refund: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(CONFIRM).bind(id).bind(refund).bind(now))?;
    Ok(())
}

/// Stores that no refund was made; returns false if another attempt has begun.
pub(super) async fn reject(
    tx: &mut Tx,
    of: &RefundRequest,
    (reason, answer): (Reason, Option<&str>),
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(REJECT).bind(of.id).bind(of.attempts).bind(reason).bind(answer).bind(now))? > 0)
}

/// Stores why the outcome is not known, and when to continue, unless another attempt has begun.
pub(super) async fn postpone(
    tx: &mut Tx,
    of: &RefundRequest,
    (state, reason, answer): (State, Reason, Option<&str>),
    due_at: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(POSTPONE).bind(of.id).bind(of.attempts).bind(state).bind(reason).bind(answer).bind(due_at))?;
    Ok(())
}

/// Continues a request later, whatever its state, unless its outcome is known.
pub(super) async fn look_later(tx: &mut Tx, id: RefundRequestId, due_at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOOK_LATER).bind(id).bind(due_at))?;
    Ok(())
}
