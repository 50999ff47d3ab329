//! Deletes bodies and headers once their retention period, if configured, is over.
//!
//! Invariant: the event itself stays, with its deduplication keys, so that an event which the gateway sends again, however
//! late, is recognised as a duplicate.

use std::time::Duration;

use super::store::log;
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::Clock,
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
        let before = self.clock.now().minus(self.period);
        let count = delete_in_small_units(&self.db, before, log::delete_payloads).await?;
        if count > 0 {
            tracing::info!(count, "expired bodies were deleted");
        }
        Ok(())
    }
}
