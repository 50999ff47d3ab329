//! Database outage: 503 in time, not ready, and afterwards the same server stores every retry.

use std::{net::SocketAddr, time::Duration};

use tokio::time::timeout;

use crate::support::{
    Installation, TestApp, bodies,
    builders::Connection,
    database::is_postgres,
    fault::Outage,
    webhook_request::{Post, client},
};

/// Maximum time from the request's head to our response.
const ANSWER_WITHIN: Duration = Duration::from_millis(4500);
/// Maximum time from the end of an outage to the first 200, on a busy machine.
const BACK_WITHIN: Duration = Duration::from_mins(1);

/// Announces the errors of a database that is not there.
fn announce(app: &TestApp) {
    app.announce_error("a batch could not be stored");
    app.announce_error("requests cannot be stored");
}

async fn unavailable(post: &Post) {
    let answer = timeout(ANSWER_WITHIN, post.answer()).await.expect("an answer before the gateway gives up");
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "30");
    assert_eq!(answer.bytes().await.unwrap(), "");
}

async fn until_stored(post: &Post) {
    let trying = async { while post.send().await != 200 {} };
    timeout(BACK_WITHIN, trying).await.expect("the server comes back by itself");
}

async fn probe(at: SocketAddr, path: &str) -> u16 {
    client().get(format!("http://{at}{path}")).send().await.unwrap().status().as_u16()
}

/// Asserts the requirements for every outage.
async fn outlives(
    app: &Installation,
    connection: &Connection,
    at: SocketAddr,
    begin: impl AsyncFnOnce(),
    end: impl AsyncFnOnce(),
) {
    let before = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let meanwhile = connection.post(bodies::payment("payment.captured", "pay_2", 0));
    before.stored().await;
    begin().await;
    // PostgreSQL lists a session that is being opened only once it has read the settings: it is not ended with the others.
    while before.send().await == 200 {}
    unavailable(&meanwhile).await;
    unavailable(&before).await;
    assert_eq!((probe(at, "/healthz").await, probe(at, "/readyz").await), (200, 503));
    end().await;
    until_stored(&meanwhile).await;
    assert_eq!(probe(at, "/readyz").await, 200);
    let bodies: Vec<_> = app.events().await.iter().map(|event| event["body_sha256"].clone()).collect();
    assert_eq!(bodies, [&before, &meanwhile].map(|post| crate::support::signing::sha256(post.bytes())));
    assert_eq!(app.transactions().await.len(), 2);
}

/// Asserts the requirements for an outage of PostgreSQL. SQLite has no server that could fail.
async fn outlives_on_postgres(outage: Outage) {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    announce(&app);
    let connection = app.razorpay().await;
    outlives(&app, &connection, app.address, async || app.begin_outage(outage).await, async || app.end_outage(outage).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_became_read_only_is_outlived() {
    outlives_on_postgres(Outage::ReadOnly).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_survives_a_database_that_accepts_no_connections() {
    outlives_on_postgres(Outage::Closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_takes_no_more_writes_is_outlived() {
    if is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    announce(&app);
    let connection = app.razorpay().await;
    app.stop().await;
    let (process, address) = app.serve_where_files_are_limited();
    let connection = connection.at(address);
    let (begin, end) = (async || process.begin_writing_nothing(), async || process.end_writing_nothing());
    outlives(&app, &connection, address, begin, end).await;
    assert_eq!(process.terminate().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_looked_up_is_not_refused() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    announce(&app);
    let connection = app.razorpay().await;
    app.begin_outage(Outage::Closed).await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    unavailable(&post.clone().unsigned()).await;
    unavailable(&post.url(&format!("{}x", connection.url))).await;
    app.end_outage(Outage::Closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_end_in_the_middle_of_storing_lose_nothing() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    announce(&app);
    let connection = app.razorpay().await;
    let posts: Vec<_> =
        (0..20).map(|number| connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0))).collect();
    let lock = app.lock_events().await;
    let mut under_way = tokio::task::JoinSet::new();
    for post in posts.clone() {
        under_way.spawn(async move { unavailable(&post).await });
    }
    assert!(app.terminate_those_who_wait().await > 0);
    under_way.join_all().await;
    lock.release().await;
    for post in &posts {
        until_stored(post).await;
    }
    assert_eq!((app.events().await.len(), app.transactions().await.len()), (20, 20));
}
