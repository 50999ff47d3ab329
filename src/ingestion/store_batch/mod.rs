//! Stores a batch in one unit of work: payments, events, daily totals and activity.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    group_commit::{BatchStore, WriteError},
    store,
};
use crate::{
    db::{Db, DbError, UNIT_OF_WORK_TIMEOUT},
    deliveries::outbox::Wake,
    events::append::VerifiedRequest,
    pipeline::{self, Source},
};

/// How long after a failed batch the store is assumed to be failing.
const RECENT_FAILURE_WINDOW: Duration = Duration::from_secs(10);

/// A verified request, and the version of the endpoints under which it was verified.
pub(crate) struct PendingRequest {
    pub(crate) request: VerifiedRequest,
    pub(crate) version: i64,
}

/// The outcome for a request of a committed batch: for all its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// On stable storage.
    Stored,
    /// Not stored: the endpoints have changed since. The request must be verified again.
    Stale,
}

/// Stores batches in the database.
pub(crate) struct EventBatchStore {
    db: Db,
    wake: Wake,
    store_health: Arc<StoreHealth>,
}

/// When a batch last failed, unless a later one was stored.
#[derive(Default)]
pub(crate) struct StoreHealth(Mutex<Option<Instant>>);

impl StoreHealth {
    /// True if a batch failed recently. A small probe write may still succeed, so it proves nothing then.
    pub(crate) fn is_recent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < RECENT_FAILURE_WINDOW)
    }

    fn note(&self, at: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl EventBatchStore {
    pub(crate) const fn new(db: Db, wake: Wake, store_health: Arc<StoreHealth>) -> Self {
        Self { db, wake, store_health }
    }
}

impl BatchStore for EventBatchStore {
    type Item = PendingRequest;
    type Outcome = WriteOutcome;

    fn weight(item: &PendingRequest) -> usize {
        item.request.count()
    }

    fn yield_thread(&self) {
        thread::yield_now();
    }

    async fn write(&self, batch: &[PendingRequest]) -> Result<Vec<WriteOutcome>, WriteError> {
        match timeout(UNIT_OF_WORK_TIMEOUT, write_batch((&self.db, &self.wake), batch)).await {
            Ok(Ok(outcomes)) => {
                self.store_health.note(None);
                tracing::trace!(requests = batch.len(), "a batch was stored");
                Ok(outcomes)
            }
            Ok(Err(error)) if matches!(error, DbError::Internal(_) | DbError::NotUnique) => {
                tracing::error!(requests = batch.len(), %error, "a batch contains an event that cannot be stored");
                Err(WriteError::Poisoned)
            }
            Ok(Err(error)) => {
                tracing::error!(requests = batch.len(), %error, "a batch could not be stored");
                self.store_health.note(Some(Instant::now()));
                Err(WriteError::Transient)
            }
            Err(_) => {
                self.store_health.note(Some(Instant::now()));
                tracing::error!(requests = batch.len(), "a batch could not be stored in time");
                Err(WriteError::Transient)
            }
        }
    }
}

async fn write_batch((db, wake): (&Db, &Wake), batch: &[PendingRequest]) -> Result<Vec<WriteOutcome>, DbError> {
    let mut tx = db.begin_ingesting().await?;
    let version = store::version(&mut tx).await?;
    let outcomes =
        batch.iter().map(|pending| if pending.version == version { WriteOutcome::Stored } else { WriteOutcome::Stale }).collect();
    let current: Vec<&VerifiedRequest> =
        batch.iter().filter(|pending| pending.version == version).map(|pending| &pending.request).collect();
    let destinations = match current.as_slice() {
        [] => BTreeSet::new(),
        current => pipeline::ingest(&mut tx, current, Source::Request).await?.destinations,
    };
    tx.commit().await?;
    wake.wake(destinations);
    // What was committed to a file that has lost its name is lost with this process.
    db.check_files().await?;
    Ok(outcomes)
}

#[cfg(test)]
pub(super) mod tests;
