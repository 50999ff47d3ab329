//! Tests that need no model checker: queue limits, batch boundaries, and a store that panics.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{task::yield_now, time::timeout};

use super::{BatchStore, GroupCommit, MAX_BATCH_ITEMS, MAX_BATCH_WEIGHT, MAX_QUEUED_KIB, WriteError};

/// A store that accepts every item except those that make it panic.
struct Fake;

impl BatchStore for Fake {
    /// True to panic.
    type Item = bool;
    type Outcome = ();

    fn yield_thread(&self) {}

    async fn write(&self, batch: &[bool]) -> Result<Vec<()>, WriteError> {
        assert!(!batch.contains(&true), "on purpose");
        Ok(vec![(); batch.len()])
    }
}

/// A store that waits for a lock before each batch, and records the batch sizes.
#[derive(Default)]
struct Held {
    batches: Mutex<Vec<usize>>,
    door: tokio::sync::Mutex<()>,
}

impl BatchStore for Arc<Held> {
    type Item = ();
    type Outcome = ();

    fn yield_thread(&self) {}

    async fn write(&self, batch: &[()]) -> Result<Vec<()>, WriteError> {
        self.batches.lock().unwrap().push(batch.len());
        drop(self.door.lock().await);
        Ok(vec![(); batch.len()])
    }
}

#[tokio::test]
async fn what_comes_while_a_batch_is_written_is_the_next_batch() {
    let held = Arc::new(Held::default());
    let (writer, batches) = GroupCommit::new(Arc::clone(&held));
    let running = tokio::spawn(batches.run());
    let door = held.door.lock().await;
    assert_eq!(writer.submit((), 1).now_or_never(), None, "it waits for nobody, and is held");
    while held.batches.lock().unwrap().is_empty() {
        yield_now().await;
    }
    for _ in 0..3 {
        assert_eq!(writer.submit((), 1).now_or_never(), None, "it waits for the one before");
    }
    drop(door);
    writer.close();
    running.await.unwrap();
    assert_eq!(*held.batches.lock().unwrap(), [1, 3]);
}

/// A store of items that are their own weight, which records the batches.
#[derive(Default)]
struct Weighed(Mutex<Vec<Vec<usize>>>);

impl BatchStore for Arc<Weighed> {
    type Item = usize;
    type Outcome = ();

    fn weight(item: &usize) -> usize {
        *item
    }

    fn yield_thread(&self) {}

    async fn write(&self, batch: &[usize]) -> Result<Vec<()>, WriteError> {
        self.0.lock().unwrap().push(batch.to_vec());
        Ok(vec![(); batch.len()])
    }
}

#[tokio::test]
async fn a_batch_is_bounded_by_weight_and_in_order() {
    let weighed = Arc::new(Weighed::default());
    let (writer, batches) = GroupCommit::new(Arc::clone(&weighed));
    for weight in [200, 56, 1, 1, MAX_BATCH_WEIGHT, 400, 2, 255] {
        assert_eq!(writer.submit(weight, 1).now_or_never(), None, "it waits");
    }
    for _ in 0..=MAX_BATCH_ITEMS {
        assert_eq!(writer.submit(1, 1).now_or_never(), None, "it waits");
    }
    writer.close();
    batches.run().await;
    let kept = weighed.0.lock().unwrap();
    let many = vec![1; MAX_BATCH_ITEMS];
    assert_eq!(*kept, [vec![200, 56], vec![1, 1], vec![MAX_BATCH_WEIGHT], vec![400], vec![2], vec![255, 1], many]);
}

#[test]
fn only_so_many_items_wait() {
    let (writer, _batches) = GroupCommit::bounded(Fake, 2);
    for _ in 0..2 {
        assert_eq!(writer.submit(false, 1).now_or_never(), None, "it waits");
    }
    assert_eq!(writer.submit(false, 1).now_or_never(), Some(Err(WriteError::Overloaded)));
}

#[test]
fn only_so_many_bytes_wait() {
    let (writer, _batches) = GroupCommit::new(Fake);
    assert_eq!(writer.submit(false, MAX_QUEUED_KIB * 1024).now_or_never(), Some(Err(WriteError::Overloaded)));
    assert_eq!(writer.submit(false, MAX_QUEUED_KIB * 1024 - 1).now_or_never(), None, "it waits");
    assert_eq!(
        writer.submit(false, 1).now_or_never(),
        Some(Err(WriteError::Overloaded)),
        "a disconnected client still uses the budget"
    );
}

#[tokio::test]
async fn what_makes_the_store_panic_takes_no_other_with_it() {
    let (writer, batches) = GroupCommit::new(Fake);
    let running = tokio::spawn(batches.run());
    let told = tokio::join!(writer.submit(false, 1), writer.submit(true, 1), writer.submit(false, 1));
    assert_eq!(told, (Ok(()), Err(WriteError::Poisoned), Ok(())));
    assert_eq!(writer.submit(false, 1).await, Ok(()), "and it goes on");
    writer.close();
    running.await.unwrap();
}

/// A store on whose core another request becomes ready while the thread is yielded.
#[derive(Default)]
struct Shared {
    batches: Mutex<Vec<usize>>,
    writer: Mutex<Option<GroupCommit<Arc<Shared>>>>,
}

impl BatchStore for Arc<Shared> {
    type Item = ();
    type Outcome = ();

    fn yield_thread(&self) {
        let writer = self.writer.lock().unwrap();
        assert_eq!(writer.as_ref().unwrap().submit((), 1).now_or_never(), None, "it waits for its batch");
        writer.as_ref().unwrap().close();
    }

    async fn write(&self, batch: &[()]) -> Result<Vec<()>, WriteError> {
        self.batches.lock().unwrap().push(batch.len());
        Ok(vec![(); batch.len()])
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_others_make_ready_joins_the_batch_that_follows_one_of_several() {
    let shared = Arc::new(Shared::default());
    let (writer, batches) = GroupCommit::new(Arc::clone(&shared));
    for _ in 0..=MAX_BATCH_ITEMS {
        assert_eq!(writer.submit((), 1).now_or_never(), None, "it waits");
    }
    *shared.writer.lock().unwrap() = Some(writer);
    // The writer is closed by the request that joins.
    timeout(Duration::from_secs(1), batches.run()).await.unwrap_or_default();
    assert_eq!(*shared.batches.lock().unwrap(), [MAX_BATCH_ITEMS, 2], "the last of the first ones, and the one that joined it");
}
