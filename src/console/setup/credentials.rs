//! Step 1, Credentials: the API keys, checked with the gateway before they are stored.
//!
//! Invariant: the value of a secret field is write-only. It is sealed and never shown again, and an empty field leaves it
//! unchanged. Stored values are read once it is the company's turn to check, and what was checked is stored only if they are still
//! the same then, so that no form overwrites what another has stored meanwhile.

pub(crate) mod form;

use actix_web::HttpResponse;
use askama::Template;

use super::wizard::{ConnectionPath, StepChrome, Wizard};
use crate::{
    connections::{
        ApiKeyState, Step,
        credentials::{self, NewCredentials, StoredCredential},
    },
    console::http::{
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    gateways::{
        api::KeyCheck,
        credentials::{ApiKeys, CredentialField, CredentialValues},
    },
    i18n::{Text, ToArg as _},
    messages::{
        self, DisplayTime,
        text::{credentials as t, setup},
    },
};
use form::{CredentialsForm, ShownField};

/// `…/credentials`
#[derive(Template)]
#[template(path = "setup/credentials.html")]
pub(crate) struct Credentials {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) fields: Vec<ShownField>,
    pub(crate) errors: FieldErrors,
    pub(crate) is_stored: bool,
    /// Why the stored keys are not checked: the reason and the sentence.
    pub(crate) unchecked: Option<(String, Text)>,
    pub(crate) stored_at: Option<DisplayTime>,
    pub(crate) instructions: Text,
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
    let mut step = KeysStep::open(posted.page, &names).await?;
    let form = posted.form;
    if let Err(errors) = form.parse(&step.wizard.connection, step.keys, &step.stored) {
        return step.wizard.page.unprocessable(&step.view(&form, errors));
    }
    step.wizard.confirm(Step::Credentials, &posted.action, messages::access::SAVE_KEYS).await?;
    let state = step.wizard.page.state.clone();
    let turn = match state.key_checks.acquire(step.wizard.page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return step.wizard.page.too_many(&step.view(&form, step.error(busy.reason(), messages::keys::busy(busy)))),
    };
    step.read_stored().await?;
    let (page, connection) = (&step.wizard.page, &step.wizard.connection);
    let typed = match form.parse(connection, step.keys, &step.stored) {
        Ok(parsed) => parsed,
        Err(errors) => return page.unprocessable(&step.view(&form, errors)),
    };
    let is_all_typed = step.keys.fields.iter().all(|field| typed.has(field));
    let values = match step.with_stored(typed) {
        Ok(values) => values,
        Err(unreadable) => return step.unreadable(&form, &unreadable),
    };
    let (url, gateway) = (step.wizard.url(Step::Credentials), connection.gateway);
    let (state, answer) = match step.check(&values).await {
        KeyCheck::Accepted => (ApiKeyState::Accepted, page.redirect(&url, t::keys_accepted(gateway.label()))),
        KeyCheck::Rejected => {
            return page.unprocessable(&step.view(&form, step.error("refused", messages::keys::rejected(gateway))));
        }
        KeyCheck::Unknown(why) => {
            (ApiKeyState::Unchecked, page.redirect_warning(&url, why.reason(), messages::keys::reason(gateway, &why)))
        }
    };
    // All of them, so that what is stored is what was checked.
    let checked = (!is_all_typed).then_some(step.stored.as_slice());
    let new = NewCredentials { values: &values, state, checked };
    let is_stored = step.store(&new).await?;
    drop(turn);
    if !is_stored {
        return page.unprocessable(&step.view(&form, step.error("changed-meanwhile", t::keys_changed_meanwhile())));
    }
    Ok(answer)
}

/// `GET …/credentials/check`: redirects to the step.
pub(crate) async fn form_page(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&KeysStep::open(page, &names).await?.wizard.url(Step::Credentials)))
}

/// `POST …/credentials/check`: checks the stored keys again.
pub(crate) async fn check(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let mut step = KeysStep::open(posted.page, &names).await?;
    let (url, gateway) = (step.wizard.url(Step::Credentials), step.wizard.connection.gateway);
    let state = step.wizard.page.state.clone();
    let _turn = match state.key_checks.acquire(step.wizard.page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return Ok(step.wizard.page.redirect_warning(&url, busy.reason(), messages::keys::busy(busy))),
    };
    step.read_stored().await?;
    let (page, form) = (&step.wizard.page, step.stored_form());
    if let Some(missing) = step.keys.fields.iter().find(|field| credentials::find(&step.stored, field.name).is_none()) {
        return page.unprocessable(&step.view(&form, FieldError::new("none-stored", t::no_keys()).at(missing.name)));
    }
    let values = match step.with_stored(CredentialValues::default()) {
        Ok(values) => values,
        Err(unreadable) => return step.unreadable(&form, &unreadable),
    };
    match step.check(&values).await {
        KeyCheck::Accepted => {
            let (none, checked) = (CredentialValues::default(), Some(step.stored.as_slice()));
            let new = NewCredentials { values: &none, state: ApiKeyState::Accepted, checked };
            if !step.store(&new).await? {
                return Ok(page.redirect_warning(&url, "changed-meanwhile", t::keys_changed_meanwhile()));
            }
            Ok(page.redirect(&url, t::keys_accepted(gateway.label())))
        }
        KeyCheck::Rejected => {
            page.unprocessable(&step.view(&form, step.error("refused", messages::keys::stored_rejected(gateway))))
        }
        KeyCheck::Unknown(why) => Ok(page.redirect_warning(&url, why.reason(), messages::keys::reason(gateway, &why))),
    }
}

impl KeysStep {
    /// Opens the step. A gateway without API keys has no such step: not found.
    async fn open(page: RequestContext, names: &ConnectionPath) -> Result<Self, AppError> {
        let wizard = Wizard::open(page, names).await?;
        let keys = wizard.connection.gateway.profile().api_keys.as_ref().ok_or(AppError::NotFound)?;
        let mut step = Self { wizard, keys, stored: Vec::new() };
        step.read_stored().await?;
        Ok(step)
    }

    /// Reads the stored values, in place of those read before.
    async fn read_stored(&mut self) -> Result<(), AppError> {
        let mut reader = self.wizard.page.state.db.page_reader().await?;
        self.stored = credentials::store::list_of_connection(&mut reader, self.wizard.connection.id).await?;
        Ok(())
    }

    fn stored_form(&self) -> CredentialsForm {
        CredentialsForm::of(&self.stored)
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

    /// Stores the credentials. Returns false if others were stored meanwhile.
    async fn store(&self, new: &NewCredentials<'_>) -> Result<bool, AppError> {
        let (page, connection) = (&self.wizard.page, &self.wizard.connection);
        let mut tx = page.state.db.begin().await?;
        let is_stored = credentials::update(&mut tx, &page.state.vault, connection, new, (&page.actor(), page.now)).await?;
        if is_stored {
            tx.commit().await?;
        }
        Ok(is_stored)
    }

    fn unreadable(&self, form: &CredentialsForm, Unreadable(field): &Unreadable) -> Result<HttpResponse, AppError> {
        let (page, connection) = (&self.wizard.page, &self.wizard.connection);
        let name = field.name;
        tracing::error!(connection = %connection.id, field = name, "a stored credential cannot be decrypted: it was damaged or replaced");
        let said = t::key_unreadable(field.label.to_arg(), connection.gateway.label());
        page.unprocessable(&self.view(form, FieldError::new("unreadable", said).at(name)))
    }

    /// Returns an error that concerns all values.
    fn error(&self, reason: &'static str, sentence: Text) -> FieldErrors {
        FieldError::new(reason, sentence).at(self.keys.main_field())
    }

    fn view(&self, form: &CredentialsForm, errors: FieldErrors) -> Credentials {
        let (wizard, connection, keys) = (&self.wizard, &self.wizard.connection, self.keys);
        let gateway = connection.gateway;
        let (mut layout, chrome) = wizard.chrome(Step::Credentials, t::credentials_title(gateway.label()));
        let is_unchecked = connection.keys_state == Some(ApiKeyState::Unchecked);
        // The flash message of the redirect is the reason: it is shown in the warning instead of above it.
        let flash = if is_unchecked { layout.flash.take() } else { None };
        let why = || match flash {
            Some(flash) => (flash.reason().to_owned(), Text::verbatim(flash.text())),
            None => ("unasked".to_owned(), t::gateway_not_asked(gateway.label())),
        };
        Credentials {
            layout,
            chrome,
            fields: form.inputs(connection, keys, &self.stored),
            errors,
            is_stored: connection.keys_state.is_some(),
            unchecked: is_unchecked.then(why),
            stored_at: connection.keys_at.map(|at| DisplayTime::of_day(at, wizard.page.now)),
            instructions: (keys.instructions)(connection.mode),
        }
    }
}
