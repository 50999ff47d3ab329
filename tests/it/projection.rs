//! Payments derived from events: the same in any order and after any number of duplicates.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    bodies::{self, AMOUNT, AT},
};

/// Returns the only transaction.
async fn only(app: &TestApp) -> Value {
    let mut transactions = app.transactions().await;
    assert_eq!(transactions.len(), 1);
    transactions.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_exported_with_every_field() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 3)).stored().await;
    let transaction = only(&app).await;
    assert!(transaction["transaction"].as_str().unwrap().starts_with("tx_"));
    let expected = json!({
        "transaction": transaction["transaction"], "app": connection.app_id, "connection": connection.id,
        "gateway": "razorpay", "mode": connection.mode, "payment_id": "pay_1", "order_id": "order_of_pay_1",
        "status": "captured", "amount": AMOUNT, "amount_refunded": 0, "currency": "INR", "disputed": false,
        "updated_at": "2026-11-22T10:30:03.000Z",
    });
    assert_eq!(transaction, expected);
    assert_eq!(AT + 3, 1_795_343_403, "the time above is the event's, not ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_which_only_a_refund_is_known_has_no_status() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::bare_refund("rfnd_1", "pay_1", 100)).stored().await;
    let shell = only(&app).await;
    for absent in ["status", "amount", "order_id"] {
        assert_eq!(shell.get(absent), Some(&Value::Null), "{absent}");
    }
    assert_eq!((&shell["payment_id"], &shell["currency"], &shell["disputed"]), (&json!("pay_1"), &json!("INR"), &json!(false)));
    let event = &app.events().await[0];
    assert_eq!((&event["state"], &event["transaction"]), (&json!("processed"), &shell["transaction"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn captured_stays_captured_in_any_order() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let send = async |event: &str, payment: &str, after| connection.post(bodies::payment(event, payment, after)).stored().await;
    send("payment.captured", "pay_1", 20).await;
    send("payment.authorized", "pay_1", 10).await;
    send("payment.failed", "pay_2", 5).await;
    send("payment.authorized", "pay_2", 10).await;
    send("payment.captured", "pay_2", 20).await;
    send("payment.captured", "pay_3", 20).await;
    send("payment.failed", "pay_3", 30).await;
    send("order.paid", "pay_4", 20).await;
    send("payment.authorized", "pay_4", 10).await;
    let transactions = app.transactions().await;
    assert_eq!(transactions.len(), 4);
    assert!(transactions.iter().all(|transaction| transaction["status"] == "captured"));
    assert_eq!(app.events().await.len(), 9, "every event is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_only_failed_has_failed() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.failed", "pay_1", 0)).stored().await;
    assert_eq!(only(&app).await["status"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_may_come_before_its_payment() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", 30_000, 30_000, 60)).stored().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let transaction = only(&app).await;
    assert_eq!((&transaction["status"], &transaction["amount"]), (&json!("captured"), &json!(AMOUNT)));
    assert_eq!(transaction["amount_refunded"], 30_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_refunds_add_up_in_any_order_and_number() {
    let output = [
        bodies::payment("payment.captured", "pay_1", 0),
        bodies::refund("refund.processed", "rfnd_1", "pay_1", 20_000, 20_000, 60),
        bodies::refund("refund.processed", "rfnd_2", "pay_1", 30_000, 50_000, 70),
        bodies::refund("refund.processed", "rfnd_3", "pay_1", 10_000, 60_000, 80),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let app = TestApp::start().await;
        let connection = app.razorpay().await;
        for index in order.iter().chain(&order[..2]) {
            connection.post(output[*index].clone()).stored().await;
        }
        let transaction = only(&app).await;
        assert_eq!((&transaction["amount_refunded"], &transaction["status"]), (&json!(60_000), &json!("captured")), "{order:?}");
        assert_eq!(transaction["updated_at"], "2026-11-22T10:31:20.000Z");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_all_of_which_went_back_is_refunded() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::refund("refund.processed", "rfnd_2", "pay_1", 60_000, AMOUNT, 70)).stored().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", 40_000, 40_000, 60)).stored().await;
    let transaction = only(&app).await;
    assert_eq!((&transaction["status"], &transaction["amount_refunded"]), (&json!("refunded"), &json!(AMOUNT)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_after_it_was_processed_is_none_in_any_order() {
    let output = [
        bodies::payment("payment.captured", "pay_1", 0),
        bodies::refund("refund.created", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 60),
        bodies::refund("refund.processed", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 70),
        bodies::refund("refund.failed", "rfnd_1", "pay_1", AMOUNT, 0, 90),
    ];
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [3, 0, 1, 2]] {
        let connection = company.app(&format!("{order:?}")).await.razorpay("live").await;
        for index in order.iter().chain(&order[1..3]) {
            connection.post(output[*index].clone()).stored().await;
        }
    }
    let transactions = app.transactions().await;
    assert_eq!(transactions.len(), 4);
    for transaction in transactions {
        assert_eq!((&transaction["status"], &transaction["amount_refunded"]), (&json!("captured"), &json!(0)));
        assert_eq!(transaction["updated_at"], "2026-11-22T10:31:30.000Z");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_is_quoted_later_may_be_less() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", 40_000, 40_000, 60)).stored().await;
    connection.post(bodies::refund("refund.processed", "rfnd_2", "pay_1", 20_000, 20_000, 90)).stored().await;
    assert_eq!(only(&app).await["amount_refunded"], 20_000, "the first one was taken out by then");
    connection.post(bodies::refund("refund.failed", "rfnd_1", "pay_1", 40_000, 0, 80)).stored().await;
    assert_eq!(only(&app).await["amount_refunded"], 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_open_until_its_last_word_is_won_or_closed() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let send = async |event: &str, status: &str, after| {
        connection.post(bodies::dispute(event, "disp_1", "pay_1", status, after)).stored().await;
        only(&app).await["disputed"].clone()
    };
    assert_eq!(send("payment.dispute.under_review", "under_review", 20).await, true);
    assert_eq!(send("payment.dispute.won", "won", 30).await, false);
    assert_eq!(send("payment.dispute.created", "open", 10).await, false, "an older word changes nothing");
    assert_eq!(send("payment.dispute.lost", "lost", 40).await, true);
    assert_eq!(send("payment.dispute.closed", "closed", 50).await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_that_a_customer_typed_hides_no_payment() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let notes: [&[u8]; 6] = [
        br#"{"a":"\u0000"}"#,
        br#"{"a":"\ud800"}"#,
        b"{\"a\":\"\xff\xfe\"}",
        b"\"\xed\xa0\x80\"",
        br#"{"a":1,"a":2}"#,
        deep.as_bytes(),
    ];
    for (number, note) in notes.iter().enumerate() {
        connection.post(bodies::payment_with_notes("payment.captured", &format!("pay_{number}"), note)).stored().await;
    }
    assert!(app.events().await.iter().all(|event| event["state"] == "processed"));
    assert_eq!(app.transactions().await.len(), notes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_we_key_on_that_is_not_clean_quarantines_and_is_kept() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let good = String::from_utf8(bodies::payment("payment.captured", "pay_1", 0)).unwrap();
    let changes = [
        (r#""amount":100000"#, r#""amount":-1"#),
        (r#""amount":100000"#, r#""amount":1,"amount":100000"#),
        (r#""amount":100000"#, r#""amount":9223372036854775808"#),
        (r#""amount":100000"#, r#""amount":1000.5"#),
        (r#""currency":"INR""#, r#""currency":"\u0000NR""#),
        (r#""id":"pay_1""#, r#""id":"pay_1\u0000""#),
        (r#""id":"pay_1","#, ""),
        (r#""status":"captured""#, r#""status":"taken""#),
        (r#""created_at":1795343400,"entity""#, r#""created_at":"now","entity""#),
    ];
    for (from, to) in changes {
        let body = good.replacen(from, to, 1);
        assert_ne!(body, good, "{from}");
        connection.post(body).stored().await;
    }
    let events = app.events().await;
    assert_eq!(events.len(), changes.len());
    for event in &events {
        assert_eq!((&event["state"], &event["type"]), (&json!("quarantined"), &json!("payment.captured")));
        assert_eq!(event["transaction"], Value::Null);
    }
    assert!(app.transactions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_at_all_is_kept_without_a_type() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for body in ["not json", "[]", "{}", r#"{"event":7}"#, r#"{"event":"a","event":"b"}"#, r#"{"event":"a\u0000"}"#, "\0", ""] {
        connection.post(body).stored().await;
    }
    let events = app.events().await;
    assert_eq!(events.len(), 8);
    assert!(events.iter().all(|event| event["state"] == "quarantined" && event["type"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_without_a_rule_is_unhandled() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for event in ["foo.bar", "settlement.processed", "payment.downtime.started", "invoice.paid"] {
        connection.post(bodies::bare(event)).stored().await;
    }
    let events = app.events().await;
    assert!(events.iter().all(|event| event["state"] == "unhandled" && event["transaction"].is_null()));
    assert_eq!(events[0]["type"], "foo.bar");
}

/// A deadlock would be answered with 503 and retried: eight concurrent requests are within every limit, so each must get 200.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_events_of_one_payment_neither_deadlock_nor_get_lost() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for round in 0..5 {
        let id = format!("pay_{round}");
        let mut posts = tokio::task::JoinSet::new();
        for number in 0..7 {
            let refund = bodies::refund("refund.processed", &format!("rfnd_{round}_{number}"), &id, 1000, 7000, number);
            let post = connection.post(refund).event_id(&format!("evt_{round}_{number}"));
            posts.spawn(async move { post.send().await });
        }
        let post = connection.post(bodies::payment("payment.captured", &id, 0)).event_id(&format!("evt_{round}"));
        posts.spawn(async move { post.send().await });
        assert!(posts.join_all().await.iter().all(|status| *status == 200), "round {round}");
    }
    let transactions = app.transactions().await;
    assert_eq!(transactions.len(), 5);
    assert!(transactions.iter().all(|transaction| transaction["amount_refunded"] == 7000), "{transactions:?}");
}
