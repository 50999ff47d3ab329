//! Finds payments that exist in both modes: a payment is either test or live, so this is a misconfiguration at the gateway.

use crate::{
    db::{DbError, Exec, run, sql},
    gateways::Mode,
    primitives::id::{AppId, TransactionId},
};

sql! {
    /// Among the newest 50. Finds the counterpart by its connection, because payments have no index by app and payment id.
    FIND_LAST = "SELECT mine.payment_id FROM \
                 (SELECT payment_id, created_at FROM transactions WHERE app_id = $1 AND mode = $2 ORDER BY created_at DESC, id DESC LIMIT 50) mine \
                 JOIN transactions other ON other.connection_id IN (SELECT id FROM connections WHERE app_id = $1) \
                 AND other.payment_id = mine.payment_id WHERE other.mode <> $2 ORDER BY mine.created_at DESC, mine.payment_id LIMIT 1";
    FIND_OF = "SELECT other.id FROM transactions mine JOIN transactions other \
               ON other.connection_id IN (SELECT id FROM connections WHERE app_id = $1) AND other.payment_id = mine.payment_id \
               WHERE mine.app_id = $1 AND mine.id = $2 AND other.mode <> mine.mode ORDER BY other.id LIMIT 1";
}

/// Returns the latest payment that exists in both modes, among the newest of this mode.
pub(crate) async fn latest_payment_in_both_modes(
    on: impl Into<Exec<'_>>,
    app: AppId,
    mode: Mode,
) -> Result<Option<String>, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_LAST).bind(app).bind(mode.slug()).fetch_optional(conn).await)
}

/// Finds the transaction of the same payment in the other mode.
pub(crate) async fn counterpart(
    on: impl Into<Exec<'_>>,
    app: AppId,
    id: TransactionId,
) -> Result<Option<TransactionId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_OF).bind(app).bind(id).fetch_optional(conn).await)
}
