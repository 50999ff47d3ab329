//! Step 4, Security: the app's domain, shared by all its connections.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use super::wizard::{ConnectionPath, StepChrome, Wizard};
use crate::{
    apps::{self, domain},
    connections::{SetupProgress, Step},
    console::http::{
        error::AppError,
        form::{FieldErrors, domain_error},
        layout::Layout,
        page::RequestContext,
        signed_form::SignedForm,
    },
    messages::{self, text::credentials as t},
};

/// The domain as submitted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DomainForm {
    pub(crate) domain: String,
}

/// `…/security`
#[derive(Template)]
#[template(path = "setup/security.html")]
pub(crate) struct Security {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) domain: String,
    pub(crate) is_stored: bool,
    pub(crate) errors: FieldErrors,
}

/// `GET …/security`
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let domain = wizard.app.domain.clone().unwrap_or_default();
    wizard.page.ok(&view(&wizard, domain, FieldErrors::default()))
}

/// `POST …/security`
pub(crate) async fn update(posted: SignedForm<DomainForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    let domain = match domain::parse(&posted.form.domain) {
        Ok(domain) => domain,
        Err(fault) => {
            return wizard.page.unprocessable(&view(&wizard, posted.form.domain, domain_error(fault).at("domain")));
        }
    };
    let mut tx = wizard.page.state.db.begin().await?;
    apps::update_domain(&mut tx, &wizard.app, &domain, (&wizard.page.actor(), wizard.page.now)).await?;
    tx.commit().await?;
    let setup = SetupProgress { domain: Some(&domain), ..wizard.setup() };
    Ok(wizard.page.redirect(&wizard.url(Step::Security), messages::setup::domain_saved(&setup, wizard.page.now)))
}

fn view(wizard: &Wizard, domain: String, errors: FieldErrors) -> Security {
    let (layout, chrome) = wizard.chrome(Step::Security, t::domain_title());
    Security { layout, chrome, domain, is_stored: wizard.app.domain.is_some(), errors }
}
