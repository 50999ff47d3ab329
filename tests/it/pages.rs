//! Properties of every page: headers, errors, no foreign origin, escaped names.

use reqwest::{Method, StatusCode};

use crate::support::{TestApp, bodies, browser::Page, builders::connected, database::is_postgres, fault::Outage};

fn paths(app: &str) -> Vec<String> {
    let step = |rest: &str| format!("/ks-pay/apps/{app}/settings/payment-gateways/razorpay/test{rest}");
    let mut paths: Vec<String> = [
        "/",
        "/personal-info",
        "/applications",
        "/settings",
        "/ks-pay",
        "/ks-pay?q=none",
        "/ks-pay/apps/new",
        "/ks-pay/settings",
        "/search",
        "/search?q=neem",
    ]
    .map(str::to_owned)
    .to_vec();
    for rest in [
        "",
        "/transactions",
        "/transactions?mode=live",
        "/events",
        "/events?mode=live",
        "/rejections",
        "/rejections?mode=live",
        "/settings",
        "/settings/domain",
        "/settings/payment-gateways",
    ] {
        paths.push(format!("/ks-pay/apps/{app}{rest}"));
    }
    paths.extend(["/credentials", "/webhook", "/integration", "/security"].map(step));
    paths
}

fn carries_the_headers(page: &Page, path: &str) {
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{path}: {part}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ] {
        assert_eq!(page.headers[name], value, "{path}");
    }
    for absent in ["server", "x-powered-by", "access-control-allow-origin", "strict-transport-security"] {
        assert!(!page.headers.contains_key(absent), "{path}: {absent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_answers_and_carries_the_headers() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_Demo0000000001", 0)).event_id("evt_1").stored().await;
    let owner = app.owner("Neem Tree Retail").await;
    for path in paths(&connection.app_id) {
        let page = owner.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        carries_the_headers(&page, &path);
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8", "{path}");
        assert!(page.has("Sign out"), "{path}");
        assert!(!page.has("<style") && !page.has("style=\"") && !page.has(" onclick"), "{path}");
        for foreign in page.body.split(['"', '\'']).filter(|text| text.starts_with("http") && !text.contains("127.0.0.1")) {
            assert!(foreign.contains("api.razorpay.com") || foreign.contains("checkout.razorpay.com"), "{path}: {foreign}");
        }
        let head = owner.send(Method::HEAD, &path, None, &[]).await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_none_say_what_to_do_and_nothing_else() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    for (visitor, path) in [
        (&owner, "/nope"),
        (&app.visitor(), "/nope"),
        (&owner, "/static/../Cargo.toml"),
        (&owner, "/.git/config"),
        (&owner, "/static/"),
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.shows("no-such-page") && page.has("href=\"/\""), "{path}");
        carries_the_headers(&page, path);
    }
    let page = owner.send(Method::DELETE, "/login", None, &[]).await;
    assert!(page.has("aria-label=\"Console\""), "the navigation stays");
    assert_eq!((page.status, !page.headers["allow"].is_empty()), (StatusCode::METHOD_NOT_ALLOWED, true));
    carries_the_headers(&page, "DELETE /login");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_keeps_the_navigation_on_error_pages() {
    let (app, connection, owner) = connected().await;
    let id = &connection.app_id;
    for (path, navigation) in [
        ("/nope".to_owned(), "Console"),
        (format!("/ks-pay/apps/{id}/nope"), "Neem Tree Store"),
        (format!("/ks-pay/apps/{id}/events/ev_0"), "Neem Tree Store"),
    ] {
        let navigation = format!("<nav class=\"sidebar\" aria-label=\"{navigation}\">");
        let page = owner.get(&path).await;
        assert_eq!((page.status, page.has(&navigation)), (StatusCode::NOT_FOUND, true), "{path}: {}", page.body);
        let page = app.visitor().get(&path).await;
        assert!(!page.has("class=\"sidebar\""), "{path}");
    }
    let expired = owner.post_exactly(&format!("/ks-pay/apps/{id}/settings"), &[("csrf_token", "AAAA")]).await;
    assert_eq!(expired.status, StatusCode::FORBIDDEN);
    assert!(expired.shows("form-expired") && expired.has("class=\"sidebar\""), "{}", expired.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_a_page_of_its_own() {
    let app = TestApp::start().await;
    app.announce_error("a request failed");
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    let token = owner.token().await;
    let fields = [("csrf_token", token.as_str()), ("name", "A"), ("email", "owner@neem-tree-retail.example")];
    let page = if is_postgres() {
        app.begin_outage(Outage::Closed).await;
        let page = owner.post_exactly("/personal-info", &fields).await;
        app.end_outage(Outage::Closed).await;
        page
    } else {
        let lock = app.lock_installation().await;
        let page = owner.post_exactly("/personal-info", &fields).await;
        lock.release().await;
        page
    };
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.shows("database-unavailable"));
    for cause in ["sqlite", "SELECT", "database is locked", "accepting connections"] {
        assert!(!page.has(cause), "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_markup_in_it_is_inert_everywhere() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    let evil = "\"><svg onload=alert(1)><script>alert(1)</script>";
    let made = owner.post("/ks-pay/apps", &[("name", evil), ("email", "a@b.example"), ("country", "IN"), ("city", evil)]).await;
    let id = made.location().rsplit('/').next().unwrap().to_owned();
    owner
        .post(&format!("/ks-pay/apps/{id}/settings/payment-gateways"), &[("gateway", "razorpay"), ("mode", "test")])
        .await
        .location();
    for path in paths(&id) {
        let page = owner.get(&path).await;
        assert!(!page.has("<svg onload") && !page.has("<script>alert"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_cookies_and_headers_insist_on_it() {
    let app = TestApp::start_with(|config| config.public_url = Some("https://pay.neemtree.example".to_owned())).await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get("/personal-info").await;
    assert_eq!(page.headers["strict-transport-security"], "max-age=31536000", "other names under this one are not ours");
    assert!(owner.cookies().contains_key("__Host-ks_pay_session"), "{:?}", owner.cookies().keys());
    let answer = app.visitor().sign_in("owner@neem-tree-retail.example", crate::support::builders::PASSWORD, "/").await;
    let cookie = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap())
        .find(|line| line.contains("session"))
        .unwrap();
    for flag in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}
