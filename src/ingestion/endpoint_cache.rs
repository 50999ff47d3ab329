//! An in-memory cache of all endpoints and their secrets, which decide whether a request is accepted.
//!
//! Invariant: no request is accepted or rejected on stale data. An accepted request carries the version it was verified
//! under, and the batch that stores it compares that with the current version. A request is rejected only after a read of the
//! version that began after the request arrived. In a flood, requests that wait for a read share the next one. A read runs in
//! a task of its own: it completes even if the request that began it is dropped, so the others get its result.
//!
//! Enabled, disabled and unknown endpoints are looked up once in the same map, so that the time of a response does not reveal
//! which exist.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, sleep_until, timeout},
};

use super::{store, verification::CheckCounts};
use crate::{
    apps::{self, zones::Zones},
    connections::{self, Connection, ConnectionScope, secrets},
    db::{Db, DbError, Reader},
    gateways::adapter::ValidSecret,
    primitives::{
        id::{ConnectionId, SecretId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
};

/// The PostgreSQL notification channel on which triggers announce changes.
const CHANNEL: &str = "ks_pay_endpoints";
/// The maximum duration of a read. Requests wait for it.
const READ_TIMEOUT: Duration = Duration::from_secs(3);
/// The maximum duration of the lookup for a request whose response does not depend on it.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);
/// The minimum interval between two reads made for rejections, so that a flood causes a bounded number of them.
const MIN_READ_INTERVAL: Duration = Duration::from_millis(2);

/// The endpoints at one version.
pub(crate) struct EndpointSnapshot {
    pub(crate) version: i64,
    endpoints: HashMap<String, Endpoint>,
    /// The number of checks for a rejected request, the same at every endpoint.
    pub(crate) checks: CheckCounts,
}

/// The secrets of a connection.
#[derive(Default)]
pub(super) struct Secrets {
    /// The secrets that were valid when this was read, each with its expiry.
    pub(super) live: Vec<ValidSecret>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// A valid secret whose sealed value does not open: it was damaged, or swapped with another row's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sealed secret {secret} of connection {connection} cannot be decrypted: it was damaged or replaced. The \
     Webhook page says what to do; `ks-pay doctor` lists every such secret"
)]
pub(crate) struct Unreadable {
    pub(super) connection: ConnectionId,
    pub(super) secret: SecretId,
    pub(super) until: Option<Timestamp>,
}

/// Whose an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointOwner {
    /// There is no such endpoint.
    Unknown,
    /// A connection, enabled or not.
    Connection(ConnectionScope),
    /// A connection without the secret that its gateway generates: nothing is stored until it is entered.
    AwaitsSecret,
}

/// The connection behind an endpoint.
pub(crate) struct Endpoint {
    pub(crate) scope: ConnectionScope,
    /// The zones of its app, by whose days payments are added up.
    pub(crate) zones: Zones,
    /// Whether it accepts requests: neither the connection nor its app is disabled.
    pub(crate) is_enabled: bool,
    pub(super) secrets: Secrets,
}

impl Endpoint {
    /// Returns the secrets that requests can be verified with.
    pub(crate) fn live(&self) -> &[ValidSecret] {
        &self.secrets.live
    }

    /// True if the gateway generates the secret and none has been entered yet.
    pub(crate) fn awaits_secret(&self) -> bool {
        self.scope.gateway.generates_secret() && self.secrets.live.is_empty() && self.secrets.unreadable.is_empty()
    }

    /// Returns a secret that is valid at `now` but does not open, if there is one.
    pub(crate) fn unreadable(&self, now: Timestamp) -> Option<Unreadable> {
        self.secrets.unreadable.iter().copied().find(|secret| secret.until.is_none_or(|until| until > now))
    }
}

impl EndpointSnapshot {
    pub(super) fn new(version: i64, endpoints: HashMap<String, Endpoint>) -> Self {
        let checks = CheckCounts::of(endpoints.values().filter(|endpoint| endpoint.is_enabled));
        Self { version, endpoints, checks }
    }

    /// Returns the connection of an endpoint, enabled or not.
    pub(crate) fn find(&self, endpoint: &str) -> Option<&Endpoint> {
        self.endpoints.get(endpoint)
    }
}

/// The cache of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EndpointCache {
    db: Db,
    vault: Vault,
    clock: Clock,
    known: Arc<RwLock<Option<Arc<EndpointSnapshot>>>>,
    /// Locked during a read.
    last: Arc<Mutex<Last>>,
}

/// The last read of the version.
#[derive(Clone, Copy)]
struct Last {
    began: Instant,
    is_good: bool,
}

/// The endpoints could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EndpointLookupError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the endpoint cache failed to refresh recently")]
    StillUnreadable,
}

/// Refreshes the cache on every change notification, so that the next request does not have to. An optimisation only:
/// correctness does not depend on it.
pub(crate) async fn listen(cache: EndpointCache) {
    let mut changes = cache.db.subscribe(CHANNEL);
    loop {
        changes.changed().await;
        if let Err(error) = cache.refresh().await {
            tracing::debug!(%error, "the endpoint cache could not be refreshed");
        }
    }
}

impl EndpointCache {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock) -> Self {
        let last = Arc::new(Mutex::new(Last { began: Instant::now(), is_good: false }));
        Self { db, vault, clock, known: Arc::default(), last }
    }

    /// Returns the cached endpoints, which may be stale.
    ///
    /// # Errors
    /// If nothing is cached yet and the database cannot be read.
    pub(crate) async fn known(&self) -> Result<Arc<EndpointSnapshot>, EndpointLookupError> {
        match self.current() {
            Some(known) => Ok(known),
            None => self.newer_than(i64::MIN).await,
        }
    }

    /// Returns the result of a read that began after `asked`. Concurrent callers share it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) async fn as_of(&self, asked: Instant) -> Result<Arc<EndpointSnapshot>, EndpointLookupError> {
        let last = self.lock_reader().await;
        if last.began > asked {
            return self.current().filter(|_| last.is_good).ok_or(EndpointLookupError::StillUnreadable);
        }
        sleep_until(last.began + MIN_READ_INTERVAL).await;
        self.read(last).await
    }

    /// Returns a version other than this one, which a batch has found to be stale.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) async fn newer_than(&self, version: i64) -> Result<Arc<EndpointSnapshot>, EndpointLookupError> {
        let last = self.lock_reader().await;
        match self.current() {
            Some(known) if known.version != version => Ok(known),
            _ => self.read(last).await,
        }
    }

    async fn refresh(&self) -> Result<Arc<EndpointSnapshot>, EndpointLookupError> {
        self.read(self.lock_reader().await).await
    }

    async fn lock_reader(&self) -> OwnedMutexGuard<Last> {
        Arc::clone(&self.last).lock_owned().await
    }

    /// Reads the version, and what has changed with it, in a task that outlives the caller.
    async fn read(&self, mut last: OwnedMutexGuard<Last>) -> Result<Arc<EndpointSnapshot>, EndpointLookupError> {
        let this = self.clone();
        let reading = tokio::spawn(async move {
            // Not good until the read succeeds: the task is dropped if the thread that runs it ends.
            *last = Last { began: Instant::now(), is_good: false };
            let read = timeout(READ_TIMEOUT, this.read_now()).await.map_err(|_| EndpointLookupError::StillUnreadable)?;
            last.is_good = read.is_ok();
            Ok(read?)
        });
        reading.await.unwrap_or(Err(EndpointLookupError::StillUnreadable))
    }

    async fn read_now(&self) -> Result<Arc<EndpointSnapshot>, DbError> {
        let mut reader = self.db.reader().await?;
        // Read the version first: a concurrent change is then read early rather than missed.
        let version = store::version(&mut reader).await?;
        if let Some(known) = self.current().filter(|known| known.version == version) {
            return Ok(known);
        }
        drop(reader);
        let known = Arc::new(EndpointSnapshot::new(version, self.endpoints(&mut self.db.bulk_reader().await?).await?));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    /// Reads all connections, by endpoint.
    async fn endpoints(&self, reader: &mut Reader) -> Result<HashMap<String, Endpoint>, DbError> {
        let connections = connections::store::list_all(&mut *reader).await?;
        // Read after the connections: each of them has its app.
        let apps = apps::store::list_for_ingestion(&mut *reader).await?;
        let mut secrets = self.secrets(reader).await?;
        let endpoint = |connection: Connection| {
            let (scope, app) = (connection.scope(), apps.get(&connection.app_id)?);
            let is_enabled = connection.is_enabled && app.is_enabled;
            let secrets = secrets.remove(&connection.id).filter(|_| is_enabled).unwrap_or_default();
            Some((connection.endpoint, Endpoint { scope, zones: app.zones, is_enabled, secrets }))
        };
        Ok(connections.into_iter().filter_map(endpoint).collect())
    }

    /// Reads the valid secrets of all connections. Logs each one that does not open, once per read.
    async fn secrets(&self, reader: &mut Reader) -> Result<HashMap<ConnectionId, Secrets>, DbError> {
        let mut of: HashMap<ConnectionId, Secrets> = HashMap::new();
        for stored in secrets::list_all_valid(reader, self.clock.now()).await? {
            let own = of.entry(stored.connection_id).or_default();
            if let Ok(live) = stored.live(&self.vault) {
                own.live.push(live);
            } else {
                let unreadable = Unreadable { connection: stored.connection_id, secret: stored.id, until: stored.valid_until };
                tracing::error!(connection = %stored.connection_id, secret = %stored.id, "{unreadable}");
                own.unreadable.push(unreadable);
            }
        }
        Ok(of)
    }

    /// Returns whose endpoint it is. Known or not, the endpoint is looked up in a read that began after `asked`, so that the
    /// response time reveals nothing; in the cached data if that read fails or takes more than [`LOOKUP_TIMEOUT`].
    pub(crate) async fn owner(&self, endpoint: &str, asked: Instant) -> EndpointOwner {
        let known = match timeout(LOOKUP_TIMEOUT, self.as_of(asked)).await {
            Ok(Ok(known)) => Some(known),
            _ => self.current(),
        };
        match known.as_ref().and_then(|known| known.find(endpoint)) {
            None => EndpointOwner::Unknown,
            Some(endpoint) if endpoint.awaits_secret() => EndpointOwner::AwaitsSecret,
            Some(endpoint) => EndpointOwner::Connection(endpoint.scope),
        }
    }

    fn current(&self) -> Option<Arc<EndpointSnapshot>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures_util::{FutureExt as _, future::join_all};
    use sqlx::AssertSqlSafe;
    use tokio::task::yield_now;

    use super::*;
    use crate::{
        db::{Location, run},
        primitives::vault::MasterKey,
    };

    const FLOOD: usize = 300;
    const CHANGE: &str = "UPDATE versions SET version = version + 1 WHERE name = 'endpoints'";

    async fn cache(directory: &tempfile::TempDir) -> EndpointCache {
        let Ok(db) = Db::open(&Location::Sqlite(directory.path().join("ks-pay.db"))).await else { panic!("it opens") };
        EndpointCache::new(db, Vault::new(MasterKey::generate()), Clock::system())
    }

    async fn change(cache: &EndpointCache) {
        let mut tx = cache.db.begin().await.unwrap();
        run!(&mut tx, |conn| sqlx::query(AssertSqlSafe(CHANGE)).execute(conn).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn requests_that_wait_together_share_one_reading() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory).await;
        let asked = Instant::now();
        let readings = join_all((0..FLOOD).map(async |_| {
            cache.as_of(asked).await.unwrap();
            cache.last.lock().await.began
        }));
        assert_eq!(readings.await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    }

    /// Takes all database connections for reading, so that a read that begins now has to wait.
    async fn occupy(cache: &EndpointCache) -> Vec<Reader> {
        let mut occupied = Vec::new();
        while let Ok(reader) = timeout(Duration::from_millis(200), cache.db.reader()).await {
            occupied.push(reader.unwrap());
        }
        occupied
    }

    #[tokio::test]
    async fn a_reading_outlives_the_request_that_began_it() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory).await;
        let version = cache.as_of(Instant::now()).await.unwrap().version;
        change(&cache).await;
        let occupied = occupy(&cache).await;
        let asked = Instant::now();
        let mut first = Box::pin(cache.as_of(asked));
        let mut others = Box::pin(join_all((0..FLOOD).map(|_| cache.as_of(asked))));
        for _ in 0..10 {
            assert!(first.as_mut().now_or_never().is_none() && others.as_mut().now_or_never().is_none());
            // The read begins, and waits for a connection.
            yield_now().await;
        }
        assert!(cache.last.try_lock().is_err());
        drop(first);
        drop(occupied);
        let versions: Vec<_> = others.await.into_iter().map(|known| known.unwrap().version).collect();
        assert_eq!(versions, [version + 1; FLOOD]);
    }

    #[tokio::test]
    async fn in_a_flood_every_request_is_judged_by_a_reading_that_began_after_it_arrived() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory).await;
        let mut version = cache.as_of(Instant::now()).await.unwrap().version;
        for _ in 0..FLOOD / 10 {
            for _ in 0..10 {
                cache.as_of(Instant::now()).await.unwrap();
            }
            change(&cache).await;
            let asked = Instant::now();
            let known = cache.as_of(asked).await.unwrap();
            assert!(cache.last.lock().await.began > asked);
            assert_eq!(known.version, version + 1, "what was committed before it arrived counts");
            version = known.version;
        }
    }
}
