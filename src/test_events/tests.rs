//! Tests of test events without a database.

use bytes::Bytes;

use super::{send::TestRequest, *};
use crate::{
    gateways::{
        adapter::{self, EventContent, Incoming, TEST_EVENT_TYPE, ValidSecret},
        parts::Part,
    },
    primitives::{id::SecretId, vault::MasterKey},
};

const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

#[test]
fn a_test_event_verifies_as_the_gateways_own_and_reports_nothing() {
    let (vault, secret) = (Vault::new(MasterKey::generate()), Secret::generate());
    let url: url::Url = "https://pay.neemtree.example/webhooks/wh_one".parse().unwrap();
    for gateway in Gateway::all().filter(|gateway| is_offered(*gateway)) {
        let request = TestRequest { vault: &vault, gateway, url: url.clone(), endpoint: "wh_one", secret: &secret, now: NOW };
        let (headers, body) = request.signed().unwrap();
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let incoming = Incoming { headers: &headers, body: &Bytes::from(body) };
        let live = |secret: Secret| [ValidSecret { id: SecretId::unique(), secret, until: None }];
        assert!(adapter::verify(gateway, &incoming, &live(Secret::generate()), NOW).is_err(), "{gateway}");
        let (verified, _) = adapter::verify(gateway, &incoming, &live(Secret::parse(secret.expose()).unwrap()), NOW).unwrap();
        let read = gateway.adapter().read(&Part::whole(&verified), NOW);
        assert_eq!(read.event_type.as_deref(), Some(TEST_EVENT_TYPE), "{gateway}");
        assert!(matches!(read.content, EventContent::Unhandled), "{gateway}");
        // A time of its own would be compared with the clock of the server that made it.
        assert!(read.occurred_at.is_none() && read.amount.is_none() && read.reference.is_none(), "{gateway}");
        assert_eq!(gateway.adapter().account(verified.bytes()), None, "{gateway}");
        assert_eq!(gateway.adapter().event_kind(TEST_EVENT_TYPE), None, "{gateway}");
        assert_ne!(request.signed().unwrap().1, verified.bytes(), "{gateway}: each has another body");
    }
}

#[test]
fn the_real_gateways_offer_it_and_no_gateway_recommends_its_type() {
    assert!(is_offered(Gateway::RAZORPAY) && is_offered(Gateway::STANDARD_WEBHOOKS));
    assert!(Gateway::all().all(|gateway| !gateway.profile().recommended_events.contains(&TEST_EVENT_TYPE)));
}

#[cfg(feature = "fictitious-gateway")]
#[test]
fn a_gateway_without_a_body_for_it_does_not_offer_it() {
    assert!(!is_offered(crate::gateways::fictitious::GATEWAY));
}
