//! A payment as a row of a list, and rows by day.

use std::{collections::BTreeMap, time::Duration};

use jiff::civil::Date;

use crate::{
    i18n::Text,
    ledger::payments::{Transaction, store::daily_totals::Sum},
    messages::{self, Badge, DisplayTime},
    primitives::{date_range, time::Timestamp, zone::Zone},
    urls,
};

/// The rows of a day, below its heading.
pub(crate) struct DayOfRows {
    pub(crate) label: Text,
    /// The number of payments of the whole day and their sum, if they are known.
    pub(crate) sum: Option<Text>,
    pub(crate) rows: Vec<Row>,
}

/// An update within this time of the creation is not shown as a later one.
const SAME_TIME: Duration = Duration::from_mins(1);

/// Whose days and times of day a list has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListZones {
    /// The zone of the app, whose days these are.
    pub(crate) days: Zone,
    /// The zone of the reader.
    pub(crate) times: Zone,
}

/// Groups the payments of an app's list, newest first, by the day of their creation. Links are relative to the list. `sums` are those of whole days, by the number of the day. Where
/// days and times of day are of different zones, each time is shown with its day.
pub(crate) fn by_day(
    payments: &[Transaction],
    sums: &BTreeMap<i64, Vec<Sum>>,
    zones: ListZones,
    now: Timestamp,
) -> Vec<DayOfRows> {
    let day = |payment: &Transaction| messages::is_past(payment.created_at, now).then(|| zones.days.date(payment.created_at));
    let today = zones.days.date(now);
    let created = if zones.days == zones.times { DisplayTime::of_minute } else { DisplayTime::of_day };
    let row = |payment: &Transaction| {
        let is_same_day = zones.days.date(payment.updated_at) == zones.days.date(payment.created_at);
        let updated = if is_same_day { created } else { DisplayTime::of_day };
        let is_later = payment.updated_at >= payment.created_at.plus(SAME_TIME);
        Row {
            url: urls::transaction_from_list(payment.id),
            created: created(payment.created_at, now),
            updated: is_later.then(|| updated(payment.updated_at, now)),
            ..Row::new(payment, now)
        }
    };
    let group = |rows: &[Transaction]| {
        let day: Option<Date> = rows.first().and_then(day);
        DayOfRows {
            label: messages::day_heading(day, today),
            sum: day.and_then(|day| sums.get(&date_range::number(day))).map(|sums| messages::day_sum(sums)),
            rows: rows.iter().map(row).collect(),
        }
    };
    payments.chunk_by(|one, next| day(one) == day(next)).map(group).collect()
}

/// A row of a list.
pub(crate) struct Row {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) created: DisplayTime,
    /// `None` if it was updated within a minute of its creation.
    pub(crate) updated: Option<DisplayTime>,
    pub(crate) sentence: Text,
    pub(crate) method: Text,
    pub(crate) gateway: &'static str,
    pub(crate) currency: String,
    pub(crate) amount: String,
    pub(crate) badge: Badge,
}

impl Row {
    pub(crate) fn new(transaction: &Transaction, now: Timestamp) -> Self {
        Self {
            url: urls::transaction(transaction.app, transaction.id),
            id: transaction.id.to_string(),
            created: DisplayTime::of_day(transaction.created_at, now),
            updated: None,
            sentence: messages::payment_sentence(transaction),
            method: messages::method(transaction.method.as_deref()),
            gateway: transaction.gateway.label(),
            currency: transaction.currency.map_or_else(|| messages::NO_VALUE.to_owned(), |currency| currency.to_string()),
            amount: transaction.money().map_or_else(|| messages::NO_VALUE.to_owned(), |money| money.to_string()),
            badge: messages::payment_state(transaction.state),
        }
    }
}
