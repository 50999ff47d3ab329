//! Ingestion: a request at an endpoint becomes an event or a conflict, raises a received count, or is rejected.
//!
//! Invariant: the response is 200 only after a commit, and a body is stored even if its content cannot be parsed.

pub(crate) mod body;
mod endpoint_cache;
mod group_commit;
mod in_flight;
pub(crate) mod replay;
pub(crate) mod routes;
pub(crate) mod store;
mod store_batch;
mod test_event;
mod verification;

use std::{io, net::SocketAddr, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::{task::JoinHandle, time::Instant};

use crate::{
    connections::{ConnectionScope, secret_usage::recorder::Recorder},
    db::{Db, DbError},
    deliveries::outbox::Wake,
    events::append::VerifiedRequest,
    gateways::adapter::{Incoming, ResponseBody},
    jobs::BufferTask,
    primitives::{time::Clock, vault::Vault},
    rejections::Reason,
};
use endpoint_cache::{EndpointCache, EndpointLookupError, EndpointOwner};
use group_commit::{GroupCommit, WriteError};
use in_flight::InFlightBodies;
use store_batch::{EventBatchStore, PendingRequest, StoreHealth, WriteOutcome};
use test_event::TestEventStore;
use verification::{Unverifiable, Verifier};

/// Maximum number of attempts if endpoints change while a request is being verified.
const MAX_VERIFY_ATTEMPTS: usize = 32;

/// Verifies and stores requests. One per server.
pub(crate) struct Ingestion {
    pub(crate) pending: InFlightBodies,
    store_health: Arc<StoreHealth>,
    endpoint_cache: EndpointCache,
    group_commit: GroupCommit<EventBatchStore>,
    test_events: TestEventStore,
    usage_recorder: Recorder,
    verifier: Verifier,
}

/// The outcome of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Authentic, and all its events are on stable storage. The gateway may demand a body of the response.
    Stored(Option<ResponseBody>),
    /// Rejected, with the connection if the endpoint is known.
    Rejected(RejectedAt),
}

/// The connection and the reason of a rejection; `None` at an unknown endpoint.
type RejectedAt = Option<(ConnectionScope, Reason)>;

/// Why a request could not be verified or stored: a retry may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error(transparent)]
    Unknown(#[from] EndpointLookupError),
    #[error(transparent)]
    Unverifiable(#[from] Unverifiable),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("endpoints kept changing during verification")]
    Changing,
}

impl IngestError {
    /// True if the error concerns a whole batch.
    pub(crate) const fn is_of_a_batch(&self) -> bool {
        matches!(self, Self::Write(WriteError::Transient | WriteError::Poisoned))
    }

    /// True if a user has to do something first, of which pages inform them: no error of the server.
    pub(crate) const fn is_expected(&self) -> bool {
        matches!(self, Self::Unverifiable(Unverifiable::NoSecretYet))
    }

    /// True if the error is a bug, so that a retry can succeed only after an update.
    pub(crate) const fn is_defect(&self) -> bool {
        matches!(
            self,
            Self::Write(WriteError::Poisoned) | Self::Unknown(EndpointLookupError::Db(DbError::Internal(_) | DbError::NotUnique))
        )
    }
}

/// The background tasks of an [`Ingestion`].
pub(crate) struct BackgroundTasks {
    /// Resolves when all batches are written.
    writing: BoxFuture<'static, ()>,
    endpoint_listener: JoinHandle<()>,
    usage_task: BufferTask,
}

impl Ingestion {
    /// Returns an ingestion ready to accept requests, which wakes the worker of deliveries; `address` is the server's, for the log.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub(crate) fn start(
        db: &Db,
        vault: &Vault,
        (clock, wake): (&Clock, Wake),
        address: SocketAddr,
    ) -> io::Result<(Self, BackgroundTasks)> {
        let store_health = Arc::<StoreHealth>::default();
        let (group_commit, batches) = GroupCommit::new(EventBatchStore::new(db.on_own_thread(), wake, Arc::clone(&store_health)));
        let has_own_thread = !db.is_shared();
        let writing = db.start_writer(async move {
            // Tests attribute the errors of a thread to its server.
            if has_own_thread {
                tracing::debug!(%address, "worker started");
            }
            batches.run().await;
        })?;
        let endpoint_cache = EndpointCache::new(db.clone(), vault.clone(), clock.clone());
        let (usage_recorder, usage_task) = Recorder::start(db);
        let background_tasks = BackgroundTasks {
            writing,
            endpoint_listener: tokio::spawn(endpoint_cache::listen(endpoint_cache.clone())),
            usage_task,
        };
        Ok((
            Self {
                pending: InFlightBodies::new(),
                store_health,
                endpoint_cache,
                group_commit,
                test_events: TestEventStore::new(db.clone(), vault.clone()),
                usage_recorder,
                verifier: Verifier::new(clock.clone()),
            },
            background_tasks,
        ))
    }

    /// True if a batch recently could not be stored.
    pub(crate) fn has_recent_write_failure(&self) -> bool {
        self.store_health.is_recent()
    }

    /// Writes the uses of secrets that this server has buffered, for a page that decides by them.
    pub(crate) async fn flush_uses(&self, db: &Db) -> Result<(), DbError> {
        self.usage_recorder.flush(db).await
    }

    /// Returns whose endpoint it is, for a request that arrived at `asked` and is rejected before it is verified.
    pub(crate) async fn owner(&self, endpoint: &str, asked: Instant) -> EndpointOwner {
        self.endpoint_cache.owner(endpoint, asked).await
    }

    /// Stores the queued events and the buffered secret usage, and accepts no further requests.
    pub(crate) async fn stop(&self, background_tasks: BackgroundTasks) {
        self.group_commit.close();
        background_tasks.endpoint_listener.abort();
        let _ = background_tasks.endpoint_listener.await;
        tokio::join!(background_tasks.writing, background_tasks.usage_task.stop());
    }

    /// Verifies and stores a request. Calls `hand_over` once the request is verified: from then on the queue bounds its
    /// memory.
    ///
    /// # Errors
    /// If it could not be verified or stored.
    pub(crate) async fn accept(
        &self,
        endpoint: &str,
        request: &Incoming<'_>,
        hand_over: impl Fn(),
    ) -> Result<Outcome, IngestError> {
        let asked = Instant::now();
        let mut known = self.endpoint_cache.known().await?;
        for _ in 0..MAX_VERIFY_ATTEMPTS {
            match self.verifier.verify(&known, endpoint, request) {
                Ok(Ok(verified)) => {
                    let response = verified.response_body();
                    let test_event = self.test_events.store((endpoint, request), &verified, known.version).await?;
                    let outcome = match test_event {
                        Some(outcome) => outcome,
                        None => self.submit(verified, known.version, &hand_over).await?,
                    };
                    match outcome {
                        WriteOutcome::Stored => return Ok(Outcome::Stored(response)),
                        WriteOutcome::Stale => known = self.endpoint_cache.newer_than(known.version).await?,
                    }
                }
                // Re-read the endpoints before rejecting or failing: the cache may be stale.
                unsure => {
                    let newer = self.endpoint_cache.as_of(asked).await?;
                    if newer.version == known.version {
                        return Ok(Outcome::Rejected(unsure?.err().flatten()));
                    }
                    known = newer;
                }
            }
        }
        Err(IngestError::Changing)
    }

    /// Stores a request with the next batch, and notes the use of its secret.
    async fn submit(&self, request: VerifiedRequest, version: i64, hand_over: &impl Fn()) -> Result<WriteOutcome, WriteError> {
        let size = request.queue_bytes();
        let VerifiedRequest { scope, secret, at, .. } = request;
        hand_over();
        let outcome = self.group_commit.submit(PendingRequest { request, version }, size).await?;
        if outcome == WriteOutcome::Stored {
            self.usage_recorder.note(scope.connection, secret, at);
        }
        Ok(outcome)
    }
}
