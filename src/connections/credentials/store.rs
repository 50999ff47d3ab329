//! Store of the `credentials` table.

use super::StoredCredential;
use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::id::{CompanyId, ConnectionId},
};

/// The selected columns, in the same order in every query.
macro_rules! columns {
    () => {
        "k.connection_id, k.field, k.value, k.sealed"
    };
}

sql! {
    LIST_OF_CONNECTION = concat!("SELECT ", columns!(), " FROM credentials k WHERE k.connection_id = $1 ORDER BY k.field");
    LIST_SHOWN = concat!("SELECT ", columns!(), " FROM connections c JOIN credentials k ON k.connection_id = c.id \
                 WHERE c.company_id = $1 AND k.value IS NOT NULL ORDER BY c.app_id, c.gateway, c.mode, k.field");
    LIST_SEALED = concat!("SELECT ", columns!(), " FROM connections c JOIN credentials k ON k.connection_id = c.id \
                  WHERE c.company_id = $1 AND k.sealed IS NOT NULL ORDER BY c.id DESC, k.field LIMIT $2");
    LIST_ALL_SEALED = concat!("SELECT ", columns!(), " FROM credentials k WHERE k.sealed IS NOT NULL ORDER BY k.connection_id, k.field");
    PUT = "INSERT INTO credentials (connection_id, field, value, sealed) VALUES ($1, $2, $3, $4) \
           ON CONFLICT (connection_id, field) DO UPDATE SET value = excluded.value, sealed = excluded.sealed";
}

/// Lists the values of a connection. The caller has checked access to it.
pub(crate) async fn list_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
) -> Result<Vec<StoredCredential>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_CONNECTION).bind(connection).fetch_all(conn).await)
}

/// Lists the values of a company that pages show.
pub(crate) async fn list_shown(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<StoredCredential>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_SHOWN).bind(company).fetch_all(conn).await)
}

/// Lists the sealed values of a company's newest connections, at most that many.
pub(crate) async fn list_sealed(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    most: i64,
) -> Result<Vec<StoredCredential>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_SEALED).bind(company).bind(most).fetch_all(conn).await)
}

/// Lists the sealed values of all companies: for `ks-pay doctor` only.
pub(in crate::connections) async fn list_all_sealed(on: impl Into<Exec<'_>>) -> Result<Vec<StoredCredential>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_ALL_SEALED).fetch_all(conn).await)
}

/// Stores the value of a field, either as text or sealed, in place of the one before.
pub(super) async fn put(
    tx: &mut Tx,
    connection: ConnectionId,
    field: &str,
    value: Option<&str>,
    sealed: Option<&[u8]>,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(PUT).bind(connection).bind(field).bind(value).bind(sealed))?;
    Ok(())
}
