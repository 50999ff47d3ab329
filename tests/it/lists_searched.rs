//! Lists with a filter that no index serves: a page examines 5,000 rows, shows what it found, and offers to search on.

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::Connection,
    database,
};

/// Copies of the only payment, each a second older than the one before. Three of 12,000 failed: numbers 100, 4,600 and 9,100.
const COPIES_OF_PAYMENT: &str = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 12000) \
             INSERT INTO transactions (id, app_id, connection_id, gateway, mode, payment_id, order_id, status, method, \
             amount_subunits, currency, amount_refunded_subunits, amount_refund_pending_subunits, amount_refund_failed_subunits, \
             amount_lost_subunits, amount_held_subunits, is_captured, is_disputed, state, snapshot_status, snapshot_at, \
             snapshot_digest, snapshot_currency, reported_refunded_subunits, created_at, updated_at, is_updated_at_received) SELECT \
             value, app_id, connection_id, gateway, mode, 'pay_copy' || value, order_id, \
             CASE WHEN value % 4500 = 100 THEN 'failed' ELSE status END, method, amount_subunits, currency, \
             amount_refunded_subunits, amount_refund_pending_subunits, amount_refund_failed_subunits, amount_lost_subunits, \
             amount_held_subunits, is_captured, is_disputed, CASE WHEN value % 4500 = 100 THEN 'failed' ELSE state END, \
             snapshot_status, snapshot_at, snapshot_digest, snapshot_currency, reported_refunded_subunits, \
             created_at - 1000 * value, updated_at, is_updated_at_received FROM transactions CROSS JOIN n";

/// Copies of the only event, each with a greater id than the one before, and all with a smaller one than it. Those with the numbers 1,000,
/// 6,000 and 11,000 have the type `refund.failed`.
macro_rules! copies_of_event {
    ($key:literal) => {
        concat!(
            "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 12000) \
             INSERT INTO events (id, connection_id, event_type, dedupe_prefix, dedupe_key, \
             state, secret_id, received_count, is_flagged, is_time_borrowed, received_at, last_received_at) SELECT value, connection_id, \
             CASE WHEN value % 5000 = 1000 THEN 'refund.failed' ELSE event_type END, dedupe_prefix, ",
            $key,
            ", 'unhandled', secret_id, received_count, is_flagged, is_time_borrowed, received_at, last_received_at \
             FROM events CROSS JOIN n"
        )
    };
}

/// An app with 12,001 payments or events, and a signed-in owner.
async fn many(copies: &'static str) -> (TestApp, Connection, Browser) {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    assert_eq!(app.sql(copies).await, 12_000);
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner)
}

/// Returns the link with this text.
fn link(page: &Page, text: &str) -> Option<String> {
    let (before, _) = page.body.split_once(text)?;
    let (_, url) = before.rsplit_once("href=\"")?;
    Some(url.split_once('"')?.0.replace("&#38;", "&").replace("&amp;", "&"))
}

/// Returns the link to the page of newer rows.
fn back(page: &Page) -> Option<String> {
    let (before, _) = page.body.split_once("\" rel=\"prev\"")?;
    Some(before.rsplit_once("href=\"")?.1.replace("&#38;", "&").replace("&amp;", "&"))
}

/// Returns the numbers of shown and of searched rows, below the list.
fn shown(page: &Page) -> Vec<String> {
    let is_number = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
    page.text_of("rows-shown")
        .split([' ', '\u{a0}'])
        .filter(is_number)
        .map(|word| word.trim_end_matches(',').to_owned())
        .collect()
}

fn rows(page: &Page) -> usize {
    page.body.matches("<tr><th scope=\"row\"").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_status_goes_on_where_it_ended_and_its_sum_is_of_all_matches() {
    let (app, connection, owner) = many(COPIES_OF_PAYMENT).await;
    app.cli(["transactions", "recount"], "").await.assert_done();
    let list = format!("/ks-pay/apps/{}/transactions?mode=test&status=", connection.app_id);

    let first = owner.get(&format!("{list}failed")).await;
    assert!(first.text_of("sum-payments").starts_with("3 ") && shown(&first) == ["2", "5,000"], "{}", first.body);
    assert_eq!((rows(&first), link(&first, "Older")), (2, None));
    let second = owner.get(&link(&first, "Search older").unwrap()).await;
    assert!(
        second.text_of("sum-payments").starts_with("3 ") && shown(&second) == ["1", "5,000"] && rows(&second) == 1,
        "{}",
        second.body
    );
    let third = owner.get(&link(&second, "Search older").unwrap()).await;
    assert!(third.shows("end-of-search") && rows(&third) == 0 && link(&third, "Search older").is_none(), "{}", third.body);
    assert_eq!(rows(&owner.get(&link(&third, "Back to the start of the list").unwrap()).await), 2);
    let newer = owner.get(&back(&second).unwrap()).await;
    assert_eq!(rows(&newer), 1, "of the next 5,000 rows in the other direction");
    assert!(newer.has("Search newer"), "{}", newer.body);
    assert_eq!(rows(&owner.get(&back(&newer).unwrap()).await), 2, "there the newest page begins");

    let none = owner.get(&format!("{list}disputed")).await;
    assert!(
        none.text_of("no-such-status").contains("Disputed") && link(&none, "Search older").is_none(),
        "the totals tell: {}",
        none.body
    );
    let full = owner.get(&format!("{list}captured")).await;
    assert!(
        full.text_of("sum-payments").starts_with("11,998 ") && shown(&full) == ["50"] && link(&full, "Older").is_some(),
        "{}",
        full.body
    );

    let csv = owner.get(&format!("/ks-pay/apps/{}/transactions.csv?mode=test&status=failed", connection.app_id)).await;
    assert_eq!(csv.body.lines().count(), 1 + 3, "the download has all matches");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_download_of_a_search_by_id_has_all_that_are_found_or_says_so() {
    let (app, connection, owner) = many(COPIES_OF_PAYMENT).await;
    let order = app.texts("SELECT DISTINCT order_id FROM transactions").await.remove(0);
    let csv = format!("/ks-pay/apps/{}/transactions.csv?mode=test&q={order}", connection.app_id);
    app.sql("UPDATE transactions SET order_id = NULL WHERE id > 300 AND id <= 12000").await;
    let all = owner.get(&csv).await;
    assert_eq!(all.headers["content-disposition"], "attachment; filename=\"transactions-test.csv\"");
    assert_eq!(all.body.lines().count(), 1 + 301, "more than a page shows");
    app.sql("UPDATE transactions SET order_id = (SELECT MAX(order_id) FROM transactions)").await;
    let newest = owner.get(&csv).await;
    assert_eq!(newest.headers["content-disposition"], "attachment; filename=\"transactions-test-newest-2000-only.csv\"");
    assert_eq!(newest.body.lines().count(), 1 + 2_000);
    // The newest payments with that id are of the other mode, so those that are shown are not all.
    app.sql("UPDATE transactions SET mode = 'live' WHERE id <= 10500").await;
    let (of_test, all_of_test) = (owner.get(&csv).await, 1 + 1_501);
    assert!(of_test.body.lines().count() <= all_of_test, "{}", of_test.body.lines().count());
    app.sql("UPDATE transactions SET mode = CASE mode WHEN 'live' THEN 'test' ELSE 'live' END").await;
    let swapped = owner.get(&csv).await;
    assert!(swapped.body.lines().count() < 1 + 10_500);
    for cut in [of_test, swapped] {
        assert_eq!(cut.headers["content-disposition"], "attachment; filename=\"transactions-test-newest-2000-only.csv\"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_that_only_the_newest_payments_of_an_id_were_searched() {
    let (app, connection, owner) = many(COPIES_OF_PAYMENT).await;
    app.share_refund_and_dispute().await;
    let list = |mode: &str, text: &str| format!("/ks-pay/apps/{}/transactions?mode={mode}&q={text}", connection.app_id);
    app.sql("UPDATE transactions SET mode = 'live' WHERE id <= 3").await;
    for text in ["rfnd_Shared", "disp_Shared"] {
        let live = owner.get(&list("live", text)).await;
        assert!(live.text_of("none-among-examined").contains("2,000") && live.lacks("no-such-id"), "{}", live.body);
        assert!(owner.get(&list("test", text)).await.shows("more-payments"), "{text}");
    }
    assert!(owner.get(&list("live", "rfnd_Unknown")).await.shows("no-such-id"));
    app.sql("UPDATE transactions SET mode = 'live' WHERE id > 11990 AND id <= 12000").await;
    for text in ["rfnd_Shared", "disp_Shared"] {
        let live = owner.get(&list("live", text)).await;
        assert!(live.text_of("found-among").starts_with("10 ") && live.shows("rows-shown"), "{}", live.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_an_event_type_goes_on_where_it_ended() {
    let copies = if database::is_postgres() {
        copies_of_event!("decode(lpad(to_hex(value), 64, '0'), 'hex')")
    } else {
        copies_of_event!("unhex(printf('%064x', value))")
    };
    let (_app, connection, owner) = many(copies).await;
    let list = format!("/ks-pay/apps/{}/events?mode=test", connection.app_id);
    let mut page = owner.get(&format!("{list}&type=refund")).await;
    let mut found = vec![rows(&page)];
    while let Some(older) = link(&page, "Search older") {
        assert!(older.contains("type=refund") && shown(&page)[1] == "5,000");
        page = owner.get(&older).await;
        found.push(rows(&page));
    }
    // The newest 5,000 events contain number 11,000, the next ones 6,000, and the rest 1,000.
    assert_eq!(found, [1, 1, 1]);
    assert_eq!(rows(&owner.get(&list).await), 50);
    let none = owner.get(&format!("{list}&type=settlement")).await;
    assert!(none.text_of("no-match-yet").contains("5,000") && rows(&none) == 0, "{}", none.body);
    let none = owner.get(&link(&none, "Search older").unwrap()).await;
    assert!(none.shows("no-match-yet") && back(&none).is_some(), "{}", none.body);
    assert_eq!(rows(&owner.get(&format!("{list}&status=processed")).await), 1);
}

/// Rows of two connections in turn, with one list.
#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_two_gateways_are_one_list_there_and_back_and_in_a_search() {
    let app = TestApp::start_on_the_day().await;
    let company = app.company("Neem Tree Retail").await;
    let store = company.app("Web Store").await;
    let (razorpay, generic) = (store.razorpay("test").await, store.connect("standard-webhooks", "test").await);
    for number in 0..60 {
        razorpay.post(bodies::payment("payment.captured", &format!("pay_{number:03}"), number)).stored().await;
        let invoice = generic.post(bodies::standard("invoice.paid", &format!("in_{number:03}")));
        invoice.event_id(&format!("msg_{number:03}")).stored().await;
    }
    let owner = app.owner("Neem Tree Retail").await;
    let list = format!("/ks-pay/apps/{}/events?mode=test", razorpay.app_id);
    let first = owner.get(&list).await;
    let in_turn: Vec<bool> = first.body.split("<tr><th scope=\"row\"").skip(1).map(|row| row.contains("invoice.paid")).collect();
    assert_eq!(in_turn, [true, false].repeat(25), "newest first, of each in turn");
    let second = owner.get(&link(&first, "Older").unwrap()).await;
    let third = owner.get(&link(&second, "Older").unwrap()).await;
    assert_eq!((rows(&second), rows(&third), link(&third, "Older")), (50, 20, None));
    assert_eq!(
        owner.get(&back(&third).unwrap()).await.body.matches("invoice.paid").count(),
        second.body.matches("invoice.paid").count()
    );

    let found = owner.get(&format!("{list}&type=invoice")).await;
    let older = owner.get(&link(&found, "Older").unwrap()).await;
    assert_eq!((rows(&found), rows(&older)), (50, 10));
    assert_eq!(found.body.split("<tr><th scope=\"row\"").skip(1).filter(|row| row.contains("invoice.paid")).count(), 50);
}

/// One connection has 12,001 events and the other one: what is found in it first may be older than unsearched rows of the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_shows_no_match_of_one_gateway_before_newer_rows_of_another_are_searched() {
    let app = TestApp::start_on_the_day().await;
    let company = app.company("Neem Tree Retail").await;
    let store = company.app("Web Store").await;
    let (razorpay, generic) = (store.razorpay("test").await, store.connect("standard-webhooks", "test").await);
    razorpay.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let copies = if database::is_postgres() {
        copies_of_event!("decode(lpad(to_hex(value), 64, '0'), 'hex')")
    } else {
        copies_of_event!("unhex(printf('%064x', value))")
    };
    assert_eq!(app.sql(copies).await, 12_000);
    generic.post(bodies::standard("refund.created", "in_1")).event_id("msg_1").stored().await;
    // Doubled by way of negative ids, so that one is free between the copies with the numbers 3,000 and 3,001.
    app.sql("UPDATE events SET id = -2 * id WHERE id <= 12000").await;
    app.sql("UPDATE events SET id = -id WHERE id < 0").await;
    assert_eq!(app.sql("UPDATE events SET id = 6001 WHERE event_type = 'refund.created'").await, 1);
    let owner = app.owner("Neem Tree Retail").await;
    let list = format!("/ks-pay/apps/{}/events?mode=test&type=refund", razorpay.app_id);
    let mut page = owner.get(&list).await;
    let mut found = Vec::new();
    loop {
        let types = page.body.split("<tr><th scope=\"row\"").skip(1);
        found.extend(types.map(|row| if row.contains("refund.created") { "created" } else { "failed" }));
        let Some(older) = link(&page, "Search older") else { break };
        page = owner.get(&older).await;
    }
    assert_eq!(found, ["failed", "failed", "created", "failed"], "11,000, 6,000, between 3,000 and 3,001, and 1,000");
}
