//! Tells copies of a request from each other, and whether a copy proves a fault.
//!
//! Invariant: an outsider who has seen a request can send it again, as it was or changed. That begins no failure.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{diagnose::DiagnosedRequest, proof::Signer, store::copies};
use crate::{
    connections::activity,
    db::{DbError, Tx},
    events::store::log,
    gateways::Gateway,
    primitives::{
        id::{ConnectionId, RequestId},
        vault::Vault,
    },
};

/// The headers that a gateway signs, and its signature, which identify a repeated request. Anyone can add other headers.
const fn signed(gateway: Gateway) -> &'static [&'static str] {
    gateway.profile().signature.signed_headers
}

/// Whether a proving signature proves a fault. An outsider who has seen a request can send it again, as it was or changed: one
/// whose events are all stored proves nothing, and one that was rejected before does not begin a failure anew. `but` is the request
/// itself where it is stored.
pub(super) async fn is_new_fault(
    tx: &mut Tx,
    connection: ConnectionId,
    signer: Option<&Signer>,
    (copies, but): (&[[u8; 32]], RequestId),
) -> Result<bool, DbError> {
    if are_stored(tx, connection, signer).await? {
        return Ok(false);
    }
    let is_copy = copies::has_copy(tx, connection, copies, but).await?;
    Ok(!is_copy || activity::get(tx, connection).await?.failing_since.is_some())
}

/// True if every event of the signed body is stored; false if it is not known which they are. One alone proves nothing: it may
/// have come in another request before.
pub(super) async fn are_stored(tx: &mut Tx, connection: ConnectionId, signer: Option<&Signer>) -> Result<bool, DbError> {
    let events = signer.map_or(&[][..], |signer| &signer.events);
    let keys: Vec<_> = events.iter().map(|event| (event.dedupe_prefix.as_str(), &event.dedupe_key)).collect();
    Ok(!keys.is_empty() && log::are_stored(tx, connection, &keys).await?)
}

/// Identifies it among other requests, keyed so that the digest does not confirm a guess at its content.
/// A proving signature is the same in any notation or wrapping: an outsider who has seen one cannot make a second request
/// of it.
pub(super) fn digest(vault: &Vault, examined: &DiagnosedRequest) -> [u8; 32] {
    let sample = &examined.sample;
    if let Some(signer) = examined.diagnosis.signer.as_ref().filter(|signer| signer.is_proof()) {
        return digest_of_tag(vault, signer, signer.is_unchanged);
    }
    let mut mac = hasher(vault);
    // Headers come in any order, and in another one at each request.
    for signed in signed(sample.scope.gateway) {
        for (name, value) in sample.headers.iter().filter(|(name, _)| name == signed) {
            for part in [name.as_bytes(), value] {
                mac.update(&part.len().to_be_bytes());
                mac.update(part);
            }
        }
    }
    mac.update(&sample.body);
    mac.finalize().into_bytes().into()
}

fn hasher(vault: &Vault) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(&vault.derive("rejected requests")).expect("HMAC takes a key of any length")
}

fn digest_of_tag(vault: &Vault, signer: &Signer, is_unchanged: bool) -> [u8; 32] {
    let mut mac = hasher(vault);
    mac.update(&[u8::from(is_unchanged)]);
    mac.update(&*signer.tag);
    mac.finalize().into_bytes().into()
}

/// The digests of every request with the same proving signature: as it was made, and changed on the way.
pub(super) fn digests(vault: &Vault, examined: &DiagnosedRequest) -> Vec<[u8; 32]> {
    let signer = examined.diagnosis.signer.as_ref().filter(|signer| signer.is_proof());
    signer
        .map(|signer| [false, true].map(|is_unchanged| digest_of_tag(vault, signer, is_unchanged)))
        .into_iter()
        .flatten()
        .collect()
}
