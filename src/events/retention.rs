//! Deletes bodies and headers once their retention period, if configured, is over.
//!
//! Invariant: the event itself stays, with its deduplication keys, so that an event which the gateway sends again, however
//! late, is recognised as a duplicate.

use std::time::Duration;

use tokio::time::sleep;

use super::store::log;
use crate::{
    db::{Db, DbError},
    jobs::{MAX_ROWS_PER_COMMIT, PAUSE_BETWEEN_COMMITS, Periodic},
    primitives::{
        id::EventId,
        time::{Clock, Timestamp},
    },
};

/// Deletes the bodies and headers of events received longer ago than that.
pub(crate) struct BodyRetention {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) period: Duration,
}

impl Periodic for BodyRetention {
    const NAME: &'static str = "delete_expired_bodies";

    fn interval(&self) -> Duration {
        Duration::from_hours(1)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let now = self.clock.now();
        let before = now.minus(self.period);
        let (mut after, mut deleted) = (EventId::least(), 0);
        loop {
            let mut tx = self.db.begin().await?;
            let listed = log::list_payloads(&mut tx, after, MAX_ROWS_PER_COMMIT).await?;
            let is_expired = |at: &Timestamp| *at < before;
            let expired: Vec<EventId> = listed.iter().filter(|(_, at)| is_expired(at)).map(|(id, _)| *id).collect();
            deleted += log::delete_payloads(&mut tx, &expired).await?;
            tx.commit().await?;
            // Ids are nearly in the order of time. Where a clock was ahead, expired ones may follow.
            let may_follow = |(_, at): &(EventId, Timestamp)| is_expired(at) || *at > now;
            let Some((last, _)) = listed.last().filter(|_| listed.iter().any(may_follow)) else { break };
            after = *last;
            sleep(PAUSE_BETWEEN_COMMITS).await;
        }
        if deleted > 0 {
            tracing::info!(count = deleted, "expired bodies were deleted");
        }
        Ok(())
    }
}
