//! Deletes `rejected_requests` over the storage quota. `eviction.rs` chooses them.

use crate::{
    db::{
        DbError, Tx,
        batch::{execute_rows, rows},
        run, sql,
    },
    primitives::id::{ConnectionId, RequestId},
    rejections::eviction::{self, EvictionCandidate, StorageQuota},
};

sql! {
    TAKEN = "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM rejected_requests WHERE connection_id = $1 GROUP BY rejection_id";
    LIST = "SELECT r.id, r.rejection_id, r.digest, r.eviction_rank, r.sender, r.bytes, r.recovered_at IS NOT NULL AS is_recovered, j.cause, \
            j.key_digest FROM rejected_requests r JOIN rejections j ON j.id = r.rejection_id WHERE r.connection_id = $1 ORDER BY r.id";
}

rows! {
    EVICT = "DELETE FROM rejected_requests WHERE id IN (", "?", ")";
}

/// Evicts the lowest-ranked requests if a connection or one of its rejections exceeds its quota.
pub(crate) async fn trim(tx: &mut Tx, connection: ConnectionId, room: StorageQuota) -> Result<(), DbError> {
    let taken: Vec<(i64, i64)> = run!(&mut *tx, |conn| sqlx::query_as(TAKEN).bind(connection).fetch_all(conn).await)?;
    let all = taken.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    if room.fits(all) && taken.iter().all(|one| room.of_one().fits(*one)) {
        return Ok(());
    }
    let stored: Vec<EvictionCandidate> = run!(&mut *tx, |conn| sqlx::query_as(LIST).bind(connection).fetch_all(conn).await)?;
    let gone: Vec<RequestId> = eviction::evicted(&stored, room);
    execute_rows!(tx, EVICT, &gone, |query, id| query.bind(*id))?;
    Ok(())
}
