//! Finds copies of a signed text among `rejected_requests`.

use crate::{
    db::{DbError, Tx, run, sql},
    primitives::id::{ConnectionId, RequestId},
};

sql! {
    /// Those at a disabled connection prove no fault, whatever they are signed with.
    HAS_COPY = "SELECT EXISTS (SELECT 1 FROM rejected_requests q JOIN rejections r ON r.id = q.rejection_id \
                WHERE q.connection_id = $1 AND q.digest IN ($2, $3) AND q.id <> $4 AND r.reason <> 'disabled')";
}

/// Whether another request with one of these digests was rejected at the connection, and is stored.
pub(crate) async fn has_copy(
    tx: &mut Tx,
    connection: ConnectionId,
    digests: &[[u8; 32]],
    but: RequestId,
) -> Result<bool, DbError> {
    let [one, other] = digests else { return Ok(false) };
    run!(tx, |conn| sqlx::query_scalar(HAS_COPY)
        .bind(connection)
        .bind(one.as_slice())
        .bind(other.as_slice())
        .bind(but)
        .fetch_one(conn)
        .await)
}
