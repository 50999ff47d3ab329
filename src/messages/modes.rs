//! Messages about the mode that a page does not show.

use super::{StatusLine, count, line};
use crate::{
    apps::App,
    connections::{Connection, ConnectionState, app_health::Webhook},
    i18n::Text,
    primitives::time::Timestamp,
    urls,
};

/// A line about the other mode, with a link to the page that resolves it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherMode {
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) whose: Text,
    /// The status line of a single webhook; for several, only their number is shown.
    pub(crate) line: Option<StatusLine>,
    pub(crate) text: Text,
    pub(crate) url: String,
    pub(crate) action: Text,
}

/// What needs attention in the other mode, the worst first; `None` if nothing does.
pub(crate) fn other_mode(app: &App, in_need: &[&Webhook], now: Timestamp) -> Option<OtherMode> {
    let worst = in_need.first()?;
    let (gateway, mode) = (worst.connection.gateway, worst.connection.mode);
    let line = line(gateway, worst.state, &worst.activity, now);
    let icon = line.badge.icon;
    let class = if worst.state == ConnectionState::Failing { "is-bad" } else { "is-warn" };
    Some(if in_need.len() == 1 {
        OtherMode {
            class,
            icon,
            whose: connection_name(&worst.connection).into(),
            // What follows from a state is on the page that the link leads to; without a first event it is all there is to say.
            text: match &line.rest {
                Some((_, rest)) if worst.activity.first_verified_at.is_none() => format!("{}, {rest}", line.badge.label).into(),
                _ => String::new().into(),
            },
            line: worst.activity.first_verified_at.map(|_| line),
            url: urls::activity(app.id, gateway, mode),
            action: "See the cause".into(),
        }
    } else {
        OtherMode {
            class,
            icon,
            whose: format!("{} mode", mode.label()).into(),
            line: None,
            text: (count(i64::try_from(in_need.len()).unwrap_or(i64::MAX), "webhook needs", "webhooks need") + " attention")
                .into(),
            url: urls::in_mode(&urls::app(app.id), mode),
            action: format!("Show {} mode", mode.label()).into(),
        }
    })
}

/// A disabled connection of an enabled app.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OffConnection {
    pub(crate) whose: Text,
    pub(crate) enable_url: String,
}

/// Returns the connection if only the connection is disabled; a disabled app has its own message.
pub(crate) fn off_connection(app: &App, connection: &Connection) -> Option<OffConnection> {
    (app.is_enabled && !connection.is_enabled).then(|| OffConnection {
        whose: connection_name(connection).into(),
        enable_url: urls::connection_enabled(app.id, connection.gateway, connection.mode),
    })
}

/// Returns the name of a connection within a sentence.
pub(crate) fn connection_name(connection: &Connection) -> String {
    format!("{} in {} mode", connection.gateway.label(), connection.mode.label())
}
