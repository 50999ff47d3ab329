//! Sums over the `transactions` table: those of a span of time, and never of everything.

use sqlx::FromRow;

use super::Filter;
use crate::db::{DbError, Exec, run, sql};

sql! {
    /// Of no more than the newest so many, so that a list's sum costs no scan that grows with the shop.
    SUMS = "SELECT currency, status, is_disputed, is_partly_refunded, count(*) AS payments, \
            CAST(COALESCE(sum(amount_subunits), 0) AS BIGINT) AS amount FROM (SELECT currency, status, is_disputed, amount_subunits, \
            (status = 'captured' AND amount_refunded_subunits > 0) AS is_partly_refunded FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 \
            AND created_at < $4 ORDER BY created_at DESC, id DESC LIMIT $5) AS newest \
            GROUP BY currency, status, is_disputed, is_partly_refunded ORDER BY currency, status, is_disputed, is_partly_refunded";
    /// $5 is the zone's offset, so that whole days are those of the calendar people see.
    DAYS = "SELECT (created_at + $5) / 86400000 AS day, currency, status, count(*) AS payments, \
            CAST(COALESCE(sum(amount_subunits), 0) AS BIGINT) AS amount, \
            CAST(COALESCE(sum(amount_refunded_subunits), 0) AS BIGINT) AS refunded FROM transactions \
            WHERE app_id = $1 AND mode = $2 AND created_at >= $3 AND created_at < $4 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    METHODS = "SELECT method, count(*) AS payments FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 \
               AND created_at < $4 AND status IN ('captured', 'refunded') GROUP BY method ORDER BY 2 DESC, 1";
}

/// How many payments of a currency are in a state, and what they sum up to in subunits.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Sum {
    pub(crate) currency: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) is_disputed: bool,
    /// Not known of a payment whose status is not known.
    pub(crate) is_partly_refunded: Option<bool>,
    pub(crate) payments: i64,
    pub(crate) amount: i64,
}

/// The sums of the newest `most` transactions of a span of time, by currency and status.
pub(crate) async fn list(on: impl Into<Exec<'_>>, filter: &Filter, most: i64) -> Result<Vec<Sum>, DbError> {
    run!(on, |conn| sqlx::query_as(SUMS)
        .bind(filter.app)
        .bind(filter.mode.slug())
        .bind(filter.from)
        .bind(filter.until)
        .bind(most)
        .fetch_all(conn)
        .await)
}

/// The same of one day.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DaySum {
    /// Days since 1970 on the calendar of the offset.
    pub(crate) day: i64,
    pub(crate) currency: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) payments: i64,
    pub(crate) amount: i64,
    pub(crate) refunded: i64,
}

/// The sums of each day; `offset` is the zone's, in milliseconds.
pub(crate) async fn days(on: impl Into<Exec<'_>>, filter: &Filter, offset: i64) -> Result<Vec<DaySum>, DbError> {
    run!(on, |conn| sqlx::query_as(DAYS)
        .bind(filter.app)
        .bind(filter.mode.slug())
        .bind(filter.from)
        .bind(filter.until)
        .bind(offset)
        .fetch_all(conn)
        .await)
}

/// How many payments went through by each method, most first.
pub(crate) async fn methods(on: impl Into<Exec<'_>>, filter: &Filter) -> Result<Vec<(Option<String>, i64)>, DbError> {
    run!(on, |conn| sqlx::query_as(METHODS)
        .bind(filter.app)
        .bind(filter.mode.slug())
        .bind(filter.from)
        .bind(filter.until)
        .fetch_all(conn)
        .await)
}
