//! App Overview and the dashboard: the period and the one before, what is left, why payments failed, and what needs attention.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    orders::{entity, event},
    support::{
        TestApp,
        bodies::{self, AMOUNT, AT},
        browser::{Browser, Page},
        builders::Connection,
    },
};

const DAY: i64 = 24 * 60 * 60;

struct Shop {
    app: TestApp,
    connection: Connection,
    live: Connection,
    owner: Browser,
}

/// Returns the body with values set, by their path in the payload.
fn with(body: &[u8], values: &[(&str, Value)]) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    for (path, value) in values {
        let (entity, field) = path.split_once('.').unwrap();
        body["payload"][entity]["entity"][field] = value.clone();
    }
    body.to_string().into_bytes()
}

impl Shop {
    async fn open() -> Self {
        let app = TestApp::start_on_the_day().await;
        let store = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
        let (connection, live) = (store.razorpay("test").await, store.razorpay("live").await);
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, live, owner }
    }

    /// Posts the event of a payment that was created this many days ago.
    async fn payment(&self, event: &str, id: &str, days_ago: i64, values: &[(&str, Value)]) {
        let at = json!(AT - days_ago * DAY);
        let body = with(&bodies::payment(event, id, -days_ago * DAY), &[("payment.created_at", at)]);
        self.connection.post(with(&body, values)).stored().await;
    }

    /// Opens a dispute of a payment; its deadline is this many days ahead, if it has one.
    async fn dispute(&self, connection: &Connection, id: &str, days: Option<i64>) {
        let payment = format!("pay_of_{id}");
        connection.post(bodies::payment("payment.captured", &payment, 0)).stored().await;
        let body = bodies::dispute("payment.dispute.created", id, &payment, "open", 60);
        let deadline = days.map_or(Value::Null, |days| json!(AT + days * DAY));
        connection.post(with(&body, &[("dispute.respond_by", deadline)])).stored().await;
    }

    /// The page of a payment.
    async fn transaction(&self, payment: &str) -> Page {
        let all = self.app.transactions().await;
        let found = all.iter().find(|transaction| transaction["payment_id"] == payment).unwrap();
        self.owner.get(&self.path(&format!("/transactions/{}", found["transaction"].as_str().unwrap()))).await
    }

    fn path(&self, rest: &str) -> String {
        format!("/ks-pay/apps/{}{rest}", self.connection.app_id)
    }

    /// Asserts that the reason with this hook and number leads to so many payments, and to their sum.
    async fn has_failed(&self, overview: &Page, (hook, number): (&str, usize), count: usize) {
        let row = overview.body.split(&format!("data-testid=\"{hook}\"")).nth(number).unwrap();
        let url = row.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&");
        let list = self.owner.get(&url).await;
        assert!(list.text_of("sum-payments").starts_with(&format!("{count} ")), "{url}: {}", list.body);
        assert_eq!(list.body.matches("<tr><th scope=\"row\"").count(), count, "{url}");
        assert!(list.shows("clear-filters"), "{url}");
    }

    async fn overview(&self, query: &str) -> Page {
        self.owner.get(&self.path(&format!("?mode=test{query}"))).await
    }
}

fn said(page: &Page, hook: &str) -> String {
    page.text_of(hook).replace('\u{a0}', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_compared_with_as_many_days_before_it() {
    let shop = Shop::open().await;
    shop.payment("payment.captured", "pay_now", 0, &[("payment.amount", json!(150_000))]).await;
    shop.payment("payment.captured", "pay_within", 6, &[]).await;
    // Today is not over: it is not compared, and neither is the last day of the week before.
    shop.payment("payment.captured", "pay_last_day_before", 7, &[("payment.amount", json!(500_000))]).await;
    shop.payment("payment.captured", "pay_before", 8, &[("payment.amount", json!(80_000))]).await;
    shop.payment("payment.failed", "pay_failed", 13, &[]).await;
    shop.payment("payment.captured", "pay_long_ago", 14, &[]).await;
    let week = shop.overview("&days=7").await;
    assert_eq!(
        (said(&week, "received"), said(&week, "received-change")),
        ("₹2,500.00".to_owned(), "Excluding today: 25.0 % more than 9–14 Nov".to_owned())
    );
    assert_eq!(said(&week, "rate-change"), "Excluding today: 50.0 points more than 9–14 Nov");
    assert_eq!(said(&week, "received-today"), "Today so far: ₹1,500.00 from 1 payment.");
    assert!(said(&week, "this-period").starts_with("16–22 Nov,"), "{}", week.body);
    assert!(week.has("<polyline class=\"chart-before\""), "{}", week.body);
    let table = week.body.split_once("<table class=\"shares\">").unwrap().1.split_once("</table>").unwrap().0;
    let first = table.split_once("<tbody>").unwrap().1.split_once("</tr>").unwrap().0;
    assert!(first.contains("16\u{a0}Nov") && first.contains("<td>₹1,000.00</td><td>₹0.00</td>"), "{first}");
    assert!(table.contains("<td>₹1,500.00</td><td>₹5,000.00</td>"), "the chart has both last days: {table}");
    let today = shop.overview("&days=1").await;
    assert_eq!(
        (said(&today, "received-today"), said(&today, "received-change")),
        ("₹1,500.00".to_owned(), "No payments 21 Nov".to_owned())
    );
    assert!(!today.has("<polyline"), "nothing to compare with");
    let quarter = shop.overview("&days=90").await;
    assert!(!quarter.has("<ol class=\"chart-days\">") && quarter.has("<title>"), "no link for each of 90 days: {}", quarter.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_the_sum_of_what_is_left_of_each_payment() {
    let shop = Shop::open().await;
    for id in ["pay_1", "pay_2", "pay_3"] {
        shop.connection.post(bodies::payment("payment.captured", id, 0)).stored().await;
    }
    shop.connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_2", 30_000, 30_000, 10)).stored().await;
    shop.connection.post(bodies::refund("refund.created", "rfnd_2", "pay_3", 20_000, 20_000, 10)).stored().await;
    shop.connection.post(bodies::partial_dispute("payment.dispute.lost", "disp_1", (25_000, 25_000), 0, 60)).stored().await;
    let mut left = 0;
    for transaction in shop.app.transactions().await {
        let page = shop.owner.get(&shop.path(&format!("/transactions/{}", transaction["transaction"].as_str().unwrap()))).await;
        let digits: String = page.text_of("left").chars().filter(char::is_ascii_digit).collect();
        left += digits.parse::<i64>().unwrap();
    }
    assert_eq!(left, 3 * AMOUNT - 75_000);
    let overview = shop.overview("").await;
    assert_eq!(said(&overview, "net"), "₹2,250.00");
    assert_eq!(said(&overview, "refunds-and-disputes"), "₹550.00", "a pending refund has not gone back");
    let costs = ["cost-refunded", "cost-lost", "cost-refund-pending"].map(|hook| said(&overview, hook));
    assert_eq!(costs, ["₹300.00 refunded", "₹250.00 lost in disputes", "₹200.00 refund pending"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_their_reason_until_the_payment_succeeds() {
    let shop = Shop::open().await;
    let failed = [
        ("pay_1", json!("insufficient_funds")),
        ("pay_2", json!("insufficient_funds")),
        ("pay_3", json!("incorrect_pin")),
        ("pay_4", Value::Null),
    ];
    for (id, reason) in failed {
        shop.payment("payment.failed", id, 1, &[("payment.error_reason", reason)]).await;
    }
    for (id, label, address) in
        [("pay_1", "Insufficient balance", "insufficient_funds"), ("pay_4", "No reason given", "not_given")]
    {
        let page = shop.transaction(id).await;
        assert_eq!(page.text_of("failure-category"), label);
        let (_, facts) = page.body.split_once("failure-category").unwrap();
        let link = facts.split_once("href=\"").unwrap().1.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        assert!(link.ends_with(&format!("/transactions?mode=test&failure={address}")), "{link}");
        let count = if id == "pay_1" { "2 " } else { "1 " };
        assert!(shop.owner.get(&link).await.text_of("sum-payments").starts_with(count), "{id}");
    }
    let rows =
        |page: &Page| page.texts_of("failure").iter().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let page = shop.overview("").await;
    let counted: Vec<String> = rows(&page);
    assert_eq!(counted, ["Insufficient balance2", "Wrong PIN, OTP or card details1"]);
    assert!(page.text_of("failure-not-given").contains('1'), "{}", page.body);
    let list = page.body.split("href=\"").find(|rest| rest.contains("status=failed\"")).unwrap().split_once('"').unwrap().0;
    let list = shop.owner.get(&list.replace("&amp;", "&")).await;
    assert!(list.text_of("sum-payments").starts_with("4 "), "{}", list.body);
    for (hook, number, count) in [("failure", 1, 2), ("failure", 2, 1), ("failure-not-given", 1, 1)] {
        shop.has_failed(&page, (hook, number), count).await;
    }
    assert!(shop.app.cli(["transactions", "recount", "--json"], "").await.out.contains(r#""repaired":0"#));

    // A payment that succeeds keeps the reason of the attempt before in its report.
    shop.payment("payment.captured", "pay_1", 1, &[("payment.error_reason", json!("insufficient_funds"))]).await;
    let page = shop.overview("").await;
    let counted: Vec<String> = rows(&page);
    assert_eq!(counted, ["Insufficient balance1", "Wrong PIN, OTP or card details1"]);
    shop.has_failed(&page, ("failure", 1), 1).await;
    assert!(shop.app.cli(["transactions", "recount", "--json"], "").await.out.contains(r#""repaired":0"#));
    assert!(shop.app.sql("UPDATE daily_totals SET failure = 'declined' WHERE failure = 'insufficient_funds'").await > 0);
    assert!(!shop.app.cli(["transactions", "recount", "--json"], "").await.out.contains(r#""repaired":0"#), "found and repaired");
    let counted: Vec<String> = rows(&shop.overview("").await);
    assert_eq!(counted, ["Insufficient balance1", "Wrong PIN, OTP or card details1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_disputes_are_listed_by_their_deadline_and_only_where_they_belong() {
    let shop = Shop::open().await;
    assert!(shop.overview("").await.lacks("needs-attention"), "an empty list is absent");
    for (id, days) in [("disp_late", Some(9)), ("disp_over", Some(-1)), ("disp_near", Some(2)), ("disp_undated", None)] {
        shop.dispute(&shop.connection, id, days).await;
    }
    let page = shop.overview("").await;
    assert_eq!(page.texts_of("open-dispute").len(), 2, "a deadline that is over asks for nothing: {}", page.body);
    let open: Vec<String> = page.texts_of("open-dispute").iter().map(|text| text.replace('\u{a0}', " ")).collect();
    assert!(open[0].contains("Dispute of ₹1,000.00: answer by 24 Nov") && open[0].contains("47 h left"), "{open:?}");
    assert!(open[1].contains("answer by 1 Dec") && open[1].contains("8 days left"), "{open:?}");
    assert!(page.shows("needs-attention") && page.shows("open-dispute-undated"), "{}", page.body);
    for id in ["disp_4", "disp_5", "disp_6"] {
        shop.dispute(&shop.connection, id, Some(5)).await;
    }
    let page = shop.overview("").await;
    assert_eq!((page.texts_of("open-dispute").len(), page.lacks("open-dispute-undated")), (5, true), "at most five");

    assert!(shop.owner.get("/").await.lacks("open-dispute"), "no real money is at stake in Test mode");
    shop.dispute(&shop.live, "disp_live", Some(2)).await;
    let dashboard = shop.owner.get("/").await;
    assert_eq!(dashboard.texts_of("open-dispute").len(), 1, "{}", dashboard.body);
    assert!(said(&dashboard, "open-dispute").contains("dispute of ₹1,000.00, answer by 24 Nov"), "{}", dashboard.body);
    assert_eq!(shop.overview("").await.texts_of("open-dispute").len(), 5, "one mode at a time");
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    assert!(stranger.get("/").await.lacks("open-dispute"), "of another company");

    let answered = bodies::dispute("payment.dispute.under_review", "disp_live", "pay_of_disp_live", "under_review", 120);
    shop.live.post(answered).stored().await;
    assert!(shop.owner.get("/").await.lacks("open-dispute"), "it was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_webhook_is_between_near_and_far_deadlines() {
    let shop = Shop::open().await;
    shop.dispute(&shop.connection, "disp_far", Some(9)).await;
    shop.dispute(&shop.connection, "disp_near", Some(2)).await;
    shop.app.clock.advance(Duration::from_secs(1));
    let slip =
        shop.connection.post(bodies::payment("payment.captured", "pay_1", 0)).secret(&format!("{} ", shop.connection.secret));
    assert_eq!(slip.send().await, 401);
    let page = shop.owner.sees(&shop.path("?mode=test"), "trouble-failing").await;
    let list = page.body.split_once("data-testid=\"needs-attention\"").unwrap().1.split_once("</ul>").unwrap().0;
    let hooks: Vec<&str> = list.split("data-testid=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let items: Vec<&str> = hooks.into_iter().filter(|hook| hook.starts_with("trouble") || hook.starts_with("open")).collect();
    assert_eq!(items, ["open-dispute", "trouble-failing", "open-dispute"], "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_rejected_requests_among_many_payments_are_not_mentioned() {
    let shop = Shop::open().await;
    let rejected = async || assert_eq!(shop.connection.post("{}").unsigned().send().await, 401);
    for number in 0..21 {
        shop.payment("payment.captured", &format!("pay_{number}"), 0, &[]).await;
    }
    rejected().await;
    for _ in 0..50 {
        if shop.app.count("SELECT COUNT(*) FROM rejections").await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(shop.overview("").await.lacks("rejected-in-all"), "1 beside 21 payments");
    rejected().await;
    let page = shop.owner.sees(&shop.path("?mode=test"), "rejected-in-all").await;
    assert!(said(&page, "rejected-in-all").contains("2 "), "{}", page.body);
    shop.app.clock.advance(Duration::from_hours(25));
    assert!(shop.overview("").await.lacks("rejected-in-all"), "a day later");
}

#[tokio::test(flavor = "multi_thread")]
async fn recent_transactions_are_grouped_by_day() {
    let shop = Shop::open().await;
    shop.payment("payment.captured", "pay_1", 0, &[]).await;
    shop.payment("payment.captured", "pay_2", 0, &[]).await;
    shop.payment("payment.failed", "pay_3", 0, &[]).await;
    shop.payment("payment.captured", "pay_4", 1, &[]).await;
    shop.payment("payment.failed", "pay_5", 3, &[]).await;
    let page = shop.overview("").await;
    let headings = page.body.split("class=\"day\">").skip(1).map(|rest| rest.split_once("</tr>").unwrap().0);
    let headings: Vec<String> = headings.map(|row| row.replace('\u{a0}', " ")).collect();
    let wanted =
        ["Today, 22 Nov<span>2 paid, ₹2,000.00</span>", "Yesterday, 21 Nov<span>1 paid, ₹1,000.00</span>", "19 Nov</th>"];
    assert_eq!(headings.len(), wanted.len(), "{headings:?}");
    assert!(headings.iter().zip(wanted).all(|(row, wanted)| row.contains(wanted)), "{headings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_paid_twice_needs_attention_until_a_payment_is_refunded() {
    let shop = Shop::open().await;
    for connection in [&shop.connection, &shop.live] {
        connection.post(event("order.paid", "pay_1", 1, Some(entity("paid", bodies::AMOUNT)))).stored().await;
    }
    assert!(shop.owner.get("/").await.lacks("order-paid-twice") && shop.overview("").await.lacks("needs-attention"));
    shop.connection.post(event("payment.captured", "pay_2", 2, None)).stored().await;
    assert!(shop.owner.get("/").await.lacks("order-paid-twice"), "no real money is at stake in Test mode");
    shop.live.post(event("payment.captured", "pay_3", 3, None)).stored().await;
    let newest = shop.app.transactions().await.iter().find(|one| one["payment_id"] == "pay_3").unwrap()["transaction"].clone();
    let newest = shop.path(&format!("/transactions/{}", newest.as_str().unwrap()));
    let (dashboard, live) = (shop.owner.get("/").await, shop.owner.get(&shop.path("?mode=live")).await);
    for page in [&dashboard, &live] {
        let said = page.text_of("order-paid-twice");
        assert!(said.contains("₹1,000.00") && page.has(&format!("href=\"{newest}\"")), "{}", page.body);
    }
    assert!(said(&dashboard, "order-paid-twice").contains("Neem Tree Store"), "{}", dashboard.body);
    let list = async || shop.owner.get(&shop.path("/transactions?mode=live")).await;
    let marked = list().await;
    let (_, row) = marked.body.split_once(newest.rsplit_once('/').unwrap().1).unwrap();
    assert_eq!(marked.texts_of("paid-twice").len(), 1, "{}", marked.body);
    assert!(row.split_once("<tr>").map_or(row, |(own, _)| own).contains("\"paid-twice\""), "the newest: {}", marked.body);
    shop.app.company("Banyan Books").await;
    assert!(shop.app.owner("Banyan Books").await.get("/").await.lacks("order-paid-twice"), "of another company");

    shop.live.post(bodies::refund("refund.processed", "rfnd_1", "pay_1", bodies::AMOUNT, bodies::AMOUNT, 60)).stored().await;
    assert!(shop.owner.get("/").await.lacks("order-paid-twice") && list().await.lacks("paid-twice"));
    assert!(shop.owner.get(&shop.path("?mode=live")).await.lacks("order-paid-twice"));
    assert!(shop.overview("").await.shows("order-paid-twice"), "one mode at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterday_is_named_with_its_payments_and_leads_to_their_list() {
    let shop = Shop::open().await;
    shop.payment("payment.captured", "pay_1", 0, &[]).await;
    shop.payment("payment.captured", "pay_2", 2, &[]).await;
    let page = shop.overview("").await;
    assert!(said(&page, "received-yesterday").contains("no payments"), "{}", said(&page, "received-yesterday"));
    shop.payment("payment.captured", "pay_3", 1, &[("payment.amount", json!(250_000))]).await;
    shop.payment("payment.failed", "pay_4", 1, &[]).await;
    for query in ["", "&days=1"] {
        let page = shop.overview(query).await;
        let said = said(&page, "received-yesterday");
        assert!(said.contains("₹2,500.00") && said.contains("1 payment"), "{query}: {said}");
        let rest = page.body.split_once("data-testid=\"received-yesterday\"").unwrap().1;
        let url = rest.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&");
        let list = shop.owner.get(&url).await;
        assert!(list.text_of("sum-payments").starts_with("2 ") && list.has("₹2,500.00"), "{url}: {}", list.body);
        assert!(page.shows("received-note"), "{query}");
    }
}
