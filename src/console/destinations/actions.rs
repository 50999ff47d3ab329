//! Pauses, resumes and deletes a destination.

use actix_web::HttpResponse;
use askama::Template;

use super::{
    scope::{DestinationPath, Found},
    views::named,
};
use crate::{
    automations,
    console::http::{
        error::AppError,
        layout::Layout,
        page::RequestContext,
        signed_form::{EmptyForm, SignedForm},
    },
    deliveries::{manage, store::deliveries},
    i18n::{Text, isolate},
    messages::{self, text::destinations as t},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// A page that asks to confirm an action on a destination.
#[derive(Template)]
#[template(path = "destinations/confirm.html")]
pub(super) struct Confirm {
    pub(super) layout: Layout,
    pub(super) heading: Text,
    pub(super) effects: Vec<Text>,
    pub(super) action: String,
    pub(super) back: String,
    pub(super) keep: Text,
    /// `None` if there is nothing to do.
    pub(super) button: Option<Text>,
    pub(super) is_dangerous: bool,
}

/// `POST …/{destination}/pause`
pub(crate) async fn pause(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let page = &found.page;
    let mut tx = page.state.db.begin().await?;
    manage::pause(&mut tx, &found.destination, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&found.url(), t::now_paused(isolate(found.name()))))
}

/// `POST …/{destination}/resume`
pub(crate) async fn resume(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let page = &found.page;
    let mut tx = page.state.db.begin().await?;
    manage::resume(&mut tx, &found.destination, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&found.url(), t::now_resumed(isolate(found.name()))))
}

/// `POST …/{destination}/waiting-deliveries`
pub(crate) async fn send_waiting(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let page = &found.page;
    let count = manage::send_waiting(&page.state.db, &found.destination, (&page.actor(), page.now)).await?;
    tracing::info!(destination = %found.destination.id, user = %page.signed_in.user.id, count, "waiting deliveries were made due");
    Ok(page.redirect(&found.url(), t::now_sending(count)))
}

/// `GET …/{destination}/deletion`
pub(crate) async fn ask_deletion(page: RequestContext, path: DestinationPath) -> Answer {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let mut reader = found.page.state.db.page_reader().await?;
    let backlog = deliveries::backlog(&mut reader, found.destination.id).await?;
    let using = automations::manage::list_of_destination(&mut reader, &found.destination, &found.page.actor()).await?;
    drop(reader);
    let using = using.iter().map(|automation| t::delete_automation(named(automation).1));
    let waiting = (backlog.count > 0).then(|| t::delete_waiting(messages::destinations::events_wait(backlog.count)));
    found.page.ok(&Confirm {
        layout: found.layout_below(t::delete_destination()),
        heading: t::delete_title(isolate(found.name())),
        effects: [t::delete_effect()].into_iter().chain(using).chain(waiting).collect(),
        action: urls::deletion(&found.url()),
        back: found.url(),
        keep: t::keep(),
        button: Some(t::delete_destination()),
        is_dangerous: true,
    })
}

/// `POST …/{destination}/deletion`
pub(crate) async fn delete(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    found.confirm(&posted.action, t::to_delete()).await?;
    let page = &found.page;
    let mut tx = page.state.db.begin().await?;
    manage::delete(&mut tx, &found.destination, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(destination = %found.destination.id, user = %page.signed_in.user.id, "a destination was deleted");
    let list = urls::in_mode(&urls::destinations(found.app.id), found.destination.mode);
    Ok(page.redirect(&list, t::now_deleted(isolate(found.name()))))
}
