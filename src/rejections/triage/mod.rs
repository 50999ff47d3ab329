//! Distributes the work of diagnosis: the order of requests, and how thoroughly each is diagnosed. Deterministic.
//!
//! Invariant: a cause is reported only for a request that was diagnosed; others stay [`Cause::NotDiagnosed`](super::Cause). Every
//! webhook has its share, and within it every shape of request. All are first diagnosed briefly, for the likeliest causes; then
//! for every single fault; then for combined ones, within the budget. Shapes that were diagnosed for long without a finding leave
//! a part of the share to others. A request whose combined faults exceed its share is diagnosed again later, alone: one of the
//! gateway's own networks always, another one within what `repeats.rs` grants.

mod repeats;
mod round;

use std::{collections::HashMap, sync::atomic::AtomicBool, time::Duration};

use tokio::time::Instant;

use super::{
    CapturedRequest,
    budget::{Allowance, MAX_STORED_BYTES},
    diagnose::DiagnosedRequest,
    diagnosis::{self, CompanyKeys, Diagnosis, Recent},
    proof::{self, Signer},
    signing_key,
};
use crate::{
    gateways::Gateway,
    primitives::{id::ConnectionId, vault::Vault},
};
use repeats::Repeats;
use round::Round;

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
/// The most requests of an interval of which any is diagnosed a second time. More are a flood, in which most requests have no
/// cause to be found.
const MAX_UNHURRIED_REQUESTS: usize = 64;
/// The most shapes and webhooks that are remembered.
const MAX_SHAPES: usize = 4096;
/// How long a key is remembered.
const RECENT_KEY_TTL: Duration = Duration::from_mins(5);

/// Shapes that were diagnosed without a finding, and recent keys.
#[derive(Default)]
pub(super) struct Triage {
    fruitless: HashMap<(ConnectionId, u64), Fruitless>,
    /// The last keys found at a webhook, until a secret changes: a repeated fault is found with one hash.
    recent: HashMap<ConnectionId, ([u8; 32], Vec<Recent>)>,
    repeats: Repeats,
}

/// Which diagnosis of its requests this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// On arrival.
    Arrival,
    /// Of stored requests that were not diagnosed on arrival.
    Stored,
    /// Of a single one that needs more than its share of the others. Its result is final.
    Alone,
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
    pub(super) fn look(
        &mut self,
        vault: &Vault,
        work: Vec<Batch>,
        (pass, most): (Pass, usize),
        is_off: &AtomicBool,
    ) -> TriageResult {
        let (mut left, mut to_come) = (most, work.len());
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
            let (found, used) = self.look_at_one(vault, own, (pass, share), is_off);
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
        (pass, share): (Pass, usize),
        is_off: &AtomicBool,
    ) -> (Vec<DiagnosedRequest>, usize) {
        let Batch { connection, mut known, samples, allowance } = batch;
        let most = share.min(allowance.most);
        // Without secrets nothing is diagnosed, and a change of secrets cannot be seen.
        let secrets = (!known.keys.is_empty()).then(|| known.fingerprint());
        let recent = secrets.and_then(|secrets| self.recent.remove(&connection).filter(|(of, _)| *of == secrets));
        known.recent = recent.map(|(_, keys)| keys).unwrap_or_default();
        let (left, alike_left) = (most, most.min(allowance.for_fruitless));
        let (triage, known_keys) = (&mut *self, &mut known);
        let is_unhurried = samples.len() <= MAX_UNHURRIED_REQUESTS;
        let mut round =
            Round { triage, known: known_keys, samples: &samples, left, alike_left, used: 0, pass, is_unhurried, is_off };
        let found = round.look();
        let used = round.used;
        if pass == Pass::Alone {
            for sample in &samples {
                self.repeats.note_used(&round::key(sample));
            }
        }
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

    /// Whether the request was granted a second diagnosis, which it still has to get.
    pub(super) fn is_repeat(&self, sample: &CapturedRequest) -> bool {
        self.repeats.is_granted(&round::key(sample))
    }

    /// Records that the request waits for its second diagnosis. Returns whether it was granted one, and did not wait yet.
    pub(super) fn note_waiting(&mut self, sample: &CapturedRequest) -> bool {
        self.repeats.note_waiting(&round::key(sample))
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

#[cfg(test)]
mod tests;
