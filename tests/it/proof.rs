//! *Failing* requires requests that are proven to be the webhook's own. Requests that an outsider can forge change no state, no
//! alert, no countdown and no order.

use std::time::Duration;

use crate::{
    baseline::pay,
    support::{
        TestApp, bodies,
        browser::{Browser, Page},
        builders::Connection,
        eventually,
        webhook_request::Post,
    },
};

const HOUR: Duration = Duration::from_hours(1);
const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const FORGERIES: i64 = 500;
/// Account of every body in [`bodies`].
const ACCOUNT: &str = "acc_Test0000000001";
/// One of the gateway's published addresses.
const GATEWAY: &str = "52.66.75.174";

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

fn settings(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways", connection.app_id)
}

fn webhook(connection: &Connection) -> String {
    format!("{}/razorpay/{}/webhook", settings(connection), connection.mode)
}

/// Returns a request with everything that an outsider can copy from the gateway, and a wrong signature.
fn forgery(connection: &Connection, number: i64) -> Post {
    let body = captured(&format!("pay_Forged{number:08}"));
    connection.post(body).header("user-agent", "Razorpay-Webhook/v1").signature(&format!("{number:064x}"))
}

async fn forge(app: &TestApp, connection: &Connection) {
    let before = app.count(COUNT).await;
    for number in 0..FORGERIES {
        assert_eq!(forgery(connection, number).send().await, 401);
    }
    eventually(async || app.count(COUNT).await == before + FORGERIES).await;
}

/// Whether the webhook neither fails nor is about to be disabled.
fn is_calm(page: &Page) -> bool {
    page.lacks("state-failing") && page.lacks("countdown")
}

/// Whether the panel names the last verified event.
fn is_verified(page: &Page) -> bool {
    page.texts_of("evidence-verified").iter().any(|said| said.contains("payment.captured"))
}

/// Returns the page without the parts that differ on every load.
async fn stable(owner: &Browser, path: &str) -> String {
    let body = owner.get(path).await.body;
    body.split("name=\"csrf_token\" value=\"").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_forgeries_change_nothing_at_a_webhook_that_is_not_overdue() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let (live, fresh) = (shop.razorpay("live").await, shop.razorpay("test").await);
    let other = company.app("Neem Tree Stall").await.razorpay("live").await;
    pay(&app, &live, (0..4 * 24).step_by(6)).await;
    other.post(captured("pay_Other000000001")).stored().await;
    app.clock.advance(HOUR);
    let owner = app.owner("Neem Tree Retail").await;
    let pages = ["/".to_owned(), "/ks-pay".to_owned(), settings(&live)];
    let before = [stable(&owner, &pages[0]).await, stable(&owner, &pages[1]).await, stable(&owner, &pages[2]).await];
    assert!(before[0].contains("data-testid=\"all-clear\""), "{}", before[0]);

    for connection in [&live, &fresh] {
        forge(&app, connection).await;
    }
    for (path, before) in pages.iter().zip(&before) {
        assert_eq!(&stable(&owner, path).await, before, "{path}");
    }
    let page = owner.get(&webhook(&live)).await;
    assert!(is_verified(&page) && is_calm(&page), "{}", page.body);
    assert!(page.text_of("rejected-meanwhile").contains("500 "), "{}", page.body);
    let page = owner.get(&webhook(&fresh)).await;
    assert!(page.text_of("evidence-only-rejected").contains(" 500 ") && is_calm(&page));

    // The line disappears with the next verified event.
    app.clock.advance(Duration::from_secs(1));
    live.post(captured("pay_After000000001")).stored().await;
    assert!(owner.get(&webhook(&live)).await.lacks("rejected-meanwhile"));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_forgeries_at_an_overdue_webhook_add_no_countdown_and_no_alert() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let live = company.app("Neem Tree Store").await.razorpay("live").await;
    let other = company.app("Neem Tree Stall").await.razorpay("live").await;
    pay(&app, &live, (0..4 * 24).step_by(6)).await;
    app.clock.advance(HOUR * 80);
    other.post(captured("pay_Other000000001")).stored().await;
    let owner = app.owner("Neem Tree Retail").await;
    let before = stable(&owner, "/").await;
    assert!(before.contains("data-testid=\"trouble-silent\""), "{before}");
    assert!(owner.get(&settings(&live)).await.shows("state-silent"));

    forge(&app, &live).await;
    assert_eq!(stable(&owner, "/").await, before, "neither an alert nor other words in one");
    for path in [settings(&live), webhook(&live), "/ks-pay".to_owned()] {
        let page = owner.get(&path).await;
        assert!(page.shows("state-failing") && page.lacks("failing-since") && page.lacks("countdown"), "{path}: {}", page.body);
    }
    let page = owner.get(&webhook(&live)).await;
    let said = page.text_of("evidence-overdue");
    assert!(said.contains(" 500 "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_with_a_key_of_the_company_is_proof_and_its_cause_stays_in_sight() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    let slip = connection.post(captured("pay_2")).secret(&format!("{} ", connection.secret));
    assert_eq!(slip.send().await, 401);
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.sees(&webhook(&connection), "failing-since").await;
    assert!(page.shows("countdown") && page.shows("cause-secret-with-space"), "{}", page.body);
    owner.sees_in("/", "trouble-failing", "1 Test ").await;
    let before = stable(&owner, "/").await;

    // Later requests from unknown senders neither change the cause nor reset the countdown.
    app.clock.advance(HOUR);
    let later = app.owner("Neem Tree Retail").await;
    forge(&app, &connection).await;
    let page = later.get(&webhook(&connection)).await;
    assert!(page.shows("cause-secret-with-space") && page.text_of("countdown").contains("23\u{a0}h"), "{}", page.body);
    assert!(later.get("/").await.text_of("trouble-failing").contains("1 Test "));
    assert!(before.contains("data-testid=\"cause-secret-with-space\""), "{before}");

    app.clock.advance(Duration::from_secs(1));
    connection.post(captured("pay_3")).stored().await;
    let page = later.get(&webhook(&connection)).await;
    assert!(page.lacks("failing-since") && is_verified(&page), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_proven_rejection_is_deleted_a_strangers_request_does_not_explain_the_failure() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(connection.post(captured("pay_2")).secret(&format!("{} ", connection.secret)).send().await, 401);
    let owner = app.owner("Neem Tree Retail").await;
    owner.sees(&webhook(&connection), "failing-since").await;
    app.sql("DELETE FROM rejected_requests").await;
    app.sql("DELETE FROM rejections").await;
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(connection.post(captured("pay_3")).unsigned().send().await, 401);
    eventually(async || app.count(COUNT).await == 1).await;
    let page = owner.sees(&webhook(&connection), "failing-since").await;
    let (neutral, of_stranger) = ("cause-signature-mismatch", "cause-signature-missing");
    assert!(page.shows(neutral) && page.lacks(of_stranger) && page.lacks("cause-no-signature"), "{}", page.body);
    let dashboard = owner.get("/").await;
    assert!(dashboard.shows(neutral) && dashboard.lacks(of_stranger), "{}", dashboard.body);
}

/// Returns a request as the gateway sends it, without a signature.
fn sent(connection: &Connection, body: Vec<u8>, from: &str) -> Post {
    connection.post(body).unsigned().header("x-forwarded-for", from).header("user-agent", "Razorpay-Webhook/v1")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_address_is_proof_only_together_with_the_connections_account() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    let of = |account: &str| String::from_utf8(captured("pay_2")).unwrap().replace(ACCOUNT, account).into_bytes();
    let proven = async |app: &TestApp| app.count("SELECT failing_count FROM activity").await;
    let mut count = 0;
    let mut send = async |app: &TestApp, post: Post| {
        let url = format!("http://{}/webhooks/{}", app.address, connection.endpoint);
        assert_eq!(post.url(&url).send().await, 401);
        count += 1;
        eventually(async || app.count(COUNT).await == count).await;
    };
    let at = |app: &TestApp| format!("http://{}/webhooks/{}", app.address, connection.endpoint);
    // No event has been verified, so the account is still unknown.
    app.restart_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    send(&app, sent(&connection, captured("pay_2"), GATEWAY)).await;
    assert_eq!(proven(&app).await, 0);
    connection.post(captured("pay_1")).url(&at(&app)).stored().await;
    app.clock.advance(Duration::from_secs(1));

    // Another merchant's account, none, the simulated one; another address, also prepended to the proxy's header.
    for (body, from) in [
        (of("acc_Test0000000002"), GATEWAY),
        (bodies::bare("payment.captured"), GATEWAY),
        (of("acc_Simulated"), GATEWAY),
        (captured("pay_2"), "52.66.75.175"),
        (captured("pay_2"), "52.66.75.174, 203.0.113.9"),
        (captured("pay_2"), "unknown"),
    ] {
        send(&app, sent(&connection, body, from)).await;
        assert_eq!(proven(&app).await, 0, "{from}");
    }
    // The gateway's network, with the account of this connection.
    send(&app, sent(&connection, captured("pay_2"), "18.96.225.17")).await;
    assert_eq!(proven(&app).await, 1);
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.shows("failing-since") && page.shows("countdown"), "{}", page.body);

    // Without a trusted proxy any sender can set the header.
    app.clock.advance(Duration::from_secs(1));
    connection.post(captured("pay_3")).url(&at(&app)).stored().await;
    app.restart().await;
    app.clock.advance(Duration::from_secs(1));
    send(&app, sent(&connection, captured("pay_2"), GATEWAY)).await;
    assert_eq!(proven(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_verified_event_nothing_fails_and_nothing_counts_down() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    assert_eq!(connection.post(captured("pay_1")).unsigned().send().await, 401);
    let page = owner.sees_in(&webhook(&connection), "evidence-only-rejected", " 1 ").await;
    assert!(page.shows("state-not-started") && page.lacks("marked-as-done"), "{}", page.body);
    assert!(owner.get("/").await.shows("nothing-verified-yet"), "a stranger may have sent it");

    assert_eq!(connection.post(captured("pay_1")).secret(&format!("{} ", connection.secret)).send().await, 401);
    let page = owner.sees(&webhook(&connection), "evidence-not-verified-yet").await;
    assert!(is_calm(&page) && page.shows("state-not-verified-yet"), "{}", page.body);
    let dashboard = owner.sees("/", "trouble-not-verified-yet").await;
    let said = dashboard.text_of("trouble-not-verified-yet");
    assert!(said.contains("Neem Tree Store") && said.contains(" 1 Test "), "{said}");
    assert!(dashboard.shows("cause-secret-with-space") && dashboard.lacks("countdown"), "{}", dashboard.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_request_at_a_disabled_connection_is_no_proof_of_failure() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    app.sql("UPDATE connections SET is_enabled = FALSE").await;
    assert_eq!(connection.post(captured("pay_2")).send().await, 401);
    eventually(async || app.count(COUNT).await == 1).await;
    app.sql("UPDATE connections SET is_enabled = TRUE").await;
    let page = app.owner("Neem Tree Retail").await.get(&webhook(&connection)).await;
    assert!(is_calm(&page) && is_verified(&page), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_event_that_is_sent_again_changed_proves_no_fault() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let body = captured("pay_1");
    let event = connection.post(body.clone());
    event.clone().stored().await;
    app.clock.advance(Duration::from_secs(1));
    let signature = event.right_signature();
    let bytes: Vec<u8> =
        (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap()).collect();
    let text = String::from_utf8(body.clone()).unwrap();
    let replays = [
        event.clone().body_after_signing(&[&body[..], b" "].concat()),
        event.clone().body_after_signing(format!("{{\"data\":{text}}}").as_bytes()),
        event.clone().body_after_signing(text.replace(':', ": ").as_bytes()),
        event.clone().signature(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)),
        event.clone().signature(&signature[..40]),
        event.clone().signature(&signature.to_uppercase()),
        event.clone().unsigned().header("x-signature", &signature),
    ];
    let number = replays.len();
    for replay in replays {
        assert_eq!(replay.send().await, 401);
    }
    eventually(async || app.count(COUNT).await == i64::try_from(number).unwrap()).await;
    eventually(async || app.count("SELECT COUNT(*) FROM rejections WHERE cause = 'not_diagnosed'").await == 0).await;
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(is_verified(&page) && is_calm(&page), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_rejected_before_begins_no_failure_anew() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    let slip = connection.post(captured("pay_2")).secret(&format!("{} ", connection.secret));
    for count in ["1", "2"] {
        assert_eq!(slip.clone().send().await, 401);
        let owner = app.owner("Neem Tree Retail").await;
        owner.sees_in(&webhook(&connection), "failing-count", count).await;
    }
    app.clock.advance(Duration::from_secs(1));
    connection.post(captured("pay_3")).stored().await;
    app.clock.advance(Duration::from_secs(1));
    for copy in [slip.clone(), slip.clone().body_after_signing(&[&captured("pay_2")[..], b"\n"].concat())] {
        assert_eq!(copy.send().await, 401);
    }
    eventually(async || app.count(COUNT).await == 4).await;
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(is_calm(&page) && page.text_of("rejected-meanwhile").starts_with("2 "), "{}", page.body);
    // Another one does.
    assert_eq!(connection.post(captured("pay_4")).secret(&format!("{} ", connection.secret)).send().await, 401);
    owner.sees(&webhook(&connection), "failing-since").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guessable_piece_of_an_encoded_secret_is_no_proof_and_is_not_offered() {
    let app = TestApp::start().await;
    let company = app.company("Banyan Bazaar").await;
    let connection = company.app("Banyan Bazaar").await.razorpay("live").await;
    connection.post(captured("pay_1")).stored().await;
    let owner = app.owner("Banyan Bazaar").await;
    let own = [("secret", "BanyanBazaar-2026-8sK2pQ9xLm4T"), ("current_password", crate::support::builders::PASSWORD)];
    owner.post(&format!("{}/secrets", webhook(&connection)), &own).await.location();
    app.clock.advance(Duration::from_secs(1));
    let pieces = [
        "QmFueWFuQmF6YWFyLTIwMjY",
        "QmFueWFuQmF6YWFyLTIwM",
        "QmFueWFuQmF6YWFyLTIwMj",
        "42616e79616e42617a6161722d323032362",
        "42616E79616E42617A6161722D323032362",
        "42616e79616e42617a6161722d32303",
    ];
    for (guess, number) in pieces.iter().zip(2..) {
        assert_eq!(connection.post(captured(&format!("pay_{number}"))).secret(guess).send().await, 401);
    }
    eventually(async || app.count(COUNT).await == 6).await;
    let of_guesses = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections WHERE cause = 'secret_guessable'";
    eventually(async || app.count(of_guesses).await >= 1).await;
    eventually(async || app.count("SELECT COUNT(*) FROM rejections WHERE cause = 'not_diagnosed'").await == 0).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM rejections WHERE key_digest IS NOT NULL").await, 0, "none can be adopted");
    let page = owner.get(&webhook(&connection)).await;
    assert!(is_calm(&page), "{}", page.body);
}
