//! The credentials of a gateway's API: a row for each field that the gateway's profile declares.
//!
//! Invariant: the value of a secret field is stored sealed, bound to its connection and its field; only others are ever shown.

pub(crate) mod store;

use zeroize::Zeroizing;

use super::{ApiKeyState, ConnectError, Connection, secrets};
use crate::{
    accounts::{
        authz::{Actor, Permission},
        security_log::{self, Action},
    },
    db::Tx,
    gateways::credentials::{ApiKeys, CredentialValues},
    primitives::{
        id::ConnectionId,
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// The sealing context of the values of secret fields.
const SEALED: &str = "credentials.sealed";

/// The stored value of a field of a connection.
#[derive(PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct StoredCredential {
    pub(crate) connection_id: ConnectionId,
    /// The name of the field.
    pub(crate) field: String,
    value: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl StoredCredential {
    /// Opens the value.
    ///
    /// # Errors
    /// If it was damaged, or swapped with that of another connection or field.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Zeroizing<String>, VaultError> {
        let Some(sealed) = &self.sealed else { return Ok(self.value.clone().unwrap_or_default().into()) };
        let bytes = vault.open(SEALED, &row(self.connection_id, &self.field), sealed)?;
        String::from_utf8(bytes.to_vec()).map(Into::into).map_err(|_| VaultError::Damaged)
    }
}

/// Returns the stored value of a field.
pub(crate) fn find<'a>(stored: &'a [StoredCredential], field: &str) -> Option<&'a StoredCredential> {
    stored.iter().find(|one| one.field == field)
}

/// Returns the value of a field that is shown; `None` if none is stored, or if it is sealed.
pub(crate) fn shown<'a>(stored: &'a [StoredCredential], field: &str) -> Option<&'a str> {
    find(stored, field)?.value.as_deref()
}

/// True if every field of the gateway has a value.
pub(crate) fn is_complete(stored: &[StoredCredential], keys: &ApiKeys) -> bool {
    keys.fields.iter().all(|field| find(stored, field.name).is_some())
}

/// Opens the values of all fields.
///
/// # Errors
/// The name of a field whose value was damaged or swapped.
pub(crate) fn open_all(stored: &[StoredCredential], keys: &ApiKeys, vault: &Vault) -> Result<CredentialValues, &'static str> {
    let mut values = CredentialValues::default();
    for field in keys.fields {
        if let Some(one) = find(stored, field.name) {
            values.add(field, one.open(vault).map_err(|_| field.name)?);
        }
    }
    Ok(values)
}

/// Returns every value that is shown.
pub(crate) fn all_shown(stored: Vec<StoredCredential>) -> Vec<String> {
    stored.into_iter().filter_map(|one| one.value).collect()
}

/// Credentials to store.
pub(crate) struct NewCredentials<'a> {
    /// The fields to replace; the others are left unchanged.
    pub(crate) values: &'a CredentialValues,
    pub(crate) state: ApiKeyState,
    /// The stored values that `state` is about, if it is about any.
    pub(crate) checked: Option<&'a [StoredCredential]>,
}

/// Stores the values, those of secret fields sealed, and the state of all of them. Returns false, and changes no value, if the
/// stored values are no longer those that were checked; the caller then rolls back.
pub(crate) async fn update(
    tx: &mut Tx,
    vault: &Vault,
    connection: &Connection,
    new: &NewCredentials<'_>,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<bool, ConnectError> {
    actor.require(Permission::ManageConnections, connection.company_id)?;
    let id = connection.id;
    // First, since this locks the row: of two concurrent forms, the values of one are stored, and never some of each.
    super::store::update_keys(tx, id, new.state, now).await?;
    if let Some(checked) = new.checked
        && store::list_of_connection(&mut *tx, id).await? != checked
    {
        return Ok(false);
    }
    if new.values.iter().any(|(field, _)| field.is_secret) {
        secrets::bind_master_key(tx, vault).await?;
    }
    for (field, value) in new.values.iter() {
        if field.is_secret {
            let sealed = vault.seal(SEALED, &row(id, field.name), value.as_bytes());
            store::put(tx, id, field.name, None, Some(&sealed)).await?;
        } else {
            store::put(tx, id, field.name, Some(value), None).await?;
        }
    }
    // Checking the stored keys again changes none.
    if new.values.iter().next().is_some() {
        security_log::append(tx, actor, Action::ApiKeysChanged, id, now).await?;
    }
    Ok(true)
}

/// The row that a sealed value is bound to. An id has a fixed length, so no two pairs have the same bytes.
fn row(connection: ConnectionId, field: &str) -> Vec<u8> {
    [&connection.to_bytes()[..], field.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::vault::MasterKey;

    #[test]
    fn a_sealed_value_opens_for_its_own_connection_and_field_alone() {
        let vault = Vault::new(MasterKey::generate());
        let own = ConnectionId::unique();
        let sealed = vault.seal(SEALED, &row(own, "passphrase"), b"forty-two camels");
        let stored = |connection_id, field: &str| StoredCredential {
            connection_id,
            field: field.to_owned(),
            value: None,
            sealed: Some(sealed.clone()),
        };
        assert_eq!(*stored(own, "passphrase").open(&vault).unwrap(), "forty-two camels");
        assert!(stored(own, "pin").open(&vault).is_err(), "another field");
        assert!(stored(ConnectionId::unique(), "passphrase").open(&vault).is_err(), "another connection");
        assert_eq!(shown(&[stored(own, "passphrase")], "passphrase"), None, "nothing sealed is shown");
    }
}
