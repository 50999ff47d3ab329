//! How long bodies are kept, where an operator has set it: then they are deleted, with their headers.
//!
//! The rule: the event itself stays, with what tells a duplicate from something new. A gateway may send an event again
//! for as long as it likes; it is never taken for another.

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

/// How often it is looked for bodies whose time is over.
const EVERY: Duration = Duration::from_hours(1);
/// How many are deleted in one unit of work, so that events that arrive wait for a moment only.
const AT_ONCE: i64 = 500;
/// The pause between two such units.
const PAUSE: Duration = Duration::from_millis(50);

/// Deletes what was kept long enough, now and every hour.
pub(crate) async fn run(db: Db, clock: Clock, keep: Duration) {
    loop {
        match delete(&db, clock.now().minus(keep)).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "bodies were deleted whose time was over"),
            Err(error) => tracing::warn!(%error, "bodies whose time is over could not be deleted; it is tried again in an hour"),
        }
        sleep(EVERY).await;
    }
}

/// Deletes the bodies that came before that moment; how many.
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
