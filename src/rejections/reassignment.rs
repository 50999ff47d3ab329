//! Moves requests that were examined after they were stored to the rejection of their cause.
//!
//! Invariant: one unit of work under the connection's turn. The counts of both rejections stay the numbers of their requests,
//! and what is proven is counted once. A request that another server has moved, or that was recovered, is skipped.

use std::collections::BTreeSet;

use tokio::task::spawn_blocking;

use super::{
    PAUSE,
    eviction::Worth,
    examination::Examined,
    keeping, proof,
    store::{
        self, NewRejection,
        deferred::{self, Moved, Stored},
        room,
    },
};
use crate::{
    connections::{
        self,
        evidence::{self, Proven},
    },
    db::{DbError, Tx},
    ingestion::refusals::Kit,
    kernel::id::{ConnectionId, RejectionId},
};

/// Moves each of these requests of a connection. False if they could not be compared; then none was moved.
///
/// # Errors
/// When the database refuses; then none was moved.
pub(super) async fn reassign(kit: &Kit, connection: ConnectionId, moves: Vec<(&Stored, Examined)>) -> Result<bool, DbError> {
    if moves.is_empty() {
        return Ok(true);
    }
    let (stored, examined): (Vec<&Stored>, Vec<Examined>) = moves.into_iter().unzip();
    let vault = kit.vault.clone();
    let digested = spawn_blocking(move || examined.into_iter().map(|one| (keeping::digest(&vault, &one), one)).collect());
    let digested: Vec<([u8; 32], Examined)> = match digested.await {
        Ok(digested) => digested,
        Err(error) => {
            tracing::error!(%error, "stored requests could not be compared");
            return Ok(false);
        }
    };
    let unit = async |tx: &mut Tx| {
        connections::store::take_turn(tx, connection).await?;
        let sources: BTreeSet<RejectionId> = stored.iter().map(|stored| stored.rejection_id).collect();
        for rejection in &sources {
            deferred::lock(tx, *rejection).await?;
        }
        let mut proven = Vec::new();
        for (stored, (digest, examined)) in stored.iter().zip(&digested) {
            proven.extend(reassign_one(tx, stored, digest, examined).await?);
        }
        for rejection in sources {
            deferred::delete_if_empty(tx, rejection).await?;
        }
        room::trim(tx, connection, keeping::ROOM).await?;
        // Each on its own: a verified event may have come between two of them.
        for one in &proven {
            evidence::add_proven(tx, connection, Some(*one)).await?;
        }
        if proven.is_empty() {
            evidence::add_proven(tx, connection, None).await?;
        }
        Ok(())
    };
    kit.db.note(unit).await?;
    Ok(true)
}

/// What it adds to the proof that the connection's own requests are rejected.
async fn reassign_one(tx: &mut Tx, stored: &Stored, digest: &[u8; 32], examined: &Examined) -> Result<Option<Proven>, DbError> {
    let Some((count, last_at)) = deferred::find_count(tx, stored.id, stored.rejection_id).await? else { return Ok(None) };
    let (kind, found, first_at) = (keeping::kind(stored.reason, examined), &examined.diagnosis, stored.received_at);
    let (since, until) = (first_at.minus(PAUSE), last_at.plus(PAUSE));
    let (worth, address) = (Worth::of(examined) as i64, stored.address.as_str());
    let to = if let Some(to) = store::find_open(tx, stored.place().connection, &kind, (since, until)).await? {
        to
    } else {
        let (id, place, other, detail) = (RejectionId::new(first_at), &stored.place(), found.other, found.detail.as_deref());
        // Its count follows with the request.
        let new = NewRejection { id, place, kind: &kind, other, detail, address, count: 0, first_at, last_at };
        store::insert(tx, &new).await?;
        id
    };
    let moved = Moved { id: stored.id, from: stored.rejection_id, to, digest, worth, address, count, first_at, last_at };
    deferred::move_to(tx, &moved).await?;
    if stored.reason.rejected().is_none() || !proof::is_proven(examined) {
        return Ok(None);
    }
    // What was proven by its sender's address was counted when it came.
    let count = if stored.worth == Worth::Proven as i64 { 0 } else { count };
    Ok(Some(Proven { count, first_at, last_at, rejection: to }))
}
