//! Tests the life cycles by their bytes alone, as a receiver sees them.
//!
//! Invariant: each life cycle is generated a hundred times, so that rare variants are covered too.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::*;
use super::{AT, SplitMix, parse};

/// Generates many life cycles of one kind, with the bodies parsed.
fn scenarios(kind: LifeCycle, seed: u64) -> Vec<Vec<(Sample, Value)>> {
    let mut rng = SplitMix::new(seed);
    let scenario = |_| {
        let merchant = Merchant::new(&mut rng);
        let samples = life_cycle(kind, &merchant, AT, &mut rng);
        samples.into_iter().map(|sample| (sample.clone(), parse(&sample))).collect()
    };
    (0..100).map(scenario).collect()
}

fn events(scenario: &[(Sample, Value)]) -> Vec<&'static str> {
    scenario.iter().map(|(sample, _)| sample.event).collect()
}

fn entity<'a>(body: &'a Value, name: &str) -> &'a Value {
    &body["payload"][name]["entity"]
}

#[test]
fn every_scenario_is_about_one_payment_of_one_order_in_rising_time() {
    for kind in LifeCycle::ALL {
        for scenario in scenarios(kind, 11) {
            let (_, first) = &scenario[0];
            let (mut last_at, paid) = (AT, entity(first, "payment"));
            for (sample, body) in &scenario {
                assert_eq!(body["event"], sample.event);
                assert_eq!(body["created_at"], sample.at);
                assert_eq!(body["account_id"], first["account_id"]);
                assert!(sample.at > last_at && sample.at <= AT + kind.span());
                assert!(sample.after_ms > 0);
                last_at = sample.at;
                let contains: BTreeSet<_> = body["contains"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                let keys: BTreeSet<_> = body["payload"].as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(contains, keys);
                if sample.event == "settlement.processed" {
                    continue;
                }
                let payment = entity(body, "payment");
                for same in ["id", "order_id", "amount", "method", "vpa", "email", "created_at"] {
                    assert_eq!(payment[same], paid[same], "{same} of {}", sample.event);
                }
                assert_eq!(payment["created_at"], AT);
                for part in ["refund", "dispute"] {
                    let id = entity(body, part)["payment_id"].as_str();
                    assert!(id.is_none_or(|id| paid["id"] == id));
                }
            }
        }
    }
}

#[test]
fn a_paid_scenario_is_captured_before_its_order_is_paid() {
    for scenario in scenarios(LifeCycle::Paid, 12) {
        assert_eq!(events(&scenario), ["payment.authorized", "payment.captured", "order.paid"]);
        let [authorized, captured, paid] = [0, 1, 2].map(|n| entity(&scenario[n].1, "payment"));
        assert_eq!((&authorized["status"], &authorized["captured"]), (&"authorized".into(), &false.into()));
        assert!(authorized["fee"].is_null() && captured["fee"].as_i64() > captured["tax"].as_i64());
        assert_eq!(captured["status"], "captured");
        assert_eq!(captured, paid);
        let order = entity(&scenario[2].1, "order");
        assert_eq!((&order["status"], &order["amount_due"]), (&"paid".into(), &0.into()));
        assert_eq!((&order["id"], &order["amount_paid"]), (&paid["order_id"], &paid["amount"]));
        assert!(order["created_at"].as_i64().unwrap() < AT);
    }
}

#[test]
fn a_failed_upi_payment_succeeds_later_under_the_same_id() {
    for scenario in scenarios(LifeCycle::FailedThenPaid, 13) {
        assert_eq!(events(&scenario)[..2], ["payment.failed", "payment.authorized"]);
        let [failed, late] = [0, 1].map(|n| entity(&scenario[n].1, "payment"));
        assert_eq!((&failed["status"], &failed["method"]), (&"failed".into(), &"upi".into()));
        assert!(failed["error_reason"].is_string() && failed["acquirer_data"]["rrn"].is_null());
        assert!(late["error_reason"].is_null() && late["acquirer_data"]["rrn"].is_string());
        assert!(late["amount"].as_i64().unwrap() <= customers::UPI_LIMIT);
        assert_eq!(scenario.last().unwrap().0.event, "order.paid");
    }
}

#[test]
fn a_part_refund_is_told_by_the_payment_too() {
    for scenario in scenarios(LifeCycle::PartlyRefunded, 14) {
        assert_eq!(events(&scenario)[3..], ["refund.created", "refund.processed"]);
        let id = &entity(&scenario[3].1, "refund")["id"];
        for (sample, body) in &scenario[3..] {
            let (refund, payment) = (entity(body, "refund"), entity(body, "payment"));
            assert_eq!(payment["amount_refunded"], refund["amount"]);
            assert_eq!((&payment["refund_status"], &payment["status"]), (&"partial".into(), &"captured".into()));
            let part = refund["amount"].as_i64().unwrap();
            assert!(part > 0 && part < payment["amount"].as_i64().unwrap());
            assert_eq!((&refund["id"], &refund["created_at"]), (id, &scenario[3].0.at.into()));
            // Parsing sorts the keys: the bytes are the same only if they were sorted before.
            assert_eq!(body.to_string().as_bytes(), sample.body);
        }
        assert_eq!(entity(&scenario[4].1, "refund")["status"], "processed");
    }
}

#[test]
fn a_dispute_takes_money_only_when_it_is_lost() {
    let mut outcomes = BTreeSet::new();
    for scenario in scenarios(LifeCycle::Disputed, 15) {
        let names = ["payment.dispute.created", "payment.dispute.under_review"];
        assert_eq!(events(&scenario)[3..5], names);
        let disputes: Vec<_> = scenario[3..].iter().map(|(_, body)| entity(body, "dispute")).collect();
        assert_eq!((&disputes[0]["status"], &disputes[1]["status"]), (&"open".into(), &"under_review".into()));
        let status = disputes[2]["status"].as_str().unwrap();
        assert_eq!(scenario[5].0.event, format!("payment.dispute.{status}"));
        let lost = if status == "lost" { &disputes[2]["amount"] } else { &Value::from(0) };
        assert_eq!(&disputes[2]["amount_deducted"], lost);
        assert_eq!(disputes[1]["amount_deducted"], 0);
        assert_eq!(disputes[0]["amount"], entity(&scenario[3].1, "payment")["amount"]);
        outcomes.insert(status.to_owned());
    }
    assert_eq!(outcomes.len(), 2);
}

#[test]
fn a_settlement_is_the_payment_less_its_fees() {
    for scenario in scenarios(LifeCycle::Settled, 16) {
        let (captured, settled) = (entity(&scenario[1].1, "payment"), entity(&scenario[3].1, "settlement"));
        assert_eq!((&settled["fees"], &settled["tax"]), (&captured["fee"], &captured["tax"]));
        let number = |value: &Value| value.as_i64().unwrap();
        assert_eq!(number(&settled["amount"]) + number(&settled["fees"]), number(&captured["amount"]));
        assert!(settled["utr"].is_string());
    }
}

#[test]
fn a_scenario_that_happens_now_ends_now_and_takes_seconds_and_a_spread_one_takes_days() {
    let mut rng = SplitMix::new(21);
    for kind in LifeCycle::ALL {
        for _ in 0..100 {
            let merchant = Merchant::new(&mut rng);
            let mut times = |pace| {
                let samples = life_cycle_until(kind, pace, &merchant, AT, &mut rng);
                let created = entity(&parse(&samples[0]), "payment")["created_at"].as_i64().unwrap();
                let times: Vec<i64> = samples.iter().map(|sample| sample.at).collect();
                assert!(times.is_sorted_by(|one, next| one < next) && created < times[0] && times.last() == Some(&AT));
                AT - created
            };
            assert!((3..=30).contains(&times(Pace::Quick)), "{kind}");
            let spread = times(Pace::Natural);
            assert!(spread <= kind.span(), "{kind}");
            match kind {
                LifeCycle::Disputed | LifeCycle::Settled => assert!(spread > 24 * 60 * 60, "{kind}: {spread}"),
                LifeCycle::PartlyRefunded => assert!(spread > 60 * 60, "{kind}: {spread}"),
                LifeCycle::Paid | LifeCycle::FailedThenPaid => {}
            }
        }
    }
}
