//! Deletes old messages, and corrects times that a clock which was ahead has planned.
//!
//! Invariant: small units of work, so that ingestion never waits long.

use std::time::Duration;

use super::{schedule::MAX_DELAY, store, worker::MAX_CLAIM};
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::{CLOCK_TOLERANCE, Clock},
};

/// How long what is known of a message is stored. Its text is deleted when it ends.
pub(crate) const RETENTION: Duration = Duration::from_hours(30 * 24);

/// The periodic job.
pub(crate) struct NotificationRetention {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Periodic for NotificationRetention {
    const NAME: &'static str = "notifications";

    fn interval(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let now = self.clock.now();
        let latest = now.plus(MAX_DELAY.max(MAX_CLAIM) + CLOCK_TOLERANCE);
        let (repaired, before) = ((latest, now), now.minus(RETENTION));
        delete_in_small_units(&self.db, repaired, async |tx, times, limit| store::repair(tx, times, limit).await).await?;
        delete_in_small_units(&self.db, before, async |tx, before, limit| store::delete_before(tx, before, limit).await).await?;
        Ok(())
    }
}
