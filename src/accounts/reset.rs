//! Password reset: a link by email, with which a user chooses a new password.
//!
//! Invariants: a link works once, for [`RESET_LINK_TTL`], and only its digest is stored. A new password or email invalidates the
//! user's other links. A reset ends every session of the user and opens none. A user is sent at most [`MAX_LINKS`] within
//! [`LINKS_PERIOD`], so that a stranger can fill neither the mailbox nor the security log.

use std::{net::IpAddr, time::Duration};

use super::{
    Token, User,
    authz::Actor,
    security_log::{self, Action},
    store::{self, ValidAt},
};
use crate::{
    db::{DbError, Exec, Tx},
    primitives::time::{CLOCK_TOLERANCE, Timestamp},
    telemetry,
};

/// Lifetime of a link.
pub(crate) const RESET_LINK_TTL: Duration = Duration::from_mins(30);

/// The most links that a user is sent within a period, unless a new password was chosen meanwhile.
pub(crate) const MAX_LINKS: u32 = 5;
pub(crate) const LINKS_PERIOD: Duration = Duration::from_hours(24);

/// A link that a clock which was ahead has created would be valid for longer, so it is not.
fn valid_at(now: Timestamp) -> ValidAt {
    ValidAt { now, latest: now.plus(CLOCK_TOLERANCE) }
}

/// Creates a link for a user and returns its token; `None` if the user has another email meanwhile, or was sent [`MAX_LINKS`]. Also
/// deletes the links of all users that are older than [`LINKS_PERIOD`]: until then those that have expired are counted.
pub(crate) async fn request(tx: &mut Tx, user: &User, (address, now): (IpAddr, Timestamp)) -> Result<Option<Token>, DbError> {
    store::lock_user(tx, user.id).await?;
    if store::find(&mut *tx, user.id).await?.is_none_or(|current| current.email != user.email) {
        return Ok(None);
    }
    let earliest = now.minus(LINKS_PERIOD);
    store::delete_resets_outside(tx, earliest, valid_at(now).latest).await?;
    if store::count_resets(tx, user.id, earliest).await? >= i64::from(MAX_LINKS) {
        tracing::warn!(target: telemetry::OUTSIDE, user = %user.id, "no further link for a new password is sent to a user today");
        return Ok(None);
    }
    let token = Token::generate();
    store::insert_reset(tx, &token.hash(), user.id, (now, now.plus(RESET_LINK_TTL))).await?;
    security_log::append(tx, &Actor::user(user, address), Action::PasswordResetRequested, user.id, now).await?;
    Ok(Some(token))
}

/// Finds the user of a valid link.
pub(crate) async fn find(on: impl Into<Exec<'_>>, token: &Token, now: Timestamp) -> Result<Option<User>, DbError> {
    store::find_reset(on, &token.hash(), valid_at(now)).await
}

/// Consumes the link, stores the hash of the new password and ends the user's sessions. Returns the user; `None` if the link is not
/// valid any more: of two requests with the same link only one succeeds.
pub(crate) async fn complete(
    tx: &mut Tx,
    (token, hash): (&Token, &str),
    (address, now): (IpAddr, Timestamp),
) -> Result<Option<User>, DbError> {
    let Some(id) = store::take_reset(tx, &token.hash(), valid_at(now)).await? else { return Ok(None) };
    let Some(user) = store::find(&mut *tx, id).await? else { return Ok(None) };
    store::update_password(tx, id, hash).await?;
    store::delete_sessions_of(tx, id).await?;
    store::delete_resets_of(tx, id).await?;
    security_log::append(tx, &Actor::user(&user, address), Action::PasswordReset, id, now).await?;
    Ok(Some(user))
}
