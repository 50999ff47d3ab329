//! Sign-in, and the confirmation of the password by a signed-in user.
//!
//! Invariants: attempts are limited before a password is checked, those of a session separately, so that a stolen one uses up only
//! its own. A password that was replaced while it was verified opens no session and confirms nothing.

use std::{net::IpAddr, time::Duration};

use super::{
    Token, User,
    authz::Actor,
    limits::Limits,
    open_session,
    password::{HasherUnavailable, PasswordHasher, Requester},
    security_log::{self, Action},
    store,
};
use crate::{
    db::{Db, DbError},
    primitives::{
        id::UserId,
        time::{Clock, Timestamp},
    },
    telemetry,
};

/// Checks passwords with the limits of a server.
#[derive(Clone, Copy)]
pub(crate) struct Authenticator<'a> {
    pub(crate) db: &'a Db,
    pub(crate) clock: &'a Clock,
    pub(crate) passwords: &'a PasswordHasher,
    pub(crate) limits: &'a Limits,
}

/// An attempt to sign in.
pub(crate) struct Attempt<'a> {
    /// In lower case, as emails are stored.
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    pub(crate) address: IpAddr,
    /// The id of a browser from which the account has signed in before.
    pub(crate) trusted_browser: Option<&'a str>,
    /// The session that the browser has, which ends.
    pub(crate) previous: Option<Token>,
}

/// Why a password was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    /// It was not checked. Carries the time until the next attempt.
    #[error("too many attempts")]
    RateLimited(Duration),
    /// The password is wrong, or no account has the email: an attempt does not show which.
    #[error("wrong email or password")]
    Wrong,
    #[error(transparent)]
    Hasher(#[from] HasherUnavailable),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Authenticator<'_> {
    /// Opens a session. Gives up waiting for its turn when `client_left` resolves.
    pub(crate) async fn sign_in(&self, attempt: Attempt<'_>, client_left: impl Future<Output = ()>) -> Result<Token, AuthError> {
        let Attempt { email, password, address, trusted_browser, previous } = attempt;
        let limited = match trusted_browser {
            Some(browser) => self.limits.check_trusted_browser(address, browser, email),
            None => self.limits.try_sign_in(address, email),
        };
        limited.map_err(|seconds| {
            tracing::warn!(target: telemetry::OUTSIDE, "sign-in attempts are rate-limited");
            AuthError::RateLimited(Duration::from_secs(seconds))
        })?;
        let mut reader = self.db.reader().await?;
        let user = store::find_by_email(&mut reader, email).await?;
        let stored = match &user {
            Some(user) => store::find_password(&mut reader, user.id).await?,
            None => None,
        };
        drop(reader);
        let turn = self.passwords.enter(requester(user.as_ref(), trusted_browser.is_some()), client_left).await?;
        let is_right = turn.verify(password, stored.clone()).await?;
        if !is_right {
            self.record_failure(user.as_ref(), address);
        }
        let Some(user) = user.filter(|_| is_right) else {
            tracing::warn!(target: telemetry::OUTSIDE, "a sign-in failed");
            return Err(AuthError::Wrong);
        };
        let mut tx = self.db.begin().await?;
        // A change of the password would not see, and not end, a session that is being opened.
        store::lock_user(&mut tx, user.id).await?;
        if store::find_password(&mut tx, user.id).await? != stored {
            return Err(AuthError::Wrong);
        }
        // A token from before sign-in must never be valid afterwards (session fixation).
        if let Some(previous) = previous {
            store::delete_session(&mut tx, &previous.hash()).await?;
        }
        let now = self.clock.now();
        let token = open_session(&mut tx, user.id, now).await?;
        security_log::append(&mut tx, &Actor::user(&user, address), Action::SignedIn, user.id, now).await?;
        tx.commit().await?;
        tracing::info!(user = %user.id, "signed in");
        Ok(token)
    }

    /// Confirms the password of a session's user, and stores the time in the session, given by the hash of its token.
    pub(crate) async fn confirm(&self, (user, session): (UserId, &[u8; 32]), password: &str) -> Result<(), AuthError> {
        self.limits.try_session(session).map_err(|seconds| AuthError::RateLimited(Duration::from_secs(seconds)))?;
        let stored = store::find_password(&mut self.db.reader().await?, user).await?;
        if !self.passwords.verify(Requester::Trusted(user), password, stored.clone()).await? {
            tracing::warn!(%user, "a password confirmation failed");
            return Err(AuthError::Wrong);
        }
        let mut tx = self.db.begin().await?;
        store::lock_user(&mut tx, user).await?;
        let is_unchanged = store::find_password(&mut tx, user).await? == stored;
        if !is_unchanged || !store::confirm_session(&mut tx, session, self.clock.now()).await? {
            return Err(AuthError::Wrong);
        }
        Ok(tx.commit().await?)
    }

    /// Records a failed sign-in of an account in the security log. The response does not wait, since its time must not tell
    /// whether the account exists; the limits on sign-in bound how many run.
    fn record_failure(&self, user: Option<&User>, address: IpAddr) {
        let Some(user) = user.cloned() else { return };
        let (db, now) = (self.db.clone(), self.clock.now());
        tokio::spawn(async move {
            if let Err(error) = store_failure(&db, &user, address, now).await {
                tracing::warn!(target: telemetry::OUTSIDE, %error, "a failed sign-in could not be recorded");
            }
        });
    }
}

/// Selects the password queue. A trusted browser uses its account's share, as the account's sessions do; if the account has
/// changed its email since, the browser is unknown.
fn requester(user: Option<&User>, is_trusted_browser: bool) -> Requester {
    match user {
        Some(user) if is_trusted_browser => Requester::Trusted(user.id),
        _ => Requester::Unknown,
    }
}

async fn store_failure(db: &Db, user: &User, address: IpAddr, now: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    security_log::add_failed_sign_in(&mut tx, user, &Actor::user(user, address), now).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{accounts::Role, primitives::id::CompanyId};

    #[test]
    fn a_known_browser_takes_the_places_of_its_own_account_only() {
        let (id, email) = (UserId::unique(), "owner@neem-tree-retail.example".to_owned());
        let user = User {
            id,
            company_id: CompanyId::unique(),
            email,
            name: String::new(),
            role: Role::Owner,
            language: None,
            zone: None,
        };
        assert_eq!(requester(Some(&user), true), Requester::Trusted(id));
        assert_eq!(requester(Some(&user), false), Requester::Unknown);
        assert_eq!(requester(None, true), Requester::Unknown);
    }
}
