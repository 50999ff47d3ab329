//! The signature: the hex HMAC-SHA256 of the exact body under the webhook secret.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    gateways::adapter::{Header, Incoming, SignatureError},
    primitives::secret::Secret,
};

/// Verifies the signature of a request.
pub(super) fn check(request: &Incoming<'_>, secret: &Secret) -> Result<(), SignatureError> {
    let header = match request.header("x-razorpay-signature") {
        Header::Absent | Header::Once(b"") => return Err(SignatureError::SignatureMissing),
        Header::Once(value) => value,
        Header::Repeated => return Err(SignatureError::SignatureMalformed),
    };
    let decoded = HEXLOWER.decode(header).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let signature = decoded.ok_or(SignatureError::SignatureMalformed)?;
    mac(secret, request.body).verify_slice(&signature).map_err(|_| SignatureError::SignatureMismatch)
}

/// Returns the headers of a request with that body.
pub(super) fn sign(secret: &Secret, event_id: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    let signature: [u8; 32] = mac(secret, body).finalize().into_bytes().into();
    vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", "Razorpay-Webhook/v1".to_owned()),
        ("x-razorpay-event-id", event_id.to_owned()),
        ("x-razorpay-signature", HEXLOWER.encode(&signature)),
    ]
}

fn mac(secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
    #[cfg(test)]
    crate::gateways::hmac_count::add();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &Secret, headers: &[&str], body: &[u8]) -> Result<(), SignatureError> {
        let headers: Vec<_> = headers.iter().map(|value| ("x-razorpay-signature", value.as_bytes())).collect();
        super::check(&Incoming { headers: &headers, body: &bytes::Bytes::copy_from_slice(body) }, secret)
    }

    /// GitHub publishes a test vector for the same scheme: "Validating webhook deliveries" in its documentation.
    #[test]
    fn a_published_vector_is_accepted() {
        let secret = Secret::parse("It's a Secret to Everybody").unwrap();
        let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(check(&secret, &[signature], b"Hello, World!"), Ok(()));
        // Razorpay's own SDK compares text, so it rejects upper case too.
        assert_eq!(check(&secret, &[&signature.to_uppercase()], b"Hello, World!"), Err(SignatureError::SignatureMalformed));
        assert_eq!(check(&secret, &[signature], b"Hello, World! "), Err(SignatureError::SignatureMismatch));
    }

    #[test]
    fn each_fault_has_its_name() {
        let secret = Secret::generate();
        let good = sign(&secret, "e", b"{}")[3].1.clone();
        assert_eq!(check(&secret, &[], b"{}"), Err(SignatureError::SignatureMissing));
        assert_eq!(check(&secret, &[""], b"{}"), Err(SignatureError::SignatureMissing));
        assert_eq!(check(&secret, &[&good, &good], b"{}"), Err(SignatureError::SignatureMalformed));
        for wrong in
            [&good[..62], &format!("{good}00"), &format!("sha256={good}"), &good.replace(|c: char| c.is_ascii_digit(), "g")]
        {
            assert_eq!(check(&secret, &[wrong], b"{}"), Err(SignatureError::SignatureMalformed), "{wrong}");
        }
        assert_eq!(check(&Secret::generate(), &[&good], b"{}"), Err(SignatureError::SignatureMismatch));
    }
}
