//! Finds events by the time at which they were received, which no index has: ids are nearly in the order of time.

use crate::{
    db::{DbError, Reader, run, sql},
    primitives::{
        id::{EventId, Id as _},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

sql! {
    FIND_NEWEST = "SELECT id FROM events ORDER BY id DESC LIMIT 1";
    FIND_AFTER = "SELECT id, received_at FROM events WHERE id > $1 ORDER BY id LIMIT 1";
}

/// Returns an id before that of every event that was received at `at` or later. Servers whose clocks differ by as much as correct ones
/// may store events in another order, so some events after it were received earlier.
pub(crate) async fn before(reader: &mut Reader, at: Timestamp) -> Result<EventId, DbError> {
    let at = at.minus(2 * CLOCK_TOLERANCE);
    let newest: Option<EventId> = run!(&mut *reader, |conn| sqlx::query_scalar(FIND_NEWEST).fetch_optional(conn).await)?;
    let (mut before, mut end) = (EventId::least().number(), newest.map_or(0, EventId::number));
    while before < end {
        let middle = before + (end - before) / 2;
        let next: Option<(EventId, Timestamp)> =
            run!(&mut *reader, |conn| sqlx::query_as(FIND_AFTER).bind(middle).fetch_optional(conn).await)?;
        match next {
            Some((id, received_at)) if received_at < at => before = id.number(),
            _ => end = middle,
        }
    }
    Ok(EventId::from_number(before))
}
