//! The view model of Transaction History.

use askama::Template;

use super::forms::{ListForm, ListQuery};
use crate::{
    console::{
        http::{
            filters::{Filters, Pill, Search},
            layout::Layout,
            pagination::Pager,
        },
        read_models::payment_row::DayOfRows,
    },
    gateways::{Gateway, Mode},
    i18n::Text,
    ledger::payments::state::DisplayState,
    messages::{self, EmptyState, Items, METHODS, text::transactions as t},
    primitives::id::AppId,
    urls,
};

/// `/ks-pay/apps/{app}/transactions`
#[derive(Template)]
#[template(path = "payments/index.html")]
pub(crate) struct Index {
    pub(crate) layout: Layout,
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) form: ListForm,
    pub(crate) wanted: ListQuery,
    /// The gateways that the list can have payments of.
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) days: Vec<DayOfRows>,
    pub(crate) sum: Items,
    /// The number of rows of the download, if it is known.
    pub(crate) total: Option<i64>,
    pub(crate) pager: Pager,
    pub(crate) empty: Option<EmptyState>,
    pub(crate) zones_note: Option<Text>,
}

impl Index {
    fn filters(&self) -> Filters {
        self.wanted.filters(self.app, self.mode)
    }

    pub(crate) fn search(&self) -> Search {
        Search::new(&self.filters(), t::search_example(), &self.form.q, self.wanted.errors.of("q"))
    }

    pub(crate) fn pills(&self) -> Vec<Pill> {
        let (filters, errors) = (self.filters(), &self.wanted.errors);
        let states = DisplayState::ALL.iter().map(|state| (state.as_str(), messages::payment_state(*state).label));
        let methods = METHODS.into_iter().map(|method| (method, messages::method(Some(method))));
        let gateways = self.gateways.iter().map(|gateway| (gateway.slug(), Text::verbatim(gateway.label())));
        vec![
            self.form.dates().pill(&filters, self.wanted.named_days(), self.wanted.today, errors),
            Pill::choice(&filters, ("status", t::status()), states, errors.of("status")),
            Pill::choice(&filters, ("method", t::payment_mode()), methods, errors.of("method")),
            Pill::choice(&filters, ("gateway", t::payment_gateway()), gateways, errors.of("gateway")),
        ]
    }

    /// Returns the list without filters, if there are any.
    pub(crate) fn cleared(&self) -> Option<String> {
        let filters = self.filters();
        (filters.is_any() && self.wanted.errors.is_empty()).then(|| filters.cleared())
    }

    /// Returns the days of the list; a search has none.
    pub(crate) fn span(&self) -> Option<Text> {
        self.wanted.name.is_none().then(|| messages::days(self.wanted.days, self.wanted.today))
    }

    pub(crate) fn download_label(&self) -> Text {
        self.total.map_or_else(t::download, t::download_rows)
    }

    pub(crate) fn download(&self) -> String {
        let path = urls::transactions_csv(self.app);
        match self.wanted.name {
            Some(_) => urls::query(&path, &[("mode", self.mode.slug()), ("q", self.form.q.trim())]),
            None => self.filters().at(&path),
        }
    }
}
