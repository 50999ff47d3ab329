//! What needs no model checker: how much may wait, and a store that panics.

use futures_util::FutureExt as _;

use super::{ROOM, Store, Unkept, Writer};

/// Keeps everything, but for what makes it panic.
struct Fake;

impl Store for Fake {
    /// Whether to panic.
    type Item = bool;
    type Kept = ();

    async fn keep(&self, batch: &[bool]) -> Result<Vec<()>, Unkept> {
        assert!(!batch.contains(&true), "on purpose");
        Ok(vec![(); batch.len()])
    }
}

#[test]
fn only_so_many_items_wait() {
    let (writer, _batches) = Writer::bounded(Fake, 1, 2);
    for _ in 0..2 {
        assert_eq!(writer.submit(false, 1).now_or_never(), None, "it waits");
    }
    assert_eq!(writer.submit(false, 1).now_or_never(), Some(Err(Unkept::Full)));
}

#[test]
fn only_so_many_bytes_wait() {
    let (writer, _batches) = Writer::new(Fake, 1);
    assert_eq!(writer.submit(false, ROOM * 1024).now_or_never(), Some(Err(Unkept::Full)));
    assert_eq!(writer.submit(false, ROOM * 1024 - 1).now_or_never(), None, "it waits");
    assert_eq!(writer.submit(false, 1).now_or_never(), Some(Err(Unkept::Full)), "whoever went away still takes its room");
}

#[tokio::test]
async fn what_makes_the_store_panic_takes_no_other_with_it() {
    let (writer, batches) = Writer::new(Fake, 1);
    let running = tokio::spawn(batches.run(tokio::spawn));
    let told = tokio::join!(writer.submit(false, 1), writer.submit(true, 1), writer.submit(false, 1));
    assert_eq!(told, (Ok(()), Err(Unkept::Defect), Ok(())));
    assert_eq!(writer.submit(false, 1).await, Ok(()), "and it goes on");
    writer.close();
    running.await.unwrap();
}
