//! Transactions: a payment as reported by events, with its order, refunds and disputes.
//!
//! Invariant: a transaction is a pure function of the set of observations, independent of their order and repetition, so that
//! it can be rebuilt from the events.

pub(crate) mod changes;
pub(crate) mod daily;
pub(crate) mod disputes;
pub(crate) mod failure;
pub(crate) mod figures;
pub(crate) mod projection;
pub(crate) mod reconcile_totals;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod zone_changes;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use changes::Change;
use daily::TotalsDelta;
use failure::FailureReason;
use projection::{InOrder, PaymentState};
use state::DisplayState;
use store::{
    Filter, Kinds, references,
    write::{self, ChangedParts, Key, LockedPayment, PaymentRow},
};

use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::{App, zones::Zones},
    connections::ConnectionScope,
    db::{DbError, Reader, Tx, list},
    gateways::{
        Gateway, Mode,
        payment::{PaymentObservation, Status},
    },
    primitives::{
        id::{AppId, ConnectionId, TransactionId},
        keyset::Listed,
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// A transaction, as needed by lists and exports.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) id: TransactionId,
    pub(crate) app: AppId,
    pub(crate) connection: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) payment_id: String,
    pub(crate) order_id: Option<String>,
    pub(crate) status: Option<Status>,
    /// The latest stage reported of the payment itself; never `refunded`.
    pub(crate) stage: Option<Status>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<FailureReason>,
    /// The state shown by the badge.
    pub(crate) state: DisplayState,
    pub(crate) amount: Option<i64>,
    /// The refunded total in subunits, including pending refunds.
    pub(crate) refunded: i64,
    /// The part of `refunded` whose refunds are not processed yet.
    pub(crate) refund_pending: i64,
    /// The amount in subunits that is left to refund after failed refunds.
    pub(crate) refund_failed: i64,
    pub(crate) currency: Option<Currency>,
    pub(crate) method: Option<String>,
    pub(crate) is_disputed: bool,
    /// True if a dispute was lost and none is open or under review.
    pub(crate) is_dispute_lost: bool,
    /// True if the money was received.
    pub(crate) is_captured: bool,
    /// The loss from disputes in subunits.
    pub(crate) lost: i64,
    /// The amount in subunits deducted for undecided and closed disputes.
    pub(crate) held: i64,
    /// The settlement amount of a payment in a foreign currency.
    pub(crate) settled: Option<Money>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Transaction {
    /// Returns the amount with its currency, if both are known.
    pub(crate) fn money(&self) -> Option<Money> {
        Some(Money::new(self.amount?, self.currency?))
    }

    /// Returns the refunded total, including pending refunds, unless it is 0.
    pub(crate) fn refund(&self) -> Option<Money> {
        self.part(self.refunded)
    }

    /// Returns the total of refunds reported as processed.
    pub(crate) fn processed_refund(&self) -> Option<Money> {
        self.part(self.refunded.saturating_sub(self.refund_pending))
    }

    /// Returns the total of pending refunds.
    pub(crate) fn pending_refund(&self) -> Option<Money> {
        self.part(self.refund_pending)
    }

    /// Returns the amount that is left to refund after failed refunds.
    pub(crate) fn failed_refund(&self) -> Option<Money> {
        self.part(self.refund_failed)
    }

    /// Returns an amount in the payment's currency, if it is positive.
    pub(crate) fn part(&self, subunits: i64) -> Option<Money> {
        (subunits > 0).then_some(Money::new(subunits, self.currency?))
    }
}

/// The observation of a payment from one arrival, with its connection.
#[derive(Clone, Copy)]
pub(crate) struct PaymentReport<'a> {
    pub(crate) scope: &'a ConnectionScope,
    /// The zones of the app.
    pub(crate) zones: Zones,
    pub(crate) facts: &'a PaymentObservation,
    /// The id of the transaction if this is a new payment.
    pub(crate) id: TransactionId,
}

impl<'a> PaymentReport<'a> {
    fn key(&self) -> Key<'a> {
        (self.scope.connection, &self.facts.payment_id)
    }
}

/// The result of [`project`].
pub(crate) struct Projected<'a> {
    /// The transaction id of each report, in the order of the reports.
    pub(crate) ids: Vec<TransactionId>,
    /// The input of [`apply_totals`].
    pub(crate) sums: TotalsDelta,
    /// What changed, in the order of the payments' keys.
    pub(crate) changes: Vec<PaymentChange<'a>>,
    /// How payments' parts in their orders changed.
    pub(crate) order_moves: Vec<OrderMove<'a>>,
}

/// A change of a payment's part in its order.
pub(crate) struct OrderMove<'a> {
    pub(crate) transaction: TransactionId,
    pub(crate) scope: &'a ConnectionScope,
    pub(crate) before: Option<InOrder>,
    pub(crate) after: Option<InOrder>,
}

/// A change with its payment.
pub(crate) struct PaymentChange<'a> {
    pub(crate) transaction: TransactionId,
    pub(crate) scope: &'a ConnectionScope,
    pub(crate) change: Change,
}

/// Applies observations to payments and returns the transaction id of each one.
///
/// Idempotent: repeated observations change nothing, so it does not matter whether an arrival is new.
///
/// # Errors
/// If the database fails; then the events themselves are not stored either.
pub(crate) async fn project<'a>(tx: &mut Tx, reports: &[PaymentReport<'a>]) -> Result<Projected<'a>, DbError> {
    let mut entries = entries(reports);
    let mut sums = TotalsDelta::default();
    if write::insert(tx, &entries.values().collect::<Vec<_>>()).await? {
        for entry in entries.values() {
            sums.add(entry, &entry.state);
        }
    } else {
        // Some are already stored, perhaps just now by another server: lock all of them and merge.
        let stored = write::lock(tx, &entries.values().collect::<Vec<_>>()).await?;
        let before: HashMap<Key<'_>, &LockedPayment> = stored.iter().map(|stored| (stored.key(), stored)).collect();
        let mut facts: HashMap<Key<'_>, Vec<&PaymentObservation>> = HashMap::new();
        for reports in reports {
            facts.entry(reports.key()).or_default().push(reports.facts);
        }
        for (key, entry) in &mut entries {
            match before.get(key).filter(|stored| stored.id != entry.id) {
                None => sums.add(entry, &entry.state),
                Some(stored) => {
                    *entry = updated(entry, stored, facts.get(key).into_iter().flatten().copied());
                    sums.replace(entry, &stored.state, &entry.state);
                }
            }
        }
        let changed: Vec<_> = entries.values().filter(|entry| entry.is_changed).collect();
        write::update(tx, &changed).await?;
    }
    write::write_news(tx, &entries.values().collect::<Vec<_>>()).await?;
    add_references(tx, reports, &entries).await?;
    let ids = reports.iter().filter_map(|reports| entries.get(&reports.key())).map(|entry| entry.id).collect();
    let order_moves = entries.values().filter_map(PaymentRow::order_move).collect();
    let changes = entries.into_values().flat_map(PaymentRow::into_changes).collect();
    Ok(Projected { ids, sums, changes, order_moves })
}

async fn add_references(
    tx: &mut Tx,
    reports: &[PaymentReport<'_>],
    entries: &BTreeMap<Key<'_>, PaymentRow<'_>>,
) -> Result<(), DbError> {
    // A set, because several reports of a batch may have the same reference.
    let mut rows: BTreeSet<references::SearchKey> = BTreeSet::new();
    for report in reports {
        if let Some(entry) = entries.get(&report.key()) {
            let keys = report.facts.details.references.iter().map(|reference| references::search_key(&reference.text));
            rows.extend(keys.map(|key| (report.scope.app, key, entry.id)));
        }
    }
    references::add(tx, &rows.iter().collect::<Vec<_>>()).await
}

/// Applies the changes to the daily totals. Called after all other writes: all payments of an app share a few rows, which
/// should be locked as briefly as possible.
///
/// # Errors
/// If the database fails.
pub(crate) async fn apply_totals(tx: &mut Tx, sums: &TotalsDelta) -> Result<(), DbError> {
    store::daily_totals::add(tx, sums).await
}

/// Returns the payment states from these reports alone, as if nothing were stored yet, in key order.
fn entries<'a>(reports: &[PaymentReport<'a>]) -> BTreeMap<Key<'a>, PaymentRow<'a>> {
    let mut entries = BTreeMap::new();
    for reports in reports {
        entries.entry(reports.key()).or_insert_with(|| PaymentRow::new(reports)).state.apply(reports.facts);
    }
    for entry in entries.values_mut() {
        let nothing = PaymentState::default();
        entry.news = ChangedParts::between(&nothing, &entry.state);
        entry.changes = changes::between(&nothing, &entry.state);
    }
    entries
}

/// Returns the row with the observations merged into the stored state.
fn updated<'a>(
    entry: &PaymentRow<'a>,
    stored: &LockedPayment,
    facts: impl Iterator<Item = &'a PaymentObservation>,
) -> PaymentRow<'a> {
    let mut state = stored.state.clone();
    facts.for_each(|facts| state.apply(facts));
    entry.updated(stored.id, &stored.state, state)
}

/// Lists are in the order of creation at the gateway.
impl Listed for Transaction {
    type Cursor = (Timestamp, TransactionId);

    fn cursor(&self) -> Self::Cursor {
        (self.created_at, self.id)
    }
}

/// Records that an actor downloads payments of an app. Committed before the first of them is sent.
pub(crate) async fn begin_export(tx: &mut Tx, app: &App, (actor, now): (&Actor<'_>, Timestamp)) -> Result<(), UseCaseError> {
    actor.require(Permission::ExportPayments, app.company_id)?;
    Ok(security_log::append(tx, actor, Action::PaymentsExported, app.id, now).await?)
}

/// Returns the newest transaction of a mode, of any age.
pub(crate) async fn newest(reader: &mut Reader, app: AppId, mode: Mode) -> Result<Option<Transaction>, DbError> {
    let (from, until) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
    Ok(list::newest(reader, &Filter { app, mode, from, until, kinds: Kinds::default() }, 1).await?.pop())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::authz::denial::assert_denied,
        apps,
        db::test_db::TestDb,
        events,
        primitives::id::{CompanyId, EventId},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn only_a_user_of_the_company_with_the_permission_downloads_payments_and_events() {
        let test = TestDb::new("export_denied").await;
        let (app, now) = (&apps::tests::app(CompanyId::unique()), Timestamp::from_seconds(1_795_343_400));
        let begin = async |actor: Actor<'static>| begin_export(&mut test.db.begin().await?, app, (&actor, now)).await;
        assert_denied(app.company_id, begin).await;
        let event = EventId::unique();
        let begin =
            async |actor: Actor<'static>| events::begin_download(&mut test.db.begin().await?, app, event, (&actor, now)).await;
        assert_denied(app.company_id, begin).await;
        test.end().await;
    }
}
