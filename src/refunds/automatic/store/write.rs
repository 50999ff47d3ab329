//! What changes the `automatic_refunds` table.
//!
//! Invariant: a row is changed only from the state and the time at which it was read, so of two servers or users that continue it the second
//! changes nothing. A skipped one refunds no payment; what has a request is never started again.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomaticRefundId, AutomationId, CompanyId, RefundRequestId, RunId, TransactionId},
        money::{Currency, Money},
        time::Timestamp,
    },
    refunds::automatic::{AutomaticRefund, Reason, State, settings::DayTotal},
};

sql! {
    INSERT = "INSERT INTO automatic_refunds (id, company_id, app_id, mode, automation_id, run_id, change_kind, transaction_id, order_id, state, \
              due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'due', $10, $10) ON CONFLICT DO NOTHING";
    REOPEN = "UPDATE automatic_refunds SET state = 'due', reason = NULL, amount_subunits = NULL, currency = NULL, decided_by = NULL, \
              due_at = $2, created_at = $2, ended_at = NULL WHERE id = $1 AND state = 'skipped'";
    /// Any other automatic refund of a payment.
    FIND_OTHER = "SELECT id FROM automatic_refunds WHERE refunded_id = $1 AND id <> $2";
    /// PostgreSQL adds integers up to a decimal.
    SUM_OF_DAY = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN currency = $4 THEN amount_subunits END), 0) AS BIGINT) \
                  FROM automatic_refunds WHERE app_id = $1 AND mode = $2 AND day = $3";
    ASK = "UPDATE automatic_refunds SET state = 'to_confirm', reason = $4, refunded_id = $5, amount_subunits = $6, currency = $7, due_at = $8 \
           WHERE id = $1 AND state = $2 AND due_at = $3";
    REQUEST = "UPDATE automatic_refunds SET state = 'requested', reason = NULL, refunded_id = $4, amount_subunits = $5, currency = $6, \
               request_id = $7, day = $8, decided_by = $9, due_at = $10 WHERE id = $1 AND state = $2 AND due_at = $3";
    SKIP = "UPDATE automatic_refunds SET state = 'skipped', reason = $4, refunded_id = NULL, decided_by = $5, ended_at = $6, due_at = NULL \
            WHERE id = $1 AND state = $2 AND due_at = $3";
    LOOK_LATER = "UPDATE automatic_refunds SET due_at = $4 WHERE id = $1 AND state = $2 AND due_at = $3";
    /// A refund that exists is never forgotten, even if it was given up before.
    SETTLE_DONE = "UPDATE automatic_refunds SET state = 'done', ended_at = $2, due_at = NULL \
                   WHERE request_id = $1 AND state IN ('requested', 'failed')";
    SETTLE_FAILED = "UPDATE automatic_refunds SET state = 'failed', ended_at = $2, due_at = NULL WHERE request_id = $1 AND state = 'requested'";
    RELEASE = "UPDATE automatic_refunds SET state = 'due', reason = NULL, refunded_id = NULL, amount_subunits = NULL, currency = NULL, \
               request_id = NULL, day = NULL, decided_by = NULL, due_at = $2 WHERE request_id = $1 AND state = 'requested'";
}

/// An automatic refund to be started.
pub(crate) struct NewRefund<'a> {
    pub(crate) company: CompanyId,
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) automation: AutomationId,
    pub(crate) run: RunId,
    pub(crate) change: ChangeKind,
    pub(crate) transaction: TransactionId,
    pub(crate) order_id: Option<&'a str>,
}

/// Inserts one that is due now; returns false if its run has one.
pub(in crate::refunds::automatic) async fn insert(
    tx: &mut Tx,
    (id, new): (AutomaticRefundId, &NewRefund<'_>),
    now: Timestamp,
) -> Result<bool, DbError> {
    let stored = execute!(
        tx,
        sqlx::query(INSERT)
            .bind(id)
            .bind(new.company)
            .bind(new.app)
            .bind(new.mode)
            .bind(new.automation)
            .bind(new.run)
            .bind(new.change)
            .bind(new.transaction)
            .bind(new.order_id)
            .bind(now)
    )?;
    Ok(stored > 0)
}

/// Makes a skipped one due; returns false if it is not skipped.
pub(in crate::refunds::automatic) async fn reopen(tx: &mut Tx, id: AutomaticRefundId, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(REOPEN).bind(id).bind(now))? > 0)
}

/// True if a payment has another automatic refund, or is proposed for one.
pub(in crate::refunds::automatic) async fn is_taken(
    on: impl Into<Exec<'_>>,
    payment: TransactionId,
    own: AutomaticRefundId,
) -> Result<bool, DbError> {
    let other: Option<AutomaticRefundId> =
        run!(on, |conn| sqlx::query_scalar(FIND_OTHER).bind(payment).bind(own).fetch_optional(conn).await)?;
    Ok(other.is_some())
}

/// Adds up the automatic refunds of a day, with the total of those in a currency.
pub(in crate::refunds::automatic) async fn day_total(
    on: impl Into<Exec<'_>>,
    (app, mode): (AppId, Mode),
    (day, currency): (i64, Currency),
) -> Result<DayTotal, DbError> {
    let (count, subunits): (i64, i64) =
        run!(on, |conn| sqlx::query_as(SUM_OF_DAY).bind(app).bind(mode).bind(day).bind(currency.as_str()).fetch_one(conn).await)?;
    Ok(DayTotal { count, subunits })
}

/// Asks a user. `proposed` is the payment to be refunded and the amount, if they are known. Returns false if it has changed since it was read.
pub(in crate::refunds::automatic) async fn ask(
    tx: &mut Tx,
    of: &AutomaticRefund,
    (reason, proposed): (Reason, Option<(TransactionId, Money)>),
    due_at: Timestamp,
) -> Result<bool, DbError> {
    let updated = execute!(
        tx,
        sqlx::query(ASK)
            .bind(of.id)
            .bind(of.state)
            .bind(of.due_at)
            .bind(reason)
            .bind(proposed.map(|(payment, _)| payment))
            .bind(proposed.map(|(_, money)| money.subunits))
            .bind(proposed.map(|(_, money)| money.currency.to_string()))
            .bind(due_at)
    )?;
    Ok(updated > 0)
}

/// A refund that is requested.
pub(in crate::refunds::automatic) struct Requested<'a> {
    pub(in crate::refunds::automatic) payment: TransactionId,
    pub(in crate::refunds::automatic) amount: Money,
    pub(in crate::refunds::automatic) request: RefundRequestId,
    /// The day whose limits it counts against.
    pub(in crate::refunds::automatic) day: i64,
    /// The user who confirmed it.
    pub(in crate::refunds::automatic) by: Option<&'a str>,
    /// When the request is looked at, unless its outcome is stored before.
    pub(in crate::refunds::automatic) due_at: Timestamp,
}

/// Stores that it is requested; returns false if it has changed since it was read.
pub(in crate::refunds::automatic) async fn request(
    tx: &mut Tx,
    of: &AutomaticRefund,
    new: &Requested<'_>,
) -> Result<bool, DbError> {
    let updated = execute!(
        tx,
        sqlx::query(REQUEST)
            .bind(of.id)
            .bind(of.state)
            .bind(of.due_at)
            .bind(new.payment)
            .bind(new.amount.subunits)
            .bind(new.amount.currency.as_str())
            .bind(new.request)
            .bind(new.day)
            .bind(new.by)
            .bind(new.due_at)
    )?;
    Ok(updated > 0)
}

/// Ends one without a refund. `by` is the user who decided so. Returns false if it has changed since it was read.
pub(in crate::refunds::automatic) async fn skip(
    tx: &mut Tx,
    of: &AutomaticRefund,
    (reason, by): (Reason, Option<&str>),
    now: Timestamp,
) -> Result<bool, DbError> {
    debug_assert!(matches!(of.state, State::Due | State::ToConfirm));
    let updated = execute!(tx, sqlx::query(SKIP).bind(of.id).bind(of.state).bind(of.due_at).bind(reason).bind(by).bind(now))?;
    Ok(updated > 0)
}

/// Continues one at another time, unless it has changed since it was read.
pub(in crate::refunds::automatic) async fn look_later(tx: &mut Tx, of: &AutomaticRefund, at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOOK_LATER).bind(of.id).bind(of.state).bind(of.due_at).bind(at))?;
    Ok(())
}

/// Ends the automatic refund of a request whose outcome is known, if it has one.
pub(in crate::refunds) async fn settle(
    tx: &mut Tx,
    request: RefundRequestId,
    (is_done, now): (bool, Timestamp),
) -> Result<(), DbError> {
    let text = if is_done { SETTLE_DONE } else { SETTLE_FAILED };
    execute!(tx, sqlx::query(text).bind(request).bind(now))?;
    Ok(())
}

/// Makes one due again whose request was withdrawn before the gateway was asked.
pub(in crate::refunds) async fn release(tx: &mut Tx, request: RefundRequestId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(RELEASE).bind(request).bind(now))?;
    Ok(())
}
