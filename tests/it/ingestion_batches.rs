//! Requests that arrive together share a unit of work: each still gets the answer that it would have got alone.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{TestApp, bodies, builders::Connection, post::Post};

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

/// Sends all of them while the database is locked, so that they are stored together once it is let go. The answers, in
/// order.
async fn send_together(app: &TestApp, first: &Post, posts: Vec<Post>) -> Vec<u16> {
    let lock = app.lock_events().await;
    let mut sent = JoinSet::new();
    let lead = first.clone();
    sent.spawn(async move { (usize::MAX, lead.send().await) });
    // The lead is in a batch of its own, which waits for the lock; what comes now queues behind it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    for (place, post) in posts.into_iter().enumerate() {
        sent.spawn(async move { (place, post.send().await) });
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    lock.release().await;
    let mut answers = sent.join_all().await;
    answers.sort_unstable();
    answers.into_iter().map(|(_, status)| status).collect()
}

async fn events(app: &TestApp, keys: [&str; 3]) -> Vec<[Value; 3]> {
    app.events().await.iter().map(|event| keys.map(|key| event[key].clone())).collect()
}

fn shop(connection: &Connection, id: &str, event_id: &str) -> Post {
    connection.post(captured(id)).event_id(event_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_borrowed_ids_and_late_ids_of_one_batch_follow_the_table_of_duplicates() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    shop(&connection, "pay_0", "evt_0").stored().await;
    let posts = vec![
        shop(&connection, "pay_1", "evt_1"),
        shop(&connection, "pay_1", "evt_1"),
        shop(&connection, "pay_2", "evt_1"),
        shop(&connection, "pay_1", "evt_9"),
        shop(&connection, "pay_0", "evt_0"),
        shop(&connection, "pay_0", "evt_8"),
        shop(&connection, "pay_3", "evt_8"),
        connection.post(captured("pay_4")).without_event_id(),
    ];
    let answers = send_together(&app, &shop(&connection, "pay_5", "evt_5"), posts).await;
    assert_eq!(answers, [200; 9]);
    let told = events(&app, ["gateway_event_id", "state", "receipts"]).await;
    let expected = [
        [json!("evt_0"), json!("processed"), json!(3)],
        [json!("evt_5"), json!("processed"), json!(1)],
        [json!("evt_1"), json!("processed"), json!(3)],
        [json!("evt_1"), json!("conflict"), json!(1)],
        [json!("evt_8"), json!("conflict"), json!(1)],
        [json!(null), json!("processed"), json!(1)],
    ];
    assert_eq!(told, expected);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE is_flagged").await, 2, "pay_0 and pay_1 came under two ids");
    assert_eq!(app.transactions().await.len(), 6);
    assert_eq!(app.count("SELECT verified_count FROM evidence WHERE verified_count > 0").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_of_one_payment_in_one_batch_make_one_story() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let kinds = ["payment.captured", "payment.authorized", "payment.failed"];
    let posts = kinds.map(|kind| connection.post(bodies::payment(kind, "pay_1", 0)).event_id(kind)).to_vec();
    let lead = connection.post(bodies::payment("payment.authorized", "pay_2", 0));
    assert_eq!(send_together(&app, &lead, posts.clone()).await, [200; 4]);
    let before = app.transactions().await;
    assert_eq!(before.len(), 2);
    assert_eq!(before.iter().filter(|one| one["status"] == "captured").count(), 1);
    for post in posts {
        post.stored().await;
    }
    assert_eq!(app.transactions().await, before, "what was told before changes nothing");
}

/// Two events of a type that the database has been told to hold once only stand for anything that cannot be stored.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_does_not_take_the_others_of_its_batch_with_it() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.sql("CREATE UNIQUE INDEX once ON events (event_type) WHERE event_type = 'only.once'").await;
    connection.post(bodies::bare("only.once")).event_id("evt_0").stored().await;
    let bad = connection.post(br#"{"event":"only.once","again":true}"#).event_id("evt_1");
    let posts = vec![
        shop(&connection, "pay_1", "evt_2"),
        bad.clone(),
        shop(&connection, "pay_2", "evt_3"),
        shop(&connection, "pay_3", "evt_4"),
    ];
    let answers = send_together(&app, &shop(&connection, "pay_0", "evt_5"), posts).await;
    assert_eq!(answers, [200, 500, 200, 200, 200]);
    assert_eq!(app.events().await.len(), 5);
    app.sql("DROP INDEX once").await;
    bad.stored().await;
    assert_eq!(app.events().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_while_it_waits_harms_nobody_and_finds_a_duplicate_later() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let lock = app.lock_events().await;
    let post = shop(&connection, "pay_1", "evt_1");
    let leaving = tokio::spawn({
        let post = post.clone();
        async move { post.send().await }
    });
    let staying = tokio::spawn({
        let post = shop(&connection, "pay_2", "evt_2");
        async move { post.send().await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    leaving.abort();
    lock.release().await;
    assert_eq!(staying.await.unwrap(), 200);
    post.stored().await;
    let ids: Vec<_> = app.events().await.iter().map(|event| event["gateway_event_id"].clone()).collect();
    assert_eq!((ids.len(), ids.contains(&json!("evt_1"))), (2, true));
}
