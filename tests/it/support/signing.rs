//! Signatures as the gateways' documents describe them, implemented independently of the product.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Razorpay: hex of the HMAC-SHA256 of the body, with the secret's characters as the key.
pub(crate) fn razorpay(secret: &str, body: &[u8]) -> String {
    hex(&hmac(secret.as_bytes(), body))
}

/// Standard Webhooks: base64 of the HMAC-SHA256 of `id.timestamp.body`, with the decoded secret as the key.
pub(crate) fn standard_webhooks(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).unwrap();
    let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    format!("v1,{}", STANDARD.encode(hmac(&key, &signed)))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
