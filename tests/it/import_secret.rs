//! Imported secret: an existing secret of the gateway becomes valid as well; it requires the password, is never shown again,
//! and must not be weak.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Installation, TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, PASSWORD, connected, text},
    database, eventually,
    fake_razorpay::set_api,
    files,
};

const OWN: &str = "kq8Zt2mVx0Lw9Rb4-of-their-shop";
/// After this long another secret can be checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

async fn bring(connection: &Connection, owner: &Browser, secret: &str, password: &str) -> Page {
    owner.post(&connection.webhook_step("/secrets"), &[("secret", secret), ("current_password", password)]).await
}

async fn accepts(connection: &Connection, secret: &str, id: &str) -> bool {
    match connection.post(bodies::payment("payment.captured", id, 0)).secret(secret).send().await {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

async fn shown(at: &Installation, connection: &Connection) -> Vec<Value> {
    let which = ["--app", &connection.app_id, "--gateway", connection.gateway, "--mode", connection.mode, "--json"];
    let shown = at.cli_with(&[&["webhook", "show"], &which[..]].concat(), "", &[]).await.json();
    shown["secrets"].as_array().unwrap().clone()
}

/// Time after which a session may enter the password once more.
const WAIT: Duration = Duration::from_secs(5);

/// Retries once after waiting, as a user does who is asked to wait a few seconds.
async fn who_waits(app: &TestApp, works: impl AsyncFn() -> bool) {
    if !works().await {
        app.clock.advance(WAIT);
        assert!(works().await, "it works after waiting");
    }
}

#[track_caller]
fn assert_rejected(page: &Page, reason: &str) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.body);
    assert_eq!(page.reason_of("secret-error"), reason);
    assert!(!page.has(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_beside_the_others_until_it_is_retired() {
    let (app, connection, owner) = connected().await;
    assert!(!accepts(&connection, OWN, "pay_1").await);
    assert_eq!(bring(&connection, &owner, OWN, PASSWORD).await.location(), connection.webhook_step(""));
    assert!(accepts(&connection, OWN, "pay_1").await && accepts(&connection, &connection.secret, "pay_2").await);
    owner.post(&connection.webhook_step("/rotation"), &[]).await.location();
    app.clock.advance(Duration::from_hours(40 * 24));
    assert!(accepts(&connection, OWN, "pay_3").await, "it has no end");
    assert!(!accepts(&connection, &connection.secret, "pay_4").await, "the one that was made here has");

    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&connection.webhook_step("/secrets")).await;
    assert!(page.shows("state-imported") && page.shows("valid-until-retired"));
    let secrets = shown(&app, &connection).await;
    let id = secrets.iter().find(|secret| secret["origin"] == "imported").unwrap()["id"].as_str().unwrap();
    let retirement = connection.webhook_step(&format!("/secrets/{id}/retirement"));
    assert!(owner.get(&retirement).await.shows("not-entered-again"));
    owner.post(&retirement, &[]).await.location();
    assert!(!accepts(&connection, OWN, "pay_5").await);
    assert_rejected(&bring(&connection, &owner, OWN, PASSWORD).await, "retired");
    assert!(!accepts(&connection, OWN, "pay_5").await, "others may know it");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_is_retired_it_is_said_what_is_lost_with_it() {
    let (app, connection, owner) = connected().await;
    for id in ["pay_1", "pay_2"] {
        assert!(!accepts(&connection, OWN, id).await);
    }
    assert!(!accepts(&connection, "somebody else's own secret", "pay_3").await);
    eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await == 3).await;
    bring(&connection, &owner, OWN, PASSWORD).await.location();
    let id = text(&shown(&app, &connection).await[0]["id"]);
    let retirement = connection.webhook_step(&format!("/secrets/{id}/retirement"));
    let asked = owner.get(&retirement).await;
    assert!(asked.text_of("lost-with-secret").starts_with("2 ") && asked.shows("active-secret-unproven"), "{}", asked.body);
    let rejection = asked.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned();
    owner.post(&format!("{rejection}/recovery"), &[("current_password", PASSWORD)]).await.location();
    assert!(owner.get(&retirement).await.lacks("lost-with-secret"), "nothing is left to be lost");
    // After a write of uses the next one follows some seconds later.
    assert!(accepts(&connection, OWN, "pay_5").await);
    eventually(async || app.count("SELECT COUNT(*) FROM secret_usage").await == 1).await;
    assert!(accepts(&connection, &connection.secret, "pay_4").await);
    let asked = owner.get(&retirement).await;
    assert!(asked.shows("active-secret-works"), "{}", asked.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_never_shown_again_and_sealed() {
    let (app, connection, owner) = connected().await;
    bring(&connection, &owner, OWN, PASSWORD).await.location();
    for page in [
        owner.get(&connection.webhook_step("")).await,
        owner.post(&connection.webhook_step("/reveal"), &[]).await,
        owner.get(&connection.webhook_step("/secrets")).await,
        owner.get(&connection.webhook_step("/secrets/new")).await,
    ] {
        assert!(page.status.is_success() && !page.has(OWN) && !page.has("kq8Zt2mV"));
    }
    let secrets = shown(&app, &connection).await;
    let imported =
        json!({ "id": secrets[0]["id"], "secret": null, "state": "additional", "valid_until": null, "origin": "imported" });
    assert_eq!(secrets[0], imported);
    assert_eq!(secrets[1]["secret"], connection.secret);
    let plain = ["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"];
    let plain = app.cli_with(&plain, "", &[]).await;
    assert!(plain.out.contains(&connection.secret) && !plain.out.contains(OWN), "{}", plain.out);

    if database::is_postgres() {
        let clear = "SELECT COUNT(*) FROM secrets WHERE position('kq8Zt2mV'::bytea IN sealed) > 0";
        assert_eq!(app.count(clear).await, 0);
    }
    for (path, content) in files(&app.data_dir()) {
        assert!(!content.windows(8).any(|window| window == b"kq8Zt2mV"), "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_a_secret_requires_the_password_which_cannot_be_guessed() {
    let (app, connection, owner) = connected().await;
    assert_eq!(bring(&connection, &owner, OWN, "").await.reason_of("current_password-error"), "no-password");
    for number in 0..30 {
        let page = bring(&connection, &owner, OWN, "violet tram over ten bridges").await;
        assert!(!page.has("kq8Zt2mV") && !page.has("violet tram"));
        if number == 0 {
            assert_eq!(page.reason_of("current_password-error"), "wrong-password");
        }
    }
    let right = bring(&connection, &owner, OWN, PASSWORD).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(crate::confirmation::says_when(&right), "{}", right.body);
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 1);
    assert!(!accepts(&connection, OWN, "pay_1").await);
    app.clock.advance(Duration::from_millis(4999));
    assert_eq!(bring(&connection, &owner, OWN, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    app.clock.advance(Duration::from_millis(1));
    bring(&connection, &owner, OWN, PASSWORD).await.location();
    assert!(accepts(&connection, OWN, "pay_1").await, "after waiting the secret is added");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_one_is_refused_with_its_reason() {
    let (app, connection, owner) = connected().await;
    for (secret, reason) in [
        ("", "empty"),
        ("mysecret123", "too-short"),
        ("aaaaaaaaaaaaaaaaaaaaaa", "repeated"),
        ("password12345678", "common"),
        ("razorpay-webhook-secret", "common"),
        ("8301947265019384", "digits"),
        ("NeemTreeStore2019!", "common"),
        ("NeemTreeStore-2026-8sK2pQ9xLm4", "common"),
        // "NeemTreeStore-2026" in base58 and in base85.
        ("4FbWBM9pzDXT6i4tQLaj1Dz2R", "common"),
        ("PGx0nRB~lyQ*>`~Wi2u=GBy", "common"),
        ("rzp_test_Demo0000000001", "key-id"),
        ("••••••••••••••••", "dots"),
        (connection.url.as_str(), "url"),
        (connection.endpoint.as_str(), "url"),
        (connection.secret.as_str(), "already-valid"),
        (&"kq8Z".repeat(80), "too-long"),
    ] {
        let page = bring(&connection, &owner, secret, PASSWORD).await;
        assert_rejected(&page, reason);
        // The names are on every page.
        assert!(secret.is_empty() || secret.contains("Tree") || !page.has(&format!("\"{secret}\"")), "{secret}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 1);
    assert_rejected(&bring(&connection, &owner, "short", "").await, "too-short");
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_secrets_are_limited_per_company() {
    let (app, connection, owner) = connected().await;
    let bring = async |secret: &str| bring(&connection, &owner, secret, PASSWORD).await;
    for number in 0..60 {
        assert_rejected(&bring(&format!("password{number:08}")).await, "common");
    }
    let page = bring(OWN).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.reason_of("secret-error"), "too-many-checks");
    assert!(!page.has(OWN) && app.count("SELECT COUNT(*) FROM secrets").await == 1);
    app.clock.advance(CHECK_INTERVAL);
    assert_eq!(bring(OWN).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_secret_of_the_api_keys_is_no_webhook_secret() {
    let app = TestApp::start_with(|config| set_api(config, "http://127.0.0.1:9")).await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let keys = [("key_id", "rzp_test_Demo0000000001"), ("key_secret", "Zt81kQwX0vLpZt83-key")];
    owner.post(&connection.webhook_step("").replace("/webhook", "/credentials"), &keys).await.location();
    assert_rejected(&bring(&connection, &owner, keys[1].1, PASSWORD).await, "key-secret");
    bring(&connection, &owner, OWN, PASSWORD).await.location();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_at_its_ends_is_told() {
    let (app, connection, owner) = connected().await;
    for (number, (before, after, output)) in [
        ("", "", "until you retire it. Under"),
        (" ", "\r\n", "Spaces or line breaks around it were removed."),
        ("\"", "\"", "The quotation marks around it were removed."),
    ]
    .into_iter()
    .enumerate()
    {
        let secret = format!("{OWN}-{number}");
        bring(&connection, &owner, &format!("{before}{secret}{after}"), PASSWORD).await.location();
        assert!(owner.get(&connection.webhook_step("")).await.has(output), "{output}");
        assert!(accepts(&connection, &secret, &format!("pay_{number}")).await, "{output}");
    }
    let exact = format!(" \"{OWN}\"");
    let fields = [("secret", exact.as_str()), ("is_exact", "true"), ("current_password", PASSWORD)];
    owner.post(&connection.webhook_step("/secrets"), &fields).await.location();
    assert!(accepts(&connection, &exact, "pay_8").await && !accepts(&connection, OWN, "pay_9").await);
    assert_eq!(app.events().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generic_gateways_are_taken_as_their_senders_show_them() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    let theirs = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    assert_rejected(&bring(&connection, &owner, "kq8Zt2m!Vx0Lw9Rb4", PASSWORD).await, "wrong-form");
    bring(&connection, &owner, theirs, PASSWORD).await.location();
    connection.post(bodies::standard("invoice.paid", "a")).secret(theirs).stored().await;
    assert_rejected(&bring(&connection, &owner, &theirs[6..], PASSWORD).await, "already-valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_a_secret_twice_concurrently_adds_it_once_and_the_limit_holds() {
    let (app, connection, owner) = connected().await;
    let token = owner.token().await;
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (twin, path, token) = (owner.twin(), connection.webhook_step("/secrets"), token.clone());
        posts.spawn(async move {
            let fields = [("csrf_token", token.as_str()), ("secret", OWN), ("current_password", PASSWORD)];
            twin.post_exactly(&path, &fields).await.status
        });
    }
    let answers = posts.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{answers:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 2);

    for number in 1..8 {
        // Only users who wait can have passwords compared this often.
        let secret = format!("{OWN}-{number}");
        who_waits(&app, async || bring(&connection, &owner, &secret, PASSWORD).await.status == StatusCode::SEE_OTHER).await;
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets WHERE origin = 'imported'").await, 8);
    who_waits(&app, async || {
        let page = bring(&connection, &owner, &format!("{OWN}-9"), PASSWORD).await;
        page.status == StatusCode::UNPROCESSABLE_ENTITY && page.reason_of("secret-error") == "too-many-imported"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_another_webhook_is_not_taken() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let stall = company.app("Neem Tree Stall").await.razorpay("live").await;
    let owner = app.owner("Neem Tree Retail").await;
    for (connection, secret, reason) in [
        (&live, &test.secret, "of-test-mode"),
        (&test, &live.secret, "of-live-mode"),
        (&live, &stall.secret, "of-another-webhook"),
    ] {
        assert_rejected(&bring(connection, &owner, secret, PASSWORD).await, reason);
        assert!(!accepts(connection, secret, "pay_elsewhere").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_secret_is_tried_however_many_came_after_it() {
    let (app, connection, owner) = connected().await;
    bring(&connection, &owner, OWN, PASSWORD).await.location();
    for _ in 0..60 {
        owner.post(&connection.webhook_step("/rotation"), &[]).await.location();
    }
    app.clock.advance(Duration::from_hours(16 * 24));
    let owner = app.owner("Neem Tree Retail").await;
    for _ in 0..10 {
        owner.post(&connection.webhook_step("/rotation"), &[]).await.location();
    }
    assert!(!accepts(&connection, &format!("{OWN} "), "pay_1").await);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections WHERE cause = 'secret_with_space'").await == 1).await;
}

/// Starts with two webhooks of a company; returns a request at the first one, signed with a secret of the second.
async fn at_another_webhook(secret: impl AsyncFn(&TestApp, [&Connection; 2], &Browser) -> String) -> TestApp {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let own = company.app("Neem Tree Store").await.razorpay("live").await;
    let other = company.app("Neem Tree Stall").await.razorpay("live").await;
    let owner = app.owner("Neem Tree Retail").await;
    let secret = secret(&app, [&own, &other], &owner).await;
    assert!(!accepts(&own, &secret, "pay_1").await);
    eventually(async || app.count("SELECT COUNT(*) FROM rejections").await == 1).await;
    app
}

/// Generates more secrets than diagnosis loads; all but the last ones have expired.
async fn rotate_often(app: &TestApp, connection: &Connection) {
    for (number, days) in [(60, 16), (10, 0)] {
        let owner = app.owner("Neem Tree Retail").await;
        for _ in 0..number {
            owner.post(&connection.webhook_step("/rotation"), &[]).await.location();
        }
        app.clock.advance(Duration::from_hours(days * 24));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_webhooks_secret_is_tried_however_many_this_one_has_had() {
    let app = at_another_webhook(async |app, [own, other], _| {
        rotate_often(app, own).await;
        other.secret.clone()
    });
    assert_eq!(app.await.texts("SELECT cause FROM rejections").await, ["other_app"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_webhooks_valid_secret_is_tried_however_many_ended_after_it() {
    let app = at_another_webhook(async |app, [_, other], owner| {
        bring(other, owner, OWN, PASSWORD).await.location();
        rotate_often(app, other).await;
        OWN.to_owned()
    });
    assert_eq!(app.await.texts("SELECT cause FROM rejections").await, ["other_app"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_offers_to_copy_is_named_when_it_is_used_as_the_secret() {
    let (app, connection, owner) = connected().await;
    let id = text(&shown(&app, &connection).await[0]["id"]);
    let page = owner.get(&connection.webhook_step("")).await.body;
    let email = page
        .split(|letter: char| letter.is_whitespace() || "<>\"".contains(letter))
        .find(|word| word.contains('@') && word.contains('.'));
    for (secret, number) in [id.as_str(), "success@razorpay", email.unwrap()].iter().zip(1..) {
        assert!(!accepts(&connection, secret, &format!("pay_{number}")).await);
    }
    let named = "SELECT CAST(SUM(count) AS BIGINT) FROM rejections WHERE cause IN ('secret_is_id', 'secret_is_copied') AND key_digest IS NULL";
    eventually(async || app.count("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections").await == 3).await;
    eventually(async || app.count(named).await == 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_recovered_events_were_signed_with_is_in_use() {
    let (app, connection, owner) = connected().await;
    assert!(!accepts(&connection, OWN, "pay_1").await);
    eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await == 1).await;
    bring(&connection, &owner, OWN, PASSWORD).await.location();
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections?mode=test", connection.app_id)).await.body;
    let at = list.find("/rejections/rj_").expect("it is listed") + "/rejections/".len();
    let url = format!("/ks-pay/apps/{}/rejections/{}", connection.app_id, &list[at..at + 14]);
    owner.post(&format!("{url}/recovery"), &[]).await.location();
    assert_eq!(app.count("SELECT COUNT(*) FROM secret_usage").await, 1);
    let page = owner.get(&connection.webhook_step("/secrets")).await;
    assert_eq!(page.body.matches("No event has been signed with it yet.").count(), 1, "the one made here: {}", page.body);
}
