//! Ingestion: a request at an endpoint becomes an event, a conflict, a receipt more – or is not believed.
//!
//! The rule: nothing but a commit makes an answer of 200, and reading what is inside a body can fail without keeping
//! the body from being stored.

mod batch;
mod pending;
pub(crate) mod receive;
mod receivers;
pub(crate) mod refusals;
pub(crate) mod replay;
pub(crate) mod routes;
pub(crate) mod store;
mod uses;
mod verification;
mod writer;

use std::sync::Arc;

use futures_util::{FutureExt as _, future::Either};
use tokio::{runtime::Handle, sync::Semaphore, task::JoinHandle, time::Instant};

use crate::{
    connections::Place,
    db::{Db, DbError, LONGEST},
    gateways::adapter::Incoming,
    kernel::{time::Clock, vault::Vault},
    rejections::Reason,
};
use batch::{Batch, Job, Kept, Trouble};
use pending::Pending;
use receivers::{Receivers, Unknown, Unreadable};
use verification::Verifier;
use writer::{Batches, Unkept, Writer};

/// More than there are units of work beside each other.
const GUESTS: usize = 16;

/// How often a request is looked at anew because what was known changed under it.
const LOOKS: usize = 32;

/// Where requests are checked and kept. One a server.
pub(crate) struct Ingestion {
    pub(crate) pending: Pending,
    trouble: Arc<Trouble>,
    receivers: Receivers,
    writer: Writer<Batch>,
    batches: Batches<Batch>,
    uses: uses::Recorder,
    /// Where units of work run once the server is about to stop: the threads that take requests then end one by one, maybe
    /// before one is done that holds others' requests.
    home: Handle,
    /// Those that run on the threads that take requests; closed when these are about to end.
    guests: Arc<Semaphore>,
    verifier: Verifier,
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Authentic and on stable storage.
    Stored,
    /// Not believed. The place, where the endpoint is known.
    Refused(Refusal),
}

/// Why a request is not believed; nothing where nobody was asked.
type Refusal = Option<(Place, Reason)>;

/// Why it could not be said whether to believe a request, or not be stored: a retry may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unstored {
    #[error(transparent)]
    Unknown(#[from] Unknown),
    #[error(transparent)]
    Sealed(#[from] Unreadable),
    #[error(transparent)]
    Unkept(#[from] Unkept),
    #[error("endpoints changed again and again")]
    Changing,
}

impl Unstored {
    /// Whether a whole batch met with it.
    pub(crate) const fn is_of_a_batch(&self) -> bool {
        matches!(self, Self::Unkept(Unkept::Passing | Unkept::Defect))
    }

    /// Whether it is our own fault, which a retry mends only after a new version.
    pub(crate) const fn is_defect(&self) -> bool {
        matches!(self, Self::Unkept(Unkept::Defect) | Self::Unknown(Unknown::Db(DbError::Broken(_) | DbError::NotUnique)))
    }
}

/// The tasks behind an [`Ingestion`].
pub(crate) struct Listening {
    ear: JoinHandle<()>,
    uses: uses::Writing,
}

impl Ingestion {
    /// Ready to take requests; each thread that does is to [`Ingestion::write`].
    pub(crate) fn start(db: &Db, vault: &Vault, clock: &Clock) -> (Self, Listening) {
        let trouble = Arc::<Trouble>::default();
        let (writer, batches) = Writer::new(Batch::new(db.clone(), Arc::clone(&trouble)), db.writers());
        let receivers = Receivers::new(db.clone(), vault.clone(), clock.clone());
        let (recorder, writing) = uses::Recorder::start(db);
        let listening = Listening { ear: tokio::spawn(receivers::listen(receivers.clone())), uses: writing };
        (
            Self {
                pending: Pending::new(),
                trouble,
                receivers,
                writer,
                batches,
                uses: recorder,
                home: Handle::current(),
                guests: Arc::new(Semaphore::new(GUESTS)),
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
    pub(crate) async fn place(&self, endpoint: &str, asked: Instant) -> Option<Place> {
        self.receivers.place(endpoint, asked).await
    }

    /// Stores what is handed over, batch after batch, until it is told to stop.
    pub(crate) fn write(&self) -> impl Future<Output = ()> + use<> {
        let (home, guests) = (self.home.clone(), Arc::clone(&self.guests));
        self.batches.clone().run(move |batch| match Arc::clone(&guests).try_acquire_owned() {
            // Handing a batch to another thread and back costs more than writing a few events.
            Ok(guest) => Either::Left(batch.map(|()| drop(guest))),
            Err(_) => Either::Right(home.spawn(batch).map(drop)),
        })
    }

    /// From now on no unit of work depends on the threads that take requests; waits for those that do.
    pub(crate) async fn leave(&self) {
        let all = u32::try_from(GUESTS).unwrap_or(u32::MAX);
        let gone = tokio::time::timeout(LONGEST, self.guests.acquire_many(all)).await;
        self.guests.close();
        drop(gone);
    }

    /// Takes no more, and writes down what is left to be noted.
    pub(crate) async fn stop(&self, listening: Listening) {
        self.writer.close();
        listening.ear.abort();
        let _ = listening.ear.await;
        listening.uses.stop().await;
    }

    /// Verifies the request and stores it. `hand_over` is called once the queue for storing bounds the memory it takes.
    ///
    /// # Errors
    /// When it is not known whether to believe it, or it could not be stored.
    pub(crate) async fn accept(&self, endpoint: &str, request: &Incoming<'_>, hand_over: impl Fn()) -> Result<Outcome, Unstored> {
        let asked = Instant::now();
        let mut known = self.receivers.known().await?;
        for _ in 0..LOOKS {
            match self.verifier.verify(&known, endpoint, request) {
                Ok(Ok(arrival)) => {
                    let bytes = arrival.body.octets().len() + arrival.headers.len();
                    let (connection, secret, at) = (arrival.place.connection, arrival.secret, arrival.at);
                    hand_over();
                    match self.writer.submit(Job { arrival, version: known.version }, bytes).await? {
                        Kept::Stored => {
                            self.uses.note(connection, secret, at);
                            return Ok(Outcome::Stored);
                        }
                        Kept::Outdated => known = self.receivers.after(known.version).await?,
                    }
                }
                // Not believed, or not to be told: neither is said by knowledge that may be out of date.
                unsure => {
                    let newer = self.receivers.at(asked).await?;
                    if newer.version == known.version {
                        return Ok(Outcome::Refused(unsure?.err().flatten()));
                    }
                    known = newer;
                }
            }
        }
        Err(Unstored::Changing)
    }
}
