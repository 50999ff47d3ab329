//! Set-up, sign-in, sessions and Personal Info.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp,
    browser::{Browser, Page},
    builders::PASSWORD,
};

const EMAIL: &str = "owner@neem-tree-retail.example";
const SESSION: &str = "ks_pay_session";
const SETUP: &str = "ks_pay_setup";

async fn installed() -> TestApp {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_makes_one_owner_and_then_no_more() {
    let app = TestApp::start().await;
    let link = app.setup_link().unwrap();
    assert_eq!(app.visitor().get("/setup?token=guessed").await.status, StatusCode::NOT_FOUND);

    let (owner, other) = (app.visitor(), app.visitor());
    let csrf = |page: &Page| page.field("csrf_token").unwrap();
    let form = owner.open_setup(&link).await;
    let weak = set_up(&owner, &csrf(&form), "password1234").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.has("Neem Tree Retail") && !weak.has("password1234"), "typed values stay, the password does not");
    let named = set_up(&owner, &csrf(&form), "Neem Tree Retail 1").await;
    assert_eq!((named.status, named.reason_of("password-error")), (StatusCode::UNPROCESSABLE_ENTITY, "easily-guessed"));

    let late = csrf(&other.open_setup(&link).await);
    assert_eq!(set_up(&owner, &csrf(&form), PASSWORD).await.location(), "/");
    assert!(owner.get("/personal-info").await.has("Meera"));
    assert!(!owner.cookies().contains_key(SETUP), "the cookie is cleared");
    assert_eq!(set_up(&other, &late, PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get("/setup").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().open_setup(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
}

/// Submits the form of `/setup`.
async fn set_up(visitor: &Browser, csrf: &str, password: &str) -> Page {
    let names =
        [("csrf_token", csrf), ("company", "Neem Tree Retail"), ("name", "Meera"), ("email", EMAIL), ("password", password)];
    visitor.post_exactly("/setup", &names).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_moves_its_token_into_a_cookie() {
    for (public_url, name, is_secure) in [
        (None, SETUP, false),
        (Some("http://192.0.2.7:8080"), SETUP, false),
        (Some("https://pay.neemtree.example"), "__Secure-ks_pay_setup", true),
    ] {
        let app = TestApp::start_with(|config| config.public_url = public_url.map(str::to_owned)).await;
        let link = app.setup_link().unwrap();
        let (base, token) = link.split_once("/setup?token=").unwrap();
        let owner = app.visitor();
        let opened = owner.get(&link[base.len()..]).await;
        assert_eq!((opened.location(), opened.body.as_str()), ("/setup", ""));
        assert_eq!(opened.headers["referrer-policy"], "no-referrer");
        assert_eq!(opened.headers["cache-control"], "no-store");
        let [cookie] = &opened.headers.get_all("set-cookie").iter().collect::<Vec<_>>()[..] else {
            panic!("one cookie: {:?}", opened.headers)
        };
        let mut parts: Vec<_> = cookie.to_str().unwrap().split("; ").collect();
        parts.sort_unstable();
        let mut wanted = vec!["HttpOnly", "Max-Age=86400", "Path=/setup", "SameSite=Lax"];
        wanted.extend(is_secure.then_some("Secure"));
        let pair = format!("{name}={token}");
        wanted.push(&pair);
        wanted.sort_unstable();
        assert_eq!(parts, wanted);

        let form = owner.get("/setup").await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(!form.has(token) && form.field("token").is_none(), "{}", form.body);
        let csrf = form.field("csrf_token").unwrap();
        assert_eq!(set_up(&app.visitor(), &csrf, PASSWORD).await.status, StatusCode::FORBIDDEN, "another browser");
        assert_eq!(set_up(&owner, "AAAA", PASSWORD).await.status, StatusCode::FORBIDDEN, "without the form's token");
        // A wrong link, to which any site can lead this browser, does not affect its session.
        assert_eq!(owner.get("/setup?token=guessed").await.status, StatusCode::NOT_FOUND);
        let done = set_up(&owner, &csrf, PASSWORD).await;
        assert_eq!(done.location(), "/");
        let cleared = done.headers.get_all("set-cookie").iter().any(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.starts_with(&format!("{name}=;")) && cookie.contains("Max-Age=0") && cookie.contains("Path=/setup")
        });
        assert!(cleared, "{:?}", done.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_set_up_needs_the_cookie_of_its_link() {
    let app = TestApp::start().await;
    let (link, stranger) = (app.setup_link().unwrap(), app.visitor());
    assert_eq!(stranger.get("/setup").await.status, StatusCode::NOT_FOUND, "without the link there is no form");
    let csrf = stranger.get("/login").await.field("csrf_token").unwrap();
    let token = link.split_once("token=").unwrap().1;
    for (cookie, fields) in [(None, &[][..]), (Some("guessed"), &[]), (None, &[("token", token)])] {
        if let Some(value) = cookie {
            stranger.plant(SETUP, value);
        }
        let names =
            [("csrf_token", csrf.as_str()), ("company", "Evil"), ("name", "Evil"), ("email", EMAIL), ("password", PASSWORD)];
        let page = stranger.post_exactly("/setup", &[&names[..], fields].concat()).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.body);
        assert!(page.shows("setup-link-expired"));
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_uses_of_the_set_up_link_one_creates_the_owner() {
    let app = TestApp::start().await;
    let link = app.setup_link().unwrap();
    let set_up = async |email: &'static str| {
        let visitor = app.visitor();
        let csrf = visitor.open_setup(&link).await.field("csrf_token").unwrap();
        let fields = [("csrf_token", csrf.as_str()), ("company", email), ("name", "Meera"), ("email", email)];
        visitor.post_exactly("/setup", &[&fields[..], &[("password", PASSWORD)]].concat()).await.status.as_u16()
    };
    let mut answers = <[u16; 2]>::from(tokio::join!(set_up("meera@neemtree.example"), set_up("ravi@banyan.example")));
    answers.sort_unstable();
    assert_eq!((answers, app.count("SELECT COUNT(*) FROM users").await), ([303, 404], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_link_dies_after_a_day_and_with_the_next_start() {
    let mut app = TestApp::start().await;
    let first = app.setup_link().unwrap();
    let early = app.visitor();
    assert_eq!(early.open_setup(&first).await.status, StatusCode::OK);
    app.restart().await;
    assert_eq!(app.visitor().open_setup(&first).await.status, StatusCode::NOT_FOUND);
    assert_eq!(early.elsewhere(app.address).get("/setup").await.status, StatusCode::NOT_FOUND, "nor does its cookie work");
    let second = app.setup_link().unwrap();
    let late = app.visitor();
    assert_eq!(late.open_setup(&second).await.status, StatusCode::OK);
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(app.visitor().open_setup(&second).await.status, StatusCode::NOT_FOUND);
    assert_eq!(late.get("/setup").await.status, StatusCode::NOT_FOUND, "nor does its cookie work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_email_get_the_same_answer() {
    let app = installed().await;
    let answer = async |email: &str| {
        let page = app.visitor().sign_in(email, "not the password", "/").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let token = page.field("csrf_token").unwrap();
        page.body.replace(&token, "").replace(email, "")
    };
    assert_eq!(answer(EMAIL).await, answer("nobody@neem-tree-retail.example").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_email_is_compared_in_lower_case() {
    let app = installed().await;
    assert_eq!(app.visitor().sign_in("Owner@Neem-Tree-Retail.Example", PASSWORD, "/").await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_after_signing_in_stays_inside_the_site() {
    let app = installed().await;
    assert_eq!(app.visitor().get("/ks-pay?q=a").await.location(), "/login?redirect_url=%2Fks-pay%3Fq%3Da");
    for (asked, got) in
        [("/ks-pay?q=a", "/ks-pay?q=a"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/")]
    {
        assert_eq!(app.visitor().sign_in(EMAIL, PASSWORD, asked).await.location(), got);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_kills_the_session_on_the_server() {
    let app = installed().await;
    let owner = app.owner("Neem Tree Retail").await;
    let thief = owner.twin();
    assert_eq!(thief.get("/personal-info").await.status, StatusCode::OK);
    assert_eq!(owner.post("/logout", &[]).await.location(), "/login");
    assert_eq!(thief.get("/personal-info").await.location(), "/login?redirect_url=%2Fpersonal-info");
    assert_eq!(owner.send(Method::GET, "/logout", None, &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_makes_a_new_session_and_ends_the_one_before() {
    let app = installed().await;
    let owner = app.owner("Neem Tree Retail").await;
    let before = owner.twin();
    let form = app.visitor();
    let page = form.get("/login").await;
    // The same browser signs in again, as after session fixation.
    let again = owner.twin();
    again.post("/logout", &[]).await;
    assert_eq!(again.sign_in(EMAIL, PASSWORD, "/").await.location(), "/");
    assert_ne!(again.cookies()["ks_pay_session"], before.cookies()["ks_pay_session"]);
    assert_eq!(before.get("/").await.status, StatusCode::SEE_OTHER);
    assert!(page.has("Enter Your Email") && page.has("Enter Password") && page.has("Forgot Password?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_planted_before_signing_in_is_over_afterwards() {
    let app = installed().await;
    let (thief, owner) = (app.owner("Neem Tree Retail").await, app.visitor());
    let token = owner.get("/login").await.field("csrf_token").unwrap();
    owner.plant(SESSION, &thief.cookies()[SESSION]);
    let fields = [("csrf_token", token.as_str()), ("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(owner.post_exactly("/login", &fields).await.location(), "/");
    assert_ne!(owner.cookies()[SESSION], thief.cookies()[SESSION]);
    assert_eq!(owner.get("/personal-info").await.status, StatusCode::OK);
    assert_eq!(thief.get("/personal-info").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_its_whole_token_and_the_database_has_only_a_hash_of_it() {
    let mut app = installed().await;
    let token = app.owner("Neem Tree Retail").await.cookies()[SESSION].clone();
    for wrong in [String::new(), "x".to_owned(), token[1..].to_owned(), token.to_lowercase(), format!("{token}A")] {
        let visitor = app.visitor();
        visitor.plant(SESSION, &wrong);
        assert_eq!(visitor.get("/personal-info").await.status, StatusCode::SEE_OTHER, "{wrong}");
    }
    app.stop().await;
    for (path, content) in crate::support::files(&app.data_dir()) {
        let is_there = content.windows(16).any(|window| window == &token.as_bytes()[..16]);
        assert!(!is_there, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_this_server_did_not_sign_for_it_says_nothing() {
    let app = installed().await;
    let owner = app.owner("Neem Tree Retail").await;
    owner.post("/personal-info", &[("name", "Meera"), ("email", EMAIL)]).await.location();
    let (real, known) = (owner.cookies()["ks_pay_flash"].clone(), owner.cookies()["ks_pay_known"].clone());
    let shows = async |flash: &str| {
        owner.plant("ks_pay_flash", flash);
        owner.get("/applications").await.has("data-flash")
    };
    assert!(shows(&real).await, "what the server signed is shown");
    let ((body, mac), (_, mac_of_another)) = (real.rsplit_once('.').unwrap(), known.rsplit_once('.').unwrap());
    let (payload, until) = body.split_once('.').unwrap();
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let forged = URL_SAFE_NO_PAD.encode(text.replace("is saved", "is sold"));
    assert_ne!(forged, payload);
    // Without a signature, with an invalid one, with one of another text, of another cookie, and with a later expiry.
    for flash in [
        format!("{forged}.{until}."),
        format!("{forged}.{until}.AAAA"),
        format!("{forged}.{until}.{mac}"),
        format!("{payload}.{until}.{mac_of_another}"),
        format!("{payload}.{until}0.{mac}"),
    ] {
        assert!(!shows(&flash).await, "{flash}");
    }
    // A signed value is valid under its own name only.
    let visitor = app.visitor();
    visitor.plant("ks_pay_visitor", &real);
    visitor.get("/login").await;
    assert_ne!(visitor.cookies()["ks_pay_visitor"], real);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_for_signing_in_is_good_for_an_hour() {
    let app = installed().await;
    let visitor = app.visitor();
    let token = visitor.get("/login").await.field("csrf_token").unwrap();
    let fields = [("csrf_token", token.as_str()), ("email", EMAIL), ("password", PASSWORD)];
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(visitor.post_exactly("/login", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(visitor.sign_in(EMAIL, PASSWORD, "/").await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_idle_and_old() {
    let app = installed().await;
    let idle = app.owner("Neem Tree Retail").await;
    app.clock.advance(Duration::from_hours(12));
    assert_eq!(idle.get("/personal-info").await.status, StatusCode::SEE_OTHER);

    let busy = app.owner("Neem Tree Retail").await;
    for _ in 0..15 {
        app.clock.advance(Duration::from_hours(11));
        assert_eq!(busy.get("/personal-info").await.status, StatusCode::OK);
    }
    app.clock.advance(Duration::from_hours(4));
    assert_eq!(busy.get("/personal-info").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_pages_writes_a_sessions_last_use_once_a_minute() {
    let app = installed().await;
    let owner = app.owner("Neem Tree Retail").await;
    let started = app.clock.now().millis();
    let written = async || app.count("SELECT CAST(MAX(last_seen_at) AS BIGINT) FROM sessions").await - started;
    let lock = app.lock_installation().await;
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(owner.get("/personal-info").await.status, StatusCode::OK, "a page needs no lock to be read");
    lock.release().await;
    assert_eq!(written().await, 0);
    app.clock.advance(Duration::from_secs(1));
    owner.get("/personal-info").await;
    assert_eq!(written().await, 60_000);
    app.clock.advance(Duration::from_secs(59));
    owner.get("/personal-info").await;
    assert_eq!(written().await, 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_other_sessions_and_keeps_this_one() {
    let app = installed().await;
    let (here, there) = (app.owner("Neem Tree Retail").await, app.owner("Neem Tree Retail").await);
    let new = "orange kettle under the stairs";
    let fields = |old: &'static str| [("old_password", old), ("new_password", new), ("confirm_password", new)];
    let wrong = here.post("/personal-info/password", &fields("not my password")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.has(new));
    assert_eq!(here.post("/personal-info/password", &fields(PASSWORD)).await.location(), "/personal-info");
    assert_eq!(here.get("/personal-info").await.status, StatusCode::OK);
    assert_eq!(there.get("/personal-info").await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.visitor().sign_in(EMAIL, new, "/").await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_email_needs_the_present_password() {
    let app = installed().await;
    let owner = app.owner("Neem Tree Retail").await;
    let fields =
        |password: &'static str| [("name", "Meera"), ("email", "meera@neemtree.example"), ("current_password", password)];
    assert_eq!(owner.post("/personal-info", &fields("")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(owner.post("/personal-info", &fields(PASSWORD)).await.location(), "/personal-info");
    assert!(owner.get("/personal-info").await.has("meera@neemtree.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_from_stdin_is_its_first_line_without_its_end() {
    let app = installed().await;
    for end in ["\n", "\r\n", "\nanother line\n"] {
        let password = format!("quiet harbour {} lanterns", end.len());
        let changed = app.cli(["user", "password", "--email", EMAIL], &format!("{password}{end}")).await;
        changed.assert_done();
        assert_eq!(app.visitor().sign_in(EMAIL, &password, "/").await.location(), "/");
    }
    let named = app.cli(["user", "password", "--email", EMAIL], "Neem Tree Retail 1\n").await;
    assert!(named.code == 1 && named.err.contains("too easy to guess"), "the name of the user's company");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_not_the_companys_name() {
    let app = installed().await;
    let owner = app.owner("Neem Tree Retail").await;
    for (new, status) in
        [("Neem Tree Retail 1", StatusCode::UNPROCESSABLE_ENTITY), ("lanterns 4 quiet harbours", StatusCode::SEE_OTHER)]
    {
        let fields = [("old_password", PASSWORD), ("new_password", new), ("confirm_password", new)];
        assert_eq!(owner.post("/personal-info/password", &fields).await.status, status, "{new}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_set_up_the_sign_in_page_mentions_the_link() {
    let app = TestApp::start().await;
    let page = app.visitor().get("/login").await;
    assert!(page.shows("not-set-up"));
    let token = app.setup_link().unwrap().split_once("token=").map(|(_, token)| token.to_owned()).unwrap();
    assert!(!page.has(&token), "the link itself is on stdout alone");
    app.company("Neem Tree Retail").await;
    assert!(app.visitor().get("/login").await.lacks("not-set-up"));
    let link = app.visitor().get(&format!("/setup?token={token}")).await;
    assert_eq!(link.status, StatusCode::NOT_FOUND, "a user was created without the link");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_account_is_there_from_the_start() {
    let app = TestApp::start().await;
    for (email, password) in [("admin", "admin"), ("admin@example.com", "admin"), ("owner@demo.example", "password")] {
        assert_eq!(app.visitor().sign_in(email, password, "/").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
