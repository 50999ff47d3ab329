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
    url_check::{
        Check, Finding,
        probe::{Probe, Reached},
        store,
    },
    urls,
};

/// Sends a probe to the connection's public URL, and redirects to the report.
pub(crate) async fn check(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    let page = &wizard.page;
    let back = urls::url_check_report(&wizard.url(Step::Webhook));
    let permit = match page.state.checks.acquire(page.signed_in.company.id) {
        Ok(permit) => permit,
        Err(busy) => return Ok(page.redirect_warning(&back, busy.reason(), messages::url_check::busy(busy))),
    };
    probe(&wizard).await?;
    drop(permit);
    Ok(see_other(&back))
}

/// Sends a probe to the connection's public URL and stores the report. Returns the URL and the address if the probe arrived
/// unchanged. The caller holds a permit.
pub(super) async fn probe(wizard: &Wizard) -> Result<Option<(Url, Reached)>, AppError> {
    let (page, connection) = (&wizard.page, &wizard.connection);
    let text = urls::webhook_url(page.state.base(), &connection.endpoint);
    let (findings, reached) = match Url::parse(&text) {
        Ok(url) => {
            let (vault, endpoint) = (&page.state.vault, connection.endpoint.as_str());
            let probe = Probe { vault, gateway: connection.gateway, url, endpoint, now: page.state.clock.now() };
            let (findings, reached) = probe.run().await;
            (findings, reached.map(|reached| (probe.url, reached)))
        }
        Err(_) => (vec![Finding::NameUnknown], None),
    };
    let check = Check { url: text, findings, checked_at: page.state.clock.now() };
    let mut tx = page.state.db.begin().await?;
    store::upsert(&mut tx, connection.id, &check).await?;
    tx.commit().await?;
    Ok(reached)
}
