//! A payment as a row of a list, and rows by day.

use std::time::Duration;

use jiff::civil::Date;

use crate::{
    db::{DbError, Reader},
    i18n::Text,
    ledger::{orders, payments::Transaction},
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

/// How a list shows its payments.
#[derive(Clone, Copy)]
pub(crate) struct ListStyle {
    /// The zone of the app, whose days these are.
    pub(crate) days: Zone,
    /// The zone of the reader.
    pub(crate) times: Zone,
    /// Returns the link to a payment: on a long list relative to it, which is shorter.
    pub(crate) url: fn(&Transaction) -> String,
}

/// Groups payments, newest first, by the day of their creation. `sum` says what a whole day had, given its number. Where days and
/// times of day are of different zones, each time is shown with its day.
pub(crate) fn by_day(
    payments: &[Transaction],
    sum: impl Fn(i64) -> Option<Text>,
    style: ListStyle,
    now: Timestamp,
) -> Vec<DayOfRows> {
    let day = |payment: &Transaction| messages::is_past(payment.created_at, now).then(|| style.days.date(payment.created_at));
    let today = style.days.date(now);
    let created = if style.days == style.times { DisplayTime::of_minute } else { DisplayTime::of_day };
    let row = |payment: &Transaction| {
        let is_same_day = style.days.date(payment.updated_at) == style.days.date(payment.created_at);
        let updated = if is_same_day { created } else { DisplayTime::of_day };
        let is_later = payment.updated_at >= payment.created_at.plus(SAME_TIME);
        Row {
            url: (style.url)(payment),
            created: created(payment.created_at, now),
            updated: is_later.then(|| updated(payment.updated_at, now)),
            ..Row::new(payment, now)
        }
    };
    let group = |rows: &[Transaction]| {
        let day: Option<Date> = rows.first().and_then(day);
        DayOfRows {
            label: messages::day_heading(day, today),
            sum: day.and_then(|day| sum(date_range::number(day))),
            rows: rows.iter().map(row).collect(),
        }
    };
    payments.chunk_by(|one, next| day(one) == day(next)).map(group).collect()
}

/// The most orders whose payments are compared with the rows of a list.
const MAX_COMPARED: i64 = 1000;

/// Marks the rows whose payments are the newest of an order that was paid twice. `payments` are those of the rows.
pub(crate) async fn mark_paid_twice(
    reader: &mut Reader,
    days: &mut [DayOfRows],
    payments: &[Transaction],
) -> Result<(), DbError> {
    let ids = || payments.iter().map(|payment| payment.id);
    let (Some(any), Some(first), Some(last)) = (payments.first(), ids().min(), ids().max()) else { return Ok(()) };
    let found = orders::store::list_exceeding(reader, (any.app, any.mode), (first, last), MAX_COMPARED).await?;
    let rows = days.iter_mut().flat_map(|day| &mut day.rows);
    rows.zip(payments).for_each(|(row, payment)| row.is_paid_twice = found.contains(&payment.id));
    Ok(())
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
    /// True if the payment is the newest of an order that was paid twice, where that is asked.
    pub(crate) is_paid_twice: bool,
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
            is_paid_twice: false,
        }
    }
}
