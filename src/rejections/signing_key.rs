//! The key that diagnosis found: whether it may have been guessed, whether it may be adopted, and what tells it from others.
//!
//! The rule: a stranger who signs with a guess must gain nothing by it. What would be refused as an imported secret is never
//! offered, and is judged anew wherever it matters: when it is found, on the page, and when it is adopted. Of a key only a
//! keyed digest is stored.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    Cause,
    diagnosis::{self, Diagnosis, Known, Whose},
    proof::{KeyKind, Signer},
};
use crate::{
    connections::strength,
    gateways::Gateway,
    kernel::{id::ConnectionId, secret::Secret, vault::Vault},
};

/// The shortest key of bytes that no text can write, in bytes: as much as sixteen characters of base64.
const SHORTEST: usize = 12;

/// Names a key that may have been guessed as one, whatever it was taken for.
pub(super) fn judge(diagnosis: &mut Diagnosis, gateway: Gateway, known: &Known) {
    let is_encoded = is_encoded(diagnosis);
    let Some(signer) = diagnosis.signer.as_mut().filter(|_| diagnosis.cause.is_acceptable()) else { return };
    if is_guessable(signer, is_encoded, gateway, known) {
        signer.is_guessable = true;
        (diagnosis.cause, diagnosis.secret, diagnosis.other, diagnosis.detail) = (Cause::SecretGuessable, None, None, None);
    }
}

/// Whether the key was encoded or hashed, alone or as the second of two faults.
fn is_encoded(diagnosis: &Diagnosis) -> bool {
    let second = diagnosis.detail.clone().map(Cause::from);
    diagnosis.cause.is_encoding() || second.is_some_and(Cause::is_encoding)
}

fn is_guessable(signer: &Signer, is_encoded: bool, gateway: Gateway, known: &Known) -> bool {
    let names = strength::Known { gateway, endpoint: &known.url, key_id: None, names: &known.names };
    let is_weak = |secret: Secret| strength::is_guessable(&secret, &names);
    // A digest looks random whatever it is made of.
    let mut own = known.keys.iter().filter(|key| key.whose == Whose::Own);
    if is_encoded && own.any(|key| Secret::parse(&key.text).is_none_or(is_weak)) {
        return true;
    }
    match diagnosis::secret(gateway, signer) {
        Some(secret) => is_weak(secret),
        None => signer.key.len() < SHORTEST || std::str::from_utf8(&signer.key).is_ok_and(|text| text.len() < SHORTEST_TEXT),
    }
}

/// A text that is shorter is no secret.
const SHORTEST_TEXT: usize = crate::kernel::secret::SHORTEST;

/// The secret that may be adopted so that the request verifies: known to the company and to no outsider, of this mode, and
/// retired nowhere.
pub(super) fn adoptable(diagnosis: &Diagnosis, gateway: Gateway, known: &Known) -> Option<Secret> {
    let signer = diagnosis.signer.as_ref().filter(|_| diagnosis.cause.is_acceptable())?;
    let is_of_a_webhook = matches!(signer.kind, KeyKind::WebhookSecret | KeyKind::Altered);
    let may_be = is_of_a_webhook && !signer.is_guessable && !diagnosis::is_ruled_out(gateway, signer, known);
    diagnosis::secret(gateway, signer).filter(|_| may_be && !is_guessable(signer, is_encoded(diagnosis), gateway, known))
}

/// What tells the key from another one at that connection: nothing where outsiders may know the key.
pub(super) fn digest(vault: &Vault, connection: ConnectionId, diagnosis: &Diagnosis) -> Option<[u8; 32]> {
    let signer = diagnosis.signer.as_ref().filter(|signer| signer.kind != KeyKind::Public && !signer.is_guessable)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&vault.derive("keys of rejections")).expect("HMAC takes a key of any length");
    mac.update(connection.as_bytes());
    mac.update(&signer.key);
    Some(mac.finalize().into_bytes().into())
}
