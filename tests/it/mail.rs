//! Email: what arrives at the mail server, what is attempted again, and what becomes of failures.

use std::time::Duration;

use reqwest::StatusCode;

use crate::support::{
    Installation, TestApp,
    browser::Browser,
    database, eventually,
    smtp_server::{Answer, SmtpServer, mail_config},
};

const EMAIL: &str = "owner@neem-tree-retail.example";
/// The states of all messages.
const STATES: &str =
    "SELECT state || ' ' || COALESCE(last_failure, '-') || ' x' || CAST(attempts AS TEXT) FROM notifications ORDER BY id";
const OPEN: &str = "SELECT COUNT(*) FROM notifications WHERE due_at IS NOT NULL";
/// What is only needed to send a message.
const CONTENTS: &str = "SELECT COUNT(*) FROM notifications WHERE content IS NOT NULL OR recipient IS NOT NULL";

async fn with_mail() -> (SmtpServer, TestApp, Browser) {
    let server = SmtpServer::start().await;
    let app = TestApp::start_with(|config| server.set(config)).await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    (server, app, owner)
}

/// Sends a test email.
async fn send_test(owner: &Browser) {
    assert_eq!(owner.post("/settings/test-email", &[]).await.location(), "/settings");
}

/// Waits until the states are those.
async fn settle_as(app: &TestApp, states: &[&str]) {
    eventually(async || app.texts(STATES).await == states).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_email_arrives_once_with_the_headers_of_automated_mail() {
    let (server, app, owner) = with_mail().await;
    let before = owner.get("/settings").await;
    assert!(before.shows("email-set-up") && before.text_of("email-set-up").contains("pay@sender.example"));
    assert!(before.lacks("last-test") && before.lacks("email-fails") && !before.has("hush-hush"));
    send_test(&owner).await;
    let mail = server.mail(1).await;
    assert_eq!(mail.to, EMAIL);
    assert_eq!(mail.header("To"), EMAIL);
    assert_eq!(mail.header("From"), "\"KS Pay\" <pay@sender.example>");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Subject"), "Test email from KS Pay");
    assert!(mail.header("Message-ID").starts_with("<nt_") && mail.header("Message-ID").ends_with("@sender.example>"));
    let date = jiff::fmt::rfc2822::parse(&mail.header("Date")).unwrap().timestamp();
    assert_eq!(date.as_second(), app.now().seconds());
    let (text, html) = (mail.part("text/plain"), mail.part("text/html"));
    assert!(text.contains("Neem Tree Retail") && text.contains("/settings"), "{text}");
    assert!(html.contains("<html lang=\"en-IN\">") && html.contains("Neem Tree Retail"), "{html}");
    for remote in ["<img", "src=", "url(", "@import", "<link", "<script"] {
        assert!(!html.contains(remote), "{remote}: {html}");
    }
    let page = owner.sees_in("/settings", "last-test", "Email sent").await;
    assert!(page.shows("state-sent"));
    settle_as(&app, &["sent - x1"]).await;
    assert_eq!((app.count(CONTENTS).await, server.mails().len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_to_a_refused_recipient_is_not_sent_again_and_the_page_has_none_of_the_servers_words() {
    let (server, app, owner) = with_mail().await;
    server.always(Some(Answer::Recipient("550 5.1.1 <b>no</b> such\tmailbox")));
    send_test(&owner).await;
    let page = owner.sees("/settings", "state-failed").await;
    assert!(!page.has("5.1.1"), "{}", page.text_of("last-test"));
    assert!(page.lacks("email-fails"), "the server accepts others");
    settle_as(&app, &["failed rejected x1"]).await;
    app.clock.advance(Duration::from_hours(2));
    send_test(&owner).await;
    settle_as(&app, &["failed rejected x1", "failed rejected x1"]).await;
    assert_eq!((app.count(CONTENTS).await, server.connections()), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_sent_again_under_the_same_id_until_the_server_accepts_it() {
    let (server, app, owner) = with_mail().await;
    server.answer(&[Answer::Recipient("450 4.7.1 come back later"), Answer::BreakBeforeEnd, Answer::BreakAfterEnd]);
    send_test(&owner).await;
    settle_as(&app, &["waiting deferred x1"]).await;
    let page = owner.get("/settings").await;
    assert!(page.shows("state-waiting") && !page.has("4.7.1"), "{}", page.text_of("last-test"));
    for (minutes, state) in [(1, "waiting unreachable x2"), (5, "waiting unreachable x3"), (15, "sent - x4")] {
        app.clock.advance(Duration::from_secs(60 * minutes - 1));
        app.clock.advance(Duration::from_secs(1));
        settle_as(&app, &[state]).await;
    }
    let ids: Vec<String> = server.mails().iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!((ids.len(), server.connections()), (2, 4), "one was stored before the connection broke");
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_stops_all_email_until_the_server_accepts_it() {
    let (server, app, owner) = with_mail().await;
    server.always(Some(Answer::Password("535 5.7.8 wrong password")));
    send_test(&owner).await;
    let page = owner.sees("/settings", "email-fails").await;
    assert!(page.text_of("email-fails").contains("ks-pay doctor") && !page.has("5.7.8"), "its words are the operator's");
    settle_as(&app, &["waiting settings x1"]).await;
    let tried = server.connections();
    send_test(&owner).await;
    send_test(&owner).await;
    // Longer than the worker needs to look for due messages.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(server.connections(), tried, "no other message is attempted");
    server.always(None);
    app.clock.advance(Duration::from_mins(1));
    settle_as(&app, &["sent - x2", "sent - x1", "sent - x1"]).await;
    assert!(owner.get("/settings").await.lacks("email-fails"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sender_stops_all_email_until_the_server_accepts_it() {
    let (server, app, owner) = with_mail().await;
    server.always(Some(Answer::Sender("553 5.7.1 not your address")));
    send_test(&owner).await;
    owner.sees("/settings", "email-fails").await;
    settle_as(&app, &["waiting settings x1"]).await;
    server.always(Some(Answer::Recipient("550 5.1.1 no such mailbox")));
    app.clock.advance(Duration::from_mins(1));
    settle_as(&app, &["failed rejected x2"]).await;
    server.always(Some(Answer::Sender("451 4.7.1 come back later")));
    send_test(&owner).await;
    settle_as(&app, &["failed rejected x2", "waiting deferred x1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_after_its_time() {
    let (server, app, owner) = with_mail().await;
    server.always(Some(Answer::Recipient("450 4.7.1 come back later")));
    send_test(&owner).await;
    settle_as(&app, &["waiting deferred x1"]).await;
    server.always(None);
    app.clock.advance(Duration::from_mins(30));
    settle_as(&app, &["failed deferred x1"]).await;
    assert_eq!((app.count(CONTENTS).await, server.mails().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_or_was_being_sent_is_sent_after_a_restart() {
    let (server, mut app, owner) = with_mail().await;
    // An address at which nothing listens.
    app.restart_with(|config| config.mail = Some(mail_config("smtp://127.0.0.1:1"))).await;
    let owner = owner.elsewhere(app.address);
    send_test(&owner).await;
    send_test(&owner).await;
    settle_as(&app, &["waiting unreachable x1"; 2]).await;
    assert!(owner.get("/settings").await.shows("email-fails"));
    app.stop().await;
    // As if it had been killed while it sent one.
    app.sql("UPDATE notifications SET state = 'sending', claim = 7 WHERE id = (SELECT MIN(id) FROM notifications)").await;
    app.clock.advance(Duration::from_mins(1));
    app.restart_with(|config| server.set(config)).await;
    eventually(async || app.count(OPEN).await == 0).await;
    assert_eq!(server.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_send_each_email_once() {
    if !database::is_postgres() {
        return;
    }
    let (server, app, owner) = with_mail().await;
    let mut config = app.config();
    server.set(&mut config);
    let other = app.another_server_with(config).await;
    for _ in 0..5 {
        send_test(&owner).await;
    }
    eventually(async || app.count(OPEN).await == 0).await;
    assert_eq!(server.mails().len(), 5);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_users_write_makes_no_header_and_no_markup() {
    let (server, app, owner) = with_mail().await;
    // No form accepts such a name.
    app.sql("UPDATE companies SET name = 'Neem\r\nBcc: evil@thief.example\r\n\r\n<b>Tree</b>'").await;
    send_test(&owner).await;
    let mail = server.mail(1).await;
    assert_eq!((mail.count("Bcc"), mail.to.as_str()), (0, EMAIL));
    assert!(mail.part("text/html").contains("&#60;b&#62;Tree"), "{}", mail.part("text/html"));
    let text = mail.part("text/plain");
    assert!(text.lines().all(|line| !line.starts_with("Bcc")) && text.contains("<b>Tree</b>"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_sealed_in_the_database_and_nothing_of_them_is_in_the_log() {
    let server = SmtpServer::start().await;
    server.always(Some(Answer::Password("535 5.7.8 wrong password of owner@neem-tree-retail.example")));
    let at = Installation::new().await;
    at.company("Neem Tree Retail").await;
    let variables = [
        ("KS_PAY_SMTP_URL", &*server.url("hush-hush")),
        ("KS_PAY_MAIL_FROM", "pay@sender.example"),
        ("RUST_LOG", "debug,sqlx=info"),
    ];
    let mut process = at.process(&["serve"], &variables);
    let address = process.line("listening on http://");
    let visitor = Browser::at(address.rsplit_once('/').unwrap().1.trim().parse().unwrap());
    let csrf = visitor.get("/login/forgotten").await.field("csrf_token").unwrap();
    visitor.post_exactly("/login/forgotten", &[("csrf_token", &csrf), ("email", EMAIL)]).await.location();
    server.connected(1).await;
    eventually(async || at.count("SELECT COUNT(*) FROM notifications WHERE last_failure IS NOT NULL").await == 1).await;
    let readable = "SELECT COUNT(*) FROM notifications WHERE CAST(content AS TEXT) LIKE '%password%' OR CAST(recipient AS TEXT) LIKE '%neem%'";
    if !database::is_postgres() {
        assert_eq!(at.count(readable).await, 0);
    }
    let log = process.terminate().err;
    assert!(log.contains("messages were not sent"), "{log}");
    assert!(log.contains("535 5.7.8 wrong password of …"), "{log}");
    for secret in ["hush", "aHVzaC1odXNo", "token=", "Reset your", EMAIL] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_the_page_says_what_to_set() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get("/settings").await;
    assert!(page.shows("email-not-set-up") && page.text_of("email-not-set-up").contains("KS_PAY_SMTP_URL"));
    assert_eq!(owner.post("/settings/test-email", &[]).await.location(), "/settings");
    assert_eq!(app.count("SELECT COUNT(*) FROM notifications").await, 0);
    assert_eq!(owner.get("/demo/mailbox").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_signs_in_to_the_mail_server_and_sends_nothing() {
    let server = SmtpServer::start().await;
    let at = Installation::new().await;
    let email = async |url: &str| {
        let output = at.cli_with(&["doctor"], "", &[("KS_PAY_SMTP_URL", url), ("KS_PAY_MAIL_FROM", "pay@sender.example")]).await;
        assert!(!output.out.contains("hush"), "{}", output.out);
        output.out.lines().find(|line| line.contains(" email: ")).unwrap().to_owned()
    };
    let line = email(&server.url("hush")).await;
    assert!(line.starts_with("ok ") && line.contains("pay@sender.example"), "{line}");
    assert_eq!((server.connections(), server.mails().len()), (1, 0));
    server.always(Some(Answer::Password("535 5.7.8 wrong password")));
    let line = email(&server.url("hush")).await;
    assert!(line.starts_with("bad ") && line.contains("535 5.7.8 wrong password") && line.contains("Check user"), "{line}");
    server.always(Some(Answer::Sender("553 5.7.1 not your address")));
    let line = email(&server.url("hush")).await;
    assert!(line.starts_with("bad ") && line.contains("553 5.7.1 not your address") && line.contains("sender"), "{line}");
    server.always(None);
    let mails = server.mails().len();
    let line = email(&server.url("hush").replace("smtp:", "smtps:")).await;
    assert!(line.starts_with("bad ") && mails == 0, "a server without TLS: {line}");
    let line = email("smtp://127.0.0.1:1").await;
    assert!(line.starts_with("bad ") && line.contains("firewall"), "{line}");
    let output = at.cli(["doctor"], "").await;
    assert!(output.out.lines().any(|line| line.starts_with("note  email: not set up")), "{}", output.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn test_emails_are_limited() {
    let (_server, app, owner) = with_mail().await;
    for _ in 0..6 {
        send_test(&owner).await;
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM notifications").await, 5);
    assert_eq!(app.count("SELECT COUNT(*) FROM security_log WHERE action = 'test_email_sent'").await, 5);
}
