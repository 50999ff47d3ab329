//! Under any flood of a webhook, every distinct fault is found and the work is bounded.

use std::net::IpAddr;

use bytes::Bytes;

use super::*;
use crate::{
    connections::Place,
    gateways::{Gateway, Mode},
    kernel::{
        hex,
        id::{AppId, CompanyId},
        secret::Secret,
        time::Timestamp,
        vault::MasterKey,
    },
    rejections::{
        Reason, Refused,
        diagnosis::{Key, Whose},
        eviction::Worth,
    },
};

const MIB: usize = 1024 * 1024;
/// What one interval may hash at most, as `examination.rs` has it.
const MOST: usize = 128 * MIB;
const FORGED: &str = "198.51.100.7";
const GATEWAY: &str = "192.0.2.1";

struct Shop {
    place: Place,
    own: String,
    older: String,
    api: String,
}

impl Shop {
    fn new() -> Self {
        let at = Timestamp::from_millis(0);
        let (company, app, connection) = (CompanyId::new(at), AppId::new(at), ConnectionId::new(at));
        let place = Place { company, app, connection, gateway: Gateway::Razorpay, mode: Mode::Test };
        let [own, older, api] = std::array::from_fn(|_| Secret::generate().expose().to_owned());
        Self { place, own, older, api }
    }

    fn known(&self) -> Known {
        let key = |whose, text: &str| Key {
            whose,
            gateway: Gateway::Razorpay,
            text: zeroize::Zeroizing::new(text.to_owned()),
            is_retired: false,
            secret: None,
            connection: None,
        };
        let keys = vec![key(Whose::Own, &self.own), key(Whose::Old, &self.older), key(Whose::KeySecret, &self.api)];
        Known { keys, url: "https://pay.example.com/webhooks/wh_1".to_owned(), ..Known::default() }
    }

    fn sample(&self, signature: &str, body: &[u8], from: &str) -> Sample {
        let headers = vec![
            ("user-agent".to_owned(), b"Razorpay-Webhook/v1".to_vec()),
            ("x-razorpay-event-id".to_owned(), b"evt_1".to_vec()),
            ("x-razorpay-signature".to_owned(), signature.as_bytes().to_vec()),
        ];
        let (address, body): (IpAddr, _) = (from.parse().unwrap(), Some(Bytes::copy_from_slice(body)));
        let (place, at) = (self.place, Timestamp::from_seconds(1_795_000_000));
        Refused { place, reason: Reason::SignatureMismatch, headers, body, address, at }.sample()
    }

    fn forged(&self, number: usize, from: &str) -> Sample {
        let body = format!(r#"{{"entity":"event","event":"payment.captured","payload":{{}},"pad":"{}"}}"#, "a".repeat(30_000));
        self.sample(&format!("{number:064x}"), body.as_bytes(), from)
    }

    /// Ten different faults, with the cause of each.
    fn faults(&self, from: &str) -> Vec<(Cause, Sample)> {
        let body = br#"{"entity":"event","account_id":"acc_Test0000000001","event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_1","amount":100}}},"created_at":1795343400}"#;
        let made = |key: &str, body: &[u8]| signature(key.as_bytes(), body);
        let own = made(&self.own, body);
        let spaced = String::from_utf8(body.to_vec()).unwrap().replace(':', ": ");
        let with = |signature: &str, sent: &[u8]| self.sample(signature, sent, from);
        vec![
            (Cause::SecretWithSpace, with(&made(&format!("{} ", self.own), body), body)),
            (Cause::SecretWithLineEnd, with(&made(&format!("{}\n", self.own), body), body)),
            (Cause::SecretCut, with(&made(&self.own[..30], body), body)),
            (Cause::OldSecret, with(&made(&self.older, body), body)),
            (Cause::KeySecret, with(&made(&self.api, body), body)),
            (Cause::UpperCase, with(&own.to_uppercase(), body)),
            (Cause::Prefixed, with(&format!("sha256={own}"), body)),
            (Cause::BodyRespaced, with(&own, spaced.as_bytes())),
            (Cause::BodyLineEnd, with(&own, &[body.as_slice(), b"\n"].concat())),
            (Cause::SecretIsUrl, with(&made("https://pay.example.com/webhooks/wh_1", body), body)),
        ]
    }
}

fn signature(key: &[u8], body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(body);
    hex::encode(&<[u8; 32]>::from(mac.finalize().into_bytes()))
}

fn causes(examined: &[Examined]) -> Vec<Cause> {
    examined.iter().map(|one| one.diagnosis.cause).collect()
}

fn vault() -> Vault {
    Vault::new(MasterKey::generate())
}

/// 1,800 forgeries in rounds of a given size, with `most` to hash in each; in each round one fault at this webhook and one at another.
fn flood(each: usize, most: usize, from: &str) {
    let (shop, other, vault) = (Shop::new(), Shop::new(), vault());
    let mut triage = Triage::default();
    let (mut faults, mut others) = (shop.faults(from), other.faults(from));
    for round in 0..1800 / each {
        let mut samples: Vec<Sample> = (0..each).map(|number| shop.forged(round * each + number, FORGED)).collect();
        let mut wanted = Vec::new();
        let mut work = Vec::new();
        if let (Some((cause, own)), Some((other_cause, elsewhere))) = (faults.pop(), others.pop()) {
            samples.insert(each / 2, own);
            wanted = vec![cause, other_cause];
            work.push((other.known(), vec![elsewhere]));
        }
        work.insert(0, (shop.known(), samples));
        let (examined, unused) = triage.look(&vault, work, most, &AtomicBool::new(false));
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
    flood(180, MOST, GATEWAY);
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
    let (shop, vault) = (Shop::new(), vault());
    let mut triage = Triage::default();
    for (cause, first) in shop
        .faults(GATEWAY)
        .into_iter()
        .filter(|(cause, _)| matches!(cause, Cause::SecretCut | Cause::OldSecret | Cause::KeySecret | Cause::SecretWithSpace))
    {
        let (_, unused) = triage.look(&vault, vec![(shop.known(), vec![first.clone()])], MOST, &AtomicBool::new(false));
        let again = Sample { headers: [first.headers.clone(), vec![("x".to_owned(), b"y".to_vec())]].concat(), ..first };
        let (examined, left) = triage.look(&vault, vec![(shop.known(), vec![again])], MOST, &AtomicBool::new(false));
        assert_eq!(causes(&examined), [cause]);
        assert!(MOST - left < 4096 && left >= unused, "{cause:?}: {} bytes", MOST - left);
    }
}

#[test]
fn forgeries_cost_less_the_longer_they_go_on() {
    let (shop, vault) = (Shop::new(), vault());
    let mut triage = Triage::default();
    let mut costs = Vec::new();
    for round in 0..20 {
        let samples = (0..30).map(|number| shop.forged(round * 30 + number, FORGED)).collect();
        let (examined, left) = triage.look(&vault, vec![(shop.known(), samples)], MOST, &AtomicBool::new(false));
        assert!(examined.iter().all(|one| one.diagnosis.signer.is_none()));
        costs.push(MOST - left);
    }
    assert!(costs[19] < 30 * MIB && costs[0] > 3 * costs[19], "{costs:?}");
}

#[test]
fn at_a_disabled_webhook_a_guess_is_no_proof_and_every_look_is_paid_for() {
    let (mut shop, vault) = (Shop::new(), vault());
    shop.older = "NeemTreeStore-2026".to_owned();
    let known = || Known { names: vec!["Neem Tree Store".to_owned()], ..shop.known() };
    let body = br#"{"entity":"event","event":"payment.captured","payload":{}}"#;
    for (key, is_proof) in [(shop.older.as_str(), false), (shop.own.as_str(), true)] {
        let sample = Sample { reason: Reason::SwitchedOff, ..shop.sample(&signature(key.as_bytes(), body), body, FORGED) };
        let (examined, left) = Triage::default().look(&vault, vec![(known(), vec![sample])], MOST, &AtomicBool::new(false));
        let [found] = &examined[..] else { panic!("one was sent") };
        assert_eq!(found.diagnosis.cause, Cause::SwitchedOff);
        assert_eq!(found.diagnosis.signer.as_ref().map(proof::Signer::is_proof), Some(is_proof), "{key}");
        assert_eq!((Worth::of(found) == Worth::Proven, found.key), (is_proof, None), "{key}");
        assert!((1..=LEAST_WORK).contains(&(MOST - left)), "{} bytes", MOST - left);
    }
}

#[test]
fn what_is_not_needed_is_left_and_a_server_that_stops_looks_at_nothing() {
    let (shop, vault) = (Shop::new(), vault());
    let body = br#"{"event":"x"}"#;
    let work = || vec![(Known::default(), (0..3).map(|number| shop.sample(&format!("{number:064}"), body, FORGED)).collect())];
    let look = |is_off| Triage::default().look(&vault, work(), MOST, &AtomicBool::new(is_off));
    let (examined, unused) = look(false);
    assert_eq!(causes(&examined), [Cause::Unknown; 3]);
    assert!((MOST / 10 * 9..MOST).contains(&unused), "{unused}");
    let (examined, unused) = look(true);
    assert_eq!((causes(&examined), unused), (vec![Cause::Unexamined; 3], MOST));
}

#[tokio::test(start_paused = true)]
async fn only_keys_that_no_outsider_has_are_remembered_and_not_for_long() {
    let (shop, vault, is_off) = (Shop::new(), vault(), AtomicBool::new(false));
    let mut triage = Triage::default();
    let of = |cause| shop.faults(FORGED).into_iter().find(|(fault, _)| *fault == cause).unwrap().1;
    let look = |triage: &mut Triage, known: Known, cause| {
        let (examined, _) = triage.look(&vault, vec![(known, vec![of(cause)])], MOST, &is_off);
        (causes(&examined)[0], triage.recent.values().map(|(_, keys)| keys.len()).sum::<usize>())
    };
    assert_eq!(look(&mut triage, shop.known(), Cause::SecretIsUrl), (Cause::SecretIsUrl, 0), "everyone knows the URL");
    assert_eq!(look(&mut triage, shop.known(), Cause::SecretWithSpace), (Cause::SecretWithSpace, 1));
    assert_eq!(look(&mut triage, shop.known(), Cause::OldSecret), (Cause::OldSecret, 2));
    assert_eq!(look(&mut triage, shop.known(), Cause::SecretWithSpace), (Cause::SecretWithSpace, 2), "each once");
    let mut rotated = shop.known();
    rotated.keys[0].text = zeroize::Zeroizing::new(Secret::generate().expose().to_owned());
    assert_eq!(look(&mut triage, rotated, Cause::SecretWithSpace), (Cause::Unknown, 0), "of a secret that is gone");
    look(&mut triage, shop.known(), Cause::SecretWithSpace);
    tokio::time::advance(RECENT).await;
    triage.look(&vault, Vec::new(), MOST, &is_off);
    assert!(triage.recent.is_empty());
}
