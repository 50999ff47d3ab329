//! The `orders` table.
//!
//! Invariant: a row is locked before it is read. Rows are inserted in the order of their keys and then locked in that order, so that servers
//! with reports of the same orders wait for each other but cannot deadlock.

use std::collections::HashSet;

use sqlx::FromRow;

use super::{Order, OrderState, OwnedKey, Progress};
use crate::{
    db::{
        DbError, Exec, Reader, Tx,
        batch::{execute_rows, fetch_rows, rows},
        execute, run, sql,
    },
    gateways::{Gateway, Mode, payment::OrderStatus},
    ledger::payments::projection::Moment,
    primitives::{
        id::{AppId, CompanyId, TransactionId},
        money::Currency,
    },
};

macro_rules! columns {
    () => {
        "app_id, mode, gateway, order_id, amount_subunits, currency, receipt, status, paid_subunits, reported_at, digest, \
         captured_payments, is_in_parts, overpaid_by"
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM orders WHERE app_id = $1 AND mode = $2 AND gateway = $3 AND order_id = $4");
    /// An update that changes nothing still locks the row on PostgreSQL.
    LOCK_ROW = "UPDATE orders SET digest = digest WHERE app_id = $1 AND mode = $2 AND gateway = $3 AND order_id = $4";
    EXPORT = concat!("SELECT ", columns!(), " FROM orders WHERE app_id = $1 AND (mode, gateway, order_id) > ($2, $3, $4) \
                      ORDER BY mode, gateway, order_id LIMIT $5");
    /// A comparison selects the index of the orders that are overpaid: SQLite would read all orders of the app for `IS NOT NULL`.
    LIST_OVERPAID = concat!("SELECT ", columns!(), " FROM orders WHERE app_id = $1 AND mode = $2 AND overpaid_by > 0 \
                             ORDER BY overpaid_by DESC LIMIT $3");
    /// The apps of a company with overpaid orders, by their newest payments: one search of the index for each app.
    LIST_APPS = "SELECT id FROM (SELECT id, (SELECT overpaid_by FROM orders WHERE app_id = apps.id AND mode = $2 AND overpaid_by > 0 \
                 ORDER BY overpaid_by DESC LIMIT 1) AS newest FROM apps WHERE company_id = $1) AS found WHERE newest > 0 \
                 ORDER BY newest DESC LIMIT $3";
    LIST_EXCEEDING = "SELECT overpaid_by FROM orders WHERE app_id = $1 AND mode = $2 AND overpaid_by >= $3 \
                      AND overpaid_by <= $4 ORDER BY overpaid_by DESC LIMIT $5";
}

/// The parameters of a row.
const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

rows! {
    INSERT = concat!("INSERT INTO orders (", columns!(), ") VALUES"), ROW,
             "ON CONFLICT (app_id, mode, gateway, order_id) DO NOTHING RETURNING app_id, mode, gateway, order_id";
    /// An update that changes nothing still locks the row on PostgreSQL.
    LOCK = concat!("INSERT INTO orders (", columns!(), ") VALUES"), ROW,
           concat!("ON CONFLICT (app_id, mode, gateway, order_id) DO UPDATE SET digest = orders.digest RETURNING ", columns!());
    UPDATE = concat!("INSERT INTO orders (", columns!(), ") VALUES"), ROW,
             "ON CONFLICT (app_id, mode, gateway, order_id) DO UPDATE SET amount_subunits = excluded.amount_subunits, \
              currency = excluded.currency, receipt = excluded.receipt, status = excluded.status, \
              paid_subunits = excluded.paid_subunits, reported_at = excluded.reported_at, digest = excluded.digest, \
              captured_payments = excluded.captured_payments, is_in_parts = excluded.is_in_parts, \
              overpaid_by = excluded.overpaid_by";
}

#[derive(FromRow)]
struct Row {
    app_id: AppId,
    mode: Mode,
    gateway: Gateway,
    order_id: String,
    amount_subunits: Option<i64>,
    currency: Option<String>,
    receipt: Option<String>,
    status: Option<OrderStatus>,
    paid_subunits: Option<i64>,
    reported_at: Option<Moment>,
    digest: i64,
    captured_payments: i64,
    is_in_parts: bool,
    overpaid_by: Option<TransactionId>,
}

impl Row {
    fn read(self) -> Result<Order, sqlx::Error> {
        let currency = self.currency.map(|currency| currency.parse::<Currency>()).transpose();
        let currency = currency.map_err(|error| sqlx::Error::Decode(error.into()))?;
        let (status, digest, paid) = (self.status, self.digest, self.paid_subunits);
        let state = OrderState {
            amount: self.amount_subunits.zip(currency),
            receipt: self.receipt,
            last: self.reported_at.map(|at| Progress { status, at, digest, paid }),
            captured_payments: self.captured_payments,
            is_in_parts: self.is_in_parts,
            overpaid_by: self.overpaid_by,
        };
        Ok(Order { app: self.app_id, mode: self.mode, gateway: self.gateway, order_id: self.order_id, state })
    }
}

fn read_all(rows: Vec<Row>) -> Result<Vec<Order>, DbError> {
    rows.into_iter().map(Row::read).collect::<Result<_, _>>().map_err(DbError::from)
}

/// Binds a row.
macro_rules! bind {
    ($query:expr, $order:expr) => {
        $query
            .bind($order.app)
            .bind($order.mode)
            .bind($order.gateway)
            .bind(&$order.order_id)
            .bind($order.state.amount.map(|amount| amount.0))
            .bind($order.state.amount.map(|amount| amount.1.to_string()))
            .bind(&$order.state.receipt)
            .bind($order.state.last.and_then(|last| last.status))
            .bind($order.state.last.and_then(|last| last.paid))
            .bind($order.state.last.map(|last| last.at))
            .bind($order.state.last.map_or(0, |last| last.digest))
            .bind($order.state.captured_payments)
            .bind($order.state.is_in_parts)
            .bind($order.state.overpaid_by)
    };
}

/// Inserts the orders that are not stored yet, and returns their keys. `orders` are in key order.
pub(super) async fn insert(tx: &mut Tx, orders: &[&Order]) -> Result<HashSet<OwnedKey>, DbError> {
    type Row = (AppId, Mode, Gateway, String);
    let rows = fetch_rows!(tx, INSERT -> Row, orders, |query, order| bind!(query, order))?;
    Ok(rows.into_iter().map(|(app, mode, gateway, id)| (app, mode, gateway.slug(), id)).collect())
}

/// Locks stored orders and returns them. `orders` are in key order, and have their new states or any others.
pub(super) async fn lock(tx: &mut Tx, orders: &[&Order]) -> Result<Vec<Order>, DbError> {
    let rows = fetch_rows!(tx, LOCK -> Row, orders, |query, order| bind!(query, order))?;
    read_all(rows)
}

/// Writes the states of orders whose rows are locked.
pub(super) async fn update(tx: &mut Tx, orders: &[Order]) -> Result<(), DbError> {
    execute_rows!(tx, UPDATE, orders, |query, order| bind!(query, order))?;
    Ok(())
}

/// Finds an order. The caller has checked access to the app.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    (app, mode, gateway): (AppId, Mode, Gateway),
    order_id: &str,
) -> Result<Option<Order>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND)
        .bind(app)
        .bind(mode.slug())
        .bind(gateway.slug())
        .bind(order_id)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(Row::read).transpose()?)
}

/// Lists at most `limit` orders of an app that are overpaid, those with the newest payments first.
pub(crate) async fn list_overpaid(
    on: impl Into<Exec<'_>>,
    (app, mode): (AppId, Mode),
    limit: usize,
) -> Result<Vec<Order>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<Row> =
        run!(on, |conn| sqlx::query_as(LIST_OVERPAID).bind(app).bind(mode.slug()).bind(limit).fetch_all(conn).await)?;
    read_all(rows)
}

/// Lists of each app of a company the overpaid order with the newest payment, at most `limit` in all.
pub(crate) async fn list_newest_overpaid(
    reader: &mut Reader,
    (company, mode): (CompanyId, Mode),
    limit: usize,
) -> Result<Vec<Order>, DbError> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let apps: Vec<AppId> = run!(&mut *reader, |conn| sqlx::query_scalar(LIST_APPS)
        .bind(company)
        .bind(mode.slug())
        .bind(most)
        .fetch_all(conn)
        .await)?;
    let mut orders = Vec::new();
    for app in apps {
        orders.extend(list_overpaid(&mut *reader, (app, mode), 1).await?);
    }
    Ok(orders)
}

/// Lists those payments between two ids that are the newest of an overpaid order, at most `limit`.
pub(crate) async fn list_exceeding(
    on: impl Into<Exec<'_>>,
    (app, mode): (AppId, Mode),
    (first, last): (TransactionId, TransactionId),
    limit: i64,
) -> Result<Vec<TransactionId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_EXCEEDING)
        .bind(app)
        .bind(mode.slug())
        .bind(first)
        .bind(last)
        .bind(limit)
        .fetch_all(conn)
        .await)
}

/// Lists the orders of an app after a mode, a gateway and an order id, in that order.
pub(crate) async fn export(
    on: impl Into<Exec<'_>>,
    app: AppId,
    (mode, gateway, order_id): &(String, String, String),
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(EXPORT)
        .bind(app)
        .bind(mode)
        .bind(gateway)
        .bind(order_id)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    read_all(rows)
}

/// Locks an order until the unit of work ends, and changes nothing; returns false if it is not stored.
pub(crate) async fn lock_row(tx: &mut Tx, (app, mode, gateway): (AppId, Mode, Gateway), order_id: &str) -> Result<bool, DbError> {
    let locked = execute!(tx, sqlx::query(LOCK_ROW).bind(app).bind(mode.slug()).bind(gateway.slug()).bind(order_id))?;
    Ok(locked > 0)
}
