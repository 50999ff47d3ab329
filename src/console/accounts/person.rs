//! Personal Info: name, email, password, other sessions, and the page that confirms the password before a download.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Query,
};
use serde::Deserialize;

use super::{
    forms::{PasswordForm, PersonForm},
    views,
};
use crate::{
    accounts::{
        self, SESSION_IDLE_TIMEOUT, SESSION_LIFETIME,
        authz::UseCaseError,
        password::{PasswordOwner, Requester},
        sign_in::AuthError,
        store,
    },
    console::http::{
        confirmation::{self, SensitiveAction},
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::{ConsoleEntry, Layout},
        page::{RequestContext, see_other},
        session,
        signed_form::{EmptyForm, SignedForm},
    },
    db::{DbError, Tx},
    i18n::Text,
    messages::{
        access,
        text::{self, access as t},
    },
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `GET /personal-info`
pub(crate) async fn show(page: RequestContext) -> Answer {
    let view = view(&page, form_of(&page), FieldErrors::default(), FieldErrors::default()).await?;
    page.ok(&view)
}

/// `GET` of the paths below Personal Info that take its forms
pub(crate) async fn form_page(_: RequestContext) -> Answer {
    Ok(see_other(urls::PERSONAL_INFO))
}

/// `POST /personal-info`
pub(crate) async fn update(posted: SignedForm<PersonForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let (name, email, zone) = match form.parse() {
        Ok(parsed) => parsed,
        Err(errors) => return page.unprocessable(&view(&page, form, errors, FieldErrors::default()).await?),
    };
    let user = &page.signed_in.user;
    let is_moving = email != user.email;
    let field = ("current_password", t::email_needs_password());
    if is_moving && let Some(failed) = check_password(&page, &form.current_password, field).await? {
        let view = view(&page, form, failed.errors(), FieldErrors::default()).await?;
        return failed.answer(&page, &view);
    }
    let mut tx = page.state.db.begin().await?;
    if is_moving {
        require_live_session(&mut tx, &page).await?;
    }
    let new = (name.as_str(), is_moving.then_some(email.as_str()), zone);
    match accounts::change_personal_info(&mut tx, user, new, (&page.actor(), page.now)).await {
        Err(UseCaseError::Db(DbError::NotUnique)) => {
            drop(tx);
            let errors = FieldError::new("known", text::forms::email_taken()).at("email");
            return page.unprocessable(&view(&page, form, errors, FieldErrors::default()).await?);
        }
        changed => changed?,
    }
    tx.commit().await?;
    Ok(page.redirect(urls::PERSONAL_INFO, text::accounts::profile_saved()))
}

/// `POST /personal-info/password`
pub(crate) async fn update_password(posted: SignedForm<PasswordForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let user = &page.signed_in.user;
    let owner = PasswordOwner { email: &user.email, name: &user.name, company: &page.signed_in.company.name };
    let password_fault = page.state.passwords.password_fault(Requester::Trusted(user.id), &form.new_password, &owner).await?;
    let errors = form.errors(password_fault);
    if !errors.is_empty() {
        return page.unprocessable(&view(&page, form_of(&page), FieldErrors::default(), errors).await?);
    }
    if let Some(failed) = check_password(&page, &form.old_password, ("old_password", t::wrong_password())).await? {
        let view = view(&page, form_of(&page), FieldErrors::default(), failed.errors()).await?;
        return failed.answer(&page, &view);
    }
    let hash = page.state.passwords.hash(Requester::Trusted(page.signed_in.user.id), &form.new_password).await?;
    let mut tx = page.state.db.begin().await?;
    require_live_session(&mut tx, &page).await?;
    accounts::change_password(&mut tx, (&page.signed_in.user, &hash), (&page.actor(), page.now)).await?;
    let token = accounts::open_session(&mut tx, page.signed_in.user.id, page.now).await?;
    tx.commit().await?;
    tracing::info!(user = %page.signed_in.user.id, "a password was changed");
    let mut response = page.redirect(urls::PERSONAL_INFO, text::accounts::password_changed());
    let _ = response.add_cookie(&session::cookie(&page.state, &token));
    Ok(response)
}

/// `POST /personal-info/other-sessions/removal`: **Sign out everywhere else**. Requires no password, so that it is always
/// available to a user whose session was stolen; rate-limited, so that the thief cannot keep signing the owner out.
pub(crate) async fn sign_out_elsewhere(posted: SignedForm<EmptyForm>) -> Answer {
    let page = posted.page;
    let hash = page.signed_in.token.hash();
    if let Err(wait) = page.state.limits.try_sign_out_elsewhere(&hash) {
        return Ok(page.redirect_warning(
            urls::PERSONAL_INFO,
            "too-many-attempts",
            access::too_many_attempts(Duration::from_secs(wait)),
        ));
    }
    let mut tx = page.state.db.begin().await?;
    accounts::end_other_sessions(&mut tx, (&page.signed_in.user, &hash), (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(user = %page.signed_in.user.id, "other sessions were signed out");
    Ok(page.redirect(urls::PERSONAL_INFO, t::signed_out_elsewhere()))
}

/// The links of the page that confirms the password: the download, and the page to go back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ConfirmationLinks {
    return_to: String,
    back: String,
}

impl ConfirmationLinks {
    fn target(&self) -> &str {
        urls::local_or(&self.return_to, urls::DASHBOARD)
    }

    fn back(&self) -> &str {
        urls::local_or(&self.back, urls::DASHBOARD)
    }
}

/// `GET /personal-info/confirmation`
pub(crate) async fn ask(page: RequestContext, target: Query<ConfirmationLinks>) -> Answer {
    if confirmation::is_confirmed(&page) {
        return Ok(see_other(target.target()));
    }
    let fields = [("return_to", target.target()), ("back", target.back())];
    confirmation::page(&page, urls::CONFIRMATION, &fields, download(&page, &target))
}

/// `POST /personal-info/confirmation`: redirects to the page with the download link, which needs a second click. If
/// redirected to the file, the browser would save it and still show the form.
pub(crate) async fn confirm(posted: SignedForm<ConfirmationLinks>) -> Answer {
    confirmation::require(&posted.page, &posted.action, download(&posted.page, &posted.form)).await?;
    Ok(posted.page.redirect(posted.form.back(), t::confirmed()))
}

fn download<'a>(page: &'a RequestContext, target: &ConfirmationLinks) -> SensitiveAction<impl FnOnce() -> Layout + use<'a>> {
    let layout = || page.layout(confirmation::TITLE).console(ConsoleEntry::PersonalInfo);
    SensitiveAction { what: t::to_download(), back: target.back().to_owned(), layout }
}

/// A failed password check, with the field at which the error is shown.
struct FailedConfirmation {
    field: &'static str,
    error: FieldError,
    retry_after: Option<Duration>,
}

impl FailedConfirmation {
    fn errors(&self) -> FieldErrors {
        self.error.clone().at(self.field)
    }

    fn answer(&self, page: &RequestContext, view: &views::PersonalInfo) -> Answer {
        let mut response = page.unprocessable(view)?;
        if let Some(wait) = self.retry_after {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        Ok(response)
    }
}

/// Checks the password in a form field; `None` if it is correct. `missing` is the error message for an empty field.
async fn check_password(
    page: &RequestContext,
    password: &str,
    (field, missing): (&'static str, Text),
) -> Result<Option<FailedConfirmation>, AppError> {
    if password.is_empty() {
        let error = FieldError::new("no-password", missing);
        return Ok(Some(FailedConfirmation { field, error, retry_after: None }));
    }
    Ok(match page.confirm_password(password).await {
        Ok(()) => None,
        Err(AuthError::Wrong) => {
            let error = FieldError::new("wrong-password", t::wrong_password());
            Some(FailedConfirmation { field, error, retry_after: None })
        }
        Err(AuthError::RateLimited(wait)) => {
            let error = FieldError::new("too-many-attempts", access::too_many_attempts(wait));
            Some(FailedConfirmation { field, error, retry_after: Some(wait) })
        }
        Err(other) => return Err(other.into()),
    })
}

/// Checks within the transaction that the session has not ended since the password was confirmed, for example because the
/// password was changed elsewhere.
async fn require_live_session(tx: &mut Tx, page: &RequestContext) -> Result<(), AppError> {
    let is_alive = store::confirm_session(tx, &page.signed_in.token.hash(), page.now).await?;
    if is_alive { Ok(()) } else { Err(AppError::SignedOut { return_to: None }) }
}

fn form_of(page: &RequestContext) -> PersonForm {
    let user = &page.signed_in.user;
    let time_zone = user.zone.map(|zone| zone.name().to_owned()).unwrap_or_default();
    PersonForm { name: user.name.clone(), email: user.email.clone(), time_zone, current_password: String::new() }
}

async fn view(
    page: &RequestContext,
    form: PersonForm,
    errors: FieldErrors,
    password_errors: FieldErrors,
) -> Result<views::PersonalInfo, AppError> {
    let (user, hash) = (page.signed_in.user.id, page.signed_in.token.hash());
    let alive = (page.now.minus(SESSION_IDLE_TIMEOUT), page.now.minus(SESSION_LIFETIME));
    let others = store::count_other_sessions(&mut page.state.db.page_reader().await?, (user, &hash), alive).await?;
    let layout = page.layout(text::layout::personal_info()).console(ConsoleEntry::PersonalInfo);
    Ok(views::PersonalInfo {
        layout,
        form,
        errors,
        password_errors,
        sessions: access::other_sessions(others),
        has_other_sessions: others > 0,
    })
}
