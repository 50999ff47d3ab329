//! *Retire now*: retires an expiring secret early, or an additional one. Asks for confirmation and states the consequences.
//!
//! Invariant: the active secret is never retired, since a webhook always has one. The uses that this server has buffered are written
//! first, so that the page knows of every event that this server has stored.

use actix_web::{HttpResponse, web::Path};
use askama::Template;

use super::wizard::{StepChrome, Wizard};
use crate::{
    connections::{
        Step,
        secret_set::{SecretSet, SecretWithUsage},
        secrets,
    },
    console::http::{
        error::AppError,
        layout::Layout,
        page::RequestContext,
        signed_form::{EmptyForm, SignedForm},
    },
    i18n::Text,
    messages::{
        self, Badge, DisplayTime,
        text::{secrets as t, setup},
    },
    primitives::id::SecretId,
    rejections::recovery,
    urls,
};

/// `{app}/{gateway}/{mode}/…/{secret}` of a path.
pub(crate) type Names = Path<(String, String, String, String)>;

/// `…/webhook/secrets/{secret}/retirement`
#[derive(Template)]
#[template(path = "setup/retirement.html")]
pub(crate) struct Retirement {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) badge: Badge,
    pub(crate) created: DisplayTime,
    pub(crate) origin: Text,
    pub(crate) effects: Vec<(&'static str, Text)>,
    /// A sentence on the rejected requests that only this secret verifies, and their URL.
    pub(crate) only: Option<(Text, String)>,
    /// URL that retires it; `None` for the active one.
    pub(crate) action: Option<String>,
    pub(crate) rotation: String,
}

/// `GET …/webhook/secrets/{secret}/retirement`
pub(crate) async fn ask(page: RequestContext, names: Names) -> Result<HttpResponse, AppError> {
    let (wizard, secrets, id) = open(page, names).await?;
    match secrets.find(id) {
        Some(held) => wizard.page.ok(&view(&wizard, &secrets, held).await?),
        None => no_longer_valid(&wizard, &secrets, id),
    }
}

/// `POST …/webhook/secrets/{secret}/retirement`
pub(crate) async fn create(posted: SignedForm<EmptyForm>, names: Names) -> Result<HttpResponse, AppError> {
    let (wizard, secrets, id) = open(posted.page, names).await?;
    let (page, connection) = (&wizard.page, wizard.connection.id);
    let Some(held) = secrets.find(id) else { return no_longer_valid(&wizard, &secrets, id) };
    if held.stored.is_active() {
        return page.ask(&view(&wizard, &secrets, held).await?);
    }
    wizard.confirm(Step::Webhook, &posted.action, messages::access::RETIRE).await?;
    let user = &page.signed_in.user;
    let mut tx = page.state.db.begin().await?;
    let is_retired = secrets::retire(&mut tx, &wizard.connection, id, &page.actor(), page.now).await?;
    tx.commit().await?;
    let list = urls::secrets(&wizard.url(Step::Webhook));
    if !is_retired {
        return Ok(page.redirect_warning(&list, "not-valid", t::not_valid()));
    }
    tracing::info!(%connection, secret = %id, user = %user.id, "a secret was retired");
    Ok(page.redirect(&list, t::retired()))
}

/// Opens the company's connection, and loads its secrets.
async fn open(page: RequestContext, names: Names) -> Result<(Wizard, SecretSet, SecretId), AppError> {
    let (app, gateway, mode, secret) = names.into_inner();
    let wizard = Wizard::open(page, &Path::from((app, gateway, mode))).await?;
    let id = secret.parse().map_err(|_| AppError::NotFound)?;
    wizard.page.state.ingestion.flush_uses(&wizard.page.state.db).await?;
    let mut reader = wizard.page.state.db.page_reader().await?;
    let secrets = SecretSet::load(&mut reader, &wizard.connection, wizard.page.now).await?;
    drop(reader);
    Ok((wizard, secrets, id))
}

/// Handles a secret that is no longer valid: redirects with a warning if it ended meanwhile. An unknown id, or one of another
/// connection, is not found.
fn no_longer_valid(wizard: &Wizard, secrets: &SecretSet, id: SecretId) -> Result<HttpResponse, AppError> {
    if secrets.ended.iter().all(|held| held.stored.id != id) {
        return Err(AppError::NotFound);
    }
    Ok(wizard.page.redirect_warning(&urls::secrets(&wizard.url(Step::Webhook)), "not-valid", t::not_valid()))
}

async fn view(wizard: &Wizard, secrets: &SecretSet, held: &SecretWithUsage) -> Result<Retirement, AppError> {
    let (stored, now) = (&held.stored, wizard.page.now);
    let only = if stored.is_active() { None } else { only(wizard, stored.id).await? };
    let (layout, chrome) = wizard.chrome(Step::Webhook, t::retire_title());
    let is_active = stored.is_active();
    Ok(Retirement {
        layout: layout.crumb(setup::webhook(), wizard.url(Step::Webhook)).crumb(t::title(), urls::secrets(&chrome.url)),
        only,
        badge: messages::secrets::state(stored),
        created: DisplayTime::of_day(stored.created_at, now),
        origin: messages::secrets::origin(stored, now),
        effects: if is_active {
            vec![("why-active-stays", messages::secrets::active_stays(wizard.connection.gateway))]
        } else {
            messages::secrets::retiring(wizard.connection.gateway, secrets, held, now)
        },
        action: (!is_active).then(|| urls::retirement(&chrome.url, stored.id)),
        rotation: urls::rotation(&chrome.url),
        chrome,
    })
}

/// Returns a sentence on the rejected requests that only that secret verifies, and their URL.
async fn only(wizard: &Wizard, secret: SecretId) -> Result<Option<(Text, String)>, AppError> {
    let (state, connection) = (&wizard.page.state, &wizard.connection);
    let found = recovery::depends_only_on((&state.db, &state.vault), connection, secret, wizard.page.now).await?;
    let url = match found.rejections.as_slice() {
        [one] => urls::rejection(wizard.app.id, *one),
        _ => urls::in_mode(&urls::rejections(wizard.app.id), connection.mode),
    };
    Ok((found.requests > 0).then(|| (t::only_with(found.requests), url)))
}
