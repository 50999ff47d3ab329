//! Services that limit, are slow or fail: no message is lost or delays others.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::{
    alerts::Shop,
    support::{eventually, sink::Response},
};

/// The messages to Slack.
const POSTS: &str = "SELECT state || ' ' || COALESCE(last_failure, '-') || ' x' || CAST(attempts AS TEXT) FROM notifications \
                     WHERE kind = 'slack' ORDER BY id";
const LIMITED: &str = "Retry-After: 120\r\n";
const OTHER_SLACK: &str = "https://hooks.slack.com/services/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";

impl Shop {
    async fn notify_by(&self, kind: &str, recipient: &str) {
        let fields = [("mode", "live"), ("on", "true"), ("who", "some"), ("recipient", recipient)];
        let saved = self.owner.post(&format!("{}/kinds/{kind}", self.list()), &fields).await;
        assert_eq!(saved.location(), format!("{}?mode=live", self.list()));
    }

    async fn posts_are(&self, states: &[&str]) {
        eventually(async || self.app.texts(POSTS).await == states).await;
    }
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
