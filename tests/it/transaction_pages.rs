//! Page of one transaction: the state of the payment, in figures and in words.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    bodies::{self, AMOUNT},
    browser::{Browser, Page},
    builders::connected,
};

/// Returns the page of the only transaction.
async fn payment_page(app: &TestApp, owner: &Browser) -> Page {
    let transactions = app.transactions().await;
    assert_eq!(transactions.len(), 1);
    let [id, of] = ["transaction", "app"].map(|key| transactions[0][key].as_str().unwrap());
    owner.get(&format!("/ks-pay/apps/{of}/transactions/{id}")).await
}

/// The amounts in the page's ledger: of the payment, refunded, lost in a dispute, left.
fn money(page: &Page) -> [Option<String>; 4] {
    ["amount", "refunded", "dispute-lost", "left"].map(|hook| page.texts_of(hook).into_iter().next())
}

fn figures(figures: [&str; 4]) -> [Option<String>; 4] {
    figures.map(|figure| (!figure.is_empty()).then(|| figure.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_dispute_is_told_and_taken_off() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    assert_eq!(money(&payment_page(&app, &owner).await), figures(["₹1,000.00", "", "", ""]));

    connection.post(bodies::dispute("payment.dispute.created", "disp_1", "pay_1", "open", 60)).stored().await;
    let open = payment_page(&app, &owner).await;
    assert!(open.shows("state-disputed") && open.lacks("state-dispute-lost"));
    assert_eq!(money(&open), figures(["₹1,000.00", "", "", ""]), "nothing is lost yet");

    connection.post(bodies::dispute("payment.dispute.lost", "disp_1", "pay_1", "lost", 120)).stored().await;
    let lost = payment_page(&app, &owner).await;
    assert!(lost.shows("state-dispute-lost") && lost.text_of("event-payment.dispute.lost").contains("₹1,000.00"));
    assert_eq!(lost.texts_of("decided"), ["Paid", "Disputed", "Dispute lost"]);
    assert_eq!(money(&lost), figures(["₹1,000.00", "", "−₹1,000.00", "₹0.00"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_failed_is_noticed_until_it_is_tried_again() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    connection.post(bodies::refund("refund.created", "rfnd_1", "pay_1", 40_000, 40_000, 60)).stored().await;
    let pending = payment_page(&app, &owner).await;
    assert!(pending.lacks("refund-failed") && pending.shows("state-refund-pending"));
    assert_eq!(pending.texts_of("decided"), ["Paid", "Refund pending"]);
    connection.post(bodies::refund("refund.failed", "rfnd_1", "pay_1", 40_000, 0, 120)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("refund-failed").contains("₹400.00"), "{}", page.body);
    connection.post(bodies::refund("refund.processed", "rfnd_2", "pay_1", 10_000, 10_000, 180)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.lacks("refund-failed") && page.text_of("refunds-failed").contains("₹300.00"), "{}", page.body);
    connection.post(bodies::refund("refund.processed", "rfnd_3", "pay_1", 30_000, 40_000, 240)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.lacks("refund-failed") && page.lacks("refunds-failed"), "it was tried again in two parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_retry_makes_up_for_one_of_two_failed_refunds_and_a_full_refund_for_all() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for (id, at) in [("rfnd_1", 60), ("rfnd_2", 70)] {
        connection.post(bodies::refund("refund.created", id, "pay_1", 30_000, 30_000, at)).stored().await;
        connection.post(bodies::refund("refund.failed", id, "pay_1", 30_000, 0, at + 100)).stored().await;
    }
    assert!(payment_page(&app, &owner).await.text_of("refunds-failed").contains("₹600.00"));
    connection.post(bodies::refund("refund.processed", "rfnd_3", "pay_1", 30_000, 30_000, 240)).stored().await;
    assert!(payment_page(&app, &owner).await.text_of("refund-failed").contains("₹300.00"));
    connection.post(bodies::refund("refund.processed", "rfnd_4", "pay_1", 70_000, AMOUNT, 250)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.shows("state-refunded") && page.lacks("refunds-failed") && page.lacks("refund-failed"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_in_another_currency_than_its_payment_costs_what_it_says_and_is_never_added() {
    let (app, connection, owner) = connected().await;
    let changed = |body: Vec<u8>, dispute: Option<(i64, Option<i64>)>| {
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["payload"]["payment"]["entity"]["currency"] = json!("USD");
        if let Some((amount, deducted)) = dispute {
            let entity = &mut body["payload"]["dispute"]["entity"];
            (entity["amount"], entity["amount_deducted"]) = (json!(amount), json!(deducted));
        }
        body.to_string().into_bytes()
    };
    connection.post(changed(bodies::payment("payment.captured", "pay_1", 0), None)).stored().await;
    let of =
        |event: &str, status: &str, after| bodies::dispute(&format!("payment.dispute.{event}"), "disp_1", "pay_1", status, after);
    connection.post(changed(of("created", "open", 60), Some((834_500, Some(834_500))))).stored().await;
    let open = payment_page(&app, &owner).await;
    assert!(open.shows("state-disputed") && open.text_of("payment-summary").contains(" ₹8,345.00 "), "{}", open.body);
    assert_eq!(open.texts_of("dispute-deducted"), ["−₹8,345.00"]);
    let overview = owner.get(&format!("/ks-pay/apps/{}?days=90", connection.app_id)).await;
    assert!(overview.text_of("cost-held").contains("₹8,345.00"), "{}", overview.body);
    let recount = app.cli(["transactions", "recount", "--json"], "").await;
    assert!(recount.out.contains(r#""repaired":0"#), "{}", recount.out);

    connection.post(changed(of("lost", "lost", 120), Some((834_500, Some(834_500))))).stored().await;
    let lost = payment_page(&app, &owner).await;
    assert!(lost.text_of("payment-summary").contains(" ₹8,345.00 "), "{}", lost.body);
    assert!(lost.text_of("event-payment.dispute.lost").contains("₹8,345.00"));
    assert_eq!(lost.texts_of("dispute-lost"), ["−₹8,345.00"]);
    assert!(lost.lacks("left"), "two currencies have no difference: {}", lost.body);
    let overview = owner.get(&format!("/ks-pay/apps/{}?days=90", connection.app_id)).await;
    assert!(overview.text_of("cost-lost").contains("₹8,345.00") && overview.lacks("cost-held"), "{}", overview.body);
    assert_eq!(app.count("SELECT amount_lost_subunits + amount_held_subunits FROM transactions").await, 0);

    connection.post(changed(of("lost", "lost", 180), Some((834_500, Some(0))))).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.shows("state-dispute-lost") && page.lacks("dispute-lost"), "the gateway says that nothing was deducted");
    assert!(!page.text_of("payment-summary").contains('₹'), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_received_is_not_called_paid_by_an_event() {
    let (app, connection, owner) = connected().await;
    for event in ["payment_link.paid", "qr_code.credited"] {
        let mut body: Value = serde_json::from_slice(&bodies::payment("payment.failed", "pay_1", 0)).unwrap();
        body["event"] = json!(event);
        connection.post(body.to_string().into_bytes()).stored().await;
        let page = payment_page(&app, &owner).await;
        let said = page.texts_of("only-report").into_iter().find(|said| said.contains(event)).unwrap();
        assert!(page.shows("state-failed") && said.contains("₹1,000.00"), "{said}");
        assert!(page.lacks(&format!("event-{event}")), "{}", page.body);
    }
    connection.post(bodies::payment("payment.captured", "pay_1", 60)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("event-payment.captured").contains("₹1,000.00"), "{}", page.body);
    assert!(page.texts_of("only-report").iter().any(|said| said.contains("payment_link.paid")), "{}", page.body);
    let mut body: Value = serde_json::from_slice(&bodies::payment("payment.captured", "pay_1", 90)).unwrap();
    body["event"] = json!("payment_link.paid");
    connection.post(body.to_string().into_bytes()).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("event-payment_link.paid").contains("₹1,000.00"), "that one reports a captured payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_dispute_takes_no_more_than_refunds_left() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", 40_000, 40_000, 60)).stored().await;
    assert_eq!(money(&payment_page(&app, &owner).await), figures(["₹1,000.00", "−₹400.00", "", "₹600.00"]));
    let mut lost: Value =
        serde_json::from_slice(&bodies::partial_dispute("payment.dispute.lost", "disp_1", (AMOUNT, 0), 40_000, 120)).unwrap();
    lost["payload"]["dispute"]["entity"].as_object_mut().unwrap().remove("amount_deducted");
    connection.post(lost.to_string().into_bytes()).stored().await;
    assert_eq!(money(&payment_page(&app, &owner).await), figures(["₹1,000.00", "−₹400.00", "−₹600.00", "₹0.00"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_was_lost_in_part_costs_what_was_deducted() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    connection.post(bodies::partial_dispute("payment.dispute.lost", "disp_1", (39_000, 39_000), 0, 60)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("payment-summary").contains(" ₹390.00 "), "{}", page.body);
    assert_eq!(money(&page), figures(["₹1,000.00", "", "−₹390.00", "₹610.00"]));
    let of = format!("/ks-pay/apps/{}", connection.app_id);
    assert!(owner.get(&of).await.text_of("cost-lost").contains("₹390.00"));
    let list = owner.get(&format!("{of}/transactions?from=2026-11-22&to=2026-11-22")).await;
    assert!(list.text_of("sum-lost").contains("₹390.00"));

    connection.post(bodies::partial_dispute("payment.dispute.created", "disp_2", (30_000, 0), 0, 70)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("payment-summary").contains(" ₹390.00 ") && page.texts_of("dispute").len() == 2, "{}", page.body);
    assert_eq!(money(&page), figures(["₹1,000.00", "", "−₹390.00", "₹610.00"]), "what the first one took stays");

    connection.post(bodies::partial_dispute("payment.dispute.lost", "disp_2", (30_000, 10_000), 0, 80)).stored().await;
    assert_eq!(money(&payment_page(&app, &owner).await), figures(["₹1,000.00", "", "−₹490.00", "₹510.00"]));
    connection.post(bodies::partial_dispute("payment.dispute.lost", "disp_3", (30_000, 0), 0, 90)).stored().await;
    assert_eq!(
        money(&payment_page(&app, &owner).await),
        figures(["₹1,000.00", "", "−₹490.00", "₹510.00"]),
        "nothing was deducted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_dispute_says_what_it_cost_wherever_its_event_is_shown() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    connection.post(bodies::partial_dispute("payment.dispute.lost", "disp_1", (40_000, 39_000), 0, 60)).stored().await;
    let list = owner.get(&format!("/ks-pay/apps/{}/events", connection.app_id)).await;
    let event = list.body.split('"').find(|text| text.contains("/events/ev_")).unwrap();
    let said = payment_page(&app, &owner).await.text_of("event-payment.dispute.lost");
    assert!(said.contains("₹400.00; ₹390.00 ") && list.has(&said), "{said}: {}", list.body);
    assert!(owner.get(event).await.text_of("event-sentence").starts_with(&said), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_never_captured_and_went_back_counts_nowhere_as_received() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.authorized", "pay_1", 0)).stored().await;
    connection.post(bodies::returned("rfnd_1", "pay_1", 60)).stored().await;
    let transactions = app.transactions().await;
    assert_eq!((&transactions[0]["status"], &transactions[0]["amount_refunded"]), (&json!("refunded"), &json!(AMOUNT)));
    let page = payment_page(&app, &owner).await;
    assert!(page.shows("state-refunded") && page.lacks("left"), "{}", page.body);
    assert_eq!(money(&page), figures(["₹1,000.00", "−₹1,000.00", "", ""]), "nothing was received, so nothing is left");
    let of = format!("/ks-pay/apps/{}", connection.app_id);
    let list = owner.get(&format!("{of}/transactions?from=2026-11-22&to=2026-11-22")).await;
    assert!(list.text_of("sum-payments").starts_with("1 ") && list.lacks("sum-received"));
    let overview = owner.get(&of).await;
    assert!(overview.shows("way-returned") && overview.text_of("received-today").contains("₹0.00"), "{}", overview.body);
    assert_eq!(overview.text_of("received"), "₹0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_was_won_takes_nothing() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for (event, status, after) in [("created", "open", 60), ("won", "won", 120)] {
        connection.post(bodies::dispute(&format!("payment.dispute.{event}"), "disp_1", "pay_1", status, after)).stored().await;
    }
    let page = payment_page(&app, &owner).await;
    assert!(page.shows("event-payment.dispute.won") && page.shows("state-captured") && page.lacks("state-disputed"));
    assert_eq!(money(&page), figures(["₹1,000.00", "", "", ""]));
}

/// Returns `payment.failed` with the gateway's description.
fn failed(id: &str, description: &str, after: i64) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&bodies::payment("payment.failed", id, after)).unwrap();
    body["payload"]["payment"]["entity"]["error_description"] = json!(description);
    body.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_says_why_in_the_gateways_words_and_they_stay_inert() {
    let (app, connection, owner) = connected().await;
    connection.post(failed("pay_1", "The customer\u{7} closed <b>the page</b>.", 0)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(
        page.shows("state-failed") && page.text_of("failure-reason").contains("The customer⟨U+0007⟩ closed <b>the page</b>.")
    );
    assert!(!page.has("<b>the page"), "it stays inert");
    assert_eq!(money(&page), figures(["₹1,000.00", "", "", ""]), "nothing came in, so nothing is left");

    connection.post(bodies::payment("payment.captured", "pay_1", 60)).stored().await;
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("failure-reason").contains("The customer⟨U+0007⟩ closed "), "a try that failed stays told");
    assert!(page.text_of("event-payment.captured").contains("₹1,000.00"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_without_a_reason_makes_none_up() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.failed", "pay_1", 0)).stored().await;
    assert!(payment_page(&app, &owner).await.lacks("failure-reason"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_with_many_disputes_lists_them_or_says_that_some_are_missing() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for number in 0..25 {
        let id = format!("disp_{number}");
        connection.post(bodies::dispute("payment.dispute.created", &id, "pay_1", "open", 60 + number)).stored().await;
    }
    let page = payment_page(&app, &owner).await;
    assert!((0..25).all(|number| page.has(&format!(">disp_{number}<"))) && page.lacks("more-disputes"), "{}", page.body);
    let copies = "WITH RECURSIVE numbers (n) AS (SELECT 25 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100) \
                  INSERT INTO disputes (transaction_id, dispute_id, company_id, app_id, mode, status, status_at, digest, amount_subunits, currency) \
                  SELECT transaction_id, 'disp_' || CAST(n AS TEXT), company_id, app_id, mode, status, status_at, digest, amount_subunits, currency \
                  FROM disputes CROSS JOIN numbers WHERE dispute_id = 'disp_0'";
    assert_eq!(app.sql(copies).await, 76);
    assert_eq!(app.sql("UPDATE disputes SET respond_by = status_at").await, 101);
    let page = payment_page(&app, &owner).await;
    assert!(page.text_of("more-disputes").contains("100"), "{}", page.body);
    assert_eq!((0..101).filter(|number| page.has(&format!(">disp_{number}<"))).count(), 100);
    assert_eq!(page.texts_of("dispute-to-answer").len(), 100, "a notice for each: {}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_many_payments_lists_them_or_says_that_some_are_missing() {
    let (app, connection, owner) = connected().await;
    let of_order = |number: usize| {
        let body = String::from_utf8(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).unwrap();
        body.replace(&format!("order_of_pay_{number}"), "order_of_all")
    };
    for number in 0..21 {
        connection.post(of_order(number)).stored().await;
    }
    let others = |page: &Page| (0..22).filter(|number| page.has(&format!("<code>pay_{number}</code></a>"))).count();
    let oldest = app.transactions().await.remove(0)["transaction"].as_str().unwrap().to_owned();
    let path = format!("/ks-pay/apps/{}/transactions/{oldest}", connection.app_id);
    let page = owner.get(&path).await;
    assert!(others(&page) == 20 && page.lacks("more-payments"), "{}", page.body);
    connection.post(of_order(21)).stored().await;
    let page = owner.get(&path).await;
    assert!(others(&page) == 20 && page.text_of("more-payments").contains("20"), "{}", page.body);
}
