//! A cycle of the worker: one unit of work that settles attempts and claims due deliveries.
//!
//! Invariants: destinations are locked in ascending order, so that servers cannot deadlock, and nothing of a destination is read or
//! written without its lock. Destinations claim in turn, so that those with many deliveries do not delay the others. Claimed deliveries
//! are sent only after the commit.

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

/// The input of a cycle.
pub(super) struct Work {
    /// The attempts that have ended, by destination.
    pub(super) finished: BTreeMap<DestinationId, Vec<Finished>>,
    /// Destinations that may have due deliveries.
    pub(super) due: BTreeSet<DestinationId>,
    /// The destination after which claiming begins; `None`: nothing is claimed.
    pub(super) claim_after: Option<DestinationId>,
}

/// The result of a cycle.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) claimed: Vec<Claimed>,
    /// Destinations that could claim nothing, because this server has reached a limit.
    pub(super) waiting: Vec<DestinationId>,
}

/// A locked destination that may claim.
struct Locked {
    destination: Destination,
    health: Health,
    /// The health that is stored.
    stored: Health,
}

/// Does the work in one unit of work.
pub(super) async fn run(db: &Db, work: &Work, sending: &Sending, now: Timestamp) -> Result<Claims, DbError> {
    let mut tx = db.begin().await?;
    let (mut locked, mut has_changes) = (Vec::new(), !work.finished.is_empty());
    let all: BTreeSet<DestinationId> = work.finished.keys().chain(&work.due).copied().collect();
    for id in all {
        let one = lock_and_settle(&mut tx, id, work.finished.get(&id), now).await?;
        locked.extend(one);
    }
    let mut claims = Claims::default();
    if let Some(after) = work.claim_after {
        let first = locked.partition_point(|one| one.destination.id <= after);
        locked.rotate_left(first);
        for one in &mut locked {
            claim_in_turn(&mut tx, one, (&mut claims, sending), now).await?;
        }
    }
    for one in locked.iter().filter(|one| one.health != one.stored) {
        destinations::set_health(&mut tx, one.destination.id, &one.health).await?;
        has_changes = true;
    }
    // Without changes, only the locks were written.
    if has_changes || !claims.claimed.is_empty() {
        tx.commit().await?;
        db.check_files().await?;
    }
    Ok(claims)
}

/// Locks a destination and settles its attempts. Returns the destination if it may claim.
async fn lock_and_settle(
    tx: &mut Tx,
    id: DestinationId,
    finished: Option<&Vec<Finished>>,
    now: Timestamp,
) -> Result<Option<Locked>, DbError> {
    destinations::lock(tx, id).await?;
    let stored = destinations::health(&mut *tx, id).await?;
    let mut health = stored.clone();
    for finished in finished.into_iter().flatten() {
        settle(tx, &mut health, finished, now).await?;
    }
    let mut destination = destinations::find_any(&mut *tx, id).await?;
    if let Some(own) = &destination
        && let Some(reason) = pause_reason(own, finished, &health, now)
        && destinations::pause(tx, id, reason, now).await?
    {
        destination = None;
    }
    match destination.filter(|destination| destination.state == DestinationState::Active) {
        Some(destination) => Ok(Some(Locked { destination, health, stored })),
        None if health != stored => destinations::set_health(tx, id, &health).await.map(|()| None),
        None => Ok(None),
    }
}

/// Claims as many deliveries of a destination as its limits and those of this server allow.
async fn claim_in_turn(
    tx: &mut Tx,
    locked: &mut Locked,
    (claims, sending): (&mut Claims, &Sending),
    now: Timestamp,
) -> Result<(), DbError> {
    let company = locked.destination.company_id;
    let own = claims.claimed.iter().filter(|one| one.destination.company_id == company).count();
    let capacity = sending.capacity(company, claims.claimed.len(), own);
    if capacity == 0 {
        claims.waiting.push(locked.destination.id);
        return Ok(());
    }
    claims.claimed.extend(claim(tx, locked, capacity, now).await?);
    Ok(())
}

async fn claim(tx: &mut Tx, locked: &mut Locked, capacity: usize, now: Timestamp) -> Result<Vec<Claimed>, DbError> {
    let Locked { destination, health, .. } = locked;
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
    // A delivery that KS Pay cannot read says nothing about the destination.
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

/// Returns the reason to pause the destination: that of an attempt, or that deliveries have failed for too long.
fn pause_reason(
    destination: &Destination,
    finished: Option<&Vec<Finished>>,
    health: &Health,
    now: Timestamp,
) -> Option<PauseReason> {
    // A response of the URL before a change says nothing about the current one.
    let is_of_url = |finished: &&Finished| finished.claimed.destination.settings.url == destination.settings.url;
    let attempted = finished.into_iter().flatten().filter(is_of_url).filter_map(|finished| match &finished.end {
        End::Attempted(attempted) => Some(attempted),
        End::NothingToSend | End::NotRead => None,
    });
    let by_attempt = attempted.clone().find_map(|attempted: &Attempted| settle::pause_reason(attempted));
    let has_failed = attempted.clone().any(|attempted| settle::verdict(attempted) != Verdict::Delivered);
    by_attempt.or_else(|| (has_failed && health.is_to_be_paused(now)).then_some(PauseReason::NoSuccess))
}
