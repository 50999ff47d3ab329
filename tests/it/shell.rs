//! The frame of an app's pages: the app switcher, the mode on every page, the health of the connections, the App ID select, and the
//! page that a language switch returns to.

use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::connected,
};

/// Returns the HTML of an element from its hook to the end of the element with that tag.
fn part<'a>(page: &'a Page, hook: &str, end: &str) -> &'a str {
    let start = page.body.find(hook).unwrap_or_else(|| panic!("{hook}: {}", page.body));
    let rest = &page.body[start..];
    &rest[..rest.find(end).unwrap()]
}

fn switcher(page: &Page) -> &str {
    part(page, "data-testid=\"switcher\"", "</details>")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_switcher_keeps_page_and_mode() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let (shop, stall) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
    shop.razorpay("live").await;
    app.company("Banyan Books").await.app("Banyan Books Online").await;
    let owner = app.owner("Neem Tree Retail").await;
    let at = |id: &str, rest: &str| format!("/ks-pay/apps/{id}{rest}");
    for (rest, kept) in [
        ("", ""),
        ("/transactions", "/transactions"),
        ("/events", "/events"),
        ("/rejections", "/rejections"),
        ("/destinations", "/destinations"),
        ("/settings", "/settings"),
        ("/settings/domain", "/settings/domain"),
        ("/settings/payment-gateways", "/settings/payment-gateways"),
        ("/settings/tokens", "/settings/tokens"),
        ("/settings/payment-gateways/razorpay/live/webhook", "/settings/payment-gateways"),
        ("/events/ev_0", ""),
    ] {
        for mode in ["live", "test"] {
            let is_step = rest.ends_with("webhook");
            let page = owner.get(&at(&shop.id, &format!("{rest}?mode={mode}"))).await;
            let mode = if is_step { "live" } else { mode };
            let link = format!("href=\"{}?mode={mode}\"", at(&stall.id, kept));
            let (menu, is_error) = (switcher(&page), rest.ends_with("ev_0"));
            assert!(menu.contains(&link) || (is_error && menu.contains(&at(&stall.id, kept))), "{rest}: {menu}");
            assert!(menu.contains("Neem Tree Store") && !menu.contains("Banyan"), "{rest}: {menu}");
            assert!(menu.contains("action=\"/ks-pay\"") && menu.contains("href=\"/ks-pay/apps/new\""), "{rest}: {menu}");
        }
    }
    assert!(owner.get(&at(&shop.id, "")).await.shows("switcher"));
    assert!(owner.get("/ks-pay").await.lacks("switcher"), "above an app there is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switcher_has_few_apps_with_their_worst_state_and_those_visited_last() {
    let app = TestApp::start_on_the_day().await;
    let company = app.company("Neem Tree Retail").await;
    let first = company.app("Oldest").await;
    let failing = first.razorpay("test").await;
    let mut newest = String::new();
    for number in 0..10 {
        newest = company.app(&format!("Shop {number}")).await.id;
    }
    let owner = app.owner("Neem Tree Retail").await;
    let count = |page: &Page| switcher(page).matches("data-narrowed").count();
    let page = owner.get(&format!("/ks-pay/apps/{newest}")).await;
    assert_eq!((count(&page), switcher(&page).contains("Oldest")), (8, false));
    failing.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.clock.advance(std::time::Duration::from_secs(1));
    for _ in 0..2 {
        let slip = format!("{}\n", failing.secret);
        assert_eq!(failing.post(bodies::payment("payment.captured", "pay_2", 0)).secret(&slip).send().await, 401);
    }
    owner.sees(&format!("/ks-pay/apps/{}?mode=test", first.id), "health-failing").await;
    let page = owner.get(&format!("/ks-pay/apps/{newest}")).await;
    assert_eq!(count(&page), 8);
    let (before, _) = switcher(&page).split_once("Oldest").expect("it was visited last");
    assert_eq!(before.matches("data-narrowed").count(), 1, "what needs attention comes first");
    assert!(switcher(&page).contains("Failing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_is_on_every_page_of_an_app_and_its_settings_keep_it() {
    let app = TestApp::start_on_the_day().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    test.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let owner = app.owner("Neem Tree Retail").await;
    let at = |rest: &str| format!("/ks-pay/apps/{}{rest}", shop.id);
    owner.get(&at("?mode=live")).await;
    for rest in ["/settings", "/settings/domain", "/settings/payment-gateways"] {
        let page = owner.get(&at(rest)).await;
        assert!(page.has("data-mode=\"live\""), "{rest}");
        for half in ["test", "live"] {
            assert!(page.has(&format!("href=\"{}?mode={half}\"", at(rest))), "{rest}: the switch stays on the tab");
        }
        for link in ["", "/transactions", "/events", "/rejections", "/settings"] {
            let nav = part(&page, "class=\"sidebar\"", "</nav>");
            assert!(nav.contains(&format!("href=\"{}?mode=live\"", at(link))), "{rest}: {link}: {nav}");
        }
        assert!(page.lacks("mode-mark"), "{rest}");
        assert!(owner.get(&at(&format!("{rest}?mode=prod"))).await.shows("unknown-mode"), "{rest}");
    }
    owner.get(&at("/settings?mode=test")).await;
    assert!(owner.get(&at("/events")).await.has("data-mode=\"test\""), "a mode chosen on a tab of the settings is kept");

    live.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.clock.advance(std::time::Duration::from_secs(1));
    for _ in 0..2 {
        let slip = format!("{}\n", live.secret);
        assert_eq!(live.post(bodies::payment("payment.captured", "pay_2", 0)).secret(&slip).send().await, 401);
    }
    owner.sees(&at("?mode=live"), "health-failing").await;
    for rest in ["", "/transactions", "/events", "/rejections", "/settings", "/settings/payment-gateways"] {
        let page = owner.get(&at(&format!("{rest}?mode=test"))).await;
        let modes = part(&page, "<nav class=\"mode\"", "</nav>");
        let live = modes.rsplit("<a ").next().unwrap();
        assert!(page.shows("mode-mark") && live.contains("mode-mark"), "{rest}: {modes}");
        assert!(owner.get(&at(&format!("{rest}?mode=live"))).await.lacks("mode-mark"), "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_foot_of_the_navigation_has_the_health_of_the_modes_connections() {
    let (app, connection, owner) = connected().await;
    let at = |rest: &str| format!("/ks-pay/apps/{}{rest}", connection.app_id);
    let webhook = at("/settings/payment-gateways/razorpay/test/webhook#evidence-panel");
    let page = owner.get(&at("/settings")).await;
    assert!(page.text_of("health-not-started").contains("Razorpay, Test") && page.has(&format!("href=\"{webhook}\"")));
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for rest in ["", "/transactions", "/events", "/rejections", "/settings", "/settings/payment-gateways/razorpay/test/webhook"] {
        assert!(owner.get(&at(rest)).await.text_of("health-verified").contains("Verified"), "{rest}");
    }
    let other = owner.get(&at("?mode=live")).await;
    assert!(other.shows("health-not-connected") && other.lacks("health-verified"));
    owner.post(&at("/enabled"), &[("is_enabled", "false"), ("confirm", "yes")]).await;
    let off = owner.get(&at("?mode=test")).await;
    assert!(off.shows("health-off") && off.lacks("health-verified"), "{}", off.body);
    assert!(switcher(&off).contains("Disabled"));
    drop(app);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_open_those_of_the_app_with_an_app_id_select_that_keeps_the_tab() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let (shop, stall) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
    let other = app.company("Banyan Books").await.app("Banyan Books Online").await;
    let owner = app.owner("Neem Tree Retail").await;
    let overview = owner.get(&format!("/ks-pay/apps/{}?mode=live", shop.id)).await;
    let nav = part(&overview, "class=\"sidebar\"", "</nav>");
    assert!(nav.contains(&format!("href=\"/ks-pay/apps/{}/settings?mode=live\"", shop.id)), "{nav}");
    for tab in ["settings", "settings/domain", "settings/payment-gateways"] {
        let page = owner.get(&format!("/ks-pay/apps/{}/{tab}", shop.id)).await;
        let form = part(&page, "class=\"app-choice\"", "</form>");
        assert!(form.contains(&format!("value=\"{}\" translate=\"no\" selected", shop.id)), "{form}");
        assert!(form.contains(&stall.id) && !form.contains(&other.id) && form.contains("<button"), "{form}");
        let query = format!("go=1&tab={}&mode=live&app={}", tab.replace('/', "%2F"), stall.id);
        let led_to = owner.get(&format!("/ks-pay/settings?{query}")).await;
        assert_eq!(led_to.location(), format!("/ks-pay/apps/{}/{tab}?mode=live", stall.id));
    }
    for wrong in ["tab=//evil.example", "tab=enabled", "tab=", "mode=prod"] {
        let led_to = owner.get(&format!("/ks-pay/settings?go=1&app={}&{wrong}", shop.id)).await;
        assert_eq!(led_to.location(), format!("/ks-pay/apps/{}/settings", shop.id), "{wrong}");
    }
    assert_eq!(owner.get(&format!("/ks-pay/settings?go=1&app={}", other.id)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_called_as_in_the_guide() {
    let (_app, connection, owner) = connected().await;
    for (path, heading) in [("/ks-pay", "KS Pay dashboard"), ("/settings", "Company"), ("/ks-pay/settings", "App settings")] {
        let page = owner.get(path).await;
        assert!(page.has(&format!("<h1>{heading}</h1>")) && page.has(&format!("<title>{heading} ")), "{path}");
    }
    assert!(owner.get("/").await.has("<title>Main dashboard "));
    let crumbs = owner.get(&format!("/ks-pay/apps/{}/events", connection.app_id)).await;
    assert!(part(&crumbs, "class=\"crumbs\"", "</nav>").contains("KS Pay dashboard"));
    assert!(part(&owner.get("/").await, "class=\"sidebar\"", "</nav>").contains("Settings"));
}

/// Returns the page that the language switch of a page returns to.
fn returns_to(page: &Page) -> String {
    page.field("return_to").unwrap().replace("&#38;", "&")
}

async fn assert_leads_to_form(owner: &Browser, path: &str, fields: &[(&str, &str)], form: &str) {
    let refused = owner.post(path, fields).await;
    assert!(refused.status.is_client_error(), "{path}: {}", refused.status);
    let mut to = returns_to(&refused);
    let page = owner.get(&to).await;
    if page.status == StatusCode::SEE_OTHER {
        page.location().clone_into(&mut to);
    }
    assert_eq!(to.split('?').next().unwrap(), form, "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_switch_of_a_form_with_errors_returns_to_the_form() {
    let (_app, connection, owner) = connected().await;
    let app = format!("/ks-pay/apps/{}", connection.app_id);
    let gateways = format!("{app}/settings/payment-gateways");
    let step = format!("{gateways}/razorpay/test");
    for (path, form) in [
        ("/ks-pay/apps".to_owned(), "/ks-pay/apps/new".to_owned()),
        ("/settings".to_owned(), "/settings".to_owned()),
        ("/personal-info".to_owned(), "/personal-info".to_owned()),
        ("/personal-info/password".to_owned(), "/personal-info".to_owned()),
        (format!("{app}/settings"), format!("{app}/settings")),
        (format!("{app}/settings/domain"), format!("{app}/settings/domain")),
        (format!("{app}/enabled"), format!("{app}/settings")),
        (gateways.clone(), gateways),
        (format!("{step}/credentials"), format!("{step}/credentials")),
        (format!("{step}/security"), format!("{step}/security")),
        (format!("{step}/webhook/secrets"), format!("{step}/webhook/secrets")),
    ] {
        assert_leads_to_form(&owner, &path, &[("is_enabled", "false"), ("name", ""), ("domain", "a b")], &form).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_server_keeps_the_navigation() {
    let (app, connection, owner) = connected().await;
    app.announce_error("a request failed");
    app.sql("ALTER TABLE daily_totals RENAME TO elsewhere").await;
    let page = owner.get(&format!("/ks-pay/apps/{}", connection.app_id)).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.shows("server-error") && page.has("<nav class=\"sidebar\" aria-label=\"Neem Tree Store\">"), "{}", page.body);
    assert!(!page.has("daily_totals") && page.has("<code>"), "the number of the request, not the cause");
}
