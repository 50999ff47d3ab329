//! Ingestion: a request at an endpoint becomes an event, a conflict, a receipt more – or is not believed.
//!
//! The rule: nothing but a commit makes an answer of 200, and reading what is inside a body can fail without keeping
//! the body from being stored.

pub(crate) mod body;
mod endpoint_cache;
mod group_commit;
mod in_flight;
pub(crate) mod recorder;
pub(crate) mod replay;
pub(crate) mod routes;
mod secret_usage;
pub(crate) mod store;
mod store_batch;
mod verification;

use std::sync::Arc;

use futures_util::{FutureExt as _, future::Either};
use tokio::{runtime::Handle, sync::Semaphore, task::JoinHandle, time::Instant};

use crate::{
    connections::ConnectionScope,
    db::{Db, DbError, UNIT_OF_WORK_TIMEOUT},
    gateways::adapter::Incoming,
    primitives::{time::Clock, vault::Vault},
    rejections::Reason,
};
use endpoint_cache::{EndpointCache, EndpointLookupError, Unreadable};
use group_commit::{BatchWorker, WriteError, Writer};
use in_flight::Pending;
use store_batch::{EventBatchStore, PendingEvent, StoreHealth, WriteOutcome};
use verification::Verifier;

/// More than there are units of work beside each other.
const MAX_INLINE_BATCHES: usize = 16;

/// How often a request is looked at anew because what was known changed under it.
const MAX_VERIFY_ATTEMPTS: usize = 32;

/// Where requests are checked and kept. One a server.
pub(crate) struct Ingestion {
    pub(crate) pending: Pending,
    trouble: Arc<StoreHealth>,
    receivers: EndpointCache,
    writer: Writer<EventBatchStore>,
    batches: BatchWorker<EventBatchStore>,
    uses: secret_usage::Recorder,
    /// Where units of work run once the server is about to stop: the threads that take requests then end one by one, maybe
    /// before one is done that holds others' requests.
    runtime: Handle,
    /// Those that run on the threads that take requests; closed when these are about to end.
    inline_permits: Arc<Semaphore>,
    verifier: Verifier,
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Authentic and on stable storage.
    Stored,
    /// Not believed. The place, where the endpoint is known.
    Rejected(RejectedAt),
}

/// Why a request is not believed; nothing where nobody was asked.
type RejectedAt = Option<(ConnectionScope, Reason)>;

/// Why it could not be said whether to believe a request, or not be stored: a retry may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error(transparent)]
    Unknown(#[from] EndpointLookupError),
    #[error(transparent)]
    Sealed(#[from] Unreadable),
    #[error(transparent)]
    Unkept(#[from] WriteError),
    #[error("endpoints changed again and again")]
    Changing,
}

impl IngestError {
    /// Whether a whole batch met with it.
    pub(crate) const fn is_of_a_batch(&self) -> bool {
        matches!(self, Self::Unkept(WriteError::Transient | WriteError::Poisoned))
    }

    /// Whether it is our own fault, which a retry mends only after a new version.
    pub(crate) const fn is_defect(&self) -> bool {
        matches!(
            self,
            Self::Unkept(WriteError::Poisoned)
                | Self::Unknown(EndpointLookupError::Db(DbError::Internal(_) | DbError::NotUnique))
        )
    }
}

/// The tasks behind an [`Ingestion`].
pub(crate) struct BackgroundTasks {
    ear: JoinHandle<()>,
    uses: secret_usage::Writing,
}

impl Ingestion {
    /// Ready to take requests; each thread that does is to [`Ingestion::write`].
    pub(crate) fn start(db: &Db, vault: &Vault, clock: &Clock) -> (Self, BackgroundTasks) {
        let store_health = Arc::<StoreHealth>::default();
        let (writer, batches) = Writer::new(EventBatchStore::new(db.clone(), Arc::clone(&store_health)), db.write_concurrency());
        let receivers = EndpointCache::new(db.clone(), vault.clone(), clock.clone());
        let (recorder, writing) = secret_usage::Recorder::start(db);
        let listening = BackgroundTasks { ear: tokio::spawn(endpoint_cache::listen(receivers.clone())), uses: writing };
        (
            Self {
                pending: Pending::new(),
                trouble: store_health,
                receivers,
                writer,
                batches,
                uses: recorder,
                runtime: Handle::current(),
                inline_permits: Arc::new(Semaphore::new(MAX_INLINE_BATCHES)),
                verifier: Verifier::new(clock.clone()),
            },
            listening,
        )
    }

    /// Whether events could not be stored a moment ago.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.trouble.is_recent()
    }

    /// The connection behind an endpoint, for a request that arrived at `asked` and is rejected before it is verified.
    pub(crate) async fn place(&self, endpoint: &str, asked: Instant) -> Option<ConnectionScope> {
        self.receivers.place(endpoint, asked).await
    }

    /// Stores what is handed over, batch after batch, until it is told to stop.
    pub(crate) fn write(&self) -> impl Future<Output = ()> + use<> {
        let (home, guests) = (self.runtime.clone(), Arc::clone(&self.inline_permits));
        self.batches.clone().run(move |batch| match Arc::clone(&guests).try_acquire_owned() {
            // Handing a batch to another thread and back costs more than writing a few events.
            Ok(guest) => Either::Left(batch.map(|()| drop(guest))),
            Err(_) => Either::Right(home.spawn(batch).map(drop)),
        })
    }

    /// From now on no unit of work depends on the threads that take requests; waits for those that do.
    pub(crate) async fn detach_from_workers(&self) {
        let all = u32::try_from(MAX_INLINE_BATCHES).unwrap_or(u32::MAX);
        let gone = tokio::time::timeout(UNIT_OF_WORK_TIMEOUT, self.inline_permits.acquire_many(all)).await;
        self.inline_permits.close();
        drop(gone);
    }

    /// Takes no more, and writes down what is left to be noted.
    pub(crate) async fn stop(&self, listening: BackgroundTasks) {
        self.writer.close();
        listening.ear.abort();
        let _ = listening.ear.await;
        listening.uses.stop().await;
    }

    /// Verifies the request and stores it. `hand_over` is called once the queue for storing bounds the memory it takes.
    ///
    /// # Errors
    /// When it is not known whether to believe it, or it could not be stored.
    pub(crate) async fn accept(
        &self,
        endpoint: &str,
        request: &Incoming<'_>,
        hand_over: impl Fn(),
    ) -> Result<Outcome, IngestError> {
        let asked = Instant::now();
        let mut known = self.receivers.known().await?;
        for _ in 0..MAX_VERIFY_ATTEMPTS {
            match self.verifier.verify(&known, endpoint, request) {
                Ok(Ok(arrival)) => {
                    let bytes = arrival.body.bytes().len() + arrival.headers.len();
                    let (connection, secret, at) = (arrival.place.connection, arrival.secret, arrival.at);
                    hand_over();
                    match self.writer.submit(PendingEvent { arrival, version: known.version }, bytes).await? {
                        WriteOutcome::Stored => {
                            self.uses.note(connection, secret, at);
                            return Ok(Outcome::Stored);
                        }
                        WriteOutcome::Stale => known = self.receivers.newer_than(known.version).await?,
                    }
                }
                // Not believed, or not to be told: neither is said by knowledge that may be out of date.
                unsure => {
                    let newer = self.receivers.as_of(asked).await?;
                    if newer.version == known.version {
                        return Ok(Outcome::Rejected(unsure?.err().flatten()));
                    }
                    known = newer;
                }
            }
        }
        Err(IngestError::Changing)
    }
}
