//! Mode of a page: the selected one, and without a selection the most relevant one.

use reqwest::Method;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{App, Connection},
};

/// Pages that show one mode, below an app.
const PAGES: [&str; 4] = ["", "/transactions", "/events", "/rejections"];

fn shows(page: &Page, mode: &str) -> bool {
    page.has(&format!("data-mode=\"{mode}\""))
}

async fn assert_shows(owner: &Browser, app: &str, mode: &str) {
    for rest in PAGES {
        assert!(shows(&owner.get(&format!("/ks-pay/apps/{app}{rest}")).await, mode), "{rest}: {mode}");
    }
}

async fn verify(connection: &Connection) {
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
}

/// Sends two requests signed with the connection's own mistyped secret, which are certain to be rejected.
async fn fail(app: &TestApp, connection: &Connection) {
    app.clock.advance(std::time::Duration::from_secs(1));
    for _ in 0..2 {
        let slip = format!("{}\n", connection.secret);
        assert_eq!(connection.post(bodies::payment("payment.captured", "pay_2", 0)).secret(&slip).send().await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_mode_is_kept_for_its_app_through_its_settings() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let (shop, stall) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
    for one in [&shop, &stall] {
        for mode in ["test", "live"] {
            one.razorpay(mode).await;
        }
    }
    let owner = app.owner("Neem Tree Retail").await;
    assert_shows(&owner, &shop.id, "test").await;
    for (mode, page) in [("live", PAGES[2]), ("test", PAGES[1]), ("live", PAGES[0])] {
        assert!(shows(&owner.get(&format!("/ks-pay/apps/{}{page}?mode={mode}", shop.id)).await, mode));
        for rest in ["/settings", "/settings/domain", "/settings/payment-gateways"] {
            owner.get(&format!("/ks-pay/apps/{}{rest}", shop.id)).await;
        }
        owner.get("/ks-pay").await;
        assert_shows(&owner, &shop.id, mode).await;
        assert_shows(&owner, &stall.id, "test").await;
    }
    assert_shows(&app.owner("Neem Tree Retail").await, &shop.id, "test").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_a_mode_that_does_not_exist_shows_no_rows_of_another_and_chooses_nothing() {
    let app = TestApp::start().await;
    let (shop, test, live) = two_modes(&app).await;
    verify(&test).await;
    verify(&live).await;
    let owner = app.owner("Neem Tree Retail").await;
    owner.get(&format!("/ks-pay/apps/{}?mode=test", shop.id)).await;
    let others = ["/transactions.csv", "/settings/payment-gateways"];
    for rest in PAGES.iter().chain(&others) {
        for mode in ["LIVE", "Test", "prod", "live'", "%20live"] {
            let page = owner.get(&format!("/ks-pay/apps/{}{rest}?mode={mode}", shop.id)).await;
            assert_eq!(page.status, 422, "{rest}?mode={mode}");
            assert!(page.shows("unknown-mode"), "{rest}?mode={mode}");
            let stays = format!("href=\"/ks-pay/apps/{}{rest}?mode=live\"", shop.id);
            assert!(page.has(&stays) && page.has("aria-label=\"Neem Tree Store\""), "{rest}?mode={mode}: {}", page.body);
            assert!(!page.has("data-mode") && !page.has("₹") && !page.has("pay_1"), "{rest}?mode={mode}");
        }
        let none = owner.get(&format!("/ks-pay/apps/{}{rest}?mode=", shop.id)).await;
        assert_eq!(none.status, 200, "{rest}: no mode is asked for");
    }
    assert_shows(&owner, &shop.id, "test").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_belongs_to_a_mode_chooses_it() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let (_test, _live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let owner = app.owner("Neem Tree Retail").await;
    let webhook = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/live/webhook", shop.id);
    owner.get(&webhook).await;
    assert_shows(&owner, &shop.id, "live").await;
    // Neither a self-refreshing page nor a link on another site selects the mode.
    for headers in [("x-requested-with", "refresh"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")] {
        let path = format!("/ks-pay/apps/{}?mode=test", shop.id);
        assert!(shows(&owner.send(Method::GET, &path, None, &[headers]).await, "test"));
        owner.send(Method::GET, &webhook.replace("live", "test"), None, &[headers]).await;
        assert_shows(&owner, &shop.id, "live").await;
    }
}

async fn two_modes(app: &TestApp) -> (App<'_>, Connection, Connection) {
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    (shop, test, live)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_choice_the_only_connected_mode_is_shown() {
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let owner = app.owner("Neem Tree Retail").await;
    assert_shows(&owner, &shop.id, "test").await;
    let live = shop.razorpay("live").await;
    assert_shows(&owner, &shop.id, "live").await;
    assert!(owner.get(&format!("/ks-pay/apps/{}", shop.id)).await.lacks("no-gateway"));
    // Of a period that is not offered it is not known whether the mode has payments.
    assert!(owner.get(&format!("/ks-pay/apps/{}?mode=test&days=0", shop.id)).await.shows("no-gateway"));
    owner.get(&format!("/ks-pay/apps/{}?mode=live", shop.id)).await;
    fail(&app, &live).await;
    assert_shows(&owner, &shop.id, "live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_choice_the_mode_that_needs_attention_is_shown_and_the_other_names_it_in_a_line() {
    let app = TestApp::start_on_the_day().await;
    let (shop, test, live) = two_modes(&app).await;
    let owner = app.owner("Neem Tree Retail").await;
    verify(&test).await;
    assert_shows(&owner, &shop.id, "test").await;
    verify(&live).await;
    assert_shows(&owner, &shop.id, "live").await;
    fail(&app, &test).await;
    owner.sees("/", "trouble-failing").await;
    assert_shows(&owner, &shop.id, "test").await;

    app.clock.advance(std::time::Duration::from_secs(1));
    verify(&test).await;
    fail(&app, &live).await;
    owner.sees("/", "trouble-failing").await;
    assert_shows(&owner, &shop.id, "live").await;
    let activity = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/live/webhook#evidence-panel", shop.id);
    let trouble = "other-mode";
    for rest in PAGES {
        let page = owner.get(&format!("/ks-pay/apps/{}{rest}?mode=test", shop.id)).await;
        assert!(page.text_of(trouble).contains("Live") && page.has(&format!("href=\"{activity}\"")), "{rest}");
        assert!(owner.get(&format!("/ks-pay/apps/{}{rest}?mode=live", shop.id)).await.lacks("other-mode"), "{rest}");
    }
    let cause = owner.get(&activity).await;
    assert!(cause.shows("evidence-panel") && cause.shows("cause-secret-with-line-end"), "{}", cause.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_whose_first_requests_were_rejected_is_not_verified_yet_on_every_page() {
    let app = TestApp::start_on_the_day().await;
    let (shop, test, live) = two_modes(&app).await;
    let owner = app.owner("Neem Tree Retail").await;
    verify(&test).await;
    fail(&app, &live).await;
    owner.sees_in("/", "trouble-not-verified-yet", " 2 Live ").await;
    for rest in PAGES {
        let page = owner.get(&format!("/ks-pay/apps/{}{rest}?mode=test", shop.id)).await;
        let said = page.text_of("other-mode");
        assert!(said.contains("Live") && said.contains(" 2 "), "{rest}: {said}");
    }
    for list in [format!("/ks-pay/apps/{}?mode=live", shop.id), "/ks-pay".to_owned()] {
        let page = owner.get(&list).await;
        assert!(page.shows("state-not-verified-yet") && page.lacks("state-not-started"), "{list}: {}", page.body);
        assert!(page.text_of("proven-rejections").starts_with("2 "), "{list}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_leads_to_the_step_that_needs_work_and_an_alert_to_the_cause() {
    let app = TestApp::start_on_the_day().await;
    let (shop, test, _live) = two_modes(&app).await;
    let owner = app.owner("Neem Tree Retail").await;
    let at = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test", shop.id);
    let open = async || owner.get(&at).await.location().rsplit('/').next().unwrap().to_owned();
    assert_eq!(open().await, "webhook");
    owner.post(&format!("{at}/webhook/completion"), &[]).await;
    assert_eq!(open().await, "webhook", "marked, not verified");
    verify(&test).await;
    assert_eq!(open().await, "credentials");
    fail(&app, &test).await;
    for list in ["/", "/ks-pay"] {
        let page = owner.sees(list, "trouble-failing").await;
        let (before, _) = page.body.split_once(">See the cause<").unwrap();
        let (_, link) = before.rsplit_once("href=\"").unwrap();
        let link = link.split('"').next().unwrap();
        assert_eq!(link, format!("{at}/webhook#evidence-panel"));
        let led_to = owner.get(link).await;
        assert!(led_to.shows("cause-secret-with-line-end"), "{list}: the cause and what to do");
    }
    assert_eq!(open().await, "webhook", "the failing step comes first");
}
