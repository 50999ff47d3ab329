//! Finds the position at which a client starts.
//!
//! Invariant: every event that was received at a time or later is after its position, if the clocks that stamped the events
//! differed by less than [`CLOCKS_DIFFER`]. Each step examines a limited number of rows.

use std::time::Duration;

use super::{
    Listening,
    batch::{self, Position, Scope},
    protocol::Start,
};
use crate::{
    db::{
        DbError,
        list::{List as _, Side},
    },
    events::store::{self, Filter},
    primitives::{
        id::{EventId, Id},
        time::Timestamp,
    },
};

/// The maximum difference of clocks: ids and times of events have the same order except for this difference.
const CLOCKS_DIFFER: Duration = Duration::from_hours(1);
/// The maximum number of steps, of 5,000 rows each.
const MAX_STEPS: usize = 400;

/// Why there is no position.
pub(super) enum NoPosition {
    Db(DbError),
    /// The cursor is invalid.
    Malformed,
    /// Too many events were stored since that time.
    TooFar,
}

impl From<DbError> for NoPosition {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Returns the position at which a client starts.
pub(super) async fn position(listening: &Listening, scope: &Scope, start: &Start) -> Result<Position, NoPosition> {
    match start {
        Start::After(cursor) => Position::parse(cursor).ok_or(NoPosition::Malformed),
        Start::Now => Ok(Position::after(listening.settled.read(&mut listening.db.reader().await?).await?)),
        Start::Since(millis) => since(listening, scope, Timestamp::from_millis(*millis)).await.map(Position::after),
    }
}

async fn since(listening: &Listening, scope: &Scope, from: Timestamp) -> Result<EventId, NoPosition> {
    let mut reader = listening.db.reader().await?;
    let settled: EventId = listening.settled.read(&mut reader).await?;
    let all = batch::filter(&mut reader, scope).await?;
    drop(reader);
    let mut after = before(listening, scope, &all, from.minus(CLOCKS_DIFFER)).await?;
    let search = Filter { received: Some((from, Timestamp::from_millis(i64::MAX))), ..all };
    for _ in 0..MAX_STEPS {
        let mut reader = listening.db.reader().await?;
        if let Some(first) = search.fetch(&mut reader, Side::Newer, after, 1).await?.first() {
            return Ok(EventId::from_number(first.id.number() - 1));
        }
        let Some(end) = search.last_examined(&mut reader, Side::Newer, after).await? else { return Ok(settled.max(after)) };
        after = end;
    }
    Err(NoPosition::TooFar)
}

/// Returns an id such that every earlier event was received before `time`.
async fn before(listening: &Listening, scope: &Scope, all: &Filter, time: Timestamp) -> Result<EventId, NoPosition> {
    let mut from = EventId::GREATEST;
    for _ in 0..MAX_STEPS {
        let mut reader = listening.db.reader().await?;
        let Some(end) = all.last_examined(&mut reader, Side::Older, from).await? else { return Ok(EventId::least()) };
        let event = store::find(&mut reader, scope.app.id, end).await?;
        if event.is_none_or(|event| event.received_at < time) {
            return Ok(end);
        }
        from = end;
    }
    Err(NoPosition::TooFar)
}
