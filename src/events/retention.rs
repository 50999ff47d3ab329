//! Deletes bodies and headers once their retention period, if configured, is over.
//!
//! Invariant: the event itself stays, with its deduplication keys, so that an event which the gateway sends again, however
//! late, is recognised as a duplicate.

use std::time::Duration;

use tokio::time::sleep;

use super::store::log;
use crate::{
    db::{Db, DbError},
    primitives::{
        id::EventId,
        time::{Clock, Timestamp},
    },
};

/// Interval between searches for expired bodies.
const EVERY: Duration = Duration::from_hours(1);
/// The maximum number deleted in one unit of work, so that incoming events wait only briefly.
const AT_ONCE: i64 = 500;
/// The pause between two such units of work.
const PAUSE: Duration = Duration::from_millis(50);

/// Deletes expired bodies immediately and then every hour.
pub(crate) async fn run(db: Db, clock: Clock, keep: Duration) {
    loop {
        match delete(&db, clock.now().minus(keep)).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "expired bodies were deleted"),
            Err(error) => tracing::warn!(%error, "expired bodies could not be deleted; retrying in an hour"),
        }
        sleep(EVERY).await;
    }
}

/// Deletes the bodies received before `before`; returns their number.
async fn delete(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let before = EventId::first_at(before);
    let mut deleted = 0;
    loop {
        let mut tx = db.begin().await?;
        let count = log::delete_payloads(&mut tx, before, AT_ONCE).await?;
        tx.commit().await?;
        deleted += count;
        if count < AT_ONCE.unsigned_abs() {
            return Ok(deleted);
        }
        sleep(PAUSE).await;
    }
}
