//! Test events: a signed event of KS Pay itself arrives, is shown, and changes nothing else, whatever becomes of its request.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::Connection,
    database, eventually,
    proxy::{Manner, Middle, Passing},
    raw, signing,
};

const HEADER: &str = "ks-pay-check";
const EVENTS: &str = "SELECT COUNT(*) FROM events";
const TEST_EVENTS: &str = "SELECT COUNT(*) FROM test_events";
/// Every column of the activity that ingestion writes.
const ACTIVITY: &str = "SELECT version || ' ' || verified_count || ' ' || COALESCE(first_verified_at, 0) || ' ' || \
    COALESCE(last_verified_at, 0) || ' ' || rejected_count || ' ' || rejected_streak || ' ' || COALESCE(rejected_since, 0) || ' ' || \
    failing_count || ' ' || COALESCE(baseline_since, 0) || ' ' || baseline_minutes || ' ' || baseline_pause || ' ' || \
    previous_minutes || ' ' || COALESCE(account, '') || ' ' || COALESCE(other_account, '') FROM activity";
/// Rows of the tables that events change.
const EFFECTS: &str = "SELECT (SELECT COUNT(*) FROM transactions) + (SELECT COUNT(*) FROM daily_totals) + \
    (SELECT COUNT(*) FROM orders) + (SELECT COUNT(*) FROM event_ids) + (SELECT COUNT(*) FROM secret_usage) + (SELECT COUNT(*) FROM payment_references) + \
    (SELECT COUNT(*) FROM rejections) + (SELECT COUNT(*) FROM rejected_requests)";

/// A connection whose public URL is that of a proxy.
struct Shop {
    app: TestApp,
    connection: Connection,
    owner: Browser,
    middle: Middle,
}

impl Shop {
    async fn start(gateway: &'static str) -> Self {
        let middle = Middle::start().await;
        let url = format!("http://localhost:{}", middle.address.port());
        let app = TestApp::start_with(|config| config.public_url = Some(url)).await;
        middle.stands_before(app.address);
        let connection = app.company("Neem Tree Retail").await.app("Neem Tree Store").await.connect(gateway, "test").await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, owner, middle }
    }

    /// Sends a test event; returns the Webhook page with the message about it.
    async fn send(&self) -> Page {
        let answer = self.owner.post(&self.connection.webhook_step("/test"), &[]).await;
        assert_eq!(answer.location(), self.connection.webhook_step(""));
        self.owner.get(&self.connection.webhook_step("")).await
    }

    /// Returns the request of a test event that got lost on its way.
    async fn lost(&self) -> Captured {
        self.middle.does(Manner::Pass(lose_test_events));
        let page = self.send().await;
        assert_eq!(page.reason_of("flash"), "test-answered", "{}", page.body);
        assert_eq!(self.app.count(EVENTS).await, 0);
        self.captured()
    }

    /// Returns the last request that passed the proxy.
    fn captured(&self) -> Captured {
        let (head, body) = self.middle.passed().pop().unwrap();
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let unsent = |name: &str| ["host", "content-length", "connection", "accept"].contains(&name.to_lowercase().as_str());
        let headers = lines.filter(|(name, _)| !unsent(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let captured = Captured { endpoint: self.connection.endpoint.clone(), headers, body };
        assert!(captured.challenge().starts_with("test."), "{head}");
        captured
    }

    async fn activity(&self) -> String {
        self.app.texts(ACTIVITY).await.concat()
    }

    /// Stops the server, which writes its buffers, and asserts that a test event is all that was written.
    async fn has_nothing_but_a_test_event(&mut self) {
        self.app.stop().await;
        let events = self.app.events().await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((&events[0]["origin"], &events[0]["received_count"]), (&Value::from("test"), &Value::from(1)));
        assert_eq!(self.app.count(EFFECTS).await, 0);
        assert_eq!(self.activity().await, "0 0 0 0 0 0 0 0 0 0 0 0  ");
    }
}

/// The request of a test event.
#[derive(Clone)]
struct Captured {
    endpoint: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Captured {
    fn challenge(&self) -> &str {
        &self.headers.iter().find(|(name, _)| name == HEADER).expect("it has a challenge").1
    }

    fn without_challenge(&self) -> Self {
        self.with(HEADER, None)
    }

    /// Returns the request with another value of a header, or without it.
    fn with(&self, header: &str, value: Option<&str>) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(name, _)| name != header);
        other.headers.extend(value.map(|value| (header.to_owned(), value.to_owned())));
        other
    }

    async fn send(&self, to: SocketAddr) -> raw::RawResponse {
        let headers: Vec<(&str, String)> = self.headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        raw::exchange(to, &raw::with_length("POST", &format!("/webhooks/{}", self.endpoint), &headers, &self.body)).await
    }

    async fn status(&self, to: SocketAddr) -> u16 {
        self.send(to).await.status()
    }
}

fn is_test_event(head: &str) -> bool {
    head.contains("\r\nks-pay-check: test.")
}

fn drop_header(head: &str, name: &str) -> String {
    head.lines().filter(|line| !line.to_lowercase().starts_with(name)).collect::<Vec<_>>().join("\r\n")
}

/// Sends test events to a path that leads nowhere, and everything else on.
fn lose_test_events((head, body): Passing) -> Passing {
    let head = if is_test_event(&head) { head.replacen("/webhooks/", "/nowhere/", 1) } else { head };
    (head, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_arrives_signed_is_shown_as_what_it_is_and_changes_nothing_else() {
    for gateway in ["razorpay", "standard-webhooks"] {
        let mut shop = Shop::start(gateway).await;
        let checked = shop.app.cli(["doctor"], "").await;
        let page = shop.send().await;
        assert!(page.shows("flash") && !page.has("flash is-warn"), "{}", page.body);
        assert!(page.shows("finding-reached-us") && page.text_of("last-test-event").contains("KS Pay, "), "{}", page.body);
        assert!(page.text_of("test-event").contains("KS Pay"), "in the list of last events");
        assert_eq!(page.text_of("verified-count"), "0");
        assert!(page.shows("evidence-waiting"), "it proves nothing about the gateway");
        assert_eq!(shop.middle.passed().len(), 2, "a probe, and the test event");

        let list = shop.owner.get(&format!("/ks-pay/apps/{}/events", shop.connection.app_id)).await;
        assert!(list.text_of("test-event").starts_with("Test event from KS Pay, 0."), "{}", list.body);
        let event = shop.app.events().await.remove(0);
        assert_eq!((&event["type"], &event["state"]), (&Value::from("ks_pay.test"), &Value::from("unhandled")));
        let page =
            shop.owner.get(&format!("/ks-pay/apps/{}/events/{}", shop.connection.app_id, event["event"].as_str().unwrap())).await;
        assert!(
            page.text_of("event-sentence").contains("KS Pay, ") && page.shows("was-verified") && page.has("ks_pay.test"),
            "{}",
            page.body
        );
        let wanted = checked.out.replace("a sample of 0 is", "a sample of 1 is");
        assert_eq!(shop.app.cli(["doctor"], "").await.out, wanted, "nothing is wrong with it");
        shop.has_nothing_but_a_test_event().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_changes_nothing_of_other_events() {
    let shop = Shop::start("razorpay").await;
    let paid = |number: i64| {
        shop.connection.at(shop.app.address).post(bodies::payment("payment.captured", &format!("pay_{number}"), number))
    };
    paid(1).stored().await;
    shop.app.clock.advance(Duration::from_mins(90));
    let (activity, before) = (shop.activity().await, shop.app.events().await.remove(0));
    let transactions = shop.app.transactions().await;
    shop.send().await;
    assert_eq!((shop.activity().await, shop.app.transactions().await), (activity, transactions));
    let events = shop.app.events().await;
    assert_eq!((events.len(), &events[0], &events[1]["origin"]), (2, &before, &Value::from("test")));
    let page = shop.owner.get(&shop.connection.webhook_step("")).await;
    assert!(page.text_of("evidence-verified").contains("payment.captured"), "the last one of the gateway: {}", page.body);
    // The ids of a test event are not claimed: a later event with one of them is no conflict.
    let id = events[1]["gateway_event_id"].as_str().unwrap();
    paid(2).event_id(id).stored().await;
    let later = shop.app.events().await.remove(2);
    assert_eq!((&later["state"], &later["conflict_with"]), (&Value::from("processed"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_changes_nothing_within_the_minute_and_after_it_and_after_a_restart() {
    for gateway in ["razorpay", "standard-webhooks"] {
        let mut shop = Shop::start(gateway).await;
        shop.send().await;
        let copy = shop.captured();
        for number in 0..2 {
            let to = shop.app.address;
            assert_eq!((copy.status(to).await, copy.without_challenge().status(to).await), (200, 200), "{gateway} {number}");
            shop.app.clock.advance(Duration::from_secs(61));
            assert_eq!((copy.status(to).await, copy.without_challenge().status(to).await), (200, 200), "{gateway} {number}");
            shop.app.restart().await;
        }
        shop.has_nothing_but_a_test_event().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_good_for_one_event_however_many_copies_come_to_however_many_servers() {
    let mut shop = Shop::start("razorpay").await;
    let lost = shop.lost().await;
    let other = if database::is_postgres() { Some(shop.app.another_server().await) } else { None };
    let there = other.as_ref().map_or(shop.app.address, ks_pay::server::Server::address);
    let mut copies = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (copy, to) = (lost.clone(), if number % 2 == 0 { shop.app.address } else { there });
        copies.spawn(async move { copy.status(to).await });
    }
    assert!(copies.join_all().await.iter().all(|status| *status == 200));
    if let Some(other) = other {
        other.stop().await;
    }
    assert_eq!(shop.app.count(TEST_EVENTS).await, 1);
    shop.has_nothing_but_a_test_event().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_current_challenge_of_its_own_it_is_an_ordinary_event() {
    for how in ["none", "forged", "late", "of another"] {
        let shop = Shop::start("razorpay").await;
        let lost = shop.lost().await;
        let sent = match how {
            "none" => lost.without_challenge(),
            "forged" => lost.with(HEADER, Some(&lost.challenge().replace("test.1", "test.2"))),
            "late" => {
                shop.app.clock.advance(Duration::from_secs(61));
                lost.clone()
            }
            _ => {
                shop.app.clock.advance(Duration::from_secs(1));
                lost.with(HEADER, Some(shop.lost().await.challenge()))
            }
        };
        let statuses = (sent.status(shop.app.address).await, sent.status(shop.app.address).await);
        assert_eq!(statuses, (200, 200), "{how}");
        // What was stored as an ordinary event stays one.
        assert_eq!(lost.status(shop.app.address).await, 200, "{how}");
        let event = shop.app.events().await.remove(0);
        assert_eq!((&event["origin"], &event["state"]), (&Value::from("webhook"), &Value::from("unhandled")), "{how}");
        assert_eq!((&event["received_count"], shop.app.count(EVENTS).await), (&Value::from(3), 1), "{how}");
        assert_eq!(shop.app.count("SELECT verified_count FROM activity").await, 3, "{how}");
        assert_eq!(shop.app.count(TEST_EVENTS).await, 0, "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_makes_no_other_event_a_test_event() {
    let shop = Shop::start("razorpay").await;
    let lost = shop.lost().await;
    let body = bodies::payment("payment.captured", "pay_Demo0000000001", 0);
    shop.connection.at(shop.app.address).post(body).header(HEADER, lost.challenge()).stored().await;
    assert_eq!((shop.app.count(TEST_EVENTS).await, shop.app.transactions().await.len()), (0, 1));
    assert_eq!(shop.app.count("SELECT verified_count FROM activity").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_without_the_secret_gets_the_usual_answer_and_stores_nothing() {
    let mut shop = Shop::start("razorpay").await;
    let lost = shop.lost().await;
    let wrong = signing::razorpay("another secret", &lost.body);
    let unsigned = |captured: &Captured| captured.with("x-razorpay-signature", None);
    let usual = unsigned(&lost.without_challenge()).send(shop.app.address).await.but_date();
    let elsewhere = Captured { endpoint: lost.endpoint.replace("wh_", "wx_"), ..lost.clone() };
    for request in [&unsigned(&lost), &lost.with("x-razorpay-signature", Some(&wrong)), &elsewhere, &unsigned(&elsewhere)] {
        assert_eq!(request.send(shop.app.address).await.but_date(), usual);
    }
    // The same with a challenge that is not of this installation.
    let changed = if lost.challenge().ends_with('0') { "1" } else { "0" };
    let forged = lost.with(HEADER, Some(&format!("{}{changed}", &lost.challenge()[..lost.challenge().len() - 1])));
    assert_eq!(unsigned(&forged).send(shop.app.address).await.but_date(), usual);
    shop.app.stop().await;
    assert_eq!(shop.app.count(EVENTS).await + shop.app.count(TEST_EVENTS).await, 0);
    // Only the requests without a challenge of this installation are recorded at the endpoint.
    assert_eq!(shop.app.count("SELECT CAST(SUM(count) AS BIGINT) FROM rejections").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_no_event_of_another_endpoint_with_the_same_secret() {
    let shop = Shop::start("razorpay").await;
    let lost = shop.lost().await;
    let neighbour = shop.app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("test").await;
    shop.app
        .owner("Banyan Books")
        .await
        .post(
            &neighbour.webhook_step("/secrets"),
            &[("secret", &shop.connection.secret), ("current_password", crate::support::builders::PASSWORD)],
        )
        .await
        .location();
    let there = Captured { endpoint: neighbour.endpoint.clone(), ..lost };
    assert_eq!(there.status(shop.app.address).await, 200, "its signature is valid there");
    assert_eq!((shop.app.count(TEST_EVENTS).await, &shop.app.events().await[0]["origin"]), (0, &Value::from("webhook")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_ended_on_the_way_makes_no_rejection() {
    let mut shop = Shop::start("razorpay").await;
    let lost = shop.lost().await;
    shop.app.sql("UPDATE secrets SET valid_until = 1, retired_at = 1, state = 'additional'").await;
    assert_eq!(lost.status(shop.app.address).await, 401);
    assert_eq!(shop.app.count(EVENTS).await, 0);
    shop.app.stop().await;
    assert_eq!((shop.app.count(EFFECTS).await, shop.activity().await.as_str()), (0, "0 0 0 0 0 0 0 0 0 0 0 0  "));
}

#[tokio::test(flavor = "multi_thread")]
async fn during_a_rotation_the_new_secret_signs() {
    let mut shop = Shop::start("razorpay").await;
    shop.owner.post(&shop.connection.webhook_step("/rotation"), &[("overlap_hours", "72")]).await.location();
    assert!(shop.send().await.shows("last-test-event"));
    let is_of_active = "SELECT COUNT(*) FROM events JOIN secrets ON secrets.id = secret_id WHERE secrets.state = 'active'";
    assert_eq!(shop.app.count(is_of_active).await, 1);
    // It is not what shows that the gateway has the new one: secret_usage stays empty.
    shop.has_nothing_but_a_test_event().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_that_must_be_rejected_or_cannot_be_signed() {
    let shop = Shop::start("razorpay").await;
    let (off, on) = ([("is_enabled", "false"), ("confirm", "yes")], [("is_enabled", "true")]);
    for path in [shop.connection.step("/enabled"), format!("/ks-pay/apps/{}/enabled", shop.connection.app_id)] {
        shop.owner.post(&path, &off).await.location();
        let page = shop.owner.get(&shop.connection.webhook_step("")).await;
        assert!(page.shows("test-event-obstacle") && !page.has("/webhook/test\""), "{path}: {}", page.body);
        assert_eq!(shop.send().await.reason_of("flash"), "test-disabled", "{path}");
        shop.owner.post(&path, &on).await.location();
    }
    let page = shop.owner.get(&shop.connection.webhook_step("")).await;
    assert!(page.lacks("test-event-obstacle") && page.has("/webhook/test\""), "{}", page.body);
    shop.app.announce_error("cannot be decrypted: it was damaged or replaced");
    shop.app.sql("UPDATE secrets SET sealed = substr(sealed, 1, 50)").await;
    assert_eq!(shop.send().await.reason_of("flash"), "test-secret-unreadable");
    assert_eq!(shop.middle.passed().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_only_where_a_probe_has_found_this_installation() {
    let shop = Shop::start("razorpay").await;
    let shouted: fn(_) -> _ = |(head, mut body): Passing| {
        body[2] = b'\'';
        (head, body)
    };
    let without: fn(_) -> _ = |(head, body): Passing| (drop_header(&head, "x-razorpay-signature"), body);
    let unknown: fn(_) -> _ = |(head, body): Passing| (drop_header(&head, HEADER), body);
    for (manner, finding) in [
        (Manner::Pass(shouted), "finding-body-changed"),
        (Manner::Pass(without), "finding-headers-changed"),
        (Manner::Pass(unknown), "finding-unexpected-responder"),
        (Manner::Answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), "finding-unexpected-responder"),
        (
            Manner::Answers("HTTP/1.1 301 X\r\nlocation: https://www.neemtree.example/\r\ncontent-length: 0\r\n\r\n"),
            "finding-redirect",
        ),
        (Manner::HangsUp, "finding-answer-broken"),
    ] {
        shop.middle.does(manner);
        let page = shop.send().await;
        assert_eq!(page.reason_of("flash"), "test-not-sent", "{finding}");
        assert!(page.shows(finding) && page.lacks("last-test-event"), "{finding}: {}", page.body);
    }
    let heads: Vec<String> = shop.middle.passed().into_iter().map(|(head, _)| head).collect();
    assert!(heads.len() == 6 && !heads.iter().any(|head| is_test_event(head)), "{heads:?}");
    assert_eq!(shop.app.count(EVENTS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shares_the_limit_of_the_url_check() {
    let shop = Shop::start("razorpay").await;
    shop.middle.does(Manner::HangsUp);
    eventually(async || {
        shop.owner.post(&shop.connection.webhook_step("/check"), &[]).await.location();
        let page = shop.owner.get(&shop.connection.webhook_step("")).await;
        page.shows("flash") && page.reason_of("flash") == "too-many-checks"
    })
    .await;
    let before = shop.middle.passed().len();
    assert_eq!(shop.send().await.reason_of("flash"), "too-many-checks");
    assert_eq!(shop.middle.passed().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_is_told() {
    let shop = Shop::start("razorpay").await;
    let mut stream = shop.owner.listen(&shop.connection.webhook_step("/evidence/stream")).await;
    shop.send().await;
    stream.says("event: changed").await;
}
