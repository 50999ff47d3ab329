//! Tests single samples.
//!
//! Invariant: every test has a fixed seed, so that failures are reproducible.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::gateways::samples::{
    shops::SHOPS,
    testing::{SplitMix, is_compact},
};

mod scenarios;

const AT: i64 = 1_767_225_600;

fn parse(sample: &Sample) -> Value {
    serde_json::from_slice(&sample.body).unwrap()
}

#[test]
fn what_is_simulated_for_a_url_is_of_one_shop_and_of_no_account() {
    let of = |url| Merchant::behind(url);
    let [one, again] = ["https://pay.example/webhooks/wh_1"; 2].map(of);
    assert_eq!(one.shop, again.shop);
    let razorpay = crate::gateways::Gateway::RAZORPAY.adapter();
    for event in SINGLE_EVENTS {
        let sample = single(event, &one, AT, &mut SplitMix::new(3)).unwrap();
        assert!(sample.body.windows(13).any(|part| part == b"acc_Simulated"), "{event}");
        assert_eq!(razorpay.account(&sample.body), None, "{event}");
    }
}

#[test]
fn every_single_event_can_be_made_and_looks_like_the_wire() {
    let mut rng = SplitMix::new(17);
    let merchant = Merchant::new(&mut rng);
    let mut ids = BTreeSet::new();
    assert_eq!(SINGLE_EVENTS, Step::ALL.map(Step::event));
    for shop in SHOPS {
        let merchant = Merchant { shop, ..merchant.clone() };
        for event in SINGLE_EVENTS.iter().copied().cycle().take(20 * SINGLE_EVENTS.len()) {
            let sample = single(event, &merchant, AT, &mut rng).unwrap();
            let body = parse(&sample);
            assert_eq!((sample.event, sample.at), (event, AT));
            assert_eq!((&body["event"], &body["created_at"]), (&event.into(), &AT.into()));
            assert_eq!(body["account_id"], merchant.account_id);
            assert!(is_compact(&sample.body));
            // A settlement contains no payment, so a real one is about 330 bytes long.
            let least = if event == "settlement.processed" { 300 } else { 600 };
            let size = sample.body.len();
            assert!((least..=2_500).contains(&size), "{event}: {size}");
            assert!(sample.event_id.len() == 14 && ids.insert(sample.event_id));
            let start: &[u8] =
                if event.starts_with("refund.") { br#"{"account_id":"acc_"# } else { br#"{"entity":"event","account_id":"acc_"# };
            assert!(sample.body.starts_with(start));
            for (part, born) in
                [("refund", "refund.created"), ("dispute", "payment.dispute.created"), ("settlement", "settlement.processed")]
            {
                let created_at = &body["payload"][part]["entity"]["created_at"];
                let is_past = created_at.as_i64().is_none_or(|seconds| seconds < AT);
                assert!(if event == born { created_at == AT } else { is_past });
            }
        }
    }
    assert!(single("payment.forgotten", &merchant, AT, &mut rng).is_none());
}

#[test]
fn one_seed_makes_the_same_octets_and_another_seed_other_ids() {
    let make = |seed| {
        let mut rng = SplitMix::new(seed);
        let merchant = Merchant::new(&mut rng);
        let samples = life_cycle(LifeCycle::Disputed, &merchant, AT, &mut rng);
        samples.into_iter().map(|sample| (sample.event_id, sample.body)).collect::<Vec<_>>()
    };
    assert_eq!(make(18), make(18));
    assert!(make(18).iter().zip(make(19)).all(|(one, other)| one.0 != other.0 && one.1 != other.1));
}
