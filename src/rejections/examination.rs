//! Gathers what a company knows for the doctor, and lets it look at what was refused.
//!
//! The rule: secrets of the request's own company and of no other; opened for this and wiped afterwards. There is so much
//! work and no more, at once and a second; what comes after that is looked at in the simplest way only.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{
    Cause, Reason, Sample,
    diagnosis::{self, Diagnosis, Key, Known, Whose},
    eviction::Worth,
    shape::{self, Shape},
    triage::Triage,
};
use crate::{
    connections::{self, Connection, Place, evidence, secrets},
    db::{DbError, within_longest},
    ingestion::refusals::Kit,
    kernel::{id::ConnectionId, time::Timestamp, vault::Vault},
    urls,
};

/// The most secrets of one kind that are opened for a connection.
const MOST_SECRETS: i64 = 64;
/// Bytes that may be hashed for everything gathered in an interval; in a lasting flood, in total; and per second after that.
/// `triage.rs` says how much each request gets at least, and how the rest is shared.
const MOST_WORK: usize = 128 * 1024 * 1024;
const FIRST_WORK: usize = 4 * diagnosis::MOST_WORK;
const WORK_A_SECOND: usize = 32 * 1024 * 1024;
/// Requests of a connection that are stored in one burst, and per second after that: further ones are only counted.
const BURST: NonZeroU32 = NonZeroU32::new(200).expect("it is not zero");
const PACE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// Who looks at what was refused, and how much may still be hashed: whoever goes on sending what nobody can explain does not
/// keep a core busy with it.
pub(crate) struct Doctor {
    left: usize,
    since: Instant,
    is_off: Arc<AtomicBool>,
    triage: Triage,
    pace: DefaultKeyedRateLimiter<ConnectionId>,
}

impl Doctor {
    /// One who looks at nothing any more once `is_off` says so: not even in the middle of it.
    pub(crate) fn new(is_off: Arc<AtomicBool>) -> Self {
        let pace = RateLimiter::keyed(Quota::per_second(PACE).allow_burst(BURST));
        Self { left: FIRST_WORK, since: Instant::now(), is_off, triage: Triage::default(), pace }
    }

    /// What may be hashed now for so many requests, in bytes.
    fn take(&mut self, requests: usize) -> usize {
        let waited = usize::try_from(self.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.since = Instant::now();
        self.left = FIRST_WORK.min(self.left.saturating_add(waited.saturating_mul(WORK_A_SECOND / 1000)));
        // A lone request is tried as far as diagnosis goes.
        let most = if requests == 1 { diagnosis::MOST_WORK } else { MOST_WORK };
        let taken = self.left.min(most);
        self.left -= taken;
        taken
    }

    /// Looks at all of them, those of a connection together; they come back in the same order.
    ///
    /// # Errors
    /// When the database does not say what is known.
    pub(crate) async fn examine(&mut self, kit: &Kit, samples: &[&[Sample]]) -> Result<Vec<Examined>, DbError> {
        let mut work = Vec::new();
        for samples in samples.iter().filter(|samples| !samples.is_empty()) {
            let wants_doctor =
                samples.iter().find(|sample| sample.reason.rejected().is_some() || sample.reason == Reason::SwitchedOff);
            let known = match wants_doctor.filter(|_| !self.is_off.load(Ordering::Relaxed)) {
                Some(sample) => within_longest(known(kit, &sample.place, sample.at)).await?,
                None => Known::default(),
            };
            work.push((known, samples.to_vec()));
        }
        let most = self.take(work.iter().map(|(_, samples)| samples.len()).sum());
        let (is_off, vault, mut triage) = (Arc::clone(&self.is_off), kit.vault.clone(), std::mem::take(&mut self.triage));
        // Should the doctor ever fail over one of them, they are written down all the same, and not tried for ever.
        let looked = tokio::task::spawn_blocking(move || {
            let (examined, unused) = triage.look(&vault, work, most, &is_off);
            (examined, unused, triage)
        });
        let mut examined = match looked.await {
            Ok((examined, unused, triage)) => {
                self.left += unused;
                self.triage = triage;
                examined
            }
            Err(error) => {
                tracing::error!(%error, "the doctor failed");
                samples.iter().copied().flatten().cloned().map(Examined::unlooked).collect()
            }
        };
        self.choose(&mut examined);
        Ok(examined)
    }

    /// Chooses what is stored: what is worth most first, then one of each shape in turn.
    fn choose(&self, examined: &mut [Examined]) {
        for own in examined.chunk_by_mut(|one, other| one.sample.place.connection == other.sample.place.connection) {
            let shapes: Vec<Shape> = own.iter().map(|one| one.sample.shape).collect();
            let mut order = shape::order(&shapes);
            order.sort_by_key(|at| Worth::of(&own[*at]));
            for at in order {
                own[at].is_stored = self.pace.check_key(&own[at].sample.place.connection).is_ok();
            }
        }
    }
}

/// A request with what was found.
pub(crate) struct Examined {
    pub(crate) sample: Sample,
    pub(crate) diagnosis: Diagnosis,
    /// Whether the gateway itself sent it, for an account of the connection.
    pub(crate) is_from_account: bool,
    /// Identifies the key of its signature.
    pub(crate) key: Option<[u8; 32]>,
    /// Whether the request itself is stored: only a limited number per webhook is.
    pub(crate) is_stored: bool,
}

impl Examined {
    /// Nobody looked at it.
    fn unlooked(sample: Sample) -> Self {
        Self { sample, diagnosis: Cause::Unexamined.into(), is_from_account: false, key: None, is_stored: true }
    }
}

/// What the company knows that may explain a request at one of its connections.
pub(super) async fn known(kit: &Kit, place: &Place, at: Timestamp) -> Result<Known, DbError> {
    let mut reader = kit.db.reader().await?;
    let connections = connections::store::list_of_company(&mut reader, place.company).await?;
    let Some(own) = connections.iter().find(|connection| connection.id == place.connection) else {
        return Ok(Known::default());
    };
    let mut stored = secrets::list_of_connection(&mut reader, own.id, MOST_SECRETS).await?;
    let others = secrets::list_of_company(&mut reader, place.company, MOST_SECRETS).await?;
    stored.extend(others.into_iter().filter(|secret| secret.connection_id != own.id));
    let sealed = connections::store::list_key_secrets(&mut reader, place.company, MOST_SECRETS).await?;
    let accounts = evidence::get(&mut reader, own.id).await?.accounts().map(str::to_owned).collect();
    let names = connections::public_names::list(&mut reader, place.company).await?;
    drop(reader);

    let of = |id: ConnectionId| connections.iter().find(|connection| connection.id == id);
    let mut keys: Vec<Key> = stored
        .iter()
        .filter_map(|secret| {
            let connection = of(secret.connection_id)?;
            let whose = whose(own, connection, secret, at);
            let opened = secret.open(&kit.vault).ok()?;
            let text = Zeroizing::new(opened.expose().to_owned());
            let other = (connection.id != own.id).then_some(connection.id);
            Some(Key {
                whose,
                gateway: connection.gateway,
                text,
                is_retired: secret.is_retired(),
                secret: Some(secret.id),
                connection: other,
            })
        })
        .collect();
    keys.extend(sealed.iter().filter_map(|(id, sealed)| key_secret(&kit.vault, own, of(*id)?, sealed)));
    keys.sort_by_key(|key| (key.whose, key.connection.is_some()));
    Ok(Known {
        keys,
        url: urls::webhook_url(&kit.base, &own.endpoint),
        ids: vec![own.endpoint.clone(), own.id.to_string(), own.app_id.to_string()],
        key_ids: connections.iter().filter_map(|connection| connection.key_id.clone()).take(16).collect(),
        accounts,
        names,
        recent: Vec::new(),
    })
}

fn whose(own: &Connection, other: &Connection, secret: &secrets::Stored, at: Timestamp) -> Whose {
    if other.id == own.id {
        return match (secret.is_retired(), secret.counts_at(at)) {
            (true, _) => Whose::Retired,
            (false, true) => Whose::Own,
            (false, false) => Whose::Old,
        };
    }
    match (other.mode == own.mode, other.app_id == own.app_id) {
        (false, _) => Whose::OtherMode,
        (true, true) => Whose::OtherConnection,
        (true, false) => Whose::OtherApp,
    }
}

fn key_secret(vault: &Vault, own: &Connection, connection: &Connection, sealed: &[u8]) -> Option<Key> {
    let text = connections::open_key_secret(vault, connection.id, sealed).ok()?;
    let other = (connection.id != own.id).then_some(connection.id);
    Some(Key { whose: Whose::KeySecret, gateway: connection.gateway, text, is_retired: false, secret: None, connection: other })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_on_gets_less_looked_at() {
        let mut doctor = Doctor::new(Arc::default());
        assert_eq!(doctor.take(1), diagnosis::MOST_WORK, "no more for one than it may have");
        for _ in 0..(FIRST_WORK - diagnosis::MOST_WORK) / MOST_WORK {
            assert_eq!(doctor.take(200), MOST_WORK);
        }
        assert_eq!(doctor.take(10), 0);
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = doctor.take(10);
        assert!((WORK_A_SECOND - 1024..=WORK_A_SECOND).contains(&second), "{second}");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(doctor.take(usize::MAX), MOST_WORK);
        assert_eq!(doctor.left, FIRST_WORK - MOST_WORK);
    }
}
