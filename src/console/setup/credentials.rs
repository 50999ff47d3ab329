//! Step 1, Credentials: the API keys, checked with the gateway before they are stored.
//!
//! Invariant: the Key Secret is write-only. It is sealed and never shown again, and an empty field leaves it unchanged.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::wizard::{ConnectionPath, StepChrome, Wizard};
use crate::{
    accounts::security_log::Action,
    connections::{ApiKeyStatus, NewKeys, PAYMENT_MODES, Step, store},
    console::http::{
        error::AppError,
        form::{FieldErrors, sentence},
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    gateways::{Gateway, Mode, api::KeyCheck},
    messages::{self, DisplayTime},
    primitives::{text_input, vault::VaultError},
};

/// The keys as submitted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct KeysForm {
    pub(crate) key_id: String,
    pub(crate) key_secret: String,
    upi: bool,
    debit_card: bool,
    credit_card: bool,
    net_banking: bool,
    wallet: bool,
}

impl KeysForm {
    fn of(wizard: &Wizard) -> Self {
        let has = |mode: &str| wizard.connection.payment_modes.split(',').any(|known| known == mode);
        Self {
            key_id: wizard.connection.key_id.clone().unwrap_or_default(),
            key_secret: String::new(),
            upi: has("upi"),
            debit_card: has("debit_card"),
            credit_card: has("credit_card"),
            net_banking: has("net_banking"),
            wallet: has("wallet"),
        }
    }

    fn has(&self, mode: &str) -> bool {
        match mode {
            "upi" => self.upi,
            "debit_card" => self.debit_card,
            "credit_card" => self.credit_card,
            "net_banking" => self.net_banking,
            _ => self.wallet,
        }
    }

    fn payment_modes(&self) -> String {
        PAYMENT_MODES.iter().filter(|(mode, _)| self.has(mode)).map(|(mode, _)| *mode).collect::<Vec<_>>().join(",")
    }
}

/// `…/credentials`
#[derive(Template)]
#[template(path = "connections/credentials.html")]
pub(crate) struct Credentials {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) key_id: String,
    pub(crate) modes: Vec<(&'static str, &'static str, bool)>,
    pub(crate) errors: FieldErrors,
    pub(crate) is_stored: bool,
    /// Why the stored keys are not checked.
    pub(crate) unchecked: Option<String>,
    pub(crate) stored_at: Option<DisplayTime>,
    pub(crate) key_hint: String,
    pub(crate) secret_hint: &'static str,
    /// The menu path to the keys in the gateway's dashboard.
    pub(crate) menu: String,
}

/// `GET …/credentials`
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = open(page, &names).await?;
    wizard.page.ok(&view(&wizard, &KeysForm::of(&wizard), FieldErrors::default()))
}

/// `POST …/credentials`
pub(crate) async fn update(posted: SignedForm<KeysForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = open(posted.page, &names).await?;
    let form = posted.form;
    let (key_id, typed) = match parse(&form, &wizard) {
        Ok(parsed) => parsed,
        Err(errors) => return wizard.page.unprocessable(&view(&wizard, &form, errors)),
    };
    wizard.confirm(Step::Credentials, &posted.action, messages::access::SAVE_KEYS).await?;
    let secret = match &typed {
        Some(secret) => Zeroizing::new(secret.clone()),
        None => match stored_secret(&wizard).await? {
            Some(Err(_)) => return unreadable(&wizard, &form),
            stored => stored.and_then(Result::ok).unwrap_or_default(),
        },
    };
    let turn = match wizard.page.state.key_checks.acquire(wizard.page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return wizard.page.too_many(&view(&wizard, &form, error("key_secret", messages::keys::busy(busy)))),
    };
    let (page, url, gateway) = (&wizard.page, wizard.url(Step::Credentials), wizard.connection.gateway);
    let (state, answer) = match check_keys(&wizard, &key_id, &secret).await {
        KeyCheck::Accepted => (ApiKeyStatus::Accepted, page.redirect(&url, &messages::keys::accepted(gateway))),
        KeyCheck::Rejected => {
            return wizard.page.unprocessable(&view(&wizard, &form, error("key_secret", &messages::keys::refused(gateway))));
        }
        KeyCheck::Unknown(why) => (ApiKeyStatus::Unchecked, page.redirect_warning(&url, &messages::keys::reason(gateway, &why))),
    };
    let keys = NewKeys { key_id: &key_id, key_secret: typed.as_deref(), payment_modes: &form.payment_modes(), state };
    store_keys(&wizard, &keys).await?;
    drop(turn);
    Ok(answer)
}

/// `GET …/credentials/check`: redirects to the step.
pub(crate) async fn form_page(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&open(page, &names).await?.url(Step::Credentials)))
}

/// `POST …/credentials/check`: checks the stored keys again.
pub(crate) async fn check(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = open(posted.page, &names).await?;
    let form = KeysForm::of(&wizard);
    let secret = match stored_secret(&wizard).await? {
        Some(Ok(secret)) => secret,
        Some(Err(_)) => return unreadable(&wizard, &form),
        None => return wizard.page.unprocessable(&view(&wizard, &form, error("key_id", messages::keys::NONE_STORED))),
    };
    let _turn = match wizard.page.state.key_checks.acquire(wizard.page.signed_in.company.id) {
        Ok(turn) => turn,
        Err(busy) => return Ok(wizard.page.redirect_warning(&wizard.url(Step::Credentials), messages::keys::busy(busy))),
    };
    let gateway = wizard.connection.gateway;
    match check_keys(&wizard, &form.key_id, &secret).await {
        KeyCheck::Accepted => {
            let keys = NewKeys {
                key_id: &form.key_id,
                key_secret: None,
                payment_modes: &form.payment_modes(),
                state: ApiKeyStatus::Accepted,
            };
            store_keys(&wizard, &keys).await?;
            Ok(wizard.page.redirect(&wizard.url(Step::Credentials), &messages::keys::accepted(gateway)))
        }
        KeyCheck::Rejected => {
            wizard.page.unprocessable(&view(&wizard, &form, error("key_secret", &messages::keys::stored_refused(gateway))))
        }
        KeyCheck::Unknown(why) => {
            Ok(wizard.page.redirect_warning(&wizard.url(Step::Credentials), &messages::keys::reason(gateway, &why)))
        }
    }
}

/// Opens the wizard. A gateway without API keys has no such step: not found.
async fn open(page: RequestContext, names: &ConnectionPath) -> Result<Wizard, AppError> {
    let wizard = Wizard::open(page, names).await?;
    if wizard.connection.gateway.profile().api_keys.is_some() { Ok(wizard) } else { Err(AppError::NotFound) }
}

/// Asks the gateway whether it accepts these keys.
async fn check_keys(wizard: &Wizard, key_id: &str, key_secret: &str) -> KeyCheck {
    let (gateway, state) = (wizard.connection.gateway, &wizard.page.state);
    match &gateway.profile().api_keys {
        Some(keys) => (keys.check)(state.settings.api_of(gateway), key_id, key_secret).await,
        None => KeyCheck::Rejected,
    }
}

async fn store_keys(wizard: &Wizard, keys: &NewKeys<'_>) -> Result<(), AppError> {
    let state = &wizard.page.state;
    let mut tx = state.db.begin().await?;
    crate::connections::update_keys(&mut tx, &state.vault, wizard.connection.id, keys, wizard.page.now).await?;
    wizard.page.record(&mut tx, Action::ApiKeysChanged, wizard.connection.id).await?;
    Ok(tx.commit().await?)
}

/// Returns the stored Key Secret, if there is one; the inner error means that it was damaged or swapped.
async fn stored_secret(wizard: &Wizard) -> Result<Option<Result<Zeroizing<String>, VaultError>>, AppError> {
    let state = &wizard.page.state;
    let sealed = store::find_key_secret(&mut state.db.reader().await?, wizard.connection.id).await?;
    Ok(sealed.map(|sealed| crate::connections::open_key_secret(&state.vault, wizard.connection.id, &sealed)))
}

fn unreadable(wizard: &Wizard, form: &KeysForm) -> Result<HttpResponse, AppError> {
    tracing::error!(connection = %wizard.connection.id, "the stored Key Secret cannot be decrypted: it was damaged or replaced");
    wizard.page.unprocessable(&view(wizard, form, error("key_secret", &messages::keys::unreadable(wizard.connection.gateway))))
}

/// Returns the beginning of the gateway's key ids in that mode.
fn prefix(gateway: Gateway, mode: Mode) -> &'static str {
    gateway.profile().api_keys.as_ref().map_or("", |keys| keys.prefix(mode))
}

fn error(field: &'static str, sentence: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.add(field, sentence);
    errors
}

/// Parses the Key ID, and the Key Secret if one was entered.
fn parse(form: &KeysForm, wizard: &Wizard) -> Result<(String, Option<String>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let (gateway, mode) = (wizard.connection.gateway, wizard.connection.mode);
    let key_id = errors.take("key_id", "Key ID", text_input::line(&form.key_id, 1, 64));
    if let Some(sentence) = key_id_fault(&key_id, gateway, mode).filter(|_| !key_id.is_empty()) {
        errors.add("key_id", sentence);
    }
    let is_same_key = wizard.connection.key_id.as_deref() == Some(key_id.as_str());
    let typed = match text_input::line(&form.key_secret, 8, 128) {
        Ok(secret) => Some(secret),
        Err(text_input::Fault::Empty) if is_same_key => None,
        Err(fault) => {
            errors.add("key_secret", sentence("Key Secret", fault));
            None
        }
    };
    if errors.is_empty() { Ok((key_id, typed)) } else { Err(errors) }
}

/// Returns the validation error of a Key ID for this mode.
fn key_id_fault(key_id: &str, gateway: Gateway, mode: Mode) -> Option<String> {
    let (wanted, other) = (prefix(gateway, mode), prefix(gateway, if mode == Mode::Test { Mode::Live } else { Mode::Test }));
    if key_id.starts_with(other) {
        let (is, here) = if mode == Mode::Test { ("Live", "Test") } else { ("Test", "Live") };
        return Some(format!("This is a {is} key. {here} mode needs one that begins with {wanted}."));
    }
    let rest = key_id.strip_prefix(wanted).unwrap_or_default();
    let is_whole = rest.len() >= 8 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!is_whole).then(|| {
        format!("A Key ID of {} mode is {wanted} and letters or digits, for example {wanted}Demo0000000001.", mode.label())
    })
}

fn view(wizard: &Wizard, form: &KeysForm, errors: FieldErrors) -> Credentials {
    let keys = wizard.connection.keys();
    let gateway = wizard.connection.gateway;
    let (mut layout, chrome) = wizard.chrome(Step::Credentials, &format!("Enter the {} API keys", gateway.label()));
    // The flash message of the redirect is the reason: it is shown in the warning instead of above it.
    let flash = if keys == ApiKeyStatus::Unchecked { layout.flash.take() } else { None };
    let prefix = prefix(gateway, wizard.connection.mode);
    let secret_hint = match keys {
        ApiKeyStatus::Absent => "Sealed, and never shown again. It is not the webhook SECRET.",
        ApiKeyStatus::Unchecked | ApiKeyStatus::Accepted => {
            "A Key Secret is stored. Leave this empty to keep it, or type another to replace it."
        }
    };
    Credentials {
        layout,
        chrome,
        key_id: form.key_id.clone(),
        modes: PAYMENT_MODES.iter().map(|&(mode, label)| (mode, label, form.has(mode))).collect(),
        errors,
        is_stored: keys != ApiKeyStatus::Absent,
        unchecked: (keys == ApiKeyStatus::Unchecked)
            .then(|| flash.map_or_else(|| messages::keys::unchecked(gateway), |flash| flash.text().to_owned())),
        stored_at: wizard.connection.keys_at.map(|at| DisplayTime::of_day(at, wizard.page.now)),
        key_hint: format!("Begins with {prefix}"),
        secret_hint,
        menu: gateway.profile().api_keys.as_ref().map_or_else(String::new, |keys| keys.menu.join(" › ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_must_agree_with_the_mode() {
        assert_eq!(key_id_fault("rzp_test_Demo0000000001", Gateway::RAZORPAY, Mode::Test), None);
        assert!(
            key_id_fault("rzp_live_Demo0000000001", Gateway::RAZORPAY, Mode::Test)
                .is_some_and(|said| said.contains("This is a Live key"))
        );
        assert!(
            key_id_fault("rzp_test_Demo0000000001", Gateway::RAZORPAY, Mode::Live)
                .is_some_and(|said| said.contains("This is a Test key"))
        );
        assert!(
            key_id_fault("Demo0000000001", Gateway::RAZORPAY, Mode::Test).is_some()
                && key_id_fault("rzp_test_", Gateway::RAZORPAY, Mode::Test).is_some()
        );
    }
}
