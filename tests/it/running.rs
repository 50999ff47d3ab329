//! Real binary: its output, the files it creates, and its exit.

use std::os::unix::fs::PermissionsExt as _;

use futures_util::{StreamExt as _, stream};
use reqwest::Method;

use crate::support::{
    Installation, TestApp, bodies,
    browser::Browser,
    builders::Connection,
    cli::one_sentence,
    database, eventually,
    raw::{self, RawResponse},
    signing,
};

const LINK: &str = "set up here";

/// Returns the one-time links in the output of a start.
fn links(out: &[String]) -> Vec<&str> {
    out.iter().filter(|line| line.contains("/setup?token=")).map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_start_prints_a_new_link_until_there_is_a_user() {
    let at = Installation::new().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (mut process, address) = at.serve_in_process(&[]);
        let link = process.line(LINK);
        assert!(link.contains(&format!("http://{address}/setup?token=")), "{link}");
        let ended = process.terminate();
        assert_eq!(ended.code, Some(0));
        assert_eq!(links(&ended.out), [link.as_str()]);
        let token = link.split("token=").nth(1).unwrap();
        assert!(token.len() >= 22 && !ended.err.contains(token), "the token is on stdout alone");
        seen.push(link);
    }
    assert_ne!(seen[0].split("token=").nth(1), seen[1].split("token=").nth(1));
    at.company("Neem Tree Retail").await;
    let (process, _) = at.serve_in_process(&[]);
    assert!(links(&process.terminate().out).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_sent_by_a_thread_that_makes_way_for_those_which_store_and_serve() {
    let at = Installation::new().await;
    let (process, _) = at.serve_in_process(&[]);
    let threads = process.threads();
    let usual = threads.iter().find(|thread| thread.name == "ks-pay").unwrap().niceness;
    let (senders, others): (Vec<_>, Vec<_>) = threads.iter().partition(|thread| thread.name == "sender");
    let niceness: Vec<i32> = senders.iter().map(|thread| thread.niceness).collect();
    assert_eq!(niceness, [(usual + 10).min(19)]);
    for thread in others {
        assert_eq!(thread.niceness, usual, "{}", thread.name);
    }
    assert_eq!(process.terminate().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_its_owners_alone_and_printed_in_full() {
    let at = Installation::new().await;
    let (mut process, address) = at.serve_in_process(&[]);
    let printed = process.line("data directory ");
    assert_eq!(printed, format!("data directory {}", std::fs::canonicalize(at.data_dir()).unwrap().display()));
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(at.data_dir()), 0o700);
    assert_eq!(mode(at.data_dir().join("master.key")), 0o600);
    let ended = process.terminate();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.out[0], format!("listening on http://{address}"));
    assert!(ended.err.lines().any(|line| line.contains("server started on")), "{}", ended.err);
}

/// Returns the message of a line of JSON.
fn message(line: &str) -> String {
    let object: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert!(object["timestamp"].is_string() && object["level"].is_string(), "{line}");
    object["fields"]["message"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_log_is_json_so_is_all_that_a_server_prints_and_why_it_does_not_start() {
    let at = Installation::new().await;
    let json = [("KS_PAY_LOG_FORMAT", "json")];
    let mut process = at.process(&["serve"], &json);
    process.line(r#"{"fields":{"message":"listening on http://"#);
    process.line(r#"{"fields":{"message":"data directory "#);
    process.line(r#"{"fields":{"message":"set up here"#);
    let ended = process.terminate();
    assert_eq!(ended.code, Some(0));
    let printed: Vec<String> = ended.out.iter().map(|line| message(line)).collect();
    assert!(printed[0].starts_with("listening on http://127.0.0.1:"), "{printed:?}");
    let logged: Vec<String> = ended.err.lines().map(message).collect();
    assert!(logged.iter().any(|line| line.contains("server started on")), "{logged:?}");
    let token = printed[2].split("token=").nth(1).unwrap();
    assert!(!ended.err.contains(token), "the token is on stdout alone");

    let failed = at.process(&["serve"], &[json[0], ("DATABASE_URL", "mysql://hush")]).end();
    assert_eq!((failed.code, failed.out.len()), (Some(1), 0));
    assert!(message(one_sentence_of_json(&failed.err)).contains("DATABASE_URL"), "{}", failed.err);
}

fn one_sentence_of_json(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "one line: {text}");
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_fill_the_log() {
    let at = Installation::new().await;
    // The second filter also shows a library's parse errors, which any client can cause.
    for filter in ["info", "info,actix_http=info"] {
        let (process, address) = at.serve_in_process(&[("RUST_LOG", filter)]);
        let began = std::time::Instant::now();
        for _ in 0..600 {
            raw::exchange(address, b"\x16\x03\x01 this is no HTTP\r\n\r\n").await;
        }
        let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
        let ended = process.terminate();
        let lines = ended.err.lines().filter(|line| line.contains("request parse error")).count();
        let expected = if filter == "info" { 0..=0 } else { 1..=2 * seconds };
        assert!(expected.contains(&lines), "{lines} lines in {seconds} s: {}", ended.err);
    }
}

/// Number of requests; half of them would each write a line.
const FLOOD: usize = 2000;
/// Upper bound on lines that a slow machine writes during the flood: a few lines per second.
const MAX_FLOOD_LINES: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_at_pages_and_webhooks_writes_few_lines() {
    let at = Installation::new().await;
    at.company("Neem Tree Retail").await;
    let (process, address) = at.serve_in_process(&[]);
    let visitor = Browser::at(address);
    let token = &visitor.get("/login").await.field("csrf_token").unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let ask = async |number: usize| {
        let send =
            async |method, path: &str, body: &str| visitor.send(method, path, Some(body.to_owned()), &form).await.status.as_u16();
        match number % 4 {
            0 => send(Method::POST, "/webhooks/x", "{}").await,
            1 => send(Method::GET, &format!("/unknown/{number}"), "").await,
            _ => send(Method::POST, "/login", &format!("csrf_token={token}&email=a{number}@b.example&password=wrong")).await,
        }
    };
    let statuses: Vec<u16> = stream::iter(0..FLOOD).map(ask).buffer_unordered(8).collect().await;
    let log = tokio::task::block_in_place(|| process.terminate()).err;
    let (failed, limited) = (log.contains("a sign-in failed"), log.contains("sign-in attempts are rate-limited"));
    assert!(failed && limited, "the flood reaches both: {log}");
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert!(
        count(429) > MAX_FLOOD_LINES && count(401) == FLOOD / 4 && count(404) == FLOOD / 4,
        "{} {} {}",
        count(429),
        count(401),
        count(404)
    );
    let lines = log.lines().count();
    assert!(lines <= MAX_FLOOD_LINES, "{lines} lines for {FLOOD} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_keeps_what_the_probes_say() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        let page = app.visitor().get(path).await;
        assert_eq!(
            (page.status.as_u16(), &page.headers["cache-control"], &page.headers["x-content-type-options"]),
            (200, &"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_says_one_line_and_nothing_else() {
    let at = Installation::new().await;
    let ended = at.process(&["serve"], &[("DATABASE_URL", "mysql://hush")]).end();
    assert_eq!((ended.code, ended.out.len()), (Some(1), 0));
    one_sentence(&ended.err);
    assert_eq!(at.process(&["nonsense"], &[]).end().code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_is_a_stop_as_good_as_any() {
    let at = Installation::new().await;
    let (process, _) = at.serve_in_process(&[]);
    process.signal("INT");
    assert_eq!(process.end().code, Some(0));
}

/// Posts until the server is gone; returns the hashes of the acknowledged events.
async fn post_until_stopped(connection: &Connection, prefix: &str, acknowledged: &tokio::sync::Semaphore) -> Vec<String> {
    let mut stored = Vec::new();
    for number in 0.. {
        let post = connection.post(bodies::payment("payment.captured", &format!("{prefix}{number}"), 0));
        match post.attempt().await {
            Ok(answer) if answer.status() == 200 => {
                stored.push(signing::sha256(post.bytes()));
                acknowledged.add_permits(1);
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    stored
}

/// Stops the server under load with that signal; asserts that it has stored every acknowledged event.
async fn stop_under_load(signal: &str) -> Option<i32> {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.stop().await;
    let (process, address) = app.serve_in_process(&[]);
    let connection = connection.at(address);
    let acknowledged = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..8 {
        let (connection, acknowledged) = (connection.clone(), acknowledged.clone());
        senders.spawn(async move { post_until_stopped(&connection, &format!("pay_{sender}_"), &acknowledged).await });
    }
    let _ = acknowledged.acquire_many(40).await.unwrap();
    process.signal(signal);
    let ended = tokio::task::block_in_place(|| process.end());
    let stored: Vec<String> = senders.join_all().await.concat();
    assert!(stored.len() >= 40);
    let events = app.events().await;
    let kept: std::collections::HashSet<_> = events.iter().map(|event| event["body_sha256"].as_str().unwrap()).collect();
    assert_eq!(kept.len(), events.len(), "every body once");
    assert!(stored.iter().all(|sha256| kept.contains(sha256.as_str())));
    assert_eq!(app.transactions().await.len(), events.len(), "and every event projected");
    ended.code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_has_stored_what_it_acknowledged() {
    assert_eq!(stop_under_load("TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_has_stored_what_it_acknowledged() {
    assert_eq!(stop_under_load("KILL").await, None);
}

/// Sends the signal this many times to a server with a request in flight; returns the response to that request.
async fn stop_with_request_in_flight(app: &TestApp, connection: &Connection, signals: usize) -> RawResponse {
    let (process, address) = app.serve_in_process(&[]);
    let mut slow = connection.at(address).post(bodies::bare("foo.bar")).begun().await;
    process.signal("TERM");
    eventually(async || raw::connect(address).await.is_err()).await;
    for _ in 1..signals {
        process.signal("TERM");
    }
    let answer = raw::read_to_end(&mut slow).await;
    let ended = tokio::task::block_in_place(|| process.end());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_waits_for_anothers_ends_when_it_is_told_to() {
    if database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    std::fs::create_dir_all(at.data_dir()).unwrap();
    let turn = std::fs::File::create(at.data_dir().join("ks-pay.db.migrating")).unwrap();
    turn.lock().unwrap();
    let process = at.process(&[], &[]);
    // Created by a start that already handles signals, before it waits.
    eventually(async || at.data_dir().join("ks-pay.db.lock").exists()).await;
    process.signal("TERM");
    let ended = tokio::task::block_in_place(|| process.end());
    assert_eq!((ended.code, ended.out), (Some(0), Vec::new()), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_skips_the_grace_period() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.stop().await;
    let answer = stop_with_request_in_flight(&app, &connection, 1).await;
    assert!(!answer.0.is_empty(), "one signal waits for the request in flight");
    // A started request gets its response after 3 s, which may be before the second signal on a busy machine.
    for _ in 0..10 {
        let answer = stop_with_request_in_flight(&app, &connection, 2).await;
        if answer.0.is_empty() {
            return;
        }
        assert_eq!(answer.status(), 408, "{answer:?}");
    }
    panic!("it waits all the same");
}
