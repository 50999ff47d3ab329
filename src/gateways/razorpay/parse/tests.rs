//! Tests of what is parsed from bodies, and what quarantines them.

use super::*;
use crate::gateways::payment::{ReferenceKind, Status};
use proptest::prelude::*;

const CAPTURED: &str = r#"{"entity":"event","account_id":"acc_Demo0000000001","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_Demo0000000001","amount":64900,"currency":"INR","status":"captured","order_id":"order_Demo00000001","method":"upi","notes":[],"created_at":1795343400}}},"created_at":1795343403}"#;

/// A time of receipt well after the events.
const RECEIVED: i64 = 1_795_400_000;

fn read(body: &[u8]) -> ParsedEvent {
    super::read(body, Timestamp::from_seconds(RECEIVED))
}

fn facts(body: &str) -> PaymentObservation {
    match read(body.as_bytes()).content {
        EventContent::Observation(facts) => *facts,
        EventContent::Unhandled => panic!("unhandled: {body}"),
        EventContent::Quarantined(fault) => panic!("{fault}: {body}"),
    }
}

fn fault(body: &str) -> Option<&'static str> {
    match read(body.as_bytes()).content {
        EventContent::Quarantined(fault) => Some(fault),
        _ => None,
    }
}

#[test]
fn a_captured_payment_is_read() {
    let reading = read(CAPTURED.as_bytes());
    assert_eq!(reading.event_type.as_deref(), Some("payment.captured"));
    assert_eq!(reading.amount, Some(Money::new(64_900, Currency::INR)));
    assert_eq!(facts(CAPTURED).snapshot.unwrap().status, Status::Captured);
}

#[test]
fn a_keyed_field_that_is_missing_doubled_or_unclean_quarantines() {
    for (from, to, wanted) in [
        (r#""amount":64900"#, r#""amount":64900.0"#, "amount"),
        (r#""amount":64900"#, r#""amount":9223372036854775808"#, "amount"),
        (r#""amount":64900"#, r#""amount":-1"#, "amount"),
        (r#""amount":64900"#, r#""amount":100000000000001"#, "amount"),
        (r#""amount":64900,"#, "", "amount"),
        (r#""amount":64900"#, r#""amount":1,"amount":64900"#, "amount"),
        (r#""amount":64900"#, r#""\u0061mount":1,"amount":64900"#, "amount"),
        (r#""amount":64900"#, r#""amount":"`currency` and `created_at`""#, "amount"),
        (r#""amount":64900"#, r#""amount":[64900]"#, "amount"),
        (r#""amount":64900"#, r#""amount":null"#, "amount"),
        (r#""method":"upi""#, r#""amount_refunded":"0""#, "amount_refunded"),
        (r#""order_id":"order_Demo00000001""#, r#""order_id":1"#, "order_id"),
        (r#""payload":{"#, r#""payload":[],"other":{"#, "payload"),
        (r#""payload":{"#, r#""other":{"#, "payload"),
        (r#"{"entity":{"id""#, r#"{"other":{"id""#, "entity"),
        (r#"{"entity":{"id""#, r#"{"entity":1,"other":{"id""#, "entity"),
        (r#""payment":{"entity""#, r#""payment":"pay_1","other":{"entity""#, "payment"),
        (r#""status":"captured""#, r#""status":"\u0000""#, "status"),
        (r#""currency":"INR""#, r#""currency":"inr""#, "currency"),
        (r#""id":"pay_Demo0000000001""#, r#""id":"pay \u0000""#, "id"),
        (r#""created_at":1795343403"#, r#""created_at":"1795343403""#, "created_at"),
        (r#""created_at":1795343403"#, r#""created_at":-1"#, "created_at"),
        (r#""created_at":1795343403"#, r#""created_at":1,"created_at":1795343403"#, "created_at"),
        (r#""created_at":1795343400"#, r#""created_at":4765046401"#, "created_at"),
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
        assert!(
            matches!(read(&body).content, EventContent::Observation(_)),
            "{}",
            String::from_utf8_lossy(&note[..note.len().min(40)])
        );
    }
    for method in [r#"{"x":[1]}"#, r#""\ud800""#, "1e999", r#""upi","method":"card""#, "null"] {
        assert_eq!(fault(&CAPTURED.replace(r#""upi""#, method)), None, "{method}");
    }
    let bytes = CAPTURED.replace("upi", "#").bytes().map(|byte| if byte == b'#' { 0xff } else { byte }).collect::<Vec<_>>();
    assert!(matches!(read(&bytes).content, EventContent::Observation(_)));
}

/// True if the fast path and the separate parsing agree.
fn is_read_the_same_both_ways(body: &[u8]) -> bool {
    let told = |reading: ParsedEvent| {
        let content = match reading.content {
            EventContent::Observation(facts) => Ok(facts),
            EventContent::Unhandled => Err("unhandled"),
            EventContent::Quarantined(fault) => Err(fault),
        };
        (reading.event_type, reading.occurred_at, reading.is_time_borrowed, reading.amount, reading.reference, content)
    };
    told(read(body)) == told(read_in_parts(body, Timestamp::from_seconds(RECEIVED)))
}

#[test]
fn the_faulty_field_is_found_in_each_part_of_an_event() {
    for (event, payload, wanted) in [
        (
            "refund.processed",
            r#"{"refund":{"entity":{"id":"rfnd_1","amount":1,"currency":"INR","status":"processed"}}}"#,
            "payment_id",
        ),
        ("refund.processed", r#"{"payment":{"entity":{"id":"pay_1","amount":"1"}}}"#, "amount"),
        ("refund.processed", r#"{"refund":{"entity":{"id":1}}}"#, "id"),
        ("payment.dispute.created", r#"{"dispute":{"entity":{"id":"disp_1","amount_deducted":"1"}}}"#, "amount_deducted"),
        ("payment.captured", r#"{"payment":{"entity":{"id":"pay_1","notes":"`amount`"}}}"#, "amount"),
        ("something.new", r#"{"payment":{"entity":{"id":null,"amount":1,"amount":2}}}"#, "amount"),
        ("order.paid", r#"{"payment":{"entity":"pay_1"}}"#, "entity"),
        ("payment.captured", r#"{"payment":{"entity":{"status":true,"notes":"`id`"}}}"#, "status"),
    ] {
        assert_eq!(fault(&format!(r#"{{"event":"{event}","payload":{payload}}}"#)), Some(wanted), "{event} {payload}");
    }
}

proptest! {
    #[test]
    fn a_plain_body_and_its_parts_say_the_same(
        event in prop::sample::select(vec!["payment.captured", "payment.failed", "refund.processed", "payment.dispute.lost", "order.paid", "invoice.paid", "settlement.processed", "foo.bar", "a b"]),
        from in any::<prop::sample::Index>(), piece in any::<prop::sample::Index>(), removed in 0..40usize,
    ) {
        let refund = r#"{"payment":{"entity":"#;
        let body = CAPTURED.replace("payment.captured", event).replacen(refund, &format!(
            r#"{{"refund":{{"entity":{{"id":"rfnd_1","payment_id":"pay_Demo0000000001","amount":5,"currency":"INR","status":"processed"}}}},"dispute":{{"entity":{{"id":"disp_1","payment_id":"pay_Demo0000000001","amount":5,"currency":"INR","status":"lost","respond_by":9}}}},"order":{{"entity":{{"amount":9,"currency":"INR","receipt":"r 1"}}}},"settlement":{{"entity":{{"amount":9,"utr":"U1"}}}},{}"#, &refund[1..]), 1);
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
    assert!(matches!(reading.content, EventContent::Unhandled));
    assert_eq!(reading.event_type.as_deref(), Some("foo.bar"));
    assert!(matches!(
        read(br#"{"event":"payment.downtime.started","payload":{"payment.downtime":{}}}"#).content,
        EventContent::Unhandled
    ));
}

#[test]
fn a_borrowed_time_is_the_entitys_then_the_payloads_then_that_of_receipt() {
    let gateway = TimeSource::Envelope;
    let time = |body: &str| {
        let facts = facts(body);
        (facts.at.seconds(), facts.time_source)
    };
    assert_eq!(time(CAPTURED), (1_795_343_403, gateway));
    for absent in ["}", r#","created_at":null}"#] {
        let without = CAPTURED.replace(r#","created_at":1795343403}"#, absent);
        assert_eq!(time(&without), (1_795_343_400, TimeSource::Entity), "{absent}");
        assert!(read(without.as_bytes()).is_time_borrowed && read(without.as_bytes()).occurred_at.is_some());
        let nowhere = without.replace(r#","created_at":1795343400"#, "");
        assert_eq!(time(&nowhere), (RECEIVED, TimeSource::Received));
        assert_eq!(read(nowhere.as_bytes()).occurred_at, None, "the time of receipt is noted as such, and not as the event's");
        let in_payload = nowhere.replace(r#""payload":{"#, r#""payload":{"created_at":1795343402,"#);
        assert_eq!(time(&in_payload), (1_795_343_402, TimeSource::Entity));
    }
}

#[test]
fn an_empty_order_id_is_no_order() {
    for order in [r#""""#, "null"] {
        let body = CAPTURED.replace(r#""order_Demo00000001""#, order);
        assert_eq!(facts(&body).snapshot.unwrap().order_id, None, "{order}");
    }
    assert_eq!(fault(&CAPTURED.replace("order_Demo00000001", " ")), Some("order_id"));
}

#[test]
fn a_whole_payment_is_read_whatever_the_type_and_a_part_of_one_is_not() {
    for event in ["payment_link.paid", "subscription.charged", "qr_code.credited", "payment.pending", "something.new"] {
        let body = CAPTURED.replace("payment.captured", event);
        assert_eq!(facts(&body).snapshot.unwrap().status, Status::Captured, "{event}");
        let doubled = body.replace(r#""amount":64900"#, r#""amount":1,"amount":64900"#);
        assert_eq!(fault(&doubled), Some("amount"), "{event}");
        assert_eq!(fault(&body.replace(r#""amount":64900"#, r#""amount":-1"#)), Some("amount"), "{event}");
    }
    let unhandled = |body: &str| matches!(read(body.as_bytes()).content, EventContent::Unhandled);
    let new = CAPTURED.replace("payment.captured", "something.new");
    for (from, to) in [
        (r#""amount":64900,"#, ""),
        (r#""id":"pay_Demo0000000001""#, r#""id":null"#),
        (r#""status":"captured""#, r#""status":"pending""#),
        (r#"{"entity":{"id""#, r#"{"other":{"id""#),
    ] {
        let body = new.replace(from, to);
        assert!(body != new && unhandled(&body), "{to}");
    }
    for payload in [
        "null",
        "[]",
        "{}",
        r#"{"payment":null}"#,
        r#"{"payment":"pay_1"}"#,
        r#"{"payment":[]}"#,
        r#"{"payment.downtime":{"entity":{}}}"#,
    ] {
        assert!(unhandled(&format!(r#"{{"event":"something.new","payload":{payload}}}"#)), "{payload}");
    }
    for nothing in
        [r#"{"event":"invoice.paid"}"#, r#"{"event":"subscription.activated","payload":{"subscription":{"entity":{}}}}"#]
    {
        assert!(unhandled(nothing), "{nothing}");
    }
    assert_eq!(fault(&CAPTURED.replace("payment.captured", "invoice.paid").replace(r#""amount":64900,"#, "")), Some("amount"));
    assert_eq!(fault(r#"{"event":"invoice.paid","payload":{"payment":"pay_1"}}"#), Some("payment"));
}

#[test]
fn what_else_a_payload_holds_cannot_hide_a_payment() {
    for beside in [
        r#""refund":[]"#,
        r#""dispute":{"entity":7}"#,
        r#""order":"order_1""#,
        r#""gmv_limit":1"#,
        r#""settlement":{"entity":[1]}"#,
        r#""invoice":{"entity":{"receipt":{"a":[1]}}}"#,
    ] {
        let body = CAPTURED.replace(r#""payload":{"#, &format!(r#""payload":{{{beside},"#));
        assert_eq!(facts(&body).snapshot.unwrap().method.as_deref(), Some("upi"), "{beside}");
    }
}

#[test]
fn an_order_names_its_own_amount_and_none_where_it_is_not_there() {
    let amount = |order: &str| {
        let body = CAPTURED.replace("payment.captured", "order.paid");
        read(body.replace(r#""payload":{"#, &format!(r#""payload":{{{order}"#)).as_bytes()).amount
    };
    let order = r#""order":{"entity":{"amount":479030,"currency":"INR"}},"#;
    assert_eq!(amount(order), Some(Money::new(479_030, Currency::INR)));
    assert_eq!((amount(""), amount(&order.replace("479030", "-1"))), (None, None));
}

#[test]
fn a_settlement_shows_its_amount_and_reference() {
    let settled = |entity: &str| {
        let reading =
            read(format!(r#"{{"event":"settlement.processed","payload":{{"settlement":{{"entity":{entity}}}}}}}"#).as_bytes());
        assert!(matches!(reading.content, EventContent::Unhandled));
        (reading.amount, reading.reference)
    };
    let rupees = |amount| Some(Money::new(amount, Currency::INR));
    assert_eq!(
        settled(r#"{"amount":9973635,"utr":"EXAMU00000000001"}"#),
        (rupees(9_973_635), Some("EXAMU00000000001".to_owned()))
    );
    assert_eq!(settled(r#"{"amount":"9973635","utr":null}"#), (None, None));
    assert_eq!(settled(r#"{"amount":1,"utr":1234567890}"#), (rupees(1), Some("1234567890".to_owned())));
    assert_eq!(settled("[]"), (None, None));
}

#[test]
fn references_are_those_of_the_merchant_and_of_the_banks() {
    let body = CAPTURED.replace(
        r#""method":"upi""#,
        r#""method":"upi","acquirer_data":{"rrn":777001,"upi_transaction_id":"UPI1","auth_code":"000001"}"#,
    );
    let body = body.replace(r#""payload":{"#, r#""payload":{"order":{"entity":{"receipt":" Bill no. 7 "}},"bank_transfer":{"entity":{"bank_reference":"N1"}},"upi_transfer":{"entity":{"rrn":"777001"}},"refund":{"entity":{"receipt":"rr_1"}},"#);
    let found: Vec<_> = facts(&body).details.references.into_iter().map(|reference| (reference.kind, reference.text)).collect();
    let wanted = [
        (ReferenceKind::Receipt, "Bill no. 7"),
        (ReferenceKind::Bank, "777001"),
        (ReferenceKind::Bank, "N1"),
        (ReferenceKind::Bank, "UPI1"),
        (ReferenceKind::RefundReceipt, "rr_1"),
    ];
    assert_eq!(found, wanted.map(|(kind, text)| (kind, text.to_owned())));
    for none in ["[]", "null", r#"{"rrn":""}"#, r#"{"rrn":"\u0000"}"#, r#"{"rrn":[1]}"#] {
        let body = CAPTURED.replace(r#""method":"upi""#, &format!(r#""method":"upi","acquirer_data":{none}"#));
        assert_eq!(facts(&body).details.references, [], "{none}");
    }
    let long =
        CAPTURED.replace(r#""method":"upi""#, &format!(r#""method":"upi","acquirer_data":{{"rrn":"{}"}}"#, "7".repeat(129)));
    assert_eq!(facts(&long).details.references, []);
}

#[test]
fn a_payment_in_a_foreign_currency_says_what_it_is_settled_in() {
    let settled = |currency: &str, base: &str| {
        let body = CAPTURED.replace(r#""currency":"INR","#, &format!(r#""currency":"{currency}",{base}"#));
        facts(&body).details.settled
    };
    let rupees = Some(Money::new(834_500, Currency::INR));
    assert_eq!(settled("USD", r#""base_amount":834500,"base_currency":"INR","#), rupees);
    assert_eq!(settled("USD", r#""base_amount":834500,"#), rupees);
    for (currency, base) in [
        ("INR", r#""base_amount":834500,"#),
        ("USD", ""),
        ("USD", r#""base_amount":"834500","#),
        ("USD", r#""base_amount":-1,"#),
        ("USD", r#""base_amount":1,"base_currency":"inr","#),
    ] {
        assert_eq!(settled(currency, base), None, "{currency} {base}");
    }
}
