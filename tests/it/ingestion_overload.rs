//! Overload: requests are turned away in time, and every retry is stored once.

use std::collections::HashSet;

use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet, time::timeout};

use crate::support::{
    Installation, ONE_FLOOD_AT_A_TIME, SOON, TestApp, bodies, builders::Connection, process::Process, raw, signing,
    webhook_request::Post,
};

/// Number of requests: many batches.
const REQUEST_COUNT: usize = 600;
/// Number of the largest bodies: more than the 32 MiB write queue.
const LARGE_BODY_COUNT: usize = 40;
/// Log message for a request that is turned away without waiting.
const TOO_MUCH: &str = "the write queue is full";

/// Starts a server in its own process: in a flood the sender needs as many descriptors.
async fn served() -> (TestApp, Connection, Process) {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.stop().await;
    let (process, address) = app.serve_in_process(&[]);
    (app, connection.at(address), process)
}

fn payments(connection: &Connection) -> Vec<Post> {
    (0..REQUEST_COUNT).map(|number| connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0))).collect()
}

/// Returns bodies of nearly a mebibyte, of which only the beginning is parsed.
fn large(connection: &Connection) -> Vec<Post> {
    let body = |number: usize| [format!("{number} is no JSON").into_bytes(), vec![b' '; 1_000_000]].concat();
    (0..LARGE_BODY_COUNT).map(|number| connection.post(body(number))).collect()
}

/// Returns whether the request was stored; asserts that it was turned away correctly otherwise.
async fn is_stored(post: &Post, mut stream: TcpStream) -> bool {
    let request = [&post.head(&[("connection", "close")])[..], post.bytes()].concat();
    let is_sent = stream.write_all(&request).await.is_ok();
    let answer = timeout(SOON, raw::read_to_end(&mut stream)).await.expect("an answer");
    if !is_sent && answer.0.is_empty() {
        // Closed in the middle of a body; the unread rest discards the response.
        return false;
    }
    // 408: a body that was not received in time because all processes share the CPU.
    assert!(matches!(answer.status(), 200 | 408 | 503), "{answer:?}");
    assert_eq!(answer.header("retry-after").as_deref(), (answer.status() == 503).then_some("30"));
    assert!(answer.status() == 408 || answer.body() == b"");
    answer.status() == 200
}

/// Sends all concurrently; returns the hashes of the acknowledged ones.
async fn flood(posts: Vec<Post>) -> HashSet<String> {
    let mut sending = JoinSet::new();
    for post in posts {
        // Connects first, so that the measurement starts with the request.
        let stream = post.connect().await;
        sending.spawn(async move { is_stored(&post, stream).await.then(|| signing::sha256(post.bytes())) });
    }
    sending.join_all().await.into_iter().flatten().collect()
}

/// Retries all until each is stored, as gateways do.
async fn retry(posts: Vec<Post>) {
    let mut sending = JoinSet::new();
    for post in posts {
        sending.spawn(async move { while !is_stored(&post, post.connect().await).await {} });
    }
    sending.join_all().await;
}

async fn stored_bodies(app: &Installation) -> HashSet<String> {
    let events = app.events().await;
    let stored: HashSet<_> = events.iter().map(|event| event["body_sha256"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stored.len(), events.len(), "every body once");
    stored
}

/// Sends a flood while nothing can be stored, and the retries afterwards.
async fn all_sent_away_and_all_stored_later(app: &Installation, posts: Vec<Post>) {
    let lock = app.lock_events().await;
    let count = posts.len();
    assert_eq!(flood(posts.clone()).await, HashSet::new(), "nothing is acknowledged that is not on disk");
    lock.release().await;
    retry(posts).await;
    assert_eq!(stored_bodies(app).await.len(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_too_long_are_sent_away_in_time_and_their_retries_stored() {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let (app, connection, process) = served().await;
    all_sent_away_and_all_stored_later(&app, payments(&connection)).await;
    assert_eq!(app.transactions().await.len(), REQUEST_COUNT);
    let ended = process.terminate();
    assert_eq!((ended.code, ended.err.contains(TOO_MUCH)), (Some(0), false), "all of them had room: {}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_bytes_than_may_wait_are_sent_away_in_time_and_their_retries_stored() {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let (app, connection, process) = served().await;
    all_sent_away_and_all_stored_later(&app, large(&connection)).await;
    let ended = process.terminate();
    assert_eq!((ended.code, ended.err.contains(TOO_MUCH)), (Some(0), true), "not all of them had room: {}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_stored_or_sent_away_and_never_half() {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let (app, connection, process) = served().await;
    let posts = payments(&connection);
    let acknowledged = flood(posts.clone()).await;
    let stored = stored_bodies(&app).await;
    assert!(acknowledged.is_subset(&stored), "{} acknowledged, {} stored", acknowledged.len(), stored.len());
    assert_eq!(app.transactions().await.len(), stored.len(), "every event with its part in the story");
    retry(posts).await;
    assert_eq!((stored_bodies(&app).await.len(), app.transactions().await.len()), (REQUEST_COUNT, REQUEST_COUNT));
    assert_eq!(process.terminate().code, Some(0));
}
