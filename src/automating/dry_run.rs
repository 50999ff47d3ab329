//! The dry run: counts the payments for which an automation would have run, and picks one for the preview.
//!
//! Invariant: nothing is stored or sent. At most [`MAX_EXAMINED`] payments and [`MAX_ORDERS`] orders are read, the newest first.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    apps::App,
    automations::conditions::{Conditions, Facts},
    db::{DbError, Reader, list},
    gateways::{Mode, payment::Status},
    ledger::{
        orders,
        payments::{
            Transaction,
            changes::ChangeKind,
            store::{Filter, Kinds},
        },
    },
    primitives::{id::TransactionId, money::Money, time::Timestamp},
};

/// The most payments that are read.
pub(crate) const MAX_EXAMINED: i64 = 2_000;
/// The most orders that were paid twice that are read.
const MAX_ORDERS: usize = 2_000;
/// The period whose payments are counted.
const PERIOD: Duration = Duration::from_hours(7 * 24);

/// What an automation would have done.
#[derive(Debug, Default)]
pub(crate) struct DryRun {
    /// For how many payments it would have run.
    pub(crate) fitting: usize,
    /// How many payments have changed in that way, but do not meet its conditions.
    pub(crate) others: usize,
    /// True if there are more payments than were read.
    pub(crate) is_partial: bool,
    /// The newest payment that matches.
    pub(crate) newest: Option<Transaction>,
}

/// Counts the payments of the last 7 days.
pub(crate) async fn count(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    (kind, conditions): (ChangeKind, &Conditions),
    now: Timestamp,
) -> Result<DryRun, DbError> {
    let until = Timestamp::from_millis(now.millis() + 1);
    let filter = Filter { app: app.id, mode, from: now.minus(PERIOD), until, kinds: Kinds::default() };
    let payments = list::newest(reader, &filter, MAX_EXAMINED).await?;
    let mut run =
        DryRun { is_partial: i64::try_from(payments.len()).is_ok_and(|count| count == MAX_EXAMINED), ..DryRun::default() };
    let paid_twice = match kind {
        ChangeKind::OrderPaidTwice => paid_twice(reader, (app, mode)).await?,
        _ => BTreeSet::new(),
    };
    run.is_partial |= paid_twice.len() >= MAX_ORDERS;
    for payment in payments {
        if !has_changed(kind, &payment, &paid_twice) {
            continue;
        }
        let facts = Facts { money: amount(kind, &payment), method: payment.method.as_deref(), gateway: payment.gateway };
        if conditions.are_met(facts) {
            run.fitting += 1;
            run.newest = run.newest.or(Some(payment));
        } else {
            run.others += 1;
        }
    }
    Ok(run)
}

/// True if a payment has had such a change. `paid_twice` are those that exceed the amount of their orders.
fn has_changed(kind: ChangeKind, payment: &Transaction, paid_twice: &BTreeSet<TransactionId>) -> bool {
    match kind {
        ChangeKind::Captured => payment.is_captured,
        ChangeKind::Failed => payment.status == Some(Status::Failed),
        ChangeKind::Refunded => payment.processed_refund().is_some(),
        ChangeKind::DisputeOpened => payment.state.is_of_dispute(),
        ChangeKind::OrderPaidTwice => paid_twice.contains(&payment.id),
    }
}

/// Returns the newest payment of each order that is overpaid.
async fn paid_twice(reader: &mut Reader, (app, mode): (&App, Mode)) -> Result<BTreeSet<TransactionId>, DbError> {
    let orders = orders::store::list_overpaid(reader, (app.id, mode), MAX_ORDERS).await?;
    Ok(orders.into_iter().filter_map(|order| order.state.overpaid_by).collect())
}

/// Returns the amount of a payment's change, if it is known. For several refunds, it is their total.
fn amount(kind: ChangeKind, payment: &Transaction) -> Option<Money> {
    if kind == ChangeKind::Refunded { payment.processed_refund() } else { payment.money() }
}
