//! The query of a list: what the address of every list of an app has, as received and validated.
//!
//! Invariant: the URL of a search has no filter and no days.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use serde::Deserialize;

use super::{
    date_filter::{ChosenDays, DateQuery},
    error::AppError,
    filters::{Filters, Pill, Search},
    form::FieldErrors,
    page::RequestContext,
    pagination::Pager,
};
use crate::{
    apps::App,
    gateways::{Gateway, Mode},
    i18n::Text,
    messages::{self, EmptyState, text::lists as t},
    primitives::{
        date_presets::DatePreset,
        id::AppId,
        keyset::{Cursor, ListPage, Listed, PageRequest},
        time::Timestamp,
        zone::Zone,
    },
    urls,
};

/// The maximum length of a search text in characters.
const MAX_SEARCH_CHARS: usize = 128;

/// The parameters of every list, as received. A list adds those of its own filters.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ListParams {
    pub(crate) mode: String,
    pub(crate) q: String,
    pub(crate) range: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) gateway: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl ListParams {
    fn dates(&self) -> DateQuery<'_> {
        DateQuery { range: &self.range, from: &self.from, to: &self.to }
    }
}

/// The app, mode and time of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListContext {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    /// The app's zone, whose days those of the list are.
    pub(crate) zone: Zone,
    pub(crate) now: Timestamp,
}

impl ListContext {
    pub(crate) const fn new(app: &App, mode: Mode, now: Timestamp) -> Self {
        Self { app: app.id, mode, zone: app.zone, now }
    }

    /// Returns the list of a new app in Test mode on 22 November 2026.
    #[cfg(test)]
    pub(crate) fn of_tests() -> Self {
        let now = Timestamp::from_seconds(1_795_356_717);
        Self { app: AppId::unique(), mode: Mode::Test, zone: Zone::default(), now }
    }
}

/// The validated query of a list, without the values of its own filters.
#[derive(Debug)]
pub(crate) struct ListQuery {
    params: ListParams,
    path: String,
    pub(crate) context: ListContext,
    pub(crate) today: Date,
    /// The days that were chosen, else the default period. A search has none.
    pub(crate) days: Option<ChosenDays>,
    /// The filters that are set. The default period is none, and a search has none.
    pub(crate) filters: Filters,
    pub(crate) errors: FieldErrors,
    is_search: bool,
}

impl ListQuery {
    /// Reads the days and the search of the list at `path`; `unsearchable` is the error if `parse` returns nothing. The list's
    /// own filters and the gateway are read afterwards, in any order.
    pub(crate) fn read<S>(
        params: ListParams,
        path: String,
        context: ListContext,
        default_period: Option<DatePreset>,
        (parse, unsearchable): (impl FnOnce(&str) -> Option<S>, Text),
    ) -> (Self, Option<S>) {
        let today = context.zone.date(context.now);
        let filters = Filters::new(path.clone(), context.mode.slug());
        let mut list =
            Self { params, path, context, today, days: None, filters, errors: FieldErrors::default(), is_search: false };
        let chosen = list.params.dates().read(today, &mut list.errors);
        let search = list.search(parse, unsearchable);
        if !list.is_search {
            list.days = chosen.or_else(|| default_period.map(|preset| ChosenDays::of_preset(preset, today)));
            for (name, value) in chosen.into_iter().flat_map(ChosenDays::pairs) {
                list.filters.set(name, value);
            }
        }
        (list, search)
    }

    fn search<S>(&mut self, parse: impl FnOnce(&str) -> Option<S>, unsearchable: Text) -> Option<S> {
        let typed = self.searched();
        if typed.is_empty() {
            return None;
        }
        let search = parse(typed);
        self.is_search = search.is_some();
        if !self.is_search {
            self.errors.add("q", "unsearchable", unsearchable);
        }
        search
    }

    /// Reads a filter: adds the error if it could not be parsed, and else sets what was typed, unless the list is a search.
    pub(crate) fn filter<T>(&mut self, name: &'static str, typed: &str, parsed: Option<T>, error: Text) -> Option<T> {
        if parsed.is_some() {
            if !self.is_search {
                self.filters.set(name, typed);
            }
        } else if !typed.is_empty() {
            self.errors.add(name, "unknown", error);
        }
        parsed
    }

    /// Reads the filter of the gateway.
    pub(crate) fn gateway(&mut self) -> Option<Gateway> {
        let typed = self.params.gateway.clone();
        self.filter("gateway", &typed, typed.parse().ok(), t::no_gateway())
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// Returns the search as typed, without spaces around it.
    pub(crate) fn searched(&self) -> &str {
        self.params.q.trim()
    }

    /// Returns the times at which the days of the list begin and end.
    pub(crate) fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let zone = self.context.zone;
        self.days.map(|chosen| (chosen.days.start(zone), chosen.days.end(zone)))
    }

    pub(crate) fn page_request<C: Cursor>(&self) -> PageRequest<C> {
        PageRequest::read(&self.params.before, &self.params.after)
    }

    /// Returns the parameters of the list's address.
    fn pairs(&self) -> Vec<(&str, &str)> {
        let search = self.is_search.then(|| ("q", self.searched()));
        self.filters.pairs().into_iter().chain(search).collect()
    }

    /// Returns the same query at another path.
    pub(crate) fn at(&self, path: &str) -> String {
        urls::query(path, &self.pairs())
    }

    pub(crate) fn pager<T: Listed>(&self, page: &ListPage<T>) -> Pager {
        Pager::new(&self.path, &self.pairs(), page)
    }

    /// Returns what to show instead of rows while a filter is invalid.
    pub(crate) fn invalid(&self) -> Option<EmptyState> {
        let correction = self.params.dates().corrected(&self.filters, self.today);
        (!self.is_valid()).then(|| messages::invalid_filters(self.errors.first(), correction, self.filters.cleared()))
    }

    pub(crate) fn search_field(&self, placeholder: Text) -> Search {
        Search::new(&self.filters, placeholder, &self.params.q, self.errors.of("q"))
    }

    pub(crate) fn date_pill(&self) -> Pill {
        self.params.dates().pill(&self.filters, self.days, self.today, &self.errors)
    }

    /// Returns the pill of a filter with several values, each with its label.
    pub(crate) fn choice_pill(
        &self,
        (name, label): (&'static str, Text),
        values: impl IntoIterator<Item = (&'static str, Text)>,
    ) -> Pill {
        Pill::choice(&self.filters, (name, label), values, self.errors.of(name))
    }

    pub(crate) fn gateway_pill(&self, gateways: &[Gateway]) -> Pill {
        let values = gateways.iter().map(|gateway| (gateway.slug(), Text::verbatim(gateway.label())));
        self.choice_pill(("gateway", t::payment_gateway()), values)
    }

    /// Returns the list without filters, if there are any.
    pub(crate) fn cleared(&self) -> Option<String> {
        (self.filters.is_any() && self.is_valid()).then(|| self.filters.cleared())
    }

    /// Names the days of the list, if it has some.
    pub(crate) fn span(&self) -> Option<Text> {
        self.days.map(|chosen| messages::days(chosen.days, self.today))
    }

    /// Renders the list; with status 422 while a filter is invalid.
    pub(crate) fn answer(&self, page: &RequestContext, view: &impl Template) -> Result<HttpResponse, AppError> {
        if self.is_valid() { page.ok(view) } else { page.unprocessable(view) }
    }
}

/// Returns what a search has found as the only page.
pub(crate) fn only_page<T: Listed>(rows: Vec<T>) -> ListPage<T> {
    ListPage { rows, ..ListPage::default() }
}

/// Returns a text that can be the id that a gateway gave, a receipt or a bank reference; `None` if it begins like one of the
/// console's own ids, which a list finds only whole.
pub(crate) fn external_id(typed: &str, own_prefixes: &[&str]) -> Option<String> {
    let is_own = own_prefixes.iter().any(|prefix| typed.starts_with(prefix));
    let is_searchable = typed.chars().count() <= MAX_SEARCH_CHARS && !typed.chars().any(char::is_control);
    (is_searchable && !is_own).then(|| typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: DatePreset = DatePreset::Last30Days;

    /// Reads a list with a filter of its own, which is `upi` or invalid, and with the search of `pay_…`.
    fn read(params: ListParams, method: &str) -> (ListQuery, Option<String>) {
        let parse = |typed: &str| typed.starts_with("pay_").then(|| typed.to_owned());
        let context = ListContext::of_tests();
        let (mut list, search) = ListQuery::read(params, "/list".to_owned(), context, Some(PERIOD), (parse, t::whole_id()));
        list.filter("method", method, (method == "upi").then_some(()), t::no_method());
        list.gateway();
        (list, search)
    }

    fn params(q: &str, range: &str, gateway: &str) -> ListParams {
        let [q, range, gateway] = [q, range, gateway].map(str::to_owned);
        ListParams { q, range, gateway, before: "x".to_owned(), ..ListParams::default() }
    }

    #[test]
    fn the_url_has_the_filters_or_the_search() {
        let url = |q: &str| read(params(q, "today", "razorpay"), "upi").0.at("/");
        assert_eq!(url(" "), "/?mode=test&range=today&method=upi&gateway=razorpay");
        assert_eq!(url(" pay_1"), "/?mode=test&q=pay_1", "the filters that are read after the search are not carried");
    }

    #[test]
    fn a_search_has_no_filters_and_no_days() {
        for range in ["today", ""] {
            let (list, search) = read(params(" pay_1 ", range, "razorpay"), "upi");
            assert_eq!(search.as_deref(), Some("pay_1"));
            assert!(list.is_valid() && list.days.is_none() && list.times().is_none() && !list.filters.is_any());
            assert!(list.cleared().is_none(), "there is no filter to clear");
        }
    }

    #[test]
    fn an_invalid_search_is_an_error_and_the_filters_stay() {
        let (list, search) = read(params("order", "today", ""), "upi");
        assert!(search.is_none() && list.errors.of("q").is_some() && list.days.is_some());
        assert_eq!(list.at("/"), "/?mode=test&range=today&method=upi");
    }

    #[test]
    fn the_default_period_is_not_in_the_url() {
        let (list, _) = read(params("", "", ""), "");
        assert_eq!(list.days, Some(ChosenDays::of_preset(PERIOD, list.today)));
        assert_eq!((list.at("/"), list.filters.is_any(), list.cleared()), ("/?mode=test".to_owned(), false, None));
        assert_eq!(read(params("", PERIOD.as_str(), ""), "").0.at("/"), "/?mode=test&range=last_30_days", "a chosen one is");
    }

    #[test]
    fn an_invalid_value_is_an_error_and_is_not_carried() {
        let invalid = [
            ("method", "", "UPI", "razorpay", "&gateway=razorpay"),
            ("method", "", "cash", "razorpay", "&gateway=razorpay"),
            ("gateway", "", "upi", "stripe", "&method=upi"),
            ("gateway", "", "upi", "Razorpay", "&method=upi"),
            ("range", "rubbish", "upi", "razorpay", "&method=upi&gateway=razorpay"),
        ];
        for (name, range, method, gateway, carried) in invalid {
            let (list, _) = read(params("", range, gateway), method);
            assert!(list.errors.of(name).is_some() && list.errors.len() == 1, "{name} {range} {method} {gateway}");
            assert_eq!(list.at("/"), format!("/?mode=test{carried}"), "{name} {range} {method} {gateway}");
        }
    }
}
