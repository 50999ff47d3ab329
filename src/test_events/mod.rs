//! Test events: KS Pay signs an event of its own with a webhook's active secret and sends it to the webhook's public URL.
//!
//! Invariant: a test event shows that signed requests arrive, and changes nothing else. A request is one only if it has a challenge
//! that this installation has made for its endpoint and body, within a minute, and only once. The target is the configured public
//! URL with the connection's endpoint, at an address where this installation has just responded to a probe.

pub(crate) mod challenge;
pub(crate) mod send;
pub(crate) mod store;

use crate::{
    accounts::authz::{Actor, Permission, UseCaseError},
    connections::{Connection, secrets},
    db::{Db, DbError, Exec},
    gateways::Gateway,
    primitives::{
        id::{ConnectionId, EventId},
        secret::Secret,
        time::Timestamp,
        vault::Vault,
    },
};
use send::{Response, Sent};

/// A test event that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct TestEvent {
    pub(crate) event_id: EventId,
    /// How long its request took; `None` until the sender has noted it.
    pub(crate) millis: Option<i64>,
    pub(crate) received_at: Timestamp,
}

/// Why no test event can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// KS Pay cannot sign requests as this gateway does.
    Unsupported,
    /// The app or the connection is disabled, so every request is rejected.
    Disabled,
    /// The gateway generates the secret, and it has not been entered yet.
    NoSecret,
    /// The secret does not open.
    SecretUnreadable,
}

impl Unavailable {
    /// Returns the reason of a message, in kebab case.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Unsupported => "test-unsupported",
            Self::Disabled => "test-disabled",
            Self::NoSecret => "test-no-secret",
            Self::SecretUnreadable => "test-secret-unreadable",
        }
    }
}

/// What became of a test event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is stored, and the response was 200.
    Arrived { millis: i64 },
    /// Another response, or 200 from somewhere else.
    Answered { status: u16 },
    /// No response in time. It may be stored.
    Unanswered,
}

/// True if KS Pay can sign requests as the gateway does.
pub(crate) fn is_offered(gateway: Gateway) -> bool {
    gateway.adapter().test_event("").is_some()
}

/// Returns why no test event can be sent, as far as that is known without opening the secret.
pub(crate) fn obstacle(connection: &Connection, is_app_enabled: bool, has_secret: bool) -> Option<Unavailable> {
    if !is_offered(connection.gateway) {
        Some(Unavailable::Unsupported)
    } else if !(is_app_enabled && connection.is_enabled) {
        Some(Unavailable::Disabled)
    } else if !has_secret {
        Some(Unavailable::NoSecret)
    } else {
        None
    }
}

/// Returns the secret that signs a test event.
pub(crate) async fn signing_secret(
    on: impl Into<Exec<'_>>,
    vault: &Vault,
    (connection, is_app_enabled): (&Connection, bool),
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<Result<Secret, Unavailable>, UseCaseError> {
    actor.require(Permission::ManageConnections, connection.company_id)?;
    let secret = secrets::open_active(on, vault, connection.id, now).await?;
    if let Some(obstacle) = obstacle(connection, is_app_enabled, secret.is_some()) {
        return Ok(Err(obstacle));
    }
    Ok(secret.and_then(Result::ok).ok_or(Unavailable::SecretUnreadable))
}

/// Returns what became of a test event, and notes how long it took. Only the database proves that it was stored: another server at
/// the address may answer 200, too.
pub(crate) async fn conclude(db: &Db, connection: ConnectionId, sent: &Sent) -> Result<Outcome, DbError> {
    let (status, millis) = match sent.response {
        Response::None => return Ok(Outcome::Unanswered),
        Response::Status { status, millis } => (status, millis),
    };
    let mut tx = db.begin().await?;
    let is_stored = status == 200 && store::set_millis(&mut tx, connection, &sent.sha256, millis).await?;
    tx.commit().await?;
    Ok(if is_stored { Outcome::Arrived { millis } } else { Outcome::Answered { status } })
}

#[cfg(test)]
mod tests;
