//! What was received on the day before today, in the app's time zone. Pure.

use jiff::{ToSpan as _, civil::Date};

use crate::{
    ledger::payments::{figures, store::daily_totals::DailyTotals},
    primitives::{date_range::number, money::Money},
};

/// What was received on the day before today.
pub(crate) struct Yesterday {
    pub(super) day: Date,
    pub(super) payments: i64,
    pub(super) amounts: Vec<Money>,
}

impl Yesterday {
    /// Finds it in the totals of a period until today, or in those of the period before where the first is today alone.
    pub(crate) fn of(today: Date, sums: &[DailyTotals], before: &[DailyTotals]) -> Self {
        let day = today.saturating_sub(1.day());
        let of = |sums| figures::of_day(sums, number(day));
        let (payments, amounts) = Some(of(sums)).filter(|(payments, _)| *payments > 0).unwrap_or_else(|| of(before));
        Self { day, payments, amounts }
    }
}
