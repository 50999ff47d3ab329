//! The recent transactions, by day.

use jiff::civil::Date;

use crate::{
    console::read_models::payment_row::Row,
    i18n::Text,
    ledger::payments::{Transaction, figures, store::daily_totals::DailyTotals},
    messages::{self, DisplayTime, text::overview as t},
    primitives::{date_range::number, time::Timestamp, zone::Zone},
};

/// The transactions of a day among the recent ones.
pub(crate) struct RecentDay {
    pub(crate) label: Text,
    /// How many payments of the whole day were received, and how much.
    pub(crate) sum: Option<Text>,
    /// Each with its time.
    pub(crate) rows: Vec<(DisplayTime, Row)>,
}

/// Groups transactions, which are in the order of their creation, by the days of the app. `sums` are those of the period.
pub(crate) fn days(recent: &[Transaction], sums: &[DailyTotals], zone: Zone, now: Timestamp) -> Vec<RecentDay> {
    let date = |transaction: &Transaction| zone.date(transaction.created_at);
    let today = zone.date(now);
    let group = |rows: &[Transaction]| {
        let day = rows.first().map(date)?;
        let time = |row: &Transaction| {
            if day == today { messages::when(row.created_at, now) } else { DisplayTime::of_minute(row.created_at, now) }
        };
        let rows = rows.iter().map(|row| (time(row), Row::new(row, now))).collect();
        Some(RecentDay { label: messages::day_heading(day, today), sum: sum(sums, day), rows })
    };
    recent.chunk_by(|row, next| date(row) == date(next)).filter_map(group).collect()
}

fn sum(sums: &[DailyTotals], day: Date) -> Option<Text> {
    let (payments, amounts) = figures::of_day(sums, number(day));
    let amounts = messages::joined(&amounts)?;
    Some(t::day_sum(payments, amounts))
}
