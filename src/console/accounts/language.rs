//! The language switch, which is on every page and before sign-in.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;

use super::routes::PreSession;
use crate::{
    accounts::{self, authz::Actor},
    console::http::{
        csrf,
        error::AppError,
        locale,
        page::see_other,
        session::{self, SignedIn},
        signed_form::PublicForm,
        state::State,
    },
    i18n::Locale,
    net::client_ip,
    urls,
};

/// The posted form.
#[derive(Deserialize)]
pub(crate) struct LanguageForm {
    language: String,
    /// The page to return to.
    #[serde(default)]
    return_to: String,
}

/// `POST /language`: stores the language in the user's profile, and in a cookie for the pages before sign-in.
pub(crate) async fn switch(
    request: HttpRequest,
    state: Data<State>,
    posted: PublicForm<LanguageForm>,
) -> Result<HttpResponse, AppError> {
    let signed_in = session::find(&request, &state).await?;
    match &signed_in {
        Some(signed_in) if csrf::is_token(&state.vault, signed_in.token.expose(), &posted.csrf_token) => {}
        Some(_) => return Err(AppError::CsrfFailed),
        None => drop(PreSession::checked(&request, &state, &posted.csrf_token)?),
    }
    let language = posted.form.language.parse::<Locale>().map_err(|_| AppError::BadRequest)?;
    if let Some(signed_in) = &signed_in {
        store(&request, &state, signed_in, language).await?;
    }
    let mut response = see_other(urls::local_or(&posted.form.return_to, urls::DASHBOARD));
    let _ = response.add_cookie(&locale::cookie(&state, language));
    Ok(response)
}

async fn store(request: &HttpRequest, state: &State, signed_in: &SignedIn, language: Locale) -> Result<(), AppError> {
    let user = &signed_in.user;
    let actor = Actor::user(user, client_ip::address(request, &state.settings.trusted_proxies));
    let mut tx = state.db.begin().await?;
    accounts::change_language(&mut tx, user, language, &actor).await?;
    Ok(tx.commit().await?)
}

/// `GET /language`
pub(crate) async fn form_page() -> HttpResponse {
    see_other(urls::DASHBOARD)
}
