//! The `versions` table: a counter that triggers raise when endpoints or secrets change.

use crate::db::{DbError, Exec, run, sql};

sql! {
    FIND_VERSION = "SELECT version FROM versions WHERE name = 'endpoints'";
}

/// Returns the version, which rises with every change of an endpoint or a secret, of the time zones of an app, and when an
/// app or a connection is enabled or disabled.
pub(crate) async fn version(on: impl Into<Exec<'_>>) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_VERSION).fetch_one(conn).await)
}
