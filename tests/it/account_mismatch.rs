//! Account mismatches are reported, and the events are stored nevertheless.

use std::time::Duration;

use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, connected},
    webhook_request::Post,
};

/// Account of every body in [`bodies`].
const FIRST: &str = "acc_Test0000000001";
const OTHER: &str = "acc_Test0000000002";

fn webhook(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/{}/webhook", connection.app_id, connection.mode)
}

fn of_account(account: &str, payment: &str) -> Vec<u8> {
    String::from_utf8(bodies::payment("payment.captured", payment, 0)).unwrap().replace(FIRST, account).into_bytes()
}

/// Returns the page of the newest event.
async fn newest(app: &TestApp, owner: &Browser, connection: &Connection) -> Page {
    let event = app.events().await.pop().unwrap()["event"].as_str().unwrap().to_owned();
    owner.get(&format!("/ks-pay/apps/{}/events/{event}", connection.app_id)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_account_is_kept_processed_and_told_until_the_account_is_accepted() {
    let (app, connection, owner) = connected().await;
    connection.post(of_account(FIRST, "pay_Demo0000000001")).stored().await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.has(FIRST) && page.lacks("other-account"));
    assert!(newest(&app, &owner, &connection).await.lacks("event-of-other-account"));
    assert!(owner.get("/").await.shows("all-clear"));

    app.clock.advance(Duration::from_secs(1));
    connection.post(of_account(OTHER, "pay_Demo0000000002")).stored().await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.text_of("other-account").contains(FIRST) && page.text_of("other-account").contains(OTHER));
    assert!(newest(&app, &owner, &connection).await.text_of("event-of-other-account").contains(OTHER));
    assert!(owner.get("/").await.text_of("other-account").contains("Neem Tree Store, Test mode"));
    assert_eq!(app.transactions().await.len(), 2, "it is processed as any other");
    // An event of the right account is still not reported as a mismatch.
    connection.post(of_account(FIRST, "pay_Demo0000000003")).stored().await;
    assert!(newest(&app, &owner, &connection).await.lacks("event-of-other-account"));
    assert!(owner.get(&webhook(&connection)).await.shows("other-account"), "it does not go away by itself");

    let accounts = format!("{}/accounts", webhook(&connection));
    for wrong in ["", FIRST, "acc_Test0000000003", "acc_Test000000000"] {
        assert_eq!(owner.post(&accounts, &[("account", wrong)]).await.location(), webhook(&connection));
        assert!(owner.get(&webhook(&connection)).await.shows("other-account"), "{wrong}");
    }
    owner.post(&accounts, &[("account", OTHER)]).await.location();
    connection.post(of_account(OTHER, "pay_Demo0000000004")).stored().await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.lacks("other-account") && page.has(FIRST) && page.has(OTHER));
    assert!(newest(&app, &owner, &connection).await.lacks("event-of-other-account"));
    connection.post(of_account("acc_Test0000000003", "pay_Demo0000000005")).stored().await;
    assert!(owner.get(&webhook(&connection)).await.text_of("other-account").contains(&format!("{FIRST}, {OTHER}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_what_comes_together_are_told_apart_whatever_their_order() {
    let (app, connection, owner) = connected().await;
    let posts: Vec<_> = [FIRST, OTHER, FIRST, OTHER]
        .into_iter()
        .enumerate()
        .map(|(number, account)| connection.post(of_account(account, &format!("pay_Demo000000000{number}"))))
        .collect();
    futures_util::future::join_all(posts.iter().map(Post::stored)).await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.shows("other-account") && page.has(FIRST) && page.has(OTHER));
    assert_eq!(app.count("SELECT COUNT(*) FROM activity WHERE account IS NOT NULL AND other_account IS NOT NULL AND other_account_at IS NOT NULL AND account <> other_account").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_account_is_of_no_other() {
    let (_app, connection, owner) = connected().await;
    connection.post(bodies::bare("foo.bar")).stored().await;
    connection.post(of_account(FIRST, "pay_Demo0000000001")).stored().await;
    connection.post(bodies::bare("foo.baz")).stored().await;
    let typed = br#"{"account_id":"acc_Typed"}"#;
    connection.post(bodies::payment_with_notes("payment.captured", "pay_Demo0000000002", typed)).stored().await;
    connection.post(b"not json".to_vec()).stored().await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.has(FIRST) && page.lacks("other-account"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_simulate_signs_never_becomes_the_connections_account() {
    let (app, connection, owner) = connected().await;
    let simulate = async || {
        let args = ["simulate", "--url", &connection.url, "--life-cycle", "partly-refunded"];
        app.cli(args, &connection.secret).await.line().to_owned()
    };
    simulate().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM activity WHERE account IS NOT NULL").await, 0);
    connection.post(of_account(FIRST, "pay_Demo0000000001")).stored().await;
    simulate().await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.has(FIRST) && page.lacks("other-account") && !page.has("acc_Simulated"), "{}", page.body);
    assert!(owner.get("/").await.lacks("other-account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_in_both_modes_is_told_on_both_pages_and_no_other() {
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let apart = app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("live").await;
    let owner = app.owner("Neem Tree Retail").await;
    let mixed = "both-modes";
    for connection in [&test, &apart] {
        connection.post(bodies::payment("payment.captured", "pay_Demo0000000001", 0)).stored().await;
    }
    live.post(bodies::payment("payment.captured", "pay_Demo0000000002", 0)).stored().await;
    for connection in [&test, &live] {
        assert!(owner.get(&webhook(connection)).await.lacks(mixed), "another payment, and another company's, are no mix-up");
    }
    live.post(bodies::payment("payment.authorized", "pay_Demo0000000001", 0)).stored().await;
    for connection in [&test, &live] {
        let page = owner.get(&webhook(connection)).await;
        assert!(page.text_of(mixed).contains("pay_Demo0000000001"), "{}", connection.mode);
    }
    assert!(newest(&app, &owner, &live).await.text_of("event-of-both-modes").contains("Test"));
    let stranger = app.owner("Banyan Books").await;
    assert!(stranger.get(&webhook(&apart)).await.lacks(mixed));
    assert_eq!(stranger.get(&webhook(&test)).await.status, StatusCode::NOT_FOUND);
}
