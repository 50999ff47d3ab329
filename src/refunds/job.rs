//! The leased job that continues refund requests until their outcome is known.

use std::time::Duration;

use super::{RefundRequest, Refunder, store};
use crate::{db::DbError, jobs::Periodic};

/// The number of due requests that are read at a time.
const BATCH: i64 = 20;

/// When a request that could not be continued is attempted again.
pub(super) const ERROR_PAUSE: Duration = Duration::from_mins(1);

/// Longer than any pause of a request.
const MAX_AHEAD: Duration = Duration::from_hours(1);

/// Continues the requests that are due, one after the other: gateways limit how often they are asked.
pub(crate) struct Refunding(pub(crate) Refunder);

impl Refunding {
    async fn list_due(&self, limit: i64) -> Result<Vec<RefundRequest>, DbError> {
        let now = self.0.clock.now();
        store::list_due(&mut self.0.db.bulk_reader().await?, (now, now.plus(MAX_AHEAD)), limit).await
    }
}

impl Periodic for Refunding {
    const NAME: &'static str = "refunds";

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn has_work(&mut self) -> Result<bool, DbError> {
        Ok(!self.list_due(1).await?.is_empty())
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let due = self.list_due(BATCH).await?;
        let mut outcome = Ok(());
        // A failure does not stop the other requests.
        for request in due {
            let (id, resumed) = (request.id, self.0.resume(request).await);
            if resumed.is_err() {
                // Those that always fail must not be all that a batch has.
                self.0.look_later(id, ERROR_PAUSE).await.ok();
            }
            outcome = resumed.and(outcome);
        }
        outcome
    }
}
