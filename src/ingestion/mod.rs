//! Ingestion: a request at an endpoint becomes an event, a conflict, a receipt more – or is not believed.
//!
//! The rule: nothing but a commit makes an answer of 200, and reading what is inside a body can fail without keeping
//! the body from being stored.

pub(crate) mod receive;
pub(crate) mod refusals;
pub(crate) mod routes;

use tokio::sync::Semaphore;

use crate::{
    apps,
    connections::{self, Connection, Place, evidence, secrets},
    db::{Db, DbError},
    events::{self, Appended, Arrival},
    gateways::{
        Gateway,
        adapter::{self, Content, Incoming, LiveSecret, Rejected},
    },
    kernel::{
        id::{AppId, ConnectionId, SecretId},
        secret::Secret,
        time::{Clock, Timestamp},
        vault::{Vault, VaultError},
    },
    transactions,
};

/// The most authentic requests that wait to be stored at once; the next is sent away, not kept in memory.
const WAITING: usize = 512;
/// The most that are being stored at once: half of PostgreSQL's pool, and more than SQLite's one writer takes.
const STORING: usize = 8;
/// What nobody's secret is sealed for.
const NOBODYS: &str = "nobody";

/// Where requests are checked and kept. One a server.
pub(crate) struct Ingestion {
    db: Db,
    vault: Vault,
    clock: Clock,
    /// Authentic requests that may wait to be stored at once; more are sent away, not kept in memory.
    waiting: Semaphore,
    /// Those of them that hold a connection to the database: pages keep the rest.
    storing: Semaphore,
    /// Verified against when there is no such endpoint, so that the answer takes the same work.
    nobody: Nobody,
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Authentic and on stable storage.
    Stored,
    /// Not believed. The place, where the endpoint is known.
    Refused(Option<(Place, Rejected)>),
}

/// Why it could not be said whether to believe a request, or not be stored: a retry may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unstored {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("a secret cannot be opened: {0}")]
    Vault(#[from] VaultError),
    #[error("too many requests wait to be stored")]
    Full,
}

impl Unstored {
    /// Whether it is our own fault, which a retry mends only after a new version.
    pub(crate) const fn is_defect(&self) -> bool {
        matches!(self, Self::Db(DbError::Broken(_) | DbError::NotUnique))
    }
}

/// Stands in for a connection where there is none.
struct Nobody {
    app: AppId,
    connection: ConnectionId,
    sealed: Vec<u8>,
    live: LiveSecret,
}

impl Nobody {
    fn new(vault: &Vault, now: Timestamp) -> Self {
        let secret = Secret::generate();
        Self {
            app: AppId::new(now),
            connection: ConnectionId::new(now),
            sealed: vault.seal(NOBODYS, NOBODYS.as_bytes(), secret.expose().as_bytes()),
            live: LiveSecret { id: SecretId::new(now), secret },
        }
    }
}

/// A connection that may receive, with what it believes.
struct Receiver {
    place: Place,
    live: Vec<LiveSecret>,
}

impl Ingestion {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock) -> Self {
        let nobody = Nobody::new(&vault, clock.now());
        let (waiting, storing) = (Semaphore::new(WAITING), Semaphore::new(STORING));
        Self { db, vault, clock, waiting, storing, nobody }
    }

    /// Verifies the request and keeps it.
    ///
    /// # Errors
    /// When it is not known whether to believe it, or it could not be stored.
    pub(crate) async fn accept(&self, endpoint: &str, request: &Incoming<'_>) -> Result<Outcome, Unstored> {
        let now = self.clock.now();
        let Some(receiver) = self.receiver(endpoint, now).await? else {
            // The same work as for a known endpoint, and never a success.
            let _ = adapter::verify(Gateway::Razorpay, request, std::slice::from_ref(&self.nobody.live), now);
            return Ok(Outcome::Refused(None));
        };
        match adapter::verify(receiver.place.gateway, request, &receiver.live, now) {
            Err(reason) => Ok(Outcome::Refused(Some((receiver.place, reason)))),
            Ok((body, secret)) => {
                let arrival = Arrival {
                    place: &receiver.place,
                    body: &body,
                    gateway_event_id: receiver.place.gateway.adapter().event_id(request),
                    secret,
                    headers: &receive::headers_json(request.headers),
                    at: now,
                };
                let _waiting = self.waiting.try_acquire().map_err(|_| Unstored::Full)?;
                let _storing = self.storing.acquire().await.map_err(|_| Unstored::Full)?;
                self.keep(&arrival).await?;
                Ok(Outcome::Stored)
            }
        }
    }

    /// The connection behind an endpoint, if it may receive now. Asks the same of the database and of the vault whether
    /// there is one or not, so that the time of an answer does not tell.
    async fn receiver(&self, endpoint: &str, now: Timestamp) -> Result<Option<Receiver>, Unstored> {
        let mut reader = self.db.reader().await?;
        let connection = connections::store::find_by_endpoint(&mut reader, endpoint).await?;
        let (app, id) = connection.as_ref().map_or((self.nobody.app, self.nobody.connection), |found| (found.app_id, found.id));
        let app = apps::store::find_any(&mut reader, app).await?;
        let stored = secrets::list_live(&mut reader, id, now).await?;
        drop(reader);
        let live = stored.iter().map(|secret| secret.live(&self.vault)).collect::<Result<Vec<_>, _>>()?;
        if live.is_empty() {
            let _ = self.vault.open(NOBODYS, NOBODYS.as_bytes(), &self.nobody.sealed);
        }
        let receives = connection.filter(|connection| may_receive(connection, app.as_ref()));
        Ok(receives.map(|connection| Receiver { place: connection.place(), live }))
    }

    /// One unit of work: the event, its part in the payment's story, and the evidence.
    async fn keep(&self, arrival: &Arrival<'_>) -> Result<(), DbError> {
        let reading = arrival.place.gateway.adapter().read(arrival.body);
        let mut tx = self.db.begin().await?;
        let appended = events::append(&mut tx, arrival, &reading).await?;
        if let (Appended::New(event), Content::Facts(facts)) = (appended, &reading.content) {
            let transaction = transactions::project(&mut tx, arrival.place, facts, arrival.at).await?;
            events::store::update_transaction(&mut tx, event, transaction).await?;
        }
        evidence::add_verified(&mut tx, arrival.place.connection, arrival.at).await?;
        tx.commit().await
    }
}

fn may_receive(connection: &Connection, app: Option<&apps::App>) -> bool {
    connection.is_enabled && app.is_some_and(|app| app.is_enabled)
}
