//! Examines the events of a replay, a limited number at a time.

use super::{Range, Scope};
use crate::{
    connections,
    db::{
        DbError, Reader,
        list::{List as _, MAX_EXAMINED, Side},
    },
    deliveries::{DeliveryState, destination::Destination, store::deliveries},
    events::store::Filter,
    primitives::{
        id::{EventId, Id as _, MessageId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

/// How many events a replay will send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) events: i64,
    /// False if there may be more.
    pub(crate) is_complete: bool,
}

/// What a replay examines.
pub(super) struct Examined<'a> {
    pub(super) destination: &'a Destination,
    pub(super) scope: Scope,
    pub(super) range: Range,
}

/// The next events of a replay.
pub(super) struct Piece {
    /// The events to send, with the times at which they were received, in the order of their ids; also runs of automations that failed.
    pub(super) messages: Vec<(MessageId, Timestamp)>,
    /// The last one that was examined.
    pub(super) last: Option<MessageId>,
    /// True if no event follows.
    pub(super) is_last: bool,
}

/// Examines the next `limit` events after `after`.
pub(super) async fn piece(reader: &mut Reader, examined: &Examined<'_>, after: MessageId, limit: i64) -> Result<Piece, DbError> {
    let rows = match examined.scope {
        Scope::Exhausted | Scope::Failed => failed(reader, examined, after, limit).await?,
        Scope::Every => every(reader, examined.destination, after, limit).await?,
    };
    let last = rows.last().map(|(id, at, _)| (*id, *at));
    // Servers whose clocks differ may store events in another order.
    let is_beyond = last.is_some_and(|(_, at)| at >= examined.range.until.plus(2 * CLOCK_TOLERANCE));
    Ok(Piece {
        is_last: is_beyond || i64::try_from(rows.len()).is_ok_and(|count| count < limit),
        last: last.map(|(id, _)| id),
        messages: rows
            .into_iter()
            .filter(|(_, at, is_wanted)| *is_wanted && examined.range.includes(*at))
            .map(|(id, at, _)| (id, at))
            .collect(),
    })
}

/// A message, when it was received, and whether it is sent if that time is within the range.
type Row = (MessageId, Timestamp, bool);

async fn failed(reader: &mut Reader, examined: &Examined<'_>, after: MessageId, limit: i64) -> Result<Vec<Row>, DbError> {
    let listed = deliveries::list_failed(reader, examined.destination.id, after, limit).await?;
    let is_wanted = |state| state == DeliveryState::Exhausted || examined.scope == Scope::Failed;
    Ok(listed.into_iter().map(|(id, state, at)| (id, at, is_wanted(state))).collect())
}

async fn every(reader: &mut Reader, destination: &Destination, after: MessageId, limit: i64) -> Result<Vec<Row>, DbError> {
    let connections = if let Some(connection) = destination.settings.connection_id {
        vec![connection]
    } else {
        let all = connections::store::list_of_app(&mut *reader, destination.company_id, destination.app_id).await?;
        all.iter().filter(|connection| connection.mode == destination.mode).map(|connection| connection.id).collect()
    };
    let events = Filter::all(connections).fetch(reader, Side::Newer, EventId::from_number(after.number()), limit).await?;
    Ok(events.iter().map(|event| (event.id.into(), event.received_at, destination.may_test_with(event))).collect())
}

/// Counts the events of a replay among the first ones after `after`.
pub(super) async fn count(reader: &mut Reader, examined: &Examined<'_>, after: MessageId) -> Result<Count, DbError> {
    let piece = piece(reader, examined, after, MAX_EXAMINED).await?;
    Ok(Count { events: i64::try_from(piece.messages.len()).unwrap_or(i64::MAX), is_complete: piece.is_last })
}
