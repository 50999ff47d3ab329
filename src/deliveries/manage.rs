//! The actions of users and commands on destinations and their deliveries.
//!
//! Invariant: the list of destinations is the list of addresses that KS Pay may send to, so each change needs a permission and is
//! written to the security log in the same unit of work. A change of the URL replaces the secret and removes the fixed headers, so that
//! the owner of the new URL can neither forge deliveries for the previous one nor use its credentials.

use super::{
    destination::{Destination, DestinationState, Format, MAX_DESTINATIONS, PauseReason, Settings, signs_as_ks_pay},
    signature,
    store::{
        deliveries, destinations, headers,
        secrets::{self, MAX_SIGNING_SECRETS, Purpose},
    },
};
use crate::{
    accounts::{
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::App,
    connections::{self, ConnectError, overlap::Overlap},
    db::{Db, DbError, Exec, Tx, ids},
    gateways::{Gateway, Mode},
    primitives::{
        id::{DeliveryId, DestinationId, MessageId},
        secret::Secret,
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// Why a destination cannot be added or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    #[error(transparent)]
    UseCase(#[from] UseCaseError),
    #[error("an app can have {MAX_DESTINATIONS} destinations in each mode")]
    TooMany,
    /// The maximum number of secrets is valid.
    #[error("{MAX_SIGNING_SECRETS} secrets of the destination are still valid")]
    TooManySecrets,
    /// The database is bound to another master key.
    #[error("the database is sealed with another master key")]
    WrongMasterKey,
}

impl From<DbError> for DestinationError {
    fn from(error: DbError) -> Self {
        Self::UseCase(error.into())
    }
}

impl From<Denied> for DestinationError {
    fn from(denied: Denied) -> Self {
        Self::UseCase(denied.into())
    }
}

/// The actor and the time.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// The secrets of a destination, to be shown once.
pub(crate) struct CurrentSecrets {
    pub(crate) webhook: Secret,
    /// The secret for the gateway's own signature, if KS Pay signs again.
    pub(crate) gateway: Option<Secret>,
}

/// What the security log says of a destination that is added or changed: also to which host requests may be sent now.
fn with_host(id: DestinationId, settings: &Settings) -> String {
    format!("{id} {}", settings.host())
}

/// Finds a destination of an app for an actor.
///
/// # Errors
/// [`Denied::OtherCompany`] if the app has no such destination.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    app: &App,
    id: DestinationId,
    actor: &Actor<'_>,
) -> Result<Destination, UseCaseError> {
    actor.require(Permission::ManageDestinations, app.company_id)?;
    let found = destinations::find(on, app.company_id, id).await?;
    Ok(found.filter(|destination| destination.app_id == app.id).ok_or(Denied::OtherCompany)?)
}

/// Adds a destination, whose URL the caller has checked; events from now on are sent to it. `gateway` is that of its connection.
///
/// # Errors
/// See [`DestinationError`]; [`DbError::NotUnique`] if another one of the app and mode has this name.
pub(crate) async fn create(
    tx: &mut Tx,
    vault: &Vault,
    (app, mode): (&App, Mode),
    (settings, gateway): (Settings, Option<Gateway>),
    (actor, now): By<'_>,
) -> Result<Destination, DestinationError> {
    actor.require(Permission::ManageDestinations, app.company_id)?;
    bind_master_key(tx, vault).await?;
    if destinations::count(&mut *tx, app.id, mode).await? >= MAX_DESTINATIONS {
        return Err(DestinationError::TooMany);
    }
    let destination = Destination {
        id: ids::next(tx).await?,
        company_id: app.company_id,
        app_id: app.id,
        mode,
        settings,
        state: DestinationState::Active,
        pause_reason: None,
        paused_at: None,
        created_by: actor.name.to_owned(),
        created_at: now,
    };
    destinations::insert(tx, &destination).await?;
    for purpose in purposes(&destination.settings, gateway) {
        insert_secret(tx, vault, (destination.id, purpose), (actor, now)).await?;
    }
    security_log::append(tx, actor, Action::DestinationAdded, with_host(destination.id, &destination.settings), now).await?;
    Ok(destination)
}

/// Changes a destination, whose URL the caller has checked. Returns true if its URL changed, so that it has new secrets.
///
/// # Errors
/// See [`create`].
pub(crate) async fn update(
    tx: &mut Tx,
    vault: &Vault,
    destination: &Destination,
    (settings, gateway): (&Settings, Option<Gateway>),
    (actor, now): By<'_>,
) -> Result<bool, DestinationError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    bind_master_key(tx, vault).await?;
    destinations::lock(tx, destination.id).await?;
    // Reads it again, because another user may have changed or deleted it.
    let current = destinations::find(&mut *tx, destination.company_id, destination.id).await?.ok_or(Denied::OtherCompany)?;
    let is_moved = settings.url != current.settings.url;
    destinations::update(tx, destination.company_id, destination.id, settings).await?;
    if is_moved {
        secrets::expire_all(tx, destination.id, now).await?;
        headers::delete_all(tx, destination.id).await?;
        let mut health = destinations::health(&mut *tx, destination.id).await?;
        health.forget_failures();
        destinations::set_health(tx, destination.id, &health).await?;
    }
    let valid = secrets::list_valid(&mut *tx, destination.id, now).await?;
    for purpose in purposes(settings, gateway) {
        if !valid.iter().any(|secret| secret.purpose == purpose && secret.valid_until.is_none()) {
            insert_secret(tx, vault, (destination.id, purpose), (actor, now)).await?;
        }
    }
    security_log::append(tx, actor, Action::DestinationChanged, with_host(destination.id, settings), now).await?;
    Ok(is_moved)
}

/// Returns the purposes for which a destination needs a secret.
fn purposes(settings: &Settings, gateway: Option<Gateway>) -> impl Iterator<Item = Purpose> {
    let is_resigned = settings.format == Format::Original && settings.is_resigned;
    let needs_gateway = is_resigned && gateway.is_some_and(|gateway| !signs_as_ks_pay(gateway));
    [Some(Purpose::Webhook), needs_gateway.then_some(Purpose::Gateway)].into_iter().flatten()
}

async fn insert_secret(
    tx: &mut Tx,
    vault: &Vault,
    (destination, purpose): (DestinationId, Purpose),
    (actor, now): By<'_>,
) -> Result<(), DbError> {
    let secret = match purpose {
        Purpose::Webhook => signature::generate(),
        Purpose::Gateway => Secret::generate(),
    };
    secrets::insert(tx, vault, (destination, purpose, &secret), (actor.name, now)).await
}

pub(super) async fn bind_master_key(tx: &mut Tx, vault: &Vault) -> Result<(), DestinationError> {
    connections::secrets::bind_master_key(tx, vault).await.map_err(|error| match error {
        ConnectError::Db(error) => error.into(),
        _ => DestinationError::WrongMasterKey,
    })
}

/// Replaces the current secrets, and returns when the previous ones expire. These sign too during the overlap; without an overlap all
/// previous secrets expire immediately.
///
/// # Errors
/// See [`DestinationError`].
pub(crate) async fn rotate(
    tx: &mut Tx,
    vault: &Vault,
    destination: &Destination,
    overlap: Option<Overlap>,
    (actor, now): By<'_>,
) -> Result<Timestamp, DestinationError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    let until = overlap.map_or(now, |overlap| now.plus(overlap.duration()));
    bind_master_key(tx, vault).await?;
    destinations::lock(tx, destination.id).await?;
    let valid = secrets::list_valid(&mut *tx, destination.id, now).await?;
    if overlap.is_none() {
        secrets::expire_all(tx, destination.id, now).await?;
    } else if valid.iter().filter(|secret| secret.purpose == Purpose::Webhook).count() >= MAX_SIGNING_SECRETS {
        return Err(DestinationError::TooManySecrets);
    }
    for current in valid.iter().filter(|secret| secret.valid_until.is_none()) {
        secrets::expire(tx, destination.id, current.purpose, until).await?;
        insert_secret(tx, vault, (destination.id, current.purpose), (actor, now)).await?;
    }
    security_log::append(tx, actor, Action::DestinationSecretRotated, destination.id, now).await?;
    Ok(until)
}

/// Returns the current secrets, to be shown to the actor; `Err` within if they do not open.
///
/// # Errors
/// If the actor has no permission, or the database fails.
pub(crate) async fn reveal(
    tx: &mut Tx,
    vault: &Vault,
    destination: &Destination,
    (actor, now): By<'_>,
) -> Result<Result<CurrentSecrets, VaultError>, UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    security_log::append(tx, actor, Action::DestinationSecretRevealed, destination.id, now).await?;
    let valid = secrets::list_valid(tx, destination.id, now).await?;
    let open = |purpose| {
        let current = valid.iter().find(|secret| secret.purpose == purpose && secret.valid_until.is_none());
        current.map(|secret| secret.open(vault)).transpose()
    };
    Ok(open(Purpose::Webhook).and_then(|webhook| {
        Ok(CurrentSecrets { webhook: webhook.ok_or(VaultError::Damaged)?, gateway: open(Purpose::Gateway)? })
    }))
}

/// Records that a test event is about to be sent: in the original format it has the data of a customer.
pub(crate) async fn record_test(tx: &mut Tx, destination: &Destination, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    security_log::append(tx, actor, Action::DestinationTested, destination.id, now).await?;
    Ok(())
}

/// Pauses a destination: its deliveries wait.
pub(crate) async fn pause(tx: &mut Tx, destination: &Destination, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    destinations::lock(tx, destination.id).await?;
    if destinations::pause(tx, destination.id, PauseReason::User, now).await? {
        security_log::append(tx, actor, Action::DestinationPaused, destination.id, now).await?;
    }
    Ok(())
}

/// Resumes a destination: its waiting deliveries are sent, and its failures are forgotten.
pub(crate) async fn resume(tx: &mut Tx, destination: &Destination, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    destinations::lock(tx, destination.id).await?;
    if destinations::resume(tx, destination.id).await? {
        let mut health = destinations::health(&mut *tx, destination.id).await?;
        health.forget_failures();
        destinations::set_health(tx, destination.id, &health).await?;
        security_log::append(tx, actor, Action::DestinationResumed, destination.id, now).await?;
    }
    Ok(())
}

/// Deletes a destination. The job [`super::housekeeping`] cancels its waiting deliveries.
pub(crate) async fn delete(tx: &mut Tx, destination: &Destination, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    destinations::lock(tx, destination.id).await?;
    if destinations::delete(tx, destination.id).await? {
        secrets::expire_all(tx, destination.id, now).await?;
        headers::delete_all(tx, destination.id).await?;
        security_log::append(tx, actor, Action::DestinationDeleted, destination.id, now).await?;
    }
    Ok(())
}

/// Sends a delivery again now, under the same id; returns false if it is being sent.
pub(crate) async fn replay(
    tx: &mut Tx,
    destination: &Destination,
    delivery: DeliveryId,
    (actor, now): By<'_>,
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    destinations::lock(tx, destination.id).await?;
    let is_replayed = deliveries::replay(tx, destination.id, delivery, now).await?;
    if is_replayed {
        security_log::append(tx, actor, Action::DeliveriesReplayed, delivery, now).await?;
    }
    Ok(is_replayed)
}

/// Makes every waiting delivery of a destination due now, in small units of work; returns their number.
pub(crate) async fn send_waiting(db: &Db, destination: &Destination, (actor, now): By<'_>) -> Result<u64, UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    let (mut after, mut count) = (MessageId::least(), 0);
    loop {
        let mut tx = db.begin().await?;
        destinations::lock(&mut tx, destination.id).await?;
        let (sent, last) = deliveries::send_waiting(&mut tx, destination.id, after, now).await?;
        if sent > 0 && count == 0 {
            let mut health = destinations::health(&mut tx, destination.id).await?;
            health.close();
            destinations::set_health(&mut tx, destination.id, &health).await?;
            security_log::append(&mut tx, actor, Action::DeliveriesReplayed, destination.id, now).await?;
        }
        tx.commit().await?;
        count += sent;
        let Some(last) = last else { return Ok(count) };
        after = last;
    }
}

/// Skips a waiting delivery, so that a FIFO destination receives the next one; returns false if it is not waiting.
pub(crate) async fn skip(
    tx: &mut Tx,
    destination: &Destination,
    delivery: DeliveryId,
    (actor, now): By<'_>,
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    destinations::lock(tx, destination.id).await?;
    let is_skipped = deliveries::skip(tx, destination.id, delivery, now).await?;
    if is_skipped {
        security_log::append(tx, actor, Action::DeliverySkipped, delivery, now).await?;
    }
    Ok(is_skipped)
}
