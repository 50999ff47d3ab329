//! Refunds while the gateway, the database or the server fails: each is made once, or it is said that it was not.

use std::time::Duration;

use crate::{
    refunds::{KEY_ID, PAYMENT, Shop},
    support::{bodies::AMOUNT, database, eventually, fake_razorpay::set_api, fault::Outage, refund_api::Fault},
};

/// Later than a list of refunds lags behind.
const LIST_LAG: Duration = Duration::from_mins(16);

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_response_is_lost_is_found_or_repeated_and_made_once() {
    for (number, fault) in [
        Fault::LostAfter,
        Fault::LostBefore,
        Fault::Garbled,
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(429),
        Fault::Status(409),
        // Of a proxy, which may have forwarded the request.
        Fault::Page(408),
        Fault::Page(403),
    ]
    .into_iter()
    .enumerate()
    {
        // The list is late for one half of them.
        let shop = Shop::start().await;
        shop.api.delay_lists(number % 2 == 0);
        shop.api.fail_refund(fault);
        assert_eq!(shop.refund("600").await.location(), shop.payment, "{fault:?}");
        let page = shop.owner.get(&shop.payment).await;
        assert_eq!(page.reason_of("flash"), "refund-unknown", "{fault:?}");
        assert!(page.shows("state-unknown") && page.lacks("refund-button"), "{fault:?}");
        shop.settle().await;
        shop.refunded(&[60_000]);
        assert_eq!(shop.states().await, ["confirmed"], "{fault:?}");
        assert!(shop.owner.get(&shop.payment).await.has("rfnd_Test0000000001"), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_outage_repeats_with_pauses_until_the_refund_is_made() {
    let shop = Shop::start().await;
    for _ in 0..4 {
        shop.api.fail_refund(Fault::Status(502));
    }
    shop.refund("600").await.location();
    for fault in [Fault::Status(429), Fault::LostBefore, Fault::Status(500), Fault::Status(429)] {
        shop.api.fail_read(fault);
    }
    shop.settle().await;
    shop.refunded(&[60_000]);
    let keys: Vec<String> = shop
        .api
        .refund_requests()
        .iter()
        .map(|request| request.lines().find(|line| line.to_lowercase().starts_with("x-refund-idempotency")).unwrap().to_owned())
        .collect();
    assert!(keys.len() == 5 && keys.iter().all(|key| key == &keys[0]), "{keys:?}");
    let bodies: Vec<_> =
        shop.api.refund_requests().iter().map(|request| request.split_once("\r\n\r\n").unwrap().1.to_owned()).collect();
    assert!(bodies.iter().all(|body| body == &bodies[0]), "{bodies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_before_or_after_the_call_refunds_once_when_it_is_back() {
    // Before: the row is there, and the gateway was not asked.
    let mut shop = Shop::start().await;
    shop.refund("100").await.location();
    shop.refunded(&[10_000]);
    let url = shop.api.url.clone();
    shop.app.stop().await;
    shop.app
        .sql("UPDATE refund_requests SET state = 'reserved', refund_id = NULL, settled_at = NULL, sent_at = NULL, attempts = 0, due_at = 0, \
              id = id + 1, idempotency_key = 'rr_of-a-process-that-ended', origin = 'another', amount_subunits = 20000")
        .await;
    let clock = shop.app.clock.clone();
    shop.app.restart_at_with(clock, |config| set_api(config, &url)).await;
    shop.settle().await;
    shop.refunded(&[10_000, 20_000]);
    // After: the gateway has refunded, and the row is as it was before the response.
    shop.app.stop().await;
    shop.app.sql("UPDATE refund_requests SET state = 'sent', refund_id = NULL, settled_at = NULL, due_at = 0").await;
    let clock = shop.app.clock.clone();
    shop.app.restart_at_with(clock, |config| set_api(config, &url)).await;
    shop.settle().await;
    shop.refunded(&[10_000, 20_000]);
    assert_eq!(shop.states().await, ["confirmed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_a_wrong_clock_has_scheduled_is_continued() {
    let shop = Shop::start().await;
    shop.api.fail_refund(Fault::LostBefore);
    shop.refund("600").await.location();
    shop.app.sql("UPDATE refund_requests SET due_at = due_at + 8640000000").await;
    shop.settle().await;
    shop.refunded(&[60_000]);
    assert_eq!(shop.states().await, ["confirmed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_process_that_ended_is_checked_again_before_it_is_sent() {
    let mut shop = Shop::start().await;
    let url = shop.api.url.clone();
    let reserved = "UPDATE refund_requests SET state = 'reserved', reason = NULL, refund_id = NULL, sent_at = NULL, attempts = 0, due_at = 0";
    shop.refund("900").await.location();
    shop.refunded(&[90_000]);
    shop.app.stop().await;
    shop.app.sql(reserved).await;
    let clock = shop.app.clock.clone();
    shop.app.restart_at_with(clock, |config| set_api(config, &url)).await;
    shop.settle().await;
    shop.refunded(&[90_000]);
    assert_eq!(shop.states().await, ["rejected more_than_left"]);
    // After a day it may no longer be wanted.
    shop.app.stop().await;
    shop.app.sql(reserved).await;
    shop.app.sql("UPDATE refund_requests SET amount_subunits = 5000").await;
    shop.app.clock.advance(Duration::from_hours(25));
    let clock = shop.app.clock.clone();
    shop.app.restart_at_with(clock, |config| set_api(config, &url)).await;
    shop.settle().await;
    shop.refunded(&[90_000]);
    assert_eq!(shop.states().await, ["rejected expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_that_is_rejected_is_given_up_only_once_the_list_is_certain() {
    let shop = Shop::start().await;
    shop.api.fail_refund(Fault::LostBefore);
    shop.api.fail_refund(Fault::Error(400, "The payment is too old"));
    shop.refund("600").await.location();
    eventually(async || {
        shop.app.clock.advance(Duration::from_secs(10));
        shop.states().await == ["unknown gateway_rejected"]
    })
    .await;
    assert!(shop.owner.get(&shop.form()).await.shows("refund-in-progress"), "nothing else is refunded until then");
    shop.app.clock.advance(LIST_LAG);
    shop.settle().await;
    shop.refunded(&[]);
    assert_eq!((shop.states().await, shop.api.refund_requests().len()), (vec!["rejected gateway_rejected".to_owned()], 2));

    // The first request had refunded after all, and the list was late.
    let shop = Shop::start().await;
    shop.api.delay_lists(true);
    shop.api.fail_refund(Fault::LostAfter);
    shop.api.fail_refund(Fault::Error(400, "The payment has been fully refunded already"));
    shop.refund("1000").await.location();
    eventually(async || {
        shop.app.clock.advance(Duration::from_secs(10));
        shop.states().await == ["unknown gateway_rejected"]
    })
    .await;
    // It is looked for again before that, and not given up although the list does not have it.
    let asked = shop.api.requests().len();
    eventually(async || {
        shop.app.clock.advance(Duration::from_secs(10));
        shop.api.requests().len() > asked
    })
    .await;
    shop.api.delay_lists(false);
    shop.app.clock.advance(LIST_LAG);
    shop.settle().await;
    shop.refunded(&[AMOUNT]);
    assert_eq!(shop.states().await, ["confirmed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_not_confirmed_waits_for_current_keys() {
    let shop = Shop::start().await;
    shop.api.fail_refund(Fault::LostAfter);
    shop.refund("600").await.location();
    let becomes = async |wanted: &str| {
        eventually(async || {
            shop.app.clock.advance(Duration::from_secs(10));
            shop.states().await == [wanted]
        })
        .await;
    };
    for _ in 0..1_000 {
        shop.api.fail_read(Fault::Status(401));
    }
    becomes("unknown keys_rejected").await;
    shop.app.sql("DELETE FROM credentials").await;
    becomes("unknown no_keys").await;
    shop.api.recover();
    assert!(shop.owner.get(&shop.payment).await.shows("state-unknown"));
    shop.add_keys(&shop.connection, KEY_ID).await;
    becomes("confirmed").await;
    shop.refunded(&[60_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_rejects_the_question_does_not_end_the_refund() {
    let shop = Shop::start().await;
    shop.api.fail_refund(Fault::LostBefore);
    shop.refund("600").await.location();
    shop.api.fail_read(Fault::Error(403, "Access denied"));
    eventually(async || {
        shop.app.clock.advance(Duration::from_secs(10));
        shop.states().await == ["unknown gateway_error"]
    })
    .await;
    shop.settle().await;
    shop.refunded(&[60_000]);
    assert_eq!(shop.states().await, ["confirmed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_another_installation_with_the_same_account_is_not_taken_for_its_own() {
    let shop = Shop::start().await;
    shop.api.fail_refund(Fault::LostBefore);
    shop.refund("600").await.location();
    let id = shop.app.texts("SELECT SUBSTR(idempotency_key, 1, 14) FROM refund_requests").await.remove(0);
    shop.api.refund_with_receipt(PAYMENT, 10_000, &id);
    shop.settle().await;
    shop.refunded(&[10_000, 60_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_stored_a_refund_that_was_sent_is_no_error() {
    if !database::is_postgres() {
        return;
    }
    let shop = Shop::start().await;
    shop.app.announce_error("");
    let origin = shop.open().await;
    let held = shop.api.hold_refunds().await;
    let outage = async {
        eventually(async || !shop.api.refund_requests().is_empty()).await;
        shop.app.begin_outage(Outage::ReadOnly).await;
        drop(held);
    };
    let (page, ()) = futures_util::future::join(shop.submit(&origin, "600"), outage).await;
    assert_eq!(page.location(), shop.payment, "it was requested");
    shop.app.end_outage(Outage::ReadOnly).await;
    shop.settle().await;
    shop.refunded(&[60_000]);
}
