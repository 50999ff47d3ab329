//! Messages on how events arrived, and on empty event lists.

use super::{
    payments::sequence,
    text::{events as t, lists, payload},
};
use crate::{
    events::{Event, State, payload::Damage},
    gateways::{Gateway, Mode, event_kind::EventKind, payment::Status},
    i18n::{Text, code, isolate},
    ledger::payments::Transaction,
    messages::EmptyState,
    primitives::{id::AppId, time::Timestamp},
};

/// States the received count of an event, if it is above one.
pub(crate) fn receipts(receipts: i64) -> Option<Text> {
    (receipts > 1).then(|| t::received_times(receipts))
}

/// States which event of its request it is; `of` is their number, if it is known.
pub(crate) fn part(number: i64, of: Option<usize>) -> Text {
    match of {
        None => t::part(number),
        Some(of) => t::part_of(number, of),
    }
}

/// States the delay between event and arrival, if the clocks are plausible.
pub(crate) fn arrival(event: &Event, now: Timestamp) -> Text {
    if super::past_day(event.received_at, now).is_none() {
        return t::arrival_unknown();
    }
    let Some(occurred) = event.occurred_at.filter(|_| !event.is_time_borrowed) else {
        let is_unread = event.state == State::Quarantined && event.occurred_at.is_none();
        return if is_unread { t::time_unread() } else { t::no_time() };
    };
    if super::past_day(occurred, event.received_at).is_none() {
        return t::dated_later();
    }
    // The gateway's times have no milliseconds.
    match u64::try_from(event.received_at.seconds().saturating_sub(occurred.seconds())) {
        Err(_) | Ok(0) => t::arrived_immediately(),
        Ok(seconds) => t::arrived_later(super::span(std::time::Duration::from_secs(seconds))),
    }
}

/// Returns the source of an event’s time.
pub(crate) const fn borrowed_time(is_borrowed: bool) -> Text {
    if is_borrowed { t::time_borrowed() } else { t::time_of_gateway() }
}

/// Returns what identifies in tests how the times of an event are known.
pub(crate) fn arrival_hook(event: &Event, now: Timestamp) -> &'static str {
    if super::past_day(event.received_at, now).is_none() {
        "arrival-unknown"
    } else if event.is_time_borrowed || event.occurred_at.is_none() {
        "time-borrowed"
    } else {
        "arrival"
    }
}

/// The same in the list of a payment's events.
pub(crate) fn arrival_in_story(event: &Event, is_late: bool, now: Timestamp) -> Text {
    let late = is_late.then(t::arrived_after_next);
    let again = (event.received_count > 1).then(|| t::received_times_sentence(event.received_count));
    sequence([arrival(event, now)].into_iter().chain(late).chain(again))
}

/// Shown in place of an event's headers and body if what is stored of them is damaged.
pub(crate) fn damaged_payload(damage: Damage) -> Text {
    payload::damaged(damage.to_string(), code("ks-pay doctor"))
}

/// Formats a size: `1,204 bytes`.
pub(crate) fn bytes(size: usize) -> Text {
    payload::bytes(size)
}

/// Returns class and icon of an event in a payment's list of events.
pub(crate) fn event_icon(event: &Event) -> (&'static str, &'static str) {
    match event.kind() {
        Some(kind) if kind.reports_payment() || kind == EventKind::DisputeWon => ("is-paid", "good"),
        Some(EventKind::PaymentFailed | EventKind::RefundFailed | EventKind::DisputeLost) => ("is-lost", "failed"),
        Some(EventKind::PaymentAuthorized) => ("", "authorized"),
        Some(EventKind::PaymentCreated) => ("", "pending"),
        Some(kind) if kind.is_of_refund() => ("", "refund"),
        Some(kind) if kind.is_of_dispute() => ("", "warn"),
        Some(_) | None => ("", "info"),
    }
}

/// Returns the icon of what an event says of the money, in the list of events. Nothing is claimed of one that changes no payment.
pub(crate) fn event_mark(event: &Event) -> &'static str {
    if event.kind() == Some(EventKind::SettlementProcessed) {
        return "settlement";
    }
    if event.state == State::Processed && !reports_without_payment(event) { event_icon(event).1 } else { "info" }
}

/// The same on the page of its payment, which may not be captured.
pub(crate) fn event_icon_of_payment(event: &Event, payment: &Transaction) -> (&'static str, &'static str) {
    if contradicts(event, payment) || reports_without_payment(event) { ("", "info") } else { event_icon(event) }
}

/// True if an event reports a payment that was not captured.
pub(super) fn contradicts(event: &Event, payment: &Transaction) -> bool {
    !payment.is_captured && reports_payment(event)
}

/// Whether an event's type says that something was paid while its own payment was not.
pub(super) fn reports_without_payment(event: &Event) -> bool {
    let is_captured = |stage: &str| stage == Status::Captured.as_str();
    event.subject_status.as_deref().is_some_and(|stage| !is_captured(stage)) && reports_payment(event)
}

/// Whether an event's type says that money was paid.
fn reports_payment(event: &Event) -> bool {
    event.kind().is_some_and(EventKind::reports_payment)
}

/// The empty list before the first event.
pub(crate) fn no_event_yet(app: AppId, mode: Mode, gateway: Option<Gateway>) -> EmptyState {
    EmptyState {
        hook: "no-event-yet",
        cause: None,
        icon: "inbox",
        title: t::no_event_yet(),
        text: t::no_event_yet_advice(mode.label()),
        way: Some(super::lists::to_webhook(app, mode, gateway)),
    }
}

/// Why no event is listed although there are some.
pub(crate) enum NoSuchEvent<'a> {
    OfType(&'a str),
    InState(State),
    OfTypeInState(&'a str, State),
    /// Of these days or this gateway, perhaps with further filters.
    OfFilters,
    /// With this id or reference.
    Named(&'a str),
}

impl NoSuchEvent<'_> {
    /// Returns the message, with a link to all events.
    pub(crate) fn among(&self, all: String) -> EmptyState {
        let label = |state| super::event_state(state).label;
        EmptyState {
            hook: "no-such-event",
            cause: None,
            icon: "search",
            title: lists::nothing_matches(),
            text: match *self {
                Self::OfType(name) => t::none_of_type(isolate(name)),
                Self::InState(state) => t::none_with_status(label(state)),
                Self::OfTypeInState(name, state) => t::none_of_type_with_status(label(state), isolate(name)),
                Self::OfFilters => t::none_of_filters(),
                Self::Named(name) => t::none_named(isolate(name)),
            },
            way: Some((all, t::show_all())),
        }
    }
}
