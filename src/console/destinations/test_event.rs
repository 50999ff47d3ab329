//! Sends a test event to a destination and shows how it responds.

use actix_web::HttpResponse;

use super::scope::{DestinationPath, Found};
use crate::{
    console::http::{
        error::AppError,
        signed_form::{EmptyForm, SignedForm},
    },
    deliveries::worker::{Sender, TestOutcome},
    messages,
};

/// `POST …/{destination}/test-event`
pub(crate) async fn send(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Result<HttpResponse, AppError> {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let (page, state) = (&found.page, &found.page.state);
    // It makes this server send a request, so it has the limit of the other checks that do.
    let permit = match state.checks.acquire(found.app.company_id) {
        Ok(permit) => permit,
        Err(busy) => return Ok(page.redirect_warning(&found.url(), busy.reason(), messages::destinations::busy(busy))),
    };
    let to = (state.client.clone(), state.base().to_owned());
    let sender = Sender::new(state.db.clone(), state.vault.clone(), state.clock.clone(), to);
    let outcome = sender.send_test(&found.destination).await?;
    drop(permit);
    let text = messages::destinations::test_outcome(outcome);
    Ok(match outcome {
        TestOutcome::Responded { status: 200..=299, .. } => page.redirect(&found.url(), text),
        TestOutcome::Responded { .. } => page.redirect_warning(&found.url(), "test-declined", text),
        TestOutcome::Failed(_) => page.redirect_warning(&found.url(), "test-failed", text),
        TestOutcome::NoEvent => page.redirect_warning(&found.url(), "test-no-event", text),
    })
}
