//! Password reset by email. Without a mail server, the page says who can help.
//!
//! Invariant: the responses, and how long they take, are the same whether or not an account has the email.

use std::{net::IpAddr, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Query},
};
use serde::Deserialize;

use super::{
    forms::{ForgottenForm, NewPasswordForm},
    routes::PreSession,
    views,
};
use crate::{
    accounts::{
        Token, User,
        password::{PasswordOwner, Requester},
        reset::{self, RESET_LINK_TTL},
        store,
    },
    companies,
    console::http::{
        cookies::PathCookie,
        error::{AppError, html},
        form::{FieldError, FieldErrors},
        locale,
        page::see_other,
        signed_form::PublicForm,
        state::State,
    },
    db::DbError,
    i18n::{Locale, PageValues},
    messages::{access, emails},
    net::client_ip,
    notifications::{self, NewNotification, Purpose, Recipient},
    primitives::time::Timestamp,
    telemetry, urls,
};

type Answer = Result<HttpResponse, AppError>;

/// Cookie with the token of the link, while the form is filled in; `Lax`, as that of set-up.
const RESET: PathCookie = PathCookie { name: "ks_pay_reset", path: urls::RESET };
/// How long it is worth notifying a user that their password was changed.
const NOTICE_LIFETIME: Duration = Duration::from_hours(24);

/// `GET /login/forgotten`
pub(crate) async fn forgotten(request: HttpRequest, state: Data<State>) -> Answer {
    if state.mail.settings.is_none() {
        return html(StatusCode::OK, &views::Forgotten { warnings: state.warnings() }, locale::of(&request));
    }
    let visitor = PreSession::of(&request, &state);
    let page = request_page(&state, &visitor, "", FieldErrors::default());
    Ok(visitor.answer(&state, html(StatusCode::OK, &page, locale::of(&request))?))
}

/// `POST /login/forgotten`
pub(crate) async fn request(request: HttpRequest, state: Data<State>, posted: PublicForm<ForgottenForm>) -> Answer {
    let visitor = PreSession::checked(&request, &state, &posted.csrf_token)?;
    if state.mail.settings.is_none() {
        return Ok(see_other(urls::FORGOTTEN));
    }
    let refused = |status, errors| {
        let page = request_page(&state, &visitor, &posted.form.email, errors);
        html(status, &page, PageValues::with_errors(locale::of(&request)))
    };
    let email = match posted.form.parse() {
        Ok(email) => email,
        Err(errors) => return refused(StatusCode::UNPROCESSABLE_ENTITY, errors),
    };
    let address = client_ip::address(&request, &state.settings.trusted_proxies);
    if let Err(seconds) = state.limits.try_reset(address, &email) {
        tracing::warn!(target: telemetry::OUTSIDE, "password resets are rate-limited");
        let error = FieldError::new("too-many-attempts", access::too_many_resets(Duration::from_secs(seconds)));
        let mut response = refused(StatusCode::TOO_MANY_REQUESTS, error.at("email"))?;
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        return Ok(response);
    }
    let Some(permit) = state.limits.try_reset_lookup() else {
        tracing::warn!(target: telemetry::OUTSIDE, "a password reset was dropped: too many are looked up");
        return Ok(see_other(urls::FORGOTTEN_SENT));
    };
    // The response does not wait, since its time must not tell whether the account exists; the permits bound how many run.
    let language = locale::of(&request);
    tokio::spawn(async move {
        let _permit = permit;
        if let Err(error) = send_link(&state, &email, (address, language)).await {
            tracing::error!(target: telemetry::OUTSIDE, %error, "the link of a password reset could not be stored");
        }
    });
    Ok(see_other(urls::FORGOTTEN_SENT))
}

/// Queues the email with the link, if there is such an account.
async fn send_link(state: &State, email: &str, (address, language): (IpAddr, Locale)) -> Result<(), DbError> {
    let Some(user) = store::find_by_email(&mut state.db.reader().await?, email).await? else { return Ok(()) };
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let Some(token) = reset::request(&mut tx, &user, (address, now)).await? else { return Ok(()) };
    // After the account's own limit, so that one account uses up nothing that others need.
    if !state.limits.try_reset_email() {
        tracing::warn!(target: telemetry::OUTSIDE, user = %user.id, "password resets are rate-limited overall");
        return Ok(());
    }
    let language = user.language.unwrap_or(language);
    let new = NewNotification {
        company: Some(user.company_id),
        recipient: Recipient::Email(&user.email),
        purpose: Purpose::PasswordReset,
        content: &emails::password_reset(&user, token.expose(), state.base(), language),
        valid_for: RESET_LINK_TTL,
        alert: None,
        run: None,
    };
    notifications::queue(&mut tx, &new, (&state.vault, now)).await?;
    tx.commit().await
}

/// `GET /login/forgotten/sent`
pub(crate) async fn requested(request: HttpRequest, state: Data<State>) -> Answer {
    let page = views::ResetRequested { has_mailbox: state.mail.mailbox.is_some(), warnings: state.warnings() };
    html(StatusCode::OK, &page, locale::of(&request))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResetLink {
    token: String,
}

impl ResetLink {
    /// Returns the token that the browser received as a cookie when the link was opened.
    fn opened(request: &HttpRequest, state: &State) -> Token {
        Token::from_client(&RESET.value(request, state).unwrap_or_default())
    }
}

/// `GET /login/reset`: moves the token of the link into a cookie, so that it does not stay in the address bar, the history or the
/// form. Mail programs open links, too, so this consumes nothing.
pub(crate) async fn form_page(request: HttpRequest, state: Data<State>, link: Query<ResetLink>) -> Answer {
    let is_link = !link.token.is_empty();
    let token = if is_link { Token::from_client(&link.token) } else { ResetLink::opened(&request, &state) };
    let Some(user) = find_user(&state, &token).await? else { return expired(&request, &state) };
    if is_link {
        let mut response = see_other(urls::RESET);
        let _ = response.add_cookie(&RESET.with(&state, token.expose().to_owned(), RESET_LINK_TTL));
        return Ok(response);
    }
    let visitor = PreSession::of(&request, &state);
    let page = password_page(&state, &visitor, &user, FieldErrors::default());
    Ok(visitor.answer(&state, html(StatusCode::OK, &page, locale::of(&request))?))
}

/// `POST /login/reset`
pub(crate) async fn complete(request: HttpRequest, state: Data<State>, posted: PublicForm<NewPasswordForm>) -> Answer {
    let visitor = PreSession::checked(&request, &state, &posted.csrf_token)?;
    let token = ResetLink::opened(&request, &state);
    let Some(user) = find_user(&state, &token).await? else { return expired(&request, &state) };
    let company = companies::store::get(&mut state.db.reader().await?, user.company_id).await?;
    let owner = PasswordOwner { email: &user.email, name: &user.name, company: &company.name };
    let requester = Requester::Trusted(user.id);
    let fault = state.passwords.password_fault(requester, &posted.form.new_password, &owner).await?;
    let errors = posted.form.errors(fault);
    if !errors.is_empty() {
        let page = password_page(&state, &visitor, &user, errors);
        return html(StatusCode::UNPROCESSABLE_ENTITY, &page, PageValues::with_errors(locale::of(&request)));
    }
    let hash = state.passwords.hash(requester, &posted.form.new_password).await?;
    let by = (client_ip::address(&request, &state.settings.trusted_proxies), state.clock.now());
    if !store_password(&state, (&token, &hash), by, locale::of(&request)).await? {
        return expired(&request, &state);
    }
    let mut response = see_other(urls::RESET_DONE);
    let _ = response.add_cookie(&RESET.removal(&state));
    Ok(response)
}

/// Stores the new password and notifies the user; false if the link is not valid any more.
async fn store_password(
    state: &State,
    new: (&Token, &str),
    (address, now): (IpAddr, Timestamp),
    language: Locale,
) -> Result<bool, DbError> {
    let mut tx = state.db.begin().await?;
    let Some(user) = reset::complete(&mut tx, new, (address, now)).await? else { return Ok(false) };
    let notice = NewNotification {
        company: Some(user.company_id),
        recipient: Recipient::Email(&user.email),
        purpose: Purpose::PasswordChanged,
        content: &emails::password_changed(&user, state.base(), user.language.unwrap_or(language)),
        valid_for: NOTICE_LIFETIME,
        alert: None,
        run: None,
    };
    notifications::queue(&mut tx, &notice, (&state.vault, now)).await?;
    tx.commit().await?;
    tracing::info!(user = %user.id, "a password was reset");
    Ok(true)
}

/// `GET /login/reset/done`
pub(crate) async fn done(request: HttpRequest, state: Data<State>) -> Answer {
    html(StatusCode::OK, &views::ResetDone { warnings: state.warnings() }, locale::of(&request))
}

async fn find_user(state: &State, token: &Token) -> Result<Option<User>, DbError> {
    reset::find(&mut state.db.reader().await?, token, state.clock.now()).await
}

/// The page of a link that is not valid. The cookie is not removed, since any website can send a browser to an invalid link.
fn expired(request: &HttpRequest, state: &State) -> Answer {
    html(StatusCode::NOT_FOUND, &views::ResetExpired { warnings: state.warnings() }, locale::of(request))
}

fn request_page<'a>(state: &'a State, visitor: &PreSession, email: &'a str, errors: FieldErrors) -> views::RequestReset<'a> {
    views::RequestReset { csrf: visitor.token(state), email, errors, warnings: state.warnings() }
}

fn password_page<'a>(state: &'a State, visitor: &PreSession, user: &User, errors: FieldErrors) -> views::NewPassword<'a> {
    let csrf = visitor.token(state);
    views::NewPassword { csrf, email: user.email.clone(), errors, warnings: state.warnings() }
}
