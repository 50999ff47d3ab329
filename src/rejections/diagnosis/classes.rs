//! Tests that every class of mistake is found at any size of the body, alone and combined with another.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;
use crate::primitives::in_parallel::{in_parallel, sampled};

pub(super) const SECRET: &str = "0aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx";
/// An imported secret, with characters that programs escape.
const IMPORTED: &str = "k&9Z+q4wX<t/8sP\"2mL=7vB'xR";
pub(super) const OTHER: &str = "9876543210ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvuts";
pub(super) const KEY_SECRET: &str = "TheKeySecretOfTheApi0001";
const URL: &str = "https://pay.example.com/webhooks/wh_0aZ1lK5s8BqW2zXc9Ov7uY";
pub(super) const NOW: i64 = 1_795_000_000;
pub(super) const SIZES: [usize; 4] = [2 * 1024, 4 * 1024, 64 * 1024, 256 * 1024];

pub(super) fn key(whose: KeyOwner, text: &str) -> Key {
    let secret = (whose != KeyOwner::KeySecret).then(SecretId::unique);
    Key { whose, gateway: Gateway::RAZORPAY, text: Zeroizing::new(text.to_owned()), is_retired: false, secret, connection: None }
}

fn known(own: &str) -> CompanyKeys {
    let keys = vec![key(KeyOwner::Valid, own), key(KeyOwner::OtherApp, OTHER), key(KeyOwner::KeySecret, KEY_SECRET)];
    let ids = vec!["wh_0aZ1lK5s8BqW2zXc9Ov7uY".to_owned()];
    let key_ids = vec!["rzp_test_Demo0000000001".to_owned()];
    CompanyKeys {
        keys,
        url: URL.to_owned(),
        ids,
        key_ids,
        accounts: vec!["acc_Demo0000000001".to_owned()],
        ..CompanyKeys::default()
    }
}

/// An event of that size, compact, with a name that is not ASCII, slashes, quotes and angle brackets.
pub(super) fn event(size: usize) -> String {
    let head = r#"{"entity":"event","account_id":"acc_Demo0000000001","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_Demo0000000001","entity":"payment","amount":100000,"currency":"INR","order_id":"order_Demo00000001","description":"दीया / \"lamp\" <b>","notes":{"text":""#;
    let tail = r#""},"created_at":1795000000}}},"created_at":1795000000}"#;
    let filler = "a line of notes, ".repeat(size / 17 + 1);
    format!("{head}{}{tail}", &filler[..size.saturating_sub(head.len() + tail.len())])
}

fn mac<D: EagerHash>(key: &[u8], message: &[u8]) -> String {
    HEXLOWER.encode(&Hmac::<D>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes())
}

pub(super) fn signed(key: &str, message: impl AsRef<[u8]>) -> String {
    mac::<Sha256>(key.as_bytes(), message.as_ref())
}

pub(super) fn found(own: &str, body: &[u8], headers: &[(&str, &str)]) -> Diagnosis {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let has_signature = headers.iter().any(|(name, _)| name == "x-razorpay-signature");
    let reason = if has_signature { SignatureError::SignatureMismatch } else { SignatureError::SignatureMissing };
    let at = Timestamp::from_seconds(NOW);
    let case = RejectedCase { gateway: Gateway::RAZORPAY, reason, headers: &headers, body, is_truncated: false, at };
    diagnose(&case, &known(own), &mut { MAX_WORK_BYTES })
}

fn with(own: &str, body: &[u8], signature: &str) -> Diagnosis {
    found(
        own,
        body,
        &[("x-razorpay-signature", signature), ("x-razorpay-event-id", "Evt00000000001"), ("x-request-timestamp", "1795000001")],
    )
}

/// Returns the cause and the second fault.
pub(super) fn both(found: Diagnosis) -> (Cause, String) {
    (found.cause, found.detail.unwrap_or_default())
}

#[test]
fn a_secret_that_was_transformed_is_found_with_a_body_of_any_size() {
    use percent as url_encoded;
    let html = IMPORTED.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#39;");
    let cases: Vec<(Cause, &str, String)> = vec![
        (Cause::SecretUrlEncoded, IMPORTED, url_encoded(IMPORTED)),
        (Cause::SecretHtmlEscaped, IMPORTED, html),
        (Cause::SecretEscaped, IMPORTED, IMPORTED.replace('"', "\\\"")),
        (Cause::SecretEncoded, SECRET, STANDARD.encode(SECRET)),
        (Cause::SecretEncodedLineEnd, SECRET, STANDARD.encode(format!("{SECRET}\n"))),
        (Cause::SecretEncodedLineEnd, SECRET, format!("{}\n", STANDARD.encode(format!("{SECRET}\n")))),
        (Cause::SecretEncoded, SECRET, HEXLOWER.encode(SECRET.as_bytes())),
        (Cause::SecretHashed, SECRET, HEXLOWER.encode(&<[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(SECRET)))),
        (Cause::SecretCase, SECRET, SECRET.to_lowercase()),
        (Cause::SecretCase, SECRET, SECRET.to_uppercase()),
        (Cause::SecretWithInvisible, SECRET, format!("\u{feff}{SECRET}")),
        (Cause::SecretWithLineEnd, SECRET, format!("{SECRET}\n")),
        (Cause::SecretQuoted, SECRET, format!("'{SECRET}'")),
        (Cause::SecretLabelled, SECRET, format!("secret: {SECRET}")),
        (Cause::SecretCut, SECRET, SECRET[..30].to_owned()),
        (Cause::SecretCut, SECRET, SECRET[7..].to_owned()),
        (Cause::SecretDoubled, SECRET, SECRET.repeat(2)),
        (Cause::SecretIsUrl, SECRET, URL.to_owned()),
        (Cause::SecretIsDots, SECRET, "•".repeat(16)),
        (Cause::SecretEmpty, SECRET, String::new()),
        (Cause::OtherApp, SECRET, OTHER.to_owned()),
        (Cause::KeySecret, SECRET, KEY_SECRET.to_owned()),
    ];
    for size in sampled(SIZES, 2) {
        let body = event(size);
        for (cause, own, key) in &cases {
            assert_eq!(with(own, body.as_bytes(), &signed(key, &body)).cause, *cause, "{key:?}, {size} bytes");
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// One typing mistake of each kind, including unlikely ones.
fn typos() -> Vec<String> {
    let edit = |at: usize, length: usize, by: &str| format!("{}{by}{}", &SECRET[..at], &SECRET[at + length..]);
    vec![
        edit(0, 1, "O"),
        edit(42, 1, ""),
        edit(20, 1, ""),
        edit(11, 2, &SECRET[11..13].chars().rev().collect::<String>()),
        edit(17, 0, &SECRET[17..18]),
        edit(5, 1, "k"),
        // Not a look-alike or a neighbour.
        edit(3, 1, "h"),
        edit(26, 1, "7"),
        edit(43, 1, "R"),
    ]
}

#[test]
fn a_mistyped_secret_is_found_with_a_body_of_any_size() {
    for size in sampled(SIZES, 2) {
        let body = event(size);
        in_parallel(typos(), |typed| {
            let found = with(SECRET, body.as_bytes(), &signed(&typed, &body));
            assert_eq!(found.cause, Cause::SecretMistyped, "{typed}, {size} bytes");
        });
    }
}

/// Ways in which a body is changed in transit.
fn changes(body: &str) -> Vec<(Cause, Vec<u8>)> {
    let gzip = {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, body.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    let zlib = {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut zlib, body.as_bytes()).unwrap();
        zlib.finish().unwrap()
    };
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let ascii: String =
        body.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect();
    let backslashed = body.replace('\\', "\\\\").replace('"', "\\\"");
    vec![
        (Cause::BodyCompressed, gzip),
        (Cause::BodyCompressed, zlib),
        (
            Cause::BodyHtmlEscaped,
            body.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").into_bytes(),
        ),
        (Cause::BodyHtmlEscaped, body.replace('"', "&quot;").into_bytes()),
        (Cause::BodyHtmlEscaped, body.replace('"', "&#34;").into_bytes()),
        (Cause::BodyBackslashed, backslashed.clone().into_bytes()),
        (Cause::BodyWrapped, format!("\"{backslashed}\"").into_bytes()),
        (Cause::BodyForm, percent(body).into_bytes()),
        (Cause::BodyRespaced, body.replace("\":", "\": ").replace(",\"", ", \"").into_bytes()),
        (Cause::BodyReordered, value.to_string().into_bytes()),
        (Cause::BodyEscaped, ascii.into_bytes()),
        (Cause::BodyEscaped, body.replace(" / ", " \\/ ").into_bytes()),
        (Cause::BodyLineEnd, format!("{body}\n").into_bytes()),
        (Cause::BodyMark, format!("\u{feff}{body}").into_bytes()),
    ]
}

#[test]
fn a_body_that_was_changed_is_found_at_any_size() {
    for size in [1024, 4 * 1024, 24 * 1024, 80 * 1024] {
        let body = event(size);
        for (cause, sent) in changes(&body) {
            let found = with(SECRET, &sent, &signed(SECRET, &body));
            assert_eq!(
                (found.cause, found.detail.is_none()),
                (cause, true),
                "{size} bytes: {}",
                String::from_utf8_lossy(&sent[..200.min(sent.len())])
            );
            assert!(found.secret.is_some(), "it is proven");
        }
    }
}

#[test]
fn two_paste_errors_are_found_together() {
    for size in [1024, 4 * 1024, 16 * 1024] {
        let body = event(size);
        for (first, second, key) in [
            (Cause::SecretQuoted, Cause::SecretWithSpace, format!("\"{SECRET}\" ")),
            (Cause::SecretWithSpace, Cause::SecretQuoted, format!("\"{SECRET} \"")),
            (Cause::SecretQuoted, Cause::SecretWithLineEnd, format!("'{SECRET}'\r\n")),
            (Cause::SecretCase, Cause::SecretWithLineEnd, format!("{}\n", SECRET.to_lowercase())),
            (Cause::SecretCut, Cause::SecretWithSpace, format!("{} ", &SECRET[..40])),
            (Cause::SecretQuoted, Cause::SecretEncoded, STANDARD.encode(format!("\"{SECRET}\""))),
            (Cause::SecretEncoded, Cause::SecretWithLineEnd, format!("{}\n", STANDARD.encode(SECRET))),
            (Cause::SecretLabelled, Cause::SecretWithLineEnd, format!("WEBHOOK_SECRET={SECRET}\n")),
        ] {
            let found = both(with(SECRET, body.as_bytes(), &signed(&key, &body)));
            assert_eq!(found, (first, second.as_str().to_owned()), "{key:?}, {size} bytes");
        }
    }
}

#[test]
fn a_wrong_secret_and_a_changed_body_are_found_together() {
    for size in sampled([1024, 4 * 1024, 8 * 1024], 3) {
        let body = event(size);
        let keys = [
            (Cause::SecretCut, SECRET[..33].to_owned()),
            (Cause::SecretWithSpace, format!("{SECRET} ")),
            (Cause::SecretQuoted, format!("\"{SECRET}\"")),
            (Cause::SecretCase, SECRET.to_lowercase()),
            (Cause::OtherApp, OTHER.to_owned()),
        ];
        in_parallel(keys, |(cause, key)| {
            for (second, sent) in changes(&body) {
                if matches!(second, Cause::BodyCompressed | Cause::BodyForm | Cause::BodyWrapped) && cause != Cause::OtherApp {
                    continue;
                }
                let found = both(with(SECRET, &sent, &signed(&key, &body)));
                assert_eq!(found, (cause, second.as_str().to_owned()), "{key:?}, {size} bytes");
            }
        });
    }
}

#[test]
fn a_body_inside_another_that_was_changed_too_is_found() {
    let body = event(2048);
    let pretty = body.replace("\":", "\": ").replace(",\"", ", \"");
    for (outer, sent) in [
        (Cause::BodyHtmlEscaped, pretty.replace('"', "&quot;")),
        (Cause::BodyWrapped, serde_json::json!({ "body": format!("{body}\n") }).to_string()),
    ] {
        assert_eq!(with(SECRET, sent.as_bytes(), &signed(SECRET, &body)).cause, outer);
    }
}

#[test]
fn parts_that_were_signed_in_place_of_the_body_are_found() {
    for size in sampled(SIZES, 2) {
        let body = event(size);
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        let start = body.find("\"payload\":").unwrap() + 10;
        let end = body.rfind(",\"created_at\"").unwrap();
        let spaced = body.replace("\":", "\": ");
        let compact = &body[start..end];
        for (cause, sent, message) in [
            (Cause::SignedPart, &body, compact.to_owned()),
            (Cause::SignedPart, &spaced, compact.to_owned()),
            (Cause::SignedPart, &spaced, compact.replace("\":", "\": ")),
            (Cause::SignedPart, &body, body[body.find("{\"id\"").unwrap()..body.rfind("}},\"created_at\"").unwrap()].to_owned()),
            (Cause::SignedOtherParts, &body, format!("1795000001.{body}")),
            (Cause::SignedOtherParts, &body, format!("1795000001{body}")),
            (Cause::SignedOtherParts, &body, format!("{body}1795000001")),
            (Cause::SignedOtherParts, &body, format!("Evt00000000001.{body}")),
            (Cause::SignedOtherParts, &body, format!("Evt00000000001|{body}")),
            (Cause::SignedOtherParts, &body, format!("Evt00000000001.1795000001.{body}")),
            (Cause::SignedOtherParts, &body, format!("v0:1795000001:{body}")),
            (Cause::SignedOtherParts, &body, format!("{URL}{body}")),
            (Cause::SignedOtherParts, &body, format!("POST\n{}\n{body}", &URL[23..])),
        ] {
            let found = with(SECRET, sent.as_bytes(), &signed(SECRET, &message));
            assert_eq!(found.cause, cause, "{size} bytes: {}", &message[..40]);
        }
        drop(value);
        let stripe = format!("t=1795000007,v1={}", signed(SECRET, format!("1795000007.{body}")));
        assert_eq!(with(SECRET, body.as_bytes(), &stripe).cause, Cause::SignedOtherParts, "{size} bytes");
    }
}

#[test]
fn another_hash_is_proven_and_a_length_proves_none() {
    let body = event(2048);
    let (key, text) = (SECRET.as_bytes(), body.as_bytes());
    for (function, made) in [
        ("SHA-1", mac::<sha1::Sha1>(key, text)),
        ("SHA-512", mac::<sha2::Sha512>(key, text)),
        ("SHA-384", mac::<sha2::Sha384>(key, text)),
        ("MD5", mac::<md5::Md5>(key, text)),
    ] {
        for written in [made.clone(), made.to_uppercase(), format!("sha1={made}")] {
            assert_eq!(both(with(SECRET, text, &written)), (Cause::OtherHash, function.to_owned()), "{written}");
        }
        let forged = "0".repeat(made.len());
        assert_eq!(both(with(SECRET, text, &forged)), (Cause::OtherLength, function.to_owned()));
    }
    let base64 = STANDARD.encode(Hmac::<sha1::Sha1>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes());
    assert_eq!(both(with(SECRET, text, &base64)), (Cause::OtherHash, "SHA-1".to_owned()));
}

/// Anyone can hash the body; only a holder of the secret can hash both.
#[test]
fn a_plain_hash_of_body_and_secret_is_proven_and_one_of_the_body_is_not() {
    let body = event(2048);
    let (secret, text) = (SECRET.as_bytes(), body.as_bytes());
    let sha256 = |pieces: [&[u8]; 2]| <[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(pieces.concat()));
    let alone = with(SECRET, text, &HEXLOWER.encode(&sha256([text, b""])));
    assert_eq!((alone.cause, &alone.signer), (Cause::NotKeyed, &None));
    for pieces in [[text, secret], [secret, text]] {
        let digest = sha256(pieces);
        for (written, second) in [(HEXLOWER.encode(&digest), ""), (STANDARD.encode(digest), "base64")] {
            let found = with(SECRET, text, &written);
            let signer = found.signer.clone().unwrap();
            assert!(signer.is_proof() && !signer.is_unchanged && signer.events.len() == 1, "{signer:?}");
            assert_eq!(both(found), (Cause::HashedWithSecret, second.to_owned()));
        }
    }
    let elsewhere = with(SECRET, text, &HEXLOWER.encode(&sha256([text, OTHER.as_bytes()])));
    assert_eq!(elsewhere.cause, Cause::Unknown, "no secret of this webhook");
}

#[test]
fn a_plain_hash_of_what_standard_webhooks_signs_is_found_with_the_secret_in_every_form() {
    let (gateway, body) = (Gateway::STANDARD_WEBHOOKS, event(2048));
    let shown = format!("whsec_{SECRET}");
    let known = CompanyKeys { keys: vec![Key { gateway, ..key(KeyOwner::Valid, SECRET) }], ..CompanyKeys::default() };
    for text in [STANDARD.decode(SECRET).unwrap(), SECRET.into(), shown.into()] {
        for message in [format!("msg_1.{NOW}.{body}"), body.clone()] {
            let digest = <Sha256 as sha2::Digest>::digest([message.as_bytes(), &text].concat());
            let headers = [
                ("webhook-id".to_owned(), b"msg_1".to_vec()),
                ("webhook-timestamp".to_owned(), NOW.to_string().into_bytes()),
                ("webhook-signature".to_owned(), format!("v1,{}", STANDARD.encode(digest)).into_bytes()),
            ];
            let (reason, at) = (SignatureError::SignatureMismatch, Timestamp::from_seconds(NOW));
            let case = RejectedCase { gateway, reason, headers: &headers, body: body.as_bytes(), is_truncated: false, at };
            assert_eq!(diagnose(&case, &known, &mut { MAX_WORK_BYTES }).cause, Cause::HashedWithSecret);
        }
    }
}

#[test]
fn an_outsider_is_told_apart_by_no_fact_about_the_gateway() {
    let forged = "00".repeat(32);
    let elsewhere = event(2048).replace("acc_Demo0000000001", "acc_Elsewhere00001");
    for (cause, body, signature) in [
        (Cause::Unknown, event(2048), forged.clone()),
        (Cause::OtherAccount, elsewhere, forged.clone()),
        (Cause::BodyCut, event(2048)[..1000].to_owned(), forged.clone()),
        (Cause::BodyEmpty, String::new(), forged.clone()),
        (Cause::OtherLength, event(2048), "00".repeat(64)),
        (Cause::Unknown, event(2048), "not a signature".to_owned()),
    ] {
        let headers = [
            ("x-razorpay-signature", signature.as_str()),
            ("user-agent", "Razorpay-Webhook/v1"),
            ("x-razorpay-event-id", "Evt00000000001"),
        ];
        let found = found(SECRET, body.as_bytes(), &headers);
        assert_eq!((found.cause, found.secret), (cause, None));
        assert!(!found.cause.can_adopt_secret() && found.signer.is_none());
    }
    // A request that cannot be checked is not reported as matching no secret.
    let headers = [("x-razorpay-signature".to_owned(), forged.into_bytes())];
    let body = event(2048);
    let at = Timestamp::from_seconds(NOW);
    let case = RejectedCase {
        gateway: Gateway::RAZORPAY,
        reason: SignatureError::SignatureMismatch,
        headers: &headers,
        body: body.as_bytes(),
        is_truncated: true,
        at,
    };
    assert_eq!(diagnose(&case, &known(SECRET), &mut { MAX_WORK_BYTES }).cause, Cause::NotDiagnosed);
}
