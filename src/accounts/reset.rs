//! Password reset: a link by email, with which a user chooses a new password.
//!
//! Invariants: a link works once, for [`RESET_LINK_TTL`], and only its digest is stored. A new password or email invalidates the
//! user's other links. A reset ends every session of the user and opens none.

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
};

/// Lifetime of a link.
pub(crate) const RESET_LINK_TTL: Duration = Duration::from_mins(30);

/// A link that a clock which was ahead has created would be valid for longer, so it is not.
fn valid_at(now: Timestamp) -> ValidAt {
    ValidAt { now, latest: now.plus(CLOCK_TOLERANCE) }
}

/// Creates a link for a user and returns its token; `None` if the user has another email meanwhile. Also deletes the links of all
/// users that are not valid any more.
pub(crate) async fn request(tx: &mut Tx, user: &User, (address, now): (IpAddr, Timestamp)) -> Result<Option<Token>, DbError> {
    store::lock_user(tx, user.id).await?;
    if store::find(&mut *tx, user.id).await?.is_none_or(|current| current.email != user.email) {
        return Ok(None);
    }
    let token = Token::generate();
    store::delete_resets_outside(tx, valid_at(now)).await?;
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
