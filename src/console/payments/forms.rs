//! The query of Transaction History, and its validation per field.

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    console::http::{
        date_filter::{ChosenDays, DateQuery},
        filters::Filters,
        form::FieldErrors,
    },
    gateways::{Gateway, Mode},
    ledger::payments::{
        state::DisplayState,
        store::{Filter, Kinds},
    },
    messages::{METHODS, text::lists as t},
    primitives::{
        date_presets::DatePreset,
        date_range::DateRange,
        id::{AppId, TransactionId},
        time::Timestamp,
        zone::Zone,
    },
    urls,
};

/// The default period.
const DEFAULT_PERIOD: DatePreset = DatePreset::Last30Days;
/// Its length in days.
pub(crate) const DEFAULT_DAYS: i32 = 30;

/// The query of the list and of its download, as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ListForm {
    pub(crate) mode: String,
    pub(crate) q: String,
    pub(crate) range: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) status: String,
    pub(crate) method: String,
    pub(crate) gateway: String,
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
    /// The days of the list: those that were chosen, else the default period.
    pub(crate) days: DateRange,
    pub(crate) chosen: Option<ChosenDays>,
    /// The app's zone, whose days these are.
    pub(crate) zone: Zone,
    pub(crate) today: Date,
    pub(crate) kinds: Kinds,
    /// A search by exact id ignores days and kinds.
    pub(crate) name: Option<Search>,
    pub(crate) errors: FieldErrors,
}

impl ListForm {
    pub(crate) fn read(&self, zone: Zone, now: Timestamp) -> ListQuery {
        let mut errors = FieldErrors::default();
        let today = zone.date(now);
        let chosen = self.dates().read(today, &mut errors);
        let days = chosen.map_or_else(|| DEFAULT_PERIOD.range(today), |chosen| chosen.days);
        let name = name(self.q.trim(), &mut errors);
        let state = self.status.parse::<DisplayState>().ok();
        if state.is_none() && !self.status.is_empty() {
            errors.add("status", "unknown", t::no_status());
        }
        let method = METHODS.into_iter().find(|method| *method == self.method);
        if method.is_none() && !self.method.is_empty() {
            errors.add("method", "unknown", t::no_method());
        }
        let gateway = self.gateway.parse::<Gateway>().ok();
        if gateway.is_none() && !self.gateway.is_empty() {
            errors.add("gateway", "unknown", t::no_gateway());
        }
        ListQuery { days, chosen, zone, today, kinds: Kinds { state, method, gateway }, name, errors }
    }

    pub(crate) fn dates(&self) -> DateQuery<'_> {
        DateQuery { range: &self.range, from: &self.from, to: &self.to }
    }
}

impl ListQuery {
    pub(crate) fn filter(&self, app: AppId, mode: Mode) -> Filter {
        Filter { app, mode, from: self.days.start(self.zone), until: self.days.end(self.zone), kinds: self.kinds }
    }

    /// Returns the filters that are set. The default period is none, and a search has none.
    pub(crate) fn filters(&self, app: AppId, mode: Mode) -> Filters {
        let filters = Filters::new(urls::transactions(app), mode.slug());
        if self.name.is_some() {
            return filters;
        }
        let Kinds { state, method, gateway } = self.kinds;
        filters
            .and_all(self.chosen.into_iter().flat_map(ChosenDays::pairs))
            .and("status", state.map_or("", DisplayState::as_str))
            .and("method", method.unwrap_or_default())
            .and("gateway", gateway.map_or("", Gateway::slug))
    }

    /// Returns the days that the list names: the chosen ones, else the default period. A search has none.
    pub(crate) fn named_days(&self) -> Option<ChosenDays> {
        let usual = || ChosenDays::of_preset(DEFAULT_PERIOD, self.today);
        self.name.is_none().then(|| self.chosen.unwrap_or_else(usual))
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    // 22 Nov 2026, 7:41:57 pm in India.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    #[test]
    fn the_usual_days_are_shown_unless_others_are_chosen() {
        let read = |from: &str, to: &str, range: &str| {
            let form = ListForm { from: from.to_owned(), to: to.to_owned(), range: range.to_owned(), ..ListForm::default() };
            form.read(Zone::default(), NOW)
        };
        let usual = read("", "", "");
        assert_eq!((usual.days.count(), usual.days.last, usual.chosen), (DEFAULT_DAYS, date(2026, 11, 22), None));
        assert!(!usual.filters(AppId::unique(), Mode::Test).is_any());
        let chosen = read("2026-11-01", "2026-11-22", "");
        assert_eq!((chosen.days.first, chosen.days.last), (date(2026, 11, 1), date(2026, 11, 22)));
        assert_eq!(read("", "", "this_month").days, chosen.days);
        let wrong = read("2026-11-22", "2026-11-01", "");
        assert!(wrong.errors.of("from").is_some() && wrong.days == usual.days);
    }

    #[test]
    fn the_address_has_the_filters_or_the_search() {
        let (app, form) = (AppId::unique(), |q: &str| ListForm {
            q: q.to_owned(),
            range: "today".to_owned(),
            status: "failed".to_owned(),
            method: "upi".to_owned(),
            gateway: "razorpay".to_owned(),
            ..ListForm::default()
        });
        let address = |q| form(q).read(Zone::default(), NOW).filters(app, Mode::Live).at("/");
        assert_eq!(address(""), "/?mode=live&range=today&status=failed&method=upi&gateway=razorpay");
        assert_eq!(address("pay_1"), "/?mode=live");
        for wrong in [("method", "UPI"), ("method", "cash"), ("gateway", "stripe"), ("gateway", "Razorpay")] {
            let mut form = ListForm::default();
            *(if wrong.0 == "method" { &mut form.method } else { &mut form.gateway }) = wrong.1.to_owned();
            assert!(form.read(Zone::default(), NOW).errors.of(wrong.0).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn a_status_is_one_of_the_badges() {
        for state in DisplayState::ALL {
            let wanted = ListForm { status: state.as_str().to_owned(), ..ListForm::default() }
                .read(Zone::default(), Timestamp::from_millis(0));
            assert_eq!(wanted.kinds.state, Some(*state));
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
