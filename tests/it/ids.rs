//! Ids are unique whatever happens to the processes that take them: one may be killed or suspended at any moment.

use std::time::Duration;

use crate::support::{Installation, TestApp, bodies, database};

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
    let counter = if database::is_postgres() { "SELECT last_value FROM ids" } else { "SELECT last FROM ids" };
    let before = app.count(counter).await;
    let reads: [&[&str]; 5] = [
        &["app", "list"],
        &["events", "export"],
        &["transactions", "export"],
        &["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"],
        &["doctor"],
    ];
    for args in reads {
        app.cli_with(args, "", &[]).await;
        assert_eq!(app.count(counter).await, before, "{args:?}");
    }
}

/// As on a copy of the database that is older than ids which are known elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_raises_the_counter_to_the_time() {
    let mut app = TestApp::start().await;
    app.stop().await;
    let (lower, counter) = if database::is_postgres() {
        ("SELECT setval('ids', 1000)", "SELECT last_value FROM ids")
    } else {
        ("UPDATE ids SET last = 1000", "SELECT last FROM ids")
    };
    app.sql(lower).await;
    assert_eq!(app.count(counter).await, 1000);
    app.restart().await;
    let seconds = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let raised = app.count(counter).await / 65_536;
    assert!(raised.abs_diff(i64::try_from(seconds).unwrap()) < 3_600, "{raised}");
}
