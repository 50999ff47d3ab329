//! Jobs that write what other tasks buffered in memory: one task, a few units of work per interval, a final one on shutdown.
//!
//! Invariant: adding to the buffer never waits. Its owner bounds the content, and documents what happens to the excess. What a
//! failed write left is restored for the next attempt; a crash, or a write that panics, loses at most what was buffered.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{sync::Notify, task::JoinHandle, time::sleep};

use crate::db::DbError;

/// The longest pause after failed writes. The pause doubles with each failure.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(10);
/// The number of attempts of the final write: the worker threads have ended by then, and with them some pooled connections.
const FINAL_ATTEMPTS: usize = 8;

/// What is buffered between two writes.
pub(crate) trait Content: Default + Send + 'static {
    /// Adds what a failed write left, which is older than `self`.
    fn restore(&mut self, older: Self);
}

/// Content shared by the tasks that add to it and the one that writes it. Cheap to clone.
pub(crate) struct Buffer<C> {
    content: Arc<Mutex<C>>,
    wake: Arc<Notify>,
}

impl<C> Clone for Buffer<C> {
    fn clone(&self) -> Self {
        Self { content: Arc::clone(&self.content), wake: Arc::clone(&self.wake) }
    }
}

impl<C: Content> Default for Buffer<C> {
    fn default() -> Self {
        Self { content: Arc::default(), wake: Arc::default() }
    }
}

impl<C: Content> Buffer<C> {
    /// Locks the content, briefly.
    pub(crate) fn lock(&self) -> MutexGuard<'_, C> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the task that writes.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until the task is woken.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes the content and writes it. `write` removes what it has written; the rest is restored if it fails.
    pub(crate) async fn flush<T>(&self, write: impl AsyncFnOnce(&mut C) -> Result<T, DbError>) -> Result<T, DbError> {
        let mut taken = std::mem::take(&mut *self.lock());
        let written = write(&mut taken).await;
        if written.is_err() {
            self.lock().restore(taken);
            self.wake();
        }
        written
    }
}

/// The task that writes a buffer.
pub(crate) trait Buffered: Send + 'static {
    /// What is written, in the plural, for the log.
    const NAME: &'static str;
    /// The pause after the first write.
    const INTERVAL: Duration;

    /// Waits until there is something to write. May be cancelled.
    fn due(&mut self) -> impl Future<Output = ()> + Send;

    /// Writes what is buffered; returns the pause after it.
    ///
    /// # Errors
    /// If something was not written, which stays buffered.
    fn flush(&mut self) -> impl Future<Output = Result<Duration, DbError>> + Send;

    /// Waits between two writes. May be cancelled.
    fn pause(&mut self, pause: Duration) -> impl Future<Output = ()> + Send {
        sleep(pause)
    }

    /// Moves what is still queued to the buffer, before the final write.
    fn drain(&mut self) {}
}

/// The running task of a buffer.
pub(crate) struct BufferTask {
    name: &'static str,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl BufferTask {
    /// Starts the task.
    pub(crate) fn start<B: Buffered>(buffered: B) -> Self {
        let stop = Arc::<Notify>::default();
        Self { name: B::NAME, task: tokio::spawn(write(buffered, Arc::clone(&stop))), stop }
    }

    /// Writes what is buffered and ends the task.
    pub(crate) async fn stop(self) {
        self.stop.notify_one();
        if self.task.await.is_err() {
            tracing::error!("the task that writes {0} failed; the final {0} were not stored", self.name);
        }
    }
}

async fn write<B: Buffered>(mut buffered: B, stop: Arc<Notify>) {
    let mut pause = B::INTERVAL;
    loop {
        tokio::select! {
            () = buffered.due() => {}
            () = stop.notified() => break,
        }
        pause = match AssertUnwindSafe(buffered.flush()).catch_unwind().await {
            Ok(Ok(pause)) => pause,
            // What was taken is lost: it would cause the same panic again.
            Err(_) => {
                tracing::error!("some {} were not stored: the write panicked", B::NAME);
                B::INTERVAL
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "{} could not be stored yet", B::NAME);
                (pause * 2).min(MAX_RETRY_PAUSE)
            }
        };
        tokio::select! {
            () = buffered.pause(pause) => {}
            () = stop.notified() => break,
        }
    }
    buffered.drain();
    write_finally(buffered).await;
}

async fn write_finally<B: Buffered>(mut buffered: B) {
    for _ in 0..FINAL_ATTEMPTS {
        match AssertUnwindSafe(buffered.flush()).catch_unwind().await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => tracing::debug!(%error, "{} could not be stored; retrying", B::NAME),
            // What was taken is lost, but not what was buffered meanwhile.
            Err(_) => tracing::error!("some {} were not stored: the write panicked", B::NAME),
        }
    }
    tracing::warn!("the final {} were not stored", B::NAME);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Numbers(Vec<u32>);

    impl Content for Numbers {
        fn restore(&mut self, older: Self) {
            self.0.splice(0..0, older.0);
        }
    }

    /// Its write panics.
    const POISON: u32 = 13;

    /// Writes into a list. The first writes fail.
    struct NumberWriter {
        buffer: Buffer<Numbers>,
        queue: Vec<u32>,
        written: Arc<Mutex<Vec<Vec<u32>>>>,
        failures: usize,
    }

    impl Buffered for NumberWriter {
        const NAME: &'static str = "numbers";
        const INTERVAL: Duration = Duration::from_secs(1);

        async fn due(&mut self) {
            self.buffer.woken().await;
        }

        async fn flush(&mut self) -> Result<Duration, DbError> {
            let is_failing = self.failures > 0;
            self.failures = self.failures.saturating_sub(1);
            let written = Arc::clone(&self.written);
            let write = async |numbers: &mut Numbers| {
                if is_failing {
                    return Err(DbError::Timeout);
                }
                assert!(!numbers.0.contains(&POISON), "a number that cannot be written");
                written.lock().unwrap().push(std::mem::take(&mut numbers.0));
                Ok(())
            };
            self.buffer.flush(write).await.map(|()| Self::INTERVAL)
        }

        fn drain(&mut self) {
            self.buffer.lock().0.append(&mut self.queue);
        }
    }

    fn writer(failures: usize) -> NumberWriter {
        NumberWriter { buffer: Buffer::default(), queue: Vec::new(), written: Arc::default(), failures }
    }

    fn add(buffer: &Buffer<Numbers>, number: u32) {
        buffer.lock().0.push(number);
        buffer.wake();
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_an_interval_is_one_write_and_what_failed_is_written_later_in_order() {
        let writer = writer(2);
        let (buffer, written) = (writer.buffer.clone(), Arc::clone(&writer.written));
        let task = BufferTask::start(writer);
        add(&buffer, 1);
        sleep(NumberWriter::INTERVAL * 3).await;
        add(&buffer, 2);
        assert!(written.lock().unwrap().is_empty(), "it failed twice: pauses of two and four seconds");
        sleep(NumberWriter::INTERVAL * 4).await;
        assert_eq!(*written.lock().unwrap(), [vec![1, 2]]);
        task.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_panics_does_not_end_the_task() {
        let writer = writer(0);
        let (buffer, written) = (writer.buffer.clone(), Arc::clone(&writer.written));
        let task = BufferTask::start(writer);
        for number in [POISON, 1] {
            add(&buffer, number);
            sleep(NumberWriter::INTERVAL * 2).await;
        }
        assert_eq!(*written.lock().unwrap(), [vec![1]]);
        task.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_write_that_panics_ends_the_task_in_order() {
        let writer = writer(1);
        writer.buffer.lock().0.push(POISON);
        let task = BufferTask::start(writer);
        task.stop.notify_one();
        assert!(task.task.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_writes_what_is_buffered_and_queued_and_tries_again() {
        for (failures, is_written) in [(0, true), (FINAL_ATTEMPTS - 1, true), (FINAL_ATTEMPTS, false)] {
            let mut writer = writer(failures);
            writer.queue = vec![2];
            let (buffer, written) = (writer.buffer.clone(), Arc::clone(&writer.written));
            buffer.lock().0.push(1);
            BufferTask::start(writer).stop().await;
            let wanted: &[Vec<u32>] = if is_written { &[vec![1, 2]] } else { &[] };
            assert_eq!(*written.lock().unwrap(), wanted);
        }
    }
}
