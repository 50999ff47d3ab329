//! Sums over the `transactions` table, always of a limited period; and the `daily_totals` table of daily totals.

use sqlx::FromRow;

use super::Filter;
use crate::{
    db::{
        DbError, Exec, Reader, Tx,
        batch::{execute_rows, rows},
        run, sql,
    },
    gateways::{Mode, payment::Status},
    ledger::payments::daily::TotalsDelta,
    primitives::{
        date_range::{self, DateRange},
        id::AppId,
    },
};

sql! {
    /// Limited to the newest rows, so that the cost of a list's sum does not grow with the number of transactions.
    SUMS = "SELECT currency, state, count(*) AS payments, CAST(sum(CASE WHEN is_captured THEN 1 ELSE 0 END) AS BIGINT) AS paid, \
            CAST(COALESCE(sum(CASE WHEN is_captured THEN amount_subunits ELSE 0 END), 0) AS BIGINT) AS received, \
            CAST(sum(CASE WHEN is_captured THEN amount_refunded_subunits - amount_refund_pending_subunits ELSE 0 END) AS BIGINT) AS refunded, \
            CAST(sum(CASE WHEN is_captured THEN amount_refund_pending_subunits ELSE 0 END) AS BIGINT) AS refund_pending, \
            CAST(sum(amount_lost_subunits) AS BIGINT) AS lost, CAST(sum(amount_held_subunits) AS BIGINT) AS held FROM \
            (SELECT currency, state, amount_subunits, is_captured, amount_refunded_subunits, amount_refund_pending_subunits, \
            amount_lost_subunits, amount_held_subunits FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 \
            AND created_at < $4 ORDER BY created_at DESC, id DESC LIMIT $5) AS newest GROUP BY currency, state ORDER BY currency, state";
    /// The costs of the same payments' disputes in other currencies than the payment's.
    OTHER_COSTS = "SELECT disputes.currency AS currency, state, CAST(0 AS BIGINT) AS payments, CAST(0 AS BIGINT) AS paid, \
            CAST(0 AS BIGINT) AS received, CAST(0 AS BIGINT) AS refunded, CAST(0 AS BIGINT) AS refund_pending, \
            CAST(sum(CASE WHEN disputes.status = 'lost' THEN COALESCE(amount_deducted_subunits, disputes.amount_subunits) ELSE 0 END) AS BIGINT) AS lost, \
            CAST(sum(CASE WHEN disputes.status IN ('lost', 'won') THEN 0 ELSE COALESCE(amount_deducted_subunits, 0) END) AS BIGINT) AS held FROM \
            (SELECT id, currency, state FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 \
            AND created_at < $4 ORDER BY created_at DESC, id DESC LIMIT $5) AS newest JOIN disputes ON disputes.transaction_id = newest.id \
            WHERE state IN ('disputed', 'dispute_lost', 'dispute_deducted') AND disputes.currency IS DISTINCT FROM newest.currency \
            GROUP BY disputes.currency, state ORDER BY disputes.currency, state";
    DAYS = "SELECT day, currency, status, method, payments, amount_subunits, refunded_subunits, \
            returned_payments, returned_subunits, lost_subunits, held_subunits, refund_pending_payments, refund_pending_subunits FROM daily_totals \
            WHERE app_id = $1 AND mode = $2 AND day BETWEEN $3 AND $4 AND (payments > 0 OR lost_subunits > 0 OR held_subunits > 0) ORDER BY day, currency, status, method";
}

rows! {
    /// Saturates well below the maximum of an integer, so that one more batch cannot overflow: even an extreme total must not
    /// prevent an event from being stored.
    ADD = "INSERT INTO daily_totals (app_id, mode, day, currency, status, method, payments, amount_subunits, refunded_subunits, \
           returned_payments, returned_subunits, lost_subunits, held_subunits, refund_pending_payments, refund_pending_subunits) VALUES",
          "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          "ON CONFLICT (app_id, mode, day, currency, status, method) DO UPDATE SET \
           payments = daily_totals.payments + excluded.payments, \
           amount_subunits = CASE WHEN abs(daily_totals.amount_subunits) < 9000000000000000000 \
           THEN daily_totals.amount_subunits + excluded.amount_subunits ELSE daily_totals.amount_subunits END, \
           refunded_subunits = CASE WHEN abs(daily_totals.refunded_subunits) < 9000000000000000000 \
           THEN daily_totals.refunded_subunits + excluded.refunded_subunits ELSE daily_totals.refunded_subunits END, \
           returned_payments = daily_totals.returned_payments + excluded.returned_payments, \
           returned_subunits = CASE WHEN abs(daily_totals.returned_subunits) < 9000000000000000000 \
           THEN daily_totals.returned_subunits + excluded.returned_subunits ELSE daily_totals.returned_subunits END, \
           lost_subunits = CASE WHEN abs(daily_totals.lost_subunits) < 9000000000000000000 \
           THEN daily_totals.lost_subunits + excluded.lost_subunits ELSE daily_totals.lost_subunits END, \
           held_subunits = CASE WHEN abs(daily_totals.held_subunits) < 9000000000000000000 \
           THEN daily_totals.held_subunits + excluded.held_subunits ELSE daily_totals.held_subunits END, \
           refund_pending_payments = daily_totals.refund_pending_payments + excluded.refund_pending_payments, \
           refund_pending_subunits = CASE WHEN abs(daily_totals.refund_pending_subunits) < 9000000000000000000 \
           THEN daily_totals.refund_pending_subunits + excluded.refund_pending_subunits ELSE daily_totals.refund_pending_subunits END";
}

/// The number of payments of a currency in a state, and their totals in subunits.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Sum {
    pub(crate) currency: Option<String>,
    /// A [`crate::ledger::payments::state::DisplayState`].
    pub(crate) state: String,
    pub(crate) payments: i64,
    /// The number of captured payments.
    pub(crate) paid: i64,
    /// The total of captured payments.
    pub(crate) received: i64,
    /// The refunded part of that.
    pub(crate) refunded: i64,
    pub(crate) refund_pending: i64,
    /// The loss from disputes.
    pub(crate) lost: i64,
    /// The amount deducted for undecided or closed disputes.
    pub(crate) held: i64,
}

/// Returns the sums of the newest `most` transactions of a period, by currency and state. Costs in other currencies than the
/// payment's are rows without payments.
pub(crate) async fn list(reader: &mut Reader, filter: &Filter, most: i64) -> Result<Vec<Sum>, DbError> {
    let mut sums = Vec::new();
    for text in [SUMS, OTHER_COSTS] {
        let rows: Vec<Sum> = run!(&mut *reader, |conn| sqlx::query_as(text)
            .bind(filter.app)
            .bind(filter.mode.slug())
            .bind(filter.from)
            .bind(filter.until)
            .bind(most)
            .fetch_all(conn)
            .await)?;
        sums.extend(rows);
    }
    Ok(sums)
}

/// The totals of one day and key, as accumulated by batches. Unknown parts of the key are empty strings.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DailyTotals {
    /// Days since 1970 on the calendar of [`crate::primitives::time::ZONE`].
    pub(crate) day: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) method: String,
    pub(crate) payments: i64,
    #[sqlx(rename = "amount_subunits")]
    pub(crate) amount: i64,
    #[sqlx(rename = "refunded_subunits")]
    pub(crate) refunded: i64,
    /// The number refunded without ever having been captured: their money was not received.
    pub(crate) returned_payments: i64,
    #[sqlx(rename = "returned_subunits")]
    pub(crate) returned: i64,
    #[sqlx(rename = "lost_subunits")]
    pub(crate) lost: i64,
    #[sqlx(rename = "held_subunits")]
    pub(crate) held: i64,
    /// The number of payments refunded in full that have a refund not processed yet.
    pub(crate) refund_pending_payments: i64,
    /// The part of `refunded` whose refunds are not processed yet.
    #[sqlx(rename = "refund_pending_subunits")]
    pub(crate) refund_pending: i64,
}

/// Lists the daily totals from the first to the last day.
pub(crate) async fn days(on: impl Into<Exec<'_>>, app: AppId, mode: Mode, days: DateRange) -> Result<Vec<DailyTotals>, DbError> {
    let (first, last) = (date_range::number(days.first), date_range::number(days.last));
    run!(on, |conn| sqlx::query_as(DAYS).bind(app).bind(mode.slug()).bind(first).bind(last).fetch_all(conn).await)
}

/// Adds changes to the daily totals, in the order of their keys.
pub(crate) async fn add(tx: &mut Tx, changes: &TotalsDelta) -> Result<(), DbError> {
    execute_rows!(tx, ADD, &changes.rows(), |query, row| query
        .bind(row.0.app)
        .bind(row.0.mode)
        .bind(row.0.day)
        .bind(row.0.currency.map(|currency| currency.to_string()).unwrap_or_default())
        .bind(row.0.status.map_or("", Status::as_str))
        .bind(row.0.method.as_deref().unwrap_or_default())
        .bind(row.1.payments)
        .bind(row.1.amount)
        .bind(row.1.refunded)
        .bind(row.1.returned_payments)
        .bind(row.1.returned)
        .bind(row.1.lost)
        .bind(row.1.held)
        .bind(row.1.refund_pending_payments)
        .bind(row.1.refund_pending))?;
    Ok(())
}
