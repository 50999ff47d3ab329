//! One diagnosis of the requests of one webhook, in three steps: briefly, for every single fault, for combined ones.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
};

use sha2::{Digest as _, Sha256};

use super::{
    MIN_WORK_BYTES, Pass, RESERVED_BYTES, Triage, brief_work, needed_for_one_fault, needed_for_stored, repeats::RequestKey,
};
use crate::{
    gateways::adapter::{SignatureError, is_webhook_network},
    primitives::id::ConnectionId,
    rejections::{
        CapturedRequest, Cause, Reason,
        diagnosis::{self, CompanyKeys, Depth, Diagnosis, Recent, RejectedCase},
        shape, signing_key,
    },
};

/// The divisor of the budget of fruitless shapes that gives the limit of one diagnosis for several faults.
const FRUITLESS_DIVISOR: usize = 4;
/// The most keys that are remembered for a webhook.
const MAX_RECENT_KEYS: usize = 4;

/// One diagnosis of the requests of one webhook.
pub(super) struct Round<'a> {
    pub(super) triage: &'a mut Triage,
    pub(super) known: &'a mut CompanyKeys,
    pub(super) samples: &'a [CapturedRequest],
    pub(super) left: usize,
    /// The part of `left` that fruitless shapes may use.
    pub(super) alike_left: usize,
    pub(super) used: usize,
    pub(super) pass: Pass,
    /// Whether the interval has so few requests that any of them may be diagnosed a second time.
    pub(super) is_unhurried: bool,
    pub(super) is_off: &'a AtomicBool,
}

impl Round<'_> {
    pub(super) fn look(&mut self) -> Vec<Diagnosis> {
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
        for at in order.iter().filter(|at| unfinished.contains(at)) {
            self.grant(*at);
        }
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

    /// Decides on a request for whose combined faults the bytes were not enough, where more may find more. One of the gateway's own
    /// networks is put off, unless its shape floods: true. Any other stays unknown for now, and is granted a second diagnosis.
    fn is_put_off(&mut self, at: usize, (most, is_fruitless): (usize, bool), found: &Diagnosis) -> bool {
        let has_room = most < self.needed_alone(at) && !self.samples[at].is_truncated;
        if self.pass == Pass::Alone || !self.is_unhurried || found.cause != Cause::Unknown || !has_room {
            return false;
        }
        self.grant(at);
        self.is_from_gateway(at) && !is_fruitless
    }

    /// Grants a request a second diagnosis, if it has just arrived. What a flood or an earlier run of the server left has no
    /// claim to it.
    fn grant(&mut self, at: usize) {
        let (sample, needed) = (&self.samples[at], self.needed_alone(at));
        if self.pass == Pass::Arrival && self.is_unhurried && !sample.is_truncated {
            self.triage.repeats.grant(key(sample), sample.shape.likeness(), needed);
        }
    }

    fn needed_alone(&self, at: usize) -> usize {
        let sample = &self.samples[at];
        needed_for_stored(sample.scope.gateway, sample.body.len(), self.known, true)
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
            let most = if is_affordable { most } else { 0 };
            if !is_complete && self.is_put_off(at, (most, is_fruitless), &found[at]) {
                found[at] = Cause::undiagnosed(self.samples[at].reason).into();
            }
        }
    }

    /// Returns the shape of a request, whether it is fruitless, and the bytes left for it.
    fn share(&mut self, at: usize) -> ((ConnectionId, u64), bool, usize) {
        let sample = &self.samples[at];
        let shape = (sample.scope.connection, sample.shape.likeness());
        let is_fruitless = self.pass != Pass::Alone && self.triage.is_fruitless(shape);
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

/// Identifies a request at its webhook.
pub(super) fn key(sample: &CapturedRequest) -> RequestKey {
    (sample.scope.connection, digest(sample))
}

/// Returns a digest that is equal for requests that are equal to diagnosis.
pub(super) fn digest(sample: &CapturedRequest) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let parts = sample.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value]).chain([&sample.body[..]]);
    for part in [sample.reason.as_str().as_bytes()].into_iter().chain(parts) {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

pub(super) fn diagnose(
    sample: &CapturedRequest,
    known: &CompanyKeys,
    depth: Depth,
    work: &mut usize,
    is_off: &AtomicBool,
) -> Diagnosis {
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
    if sample.reason != Reason::Disabled || sample.is_truncated {
        return seen.into();
    }
    // A request to a disabled webhook can be recovered if a valid secret signed it.
    let most = MIN_WORK_BYTES.min(*work);
    let mut left = most;
    let signer = judged(SignatureError::SignatureMismatch, &mut left).signer.filter(|signer| signer.is_unchanged);
    *work -= most - left;
    Diagnosis { signer, ..seen.into() }
}
