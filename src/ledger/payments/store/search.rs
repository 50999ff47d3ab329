//! The search of a company's payments by an id, or by the beginning of one.
//!
//! Invariant: each kind of id is searched in its own index, and of those that many payments share only a few are examined.

use super::{columns, references};
use crate::{
    db::{DbError, Exec, run, sql},
    ledger::payments::Transaction,
    primitives::id::{CompanyId, TransactionId},
};

/// The connections of the company.
macro_rules! connections {
    () => {
        "(SELECT id FROM connections WHERE company_id = $1)"
    };
}

/// Its apps that have one.
macro_rules! apps {
    () => {
        "(SELECT app_id FROM connections WHERE company_id = $1)"
    };
}

/// COALESCE forces a search by id: by the connections, all payments of the company would be examined.
macro_rules! of_company {
    () => {
        concat!(" AND COALESCE(connection_id, connection_id) IN ", connections!())
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM transactions WHERE id = $2", of_company!());
    /// Ids of refunds and disputes match in any company until the last condition.
    FIND_NAMED = concat!("SELECT ", columns!(), " FROM transactions WHERE id IN \
                  (SELECT id FROM transactions WHERE connection_id IN ", connections!(), " AND payment_id = $2 \
                  UNION SELECT id FROM (SELECT id FROM transactions WHERE app_id IN ", apps!(), " AND order_id = $2 LIMIT 20) AS of_order \
                  UNION SELECT transaction_id FROM refunds WHERE refund_id = $2 \
                  UNION SELECT transaction_id FROM disputes WHERE dispute_id = $2 \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM payment_references WHERE app_id IN ", apps!(), " \
                  AND search_key = $3 LIMIT 20) AS with_reference)", of_company!(), " ORDER BY created_at DESC, id DESC LIMIT $4");
    /// The beginning of an id of a payment or an order, or of a reference.
    FIND_BEGINNING = concat!("SELECT ", columns!(), " FROM transactions WHERE id IN \
                  (SELECT id FROM (SELECT id FROM transactions WHERE connection_id IN ", connections!(), " \
                  AND payment_id >= $2 AND payment_id <= $3 LIMIT 20) AS of_payment \
                  UNION SELECT id FROM (SELECT id FROM transactions WHERE app_id IN ", apps!(), " \
                  AND order_id >= $2 AND order_id <= $3 LIMIT 20) AS of_order \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM payment_references WHERE app_id IN ", apps!(), " \
                  AND search_key >= $4 AND search_key <= $5 LIMIT 20) AS with_reference)", of_company!(), " \
                  ORDER BY created_at DESC, id DESC LIMIT $6");
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
    run!(on, |conn| sqlx::query_as(FIND_NAMED).bind(company).bind(name).bind(&key).bind(limit).fetch_all(conn).await)
}

/// Finds payments whose id, order or reference is between a beginning and an end.
pub(crate) async fn find_beginning(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    (from, to): (&str, &str),
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    let keys = (references::search_key(from), references::search_key(to));
    run!(on, |conn| sqlx::query_as(FIND_BEGINNING)
        .bind(company)
        .bind(from)
        .bind(to)
        .bind(&keys.0)
        .bind(&keys.1)
        .bind(limit)
        .fetch_all(conn)
        .await)
}
