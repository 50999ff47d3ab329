//! Password confirmation by a signed-in user.
//!
//! Attempts are limited per session, so that a stolen session uses up only its own.

use std::time::Duration;

use crate::{
    accounts::{password::Requester, store},
    console::http::{error::AppError, page::RequestContext},
};

/// The result of a password confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfirmationOutcome {
    Correct,
    Wrong,
    /// Too many attempts in this session: the password was not checked. Carries the time until the next attempt.
    RateLimited(Duration),
}

/// Verifies the user's password, and stores the time of confirmation in the session if it is correct.
pub(crate) async fn check(page: &RequestContext, password: &str) -> Result<ConfirmationOutcome, AppError> {
    let hash = page.signed_in.token.hash();
    if let Err(wait) = page.state.limits.try_session(&hash) {
        return Ok(ConfirmationOutcome::RateLimited(Duration::from_secs(wait)));
    }
    let user = page.signed_in.user.id;
    let stored = store::find_password(&mut page.state.db.reader().await?, user).await?;
    if !page.state.passwords.verify(Requester::Trusted(user), password, stored.clone()).await? {
        tracing::warn!(%user, "a password confirmation failed");
        return Ok(ConfirmationOutcome::Wrong);
    }
    let mut tx = page.state.db.begin().await?;
    // The password may have been changed during verification: a confirmation with the old one would be invalid.
    if store::find_password(&mut tx, user).await? != stored || !store::prove_session(&mut tx, &hash, page.now).await? {
        return Ok(ConfirmationOutcome::Wrong);
    }
    tx.commit().await?;
    Ok(ConfirmationOutcome::Correct)
}
