//! Verifies a request against the secrets of its endpoint.
//!
//! Invariant: a rejected request costs the same signature checks whether its endpoint exists, which gateway it is of, whether
//! it is enabled and how many secrets are valid there, so that the time of a 401 does not reveal it. The checks that the
//! endpoint itself does not need are made with a dummy secret. Only an endpoint with more than [`MAX_CHECKS`] valid secrets
//! takes longer, and one whose gateway generates the secret is not rejected but unavailable until that is entered.

use std::{hint::black_box, iter};

use super::{
    RejectedAt,
    endpoint_cache::{Endpoint, EndpointSnapshot, Unreadable},
};
use crate::{
    connections::secrets::MAX_IMPORTED_SECRETS,
    events::{append::VerifiedRequest, headers},
    gateways::{
        Gateway,
        adapter::{self, Incoming, SignatureError, ValidSecret},
    },
    primitives::{
        id::SecretId,
        secret::Secret,
        time::{Clock, Timestamp},
    },
    rejections::Reason,
};

/// The most signature checks of one gateway that a rejected request costs at an endpoint that does not need them: an active,
/// an expiring and all imported or adopted secrets. It bounds the work that a stranger can cause.
const MAX_CHECKS: usize = 2 + MAX_IMPORTED_SECRETS;

/// Verifies requests. One per server.
pub(crate) struct Verifier {
    clock: Clock,
    /// Never matches: it is random and never leaves this process.
    dummy: [ValidSecret; 1],
}

/// Why a request can be neither accepted nor rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unverifiable {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The gateway generates the secret, and the merchant has not entered it yet.
    #[error("the webhook has no secret yet")]
    NoSecretYet,
}

/// How many signature checks a rejected request costs, per gateway: as many as the endpoint with the most valid secrets needs.
pub(crate) struct CheckCounts(Vec<(Gateway, Vec<Timestamp>)>);

impl CheckCounts {
    /// Returns the counts that cover all of these endpoints.
    pub(crate) fn of<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Self {
        let mut counts = Self(Gateway::all().map(|gateway| (gateway, Vec::new())).collect());
        for endpoint in endpoints {
            let mut ends: Vec<Timestamp> = endpoint.live().iter().map(ValidSecret::valid_until).collect();
            ends.sort_unstable_by(|one, other| other.cmp(one));
            counts.raise(endpoint.scope.gateway, &ends);
        }
        counts
    }

    /// Merges the expiry times of an endpoint's secrets: index `n` holds the time until which some endpoint has more than `n`
    /// valid secrets.
    fn raise(&mut self, gateway: Gateway, ends: &[Timestamp]) {
        for (_, longest) in self.0.iter_mut().filter(|(of, _)| *of == gateway) {
            longest.resize(longest.len().max(ends.len()), Timestamp::from_millis(i64::MIN));
            for (longest, end) in iter::zip(longest, ends) {
                *longest = (*longest).max(*end);
            }
        }
    }

    fn at(&self, now: Timestamp) -> impl Iterator<Item = (Gateway, usize)> {
        self.0.iter().map(move |(gateway, ends)| {
            let count = ends.iter().take_while(|end| **end > now).count();
            (*gateway, count.clamp(1, MAX_CHECKS))
        })
    }
}

impl Verifier {
    pub(crate) fn new(clock: Clock) -> Self {
        let dummy = ValidSecret { id: SecretId::least(), secret: Secret::generate(), until: None };
        Self { clock, dummy: [dummy] }
    }

    /// Verifies the request against the endpoints of the snapshot. Every readable secret is tried first. It is an error only
    /// if none matches and there is a secret that cannot be tried: a 401 would be a statement about that secret, too.
    pub(crate) fn verify(
        &self,
        known: &EndpointSnapshot,
        name: &str,
        request: &Incoming<'_>,
    ) -> Result<Result<VerifiedRequest, RejectedAt>, Unverifiable> {
        let (now, found) = (self.clock.now(), known.find(name));
        if found.is_some_and(Endpoint::awaits_secret) {
            return Err(Unverifiable::NoSecretYet);
        }
        let Some(endpoint) = found.filter(|endpoint| endpoint.is_enabled) else {
            self.equalize(known, request, now, None);
            return Ok(Err(found.map(|endpoint| (endpoint.scope, Reason::Disabled))));
        };
        let scope = endpoint.scope;
        // If no secret can be tried, the form of the signature is still checked.
        let live = if endpoint.live().is_empty() { &self.dummy } else { endpoint.live() };
        let rejected = match adapter::verify(scope.gateway, request, live, now) {
            Ok(verified) => {
                return Ok(Ok(VerifiedRequest::new(
                    (scope, endpoint.zones),
                    request,
                    verified,
                    &headers::to_json(request.headers),
                    now,
                )));
            }
            Err(rejected) => rejected,
        };
        let checks = live.iter().filter(|secret| secret.is_valid_at(now)).count();
        self.equalize(known, request, now, Some((scope.gateway, checks)));
        match endpoint.unreadable(now).filter(|_| rejected == SignatureError::SignatureMismatch) {
            Some(unreadable) => Err(unreadable.into()),
            None => Ok(Err(Some((scope, rejected.into())))),
        }
    }

    /// Makes the signature checks that every rejected request costs and that were not made for this one.
    fn equalize(&self, known: &EndpointSnapshot, request: &Incoming<'_>, now: Timestamp, made: Option<(Gateway, usize)>) {
        for (gateway, count) in known.checks.at(now) {
            let made = made.filter(|(of, _)| *of == gateway).map_or(0, |(_, checks)| checks);
            for _ in made..count {
                let _ = black_box(gateway.adapter().check(request, &self.dummy[0].secret, now));
            }
        }
    }
}

#[cfg(test)]
mod tests;
