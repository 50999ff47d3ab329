//! Deletes old runs and records of emails, and corrects times that a clock which was ahead has planned.
//!
//! Invariant: small units of work, so that ingestion never waits long.

use std::time::Duration;

use super::store::{emails, runs};
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::{CLOCK_TOLERANCE, Clock},
};

/// How long a run is stored.
const RETENTION: Duration = Duration::from_hours(90 * 24);
/// For how long emails to a recipient are counted.
pub(crate) const EMAIL_PERIOD: Duration = Duration::from_hours(24);
/// The longest time after which a run is looked at again.
pub(crate) const MAX_PAUSE: Duration = Duration::from_mins(10);

/// The periodic job.
pub(crate) struct AutomationRetention {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Periodic for AutomationRetention {
    const NAME: &'static str = "automation_retention";

    fn interval(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let now = self.clock.now();
        let times = (now, MAX_PAUSE + CLOCK_TOLERANCE);
        let (old_runs, old_emails) = (now.minus(RETENTION), now.minus(EMAIL_PERIOD));
        delete_in_small_units(&self.db, times, async |tx, times, limit| runs::repair(tx, times, limit).await).await?;
        delete_in_small_units(&self.db, old_runs, async |tx, before, limit| runs::delete_before(tx, before, limit).await).await?;
        delete_in_small_units(&self.db, old_emails, async |tx, before, limit| emails::delete_before(tx, before, limit).await)
            .await?;
        Ok(())
    }
}
