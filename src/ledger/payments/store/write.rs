//! Writes the `transactions`, `refunds` and `disputes` tables: reads and merges the states of payments in batches.
//!
//! Invariant: an existing row is locked before it is read, and rows are locked in the same order – connection, then payment –
//! so that servers with reports of the same payments wait for each other but cannot deadlock.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::parse_currency;
use crate::{
    apps::zones::Zones,
    connections::ConnectionScope,
    db::{
        DbError, Tx,
        batch::{execute_rows, fetch_rows, rows},
    },
    gateways::payment::{DisputeStatus, FailureCategory, RefundStatus, Status},
    ledger::payments::{
        OrderMove, PaymentChange, PaymentReport,
        changes::{self, Change},
        daily::effective_created_at,
        projection::{DisputeState, InOrder, Moment, PaymentState, Quote, RefundReport, RefundState, Updated},
        state::DisplayState,
    },
    primitives::{
        id::{ConnectionId, TransactionId},
        time::Timestamp,
    },
};

macro_rules! insert {
    () => {
        "INSERT INTO transactions (id, app_id, connection_id, gateway, mode, payment_id, order_id, method, status, \
         amount_subunits, currency, amount_refunded_subunits, is_disputed, snapshot_status, snapshot_at, snapshot_currency, \
         reported_refunded_subunits, created_at, updated_at, snapshot_digest, reported_refunded_at, is_captured, \
         amount_lost_subunits, amount_held_subunits, is_updated_at_received, settled_subunits, \
         settled_currency, amount_refund_pending_subunits, amount_refund_failed_subunits, state, snapshot_failure) VALUES"
    };
}
const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

rows! {
    INSERT = insert!(), ROW, "ON CONFLICT (connection_id, payment_id) DO NOTHING";
    /// An update that changes nothing still locks the row on PostgreSQL.
    LOCK = insert!(), ROW, "ON CONFLICT (connection_id, payment_id) DO UPDATE SET payment_id = excluded.payment_id \
            RETURNING id, connection_id, payment_id, order_id, method, amount_subunits, snapshot_status, snapshot_at, \
            snapshot_currency, reported_refunded_subunits, created_at, updated_at, snapshot_digest, reported_refunded_at, \
            is_updated_at_received, settled_subunits, settled_currency, snapshot_failure";
    UPDATE = insert!(), ROW, "ON CONFLICT (connection_id, payment_id) DO UPDATE SET order_id = excluded.order_id, \
              method = excluded.method, status = excluded.status, amount_subunits = excluded.amount_subunits, \
              currency = excluded.currency, amount_refunded_subunits = excluded.amount_refunded_subunits, \
              is_disputed = excluded.is_disputed, snapshot_status = excluded.snapshot_status, \
              snapshot_at = excluded.snapshot_at, snapshot_currency = excluded.snapshot_currency, \
              reported_refunded_subunits = excluded.reported_refunded_subunits, created_at = excluded.created_at, \
              updated_at = excluded.updated_at, snapshot_digest = excluded.snapshot_digest, \
              reported_refunded_at = excluded.reported_refunded_at, is_captured = excluded.is_captured, \
              amount_lost_subunits = excluded.amount_lost_subunits, amount_held_subunits = excluded.amount_held_subunits, \
              is_updated_at_received = excluded.is_updated_at_received, settled_subunits = excluded.settled_subunits, \
              settled_currency = excluded.settled_currency, \
              amount_refund_pending_subunits = excluded.amount_refund_pending_subunits, \
              amount_refund_failed_subunits = excluded.amount_refund_failed_subunits, state = excluded.state, \
              snapshot_failure = excluded.snapshot_failure";
    REFUNDS = "SELECT transaction_id, refund_id, amount_subunits, currency, status, status_at, digest, made_at, standing_since, \
               failed_since, reported_refunded_subunits, reported_refunded_at, failed_refunded_subunits, failed_refunded_at \
               FROM refunds WHERE transaction_id IN (", "?", ")";
    DISPUTES = "SELECT transaction_id, dispute_id, status, status_at, digest, amount_subunits, currency, amount_deducted_subunits, \
                respond_by FROM disputes WHERE transaction_id IN (", "?", ")";
    WRITE_REFUNDS = "INSERT INTO refunds (transaction_id, refund_id, app_id, amount_subunits, currency, status, status_at, digest, made_at, \
                     standing_since, failed_since, reported_refunded_subunits, reported_refunded_at, failed_refunded_subunits, \
                     failed_refunded_at) VALUES", "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "ON CONFLICT (transaction_id, refund_id) DO UPDATE SET amount_subunits = excluded.amount_subunits, \
                     currency = excluded.currency, status = excluded.status, status_at = excluded.status_at, \
                     digest = excluded.digest, made_at = excluded.made_at, standing_since = excluded.standing_since, \
                     failed_since = excluded.failed_since, reported_refunded_subunits = excluded.reported_refunded_subunits, \
                     reported_refunded_at = excluded.reported_refunded_at, \
                     failed_refunded_subunits = excluded.failed_refunded_subunits, \
                     failed_refunded_at = excluded.failed_refunded_at";
    WRITE_DISPUTES = "INSERT INTO disputes (transaction_id, dispute_id, company_id, app_id, mode, status, status_at, digest, \
                      amount_subunits, currency, amount_deducted_subunits, respond_by) VALUES",
                     "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "ON CONFLICT (transaction_id, dispute_id) DO UPDATE SET status = excluded.status, \
                      status_at = excluded.status_at, digest = excluded.digest, amount_subunits = excluded.amount_subunits, \
                      currency = excluded.currency, amount_deducted_subunits = excluded.amount_deducted_subunits, \
                      respond_by = excluded.respond_by";
}

/// A payment at a connection.
pub(crate) type Key<'a> = (ConnectionId, &'a str);

/// The row of a payment with its state.
pub(crate) struct PaymentRow<'a> {
    pub(crate) id: TransactionId,
    pub(crate) scope: &'a ConnectionScope,
    /// The zones of the app.
    pub(crate) zones: Zones,
    payment: &'a str,
    pub(crate) state: PaymentState,
    /// True if the state differs from the stored state.
    pub(crate) is_changed: bool,
    /// The refunds and disputes that differ from those stored.
    pub(crate) news: ChangedParts,
    /// What changed for features that react to it.
    pub(crate) changes: Vec<Change>,
    /// The captured payment's part in its order before this unit of work.
    pub(crate) was_in_order: Option<InOrder>,
}

impl<'a> PaymentRow<'a> {
    /// Returns a row with an empty state.
    pub(crate) fn new(report: &PaymentReport<'a>) -> Self {
        Self {
            id: report.id,
            scope: report.scope,
            zones: report.zones,
            payment: &report.facts.payment_id,
            state: PaymentState::default(),
            is_changed: false,
            news: ChangedParts::default(),
            changes: Vec::new(),
            was_in_order: None,
        }
    }

    /// Returns the row of the same payment after its stored state was updated.
    pub(crate) fn updated(&self, id: TransactionId, old: &PaymentState, new: PaymentState) -> Self {
        Self {
            id,
            scope: self.scope,
            zones: self.zones,
            payment: self.payment,
            is_changed: *old != new,
            news: ChangedParts::between(old, &new),
            changes: changes::between(old, &new),
            was_in_order: old.in_order(),
            state: new,
        }
    }

    /// Returns how the payment's part in its order changed, if it did.
    pub(crate) fn order_move(&self) -> Option<OrderMove<'a>> {
        let (scope, before, after) = (self.scope, self.was_in_order.clone(), self.state.in_order());
        (before != after).then_some(OrderMove { transaction: self.id, scope, before, after })
    }

    pub(crate) fn into_changes(self) -> impl Iterator<Item = PaymentChange<'a>> {
        let (transaction, scope) = (self.id, self.scope);
        self.changes.into_iter().map(move |change| PaymentChange { transaction, scope, change })
    }
}

/// The ids of the refunds and disputes that must be written.
#[derive(Default)]
pub(crate) struct ChangedParts {
    refunds: Vec<String>,
    disputes: Vec<String>,
}

impl ChangedParts {
    /// Returns the parts of `new` that `old` lacks, or that differ.
    pub(crate) fn between(old: &PaymentState, new: &PaymentState) -> Self {
        let refunds = new.refunds.iter().filter(|(id, said)| old.refunds.get(*id) != Some(said));
        let disputes = new.disputes.iter().filter(|(id, said)| old.disputes.get(*id) != Some(said));
        Self { refunds: refunds.map(|(id, _)| id.clone()).collect(), disputes: disputes.map(|(id, _)| id.clone()).collect() }
    }
}

/// Inserts the rows of payments that are not stored yet; returns whether all were new. `entries` are in key order.
pub(crate) async fn insert(tx: &mut Tx, entries: &[&PaymentRow<'_>]) -> Result<bool, DbError> {
    let added = write_rows(tx, &INSERT, entries).await?;
    Ok(usize::try_from(added) == Ok(entries.len()))
}

/// Writes the states of payments whose rows are locked.
pub(crate) async fn update(tx: &mut Tx, entries: &[&PaymentRow<'_>]) -> Result<(), DbError> {
    write_rows(tx, &UPDATE, entries).await?;
    Ok(())
}

macro_rules! bind_entry {
    ($query:expr, $entry:expr) => {{
        let PaymentRow { id, scope, payment, state, .. } = $entry;
        $query
            .bind(id)
            .bind(scope.app)
            .bind(scope.connection)
            .bind(scope.gateway)
            .bind(scope.mode)
            .bind(*payment)
            .bind(&state.order_id)
            .bind(&state.method)
            .bind(state.status())
            .bind(state.amount())
            .bind(state.currency().map(|currency| currency.to_string()))
            .bind(state.refunded())
            .bind(state.is_disputed())
            .bind(state.decisive.map(|decisive| decisive.0))
            .bind(state.decisive.map(|decisive| decisive.1))
            .bind(state.decisive.map(|decisive| decisive.4.to_string()))
            .bind(state.quote.map_or(0, |quote| quote.total))
            .bind(effective_created_at(state))
            .bind(state.updated_at.map(|updated| updated.at))
            .bind(state.decisive.map_or(0, |decisive| decisive.2))
            .bind(state.quote.map(|quote| quote.at))
            .bind(state.is_captured())
            .bind(state.lost())
            .bind(state.held())
            .bind(state.updated_at.is_some_and(|updated| updated.is_received))
            .bind(state.settled.map(|settled| settled.0))
            .bind(state.settled.map(|settled| settled.1.to_string()))
            .bind(state.refund_pending())
            .bind(state.refund_failed())
            .bind(DisplayState::of(state))
            .bind(state.decisive.and_then(|decisive| decisive.5))
    }};
}

async fn write_rows(
    tx: &mut Tx,
    statement: &'static crate::db::batch::BatchStatement,
    entries: &[&PaymentRow<'_>],
) -> Result<u64, DbError> {
    execute_rows!(tx, statement, entries, |query, entry| bind_entry!(query, entry))
}

#[derive(FromRow)]
struct LockedRow {
    id: TransactionId,
    connection_id: ConnectionId,
    payment_id: String,
    order_id: Option<String>,
    method: Option<String>,
    amount_subunits: Option<i64>,
    snapshot_status: Option<Status>,
    snapshot_at: Option<Moment>,
    snapshot_digest: i64,
    snapshot_currency: Option<String>,
    reported_refunded_subunits: i64,
    reported_refunded_at: Option<Moment>,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_updated_at_received: bool,
    settled_subunits: Option<i64>,
    settled_currency: Option<String>,
    snapshot_failure: Option<FailureCategory>,
}

#[derive(FromRow)]
struct RefundRow {
    transaction_id: TransactionId,
    refund_id: String,
    amount_subunits: i64,
    currency: String,
    status: RefundStatus,
    status_at: Moment,
    digest: i64,
    made_at: Option<Moment>,
    standing_since: Option<Moment>,
    failed_since: Option<Moment>,
    reported_refunded_subunits: i64,
    reported_refunded_at: Option<Moment>,
    failed_refunded_subunits: i64,
    failed_refunded_at: Option<Moment>,
}

#[derive(FromRow)]
struct DisputeRow {
    transaction_id: TransactionId,
    dispute_id: String,
    status: DisputeStatus,
    status_at: Moment,
    digest: i64,
    amount_subunits: i64,
    currency: String,
    amount_deducted_subunits: Option<i64>,
    respond_by: Option<Timestamp>,
}

/// The stored state of a payment, locked until the unit of work ends.
pub(crate) struct LockedPayment {
    pub(crate) id: TransactionId,
    connection: ConnectionId,
    payment: String,
    pub(crate) state: PaymentState,
}

impl LockedPayment {
    pub(crate) fn key(&self) -> Key<'_> {
        (self.connection, &self.payment)
    }
}

/// Locks the rows of these payments, which exist, and reads their states.
pub(crate) async fn lock(tx: &mut Tx, entries: &[&PaymentRow<'_>]) -> Result<Vec<LockedPayment>, DbError> {
    let rows = fetch_rows!(tx, LOCK -> LockedRow, entries, |query, entry| bind_entry!(query, entry))?;
    let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
    let mut parts = parts(tx, &ids).await?;
    rows.into_iter().map(|row| locked(row, &mut parts)).collect::<Result<_, _>>().map_err(DbError::from)
}

/// The refunds and disputes of payments, by transaction.
type Parts = BTreeMap<TransactionId, PaymentState>;

async fn parts(tx: &mut Tx, ids: &[TransactionId]) -> Result<Parts, DbError> {
    let refunds = fetch_rows!(tx, REFUNDS -> RefundRow, ids, |query, id| query.bind(id))?;
    let disputes = fetch_rows!(tx, DISPUTES -> DisputeRow, ids, |query, id| query.bind(id))?;
    let mut parts = Parts::new();
    for row in refunds {
        parts.entry(row.transaction_id).or_default().refunds.insert(row.refund_id.clone(), refund(&row)?);
    }
    for row in disputes {
        parts.entry(row.transaction_id).or_default().disputes.insert(row.dispute_id.clone(), dispute(&row)?);
    }
    Ok(parts)
}

fn refund(row: &RefundRow) -> Result<RefundState, sqlx::Error> {
    let last = RefundReport {
        at: row.status_at,
        status: row.status,
        digest: row.digest,
        amount: row.amount_subunits,
        currency: parse_currency(&row.currency)?,
    };
    Ok(RefundState {
        last,
        made_at: row.made_at,
        standing_since: row.standing_since,
        failed_since: row.failed_since,
        quote: quote(row.reported_refunded_at, row.reported_refunded_subunits),
        failed_quote: quote(row.failed_refunded_at, row.failed_refunded_subunits),
    })
}

fn dispute(row: &DisputeRow) -> Result<DisputeState, sqlx::Error> {
    Ok(DisputeState {
        at: row.status_at,
        status: row.status,
        digest: row.digest,
        amount: row.amount_subunits,
        currency: parse_currency(&row.currency)?,
        deducted: row.amount_deducted_subunits,
        respond_by: row.respond_by,
    })
}

fn quote(at: Option<Moment>, total: i64) -> Option<Quote> {
    at.map(|at| Quote { at, total })
}

fn locked(row: LockedRow, parts: &mut Parts) -> Result<LockedPayment, sqlx::Error> {
    let currency = row.snapshot_currency.as_deref().map(parse_currency).transpose()?;
    let decisive = match (row.snapshot_status, row.snapshot_at, row.amount_subunits, currency) {
        (Some(status), Some(at), Some(amount), Some(currency)) => {
            Some((status, at, row.snapshot_digest, amount, currency, row.snapshot_failure))
        }
        _ => None,
    };
    let settled_currency = row.settled_currency.as_deref().map(parse_currency).transpose()?;
    let state = PaymentState {
        order_id: row.order_id,
        method: row.method,
        settled: row.settled_subunits.zip(settled_currency),
        quote: quote(row.reported_refunded_at, row.reported_refunded_subunits),
        created_at: decisive.map(|_| row.created_at),
        updated_at: Some(Updated { at: row.updated_at, is_received: row.is_updated_at_received }),
        decisive,
        ..parts.remove(&row.id).unwrap_or_default()
    };
    Ok(LockedPayment { id: row.id, connection: row.connection_id, payment: row.payment_id, state })
}

/// Writes the changed refunds and disputes of the entries.
pub(crate) async fn write_news(tx: &mut Tx, entries: &[&PaymentRow<'_>]) -> Result<(), DbError> {
    let refunds: Vec<_> = entries
        .iter()
        .flat_map(|entry| entry.news.refunds.iter().map(move |id| ((entry.id, entry.scope.app), id, entry.state.refunds[id])))
        .collect();
    execute_rows!(tx, WRITE_REFUNDS, &refunds, |query, row| query
        .bind(row.0.0)
        .bind(row.1)
        .bind(row.0.1)
        .bind(row.2.last.amount)
        .bind(row.2.last.currency.to_string())
        .bind(row.2.last.status)
        .bind(row.2.last.at)
        .bind(row.2.last.digest)
        .bind(row.2.made_at)
        .bind(row.2.standing_since)
        .bind(row.2.failed_since)
        .bind(row.2.quote.map_or(0, |quote| quote.total))
        .bind(row.2.quote.map(|quote| quote.at))
        .bind(row.2.failed_quote.map_or(0, |quote| quote.total))
        .bind(row.2.failed_quote.map(|quote| quote.at)))?;
    let disputes: Vec<_> = entries
        .iter()
        .flat_map(|entry| entry.news.disputes.iter().map(move |id| ((entry.id, entry.scope), id, entry.state.disputes[id])))
        .collect();
    execute_rows!(tx, WRITE_DISPUTES, &disputes, |query, row| query
        .bind(row.0.0)
        .bind(row.1)
        .bind(row.0.1.company)
        .bind(row.0.1.app)
        .bind(row.0.1.mode)
        .bind(row.2.status)
        .bind(row.2.at)
        .bind(row.2.digest)
        .bind(row.2.amount)
        .bind(row.2.currency.to_string())
        .bind(row.2.deducted)
        .bind(row.2.respond_by))?;
    Ok(())
}
