//! Payment search and details: references, other payments of the order, disputes, and events without a time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    bodies::{self, AT},
    browser::{Browser, Page},
    builders::Connection,
};

/// Returns the body with a change applied.
fn changed(body: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    change(&mut body);
    body.to_string().into_bytes()
}

/// Returns a captured payment of an order.
fn captured(id: &str, order: &str, after: i64) -> Vec<u8> {
    changed(&bodies::payment("payment.captured", id, after), |body| {
        body["payload"]["payment"]["entity"]["order_id"] = json!(order);
    })
}

async fn connected() -> (TestApp, Connection, Browser) {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner)
}

async fn search(owner: &Browser, connection: &Connection, text: &str) -> Page {
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    owner.get(&format!("/ks-pay/apps/{}/transactions?mode={}&q={text}", connection.app_id, connection.mode)).await
}

/// Returns the page of a payment.
async fn page(app: &TestApp, owner: &Browser, connection: &Connection, payment: &str) -> Page {
    let transactions = app.transactions().await;
    let of = |one: &&Value| one["payment_id"] == payment && one["connection"] == *connection.id;
    let found = transactions.iter().find(of).unwrap();
    owner.get(&format!("/ks-pay/apps/{}/transactions/{}", connection.app_id, found["transaction"].as_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_found_by_what_the_merchant_and_the_banks_call_it() {
    let (app, connection, owner) = connected().await;
    let paid = changed(&bodies::payment("order.paid", "pay_1", 0), |body| {
        body["payload"]["payment"]["entity"]["acquirer_data"] = json!({ "rrn": "400000777001", "upi_transaction_id": "UPIex7" });
        body["payload"]["order"] =
            json!({ "entity": { "id": "order_of_pay_1", "amount": 100_000, "currency": "INR", "receipt": "नीम Bill no. 7" } });
    });
    connection.post(paid).stored().await;
    let refunded = changed(&bodies::refund("refund.processed", "rfnd_1", "pay_1", 100, 100, 60), |body| {
        body["payload"]["refund"]["entity"]["acquirer_data"] = json!({ "arn": 74_000_000_001_i64 });
        body["payload"]["refund"]["entity"]["receipt"] = json!("RET-9");
    });
    connection.post(refunded).stored().await;
    connection.post(bodies::dispute("payment.dispute.created", "disp_1", "pay_1", "open", 70)).stored().await;
    let other = app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("test").await;
    let stranger = app.owner("Banyan Books").await;
    for wanted in [
        "pay_1",
        "order_of_pay_1",
        "rfnd_1",
        "disp_1",
        "नीम Bill no. 7",
        "नीम bill NO. 7",
        "RET-9",
        "400000777001",
        "upiEX7",
        " 74000000001 ",
    ] {
        assert!(search(&owner, &connection, wanted).await.has("₹1,000.00"), "{wanted}");
        let elsewhere = search(&stranger, &other, wanted).await;
        assert!(elsewhere.status == 200 && !elsewhere.has("₹1,000.00"), "{wanted} is not another company's");
    }
    for unknown in ["PAY_1", "RFND_1", "rfnd", "Bill no. 7", "%", "' OR 1=1"] {
        assert!(!search(&owner, &connection, unknown).await.has("₹1,000.00"), "{unknown}");
    }
    let page = page(&app, &owner, &connection, "pay_1").await;
    assert_eq!(page.texts_of("receipt"), ["नीम Bill no. 7"]);
    assert_eq!(page.texts_of("refund-receipt"), ["RET-9"]);
    assert_eq!(page.texts_of("bank-reference"), ["400000777001", "UPIex7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_says_who_paid_how_and_what_the_gateway_charged() {
    let (app, connection, owner) = connected().await;
    let paid = |event: &str, after: i64, fee: Value| {
        changed(&bodies::payment(event, "pay_1", after), |body| {
            let entity = &mut body["payload"]["payment"]["entity"];
            entity["method"] = json!("card");
            (entity["fee"], entity["tax"]) = (fee, json!(360));
            (entity["email"], entity["contact"]) = (json!("meera@mail.example"), json!("+910000012345"));
            entity["card"] = json!({ "last4": "4417", "network": "RuPay", "type": "debit", "issuer": "HDFC" });
            entity["notes"] = json!({ "table": "<b>7</b>" });
        })
    };
    connection.post(paid("payment.captured", 10, json!(2_360))).stored().await;
    // It was sent before the capture and arrives after it, so it lacks the fee.
    connection.post(paid("payment.authorized", 5, Value::Null)).stored().await;
    let page = page(&app, &owner, &connection, "pay_1").await;
    assert_eq!(page.text_of("fee"), "−₹20.00");
    assert_eq!(["amount", "fee-tax", "left"].map(|hook| page.text_of(hook)), ["₹1,000.00", "−₹3.60", "₹976.40"]);
    assert_eq!(page.text_of("customer-email"), "meera@mail.example");
    let rest = ["customer-phone", "card", "bank"].map(|hook| page.text_of(hook));
    assert_eq!(rest, ["+910000012345", "RuPay •• 4417", "HDFC"]);
    assert!(page.text_of("note").contains("table") && page.has("&#60;b&#62;7&#60;/b&#62;"), "{}", page.body);
    assert!(page.has("https://dashboard.razorpay.com/app/payments/pay_1\""), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_fees_or_refunds_says_its_amount_once() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let page = page(&app, &owner, &connection, "pay_1").await;
    assert!(page.lacks("left") && page.lacks("fee") && page.lacks("customer-email"), "{}", page.body);
    assert_eq!(page.texts_of("amount"), ["₹1,000.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_reference_is_shown_once_and_many_of_one_kind_hide_no_other() {
    let (app, connection, owner) = connected().await;
    let named = |body: &[u8], receipt: Option<String>| {
        changed(body, |body| {
            body["payload"]["payment"]["entity"]["acquirer_data"] = json!({ "rrn": "400000777001" });
            if let Some(receipt) = receipt {
                body["payload"]["refund"]["entity"]["acquirer_data"] = json!({ "arn": "400000777001" });
                body["payload"]["refund"]["entity"]["receipt"] = json!(receipt);
            }
        })
    };
    connection.post(named(&bodies::payment("payment.captured", "pay_1", 0), None)).stored().await;
    connection.post(named(&bodies::payment("order.paid", "pay_1", 1), None)).stored().await;
    for number in 0..25 {
        let refund = bodies::refund("refund.processed", &format!("rfnd_{number}"), "pay_1", 100, 100 * (number + 1), 60 + number);
        connection.post(named(&refund, Some(format!("RET-{number:02}")))).stored().await;
    }
    let page = page(&app, &owner, &connection, "pay_1").await;
    assert_eq!(page.texts_of("bank-reference"), ["400000777001"]);
    assert_eq!(page.texts_of("refund-reference"), ["400000777001"]);
    assert_eq!(page.texts_of("refund-receipt").len(), 20);
    for wanted in ["400000777001", "RET-24"] {
        assert!(search(&owner, &connection, wanted).await.has("₹1,000.00"), "{wanted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_says_what_was_sent_and_is_found_by_its_reference() {
    let (app, connection, owner) = connected().await;
    let settlement = json!({ "event": "settlement.processed", "created_at": AT, "payload": { "settlement": { "entity":
        { "id": "setl_1", "amount": 9_973_635, "utr": "EXAMU00000000001", "created_at": AT } } } });
    connection.post(settlement.to_string()).stored().await;
    let is_named = |text: &str| text.contains("₹99,736.35") && text.contains("UTR EXAMU00000000001");
    for typed in ["EXAMU00000000001", "examu00000000001"] {
        let found = search(&owner, &connection, typed).await;
        assert!(is_named(&found.text_of("settlement-found")), "{typed}");
    }
    let event = app.events().await[0]["event"].as_str().unwrap().to_owned();
    let shown = owner.get(&format!("/ks-pay/apps/{}/events/{event}", connection.app_id)).await;
    assert!(is_named(&shown.text_of("event-sentence")) && shown.shows("state-unhandled"), "{}", shown.body);
    assert!(!search(&owner, &connection, "EXAMU0000000000").await.has("99,736.35"));
}

/// Returns `event` for a partial payment of an order, with the order's amount if given.
fn part(event: &str, id: &str, (amount, order_amount): (i64, Option<i64>), after: i64) -> Vec<u8> {
    changed(&captured(id, "order_1", after), |body| {
        body["event"] = json!(event);
        body["payload"]["payment"]["entity"]["amount"] = json!(amount);
        if let Some(amount) = order_amount {
            body["payload"]["order"] = json!({ "entity": { "id": "order_1", "amount": amount, "currency": "INR" } });
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn captured_payments_of_one_order_name_each_other_until_one_is_refunded() {
    let (app, connection, owner) = connected().await;
    connection.post(captured("pay_1", "order_1", 0)).stored().await;
    let failed = changed(&bodies::payment("payment.failed", "pay_0", 0), |body| {
        body["payload"]["payment"]["entity"]["order_id"] = json!("order_1");
    });
    connection.post(failed).stored().await;
    connection.post(captured("pay_3", "order_2", 0)).stored().await;
    let alone = page(&app, &owner, &connection, "pay_1").await;
    assert!(
        alone.lacks("paid-more-than-once")
            && alone.lacks("maybe-paid-more-than-once")
            && !alone.has("pay_0")
            && !alone.has("pay_3")
    );

    connection.post(captured("pay_2", "order_1", 5)).stored().await;
    let both = [("pay_1", "pay_2"), ("pay_2", "pay_1")];
    for (one, other) in both {
        let page = page(&app, &owner, &connection, one).await;
        let said = page.text_of("maybe-paid-more-than-once");
        assert!(said.contains("₹1,000.00") && said.contains(other), "{one}: {said}");
        assert!(
            page.lacks("paid-more-than-once") && !page.has("pay_0") && !page.has("pay_3"),
            "the order's amount is not known: {one}"
        );
    }
    connection.post(part("order.paid", "pay_1", (bodies::AMOUNT, Some(bodies::AMOUNT)), 6)).stored().await;
    for (one, other) in both {
        let page = page(&app, &owner, &connection, one).await;
        let said = page.text_of("paid-more-than-once");
        assert!(said.matches("₹1,000.00").count() == 2 && said.contains("order_1") && said.contains(other), "{one}: {said}");
    }
    let tried = page(&app, &owner, &connection, "pay_0").await;
    let is_listed = tried.text_of("other-payments").contains("pay_1");
    assert!(tried.lacks("paid-more-than-once") && is_listed, "a failed try was paid after all");

    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_2", bodies::AMOUNT, bodies::AMOUNT, 60)).stored().await;
    for (one, other) in both {
        let page = page(&app, &owner, &connection, one).await;
        assert!(page.lacks("paid-more-than-once") && page.lacks("maybe-paid-more-than-once") && page.has(other), "{one}");
    }
}

/// Asserts for each payment whether its page shows the alarm.
async fn assert_alarm(output: &[Vec<u8>], payments: &[&str], is_raised: bool) {
    let (app, connection, owner) = connected().await;
    for body in output {
        connection.post(body.clone()).stored().await;
    }
    for payment in payments {
        let page = page(&app, &owner, &connection, payment).await;
        assert!(page.shows("other-payments"), "{payment}");
        assert_eq!(page.shows("paid-more-than-once"), is_raised, "{payment}");
        assert!(page.lacks("maybe-paid-more-than-once"), "{payment}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_an_order_that_is_paid_in_parts_raise_no_alarm_at_any_part() {
    let both = ["pay_1", "pay_2"];
    let first = |event: &str| part(event, "pay_1", (60_000, None), 0);
    let last = |event: &str, order: Option<i64>| part(event, "pay_2", (40_000, order), 5);
    for kind in ["invoice", "payment_link"] {
        let (some, all) = (format!("{kind}.partially_paid"), format!("{kind}.paid"));
        assert_alarm(&[first(&some), last(&all, None)], &both, false).await;
    }
    let in_parts = [first("payment.captured"), last("payment.captured", None), last("order.paid", Some(100_000))];
    assert_alarm(&in_parts, &both, false).await;
    let more = part("payment.captured", "pay_3", (50_000, None), 9);
    let some = first("invoice.partially_paid");
    assert_alarm(&[some, last("order.paid", Some(100_000)), more], &["pay_1", "pay_2", "pay_3"], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_names_the_last_day_of_its_latest_report_in_any_order() {
    let report = |event: &str, status: &str, after: i64, respond_by: i64| {
        changed(&bodies::dispute(event, "disp_1", "pay_1", status, after), |body| {
            body["payload"]["dispute"]["entity"]["respond_by"] = json!(respond_by);
        })
    };
    // 29 November and 6 December in India.
    let output = [
        bodies::payment("payment.captured", "pay_1", 0),
        report("payment.dispute.created", "open", 60, 1_795_948_200),
        report("payment.dispute.action_required", "open", 120, 1_796_553_000),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (app, connection, owner) = connected().await;
        for index in order {
            connection.post(output[index].clone()).stored().await;
        }
        let open = page(&app, &owner, &connection, "pay_1").await;
        let said = open.text_of("dispute-to-answer");
        assert!(said.contains("₹1,000.00") && said.contains("6\u{a0}Dec") && !open.has("29\u{a0}Nov"), "{order:?}");
        connection.post(report("payment.dispute.under_review", "under_review", 180, 1_796_553_000)).stored().await;
        assert!(page(&app, &owner, &connection, "pay_1").await.lacks("dispute-to-answer"), "it was answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_any_time_takes_that_of_its_first_receipt() {
    let (app, connection, owner) = connected().await;
    let timeless = changed(&bodies::payment("payment.captured", "pay_1", 0), |body| {
        body.as_object_mut().unwrap().remove("created_at");
        body["payload"]["payment"]["entity"]["created_at"] = Value::Null;
    });
    let received = app.now();
    connection.post(timeless.clone()).stored().await;
    app.clock.advance(Duration::from_mins(5));
    connection.post(timeless).stored().await;
    let transaction = &app.transactions().await[0];
    assert_eq!((&transaction["status"], &transaction["updated_at"]), (&json!("captured"), &json!(received.rfc3339())));
    assert!(page(&app, &owner, &connection, "pay_1").await.shows("time-borrowed"));

    let borrowed = changed(&bodies::payment("payment.authorized", "pay_1", 0), |body| body["created_at"] = Value::Null);
    connection.post(borrowed).stored().await;
    assert_eq!(app.transactions().await[0]["updated_at"], "2026-11-22T10:30:00.000Z", "a time of the gateway's is better");
    let events = app.events().await;
    let borrowed = events.iter().find(|event| event["type"] == "payment.authorized").unwrap()["event"].as_str().unwrap();
    let event = owner.get(&format!("/ks-pay/apps/{}/events/{borrowed}", connection.app_id)).await;
    assert!(event.shows("time-borrowed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_a_foreign_currency_names_what_it_is_settled_in_and_one_in_rupees_does_not() {
    let (app, connection, owner) = connected().await;
    for (id, currency) in [("pay_1", "USD"), ("pay_2", "INR"), ("pay_3", "JPY")] {
        let body = changed(&bodies::payment("payment.captured", id, 0), |body| {
            let payment = &mut body["payload"]["payment"]["entity"];
            payment["currency"] = json!(currency);
            payment["base_amount"] = json!(834_500);
        });
        connection.post(body).stored().await;
        let page = page(&app, &owner, &connection, id).await;
        assert_eq!(page.texts_of("settled") == ["₹8,345.00"], currency != "INR", "{currency}");
    }
}
