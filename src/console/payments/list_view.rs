//! The view model of Transaction History.

use askama::Template;

use super::forms::PaymentQuery;
use crate::{
    console::{
        http::{filters::Pill, layout::Layout, pagination::Pager},
        read_models::payment_row::DayOfRows,
    },
    gateways::Gateway,
    i18n::Text,
    ledger::payments::{failure::FailureReason, state::DisplayState},
    messages::{
        self, EmptyState, Items, METHODS,
        text::{lists, transactions as t},
    },
    urls,
};

/// `/ks-pay/apps/{app}/transactions`
#[derive(Template)]
#[template(path = "payments/index.html")]
pub(crate) struct Index {
    pub(crate) layout: Layout,
    pub(crate) query: PaymentQuery,
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
    pub(crate) fn pills(&self) -> Vec<Pill> {
        let list = &self.query.list;
        let states = DisplayState::ALL.iter().map(|state| (state.as_str(), messages::payment_filter(*state)));
        let failures = FailureReason::all().map(|reason| (reason.as_str(), messages::failure(reason.0)));
        let methods = METHODS.into_iter().map(|method| (method, messages::method(Some(method))));
        vec![
            list.date_pill(),
            list.choice_pill(("status", lists::status()), states),
            list.choice_pill(("failure", t::failure_reason()), failures),
            list.choice_pill(("method", lists::payment_mode()), methods),
            list.gateway_pill(&self.gateways),
        ]
    }

    pub(crate) fn download_label(&self) -> Text {
        self.total.map_or_else(t::download, t::download_rows)
    }

    pub(crate) fn download(&self) -> String {
        self.query.list.at(&urls::transactions_csv(self.query.list.context.app))
    }
}
