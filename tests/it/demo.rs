//! `ks-pay demo`: generates its own traffic, and is isolated from everything else.

use std::{collections::BTreeMap, fs, time::Duration};

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Installation, browser::Browser, eventually, process::Process};

const SET: &[(&str, &str)] = &[
    ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
    ("KS_PAY_DATA_DIR", "/nonexistent/data"),
    ("KS_PAY_MASTER_KEY", "no key at all"),
    ("KS_PAY_MASTER_KEY_FILE", "/nonexistent/key"),
    ("KS_PAY_ALLOW_DESTINATIONS", "no network at all"),
    ("KS_PAY_SMTP_URL", "no mail server at all"),
];

/// Starts the demo, and signs its owner in with the printed password.
pub(crate) async fn demo(at: &Installation) -> (Process, Browser, String) {
    let mut process = at.process(&["demo"], SET);
    let word = |line: String| line.split_whitespace().last().unwrap().to_owned();
    let address = word(process.line("listening on http://")).replace("http://", "");
    let email = word(process.line("  email"));
    let password = word(process.line("  password"));
    let visitor = Browser::at(address.parse().unwrap());
    assert_eq!(visitor.sign_in(&email, &password, "/ks-pay").await.location(), "/ks-pay");
    (process, visitor, password)
}

/// Waits until a page contains the text.
pub(crate) async fn until(visitor: &Browser, path: &str, wanted: &str) {
    for _ in 0..2400 {
        if visitor.get(path).await.has(wanted) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} never said {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_payments_and_a_rejection_with_its_reason() {
    let at = Installation::new().await;
    let (process, visitor, _) = demo(&at).await;
    until(&visitor, "/ks-pay", "Verified").await;
    until(&visitor, "/ks-pay", "Failing").await;
    until(&visitor, "/", "line break").await;
    let ended = process.terminate();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!at.data_dir().exists(), "an operator's data directory is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_its_emails_and_sends_none() {
    let at = Installation::new().await;
    let (process, owner, _) = demo(&at).await;
    let visitor = owner.twin();
    assert_eq!(visitor.get("/demo/mailbox").await.status, StatusCode::OK);
    let csrf = visitor.get("/login/forgotten").await.field("csrf_token").unwrap();
    let fields = [("csrf_token", csrf.as_str()), ("email", "owner@demo.example")];
    assert_eq!(visitor.post_exactly("/login/forgotten", &fields).await.location(), "/login/forgotten/sent");
    // Alerts of the demo's shops arrive there too.
    let link = loop {
        let page = visitor.sees("/demo/mailbox", "mail").await;
        if let Some(link) = page.body.split('"').find(|text| text.contains("/login/reset?token=")) {
            break link.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(visitor.get(&link[link.find("/login").unwrap()..]).await.location(), "/login/reset");
    assert!(owner.get("/settings").await.has("/demo/mailbox"));
    assert_eq!(process.terminate().code, Some(0));
}

/// Returns the ids of the demo's apps, as its dashboard links to them.
async fn apps(visitor: &Browser) -> Vec<String> {
    let page = visitor.get("/ks-pay").await;
    let ids = page.body.split("/ks-pay/apps/").skip(1).filter_map(|rest| rest.split(['"', '/', '?']).next());
    let ids: std::collections::BTreeSet<_> = ids.filter(|id| id.starts_with("ap_")).map(str::to_owned).collect();
    ids.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_a_second_secret_and_a_slip_of_it() {
    let at = Installation::new().await;
    let (process, visitor, _) = demo(&at).await;
    // Both may appear at any of the shops.
    let (mut has_slip, mut has_second) = (false, false);
    for _ in 0..2400 {
        for id in apps(&visitor).await {
            let list = visitor.get(&format!("/ks-pay/apps/{id}/rejections?mode=live")).await;
            has_slip |= list.shows("cause-secret-with-line-end");
            let secrets = format!("/ks-pay/apps/{id}/settings/payment-gateways/razorpay/live/webhook/secrets");
            has_second |= visitor.get(&secrets).await.has("Still accepted");
        }
        if has_slip && has_second {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(has_slip && has_second, "a slip of the secret among the rejections: {has_slip}, a second secret: {has_second}");
    process.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_made_anew_with_another_password_and_removes_nothing_else() {
    let at = Installation::new().await;
    let (process, _, first) = demo(&at).await;
    process.terminate();
    let mark = at.beside("data-demo").join("left-over");
    fs::write(&mark, "").unwrap();
    let (process, _, second) = demo(&at).await;
    process.terminate();
    assert!(first != second && !mark.exists());

    fs::remove_dir_all(at.beside("data-demo")).unwrap();
    fs::create_dir(at.beside("data-demo")).unwrap();
    fs::write(at.beside("data-demo").join("mine.txt"), "mine").unwrap();
    let refused = at.process(&["demo"], SET).end();
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1), "{}", refused.err);
    assert_eq!(fs::read_to_string(at.beside("data-demo").join("mine.txt")).unwrap(), "mine");
}

/// Returns the contents of the demo's database, exported by the command line while the demo runs.
fn exported(at: &Installation, what: &str) -> Vec<Value> {
    let none = [("DATABASE_URL", ""), ("KS_PAY_MASTER_KEY", ""), ("KS_PAY_MASTER_KEY_FILE", "")];
    let ended = at.process(&[what, "export", "--jsonl", "--data-dir", "data-demo"], &none).end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    ended.out.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn moment(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Returns the first and last receipt of each payment.
fn receipts(events: &[Value]) -> BTreeMap<String, (jiff::Timestamp, jiff::Timestamp)> {
    let mut receipts = BTreeMap::new();
    for event in events {
        let Some(id) = event["transaction"].as_str() else { continue };
        let at = moment(&event["received_at"]);
        let (first, last) = receipts.entry(id.to_owned()).or_insert((at, at));
        (*first, *last) = ((*first).min(at), (*last).max(at));
    }
    receipts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_history_came_in_day_by_day_seconds_after_it_happened() {
    let at = Installation::new().await;
    let (process, _visitor, _) = demo(&at).await;
    // A payment that is received between the two exports would be in one of them only.
    process.terminate();
    let (events, transactions) = (exported(&at, "events"), exported(&at, "transactions"));
    let receipts = receipts(&events);
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
    let mut days: BTreeMap<(String, jiff::civil::Date), usize> = BTreeMap::new();
    for transaction in &transactions {
        let (first, last) = receipts[transaction["transaction"].as_str().unwrap()];
        let lag = last.as_millisecond() - moment(&transaction["updated_at"]).as_millisecond();
        assert!((0..10_000).contains(&lag), "{transaction}: {lag} ms");
        let amount = transaction["amount"].as_i64().unwrap();
        assert!((5_000..2_000_000).contains(&amount), "{transaction}");
        if transaction["mode"] == "live" {
            let app = transaction["app"].as_str().unwrap().to_owned();
            *days.entry((app, first.to_zoned(zone.clone()).date())).or_default() += 1;
        }
    }
    let today = jiff::Zoned::now().with_time_zone(zone).date();
    let whole: Vec<_> = days.iter().filter(|((_, day), _)| *day < today).collect();
    assert!(whole.len() >= 2 * 28 - 2, "two shops, four weeks: {days:?}");
    // A payment created just before midnight is first received on the following day.
    assert!(whole.iter().all(|(_, count)| (38..=102).contains(*count)), "{days:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_updates_orders_in_its_shop() {
    let at = Installation::new().await;
    let (process, _visitor, _) = demo(&at).await;
    let is_updated = |one: &Value| one["run"].is_string() && one["event"].is_null() && one["state"] == "delivered";
    eventually(async || exported(&at, "deliveries").iter().any(is_updated)).await;
    assert_eq!(process.terminate().code, Some(0));
}
