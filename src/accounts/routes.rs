//! Sign-in, sign-out, set-up and Personal Info.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Query},
};
use serde::Deserialize;

use super::{
    NewUser, Role, Token,
    forms::{PasswordForm, PersonForm, SetupForm, SignInForm},
    limits, setup, store, views,
};
use crate::{
    accounts, companies,
    db::DbError,
    kernel::text,
    state::State,
    urls,
    web::{
        client, cookies, csrf,
        error::{AppError, html},
        form::FieldErrors,
        page::{Page, see_other},
        posted::{Anonymous, Nothing, Posted},
        session,
        shell::ConsoleEntry,
    },
};

type Answer = Result<HttpResponse, AppError>;

/// Holds what a form of somebody who is not signed in is checked against.
const VISITOR: &str = "ks_pay_visitor";
/// Says that this browser has signed in as somebody before.
const KNOWN: &str = "ks_pay_known";
/// For how long that is remembered.
const KNOWN_FOR: std::time::Duration = std::time::Duration::from_hours(180 * 24);
/// One answer for an unknown e-mail and a wrong password.
const WRONG: &str = "E-mail and password do not belong together. Check both; the password minds capitals.";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Target {
    redirect_url: String,
}

/// `GET /login`
pub(crate) async fn login(request: HttpRequest, state: Data<State>, target: Query<Target>) -> Answer {
    let target = local(&target.redirect_url);
    if session::find(&request, &state).await?.is_some() {
        return Ok(see_other(target));
    }
    let is_fresh = !store::has_users(&mut state.db.reader().await?).await?;
    let visitor = Visitor::of(&request, &state);
    let page = views::Login { is_fresh, ..sign_in_page(&state, &visitor, "", target, None) };
    Ok(visitor.answer(&state, html(StatusCode::OK, &page)?))
}

/// `POST /login`
pub(crate) async fn sign_in(request: HttpRequest, state: Data<State>, posted: Anonymous<SignInForm>) -> Answer {
    let visitor = Visitor::checked(&request, &state, &posted.csrf_token)?;
    let target = local(&posted.form.redirect_url);
    let email = text::email(&posted.form.email).unwrap_or_default();
    let refused = |status, sentence| {
        let page = sign_in_page(&state, &visitor, &posted.form.email, target, Some(sentence));
        Ok(visitor.answer(&state, html(status, &page)?))
    };
    if let Err(wait) = try_sign_in(&request, &state, &email) {
        tracing::warn!(target: crate::telemetry::OUTSIDE, "sign-ins are slowed down");
        let mut response = refused(StatusCode::TOO_MANY_REQUESTS, limits::SLOW_DOWN)?;
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(wait));
        return Ok(response);
    }
    let mut reader = state.db.reader().await?;
    let user = store::find_by_email(&mut reader, &email).await?;
    let stored = match &user {
        Some(user) => store::find_password(&mut reader, user.id).await?,
        None => None,
    };
    drop(reader);
    let is_right = state.passwords.verify(&posted.form.password, stored.clone()).await?;
    let Some(user) = user.filter(|_| is_right) else {
        tracing::warn!(target: crate::telemetry::OUTSIDE, "a sign-in failed");
        return refused(StatusCode::UNPROCESSABLE_ENTITY, WRONG);
    };
    let mut tx = state.db.begin().await?;
    if store::find_password(&mut tx, user.id).await? != stored {
        // It was changed while this one was compared: a session of the old one must not outlive it.
        return refused(StatusCode::UNPROCESSABLE_ENTITY, WRONG);
    }
    // Whatever session the browser had is over: a token from before signing in must never sign anybody in.
    if let Some(old) = session::token(&request, &state) {
        store::delete_session(&mut tx, &old.hash()).await?;
    }
    let token = accounts::open_session(&mut tx, user.id, state.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(user = %user.id, "signed in");
    let mut response = signed_in(&state, &token, target);
    let known = format!("{email} {}", Token::generate().expose());
    let _ = response.add_cookie(&cookies::signed_for(&state, KNOWN, &known, KNOWN_FOR));
    Ok(response)
}

/// `GET /login/forgotten`
pub(crate) async fn forgotten(state: Data<State>) -> Answer {
    html(StatusCode::OK, &views::Forgotten { at_risk: state.at_risk() })
}

/// `POST /logout`
pub(crate) async fn sign_out(posted: Posted<Nothing>) -> Answer {
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

/// `GET /setup`
pub(crate) async fn setup_form(request: HttpRequest, state: Data<State>, link: Query<SetupLink>) -> Answer {
    let token = link.into_inner().token;
    if !setup::accepts(&state.db, &Token::received(&token), state.clock.now()).await? {
        return setup_over(&state);
    }
    let visitor = Visitor::of(&request, &state);
    let form = SetupForm { token, ..SetupForm::default() };
    let page = setup_page(&state, &visitor, &form);
    Ok(visitor.answer(&state, html(StatusCode::OK, &page)?))
}

/// `POST /setup`
pub(crate) async fn set_up(request: HttpRequest, state: Data<State>, posted: Anonymous<SetupForm>) -> Answer {
    let visitor = Visitor::checked(&request, &state, &posted.csrf_token)?;
    let now = state.clock.now();
    let link = Token::received(&posted.form.token);
    if !setup::accepts(&state.db, &link, now).await? {
        return setup_over(&state);
    }
    let owner = match posted.form.parse() {
        Ok(owner) => owner,
        Err(errors) => {
            let page = views::Setup { errors, ..setup_page(&state, &visitor, &posted.form) };
            return Ok(visitor.answer(&state, html(StatusCode::UNPROCESSABLE_ENTITY, &page)?));
        }
    };
    let password_hash = state.passwords.hash(&posted.form.password).await?;
    let mut tx = state.db.begin().await?;
    if !setup::consume(&mut tx, &link, now).await? {
        return setup_over(&state);
    }
    let (company, _) = companies::find_or_create(&mut tx, &owner.company, now).await?;
    let new = NewUser { company: company.id, email: owner.email, name: owner.name, role: Role::Owner, password_hash };
    let user = accounts::create(&mut tx, &new, now).await?;
    let token = accounts::open_session(&mut tx, user, now).await?;
    tx.commit().await?;
    tracing::info!(%user, "the installation was set up");
    Ok(signed_in(&state, &token, urls::DASHBOARD))
}

/// `GET /personal-info`
pub(crate) async fn personal_info(page: Page) -> Answer {
    page.ok(&person(&page, person_form(&page), FieldErrors::default(), FieldErrors::default()))
}

/// `POST /personal-info`
pub(crate) async fn update_person(posted: Posted<PersonForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let (name, email) = match form.parse() {
        Ok(parsed) => parsed,
        Err(errors) => return page.unprocessable(&person(&page, form, errors, FieldErrors::default())),
    };
    let user = &page.signed_in.user;
    let is_moving = email != user.email;
    if is_moving && !is_own_password(&page, &form.current_password).await? {
        let mut errors = FieldErrors::default();
        errors.add("current_password", "Another e-mail needs your password. Type it here.");
        return page.unprocessable(&person(&page, form, errors, FieldErrors::default()));
    }
    let mut tx = page.state.db.begin().await?;
    store::update_name(&mut tx, user.id, &name).await?;
    if is_moving {
        match store::update_email(&mut tx, user.id, &email).await {
            Err(DbError::NotUnique) => {
                drop(tx);
                let mut errors = FieldErrors::default();
                errors.add("email", "Somebody here signs in with this e-mail. Type another.");
                return page.unprocessable(&person(&page, form, errors, FieldErrors::default()));
            }
            other => other?,
        }
    }
    tx.commit().await?;
    Ok(page.redirect(urls::PERSONAL_INFO, "Your personal info is saved"))
}

/// `POST /personal-info/password`
pub(crate) async fn update_password(posted: Posted<PasswordForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let mut errors = form.errors(&page.signed_in.user.email);
    if errors.is_empty() && !is_own_password(&page, &form.old_password).await? {
        errors.add("old_password", "This is not your password. Type it again.");
    }
    if !errors.is_empty() {
        return page.unprocessable(&person(&page, person_form(&page), FieldErrors::default(), errors));
    }
    let hash = page.state.passwords.hash(&form.new_password).await?;
    let mut tx = page.state.db.begin().await?;
    accounts::change_password(&mut tx, page.signed_in.user.id, &hash).await?;
    let token = accounts::open_session(&mut tx, page.signed_in.user.id, page.now).await?;
    tx.commit().await?;
    tracing::info!(user = %page.signed_in.user.id, "a password was changed");
    let mut response = page.redirect(urls::PERSONAL_INFO, "Your password is changed; other devices are signed out");
    let _ = response.add_cookie(&session::cookie(&page.state, &token));
    Ok(response)
}

/// A browser that signed in as this account before has a limit of its own.
fn try_sign_in(request: &HttpRequest, state: &State, email: &str) -> Result<(), u64> {
    let known = cookies::read_signed(request, state, KNOWN);
    match known.as_deref().and_then(|known| known.split_once(' ')) {
        Some((owner, browser)) if owner == email => state.limits.try_known(browser, email),
        _ => state.limits.try_sign_in(client::address(request, state), email),
    }
}

/// Whether it is the user's present password. A session that was stolen is no place to guess it from.
pub(crate) async fn is_own_password(page: &Page, password: &str) -> Result<bool, AppError> {
    let user = page.signed_in.user.id;
    if page.state.limits.try_known("own password", &user.to_string()).is_err() {
        return Ok(false);
    }
    let stored = store::find_password(&mut page.state.db.reader().await?, user).await?;
    Ok(page.state.passwords.verify(password, stored).await?)
}

fn person_form(page: &Page) -> PersonForm {
    let user = &page.signed_in.user;
    PersonForm { name: user.name.clone(), email: user.email.clone(), current_password: String::new() }
}

fn person(page: &Page, form: PersonForm, errors: FieldErrors, password_errors: FieldErrors) -> views::PersonalInfo {
    views::PersonalInfo { shell: page.shell("Personal Info").console(ConsoleEntry::PersonalInfo), form, errors, password_errors }
}

fn local(target: &str) -> &str {
    if urls::is_local(target) { target } else { urls::DASHBOARD }
}

fn sign_in_page<'a>(
    state: &'a State,
    visitor: &Visitor,
    email: &'a str,
    redirect_url: &'a str,
    error: Option<&'static str>,
) -> views::Login<'a> {
    let host = state.base().split_once("://").map_or("", |(_, host)| host);
    views::Login { csrf: visitor.token(state), host, email, redirect_url, error, is_fresh: false, at_risk: state.at_risk() }
}

fn setup_page<'a>(state: &'a State, visitor: &Visitor, form: &'a SetupForm) -> views::Setup<'a> {
    views::Setup { csrf: visitor.token(state), form, errors: FieldErrors::default(), at_risk: state.at_risk() }
}

/// The link works no more.
fn setup_over(state: &State) -> Answer {
    html(StatusCode::NOT_FOUND, &views::SetupOver { at_risk: state.at_risk() })
}

fn signed_in(state: &State, token: &Token, target: &str) -> HttpResponse {
    let mut response = see_other(target);
    let _ = response.add_cookie(&session::cookie(state, token));
    let _ = response.add_cookie(&cookies::removal(state, VISITOR));
    response
}

/// Somebody who is not signed in: a signed cookie stands for the session, so that nobody gets a row before signing in.
struct Visitor {
    name: String,
    is_new: bool,
}

impl Visitor {
    fn of(request: &HttpRequest, state: &State) -> Self {
        match cookies::read_signed(request, state, VISITOR) {
            Some(name) => Self { name, is_new: false },
            None => Self { name: Token::generate().expose().to_owned(), is_new: true },
        }
    }

    /// The visitor a form's token belongs to.
    fn checked(request: &HttpRequest, state: &State, given: &str) -> Result<Self, AppError> {
        let name = cookies::read_signed(request, state, VISITOR).ok_or(AppError::Forged)?;
        if csrf::is_token(&state.vault, &name, given) { Ok(Self { name, is_new: false }) } else { Err(AppError::Forged) }
    }

    fn token(&self, state: &State) -> String {
        csrf::token(&state.vault, &self.name)
    }

    fn answer(&self, state: &State, mut response: HttpResponse) -> HttpResponse {
        if self.is_new {
            let _ = response.add_cookie(&cookies::signed(state, VISITOR, &self.name));
        }
        response
    }
}
