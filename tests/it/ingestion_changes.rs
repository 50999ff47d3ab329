//! Endpoints are cached, and every change takes effect immediately: by the command line, by another server, by a direct write
//! to the database.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, postgres::PgListener};
use tokio::{io::AsyncWriteExt as _, sync::Mutex};

use crate::support::{ONE_FLOOD_AT_A_TIME, SOON, TestApp, bodies, database, eventually, raw, webhook_request::Post};

/// Sessions of PostgreSQL that listen for changes.
const LISTENING: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN \"ks_pay_endpoints\"%'";
/// Sessions that are blocked from reading secrets.
const READING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock' AND query LIKE '%FROM secrets%'";

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_added_by_the_command_line_receives_immediately() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let first = shop.razorpay("test").await;
    first.post(captured("pay_1")).stored().await;
    assert_eq!(first.post(captured("pay_2")).url(&format!("{}x", first.url)).send().await, 401);
    shop.razorpay("live").await.post(captured("pay_1")).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_has_ended_stops_to_count_with_the_next_request() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).stored().await;
    app.sql("UPDATE secrets SET state = 'additional', valid_until = 0").await;
    assert_eq!(connection.post(captured("pay_2")).send().await, 401);
    app.sql("UPDATE secrets SET state = 'active', valid_until = NULL").await;
    connection.post(captured("pay_2")).stored().await;
    assert_eq!(app.events().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_secret_counts_until_its_time_without_any_change() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.sql("UPDATE secrets SET state = 'additional', valid_until = created_at + 7200000").await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(Duration::from_hours(3));
    assert_eq!(connection.post(captured("pay_2")).send().await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_or_a_connection_disabled_elsewhere_stops_receiving_immediately() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_0")).stored().await;
    for (number, (off, on)) in [
        ("UPDATE apps SET is_enabled = FALSE", "UPDATE apps SET is_enabled = TRUE"),
        ("UPDATE connections SET is_enabled = FALSE", "UPDATE connections SET is_enabled = TRUE"),
    ]
    .into_iter()
    .enumerate()
    {
        let post = connection.post(captured(&format!("pay_{}", number + 1)));
        app.sql(off).await;
        assert_eq!(post.send().await, 401, "{off}");
        app.sql(on).await;
        post.stored().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_nothing_about_receiving_changes_nothing_here() {
    let app = TestApp::start().await;
    let version = "SELECT version FROM versions WHERE name = 'endpoints'";
    let connection = app.razorpay().await;
    let before = app.count(version).await;
    connection.post(captured("pay_1")).stored().await;
    connection.post(captured("pay_2")).signature("00").send().await;
    app.sql("UPDATE connections SET webhook_done_by = 'x', webhook_done_at = 1").await;
    assert_eq!(app.count(version).await, before);
    app.sql("DELETE FROM secrets").await;
    assert!(app.count(version).await > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refusals_does_not_keep_a_change_from_counting() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let flood = connection.post(captured("pay_0")).signature(&"00".repeat(32));
    for _ in 0..100 {
        assert_eq!(flood.send().await, 401);
    }
    app.sql("UPDATE secrets SET state = 'additional', valid_until = 0").await;
    assert_eq!(connection.post(captured("pay_1")).send().await, 401, "rejected despite the earlier cached state");
    assert!(app.events().await.is_empty());
}

/// Sends bad requests continuously until it is dropped.
struct Flood(Vec<tokio::task::JoinHandle<()>>);

impl Flood {
    /// Sends to each of these, with several senders.
    fn of(posts: &[Post]) -> Self {
        let send = |post: Post| async move {
            loop {
                assert_eq!(post.send().await, 401);
            }
        };
        Self(posts.iter().flat_map(|post| [post.clone(), post.clone()]).map(|post| tokio::spawn(send(post))).collect())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// A unit test in `endpoint_cache.rs` tests the same without a race.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_with_a_secret_of_a_moment_ago_is_stored_whatever_else_comes() {
    let _alone = ONE_FLOOD_AT_A_TIME.lock().await;
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let connection = shop.razorpay("test").await;
    let wrong = connection.post(captured("pay_0")).signature(&"00".repeat(32));
    let _flood = Flood::of(&[wrong.clone(), wrong.url(&format!("{}x", connection.url))]);
    let rotate = ["webhook", "rotate", "--app", &shop.id, "--gateway", "razorpay", "--mode", "test", "--json"];
    for number in 1..=12 {
        let shown = app.cli(rotate, "").await.json();
        let secret = shown["secrets"][0]["secret"].as_str().unwrap();
        connection.post(captured(&format!("pay_{number}"))).secret(secret).stored().await;
    }
    // An endpoint created just before is not unknown either.
    shop.razorpay("live").await.post(captured("pay_0")).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_unread_at_an_endpoint_of_a_moment_ago_is_shown() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let first = shop.razorpay("test").await;
    first.post(captured("pay_1")).stored().await;
    // The server has read its endpoints, and learns of this one only when it reads them again.
    let fresh = shop.razorpay("live").await;
    assert_eq!(fresh.post(captured("pay_2")).header("content-encoding", "gzip").send().await, 415);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections WHERE mode = 'live'").await == 1).await;
    let another = company.app("Neem Tree Stall").await.razorpay("test").await;
    assert_eq!(another.post(vec![b' '; 1024 * 1024 + 1]).send().await, 413);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections WHERE reason = 'too_large'").await == 1).await;
    let third = company.app("Neem Tree Kiosk").await.razorpay("live").await;
    let mut slow = third.post(captured("pay_3")).begin(&[]).await;
    slow.write_all(b"{").await.unwrap();
    assert_eq!(raw::read_to_end(&mut slow).await.status(), 408);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections WHERE reason = 'too_slow'").await == 1).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM unknown_endpoint_requests").await, 0);
}

/// PostgreSQL notifies the servers, so they need not poll.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_said_to_the_servers_that_listen() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    eventually(async || app.count(LISTENING).await == 1).await;
    let mut ear = PgListener::connect(app.database_url().unwrap()).await.unwrap();
    ear.listen("ks_pay_endpoints").await.unwrap();
    connection.post(captured("pay_1")).stored().await;
    app.sql("UPDATE apps SET is_enabled = FALSE").await;
    let said = tokio::time::timeout(SOON, ear.recv()).await.expect("a change is said").unwrap();
    assert_eq!(said.channel(), "ks_pay_endpoints");
    app.sql("UPDATE connections SET webhook_done_by = 'x', webhook_done_at = 1").await;
    // Notifications arrive in order, so any earlier one would arrive before this one.
    app.sql("SELECT pg_notify('ks_pay_endpoints', 'the end')").await;
    assert_eq!(ear.recv().await.unwrap().payload(), "the end", "what says nothing about receiving");
}

/// Reading the changes is too fast to observe, so it is blocked by a lock until the database cancels it; then another
/// notification is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_notified_of_a_change_reads_it_before_the_next_request() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    eventually(async || app.count(LISTENING).await == 1).await;
    connection.post(captured("pay_1")).stored().await;
    let lock = app.lock_secrets().await;
    let eye = Mutex::new(PgConnection::connect(app.database_url().unwrap()).await.unwrap());
    eventually(async || {
        let mut eye = eye.lock().await;
        sqlx::query("UPDATE apps SET is_enabled = FALSE").execute(&mut *eye).await.unwrap();
        sqlx::query_scalar::<_, i64>(READING).fetch_one(&mut *eye).await.unwrap() == 1
    })
    .await;
    lock.release().await;
    assert_eq!(connection.post(captured("pay_2")).send().await, 401);
}

/// Several servers require PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_behave_as_one() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let other = app.another_server().await;
    let there = |url: &str| url.replace(&app.address.to_string(), &other.address().to_string());
    let connection = app.razorpay().await;

    let mut twins = tokio::task::JoinSet::new();
    for number in 0..60 {
        let post = connection.post(captured(&format!("pay_{}", number % 6))).event_id(&format!("evt_{}", number % 6));
        let url = if number % 2 == 0 { connection.url.clone() } else { there(&connection.url) };
        twins.spawn(async move { post.url(&url).send().await });
    }
    assert!(twins.join_all().await.iter().all(|status| *status == 200));
    let receipts: i64 = app.events().await.iter().map(|event| event["received_count"].as_i64().unwrap()).sum();
    assert_eq!((app.events().await.len(), receipts, app.transactions().await.len()), (6, 60, 6));

    app.sql("UPDATE secrets SET state = 'additional', valid_until = 0").await;
    for url in [connection.url.clone(), there(&connection.url)] {
        assert_eq!(connection.post(captured("pay_9")).url(&url).send().await, 401);
    }
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_stored_is_seen_at_the_other() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let other = app.another_server().await;
    let connection = app.razorpay().await;
    // A session is valid at both servers.
    let there = app.owner("Neem Tree Retail").await.elsewhere(other.address());
    let step = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", connection.app_id);
    assert!(there.get(&step).await.shows("evidence-waiting"));
    let mut stream = there.listen(&format!("{step}/evidence/stream")).await;
    connection.post(captured("pay_1")).stored().await;
    assert!(there.get(&step).await.text_of("evidence-verified").contains("payment.captured"));
    stream.says("event: changed").await;
    drop(stream);
    other.stop().await;
}
