//! Tokens, with which `ks-pay listen` reads the events of an app on a developer's machine.
//!
//! Invariants: only the SHA-256 of a token is stored. A token acts for its user: each request checks again that the user still belongs
//! to the company of the app and has the permissions. Unknown, wrong, expired and removed tokens cannot be distinguished.

pub(crate) mod store;

use std::{net::IpAddr, time::Duration};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    accounts::{
        self, User,
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::{self, App},
    db::{DbError, Exec, Reader, Tx, ids},
    primitives::{
        base62,
        id::{AppId, CompanyId, TokenId, UserId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

/// How long a token is valid.
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// The maximum number of valid tokens of an app.
pub(crate) const MAX_TOKENS: i64 = 20;
/// The maximum length of a name, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 80;
/// Minimum interval between updates of a token's last use.
const TOUCH_INTERVAL: Duration = Duration::from_mins(1);
/// The random characters of a token, which carry 256 bits.
const RANDOM_CHARS: usize = 43;

/// The text of a token: its id, `_` and random characters. Wiped on drop.
pub(crate) struct TokenValue(Zeroizing<String>);

impl TokenValue {
    fn generate(id: TokenId) -> Self {
        let random = Zeroizing::new(base62::random(RANDOM_CHARS));
        Self(Zeroizing::new(format!("{id}_{}", *random)))
    }

    /// Wraps a text that a client sent as a token.
    pub(crate) fn from_client(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// Returns the id that the text begins with, if it has the form of a token.
    pub(crate) fn id(&self) -> Option<TokenId> {
        let (id, random) = self.0.rsplit_once('_')?;
        let is_random = random.len() == RANDOM_CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_random { id.parse().ok() } else { None }
    }

    /// Returns the text: for the one response or line that shows it, and for the header of a request.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// A stored token.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct AppToken {
    pub(crate) id: TokenId,
    pub(crate) company_id: CompanyId,
    pub(crate) app_id: AppId,
    pub(crate) user_id: UserId,
    pub(crate) name: String,
    /// True if it also reads events of Live mode.
    pub(crate) is_live: bool,
    digest: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
}

impl AppToken {
    /// True until it expires. A token that a clock ahead of time stored would be valid for longer, so it is invalid.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.created_at <= now.plus(CLOCK_TOLERANCE)
    }

    /// True if the stored last use is due for an update.
    pub(crate) fn is_touch_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| at > now || now.since(at) >= TOUCH_INTERVAL)
    }
}

/// A valid token, with its app and user.
pub(crate) struct Bearer {
    pub(crate) token: AppToken,
    pub(crate) app: App,
}

/// Finds the token of that value; `None` if there is none, it is not valid, or its user may no longer use it.
pub(crate) async fn authenticate(
    reader: &mut Reader,
    value: &TokenValue,
    (address, now): (IpAddr, Timestamp),
) -> Result<Option<Bearer>, DbError> {
    let Some(id) = value.id() else { return Ok(None) };
    let Some(token) = store::find_any(&mut *reader, id).await? else { return Ok(None) };
    let is_own = bool::from(token.digest.as_slice().ct_eq(&value.digest()[..]));
    if !is_own || !token.is_valid(now) {
        return Ok(None);
    }
    let user = accounts::store::find(&mut *reader, token.user_id).await?;
    let app = apps::store::find(reader, token.company_id, token.app_id).await?;
    let (Some(user), Some(app)) = (user, app) else { return Ok(None) };
    let actor = Actor::user(&user, address);
    let permissions = [Permission::ManageTokens, Permission::ViewPayments];
    let may_use = permissions.iter().all(|permission| actor.require(*permission, app.company_id).is_ok());
    Ok(may_use.then_some(Bearer { token, app }))
}

/// Why a token cannot be added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    UseCase(#[from] UseCaseError),
    #[error("an app can have {MAX_TOKENS} tokens")]
    TooMany,
}

impl From<DbError> for TokenError {
    fn from(error: DbError) -> Self {
        Self::UseCase(error.into())
    }
}

impl From<Denied> for TokenError {
    fn from(denied: Denied) -> Self {
        Self::UseCase(denied.into())
    }
}

/// A token to be added.
pub(crate) struct NewToken<'a> {
    pub(crate) user: &'a User,
    /// The name; if `None`, the id becomes the name.
    pub(crate) name: Option<&'a str>,
    pub(crate) is_live: bool,
}

/// The actor and the time.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// Adds a token for a user of the company, and returns its value, which cannot be read again. Deletes expired tokens of the app.
///
/// # Errors
/// See [`TokenError`]; [`DbError::NotUnique`] if another token of the app has the name.
pub(crate) async fn create(
    tx: &mut Tx,
    app: &App,
    new: &NewToken<'_>,
    (actor, now): By<'_>,
) -> Result<(AppToken, TokenValue), TokenError> {
    actor.require(Permission::ManageTokens, app.company_id)?;
    if new.user.company_id != app.company_id {
        return Err(Denied::OtherCompany.into());
    }
    store::delete_expired(tx, app.id, now).await?;
    if store::count(&mut *tx, app.id).await? >= MAX_TOKENS {
        return Err(TokenError::TooMany);
    }
    let id: TokenId = ids::next(tx).await?;
    let value = TokenValue::generate(id);
    let token = AppToken {
        id,
        company_id: app.company_id,
        app_id: app.id,
        user_id: new.user.id,
        name: new.name.map_or_else(|| id.to_string(), str::to_owned),
        is_live: new.is_live,
        digest: value.digest().to_vec(),
        created_at: now,
        last_used_at: None,
        expires_at: now.plus(TOKEN_LIFETIME),
    };
    store::insert(tx, &token).await?;
    security_log::append(tx, actor, Action::TokenAdded, id, now).await?;
    Ok((token, value))
}

/// Finds a token of an app for an actor.
///
/// # Errors
/// [`Denied::OtherCompany`] if the app has no such token.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: &App, id: TokenId, actor: &Actor<'_>) -> Result<AppToken, UseCaseError> {
    actor.require(Permission::ManageTokens, app.company_id)?;
    let found = store::find_any(on, id).await?;
    Ok(found.filter(|token| (token.company_id, token.app_id) == (app.company_id, app.id)).ok_or(Denied::OtherCompany)?)
}

/// Lists the tokens of an app for an actor, newest first.
pub(crate) async fn list(on: impl Into<Exec<'_>>, app: &App, actor: &Actor<'_>) -> Result<Vec<AppToken>, UseCaseError> {
    actor.require(Permission::ManageTokens, app.company_id)?;
    Ok(store::list(on, app.id).await?)
}

/// Removes a token, which is unknown from then on.
pub(crate) async fn remove(tx: &mut Tx, token: &AppToken, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageTokens, token.company_id)?;
    if store::delete(tx, token.id).await? {
        security_log::append(tx, actor, Action::TokenRemoved, token.id, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
