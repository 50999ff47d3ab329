//! The runs of automations on the page of a payment.

use crate::{
    apps::App,
    automations::{Automation, manage, runs::Run},
    console::http::{error::AppError, page::RequestContext},
    db::Reader,
    i18n::Text,
    ledger::payments::Transaction,
    messages::{Badge, automations},
    urls,
};

/// The most runs that are listed.
const MAX_RUNS_SHOWN: i64 = 20;

/// A run, with the sentence of its automation.
pub(crate) struct RunLine {
    pub(crate) url: String,
    pub(crate) sentence: Text,
    pub(crate) badge: Badge,
}

pub(super) async fn list(
    reader: &mut Reader,
    (page, app): (&RequestContext, &App),
    payment: &Transaction,
) -> Result<Vec<RunLine>, AppError> {
    let runs = manage::list_of_payment(reader, (app, payment.mode, payment.id), MAX_RUNS_SHOWN, &page.actor()).await?;
    let line = |(automation, run): (Automation, Run)| RunLine {
        url: urls::automation_run(&urls::automation(app.id, automation.id), run.id),
        sentence: automations::sentence(&automation.rule),
        badge: automations::run_state(run.state),
    };
    Ok(runs.into_iter().map(line).collect())
}
