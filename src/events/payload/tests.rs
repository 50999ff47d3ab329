//! Tests of packing and unpacking, with frames that were changed, cut or made by someone else.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zstd::bulk::Compressor;

use super::*;

const HEADERS: &str = r#"[["content-type","application/json"]]"#;

fn sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

fn payload(headers: &str, body: &[u8]) -> Payload {
    Payload { headers: headers.to_owned(), body: body.to_owned() }
}

/// Compresses any contents, with the newest dictionary.
fn frame_of(contents: &[u8]) -> Vec<u8> {
    Compressor::with_prepared_dictionary(dictionaries::newest()).unwrap().compress(contents).unwrap()
}

/// A released dictionary is needed by stored frames for ever: add another one instead of changing it.
#[test]
fn released_dictionaries_are_never_changed() {
    let hashes: Vec<(u32, String)> =
        dictionaries::DICTIONARIES.iter().map(|dictionary| (dictionary.id, HEXLOWER.encode(&dictionary.sha256()))).collect();
    assert_eq!(hashes, [(1_000_001, "88e0b735f023806e4a743ed8d6a768b520cf762c658b3b181d59460adc6f6435".to_owned())]);
}

#[test]
fn a_frame_names_the_newest_dictionary_and_dictionaries_name_themselves() {
    let newest = dictionaries::DICTIONARIES.last().unwrap().id;
    let named = |frame: &[u8]| get_dict_id_from_frame(frame).map(u32::from);
    assert_eq!(named(&pack("[]", b"{}")), Some(newest));
    for dictionary in dictionaries::DICTIONARIES {
        assert!(dictionary.is_valid(), "{}", dictionary.id);
    }
}

proptest! {
    #[test]
    fn what_is_unpacked_is_what_was_packed(headers in ".{0,200}", body in proptest::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert_eq!(unpack(&pack(&headers, &body), &sha256(&body)), Ok(payload(&headers, &body)));
    }

    #[test]
    fn a_changed_frame_is_an_error_or_changes_nothing(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let body = br#"{"entity":"event","event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_1"}}}}"#;
        let mut frame = pack(HEADERS, body);
        let at = at.index(frame.len());
        frame[at] ^= 1 << bit;
        // A few bits of a frame have no meaning.
        if let Ok(unpacked) = unpack(&frame, &sha256(body)) {
            prop_assert_eq!(unpacked, payload(HEADERS, body));
        }
    }

    #[test]
    fn no_bytes_panic(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(unpack(&frame, &[0; 32]).is_err());
    }
}

#[test]
fn a_frame_that_was_cut_or_extended_is_an_error() {
    let body = b"{\"a\":1}".repeat(40);
    let frame = pack("[]", &body);
    for length in 0..frame.len() {
        assert!(unpack(&frame[..length], &sha256(&body)).is_err(), "{length}");
    }
    assert_eq!(unpack(&[&frame[..], b"x"].concat(), &sha256(&body)), Err(Damage::Contents));
    assert_eq!(unpack(&[&frame[..], &frame].concat(), &sha256(&body)), Err(Damage::Contents));
}

#[test]
fn a_request_of_the_largest_size_is_stored_and_a_larger_frame_is_not_read() {
    let (headers, body) = ("h".repeat(6 * 32 * 1024), vec![b'x'; MAX_BODY_BYTES]);
    assert!(unpack(&pack(&headers, &body), &sha256(&body)).is_ok());
    let bomb = frame_of(&vec![0; MAX_UNPACKED_BYTES + 1]);
    assert!(bomb.len() < 1000);
    assert_eq!(unpack(&bomb, &[0; 32]), Err(Damage::TooLarge));
}

#[test]
fn a_frame_that_is_well_formed_but_not_of_the_event_is_an_error() {
    assert_eq!(unpack(&pack("[]", b"one"), &sha256(b"another")), Err(Damage::Sha256));
    assert_eq!(unpack(&frame_of(b"abc"), &sha256(b"")), Err(Damage::Contents), "no length");
    assert_eq!(unpack(&frame_of(&[9, 0, 0, 0, b'[']), &sha256(b"")), Err(Damage::Contents), "headers are cut");
    assert_eq!(unpack(&frame_of(&[1, 0, 0, 0, 0xff]), &sha256(b"")), Err(Damage::Contents), "headers are not UTF-8");
    assert_eq!(unpack(b"no frame", &[0; 32]), Err(Damage::NotAFrame));
}

#[test]
fn a_frame_needs_the_dictionary_it_names() {
    let plain = zstd::bulk::compress(&contents_of("[]", b"{}"), 3).unwrap();
    assert_eq!(unpack(&plain, &sha256(b"{}")), Err(Damage::UnknownDictionary(0)));
    let mut other = pack("[]", b"{}");
    let known = u32::from(get_dict_id_from_frame(&other).unwrap()).to_le_bytes();
    let at = other.windows(4).position(|window| window == known).unwrap();
    other[at..at + 4].copy_from_slice(&77_777_u32.to_le_bytes());
    assert_eq!(unpack(&other, &sha256(b"{}")), Err(Damage::UnknownDictionary(77_777)));
}

#[test]
fn a_database_lists_what_this_program_must_have() {
    let ours: Vec<(i64, Vec<u8>)> =
        dictionaries::DICTIONARIES.iter().map(|our| (i64::from(our.id), our.sha256().to_vec())).collect();
    assert_eq!(dictionaries::first_missing(&[]), None);
    assert_eq!(dictionaries::first_missing(&ours), None);
    let newer = [&ours[..], &[(2_000_000, vec![1; 32])]].concat();
    assert_eq!(dictionaries::first_missing(&newer), Some(2_000_000));
    let changed = [(ours[0].0, vec![1; 32])];
    assert_eq!(dictionaries::first_missing(&changed), Some(ours[0].0));
}

/// The body is no sample of the training: its ids, names and addresses are random. It fails if a dictionary does not help.
#[test]
fn a_dictionary_helps_with_requests_that_it_was_not_trained_on() {
    let mut rng = rand::rng();
    let mut text = |count: usize| -> String { (0..count).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect() };
    let headers = format!(
        r#"[["content-type","application/json"],["user-agent","Razorpay-Webhook/v1"],["x-razorpay-event-id","{}"]]"#,
        text(14)
    );
    let body = format!(
        r#"{{"entity":"event","account_id":"acc_{}","event":"payment.captured","contains":["payment"],"payload":{{"payment":{{"entity":{{"id":"pay_{}","entity":"payment","amount":48200,"currency":"INR","status":"captured","order_id":"order_{}","invoice_id":null,"international":false,"method":"upi","amount_refunded":0,"refund_status":null,"captured":true,"description":"{}","card_id":null,"bank":null,"wallet":null,"vpa":"{}@{}","email":"{}@{}.example","contact":"+910000000000","notes":{{"{}":"{}"}},"fee":1138,"tax":174,"error_code":null,"error_description":null,"error_source":null,"error_step":null,"error_reason":null,"acquirer_data":{{"rrn":"{}"}},"created_at":1795000000}}}}}},"created_at":1795000003}}"#,
        text(14),
        text(14),
        text(14),
        text(20),
        text(9),
        text(5),
        text(9),
        text(9),
        text(6),
        text(18),
        text(12)
    );
    let with = pack(&headers, body.as_bytes()).len();
    let without = zstd::bulk::compress(&contents_of(&headers, body.as_bytes()), 3).unwrap().len();
    assert!(with * 10 < without * 7, "{with} bytes, and {without} without the dictionary");
    assert!(with * 3 < body.len(), "{with} of {}", body.len());
}
