//! One unit of work of the worker: it settles what was attempted and claims what is due.
//!
//! Invariant: destinations are locked in ascending order, so that servers cannot deadlock, and nothing of a destination is read or
//! written without its lock. What was claimed is sent only after the commit.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

use super::{
    CLAIM_MARGIN, Claimed, End, Finished, PAUSE_BEFORE_CLAIM, Sending,
    settle::{self, Attempted},
};
use crate::{
    db::{Db, DbError, Tx},
    deliveries::{
        AttemptFailure,
        destination::{Destination, DestinationState, PauseReason},
        health::{Health, Verdict},
        store::{
            attempts,
            claims::{self, Claim},
            deliveries, destinations,
        },
    },
    primitives::{id::DestinationId, time::Timestamp},
};

/// What a cycle does.
pub(super) struct Work {
    /// The attempts that have ended, by destination.
    pub(super) finished: BTreeMap<DestinationId, Vec<Finished>>,
    /// Destinations that may have due deliveries.
    pub(super) due: BTreeSet<DestinationId>,
    pub(super) may_claim: bool,
}

/// Does the work in one unit of work; returns what was claimed.
pub(super) async fn run(db: &Db, work: &Work, sending: &Sending, now: Timestamp) -> Result<Vec<Claimed>, DbError> {
    let mut tx = db.begin().await?;
    let (mut claimed, mut has_changes) = (Vec::<Claimed>::new(), !work.finished.is_empty());
    let all: BTreeSet<DestinationId> = work.finished.keys().chain(&work.due).copied().collect();
    for id in all {
        destinations::lock(&mut tx, id).await?;
        let mut health = destinations::health(&mut tx, id).await?;
        let before = health.clone();
        for finished in work.finished.get(&id).into_iter().flatten() {
            settle(&mut tx, &mut health, finished, now).await?;
        }
        let mut destination = destinations::find_any(&mut tx, id).await?;
        if let Some(own) = &destination
            && let Some(reason) = pause_reason(own, work.finished.get(&id), &health, now)
            && destinations::pause(&mut tx, id, reason, now).await?
        {
            destination = None;
        }
        let active = destination.filter(|destination| destination.state == DestinationState::Active);
        if let Some(destination) = active.filter(|_| work.may_claim) {
            let of_company = |one: &&Claimed| one.destination.company_id == destination.company_id;
            let capacity = sending.capacity(destination.company_id, claimed.len(), claimed.iter().filter(of_company).count());
            claimed.extend(claim(&mut tx, &mut health, destination, capacity, now).await?);
        }
        if health != before {
            destinations::set_health(&mut tx, id, &health).await?;
            has_changes = true;
        }
    }
    // Without changes, the locks are all that was written.
    if has_changes || !claimed.is_empty() {
        tx.commit().await?;
        db.check_files().await?;
    }
    Ok(claimed)
}

async fn claim(
    tx: &mut Tx,
    health: &mut Health,
    destination: Destination,
    capacity: usize,
    now: Timestamp,
) -> Result<Vec<Claimed>, DbError> {
    let limits = destination.settings.limits();
    let sending = claims::count_sending(tx, destination.id, now).await?;
    let allowance = health.allowance(limits, usize::try_from(sending).unwrap_or(usize::MAX), now).min(capacity);
    if allowance == 0 {
        return Ok(Vec::new());
    }
    let claim = Claim {
        destination: destination.id,
        number: rand::rng().random_range(1..i64::MAX),
        now,
        expires_at: now.plus(destination.settings.timeout() + CLAIM_MARGIN),
    };
    let claimed = if destination.settings.is_fifo {
        claims::claim_first(tx, &claim).await?
    } else {
        claims::claim(tx, &claim, i64::try_from(allowance).unwrap_or(i64::MAX)).await?
    };
    health.take_rate(limits, claimed.len(), now);
    Ok(claimed.into_iter().map(|delivery| Claimed { destination: destination.clone(), delivery, claim: claim.number }).collect())
}

async fn settle(tx: &mut Tx, health: &mut Health, finished: &Finished, now: Timestamp) -> Result<(), DbError> {
    let (delivery, claim) = (&finished.claimed.delivery, finished.claimed.claim);
    let attempted = match &finished.end {
        End::Attempted(attempted) => attempted,
        End::NothingToSend => {
            deliveries::cancel(tx, finished.claimed.destination.id, delivery.id, now).await?;
            return Ok(());
        }
        End::NotRead => return claims::release(tx, delivery.id, claim, now.plus(PAUSE_BEFORE_CLAIM)).await,
    };
    let verdict = settle::verdict(attempted);
    let settlement = settle::settlement(attempted, delivery.attempts, rand::rng().random(), now);
    let is_current = claims::settle(tx, delivery.id, claim, &settlement).await?;
    if !is_current && verdict == Verdict::Delivered {
        claims::settle_late(tx, delivery.id, settlement.status, now).await?;
    }
    // What KS Pay cannot read says nothing of the destination.
    if settlement.failure != Some(AttemptFailure::Unreadable) {
        health.record(verdict, finished.began_at, now);
    }
    let response = finished.response.as_ref();
    let is_stored = response.is_some_and(|response| health.take_response_bytes(response.body.len(), now));
    let digest = response.map(|response| Sha256::digest(&response.body));
    let attempt = attempts::New {
        delivery: delivery.id,
        began_at: finished.began_at,
        millis: finished.millis,
        status: settlement.status,
        failure: settlement.failure,
        address: finished.address.as_deref(),
        response: response.filter(|_| is_stored).map(|response| &response.body[..]),
        is_response_cut: response.is_some_and(|response| response.is_cut),
        response_sha256: digest.as_deref(),
    };
    attempts::insert(tx, &attempt).await
}

/// Returns the reason to pause the destination: that of an attempt, or that none has succeeded for too long.
fn pause_reason(
    destination: &Destination,
    finished: Option<&Vec<Finished>>,
    health: &Health,
    now: Timestamp,
) -> Option<PauseReason> {
    // What another URL responded before a change says nothing of this one.
    let is_of_url = |finished: &&Finished| finished.claimed.destination.settings.url == destination.settings.url;
    let attempted = finished.into_iter().flatten().filter(is_of_url).filter_map(|finished| match &finished.end {
        End::Attempted(attempted) => Some(attempted),
        End::NothingToSend | End::NotRead => None,
    });
    let by_attempt = attempted.clone().find_map(|attempted: &Attempted| settle::pause_reason(attempted));
    let has_failed = attempted.clone().any(|attempted| settle::verdict(attempted) != Verdict::Delivered);
    by_attempt.or_else(|| (has_failed && health.is_to_be_paused(now)).then_some(PauseReason::NoSuccess))
}
