//! The language of a page: profile, cookie of the switch, `Accept-Language`, else English.

use reqwest::{Method, StatusCode};

use crate::support::{TestApp, browser::Browser, builders::PASSWORD};

/// Returns the language of the page at a path, as its `lang` says it.
async fn language(visitor: &Browser, path: &str, accepted: &str) -> String {
    let page = visitor.send(Method::GET, path, None, &[("accept-language", accepted)]).await;
    assert_eq!(page.status, StatusCode::OK, "{path}");
    page.body.split_once("<html lang=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

async fn switch(visitor: &Browser, page: &str, to: &str, return_to: &str) -> String {
    let token = visitor.get(page).await.field("csrf_token").unwrap();
    let fields = [("csrf_token", token.as_str()), ("language", to), ("return_to", return_to)];
    visitor.post_exactly("/language", &fields).await.location().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn before_sign_in_the_switch_wins_over_the_browser() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let visitor = app.visitor();
    assert_eq!(language(&visitor, "/login", "hi-IN,en;q=0.5").await, "hi-IN");
    assert_eq!(language(&visitor, "/login", "fr").await, "en-IN");
    let page = visitor.get("/login").await;
    let vary: Vec<_> = page.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase()).collect();
    assert!(vary.iter().any(|value| value.contains("accept-language") && value.contains("cookie")), "{vary:?}");
    assert_eq!(switch(&visitor, "/login", "hi", "/login?redirect_url=%2Fsettings").await, "/login?redirect_url=%2Fsettings");
    assert_eq!(language(&visitor, "/login", "en").await, "hi-IN");
    assert_eq!(switch(&visitor, "/login", "en", "https://evil.example/").await, "/", "only to a page of the console");
    assert_eq!(language(&visitor, "/login", "hi").await, "en-IN");
    visitor.plant("ks_pay_language", "\"><script>");
    assert_eq!(language(&visitor, "/login", "hi").await, "hi-IN", "an edited cookie is ignored");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_wins_everywhere_and_for_its_user_alone() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    app.company("Dabba Club").await;
    let stranger = app.owner("Dabba Club").await;
    assert_eq!(switch(&owner, "/", "hi", "/settings").await, "/settings");
    assert_eq!(language(&owner, "/settings", "en").await, "hi-IN");
    let missing = owner.get("/no-such-page").await;
    assert!(missing.body.contains("lang=\"hi-IN\"") && missing.shows("no-such-page"), "an error page too");
    assert_eq!(language(&stranger, "/settings", "en").await, "en-IN");
    let elsewhere = app.visitor();
    elsewhere.sign_in("owner@neem-tree-retail.example", PASSWORD, "/").await;
    assert_eq!(language(&elsewhere, "/", "en").await, "hi-IN", "on another device");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_needs_a_token_and_a_language_of_the_console() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    app.company("Dabba Club").await;
    let stranger = app.owner("Dabba Club").await;
    let of_stranger = stranger.get("/").await.field("csrf_token").unwrap();
    let forged = owner.post_exactly("/language", &[("csrf_token", &of_stranger), ("language", "hi")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let own = owner.get("/").await.field("csrf_token").unwrap();
    for unknown in ["", "fr", "HI", "hi; path=/"] {
        let answer = owner.post_exactly("/language", &[("csrf_token", &own), ("language", unknown)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{unknown:?}");
    }
    assert_eq!(language(&owner, "/", "en").await, "en-IN");
    let back = owner.get("/language").await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "/"));
}
