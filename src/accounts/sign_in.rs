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
        // One statement whether the account exists or not: a second one for its password would reveal by its
        // duration that the account exists.
        let (user, stored) = store::find_with_password(&mut self.db.reader().await?, email).await?.unzip();
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
    use std::{cell::Cell, future::pending};

    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        accounts::{self, NewUser, Role},
        companies,
        db::test_db::TestDb,
        primitives::id::CompanyId,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);
    const EMAIL: &str = "owner@neem-tree-retail.example";
    const PASSWORD: &str = "four unrelated words here";

    /// Adds a user with the password.
    async fn add_user(db: &Db, passwords: &PasswordHasher) -> User {
        let password_hash = passwords.hash(Requester::New, PASSWORD).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let company = companies::create(&mut tx, "Neem Tree Retail", NOW).await.unwrap().id;
        let new = NewUser { company, email: EMAIL.to_owned(), name: "Meera".to_owned(), role: Role::Owner, password_hash };
        accounts::create(&mut tx, &new, NOW).await.unwrap();
        let user = store::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// True if a statement waits for a lock. On SQLite nothing shows it: a unit of work does not begin before another has ended.
    async fn is_one_waiting(db: &Db) -> bool {
        const WAITING: &str =
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
        match db {
            Db::Sqlite { .. } => true,
            Db::Postgres { pool, .. } => sqlx::query_scalar(WAITING).fetch_one(pool).await.unwrap(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_session_with_the_old_password_survives_a_change_that_overlaps_sign_in() {
        let test = TestDb::new("sign_in_overlap").await;
        let (db, clock, passwords) = (&test.db, Clock::fixed(NOW), PasswordHasher::new());
        let user = add_user(db, &passwords).await;
        let changed = passwords.hash(Requester::New, "another four unrelated words").await.unwrap();
        let authenticator = Authenticator { db, clock: &clock, passwords: &passwords, limits: &Limits::new(&clock) };
        // With every turn taken, sign-in waits for one after it has read the hash of the old password.
        let mut turns = Vec::new();
        while let Some(turn) = passwords.enter_now(Requester::Unknown).await {
            turns.push(turn);
        }
        let (waits, is_waiting) = oneshot::channel();
        let client_left = async {
            waits.send(()).unwrap();
            pending::<()>().await;
        };
        let address = IpAddr::from([203, 0, 113, 7]);
        let attempt = Attempt { email: EMAIL, password: PASSWORD, address, trusted_browser: None, previous: None };
        let has_ended = Cell::new(false);
        let signing_in = async {
            let outcome = authenticator.sign_in(attempt, client_left).await;
            has_ended.set(true);
            outcome
        };
        let changing = async {
            is_waiting.await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let by = (&Actor::command(user.company_id), NOW);
            accounts::change_password(&mut tx, (&user, &changed), by).await.unwrap();
            drop(turns);
            while !has_ended.get() && !is_one_waiting(db).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tx.commit().await.unwrap();
        };
        let (outcome, ()) = tokio::join!(signing_in, changing);
        let all = (Timestamp::from_seconds(0), Timestamp::from_seconds(0));
        let sessions = store::count_other_sessions(&mut db.reader().await.unwrap(), (user.id, &[]), all).await.unwrap();
        assert!(matches!(outcome, Err(AuthError::Wrong)), "{:?}", outcome.err());
        assert_eq!(sessions, 0);
        test.end().await;
    }

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
