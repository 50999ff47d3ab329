//! The search of a company's payments by an id, or by the beginning of one.
//!
//! Invariant: each kind of id is searched in its own index, at each connection or app of the company, and of those that many
//! payments share only a few are examined. So the time depends on nothing that another company has stored.

use super::{columns, named, references};
use crate::{
    db::{DbError, Exec, list::max_examined, run, sql},
    ledger::payments::Transaction,
    primitives::id::{CompanyId, TransactionId},
};

/// The connections of the company, those of the newest apps if it has very many.
macro_rules! own {
    () => {
        concat!("SELECT id, app_id FROM connections WHERE company_id = $1 ORDER BY app_id DESC LIMIT ", max_examined!())
    };
}

/// The payments of the company whose ids a statement for SQLite finds. All that it looks up is of its connections or apps.
macro_rules! found {
    ($found:expr, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM transactions WHERE id IN (",
            $found,
            ") ORDER BY created_at DESC, id DESC LIMIT ",
            $limit
        )
    };
}

macro_rules! connections {
    () => {
        concat!("(SELECT id FROM (", own!(), ") AS own)")
    };
}

macro_rules! apps {
    () => {
        concat!("(SELECT app_id FROM (", own!(), ") AS own)")
    };
}

/// Like [`found`], for PostgreSQL. Its planner expects that a LIMIT is reached early where very many payments of another company
/// match, and then reads all of those first. Here it has to search each connection, in the order of the index.
macro_rules! found_on_postgres {
    ($found:expr, $limit:literal) => {
        found!(concat!("SELECT found.id FROM (", own!(), ") AS own CROSS JOIN LATERAL (", $found, ") AS found"), $limit)
    };
}

sql! {
    /// COALESCE forces a search by id: by the connections, all payments of the company would be examined.
    FIND = concat!("SELECT ", columns!(), " FROM transactions WHERE id = $2 \
            AND COALESCE(connection_id, connection_id) IN (SELECT id FROM connections WHERE company_id = $1)");
    FIND_NAMED = found!(concat!("SELECT id FROM transactions WHERE connection_id IN ", connections!(), " AND payment_id = $2 \
                  UNION SELECT id FROM (SELECT id FROM transactions WHERE app_id IN ", apps!(), " AND order_id = $2 LIMIT 20) AS of_order \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM refunds WHERE app_id IN ", apps!(), " \
                  AND refund_id = $2 LIMIT 20) AS of_refund \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM disputes WHERE app_id IN ", apps!(), " \
                  AND dispute_id = $2 LIMIT 20) AS of_dispute \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM payment_references WHERE app_id IN ", apps!(), " \
                  AND search_key = $3 LIMIT 20) AS with_reference"), "$4");
    FIND_NAMED_ON_POSTGRES = found_on_postgres!(concat!(
                  "(SELECT id FROM transactions WHERE ", named!("connection_id = own.id", "payment_id", "$2"), " LIMIT 1) \
                  UNION ALL (SELECT id FROM transactions WHERE ", named!("app_id = own.app_id", "order_id", "$2"), " DESC, id DESC LIMIT 20) \
                  UNION ALL (SELECT transaction_id FROM refunds WHERE ", named!("app_id = own.app_id", "refund_id", "$2"), " LIMIT 20) \
                  UNION ALL (SELECT transaction_id FROM disputes WHERE ", named!("app_id = own.app_id", "dispute_id", "$2"), " LIMIT 20) \
                  UNION ALL (SELECT transaction_id FROM payment_references WHERE ", named!("app_id = own.app_id", "search_key", "$3"), " DESC, \
                  transaction_id DESC LIMIT 20)"), "$4");
    /// The beginning of an id of a payment or an order, or of a reference.
    FIND_BEGINNING = found!(concat!("SELECT id FROM (SELECT id FROM transactions WHERE connection_id IN ", connections!(), " \
                  AND payment_id >= $2 AND payment_id <= $3 LIMIT 20) AS of_payment \
                  UNION SELECT id FROM (SELECT id FROM transactions WHERE app_id IN ", apps!(), " \
                  AND order_id >= $2 AND order_id <= $3 LIMIT 20) AS of_order \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM payment_references WHERE app_id IN ", apps!(), " \
                  AND search_key >= $4 AND search_key <= $5 LIMIT 20) AS with_reference"), "$6");
    FIND_BEGINNING_ON_POSTGRES = found_on_postgres!("(SELECT id FROM transactions WHERE connection_id = own.id \
                  AND payment_id >= $2 AND payment_id <= $3 ORDER BY payment_id LIMIT 20) \
                  UNION ALL (SELECT id FROM transactions WHERE app_id = own.app_id AND order_id >= $2 AND order_id <= $3 \
                  ORDER BY order_id LIMIT 20) \
                  UNION ALL (SELECT transaction_id FROM payment_references WHERE app_id = own.app_id \
                  AND search_key >= $4 AND search_key <= $5 ORDER BY search_key LIMIT 20)", "$6");
}

/// Finds a payment of the company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, company: CompanyId, id: TransactionId) -> Result<Option<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(company).bind(id).fetch_optional(conn).await)
}

/// Finds payments by the exact id of a payment, an order, a refund or a dispute, or by a case-insensitive reference.
pub(crate) async fn find_named(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    name: &str,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    let key = references::search_key(name);
    let on: Exec<'_> = on.into();
    let text = on.pick(FIND_NAMED, FIND_NAMED_ON_POSTGRES);
    run!(on, |conn| sqlx::query_as(text).bind(company).bind(name).bind(&key).bind(limit).fetch_all(conn).await)
}

/// Finds payments whose id, order or reference is between a beginning and an end.
pub(crate) async fn find_beginning(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    (from, to): (&str, &str),
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    let keys = (references::search_key(from), references::search_key(to));
    let on: Exec<'_> = on.into();
    let text = on.pick(FIND_BEGINNING, FIND_BEGINNING_ON_POSTGRES);
    run!(on, |conn| sqlx::query_as(text)
        .bind(company)
        .bind(from)
        .bind(to)
        .bind(&keys.0)
        .bind(&keys.1)
        .bind(limit)
        .fetch_all(conn)
        .await)
}
