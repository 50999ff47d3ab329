//! The job that completes changes of apps' time zones: it makes the totals by the days of the new zone from the payments, and then
//! replaces the zone.
//!
//! Invariant: until the zone is replaced, pages show the days and totals of the zone before. New payments are added to the totals
//! of both meanwhile, see [`apps::zones`]. Two servers may run the job at the same time: each day is repaired once, and the zone is
//! replaced once.

use std::time::Duration;

use super::reconcile_totals;
use crate::{
    apps::{self, zones::ZoneChange},
    db::{Db, DbError},
    jobs::Periodic,
};

/// The interval at which changes are looked for. A user waits for one.
const INTERVAL: Duration = Duration::from_secs(2);

/// How often the interval doubles while runs fail: each starts again with the first day of the app.
const MAX_DOUBLINGS: u32 = 5;

/// Completes changes of time zones.
pub(crate) struct ZoneChanges {
    db: Db,
    /// Runs that failed since the last that did not.
    failures: u32,
}

impl Periodic for ZoneChanges {
    const NAME: &'static str = "zone_changes";

    fn interval(&self) -> Duration {
        INTERVAL * 2u32.pow(self.failures.min(MAX_DOUBLINGS))
    }

    async fn has_work(&mut self) -> Result<bool, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        let is_asked_for = !apps::store::list_zone_changes(&mut reader).await?.is_empty();
        Ok(is_asked_for || !apps::store::list_with_past_zone(&mut reader).await?.is_empty())
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let outcome = self.complete_all().await;
        self.failures = if outcome.is_ok() { 0 } else { self.failures.saturating_add(1) };
        outcome
    }
}

impl ZoneChanges {
    pub(crate) const fn new(db: Db) -> Self {
        Self { db, failures: 0 }
    }

    async fn complete_all(&self) -> Result<(), DbError> {
        // Before the changes: pages that are being made may still read the totals of a zone that was replaced just now.
        let replaced = apps::store::list_with_past_zone(&mut self.db.bulk_reader().await?).await?;
        // No app waits for another that fails; that one is tried again in the next run.
        let mut outcome = Ok(());
        for app in replaced {
            if let Err(error) = reconcile_totals::delete_stale(&self.db, app).await {
                outcome = Err(error);
            }
        }
        let changes = apps::store::list_zone_changes(&mut self.db.bulk_reader().await?).await?;
        for change in changes {
            if let Err(error) = self.complete(&change).await {
                outcome = Err(error);
            }
        }
        outcome
    }

    /// Replaces the zone only if every day could be added up.
    async fn complete(&self, change: &ZoneChange) -> Result<(), DbError> {
        reconcile_totals::add_up(&self.db, change.app, change.zone).await?;
        let mut tx = self.db.begin().await?;
        let is_complete = apps::zones::complete(&mut tx, change).await?;
        tx.commit().await?;
        if is_complete {
            tracing::info!(app = %change.app, zone = change.zone.name(), "the app has another time zone");
        }
        Ok(())
    }
}
