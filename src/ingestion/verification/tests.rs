//! A rejected request costs the same signature checks at every endpoint.

use std::collections::HashMap;

use actix_web::web::Bytes;

use super::*;
use crate::{
    connections::ConnectionScope,
    gateways::{Mode, hmac_count},
    ingestion::endpoint_cache::Secrets,
    primitives::{
        id::{AppId, CompanyId, ConnectionId},
        zone::Zone,
    },
};

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const LATER: Timestamp = Timestamp::from_seconds(1_795_000_060);
const UNKNOWN: &str = "wh_unknown";

/// An endpoint with secrets that expire at these times.
fn endpoint(gateway: Gateway, ends: &[Option<Timestamp>]) -> Endpoint {
    let (company, app, connection) = (CompanyId::unique(), AppId::unique(), ConnectionId::unique());
    let live = |until: &Option<Timestamp>| ValidSecret { id: SecretId::unique(), secret: Secret::generate(), until: *until };
    Endpoint {
        scope: ConnectionScope { company, app, connection, gateway, mode: Mode::Test },
        zones: Zone::default().into(),
        is_enabled: true,
        secrets: Secrets { live: ends.iter().map(live).collect(), unreadable: Vec::new() },
    }
}

fn known(endpoints: impl IntoIterator<Item = (&'static str, Endpoint)>) -> EndpointSnapshot {
    EndpointSnapshot::new(1, endpoints.into_iter().map(|(name, endpoint)| (name.to_owned(), endpoint)).collect::<HashMap<_, _>>())
}

/// The headers of a request that is signed with an unknown secret by these gateways' schemes.
fn forged(gateways: &[Gateway]) -> Vec<(String, Vec<u8>)> {
    let sign = |gateway: &Gateway| gateway.adapter().sign(&Secret::generate(), "evt_1", b"{}", NOW);
    gateways.iter().flat_map(sign).map(|(name, value)| (name.to_owned(), value.into_bytes())).collect()
}

/// Returns the number of HMACs over the body that a rejection at the endpoint costs.
fn cost(known: &EndpointSnapshot, endpoint: &str, gateways: &[Gateway], now: Timestamp) -> usize {
    let verifier = Verifier::new(Clock::fixed(now));
    let headers = forged(gateways);
    hmac_count::take();
    let outcome = verifier.verify(
        known,
        endpoint,
        &Incoming { headers: &adapter::borrow_headers(&headers), body: &Bytes::from_static(b"{}") },
    );
    assert!(!matches!(outcome, Ok(Ok(_))), "{endpoint}");
    hmac_count::take()
}

/// All kinds of endpoints. The greatest numbers of valid secrets are three of Gateway::RAZORPAY, one of which expires, and two of
/// Standard Webhooks.
fn endpoints() -> Vec<(&'static str, Endpoint)> {
    let mut disabled = endpoint(Gateway::RAZORPAY, &[None, None, None, None]);
    disabled.is_enabled = false;
    let mut damaged = endpoint(Gateway::RAZORPAY, &[]);
    let secret = Unreadable { connection: damaged.scope.connection, secret: SecretId::unique(), until: None };
    damaged.secrets.unreadable.push(secret);
    vec![
        ("wh_one", endpoint(Gateway::RAZORPAY, &[None])),
        ("wh_two", endpoint(Gateway::RAZORPAY, &[None, Some(LATER)])),
        ("wh_three", endpoint(Gateway::RAZORPAY, &[None, Some(LATER), None])),
        ("wh_expired", endpoint(Gateway::RAZORPAY, &[Some(NOW)])),
        ("wh_disabled", disabled),
        ("wh_damaged", damaged),
        ("wh_standard_one", endpoint(Gateway::STANDARD_WEBHOOKS, &[None])),
        ("wh_standard_two", endpoint(Gateway::STANDARD_WEBHOOKS, &[None, Some(NOW), None])),
    ]
}

#[test]
fn a_rejection_costs_the_same_at_every_endpoint_and_at_unknown_ones() {
    let known = known(endpoints());
    let names: Vec<_> = endpoints().into_iter().map(|(name, _)| name).chain([UNKNOWN]).collect();
    for (gateways, now, wanted) in [
        (&[Gateway::RAZORPAY][..], NOW, 3),
        (&[Gateway::RAZORPAY], LATER, 2),
        (&[Gateway::STANDARD_WEBHOOKS], NOW, 2),
        (&[Gateway::RAZORPAY, Gateway::STANDARD_WEBHOOKS], NOW, 5),
        (&[], NOW, 0),
    ] {
        let costs: Vec<_> = names.iter().map(|name| (*name, cost(&known, name, gateways, now))).collect();
        assert!(costs.iter().all(|(_, cost)| *cost == wanted), "{gateways:?}: {costs:?}, not {wanted}");
    }
}

#[test]
fn without_any_endpoint_a_rejection_costs_one_check_per_gateway() {
    assert_eq!(cost(&known([]), UNKNOWN, &[Gateway::RAZORPAY], NOW), 1);
    assert_eq!(cost(&known([]), UNKNOWN, &[Gateway::STANDARD_WEBHOOKS], NOW), 1);
}

#[test]
fn what_a_stranger_can_cause_is_bounded() {
    let many = vec![None; MAX_CHECKS + 5];
    let known = known([("wh_many", endpoint(Gateway::RAZORPAY, &many)), ("wh_one", endpoint(Gateway::RAZORPAY, &[None]))]);
    let cost = |endpoint| cost(&known, endpoint, &[Gateway::RAZORPAY], NOW);
    assert_eq!((cost("wh_one"), cost(UNKNOWN), cost("wh_many")), (MAX_CHECKS, MAX_CHECKS, MAX_CHECKS + 5));
}
