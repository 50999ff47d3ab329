//! Sends a test event to a destination and shows how it responds.

use actix_web::HttpResponse;

use super::{
    detail::{self, DeliveryParams, Outcome},
    scope::{DestinationPath, Found},
};
use crate::{
    console::http::{
        error::AppError,
        layout::Flash,
        signed_form::{EmptyForm, SignedForm},
    },
    deliveries::{
        manage,
        worker::{Sender, TestOutcome},
    },
    messages,
};

/// The maximum number of bytes that are shown of a response.
const MAX_SHOWN_BYTES: usize = 2_000;

/// The beginning of a response to a test event.
pub(super) struct TestResponse {
    pub(super) text: String,
    pub(super) is_cut: bool,
}

impl TestResponse {
    fn new(body: &[u8]) -> Self {
        let shown = &body[..body.len().min(MAX_SHOWN_BYTES)];
        Self { text: String::from_utf8_lossy(shown).into_owned(), is_cut: shown.len() < body.len() }
    }
}

/// `POST …/{destination}/test-event`: if there was a response, it is shown by the page of this answer and stored nowhere.
pub(crate) async fn send(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Result<HttpResponse, AppError> {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let (page, state) = (&found.page, &found.page.state);
    // It makes this server send a request, so it has the limit of the other checks that do.
    let permit = match state.checks.acquire(found.app.company_id) {
        Ok(permit) => permit,
        Err(busy) => return Ok(page.redirect_warning(&found.url(), busy.reason(), messages::destinations::busy(busy))),
    };
    let mut tx = state.db.begin().await?;
    manage::record_test(&mut tx, &found.destination, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let to = (state.client.clone(), state.base().to_owned());
    let sender = Sender::new(state.db.clone(), state.vault.clone(), state.clock.clone(), to);
    let outcome = sender.send_test(&found.destination).await?;
    drop(permit);
    let text = messages::destinations::test_outcome(&outcome);
    let (status, body) = match outcome {
        TestOutcome::Responded { status, body, .. } => (status, body),
        TestOutcome::Failed(_) => return Ok(page.redirect_warning(&found.url(), "test-failed", text)),
        TestOutcome::NoEvent => return Ok(page.redirect_warning(&found.url(), "test-no-event", text)),
        TestOutcome::NoMatch => return Ok(page.redirect_warning(&found.url(), "test-no-match", text)),
    };
    let said = text.to_plain(page.reader());
    let said = if (200..300).contains(&status) { Flash::good(&said) } else { Flash::warning("test-declined", &said) };
    let response = Some((said, TestResponse::new(&body)));
    page.ok(&detail::view(&found, DeliveryParams::default(), Outcome { revealed: None, test: response }).await?)
}
