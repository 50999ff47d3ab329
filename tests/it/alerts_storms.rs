//! Storms of alerts and services that limit, are slow or fail: few messages, and none that is lost or delays others.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use crate::{
    alerts::Shop,
    orders::{entity, event},
    support::{ONE_FLOOD_AT_A_TIME, bodies, bodies::AMOUNT, database, eventually, sink::Response},
};

/// The messages to Slack.
const POSTS: &str = "SELECT state || ' ' || COALESCE(last_failure, '-') || ' x' || CAST(attempts AS TEXT) FROM notifications \
                     WHERE kind = 'slack' ORDER BY id";
const REPORTED: &str = "SELECT event || ' ' || CAST(COUNT(*) AS TEXT) FROM alert_messages GROUP BY event ORDER BY event";
const REJECTED: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const LIMITED: &str = "Retry-After: 120\r\n";
/// 200 posts that wait, older than every other, whose outcome decides whether another recipient is notified.
const WAITING_POSTS: &str = "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 200) \
                             INSERT INTO notifications (id, company_id, kind, channel_id, purpose, state, attempts, due_at, created_at, \
                             expires_at) SELECT i, company_id, 'teams', 1, 'alert', 'waiting', 0, created_at + 3600000, created_at, \
                             created_at + 7200000 FROM numbers, (SELECT company_id, created_at FROM notifications LIMIT 1) AS one";
const WATCHED: &str = "INSERT INTO alert_messages (notification_id, alert_id, event, recipient, is_fallback, is_watched, created_at) \
                       SELECT n.id, a.id, 'problem', 'ch_none', FALSE, TRUE, n.created_at FROM notifications n, alerts a WHERE n.id <= 200";
const OTHER_SLACK: &str = "https://hooks.slack.com/services/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";

impl Shop {
    async fn mute(&self, how: &str) {
        self.owner.post(&format!("{}/mute", self.list()), &[("mode", "live"), ("mute", how)]).await;
    }

    async fn notify_by(&self, kind: &str, recipient: &str) {
        let fields = [("mode", "live"), ("on", "true"), ("who", "some"), ("recipient", recipient)];
        let saved = self.owner.post(&format!("{}/kinds/{kind}", self.list()), &fields).await;
        assert_eq!(saved.location(), format!("{}?mode=live", self.list()));
    }

    async fn dispute(&self, number: usize) {
        let (id, of) = (format!("disp_{number:014}"), format!("pay_Disputed{number:06}"));
        self.live.post(bodies::dispute("payment.dispute.created", &id, &of, "open", 0)).stored().await;
    }

    async fn posts_are(&self, states: &[&str]) {
        eventually(async || self.app.texts(POSTS).await == states).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_disputes_are_one_message_and_later_ones_of_the_same_minute_another() {
    let shop = Shop::start().await;
    shop.mute("hour").await;
    for number in 0..12 {
        shop.dispute(number).await;
    }
    eventually(async || shop.alerts().await.len() == 12).await;
    shop.mute("").await;
    let mail = shop.mail.mail(1).await;
    let text = mail.part("text/plain");
    assert!(mail.header("Subject").contains("12 disputes opened"), "{}", mail.header("Subject"));
    assert_eq!(text.matches("answer it in Razorpay").count(), 5, "{text}");
    assert!(text.contains("And 7 more") && text.contains("/alerts?mode=live"), "{text}");
    assert_eq!(shop.app.texts(REPORTED).await, ["problem 12"]);
    let page = shop.owner.get(&format!("{}?mode=live", shop.list())).await;
    assert_eq!(page.texts_of("alert").len(), 12);
    let at = |id: &str| page.body.find(&format!("id=\"{id}\"")).unwrap();
    assert!(at("recent") < at("list"), "what is open stands above the kinds");
    let one = page.body.split("/alerts/al_").nth(5).map(|rest| format!("{}/al_{}", shop.list(), &rest[..11])).unwrap();
    shop.owner.sees(&one, "state-sent").await;

    shop.dispute(12).await;
    shop.dispute(13).await;
    eventually(async || shop.alerts().await.len() == 14).await;
    assert_eq!(shop.mail.mails().len(), 1, "they wait for others");
    shop.app.clock.advance(Duration::from_mins(1));
    let next = shop.mail.mail(2).await;
    assert!(next.header("Subject").contains("2 disputes opened"), "{}", next.header("Subject"));
    eventually(async || shop.app.texts(REPORTED).await == ["problem 14"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_limits_pauses_its_channel_and_no_attempt_is_counted() {
    let shop = Shop::start().await;
    let channel = shop.add_slack().await;
    shop.notify_by("webhook_failing", &channel).await;
    shop.services.next([Response::Complete(429, LIMITED, "rate_limited")]);
    shop.reject(1).await;
    shop.posts_are(&["waiting deferred x0"]).await;
    let test = format!("{}/kinds/webhook_failing/test?mode=live", shop.list());
    shop.owner.post(&test, &[]).await;
    shop.posts_are(&["waiting deferred x0", "waiting deferred x0"]).await;
    assert_eq!(shop.services.received().len(), 1, "what comes later waits without a request");
    shop.app.clock.advance(Duration::from_mins(2));
    shop.posts_are(&["sent - x1", "sent - x1"]).await;
    assert_eq!(shop.services.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_channel_is_paused_for_long_another_recipient_is_notified() {
    let shop = Shop::start().await;
    let channel = shop.add_slack().await;
    shop.notify_by("webhook_failing", &channel).await;
    shop.services.usually(Response::Complete(429, "Retry-After: 3000\r\n", "rate_limited"));
    shop.reject(1).await;
    shop.posts_are(&["waiting deferred x0"]).await;
    assert!(shop.mail.mails().is_empty());
    shop.app.clock.advance(Duration::from_mins(10));
    shop.mail.mail(1).await;
    let sent = "SELECT SUBSTR(recipient, 1, 2) || CASE WHEN is_fallback THEN ' instead' ELSE '' END FROM alert_messages \
                ORDER BY notification_id";
    assert_eq!(shop.app.texts(sent).await, ["ch", "us instead"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_posts_that_wait_do_not_hide_one_that_has_failed() {
    let shop = Shop::start().await;
    shop.dispute(1).await;
    shop.mail.mail(1).await;
    assert_eq!((shop.app.sql(WAITING_POSTS).await, shop.app.sql(WATCHED).await), (200, 200));
    let channel = shop.add_slack().await;
    shop.notify_by("webhook_failing", &channel).await;
    shop.services.usually(Response::Complete(404, "", "no_service"));
    shop.reject(1).await;
    assert!(shop.mail.mail(2).await.header("Subject").contains("webhook"), "{}", shop.mail.mail(2).await.header("Subject"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_whose_service_hangs_does_not_delay_the_others() {
    let shop = Shop::start().await;
    let slow = shop.add_slack().await;
    shop.add_channel(&[("service", "slack"), ("name", "#stock"), ("url", OTHER_SLACK)]).await;
    let page = shop.owner.get("/settings/channels").await;
    let ids = page.body.split("/settings/channels/ch_").skip(1).map(|rest| format!("ch_{}", &rest[..11]));
    let other = ids.into_iter().find(|id| *id != slow).unwrap();
    shop.notify_by("webhook_failing", &slow).await;
    shop.notify_by("backlog", &other).await;
    let held = Arc::new(Semaphore::new(0));
    shop.services.usually(Response::Held(Arc::clone(&held)));
    let test = async |kind: &str| drop(shop.owner.post(&format!("{}/kinds/{kind}/test?mode=live", shop.list()), &[]).await);
    for _ in 0..3 {
        test("webhook_failing").await;
    }
    eventually(async || shop.services.received().len() == 2).await;
    shop.services.usually(Response::Complete(200, "", "ok"));
    test("backlog").await;
    shop.posts_are(&["sending - x0", "sending - x0", "waiting - x0", "sent - x1"]).await;
    assert_eq!(shop.services.received().len(), 3, "two places are all that it has");
    held.add_permits(2);
    shop.posts_are(&["sent - x1"; 4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_or_a_restart_report_a_problem_once() {
    let mut shop = Shop::start().await;
    let mut config = shop.app.config();
    shop.configure(&mut config);
    let other = if database::is_postgres() { Some(shop.app.another_server_with(config.clone()).await) } else { None };
    for number in 0..5 {
        shop.reject(number).await;
    }
    shop.mail.mail(1).await;
    if other.is_none() {
        shop.app.restart_with(|own| *own = config).await;
    }
    // Whichever server runs the job, it goes on.
    shop.app.clock.advance(Duration::from_hours(6));
    let reminder = shop.mail.mail(2).await;
    assert!(reminder.header("Subject").contains("still failing"), "{}", reminder.header("Subject"));
    assert_eq!(shop.app.texts(REPORTED).await, ["problem 1", "reminder 1"]);
    assert_eq!((shop.alerts().await.len(), shop.mail.mails().len()), (1, 2));
    if let Some(other) = other {
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_proven_requests_are_one_alert_and_as_many_forged_ones_none() {
    const REQUESTS: usize = 10_000;
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let shop = Shop::start().await;
    let send = async |is_forged: bool| {
        let post = |number: usize| {
            let body = bodies::payment("payment.captured", &format!("pay_Storm{number:09}"), 0);
            let post = shop.live.post(body);
            if is_forged { post.signature(&format!("{number:064x}")) } else { post.secret(&shop.test.secret) }
        };
        let sent = stream::iter((0..REQUESTS).map(|number| async move {
            // 503: on a busy machine, to be retried.
            while post(number).send().await == 503 {}
        }));
        sent.buffer_unordered(64).collect::<Vec<()>>().await;
    };
    shop.live.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    send(true).await;
    eventually(async || shop.app.count(REJECTED).await == 10_000).await;
    assert!(shop.alerts().await.is_empty(), "{:?}", shop.alerts().await);
    send(false).await;
    eventually(async || shop.app.count(REJECTED).await == 20_000).await;
    let counted = "SELECT failing_count FROM activity WHERE failing_count > 0";
    eventually(async || shop.alerts().await == [format!("webhook_failing {} open", shop.app.count(counted).await)]).await;
    shop.mail.mail(1).await;
    assert_eq!((shop.app.texts(REPORTED).await, shop.mail.mails().len()), (vec!["problem 1".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_alert_is_left_out_and_the_others_go_on() {
    let shop = Shop::start().await;
    shop.app.announce_error("an alert is damaged");
    shop.reject(1).await;
    shop.mail.mail(1).await;
    shop.app.sql("UPDATE alerts SET kind = 'of_no_version', detail = '{'").await;
    shop.reject(2).await;
    shop.mail.mail(2).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM alerts").await, 2);
    assert_eq!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.texts_of("alert").len(), 1);
    shop.app.sql("UPDATE alerts SET detail = '{', updates = '{'").await;
    shop.app.clock.advance(Duration::from_hours(6));
    shop.mail.mail(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_whose_kind_was_turned_off_is_closed_without_a_message() {
    let shop = Shop::start().await;
    shop.reject(1).await;
    shop.mail.mail(1).await;
    shop.owner.post(&format!("{}/kinds/webhook_failing", shop.list()), &[("mode", "live"), ("who", "everyone")]).await;
    shop.app.clock.advance(Duration::from_secs(2));
    shop.live.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let active = "SELECT COUNT(*) FROM alerts WHERE is_active OR is_notified";
    eventually(async || shop.app.count(active).await == 0).await;
    assert_eq!(shop.app.texts(REPORTED).await, ["problem 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_paid_twice_is_reported_although_many_newer_ones_are() {
    let shop = Shop::start().await;
    shop.live.post(event("order.paid", "pay_1", 1, Some(entity("paid", AMOUNT)))).stored().await;
    shop.live.post(event("payment.captured", "pay_2", 2, None)).stored().await;
    eventually(async || shop.alerts().await == ["order_paid_twice 1 open"]).await;
    shop.mail.mail(1).await;
    // It was opened within a minute of an earlier message, so it is still to be reported.
    shop.app.sql("UPDATE alerts SET is_notified = FALSE, last_message_at = NULL").await;
    shop.app
        .sql("INSERT INTO orders (app_id, mode, gateway, order_id, amount_subunits, currency, digest, captured_payments, is_in_parts, overpaid_by) \
              SELECT app_id, mode, gateway, 'order_x' || n, 100, 'INR', 0, 2, FALSE, 9000000000000000 + n FROM orders, \
              (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 120) SELECT n FROM numbers) AS many \
              WHERE order_id = 'order_1'")
        .await;
    eventually(async || {
        shop.app.clock.advance(Duration::from_secs(30));
        shop.app.count("SELECT COUNT(*) FROM alerts WHERE NOT is_notified AND object LIKE '%order_1'").await == 0
    })
    .await;
}
