//! A webhook fails no longer once every request that proves its fault was recovered.

use crate::support::{
    TestApp, bodies,
    browser::Browser,
    builders::{Connection, PASSWORD},
    eventually,
};

const STREAKS: &str = "SELECT CAST(failing_count AS TEXT) || ' ' || CAST(rejected_streak AS TEXT) || \
                       CASE WHEN failing_since IS NULL THEN '' ELSE ' failing' END || \
                       CASE WHEN rejected_since IS NULL THEN '' ELSE ' rejected' END FROM activity";
const VERIFIED: &str = "SELECT verified_count FROM activity";

/// Sends payments signed with a secret that was pasted with a line end, which prove the fault.
async fn reject(app: &TestApp, connection: &Connection, numbers: std::ops::Range<usize>) {
    let before = app.count("SELECT failing_count FROM activity").await;
    let all = before + i64::try_from(numbers.len()).unwrap();
    let pasted = format!("{}\n", connection.secret);
    for number in numbers {
        let post = connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).secret(&pasted);
        assert_eq!(post.event_id(&format!("evt_{number}")).send().await, 401);
    }
    eventually(async || app.count("SELECT failing_count FROM activity").await == all).await;
}

async fn rejection_of(owner: &Browser, connection: &Connection, cause: &str) -> String {
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections?mode=test", connection.app_id)).await;
    let paths: Vec<_> = list.body.split('"').filter(|text| text.contains("/rejections/rj_")).map(str::to_owned).collect();
    for path in paths {
        if owner.get(&path).await.shows(cause) {
            return path;
        }
    }
    panic!("no rejection with {cause}: {}", list.body)
}

fn webhook(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", connection.app_id)
}

const PASTED: &str = "cause-secret-with-line-end";

/// Adopts the secret that the rejected requests were signed with.
async fn adopt(owner: &Browser, path: &str) {
    assert_eq!(owner.post(&format!("{path}/acceptance"), &[("current_password", PASSWORD)]).await.location(), path);
}

async fn recover(owner: &Browser, path: &str, only: Option<&str>) {
    let mut fields = vec![("current_password", PASSWORD)];
    fields.extend(only.map(|id| ("request", id)));
    owner.post(&format!("{path}/recovery"), &fields).await.location();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_fails_until_all_its_rejected_requests_were_recovered() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    connection.post(bodies::bare("foo.bar")).stored().await;
    reject(&app, &connection, 0..3).await;
    assert_eq!(app.texts(STREAKS).await, ["3 3 failing rejected"]);
    let path = rejection_of(&owner, &connection, PASTED).await;
    adopt(&owner, &path).await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.shows("evidence-failing"), "nothing was recovered yet");
    assert!(page.shows("recover-rejected") && page.has(&path), "{}", page.body);

    let page = owner.get(&path).await;
    let only = page.body.split('"').find_map(|text| text.split_once("?request=")).unwrap().1.to_owned();
    recover(&owner, &path, Some(&only)).await;
    assert!(owner.get(&webhook(&connection)).await.shows("evidence-failing"), "two are left");
    assert_eq!(app.texts(STREAKS).await, ["3 3 failing rejected"]);

    recover(&owner, &path, None).await;
    assert_eq!(app.texts(STREAKS).await, ["0 0"]);
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.shows("evidence-verified") && page.lacks("recover-rejected"), "{}", page.body);
    assert_eq!(app.count(VERIFIED).await, 1, "a recovery is no traffic");
    // A retry of what was recovered is verified by the adopted secret.
    let pasted = format!("{}\n", connection.secret);
    let retry = connection.post(bodies::payment("payment.captured", "pay_0", 0)).event_id("evt_0").secret(&pasted);
    assert_eq!(retry.send().await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_never_worked_is_waiting_again_after_a_recovery_and_fails_anew() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    reject(&app, &connection, 0..2).await;
    let path = rejection_of(&owner, &connection, PASTED).await;
    assert!(owner.get(&webhook(&connection)).await.shows("evidence-not-verified-yet"));
    adopt(&owner, &path).await;
    recover(&owner, &path, None).await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.shows("evidence-waiting"), "{}", page.body);
    assert_eq!((app.texts(STREAKS).await, app.count(VERIFIED).await), (vec!["0 0".to_owned()], 0));

    let other = format!(" {}", connection.secret);
    let post = connection.post(bodies::payment("payment.captured", "pay_9", 0)).secret(&other);
    assert_eq!(post.event_id("evt_9").send().await, 401);
    eventually(async || app.texts(STREAKS).await == ["1 1 failing rejected"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_fault_keeps_a_webhook_failing_and_one_of_a_stranger_does_not() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    connection.post(bodies::bare("foo.bar")).stored().await;
    reject(&app, &connection, 0..2).await;
    let path = rejection_of(&owner, &connection, PASTED).await;
    adopt(&owner, &path).await;
    let cut = format!(" {}", connection.secret);
    let post = connection.post(bodies::payment("payment.captured", "pay_9", 0)).secret(&cut);
    assert_eq!(post.event_id("evt_9").send().await, 401);
    eventually(async || app.count("SELECT failing_count FROM activity").await == 3).await;
    recover(&owner, &path, None).await;
    assert_eq!(app.texts(STREAKS).await, ["3 3 failing rejected"]);

    let stranger = connection.post(bodies::payment("payment.captured", "pay_wrong", 0)).secret("a stranger's secret");
    assert_eq!(stranger.send().await, 401);
    eventually(async || app.texts(STREAKS).await == ["3 4 failing rejected"]).await;
    let other = rejection_of(&owner, &connection, "cause-secret-with-space").await;
    adopt(&owner, &other).await;
    recover(&owner, &other, None).await;
    assert_eq!(app.texts(STREAKS).await, ["0 4 rejected"]);
    assert!(owner.get(&webhook(&connection)).await.shows("evidence-verified"));
}

/// What is no longer stored was not recovered.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_fails_on_if_a_request_was_evicted() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    reject(&app, &connection, 0..3).await;
    let path = rejection_of(&owner, &connection, PASTED).await;
    adopt(&owner, &path).await;
    app.sql("DELETE FROM rejected_requests WHERE id = (SELECT MIN(id) FROM rejected_requests)").await;
    recover(&owner, &path, None).await;
    assert_eq!(app.texts(STREAKS).await, ["3 3 failing rejected"]);
}
