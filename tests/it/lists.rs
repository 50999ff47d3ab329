//! Lists of transactions and events: the selection is what is shown and downloaded, and an empty list gives the reason.

use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::Connection,
    eventually,
};

/// Three payments: one without a refund, one with a partial refund, and one that is disputed.
struct Three {
    app: TestApp,
    connection: Connection,
    owner: Browser,
}

async fn three_payments() -> Three {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    for id in ["pay_whole", "pay_part", "pay_disputed"] {
        connection.post(bodies::payment("payment.captured", id, 0)).stored().await;
    }
    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_part", 40_000, 40_000, 60)).stored().await;
    connection.post(bodies::dispute("payment.dispute.created", "disp_1", "pay_disputed", "open", 60)).stored().await;
    let owner = app.owner("Neem Tree Retail").await;
    Three { app, connection, owner }
}

impl Three {
    async fn transactions(&self, query: &str) -> Page {
        self.owner.get(&format!("/ks-pay/apps/{}/transactions?mode=test{query}", self.connection.app_id)).await
    }

    async fn events(&self, query: &str) -> Page {
        self.owner.get(&format!("/ks-pay/apps/{}/events?mode=test{query}", self.connection.app_id)).await
    }

    /// Returns the payments in the rows of the page.
    async fn shown(&self, page: &Page) -> Vec<String> {
        let transactions = self.app.transactions().await;
        let is_shown = |one: &&serde_json::Value| page.has(&format!("/transactions/{}\"", one["transaction"].as_str().unwrap()));
        let mut shown: Vec<_> =
            transactions.iter().filter(is_shown).map(|one| one["payment_id"].as_str().unwrap().to_owned()).collect();
        shown.sort();
        shown
    }

    async fn download(&self, query: &str) -> Vec<String> {
        let path = format!("/ks-pay/apps/{}/transactions.csv?mode=test{query}", self.connection.app_id);
        self.owner.get(&path).await.body.lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_chosen_by_what_is_beside_their_status() {
    let three = three_payments().await;
    for (status, shown, sum) in [
        ("", &["pay_disputed", "pay_part", "pay_whole"][..], &["3 ", "₹3,000.00", "₹400.00"][..]),
        ("partly_refunded", &["pay_part"], &["1 ", "₹1,000.00", "₹400.00"]),
        ("disputed", &["pay_disputed"], &["1 ", "₹1,000.00"]),
        ("failed", &[], &[]),
    ] {
        let page = three.transactions(&format!("&status={status}")).await;
        assert_eq!(three.shown(&page).await, shown, "{status}");
        let sums: Vec<_> = ["sum-payments", "sum-received", "sum-refunded"].iter().flat_map(|hook| page.texts_of(hook)).collect();
        let is_sum = sums.len() == sum.len() && sums.iter().zip(sum).all(|(text, number)| text.contains(number));
        assert!(is_sum, "{status}: {sums:?}");
        assert_eq!(three.download(&format!("&status={status}")).await.len(), shown.len() + 1, "{status}");
    }
    let none = three.transactions("&status=failed").await;
    assert!(none.text_of("no-such-status").contains("Failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_was_won_is_chosen_no_more() {
    let three = three_payments().await;
    let won = bodies::dispute("payment.dispute.won", "disp_1", "pay_disputed", "won", 120);
    three.connection.post(won).stored().await;
    assert!(three.shown(&three.transactions("&status=disputed").await).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_download_has_the_lists_columns_on_the_lists_calendar() {
    let three = three_payments().await;
    let lines = three.download("&status=partly_refunded").await;
    let header = "Transaction ID,Creation Date (Asia/Kolkata),Last Update (Asia/Kolkata),Payment Mode,Payment Gateway,Mode,Currency,Amount,\
                  Refunded,Refund pending,Lost in disputes,Deducted for disputes,Lost in other currencies,\
                  Deducted in other currencies,Status,Payment ID,Order ID";
    let (_, line) = lines[1].split_once(',').unwrap();
    let output = "2026-11-22 16:00:00,2026-11-22 16:01:00,UPI,Razorpay,Test,INR,1000.00,400.00,,,,,,Partly refunded,pay_part,\
                order_of_pay_part";
    assert_eq!((lines[0].as_str(), line, lines.len()), (header, output, 2));
    assert!(three.download("").await.iter().any(|line| line.contains(",INR,1000.00,,,,,,,Paid,pay_whole,")), "nothing went back");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_download_are_in_the_readers_language() {
    let three = three_payments().await;
    let in_hindi = async |path: &str| three.owner.send(Method::GET, path, None, &[("accept-language", "hi-IN,en;q=0.5")]).await;
    let base = format!("/ks-pay/apps/{}", three.connection.app_id);
    let list = in_hindi(&format!("{base}/transactions?mode=test&status=partly_refunded")).await;
    assert_eq!(list.texts_of("sum-payments"), ["1 भुगतान"], "{}", list.body);
    let path = list.body.split('"').find(|text| text.contains("/transactions/tx_")).unwrap();
    let payment = in_hindi(path).await;
    assert!(payment.text_of("payment-summary").starts_with("UPI से भुगतान हुआ; "), "{}", payment.body);
    assert_eq!(payment.texts_of("decided"), ["सफल", "आंशिक रिफ़ंड"]);
    let download = in_hindi(&format!("{base}/transactions.csv?mode=test&status=partly_refunded")).await.body;
    assert!(download.starts_with("Transaction ID,") && download.contains(",आंशिक रिफ़ंड,pay_part,"), "{download}");
    let event = in_hindi(&format!("{base}/events?mode=test&type=refund")).await;
    let path = event.body.split('"').find(|text| text.contains("/events/ev_")).unwrap();
    let event = in_hindi(path).await;
    assert_eq!(event.text_of("event-sentence"), "₹400.00 का रिफ़ंड पूरा हुआ");
    for (page, copied) in [(&payment, &["raw-body"][..]), (&event, &["raw-body", "raw-headers"])] {
        for id in copied {
            let numbers = [format!("data-copy=\"{id}\""), format!(" id=\"{id}\"")].map(|text| page.body.matches(&text).count());
            assert_eq!(numbers, [1, 1], "{id}: {}", page.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_chosen_by_how_their_type_begins() {
    let three = three_payments().await;
    let links = async |query: &str| three.events(query).await.body.matches("<th scope=\"row\"").count();
    for (beginning, count) in [
        ("", 5),
        ("payment", 4),
        ("payment.captured", 3),
        ("payment.dispute", 1),
        ("refund", 1),
        // No match on a substring, in another case, or with a wildcard of some databases.
        ("captured", 0),
        ("Payment", 0),
        ("payment_captured", 0),
        ("%25", 0),
    ] {
        assert_eq!(links(&format!("&type={beginning}")).await, count, "{beginning}");
    }
    assert_eq!(links("&type=payment&status=unhandled").await, 0);
    let none = three.events("&type=settlement").await;
    assert!(none.text_of("no-such-event").contains("settlement"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_says_that_requests_were_refused_and_why() {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let lists = ["", "/transactions", "/events"].map(|rest| format!("/ks-pay/apps/{}{rest}?mode=test", connection.app_id));
    for path in &lists {
        assert!(owner.get(path).await.lacks("only-rejected-requests"), "{path}");
    }
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_1", 0)).unsigned().send().await, 401);
    for path in &lists {
        let page = owner.sees(path, "only-rejected-requests").await;
        assert!(page.shows("cause-no-signature") && page.text_of("only-rejected-requests").contains(" 1 "), "{path}");
        assert!(page.has("/payment-gateways/razorpay/test/webhook"), "{path}");
    }
    // The mode without requests shows no rejections.
    assert!(owner.get(&lists[2].replace("test", "live")).await.lacks("only-rejected-requests"));
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for path in &lists[1..] {
        assert!(owner.get(path).await.lacks("only-rejected-requests"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_claimed_of_the_money_of_an_event_that_is_not_relied_on() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::bare("payment.captured")).stored().await;
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&format!("/ks-pay/apps/{}/events?mode=test", connection.app_id)).await;
    let event = page.body.split('"').find(|text| text.contains("/events/ev_")).unwrap();
    let shown = owner.get(event).await;
    let said = shown.text_of("event-sentence");
    assert!(said.contains("payment.captured") && !said.contains('₹'), "{said}");
    let (before, after) = said.split_once("payment.captured").unwrap();
    let in_list = format!("{before}<code>payment.captured</code>{after}");
    assert!(shown.shows("state-quarantined") && page.has(&in_list), "{}", page.body);
}

/// Returns the breadcrumbs of a page.
fn crumbs(page: &Page) -> Vec<String> {
    let nav = page.body.split_once("aria-label=\"Breadcrumb\"").unwrap().1.split_once("</nav>").unwrap().0;
    let links = nav.split("<a").skip(1).map(|link| link.split_once('>').unwrap().1.split_once("</a>").unwrap().0);
    links.map(|label| label.trim_end_matches("</bdi>").rsplit('>').next().unwrap().trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_a_row_begins_as_the_way_to_its_list_does() {
    let Three { app, connection, owner } = three_payments().await;
    assert_eq!(connection.post("{}").secret("somebody else's secret").send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections").await == 1).await;
    for (path, mark) in [("transactions", "/transactions/tx_"), ("events", "/events/ev_"), ("rejections", "/rejections/rj_")] {
        let list = owner.get(&format!("/ks-pay/apps/{}/{path}", connection.app_id)).await;
        let way = crumbs(&list);
        assert_eq!(way, ["Applications", "KS Pay dashboard", "Neem Tree Store"]);
        let row = list.body.split('"').find(|text| text.contains(mark)).unwrap();
        let of_row = crumbs(&owner.get(row).await);
        assert_eq!((&of_row[..3], of_row.len()), (&way[..], 4), "{of_row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_filter_shows_no_row_and_no_sum_and_says_at_its_field_what_to_do() {
    let three = three_payments().await;
    for (query, field) in [
        ("&status=paid", "status"),
        ("&from=2026-11-22", "to"),
        ("&from=x&to=2026-11-22", "from"),
        ("&from=2026-11-22&to=2026-11-01", "from"),
        ("&q=tx_short", "q"),
        ("&q=two%00words", "q"),
        // A valid parameter next to it changes nothing.
        ("&q=pay_whole&status=paid", "status"),
        ("&q=pay_whole&from=x&to=y", "from"),
        ("&status=captured&from=2026-11-22&to=1926-11-22", "from"),
    ] {
        let page = three.transactions(query).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.has(&format!("id=\"{field}-error\"")) && page.shows("invalid-filter"), "{query}");
        assert!(three.shown(&page).await.is_empty() && !page.has("₹") && page.lacks("sum-payments"), "{query}");
        assert!(!page.has("transactions.csv"), "{query}: nothing to download");
        let path = format!("/ks-pay/apps/{}/transactions.csv?mode=test{query}", three.connection.app_id);
        let download = three.owner.get(&path).await;
        assert_eq!(download.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(!download.has("pay_") || !download.has("Transaction ID,"), "{query}");
        assert!(download.has(&format!("id=\"{field}-error\"")) && !download.has("pay_disputed"), "{query}");
    }
    for (query, field) in [("&status=rubbish", "status"), ("&type=a+b", "type"), ("&type=payment&status=rubbish", "status")] {
        let page = three.events(query).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.has(&format!("id=\"{field}-error\"")) && !page.has("<th scope=\"row\""), "{query}");
    }
    for path in ["/ks-pay?q=a%00b", "/ks-pay/settings?q=a%00b"] {
        let page = three.owner.get(path).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(page.has("id=\"q-error\"") && !page.has("Neem Tree Store"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overview_of_a_period_that_is_not_offered_shows_no_sum_and_no_row() {
    let three = three_payments().await;
    let overview =
        async |query: &str| three.owner.get(&format!("/ks-pay/apps/{}?mode=test{query}", three.connection.app_id)).await;
    for days in ["abc", "0", "31", "-1", "07", "14%20", "9999999999"] {
        let page = overview(&format!("&days={days}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
        assert!(page.shows("invalid-period"), "{days}: {}", page.body);
        assert!(three.shown(&page).await.is_empty() && !page.has("₹") && page.lacks("received-today"), "{days}");
        let period = page.body.split_once("aria-label=\"Period\"").unwrap().1.split_once("</nav>").unwrap().0;
        assert!(!period.contains("aria-current"), "{days}: no period is the current one");
    }
    for days in ["", "&days=", "&days=1", "&days=30", "&days=90"] {
        let page = overview(days).await;
        assert!(
            page.status == 200 && page.text_of("received-today").contains("₹3,000.00") && page.lacks("invalid-period"),
            "{days}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_leads_to_the_webhook_step_or_to_adding_a_gateway() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    for rest in ["", "/transactions", "/events"] {
        let of = async |mode: &str| owner.get(&format!("/ks-pay/apps/{}{rest}?mode={mode}", connection.app_id)).await;
        assert!(of("test").await.has("/payment-gateways/razorpay/test/webhook\">"), "{rest}");
        assert!(of("live").await.has("payment-gateways?mode=live#add\">"), "{rest}");
    }
}

/// Inserts 119 copies of the only rejection, three of each time.
const COPIES_OF_REJECTION: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 119) \
             INSERT INTO rejections (id, company_id, app_id, connection_id, gateway, mode, reason, cause, address, count, first_at, last_at) \
             SELECT id + i, company_id, app_id, connection_id, gateway, mode, reason, cause, address, count, first_at, last_at - i / 3 * 1000 \
             FROM rejections CROSS JOIN n";

/// Returns the links of the rows of a list, in the order of the page.
fn rows(page: &Page, path: &str) -> Vec<String> {
    let mut rows: Vec<String> =
        page.body.split(&format!("href=\"{path}/")).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    rows.dedup();
    rows
}

/// Returns the pager's link with this relation.
fn pager_link(page: &Page, relation: &str) -> Option<String> {
    let before = page.body.split_once(&format!("\" rel=\"{relation}\""))?.0;
    Some(before.rsplit_once("href=\"")?.1.replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_leads_to_older_rows_and_back_with_its_filter() {
    const ROWS: usize = 120;
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    for number in 0..120 {
        connection.post(bodies::payment("payment.captured", &format!("pay_{number:03}"), number)).stored().await;
    }
    let space = format!("{} ", connection.secret);
    assert_eq!(connection.post(bodies::bare("foo.bar")).secret(&space).send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections").await == 1).await;
    assert_eq!(app.sql(COPIES_OF_REJECTION).await, 119);
    let owner = app.owner("Neem Tree Retail").await;
    for (list, filter) in [("transactions", "&status=captured"), ("events", "&type=payment"), ("rejections", "")] {
        let path = format!("/ks-pay/apps/{}/{list}", connection.app_id);
        let mut pages = vec![owner.get(&format!("{path}?mode=test{filter}")).await];
        while let Some(older) = pager_link(pages.last().unwrap(), "next") {
            assert!(older.contains(filter), "{older}");
            pages.push(owner.get(&older).await);
        }
        let shown: Vec<Vec<String>> = pages.iter().map(|page| rows(page, &path)).collect();
        assert_eq!(shown.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20], "{list}");
        let mut all = shown.concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), ROWS, "{list}");
        for (newer, older) in shown.iter().zip(&pages[1..]) {
            let back = owner.get(&pager_link(older, "prev").unwrap()).await;
            assert_eq!(&rows(&back, &path), newer, "{list}");
        }
    }
}
