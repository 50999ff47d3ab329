//! Distributes diagnosis work: in which order requests are examined, and how thoroughly. Deterministic.
//!
//! Invariant: a cause is stated only of what was examined; what was not stays [`Cause::Unexamined`]. Every webhook has its share,
//! and in it every shape of request. All are first examined briefly, for the likeliest causes; then for every single fault;
//! then for combined ones, as long as there is work left. Shapes that were examined for long without a finding leave a part of
//! the share to others.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{
    CapturedRequest, Cause, Reason,
    budget::{Allowance, MAX_STORED_BYTES},
    diagnose::DiagnosedRequest,
    diagnosis::{self, CompanyKeys, Depth, Diagnosis, Recent, RejectedCase},
    proof::{self, Signer},
    shape, signing_key,
};
use crate::{
    gateways::{
        Gateway,
        adapter::{SignatureError, is_webhook_network},
    },
    primitives::{id::ConnectionId, vault::Vault},
};

/// A brief look hashes at most this many times the request's length, or this many bytes if that is more.
const BRIEF_TIMES: usize = 16;
const BRIEF_BYTES: usize = 256 * 1024;
/// What may be hashed of any request, in bytes.
const LEAST_WORK: usize = 64 * 1024;
/// The part of a webhook's share reserved for thorough looks, in bytes.
const RESERVED: usize = 2 * diagnosis::USUAL_WORK;
/// What may be hashed without a finding for one shape at one webhook, in bytes, and a second after that.
const FRUITLESS: usize = 64 * 1024 * 1024;
const FRUITLESS_A_SECOND: usize = 1024 * 1024;
/// The part of what fruitless shapes may use that one look for several faults may take.
const FRUITLESS_PART: usize = 4;
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

/// The requests of one webhook, with what its company knows and what may be hashed for them.
pub(super) struct Batch {
    pub(super) connection: ConnectionId,
    pub(super) known: CompanyKeys,
    pub(super) samples: Vec<CapturedRequest>,
    pub(super) allowance: Allowance,
}

/// What a brief look at a request with a body of that length hashes at most, in bytes.
pub(super) fn brief_work(body: usize) -> usize {
    (BRIEF_TIMES * (body + 512)).max(BRIEF_BYTES)
}

/// What has to be left after the brief look before every single fault of a request is tried, in bytes.
fn needed_for_one_fault(gateway: Gateway, body: usize, known: &CompanyKeys) -> usize {
    let needed = diagnosis::single_fault_work(gateway, body, known).max(LEAST_WORK);
    needed.min(MAX_STORED_BYTES.saturating_sub(brief_work(body)))
}

/// What a stored request needs in one look, in bytes: for every single fault, or all the work that it may have. Never more than
/// there can be.
pub(super) fn needed_for_stored(gateway: Gateway, body: usize, known: &CompanyKeys, is_unfinished: bool) -> usize {
    // A bit more than what is hashed at most tells that nothing was left untried.
    let needed =
        if is_unfinished { diagnosis::most_work(body, known) + LEAST_WORK } else { needed_for_one_fault(gateway, body, known) };
    (needed + brief_work(body)).min(MAX_STORED_BYTES)
}

/// What was found in the order of the requests, and what was hashed for each webhook, in bytes.
pub(super) type Looked = (Vec<DiagnosedRequest>, Vec<(ConnectionId, usize)>);

impl Triage {
    /// `most` is what may be hashed in total, in bytes.
    pub(super) fn look(&mut self, vault: &Vault, work: Vec<Batch>, most: usize, is_off: &AtomicBool) -> Looked {
        let (mut left, mut to_come) = (most, work.len());
        self.recent.retain(|_, (_, keys)| {
            keys.retain(|key| key.age() < RECENT);
            !keys.is_empty()
        });
        // Those with the fewest first, so that what they leave is for the others.
        let mut order: Vec<usize> = (0..work.len()).collect();
        order.sort_by_key(|batch| work[*batch].samples.len());
        let mut work: Vec<Option<Batch>> = work.into_iter().map(Some).collect();
        let mut examined: Vec<Vec<DiagnosedRequest>> = work.iter().map(|_| Vec::new()).collect();
        let mut spent = Vec::with_capacity(work.len());
        for batch in order {
            let Some(own) = work[batch].take() else { continue };
            let (connection, share) = (own.connection, left / to_come);
            let (found, used) = self.look_at_one(vault, own, share, is_off);
            left = left.saturating_sub(used);
            to_come -= 1;
            examined[batch] = found;
            spent.push((connection, used));
        }
        (examined.into_iter().flatten().collect(), spent)
    }

    fn look_at_one(&mut self, vault: &Vault, batch: Batch, share: usize, is_off: &AtomicBool) -> (Vec<DiagnosedRequest>, usize) {
        let Batch { connection, mut known, samples, allowance } = batch;
        let most = share.min(allowance.most);
        // Without secrets nothing is examined, and nothing is known of whether they changed.
        let secrets = (!known.keys.is_empty()).then(|| known.fingerprint());
        let recent = secrets.and_then(|secrets| self.recent.remove(&connection).filter(|(of, _)| *of == secrets));
        known.recent = recent.map(|(_, keys)| keys).unwrap_or_default();
        let (left, alike_left) = (most, most.min(allowance.for_fruitless));
        let mut round = Round { triage: self, known: &mut known, samples: &samples, left, alike_left, used: 0, is_off };
        let found = round.look();
        let used = round.used;
        if let Some(secrets) = secrets.filter(|_| !known.recent.is_empty() && self.recent.len() < MOST_SHAPES) {
            self.recent.insert(connection, (secrets, std::mem::take(&mut known.recent)));
        }
        let of = |(sample, diagnosis): (CapturedRequest, Diagnosis)| {
            let key = signing_key::digest(vault, connection, &diagnosis);
            let is_from_account = proof::is_from_account(&sample, &known.accounts);
            DiagnosedRequest { sample, diagnosis, is_from_account, key, is_stored: true }
        };
        (samples.into_iter().zip(found).map(of).collect(), used)
    }

    /// True if too much was hashed in vain for that shape.
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
    known: &'a mut CompanyKeys,
    samples: &'a [CapturedRequest],
    left: usize,
    /// What is left of it for fruitless shapes.
    alike_left: usize,
    used: usize,
    is_off: &'a AtomicBool,
}

impl Round<'_> {
    fn look(&mut self) -> Vec<Diagnosis> {
        let mut found: Vec<Diagnosis> = self.samples.iter().map(|sample| Cause::unexamined(sample.reason).into()).collect();
        // Of requests that are the same to diagnosis, one is examined.
        let mut first: HashMap<[u8; 32], usize> = HashMap::new();
        let mut copies = Vec::new();
        let mut order = self.order();
        order.retain(|at| {
            let one = *first.entry(digest(&self.samples[*at])).or_insert(*at);
            copies.extend((one != *at).then_some((*at, one)));
            one == *at
        });
        let unfinished = self.briefly(&order, &mut found);
        let unfinished = self.for_one_fault(&unfinished, &mut found);
        order.retain(|at| !unfinished.contains(at));
        self.for_several_faults(&order, &mut found);
        for (at, one) in copies {
            found[at] = found[one].clone();
        }
        found
    }

    /// A fair order; what came from a network of the gateway's own first, which a stranger can use only through the gateway.
    fn order(&self) -> Vec<usize> {
        let mut order = shape::order(&self.samples.iter().map(|sample| sample.shape).collect::<Vec<_>>());
        order.sort_by_key(|at| !is_webhook_network(self.samples[*at].place.gateway, self.samples[*at].address));
        order
    }

    /// For the likeliest causes. Those that need more come back.
    fn briefly(&mut self, order: &[usize], found: &mut [Diagnosis]) -> Vec<usize> {
        let reserved = RESERVED.min(self.left / 2);
        let mut unfinished = Vec::new();
        for &at in order {
            let most = brief_work(self.samples[at].body.len()).min(self.left.saturating_sub(reserved)).max(LEAST_WORK);
            if !self.diagnose(at, Depth::Single, most, found) {
                unfinished.push(at);
            }
        }
        unfinished
    }

    /// For every single fault. Those for which there is not enough left come back.
    fn for_one_fault(&mut self, unfinished: &[usize], found: &mut [Diagnosis]) -> HashSet<usize> {
        let mut rest = HashSet::new();
        for &at in unfinished {
            let (shape, is_fruitless, left) = self.share(at);
            let sample = &self.samples[at];
            if left < needed_for_one_fault(sample.place.gateway, sample.body.len(), self.known) {
                rest.insert(at);
                continue;
            }
            let before = self.used;
            if !self.diagnose(at, Depth::Single, left, found) {
                rest.insert(at);
            }
            self.note(shape, is_fruitless, self.used - before, &found[at]);
        }
        rest
    }

    /// For combined faults, as long as there is work left.
    fn for_several_faults(&mut self, order: &[usize], found: &mut [Diagnosis]) {
        let unexplained = |at: &&usize| found[**at].signer.is_none() && self.samples[**at].reason.rejected().is_some();
        let unexplained: Vec<usize> = order.iter().filter(unexplained).copied().collect();
        let mut looked_at: HashSet<u64> = HashSet::new();
        for (place, &at) in unexplained.iter().enumerate() {
            let (shape, is_fruitless, left) = self.share(at);
            // A fruitless shape is examined once a round, on behalf of the others like it.
            let must_wait = is_fruitless && !looked_at.insert(shape.1);
            let most = if is_fruitless {
                left / FRUITLESS_PART
            } else {
                diagnosis::USUAL_WORK.max(left / (unexplained.len() - place)).min(left)
            };
            if must_wait || most <= LEAST_WORK {
                continue;
            }
            let before = self.used;
            self.diagnose(at, Depth::Combined, most, found);
            self.note(shape, is_fruitless, self.used - before, &found[at]);
        }
    }

    /// The shape of a request, whether too much was hashed for it in vain, and what is left for it.
    fn share(&mut self, at: usize) -> ((ConnectionId, u64), bool, usize) {
        let sample = &self.samples[at];
        let shape = (sample.place.connection, sample.shape.likeness());
        let is_fruitless = self.triage.is_fruitless(shape);
        (shape, is_fruitless, if is_fruitless { self.left.min(self.alike_left) } else { self.left })
    }

    fn note(&mut self, shape: (ConnectionId, u64), is_fruitless: bool, bytes: usize, found: &Diagnosis) {
        if is_fruitless {
            self.alike_left = self.alike_left.saturating_sub(bytes);
        }
        self.triage.note(shape, bytes, found);
    }

    /// Whether nothing was left untried.
    fn diagnose(&mut self, at: usize, depth: Depth, most: usize, found: &mut [Diagnosis]) -> bool {
        if self.is_off.load(Ordering::Relaxed) {
            return true;
        }
        let mut unhashed = most;
        let diagnosis = diagnose(&self.samples[at], self.known, depth, &mut unhashed, self.is_off);
        self.left = self.left.saturating_sub(most - unhashed);
        self.used += most - unhashed;
        // That several faults do not explain it says nothing new.
        if depth == Depth::Single || diagnosis.signer.is_some() {
            found[at] = diagnosis;
        }
        if let Some(recent) = Recent::of(&found[at]) {
            self.known.recent.retain(|known| !known.has_same_key(&recent));
            self.known.recent.insert(0, recent);
            self.known.recent.truncate(MOST_RECENT);
        }
        unhashed > 0 || found[at].signer.is_some() || self.samples[at].reason.rejected().is_none()
    }
}

/// What makes it the same request to diagnosis.
fn digest(sample: &CapturedRequest) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let parts = sample.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value]).chain([&sample.body[..]]);
    for part in [sample.reason.as_str().as_bytes()].into_iter().chain(parts) {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn diagnose(sample: &CapturedRequest, known: &CompanyKeys, depth: Depth, work: &mut usize, is_off: &AtomicBool) -> Diagnosis {
    let (gateway, headers, body, is_cut, at) =
        (sample.place.gateway, &sample.headers, &sample.body, sample.is_unread(), sample.at);
    let judged = |reason, work: &mut usize| {
        let mut found =
            diagnosis::diagnose_until(is_off, depth, &RejectedCase { gateway, reason, headers, body, is_cut, at }, known, work);
        signing_key::judge(&mut found, gateway, known);
        found
    };
    if let Some(reason) = sample.reason.rejected() {
        return judged(reason, work);
    }
    let seen = Cause::at_once(sample.reason).unwrap_or(Cause::Unknown);
    if sample.reason != Reason::SwitchedOff || sample.is_cut {
        return seen.into();
    }
    // What arrives while the webhook is switched off can be recovered if a valid secret signed it.
    let most = LEAST_WORK.min(*work);
    let mut left = most;
    let signer = judged(SignatureError::SignatureMismatch, &mut left).signer.filter(|signer| signer.is_unchanged);
    *work -= most - left;
    Diagnosis { signer, ..seen.into() }
}

#[cfg(test)]
mod tests;
