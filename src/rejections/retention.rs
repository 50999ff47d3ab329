//! Deletes rejections after as long as a gateway's support can send events again, which is shorter than any body retention.

use std::time::Duration;

use super::{RETENTION, store};
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::Clock,
};

/// Deletes requests received before the retention period, and then the rejections that ended before it.
pub(crate) struct RejectionRetention {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Periodic for RejectionRetention {
    const NAME: &'static str = "delete_expired_rejections";

    fn interval(&self) -> Duration {
        Duration::from_hours(1)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let before = self.clock.now().minus(RETENTION);
        let requests = delete_in_small_units(&self.db, before, store::delete_requests).await?;
        let count = requests + delete_in_small_units(&self.db, before, store::delete).await?;
        if count > 0 {
            tracing::info!(count, "expired rejections were deleted");
        }
        Ok(())
    }
}
