//! Records which secret verified a request, off the hot path: buffered in memory and flushed every few seconds.
//!
//! Invariant: the response path pays a map lookup, and the database one commit per interval. Usage is written after the
//! events it describes, so a crash can lose its last few seconds and nothing else.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    connections::secret_usage::{self, BufferedUsage, SecretUse},
    db::{Db, DbError, Tx},
    primitives::{
        id::{ConnectionId, SecretId},
        time::Timestamp,
    },
};

/// The interval between flushes.
const INTERVAL: Duration = Duration::from_secs(3);
/// The number of attempts of the final flush: the worker threads have ended by then, and with them some pooled connections.
pub(crate) const LAST_TRIES: usize = 8;

/// Buffers uses of secrets. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    gathered: Arc<Mutex<BufferedUsage>>,
    wake: Arc<Notify>,
}

/// The task that flushes the buffer.
pub(crate) struct Writing {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Recorder {
    /// Returns a recorder and starts its task.
    pub(crate) fn start(db: &Db) -> (Self, Writing) {
        let recorder = Self::default();
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(write(recorder.clone(), db.clone(), Arc::clone(&stop)));
        (recorder, Writing { stop, task })
    }

    /// Records a use. Memory is bounded: there is one entry per secret.
    pub(crate) fn note(&self, connection: ConnectionId, secret: SecretId, at: Timestamp) {
        let is_first = self.gather([((connection, secret), SecretUse::once(at))]);
        // The first use has already woken the task.
        if is_first {
            self.wake.notify_one();
        }
    }

    /// Adds to the buffer; returns whether it was empty.
    fn gather(&self, uses: impl IntoIterator<Item = ((ConnectionId, SecretId), SecretUse)>) -> bool {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = gathered.is_empty();
        for (of, used) in uses {
            gathered.entry(of).and_modify(|known| *known = known.and(used)).or_insert(used);
        }
        was_empty
    }

    /// Writes the buffered uses; on failure they stay buffered for the next attempt.
    async fn flush(&self, db: &Db) -> Result<(), DbError> {
        let used = std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        if used.is_empty() {
            return Ok(());
        }
        let written = persist(db, &used).await;
        if written.is_err() {
            self.gather(used);
            self.wake.notify_one();
        }
        written
    }

    async fn flush_by_the_way(&self, db: &Db) {
        if let Err(error) = self.flush(db).await {
            tracing::warn!(%error, "secret usage could not be stored yet");
        }
    }

    async fn final_flush(&self, db: &Db) {
        for _ in 0..LAST_TRIES {
            match self.flush(db).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "secret usage could not be stored; retrying"),
            }
        }
        tracing::warn!("the final secret usage was not stored");
    }
}

impl Writing {
    /// Flushes the buffer and ends the task.
    pub(crate) async fn stop(self) {
        self.stop.notify_one();
        if self.task.await.is_err() {
            tracing::error!("the secret usage recorder task failed; the final secret usage was not stored");
        }
    }
}

async fn write(recorder: Recorder, db: Db, stop: Arc<Notify>) {
    loop {
        tokio::select! {
            () = recorder.wake.notified() => recorder.flush_by_the_way(&db).await,
            () = stop.notified() => return recorder.final_flush(&db).await,
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = stop.notified() => return recorder.final_flush(&db).await,
        }
    }
}

async fn persist(db: &Db, used: &BufferedUsage) -> Result<(), DbError> {
    db.write_with_timeout(async |tx: &mut Tx| secret_usage::add(tx, used).await).await
}
