//! Tests that hold for every gateway.

use super::{super::parts::split, *};
use proptest::prelude::*;

fn live(count: usize) -> Vec<ValidSecret> {
    (0..count).map(|_| ValidSecret { id: SecretId::unique(), secret: Secret::generate(), until: None }).collect()
}

fn signed(gateway: Gateway, secret: &Secret, body: &[u8], now: Timestamp) -> Vec<(String, Vec<u8>)> {
    let headers = gateway.adapter().sign(secret, "evt_1", body, now);
    headers.into_iter().map(|(name, value)| (name.to_lowercase(), value.into_bytes())).collect()
}

#[test]
fn nothing_is_verified_without_a_secret() {
    let now = Timestamp::from_seconds(1_795_000_000);
    for gateway in Gateway::all() {
        let headers = signed(gateway, &Secret::generate(), b"{}", now);
        let request = Incoming { headers: &borrow_headers(&headers), body: &Bytes::from_static(b"{}") };
        assert!(verify(gateway, &request, &[], now).is_err());
    }
}

#[test]
fn locality_is_the_first_id_of_the_octets() {
    assert_eq!(first_json_id(br#"{"payload":{"payment":{"entity":{"id":"pay_1","order_id":"order_1"}}}}"#), "pay_1");
    for none in [&b""[..], b"not json", br#"{"id":1}"#, br#"{"id":"a b"}"#, b"{\"id\":\"\xff\"}", br#"{"id":"unended"#] {
        assert_eq!(first_json_id(none), "", "{}", String::from_utf8_lossy(none));
    }
    assert_eq!(first_json_id(format!(r#"{{"id":"{}"}}"#, "a".repeat(64)).as_bytes()).len(), 64);
    assert_eq!(first_json_id(format!(r#"{{"id":"{}"}}"#, "a".repeat(65)).as_bytes()), "");
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_any_flipped_bit_is_not(body in proptest::collection::vec(any::<u8>(), 1..400), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let now = Timestamp::from_seconds(1_795_000_000);
        for gateway in Gateway::all() {
            let secrets = live(3);
            let headers = signed(gateway, &secrets[1].secret, &body, now);
            let body = gateway.adapter().signed_body(&secrets[1].secret, &body, now).unwrap_or_else(|| body.clone());
            let whole = Bytes::from(body.clone());
            let request = Incoming { headers: &borrow_headers(&headers), body: &whole };
            let (_, id) = verify(gateway, &request, &secrets, now).unwrap();
            prop_assert_eq!(id, secrets[1].id);
            let mut changed = body.clone();
            changed[at.index(body.len())] ^= 1 << bit;
            let request = Incoming { headers: &borrow_headers(&headers), body: &Bytes::from(changed) };
            prop_assert!(verify(gateway, &request, &secrets, now).is_err());
            let request = Incoming { headers: &borrow_headers(&headers), body: &whole };
            prop_assert!(verify(gateway, &request, &secrets[..1], now).is_err());
        }
    }

    #[test]
    fn reading_never_panics(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        for gateway in Gateway::all() {
            let verified = Verified(body.clone().into());
            gateway.adapter().read(&Part::whole(&verified), Timestamp::from_millis(0));
            gateway.adapter().response_body(&mut std::iter::empty());
            split(gateway, &body);
        }
    }
}
