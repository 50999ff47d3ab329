//! Gathers what a company knows for the doctor, and lets it look at what was refused.
//!
//! The rule: secrets of the request's own company and of no other; opened for this and wiped afterwards. There is so much
//! work and no more, at once and a second; what comes after that is looked at in the simplest way only.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{
    Cause, Sample,
    diagnosis::{self, Case, Diagnosis, Key, Known, Whose},
    signing_key,
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
/// What may be hashed at once for all that was gathered, in bytes; until somebody is found to go on and on; a second after
/// that; and at least for each.
const MOST_WORK: usize = 128 * 1024 * 1024;
const FIRST_WORK: usize = 4 * diagnosis::MOST_WORK;
const WORK_A_SECOND: usize = 32 * 1024 * 1024;
/// So few requests may each be tried as far as diagnosis goes: nothing else waits.
const FEW: usize = 2;
const LEAST_WORK: usize = 64 * 1024;

/// Who looks at what was refused, and how much may still be hashed: whoever goes on sending what nobody can explain does not
/// keep a core busy with it.
pub(crate) struct Doctor {
    left: usize,
    since: Instant,
    is_off: Arc<AtomicBool>,
}

impl Doctor {
    /// One who looks at nothing any more once `is_off` says so: not even in the middle of it.
    pub(crate) fn new(is_off: Arc<AtomicBool>) -> Self {
        Self { left: FIRST_WORK, since: Instant::now(), is_off }
    }

    /// What may be hashed now for so many requests, in bytes.
    fn take(&mut self, requests: usize) -> usize {
        let waited = usize::try_from(self.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.since = Instant::now();
        self.left = FIRST_WORK.min(self.left.saturating_add(waited.saturating_mul(WORK_A_SECOND / 1000)));
        let most = if requests <= FEW { requests * diagnosis::MOST_WORK } else { MOST_WORK };
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
            let wants_doctor = samples.iter().find(|sample| sample.reason.rejected().is_some());
            let known = match wants_doctor.filter(|_| !self.is_off.load(Ordering::Relaxed)) {
                Some(sample) => within_longest(known(kit, &sample.place, sample.at)).await?,
                None => Known::default(),
            };
            work.push((known, samples.to_vec()));
        }
        let most = self.take(work.iter().map(|(_, samples)| samples.len()).sum());
        let (is_off, vault) = (Arc::clone(&self.is_off), kit.vault.clone());
        // Should the doctor ever fail over one of them, they are written down all the same, and not tried for ever.
        let (examined, unused) =
            tokio::task::spawn_blocking(move || look(&vault, work, most, &is_off)).await.unwrap_or_else(|error| {
                tracing::error!(%error, "the doctor failed");
                (samples.iter().copied().flatten().cloned().map(Examined::unlooked).collect(), 0)
            });
        self.left += unused;
        Ok(examined)
    }
}

/// A request with what was found.
pub(crate) struct Examined {
    pub(crate) sample: Sample,
    pub(crate) diagnosis: Diagnosis,
    /// What tells the key of its signature from another one.
    pub(crate) key: Option<[u8; 32]>,
}

impl Examined {
    /// Nobody looked at it.
    fn unlooked(sample: Sample) -> Self {
        Self { sample, diagnosis: Cause::Unexamined.into(), key: None }
    }
}

/// `most` is what may be hashed, in bytes, as much for each connection; what was not comes back with what was found.
fn look(vault: &Vault, work: Vec<(Known, Vec<Sample>)>, most: usize, is_off: &AtomicBool) -> (Vec<Examined>, usize) {
    let each = most / work.len().max(1);
    let (mut examined, mut unused) = (Vec::new(), 0);
    for (known, samples) in work {
        let (mut left, mut to_come) = (each, samples.len());
        for sample in samples {
            if is_off.load(Ordering::Relaxed) {
                examined.push(Examined::unlooked(sample));
                continue;
            }
            let share = (left / to_come).max(LEAST_WORK);
            let mut unhashed = share;
            let diagnosis = diagnose(&sample, &known, &mut unhashed);
            let key = signing_key::digest(vault, sample.place.connection, &diagnosis);
            examined.push(Examined { sample, diagnosis, key });
            left = left.saturating_sub(share - unhashed);
            to_come -= 1;
        }
        unused += left;
    }
    (examined, unused)
}

fn diagnose(sample: &Sample, known: &Known, work: &mut usize) -> Diagnosis {
    let Some(reason) = sample.reason.rejected() else {
        return Cause::at_once(sample.reason).unwrap_or(Cause::Unknown).into();
    };
    let case = Case {
        gateway: sample.place.gateway,
        reason,
        headers: &sample.headers,
        body: &sample.body,
        is_cut: sample.is_cut,
        at: sample.at,
    };
    let mut found = diagnosis::diagnose(&case, known, work);
    signing_key::judge(&mut found, case.gateway, known);
    found
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

    use bytes::Bytes;

    use super::*;
    use crate::{
        gateways::{Gateway, Mode},
        kernel::{
            id::{AppId, CompanyId},
            vault::MasterKey,
        },
        rejections::Reason,
    };

    /// A request that is signed with none of the company's secrets.
    fn forged() -> Sample {
        let at = Timestamp::from_millis(0);
        let (company, app, connection) = (CompanyId::new(at), AppId::new(at), ConnectionId::new(at));
        Sample {
            place: Place { company, app, connection, gateway: Gateway::Razorpay, mode: Mode::Test },
            reason: Reason::SignatureMismatch,
            headers: vec![("x-razorpay-signature".to_owned(), "00".repeat(32).into_bytes())],
            body: Bytes::from_static(b"{}"),
            size: Some(2),
            is_cut: false,
            address: [127, 0, 0, 1].into(),
            at,
            bytes: 2,
        }
    }

    fn causes(examined: &[Examined]) -> Vec<Cause> {
        examined.iter().map(|one| one.diagnosis.cause).collect()
    }

    #[test]
    fn what_is_not_needed_is_left_for_others_and_whoever_is_told_to_stop_looks_at_nothing() {
        let vault = Vault::new(MasterKey::generate());
        let work = || vec![(Known::default(), vec![forged(); 3])];
        let (examined, unused) = look(&vault, work(), MOST_WORK, &AtomicBool::new(false));
        assert_eq!(causes(&examined), [Cause::Unknown; 3]);
        assert!((MOST_WORK / 10 * 9..MOST_WORK).contains(&unused), "{unused}");
        let (examined, unused) = look(&vault, work(), MOST_WORK, &AtomicBool::new(true));
        assert_eq!((causes(&examined), unused), (vec![Cause::Unexamined; 3], MOST_WORK));
    }

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
