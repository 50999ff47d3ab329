//! Channels and alerts, from the page to the message: what is proven is reported once, with a count, and what is not is never.

use std::time::Duration;

use ks_pay::server::config::Config;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    TestApp, bodies,
    browser::Browser,
    builders::Connection,
    eventually,
    sink::{Response, Sink},
    smtp_server::SmtpServer,
};

const SLACK: &str = "https://hooks.slack.com/services/T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx";
const TOKEN: &str = "123456789:AAabcdefghijklmnopqrstuvwxyz_123456";
const ALERTS: &str = "SELECT kind || ' ' || CAST(count AS TEXT) || CASE WHEN resolved_at IS NULL THEN ' open' ELSE ' over' END FROM alerts ORDER BY id";
const MESSAGES: &str = "SELECT COUNT(*) FROM alert_messages";

pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) mail: SmtpServer,
    /// The four services.
    pub(crate) services: Sink,
    pub(crate) owner: Browser,
    pub(crate) test: Connection,
    pub(crate) live: Connection,
}

impl Shop {
    pub(crate) async fn start() -> Self {
        let (mail, services) = (SmtpServer::start().await, Sink::start().await);
        let app = TestApp::start_with(|config| configure(config, &mail, &services)).await;
        let company = app.company("Neem Tree Retail").await;
        let shop = company.app("Neem Tree Store").await;
        let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, mail, services, owner, test, live }
    }

    /// Changes the configuration of another server, so that it has the same services.
    pub(crate) fn configure(&self, config: &mut Config) {
        configure(config, &self.mail, &self.services);
    }

    pub(crate) fn list(&self) -> String {
        format!("/ks-pay/apps/{}/alerts", self.live.app_id)
    }

    pub(crate) async fn add_channel(&self, fields: &[(&str, &str)]) -> crate::support::browser::Page {
        self.owner.post("/settings/channels", fields).await
    }

    pub(crate) async fn add_slack(&self) -> String {
        let added = self.add_channel(&[("service", "slack"), ("name", "#payments"), ("url", SLACK)]).await;
        assert_eq!(added.location(), "/settings/channels");
        self.app.texts("SELECT name FROM channels").await;
        let page = self.owner.get("/settings/channels").await;
        page.body.split("/settings/channels/ch_").nth(1).map(|rest| format!("ch_{}", &rest[..11])).unwrap()
    }

    /// A request of the gateway that is rejected, proven by a secret of the company.
    pub(crate) async fn reject(&self, number: usize) {
        let body = bodies::payment("payment.captured", &format!("pay_Rejected{number:06}"), 0);
        assert_eq!(self.live.post(body).secret(&self.test.secret).send().await, 401);
    }

    pub(crate) async fn alerts(&self) -> Vec<String> {
        self.app.texts(ALERTS).await
    }

    pub(crate) async fn posted(&self, count: usize) -> Vec<Value> {
        eventually(async || self.services.received().len() >= count).await;
        self.services.received().iter().map(|received| serde_json::from_slice(&received.body).unwrap()).collect()
    }
}

fn configure(config: &mut Config, mail: &SmtpServer, services: &Sink) {
    mail.set(config);
    config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
    config.chat_stand_in = Some(services.url.trim_end_matches("/hook").to_owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_added_tested_and_removed_and_its_url_is_never_shown() {
    let shop = Shop::start().await;
    for (fields, field, reason) in [
        (vec![("service", "slack"), ("name", ""), ("url", SLACK)], "name", "empty"),
        (
            vec![("service", "slack"), ("name", "a"), ("url", "https://hooks.slack.com/triggers/a/b/c")],
            "url",
            "slack-not-incoming",
        ),
        (
            vec![("service", "teams"), ("name", "a"), ("url", "https://a.webhook.office.com/webhookb2/x")],
            "url",
            "teams-connector",
        ),
        (vec![("service", "discord"), ("name", "a"), ("url", SLACK)], "url", "other-service"),
        (vec![("service", "telegram"), ("name", "a"), ("token", TOKEN), ("chat", "me")], "chat", "telegram-chat"),
        (vec![("service", "telegram"), ("name", "a"), ("token", "1:2"), ("chat", "42")], "token", "telegram-token"),
    ] {
        let page = shop.add_channel(&fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.has(&format!("id=\"{field}-error\" data-reason=\"{reason}\"")), "{fields:?}");
        assert!(!page.has(SLACK) && !page.has(TOKEN), "{fields:?}");
    }
    let id = shop.add_slack().await;
    let again = shop.add_channel(&[("service", "slack"), ("name", "#payments"), ("url", SLACK)]).await;
    assert!(again.has("data-reason=\"known\""));
    let list = shop.owner.get("/settings/channels").await;
    assert!(list.shows("state-unused") && list.has("uvwx") && !list.has("abcdefghijklmnop"), "{}", list.body);

    let test = format!("/settings/channels/{id}/test");
    assert_eq!(shop.owner.post(&test, &[]).await.location(), "/settings/channels");
    let received = shop.services.received().remove(0);
    assert!(
        received.head.starts_with("POST /slack/services/T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx HTTP/1.1"),
        "{}",
        received.head
    );
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!((&body["blocks"][0]["text"]["type"], &body["mrkdwn"]), (&"plain_text".into(), &false.into()));
    assert!(shop.owner.get("/settings/channels").await.shows("state-working"));
    shop.services.next([Response::Complete(404, "", "no_service")]);
    shop.owner.post(&test, &[]).await;
    let page = shop.owner.get("/settings/channels").await;
    assert!(page.shows("state-failing") && page.text_of("problem").contains("no_service"), "{}", page.body);

    assert_eq!(shop.app.company("Banyan Books").await.app("Banyan Shop").await.id.len(), 14);
    let stranger = shop.app.owner("Banyan Books").await;
    for rest in ["test", "removal"] {
        let path = format!("/settings/channels/{id}/{rest}");
        assert_eq!(stranger.post(&path, &[]).await.status, StatusCode::NOT_FOUND, "{rest}");
        assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND, "{rest}");
    }
    assert!(stranger.get("/settings/channels").await.shows("no-channel"));
    let removal = format!("/settings/channels/{id}/removal");
    assert!(shop.owner.get(&removal).await.shows("effect"));
    shop.owner.post(&removal, &[]).await;
    assert!(shop.owner.get("/settings/channels").await.shows("no-channel"));
    let log = "SELECT action FROM security_log WHERE action LIKE 'channel%' ORDER BY id";
    assert_eq!(shop.app.texts(log).await, ["channel_added", "channel_tested", "channel_tested", "channel_removed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn proven_rejections_are_one_alert_with_a_count_and_its_end_is_reported() {
    let shop = Shop::start().await;
    for number in 0..30 {
        shop.reject(number).await;
    }
    eventually(async || {
        shop.alerts().await.first().is_some_and(|one| one.starts_with("webhook_failing") && one.ends_with("open"))
    })
    .await;
    let counted = "SELECT failing_count FROM activity WHERE failing_count > 0";
    eventually(async || shop.app.count("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections").await == 30).await;
    eventually(async || shop.alerts().await == [format!("webhook_failing {} open", shop.app.count(counted).await)]).await;
    let mail = shop.mail.mail(1).await;
    let text = mail.part("text/plain");
    assert!(mail.header("Subject").contains("Neem Tree Store, Live") && text.contains("/alerts/al_"), "{text}");
    assert!(!text.contains("pay_Rejected"), "nothing of a rejected request: {text}");
    assert_eq!((shop.app.count(MESSAGES).await, shop.mail.mails().len()), (1, 1));

    let list = shop.owner.get(&format!("{}?mode=live", shop.list())).await;
    assert_eq!(list.texts_of("alert").len(), 1);
    assert!(shop.owner.get(&format!("{}?mode=test", shop.list())).await.shows("no-alert"));
    let path = list.body.split("/alerts/al_").nth(1).map(|rest| format!("{}/al_{}", shop.list(), &rest[..11])).unwrap();
    let page = shop.owner.get(&path).await;
    assert!(page.shows("state-open") && page.text_of("count").contains("30"), "{}", page.body);
    shop.owner.sees(&path, "state-sent").await;
    shop.owner.post(&format!("{path}/acknowledgement"), &[]).await;
    assert!(shop.owner.get(&path).await.shows("state-acknowledged"));

    shop.app.clock.advance(Duration::from_secs(2));
    shop.live.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    eventually(async || shop.alerts().await == ["webhook_failing 30 over"]).await;
    assert!(shop.mail.mail(2).await.header("Subject").contains("verified again"));
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_requests_cause_no_alert() {
    let shop = Shop::start().await;
    shop.live.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for number in 0..300 {
        let body = bodies::payment("payment.captured", &format!("pay_Forged{number:06}"), 0);
        assert_eq!(shop.live.post(body).signature(&format!("{number:064x}")).send().await, 401);
    }
    let recorded = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
    eventually(async || shop.app.count(recorded).await == 300).await;
    // The job of another problem runs after those of the rejections.
    shop.test.post(bodies::payment("payment.captured", "pay_2", 0)).secret(&shop.live.secret).send().await;
    eventually(async || shop.alerts().await == ["webhook_failing 1 open"]).await;
    assert_eq!(shop.app.texts("SELECT mode FROM alerts").await, ["test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_fails_is_replaced_by_the_fallback_and_the_page_says_so() {
    let shop = Shop::start().await;
    let channel = shop.add_slack().await;
    let rule = format!("{}/kinds/webhook_failing", shop.list());
    let none = shop.owner.post(&rule, &[("mode", "live"), ("on", "true"), ("who", "some")]).await;
    assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.has("data-reason=\"empty\""));
    let foreign = [("mode", "live"), ("on", "true"), ("who", "some"), ("recipient", "us_00000000001")];
    assert!(shop.owner.post(&rule, &foreign).await.has("data-reason=\"unknown\""));
    let saved = shop.owner.post(&rule, &[("mode", "live"), ("on", "true"), ("who", "some"), ("recipient", &channel)]).await;
    assert_eq!(saved.location(), format!("{}?mode=live", shop.list()));
    assert!(shop.owner.get(&format!("{rule}?mode=live")).await.has(&format!("value=\"{channel}\" checked")));

    shop.services.usually(Response::Complete(404, "", "no_service"));
    shop.reject(1).await;
    let posted = shop.posted(1).await;
    assert!(posted[0]["blocks"][0]["text"]["text"].as_str().unwrap().contains("webhook is failing"), "{posted:?}");
    shop.mail.mail(1).await;
    let page = shop.owner.sees(&format!("{}?mode=live", shop.list()), "channel-failing").await;
    assert!(page.text_of("channel-failing").contains("#payments"));
    assert!(shop.owner.get("/").await.shows("channel-failing"), "the dashboard says so");
    let sent = "SELECT SUBSTR(recipient, 1, 2) || CASE WHEN is_fallback THEN ' instead' ELSE '' END FROM alert_messages ORDER BY notification_id";
    assert_eq!(shop.app.texts(sent).await, ["ch", "us instead"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_off_or_muted_is_recorded_and_reported_once_that_is_over() {
    let shop = Shop::start().await;
    let mute = format!("{}/mute", shop.list());
    shop.owner.post(&mute, &[("mode", "live"), ("mute", "hour")]).await;
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.shows("muted"));
    assert_eq!(shop.owner.post(&mute, &[("mode", "live"), ("mute", "forever")]).await.status, StatusCode::BAD_REQUEST);
    let quiet = format!("{}/quiet-hours", shop.list());
    for (from, to, field, reason) in [
        ("22:00", "", "to", "empty"),
        ("", "07:00", "from", "empty"),
        ("24:00", "07:00", "from", "not-a-time"),
        ("22:00", "7", "to", "not-a-time"),
        ("22:00", "22:00", "to", "same"),
    ] {
        let wrong = shop.owner.post(&quiet, &[("mode", "live"), ("from", from), ("to", to)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {to}");
        assert!(wrong.has(&format!("id=\"{field}-error\" data-reason=\"{reason}\"")), "{from} {to}: {}", wrong.body);
    }
    shop.owner.post(&quiet, &[("mode", "live"), ("from", "22:00"), ("to", "07:00")]).await;
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.has("value=\"22:00\""));
    shop.owner.post(&quiet, &[("mode", "live"), ("from", ""), ("to", "")]).await;
    shop.reject(1).await;
    eventually(async || shop.alerts().await == ["webhook_failing 1 open"]).await;
    assert_eq!(shop.app.count(MESSAGES).await, 0);
    shop.owner.post(&mute, &[("mode", "live"), ("mute", "")]).await;
    shop.mail.mail(1).await;
    let sent = shop.owner.post(&format!("{}/kinds/backlog/test?mode=live", shop.list()), &[]).await;
    assert!(sent.location().ends_with("/alerts/kinds/backlog?mode=live"));
    assert!(shop.mail.mail(2).await.header("Subject").starts_with("Test: "));
}
