//! A disabled app or connection is shown as such on every page that lists its data.

use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, connected},
    eventually,
};

/// What says that a connection or its app is disabled, on any page.
const OFF: [&str; 5] = ["state-off", "connection-off", "evidence-connection-off", "trouble-connection-off", "trouble-app-off"];

fn says_off(page: &Page) -> bool {
    OFF.iter().any(|hook| page.shows(hook))
}

async fn switch(owner: &Browser, path: &str, is_enabled: bool) {
    let fields = [("is_enabled", if is_enabled { "true" } else { "false" }), ("confirm", "yes")];
    assert_eq!(owner.post(path, &fields).await.status, StatusCode::SEE_OTHER, "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_disabled_app_says_so_and_where_to_enable_it() {
    let (_app, connection, owner) = connected().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let pages = ["", "/transactions", "/events", "/settings", "/settings/domain", "/settings/payment-gateways"];
    for (is_enabled, wanted) in [(true, false), (false, true), (true, false)] {
        switch(&owner, &format!("{at}/enabled"), is_enabled).await;
        for rest in pages {
            let page = owner.get(&format!("{at}{rest}")).await;
            assert_eq!(page.shows("app-off"), wanted, "{rest}");
            assert_eq!(page.has(&format!("action=\"{at}/enabled\"")) && page.has("value=\"true\""), wanted, "{rest}");
        }
    }
    assert!(owner.get("/").await.lacks("app-off"), "the dashboard is of no app");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_off_with_its_app_says_so_and_enables_the_app() {
    let (_app, connection, owner) = connected().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let gateways = format!("{at}/settings/payment-gateways");
    switch(&owner, &format!("{at}/enabled"), false).await;
    let page = owner.get(&gateways).await;
    assert!(page.shows("app-is-off") && page.has("Enable app") && !page.has(">Disable<"), "{}", page.body);
    let back = [("is_enabled", "true"), ("back", gateways.as_str())];
    assert_eq!(owner.post(&format!("{at}/enabled"), &back).await.location(), gateways);
    let page = owner.get(&gateways).await;
    assert!(page.lacks("app-is-off") && page.has(">Disable<"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_is_asked_about_first_and_switches_off_nothing_else() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let (shop, stall) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
    let [one, twin, other] = [shop.razorpay("test").await, shop.razorpay("live").await, stall.razorpay("test").await];
    let owner = app.owner("Neem Tree Retail").await;
    let taken = async |connection: &Connection| connection.post(bodies::bare("foo.bar")).send().await == 200;
    let app_path = format!("/ks-pay/apps/{}/enabled", shop.id);
    let connection_path = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/enabled", shop.id);
    for (path, twin_is_taken) in [(app_path, false), (connection_path, true)] {
        let asked = owner.post(&path, &[("is_enabled", "false")]).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(taken(&one).await, "{path}: nothing is switched off before it was confirmed");
        switch(&owner, &path, false).await;
        assert_eq!([taken(&one).await, taken(&twin).await, taken(&other).await], [false, twin_is_taken, true], "{path}");
        switch(&owner, &path, true).await;
        assert!(taken(&one).await, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_names_an_app_that_is_switched_off_and_leads_to_it() {
    let (_app, connection, owner) = connected().await;
    assert!(owner.get("/").await.shows("nothing-verified-yet"));
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    switch(&owner, &format!("{at}/enabled"), false).await;
    let page = owner.get("/").await;
    assert!(page.text_of("trouble-app-off").contains("Neem Tree Store"));
    assert!(page.has(&format!("href=\"{at}/settings\"")) && page.lacks("nothing-verified-yet"));
    switch(&owner, &format!("{at}/enabled"), true).await;
    let page = owner.get("/").await;
    assert!(page.shows("nothing-verified-yet") && !says_off(&page));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_names_a_connection_that_is_switched_off_but_not_below_its_app() {
    let (_app, connection, owner) = connected().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let off = "trouble-connection-off";
    switch(&owner, &format!("{at}/settings/payment-gateways/razorpay/test/enabled"), false).await;
    let page = owner.get("/").await;
    assert!(page.text_of(off).contains("Neem Tree Store") && page.lacks("nothing-verified-yet"));
    assert!(owner.get(&at).await.lacks("app-off"), "the app itself is enabled");

    switch(&owner, &format!("{at}/enabled"), false).await;
    let page = owner.get("/").await;
    assert!(page.text_of("trouble-app-off").contains("Neem Tree Store") && page.lacks(off), "once an app");

    switch(&owner, &format!("{at}/enabled"), true).await;
    assert!(owner.get("/").await.shows(off), "enabling the app does not enable its connection");
    switch(&owner, &format!("{at}/settings/payment-gateways/razorpay/test/enabled"), true).await;
    assert!(!says_off(&owner.get("/").await));
}

/// Enables what a page offers to enable, as its visitor would; returns the resulting path.
async fn press_enable(owner: &Browser, page: &str, action: &str) -> String {
    let found = owner.get(page).await;
    let form = found.body.split("<form ").find(|form| form.contains(&format!("action=\"{action}\""))).unwrap();
    assert!(form.contains(">Enable<"), "{page}: {form}");
    let back = form.split_once("name=\"back\" value=\"").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&");
    owner.post(action, &[("is_enabled", "true"), ("back", &back)]).await.location().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_connection_is_off_everywhere_with_the_button_to_enable_it() {
    let (_app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let list = format!("{at}/settings/payment-gateways");
    let action = format!("{list}/razorpay/test/enabled");
    let mut pages = vec!["/".to_owned(), "/ks-pay".to_owned()];
    pages.extend(["", "/transactions", "/events", "/rejections"].map(|rest| format!("{at}{rest}")));
    for step in ["credentials", "webhook", "integration", "security"] {
        pages.push(format!("{list}/razorpay/test/{step}"));
    }
    for path in pages {
        switch(&owner, &action, false).await;
        let page = owner.get(&path).await;
        assert!(says_off(&page) && page.lacks("state-verified"), "{path}");
        assert_eq!(press_enable(&owner, &path, &action).await, path);
        let page = owner.get(&path).await;
        assert!(page.text_of("flash").contains("Razorpay") && page.has("flash is-good"), "{path}");
        assert!(!says_off(&page), "{path}");
    }
    switch(&owner, &action, false).await;
    let page = owner.get(&list).await;
    assert!(page.shows("state-off") && page.has(">Enable<") && !page.has(">Disable<"));
    switch(&owner, &format!("{at}/enabled"), false).await;
    for path in ["/", "/ks-pay", at.as_str(), list.as_str()] {
        assert!(owner.get(path).await.lacks("state-verified"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_of_a_disabled_webhook_is_off_and_has_the_only_button() {
    let (_app, connection, owner) = connected().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let action = format!("{at}/settings/payment-gateways/razorpay/test/enabled");
    let webhook = connection.webhook_step("");
    let buttons = |page: &str| page.matches(&format!("action=\"{action}\"")).count();
    switch(&owner, &action, false).await;
    let page = owner.get(&webhook).await;
    assert!(page.shows("evidence-connection-off"), "{}", page.body);
    let panel = page.body.split_once("class=\"proof-now").unwrap().1.split_once("</section>").unwrap().0;
    assert_eq!((buttons(panel), buttons(&page.body)), (1, 1), "{}", page.body);
    assert!(!page.has("class=\"alert is-warn\""), "one message says so: {}", page.body);
    switch(&owner, &format!("{at}/enabled"), false).await;
    let page = owner.get(&webhook).await;
    assert!(page.shows("evidence-app-off"), "{}", page.body);
    assert_eq!((buttons(&page.body), page.body.matches("class=\"alert is-warn\"").count()), (0, 1), "the app first");
}

#[tokio::test(flavor = "multi_thread")]
async fn enabling_a_connection_of_a_disabled_app_does_not_say_that_it_receives() {
    let (_app, connection, owner) = connected().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let action = format!("{at}/settings/payment-gateways/razorpay/test/enabled");
    for path in [&action, &format!("{at}/enabled")] {
        switch(&owner, path, false).await;
    }
    let led_to = owner.post(&action, &[("is_enabled", "true")]).await.location().to_owned();
    let page = owner.get(&led_to).await;
    assert!(page.text_of("flash").contains("Razorpay") && page.reason_of("flash") == "app-disabled" && page.shows("app-off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_before_disabling_says_what_that_gateway_does() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    let action = format!("/ks-pay/apps/{}/settings/payment-gateways/standard-webhooks/test/enabled", connection.app_id);
    let asked = owner.post(&action, &[("is_enabled", "false")]).await;
    assert!(asked.has(" 401 ") && !asked.has("Razorpay"), "{}", asked.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_of_a_disabled_connection_offers_to_enable_it() {
    let (app, connection, owner) = connected().await;
    let at = format!("/ks-pay/apps/{}", connection.app_id);
    let action = format!("{at}/settings/payment-gateways/razorpay/test/enabled");
    switch(&owner, &action, false).await;
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_1", 0)).send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections").await == 1).await;
    let list = owner.get(&format!("{at}/rejections")).await;
    let rejection = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned();
    let off = "class=\"status status-off\"";
    let page = owner.get(&rejection).await;
    assert!(page.has(off) && page.shows("connection-off"), "nothing is wrong with what arrived at a disabled webhook");
    assert_eq!(press_enable(&owner, &rejection, &action).await, rejection);
    let page = owner.get(&rejection).await;
    assert!(page.text_of("flash").contains("Razorpay") && page.lacks("connection-off"), "{}", page.body);
}
