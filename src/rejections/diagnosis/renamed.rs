//! Tests signatures in headers of other names, alone and combined with another fault, and requests that only resemble them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    classes::{KEY_SECRET, NOW, OTHER, SECRET, SIZES, both, event, found, key, signed},
    *,
};

#[test]
fn a_renamed_header_is_found_with_its_siblings() {
    let secret = STANDARD.encode([9; 32]);
    let own = Key { gateway: Gateway::STANDARD_WEBHOOKS, ..key(KeyOwner::Valid, &secret) };
    let known = CompanyKeys { keys: vec![own], ..CompanyKeys::default() };
    let find = |headers: Vec<(String, Vec<u8>)>, body: &str| {
        let (gateway, at) = (Gateway::STANDARD_WEBHOOKS, Timestamp::from_seconds(NOW));
        let case = RejectedCase {
            gateway,
            reason: SignatureError::SignatureMissing,
            headers: &headers,
            body: body.as_bytes(),
            is_truncated: false,
            at,
        };
        diagnose(&case, &known, &mut { MAX_WORK_BYTES })
    };
    for size in SIZES {
        let body = event(size);
        let bytes = |key: &[u8]| {
            let message = format!("msg_1.{NOW}.{body}");
            Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes()
        };
        let signature = format!("v1,{}", STANDARD.encode(bytes(&[9; 32])));
        for prefix in ["svix", "x-webhook", "x-acme-webhook", "standard", "hook0"] {
            let headers = |signature: &str| {
                let pairs = [("id", "msg_1"), ("timestamp", "1795000000"), ("signature", signature)];
                pairs.map(|(name, value)| (format!("{prefix}-{name}"), value.as_bytes().to_vec())).to_vec()
            };
            let name = format!("{prefix}-signature");
            assert_eq!(both(find(headers(&signature), &body)), (Cause::RenamedHeader, name), "{size} bytes");
            // Forged.
            let forged = format!("v1,{}", STANDARD.encode([8; 32]));
            let cause = find(headers(&forged), &body).cause;
            assert!(matches!(cause, Cause::OtherGateway | Cause::NoSignature), "{prefix}: {cause:?}");
        }
        // Also if `whsec_` was not removed.
        let wrong = format!("v1,{}", STANDARD.encode(bytes(format!("whsec_{secret}").as_bytes())));
        let headers = [("svix-id", "msg_1"), ("svix-timestamp", "1795000000"), ("svix-signature", wrong.as_str())];
        let found = find(headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec(), &body);
        assert_eq!(both(found), (Cause::SecretWithPrefix, "renamed_header".to_owned()));
    }
    let body = event(2048);
    let sign = |id: &str| {
        let message = format!("{id}.{NOW}.{body}");
        let bytes = Hmac::<Sha256>::new_from_slice(&[9; 32]).unwrap().chain_update(message).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(bytes))
    };
    let time = NOW.to_string();
    for (id, time_name, signature) in [
        ("acme-delivery", "acme-timestamp", "acme-signature"),
        ("acme-message", "acme-sent-at", "acme-signature"),
        ("x-acme-hook-delivery", "x-acme-hook-time", "x-acme-hook-signature"),
        ("svix-id", "svix-timestamp", "svix-signature"),
    ] {
        // Preceded by six headers that tracing adds.
        let tracing = ["x-request-id", "x-correlation-id", "x-b3-traceid", "x-amzn-trace-id", "cf-request-id", "x-session-id"];
        let mut headers: Vec<(String, Vec<u8>)> = tracing.map(|name| (name.to_owned(), b"1-67891233-abcdef".to_vec())).to_vec();
        headers.extend(
            ["date", "x-time-a", "x-time-b", "x-time-c", "x-time-d", "x-time-e"]
                .map(|name| (name.to_owned(), b"1700000000".to_vec())),
        );
        let own = [(id, "msg_1".to_owned()), (time_name, time.clone()), (signature, sign("msg_1"))];
        headers.extend(own.map(|(name, value)| (name.to_owned(), value.into_bytes())));
        assert_eq!(both(find(headers, &body)), (Cause::RenamedHeader, signature.to_owned()), "{id}");
    }
    let renamed = found(SECRET, body.as_bytes(), &[("x-hub-signature-256", &format!("sha256={}", signed(SECRET, &body)))]);
    assert_eq!(both(renamed), (Cause::RenamedHeader, "x-hub-signature-256".to_owned()));
    let both_wrong = found(SECRET, body.as_bytes(), &[("x-signature", &signed(&format!("{SECRET} "), &body))]);
    assert_eq!(both(both_wrong), (Cause::SecretWithSpace, "renamed_header".to_owned()));
}

#[test]
fn what_no_valid_secret_signed_is_no_renamed_header() {
    let body = event(2048);
    let plain = HEXLOWER.encode(&<[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(&body)));
    assert_eq!(both(found(SECRET, body.as_bytes(), &[("x-signature", &plain)])), (Cause::NotKeyed, String::new()));
    let checkout = r#"{"razorpay_order_id":"order_Demo00000001","razorpay_payment_id":"pay_Demo0000000001"}"#;
    let signature = signed(KEY_SECRET, "order_Demo00000001|pay_Demo0000000001");
    assert_eq!(
        both(found(SECRET, checkout.as_bytes(), &[("x-signature", &signature)])),
        (Cause::CheckoutSignature, String::new())
    );
    // If the usual header has a signature that matches nothing, the other one explains nothing either.
    for (body, signature) in [(body.as_str(), &plain), (checkout, &signature)] {
        let found = found(SECRET, body.as_bytes(), &[("x-razorpay-signature", &"00".repeat(32)), ("x-signature", signature)]);
        assert!(matches!(found.cause, Cause::Unknown | Cause::NotDiagnosed) && found.signer.is_none(), "{found:?}");
    }
}

#[test]
fn a_header_that_was_renamed_is_the_second_fault_of_a_body_that_was_changed() {
    let body = event(2048);
    let (signature, sent) = (signed(SECRET, &body), body.replace(':', ": "));
    let wanted = (Cause::BodyRespaced, "renamed_header".to_owned());
    assert_eq!(both(found(SECRET, sent.as_bytes(), &[("x-signature", &signature)])), wanted);
    let beside = [("x-razorpay-signature", "x"), ("x-signature", signature.as_str())];
    assert_eq!(both(found(SECRET, sent.as_bytes(), &beside)), wanted);
}

#[test]
fn a_finding_that_is_not_reported_leaves_no_key() {
    let body = event(2048);
    for key in [&SECRET[..20], OTHER, KEY_SECRET] {
        let beside = [("x-razorpay-signature", "x"), ("x-signature", &signed(key, &body))];
        let found = found(SECRET, body.as_bytes(), &beside);
        assert_eq!((found.cause, found.signer), (Cause::Unknown, None), "{key}");
    }
}

#[test]
fn what_a_checkout_hands_to_a_customer_is_named_as_such_and_proves_nothing() {
    let (order, payment) = ("order_Demo00000001", "pay_Demo0000000001");
    let text = format!("{order}|{payment}");
    let signature = signed(KEY_SECRET, &text);
    let fields = [("razorpay_order_id", order), ("razorpay_payment_id", payment), ("razorpay_signature", &signature)];
    let form = fields.map(|(name, value)| format!("{name}={value}")).join("&");
    let parts = fields.map(|(name, value)| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    let bodies = [
        text.clone(),
        format!("{text}\n"),
        format!("\"{text}\""),
        format!("{order}%7C{payment}"),
        form.clone(),
        parts.concat(),
        format!("sub_Demo00000001|{payment}"),
        format!("plink_Demo00000001|TS1989|paid|{payment}"),
    ];
    for body in &bodies {
        let signature = if body.contains(order) { signature.clone() } else { signed(KEY_SECRET, body) };
        for header in ["x-razorpay-signature", "x-signature"] {
            let found = found(SECRET, body.as_bytes(), &[(header, &signature)]);
            assert_eq!(
                (found.cause, found.detail.as_deref(), found.secret),
                (Cause::CheckoutSignature, None, None),
                "{header}: {body}"
            );
            assert!(found.signer.is_none_or(|signer| !signer.is_proof()), "{header}: {body}");
        }
    }
    // Over an event it is the merchant's own mistake.
    let body = event(2048);
    let found = found(SECRET, body.as_bytes(), &[("x-razorpay-signature", &signed(KEY_SECRET, &body))]);
    assert!(found.cause == Cause::KeySecret && found.signer.is_some_and(|signer| signer.is_proof()));
}
