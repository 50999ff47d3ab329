//! Channels of a company: where messages are posted in a chat service.
//!
//! Invariants: what was pasted is sealed and never shown again. A channel's health is that of its last post. If a service asks for a pause,
//! every message to the channel waits.

pub(crate) mod sender;
pub(crate) mod store;

use super::{
    chat::{Credential, Problem, Service},
    schedule::MAX_DELAY,
};
use crate::{
    accounts::{
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    connections::{ConnectError, secrets},
    db::{DbError, Exec, Tx, ids},
    i18n::Locale,
    primitives::{
        id::{ChannelId, CompanyId},
        time::{CLOCK_TOLERANCE, Timestamp},
        vault::{Vault, VaultError},
    },
};

/// The maximum number of channels of a company.
pub(crate) const MAX_CHANNELS: i64 = 20;
/// The maximum length of a name, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 60;
/// The sealing context of a credential.
const SEAL_CONTEXT: &str = "channels.sealed";

/// A channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) company_id: CompanyId,
    pub(crate) service: Service,
    pub(crate) name: String,
    sealed: Vec<u8>,
    /// The last characters of the credential.
    pub(crate) last_chars: String,
    /// The language of what is posted.
    pub(crate) language: Locale,
    pub(crate) last_sent_at: Option<Timestamp>,
    pub(crate) failing_since: Option<Timestamp>,
    /// Why the last post failed, if it did.
    pub(crate) problem: Option<Problem>,
    /// What the service said then.
    pub(crate) answer: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
}

impl Channel {
    /// Opens the credential.
    ///
    /// # Errors
    /// If it was sealed under another master key or is damaged.
    fn open(&self, vault: &Vault) -> Result<Credential, VaultError> {
        let plain = vault.open(SEAL_CONTEXT, &self.id.to_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).map(Credential::from_stored).map_err(|_| VaultError::Damaged)
    }
}

/// True before the end of a channel's pause. A correct clock has planned none that is longer than [`MAX_DELAY`].
pub(super) fn is_paused(until: Timestamp, now: Timestamp) -> bool {
    now < until && until <= now.plus(MAX_DELAY + CLOCK_TOLERANCE)
}

/// A channel to be added, validated.
pub(crate) struct NewChannel<'a> {
    pub(crate) service: Service,
    pub(crate) name: &'a str,
    pub(crate) credential: &'a Credential,
    pub(crate) language: Locale,
}

/// Why a channel is not added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    #[error(transparent)]
    UseCase(#[from] UseCaseError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("a company can have {MAX_CHANNELS} channels")]
    TooMany,
}

impl From<DbError> for ChannelError {
    fn from(error: DbError) -> Self {
        Self::UseCase(error.into())
    }
}

impl From<Denied> for ChannelError {
    fn from(denied: Denied) -> Self {
        Self::UseCase(denied.into())
    }
}

/// Who does it, and when.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// Adds a channel to the actor's company.
///
/// # Errors
/// See [`ChannelError`]; [`DbError::NotUnique`] if another channel of the company has the name.
pub(crate) async fn create(
    tx: &mut Tx,
    vault: &Vault,
    new: &NewChannel<'_>,
    (actor, now): By<'_>,
) -> Result<ChannelId, ChannelError> {
    let company = actor.company;
    actor.require(Permission::ManageAlerts, company)?;
    secrets::bind_master_key(tx, vault).await?;
    if store::count(&mut *tx, company).await? >= MAX_CHANNELS {
        return Err(ChannelError::TooMany);
    }
    let id: ChannelId = ids::next(tx).await?;
    let channel = Channel {
        id,
        company_id: company,
        service: new.service,
        name: new.name.to_owned(),
        sealed: vault.seal(SEAL_CONTEXT, &id.to_bytes(), new.credential.expose().as_bytes()),
        last_chars: new.credential.last_chars(),
        language: new.language,
        last_sent_at: None,
        failing_since: None,
        problem: None,
        answer: None,
        created_by: actor.name.to_owned(),
        created_at: now,
    };
    store::insert(tx, &channel).await?;
    security_log::append(tx, actor, Action::ChannelAdded, id, now).await?;
    Ok(id)
}

/// Finds a channel of the actor's company.
///
/// # Errors
/// [`Denied::OtherCompany`] if the company has no such channel.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: ChannelId, actor: &Actor<'_>) -> Result<Channel, UseCaseError> {
    let found = store::find(on, id).await?;
    let channel = found.filter(|channel| channel.company_id == actor.company).ok_or(Denied::OtherCompany)?;
    actor.require(Permission::ManageAlerts, channel.company_id)?;
    Ok(channel)
}

/// Lists the channels of the actor's company by name.
pub(crate) async fn list(on: impl Into<Exec<'_>>, actor: &Actor<'_>) -> Result<Vec<Channel>, UseCaseError> {
    actor.require(Permission::ManageAlerts, actor.company)?;
    Ok(store::list(on, actor.company).await?)
}

/// Records that a user sends a test message.
pub(crate) async fn record_test(tx: &mut Tx, channel: &Channel, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, channel.company_id)?;
    Ok(security_log::append(tx, actor, Action::ChannelTested, channel.id, now).await?)
}

/// Removes a channel. Messages that wait for it fail; alerts that name it use the others.
pub(crate) async fn remove(tx: &mut Tx, channel: &Channel, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, channel.company_id)?;
    if store::delete(tx, channel.id).await? {
        security_log::append(tx, actor, Action::ChannelRemoved, channel.id, now).await?;
    }
    Ok(())
}

#[cfg(test)]
pub(in crate::notifications) mod tests {
    use super::*;

    /// Returns a channel of Slack, whose credential does not open.
    pub(in crate::notifications) fn channel(company_id: CompanyId) -> Channel {
        Channel {
            id: ChannelId::unique(),
            company_id,
            service: Service::Slack,
            name: "#payments".to_owned(),
            sealed: Vec::new(),
            last_chars: "uvwx".to_owned(),
            language: Locale::English,
            last_sent_at: None,
            failing_since: None,
            problem: None,
            answer: None,
            created_by: "Meera".to_owned(),
            created_at: Timestamp::from_millis(0),
        }
    }
}
