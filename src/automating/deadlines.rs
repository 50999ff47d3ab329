//! The leased job that creates the runs of automations for disputes that must be answered soon.
//!
//! Invariant: an automation has one run for each dispute, however often the job finds it. What has a run is not written again.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    automations::{
        deadlines,
        store::{
            automations::{self, Reacting},
            runs::{self, NewRun},
        },
    },
    db::{Db, DbError, Tx, ids},
    jobs::{Pace, Periodic},
    ledger::payments::{
        disputes::DueDispute,
        store::open_disputes::{self, DueCursor},
    },
    primitives::{
        id::RunId,
        time::{Clock, Timestamp},
    },
};

/// The shortest pause between two runs of the job.
const MIN_INTERVAL: Duration = Duration::from_secs(2);

/// Finds disputes that must be answered soon.
pub(crate) struct Deadlines {
    db: Db,
    clock: Clock,
    pace: Pace,
}

impl Periodic for Deadlines {
    const NAME: &'static str = "dispute_deadlines";

    fn interval(&self) -> Duration {
        self.pace.interval()
    }

    async fn has_work(&mut self) -> Result<bool, DbError> {
        Ok(!self.automations().await?.is_empty())
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let began = Instant::now();
        let outcome = self.find_all().await;
        self.pace.ran_since(began);
        outcome
    }
}

impl Deadlines {
    pub(crate) fn new(db: &Db, clock: &Clock) -> Self {
        Self { db: db.clone(), clock: clock.clone(), pace: Pace::at_least(MIN_INTERVAL) }
    }

    async fn automations(&self) -> Result<Vec<Reacting>, DbError> {
        automations::list_of_deadlines(&mut self.db.bulk_reader().await?).await
    }

    /// Looks through the apps with such automations; a failure does not keep the others from it.
    async fn find_all(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let mut outcome = Ok(());
        for automations in self.automations().await?.chunk_by(|one, other| (one.app, one.mode) == (other.app, other.mode)) {
            outcome = self.find(automations, now).await.and(outcome);
        }
        outcome
    }

    /// Creates the runs of the automations of an app and mode.
    async fn find(&self, automations: &[Reacting], now: Timestamp) -> Result<(), DbError> {
        let Some(first) = automations.first() else { return Ok(()) };
        let (scope, until) = ((first.app, first.mode), deadlines::until(now));
        let mut after = DueCursor::from(now);
        loop {
            let mut reader = self.db.bulk_reader().await?;
            let due = open_disputes::list_due(&mut reader, scope, (&after, until)).await?;
            let Some(last) = due.last() else { return Ok(()) };
            after = DueCursor::after(last);
            let mut new = Vec::new();
            for due in &due {
                for automation in automations {
                    let run = new_run(automation, due, now);
                    if deadlines::reacts(automation, due)
                        && !runs::exists(&mut reader, (run.transaction, run.automation), &run.change_key).await?
                    {
                        new.push(run);
                    }
                }
            }
            drop(reader);
            self.store(new).await?;
        }
    }

    async fn store(&self, mut new: Vec<NewRun>) -> Result<(), DbError> {
        if new.is_empty() {
            return Ok(());
        }
        let insert = async |tx: &mut Tx| {
            let ids = ids::take(tx, new.len()).await?;
            new.iter_mut().zip(ids).for_each(|(run, id)| run.id = id);
            runs::insert(tx, &new).await
        };
        self.db.write_with_timeout(insert).await
    }
}

/// Returns the run of an automation for a dispute, without an id.
fn new_run(automation: &Reacting, due: &DueDispute, now: Timestamp) -> NewRun {
    let change = deadlines::change(due);
    NewRun {
        id: RunId::least(),
        automation: automation.id,
        app: automation.app,
        transaction: due.open.transaction,
        change_key: change.key(),
        occurred_at: change.at,
        money: change.money,
        skipped: deadlines::skip_reason(automation, &change),
        now,
    }
}
