//! The whole days of a period compared with those of the one before: today is not over. Pure.
//!
//! Invariant: a change is neither good nor bad: more refunds are no success, and more payments no failure.

use jiff::civil::Date;

use super::chart::percent;
use crate::{
    i18n::Text,
    ledger::payments::{
        figures::{self, PaymentOutcomes},
        store::daily_totals::DailyTotals,
    },
    messages::text::overview as t,
    primitives::{
        date_range::DateRange,
        money::{Currency, Money},
    },
};

/// The period before, in the currency of the page.
pub(crate) struct Before {
    pub(super) days: DateRange,
    pub(super) received: Money,
    pub(super) daily: Vec<(Date, Money)>,
    pub(super) compared: Option<Compared>,
}

impl Before {
    /// Returns the period before `days`, in the first currency of `sums`, which are those of `days`.
    pub(crate) fn of(before: &[DailyTotals], sums: &[DailyTotals], days: DateRange) -> Self {
        let (previous, currency) = (days.previous(), figures::main_currency(sums));
        Self {
            days: previous,
            received: figures::received_in(before, currency),
            daily: figures::daily(before, previous, currency),
            compared: Compared::new(sums, before, days, currency),
        }
    }
}

/// Two periods of equal length, each without its last day, since today is not over.
pub(super) struct Compared {
    pub(super) days_before: DateRange,
    pub(super) now: WholeDays,
    pub(super) before: WholeDays,
}

/// What was received on some days in one currency, and how their payments ended.
pub(super) struct WholeDays {
    pub(super) received: Money,
    pub(super) outcomes: PaymentOutcomes,
}

impl Compared {
    /// Compares the totals of `days` with those of as many days before; `None` if there is no day but today.
    pub(super) fn new(sums: &[DailyTotals], before: &[DailyTotals], days: DateRange, currency: Currency) -> Option<Self> {
        let (whole, days_before) = (days.without_last()?, days.previous().without_last()?);
        let of = |sums, days| {
            let sums = figures::of_days(sums, days);
            WholeDays { received: figures::received_in(sums, currency), outcomes: figures::ways(sums) }
        };
        Some(Self { days_before, now: of(sums, whole), before: of(before, days_before) })
    }
}

/// A change, with an arrow that says its direction again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) icon: Option<&'static str>,
    pub(crate) text: Text,
}

const UP: Option<&str> = Some("up");
const DOWN: Option<&str> = Some("down");

/// Compares an amount with that of as many days before.
pub(crate) fn of_amount(now: Money, before: Money, days: Text) -> Change {
    if before.subunits <= 0 {
        return Change { icon: None, text: t::none_before(days) };
    }
    let difference = i128::from(now.subunits) - i128::from(before.subunits);
    let whole = i128::from(before.subunits);
    let tenths = i64::try_from((difference.abs() * 1000 + whole / 2) / whole).unwrap_or(i64::MAX);
    match (tenths, difference > 0) {
        (0, _) => Change { icon: None, text: t::same_as_before(days) },
        (_, true) => Change { icon: UP, text: t::more_than_before(percent(tenths), days) },
        (_, false) => Change { icon: DOWN, text: t::less_than_before(percent(tenths), days) },
    }
}

/// Compares two rates in tenths of a percent; `None` if one of them is of no payment.
pub(crate) fn of_rate(now: Option<i64>, before: Option<i64>, days: Text) -> Option<Change> {
    let difference = now? - before?;
    let points = format!("{}.{}", difference.abs() / 10, difference.abs() % 10);
    Some(match difference {
        0 => Change { icon: None, text: t::same_as_before(days) },
        1.. => Change { icon: UP, text: t::points_more(points, days) },
        _ => Change { icon: DOWN, text: t::points_less(points, days) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::money::Currency;

    fn said(change: &Change) -> (Option<&'static str>, String) {
        (change.icon, change.text.in_english().replace('\u{a0}', " "))
    }

    fn days() -> Text {
        Text::verbatim("2–15 Nov")
    }

    #[test]
    fn an_amount_is_compared_in_percent_of_the_one_before() {
        let compared = |now, before| {
            let money = |rupees: i64| Money::new(rupees.saturating_mul(100), Currency::INR);
            said(&of_amount(money(now), money(before), days()))
        };
        assert_eq!(compared(1_124, 1_000), (UP, "Excluding today: 12.4 % more than 2–15 Nov".to_owned()));
        assert_eq!(compared(0, 1_000), (DOWN, "Excluding today: 100.0 % less than 2–15 Nov".to_owned()));
        assert_eq!(compared(100_001, 100_000), (None, "Excluding today: same as 2–15 Nov".to_owned()));
        assert_eq!(compared(5, 0), (None, "No payments 2–15 Nov".to_owned()));
        assert!(compared(i64::MAX, 1).1.ends_with("more than 2–15 Nov"), "no overflow");
    }

    #[test]
    fn a_rate_is_compared_in_points_if_both_periods_have_one() {
        let compared = |now, before| of_rate(now, before, days()).as_ref().map(said);
        assert_eq!(compared(Some(943), Some(951)), Some((DOWN, "Excluding today: 0.8 points less than 2–15 Nov".to_owned())));
        assert_eq!(compared(Some(1000), Some(980)), Some((UP, "Excluding today: 2.0 points more than 2–15 Nov".to_owned())));
        assert_eq!(compared(Some(980), Some(980)), Some((None, "Excluding today: same as 2–15 Nov".to_owned())));
        assert_eq!((compared(None, Some(980)), compared(Some(980), None)), (None, None));
    }
}
