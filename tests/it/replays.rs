//! Replays of many events: what a range has, what is sent again, and what interrupts one.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies, eventually,
    shop::{Shop, fields, text},
    sink::{Response, Sink},
};

/// On PostgreSQL a replay begins that long after it was asked for.
const SETTLING: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_mins(1);

/// That long before now, as a browser sends it in the zone of the app.
fn ago(app: &TestApp, before: Duration) -> String {
    let at = jiff::Timestamp::from_second(app.now().seconds()).unwrap() - before;
    at.in_tz("Asia/Kolkata").unwrap().strftime("%Y-%m-%dT%H:%M").to_string()
}

/// How often each event was received, by its id.
fn received(sink: &Sink) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for one in sink.received() {
        *times.entry(one.header("webhook-id").unwrap().to_owned()).or_default() += 1;
    }
    times
}

impl Shop {
    /// Asks how many events a range has, and replays them; returns what the page said of their number.
    async fn replay(&self, destination: &str, since: Duration, until: &str, scope: &str) -> String {
        let (path, since) = (format!("{destination}/replays"), ago(&self.app, since));
        let asked = self.owner.get(&format!("{path}?since={since}&until={until}&scope={scope}")).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        let confirmed = self.owner.post(&path, &[("since", &since), ("until", until), ("scope", scope)]).await;
        assert_eq!(confirmed.location(), destination);
        self.app.clock.advance(SETTLING);
        asked.text_of("replay-count")
    }

    async fn replay_ends(&self, destination: &str) -> String {
        self.owner.sees(destination, "last-replay").await.text_of("last-replay")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_has_the_events_from_its_beginning_until_before_its_end_also_never_sent_ones() {
    let mut shop = Shop::start().await;
    let sink = Sink::start().await;
    // Five events, ten minutes apart, before there is a destination; each at the beginning of a minute.
    let seconds = u64::try_from(60 - shop.app.now().seconds() % 60).unwrap();
    shop.app.clock.advance(Duration::from_secs(seconds));
    for payment in ["pay_1", "pay_2", "pay_3", "pay_4", "pay_5"] {
        shop.send(payment).await;
        shop.app.clock.advance(10 * MINUTE);
    }
    shop.owner = shop.app.owner("Neem Tree Retail").await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    let until = ago(&shop.app, 20 * MINUTE);
    // From the second to the third: the fourth was received at the end of the range.
    assert!(shop.replay(&destination, 40 * MINUTE, &until, "every").await.starts_with('2'));
    let last = shop.replay_ends(&destination).await;
    assert!(last.contains('2'), "{last}");
    eventually(async || sink.received().len() == 2).await;
    let sent: Vec<String> = received(&sink).into_keys().collect();
    let events: Vec<String> = shop.app.events().await.iter().map(|one| text(&one["event"]).to_owned()).collect();
    assert_eq!(sent, events[1..3], "the ids of the second and the third event");
    let none = shop.owner.get(&format!("{destination}/replays?since={until}&until=&scope=failed")).await;
    assert!(none.text_of("replay-count").contains("No event") && !none.has("method=\"post\" action=\"/ks-pay/apps"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_sent_again_under_its_id_unless_it_waits() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    shop.delivery(|delivery| delivery["state"] == "delivered").await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_2").await;
    shop.app.clock.advance(MINUTE);
    shop.replay(&destination, 5 * MINUTE, "", "every").await;
    let last = shop.replay_ends(&destination).await;
    assert!(last.contains("1 event"), "the one that waits is not among them: {last}");
    assert_eq!(shop.deliveries().await.len(), 2);
    shop.owner.post(&format!("{destination}/resume"), &[]).await;
    eventually(async || sink.received().len() == 3).await;
    assert_eq!(received(&sink).into_values().collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_failed_and_canceled_deliveries_are_replayed_if_so_chosen() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    for payment in ["pay_1", "pay_2", "pay_3", "pay_4"] {
        shop.send(payment).await;
    }
    eventually(async || shop.deliveries().await.iter().filter(|one| one["state"] == "delivered").count() == 4).await;
    shop.app
        .sql("UPDATE deliveries SET state = 'exhausted' WHERE id = (SELECT id FROM deliveries ORDER BY id LIMIT 1 OFFSET 1)")
        .await;
    shop.app
        .sql("UPDATE deliveries SET state = 'canceled' WHERE id = (SELECT id FROM deliveries ORDER BY id LIMIT 1 OFFSET 2)")
        .await;
    shop.app.clock.advance(MINUTE);
    let every = shop.owner.get(&format!("{destination}/failed-deliveries/replay")).await.texts_of("effect");
    assert!(every[0].starts_with('1'), "those that were canceled are not among the failed ones: {every:?}");
    assert!(shop.replay(&destination, 5 * MINUTE, "", "failed").await.starts_with('2'));
    eventually(async || sink.received().len() == 6).await;
    assert_eq!(received(&sink).into_values().collect::<Vec<_>>(), [1, 2, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_settings_left_out_is_replayed_and_test_events_are_not() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url), ("events", "refund.*")]).await;
    for payment in ["pay_1", "pay_2", "pay_3"] {
        shop.send(payment).await;
    }
    shop.app.sql("UPDATE events SET event_type = 'ks_pay.test' WHERE id = (SELECT MAX(id) FROM events)").await;
    shop.app
        .sql(
            "INSERT INTO recoveries (event_id, app_id, rejected_at, recovered_at, recovered_by) \
                  SELECT MIN(events.id), MIN(apps.id), 0, 0, 'x' FROM events, apps",
        )
        .await;
    assert!(shop.deliveries().await.is_empty());
    shop.owner.post(&destination, &fields(&[("url", &sink.url), ("format", "normalized")])).await;
    shop.app.clock.advance(MINUTE);
    assert!(shop.replay(&destination, 5 * MINUTE, "", "every").await.starts_with('2'));
    eventually(async || sink.received().len() == 2).await;
    let origin = |one: &crate::support::sink::Received| {
        text(&serde_json::from_slice::<serde_json::Value>(&one.body).unwrap()["data"]["origin"]).to_owned()
    };
    let mut origins: Vec<String> = sink.received().iter().map(origin).collect();
    origins.sort();
    assert_eq!(origins, ["recovered", "webhook"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_destination_receives_earlier_events_if_it_is_to() {
    let mut shop = Shop::start().await;
    let sink = Sink::start().await;
    shop.send("pay_1").await;
    shop.app.clock.advance(10 * MINUTE);
    shop.send("pay_2").await;
    shop.app.clock.advance(10 * MINUTE);
    shop.owner = shop.app.owner("Neem Tree Retail").await;
    let since = ago(&shop.app, 15 * MINUTE);
    for (since, reason) in [("", "empty"), ("yesterday", "not-a-time"), ("2999-01-01T00:00", "after-now")] {
        let form = fields(&[("url", &sink.url)]).into_iter().chain([("start", "since"), ("since", since)]);
        let page = shop.owner.post(&shop.list(), &form.collect::<Vec<_>>()).await;
        assert_eq!((page.status, page.reason_of("since-error")), (StatusCode::UNPROCESSABLE_ENTITY, reason));
    }
    let form = fields(&[("url", &sink.url)]).into_iter().chain([("start", "since"), ("since", since.as_str())]);
    let added = shop.owner.post(&shop.list(), &form.collect::<Vec<_>>()).await;
    shop.app.clock.advance(SETTLING);
    shop.replay_ends(added.location()).await;
    eventually(async || sink.received().len() == 1).await;

    let args = ["destination", "add", "--app", &shop.connection.app_id, "--mode", "test", "--name", "Second", "--url", &sink.url];
    let args: Vec<&str> = args.into_iter().chain(["--since", "1h", "--json"]).collect();
    let allow = [("KS_PAY_ALLOW_DESTINATIONS", "127.0.0.0/8")];
    shop.app.cli_with(&args, "", &allow).await.json();
    shop.app.clock.advance(SETTLING);
    // By the clock of the command, which is not that of the server here, only the first was received.
    eventually(async || sink.received().len() == 2).await;
    assert_eq!(received(&sink).into_values().collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_replays_a_range_and_says_how_many_events_it_has() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    for payment in ["pay_1", "pay_2"] {
        shop.send(payment).await;
    }
    let destination = shop.add(&[("url", &sink.url)]).await;
    let id = destination.rsplit('/').next().unwrap();
    shop.app.clock.advance(MINUTE);
    let replay = async |more: &[&str]| {
        let args: Vec<&str> = ["destination", "replay", "--destination", id].into_iter().chain(more.iter().copied()).collect();
        shop.app.cli_with(&args, "", &[]).await
    };
    for (wrong, named) in [
        (&["--since", "yesterday"][..], "--since"),
        (&["--since", "2999-01-01T00:00:00Z"], "--since"),
        (&["--since", "1h", "--until", "2h"], "--until"),
    ] {
        assert!(replay(wrong).await.failure().contains(named), "{wrong:?}");
    }
    let begun = replay(&["--since", "1h", "--json"]).await.json();
    assert_eq!((&begun["events"], &begun["is_exact"]), (&serde_json::json!(2), &serde_json::json!(true)));
    shop.app.clock.advance(SETTLING);
    eventually(async || sink.received().len() == 2).await;
    shop.replay_ends(&destination).await;
    assert_eq!(replay(&["--since", "1h", "--failed"]).await.line(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_replay_of_a_destination_runs_at_a_time_and_can_be_canceled() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_1").await;
    // What is due after failures holds a replay back.
    let held = "INSERT INTO deliveries (id, destination_id, message_id, origin, state, attempts, due_at, is_retry, created_at) \
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
                SELECT i, (SELECT MIN(id) FROM destinations), i, 'webhook', 'waiting', 1, 0, TRUE, 0 FROM n";
    shop.app.sql(held).await;
    shop.app.clock.advance(MINUTE);
    shop.replay(&destination, 5 * MINUTE, "", "every").await;
    // The job looks at the destinations in their order, so when it has done the second one, it has looked at the first.
    let other = shop.add(&[("name", "Second")]).await;
    shop.replay(&other, 5 * MINUTE, "", "failed").await;
    shop.replay_ends(&other).await;
    let page = shop.owner.get(&destination).await;
    assert!(page.text_of("replay-running").contains("0 of 1"), "{}", page.body);
    let second = shop.owner.post(&format!("{destination}/failed-deliveries/replay"), &[]).await;
    assert_eq!(shop.owner.get(second.location()).await.reason_of("flash"), "replay-running");
    let cancel = format!("{destination}/replays/cancellation");
    assert_eq!(shop.owner.post(&cancel, &[]).await.location(), destination);
    let page = shop.owner.get(&destination).await;
    assert!(page.lacks("replay-running") && page.text_of("last-replay").contains('0'), "{}", page.body);
    shop.owner.post(&cancel, &[]).await;
    assert_eq!(shop.owner.get(&destination).await.reason_of("flash"), "no-replay");
    let log = shop
        .app
        .texts("SELECT action FROM security_log WHERE action IN ('deliveries_replayed', 'replay_canceled') ORDER BY id")
        .await;
    assert_eq!(log, ["deliveries_replayed", "deliveries_replayed", "replay_canceled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_a_deleted_destination_ends() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.send("pay_1").await;
    let since = ago(&shop.app, 5 * MINUTE);
    // Stored, but not begun: the job has not run between the two.
    shop.owner.post(&format!("{destination}/replays"), &[("since", &since), ("until", ""), ("scope", "failed")]).await;
    shop.owner.post(&format!("{destination}/deletion"), &[]).await;
    shop.app.clock.advance(SETTLING);
    eventually(async || shop.app.count("SELECT COUNT(*) FROM replays WHERE ended_at IS NULL").await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_of_the_form_has_its_error() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    let path = format!("{destination}/replays");
    let fresh = shop.owner.get(&path).await;
    assert!(fresh.status == StatusCode::OK && fresh.lacks("replay-count") && fresh.has("Asia/Kolkata"), "{}", fresh.body);
    for (name, typed, reason) in [
        ("since", "", "empty"),
        ("since", "now", "not-a-time"),
        ("until", "2001-01-01T00:00", "wrong-order"),
        ("until", "2999-01-01T00:00", "after-now"),
        ("scope", "exhausted", "unknown"),
    ] {
        let valid = [("since", "2002-01-01T00:00"), ("until", ""), ("scope", "every")];
        let form = valid.map(|(known, value)| (known, if known == name { typed } else { value }));
        let posted = shop.owner.post(&path, &form).await;
        let query = form.map(|(name, value)| format!("{name}={value}")).join("&");
        for page in [posted, shop.owner.get(&format!("{path}?{query}")).await] {
            assert_eq!((page.status, page.reason_of(&format!("{name}-error"))), (StatusCode::UNPROCESSABLE_ENTITY, reason));
            assert_eq!(page.body.matches("data-reason=").count(), 1, "{name}: {typed}");
        }
    }
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM replays").await, 0);
}

/// Posts that many payments, several at a time.
async fn post(shop: &Shop, named: &str, count: usize) {
    let posts = (0..count).map(|index| {
        let body = bodies::payment("payment.captured", &format!("pay_{named}{index}"), 0);
        async move { shop.connection.post(body).stored().await }
    });
    stream::iter(posts).buffer_unordered(16).collect::<Vec<_>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_arrive_during_a_replay_are_sent_once_and_so_are_those_of_the_replay() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    post(&shop, "old", 600).await;
    let destination = shop.add(&[("url", &sink.url), ("concurrency", "10")]).await;
    shop.app.clock.advance(MINUTE);
    assert!(shop.replay(&destination, 5 * MINUTE, "", "every").await.starts_with("600"));
    post(&shop, "new", 100).await;
    shop.replay_ends(&destination).await;
    eventually(async || sink.received().len() >= 700).await;
    let times = received(&sink);
    assert!(times.len() == 700 && times.values().all(|times| *times == 1), "{} events", times.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_whose_server_is_killed_goes_on_where_it_was() {
    let mut shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.usually(Response::Complete(200, "", ""));
    post(&shop, "", 1100).await;
    let destination = shop.add(&[("url", &sink.url), ("concurrency", "10")]).await;
    let id = destination.rsplit('/').next().unwrap().to_owned();
    shop.app.cli(["destination", "pause", "--destination", &id], "").await.assert_done();
    shop.app.stop().await;
    shop.app.clock.advance(Duration::from_secs(1));
    shop.app.cli(["destination", "replay", "--destination", &id, "--since", "1h"], "").await.assert_done();
    let allow = [("KS_PAY_ALLOW_DESTINATIONS", "127.0.0.0/8")];
    let progress = "SELECT CAST(replayed AS TEXT) || ' ' || CAST((SELECT COUNT(*) FROM deliveries) AS TEXT) FROM replays";
    let (server, _) = shop.app.serve_in_process(&allow);
    eventually(async || shop.app.texts(progress).await[0] != "0 0").await;
    server.signal("KILL");
    server.end();
    let at_death = shop.app.texts(progress).await.remove(0);
    let (replayed, deliveries) = at_death.split_once(' ').unwrap();
    // It waits while 1,000 are due, so it was killed before its end.
    assert!(replayed == deliveries && replayed != "1100", "{at_death}");

    shop.app.cli(["destination", "resume", "--destination", &id], "").await.assert_done();
    let (server, _) = shop.app.serve_in_process(&allow);
    eventually(async || shop.app.texts(progress).await[0] == "1100 1100").await;
    eventually(async || received(&sink).len() == 1100).await;
    server.terminate();
}
