//! The view model of Transaction History.

use askama::Template;

use super::forms::{ListForm, ListQuery};
use crate::{
    console::{
        http::{
            layout::Layout,
            pagination::{ActiveFilter, Pager},
        },
        read_models::payment_row::Row,
    },
    gateways::Mode,
    i18n::{Text, isolate},
    ledger::payments::state::DisplayState,
    messages::{
        self, EmptyState, Items,
        text::{lists, transactions as t},
    },
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
    pub(crate) rows: Vec<Row>,
    pub(crate) sum: Items,
    pub(crate) pager: Pager,
    pub(crate) empty: Option<EmptyState>,
    pub(crate) zones_note: Option<Text>,
}

impl Index {
    /// Returns the active filters. The default period is none.
    pub(crate) fn tags(&self) -> Vec<ActiveFilter> {
        if !self.wanted.errors.is_empty() {
            return Vec::new();
        }
        if self.wanted.name.is_some() {
            let url = urls::query(&self.path(), &[("mode", self.mode.slug())]);
            return vec![ActiveFilter { label: Text::verbatim(isolate(self.form.q.trim())), url }];
        }
        let mut tags = Vec::new();
        if !self.wanted.is_default {
            let url = urls::query(&self.path(), &[("mode", self.mode.slug()), ("status", self.status())]);
            tags.push(ActiveFilter { label: self.span(), url });
        }
        if let Some(status) = self.wanted.status {
            let (from, to) = self.days();
            let url = urls::query(&self.path(), &[("mode", self.mode.slug()), ("from", &from), ("to", &to)]);
            tags.push(ActiveFilter { label: messages::payment_state(status).label, url });
        }
        tags
    }

    /// Returns the period as text.
    pub(crate) fn span(&self) -> Text {
        messages::days(self.wanted.days, self.wanted.today)
    }

    pub(crate) fn without_filters(&self) -> String {
        urls::in_mode(&self.path(), self.mode)
    }

    pub(crate) fn download(&self) -> String {
        let (from, to) = self.days();
        let (mode, path) = (("mode", self.mode.slug()), urls::transactions_csv(self.app));
        match self.wanted.name {
            Some(_) => urls::query(&path, &[mode, ("q", self.form.q.trim())]),
            None => urls::query(&path, &[mode, ("from", &from), ("to", &to), ("status", self.status())]),
        }
    }

    /// Returns the value of the field: the input if the form is invalid, else the first day of the period.
    pub(crate) fn from(&self) -> String {
        if self.wanted.errors.is_empty() { self.days().0 } else { self.form.from.clone() }
    }

    pub(crate) fn to(&self) -> String {
        if self.wanted.errors.is_empty() { self.days().1 } else { self.form.to.clone() }
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = (&'static str, Text, bool)> + '_ {
        let state =
            |state: &DisplayState| (state.as_str(), messages::payment_state(*state).label, self.wanted.status == Some(*state));
        DisplayState::ALL.iter().map(state)
    }

    fn status(&self) -> &'static str {
        self.wanted.status.map_or("", DisplayState::as_str)
    }

    fn days(&self) -> (String, String) {
        (self.wanted.days.first.to_string(), self.wanted.days.last.to_string())
    }

    fn path(&self) -> String {
        urls::transactions(self.app)
    }
}
