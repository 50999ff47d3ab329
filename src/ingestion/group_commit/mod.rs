//! Group commit: requests that arrive together share one unit of work and one sync.
//!
//! Invariant: every submitter gets exactly one result, and success only after the unit of work that holds its item has
//! committed. A batch is everything queued while the previous one was written; no batch waits for further items. Nothing here
//! depends on a database, so that a model checker can explore the orders of events.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
};

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The maximum number of items in one unit of work.
const MAX_BATCH_ITEMS: usize = 128;
/// The maximum weight of the items in one unit of work, unless it is a single one: as many rows as are written well within the
/// time limit of a unit of work.
const MAX_BATCH_WEIGHT: usize = 256;
/// The maximum number of queued items. More are not queued but fail as overloaded.
const MAX_QUEUED_ITEMS: usize = 4096;
/// The maximum size of the queued items, in KiB.
const MAX_QUEUED_KIB: usize = 32 * 1024;

/// Stores batches.
pub(crate) trait BatchStore: Send + Sync + 'static {
    type Item: Send + Sync + 'static;
    /// The outcome for an item of a committed unit of work.
    type Outcome: Send + 'static;

    /// Returns the number of rows for which an item stands, at least 1.
    fn weight(_item: &Self::Item) -> usize {
        1
    }

    /// Lets the scheduler run other threads that are ready on this core: those that serve requests may add to the batch that is
    /// taken next. Returns immediately if there are none; it is not called after a batch of one item.
    ///
    /// On a busy core, the batch that follows a commit would otherwise hold only what arrived during the commit, half of the
    /// open connections: the requests that its responses set off would wait for the batch after it.
    fn yield_thread(&self);

    /// Stores all items in one unit of work, or none. Returns the outcome for each, in order.
    fn write(&self, batch: &[Self::Item]) -> impl Future<Output = Result<Vec<Self::Outcome>, WriteError>> + Send;
}

/// Why a unit of work failed. It may have been committed all the same: an error does not prove that nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// The store is temporarily unavailable.
    #[error("the store is unavailable")]
    Transient,
    /// An item of the batch cannot be stored: a bug.
    #[error("an event cannot be stored")]
    Poisoned,
    /// The queue is full, or the writer is closed.
    #[error("the write queue is full")]
    Overloaded,
}

/// Queues items and returns once they are stored.
pub(crate) struct GroupCommit<S: BatchStore> {
    sender: RwLock<Option<mpsc::Sender<QueuedItem<S>>>>,
    queue_budget: Arc<Semaphore>,
}

struct QueuedItem<S: BatchStore> {
    item: S::Item,
    responder: Responder<S::Outcome>,
}

/// The sender of an item's result, with the permit for the queue space that the item takes until then.
struct Responder<K> {
    answer: oneshot::Sender<Result<K, WriteError>>,
    #[expect(dead_code, reason = "held, not read")]
    room: OwnedSemaphorePermit,
}

impl<K> Responder<K> {
    /// The receiver may have been dropped; ignore that.
    fn send(self, outcome: Result<K, WriteError>) {
        let _ = self.answer.send(outcome);
    }
}

/// Runs the batches of a [`GroupCommit`], one after the other: two at a time would each have half of the items, and so twice the
/// cost of statements and sync for an item. Not to be run where requests are served, since a unit of work may block its thread.
pub(crate) struct BatchWorker<S: BatchStore> {
    queue: Queue<S>,
    store: S,
    /// The number of items in the last batch.
    last_items: usize,
}

/// The queued items.
struct Queue<S: BatchStore> {
    receiver: mpsc::Receiver<QueuedItem<S>>,
    /// The first of the next batch, which was too heavy for the one before.
    next: Option<QueuedItem<S>>,
}

/// Items of one unit of work.
struct Batch<S: BatchStore> {
    queued: Vec<QueuedItem<S>>,
    weight: usize,
}

impl<S: BatchStore> Batch<S> {
    /// Adds an item; returns it if the batch is full. An empty batch takes any.
    fn add(&mut self, next: QueuedItem<S>) -> Result<(), QueuedItem<S>> {
        let weight = self.weight + S::weight(&next.item);
        let is_full = self.queued.len() >= MAX_BATCH_ITEMS || weight > MAX_BATCH_WEIGHT;
        if is_full && !self.queued.is_empty() {
            return Err(next);
        }
        self.weight = weight;
        self.queued.push(next);
        Ok(())
    }
}

impl<S: BatchStore> Queue<S> {
    /// Waits for an item; `None` once the writer is closed and the queue is empty.
    async fn first(&mut self) -> Option<QueuedItem<S>> {
        match self.next.take() {
            Some(next) => Some(next),
            None => self.receiver.recv().await,
        }
    }

    /// Moves the items that are queued now to the batch, until it is full.
    fn fill(&mut self, batch: &mut Batch<S>) {
        while let Some(next) = self.next.take().or_else(|| self.receiver.try_recv().ok()) {
            if let Err(next) = batch.add(next) {
                self.next = Some(next);
                return;
            }
        }
    }
}

impl<S: BatchStore> GroupCommit<S> {
    /// Returns a writer, and what runs its batches.
    pub(crate) fn new(store: S) -> (Self, BatchWorker<S>) {
        Self::bounded(store, MAX_QUEUED_ITEMS)
    }

    fn bounded(store: S, queue: usize) -> (Self, BatchWorker<S>) {
        let (sender, receiver) = mpsc::channel(queue);
        let writer = Self { sender: RwLock::new(Some(sender)), queue_budget: Arc::new(Semaphore::new(MAX_QUEUED_KIB)) };
        (writer, BatchWorker { queue: Queue { receiver, next: None }, store, last_items: 0 })
    }

    /// Queues an item of `bytes` bytes and waits until it is stored. If the returned future is dropped, no other item is
    /// affected, and this item may still be stored.
    ///
    /// # Errors
    /// If it is not certain that the item was stored.
    pub(crate) async fn submit(&self, item: S::Item, bytes: usize) -> Result<S::Outcome, WriteError> {
        let kibibytes = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.queue_budget).try_acquire_many_owned(kibibytes).map_err(|_| WriteError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        {
            let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
            let sender = sender.as_ref().ok_or(WriteError::Overloaded)?;
            sender.try_send(QueuedItem { item, responder: Responder { answer, room } }).map_err(|_| WriteError::Overloaded)?;
        }
        answered.await.unwrap_or(Err(WriteError::Transient))
    }

    /// Accepts no further items. Queued items are still stored and get their results; then the workers end.
    pub(crate) fn close(&self) {
        self.sender.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl<S: BatchStore> BatchWorker<S> {
    /// Stores batch after batch until the writer is closed and the queue is empty.
    pub(crate) async fn run(mut self) {
        loop {
            let batch = self.next().await;
            if batch.is_empty() {
                return;
            }
            self.write(batch).await;
        }
    }

    /// Returns the queued items, at least one; none once the writer is closed and the queue is empty.
    async fn next(&mut self) -> Vec<QueuedItem<S>> {
        let mut batch = Batch { queued: Vec::with_capacity(MAX_BATCH_ITEMS), weight: 0 };
        if let Some(next) = self.queue.first().await {
            // An empty batch takes any item.
            self.queue.next = Some(next);
            if self.last_items > 1 {
                self.store.yield_thread();
            }
            self.queue.fill(&mut batch);
        }
        self.last_items = batch.queued.len();
        batch.queued
    }

    async fn write(&self, batch: Vec<QueuedItem<S>>) {
        let (items, responders): (Vec<_>, Vec<_>) = batch.into_iter().map(|next| (next.item, next.responder)).unzip();
        match self.write_items(&items).await {
            Ok(outcome) => responders.into_iter().zip(outcome).for_each(|(responder, outcome)| responder.send(Ok(outcome))),
            // One of them cannot be stored: store each separately, so that the others do not fail with it.
            Err(WriteError::Poisoned) if items.len() > 1 => {
                for (item, responder) in items.chunks(1).zip(responders) {
                    responder
                        .send(self.write_items(item).await.and_then(|mut outcome| outcome.pop().ok_or(WriteError::Poisoned)));
                }
            }
            Err(error) => responders.into_iter().for_each(|responder| responder.send(Err(error))),
        }
    }

    /// A panic is a bug, and fails this batch only.
    async fn write_items(&self, items: &[S::Item]) -> Result<Vec<S::Outcome>, WriteError> {
        let outcome = AssertUnwindSafe(self.store.write(items)).catch_unwind().await.unwrap_or(Err(WriteError::Poisoned))?;
        if outcome.len() == items.len() { Ok(outcome) } else { Err(WriteError::Poisoned) }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
