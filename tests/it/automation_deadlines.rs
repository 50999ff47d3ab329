//! Automations for disputes that must be answered soon: one run for each dispute, when its deadline is near.

use std::time::Duration;

use ks_pay::primitives::time::Timestamp;
use serde_json::{Value, json};

use crate::{
    automations::Shop,
    support::{bodies, bodies::AT, eventually, smtp_server::Mail},
};

const CUSTOMER: &str = "kavya@mail.example";
const DAY: i64 = 24 * 3600;
const RUNS: &str = "SELECT change_key || ' ' || state || COALESCE(' ' || reason, '') FROM automation_runs ORDER BY change_key";
/// What the shop's clock shows after [`AT`] when it starts.
const NOW: i64 = 3600;

/// Returns an event of a dispute with a deadline so many seconds after [`AT`].
fn dispute(status: &str, id: &str, respond_by: i64, after: i64) -> Vec<u8> {
    let event = if status == "open" { "payment.dispute.created".to_owned() } else { format!("payment.dispute.{status}") };
    let body = bodies::dispute(&event, id, &format!("pay_of_{id}"), status, after);
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body["payload"]["dispute"]["entity"]["respond_by"] = json!(AT + respond_by);
    body["payload"]["payment"]["entity"]["email"] = json!(CUSTOMER);
    body.to_string().into_bytes()
}

/// Returns the emails to the customer; users receive alerts of disputes.
fn to_customer(shop: &Shop) -> Vec<Mail> {
    shop.mail.mails().into_iter().filter(|mail| mail.to == CUSTOMER).collect()
}

/// Waits until the job has found a dispute; the disputes whose deadlines are earlier have been looked at then.
async fn found(shop: &Shop, dispute: &str) {
    let run = format!("SELECT COUNT(*) FROM automation_runs WHERE change_key = 'dispute_deadline:{dispute}'").leak();
    eventually(async || shop.app.count(run).await > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_has_one_run_three_days_before_its_deadline() {
    let shop = Shop::start().await;
    shop.automate(7, "dispute_deadline", "customer", &json!({})).await;
    let texts = json!({ "en": { "subject": "{{dispute_id}}", "message": "{{amount}} by {{respond_by}}, {{payment_amount}}" } });
    shop.app.sql(format!("UPDATE automations SET texts = '{texts}'").leak()).await;
    shop.send(dispute("open", "disp_Near", NOW + 3 * DAY, 10)).await;
    shop.send(dispute("open", "disp_Later", NOW + 3 * DAY + 600, 20)).await;
    found(&shop, "disp_Near").await;
    assert_eq!(shop.app.texts(RUNS).await.len(), 1, "of the other, ten minutes are left");
    shop.app.clock.advance(Duration::from_mins(11));
    found(&shop, "disp_Later").await;
    // It is reported and found again.
    shop.send(dispute("open", "disp_Near", NOW + 3 * DAY, 30)).await;
    shop.send(dispute("open", "disp_Last", NOW + 3 * DAY + 660, 40)).await;
    found(&shop, "disp_Last").await;
    let expected = ["disp_Last", "disp_Later", "disp_Near"].map(|id| format!("dispute_deadline:{id} done"));
    shop.ended().await;
    assert_eq!(shop.app.texts(RUNS).await, expected);
    let mails = to_customer(&shop);
    let mail = mails.iter().find(|mail| mail.header("Subject") == "disp_Near").unwrap();
    let text = mail.part("text/plain");
    assert_eq!(mails.len(), 3);
    assert!(text.starts_with("₹1,000.00 by ") && text.contains(", ₹1,000.00") && !text.contains('–'), "{text}");
    let occurred = shop.app.count("SELECT MIN(occurred_at) FROM automation_runs").await;
    assert_eq!(occurred, (AT + NOW) * 1000, "three days before");
}

#[tokio::test(flavor = "multi_thread")]
async fn disputes_that_are_answered_late_or_do_not_meet_the_conditions_start_nothing() {
    let shop = Shop::start().await;
    shop.automate(7, "dispute_deadline", "customer", &json!({})).await;
    shop.automate(
        8,
        "dispute_deadline",
        "customer",
        &json!({ "comparison": "over", "subunits": bodies::AMOUNT, "currency": "INR" }),
    )
    .await;
    shop.automate(9, "dispute_opened", "customer", &json!({})).await;
    for (status, id, respond_by) in
        [("under_review", "disp_Answered", NOW + DAY), ("won", "disp_Won", NOW + DAY), ("open", "disp_Over", NOW - 60)]
    {
        shop.send(dispute(status, id, respond_by, 10)).await;
    }
    // Of the other mode, whose deadline is earlier.
    assert_eq!(shop.test.post(dispute("open", "disp_Test", NOW + DAY, 10)).send().await, 200);
    shop.send(dispute("open", "disp_Due", NOW + 2 * DAY, 10)).await;
    found(&shop, "disp_Due").await;
    let deadlines =
        "SELECT CAST(automation_id AS TEXT) || ' ' || change_key FROM automation_runs WHERE change_key LIKE 'dispute_deadline%'";
    assert_eq!(shop.app.texts(deadlines).await, ["7 dispute_deadline:disp_Due"]);
    let opened = "SELECT COUNT(*) FROM automation_runs WHERE change_key LIKE 'dispute_opened%'";
    assert_eq!(shop.app.count(opened).await, 3, "all but the one that was won, when it was reported");
    shop.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_near_before_the_automation_was_turned_on_is_skipped() {
    let shop = Shop::start().await;
    shop.automate(7, "dispute_deadline", "customer", &json!({})).await;
    shop.app.sql("UPDATE automations SET is_on = FALSE").await;
    shop.send(dispute("open", "disp_Before", NOW + 2 * DAY, 10)).await;
    // When it opens, two days are left.
    shop.send(dispute("open", "disp_After", NOW + 2 * DAY, 60)).await;
    let on = Timestamp::from_seconds(AT + 50).millis();
    shop.app.sql(format!("UPDATE automations SET is_on = TRUE, turned_on_at = {on}").leak()).await;
    found(&shop, "disp_After").await;
    shop.ended().await;
    assert_eq!(
        shop.app.texts(RUNS).await,
        ["dispute_deadline:disp_After done", "dispute_deadline:disp_Before skipped before_on"]
    );
    assert_eq!(to_customer(&shop).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_disputes_of_one_deadline_are_found() {
    let shop = Shop::start().await;
    shop.automate(7, "dispute_deadline", "ch_00000000001", &json!({})).await;
    shop.app.sql("UPDATE automations SET is_on = FALSE").await;
    shop.send(dispute("open", "disp_000", NOW + DAY, 10)).await;
    let columns =
        "transaction_id, dispute_id, company_id, app_id, mode, status, status_at, digest, amount_subunits, currency, respond_by";
    let others = (1..=200).map(|number| {
        let own = columns.replace("dispute_id", &format!("'disp_{number:03}'"));
        format!("SELECT {own} FROM disputes WHERE dispute_id = 'disp_000'")
    });
    let insert = format!("INSERT INTO disputes ({columns}) {}", others.collect::<Vec<_>>().join(" UNION ALL "));
    assert_eq!(shop.app.sql(insert.leak()).await, 200);
    shop.app.sql("UPDATE automations SET is_on = TRUE").await;
    eventually(async || shop.app.count("SELECT COUNT(*) FROM automation_runs").await == 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_shows_the_dispute_with_the_latest_deadline() {
    let shop = Shop::start().await;
    let owner = shop.app.owner("Neem Tree Retail").await;
    for (id, respond_by) in [("disp_Far", 4 * DAY), ("disp_Near", 2 * DAY), ("disp_Over", -3 * DAY), ("disp_Long", -5 * DAY)] {
        shop.send(dispute("open", id, NOW + respond_by, 10)).await;
    }
    let fields = [
        ("on", "dispute_deadline"),
        ("recipient", "customer"),
        ("language", "en"),
        ("subject_en", "{{dispute_id}}"),
        ("message_en", "Answer by {{respond_by}}"),
        ("intent", "preview"),
    ];
    let page = owner.post(&format!("/ks-pay/apps/{}/automations/new?mode=live", shop.live.app_id), &fields).await;
    let (count, preview) = (page.text_of("dry-run"), page.text_of("preview"));
    assert!(count.contains("2 payments"), "{count}");
    assert!(preview.contains("disp_Near") && !preview.contains('–'), "{preview}");
}
