//! Password reset by email: what the link does, and what strangers learn and cannot do.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp,
    browser::{Browser, Page},
    builders::PASSWORD,
    eventually,
    smtp_server::SmtpServer,
};

const EMAIL: &str = "owner@neem-tree-retail.example";
const NEW: &str = "orange kettle under the stairs";
const RESET: &str = "ks_pay_reset";
const BASE: &str = "https://pay.neemtree.example";
const MESSAGES: &str = "SELECT COUNT(*) FROM notifications";
const LINKS: &str = "SELECT COUNT(*) FROM password_resets";

async fn with_mail() -> (SmtpServer, TestApp) {
    let server = SmtpServer::start().await;
    let app = TestApp::start_with(|config| {
        server.set(config);
        config.public_url = Some(BASE.to_owned());
    })
    .await;
    app.company("Neem Tree Retail").await;
    app.company("Banyan Books").await;
    (server, app)
}

/// Asks for a link.
async fn ask(visitor: &Browser, email: &str) -> Page {
    let csrf = visitor.get("/login/forgotten").await.field("csrf_token").unwrap();
    visitor.post_exactly("/login/forgotten", &[("csrf_token", &csrf), ("email", email)]).await
}

/// Asks for a link and returns its path and query, as emailed.
async fn link(server: &SmtpServer, visitor: &Browser) -> String {
    let before = server.mails().len();
    assert_eq!(ask(visitor, EMAIL).await.location(), "/login/forgotten/sent");
    server.mail(before + 1).await.link(&format!("{BASE}/login/reset?token="))[BASE.len()..].to_owned()
}

/// Opens a link as a browser does, and submits the form.
async fn choose(visitor: &Browser, link: &str, [new, again]: [&str; 2]) -> Page {
    let opened = visitor.get(link).await;
    if opened.status != StatusCode::SEE_OTHER {
        return opened;
    }
    let csrf = visitor.get(opened.location()).await.field("csrf_token").unwrap();
    submit(visitor, &csrf, [new, again]).await
}

async fn submit(visitor: &Browser, csrf: &str, [new, again]: [&str; 2]) -> Page {
    let fields = [("csrf_token", csrf), ("new_password", new), ("confirm_password", again)];
    visitor.post_exactly("/login/reset", &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_a_new_password_ends_the_users_sessions_and_opens_none() {
    let (server, app) = with_mail().await;
    let (owner, stranger, visitor) = (app.owner("Neem Tree Retail").await, app.owner("Banyan Books").await, app.visitor());
    let link = link(&server, &visitor).await;
    assert!(visitor.get("/login/forgotten/sent").await.shows("reset-requested"));

    let opened = visitor.get(&link).await;
    assert_eq!((opened.location(), opened.body.as_str()), ("/login/reset", ""));
    assert_eq!(opened.headers["referrer-policy"], "no-referrer");
    assert_eq!(opened.headers["cache-control"], "no-store");
    let form = visitor.get("/login/reset").await;
    let token = link.split_once('=').unwrap().1;
    assert!(form.shows("new-password") && form.has(EMAIL) && !form.has(token));
    let csrf = form.field("csrf_token").unwrap();
    let done = submit(&visitor, &csrf, [NEW, NEW]).await;
    assert_eq!(done.location(), "/login/reset/done");
    assert!(visitor.get("/login/reset/done").await.shows("reset-done"));
    assert!(visitor.cookies().keys().all(|name| !name.contains(RESET) && !name.contains("session")), "{:?}", visitor.cookies());

    assert_eq!(owner.get("/personal-info").await.status, StatusCode::SEE_OTHER, "its sessions have ended");
    assert_eq!(stranger.get("/personal-info").await.status, StatusCode::OK, "those of others have not");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
    let notice = server.mail(2).await;
    assert_eq!((notice.to.as_str(), notice.header("Subject")), (EMAIL, "Your KS Pay password was changed".to_owned()));
    assert!(!notice.source().contains(token));
    assert_eq!(app.visitor().sign_in(EMAIL, PASSWORD, "/").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.visitor().sign_in(EMAIL, NEW, "/").await.location(), "/");
    let entries = app.texts("SELECT action FROM security_log WHERE action LIKE 'password%' ORDER BY id").await;
    assert_eq!(entries, ["password_reset_requested", "password_reset"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_moves_its_token_into_a_cookie_of_the_form_alone() {
    let (server, app) = with_mail().await;
    let visitor = app.visitor();
    let link = link(&server, &visitor).await;
    let opened = visitor.get(&link).await;
    let cookies: Vec<_> = opened.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let [cookie] = cookies[..] else { panic!("{cookies:?}") };
    let token = link.split_once('=').unwrap().1;
    assert!(cookie.starts_with(&format!("__Secure-{RESET}={token};")), "{cookie}");
    for part in ["HttpOnly", "Max-Age=1800", "Path=/login/reset", "SameSite=Lax", "Secure"] {
        assert!(cookie.split("; ").any(|own| own == part), "{part}: {cookie}");
    }
    let csrf = visitor.get("/login/reset").await.field("csrf_token").unwrap();
    assert_eq!(submit(&app.visitor(), &csrf, [NEW, NEW]).await.status, StatusCode::FORBIDDEN, "another browser");
    assert_eq!(submit(&visitor, "AAAA", [NEW, NEW]).await.status, StatusCode::FORBIDDEN, "without the form's token");
    assert_eq!(visitor.get("/login/reset?token=guessed").await.status, StatusCode::NOT_FOUND);
    // Mail programs open links.
    assert_eq!(app.visitor().send(Method::HEAD, &link, None, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(submit(&visitor, &csrf, [NEW, NEW]).await.location(), "/login/reset/done");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_gets_the_same_response_and_nothing_is_stored_or_sent() {
    let (server, app) = with_mail().await;
    let (known, unknown) = (app.visitor(), app.visitor());
    let (to_known, to_unknown) = (ask(&known, EMAIL).await, ask(&unknown, "stranger@neem-tree-retail.example").await);
    let headers = |page: &Page| {
        let names = page.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        names.filter(|(name, _)| name != "date").collect::<Vec<_>>()
    };
    assert_eq!(
        (to_known.status, &to_known.body, headers(&to_known)),
        (to_unknown.status, &to_unknown.body, headers(&to_unknown))
    );
    server.mail(1).await;
    // Longer than the worker needs to look for due messages.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((server.mails().len(), app.count(MESSAGES).await, app.count(LINKS).await), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_and_only_its_digest_is_stored() {
    let (server, app) = with_mail().await;
    let (first, second) = (app.visitor(), app.visitor());
    let link = link(&server, &first).await;
    let csrf = async |visitor: &Browser| {
        visitor.get(&link).await;
        visitor.get("/login/reset").await.field("csrf_token").unwrap()
    };
    let (one, two) = (csrf(&first).await, csrf(&second).await);
    let other = "seven quiet rivers at noon";
    let answers = tokio::join!(submit(&first, &one, [NEW, NEW]), submit(&second, &two, [other, other]));
    let mut answers = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 404], "of two at the same time");
    assert!(choose(&app.visitor(), &link, [NEW, NEW]).await.shows("reset-link-expired"));
    assert_eq!(app.count("SELECT COUNT(*) FROM security_log WHERE action = 'password_reset'").await, 1);
    let digests = "SELECT COUNT(*) FROM password_resets WHERE LENGTH(digest) <> 32";
    assert_eq!(app.count(digests).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_expires_after_half_an_hour() {
    let (server, app) = with_mail().await;
    let visitor = app.visitor();
    let link = link(&server, &visitor).await;
    visitor.get(&link).await;
    app.clock.advance(Duration::from_mins(30) - Duration::from_secs(1));
    let csrf = visitor.get("/login/reset").await.field("csrf_token").unwrap();
    app.clock.advance(Duration::from_secs(1));
    assert!(submit(&visitor, &csrf, [NEW, NEW]).await.shows("reset-link-expired"));
    assert_eq!(visitor.get(&link).await.status, StatusCode::NOT_FOUND);
    app.owner("Neem Tree Retail").await;
    // It is counted for a day; the next request deletes it.
    assert_eq!(ask(&visitor, EMAIL).await.location(), "/login/forgotten/sent");
    eventually(async || app.count(MESSAGES).await == 2).await;
    assert_eq!(app.count(LINKS).await, 2);
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(ask(&app.visitor(), EMAIL).await.location(), "/login/forgotten/sent");
    eventually(async || app.count(MESSAGES).await == 3).await;
    assert_eq!(app.count(LINKS).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_or_email_and_another_reset_invalidate_a_link() {
    let (server, app) = with_mail().await;
    let owner = app.owner("Neem Tree Retail").await;
    let change = [("old_password", PASSWORD), ("new_password", NEW), ("confirm_password", NEW)];
    let moved = [("name", "The Owner"), ("email", "new@neem-tree-retail.example"), ("current_password", NEW)];
    for (path, fields) in [("/personal-info/password", &change), ("/personal-info", &moved)] {
        let link = link(&server, &app.visitor()).await;
        assert_eq!(owner.post(path, fields).await.location(), "/personal-info");
        assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_password_follows_the_same_policy_as_elsewhere() {
    let (server, app) = with_mail().await;
    let visitor = app.visitor();
    let link = link(&server, &visitor).await;
    for (new, again, hook, reason) in [
        ("tiny pass", "tiny pass", "new_password-error", "too-short"),
        ("Neem Tree Retail 1", "Neem Tree Retail 1", "new_password-error", "easily-guessed"),
        (NEW, "another kettle of fish", "confirm_password-error", "not-the-same"),
    ] {
        let page = choose(&visitor, &link, [new, again]).await;
        assert_eq!((page.status, page.reason_of(hook)), (StatusCode::UNPROCESSABLE_ENTITY, reason));
        assert!(!page.has(new), "no password is shown again");
    }
    assert_eq!(choose(&visitor, &link, [NEW, NEW]).await.location(), "/login/reset/done");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_limited_per_account_whether_or_not_it_exists() {
    let (server, app) = with_mail().await;
    let visitor = app.visitor();
    for email in [EMAIL, "stranger@neem-tree-retail.example"] {
        for _ in 0..3 {
            assert_eq!(ask(&visitor, email).await.location(), "/login/forgotten/sent");
        }
        let limited = ask(&visitor, email).await;
        assert_eq!((limited.status, limited.reason_of("email-error")), (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts"));
        assert!(limited.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 60);
    }
    server.mail(3).await;
    for number in 0..4 {
        ask(&visitor, &format!("{number}@banyan.example")).await;
    }
    let limited = ask(&visitor, "owner@banyan-books.example").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "of the address");
    assert_eq!(server.mails().len(), 3);
    app.clock.advance(Duration::from_mins(10));
    assert_eq!(ask(&visitor, EMAIL).await.location(), "/login/forgotten/sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_sent_five_links_a_day_also_after_a_restart() {
    let (server, mut app) = with_mail().await;
    let mut sent = 0;
    for _ in 0..2 {
        for _ in 0..3 {
            sent += 1;
            assert_eq!(ask(&app.visitor(), EMAIL).await.location(), "/login/forgotten/sent");
            eventually(async || app.count(LINKS).await == sent.min(5)).await;
        }
        // The limits in memory begin anew.
        app.restart_with(|config| {
            server.set(config);
            config.public_url = Some(BASE.to_owned());
        })
        .await;
    }
    assert_eq!(ask(&app.visitor(), "owner@banyan-books.example").await.location(), "/login/forgotten/sent");
    eventually(async || app.count(MESSAGES).await == 6).await;
    assert_eq!(app.count(LINKS).await, 6, "another account");
    let entries = "SELECT COUNT(*) FROM security_log WHERE action = 'password_reset_requested'";
    assert_eq!(app.count(entries).await, 6, "five of the first");
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(ask(&app.visitor(), EMAIL).await.location(), "/login/forgotten/sent");
    eventually(async || app.count(MESSAGES).await == 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_is_that_of_the_public_url_whatever_the_request_claims() {
    let (server, app) = with_mail().await;
    let visitor = app.visitor();
    let csrf = visitor.get("/login/forgotten").await.field("csrf_token").unwrap();
    let body = format!("csrf_token={csrf}&email={EMAIL}");
    let claims = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", "thief.example"),
        ("x-forwarded-host", "thief.example"),
        ("forwarded", "host=thief.example"),
    ];
    let answer = visitor.send(Method::POST, "/login/forgotten", Some(body), &claims).await;
    assert_eq!(answer.location(), "/login/forgotten/sent");
    let mail = server.mail(1).await;
    assert!(mail.link(BASE).starts_with(&format!("{BASE}/login/reset?token=")) && !mail.source().contains("thief"));
}

#[tokio::test(flavor = "multi_thread")]
async fn emails_are_in_the_language_of_the_profile_or_else_of_the_page() {
    let (server, app) = with_mail().await;
    let visitor = app.visitor();
    visitor.plant("__Host-ks_pay_language", "hi");
    link(&server, &visitor).await;
    assert!(server.mail(1).await.part("text/html").contains("lang=\"hi-IN\""));
    app.sql("UPDATE users SET language = 'en'").await;
    link(&server, &visitor).await;
    assert!(server.mail(2).await.part("text/html").contains("lang=\"en-IN\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_the_page_says_who_can_help() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let visitor = app.visitor();
    let page = visitor.get("/login/forgotten").await;
    assert!(page.shows("forgotten-command") && page.field("email").is_none());
    let csrf = visitor.get("/login").await.field("csrf_token").unwrap();
    let posted = visitor.post_exactly("/login/forgotten", &[("csrf_token", &csrf), ("email", EMAIL)]).await;
    assert_eq!(posted.location(), "/login/forgotten");
    assert_eq!((app.count(MESSAGES).await, app.count(LINKS).await), (0, 0));
}
