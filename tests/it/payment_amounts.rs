//! Texts and sums agree with the amounts: several disputes, losses in another currency, and refunds that are not
//! processed.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    bodies::{self, AMOUNT},
    browser::{Browser, Page},
    builders::Connection,
};

struct Shop {
    app: TestApp,
    connection: Connection,
    owner: Browser,
}

impl Shop {
    async fn new() -> Self {
        let app = TestApp::start_on_the_day().await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, owner }
    }

    /// One with the payment `pay_1`, which is captured.
    async fn paid() -> Self {
        let shop = Self::new().await;
        shop.post(bodies::payment("payment.captured", "pay_1", 0)).await;
        shop
    }

    async fn post(&self, body: Vec<u8>) {
        self.connection.post(body).stored().await;
    }

    /// A dispute of `pay_1` over an amount, of which something was deducted.
    async fn dispute(&self, id: &str, step: &str, amounts: (i64, i64), after: i64) {
        self.post(bodies::partial_dispute(&format!("payment.dispute.{step}"), id, amounts, 0, after)).await;
    }

    /// The page of the only payment.
    async fn page(&self) -> Page {
        let transactions = self.app.transactions().await;
        assert_eq!(transactions.len(), 1);
        self.owner.get(&self.at(&format!("/transactions/{}", transactions[0]["transaction"].as_str().unwrap()))).await
    }

    fn at(&self, path: &str) -> String {
        format!("/ks-pay/apps/{}{path}", self.connection.app_id)
    }

    async fn list(&self, query: &str) -> Page {
        self.owner.get(&self.at(&format!("/transactions?mode=test{query}"))).await
    }

    async fn download(&self) -> String {
        self.owner.get(&self.at("/transactions.csv?mode=test")).await.body
    }
}

/// A body with other values at some places.
fn with(body: &[u8], changes: &[(&str, Value)]) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    for (path, value) in changes {
        let (entity, field) = path.split_once('.').unwrap();
        body["payload"][entity]["entity"][field] = value.clone();
    }
    body.to_string().into_bytes()
}

/// What each line of the timeline claims to have brought about, one after the other.
fn states(page: &Page) -> Vec<String> {
    page.texts_of("decided")
}

#[tokio::test(flavor = "multi_thread")]
async fn disputes_of_one_payment_are_told_apart_in_its_timeline() {
    let shop = Shop::paid().await;
    for (id, step, amount, after) in
        [("a", "created", 40_000, 10), ("b", "created", 30_000, 20), ("a", "won", 40_000, 30), ("b", "lost", 30_000, 40)]
    {
        shop.dispute(id, step, (amount, if step == "lost" { amount } else { 0 }), after).await;
    }
    assert_eq!(states(&shop.page().await), ["Paid", "Disputed", "Dispute lost"]);

    let shop = Shop::paid().await;
    shop.dispute("a", "under_review", (60_000, 0), 10).await;
    shop.dispute("b", "closed", (10_000, 0), 20).await;
    assert_eq!(states(&shop.page().await), ["Paid", "Disputed"]);

    let shop = Shop::paid().await;
    for (id, step, amount, after) in [("a", "lost", 40_000, 10), ("b", "created", 30_000, 20), ("b", "won", 30_000, 30)] {
        shop.dispute(id, step, (amount, if step == "lost" { amount } else { 0 }), after).await;
    }
    assert_eq!(states(&shop.page().await), ["Paid", "Dispute lost", "Disputed", "Dispute lost"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_names_its_part_of_the_payment_and_what_was_deducted() {
    let shop = Shop::paid().await;
    shop.dispute("disp_1", "created", (60_000, 0), 10).await;
    let page = shop.page().await;
    let said = page.text_of("event-payment.dispute.created");
    assert!(said.contains("₹600.00") && !said.contains("₹1,000.00"), "{said}");
    shop.dispute("disp_1", "lost", (60_000, 39_000), 20).await;
    let page = shop.page().await;
    assert!(page.text_of("event-payment.dispute.lost").contains("₹600.00; ₹390.00 "), "{}", page.body);
    let dispute = page.text_of("dispute");
    assert!(dispute.contains("₹600.00") && dispute.contains("₹390.00"), "{dispute}");
    assert!(page.text_of("payment-summary").contains(" ₹390.00 "), "{}", page.body);
    shop.dispute("disp_1", "lost", (60_000, 0), 30).await;
    let page = shop.page().await;
    let dispute = page.text_of("dispute");
    assert!(dispute.contains("₹600.00") && dispute.matches('₹').count() == 1, "{dispute}");
    assert!(!page.text_of("payment-summary").contains('₹') && page.lacks("dispute-lost"), "{}", page.body);

    let shop = Shop::paid().await;
    shop.dispute("disp_1", "created", (AMOUNT, 0), 10).await;
    assert!(shop.page().await.text_of("event-payment.dispute.created").contains("₹1,000.00"));
    let events = shop.owner.get(&shop.at("/events?mode=test")).await;
    assert_eq!(events.body.matches("₹1,000.00").count(), 4, "paid and disputed, each as an amount too: {}", events.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_deducted_for_a_closed_dispute_is_a_warning() {
    let shop = Shop::paid().await;
    shop.dispute("disp_1", "closed", (AMOUNT, AMOUNT), 10).await;
    let page = shop.page().await;
    assert!(
        page.has("status-warn status-large\" id=\"payment-state\" data-live data-testid=\"state-dispute-deducted\""),
        "{}",
        page.body
    );
    assert_eq!(page.text_of("left"), "₹0.00");
    let list = shop.list("&status=dispute_deducted").await;
    let sum = ["sum-payments", "sum-received", "sum-held"].map(|hook| list.text_of(hook));
    assert!(sum[0].starts_with("1 ") && sum[1].contains("₹1,000.00") && sum[2].contains("₹1,000.00"), "{sum:?}");
    let overview = shop.owner.get(&shop.at("?mode=test")).await;
    assert!(overview.text_of("cost-held").contains("₹1,000.00"), "App Overview says the same");
    let paid = shop.list("&status=captured").await;
    assert!(paid.text_of("sum-received").contains("₹1,000.00") && paid.shows("sum-held"), "it was paid, too: {}", paid.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_in_the_settled_currency_is_in_every_sum() {
    let shop = Shop::new().await;
    let foreign =
        [("payment.currency", json!("USD")), ("payment.base_amount", json!(834_500)), ("payment.base_currency", json!("INR"))];
    shop.post(with(&bodies::payment("payment.captured", "pay_1", 0), &foreign)).await;
    assert!(shop.page().await.lacks("left"), "the amount is not repeated");
    let lost = bodies::partial_dispute("payment.dispute.lost", "disp_1", (834_500, 834_500), 0, 60);
    shop.post(with(&lost, &foreign)).await;
    assert_eq!(shop.page().await.text_of("left"), "₹0.00");
    for filter in ["", "&status=dispute_lost"] {
        let page = shop.list(filter).await;
        assert!(page.text_of("sum-received").contains("USD\u{a0}1,000.00"), "{}", page.body);
        assert!(page.text_of("sum-lost").contains("₹8,345.00"), "{}", page.body);
    }
    assert!(shop.owner.get(&shop.at("?mode=test")).await.text_of("cost-lost").contains("₹8,345.00"));
    let line = shop.download().await;
    assert!(line.contains(",USD,1000.00,,,,,INR 8345.00,,Dispute lost,pay_1,"), "{line}");
    let recount = shop.app.cli(["transactions", "recount", "--json"], "").await;
    assert!(recount.out.contains(r#""repaired":0"#), "{}", recount.out);

    // It is won in the end: nothing of it stays in the sums.
    let won = bodies::partial_dispute("payment.dispute.won", "disp_1", (834_500, 0), 0, 90);
    shop.post(with(&won, &foreign)).await;
    assert!(shop.owner.get(&shop.at("?mode=test")).await.lacks("cost-lost"));
    assert!(shop.list("").await.lacks("sum-lost"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_counted_as_one_once_it_is_processed() {
    let shop = Shop::paid().await;
    shop.post(bodies::refund("refund.created", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 10)).await;
    let line = shop.download().await;
    assert!(line.contains(",INR,1000.00,,1000.00,,,,,Refund pending,pay_1,"), "{line}");
    let list = shop.list("").await;
    assert!(list.text_of("sum-received").contains("₹1,000.00") && list.text_of("sum-refund-pending").contains("₹1,000.00"));
    let overview = shop.owner.get(&shop.at("?mode=test")).await;
    let pending = overview.text_of("cost-refund-pending");
    assert!(overview.text_of("refunds-and-disputes") == "₹0.00" && pending.contains("₹1,000.00"), "{}", overview.body);
    assert!(overview.lacks("way-refunded"), "none of how payments went is a refund");
    shop.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 20)).await;
    let overview = shop.owner.get(&shop.at("?mode=test")).await;
    assert!(overview.text_of("refunds-and-disputes") == "₹1,000.00" && overview.shows("way-refunded"), "{}", overview.body);
    let recount = shop.app.cli(["transactions", "recount", "--json"], "").await;
    assert!(recount.out.contains(r#""repaired":0"#), "{}", recount.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lists_sum_says_how_many_payments_were_paid() {
    let shop = Shop::paid().await;
    shop.post(bodies::payment("payment.failed", "pay_2", 0)).await;
    shop.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", 49_100, 49_100, 10)).await;
    let list = shop.list("").await;
    let sum = ["sum-payments", "sum-paid", "sum-received", "sum-refunded"].map(|hook| list.text_of(hook));
    assert!(sum[0].starts_with("2 ") && sum[1].starts_with("1 "), "{sum:?}");
    assert!(sum[2].contains("₹1,000.00") && sum[3].contains("₹491.00"), "{sum:?}");
    shop.post(bodies::payment("payment.authorized", "pay_3", 0)).await;
    shop.post(bodies::returned("rfnd_2", "pay_3", 60)).await;
    let overview = shop.owner.get(&shop.at("?mode=test")).await;
    let numbers: String = overview.text_of("failed-payments").chars().filter(char::is_ascii_digit).collect();
    assert_eq!(numbers, "113", "one failed and one returned, of three");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_selects_exactly_the_payments_with_its_badge() {
    let shop = Shop::new().await;
    let refund = |step: &str, of: &str, amount, after| {
        bodies::refund(
            &format!("refund.{step}"),
            &format!("rfnd_{of}_{step}"),
            of,
            amount,
            if step == "failed" { 0 } else { amount },
            after,
        )
    };
    let dispute = |step: &str, status: &str, of: &str, after| {
        bodies::dispute(&format!("payment.dispute.{step}"), &format!("disp_{of}"), of, status, after)
    };
    for (id, event) in [("pay_created", "created"), ("pay_failed", "failed"), ("pay_authorized", "authorized")] {
        shop.post(bodies::payment(&format!("payment.{event}"), id, 0)).await;
    }
    let captured = [
        "captured",
        "partly_refunded",
        "refunded",
        "refund_pending",
        "refund_failed",
        "disputed",
        "dispute_lost",
        "dispute_deducted",
    ];
    for state in captured {
        shop.post(bodies::payment("payment.captured", &format!("pay_{state}"), 0)).await;
    }
    shop.post(refund("processed", "pay_partly_refunded", 40_000, 10)).await;
    shop.post(refund("processed", "pay_refunded", AMOUNT, 10)).await;
    shop.post(refund("created", "pay_refund_pending", AMOUNT, 10)).await;
    shop.post(refund("failed", "pay_refund_failed", 40_000, 10)).await;
    // Pending as well, but the failed one needs an action.
    shop.post(bodies::refund("refund.created", "rfnd_other", "pay_refund_failed", 10_000, 10_000, 5)).await;
    shop.post(refund("processed", "pay_disputed", 40_000, 5)).await;
    shop.post(dispute("created", "open", "pay_disputed", 10)).await;
    shop.post(dispute("lost", "lost", "pay_dispute_lost", 10)).await;
    let closed = dispute("closed", "closed", "pay_dispute_deducted", 10);
    shop.post(with(&closed, &[("dispute.amount_deducted", json!(AMOUNT))])).await;
    shop.post(bodies::bare_refund("rfnd_bare", "pay_unreported", 1_000)).await;

    let all = shop.app.transactions().await;
    let states = ["unreported", "created", "failed", "authorized"].into_iter().chain(captured);
    let page = shop.list("").await;
    for state in states.filter(|state| *state != "captured") {
        let label = page.body.split_once(&format!(" value=\"{state}\">")).unwrap().1.split_once('<').unwrap().0.to_owned();
        let page = shop.list(&format!("&status={state}")).await;
        let is_shown = |one: &&Value| page.has(&format!("/transactions/{}\"", one["transaction"].as_str().unwrap()));
        let shown: Vec<_> = all.iter().filter(is_shown).map(|one| one["payment_id"].as_str().unwrap()).collect();
        assert_eq!(shown, [format!("pay_{state}")], "{label}");
        let (_, rows) = page.body.split_once("<tbody").unwrap();
        // The filter explains this state, the badge names it.
        let badge = if state == "authorized" { label.trim_end_matches(", not captured yet") } else { &label };
        assert!(rows.contains(&format!("\">{badge}</span>")), "{label}: {rows}");
    }

    // Every payment that a sum counts as paid and that was not refunded in full.
    assert!(page.has(" value=\"captured\">Paid, not fully refunded<"), "{}", page.body);
    let paid = shop.list("&status=captured").await;
    for one in &all {
        let state = one["payment_id"].as_str().unwrap().trim_start_matches("pay_");
        let is_paid = captured.contains(&state) && !["refunded", "refund_pending"].contains(&state);
        assert_eq!(paid.has(&format!("/transactions/{}\"", one["transaction"].as_str().unwrap())), is_paid, "{state}");
    }
    assert!(paid.text_of("sum-payments").starts_with("6 "), "{}", paid.body);
    assert!(paid.text_of("sum-received").contains("₹6,000.00") && paid.has("6 paid, ₹6,000.00"), "{}", paid.body);
    let file = shop.owner.get(&shop.at("/transactions.csv?mode=test&status=captured")).await;
    assert_eq!(file.body.lines().count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_reported_as_not_captured_is_not_paid_by_a_partial_refund() {
    let shop = Shop::new().await;
    shop.post(bodies::payment("payment.authorized", "pay_1", 0)).await;
    let uncaptured = [("payment.status", json!("authorized")), ("payment.captured", json!(false))];
    shop.post(with(&bodies::refund("refund.created", "rfnd_1", "pay_1", 40_000, 40_000, 60), &uncaptured)).await;
    let page = shop.page().await;
    assert!(page.lacks("state-captured") && page.text_of("payment-summary").contains("₹400.00"), "{}", page.body);
    assert!(page.text_of("refund-pending").contains("₹400.00") && page.lacks("left"), "{}", page.body);
    assert!(shop.list("").await.lacks("sum-received"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_says_only_what_was_reported() {
    let shop = Shop::paid().await;
    shop.post(bodies::payment("payment.failed", "pay_1", 60)).await;
    let page = shop.page().await;
    assert!(page.shows("overruled"), "{}", page.body);
    assert!(!page.has("<li class=\"is-lost\">"), "{}", page.body);

    let done = bodies::refund("refund.created", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 90);
    shop.post(with(&done, &[("refund.status", json!("processed"))])).await;
    let page = shop.page().await;
    let requested = page.text_of("event-refund.created");
    assert!(requested.contains("₹1,000.00") && page.shows("state-refunded"), "{}", page.body);
    shop.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 100)).await;
    let processed = shop.page().await.text_of("event-refund.processed");
    assert!(requested.contains("requested and processed") && processed.ends_with("was processed"), "{requested} {processed}");
    shop.post(bodies::partial_dispute("payment.dispute.lost", "disp_1", (AMOUNT, AMOUNT), AMOUNT, 120)).await;
    assert!(shop.page().await.shows("went-back-twice"));

    let shop = Shop::new().await;
    shop.post(bodies::payment("payment.failed", "pay_1", 0)).await;
    shop.post(bodies::returned("rfnd_1", "pay_1", 60)).await;
    let page = shop.page().await;
    assert_eq!(states(&page), ["Failed", "Refunded"], "no report says that it was approved: {}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_failed_payment_does_not_say_that_money_was_paid() {
    let shop = Shop::new().await;
    let body = bodies::payment("payment.failed", "pay_1", 0);
    let body = String::from_utf8(body).unwrap().replace("\"event\":\"payment.failed\"", "\"event\":\"payment_link.paid\"");
    shop.post(body.into_bytes()).await;
    let events = shop.owner.get(&shop.at("/events?mode=test")).await;
    let event = events.body.split('"').find(|text| text.contains("/events/ev_")).unwrap();
    let said = shop.owner.get(event).await.text_of("event-sentence");
    let (_, amount) = said.split_once("payment_link.paid").unwrap();
    assert!(amount.contains("₹1,000.00") && events.has(&format!("<code>payment_link.paid</code>{amount}")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refunds_bank_reference_is_called_its_own() {
    let shop = Shop::new().await;
    let captured = bodies::payment("payment.captured", "pay_1", 0);
    shop.post(with(&captured, &[("payment.acquirer_data", json!({ "rrn": "400000777001" }))])).await;
    let refunded = bodies::refund("refund.processed", "rfnd_1", "pay_1", AMOUNT, AMOUNT, 10);
    shop.post(with(&refunded, &[("refund.acquirer_data", json!({ "arn": "10000000000000" }))])).await;
    let page = shop.page().await;
    assert_eq!(page.texts_of("bank-reference"), ["400000777001"]);
    assert_eq!(page.texts_of("refund-reference"), ["10000000000000"]);
    let found = shop.list("&q=10000000000000").await;
    assert!(found.has(&format!("/transactions/{}\"", page.inside("tx-id").unwrap())), "it is still found by it");
}
