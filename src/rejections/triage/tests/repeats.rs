//! Combined faults that exceed their share of an interval are found later, wherever they come from, and junk costs no more.

use std::time::Duration;

use super::support::*;
use crate::{
    gateways::Gateway,
    rejections::{
        CapturedRequest, Cause,
        diagnose::DiagnosedRequest,
        triage::{Batch, Pass, Triage, needed_for_stored},
    },
};

/// Returns the request that was signed with the first `chars` characters of the secret over a body that was then respaced.
fn two_faults(shop: &Shop, chars: usize, from: &str) -> CapturedRequest {
    let signed = format!(r#"{{"entity":"event","event":"payment.captured","pad":"{}"}}"#, "a".repeat(2000));
    shop.sample(&signature(&shop.own.as_bytes()[..chars], signed.as_bytes()), signed.replace(':', ": ").as_bytes(), from)
}

/// Diagnoses alone, in the order given. Returns how many signers were found.
fn found_later(shop: &Shop, triage: &mut Triage, put_off: Vec<DiagnosedRequest>) -> usize {
    let look = |one: DiagnosedRequest| {
        let work = vec![(shop.known(), vec![one.sample])];
        look_in(Pass::Alone, triage, work, 8 * ROUND_BYTES, false).0.remove(0)
    };
    put_off.into_iter().map(look).filter(|one| one.diagnosis.signer.is_some()).count()
}

#[test]
fn a_dozen_combined_faults_of_as_many_webhooks_are_left_for_later_and_found_alone() {
    let shops: Vec<Shop> = (0..12).map(|_| Shop::new()).collect();
    // Each has a share that is enough for every single fault, and not for several.
    for (from, cause) in [(RAZORPAYS, Cause::NotDiagnosed), (FORGED, Cause::Unknown)] {
        let mut triage = Triage::default();
        let work = shops.iter().map(|shop| (shop.known(), vec![two_faults(shop, 33, from)])).collect();
        let together = look(&mut triage, work, ROUND_BYTES, false).0;
        assert_eq!(causes(&together), [cause; 12], "{from}");
        assert!(together.iter().all(|one| triage.is_repeat(&one.sample)));
        // Alone each takes long, so a few represent all; the test below diagnoses a dozen.
        for (shop, one) in shops.iter().zip(together).step_by(5) {
            assert_eq!(found_later(shop, &mut triage, vec![one]), 1, "{from}");
        }
    }
}

#[test]
fn a_dozen_combined_faults_of_one_webhook_and_one_shape_are_all_found() {
    let shop = Shop::new();
    for from in [RAZORPAYS, FORGED] {
        let mut triage = Triage::default();
        // Every key is another one, so that none helps to find the next.
        let samples: Vec<CapturedRequest> = (0..12).map(|number| two_faults(&shop, 20 + number, from)).collect();
        let examined = look(&mut triage, vec![(shop.known(), samples)], ROUND_BYTES, false).0;
        let found = examined.iter().filter(|one| one.diagnosis.signer.is_some()).count();
        assert!(found < 12, "not all in one round");
        let (granted, others): (Vec<DiagnosedRequest>, Vec<_>) =
            examined.into_iter().partition(|one| triage.is_repeat(&one.sample));
        assert!(others.iter().all(|one| one.diagnosis.signer.is_some()), "{from}: {:?}", causes(&others));
        assert_eq!(found + found_later(&shop, &mut triage, granted), 12, "{from}");
    }
}

#[test]
fn what_was_diagnosed_alone_is_final() {
    let (shop, mut triage) = (Shop::new(), Triage::default());
    for (from, cause) in [(RAZORPAYS, Cause::NotDiagnosed), (FORGED, Cause::Unknown)] {
        let work = || vec![(shop.known(), vec![two_faults(&shop, 33, from)])];
        // A single request that comes while little is left of the budget is put off, too.
        assert_eq!(causes(&look(&mut triage, work(), ROUND_BYTES / 12, false).0), [cause]);
        assert!(triage.is_repeat(&two_faults(&shop, 33, from)));
        assert_eq!(causes(&look_in(Pass::Alone, &mut triage, work(), ROUND_BYTES / 12, false).0), [Cause::Unknown]);
        assert!(!triage.is_repeat(&two_faults(&shop, 33, from)));
    }
}

#[test]
fn in_a_flood_no_stranger_and_no_gateway_is_diagnosed_a_second_time() {
    let shop = Shop::new();
    let mut samples: Vec<CapturedRequest> = (0..64).map(|number| shop.forged(number, FORGED)).collect();
    samples.push(two_faults(&shop, 33, RAZORPAYS));
    let mut triage = Triage::default();
    look(&mut triage, vec![(shop.known(), samples.clone())], ROUND_BYTES, false);
    assert!(!samples.iter().any(|sample| triage.is_repeat(sample)));
}

#[test]
fn a_flood_at_one_webhook_leaves_second_diagnoses_to_another() {
    let (flooded, shop) = (Shop::new(), Shop::new());
    let junk = |number: usize| flooded.sample(&format!("{number:064x}"), format!("{{\"number\":{number}}}").as_bytes(), FORGED);
    let own = || two_faults(&shop, 33, FORGED);
    let mut triage = Triage::default();
    let work = vec![(flooded.known(), (0..65).map(junk).collect()), (shop.known(), vec![own()])];
    look(&mut triage, work, ROUND_BYTES / 6, false);
    assert!(triage.is_repeat(&own()) && !triage.is_repeat(&junk(0)));
}

/// 1,800 forgeries, 60 in each second.
#[tokio::test(start_paused = true)]
async fn forgeries_get_second_diagnoses_of_a_fixed_number_of_bytes_and_the_gateways_gets_its_own() {
    let (shop, mut triage) = (Shop::new(), Triage::default());
    let junk = |number: usize| shop.sample(&format!("{number:064x}"), format!("{{\"number\":{number}}}").as_bytes(), FORGED);
    let cost = needed_for_stored(Gateway::RAZORPAY, junk(0).body.len(), &shop.known(), true);
    let most = |second: usize| (9 * 1024 + second * 4) * MIB;
    let mut granted = 0;
    for second in 0..30 {
        let samples: Vec<CapturedRequest> = (0..60).map(|number| junk(second * 60 + number)).collect();
        let allowance = crate::rejections::budget::Allowance { most: 10 * MIB, for_fruitless: 10 * MIB };
        let batch = |samples| Batch { connection: shop.scope.connection, known: shop.known(), samples, allowance };
        let work = vec![batch(samples)];
        let is_off = std::sync::atomic::AtomicBool::new(false);
        let (examined, _) = triage.look(&vault(), work, (Pass::Arrival, 10 * MIB), &is_off);
        granted += examined.iter().filter(|one| triage.is_repeat(&one.sample)).count();
        assert!(granted * cost <= most(second), "{granted} after {second} s");
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert!(granted > 0, "some are");
    let genuine = look(&mut triage, vec![(shop.known(), vec![two_faults(&shop, 33, RAZORPAYS)])], ROUND_BYTES / 12, false).0;
    assert_eq!(found_later(&shop, &mut triage, genuine), 1);
}
