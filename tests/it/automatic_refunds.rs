//! Refunds that automations start: at most one of each payment, never more than the gateway's API confirms, whatever happens in between.

use std::time::Duration;

use ks_pay::primitives::time::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::{
    orders::{entity, event},
    support::{
        TestApp,
        bodies::{self, AMOUNT, AT},
        builders::Connection,
        database, eventually,
        fake_razorpay::set_api,
        refund_api::{Fault, RefundApi},
    },
};

const REFUNDS: &str = "SELECT state || COALESCE(' ' || reason, '') FROM automatic_refunds ORDER BY 1";
const RUNS: &str = "SELECT state || COALESCE(' ' || reason, '') FROM automation_runs ORDER BY id";
/// Longer than a gateway's list lags behind.
const LIST_LAG: Duration = Duration::from_mins(16);

/// A shop with API keys, whose automations refund.
struct Shop {
    app: TestApp,
    api: RefundApi,
    live: Connection,
}

impl Shop {
    /// Starts an hour after the payments of [`bodies`]. Nothing is refunded without confirmation.
    async fn start() -> Self {
        let api = RefundApi::start().await;
        let mut app = TestApp::start().await;
        let url = api.url.clone();
        app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 3600)), |config| set_api(config, &url)).await;
        let company = app.company("Neem Tree Retail").await;
        let live = company.app("Neem Tree Store").await.razorpay("live").await;
        let owner = app.owner("Neem Tree Retail").await;
        let fields = [("key_id", "rzp_live_Demo0000000001"), ("key_secret", "demo-key-secret-0001")];
        owner.post(&live.step("/credentials"), &fields).await.location();
        Self { app, api, live }
    }

    /// Starts a shop that refunds up to ₹1,000.00 without confirmation, when an order is paid twice.
    async fn unconfirmed() -> Self {
        let shop = Self::start().await;
        shop.allow(AMOUNT, 20, 10 * AMOUNT).await;
        shop.automate(7, "order_paid_twice").await;
        shop.api.add_order("order_1", &json!(AMOUNT));
        shop
    }

    async fn allow(&self, unconfirmed: i64, count: i64, amount: i64) {
        self.app.sql("DELETE FROM refund_settings").await;
        let statement = format!(
            "INSERT INTO refund_settings (app_id, mode, is_stopped, max_unconfirmed, daily_count, daily_amount, currency, changed_at) \
             SELECT id, 'live', FALSE, {unconfirmed}, {count}, {amount}, 'INR', 0 FROM apps"
        );
        assert_eq!(self.app.sql(statement.leak()).await, 1);
    }

    async fn automate(&self, id: i64, kind: &str) {
        let on = (AT - 60) * 1000;
        let statement = format!(
            "INSERT INTO automations (id, company_id, app_id, mode, change_kind, conditions, recipients, texts, language, starts_refund, is_on, \
             turned_on_at, created_at, changed_at) SELECT {id}, company_id, id, 'live', '{kind}', '{{}}', '', '{{}}', 'en', TRUE, TRUE, {on}, \
             {on}, {on} FROM apps"
        );
        assert_eq!(self.app.sql(statement.leak()).await, 1);
    }

    async fn send(&self, body: Vec<u8>) {
        self.live.post(body).stored().await;
    }

    /// Adds two captured payments of `order_1` to the gateway.
    fn pay_twice(&self) {
        self.api.add_to("order_1", "pay_1", AMOUNT, 0);
        self.api.add_to("order_1", "pay_2", AMOUNT, 60);
    }

    /// Reports both payments of the order.
    async fn report_twice(&self) {
        for body in twice() {
            self.send(body).await;
        }
    }

    async fn becomes(&self, statement: &'static str, wanted: &[&str]) {
        eventually(async || {
            self.app.clock.advance(Duration::from_secs(10));
            self.app.texts(statement).await == wanted
        })
        .await;
    }

    /// Waits until no refund, and no run, is open any more.
    async fn settle(&self) {
        self.settle_in_steps_of(Duration::from_mins(5)).await;
    }

    async fn settle_in_steps_of(&self, step: Duration) {
        eventually(async || {
            self.app.clock.advance(step);
            self.app.count("SELECT COUNT(*) FROM refund_requests WHERE due_at IS NOT NULL").await == 0
                && self.app.count("SELECT COUNT(*) FROM automatic_refunds WHERE due_at IS NOT NULL").await == 0
                && self.app.count("SELECT COUNT(*) FROM automation_runs WHERE due_at IS NOT NULL").await == 0
        })
        .await;
    }

    #[track_caller]
    fn refunded(&self, first: &[i64], second: &[i64]) {
        assert_eq!((self.api.refunds("pay_1"), self.api.refunds("pay_2")), (first.to_vec(), second.to_vec()));
    }

    /// Requests all runs again, as users do.
    async fn run_again(&self) {
        self.app
            .sql(
                "UPDATE automation_runs SET state = 'waiting', reason = NULL, due_at = 0, requested_by = 'Asha', ended_at = NULL",
            )
            .await;
    }
}

/// Returns a dispute of the first payment of `order_1`.
fn disputed() -> Vec<u8> {
    let mut body: Value =
        serde_json::from_slice(&bodies::dispute("payment.dispute.created", "disp_1", "pay_1", "open", 0)).unwrap();
    body["payload"]["payment"]["entity"]["order_id"] = json!("order_1");
    body.to_string().into_bytes()
}

/// Returns what reports that `order_1` is paid twice: each capture by three types of event.
fn twice() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (payment, after) in [("pay_1", 1), ("pay_2", 10)] {
        all.push(event("payment.captured", payment, after, None));
        all.push(event("order.paid", payment, after + 1, Some(entity("paid", AMOUNT))));
        all.push(event("payment_link.paid", payment, after + 2, None));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_paid_twice_is_refunded_once_in_any_order_of_its_events_and_with_two_rules() {
    let all = twice();
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 5, 1, 4, 0, 3], [4, 0, 3, 1, 5, 2]] {
        let shop = Shop::unconfirmed().await;
        shop.automate(8, "order_paid_twice").await;
        shop.pay_twice();
        for index in order.iter().chain(&order) {
            shop.send(all[*index].clone()).await;
        }
        shop.settle().await;
        // From the payment created last by the gateway's time.
        shop.refunded(&[], &[AMOUNT]);
        let mut states = shop.app.texts(REFUNDS).await;
        states.sort_unstable();
        assert!(states.len() == 2 && states[0] == "done" && states[1].starts_with("skipped "), "{order:?}: {states:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_responses_and_errors_of_the_gateway_refund_once() {
    for fault in [Fault::LostAfter, Fault::LostBefore, Fault::Garbled, Fault::Status(500), Fault::Status(429)] {
        let shop = Shop::unconfirmed().await;
        shop.pay_twice();
        shop.api.fail_read(fault);
        shop.api.fail_refund(fault);
        shop.report_twice().await;
        shop.settle().await;
        shop.refunded(&[], &[AMOUNT]);
        assert_eq!(
            (shop.app.texts(REFUNDS).await, shop.app.texts(RUNS).await),
            (vec!["done".to_owned()], vec!["done".to_owned()])
        );
    }
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    shop.api.fail_refund(Fault::Error(400, "Refund is not supported"));
    shop.report_twice().await;
    shop.settle().await;
    assert_eq!(
        (shop.app.texts(REFUNDS).await, shop.app.texts(RUNS).await),
        (vec!["failed".to_owned()], vec!["failed".to_owned()])
    );
    shop.refunded(&[], &[]);
    shop.run_again().await;
    shop.app.clock.advance(LIST_LAG);
    shop.settle().await;
    shop.refunded(&[], &[]);
    assert_eq!(shop.api.refund_requests().len(), 1, "what the gateway was asked for is never repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_run_again_never_refunds_again() {
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    shop.report_twice().await;
    shop.settle().await;
    for _ in 0..3 {
        // Even if the gateway would refund again.
        shop.api.add_to("order_1", "pay_3", AMOUNT, 120);
        shop.run_again().await;
        shop.app.clock.advance(LIST_LAG);
        shop.settle().await;
        assert_eq!(shop.app.texts(REFUNDS).await, ["done"]);
        assert_eq!(shop.app.texts(RUNS).await, ["skipped already_refunded"]);
    }
    shop.refunded(&[], &[AMOUNT]);
    assert_eq!(shop.api.refund_requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_ends_between_reservation_call_and_outcome_and_the_refund_is_made_once() {
    let mut shop = Shop::unconfirmed().await;
    let url = shop.api.url.clone();
    shop.pay_twice();
    shop.report_twice().await;
    shop.settle().await;
    let reopened = "UPDATE automatic_refunds SET state = 'requested', ended_at = NULL, due_at = 0";
    for (request, wanted) in [
        // The gateway was asked, the outcome was not stored.
        ("UPDATE refund_requests SET state = 'sent', refund_id = NULL, settled_at = NULL, due_at = 0", "done"),
        // The outcome was stored, that of the automatic refund was not.
        ("UPDATE refund_requests SET attempts = attempts", "done"),
        // It was reserved, and the gateway was not asked: everything is read again, and it is not paid twice any more.
        (
            "UPDATE refund_requests SET state = 'reserved', reason = NULL, refund_id = NULL, sent_at = NULL, settled_at = NULL, \
             attempts = 0, due_at = 0",
            "skipped not_paid_twice",
        ),
    ] {
        shop.app.stop().await;
        shop.app.sql(request).await;
        shop.app.sql(reopened).await;
        let clock = shop.app.clock.clone();
        shop.app.restart_at_with(clock, |config| set_api(config, &url)).await;
        shop.settle().await;
        shop.refunded(&[], &[AMOUNT]);
        assert_eq!(shop.app.texts(REFUNDS).await, [wanted], "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refunded_by_hand_counts_and_an_order_paid_in_parts_is_never_refunded() {
    // In the gateway's dashboard, before the automation reads it.
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    shop.api.refund_by_hand("pay_1", AMOUNT);
    shop.report_twice().await;
    shop.settle().await;
    shop.refunded(&[AMOUNT], &[]);
    assert_eq!(shop.app.texts(REFUNDS).await, ["skipped not_paid_twice"]);
    // A part of it.
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    shop.api.refund_by_hand("pay_2", 40_000);
    shop.report_twice().await;
    shop.settle().await;
    shop.refunded(&[], &[40_000, AMOUNT - 40_000]);
    // The gateway says that the order is larger: the payments are parts of it.
    let shop = Shop::unconfirmed().await;
    shop.api.add_order("order_1", &json!(2 * AMOUNT));
    shop.pay_twice();
    shop.report_twice().await;
    shop.settle().await;
    shop.refunded(&[], &[]);
    assert_eq!(shop.app.texts(REFUNDS).await, ["skipped not_paid_twice"]);
    assert_eq!(shop.app.texts(RUNS).await, ["skipped not_refunded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_events_refund_nothing_that_the_gateway_does_not_confirm() {
    // Of the payments, only one was captured.
    let shop = Shop::unconfirmed().await;
    shop.api.add_to("order_1", "pay_1", AMOUNT, 0);
    shop.api.add_as("pay_2", ("authorized", AMOUNT, "INR"));
    shop.report_twice().await;
    shop.settle().await;
    shop.refunded(&[], &[]);
    // The second is of another order, which events claim to be the same.
    let shop = Shop::unconfirmed().await;
    shop.api.add_to("order_1", "pay_1", AMOUNT, 0);
    shop.api.add_to("order_2", "pay_2", AMOUNT, 0);
    shop.report_twice().await;
    shop.becomes(REFUNDS, &["to_confirm order_amount_unknown"]).await;
    // The gateway knows none of them.
    let shop = Shop::unconfirmed().await;
    shop.report_twice().await;
    shop.settle().await;
    assert_eq!(shop.app.texts(REFUNDS).await, ["skipped gateway_rejected"]);
    assert_eq!(shop.api.refund_requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_if_the_amount_of_the_order_is_unknown_or_a_payment_is_and_the_question_expires() {
    for amount in [Value::Null, json!(0), json!(-1)] {
        let shop = Shop::unconfirmed().await;
        shop.api.add_order("order_1", &amount);
        shop.pay_twice();
        shop.report_twice().await;
        shop.becomes(REFUNDS, &["to_confirm order_amount_unknown"]).await;
        assert_eq!(shop.app.count("SELECT COUNT(*) FROM automatic_refunds WHERE amount_subunits IS NULL").await, 1);
        shop.app.clock.advance(Duration::from_hours(6 * 24 + 23));
        shop.app.clock.advance(Duration::from_hours(2));
        shop.settle().await;
        assert_eq!(shop.app.texts(REFUNDS).await, ["skipped expired"]);
        assert_eq!(shop.app.texts(RUNS).await, ["skipped not_refunded"]);
        assert_eq!(shop.api.refund_requests(), Vec::<String>::new());
    }
    // The payment created last was not reported.
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    shop.api.add_to("order_1", "pay_3", AMOUNT, 120);
    shop.report_twice().await;
    shop.becomes(REFUNDS, &["to_confirm payment_unknown"]).await;
    assert_eq!(shop.api.refund_requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_payment_of_the_order_is_disputed_a_person_decides() {
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    // The gateway's payment does not have the dispute, and the merchant may lose the other payment by it.
    shop.send(disputed()).await;
    shop.report_twice().await;
    shop.becomes(REFUNDS, &["to_confirm disputed"]).await;
    let shop = Shop::start().await;
    shop.allow(AMOUNT, 20, 10 * AMOUNT).await;
    shop.automate(7, "captured").await;
    shop.api.add("pay_1", AMOUNT);
    shop.send(disputed()).await;
    shop.send(event("payment.captured", "pay_1", 1, None)).await;
    shop.becomes(REFUNDS, &["to_confirm disputed"]).await;
    assert_eq!(shop.api.refund_requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_owners_permission_and_above_its_amount_a_user_is_asked() {
    let shop = Shop::start().await;
    shop.api.add_order("order_1", &json!(AMOUNT));
    shop.automate(7, "order_paid_twice").await;
    shop.automate(8, "order_paid_twice").await;
    shop.pay_twice();
    shop.report_twice().await;
    shop.becomes(REFUNDS, &["skipped already_refunded", "to_confirm confirmation"]).await;
    let proposal = "SELECT transactions.payment_id FROM automatic_refunds JOIN transactions ON transactions.id = refunded_id";
    assert_eq!(shop.app.texts(proposal).await, ["pay_2"]);
    // It is not confirmed, so nothing happens for seven days.
    shop.app.clock.advance(Duration::from_hours(8 * 24));
    shop.settle().await;
    assert_eq!(shop.app.texts(REFUNDS).await, ["skipped already_refunded", "skipped expired"]);
    shop.allow(AMOUNT - 1, 20, 10 * AMOUNT).await;
    shop.run_again().await;
    shop.becomes(REFUNDS, &["skipped already_refunded", "to_confirm above_limit"]).await;
    assert_eq!(shop.api.refund_requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_stops_refunds_and_a_lost_one_is_only_read_back() {
    let shop = Shop::unconfirmed().await;
    shop.app.sql("UPDATE refund_settings SET is_stopped = TRUE").await;
    shop.pay_twice();
    shop.report_twice().await;
    shop.settle().await;
    assert_eq!(shop.app.texts(REFUNDS).await, ["skipped stopped"]);
    assert_eq!(shop.api.requests().len(), 1, "the check of the keys");
    // The call was lost before it arrived, and then refunds were stopped: it is not repeated.
    let shop = Shop::unconfirmed().await;
    shop.pay_twice();
    for _ in 0..20 {
        shop.api.fail_refund(Fault::LostBefore);
    }
    shop.report_twice().await;
    shop.becomes("SELECT state FROM refund_requests", &["unknown"]).await;
    let stopped = shop.app.sql("UPDATE refund_settings SET is_stopped = TRUE").await;
    let asked = shop.api.refund_requests().len();
    shop.api.recover();
    shop.settle_in_steps_of(Duration::from_mins(30)).await;
    assert_eq!((stopped, shop.api.refund_requests().len()), (1, asked));
    shop.refunded(&[], &[]);
    assert_eq!(shop.app.texts(REFUNDS).await, ["failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_changes_refund_what_is_left_once_and_a_rule_for_refunds_does_not_loop() {
    let shop = Shop::start().await;
    shop.allow(AMOUNT, 20, 10 * AMOUNT).await;
    shop.automate(7, "captured").await;
    shop.automate(8, "captured").await;
    shop.automate(9, "refunded").await;
    shop.api.add("pay_1", AMOUNT);
    shop.api.refund_by_hand("pay_1", 25_000);
    shop.send(bodies::payment("payment.captured", "pay_1", 0)).await;
    shop.settle().await;
    assert_eq!(shop.api.refunds("pay_1"), [25_000, AMOUNT - 25_000]);
    shop.send(bodies::refund("refund.processed", "rfnd_1", "pay_1", 25_000, 25_000, 10)).await;
    shop.app.clock.advance(LIST_LAG);
    shop.settle().await;
    assert_eq!(shop.api.refunds("pay_1"), [25_000, AMOUNT - 25_000]);
    let states = shop.app.texts(REFUNDS).await;
    assert_eq!(states.iter().filter(|state| *state == "done").count(), 1, "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_day_holds_for_the_number_and_the_total_until_the_next_day() {
    for (count, amount) in [(2, 10 * AMOUNT), (20, 2 * AMOUNT + AMOUNT / 2)] {
        let shop = Shop::start().await;
        shop.allow(AMOUNT, count, amount).await;
        shop.automate(7, "captured").await;
        for number in 1..=4 {
            let id = format!("pay_{number}");
            shop.api.add(&id, AMOUNT);
            shop.send(bodies::payment("payment.captured", &id, 0)).await;
        }
        shop.becomes(REFUNDS, &["done", "done", "to_confirm daily_limit", "to_confirm daily_limit"]).await;
        assert_eq!(shop.api.refund_requests().len(), 2);
        // The day of the app's zone.
        shop.app.clock.advance(Duration::from_hours(24));
        shop.api.add("pay_5", AMOUNT);
        shop.send(event("payment.captured", "pay_5", 24 * 3600, None)).await;
        shop.becomes(REFUNDS, &["done", "done", "done", "to_confirm daily_limit", "to_confirm daily_limit"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_refund_once_and_hold_the_limit_together() {
    if !database::is_postgres() {
        return;
    }
    let shop = Shop::unconfirmed().await;
    shop.automate(8, "order_paid_twice").await;
    shop.pay_twice();
    let mut config = shop.app.config();
    set_api(&mut config, &shop.api.url);
    let other = shop.app.another_server_with(config).await;
    shop.api.fail_refund(Fault::LostAfter);
    shop.report_twice().await;
    shop.settle().await;
    shop.refunded(&[], &[AMOUNT]);
    other.stop().await;
}
