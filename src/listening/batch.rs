//! The events after a cursor.
//!
//! Invariant: a cursor moves past an id only when all events up to it are stored and examined ([`SettledIds`]). It lists the later events
//! that were examined, so that they are not sent again while units of work with smaller ids may still commit.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::protocol::{Batch, Cursor, ForwardedEvent};
use crate::{
    apps::App,
    connections,
    db::{
        DbError, Reader,
        list::{List as _, Side},
        settled::SettledIds,
    },
    deliveries::{destination::EventSelection, request},
    events::{
        Event,
        payload::StoredPayload,
        store::{self, Filter},
    },
    gateways::Mode,
    primitives::id::EventId,
    test_events,
};

/// The maximum number of events of a batch.
const MAX_EVENTS: usize = 20;
/// No event is added to a batch whose bodies have at least this many bytes.
const MAX_BATCH_BYTES: usize = 256 * 1024;
/// The maximum number of rows that a batch examines, in addition to those that the cursor lists.
const MAX_ROWS: usize = 50;
/// With this many ids in a cursor, only events with settled ids are examined.
const MAX_SEEN: usize = 500;
/// The maximum number of ids in a cursor that is accepted.
const MAX_ACCEPTED_SEEN: usize = MAX_SEEN + MAX_ROWS;

/// Whose events are read.
pub(super) struct Scope {
    pub(super) app: App,
    pub(super) mode: Mode,
    pub(super) selection: EventSelection,
}

/// A position: all events up to `after`, and the events in `seen`, were handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) after: EventId,
    pub(super) seen: BTreeSet<EventId>,
}

impl Position {
    pub(super) const fn after(after: EventId) -> Self {
        Self { after, seen: BTreeSet::new() }
    }

    /// Parses a cursor of a client; `None` if it is invalid.
    pub(super) fn parse(cursor: &Cursor) -> Option<Self> {
        if cursor.seen.len() > MAX_ACCEPTED_SEEN {
            return None;
        }
        let seen = cursor.seen.iter().map(|id| id.parse()).collect::<Result<_, _>>().ok()?;
        Some(Self { after: cursor.after.parse().ok()?, seen })
    }

    pub(super) fn cursor(&self) -> Cursor {
        Cursor { after: self.after.to_string(), seen: self.seen.iter().map(EventId::to_string).collect() }
    }

    /// Returns the position after these events too were examined, and with them all events stored up to `end`.
    fn advanced(&self, examined: &[EventId], end: EventId) -> Self {
        let after = self.after.max(end);
        Self { after, seen: self.seen.iter().chain(examined).copied().filter(|id| *id > after).collect() }
    }
}

/// The result of reading events.
pub(super) struct Read {
    pub(super) events: Vec<ForwardedEvent>,
    /// The position once the events are handled.
    pub(super) position: Position,
    /// True if more may be stored already.
    pub(super) has_more: bool,
}

impl Read {
    pub(super) fn batch(self, from: &Position) -> Batch {
        Batch { from: from.cursor(), events: self.events, cursor: self.position.cursor() }
    }
}

/// Returns the events of a scope after a position.
///
/// # Errors
/// If the database fails.
pub(super) async fn read(reader: &mut Reader, known: &SettledIds, scope: &Scope, position: &Position) -> Result<Read, DbError> {
    // Read before the rows, so that all settled events are among them.
    let settled: EventId = known.read(&mut *reader).await?;
    let limit = MAX_ROWS + position.seen.len();
    let filter = filter(reader, scope).await?;
    let mut rows = filter.fetch(reader, Side::Newer, position.after, i64::try_from(limit).unwrap_or(i64::MAX)).await?;
    let last = rows.last().map(|row| row.id).filter(|_| rows.len() >= limit);
    rows.retain(|row| !position.seen.contains(&row.id) && (position.seen.len() < MAX_SEEN || row.id <= settled));
    let is_cut = rows.len() > MAX_ROWS;
    rows.truncate(MAX_ROWS);
    let tests = test_events::store::list_among(&mut *reader, scope.app.id, rows.iter().map(|row| row.id)).await?;

    let (mut events, mut examined, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut is_full = is_cut;
    for row in rows {
        let is_test = tests.iter().any(|test| test.event_id == row.id);
        if !is_test && scope.selection.includes(row.event_type.as_deref()) {
            if events.len() >= MAX_EVENTS || bytes >= MAX_BATCH_BYTES {
                is_full = true;
                break;
            }
            let payload = store::find_payload(&mut *reader, &row).await?;
            let event = forwarded(&row, &payload);
            bytes += event.body.as_ref().map_or(0, String::len);
            events.push(event);
        }
        examined.push(row.id);
    }
    let end = if is_full { examined.last().copied() } else { last };
    let position = position.advanced(&examined, end.map_or(settled, |end| end.min(settled)));
    Ok(Read { events, position, has_more: is_full || last.is_some() })
}

/// Selects the events of a scope in the database, of any type.
pub(super) async fn filter(reader: &mut Reader, scope: &Scope) -> Result<Filter, DbError> {
    let connections = connections::store::list_of_app(reader, scope.app.company_id, scope.app.id).await?;
    let of_mode = connections.into_iter().filter(|connection| connection.mode == scope.mode);
    Ok(Filter::all(of_mode.map(|connection| connection.id).collect()))
}

fn forwarded(event: &Event, payload: &StoredPayload) -> ForwardedEvent {
    let received = match payload {
        StoredPayload::Present(payload) => request::as_received(event, payload),
        StoredPayload::Deleted | StoredPayload::Damaged(_) => None,
    };
    let (headers, body) = received.map_or((Vec::new(), None), |(headers, body)| (headers, Some(STANDARD.encode(&body))));
    ForwardedEvent {
        id: event.id.to_string(),
        event_type: event.event_type.clone(),
        gateway: event.gateway.slug().to_owned(),
        mode: event.mode.slug().to_owned(),
        state: event.state.as_str().to_owned(),
        received_at: event.received_at.rfc3339(),
        gateway_event_id: event.gateway_event_id.clone(),
        headers: headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect(),
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::id::Id as _;

    fn ids<const N: usize>(numbers: [i64; N]) -> Vec<EventId> {
        numbers.map(EventId::from_number).into()
    }

    #[test]
    fn a_position_lists_what_was_examined_beyond_what_is_settled() {
        let [five, nine] = ids([5, 9]).try_into().unwrap();
        let start = Position::after(EventId::from_number(3));
        let moved = start.advanced(&ids([4, 8, 9]), five);
        assert_eq!(moved, Position { after: five, seen: ids([8, 9]).into_iter().collect() });
        // Events that commit late are examined, and none is examined twice.
        assert_eq!(moved.advanced(&ids([6]), nine), Position::after(nine));
        assert_eq!(moved.advanced(&[], start.after), moved, "it never goes back");
    }

    #[test]
    fn a_cursor_is_read_back_and_a_wrong_one_is_refused() {
        let position = Position { after: EventId::from_number(7), seen: ids([8, 12]).into_iter().collect() };
        assert_eq!(Position::parse(&position.cursor()), Some(position.clone()));
        let wrong = Cursor { after: "7".to_owned(), ..position.cursor() };
        let long = Cursor { seen: vec![EventId::from_number(8).to_string(); MAX_ACCEPTED_SEEN + 1], ..position.cursor() };
        assert!([wrong, long].iter().all(|cursor| Position::parse(cursor).is_none()));
    }
}
