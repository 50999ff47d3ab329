//! Automations that send a change to a destination: one delivery for each run, with one id, to destinations of the app and mode only.

use std::time::Duration;

use ks_pay::primitives::time::{Clock, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    TestApp, bodies,
    bodies::AT,
    browser::{Browser, Page},
    builders::Connection,
    eventually,
    shop::{self, text},
    signing,
    sink::{Received, Response, Sink},
};

const RUNS: &str = "SELECT state || COALESCE(' ' || reason, '') FROM automation_runs ORDER BY id";
const LOOPBACK: &str = "127.0.0.0/8";
const DELIVERIES: &str = "SELECT COUNT(*) FROM deliveries";

/// A shop whose systems are destinations of an app.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) owner: Browser,
    test: Connection,
    pub(crate) live: Connection,
    /// Of another app of the company.
    second: Connection,
}

impl Shop {
    /// Starts an hour after the payments of [`bodies`].
    pub(crate) async fn start() -> Self {
        let mut app = TestApp::start().await;
        app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 3600)), |config| {
            config.allow_destinations = vec![LOOPBACK.parse().unwrap()];
        })
        .await;
        let company = app.company("Neem Tree Retail").await;
        let shop = company.app("Neem Tree Store").await;
        let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
        let second = company.app("Neem Tree Wholesale").await.razorpay("live").await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, owner, test, live, second }
    }

    /// Adds a destination that receives only what automations send; returns its id and its secret.
    pub(crate) async fn destination(&self, of: &Connection, url: &str) -> (String, String) {
        let name = format!("System {}", signing::sha256(url.as_bytes()).get(..6).unwrap());
        let args = ["destination", "add", "--app", &of.app_id, "--mode", of.mode, "--url", url, "--name", &name, "--json"];
        let all = [&args[..], &["--format", "normalized", "--events", "automation.triggered"]].concat();
        let added = self.app.cli_with(&all, "", &[("KS_PAY_ALLOW_DESTINATIONS", LOOPBACK)]).await.json();
        (text(&added["destination"]).to_owned(), text(&added["secret"]).to_owned())
    }

    /// Submits the form of a new automation.
    pub(crate) async fn submit(&self, mode: &str, to: &[&str], extra: &[(&str, &str)]) -> Page {
        let of = to.iter().map(|id| ("recipient", *id));
        let fields: Vec<_> = [("on", "captured"), ("language", "en"), ("intent", "on")].into_iter().chain(of).collect();
        let fields: Vec<_> = fields.into_iter().filter(|(name, _)| !extra.iter().any(|(other, _)| other == name)).collect();
        let url = format!("/ks-pay/apps/{}/automations/new?mode={mode}", self.live.app_id);
        self.owner.post(&url, &[&fields[..], extra].concat()).await
    }

    /// Adds an automation of live captures that was turned on before the payments; returns its page.
    pub(crate) async fn automate(&self, recipients: &[&str], more: &[(&str, &str)]) -> String {
        let added = self.submit("live", recipients, more).await;
        let before = format!("UPDATE automations SET turned_on_at = {}", (AT - 60) * 1000);
        self.app.sql(before.leak()).await;
        added.location().to_owned()
    }

    pub(crate) async fn send(&self, event: &str, id: &str) {
        assert_eq!(self.live.post(bodies::payment(event, id, 0)).send().await, 200);
    }

    /// Waits until every run has ended, while the time passes.
    pub(crate) async fn ended(&self) -> Vec<String> {
        eventually(async || {
            self.app.clock.advance(Duration::from_secs(2));
            self.app.count("SELECT COUNT(*) FROM automation_runs WHERE due_at IS NOT NULL").await == 0
        })
        .await;
        self.app.texts(RUNS).await
    }

    /// Returns the page of the newest run of an automation.
    pub(crate) async fn run(&self, automation: &str) -> String {
        let page = self.owner.get(automation).await;
        let start = format!("{automation}/runs/");
        page.body.split(&start).nth(1).map(|rest| format!("{start}{}", &rest[..14])).unwrap()
    }

    fn page_of(&self, destination: &str) -> String {
        format!("/ks-pay/apps/{}/destinations/{destination}", self.live.app_id)
    }
}

fn json_of(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_is_one_signed_delivery_however_many_events_report_it() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, secret) = shop.destination(&shop.live, &sink.url).await;
    let automation = shop.automate(&[&destination], &[]).await;
    let names = ["payment.captured", "order.paid", "payment_link.paid"];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (number, order) in orders.into_iter().enumerate() {
        for event in order {
            shop.send(names[event], &format!("pay_Order{number:09}")).await;
            shop.send(names[event], &format!("pay_Order{number:09}")).await;
        }
    }
    assert_eq!(shop.ended().await, ["done"; 6]);
    let received = sink.received();
    let mut payments: Vec<_> = received.iter().map(|one| json_of(one)["data"]["payment"]["id"].clone()).collect();
    payments.sort_by_key(ToString::to_string);
    assert_eq!(payments, (0..6).map(|number| json!(format!("pay_Order{number:09}"))).collect::<Vec<_>>());
    assert_eq!(shop.app.count(DELIVERIES).await, 6, "and nothing of the events");

    let first = &received[0];
    let body = json_of(first);
    let (id, at) = (first.header("webhook-id").unwrap(), first.header("webhook-timestamp").unwrap());
    assert_eq!(first.header("webhook-signature"), Some(signing::standard_webhooks(&secret, id, at, &first.body).as_str()));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert!(id.starts_with("ru_") && body["id"] == id && body["data"]["automation"]["run"] == id, "{body}");
    assert_eq!((&body["type"], &body["data"]["mode"]), (&json!("automation.triggered"), &json!("live")));
    let own = &body["data"]["automation"];
    assert!(automation.ends_with(text(&own["id"])) && text(&own["link"]).ends_with(&format!("{automation}/runs/{id}")), "{own}");
    let change = json!({ "type": "captured", "at": Timestamp::from_seconds(AT).rfc3339(), "amount": 100_000, "currency": "INR" });
    assert_eq!((&own["version"], &own["change"]), (&json!(1), &change));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_and_delivery_lead_to_each_other_and_a_repetition_has_the_same_id() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    let automation = shop.automate(&[&destination], &[]).await;
    shop.send("payment.captured", "pay_Again000000001").await;
    assert_eq!(shop.ended().await, ["done"]);
    let run = shop.run(&automation).await;
    let shown = shop.owner.get(&run).await;
    let start = format!("{}/deliveries/dl_", shop.page_of(&destination));
    let delivery = shown.body.split(&start).nth(1).map(|rest| format!("{start}{}", &rest[..11])).unwrap();
    assert!(shown.shows("state-delivered") && shown.shows("delivery"), "{}", shown.body);
    let page = shop.owner.get(&delivery).await;
    assert!(page.shows("from-automation") && page.has(&run) && page.has("automation.triggered"), "{}", page.body);
    assert!(page.text_of("normalized-body").contains("pay_Again000000001"));
    for typed in [run.rsplit('/').next().unwrap(), "pay_Again000000001", ""] {
        let list = shop.owner.get(&format!("{}?q={typed}", shop.page_of(&destination))).await;
        assert!(list.shows("delivery") && list.has(&run) && list.has(&delivery), "{typed}: {}", list.body);
    }

    // A refund in between: the payment is sent as it is now.
    shop.live
        .post(bodies::refund("refund.processed", "rfnd_Again00000001", "pay_Again000000001", 100_000, 100_000, 90))
        .send()
        .await;
    assert_eq!(shop.owner.post(&format!("{run}/request"), &[]).await.location(), run);
    assert_eq!(shop.ended().await, ["done"]);
    shop.owner.post(&format!("{delivery}/replay"), &[]).await.location();
    eventually(async || sink.received().len() == 3).await;
    let received = sink.received();
    let ids: Vec<_> = received.iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let refunded: Vec<_> = received.iter().map(|one| json_of(one)["data"]["payment"]["amount_refunded"].clone()).collect();
    assert_eq!(refunded, [json!(0), json!(100_000), json!(100_000)]);
    assert_eq!(shop.app.count(DELIVERIES).await, 1);
    assert_eq!(shop.owner.get(&run).await.texts_of("step").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_destination_is_a_skipped_step_and_others_receive_the_change() {
    let shop = Shop::start().await;
    let (gone, kept) = (Sink::start().await, Sink::start().await);
    let (first, _) = shop.destination(&shop.live, &gone.url).await;
    let (second, _) = shop.destination(&shop.live, &kept.url).await;
    let alone = shop.automate(&[&first], &[]).await;
    let both = shop.automate(&[&first, &second], &[]).await;
    let page = shop.owner.get(&shop.page_of(&first)).await;
    assert!(page.has(&alone) && page.has(&both) && page.shows("automations"), "{}", page.body);
    let page = shop.owner.get(&shop.page_of(&second)).await;
    assert!(page.has(&both) && !page.has(&alone), "{}", page.body);
    let question = shop.owner.get(&format!("{}/deletion", shop.page_of(&first))).await;
    assert_eq!(question.texts_of("effect").len(), 3, "and of each automation: {}", question.body);
    shop.owner.post(&format!("{}/deletion", shop.page_of(&first)), &[]).await.location();
    shop.send("payment.captured", "pay_Gone0000000001").await;
    assert_eq!(shop.ended().await, ["skipped recipient_gone", "done"]);
    let steps: Value = serde_json::from_str(&shop.app.texts("SELECT steps FROM automation_runs ORDER BY id").await[1]).unwrap();
    let skipped: Vec<_> = steps.as_array().unwrap().iter().map(|step| step["skipped"].as_str()).collect();
    assert_eq!(skipped, [Some("recipient_gone"), None]);
    assert_eq!((gone.received().len(), kept.received().len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_destination_is_paused_its_deliveries_wait_and_a_skipped_one_skips_the_run() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    let automation = shop.automate(&[&destination], &[]).await;
    let page = shop.page_of(&destination);
    shop.owner.post(&format!("{page}/pause"), &[]).await.location();
    for id in ["pay_Paused00000001", "pay_Paused00000002"] {
        shop.send("payment.captured", id).await;
    }
    eventually(async || shop.app.count(DELIVERIES).await == 2).await;
    let shown = shop.owner.get(&shop.run(&automation).await).await;
    assert!(shown.shows("state-waiting"), "{}", shown.body);
    let start = format!("{page}/deliveries/dl_");
    let delivery = shown.body.split(&start).nth(1).map(|rest| format!("{start}{}", &rest[..11])).unwrap();
    shop.owner.post(&format!("{delivery}/skip"), &[]).await.location();
    shop.owner.post(&format!("{page}/resume"), &[]).await.location();
    assert_eq!(shop.ended().await, ["done", "skipped delivery_canceled"]);
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_is_retried_and_the_run_waits_for_it() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.next([Response::Complete(500, "", "down")]);
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    shop.automate(&[&destination], &[]).await;
    shop.send("payment.captured", "pay_Retry000000001").await;
    eventually(async || shop.app.count("SELECT COUNT(*) FROM deliveries WHERE state = 'waiting' AND attempts = 1").await == 1)
        .await;
    // Once the job has looked at the run, it has not ended.
    shop.app.clock.advance(Duration::from_secs(2));
    let now = shop.app.now().millis();
    let looked_at = format!("SELECT COUNT(*) FROM automation_runs WHERE due_at IS NULL OR due_at > {now}").leak();
    eventually(async || shop.app.count(looked_at).await == 1).await;
    assert_eq!(shop.app.texts(RUNS).await, ["sending"]);
    assert_eq!(shop.ended().await, ["done"]);
    let received = sink.received();
    assert_eq!((received.len(), received[0].body == received[1].body), (2, true));
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_destinations_of_the_app_and_mode_can_be_chosen_or_receive_anything() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let other = shop.app.company("Kaveri Textiles").await.app("Kaveri Store").await.razorpay("live").await;
    let (of_test, _) = shop.destination(&shop.test, &sink.url).await;
    let (of_other, _) = shop.destination(&other, &sink.url).await;
    let (of_second, _) = shop.destination(&shop.second, &sink.url).await;
    for foreign in [&of_test, &of_other, &of_second, "ds_00000000001"] {
        let refused = shop.submit("live", &[foreign], &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{foreign}");
        assert!(refused.has("id=\"recipient-error\" data-reason=\"unknown\""), "{foreign}: {}", refused.body);
    }
    // Also if the database says otherwise.
    let (own, _) = shop.destination(&shop.live, &sink.url).await;
    shop.automate(&[&own], &[]).await;
    let foreign = format!("UPDATE automations SET recipients = '{of_test} {of_other} {of_second}'");
    shop.app.sql(foreign.leak()).await;
    shop.send("payment.captured", "pay_Foreign0000001").await;
    assert_eq!(shop.ended().await, ["skipped recipient_gone"]);
    assert_eq!((shop.app.count(DELIVERIES).await, sink.received().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_needs_no_message_but_others_do_and_the_preview_shows_what_it_receives() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    let both = shop.submit("live", &["customer", &destination], &[]).await;
    assert!(both.has("id=\"subject_en-error\" data-reason=\"empty\""), "{}", both.body);
    let nothing = shop.submit("live", &[&destination], &[("intent", "preview")]).await;
    assert!(nothing.shows("preview") && nothing.lacks("preview-body"), "{}", nothing.body);
    shop.send("payment.captured", "pay_Preview0000001").await;
    let preview = shop.submit("live", &[&destination], &[("intent", "preview")]).await;
    assert!(preview.text_of("preview-body").contains("pay_Preview0000001"), "{}", preview.body);
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM automations").await, 0);
    assert_eq!(sink.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_deleted_with_its_time_and_is_not_sent_again() {
    let mut shop = Shop::start().await;
    let sink = Sink::start().await;
    // In the original format too: without the gateway's own headers.
    let changed = [("mode", "live"), ("url", sink.url.as_str()), ("events", "automation.*"), ("format", "passed-razorpay")];
    let list = format!("/ks-pay/apps/{}/destinations", shop.live.app_id);
    let page = shop.owner.post(&list, &shop::fields(&changed)).await.location().to_owned();
    let destination = page.rsplit('/').next().unwrap();
    let automation = shop.automate(&[destination], &[]).await;
    shop.send("payment.captured", "pay_Deleted0000001").await;
    assert_eq!(shop.ended().await, ["done"]);
    let [received] = sink.received().try_into().unwrap();
    assert_eq!((received.header("x-razorpay-signature"), received.header("webhook-signature").is_some()), (None, true));
    let run = shop.run(&automation).await;
    let shown = shop.owner.get(&run).await;
    let start = format!("{page}/deliveries/dl_");
    let delivery = shown.body.split(&start).nth(1).map(|rest| format!("{start}{}", &rest[..11])).unwrap();
    assert!(shop.owner.get(&delivery).await.shows("normalized-body"));
    let day = Duration::from_hours(24);
    shop.app.clock.advance(8 * day);
    shop.app.restart_with(|config| config.body_retention = Some(7 * day)).await;
    eventually(async || shop.app.count("SELECT COUNT(*) FROM delivery_bodies").await == 0).await;
    let owner = shop.app.owner("Neem Tree Retail").await;
    let shown = owner.get(&delivery).await;
    assert!(shown.shows("from-automation") && shown.lacks("normalized-body") && !shown.has(&run), "{}", shown.body);
    owner.post(&format!("{delivery}/replay"), &[]).await.location();
    eventually(async || owner.get(&delivery).await.shows("state-canceled")).await;
    assert_eq!(sink.received().len(), 1);
}

/// On PostgreSQL, whose jobs change servers: each change has one delivery.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_queue_each_delivery_once() {
    if !crate::support::database::is_postgres() {
        return;
    }
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    shop.automate(&[&destination], &[]).await;
    let mut config = shop.app.config();
    config.allow_destinations = vec![LOOPBACK.parse().unwrap()];
    let other = shop.app.another_server_with(config).await;
    for number in 0..20 {
        let body = bodies::payment("payment.captured", &format!("pay_Both{number:010}"), 0);
        let (first, second) = (shop.live.clone(), shop.live.at(other.address()));
        let (one, two) =
            tokio::join!(async { first.post(body.clone()).send().await }, async { second.post(body.clone()).send().await });
        assert_eq!((one, two), (200, 200));
    }
    assert_eq!(shop.ended().await, ["done"; 20]);
    let received = sink.received();
    let mut ids: Vec<_> = received.iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), received.len()), (20, 20));
    other.stop().await;
}
