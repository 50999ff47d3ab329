//! The session cookie, and the user it signs in.

use actix_web::{HttpRequest, cookie::Cookie};

use super::{cookies, locale};
use crate::{
    accounts::{self, Session, Token, User, store},
    companies::{self, Company},
    console::http::state::State,
    db::DbError,
    primitives::time::Timestamp,
};

const NAME: &str = "ks_pay_session";

/// The signed-in user.
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) company: Company,
    pub(crate) token: Token,
    /// When the password was last confirmed.
    pub(crate) confirmed_at: Timestamp,
}

/// Returns the session cookie.
pub(crate) fn cookie(state: &State, token: &Token) -> Cookie<'static> {
    let mut cookie = cookies::cookie(state, NAME, token.expose().to_owned());
    cookie.set_max_age(actix_web::cookie::time::Duration::try_from(accounts::SESSION_LIFETIME).ok());
    cookie
}

/// Returns the cookie that deletes the session cookie.
pub(crate) fn removal(state: &State) -> Cookie<'static> {
    cookies::removal(state, NAME)
}

/// Returns the session token of the request.
pub(crate) fn token(request: &HttpRequest, state: &State) -> Option<Token> {
    cookies::value(request, state, NAME).map(|text| Token::from_client(&text))
}

/// Finds the user that the request's cookie signs in.
///
/// # Errors
/// If the database fails.
pub(crate) async fn find(request: &HttpRequest, state: &State) -> Result<Option<SignedIn>, DbError> {
    let Some(token) = token(request, state) else {
        return Ok(None);
    };
    let now = state.clock.now();
    let mut reader = state.db.page_reader().await?;
    let Some(session) = store::find_session(&mut reader, &token.hash()).await?.filter(|session| session.is_alive(now)) else {
        return Ok(None);
    };
    locale::set_of_profile(request, session.user.language);
    let company = companies::store::get(&mut reader, session.user.company_id).await?;
    drop(reader);
    touch(state, &token, &session).await;
    Ok(Some(SignedIn { user: session.user, company, token, confirmed_at: session.confirmed_at }))
}

/// Updates the session's last use if it is due. A failure is logged and does not fail the request.
async fn touch(state: &State, token: &Token, session: &Session) {
    let now = state.clock.now();
    if !session.is_touch_due(now) {
        return;
    }
    let written = async {
        let mut tx = state.db.begin().await?;
        store::touch_session(&mut tx, &token.hash(), now).await?;
        tx.commit().await
    };
    if let Err(error) = written.await {
        tracing::warn!(%error, "a session's last use could not be stored");
    }
}
