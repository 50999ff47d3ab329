//! The search of a company's payments by an id, or by the beginning of one.
//!
//! Invariant: each kind of id is searched in its own index, at each connection or app of the company, and of each kind only the
//! first 20 in the order of that index are examined, read backwards: those of the newest app or connection and, of one id, the
//! newest. So the time depends on nothing that another company has stored, and both engines find the same payments.

use super::{columns, references};
use crate::{
    db::{DbError, Exec, list::max_searched_connections, run, sql},
    ledger::payments::Transaction,
    primitives::id::{CompanyId, TransactionId},
};

/// The connections of the company that are searched, or their apps: those of the newest apps if it has very many. PostgreSQL looks
/// them up in this order, and stops when it has found enough.
macro_rules! searched {
    ($owner:literal) => {
        concat!(
            "(SELECT DISTINCT ",
            $owner,
            " AS id FROM (SELECT id AS connection_id, app_id FROM connections WHERE company_id = $1 \
             ORDER BY app_id DESC LIMIT ",
            max_searched_connections!(),
            ") AS newest ORDER BY id DESC)"
        )
    };
}

/// The payments of one kind of id that is between two: the last ones in the order of the index. What may have an id several times
/// states the rest of its order.
macro_rules! of_kind {
    (portable, ($id:literal, $table:literal, $owner:literal, $column:literal $($then:literal)?), $from:literal, $to:literal) => {
        concat!(
            "SELECT id FROM (SELECT ",
            $id,
            " AS id FROM ",
            $table,
            " WHERE ",
            $owner,
            " IN ",
            searched!($owner),
            " AND ",
            $column,
            " >= ",
            $from,
            " AND ",
            $column,
            " <= ",
            $to,
            " ORDER BY ",
            $owner,
            " DESC, ",
            $column,
            " DESC",
            $($then,)?
            " LIMIT 20) AS of_",
            $column
        )
    };
    // PostgreSQL's planner expects that a LIMIT is reached early where very many payments of another company match, and then reads
    // all of those first. Here it has to search each connection, in the order of the index.
    (postgres, ($id:literal, $table:literal, $owner:literal, $column:literal $($then:literal)?), $from:literal, $to:literal) => {
        concat!(
            "SELECT id FROM (SELECT found.id FROM ",
            searched!($owner),
            " AS own CROSS JOIN LATERAL (SELECT ",
            $id,
            " AS id FROM ",
            $table,
            " WHERE ",
            $owner,
            " = own.id AND ",
            $column,
            " >= ",
            $from,
            " AND ",
            $column,
            " <= ",
            $to,
            " ORDER BY ",
            $column,
            " DESC",
            $($then,)?
            " LIMIT 20) AS found LIMIT 20) AS of_",
            $column
        )
    };
}

/// The payments whose ids are found.
macro_rules! found {
    ($limit:literal, $first:expr $(, $other:expr)+) => {
        concat!(
            "SELECT ", columns!(), " FROM transactions WHERE id IN (", $first, $(" UNION ", $other,)+
            ") ORDER BY created_at DESC, id DESC LIMIT ", $limit
        )
    };
}

/// Searches an exact id of each kind.
macro_rules! named {
    ($engine:ident) => {
        found!(
            "$4",
            of_kind!($engine, ("id", "transactions", "connection_id", "payment_id"), "$2", "$2"),
            of_kind!($engine, ("id", "transactions", "app_id", "order_id" ", id DESC"), "$2", "$2"),
            of_kind!($engine, ("transaction_id", "refunds", "app_id", "refund_id" ", transaction_id DESC"), "$2", "$2"),
            of_kind!($engine, ("transaction_id", "disputes", "app_id", "dispute_id" ", transaction_id DESC"), "$2", "$2"),
            of_kind!($engine, ("transaction_id", "payment_references", "app_id", "search_key" ", transaction_id DESC"), "$3", "$3")
        )
    };
}

/// Searches the beginning of an id of a payment or an order, or of a reference.
macro_rules! beginning {
    ($engine:ident) => {
        found!(
            "$6",
            of_kind!($engine, ("id", "transactions", "connection_id", "payment_id"), "$2", "$3"),
            of_kind!($engine, ("id", "transactions", "app_id", "order_id" ", id DESC"), "$2", "$3"),
            of_kind!($engine, ("transaction_id", "payment_references", "app_id", "search_key" ", transaction_id DESC"), "$4", "$5")
        )
    };
}

sql! {
    /// COALESCE forces a search by id: by the connections, all payments of the company would be examined.
    FIND = concat!("SELECT ", columns!(), " FROM transactions WHERE id = $2 \
            AND COALESCE(connection_id, connection_id) IN (SELECT id FROM connections WHERE company_id = $1)");
    FIND_NAMED = named!(portable);
    FIND_NAMED_ON_POSTGRES = named!(postgres);
    FIND_BEGINNING = beginning!(portable);
    FIND_BEGINNING_ON_POSTGRES = beginning!(postgres);
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
