//! State of a webhook against its own baseline and the gateway's auto-disable deadline: the same on every page.

use std::time::Duration;

use crate::support::{TestApp, bodies, browser::Browser, builders::Connection};

const HOUR: Duration = Duration::from_hours(1);
const LIST: &str = "/ks-pay";

fn settings(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways", connection.app_id)
}

fn webhook(connection: &Connection) -> String {
    format!("{}/{}/{}/webhook", settings(connection), connection.gateway, connection.mode)
}

fn overview(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}?mode={}", connection.app_id, connection.mode)
}

/// Posts a payment at each of these hours from now; leaves the clock at the last of them.
pub(crate) async fn pay(app: &TestApp, connection: &Connection, hours: impl IntoIterator<Item = u32>) {
    let start = app.now();
    for hour in hours {
        let at = start.plus(HOUR * hour);
        app.clock.advance(at.since(app.now()));
        connection.post(bodies::payment("payment.captured", &format!("pay_Habit{hour:09}"), hour.into())).stored().await;
    }
}

/// Signs with the connection's own secret and a trailing space: only a key holder of the company can do so.
async fn fail(connection: &Connection) {
    let slip = connection.post(bodies::bare("foo.bar")).secret(&format!("{} ", connection.secret));
    assert_eq!(slip.send().await, 401);
}

/// Asserts that every page has an element with that hook, whose text contains the values; no-break spaces are spaces.
async fn all_show(owner: &Browser, pages: &[&str], hook: &str, values: &[&str]) {
    for path in pages {
        let texts = owner.get(path).await.texts_of(hook);
        let is_said = |text: &String| values.iter().all(|value| text.replace('\u{a0}', " ").contains(value));
        assert!(texts.iter().any(is_said), "{path} does not show {values:?} in {hook}: {texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_that_counts_events_keeps_the_habit() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let start = app.now().millis();
    // Twelve in a day, and a second one in a minute that is already included.
    pay(&app, &connection, (0..24).step_by(2)).await;
    connection.post(bodies::bare("foo.bar")).stored().await;
    let columns = [
        "SELECT baseline_since FROM activity",
        "SELECT baseline_minutes FROM activity",
        "SELECT baseline_pause FROM activity",
        "SELECT COALESCE(previous_since, -1) FROM activity",
        "SELECT previous_minutes FROM activity",
        "SELECT previous_pause FROM activity",
    ];
    let now = async || {
        let mut found = Vec::new();
        for column in columns {
            found.push(app.count(column).await);
        }
        found
    };
    let hours = |hours: i64| hours * 3_600_000;
    assert_eq!(now().await, [start, 12, hours(2), -1, 0, 0]);
    // Slightly more than 14 days after the first: the window is over, and the pause belongs to the next.
    let from = 14 * 24 - 22;
    pay(&app, &connection, [from, from + 5]).await;
    let turned = start + hours(14 * 24);
    assert_eq!(now().await, [turned, 2, hours(from.into()), start, 12, hours(2)]);
    // Two weeks later there are too few events for a new window, so the current one continues.
    pay(&app, &connection, [15 * 24]).await;
    assert_eq!(now().await, [turned, 3, hours(15 * 24), start, 12, hours(2)]);
    // An event that another server received just before the last one adds neither a pause nor a minute.
    app.clock.advance(Duration::from_millis(50));
    connection.post(bodies::bare("foo.baz")).stored().await;
    assert_eq!(now().await, [turned, 3, hours(15 * 24), start, 12, hours(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_falls_silent_is_told_wherever_it_is_shown() {
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    pay(&app, &live, (0..12 * 24).step_by(6)).await;
    let (settings, webhook, overview) = (settings(&live), webhook(&live), overview(&live));
    let pages = [LIST, &settings, &webhook, &overview];

    app.clock.advance(HOUR * 12);
    let owner = app.owner("Neem Tree Retail").await;
    all_show(&owner, &pages, "state-verified", &[]).await;
    assert!(owner.get("/").await.shows("all-clear"), "a pause of 12 h is within the habit of 6 h");

    app.clock.advance(HOUR * 10);
    let owner = app.owner("Neem Tree Retail").await;
    all_show(&owner, &pages, "state-silent", &[]).await;
    all_show(&owner, &pages[..2], "usual-traffic", &["6 h"]).await;
    let baseline = ["22 h", "6 h", "11 days"];
    all_show(&owner, &["/", LIST], "trouble-silent", &baseline).await;
    all_show(&owner, &[&webhook], "evidence-silent", &baseline).await;
    all_show(&owner, &["/", LIST], "trouble-silent", &["Neem Tree Store", "Live", "22 h"]).await;
    all_show(&owner, &[&webhook], "first-verified", &[]).await;

    live.post(bodies::payment("payment.captured", "pay_Again000000001", 0)).stored().await;
    all_show(&owner, &pages, "state-verified", &[]).await;
    assert!(owner.get("/").await.shows("all-clear"));

    // Failing is listed before silent, even for a test connection.
    app.clock.advance(HOUR * 60);
    test.post(bodies::bare("foo.bar")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    fail(&test).await;
    let owner = app.owner("Neem Tree Retail").await;
    let dashboard = owner.sees_in("/", "trouble-failing", "1 Test ").await.body;
    assert!(dashboard.find("\"trouble-failing\"") < dashboard.find("\"trouble-silent\""), "{dashboard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_countdown_stands_wherever_a_failing_webhook_is_shown() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::bare("foo.bar")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    fail(&connection).await;
    let (settings, webhook, overview) = (settings(&connection), webhook(&connection), overview(&connection));
    let pages = ["/", LIST, &settings, &webhook, &overview];
    app.owner("Neem Tree Retail").await.sees(LIST, "state-failing").await;

    app.clock.advance(Duration::from_mins(320));
    let owner = app.owner("Neem Tree Retail").await;
    all_show(&owner, &pages, "countdown", &["Razorpay", "18 h 40 min"]).await;
    app.clock.advance(HOUR * 20);
    let owner = app.owner("Neem Tree Retail").await;
    all_show(&owner, &pages, "countdown-over", &["Razorpay"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_tells_no_deadline_has_none() {
    let app = TestApp::start().await;
    let shop = app.company("Banyan Books").await.app("Banyan Books Online").await;
    let (connection, twin) = (shop.connect("standard-webhooks", "test").await, shop.connect("standard-webhooks", "live").await);
    connection.post(bodies::standard("invoice.paid", "1")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(connection.post(bodies::standard("invoice.paid", "2")).secret(&twin.secret).send().await, 401);
    let owner = app.owner("Banyan Books").await;
    let page = owner.sees(&webhook(&connection), "cause-other-mode").await;
    assert!(page.shows("failing-since") && page.lacks("countdown"));
    let dashboard = owner.get("/").await;
    assert!(dashboard.text_of("trouble-failing").contains("1 Test ") && dashboard.lacks("countdown"), "{}", dashboard.body);
}
