//! Messages about the mode that a page does not show.

use super::{DisplayTime, span, text::layout as t};
use crate::{
    apps::App,
    connections::{Connection, ConnectionState, app_health::Webhook, baseline},
    i18n::{Text, strong},
    primitives::time::Timestamp,
    urls,
};

/// A line about the other mode, with a link to the page that resolves it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherMode {
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) text: Text,
    pub(crate) url: String,
    pub(crate) action: Text,
}

/// What needs attention in the other mode, the worst first; `None` if nothing does.
pub(crate) fn other_mode(app: &App, in_need: &[&Webhook], now: Timestamp) -> Option<OtherMode> {
    let worst = in_need.first()?;
    let (gateway, mode) = (worst.connection.gateway, worst.connection.mode);
    let icon = super::webhook_state(worst.state, &worst.activity).icon;
    let class = if worst.state == ConnectionState::Failing { "is-bad" } else { "is-warn" };
    let (text, url, action) = if in_need.len() == 1 {
        (trouble(worst, now), urls::activity(app.id, gateway, mode), t::see_cause())
    } else {
        let text = t::other_several(strong(), in_need.len(), mode.label());
        (text, urls::in_mode(&urls::app(app.id), mode), t::show_mode(mode.label()))
    };
    Some(OtherMode { class, icon, text, url, action })
}

/// What is wrong with a webhook. What follows from it is on the page that the link leads to.
fn trouble(webhook: &Webhook, now: Timestamp) -> Text {
    let (activity, name) = (&webhook.activity, connection_name(&webhook.connection));
    match (activity.first_verified_at, activity.failing_since, baseline::silence(activity, now)) {
        (None, ..) => t::other_not_verified(strong(), activity.failing_count, name),
        (_, Some(since), _) if webhook.state == ConnectionState::Failing => {
            t::other_failing(strong(), DisplayTime::of_start(since, now), name)
        }
        (_, _, Some(silence)) => t::other_silent(strong(), span(silence.lasts), name),
        _ => t::other_troubled(strong(), name),
    }
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
        whose: connection_name(connection),
        enable_url: urls::connection_enabled(app.id, connection.gateway, connection.mode),
    })
}

/// Returns the name of a connection within a sentence.
pub(crate) fn connection_name(connection: &Connection) -> Text {
    t::connection(connection.gateway.label(), connection.mode.label())
}
