//! Problems of the installation: each is reported to the operators, and so is its end, without anything of a company.

use std::{sync::Arc, time::Duration};

use ks_pay::{
    primitives::time::{Clock, Timestamp},
    server::config::Config,
};
use tokio::{sync::Semaphore, time::timeout};

use crate::support::{
    SOON, TestApp, bodies,
    builders::Connection,
    database::is_postgres,
    eventually,
    fault::Outage,
    sink::{Response, Sink},
    smtp_server::{Answer, Mail, SmtpServer},
};

const OPERATORS: [&str; 2] = ["ops@example.com", "night@example.com"];
const COMPANY: &str = "Neem Tree Retail";
const ALERTS: &str =
    "SELECT problem || CASE WHEN resolved_at IS NULL THEN ' open' ELSE ' over' END FROM operator_alerts ORDER BY problem";

/// Notifies the operators over that mail server. The disk has enough space.
fn notify(config: &mut Config, mail: &SmtpServer) {
    mail.set(config);
    config.mail.as_mut().unwrap().operators = OPERATORS.map(str::to_owned).to_vec();
    config.disk_limit = Some(0);
}

async fn start(mail: &SmtpServer) -> TestApp {
    TestApp::start_with(|config| notify(config, mail)).await
}

/// Waits for the emails with that subject, one to each operator, and returns the first.
async fn reported(mail: &SmtpServer, subject: &str) -> Mail {
    let found = || mail.mails().into_iter().filter(|mail| mail.header("Subject") == subject).collect::<Vec<_>>();
    eventually(async || found().len() >= OPERATORS.len()).await;
    let mut to: Vec<String> = found().iter().map(|mail| mail.to.clone()).collect();
    to.sort_unstable();
    assert_eq!(to, ["night@example.com", "ops@example.com"], "{subject}");
    let first = found().remove(0);
    let source = format!("{}{}", first.part("text/plain"), first.part("text/html"));
    assert!(!source.contains("Neem") && !source.contains("pay_") && !source.contains("ap_"), "{source}");
    first
}

async fn is(app: &TestApp, wanted: &[&str]) {
    eventually(async || app.texts(ALERTS).await == wanted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_filling_is_reported_once_across_restarts_and_servers() {
    let mail = SmtpServer::start().await;
    let mut app = start(&mail).await;
    app.company(COMPANY).await;
    let filling = |config: &mut Config| {
        notify(config, &mail);
        config.disk_limit = Some(u64::MAX);
    };
    app.restart_with(filling).await;
    let text = reported(&mail, "KS Pay: the disk is filling").await.part("text/plain");
    assert!(text.contains("MiB are left") && text.contains("Since: "), "{text}");
    let other = if is_postgres() {
        let mut config = app.config();
        filling(&mut config);
        Some(app.another_server_with(config).await)
    } else {
        None
    };
    app.restart_with(filling).await;
    app.clock.advance(Duration::from_hours(24));
    reported(&mail, "KS Pay reminder: the disk is filling").await;
    if let Some(other) = other {
        other.stop().await;
    }
    app.restart_with(|config| notify(config, &mail)).await;
    reported(&mail, "KS Pay: the disk has enough free space again").await;
    is(&app, &["disk over"]).await;
    assert_eq!(mail.mails().len(), 3 * OPERATORS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_in_the_database_is_reported() {
    let mail = SmtpServer::start().await;
    let app = start(&mail).await;
    app.razorpay().await;
    app.sql("INSERT INTO installation (name, value) SELECT 'saved', value FROM installation WHERE name = 'sealed_with'").await;
    app.sql("UPDATE installation SET value = (SELECT value FROM installation WHERE name = 'address') WHERE name = 'sealed_with'")
        .await;
    reported(&mail, "KS Pay: the master key does not match the database").await;
    app.sql("UPDATE installation SET value = (SELECT value FROM installation WHERE name = 'saved') WHERE name = 'sealed_with'")
        .await;
    reported(&mail, "KS Pay: the master key matches the database again").await;
    is(&app, &["master_key over"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_values_that_cannot_be_decrypted_are_counted() {
    let mail = SmtpServer::start().await;
    let mut app = TestApp::start().await;
    app.announce_error("cannot be decrypted: it was damaged or replaced");
    app.razorpay().await;
    app.sql("UPDATE secrets SET sealed = substr(sealed, 1, 50)").await;
    app.restart_with(|config| notify(config, &mail)).await;
    let text = reported(&mail, "KS Pay: sealed values cannot be decrypted").await.part("text/plain");
    assert!(text.contains("Found: 1 of the secrets"), "{text}");
    app.sql("UPDATE secrets SET valid_until = 0, state = 'additional'").await;
    app.clock.advance(Duration::from_hours(1));
    reported(&mail, "KS Pay: all sealed values can be decrypted again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_signed_events_contradict_is_reported_until_it_is_set() {
    let mail = SmtpServer::start().await;
    let mut app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    for number in 0..3 {
        connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).stored().await;
    }
    let at = |seconds: i64| Clock::fixed(Timestamp::from_seconds(bodies::AT + seconds));
    app.restart_at_with(at(-24 * 3600), |config| notify(config, &mail)).await;
    let text = reported(&mail, "KS Pay: the clock is wrong").await.part("text/plain");
    assert!(text.contains("timedatectl"), "{text}");
    app.restart_at_with(at(3600), |config| notify(config, &mail)).await;
    reported(&mail, "KS Pay: the clock is right again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn email_that_could_not_be_sent_is_reported_once_it_can() {
    let mail = SmtpServer::start().await;
    mail.always(Some(Answer::Password("535 5.7.8 no")));
    let app = TestApp::start_with(|config| {
        notify(config, &mail);
        config.disk_limit = Some(u64::MAX);
    })
    .await;
    is(&app, &["disk open"]).await;
    let refused = "SELECT COUNT(*) FROM notifications WHERE last_failure = 'settings'";
    eventually(async || app.count(refused).await > 0).await;
    app.clock.advance(Duration::from_mins(6));
    is(&app, &["disk open", "email open"]).await;
    mail.always(None);
    app.clock.advance(Duration::from_mins(2));
    let text = reported(&mail, "KS Pay: email cannot be sent").await.part("text/plain");
    assert!(text.contains("refuses the user") && !text.contains("535"), "{text}");
    reported(&mail, "KS Pay: email can be sent again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_are_all_overdue_are_reported_and_of_one_destination_are_not() {
    let (mail, permits) = (SmtpServer::start().await, Arc::new(Semaphore::new(0)));
    let app = TestApp::start_with(|config| {
        notify(config, &mail);
        config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let connection = app.razorpay().await;
    let sinks = [Sink::start().await, Sink::start().await];
    let allow = [("KS_PAY_ALLOW_DESTINATIONS", "127.0.0.0/8")];
    for (name, sink) in ["Orders", "Stock"].iter().zip(&sinks) {
        sink.usually(Response::Held(Arc::clone(&permits)));
        let args = ["destination", "add", "--app", &connection.app_id, "--mode", "test", "--name", name, "--url", &sink.url];
        app.cli_with(&[&args[..], &["--concurrency", "1", "--timeout", "30"]].concat(), "", &allow).await.assert_done();
    }
    for number in 0..6 {
        connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).stored().await;
    }
    eventually(async || sinks.iter().all(|sink| !sink.received().is_empty())).await;
    app.clock.advance(Duration::from_mins(61));
    let text = reported(&mail, "KS Pay: all deliveries are overdue").await.part("text/plain");
    assert!(text.contains("deliveries to 2 destinations"), "{text}");
    app.sql("UPDATE destinations SET state = 'paused', pause_reason = 'user' WHERE name = 'Stock'").await;
    reported(&mail, "KS Pay: deliveries are on time again").await;
    permits.add_permits(100);
}

/// Sends events, one a minute, until so many emails have arrived.
async fn post_until(app: &TestApp, mail: &SmtpServer, connection: &Connection, count: usize) {
    let mut number = 0;
    while mail.mails().len() < count {
        number += 1;
        connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).send().await;
        app.clock.advance(Duration::from_secs(61));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_stored_are_reported_without_the_database_and_their_end_with_it() {
    let mail = SmtpServer::start().await;
    let app = start(&mail).await;
    app.announce_error("a batch could not be stored");
    app.announce_error("requests cannot be stored");
    let connection = app.razorpay().await;
    let lock = if is_postgres() {
        app.begin_outage(Outage::ReadOnly).await;
        None
    } else {
        Some(app.lock_events().await)
    };
    timeout(3 * SOON, post_until(&app, &mail, &connection, OPERATORS.len())).await.expect("the operators are notified");
    let text = reported(&mail, "KS Pay: events cannot be stored").await.part("text/plain");
    assert!(text.contains("503"), "{text}");
    match lock {
        Some(lock) => lock.release().await,
        None => app.end_outage(Outage::ReadOnly).await,
    }
    eventually(async || app.count("SELECT COUNT(*) FROM operator_alerts").await == 1).await;
    reported(&mail, "KS Pay: events can be stored again").await;
    is(&app, &["storage over"]).await;
    assert_eq!(mail.mails().len(), 2 * OPERATORS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_who_is_notified_and_what_is_wrong_with_the_addresses() {
    let (app, mail) = (TestApp::start().await, SmtpServer::start().await);
    let url = mail.url("hush-hush");
    let server = [("KS_PAY_SMTP_URL", url.as_str()), ("KS_PAY_MAIL_FROM", "pay@sender.example")];
    let doctor = async |more: &[(&'static str, &str)]| app.cli_with(&["doctor"], "", more).await.out;
    let line = |out: &str, start: &str| out.lines().any(|line| line.starts_with(start));
    assert!(line(&doctor(&server).await, "note  operators: no one is notified"));
    let named = doctor(&[&server[..], &[("KS_PAY_OPERATOR_EMAIL", "ops@example.com")]].concat()).await;
    assert!(line(&named, "ok    operators: problems of this installation are reported to ops@example.com"), "{named}");
    let alone = doctor(&[("KS_PAY_OPERATOR_EMAIL", "ops@example.com")]).await;
    assert!(line(&alone, "bad   configuration: KS_PAY_OPERATOR_EMAIL is set, and KS_PAY_SMTP_URL is not"), "{alone}");
    let refused = app.cli_with(&["serve"], "", &[("KS_PAY_OPERATOR_EMAIL", "ops@example.com")]).await;
    assert!(refused.failure().contains("KS_PAY_SMTP_URL"), "{}", refused.err);
}
