//! Notes refused requests off the hot path: gathered in memory, written down a few at a time.
//!
//! The rule: a flood of forgeries costs one small write per connection and interval, and none on the way to an answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    connections::{
        Place,
        evidence::{self, Refusals},
    },
    db::Db,
    gateways::adapter::Rejected,
    kernel::{id::ConnectionId, time::Timestamp},
};

/// How long refusals are gathered before they are written down.
const INTERVAL: Duration = Duration::from_millis(200);

/// Where refusals are noted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    gathered: Arc<Mutex<HashMap<ConnectionId, Refusals>>>,
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

    fn take(&self) -> HashMap<ConnectionId, Refusals> {
        std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be written, for the next time.
    fn put_back(&self, connection: ConnectionId, refusals: Refusals) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered
            .entry(connection)
            .and_modify(|newer| {
                newer.count += refusals.count;
                newer.first_at = refusals.first_at;
            })
            .or_insert(refusals);
        drop(gathered);
        self.wake.notify_one();
    }

    async fn flush(&self, db: &Db) {
        for (connection, refusals) in self.take() {
            if let Err(error) = write_one(db, connection, &refusals).await {
                tracing::warn!(%connection, %error, "refusals could not be written down yet");
                self.put_back(connection, refusals);
            }
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

async fn write_one(db: &Db, connection: ConnectionId, refusals: &Refusals) -> Result<(), crate::db::DbError> {
    let mut tx = db.begin().await?;
    evidence::add_refused(&mut tx, connection, refusals).await?;
    tx.commit().await
}
