//! The query of Transaction History, and its validation per field.

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    console::http::form::FieldErrors,
    gateways::Mode,
    ledger::payments::{state::DisplayState, store::Filter},
    messages::{self, text::lists as t},
    primitives::{
        date_range::DateRange,
        id::{AppId, TransactionId},
        time::Timestamp,
        zone::Zone,
    },
};

/// The length of the default period in days.
pub(crate) const DEFAULT_DAYS: i32 = 30;
/// The maximum length of a period in days, which limits the daily totals read for its sum.
const MAX_DAYS: i32 = 90;

/// The query of the list and of its download, as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ListForm {
    pub(crate) mode: String,
    pub(crate) q: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) status: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The maximum length of a search text in characters.
const MAX_SEARCH_CHARS: usize = 128;

/// The search of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Search {
    /// A transaction id of KS Pay.
    Transaction(TransactionId),
    /// The gateway's id of a payment, an order, a refund or a dispute; or a receipt or a bank reference.
    GatewayId(String),
}

/// The validated query.
#[derive(Debug)]
pub(crate) struct ListQuery {
    pub(crate) days: DateRange,
    /// The app's zone, whose days these are.
    pub(crate) zone: Zone,
    pub(crate) today: Date,
    /// True if this is the default period.
    pub(crate) is_default: bool,
    pub(crate) status: Option<DisplayState>,
    /// A search by exact id ignores days and status.
    pub(crate) name: Option<Search>,
    pub(crate) errors: FieldErrors,
}

impl ListForm {
    pub(crate) fn read(&self, zone: Zone, now: Timestamp) -> ListQuery {
        let mut errors = FieldErrors::default();
        let usual = DateRange::until_now(zone, now, DEFAULT_DAYS);
        let today = usual.last;
        let days = days(&self.from, &self.to, today, &mut errors).unwrap_or(usual);
        let name = name(self.q.trim(), &mut errors);
        let status = self.status.parse::<DisplayState>().ok();
        if status.is_none() && !self.status.is_empty() {
            errors.add("status", "unknown", t::no_status());
        }
        ListQuery { days, zone, today, is_default: days == usual, status, name, errors }
    }
}

impl ListQuery {
    pub(crate) fn filter(&self, app: AppId, mode: Mode) -> Filter {
        Filter { app, mode, from: self.days.start(self.zone), until: self.days.end(self.zone), status: self.status }
    }
}

fn name(typed: &str, errors: &mut FieldErrors) -> Option<Search> {
    if typed.is_empty() {
        return None;
    }
    if let Ok(id) = typed.parse() {
        return Some(Search::Transaction(id));
    }
    let is_text = typed.chars().count() <= MAX_SEARCH_CHARS && !typed.chars().any(char::is_control);
    if !is_text || typed.starts_with("tx_") {
        errors.add("q", "unsearchable", t::whole_id());
        return None;
    }
    Some(Search::GatewayId(typed.to_owned()))
}

/// Parses the selected days; `None` if none are selected, or if they are invalid.
fn days(from: &str, to: &str, today: Date, errors: &mut FieldErrors) -> Option<DateRange> {
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() && to.is_empty() {
        return None;
    }
    let first = day("from", from, errors);
    let last = day("to", to, errors);
    let days = DateRange { first: first?, last: last? };
    if days.last > today {
        errors.add("to", "after-today", t::after_today(messages::date(today, today)));
    }
    if days.first > today {
        errors.add("from", "after-today", t::after_today(messages::date(today, today)));
    } else if days.first > days.last {
        errors.add("from", "wrong-order", t::wrong_order());
    } else if days.count() > MAX_DAYS {
        let first = messages::date(DateRange::ending(days.last, MAX_DAYS).first, today);
        errors.add("from", "too-many-days", t::too_many_days(MAX_DAYS, first));
    }
    errors.is_empty().then_some(days)
}

fn day(field: &'static str, typed: &str, errors: &mut FieldErrors) -> Option<Date> {
    if typed.is_empty() {
        errors.add(field, "empty", t::day_missing());
        return None;
    }
    let day = Date::strptime("%Y-%m-%d", typed).ok().filter(|_| typed.len() == 10);
    if day.is_none() {
        errors.add(field, "not-a-day", t::no_day());
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(from: &str, to: &str) -> (DateRange, Option<String>, Option<String>) {
        // 22 Nov 2026, 7:41:57 pm in India.
        let now = Timestamp::from_seconds(1_795_356_717);
        let form = ListForm { from: from.to_owned(), to: to.to_owned(), ..ListForm::default() };
        let wanted = form.read(Zone::default(), now);
        assert!(wanted.errors.is_empty() || wanted.is_default);
        (
            wanted.days,
            wanted.errors.of("from").map(|error| error.sentence.in_english()),
            wanted.errors.of("to").map(|error| error.sentence.in_english()),
        )
    }

    #[test]
    fn days_that_keep_the_rules_are_shown() {
        let (days, from, to) = read("2026-11-01", "2026-11-22");
        assert_eq!((days.first, days.last, from, to), (date(2026, 11, 1), date(2026, 11, 22), None, None));
        assert_eq!(read("", "").0.count(), DEFAULT_DAYS);
        assert_eq!(read("2026-08-25", "2026-11-22").0.count(), 90);
        assert_eq!(read("2026-11-22", "2026-11-22").0.count(), 1);
    }

    #[test]
    fn each_broken_rule_is_said_at_its_field_and_the_usual_days_are_shown() {
        let broken = |from, to| {
            let (days, from, to) = read(from, to);
            assert_eq!((days.count(), days.last), (DEFAULT_DAYS, date(2026, 11, 22)));
            (from.is_some(), to.is_some())
        };
        assert_eq!(broken("2026-11-01", ""), (false, true));
        assert_eq!(broken("", "2026-11-01"), (true, false));
        assert_eq!(broken("2026-11-10", "2026-11-09"), (true, false));
        assert_eq!(broken("2026-08-24", "2026-11-22"), (true, false));
        assert_eq!(broken("2026-11-01", "2026-11-23"), (false, true));
        assert_eq!(broken("2026-12-01", "2026-12-02"), (true, true));
        for hostile in ["x", "2026-02-30", "-9999-01-01", "99999-01-01", "2026-11-01T00:00", "0\u{0}"] {
            assert_eq!(broken(hostile, "2026-11-22"), (true, false), "{hostile:?}");
        }
        assert_eq!(broken("0001-01-01", "9999-12-31"), (true, true));
    }

    #[test]
    fn a_status_is_one_of_the_badges() {
        for state in DisplayState::ALL {
            let wanted = ListForm { status: state.as_str().to_owned(), ..ListForm::default() }
                .read(Zone::default(), Timestamp::from_millis(0));
            assert_eq!(wanted.status, Some(*state));
        }
        let is_refused = |status: &str| {
            let wanted =
                ListForm { status: status.to_owned(), ..ListForm::default() }.read(Zone::default(), Timestamp::from_millis(0));
            wanted.errors.of("status").is_some()
        };
        assert!(!is_refused("") && !is_refused("disputed"));
        for wrong in ["Disputed", "paid", " ", "captured'--"] {
            assert!(is_refused(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn an_id_is_looked_for_whole() {
        let name = |q: &str| {
            let wanted = ListForm { q: q.to_owned(), ..ListForm::default() }.read(Zone::default(), Timestamp::from_millis(0));
            (wanted.name, wanted.errors.is_empty())
        };
        let id = TransactionId::unique();
        assert_eq!(name(&format!(" {id} ")), (Some(Search::Transaction(id)), true));
        assert_eq!(name("pay_Q4x"), (Some(Search::GatewayId("pay_Q4x".to_owned())), true));
        assert_eq!(name(""), (None, true));
        for receipt in ["नीम 7", "Bill no. 7", "000000777001"] {
            assert_eq!(name(receipt), (Some(Search::GatewayId(receipt.to_owned())), true));
        }
        for wrong in ["tx_short", "a\0b", &"9".repeat(129)] {
            assert_eq!(name(wrong), (None, false), "{wrong:?}");
        }
    }
}
