//! Tests of the parts that no other gateway has; the complete journey is in tests/it/fictitious_gateway.rs.

use bytes::Bytes;

use super::{body::subunits, *};
use crate::{
    gateways::{
        adapter::{EventContent, ValidSecret, Verified, dedupe_key, verify},
        parts::{FAULTY_PARTS, MAX_EVENTS_PER_REQUEST, Split, part_of, read_stored, split},
        payment::Status,
    },
    ledger::payments::projection::PaymentState,
    primitives::{id::SecretId, money::Currency},
};

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const PAID: &str = "notice=kn_1&about=payment.paid&payment=kp_1&amount=649.5&state=paid&at=1795000000";
const DECLINED: &str = "notice=kn_2&about=payment.declined&payment=kp_2&amount=0.07&state=declined&at=1795000000";

fn secret() -> Secret {
    Secret::parse(&STANDARD.encode([7; 32])).unwrap()
}

fn signed(fields: &str) -> Bytes {
    GATEWAY.adapter().signed_body(&secret(), fields.as_bytes(), NOW).unwrap().into()
}

fn verified(body: &Bytes, now: Timestamp) -> Result<Verified, SignatureError> {
    let valid = [ValidSecret { id: SecretId::unique(), secret: secret(), until: None }];
    verify(GATEWAY, &Incoming { headers: &[], body }, &valid, now).map(|(verified, _)| verified)
}

fn read(fields: &str) -> ParsedEvent {
    let body = verified(&signed(fields), NOW).ok().unwrap();
    let Split::Parts { first, .. } = split(GATEWAY, body.bytes()) else { panic!("no events") };
    GATEWAY.adapter().read(&Part::of(&body, &first), NOW)
}

#[test]
fn a_signature_inside_a_form_is_verified_with_its_time() {
    let body = signed(PAID);
    assert!(verified(&body, NOW).is_ok());
    let late = Timestamp::from_seconds(NOW.seconds() + TOLERANCE_SECONDS + 1);
    assert_eq!(verified(&body, late).err(), Some(SignatureError::TimeOutOfTolerance));
    let more = Bytes::from(String::from_utf8(body.to_vec()).unwrap().replace("649.5", "9649.5"));
    assert_eq!(verified(&more, NOW).err(), Some(SignatureError::SignatureMismatch));
    assert_eq!(verified(&Bytes::from_static(PAID.as_bytes()), NOW).err(), Some(SignatureError::SignatureMissing));
    assert!(GATEWAY.adapter().parse_secret("no base64, but long enough!").is_none());
}

#[test]
fn a_request_has_several_events_with_an_id_each() {
    let body = signed(&format!("currency=INR&{PAID}&{DECLINED}"));
    let parts = [0, 1].map(|index| part_of(GATEWAY, &body, Some(index)).unwrap());
    assert_eq!(parts, [PAID.as_bytes(), DECLINED.as_bytes()]);
    let adapter = GATEWAY.adapter();
    let request = Incoming { headers: &[], body: &body };
    assert_eq!(parts.map(|part| adapter.event_id(&request, part)), [Some("kn_1"), Some("kn_2")]);
    assert_eq!(parts.map(|part| adapter.dedupe_prefix(part)), ["kp_1", "kp_2"]);
    assert_ne!(dedupe_key(GATEWAY, [1; 32], Some("kn_1")), dedupe_key(GATEWAY, [1; 32], Some("kn_2")));
    let response = adapter.response_body(&mut ["kn_1", "kn_2"].into_iter()).unwrap();
    assert_eq!(response.text, "accepted=kn_1,kn_2");
    assert_eq!(adapter.response_body(&mut std::iter::empty()).unwrap().text, "accepted=");
    assert!(part_of(GATEWAY, &signed("currency=INR"), Some(0)).is_err(), "a body without events");
    assert!(part_of(GATEWAY, &body, Some(2)).is_err() && part_of(GATEWAY, &body, Some(-1)).is_err());
}

#[test]
fn a_stored_body_is_read_as_when_it_was_received() {
    let body = signed(&format!("currency=INR&{PAID}&{DECLINED}"));
    let read = |body: &[u8], index| read_stored(GATEWAY, body, (index, NOW)).unwrap();
    assert_eq!(read(&body, Some(1)).amount.unwrap().subunits, 7);
    assert!(read_stored(GATEWAY, &body, (Some(2), NOW)).is_err());
    let too_many = signed(&format!("currency=INR{}", format!("&{PAID}").repeat(MAX_EVENTS_PER_REQUEST + 1)));
    assert!(matches!(read(&too_many, None).content, EventContent::Quarantined(FAULTY_PARTS)));
}

#[test]
fn a_form_becomes_a_payment() {
    let parsed = read(&format!("currency=INR&{PAID}"));
    assert_eq!(parsed.event_type.as_deref(), Some("payment.paid"));
    let EventContent::Observation(facts) = parsed.content else { panic!("no observation") };
    let mut payment = PaymentState::default();
    payment.apply(&facts);
    assert_eq!(
        (payment.status(), payment.amount(), payment.currency()),
        (Some(Status::Captured), Some(64_950), Some(Currency::INR))
    );
}

#[test]
fn the_envelope_is_parsed_once_for_all_events() {
    let body = verified(&signed(&format!("currency=INR&{PAID}&{DECLINED}")), NOW).ok().unwrap();
    let Split::Parts { first, others } = split(GATEWAY, body.bytes()) else { panic!("no events") };
    // What an event has of the envelope comes from the function that has parsed it, not from its own request.
    let read = GATEWAY.adapter().part_reader(b"currency=USD");
    for range in [&first, &others[0]] {
        let amount = read(&Part::of(&body, range), NOW).amount.unwrap();
        assert_eq!(amount.currency, "USD".parse::<Currency>().unwrap());
    }
    assert_eq!(GATEWAY.adapter().read(&Part::of(&body, &first), NOW).amount.unwrap().currency, Currency::INR);
}

#[test]
fn a_decimal_amount_is_exact_or_refused() {
    let of = |text: &str| subunits(text, Currency::INR);
    assert_eq!([of("649"), of("649.5"), of("649.50"), of("0.07")], [Some(64_900), Some(64_950), Some(64_950), Some(7)]);
    for wrong in ["", ".5", "1.005", "1e3", "-1", "1,5", "٣"] {
        assert_eq!(of(wrong), None, "{wrong}");
    }
    let form = format!("currency=INR&{PAID}");
    for (from, to, fault) in [("649.5", "649.555", "amount"), ("INR", "inr", "currency"), ("=paid", "=odd", "state")] {
        let parsed = read(&form.replace(from, to));
        assert!(matches!(parsed.content, EventContent::Quarantined(found) if found == fault), "{to}");
    }
}
