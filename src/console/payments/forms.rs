//! The query of Transaction History, and its validation per field.

use serde::Deserialize;

use crate::{
    console::http::list_query::{ListContext, ListParams, ListQuery, external_id},
    ledger::payments::store::{Filter, Kinds},
    messages::{METHODS, text::lists as t},
    primitives::{date_presets::DatePreset, date_range::DateRange, id::TransactionId},
    urls,
};

/// The default period.
const DEFAULT_PERIOD: DatePreset = DatePreset::Last30Days;
/// Its length in days.
pub(crate) const DEFAULT_DAYS: i32 = 30;

/// The query of the list and of its download, as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct PaymentParams {
    #[serde(flatten)]
    pub(crate) list: ListParams,
    pub(crate) status: String,
    pub(crate) method: String,
    pub(crate) failure: String,
}

/// The search of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaymentSearch {
    /// A transaction id of KS Pay.
    Transaction(TransactionId),
    /// The gateway's id of a payment, an order, a refund or a dispute; or a receipt or a bank reference.
    GatewayId(String),
}

/// The validated query.
#[derive(Debug)]
pub(crate) struct PaymentQuery {
    pub(crate) list: ListQuery,
    pub(crate) kinds: Kinds,
    /// A search by exact id, which ignores days and kinds.
    pub(crate) search: Option<PaymentSearch>,
}

impl PaymentParams {
    pub(crate) fn read(self, context: ListContext) -> PaymentQuery {
        let path = urls::transactions(context.app);
        let (mut list, search) = ListQuery::read(self.list, path, context, Some(DEFAULT_PERIOD), (search, t::whole_id()));
        let state = list.filter("status", &self.status, self.status.parse().ok(), t::no_status());
        let method = METHODS.into_iter().find(|method| *method == self.method);
        let method = list.filter("method", &self.method, method, t::no_method());
        let failure = list.filter("failure", &self.failure, self.failure.parse().ok(), t::no_reason());
        let gateway = list.gateway();
        PaymentQuery { list, kinds: Kinds { state, method, gateway, failure }, search }
    }
}

impl PaymentQuery {
    /// Returns the days of the list: those that were chosen, else the default period. A search ignores them.
    pub(crate) fn days(&self) -> DateRange {
        self.list.days.map_or_else(|| DEFAULT_PERIOD.range(self.list.today), |chosen| chosen.days)
    }

    pub(crate) fn filter(&self) -> Filter {
        let ListContext { app, mode, zone, .. } = self.list.context;
        let days = self.days();
        Filter { app, mode, from: days.start(zone), until: days.end(zone), kinds: self.kinds }
    }
}

fn search(typed: &str) -> Option<PaymentSearch> {
    let id = typed.parse().map(PaymentSearch::Transaction).ok();
    id.or_else(|| external_id(typed, &["tx_"]).map(PaymentSearch::GatewayId))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::payments::{failure::FailureReason, state::DisplayState};
    use jiff::civil::date;

    fn read(list: ListParams) -> PaymentQuery {
        PaymentParams { list, ..PaymentParams::default() }.read(ListContext::of_tests())
    }

    #[test]
    fn the_usual_days_are_shown_unless_others_are_chosen() {
        let read = |from: &str, to: &str, range: &str| {
            read(ListParams { from: from.to_owned(), to: to.to_owned(), range: range.to_owned(), ..ListParams::default() })
        };
        let usual = read("", "", "");
        assert_eq!((usual.days().count(), usual.days().last), (DEFAULT_DAYS, date(2026, 11, 22)));
        assert!(!usual.list.filters.is_any() && usual.list.days.is_some());
        let chosen = read("2026-11-01", "2026-11-22", "");
        assert_eq!((chosen.days().first, chosen.days().last), (date(2026, 11, 1), date(2026, 11, 22)));
        assert_eq!(read("", "", "this_month").days(), chosen.days());
        let wrong = read("2026-11-22", "2026-11-01", "");
        assert!(wrong.list.errors.of("from").is_some() && wrong.days() == usual.days());
    }

    #[test]
    fn a_status_is_one_of_the_badges() {
        let read =
            |status: &str| PaymentParams { status: status.to_owned(), ..PaymentParams::default() }.read(ListContext::of_tests());
        for state in DisplayState::ALL {
            assert_eq!(read(state.as_str()).kinds.state, Some(*state));
        }
        let is_refused = |status: &str| read(status).list.errors.of("status").is_some();
        assert!(!is_refused("") && !is_refused("disputed"));
        for wrong in ["Disputed", "paid", " ", "captured'--"] {
            assert!(is_refused(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_reason_of_failure_is_a_category_or_that_none_was_given() {
        let read = |failure: &str| {
            PaymentParams { failure: failure.to_owned(), ..PaymentParams::default() }.read(ListContext::of_tests())
        };
        for reason in FailureReason::all() {
            assert_eq!(read(reason.as_str()).kinds.failure, Some(reason));
        }
        assert_eq!(read("not_given").kinds.failure, Some(FailureReason(None)));
        assert!(read("").kinds.is_any() && read("").list.is_valid());
        assert!(!read("none").list.is_valid());
    }

    #[test]
    fn an_id_is_looked_for_whole() {
        let search = |q: &str| {
            let query = read(ListParams { q: q.to_owned(), ..ListParams::default() });
            (query.search, query.list.is_valid())
        };
        let id = TransactionId::unique();
        assert_eq!(search(&format!(" {id} ")), (Some(PaymentSearch::Transaction(id)), true));
        assert_eq!(search("pay_Q4x"), (Some(PaymentSearch::GatewayId("pay_Q4x".to_owned())), true));
        assert_eq!(search(""), (None, true));
        for receipt in ["नीम 7", "Bill no. 7", "000000777001"] {
            assert_eq!(search(receipt), (Some(PaymentSearch::GatewayId(receipt.to_owned())), true));
        }
        for wrong in ["tx_short", "a\0b", &"9".repeat(129)] {
            assert_eq!(search(wrong), (None, false), "{wrong:?}");
        }
    }
}
