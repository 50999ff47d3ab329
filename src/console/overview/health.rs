//! The state of a connection's webhook, in one line.

use super::views::REJECTIONS_SPAN;
use crate::{
    connections::{self, Connection, activity::Activity},
    i18n::Text,
    messages::{self, StatusLine, text::overview as t},
    primitives::time::Timestamp,
};

/// State of a connection's webhook, in one line.
pub(crate) struct Health {
    pub(crate) gateway: &'static str,
    pub(crate) line: StatusLine,
    pub(crate) url: String,
    pub(crate) way: Text,
    /// The same for screen readers, with the name of the gateway.
    pub(crate) way_named: Text,
    /// The number of rejected requests that the line is about.
    pub(crate) rejected: i64,
}

impl Health {
    pub(crate) fn new(
        connection: &Connection,
        activity: &Activity,
        state: connections::ConnectionState,
        url: String,
        now: Timestamp,
    ) -> Self {
        let is_failing = state == connections::ConnectionState::Failing;
        let gateway = connection.gateway.label();
        let (way, way_named) = match state {
            connections::ConnectionState::Failing => (t::see_cause(), t::see_cause_of(gateway)),
            connections::ConnectionState::NotStarted => (t::set_up(), t::set_up_named(gateway)),
            _ => (t::view_webhook(), t::view_webhook_of(gateway)),
        };
        let (since, count) = match activity.failing_since {
            Some(since) => (Some(since), activity.failing_count),
            None => (activity.rejected_since, activity.rejected_streak),
        };
        // Of a failure that began before the span, the number says nothing about the span.
        let is_within_span = since.is_some_and(|since| since > now.minus(REJECTIONS_SPAN));
        let rejected = if is_failing && is_within_span { count } else { 0 };
        let line = messages::line(connection.gateway, state, activity, now);
        Self { gateway, line, url, way, way_named, rejected }
    }
}
