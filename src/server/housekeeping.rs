//! The periodic jobs of a server.
//!
//! Those that change stored data are leased, so that of several servers on a database one runs them. The others look after
//! this process's own files.

use std::time::Duration;

use crate::{
    alerting::{digests::Digests, job::Alerting},
    alerts::retention::AlertRetention,
    automating::{deadlines::Deadlines, job::Automating},
    automations::retention::AutomationRetention,
    clock_check::TimeRepair,
    db::{Db, DbError, file_identity::FileWatch},
    deliveries::housekeeping::DeliveryHousekeeping,
    events::retention::BodyRetention,
    jobs::{Jobs, Leased, Periodic},
    ledger::payments::zone_changes::ZoneChanges,
    notifications::retention::NotificationRetention,
    primitives::time::Clock,
    refunds::{Refunder, automatic::job::AutomaticRefunding, job::Refunding},
    rejections::retention::RejectionRetention,
    replays::job::Replaying,
};

/// Starts the periodic jobs. `body_retention` is how long bodies are stored, if that is limited.
pub(super) fn start(
    db: &Db,
    clock: &Clock,
    body_retention: Option<Duration>,
    (alerting, digests, automating): (Alerting, Digests, Automating),
    refunder: &Refunder,
) -> Jobs {
    let mut jobs = Jobs::new();
    let retention = RejectionRetention { db: db.clone(), clock: clock.clone() };
    jobs.start(Leased::new(retention, db, clock));
    if let Some(period) = body_retention {
        let retention = BodyRetention { db: db.clone(), clock: clock.clone(), period };
        jobs.start(Leased::new(retention, db, clock));
    }
    jobs.start(Leased::new(TimeRepair { db: db.clone(), clock: clock.clone() }, db, clock));
    jobs.start(Leased::new(DeliveryHousekeeping { db: db.clone(), clock: clock.clone(), body_retention }, db, clock));
    jobs.start(Leased::new(NotificationRetention { db: db.clone(), clock: clock.clone() }, db, clock));
    jobs.start(Leased::new(alerting, db, clock));
    jobs.start(Leased::new(digests, db, clock));
    jobs.start(Leased::new(AlertRetention { db: db.clone(), clock: clock.clone() }, db, clock));
    jobs.start(Leased::new(automating, db, clock));
    jobs.start(Leased::new(Deadlines::new(db, clock), db, clock));
    jobs.start(Leased::new(AutomationRetention { db: db.clone(), clock: clock.clone() }, db, clock));
    jobs.start(Leased::new(Refunding(refunder.clone()), db, clock));
    jobs.start(Leased::new(AutomaticRefunding(refunder.clone()), db, clock));
    jobs.start(Leased::new(Replaying { db: db.clone(), clock: clock.clone() }, db, clock));
    jobs.start(Leased::new(ZoneChanges::new(db.clone()), db, clock));
    jobs.start(Checkpointing { db: db.clone(), interval: Duration::ZERO });
    jobs.start(FileWatch::new(db));
    jobs
}

/// Checkpoints SQLite's WAL.
struct Checkpointing {
    db: Db,
    /// The time until the next check, as of the last one.
    interval: Duration,
}

impl Periodic for Checkpointing {
    const NAME: &'static str = "checkpoint";

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run(&mut self) -> Result<(), DbError> {
        self.interval = self.db.checkpoint_if_due().await;
        Ok(())
    }
}

impl Periodic for FileWatch {
    const NAME: &'static str = "watch_files";

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        self.look().await;
        Ok(())
    }
}
