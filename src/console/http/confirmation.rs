//! Asks for the password before a sensitive action if it was last entered more than 15 minutes ago, then resumes the action.
//!
//! The confirmation page carries the interrupted form sealed: secrets typed into it are not readable there, and it can be
//! submitted only in the same session and to the same address.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::BoxBody,
    http::{StatusCode, header},
};
use askama::Template;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{error::AppError, form::FieldError, layout::Layout, page::RequestContext, session::SignedIn};
use crate::{
    accounts::{self, sign_in::AuthError},
    i18n::{PageValues, Text},
    messages::{self, text::access as t},
    primitives::vault::Vault,
    urls,
};

/// Seal context of an interrupted form.
const SEAL_CONTEXT: &str = "interrupted form";
/// Title of the confirmation page.
pub(crate) const TITLE: Text = t::confirm_password();

/// Fields that the confirmation page adds to a form.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Confirmation {
    current_password: Option<String>,
    interrupted: String,
}

/// A submitted form that can be interrupted and resumed.
pub(crate) struct Action {
    path: String,
    fields: Zeroizing<Vec<u8>>,
    password: Option<Zeroizing<String>>,
}

impl Action {
    /// Reads a posted form; if it was interrupted, unseals the original form.
    pub(super) fn read(page: &RequestContext, path: &str, body: &[u8]) -> Result<Self, AppError> {
        let given: Confirmation = serde_urlencoded::from_bytes(body).map_err(|_| AppError::BadRequest)?;
        let fields = if given.interrupted.is_empty() {
            Zeroizing::new(body.to_vec())
        } else {
            open(&page.state.vault, &page.signed_in, path, &given.interrupted).ok_or(AppError::CsrfFailed)?
        };
        let password = given.current_password.map(Zeroizing::new);
        Ok(Self { path: path.to_owned(), fields, password })
    }

    /// Returns the form's fields, URL-encoded.
    pub(super) fn fields(&self) -> &[u8] {
        &self.fields
    }

    /// Returns the fields without the CSRF token and the password.
    fn carried(&self) -> Zeroizing<Vec<u8>> {
        let own =
            url::form_urlencoded::parse(&self.fields).filter(|(name, _)| name != "csrf_token" && name != "current_password");
        let mut carried = url::form_urlencoded::Serializer::new(String::new());
        Zeroizing::new(carried.extend_pairs(own).finish().into_bytes())
    }
}

/// Describes a sensitive action, and the page it belongs to.
pub(crate) struct SensitiveAction<F> {
    /// Asks for the password, and says what for.
    pub(crate) what: Text,
    pub(crate) back: String,
    /// Builds the layout of the confirmation page.
    pub(crate) layout: F,
}

/// Allows the action if the password was entered within the last 15 minutes, or is correct in the form.
///
/// A password in the form is always checked. Call this only after the user is authorised for the action.
///
/// # Errors
/// [`AppError::Unconfirmed`] with the confirmation page.
pub(crate) async fn require<F: FnOnce() -> Layout>(
    page: &RequestContext,
    action: &Action,
    of: SensitiveAction<F>,
) -> Result<(), AppError> {
    let Some(password) = &action.password else {
        return if is_confirmed(page) { Ok(()) } else { Err(ask(page, action, of, Asked::default())) };
    };
    if password.is_empty() {
        let error = Some(FieldError::new("no-password", t::no_password()));
        return Err(ask(page, action, of, Asked { error, ..Asked::default() }));
    }
    match page.confirm_password(password).await {
        Ok(()) => Ok(()),
        Err(AuthError::Wrong) => {
            let error = Some(FieldError::new("wrong-password", t::wrong_password()));
            Err(ask(page, action, of, Asked { error, ..Asked::default() }))
        }
        Err(AuthError::RateLimited(wait)) => {
            let error = Some(FieldError::new("too-many-attempts", messages::access::too_many_attempts(wait)));
            Err(ask(page, action, of, Asked { status: StatusCode::TOO_MANY_REQUESTS, error, retry_after: Some(wait.as_secs()) }))
        }
        Err(other) => Err(other.into()),
    }
}

/// Like [`require`], for a download: redirects to the confirmation page, which leads back to the download.
///
/// # Errors
/// [`AppError::ConfirmFirst`] with the URL of the confirmation page.
pub(crate) fn require_for_download(page: &RequestContext, request: &HttpRequest, back: &str) -> Result<(), AppError> {
    if is_confirmed(page) {
        return Ok(());
    }
    let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    Err(AppError::ConfirmFirst(urls::confirmation_for(&target, back)))
}

/// True if the session's user entered their password within the last 15 minutes.
pub(crate) fn is_confirmed(page: &RequestContext) -> bool {
    accounts::is_confirmation_fresh(page.signed_in.confirmed_at, page.now)
}

/// Returns the confirmation page for an action without a form of its own.
pub(crate) fn page(
    page: &RequestContext,
    path: &str,
    fields: &[(&str, &str)],
    of: SensitiveAction<impl FnOnce() -> Layout>,
) -> Result<HttpResponse, AppError> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    let fields = Zeroizing::new(body.extend_pairs(fields).finish().into_bytes());
    let action = Action { path: path.to_owned(), fields, password: None };
    page.ok(&view(page, &action, of, None))
}

/// Response properties of the confirmation page.
struct Asked {
    status: StatusCode,
    error: Option<FieldError>,
    retry_after: Option<u64>,
}

impl Default for Asked {
    fn default() -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, error: None, retry_after: None }
    }
}

/// The confirmation page, which carries the interrupted form.
#[derive(Template)]
#[template(path = "accounts/confirm.html")]
struct View {
    layout: Layout,
    /// Tells password managers which account the password belongs to.
    email: String,
    what: Text,
    back: String,
    action: String,
    interrupted: String,
    error: Option<FieldError>,
}

fn view(page: &RequestContext, action: &Action, of: SensitiveAction<impl FnOnce() -> Layout>, error: Option<FieldError>) -> View {
    View {
        interrupted: seal(&page.state.vault, &page.signed_in, &action.path, &action.carried()),
        layout: (of.layout)(),
        email: page.signed_in.user.email.clone(),
        what: of.what,
        back: of.back,
        action: action.path.clone(),
        error,
    }
}

fn ask(page: &RequestContext, action: &Action, of: SensitiveAction<impl FnOnce() -> Layout>, asked: Asked) -> AppError {
    let values = if asked.error.is_some() { PageValues::with_errors(page.reader()) } else { page.reader().into() };
    match view(page, action, of, asked.error).render_with_values(&values) {
        Ok(html) => AppError::Unconfirmed(Box::new(ConfirmPage { status: asked.status, retry_after: asked.retry_after, html })),
        Err(error) => error.into(),
    }
}

/// The rendered confirmation page.
#[derive(Debug)]
pub(crate) struct ConfirmPage {
    pub(super) status: StatusCode,
    retry_after: Option<u64>,
    html: String,
}

impl ConfirmPage {
    pub(super) fn response(&self, mut response: HttpResponseBuilder) -> HttpResponse<BoxBody> {
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.content_type("text/html; charset=utf-8").body(self.html.clone())
    }
}

/// Associated data that binds a sealed form to its session and path.
fn associated_data(signed_in: &SignedIn, path: &str) -> Vec<u8> {
    [&signed_in.token.hash()[..], path.as_bytes()].concat()
}

fn seal(vault: &Vault, signed_in: &SignedIn, path: &str, fields: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(vault.seal(SEAL_CONTEXT, &associated_data(signed_in, path), fields))
}

fn open(vault: &Vault, signed_in: &SignedIn, path: &str, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
    vault.open(SEAL_CONTEXT, &associated_data(signed_in, path), &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()
}
