//! The pages of destinations and deliveries: the form and its errors, what they show, and what their actions do.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, PASSWORD},
    cli::lines,
    eventually,
    sink::{Response, Sink},
};

const LOOPBACK: &str = "127.0.0.0/8";

/// An app with a connection, whose destinations may be on this machine, and its owner.
struct Shop {
    app: TestApp,
    connection: Connection,
    owner: Browser,
}

impl Shop {
    async fn start() -> Self {
        let app = TestApp::start_with(|config| config.allow_destinations = vec![LOOPBACK.parse().unwrap()]).await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, owner }
    }

    fn list(&self) -> String {
        format!("/ks-pay/apps/{}/destinations", self.connection.app_id)
    }

    /// Adds a destination; returns the path of its page.
    async fn add(&self, changed: &[(&str, &str)]) -> String {
        let added = self.owner.post(&self.list(), &fields(changed)).await;
        added.location().to_owned()
    }

    async fn send(&self, payment: &str) {
        self.connection.post(bodies::payment("payment.captured", payment, 0)).stored().await;
    }

    async fn deliveries(&self) -> Vec<Value> {
        let output = self.app.cli(["deliveries", "export", "--jsonl"], "").await;
        output.assert_done();
        lines(&output.out)
    }

    /// Waits until the only delivery is as described, and returns it.
    async fn delivery(&self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(async || self.deliveries().await.first().is_some_and(&is_wanted)).await;
        self.deliveries().await.remove(0)
    }
}

/// The fields of the form, with some of them changed.
fn fields<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let valid = [
        ("mode", "test"),
        ("name", "Shop backend"),
        ("url", "http://127.0.0.1:9/hook"),
        ("format", "passed-razorpay"),
        ("events", ""),
        ("order", "any"),
        ("concurrency", "4"),
        ("per_second", ""),
        ("timeout_seconds", "15"),
    ];
    valid
        .into_iter()
        .map(|(name, value)| changed.iter().find(|(known, _)| *known == name).copied().unwrap_or((name, value)))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn secret(owner: &Browser, destination: &str) -> String {
    owner.post(&format!("{destination}/reveal"), &[]).await.inside("secret").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_empty_until_a_destination_is_added_and_is_of_one_mode() {
    let shop = Shop::start().await;
    let empty = shop.owner.get(&shop.list()).await;
    assert!(empty.shows("no-destination") && empty.has(&format!("{}/new?mode=test", shop.list())), "{}", empty.body);
    let new = shop.owner.get(&format!("{}/new?mode=test", shop.list())).await;
    assert!(new.status == StatusCode::OK && new.has("value=\"passed-razorpay\" checked") && new.lacks("url-makes-secret"));

    let added = shop.owner.post(&shop.list(), &fields(&[("events", "refund.* payment.captured")])).await;
    let destination = added.location().to_owned();
    let page = shop.owner.get(&destination).await;
    assert_eq!(page.reason_of("flash"), "success");
    assert!(page.shows("secret-hidden") && page.lacks("state-paused") && page.shows("no-delivery"), "{}", page.body);
    assert!(page.text_of("format").contains("Razorpay") && page.text_of("events") == "payment.captured, refund.*");
    let list = shop.owner.get(&format!("{}?mode=test", shop.list())).await;
    assert_eq!((list.texts_of("destination").len(), list.lacks("no-destination")), (1, true));
    assert!(list.has("<b>127.<wbr>0.<wbr>0.<wbr>1:9<wbr></b>"), "the host is emphasized: {}", list.body);
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.shows("no-destination"));
    assert_eq!(shop.owner.get(&format!("{}?mode=both", shop.list())).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_form_has_its_errors_and_keeps_what_was_typed() {
    let shop = Shop::start().await;
    shop.add(&[]).await;
    let long = format!("https://shop.example/{}", "x".repeat(2048));
    let many = (0..51).map(|number| format!("type{number}")).collect::<Vec<_>>().join(" ");
    for (name, typed, reason) in [
        ("name", "", "empty"),
        ("name", &"x".repeat(81), "too-long"),
        ("name", "Shop backend", "known"),
        ("url", "", "empty"),
        ("url", "shop.example", "malformed"),
        ("url", "ftp://shop.example/", "not-https"),
        ("url", "http://8.8.8.8/hook", "not-https"),
        ("url", "https://user:word@8.8.8.8/", "user-info"),
        ("url", "https://", "no-host"),
        ("url", &long, "too-long"),
        ("url", "https://10.0.0.1/hook", "forbidden"),
        ("url", "https://169.254.169.254/latest", "forbidden"),
        ("format", "", "unknown"),
        ("format", "passed-standard-webhooks", "unknown"),
        ("events", "refund.* *", "not-a-type"),
        ("events", &many, "too-many"),
        ("order", "", "unknown"),
        ("concurrency", "0", "not-in-range"),
        ("concurrency", "11", "not-in-range"),
        ("concurrency", "many", "not-in-range"),
        ("per_second", "1001", "not-in-range"),
        ("timeout_seconds", "", "not-in-range"),
        ("timeout_seconds", "31", "not-in-range"),
    ] {
        let other_name = if name == "name" { "" } else { "Another" };
        let changed = [(name, typed), ("name", other_name)];
        let page = shop.owner.post(&shop.list(), &fields(&changed)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {typed}");
        assert_eq!(page.reason_of(&format!("{name}-error")), reason, "{name}: {typed}");
        assert_eq!(page.body.matches("data-reason=").count(), 1, "{name} alone has an error: {typed}");
        let is_kept = page.has(&format!("value=\"{typed}\"")) || page.inside(name).is_some_and(|kept| kept == typed);
        assert!(is_kept || ["format", "order"].contains(&name), "{name}: {typed}: {}", page.body);
    }
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destinations").await, 1);
    // All addresses that may not be used have the same sentence.
    let mut sentences = Vec::new();
    for url in ["https://10.0.0.1/", "https://[::1]:8443/x", "https://192.168.0.1/", "https://100.64.0.1/"] {
        let page = shop.owner.post(&shop.list(), &fields(&[("url", url), ("name", "Another")])).await;
        sentences.push(page.text_of("url-error"));
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "{sentences:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_has_no_more_than_twenty_destinations_in_a_mode() {
    let shop = Shop::start().await;
    for number in 0..20 {
        shop.add(&[("name", &format!("Shop {number}"))]).await;
    }
    let page = shop.owner.post(&shop.list(), &fields(&[])).await;
    assert_eq!((page.status, page.reason_of("destination-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many"));
    shop.add(&[("mode", "live"), ("format", "normalized")]).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destinations").await, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_that_is_not_possible_is_not_offered_and_the_form_says_why() {
    let shop = Shop::start().await;
    let live = shop.owner.get(&format!("{}/new?mode=live", shop.list())).await;
    assert!(live.has("value=\"normalized\" checked") && !live.has("value=\"passed-") && !live.has("value=\"resigned-"));
    assert!(live.shows("format-missing"), "no gateway is connected in Live mode: {}", live.body);
    let test = shop.owner.get(&format!("{}/new?mode=test", shop.list())).await;
    assert!(test.has("value=\"resigned-razorpay\"") && test.lacks("format-missing"));

    let banyan = shop.app.standard_webhooks().await;
    let owner = shop.app.owner("Banyan Books").await;
    let page = owner.get(&format!("/ks-pay/apps/{}/destinations/new?mode=test", banyan.app_id)).await;
    assert!(page.has("value=\"resigned-standard-webhooks\"") && !page.has("value=\"passed-"), "it signs the time");
    assert!(page.shows("format-missing"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_url_makes_a_new_secret_and_other_changes_do_not() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    let first = secret(&shop.owner, &destination).await;
    assert!(first.starts_with("whsec_"), "{first}");
    let form = shop.owner.get(&format!("{destination}/edit")).await;
    assert!(form.shows("url-makes-secret") && form.has("value=\"http://127.0.0.1:9/hook\""), "{}", form.body);

    let changed = [("name", "Order system"), ("order", "fifo"), ("per_second", "5"), ("format", "normalized")];
    assert_eq!(shop.owner.post(&destination, &fields(&changed)).await.location(), destination);
    let page = shop.owner.get(&destination).await;
    assert!(page.has("Order system") && page.text_of("format") != "", "{}", page.body);
    assert_eq!(secret(&shop.owner, &destination).await, first);

    let moved = shop.owner.post(&destination, &fields(&[("url", "http://127.0.0.1:10/hook")])).await;
    assert_eq!(moved.location(), destination);
    let second = secret(&shop.owner, &destination).await;
    assert_ne!(second, first);
    assert!(shop.owner.get(&destination).await.lacks("previous-secret"), "the one before no longer signs");

    let wrong = shop.owner.post(&destination, &fields(&[("url", "https://10.0.0.1/")])).await;
    assert_eq!((wrong.status, wrong.reason_of("url-error")), (StatusCode::UNPROCESSABLE_ENTITY, "forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_shown_only_by_reveal_and_only_with_a_token_and_a_recent_password() {
    let shop = Shop::start().await;
    let destination = shop.add(&[("format", "resigned-razorpay")]).await;
    let reveal = format!("{destination}/reveal");
    assert_eq!(shop.owner.get(&reveal).await.location(), destination);
    assert_eq!(shop.owner.post_exactly(&reveal, &[]).await.status, StatusCode::FORBIDDEN);
    let shown = shop.owner.post(&reveal, &[]).await;
    let (own, gateway) = (shown.inside("secret").unwrap(), shown.inside("gateway-secret").unwrap());
    assert!(shown.status == StatusCode::OK && own != gateway, "{}", shown.body);
    assert!(!shop.owner.get(&destination).await.has(&own));

    shop.app.clock.advance(Duration::from_secs(15 * 60 + 1));
    let asked = shop.owner.post(&reveal, &[]).await;
    assert!(asked.status == StatusCode::UNPROCESSABLE_ENTITY && asked.shows("confirm-password") && !asked.has(&own));
    let confirmed = shop.owner.confirm(&reveal, &asked, PASSWORD).await;
    assert_eq!((confirmed.status, confirmed.inside("secret")), (StatusCode::OK, Some(own)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_asks_for_the_overlap_and_both_secrets_sign_until_then() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    let (rotation, before) = (format!("{destination}/rotation"), secret(&shop.owner, &destination).await);
    assert!(shop.owner.get(&rotation).await.has("value=\"24\" checked"));
    let wrong = shop.owner.post(&rotation, &[("overlap_hours", "25")]).await;
    assert_eq!((wrong.status, wrong.reason_of("overlap_hours-error")), (StatusCode::UNPROCESSABLE_ENTITY, "unknown"));
    assert_eq!(shop.owner.post(&rotation, &[("overlap_hours", "72")]).await.location(), destination);
    assert!(shop.owner.get(&destination).await.shows("previous-secret"));
    assert_ne!(secret(&shop.owner, &destination).await, before);
    for _ in 0..8 {
        assert_eq!(shop.owner.post(&rotation, &[]).await.location(), destination);
    }
    let full = shop.owner.post(&rotation, &[]).await;
    assert_eq!((full.status, full.reason_of("overlap_hours-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many-valid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_stated_while_paused_and_sent_when_resumed() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    assert_eq!(shop.owner.post(&format!("{destination}/pause"), &[]).await.location(), destination);
    shop.send("pay_1").await;
    shop.send("pay_2").await;
    let page = shop.owner.get(&destination).await;
    assert!(page.shows("state-paused") && page.text_of("destination-paused").contains('2'), "{}", page.body);
    assert_eq!((page.texts_of("delivery").len(), page.text_of("waiting").starts_with('2')), (2, true));
    let list = shop.owner.get(&shop.list()).await;
    assert!(list.shows("state-paused") && list.shows("destination-paused") && list.text_of("waiting").starts_with('2'));
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(overview.text_of("needs-attention").contains("Shop backend") && overview.has(&destination), "{}", overview.body);
    assert!(sink.received().is_empty());

    assert_eq!(shop.owner.post(&format!("{destination}/resume"), &[]).await.location(), destination);
    eventually(async || sink.received().len() == 2).await;
    let page = shop.owner.sees_in(&destination, "success-rate", "100").await;
    assert!(page.lacks("state-paused") && page.lacks("destination-paused"));
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(!overview.has(&destination));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_warn_of_a_destination_that_fails_for_long() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.usually(Response::Complete(400, "", ""));
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    shop.delivery(|delivery| delivery["attempts"] == 1).await;
    let page = shop.owner.get(&destination).await;
    assert!(page.shows("state-failing") && page.lacks("destination-failing"), "one failure is no reason to warn: {}", page.body);
    shop.app.clock.advance(Duration::from_secs(60 * 3600));
    let owner = shop.app.owner("Neem Tree Retail").await;
    let page = owner.get(&destination).await;
    assert!(page.shows("destination-failing") && page.shows("will-be-paused"), "{}", page.body);
    let list = owner.get(&shop.list()).await;
    assert!(list.shows("destination-failing") && list.shows("will-be-paused"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_states_what_is_lost_and_the_page_is_gone_afterwards() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_1").await;
    let deletion = format!("{destination}/deletion");
    let asked = shop.owner.get(&deletion).await;
    let effects = asked.texts_of("effect");
    assert!(asked.status == StatusCode::OK && effects.len() == 2 && effects[1].contains('1'), "{effects:?}");
    let deleted = shop.owner.post(&deletion, &[]).await;
    assert_eq!(deleted.location(), format!("{}?mode=test", shop.list()));
    for path in [destination.clone(), format!("{destination}/edit"), format!("{destination}/reveal")] {
        assert_eq!(shop.owner.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(shop.owner.get(&shop.list()).await.shows("no-destination"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_lists_its_attempts_with_what_was_responded() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.next([Response::Complete(503, "", "<script>alert(1)</script>")]);
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    let path = format!("{destination}/deliveries/{}", text(&delivery["delivery"]));
    let page = shop.owner.get(&path).await;
    assert!(page.has("<code>&#60;script&#62;alert(1)&#60;/script&#62;</code>") && !page.has("<script>alert"), "{}", page.body);
    assert_eq!(page.text_of("response"), "<script>alert(1)</script>");
    assert!(page.shows("state-waiting") && page.text_of("attempt").contains("503"), "{}", page.body);
    for named in ["webhook-id", "webhook-timestamp", "webhook-signature", "x-razorpay-signature", text(&delivery["event"])] {
        assert!(page.has(named), "{named}: {}", page.body);
    }
    let address = sink.url.split('/').nth(2).unwrap();
    assert!(page.has(address) && page.has(&format!("/events/{}\"", text(&delivery["event"]))), "{}", page.body);

    assert_eq!(shop.owner.post(&format!("{path}/replay"), &[]).await.location(), path);
    let page = shop.owner.sees(&path, "state-delivered").await;
    assert_eq!((page.texts_of("attempt").len(), sink.received().len()), (2, 2));
    assert!(page.texts_of("attempt")[0].contains("200"), "the newest is first: {}", page.body);
    // One that was delivered is sent again, too.
    assert_eq!(shop.owner.post(&format!("{path}/replay"), &[]).await.location(), path);
    eventually(async || sink.received().len() == 3).await;
    let ids: Vec<_> = sink.received().iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
    assert!(ids.iter().all(|id| *id == text(&delivery["event"])), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_a_response_says_why() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    assert_eq!(delivery["last_failure"], "connection_refused");
    let page = shop.owner.get(&format!("{destination}/deliveries/{}", text(&delivery["delivery"]))).await;
    assert!(page.texts_of("attempt").len() == 1 && page.has("127.0.0.1:9") && page.lacks("response"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_delivery_is_canceled_and_the_next_one_goes_on() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.next([Response::Complete(500, "", "")]);
    let destination = shop.add(&[("url", &sink.url), ("order", "fifo")]).await;
    shop.send("pay_1").await;
    let first = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    shop.send("pay_2").await;
    let path = format!("{destination}/deliveries/{}", text(&first["delivery"]));
    assert_eq!(shop.owner.get(&format!("{path}/skip")).await.location(), path);
    assert_eq!(shop.owner.post(&format!("{path}/skip"), &[]).await.location(), path);
    eventually(async || sink.received().len() == 2).await;
    let page = shop.owner.get(&path).await;
    assert!(page.shows("state-canceled") && !page.has(&format!("action=\"{path}/skip\"")), "{}", page.body);
    let again = shop.owner.post(&format!("{path}/skip"), &[]).await;
    assert_eq!(again.location(), path);
    assert_eq!(shop.owner.get(&path).await.reason_of("flash"), "has-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_deliveries_has_a_filter_and_a_search() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    shop.delivery(|delivery| delivery["state"] == "delivered").await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_2").await;
    let rows = async |query: &str| shop.owner.get(&format!("{destination}?{query}")).await.texts_of("delivery").len();
    assert_eq!((rows("").await, rows("state=waiting").await, rows("state=delivered").await), (2, 1, 1));
    let none = shop.owner.get(&format!("{destination}?state=exhausted")).await;
    assert!(none.status == StatusCode::OK && none.shows("no-delivery-found"), "{}", none.body);
    let wrong = shop.owner.get(&format!("{destination}?state=rubbish")).await;
    assert_eq!((wrong.status, wrong.texts_of("delivery").len()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    let event = text(&shop.deliveries().await[0]["event"]).to_owned();
    assert_eq!(rows(&format!("q={event}")).await, 1);
    assert_eq!(shop.owner.get(&format!("{destination}?q=pay_1")).await.reason_of("q-error"), "unsearchable");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_deliveries_are_replayed_together() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    for payment in ["pay_1", "pay_2", "pay_3"] {
        shop.send(payment).await;
    }
    shop.app.sql("UPDATE deliveries SET state = 'exhausted', due_at = NULL, ended_at = created_at WHERE id <> (SELECT MIN(id) FROM deliveries)").await;
    let replay = format!("{destination}/failed-deliveries/replay");
    assert!(shop.owner.get(&replay).await.texts_of("effect").len() == 3, "it says that the destination is paused");
    shop.owner.post(&format!("{destination}/resume"), &[]).await;
    eventually(async || sink.received().len() == 1).await;
    assert_eq!(shop.owner.post(&replay, &[]).await.location(), destination);
    assert!(shop.owner.get(&destination).await.text_of("flash").contains('2'));
    eventually(async || sink.received().len() == 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_event_lists_its_deliveries_and_who_did_not_get_it() {
    let shop = Shop::start().await;
    let event_page = async || {
        let event = text(&shop.app.events().await[0]["event"]).to_owned();
        shop.owner.get(&format!("/ks-pay/apps/{}/events/{event}", shop.connection.app_id)).await
    };
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    let other = shop.add(&[("name", "Refunds"), ("events", "refund.*")]).await;
    shop.add(&[("name", "Of Live mode"), ("mode", "live"), ("format", "normalized")]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["state"] == "delivered").await;
    shop.add(&[("name", "Later")]).await;
    shop.app.sql("UPDATE destinations SET created_at = created_at + 1000 WHERE name = 'Later'").await;
    let page = event_page().await;
    let section = page.text_of("event-deliveries");
    assert!(page.has(&format!("{destination}/deliveries/{}", text(&delivery["delivery"]))) && page.shows("state-delivered"));
    assert!(page.shows("not-sent-not-selected") && page.has(&other) && page.shows("not-sent-added-later"), "{section}");
    assert!(!section.contains("Of Live mode"), "{section}");

    shop.owner.post(&format!("{destination}/deletion"), &[]).await;
    let page = event_page().await;
    assert!(page.texts_of("delivery").len() == 1 && !page.has(&destination), "{}", page.body);
    assert!(page.text_of("delivery").contains("Shop backend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_a_normalized_form_names_the_destinations_that_did_not_get_it() {
    let shop = Shop::start().await;
    shop.add(&[("format", "normalized")]).await;
    shop.connection.post(b"{}".to_vec()).stored().await;
    let event = text(&shop.app.events().await[0]["event"]).to_owned();
    let page = shop.owner.get(&format!("/ks-pay/apps/{}/events/{event}", shop.connection.app_id)).await;
    assert!(page.shows("not-sent-no-form"), "{}", page.body);
}

/// Asserts that every page and form of a destination is not found.
async fn assert_not_found(browser: &Browser, destination: &str, delivery: &str) {
    let below = ["", "/edit", "/pause", "/resume", "/deletion", "/rotation", "/reveal", "/failed-deliveries/replay"];
    let of_delivery = ["", "/replay", "/skip"].map(|rest| format!("/deliveries/{delivery}{rest}"));
    for rest in below.into_iter().map(str::to_owned).chain(of_delivery) {
        let path = format!("{destination}{rest}");
        let read: Page = browser.get(&path).await;
        assert_eq!(read.status, StatusCode::NOT_FOUND, "GET {path}");
        let has_form = !rest.ends_with(delivery) && rest != "/edit";
        if has_form {
            assert_eq!(browser.post(&path, &fields(&[])).await.status, StatusCode::NOT_FOUND, "POST {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_of_another_company_or_app_is_not_found() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_1").await;
    let delivery = text(&shop.deliveries().await[0]["delivery"]).to_owned();
    let id = destination.rsplit('/').next().unwrap();

    let banyan = shop.app.standard_webhooks().await;
    let stranger = shop.app.owner("Banyan Books").await;
    let theirs = format!("/ks-pay/apps/{}/destinations", banyan.app_id);
    for path in [destination.clone(), format!("{theirs}/{id}")] {
        assert_not_found(&stranger, &path, &delivery).await;
    }
    assert_eq!(stranger.post(&shop.list(), &fields(&[("name", "Stolen")])).await.status, StatusCode::NOT_FOUND);
    // Below another app of the same company, and a delivery below another destination.
    let stall = shop.owner.post("/ks-pay/apps", &[("name", "Stall"), ("email", "a@b.example"), ("country", "IN")]).await;
    assert_not_found(&shop.owner, &format!("{}/destinations/{id}", stall.location()), &delivery).await;
    let second = shop.add(&[("name", "Second")]).await;
    for rest in ["", "/replay", "/skip"] {
        let path = format!("{second}/deliveries/{delivery}{rest}");
        assert_eq!(shop.owner.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let unchanged = shop.app.texts("SELECT name || ' ' || state FROM destinations ORDER BY id").await;
    assert_eq!(unchanged, ["Shop backend paused", "Second active"]);
    assert_eq!(shop.deliveries().await[0]["state"], "waiting");
}
