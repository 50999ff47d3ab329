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

use std::{collections::BTreeMap, str::FromStr};

use super::Status;
use crate::primitives::{
    money::{Currency, Money},
    time::Timestamp,
};

/// An observation of a payment, from one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentObservation {
    pub(crate) payment_id: String,
    /// The time of the event.
    pub(crate) at: Timestamp,
    pub(crate) time_source: TimeSource,
    /// The beginning of the body's SHA-256, which ranks otherwise equal reports. Set by `ParsedEvent::received`.
    pub(crate) digest: i64,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) refund: Option<Refund>,
    pub(crate) dispute: Option<Dispute>,
    pub(crate) details: Details,
}

/// Details for display and search; no status and no total depends on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// The settlement amount of a payment in a foreign currency.
    pub(crate) settled: Option<Money>,
    pub(crate) references: Vec<Reference>,
}

/// A customer's or bank's reference to a payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) kind: ReferenceKind,
    pub(crate) text: String,
}

/// The origin of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReferenceKind {
    /// The merchant.
    Receipt,
    /// The bank, for the payment: RRN, UTR or ARN.
    Bank,
    /// The bank, for a refund of it.
    RefundBank,
}

/// The source of an event's time, least trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimeSource {
    /// The time at which the event was received, because neither the envelope nor the entity has a time.
    Received,
    /// Borrowed from the entity of the event.
    Entity,
    /// The time in the envelope.
    Envelope,
}

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

/// The payment as it was when the event occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) status: Status,
    /// For the status `refunded`: whether the payment was ever captured, if reported.
    pub(crate) was_captured: Option<bool>,
    pub(crate) money: Money,
    /// The gateway's time of the payment.
    pub(crate) created_at: Timestamp,
    pub(crate) order_id: Option<String>,
    pub(crate) method: Option<String>,
    /// The refunded total that the payment quotes, in subunits.
    pub(crate) refunded: Option<i64>,
}

/// One refund of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) money: Money,
    pub(crate) status: RefundStatus,
    /// The gateway's time of the refund, if known.
    pub(crate) created_at: Option<Timestamp>,
}

/// The state of a refund, in the order of the gateway's life cycle: a failure is reported after a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefundStatus {
    Pending,
    Processed,
    Failed,
}

/// One dispute of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) status: DisputeStatus,
    pub(crate) money: Money,
    /// The amount deducted for it in subunits, if reported.
    pub(crate) deducted: Option<i64>,
    /// The deadline for a response.
    pub(crate) respond_by: Option<Timestamp>,
}

/// The state of a dispute, in the order of the gateway's life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DisputeStatus {
    Open,
    UnderReview,
    Lost,
    Won,
    Closed,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ }) => {
        impl $name {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err("no such status") }
            }
        }
    };
}
words!(ReferenceKind { Receipt = "receipt", Bank = "bank", RefundBank = "refund_bank" });
words!(RefundStatus { Pending = "pending", Failed = "failed", Processed = "processed" });
words!(DisputeStatus { Open = "open", UnderReview = "under_review", Lost = "lost", Won = "won", Closed = "closed" });

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

/// The stage of the payment itself (never `refunded`, which follows from the amounts), then the rank, then the amount: the
/// greatest wins.
pub(crate) type WinningSnapshot = (Status, Moment, i64, i64, Currency);

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

impl PaymentObservation {
    /// Returns the time by which the observation ranks.
    pub(crate) const fn moment(&self) -> Moment {
        Moment::of(self.at, self.time_source)
    }

    /// Returns the id and the state of the reported refund or dispute; without one, the stage of the payment.
    pub(crate) fn subject(&self) -> (Option<&str>, Option<&'static str>) {
        let refund = self.refund.as_ref().map(|refund| (refund.id.as_str(), refund.status.as_str()));
        let dispute = || self.dispute.as_ref().map(|dispute| (dispute.id.as_str(), dispute.status.as_str()));
        match refund.or_else(dispute) {
            Some((id, status)) => (Some(id), Some(status)),
            None => (None, self.snapshot.as_ref().map(|snapshot| snapshot.stage().as_str())),
        }
    }
}

impl Snapshot {
    /// Returns the stage of the payment itself. A refunded payment was captured before, unless its report says otherwise.
    const fn stage(&self) -> Status {
        match (self.status, self.was_captured) {
            (Status::Refunded, Some(false)) => Status::Authorized,
            (Status::Refunded, _) => Status::Captured,
            (status, _) => status,
        }
    }

    /// Returns the quoted refunded total: the whole amount if only the status `refunded` is reported.
    const fn quote(&self) -> Option<i64> {
        match (self.refunded, self.status) {
            (None, Status::Refunded) => Some(self.money.subunits),
            (quoted, _) => quoted,
        }
    }
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
        let at = facts.moment();
        let total = facts.snapshot.as_ref().and_then(Snapshot::quote);
        if let Some(snapshot) = &facts.snapshot {
            let money = snapshot.money;
            self.decisive = self.decisive.max(Some((snapshot.stage(), at, facts.digest, money.subunits, money.currency)));
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
fn merge_min<T: Ord + Clone>(known: &mut Option<T>, said: Option<&T>) {
    if let Some(said) = said
        && known.as_ref().is_none_or(|known| said < known)
    {
        *known = Some(said.clone());
    }
}
