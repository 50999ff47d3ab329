//! The pages of automations: what is typed is kept, errors stand at their field, and only what the company owns can be chosen.

use std::time::Duration;

use ks_pay::primitives::time::{Clock, Timestamp};
use reqwest::StatusCode;

use crate::{
    orders,
    support::{
        TestApp, bodies,
        bodies::AT,
        browser::{Browser, Page},
        builders::Connection,
        eventually,
        smtp_server::SmtpServer,
    },
};

const RULES: &str = "SELECT change_kind || ' ' || conditions || ' ' || recipients || CASE WHEN is_on THEN ' on' ELSE ' off' END FROM automations ORDER BY id";
const VALID: &[(&str, &str)] = &[
    ("on", "captured"),
    ("recipient", "customer"),
    ("language", "en"),
    ("subject_en", "We received {{amount}}"),
    ("message_en", "Paid: **{{amount}}**"),
];

struct Shop {
    app: TestApp,
    mail: SmtpServer,
    owner: Browser,
    live: Connection,
}

impl Shop {
    async fn start() -> Self {
        let mail = SmtpServer::start().await;
        let mut app = TestApp::start().await;
        app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 3600)), |config| mail.set(config)).await;
        let company = app.company("Neem Tree Retail").await;
        let live = company.app("Neem Tree Store").await.razorpay("live").await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, mail, owner, live }
    }

    fn list(&self) -> String {
        format!("/ks-pay/apps/{}/automations", self.live.app_id)
    }

    /// Submits the form of a new automation with changed fields; an empty one removes the field.
    async fn submit(&self, intent: &str, changed: &[(&str, &str)]) -> Page {
        let kept = VALID.iter().filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        let fields: Vec<_> =
            kept.chain(changed).copied().chain([("intent", intent)]).filter(|(_, value)| !value.is_empty()).collect();
        self.owner.post(&format!("{}/new?mode=live", self.list()), &fields).await
    }

    async fn pay(&self, id: &str) {
        let body = bodies::payment("payment.captured", id, 0);
        assert_eq!(self.live.post(body).send().await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automation_is_added_turned_off_changed_and_deleted() {
    let shop = Shop::start().await;
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.shows("no-automation"));
    let form = shop.owner.get(&format!("{}/new?mode=live&template=confirmation", shop.list())).await;
    assert!(form.has("{{amount}}") && form.has("value=\"customer\" checked"), "{}", form.body);
    let conditions =
        [("comparison", "over"), ("amount", "₹1,299.50"), ("currency", "inr"), ("method", "upi"), ("gateway", "razorpay")];
    let added = shop.submit("on", &conditions).await;
    let url = added.location().to_owned();
    let stored = r#"{"comparison":"over","subunits":129950,"currency":"INR","method":"upi","gateway":"razorpay"}"#;
    assert_eq!(shop.app.texts(RULES).await, [format!("captured {stored} customer on")]);
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.shows("automation"));
    assert!(shop.owner.get(&url).await.shows("no-run"));
    shop.owner.post(&format!("{url}/state"), &[("on", "false")]).await.location();
    let edit = shop.owner.get(&format!("{url}/edit")).await;
    assert!(edit.has("value=\"1299.50\"") && edit.has("Paid: **{{amount}}**"), "{}", edit.body);
    let changed = [VALID, &[("intent", "save")]].concat();
    assert_eq!(shop.owner.post(&format!("{url}/edit"), &changed).await.location(), url);
    let rule = r#"captured {"comparison":null,"subunits":0,"currency":"","method":null,"gateway":null} customer off"#;
    assert_eq!(shop.app.texts(RULES).await, [rule]);
    assert!(shop.owner.get(&format!("{url}/removal")).await.shows("effect"));
    shop.owner.post(&format!("{url}/removal"), &[]).await.location();
    assert_eq!(shop.app.texts(RULES).await.len(), 0);
    assert_eq!(shop.owner.get(&url).await.status, StatusCode::NOT_FOUND);
    let log = "SELECT action FROM security_log WHERE action LIKE 'automation%' ORDER BY id";
    let actions = ["automation_added", "automation_turned_off", "automation_changed", "automation_removed"];
    assert_eq!(shop.app.texts(log).await, actions);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_error_stands_at_its_field_and_nothing_typed_is_lost() {
    let shop = Shop::start().await;
    for (changed, field, reason) in [
        (&[("on", "refunds")][..], "on", "unknown"),
        (&[("comparison", "below")], "comparison", "unknown"),
        (&[("comparison", "over"), ("amount", "12.999"), ("currency", "INR")], "amount", "not-an-amount"),
        (&[("comparison", "over"), ("amount", "5"), ("currency", "rupees")], "currency", "not-a-currency"),
        (&[("method", "cheque")], "method", "unknown"),
        (&[("gateway", "stripy")], "gateway", "unknown"),
        (&[("note_comparison", "like"), ("note_name", "plan"), ("note_value", "gold")], "note_comparison", "unknown"),
        (&[("note_comparison", "is"), ("note_name", ""), ("note_value", "gold")], "note_name", "empty"),
        (&[("note_comparison", "is"), ("note_name", "plan"), ("note_value", " ")], "note_value", "empty"),
        (&[("note_comparison", "is"), ("note_name", "pl\nan"), ("note_value", "gold")], "note_name", "invisible"),
        (&[("note_comparison", "contains"), ("note_name", "plan"), ("note_value", &"x".repeat(257))], "note_value", "too-long"),
        (&[("recipient", "")], "recipient", "empty"),
        (&[("recipient", "ch_00000000001")], "recipient", "unknown"),
        (&[("recipient", "us_00000000001")], "recipient", "unknown"),
        (&[("recipient", "kavya@mail.example")], "recipient", "unknown"),
        (&[("language", "fr")], "language", "unknown"),
        (&[("language", "hi")], "language", "no-text"),
        (&[("subject_en", ""), ("message_en", "")], "subject_en", "empty"),
        (&[("message_en", "{{refund_id}}")], "message_en", "unknown-variable"),
        (&[("subject_en", "{{amount")], "subject_en", "unclosed"),
        (&[("message_en", "[a](http://shop.example)")], "message_en", "not-a-link"),
        (&[("subject_hi", "नमस्ते")], "message_hi", "empty"),
    ] {
        let page = shop.submit("on", changed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{changed:?}");
        assert!(page.has(&format!("id=\"{field}-error\" data-reason=\"{reason}\"")), "{changed:?}: {}", page.body);
        let is_kept = changed.iter().any(|(name, _)| *name == "message_en") || page.has("Paid: **{{amount}}**");
        assert!(is_kept, "{changed:?}");
    }
    assert_eq!(shop.app.texts(RULES).await.len(), 0);
    let long = "x".repeat(151);
    assert!(shop.submit("save", &[("subject_en", &long)]).await.has("data-reason=\"too-long\""));
    let injected = shop.submit("save", &[("subject_en", "Paid\r\nBcc: other@mail.example")]).await;
    assert!(injected.location().contains("/automations/au_"));
    let texts = shop.app.texts("SELECT texts FROM automations").await.remove(0);
    assert!(texts.contains("Paid Bcc: other@mail.example"), "{texts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_what_would_have_run_and_a_test_goes_to_its_user_alone() {
    let shop = Shop::start().await;
    let example = shop.submit("preview", &[]).await;
    assert!(example.text_of("preview").contains("₹649.00"), "{}", example.text_of("preview"));
    for number in 0..3 {
        shop.pay(&format!("pay_Preview{number:07}")).await;
    }
    let all = shop.submit("preview", &[]).await;
    assert!(all.text_of("dry-run").contains("3 payments"), "{}", all.text_of("dry-run"));
    assert!(all.text_of("preview").contains("₹1,000.00"), "{}", all.text_of("preview"));
    let conditions = [("comparison", "over"), ("amount", "1000"), ("currency", "INR")];
    let none = shop.submit("preview", &conditions).await;
    assert!(none.text_of("dry-run").contains("3 other"), "{}", none.text_of("dry-run"));
    let tested = shop.submit("test", &[]).await;
    assert_eq!(tested.status, StatusCode::OK);
    let mail = shop.mail.mail(1).await;
    assert_eq!(mail.to, "owner@neem-tree-retail.example");
    assert!(mail.part("text/plain").contains("Paid: ₹1,000.00"), "{}", mail.source());
    assert_eq!(shop.app.texts(RULES).await.len() + shop.mail.mails().len(), 1, "nothing was saved, and no one else was emailed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_a_note_is_kept_shown_and_counted() {
    let shop = Shop::start().await;
    for (number, plan) in ["Gold", "silver", "gold plus"].into_iter().enumerate() {
        let notes = format!(r#"{{"plan":"{plan}"}}"#);
        let body = bodies::payment_with_notes("payment.captured", &format!("pay_Note{number:010}"), notes.as_bytes());
        assert_eq!(shop.live.post(body).send().await, 200);
    }
    let note = |comparison| [("note_comparison", comparison), ("note_name", " plan "), ("note_value", "gold")];
    for (comparison, met, others) in [("is", "1 payment", "2 other"), ("contains", "2 payments", "1 other")] {
        let page = shop.submit("preview", &note(comparison)).await;
        let count = page.text_of("dry-run");
        assert!(count.contains(met) && count.contains(others), "{comparison}: {count}");
        assert!(page.has("value=\" plan \"") && page.has("value=\"gold\""), "{}", page.body);
    }
    let url = shop.submit("on", &note("contains")).await.location().to_owned();
    let conditions = shop.app.texts("SELECT conditions FROM automations").await.remove(0);
    assert!(conditions.ends_with(r#""note":{"comparison":"contains","name":"plan","value":"gold"}}"#), "{conditions}");
    let edit = shop.owner.get(&format!("{url}/edit")).await;
    assert!(edit.has("value=\"plan\"") && edit.has("<option value=\"contains\" selected>"), "{}", edit.body);
    let page = shop.owner.get(&url).await;
    assert!(page.has("plan") && page.has("gold"), "{}", page.body);
    // Without a comparison, the other fields have no effect.
    let ignored = [("note_comparison", ""), ("note_name", "plan"), ("note_value", "")];
    shop.submit("on", &ignored).await.location();
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM automations WHERE conditions NOT LIKE '%note%'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_orders_that_were_paid_twice_and_has_their_amounts() {
    let shop = Shop::start().await;
    shop.pay("pay_Alone00000001").await;
    let order = Some(orders::entity("paid", bodies::AMOUNT));
    for body in [orders::event("order.paid", "pay_1", 1, order), orders::event("payment.captured", "pay_2", 2, None)] {
        assert_eq!(shop.live.post(body).send().await, 200);
    }
    let message = "{{order_amount}} was paid with {{order_paid}} in {{order_payments}} payments";
    let changed = [("on", "order_paid_twice"), ("recipient", "customer"), ("message_en", message)];
    let page = shop.submit("preview", &changed).await;
    let (count, preview) = (page.text_of("dry-run"), page.text_of("preview"));
    assert!(count.contains("1 payment") && !count.contains("other"), "{count}");
    assert!(preview.contains("₹1,000.00 was paid with ₹2,000.00 in 2 payments"), "{preview}");
    let unknown = shop.submit("preview", &[("message_en", message)]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY, "a capture has no such variables");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_run_is_run_by_hand_and_a_sent_one_again() {
    let shop = Shop::start().await;
    let user = shop.owner.get(&format!("{}/new?mode=live", shop.list())).await;
    let id = user.body.split("value=\"us_").nth(1).map(|rest| format!("us_{}", &rest[..11])).unwrap();
    let url = shop.submit("on", &[("recipient", &id)]).await.location().to_owned();
    // It was captured before the automation was turned on.
    shop.pay("pay_ByHand00000001").await;
    let page = shop.owner.get(&url).await;
    assert!(page.shows("state-skipped"), "{}", page.body);
    let run = page.body.split(&format!("{url}/runs/")).nth(1).map(|rest| format!("{url}/runs/{}", &rest[..14])).unwrap();
    let detail = shop.owner.get(&run).await;
    assert!(detail.shows("reason") && detail.shows("no-step"), "{}", detail.body);
    assert!(shop.owner.get(&format!("{run}/request")).await.shows("effect"));
    for sent in 1..=2 {
        assert_eq!(shop.owner.post(&format!("{run}/request"), &[]).await.location(), run);
        assert_eq!(shop.mail.mail(sent).await.to, "owner@neem-tree-retail.example");
        eventually(async || {
            shop.app.clock.advance(Duration::from_secs(2));
            shop.owner.get(&run).await.shows("state-done")
        })
        .await;
    }
    let filtered = shop.owner.get(&format!("{url}?state=done")).await;
    assert!(filtered.shows("run") && shop.owner.get(&format!("{url}?state=failed")).await.shows("no-run"));
    assert_eq!(shop.mail.mails().len(), 2);
    let executions = (1..=10).map(|at| format!(r#"{{"at":{at},"to":"customer","message":null,"skipped":"no_address"}}"#));
    let steps = format!("UPDATE automation_runs SET steps = '[{}]'", executions.collect::<Vec<_>>().join(","));
    assert_eq!(shop.app.sql(steps.leak()).await, 1);
    shop.owner.post(&format!("{run}/request"), &[]).await.location();
    assert!(shop.owner.get(&run).await.shows("state-done"), "not an eleventh time");
    let payment = detail.body.split("/transactions/").nth(1).map(|rest| &rest[..14]).unwrap();
    let payment = format!("/ks-pay/apps/{}/transactions/{payment}", shop.live.app_id);
    assert!(shop.owner.get(&payment).await.has(&run), "the page of the payment links to its runs");
    let other = shop.submit("save", &[]).await.location().to_owned();
    let foreign = run.replace(&url, &other);
    assert_eq!(shop.owner.get(&foreign).await.status, StatusCode::NOT_FOUND, "a run of another automation");
}
