//! How long rejections are kept: as far back as a gateway's support can send events again, which is shorter than any time that bodies are kept for.

use std::time::Duration;

use tokio::time::sleep;

use super::{RETENTION, store};
use crate::{
    db::{Db, DbError},
    primitives::time::{Clock, Timestamp},
};

/// How often expired rejections are searched.
const DELETE_INTERVAL: Duration = Duration::from_hours(1);
/// The most rows deleted in one unit of work, so that incoming events wait only briefly.
const MAX_ROWS_PER_COMMIT: i64 = 500;
/// The pause between two units of work.
const PAUSE_BETWEEN_COMMITS: Duration = Duration::from_millis(50);

/// Deletes expired rejections, now and every hour.
pub(crate) async fn run(db: Db, clock: Clock) {
    loop {
        match delete(&db, clock.now().minus(RETENTION)).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "expired rejections were deleted"),
            Err(error) => tracing::warn!(%error, "expired rejections could not be deleted; retrying in an hour"),
        }
        sleep(DELETE_INTERVAL).await;
    }
}

/// Deletes requests received before that time, and rejections that ended before it. Returns the number of rows.
async fn delete(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let mut deleted = 0;
    loop {
        let mut tx = db.begin().await?;
        let first = store::delete_requests(&mut tx, before, MAX_ROWS_PER_COMMIT).await?;
        let then = store::delete(&mut tx, before, MAX_ROWS_PER_COMMIT).await?;
        tx.commit().await?;
        deleted += first + then;
        if first.max(then) < MAX_ROWS_PER_COMMIT.unsigned_abs() {
            return Ok(deleted);
        }
        sleep(PAUSE_BETWEEN_COMMITS).await;
    }
}
