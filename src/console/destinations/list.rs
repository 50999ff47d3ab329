//! The list of destinations of an app in a mode.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::views::{Rate, ShownUrl};
use crate::{
    console::{
        http::{
            error::AppError,
            layout::{AppEntry, Layout},
            page::RequestContext,
        },
        read_models::mode_selection::shown,
    },
    db::Reader,
    deliveries::{
        destination::{Destination, MAX_DESTINATIONS},
        expiry,
        health::Health,
        store::{
            deliveries::{self, Backlog},
            destinations,
        },
    },
    gateways::{Gateway, Mode},
    i18n::Text,
    messages::{self, Badge, DisplayTime, Notice, text::destinations as t},
    primitives::id::AppId,
    urls,
};

/// `/ks-pay/apps/{app}/destinations`
#[derive(Template)]
#[template(path = "destinations/index.html")]
struct Index {
    layout: Layout,
    app: AppId,
    mode: Mode,
    rows: Vec<Row>,
    /// What is wrong with destinations, each with their URL.
    troubles: Vec<(Notice, String)>,
    /// The form that adds one, unless there are as many as there may be.
    add: Option<String>,
}

struct Row {
    url: String,
    name: String,
    shown_url: ShownUrl,
    format: Text,
    /// The event types and groups; none for all.
    events: Vec<String>,
    /// Its state, if it is not the usual one.
    mark: Option<Badge>,
    note: Option<Text>,
    waiting: Text,
    oldest: Option<DisplayTime>,
    last_success: Option<DisplayTime>,
    rate: Option<Rate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    mode: String,
}

/// `GET /ks-pay/apps/{app}/destinations`
pub(crate) async fn index(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let app = page.app(&app).await?;
    let shown = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?);
    let mode = shown.mode;
    let (mut rows, mut troubles) = (Vec::new(), Vec::new());
    let mut reader = page.state.db.page_reader().await?;
    let all_health = destinations::list_health(&mut reader, app.id, mode).await?;
    for destination in destinations::list(&mut reader, app.id, mode).await? {
        let health = all_health.iter().find(|(id, _)| *id == destination.id).map(|(_, health)| health.clone());
        let health = health.unwrap_or_default();
        let connection = destination.settings.connection_id;
        let own = shown.connections.iter().find(|(one, _)| Some(one.id) == connection);
        let backlog = deliveries::backlog(&mut reader, destination.id).await?;
        let row = row(&mut reader, &page, (&destination, own.map(|(one, _)| one.gateway)), (&health, backlog)).await?;
        let said = messages::destinations::trouble(&destination, &health, backlog, (Some(&row.name), page.now));
        troubles.extend(said.map(|said| (said, row.url.clone())));
        let expiring =
            expiry::expiring(&mut reader, destination.id, backlog.oldest, (page.state.settings.body_retention, page.now)).await?;
        let said = expiring.map(|found| messages::destinations::expiring(found, (Some(&row.name), page.now)));
        troubles.extend(said.map(|said| (said, row.url.clone())));
        rows.push(row);
    }
    drop(reader);
    let path = urls::destinations(app.id);
    let layout = page.layout(t::title()).app(&app, AppEntry::Destinations, Some(mode)).in_mode(&path, mode);
    let layout = layout.notices(shown.other, shown.off).below_app(&app);
    let has_room = i64::try_from(rows.len()).is_ok_and(|count| count < MAX_DESTINATIONS);
    let add = has_room.then(|| urls::new_destination(app.id, mode));
    page.ok(&Index { layout, app: app.id, mode, rows, troubles, add })
}

async fn row(
    reader: &mut Reader,
    page: &RequestContext,
    (destination, gateway): (&Destination, Option<Gateway>),
    (health, backlog): (&Health, Backlog),
) -> Result<Row, AppError> {
    let (settings, now) = (&destination.settings, page.now);
    let states = deliveries::list_recent_states(reader, destination.id).await?;
    Ok(Row {
        url: urls::destination(destination.app_id, destination.id),
        name: settings.name.clone(),
        shown_url: ShownUrl::new(&settings.url),
        format: messages::destinations::format(settings, gateway),
        events: settings.events.as_str().split_whitespace().map(str::to_owned).collect(),
        mark: messages::destinations::state(destination, health, now),
        note: messages::destinations::state_note(destination, health, now),
        waiting: messages::destinations::waiting(backlog.count),
        oldest: backlog.oldest.map(|oldest| messages::when(oldest.received_at, now)),
        last_success: health.last_success_at.map(|at| messages::when(at, now)),
        rate: Rate::of(&states),
    })
}
