//! Notes refused requests off the hot path: gathered in memory, written down a few at a time.
//!
//! The rule: a flood of forgeries costs one small commit an interval, and none on the way to an answer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    connections::{
        Place,
        evidence::{self, Refusals},
    },
    db::{Db, DbError},
    gateways::adapter::Rejected,
    kernel::{id::ConnectionId, time::Timestamp},
};

/// How long refusals are gathered before they are written down.
const INTERVAL: Duration = Duration::from_millis(200);

/// Where refusals are noted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    gathered: Arc<Mutex<BTreeMap<ConnectionId, Refusals>>>,
    wake: Arc<Notify>,
}

/// The task that writes them down.
pub(crate) struct Writing {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Recorder {
    /// A recorder and the task behind it.
    pub(crate) fn start(db: &Db) -> (Self, Writing) {
        let recorder = Self { gathered: Arc::default(), wake: Arc::default() };
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(write(recorder.clone(), db.clone(), Arc::clone(&stop)));
        (recorder, Writing { stop, task })
    }

    /// Notes one. Bounded: there is one entry a connection, and only known connections come here.
    pub(crate) fn note(&self, place: &Place, reason: Rejected, at: Timestamp) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = gathered.entry(place.connection).or_insert(Refusals { count: 0, first_at: at, last_at: at, reason });
        *entry = Refusals { count: entry.count + 1, first_at: entry.first_at, last_at: at, reason };
        drop(gathered);
        self.wake.notify_one();
    }

    fn take(&self) -> BTreeMap<ConnectionId, Refusals> {
        std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be written, for the next time.
    fn put_back(&self, refused: BTreeMap<ConnectionId, Refusals>) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        for (connection, older) in refused {
            gathered
                .entry(connection)
                .and_modify(|newer| {
                    newer.count += older.count;
                    newer.first_at = older.first_at;
                })
                .or_insert(older);
        }
        drop(gathered);
        self.wake.notify_one();
    }

    async fn flush(&self, db: &Db) {
        let refused = self.take();
        if refused.is_empty() {
            return;
        }
        if let Err(error) = write_down(db, &refused).await {
            tracing::warn!(connections = refused.len(), %error, "refusals could not be written down yet");
            self.put_back(refused);
        }
    }
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

async fn write(recorder: Recorder, db: Db, stop: Arc<Notify>) {
    loop {
        tokio::select! {
            () = recorder.wake.notified() => recorder.flush(&db).await,
            () = stop.notified() => return recorder.flush(&db).await,
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = stop.notified() => return recorder.flush(&db).await,
        }
    }
}

/// All of them in one unit of work: a flood at many connections costs no more commits than one at a single one.
async fn write_down(db: &Db, refused: &BTreeMap<ConnectionId, Refusals>) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    evidence::add_refused(&mut tx, refused).await?;
    tx.commit().await
}
