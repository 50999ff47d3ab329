//! Notes refused requests off the hot path: gathered in memory, looked at and written down a few at a time.
//!
//! The rule: a flood of forgeries costs one commit an interval, and none on the way to an answer. Each one is counted; of
//! what they said only so much is taken, a connection at a time, so that a flood at one leaves the others room.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    connections::evidence::{self, Refusals},
    db::{Db, DbError},
    kernel::{id::ConnectionId, time::Clock, vault::Vault},
    rejections::{
        Refused, Sample, examination,
        keeping::{self, Tallies},
        store,
    },
};

/// How long refusals are gathered before they are written down.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long requests at no endpoint of anybody are.
const STRAYS_EVERY: Duration = Duration::from_secs(10);
/// Requests of one connection that are kept from an interval.
const MOST_OF_ONE: usize = 200;
/// What all that are gathered may take in memory, in bytes, and those of one connection.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const MOST_BYTES_OF_ONE: usize = 4 * 1024 * 1024;
/// What a request costs besides what it said, in bytes.
const OVERHEAD: usize = 512;
/// Requests of a connection that are kept at once, and a second after that: more are only counted.
const BURST: NonZeroU32 = NonZeroU32::new(200).expect("it is not zero");
const PACE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// Where refusals are noted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    gathered: Arc<Mutex<Gathered>>,
    pace: Arc<DefaultKeyedRateLimiter<ConnectionId>>,
    wake: Arc<Notify>,
}

/// What was refused since it was written down last.
#[derive(Default)]
struct Gathered {
    evidence: BTreeMap<ConnectionId, Refusals>,
    tallies: Tallies,
    samples: BTreeMap<ConnectionId, Vec<Sample>>,
    bytes: usize,
    /// Requests at no endpoint of anybody, which wait for others or for their own interval.
    strays: i64,
}

/// The task that writes them down.
pub(crate) struct Writing {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

/// What the task works with.
pub(crate) struct Kit {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The base of every shown URL.
    pub(crate) base: String,
}

impl Recorder {
    /// A recorder and the task behind it.
    pub(crate) fn start(kit: Kit) -> (Self, Writing) {
        let pace = Arc::new(RateLimiter::keyed(Quota::per_second(PACE).allow_burst(BURST)));
        let recorder = Self { gathered: Arc::default(), pace, wake: Arc::default() };
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(write(recorder.clone(), kit, Arc::clone(&stop)));
        (recorder, Writing { stop, task })
    }

    /// Notes one. Only known connections come here.
    pub(crate) fn note(&self, refused: Refused) {
        let mut gathered = self.lock();
        gathered.count(&refused);
        let has_room = gathered.has_room(&refused);
        drop(gathered);
        if has_room && self.pace.check_key(&refused.place.connection).is_ok() {
            // Copied while nobody waits.
            let sample = refused.sample();
            self.lock().keep(sample);
        }
        self.wake.notify_one();
    }

    /// Notes one at no endpoint of anybody.
    pub(crate) fn note_stray(&self) {
        self.lock().strays += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn flush(&self, kit: &Kit) {
        let gathered = std::mem::take(&mut *self.lock());
        if gathered.tallies.is_empty() && gathered.strays == 0 {
            return;
        }
        if let Err(error) = write_down(kit, &gathered).await {
            tracing::warn!(connections = gathered.tallies.len(), %error, "refusals could not be written down yet");
            self.lock().put_back(gathered);
            if !self.lock().tallies.is_empty() {
                self.wake.notify_one();
            }
        }
    }
}

impl Gathered {
    fn count(&mut self, refused: &Refused) {
        let (place, at) = (&refused.place, refused.at);
        keeping::tally(&mut self.tallies, refused);
        if let Some(reason) = refused.reason.rejected() {
            let none = Refusals { count: 0, first_at: at, last_at: at, reason };
            let entry = self.evidence.entry(place.connection).or_insert(none);
            *entry = Refusals { count: entry.count + 1, first_at: entry.first_at, last_at: at, reason };
        }
    }

    /// Whether one more may be kept of that connection.
    fn has_room(&self, refused: &Refused) -> bool {
        let own = self.samples.get(&refused.place.connection);
        let bytes: usize = own.into_iter().flatten().map(cost).sum();
        own.map_or(0, Vec::len) < MOST_OF_ONE && bytes < MOST_BYTES_OF_ONE && self.bytes < MOST_BYTES
    }

    fn keep(&mut self, sample: Sample) {
        self.bytes += cost(&sample);
        self.samples.entry(sample.place.connection).or_default().push(sample);
    }

    /// Puts back what could not be written, for the next time.
    fn put_back(&mut self, older: Self) {
        for (connection, older) in older.evidence {
            let newer = self.evidence.entry(connection).or_insert(Refusals { count: 0, ..older });
            newer.count += older.count;
            newer.first_at = older.first_at;
        }
        keeping::put_back(&mut self.tallies, older.tallies);
        for sample in older.samples.into_values().flatten() {
            let has_room =
                self.samples.get(&sample.place.connection).map_or(0, Vec::len) < MOST_OF_ONE && self.bytes < MOST_BYTES;
            if has_room {
                self.keep(sample);
            }
        }
        self.strays += older.strays;
    }
}

fn cost(sample: &Sample) -> usize {
    sample.bytes + OVERHEAD
}

impl Writing {
    /// Writes down what is left and ends.
    pub(crate) async fn stop(self) {
        self.stop.notify_one();
        if self.task.await.is_err() {
            tracing::error!("refusals were not written down to the last");
        }
    }
}

async fn write(recorder: Recorder, kit: Kit, stop: Arc<Notify>) {
    let mut last = Instant::now();
    loop {
        tokio::select! {
            // Strays alone wake nobody: they are looked for now and then.
            _ = timeout(STRAYS_EVERY.saturating_sub(last.elapsed()), recorder.wake.notified()) => {}
            () = stop.notified() => return recorder.flush(&kit).await,
        }
        recorder.flush(&kit).await;
        last = Instant::now();
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = stop.notified() => return recorder.flush(&kit).await,
        }
    }
}

/// All of them in one unit of work: a flood at many connections costs no more commits than one at a single one.
async fn write_down(kit: &Kit, gathered: &Gathered) -> Result<(), DbError> {
    // Looked at before anything is locked.
    let examined = examination::examine(kit, &gathered.samples).await?;
    let mut tx = kit.db.begin().await?;
    evidence::add_refused(&mut tx, &gathered.evidence).await?;
    keeping::write_down(&mut tx, &kit.vault, &gathered.tallies, &examined).await?;
    if gathered.strays > 0 {
        store::add_strays(&mut tx, gathered.strays, kit.clock.now()).await?;
    }
    tx.commit().await
}
