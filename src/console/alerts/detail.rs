//! An alert: what happened, its history, and who was notified with the outcome of each message.

use actix_web::{HttpResponse, web::Path};
use askama::Template;

use super::{index::event_of, recipient};
use crate::{
    alerts::{Alert, manage, store::messages as sent},
    apps::App,
    console::http::{
        error::AppError,
        layout::{AppEntry, Layout},
        page::RequestContext,
        signed_form::{EmptyForm, SignedForm},
    },
    i18n::{Text, isolate},
    messages::{self, Badge, DisplayTime, notifications::Delivery, text::alerts as t},
    notifications::store,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/alerts/{alert}`
#[derive(Template)]
#[template(path = "alerts/show.html")]
struct Show {
    layout: Layout,
    state: Badge,
    headline: Text,
    texts: Vec<Text>,
    since: DisplayTime,
    count: Option<Text>,
    /// The page where it is fixed, and the label of the button.
    way_out: Option<(String, Text)>,
    updates: Vec<(DisplayTime, Text)>,
    messages: Vec<Message>,
    /// The action that stops the reminders, if there are any to stop.
    acknowledgement: Option<String>,
}

/// A message to a recipient.
struct Message {
    recipient: Text,
    event: Text,
    is_fallback: bool,
    at: DisplayTime,
    /// `None` once the message was deleted.
    outcome: Option<Delivery>,
}

async fn find(page: &RequestContext, (app, alert): (&str, &str)) -> Result<(App, Alert), AppError> {
    let app = page.app(app).await?;
    let id = alert.parse().map_err(|_| AppError::NotFound)?;
    let alert = manage::find(&mut page.state.db.page_reader().await?, &app, id, &page.actor()).await?;
    Ok((app, alert))
}

/// `GET …/alerts/{alert}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, alert) = find(&page, (&path.0, &path.1)).await?;
    let now = page.now;
    let mut reader = page.state.db.page_reader().await?;
    let settings = manage::settings(&mut reader, (&app, alert.mode), &page.actor()).await?;
    let listed = sent::list_of_alert(&mut reader, alert.id).await?;
    let mut outcomes = store::list_of_alert(&mut reader, alert.id).await?;
    for message in &listed {
        // It reports several alerts.
        if outcomes.iter().all(|found| found.id != message.notification) {
            outcomes.extend(store::find(&mut reader, message.notification).await?);
        }
    }
    drop(reader);
    let message = |message: sent::AlertMessage| Message {
        recipient: message.recipient.map_or_else(t::no_longer_there, |id| recipient(&page, &settings, id)),
        event: messages::alerts::event(message.event),
        is_fallback: message.is_fallback,
        at: messages::when(message.created_at, now),
        outcome: outcomes.iter().find(|found| found.id == message.notification).map(|found| Delivery::new(found, now)),
    };
    let list = urls::in_mode(&urls::alerts(app.id), alert.mode);
    let event = event_of(&alert);
    let mut updates: Vec<_> = alert.updates.iter().map(|update| (update.at, messages::alerts::step(update.step))).collect();
    if let (Some(by), Some(at)) = (&alert.acknowledged_by, alert.acknowledged_at) {
        updates.push((at, t::step_acknowledged(isolate(by))));
    }
    updates.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let layout = page.layout(messages::alerts::title(alert.kind)).app(&app, AppEntry::Alerts, Some(alert.mode));
    let can_acknowledge = alert.is_open() && alert.kind.repeats() && alert.acknowledged_at.is_none();
    page.ok(&Show {
        layout: layout.with_mode_urls(alert.mode, list.clone(), list.clone()).below_app(&app).crumb(t::title(), list),
        state: messages::alerts::state(&alert),
        headline: messages::alerts::headline(alert.kind, &alert.detail, event, now),
        texts: messages::alerts::text(alert.kind, &alert.detail, (event, alert.since), now),
        since: messages::when(alert.since, now),
        count: messages::alerts::count(alert.kind, alert.count),
        way_out: messages::alerts::way_out(&alert),
        updates: updates.into_iter().map(|(at, text)| (messages::when(at, now), text)).collect(),
        messages: listed.into_iter().map(message).collect(),
        acknowledgement: can_acknowledge.then(|| urls::acknowledgement(&urls::alert(app.id, alert.id))),
    })
}

/// `GET …/acknowledgement`: leads to the alert.
pub(crate) async fn form_page(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, alert) = find(&page, (&path.0, &path.1)).await?;
    Ok(crate::console::http::page::see_other(&urls::alert(app.id, alert.id)))
}

/// `POST …/acknowledgement`
pub(crate) async fn acknowledge(posted: SignedForm<EmptyForm>, path: Path<(String, String)>) -> Answer {
    let page = posted.page;
    let (app, alert) = find(&page, (&path.0, &path.1)).await?;
    let mut tx = page.state.db.begin().await?;
    manage::acknowledge(&mut tx, &alert, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::alert(app.id, alert.id), t::now_acknowledged()))
}
