//! The `versions` table: how often what decides about an arriving request has changed. Triggers raise it.

use crate::db::{DbError, Exec, run, sql};

sql! {
    FIND_VERSION = "SELECT version FROM versions WHERE name = 'receivers'";
}

/// Rises with every change of an endpoint, a SECRET, or whether an app or a connection is switched on.
pub(crate) async fn version(on: impl Into<Exec<'_>>) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_VERSION).fetch_one(conn).await)
}
