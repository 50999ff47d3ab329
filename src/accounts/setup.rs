//! The one-time set-up link to `/setup`, which exists only while there is no user.

use std::time::Duration;

use super::{Token, store};
use crate::{
    db::{Db, DbError, Exec, Tx},
    primitives::time::{CLOCK_TOLERANCE, Timestamp},
    settings_store,
};

/// Lifetime of a link.
pub(crate) const SETUP_LINK_TTL: Duration = Duration::from_hours(24);
const NAME: &str = "setup";

/// Creates a new link, invalidates the previous one and returns the token; `None` once there is a user.
pub(crate) async fn renew(db: &Db, now: Timestamp) -> Result<Option<Token>, DbError> {
    let mut tx = db.begin().await?;
    if store::has_users(&mut tx).await? {
        settings_store::delete(&mut tx, NAME).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let token = Token::generate();
    let until = now.plus(SETUP_LINK_TTL).millis().to_be_bytes();
    settings_store::set(&mut tx, NAME, &[&until[..], &token.hash()].concat()).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// True if the token is that of the valid link, and there is no user yet.
pub(crate) async fn accepts(db: &Db, token: &Token, now: Timestamp) -> Result<bool, DbError> {
    let mut reader = db.reader().await?;
    Ok(is_live(&mut reader, token, now).await? && !store::has_users(&mut reader).await?)
}

async fn is_live(on: impl Into<Exec<'_>>, token: &Token, now: Timestamp) -> Result<bool, DbError> {
    let Some(stored) = settings_store::find(on, NAME).await? else {
        return Ok(false);
    };
    let Some((until, hash)) = stored.split_first_chunk::<8>() else {
        return Ok(false);
    };
    let until = Timestamp::from_millis(i64::from_be_bytes(*until));
    // Beyond the lifetime of a new link: it was created while the clock was ahead.
    let was_made_ahead = until > now.plus(SETUP_LINK_TTL).plus(CLOCK_TOLERANCE);
    Ok(now < until && !was_made_ahead && hash == token.hash())
}

/// Consumes the link. Of two concurrent set-ups with the same link only one succeeds.
pub(crate) async fn consume(tx: &mut Tx, token: &Token, now: Timestamp) -> Result<bool, DbError> {
    let is_good = is_live(&mut *tx, token, now).await? && !store::has_users(&mut *tx).await?;
    Ok(is_good && settings_store::delete(tx, NAME).await?)
}
