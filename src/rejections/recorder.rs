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
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    connections::{ConnectionScope, activity, secret_usage::recorder::LAST_TRIES},
    db::{Db, DbError, Tx},
    gateways::{Gateway, Mode},
    primitives::{
        id::{AppId, CompanyId, ConnectionId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
    rejections::{
        CapturedRequest, Reason, RejectedRequest,
        diagnose::{DiagnosedRequest, Diagnoser},
        store, store_batch,
    },
};
use buffer::Buffer;
use queues::{Queue, Queues};

/// The pause after a flush, during which further rejections are buffered.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// The pause after a flush of at least the number below: a flood is written once per second.
const FLOOD_FLUSH_INTERVAL: Duration = Duration::from_secs(1);
const FLOOD_THRESHOLD: i64 = 50;
/// The longest pause after failed flushes. The pause doubles with each failure.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(10);
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
    buffer: Arc<Mutex<Buffer>>,
    wake: Arc<Notify>,
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
    stop: Arc<Notify>,
    /// Set on shutdown: counts are flushed and diagnosis is skipped.
    is_stopping: Arc<AtomicBool>,
    task: JoinHandle<()>,
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
    pub(crate) fn start(kit: DiagnosisContext) -> (Self, RecorderTask) {
        let (recorder, queues) = Self::new();
        let (stop, is_stopping) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let doctor = Diagnoser::new(&kit.clock, Arc::clone(&is_stopping));
        let task = tokio::spawn(write(recorder.clone(), queues, kit, doctor, Arc::clone(&stop)));
        (recorder, RecorderTask { stop, is_stopping, task })
    }

    fn new() -> (Self, Queues) {
        let ((known, known_queue), (unknown, unknown_queue)) = (Queue::new(), Queue::new());
        let (company, app, connection) = (CompanyId::least(), AppId::least(), ConnectionId::least());
        let nowhere = ConnectionScope { company, app, connection, gateway: Gateway::proposed(), mode: Mode::Test };
        let queues = Queues { known: known_queue, unknown: unknown_queue };
        (Self { known, unknown, unknown_scope: nowhere, buffer: Arc::default(), wake: Arc::default() }, queues)
    }

    /// Records a rejected request; `at` is `None` for an unknown endpoint. Neither parses nor copies anything on the response
    /// path, and enqueues both kinds in the same way, so that the response time does not reveal which endpoints exist.
    pub(crate) fn note(&self, at: Option<(ConnectionScope, Reason)>, request: UnverifiedRequest) {
        let queue = if at.is_some() { &self.known } else { &self.unknown };
        let (place, reason) = at.unwrap_or((self.unknown_scope, Reason::SignatureMismatch));
        let UnverifiedRequest { headers, body, address, at } = request;
        if let Some(refused) = queue.hand_over(RejectedRequest { place, reason, headers, body, address, at }) {
            self.count(&refused);
            self.wake.notify_one();
        }
    }

    fn count(&self, refused: &RejectedRequest) {
        let mut gathered = self.lock();
        if refused.place == self.unknown_scope { gathered.strays += 1 } else { gathered.count(refused) }
    }

    /// Buffers a request, its captured content under the same lock as its count.
    fn buffer_request(&self, refused: &RejectedRequest) {
        if refused.place == self.unknown_scope {
            return self.count(refused);
        }
        let connection = refused.place.connection;
        let has_room = self.lock().has_room(connection);
        // Copied outside the lock.
        let sample = has_room.then(|| refused.clone().capture());
        let mut gathered = self.lock();
        gathered.count(refused);
        if let Some(sample) = sample {
            gathered.keep(sample);
        }
        drop(gathered);
        self.wake.notify_one();
    }

    /// Runs the work, and buffers queued requests meanwhile.
    async fn while_buffering<T>(&self, queues: &mut Queues, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                Some((refused, _room)) = queues.known.recv() => self.buffer_request(&refused),
                Some((refused, _room)) = queues.unknown.recv() => self.buffer_request(&refused),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the buffer and returns the number of requests. On failure the content is restored for the next attempt.
    async fn flush(&self, kit: &DiagnosisContext, doctor: &mut Diagnoser) -> Result<i64, DbError> {
        let mut gathered = std::mem::take(&mut *self.lock());
        let requests = gathered.requests();
        let written = persist(kit, &mut gathered, doctor).await;
        if written.is_err() {
            self.lock().restore(gathered);
            self.wake.notify_one();
        }
        written.map(|()| requests)
    }

    async fn final_flush(&self, kit: &DiagnosisContext, doctor: &mut Diagnoser) {
        for _ in 0..LAST_TRIES {
            match self.flush(kit, doctor).await {
                Ok(_) => return,
                Err(error) => tracing::debug!(%error, "rejections could not be stored; retrying"),
            }
        }
        tracing::warn!("the final rejections were not stored");
    }
}

impl RecorderTask {
    /// Flushes the buffer and ends the task.
    pub(crate) async fn stop(self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.stop.notify_one();
        if self.task.await.is_err() {
            tracing::error!("the rejection recorder task failed; the final rejections were not stored");
        }
    }
}

async fn write(recorder: RejectionRecorder, mut queues: Queues, kit: DiagnosisContext, mut doctor: Diagnoser, stop: Arc<Notify>) {
    let (mut last, mut pause) = (Instant::now(), FLUSH_INTERVAL);
    loop {
        // Buffering requests to unknown endpoints wakes nothing, so the wait is bounded.
        let longest = doctor.deferral(STRAY_FLUSH_INTERVAL.saturating_sub(last.elapsed()));
        let waiting = timeout(longest, recorder.wake.notified());
        tokio::select! {
            _ = recorder.while_buffering(&mut queues, waiting) => {}
            () = stop.notified() => break,
        }
        let written = recorder.while_buffering(&mut queues, Box::pin(recorder.flush(&kit, &mut doctor))).await;
        last = Instant::now();
        pause = match written {
            Ok(FLOOD_THRESHOLD..) => FLOOD_FLUSH_INTERVAL,
            Ok(_) => FLUSH_INTERVAL,
            Err(_) => (pause * 2).min(MAX_RETRY_PAUSE),
        };
        if let Err(error) = written {
            tracing::warn!(%error, "rejections could not be stored yet");
        } else {
            recorder.while_buffering(&mut queues, Box::pin(doctor.examine_deferred(&kit))).await;
        }
        tokio::select! {
            () = recorder.while_buffering(&mut queues, sleep(pause)) => {}
            () = stop.notified() => break,
        }
    }
    while let Ok((refused, _room)) = queues.known.try_recv().or_else(|_| queues.unknown.try_recv()) {
        recorder.buffer_request(&refused);
    }
    recorder.final_flush(&kit, &mut doctor).await;
}

/// Writes the buffer and removes what was written. Connections share units of work, so that a flood at many connections costs
/// hardly more commits than a flood at one.
async fn persist(kit: &DiagnosisContext, gathered: &mut Buffer, doctor: &mut Diagnoser) -> Result<(), DbError> {
    // Diagnosed before any row is locked.
    let samples: Vec<&[CapturedRequest]> = gathered.connections.values().map(|own| own.samples.as_slice()).collect();
    let mut examined = doctor.diagnose_all(kit, &samples).await?.into_iter();
    while !gathered.is_empty() {
        let next = gathered.take_batch();
        let count = next.connections.values().map(|own| own.samples.len()).sum();
        if let Err(error) = write_batch(kit, &next, examined.by_ref().take(count).collect()).await {
            gathered.restore(next);
            return Err(error);
        }
    }
    Ok(())
}

/// Updates activity last: every batch of events needs the same rows, and also locks them last.
async fn write_batch(kit: &DiagnosisContext, gathered: &Buffer, examined: Vec<DiagnosedRequest>) -> Result<(), DbError> {
    let sealed = store_batch::seal(&kit.vault, examined).await;
    let refusals = gathered.connections.iter().filter_map(|(connection, own)| Some((*connection, own.refusals?))).collect();
    let unit = async |tx: &mut Tx| {
        let proven = store_batch::persist(tx, gathered.connections.values().map(|own| &own.tallies), &sealed).await?;
        if gathered.strays > 0 {
            store::add_strays(tx, gathered.strays, kit.clock.now()).await?;
        }
        activity::add_rejected(tx, &refusals, &proven).await
    };
    kit.db.write_with_timeout(unit).await
}

#[cfg(test)]
mod tests;
