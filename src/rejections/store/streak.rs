//! Which requests of a streak of rejections were recovered.

use crate::{
    connections::activity::Streak,
    db::{DbError, Tx, run, sql},
    primitives::id::ConnectionId,
    rejections::eviction::EvictionRank,
};

sql! {
    /// Requests rejected for their own content, as activity counts them: one at a disabled connection proves no fault.
    COUNT = "SELECT CAST(COALESCE(SUM(CASE WHEN q.recovered_at IS NULL THEN q.count ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN q.recovered_at IS NULL THEN 0 ELSE q.count END), 0) AS BIGINT) \
             FROM rejected_requests q JOIN rejections r ON r.id = q.rejection_id \
             WHERE q.connection_id = $1 AND q.last_at >= $2 AND q.eviction_rank <= $3 \
             AND r.reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance')";
}

/// True if every request of the streak with at most that rank was recovered. False if one was not stored, since it cannot have
/// been. The caller has locked the activity, so that no request is being added.
pub(crate) async fn is_recovered(
    tx: &mut Tx,
    connection: ConnectionId,
    streak: Streak,
    rank: EvictionRank,
) -> Result<bool, DbError> {
    let (left, recovered): (i64, i64) =
        run!(tx, |conn| sqlx::query_as(COUNT).bind(connection).bind(streak.since).bind(rank as i64).fetch_one(conn).await)?;
    Ok(left == 0 && recovered >= streak.count)
}
