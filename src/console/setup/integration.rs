//! Step 3, Integration: code snippets with the app's own Key ID. They never contain the Key Secret: they read it from the
//! environment.

use actix_web::HttpResponse;
use askama::Template;

use super::{
    guide::{self, ShownSnippet, SnippetValues},
    wizard::{ConnectionPath, StepChrome, Wizard},
};
use crate::{
    connections::{MarkedStep, Step, credentials},
    console::http::{
        error::AppError,
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    i18n::Text,
    messages::{
        DisplayTime,
        text::{credentials as t, setup},
    },
    urls,
};

/// `…/integration`
#[derive(Template)]
#[template(path = "setup/integration.html")]
pub(crate) struct Integration {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) snippets: Vec<ShownSnippet>,
    /// The label of a credential that the snippets contain and that is not stored yet.
    pub(crate) missing: Option<Text>,
    pub(crate) credentials_url: String,
    pub(crate) done: Option<(String, DisplayTime)>,
}

/// `GET …/integration`
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let connection = &wizard.connection;
    let profile = connection.gateway.profile();
    let (layout, chrome) = wizard.chrome(Step::Integration, profile.texts.setup.integration_heading.clone());
    let stored = credentials::store::list_of_connection(&mut wizard.page.state.db.page_reader().await?, connection.id).await?;
    let app_name: String = wizard.app.name.chars().filter(|letter| !"\"'\\<>&`".contains(*letter)).collect();
    let values = SnippetValues {
        credentials: &stored,
        app_name: &app_name,
        url: &urls::webhook_url(wizard.page.state.base(), &connection.endpoint),
    };
    let view = Integration {
        layout,
        chrome,
        snippets: guide::snippets(connection, &values),
        missing: guide::missing_credential(connection, &stored).map(Text::verbatim),
        credentials_url: wizard.url(Step::Credentials),
        done: connection
            .integration_done_by
            .clone()
            .zip(connection.integration_done_at.map(|at| DisplayTime::of_day(at, wizard.page.now))),
    };
    wizard.page.ok(&view)
}

/// `GET` of the paths below the step that take its forms
pub(crate) async fn form_page(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&Wizard::open(page, &names).await?.url(Step::Integration)))
}

/// `POST …/integration/completion`
pub(crate) async fn complete(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Wizard::open(posted.page, &names).await?.set_step_done(MarkedStep::Integration, true).await
}

/// `POST …/integration/completion/removal`
pub(crate) async fn reopen(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Wizard::open(posted.page, &names).await?.set_step_done(MarkedStep::Integration, false).await
}
