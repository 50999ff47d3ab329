//! The worker of a server: claims due deliveries, sends them, and settles their outcomes.
//!
//! Invariant: no lock and no unit of work is held while a delivery is sent. A server's concurrent deliveries are limited in total and per
//! company, so that destinations that never respond do not exhaust the server. If a server is killed, its claimed deliveries are sent again
//! once their claims expire.

mod attempts;
mod cycle;
mod send;
mod sending;
mod settle;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Bound,
    panic::AssertUnwindSafe,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, sleep, timeout_at},
};

pub(crate) use self::send::{Sender, TestOutcome};
use self::{
    attempts::Attempts,
    cycle::{Claims, Work},
    sending::Sending,
    settle::Attempted,
};
use super::{
    AttemptFailure,
    destination::{Destination, MAX_TIMEOUT_SECONDS},
    outbox::Wake,
    store::claims,
};
use crate::{
    db::{Db, DbError, with_timeout},
    net::outbound::Client,
    primitives::{
        id::DestinationId,
        own_thread,
        shutdown::Shutdown,
        time::{CLOCK_TOLERANCE, Clock, Timestamp},
        vault::Vault,
    },
};

/// The interval at which the database is searched for due deliveries: retries, and those that other servers have stored.
const TICK: Duration = Duration::from_secs(1);
/// How much longer than an attempt's timeout a claim lasts: the maximum difference of two servers' clocks, and 30 seconds.
const CLAIM_MARGIN: Duration = CLOCK_TOLERANCE.saturating_add(Duration::from_secs(30));
/// The longest time that a claim lasts.
pub(super) const MAX_CLAIM: Duration = CLAIM_MARGIN.saturating_add(Duration::from_secs(MAX_TIMEOUT_SECONDS.unsigned_abs()));
/// The pause before a delivery that could not be read is claimed again.
const PAUSE_BEFORE_CLAIM: Duration = Duration::from_secs(5);
/// The maximum number of destinations and of finished attempts in a unit of work.
const MAX_PER_CYCLE: usize = 64;
/// How long finished attempts are collected while new events arrive, because their batches wait for each unit of work of the worker.
const COLLECT: Duration = Duration::from_millis(2);
/// Grace period for running attempts on shutdown.
const GRACE: Duration = Duration::from_secs(1);
/// The pause after a unit of work that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A delivery that this server has claimed.
#[derive(Clone)]
struct Claimed {
    destination: Destination,
    delivery: claims::Claimed,
    claim: i64,
}

/// An attempt that has ended.
struct Finished {
    claimed: Claimed,
    began_at: Timestamp,
    /// Its duration in milliseconds.
    millis: i64,
    address: Option<String>,
    end: End,
    response: Option<ResponseBody>,
}

impl Finished {
    /// Nothing was sent.
    const fn unsent(claimed: Claimed, began_at: Timestamp, end: End) -> Self {
        Self { claimed, began_at, millis: 0, address: None, end, response: None }
    }

    const fn panicked(claimed: Claimed, began_at: Timestamp) -> Self {
        Self::unsent(claimed, began_at, End::Attempted(Err(AttemptFailure::Unreadable)))
    }
}

/// How a claim ends.
enum End {
    Attempted(Attempted),
    /// There is nothing left to send, or the destination was changed so that it does not receive the event.
    NothingToSend,
    /// The database could not be read: nothing was attempted.
    NotRead,
}

/// The beginning of a response's body.
struct ResponseBody {
    body: Bytes,
    is_cut: bool,
}

/// The context of a worker.
pub(crate) struct WorkerContext {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) client: Client,
    /// The base of links to the console.
    pub(crate) base: String,
    pub(crate) wake: Wake,
}

/// A running worker.
pub(crate) struct Worker {
    shutdown: Shutdown,
    ended: BoxFuture<'static, ()>,
    /// The end of the attempts, which comes after that.
    sent: BoxFuture<'static, ()>,
}

impl Worker {
    /// Starts the worker.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub(crate) fn start(context: WorkerContext) -> io::Result<Self> {
        let (shutdown, (ending, ended)) = (Shutdown::new(), unbounded_channel());
        let (attempts, batches) = unbounded_channel();
        let WorkerContext { db, vault, clock, client, base, wake } = context;
        let sender = Sender::new(db.clone(), vault, clock.clone(), (client, base));
        let attempting = Attempts { sender, clock: clock.clone(), ending }.run_all(batches);
        let sent = own_thread::start("sender", own_thread::Kind::Background, attempting)?;
        let running = Running {
            db: db.on_own_thread(),
            clock,
            wake,
            attempts,
            sending: Sending::default(),
            sending_to: Sending::default(),
            busy: BTreeSet::new(),
            unsettled: Vec::new(),
            due: BTreeSet::new(),
            waiting: BTreeSet::new(),
            last: None,
            last_claimed: DestinationId::least(),
            searched_at: None,
        };
        let ended = db.start_writer(running.run(ended, shutdown.clone()))?;
        Ok(Self { shutdown, ended, sent })
    }

    /// Stops claiming, waits briefly for running attempts, and ends.
    pub(crate) async fn stop(self) {
        self.shutdown.announce();
        self.ended.await;
        self.sent.await;
    }
}

struct Running {
    db: Db,
    clock: Clock,
    wake: Wake,
    /// Sends batches of one destination to the sender's thread, which has a lower priority, so that requests are answered first.
    attempts: UnboundedSender<Vec<Claimed>>,
    sending: Sending,
    /// The same by destination.
    sending_to: Sending<DestinationId>,
    /// Destinations that already receive as many deliveries as they may. They claim again when an attempt has ended.
    busy: BTreeSet<DestinationId>,
    /// Attempts that have ended and are not settled yet.
    unsettled: Vec<Finished>,
    /// Destinations that may have due deliveries.
    due: BTreeSet<DestinationId>,
    /// Destinations that can claim after an attempt of another one has ended.
    waiting: BTreeSet<DestinationId>,
    /// The destination after which the next cycle begins, so that each has its turn.
    last: Option<DestinationId>,
    /// The destination that claimed last.
    last_claimed: DestinationId,
    /// When the database was last searched; `None` at first, because deliveries may already be due.
    searched_at: Option<Instant>,
}

impl Running {
    async fn run(mut self, mut ended: UnboundedReceiver<Finished>, shutdown: Shutdown) {
        self.release_claims().await;
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                _ = ended.recv_many(&mut batch, MAX_PER_CYCLE) => {}
                () = self.wake.woken() => {}
                () = sleep(self.pause()) => {}
                () = shutdown.announced() => break,
            }
            self.collect(&mut batch, &mut ended).await;
            self.note(batch);
            match AssertUnwindSafe(self.cycle()).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "deliveries could not be claimed or settled");
                    sleep(PAUSE_AFTER_FAILURE).await;
                }
                // The panic hook has logged the cause. The claims of what it was to settle expire.
                Err(_) => sleep(PAUSE_AFTER_FAILURE).await,
            }
        }
        self.settle_the_rest(ended).await;
    }

    /// Waits briefly for further attempts to end if some have ended and new events are arriving.
    async fn collect(&self, batch: &mut Vec<Finished>, ended: &mut UnboundedReceiver<Finished>) {
        if !batch.is_empty() && batch.len() < self.sending.total() && self.wake.is_woken() {
            sleep(COLLECT).await;
            batch.extend(std::iter::from_fn(|| ended.try_recv().ok()));
        }
    }

    /// Only one server uses SQLite's files, so claims in them belong to a process that has ended.
    async fn release_claims(&self) {
        if self.db.is_shared() {
            return;
        }
        let now = self.clock.now();
        if let Err(error) = self.db.write_with_timeout(async |tx| claims::release_all(tx, now).await).await {
            tracing::warn!(%error, "claims on deliveries could not be released and will expire");
        }
    }

    /// Returns the time until the next cycle, if nothing happens.
    fn pause(&self) -> Duration {
        if self.due.is_empty() {
            self.searched_at.map_or(Duration::ZERO, |at| TICK.saturating_sub(at.elapsed()))
        } else {
            Duration::ZERO
        }
    }

    fn note(&mut self, batch: Vec<Finished>) {
        // Only as many as may begin, so that a limit with many destinations causes no needless work.
        let after = (Bound::Excluded(self.last_claimed), Bound::Unbounded);
        let next: Vec<DestinationId> = self.waiting.range(after).chain(&self.waiting).take(batch.len()).copied().collect();
        for id in next {
            self.waiting.remove(&id);
            self.due.insert(id);
        }
        for finished in batch {
            let Destination { id, company_id, .. } = finished.claimed.destination;
            self.sending.end(company_id);
            self.sending_to.end(id);
            self.busy.remove(&id);
            self.unsettled.push(finished);
        }
    }

    /// Settles attempts that have ended, then claims and sends due deliveries.
    async fn cycle(&mut self) -> Result<(), DbError> {
        self.due.extend(self.wake.take().into_iter().filter(|id| !self.busy.contains(id)));
        let now = self.clock.now();
        if self.searched_at.is_none_or(|at| at.elapsed() >= TICK) {
            self.due.extend(self.search(now).await?);
            self.searched_at = Some(Instant::now());
        }
        let work = Work { finished: self.take_unsettled(), due: self.take_due(), claim_after: Some(self.last_claimed) };
        if work.finished.is_empty() && work.due.is_empty() {
            return Ok(());
        }
        match with_timeout(cycle::run(&self.db, &work, &self.sending, now)).await {
            Ok(Claims { claimed, waiting }) => {
                self.waiting.extend(waiting);
                for batch in claimed.chunk_by(|one, next| one.destination.id == next.destination.id) {
                    self.send(batch.to_vec());
                }
                Ok(())
            }
            Err(error) => {
                // If the outcome was stored after all, the attempt is stored twice at worst.
                self.unsettled.extend(work.finished.into_values().flatten());
                Err(error)
            }
        }
    }

    async fn search(&self, now: Timestamp) -> Result<Vec<DestinationId>, DbError> {
        let mut reader = self.db.reader().await?;
        claims::list_due_destinations(&mut reader, now).await
    }

    fn take_unsettled(&mut self) -> BTreeMap<DestinationId, Vec<Finished>> {
        let mut taken = BTreeMap::<_, Vec<_>>::new();
        let count = self.unsettled.len().min(MAX_PER_CYCLE);
        for finished in self.unsettled.drain(..count) {
            taken.entry(finished.claimed.destination.id).or_default().push(finished);
        }
        taken
    }

    fn take_due(&mut self) -> BTreeSet<DestinationId> {
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let taken: BTreeSet<DestinationId> =
            self.due.range((after, Bound::Unbounded)).chain(&self.due).take(MAX_PER_CYCLE.min(self.due.len())).copied().collect();
        self.due.retain(|id| !taken.contains(id));
        self.last = taken.last().copied();
        taken
    }

    /// Sends deliveries of one destination.
    fn send(&mut self, batch: Vec<Claimed>) {
        let Some(Destination { id, company_id, settings, .. }) = batch.first().map(|claimed| &claimed.destination) else {
            return;
        };
        self.last_claimed = *id;
        self.sending.begin(*company_id, batch.len());
        self.sending_to.begin(*id, batch.len());
        if self.sending_to.count(id) >= settings.limits().concurrency {
            self.busy.insert(*id);
        }
        // The channel is open as long as the worker runs.
        let _ = self.attempts.send(batch);
    }

    /// Settles the attempts that end soon. The claims of others expire.
    async fn settle_the_rest(mut self, mut ended: UnboundedReceiver<Finished>) {
        let until = Instant::now() + GRACE;
        while !self.sending.is_empty() {
            let mut batch = Vec::new();
            if timeout_at(until, ended.recv_many(&mut batch, MAX_PER_CYCLE)).await.is_err() {
                break;
            }
            self.note(batch);
        }
        while !self.unsettled.is_empty() {
            let work = Work { finished: self.take_unsettled(), due: BTreeSet::new(), claim_after: None };
            let now = self.clock.now();
            if let Err(error) = with_timeout(cycle::run(&self.db, &work, &self.sending, now)).await {
                tracing::warn!(%error, "the outcomes of the last deliveries could not be stored: they will be sent again");
                break;
            }
        }
    }
}
