//! Daily totals that differ from the payments: the doctor reports them, and a command repairs them while events continue to
//! arrive.

use serde_json::json;

use crate::support::{TestApp, bodies, builders::Connection, cli::Output};

/// Number of totals that differ from the recomputed ones, in either direction.
const WRONG: &str = "SELECT COUNT(*) FROM (SELECT app_id, mode, zone, day, currency, status, method, state, gateway, failure, payments, amount_subunits, refunded_subunits, \
     returned_payments, returned_subunits, lost_subunits, held_subunits \
     FROM daily_totals WHERE payments <> 0 OR amount_subunits <> 0 OR refunded_subunits <> 0 \
     EXCEPT SELECT app_id, mode, 'Asia/Kolkata', (created_at + 19800000) / 86400000, COALESCE(currency, ''), COALESCE(status, ''), \
     COALESCE(method, ''), state, gateway, CASE WHEN status = 'failed' THEN COALESCE(snapshot_failure, '') ELSE '' END, count(*), CAST(sum(COALESCE(amount_subunits, 0)) AS BIGINT), \
     CAST(sum(amount_refunded_subunits) AS BIGINT), \
     CAST(sum(CASE WHEN status = 'refunded' AND NOT is_captured THEN 1 ELSE 0 END) AS BIGINT), \
     CAST(sum(CASE WHEN status = 'refunded' AND NOT is_captured THEN amount_subunits ELSE 0 END) AS BIGINT), \
     CAST(sum(amount_lost_subunits) AS BIGINT), CAST(sum(amount_held_subunits) AS BIGINT) FROM transactions GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AS wrong";
const MISSING: &str = "SELECT COUNT(*) FROM (SELECT app_id, mode, 'Asia/Kolkata', (created_at + 19800000) / 86400000, COALESCE(currency, ''), \
     COALESCE(status, ''), COALESCE(method, ''), state, gateway, CASE WHEN status = 'failed' THEN COALESCE(snapshot_failure, '') ELSE '' END, count(*), CAST(sum(COALESCE(amount_subunits, 0)) AS BIGINT), \
     CAST(sum(amount_refunded_subunits) AS BIGINT), \
     CAST(sum(CASE WHEN status = 'refunded' AND NOT is_captured THEN 1 ELSE 0 END) AS BIGINT), \
     CAST(sum(CASE WHEN status = 'refunded' AND NOT is_captured THEN amount_subunits ELSE 0 END) AS BIGINT), \
     CAST(sum(amount_lost_subunits) AS BIGINT), CAST(sum(amount_held_subunits) AS BIGINT) FROM transactions GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 \
     EXCEPT SELECT app_id, mode, zone, day, currency, status, method, state, gateway, failure, payments, amount_subunits, refunded_subunits, \
     returned_payments, returned_subunits, lost_subunits, held_subunits \
     FROM daily_totals) AS missing";
/// Inserts a total of today without a payment.
const INVENT: &str = "INSERT INTO daily_totals (app_id, mode, zone, day, currency, status, method, state, gateway, failure, payments, amount_subunits, refunded_subunits) \
     SELECT app_id, mode, zone, (SELECT (MAX(received_at) + 19800000) / 86400000 FROM events), 'AED', 'captured', 'card', 'captured', 'razorpay', '', 7, 70000, 0 \
     FROM daily_totals LIMIT 1";

async fn shop() -> (TestApp, Connection) {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for id in ["pay_1", "pay_2", "pay_3"] {
        connection.post(bodies::payment("payment.captured", id, 0)).stored().await;
    }
    connection.post(bodies::refund("refund.processed", "rfnd_1", "pay_2", 40_000, 40_000, 60)).stored().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    connection.post(bodies::partial_dispute("payment.dispute.lost", "disp_1", (39_000, 39_000), 0, 60)).stored().await;
    connection.post(bodies::partial_dispute("payment.dispute.created", "disp_2", (30_000, 30_000), 0, 70)).stored().await;
    connection.post(bodies::payment("payment.authorized", "pay_back", 0)).stored().await;
    connection.post(bodies::returned("rfnd_2", "pay_back", 60)).stored().await;
    connection.post(bodies::bare_refund("rfnd_9", "pay_unseen", 1_000)).stored().await;
    (app, connection)
}

async fn is_right(app: &TestApp) -> bool {
    (app.count(WRONG).await, app.count(MISSING).await) == (0, 0)
}

fn sums(output: &Output) -> &str {
    output.out.lines().find(|line| line.contains("daily totals")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_totals_are_reported_and_repaired() {
    let (app, connection) = shop().await;
    assert!(is_right(&app).await && sums(&app.cli(["doctor"], "").await).starts_with("ok"));
    let nothing = app.cli(["transactions", "recount"], "").await;
    assert!(nothing.line().ends_with("no differences"), "{}", nothing.out);

    app.sql("UPDATE daily_totals SET payments = payments + 2, amount_subunits = 5 WHERE refunded_subunits > 0").await;
    assert!(
        app.sql("UPDATE daily_totals SET returned_payments = 0, returned_subunits = 7 WHERE returned_payments > 0").await > 0
    );
    assert!(app.sql("UPDATE daily_totals SET lost_subunits = 1 WHERE lost_subunits > 0").await > 0);
    assert!(app.sql("UPDATE daily_totals SET held_subunits = 1 WHERE held_subunits > 0").await > 0);
    assert!(app.sql("DELETE FROM daily_totals WHERE status = ''").await > 0);
    assert!(app.sql("UPDATE daily_totals SET state = 'refund_failed' WHERE state = 'captured'").await > 0);
    assert!(app.sql("UPDATE daily_totals SET gateway = 'standard-webhooks' WHERE state = 'disputed'").await > 0);
    app.sql(INVENT).await;
    assert!(!is_right(&app).await);
    let output = app.cli(["doctor"], "").await;
    assert!(sums(&output).starts_with("bad") && sums(&output).contains("ks-pay transactions recount"), "{}", output.out);
    assert_eq!(output.code, 1);

    let mended = app.cli(["transactions", "recount", "--json"], "").await.json();
    assert!(mended["repaired"].as_i64().unwrap() >= 2, "{mended}");
    assert!(is_right(&app).await && sums(&app.cli(["doctor"], "").await).starts_with("ok"));
    assert_eq!(app.cli(["transactions", "recount", "--json"], "").await.json()["repaired"], json!(0), "twice does no harm");
    connection.post(bodies::payment("payment.captured", "pay_4", 0)).stored().await;
    assert!(is_right(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_recounts_during_incoming_payments_leave_correct_totals() {
    let (app, connection) = shop().await;
    app.sql("UPDATE daily_totals SET payments = payments + 100, amount_subunits = amount_subunits - 7").await;
    app.sql(INVENT).await;
    let paying = async {
        for number in 0..60 {
            connection.post(bodies::payment("payment.captured", &format!("pay_more{number}"), 0)).stored().await;
        }
    };
    let recount = || app.cli(["transactions", "recount"], "");
    let (one, other, ()) = tokio::join!(recount(), recount(), paying);
    one.assert_done();
    other.assert_done();
    assert!(is_right(&app).await, "{}{}", one.out, other.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_overflows_does_not_keep_other_days_from_being_repaired() {
    let (app, connection) = shop().await;
    connection.post(bodies::payment("payment.authorized", "pay_5", 0)).stored().await;
    connection.post(bodies::payment("payment.captured", "pay_6", 0)).stored().await;
    let neighbour = app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("live").await;
    neighbour.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.sql("UPDATE transactions SET amount_subunits = 9000000000000000000 WHERE mode = 'test' AND status = 'captured'").await;
    assert_eq!(app.sql("UPDATE daily_totals SET payments = 9 WHERE mode = 'live'").await, 1);
    let mended = app.cli(["transactions", "recount", "--json"], "").await;
    assert!(mended.code == 1 && mended.err.contains("could not be compared"), "{}", mended.err);
    let output: serde_json::Value = serde_json::from_str(mended.out.trim()).unwrap();
    assert_eq!((&output["repaired"], &output["unchecked"]), (&json!(1), &json!(1)));
    assert_eq!(app.count("SELECT payments FROM daily_totals WHERE mode = 'live'").await, 1);
}

/// The zone of an app changes: its days, with their totals, begin at other times.
#[tokio::test(flavor = "multi_thread")]
async fn a_recount_makes_the_totals_of_another_zone() {
    const BY_DAY: &str = "SELECT COUNT(*) FROM daily_totals WHERE zone = 'Pacific/Auckland' AND payments > 0";
    const OTHERS: &str = "SELECT COUNT(*) FROM daily_totals WHERE zone <> 'Pacific/Auckland'";
    let (app, connection) = shop().await;
    let rows = app.count("SELECT COUNT(*) FROM daily_totals WHERE payments > 0").await;
    assert_eq!(app.sql("UPDATE apps SET time_zone = 'Pacific/Auckland'").await, 1);
    // The running server adds the next event to a day of the new zone.
    connection.post(bodies::payment("payment.captured", "pay_4", 0)).stored().await;
    assert_eq!(app.count(BY_DAY).await, 1);
    let output = app.cli(["doctor"], "").await;
    assert!(sums(&output).starts_with("bad"), "{}", output.out);

    let repaired = app.cli(["transactions", "recount", "--json"], "").await.json();
    assert!(repaired["repaired"].as_i64().unwrap() >= 2, "{repaired}");
    assert_eq!((app.count(OTHERS).await, app.count(BY_DAY).await), (0, rows));
    let start = "SELECT COUNT(*) FROM daily_totals WHERE day <> (SELECT (MIN(created_at) + 46800000) / 86400000 FROM transactions \
                 WHERE created_at > 0) AND payments > 0 AND currency <> ''";
    assert_eq!(app.count(start).await, 0, "daylight saving time in Auckland is 13 hours ahead");
    assert!(sums(&app.cli(["doctor"], "").await).starts_with("ok"));

    app.sql("UPDATE apps SET time_zone = 'Pacific/Nowhere'").await;
    let output = app.cli(["transactions", "recount"], "").await;
    assert!(output.code == 1 && output.err.contains("a value that cannot be read"), "{}", output.err);
}
