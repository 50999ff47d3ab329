//! `ks-pay listen`: the real command, between a server and a local system.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    support::{
        TestApp, bodies,
        builders::Connection,
        database::is_postgres,
        eventually, files,
        process::Process,
        proxy::{Manner, Middle},
        signing,
        sink::{Response, Sink},
        webhook_request::client,
    },
    tokens::add,
};

/// Makes the newest event a test event.
const MARK: &str = "INSERT INTO test_events (event_id, app_id, connection_id, body_sha256, received_at) \
         SELECT e.id, c.app_id, c.id, e.dedupe_key, e.received_at FROM events e JOIN connections c ON c.id = e.connection_id \
         ORDER BY e.id DESC LIMIT 1";
/// Counts the sessions that wait for a lock.
const WAITS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

/// A server, a connection, a local system, and a token.
struct Desk {
    app: TestApp,
    connection: Connection,
    sink: Sink,
    token: String,
}

impl Desk {
    async fn start() -> Self {
        Self::of("razorpay").await
    }

    async fn of(gateway: &'static str) -> Self {
        let app = TestApp::start().await;
        let connection = app.company("Neem Tree Retail").await.app("Neem Tree Store").await.connect(gateway, "test").await;
        let token = add(&app, &connection.app_id, &[]).await;
        Self { sink: Sink::start().await, app, connection, token }
    }

    fn listen(&self, more: &[&str]) -> Process {
        self.listen_at(&format!("http://{}", self.app.address), &self.sink.url, more)
    }

    fn listen_at(&self, url: &str, to: &str, more: &[&str]) -> Process {
        let args = [&["listen", "--url", url, "--app", &self.connection.app_id, "--forward-to", to, "--json"], more].concat();
        let home = self.app.beside("");
        self.app.process_with_input(&args, &[("KS_PAY_TOKEN", &self.token), ("HOME", home.to_str().unwrap())])
    }

    async fn receive(&self, payment: &str) -> Vec<u8> {
        let body = bodies::payment("payment.captured", payment, 0);
        self.connection.post(body.clone()).event_id(&format!("evt_{payment}")).stored().await;
        body
    }

    /// Returns the gateway's ids of the events that the local system received, in order.
    fn received(&self) -> Vec<String> {
        self.sink.received().iter().map(|one| one.header("x-razorpay-event-id").unwrap().to_owned()).collect()
    }
}

fn event(process: &mut Process) -> Value {
    serde_json::from_str(&process.line("{\"again\"")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_catches_up_and_forwards_the_exact_bytes_with_the_gateways_own_signature() {
    let desk = Desk::start().await;
    let body = desk.receive("pay_1").await;
    let mut process = desk.listen(&["--since", "2h"]);
    let line = event(&mut process);
    assert_eq!((&line["type"], &line["status"], &line["again"]), (&json!("payment.captured"), &json!(200), &json!(false)));
    let received = desk.sink.received().remove(0);
    assert_eq!(received.body, body);
    assert_eq!(received.header("x-razorpay-signature"), Some(signing::razorpay(&desk.connection.secret, &body).as_str()));
    assert_eq!((received.header("content-type"), received.header("ks-pay-event-state")), (Some("application/json"), None));
    assert!(received.header("webhook-signature").is_none() && received.header("authorization").is_none(), "{}", received.head);
    desk.receive("pay_2").await;
    assert_eq!(event(&mut process)["status"], 200);
    desk.connection.post(b"{}".to_vec()).event_id("evt_3").stored().await;
    assert_eq!(event(&mut process)["state"], "quarantined");
    assert_eq!(desk.sink.received()[2].header("ks-pay-event-state"), Some("quarantined"));
    let ended = process.terminate();
    assert!(ended.code == Some(0) && !ended.err.contains(&desk.token), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_since_it_begins_now_and_events_are_selected_by_their_type() {
    let desk = Desk::start().await;
    desk.receive("pay_1").await;
    let mut process = desk.listen(&["--events", "refund.*,payment.failed"]);
    process.says("Forwarding events").await;
    let state = desk.app.beside(".local/state/ks-pay/listen");
    eventually(async || {
        state.exists() && files(&state).iter().any(|(_, content)| content.windows(5).any(|part| part == b"after"))
    })
    .await;
    desk.receive("pay_2").await;
    let failed = bodies::payment("payment.failed", "pay_3", 0);
    desk.connection.post(failed).event_id("evt_pay_3").stored().await;
    assert_eq!(event(&mut process)["type"], "payment.failed");
    assert_eq!(desk.received(), ["evt_pay_3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_loses_no_event_and_a_stop_repeats_none() {
    let desk = Desk::start().await;
    for payment in ["pay_1", "pay_2", "pay_3"] {
        desk.receive(payment).await;
    }
    desk.sink.next([Response::Complete(200, "", ""), Response::Silence]);
    let mut process = desk.listen(&["--since", "1h"]);
    assert_eq!(event(&mut process)["status"], 200);
    eventually(async || desk.sink.received().len() == 2).await;
    // The second one was sent, but not answered.
    process.signal("KILL");
    assert_eq!(process.end().code, None);
    let mut process = desk.listen(&[]);
    let lines = [event(&mut process), event(&mut process)];
    assert!(lines.iter().all(|line| line["status"] == 200), "{lines:?}");
    assert_eq!(desk.received(), ["evt_pay_1", "evt_pay_2", "evt_pay_2", "evt_pay_3"]);
    assert_eq!(process.terminate().code, Some(0));
    desk.receive("pay_4").await;
    let mut process = desk.listen(&[]);
    assert_eq!(event(&mut process)["status"], 200);
    assert_eq!(desk.received().last().unwrap(), "evt_pay_4");
    assert_eq!(desk.sink.received().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_a_proxy_cut_connections_or_responded_itself() {
    const BAD_GATEWAY: &str = "HTTP/1.1 502 X\r\ncontent-length: 9\r\nconnection: close\r\n\r\n<b>no</b>";
    let desk = Desk::start().await;
    let proxy = Middle::start().await;
    proxy.stands_before(desk.app.address);
    let mut process = desk.listen_at(&format!("http://{}", proxy.address), &desk.sink.url, &["--since", "1h"]);
    desk.receive("pay_1").await;
    assert_eq!(event(&mut process)["status"], 200);
    for manner in [Manner::HangsUp, Manner::Answers(BAD_GATEWAY)] {
        let before = proxy.passed().len();
        proxy.does(manner);
        desk.receive(if before < 3 { "pay_2" } else { "pay_3" }).await;
        eventually(async || proxy.passed().len() > before + 1).await;
        proxy.does(Manner::Pass(|passing| passing));
        assert_eq!(event(&mut process)["status"], 200);
    }
    let received = desk.received();
    assert_eq!((received.len(), received.first().map(String::as_str)), (3, Some("evt_pay_1")), "{received:?}");
    let ended = process.terminate();
    assert!(ended.err.contains("Connected again."), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_while_nothing_listens_at_the_local_address() {
    let desk = Desk::start().await;
    desk.receive("pay_1").await;
    let place = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut process =
        desk.listen_at(&format!("http://{}", desk.app.address), &format!("http://{place}/hook"), &["--since", "1h"]);
    process.says("Cannot connect to the local server").await;
    let late = Sink::start_at(place).await;
    assert_eq!(event(&mut process)["status"], 200);
    assert_eq!(late.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_send_the_last_event_and_all_that_failed_again() {
    let desk = Desk::start().await;
    desk.sink.next([Response::Complete(500, "", "Traceback: no such table\nat line 1"), Response::Complete(200, "", "")]);
    let body = desk.receive("pay_1").await;
    desk.receive("pay_2").await;
    let mut process = desk.listen(&["--since", "1h"]);
    let failed = event(&mut process);
    assert_eq!((&failed["status"], &failed["error"]), (&json!(500), &json!("Traceback: no such table")));
    assert_eq!(event(&mut process)["status"], 200);
    process.type_line("f");
    let again = event(&mut process);
    assert_eq!((&again["event"], &again["status"], &again["again"]), (&failed["event"], &json!(200), &json!(true)));
    process.type_line("r");
    assert_ne!(event(&mut process)["event"], failed["event"]);
    process.type_line("f");
    process.says("no event to send again").await;
    process.type_line("q");
    assert_eq!(process.end().code, Some(0));
    assert_eq!(desk.received(), ["evt_pay_1", "evt_pay_2", "evt_pay_1", "evt_pay_2"]);
    assert_eq!(desk.sink.received()[2].body, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn resigned_events_are_signed_with_a_secret_of_this_machine_in_both_schemes() {
    for gateway in ["razorpay", "standard-webhooks"] {
        let desk = Desk::of(gateway).await;
        let body = bodies::payment("payment.captured", "pay_1", 0);
        desk.connection.post(body.clone()).event_id("evt_1").stored().await;
        let mut process = desk.listen(&["--since", "1h", "--resign"]);
        let printed: Value = serde_json::from_str(&process.line("{\"secret\"")).unwrap();
        let secret = printed["secret"].as_str().unwrap();
        assert_eq!(event(&mut process)["status"], 200);
        let received = desk.sink.received().remove(0);
        assert!(secret.starts_with("whsec_") && secret != desk.connection.secret && received.body == body);
        let (id, at) = (received.header("webhook-id").unwrap(), received.header("webhook-timestamp").unwrap());
        assert!(id.starts_with("ev_"), "{id}");
        let signed = signing::standard_webhooks(secret, id, at, &body);
        assert_eq!(received.header("webhook-signature"), Some(signed.as_str()), "{gateway}");
        if gateway == "razorpay" {
            assert_eq!(received.header("x-razorpay-signature"), Some(signing::razorpay(secret, &body).as_str()));
            assert_eq!(received.header("x-razorpay-event-id"), Some("evt_1"));
        }
        process.terminate();
        let mut again = desk.listen(&["--resign"]);
        let kept: Value = serde_json::from_str(&again.line("{\"secret\"")).unwrap();
        assert_eq!(kept, printed, "the secret stays, so that it is entered once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_deleted_is_reported_and_a_test_event_is_not_forwarded() {
    let desk = Desk::start().await;
    desk.receive("pay_1").await;
    desk.app.sql("DELETE FROM event_payloads").await;
    desk.receive("pay_2").await;
    desk.app.sql(MARK).await;
    desk.receive("pay_3").await;
    let mut process = desk.listen(&["--since", "1h"]);
    let deleted = event(&mut process);
    assert!(deleted["status"].is_null() && deleted["error"].as_str().unwrap().contains("deleted"), "{deleted}");
    assert_eq!(event(&mut process)["status"], 200);
    assert_eq!(desk.received(), ["evt_pay_3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_leak_a_token_or_an_event_is_refused_in_one_sentence() {
    let desk = Desk::start().await;
    let url = format!("http://{}", desk.app.address);
    let home = desk.app.beside("").to_str().unwrap().to_owned();
    let run = async |url: &str, to: &str, more: &[&str], token: &str| {
        let args = [&["listen", "--url", url, "--app", &desk.connection.app_id, "--forward-to", to], more].concat();
        desk.app.cli_with(&args, "", &[("KS_PAY_TOKEN", token), ("HOME", &home)]).await
    };
    let local = "http://localhost:9/hook";
    for (from, to, part) in [
        ("http://192.0.2.1", local, "https"),
        (&*url, "http://192.0.2.1/hook", "--allow-remote"),
        (&url, "https://192.0.2.1/hook", "--allow-remote"),
        (&url, "http://0.0.0.0:9/hook", "--allow-remote"),
        (&url, "http://[::ffff:192.0.2.1]/hook", "--allow-remote"),
    ] {
        let output = run(from, to, &[], &desk.token).await;
        assert!(output.failure().contains(part), "{from} {to}: {}", output.err);
    }
    for (from, to, more) in [
        ("ftp://localhost", local, &[][..]),
        (&*url, "localhost:9", &[]),
        (&url, "http://user:word@localhost/", &[]),
        (&url, local, &["--since", "yesterday"]),
    ] {
        assert_eq!(run(from, to, more, &desk.token).await.code, 2, "{from} {to} {more:?}");
    }
    assert!(run(&url, local, &[], "tk_wrong").await.failure().contains("token"));
    // What the server refuses for good ends the command.
    let unknown = format!("{}{}", &desk.token[..57], if desk.token.ends_with('0') { '1' } else { '0' });
    for (more, token, part) in [(&[][..], unknown.as_str(), "removed"), (&["--live"], &desk.token, "Test mode only")] {
        let output = run(&url, local, more, token).await;
        assert!(output.code == 1 && output.err.contains(part) && output.out.is_empty(), "{}", output.err);
    }
    let elsewhere = run(&format!("{url}/nowhere"), local, &["--live"], &desk.token).await;
    assert_eq!(elsewhere.code, 1, "the path of --url is that of KS Pay: {}", elsewhere.err);
}

/// Asks a server for events.
async fn ask(desk: &Desk, server: SocketAddr, start: &Value) -> Value {
    let body = json!({ "app": desk.connection.app_id, "mode": "test", "start": start });
    let request = client().post(format!("http://{server}/api/listen")).bearer_auth(&desk.token);
    let response = request.body(body.to_string()).send().await.unwrap();
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Two servers on PostgreSQL: the unit of work that took the smaller id commits last.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_commits_after_one_with_a_greater_id_is_not_skipped() {
    if !is_postgres() {
        return;
    }
    let desk = Desk::start().await;
    let other = crate::support::builders::App::at(&desk.app, &desk.connection.app_id).connect("standard-webhooks", "test").await;
    let server = desk.app.another_server().await;
    let other = other.at(server.address());
    desk.receive("pay_0").await;
    let first = ask(&desk, desk.app.address, &json!({ "since": 0 })).await;
    let lock = desk.app.lock_oldest_activity().await;
    let late = tokio::spawn(desk.connection.post(bodies::payment("payment.captured", "pay_late", 0)).event_id("evt_late").sent());
    // It has its id, and waits before its commit.
    eventually(async || desk.app.count(WAITS).await > 0).await;
    other.post(bodies::payment("payment.captured", "pay_early", 0)).event_id("evt_early").stored().await;
    // This server has observed nothing yet.
    let second = ask(&desk, server.address(), &json!({ "after": first["cursor"] })).await;
    lock.release().await;
    assert_eq!(late.await.unwrap(), 200);
    let third = ask(&desk, desk.app.address, &json!({ "after": second["cursor"] })).await;
    let ids = |batch: &Value| -> Vec<String> {
        batch["events"].as_array().unwrap().iter().map(|event| event["gateway_event_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((ids(&second), ids(&third)), (vec!["evt_early".to_owned()], vec!["evt_late".to_owned()]));
    let stored: Vec<String> = desk.app.texts("SELECT gateway_event_id FROM events ORDER BY id").await;
    assert_eq!(stored[1..], ["evt_late", "evt_early"], "the ids are in the other order than the commits");
    server.stop().await;
}
