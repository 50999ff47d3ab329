//! Requests that arrive together share a unit of work: each still gets the response that it would have got alone.
//!
//! Here the network determines their order, and the machine their batches. `src/ingestion/store_batch/tests.rs` tests the
//! outcome of a batch in a fixed order.

use std::collections::HashMap;

use futures_util::future::join_all;
use serde_json::json;
#[cfg(target_os = "linux")]
use tokio::io::AsyncWriteExt as _;

use crate::support::{TestApp, bodies, builders::Connection, signing, webhook_request::Post};
#[cfg(target_os = "linux")]
use crate::support::{eventually, raw};

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

/// Sends all of them concurrently. Returns the responses in order.
async fn send_together(posts: &[Post]) -> Vec<u16> {
    join_all(posts.iter().map(Post::send)).await
}

fn shop(connection: &Connection, id: &str, event_id: &str) -> Post {
    connection.post(captured(id)).event_id(event_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_borrowed_ids_and_late_ids_that_come_together_are_all_kept_once() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    shop(&connection, "pay_0", "evt_0").stored().await;
    let posts = [
        shop(&connection, "pay_1", "evt_1"),
        shop(&connection, "pay_1", "evt_1"),
        shop(&connection, "pay_2", "evt_1"),
        shop(&connection, "pay_1", "evt_9"),
        shop(&connection, "pay_0", "evt_0"),
        shop(&connection, "pay_0", "evt_8"),
        shop(&connection, "pay_3", "evt_8"),
        connection.post(captured("pay_4")).without_event_id(),
    ];
    assert_eq!(send_together(&posts).await, [200; 8]);
    let events = app.events().await;
    let receipts: HashMap<_, _> =
        events.iter().map(|event| (event["body_sha256"].as_str().unwrap(), event["received_count"].as_i64().unwrap())).collect();
    let of = |id: &str| receipts[signing::sha256(&captured(id)).as_str()];
    assert_eq!((events.len(), ["pay_0", "pay_1", "pay_2", "pay_3", "pay_4"].map(of)), (5, [3, 3, 1, 1, 1]));
    for id in ["evt_0", "evt_1", "evt_8", "evt_9"] {
        let owners = events.iter().filter(|event| event["gateway_event_id"] == id && event["state"] == "processed");
        assert!(owners.count() <= 1, "{id} is of one event: {events:#?}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE is_flagged").await, 2, "pay_0 and pay_1 came under two ids");
    assert_eq!(app.transactions().await.len(), 5);
    assert_eq!(app.count("SELECT verified_count FROM activity WHERE verified_count > 0").await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_of_one_payment_that_come_together_make_one_story() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let kinds = ["payment.captured", "payment.authorized", "payment.failed"];
    let posts = kinds.map(|kind| connection.post(bodies::payment(kind, "pay_1", 0)).event_id(kind));
    assert_eq!(send_together(&posts).await, [200; 3]);
    let before = app.transactions().await;
    assert_eq!((before.len(), &before[0]["status"]), (1, &json!("captured")));
    for post in posts {
        post.stored().await;
    }
    assert_eq!(app.transactions().await, before, "what was told before changes nothing");
}

/// A unique constraint on an event type represents any event that cannot be stored.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_does_not_take_the_others_with_it() {
    let app = TestApp::start().await;
    app.announce_error("a batch contains an event that cannot be stored");
    let connection = app.razorpay().await;
    app.sql("CREATE UNIQUE INDEX once ON events (event_type) WHERE event_type = 'only.once'").await;
    connection.post(bodies::bare("only.once")).event_id("evt_0").stored().await;
    let bad = connection.post(br#"{"event":"only.once","again":true}"#).event_id("evt_1");
    // So many that some arrive while others are being written.
    let mut posts: Vec<_> =
        (0..40).map(|number| shop(&connection, &format!("pay_{number}"), &format!("evt_g{number}"))).collect();
    posts.insert(20, bad.clone());
    let answers = send_together(&posts).await;
    let unstored: Vec<_> = answers.iter().enumerate().filter(|(_, status)| **status != 200).collect();
    assert_eq!(unstored, [(20, &500)]);
    assert_eq!(app.events().await.len(), 41);
    app.sql("DROP INDEX once").await;
    bad.stored().await;
    assert_eq!(app.events().await.len(), 42);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_while_waiting_affects_no_other_and_finds_a_duplicate_later() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    // The server knows the endpoint then, and reads nothing from the database before it queues the next event.
    shop(&connection, "pay_0", "evt_0").stored().await;
    let lock = app.lock_events().await;
    let post = shop(&connection, "pay_1", "evt_1");
    let mut leaving = post.begun().await;
    leaving.write_all(post.bytes()).await.unwrap();
    let staying = tokio::spawn({
        let post = shop(&connection, "pay_2", "evt_2");
        // A request that waits longer than the lock timeout receives 503.
        async move { while post.send().await == 503 {} }
    });
    eventually(async || raw::is_read(&leaving)).await;
    drop(leaving);
    lock.release().await;
    staying.await.unwrap();
    eventually(async || app.events().await.len() == 3).await;
    post.stored().await;
    let ids: Vec<_> = app.events().await.iter().map(|event| event["gateway_event_id"].clone()).collect();
    assert_eq!((ids.len(), ids.contains(&json!("evt_1")), ids.contains(&json!("evt_2"))), (3, true, true));
}
