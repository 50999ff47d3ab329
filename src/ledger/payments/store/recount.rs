//! Compares the daily totals with the payments: which days exist, and where the two differ.

use sqlx::FromRow;

use super::daily_totals::Ledger;
use crate::{
    apps::zones::Zones,
    db::{DbError, Exec, Reader, Tx, execute, run, sql},
    gateways::{
        Gateway,
        payment::{FailureCategory, Status},
    },
    ledger::payments::{daily::Totals, state::DisplayState},
    primitives::{date_range, id::AppId, money::Currency, time::Timestamp, zone::Zone},
};

/// The key of a row of totals within its day, and its columns.
macro_rules! key {
    () => {
        "currency, status, method, state, gateway, failure"
    };
}
macro_rules! columns {
    () => {
        "payments, amount_subunits, refunded_subunits, returned_payments, returned_subunits, lost_subunits, held_subunits, \
         refund_pending_payments, refund_pending_subunits"
    };
}
/// Why a failed payment failed, as in the key.
macro_rules! failure {
    () => {
        "CASE WHEN transactions.status = 'failed' THEN COALESCE(snapshot_failure, '') ELSE '' END"
    };
}
/// The payments of the day.
macro_rules! of_day {
    () => {
        "transactions.app_id = $1 AND transactions.mode = $2 AND created_at >= $5 AND created_at < $6"
    };
}

sql! {
    /// A single statement, so that it reads both from one snapshot: a unit of work writes both or neither.
    DIFFER = concat!("SELECT CAST($4 AS BIGINT) AS day, ", key!(), ", CAST(SUM(payments) AS BIGINT) AS payments, \
              CAST(SUM(amount) AS BIGINT) AS amount_subunits, CAST(SUM(refunded) AS BIGINT) AS refunded_subunits, \
              CAST(SUM(returned_payments) AS BIGINT) AS returned_payments, CAST(SUM(returned) AS BIGINT) AS returned_subunits, \
              CAST(SUM(lost) AS BIGINT) AS lost_subunits, CAST(SUM(held) AS BIGINT) AS held_subunits, CAST(SUM(pending_payments) AS BIGINT) AS refund_pending_payments, \
              CAST(SUM(pending) AS BIGINT) AS refund_pending_subunits FROM \
              (SELECT COALESCE(currency, '') AS currency, COALESCE(status, '') AS status, COALESCE(method, '') AS method, state, gateway, ", failure!(), " AS failure, \
              COUNT(*) AS payments, SUM(COALESCE(amount_subunits, 0)) AS amount, SUM(amount_refunded_subunits) AS refunded, \
              SUM(CASE WHEN status = 'refunded' AND NOT is_captured THEN 1 ELSE 0 END) AS returned_payments, \
              SUM(CASE WHEN status = 'refunded' AND NOT is_captured THEN amount_subunits ELSE 0 END) AS returned, \
              SUM(amount_lost_subunits) AS lost, SUM(amount_held_subunits) AS held, \
              SUM(CASE WHEN status = 'refunded' AND is_captured AND amount_refund_pending_subunits > 0 THEN 1 ELSE 0 END) AS pending_payments, \
              SUM(CASE WHEN is_captured THEN amount_refund_pending_subunits ELSE 0 END) AS pending \
              FROM transactions WHERE ", of_day!(), " GROUP BY 1, 2, 3, 4, 5, 6 \
              UNION ALL SELECT disputes.currency, COALESCE(transactions.status, ''), COALESCE(method, ''), state, gateway, ", failure!(), ", 0, 0, 0, 0, 0, \
              SUM(CASE WHEN disputes.status = 'lost' THEN COALESCE(amount_deducted_subunits, disputes.amount_subunits) ELSE 0 END), \
              SUM(CASE WHEN disputes.status IN ('lost', 'won') THEN 0 ELSE COALESCE(amount_deducted_subunits, 0) END), 0, 0 \
              FROM transactions JOIN disputes ON disputes.transaction_id = transactions.id \
              WHERE ", of_day!(), " AND state IN ('disputed', 'dispute_lost', 'dispute_deducted') \
              AND disputes.currency IS DISTINCT FROM transactions.currency GROUP BY 1, 2, 3, 4, 5, 6 \
              UNION ALL SELECT ", key!(), ", -payments, -amount_subunits, -refunded_subunits, \
              -returned_payments, -returned_subunits, -lost_subunits, -held_subunits, -refund_pending_payments, -refund_pending_subunits \
              FROM daily_totals WHERE app_id = $1 AND mode = $2 AND zone = $3 AND day = CAST($4 AS BIGINT)) AS difference \
              GROUP BY 2, 3, 4, 5, 6, 7 HAVING SUM(payments) <> 0 OR SUM(amount) <> 0 OR SUM(refunded) <> 0 \
              OR SUM(returned_payments) <> 0 OR SUM(returned) <> 0 OR SUM(lost) <> 0 OR SUM(held) <> 0 \
              OR SUM(pending_payments) <> 0 OR SUM(pending) <> 0");
    /// Writes the key unchanged, even if it is invalid.
    ADD = concat!("INSERT INTO daily_totals (app_id, mode, zone, day, ", key!(), ", ", columns!(), ") \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
           ON CONFLICT (app_id, mode, zone, day, ", key!(), ") DO UPDATE SET \
           payments = daily_totals.payments + excluded.payments, \
           amount_subunits = daily_totals.amount_subunits + excluded.amount_subunits, \
           refunded_subunits = daily_totals.refunded_subunits + excluded.refunded_subunits, \
           returned_payments = daily_totals.returned_payments + excluded.returned_payments, \
           returned_subunits = daily_totals.returned_subunits + excluded.returned_subunits, \
           lost_subunits = daily_totals.lost_subunits + excluded.lost_subunits, \
           held_subunits = daily_totals.held_subunits + excluded.held_subunits, \
           refund_pending_payments = daily_totals.refund_pending_payments + excluded.refund_pending_payments, \
           refund_pending_subunits = daily_totals.refund_pending_subunits + excluded.refund_pending_subunits");
    NEXT_PAYMENT = "SELECT created_at FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 ORDER BY created_at LIMIT 1";
    NEXT_SUM = "SELECT day FROM daily_totals WHERE app_id = $1 AND mode = $2 AND zone = $3 AND day >= $4 ORDER BY day LIMIT 1";
    /// The days of zones that the app no longer has.
    COUNT_STALE_DAYS = "SELECT COUNT(*) FROM (SELECT DISTINCT mode, zone, day FROM daily_totals \
                        WHERE app_id = $1 AND zone NOT IN ($2, $3, $4)) AS stale";
    LIST_STALE_DAYS = "SELECT DISTINCT mode, zone, day FROM daily_totals WHERE app_id = $1 AND zone NOT IN ($2, $3, $4) LIMIT $5";
    DELETE_DAY = "DELETE FROM daily_totals WHERE app_id = $1 AND mode = $2 AND zone = $3 AND day = $4";
}

/// What must be added to a total so that it matches its payments. The key is as it is stored, because it may be invalid.
#[derive(Debug, FromRow)]
pub(crate) struct Difference {
    day: i64,
    currency: String,
    status: String,
    method: String,
    state: String,
    gateway: String,
    failure: String,
    #[sqlx(flatten)]
    totals: Totals,
}

/// The parts of a total's key within its day, in the order of [`TotalsKey`](crate::ledger::payments::daily::TotalsKey).
type KeyOfDay = (Option<Currency>, Option<Status>, String, Option<DisplayState>, Option<Gateway>, Option<FailureCategory>);

impl Difference {
    /// Returns the key without app, mode, zone and day, which are the same for all differences of a day.
    fn key(&self) -> KeyOfDay {
        (
            self.currency.parse().ok(),
            self.status.parse().ok(),
            self.method.clone(),
            self.state.parse().ok(),
            self.gateway.parse().ok(),
            self.failure.parse().ok(),
        )
    }
}

/// Returns the first day, not before `from`, with a payment or a total.
pub(crate) async fn next_day(reader: &mut Reader, ledger: Ledger, from: i64) -> Result<Option<i64>, DbError> {
    let Ledger { app, mode, zone } = ledger;
    let start = zone.start_of(date_range::date_of(from));
    let payment: Option<Timestamp> = run!(&mut *reader, |conn| sqlx::query_scalar(NEXT_PAYMENT)
        .bind(app)
        .bind(mode.slug())
        .bind(start)
        .fetch_optional(conn)
        .await)?;
    let sum: Option<i64> = run!(reader, |conn| sqlx::query_scalar(NEXT_SUM)
        .bind(app)
        .bind(mode.slug())
        .bind(zone)
        .bind(from)
        .fetch_optional(conn)
        .await)?;
    // A time beyond the calendar counts on its last day, again and again.
    Ok(payment.map(|at| zone.day(at)).into_iter().chain(sum).filter(|day| *day >= from).min())
}

/// Returns what must be added to the totals of a day so that they match its payments; empty if they match. In the order in
/// which every server writes totals.
pub(crate) async fn differences(on: impl Into<Exec<'_>>, ledger: Ledger, day: i64) -> Result<Vec<Difference>, DbError> {
    let Ledger { app, mode, zone } = ledger;
    let date = date_range::date_of(day);
    let mut differences: Vec<Difference> = run!(on, |conn| sqlx::query_as(DIFFER)
        .bind(app)
        .bind(mode.slug())
        .bind(zone)
        .bind(day)
        .bind(zone.start_of(date))
        .bind(zone.end_of(date))
        .fetch_all(conn)
        .await)?;
    differences.sort_by_cached_key(Difference::key);
    Ok(differences)
}

/// Adds a difference to the totals.
pub(crate) async fn add(tx: &mut Tx, ledger: Ledger, difference: &Difference) -> Result<(), DbError> {
    let totals = &difference.totals;
    execute!(
        tx,
        sqlx::query(ADD)
            .bind(ledger.app)
            .bind(ledger.mode.slug())
            .bind(ledger.zone)
            .bind(difference.day)
            .bind(&difference.currency)
            .bind(&difference.status)
            .bind(&difference.method)
            .bind(&difference.state)
            .bind(&difference.gateway)
            .bind(&difference.failure)
            .bind(totals.payments)
            .bind(totals.amount)
            .bind(totals.refunded)
            .bind(totals.returned_payments)
            .bind(totals.returned)
            .bind(totals.lost)
            .bind(totals.held)
            .bind(totals.refund_pending_payments)
            .bind(totals.refund_pending)
    )?;
    Ok(())
}

/// Returns the number of days, per mode, whose totals are of a zone that the app no longer has.
pub(crate) async fn count_stale_days(on: impl Into<Exec<'_>>, app: AppId, zones: Zones) -> Result<i64, DbError> {
    let [current, next, past] = in_use(zones);
    run!(on, |conn| sqlx::query_scalar(COUNT_STALE_DAYS).bind(app).bind(current).bind(next).bind(past).fetch_one(conn).await)
}

/// A day in a mode whose totals are of a zone that the app no longer has. As it is stored, because it may be invalid.
#[derive(Debug, FromRow)]
pub(crate) struct StaleDay {
    mode: String,
    zone: String,
    day: i64,
}

/// The days that are deleted together: so few that ingestion hardly waits.
const MAX_STALE_DAYS: i64 = 100;

/// Returns some of the days whose totals are of a zone that the app no longer has; none if there are none.
pub(crate) async fn list_stale_days(tx: &mut Tx, app: AppId, zones: Zones) -> Result<Vec<StaleDay>, DbError> {
    let [current, next, past] = in_use(zones);
    run!(tx, |conn| sqlx::query_as(LIST_STALE_DAYS)
        .bind(app)
        .bind(current)
        .bind(next)
        .bind(past)
        .bind(MAX_STALE_DAYS)
        .fetch_all(conn)
        .await)
}

/// Deletes the totals of a day.
pub(crate) async fn delete_day(tx: &mut Tx, app: AppId, day: &StaleDay) -> Result<(), DbError> {
    execute!(tx, sqlx::query(DELETE_DAY).bind(app).bind(&day.mode).bind(&day.zone).bind(day.day))?;
    Ok(())
}

fn in_use(Zones { current, next, past }: Zones) -> [Zone; 3] {
    [current, next.unwrap_or(current), past.unwrap_or(current)]
}
