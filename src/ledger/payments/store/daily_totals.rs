//! The `daily_totals` table: the number of payments and their amounts, by day and kind of payment.
//!
//! Invariant: pages read sums from here and never add up payments. A day has a row for each kind of payment that it had, so a
//! page reads at most as many rows as its days have kinds, however many payments there are. Lists show at most a year; App
//! Overview shows at most 90 days, and compares them with the 90 before.

use std::{collections::BTreeMap, str::FromStr};

use sqlx::FromRow;

use crate::{
    db::{
        DbError, Exec, Tx,
        batch::{execute_rows, rows},
        run, sql,
    },
    gateways::{
        Mode,
        payment::{FailureCategory, Status},
    },
    ledger::payments::{
        daily::{Totals, TotalsDelta},
        failure::FailureReason,
        store::Kinds,
    },
    primitives::{
        date_range::{self, DateRange},
        id::AppId,
        money::Currency,
        zone::Zone,
    },
};

/// The sums of each total, over all rows of a group.
macro_rules! summed {
    () => {
        "CAST(SUM(payments) AS BIGINT) AS payments, CAST(SUM(amount_subunits) AS BIGINT) AS amount_subunits, \
         CAST(SUM(refunded_subunits) AS BIGINT) AS refunded_subunits, CAST(SUM(returned_payments) AS BIGINT) AS returned_payments, \
         CAST(SUM(returned_subunits) AS BIGINT) AS returned_subunits, CAST(SUM(lost_subunits) AS BIGINT) AS lost_subunits, \
         CAST(SUM(held_subunits) AS BIGINT) AS held_subunits, \
         CAST(SUM(refund_pending_payments) AS BIGINT) AS refund_pending_payments, \
         CAST(SUM(refund_pending_subunits) AS BIGINT) AS refund_pending_subunits"
    };
}

/// The totals of days, of all kinds of payments or of some.
macro_rules! of_kinds {
    () => {
        "FROM daily_totals WHERE app_id = $1 AND mode = $2 AND zone = $3 AND day BETWEEN $4 AND $5 \
         AND (CAST($6 AS TEXT) IS NULL OR state = $6 \
         OR (CAST($6 AS TEXT) = 'captured' AND status = 'captured')) AND (CAST($7 AS TEXT) IS NULL OR method = $7) \
         AND (CAST($8 AS TEXT) IS NULL OR gateway = $8) \
         AND (CAST($9 AS TEXT) IS NULL OR (status = 'failed' AND failure = $9)) GROUP BY day, currency, status"
    };
}

/// Adds to an amount, which saturates at the order of 10^17: even extreme amounts neither prevent an event from being stored,
/// nor overflow the sum of a page.
macro_rules! saturating {
    ($column:literal) => {
        concat!(
            $column,
            " = CASE WHEN abs(daily_totals.",
            $column,
            ") < 90000000000000000 THEN daily_totals.",
            $column,
            " + excluded.",
            $column,
            " ELSE daily_totals.",
            $column,
            " END"
        )
    };
}

sql! {
    /// Grouped by day first, which is the order of the key, so that only the totals of days are sorted.
    SUMS = concat!(
        "SELECT currency, status, ", summed!(), " FROM (SELECT day, currency, status, ", summed!(), " ", of_kinds!(), ") AS of_days \
         GROUP BY currency, status ORDER BY currency"
    );
    SUMS_OF_DAYS = concat!("SELECT day, currency, status, ", summed!(), " ", of_kinds!(), " ORDER BY day, currency");
    DAYS = concat!(
        "SELECT day, currency, status, method, failure, ", summed!(), " FROM daily_totals \
         WHERE app_id = $1 AND mode = $2 AND zone = $3 AND day BETWEEN $4 AND $5 GROUP BY day, currency, status, method, failure \
         HAVING SUM(payments) > 0 OR SUM(lost_subunits) > 0 OR SUM(held_subunits) > 0 \
         ORDER BY day, currency, status, method, failure"
    );
    /// For a comparison, which needs no methods and no reasons.
    DAYS_COMPARED = concat!(
        "SELECT day, currency, status, CAST('' AS TEXT) AS method, CAST('' AS TEXT) AS failure, ", summed!(), " FROM daily_totals \
         WHERE app_id = $1 AND mode = $2 AND zone = $3 AND day BETWEEN $4 AND $5 GROUP BY day, currency, status \
         HAVING SUM(payments) > 0 OR SUM(lost_subunits) > 0 OR SUM(held_subunits) > 0 ORDER BY day, currency, status"
    );
}

rows! {
    ADD = "INSERT INTO daily_totals (app_id, mode, zone, day, currency, status, method, state, gateway, failure, payments, amount_subunits, \
           refunded_subunits, returned_payments, returned_subunits, lost_subunits, held_subunits, refund_pending_payments, \
           refund_pending_subunits) VALUES",
          "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          concat!(
              "ON CONFLICT (app_id, mode, zone, day, currency, status, method, state, gateway, failure) DO UPDATE SET \
               payments = daily_totals.payments + excluded.payments, ", saturating!("amount_subunits"), ", ",
              saturating!("refunded_subunits"), ", returned_payments = daily_totals.returned_payments + excluded.returned_payments, ",
              saturating!("returned_subunits"), ", ", saturating!("lost_subunits"), ", ", saturating!("held_subunits"),
              ", refund_pending_payments = daily_totals.refund_pending_payments + excluded.refund_pending_payments, ",
              saturating!("refund_pending_subunits")
          );
}

/// The totals of an app in a mode, by the days of the app's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ledger {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) zone: Zone,
}

/// The number of payments of a currency, and their totals in subunits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum {
    /// Empty if unknown.
    pub(crate) currency: String,
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

impl Sum {
    /// Adds up the rows of one currency.
    fn of(rows: &[&StatusTotals]) -> Self {
        let currency = rows.first().map(|row| row.currency.clone()).unwrap_or_default();
        rows.iter().fold(Self { currency, ..Self::default() }, |sum, StatusTotals { status, totals, .. }| {
            let received = totals.received(status.0).unwrap_or_default();
            Self {
                payments: sum.payments.saturating_add(totals.payments),
                paid: sum.paid.saturating_add(received.payments),
                received: sum.received.saturating_add(received.amount),
                refunded: sum.refunded.saturating_add(received.refunded),
                refund_pending: sum.refund_pending.saturating_add(totals.refund_pending),
                lost: sum.lost.saturating_add(totals.lost),
                held: sum.held.saturating_add(totals.held),
                ..sum
            }
        })
    }
}

/// The totals of the payments of a currency with a status.
#[derive(FromRow)]
struct StatusTotals {
    currency: String,
    #[sqlx(try_from = "String")]
    status: KeyPart<Status>,
    #[sqlx(flatten)]
    totals: Totals,
}

/// The same of one day.
#[derive(FromRow)]
struct DayTotals {
    day: i64,
    #[sqlx(flatten)]
    totals: StatusTotals,
}

/// A part of a total's key. It is stored as an empty text if it is unknown, because no column of a key is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyPart<T>(pub(crate) Option<T>);

impl<T: FromStr> From<String> for KeyPart<T> {
    fn from(text: String) -> Self {
        Self(text.parse().ok())
    }
}

/// Fetches the rows of a statement on these days and kinds.
macro_rules! fetch_of_kinds {
    ($on:expr, $statement:expr, $ledger:expr, $days:expr, $kinds:expr) => {
        run!($on, |conn| sqlx::query_as($statement)
            .bind($ledger.app)
            .bind($ledger.mode.slug())
            .bind($ledger.zone)
            .bind(date_range::number($days.first))
            .bind(date_range::number($days.last))
            .bind($kinds.state)
            .bind($kinds.method)
            .bind($kinds.gateway)
            .bind($kinds.failure.map(FailureReason::key))
            .fetch_all(conn)
            .await)
    };
}

/// Returns the sums of the payments of these days and kinds, by currency. Costs in other currencies than the payment's are sums of
/// that currency, without payments unless it has some; those come last.
pub(crate) async fn sums(on: impl Into<Exec<'_>>, ledger: Ledger, days: DateRange, kinds: Kinds) -> Result<Vec<Sum>, DbError> {
    let rows: Vec<StatusTotals> = fetch_of_kinds!(on, SUMS, ledger, days, kinds)?;
    Ok(by_currency(rows.iter()))
}

/// Returns the same sums of each of these days that has any, by the number of the day.
pub(crate) async fn sums_of_days(
    on: impl Into<Exec<'_>>,
    ledger: Ledger,
    days: DateRange,
    kinds: Kinds,
) -> Result<BTreeMap<i64, Vec<Sum>>, DbError> {
    let rows: Vec<DayTotals> = fetch_of_kinds!(on, SUMS_OF_DAYS, ledger, days, kinds)?;
    let of_day = |rows: &[DayTotals]| Some((rows.first()?.day, by_currency(rows.iter().map(|row| &row.totals))));
    Ok(rows.chunk_by(|row, next| row.day == next.day).filter_map(of_day).collect())
}

/// Adds up totals, which are in the order of their currencies.
fn by_currency<'a>(rows: impl Iterator<Item = &'a StatusTotals>) -> Vec<Sum> {
    let rows: Vec<&StatusTotals> = rows.collect();
    let mut sums: Vec<Sum> = rows.chunk_by(|row, next| row.currency == next.currency).map(Sum::of).collect();
    sums.sort_by_key(|sum| sum.payments == 0);
    sums
}

/// The totals of the payments of one day with the same currency, status, method and reason of failure.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DailyTotals {
    /// Days since 1970 in the zone of the ledger.
    pub(crate) day: i64,
    #[sqlx(try_from = "String")]
    pub(crate) currency: KeyPart<Currency>,
    #[sqlx(try_from = "String")]
    pub(crate) status: KeyPart<Status>,
    /// Empty if unknown.
    pub(crate) method: String,
    /// Why they failed, if they did and that is reported.
    #[sqlx(try_from = "String")]
    pub(crate) failure: KeyPart<FailureCategory>,
    #[sqlx(flatten)]
    pub(crate) totals: Totals,
}

/// Lists the totals from the first to the last day, of all states and gateways together.
pub(crate) async fn days(on: impl Into<Exec<'_>>, ledger: Ledger, days: DateRange) -> Result<Vec<DailyTotals>, DbError> {
    list(on, DAYS, ledger, days).await
}

/// Lists the same of a period that another is compared with, of all methods and reasons together.
pub(crate) async fn days_compared(on: impl Into<Exec<'_>>, ledger: Ledger, days: DateRange) -> Result<Vec<DailyTotals>, DbError> {
    list(on, DAYS_COMPARED, ledger, days).await
}

async fn list(
    on: impl Into<Exec<'_>>,
    statement: &'static str,
    ledger: Ledger,
    days: DateRange,
) -> Result<Vec<DailyTotals>, DbError> {
    let (first, last) = (date_range::number(days.first), date_range::number(days.last));
    run!(on, |conn| sqlx::query_as(statement)
        .bind(ledger.app)
        .bind(ledger.mode.slug())
        .bind(ledger.zone)
        .bind(first)
        .bind(last)
        .fetch_all(conn)
        .await)
}

/// Adds changes to the daily totals, in the order of their keys.
pub(crate) async fn add(tx: &mut Tx, changes: &TotalsDelta) -> Result<(), DbError> {
    execute_rows!(tx, ADD, &changes.rows(), |query, row| query
        .bind(row.0.app)
        .bind(row.0.mode.slug())
        .bind(row.0.zone)
        .bind(row.0.day)
        .bind(row.0.currency.map(|currency| currency.to_string()).unwrap_or_default())
        .bind(row.0.status.map_or("", Status::as_str))
        .bind(row.0.method.as_deref().unwrap_or_default())
        .bind(row.0.state)
        .bind(row.0.gateway)
        .bind(row.0.failure.map_or("", FailureCategory::as_str))
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
