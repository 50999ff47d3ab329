//! The projection: merges reports into the state of a payment. Pure, and a function of the *set* of reports.
//!
//! Every report has a rank: the gateway's time in seconds, then the position of the reported state in the gateway's life
//! cycle, then the body's digest. For each refund and each dispute the report of the highest rank wins. A total that a
//! payment quotes is true as of its rank; refunds reported with a higher rank are applied on top (`total.rs`). A borrowed
//! time ranks below every event time of the gateway. Each stored field is a maximum or a minimum under a total order, so
//! reports may arrive in any order and any number of times.

mod outcome;
mod shortfall;
#[cfg(test)]
mod tests;
mod total;

use std::collections::BTreeMap;

use crate::{
    gateways::payment::{
        Dispute, DisputeStatus, FailureCategory, PaymentObservation, Refund, RefundStatus, Snapshot, Status, TimeSource,
    },
    primitives::{
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// A time for ranking reports: whole seconds, with borrowed times below all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Moment(i64);

impl Moment {
    /// Larger than any time of a gateway in Unix seconds.
    const BORROWED: i64 = 10_000_000_000;

    pub(crate) const fn of(at: Timestamp, source: TimeSource) -> Self {
        Self(match source {
            TimeSource::Envelope => at.seconds(),
            TimeSource::Entity => at.seconds() - Self::BORROWED,
            // A duplicate is received later than the stored event, so this time must not decide anything.
            TimeSource::Received => -2 * Self::BORROWED,
        })
    }

    /// Returns the time in Unix seconds, unless it was borrowed.
    pub(crate) fn seconds(self) -> Option<i64> {
        (self.0 >= 0).then_some(self.0)
    }
}

/// The state of a payment, merged from its reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PaymentState {
    /// The snapshot that determines stage and amount.
    pub(crate) decisive: Option<WinningSnapshot>,
    pub(crate) order_id: Option<String>,
    pub(crate) method: Option<String>,
    /// The settlement amount of a payment in a foreign currency.
    pub(crate) settled: Option<(i64, Currency)>,
    /// The refunded total that a report of the payment or of a dispute quotes, of the highest rank.
    pub(crate) quote: Option<Quote>,
    pub(crate) refunds: BTreeMap<String, RefundState>,
    pub(crate) disputes: BTreeMap<String, DisputeState>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Updated>,
}

/// A captured payment's part in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InOrder {
    pub(crate) order_id: String,
    /// What is left after refunds and lost disputes; `None` if the amount is unknown.
    pub(crate) left: Option<Money>,
    /// True if a dispute was lost, whose cost may be in another currency.
    pub(crate) is_dispute_lost: bool,
}

/// The stage of the payment itself (never `refunded`, which follows from the amounts), then the rank, then the amount, and why it
/// failed: the greatest wins.
pub(crate) type WinningSnapshot = (Status, Moment, i64, i64, Currency, Option<FailureCategory>);

/// A quoted total and the time as of which it is true. Of two with the same time, the later in the life cycle wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) at: Moment,
    pub(crate) total: i64,
}

/// The winning report of a refund. The fields are in the order of their rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RefundReport {
    pub(crate) at: Moment,
    pub(crate) status: RefundStatus,
    pub(crate) digest: i64,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
}

/// The state of a refund, merged from its reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefundState {
    pub(crate) last: RefundReport,
    /// When the gateway created it, if reported.
    pub(crate) made_at: Option<Moment>,
    /// The time of the first report of it as not failed.
    pub(crate) standing_since: Option<Moment>,
    /// The time of the first report of it as failed.
    pub(crate) failed_since: Option<Moment>,
    /// The total quoted by its last report as not failed that quotes one.
    pub(crate) quote: Option<Quote>,
    /// The total quoted by its last report as failed that quotes one.
    pub(crate) failed_quote: Option<Quote>,
}

/// The winning report of a dispute. The fields are in the order of their rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DisputeState {
    pub(crate) at: Moment,
    pub(crate) status: DisputeStatus,
    pub(crate) digest: i64,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) deducted: Option<i64>,
    pub(crate) respond_by: Option<Timestamp>,
}

/// The time of the latest event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Updated {
    pub(crate) at: Timestamp,
    /// True if this is only the time of receipt, because no event has a time of the gateway.
    pub(crate) is_received: bool,
}

impl RefundState {
    fn new(last: RefundReport) -> Self {
        Self { last, made_at: None, standing_since: None, failed_since: None, quote: None, failed_quote: None }
    }

    fn apply(&mut self, report: RefundReport, made_at: Option<Moment>, total: Option<i64>) {
        self.last = self.last.max(report);
        merge_min(&mut self.made_at, made_at.as_ref());
        let quote = total.map(|total| Quote { at: report.at, total });
        if report.status == RefundStatus::Failed {
            merge_min(&mut self.failed_since, Some(&report.at));
            // Failures lower the total, so of two with the same time the lesser is the later.
            self.failed_quote = later(self.failed_quote, quote, |quote| (quote.at, -quote.total));
        } else {
            merge_min(&mut self.standing_since, Some(&report.at));
            self.quote = later(self.quote, quote, |quote| (quote.at, quote.total));
        }
    }
}

impl PaymentState {
    /// Merges an observation.
    pub(crate) fn apply(&mut self, facts: &PaymentObservation) {
        self.update(facts);
        let at = Moment::of(facts.at, facts.time_source);
        let total = facts.snapshot.as_ref().and_then(Snapshot::quote);
        if let Some(snapshot) = &facts.snapshot {
            let money = snapshot.money;
            let won = (snapshot.stage(), at, facts.digest, money.subunits, money.currency, snapshot.failure);
            self.decisive = self.decisive.max(Some(won));
            merge_min(&mut self.order_id, snapshot.order_id.as_ref());
            merge_min(&mut self.method, snapshot.method.as_ref());
            merge_min(&mut self.created_at, Some(&snapshot.created_at));
            let settled = facts.details.settled.map(|money| (money.subunits, money.currency));
            merge_min(&mut self.settled, settled.as_ref());
        }
        if let Some(Refund { id, money, status, created_at }) = &facts.refund {
            let (amount, currency) = (money.subunits, money.currency);
            let report = RefundReport { at, status: *status, digest: facts.digest, amount, currency };
            let made_at = created_at.map(|at| Moment::of(at, TimeSource::Envelope));
            self.refunds.entry(id.clone()).or_insert_with(|| RefundState::new(report)).apply(report, made_at, total);
        } else {
            self.quote = later(self.quote, total.map(|total| Quote { at, total }), |quote| (quote.at, quote.total));
        }
        if let Some(Dispute { id, status, money, deducted, respond_by }) = &facts.dispute {
            let (amount, currency, deducted, respond_by) = (money.subunits, money.currency, *deducted, *respond_by);
            let report = DisputeState { at, status: *status, digest: facts.digest, amount, currency, deducted, respond_by };
            let known = self.disputes.entry(id.clone()).or_insert(report);
            *known = (*known).max(report);
        }
    }

    /// Updates the time of the latest event: the latest time of the gateway; while there is none, the first time of receipt,
    /// which no duplicate changes.
    fn update(&mut self, facts: &PaymentObservation) {
        let is_received = facts.time_source == TimeSource::Received;
        let said = Updated { at: facts.at, is_received };
        let known = self.updated_at.unwrap_or(said);
        self.updated_at = Some(match (known.is_received, is_received) {
            (false, true) => known,
            (true, false) => said,
            (true, true) => Updated { at: known.at.min(said.at), ..said },
            (false, false) => Updated { at: known.at.max(said.at), ..said },
        });
    }
}

/// Returns the quote of the higher rank.
fn later<K: Ord>(known: Option<Quote>, said: Option<Quote>, rank: impl Fn(&Quote) -> K) -> Option<Quote> {
    known.into_iter().chain(said).max_by_key(rank)
}

/// Merges two values that are normally equal: the lesser wins.
pub(crate) fn merge_min<T: Ord + Clone>(known: &mut Option<T>, said: Option<&T>) {
    if let Some(said) = said
        && known.as_ref().is_none_or(|known| said < known)
    {
        *known = Some(said.clone());
    }
}
