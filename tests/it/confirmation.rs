//! Sensitive actions ask for the password if it was last entered more than 15 minutes ago, and then continue.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, PASSWORD},
    eventually,
};

const OWN: &str = "kq8Zt2mVx0Lw9Rb4-of-their-shop";
const MINUTES: Duration = Duration::from_mins(15);

async fn connected() -> (TestApp, Connection, Browser) {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner)
}

/// Whether the error says only when to try again, and nothing of the password.
pub(crate) fn says_when(page: &Page) -> bool {
    page.reason_of("current_password-error") == "too-many-attempts"
        && page.text_of("current_password-error").contains(|letter: char| letter.is_ascii_digit())
}

#[track_caller]
fn asks(page: &Page) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.body);
    assert!(page.shows("confirm-password") && page.has("name=\"current_password\""), "{}", page.body);
}

/// Rejects a request that verifies afterwards; returns the path of its rejection.
async fn rejection(app: &TestApp, connection: &Connection, owner: &Browser, secret: &str) -> String {
    let before = app.count("SELECT COUNT(*) FROM rejected_requests").await;
    let post = connection.post(bodies::payment("payment.captured", "pay_Refused0001", 0)).event_id("evt_Refused0001");
    assert_eq!(post.secret(secret).send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await > before).await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections", connection.app_id)).await;
    list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn for_fifteen_minutes_after_signing_in_nothing_is_asked() {
    let (app, connection, owner) = connected().await;
    app.clock.advance(MINUTES);
    assert_eq!(owner.post(&connection.webhook_step("/reveal"), &[]).await.inside("secret"), Some(connection.secret.clone()));
    owner.post(&connection.webhook_step("/secrets"), &[("secret", OWN)]).await.location();
    owner.post(&connection.webhook_step("/rotation"), &[]).await.location();
    let csv = owner.get(&format!("/ks-pay/apps/{}/transactions.csv", connection.app_id)).await;
    assert_eq!(csv.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_revealed_secret_leads_to_the_page_without_it() {
    let (_app, connection, owner) = connected().await;
    assert_eq!(owner.get(&connection.webhook_step("/reveal")).await.location(), connection.webhook_step(""));
    assert_eq!(owner.get(&connection.webhook_step("")).await.inside("secret"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_revealed_after_the_password_and_then_for_fifteen_minutes_without() {
    let (app, connection, owner) = connected().await;
    app.clock.advance(MINUTES + Duration::from_secs(1));
    let reveal = connection.webhook_step("/reveal");
    for fields in [&[][..], &[("then", "copy")]] {
        let asked = owner.post(&reveal, fields).await;
        asks(&asked);
        assert!(!asked.has(&connection.secret) && asked.headers["cache-control"] == "no-store");
        assert!(asked.has(&format!("href=\"{}\"", connection.webhook_step(""))), "the way back");
    }
    let asked = owner.post(&reveal, &[]).await;
    for (wrong, reason) in [("", "no-password"), ("not the password", "wrong-password")] {
        let again = owner.confirm(&reveal, &asked, wrong).await;
        asks(&again);
        assert_eq!(again.reason_of("current_password-error"), reason);
        assert!(!again.has(&connection.secret) && !again.has("not the password"));
    }
    let again = owner.confirm(&reveal, &asked, "not the password").await;
    let shown = owner.confirm(&reveal, &again, PASSWORD).await;
    assert_eq!((shown.status, shown.inside("secret")), (StatusCode::OK, Some(connection.secret.clone())));
    app.clock.advance(MINUTES);
    assert!(owner.post(&reveal, &[]).await.inside("secret").is_some());
    app.clock.advance(Duration::from_secs(1));
    asks(&owner.post(&reveal, &[]).await);
    let step = connection.webhook_step("");
    assert_eq!(owner.get(&reveal).await.location(), step, "an address that is opened again leads to the step");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interrupted_form_is_not_lost_and_a_secret_in_it_is_not_shown() {
    let (app, connection, owner) = connected().await;
    app.clock.advance(MINUTES * 2);
    let (secrets, rotation) = (connection.webhook_step("/secrets"), connection.webhook_step("/rotation"));
    let exact = format!("\"{OWN}\"");
    let asked = owner.post(&secrets, &[("secret", &exact), ("is_exact", "true")]).await;
    asks(&asked);
    assert!(!asked.has(OWN) && !asked.has("kq8Zt2mV"), "{}", asked.body);
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 1, "nothing is done yet");
    owner.confirm(&secrets, &asked, PASSWORD).await.location();
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_1", 0)).secret(&exact).send().await, 200);

    app.clock.advance(MINUTES * 2);
    let asked = owner.post(&rotation, &[("overlap_hours", "168")]).await;
    asks(&asked);
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 2);
    owner.confirm(&rotation, &asked, PASSWORD).await.location();
    let (now, week) = (app.clock.now().millis(), 7 * 86_400_000);
    assert_eq!(
        app.texts("SELECT CAST(valid_until AS TEXT) FROM secrets WHERE valid_until IS NOT NULL").await,
        [(now + week).to_string()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_requests_are_recovered_and_their_secret_adopted_after_the_password_alone() {
    let (app, connection, owner) = connected().await;
    let pasted = format!("{}\n", connection.secret);
    let path = rejection(&app, &connection, &owner, &pasted).await;
    app.clock.advance(MINUTES * 2);
    for action in ["/acceptance", "/recovery"] {
        let action = format!("{path}{action}");
        let asked = owner.post(&action, &[]).await;
        asks(&asked);
        assert_eq!(app.events().await.len(), 0);
        assert_eq!(owner.confirm(&action, &asked, PASSWORD).await.location(), path);
        app.clock.advance(MINUTES * 2);
    }
    assert_eq!(app.events().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_lead_to_the_password_and_back() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_Demo0000000001", 0)).event_id("evt_1").stored().await;
    let event = app.events().await[0]["event"].as_str().unwrap().to_owned();
    let rejected = rejection(&app, &connection, &owner, "a secret of no connection here").await;
    let page = owner.get(&rejected).await;
    let body = page.body.split('"').find(|text| text.ends_with("/body") && text.contains("/requests/")).unwrap().to_owned();
    let own = format!("/ks-pay/apps/{}", connection.app_id);
    for path in [format!("{own}/transactions.csv?mode=test&status=captured"), format!("{own}/events/{event}/body"), body] {
        app.clock.advance(MINUTES * 2);
        assert!(owner.send(Method::HEAD, &path, None, &[]).await.location().starts_with("/personal-info/confirmation?"));
        let ask = owner.get(&path).await;
        let ask = ask.location();
        let asked = owner.get(ask).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.shows("confirm-password"));
        let confirm = "/personal-info/confirmation";
        let again = owner.confirm(confirm, &asked, "not the password").await;
        asks(&again);
        let confirmed = owner.confirm(confirm, &again, PASSWORD).await;
        let page = owner.get(confirmed.location()).await;
        assert!(page.has("flash is-good"), "{}", page.body);
        let file = path.split('?').next().unwrap();
        assert!(page.has(&format!("href=\"{file}")), "the page of {path} has it: {}", page.body);
        assert_eq!(page.has("status=captured"), path.contains("status=captured"), "with its filters");
        let file = owner.get(&path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(owner.get(ask).await.location(), path, "nothing is left to ask");
    }
    app.clock.advance(MINUTES * 2);
    let evil = owner.get("/personal-info/confirmation?return_to=https://evil.example/&back=//evil.example").await;
    // The language switch returns to this address, which is a page of the console.
    assert!(!evil.has("=\"https://evil.example") && !evil.has("=\"//evil.example"), "{}", evil.body);
    assert_eq!(owner.confirm("/personal-info/confirmation", &evil, PASSWORD).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_form_is_of_one_session_and_one_address() {
    let (app, connection, owner) = connected().await;
    app.clock.advance(MINUTES * 2);
    let (secrets, reveal) = (connection.webhook_step("/secrets"), connection.webhook_step("/reveal"));
    let asked = owner.post(&secrets, &[("secret", OWN)]).await;
    let other = app.owner("Neem Tree Retail").await;
    assert_eq!(other.confirm(&secrets, &asked, PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(owner.confirm(&reveal, &asked, PASSWORD).await.status, StatusCode::FORBIDDEN);
    let changed = [("interrupted", "AAAA"), ("current_password", PASSWORD)];
    assert_eq!(owner.post(&secrets, &changed).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ones_own_is_not_found_before_anything_is_asked() {
    let (app, connection, owner) = connected().await;
    let path = rejection(&app, &connection, &owner, "a secret of no connection here").await;
    app.company("Banyan Books").await;
    let stranger = app.owner("Banyan Books").await;
    app.clock.advance(MINUTES * 2);
    for rest in ["/reveal", "/rotation"] {
        assert_eq!(stranger.post(&connection.webhook_step(rest), &[]).await.status, StatusCode::NOT_FOUND, "{rest}");
    }
    for rest in ["/acceptance", "/recovery"] {
        assert_eq!(stranger.post(&format!("{path}{rest}"), &[]).await.status, StatusCode::NOT_FOUND, "{rest}");
    }
    let csv = format!("/ks-pay/apps/{}/transactions.csv", connection.app_id);
    assert_eq!(stranger.get(&csv).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_proves_nothing() {
    let (app, connection, owner) = connected().await;
    app.sql("UPDATE sessions SET confirmed_at = confirmed_at + 31536000000").await;
    asks(&owner.post(&connection.webhook_step("/reveal"), &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_does_not_outlive_the_password() {
    let (app, connection, thief) = connected().await;
    app.announce_error("a request failed");
    let other = app.owner("Neem Tree Retail").await;
    app.clock.advance(MINUTES * 2);
    let reveal = connection.webhook_step("/reveal");
    let asked = thief.post(&reveal, &[]).await;
    asks(&other.post(&reveal, &[]).await);
    let change = app.change_passwords().await;
    let committing = async {
        // Password checks are serialised: once these are done, so is the attacker's.
        for _ in 0..2 {
            asks(&other.post(&reveal, &[("current_password", "not the password")]).await);
        }
        change.release().await;
    };
    let (shown, ()) = tokio::join!(thief.confirm(&reveal, &asked, PASSWORD), committing);
    assert!(!shown.has(&connection.secret) && shown.status != StatusCode::OK, "{}", shown.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_asks_names_the_account_for_password_managers() {
    let (app, connection, owner) = connected().await;
    app.clock.advance(MINUTES * 2);
    let page = owner.post(&connection.webhook_step("/reveal"), &[]).await;
    let field = page.body.split('<').find(|tag| tag.contains("autocomplete=\"username\"")).unwrap();
    assert!(field.contains("value=\"owner@neem-tree-retail.example\"") && field.contains("type=\"text\""), "{field}");
    assert!(field.contains("aria-hidden=\"true\"") && !field.contains("name="), "{field}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_with_a_session_uses_up_its_attempts_and_not_the_owners() {
    let (app, connection, thief) = connected().await;
    app.clock.advance(MINUTES * 2);
    let reveal = connection.webhook_step("/reveal");
    let owner = app.owner("Neem Tree Retail").await;
    let wrong = async |visitor: &Browser| visitor.post(&reveal, &[("current_password", "not the password")]).await;
    let mut limited = 0;
    for _ in 0..40 {
        let page = wrong(&thief).await;
        if page.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(says_when(&page), "{}", page.body);
            assert!(page.headers.contains_key("retry-after"));
            limited += 1;
        }
    }
    assert_eq!(limited, 30, "all after a burst of ten");
    let right = thief.post(&reveal, &[("current_password", PASSWORD)]).await;
    assert!(right.status == StatusCode::TOO_MANY_REQUESTS && says_when(&right), "{}", right.body);

    let refused = wrong(&owner).await;
    assert_eq!(refused.reason_of("current_password-error"), "wrong-password");
    assert!(owner.post(&reveal, &[("current_password", PASSWORD)]).await.inside("secret").is_some());
    assert_eq!(app.visitor().sign_in("owner@neem-tree-retail.example", PASSWORD, "/").await.location(), "/");
    let new = "orange kettle under the stairs";
    let fields = [("old_password", PASSWORD), ("new_password", new), ("confirm_password", new)];
    owner.post("/personal-info/password", &fields).await.location();
    assert_eq!(thief.get("/").await.status, StatusCode::SEE_OTHER, "and the thief is out");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_else_needs_no_password_and_cannot_be_repeated_without_end() {
    let (app, _, here) = connected().await;
    let (there, elsewhere) = (app.owner("Neem Tree Retail").await, app.owner("Neem Tree Retail").await);
    app.company("Banyan Books").await;
    let stranger = app.owner("Banyan Books").await;
    app.clock.advance(MINUTES * 2);
    let path = "/personal-info/other-sessions/removal";
    let page = here.get("/personal-info").await;
    assert!(page.has(path) && page.text_of("sessions").contains(" 2 "), "{}", page.body);
    assert_eq!(here.post(path, &[]).await.location(), "/personal-info");
    let page = here.get("/personal-info").await;
    assert!(
        page.has("flash is-good") && !page.text_of("sessions").contains(|letter: char| letter.is_ascii_digit()),
        "{}",
        page.body
    );
    assert!(!page.has(path), "there is nothing to sign out");
    for other in [&there, &elsewhere] {
        assert_eq!(other.get("/").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(stranger.get("/").await.status, StatusCode::OK);

    // An attacker with a stolen session must not exhaust the owner's sign-in attempts.
    let token = here.token().await;
    for _ in 0..10 {
        here.post_exactly(path, &[("csrf_token", &token)]).await.location();
    }
    let owner = app.owner("Neem Tree Retail").await;
    here.post_exactly(path, &[("csrf_token", &token)]).await.location();
    assert_eq!(here.get("/personal-info").await.reason_of("flash"), "too-many-attempts");
    assert_eq!(owner.get("/personal-info").await.status, StatusCode::OK);
    app.clock.advance(Duration::from_mins(1));
    here.post_exactly(path, &[("csrf_token", &token)]).await.location();
    assert_eq!(owner.get("/personal-info").await.status, StatusCode::SEE_OTHER, "after waiting it works again");
}
