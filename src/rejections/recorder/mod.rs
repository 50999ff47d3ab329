//! Records rejected requests off the response path: buffers them in memory, then diagnoses and writes them in batches.
//!
//! Invariant: a flood of forged requests costs a few commits per interval, and the response path only hands over data that
//! exists anyway. Every request is counted. Captured content is bounded, in total and per connection, so that a flood at one
//! connection leaves room for the others, and it is never buffered without its count.

mod buffer;
mod queues;

use std::{
    net::IpAddr,
    pin::pin,
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    connections::{ConnectionScope, activity},
    db::{Db, DbError, Tx},
    gateways::{Gateway, Mode},
    jobs::{self, BufferTask, Buffered, Content as _},
    primitives::{
        id::{AppId, CompanyId, ConnectionId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
    rejections::{
        CapturedRequest, Reason, RejectedRequest,
        diagnose::{DiagnosedRequest, Diagnoser},
        store,
        store_batch::{self, SealedRequest},
    },
};
use buffer::Buffer;
use queues::{Queue, Queues};

/// The pause after a flush, during which further rejections are buffered.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// The pause after a flush of at least the number below: a flood is written once per second.
const FLOOD_FLUSH_INTERVAL: Duration = Duration::from_secs(1);
const FLOOD_THRESHOLD: i64 = 50;
/// How often requests to unknown endpoints are written if nothing else is.
const STRAY_FLUSH_INTERVAL: Duration = Duration::from_secs(10);

/// Accepts rejected requests from the response path. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RejectionRecorder {
    known: Queue,
    /// Requests to unknown endpoints, in a separate queue so that they take no capacity from the others.
    unknown: Queue,
    /// The scope of requests to unknown endpoints. No connection has it.
    unknown_scope: ConnectionScope,
    buffer: jobs::Buffer<Buffer>,
}

/// A request that failed verification, as it arrived.
pub(crate) struct UnverifiedRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// `None` if the body was not read.
    pub(crate) body: Option<Bytes>,
    pub(crate) address: IpAddr,
    pub(crate) at: Timestamp,
}

/// Handle of the task that writes rejections.
pub(crate) struct RecorderTask {
    /// Set on shutdown: counts are flushed and diagnosis is skipped.
    is_stopping: Arc<AtomicBool>,
    task: BufferTask,
}

/// The dependencies of recording and diagnosis.
pub(crate) struct DiagnosisContext {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The base of every displayed URL.
    pub(crate) base: String,
}

impl RejectionRecorder {
    /// Starts the recorder and its task.
    pub(crate) fn start(context: DiagnosisContext) -> (Self, RecorderTask) {
        let (recorder, queues) = Self::new();
        let is_stopping = Arc::<AtomicBool>::default();
        let diagnoser = Diagnoser::new(&context.clock, Arc::clone(&is_stopping));
        let task =
            BufferTask::start(RejectionWriter { recorder: recorder.clone(), queues, context, diagnoser, last: Instant::now() });
        (recorder, RecorderTask { is_stopping, task })
    }

    fn new() -> (Self, Queues) {
        let ((known, known_queue), (unknown, unknown_queue)) = (Queue::new(), Queue::new());
        let (company, app, connection) = (CompanyId::least(), AppId::least(), ConnectionId::least());
        let nowhere = ConnectionScope { company, app, connection, gateway: Gateway::proposed(), mode: Mode::Test };
        let queues = Queues { known: known_queue, unknown: unknown_queue };
        (Self { known, unknown, unknown_scope: nowhere, buffer: jobs::Buffer::default() }, queues)
    }

    /// Records a rejected request; `at` is `None` for an unknown endpoint. Neither parses nor copies anything on the response
    /// path, and enqueues both kinds in the same way, so that the response time does not reveal which endpoints exist.
    pub(crate) fn note(&self, at: Option<(ConnectionScope, Reason)>, request: UnverifiedRequest) {
        let queue = if at.is_some() { &self.known } else { &self.unknown };
        let (scope, reason) = at.unwrap_or((self.unknown_scope, Reason::SignatureMismatch));
        let UnverifiedRequest { headers, body, address, at } = request;
        if let Some(rejected) = queue.hand_over(RejectedRequest { scope, reason, headers, body, address, at }) {
            self.count(&rejected);
            self.buffer.wake();
        }
    }

    fn count(&self, rejected: &RejectedRequest) {
        let mut gathered = self.lock();
        if rejected.scope == self.unknown_scope { gathered.strays += 1 } else { gathered.count(rejected) }
    }

    /// Buffers a request, its captured content under the same lock as its count.
    fn buffer_request(&self, rejected: &RejectedRequest) {
        if rejected.scope == self.unknown_scope {
            return self.count(rejected);
        }
        let connection = rejected.scope.connection;
        let has_room = self.lock().has_room(connection);
        // Copied outside the lock.
        let sample = has_room.then(|| rejected.clone().capture());
        let mut gathered = self.lock();
        gathered.count(rejected);
        if let Some(sample) = sample {
            gathered.keep(sample);
        }
        drop(gathered);
        self.buffer.wake();
    }

    /// Runs the work, and buffers queued requests meanwhile.
    async fn while_buffering<T>(&self, queues: &mut Queues, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                Some((rejected, _room)) = queues.known.recv() => self.buffer_request(&rejected),
                Some((rejected, _room)) = queues.unknown.recv() => self.buffer_request(&rejected),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock()
    }
}

impl RecorderTask {
    /// Flushes the buffer and ends the task.
    pub(crate) async fn stop(self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.task.stop().await;
    }
}

/// The task that diagnoses and writes rejections. Queued requests are buffered while it waits and while it writes.
struct RejectionWriter {
    recorder: RejectionRecorder,
    queues: Queues,
    context: DiagnosisContext,
    diagnoser: Diagnoser,
    /// When requests to unknown endpoints were last written.
    last: Instant,
}

impl Buffered for RejectionWriter {
    const NAME: &'static str = "rejections";
    const INTERVAL: Duration = FLUSH_INTERVAL;

    async fn due(&mut self) {
        // Buffering requests to unknown endpoints wakes nothing, so the wait is bounded.
        let longest = self.diagnoser.deferral(STRAY_FLUSH_INTERVAL.saturating_sub(self.last.elapsed()));
        let waiting = timeout(longest, self.recorder.buffer.woken());
        let _ = self.recorder.while_buffering(&mut self.queues, waiting).await;
    }

    async fn flush(&mut self) -> Result<Duration, DbError> {
        let (context, diagnoser) = (&self.context, &mut self.diagnoser);
        let write = self.recorder.buffer.flush(async |buffered: &mut Buffer| {
            let requests = buffered.requests();
            persist(context, buffered, diagnoser).await.map(|()| requests)
        });
        let written = self.recorder.while_buffering(&mut self.queues, Box::pin(write)).await;
        self.last = Instant::now();
        let requests = written?;
        let deferred = Box::pin(self.diagnoser.examine_deferred(&self.context));
        self.recorder.while_buffering(&mut self.queues, deferred).await;
        Ok(if requests >= FLOOD_THRESHOLD { FLOOD_FLUSH_INTERVAL } else { FLUSH_INTERVAL })
    }

    async fn pause(&mut self, pause: Duration) {
        self.recorder.while_buffering(&mut self.queues, sleep(pause)).await;
    }

    fn drain(&mut self) {
        while let Ok((rejected, _room)) = self.queues.known.try_recv().or_else(|_| self.queues.unknown.try_recv()) {
            self.recorder.buffer_request(&rejected);
        }
    }
}

/// Writes the buffer and removes what was written. Connections share units of work, so that a flood at many connections costs
/// hardly more commits than a flood at one.
async fn persist(context: &DiagnosisContext, gathered: &mut Buffer, diagnoser: &mut Diagnoser) -> Result<(), DbError> {
    // Diagnosed before any row is locked.
    let samples: Vec<&[CapturedRequest]> = gathered.connections.values().map(|own| own.samples.as_slice()).collect();
    let mut examined = diagnoser.diagnose_all(context, &samples).await?.into_iter();
    while !gathered.is_empty() {
        let next = gathered.take_batch();
        let count = next.connections.values().map(|own| own.samples.len()).sum();
        match write_batch(context, &next, examined.by_ref().take(count).collect()).await {
            Ok(stored) => diagnoser.note_repeats(&stored),
            Err(error) => {
                gathered.restore(next);
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Updates activity last: every batch of events needs the same rows, and also locks them last.
async fn write_batch(
    context: &DiagnosisContext,
    gathered: &Buffer,
    examined: Vec<DiagnosedRequest>,
) -> Result<Vec<SealedRequest>, DbError> {
    let sealed = store_batch::seal(&context.db, &context.vault, examined).await?;
    let rejected_requests =
        gathered.connections.iter().filter_map(|(connection, own)| Some((*connection, own.rejected_requests?))).collect();
    let unit = async |tx: &mut Tx| {
        let proven = store_batch::persist(tx, gathered.connections.values().map(|own| &own.tallies), &sealed).await?;
        if gathered.strays > 0 {
            store::add_strays(tx, gathered.strays, context.clock.now()).await?;
        }
        activity::add_rejected(tx, &rejected_requests, &proven).await
    };
    context.db.write_with_timeout(unit).await?;
    Ok(sealed)
}

#[cfg(test)]
mod tests;
