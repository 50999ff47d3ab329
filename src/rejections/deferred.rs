//! Diagnoses stored requests later that were not diagnosed on arrival, once the budget allows it.
//!
//! Invariant: a request of up to 256 KiB that is stored as not examined is examined in the end, a few at a time, the oldest first,
//! and then moved to the rejection of its cause; if even all its work is not enough, it stays. Longer ones, and those that were only
//! counted, stay as they are. This costs nothing while there is nothing to do: which webhooks have such requests is known in
//! memory, and asked of the database at the start and once an hour.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    CapturedRequest, Cause,
    budget::Budget,
    diagnose::{self, Diagnoser},
    diagnosis::CompanyKeys,
    reassignment,
    shape::Shape,
    store::deferred::{self, Stored},
    store_batch,
    triage::{Batch, needed_for_stored},
};
use crate::{
    db::{DbError, with_timeout},
    primitives::id::{ConnectionId, RequestId},
    rejections::recorder::DiagnosisContext,
};

/// How often to check for available budget.
const INTERVAL: Duration = Duration::from_millis(200);
/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How often the database is asked for requests that another server stored: it may never examine them.
const RELIST_AFTER: Duration = Duration::from_hours(1);
/// The most requests that are diagnosed together, and their size in bytes.
const MAX_TOGETHER: usize = 32;
const MAX_BYTES_TOGETHER: usize = 1024 * 1024;
/// The most bytes hashed for them, unless a single one needs more: new requests are counted only after that.
const MAX_WORK_TOGETHER: usize = 128 * 1024 * 1024;
/// The most requests of a webhook listed by one query: as many as are stored.
const MAX_LISTED: i64 = 2000;
/// The most webhooks that are remembered only for requests that cannot be diagnosed.
const MAX_QUEUES: usize = 4096;

/// The stored requests of a webhook that are to be diagnosed.
#[derive(Default)]
struct Queue {
    requests: VecDeque<RequestId>,
    /// Whether the database may have more of them.
    is_incomplete: bool,
    /// Requests that need more than was estimated: each is diagnosed again, alone and with the full budget of a request.
    unfinished: HashSet<RequestId>,
    /// Requests that cannot be diagnosed even with that. They are not tried again.
    given_up: HashSet<RequestId>,
    /// The bytes to hash for the first of them, once known.
    needed: usize,
    /// How often the number of requests that are moved in one unit of work is halved, since a larger one took too long.
    halvings: u32,
}

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
        let queue = self.queues.entry(connection).or_default();
        queue.is_incomplete = true;
        if queue.is_unfinished() {
            queue.needed = 0;
        }
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
            let needed = self.queues.get(connection).map_or(0, |queue| queue.needed);
            diagnoser.budget().for_stored(*connection).most >= needed.max(1)
        };
        self.last = order.into_iter().find(can);
        self.last
    }
}

impl Queue {
    fn is_done(&self) -> bool {
        self.requests.is_empty() && !self.is_incomplete
    }

    async fn proceed(
        &mut self,
        connection: ConnectionId,
        diagnoser: &mut Diagnoser,
        context: &DiagnosisContext,
    ) -> Result<(), DbError> {
        if self.is_incomplete && (self.requests.is_empty() || self.is_unfinished()) {
            self.list(connection, context).await?;
        }
        let Some(first) = self.first(context).await? else { return Ok(()) };
        let known = with_timeout(diagnose::load_company_keys(context, &first.scope(), context.clock.now())).await?;
        let allowance = diagnoser.budget().for_stored(connection);
        let (taken, most) = self.take(context, first, &known, allowance.most).await?;
        let mut stored = Vec::with_capacity(taken.len());
        let mut samples = Vec::with_capacity(taken.len());
        for one in taken {
            match sample(context, &one) {
                Some(sample) => {
                    samples.push(sample);
                    stored.push(one);
                }
                None => drop(self.given_up.insert(one.id)),
            }
        }
        if stored.is_empty() {
            return Ok(());
        }
        let work = vec![Batch { connection, known, samples, allowance }];
        let ids = stored.iter().map(|stored| stored.id);
        let Some(examined) = diagnoser.look(context, work, most, Budget::spend_on_stored).await else {
            self.given_up.extend(ids);
            return Ok(());
        };
        if diagnoser.is_off() {
            return Ok(());
        }
        let (mut moves, mut unexplained) = (Vec::new(), Vec::new());
        for (stored, examined) in stored.iter().zip(examined) {
            if examined.diagnosis.cause == Cause::NotDiagnosed {
                unexplained.push(stored.id);
            } else {
                moves.push((stored, examined));
            }
        }
        let explained: Vec<RequestId> = moves.iter().map(|(stored, _)| stored.id).collect();
        match reassignment::reassign(context, connection, moves).await {
            Ok(is_moved) => self.note_examined(unexplained, if is_moved { Vec::new() } else { explained }),
            Err(error) => {
                self.requests.extend(ids);
                self.note_failure();
                return Err(error);
            }
        }
        self.halvings = self.halvings.saturating_sub(1);
        Ok(())
    }

    /// Records that a unit of work failed: the next one moves half as many requests, but at least one.
    fn note_failure(&mut self) {
        self.halvings = (self.halvings + 1).min(MAX_TOGETHER.ilog2());
    }

    const fn max_together(&self) -> usize {
        MAX_TOGETHER >> self.halvings
    }

    /// Records which requests need more than they had, and which cannot be moved.
    fn note_examined(&mut self, unexplained: Vec<RequestId>, unmoved: Vec<RequestId>) {
        for id in unexplained {
            if self.unfinished.insert(id) {
                self.requests.push_back(id);
            } else {
                self.given_up.insert(id);
            }
        }
        self.given_up.extend(unmoved);
    }

    /// Whether only requests are left that need the full budget of a request.
    fn is_unfinished(&self) -> bool {
        self.requests.front().is_some_and(|first| self.unfinished.contains(first))
    }

    /// Takes as many requests as fit in the budget. Also returns how many bytes may be hashed for them.
    async fn take(
        &mut self,
        context: &DiagnosisContext,
        first: Stored,
        known: &CompanyKeys,
        work: usize,
    ) -> Result<(Vec<Stored>, usize), DbError> {
        let (mut used, mut bytes, mut taken) = (0, 0, Vec::new());
        let mut next = Some(first);
        while let Some(stored) = next.take() {
            self.needed = needed_for_stored(stored.gateway, stored.body.len(), known, self.is_unfinished());
            (used, bytes) = (used + self.needed, bytes + stored.body.len());
            let is_too_much = !taken.is_empty() && (bytes > MAX_BYTES_TOGETHER || used > MAX_WORK_TOGETHER);
            if used > work || is_too_much {
                used -= self.needed;
                break;
            }
            taken.push(stored);
            self.requests.pop_front();
            self.needed = 0;
            if taken.len() < self.max_together() {
                next = match self.first(context).await {
                    Ok(next) => next,
                    Err(error) => {
                        self.requests.extend(taken.iter().map(|stored| stored.id));
                        return Err(error);
                    }
                };
            }
        }
        Ok((taken, work.min(used.max(MAX_WORK_TOGETHER))))
    }

    async fn list(&mut self, connection: ConnectionId, context: &DiagnosisContext) -> Result<(), DbError> {
        let listed = async { deferred::list(&mut context.db.bulk_reader().await?, connection, MAX_LISTED).await };
        let listed = with_timeout(listed).await?;
        let listed: BTreeSet<RequestId> = listed.into_iter().collect();
        self.given_up.retain(|id| listed.contains(id));
        self.unfinished.retain(|id| listed.contains(id));
        let (last, first): (Vec<_>, Vec<_>) =
            listed.into_iter().filter(|id| !self.given_up.contains(id)).partition(|id| self.unfinished.contains(id));
        self.requests = first.into_iter().chain(last).collect();
        self.is_incomplete = false;
        self.needed = 0;
        Ok(())
    }

    /// Returns the first request that still has to be diagnosed.
    async fn first(&mut self, context: &DiagnosisContext) -> Result<Option<Stored>, DbError> {
        while let Some(id) = self.requests.front() {
            let found = async { deferred::find(&mut context.db.bulk_reader().await?, *id).await };
            if let Some(stored) = with_timeout(found).await? {
                return Ok(Some(stored));
            }
            self.requests.pop_front();
        }
        Ok(None)
    }
}

/// Returns the request as it arrived; `None` if it cannot be opened.
fn sample(context: &DiagnosisContext, stored: &Stored) -> Option<CapturedRequest> {
    let said = store_batch::open(&context.vault, stored.id, (&stored.headers, &stored.body)).ok()?;
    let (headers, body): (_, Bytes) = (said.pairs()?, said.body);
    let address = stored.address.parse().ok()?;
    let shape = Shape::of((stored.gateway, stored.reason), &headers, &body, address);
    let headers_size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    let (scope, reason, at) = (stored.scope(), stored.reason, stored.received_at);
    let size = stored.size.and_then(|size| usize::try_from(size).ok());
    let bytes = body.len() + headers_size;
    Some(CapturedRequest { scope, reason, headers, body, size, is_truncated: false, address, shape, at, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        primitives::time::{Clock, Timestamp},
        rejections::diagnosis::MAX_WORK_BYTES as WEBHOOK_BYTES,
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
        deferred.note(ConnectionId::new(Timestamp::from_millis(0)));
        assert_eq!(deferred.pause(), Some(INTERVAL));
        deferred.not_before = Some(Instant::now() + AFTER_FAILURE);
        assert_eq!(deferred.pause(), Some(AFTER_FAILURE));
    }

    #[tokio::test(start_paused = true)]
    async fn webhooks_take_turns_and_one_without_work_left_is_passed_over() {
        let mut diagnoser = Diagnoser::new(&Clock::system(), std::sync::Arc::default());
        let mut deferred = Deferred { listed_at: Some(Instant::now()), ..Deferred::default() };
        let webhooks: [ConnectionId; 3] = std::array::from_fn(|_| ConnectionId::new(Timestamp::from_millis(0)));
        for webhook in webhooks {
            deferred.note(webhook);
        }
        let mut turns: Vec<ConnectionId> = (0..3).filter_map(|_| deferred.next(&mut diagnoser)).collect();
        assert_eq!(deferred.next(&mut diagnoser), Some(turns[0]));
        turns.sort();
        assert_eq!(turns, webhooks);
        deferred.last = None;
        diagnoser.budget().spend(webhooks[0], WEBHOOK_BYTES);
        assert_eq!(deferred.next(&mut diagnoser), Some(webhooks[1]));
        if let Some(queue) = deferred.queues.get_mut(&webhooks[2]) {
            queue.needed = WEBHOOK_BYTES + 1;
        }
        assert_eq!(deferred.next(&mut diagnoser), Some(webhooks[1]), "what it needs is not there yet");
    }

    fn request() -> RequestId {
        RequestId::new(Timestamp::from_millis(0))
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_given_up_is_remembered_and_is_no_work() {
        let mut diagnoser = Diagnoser::new(&Clock::system(), std::sync::Arc::default());
        let mut deferred = Deferred { listed_at: Some(Instant::now()), ..Deferred::default() };
        let webhook = ConnectionId::new(Timestamp::from_millis(0));
        let given_up = request();
        deferred.restore(webhook, Queue { given_up: HashSet::from([given_up]), ..Queue::default() });
        assert_eq!((deferred.pause(), deferred.next(&mut diagnoser)), (None, None));
        deferred.note(webhook);
        assert_eq!((deferred.pause(), deferred.next(&mut diagnoser)), (Some(INTERVAL), Some(webhook)));
        assert!(deferred.queues[&webhook].given_up.contains(&given_up), "it is not examined again");
        deferred.queues.clear();
        deferred.restore(webhook, Queue::default());
        assert!(deferred.queues.is_empty(), "nothing is left to remember");
        for _ in 0..=MAX_QUEUES {
            let queue = Queue { given_up: HashSet::from([request()]), ..Queue::default() };
            deferred.restore(ConnectionId::new(Timestamp::from_millis(0)), queue);
        }
        assert!(deferred.queues.len() <= MAX_QUEUES);
    }

    #[test]
    fn after_each_failure_half_as_many_requests_are_moved_together_and_at_least_one() {
        let mut queue = Queue::default();
        let numbers = [16, 8, 4, 2, 1, 1, 1].map(|_| {
            queue.note_failure();
            queue.max_together()
        });
        assert_eq!((MAX_TOGETHER, numbers), (32, [16, 8, 4, 2, 1, 1, 1]));
    }

    #[test]
    fn a_request_is_examined_a_second_time_with_all_its_work_and_then_given_up() {
        let (mut queue, one, other) = (Queue::default(), request(), request());
        queue.note_examined(vec![one], vec![other]);
        assert!(queue.is_unfinished() && !queue.is_done());
        assert_eq!((queue.requests.pop_front(), &queue.given_up), (Some(one), &HashSet::from([other])));
        queue.note_examined(vec![one], Vec::new());
        assert!(queue.is_done() && queue.given_up.contains(&one));
    }
}
