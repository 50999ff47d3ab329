//! Cancels open deliveries of deleted destinations, corrects times that a clock ahead of time has planned, and deletes old responses and
//! bodies of runs.
//!
//! Invariant: small units of work, so that ingestion never waits long.

use std::time::Duration;

use super::store::{attempts, bodies, claims, deliveries};
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::Clock,
};

/// How long responses of destinations are stored.
pub(crate) const RESPONSE_RETENTION: Duration = Duration::from_hours(30 * 24);

/// The longest time that the body of a run is stored: as long as the run.
const RUN_BODY_RETENTION: Duration = Duration::from_hours(90 * 24);

/// The periodic job.
pub(crate) struct DeliveryHousekeeping {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    /// How long bodies are stored, if that is limited.
    pub(crate) body_retention: Option<Duration>,
}

impl Periodic for DeliveryHousekeeping {
    const NAME: &'static str = "deliveries";

    fn interval(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let now = self.clock.now();
        delete_in_small_units(&self.db, now, async |tx, now, limit| deliveries::cancel_of_deleted(tx, now, limit).await).await?;
        delete_in_small_units(&self.db, now, async |tx, now, limit| claims::repair(tx, now, limit).await).await?;
        let before = now.minus(RESPONSE_RETENTION);
        delete_in_small_units(&self.db, before, async |tx, before, limit| attempts::delete_responses(tx, before, limit).await)
            .await?;
        let before = now.minus(self.body_retention.unwrap_or(RUN_BODY_RETENTION).min(RUN_BODY_RETENTION));
        delete_in_small_units(&self.db, before, async |tx, before, limit| bodies::delete_before(tx, before, limit).await).await?;
        Ok(())
    }
}
