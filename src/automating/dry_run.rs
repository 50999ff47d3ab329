//! The dry run: counts the payments for which an automation would have run, and picks one for the preview.
//!
//! Invariant: nothing is stored or sent. At most [`MAX_EXAMINED`] payments and [`MAX_ORDERS`] orders are read, the newest
//! first, and the notes of at most [`MAX_NOTES_READ`], because they are in the bodies of events.

use std::{collections::BTreeSet, time::Duration};

use super::values;
use crate::{
    apps::App,
    automations::{
        conditions::{Conditions, Facts},
        deadlines::{self, NOTICE},
    },
    db::{DbError, Reader, list},
    gateways::{Mode, payment::Status},
    ledger::{
        orders,
        payments::{
            Transaction,
            changes::ChangeKind,
            store::{
                self, Filter, Kinds,
                open_disputes::{self, DueCursor, MAX_OPEN_DISPUTES},
            },
        },
    },
    primitives::{id::TransactionId, money::Money, time::Timestamp},
};

/// The most payments that are read.
const MAX_EXAMINED: i64 = 2_000;
/// The most payments whose notes are read.
const MAX_NOTES_READ: usize = 100;
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
    /// How many payments were checked, if there are more.
    pub(crate) checked: Option<i64>,
    /// The newest payment that matches.
    pub(crate) newest: Option<Transaction>,
}

/// Payments that have changed, the newest first, each with the amount of its change.
type Candidates = Vec<(Transaction, Option<Money>)>;

/// Counts the payments of the last 7 days.
pub(crate) async fn count(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    (kind, conditions): (ChangeKind, &Conditions),
    now: Timestamp,
) -> Result<DryRun, DbError> {
    let (candidates, checked) = match kind {
        ChangeKind::DisputeDeadline => due(reader, (app, mode), now).await?,
        _ => changed(reader, (app, mode), kind, now).await?,
    };
    let mut run = DryRun { checked, ..DryRun::default() };
    let mut notes_read = 0;
    for ((payment, money), checked) in candidates.into_iter().zip(0..) {
        let facts = Facts { money, method: payment.method.as_deref(), gateway: payment.gateway };
        let mut is_met = conditions.are_met(facts);
        if is_met && conditions.note.is_some() {
            if notes_read == MAX_NOTES_READ {
                run.checked = Some(checked);
                break;
            }
            notes_read += 1;
            is_met = conditions.is_note_met(&values::details(reader, app, payment.id).await?.notes);
        }
        if is_met {
            run.fitting += 1;
            run.newest = run.newest.or(Some(payment));
        } else {
            run.others += 1;
        }
    }
    Ok(run)
}

/// Returns the payments that have changed, and how many were examined if there are more.
async fn changed(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    kind: ChangeKind,
    now: Timestamp,
) -> Result<(Candidates, Option<i64>), DbError> {
    let until = Timestamp::from_millis(now.millis() + 1);
    let filter = Filter { app: app.id, mode, from: now.minus(PERIOD), until, kinds: Kinds::default() };
    let mut payments = list::newest(reader, &filter, MAX_EXAMINED).await?;
    let is_partial = i64::try_from(payments.len()).is_ok_and(|count| count == MAX_EXAMINED);
    let paid_twice = match kind {
        ChangeKind::OrderPaidTwice => paid_twice(reader, (app, mode)).await?,
        _ => BTreeSet::new(),
    };
    payments.retain(|payment| has_changed(kind, payment, &paid_twice));
    let candidates = payments.into_iter().map(|payment| {
        let amount = amount(kind, &payment);
        (payment, amount)
    });
    Ok((candidates.collect(), is_partial.then_some(MAX_EXAMINED)))
}

/// Returns the payments whose disputes had to be answered soon within the period and are still open, the latest deadline first.
async fn due(reader: &mut Reader, (app, mode): (&App, Mode), now: Timestamp) -> Result<(Candidates, Option<i64>), DbError> {
    let after = DueCursor::from(now.minus(PERIOD).plus(NOTICE));
    let due = open_disputes::list_due(reader, (app.id, mode), (&after, deadlines::until(now))).await?;
    let checked = (due.len() >= MAX_OPEN_DISPUTES).then(|| i64::try_from(due.len()).unwrap_or(i64::MAX));
    let mut candidates = Vec::new();
    for due in due.iter().rev() {
        let payment = store::find(&mut *reader, app.id, due.open.transaction).await?;
        candidates.extend(payment.map(|payment| (payment, Some(due.open.dispute.money))));
    }
    Ok((candidates, checked))
}

/// True if a payment has had such a change. `paid_twice` are those that exceed the amount of their orders.
fn has_changed(kind: ChangeKind, payment: &Transaction, paid_twice: &BTreeSet<TransactionId>) -> bool {
    match kind {
        ChangeKind::Captured => payment.is_captured,
        ChangeKind::Failed => payment.status == Some(Status::Failed),
        ChangeKind::Refunded => payment.processed_refund().is_some(),
        ChangeKind::DisputeOpened => payment.state.is_of_dispute(),
        // Found by their deadlines.
        ChangeKind::DisputeDeadline => false,
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
