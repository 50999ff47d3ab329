//! Notes refused requests off the hot path: gathered in memory, looked at and written down a few at a time.
//!
//! The rule: a flood of forgeries costs a few commits an interval, and on the way to an answer no more than handing over what
//! is there anyway. Each one is counted; of what they said only so much is taken, a connection at a time, so that a flood at
//! one leaves the others room. What is kept of a request is never gathered without its count.

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

use super::secret_usage::LAST_TRIES;
use crate::{
    connections::{ConnectionScope, activity},
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

/// How long refusals are gathered before they are written down.
const INTERVAL: Duration = Duration::from_millis(200);
/// The same after so many at once: a flood is told of once a second.
const FLOODED: Duration = Duration::from_secs(1);
const MANY: i64 = 50;
/// How long it is waited at most after they could not be, each time twice as long as before.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long requests at no endpoint of anybody are.
const STRAYS_EVERY: Duration = Duration::from_secs(10);

/// Where refusals are noted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RejectionRecorder {
    known: Queue,
    /// Requests at unknown endpoints, which take no room from the others.
    unknown: Queue,
    /// Where those are said to be: at a connection that there is not.
    nowhere: ConnectionScope,
    gathered: Arc<Mutex<Buffer>>,
    wake: Arc<Notify>,
}

/// A request that did not verify, as it arrived.
pub(crate) struct Unverified {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// Nothing where the body was not read.
    pub(crate) body: Option<Bytes>,
    pub(crate) address: IpAddr,
    pub(crate) at: Timestamp,
}

/// The task that writes them down.
pub(crate) struct RecorderTask {
    stop: Arc<Notify>,
    /// What is counted is written down first of all then: nobody is looked at any more.
    is_stopping: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// What the task works with.
pub(crate) struct DiagnosisContext {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The base of every shown URL.
    pub(crate) base: String,
}

impl RejectionRecorder {
    /// A recorder and the task behind it.
    pub(crate) fn start(kit: DiagnosisContext) -> (Self, RecorderTask) {
        let (recorder, queues) = Self::new();
        let (stop, is_stopping) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let doctor = Diagnoser::new(Arc::clone(&is_stopping));
        let task = tokio::spawn(write(recorder.clone(), queues, kit, doctor, Arc::clone(&stop)));
        (recorder, RecorderTask { stop, is_stopping, task })
    }

    fn new() -> (Self, Queues) {
        let ((known, known_queue), (unknown, unknown_queue)) = (Queue::new(), Queue::new());
        let (company, app, connection) = (CompanyId::least(), AppId::least(), ConnectionId::least());
        let nowhere = ConnectionScope { company, app, connection, gateway: Gateway::Razorpay, mode: Mode::Test };
        let queues = Queues { known: known_queue, unknown: unknown_queue };
        (Self { known, unknown, nowhere, gathered: Arc::default(), wake: Arc::default() }, queues)
    }

    /// Notes a rejected request; without a place, one at an unknown endpoint. Nothing of it is looked at or copied on the way to
    /// the answer, and both kinds are handed over in the same way, so that the time of an answer does not tell which endpoints
    /// there are.
    pub(crate) fn note(&self, at: Option<(ConnectionScope, Reason)>, request: Unverified) {
        let queue = if at.is_some() { &self.known } else { &self.unknown };
        let (place, reason) = at.unwrap_or((self.nowhere, Reason::SignatureMismatch));
        let Unverified { headers, body, address, at } = request;
        if let Some(refused) = queue.hand_over(RejectedRequest { place, reason, headers, body, address, at }) {
            self.count(&refused);
            self.wake.notify_one();
        }
    }

    fn count(&self, refused: &RejectedRequest) {
        let mut gathered = self.lock();
        if refused.place == self.nowhere { gathered.strays += 1 } else { gathered.count(refused) }
    }

    /// Gathers one: what is kept of it under the same lock as its count.
    fn gather(&self, refused: &RejectedRequest) {
        if refused.place == self.nowhere {
            return self.count(refused);
        }
        let connection = refused.place.connection;
        let has_room = self.lock().has_room(connection);
        // Copied while nobody waits.
        let sample = has_room.then(|| refused.clone().sample());
        let mut gathered = self.lock();
        gathered.count(refused);
        if let Some(sample) = sample {
            gathered.keep(sample);
        }
        drop(gathered);
        self.wake.notify_one();
    }

    /// Does that, and gathers what is handed over meanwhile.
    async fn while_buffering<T>(&self, queues: &mut Queues, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                Some((refused, _room)) = queues.known.recv() => self.gather(&refused),
                Some((refused, _room)) = queues.unknown.recv() => self.gather(&refused),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what is gathered; what could not be is kept for the next time. How many requests that were.
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
                Err(error) => tracing::debug!(%error, "refusals are to be written down once more"),
            }
        }
        tracing::warn!("the last refusals were not written down");
    }
}

impl RecorderTask {
    /// Writes down what is left and ends.
    pub(crate) async fn stop(self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.stop.notify_one();
        if self.task.await.is_err() {
            tracing::error!("refusals were not written down to the last");
        }
    }
}

async fn write(recorder: RejectionRecorder, mut queues: Queues, kit: DiagnosisContext, mut doctor: Diagnoser, stop: Arc<Notify>) {
    let (mut last, mut pause) = (Instant::now(), INTERVAL);
    loop {
        // Strays alone wake nobody: they are looked for now and then.
        let longest = doctor.deferral(STRAYS_EVERY.saturating_sub(last.elapsed()));
        let waiting = timeout(longest, recorder.wake.notified());
        tokio::select! {
            _ = recorder.while_buffering(&mut queues, waiting) => {}
            () = stop.notified() => break,
        }
        let written = recorder.while_buffering(&mut queues, Box::pin(recorder.flush(&kit, &mut doctor))).await;
        last = Instant::now();
        pause = match written {
            Ok(MANY..) => FLOODED,
            Ok(_) => INTERVAL,
            Err(_) => (pause * 2).min(LONGEST_PAUSE),
        };
        if let Err(error) = written {
            tracing::warn!(%error, "refusals could not be written down yet");
        } else {
            recorder.while_buffering(&mut queues, Box::pin(doctor.examine_deferred(&kit))).await;
        }
        tokio::select! {
            () = recorder.while_buffering(&mut queues, sleep(pause)) => {}
            () = stop.notified() => break,
        }
    }
    while let Ok((refused, _room)) = queues.known.try_recv().or_else(|_| queues.unknown.try_recv()) {
        recorder.gather(&refused);
    }
    recorder.final_flush(&kit, &mut doctor).await;
}

/// Takes out what was written down. All of them in a few units of work: a flood at many connections costs hardly more commits
/// than one at a single one.
async fn persist(kit: &DiagnosisContext, gathered: &mut Buffer, doctor: &mut Diagnoser) -> Result<(), DbError> {
    // Looked at before anything is locked.
    let samples: Vec<&[CapturedRequest]> = gathered.of.values().map(|own| own.samples.as_slice()).collect();
    let mut examined = doctor.diagnose_all(kit, &samples).await?.into_iter();
    while !gathered.is_empty() {
        let next = gathered.next();
        let count = next.of.values().map(|own| own.samples.len()).sum();
        if let Err(error) = write_together(kit, &next, examined.by_ref().take(count).collect()).await {
            gathered.restore(next);
            return Err(error);
        }
    }
    Ok(())
}

/// The evidence comes last: every batch of events needs its rows, and does so last as well.
async fn write_together(kit: &DiagnosisContext, gathered: &Buffer, examined: Vec<DiagnosedRequest>) -> Result<(), DbError> {
    let sealed = store_batch::seal(&kit.vault, examined).await;
    let refusals = gathered.of.iter().filter_map(|(connection, own)| Some((*connection, own.refusals?))).collect();
    let unit = async |tx: &mut Tx| {
        let proven = store_batch::persist(tx, gathered.of.values().map(|own| &own.tallies), &sealed).await?;
        if gathered.strays > 0 {
            store::add_strays(tx, gathered.strays, kit.clock.now()).await?;
        }
        activity::add_refused(tx, &refusals, &proven).await
    };
    kit.db.write_with_timeout(unit).await
}

#[cfg(test)]
mod tests;
