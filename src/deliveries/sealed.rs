//! Finds sealed values of destinations that cannot be decrypted because they were damaged, or swapped with another row's, in the database.

use super::store::{
    headers::{self, StoredHeader},
    secrets::{self, StoredSecret},
};
use crate::{
    db::{Db, DbError},
    primitives::{time::Timestamp, vault::Vault},
};

/// Tries every valid secret of every destination, and returns those that cannot be decrypted.
pub(crate) async fn unreadable_secrets(db: &Db, vault: &Vault, now: Timestamp) -> Result<Vec<StoredSecret>, DbError> {
    let mut stored = secrets::list_all_valid(&mut db.bulk_reader().await?, now).await?;
    stored.retain(|secret| secret.open(vault).is_err());
    Ok(stored)
}

/// Tries every fixed header of every destination, and returns those that cannot be decrypted.
pub(crate) async fn unreadable_headers(db: &Db, vault: &Vault) -> Result<Vec<StoredHeader>, DbError> {
    let mut stored = headers::list_of_all(&mut db.bulk_reader().await?).await?;
    stored.retain(|header| header.open(vault).is_err());
    Ok(stored)
}
