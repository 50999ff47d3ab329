//! Under any flood of a webhook, every distinct fault is found and the work is bounded.

mod repeats;
mod support;

use super::{round::diagnose, *};
use crate::{
    gateways::Gateway,
    primitives::{
        in_parallel::{in_parallel, sampled},
        secret::Secret,
    },
    rejections::{Cause, Reason, diagnosis::Depth, eviction::EvictionRank},
};
use support::*;

/// Diagnoses 1,800 forgeries in rounds of a given size, with `most` bytes to hash in each; each round has one fault at this
/// webhook and one at another.
fn flood(each: usize, most: usize, from: &str) {
    let (shop, other) = (Shop::new(), Shop::new());
    let mut triage = Triage::default();
    let (mut faults, mut others) = (shop.faults(from), other.faults(from));
    for round in 0..1800 / each {
        let mut samples: Vec<CapturedRequest> = (0..each).map(|number| shop.forged(round * each + number, FORGED)).collect();
        let mut wanted = Vec::new();
        let mut work = Vec::new();
        if let (Some((cause, own)), Some((other_cause, elsewhere))) = (faults.pop(), others.pop()) {
            samples.insert(each / 2, own);
            wanted = vec![cause, other_cause];
            work.push((other.known(), vec![elsewhere]));
        }
        work.insert(0, (shop.known(), samples));
        let (examined, unused) = look(&mut triage, work, most, false);
        assert!(unused <= most);
        let found = causes(&examined);
        if !wanted.is_empty() {
            assert_eq!([found[each / 2], found[each + 1]], wanted[..], "round {round}");
        }
    }
    assert!(faults.is_empty() && others.is_empty());
}

#[test]
fn a_flood_hides_no_fault_at_its_webhook_or_at_another() {
    flood(180, ROUND_BYTES, GATEWAY);
}

#[test]
fn a_flood_that_goes_on_hides_no_fault() {
    flood(30, 16 * MIB, GATEWAY);
}

#[test]
fn a_flood_from_the_same_address_hides_no_fault() {
    flood(30, 16 * MIB, FORGED);
}

#[test]
fn a_fault_that_comes_again_is_found_with_a_few_hashes() {
    let (shop, mut triage) = (Shop::new(), Triage::default());
    for (cause, first) in shop
        .faults(GATEWAY)
        .into_iter()
        .filter(|(cause, _)| matches!(cause, Cause::SecretCut | Cause::OldSecret | Cause::KeySecret | Cause::SecretWithSpace))
    {
        let (_, unused) = look(&mut triage, vec![(shop.known(), vec![first.clone()])], ROUND_BYTES, false);
        let again = CapturedRequest { headers: [first.headers.clone(), vec![("x".to_owned(), b"y".to_vec())]].concat(), ..first };
        let (examined, left) = look(&mut triage, vec![(shop.known(), vec![again])], ROUND_BYTES, false);
        assert_eq!(causes(&examined), [cause]);
        assert!(ROUND_BYTES - left < 4096 && left >= unused, "{cause:?}: {} bytes", ROUND_BYTES - left);
    }
}

#[test]
fn forgeries_cost_less_the_longer_they_go_on() {
    let (shop, vault, mut triage) = (Shop::new(), vault(), Triage::default());
    let allowance = Allowance { most: ROUND_BYTES, for_fruitless: 16 * MIB };
    let mut costs = Vec::new();
    for round in 0..20 {
        let samples = (0..30).map(|number| shop.forged(round * 30 + number, FORGED)).collect();
        let work = vec![Batch { connection: shop.scope.connection, known: shop.known(), samples, allowance }];
        let (examined, spent) = triage.look(&vault, work, (Pass::Arrival, ROUND_BYTES), &AtomicBool::new(false));
        assert!(examined.iter().all(|one| one.diagnosis.signer.is_none()));
        costs.push(spent[0].1);
    }
    assert!(costs[19] < 32 * MIB && costs[0] > 3 * costs[19], "{costs:?}");
}

/// Returns the bytes hashed to try every single fault of a request.
fn single_fault_cost(shop: &Shop, sample: &CapturedRequest) -> usize {
    let mut left = ROUND_BYTES;
    let found = diagnose(sample, &shop.known(), Depth::Single, &mut left, &AtomicBool::new(false));
    assert_eq!(found.cause, Cause::Unknown);
    ROUND_BYTES - left
}

#[test]
fn among_lookalikes_nothing_is_said_of_what_was_not_examined_and_every_fault_is_found_in_the_end() {
    let shop = Shop::new();
    for size in [1024, 28 * 1024] {
        let faults = shop.faults_of_size(size, GATEWAY).into_iter().chain([shop.mistyped(size)]);
        let deferred = in_parallel(sampled(faults, 3), |(cause, genuine)| {
            let mut deferred = 0;
            let mut triage = Triage::default();
            let mut samples: Vec<CapturedRequest> = (0..60).map(|number| shop.lookalike(&genuine, number)).collect();
            let cost = single_fault_cost(&shop, &samples[0]);
            samples.insert(31, genuine);
            let mut is_found = false;
            for round in 0.. {
                let (examined, left) = look_in(Pass::Stored, &mut triage, vec![(shop.known(), samples)], ROUND_BYTES, false);
                let unknown = examined.iter().filter(|one| one.diagnosis.cause == Cause::Unknown).count();
                let spent = ROUND_BYTES - left;
                assert!(unknown * cost <= spent, "{cause:?}: {unknown} of {size} bytes for {spent} bytes");
                is_found |= causes(&examined).contains(&cause);
                let known = [Cause::Unknown, Cause::NotDiagnosed, cause];
                assert!(causes(&examined).iter().all(|found| known.contains(found)), "{cause:?}: {:?}", causes(&examined));
                let rest = examined.into_iter().filter(|one| one.diagnosis.cause == Cause::NotDiagnosed);
                samples = rest.map(|one| one.sample).collect();
                deferred += samples.len();
                // Long bodies take long, so one fault represents all.
                if samples.is_empty() || (is_found && size > 2048 && cause != Cause::SecretMistyped) {
                    break;
                }
                assert!(round < 100, "{cause:?}: {} are left", samples.len());
            }
            assert!(is_found, "{cause:?}, {size} bytes");
            deferred
        });
        assert!(deferred.into_iter().sum::<usize>() > 0, "not all can be examined in one round");
    }
}

#[test]
fn a_brief_look_finds_the_likeliest_mistakes() {
    let shop = Shop::new();
    let (_, like) = shop.faults_of_size(2 * 1024, GATEWAY).swap_remove(0);
    let own = &shop.own;
    let base64 = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    for (cause, key) in [
        (Cause::SecretWithSpace, format!(" {own}")),
        (Cause::SecretWithLineEnd, format!("{own}\n")),
        (Cause::SecretQuoted, format!("'{own}'")),
        (Cause::SecretCase, own.to_lowercase()),
        (Cause::SecretEncoded, base64(own)),
        (Cause::SecretEncoded, data_encoding::HEXLOWER.encode(own.as_bytes())),
        (Cause::OldSecret, shop.older.clone()),
        (Cause::KeySecret, shop.api.clone()),
        (Cause::SecretCut, own[1..].to_owned()),
        (Cause::SecretCut, own[..own.len() - 2].to_owned()),
        (Cause::SecretCut, own[..own.len() / 2].to_owned()),
    ] {
        let genuine = shop.sample(&signature(key.as_bytes(), &like.body), &like.body, FORGED);
        let mut samples: Vec<CapturedRequest> = (0..60).map(|number| shop.lookalike(&genuine, number)).collect();
        samples.push(genuine);
        // Enough for brief diagnosis, and not for thorough diagnosis of any.
        let (examined, _) = look(&mut Triage::default(), vec![(shop.known(), samples)], 18 * MIB, false);
        assert_eq!(causes(&examined)[60], cause, "{key:?}");
    }
}

#[test]
fn of_requests_that_are_the_same_one_is_examined() {
    let shop = Shop::new();
    let forged = shop.forged(1, FORGED);
    let cost = |samples| {
        let (examined, left) = look_in(Pass::Alone, &mut Triage::default(), vec![(shop.known(), samples)], ROUND_BYTES, false);
        assert!(causes(&examined).iter().all(|cause| *cause == Cause::Unknown));
        ROUND_BYTES - left
    };
    assert_eq!(cost(vec![forged.clone()]), cost(vec![forged; 40]));
}

#[test]
fn what_came_from_the_gateways_own_network_is_examined_first() {
    let shop = Shop::new();
    let (cause, genuine) = shop.mistyped(28 * 1024);
    let network = Gateway::RAZORPAY.profile().webhook_networks[0].network();
    let genuine = CapturedRequest { address: network, ..genuine };
    for scope in [0, 30, 60] {
        let mut samples: Vec<CapturedRequest> = (0..60).map(|number| shop.lookalike(&genuine, number)).collect();
        samples.insert(scope, genuine.clone());
        let (examined, _) = look(&mut Triage::default(), vec![(shop.known(), samples)], ROUND_BYTES, false);
        assert_eq!(causes(&examined)[scope], cause, "at {scope}");
    }
}

#[test]
fn at_a_disabled_webhook_a_guess_is_no_proof_and_every_look_is_paid_for() {
    let mut shop = Shop::new();
    shop.older = "NeemTreeStore-2026".to_owned();
    let known = || CompanyKeys { names: vec!["Neem Tree Store".to_owned()], ..shop.known() };
    let body = br#"{"entity":"event","event":"payment.captured","payload":{}}"#;
    for (key, is_proof) in [(shop.older.as_str(), false), (shop.own.as_str(), true)] {
        let sample = CapturedRequest { reason: Reason::Disabled, ..shop.sample(&signature(key.as_bytes(), body), body, FORGED) };
        let (examined, left) = look(&mut Triage::default(), vec![(known(), vec![sample])], ROUND_BYTES, false);
        let [found] = &examined[..] else { panic!("one was sent") };
        assert_eq!(found.diagnosis.cause, Cause::Disabled);
        assert_eq!(found.diagnosis.signer.as_ref().map(proof::Signer::is_proof), Some(is_proof), "{key}");
        assert_eq!((EvictionRank::of(found) == EvictionRank::Proven, found.key), (is_proof, None), "{key}");
        assert!((1..=MIN_WORK_BYTES).contains(&(ROUND_BYTES - left)), "{} bytes", ROUND_BYTES - left);
    }
}

#[test]
fn what_is_not_needed_is_left_and_a_server_that_stops_looks_at_nothing() {
    let shop = Shop::new();
    let body = br#"{"event":"x"}"#;
    let work =
        || vec![(CompanyKeys::default(), (0..3).map(|number| shop.sample(&format!("{number:064}"), body, FORGED)).collect())];
    let (examined, unused) = look(&mut Triage::default(), work(), ROUND_BYTES, false);
    assert_eq!(causes(&examined), [Cause::Unknown; 3]);
    assert!((ROUND_BYTES / 10 * 9..ROUND_BYTES).contains(&unused), "{unused}");
    let (examined, unused) = look(&mut Triage::default(), work(), ROUND_BYTES, true);
    assert_eq!((causes(&examined), unused), (vec![Cause::NotDiagnosed; 3], ROUND_BYTES));
    // A cause that follows from the reason needs no diagnosis.
    for (reason, cause) in
        [(Reason::Encoded, Cause::Encoded), (Reason::TooLarge, Cause::TooLarge), (Reason::TooSlow, Cause::TooSlow)]
    {
        let sample = CapturedRequest { reason, ..shop.sample("00", body, FORGED) };
        assert_eq!(DiagnosedRequest::not_diagnosed(sample.clone()).diagnosis.cause, cause);
        let (examined, _) = look(&mut Triage::default(), vec![(CompanyKeys::default(), vec![sample])], ROUND_BYTES, true);
        assert_eq!(causes(&examined), [cause]);
    }
}

#[test]
fn what_a_stored_request_needs_can_always_be_there() {
    let shop = Shop::new();
    for gateway in [Gateway::RAZORPAY, Gateway::STANDARD_WEBHOOKS] {
        for body in [0, 4096, 256 * 1024] {
            let single = needed_for_stored(gateway, body, &shop.known(), false);
            let all = needed_for_stored(gateway, body, &shop.known(), true);
            assert!(single <= MAX_STORED_BYTES && all <= MAX_STORED_BYTES, "{single} {all}");
            // After the brief diagnosis there is enough for the next step.
            assert!(single - brief_work(body) >= needed_for_one_fault(gateway, body, &shop.known()));
            assert!(all - brief_work(body) >= needed_for_one_fault(gateway, body, &shop.known()));
        }
    }
    assert!(needed_for_stored(Gateway::RAZORPAY, 4096, &shop.known(), true) < 160 * MIB);
}

#[tokio::test(start_paused = true)]
async fn only_keys_that_no_outsider_has_are_remembered_and_not_for_long() {
    let (shop, mut triage) = (Shop::new(), Triage::default());
    let of = |cause| shop.faults(FORGED).into_iter().find(|(fault, _)| *fault == cause).unwrap().1;
    let found = |triage: &mut Triage, known: CompanyKeys, cause| {
        let (examined, _) = look(triage, vec![(known, vec![of(cause)])], ROUND_BYTES, false);
        (causes(&examined)[0], triage.recent.values().map(|(_, keys)| keys.len()).sum::<usize>())
    };
    assert_eq!(found(&mut triage, shop.known(), Cause::SecretIsUrl), (Cause::SecretIsUrl, 0), "everyone knows the URL");
    assert_eq!(found(&mut triage, shop.known(), Cause::SecretWithSpace), (Cause::SecretWithSpace, 1));
    assert_eq!(found(&mut triage, shop.known(), Cause::OldSecret), (Cause::OldSecret, 2));
    assert_eq!(found(&mut triage, shop.known(), Cause::SecretWithSpace), (Cause::SecretWithSpace, 2), "each once");
    assert_eq!(found(&mut triage, CompanyKeys::default(), Cause::OldSecret), (Cause::Unknown, 2), "nothing is known of a change");
    let mut rotated = shop.known();
    rotated.keys[0].text = zeroize::Zeroizing::new(Secret::generate().expose().to_owned());
    assert_eq!(found(&mut triage, rotated, Cause::SecretWithSpace), (Cause::Unknown, 0), "of a secret that is gone");
    found(&mut triage, shop.known(), Cause::SecretWithSpace);
    tokio::time::advance(RECENT_KEY_TTL).await;
    triage.look(&vault(), Vec::new(), (Pass::Arrival, ROUND_BYTES), &AtomicBool::new(false));
    assert!(triage.recent.is_empty());
}
