//! `ks-pay simulate`: correctly signed sample events for any holder of URL and secret.

use ks_pay::primitives::time::Clock;
use serde_json::json;

use crate::support::{TestApp, browser::Browser, builders::Connection, cli};

const LIFE_CYCLES: [&str; 5] = ["paid", "failed-then-paid", "partly-refunded", "disputed", "settled"];

#[tokio::test(flavor = "multi_thread")]
async fn without_more_one_captured_payment_is_sent() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let sent = app.cli(["simulate", "--url", &connection.url, "--json"], &connection.secret).await.json();
    assert_eq!(sent, json!({ "sent": 1, "answers": { "200": 1 } }));
    let events = app.events().await;
    assert_eq!((events.len(), &events[0]["type"], &events[0]["state"]), (1, &json!("payment.captured"), &json!("processed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_life_cycle_is_verified_and_processed() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let mut before = 0;
    for kind in LIFE_CYCLES {
        let args = ["simulate", "--url", &connection.url, "--life-cycle", kind, "--count", "2", "--json"];
        let sent = app.cli(args, &format!("{}\n", connection.secret)).await.json();
        let events = app.events().await.len();
        assert_eq!(sent, json!({ "sent": events - before, "answers": { "200": events - before } }), "{kind}");
        before = events;
    }
    assert_eq!(app.transactions().await.len(), 2 * LIFE_CYCLES.len());
    assert!(app.events().await.iter().all(|event| event["received_count"] == 1), "every event has an id and a body of its own");
}

/// Returns the gateway's time of each event, in order of receipt.
async fn times(app: &TestApp, owner: &Browser, connection: &Connection) -> Vec<i64> {
    let mut times = Vec::new();
    for event in app.events().await {
        let path = format!("/ks-pay/apps/{}/events/{}/body", connection.app_id, event["event"].as_str().unwrap());
        let body: serde_json::Value = serde_json::from_str(&owner.get(&path).await.body).unwrap();
        times.push(body["created_at"].as_i64().unwrap());
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_cycle_happens_now_and_a_spread_one_ends_now() {
    let now = || Clock::system().now().seconds();
    for kind in LIFE_CYCLES {
        for is_spread in [false, true] {
            let app = TestApp::start().await;
            let connection = app.razorpay().await;
            let owner = app.owner("Neem Tree Retail").await;
            let mut args = vec!["simulate", "--url", &connection.url, "--life-cycle", kind];
            args.extend(is_spread.then_some("--spread"));
            let before = now();
            app.cli_with(&args, &connection.secret, &[]).await.assert_done();
            let after = now();
            let times = times(&app, &owner, &connection).await;
            let (first, last) = (times[0], *times.last().unwrap());
            assert!((before..=after).contains(&last), "{kind}: the last step happens now");
            assert!(times.is_sorted_by(|one, next| one < next), "{kind}: the later steps are later");
            let is_long = is_spread && matches!(kind, "partly-refunded" | "disputed" | "settled");
            assert_eq!(last - first > 3600, is_long, "{kind}: {times:?}");
            assert!(is_spread || last - first < 30, "{kind}: {times:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_life_cycle_is_spread() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let args = ["simulate", "--url", &connection.url, "--event", "payment.failed", "--spread"];
    let refused = app.cli(args, &connection.secret).await;
    assert_eq!((refused.code, app.events().await.len()), (2, 0), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_event_is_sent_and_the_secret_may_be_a_variable() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let variable = [("KS_PAY_SIMULATE_SECRET", connection.secret.as_str())];
    for event in ["payment.failed", "refund.processed", "settlement.processed", "payment.dispute.created"] {
        let args = ["simulate", "--url", &connection.url, "--gateway", "razorpay", "--event", event];
        app.cli_with(&args, "", &variable).await.assert_done();
        assert_eq!(app.events().await.last().unwrap()["type"], event);
    }
    let unknown = app.cli_with(&["simulate", "--url", &connection.url, "--event", "foo.bar"], "", &variable).await;
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generic_gateway_is_simulated_too() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    // The simulator signs the time of the system's clock, to which the test's clock is set.
    let args = ["simulate", "--url", &connection.url, "--gateway", "standard-webhooks", "--count", "3", "--json"];
    let sent = app.cli(args, &connection.secret).await.json();
    assert_eq!(sent, json!({ "sent": 3, "answers": { "200": 3 } }));
    assert!(app.events().await.iter().all(|event| event["state"] == "unhandled"));
    let args = ["simulate", "--url", &connection.url, "--gateway", "standard-webhooks", "--life-cycle", "paid"];
    assert_eq!(app.cli(args, &connection.secret).await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_answered_200_is_counted_and_fails() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let unreachable = "http://127.0.0.1:1/webhooks/wh_AAAAAAAAAAAAAAAAAAAAAA";
    let lost = format!("http://{}/nowhere", app.address);
    for (url, answer) in [(connection.url.as_str(), "401"), (unreachable, "unreachable"), (&lost, "404")] {
        let output = app.cli(["simulate", "--url", url, "--count", "2", "--json"], "a secret of somebody else").await;
        assert_eq!(output.code, 1);
        assert_eq!(cli::lines(&output.out), [json!({ "sent": 2, "answers": { answer: 2 } })]);
        cli::one_sentence(&output.err);
    }
    assert!(app.events().await.is_empty());
    for no_secret in ["", "\n", "short\n"] {
        app.cli(["simulate", "--url", &connection.url], no_secret).await.failure();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_longer_than_a_page_and_oldest_first() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let args = ["simulate", "--url", &connection.url, "--count", "501"];
    app.cli(args, &connection.secret).await.assert_done();
    for (rows, id) in [(app.events().await, "event"), (app.transactions().await, "transaction")] {
        assert_eq!(rows.len(), 501);
        assert!(rows.iter().map(|row| row[id].as_str().unwrap()).is_sorted_by(|one, next| one < next));
    }
}
