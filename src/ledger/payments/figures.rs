//! The figures of a period: amounts by currency and payments by outcome, method and day, added up from daily totals. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    daily::{Received, Totals},
    store::daily_totals::DailyTotals,
};
use crate::{
    gateways::payment::{FailureCategory, Status},
    primitives::{
        date_range::{DateRange, number},
        money::{Currency, Money},
    },
};

/// Number of payments by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PaymentOutcomes {
    pub(crate) paid: i64,
    pub(crate) refunded: i64,
    pub(crate) failed: i64,
    /// Refunded without having been captured.
    pub(crate) returned: i64,
    /// Created or authorized: neither captured nor failed yet.
    pub(crate) open: i64,
}

impl PaymentOutcomes {
    pub(crate) fn all(self) -> i64 {
        self.paid + self.refunded + self.failed + self.returned + self.open
    }

    /// Returns the number of captured payments, including those refunded later.
    pub(crate) fn went_through(self) -> i64 {
        self.paid + self.refunded
    }

    /// Returns the numbers of payments by final outcome: paid, refunded, failed, returned.
    pub(crate) fn decided(self) -> [i64; 4] {
        [self.paid, self.refunded, self.failed, self.returned]
    }

    /// Returns the number of payments with a final outcome.
    pub(crate) fn settled(self) -> i64 {
        self.decided().iter().sum()
    }
}

/// What was received in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceivedInCurrency {
    pub(crate) payments: i64,
    pub(crate) amount: Money,
    /// The part of the amount that went back or is going back.
    pub(crate) refunded: Money,
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) ways: PaymentOutcomes,
    /// Amounts received by currency, that with the most payments first.
    pub(crate) received: Vec<Money>,
    /// What is left of that after refunds, also pending ones, and disputes.
    pub(crate) net: Vec<Money>,
    /// What of that went back.
    pub(crate) refunded: Vec<Money>,
    pub(crate) refund_pending: Vec<Money>,
    /// Amounts lost in disputes.
    pub(crate) lost: Vec<Money>,
    /// Amounts deducted for disputes that are undecided or closed.
    pub(crate) held: Vec<Money>,
    pub(crate) today: Vec<Money>,
    pub(crate) payments_today: i64,
    /// Amount received per day, in the first currency.
    pub(crate) daily: Vec<(Date, Money)>,
    /// Number of captured payments by method, most frequent first; the method is empty if unknown.
    pub(crate) methods: Vec<(String, i64)>,
    /// Number of failed payments by reason, most frequent first.
    pub(crate) failures: Vec<(Option<FailureCategory>, i64)>,
}

impl Figures {
    pub(crate) fn of(sums: &[DailyTotals], days: DateRange) -> Self {
        let currencies = currencies(sums);
        let today = number(days.last);
        let total = |only: Option<i64>, amount: fn(&Received, &Totals) -> i64| {
            let rows = || received(sums).filter(|(sum, _)| only.is_none_or(|day| day == sum.day));
            let of = |code: Currency| {
                let amounts =
                    rows().filter(|(sum, _)| sum.currency.0 == Some(code)).map(|(sum, part)| amount(&part, &sum.totals));
                amounts.fold(0, i64::saturating_add)
            };
            currencies.iter().map(|code| Money::new(of(*code), *code)).collect::<Vec<_>>()
        };
        let first = main_currency(sums);
        Self {
            ways: ways(sums),
            received: total(None, |part, _| part.amount),
            net: total(None, |part, all| {
                let gone = [part.refunded, all.refund_pending, all.lost, all.held];
                gone.into_iter().fold(part.amount, i64::saturating_sub)
            }),
            refunded: total(None, |part, _| part.refunded),
            refund_pending: total(None, |_, all| all.refund_pending),
            lost: total(None, |_, all| all.lost),
            held: total(None, |_, all| all.held),
            today: total(Some(today), |part, _| part.amount),
            payments_today: received(sums).filter(|(sum, _)| sum.day == today).map(|(_, part)| part.payments).sum(),
            daily: daily(sums, days, first),
            methods: methods(sums),
            failures: failures(sums),
        }
    }
}

/// Returns the currency with the most received payments.
pub(crate) fn main_currency(sums: &[DailyTotals]) -> Currency {
    currencies(sums).first().copied().unwrap_or(Currency::INR)
}

/// Returns the amount received per day in one currency.
pub(crate) fn daily(sums: &[DailyTotals], days: DateRange, currency: Currency) -> Vec<(Date, Money)> {
    let mut amounts = BTreeMap::new();
    for (sum, part) in received(sums).filter(|(sum, _)| sum.currency.0 == Some(currency)) {
        let amount = amounts.entry(sum.day).or_insert(0i64);
        *amount = amount.saturating_add(part.amount);
    }
    let of_day = |day: Date| (day, Money::new(amounts.get(&number(day)).copied().unwrap_or_default(), currency));
    days.each().map(of_day).collect()
}

/// Returns what was received in each currency, that with the most payments first.
pub(crate) fn received_by_currency(sums: &[DailyTotals]) -> Vec<ReceivedInCurrency> {
    let of = |code: Currency| {
        let rows = received(sums).filter(|(sum, _)| sum.currency.0 == Some(code));
        let none = ReceivedInCurrency { payments: 0, amount: Money::new(0, code), refunded: Money::new(0, code) };
        rows.fold(none, |all, (sum, part)| {
            let refunded = part.refunded.saturating_add(sum.totals.refund_pending);
            ReceivedInCurrency {
                payments: all.payments.saturating_add(part.payments),
                amount: Money::new(all.amount.subunits.saturating_add(part.amount), code),
                refunded: Money::new(all.refunded.subunits.saturating_add(refunded), code),
            }
        })
    };
    currencies(sums).into_iter().map(of).filter(|all| all.payments > 0).collect()
}

/// Returns how many payments of a day were received, and how much, by currency.
pub(crate) fn of_day(sums: &[DailyTotals], day: i64) -> (i64, Vec<Money>) {
    let (mut payments, mut amounts) = (0i64, BTreeMap::new());
    for (sum, part) in received(sums).filter(|(sum, _)| sum.day == day) {
        payments = payments.saturating_add(part.payments);
        if let Some(currency) = sum.currency.0 {
            let amount = amounts.entry(currency).or_insert(0i64);
            *amount = amount.saturating_add(part.amount);
        }
    }
    (payments, amounts.into_iter().map(|(currency, amount)| Money::new(amount, currency)).collect())
}

/// Returns the totals of these days out of those of more, which are in the order of their days.
pub(crate) fn of_days(sums: &[DailyTotals], days: DateRange) -> &[DailyTotals] {
    let [start, end] = [number(days.first), number(days.last) + 1].map(|day| sums.partition_point(|sum| sum.day < day));
    &sums[start..end]
}

/// Returns what was received in one currency.
pub(crate) fn received_in(sums: &[DailyTotals], currency: Currency) -> Money {
    let amounts = received(sums).filter(|(sum, _)| sum.currency.0 == Some(currency)).map(|(_, part)| part.amount);
    Money::new(amounts.fold(0, i64::saturating_add), currency)
}

/// Returns the totals of received payments, including those refunded later, and what of them was received.
fn received(sums: &[DailyTotals]) -> impl Iterator<Item = (&DailyTotals, Received)> {
    sums.iter().filter_map(|sum| Some((sum, sum.totals.received(sum.status.0)?)))
}

fn methods(sums: &[DailyTotals]) -> Vec<(String, i64)> {
    let mut counts = BTreeMap::new();
    for (sum, part) in received(sums) {
        *counts.entry(&sum.method).or_insert(0i64) += part.payments;
    }
    let mut counts: Vec<(String, i64)> = counts.into_iter().map(|(method, count)| (method.clone(), count)).collect();
    counts.sort_by_key(|(_, count)| -count);
    counts
}

fn failures(sums: &[DailyTotals]) -> Vec<(Option<FailureCategory>, i64)> {
    let mut counts = BTreeMap::new();
    for sum in sums.iter().filter(|sum| sum.status.0 == Some(Status::Failed)) {
        *counts.entry(sum.failure.0).or_insert(0i64) += sum.totals.payments;
    }
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    // Of equal numbers a known reason is first.
    counts.sort_by_key(|(category, count)| (-count, category.is_none()));
    counts
}

/// Returns how the payments ended.
pub(crate) fn ways(sums: &[DailyTotals]) -> PaymentOutcomes {
    sums.iter().fold(PaymentOutcomes::default(), |mut ways, DailyTotals { status, totals, .. }| {
        *match status.0 {
            Some(Status::Captured) => &mut ways.paid,
            Some(Status::Refunded) => &mut ways.refunded,
            Some(Status::Failed) => &mut ways.failed,
            Some(Status::Created | Status::Authorized) | None => &mut ways.open,
        } += totals.payments_not_returned();
        ways.returned += totals.returned_payments;
        // What is being refunded has not gone back yet.
        ways.refunded -= totals.refund_pending_payments;
        ways.paid += totals.refund_pending_payments;
        ways
    })
}

/// Returns the currencies of received payments, that with the most payments first.
fn currencies(sums: &[DailyTotals]) -> Vec<Currency> {
    let mut counts: Vec<(Currency, i64)> = Vec::new();
    for (sum, part) in received(sums) {
        let Some(code) = sum.currency.0 else { continue };
        match counts.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => *count += part.payments,
            None => counts.push((code, part.payments)),
        }
    }
    counts.sort_by_key(|(code, count)| (-count, *code));
    counts.into_iter().map(|(code, _)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::payments::store::daily_totals::KeyPart;
    use jiff::civil::date;

    fn sum(day: Date, currency: &str, status: Option<Status>, payments: i64, amount: i64) -> DailyTotals {
        let totals = Totals { payments, amount, refunded: amount / 10, ..Totals::default() };
        let currency = KeyPart(currency.parse().ok());
        DailyTotals {
            day: number(day),
            currency,
            status: KeyPart(status),
            method: "upi".to_owned(),
            failure: KeyPart(None),
            totals,
        }
    }

    #[test]
    fn figures_add_up_by_currency_and_day() {
        let today = date(2026, 11, 22);
        let days = DateRange::ending(today, 7);
        let sums = [
            sum(today, "INR", Some(Status::Captured), 3, 300_000),
            sum(today, "INR", Some(Status::Failed), 1, 90_000),
            sum(date(2026, 11, 20), "INR", Some(Status::Refunded), 1, 50_000),
            sum(date(2026, 11, 20), "AED", Some(Status::Captured), 2, 1_000),
            DailyTotals { method: "card".to_owned(), ..sum(today, "INR", Some(Status::Captured), 0, 0) },
            sum(today, "", None, 1, 0),
        ];
        let figures = Figures::of(&sums, days);
        assert_eq!(figures.ways, PaymentOutcomes { paid: 5, refunded: 1, failed: 1, returned: 0, open: 1 });
        assert_eq!((figures.ways.settled(), figures.ways.went_through()), (7, 6));
        assert_eq!(figures.ways.decided(), [5, 1, 1, 0], "an undecided payment is left out");
        let shown = |money: &[Money]| money.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown(&figures.received), ["₹3,500.00", "AED\u{a0}10.00"]);
        assert_eq!(shown(&figures.today), ["₹3,000.00", "AED\u{a0}0.00"]);
        assert_eq!(figures.payments_today, 3);
        assert_eq!(figures.daily.iter().map(|(_, money)| money.subunits).collect::<Vec<_>>(), [0, 0, 0, 0, 50_000, 0, 300_000]);
        assert_eq!(figures.methods, [("upi".to_owned(), 6), ("card".to_owned(), 0)]);
        assert!(Figures::of(&[], days).received.is_empty());
        assert_eq!(shown(&figures.net), ["₹3,150.00", "AED\u{a0}9.00"]);
        let by_currency = received_by_currency(&sums);
        let listed: Vec<_> =
            by_currency.iter().map(|all| (all.payments, all.amount.to_string(), all.refunded.subunits)).collect();
        assert_eq!(listed, [(4, "₹3,500.00".to_owned(), 35_000), (2, "AED\u{a0}10.00".to_owned(), 100)]);
        assert_eq!(received_by_currency(&sums[1..2]), [], "a failed payment was not received");
    }

    #[test]
    fn failures_are_counted_by_reason_the_most_frequent_first() {
        use FailureCategory::{Declined, TimedOut};
        let today = date(2026, 11, 22);
        let failed =
            |failure, payments| DailyTotals { failure: KeyPart(failure), ..sum(today, "INR", Some(Status::Failed), payments, 0) };
        let sums = [
            failed(None, 3),
            failed(Some(Declined), 2),
            failed(Some(TimedOut), 4),
            failed(Some(Declined), 1),
            sum(today, "INR", Some(Status::Captured), 9, 0),
        ];
        let figures = Figures::of(&sums, DateRange::ending(today, 1));
        assert_eq!(figures.failures, [(Some(TimedOut), 4), (Some(Declined), 3), (None, 3)]);
    }

    #[test]
    fn what_is_being_refunded_has_not_gone_back_and_losses_keep_their_currency() {
        let today = date(2026, 11, 22);
        let mut pending = sum(today, "USD", Some(Status::Refunded), 2, 60_000);
        pending.totals = Totals { refunded: 50_000, refund_pending_payments: 1, refund_pending: 30_000, ..pending.totals };
        let mut lost = sum(today, "INR", Some(Status::Refunded), 0, 0);
        lost.totals = Totals { lost: 834_500, held: 20_000, ..lost.totals };
        let figures = Figures::of(&[pending, lost], DateRange::ending(today, 1));
        assert_eq!(figures.ways, PaymentOutcomes { paid: 1, refunded: 1, ..PaymentOutcomes::default() });
        let shown =
            |money: &[Money]| money.iter().map(|money| format!("{}{}", money.currency, money.subunits)).collect::<Vec<_>>();
        assert_eq!(
            (shown(&figures.refunded), shown(&figures.refund_pending)),
            (vec!["USD20000".to_owned(), "INR0".to_owned()], vec!["USD30000".to_owned(), "INR0".to_owned()])
        );
        assert_eq!(
            (shown(&figures.lost), shown(&figures.held)),
            (vec!["USD0".to_owned(), "INR834500".to_owned()], vec!["USD0".to_owned(), "INR20000".to_owned()])
        );
        assert_eq!(shown(&figures.net), ["USD10000", "INR-854500"], "what is lost in another currency is subtracted there");
    }
}
