//! Messages on how events arrived, and on empty event lists.

use crate::{
    events::{Event, State, payload::Damage},
    gateways::{Gateway, Mode, event_kind::EventKind, payment::Status},
    ledger::payments::Transaction,
    messages::EmptyState,
    primitives::{id::AppId, time::Timestamp},
};

use super::event_state;

/// States the received count of an event, if it is above one.
pub(crate) fn receipts(receipts: i64) -> Option<String> {
    (receipts > 1).then(|| format!("received {} times, counted once", super::number_text(receipts)))
}

/// States which event of its request it is; `of` is their number, if it is known.
pub(crate) fn part(number: i64, of: Option<usize>) -> String {
    let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
    format!("Event {number}{of} in this request")
}

/// Shown with a body or headers that contain invisible characters.
pub(crate) const UNSEEN: &str = "It holds characters that cannot be seen or that turn text about. They are shown by their numbers, as ⟨U+202E⟩; the download has the exact bytes.";

/// States the delay between event and arrival, if the clocks are plausible.
pub(crate) fn arrival(event: &Event, now: Timestamp) -> String {
    if super::past_day(event.received_at, now).is_none() {
        return "time of arrival unknown: this server’s clock was wrong".to_owned();
    }
    let Some(occurred) = event.occurred_at.filter(|_| !event.is_time_borrowed) else {
        let is_unread = event.state == State::Quarantined && event.occurred_at.is_none();
        return if is_unread { "its time was not read" } else { "no event time given" }.to_owned();
    };
    let seconds = event.received_at.seconds().saturating_sub(occurred.seconds());
    match seconds {
        _ if super::past_day(occurred, event.received_at).is_none() => {
            "dated later than it arrived: this server’s clock or the sender’s was wrong".to_owned()
        }
        ..1 => "arrived at once".to_owned(),
        1..60 => format!("arrived {seconds}\u{a0}s later"),
        60..3600 => format!("arrived {}\u{a0}min later", seconds / 60),
        3600..86_400 => format!("arrived {}\u{a0}h later", seconds / 3600),
        _ if seconds < 2 * 86_400 => "arrived a day later".to_owned(),
        _ => format!("arrived {} days later", seconds / 86_400),
    }
}

/// Returns the source of an event’s time.
pub(crate) const fn borrowed_time(is_borrowed: bool) -> &'static str {
    if is_borrowed {
        "no event time given; this is the time of its payment, refund or dispute"
    } else {
        "the gateway’s own time"
    }
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
pub(crate) fn arrival_in_story(event: &Event, is_late: bool, now: Timestamp) -> String {
    let late = if is_late { ", after the line below; the order does not matter" } else { "" };
    let again = receipts(event.received_count).map(|text| format!(", {text}")).unwrap_or_default();
    format!("{}{late}{again}", arrival(event, now))
}

/// Shown in place of an event's deleted headers and body.
pub(crate) const BODY_DELETED: &str = "Its headers and body have been deleted, as this installation keeps them for a limited time only. \
     Everything else about the event stays, and if it comes again it is known.";

/// Shown in place of an event's headers and body if what is stored of them is damaged.
pub(crate) fn damaged_payload(damage: Damage) -> String {
    format!(
        "The stored request of this event is damaged ({damage}). Everything else about the event is intact. The person who runs this \
         server should run ks-pay doctor and check the disk; a backup may still contain the request."
    )
}

/// Formats a size: `1,204 bytes`.
pub(crate) fn bytes(size: usize) -> String {
    super::count(i64::try_from(size).unwrap_or(i64::MAX), "byte", "bytes")
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
        title: "No event yet".into(),
        text: format!(
            "Every request that the gateway signs for {} mode is kept and shown here. Connect the webhook first.",
            mode.label()
        )
        .into(),
        way: Some(super::lists::to_webhook(app, mode, gateway)),
    }
}

/// The empty list if no event matches the filters.
pub(crate) fn no_such_event(event_type: Option<&str>, state: Option<State>, all: &str) -> EmptyState {
    let of_type = event_type.map(|name| format!(" whose type begins with {name}")).unwrap_or_default();
    let in_state = state.map(|state| format!(" with the state {}", event_state(state).label)).unwrap_or_default();
    EmptyState {
        hook: "no-such-event",
        cause: None,
        icon: "search",
        title: "Nothing matches".into(),
        text: format!("No event{of_type}{in_state} has come.").into(),
        way: Some((all.to_owned(), "Show all events".into())),
    }
}
