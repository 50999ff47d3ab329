//! Group commit: requests that arrive together share one unit of work and one sync.
//!
//! The rule: every submitter gets exactly one answer, and a good one only after the unit of work that holds its item has
//! ended well. A batch is whatever has queued while the one before was written; nothing ever waits for more to come.
//! Nothing here knows a database, so that a model checker can try every order of events.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::yield_now,
};

/// The most items in one unit of work.
const MAX_BATCH_EVENTS: usize = 128;
/// The most items that wait. More are sent away, not kept in memory.
const MAX_QUEUED_EVENTS: usize = 4096;
/// The most bytes that wait, in KiB.
const MAX_QUEUED_KIB: usize = 32 * 1024;

/// Where batches are kept.
pub(crate) trait BatchStore: Send + Sync + 'static {
    /// What is kept.
    type Item: Send + Sync + 'static;
    /// What became of an item in a unit of work that ended well.
    type Kept: Send + 'static;

    /// Keeps all of them in one unit of work, or none. What became of each, in order.
    fn keep(&self, batch: &[Self::Item]) -> impl Future<Output = Result<Vec<Self::Kept>, WriteError>> + Send;
}

/// Why a unit of work did not end well. It may have been kept all the same: an error is no proof of absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// The store cannot be used now.
    #[error("the store cannot be used now")]
    Transient,
    /// Something in the batch cannot be stored: our own fault.
    #[error("something cannot be stored")]
    Poisoned,
    /// Too much waits already, or the writer has ended.
    #[error("too much waits to be stored")]
    Overloaded,
}

/// Takes items, and answers when they are kept. Cheap to share.
pub(crate) struct Writer<S: BatchStore> {
    jobs: RwLock<Option<mpsc::Sender<Job<S>>>>,
    queue_budget: Arc<Semaphore>,
}

struct Job<S: BatchStore> {
    item: S::Item,
    submitter: Responder<S::Kept>,
}

/// Who waits for an answer, with the room that the item takes until then.
struct Responder<K> {
    answer: oneshot::Sender<Result<K, WriteError>>,
    #[expect(dead_code, reason = "held, not read")]
    room: OwnedSemaphorePermit,
}

impl<K> Responder<K> {
    /// Whoever stopped waiting misses nothing.
    fn send(self, kept: Result<K, WriteError>) {
        let _ = self.answer.send(kept);
    }
}

/// What is to be run for a [`Writer`]: on every thread that submits, so that what a thread has ready is handed over before
/// a batch begins, and so that batches go on when one of the threads ends.
pub(crate) struct BatchWorker<S: BatchStore> {
    jobs: Arc<Mutex<mpsc::Receiver<Job<S>>>>,
    /// As many as there may be units of work beside each other.
    turns: Arc<Semaphore>,
    store: Arc<S>,
}

impl<S: BatchStore> Clone for BatchWorker<S> {
    fn clone(&self) -> Self {
        Self { jobs: Arc::clone(&self.jobs), turns: Arc::clone(&self.turns), store: Arc::clone(&self.store) }
    }
}

impl<S: BatchStore> Writer<S> {
    /// A writer with so many units of work beside each other, and what is to be run for it.
    pub(crate) fn new(store: S, width: usize) -> (Self, BatchWorker<S>) {
        Self::bounded(store, width, MAX_QUEUED_EVENTS)
    }

    fn bounded(store: S, width: usize, queue: usize) -> (Self, BatchWorker<S>) {
        let (sender, receiver) = mpsc::channel(queue);
        let writer = Self { jobs: RwLock::new(Some(sender)), queue_budget: Arc::new(Semaphore::new(MAX_QUEUED_KIB)) };
        let turns = Arc::new(Semaphore::new(width));
        (writer, BatchWorker { jobs: Arc::new(Mutex::new(receiver)), turns, store: Arc::new(store) })
    }

    /// Hands over an item of that many bytes and waits until it is kept. Whoever stops waiting harms nobody; the item
    /// may be kept all the same.
    ///
    /// # Errors
    /// When it is not certain that it was kept.
    pub(crate) async fn submit(&self, item: S::Item, bytes: usize) -> Result<S::Kept, WriteError> {
        let kibibytes = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.queue_budget).try_acquire_many_owned(kibibytes).map_err(|_| WriteError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        {
            let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner);
            let jobs = jobs.as_ref().ok_or(WriteError::Overloaded)?;
            jobs.try_send(Job { item, submitter: Responder { answer, room } }).map_err(|_| WriteError::Overloaded)?;
        }
        answered.await.unwrap_or(Err(WriteError::Transient))
    }

    /// Takes no more. What was handed over is still kept and answered; then the batches end.
    pub(crate) fn close(&self) {
        self.jobs.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl<S: BatchStore> BatchWorker<S> {
    /// Keeps batch after batch until the writer is closed and nothing waits any more. Each unit of work runs at `home`, so
    /// that it is finished even if whoever runs this ends.
    pub(crate) async fn run<H: Future>(self, home: impl Fn(BoxFuture<'static, ()>) -> H) {
        // Nobody closes the turns, so there is always one to wait for.
        while let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await {
            let batch = self.next().await;
            if batch.is_empty() {
                return;
            }
            let this = self.clone();
            let work = async move {
                this.write(batch).await;
                drop(turn);
            };
            home(work.boxed()).await;
        }
    }

    /// What waits now; nothing once the writer is closed and empty.
    async fn next(&self) -> Vec<Job<S>> {
        let mut batch = Vec::with_capacity(MAX_BATCH_EVENTS);
        let mut jobs = self.jobs.lock().await;
        if jobs.recv_many(&mut batch, MAX_BATCH_EVENTS).await > 0 {
            // Requests that have arrived by now, but were not looked at yet, come along. This waits for nobody.
            yield_now().await;
            while let Some(job) = (batch.len() < MAX_BATCH_EVENTS).then(|| jobs.try_recv().ok()).flatten() {
                batch.push(job);
            }
        }
        batch
    }

    async fn write(&self, batch: Vec<Job<S>>) {
        let (items, submitters): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.item, job.submitter)).unzip();
        match self.keep(&items).await {
            Ok(kept) => submitters.into_iter().zip(kept).for_each(|(submitter, kept)| submitter.send(Ok(kept))),
            // One of them cannot be stored: each by itself, so that it does not take the others with it.
            Err(WriteError::Poisoned) if items.len() > 1 => {
                for (item, submitter) in items.chunks(1).zip(submitters) {
                    submitter.send(self.keep(item).await.and_then(|mut kept| kept.pop().ok_or(WriteError::Poisoned)));
                }
            }
            Err(unkept) => submitters.into_iter().for_each(|submitter| submitter.send(Err(unkept))),
        }
    }

    /// What panics is a defect, and ends nobody else's work.
    async fn keep(&self, items: &[S::Item]) -> Result<Vec<S::Kept>, WriteError> {
        let kept = AssertUnwindSafe(self.store.keep(items)).catch_unwind().await.unwrap_or(Err(WriteError::Poisoned))?;
        if kept.len() == items.len() { Ok(kept) } else { Err(WriteError::Poisoned) }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
