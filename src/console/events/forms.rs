//! The query of the event list, and its validation.

use serde::Deserialize;

use crate::{
    console::http::list_query::{ListContext, ListParams, ListQuery, external_id},
    events::{State, store::Filter},
    gateways::{Gateway, adapter::is_safe_identifier},
    messages::text::lists as t,
    primitives::id::{ConnectionId, EventId, TransactionId},
    urls,
};

/// The query as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct EventParams {
    #[serde(flatten)]
    pub(crate) list: ListParams,
    pub(crate) r#type: String,
    pub(crate) status: String,
}

/// The search of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventSearch {
    Event(EventId),
    Transaction(TransactionId),
    /// The gateway's id of an event, a payment, an order, a refund or a dispute; or a reference.
    Name(String),
}

/// The validated query. The days are those of arrival.
#[derive(Debug)]
pub(crate) struct EventQuery {
    pub(crate) list: ListQuery,
    pub(crate) state: Option<State>,
    /// Prefix of the type: the whole name, or `refund` for all refund events.
    pub(crate) event_type: Option<String>,
    pub(crate) type_input: String,
    pub(crate) gateway: Option<Gateway>,
    pub(crate) search: Option<EventSearch>,
}

impl EventParams {
    pub(crate) fn read(self, context: ListContext) -> EventQuery {
        let path = urls::events(context.app);
        let (mut list, search) = ListQuery::read(self.list, path, context, None, (search, t::whole_id()));
        let typed = self.r#type.trim();
        let event_type = list.filter("type", typed, is_safe_identifier(typed).then(|| typed.to_owned()), t::whole_type());
        let gateway = list.gateway();
        let state = list.filter("status", &self.status, self.status.parse().ok(), t::no_status());
        EventQuery { list, state, event_type, type_input: self.r#type, gateway, search }
    }
}

fn search(typed: &str) -> Option<EventSearch> {
    let id = typed.parse().map(EventSearch::Event).or_else(|_| typed.parse().map(EventSearch::Transaction));
    id.ok().or_else(|| external_id(typed, &["ev_", "tx_"]).map(EventSearch::Name))
}

impl EventQuery {
    /// Returns the filter of the list; `connections` are those of the mode, with their gateways.
    pub(crate) fn filter(&self, connections: impl Iterator<Item = (ConnectionId, Gateway)>) -> Filter {
        let is_wanted = |gateway: Gateway| self.gateway.is_none_or(|wanted| wanted == gateway);
        Filter {
            connections: connections.filter(|(_, gateway)| is_wanted(*gateway)).map(|(id, _)| id).collect(),
            state: self.state,
            event_type: self.event_type.clone(),
            received: self.list.times(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: EventParams) -> EventQuery {
        params.read(ListContext::of_tests())
    }

    #[test]
    fn what_is_no_name_of_an_event_is_said_and_not_looked_for() {
        let read_type = |typed: &str| read(EventParams { r#type: typed.to_owned(), ..EventParams::default() });
        let is_any = |query: &EventQuery| !query.list.filters.is_any();
        let wrong_state = read(EventParams { status: "rubbish".to_owned(), ..EventParams::default() }).list.errors;
        assert!(wrong_state.of("status").is_some() && wrong_state.of("type").is_none());
        assert_eq!(read_type(" payment.captured ").event_type.as_deref(), Some("payment.captured"));
        assert!(is_any(&read_type("")) && read_type("").list.is_valid());
        for wrong in ["a b", "a\0", "नीम"] {
            assert!(is_any(&read_type(wrong)) && !read_type(wrong).list.is_valid(), "{wrong:?}");
        }
    }

    #[test]
    fn an_id_is_looked_for_whole_and_a_search_carries_no_filter() {
        let search = |q: &str| {
            let list = ListParams { q: q.to_owned(), ..ListParams::default() };
            read(EventParams { list, status: "conflict".to_owned(), ..EventParams::default() })
        };
        let (event, transaction) = (EventId::unique(), TransactionId::unique());
        assert_eq!(search(&format!(" {event} ")).search, Some(EventSearch::Event(event)));
        assert_eq!(search(&transaction.to_string()).search, Some(EventSearch::Transaction(transaction)));
        let named = search("pay_Q4x");
        assert_eq!(named.search, Some(EventSearch::Name("pay_Q4x".to_owned())));
        assert!(!named.list.filters.is_any() && search("").list.filters.is_any());
        for wrong in ["ev_short", "tx_", "a\0b", &"9".repeat(129)] {
            assert!(search(wrong).search.is_none() && search(wrong).list.errors.of("q").is_some(), "{wrong:?}");
        }
    }
}
