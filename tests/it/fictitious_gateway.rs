//! The complete journey of a gateway that differs from the real ones in every way the interface allows: form bodies, several
//! events in a request, a signature inside the body, a secret that the gateway generates, and a response with a body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    browser::{Browser, Page},
    builders::PASSWORD,
    eventually, signing,
    webhook_request::client,
};

const GATEWAY: &str = "kestrel-pay";
/// The secret as the gateway shows it: the key in base64.
const SECRET: &str = "q1Xv0rT8mK2b9ZcLw7YpN4sEuJ6aHgDfR3iVoQxW5tM=";
const OTHER_SECRET: &str = "Zp8yK1wqB5nV3xGdLr0TjM7cHsUo2EaF9iQhXvW4bRk=";
/// A passphrase of the API begins with its merchant number.
const MERCHANT: &str = "40417722";
const PASSPHRASE: &str = "40417722kestrelWindhover";
const OTHER_MERCHANT: &str = "50528833";
const OTHER_PASSPHRASE: &str = "50528833merlinSaltMarsh0";
const REJECTED: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const STRAYS: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM unknown_endpoint_requests";
const EVENTS: &str = "SELECT COUNT(*) FROM events";

/// A connection that the owner has made on the pages.
struct Kestrel {
    app: TestApp,
    owner: Browser,
    app_path: String,
    webhook: String,
    url: String,
}

impl Kestrel {
    async fn connect() -> Self {
        let app = TestApp::start().await;
        let id = app.company("Neem Tree Retail").await.app("Neem Tree Store").await.id;
        let owner = app.owner("Neem Tree Retail").await;
        let app_path = format!("/ks-pay/apps/{id}");
        let list = format!("{app_path}/settings/payment-gateways");
        let webhook = format!("{list}/{GATEWAY}/test/webhook");
        assert_eq!(owner.post(&list, &[("gateway", GATEWAY), ("mode", "test")]).await.location(), webhook);
        let url = owner.get(&webhook).await.inside("webhook-url").unwrap();
        let url = format!("http://{}{}", app.address, &url[url.find("/webhooks/").unwrap()..]);
        Self { app, owner, app_path, webhook, url }
    }

    async fn with_secret() -> Self {
        let kestrel = Self::connect().await;
        kestrel.enter(SECRET).await.location();
        kestrel
    }

    async fn enter(&self, secret: &str) -> Page {
        self.owner.post(&format!("{}/secrets", self.webhook), &[("secret", secret), ("current_password", PASSWORD)]).await
    }

    fn now(&self) -> i64 {
        self.app.now().seconds()
    }

    /// Returns an event of a payment of 649.5 rupees.
    fn paid(&self, number: u32) -> String {
        let at = self.now();
        format!("notice=kn_{number}&about=payment.paid&payment=kp_{number}&amount=649.5&state=paid&at={at}")
    }

    /// Returns a signed request with these events.
    fn request(&self, events: &[String]) -> String {
        signed(SECRET, &format!("currency=INR&{}", events.join("&")), self.now())
    }

    async fn send(&self, body: impl Into<String>) -> reqwest::Response {
        let form = "application/x-www-form-urlencoded";
        client().post(&self.url).header("content-type", form).body(body.into()).send().await.unwrap()
    }

    async fn stored(&self, events: &[String]) -> String {
        let response = self.send(self.request(events)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        response.text().await.unwrap()
    }

    /// Sends a request that is rejected, and returns the cause that diagnosis finds.
    async fn cause(&self, body: String) -> String {
        let before = self.app.count(REJECTED).await;
        assert_eq!(self.send(body).await.status(), 401);
        eventually(async || self.app.count(REJECTED).await == before + 1).await;
        self.app.texts("SELECT cause FROM rejections ORDER BY last_at DESC, id DESC LIMIT 1").await.remove(0)
    }

    async fn rejection(&self) -> String {
        let list = self.owner.get(&format!("{}/rejections", self.app_path)).await;
        list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned()
    }
}

/// Signs as the gateway documents it, independently of the product.
fn signed(secret: &str, form: &str, at: i64) -> String {
    let signed = format!("{form}&sent_at={at}");
    let mac = signing::hmac(&STANDARD.decode(secret).unwrap(), signed.as_bytes());
    format!("{signed}&mac={}", STANDARD.encode(mac))
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_secret_is_pasted_nothing_is_stored_and_no_secret_is_shown() {
    let kestrel = Kestrel::connect().await;
    let page = kestrel.owner.get(&kestrel.webhook).await;
    // KS Pay does not sign as this gateway does.
    assert!(!page.has("/webhook/test\"") && page.has("/webhook/check\""), "{}", page.body);
    kestrel.owner.post(&format!("{}/test", kestrel.webhook), &[]).await.location();
    assert_eq!(kestrel.owner.get(&kestrel.webhook).await.reason_of("flash"), "test-unsupported");
    assert!(page.shows("no-secret") && page.shows("secret-entry") && page.lacks("secrets-panel"), "{}", page.body);
    for action in ["/reveal", "/rotation"] {
        assert!(!page.has(&format!("{}{action}\"", kestrel.webhook)), "{action}: {}", page.body);
        let answer = kestrel.owner.post(&format!("{}{action}", kestrel.webhook), &[("current_password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{action}");
    }
    let response = kestrel.send(kestrel.request(&[kestrel.paid(1)])).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(kestrel.send("no form").await.status(), 503, "nothing can be rejected without a secret either");
    let form = || client().post(&kestrel.url).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form().body(vec![b'a'; 2 * 1024 * 1024]).send().await.unwrap().status(), 413);
    assert_eq!(form().header("content-encoding", "gzip").body("a").send().await.unwrap().status(), 415);
    assert_eq!(kestrel.app.count(EVENTS).await, 0);
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM secrets").await, 0);

    for (text, word) in [("", "secret"), ("no base64, but long enough!", "whole"), ("•••••••••", "dots")] {
        let refused = kestrel.enter(text).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(refused.text_of("secret-error").contains(word), "{text}: {}", refused.body);
    }
    assert_eq!(kestrel.enter(SECRET).await.location(), kestrel.webhook);
    let page = kestrel.owner.get(&kestrel.webhook).await;
    assert!(
        page.has("flash is-good") && page.lacks("no-secret") && page.shows("secrets-panel") && !page.has(SECRET),
        "{}",
        page.body
    );
    let list = kestrel.owner.get(&format!("{}/secrets", kestrel.webhook)).await;
    assert!(list.shows("secret-unused") && !list.has("/rotation\"") && !list.has("/reveal\""), "{}", list.body);
    assert_eq!(kestrel.stored(&[kestrel.paid(1)]).await, "accepted=kn_1");
    assert_eq!(kestrel.app.count(REJECTED).await, 0, "what got 503 was not recorded");
    kestrel.cause(kestrel.request(&[kestrel.paid(2)]).replace("649.5", "650.5")).await;
    assert_eq!(kestrel.app.count(STRAYS).await, 0, "nor was what was not read, which no unknown endpoint got");
    let again = kestrel.enter(SECRET).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "it is the active one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_needs_the_password_and_replaces_the_one_before() {
    let kestrel = Kestrel::with_secret().await;
    let path = format!("{}/secrets", kestrel.webhook);
    kestrel.app.clock.advance(std::time::Duration::from_hours(1));
    let asked = kestrel.owner.post(&path, &[("secret", OTHER_SECRET)]).await;
    assert!(asked.field("interrupted").is_some(), "{}", asked.body);
    kestrel.stored(&[kestrel.paid(1)]).await;
    eventually(async || kestrel.app.count("SELECT COUNT(*) FROM secret_usage").await == 1).await;
    kestrel.enter(OTHER_SECRET).await.location();
    let logged = "SELECT COUNT(*) FROM security_log WHERE action = 'secret_imported'";
    assert_eq!(kestrel.app.count(logged).await, 2, "of each of the two");
    let form = |number| format!("currency=INR&{}", kestrel.paid(number));
    for (number, secret) in [(2, OTHER_SECRET), (3, SECRET)] {
        assert_eq!(kestrel.send(signed(secret, &form(number), kestrel.now())).await.status(), 200, "{secret}");
    }
    kestrel.app.clock.advance(std::time::Duration::from_hours(49));
    assert_eq!(kestrel.send(signed(SECRET, &form(4), kestrel.now())).await.status(), 401, "its overlap is over");
    assert_eq!(kestrel.send(signed(OTHER_SECRET, &form(4), kestrel.now())).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_entered_again_is_the_same_one_and_its_retirement_ends_it() {
    let kestrel = Kestrel::with_secret().await;
    let form = |number| format!("currency=INR&{}", kestrel.paid(number));
    for (number, (used, next)) in (1..).zip([(SECRET, OTHER_SECRET), (OTHER_SECRET, SECRET), (SECRET, OTHER_SECRET)]) {
        assert_eq!(kestrel.send(signed(used, &form(number), kestrel.now())).await.status(), 200, "{number}");
        kestrel.enter(next).await.location();
    }
    let secrets = kestrel.app.texts("SELECT state FROM secrets ORDER BY state").await;
    assert_eq!(secrets, ["active", "additional"], "one of each value");
    let again = "SELECT COUNT(*) FROM secrets WHERE reactivated_at IS NOT NULL AND replaced_at IS NULL AND state = 'active'";
    assert_eq!(kestrel.app.count(again).await, 1, "its first use before does not count for a later retirement");
    let page = kestrel.owner.get(&format!("{}/secrets", kestrel.webhook)).await;
    let retirement = page.body.split('"').find(|text| text.ends_with("/retirement")).expect("a secret to retire");
    kestrel.owner.post(retirement, &[("current_password", PASSWORD)]).await.location();
    assert_eq!(kestrel.send(signed(SECRET, &form(8), kestrel.now())).await.status(), 401, "it is retired");
    assert_eq!(kestrel.send(signed(OTHER_SECRET, &form(8), kestrel.now())).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_has_just_verified_an_event_keeps_its_overlap() {
    let kestrel = Kestrel::with_secret().await;
    // Its usage is written later, by a buffer, and never if that fails.
    kestrel.app.sql("ALTER TABLE secret_usage RENAME TO secret_usage_elsewhere").await;
    kestrel.stored(&[kestrel.paid(1)]).await;
    kestrel.app.sql("ALTER TABLE secret_usage_elsewhere RENAME TO secret_usage").await;
    kestrel.enter(OTHER_SECRET).await.location();
    kestrel.stored(&[kestrel.paid(2)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_of_one_request_are_two_payments_and_a_known_one_is_a_duplicate() {
    let kestrel = Kestrel::with_secret().await;
    let (first, second, third) = (kestrel.paid(1), kestrel.paid(2), kestrel.paid(3));
    assert_eq!(kestrel.stored(&[first.clone(), second.clone()]).await, "accepted=kn_1,kn_2");
    // The gateway signs again, with another time and another companion.
    kestrel.app.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(kestrel.stored(&[second, third]).await, "accepted=kn_2,kn_3");
    let events = kestrel.app.events().await;
    let stored: Vec<_> =
        events.iter().map(|event| (&event["gateway_event_id"], &event["received_count"], &event["state"])).collect();
    let (processed, once, twice) = (json!("processed"), json!(1), json!(2));
    let ids = ["kn_1", "kn_2", "kn_3"].map(|id| json!(id));
    assert_eq!(stored, [(&ids[0], &once, &processed), (&ids[1], &twice, &processed), (&ids[2], &once, &processed)]);
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM events WHERE is_flagged OR conflict_with IS NOT NULL").await, 0);
    let payments = kestrel.app.transactions().await;
    assert_eq!(payments.len(), 3);
    assert!(payments.iter().all(|payment| payment["amount"] == 64_950 && payment["status"] == "captured"), "{payments:?}");

    let parts: Vec<_> = events.iter().map(|event| event["part"].clone()).collect();
    assert_eq!(parts, [1, 2, 2].map(|part| json!(part)));
    assert_eq!([&events[0]["request"], &events[1]["request"]], [&events[0]["event"]; 2]);
    assert_ne!(events[2]["request"], events[0]["request"]);

    // Each request is stored once, and all its events lead to the bytes that were signed.
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM event_payloads").await, 2);
    let mut bodies = Vec::new();
    for (event, part) in events.iter().zip(["1 of 2", "2 of 2", "2 of 2"]) {
        let path = format!("{}/events/{}", kestrel.app_path, event["event"].as_str().unwrap());
        let page = kestrel.owner.get(&path).await;
        assert!(page.status.is_success() && page.has("payment.paid") && page.has("649.5"), "{}", page.body);
        assert!(page.text_of("part-of-request").contains(part), "{part}: {}", page.body);
        bodies.push(kestrel.owner.get(&format!("{path}/body")).await.body);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert!(bodies[2].contains("notice=kn_2&") && bodies[2].contains("notice=kn_3&"), "{}", bodies[2]);
    for body in &bodies {
        assert_eq!(kestrel.send(body.clone()).await.status(), 200, "the stored bytes still verify");
    }
    assert_eq!(kestrel.app.count(EVENTS).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_request_are_stored_together_or_not_at_all() {
    let kestrel = Kestrel::with_secret().await;
    kestrel.app.announce_error("a batch co");
    kestrel.app.announce_error("a unit of work");
    kestrel.app.sql("ALTER TABLE event_ids RENAME TO event_ids_elsewhere").await;
    let request = kestrel.request(&[kestrel.paid(1), kestrel.paid(2)]);
    let failed = kestrel.send(request.clone()).await;
    assert!(failed.status().is_server_error(), "{}", failed.status());
    assert_eq!(failed.text().await.unwrap(), "", "the gateway's response body is for stored events alone");
    assert_eq!(kestrel.app.count(EVENTS).await + kestrel.app.count("SELECT COUNT(*) FROM transactions").await, 0);
    kestrel.app.sql("ALTER TABLE event_ids_elsewhere RENAME TO event_ids").await;
    assert_eq!(kestrel.send(request).await.status(), 200);
    assert_eq!(kestrel.app.count(EVENTS).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_too_many_events_is_one_quarantined_event() {
    let kestrel = Kestrel::with_secret().await;
    let events = |count: u32| (0..count).map(|number| kestrel.paid(number)).collect::<Vec<_>>();
    kestrel.stored(&events(256)).await;
    assert_eq!(kestrel.app.count(EVENTS).await, 256);
    kestrel.stored(&events(257)).await;
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM events WHERE state = 'quarantined' AND fault = 'events'").await, 1);
    assert_eq!(kestrel.app.count(EVENTS).await, 257);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_too_many_events_takes_no_id_and_accepts_none() {
    let kestrel = Kestrel::with_secret().await;
    let events: Vec<_> = (0..257).map(|number| kestrel.paid(number)).collect();
    let request = kestrel.request(&events);
    let response = kestrel.send(request.clone()).await;
    assert_eq!(response.status(), 200, "it is stored, and would be as faulty the next time");
    assert_eq!(response.text().await.unwrap(), "accepted=", "none of its events is accepted");
    assert_eq!(kestrel.send(request).await.status(), 200);
    for event in events.chunks(128) {
        kestrel.stored(event).await;
    }
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM events WHERE state = 'processed'").await, 257);
    let faulty = "SELECT COUNT(*) FROM events WHERE state = 'quarantined' AND gateway_event_id IS NULL AND received_count = 2";
    assert_eq!(kestrel.app.count(faulty).await, 1);
    assert_eq!(kestrel.app.count(EVENTS).await, 258);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_a_request_is_known_only_if_all_its_events_are_stored() {
    let kestrel = Kestrel::with_secret().await;
    let (known, new) = (kestrel.paid(3), kestrel.paid(4));
    kestrel.stored(std::slice::from_ref(&known)).await;
    let failing = "SELECT CAST(COALESCE(SUM(failing_count), 0) AS BIGINT) FROM activity";
    let late = |events: &[&str]| signed(SECRET, &format!("currency=INR&{}", events.join("&")), kestrel.now() - 4000);
    for (events, count) in [(vec![&known[..]], 0), (vec![&known, &new], 1), (vec![&new, &known], 2)] {
        assert_eq!(kestrel.cause(late(&events)).await, "signed_earlier");
        assert_eq!(kestrel.app.count(failing).await, count, "{events:?}");
        kestrel.app.clock.advance(std::time::Duration::from_secs(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_rejected_under_a_wrong_secret_are_recovered_with_all_their_events() {
    let kestrel = Kestrel::connect().await;
    kestrel.enter(OTHER_SECRET).await.location();
    assert_eq!(kestrel.cause(kestrel.request(&[kestrel.paid(1), kestrel.paid(2)])).await, "unknown");
    kestrel.enter(SECRET).await.location();
    assert_eq!(kestrel.stored(&[kestrel.paid(2)]).await, "accepted=kn_2");
    let path = kestrel.rejection().await;
    let page = kestrel.owner.get(&path).await;
    assert!(page.shows("requests-verify"), "{}", page.body);
    kestrel.owner.post(&format!("{path}/recovery"), &[("current_password", PASSWORD)]).await.location();
    let events = kestrel.app.events().await;
    let stored: Vec<_> =
        events.iter().map(|event| (event["gateway_event_id"].clone(), event["received_count"].clone())).collect();
    assert_eq!(stored, [(json!("kn_2"), json!(2)), (json!("kn_1"), json!(1))]);
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM recoveries").await, 1, "the other event was not recovered: it was known");
    assert_eq!(kestrel.app.transactions().await.len(), 2);
    let recovered = format!("{}/events/{}", kestrel.app_path, events[1]["event"].as_str().unwrap());
    assert!(kestrel.owner.get(&recovered).await.has("payment.paid"));
    // The secret that was pasted by mistake never verified anything, so it has no overlap.
    let mistaken = signed(OTHER_SECRET, &format!("currency=INR&{}", kestrel.paid(3)), kestrel.now());
    assert_eq!(kestrel.cause(mistaken).await, "old_secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_of_many_events_is_several_units_of_work() {
    let kestrel = Kestrel::connect().await;
    kestrel.enter(OTHER_SECRET).await.location();
    for request in 0..3 {
        let events: Vec<_> = (0..100).map(|number| kestrel.paid(request * 100 + number)).collect();
        assert_eq!(kestrel.cause(kestrel.request(&events)).await, "unknown");
        kestrel.app.clock.advance(std::time::Duration::from_secs(1));
    }
    kestrel.enter(SECRET).await.location();
    let path = kestrel.rejection().await;
    kestrel.owner.post(&format!("{path}/recovery"), &[("current_password", PASSWORD)]).await.location();
    assert_eq!(kestrel.app.count(EVENTS).await, 300);
    let units = "SELECT COUNT(*) FROM security_log WHERE action = 'requests_recovered'";
    assert_eq!(kestrel.app.count(units).await, 2, "two requests in the first, one in the second");
}

#[tokio::test(flavor = "multi_thread")]
async fn diagnosis_explains_a_signature_inside_the_body() {
    let kestrel = Kestrel::with_secret().await;
    let (now, form) = (kestrel.now(), format!("currency=INR&{}", kestrel.paid(1)));
    let right = signed(SECRET, &form, now);
    let text_key = STANDARD.encode(SECRET);
    let percent: String = url::form_urlencoded::byte_serialize(right.as_bytes()).collect();
    let hex_tag = signing::hex(&signing::hmac(&STANDARD.decode(SECRET).unwrap(), format!("{form}&sent_at={now}").as_bytes()));
    for (body, cause) in [
        (signed(&text_key, &form, now), "secret_not_decoded"),
        (signed(&STANDARD.encode(format!("{SECRET}\n")), &form, now), "secret_with_line_end"),
        (right.replace('&', "&amp;"), "body_html_escaped"),
        (percent, "body_form"),
        (format!("{form}&sent_at={now}&mac={hex_tag}"), "hex"),
        (signed(SECRET, &form, now - 3600), "signed_earlier"),
        (signed(SECRET, &form, now * 1000), "time_in_millis"),
        (form.clone(), "no_signature"),
        (right.replace("649.5", "9649.5"), "unknown"),
    ] {
        assert_eq!(kestrel.cause(body.clone()).await, cause, "{body}");
        kestrel.app.clock.advance(std::time::Duration::from_secs(1));
    }
    let page = kestrel.owner.get(&kestrel.rejection().await).await;
    assert!(page.status.is_success(), "{}", page.body);
    assert_eq!(kestrel.app.count(EVENTS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_it() {
    let kestrel = Kestrel::with_secret().await;
    kestrel.stored(&[kestrel.paid(1), kestrel.paid(2)]).await;
    kestrel.cause("notice=kn_9&about=payment.paid".to_owned()).await;
    let payment = kestrel.app.transactions().await[0]["transaction"].as_str().unwrap().to_owned();
    let step = |name: &str| kestrel.webhook.replace("/webhook", name);
    for (path, text) in [
        (kestrel.app_path.clone(), "649.50"),
        (format!("{}/events", kestrel.app_path), "payment.paid"),
        (format!("{}/transactions", kestrel.app_path), "649.50"),
        (format!("{}/transactions/{payment}", kestrel.app_path), "kp_"),
        (format!("{}/rejections", kestrel.app_path), "/rejections/rj_"),
        (format!("{}/settings/payment-gateways", kestrel.app_path), "Kestrel Pay"),
        (step("/integration"), "Send events from your own system"),
        (step("/security"), "domain"),
        (kestrel.webhook.clone(), "payment.paid"),
    ] {
        let page = kestrel.owner.get(&path).await;
        assert!(page.status.is_success() && page.has(text), "{path}: {}: {}", page.status, page.body);
    }
    let done = kestrel.owner.post(&format!("{}/completion", kestrel.webhook), &[]).await;
    assert_eq!(done.location(), kestrel.webhook);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_credentials_are_saved_shown_and_replaced() {
    let kestrel = Kestrel::with_secret().await;
    let step = kestrel.webhook.replace("/webhook", "/credentials");
    let save = async |fields: &[(&str, &str)]| kestrel.owner.post(&step, fields).await;
    let page = kestrel.owner.get(&step).await;
    for text in ["name=\"merchant_number\"", "type=\"password\"", "name=\"passphrase\"", "My business › Access", "New passphrase"]
    {
        assert!(page.has(text), "{text}: {}", page.body);
    }
    assert!(!page.has("Key ID") && !page.has("Key Secret"), "{}", page.body);

    for (number, passphrase, field, value) in [
        ("", PASSPHRASE, "merchant_number-error", "Merchant number"),
        ("4041772", PASSPHRASE, "merchant_number-error", " 8 "),
        ("4041772x", PASSPHRASE, "merchant_number-error", "digits"),
        (MERCHANT, "", "passphrase-error", "Passphrase"),
        (MERCHANT, "brief", "passphrase-error", " 12 "),
        (MERCHANT, OTHER_PASSPHRASE, "passphrase-error", "My business › Access"),
    ] {
        let refused = save(&[("merchant_number", number), ("passphrase", passphrase)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{number} {passphrase}");
        assert!(refused.text_of(field).contains(value), "{value}: {}", refused.body);
        assert!(passphrase.is_empty() || !refused.has(passphrase), "{}", refused.body);
    }
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM credentials").await, 0);
    let unasked = save(&[("merchant_number", MERCHANT), ("merchant_number", MERCHANT), ("passphrase", PASSPHRASE)]).await;
    assert_eq!(unasked.status, StatusCode::BAD_REQUEST, "which of the two is meant?");

    let late = format!("{PASSPHRASE}?");
    assert_eq!(save(&[("merchant_number", MERCHANT), ("passphrase", &late)]).await.location(), step);
    assert!(kestrel.owner.get(&step).await.text_of("keys-unchecked").contains("10\u{a0}s"));
    assert_eq!(save(&[("merchant_number", MERCHANT), ("passphrase", PASSPHRASE)]).await.location(), step);
    let page = kestrel.owner.get(&step).await;
    assert!(page.text_of("flash").contains("Kestrel Pay") && page.shows("state-accepted"), "{}", page.body);
    assert!(page.has(MERCHANT) && page.text_of("passphrase-hint").contains("Passphrase"), "{}", page.body);
    assert!(!page.has(PASSPHRASE), "{}", page.body);
    let stored = "SELECT field || ' ' || COALESCE(value, 'sealed') FROM credentials ORDER BY field";
    assert_eq!(kestrel.app.texts(stored).await, ["merchant_number 40417722", "passphrase sealed"]);

    // An empty secret is kept, with the merchant number that it belongs to alone.
    assert_eq!(save(&[("merchant_number", MERCHANT), ("passphrase", "")]).await.location(), step);
    let refused = save(&[("merchant_number", OTHER_MERCHANT), ("passphrase", "")]).await;
    assert!(refused.text_of("passphrase-error").contains("Passphrase"), "{}", refused.body);
    assert_eq!(kestrel.owner.post(&format!("{step}/check"), &[]).await.location(), step);
    assert_eq!(save(&[("merchant_number", OTHER_MERCHANT), ("passphrase", OTHER_PASSPHRASE)]).await.location(), step);
    let page = kestrel.owner.get(&step).await;
    assert!(page.has(OTHER_MERCHANT) && !page.has(MERCHANT) && !page.has(OTHER_PASSPHRASE), "{}", page.body);
    assert_eq!(kestrel.app.texts(stored).await, ["merchant_number 50528833", "passphrase sealed"]);
    assert_eq!(kestrel.app.count("SELECT COUNT(*) FROM connections WHERE keys_state = 'accepted'").await, 1);

    let imported = kestrel.enter(OTHER_PASSPHRASE).await;
    assert!(imported.text_of("secret-error").contains("Passphrase"), "{}", imported.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_was_swapped_is_reported_by_its_label_and_can_be_entered_again() {
    let kestrel = Kestrel::with_secret().await;
    let step = kestrel.webhook.replace("/webhook", "/credentials");
    let fields = [("merchant_number", MERCHANT), ("passphrase", PASSPHRASE)];
    kestrel.owner.post(&step, &fields).await.location();
    let doctor = kestrel.app.cli_with(&["doctor"], "", &[]).await;
    assert!(doctor.out.contains("sealed secrets: all can be decrypted"), "{}", doctor.out);
    kestrel.app.announce_error("a stored credential cannot be decrypted");
    kestrel.app.sql("UPDATE credentials SET sealed = (SELECT sealed FROM secrets) WHERE field = 'passphrase'").await;
    let doctor = kestrel.app.cli_with(&["doctor"], "", &[]).await;
    assert!(doctor.out.contains("the Passphrase of connection"), "{}", doctor.out);
    for (path, form) in [(format!("{step}/check"), &[][..]), (step.clone(), &[("merchant_number", MERCHANT)][..])] {
        let page = kestrel.owner.post(&path, form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(page.text_of("passphrase-error").contains("Passphrase"), "{path}: {}", page.body);
    }
    kestrel.owner.post(&step, &fields).await.location();
    assert_eq!(kestrel.owner.post(&format!("{step}/check"), &[]).await.location(), step);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_asks_for_a_new_secret_of_the_gateway_if_the_stored_one_is_damaged() {
    let mut kestrel = Kestrel::with_secret().await;
    kestrel.app.stop().await;
    assert_eq!(kestrel.app.sql("UPDATE secrets SET sealed = substr(sealed, 1, 50)").await, 1);
    let doctor = kestrel.app.cli_with(&["doctor"], "", &[]).await;
    assert!(doctor.out.contains("paste it on the Webhook page") && !doctor.out.contains("webhook rotate"), "{}", doctor.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_makes_and_shows_no_secret() {
    let kestrel = Kestrel::with_secret().await;
    let id = kestrel.app_path.rsplit('/').next().unwrap();
    let which = ["--app", id, "--gateway", GATEWAY, "--mode", "test"];
    let shown = kestrel.app.cli_with(&[&["webhook", "show", "--json"], &which[..]].concat(), "", &[]).await.json();
    assert_eq!((&shown["secrets"][0]["secret"], &shown["secrets"][0]["state"]), (&Value::Null, &json!("active")));
    let rotated = kestrel.app.cli_with(&[&["webhook", "rotate"], &which[..]].concat(), "", &[]).await;
    assert!(rotated.failure().contains("generates the secret itself"), "{}", rotated.err);
}

/// Cargo resolves the features of a build for use without those that only tests need.
#[test]
fn no_build_for_use_contains_it() {
    let features = |edges: &str| {
        let cargo = std::process::Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--offline", "--package", "ks-pay", "--depth", "0", "--edges", edges, "--format", "{f}"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
        String::from_utf8(cargo.stdout).unwrap().lines().next().unwrap().to_owned()
    };
    assert_eq!(features("normal,build"), "");
    assert_eq!(features("normal,build,dev"), "fictitious-gateway", "tests have it, so that the line above proves something");
}
