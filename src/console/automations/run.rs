//! A run: what it was about, and what became of each message.

use actix_web::{HttpResponse, web::Path};

use super::{detail::title, find, layout, recipient};
use crate::{
    apps::App,
    automations::{Automation, manage, runs::Run},
    console::http::{
        error::AppError,
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    i18n::{Text, isolate},
    messages::{self, Badge, DisplayTime, automations, notifications::Delivery, text::automations as t},
    notifications::store,
    primitives::time::Timestamp,
    urls,
};

type Answer = Result<HttpResponse, AppError>;
type RunPath = Path<(String, String, String)>;

/// `/ks-pay/apps/{app}/automations/{automation}/runs/{run}`
#[derive(askama::Template)]
#[template(path = "automations/run.html")]
struct Show {
    layout: Layout,
    sentence: Text,
    title: Text,
    badge: Badge,
    reason: Option<Text>,
    payment: String,
    occurred: DisplayTime,
    requested: Option<Text>,
    steps: Vec<Step>,
    /// The action that runs it, if it has ended, and its label.
    request: Option<(String, Text)>,
}

/// What was done for a recipient.
struct Step {
    recipient: Text,
    at: DisplayTime,
    skipped: Option<Text>,
    /// `None` for a message that was deleted, or where there is none.
    outcome: Option<Delivery>,
}

async fn find_run(page: &RequestContext, path: &RunPath) -> Result<(App, Automation, Run), AppError> {
    let (app, automation) = find(page, (&path.0, &path.1)).await?;
    let id = path.2.parse().map_err(|_| AppError::NotFound)?;
    let run = manage::find_run(&mut page.state.db.page_reader().await?, &automation, id, &page.actor()).await?;
    Ok((app, automation, run))
}

/// `GET …/runs/{run}`
pub(crate) async fn show(page: RequestContext, path: RunPath) -> Answer {
    let (app, automation, run) = find_run(&page, &path).await?;
    let mut reader = page.state.db.page_reader().await?;
    let known = manage::known(&mut reader, &app, &page.actor()).await?;
    let sent = store::list_of_run(&mut reader, run.id).await?;
    drop(reader);
    let step = |step: &crate::automations::runs::Step| Step {
        recipient: step.to.parse().map_or_else(|_| t::gone(), |to| recipient(&known, to)),
        at: messages::when(Timestamp::from_millis(step.at), page.now),
        skipped: step.skip_reason().map(automations::skipped),
        outcome: sent.iter().find(|message| Some(message.id) == step.message()).map(|found| Delivery::new(found, page.now)),
    };
    let own = urls::automation(app.id, automation.id);
    let sentence = automations::sentence(automation.rule.on, &automation.rule.conditions);
    let label = if run.steps.is_empty() { t::run() } else { t::run_again() };
    page.ok(&Show {
        layout: layout(&page, (&app, automation.mode), t::run_title()).crumb(sentence.clone(), own.clone()),
        title: title(&run),
        badge: automations::run_state(run.state),
        reason: run.reason.map(automations::skipped),
        payment: urls::transaction(app.id, run.transaction),
        occurred: messages::when(run.occurred_at, page.now),
        requested: run.requested_by.as_deref().map(|name| t::requested(isolate(name))),
        steps: run.steps.iter().rev().map(step).collect(),
        request: run.is_ended().then(|| (urls::run_request(&urls::automation_run(&own, run.id)), label)),
        sentence,
    })
}

/// `GET …/request`: leads to the run, whose form it is.
pub(crate) async fn form_page(page: RequestContext, path: RunPath) -> Answer {
    let (app, automation, run) = find_run(&page, &path).await?;
    Ok(see_other(&urls::automation_run(&urls::automation(app.id, automation.id), run.id)))
}

/// `POST …/request`
pub(crate) async fn request(posted: SignedForm<EmptyForm>, path: RunPath) -> Answer {
    let page = posted.page;
    let (app, automation, run) = find_run(&page, &path).await?;
    let mut tx = page.state.db.begin().await?;
    let is_requested = manage::request_run(&mut tx, (&automation, &run), (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let url = urls::automation_run(&urls::automation(app.id, automation.id), run.id);
    Ok(if is_requested {
        page.redirect(&url, t::now_requested())
    } else {
        page.redirect_warning(&url, "not-ended", t::not_ended())
    })
}
