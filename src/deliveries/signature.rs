//! The signature of a delivery, in the header `webhook-signature`.
//!
//! Invariant: while a destination's secret is rotated, each attempt is signed with all of its valid secrets, so a receiver needs only one.

use crate::primitives::{
    secret::Secret,
    webhook_signature::{self, SECRET_PREFIX},
};

/// The header of the signature.
pub(crate) const HEADER: &str = "webhook-signature";
/// The maximum number of signatures in the header.
const MAX_SIGNATURES: usize = 10;

/// Returns the value of the header: a signature for each secret in the given order, newest first, up to the maximum.
pub(crate) fn sign(id: &str, timestamp_seconds: i64, body: &[u8], secrets: &[Secret]) -> String {
    let timestamp = timestamp_seconds.to_string();
    let mac = |secret| webhook_signature::mac(secret, id.as_bytes(), timestamp.as_bytes(), body);
    let signatures = secrets.iter().take(MAX_SIGNATURES).filter_map(mac).map(|mac| webhook_signature::encode(&mac));
    signatures.collect::<Vec<_>>().join(" ")
}

/// Generates the secret of a destination.
pub(crate) fn generate() -> Secret {
    Secret::generate_key(SECRET_PREFIX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde::Deserialize;

    use super::*;
    use crate::{
        gateways::{
            Gateway,
            adapter::{Incoming, SignatureError},
        },
        primitives::time::Timestamp,
    };

    /// The same vectors are checked with the official library in tests/browser/deliveries.test.mjs.
    const VECTORS: &str = include_str!("../../tests/fixtures/delivery_signatures.json");

    #[derive(Deserialize)]
    struct Vector {
        id: String,
        timestamp: i64,
        body: String,
        secrets: Vec<String>,
        signature: String,
    }

    #[test]
    fn signatures_are_those_of_the_official_library() {
        let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
        for Vector { id, timestamp, body, secrets, signature } in &vectors {
            let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::parse(text).unwrap()).collect();
            assert_eq!(sign(id, *timestamp, body.as_bytes(), &secrets), *signature, "{id}");
        }
        assert!(vectors.len() > 2);
    }

    #[test]
    fn a_receiver_with_any_valid_secret_accepts_a_delivery() {
        const AT: i64 = 1_795_000_000;
        let secrets: Vec<Secret> = (0..=MAX_SIGNATURES).map(|_| generate()).collect();
        let signature = sign("ev_1", AT, b"{}", &secrets);
        assert_eq!(signature.split(' ').count(), MAX_SIGNATURES);
        let headers: [(&str, &[u8]); 3] =
            [("webhook-id", b"ev_1"), ("webhook-timestamp", b"1795000000"), ("webhook-signature", signature.as_bytes())];
        let adapter = Gateway::STANDARD_WEBHOOKS.adapter();
        let check = |secret: &Secret, body: &'static [u8]| {
            // As a merchant pastes it.
            let secret = adapter.parse_secret(secret.expose()).unwrap();
            let request = Incoming { headers: &headers, body: &Bytes::from_static(body) };
            adapter.check(&request, &secret, Timestamp::from_seconds(AT))
        };
        let (oldest, others) = secrets.split_last().unwrap();
        assert!(others.iter().all(|secret| check(secret, b"{}") == Ok(())));
        assert_eq!(check(&secrets[0], b"{ }"), Err(SignatureError::SignatureMismatch));
        assert_eq!(check(oldest, b"{}"), Err(SignatureError::SignatureMismatch), "beyond the maximum");
    }

    #[test]
    fn a_generated_secret_is_a_prefix_and_32_bytes_and_never_comes_twice() {
        let (one, other) = (generate(), generate());
        assert!(one.expose().starts_with("whsec_") && !one.is(&other));
        assert_eq!(webhook_signature::key(&one).unwrap().len(), 32);
    }
}
