//! Tests bodies that a program parsed and serialised again or wrapped in messages, and signatures over other texts.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use serde_json::{json, value::RawValue};

use super::{
    classes::{SECRET, both, event, found, signed},
    json_variants::{self, Ascii, Escapes, Order, Space},
    *,
};

#[derive(serde::Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Bodies of every kind of event, as published.
fn shapes() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases/shapes");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let shapes = files.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let body = serde_json::from_str::<Shape<'_>>(&text).unwrap().body.get().to_owned();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), body)
    });
    shapes.collect()
}

fn with(body: &str, signature: &str) -> Diagnosis {
    found(SECRET, body.as_bytes(), &[("x-razorpay-signature", signature)])
}

#[test]
fn every_published_shape_is_found_after_its_keys_were_sorted() {
    let shapes = shapes();
    assert_eq!(shapes.len(), 63);
    let go = (Space::None, Escapes::Written { slash: false, ascii: Ascii::Unchanged, html: true });
    let python = (Space::Little, Escapes::Written { slash: false, ascii: Ascii::Lower, html: false });
    let mut sorted_before = 0;
    for (name, body) in &shapes {
        let node = json_variants::parse(body).unwrap();
        for (space, escapes) in [go, python] {
            let sent = node.write(space, escapes, Order::Sorted, body.len() * 2).unwrap();
            let was_sorted = node.write(Space::None, Escapes::Unchanged, Order::Sorted, body.len()).unwrap() == *body;
            let cause = with(&sent, &signed(SECRET, body)).cause;
            if was_sorted {
                sorted_before += 1;
                assert!(matches!(cause, Cause::NowVerifies | Cause::BodyRespaced), "{name}: {cause:?}");
            } else {
                assert_eq!(cause, Cause::BodyReordered, "{name}: {sent}");
            }
        }
    }
    assert!(sorted_before <= 10, "{sorted_before}");
}

#[test]
fn what_php_and_laravel_make_of_empty_values_is_found() {
    let body = r#"{"entity":"event","event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_1","card_id":null,"description":"","error_code":"","error_reason":"","notes":[],"acquirer_data":{},"url":"https://shop.example/a"}}}}"#;
    let signature = signed(SECRET, body);
    let php = body.replace("{}", "[]").replace('/', "\\/");
    let laravel = body.replace(r#""description":"""#, r#""description":null"#).replace('/', "\\/");
    let errors = body.replace(r#""error_code":"","error_reason":"""#, r#""error_code":null,"error_reason":null"#);
    for sent in [body.replace("{}", "[]"), php, laravel.clone(), errors] {
        assert_eq!(with(&sent, &signature).cause, Cause::BodyRewritten, "{sent}");
    }
    assert_eq!(with(&laravel.replace("{}", "[]"), &signature).cause, Cause::BodyRewritten, "both");
}

#[test]
fn an_event_inside_messages_inside_messages_is_found() {
    let body = event(2048);
    let signature = signed(SECRET, &body);
    let raw = |before: &str, after: &str| format!("{before}{body}{after}");
    let notification = json!({ "Type": "Notification", "TopicArn": "arn:example", "Message": body }).to_string();
    let boundary = "------------------------d74496d66958873e";
    let part = |name: &str, value: &str, end: &str| {
        format!("--{boundary}{end}Content-Disposition: form-data; name=\"{name}\"{end}{end}{value}{end}")
    };
    for (cause, how, sent) in [
        (Cause::BodyWrapped, "a queue", json!({ "Records": [{ "messageId": "1", "body": body }] }).to_string()),
        (Cause::BodyWrapped, "a topic in a queue", json!({ "Records": [{ "body": notification }] }).to_string()),
        (Cause::BodyWrapped, "a topic", json!({ "Records": [{ "Sns": { "Message": body } }] }).to_string()),
        (Cause::BodyWrapped, "a bus", raw(r#"{"version":"0","detail-type":"x","detail":{"event":"#, "}}")),
        (Cause::BodyWrapped, "base64", json!({ "message": { "data": STANDARD.encode(&body) } }).to_string()),
        (Cause::BodyWrapped, "a list", raw(r#"[{"data":"#, "}]")),
        (
            Cause::BodyForm,
            "a form in parts",
            part("a", "b", "\r\n") + &part("payload", &body, "\r\n") + &format!("--{boundary}--\r\n"),
        ),
        (Cause::BodyForm, "with other line ends", part("payload", &body, "\n") + &format!("--{boundary}--\n")),
    ] {
        let found = with(&sent, &signature);
        assert_eq!((found.cause, found.secret.is_some()), (cause, true), "{how}");
    }
}

#[test]
fn a_body_is_found_signed_with_a_time_or_an_id_of_any_notation() {
    let body = event(2048);
    let times = ["1795000001", "1795000001123", "Mon, 30 Nov 2026 12:00:00 GMT", "2026-11-30T12:00:00Z"];
    for time in times {
        for between in [".", "", ",", "&", "_", ":", "\n", "|"] {
            for message in [format!("{time}{between}{body}"), format!("{body}{between}{time}")] {
                let headers = [("x-razorpay-signature", signed(SECRET, &message)), ("x-shop-sent", time.to_owned())];
                let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                assert_eq!(found(SECRET, body.as_bytes(), &headers).cause, Cause::SignedOtherParts, "{time}{between:?}");
            }
        }
    }
    let digest = <[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(&body));
    for message in [
        format!("1795000000.{body}"),
        HEXLOWER.encode(&digest),
        STANDARD.encode(digest),
        format!("1795000000.{}", HEXLOWER.encode(&digest)),
    ] {
        assert_eq!(with(&body, &signed(SECRET, &message)).cause, Cause::SignedOtherParts, "{}", &message[..40]);
    }
}

#[test]
fn an_event_is_neither_a_scan_nor_a_checkout_whatever_it_contains() {
    let unsigned = |body: &str, agent: &str| found(SECRET, body.as_bytes(), &[("user-agent", agent)]).cause;
    for text in ["eval(", "<script", "cmd=", "../../", "razorpay_payment_id razorpay_signature"] {
        let body = event(2048).replace("a line of notes", text);
        assert_eq!(unsigned(&body, "Razorpay-Webhook/v1"), Cause::NoSignature, "{text}");
        assert_eq!(unsigned(&body, "nuclei; bot/1"), Cause::NoSignature, "{text}");
        assert!(matches!(unsigned(text, "x"), Cause::Scanner | Cause::CheckoutSignature), "{text}");
    }
}

#[test]
fn a_body_of_any_length_that_is_accepted_is_diagnosed() {
    let body = event(900 * 1024);
    for (cause, second, key, sent) in [
        (Cause::SecretWithSpace, "", format!("{SECRET} "), body.clone()),
        (Cause::BodyRespaced, "", SECRET.to_owned(), body.replace("\":", "\": ")),
    ] {
        assert_eq!(both(with(&sent, &signed(&key, &body))), (cause, second.to_owned()));
    }
}
