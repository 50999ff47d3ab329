//! Periodic jobs that only one of several servers on a database runs, by a lease in the `job_leases` table.
//!
//! Invariant: no other server takes a lease before it expires, and each run renews it. A server that stops returns its leases;
//! those of a killed one expire. A lease saves work and is not a lock: if a run takes longer than the lease, or clocks differ,
//! two servers can run a job at the same time, so a leased job must allow that.

use std::time::Duration;

use super::{Periodic, store};
use crate::{
    db::{Db, DbError, with_timeout},
    primitives::{
        id::LeaseHolderId,
        time::{CLOCK_TOLERANCE, Clock},
    },
};

/// The time that a lease lasts, in intervals of the job: the next run renews it before it expires.
const LEASE_INTERVALS: u32 = 2;

/// A job that runs only while this server holds its lease. On a database that one server alone uses, it always runs.
pub(crate) struct Leased<J> {
    job: J,
    db: Db,
    clock: Clock,
    holder: LeaseHolderId,
}

impl<J: Periodic> Leased<J> {
    pub(crate) fn new(job: J, db: &Db, clock: &Clock) -> Self {
        Self { job, db: db.clone(), clock: clock.clone(), holder: LeaseHolderId::random() }
    }

    /// Takes or renews the lease; returns whether this server holds it now.
    async fn take(&self) -> Result<bool, DbError> {
        let (now, length): (_, Duration) = (self.clock.now(), self.job.interval() * LEASE_INTERVALS);
        let lease = store::Lease {
            job: J::NAME,
            holder: self.holder,
            now,
            expires_at: now.plus(length),
            latest_plausible: now.plus(length + CLOCK_TOLERANCE),
        };
        let taken = async {
            let mut tx = self.db.begin().await?;
            let is_held = store::take(&mut tx, &lease).await?;
            tx.commit().await.map(|()| is_held)
        };
        with_timeout(taken).await
    }

    async fn release(&self) -> Result<(), DbError> {
        self.db.write_with_timeout(async |tx| store::release(tx, J::NAME, self.holder).await).await
    }
}

impl<J: Periodic + Sync> Periodic for Leased<J> {
    const NAME: &'static str = J::NAME;

    fn interval(&self) -> Duration {
        self.job.interval()
    }

    async fn run(&mut self) -> Result<(), DbError> {
        if !self.job.has_work().await? || (self.db.is_shared() && !self.take().await?) {
            return Ok(());
        }
        self.job.run().await
    }

    async fn end(&mut self) {
        self.job.end().await;
        if self.db.is_shared()
            && let Err(error) = self.release().await
        {
            tracing::debug!(%error, "the lease could not be released and will expire: {}", J::NAME);
        }
    }
}

#[cfg(test)]
mod tests;
