//! Sign-in limits: who is throttled, who is not, and client addresses behind a proxy.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{StreamExt as _, future::join_all, stream};
use ks_pay::primitives::time::Clock;
use reqwest::{Method, StatusCode};

use crate::support::{
    Installation, TestApp,
    browser::{Browser, Page},
    builders::PASSWORD,
    eventually,
    webhook_request::client_from,
};

const EMAIL: &str = "owner@neem-tree-retail.example";

async fn installed() -> TestApp {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_the_owner_gets_in_from_elsewhere() {
    let app = TestApp::start_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    app.company("Neem Tree Retail").await;
    let sign_in = async |from: &str, password: &str| {
        let visitor = app.visitor();
        let form = visitor.get("/login").await;
        let token = form.field("csrf_token").unwrap();
        let body = format!("csrf_token={token}&email={EMAIL}&password={password}");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", from)];
        visitor.send(Method::POST, "/login", Some(body), &headers).await
    };
    let mut slowed = 0;
    for _ in 0..30 {
        slowed += u32::from(sign_in("192.0.2.1", "wrong").await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(slowed, 20, "all after a burst of ten");
    let throttled = sign_in("192.0.2.1", "wrong").await;
    let wait = throttled.headers["retry-after"].to_str().unwrap();
    assert!(throttled.text_of("sign-in-error").contains(&format!("{wait}\u{a0}s")), "{}", throttled.body);
    assert_eq!(sign_in("192.0.2.2", &PASSWORD.replace(' ', "+")).await.location(), "/");
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(sign_in("192.0.2.1", "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY, "after waiting");
    assert_eq!(sign_in("192.0.2.1", "wrong").await.status, StatusCode::TOO_MANY_REQUESTS, "once");
}

/// Returns how many of thirty wrong attempts were throttled unchecked.
async fn slowed(wrong: impl AsyncFn(u32) -> Page) -> u32 {
    let mut slowed = 0;
    for number in 0..30 {
        slowed += u32::from(wrong(number).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    slowed
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_no_proxy_vouches_for_counts_for_nothing() {
    let app = installed().await;
    let wrong = async |number: u32| {
        let visitor = app.visitor();
        let token = visitor.get("/login").await.field("csrf_token").unwrap();
        let body = format!("csrf_token={token}&email={EMAIL}&password=wrong");
        let from = format!("192.0.2.{number}");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", from.as_str())];
        visitor.send(Method::POST, "/login", Some(body), &headers).await
    };
    let slowed = slowed(wrong).await;
    assert_eq!(slowed, 20, "all after a burst of ten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_signed_in_before_may_not_guess_for_ever() {
    let app = installed().await;
    let browser = app.owner("Neem Tree Retail").await;
    browser.post("/logout", &[]).await.location();
    let slowed = slowed(async |_| browser.sign_in(EMAIL, "wrong", "/").await).await;
    assert_eq!(slowed, 20, "all after a burst of ten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gains_no_new_limit_by_signing_in_again() {
    let app = installed().await;
    let browser = app.owner("Neem Tree Retail").await;
    let id = async || {
        let body = browser.cookies()["ks_pay_known"].split('.').next().unwrap().to_owned();
        URL_SAFE_NO_PAD.decode(body).unwrap()
    };
    let before = id().await;
    browser.post("/logout", &[]).await.location();
    assert_eq!(browser.sign_in(EMAIL, PASSWORD, "/").await.location(), "/");
    assert_eq!(id().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_is_no_place_to_guess_the_password_from() {
    let app = installed().await;
    let thief = app.owner("Neem Tree Retail").await;
    let new = "orange kettle under the stairs";
    let token = thief.token().await;
    let change = async |old: &str| {
        let fields = [("csrf_token", token.as_str()), ("old_password", old), ("new_password", new), ("confirm_password", new)];
        thief.post_exactly("/personal-info/password", &fields).await.status
    };
    assert_eq!(change("wrong").await, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..30 {
        change("wrong").await;
    }
    assert_eq!(change(PASSWORD).await, StatusCode::TOO_MANY_REQUESTS, "even the right one is looked at no more");
}

/// Starts a server behind a proxy that forwards client addresses.
async fn behind_a_proxy() -> TestApp {
    let app = TestApp::start_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    app.company("Neem Tree Retail").await;
    app
}

async fn post_login(visitor: &Browser, from: &[u8], email: &str, password: &str) -> Page {
    let token = visitor.get("/login").await.field("csrf_token").unwrap();
    let body = format!("csrf_token={token}&email={email}&password={}", password.replace(' ', "+"));
    visitor.send_from(from, "/login", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sign_ins_from_one_wide_network_are_limited_together_and_hold_up_no_known_browser() {
    let app = behind_a_proxy().await;
    let owner = app.visitor();
    assert_eq!(post_login(&owner, b"198.51.100.7", EMAIL, PASSWORD).await.location(), "/");
    owner.post("/logout", &[]).await.location();
    let stranger = app.visitor();
    stranger.get("/login").await;
    let token = stranger.get("/login").await.field("csrf_token").unwrap();
    let mut refused = 0;
    for number in 0..300 {
        let from = format!("2001:db8:7:{number:x}::1");
        let body = format!("csrf_token={token}&email=a{number}@b.example&password=wrong");
        let page = stranger.send_from(from.as_bytes(), "/login", body).await;
        refused += u32::from(page.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 180, "all after the network's burst");
    assert_eq!(post_login(&owner, b"2001:db8:7:ffff::1", EMAIL, PASSWORD).await.location(), "/", "a known browser has its own");
    let other = app.visitor();
    assert_eq!(post_login(&other, b"2001:db8:8::1", EMAIL, PASSWORD).await.location(), "/", "and so has another network");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_cookie_is_limited_per_customer_and_holds_up_no_other_tenant() {
    let app = behind_a_proxy().await;
    app.company("Banyan Books").await;
    let (owner, other) = (app.visitor(), app.visitor());
    let others_sign_in = async || {
        let page = post_login(&other, b"198.51.100.8", "owner@banyan-books.example", PASSWORD).await;
        assert_eq!(page.location(), "/");
        other.post("/logout", &[]).await.location();
    };
    assert_eq!(post_login(&owner, b"198.51.100.7", EMAIL, PASSWORD).await.location(), "/");
    owner.post("/logout", &[]).await.location();
    others_sign_in().await;

    let thief = owner.twin();
    let token = &thief.get("/login").await.field("csrf_token").unwrap();
    let attempts = stream::iter(0..300).map(async |number| {
        let body = format!("csrf_token={token}&email={EMAIL}&password=wrong");
        thief.send_from(format!("2001:db8:7:{number:x}::1").as_bytes(), "/login", body).await.status
    });
    let meanwhile = async {
        for _ in 0..3 {
            others_sign_in().await;
        }
    };
    let (attempts, ()) = tokio::join!(attempts.buffer_unordered(60).collect::<Vec<_>>(), meanwhile);
    let refused = attempts.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!(refused, 280, "all after the customer's burst");
    assert_eq!(post_login(&owner, b"198.51.100.7", EMAIL, PASSWORD).await.location(), "/", "the owner's own network");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_finds_the_queue_full_says_so_and_when_to_try_again() {
    let app = behind_a_proxy().await;
    let browser = app.visitor();
    assert_eq!(post_login(&browser, b"198.51.100.7", EMAIL, PASSWORD).await.location(), "/");
    browser.post("/logout", &[]).await.location();
    let token = &browser.get("/login").await.field("csrf_token").unwrap();
    for round in 0..20 {
        let attempts = join_all((0..10).map(async |_| {
            let body = format!("csrf_token={token}&email={EMAIL}&password=not+the+password");
            browser.send_from(format!("203.0.{round}.1").as_bytes(), "/login", body).await
        }));
        let Some(busy) = attempts.await.into_iter().find(|page| page.status == StatusCode::SERVICE_UNAVAILABLE) else {
            continue;
        };
        assert!(busy.shows("sign-in-error"), "{}", busy.body);
        assert!(busy.has(EMAIL) && busy.field("csrf_token").is_some() && !busy.has("not the password"), "{}", busy.body);
        assert_eq!(busy.headers["retry-after"], "2");
        return;
    }
    panic!("the queue was never full");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_byte_before_the_proxys_own_hop_hides_nothing() {
    let app = behind_a_proxy().await;
    let slowed = slowed(async |number| {
        let from = [&[0xff, 0x80 + u8::try_from(number).unwrap()][..], b", 192.0.2.1"].concat();
        post_login(&app.visitor(), &from, EMAIL, "wrong").await
    });
    let slowed = slowed.await;
    assert_eq!(slowed, 20, "all after a burst of ten");
    assert_eq!(post_login(&app.visitor(), b"\xff, 192.0.2.2", EMAIL, PASSWORD).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_trusted_is_told_of_by_doctor_until_it_is() {
    let mut app = installed().await;
    let said = "127.0.0.1, which is not in KS_PAY_TRUSTED_PROXIES";
    assert!(!app.cli(["doctor"], "").await.out.contains(said), "nothing was seen yet");
    app.visitor().send(Method::GET, "/login", None, &[("x-forwarded-for", "192.0.2.1")]).await;
    eventually(async || app.count("SELECT COUNT(*) FROM installation WHERE name = 'untrusted_proxy'").await == 1).await;
    let doctor = app.cli(["doctor"], "").await;
    assert!(doctor.out.contains(said) && doctor.out.contains("add 127.0.0.1/32"), "{}", doctor.out);
    let trusted = [("KS_PAY_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1/32")];
    assert!(!app.cli_with(&["doctor"], "", &trusted).await.out.contains(said));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_was_last_seen_long_ago_is_reported_no_more() {
    let mut app = installed().await;
    let day = Duration::from_hours(24);
    app.restart_at(Clock::fixed(app.clock.now().minus(day * 31))).await;
    let said = "which is not in KS_PAY_TRUSTED_PROXIES";
    let visitor = app.visitor();
    let request = async || visitor.send(Method::GET, "/login", None, &[("x-forwarded-for", "192.0.2.1")]).await;
    request().await;
    eventually(async || app.count("SELECT COUNT(*) FROM installation WHERE name = 'untrusted_proxy'").await == 1).await;
    assert!(!app.cli(["doctor"], "").await.out.contains(said), "it was 31 days ago");
    app.clock.advance(day * 2);
    request().await;
    eventually(async || app.cli(["doctor"], "").await.out.contains(said)).await;
    assert!(app.cli(["doctor"], "").await.out.contains("Last seen "));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_trusted_is_logged_once() {
    let at = Installation::new().await;
    let (server, address) = at.serve_in_process(&[]);
    // From different peers, since identical lines within one second are written only once anyway.
    for peer in 1..=3 {
        let peer = std::net::IpAddr::from([127, 0, 0, peer]);
        let request = client_from(peer).get(format!("http://{address}/login")).header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }
    let log = server.terminate().err;
    assert_eq!(log.matches("carry X-Forwarded-For").count(), 1, "{log}");
    let (server, address) = at.serve_in_process(&[("KS_PAY_TRUSTED_PROXIES", "127.0.0.1")]);
    Browser::at(address).send(Method::GET, "/login", None, &[("x-forwarded-for", "192.0.2.1")]).await;
    assert!(!server.terminate().err.contains("carry X-Forwarded-For"));
}
