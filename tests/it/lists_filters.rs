//! The filters of the lists: each pill selects what it names, and the address is the view.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::Connection,
    eventually,
};

const DAY: i64 = 86_400;

/// Payments of today, yesterday, twelve days ago and forty days ago; the second one by card, and failed.
async fn four_payments() -> (TestApp, Connection, Browser) {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    for (id, days) in [("pay_today", 0), ("pay_yesterday", 1), ("pay_this_month", 12), ("pay_long_ago", 40)] {
        let kind = if days == 1 { "payment.failed" } else { "payment.captured" };
        let mut body: Value = serde_json::from_slice(&bodies::payment(kind, id, -days * DAY)).unwrap();
        let payment = &mut body["payload"]["payment"]["entity"];
        payment["created_at"] = (bodies::AT - days * DAY).into();
        payment["method"] = if days == 1 { "card" } else { "upi" }.into();
        connection.post(body.to_string().into_bytes()).stored().await;
    }
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner)
}

/// Returns which of the four are in the page, by a part of their ids.
async fn payments(app: &TestApp, page: &Page) -> Vec<String> {
    let all = app.transactions().await;
    let is_shown = |one: &&Value| page.has(&format!("/transactions/{}\"", one["transaction"].as_str().unwrap()));
    let mut shown: Vec<_> = all.iter().filter(is_shown).map(|one| one["payment_id"].as_str().unwrap()[4..].to_owned()).collect();
    shown.sort();
    shown
}

/// Returns the link to another view with this label.
fn link(page: &Page, label: &str) -> String {
    let (before, _) = page.body.split_once(&format!(">{label}<")).unwrap();
    let (_, url) = before.rsplit_once("href=\"").unwrap();
    url.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&")
}

/// Returns the links of the rows of a list.
fn rows(page: &Page, path: &str) -> usize {
    page.body.split("<th scope=\"row\"").skip(1).filter(|row| row.contains(&format!(" href=\"{path}/"))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_chosen_by_days_method_and_gateway_with_their_sum_and_their_download() {
    let (app, connection, owner) = four_payments().await;
    let path = format!("/ks-pay/apps/{}/transactions", connection.app_id);
    for (query, shown, count) in [
        ("", &["this_month", "today", "yesterday"][..], "3 "),
        ("&range=today", &["today"], "1 "),
        ("&range=yesterday", &["yesterday"], "1 "),
        ("&range=last_7_days", &["today", "yesterday"], "2 "),
        ("&range=this_month", &["this_month", "today", "yesterday"], "3 "),
        ("&range=last_month", &["long_ago"], "1 "),
        ("&range=this_financial_year", &["long_ago", "this_month", "today", "yesterday"], "4 "),
        ("&range=today&from=2026-11-21&to=2026-11-21", &["yesterday"], "1 "),
        ("&method=card", &["yesterday"], "1 "),
        ("&method=upi&range=this_quarter", &["long_ago", "this_month", "today"], "3 "),
        ("&method=upi&status=failed", &[], ""),
        ("&failure=not_given", &["yesterday"], "1 "),
        ("&failure=not_given&range=today", &[], ""),
        ("&failure=declined", &[], ""),
        ("&gateway=razorpay", &["this_month", "today", "yesterday"], "3 "),
        ("&gateway=standard-webhooks", &[], ""),
    ] {
        let page = owner.get(&format!("{path}?mode=test{query}")).await;
        assert_eq!(payments(&app, &page).await, shown, "{query}: {}", page.body);
        assert_eq!(page.shows("sum-payments"), !shown.is_empty(), "{query}");
        assert!(shown.is_empty() || page.text_of("sum-payments").starts_with(count), "{query}");
        let file = owner.get(&format!("{path}.csv?mode=test{query}")).await;
        assert_eq!(file.body.lines().count(), shown.len() + 1, "{query}");
        assert!(shown.is_empty() || page.has(&format!("{path}.csv?mode=test")), "{query}");
    }
    let none = owner.get(&format!("{path}?mode=test&method=upi&status=failed&range=today")).await;
    assert!(none.shows("no-such-kind") && !none.has("transactions.csv"));
    assert_eq!(link(&none, "Show all from this period"), format!("{path}?mode=test&from=2026-11-22&to=2026-11-22"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pill_says_what_is_set_and_its_form_and_links_carry_the_other_filters() {
    let (_app, connection, owner) = four_payments().await;
    let path = format!("/ks-pay/apps/{}/transactions", connection.app_id);
    let usual = owner.get(&format!("{path}?mode=test")).await;
    assert!(usual.text_of("filter-date").starts_with("Date: Last 30 days") && usual.lacks("clear-filters"));
    let page = owner.get(&format!("{path}?mode=test&range=this_month&method=card")).await;
    assert!(page.text_of("filter-date").starts_with("Date: This month"), "{}", page.text_of("filter-date"));
    assert!(
        page.text_of("filter-method").starts_with("Payment Mode: Card") && page.text_of("filter-status").starts_with("Status ")
    );
    let yesterday = link(&page, "Yesterday");
    assert_eq!(yesterday, format!("{path}?mode=test&method=card&range=yesterday"));
    assert!(page.shows("clear-filters"));
    let remove = |name: &str, label: &str| {
        let (before, element) = page.body.split_once(&format!("data-testid=\"remove-{name}\"")).unwrap();
        let (_, tag) = before.rsplit_once("<a ").unwrap();
        assert!(tag.contains(&format!("aria-label=\"Remove filter: {label}\"")) && element.contains("</a>"), "{tag}");
        tag.split_once("href=\"").unwrap().1.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    };
    assert_eq!(remove("date", "Date"), format!("{path}?mode=test&method=card"));
    assert_eq!(remove("method", "Payment Mode"), format!("{path}?mode=test&range=this_month"));
    assert!(page.shows("remove-date") && usual.lacks("remove-date"), "a default period is no filter");
    assert_eq!(link(&page, "Clear all filters"), format!("{path}?mode=test"));
    let (_, form) = page.body.split_once("data-testid=\"filter-status\"").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    for (name, value) in [("mode", "test"), ("range", "this_month"), ("method", "card")] {
        assert!(form.contains(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")), "{form}");
    }
    assert!(!form.contains("name=\"before\"") && form.contains("name=\"status\" value=\"failed\""), "{form}");
    let searched = owner.get(&format!("{path}?mode=test&q=pay_today")).await;
    assert!(
        searched.text_of("filter-date").starts_with("Date ") && searched.shows("clear-search") && searched.lacks("clear-filters"),
        "{}",
        searched.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_days_show_nothing_and_offer_what_was_meant() {
    let (app, connection, owner) = four_payments().await;
    for list in ["transactions", "events", "rejections"] {
        let path = format!("/ks-pay/apps/{}/{list}", connection.app_id);
        let wrong = owner.get(&format!("{path}?mode=test&from=2026-11-22&to=2026-11-01&gateway=razorpay")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{list}");
        assert!(wrong.shows("invalid-filter") && wrong.has("id=\"from-error\"") && !wrong.has("<table"), "{list}");
        assert!(wrong.lacks("sum-payments") && !wrong.has(".csv"), "{list}");
        let swapped = link(&wrong, "Swap the dates");
        assert_eq!(swapped, format!("{path}?mode=test&gateway=razorpay&from=2026-11-01&to=2026-11-22"));
        assert_eq!(owner.get(&swapped).await.status, StatusCode::OK);
        for query in ["range=rubbish", "gateway=rubbish", "from=2020-01-01&to=2020-01-0"] {
            let page = owner.get(&format!("{path}?mode=test&{query}")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{list} {query}");
            assert!(page.shows("invalid-filter") && payments(&app, &page).await.is_empty(), "{list} {query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_grouped_by_day_with_the_sum_of_the_whole_day() {
    let (app, connection, owner) = four_payments().await;
    let path = format!("/ks-pay/apps/{}/transactions?mode=test", connection.app_id);
    let headings = |page: &Page| -> Vec<String> {
        let rows = page.body.split("<tr class=\"day\">").skip(1);
        let text = |row: &str| row.split_once("<tr>").unwrap().0.split(['<', '>']).skip(2).step_by(2).collect::<String>();
        rows.map(|row| text(row).trim().replace('\u{a0}', " ")).collect()
    };
    let page = owner.get(&path).await;
    assert_eq!(
        headings(&page),
        ["Today, 22 Nov 1 paid, ₹1,000.00", "Yesterday, 21 Nov 1 payment", "Tuesday, 10 Nov 1 paid, ₹1,000.00"]
    );
    let searched = owner.get(&format!("{path}&q=pay_today")).await;
    assert_eq!(headings(&searched), ["Today, 22 Nov"], "a search has no sum");
    app.sql("UPDATE users SET time_zone = 'America/New_York'").await;
    let elsewhere = owner.get(&path).await;
    assert!(elsewhere.shows("zones") && elsewhere.has(">22\u{a0}Nov, 5:30\u{a0}am</time>"), "{}", elsewhere.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_chosen_by_day_and_gateway_and_found_by_ids() {
    let app = TestApp::start_on_the_day().await;
    let company = app.company("Neem Tree Retail").await;
    let store = company.app("Web Store").await;
    let (razorpay, generic) = (store.razorpay("test").await, store.connect("standard-webhooks", "test").await);
    for id in ["pay_1", "pay_2"] {
        razorpay.post(bodies::payment("payment.captured", id, 0)).event_id(&format!("evt_{id}")).stored().await;
    }
    razorpay.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", 40_000, 40_000, 60)).stored().await;
    generic.post(bodies::standard("invoice.paid", "in_1")).event_id("msg_1").stored().await;
    app.sql("UPDATE events SET received_at = received_at - 86400000 WHERE gateway_event_id = 'evt_pay_2'").await;
    let owner = app.owner("Neem Tree Retail").await;
    let path = format!("/ks-pay/apps/{}/events", razorpay.app_id);
    let event = app.texts("SELECT CAST(id AS TEXT) FROM events WHERE gateway_event_id = 'evt_pay_2'").await.remove(0);
    assert!(!event.is_empty());
    for (query, count) in [
        ("", 4),
        ("&range=today", 3),
        ("&range=yesterday", 1),
        ("&from=2026-11-21&to=2026-11-22", 4),
        ("&gateway=standard-webhooks", 1),
        ("&gateway=razorpay&range=today", 2),
        ("&gateway=razorpay&type=refund", 1),
        ("&q=evt_pay_2", 1),
        ("&q=msg_1", 1),
        // The payment, and its refund.
        ("&q=pay_1", 2),
        ("&q=rfnd_1", 2),
        ("&q=pay_", 0),
    ] {
        let page = owner.get(&format!("{path}?mode=test{query}")).await;
        assert_eq!(rows(&page, &path), count, "{query}: {}", page.body);
        assert_eq!(page.shows("no-such-event"), count == 0, "{query}");
    }
    let transaction = owner.get(&format!("{path}?mode=test&q=pay_2")).await;
    let (_, id) = transaction.body.split_once("/transactions/").unwrap();
    let of_transaction = owner.get(&format!("{path}?mode=test&q={}", id.split_once('"').unwrap().0)).await;
    assert_eq!(rows(&of_transaction, &path), 1);
    assert_eq!(rows(&owner.get(&format!("{path}?mode=live&q=evt_pay_2")).await, &path), 0, "the other mode");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_what_happened_to_the_money_and_its_state_only_if_that_is_unusual() {
    let (_app, connection, owner) = four_payments().await;
    connection.post(bodies::bare("payment.captured")).stored().await;
    connection.post(bodies::dispute("payment.dispute.under_review", "disp_1", "pay_today", "under_review", 60)).stored().await;
    let path = format!("/ks-pay/apps/{}/events", connection.app_id);
    let page = owner.get(&format!("{path}?mode=test")).await;
    let (_, table) = page.body.split_once("<tbody>").unwrap();
    let rows: Vec<&str> = table.split("<tr>").skip(1).collect();
    assert!(!table.contains("Processed") && rows.len() == 6, "{table}");
    let of = |name: &str| rows.iter().find(|row| row.contains(name)).unwrap();
    assert!(of("payment.<wbr>dispute.<wbr>under_review</code>").contains("class=\"mark-warn\""), "{table}");
    assert!(of("payment.<wbr>failed</code>").contains("class=\"mark-failed\""));
    assert!(of("payment.<wbr>failed</code>").contains("<td>₹1,000.00<td>"));
    let quarantined = rows.iter().find(|row| row.contains("Quarantined")).unwrap();
    assert!(quarantined.contains("mark-info"), "nothing is claimed of its money: {quarantined}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejections_are_chosen_by_day_reason_and_gateway_and_found_by_id_and_address() {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    assert_eq!(connection.post(bodies::bare("foo.bar")).secret("another secret").send().await, 401);
    assert_eq!(connection.post("{}").unsigned().send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections").await == 2).await;
    app.sql(
        "UPDATE rejections SET last_at = last_at - 86400000, first_at = first_at - 86400000 WHERE reason = 'signature_missing'",
    )
    .await;
    let owner = app.owner("Neem Tree Retail").await;
    let path = format!("/ks-pay/apps/{}/rejections", connection.app_id);
    let address = app.texts("SELECT DISTINCT address FROM rejections").await.remove(0);
    let all = owner.get(&format!("{path}?mode=test")).await;
    let (_, id) = all.body.split_once(&format!("{path}/")).unwrap();
    let id = id.split_once('"').unwrap().0;
    for (query, count) in [
        (String::new(), 2),
        ("&range=today".to_owned(), 1),
        ("&range=yesterday&reason=signature_missing".to_owned(), 1),
        ("&range=today&reason=signature_missing".to_owned(), 0),
        ("&reason=signature_mismatch".to_owned(), 1),
        ("&gateway=razorpay".to_owned(), 2),
        ("&gateway=standard-webhooks".to_owned(), 0),
        (format!("&q={id}"), 1),
        (format!("&q={address}"), 2),
        ("&q=192.0.2.1".to_owned(), 0),
    ] {
        let page = owner.get(&format!("{path}?mode=test{query}")).await;
        assert_eq!(rows(&page, &path), count, "{query}: {}", page.body);
        assert_eq!(page.shows("no-such-rejection"), count == 0, "{query}");
    }
    let wrong = owner.get(&format!("{path}?mode=test&q=pay_1")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.has("id=\"q-error\""));
}

/// The most that a page of 50 rows has, before compression.
const MAX_PAGE_BYTES: usize = 30_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_fifty_rows_is_small() {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    for number in 0..60 {
        connection.post(bodies::payment("payment.captured", &format!("pay_{number:03}"), number * -7_000)).stored().await;
    }
    let owner = app.owner("Neem Tree Retail").await;
    for list in ["transactions", "events"] {
        let path = format!("/ks-pay/apps/{}/{list}", connection.app_id);
        let page = owner.get(&format!("{path}?mode=test")).await;
        assert_eq!(page.body.matches("<th scope=\"row\"").count(), 50, "{list}");
        assert!(page.length < MAX_PAGE_BYTES, "{list}: {} bytes", page.length);
    }
}
