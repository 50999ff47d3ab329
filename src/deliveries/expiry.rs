//! Waiting deliveries whose events' bodies will soon be deleted: an event without its body cannot be sent.

use std::time::Duration;

use super::store::deliveries::{self, Oldest};
use crate::{
    db::{DbError, Reader},
    primitives::{id::DestinationId, time::Timestamp},
};

/// How long before the deletion of a body pages warn of it.
const WARN_BEFORE: Duration = Duration::from_hours(7 * 24);

/// Deliveries of a destination that will be canceled unless they are sent soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiring {
    /// Their number, at most [`MAX_COUNTED`](deliveries::MAX_COUNTED).
    pub(crate) count: i64,
    /// When the first of them will be canceled.
    pub(crate) first_at: Timestamp,
    /// How long bodies are stored.
    pub(crate) retention: Duration,
}

/// Returns a time: pages warn of waiting deliveries whose events were received before it.
pub(crate) fn warned_before(retention: Duration, now: Timestamp) -> Timestamp {
    now.minus(retention.saturating_sub(WARN_BEFORE.min(retention / 2)))
}

/// Returns the deliveries of a destination that will be canceled within a week, or within half of the retention if that is shorter;
/// `None` if there are none. `oldest` is its oldest open one. The caller has checked access to the destination.
pub(crate) async fn expiring(
    reader: &mut Reader,
    destination: DestinationId,
    oldest: Option<Oldest>,
    (retention, now): (Option<Duration>, Timestamp),
) -> Result<Option<Expiring>, DbError> {
    let Some(retention) = retention else { return Ok(None) };
    let before = warned_before(retention, now);
    let Some(Oldest { received_at, .. }) = oldest.filter(|oldest| oldest.received_at < before) else { return Ok(None) };
    let count = deliveries::count_open_before(reader, destination, before).await?;
    Ok(Some(Expiring { count, first_at: received_at.plus(retention), retention }))
}
