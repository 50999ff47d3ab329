//! Calculates the refunded total of a payment: the quoted total of the highest rank, plus the effect of later refunds.
//!
//! Quotes are processed in the order of their ranks. Each implies how much was refunded *apart from* the refunds known here:
//! outside this webhook, or in reports not yet received. A single quote is ambiguous in four ways: whether the report of a
//! failure quotes a total that already excludes the failed refund; whether the total includes a refund created before the
//! quote but reported after it; the order within a second; and whether totals include pending refunds. Each ambiguity is
//! resolved consistently with what is already known, if possible. Otherwise ranks decide, a failed refund is excluded, and a
//! refund created before the quote is included, also while it is pending.

use super::{Moment, PaymentState, Quote, RefundState};
use crate::{gateways::payment::RefundStatus, primitives::money::Currency};

/// The maximum number of possible sums considered if much happens within one second.
const MAX_SUMS: usize = 256;
/// The maximum number of refunds of which each is considered to have failed unreported.
const MAX_REFUNDS: usize = 64;

/// A quote, and the report it is from.
#[derive(Clone, Copy)]
struct Source<'a> {
    quote: Quote,
    /// `None` for a report of the payment or of a dispute.
    refund: Option<&'a RefundState>,
    is_failure: bool,
}

impl Source<'_> {
    /// Returns the refund that the same report describes as not failed.
    fn standing(&self) -> Option<&RefundState> {
        self.refund.filter(|_| !self.is_failure)
    }

    /// Returns that refund if the quoted total is below its amount, so that it cannot include it yet.
    fn left_out(&self) -> Option<&RefundState> {
        self.standing().filter(|refund| self.quote.total < refund.last.amount)
    }

    /// Returns the quoted total with the refund that it leaves out.
    fn total(&self) -> i64 {
        self.quote.total.saturating_add(self.left_out().map_or(0, |refund| refund.last.amount))
    }

    /// Returns the rank of the quote. Within a second, a failure lowers the total, and all else raises it.
    fn rank(&self) -> (Moment, bool, bool, i64) {
        let total = if self.is_failure { -self.quote.total } else { self.quote.total };
        (self.quote.at, self.refund.is_some(), self.is_failure, total)
    }
}

/// Returns the refunded total in subunits, not yet limited to the amount.
pub(super) fn refunded(state: &PaymentState, currency: Option<Currency>) -> i64 {
    if state.refunds.is_empty() {
        return state.quote.map_or(0, |quote| quote.total);
    }
    let refunds: Vec<&RefundState> = state.refunds.values().filter(|refund| Some(refund.last.currency) == currency).collect();
    let mut sources = sources(state.quote, &refunds);
    sources.sort_by_key(Source::rank);
    let latest = || sources.chunk_by(|one, next| one.quote.at == next.quote.at).filter_map(<[Source<'_>]>::last);
    let read_all = |known| latest().fold(known, |known, source| read(source, known, &refunds));
    let first = read_all(QuoteReading::default());
    // That totals leave out pending refunds may show late, and then holds for the earlier quotes too.
    let reading = if first.without_pending { read_all(QuoteReading { apart: 0, ..first }) } else { first };
    let apart = reading.apart;
    let is_made_up_for = sources.last().is_some_and(|source| is_reported_late(source, apart, &refunds));
    let apart = if is_made_up_for { 0 } else { apart };
    let standing = refunds.iter().filter(|refund| refund.last.status != RefundStatus::Failed);
    standing.fold(apart, |total, refund| total.saturating_add(refund.last.amount))
}

fn sources<'a>(quote: Option<Quote>, refunds: &[&'a RefundState]) -> Vec<Source<'a>> {
    let source = |quote: Option<Quote>, refund, is_failure| quote.map(|quote| Source { quote, refund, is_failure });
    let of_refunds = refunds.iter().flat_map(|refund| {
        [source(refund.quote, Some(*refund), false), source(refund.failed_quote, Some(*refund), true)].into_iter().flatten()
    });
    source(quote, None, false).into_iter().chain(of_refunds).collect()
}

/// What the quotes up to one of them show.
#[derive(Clone, Copy, Default)]
struct QuoteReading {
    /// The amount refunded apart from the known refunds.
    apart: i64,
    /// True if totals are without pending refunds.
    without_pending: bool,
}

/// Returns what is known after this quote.
fn read(source: &Source<'_>, known: QuoteReading, refunds: &[&RefundState]) -> QuoteReading {
    let apart = known.apart;
    let parts: Vec<Part<'_>> = refunds.iter().map(|refund| refund.part(source)).collect();
    let usual = parts.iter().fold(0i64, |sum, part| sum.saturating_add(part.usual));
    let total = source.total();
    let still_in = source.refund.filter(|refund| source.is_failure && refund.standing_since.is_some());
    let mut totals = vec![total];
    totals.extend(still_in.map(|refund| total.saturating_sub(refund.last.amount)).filter(|total| *total >= 0));
    let mut sums = vec![apart.saturating_add(usual)];
    add_sums(&mut sums, parts.iter().filter_map(|part| part.other));
    let without_pending = known.without_pending || source.left_out().is_some_and(|own| own.may_be_pending(source));
    if totals.iter().any(|total| sums.binary_search(total).is_ok()) {
        return QuoteReading { without_pending, ..known };
    }
    if is_without_pending(source, &parts, sums, &totals, without_pending) {
        return QuoteReading { without_pending: true, ..known };
    }
    QuoteReading { apart: total.saturating_sub(usual), without_pending }
}

/// Adds the sums with any of these differences, and sorts them.
fn add_sums(sums: &mut Vec<i64>, differences: impl Iterator<Item = i64>) {
    for difference in differences {
        if sums.len() < MAX_SUMS {
            sums.extend(sums.clone().into_iter().map(|sum| sum.saturating_add(difference)));
            sums.sort_unstable();
            sums.dedup();
        }
    }
}

/// True if the quote is one of the sums without refunds that may have been pending. Unless totals are known to be without
/// pending ones, only the report of such a refund shows it, and the failure of a single other refund, not reported yet, explains
/// a lower total as well: with very many others, that is assumed.
fn is_without_pending(source: &Source<'_>, parts: &[Part<'_>], mut sums: Vec<i64>, totals: &[i64], is_known: bool) -> bool {
    let own = source.standing().filter(|own| !is_known && own.may_be_pending(source));
    let others = parts.iter().filter(|part| own.is_none_or(|own| !std::ptr::eq(part.refund, own)));
    let is_a_sum =
        |sums: &[i64], left_out: i64| totals.iter().any(|total| sums.binary_search(&total.saturating_add(left_out)).is_ok());
    let mut may_have_failed = others.clone().filter(|other| other.usual > 0);
    let is_explained = parts.len() > MAX_REFUNDS || may_have_failed.any(|other| is_a_sum(&sums, other.usual));
    if !is_known && (own.is_none() || is_explained) {
        return false;
    }
    add_sums(&mut sums, others.filter(|part| part.refund.may_be_pending(source)).map(|part| -part.usual));
    is_a_sum(&sums, own.map_or(0, |own| own.last.amount))
}

/// True if `apart` is negative because the quote already excludes a refund whose failure is reported later.
fn is_reported_late(source: &Source<'_>, apart: i64, refunds: &[&RefundState]) -> bool {
    let failed = refunds.iter().filter(|refund| refund.last.status == RefundStatus::Failed);
    apart < 0 && failed.into_iter().any(|refund| apart == -refund.last.amount && refund.part(source).usual > 0)
}

/// The part of a refund in a quoted total.
struct Part<'a> {
    refund: &'a RefundState,
    usual: i64,
    /// The difference if the quote is read in the other way, where it is ambiguous.
    other: Option<i64>,
}

impl RefundState {
    /// Whether it may have been pending when the total was quoted.
    fn may_be_pending(&self, source: &Source<'_>) -> bool {
        self.last.status == RefundStatus::Pending || self.last.at > source.quote.at
    }

    fn part(&self, source: &Source<'_>) -> Part<'_> {
        let at = source.quote.at;
        let is_own = source.refund.is_some_and(|refund| std::ptr::eq(refund, self));
        // Within a second, reports of refunds rank above those of the payment itself.
        let (usual, is_open) = (source.refund.is_some(), !is_own);
        let has = |since: Option<Moment>| match since {
            Some(since) if since == at => (usual || is_own, is_open),
            since => (since.is_some_and(|since| since < at), false),
        };
        let reported = [self.standing_since, self.failed_since].into_iter().flatten().min();
        let (is_made, is_made_unclear) = has(self.made());
        // Created before the quote but reported after it.
        let is_unclear = is_made_unclear || (is_made && reported > Some(at));
        let is_restored = self.last.status != RefundStatus::Failed && self.last.at <= at;
        // Its own failure follows its success.
        let is_later = is_restored || (is_own && !source.is_failure && self.failed_since >= Some(at));
        let (has_failed, is_failure_unclear) = if is_later { (false, false) } else { has(self.failed_since) };
        let amount = self.last.amount;
        let is_in = is_made && !has_failed;
        // Refunds that failed are excluded, as are those not yet created.
        let can_differ = match (is_unclear, is_failure_unclear) {
            (false, false) => false,
            (true, false) => !has_failed,
            (false, true) => is_made,
            (true, true) => true,
        };
        let other = can_differ.then_some(if is_in { -amount } else { amount });
        Part { refund: self, usual: if is_in { amount } else { 0 }, other }
    }
}
