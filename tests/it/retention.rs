//! Bodies are deleted after the retention period, if one is set; the data for deduplication remains.

use std::time::Duration;

use crate::support::{TestApp, bodies, eventually};

const DAY: Duration = Duration::from_hours(24);
const BODIES: &str = "SELECT COUNT(*) FROM event_payloads";

#[tokio::test(flavor = "multi_thread")]
async fn bodies_go_after_their_time_and_duplicates_are_still_known() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    let old = connection.post(bodies::payment("payment.captured", "pay_1", 0)).event_id("evt_1");
    old.stored().await;
    app.clock.advance(100 * DAY);
    connection.post(bodies::payment("payment.captured", "pay_2", 0)).event_id("evt_2").stored().await;
    let before = (app.events().await, app.transactions().await);

    app.clock.advance(20 * DAY);
    app.restart().await;
    assert_eq!(app.count(BODIES).await, 2, "kept for ever unless something else is set");
    app.restart_with(|config| config.body_retention = Some(30 * DAY)).await;
    eventually(async || app.count(BODIES).await == 1).await;
    assert_eq!((app.events().await, app.transactions().await), before, "the events stay as they were");

    let owner = app.owner("Neem Tree Retail").await;
    let page =
        |number: usize| format!("/ks-pay/apps/{}/events/{}", connection.app_id, before.0[number]["event"].as_str().unwrap());
    let old_page = owner.get(&page(0)).await;
    assert!(old_page.has("data-payload=\"deleted\"") && !old_page.has("/body\""));
    assert_eq!(owner.get(&format!("{}/body", page(0))).await.status, 404);
    assert!(owner.get(&page(1)).await.has("/body\""));
    let payment = format!("/ks-pay/apps/{}/transactions/{}", connection.app_id, before.0[0]["transaction"].as_str().unwrap());
    assert_eq!(owner.get(&payment).await.status, 200);

    let url = format!("http://{}/webhooks/{}", app.address, connection.endpoint);
    old.url(&url).stored().await;
    let events = app.events().await;
    assert_eq!((events.len(), &events[0]["received_count"]), (2, &2.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_received_by_a_clock_that_was_ahead_does_not_keep_later_ones() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    for number in 1..=3 {
        connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).stored().await;
    }
    // More than one unit of work deletes.
    let copies = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) INSERT INTO event_payloads \
                  (request_id, received_at, frame) SELECT i, received_at + 31536000000, frame FROM n CROSS JOIN \
                  (SELECT received_at, frame FROM event_payloads LIMIT 1) AS first";
    assert_eq!(app.sql(copies).await, 1_200);
    app.clock.advance(40 * DAY);
    app.restart_with(|config| config.body_retention = Some(30 * DAY)).await;
    eventually(async || app.count(BODIES).await == 1_200).await;
}
