//! Step 1, Credentials: the API keys, checked with the gateway before they are stored.
//!
//! Invariant: the value of a secret field is write-only. It is sealed and never shown again, and an empty field leaves it
//! unchanged.

pub(crate) mod form;

use actix_web::HttpResponse;
use askama::Template;

use super::{
    guide::{self, Shown},
    wizard::{ConnectionPath, StepChrome, Wizard},
};
use crate::{
    accounts::security_log::Action,
    connections::{
        ApiKeyState, Step,
        credentials::{self, NewCredentials, StoredCredential},
    },
    console::http::{
        error::AppError,
        form::FieldErrors,
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    gateways::{
        api::KeyCheck,
        credentials::{ApiKeys, CredentialField, CredentialValues},
    },
    messages::{self, DisplayTime},
};
use form::{CredentialsForm, ShownField};

/// `…/credentials`
#[derive(Template)]
#[template(path = "setup/credentials.html")]
pub(crate) struct Credentials {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) fields: Vec<ShownField>,
    pub(crate) modes: Vec<(&'static str, &'static str, bool)>,
    pub(crate) errors: FieldErrors,
    pub(crate) is_stored: bool,
    /// Why the stored keys are not checked.
    pub(crate) unchecked: Option<String>,
    pub(crate) stored_at: Option<DisplayTime>,
    /// The menu path to the keys in the gateway's dashboard, and what to do there.
    pub(crate) menu: String,
    pub(crate) instructions: Vec<Shown>,
}

/// The step of a gateway with API keys.
struct KeysStep {
    wizard: Wizard,
    keys: &'static ApiKeys,
    stored: Vec<StoredCredential>,
}

/// A stored secret was damaged or swapped.
struct Unreadable(&'static CredentialField);

/// `GET …/credentials`
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let step = KeysStep::open(page, &names).await?;
    step.wizard.page.ok(&step.view(&step.stored_form(), FieldErrors::default()))
}

/// `POST …/credentials`
pub(crate) async fn update(posted: SignedForm<CredentialsForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let step = KeysStep::open(posted.page, &names).await?;
    let form = posted.form;
    if !form.is_well_formed() {
        return Err(AppError::BadRequest);
    }
    let (page, connection) = (&step.wizard.page, &step.wizard.connection);
    let typed = match form.parse(connection, step.keys, &step.stored) {
        Ok(parsed) => parsed,
        Err(errors) => return page.unprocessable(&step.view(&form, errors)),
    };
    step.wizard.confirm(Step::Credentials, &posted.action, messages::access::SAVE_KEYS).await?;
    let values = match step.with_stored(typed) {
        Ok(values) => values,
        Err(unreadable) => return step.unreadable(&form, &unreadable),
    };
    let turn = match page.state.key_checks.acquire(page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return page.too_many(&step.view(&form, step.error(messages::keys::busy(busy)))),
    };
    let (url, gateway) = (step.wizard.url(Step::Credentials), connection.gateway);
    let (state, answer) = match step.check(&values).await {
        KeyCheck::Accepted => (ApiKeyState::Accepted, page.redirect(&url, &messages::keys::accepted(gateway))),
        KeyCheck::Rejected => {
            return page.unprocessable(&step.view(&form, step.error(&messages::keys::refused(gateway))));
        }
        KeyCheck::Unknown(why) => (ApiKeyState::Unchecked, page.redirect_warning(&url, &messages::keys::reason(gateway, &why))),
    };
    // All of them, so that what is stored is what was checked, whatever another form has stored since.
    step.store(&NewCredentials { values: &values, payment_modes: &form.payment_modes(), state }).await?;
    drop(turn);
    Ok(answer)
}

/// `GET …/credentials/check`: redirects to the step.
pub(crate) async fn form_page(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&KeysStep::open(page, &names).await?.wizard.url(Step::Credentials)))
}

/// `POST …/credentials/check`: checks the stored keys again.
pub(crate) async fn check(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let step = KeysStep::open(posted.page, &names).await?;
    let (page, form) = (&step.wizard.page, step.stored_form());
    if let Some(missing) = step.keys.fields.iter().find(|field| credentials::find(&step.stored, field.name).is_none()) {
        return page.unprocessable(&step.view(&form, error(missing.name, messages::keys::NONE_STORED)));
    }
    let values = match step.with_stored(CredentialValues::default()) {
        Ok(values) => values,
        Err(unreadable) => return step.unreadable(&form, &unreadable),
    };
    let (url, gateway) = (step.wizard.url(Step::Credentials), step.wizard.connection.gateway);
    let _turn = match page.state.key_checks.acquire(page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return Ok(page.redirect_warning(&url, messages::keys::busy(busy))),
    };
    match step.check(&values).await {
        KeyCheck::Accepted => {
            let payment_modes = &form.payment_modes();
            step.store(&NewCredentials { values: &values, payment_modes, state: ApiKeyState::Accepted }).await?;
            Ok(page.redirect(&url, &messages::keys::accepted(gateway)))
        }
        KeyCheck::Rejected => page.unprocessable(&step.view(&form, step.error(&messages::keys::stored_refused(gateway)))),
        KeyCheck::Unknown(why) => Ok(page.redirect_warning(&url, &messages::keys::reason(gateway, &why))),
    }
}

impl KeysStep {
    /// Opens the step. A gateway without API keys has no such step: not found.
    async fn open(page: RequestContext, names: &ConnectionPath) -> Result<Self, AppError> {
        let wizard = Wizard::open(page, names).await?;
        let keys = wizard.connection.gateway.profile().api_keys.as_ref().ok_or(AppError::NotFound)?;
        let mut reader = wizard.page.state.db.reader().await?;
        let stored = credentials::store::list_of_connection(&mut reader, wizard.connection.id).await?;
        drop(reader);
        Ok(Self { wizard, keys, stored })
    }

    fn stored_form(&self) -> CredentialsForm {
        CredentialsForm::of(&self.wizard.connection, &self.stored)
    }

    /// Adds the stored values of the fields that have none.
    fn with_stored(&self, mut values: CredentialValues) -> Result<CredentialValues, Unreadable> {
        let vault = &self.wizard.page.state.vault;
        for field in self.keys.fields {
            let stored = credentials::find(&self.stored, field.name).filter(|_| !values.has(field));
            if let Some(stored) = stored {
                values.add(field, stored.open(vault).map_err(|_| Unreadable(field))?);
            }
        }
        Ok(values)
    }

    /// Asks the gateway whether it accepts these values.
    async fn check(&self, values: &CredentialValues) -> KeyCheck {
        let api = self.wizard.page.state.settings.api_of(self.wizard.connection.gateway);
        (self.keys.check)(api, values).await
    }

    async fn store(&self, new: &NewCredentials<'_>) -> Result<(), AppError> {
        let (page, id) = (&self.wizard.page, self.wizard.connection.id);
        let mut tx = page.state.db.begin().await?;
        credentials::update(&mut tx, &page.state.vault, id, new, page.now).await?;
        page.record(&mut tx, Action::ApiKeysChanged, id).await?;
        Ok(tx.commit().await?)
    }

    fn unreadable(&self, form: &CredentialsForm, Unreadable(field): &Unreadable) -> Result<HttpResponse, AppError> {
        let (page, connection) = (&self.wizard.page, &self.wizard.connection);
        let name = field.name;
        tracing::error!(connection = %connection.id, field = name, "a stored credential cannot be decrypted: it was damaged or replaced");
        let said = messages::keys::unreadable(connection.gateway, field.label);
        page.unprocessable(&self.view(form, error(name, &said)))
    }

    /// Returns an error that concerns all values.
    fn error(&self, sentence: &str) -> FieldErrors {
        error(self.keys.main_field(), sentence)
    }

    fn view(&self, form: &CredentialsForm, errors: FieldErrors) -> Credentials {
        let (wizard, connection, keys) = (&self.wizard, &self.wizard.connection, self.keys);
        let gateway = connection.gateway;
        let (mut layout, chrome) = wizard.chrome(Step::Credentials, &format!("Enter the {} API keys", gateway.label()));
        let is_unchecked = connection.keys_state == Some(ApiKeyState::Unchecked);
        // The flash message of the redirect is the reason: it is shown in the warning instead of above it.
        let flash = if is_unchecked { layout.flash.take() } else { None };
        let why = || flash.map_or_else(|| messages::keys::unchecked(gateway), |flash| flash.text().to_owned());
        Credentials {
            layout,
            chrome,
            fields: form.inputs(connection, keys),
            modes: form.modes(),
            errors,
            is_stored: connection.keys_state.is_some(),
            unchecked: is_unchecked.then(why),
            stored_at: connection.keys_at.map(|at| DisplayTime::of_day(at, wizard.page.now)),
            menu: keys.menu.join(" › "),
            instructions: guide::pieces(keys.instructions, connection.mode, &wizard.app.email, 0),
        }
    }
}

fn error(field: &'static str, sentence: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.add(field, sentence);
    errors
}
