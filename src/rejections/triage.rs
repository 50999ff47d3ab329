//! Distributes the work of diagnosis: the order of requests, and how thoroughly each is diagnosed. Deterministic.
//!
//! Invariant: a cause is reported only for a request that was diagnosed; others stay [`Cause::NotDiagnosed`]. Every webhook
//! has its share, and within it every shape of request. All are first diagnosed briefly, for the likeliest causes; then for
//! every single fault; then for combined ones, within the budget. Shapes that were diagnosed for long without a finding leave
//! a part of the share to others.

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

/// A brief diagnosis hashes at most this many times the request's length, or this many bytes if that is more.
const BRIEF_TIMES: usize = 16;
const BRIEF_BYTES: usize = 256 * 1024;
/// The bytes that may be hashed for any request.
const MIN_WORK_BYTES: usize = 64 * 1024;
/// The part of a webhook's share reserved for thorough diagnosis, in bytes.
const RESERVED_BYTES: usize = 2 * diagnosis::USUAL_WORK_BYTES;
/// The bytes that may be hashed without a finding for one shape at one webhook, and per second after that.
const MAX_FRUITLESS_BYTES: usize = 64 * 1024 * 1024;
const FRUITLESS_BYTES_PER_SECOND: usize = 1024 * 1024;
/// In an interval with at most this many requests, one of the gateway's own whose combined faults exceed its share of the budget
/// is diagnosed again later, alone. More are a flood, in which most requests have no cause to be found.
const MAX_UNHURRIED_REQUESTS: usize = 32;
/// The divisor of the budget of fruitless shapes that gives the limit of one diagnosis for several faults.
const FRUITLESS_DIVISOR: usize = 4;
/// The most shapes and webhooks that are remembered, and the most keys per webhook.
const MAX_SHAPES: usize = 4096;
const MAX_RECENT_KEYS: usize = 4;
/// How long a key is remembered.
const RECENT_KEY_TTL: Duration = Duration::from_mins(5);

/// Shapes that were diagnosed without a finding, and recent keys.
#[derive(Default)]
pub(super) struct Triage {
    fruitless: HashMap<(ConnectionId, u64), Fruitless>,
    /// The last keys found at a webhook, until a secret changes: a repeated fault is found with one hash.
    recent: HashMap<ConnectionId, ([u8; 32], Vec<Recent>)>,
}

struct Fruitless {
    bytes: usize,
    since: Instant,
}

/// The requests of one webhook, with the keys of its company and the bytes that may be hashed for them.
pub(super) struct Batch {
    pub(super) connection: ConnectionId,
    pub(super) known: CompanyKeys,
    pub(super) samples: Vec<CapturedRequest>,
    pub(super) allowance: Allowance,
}

/// Returns the most bytes that a brief diagnosis of a request with a body of that length hashes.
pub(super) fn brief_work(body: usize) -> usize {
    (BRIEF_TIMES * (body + 512)).max(BRIEF_BYTES)
}

/// Returns the bytes that must be left after the brief diagnosis before every single fault of a request is tried.
fn needed_for_one_fault(gateway: Gateway, body: usize, known: &CompanyKeys) -> usize {
    let needed = diagnosis::single_fault_work(gateway, body, known).max(MIN_WORK_BYTES);
    needed.min(MAX_STORED_BYTES.saturating_sub(brief_work(body)))
}

/// Returns the bytes that a stored request needs in one diagnosis: for every single fault, or its full budget. Never more
/// than the budget can hold.
pub(super) fn needed_for_stored(gateway: Gateway, body: usize, known: &CompanyKeys, is_unfinished: bool) -> usize {
    // A remainder of the budget shows that nothing was left untried, so more than the maximum is needed.
    let needed = if is_unfinished {
        diagnosis::most_work(body, known) + MIN_WORK_BYTES
    } else {
        needed_for_one_fault(gateway, body, known)
    };
    (needed + brief_work(body)).min(MAX_STORED_BYTES)
}

/// The diagnoses in the order of the requests, and the bytes hashed for each webhook.
pub(super) type TriageResult = (Vec<DiagnosedRequest>, Vec<(ConnectionId, usize)>);

impl Triage {
    /// Diagnoses the batches. `most` is the number of bytes that may be hashed in total.
    pub(super) fn look(&mut self, vault: &Vault, work: Vec<Batch>, most: usize, is_off: &AtomicBool) -> TriageResult {
        let (mut left, mut to_come) = (most, work.len());
        let requests = work.iter().map(|batch| batch.samples.len()).sum::<usize>();
        let is_repeatable = (2..=MAX_UNHURRIED_REQUESTS).contains(&requests);
        self.recent.retain(|_, (_, keys)| {
            keys.retain(|key| key.age() < RECENT_KEY_TTL);
            !keys.is_empty()
        });
        // Those with the fewest first, so that their unused shares go to the others.
        let mut order: Vec<usize> = (0..work.len()).collect();
        order.sort_by_key(|batch| work[*batch].samples.len());
        let mut work: Vec<Option<Batch>> = work.into_iter().map(Some).collect();
        let mut examined: Vec<Vec<DiagnosedRequest>> = work.iter().map(|_| Vec::new()).collect();
        let mut spent = Vec::with_capacity(work.len());
        for batch in order {
            let Some(own) = work[batch].take() else { continue };
            let (connection, share) = (own.connection, left / to_come);
            let (found, used) = self.look_at_one(vault, own, (share, is_repeatable), is_off);
            left = left.saturating_sub(used);
            to_come -= 1;
            examined[batch] = found;
            spent.push((connection, used));
        }
        (examined.into_iter().flatten().collect(), spent)
    }

    fn look_at_one(
        &mut self,
        vault: &Vault,
        batch: Batch,
        (share, is_repeatable): (usize, bool),
        is_off: &AtomicBool,
    ) -> (Vec<DiagnosedRequest>, usize) {
        let Batch { connection, mut known, samples, allowance } = batch;
        let most = share.min(allowance.most);
        // Without secrets nothing is diagnosed, and a change of secrets cannot be seen.
        let secrets = (!known.keys.is_empty()).then(|| known.fingerprint());
        let recent = secrets.and_then(|secrets| self.recent.remove(&connection).filter(|(of, _)| *of == secrets));
        known.recent = recent.map(|(_, keys)| keys).unwrap_or_default();
        let (left, alike_left) = (most, most.min(allowance.for_fruitless));
        let mut round =
            Round { triage: self, known: &mut known, samples: &samples, left, alike_left, used: 0, is_repeatable, is_off };
        let found = round.look();
        let used = round.used;
        if let Some(secrets) = secrets.filter(|_| !known.recent.is_empty() && self.recent.len() < MAX_SHAPES) {
            self.recent.insert(connection, (secrets, std::mem::take(&mut known.recent)));
        }
        let of = |(sample, diagnosis): (CapturedRequest, Diagnosis)| {
            let key = signing_key::digest(vault, connection, &diagnosis);
            let is_from_account = proof::is_from_account(&sample, &known.accounts);
            DiagnosedRequest { sample, diagnosis, is_from_account, key, is_stored: true }
        };
        (samples.into_iter().zip(found).map(of).collect(), used)
    }

    /// Whether too many bytes were hashed for that shape without a finding.
    fn is_fruitless(&mut self, shape: (ConnectionId, u64)) -> bool {
        let Some(known) = self.fruitless.get_mut(&shape) else { return false };
        let waited = usize::try_from(known.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        known.bytes = known.bytes.saturating_sub(waited.saturating_mul(FRUITLESS_BYTES_PER_SECOND / 1000));
        known.since = Instant::now();
        known.bytes >= MAX_FRUITLESS_BYTES
    }

    fn note(&mut self, shape: (ConnectionId, u64), bytes: usize, found: &Diagnosis) {
        if found.signer.as_ref().is_some_and(Signer::is_proof) {
            self.fruitless.remove(&shape);
        } else if self.fruitless.len() < MAX_SHAPES || self.fruitless.contains_key(&shape) {
            let known = self.fruitless.entry(shape).or_insert_with(|| Fruitless { bytes: 0, since: Instant::now() });
            known.bytes = known.bytes.saturating_add(bytes);
        } else {
            self.fruitless.retain(|_, known| known.since.elapsed().as_secs() < 60);
        }
    }
}

/// One diagnosis of the requests of one webhook.
struct Round<'a> {
    triage: &'a mut Triage,
    known: &'a mut CompanyKeys,
    samples: &'a [CapturedRequest],
    left: usize,
    /// The part of `left` that fruitless shapes may use.
    alike_left: usize,
    used: usize,
    /// Whether requests that need more than their share are diagnosed again later.
    is_repeatable: bool,
    is_off: &'a AtomicBool,
}

impl Round<'_> {
    fn look(&mut self) -> Vec<Diagnosis> {
        let mut found: Vec<Diagnosis> = self.samples.iter().map(|sample| Cause::undiagnosed(sample.reason).into()).collect();
        // Of requests that are equal to diagnosis, one is diagnosed.
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

    /// Returns a fair order, with requests from the gateway's own networks first: a stranger can use those only through the
    /// gateway.
    fn order(&self) -> Vec<usize> {
        let mut order = shape::order(&self.samples.iter().map(|sample| sample.shape).collect::<Vec<_>>());
        order.sort_by_key(|at| !self.is_from_gateway(*at));
        order
    }

    /// True if a later diagnosis of the request is possible, and can find more than this one.
    fn can_be_repeated(&self, at: usize, found: &Diagnosis) -> bool {
        found.cause == Cause::Unknown && !self.samples[at].is_truncated && self.is_from_gateway(at)
    }

    fn is_from_gateway(&self, at: usize) -> bool {
        is_webhook_network(self.samples[at].scope.gateway, self.samples[at].address)
    }

    /// Diagnoses for the likeliest causes. Returns the requests that need more.
    fn briefly(&mut self, order: &[usize], found: &mut [Diagnosis]) -> Vec<usize> {
        let reserved = RESERVED_BYTES.min(self.left / 2);
        let mut unfinished = Vec::new();
        for &at in order {
            let most = brief_work(self.samples[at].body.len()).min(self.left.saturating_sub(reserved)).max(MIN_WORK_BYTES);
            if !self.diagnose(at, Depth::Single, most, found) {
                unfinished.push(at);
            }
        }
        unfinished
    }

    /// Diagnoses for every single fault. Returns the requests for which the budget is not enough.
    fn for_one_fault(&mut self, unfinished: &[usize], found: &mut [Diagnosis]) -> HashSet<usize> {
        let mut rest = HashSet::new();
        for &at in unfinished {
            let (shape, is_fruitless, left) = self.share(at);
            let sample = &self.samples[at];
            if left < needed_for_one_fault(sample.scope.gateway, sample.body.len(), self.known) {
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

    /// Diagnoses for combined faults, within the budget.
    fn for_several_faults(&mut self, order: &[usize], found: &mut [Diagnosis]) {
        let unexplained = |at: &&usize| found[**at].signer.is_none() && self.samples[**at].reason.rejected().is_some();
        let unexplained: Vec<usize> = order.iter().filter(unexplained).copied().collect();
        let mut looked_at: HashSet<u64> = HashSet::new();
        for (place, &at) in unexplained.iter().enumerate() {
            let (shape, is_fruitless, left) = self.share(at);
            // A fruitless shape is diagnosed once a round, on behalf of similar requests.
            let must_wait = is_fruitless && !looked_at.insert(shape.1);
            let most = if is_fruitless {
                left / FRUITLESS_DIVISOR
            } else {
                diagnosis::USUAL_WORK_BYTES.max(left / (unexplained.len() - place)).min(left)
            };
            let is_affordable = !must_wait && most > MIN_WORK_BYTES;
            let before = self.used;
            let is_complete = is_affordable && self.diagnose(at, Depth::Combined, most, found);
            if is_affordable {
                self.note(shape, is_fruitless, self.used - before, &found[at]);
            }
            if self.is_repeatable && !is_complete && !is_fruitless && self.can_be_repeated(at, &found[at]) {
                found[at] = Cause::undiagnosed(self.samples[at].reason).into();
            }
        }
    }

    /// Returns the shape of a request, whether it is fruitless, and the bytes left for it.
    fn share(&mut self, at: usize) -> ((ConnectionId, u64), bool, usize) {
        let sample = &self.samples[at];
        let shape = (sample.scope.connection, sample.shape.likeness());
        let is_fruitless = self.triage.is_fruitless(shape);
        (shape, is_fruitless, if is_fruitless { self.left.min(self.alike_left) } else { self.left })
    }

    fn note(&mut self, shape: (ConnectionId, u64), is_fruitless: bool, bytes: usize, found: &Diagnosis) {
        if is_fruitless {
            self.alike_left = self.alike_left.saturating_sub(bytes);
        }
        self.triage.note(shape, bytes, found);
    }

    /// Diagnoses a request. Returns whether nothing was left untried.
    fn diagnose(&mut self, at: usize, depth: Depth, most: usize, found: &mut [Diagnosis]) -> bool {
        if self.is_off.load(Ordering::Relaxed) {
            return true;
        }
        let mut unhashed = most;
        let diagnosis = diagnose(&self.samples[at], self.known, depth, &mut unhashed, self.is_off);
        self.left = self.left.saturating_sub(most - unhashed);
        self.used += most - unhashed;
        // Combined faults without a finding add nothing.
        if depth == Depth::Single || diagnosis.signer.is_some() {
            found[at] = diagnosis;
        }
        if let Some(recent) = Recent::of(&found[at]) {
            self.known.recent.retain(|known| !known.has_same_key(&recent));
            self.known.recent.insert(0, recent);
            self.known.recent.truncate(MAX_RECENT_KEYS);
        }
        unhashed > 0 || found[at].signer.is_some() || self.samples[at].reason.rejected().is_none()
    }
}

/// Returns a digest that is equal for requests that are equal to diagnosis.
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
    let (gateway, headers, body, is_truncated, at) =
        (sample.scope.gateway, &sample.headers, &sample.body, sample.is_unread(), sample.at);
    let judged = |reason, work: &mut usize| {
        let mut found = diagnosis::diagnose_until(
            is_off,
            depth,
            &RejectedCase { gateway, reason, headers, body, is_truncated, at },
            known,
            work,
        );
        signing_key::judge(&mut found, gateway, known);
        found
    };
    if let Some(reason) = sample.reason.rejected() {
        return judged(reason, work);
    }
    let seen = Cause::from_reason(sample.reason).unwrap_or(Cause::Unknown);
    if sample.reason != Reason::SwitchedOff || sample.is_truncated {
        return seen.into();
    }
    // A request to a disabled webhook can be recovered if a valid secret signed it.
    let most = MIN_WORK_BYTES.min(*work);
    let mut left = most;
    let signer = judged(SignatureError::SignatureMismatch, &mut left).signer.filter(|signer| signer.is_unchanged);
    *work -= most - left;
    Diagnosis { signer, ..seen.into() }
}

#[cfg(test)]
mod tests;
