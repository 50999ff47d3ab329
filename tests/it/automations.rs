//! Automations, from the event to the message: one run for each change, however it is reported, and nothing that a customer chose
//! becomes a link or markup.

use std::time::Duration;

use ks_pay::primitives::time::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::support::{
    TestApp, bodies,
    bodies::AT,
    builders::Connection,
    eventually,
    sink::Sink,
    smtp_server::{Answer, Mail, SmtpServer},
};

const RUNS: &str = "SELECT change_key || ' ' || state || COALESCE(' ' || reason, '') FROM automation_runs ORDER BY id";
const QUEUED: &str = "SELECT COUNT(*) FROM notifications WHERE purpose = 'automation'";
const MESSAGE: &str = "Hello {{note.name}},\n\nwe received **{{amount}}** by {{method}}.\n\n- Order {{order_id}}\n- [Shop](https://shop.example/help)";

/// An app with automations, whose emails and chat messages arrive at stand-ins.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) mail: SmtpServer,
    services: Sink,
    pub(crate) test: Connection,
    pub(crate) live: Connection,
}

impl Shop {
    /// Starts an hour after the payments of [`bodies`].
    pub(crate) async fn start() -> Self {
        let (mail, services) = (SmtpServer::start().await, Sink::start().await);
        let mut app = TestApp::start().await;
        app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 3600)), |config| {
            mail.set(config);
            config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
            config.chat_stand_in = Some(services.url.trim_end_matches("/hook").to_owned());
        })
        .await;
        let company = app.company("Neem Tree Retail").await;
        let shop = company.app("Neem Tree Store").await;
        let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
        Self { app, mail, services, test, live }
    }

    /// Adds an automation for a kind of change, which was turned on before the payments.
    pub(crate) async fn automate(&self, id: i64, kind: &str, recipients: &str, conditions: &Value) {
        self.automate_in("live", (id, kind), recipients, conditions).await;
    }

    async fn automate_in(&self, mode: &str, (id, kind): (i64, &str), recipients: &str, conditions: &Value) {
        let texts = json!({ "en": { "subject": "Your payment {{payment_id}}", "message": MESSAGE } });
        let on = (AT - 60) * 1000;
        let statement = format!(
            "INSERT INTO automations (id, company_id, app_id, mode, change_kind, conditions, recipients, texts, language, starts_refund, is_on, \
             turned_on_at, created_at, changed_at) SELECT {id}, company_id, id, '{mode}', '{kind}', '{conditions}', '{recipients}', '{texts}', \
             'en', FALSE, TRUE, {on}, {on}, {on} FROM apps WHERE name = 'Neem Tree Store'"
        );
        assert_eq!(self.app.sql(statement.leak()).await, 1);
    }

    /// Records emails of an automation of the company to customers at the time of the start.
    async fn have_emailed(&self, automation: i64, emails: i64) {
        let company = self.app.count("SELECT MAX(company_id) FROM automations").await;
        let mut statement =
            "INSERT INTO automation_messages (automation_id, recipient, queued_at, run_id, company_id) VALUES ".to_owned();
        // Text of an engine's own: a digest is bytes.
        let bytes = if crate::support::database::is_postgres() { r"'\x00'" } else { "x'00'" };
        let at = (AT + 3600) * 1000;
        let rows = (0..emails).map(|run| format!("({automation}, {bytes}, {at}, {run}, {company})"));
        statement += &rows.collect::<Vec<_>>().join(", ");
        assert_eq!(self.app.sql(statement.leak()).await, u64::try_from(emails).unwrap());
    }

    pub(crate) async fn send(&self, body: Vec<u8>) {
        assert_eq!(self.live.post(body).send().await, 200);
    }

    pub(crate) async fn runs(&self) -> Vec<String> {
        self.app.texts(RUNS).await
    }

    /// Waits until every run has ended, while the time passes.
    pub(crate) async fn ended(&self) -> Vec<String> {
        eventually(async || {
            self.app.clock.advance(Duration::from_secs(2));
            self.app.count("SELECT COUNT(*) FROM automation_runs WHERE due_at IS NOT NULL").await == 0
        })
        .await;
        self.runs().await
    }
}

/// A captured payment of a customer with an address and notes.
fn payment_of(event: &str, id: &str, email: &str, name: &str) -> Vec<u8> {
    let body = bodies::payment_with_notes(event, id, json!({ "name": name }).to_string().as_bytes());
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body["payload"]["payment"]["entity"]["email"] = json!(email);
    body.to_string().into_bytes()
}

fn captured(id: &str) -> Vec<u8> {
    payment_of("payment.captured", id, "kavya@mail.example", "Kavya")
}

fn recipients(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.to.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_is_confirmed_once_however_many_events_report_it() {
    let shop = Shop::start().await;
    shop.automate(7, "captured", "customer", &json!({})).await;
    shop.send(payment_of("payment.authorized", "pay_Once0000000001", "kavya@mail.example", "Kavya")).await;
    for event in ["order.paid", "payment.captured", "payment_link.paid", "payment.captured"] {
        shop.send(payment_of(event, "pay_Once0000000001", "kavya@mail.example", "Kavya")).await;
    }
    let mail = shop.mail.mail(1).await;
    assert_eq!((mail.to.as_str(), mail.header("Subject").as_str()), ("kavya@mail.example", "Your payment pay_Once0000000001"));
    assert!(mail.header("From").replace('"', "").starts_with("Neem Tree Store <"), "{}", mail.header("From"));
    assert_eq!(mail.header("Reply-To"), "shop@example.com");
    let text = mail.part("text/plain").replace('\r', "");
    assert!(text.contains("Hello Kavya,\n\nwe received ₹1,000.00 by UPI.\n\n- Order "), "{text}");
    let html = mail.part("text/html");
    assert!(html.contains("<b>₹1,000.00</b>") && html.contains(r#"<a href="https://shop.example/help""#), "{html}");
    assert_eq!(shop.ended().await, ["captured done"]);
    assert_eq!(shop.mail.mails().len(), 1);
    assert_eq!(shop.app.count(QUEUED).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_chose_becomes_neither_link_nor_markup_nor_header() {
    let shop = Shop::start().await;
    shop.automate(7, "captured", "customer", &json!({})).await;
    let name = "<b>K</b> [win](https://evil.example) {{payment_id}} **x** evil.example\r\nBcc: other@mail.example";
    shop.send(payment_of("payment.captured", "pay_Evil0000000001", "kavya@mail.example", name)).await;
    let mail = shop.mail.mail(1).await;
    let (text, html) = (mail.part("text/plain"), mail.part("text/html"));
    assert!(!text.contains("evil.example") && !html.contains("evil.example"), "{text}");
    assert!(!html.contains("<b>K</b>") && html.contains("{{payment_id}} **x**"), "{html}");
    assert_eq!((mail.count("Bcc"), mail.count("Cc"), shop.mail.mails().len()), (0, 0, 1));
    shop.ended().await;
    for address in
        ["", "void@razorpay.com", "no address", "a@mail.example, b@mail.example", "a@mail.example\r\nBcc: b@mail.example"]
    {
        let id = format!("pay_Address{:07}", address.len());
        shop.send(payment_of("payment.captured", &id, address, "Kavya")).await;
    }
    let ended = shop.ended().await;
    assert_eq!(ended[1..], ["captured skipped no_address"; 5]);
    assert_eq!(shop.mail.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_react_to_their_change_in_their_mode_if_their_conditions_are_met() {
    let shop = Shop::start().await;
    let over = |subunits: i64| json!({ "comparison": "over", "subunits": subunits, "currency": "INR" });
    shop.automate(1, "captured", "customer", &over(99_999)).await;
    shop.automate(2, "captured", "customer", &over(100_000)).await;
    shop.automate(3, "captured", "customer", &json!({ "method": "card" })).await;
    shop.automate(4, "failed", "customer", &json!({})).await;
    shop.automate(5, "refunded", "customer", &over(30_000)).await;
    shop.automate(6, "dispute_opened", "customer", &json!({})).await;
    shop.automate_in("test", (7, "captured"), "customer", &json!({})).await;
    let of = "SELECT CAST(automation_id AS TEXT) || ' ' || change_key FROM automation_runs ORDER BY automation_id, id";
    shop.send(captured("pay_Rules000000001")).await;
    assert_eq!(shop.app.texts(of).await, ["1 captured"]);
    shop.send(payment_of("payment.failed", "pay_Rules000000002", "kavya@mail.example", "Kavya")).await;
    for (id, amount, total) in [("rfnd_Rules00000001", 20_000, 20_000), ("rfnd_Rules00000002", 40_000, 60_000)] {
        shop.send(bodies::refund("refund.created", id, "pay_Rules000000001", amount, total, 60)).await;
        shop.send(bodies::refund("refund.processed", id, "pay_Rules000000001", amount, total, 90)).await;
        shop.send(bodies::refund("refund.processed", id, "pay_Rules000000001", amount, total, 90)).await;
    }
    shop.send(bodies::dispute("payment.dispute.created", "disp_Rules00000001", "pay_Rules000000001", "open", 100)).await;
    shop.send(bodies::dispute("payment.dispute.under_review", "disp_Rules00000001", "pay_Rules000000001", "under_review", 110))
        .await;
    let all = ["1 captured", "4 failed", "5 refunded:rfnd_Rules00000002", "6 dispute_opened:disp_Rules00000001"];
    assert_eq!(shop.app.texts(of).await, all);
    shop.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_changes_and_those_from_before_are_skipped() {
    let shop = Shop::start().await;
    shop.automate(7, "captured", "customer", &json!({})).await;
    shop.app.clock.advance(Duration::from_hours(23) + Duration::from_secs(1));
    shop.send(captured("pay_TooOld00000001")).await;
    let later = format!("UPDATE automations SET turned_on_at = {}", (AT + 61) * 1000);
    shop.app.sql(later.leak()).await;
    shop.app.sql("UPDATE automations SET change_kind = 'failed'").await;
    let before = bodies::payment("payment.failed", "pay_Before00000001", 60);
    let mut restarted = shop;
    restarted.app.stop().await;
    let Shop { mut app, mail, services, test, live } = restarted;
    app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 7200)), |config| mail.set(config)).await;
    let live = live.at(app.address);
    let shop = Shop { app, mail, services, test, live };
    shop.send(before).await;
    shop.send(bodies::payment("payment.failed", "pay_After000000001", 61)).await;
    let ended = shop.ended().await;
    assert_eq!(ended, ["captured skipped too_old", "failed skipped before_on", "failed skipped no_address"]);
    assert_eq!(shop.mail.mails().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_test_mode_a_user_receives_what_customers_would() {
    let shop = Shop::start().await;
    shop.automate_in("test", (7, "captured"), "customer", &json!({})).await;
    assert_eq!(shop.test.post(captured("pay_TestMode000001")).send().await, 200);
    let mail = shop.mail.mail(1).await;
    assert_eq!(mail.to, "owner@neem-tree-retail.example");
    let text = mail.part("text/plain");
    assert!(text.starts_with("This is a test payment"), "{text}");
    assert_eq!(shop.ended().await, ["captured done"]);
    assert_eq!(recipients(&shop.mail.mails()), ["owner@neem-tree-retail.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_receives_three_emails_of_an_automation_in_a_day() {
    let shop = Shop::start().await;
    shop.automate(7, "captured", "customer", &json!({})).await;
    for number in 0..5 {
        let address = if number % 2 == 0 { "kavya@mail.example" } else { "Kavya@MAIL.example" };
        shop.send(payment_of("payment.captured", &format!("pay_Limit{number:09}"), address, "Kavya")).await;
        shop.ended().await;
    }
    shop.send(payment_of("payment.captured", "pay_LimitOther0001", "ilango@mail.example", "Ilango")).await;
    let done = "captured done";
    let limited = "captured skipped daily_limit";
    assert_eq!(shop.ended().await, [done, done, done, limited, limited, done]);
    shop.app.clock.advance(Duration::from_hours(25));
    let later = bodies::payment_with_notes("payment.captured", "pay_LimitLater0001", br#"{"name":"Kavya"}"#);
    let mut later: Value = serde_json::from_slice(&later).unwrap();
    later["payload"]["payment"]["entity"]["email"] = json!("kavya@mail.example");
    later["created_at"] = json!(AT + 25 * 3600);
    shop.send(later.to_string().into_bytes()).await;
    assert_eq!(shop.ended().await.last().map(String::as_str), Some(done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_receives_one_email_of_a_failure_in_a_day() {
    let shop = Shop::start().await;
    shop.automate(7, "failed", "customer", &json!({})).await;
    for number in 0..2 {
        shop.send(payment_of("payment.failed", &format!("pay_Strange{number:07}"), "kavya@mail.example", "Kavya")).await;
        shop.ended().await;
    }
    assert_eq!(shop.ended().await, ["failed done", "failed skipped daily_limit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_hundred_failures_an_hour_customers_are_skipped_and_users_are_not() {
    let shop = Shop::start().await;
    let owner = shop.app.owner("Neem Tree Retail").await;
    let editor = owner.get(&format!("/ks-pay/apps/{}/automations/new?mode=live", shop.live.app_id)).await;
    let user = editor.body.split("value=\"us_").nth(1).map(|rest| format!("us_{}", &rest[..11])).unwrap();
    shop.automate(7, "failed", "customer", &json!({})).await;
    shop.automate(8, "failed", &format!("customer {user}"), &json!({})).await;
    shop.have_emailed(8, 100).await;
    shop.send(payment_of("payment.failed", "pay_Failing0000001", "kavya@mail.example", "Kavya")).await;
    assert_eq!(shop.ended().await, ["failed done", "failed done"]);
    let mails = shop.mail.mails();
    let mut to = recipients(&mails);
    to.sort_unstable();
    assert_eq!(to, ["kavya@mail.example", "owner@neem-tree-retail.example"], "of 7, and of 8 to the user alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_thousand_customers_an_hour_a_run_waits() {
    let shop = Shop::start().await;
    shop.automate(7, "captured", "customer", &json!({})).await;
    // Those of another automation of the company count, too.
    shop.have_emailed(8, 1_000).await;
    shop.send(captured("pay_Hourly00000001")).await;
    let planned =
        format!("SELECT COUNT(*) FROM automation_runs WHERE state = 'waiting' AND due_at > {}", (AT + 3600) * 1000).leak();
    eventually(async || shop.app.count(planned).await == 1).await;
    assert_eq!((shop.mail.mails().len(), shop.runs().await), (0, vec!["captured waiting".to_owned()]));
    shop.app.clock.advance(Duration::from_mins(61));
    assert_eq!(shop.ended().await, ["captured done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_email_is_a_failed_run_and_others_go_on() {
    let shop = Shop::start().await;
    shop.mail.answer(&[Answer::Recipient("550 5.1.1 no such user")]);
    shop.automate(7, "captured", "customer", &json!({})).await;
    shop.send(captured("pay_Refused0000001")).await;
    assert_eq!(shop.ended().await, ["captured failed"]);
    shop.send(captured("pay_Refused0000002")).await;
    assert_eq!(shop.ended().await, ["captured failed", "captured done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_channels_receive_it_too_and_who_is_gone_does_not() {
    let shop = Shop::start().await;
    let owner = shop.app.owner("Neem Tree Retail").await;
    let url = "https://hooks.slack.com/services/T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx";
    owner.post("/settings/channels", &[("service", "slack"), ("name", "#payments"), ("url", url)]).await.location();
    let page = owner.get("/settings/channels").await;
    let channel = page.body.split("/settings/channels/ch_").nth(1).map(|rest| format!("ch_{}", &rest[..11])).unwrap();
    shop.automate(7, "captured", &format!("{channel} ch_00000000001 us_00000000001"), &json!({})).await;
    shop.send(captured("pay_Channel0000001")).await;
    eventually(async || shop.services.received().len() == 1).await;
    let posted = String::from_utf8(shop.services.received()[0].body.clone()).unwrap();
    assert!(posted.contains("Your payment pay_Channel0000001") && posted.contains("we received ₹1,000.00 by UPI."), "{posted}");
    assert_eq!(shop.ended().await, ["captured done"]);
    let steps: Value = serde_json::from_str(&shop.app.texts("SELECT steps FROM automation_runs").await[0]).unwrap();
    let skipped: Vec<_> = steps.as_array().unwrap().iter().map(|step| step["skipped"].as_str()).collect();
    assert_eq!(skipped, [None, Some("recipient_gone"), Some("recipient_gone")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_an_automation_that_is_off_or_gone_sends_nothing() {
    let shop = Shop::start().await;
    // No server runs what is due until it starts again.
    shop.automate(7, "captured", "customer", &json!({})).await;
    shop.automate(8, "captured", "customer", &json!({})).await;
    shop.app.sql("INSERT INTO automation_runs (id, automation_id, app_id, transaction_id, change_key, occurred_at, state, steps, due_at, created_at) \
        SELECT 90 + automations.id, automations.id, app_id, 1, 'captured', 0, 'waiting', '[]', 9000000000000, 1795350600000 FROM automations").await;
    shop.app.sql("UPDATE automations SET is_on = FALSE WHERE id = 7").await;
    shop.app.sql("DELETE FROM automations WHERE id = 8").await;
    shop.app.sql("UPDATE automation_runs SET due_at = 0").await;
    assert_eq!(shop.ended().await, ["captured skipped turned_off"; 2]);
    assert_eq!(shop.app.count(QUEUED).await, 0);
}

/// On PostgreSQL, whose jobs change servers: each change has its message once.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_send_each_message_once() {
    if !crate::support::database::is_postgres() {
        return;
    }
    let shop = Shop::start().await;
    let other = shop.app.another_server_with({
        let mut config = shop.app.config();
        shop.mail.set(&mut config);
        config
    });
    let other = other.await;
    shop.automate(7, "captured", "customer", &json!({})).await;
    for number in 0..20 {
        let body = payment_of("payment.captured", &format!("pay_Both{number:010}"), &format!("c{number}@mail.example"), "Kavya");
        let (first, second) = (shop.live.clone(), shop.live.at(other.address()));
        let (one, two) =
            tokio::join!(async { first.post(body.clone()).send().await }, async { second.post(body.clone()).send().await });
        assert_eq!((one, two), (200, 200));
    }
    let mut seen = shop.ended().await;
    seen.dedup();
    assert_eq!((seen, shop.runs().await.len()), (vec!["captured done".to_owned()], 20));
    let mails = shop.mail.mails();
    let mut to = recipients(&mails);
    to.sort_unstable();
    to.dedup();
    assert_eq!((to.len(), mails.len()), (20, 20));
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_a_note_is_checked_with_what_any_event_of_the_payment_says() {
    let shop = Shop::start().await;
    let note = |comparison: &str, value: &str| json!({ "note": { "comparison": comparison, "name": "name", "value": value } });
    shop.automate(1, "refunded", "customer", &note("is", "kavya")).await;
    shop.automate(2, "refunded", "customer", &note("is", "kav")).await;
    shop.automate(3, "refunded", "customer", &note("contains", "VY")).await;
    shop.automate(4, "refunded", "customer", &json!({ "note": { "comparison": "is", "name": "Name", "value": "Kavya" } })).await;
    shop.send(captured("pay_Notes000000001")).await;
    // Its event has no note.
    shop.send(bodies::refund("refund.processed", "rfnd_Notes00000001", "pay_Notes000000001", 100, 100, 60)).await;
    shop.ended().await;
    let of = "SELECT CAST(automation_id AS TEXT) || ' ' || state || COALESCE(' ' || reason, '') FROM automation_runs ORDER BY automation_id";
    let expected = ["1 done", "2 skipped note_not_met", "3 done", "4 skipped note_not_met"];
    assert_eq!((shop.app.texts(of).await, shop.mail.mails().len()), (expected.map(str::to_owned).to_vec(), 2));
    // A user who runs it sends nothing either.
    shop.app
        .sql("UPDATE automation_runs SET state = 'waiting', reason = NULL, due_at = 0, ended_at = NULL, requested_by = 'Kavya'")
        .await;
    shop.ended().await;
    assert_eq!((shop.app.texts(of).await, shop.mail.mails().len()), (expected.map(str::to_owned).to_vec(), 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_canceled_when_an_automation_is_turned_off_unless_a_user_ran_it() {
    let shop = Shop::start().await;
    let owner = shop.app.owner("Neem Tree Retail").await;
    let deferred = Answer::Recipient("451 4.7.1 try again later");
    shop.mail.answer(&[deferred, deferred]);
    shop.automate(7, "captured", "customer", &json!({})).await;
    let waiting = "SELECT COUNT(*) FROM notifications WHERE purpose = 'automation' AND state = 'waiting' AND attempts = 1";
    for (number, id) in [(1, "pay_TurnOff0000001"), (2, "pay_TurnOff0000002")] {
        shop.send(captured(id)).await;
        eventually(async || shop.app.count(waiting).await == number).await;
    }
    shop.app.sql("UPDATE automation_runs SET requested_by = 'Kavya' WHERE id = (SELECT MAX(id) FROM automation_runs)").await;
    let list = owner.get(&format!("/ks-pay/apps/{}/automations?mode=live", shop.live.app_id)).await;
    let url = list.body.split("/automations/au_").nth(1).map(|rest| &rest[..11]).unwrap();
    let url = format!("/ks-pay/apps/{}/automations/au_{url}", shop.live.app_id);
    owner.post(&format!("{url}/state"), &[("on", "false")]).await.location();
    let canceled = "SELECT COUNT(*) FROM notifications WHERE state = 'canceled' AND recipient IS NULL AND content IS NULL";
    eventually(async || shop.app.count(canceled).await == 1).await;
    assert_eq!(shop.ended().await, ["captured skipped turned_off", "captured done"]);
    let mails = shop.mail.mails();
    assert_eq!((mails.len(), mails[0].header("Subject").as_str()), (1, "Your payment pay_TurnOff0000002"));
}
