//! Recovery: a rejected request that verifies now becomes an event, once, and only on a user's request.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies,
    browser::Browser,
    builders::{Connection, PASSWORD},
    database::is_postgres,
    eventually,
};

/// Secret of the gateway that is imported after requests were signed with it.
const OWN: &str = "kq8Zt2mVx0Lw9Rb4-of-their-shop";
const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";

/// Rejects payments sent while the webhook was disabled, and one with a wrong secret.
async fn rejected(number: usize) -> (TestApp, Connection, Browser, String) {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    switch(&owner, &connection, false).await;
    for number in 0..number {
        let body = bodies::payment("payment.captured", &format!("pay_{number}"), 0);
        assert_eq!(connection.post(body).event_id(&format!("evt_{number}")).send().await, 401);
    }
    let wrong = connection.post(bodies::payment("payment.captured", "pay_wrong", 0)).secret("somebody else's secret");
    assert_eq!(wrong.send().await, 401);
    let all = i64::try_from(number).unwrap() + 1;
    eventually(async || app.count(COUNT).await == all).await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections", connection.app_id)).await;
    let path = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned();
    (app, connection, owner, path)
}

async fn switch(owner: &Browser, connection: &Connection, is_enabled: bool) {
    let path = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/enabled", connection.app_id);
    let fields = [("is_enabled", if is_enabled { "true" } else { "false" }), ("confirm", "yes")];
    owner.post(&path, &fields).await.location();
}

/// Nothing checks again what is no longer stored.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_diagnosed_is_said_to_be_checked_again_only_while_it_is_stored() {
    let (app, _connection, owner, path) = rejected(0).await;
    app.sql("UPDATE rejections SET cause = 'not_diagnosed'").await;
    let list = path.rsplit_once('/').unwrap().0;
    assert!(owner.get(&path).await.shows("cause-not-diagnosed") && owner.get(list).await.shows("cause-not-diagnosed"));
    app.sql("DELETE FROM rejected_requests").await;
    assert!(owner.get(list).await.lacks("cause-not-diagnosed"));
    let page = owner.get(&path).await;
    assert!(page.shows("requests-not-stored") && page.lacks("cause-not-diagnosed"), "{}", page.body);
}

const USES: &str = "SELECT COUNT(*) FROM secret_usage";

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_verify_now_are_counted_first_and_recovered_once() {
    let (app, connection, owner, path) = rejected(70).await;
    let recovery = format!("{path}/recovery");
    let off = owner.post(&recovery, &[("current_password", PASSWORD)]).await;
    assert!(owner.get(&path).await.shows("enable-first"));
    assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing comes in through what is switched off");
    switch(&owner, &connection, true).await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections", connection.app_id)).await;
    assert!(list.shows("enabled-again"), "{}", list.body);
    let page = owner.get(&path).await;
    assert!(page.text_of("requests-verify").contains("70 of 71"), "{}", page.body);
    assert!(page.shows("enabled-again") && page.lacks("enable-first"), "{}", page.body);

    for (wrong, reason) in [("", "no-password"), ("not the password", "wrong-password")] {
        let page = owner.post(&recovery, &[("current_password", wrong)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.reason_of("current_password-error"), reason);
    }
    assert_eq!(app.events().await.len(), 0, "no event was recovered");

    // The gateway's own retry of one of them has arrived meanwhile.
    connection.post(bodies::payment("payment.captured", "pay_0", 0)).event_id("evt_0").stored().await;
    let done = owner.post(&recovery, &[("current_password", PASSWORD)]).await;
    assert_eq!(done.location(), path);
    let page = owner.get(&path).await;
    let said = page.text_of("flash");
    assert!(said.contains("69 ") && said.contains(" 1 "), "recovered, and come again meanwhile: {said}");
    assert!(page.shows("attempts-unknown"), "{}", page.body);
    let (events, transactions) = (app.events().await, app.transactions().await);
    assert_eq!((events.len(), transactions.len()), (70, 70));
    assert!(events.iter().all(|event| event["state"] == "processed"));

    let list = owner.get(path.rsplit_once('/').unwrap().0).await;
    assert!(list.has("70 recovered"), "{}", list.body);
    owner.post(&recovery, &[("current_password", PASSWORD)]).await.location();
    assert_eq!(app.events().await, events, "twice has one effect");
    assert_eq!(app.transactions().await, transactions);

    let of =
        |id: &str| events.iter().find(|event| event["gateway_event_id"] == id).unwrap()["event"].as_str().unwrap().to_owned();
    let recovered = owner.get(&format!("/ks-pay/apps/{}/events/{}", connection.app_id, of("evt_7"))).await;
    assert!(recovered.shows("was-rejected") && recovered.text_of("recovered-by").contains("The Owner"), "{}", recovered.body);
    assert!(recovered.has(&format!("href=\"{path}\"")), "and leads to where it is told why");
    let usual = owner.get(&format!("/ks-pay/apps/{}/events/{}", connection.app_id, of("evt_0"))).await;
    assert!(usual.lacks("recovered-by") && usual.shows("was-verified"));

    let page = owner.get(&path).await;
    assert!(page.shows("recovered-events") && page.text_of("recovered-in-all").contains("70 "), "{}", page.body);
    assert_eq!(page.body.matches(&format!("/ks-pay/apps/{}/events/ev_", connection.app_id)).count(), 10);
    let list = owner.get(&format!("/ks-pay/apps/{}/events", connection.app_id)).await;
    let rows = list.body.matches("<th scope=\"row\"").count();
    assert_eq!(list.texts_of("recovered").len(), rows, "the newest page has nothing else");
    connection.post(bodies::payment("payment.captured", "pay_now", 0)).stored().await;
    let list = owner.get(&format!("/ks-pay/apps/{}/events", connection.app_id)).await;
    assert_eq!(list.texts_of("recovered").len(), rows - 1, "what came by itself has no mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_request_can_be_recovered() {
    let (app, connection, owner, path) = rejected(5).await;
    switch(&owner, &connection, true).await;
    let page = owner.get(&path).await;
    // The newest is the one with the wrong secret.
    assert!(page.text_of("requests-verify").contains("5 of 6") && page.lacks("recover-one"), "{}", page.body);
    let other = page.body.split('"').filter(|text| text.contains("?request=rq_")).nth(2).unwrap().to_owned();
    let shown = owner.get(&other).await;
    let id = other.split_once("?request=").unwrap().1;
    assert!(shown.shows("recover-one") && shown.has(&format!("value=\"{id}\"")), "{}", shown.body);
    owner.post(&format!("{path}/recovery"), &[("current_password", PASSWORD), ("request", id)]).await.location();
    assert_eq!(app.events().await.len(), 1);
    assert!(owner.get(&path).await.text_of("requests-verify").contains("4 of 5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_is_no_evidence_that_the_webhook_works() {
    let (app, connection, owner, path) = rejected(1).await;
    switch(&owner, &connection, true).await;
    connection.post(bodies::bare("foo.bar")).stored().await;
    eventually(async || app.count(USES).await == 1).await;
    let uses = app.texts("SELECT CAST(last_verified_at AS TEXT) FROM secret_usage").await;
    owner.post(&format!("{path}/recovery"), &[("current_password", PASSWORD)]).await.location();
    assert_eq!(app.events().await.len(), 2);
    let webhook = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", connection.app_id);
    let page = owner.get(&webhook).await;
    assert!(page.text_of("evidence-verified").contains("foo.bar") && page.texts_of("recovered").len() == 1, "{}", page.body);
    assert_eq!(app.texts("SELECT CAST(last_verified_at AS TEXT) FROM secret_usage").await, uses);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_recoveries_have_one_effect() {
    let (app, connection, owner, path) = rejected(30).await;
    switch(&owner, &connection, true).await;
    let recovery = format!("{path}/recovery");
    let fields = [("current_password", PASSWORD)];
    let (one, other) = tokio::join!(owner.post(&recovery, &fields), owner.post(&recovery, &fields));
    assert_eq!((one.status, other.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let events = app.events().await;
    assert_eq!((events.len(), app.transactions().await.len()), (30, 30));
    assert!(events.iter().all(|event| event["received_count"] == 1), "each stands for one request");
    assert_eq!(app.count("SELECT COUNT(*) FROM recoveries WHERE rejection_id IS NOT NULL").await, 30);
}

/// Waits until that many units of work wait for a lock.
async fn waiting(app: &TestApp, number: i64) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually(async || app.count(waiting).await == number).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_and_a_later_diagnosis_of_the_same_requests_do_not_deadlock() {
    if !is_postgres() {
        // SQLite has one writer.
        return;
    }
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let path = rejected_with(&app, &connection, &owner, &[OWN; 5]).await;
    let secrets = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook/secrets", connection.app_id);
    owner.post(&secrets, &[("secret", OWN)]).await.location();
    app.stop().await;
    app.sql("UPDATE rejections SET cause = 'not_diagnosed'").await;

    let lock = app.lock_oldest_rejected_request().await;
    app.restart().await;
    let owner = owner.elsewhere(app.address);
    let token = owner.token().await;
    waiting(&app, 1).await;
    let recovery =
        tokio::spawn(
            async move { owner.post_exactly(&format!("{path}/recovery"), &[("csrf_token", token.as_str())]).await.status },
        );
    waiting(&app, 2).await;
    lock.release().await;
    assert_eq!(recovery.await.unwrap(), StatusCode::SEE_OTHER);
    eventually(async || app.texts("SELECT cause FROM rejections").await == ["now_verifies"]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM rejected_requests WHERE recovered_at IS NULL").await, 5);

    let owner = app.owner("Neem Tree Retail").await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections?mode=test", connection.app_id)).await;
    let path = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap();
    owner.post(&format!("{path}/recovery"), &[]).await.location();
    assert_eq!(app.events().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_for_its_time_stays_refused() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    assert_eq!(connection.post(bodies::standard("invoice.paid", "in_1")).seconds_later(-3600).send().await, 401);
    eventually(async || app.count(COUNT).await == 1).await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections", connection.app_id)).await;
    assert!(list.text_of("cause-signed-earlier").contains("1\u{a0}h"), "{}", list.body);
    let path = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap();
    owner.post(&format!("{path}/recovery"), &[("current_password", PASSWORD)]).await.location();
    assert_eq!(app.events().await.len(), 0);
}

/// Sends a request signed with each of these, which are rejected; returns the page of the newest rejection.
async fn rejected_with(app: &TestApp, connection: &Connection, owner: &Browser, secrets: &[&str]) -> String {
    let before = app.count(COUNT).await;
    for (number, secret) in secrets.iter().enumerate() {
        let post = connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).secret(secret);
        assert_eq!(post.event_id(&format!("evt_{number}")).send().await, 401);
    }
    let all = before + i64::try_from(secrets.len()).unwrap();
    eventually(async || app.count(COUNT).await >= all).await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections?mode={}", connection.app_id, connection.mode)).await;
    list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned()
}

/// The end of the form for adopting the secret.
const ACCEPT: &str = "/acceptance\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_pasted_wrong_is_accepted_on_a_persons_word() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let pasted = format!("{}\n", connection.secret);
    let path = rejected_with(&app, &connection, &owner, &[&pasted, &pasted, &pasted]).await;
    let page = owner.get(&path).await;
    assert!(page.shows("cause-secret-with-line-end") && page.has(ACCEPT), "{}", page.body);
    assert!(!page.body.contains(&connection.secret));

    let acceptance = format!("{path}/acceptance");
    for (wrong, reason) in [("", "no-password"), ("not the password", "wrong-password")] {
        let page = owner.post(&acceptance, &[("current_password", wrong)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.reason_of("current_password-error"), reason);
    }
    let again = || connection.post(bodies::payment("payment.captured", "pay_0", 0)).event_id("evt_0").secret(&pasted);
    assert_eq!(again().send().await, 401, "nothing was accepted yet");

    assert_eq!(owner.post(&acceptance, &[("current_password", PASSWORD)]).await.location(), path);
    let page = owner.get(&path).await;
    assert!(["4 of 4", "3 of 3"].iter().any(|of| page.text_of("requests-verify").contains(of)), "{}", page.body);
    assert_eq!(again().send().await, 200, "the gateway's retries are taken, too");
    owner.post(&format!("{path}/recovery"), &[("current_password", PASSWORD)]).await.location();
    assert_eq!((app.events().await.len(), app.transactions().await.len()), (3, 3));
    assert!(owner.get(&path).await.shows("nothing-left-to-recover"));

    let secrets = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook/secrets", connection.app_id);
    assert!(owner.get(&secrets).await.shows("state-adopted"), "it is listed, and can be retired");
    assert_eq!(owner.post(&acceptance, &[("current_password", PASSWORD)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_could_know_and_the_other_mode_are_never_accepted() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let (test, live) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let owner = app.owner("Neem Tree Retail").await;
    for (secret, why) in [
        (live.secret.as_str(), "cause-other-mode"),
        (test.url.as_str(), "cause-secret-is-url"),
        ("••••••••••••••••••••", "cause-secret-is-dots"),
        ("a secret that nobody here knows", "attempts-unknown"),
    ] {
        let path = rejected_with(&app, &test, &owner, &[secret]).await;
        let page = owner.get(&path).await;
        assert!(page.shows(why) && !page.has(ACCEPT), "{why}: {}", page.body);
        let webhook = owner.get(&test.step("/webhook")).await;
        assert!(webhook.lacks("recover-rejected"), "{why}: {}", webhook.body);
        let tried = owner.post(&format!("{path}/acceptance"), &[("current_password", PASSWORD)]).await;
        assert_eq!(tried.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        let post = test.post(bodies::payment("payment.captured", "pay_0", 0)).secret(secret);
        let before = app.count(COUNT).await;
        assert_eq!(post.send().await, 401, "{why}");
        eventually(async || app.count(COUNT).await > before).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_entered_for_a_rejection_leads_back_to_it() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let secret = "kq8Zt2mVx0Lw9Rb4-of-their-shop";
    let path = rejected_with(&app, &connection, &owner, &[secret]).await;
    let page = owner.get(&path).await;
    let (before, _) = page.body.split_once(">Enter the secret<").unwrap();
    let way = before.rsplit_once("href=\"").unwrap().1.split('"').next().unwrap();
    let form = owner.get(way).await;
    assert!(
        form.has(&format!("name=\"back\" value=\"{path}\"")) && form.has(&format!("href=\"{path}\">Cancel")),
        "{}",
        form.body
    );
    let secrets = way.split("/new").next().unwrap();
    let entered = [("secret", secret), ("back", &path), ("current_password", PASSWORD)];
    assert_eq!(owner.post(secrets, &entered).await.location(), path);
    let page = owner.get(&path).await;
    assert!(page.shows("requests-verify"), "{}", page.body);
    let elsewhere =
        [("secret", "another-kq8Zt2mVx0Lw9Rb4-of"), ("back", "https://evil.example/"), ("current_password", PASSWORD)];
    assert!(owner.post(secrets, &elsewhere).await.location().ends_with("/webhook"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_not_decoded_is_accepted_at_the_generic_gateway_too() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    let bare = connection.secret.trim_start_matches("whsec_");
    // A sender that signs with the text itself has a secret whose base64 is that text.
    let as_text = STANDARD.encode(bare);
    let path = rejected_with(&app, &connection, &owner, &[&as_text]).await;
    let page = owner.get(&path).await;
    assert!(page.shows("cause-secret-not-decoded") && page.has(ACCEPT), "{}", page.body);
    owner.post(&format!("{path}/acceptance"), &[("current_password", PASSWORD)]).await.location();
    assert!(owner.get(&path).await.shows("requests-verify"));
}
