//! Deliveries: what a destination receives, what is repeated, and what waits.

use std::{sync::Arc, time::Duration};

use ks_pay::primitives::time::Clock;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{
    TestApp, bodies,
    builders::Connection,
    cli::lines,
    database::is_postgres,
    eventually, signing,
    sink::{Response, Sink},
};

/// What a destination is created with.
async fn add(app: &TestApp, connection: &Connection, url: &str, more: &[&str]) -> Value {
    let args = ["destination", "add", "--app", &connection.app_id, "--mode", connection.mode, "--url", url, "--json"];
    let name = format!("Shop {}", signing::sha256(format!("{url}{more:?}").as_bytes()).get(..6).unwrap());
    let args: Vec<&str> = args.into_iter().chain(["--name", &name]).chain(more.iter().copied()).collect();
    app.cli_with(&args, "", &[("KS_PAY_ALLOW_DESTINATIONS", "127.0.0.0/8")]).await.json()
}

async fn serve() -> (TestApp, Connection) {
    let app = TestApp::start_with(|config| config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let connection = app.razorpay().await;
    (app, connection)
}

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

async fn deliveries(app: &TestApp) -> Vec<Value> {
    let output = app.cli(["deliveries", "export", "--jsonl"], "").await;
    output.assert_done();
    lines(&output.out)
}

/// Waits until as many deliveries are in that state.
async fn eventually_in(app: &TestApp, state: &str, count: usize) {
    eventually(async || deliveries(app).await.iter().filter(|one| one["state"] == state).count() == count).await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_original_destination_receives_the_exact_bytes_with_the_gateways_own_signature_and_ours() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    let destination = add(&app, &connection, &sink.url, &[]).await;
    let body = [captured("pay_1"), b" ".to_vec()].concat();
    connection.post(body.clone()).event_id("evt_1").stored().await;
    eventually_in(&app, "delivered", 1).await;

    let [received] = sink.received().try_into().unwrap();
    let event = app.events().await.remove(0);
    assert_eq!(received.body, body);
    assert_eq!(received.header("x-razorpay-signature"), Some(signing::razorpay(&connection.secret, &body).as_str()));
    assert_eq!(received.header("x-razorpay-event-id"), Some("evt_1"));
    let (id, at) = (received.header("webhook-id").unwrap(), received.header("webhook-timestamp").unwrap());
    assert_eq!((id, at), (text(&event["event"]), app.now().seconds().to_string().as_str()));
    let signed = signing::standard_webhooks(text(&destination["secret"]), id, at, &body);
    assert_eq!(received.header("webhook-signature"), Some(signed.as_str()));
    assert_eq!((received.header("content-type"), received.header("ks-pay-event-state")), (Some("application/json"), None));
    assert!(!received.head.contains("cookie") && received.head.starts_with("POST /hook HTTP/1.1"), "{}", received.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_arrives_again_is_not_sent_again_and_what_is_not_processed_names_its_state() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &[]).await;
    for _ in 0..3 {
        connection.post(captured("pay_1")).event_id("evt_1").stored().await;
    }
    connection.post(captured("pay_2")).event_id("evt_1").stored().await;
    connection.post(b"{}".to_vec()).event_id("evt_3").stored().await;
    eventually_in(&app, "delivered", 3).await;
    let mut states: Vec<Option<String>> =
        sink.received().iter().map(|one| one.header("ks-pay-event-state").map(str::to_owned)).collect();
    states.sort();
    assert_eq!(states, [None, Some("conflict".to_owned()), Some("quarantined".to_owned())]);
    assert_eq!(deliveries(&app).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_normalized_destination_receives_one_json_and_only_what_it_selects() {
    let (app, connection) = serve().await;
    let (all, refunds) = (Sink::start().await, Sink::start().await);
    add(&app, &connection, &all.url, &["--format", "normalized"]).await;
    add(&app, &connection, &refunds.url, &["--format", "normalized", "--events", "refund.*"]).await;
    connection.post(captured("pay_1")).stored().await;
    connection.post(b"{}".to_vec()).stored().await;
    eventually_in(&app, "delivered", 1).await;
    let [received] = all.received().try_into().unwrap();
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["payment"]["id"]), (&json!("payment.captured"), &json!("pay_1")));
    assert_eq!((&body["id"], &body["data"]["origin"]), (&app.events().await[0]["event"], &json!("webhook")));
    assert_eq!(received.header("x-razorpay-signature"), None);
    assert!(refunds.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_made_anew_is_of_the_destinations_own_secret() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    let destination = add(&app, &connection, &sink.url, &["--resign"]).await;
    connection.post(captured("pay_1")).stored().await;
    eventually_in(&app, "delivered", 1).await;
    let [received] = sink.received().try_into().unwrap();
    let own = signing::razorpay(text(&destination["gateway_secret"]), &received.body);
    assert_eq!(received.header("x-razorpay-signature"), Some(own.as_str()));
    assert_ne!(destination["gateway_secret"], json!(connection.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_repeated_under_the_same_id_as_planned() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &[]).await;
    let redirect = Response::Complete(302, "Location: http://127.0.0.1:1/\r\n", "");
    sink.next([Response::Complete(500, "", "<b>broken</b>"), redirect, Response::Complete(404, "Retry-After: 600\r\n", "")]);
    connection.post(captured("pay_1")).stored().await;
    for (attempts, status, at_most) in [(1, 500, 6_u64), (2, 302, 72), (3, 404, 600)] {
        eventually(async || deliveries(&app).await[0]["attempts"] == attempts).await;
        let delivery = deliveries(&app).await.remove(0);
        assert_eq!((&delivery["state"], &delivery["last_status"]), (&json!("waiting"), &json!(status)));
        app.clock.advance(Duration::from_secs(at_most));
    }
    eventually_in(&app, "delivered", 1).await;
    let ids: Vec<String> = sink.received().iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!((ids.len(), ids.iter().all(|id| *id == ids[0])), (4, true));
    let times: Vec<String> = sink.received().iter().map(|one| one.header("webhook-timestamp").unwrap().to_owned()).collect();
    assert!(times.is_sorted() && times[0] < times[3], "each attempt is signed at its time: {times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_exhausted_after_eleven_attempts() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &[]).await;
    sink.usually(Response::Complete(400, "", "no"));
    connection.post(captured("pay_1")).stored().await;
    for attempts in 1..11 {
        eventually(async || deliveries(&app).await[0]["attempts"] == attempts).await;
        // Another event is accepted, so that the destination is not paused for want of a success.
        sink.next([Response::Complete(200, "", "")]);
        connection.post(captured(&format!("pay_other_{attempts}"))).stored().await;
        eventually_in(&app, "delivered", attempts).await;
        app.clock.advance(Duration::from_hours(29));
    }
    eventually_in(&app, "exhausted", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_gone_is_paused_and_what_waits_is_sent_once_it_is_resumed() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    let destination = add(&app, &connection, &sink.url, &[]).await;
    sink.next([Response::Complete(410, "", "")]);
    connection.post(captured("pay_1")).stored().await;
    eventually(async || state(&app, &connection).await == "paused").await;
    connection.post(captured("pay_2")).stored().await;
    app.clock.advance(Duration::from_secs(10));
    eventually_in(&app, "waiting", 2).await;
    assert_eq!(sink.received().len(), 1);
    app.cli(["destination", "resume", "--destination", text(&destination["destination"])], "").await.assert_done();
    eventually_in(&app, "delivered", 2).await;
}

async fn state(app: &TestApp, connection: &Connection) -> String {
    let output = app.cli(["destination", "list", "--app", &connection.app_id, "--json"], "").await;
    text(&lines(&output.out)[0]["state"]).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_order_a_failed_delivery_holds_back_the_next_ones() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &["--fifo"]).await;
    sink.next([Response::Complete(400, "", "")]);
    for id in ["pay_1", "pay_2", "pay_3"] {
        connection.post(captured(id)).stored().await;
    }
    eventually(async || deliveries(&app).await[0]["attempts"] == 1).await;
    assert_eq!(sink.received().len(), 1, "the second one waits");
    app.clock.advance(Duration::from_secs(6));
    eventually_in(&app, "delivered", 3).await;
    let order: Vec<String> = sink
        .received()
        .iter()
        .map(|one| text(&serde_json::from_slice::<Value>(&one.body).unwrap()["payload"]["payment"]["entity"]["id"]).to_owned())
        .collect();
    assert_eq!(order, ["pay_1", "pay_1", "pay_2", "pay_3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_never_responds_does_not_delay_another() {
    let (app, connection) = serve().await;
    let (silent, other) = (Sink::start().await, Sink::start().await);
    silent.usually(Response::Silence);
    add(&app, &connection, &silent.url, &["--concurrency", "10", "--timeout", "30"]).await;
    add(&app, &connection, &other.url, &[]).await;
    for index in 0..20 {
        connection.post(captured(&format!("pay_{index}"))).stored().await;
    }
    eventually_in(&app, "delivered", 20).await;
    assert_eq!((other.received().len(), silent.received().len()), (20, 10));
    assert!(other.connections() <= 4, "connections are used again: {}", other.connections());
}

/// Seven destinations occupy all places of their company; the eighth has its turn when one becomes free.
#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_of_a_company_destinations_have_their_turn() {
    const MAX_OF_COMPANY: usize = 64;
    const EVENTS: usize = 40;
    let (app, connection) = serve().await;
    let (busy, next, permits) = (Sink::start().await, Sink::start().await, Arc::new(Semaphore::new(0)));
    busy.usually(Response::Held(Arc::clone(&permits)));
    for number in 0..7 {
        let url = format!("{}?{number}", busy.url);
        add(&app, &connection, &url, &["--concurrency", "10", "--timeout", "30"]).await;
    }
    let last = add(&app, &connection, &next.url, &[]).await;
    let id = text(&last["destination"]);
    app.cli(["destination", "pause", "--destination", id], "").await.assert_done();
    for number in 0..EVENTS {
        connection.post(captured(&format!("pay_{number}"))).stored().await;
    }
    eventually(async || busy.received().len() == MAX_OF_COMPANY).await;
    app.cli(["destination", "resume", "--destination", id], "").await.assert_done();
    while next.received().is_empty() {
        let before = busy.received().len();
        assert!(before < 7 * EVENTS, "only the others were sent to");
        permits.add_permits(1);
        eventually(async || busy.received().len() > before || !next.received().is_empty()).await;
    }
    permits.add_permits(7 * EVENTS);
    eventually_in(&app, "delivered", 8 * EVENTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_being_sent_when_a_server_ended_is_sent_again() {
    let (mut app, connection) = serve().await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &[]).await;
    sink.next([Response::Silence]);
    connection.post(captured("pay_1")).stored().await;
    eventually(async || sink.received().len() == 1).await;
    app.restart_with(|config| config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()]).await;
    if is_postgres() {
        assert_eq!(deliveries(&app).await[0]["state"], "sending", "another server may be sending it");
        app.clock.advance(Duration::from_secs(15 + 330 + 1));
    }
    eventually_in(&app, "delivered", 1).await;
    let ids: Vec<Option<String>> = sink.received().iter().map(|one| one.header("webhook-id").map(str::to_owned)).collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_send_each_delivery_once() {
    if !is_postgres() {
        return;
    }
    let (app, connection) = serve().await;
    let mut config = app.config();
    config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
    let other = app.another_server_with(config).await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &["--concurrency", "3"]).await;
    let there = connection.at(other.address());
    for index in 0..30 {
        let from = if index % 2 == 0 { &connection } else { &there };
        from.post(captured(&format!("pay_{index}"))).stored().await;
    }
    eventually_in(&app, "delivered", 30).await;
    assert_eq!(sink.received().len(), 30);
    other.stop().await;
}

/// The first attempt hangs until its claim has expired. On PostgreSQL another server may have taken its place by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_claim_has_expired_is_sent_again_under_its_id_and_ends_once() {
    let (app, connection) = serve().await;
    let (sink, permits) = (Sink::start().await, Arc::new(Semaphore::new(0)));
    sink.next([Response::Held(Arc::clone(&permits))]);
    add(&app, &connection, &sink.url, &["--timeout", "30"]).await;
    connection.post(captured("pay_1")).stored().await;
    eventually(async || sink.received().len() == 1).await;
    let mut config = app.config();
    config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
    let other = if is_postgres() { Some(app.another_server_with(config).await) } else { None };
    app.clock.advance(Duration::from_secs(30 + 330 + 1));
    eventually_in(&app, "delivered", 1).await;
    permits.add_permits(1);
    eventually(async || app.count("SELECT COUNT(*) FROM attempts").await == 2).await;
    let ids: Vec<Option<String>> = sink.received().iter().map(|one| one.header("webhook-id").map(str::to_owned)).collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    let delivery = deliveries(&app).await.remove(0);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(1)), "the late one decides nothing");
    if let Some(other) = other {
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_destination_receives_nothing_more() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    let destination = add(&app, &connection, &sink.url, &[]).await;
    let id = text(&destination["destination"]).to_owned();
    app.cli(["destination", "pause", "--destination", &id], "").await.assert_done();
    connection.post(captured("pay_1")).stored().await;
    assert_eq!(deliveries(&app).await[0]["state"], "waiting");
    app.cli(["destination", "remove", "--destination", &id], "").await.assert_done();
    connection.post(captured("pay_2")).stored().await;
    assert_eq!(deliveries(&app).await.len(), 1);
    assert!(app.cli(["destination", "resume", "--destination", &id], "").await.failure().contains("not found"));
    assert!(sink.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_the_operator_does_not_open_are_refused_alike_when_added_and_when_sent_to() {
    let (mut app, connection) = serve().await;
    let sink = Sink::start().await;
    add(&app, &connection, &sink.url, &[]).await;
    // The operator closes the network again.
    app.restart().await;
    connection.at(app.address).post(captured("pay_1")).stored().await;
    eventually(async || deliveries(&app).await[0]["last_failure"] == "forbidden").await;
    assert_eq!((sink.received().len(), sink.connections()), (0, 0));
    let mut sentences = Vec::new();
    for url in ["https://127.0.0.1/x", "https://10.0.0.1/x", "https://[::1]:8443/x", "https://169.254.169.254/latest"] {
        let args = ["destination", "add", "--app", &connection.app_id, "--mode", "test", "--name", "Shop", "--url", url];
        sentences.push(app.cli(args, "").await.failure().to_owned());
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "{sentences:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_signs_beside_the_new_one_until_it_expires() {
    let (app, connection) = serve().await;
    let sink = Sink::start().await;
    let first = add(&app, &connection, &sink.url, &[]).await;
    let id = text(&first["destination"]).to_owned();
    let second = app.cli(["destination", "rotate", "--destination", &id, "--overlap-hours", "1", "--json"], "").await.json();
    connection.post(captured("pay_1")).stored().await;
    eventually_in(&app, "delivered", 1).await;
    app.clock.advance(Duration::from_hours(2));
    connection.post(captured("pay_2")).stored().await;
    eventually_in(&app, "delivered", 2).await;
    let signatures = sink.received().into_iter().map(|one| {
        let (id, at) = (one.header("webhook-id").unwrap().to_owned(), one.header("webhook-timestamp").unwrap().to_owned());
        let own = |secret: &Value| signing::standard_webhooks(text(secret), &id, &at, &one.body);
        (one.header("webhook-signature").unwrap().to_owned(), own(&first["secret"]), own(&second["secret"]))
    });
    let [(both, old, new), (only, _, current)] = <[_; 2]>::try_from(signatures.collect::<Vec<_>>()).unwrap();
    assert_eq!((both, only), (format!("{new} {old}"), current));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_while_the_clock_was_years_ahead_is_sent_once_it_is_right() {
    let (mut app, connection) = serve().await;
    let (sink, right) = (Sink::start().await, app.clock.clone());
    add(&app, &connection, &sink.url, &[]).await;
    let ahead = Clock::fixed(right.now());
    ahead.advance(Duration::from_hours(20 * 365 * 24));
    // Nothing is sent meanwhile, since the operator has closed the network.
    app.restart_at(ahead).await;
    connection.at(app.address).post(captured("pay_1")).stored().await;
    eventually(async || deliveries(&app).await[0]["attempts"] == 1).await;
    // Together, so that no server attempts it while the network is closed: its next attempt would be later than the clock ever is.
    app.restart_at_with(right, |config| config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()]).await;
    eventually_in(&app, "delivered", 1).await;
}
