//! Orders of the ledger, and automations for orders that were paid twice: the same in any order of events and after any number of
//! duplicates.

use serde_json::{Value, json};

use crate::{
    automations::Shop,
    support::{
        TestApp,
        bodies::{self, AMOUNT, AT},
        builders::Connection,
        cli::lines,
    },
};

/// Returns an event of a payment of `order_1`, with the order's entity if `order` has one.
pub(crate) fn event(event: &str, payment: &str, after: i64, order: Option<Value>) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&bodies::payment(event, payment, after)).unwrap();
    body["payload"]["payment"]["entity"]["order_id"] = json!("order_1");
    if let Some(order) = order {
        body["payload"]["order"] = json!({ "entity": order });
    }
    body.to_string().into_bytes()
}

/// Returns the entity of `order_1`.
pub(crate) fn entity(status: &str, paid: i64) -> Value {
    json!({ "id": "order_1", "entity": "order", "amount": AMOUNT, "amount_paid": paid, "currency": "INR", "receipt": "Bill 7",
        "status": status })
}

const DAY: i64 = 86_400;

async fn orders(app: &TestApp, connection: &Connection) -> Vec<Value> {
    let output = app.cli(["orders", "export", "--jsonl", "--app", &connection.app_id], "").await;
    output.assert_done();
    lines(&output.out)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_the_same_in_any_order_of_its_events() {
    let all = [
        event("payment.authorized", "pay_1", 1, None),
        event("payment.captured", "pay_1", 2, None),
        event("order.paid", "pay_1", 3, Some(entity("paid", AMOUNT))),
        event("payment.authorized", "pay_2", 4, Some(entity("attempted", 0))),
        event("payment.captured", "pay_2", 5, None),
        event("payment.failed", "pay_3", 6, None),
    ];
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 4, 0, 5, 1, 3]] {
        let app = TestApp::start().await;
        let connection = app.razorpay().await;
        for index in order.iter().chain(&order) {
            connection.post(all[*index].clone()).stored().await;
        }
        let expected = json!({ "app": connection.app_id, "gateway": "razorpay", "mode": connection.mode, "order_id": "order_1",
            "amount": AMOUNT, "amount_paid": AMOUNT, "currency": "INR", "receipt": "Bill 7", "status": "paid", "captured_payments": 2,
            "paid_in_parts": false, "paid_twice": true });
        assert_eq!(orders(&app, &connection).await, [expected], "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_order_keeps_what_a_later_report_lacks_and_the_highest_status_of_a_time() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let without_receipt = |status: &str, paid: i64| {
        let mut order = entity(status, paid);
        order["receipt"] = Value::Null;
        Some(order)
    };
    let shown = async || {
        let order = orders(&app, &connection).await.remove(0);
        assert_eq!((&order["receipt"], &order["amount"]), (&json!("Bill 7"), &json!(AMOUNT)));
        (order["status"].as_str().unwrap().to_owned(), order["amount_paid"].as_i64().unwrap())
    };
    for (name, at, order, expected) in [
        ("payment.authorized", 3, Some(entity("attempted", 0)), ("attempted", 0)),
        ("order.paid", 5, without_receipt("paid", AMOUNT), ("paid", AMOUNT)),
        ("payment.captured", 5, without_receipt("attempted", 0), ("paid", AMOUNT)),
        ("payment.failed", 4, without_receipt("attempted", 0), ("paid", AMOUNT)),
        ("payment.captured", 6, None, ("paid", AMOUNT)),
        ("payment.failed", 7, without_receipt("attempted", 1), ("paid", AMOUNT)),
    ] {
        connection.post(event(name, "pay_1", at, order)).stored().await;
        assert_eq!(shown().await, (expected.0.to_owned(), expected.1), "{name} after {at} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_a_mode_and_of_an_app_is_its_own() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let (shop, other) = (company.app("Neem Tree Store").await, company.app("Neem Tree Wholesale").await);
    let connections = [shop.razorpay("test").await, shop.razorpay("live").await, other.razorpay("live").await];
    for (number, connection) in connections.iter().enumerate() {
        connection.post(event("payment.captured", &format!("pay_{number}"), 0, None)).stored().await;
    }
    connections[1].post(bodies::payment("payment.captured", "pay_alone", 0)).stored().await;
    let known = |orders: Vec<Value>| {
        let texts = orders.iter().map(|order| format!("{} {} {}", order["mode"], order["order_id"], order["captured_payments"]));
        texts.map(|text| text.replace('"', "")).collect::<Vec<_>>()
    };
    let own = known(orders(&app, &connections[0]).await);
    assert_eq!(own, ["live order_1 1", "live order_of_pay_alone 1", "test order_1 1"]);
    assert_eq!(known(orders(&app, &connections[2]).await), ["live order_1 1"]);
}

/// Returns an event of a part of `order_1`.
fn part(event_type: &str, payment: &str, amount: i64, after: i64) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&event(event_type, payment, after, None)).unwrap();
    body["payload"]["payment"]["entity"]["amount"] = json!(amount);
    body.to_string().into_bytes()
}

/// Returns the payments with a run of an automation for orders that are paid twice.
async fn runs_after(output: &[&Vec<u8>]) -> Vec<String> {
    let shop = Shop::start().await;
    shop.automate(7, "order_paid_twice", "customer", &json!({})).await;
    for body in output {
        shop.send((*body).clone()).await;
    }
    runs(&shop).await
}

async fn runs(shop: &Shop) -> Vec<String> {
    shop.app
        .texts(
            "SELECT change_key || ' ' || payment_id FROM automation_runs JOIN transactions ON transactions.id = transaction_id \
             ORDER BY payment_id",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_paid_twice_starts_an_automation_once_in_any_order_of_its_events() {
    let all = [
        event("payment.captured", "pay_1", 2, None),
        event("order.paid", "pay_1", 3, Some(entity("paid", AMOUNT))),
        event("payment.captured", "pay_2", 5, None),
        event("payment_link.paid", "pay_2", 6, None),
    ];
    for order in [[0, 1, 2, 3], [2, 3, 0, 1], [3, 0, 2, 1], [1, 3, 2, 0]] {
        let output: Vec<_> = order.iter().chain(&order).map(|index| &all[*index]).collect();
        let runs = runs_after(&output).await;
        assert_eq!(runs, ["order_paid_twice pay_2"], "{order:?}");
    }
}

/// Returns an event of a payment of `order_1` that was made so many seconds after the start and reported `after` it.
fn made_at(payment: &str, made: i64, after: i64) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&event("payment.captured", payment, after, None)).unwrap();
    body["payload"]["payment"]["entity"]["created_at"] = json!(AT + made);
    body.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_that_exceeds_an_order_starts_an_automation_in_any_order_of_the_events() {
    let mut amount: Value = serde_json::from_slice(&event("order.paid", "pay_1", 40, Some(entity("paid", AMOUNT)))).unwrap();
    amount["payload"]["payment"]["entity"]["created_at"] = json!(AT + 10);
    let all = [made_at("pay_1", 10, 31), made_at("pay_2", 20, 32), made_at("pay_3", 30, 33), amount.to_string().into_bytes()];
    for order in [[0, 1, 2, 3], [3, 0, 1, 2], [0, 2, 1, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 2, 3, 0]] {
        let output: Vec<_> = order.iter().map(|index| &all[*index]).collect();
        assert_eq!(runs_after(&output).await, ["order_paid_twice pay_2", "order_paid_twice pay_3"], "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_of_nothing_does_not_make_an_order_paid_twice() {
    let nothing = |payment: &str| {
        let mut order = entity("paid", 0);
        order["amount"] = json!(0);
        event("order.paid", payment, 1, Some(order))
    };
    assert!(runs_after(&[&nothing("pay_1"), &nothing("pay_2")]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_twice_when_an_older_payment_is_captured_late() {
    let shop = Shop::start().await;
    shop.automate(7, "order_paid_twice", "customer", &json!({})).await;
    let paid = event("order.paid", "pay_2", -2 * DAY, Some(entity("paid", AMOUNT)));
    shop.send(paid).await;
    assert!(runs(&shop).await.is_empty());
    shop.send(made_at("pay_1", -3 * DAY, 0)).await;
    let states = "SELECT payment_id || ' ' || COALESCE(reason, '-') FROM automation_runs JOIN transactions ON transactions.id = transaction_id";
    assert_eq!(shop.app.texts(states).await, ["pay_2 -"], "it happened now, not when the newest payment was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_paid_in_parts_or_of_unknown_amount_is_not_paid_twice() {
    let (first, last) = (part("payment.captured", "pay_1", 60_000, 1), part("payment.captured", "pay_2", AMOUNT - 60_000, 2));
    let mut paid: Value = serde_json::from_slice(&event("order.paid", "pay_2", 3, Some(entity("paid", AMOUNT)))).unwrap();
    paid["payload"]["payment"]["entity"]["amount"] = json!(AMOUNT - 60_000);
    let paid = paid.to_string().into_bytes();
    assert!(runs_after(&[&first, &last, &paid]).await.is_empty(), "two parts");
    let some = part("invoice.partially_paid", "pay_1", 60_000, 1);
    let (one, two) = (event("payment.captured", "pay_1", 1, None), event("payment.captured", "pay_2", 2, None));
    assert!(runs_after(&[&some, &last, &two]).await.is_empty(), "the amount is not known");
    assert!(runs_after(&[&one, &two]).await.is_empty(), "the amount is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_that_exceeds_an_order_starts_an_automation_unless_another_was_refunded() {
    let shop = Shop::start().await;
    shop.automate(7, "order_paid_twice", "customer", &json!({})).await;
    shop.send(event("order.paid", "pay_1", 1, Some(entity("paid", AMOUNT)))).await;
    shop.send(event("payment.captured", "pay_2", 2, None)).await;
    let twice = async || orders(&shop.app, &shop.live).await[0]["paid_twice"].clone();
    assert_eq!((runs(&shop).await, twice().await), (vec!["order_paid_twice pay_2".to_owned()], json!(true)));
    shop.send(bodies::refund("refund.processed", "rfnd_1", "pay_2", AMOUNT, AMOUNT, 60)).await;
    assert_eq!((runs(&shop).await.len(), twice().await), (1, json!(false)), "it was refunded");
    shop.send(event("payment.captured", "pay_3", 70, None)).await;
    assert_eq!(runs(&shop).await, ["order_paid_twice pay_2", "order_paid_twice pay_3"]);
    shop.send(event("payment.captured", "pay_4", 80, None)).await;
    assert_eq!(runs(&shop).await.len(), 3, "a third payment exceeds it too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_lost_in_a_dispute_of_another_currency_is_not_held() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(event("order.paid", "pay_1", 1, Some(entity("paid", AMOUNT)))).stored().await;
    connection.post(event("payment.captured", "pay_2", 2, None)).stored().await;
    assert_eq!(orders(&app, &connection).await[0]["paid_twice"], true);
    let lost = bodies::dispute("payment.dispute.lost", "disp_1", "pay_2", "lost", 60);
    let mut lost: Value = serde_json::from_slice(&lost).unwrap();
    lost["payload"]["dispute"]["entity"]["currency"] = json!("USD");
    connection.post(lost.to_string()).stored().await;
    assert_eq!(orders(&app, &connection).await[0]["paid_twice"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_paid_twice_has_one_alert_until_a_payment_is_refunded() {
    let shop = crate::alerts::Shop::start().await;
    shop.live.post(event("order.paid", "pay_1", 1, Some(entity("paid", AMOUNT)))).stored().await;
    shop.live.post(event("payment.captured", "pay_2", 2, None)).stored().await;
    shop.live.post(event("payment.captured", "pay_3", 3, None)).stored().await;
    let mail = shop.mail.mail(1).await;
    let newest = shop.app.transactions().await.iter().find(|one| one["payment_id"] == "pay_3").unwrap()["transaction"].clone();
    let text = mail.part("text/plain");
    assert!(text.contains("₹1,000.00") && text.contains(newest.as_str().unwrap()), "{text}");
    for (number, payment) in [(1, "pay_2"), (2, "pay_3")] {
        assert_eq!(shop.alerts().await, ["order_paid_twice 1 open"]);
        shop.live.post(bodies::refund("refund.processed", &format!("rfnd_{number}"), payment, AMOUNT, AMOUNT, 60)).stored().await;
    }
    crate::support::eventually(async || {
        shop.app.clock.advance(std::time::Duration::from_secs(30));
        shop.alerts().await == ["order_paid_twice 1 over"]
    })
    .await;
    assert_eq!(shop.mail.mails().len(), 1, "it ends by what a user does");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_about_an_order_that_was_paid_twice_has_its_amounts_and_receipt() {
    let shop = Shop::start().await;
    let texts = json!({ "en": { "subject": "{{order_id}}", "message": "{{order_receipt}} {{order_amount}} {{order_paid}} {{order_payments}}" } });
    shop.automate(7, "order_paid_twice", "customer", &json!({})).await;
    shop.app.sql(format!("UPDATE automations SET texts = '{texts}'").leak()).await;
    shop.send(event("order.paid", "pay_1", 1, Some(entity("paid", AMOUNT)))).await;
    let with_address = |body: Vec<u8>| {
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["payload"]["payment"]["entity"]["email"] = json!("kavya@mail.example");
        body.to_string().into_bytes()
    };
    shop.send(with_address(event("payment.captured", "pay_2", 2, None))).await;
    // An alert is emailed as well, to the users.
    shop.mail.mail(2).await;
    let mails = shop.mail.mails();
    let mail = mails.iter().find(|mail| mail.to == "kavya@mail.example").unwrap();
    assert_eq!(mail.header("Subject"), "order_1");
    assert!(mail.part("text/plain").contains("Bill 7 ₹1,000.00 ₹2,000.00 2"), "{}", mail.part("text/plain"));
}
