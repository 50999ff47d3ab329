//! Duplicates: the body decides first, then the id – except where the id is signed.

use serde_json::{Value, json};

use crate::support::{TestApp, bodies};

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

/// Returns the fields that a duplicate may change, of each event in order of receipt.
async fn output(app: &TestApp) -> Vec<(Value, Value, Value)> {
    let events = app.events().await;
    events
        .iter()
        .map(|event| (event["gateway_event_id"].clone(), event["state"].clone(), event["received_count"].clone()))
        .collect()
}

fn row(id: Option<&str>, state: &str, receipts: i64) -> (Value, Value, Value) {
    (json!(id), json!(state), json!(receipts))
}

#[tokio::test(flavor = "multi_thread")]
async fn new_bodies_with_new_ids_or_none_are_new_events() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    connection.post(captured("pay_2")).event_id("evt_2").stored().await;
    connection.post(captured("pay_3")).without_event_id().stored().await;
    connection.post(captured("pay_4")).without_event_id().stored().await;
    let expected = [
        row(Some("evt_1"), "processed", 1),
        row(Some("evt_2"), "processed", 1),
        row(None, "processed", 1),
        row(None, "processed", 1),
    ];
    assert_eq!(output(&app).await, expected);
    assert_eq!(app.transactions().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_body_under_a_known_id_is_a_conflict_that_is_still_projected() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    let before = app.events().await;
    connection.post(captured("pay_2")).event_id("evt_1").stored().await;
    connection.post(captured("pay_3")).event_id("evt_1").stored().await;

    let events = app.events().await;
    assert_eq!(events[0], before[0], "the first stays as it was");
    for conflict in &events[1..] {
        assert_eq!(conflict["state"], "conflict");
        assert_eq!(conflict["conflict_with"], events[0]["event"]);
        assert_eq!((&conflict["gateway_event_id"], &conflict["received_count"]), (&json!("evt_1"), &json!(1)));
    }
    let transactions = app.transactions().await;
    let projected: Vec<_> = events.iter().map(|event| &event["transaction"]).collect();
    assert_eq!(transactions.iter().map(|one| &one["transaction"]).collect::<Vec<_>>(), projected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_a_receipt_more() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(captured("pay_1")).event_id("evt_1");
    post.stored().await;
    let transactions = app.transactions().await;
    post.stored().await;
    post.stored().await;
    assert_eq!(output(&app).await, [row(Some("evt_1"), "processed", 3)]);
    assert_eq!(app.transactions().await, transactions);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE is_flagged").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_body_under_another_id_or_none_is_a_flagged_receipt() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for (payment, id) in [("pay_1", Some("evt_other")), ("pay_2", None)] {
        connection.post(captured(payment)).event_id(&format!("evt_{payment}")).stored().await;
        let again = connection.post(captured(payment)).without_event_id();
        id.map_or(again.clone(), |id| again.event_id(id)).stored().await;
    }
    assert_eq!(output(&app).await, [row(Some("evt_pay_1"), "processed", 2), row(Some("evt_pay_2"), "processed", 2)]);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE is_flagged").await, 2);
    assert_eq!(app.transactions().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_later_receipts_count_as_seen() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    connection.post(captured("pay_1")).event_id("evt_2").stored().await;
    connection.post(captured("pay_2")).event_id("evt_2").stored().await;
    let events = app.events().await;
    assert_eq!(events[0]["gateway_event_id"], "evt_1", "the id of the first receipt never changes");
    assert_eq!((&events[1]["state"], &events[1]["conflict_with"]), (&json!("conflict"), &events[0]["event"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_came_after_none_counts_as_seen() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).without_event_id().stored().await;
    connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    connection.post(captured("pay_2")).event_id("evt_1").stored().await;
    let events = app.events().await;
    assert_eq!((&events[0]["gateway_event_id"], &events[0]["received_count"]), (&Value::Null, &json!(2)));
    assert_eq!(events[1]["conflict_with"], events[0]["event"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_again_is_a_receipt_of_the_conflict() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for payment in ["pay_1", "pay_2", "pay_2", "pay_1"] {
        connection.post(captured(payment)).event_id("evt_1").stored().await;
    }
    assert_eq!(output(&app).await, [row(Some("evt_1"), "processed", 2), row(Some("evt_1"), "conflict", 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarantined_body_under_a_known_id_stays_quarantined_and_names_the_other() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    connection.post("not json").event_id("evt_1").stored().await;
    let events = app.events().await;
    assert_eq!((&events[1]["state"], &events[1]["conflict_with"]), (&json!("quarantined"), &events[0]["event"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_body_is_told_again_by_its_octets() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for body in [bodies::bare("foo.bar"), b"not json".to_vec(), Vec::new(), bodies::bare("settlement.processed")] {
        for id in ["evt_1", "evt_2"] {
            connection.post(body.clone()).event_id(id).stored().await;
        }
    }
    assert!(app.events().await.iter().all(|event| event["received_count"] == 2));
    assert_eq!(app.events().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_at_another_connection_is_independent() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let others = app.company("Banyan Books").await.app("Banyan Books Online").await;
    let connections = [shop.razorpay("test").await, shop.razorpay("live").await, others.razorpay("test").await];
    for connection in &connections {
        connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    }
    assert_eq!(
        output(&app).await,
        [row(Some("evt_1"), "processed", 1), row(Some("evt_1"), "processed", 1), row(Some("evt_1"), "processed", 1)]
    );
    let transactions = app.transactions().await;
    let at: Vec<_> = transactions.iter().map(|one| one["connection"].as_str().unwrap()).collect();
    assert_eq!(at, connections.each_ref().map(|connection| connection.id.as_str()));
    assert_eq!(transactions.iter().filter(|one| one["mode"] == "live").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclean_or_doubled_id_is_none() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let longest = "e".repeat(128);
    for (payment, id, kept) in [
        ("pay_1", longest.as_str(), Some(longest.as_str())),
        ("pay_2", &"e".repeat(129), None),
        ("pay_3", "", None),
        ("pay_4", "evt 1", None),
        ("pay_5", "ev\u{e9}", None),
    ] {
        connection.post(captured(payment)).event_id(id).stored().await;
        assert_eq!(output(&app).await.last().unwrap().0, json!(kept), "{id:?}");
    }
    connection.post(captured("pay_6")).event_id("evt_6").header("X-Razorpay-Event-Id", "evt_7").stored().await;
    assert_eq!(output(&app).await.last(), Some(&row(None, "processed", 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_concurrent_duplicates_are_one_event() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(captured("pay_1")).event_id("evt_1");
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let post = post.clone();
        twins.spawn(async move { post.send().await });
    }
    let answers = twins.join_all().await;
    let stored = answers.iter().filter(|status| **status == 200).count();
    assert!(stored > 0 && answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    // An event with a 503 may still have been stored: the status only says that this is uncertain.
    let receipts = events[0]["received_count"].as_u64().unwrap();
    assert!((stored as u64..=50).contains(&receipts), "{receipts} receipts, {stored} answers of 200");
    assert_eq!(app.transactions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_concurrent_bodies_under_one_id_are_one_event_and_its_conflicts() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..50 {
        let post = connection.post(captured(&format!("pay_{number}"))).event_id("evt_1");
        posts.spawn(async move { while post.send().await == 503 {} });
    }
    posts.join_all().await;
    let events = app.events().await;
    assert_eq!(events.len(), 50);
    let (first, conflicts): (Vec<_>, Vec<_>) = events.iter().partition(|event| event["state"] == "processed");
    assert_eq!(first.len(), 1);
    assert!(conflicts.iter().all(|event| event["conflict_with"] == first[0]["event"]));
}
