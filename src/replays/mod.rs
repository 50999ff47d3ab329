//! Replays of many events to a destination: the events of a time range, or all failed deliveries.
//!
//! Invariant: a replay runs in small units of work, each of which stores its deliveries together with the position of the replay. So
//! ingestion never waits long, and a replay continues where it was after its server is killed. A delivery that is already waiting is not
//! created again, and an event keeps its id however often it is replayed.

mod examine;
pub(crate) mod job;
pub(crate) mod store;

pub(crate) use examine::Count;
use examine::{Examined, count};

use std::time::Duration;

use crate::{
    accounts::{
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    db::{DbError, Reader, Tx, ids},
    deliveries::destination::Destination,
    events::store::by_time,
    primitives::{
        id::{DestinationId, MessageId, ReplayId},
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// The deliveries or events that a replay sends.
    pub(crate) enum Scope, "the scope of a replay" {
        /// The deliveries whose attempts have all failed.
        Exhausted = "exhausted",
        /// The deliveries whose attempts have all failed, and those that were canceled.
        Failed = "failed",
        /// Every event that matches the destination's current settings, including events that were never sent to it.
        Every = "every",
    }
}
text_column!(Scope, Scope::as_str);

/// A range of times at which events were received: from `since` to `until`, which is not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Range {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Range {
    /// Returns the range up to now; `since` is `None` for all events.
    pub(crate) fn until_now(since: Option<Timestamp>, now: Timestamp) -> Self {
        Self { since: since.unwrap_or(Timestamp::from_millis(0)), until: Timestamp::from_millis(now.millis() + 1) }
    }

    /// Limits the range to events that still have their bodies, which are stored for `retention`.
    pub(crate) fn with_bodies(self, retention: Option<Duration>, now: Timestamp) -> Self {
        let first = retention.map_or(self.since, |retention| now.minus(retention));
        Self { since: self.since.max(first), ..self }
    }

    fn includes(self, at: Timestamp) -> bool {
        (self.since..self.until).contains(&at)
    }
}

/// A stored replay.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Replay {
    pub(crate) id: ReplayId,
    pub(crate) destination_id: DestinationId,
    pub(crate) scope: Scope,
    #[sqlx(flatten)]
    pub(crate) range: Range,
    /// The last event that was examined.
    pub(crate) cursor: MessageId,
    /// The number of deliveries that were made due.
    pub(crate) replayed: i64,
    /// The number of events when it began, if all were counted.
    pub(crate) expected: Option<i64>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) is_canceled: bool,
}

/// Why a replay cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error(transparent)]
    UseCase(#[from] UseCaseError),
    #[error("a replay of the destination is still running")]
    IsRunning,
}

impl From<DbError> for ReplayError {
    fn from(error: DbError) -> Self {
        Self::UseCase(error.into())
    }
}

impl From<Denied> for ReplayError {
    fn from(denied: Denied) -> Self {
        Self::UseCase(denied.into())
    }
}

/// A replay before it starts: its scope, range and first position, and how many events it will send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    scope: Scope,
    range: Range,
    cursor: MessageId,
    /// `None` if the events were not counted.
    pub(crate) count: Option<Count>,
}

impl Plan {
    /// Plans a replay to a destination, and counts its events up to a limit. The caller has checked access to the destination.
    pub(crate) async fn make(
        reader: &mut Reader,
        destination: &Destination,
        (scope, range): (Scope, Range),
    ) -> Result<Self, DbError> {
        let plan = Self::uncounted(reader, (scope, range)).await?;
        let examined = Examined { destination, scope, range };
        Ok(Self { count: Some(count(reader, &examined, plan.cursor).await?), ..plan })
    }

    /// Plans a replay to a destination that is not stored yet.
    pub(crate) async fn uncounted(reader: &mut Reader, (scope, range): (Scope, Range)) -> Result<Self, DbError> {
        Ok(Self { scope, range, cursor: by_time::before(reader, range.since).await?.into(), count: None })
    }
}

/// Starts a replay.
///
/// # Errors
/// If the actor has no permission, or another replay of the destination is running.
pub(crate) async fn start(
    tx: &mut Tx,
    destination: &Destination,
    plan: &Plan,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<ReplayId, ReplayError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    let Plan { scope, range, cursor, count } = *plan;
    let new = store::New {
        id: ids::next(tx).await?,
        destination: destination.id,
        scope,
        range,
        cursor,
        expected: count.filter(|count| count.is_complete).map(|count| count.events),
        by: actor.name,
        now,
    };
    if !store::insert(tx, &new).await? {
        return Err(ReplayError::IsRunning);
    }
    security_log::append(tx, actor, Action::DeliveriesReplayed, destination.id, now).await?;
    Ok(new.id)
}

/// Cancels the running replay of a destination; deliveries that it has made due are still sent. Returns false if none is running.
pub(crate) async fn cancel(
    tx: &mut Tx,
    destination: &Destination,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    let is_canceled = store::cancel(tx, destination.id, now).await?;
    if is_canceled {
        security_log::append(tx, actor, Action::ReplayCanceled, destination.id, now).await?;
    }
    Ok(is_canceled)
}
