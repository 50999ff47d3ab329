//! The doctor: why a signature does not fit, as a pure function of the request and of what its company knows.
//!
//! The rule: a cause is named when the request's own signature proves it, or when what is said stands in the request to
//! be seen; else nothing is known, and that is said. Hypotheses come in a fixed order, fewer faults before more. No
//! expected signature ever leaves this folder, and the work is bounded.

mod bodies;
mod json;
mod keys;
mod marks;
mod signatures;
mod signing;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Cause, proof::Signer};
use crate::{
    gateways::{Gateway, adapter::Rejected},
    kernel::{
        id::{ConnectionId, SecretId},
        time::Timestamp,
    },
};
use bodies::Bodies;
use keys::Attempt;
use signatures::{Reading, Tag};
pub(crate) use signing::{is_ruled_out, secret};

/// The most that is hashed and written anew for one request, in bytes.
pub(crate) const MOST_WORK: usize = 8 * 1024 * 1024;
/// What a hash costs besides its message.
const PER_HASH: usize = 256;

/// A refused request.
pub(crate) struct Case<'a> {
    pub(crate) gateway: Gateway,
    pub(crate) reason: Rejected,
    /// Names in lower case.
    pub(crate) headers: &'a [(String, Vec<u8>)],
    pub(crate) body: &'a [u8],
    /// Whether some of the body was not kept: then no signature can be tried.
    pub(crate) is_cut: bool,
    pub(crate) at: Timestamp,
}

/// Whose a secret is, seen from the connection that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
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
    pub(crate) whose: Whose,
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
pub(crate) struct Known {
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
    /// Keys of requests that were rejected at this webhook a while ago: they are tried first.
    pub(crate) recent: Vec<Zeroizing<Vec<u8>>>,
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

/// The likeliest cause. `work` is the most bytes that may be hashed, and less by those that were.
pub(crate) fn diagnose(case: &Case<'_>, known: &Known, work: &mut usize) -> Diagnosis {
    let most = MOST_WORK.min(*work);
    let mut search = Search { case, known, left: most, is_cut_short: false, signer: None };
    let found = if case.reason == Rejected::SignatureMissing { missing(&mut search) } else { present(&mut search) };
    *work -= most - search.left;
    Diagnosis { signer: search.signer, ..found }
}

/// No signature came, or not all that belongs to one.
fn missing(search: &mut Search<'_>) -> Diagnosis {
    let case = search.case;
    let partly = marks::missing_part(case);
    search
        .renamed()
        .or_else(|| partly.map(Diagnosis::from))
        .or_else(|| marks::other_gateway(case).map(|name| Diagnosis::with(Cause::OtherGateway, name)))
        .or_else(|| marks::is_checkout_form(case.body).then(|| Cause::Checkout.into()))
        .or_else(|| marks::is_scanner(case).then(|| Cause::Scanner.into()))
        .unwrap_or_else(|| Cause::NoSignature.into())
}

/// A signature came and does not fit.
fn present(search: &mut Search<'_>) -> Diagnosis {
    let case = search.case;
    let readings = signatures::read(case.gateway, case.headers);
    let proven = if case.is_cut { None } else { search.prove(&readings) };
    proven
        .or_else(|| marks::time(case).map(|cause| Diagnosis { detail: marks::detail(case, cause), ..cause.into() }))
        .or_else(|| signatures::fault(case.gateway, case.headers).map(|(cause, name)| Diagnosis::with(cause, name)))
        .or_else(|| marks::body(case).map(Diagnosis::from))
        .or_else(|| marks::is_other_account(case, search.known).then(|| Cause::OtherAccount.into()))
        .unwrap_or_else(|| if search.is_cut_short { Cause::Unexamined.into() } else { Cause::Unknown.into() })
}

/// Tries secrets and bodies against what came, as long as there is work left.
struct Search<'a> {
    case: &'a Case<'a>,
    known: &'a Known,
    left: usize,
    /// Whether work ran out before every hypothesis of a single fault was tried, but for the longest.
    is_cut_short: bool,
    /// The key of the last signature that matched.
    signer: Option<Signer>,
}

/// A signature that came is the one that was made, written in this odd way if in any.
struct Fit {
    form: Option<Cause>,
}

/// What a signature is made over.
enum Message<'a> {
    /// What the gateway signs, with that body.
    Of(&'a [u8]),
    /// Just that.
    Just(&'a [u8]),
}

impl Search<'_> {
    /// The first hypothesis that the signature proves.
    fn prove(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        if readings.is_empty() {
            return None;
        }
        if let Some(found) = self.recent(readings) {
            return Some(found);
        }
        // What a body could have been is read once, and paid for.
        let bodies = self.pay(self.case.body.len()).map(|()| Bodies::of(self.case.body));
        let found = self.single_fault(bodies.as_ref(), readings);
        if found.is_some() {
            return found;
        }
        self.is_cut_short = self.left == 0;
        // Another secret, and the body changed on the way as well: the secret is named, since it has to be mended first.
        self.changed(bodies.as_ref()?, |whose| whose != Whose::Own, readings).or_else(|| self.mistyped(readings))
    }

    fn single_fault(&mut self, bodies: Option<&Bodies<'_>>, readings: &[Reading]) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        let own = known.keys.iter().filter(|key| key.whose == Whose::Own);
        // Nothing changed but the secret, or how the signature is written.
        let proper = known.keys.iter().flat_map(|key| keys::proper(case.gateway, key));
        // The right secret, pasted wrong; or something else of the page in its place.
        let pasted = own.flat_map(|key| keys::pasted(case.gateway, key)).chain(keys::instead(known));
        for attempt in proper.chain(pasted) {
            if let Some(Fit { form }) = self.fits(&attempt, &Message::Of(case.body), readings) {
                return Some(named(&attempt, None, form, case));
            }
        }
        // The right secret, another body or other parts.
        self.changed(bodies?, |whose| whose == Whose::Own, readings)
            .or_else(|| self.of_other_parts(readings))
            .or_else(|| self.checkout(readings))
            .or_else(|| self.not_keyed(readings))
    }

    /// The signature of a checkout, which is made of ids and with the Key Secret.
    fn checkout(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let messages = marks::checkout_messages(self.case.body);
        let keys = self.known.keys.iter().filter(|key| matches!(key.whose, Whose::KeySecret | Whose::Own));
        for key in keys.filter(|_| !messages.is_empty()) {
            let attempt = Attempt::of(key, Cause::Checkout, key.text.as_bytes());
            if messages.iter().any(|message| self.fits(&attempt, &Message::Just(message), readings).is_some()) {
                return Some(Cause::Checkout.into());
            }
        }
        None
    }

    /// A plain digest instead of a keyed one.
    fn not_keyed(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let body = self.case.body;
        let own = self.known.keys.iter().filter(|key| key.whose == Whose::Own);
        let texts = own.map(|key| key.text.as_bytes()).chain([&b""[..]]);
        for text in texts {
            for parts in [[text, body], [body, text]] {
                self.pay(body.len() + text.len())?;
                let digest: [u8; 32] = Sha256::new().chain_update(parts[0]).chain_update(parts[1]).finalize().into();
                if readings.iter().any(|reading| reading.tag.is(&digest)) {
                    return Some(Cause::NotKeyed.into());
                }
            }
        }
        None
    }

    /// A secret of theirs, and a body as it may have been before. Each is paid for before it is made, and gone before the
    /// next: there are many, and some are far longer than what came.
    fn changed(&mut self, bodies: &Bodies<'_>, is_theirs: fn(Whose) -> bool, readings: &[Reading]) -> Option<Diagnosis> {
        let attempts = self.usual(is_theirs);
        let mut before = bodies.before();
        while !attempts.is_empty() && self.pay(self.case.body.len()).is_some() {
            let Some((cause, body)) = before.next()? else { continue };
            for attempt in &attempts {
                if let Some(Fit { form }) = self.fits(attempt, &Message::Of(&body), readings) {
                    return Some(named(attempt, Some(cause), form, self.case));
                }
            }
        }
        None
    }

    /// The right secret, and other parts of the request.
    fn of_other_parts(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let attempts = self.usual(|whose| whose == Whose::Own);
        for (cause, parts) in marks::other_parts(self.case).into_iter().filter(|_| !attempts.is_empty()) {
            if attempts.iter().any(|attempt| self.fits(attempt, &Message::Just(&parts), readings).is_some()) {
                return Some(cause.into());
            }
        }
        None
    }

    /// Each of these secrets as it is usually used.
    fn usual(&self, is_theirs: fn(Whose) -> bool) -> Vec<Attempt> {
        let theirs = self.known.keys.iter().filter(|key| is_theirs(key.whose));
        theirs.filter_map(|key| keys::proper(self.case.gateway, key).into_iter().next()).collect()
    }

    /// One character of the SECRET typed wrong, left out or swapped: the most work, so it comes last.
    fn mistyped(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        for key in known.keys.iter().filter(|key| key.whose == Whose::Own) {
            for attempt in keys::mistyped(case.gateway, key) {
                if self.left == 0 {
                    return None;
                }
                if self.fits(&attempt, &Message::Of(case.body), readings).is_some() {
                    return Some(Cause::SecretMistyped.into());
                }
            }
        }
        None
    }

    /// The right signature in a header of another name.
    fn renamed(&mut self) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        if case.is_cut {
            return None;
        }
        for (name, value) in case.headers {
            let readings = signatures::read_value(case.gateway, value);
            for key in known.keys.iter().filter(|key| key.whose == Whose::Own && !readings.is_empty()) {
                for attempt in keys::proper(case.gateway, key) {
                    if self.fits(&attempt, &Message::Of(case.body), &readings).is_some() {
                        return Some(Diagnosis::with(Cause::RenamedHeader, name.chars().take(64).collect::<String>()));
                    }
                }
            }
        }
        None
    }

    /// How the signature is written that this secret makes of this message, if it is one of those that came.
    fn fits(&mut self, attempt: &Attempt, message: &Message<'_>, readings: &[Reading]) -> Option<Fit> {
        let parts: Vec<&[u8]> = match message {
            Message::Just(parts) => vec![parts],
            Message::Of(body) => marks::signed_parts(self.case, body)?,
        };
        self.pay(parts.iter().map(|part| part.len()).sum())?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&attempt.key).ok()?;
        for part in parts {
            mac.update(part);
        }
        let made = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        let form = readings.iter().find(|reading| reading.tag.is(&made))?.form;
        self.signer = Some(self.signer(attempt, message, form, made));
        Some(Fit { form })
    }

    /// Nothing once there is no work left.
    fn pay(&mut self, bytes: usize) -> Option<()> {
        let Some(left) = self.left.checked_sub(bytes + PER_HASH) else {
            self.left = 0;
            return None;
        };
        self.left = left;
        Some(())
    }
}

/// The name of what was proven: the secret before the body before the way it is written.
fn named(attempt: &Attempt, body: Option<Cause>, form: Option<Cause>, case: &Case<'_>) -> Diagnosis {
    let found = match attempt.cause {
        Cause::VerifiesNow => body.or(form).or_else(|| marks::time(case)).unwrap_or(Cause::VerifiesNow),
        other => other,
    };
    Diagnosis {
        cause: found,
        secret: attempt.secret,
        other: attempt.connection,
        detail: marks::detail(case, found),
        signer: None,
    }
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
mod tests;
