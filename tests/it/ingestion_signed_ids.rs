//! Duplicates where the id is signed: the id alone distinguishes two events.

use serde_json::{Value, json};

use crate::support::{TestApp, bodies};

fn paid(mark: &str) -> Vec<u8> {
    bodies::standard("invoice.paid", mark)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_id_is_a_new_event_whatever_its_body() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    connection.post(paid("1")).event_id("msg_1").stored().await;
    connection.post(paid("1")).event_id("msg_2").stored().await;
    let events = app.events().await;
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(
            (&event["state"], &event["received_count"], &event["conflict_with"]),
            (&json!("unhandled"), &json!(1), &Value::Null)
        );
        assert_eq!((&event["type"], &event["gateway"]), (&json!("invoice.paid"), &json!("standard-webhooks")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_and_body_signed_anew_is_a_receipt_more() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    connection.post(paid("1")).event_id("msg_1").stored().await;
    connection.post(paid("1")).event_id("msg_1").seconds_later(60).stored().await;
    let events = app.events().await;
    assert_eq!((events.len(), &events[0]["received_count"]), (1, &json!(2)));
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE is_flagged").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_another_body_is_a_conflict() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    connection.post(paid("1")).event_id("msg_1").stored().await;
    connection.post(paid("2")).event_id("msg_1").stored().await;
    connection.post(paid("2")).event_id("msg_1").stored().await;
    let events = app.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!((&events[1]["state"], &events[1]["conflict_with"]), (&json!("conflict"), &events[0]["event"]));
    assert_eq!(events[1]["received_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_type_is_quarantined() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    for (body, id) in
        [("not json", "msg_1"), ("{}", "msg_2"), (r#"{"type":1}"#, "msg_3"), (r#"{"type":"a","type":"b"}"#, "msg_4")]
    {
        connection.post(body).event_id(id).stored().await;
    }
    let events = app.events().await;
    assert_eq!(events.len(), 4);
    assert!(events.iter().all(|event| event["state"] == "quarantined" && event["type"].is_null()));
    assert!(app.transactions().await.is_empty());
}
