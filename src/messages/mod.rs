//! All messages about events, states and rejections in one place, so that a translation needs no change to the pages.
//!
//! Invariant: a message says what happened, then what to do. Every state has an icon and a label, never only a colour.

pub(crate) mod access;
mod activity;
mod apps;
mod arrivals;
pub(crate) mod clock;
mod disputes;
pub(crate) mod durability;
mod health;
pub(crate) mod keys;
mod lists;
pub(crate) mod mixups;
mod modes;
pub(crate) mod orders;
mod parts;
mod payments;
pub(crate) mod rejections;
pub(crate) mod secrets;
pub(crate) mod test_events;
pub(crate) mod text;
pub(crate) mod url_check;
mod when;

pub(crate) use activity::{Notice, nothing_but_refused, rejected_meanwhile, sentence_of_connection, tolerance};
pub(crate) use apps::{AllClear, Health, disabling, loss, off, standing, trouble, webhook_health};
pub(crate) use arrivals::{
    BODY_DELETED, UNSEEN, arrival, arrival_hook, arrival_in_story, borrowed_time, bytes, damaged_payload, event_icon_of_payment,
    no_event_yet, no_such_event, part, receipts,
};
pub(crate) use disputes::amounts as dispute_amounts;
pub(crate) use health::{StatusLine, countdown, line, pace};
pub(crate) use lists::{
    EmptyTransactions, NO_DAY, NO_SEARCH, NO_STATE, NO_STATUS, ONE_DAY_MISSING, WHOLE_ID, WHOLE_TYPE, WRONG_ORDER, after_today,
    costs, count, end_of_search, failed_of, found_among, invalid_filters, invalid_period, more_payments_than, nothing_but_later,
    nothing_in_period, number_text, period, search_on, settlement_found, sum, too_many_days,
};
pub(crate) use modes::{OffConnection, OtherMode, connection_name, off_connection, other_mode};
pub(crate) use parts::{EmptyState, Warning};
#[cfg(test)]
pub(crate) use payments::tests as payments_tests;
pub(crate) use payments::{
    began, event_sentence, event_sentence_of_payment, event_sentence_with_costs, fault_sentence, is_lost_dispute, is_only_report,
    method, payment_sentence, payment_sentence_with, payment_title, reason,
};
use text::states as t;
use when::day;
pub(crate) use when::{DisplayTime, UNKNOWN_DAY, date, days, past_day, span, to_the_minute, when};

use crate::{
    connections, events,
    gateways::{Gateway, Mode},
    i18n::Text,
    ledger::payments::state::DisplayState,
    primitives::time::Timestamp,
};

/// A state as a page shows it: class, icon and label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    /// The state's stored value, by which tests find it in any language.
    pub(crate) state: &'static str,
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) label: Text,
}

const fn badge(state: &'static str, (class, icon): (&'static str, &'static str), label: Text) -> Badge {
    Badge { state, class, icon, label }
}

/// Returns a stored value as a part of a `data-testid`.
pub(crate) fn hook(value: &str) -> String {
    value.replace('_', "-")
}

/// Capitalizes the first letter, for a separate line.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Returns the first sentence of a text, with its full stop.
pub(crate) fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

/// Lower-cases the first letter, to continue after a colon.
fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// Returns the badge of a connection's state.
pub(crate) fn connection_state(state: connections::ConnectionState) -> Badge {
    match state {
        connections::ConnectionState::Failing => badge("failing", ("status-bad", "bad"), t::failing()),
        connections::ConnectionState::Silent => badge("silent", ("status-warn", "silent"), t::silent()),
        connections::ConnectionState::Verified => badge("verified", ("status-good", "good"), t::verified()),
        connections::ConnectionState::Pending => badge("pending", ("status-pending", "pending"), t::pending_verification()),
        connections::ConnectionState::NotStarted => badge("not_started", ("status-off", "not-started"), t::not_started()),
        connections::ConnectionState::Off => badge("off", ("status-off", "not-started"), t::off()),
    }
}

/// The same beside what is known of rejected requests: a webhook that its own requests have reached is not "not started". Requests
/// of an unproven sender change nothing.
pub(crate) fn webhook_state(state: connections::ConnectionState, activity: &connections::activity::Activity) -> Badge {
    match state {
        connections::ConnectionState::NotStarted if activity.failing_since.is_some() => {
            badge("not_verified_yet", ("status-warn", "warn"), t::not_verified_yet())
        }
        _ => connection_state(state),
    }
}

/// Returns the badge of a step with only two states.
pub(crate) const fn step_state(is_done: bool) -> Badge {
    if is_done {
        badge("done", ("status-good", "good"), t::done())
    } else {
        badge("not_started", ("status-off", "not-started"), t::not_started())
    }
}

/// Shown next to the webhook's state, which marking the step as done does not change.
pub(crate) const MARKED: &str = "marked as done";

/// Returns the badge of the API keys.
pub(crate) const fn keys_state(keys: Option<connections::ApiKeyState>) -> Badge {
    match keys {
        Some(connections::ApiKeyState::Accepted) => badge("accepted", ("status-good", "good"), t::verified()),
        Some(connections::ApiKeyState::Unchecked) => badge("unchecked", ("status-warn", "pending"), t::not_checked_yet()),
        None => badge("not_started", ("status-off", "not-started"), t::not_started()),
    }
}

/// Shown on the Webhook page after a gateway was added.
pub(crate) fn added(gateway: Gateway, mode: Mode) -> String {
    let place = gateway.profile().texts.setup.destination;
    if gateway.generates_secret() {
        let (label, sender) = (gateway.label(), gateway.profile().sender);
        return format!(
            "{label} is added in {} mode. Next: copy the URL below {place}, and paste the secret of {sender} here.",
            mode.label()
        );
    }
    format!("{} is added in {} mode. Next: copy the URL and the secret below {place}.", gateway.label(), mode.label())
}

/// Shown after a domain was stored.
pub(crate) fn domain_stored(setup: &connections::SetupProgress<'_>, now: Timestamp) -> &'static str {
    let are_done = connections::Step::of(setup.connection.gateway).all(|step| setup.is_done(step));
    if !(are_done && setup.state(now) == connections::ConnectionState::Verified) {
        return "The domain is stored";
    }
    match connections::Step::of(setup.connection.gateway).count() {
        4 => "The domain is stored. All four steps are done.",
        _ => "The domain is stored. All three steps are done.",
    }
}

/// Shown on every page of a disabled app.
pub(crate) const APP_DISABLED: &str = "This app is disabled: every event is rejected.";

/// An app without any connection.
pub(crate) const NOT_CONNECTED: Badge = badge("not_connected", ("status-off", "not-started"), t::nothing_connected());

/// Of a failure that is dated after the payment succeeded.
pub(crate) const OVERRULED: &str = "The payment had succeeded before. This report changes nothing.";

/// The state of a payment.
pub(crate) fn payment_state(state: DisplayState) -> Badge {
    let (looks, label) = match state {
        DisplayState::Unreported => (("status-off", "pending"), t::not_reported_yet()),
        DisplayState::Created => (("status-off", "pending"), t::created()),
        DisplayState::Failed => (("status-lost", "failed"), t::failed()),
        DisplayState::Authorized => (("status-pending", "authorized"), t::approved()),
        DisplayState::Captured => (("status-good", "good"), t::paid()),
        DisplayState::PartlyRefunded => (("status-good", "good"), t::partly_refunded()),
        DisplayState::Refunded => (("status-off", "refund"), t::refunded()),
        DisplayState::RefundPending => (("status-pending", "refund"), t::refund_pending()),
        DisplayState::RefundFailed => (("status-warn", "warn"), t::refund_failed()),
        DisplayState::Disputed => (("status-warn", "warn"), t::disputed()),
        DisplayState::DisputeLost => (("status-lost", "failed"), t::dispute_lost()),
        DisplayState::DisputeDeducted => (("status-warn", "warn"), t::dispute_deducted()),
    };
    badge(state.as_str(), looks, label)
}

/// Returns the badge of an event's state.
pub(crate) fn event_state(state: events::State) -> Badge {
    let (looks, label) = match state {
        events::State::Processed => (("status-good", "good"), t::processed()),
        events::State::Unhandled => (("status-off", "info"), t::stored_only()),
        events::State::Conflict => (("status-warn", "warn"), t::conflict()),
        events::State::Quarantined => (("status-warn", "warn"), t::quarantined()),
    };
    badge(state.as_str(), looks, label)
}

/// Returns the badge of a mode.
pub(crate) const fn mode(mode: Mode) -> Badge {
    match mode {
        Mode::Test => badge("test", ("is-test", "test"), t::test()),
        Mode::Live => badge("live", ("is-live", "live"), t::live()),
    }
}
