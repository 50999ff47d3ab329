//! The doctor: why a signature does not fit, as a pure function of the request and of what its company knows.
//!
//! The rule: a cause is named when the request's own signature proves it, or when what is said stands in the request to
//! be seen; else nothing is known, and that is said. What an outsider can copy is never taken for a fact about the sender.
//! Hypotheses come in a fixed order, fewer faults before more. No expected signature ever leaves this folder, and the work
//! is bounded.

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
    gateways::{Gateway, adapter::SignatureError},
    primitives::{
        id::{ConnectionId, SecretId},
        time::Timestamp,
    },
};
use candidate_keys::Attempt;
use signature_parser::{Reading, Tag};
pub(crate) use signing::{Recent, is_ruled_out, secret};

/// The most that is hashed and written anew for one request, in bytes; of a usual one it is far less, see [`most_work`].
/// It is what the longest stored body needs for every single fault and every typing mistake.
pub(crate) const MOST_WORK: usize = 1280 * 1024 * 1024;
/// What is enough for every single fault of a usual request, in bytes.
pub(crate) const USUAL_WORK: usize = 8 * 1024 * 1024;
/// What a hash costs besides its message.
const PER_HASH: usize = 256;
/// What is hashed for a request of any size, and how many hypotheses are tried for each valid secret besides: whether a mistake
/// is found does not depend on the size of the body.
const LEAST_MOST_WORK: usize = 64 * 1024 * 1024;
const MAX_HYPOTHESES: usize = 20_000;
/// Valid secrets that this is done for.
const MAX_OWN_KEYS: usize = 3;
/// Hypotheses of a single fault at most: for a body, for a valid secret, for each of its characters, and for any other key.
const OF_A_BODY: usize = 1000;
const OF_A_KEY: usize = 900;
const OF_A_CHAR: usize = 20;
const OF_ANOTHER_KEY: usize = 24;

/// A refused request.
pub(crate) struct RejectedCase<'a> {
    pub(crate) gateway: Gateway,
    pub(crate) reason: SignatureError,
    /// Names in lower case.
    pub(crate) headers: &'a [(String, Vec<u8>)],
    pub(crate) body: &'a [u8],
    /// Whether some of the body is missing: then no signature can be tried.
    pub(crate) is_cut: bool,
    pub(crate) at: Timestamp,
}

/// Whose a secret is, seen from the connection that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyOwner {
    /// Counts here.
    Own,
    /// Counted here; its time is over.
    Old,
    /// Counted here; somebody ended it before its time.
    Retired,
    OtherMode,
    OtherConnection,
    OtherApp,
    /// An API Key Secret.
    KeySecret,
}

/// A secret of the company.
pub(crate) struct Key {
    pub(crate) whose: KeyOwner,
    /// The gateway of its connection: how it is pasted.
    pub(crate) gateway: Gateway,
    pub(crate) text: Zeroizing<String>,
    /// Whether somebody ended it before its time: it may be known to whoever should not.
    pub(crate) is_retired: bool,
    pub(crate) secret: Option<SecretId>,
    /// Its connection, where that is not the one that refused.
    pub(crate) connection: Option<ConnectionId>,
}

/// What is known to the company. Wiped when dropped.
#[derive(Default)]
pub(crate) struct CompanyKeys {
    /// Those that count here first, then the nearest.
    pub(crate) keys: Vec<Key>,
    /// The webhook's URL.
    pub(crate) url: String,
    /// Ids that stand near the SECRET on the page.
    pub(crate) ids: Vec<String>,
    /// Key IDs of the API.
    pub(crate) key_ids: Vec<String>,
    /// The gateway's accounts that verified events were of.
    pub(crate) accounts: Vec<String>,
    /// What outsiders know of the company, and guess first.
    pub(crate) names: Vec<String>,
    /// Keys that signed requests which were rejected at this webhook in the last minutes: they are tried first.
    pub(crate) recent: Vec<Recent>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    pub(crate) cause: Cause,
    /// The secret it was signed with, where that is a stored one.
    pub(crate) secret: Option<SecretId>,
    pub(crate) other: Option<ConnectionId>,
    /// A name or a number that the sentence needs.
    pub(crate) detail: Option<String>,
    /// The key under which the signature is right, where one was found.
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
    /// Single faults, the likeliest first. Once all of them are tried, the cause is `Unknown`.
    Single,
    /// Combined faults, of a request whose single faults were tried before.
    Combined,
    /// Both.
    Full,
}

/// The likeliest cause. `work` is the most bytes that may be hashed, and less by those that were.
pub(crate) fn diagnose(case: &RejectedCase<'_>, known: &CompanyKeys, work: &mut usize) -> Diagnosis {
    diagnose_until(&AtomicBool::new(false), Depth::Full, case, known, work)
}

/// The same to that depth, and no further once `is_off` is set.
pub(crate) fn diagnose_until(
    is_off: &AtomicBool,
    depth: Depth,
    case: &RejectedCase<'_>,
    known: &CompanyKeys,
    work: &mut usize,
) -> Diagnosis {
    let most = most_work(case.body.len(), known).min(*work);
    let mut search = Search { is_off, depth, left: most, ..Search::of(case, known) };
    let found = if case.reason == SignatureError::SignatureMissing { missing(&mut search) } else { present(&mut search) };
    *work -= most - search.left;
    Diagnosis { signer: search.signer, ..found }
}

/// The bytes hashed for a request with a body of that length at most: a fixed number of hypotheses for a body of any size.
pub(crate) fn most_work(body: usize, known: &CompanyKeys) -> usize {
    let own = known.keys.iter().filter(|key| key.whose == KeyOwner::Own).count().clamp(1, MAX_OWN_KEYS);
    (LEAST_MOST_WORK + own * MAX_HYPOTHESES * (body + PER_HASH)).min(MOST_WORK)
}

/// What [`Depth::Single`] hashes for a usual request with a body of that length, in bytes: an estimate that is hardly ever too low.
pub(crate) fn single_fault_work(gateway: Gateway, body: usize, known: &CompanyKeys) -> usize {
    let own = known.keys.iter().filter(|key| key.whose == KeyOwner::Own);
    let own: usize = own.map(|key| OF_A_KEY + OF_A_CHAR * key.text.len()).sum();
    let named = known.key_ids.len() + known.ids.len() + known.emails().count();
    // There, parts of the request are signed too, and may be found in several headers.
    let ways = if gateway == Gateway::StandardWebhooks { 4 } else { 1 };
    ((OF_A_BODY + own * ways + OF_ANOTHER_KEY * known.keys.len() + named) * (body + PER_HASH)).min(MOST_WORK)
}

/// No signature came, or not all that belongs to one.
fn missing(search: &mut Search<'_>) -> Diagnosis {
    let case = search.case;
    let partly = heuristics::missing_part(case);
    // Anyone can copy what follows, and an event may contain it.
    let is_event = store_batch::event_type(case.gateway, case.body).is_some();
    search
        .renamed()
        .or_else(|| partly.map(Diagnosis::from))
        .or_else(|| heuristics::other_gateway(case).map(|name| Diagnosis::with(Cause::OtherGateway, name)))
        .or_else(|| (!is_event && heuristics::is_checkout_form(case.body)).then(|| Cause::CheckoutSignature.into()))
        .or_else(|| (!is_event && heuristics::is_scanner(case)).then(|| Cause::Scanner.into()))
        .unwrap_or_else(|| Cause::NoSignature.into())
}

/// A signature came and does not fit.
fn present(search: &mut Search<'_>) -> Diagnosis {
    let case = search.case;
    let readings = signature_parser::read(case.gateway, case.headers);
    let proven = if case.is_cut { None } else { search.find_proven_cause(&readings) };
    proven
        // A part that the gateway signs may have come under another name.
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
        // What follows says that no secret matches.
        .or_else(|| (search.is_cut_short || case.is_cut).then(|| Cause::NotDiagnosed.into()))
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

/// Tries secrets and bodies against what came, as long as there is work left.
struct Search<'a> {
    case: &'a RejectedCase<'a>,
    known: &'a CompanyKeys,
    /// Whether the server stops: then nothing more is tried.
    is_off: &'a AtomicBool,
    depth: Depth,
    left: usize,
    /// Whether work ran out before every hypothesis of a single fault was tried, but for the longest.
    is_cut_short: bool,
    /// The key of the last signature that matched.
    signer: Option<Signer>,
}

/// A signature that came is the one that was made, written in this odd way if in any.
struct Match {
    form: Option<Cause>,
}

/// What a signature is made over.
enum Message<'a> {
    /// What the gateway signs, with that body.
    Of(&'a [u8]),
    /// These pieces, one after the other.
    Pieces(&'a [&'a [u8]]),
}

impl<'a> Search<'a> {
    /// One with nothing to hash yet.
    fn of(case: &'a RejectedCase<'a>, known: &'a CompanyKeys) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { case, known, is_off: &NEVER, depth: Depth::Full, left: 0, is_cut_short: false, signer: None }
    }

    /// How the signature is written that this secret makes of this message, if it is one of those that came.
    fn fits(&mut self, attempt: &Attempt, message: &Message<'_>, readings: &[Reading]) -> Option<Match> {
        #[cfg(test)]
        TRIED.set(TRIED.get() + 1);
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

    /// Nothing once there is no work left, or the server stops.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        if self.is_off.load(Ordering::Relaxed) {
            self.left = 0;
            self.is_cut_short = true;
        }
        let Some(left) = self.left.checked_sub(bytes + PER_HASH) else {
            self.left = 0;
            return None;
        };
        self.left = left;
        Some(())
    }
}

/// The name of what was proven: the secret before the body before the way it is written. A second fault goes with it.
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
    /// Whether this is what came.
    fn is(&self, made: &[u8; 32]) -> bool {
        match self {
            Self::Whole(given) => given == made,
            Self::Begins(given) => made.starts_with(given),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How many hypotheses were tried.
    static TRIED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
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
