//! How much of a payment was refunded: the quoted total of the highest rank, and on top of it what refunds did later.
//!
//! Quotes are read in the order of their moments. Each says how much was refunded *apart from* the refunds known here:
//! outside this webhook, or in reports still under way. Three things cannot be seen from one quote alone: whether the
//! report of a failure quotes a total that the failed refund was already taken out of; whether a refund made before the
//! quote but reported after it is in it; and what comes first within a second. Each is read in the way that agrees with
//! what is known already, if there is one. Otherwise the failed refund is out, and the refund that was made before is in.

use super::{Moment, Quote, RefundState, RefundStatus, Story};
use crate::kernel::money::Currency;

/// A quote and whose report it comes from, in the order of the life cycle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The payment's, or a dispute's.
    Payment,
    /// A refund's that had not failed.
    Refund,
    /// A failure's. The amount is that of the refund, where an earlier report of it is known: it may still be in the total.
    Failure { still_in: Option<i64> },
}

/// A way to tell which refunds stand as of a moment.
#[derive(Clone, Copy)]
struct Reading {
    /// Whether a refund exists from the time at which the gateway made it, or from its first report.
    is_from_creation: bool,
    /// Whether reports of the same second that quote nothing themselves come before the quote.
    is_inclusive: bool,
}

const READINGS: [Reading; 4] = [
    Reading { is_from_creation: true, is_inclusive: true },
    Reading { is_from_creation: false, is_inclusive: true },
    Reading { is_from_creation: true, is_inclusive: false },
    Reading { is_from_creation: false, is_inclusive: false },
];

/// The refunded total in subunits, not yet bounded by the amount.
pub(super) fn refunded(story: &Story, currency: Option<Currency>) -> i64 {
    if story.refunds.is_empty() {
        return story.quote.map_or(0, |quote| quote.total);
    }
    let refunds: Vec<&RefundState> = story.refunds.values().filter(|refund| Some(refund.last.currency) == currency).collect();
    let quotes = quotes(story);
    let (mut apart, mut before) = (0i64, None);
    for group in quotes.chunk_by(|one, next| one.0.at == next.0.at) {
        let at = group[0].0.at;
        apart = settle(apart, &refunds, before, at);
        apart = read(group, at, apart, &refunds);
        before = Some(at);
    }
    let last = |refund: &&&RefundState| refund.last.status != RefundStatus::Failed;
    let standing = sum(refunds.iter().filter(last).map(|refund| refund.last.amount));
    settle(apart, &refunds, before, Moment(i64::MAX)).saturating_add(standing)
}

/// All quotes in the order of rank.
fn quotes(story: &Story) -> Vec<(Quote, Source)> {
    let mut quotes: Vec<(Quote, Source)> = story.quote.map(|quote| (quote, Source::Payment)).into_iter().collect();
    for refund in story.refunds.values() {
        quotes.extend(refund.quote.map(|quote| (quote, Source::Refund)));
        let still_in = refund.standing_since.map(|_| refund.last.amount);
        quotes.extend(refund.failed_quote.map(|quote| (quote, Source::Failure { still_in })));
    }
    quotes.sort_by_key(|(quote, source)| {
        let later = if matches!(source, Source::Failure { .. }) { -quote.total } else { quote.total };
        (quote.at, *source > Source::Payment, *source > Source::Refund, later)
    });
    quotes
}

/// What is refunded apart from the known refunds, by the quotes of one moment.
fn read(group: &[(Quote, Source)], at: Moment, apart: i64, refunds: &[&RefundState]) -> i64 {
    let Some((last, rest)) = group.split_last() else { return apart };
    let of_refunds = rest.iter().filter(|(_, source)| *source != Source::Payment);
    let candidates: Vec<&(Quote, Source)> = of_refunds.chain([last]).collect();
    let agrees = |reading: &Reading| {
        let total = apart.saturating_add(standing(refunds, at, *reading));
        candidates.iter().any(|(quote, source)| match source {
            Source::Failure { still_in: Some(amount) } if apart >= 0 => total == quote.total || total == quote.total - amount,
            _ => total == quote.total,
        })
    };
    if READINGS.iter().any(agrees) {
        return apart;
    }
    // A payment's own report ranks below those of refunds in the same second.
    let reading = READINGS[if last.1 == Source::Payment { 2 } else { 0 }];
    last.0.total.saturating_sub(standing(refunds, at, reading))
}

/// Less than nothing apart means that a known refund was already taken out; its failure, once it is reported, makes up
/// for that.
fn settle(apart: i64, refunds: &[&RefundState], after: Option<Moment>, until: Moment) -> i64 {
    if apart >= 0 {
        return apart;
    }
    let failed = refunds.iter().filter(|refund| refund.last.status == RefundStatus::Failed);
    let failed = failed.filter(|refund| refund.failed_since.is_some_and(|at| Some(at) > after && at <= until));
    apart.saturating_add(sum(failed.map(|refund| refund.last.amount))).min(0)
}

/// The sum of the refunds that exist at a moment and have not failed.
fn standing(refunds: &[&RefundState], at: Moment, reading: Reading) -> i64 {
    sum(refunds.iter().filter(|refund| refund.stands(at, reading)).map(|refund| refund.last.amount))
}

impl RefundState {
    fn stands(&self, at: Moment, reading: Reading) -> bool {
        let quotes_now = |quote: Option<Quote>| quote.is_some_and(|quote| quote.at == at);
        let is_in = |since: Option<Moment>, quote: Option<Quote>| {
            since.is_some_and(|since| since < at || (since == at && (reading.is_inclusive || quotes_now(quote))))
        };
        let reported = [self.standing_since, self.failed_since].into_iter().flatten();
        let made = self.made_at.filter(|_| reading.is_from_creation);
        let exists = is_in(reported.chain(made).min(), self.quote.or(self.failed_quote));
        let is_restored = self.last.status != RefundStatus::Failed && self.last.at <= at;
        exists && (is_restored || !is_in(self.failed_since, self.failed_quote))
    }
}

fn sum(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
