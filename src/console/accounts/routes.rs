//! Sign-in, sign-out and set-up.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Query},
};
use serde::Deserialize;

use super::{
    forms::{SetupForm, SignInForm},
    views,
};
use crate::{
    accounts::{
        Token,
        password::{HasherUnavailable, PasswordOwner, Requester},
        setup,
        sign_in::{Attempt, AuthError},
        store,
    },
    companies::users::{self, Joining},
    console::http::locale,
    console::http::{
        cookies::{self, PathCookie},
        csrf,
        error::{AppError, html},
        form::FieldErrors,
        page::see_other,
        session,
        signed_form::{EmptyForm, PublicForm, SignedForm},
        state::State,
    },
    i18n::{PageValues, Text},
    messages::{access, text::access as t},
    net::{client_ip, pipelining},
    primitives::email,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// Cookie of a pre-session, against which the CSRF tokens of forms before sign-in are checked.
const PRE_SESSION_COOKIE: &str = "ks_pay_visitor";
/// Cookie that marks a browser from which an account has signed in before.
const TRUSTED_BROWSER_COOKIE: &str = "ks_pay_known";
/// Cookie with the token of the set-up link, while the form is filled in. `Lax`, because browsers do not send a `Strict`
/// cookie if the link was opened from a web page, such as webmail.
const SETUP: PathCookie = PathCookie { name: "ks_pay_setup", path: urls::SETUP };
/// Lifetime of the trusted-browser cookie.
const TRUSTED_BROWSER_TTL: Duration = Duration::from_hours(180 * 24);
/// `Retry-After` in seconds when the password queue is full.
const RETRY_AFTER_SECONDS: u64 = 2;
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginQuery {
    redirect_url: String,
}

/// `GET /login`
pub(crate) async fn login(request: HttpRequest, state: Data<State>, target: Query<LoginQuery>) -> Answer {
    let target = urls::local_or(&target.redirect_url, urls::DASHBOARD);
    if session::find(&request, &state).await?.is_some() {
        return Ok(see_other(target));
    }
    let is_fresh = !store::has_users(&mut state.db.page_reader().await?).await?;
    let visitor = PreSession::of(&request, &state);
    let page = views::Login { is_fresh, ..sign_in_page(&state, &visitor, "", target, None) };
    Ok(visitor.answer(&state, html(StatusCode::OK, &page, locale::of(&request))?))
}

/// `POST /login`
pub(crate) async fn sign_in(request: HttpRequest, state: Data<State>, posted: PublicForm<SignInForm>) -> Answer {
    let visitor = PreSession::checked(&request, &state, &posted.csrf_token)?;
    let target = urls::local_or(&posted.form.redirect_url, urls::DASHBOARD);
    let email = email::normalize(&posted.form.email).unwrap_or_default();
    let refused = |status, sentence| {
        let page = sign_in_page(&state, &visitor, &posted.form.email, target, Some(sentence));
        Ok(visitor.answer(&state, html(status, &page, PageValues::with_errors(locale::of(&request)))?))
    };
    let later = |status, sentence, wait: u64| {
        let mut response = refused(status, sentence)?;
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(wait));
        Ok(response)
    };
    let known = known_browser(&request, &state, &email);
    let attempt = Attempt {
        email: &email,
        password: &posted.form.password,
        address: client_ip::address(&request, &state.settings.trusted_proxies),
        trusted_browser: known.as_deref(),
        previous: session::token(&request, &state),
    };
    let token = match state.authenticator().sign_in(attempt, pipelining::gate(&request).left()).await {
        Ok(token) => token,
        Err(AuthError::Wrong) => return refused(StatusCode::UNPROCESSABLE_ENTITY, t::wrong_credentials()),
        Err(AuthError::RateLimited(wait)) => {
            return later(StatusCode::TOO_MANY_REQUESTS, access::too_many_sign_ins(wait), wait.as_secs());
        }
        Err(AuthError::Hasher(HasherUnavailable::Busy | HasherUnavailable::ClientGone)) => {
            return later(StatusCode::SERVICE_UNAVAILABLE, t::sign_in_busy(), RETRY_AFTER_SECONDS);
        }
        Err(other) => return Err(other.into()),
    };
    let mut response = signed_in(&state, &token, target);
    // The id is reused, so that signing in again does not reset the browser's limits.
    let known = format!("{email} {}", known.unwrap_or_else(|| Token::generate().expose().to_owned()));
    let _ = response.add_cookie(&cookies::signed_for(&state, TRUSTED_BROWSER_COOKIE, &known, TRUSTED_BROWSER_TTL));
    Ok(response)
}

/// `POST /logout`
pub(crate) async fn sign_out(posted: SignedForm<EmptyForm>) -> Answer {
    let page = posted.page;
    let mut tx = page.state.db.begin().await?;
    store::delete_session(&mut tx, &page.signed_in.token.hash()).await?;
    tx.commit().await?;
    let mut response = see_other(urls::LOGIN);
    let _ = response.add_cookie(&session::removal(&page.state));
    response
        .headers_mut()
        .insert(header::HeaderName::from_static("clear-site-data"), header::HeaderValue::from_static("\"cache\""));
    Ok(response)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SetupLink {
    token: String,
}

impl SetupLink {
    /// Returns the token that the browser received as a cookie when the link was opened.
    fn opened(request: &HttpRequest, state: &State) -> Token {
        Token::from_client(&SETUP.value(request, state).unwrap_or_default())
    }
}

/// `GET /setup`: moves the token of the link into a cookie, so that it does not stay in the address bar, the history or the
/// form.
pub(crate) async fn setup_form(request: HttpRequest, state: Data<State>, link: Query<SetupLink>) -> Answer {
    let is_link = !link.token.is_empty();
    let token = if is_link { Token::from_client(&link.token) } else { SetupLink::opened(&request, &state) };
    if !setup::accepts(&state.db, &token, state.clock.now()).await? {
        return setup_over(&request, &state);
    }
    if is_link {
        let mut response = see_other(urls::SETUP);
        let _ = response.add_cookie(&SETUP.with(&state, token.expose().to_owned(), setup::SETUP_LINK_TTL));
        return Ok(response);
    }
    let visitor = PreSession::of(&request, &state);
    let form = SetupForm::default();
    let page = setup_page(&state, &visitor, &form);
    Ok(visitor.answer(&state, html(StatusCode::OK, &page, locale::of(&request))?))
}

/// `POST /setup`
pub(crate) async fn set_up(request: HttpRequest, state: Data<State>, posted: PublicForm<SetupForm>) -> Answer {
    let visitor = PreSession::checked(&request, &state, &posted.csrf_token)?;
    let now = state.clock.now();
    let link = SetupLink::opened(&request, &state);
    if !setup::accepts(&state.db, &link, now).await? {
        return setup_over(&request, &state);
    }
    let password_fault = {
        let form = &posted.form;
        let email = email::normalize(&form.email).unwrap_or_default();
        let owner = PasswordOwner { email: &email, name: &form.name, company: &form.company };
        state.passwords.password_fault(Requester::New, &form.password, &owner).await?
    };
    let (company, name, email) = match posted.form.parse(password_fault) {
        Ok(owner) => owner,
        Err(errors) => {
            let page = views::Setup { errors, ..setup_page(&state, &visitor, &posted.form) };
            return Ok(visitor
                .answer(&state, html(StatusCode::UNPROCESSABLE_ENTITY, &page, PageValues::with_errors(locale::of(&request)))?));
        }
    };
    let password_hash = state.passwords.hash(Requester::New, &posted.form.password).await?;
    let address = client_ip::address(&request, &state.settings.trusted_proxies);
    let mut tx = state.db.begin().await?;
    let owner = Joining { company, name, email, password_hash };
    let Some(token) = users::set_up(&mut tx, &link, owner, (address, now)).await? else {
        return setup_over(&request, &state);
    };
    tx.commit().await?;
    tracing::info!("the installation was set up");
    let mut response = signed_in(&state, &token, urls::DASHBOARD);
    let _ = response.add_cookie(&SETUP.removal(&state));
    Ok(response)
}

/// Returns the id of a browser from which this account has signed in before.
fn known_browser(request: &HttpRequest, state: &State, email: &str) -> Option<String> {
    let known = cookies::read_signed(request, state, TRUSTED_BROWSER_COOKIE)?;
    known.split_once(' ').filter(|(owner, _)| *owner == email).map(|(_, browser)| browser.to_owned())
}

fn sign_in_page<'a>(
    state: &'a State,
    visitor: &PreSession,
    email: &'a str,
    redirect_url: &'a str,
    error: Option<Text>,
) -> views::Login<'a> {
    views::Login { csrf: visitor.token(state), email, redirect_url, error, is_fresh: false, warnings: state.warnings() }
}

fn setup_page<'a>(state: &'a State, visitor: &PreSession, form: &'a SetupForm) -> views::Setup<'a> {
    views::Setup { csrf: visitor.token(state), form, errors: FieldErrors::default(), warnings: state.warnings() }
}

/// The page of an expired or invalid link. The cookie is not removed, since any website can send a browser to an invalid
/// link.
fn setup_over(request: &HttpRequest, state: &State) -> Answer {
    html(StatusCode::NOT_FOUND, &views::SetupOver { warnings: state.warnings() }, locale::of(request))
}

fn signed_in(state: &State, token: &Token, target: &str) -> HttpResponse {
    let mut response = see_other(target);
    let _ = response.add_cookie(&session::cookie(state, token));
    let _ = response.add_cookie(&cookies::removal(state, PRE_SESSION_COOKIE));
    response
}

/// A visitor before sign-in. A signed cookie replaces the session, so that no row is stored before sign-in.
pub(super) struct PreSession {
    name: String,
    is_new: bool,
}

impl PreSession {
    pub(super) fn of(request: &HttpRequest, state: &State) -> Self {
        match cookies::read_signed(request, state, PRE_SESSION_COOKIE) {
            Some(name) => Self { name, is_new: false },
            None => Self { name: Token::generate().expose().to_owned(), is_new: true },
        }
    }

    /// Returns the pre-session whose CSRF token the form contains.
    pub(super) fn checked(request: &HttpRequest, state: &State, given: &str) -> Result<Self, AppError> {
        let name = cookies::read_signed(request, state, PRE_SESSION_COOKIE).ok_or(AppError::CsrfFailed)?;
        if csrf::is_token(&state.vault, &name, given) { Ok(Self { name, is_new: false }) } else { Err(AppError::CsrfFailed) }
    }

    pub(super) fn token(&self, state: &State) -> String {
        csrf::token(&state.vault, &self.name)
    }

    pub(super) fn answer(&self, state: &State, mut response: HttpResponse) -> HttpResponse {
        if self.is_new {
            let _ = response.add_cookie(&cookies::signed(state, PRE_SESSION_COOKIE, &self.name));
        }
        response
    }
}

#[cfg(test)]
mod tests;
