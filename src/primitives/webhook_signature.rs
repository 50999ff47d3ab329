//! The signature of Standard Webhooks 1.0.0: an HMAC-SHA256 over `id.timestamp.body`, under a key that is written in base64.
//!
//! It is here because requests of gateways are verified with it, and requests to a merchant's own systems are signed with it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::secret::Secret;

/// Precedes the base64 of a key.
pub(crate) const SECRET_PREFIX: &str = "whsec_";
/// Precedes the base64 of a signature: the version of the scheme.
pub(crate) const SIGNATURE_PREFIX: &str = "v1,";

/// Returns the bytes of a key, with or without its prefix; `None` if it is not in base64.
pub(crate) fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose();
    STANDARD.decode(text.strip_prefix(SECRET_PREFIX).unwrap_or(text)).ok().filter(|key| !key.is_empty())
}

/// Returns the HMAC of a message; `None` if the secret is not in base64.
pub(crate) fn mac(secret: &Secret, id: &[u8], timestamp: &[u8], body: &[u8]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).ok()?;
    for part in [id, b".", timestamp, b".", body] {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

/// Writes an HMAC as a signature.
pub(crate) fn encode(mac: &[u8; 32]) -> String {
    format!("{SIGNATURE_PREFIX}{}", STANDARD.encode(mac))
}
