//! The key of a matching signature: its origin, whether it may be adopted, and the recent keys that are tried first.

use std::{borrow::Cow, iter, time::Duration};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{
    Attempt, CompanyKeys, Diagnosis, KeyOwner, Match, Message, Search, candidate_keys, heuristics, named,
    signature_parser::Reading,
};
use crate::{
    gateways::{
        Gateway,
        adapter::{self, Incoming, SignatureError},
        parts::{self, Split},
    },
    primitives::secret::Secret,
    rejections::{
        Cause,
        proof::{self, EventKey, KeyKind, Signer},
    },
};

/// Returns the secret from which the gateway's adapter derives the key of a signature; `None` if there is no such secret.
pub(crate) fn secret(gateway: Gateway, signer: &Signer) -> Option<Secret> {
    candidate_keys::secret(gateway, &signer.key)
}

/// True for a key that must never be adopted here: of the other mode, of the API, or retired; also with paste errors.
pub(crate) fn is_ruled_out(gateway: Gateway, signer: &Signer, known: &CompanyKeys) -> bool {
    let mut out =
        known.keys.iter().filter(|key| key.is_retired || matches!(key.whose, KeyOwner::OtherMode | KeyOwner::KeySecret));
    let ways = |key| [candidate_keys::proper(gateway, key), candidate_keys::pasted_elsewhere(gateway, key)].concat();
    out.any(|key| ways(key).iter().any(|attempt| attempt.key == signer.key))
}

/// A key that signed a rejected request, and the cause.
#[derive(Clone)]
pub(crate) struct Recent {
    attempt: Attempt,
    since: Instant,
}

impl Recent {
    /// Returns the key of a finding; `None` if outsiders may know it, or if more than the key is wrong.
    pub(crate) fn of(found: &Diagnosis) -> Option<Self> {
        let signer = found.signer.as_ref().filter(|signer| signer.is_unchanged && signer.is_proof())?;
        if !found.cause.is_of_key() {
            return None;
        }
        let also = found.detail.clone().map(Cause::from).filter(|also| *also != Cause::Unknown);
        let (key, secret, connection) = (signer.key.clone(), found.secret, found.other);
        Some(Self { attempt: Attempt { key, cause: found.cause, also, secret, connection }, since: Instant::now() })
    }

    pub(crate) fn has_same_key(&self, other: &Self) -> bool {
        self.attempt.key == other.attempt.key
    }

    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }
}

/// The most email addresses that are tried as secrets.
const MAX_EMAILS: usize = 16;

impl CompanyKeys {
    /// The email addresses among the names.
    pub(super) fn emails(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| name.contains('@')).take(MAX_EMAILS)
    }

    /// Returns a digest that changes with every secret, and with the role of a secret at the webhook.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for key in &self.keys {
            hasher.update([key.whose as u8]);
            hasher.update(key.text.len().to_be_bytes());
            hasher.update(key.text.as_bytes());
        }
        hasher.finalize().into()
    }
}

impl Search<'_> {
    /// Tries the recent faults of this webhook.
    pub(super) fn recent(&mut self, readings: &[Reading]) -> Option<Diagnosis> {
        let (case, known) = (self.case, self.known);
        known.recent.iter().find_map(|Recent { attempt, .. }| {
            let Match { form } = self.fits(attempt, &Message::Of(case.body), readings)?;
            Some(named(attempt, &[], form, case))
        })
    }

    /// Describes the key that made this signature.
    pub(super) fn signing_secret(
        &self,
        attempt: &Attempt,
        message: &Message<'_>,
        form: Option<Cause>,
        tag: Zeroizing<[u8; 32]>,
    ) -> Signer {
        let (case, key) = (self.case, attempt.key.clone());
        let mut api_keys = self.known.keys.iter().filter(|key| key.whose == KeyOwner::KeySecret);
        let is_api_key = api_keys.any(|known| known.text.as_bytes() == key.as_slice());
        let kind = if is_api_key { KeyKind::ApiKeySecret } else { KeyKind::of(attempt.cause) };
        let (signed, is_whole) = match message {
            Message::Of(body) => (Cow::Borrowed(*body), *body == case.body),
            Message::Pieces(parts) => (Cow::Owned(parts.concat()), false),
        };
        let is_event = proof::signs_event(case.gateway, kind, &signed, case.body);
        let is_unchanged = is_whole && form.is_none() && case.reason != SignatureError::SignatureMissing;
        let is_own = kind == KeyKind::WebhookSecret && attempt.connection.is_none();
        let events = if is_own { self.event_keys(message) } else { Vec::new() };
        Signer { kind, key, tag, is_event, is_unchanged, is_guessable: false, events }
    }

    /// Identifies the events whose body is signed: the last of the signed pieces, after the id where that is signed too.
    fn event_keys(&self, message: &Message<'_>) -> Vec<EventKey> {
        let gateway = self.case.gateway;
        let signed = heuristics::signed_parts(self.case, self.case.body);
        let (id, body) = match message {
            Message::Of(body) => (signed.as_ref().and_then(|parts| parts.first().copied()), *body),
            Message::Pieces(parts) => (parts.first().copied(), parts.last().copied().unwrap_or_default()),
        };
        let key = |bytes: &[u8], id| EventKey {
            dedupe_prefix: gateway.adapter().dedupe_prefix(bytes).to_owned(),
            dedupe_key: adapter::dedupe_key(gateway, Sha256::digest(bytes).into(), id),
        };
        match parts::split(gateway, body) {
            Split::Whole => {
                let id = std::str::from_utf8(id.unwrap_or_default()).ok().filter(|_| gateway.adapter().signs_event_id());
                vec![key(body, id)]
            }
            Split::Faulty => {
                let dedupe_key = adapter::dedupe_key(gateway, Sha256::digest(body).into(), None);
                vec![EventKey { dedupe_prefix: String::new(), dedupe_key }]
            }
            Split::Parts { first, others } => {
                let request = Incoming { headers: &adapter::borrow_headers(self.case.headers), body: &Bytes::new() };
                let parts = iter::once(first).chain(others).filter_map(|range| body.get(range));
                parts.map(|part| key(part, gateway.adapter().event_id(&request, part))).collect()
            }
        }
    }
}
