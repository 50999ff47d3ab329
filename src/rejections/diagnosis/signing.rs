//! The key of a signature that matched: what it is, whether it could be adopted, and the keys that are tried first.

use zeroize::Zeroizing;

use super::{Attempt, Diagnosis, Fit, Known, Message, Search, Whose, keys, named, signatures::Reading, typos};
use crate::{
    gateways::{Gateway, adapter::Rejected},
    kernel::secret::Secret,
    rejections::{
        Cause,
        proof::{self, KeyKind, Signer},
    },
};

/// The key of a signature as the secret that it is; nothing where none can be that: its gateway's adapter makes the same key of it.
pub(crate) fn secret(gateway: Gateway, signer: &Signer) -> Option<Secret> {
    keys::secret(gateway, &signer.key)
}

/// Whether it is a key that must not be adopted here, whatever else it is: of the other mode, of the API, or retired.
pub(crate) fn is_ruled_out(gateway: Gateway, signer: &Signer, known: &Known) -> bool {
    let out = known.keys.iter().filter(|key| key.is_retired || matches!(key.whose, Whose::OtherMode | Whose::KeySecret));
    out.flat_map(|key| keys::proper(gateway, key)).any(|attempt| attempt.key == signer.key)
}

impl Search<'_> {
    /// The faults that this webhook has had lately.
    pub(super) fn recent(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        if known.recent.is_empty() {
            return None;
        }
        let own = || known.keys.iter().filter(|key| key.whose == Whose::Own);
        let proper = known.keys.iter().flat_map(|key| keys::proper(case.gateway, key));
        let altered = own().flat_map(|key| keys::pasted(case.gateway, key)).chain(keys::instead(known));
        let typed = own().flat_map(|key| typos::likely(case.gateway, key).chain(typos::replaced(case.gateway, key)));
        let twice = own().flat_map(|key| keys::pasted_twice(case.gateway, key));
        let recent = proper.chain(altered).chain(typed).chain(twice).filter(|attempt| known.recent.contains(&attempt.key));
        let mut tried = Vec::new();
        for attempt in recent {
            // Several mistakes can make the same key.
            if tried.contains(&attempt.key) {
                continue;
            }
            tried.push(attempt.key.clone());
            if let Some(Fit { form }) = self.fits(&attempt, &Message::Of(case.body), readings) {
                return Some(named(&attempt, &[], form, case));
            }
        }
        None
    }

    /// The key that made this signature.
    pub(super) fn signer(
        &self,
        attempt: &Attempt,
        message: &Message<'_>,
        form: Option<Cause>,
        tag: Zeroizing<[u8; 32]>,
    ) -> Signer {
        let (case, key) = (self.case, attempt.key.clone());
        let mut api_keys = self.known.keys.iter().filter(|key| key.whose == Whose::KeySecret);
        let is_api_key = api_keys.any(|known| known.text.as_bytes() == key.as_slice());
        let kind = if is_api_key { KeyKind::ApiKeySecret } else { KeyKind::of(attempt.cause) };
        let (signed, is_whole) = match message {
            Message::Of(body) => (*body, *body == case.body),
            Message::Just(parts) => (*parts, false),
        };
        let is_event = proof::signs_event(case.gateway, kind, signed, case.body);
        let is_unchanged = is_whole && form.is_none() && case.reason != Rejected::SignatureMissing;
        Signer { kind, key, tag, is_event, is_unchanged, is_guessable: false }
    }
}
