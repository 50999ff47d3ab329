//! What became of a message to a person: its state, and why it was not sent.

use super::{Badge, DisplayTime, badge, text::notifications as t, when};
use crate::{
    i18n::{Text, code},
    notifications::{Failure, Kind, Notification, State, worker::Trouble},
    primitives::time::Timestamp,
};

/// What became of a message, as a page shows it.
pub(crate) struct Delivery {
    pub(crate) badge: Badge,
    pub(crate) at: DisplayTime,
    /// Why the last attempt failed.
    pub(crate) reason: Text,
    /// What the service of the company's channel said then. A mail server's words are for the operator: they may tell of other companies.
    pub(crate) answer: String,
    /// True if another attempt may follow.
    pub(crate) is_open: bool,
}

impl Delivery {
    pub(crate) fn new(message: &Notification, now: Timestamp) -> Self {
        Self {
            badge: match (message.state, message.kind) {
                (State::Sent, Kind::Email) => Badge { label: t::email_sent(), ..state(message.state) },
                (of, _) => state(of),
            },
            at: when(message.ended_at.unwrap_or(message.created_at), now),
            reason: message.last_failure.map(failure).unwrap_or_default(),
            answer: message.last_answer.clone().filter(|_| message.kind != Kind::Email).unwrap_or_default(),
            is_open: message.due_at.is_some(),
        }
    }
}

/// Returns the badge of a message's state.
pub(crate) const fn state(state: State) -> Badge {
    match state {
        State::Waiting => badge("waiting", ("status-pending", "pending"), t::waiting()),
        State::Sending => badge("sending", ("status-pending", "pending"), t::sending()),
        State::Sent => badge("sent", ("status-good", "good"), t::sent()),
        State::Failed => badge("failed", ("status-bad", "bad"), t::not_sent()),
        State::Canceled => badge("canceled", ("status-off", "block"), t::canceled()),
    }
}

/// Says why a message was not sent, and what to do where that is known.
pub(crate) fn failure(failure: Failure) -> Text {
    match failure {
        Failure::Unreachable => t::unreachable(),
        Failure::TimedOut => t::timed_out(),
        Failure::Deferred => t::deferred(),
        Failure::Rejected => t::rejected(),
        Failure::Settings => t::settings(code("ks-pay doctor")),
        Failure::Unreadable => t::unreadable(),
        Failure::Expired => t::expired(),
    }
}

/// Says since when no email can be sent.
pub(crate) fn email_fails(trouble: &Trouble, now: Timestamp) -> Text {
    t::email_fails(when(trouble.since, now))
}
