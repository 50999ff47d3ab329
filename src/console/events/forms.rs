//! The query of the event list, and its validation.

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    console::http::{
        date_filter::{ChosenDays, DateQuery},
        filters::Filters,
        form::FieldErrors,
    },
    events::{State, store::Filter},
    gateways::{Gateway, Mode, adapter::is_safe_identifier},
    messages::text::lists as t,
    primitives::{
        id::{AppId, ConnectionId, EventId, TransactionId},
        time::Timestamp,
        zone::Zone,
    },
    urls,
};

/// The maximum length of a search text in characters.
const MAX_SEARCH_CHARS: usize = 128;

/// The query as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ListForm {
    pub(crate) mode: String,
    pub(crate) q: String,
    pub(crate) range: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) r#type: String,
    pub(crate) gateway: String,
    pub(crate) state: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The search of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Search {
    Event(EventId),
    Transaction(TransactionId),
    /// The gateway's id of an event, a payment, an order, a refund or a dispute; or a reference.
    Name(String),
}

/// The validated query.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The days of arrival, in the zone of the app.
    pub(crate) days: Option<ChosenDays>,
    pub(crate) today: Date,
    pub(crate) zone: Zone,
    pub(crate) state: Option<State>,
    /// Prefix of the type: the whole name, or `refund` for all refund events.
    pub(crate) event_type: Option<String>,
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
        let typed = self.r#type.trim();
        if !typed.is_empty() && !is_safe_identifier(typed) {
            errors.add("type", "unknown", t::whole_type());
        }
        let event_type = is_safe_identifier(typed).then(|| typed.to_owned());
        let state = self.state.parse().ok();
        if state.is_none() && !self.state.is_empty() {
            errors.add("state", "unknown", t::no_state());
        }
        let gateway = self.gateway.parse::<Gateway>().ok();
        if gateway.is_none() && !self.gateway.is_empty() {
            errors.add("gateway", "unknown", t::no_gateway());
        }
        let search = search(self.q.trim(), &mut errors);
        Wanted { days, today, zone, state, event_type, gateway, search, errors }
    }

    pub(crate) fn dates(&self) -> DateQuery<'_> {
        DateQuery { range: &self.range, from: &self.from, to: &self.to }
    }
}

fn search(typed: &str, errors: &mut FieldErrors) -> Option<Search> {
    if typed.is_empty() {
        return None;
    }
    if let Ok(id) = typed.parse() {
        return Some(Search::Event(id));
    }
    if let Ok(id) = typed.parse() {
        return Some(Search::Transaction(id));
    }
    let is_text = typed.chars().count() <= MAX_SEARCH_CHARS && !typed.chars().any(char::is_control);
    if !is_text || typed.starts_with("ev_") || typed.starts_with("tx_") {
        errors.add("q", "unsearchable", t::whole_id());
        return None;
    }
    Some(Search::Name(typed.to_owned()))
}

impl Wanted {
    /// Returns the filter of the list; `connections` are those of the mode, with their gateways.
    pub(crate) fn filter(&self, connections: impl Iterator<Item = (ConnectionId, Gateway)>) -> Filter {
        let is_wanted = |gateway: Gateway| self.gateway.is_none_or(|wanted| wanted == gateway);
        Filter {
            connections: connections.filter(|(_, gateway)| is_wanted(*gateway)).map(|(id, _)| id).collect(),
            state: self.state,
            event_type: self.event_type.clone(),
            received: self.days.map(|chosen| (chosen.days.start(self.zone), chosen.days.end(self.zone))),
        }
    }

    /// Returns the filters that are set; a search has none.
    pub(crate) fn filters(&self, app: AppId, mode: Mode) -> Filters {
        let filters = Filters::new(urls::events(app), mode.slug());
        if self.search.is_some() {
            return filters;
        }
        filters
            .and_all(self.days.into_iter().flat_map(ChosenDays::pairs))
            .and("type", self.event_type.as_deref().unwrap_or_default())
            .and("gateway", self.gateway.map_or("", Gateway::slug))
            .and("state", self.state.map_or("", State::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &ListForm) -> Wanted {
        form.read(Zone::default(), Timestamp::from_seconds(1_795_356_717))
    }

    #[test]
    fn what_is_no_name_of_an_event_is_said_and_not_looked_for() {
        let read_type = |typed: &str| read(&ListForm { r#type: typed.to_owned(), ..ListForm::default() });
        let is_any = |wanted: &Wanted| !wanted.filters(AppId::unique(), Mode::Test).is_any();
        let wrong_state = read(&ListForm { state: "rubbish".to_owned(), ..ListForm::default() });
        assert!(wrong_state.errors.of("state").is_some() && wrong_state.errors.of("type").is_none());
        assert_eq!(read_type(" payment.captured ").event_type.as_deref(), Some("payment.captured"));
        assert!(is_any(&read_type("")) && read_type("").errors.is_empty());
        for wrong in ["a b", "a\0", "नीम"] {
            assert!(is_any(&read_type(wrong)) && !read_type(wrong).errors.is_empty(), "{wrong:?}");
        }
    }

    #[test]
    fn an_id_is_looked_for_whole_and_a_search_carries_no_filter() {
        let search = |q: &str| read(&ListForm { q: q.to_owned(), state: "conflict".to_owned(), ..ListForm::default() });
        let (event, transaction) = (EventId::unique(), TransactionId::unique());
        assert_eq!(search(&format!(" {event} ")).search, Some(Search::Event(event)));
        assert_eq!(search(&transaction.to_string()).search, Some(Search::Transaction(transaction)));
        let named = search("pay_Q4x");
        assert_eq!(named.search, Some(Search::Name("pay_Q4x".to_owned())));
        assert!(!named.filters(AppId::unique(), Mode::Test).is_any() && search("").filters(AppId::unique(), Mode::Test).is_any());
        for wrong in ["ev_short", "tx_", "a\0b", &"9".repeat(129)] {
            assert!(search(wrong).search.is_none() && search(wrong).errors.of("q").is_some(), "{wrong:?}");
        }
    }
}
