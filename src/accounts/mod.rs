//! People who sign in: users, their passwords and their sessions.
//!
//! No session is found but by the hash of its token, and a new password ends every session of its user.

pub(crate) mod forms;
pub(crate) mod limits;
pub(crate) mod password;
pub(crate) mod person;
pub(crate) mod proof;
pub(crate) mod routes;
pub(crate) mod setup;
mod shares;
pub(crate) mod store;
pub(crate) mod views;

use std::{fmt, str::FromStr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    db::{DbError, Tx},
    primitives::{
        id::{CompanyId, UserId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

/// A session ends when nobody used it for this long.
pub(crate) const IDLE: Duration = Duration::from_hours(12);
/// A session ends this long after signing in, however much it is used.
pub(crate) const ABSOLUTE: Duration = Duration::from_hours(168);
/// How often a session's last use is written down: SQLite has one writer, and pages must not queue for it.
const TOUCH_INTERVAL: Duration = Duration::from_mins(1);

/// The longest time since a user typed their password after which a sensitive action asks for it again.
pub(crate) const PROOF_LIFETIME: Duration = Duration::from_mins(15);

/// What a user may do in their company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// May do everything.
    Owner,
    /// Reserved until teams come; the database knows them already.
    Admin,
    /// See [`Role::Admin`].
    Developer,
    /// See [`Role::Admin`].
    Viewer,
}

impl Role {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Owner, Self::Admin, Self::Developer, Self::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or("a role is owner, admin, developer or viewer")
    }
}

impl TryFrom<String> for Role {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A person who signs in.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) company_id: CompanyId,
    pub(crate) email: String,
    pub(crate) name: String,
    #[sqlx(try_from = "String")]
    pub(crate) role: Role,
}

/// A person to be added.
pub(crate) struct NewUser {
    pub(crate) company: CompanyId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) password_hash: String,
}

/// A token that only its holder knows; the database has its hash.
pub(crate) struct Token(Zeroizing<String>);

impl Token {
    /// 256 bits of the system's random source.
    pub(crate) fn generate() -> Self {
        let mut bytes = Zeroizing::new([0u8; 32]);
        SysRng.try_fill_bytes(&mut bytes[..]).expect("the system's random source answers");
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// One that came from outside.
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

/// Adds a user.
///
/// # Errors
/// [`DbError::NotUnique`] when the installation has somebody with this e-mail.
pub(crate) async fn create(tx: &mut Tx, new: &NewUser, now: Timestamp) -> Result<UserId, DbError> {
    let id = UserId::new(now);
    store::insert(tx, id, new, now).await?;
    Ok(id)
}

/// Signs the user in: a new token, and the ended sessions of everybody swept away.
pub(crate) async fn open_session(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Token, DbError> {
    let token = Token::generate();
    store::delete_sessions_outside(tx, (now.minus(IDLE), now.minus(ABSOLUTE)), now.plus(CLOCK_TOLERANCE)).await?;
    store::insert_session(tx, &token.hash(), user, now).await?;
    Ok(token)
}

/// Gives the user another password and ends their sessions.
pub(crate) async fn change_password(tx: &mut Tx, user: UserId, hash: &str) -> Result<(), DbError> {
    store::update_password(tx, user, hash).await?;
    store::delete_sessions_of(tx, user).await
}

/// A session as found: whose it is, and whether its last use must be written down.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Session {
    #[sqlx(flatten)]
    pub(crate) user: User,
    pub(crate) started_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// When the password was typed last.
    pub(crate) proven_at: Timestamp,
}

/// True while a password typed at `proven_at` need not be typed again. A time that is later than now by more than two right
/// clocks differ proves nothing: the clock was wrong.
pub(crate) fn is_fresh_proof(proven_at: Timestamp, now: Timestamp) -> bool {
    proven_at <= now.plus(CLOCK_TOLERANCE) && now.since(proven_at) <= PROOF_LIFETIME
}

impl Session {
    /// Whether the session still counts.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        // One of a clock that was ahead would live for as long as that was.
        let is_later = |at: Timestamp| at > now.plus(CLOCK_TOLERANCE);
        now.since(self.last_seen_at) < IDLE
            && now.since(self.started_at) < ABSOLUTE
            && !is_later(self.last_seen_at)
            && !is_later(self.started_at)
    }

    /// Whether its last use was written down too long ago.
    pub(crate) fn wants_touch(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= TOUCH_INTERVAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let now = Timestamp::from_millis(0);
        let user = User {
            id: UserId::new(now),
            company_id: CompanyId::new(now),
            email: String::new(),
            name: String::new(),
            role: Role::Owner,
        };
        Session { user, started_at: now, last_seen_at: now, proven_at: now }
    }

    #[test]
    fn a_session_ends_idle_or_old() {
        let start = Timestamp::from_millis(0);
        let mut session = session();
        assert!(session.is_alive(start.plus(IDLE.checked_sub(Duration::from_secs(1)).unwrap())));
        assert!(!session.is_alive(start.plus(IDLE)));
        session.last_seen_at = start.plus(ABSOLUTE);
        assert!(!session.is_alive(start.plus(ABSOLUTE)));
    }

    #[test]
    fn a_proof_lasts_fifteen_minutes_and_one_of_a_wrong_clock_not_at_all() {
        let start = Timestamp::from_millis(0);
        assert!(is_fresh_proof(start, start) && is_fresh_proof(start, start.plus(PROOF_LIFETIME)));
        assert!(!is_fresh_proof(start, start.plus(PROOF_LIFETIME + Duration::from_millis(1))));
        assert!(is_fresh_proof(start.plus(CLOCK_TOLERANCE), start), "two servers differ a little");
        assert!(!is_fresh_proof(start.plus(CLOCK_TOLERANCE + Duration::from_millis(1)), start));
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
        assert!(!session().wants_touch(start.plus(Duration::from_secs(59))));
        assert!(session().wants_touch(start.plus(Duration::from_mins(1))));
    }
}
