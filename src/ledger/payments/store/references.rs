//! The `payment_references` table, by which payments are searched, and other details of a payment's page: disputes, and other
//! payments of its order.
//!
//! Invariant: references are a set. Reports only add to it, so their order does not matter. Search is case-insensitive.

use sqlx::FromRow;

use super::parse_currency;
use crate::{
    db::{
        DbError, Exec, Tx,
        batch::{execute_rows, rows},
        list::max_examined,
        run, sql,
    },
    gateways::{Gateway, Mode, payment::DisputeStatus},
    ledger::payments::{Transaction, disputes::Dispute},
    primitives::{
        id::{AppId, TransactionId},
        money::Money,
        time::Timestamp,
    },
};

/// The maximum number of disputes, and of other payments of the order, on a page. One more is read, which tells that there are more.
pub(crate) const MAX_DISPUTES: u16 = 100;
pub(crate) const MAX_OTHERS: u16 = 20;

rows! {
    ADD = "INSERT INTO payment_references (app_id, search_key, transaction_id) VALUES", "(?, ?, ?)",
          "ON CONFLICT (app_id, search_key, transaction_id) DO NOTHING";
}

sql! {
    LIST_DISPUTES = "SELECT dispute_id, status, amount_subunits, currency, amount_deducted_subunits, respond_by FROM disputes \
                     WHERE transaction_id = $1 ORDER BY status_at, dispute_id LIMIT $2";
    /// Among the oldest of the order, of which there are few.
    LIST_OF_ORDER = concat!("SELECT ", super::columns!(), " FROM transactions WHERE id IN (SELECT id FROM transactions WHERE app_id = $1 \
                     AND order_id = $2 ORDER BY id LIMIT ", max_examined!(), ") AND mode = $3 AND gateway = $4 AND is_captured \
                     ORDER BY created_at, id LIMIT $5");
}

/// Returns the search key of a reference.
pub(crate) fn search_key(text: &str) -> String {
    text.to_lowercase()
}

/// A payment of an app, and what it can be searched by.
pub(crate) type SearchKey = (AppId, String, TransactionId);

/// Adds references that are not stored yet. `rows` are in key order.
pub(crate) async fn add(tx: &mut Tx, rows: &[&SearchKey]) -> Result<(), DbError> {
    execute_rows!(tx, ADD, rows, |query, row| query.bind(row.0).bind(&row.1).bind(row.2))?;
    Ok(())
}

#[derive(FromRow)]
pub(super) struct DisputeRow {
    dispute_id: String,
    status: DisputeStatus,
    amount_subunits: i64,
    currency: String,
    amount_deducted_subunits: Option<i64>,
    respond_by: Option<Timestamp>,
}

/// Lists a payment's disputes, in the order of their latest reports. If there are more than [`MAX_DISPUTES`], returns one more.
pub(crate) async fn list_disputes(on: impl Into<Exec<'_>>, id: TransactionId) -> Result<Vec<Dispute>, DbError> {
    let rows: Vec<DisputeRow> =
        run!(on, |conn| sqlx::query_as(LIST_DISPUTES).bind(id).bind(i64::from(MAX_DISPUTES) + 1).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(DisputeRow::read).collect::<Result<_, _>>()?)
}

impl DisputeRow {
    pub(super) fn read(self) -> Result<Dispute, sqlx::Error> {
        let money = Money::new(self.amount_subunits, parse_currency(&self.currency)?);
        let (deducted, respond_by) = (self.amount_deducted_subunits, self.respond_by);
        Ok(Dispute { id: self.dispute_id, status: self.status, money, deducted, respond_by })
    }
}

/// Lists the captured payments of an order, oldest first. The caller has checked access to the app.
pub(crate) async fn list_captured_of_order(
    on: impl Into<Exec<'_>>,
    (app, mode, gateway): (AppId, Mode, Gateway),
    order_id: &str,
    limit: u16,
) -> Result<Vec<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_ORDER)
        .bind(app)
        .bind(order_id)
        .bind(mode.slug())
        .bind(gateway.slug())
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await)
}
