//! The event pages.

use askama::Template;
use data_encoding::HEXLOWER;

use super::forms::{ListForm, Wanted};
use crate::{
    console::http::{
        layout::Layout,
        pagination::{ActiveFilter, Pager},
        payload::StoredContent,
    },
    events::{Event, State},
    gateways::Mode,
    i18n::{Text, isolate},
    ledger::payments::disputes::Dispute,
    messages::{
        self, Badge, DisplayTime, EmptyState, Notice,
        text::{events as t, lists, payload as payload_text},
    },
    primitives::{
        id::{AppId, EventId, RejectionId},
        time::Timestamp,
    },
    rejections::store::recoveries::Recovery,
    urls,
};

/// `/ks-pay/apps/{app}/events`
#[derive(Template)]
#[template(path = "events/index.html")]
pub(crate) struct Index {
    pub(crate) layout: Layout,
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) form: ListForm,
    pub(crate) wanted: Wanted,
    pub(crate) rows: Vec<Row>,
    pub(crate) pager: Pager,
    pub(crate) empty: Option<EmptyState>,
    /// Suggested event types; others can be typed.
    pub(crate) types: Vec<&'static str>,
}

impl Index {
    pub(crate) fn tags(&self) -> Vec<ActiveFilter> {
        if !self.wanted.errors.is_empty() {
            return Vec::new();
        }
        let (path, mode) = (urls::events(self.app), ("mode", self.mode.slug()));
        let state = self.wanted.state.map_or("", State::as_str);
        let kind = self.wanted.event_type.as_deref().unwrap_or_default();
        let of_type = (!kind.is_empty())
            .then(|| ActiveFilter { label: Text::verbatim(isolate(kind)), url: urls::query(&path, &[mode, ("state", state)]) });
        let of_state = self.wanted.state.map(|state| ActiveFilter {
            label: messages::event_state(state).label,
            url: urls::query(&path, &[mode, ("type", kind)]),
        });
        of_type.into_iter().chain(of_state).collect()
    }

    pub(crate) fn without_filters(&self) -> String {
        urls::in_mode(&urls::events(self.app), self.mode)
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = (&'static str, Text, bool)> + '_ {
        let label = |state| messages::event_state(state).label;
        State::ALL.iter().copied().map(move |state| (state.as_str(), label(state), self.wanted.state == Some(state)))
    }
}

/// A row of the list.
pub(crate) struct Row {
    pub(crate) url: String,
    pub(crate) sentence: Text,
    /// `None` if it could not be read.
    pub(crate) event_type: Option<String>,
    /// The URL and id of its transaction.
    pub(crate) transaction: Option<(String, String)>,
    pub(crate) received: DisplayTime,
    pub(crate) received_count: Option<Text>,
    /// True if it was rejected first.
    pub(crate) is_recovered: bool,
    pub(crate) badge: Badge,
}

impl Row {
    pub(crate) fn new(event: &Event, (recovered, disputes): (&[EventId], &[Dispute]), now: Timestamp) -> Self {
        Self {
            is_recovered: recovered.contains(&event.id),
            url: urls::event(event.app_id, event.id),
            sentence: messages::event_sentence_with_costs(event, disputes),
            event_type: event.event_type.clone(),
            transaction: event.transaction_id.map(|id| (urls::transaction(event.app_id, id), id.to_string())),
            received: messages::when(event.received_at, now),
            received_count: messages::receipts(event.received_count),
            badge: messages::event_state(event.state),
        }
    }
}

/// `/ks-pay/apps/{app}/events/{event}`
#[derive(Template)]
#[template(path = "events/show.html")]
pub(crate) struct Show {
    pub(crate) layout: Layout,
    pub(crate) event: Event,
    /// The disputes of its payment, if it reports a lost one.
    pub(crate) disputes: Vec<Dispute>,
    /// Headers and body, if they are still stored and intact.
    pub(crate) kept: Option<StoredContent>,
    /// What is said of them if they are damaged.
    pub(crate) damage: Option<Text>,
    /// The number of events in the body; `None` if the body is the event, or is not stored any more.
    pub(crate) siblings: Option<usize>,
    /// Misconfigurations at the gateway, each with its fix.
    pub(crate) mixups: Vec<Notice>,
    pub(crate) webhook: String,
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

    pub(crate) fn sentence(&self) -> Text {
        messages::event_sentence_with_costs(&self.event, &self.disputes)
    }

    pub(crate) fn fault(&self) -> Option<Text> {
        messages::fault_sentence(&self.event)
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
