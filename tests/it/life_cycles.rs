//! Every payment life cycle of the simulator, sent in order, backwards and twice.

use ks_pay::samples::{LifeCycle, Merchant, razorpay::life_cycle};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::Value;

use crate::support::{TestApp, builders::Connection};

/// The same for every run, so that failures are reproducible.
const SEED: u64 = 20_261_122;

/// Returns the transactions of one app, without our generated ids.
async fn output(app: &TestApp, connection: &Connection) -> Vec<Value> {
    let output = app.cli(["transactions", "export", "--jsonl", "--app", &connection.app_id], "").await;
    let mut transactions = crate::support::cli::lines(&output.out);
    for transaction in &mut transactions {
        for ours in ["transaction", "app", "connection"] {
            transaction.as_object_mut().unwrap().remove(ours);
        }
    }
    transactions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_ends_the_same_in_order_backwards_and_twice() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let mut rng = StdRng::seed_from_u64(SEED);
    let merchant = Merchant::new(&mut rng);
    for kind in LifeCycle::ALL {
        for round in 0..4 {
            let events = life_cycle(kind, &merchant, app.now().seconds() - kind.span(), &mut rng);
            let forwards = company.app(&format!("{kind} {round} forwards")).await.razorpay("test").await;
            let backwards = company.app(&format!("{kind} {round} backwards")).await.razorpay("test").await;
            for event in &events {
                forwards.post(event.body.clone()).event_id(&event.event_id).stored().await;
            }
            for event in events.iter().rev().chain(&events) {
                backwards.post(event.body.clone()).event_id(&event.event_id).stored().await;
            }
            let transactions = output(&app, &forwards).await;
            assert_eq!(transactions.len(), 1, "{kind}");
            assert_eq!(transactions, output(&app, &backwards).await, "{kind}");
            assert_eq!(transactions[0]["status"], "captured", "{kind}");
            assert_eq!(transactions[0]["amount_refunded"].as_i64() > Some(0), kind == LifeCycle::PartlyRefunded);
        }
    }
    let events = app.events().await;
    assert!(events.iter().all(|event| matches!(event["state"].as_str(), Some("processed" | "unhandled"))));
    assert!(events.iter().all(|event| (event["state"] == "unhandled") == (event["type"] == "settlement.processed")));
}
