//! `POST …/webhook/test`: **Send test event**, and what the pages say of the last one.
//!
//! Invariant: a probe precedes every test event, so that a signed request goes only where this installation responds, and a proxy
//! that changes requests is found before the event is sent.

use actix_web::HttpResponse;

use super::{
    url_check,
    wizard::{ConnectionPath, Wizard},
};
use crate::{
    connections::{Step, secret_set::SecretSet},
    console::http::{
        error::AppError,
        signed_form::{EmptyForm, SignedForm},
    },
    i18n::Text,
    messages::{self, DisplayTime},
    primitives::secret::Secret,
    test_events::{self, Outcome, TestEvent, send::TestRequest},
    urls,
};

/// The form, and the last test event.
pub(crate) struct TestEventView {
    /// Why none can be sent now.
    pub(crate) obstacle: Option<Text>,
    /// Name, URL and time of the last one.
    pub(crate) last: Option<(Text, String, DisplayTime)>,
}

/// Sends a test event to the connection's public URL, after a probe.
pub(crate) async fn send(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    let page = &wizard.page;
    // To the message on this test event: the report of the URL check is further down.
    let back = wizard.url(Step::Webhook);
    let mut reader = page.state.db.page_reader().await?;
    let of_connection = (&wizard.connection, wizard.app.is_enabled);
    let secret = test_events::signing_secret(&mut reader, &page.state.vault, of_connection, (&page.actor(), page.now)).await?;
    drop(reader);
    let secret = match secret {
        Ok(secret) => secret,
        Err(why) => {
            let text = messages::test_events::unavailable(wizard.connection.gateway, why);
            return Ok(page.redirect_warning(&back, why.reason(), text));
        }
    };
    let permit = match page.state.checks.acquire(page.signed_in.company.id) {
        Ok(permit) => permit,
        Err(busy) => return Ok(page.redirect_warning(&back, busy.reason(), messages::url_check::busy(busy))),
    };
    let outcome = deliver(&wizard, &secret).await?;
    drop(permit);
    let text = messages::test_events::outcome(outcome);
    Ok(match outcome {
        Some(Outcome::Arrived { .. }) => page.redirect(&back, text),
        Some(Outcome::Answered { .. } | Outcome::Unanswered) | None => {
            page.redirect_warning(&back, messages::test_events::hook(outcome), text)
        }
    })
}

/// Returns what became of a test event; `None` if none was sent because the probe did not arrive unchanged.
async fn deliver(wizard: &Wizard, secret: &Secret) -> Result<Option<Outcome>, AppError> {
    let Some((url, reached)) = url_check::probe(wizard).await? else { return Ok(None) };
    let (state, connection) = (&wizard.page.state, &wizard.connection);
    let (vault, endpoint) = (&state.vault, connection.endpoint.as_str());
    let request = TestRequest { vault, gateway: connection.gateway, url, endpoint, secret, now: state.clock.now() };
    let Some(sent) = request.send(&reached).await else { return Ok(None) };
    Ok(Some(test_events::conclude(&state.db, connection.id, &sent).await?))
}

/// Returns what the Webhook page shows; `None` if KS Pay cannot sign as the gateway does.
pub(super) fn view(wizard: &Wizard, secrets: &SecretSet, last: Option<TestEvent>) -> Option<TestEventView> {
    let (connection, now) = (&wizard.connection, wizard.page.now);
    let obstacle = test_events::obstacle(connection, wizard.app.is_enabled, secrets.active().is_some());
    test_events::is_offered(connection.gateway).then(|| TestEventView {
        obstacle: obstacle.map(|why| messages::test_events::unavailable(connection.gateway, why)),
        last: last.map(|last| {
            let url = urls::event(wizard.app.id, last.event_id);
            (messages::test_events::name(&last), url, messages::when(last.received_at, now))
        }),
    })
}
