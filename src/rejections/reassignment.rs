//! Moves requests that were diagnosed after they were stored to the rejection of their cause.
//!
//! Invariant: one unit of work under the connection's row lock. The counts of both rejections stay the numbers of their
//! requests, and a proven request is counted once. A request that another server has moved, or that was recovered, is
//! skipped.

use std::collections::BTreeSet;

use tokio::task::spawn_blocking;

use super::{
    NEW_REJECTION_AFTER, copies,
    diagnose::DiagnosedRequest,
    eviction::EvictionRank,
    proof,
    store::{
        self, NewRejection,
        deferred::{self, DeferredRequest, Moved},
        evictions,
    },
    store_batch,
};
use crate::{
    connections::{
        self,
        activity::{self, ProvenRequests},
    },
    db::{DbError, Tx, ids},
    primitives::id::{ConnectionId, RejectionId},
    rejections::recorder::DiagnosisContext,
};

/// Moves each of these requests of a connection. False if they could not be compared; then none was moved.
///
/// # Errors
/// If the database fails; then none was moved.
pub(super) async fn reassign(
    context: &DiagnosisContext,
    connection: ConnectionId,
    moves: Vec<(&DeferredRequest, DiagnosedRequest)>,
) -> Result<bool, DbError> {
    if moves.is_empty() {
        return Ok(true);
    }
    let (stored, examined): (Vec<&DeferredRequest>, Vec<DiagnosedRequest>) = moves.into_iter().unzip();
    let vault = context.vault.clone();
    let digests = move |one: DiagnosedRequest| Digested {
        digest: copies::digest(&vault, &one),
        copies: copies::digests(&vault, &one),
        examined: one,
    };
    let digested = spawn_blocking(move || examined.into_iter().map(digests).collect());
    let digested: Vec<Digested> = match digested.await {
        Ok(digested) => digested,
        Err(error) => {
            tracing::error!(%error, "stored requests could not be digested");
            return Ok(false);
        }
    };
    let unit = async |tx: &mut Tx| {
        connections::store::lock_row(tx, connection).await?;
        let sources: BTreeSet<RejectionId> = stored.iter().map(|stored| stored.rejection_id).collect();
        for rejection in &sources {
            deferred::lock(tx, *rejection).await?;
        }
        let mut proven = Vec::new();
        for (stored, digested) in stored.iter().zip(&digested) {
            proven.extend(reassign_one(tx, stored, digested).await?);
        }
        for rejection in sources {
            deferred::delete_if_empty(tx, rejection).await?;
        }
        evictions::trim(tx, connection, store_batch::STORAGE_QUOTA).await?;
        activity::add_proven(tx, connection, &proven).await
    };
    context.db.write_with_timeout(unit).await?;
    Ok(true)
}

/// A request that was examined, and what identifies it and its copies.
struct Digested {
    digest: [u8; 32],
    copies: Vec<[u8; 32]>,
    examined: DiagnosedRequest,
}

/// Moves one request. Returns its contribution to the proof that the connection's own requests are rejected.
async fn reassign_one(tx: &mut Tx, stored: &DeferredRequest, digested: &Digested) -> Result<Option<ProvenRequests>, DbError> {
    let Digested { digest, copies: own, examined } = digested;
    let Some((count, last_at)) = deferred::find_count(tx, stored.id, stored.rejection_id).await? else { return Ok(None) };
    let (kind, found, first_at) = (store_batch::rejection_key(stored.reason, examined), &examined.diagnosis, stored.received_at);
    let (since, until) = (first_at.minus(NEW_REJECTION_AFTER), last_at.plus(NEW_REJECTION_AFTER));
    let (eviction_rank, address) = (EvictionRank::of(examined) as i64, stored.address.as_str());
    let to = if let Some(to) = store::find_open(tx, stored.scope().connection, &kind, (since, until)).await? {
        // Before its requests: recovery takes both in that order.
        deferred::lock(tx, to).await?;
        to
    } else {
        let (id, scope, other, detail) = (ids::next(tx).await?, &stored.scope(), found.other, found.detail.as_deref());
        // The count is moved with the request.
        let new = NewRejection { id, scope, kind: &kind, other, detail, address, count: 0, first_at, last_at };
        store::insert(tx, &new).await?;
        id
    };
    let counts = stored.reason.rejected().is_some() && proof::is_proven(examined);
    let connection = stored.scope().connection;
    // Before it is moved, so that it is not taken for a copy of itself. What was proven by its sender's address was counted when
    // it came.
    let was_counted = stored.eviction_rank == EvictionRank::Proven as i64;
    let is_new = counts && (was_counted || copies::is_new_fault(tx, connection, found.signer.as_ref(), (own, stored.id)).await?);
    let moved = Moved { id: stored.id, from: stored.rejection_id, to, digest, eviction_rank, address, count, first_at, last_at };
    deferred::move_to(tx, &moved).await?;
    let count = if was_counted { 0 } else { count };
    Ok(is_new.then_some(ProvenRequests { count, first_at, last_at, rejection: to }))
}
