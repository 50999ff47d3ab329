//! Messages on deliveries: their state, and why an attempt failed.

use super::{Badge, DisplayTime, badge, text::deliveries as t};
use crate::{
    deliveries::{
        Attempt, AttemptFailure, CancelReason, Delivery, DeliveryState,
        destination::{Destination, DestinationState, NotSent},
        health::{Circuit, Health},
    },
    i18n::{Text, code, isolate},
    primitives::{id::DeliveryId, time::Timestamp},
};

/// Returns the badge of a delivery's state.
pub(crate) fn state(state: DeliveryState) -> Badge {
    let (look, label) = match state {
        DeliveryState::Waiting => (("status-pending", "waiting"), t::waiting()),
        DeliveryState::Sending => (("status-pending", "send"), t::sending()),
        DeliveryState::Delivered => (("status-off", "check"), t::delivered()),
        DeliveryState::Exhausted => (("status-lost", "failed"), t::failed()),
        DeliveryState::Canceled => (("status-off", "block"), t::canceled()),
    };
    badge(state.as_str(), look, label)
}

/// Returns the badge of a delivery: that of its state, or that a user skipped it.
pub(crate) fn badge_of(delivery: &Delivery) -> Badge {
    let is_skipped = delivery.state == DeliveryState::Canceled && delivery.cancel_reason == Some(CancelReason::Skipped);
    Badge { label: if is_skipped { t::skipped() } else { state(delivery.state).label }, ..state(delivery.state) }
}

/// Where a destination keeps its deliveries from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    None,
    /// It is paused.
    Paused,
    /// Its circuit is open.
    NotResponding,
    /// It receives one at a time, and an earlier one has not ended.
    BehindAnother,
}

impl Hold {
    pub(crate) fn of(destination: &Destination, health: &Health, now: Timestamp) -> Self {
        match (destination.state, health.circuit(now)) {
            (DestinationState::Paused, _) => Self::Paused,
            (_, Circuit::Open { .. } | Circuit::HalfOpen) => Self::NotResponding,
            (_, Circuit::Closed) => Self::None,
        }
    }

    /// Returns that of a delivery; `first` is the one that a destination which receives one at a time is sent first.
    pub(crate) fn of_delivery(self, delivery: DeliveryId, first: Option<DeliveryId>) -> Self {
        match self {
            Self::None if first.is_some_and(|first| first != delivery) => Self::BehindAnother,
            hold => hold,
        }
    }
}

/// States what has become of a delivery to a destination with that name.
pub(crate) fn sentence(delivery: &Delivery, hold: Hold, (name, now): (&str, Timestamp)) -> Text {
    let name = isolate(name);
    let ended = || DisplayTime::of_day(delivery.ended_at.unwrap_or(delivery.created_at), now);
    match (delivery.state, hold) {
        (DeliveryState::Delivered, _) => t::delivered_at(name, ended()),
        (DeliveryState::Exhausted, _) => t::failed_at(name, ended()),
        (DeliveryState::Canceled, _) if delivery.cancel_reason == Some(CancelReason::Skipped) => t::skipped_at(name, ended()),
        (DeliveryState::Canceled, _) => t::canceled_at(name, ended()),
        (DeliveryState::Sending, _) => t::sending_now(name),
        (DeliveryState::Waiting, Hold::Paused) => t::waits_paused(name),
        (DeliveryState::Waiting, Hold::NotResponding) => t::waits_on_hold(name),
        (DeliveryState::Waiting, Hold::BehindAnother) => t::waits_behind(name),
        (DeliveryState::Waiting, Hold::None) => match delivery.due_at.filter(|due| *due > now) {
            Some(due) => t::waits(name, DisplayTime::of_expiry(due, now)),
            None => t::waits_soon(name),
        },
    }
}

/// States the number of an attempt and its result: the status, or why there was no response.
pub(crate) fn attempt(attempt: &Attempt) -> Text {
    let number = attempt.number;
    match (attempt.status, attempt.failure) {
        (Some(status @ 300..=399), _) => t::attempt_redirected(number, code(status.to_string())),
        (Some(status), _) => t::attempt(number, t::status(code(status.to_string()))),
        (None, Some(failure)) => t::attempt(number, why(failure)),
        (None, None) => t::attempt(number, t::no_response()),
    }
}

pub(super) fn why(failure: AttemptFailure) -> Text {
    match failure {
        AttemptFailure::Forbidden => t::failure_forbidden(),
        AttemptFailure::NameNotFound => t::failure_name_not_found(),
        AttemptFailure::NameSlow => t::failure_name_slow(),
        AttemptFailure::ConnectionRefused => t::failure_connection_refused(),
        AttemptFailure::Unreachable => t::failure_unreachable(),
        AttemptFailure::ConnectSlow => t::failure_connect_slow(),
        AttemptFailure::Tls => t::failure_tls(),
        AttemptFailure::CertificateExpired => t::failure_certificate_expired(),
        AttemptFailure::CertificateOfOtherName => t::failure_certificate_of_other_name(),
        AttemptFailure::CertificateUntrusted => t::failure_certificate_untrusted(),
        AttemptFailure::NoCertificates => t::failure_no_certificates(),
        AttemptFailure::ResponseSlow => t::failure_response_slow(),
        AttemptFailure::ConnectionClosed => t::failure_connection_closed(),
        AttemptFailure::NotHttp => t::failure_not_http(),
        AttemptFailure::HeadTooLarge => t::failure_head_too_large(),
        AttemptFailure::Unreadable => t::failure_unreadable(),
    }
}

/// States the last result of a delivery in a row of a list; `None` before its first attempt.
pub(crate) fn last_result(delivery: &Delivery) -> Option<Text> {
    let of_failure = |failure| match failure {
        AttemptFailure::Forbidden => t::result_forbidden(),
        AttemptFailure::NameNotFound => t::result_no_host(),
        AttemptFailure::ConnectionRefused | AttemptFailure::Unreachable | AttemptFailure::ConnectionClosed => {
            t::result_no_connection()
        }
        AttemptFailure::NameSlow | AttemptFailure::ConnectSlow | AttemptFailure::ResponseSlow => t::result_timeout(),
        AttemptFailure::Tls
        | AttemptFailure::CertificateExpired
        | AttemptFailure::CertificateOfOtherName
        | AttemptFailure::CertificateUntrusted
        | AttemptFailure::NoCertificates => t::result_tls(),
        AttemptFailure::NotHttp | AttemptFailure::HeadTooLarge => t::result_not_http(),
        AttemptFailure::Unreadable => t::result_unreadable(),
    };
    let status = delivery.last_status.map(|status| Text::verbatim(code(status.to_string())));
    status.or_else(|| delivery.last_failure.map(of_failure))
}

/// States why a destination did not get an event that it would not get now either, with what identifies it in tests.
pub(crate) const fn not_sent(why: NotSent) -> (&'static str, Text) {
    match why {
        NotSent::Elsewhere => ("not-sent-elsewhere", t::elsewhere()),
        NotSent::NotSelected => ("not-sent-not-selected", t::not_selected()),
        NotSent::NoNormalizedForm => ("not-sent-no-form", t::no_normalized_form()),
    }
}

/// States when a delivery is attempted next, or when it ended.
pub(crate) fn when(delivery: &Delivery, hold: Hold, now: Timestamp) -> Text {
    match (delivery.state, hold, delivery.due_at) {
        (DeliveryState::Delivered | DeliveryState::Exhausted | DeliveryState::Canceled, ..) => {
            Text::verbatim(super::when(delivery.ended_at.unwrap_or(delivery.created_at), now))
        }
        (DeliveryState::Waiting, Hold::Paused, _) => t::while_paused(),
        (DeliveryState::Waiting, Hold::BehindAnother, _) => t::after_previous(),
        (DeliveryState::Waiting, _, Some(due)) if due > now => t::next_at(DisplayTime::of_expiry(due, now)),
        (DeliveryState::Waiting | DeliveryState::Sending, ..) => t::next_soon(),
    }
}
