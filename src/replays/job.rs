//! The job that runs replays.
//!
//! Invariant: the deliveries of a piece and the position after it are stored in one unit of work, with the destination locked.

use std::{collections::HashSet, time::Duration};

use tokio::time::sleep;

use super::{
    Replay,
    examine::{self, Examined, Piece},
    store,
};
use crate::{
    db::{Db, DbError, Reader, ids},
    deliveries::{
        destination::Destination,
        store::{
            deliveries::{self, New},
            destinations,
        },
    },
    events::Origin,
    jobs::{PAUSE_BETWEEN_COMMITS, Periodic},
    primitives::{
        id::{DestinationId, EventId, Id as _, MessageId},
        keyset::PAGE_SIZE,
        time::{Clock, Timestamp},
    },
    rejections::store::recoveries,
};

/// The interval at which the job searches for replays: short, because a user waits.
const INTERVAL: Duration = Duration::from_secs(1);
/// The maximum number of events that a unit of work examines, so that ingestion waits only briefly.
const MAX_PER_UNIT: i64 = 250;
/// A replay waits while this many deliveries of its destination are due, so that few are still sent after a cancellation.
const MAX_DUE: i64 = 1_000;
/// How long after its creation a replay begins, on a database that servers share: by then every unit of work has ended that did not see
/// the destination or a change of it.
const SETTLING: Duration = Duration::from_secs(10);

/// Runs replays.
pub(crate) struct Replaying {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Periodic for Replaying {
    const NAME: &'static str = "replays";

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn has_work(&mut self) -> Result<bool, DbError> {
        let running = store::list_running(&mut self.db.bulk_reader().await?, DestinationId::least()).await?;
        Ok(!running.is_empty())
    }

    async fn run(&mut self) -> Result<(), DbError> {
        while self.advance_all().await? {
            sleep(PAUSE_BETWEEN_COMMITS).await;
        }
        Ok(())
    }
}

impl Replaying {
    /// Examines the next events of every running replay, so that none waits for another; returns true if any can continue.
    async fn advance_all(&self) -> Result<bool, DbError> {
        let (mut after, mut goes_on, mut outcome) = (DestinationId::least(), false, Ok(()));
        loop {
            let running = store::list_running(&mut self.db.bulk_reader().await?, after).await?;
            let Some(last) = running.last() else { break };
            after = last.destination_id;
            for replay in &running {
                match self.advance(replay).await {
                    Ok(has_advanced) => goes_on |= has_advanced,
                    Err(error) => outcome = Err(error),
                }
            }
        }
        outcome.map(|()| goes_on)
    }

    /// Examines the next events of a replay, and makes their deliveries due; returns false if the replay has to wait.
    async fn advance(&self, replay: &Replay) -> Result<bool, DbError> {
        let now = self.clock.now();
        if self.db.is_shared() && now.since(replay.created_at) < SETTLING {
            return Ok(false);
        }
        let mut reader = self.db.bulk_reader().await?;
        let Some(destination) = destinations::find_any(&mut reader, replay.destination_id).await? else {
            drop(reader);
            return self.cancel(replay, now).await;
        };
        if deliveries::count_replayed_due(&mut reader, destination.id, now).await? >= MAX_DUE {
            return Ok(false);
        }
        let examined = Examined { destination: &destination, scope: replay.scope, range: replay.range };
        let piece = examine::piece(&mut reader, &examined, replay.cursor, MAX_PER_UNIT).await?;
        let recovered = recovered(&mut reader, &destination, &piece).await?;
        drop(reader);
        self.store(replay, &piece, (&recovered, now)).await
    }

    async fn store(
        &self,
        replay: &Replay,
        piece: &Piece,
        (recovered, now): (&HashSet<MessageId>, Timestamp),
    ) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        destinations::lock(&mut tx, replay.destination_id).await?;
        let ids = ids::take(&mut tx, piece.messages.len()).await?;
        let new = ids.into_iter().zip(&piece.messages).map(|(id, (message, received_at))| New {
            id,
            destination: replay.destination_id,
            message: *message,
            // The delivery of a run exists already, and keeps its origin.
            origin: if recovered.contains(message) { Origin::Recovered } else { Origin::Webhook },
            now: *received_at,
        });
        let replayed = deliveries::replay_many(&mut tx, &new.collect::<Vec<_>>(), now).await?;
        let place = (piece.last.unwrap_or(replay.cursor), i64::try_from(replayed).unwrap_or(i64::MAX));
        if !store::advance(&mut tx, replay, place, piece.is_last.then_some(now)).await? {
            // The replay was canceled, or another server has stored this piece: these writes are rolled back.
            return Ok(true);
        }
        tx.commit().await?;
        if piece.is_last {
            tracing::info!(destination = %replay.destination_id, count = replay.replayed + place.1, "a replay is complete");
        }
        Ok(!piece.is_last)
    }

    /// Ends the replay of a destination that was deleted.
    async fn cancel(&self, replay: &Replay, now: Timestamp) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        store::cancel(&mut tx, replay.destination_id, now).await?;
        tx.commit().await?;
        Ok(false)
    }
}

/// Returns the events that were recovered from rejected requests.
async fn recovered(reader: &mut Reader, destination: &Destination, piece: &Piece) -> Result<HashSet<MessageId>, DbError> {
    let mut recovered = HashSet::new();
    for messages in piece.messages.chunks(PAGE_SIZE) {
        let ids = messages.iter().map(|(id, _)| EventId::from_number(id.number()));
        let found = recoveries::list_among(&mut *reader, destination.app_id, ids).await?;
        recovered.extend(found.into_iter().map(MessageId::from));
    }
    Ok(recovered)
}
