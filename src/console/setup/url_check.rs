//! `POST …/webhook/check`: **Check my URL**.

use actix_web::HttpResponse;
use url::Url;

use crate::{
    connections::Step,
    console::{
        http::{
            error::AppError,
            page::see_other,
            signed_form::{EmptyForm, SignedForm},
        },
        setup::wizard::{ConnectionPath, Wizard},
    },
    messages,
    url_check::{Check, Finding, probe::Probe, store},
    urls,
};

/// Sends a probe to the connection's public URL, and redirects to the report.
pub(crate) async fn check(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    let (page, connection) = (&wizard.page, &wizard.connection);
    let back = urls::url_check_report(&wizard.url(Step::Webhook));
    let turn = match page.state.checks.acquire(page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return Ok(page.redirect_warning(&back, busy.reason(), messages::url_check::busy(busy))),
    };
    let text = urls::webhook_url(page.state.base(), &connection.endpoint);
    let findings = match Url::parse(&text) {
        Ok(url) => {
            let (vault, endpoint) = (&page.state.vault, connection.endpoint.as_str());
            Probe { vault, gateway: connection.gateway, url, endpoint, now: page.state.clock.now() }.run().await
        }
        Err(_) => vec![Finding::NameUnknown],
    };
    let check = Check { url: text, findings, checked_at: page.state.clock.now() };
    let mut tx = page.state.db.begin().await?;
    store::upsert(&mut tx, connection.id, &check).await?;
    tx.commit().await?;
    drop(turn);
    Ok(see_other(&back))
}
