//! Deletes old runs and records of messages, and makes runs due that were scheduled by a clock running ahead.
//!
//! Invariant: small units of work, so that ingestion never waits long.

use std::time::Duration;

use super::store::{messages, runs};
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::{CLOCK_TOLERANCE, Clock},
};

/// How long a run is stored.
const RETENTION: Duration = Duration::from_hours(90 * 24);
/// The longest period of a limit.
pub(crate) const COUNTED_PERIOD: Duration = Duration::from_hours(24);
/// The longest interval between two checks of a run with open deliveries: those to a paused destination stay open for weeks.
pub(crate) const MAX_PAUSE: Duration = Duration::from_hours(6);

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
        let (old_runs, old_messages) = (now.minus(RETENTION), now.minus(COUNTED_PERIOD));
        delete_in_small_units(&self.db, times, async |tx, times, limit| runs::repair(tx, times, limit).await).await?;
        delete_in_small_units(&self.db, old_runs, async |tx, before, limit| runs::delete_before(tx, before, limit).await).await?;
        delete_in_small_units(&self.db, old_messages, async |tx, before, limit| messages::delete_before(tx, before, limit).await)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        automations::{
            runs::{RunState, SkipReason},
            store::{messages::Counted, runs::NewRun},
        },
        db::test_db::TestDb,
        primitives::{
            id::{AppId, AutomationId, RunId, TransactionId},
            time::Timestamp,
        },
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn runs_are_deleted_after_90_days_and_counted_messages_after_one_and_absurd_times_become_due() {
        let test = TestDb::new("automation_retention").await;
        let (automation, now) = (AutomationId::unique(), Timestamp::from_seconds(1_795_343_400));
        let run = |key: &str, at: Timestamp, skipped: Option<SkipReason>| NewRun {
            id: RunId::unique(),
            automation,
            app: AppId::unique(),
            transaction: TransactionId::unique(),
            change_key: key.to_owned(),
            occurred_at: at,
            money: None,
            skipped,
            now: at,
        };
        let days = |days: u64| now.minus(Duration::from_hours(24 * days));
        let ahead = now.plus(Duration::from_hours(24 * 365));
        let (old, recent) = (run("old", days(91), Some(SkipReason::TooOld)), run("recent", days(89), Some(SkipReason::TooOld)));
        let planned = run("planned", ahead, None);
        let mut tx = test.db.begin().await.unwrap();
        runs::insert(&mut tx, &[old, recent, planned]).await.unwrap();
        for at in [now.minus(COUNTED_PERIOD + Duration::from_secs(1)), now.minus(Duration::from_hours(23))] {
            let counted = Counted { automation, run: RunId::unique(), recipient: [7; 32], company: None, at };
            messages::insert(&mut tx, &counted).await.unwrap();
        }
        assert!(runs::list_due(&mut tx, now, 10).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        AutomationRetention { db: test.db.clone(), clock: Clock::fixed(now) }.run().await.unwrap();
        let mut reader = test.db.reader().await.unwrap();
        let latest = runs::find_latest(&mut reader, automation).await.unwrap().unwrap();
        assert_eq!((latest.change_key.as_str(), latest.state), ("planned", RunState::Waiting));
        assert_eq!(runs::count_in_state(&mut reader, automation, RunState::Skipped).await.unwrap(), 1);
        assert_eq!(runs::list_due(&mut reader, now, 10).await.unwrap().len(), 1);
        let count = async |reader: &mut _| messages::count_since(reader, automation, &[7; 32], days(9)).await.unwrap();
        assert_eq!(count(&mut reader).await, 1);
        drop(reader);
        test.end().await;
    }
}
