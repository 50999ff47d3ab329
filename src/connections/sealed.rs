//! Finds sealed values that cannot be opened because they were damaged, or swapped with another row's, in the database.

use super::{credentials, secrets, store};
use crate::{
    db::{Db, DbError},
    gateways::{Gateway, Mode},
    primitives::{
        id::{AppId, ConnectionId, SecretId},
        time::Timestamp,
        vault::Vault,
    },
};

/// A sealed value that does not open, and the connection it belongs to.
pub(crate) struct Unreadable {
    pub(crate) app: AppId,
    pub(crate) connection: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) value: SealedValue,
}

/// What a sealed value is.
pub(crate) enum SealedValue {
    WebhookSecret(SecretId),
    /// A credential of the gateway's API, by the name of its field.
    Credential(String),
}

/// Tries every valid webhook secret and every sealed credential of the installation, and returns those that do not open.
pub(crate) async fn find_unreadable(db: &Db, vault: &Vault, now: Timestamp) -> Result<Vec<Unreadable>, DbError> {
    let mut reader = db.bulk_reader().await?;
    let connections = store::list_all(&mut reader).await?;
    let secrets = secrets::list_all_valid(&mut reader, now).await?;
    let credentials = credentials::store::list_all_sealed(&mut reader).await?;
    drop(reader);
    let secrets = secrets.iter().filter(|stored| stored.open(vault).is_err());
    let secrets = secrets.map(|stored| (stored.connection_id, SealedValue::WebhookSecret(stored.id)));
    let credentials = credentials.into_iter().filter(|stored| stored.open(vault).is_err());
    let credentials = credentials.map(|stored| (stored.connection_id, SealedValue::Credential(stored.field)));
    let with_connection = |(id, value): (ConnectionId, SealedValue)| {
        let connection = connections.iter().find(|connection| connection.id == id)?;
        let (app, gateway, mode) = (connection.app_id, connection.gateway, connection.mode);
        Some(Unreadable { app, connection: id, gateway, mode, value })
    };
    Ok(secrets.chain(credentials).filter_map(with_connection).collect())
}
