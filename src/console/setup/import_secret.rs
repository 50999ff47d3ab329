//! *Use an existing secret*: imports the secret of an existing webhook, so that its requests verify here too. For a gateway that
//! generates the secret it is the way in which the webhook gets its secret, and a newer one.
//!
//! Invariant: only for a user who entered their password recently, since a planted secret lets a stranger forge payments. The
//! submitted value is never shown again, not even when it is rejected.

use std::sync::Arc;

use actix_web::{HttpResponse, web::Query};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::wizard::{ConnectionPath, StepChrome, Wizard};
use crate::{
    companies::check_limiter::CheckDenied,
    connections::{
        Step, credentials, public_names,
        secret_strength::{self, ConnectionContext, Trimmed, WeakSecret},
        secrets::{self, AddSecretOutcome, Origin},
        store,
    },
    console::http::{
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::Layout,
        page::RequestContext,
        signed_form::SignedForm,
    },
    gateways::Mode,
    i18n::Text,
    messages::{
        self,
        text::{secrets as t, setup, shared},
    },
    primitives::secret::Secret,
    urls,
};

/// Maximum number of the company's secrets that it is compared with.
const MAX_COMPARED_SECRETS: i64 = 500;

/// `…/webhook/secrets/new`
#[derive(Template)]
#[template(path = "setup/import_secret.html")]
pub(crate) struct ImportPage {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) import: ImportFields,
}

/// The form, on its own page and below the list of secrets.
pub(crate) struct ImportFields {
    pub(crate) action: String,
    /// The page to return to.
    pub(crate) back: String,
    pub(crate) hint: Text,
    pub(crate) is_exact: bool,
    /// What happens to the secret before, if the gateway generates the secret.
    pub(crate) replaced: Option<Text>,
    /// True below the list, which has another primary action.
    pub(crate) is_on_list: bool,
    pub(crate) errors: FieldErrors,
}

impl ImportFields {
    /// Returns the empty form below the list of secrets.
    pub(super) fn new(wizard: &Wizard, list: String) -> Self {
        Self { is_on_list: true, ..Self::of(wizard, &ImportForm { back: list, ..ImportForm::default() }, FieldErrors::default()) }
    }

    fn of(wizard: &Wizard, form: &ImportForm, errors: FieldErrors) -> Self {
        let (gateway, step) = (wizard.connection.gateway, wizard.url(Step::Webhook));
        Self {
            action: urls::secrets(&step),
            hint: messages::secrets::own_hint(gateway),
            is_exact: form.is_exact,
            replaced: gateway.generates_secret().then(|| messages::secrets::replaced(gateway)),
            is_on_list: false,
            back: urls::back_to(&form.back, step),
            errors,
        }
    }
}

/// A secret as submitted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ImportForm {
    secret: String,
    /// Keep spaces and quotes at its ends.
    is_exact: bool,
    /// The page to return to, if it is not the step.
    back: String,
}

/// The page that leads to the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct From {
    back: String,
}

/// `GET …/webhook/secrets/new`
pub(crate) async fn new(page: RequestContext, names: ConnectionPath, from: Query<From>) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let form = ImportForm { back: from.into_inner().back, ..ImportForm::default() };
    wizard.page.ok(&view(&wizard, &form, FieldErrors::default()))
}

/// `POST …/webhook/secrets`
pub(crate) async fn create(posted: SignedForm<ImportForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    let form = posted.form;
    let refused = |error: FieldError| wizard.page.unprocessable(&view(&wizard, &form, error.at("secret")));
    let mut reader = wizard.page.state.db.page_reader().await?;
    let names = public_names::list(&mut reader, wizard.connection.company_id).await?;
    let shown = credentials::store::list_of_connection(&mut reader, wizard.connection.id).await?;
    drop(reader);
    let (secret, trimmed) = match read(&wizard, names, credentials::all_shown(shown), &form).await? {
        Ok(read) => read,
        Err(NotRead::Weak(weak)) => {
            return refused(FieldError::new(weakness(weak), messages::secrets::weak(wizard.connection.gateway, weak)));
        }
        Err(NotRead::Denied(denied)) => {
            let error = FieldError::new(denied.reason(), messages::secrets::busy(denied));
            return wizard.page.too_many(&view(&wizard, &form, error.at("secret")));
        }
    };
    wizard.confirm(Step::Webhook, &posted.action, messages::access::IMPORT).await?;
    if let Some(error) = is_elsewhere(&wizard, &secret).await? {
        return refused(error);
    }
    match accept(&wizard, &secret).await? {
        AddSecretOutcome::Added(_) => {
            let back = urls::back_to(&form.back, wizard.url(Step::Webhook));
            let is_issued = wizard.connection.gateway.generates_secret();
            Ok(wizard.page.redirect(&back, if is_issued { t::entered() } else { messages::secrets::added(trimmed) }))
        }
        AddSecretOutcome::AlreadyValid => refused(FieldError::new("already-valid", t::already_valid())),
        AddSecretOutcome::LimitReached => refused(FieldError::new("too-many-imported", messages::secrets::too_many_imported())),
    }
}

async fn accept(wizard: &Wizard, secret: &Secret) -> Result<AddSecretOutcome, AppError> {
    let (page, id) = (&wizard.page, wizard.connection.id);
    let (user, actor) = (&page.signed_in.user, page.actor());
    let mut tx = page.state.db.begin().await?;
    let vault = &page.state.vault;
    let also = if wizard.connection.gateway.generates_secret() {
        secrets::enter(&mut tx, vault, &wizard.connection, (secret, &actor), page.now).await?
    } else {
        secrets::add_secret(&mut tx, vault, &wizard.connection, (secret, Origin::Imported, &actor), page.now).await?
    };
    if let AddSecretOutcome::Added(secret) = also {
        tx.commit().await?;
        tracing::info!(connection = %id, %secret, user = %user.id, "a secret was imported");
    }
    Ok(also)
}

const fn weakness(weak: WeakSecret) -> &'static str {
    match weak {
        WeakSecret::Empty => "empty",
        WeakSecret::Short(_) => "too-short",
        WeakSecret::Long => "too-long",
        WeakSecret::Unseen => "unseen",
        WeakSecret::Dots => "dots",
        WeakSecret::Url => "url",
        WeakSecret::KeyId => "key-id",
        WeakSecret::Repeated => "repeated",
        WeakSecret::Digits => "digits",
        WeakSecret::Common => "common",
        WeakSecret::Named => "named",
        WeakSecret::Form => "wrong-form",
    }
}

/// Why a submitted secret was not read.
enum NotRead {
    Weak(WeakSecret),
    Denied(CheckDenied),
}

/// Parses the secret and checks its strength; returns what was trimmed from it too.
async fn read(
    wizard: &Wizard,
    names: Vec<String>,
    credentials: Vec<String>,
    form: &ImportForm,
) -> Result<Result<(Secret, Trimmed), NotRead>, AppError> {
    let (limiter, connection) = (Arc::clone(&wizard.page.state.secret_checks), wizard.connection.clone());
    let (typed, is_exact) = (Zeroizing::new(form.secret.clone()), form.is_exact);
    let check = move || {
        let known = ConnectionContext {
            gateway: connection.gateway,
            endpoint: &connection.endpoint,
            credentials: &credentials,
            names: &names,
        };
        secret_strength::read(&typed, is_exact, &known)
    };
    let checked = limiter.compute(wizard.connection.company_id, check).await;
    // The text of a panic could quote the secret.
    let checked = checked.map_err(|_| AppError::Internal("the check of a secret panicked".into()))?;
    Ok(checked.map_err(NotRead::Denied).and_then(|read| read.map_err(NotRead::Weak)))
}

/// What it is already: a secret credential of an API, which lets its owner move money, a secret that was retired here, which others may
/// know, or the secret of another webhook, whose payments would count here.
async fn is_elsewhere(wizard: &Wizard, secret: &Secret) -> Result<Option<FieldError>, AppError> {
    let (state, own, now) = (&wizard.page.state, &wizard.connection, wizard.page.now);
    let mut reader = state.db.page_reader().await?;
    let keys = credentials::store::list_sealed(&mut reader, own.company_id, MAX_COMPARED_SECRETS).await?;
    let former = secrets::list_of_connection(&mut reader, own.id, now, MAX_COMPARED_SECRETS).await?;
    let stored = secrets::list_of_others(&mut reader, (own.company_id, own.id), now, MAX_COMPARED_SECRETS).await?;
    let connections = store::list_of_company(&mut reader, own.company_id).await?;
    drop(reader);
    for stored in keys {
        let key = stored.open(&state.vault).ok();
        if key.and_then(|key| Secret::parse(&key)).is_some_and(|key| key.is(secret)) {
            let of = connections.iter().find(|one| one.id == stored.connection_id);
            let label = of.map_or(stored.field.as_str(), |one| one.gateway.credential_label(&stored.field));
            return Ok(Some(FieldError::new("key-secret", messages::secrets::api_key_secret(own.gateway, label))));
        }
    }
    let is_same = |stored: &&secrets::StoredSecret| stored.open(&state.vault).is_ok_and(|opened| opened.is(secret));
    let mut valid = former.iter().filter(|stored| stored.is_valid_at(now));
    if valid.all(|stored| !is_same(&stored))
        && let Some(retired) = former.iter().filter(|stored| stored.is_retired()).find(is_same)
    {
        return Ok(Some(FieldError::new("retired", messages::secrets::was_retired(own.gateway, retired.valid_until, now))));
    }
    let same = stored.iter().filter(is_same);
    let modes = same.filter_map(|stored| connections.iter().find(|one| one.id == stored.connection_id)).map(|one| one.mode);
    let reason = |mode: Mode| match mode {
        mode if mode == own.mode => "of-another-webhook",
        Mode::Test => "of-test-mode",
        Mode::Live => "of-live-mode",
    };
    Ok(modes.map(|mode| FieldError::new(reason(mode), messages::secrets::elsewhere(own.mode, mode))).next())
}

fn view(wizard: &Wizard, form: &ImportForm, errors: FieldErrors) -> ImportPage {
    let is_issued = wizard.connection.gateway.generates_secret();
    let title = if is_issued { t::import_paste_title() } else { t::use_existing() };
    let (layout, chrome) = wizard.chrome(Step::Webhook, title);
    ImportPage {
        layout: layout.crumb(setup::webhook(), wizard.url(Step::Webhook)).crumb(t::title(), urls::secrets(&chrome.url)),
        import: ImportFields::of(wizard, form, errors),
        chrome,
    }
}
