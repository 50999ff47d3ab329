//! What is read of bodies, and what quarantines them.

use super::*;
use proptest::prelude::*;

const CAPTURED: &str = r#"{"entity":"event","account_id":"acc_Demo0000000001","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_Demo0000000001","amount":64900,"currency":"INR","status":"captured","order_id":"order_Demo00000001","method":"upi","notes":[],"created_at":1795343400}}},"created_at":1795343403}"#;

fn fault(body: &str) -> Option<&'static str> {
    match read(body.as_bytes()).content {
        Content::Quarantined(fault) => Some(fault),
        _ => None,
    }
}

#[test]
fn a_captured_payment_is_read() {
    let reading = read(CAPTURED.as_bytes());
    assert_eq!(reading.event_type.as_deref(), Some("payment.captured"));
    assert_eq!(reading.amount, Some(Money::new(64_900, Currency::INR)));
    let Content::Facts(facts) = reading.content else { panic!("facts") };
    assert_eq!(facts.snapshot.unwrap().status, Status::Captured);
}

#[test]
fn a_keyed_field_that_is_missing_doubled_or_unclean_quarantines() {
    for (from, to, wanted) in [
        (r#""amount":64900"#, r#""amount":64900.0"#, "payload"),
        (r#""amount":64900"#, r#""amount":9223372036854775808"#, "payload"),
        (r#""amount":64900"#, r#""amount":-1"#, "amount"),
        (r#""amount":64900"#, r#""amount":100000000000001"#, "amount"),
        (r#""amount":64900,"#, "", "amount"),
        (r#""amount":64900"#, r#""amount":1,"amount":64900"#, "amount"),
        (r#""amount":64900"#, r#""\u0061mount":1,"amount":64900"#, "amount"),
        (r#""status":"captured""#, r#""status":"\u0000""#, "status"),
        (r#""currency":"INR""#, r#""currency":"inr""#, "currency"),
        (r#""id":"pay_Demo0000000001""#, r#""id":"pay \u0000""#, "id"),
        (r#","created_at":1795343403}"#, "}", "created_at"),
    ] {
        let body = CAPTURED.replace(from, to);
        assert_ne!(body, CAPTURED, "{from}");
        assert_eq!(fault(&body), Some(wanted), "{to}");
        assert_eq!(read(body.as_bytes()).event_type.as_deref(), Some("payment.captured"));
    }
    for (body, wanted) in [
        ("not json", "json"),
        ("", "json"),
        ("[]", "event"),
        ("{}", "event"),
        (r#"{"event":1}"#, "event"),
        (r#"{"event":"a","event":"b"}"#, "event"),
        (r#"{"event":"a\u0000"}"#, "event"),
        (r#"["payment.captured"]"#, "event"),
    ] {
        assert_eq!(fault(body), Some(wanted), "{body}");
    }
}

#[test]
fn rubbish_in_what_a_customer_types_never_quarantines() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let notes: [&[u8]; 5] =
        [br#"{"a":"\u0000"}"#, br#"{"a":"\ud800"}"#, b"{\"a\":\"\xff\xfe\"}", br#"{"a":1,"a":2}"#, deep.as_bytes()];
    for note in notes {
        let (before, after) = CAPTURED.split_once("[],").unwrap();
        let body = [before.as_bytes(), note, b",", after.as_bytes()].concat();
        assert!(matches!(read(&body).content, Content::Facts(_)), "{}", String::from_utf8_lossy(&note[..note.len().min(40)]));
    }
    for method in [r#"{"x":[1]}"#, r#""\ud800""#, "1e999", r#""upi","method":"card""#, "null"] {
        assert_eq!(fault(&CAPTURED.replace(r#""upi""#, method)), None, "{method}");
    }
    let bytes = CAPTURED.replace("upi", "#").bytes().map(|byte| if byte == b'#' { 0xff } else { byte }).collect::<Vec<_>>();
    assert!(matches!(read(&bytes).content, Content::Facts(_)));
}

/// One way is the fast one, the other is the rule.
fn is_read_the_same_both_ways(body: &[u8]) -> bool {
    let told = |reading: Reading| {
        let content = match reading.content {
            Content::Facts(facts) => Ok(facts),
            Content::Unhandled => Err("unhandled"),
            Content::Quarantined(fault) => Err(fault),
        };
        (reading.event_type, reading.occurred_at, reading.amount, content)
    };
    told(read(body)) == told(read_in_parts(body))
}

proptest! {
    #[test]
    fn a_plain_body_and_its_parts_say_the_same(
        event in prop::sample::select(vec!["payment.captured", "payment.failed", "refund.processed", "payment.dispute.lost", "invoice.paid", "a b"]),
        from in any::<prop::sample::Index>(), piece in any::<prop::sample::Index>(), removed in 0..40usize,
    ) {
        let refund = r#"{"payment":{"entity":"#;
        let body = CAPTURED.replace("payment.captured", event).replacen(refund, &format!(
            r#"{{"refund":{{"entity":{{"id":"rfnd_1","payment_id":"pay_Demo0000000001","amount":5,"currency":"INR","status":"processed"}}}},"dispute":{{"entity":{{"id":"disp_1","payment_id":"pay_Demo0000000001","amount":5,"currency":"INR","status":"lost"}}}},{}"#, &refund[1..]), 1);
        prop_assert!(is_read_the_same_both_ways(body.as_bytes()));
        let pieces: [&[u8]; 12] = [b"", b"null", b"1", b"-1", b"\"x\"", b"\xff", b"{}", b"[]", b",\"method\":\"card\"", b"\\u0000", b",\"id\":\"pay_2\"", b"1e999"];
        let at = from.index(body.len());
        let end = (at + removed).min(body.len());
        let changed = [&body.as_bytes()[..at], pieces[piece.index(pieces.len())], &body.as_bytes()[end..]].concat();
        prop_assert!(is_read_the_same_both_ways(&changed), "{}", String::from_utf8_lossy(&changed));
    }
}

#[test]
fn an_unknown_type_is_unhandled() {
    let reading = read(br#"{"event":"foo.bar"}"#);
    assert!(matches!(reading.content, Content::Unhandled));
    assert_eq!(reading.event_type.as_deref(), Some("foo.bar"));
    assert!(matches!(
        read(br#"{"event":"payment.downtime.started","payload":{"payment.downtime":{}}}"#).content,
        Content::Unhandled
    ));
}
