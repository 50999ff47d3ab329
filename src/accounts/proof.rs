//! Proof of who a signed-in user is: their password, typed again.
//!
//! Attempts are counted per session, so that a stolen one uses up nothing but its own.

use std::time::Duration;

use super::{password::Who, store};
use crate::web::{error::AppError, page::Page};

/// What became of a typed password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Right,
    Wrong,
    /// The session has made too many attempts: the password was not looked at. With the time until the next one.
    TooMany(Duration),
}

/// Compares the password with the user's, and stores it as the session's proof when it is right.
pub(crate) async fn check(page: &Page, password: &str) -> Result<Proof, AppError> {
    let hash = page.signed_in.token.hash();
    if let Err(wait) = page.state.limits.try_session(&hash) {
        return Ok(Proof::TooMany(Duration::from_secs(wait)));
    }
    let stored = store::find_password(&mut page.state.db.reader().await?, page.signed_in.user.id).await?;
    if !page.state.passwords.verify(Who::Known, password, stored).await? {
        tracing::warn!(user = %page.signed_in.user.id, "a password was not confirmed");
        return Ok(Proof::Wrong);
    }
    let mut tx = page.state.db.begin().await?;
    store::prove_session(&mut tx, &hash, page.now).await?;
    tx.commit().await?;
    Ok(Proof::Right)
}
