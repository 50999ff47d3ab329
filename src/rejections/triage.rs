//! Distributes diagnosis work: in which order requests are examined, and how thoroughly. Deterministic.
//!
//! Invariant: every webhook has its share, and in it every shape of request. All are first examined briefly, for the likeliest
//! causes; then thoroughly, one of each shape in turn. A shape that was examined for long without a finding is examined
//! thoroughly once a round, on behalf of the others like it.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{
    Cause, Reason, Sample,
    diagnosis::{self, Case, Diagnosis, Known, Recent},
    examination::Examined,
    proof::{self, Signer},
    shape, signing_key,
};
use crate::{
    gateways::adapter::Rejected,
    kernel::{id::ConnectionId, vault::Vault},
};

/// A brief look hashes at most this many times the request's length.
const BRIEF: usize = 16;
/// What may be hashed of any request, in bytes.
const LEAST_WORK: usize = 64 * 1024;
/// The part of a webhook's share reserved for thorough looks, in bytes.
const RESERVED: usize = 2 * diagnosis::USUAL_WORK;
/// What may be hashed without a finding for one shape at one webhook, in bytes, and a second after that.
const FRUITLESS: usize = 64 * 1024 * 1024;
const FRUITLESS_A_SECOND: usize = 1024 * 1024;
/// Shapes and webhooks that are remembered, and keys per webhook.
const MOST_SHAPES: usize = 4096;
const MOST_RECENT: usize = 4;
/// How long a key is remembered.
const RECENT: Duration = Duration::from_mins(5);

/// What was looked at in vain.
#[derive(Default)]
pub(super) struct Triage {
    fruitless: HashMap<(ConnectionId, u64), Fruitless>,
    /// The last keys that were found at a webhook, until a secret changes: a fault is found again with one hash.
    recent: HashMap<ConnectionId, ([u8; 32], Vec<Recent>)>,
}

struct Fruitless {
    bytes: usize,
    since: Instant,
}

/// The requests of one webhook, with what its company knows.
pub(super) type Batch = (Known, Vec<Sample>);

impl Triage {
    /// `most` is what may be hashed, in bytes; what was not comes back with what was found, in the order of the requests.
    pub(super) fn look(&mut self, vault: &Vault, work: Vec<Batch>, most: usize, is_off: &AtomicBool) -> (Vec<Examined>, usize) {
        let (mut left, mut to_come) = (most, work.len());
        self.recent.retain(|_, (_, keys)| {
            keys.retain(|key| key.age() < RECENT);
            !keys.is_empty()
        });
        // Those with the fewest first, so that what they leave is for the others.
        let mut order: Vec<usize> = (0..work.len()).collect();
        order.sort_by_key(|batch| work[*batch].1.len());
        let mut work: Vec<Option<Batch>> = work.into_iter().map(Some).collect();
        let mut examined: Vec<Vec<Examined>> = work.iter().map(|_| Vec::new()).collect();
        for batch in order {
            let Some((mut known, samples)) = work[batch].take() else { continue };
            let connection = samples.first().map(|sample| sample.place.connection);
            let secrets = known.fingerprint();
            let recent = connection.and_then(|id| self.recent.remove(&id)).filter(|(of, _)| *of == secrets);
            known.recent = recent.map(|(_, keys)| keys).unwrap_or_default();
            let share = left / to_come;
            let mut round = Round { triage: self, known: &mut known, samples: &samples, left: share, is_off };
            let found = round.look();
            left -= share - round.left;
            if let Some(id) = connection.filter(|_| !known.recent.is_empty() && self.recent.len() < MOST_SHAPES) {
                self.recent.insert(id, (secrets, std::mem::take(&mut known.recent)));
            }
            to_come -= 1;
            let of = |(sample, diagnosis): (Sample, Diagnosis)| {
                let key = signing_key::digest(vault, sample.place.connection, &diagnosis);
                let is_from_account = proof::is_from_account(&sample, &known.accounts);
                Examined { sample, diagnosis, is_from_account, key, is_stored: true }
            };
            examined[batch] = samples.into_iter().zip(found).map(of).collect();
        }
        (examined.into_iter().flatten().collect(), left)
    }

    /// True if too much was hashed in vain for that shape, so that it must wait.
    fn is_fruitless(&mut self, shape: (ConnectionId, u64)) -> bool {
        let Some(known) = self.fruitless.get_mut(&shape) else { return false };
        let waited = usize::try_from(known.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        known.bytes = known.bytes.saturating_sub(waited.saturating_mul(FRUITLESS_A_SECOND / 1000));
        known.since = Instant::now();
        known.bytes >= FRUITLESS
    }

    fn note(&mut self, shape: (ConnectionId, u64), bytes: usize, found: &Diagnosis) {
        if found.signer.as_ref().is_some_and(Signer::is_proof) {
            self.fruitless.remove(&shape);
        } else if self.fruitless.len() < MOST_SHAPES || self.fruitless.contains_key(&shape) {
            let known = self.fruitless.entry(shape).or_insert_with(|| Fruitless { bytes: 0, since: Instant::now() });
            known.bytes = known.bytes.saturating_add(bytes);
        } else {
            self.fruitless.retain(|_, known| known.since.elapsed().as_secs() < 60);
        }
    }
}

/// One look at the requests of one webhook.
struct Round<'a> {
    triage: &'a mut Triage,
    known: &'a mut Known,
    samples: &'a [Sample],
    left: usize,
    is_off: &'a AtomicBool,
}

impl Round<'_> {
    fn look(&mut self) -> Vec<Diagnosis> {
        let order = shape::order(&self.samples.iter().map(|sample| sample.shape).collect::<Vec<_>>());
        let mut found: Vec<Diagnosis> = vec![Cause::Unexamined.into(); self.samples.len()];
        let unfinished = self.briefly(&order, &mut found);
        self.thoroughly(unfinished, &mut found);
        found
    }

    /// For the likeliest causes. Those that need more come back.
    fn briefly(&mut self, order: &[usize], found: &mut [Diagnosis]) -> Vec<usize> {
        let reserved = RESERVED.min(self.left / 2);
        let mut same: HashMap<[u8; 32], Diagnosis> = HashMap::new();
        let mut unfinished = Vec::new();
        for &at in order {
            let sample = &self.samples[at];
            let own = digest(sample);
            if let Some(known) = same.get(&own) {
                found[at] = known.clone();
                continue;
            }
            let brief = BRIEF * (sample.body.len() + 512);
            let most = brief.min(self.left.saturating_sub(reserved)).max(LEAST_WORK);
            if self.diagnose(at, most, found) {
                same.insert(own, found[at].clone());
            } else {
                unfinished.push(at);
            }
        }
        unfinished
    }

    /// One of each shape after the other, as long as there is work left.
    fn thoroughly(&mut self, unfinished: Vec<usize>, found: &mut [Diagnosis]) {
        let mut looked_at: HashSet<u64> = HashSet::new();
        let mut unknown: HashSet<u64> = HashSet::new();
        for (place, &at) in unfinished.iter().enumerate() {
            let sample = &self.samples[at];
            let likeness = sample.shape.likeness();
            let shape = (sample.place.connection, likeness);
            let must_wait = self.triage.is_fruitless(shape) && !looked_at.insert(likeness);
            if !must_wait && self.left > LEAST_WORK {
                let before = self.left;
                // All that is left where nothing else waits for it.
                let most = diagnosis::USUAL_WORK.max(before / (unfinished.len() - place)).min(before);
                self.diagnose(at, most, found);
                self.triage.note(shape, before - self.left, &found[at]);
            }
            if found[at].cause == Cause::Unknown {
                unknown.insert(likeness);
            }
        }
        // What looks like one that nothing explains is counted with it.
        for at in unfinished {
            if found[at].cause == Cause::Unexamined && unknown.contains(&self.samples[at].shape.likeness()) {
                found[at] = Cause::Unknown.into();
            }
        }
    }

    /// Whether nothing was left untried.
    fn diagnose(&mut self, at: usize, most: usize, found: &mut [Diagnosis]) -> bool {
        if self.is_off.load(Ordering::Relaxed) {
            return true;
        }
        let mut unhashed = most;
        found[at] = diagnose(&self.samples[at], self.known, &mut unhashed, self.is_off);
        self.left = self.left.saturating_sub(most - unhashed);
        if let Some(recent) = Recent::of(&found[at]) {
            self.known.recent.retain(|known| !known.has_same_key(&recent));
            self.known.recent.insert(0, recent);
            self.known.recent.truncate(MOST_RECENT);
        }
        unhashed > 0 || found[at].signer.is_some() || self.samples[at].reason.rejected().is_none()
    }
}

/// What makes it the same request to diagnosis.
fn digest(sample: &Sample) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let parts = sample.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value]).chain([&sample.body[..]]);
    for part in [sample.reason.as_str().as_bytes()].into_iter().chain(parts) {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn diagnose(sample: &Sample, known: &Known, work: &mut usize, is_off: &AtomicBool) -> Diagnosis {
    let (gateway, headers, body, is_cut, at) = (sample.place.gateway, &sample.headers, &sample.body, sample.is_cut, sample.at);
    let judged = |reason, work: &mut usize| {
        let mut found = diagnosis::diagnose_until(is_off, &Case { gateway, reason, headers, body, is_cut, at }, known, work);
        signing_key::judge(&mut found, gateway, known);
        found
    };
    if let Some(reason) = sample.reason.rejected() {
        return judged(reason, work);
    }
    let seen = Cause::at_once(sample.reason).unwrap_or(Cause::Unknown);
    if sample.reason != Reason::SwitchedOff || is_cut {
        return seen.into();
    }
    // What arrives while the webhook is switched off can be recovered if a valid secret signed it.
    let most = LEAST_WORK.min(*work);
    let mut left = most;
    let signer = judged(Rejected::SignatureMismatch, &mut left).signer.filter(|signer| signer.is_unchanged);
    *work -= most - left;
    Diagnosis { signer, ..seen.into() }
}

#[cfg(test)]
mod tests;
