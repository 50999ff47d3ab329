//! Diagnoses stored requests later that were not diagnosed on arrival, once the budget allows it.
//!
//! Invariant: a request of up to 256 KiB that is stored as not examined is examined in the end, a few at a time, the oldest first,
//! and then moved to the rejection of its cause; if even all its work is not enough, it stays. Longer ones, and those that were only
//! counted, stay as they are. Second diagnoses of requests from outside the gateway's networks have a share of their own. This costs
//! nothing while there is nothing to do: which webhooks have such requests is known in memory, and asked of the database at the
//! start and once an hour.

mod queue;
mod shape_queue;

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{diagnose::Diagnoser, store::deferred};
use crate::{
    db::{DbError, with_timeout},
    primitives::id::{ConnectionId, RequestId},
    rejections::recorder::DiagnosisContext,
};
use queue::Queue;

/// How often to check for available budget.
const INTERVAL: Duration = Duration::from_millis(200);
/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How often the database is asked for requests that another server stored: it may never examine them.
const RELIST_AFTER: Duration = Duration::from_hours(1);
/// The most webhooks that are remembered only for requests that cannot be diagnosed.
const MAX_QUEUES: usize = 4096;

/// Webhooks with requests to diagnose, in round-robin order.
#[derive(Default)]
pub(super) struct Deferred {
    queues: BTreeMap<ConnectionId, Queue>,
    last: Option<ConnectionId>,
    /// When the database was asked for what other servers, and earlier runs of this one, left.
    listed_at: Option<Instant>,
    not_before: Option<Instant>,
}

impl Deferred {
    /// Records that a request was stored that was not diagnosed.
    pub(super) fn note(&mut self, connection: ConnectionId) {
        self.queues.entry(connection).or_default().note_stored();
    }

    /// Records that a request was stored with an unknown cause, and is to be diagnosed a second time.
    pub(super) fn note_repeat(&mut self, connection: ConnectionId, shape: u64, id: RequestId) {
        self.queues.entry(connection).or_default().add_repeat(shape, id);
    }

    fn is_to_be_listed(&self) -> bool {
        self.listed_at.is_none_or(|at| at.elapsed() >= RELIST_AFTER)
    }

    /// Returns how long to wait until there may be work. `None` if there is none.
    pub(super) fn pause(&self) -> Option<Duration> {
        let has_work = self.is_to_be_listed() || self.queues.values().any(|queue| !queue.is_done());
        let wait = self.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        has_work.then(|| wait.max(INTERVAL))
    }

    /// Diagnoses some requests of one webhook. After a database failure it is tried again later.
    pub(super) async fn proceed(&mut self, diagnoser: &mut Diagnoser, context: &DiagnosisContext) {
        if diagnoser.is_off() || self.not_before.is_some_and(|at| at > Instant::now()) || self.pause().is_none() {
            return;
        }
        self.not_before = None;
        if let Err(error) = self.try_to_proceed(diagnoser, context).await {
            tracing::warn!(%error, "deferred diagnosis of stored requests failed; it will be retried");
            self.not_before = Some(Instant::now() + AFTER_FAILURE);
        }
    }

    async fn try_to_proceed(&mut self, diagnoser: &mut Diagnoser, context: &DiagnosisContext) -> Result<(), DbError> {
        if self.is_to_be_listed() {
            let connections =
                with_timeout(async { deferred::list_connections(&mut context.db.bulk_reader().await?).await }).await?;
            for connection in connections {
                self.note(connection);
            }
            self.listed_at = Some(Instant::now());
        }
        let Some(connection) = self.next(diagnoser) else { return Ok(()) };
        let Some(mut queue) = self.queues.remove(&connection) else { return Ok(()) };
        let examined = queue.proceed(connection, diagnoser, context).await;
        self.restore(connection, queue);
        examined
    }

    /// Stores a queue while it has requests to diagnose, or requests that must not be tried again.
    fn restore(&mut self, connection: ConnectionId, queue: Queue) {
        if !queue.is_done() || !queue.given_up.is_empty() {
            self.queues.insert(connection, queue);
        }
        if self.queues.len() > MAX_QUEUES {
            self.queues.retain(|_, queue| !queue.is_done());
        }
    }

    /// Returns the next webhook in turn with enough budget.
    fn next(&mut self, diagnoser: &mut Diagnoser) -> Option<ConnectionId> {
        let after = |connection: &&ConnectionId| self.last.is_none_or(|last| **connection > last);
        let order: Vec<ConnectionId> = {
            let with_work = || self.queues.iter().filter(|(_, queue)| !queue.is_done()).map(|(connection, _)| connection);
            let later = with_work().filter(after);
            let earlier = with_work().filter(|connection| !after(connection));
            later.chain(earlier).copied().collect()
        };
        let can = |connection: &ConnectionId| {
            self.queues.get(connection).is_some_and(|queue| queue.is_affordable(*connection, diagnoser.budget()))
        };
        self.last = order.into_iter().find(can);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        primitives::time::Clock,
        rejections::{budget::Share, diagnosis::MAX_WORK_BYTES as WEBHOOK_BYTES},
    };

    #[tokio::test(start_paused = true)]
    async fn there_is_nothing_to_wait_for_while_nothing_is_deferred() {
        let mut deferred = Deferred::default();
        assert_eq!(deferred.pause(), Some(INTERVAL), "the database is asked at the start");
        deferred.listed_at = Some(Instant::now());
        assert_eq!(deferred.pause(), None);
        tokio::time::advance(RELIST_AFTER).await;
        assert_eq!(deferred.pause(), Some(INTERVAL), "a server that went away may have left something");
        deferred.listed_at = Some(Instant::now());
        deferred.note(ConnectionId::unique());
        assert_eq!(deferred.pause(), Some(INTERVAL));
        deferred.not_before = Some(Instant::now() + AFTER_FAILURE);
        assert_eq!(deferred.pause(), Some(AFTER_FAILURE));
    }

    #[tokio::test(start_paused = true)]
    async fn webhooks_take_turns_and_one_without_work_left_is_passed_over() {
        let mut diagnoser = Diagnoser::new(&Clock::system(), std::sync::Arc::default());
        let mut deferred = Deferred { listed_at: Some(Instant::now()), ..Deferred::default() };
        let webhooks: [ConnectionId; 3] = std::array::from_fn(|_| ConnectionId::unique());
        for webhook in webhooks {
            deferred.note(webhook);
        }
        let mut turns: Vec<ConnectionId> = (0..3).filter_map(|_| deferred.next(&mut diagnoser)).collect();
        assert_eq!(deferred.next(&mut diagnoser), Some(turns[0]));
        turns.sort();
        assert_eq!(turns, webhooks);
        deferred.last = None;
        diagnoser.budget().spend(Share::New, webhooks[0], WEBHOOK_BYTES);
        assert_eq!(deferred.next(&mut diagnoser), Some(webhooks[1]));
        if let Some(queue) = deferred.queues.get_mut(&webhooks[2]) {
            queue.needed = WEBHOOK_BYTES + 1;
        }
        assert_eq!(deferred.next(&mut diagnoser), Some(webhooks[1]), "what it needs is not there yet");
    }

    fn request() -> RequestId {
        RequestId::unique()
    }

    fn queue_of_given_up(request: RequestId) -> Queue {
        let mut queue = Queue::default();
        queue.given_up.insert(request);
        queue
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_given_up_is_remembered_and_is_no_work() {
        let mut diagnoser = Diagnoser::new(&Clock::system(), std::sync::Arc::default());
        let mut deferred = Deferred { listed_at: Some(Instant::now()), ..Deferred::default() };
        let webhook = ConnectionId::unique();
        let given_up = request();
        deferred.restore(webhook, queue_of_given_up(given_up));
        assert_eq!((deferred.pause(), deferred.next(&mut diagnoser)), (None, None));
        deferred.note(webhook);
        assert_eq!((deferred.pause(), deferred.next(&mut diagnoser)), (Some(INTERVAL), Some(webhook)));
        assert!(deferred.queues[&webhook].given_up.contains(&given_up), "it is not examined again");
        deferred.queues.clear();
        deferred.restore(webhook, Queue::default());
        assert!(deferred.queues.is_empty(), "nothing is left to remember");
        for _ in 0..=MAX_QUEUES {
            deferred.restore(ConnectionId::unique(), queue_of_given_up(request()));
        }
        assert!(deferred.queues.len() <= MAX_QUEUES);
    }
}
