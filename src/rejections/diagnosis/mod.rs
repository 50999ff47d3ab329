//! Diagnoses why a signature does not match, as a pure function of the request and of the keys of its company.
//!
//! Invariant: a cause is reported only if the request's own signature proves it or the request shows it; otherwise the cause
//! is `Unknown`. Nothing that an outsider can copy is taken for a fact about the sender. Hypotheses are tried in a fixed
//! order, fewer faults before more. No expected signature leaves this folder, and the work is bounded.

mod body_variants;
mod candidate_keys;
mod escapes;
mod hashes;
mod heuristics;
mod hypotheses;
mod json_variants;
mod key_orders;
mod parts;
mod paste_errors;
mod signature_parser;
mod signing;
mod typos;
mod unwrapped;

use std::{
    borrow::Cow,
    sync::atomic::{AtomicBool, Ordering},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Cause, proof::Signer, store_batch};
use crate::{
    gateways::{Gateway, adapter::SignatureError, profile::SignedMessage},
    primitives::{
        id::{ConnectionId, SecretId},
        time::Timestamp,
    },
};
use candidate_keys::Attempt;
use signature_parser::{Reading, Tag};
pub(crate) use signing::{Recent, is_ruled_out, secret};

/// The most bytes hashed or rewritten for one request; a usual one needs far less. It is enough for every single fault and
/// every typing mistake with the longest stored body.
pub(crate) const MAX_WORK_BYTES: usize = 1280 * 1024 * 1024;
/// The bytes that are enough for every single fault of a usual request.
pub(crate) const USUAL_WORK_BYTES: usize = 8 * 1024 * 1024;
/// The cost of a hash besides its message, in bytes.
const HASH_OVERHEAD_BYTES: usize = 256;
/// The budget of a request of any size, in bytes, and the hypotheses per valid secret in addition to it: whether a mistake is
/// found does not depend on the size of the body.
const BASE_WORK_BYTES: usize = 64 * 1024 * 1024;
const MAX_HYPOTHESES: usize = 20_000;
/// The most valid secrets that add to the budget.
const MAX_OWN_KEYS: usize = 3;
/// Estimates of single-fault hypotheses: per body, per valid secret, per character of it, and per other key.
const HYPOTHESES_PER_BODY: usize = 1000;
const HYPOTHESES_PER_VALID_KEY: usize = 900;
const HYPOTHESES_PER_CHAR: usize = 20;
const HYPOTHESES_PER_OTHER_KEY: usize = 24;

/// A rejected request to diagnose.
#[derive(Clone, Copy)]
pub(crate) struct RejectedCase<'a> {
    pub(crate) gateway: Gateway,
    pub(crate) reason: SignatureError,
    /// Names in lower case.
    pub(crate) headers: &'a [(String, Vec<u8>)],
    pub(crate) body: &'a [u8],
    /// Whether part of the body is missing. Then no signature can be checked.
    pub(crate) is_truncated: bool,
    pub(crate) at: Timestamp,
}

/// The owner of a secret, relative to the connection that rejected the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyOwner {
    /// Valid here.
    Valid,
    /// Expired here.
    Expired,
    /// Retired here before it expired.
    Retired,
    OtherMode,
    OtherConnection,
    OtherApp,
    /// An API key secret.
    KeySecret,
}

/// A secret of the company.
pub(crate) struct Key {
    pub(crate) whose: KeyOwner,
    /// The gateway of its connection, which determines how the secret is displayed and pasted.
    pub(crate) gateway: Gateway,
    pub(crate) text: Zeroizing<String>,
    /// Whether it was retired before it expired: outsiders may know it.
    pub(crate) is_retired: bool,
    pub(crate) secret: Option<SecretId>,
    /// Its connection, if that is not the one that rejected the request.
    pub(crate) connection: Option<ConnectionId>,
}

/// The keys and names of a company that diagnosis uses. Wiped when dropped.
#[derive(Default)]
pub(crate) struct CompanyKeys {
    /// Those valid here first, then by proximity.
    pub(crate) keys: Vec<Key>,
    /// The webhook's URL.
    pub(crate) url: String,
    /// Ids displayed near the secret on the page.
    pub(crate) ids: Vec<String>,
    /// Credentials of its connections that pages show, such as API key ids.
    pub(crate) key_ids: Vec<String>,
    /// Gateway accounts of verified events.
    pub(crate) accounts: Vec<String>,
    /// Names of the company that outsiders know, and guess first.
    pub(crate) names: Vec<String>,
    /// Keys of recently rejected requests at this webhook, which are tried first.
    pub(crate) recent: Vec<Recent>,
}

/// The result of diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    pub(crate) cause: Cause,
    /// The stored secret that signed the request, if any.
    pub(crate) secret: Option<SecretId>,
    pub(crate) other: Option<ConnectionId>,
    /// A name or a number for the message.
    pub(crate) detail: Option<String>,
    /// The key under which the signature matches, if found.
    pub(crate) signer: Option<Signer>,
}

impl From<Cause> for Diagnosis {
    fn from(cause: Cause) -> Self {
        Self { cause, secret: None, other: None, detail: None, signer: None }
    }
}

impl Diagnosis {
    fn with(cause: Cause, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..cause.into() }
    }
}

/// Which hypotheses are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Single faults, the likeliest first. If none matches, the cause is `Unknown`.
    Single,
    /// Combined faults of a request whose single faults were tried before.
    Combined,
    /// Both.
    Full,
}

/// Returns the likeliest cause. `work` is the number of bytes that may be hashed; those used are subtracted from it.
pub(crate) fn diagnose(case: &RejectedCase<'_>, known: &CompanyKeys, work: &mut usize) -> Diagnosis {
    diagnose_until(&AtomicBool::new(false), Depth::Full, case, known, work)
}

/// Diagnoses to the given depth, and stops once `is_off` is set.
pub(crate) fn diagnose_until(
    is_off: &AtomicBool,
    depth: Depth,
    case: &RejectedCase<'_>,
    known: &CompanyKeys,
    work: &mut usize,
) -> Diagnosis {
    let Some(detached) = case.gateway.adapter().detach(case.body) else {
        return diagnose_detached(is_off, depth, case, known, work);
    };
    // From here on a signature inside the body is examined like one in a header, over the bytes that it covers.
    let signature = &case.gateway.profile().signature;
    let mut headers = case.headers.to_vec();
    headers.push((signature.header.to_owned(), detached.signature.to_vec()));
    headers.extend(detached.time.map(|time| (signature.time_header.to_owned(), time.to_vec())));
    // Verification, which is stricter, may have found none.
    let reason = if case.reason == SignatureError::SignatureMissing { SignatureError::SignatureMalformed } else { case.reason };
    let case = RejectedCase { reason, headers: &headers, body: detached.signed, ..*case };
    diagnose_detached(is_off, depth, &case, known, work)
}

/// Diagnoses a request whose signature is in a header.
fn diagnose_detached(
    is_off: &AtomicBool,
    depth: Depth,
    case: &RejectedCase<'_>,
    known: &CompanyKeys,
    work: &mut usize,
) -> Diagnosis {
    let most = most_work(case.body.len(), known).min(*work);
    let mut search = Search { is_off, depth, left: most, ..Search::of(case, known) };
    let found = if case.reason == SignatureError::SignatureMissing {
        diagnose_missing(&mut search)
    } else {
        diagnose_mismatch(&mut search)
    };
    *work -= most - search.left;
    Diagnosis { signer: search.signer, ..found }
}

/// Returns the most bytes hashed for a request with a body of that length: a fixed number of hypotheses for a body of any
/// size.
pub(crate) fn most_work(body: usize, known: &CompanyKeys) -> usize {
    let own = known.keys.iter().filter(|key| key.whose == KeyOwner::Valid).count().clamp(1, MAX_OWN_KEYS);
    (BASE_WORK_BYTES + own * MAX_HYPOTHESES * (body + HASH_OVERHEAD_BYTES)).min(MAX_WORK_BYTES)
}

/// Estimates the bytes that [`Depth::Single`] hashes for a usual request with a body of that length. The estimate is rarely
/// too low.
pub(crate) fn single_fault_work(gateway: Gateway, body: usize, known: &CompanyKeys) -> usize {
    let own = known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
    let own: usize = own.map(|key| HYPOTHESES_PER_VALID_KEY + HYPOTHESES_PER_CHAR * key.text.len()).sum();
    let named = known.key_ids.len() + known.ids.len() + known.emails().count();
    // Other signed parts of the request may be found in several headers.
    let ways = match gateway.profile().signature.message {
        SignedMessage::Body => 1,
        SignedMessage::IdTimeBody => 4,
    };
    ((HYPOTHESES_PER_BODY + own * ways + HYPOTHESES_PER_OTHER_KEY * known.keys.len() + named) * (body + HASH_OVERHEAD_BYTES))
        .min(MAX_WORK_BYTES)
}

/// Diagnoses a request without a signature, or with an incomplete one.
fn diagnose_missing(search: &mut Search<'_>) -> Diagnosis {
    let case = search.case;
    let partly = heuristics::missing_part(case);
    // Anyone can copy the following marks, and an event may contain them.
    let is_event = store_batch::event_type(case.gateway, case.body).is_some();
    search
        .renamed()
        .or_else(|| partly.map(Diagnosis::from))
        .or_else(|| heuristics::other_gateway(case).map(|name| Diagnosis::with(Cause::OtherGateway, name)))
        .or_else(|| (!is_event && heuristics::is_checkout_form(case.body)).then(|| Cause::CheckoutSignature.into()))
        .or_else(|| (!is_event && heuristics::is_scanner(case)).then(|| Cause::Scanner.into()))
        .unwrap_or_else(|| Cause::NoSignature.into())
}

/// Diagnoses a request with a signature that does not match.
fn diagnose_mismatch(search: &mut Search<'_>) -> Diagnosis {
    let case = search.case;
    let readings = signature_parser::read(case.gateway, case.headers);
    let proven = if case.is_truncated { None } else { search.find_proven_cause(&readings) };
    proven
        // A part that the gateway signs may be in a header of another name.
        .or_else(|| {
            let found = search.renamed().filter(is_only_renamed);
            // The key of a finding that is not reported proves nothing.
            if found.is_none() {
                search.signer = None;
            }
            found
        })
        .or_else(|| signature_parser::is_asymmetric(case.gateway, case.headers).then(|| Cause::AsymmetricOnly.into()))
        .or_else(|| heuristics::body(case).map(Diagnosis::from))
        .or_else(|| heuristics::unreadable_time(case).map(Diagnosis::from))
        // The following causes state that no secret matches.
        .or_else(|| (search.is_cut_short || case.is_truncated).then(|| Cause::NotDiagnosed.into()))
        .or_else(|| heuristics::time(case).map(|cause| Diagnosis { detail: heuristics::detail(case, cause), ..cause.into() }))
        .or_else(|| {
            let other = hashes::others(case.gateway, case.headers).into_iter().next();
            other.map(|other| Diagnosis::with(Cause::OtherLength, other.function))
        })
        .or_else(|| heuristics::is_other_account(case, search.known).then(|| Cause::OtherAccount.into()))
        .unwrap_or_else(|| Cause::Unknown.into())
}

/// Whether a valid secret made the signature in the other header.
fn is_only_renamed(found: &Diagnosis) -> bool {
    let is_second = found.detail.as_deref() == Some(Cause::RenamedHeader.as_str());
    found.cause == Cause::RenamedHeader || (is_second && !found.cause.is_of_key())
}

/// Tries secrets and bodies against the signatures of a request, within a budget.
struct Search<'a> {
    case: &'a RejectedCase<'a>,
    known: &'a CompanyKeys,
    /// Whether the server is stopping. Then nothing more is tried.
    is_off: &'a AtomicBool,
    depth: Depth,
    left: usize,
    /// Whether the budget ran out before every single-fault hypothesis was tried, except for the longest.
    is_cut_short: bool,
    /// The key of the last signature that matched.
    signer: Option<Signer>,
}

/// A matching signature, with the fault of its notation, if any.
struct Match {
    form: Option<Cause>,
}

/// The message that is signed.
enum Message<'a> {
    /// The text that the gateway signs, with that body.
    Of(&'a [u8]),
    /// These pieces, concatenated.
    Pieces(&'a [&'a [u8]]),
}

impl<'a> Search<'a> {
    /// Returns a search without a budget.
    fn of(case: &'a RejectedCase<'a>, known: &'a CompanyKeys) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { case, known, is_off: &NEVER, depth: Depth::Full, left: 0, is_cut_short: false, signer: None }
    }

    /// Returns a match if this key and message produce one of the received signatures.
    fn fits(&mut self, attempt: &Attempt, message: &Message<'_>, readings: &[Reading]) -> Option<Match> {
        #[cfg(test)]
        HYPOTHESES_TRIED.set(HYPOTHESES_TRIED.get() + 1);
        let parts: Cow<'_, [&[u8]]> = match message {
            Message::Pieces(parts) => Cow::Borrowed(parts),
            Message::Of(body) => Cow::Owned(heuristics::signed_parts(self.case, body)?),
        };
        self.spend(parts.iter().map(|part| part.len()).sum())?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&attempt.key).ok()?;
        for part in parts.iter() {
            mac.update(part);
        }
        let made = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        let form = readings.iter().find(|reading| reading.tag.is(&made))?.form;
        self.signer = Some(self.signing_secret(attempt, message, form, made));
        Some(Match { form })
    }

    /// Takes bytes from the budget. `None` if too few are left, or the server stops.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        if self.is_off.load(Ordering::Relaxed) {
            self.left = 0;
            self.is_cut_short = true;
        }
        let Some(left) = self.left.checked_sub(bytes + HASH_OVERHEAD_BYTES) else {
            self.left = 0;
            return None;
        };
        self.left = left;
        Some(())
    }
}

/// Names the proven fault: the secret before the body before the notation. A second fault becomes the detail.
fn named(attempt: &Attempt, bodies: &[Cause], form: Option<Cause>, case: &RejectedCase<'_>) -> Diagnosis {
    // Customers hold that signature: their text is no event, regardless of the sender.
    if attempt.cause == Cause::KeySecret && heuristics::is_checkout_text(case.body) {
        return Cause::CheckoutSignature.into();
    }
    let key = Some(attempt.cause).filter(|cause| *cause != Cause::NowVerifies);
    let mut faults = key.into_iter().chain(attempt.also).chain(bodies.iter().copied()).chain(form).chain(heuristics::time(case));
    let found = faults.next().unwrap_or(Cause::NowVerifies);
    let second = faults.find(|second| *second != found && !matches!(second, Cause::SignedEarlier | Cause::SignedAhead));
    let detail = heuristics::detail(case, found).or_else(|| second.map(|second| second.as_str().to_owned()));
    Diagnosis { cause: found, secret: attempt.secret, other: attempt.connection, detail, signer: None }
}

impl Tag {
    /// Whether the computed signature is the received one.
    fn is(&self, made: &[u8; 32]) -> bool {
        match self {
            Self::Whole(given) => given == made,
            Self::Prefix(given) => made.starts_with(given),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// The number of hypotheses tried.
    static HYPOTHESES_TRIED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod classes;
#[cfg(test)]
mod crossed;
#[cfg(test)]
mod renamed;
#[cfg(test)]
mod reserialised;
#[cfg(test)]
mod tests;
