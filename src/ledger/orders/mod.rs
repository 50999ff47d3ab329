//! Orders: what events report of an order, and how many of its payments were captured.
//!
//! Invariant: an order belongs to one app, mode and gateway, and is a pure function of the set of observations. It is written in the
//! unit of work that writes its payments, after them.

pub(crate) mod overpaid;
mod state;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(crate) use state::{OrderState, Progress};

use super::payments::{
    OrderMove, PaymentChange, PaymentReport, Transaction,
    changes::{Change, ChangeKind},
    projection::InOrder,
    store::references,
};
use crate::{
    connections::ConnectionScope,
    db::{DbError, Tx},
    gateways::{Gateway, Mode, payment::PaymentObservation},
    primitives::id::{AppId, TransactionId},
};

/// The most payments of an order that are compared with its amount, the oldest. Further ones do not count.
pub(crate) const MAX_COMPARED: u16 = 200;

/// An order: its app, mode, gateway, and the gateway's id. The order of keys is that in which rows are locked, on every server.
type Key<'a> = (AppId, Mode, &'static str, &'a str);
type OwnedKey = (AppId, Mode, &'static str, String);

/// What a unit of work changes about an order.
struct Entry<'a> {
    scope: &'a ConnectionScope,
    reports: Vec<&'a PaymentObservation>,
    /// How many more of its payments are captured.
    captured: i64,
    /// The parts that its payments had in it before; `None` for one that had none.
    before: HashMap<TransactionId, Option<&'a InOrder>>,
}

/// An order of an app.
pub(crate) struct Order {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) gateway: Gateway,
    pub(crate) order_id: String,
    pub(crate) state: OrderState,
}

impl Order {
    fn key(&self) -> OwnedKey {
        (self.app, self.mode, self.gateway.slug(), self.order_id.clone())
    }
}

/// An order with what a unit of work changes about it.
struct Applied<'a> {
    order: Order,
    is_changed: bool,
    /// The payments that exceed its amount now, as changes.
    paid_twice: Vec<PaymentChange<'a>>,
}

/// Applies what observations report of orders, and how their payments changed. Returns the payments that exceed the amount of their orders
/// now and did not before, each as a change.
///
/// Idempotent: a repeated report changes no order, and moves are changes of payments, which a repeated report does not make.
///
/// # Errors
/// If the database fails; then neither payments nor events are stored.
pub(crate) async fn project<'a>(
    tx: &mut Tx,
    moves: &'a [OrderMove<'a>],
    reports: &[PaymentReport<'a>],
) -> Result<Vec<PaymentChange<'a>>, DbError> {
    let entries = entries(moves, reports);
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut new = Vec::new();
    for ((app, mode, _, id), entry) in &entries {
        let (gateway, state) = (entry.scope.gateway, OrderState::default());
        let order = Order { app: *app, mode: *mode, gateway, order_id: (*id).to_owned(), state };
        new.push(apply(tx, order, entry).await?);
    }
    let inserted = store::insert(tx, &new.iter().map(|applied| &applied.order).collect::<Vec<_>>()).await?;
    let (new, known): (Vec<_>, Vec<_>) = new.into_iter().partition(|applied| inserted.contains(&applied.order.key()));
    let mut paid_twice: Vec<_> = new.into_iter().flat_map(|applied| applied.paid_twice).collect();
    if known.is_empty() {
        return Ok(paid_twice);
    }
    // Some are already stored, perhaps just now by another server: lock them and merge.
    let locked = store::lock(tx, &known.iter().map(|applied| &applied.order).collect::<Vec<_>>()).await?.into_iter();
    let mut locked: HashMap<OwnedKey, Order> = locked.map(|order| (order.key(), order)).collect();
    let mut changed = Vec::new();
    for ((app, mode, gateway, id), entry) in &entries {
        let Some(order) = locked.remove(&(*app, *mode, *gateway, (*id).to_owned())) else { continue };
        let applied = apply(tx, order, entry).await?;
        paid_twice.extend(applied.paid_twice);
        changed.extend(applied.is_changed.then_some(applied.order));
    }
    store::update(tx, &changed).await?;
    Ok(paid_twice)
}

/// Applies what a unit of work reports of an order.
async fn apply<'a>(tx: &mut Tx, order: Order, entry: &Entry<'a>) -> Result<Applied<'a>, DbError> {
    let state = updated(&order.state, entry);
    let scope = (order.app, order.mode, order.gateway);
    let payments = match state.captured_payments {
        ..2 => Vec::new(),
        _ => references::list_captured_of_order(tx, scope, &order.order_id, MAX_COMPARED).await?,
    };
    Ok(compare((order, state), entry, &payments))
}

/// Compares an order with its captured payments.
fn compare<'a>((order, mut state): (Order, OrderState), entry: &Entry<'a>, payments: &[Transaction]) -> Applied<'a> {
    let before: Vec<Transaction> = payments.iter().filter_map(|payment| as_before(payment, entry)).collect();
    let known: HashSet<TransactionId> = overpaid::excess(&before, &order.state).iter().map(|payment| payment.id).collect();
    let excess = overpaid::excess(payments, &state);
    state.overpaid_by = excess.last().map(|newest| newest.id);
    // What completed it may be an older payment that was captured late.
    let reported = entry.reports.iter().map(|facts| facts.at);
    let at = payments.iter().map(|payment| payment.updated_at).chain(reported).max();
    let is_new = |payment: &&&Transaction| !known.contains(&payment.id);
    let change = |payment: &&Transaction| PaymentChange {
        transaction: payment.id,
        scope: entry.scope,
        change: Change {
            kind: ChangeKind::OrderPaidTwice,
            object: None,
            money: payment.money(),
            method: payment.method.clone(),
            at: at.unwrap_or(payment.updated_at),
        },
    };
    let paid_twice = excess.iter().filter(is_new).map(change).collect();
    Applied { is_changed: state != order.state, order: Order { state, ..order }, paid_twice }
}

/// Returns a payment as it was before the unit of work; `None` if it was no captured payment of the order.
fn as_before(payment: &Transaction, entry: &Entry<'_>) -> Option<Transaction> {
    let Some(before) = entry.before.get(&payment.id) else { return Some(payment.clone()) };
    let before = (*before)?;
    let refunded = before.left.zip(payment.amount).map(|(left, amount)| amount - payment.lost - left.subunits);
    Some(Transaction {
        refunded: refunded.unwrap_or(payment.refunded),
        is_dispute_lost: before.is_dispute_lost,
        ..payment.clone()
    })
}

/// Returns what the unit of work changes about each order. An order of which nothing is reported or captured is not stored.
fn entries<'a>(moves: &'a [OrderMove<'a>], reports: &[PaymentReport<'a>]) -> BTreeMap<Key<'a>, Entry<'a>> {
    let mut entries = BTreeMap::new();
    for one in moves {
        let order = |part: &'a Option<InOrder>| part.as_ref().map(|part| part.order_id.as_str());
        let (before, after) = (order(&one.before), order(&one.after));
        if let Some(id) = before {
            entry(&mut entries, one.scope, id).captured -= 1;
        }
        if let Some(id) = after {
            let entry = entry(&mut entries, one.scope, id);
            entry.captured += 1;
            entry.before.insert(one.transaction, one.before.as_ref().filter(|_| before == after));
        }
    }
    for report in reports {
        if let Some(order) = &report.facts.details.order {
            entry(&mut entries, report.scope, &order.id).reports.push(report.facts);
        }
    }
    entries
}

fn entry<'a, 'e>(
    entries: &'e mut BTreeMap<Key<'a>, Entry<'a>>,
    scope: &'a ConnectionScope,
    order_id: &'a str,
) -> &'e mut Entry<'a> {
    let key = (scope.app, scope.mode, scope.gateway.slug(), order_id);
    let new = Entry { scope, reports: Vec::new(), captured: 0, before: HashMap::new() };
    entries.entry(key).or_insert(new)
}

/// Returns the state with what the unit of work reports; whether it is overpaid is judged afterwards.
fn updated(state: &OrderState, entry: &Entry<'_>) -> OrderState {
    let mut state = state.clone();
    entry.reports.iter().for_each(|facts| state.apply(facts));
    state.captured_payments += entry.captured;
    state
}
