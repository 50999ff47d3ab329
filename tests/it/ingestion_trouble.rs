//! Responses to our own faults: 503, never 401, and full recovery afterwards.

use tokio::time::timeout;

use crate::support::{
    Installation, SOON, TestApp, bodies,
    builders::{Connection, PASSWORD},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_moved_to_another_row_is_no_secret_and_no_refusal() {
    let app = TestApp::start().await;
    app.announce_error("cannot be decrypted: it was damaged or replaced");
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let one = shop.razorpay("test").await;
    let other = shop.razorpay("live").await;
    let moved = "UPDATE secrets SET sealed = (SELECT another.sealed FROM secrets another WHERE another.id <> secrets.id) \
                 WHERE connection_id = (SELECT id FROM connections WHERE mode = 'test')";
    assert_eq!(app.sql(moved).await, 1);
    for secret in [&one.secret, &other.secret] {
        let answer = one.post(bodies::payment("payment.captured", "pay_1", 0)).secret(secret).answer().await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "30");
        assert_eq!(answer.bytes().await.unwrap(), "");
    }
    assert!(app.events().await.is_empty());
    other.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    assert_eq!(one.post("{}").url(&format!("{}x", one.url)).send().await, 401, "an unknown endpoint is still unknown");
    assert_eq!(one.post("{}").unsigned().send().await, 401, "no secret could match what is not signed");
}

/// Damages every sealed secret.
const DAMAGE: &str = "UPDATE secrets SET sealed = substr(sealed, 1, 50)";

fn webhook(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/{}/webhook", connection.app_id, connection.mode)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_works_immediately_where_another_was_damaged() {
    let app = TestApp::start().await;
    app.announce_error("cannot be decrypted: it was damaged or replaced");
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let connection = shop.razorpay("test").await;
    let owner = app.owner("Neem Tree Retail").await;
    app.sql(DAMAGE).await;
    let event = |number: u8| connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0));
    assert_eq!(event(1).send().await, 503);
    assert_eq!(event(1).unsigned().send().await, 401, "no secret could match what is not signed");

    // Imported and newly generated secrets work, and the damaged one is tried last.
    let own = "q8Zr4vTn0LwX2mKp7BdH";
    let form = [("secret", own), ("current_password", PASSWORD)];
    assert_eq!(owner.post(&format!("{}/secrets", webhook(&connection)), &form).await.location(), webhook(&connection));
    event(2).secret(own).stored().await;
    let args = ["--app", &shop.id, "--gateway", "razorpay", "--mode", "test", "--json"];
    let rotated = app.cli_with(&[&["webhook", "rotate"], &args[..]].concat(), "", &[]).await.json();
    let secret = rotated["secrets"][0]["secret"].as_str().unwrap().to_owned();
    event(3).secret(&secret).stored().await;
    assert_eq!(event(1).send().await, 503, "it may be signed with the damaged one");
    let shown = app.cli_with(&[&["webhook", "show"], &args[..]].concat(), "", &[]).await.json();
    let damaged =
        &shown["secrets"].as_array().unwrap().iter().find(|row| row["secret"].is_null() && row["origin"] == "generated");
    let damaged = damaged.unwrap()["id"].as_str().unwrap().to_owned();

    // Once it is retired, 401 is again a statement about known secrets.
    let retirement = format!("{}/secrets/{damaged}/retirement", webhook(&connection));
    owner.post(&retirement, &[("current_password", PASSWORD), ("confirm", "yes")]).await.location();
    assert_eq!(event(1).send().await, 401);
    event(4).secret(&secret).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_a_damaged_secret_and_its_connection() {
    let at = Installation::new().await;
    let connection = at.razorpay().await;
    let show = ["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test", "--json"];
    let secret = at.cli(show, "").await.json()["secrets"][0]["id"].as_str().unwrap().to_owned();
    let (process, address) = at.serve_in_process(&[]);
    let here = connection.at(address);
    here.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    assert!(!process.log().contains(&secret), "{}", process.log());
    assert_eq!(at.sql(DAMAGE).await, 1);
    assert_eq!(here.post(bodies::payment("payment.captured", "pay_2", 0)).send().await, 503);
    let log = tokio::task::block_in_place(|| process.terminate()).err;
    let line = log.lines().find(|line| line.contains(&secret)).unwrap_or_else(|| panic!("{secret} is not named: {log}"));
    assert!(line.contains(" ERROR ") && line.contains(&connection.id), "{line}");
    assert!(!log.contains(&connection.secret), "{log}");
}

const CANNOT: &str = "secret-unreadable";

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_secret_is_named_by_doctor_and_on_the_webhook_page() {
    let app = TestApp::start().await;
    app.announce_error("cannot be decrypted: it was damaged or replaced");
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let (connection, other) = (shop.razorpay("test").await, shop.razorpay("live").await);
    let owner = app.owner("Neem Tree Retail").await;
    assert!(app.cli(["doctor"], "").await.out.contains("ok    sealed secrets"));
    assert!(owner.get(&webhook(&connection)).await.lacks(CANNOT));

    app.sql(DAMAGE).await;
    let output = app.cli(["doctor"], "").await;
    let bad: Vec<&str> = output.out.lines().filter(|line| line.starts_with("bad   sealed secrets")).collect();
    assert_eq!((output.code, bad.len()), (1, 2), "{}", output.out);
    for one in [&connection, &other] {
        let line = bad.iter().find(|line| line.contains(&one.id)).expect("its connection is named");
        let page = owner.get(&webhook(one)).await;
        let secret = line.split(' ').find(|word| word.starts_with("ws_")).expect("its id is named");
        assert!(page.text_of(CANNOT).contains(secret), "{}", page.body);
        assert!(
            line.contains(&format!("ks-pay webhook rotate --app {} --gateway razorpay --mode {}", shop.id, one.mode)),
            "{line}"
        );
        assert!(!line.contains(&one.secret) && !page.has(&one.secret));
        let revealed = owner.post(&format!("{}/reveal", webhook(one)), &[]).await;
        assert_eq!((revealed.status, revealed.inside("secret")), (reqwest::StatusCode::OK, None));
        assert!(revealed.shows(CANNOT));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_answered_503_in_time_and_the_retry_is_stored() {
    let app = TestApp::start().await;
    app.announce_error("a batch could not be stored");
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let lock = app.lock_events().await;
    let answer = timeout(SOON, post.answer()).await.expect("an answer in time");
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "30");
    assert_eq!(answer.bytes().await.unwrap(), "");
    lock.release().await;
    post.stored().await;
    let events = app.events().await;
    assert_eq!((events.len(), &events[0]["received_count"]), (1, &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_for_a_locked_database_are_all_answered_in_time() {
    let app = TestApp::start().await;
    app.announce_error("a batch could not be stored");
    let connection = app.razorpay().await;
    let lock = app.lock_events().await;
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..30 {
        let post = connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0));
        waiting.spawn(async move { timeout(SOON, post.send()).await.expect("an answer in time") });
    }
    assert!(waiting.join_all().await.iter().all(|status| *status == 503));
    lock.release().await;
    assert!(app.events().await.is_empty());
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_the_database_and_liveness_does_not() {
    let app = TestApp::start().await;
    let get = async |path: &str| {
        let url = format!("http://{}{path}", app.address);
        crate::support::webhook_request::client().get(url).send().await.unwrap().status().as_u16()
    };
    assert_eq!((get("/healthz").await, get("/readyz").await), (200, 200));
    let lock = app.lock_installation().await;
    assert_eq!((get("/healthz").await, get("/readyz").await), (200, 503));
    lock.release().await;
    assert_eq!((get("/healthz").await, get("/readyz").await), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let before = (app.events().await, app.transactions().await);
    app.restart().await;
    assert_eq!((app.events().await, app.transactions().await), before);
    let url = format!("http://{}/webhooks/{}", app.address, connection.endpoint);
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).url(&url).stored().await;
    assert_eq!(app.events().await[0]["received_count"], 2);
}

/// A missing table represents any statement that the database rejects.
#[tokio::test(flavor = "multi_thread")]
async fn a_defect_is_answered_500_with_nothing_in_it_and_the_server_goes_on() {
    let app = TestApp::start().await;
    app.announce_error("a batch contains an event that cannot be stored");
    let connection = app.razorpay().await;
    let post = connection.post(bodies::bare("foo.bar")).event_id("evt_1");
    app.sql("ALTER TABLE event_payloads RENAME TO elsewhere").await;
    let answer = post.answer().await;
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.text().await.unwrap(), "");
    app.sql("ALTER TABLE elsewhere RENAME TO event_payloads").await;
    post.stored().await;
    assert_eq!(app.events().await.len(), 1);
}
