//! Tests the writer under a model checker, in many orders of events: a store that is slow, fails, or leaves the outcome
//! unknown; submitters that are dropped; a full queue; a close at any time.
//!
//! The model checker reports deadlocks, so every test here also proves that each submitter gets a result.
//!
//! Limitation: the checker switches tasks only at awaits that are not ready, because locks, queue and semaphores are those of
//! tokio and std, not shuttle's. The code between two such awaits is atomic here but not on several threads; for that we rely
//! on those locks, and on the tests over HTTP, whose servers are multi-threaded.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use shuttle::{
    future::{block_on, spawn, yield_now},
    rand::{Rng as _, thread_rng},
};

use super::{BatchStore, GroupCommit, WriteError};

/// The number of orders explored for each test and scheduler, unless `MODEL_ORDERS` sets it.
const ORDERS: usize = 2_000;

/// An item to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Good(u8),
    /// Can never be stored.
    Bad(u8),
}

/// The contents of a simulated disk, and the batches reported as failed.
#[derive(Default)]
struct Disk {
    stored: BTreeSet<Item>,
    /// Batches that failed although none of their items was bad.
    lost: Vec<Vec<Item>>,
}

#[derive(Clone, Default)]
struct Fake {
    disk: Arc<Mutex<Disk>>,
    /// Whether units of work fail at random.
    is_flaky: bool,
    /// Whether it reports success before the items are stored, which must never happen.
    is_hasty: bool,
}

impl Fake {
    fn disk(&self) -> std::sync::MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }

    fn chance(&self) -> bool {
        self.is_flaky && thread_rng().gen_range(0..3) == 0
    }
}

impl BatchStore for Fake {
    type Item = Item;
    type Outcome = Item;

    fn yield_thread(&self) {
        shuttle::thread::yield_now();
    }

    async fn write(&self, batch: &[Item]) -> Result<Vec<Item>, WriteError> {
        yield_now().await;
        if batch.iter().any(|item| matches!(item, Item::Bad(_))) {
            return Err(WriteError::Poisoned);
        }
        if self.chance() {
            self.disk().lost.push(batch.to_vec());
            return Err(WriteError::Transient);
        }
        if self.is_hasty {
            let (disk, late) = (Arc::clone(&self.disk), batch.to_vec());
            spawn(async move {
                yield_now().await;
                disk.lock().unwrap().stored.extend(late);
            });
            return Ok(batch.to_vec());
        }
        self.disk().stored.extend(batch);
        yield_now().await;
        if self.chance() {
            // Stored, but reported as failed.
            self.disk().lost.push(batch.to_vec());
            return Err(WriteError::Transient);
        }
        Ok(batch.to_vec())
    }
}

/// Submits an item, and asserts that on success it is stored.
async fn submit(writer: Arc<GroupCommit<Fake>>, fake: Fake, item: Item) -> Result<Item, WriteError> {
    let stored = writer.submit(item, 1).await;
    if stored.is_ok() {
        assert_eq!(stored, Ok(item), "each gets its own answer");
        assert!(fake.disk().stored.contains(&item), "{item:?} was acknowledged and is not kept");
    }
    stored
}

fn start(fake: &Fake, queue: usize) -> (Arc<GroupCommit<Fake>>, shuttle::future::JoinHandle<()>) {
    let (writer, batches) = GroupCommit::bounded(fake.clone(), queue);
    (Arc::new(writer), spawn(batches.run()))
}

/// Runs a test in many random orders, and in many that the random scheduler is unlikely to find.
fn check(test: impl Fn() + Send + Sync + Clone + 'static) {
    let orders = std::env::var("MODEL_ORDERS").map_or(ORDERS, |text| text.parse().unwrap());
    shuttle::check_random(test.clone(), orders);
    shuttle::check_pct(test, orders, 3);
}

async fn end(writer: &GroupCommit<Fake>, running: shuttle::future::JoinHandle<()>) {
    writer.close();
    running.await.unwrap();
}

#[test]
fn success_is_reported_only_for_stored_items_and_failure_for_each_of_a_lost_batch() {
    check(|| {
        block_on(async {
            let fake = Fake { is_flaky: true, ..Fake::default() };
            let (writer, running) = start(&fake, 8);
            let items: Vec<Item> = (0..5).map(Item::Good).collect();
            let submitted: Vec<_> = items.iter().map(|item| spawn(submit(Arc::clone(&writer), fake.clone(), *item))).collect();
            let mut told = Vec::new();
            for submitter in submitted {
                told.push(submitter.await.unwrap());
            }
            for (item, told) in items.iter().zip(&told) {
                let is_lost = fake.disk().lost.iter().any(|batch| batch.contains(item));
                assert_eq!(told.is_err(), is_lost, "{item:?}: {told:?}");
            }
            end(&writer, running).await;
        });
    });
}

#[test]
fn what_cannot_be_stored_does_not_take_the_others_with_it() {
    check(|| {
        block_on(async {
            let fake = Fake::default();
            let (writer, running) = start(&fake, 8);
            let items = [Item::Good(0), Item::Bad(1), Item::Good(2), Item::Good(3)];
            let submitted = items.map(|item| spawn(submit(Arc::clone(&writer), fake.clone(), item)));
            for (item, submitter) in items.into_iter().zip(submitted) {
                let expected = if matches!(item, Item::Good(_)) { Ok(item) } else { Err(WriteError::Poisoned) };
                assert_eq!(submitter.await.unwrap(), expected);
            }
            end(&writer, running).await;
        });
    });
}

#[test]
fn a_submitter_that_is_dropped_affects_no_other() {
    check(|| {
        block_on(async {
            let fake = Fake::default();
            let (writer, running) = start(&fake, 8);
            let staying = [1, 2, 3].map(|number| spawn(submit(Arc::clone(&writer), fake.clone(), Item::Good(number))));
            let (leaver, leaving) = (Arc::clone(&writer), thread_rng().gen_range(0..4));
            let left = spawn(async move {
                let mut submitting = pin!(leaver.submit(Item::Good(0), 1));
                for _ in 0..leaving {
                    let answered = poll_fn(|context| Poll::Ready(submitting.as_mut().poll(context).is_ready())).await;
                    if answered {
                        return;
                    }
                    yield_now().await;
                }
            });
            left.await.unwrap();
            for submitter in staying {
                assert!(submitter.await.unwrap().is_ok());
            }
            end(&writer, running).await;
        });
    });
}

#[test]
fn an_item_that_finds_the_queue_full_fails_and_the_others_are_stored() {
    check(|| {
        block_on(async {
            let fake = Fake::default();
            let (writer, running) = start(&fake, 2);
            let submitted: Vec<_> =
                (0..6).map(|number| spawn(submit(Arc::clone(&writer), fake.clone(), Item::Good(number)))).collect();
            let mut stored = 0;
            for submitter in submitted {
                match submitter.await.unwrap() {
                    Ok(_) => stored += 1,
                    Err(error) => assert_eq!(error, WriteError::Overloaded),
                }
            }
            assert!(stored >= 2, "what fits is kept");
            assert_eq!(fake.disk().stored.len(), stored, "what did not fit is not kept");
            end(&writer, running).await;
        });
    });
}

#[test]
fn what_was_handed_over_before_the_close_is_answered_and_nothing_later_is_taken() {
    check(|| {
        block_on(async {
            let fake = Fake::default();
            let (writer, running) = start(&fake, 8);
            let submitted: Vec<_> =
                (0..4).map(|number| spawn(submit(Arc::clone(&writer), fake.clone(), Item::Good(number)))).collect();
            yield_now().await;
            end(&writer, running).await;
            assert_eq!(submit(Arc::clone(&writer), fake.clone(), Item::Good(9)).await, Err(WriteError::Overloaded));
            for submitter in submitted {
                assert!(matches!(submitter.await.unwrap(), Ok(_) | Err(WriteError::Overloaded)));
            }
        });
    });
}

/// The control: a store that reports success too early is detected.
#[test]
#[should_panic(expected = "was acknowledged and is not kept")]
fn an_answer_that_comes_too_early_is_found() {
    check(|| {
        block_on(async {
            let fake = Fake { is_hasty: true, ..Fake::default() };
            let (writer, running) = start(&fake, 8);
            let submitted = [0, 1].map(|number| spawn(submit(Arc::clone(&writer), fake.clone(), Item::Good(number))));
            for submitter in submitted {
                submitter.await.unwrap().unwrap();
            }
            end(&writer, running).await;
        });
    });
}
