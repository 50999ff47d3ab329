//! A run: the payment, and the outcome of each message.

use actix_web::{HttpResponse, web::Path};

use super::{detail::title, find, layout, recipient};
use crate::{
    apps::App,
    automations::{
        Automation, Recipient,
        manage::{self, MAX_EXECUTIONS, Requested},
        runs::{REFUND, Run},
    },
    console::http::{
        error::AppError,
        layout::Layout,
        page::RequestContext,
        signed_form::{EmptyForm, SignedForm},
    },
    deliveries::store::deliveries,
    i18n::{Text, isolate},
    ledger::payments,
    messages::{self, Badge, DisplayTime, automatic_refunds, automations, notifications::Delivery, text::automations as t},
    notifications::store,
    primitives::time::Timestamp,
    refunds::automatic,
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
    /// `None` if there is no message, or it is no longer stored.
    outcome: Option<Delivery>,
    delivery: Option<Delivered>,
    refund: Option<Refunded>,
}

/// The refund that the run has started.
struct Refunded {
    url: String,
    amount: Text,
    badge: Badge,
    sentence: Text,
}

/// The delivery to a destination, which all executions of the run share.
struct Delivered {
    /// `None` if the destination was deleted.
    url: Option<String>,
    /// Its state, for the last execution.
    badge: Option<Badge>,
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
    let known = manage::known(&mut reader, (&app, automation.mode), &page.actor()).await?;
    let sent = store::list_of_run(&mut reader, run.id).await?;
    let delivered = deliveries::list_of_run(&mut reader, app.id, run.id).await?;
    let payment = payments::store::find(&mut reader, app.id, run.transaction).await?;
    let refunds = automatic::manage::find_of_run(&mut reader, (&app, run.id), &page.actor()).await?;
    drop(reader);
    let gateway = payment.map(|payment| payment.gateway.label());
    let step = |step: &crate::automations::runs::Step| Step {
        recipient: if step.to == REFUND {
            automations::refund_step(automation.rule.on)
        } else {
            step.to.parse().map_or_else(|_| t::gone(), |to| recipient(&known, to))
        },
        refund: refunds.as_ref().filter(|refund| step.refund() == Some(refund.id)).map(|refund| Refunded {
            url: urls::automatic_refund(app.id, refund.id),
            amount: automatic_refunds::amount(refund),
            badge: automatic_refunds::state(refund.state),
            sentence: automatic_refunds::sentence(refund, gateway),
        }),
        at: messages::when(Timestamp::from_millis(step.at), page.now),
        skipped: step.skip_reason().map(automations::skipped),
        outcome: sent.iter().find(|message| Some(message.id) == step.message()).map(|found| Delivery::new(found, page.now)),
        delivery: delivered.iter().find(|delivery| Some(delivery.id) == step.delivery()).map(|delivery| Delivered {
            url: known
                .has(Recipient::Destination(delivery.destination_id))
                .then(|| urls::delivery(&urls::destination(app.id, delivery.destination_id), delivery.id)),
            badge: run.is_of_last_execution(step).then(|| messages::deliveries::badge_of(delivery)),
        }),
    };
    let own = urls::automation(app.id, automation.id);
    let sentence = automations::sentence(&automation.rule);
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

/// `…/request`
#[derive(askama::Template)]
#[template(path = "automations/ask_run.html")]
struct Question {
    layout: Layout,
    sentence: Text,
    /// True for a run that has sent nothing yet.
    is_first: bool,
    action: String,
    back: String,
}

/// `GET …/request`
pub(crate) async fn ask(page: RequestContext, path: RunPath) -> Answer {
    let (app, automation, run) = find_run(&page, &path).await?;
    let own = urls::automation(app.id, automation.id);
    let back = urls::automation_run(&own, run.id);
    let sentence = automations::sentence(&automation.rule);
    let is_first = run.steps.iter().all(|step| !step.is_queued());
    let layout = layout(&page, (&app, automation.mode), if is_first { t::run() } else { t::run_again() });
    let layout = layout.crumb(sentence.clone(), own).crumb(t::run_title(), back.clone());
    page.ok(&Question { layout, sentence, is_first, action: urls::run_request(&back), back })
}

/// `POST …/request`
pub(crate) async fn request(posted: SignedForm<EmptyForm>, path: RunPath) -> Answer {
    let page = posted.page;
    let (app, automation, run) = find_run(&page, &path).await?;
    let mut tx = page.state.db.begin().await?;
    let requested = manage::request_run(&mut tx, (&automation, &run), (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let url = urls::automation_run(&urls::automation(app.id, automation.id), run.id);
    Ok(match requested {
        Requested::Started => page.redirect(&url, t::now_requested()),
        Requested::NotEnded => page.redirect_warning(&url, "not-ended", t::not_ended()),
        Requested::TooOften => page.redirect_warning(&url, "too-many-executions", t::too_many_executions(MAX_EXECUTIONS)),
    })
}
