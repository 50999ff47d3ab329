//! Stored requests that are damaged, and dictionaries that this program does not have: what they concern says so, and the rest
//! works.

use crate::support::{TestApp, bodies, builders::connected, database};

const DAMAGED: &str = "the stored request of an event is damaged";
const CUT: &str = "UPDATE event_payloads SET frame = substr(frame, 1, 40) WHERE request_id IN (SELECT id FROM events WHERE gateway_event_id = 'evt_1')";

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_frame_concerns_its_event_alone() {
    let (app, connection, owner) = connected().await;
    for number in 1..4 {
        let body = bodies::payment("payment.captured", &format!("pay_{number}"), number);
        connection.post(body).event_id(&format!("evt_{number}")).stored().await;
    }
    assert!(app.cli(["doctor"], "").await.out.contains("ok    stored requests: a sample of 3 is intact"));
    app.announce_error(DAMAGED);
    assert_eq!(app.sql(CUT).await, 1);

    let events = app.events().await;
    let ids: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert!(events[0]["payload_error"].as_str().is_some_and(|error| error.contains(ids[0])), "{}", events[0]);
    assert!(events[1..].iter().all(|event| event["payload_error"].is_null()), "{events:?}");

    let page = |id: &str| format!("/ks-pay/apps/{}/events/{id}", connection.app_id);
    let damaged = owner.get(&page(ids[0])).await;
    assert_eq!(damaged.status, 200);
    assert!(damaged.body.contains("data-payload=\"damaged\"") && damaged.has(ids[0]), "{}", damaged.body);
    assert_eq!(owner.get(&format!("{}/body", page(ids[0]))).await.status, 404);
    assert!(owner.get(&page(ids[1])).await.has("/body\""));
    let payment = events[0]["transaction"].as_str().unwrap();
    assert_eq!(owner.get(&format!("/ks-pay/apps/{}/transactions/{payment}", connection.app_id)).await.status, 200);

    let doctor = app.cli(["doctor"], "").await;
    let lines: Vec<&str> = doctor.out.lines().filter(|line| line.contains("stored requests")).collect();
    assert_eq!((doctor.code, lines.len()), (1, 1), "{}", doctor.out);
    assert!(lines[0].starts_with("bad   stored requests") && lines[0].contains(ids[0]), "{lines:?}");
    connection.post(bodies::payment("payment.captured", "pay_9", 9)).event_id("evt_9").stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_dictionary_that_the_database_needs_no_server_starts_and_no_backup_is_made() {
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM payload_dictionaries").await, 1);
    app.sql("INSERT INTO payload_dictionaries (id, sha256) SELECT 2000000, sha256 FROM payload_dictionaries").await;

    let refused = app.process(&[], &[]).end();
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("dictionary 2000000"), "{}", refused.err);
    let doctor = app.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("dictionary 2000000"), "{}", doctor.out);
    if !database::is_postgres() {
        let copy = app.beside("copy.db");
        let backup = app.cli(["backup", copy.to_str().unwrap()], "").await;
        assert!(backup.failure().contains("dictionary 2000000"));
        assert!(!copy.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_list_of_dictionaries_is_a_fault_of_doctor() {
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    app.sql("ALTER TABLE payload_dictionaries RENAME COLUMN sha256 TO renamed").await;
    let doctor = app.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("bad   stored requests"), "{}", doctor.out);
}
