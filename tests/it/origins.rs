//! Accepted origins of a form: over plain http, through a proxy on another port, and at the listening address.

use reqwest::{Method, StatusCode, header};

use crate::support::{
    Installation, TestApp,
    browser::{Browser, Page},
    builders::PASSWORD,
};

const EMAIL: &str = "owner@neem-tree-retail.example";
const PUBLIC: &str = "https://pay.neemtree.example:8443";

async fn installed(public_url: Option<&str>) -> TestApp {
    let public_url = public_url.map(str::to_owned);
    let app = TestApp::start_with(|config| config.public_url = public_url).await;
    app.company("Neem Tree Retail").await;
    app
}

/// Signs in with these headers, as a browser that sends no others.
async fn sign_in(app: &TestApp, headers: &[(&str, &str)]) -> (Browser, Page) {
    let visitor = app.visitor();
    let token = visitor.get("/login").await.field("csrf_token").unwrap();
    let body = format!("csrf_token={token}&email={EMAIL}&password={}", PASSWORD.replace(' ', "+"));
    let form = (header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded");
    let page = visitor.send(Method::POST, "/login", Some(body), &[&[form], headers].concat()).await;
    (visitor, page)
}

async fn is_taken(app: &TestApp, headers: &[(&str, &str)]) -> bool {
    let (_, page) = sign_in(app, headers).await;
    assert!(page.status == StatusCode::SEE_OTHER || page.status == StatusCode::FORBIDDEN, "{headers:?}: {}", page.status);
    page.status == StatusCode::SEE_OTHER
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fetch_metadata_and_with_no_origin_to_name_the_token_decides() {
    for public_url in [None, Some("http://pay.neemtree.example:8080"), Some(PUBLIC)] {
        let app = installed(public_url).await;
        assert!(is_taken(&app, &[("origin", "null")]).await && is_taken(&app, &[]).await, "{public_url:?}");
        let form = [(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"), ("origin", "null")];
        let forged = app.visitor().send(Method::POST, "/login", Some("csrf_token=AAAA".to_owned()), &form).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let (owner, _) = sign_in(&app, &[("origin", "null")]).await;
        let forged = owner.send(Method::POST, "/settings", Some("csrf_token=AAAA&name=Changed".to_owned()), &form).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_up_works_with_a_null_origin_and_says_where_else_it_must_be_done() {
    let app = TestApp::start_with(|config| config.public_url = Some("http://192.0.2.7:8080".to_owned())).await;
    let owner = app.visitor();
    let page = owner.open_setup(&app.setup_link().unwrap()).await;
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let csrf = page.field("csrf_token").unwrap();
    let body = format!(
        "csrf_token={csrf}&company=Neem+Tree&name=Meera&email=meera%40neemtree.example&password={}",
        PASSWORD.replace(' ', "+")
    );
    let from = |origin| [(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"), ("origin", origin)];
    let elsewhere = owner.send(Method::POST, "/setup", Some(body.clone()), &from("http://192.0.2.8:8080")).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert!(elsewhere.text_of("other-origin").contains("http://192.0.2.7:8080"), "{}", elsewhere.body);
    assert_eq!(owner.send(Method::POST, "/setup", Some(body), &from("null")).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_is_compared_with_the_public_url_and_never_with_host() {
    let app = installed(Some(PUBLIC)).await;
    // As README's nginx block sends it: without the port.
    for host in ["pay.neemtree.example", "pay.neemtree.example:8443", "127.0.0.1:8080"] {
        assert!(is_taken(&app, &[("host", host), ("origin", PUBLIC)]).await, "{host}");
    }
    for origin in [
        "https://pay.neemtree.example",
        "http://pay.neemtree.example:8443",
        "https://pay.neemtree.example:8444",
        "https://evil.example",
        "https://pay.neemtree.example:8443.evil.example",
        "",
        "http://",
        "http://192.0.2.7:8080",
        "http://127.0.0.1:1",
    ] {
        let host = origin.split_once("://").map_or("pay.neemtree.example", |(_, host)| host);
        let host = if host.is_empty() { "pay.neemtree.example" } else { host };
        assert!(!is_taken(&app, &[("host", host), ("origin", origin)]).await, "{origin:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_an_address_that_is_listened_on_its_own_origin_is_right() {
    for public_url in [None, Some(PUBLIC)] {
        let app = installed(public_url).await;
        let port = app.address.port();
        for origin in [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")] {
            assert!(is_taken(&app, &[("origin", &origin)]).await, "{public_url:?} {origin}");
        }
        assert!(!is_taken(&app, &[("origin", &format!("https://127.0.0.1:{port}"))]).await);
    }
    let app = installed(None).await;
    // A container's port is mapped to another address and port, which only the browser knows; a host name could belong to any
    // site.
    assert!(is_taken(&app, &[("host", "192.0.2.7:8080"), ("origin", "http://192.0.2.7:8080")]).await);
    assert!(!is_taken(&app, &[("host", "evil.example:8080"), ("origin", "http://evil.example:8080")]).await);
    assert!(!is_taken(&app, &[("host", "192.0.2.7:8080"), ("origin", "http://192.0.2.8:8080")]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_metadata_outweighs_the_origin() {
    let app = installed(Some(PUBLIC)).await;
    for site in ["same-origin", "none"] {
        assert!(is_taken(&app, &[("sec-fetch-site", site), ("origin", "null")]).await, "{site}");
    }
    for site in ["same-site", "cross-site", ""] {
        assert!(!is_taken(&app, &[("sec-fetch-site", site), ("origin", PUBLIC)]).await, "{site}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_that_others_reach_is_warned_of_on_every_page_and_by_doctor() {
    for (public_url, is_warned) in [
        (Some("http://pay.neemtree.example"), true),
        (Some("http://192.0.2.7:8080"), true),
        (Some("https://pay.neemtree.example"), false),
        (Some("http://localhost:8080"), false),
        (Some("http://127.0.0.1:8080"), false),
        (None, false),
    ] {
        let app = installed(public_url).await;
        let (owner, _) = sign_in(&app, &[]).await;
        for page in [app.visitor().get("/login").await, owner.get("/").await, owner.get("/nowhere").await] {
            assert_eq!(page.shows("plain-http"), is_warned, "{public_url:?}");
        }
        let url = public_url.unwrap_or_default();
        let more: &[(&str, &str)] = if url.is_empty() { &[] } else { &[("KS_PAY_PUBLIC_URL", url)] };
        let doctor = app.cli_with(&["doctor"], "", more).await;
        assert_eq!(doctor.out.contains("is plain http"), is_warned, "{}", doctor.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_that_others_reach_is_warned_of_at_the_start() {
    for (url, is_warned) in [("http://pay.neemtree.example", true), ("https://pay.neemtree.example", false)] {
        let at = Installation::new().await;
        let (server, _) = at.serve_in_process(&[("KS_PAY_PUBLIC_URL", url)]);
        assert_eq!(server.terminate().err.contains("is plain http"), is_warned, "{url}");
    }
}
