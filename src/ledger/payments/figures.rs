//! The figures of a period: amounts by currency and payments by outcome, method and day, added up from daily totals. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::store::daily_totals::DailyTotals;
use crate::primitives::{
    date_range::{DateRange, number},
    money::{Currency, Money},
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

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) ways: PaymentOutcomes,
    /// Amounts received by currency, that with the most payments first.
    pub(crate) received: Vec<Money>,
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
}

impl Figures {
    pub(crate) fn of(sums: &[DailyTotals], days: DateRange) -> Self {
        let currencies = currencies(sums);
        let today = number(days.last);
        let total = |only: Option<i64>, amount: fn(&DailyTotals) -> i64| {
            let rows = || captured(sums).filter(|sum| only.is_none_or(|day| day == sum.day));
            let of = |code: &Currency| rows().filter(|sum| currency(sum) == Some(*code)).map(amount).fold(0, i64::saturating_add);
            currencies.iter().map(|code| Money::new(of(code), *code)).collect::<Vec<_>>()
        };
        let first = currencies.first().copied().unwrap_or(Currency::INR);
        let of_day = |day: Date| {
            let rows = captured(sums).filter(|sum| sum.day == number(day) && currency(sum) == Some(first));
            (day, Money::new(rows.map(received).fold(0, i64::saturating_add), first))
        };
        Self {
            ways: ways(sums),
            received: total(None, received),
            refunded: total(None, |sum| sum.refunded.saturating_sub(sum.returned).saturating_sub(sum.refund_pending)),
            refund_pending: total(None, |sum| sum.refund_pending),
            lost: total(None, |sum| sum.lost),
            held: total(None, |sum| sum.held),
            today: total(Some(today), received),
            payments_today: captured(sums).filter(|sum| sum.day == today).map(received_payments).sum(),
            daily: days.each().map(of_day).collect(),
            methods: methods(sums),
        }
    }
}

/// Returns the amount received: without refunds of payments that were never captured.
const fn received(sum: &DailyTotals) -> i64 {
    sum.amount.saturating_sub(sum.returned)
}

const fn received_payments(sum: &DailyTotals) -> i64 {
    sum.payments.saturating_sub(sum.returned_payments)
}

/// Returns the totals of captured payments, including those refunded later.
fn captured(sums: &[DailyTotals]) -> impl Iterator<Item = &DailyTotals> {
    sums.iter().filter(|sum| matches!(sum.status.as_str(), "captured" | "refunded"))
}

fn methods(sums: &[DailyTotals]) -> Vec<(String, i64)> {
    let mut counts = BTreeMap::new();
    for sum in captured(sums) {
        *counts.entry(&sum.method).or_insert(0i64) += received_payments(sum);
    }
    let mut counts: Vec<(String, i64)> = counts.into_iter().map(|(method, count)| (method.clone(), count)).collect();
    counts.sort_by_key(|(_, count)| -count);
    counts
}

fn ways(sums: &[DailyTotals]) -> PaymentOutcomes {
    sums.iter().fold(PaymentOutcomes::default(), |mut ways, sum| {
        *match sum.status.as_str() {
            "captured" => &mut ways.paid,
            "refunded" => &mut ways.refunded,
            "failed" => &mut ways.failed,
            _ => &mut ways.open,
        } += received_payments(sum);
        ways.returned += sum.returned_payments;
        // What is being refunded has not gone back yet.
        ways.refunded -= sum.refund_pending_payments;
        ways.paid += sum.refund_pending_payments;
        ways
    })
}

/// Returns the currencies of captured payments, that with the most payments first.
fn currencies(sums: &[DailyTotals]) -> Vec<Currency> {
    let mut counts: Vec<(Currency, i64)> = Vec::new();
    for sum in captured(sums) {
        let Some(code) = currency(sum) else { continue };
        match counts.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => *count += received_payments(sum),
            None => counts.push((code, received_payments(sum))),
        }
    }
    counts.sort_by_key(|(code, count)| (-count, *code));
    counts.into_iter().map(|(code, _)| code).collect()
}

fn currency(sum: &DailyTotals) -> Option<Currency> {
    sum.currency.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn sum(day: Date, currency: &str, status: &str, payments: i64, amount: i64) -> DailyTotals {
        let (currency, status, method) = (currency.to_owned(), status.to_owned(), "upi".to_owned());
        let refunded = amount / 10;
        DailyTotals {
            day: number(day),
            currency,
            status,
            method,
            payments,
            amount,
            refunded,
            returned_payments: 0,
            returned: 0,
            lost: 0,
            held: 0,
            refund_pending_payments: 0,
            refund_pending: 0,
        }
    }

    #[test]
    fn figures_add_up_by_currency_and_day() {
        let today = date(2026, 11, 22);
        let days = DateRange::ending(today, 7);
        let sums = [
            sum(today, "INR", "captured", 3, 300_000),
            sum(today, "INR", "failed", 1, 90_000),
            sum(date(2026, 11, 20), "INR", "refunded", 1, 50_000),
            sum(date(2026, 11, 20), "AED", "captured", 2, 1_000),
            DailyTotals { method: "card".to_owned(), ..sum(today, "INR", "captured", 0, 0) },
            sum(today, "", "", 1, 0),
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
    }

    #[test]
    fn what_is_being_refunded_has_not_gone_back_and_losses_keep_their_currency() {
        let today = date(2026, 11, 22);
        let pending = DailyTotals {
            refunded: 50_000,
            refund_pending_payments: 1,
            refund_pending: 30_000,
            ..sum(today, "USD", "refunded", 2, 60_000)
        };
        let lost = DailyTotals { lost: 834_500, held: 20_000, ..sum(today, "INR", "refunded", 0, 0) };
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
    }
}
