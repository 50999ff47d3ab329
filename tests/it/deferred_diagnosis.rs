//! In a flood of forgeries that resemble misconfigured requests, each misconfigured request is assigned to the rejection of its
//! cause, at the latest once the flood is over, and every count stays exact.

use futures_util::{StreamExt as _, stream};
use ks_pay::server::config::Config;

use crate::support::{ONE_FLOOD_AT_A_TIME, TestApp, bodies, builders::Connection, eventually, signing, webhook_request::Post};

const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const FOUND: &str = "SELECT cause || ' ' || count FROM rejections ORDER BY cause";
const UNEXAMINED: &str = "SELECT COUNT(*) FROM rejections WHERE cause = 'not_diagnosed'";
const STORED: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejected_requests";
/// Number of rejections whose count differs from that of their stored requests, where all are stored.
const WRONG: &str = "SELECT COUNT(*) FROM rejections r WHERE r.count <> \
                     (SELECT COALESCE(SUM(q.count), 0) FROM rejected_requests q WHERE q.rejection_id = r.id)";
/// Forgeries around each misconfigured request: together more than one interval can diagnose, and fewer than the burst limit of
/// a webhook.
const LOOKALIKES: usize = 3;
const SIZE: usize = 4000;
/// Public URL of the server: its port changes with a restart.
const PUBLIC: &str = "https://pay.neemtree.example";

fn body() -> String {
    let body = String::from_utf8(bodies::payment("payment.captured", "pay_Fault00000001", 0)).unwrap();
    let note = "a".repeat(SIZE - body.len());
    body.replacen('{', &format!(r#"{{"note":"{note}","#), 1)
}

/// Returns ten faults, each with its cause.
fn faults(connection: &Connection) -> Vec<(&'static str, Post)> {
    let (body, secret) = (body(), &connection.secret);
    let post = || connection.post(body.clone());
    let own = post().right_signature();
    let spaced = body.replace("\":", "\": ");
    vec![
        ("body_respaced", post().body_after_signing(spaced.as_bytes())),
        ("body_line_end", post().body_after_signing(format!("{body}\n").as_bytes())),
        ("prefixed", post().signature(&format!("sha256={own}"))),
        ("secret_cut", post().secret(&secret[3..])),
        ("secret_encoded", post().secret(&signing::hex(secret.as_bytes()))),
        ("secret_is_url", post().secret(&format!("{PUBLIC}/webhooks/{}", connection.endpoint))),
        ("secret_mistyped", post().secret(&format!("{}{}", &secret[..22], &secret[23..]))),
        ("secret_quoted", post().secret(&format!("\"{secret}\""))),
        ("secret_with_line_end", post().secret(&format!("{secret}\n"))),
        ("upper_case", post().signature(&own.to_uppercase())),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn among_lookalikes_each_misconfigured_request_ends_in_the_rejection_of_its_cause() {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let configured = |config: &mut Config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.public_url = Some(PUBLIC.to_owned());
    };
    let mut app = TestApp::start_with(configured).await;
    let connection = app.razorpay().await.at(app.address);
    // A proven request affects the activity even if it is diagnosed later.
    connection.post(bodies::payment("payment.captured", "pay_Verified000001", 0)).stored().await;
    app.clock.advance(std::time::Duration::from_secs(1));
    let faults = faults(&connection);
    let mut number = 0_u32;
    let mut posts = Vec::new();
    for (cause, fault) in &faults {
        for _ in 0..LOOKALIKES {
            number += 1;
            let [_, a, b, c] = number.to_be_bytes();
            let signature = signing::razorpay("forged", &number.to_be_bytes());
            let post = connection.post(fault.bytes()).signature(&signature);
            posts.push(post.header("x-forwarded-for", &format!("203.{b}.{c}.{a}")));
        }
        let before = posts.len() - LOOKALIKES / 2;
        posts.insert(before, fault.clone().header("x-forwarded-for", &format!("198.51.{}.7", cause.len())));
        number += 1;
    }
    stream::iter(posts).for_each_concurrent(16, async |post| assert_eq!(post.send().await, 401)).await;
    let sent = i64::from(number);
    eventually(async || app.count(COUNT).await == sent).await;
    // How many are diagnosed as they come depends on the machine. Those that an earlier run of the server left are diagnosed, too.
    app.restart_with(configured).await;
    eventually(async || app.count(UNEXAMINED).await == 0).await;
    let mut wanted: Vec<String> = faults.iter().map(|(cause, _)| format!("{cause} 1")).collect();
    wanted.push(format!("unknown {}", faults.len() * LOOKALIKES));
    wanted.sort();
    let mut found = app.texts(FOUND).await;
    found.sort();
    assert_eq!(found, wanted);
    assert_eq!((app.count(COUNT).await, app.count(STORED).await, app.count(WRONG).await), (number.into(), number.into(), 0));
    // All except the one that any sender can have signed.
    assert_eq!(app.count("SELECT COUNT(*) FROM rejected_requests WHERE eviction_rank = 0").await, 9);
    assert_eq!(app.count("SELECT failing_count FROM activity").await, 9);
}

/// Resets all stored requests to undiagnosed.
async fn forget_diagnoses(app: &TestApp) {
    app.sql("UPDATE rejections SET cause = 'not_diagnosed', secret_id = NULL, detail = NULL").await;
    app.sql("UPDATE rejected_requests SET eviction_rank = 1").await;
    app.sql("UPDATE activity SET failing_since = NULL, failing_count = 0, last_proven_at = NULL, failing_rejection_id = NULL")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_proven_later_only_what_came_after_the_last_verified_event_makes_a_webhook_fail() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    for (number, id) in ["pay_Before00000001", "pay_After000000001"].into_iter().enumerate() {
        let body = bodies::payment("payment.captured", id, 0);
        let fault = connection.post(body).secret(&format!("\"{}\"", connection.secret));
        assert_eq!(fault.send().await, 401);
        eventually(async || app.count(COUNT).await == i64::try_from(number).unwrap() + 1).await;
        app.clock.advance(std::time::Duration::from_secs(10));
        if number == 0 {
            connection.post(bodies::payment("payment.captured", "pay_Verified000001", 0)).stored().await;
            eventually(async || app.count("SELECT verified_count FROM activity").await == 1).await;
            app.clock.advance(std::time::Duration::from_secs(10));
        }
    }
    assert_eq!(app.texts(FOUND).await, ["secret_quoted 2"]);
    forget_diagnoses(&app).await;
    app.restart().await;
    eventually(async || app.texts(FOUND).await == ["secret_quoted 2"]).await;
    assert_eq!(app.count("SELECT failing_count FROM activity").await, 1);
    let since = "SELECT COUNT(*) FROM activity e WHERE e.failing_since = (SELECT MAX(q.received_at) FROM rejected_requests q)";
    assert_eq!(app.count(since).await, 1);
}

/// Sends the same misconfigured request again after each pause, and a verified event before the second one if there is any.
async fn copies(app: &TestApp, connection: &Connection, is_verified_between: bool) {
    let body = bodies::payment("payment.captured", "pay_Copied00000001", 0);
    let fault = connection.post(body).secret(&format!("\"{}\"", connection.secret));
    for number in 1..=3 {
        assert_eq!(fault.send().await, 401);
        eventually(async || app.count(COUNT).await == number).await;
        app.clock.advance(std::time::Duration::from_secs(10));
        if number == 1 && is_verified_between {
            connection.post(bodies::payment("payment.captured", "pay_Verified000001", 0)).stored().await;
            eventually(async || app.count("SELECT verified_count FROM activity").await == 1).await;
            app.clock.advance(std::time::Duration::from_secs(10));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_copies_around_the_last_verified_event_one_is_known_to_have_come_after_it() {
    for (is_verified_between, failing, seconds) in [(false, 3, 20), (true, 1, 30)] {
        let mut app = TestApp::start().await;
        let connection = app.razorpay().await;
        copies(&app, &connection, is_verified_between).await;
        let stored = "SELECT count || ' ' || ((last_at - received_at) / 1000) FROM rejected_requests";
        assert_eq!(app.texts(stored).await, [format!("3 {seconds}")], "one request that was received three times");
        forget_diagnoses(&app).await;
        app.restart().await;
        eventually(async || app.texts(FOUND).await == ["secret_quoted 3"]).await;
        assert_eq!(app.count("SELECT failing_count FROM activity").await, failing);
        let since = "SELECT (a.failing_since - q.received_at) / 1000 FROM activity a CROSS JOIN rejected_requests q";
        assert_eq!(app.count(since).await, if is_verified_between { seconds } else { 0 }, "the first or the last of them");
    }
}

/// Returns requests with two faults each: the secret was cut, at another place in each, and the body was respaced. Their bodies
/// have a note of that length.
fn combined_faults(connection: &Connection, count: usize, note: usize) -> Vec<Post> {
    let fault = |number: usize| {
        let body = String::from_utf8(bodies::payment("payment.captured", &format!("pay_Combined{number:06}"), 0)).unwrap();
        let body = body.replace("\"notes\":[]", &format!("\"notes\":{{\"note\":\"{}\"}}", "a".repeat(note)));
        let spaced = body.replace("\":", "\": ");
        let post = connection.post(body).secret(&connection.secret[..28 + number]).body_after_signing(spaced.as_bytes());
        post.header("x-forwarded-for", &format!("203.0.113.{number}"))
    };
    (0..count).map(fault).collect()
}

async fn all_get_their_cause(count: usize, note: usize) {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let app = TestApp::start_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let connection = app.razorpay().await;
    let posts = combined_faults(&connection, count, note);
    stream::iter(posts).for_each_concurrent(count, async |post| assert_eq!(post.send().await, 401)).await;
    let all = i64::try_from(count).unwrap();
    eventually(async || app.count(COUNT).await == all).await;
    let open = "SELECT COUNT(*) FROM rejections WHERE cause IN ('unknown', 'not_diagnosed')";
    eventually(async || app.count(open).await == 0).await;
    let found = app.texts("SELECT DISTINCT cause FROM rejections").await;
    assert_eq!((found, app.count(COUNT).await, app.count(WRONG).await), (vec!["secret_cut".to_owned()], all, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dozen_combined_faults_from_any_address_that_come_together_all_get_their_cause() {
    all_get_their_cause(12, 0).await;
}

/// These exceed their share of an interval.
#[tokio::test(flavor = "multi_thread")]
async fn long_requests_with_combined_faults_get_their_cause_by_a_second_diagnosis() {
    all_get_their_cause(8, 2000).await;
}
