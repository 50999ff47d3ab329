//! All messages about events, states and rejections in one place, so that a translation needs no change to the pages.
//!
//! Invariant: a message says what happened, then what to do. Every state has an icon and a label, never only a colour.

pub(crate) mod access;
pub(crate) mod account_mismatch;
mod activity;
pub(crate) mod alerts;
mod apps;
mod arrivals;
pub(crate) mod automatic_refunds;
pub(crate) mod automations;
pub(crate) mod channels;
pub(crate) mod clock;
pub(crate) mod countries;
pub(crate) mod deliveries;
pub(crate) mod destinations;
pub(crate) mod digests;
mod disputes;
pub(crate) mod durability;
pub(crate) mod emails;
mod events;
mod health;
pub(crate) mod keys;
mod lists;
mod modes;
pub(crate) mod notifications;
pub(crate) mod orders;
mod parts;
mod payments;
pub(crate) mod refunds;
pub(crate) mod rejections;
pub(crate) mod secrets;
pub(crate) mod setup;
pub(crate) mod test_events;
pub(crate) mod text;
pub(crate) mod url_check;
mod when;

pub(crate) use activity::{Notice, news, nothing_but_refused, rejected_meanwhile, sentence_of_connection, tolerance};
pub(crate) use apps::{AllClear, Health, app_state, disabling, loss, off, standing, trouble, webhook_health};
pub(crate) use arrivals::{
    NoSuchEvent, arrival, arrival_hook, arrival_in_story, borrowed_time, bytes, damaged_payload, event_icon_of_payment,
    event_mark, no_event_yet, part, receipts,
};
pub(crate) use disputes::amounts as dispute_amounts;
pub(crate) use events::{
    event_sentence, event_sentence_of_payment, event_sentence_with_costs, fault_sentence, is_lost_dispute, is_only_report,
};
pub(crate) use health::{StatusLine, countdown, line, pace};
pub(crate) use lists::{
    EmptyTransactions, Items, costs, day_sum, end_of_search, failed_of, invalid_filters, invalid_period, joined,
    nothing_but_later, nothing_in_period, number_text, period, search_on, settlement_found, sum,
};
pub(crate) use modes::{OffConnection, OtherMode, connection_name, off_connection, other_mode};
pub(crate) use parts::{EmptyState, Warning};
pub(crate) use payments::{METHODS, NO_VALUE, failure, method, payment_sentence, payment_summary, payment_title, reason};
#[cfg(test)]
pub(crate) use payments::{payment_sentence_with, tests as payments_tests};
use text::states as t;
use when::day;
pub(crate) use when::{
    DisplayTime, UNKNOWN_DAY, date, date_preset, day_heading, days, is_past, past_day, range, span, time_of_minutes,
    to_the_minute, when,
};

use crate::{connections, events::State, gateways::Mode, i18n::Text, ledger::payments::state::DisplayState};

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
pub(crate) const fn step_state(is_done: bool, is_optional: bool) -> Badge {
    if is_done {
        badge("done", ("status-good", "good"), t::done())
    } else if is_optional {
        badge("optional", ("status-off", "not-started"), t::optional())
    } else {
        badge("not_started", ("status-off", "not-started"), t::not_started())
    }
}

/// Returns the badge of the API keys.
pub(crate) const fn keys_state(keys: Option<connections::ApiKeyState>) -> Badge {
    match keys {
        Some(connections::ApiKeyState::Accepted) => badge("accepted", ("status-good", "good"), t::verified()),
        Some(connections::ApiKeyState::Unchecked) => badge("unchecked", ("status-warn", "pending"), t::not_checked_yet()),
        None => badge("not_started", ("status-off", "not-started"), t::not_started()),
    }
}

/// An app without any connection.
pub(crate) const NOT_CONNECTED: Badge = badge("not_connected", ("status-off", "not-started"), t::nothing_connected());

/// A disabled app.
pub(crate) const DISABLED: Badge = badge("disabled", ("status-off", "block"), t::disabled());

/// Returns the label of a status in a list's filter. That of paid ones says that it selects more than the badge.
pub(crate) fn payment_filter(state: DisplayState) -> Text {
    match state {
        DisplayState::Captured => t::paid_and_kept(),
        DisplayState::Authorized => t::authorised_not_captured(),
        _ => payment_state(state).label,
    }
}

/// The state of a payment.
pub(crate) fn payment_state(state: DisplayState) -> Badge {
    let (looks, label) = match state {
        DisplayState::Unreported => (("status-off", "pending"), t::not_reported_yet()),
        DisplayState::Created => (("status-off", "pending"), t::created()),
        DisplayState::Failed => (("status-lost", "failed"), t::failed()),
        DisplayState::Authorized => (("status-pending", "authorized"), t::authorised()),
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
pub(crate) fn event_state(state: State) -> Badge {
    let (looks, label) = match state {
        State::Processed => (("status-good", "good"), t::processed()),
        State::Unhandled => (("status-off", "info"), t::stored_only()),
        State::Conflict => (("status-warn", "warn"), t::conflict()),
        State::Quarantined => (("status-warn", "warn"), t::quarantined()),
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
