//! The daily digest, from an event to the email, and its form.

use reqwest::StatusCode;
use std::time::Duration;

use ks_pay::primitives::time::{Clock, Timestamp};

use crate::support::{
    TestApp, bodies, browser::Browser, builders::Connection, database::is_postgres, eventually, smtp_server::SmtpServer,
};

const DIGESTS: &str = "SELECT COUNT(*) FROM notifications WHERE purpose = 'digest'";
const SETTINGS: &str =
    "SELECT mode || ' ' || CASE WHEN is_on THEN 'on ' ELSE 'off ' END || CAST(minute AS TEXT) FROM alert_digests ORDER BY mode";
const DAY: Duration = Duration::from_hours(24);

/// Returns 9 in the morning in India, on the day after the payments of [`bodies`].
fn next_morning() -> Clock {
    let day = Timestamp::from_seconds(bodies::AT).zoned().date().tomorrow().unwrap();
    Clock::fixed(Timestamp::start_of(day).plus(Duration::from_hours(9)))
}

async fn shop() -> (TestApp, SmtpServer, Connection, Browser) {
    let app = TestApp::start_on_the_day().await;
    let company = app.company("Neem Tree Retail").await;
    let live = company.app("Neem <Tree> Store").await.razorpay("live").await;
    let owner = app.owner("Neem Tree Retail").await;
    (app, SmtpServer::start().await, live, owner)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_has_what_happened_yesterday_and_what_is_open_and_two_servers_send_it_once() {
    let (mut app, mail, live, _) = shop().await;
    live.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    live.post(bodies::payment("payment.captured", "pay_2", 1)).stored().await;
    live.post(bodies::payment("payment.failed", "pay_3", 2)).stored().await;
    live.post(bodies::refund("refund.processed", "rfnd_1", "pay_2", 25_000, 25_000, 3)).stored().await;
    live.post(bodies::dispute("payment.dispute.created", "disp_1", "pay_1", "open", 4)).stored().await;
    // The command line creates connections by the system's clock.
    app.sql("UPDATE connections SET created_at = 0").await;
    app.restart_at_with(next_morning(), |config| mail.set(config)).await;
    let other = if is_postgres() {
        let mut config = app.config();
        mail.set(&mut config);
        Some(app.another_server_with(config).await)
    } else {
        None
    };
    let is_digest = |number: usize| {
        let mails = mail.mails();
        mails.into_iter().filter(|mail| mail.header("Subject").contains("Daily digest")).nth(number)
    };
    eventually(async || is_digest(0).is_some()).await;
    let first = is_digest(0).unwrap();
    let text = first.part("text/plain").replace('\u{a0}', " ");
    for line in [
        "Received: ₹2,000.00 from 2 payments",
        "Refunded of these payments: ₹250.00",
        "Failed payments: 1",
        "Disputes to answer: 1",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains(&format!("/ks-pay/apps/{}?mode=live", live.app_id)) && !text.contains("pay_"), "{text}");
    let html = first.part("text/html");
    assert!(html.contains("Neem &lt;Tree&gt; Store") || html.contains("Neem &#60;Tree&#62; Store"), "{html}");
    assert!(!html.contains("<Tree>"), "{html}");
    app.clock.advance(DAY);
    eventually(async || is_digest(1).is_some()).await;
    let second = is_digest(1).unwrap().part("text/plain").replace('\u{a0}', " ");
    assert!(second.contains("There were no payments on 23 Nov.") && second.contains("Disputes to answer: 1"), "{second}");
    assert_eq!(app.count(DIGESTS).await, 2, "Live only, and once a day");
    if let Some(other) = other {
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_says_what_is_wrong_saves_what_is_right_and_shows_the_digest() {
    let (app, _, live, owner) = shop().await;
    let list = format!("/ks-pay/apps/{}/alerts", live.app_id);
    let form = format!("{list}/digest");
    let page = owner.get(&format!("{list}?mode=live")).await;
    assert!(page.has("name=\"on\" value=\"true\" checked") && page.has("value=\"09:00\""), "{}", page.body);
    assert!(page.text_of("digest-preview").contains("Neem <Tree> Store, Live"), "{}", page.body);
    let test = owner.get(&format!("{list}?mode=test")).await;
    assert!(!test.has("name=\"on\" value=\"true\" checked"), "off by default in Test");

    let everyone = [("mode", "test"), ("on", "true"), ("who", "all")];
    let some = [("mode", "test"), ("on", "true"), ("time", "18:30"), ("who", "some")];
    for (fields, field, reason) in [
        ([&everyone[..], &[("time", "")]].concat(), "time", "not-a-time"),
        ([&everyone[..], &[("time", "25:00")]].concat(), "time", "not-a-time"),
        (some.to_vec(), "recipient", "empty"),
        ([&some[..], &[("recipient", "us_00000000001")]].concat(), "recipient", "unknown"),
    ] {
        let refused = owner.post(&form, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(refused.has(&format!("id=\"{field}-error\" data-reason=\"{reason}\"")), "{fields:?}: {}", refused.body);
    }
    let refused = owner.post(&form, &some).await;
    assert!(refused.has("value=\"18:30\"") && refused.has("value=\"some\" checked"), "nothing typed is lost");
    assert_eq!(app.count("SELECT COUNT(*) FROM alert_digests").await, 0);
    let saved = owner.post(&form, &[&everyone[..], &[("time", "18:30")]].concat()).await;
    assert_eq!(saved.location(), format!("{list}?mode=test"));
    owner.post(&form, &[("mode", "live"), ("time", "09:00"), ("who", "all")]).await;
    assert_eq!(app.texts(SETTINGS).await, ["live off 540", "test on 1110"]);
    assert!(owner.get(&format!("{list}?mode=test")).await.has("value=\"18:30\""));
    assert_eq!(app.texts("SELECT action FROM security_log WHERE action = 'alerts_changed'").await.len(), 2);

    app.company("Banyan Books").await.app("Banyan Shop").await;
    let stranger = app.owner("Banyan Books").await;
    let fields = [&everyone[..], &[("time", "18:30")]].concat();
    assert_eq!(stranger.post(&form, &fields).await.status, StatusCode::NOT_FOUND);
}
