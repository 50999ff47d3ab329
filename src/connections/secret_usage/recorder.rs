//! Records which secret verified a request, off the hot path: buffered in memory and flushed every few seconds.
//!
//! Invariant: the response path pays a map lookup, and the database one commit per interval. Usage is written after the
//! events it describes, so a crash can lose its last few seconds and nothing else. The buffer cannot overflow: it has one entry
//! per secret.

use std::time::Duration;

use crate::{
    connections::secret_usage::{self, BufferedUsage, SecretUse},
    db::{Db, DbError, Tx},
    jobs::{Buffer, BufferTask, Buffered, Content},
    primitives::{
        id::{ConnectionId, SecretId},
        time::Timestamp,
    },
};

/// Buffers uses of secrets. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Buffer<BufferedUsage>);

impl Content for BufferedUsage {
    fn restore(&mut self, older: Self) {
        add(self, older);
    }
}

impl Recorder {
    /// Returns a recorder and starts its task.
    pub(crate) fn start(db: &Db) -> (Self, BufferTask) {
        let recorder = Self::default();
        let task = BufferTask::start(UsageWriter { buffer: recorder.0.clone(), db: db.clone() });
        (recorder, task)
    }

    /// Writes what is buffered now, for a page that is about to read it.
    pub(crate) async fn flush(&self, db: &Db) -> Result<(), DbError> {
        self.0.flush(async |used: &mut BufferedUsage| persist(db, used).await).await
    }

    /// Records a use.
    pub(crate) fn note(&self, connection: ConnectionId, secret: SecretId, at: Timestamp) {
        let mut buffered = self.0.lock();
        let is_first = buffered.is_empty();
        add(&mut buffered, [((connection, secret), SecretUse::once(at))]);
        drop(buffered);
        // The first use has already woken the task.
        if is_first {
            self.0.wake();
        }
    }
}

fn add(buffered: &mut BufferedUsage, uses: impl IntoIterator<Item = ((ConnectionId, SecretId), SecretUse)>) {
    for (of, used) in uses {
        buffered.entry(of).and_modify(|known| *known = known.and(used)).or_insert(used);
    }
}

struct UsageWriter {
    buffer: Buffer<BufferedUsage>,
    db: Db,
}

impl Buffered for UsageWriter {
    const NAME: &'static str = "uses of secrets";
    const INTERVAL: Duration = Duration::from_secs(3);

    async fn due(&mut self) {
        self.buffer.woken().await;
    }

    async fn flush(&mut self) -> Result<Duration, DbError> {
        self.buffer.flush(async |used: &mut BufferedUsage| persist(&self.db, used).await).await?;
        Ok(Self::INTERVAL)
    }
}

async fn persist(db: &Db, used: &BufferedUsage) -> Result<(), DbError> {
    if used.is_empty() {
        return Ok(());
    }
    db.write_with_timeout(async |tx: &mut Tx| secret_usage::add(tx, used).await).await
}
