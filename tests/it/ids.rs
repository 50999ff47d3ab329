//! Ids are unique whatever happens to the processes that take them: one may be killed or suspended at any moment.

use std::time::Duration;

use crate::support::{Installation, TestApp, bodies, database, eventually};

const COMPANY: &str = "Neem Tree Retail";

fn add(name: &str) -> [&str; 10] {
    ["app", "add", "--company", COMPANY, "--name", name, "--email", "shop@example.com", "--country", "IN"]
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_are_killed_at_any_moment_take_no_id_of_another() {
    let at = Installation::new().await;
    let owner = ["user", "add", "--company", COMPANY, "--email", "owner@neem.example", "--name", "Asha"];
    at.cli(owner, "eleven quiet lanterns at noon").await.assert_done();
    let mut done = 0;
    for number in 0..40u64 {
        let (doomed, other) = (format!("Doomed {number}"), format!("Other {number}"));
        let killed = at.process(&add(&doomed), &[]);
        let running = at.process(&add(&other), &[]);
        tokio::time::sleep(Duration::from_millis(3 * number)).await;
        drop(killed);
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        done += 1;
    }
    let count = at.count("SELECT COUNT(*) FROM apps WHERE name LIKE 'Other%'").await;
    assert_eq!((count, at.count("SELECT COUNT(DISTINCT id) FROM apps WHERE name LIKE 'Other%'").await), (done, done));
}

/// SIGSTOP takes the server at any point of its work; others take ids meanwhile, and it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_suspended_goes_on_with_ids_of_its_own() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let (second, address) = app.serve_in_process(&[]);
    let there = connection.at(address);
    for round in 0..5 {
        let sent: Vec<_> = (0..20)
            .map(|number| {
                let post = there.post(bodies::payment("payment.captured", &format!("pay_there_{round}_{number}"), 0));
                tokio::spawn(async move { post.send().await })
            })
            .collect();
        second.signal("STOP");
        for number in 0..20 {
            connection.post(bodies::payment("payment.captured", &format!("pay_here_{round}_{number}"), 0)).stored().await;
        }
        second.signal("CONT");
        for one in sent {
            assert_eq!(one.await.unwrap(), 200);
        }
    }
    let counts = "SELECT COUNT(DISTINCT id) FROM events WHERE conflict_with IS NULL AND received_count = 1";
    assert_eq!(app.count(counts).await, 200);
    second.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_only_reads_takes_no_id() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.stop().await;
    let before = counter(&app).await;
    let reads: [&[&str]; 5] = [
        &["app", "list"],
        &["events", "export"],
        &["transactions", "export"],
        &["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"],
        &["doctor"],
    ];
    for args in reads {
        app.cli_with(args, "", &[]).await;
        assert_eq!(counter(&app).await, before, "{args:?}");
    }
}

fn seconds() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Lowers the counter, as on a copy of the database that is older than ids which are known elsewhere. The counter is raised to the
/// start of a second, so the one in which the last ids were taken has to end.
async fn lower(app: &TestApp) {
    let taken = seconds();
    eventually(async || seconds() > taken).await;
    let lower = if database::is_postgres() { "SELECT setval('ids', 1000)" } else { "UPDATE ids SET last = 1000" };
    app.sql(lower).await;
    assert_eq!(counter(app).await, 1000);
}

async fn counter(app: &TestApp) -> i64 {
    app.count(if database::is_postgres() { "SELECT last_value FROM ids" } else { "SELECT last FROM ids" }).await
}

async fn assert_raised(app: &TestApp) {
    let raised = counter(app).await / 65_536;
    assert!(raised.abs_diff(i64::try_from(seconds()).unwrap()) < 3_600, "{raised}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_raises_the_counter_to_the_time() {
    let mut app = TestApp::start().await;
    app.stop().await;
    lower(&app).await;
    app.restart().await;
    assert_raised(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_writes_raises_the_counter_to_the_time() {
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    lower(&app).await;
    app.cli(add("Tea Stall"), "").await.assert_done();
    assert_raised(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM apps WHERE id < 1000000").await, 0, "its own id is above");
}

/// Another server's unit of work has the ids while the command starts.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_starts_while_ids_are_taken() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    app.razorpay().await;
    let taking = app.lock_ids().await;
    app.cli(add("Tea Stall"), "").await.assert_done();
    taking.release().await;
}
