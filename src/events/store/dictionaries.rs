//! The `payload_dictionaries` table, which lists the dictionaries that the stored frames need.
//!
//! Invariant: a dictionary is listed before the first frame that needs it is written.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    events::payload::dictionaries::{DICTIONARIES, first_missing},
};

sql! {
    LIST = "SELECT id, sha256 FROM payload_dictionaries ORDER BY id";
    ADD = "INSERT INTO payload_dictionaries (id, sha256) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
}

/// Lists this program's dictionaries.
pub(crate) async fn register(tx: &mut Tx) -> Result<(), DbError> {
    for dictionary in DICTIONARIES {
        execute!(&mut *tx, sqlx::query(ADD).bind(i64::from(dictionary.id)).bind(dictionary.sha256().as_slice()))?;
    }
    Ok(())
}

/// Returns the id of the first listed dictionary that this program does not have, or has with other contents.
pub(crate) async fn missing(on: impl Into<Exec<'_>>) -> Result<Option<i64>, DbError> {
    let listed: Vec<(i64, Vec<u8>)> = run!(on, |conn| sqlx::query_as(LIST).fetch_all(conn).await)?;
    Ok(first_missing(&listed))
}
