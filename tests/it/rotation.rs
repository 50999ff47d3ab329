//! Secret rotation: the previous secret stays valid, and no event is lost, with any number of concurrent rotations.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    Installation, TestApp, bodies,
    browser::Browser,
    builders::{Connection, connected, text},
    database, eventually,
};

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

fn which<'a>(connection: &'a Connection, verb: &'a str) -> Vec<&'a str> {
    let (app, gateway, mode) = (connection.app_id.as_str(), connection.gateway, connection.mode);
    vec!["webhook", verb, "--app", app, "--gateway", gateway, "--mode", mode, "--json"]
}

/// Returns the connection's secrets as the command line lists them.
async fn secrets(at: &Installation, connection: &Connection) -> Vec<Value> {
    let shown = at.cli_with(&which(connection, "show"), "", &[]).await.json();
    shown["secrets"].as_array().unwrap().clone()
}

/// Creates a new secret on the page; returns its value.
async fn rotate(app: &Installation, connection: &Connection, owner: &Browser, hours: &str) -> String {
    let answer = owner.post(&connection.webhook_step("/rotation"), &[("overlap_hours", hours)]).await;
    assert_eq!(answer.location(), connection.webhook_step(""));
    let secrets = secrets(app, connection).await;
    text(&secrets.iter().find(|secret| secret["state"] == "active").unwrap()["secret"])
}

/// Returns the id of the newest expiring secret.
async fn draining(app: &Installation, connection: &Connection) -> String {
    let secrets = secrets(app, connection).await;
    text(&secrets.iter().find(|secret| secret["state"] == "expiring").unwrap()["id"])
}

async fn accepts(connection: &Connection, secret: &str, id: &str) -> bool {
    match connection.post(captured(id)).secret(secret).send().await {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_count_until_the_overlap_ends() {
    for (hours, lasts) in [("", 24), ("24", 24), ("72", 72), ("168", 168), ("360", 360)] {
        let (app, connection, owner) = connected().await;
        let (old, new) = (connection.secret.clone(), rotate(&app, &connection, &owner, hours).await);
        assert_ne!(old, new);
        assert!(accepts(&connection, &old, "pay_1").await && accepts(&connection, &new, "pay_2").await, "{hours}");
        app.clock.advance(Duration::from_secs(lasts * 3600 - 1));
        assert!(accepts(&connection, &old, "pay_3").await && accepts(&connection, &new, "pay_4").await, "{hours}");
        app.clock.advance(Duration::from_secs(1));
        assert!(!accepts(&connection, &old, "pay_5").await, "{hours}: the one before has ended");
        assert!(accepts(&connection, &new, "pay_5").await, "{hours}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_sixty_four_secrets_are_valid_concurrently() {
    let (app, connection, owner) = connected().await;
    let rotation = connection.webhook_step("/rotation");
    for _ in 1..64 {
        assert_eq!(owner.post(&rotation, &[("overlap_hours", "72")]).await.location(), connection.webhook_step(""));
    }
    let before = secrets(&app, &connection).await;
    let page = owner.post(&rotation, &[("overlap_hours", "72")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.reason_of("overlap_hours-error"), "too-many-valid");
    let output = app.cli_with(&which(&connection, "rotate"), "", &[]).await;
    assert_eq!((output.code, output.out.as_str()), (1, ""));
    assert!(output.err.contains("64 secrets are already valid here"), "{}", output.err);
    assert_eq!((before.len(), secrets(&app, &connection).await), (64, before));

    let retirement = connection.webhook_step(&format!("/secrets/{}/retirement", draining(&app, &connection).await));
    owner.post(&retirement, &[]).await;
    assert_eq!(owner.post(&rotation, &[("overlap_hours", "72")]).await.location(), connection.webhook_step(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_first_and_takes_no_other_time() {
    let (app, connection, owner) = connected().await;
    let asked = owner.get(&connection.webhook_step("/rotation")).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.has("value=\"24\" checked") && asked.has("15 days"));
    for hours in ["25", "0", "-1", "361", "x", "24 "] {
        let refused = owner.post(&connection.webhook_step("/rotation"), &[("overlap_hours", hours)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{hours}");
        assert_eq!(refused.reason_of("overlap_hours-error"), "unknown");
    }
    assert_eq!(secrets(&app, &connection).await.len(), 1, "asking and refusing change nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_to_do_until_the_new_one_has_been_used() {
    let (app, connection, owner) = connected().await;
    let page = connection.webhook_step("");
    assert!(owner.get(&page).await.lacks("rotation-pending"), "the first of a connection is no new one");
    let new = rotate(&app, &connection, &owner, "").await;
    let after = owner.get(&page).await;
    assert!(after.text_of("rotation-pending").contains("Razorpay") && after.has("flash is-good"), "{}", after.body);
    for value in [&connection.secret, &new] {
        assert!(!after.has(value), "a SECRET is in the page before Reveal");
    }
    let revealed = owner.post(&connection.webhook_step("/reveal"), &[]).await;
    assert_eq!(revealed.inside("secret"), Some(new.clone()));
    assert!(!revealed.has(&connection.secret));

    assert!(accepts(&connection, &connection.secret, "pay_1").await);
    owner.sees(&connection.webhook_step("/secrets"), "secret-used").await;
    assert!(owner.get(&page).await.shows("rotation-pending"), "an event signed with the one before is no proof");
    app.clock.advance(Duration::from_hours(25));
    // A day later every session has expired.
    let owner = app.owner("Neem Tree Retail").await;
    assert!(owner.get(&page).await.shows("rotation-overdue"));
    assert!(accepts(&connection, &new, "pay_2").await);
    app.clock.advance(Duration::from_secs(5));
    let mut looking = tokio::time::interval(Duration::from_millis(50));
    let gone = async {
        while owner.get(&page).await.shows("rotation-overdue") {
            looking.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it goes when the new one was used");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generic_gateway_gets_a_new_one_in_words_of_its_own() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    let asked = owner.get(&connection.webhook_step("/rotation")).await;
    assert!(asked.has("name=\"overlap_hours\"") && !asked.has("Razorpay"));
    let new = rotate(&app, &connection, &owner, "72").await;
    assert!(new.starts_with("whsec_") && new != connection.secret);
    assert!(accepts(&connection, &connection.secret, "pay_1").await && accepts(&connection, &new, "pay_2").await);
    let retirement = connection.webhook_step(&format!("/secrets/{}/retirement", draining(&app, &connection).await));
    for path in [connection.webhook_step(""), retirement, connection.webhook_step("/secrets/new")] {
        assert!(!owner.get(&path).await.has("Razorpay"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_signed_with_a_retired_secret_are_rejected_immediately() {
    let (app, connection, owner) = connected().await;
    let new = rotate(&app, &connection, &owner, "360").await;
    let retirement = connection.webhook_step(&format!("/secrets/{}/retirement", draining(&app, &connection).await));
    let asked = owner.get(&retirement).await;
    assert!(asked.status.is_success() && asked.shows("retirement") && asked.shows("gone-for-good"));
    assert!(asked.shows("after-rejections"), "what may be lost is named");
    assert!(accepts(&connection, &connection.secret, "pay_1").await, "asking changes nothing");

    let list = connection.webhook_step("/secrets");
    assert_eq!(owner.post(&retirement, &[]).await.location(), list);
    assert!(!accepts(&connection, &connection.secret, "pay_2").await && accepts(&connection, &new, "pay_2").await);
    // Simulates a server whose clock is an hour behind.
    app.sql("UPDATE secrets SET valid_until = valid_until + 3600000 WHERE retired_at IS NOT NULL").await;
    assert!(!accepts(&connection, &connection.secret, "pay_3").await, "retired is retired, whatever a clock says");
    let page = owner.get(&list).await;
    assert!(page.has("flash is-good") && page.text_of("ended-secrets").contains("The Owner"));
    assert_eq!(owner.post(&retirement, &[]).await.location(), list, "twice does no harm");
    assert_eq!(owner.get(&list).await.reason_of("flash"), "not-valid", "a warning");
}

/// So that no other form makes it the active one meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn retiring_a_secret_waits_for_other_changes_of_the_webhook() {
    if !database::is_postgres() {
        // SQLite has one writer.
        return;
    }
    let (app, connection, owner) = connected().await;
    rotate(&app, &connection, &owner, "360").await;
    let retirement = connection.webhook_step(&format!("/secrets/{}/retirement", draining(&app, &connection).await));
    let lock = app.lock_connections().await;
    let answer = async { owner.post(&retirement, &[]).await.location().to_owned() };
    let releasing = async {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually(async || app.count(waiting).await == 1).await;
        lock.release().await;
    };
    assert_eq!(tokio::join!(answer, releasing).0, connection.webhook_step("/secrets"));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_active_secret_nor_an_unknown_one_can_be_retired() {
    let (app, connection, owner) = connected().await;
    let active = text(&secrets(&app, &connection).await[0]["id"]);
    let retirement = connection.webhook_step(&format!("/secrets/{active}/retirement"));
    let asked = owner.get(&retirement).await;
    assert!(asked.shows("active-secret-stays") && asked.lacks("retirement"));
    assert_eq!(owner.post(&retirement, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let other = app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("test").await;
    rotate(&app, &other, &app.owner("Banyan Books").await, "").await;
    let strange = draining(&app, &other).await;
    for id in [strange.as_str(), "ws_00000000000", "x", &connection.app_id] {
        let path = connection.webhook_step(&format!("/secrets/{id}/retirement"));
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND, "{id}");
        assert_eq!(owner.post(&path, &[]).await.status, StatusCode::NOT_FOUND, "{id}");
    }
    assert!(accepts(&connection, &connection.secret, "pay_1").await);
    assert!(accepts(&other, &other.secret, "pay_1").await, "another connection's goes on draining");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_who_when_and_which_may_go() {
    let (app, connection, owner) = connected().await;
    let page = connection.webhook_step("/secrets");
    let new = rotate(&app, &connection, &owner, "360").await;
    let list = owner.get(&page).await;
    let secrets = list.texts_of("secret-unused");
    let is_by = |name: &str| secrets.iter().any(|secret| secret.contains(name));
    assert!(is_by("the command line") && is_by("The Owner") && list.lacks("safe-to-retire"), "{secrets:?}");

    assert!(accepts(&connection, &connection.secret, "pay_1").await);
    app.clock.advance(Duration::from_mins(1));
    assert!(accepts(&connection, &new, "pay_2").await);
    app.clock.advance(Duration::from_hours(23));
    assert!(accepts(&connection, &new, "pay_3").await);
    let owner = app.owner("Neem Tree Retail").await;
    owner.sees(&page, "secret-used").await;
    assert!(owner.get(&page).await.lacks("safe-to-retire"), "a retry may still come");
    app.clock.advance(Duration::from_hours(3));
    owner.sees_in(&page, "safe-to-retire", "26\u{a0}h").await;
    let retirement = connection.webhook_step(&format!("/secrets/{}/retirement", draining(&app, &connection).await));
    let asked = owner.get(&retirement).await;
    assert!(asked.text_of("secret-replaced").contains("26\u{a0}h") && asked.lacks("after-rejections"));
}

/// Posts continuously, signed with any secret that has been active so far.
struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    tasks: tokio::task::JoinSet<()>,
}

impl Load {
    fn start(connection: &Connection, urls: &[String], known: &Arc<std::sync::Mutex<Vec<String>>>) -> Self {
        let (stop, sent, refused) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let mut tasks = tokio::task::JoinSet::new();
        for worker in 0..4_usize {
            let (connection, urls, known) = (connection.clone(), urls.to_vec(), Arc::clone(known));
            let (stop, sent, refused) = (Arc::clone(&stop), Arc::clone(&sent), Arc::clone(&refused));
            tasks.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    let secret = {
                        let known = known.lock().unwrap();
                        // Alternates between the first and the newest.
                        known[if worker % 2 == 0 { 0 } else { known.len() - 1 }].clone()
                    };
                    let url = &urls[number % urls.len()];
                    let post = connection.post(captured(&format!("pay_{number}"))).secret(&secret).url(url);
                    // A gateway retries after a 503; a busy machine may cause one.
                    let is_stored = match post.send().await {
                        503 => post.send().await == 200,
                        status => status == 200,
                    };
                    refused.fetch_add(usize::from(!is_stored), Ordering::Relaxed);
                }
            });
        }
        Self { stop, sent, refused, tasks }
    }

    /// Waits until some more requests were sent, however busy the machine is.
    async fn goes_on(&self) {
        let enough = self.sent.load(Ordering::Relaxed) + 16;
        eventually(async || self.sent.load(Ordering::Relaxed) >= enough).await;
    }

    /// Stops; returns how many requests were sent, and how many of them were not stored.
    async fn end(self) -> (usize, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await;
        (self.sent.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }
}

/// On PostgreSQL with two servers. Requests signed with any secret that was ever active are accepted throughout.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_concurrent_rotations_under_load_reject_nothing_and_lose_no_secret() {
    let (app, connection, owner) = connected().await;
    let other = if database::is_postgres() { Some(app.another_server().await) } else { None };
    let addresses: Vec<_> = std::iter::once(app.address).chain(other.as_ref().map(ks_pay::server::Server::address)).collect();
    let urls: Vec<String> = addresses.iter().map(|address| connection.at(*address).url).collect();
    app.announce_error("due to statement timeout");
    app.announce_error("due to lock timeout");
    let known = Arc::new(std::sync::Mutex::new(vec![connection.secret.clone()]));
    let load = Load::start(&connection, &urls, &known);

    let mut rotations = tokio::task::JoinSet::new();
    for number in 0..20 {
        let there = owner.elsewhere(addresses[number % addresses.len()]);
        let path = connection.webhook_step("/rotation");
        rotations.spawn(async move {
            loop {
                let response = there.post(&path, &[("overlap_hours", "72")]).await;
                // A rotation that waited too long for the others changed nothing, so that it may be sent again.
                if response.status != StatusCode::SERVICE_UNAVAILABLE {
                    return response;
                }
            }
        });
        if number % 5 == 4 {
            let newest = text(&secrets(&app, &connection).await[0]["secret"]);
            known.lock().unwrap().push(newest);
        }
    }
    for response in rotations.join_all().await {
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{}", response.body);
    }
    let newest = text(&secrets(&app, &connection).await[0]["secret"]);
    known.lock().unwrap().push(newest);
    load.goes_on().await;
    let (sent, refused) = load.end().await;
    assert_eq!(refused, 0, "of {sent}");

    let all = secrets(&app, &connection).await;
    assert_eq!((all.len(), all.iter().filter(|secret| secret["state"] == "active").count()), (21, 1));
    assert!(all.iter().all(|secret| (secret["state"] == "expiring") == secret["valid_until"].is_string()));
    for (number, secret) in all.iter().enumerate() {
        assert!(accepts(&connection, &text(&secret["secret"]), &format!("pay_last_{number}")).await);
    }
    if let Some(other) = other {
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_one_server_takes_effect_at_the_other_immediately() {
    if !database::is_postgres() {
        return;
    }
    let (app, connection, owner) = connected().await;
    let other = app.another_server().await;
    let there = connection.at(other.address());
    let new = rotate(&app, &connection, &owner, "").await;
    assert!(accepts(&there, &connection.secret, "pay_1").await && accepts(&there, &new, "pay_2").await);
    let retirement = connection.webhook_step(&format!("/secrets/{}/retirement", draining(&app, &connection).await));
    assert_eq!(owner.post(&retirement, &[]).await.location(), connection.webhook_step("/secrets"));
    assert!(!accepts(&there, &connection.secret, "pay_3").await && accepts(&there, &new, "pay_3").await);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_makes_one_too() {
    let (app, connection, _) = connected().await;
    let made = app.cli_with(&[&which(&connection, "rotate")[..], &["--overlap-hours", "0.5"]].concat(), "", &[]).await.json();
    assert_eq!(made["url"], connection.url);
    let (new, old) = (&made["secrets"][0], &made["secrets"][1]);
    assert_eq!((new["state"].as_str(), old["state"].as_str()), (Some("active"), Some("expiring")));
    assert_eq!((old["secret"].as_str(), &new["valid_until"]), (Some(connection.secret.as_str()), &Value::Null));
    assert!(old["valid_until"].as_str().unwrap().ends_with('Z'));
    assert_eq!(made["secrets"], Value::Array(secrets(&app, &connection).await));
    assert!(accepts(&connection, &connection.secret, "pay_1").await);
    assert!(accepts(&connection, new["secret"].as_str().unwrap(), "pay_2").await);
    app.clock.advance(Duration::from_mins(31));
    assert!(!accepts(&connection, &connection.secret, "pay_3").await);

    let plain = [&which(&connection, "rotate")[..8], &[]].concat();
    let output = app.cli_with(&plain, "", &[]).await;
    output.assert_done();
    assert!(output.out.contains("\nSECRET  ") && output.out.contains("  until 2"), "{}", output.out);
    for hours in ["0", "-1", "361", "x", "1e2", ""] {
        let wrong = app.cli_with(&[&plain[..], &["--overlap-hours", hours]].concat(), "", &[]).await;
        assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{hours}");
        assert!(wrong.err.contains("an overlap is more than 0 and at most 360 hours"), "{hours}: {}", wrong.err);
    }
    let nowhere = ["webhook", "rotate", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "live"];
    assert!(app.cli_with(&nowhere, "", &[]).await.failure().contains("no such connection"));
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_are_written_down_when_the_server_stops_and_the_widest_span_wins() {
    let (mut app, connection, _) = connected().await;
    let (first, last) = ("SELECT MIN(first_verified_at) FROM secret_usage", "SELECT MAX(last_verified_at) FROM secret_usage");
    let now = app.clock.now().millis();
    assert!(accepts(&connection, &connection.secret, "pay_1").await);
    eventually(async || app.count("SELECT COUNT(*) FROM secret_usage").await == 1).await;
    // For some seconds from here on only a shutdown writes the usage.
    app.clock.advance(Duration::from_mins(1));
    assert!(accepts(&connection, &connection.secret, "pay_2").await);
    app.stop().await;
    assert_eq!((app.count(first).await, app.count(last).await), (now, now + 60_000));

    // Simulates another server that saw it used from the epoch until a time ahead of this server's clock.
    app.sql("UPDATE secret_usage SET first_verified_at = 1, last_verified_at = last_verified_at + 120000").await;
    app.restart().await;
    assert!(accepts(&connection.at(app.address), &connection.secret, "pay_3").await);
    app.stop().await;
    assert_eq!((app.count(first).await, app.count(last).await), (1, now + 180_000));
    app.sql("UPDATE secret_usage SET first_verified_at = 9999999999998, last_verified_at = 1").await;
    app.restart().await;
    assert!(accepts(&connection.at(app.address), &connection.secret, "pay_4").await);
    app.stop().await;
    assert_eq!((app.count(first).await, app.count(last).await), (now + 60_000, now + 60_000));
}
