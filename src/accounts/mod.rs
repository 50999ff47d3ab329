//! Users, their passwords and their sessions.
//!
//! Invariants: a session is found only by the hash of its token, and changing the password ends every session of the user.

pub(crate) mod authz;
pub(crate) mod limits;
pub(crate) mod password;
pub(crate) mod reset;
pub(crate) mod security_log;
pub(crate) mod setup;
mod shares;
pub(crate) mod sign_in;
pub(crate) mod store;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::{
    authz::{Actor, UseCaseError},
    security_log::Action,
};
use crate::{
    db::{DbError, Tx, ids},
    i18n::Locale,
    primitives::{
        id::{CompanyId, UserId},
        text_enum::{text_column, text_enum},
        time::{CLOCK_TOLERANCE, Timestamp},
        zone::Zone,
    },
};

/// Idle timeout of a session.
pub(crate) const SESSION_IDLE_TIMEOUT: Duration = Duration::from_hours(12);
/// Absolute lifetime of a session, regardless of its use.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_hours(168);
/// Minimum interval between updates of a session's last use: SQLite has one writer, and page requests must not queue for it.
const TOUCH_INTERVAL: Duration = Duration::from_mins(1);

/// How long a password confirmation is valid for sensitive actions.
pub(crate) const CONFIRMATION_LIFETIME: Duration = Duration::from_mins(15);

text_enum! {
    /// A user's role in their company.
    pub(crate) enum Role, "a role" {
        /// Has every permission.
        Owner = "owner",
        /// Reserved for teams; already valid in the database.
        Admin = "admin",
        /// See [`Role::Admin`].
        Developer = "developer",
        /// See [`Role::Admin`].
        Viewer = "viewer",
    }
}
text_column!(Role, Role::as_str);

/// A user account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) company_id: CompanyId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The language of the pages, if the user has chosen one.
    pub(crate) language: Option<Locale>,
    /// The zone of times of day, if the user has chosen one.
    #[sqlx(rename = "time_zone")]
    pub(crate) zone: Option<Zone>,
}

/// A user to be created.
pub(crate) struct NewUser {
    pub(crate) company: CompanyId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) password_hash: String,
}

/// A bearer token; the database stores only its hash.
pub(crate) struct Token(Zeroizing<String>);

impl Token {
    /// Generates a token of 256 bits from the system's random source.
    pub(crate) fn generate() -> Self {
        let mut bytes = Zeroizing::new([0u8; 32]);
        SysRng.try_fill_bytes(&mut bytes[..]).expect("the system's random source answers");
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// Wraps a token sent by a client.
    pub(crate) fn from_client(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Creates a user.
///
/// # Errors
/// [`DbError::NotUnique`] if a user of the installation has this email.
pub(crate) async fn create(tx: &mut Tx, new: &NewUser, now: Timestamp) -> Result<UserId, DbError> {
    let id = ids::next(tx).await?;
    store::insert(tx, id, new, now).await?;
    Ok(id)
}

/// Opens a session and returns its token. Also deletes the ended sessions of all users.
pub(crate) async fn open_session(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Token, DbError> {
    let token = Token::generate();
    store::delete_sessions_outside(tx, (now.minus(SESSION_IDLE_TIMEOUT), now.minus(SESSION_LIFETIME)), now.plus(CLOCK_TOLERANCE))
        .await?;
    store::insert_session(tx, &token.hash(), user, now).await?;
    Ok(token)
}

/// Replaces the user's password and ends all their sessions.
pub(crate) async fn change_password(
    tx: &mut Tx,
    (user, hash): (&User, &str),
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require_own(user)?;
    store::update_password(tx, user.id, hash).await?;
    store::delete_sessions_of(tx, user.id).await?;
    store::delete_resets_of(tx, user.id).await?;
    Ok(security_log::append(tx, actor, Action::PasswordChanged, user.id, now).await?)
}

/// Stores the language of the user's pages.
pub(crate) async fn change_language(tx: &mut Tx, user: &User, language: Locale, actor: &Actor<'_>) -> Result<(), UseCaseError> {
    actor.require_own(user)?;
    Ok(store::update_language(tx, user.id, language).await?)
}

/// Changes the name and the time zone, and the email if another is given.
///
/// # Errors
/// [`DbError::NotUnique`] if a user of the installation has this email.
pub(crate) async fn change_personal_info(
    tx: &mut Tx,
    user: &User,
    (name, email, zone): (&str, Option<&str>, Option<Zone>),
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require_own(user)?;
    store::update_person(tx, user.id, name, zone).await?;
    if let Some(email) = email {
        store::update_email(tx, user.id, email).await?;
        // Links are in the mailbox of the previous address.
        store::delete_resets_of(tx, user.id).await?;
    }
    Ok(security_log::append(tx, actor, Action::PersonalInfoChanged, user.id, now).await?)
}

/// Ends all sessions of the user but one, given by the hash of its token.
pub(crate) async fn end_other_sessions(
    tx: &mut Tx,
    (user, hash): (&User, &[u8]),
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require_own(user)?;
    store::delete_other_sessions(tx, user.id, hash).await?;
    Ok(security_log::append(tx, actor, Action::OtherSessionsEnded, user.id, now).await?)
}

/// A stored session and its user.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Session {
    #[sqlx(flatten)]
    pub(crate) user: User,
    pub(crate) started_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// When the password was last confirmed.
    pub(crate) confirmed_at: Timestamp,
}

/// True if a password confirmed at `confirmed_at` need not be entered again. A time in the future, beyond [`CLOCK_TOLERANCE`],
/// is invalid because it was stored by a wrong clock.
pub(crate) fn is_confirmation_fresh(confirmed_at: Timestamp, now: Timestamp) -> bool {
    confirmed_at <= now.plus(CLOCK_TOLERANCE) && now.since(confirmed_at) <= CONFIRMATION_LIFETIME
}

impl Session {
    /// True if the session has not expired.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        // A session stored by a clock that was ahead would outlive its lifetime by as much.
        let is_later = |at: Timestamp| at > now.plus(CLOCK_TOLERANCE);
        now.since(self.last_seen_at) < SESSION_IDLE_TIMEOUT
            && now.since(self.started_at) < SESSION_LIFETIME
            && !is_later(self.last_seen_at)
            && !is_later(self.started_at)
    }

    /// True if the stored last use is due for an update.
    pub(crate) fn is_touch_due(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= TOUCH_INTERVAL
    }
}

#[cfg(test)]
mod tests {
    use super::{authz::denial::assert_denied, *};
    use crate::db::test_db::TestDb;

    fn session() -> Session {
        let now = Timestamp::from_millis(0);
        let user = User {
            id: UserId::unique(),
            company_id: CompanyId::unique(),
            email: String::new(),
            name: String::new(),
            role: Role::Owner,
            language: None,
            zone: None,
        };
        Session { user, started_at: now, last_seen_at: now, confirmed_at: now }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_the_user_changes_their_account() {
        let test = TestDb::new("own_account_denied").await;
        let (user, now) = (&session().user, Timestamp::from_millis(0));
        let begin = async || test.db.begin().await;
        let change = async |actor| change_personal_info(&mut begin().await?, user, ("Meera", None, None), (&actor, now)).await;
        assert_denied(user.company_id, change).await;
        let change = async |actor| change_password(&mut begin().await?, (user, "hash"), (&actor, now)).await;
        assert_denied(user.company_id, change).await;
        let end = async |actor| end_other_sessions(&mut begin().await?, (user, b"hash"), (&actor, now)).await;
        assert_denied(user.company_id, end).await;
        test.end().await;
    }

    #[test]
    fn a_session_ends_idle_or_old() {
        let start = Timestamp::from_millis(0);
        let mut session = session();
        assert!(session.is_alive(start.plus(SESSION_IDLE_TIMEOUT.checked_sub(Duration::from_secs(1)).unwrap())));
        assert!(!session.is_alive(start.plus(SESSION_IDLE_TIMEOUT)));
        session.last_seen_at = start.plus(SESSION_LIFETIME);
        assert!(!session.is_alive(start.plus(SESSION_LIFETIME)));
    }

    #[test]
    fn a_confirmation_lasts_fifteen_minutes_and_one_of_a_wrong_clock_not_at_all() {
        let start = Timestamp::from_millis(0);
        assert!(is_confirmation_fresh(start, start) && is_confirmation_fresh(start, start.plus(CONFIRMATION_LIFETIME)));
        assert!(!is_confirmation_fresh(start, start.plus(CONFIRMATION_LIFETIME + Duration::from_millis(1))));
        assert!(is_confirmation_fresh(start.plus(CLOCK_TOLERANCE), start), "two servers differ a little");
        assert!(!is_confirmation_fresh(start.plus(CLOCK_TOLERANCE + Duration::from_millis(1)), start));
    }

    #[test]
    fn a_session_of_a_clock_that_was_ahead_ends_when_it_is_right() {
        let year = Duration::from_hours(365 * 24);
        let start = Timestamp::from_millis(0);
        let mut session = session();
        assert!(session.is_alive(start.minus(CLOCK_TOLERANCE)), "two servers differ a little");
        assert!(!session.is_alive(start.minus(year)));
        session.started_at = start.minus(year);
        assert!(!session.is_alive(start.minus(year)), "its last use is later than now");
    }

    #[test]
    fn last_use_is_written_at_most_once_a_minute() {
        let start = Timestamp::from_millis(0);
        assert!(!session().is_touch_due(start.plus(Duration::from_secs(59))));
        assert!(session().is_touch_due(start.plus(Duration::from_mins(1))));
    }
}
