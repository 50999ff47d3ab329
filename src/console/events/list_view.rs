//! The event list.

use askama::Template;

use super::{forms::EventQuery, views::sentence};
use crate::{
    console::http::{filters::Pill, layout::Layout, pagination::Pager},
    events::{Event, State},
    gateways::Gateway,
    i18n::Text,
    ledger::payments::disputes::Dispute,
    messages::{
        self, Badge, DisplayTime, EmptyState,
        text::{events as t, lists},
    },
    primitives::{id::EventId, time::Timestamp},
    test_events::TestEvent,
    urls,
};

/// `/ks-pay/apps/{app}/events`
#[derive(Template)]
#[template(path = "events/index.html")]
pub(crate) struct Index {
    pub(crate) layout: Layout,
    pub(crate) query: EventQuery,
    /// The gateways that are connected in the mode.
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) rows: Vec<Row>,
    /// True if a search has found more than are shown.
    pub(crate) has_more: bool,
    pub(crate) pager: Pager,
    pub(crate) empty: Option<EmptyState>,
    pub(crate) zones_note: Option<Text>,
}

impl Index {
    pub(crate) fn pills(&self) -> Vec<Pill> {
        let list = &self.query.list;
        // Types that the gateways recommend; others can be typed.
        let suggestions = self.gateways.iter().flat_map(|gateway| gateway.profile().recommended_events).copied().collect();
        let typed = (self.query.type_input.as_str(), t::type_example());
        let states = State::ALL.iter().map(|state| (state.as_str(), messages::event_state(*state).label));
        vec![
            list.date_pill(),
            Pill::words(&list.filters, ("type", t::event_type()), typed, suggestions, list.errors.of("type")),
            list.gateway_pill(&self.gateways),
            list.choice_pill(("status", lists::status()), states),
        ]
    }

    /// Says that a search has found more events than are shown.
    pub(crate) fn more(&self) -> Option<Text> {
        self.has_more.then(|| t::more_found(self.rows.len()))
    }
}

/// A row of the list.
pub(crate) struct Row {
    /// Relative to that of the list.
    pub(crate) url: String,
    /// The icon of what happened to the money.
    pub(crate) mark: &'static str,
    pub(crate) sentence: Text,
    /// `None` if it could not be read.
    pub(crate) event_type: Option<String>,
    pub(crate) amount: Option<String>,
    /// The URL, relative to that of the list, and the id of its transaction.
    pub(crate) transaction: Option<(String, String)>,
    pub(crate) received: DisplayTime,
    pub(crate) received_count: Option<Text>,
    /// True if it was rejected first.
    pub(crate) is_recovered: bool,
    pub(crate) is_test: bool,
    /// Its state, unless that is the usual one.
    pub(crate) badge: Option<Badge>,
}

impl Row {
    pub(crate) fn new(
        event: &Event,
        (recovered, tests): (&[EventId], &[TestEvent]),
        disputes: &[Dispute],
        now: Timestamp,
    ) -> Self {
        let test = tests.iter().find(|test| test.event_id == event.id);
        Self {
            is_test: test.is_some(),
            is_recovered: recovered.contains(&event.id),
            url: urls::event_from_list(event.id),
            mark: messages::event_mark(event),
            sentence: sentence(event, test, disputes),
            event_type: event.event_type.clone(),
            amount: event.money().map(|money| money.to_string()),
            transaction: event.transaction_id.map(|id| (urls::transaction_from_list(id), id.to_string())),
            received: messages::when(event.received_at, now),
            received_count: messages::receipts(event.received_count),
            badge: (event.state != State::Processed && test.is_none()).then(|| messages::event_state(event.state)),
        }
    }
}
