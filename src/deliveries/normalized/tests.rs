//! Tests of normalized bodies: their documents describe them, and every sample of every gateway has the one that is expected.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::*;
use crate::{
    gateways::{
        parts::read_stored,
        payment::{DisputeStatus, Status},
        samples::{LifeCycle, Merchant, Pace, testing::SplitMix},
    },
    ledger::payments::{Transaction, changes::ChangeKind, disputes, state::DisplayState},
    primitives::{
        id::{AutomationId, ConnectionId, Id as _, RunId},
        money::{Currency, Money},
    },
};

const SCHEMA: &str = include_str!("../../../docs/normalized-event.schema.json");
const DOCUMENT: &str = include_str!("../../../docs/receiving.md");
/// A body on each line. tests/browser/deliveries.test.mjs validates them with the reference implementation of JSON Schema, which
/// is a small package there and would be many crates here.
const BODIES: &str = "tests/fixtures/normalized_events.jsonl";
const AT: i64 = 1_796_030_102;

/// The order of the declaration, without a gap.
const KINDS: [EventKind; 25] = [
    EventKind::PaymentCreated,
    EventKind::PaymentAuthorized,
    EventKind::PaymentCaptured,
    EventKind::PaymentFailed,
    EventKind::OrderPaid,
    EventKind::PaymentLinkPaid,
    EventKind::PaymentLinkPartlyPaid,
    EventKind::InvoicePaid,
    EventKind::InvoicePartlyPaid,
    EventKind::SubscriptionCharged,
    EventKind::SubscriptionActivated,
    EventKind::SubscriptionCompleted,
    EventKind::QrCodeCredited,
    EventKind::VirtualAccountCredited,
    EventKind::RefundCreated,
    EventKind::RefundProcessed,
    EventKind::RefundFailed,
    EventKind::RefundSpeedChanged,
    EventKind::DisputeCreated,
    EventKind::DisputeUnderReview,
    EventKind::DisputeActionRequired,
    EventKind::DisputeWon,
    EventKind::DisputeLost,
    EventKind::DisputeClosed,
    EventKind::SettlementProcessed,
];

fn normalized(gateway: Gateway, stored: &[u8], index: Option<i64>) -> Option<String> {
    let received_at = Timestamp::from_millis(AT * 1000 + 250);
    let parsed = read_stored(gateway, stored, (index, received_at)).unwrap();
    let source = Source {
        event: EventId::from_number(1_000_000_000_001),
        app: AppId::from_number(1_000_000_000_002),
        transaction: Some(TransactionId::from_number(1_000_000_000_003)),
        gateway,
        mode: Mode::Live,
        gateway_event_id: Some("Kx8Q2mWbN4tRz1"),
        origin: Origin::Webhook,
        received_at,
        parsed: &parsed,
        public_url: "https://pay.example",
    };
    body(&source).map(|body| String::from_utf8(body).unwrap())
}

/// Returns the sample events of a gateway, of each life cycle and alone: type and body.
fn samples(gateway: Gateway) -> Vec<(&'static str, Vec<u8>)> {
    let mut rng = SplitMix::new(11);
    let merchant = Merchant::new(&mut rng);
    let samples = &gateway.profile().samples;
    let mut all = Vec::new();
    if let Some(play) = samples.life_cycle {
        all.extend(LifeCycle::ALL.into_iter().flat_map(|kind| play(kind, Pace::Natural, &merchant, AT, &mut rng)));
    }
    all.extend(samples.events.iter().filter_map(|event| (samples.single)(event, &merchant, AT, &mut rng)));
    all.into_iter().map(|sample| (sample.event, sample.body)).collect()
}

/// Returns the events of the fictitious gateway, which has no samples.
fn fictitious() -> Vec<String> {
    let of = |id: u8, about: &str, state: &str, amount: &str| {
        format!("notice=kn_{id}&about={about}&payment=kp_{id}&amount={amount}&state={state}&at={AT}")
    };
    let events = [
        of(1, "payment.paid", "paid", "649.5"),
        of(2, "payment.declined", "declined", "0.07"),
        of(3, "payment.seen", "paid", "1"),
        of(4, "payment.paid", "odd", "1"),
    ];
    let stored = format!("currency=INR&{}&sent_at={AT}&mac=AAAA", events.join("&"));
    let gateway: Gateway = "kestrel-pay".parse().unwrap();
    (0..4).filter_map(|index| normalized(gateway, stored.as_bytes(), Some(index))).collect()
}

#[test]
fn what_reports_no_payment_has_no_normalized_form() {
    let mut count = 0;
    for gateway in Gateway::all() {
        for (event, stored) in samples(gateway) {
            let has_form = gateway == Gateway::RAZORPAY && event != "settlement.processed";
            assert_eq!(normalized(gateway, &stored, None).is_some(), has_form, "{gateway} {event}");
            count += 1;
        }
    }
    assert!(count > 35, "{count}");
    // A type without a kind, and a status that is none.
    assert_eq!(fictitious().len(), 2);
    for stored in [&b"not json"[..], br#"{"event":"payment.captured","payload":{}}"#, br#"{"event":"order.shipped"}"#] {
        assert_eq!(normalized(Gateway::RAZORPAY, stored, None), None, "{}", String::from_utf8_lossy(stored));
    }
    let test = Gateway::STANDARD_WEBHOOKS.adapter().test_event("1").unwrap();
    assert_eq!(normalized(Gateway::STANDARD_WEBHOOKS, &test, None), None);
}

#[test]
fn the_bodies_that_the_schema_is_tested_with_are_those_of_the_samples() {
    let all = Gateway::all().flat_map(|gateway| samples(gateway).into_iter().map(move |(_, stored)| (gateway, stored)));
    let mut bodies: Vec<String> = all.filter_map(|(gateway, stored)| normalized(gateway, &stored, None)).collect();
    bodies.extend(fictitious());
    let now = Timestamp::from_seconds(AT);
    bodies.extend([changed(ChangeKind::Captured), changed(ChangeKind::Refunded), changed(ChangeKind::DisputeOpened)]);
    bodies.push(String::from_utf8(test_event("ev_0000HbkKSV0", (AppId::from_number(7), Mode::Test), now)).unwrap());
    let wanted = bodies.join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(BODIES);
    if std::env::var_os("KS_PAY_SNAPSHOTS").is_some_and(|value| value == "update") {
        fs::write(&path, &wanted).unwrap();
    }
    let stored = fs::read_to_string(path).unwrap();
    let is_same = wanted.lines().eq(stored.lines());
    assert!(is_same, "{BODIES} differs from what is sent: run this test once with KS_PAY_SNAPSHOTS=update");
}

/// Returns the keys of the objects in a body as the document names them: `payment.id`, for example, but `app` for a key of `data`.
fn keys(value: &Value, of: &str, found: &mut BTreeSet<String>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        let name = if ["", "data"].contains(&of) { key.clone() } else { format!("{of}.{key}") };
        keys(inner, &name, found);
        found.insert(name);
    }
}

/// Returns JSON without its line ends and spaces, as it is sent. No text in it has a colon before a space.
fn compact(json: &str) -> String {
    json.lines().map(str::trim_start).collect::<String>().replace("\": ", "\":")
}

#[test]
fn the_body_in_the_document_is_what_is_sent() {
    let stored = br#"{"entity":"event","event":"payment.captured","created_at":1796030102,"payload":{
        "payment":{"entity":{"id":"pay_Qx1","amount":50000,"currency":"INR","status":"captured","order_id":"order_Qx1",
            "method":"upi","amount_refunded":0,"created_at":1796030071}}}}"#;
    let example = DOCUMENT.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(normalized(Gateway::RAZORPAY, stored, None).unwrap(), compact(example));
    let example = DOCUMENT.split("```json\n").nth(2).unwrap().split("```").next().unwrap();
    assert_eq!(changed(ChangeKind::Captured), compact(example));
}

/// Returns the message of an automation for a change of a payment.
fn changed(kind: ChangeKind) -> String {
    let (at, money) = (Timestamp::from_seconds(AT), Money::new(50_000, Currency::INR));
    let payment = Transaction {
        id: TransactionId::from_number(1_000_000_000_003),
        app: AppId::from_number(1_000_000_000_002),
        connection: ConnectionId::from_number(1),
        gateway: Gateway::RAZORPAY,
        mode: Mode::Live,
        payment_id: "pay_Qx1".to_owned(),
        order_id: Some("order_Qx1".to_owned()),
        status: Some(Status::Captured),
        stage: Some(Status::Captured),
        failure: None,
        state: DisplayState::Captured,
        amount: Some(money.subunits),
        refunded: 0,
        refund_pending: 0,
        refund_failed: 0,
        currency: Some(money.currency),
        method: Some("upi".to_owned()),
        is_disputed: false,
        is_dispute_lost: false,
        is_captured: true,
        lost: 0,
        held: 0,
        settled: None,
        created_at: Timestamp::from_seconds(AT - 31),
        updated_at: at,
    };
    let dispute = disputes::Dispute {
        id: "disp_Qx1".to_owned(),
        status: DisputeStatus::Open,
        money,
        deducted: None,
        respond_by: Some(Timestamp::from_seconds(AT + 86_400)),
    };
    let body = change::body(&change::Source {
        automation: AutomationId::from_number(1_000_000_000_004),
        name: "When a payment is captured",
        run: RunId::from_number(1_000_000_000_001),
        created_at: Timestamp::from_millis(AT * 1000 + 250),
        kind,
        at,
        money: Some(money),
        payment: &payment,
        refund: (kind == ChangeKind::Refunded).then_some("rfnd_Qx1"),
        dispute: (kind == ChangeKind::DisputeOpened).then_some(&dispute),
        public_url: "https://pay.example",
    });
    String::from_utf8(body).unwrap()
}

#[test]
fn a_change_names_its_refund_or_its_dispute() {
    let data = |kind| serde_json::from_str::<Value>(&changed(kind)).unwrap()["data"].clone();
    let refunded = data(ChangeKind::Refunded);
    let refund =
        serde_json::json!({ "id": "rfnd_Qx1", "status": "processed", "amount": 50000, "currency": "INR", "created_at": null });
    assert_eq!((&refunded["refund"], &refunded["dispute"]), (&refund, &Value::Null));
    let disputed = data(ChangeKind::DisputeOpened);
    assert_eq!((&disputed["dispute"]["id"], &disputed["refund"]), (&serde_json::json!("disp_Qx1"), &Value::Null));
}

#[test]
fn a_body_has_everything_that_its_event_reports() {
    let stored = br#"{"entity":"event","event":"payment.dispute.won","created_at":1796030102,"payload":{
        "payment":{"entity":{"id":"pay_Qx1","amount":50000,"currency":"INR","status":"refunded","order_id":"order_Qx1",
            "method":"card","created_at":1796029000}},
        "dispute":{"entity":{"id":"disp_Qx1","payment_id":"pay_Qx1","amount":40000,"currency":"INR","amount_deducted":0,
            "status":"won","respond_by":1796600000,"created_at":1796029500}}}}"#;
    assert_eq!(normalized(Gateway::RAZORPAY, stored, None).unwrap(), compact(DISPUTE));
}

/// The refunded total is that of the status `refunded`.
const DISPUTE: &str = r#"{"id":"ev_0000HbXm5a5","type":"dispute.won","timestamp":"2026-11-30T09:15:02.000Z","data":{
    "app":"ap_0000HbXm5a6","mode":"live","gateway":"razorpay","gateway_event_id":"Kx8Q2mWbN4tRz1",
    "gateway_event_type":"payment.dispute.won","origin":"webhook","received_at":"2026-11-30T09:15:02.250Z",
    "payment":{"id":"pay_Qx1","order_id":"order_Qx1","status":"refunded","amount":50000,"currency":"INR",
    "amount_refunded":50000,"method":"card","failure":null,"created_at":"2026-11-30T08:56:40.000Z"},
    "refund":null,
    "dispute":{"id":"disp_Qx1","status":"won","amount":40000,"currency":"INR","amount_deducted":0,
    "respond_by":"2026-12-06T23:33:20.000Z"},
    "links":{"event":"https://pay.example/ks-pay/apps/ap_0000HbXm5a6/events/ev_0000HbXm5a5",
    "transaction":"https://pay.example/ks-pay/apps/ap_0000HbXm5a6/transactions/tx_0000HbXm5a7"}}}"#;

#[test]
fn of_a_refund_without_its_payment_only_the_id_is_known() {
    let stored = br#"{"entity":"event","event":"refund.created","payload":{"refund":{"entity":{"id":"rfnd_Qx1",
        "payment_id":"pay_Qx1","amount":100,"currency":"INR","status":"pending"}}}}"#;
    let body: Value = serde_json::from_str(&normalized(Gateway::RAZORPAY, stored, None).unwrap()).unwrap();
    assert_eq!(body["timestamp"], "2026-11-30T09:15:02.250Z", "that of receipt");
    assert_eq!(body["data"]["refund"]["created_at"], Value::Null);
    let payment = body["data"]["payment"].as_object().unwrap();
    assert!(payment["id"] == "pay_Qx1" && payment.iter().all(|(key, value)| key == "id" || value.is_null()), "{payment:?}");
}

#[test]
fn schema_and_document_describe_every_key_and_every_type() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let types: Vec<&str> = KINDS.into_iter().filter_map(event_type).chain([TEST_EVENT_TYPE, change::EVENT_TYPE]).collect();
    assert_eq!(schema["properties"]["type"]["examples"], serde_json::json!(types));
    assert!(KINDS.into_iter().enumerate().all(|(at, kind)| kind as usize == at), "a kind is missing");
    for event_type in types {
        assert!(DOCUMENT.contains(&format!("`{event_type}`")), "{event_type}");
    }
    let mut names = BTreeSet::new();
    let bodies = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(BODIES)).unwrap();
    bodies.lines().for_each(|body| keys(&serde_json::from_str(body).unwrap(), "", &mut names));
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name}");
    }
}
