//! The query of the list of rejections, and its validation.

use std::net::IpAddr;

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    console::http::{
        date_filter::{ChosenDays, DateQuery},
        filters::Filters,
        form::FieldErrors,
    },
    gateways::{Gateway, Mode},
    messages::text::{lists as t, rejections},
    primitives::{
        id::{AppId, RejectionId},
        time::Timestamp,
        zone::Zone,
    },
    rejections::{
        Reason,
        store::{Filter, list::Selection},
    },
    urls,
};

/// The query as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ListForm {
    pub(crate) mode: String,
    pub(crate) q: String,
    pub(crate) range: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) reason: String,
    pub(crate) gateway: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The search of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    Rejection(RejectionId),
    /// The address from which the last request came.
    Address(IpAddr),
}

/// The validated query.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The days of the last request, in the zone of the app.
    pub(crate) days: Option<ChosenDays>,
    pub(crate) today: Date,
    pub(crate) zone: Zone,
    pub(crate) reason: Option<Reason>,
    pub(crate) gateway: Option<Gateway>,
    /// A search ignores the filters.
    pub(crate) search: Option<Search>,
    pub(crate) errors: FieldErrors,
}

impl ListForm {
    pub(crate) fn read(&self, zone: Zone, now: Timestamp) -> Wanted {
        let mut errors = FieldErrors::default();
        let today = zone.date(now);
        let days = self.dates().read(today, &mut errors);
        let reason = self.reason.parse().ok();
        if reason.is_none() && !self.reason.is_empty() {
            errors.add("reason", "unknown", rejections::no_reason());
        }
        let gateway = self.gateway.parse::<Gateway>().ok();
        if gateway.is_none() && !self.gateway.is_empty() {
            errors.add("gateway", "unknown", t::no_gateway());
        }
        let typed = self.q.trim();
        let search = typed.parse().map(Search::Rejection).ok().or_else(|| typed.parse().map(Search::Address).ok());
        if search.is_none() && !typed.is_empty() {
            errors.add("q", "unsearchable", rejections::id_or_address());
        }
        Wanted { days, today, zone, reason, gateway, search, errors }
    }

    pub(crate) fn dates(&self) -> DateQuery<'_> {
        DateQuery { range: &self.range, from: &self.from, to: &self.to }
    }
}

impl Wanted {
    /// Returns which rejections of an app the list has, unless one is searched by its id.
    pub(crate) fn selection(&self, of: Filter) -> Selection {
        match self.search {
            Some(Search::Address(address)) => Selection { address: Some(address.to_string()), ..Selection::all(of) },
            Some(Search::Rejection(_)) => Selection::all(of),
            None => Selection {
                last: self.days.map(|chosen| (chosen.days.start(self.zone), chosen.days.end(self.zone))),
                reason: self.reason,
                gateway: self.gateway,
                ..Selection::all(of)
            },
        }
    }

    /// Returns the filters that are set; a search has none.
    pub(crate) fn filters(&self, app: AppId, mode: Mode) -> Filters {
        let filters = Filters::new(urls::rejections(app), mode.slug());
        if self.search.is_some() {
            return filters;
        }
        filters
            .and_all(self.days.into_iter().flat_map(ChosenDays::pairs))
            .and("reason", self.reason.map_or("", Reason::as_str))
            .and("gateway", self.gateway.map_or("", Gateway::slug))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_or_an_address_is_looked_for_and_anything_else_is_an_error() {
        let read = |q: &str| {
            let form = ListForm { q: q.to_owned(), ..ListForm::default() };
            form.read(Zone::default(), Timestamp::from_seconds(1_795_356_717))
        };
        let id = RejectionId::unique();
        assert_eq!(read(&format!(" {id} ")).search, Some(Search::Rejection(id)));
        assert_eq!(read("2001:DB8::1").search, Some(Search::Address("2001:db8::1".parse().unwrap())));
        assert!(read("").search.is_none() && read("").errors.is_empty());
        for wrong in ["rj_", "10.0.0", "pay_1", "10.0.0.1/8"] {
            assert!(read(wrong).search.is_none() && read(wrong).errors.of("q").is_some(), "{wrong}");
        }
    }
}
