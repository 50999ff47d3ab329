//! Alerts on webhooks, apps and disputes that need attention, each with a link to its fix.

use std::time::Duration;

use crate::{
    accounts::authz::Permission,
    apps::App,
    connections::{
        ConnectionState, Step,
        app_health::{self, AppWithWebhooks},
    },
    console::http::page::RequestContext,
    db::{DbError, Reader},
    deliveries::{
        destination::Destination,
        expiry,
        health::{Health, WARN_AFTER},
        store::{deliveries, destinations},
    },
    gateways::Mode,
    i18n::{Text, isolate},
    ledger::{orders::Order, payments::disputes::OpenDispute},
    messages::{
        self,
        rejections::Causes,
        text::{activity as t, alerts::see_channel, destinations as text, disputes, payments},
    },
    notifications::channels::{self, Channel},
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
    },
    urls,
};

/// A dispute whose deadline is nearer than this is listed before webhooks that fail.
const NEAR: Duration = Duration::from_hours(3 * 24);
/// At most this many of them, so that they hide no webhook.
const MAX_NEAR: usize = 3;
/// At most this many orders that were paid twice, for the same reason; those with the newest payments.
pub(crate) const MAX_PAID_TWICE: usize = 3;

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

/// Sorts alerts: failures before warnings, else in the order in which they are.
pub(crate) fn by_severity(mut alerts: Vec<Alert>) -> Vec<Alert> {
    alerts.sort_by_key(|alert| alert.said.class != "is-bad");
    alerts
}

/// Adds alerts for disputes that wait for a response to those for webhooks: the nearest deadlines before them. `name` returns the name
/// of an app where several apps are listed.
pub(crate) fn with_disputes<'a>(
    webhooks: Vec<Alert>,
    open: &[OpenDispute],
    name: impl Fn(AppId) -> Option<&'a str>,
    now: Timestamp,
) -> Vec<Alert> {
    let is_near = |open: &&OpenDispute| open.dispute.respond_by.is_some_and(|last| last.since(now) < NEAR);
    let near = open.iter().take_while(is_near).count().min(MAX_NEAR);
    let alert = |open: &OpenDispute| Alert {
        said: messages::orders::open_dispute(open, name(open.app), now),
        url: urls::transaction(open.app, open.transaction),
        way: disputes::view(),
        enable_url: None,
    };
    let (first, rest) = open.split_at(near);
    first.iter().map(alert).chain(webhooks).chain(rest.iter().map(alert)).collect()
}

/// Returns an alert for every order that was paid twice. `name` returns the name of an app where several apps are listed.
pub(crate) fn paid_twice<'a>(orders: &[Order], name: impl Fn(AppId) -> Option<&'a str>) -> Vec<Alert> {
    let alert = |order: &Order| {
        let said = messages::orders::order_paid_twice(&order.state, name(order.app))?;
        let url = urls::transaction(order.app, order.state.overpaid_by?);
        Some(Alert { said, url, way: payments::see_payments(), enable_url: None })
    };
    orders.iter().filter_map(alert).collect()
}

/// Returns an alert for every destination of an app and mode that is paused, does not respond, has failed for long, or has deliveries
/// that will soon be canceled, because bodies are stored for `retention`.
pub(crate) async fn of_destinations(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    (retention, now): (Option<Duration>, Timestamp),
) -> Result<Vec<Alert>, DbError> {
    let all = destinations::list(&mut *reader, app.id, mode).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let health = destinations::list_health(&mut *reader, app.id, mode).await?;
    let mut alerts = Vec::new();
    for destination in &all {
        let Some((_, health)) = health.iter().find(|(id, _)| *id == destination.id) else { continue };
        let name = destination.settings.name.as_str();
        alerts.extend(troubled(reader, destination, health, (name, now)).await?);
        alerts.extend(expiring(reader, destination, (name, retention), now).await?);
    }
    Ok(alerts)
}

/// Returns the alerts on destinations of a user's company; none if the user may not see them.
pub(crate) async fn of_viewers_destinations(
    page: &RequestContext,
    reader: &mut Reader,
    all: &[AppWithWebhooks],
) -> Result<Vec<Alert>, DbError> {
    if !page.signed_in.user.role.permits(Permission::ManageDestinations) {
        return Ok(Vec::new());
    }
    let name = |id| all.iter().find(|listed| listed.app.id == id).map(|listed| listed.app.name.as_str());
    let times = (page.state.settings.body_retention, page.now);
    of_companys_destinations(reader, page.signed_in.company.id, name, times).await
}

/// Returns an alert for every channel of a user's company whose last post failed; none if the user may not see them.
pub(crate) async fn of_viewers_channels(page: &RequestContext, reader: &mut Reader) -> Result<Vec<Alert>, DbError> {
    if !page.signed_in.user.role.permits(Permission::ManageAlerts) {
        return Ok(Vec::new());
    }
    let all = channels::store::list(reader, page.signed_in.company.id).await?;
    let alert = |channel: &Channel| {
        let said = messages::alerts::failing_channel(channel, page.now)?;
        Some(Alert { said, url: urls::CHANNELS.to_owned(), way: see_channel(), enable_url: None })
    };
    Ok(all.iter().filter_map(alert).collect())
}

/// Returns an alert for every destination of a company that KS Pay has paused, has failed for long, or has deliveries that will soon be
/// canceled. `name` returns the name of an app.
async fn of_companys_destinations<'a>(
    reader: &mut Reader,
    company: CompanyId,
    name: impl Fn(AppId) -> Option<&'a str>,
    (retention, now): (Option<Duration>, Timestamp),
) -> Result<Vec<Alert>, DbError> {
    let whose = |destination: &Destination| {
        let own = destination.settings.name.as_str();
        name(destination.app_id).map_or_else(|| own.to_owned(), |app| format!("{own} ({app})"))
    };
    let mut alerts = Vec::new();
    for destination in destinations::list_troubled(&mut *reader, company, now.minus(WARN_AFTER)).await? {
        let health = destinations::health(&mut *reader, destination.id).await?;
        alerts.extend(troubled(reader, &destination, &health, (&whose(&destination), now)).await?);
    }
    if let Some(period) = retention {
        for destination in destinations::list_waiting_since(&mut *reader, company, expiry::warned_before(period, now)).await? {
            alerts.extend(expiring(reader, &destination, (&whose(&destination), retention), now).await?);
        }
    }
    Ok(alerts)
}

async fn troubled(
    reader: &mut Reader,
    destination: &Destination,
    health: &Health,
    (name, now): (&str, Timestamp),
) -> Result<Option<Alert>, DbError> {
    if !messages::destinations::needs_attention(destination, health, now) {
        return Ok(None);
    }
    let backlog = deliveries::backlog(reader, destination.id).await?;
    let said = messages::destinations::trouble(destination, health, backlog, (Some(name), now));
    Ok(said.map(|said| of_destination(destination, said)))
}

async fn expiring(
    reader: &mut Reader,
    destination: &Destination,
    (name, retention): (&str, Option<Duration>),
    now: Timestamp,
) -> Result<Option<Alert>, DbError> {
    let oldest = deliveries::oldest_open(&mut *reader, destination.id).await?;
    let found = expiry::expiring(reader, destination.id, oldest, (retention, now)).await?;
    Ok(found.map(|found| of_destination(destination, messages::destinations::expiring(found, (Some(name), now)))))
}

fn of_destination(destination: &Destination, said: messages::Notice) -> Alert {
    let url = urls::destination(destination.app_id, destination.id);
    Alert { said, url, way: text::open_destination(), enable_url: None }
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
