//! Wrong clock: no displayed time is in the future, and the stored times are repaired.

use std::time::Duration;

use ks_pay::primitives::time::Clock;

use crate::support::{TestApp, bodies, builders::PASSWORD, eventually};

const YEAR: Duration = Duration::from_hours(365 * 24);

/// A shop with a verified event, whose secret was replaced since.
async fn rotated() -> (TestApp, crate::support::builders::Connection) {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let rotate = ["webhook", "rotate", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"];
    app.cli_with(&rotate, "", &[]).await.assert_done();
    (app, connection)
}

/// Creates an app with an event and an expiring secret, with the timestamps of a clock that was a year ahead.
async fn left_behind() -> (TestApp, crate::support::builders::Connection) {
    let (mut app, connection) = rotated().await;
    app.stop().await;
    for statement in [
        "UPDATE activity SET first_verified_at = first_verified_at + 31536000000, last_verified_at = last_verified_at + 31536000000, \
         baseline_since = baseline_since + 31536000000, baseline_pause = 31536000000",
        "UPDATE activity SET last_rejected_at = last_verified_at, rejected_since = last_verified_at, rejected_streak = 3, \
         failing_since = last_verified_at, failing_count = 2, last_proven_at = last_verified_at",
        "UPDATE secrets SET valid_until = valid_until + 31536000000, replaced_at = replaced_at + 31536000000 WHERE state = 'additional'",
        "UPDATE events SET received_at = received_at + 31536000000, last_received_at = last_received_at + 31536000000",
    ] {
        assert_eq!(app.sql(statement).await, 1);
    }
    (app, connection)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_that_was_ahead_left_behind_is_repaired_once_it_is_right() {
    let (mut app, connection) = left_behind().await;
    let overlap = app.count("SELECT valid_until - replaced_at FROM secrets WHERE state = 'additional'").await;
    assert!(overlap > 0);
    app.restart().await;
    let now = app.now().millis();
    eventually(async || app.count("SELECT MAX(last_verified_at) FROM activity").await <= now).await;
    assert_eq!(app.count("SELECT baseline_pause FROM activity").await, 0, "a pause of a year would be no silence");
    let chosen = "SELECT valid_until - replaced_at FROM secrets WHERE state = 'additional'";
    assert_eq!(app.count(chosen).await, overlap, "the overlap is as long as it was chosen");
    assert!(app.count("SELECT replaced_at FROM secrets WHERE state = 'additional'").await <= app.now().millis());

    let owner = app.owner("Neem Tree Retail").await;
    let base = format!("/ks-pay/apps/{}", connection.app_id);
    let later = app.now().plus(YEAR).zoned();
    let wrong = [later.strftime("%Y-%m-%d").to_string(), later.strftime("%-d\u{a0}%b\u{a0}%Y").to_string()];
    let payment = transaction_of(&app, &connection).await;
    let webhook = format!("{base}/settings/payment-gateways/razorpay/test/webhook");
    for path in [webhook, format!("{base}/events"), format!("{base}/transactions"), payment.clone(), base.clone()] {
        let page = owner.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(!wrong.iter().any(|day| page.has(day)), "{path}: {}", page.body);
    }
    assert!(owner.get(&payment).await.shows("arrival-unknown"), "its time of receipt is not repaired");
}

/// Returns the page of the only transaction.
async fn transaction_of(app: &TestApp, connection: &crate::support::builders::Connection) -> String {
    let transactions = app.transactions().await;
    format!("/ks-pay/apps/{}/transactions/{}", connection.app_id, transactions[0]["transaction"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_dates_later_than_this_servers_clock_is_shown_without_a_day_to_come() {
    let mut app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let settlement = serde_json::json!({ "event": "settlement.processed", "created_at": bodies::AT, "payload": { "settlement":
        { "entity": { "id": "setl_1", "amount": 9_973_635, "utr": "EXAMU00000000001", "created_at": bodies::AT } } } });
    connection.post(settlement.to_string()).stored().await;
    let behind = Clock::fixed(app.now().minus(YEAR));
    app.restart_at(behind).await;
    let owner = app.owner("Neem Tree Retail").await;
    let (base, payment) = (format!("/ks-pay/apps/{}", connection.app_id), transaction_of(&app, &connection).await);
    for (path, said) in [
        (payment.clone(), "<time>Date in the future</time>"),
        (payment, "time unknown"),
        (format!("{base}/transactions"), "data-testid=\"only-later-transactions\""),
        (format!("{base}/transactions?q=pay_1"), "time unknown"),
        (format!("{base}/transactions?q=EXAMU00000000001"), "UTR <code>EXAMU00000000001</code>"),
        (format!("{base}/transactions.csv?q=pay_1"), ",,,UPI,Razorpay,Test,INR,1000.00,,,,,,,Paid,pay_1,"),
        (format!("{base}/events"), "₹1,000.00 "),
        (base.clone(), "data-testid=\"only-later-transactions\""),
    ] {
        let page = owner.get(&path).await;
        assert!(page.status == 200 && page.has(said), "{path}: {said}: {}", page.body);
        assert!(!page.has("2026") && !page.has("4:00:00") && !page.has("4:00\u{a0}pm"), "{path}: {}", page.body);
    }
    let list = owner.get(&format!("{base}/transactions")).await;
    assert!(list.has(&format!("class=\"button\" href=\"{}\"", transaction_of(&app, &connection).await)), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_verified_event_ends_failing_after_a_clock_that_was_ahead() {
    let (mut app, connection) = left_behind().await;
    app.restart().await;
    let now = app.now().millis();
    eventually(async || app.count("SELECT MAX(last_verified_at) FROM activity").await <= now).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM activity WHERE failing_since IS NOT NULL").await, 1);
    connection.at(app.address).post(bodies::payment("payment.captured", "pay_2", 0)).stored().await;
    let failing =
        "SELECT COUNT(*) FROM activity WHERE failing_since IS NOT NULL OR rejected_since IS NOT NULL OR failing_count > 0";
    assert_eq!(app.count(failing).await, 0);
}

/// Nothing else has a time to come that would start the repair.
#[tokio::test(flavor = "multi_thread")]
async fn an_overlap_alone_that_a_clock_ahead_began_is_repaired() {
    let (mut app, _) = rotated().await;
    app.stop().await;
    let ahead = "UPDATE secrets SET valid_until = valid_until + 31536000000, replaced_at = replaced_at + 31536000000 WHERE state = 'additional'";
    assert_eq!(app.sql(ahead).await, 1);
    app.restart().await;
    let now = app.now().millis();
    eventually(async || app.count("SELECT replaced_at FROM secrets WHERE state = 'additional'").await <= now).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_ends_nothing() {
    let (mut app, connection) = rotated().await;
    let until = app.count("SELECT valid_until FROM secrets WHERE state = 'additional'").await;
    let behind = Clock::fixed(app.now().minus(YEAR));
    app.restart_at(behind).await;
    let owner = app.owner("Neem Tree Retail").await;
    let webhook = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", connection.app_id);
    let page = owner.get(&webhook).await;
    assert!(page.shows("clock-behind"), "{}", page.body);
    // The page was requested after the first repair.
    assert_eq!(app.count("SELECT valid_until FROM secrets WHERE state = 'additional'").await, until);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_clock_that_was_ahead_ends_when_it_is_right() {
    let mut app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    // Ids never go back in time within a process: no test advances its clock by more than days.
    let ahead = Clock::fixed(app.now().plus(Duration::from_hours(48)));
    let right = app.clock.clone();
    app.restart_at(ahead).await;
    let visitor = app.visitor();
    visitor.sign_in("owner@neem-tree-retail.example", PASSWORD, "/").await;
    assert_eq!(visitor.get("/personal-info").await.status, 200);
    app.restart_at(right).await;
    let again = visitor.elsewhere(app.address);
    assert_eq!(again.get("/personal-info").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_compares_the_clock_with_signed_events() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    for (statement, wanted) in [
        ("UPDATE events SET occurred_at = received_at", "ok    clock"),
        ("UPDATE events SET occurred_at = received_at + 600000", "bad   clock: This server’s clock is"),
        ("UPDATE events SET occurred_at = received_at - 31536000000", "bad   clock: This server’s clock is 365\u{a0}days ahead"),
        (
            "UPDATE events SET occurred_at = received_at, received_at = received_at - 600000",
            "note  clock: When the latest events arrived, this server’s clock was 10\u{a0}min behind",
        ),
    ] {
        app.sql(statement).await;
        let output = app.cli(["doctor"], "").await;
        assert!(output.out.contains(wanted), "{statement}: {}", output.out);
    }
}

/// The page and the doctor report the same, and the same as time passes without another event.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_behind_at_arrival_is_reported_alike_and_no_event_alone_says_so() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for number in 0..4 {
        connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).stored().await;
    }
    let owner = app.owner("Neem Tree Retail").await;
    let webhook = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", connection.app_id);
    let says = async |wanted: Option<(bool, &str)>| {
        let (page, doctor) = (owner.get(&webhook).await, app.cli(["doctor"], "").await);
        if let Some((is_now, said)) = wanted {
            let warning = if is_now { page.text_of("clock-behind") } else { page.text_of("clock-was-behind") };
            assert!(warning.contains("10\u{a0}min") && doctor.out.contains(said), "{warning}: {}", doctor.out);
        } else {
            assert!(page.lacks("clock-behind") && page.lacks("clock-was-behind"), "{}", page.body);
            assert!(doctor.out.contains("ok    clock"), "{}", doctor.out);
        }
    };
    let behind = (true, "This server’s clock is 10\u{a0}min behind");
    let was_behind = (false, "When the latest events arrived, this server’s clock was 10\u{a0}min behind");
    app.sql("UPDATE events SET occurred_at = received_at").await;
    // One event is dated 400 days ahead.
    app.sql(
        "UPDATE events SET occurred_at = received_at + 34560000000 WHERE id = (SELECT id FROM events ORDER BY id DESC LIMIT 1)",
    )
    .await;
    says(None).await;
    app.sql("UPDATE events SET occurred_at = received_at + 600000").await;
    says(Some(behind)).await;
    for (statement, said) in [
        ("UPDATE events SET received_at = received_at - 240000, occurred_at = occurred_at - 240000", behind),
        ("UPDATE events SET received_at = received_at - 3600000, occurred_at = occurred_at - 3600000", was_behind),
    ] {
        app.sql(statement).await;
        says(Some(said)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payments_time_and_a_recovery_say_nothing_of_the_clock() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.sql("UPDATE events SET occurred_at = received_at - 31536000000").await;
    assert!(app.cli(["doctor"], "").await.out.contains("bad   clock"));
    app.sql("UPDATE events SET is_time_borrowed = TRUE").await;
    let output = app.cli(["doctor"], "").await;
    assert!(!output.out.contains("bad   clock") && !output.out.contains("ok    clock"), "{}", output.out);
    app.sql("UPDATE events SET is_time_borrowed = FALSE").await;
    let recovered = "INSERT INTO recoveries (event_id, app_id, rejected_at, recovered_at, recovered_by) \
                     SELECT events.id, app_id, occurred_at, received_at, 'Asha' FROM events JOIN connections ON connections.id = connection_id";
    assert_eq!(app.sql(recovered).await, 1);
    let output = app.cli(["doctor"], "").await;
    assert!(!output.out.contains("bad   clock") && !output.out.contains("ok    clock"), "{}", output.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejections_of_a_clock_that_was_ahead_are_not_kept_for_longer() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_1", 0)).signature(&"0".repeat(64)).send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await == 1).await;
    app.stop().await;
    for statement in [
        "UPDATE rejections SET first_at = first_at + 31536000000, last_at = last_at + 31536000000",
        "UPDATE rejected_requests SET received_at = received_at + 31536000000, last_at = last_at + 31536000000",
    ] {
        assert_eq!(app.sql(statement).await, 1);
    }
    app.restart().await;
    let now = app.now().millis();
    eventually(async || app.count("SELECT MAX(last_at) FROM rejections").await <= now).await;
    assert!(app.count("SELECT MAX(first_at) FROM rejections").await <= now);
    assert!(app.count("SELECT MAX(received_at) FROM rejected_requests").await <= now);
}
