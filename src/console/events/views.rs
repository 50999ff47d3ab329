//! The page of an event.

use askama::Template;
use data_encoding::HEXLOWER;

use crate::{
    console::{
        http::{layout::Layout, payload::StoredContent},
        read_models::event_deliveries::EventDeliveries,
    },
    events::{Event, State},
    i18n::{Text, isolate},
    ledger::payments::disputes::Dispute,
    messages::{
        self, Badge, DisplayTime, Notice,
        text::{deliveries as delivery_text, events as t, payload as payload_text},
    },
    primitives::{id::RejectionId, time::Timestamp},
    rejections::store::recoveries::Recovery,
    test_events::TestEvent,
    urls,
};

/// Returns the name of a test event, else what the event reports.
pub(super) fn sentence(event: &Event, test: Option<&TestEvent>, disputes: &[Dispute]) -> Text {
    test.map_or_else(|| messages::event_sentence_with_costs(event, disputes), messages::test_events::name)
}

/// `/ks-pay/apps/{app}/events/{event}`
#[derive(Template)]
#[template(path = "events/show.html")]
pub(crate) struct Show {
    pub(crate) layout: Layout,
    pub(crate) event: Event,
    /// The disputes of its payment, if it reports a lost one.
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) deliveries: EventDeliveries,
    /// Headers and body, if they are still stored and intact.
    pub(crate) kept: Option<StoredContent>,
    /// What is said of them if they are damaged.
    pub(crate) damage: Option<Text>,
    /// The number of events in the body; `None` if the body is the event, or is not stored any more.
    pub(crate) siblings: Option<usize>,
    /// Misconfigurations at the gateway, each with its fix.
    pub(crate) mixups: Vec<Notice>,
    pub(crate) webhook: String,
    /// `None` for other events.
    pub(crate) test: Option<TestEvent>,
    /// When it was rejected and recovered, and by whom; `None` for other events.
    pub(crate) recovery: Option<Recovery>,
    /// The rejection that it was recovered from, if that is still stored.
    pub(crate) rejection: Option<RejectionId>,
    pub(crate) now: Timestamp,
}

impl Show {
    pub(crate) fn badge(&self) -> Badge {
        messages::event_state(self.event.state)
    }

    /// Returns its state, unless that is the usual one.
    pub(crate) fn mark(&self) -> Option<Badge> {
        (self.event.state != State::Processed).then(|| self.badge())
    }

    pub(crate) fn sentence(&self) -> Text {
        sentence(&self.event, self.test.as_ref(), &self.disputes)
    }

    /// Returns who sent it.
    pub(crate) fn sender(&self) -> &'static str {
        if self.test.is_some() { "KS Pay" } else { self.event.gateway.label() }
    }

    pub(crate) fn fault(&self) -> Option<Text> {
        if self.test.is_some() { Some(messages::test_events::EXPLAINED) } else { messages::fault_sentence(&self.event) }
    }

    pub(crate) fn conflict(&self) -> Option<String> {
        self.event.conflict_with.map(|id| urls::event(self.event.app_id, id))
    }

    pub(crate) fn transaction(&self) -> Option<(String, String)> {
        self.event.transaction_id.map(|id| (urls::transaction(self.event.app_id, id), id.to_string()))
    }

    pub(crate) fn occurred(&self) -> Option<DisplayTime> {
        self.event.occurred_at.map(|at| DisplayTime::of_moment(at, self.now))
    }

    /// Returns the source of that time.
    pub(crate) fn time_source(&self) -> Text {
        messages::borrowed_time(self.event.is_time_borrowed)
    }

    pub(crate) fn received(&self) -> DisplayTime {
        DisplayTime::of_moment(self.event.received_at, self.now)
    }

    /// Returns when it was rejected, and by whom it was recovered.
    pub(crate) fn refused(&self) -> Option<(DisplayTime, Text)> {
        let recovery = self.recovery.as_ref()?;
        Some((DisplayTime::of_moment(recovery.rejected_at, self.now), t::recovered_by(isolate(&recovery.recovered_by))))
    }

    /// Returns the URL of the rejection that explains it, if that is still stored.
    pub(crate) fn rejection(&self) -> Option<String> {
        self.rejection.map(|id| urls::rejection(self.event.app_id, id))
    }

    pub(crate) fn arrival(&self) -> Text {
        messages::arrival(&self.event, self.now)
    }

    /// Returns when it was last received and how often, if more than once.
    pub(crate) fn again(&self) -> Option<(DisplayTime, Text)> {
        let count = self.event.received_count;
        let last = DisplayTime::of_moment(self.event.last_received_at, self.now);
        (count > 1).then(|| (last, t::received_times_sentence(count)))
    }

    pub(crate) fn body(&self) -> String {
        urls::event_body(self.event.app_id, self.event.id)
    }

    /// Returns which event of its request it is, if that may have several.
    pub(crate) fn part(&self) -> Option<Text> {
        self.event.number().map(|number| messages::part(number, self.siblings))
    }

    pub(crate) fn sha256(&self) -> String {
        HEXLOWER.encode(&self.event.body_sha256)
    }

    pub(crate) fn amount(&self) -> Option<String> {
        self.event.money().map(|money| money.to_string())
    }
}
