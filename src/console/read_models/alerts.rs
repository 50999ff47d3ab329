//! Alerts on webhooks and apps that need attention, each with a link to its fix.

use crate::{
    apps::App,
    connections::{
        ConnectionState, Step,
        app_health::{self, AppWithWebhooks},
    },
    i18n::{Text, isolate},
    messages::{self, rejections::Causes, text::activity as t},
    primitives::time::Timestamp,
    urls,
};

/// An alert with a link to its fix: a webhook that fails or is silent, or something disabled.
pub(crate) struct Alert {
    pub(crate) said: messages::Notice,
    pub(crate) url: String,
    /// Label of the button.
    pub(crate) way: Text,
    /// URL that enables it, if nothing else is required.
    pub(crate) enable_url: Option<String>,
}

/// Returns an alert for every webhook that fails or is silent, most urgent first.
pub(crate) fn trouble(all: &[AppWithWebhooks], causes: &Causes, now: Timestamp) -> Vec<Alert> {
    let notice = |(app, webhook): (&App, &app_health::Webhook)| {
        let connection = &webhook.connection;
        let url = urls::activity(app.id, connection.gateway, connection.mode);
        let is_broken = webhook.alert_state() == ConnectionState::Failing;
        let way = if is_broken { t::fix_it() } else { t::view_webhook() };
        Alert { said: messages::trouble(app, webhook, causes.get(&connection.id), now), url, way, enable_url: None }
    };
    app_health::list_needing_attention(all, now).into_iter().map(notice).collect()
}

/// Returns an alert for every webhook that receives events of another gateway account.
pub(crate) fn mixed_up(all: &[AppWithWebhooks], now: Timestamp) -> Vec<Alert> {
    let notice = |(app, webhook): (&App, &app_health::Webhook)| {
        let connection = &webhook.connection;
        let mut said = messages::account_mismatch::other_account(connection.gateway, &webhook.activity, now)?;
        said.headline = t::events_of_other_account(isolate(&app.name), connection.mode.label(), connection.gateway.label());
        let url = urls::step(app.id, connection.gateway, connection.mode, Step::Webhook);
        Some(Alert { said, url, way: t::view_webhook(), enable_url: None })
    };
    app_health::mixed_up(all).into_iter().filter_map(notice).collect()
}

/// Returns an alert for everything disabled, in the order of the list.
pub(crate) fn disabled(all: &[AppWithWebhooks]) -> Vec<Alert> {
    let notice = |(app, webhook): (&App, Option<&app_health::Webhook>)| {
        let connection = webhook.map(|one| &one.connection);
        let url = if webhook.is_some() { urls::connections(app.id) } else { urls::app_settings(app.id) };
        let enable_url =
            connection.map_or_else(|| urls::app_enabled(app.id), |one| urls::connection_enabled(app.id, one.gateway, one.mode));
        Alert { said: messages::off(app, connection), url, way: t::open_settings(), enable_url: Some(enable_url) }
    };
    app_health::disabled(all).into_iter().map(notice).collect()
}
