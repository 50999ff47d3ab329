//! Tests that diagnosis of any input returns a result, proves nothing by chance, and is bounded.

use super::*;
use proptest::prelude::*;

fn key(whose: KeyOwner, gateway: Gateway, text: &str) -> Key {
    Key { whose, gateway, text: Zeroizing::new(text.to_owned()), is_retired: false, secret: None, connection: None }
}

fn known(gateway: Gateway) -> CompanyKeys {
    let other = "9876543210ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvuts";
    CompanyKeys {
        keys: vec![
            key(KeyOwner::Valid, gateway, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh"),
            key(KeyOwner::OtherApp, Gateway::STANDARD_WEBHOOKS, other),
            key(KeyOwner::KeySecret, Gateway::RAZORPAY, "a key secret"),
        ],
        url: "https://pay.example.com/webhooks/wh_1".to_owned(),
        ..CompanyKeys::default()
    }
}

fn signature(gateway: Gateway) -> &'static str {
    gateway.profile().signature.header
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_request_gets_a_cause_and_no_proof_by_chance(
        value in prop_oneof![any::<String>(), "[0-9a-fA-F]{0,130}", "(v1[a,=:]|t=1,v1=|sha256=|\"){0,2}[0-9A-Za-z+/_-]{0,90}={0,2}"],
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), "[\\[\\]{}:,\"\\\\a-c0-9 =%&\u{feff}\r\n]{0,80}".prop_map(String::into_bytes)],
        is_razorpay: bool,
    ) {
        let gateway = if is_razorpay { Gateway::RAZORPAY } else { Gateway::STANDARD_WEBHOOKS };
        let at = Timestamp::from_seconds(1_795_000_000);
        let headers = [
            (signature(gateway).to_owned(), value.into_bytes()),
            ("webhook-id".to_owned(), b"msg_1".to_vec()),
            ("webhook-timestamp".to_owned(), b"1795000000".to_vec()),
        ];
        for reason in [SignatureError::SignatureMissing, SignatureError::SignatureMalformed, SignatureError::SignatureMismatch] {
            let case = RejectedCase { gateway, reason, headers: &headers, body: &body, is_truncated: false, at };
            let found = diagnose(&case, &known(gateway), &mut 200_000);
            let seen = [
                Cause::Unknown, Cause::NoSignature, Cause::OtherHash, Cause::AsymmetricOnly, Cause::BodyEmpty, Cause::BodyCut,
                Cause::IdMissing, Cause::Scanner, Cause::OtherGateway, Cause::NotDiagnosed, Cause::OtherLength, Cause::BodyCompressed,
            ];
            prop_assert!(seen.contains(&found.cause), "{:?}", found);
        }
    }
}

#[test]
fn the_work_is_bounded() {
    let known = known(Gateway::RAZORPAY);
    let headers = [(signature(Gateway::RAZORPAY).to_owned(), "00".repeat(32).into_bytes())];
    let body = vec![b'a'; 256 * 1024];
    let at = Timestamp::from_seconds(0);
    let reason = SignatureError::SignatureMismatch;
    let case = RejectedCase { gateway: Gateway::RAZORPAY, reason, headers: &headers, body: &body, is_truncated: false, at };
    let mut search = Search { left: 1_000_000, ..Search::of(&case, &known) };
    assert!(search.find_proven_cause(&signature_parser::read(Gateway::RAZORPAY, &headers)).is_none());
    assert_eq!(search.left, 0, "it stops, and does not begin what it cannot pay for");
    assert_eq!(diagnose(&case, &known, &mut 0).cause, Cause::NotDiagnosed, "what was not tried is not said to fit nothing");
}

#[test]
fn a_piece_of_a_signature_proves_nothing_below_eight_bytes() {
    let known = known(Gateway::RAZORPAY);
    let body = b"{}";
    let mut mac = Hmac::<Sha256>::new_from_slice(known.keys[0].text.as_bytes()).unwrap();
    mac.update(body);
    let whole = data_encoding::HEXLOWER.encode(&<[u8; 32]>::from(mac.finalize().into_bytes()));
    for (length, cause) in [(16, Cause::Truncated), (14, Cause::Unknown), (2, Cause::Unknown)] {
        let headers = [(signature(Gateway::RAZORPAY).to_owned(), whole.as_bytes()[..length].to_vec())];
        let reason = SignatureError::SignatureMalformed;
        let at = Timestamp::from_seconds(0);
        let case = RejectedCase { gateway: Gateway::RAZORPAY, reason, headers: &headers, body, is_truncated: false, at };
        assert_eq!(diagnose(&case, &known, &mut { MAX_WORK_BYTES }).cause, cause, "{length}");
    }
}

#[test]
fn brackets_and_commas_are_not_written_without_bounds() {
    const LEFT: usize = 3_000_000;
    let known = known(Gateway::RAZORPAY);
    let headers = [(signature(Gateway::RAZORPAY).to_owned(), "00".repeat(32).into_bytes())];
    // 120 levels, within serde's limit: one line per value, each of which begins with 120 indents.
    let body = [b"[".repeat(120), b"1,".repeat(16_200), b"1".to_vec(), b"]".repeat(120)].concat();
    assert!((32_000..=32 * 1024).contains(&body.len()) && body_variants::Bodies::of(&body).before().count() > 100);
    let longest = body_variants::Bodies::of(&body).before().flatten().map(|(_, before)| before.len()).max();
    assert!(longest.unwrap() <= 4 * body.len() + 8 * 1024, "{longest:?}");
    let case = RejectedCase {
        gateway: Gateway::RAZORPAY,
        reason: SignatureError::SignatureMismatch,
        headers: &headers,
        body: &body,
        is_truncated: false,
        at: Timestamp::from_seconds(0),
    };
    let readings = signature_parser::read(Gateway::RAZORPAY, &headers);
    for is_theirs in [|whose| whose == KeyOwner::Valid, |whose| whose != KeyOwner::Valid] {
        let before = json_variants::WRITTEN.get();
        let mut search = Search { left: LEFT, ..Search::of(&case, &known) };
        let attempts = search.default_candidates(is_theirs);
        assert!(search.changed(&body_variants::Bodies::of(&body), &attempts, &readings).is_none());
        let written = json_variants::WRITTEN.get() - before;
        assert!((body.len()..5 * LEFT).contains(&written), "{written} bytes were written for {LEFT} that were paid for");
        assert_eq!(search.left, 0);
    }
}

#[test]
fn without_work_or_once_the_server_stops_nothing_is_tried() {
    let (gateway, own) = (Gateway::STANDARD_WEBHOOKS, "MDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVVY=");
    let known = CompanyKeys { keys: vec![key(KeyOwner::Valid, gateway, own)], ..CompanyKeys::default() };
    let forged = "v1,".to_owned() + &"A".repeat(43) + "=";
    let mut headers: Vec<(String, Vec<u8>)> =
        (0..6).map(|at| (format!("x{at}-signature"), forged.clone().into_bytes())).collect();
    headers.extend((0..6).map(|at| (format!("x{at}-id"), format!("msg_{at}").into_bytes())));
    headers.extend((0..6).map(|at| (format!("x{at}-timestamp"), b"1795000000".to_vec())));
    let (body, at) = (vec![b'a'; 10_000], Timestamp::from_seconds(0));
    let case = RejectedCase {
        gateway,
        reason: SignatureError::SignatureMissing,
        headers: &headers,
        body: &body,
        is_truncated: false,
        at,
    };
    let tried = |work: usize, is_off: bool| {
        let before = HYPOTHESES_TRIED.get();
        diagnose_until(&AtomicBool::new(is_off), Depth::Full, &case, &known, &mut { work });
        HYPOTHESES_TRIED.get() - before
    };
    assert!(tried(MAX_WORK_BYTES, false) > 1000);
    assert_eq!(tried(0, false), 0);
    assert_eq!(tried(105_000, false), 11, "ten that are paid for, and the one that is not");
    assert_eq!(tried(MAX_WORK_BYTES, true), 1, "the first one asks");
}

#[test]
fn what_single_faults_need_is_never_more_than_estimated() {
    let secret = |length: usize| "0aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx".repeat(3)[..length].to_owned();
    for (gateway, length, others) in [
        (Gateway::RAZORPAY, 44, 2),
        (Gateway::RAZORPAY, 44, 64),
        (Gateway::RAZORPAY, 8, 0),
        (Gateway::RAZORPAY, 128, 2),
        (Gateway::STANDARD_WEBHOOKS, 32, 2),
    ] {
        let mut known = CompanyKeys { keys: vec![key(KeyOwner::Valid, gateway, &secret(length))], ..known(gateway) };
        known.keys.extend((0..others).map(|number| key(KeyOwner::OtherApp, gateway, &secret(44 - number / 2))));
        for size in [300, 2 * 1024, 28 * 1024, 256 * 1024] {
            let text = classes::event(size.max(600));
            let headers = [
                (signature(gateway).to_owned(), "00".repeat(32).into_bytes()),
                ("x-request-id".to_owned(), b"1".to_vec()),
                ("x-timestamp".to_owned(), b"1795000000".to_vec()),
                ("webhook-id".to_owned(), b"msg_1".to_vec()),
                ("webhook-timestamp".to_owned(), b"1795000000".to_vec()),
            ];
            let at = Timestamp::from_seconds(1_795_000_000);
            let body = text.as_bytes();
            let reason = SignatureError::SignatureMismatch;
            let case = RejectedCase { gateway, reason, headers: &headers, body, is_truncated: false, at };
            let mut left = MAX_WORK_BYTES;
            let found = diagnose_until(&AtomicBool::new(false), Depth::Single, &case, &known, &mut left);
            let (used, most) = (MAX_WORK_BYTES - left, single_fault_work(gateway, body.len(), &known));
            assert_eq!(found.cause, Cause::Unknown, "{gateway:?}, {size} bytes");
            assert!(used <= most, "{gateway:?}, {length} characters, {others} others, {size} bytes: {used} of {most}");
        }
    }
}
