//! Credentials step: the gateway is asked once, and every outcome is reported.

use std::time::Duration;

use reqwest::StatusCode;

use crate::support::{
    TestApp,
    browser::Browser,
    builders::Connection,
    eventually,
    fake_razorpay::{StandIn, set_api},
    files,
};

const KEY_ID: &str = "rzp_test_Demo0000000001";
const KEY_SECRET: &str = "demo-key-secret-0001";

async fn asked_of(stand_in: &StandIn) -> (TestApp, Connection, Browser) {
    let app = TestApp::start_with(|config| set_api(config, &stand_in.url)).await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner)
}

fn path(connection: &Connection, rest: &str) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/credentials{rest}", connection.app_id)
}

async fn submit(owner: &Browser, connection: &Connection, key_id: &str, key_secret: &str) -> crate::support::browser::Page {
    owner.post(&path(connection, ""), &[("key_id", key_id), ("key_secret", key_secret)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_keys_are_stored_and_the_secret_one_is_never_shown() {
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    assert_eq!(submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location(), path(&connection, ""));
    let asked = stand_in.asked();
    assert_eq!(asked.len(), 1, "the gateway is asked once");
    assert!(asked[0].starts_with("GET /v1/payments?count=1 "), "{}", asked[0]);
    assert!(asked[0].to_lowercase().contains("authorization: basic ") && asked[0].contains("Basic "));
    let page = owner.get(&path(&connection, "")).await;
    assert!(
        page.text_of("flash").contains("Razorpay") && page.shows("state-accepted") && page.has(KEY_ID) && !page.has(KEY_SECRET)
    );
    assert_eq!(app.count("SELECT count(*) FROM connections WHERE keys_state = 'accepted'").await, 1);
    assert!(owner.get(&path(&connection, "").replace("credentials", "integration")).await.has(KEY_ID));

    // An empty secret leaves the stored one unchanged.
    assert_eq!(submit(&owner, &connection, KEY_ID, "").await.location(), path(&connection, ""));
    assert_eq!(
        stand_in.asked()[1].lines().find(|line| line.contains("Basic")),
        asked[0].lines().find(|line| line.contains("Basic"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_secret_is_sealed_in_the_database() {
    let stand_in = StandIn::start().await;
    let (mut app, connection, owner) = asked_of(&stand_in).await;
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    assert_eq!(
        app.count("SELECT count(*) FROM credentials WHERE field = 'key_secret' AND sealed IS NOT NULL AND value IS NULL").await,
        1
    );
    app.stop().await;
    for (path, content) in files(&app.data_dir()) {
        let is_there = content.windows(KEY_SECRET.len()).any(|window| window == KEY_SECRET.as_bytes());
        assert!(!is_there, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_of_one_connection_and_payment_modes_are_not_asked_for() {
    let stand_in = StandIn::start().await;
    let app = TestApp::start_with(|config| set_api(config, &stand_in.url)).await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (connection, _) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let owner = app.owner("Neem Tree Retail").await;
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    let of_modes = "SELECT c.mode || ' ' || k.field FROM credentials k JOIN connections c ON c.id = k.connection_id ORDER BY 1";
    assert_eq!(app.texts(of_modes).await, ["test key_id", "test key_secret"]);
    assert!(!owner.get(&path(&connection, "")).await.has("type=\"checkbox\""), "nothing depends on them");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_id_does_not_go_with_the_stored_secret() {
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    let page = submit(&owner, &connection, "rzp_test_Demo0000000002", "").await;
    assert_eq!((page.status, stand_in.asked().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert!(page.shows("key_secret-error") && page.lacks("key_id-error"));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM credentials WHERE field = 'key_id' AND value = 'rzp_test_Demo0000000001'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_keys_are_not_stored() {
    const FAILED: &str = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}"#;
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    for (status, body) in [(401, "{}"), (400, FAILED)] {
        stand_in.answers_with(status, body);
        let page = submit(&owner, &connection, KEY_ID, KEY_SECRET).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{status}");
        assert!(page.text_of("key_secret-error").contains("Razorpay") && page.has(KEY_ID) && !page.has(KEY_SECRET));
        assert_eq!(app.count("SELECT COUNT(*) FROM credentials").await, 0);
    }
    stand_in.answers_with(400, r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"count is not a number"}}"#);
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    assert_eq!(owner.get(&path(&connection, "")).await.reason_of("keys-unchecked"), "unexpected-status", "not about the keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn spaces_around_pasted_keys_are_removed() {
    let stand_in = StandIn::start().await;
    let (_app, connection, owner) = asked_of(&stand_in).await;
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    submit(&owner, &connection, &format!(" {KEY_ID}\r\n"), &format!("\u{a0}{KEY_SECRET} ")).await.location();
    let sent = |at: usize| stand_in.asked()[at].lines().find(|line| line.contains("Basic")).map(str::to_owned);
    assert!(sent(0).is_some() && sent(0) == sent(1), "the same keys are sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_says_what_a_key_id_is_for_and_where_it_is_found() {
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let owner = app.owner("Neem Tree Retail").await;
    let of_test = owner.get(&test.step("/credentials")).await;
    assert!(of_test.text_of("key_id-hint").contains("rzp_test_") && of_test.text_of("key_id-hint").contains("no money"));
    let of_live = owner.get(&live.step("/credentials")).await;
    assert!(of_live.text_of("key_id-hint").contains("rzp_live_") && !of_live.text_of("key_id-hint").contains("no money"));
    assert!(
        of_test.has("Accounts &#38; Settings › API Keys") || of_test.has("Accounts &amp; Settings › API Keys"),
        "{}",
        of_test.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_checked_are_stored_and_checked_again() {
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    for (status, reason) in [(500, "server-error"), (503, "server-error"), (429, "busy"), (302, "unexpected-status")] {
        stand_in.answers(status);
        assert_eq!(submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location(), path(&connection, ""));
        assert_eq!(owner.get(&path(&connection, "")).await.reason_of("keys-unchecked"), reason, "{status}");
        assert_eq!(app.count("SELECT count(*) FROM connections WHERE keys_state = 'unchecked'").await, 1);
    }
    assert_eq!(stand_in.asked().len(), 4, "no redirect is followed");
    stand_in.answers(401);
    assert_eq!(owner.post(&path(&connection, "/check"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    stand_in.answers(200);
    assert_eq!(owner.post(&path(&connection, "/check"), &[]).await.location(), path(&connection, ""));
    assert_eq!(app.count("SELECT count(*) FROM connections WHERE keys_state = 'accepted'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_cannot_be_reached_is_said_so() {
    let app = TestApp::start_with(|config| set_api(config, "http://127.0.0.1:1")).await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    assert_eq!(owner.get(&path(&connection, "")).await.reason_of("keys-unchecked"), "unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_other_mode_and_half_keys_are_refused_unasked() {
    let stand_in = StandIn::start().await;
    let (_app, connection, owner) = asked_of(&stand_in).await;
    for (key_id, secret, field, value) in [
        ("rzp_live_Demo0000000001", KEY_SECRET, "key_id-error", "rzp_test_"),
        ("Demo0000000001", KEY_SECRET, "key_id-error", "rzp_test_"),
        ("", KEY_SECRET, "key_id-error", "Key ID"),
        (KEY_ID, "", "key_secret-error", "Key Secret"),
    ] {
        let page = submit(&owner, &connection, key_id, secret).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text_of(field).contains(value), "{}", page.text_of(field));
    }
    assert_eq!(submit(&owner, &connection, "", KEY_SECRET).await.reason_of("key_id-error"), "empty");
    assert!(stand_in.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_not_asked_without_end() {
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    let mut refused = 0;
    for number in 0..30 {
        let rest = if number % 2 == 0 { "" } else { "/check" };
        let fields = [("key_id", KEY_ID), ("key_secret", KEY_SECRET)];
        let page = owner.post(&path(&connection, rest), &fields).await;
        if page.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(page.reason_of("key_secret-error"), "too-many-checks");
            assert!(page.has(KEY_ID) && !page.has(KEY_SECRET));
            refused += 1;
        }
    }
    let asked = stand_in.asked().len();
    assert_eq!((refused, asked), (10, 10), "five of the forms and five of the checks are within the burst");
    assert!(owner.post(&path(&connection, "/check"), &[]).await.location() == path(&connection, ""));
    assert_eq!(owner.get(&path(&connection, "")).await.reason_of("flash"), "too-many-checks");

    app.company("Banyan Books").await;
    let other = app.owner("Banyan Books").await;
    let shop = other.post("/ks-pay/apps", &[("name", "Banyan"), ("email", "a@b.example"), ("country", "IN")]).await;
    let gateways = format!("{}/settings/payment-gateways", shop.location());
    other.post(&gateways, &[("gateway", "razorpay"), ("mode", "test")]).await.location();
    other
        .post(&format!("{gateways}/razorpay/test/credentials"), &[("key_id", KEY_ID), ("key_secret", KEY_SECRET)])
        .await
        .location();
    assert_eq!(stand_in.asked().len(), asked + 1, "another company does not wait");
    app.clock.advance(Duration::from_secs(10));
    owner.post(&path(&connection, "/check"), &[]).await.location();
    assert_eq!(stand_in.asked().len(), asked + 2, "after waiting the gateway is asked again");
}

/// Another server, or a script, stores other keys while this one asks the gateway.
#[tokio::test(flavor = "multi_thread")]
async fn keys_stored_while_others_are_checked_stay_and_keep_their_state() {
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    stand_in.answers(500);
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    stand_in.answers(200);
    owner.get(&path(&connection, "")).await;
    let stored = "SELECT value || ' ' || keys_state FROM connections c \
                  JOIN credentials k ON k.connection_id = c.id WHERE k.field = 'key_id'";
    assert_eq!(app.texts(stored).await, [format!("{KEY_ID} unchecked")]);
    for way in ["/check", ""] {
        let held = stand_in.hold().await;
        let fields: &[(&str, &str)] = if way.is_empty() { &[("key_id", KEY_ID), ("key_secret", "")] } else { &[] };
        let before = stand_in.asked().len();
        let (url, colleague) = (path(&connection, way), async {
            eventually(async || stand_in.asked().len() > before).await;
            app.sql("UPDATE credentials SET value = 'rzp_test_Demo0000000002' WHERE field = 'key_id'").await;
            drop(held);
        });
        let (page, ()) = tokio::join!(owner.post(&url, fields), colleague);
        let page = if page.status == StatusCode::SEE_OTHER { owner.get(page.location()).await } else { page };
        let hook = if way.is_empty() { "key_secret-error" } else { "keys-unchecked" };
        assert_eq!(page.reason_of(hook), "changed-meanwhile", "{way}");
        assert_eq!(app.texts(stored).await, ["rzp_test_Demo0000000002 unchecked"], "{way}");
        app.sql("UPDATE credentials SET value = 'rzp_test_Demo0000000001' WHERE field = 'key_id'").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hint_of_a_secret_field_follows_what_is_stored_of_it() {
    let stand_in = StandIn::start().await;
    let (app, connection, owner) = asked_of(&stand_in).await;
    submit(&owner, &connection, KEY_ID, KEY_SECRET).await.location();
    let is_required = async || owner.get(&path(&connection, "")).await.field_tag("key_secret").contains(" required");
    let hint = owner.get(&path(&connection, "")).await.text_of("key_secret-hint");
    assert!(!is_required().await, "it may stay as it is");
    app.sql("DELETE FROM credentials WHERE field = 'key_secret'").await;
    assert!(is_required().await && owner.get(&path(&connection, "")).await.text_of("key_secret-hint") != hint);
}
