//! What pages say of a destination that is paused or in trouble, and what sends its events again.

use std::time::Duration;

use crate::support::{
    eventually,
    shop::Shop,
    sink::{Response, Sink},
};

#[tokio::test(flavor = "multi_thread")]
async fn waiting_deliveries_are_sent_now() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    sink.usually(Response::Complete(503, "", ""));
    shop.send("pay_1").await;
    shop.send("pay_2").await;
    eventually(async || shop.deliveries().await.iter().all(|one| one["attempts"] == 1)).await;
    shop.app.sql("UPDATE deliveries SET due_at = due_at + 3600000").await;
    shop.app.sql("UPDATE destination_health SET open_until = failing_since + 20000").await;
    sink.usually(Response::Complete(200, "", ""));
    let path = format!("{destination}/waiting-deliveries");
    assert!(shop.owner.get(&destination).await.has(&format!("action=\"{path}\"")));
    assert_eq!(shop.owner.post(&path, &[]).await.location(), destination);
    assert!(shop.owner.get(&destination).await.text_of("flash").contains('2'));
    eventually(async || shop.deliveries().await.iter().all(|one| one["state"] == "delivered")).await;
    assert!(!shop.owner.get(&destination).await.has(&format!("action=\"{path}\"")), "nothing waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_stated_while_paused_and_sent_when_resumed() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    assert_eq!(shop.owner.post(&format!("{destination}/pause"), &[]).await.location(), destination);
    shop.send("pay_1").await;
    shop.send("pay_2").await;
    let page = shop.owner.get(&destination).await;
    assert!(page.shows("state-paused") && page.text_of("destination-paused").contains('2'), "{}", page.body);
    assert_eq!((page.texts_of("delivery").len(), page.text_of("waiting").starts_with('2')), (2, true));
    let list = shop.owner.get(&shop.list()).await;
    assert!(list.shows("state-paused") && list.shows("destination-paused") && list.text_of("waiting").starts_with('2'));
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(overview.text_of("needs-attention").contains("Shop backend") && overview.has(&destination), "{}", overview.body);
    assert!(sink.received().is_empty());

    assert_eq!(shop.owner.post(&format!("{destination}/resume"), &[]).await.location(), destination);
    eventually(async || sink.received().len() == 2).await;
    let page = shop.owner.sees_in(&destination, "success-rate", "100").await;
    assert!(page.lacks("state-paused") && page.lacks("destination-paused"));
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(!overview.has(&destination));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_warn_of_a_destination_that_fails_for_long() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.usually(Response::Complete(400, "", ""));
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    shop.delivery(|delivery| delivery["attempts"] == 1).await;
    let page = shop.owner.get(&destination).await;
    assert!(page.shows("state-failing") && page.lacks("destination-failing"), "one failure is no reason to warn: {}", page.body);
    shop.app.clock.advance(Duration::from_mins(15));
    let page = shop.owner.get(&destination).await;
    assert!(page.shows("destination-failing") && page.lacks("will-be-paused"), "{}", page.body);
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(overview.text_of("needs-attention").contains("Shop backend"), "{}", overview.body);
    shop.app.clock.advance(Duration::from_hours(60));
    let owner = shop.app.owner("Neem Tree Retail").await;
    let page = owner.get(&destination).await;
    assert!(page.shows("destination-failing") && page.shows("will-be-paused"), "{}", page.body);
    let list = owner.get(&shop.list()).await;
    assert!(list.shows("destination-failing") && list.shows("will-be-paused"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_said_the_url_is_gone_says_what_to_correct() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.usually(Response::Complete(410, "", ""));
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    shop.owner.sees(&destination, "state-paused").await;
    shop.send("pay_2").await;
    let said = shop.owner.get(&destination).await.text_of("destination-paused");
    assert!(said.contains("410") && said.contains('2') && said.contains("Correct"), "{said}");
    shop.app.sql("UPDATE deliveries SET state = 'exhausted', due_at = NULL").await;
    let said = shop.owner.get(&destination).await.text_of("destination-paused");
    assert!(said.contains("410") && !said.contains('2') && said.contains("Correct"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_names_the_number_of_destinations_that_it_does_not_list() {
    let shop = Shop::start().await;
    for number in 0..7 {
        let destination = shop.add(&[("name", &format!("Shop {number}"))]).await;
        shop.owner.post(&format!("{destination}/pause"), &[]).await;
    }
    let page = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(page.text_of("more-destinations").starts_with('2'), "{}", page.body);
    // One that is in trouble is before those that are paused.
    shop.app
        .sql(
            "UPDATE destination_health SET failing_since = (SELECT MAX(paused_at) FROM destinations) - 3600000, \
             open_until = (SELECT MAX(paused_at) FROM destinations) + 20000 WHERE destination_id = (SELECT MAX(id) FROM destinations)",
        )
        .await;
    shop.app.sql("UPDATE destinations SET state = 'active', pause_reason = NULL, paused_at = NULL WHERE name = 'Shop 6'").await;
    let page = shop.owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.connection.app_id)).await;
    assert!(page.shows("destination-not-responding") && page.text_of("more-destinations").starts_with('2'), "{}", page.body);
}
