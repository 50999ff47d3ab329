//! Finds sealed values that cannot be opened because they were damaged, or swapped with another row's, in the database.

use super::{open_key_secret, secrets, store};
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
    /// The id of the webhook secret; `None` for the Key Secret of the API keys.
    pub(crate) secret: Option<SecretId>,
}

/// Tries every valid webhook secret and every Key Secret of the installation, and returns those that do not open.
pub(crate) async fn find_unreadable(db: &Db, vault: &Vault, now: Timestamp) -> Result<Vec<Unreadable>, DbError> {
    let mut reader = db.reader().await?;
    let connections = store::list_all(&mut reader).await?;
    let secrets = secrets::list_all_valid(&mut reader, now).await?;
    let keys = store::list_all_key_secrets(&mut reader).await?;
    drop(reader);
    let secrets = secrets.iter().filter(|stored| stored.open(vault).is_err());
    let keys = keys.iter().filter(|(id, sealed)| open_key_secret(vault, *id, sealed).is_err());
    let all = secrets.map(|stored| (stored.connection_id, Some(stored.id))).chain(keys.map(|(id, _)| (*id, None)));
    let with_connection = |(id, secret): (ConnectionId, Option<SecretId>)| {
        let connection = connections.iter().find(|connection| connection.id == id)?;
        let (app, gateway, mode) = (connection.app_id, connection.gateway, connection.mode);
        Some(Unreadable { app, connection: id, gateway, mode, secret })
    };
    Ok(all.filter_map(with_connection).collect())
}
