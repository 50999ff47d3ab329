//! What decides about an arriving request – endpoints and their SECRETs – kept in memory, all of it.
//!
//! The rule: nobody is believed or refused by knowledge that may be out of date. What is believed carries the version
//! it was believed under, and the batch that stores it looks whether that still is the version. Before somebody is
//! refused the version is read again; in a flood of refusals ten times a second, and not once for each.
//!
//! An unknown endpoint takes the same look into the same map as a known one, so the time of an answer does not tell
//! which there are.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::store;
use crate::{
    apps,
    connections::{self, Connection, Place, secrets},
    db::{Db, DbError, Reader},
    gateways::adapter::LiveSecret,
    kernel::{
        time::Clock,
        vault::{Vault, VaultError},
    },
};

/// Where triggers of PostgreSQL say that something has changed.
const CHANNEL: &str = "ks_pay_receivers";
/// The longest that a reading may take. Others wait for it.
const READ_WITHIN: Duration = Duration::from_secs(3);
/// How often a second the version is read for refusals.
const READS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// One version of what is known.
pub(crate) struct Known {
    pub(crate) version: i64,
    receivers: HashMap<String, Receiver>,
    /// Where endpoints belong that receive nothing, since somebody switched them off.
    off: HashMap<String, Place>,
}

/// A connection that may receive, with what it believes.
pub(crate) struct Receiver {
    pub(crate) place: Place,
    /// The SECRETs that counted when this was read; each says until when.
    pub(crate) live: Result<Vec<LiveSecret>, VaultError>,
}

impl Known {
    /// The connection behind an endpoint, if it may receive.
    pub(crate) fn receiver(&self, endpoint: &str) -> Option<&Receiver> {
        self.receivers.get(endpoint)
    }

    /// The connection behind an endpoint that is switched off.
    pub(crate) fn switched_off(&self, endpoint: &str) -> Option<Place> {
        self.off.get(endpoint).copied()
    }
}

/// What one server knows.
pub(crate) struct Receivers {
    db: Db,
    vault: Vault,
    clock: Clock,
    known: RwLock<Option<Arc<Known>>>,
    last: Mutex<Last>,
    pace: DefaultDirectRateLimiter,
}

/// The last reading of the version.
#[derive(Clone, Copy)]
struct Last {
    began: Instant,
    is_good: bool,
}

/// It cannot be known now who may be believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("endpoints could not be read a moment ago")]
    StillUnreadable,
}

/// Reads what has changed as soon as another server says so: the next request then does not have to. Nothing depends
/// on it.
pub(crate) async fn listen(receivers: Arc<Receivers>) {
    let mut ear = receivers.db.ear(CHANNEL);
    loop {
        ear.hear().await;
        if let Err(error) = receivers.again().await {
            tracing::debug!(%error, "what has changed cannot be read now");
        }
    }
}

impl Receivers {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock) -> Self {
        let last = Mutex::new(Last { began: Instant::now(), is_good: false });
        Self { db, vault, clock, known: RwLock::default(), last, pace: RateLimiter::direct(Quota::per_second(READS)) }
    }

    /// What is known, whether it still holds or not.
    ///
    /// # Errors
    /// When nothing is known yet and the database does not tell.
    pub(crate) async fn known(&self) -> Result<Arc<Known>, Unknown> {
        match self.current() {
            Some(known) => Ok(known),
            None => self.after(i64::MIN).await,
        }
    }

    /// What was known at `asked` or later; in a flood, what was known a tenth of a second ago.
    ///
    /// # Errors
    /// When the database does not tell.
    pub(crate) async fn at(&self, asked: Instant) -> Result<Arc<Known>, Unknown> {
        let mut last = self.last.lock().await;
        if last.began <= asked && self.pace.check().is_ok() {
            return self.read(&mut last).await;
        }
        self.current().filter(|_| last.is_good).ok_or(Unknown::StillUnreadable)
    }

    /// Another version than this one, which a batch has found to be over.
    ///
    /// # Errors
    /// When the database does not tell.
    pub(crate) async fn after(&self, version: i64) -> Result<Arc<Known>, Unknown> {
        let mut last = self.last.lock().await;
        match self.current() {
            Some(known) if known.version != version => Ok(known),
            _ => self.read(&mut last).await,
        }
    }

    async fn again(&self) -> Result<Arc<Known>, Unknown> {
        self.read(&mut *self.last.lock().await).await
    }

    /// Reads the version, and what has changed with it.
    async fn read(&self, last: &mut Last) -> Result<Arc<Known>, Unknown> {
        // Not good until it is: whoever stops waiting in the middle has learnt nothing.
        *last = Last { began: Instant::now(), is_good: false };
        // In a place of its own: what asks the database is large, and every request would carry room for it.
        let read = timeout(READ_WITHIN, Box::pin(self.read_now())).await.map_err(|_| Unknown::StillUnreadable)?;
        last.is_good = read.is_ok();
        Ok(read?)
    }

    async fn read_now(&self) -> Result<Arc<Known>, DbError> {
        let mut reader = self.db.reader().await?;
        // The version first: what changes meanwhile is read early rather than missed.
        let version = store::version(&mut reader).await?;
        if let Some(known) = self.current().filter(|known| known.version == version) {
            return Ok(known);
        }
        let (receivers, off) = self.receivers(&mut reader).await?;
        let known = Arc::new(Known { version, receivers, off });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    /// Those that receive, and those that are switched off.
    async fn receivers(&self, reader: &mut Reader) -> Result<(HashMap<String, Receiver>, HashMap<String, Place>), DbError> {
        let disabled = apps::store::list_disabled(&mut *reader).await?;
        let connections = connections::store::list_all(&mut *reader).await?;
        let mut live = HashMap::new();
        for secret in secrets::list_all_live(reader, self.clock.now()).await? {
            live.entry(secret.connection_id).or_insert_with(Vec::new).push(secret.live(&self.vault));
        }
        let is_on = |connection: &Connection| connection.is_enabled && !disabled.contains(&connection.app_id);
        let (on, off): (Vec<_>, Vec<_>) = connections.into_iter().partition(is_on);
        let receiving = on.into_iter().map(|connection| {
            let live = live.remove(&connection.id).unwrap_or_default().into_iter().collect();
            let place = connection.place();
            (connection.endpoint, Receiver { place, live })
        });
        let off = off.into_iter().map(|connection| (connection.place(), connection.endpoint));
        Ok((receiving.collect(), off.map(|(place, endpoint)| (endpoint, place)).collect()))
    }

    /// The connection behind an endpoint, whether it receives or not, as far as that is known.
    pub(crate) async fn place(&self, endpoint: &str) -> Option<Place> {
        let known = self.known().await.ok()?;
        known.receiver(endpoint).map(|receiver| receiver.place).or_else(|| known.switched_off(endpoint))
    }

    fn current(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{db::Location, kernel::vault::MasterKey};

    /// Far more than may be read in the time that asking takes.
    const FLOOD: usize = 300;

    #[tokio::test]
    async fn in_a_flood_the_version_is_read_ten_times_a_second() {
        let directory = tempfile::tempdir().unwrap();
        let Ok(db) = Db::open(&Location::Sqlite(directory.path().join("ks-pay.db"))).await else { panic!("it opens") };
        let receivers = Receivers::new(db, Vault::new(MasterKey::generate()), Clock::system());
        let begun = Instant::now();
        let mut readings = BTreeSet::new();
        for _ in 0..FLOOD {
            receivers.at(Instant::now()).await.unwrap();
            readings.insert(receivers.last.lock().await.began);
        }
        // Ten at once, and then another one every tenth of a second.
        let allowed = 11 + begun.elapsed().as_millis() / 100;
        assert!(readings.len() >= 10, "a few refusals have one each: {}", readings.len());
        assert!((readings.len() as u128) <= allowed, "{} of {allowed} in a flood of {FLOOD}", readings.len());
    }
}
