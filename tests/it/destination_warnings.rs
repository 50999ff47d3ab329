//! Where pages warn of destinations in trouble, and of deliveries whose bodies will be deleted.

use std::time::Duration;

use crate::support::{builders::Connection, shop::Shop};

const DAY: Duration = Duration::from_hours(24);

async fn warned(shop: &Shop, connection: &Connection) -> [bool; 5] {
    let owner = shop.app.owner("Neem Tree Retail").await;
    let destination = shop.app.texts("SELECT name FROM destinations").await.remove(0);
    let app = format!("/ks-pay/apps/{}", connection.app_id);
    let mut found = [false; 5];
    let hooks = ["destination-paused", "destination-failing", "destination-expiring"];
    for (index, path) in
        ["/", "/ks-pay", &format!("{app}?mode=test"), &format!("{app}/destinations?mode=test")].iter().enumerate()
    {
        let page = owner.get(path).await;
        found[index] = hooks.iter().any(|hook| page.shows(hook)) && page.has(&destination);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dashboard_warns_of_a_destination_in_trouble_but_not_of_one_that_a_user_paused() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    assert_eq!(warned(&shop, &shop.connection).await[..4], [false; 4]);
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    assert_eq!(warned(&shop, &shop.connection).await[..2], [false; 2]);
    for reason in ["UPDATE destinations SET pause_reason = 'gone'", "UPDATE destinations SET pause_reason = 'no_success'"] {
        shop.app.sql(reason).await;
        assert_eq!(warned(&shop, &shop.connection).await[..4], [true; 4], "{reason}");
    }
    shop.owner.post(&format!("{destination}/resume"), &[]).await;
    assert_eq!(warned(&shop, &shop.connection).await[..4], [false; 4]);
    shop.app.sql("UPDATE destination_health SET failing_since = (SELECT created_at FROM destinations)").await;
    shop.app.clock.advance(Duration::from_hours(59));
    assert_eq!(warned(&shop, &shop.connection).await[..2], [false; 2]);
    shop.app.clock.advance(Duration::from_hours(1));
    assert_eq!(warned(&shop, &shop.connection).await[..4], [true; 4]);
    // Another company sees nothing of it.
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    assert!(stranger.get("/").await.lacks("destination-failing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_count_a_thousand_waiting_deliveries_and_no_more() {
    const MORE: &str = "INSERT INTO deliveries (id, destination_id, message_id, origin, state, attempts, due_at, is_retry, created_at) \
                        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 998) \
                        SELECT deliveries.id - n, destination_id, message_id - n, origin, state, attempts, due_at, is_retry, created_at - n \
                        FROM deliveries CROSS JOIN numbers";
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.app.sql("UPDATE destinations SET pause_reason = 'gone'").await;
    shop.send("pay_1").await;
    shop.app.sql(MORE).await;
    let said = async |said: &str| {
        for path in ["/", &format!("{}?mode=test", shop.list()), &destination] {
            let text = shop.owner.get(path).await.text_of("destination-paused");
            assert!(text.contains(said), "{path}: {text}");
        }
    };
    said("999 events").await;
    shop.send("pay_2").await;
    said("1,000 or more").await;
    shop.send("pay_3").await;
    said("1,000 or more").await;
    let listed = shop.app.cli(["destination", "list", "--app", &shop.connection.app_id, "--json"], "").await.out;
    assert!(listed.contains(r#""waiting":1000"#) && listed.contains(r#""is_waiting_exact":false"#), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_warn_a_week_before_the_bodies_of_waiting_events_are_deleted() {
    let mut shop = Shop::start().await;
    shop.app
        .restart_with(|config| {
            config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
            config.body_retention = Some(30 * DAY);
        })
        .await;
    shop.owner = shop.app.owner("Neem Tree Retail").await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    let connection = shop.connection.at(shop.app.address);
    for payment in ["pay_1", "pay_2"] {
        connection.post(crate::support::bodies::payment("payment.captured", payment, 0)).stored().await;
    }
    shop.app.clock.advance(23 * DAY);
    assert_eq!(warned(&shop, &connection).await[..2], [false; 2]);
    shop.app.clock.advance(Duration::from_secs(1));
    connection.post(crate::support::bodies::payment("payment.captured", "pay_3", 0)).stored().await;
    assert_eq!(warned(&shop, &connection).await[..4], [true; 4]);
    let owner = shop.app.owner("Neem Tree Retail").await;
    let said = owner.get(&destination).await.text_of("destination-expiring");
    assert!(said.contains("2 events") && said.contains("30\u{a0}days"), "{said}");
}
