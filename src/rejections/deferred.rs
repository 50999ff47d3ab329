//! Examines stored requests later that were not examined when they came, once there is work left for them.
//!
//! Invariant: a request that is stored as not examined is examined in the end, a few at a time, the oldest first, and then moved
//! to the rejection of its cause. This costs nothing while there is nothing to do: which webhooks have such requests is known in
//! memory, and asked of the database only at the start.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    Cause, Sample,
    diagnosis::{Known, MOST_WORK, single_fault_work},
    examination::{self, Doctor},
    keeping, reassignment,
    shape::Shape,
    store::deferred::{self, Stored},
    triage::Batch,
};
use crate::{
    db::{DbError, within_longest},
    ingestion::refusals::Kit,
    kernel::id::{ConnectionId, RequestId},
};

/// How often it is looked whether there is work left.
const INTERVAL: Duration = Duration::from_millis(200);
/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Requests that are examined together, and what they may take, in bytes.
const MAX_TOGETHER: usize = 32;
const MAX_BYTES_TOGETHER: usize = 1024 * 1024;
/// What may be hashed for them, in bytes, unless a single one needs more: new requests are counted after that.
const MAX_WORK_TOGETHER: usize = 128 * 1024 * 1024;
/// The most requests of a webhook that are listed at once: as many as are stored.
const MAX_LISTED: i64 = 2000;

/// The stored requests of a webhook that are to be examined.
#[derive(Default)]
struct Queue {
    requests: VecDeque<RequestId>,
    /// Whether there may be more than those.
    is_incomplete: bool,
    /// Those that need more than was estimated: each is examined again, alone and with all the work that one request may have.
    unfinished: HashSet<RequestId>,
    /// Those that cannot be examined, even with that.
    given_up: HashSet<RequestId>,
    /// What the first of them needs, in bytes, once that is known.
    needed: usize,
}

/// Webhooks with requests that are to be examined, and whose turn it is.
#[derive(Default)]
pub(super) struct Deferred {
    queues: BTreeMap<ConnectionId, Queue>,
    last: Option<ConnectionId>,
    /// Whether the database was asked for what an earlier run of the server left.
    is_started: bool,
    not_before: Option<Instant>,
}

impl Deferred {
    /// Notes that a request was stored that was not examined.
    pub(super) fn note(&mut self, connection: ConnectionId) {
        let queue = self.queues.entry(connection).or_default();
        queue.is_incomplete = true;
        if queue.is_unfinished() {
            queue.needed = 0;
        }
    }

    /// How long to wait before there may be something to do. `None` if there is nothing.
    pub(super) fn pause(&self) -> Option<Duration> {
        let has_work = !self.is_started || !self.queues.is_empty();
        let wait = self.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        has_work.then(|| wait.max(INTERVAL))
    }

    /// Examines some requests of one webhook. A failure of the database is tried again later.
    pub(super) async fn proceed(&mut self, doctor: &mut Doctor, kit: &Kit) {
        if doctor.is_off() || self.not_before.is_some_and(|at| at > Instant::now()) || self.pause().is_none() {
            return;
        }
        self.not_before = None;
        if let Err(error) = self.try_to_proceed(doctor, kit).await {
            tracing::warn!(%error, "stored requests could not be examined yet");
            self.not_before = Some(Instant::now() + AFTER_FAILURE);
        }
    }

    async fn try_to_proceed(&mut self, doctor: &mut Doctor, kit: &Kit) -> Result<(), DbError> {
        if !self.is_started {
            let connections = within_longest(async { deferred::list_connections(&mut kit.db.reader().await?).await }).await?;
            for connection in connections {
                self.note(connection);
            }
            self.is_started = true;
        }
        let Some(connection) = self.next(doctor) else { return Ok(()) };
        let Some(mut queue) = self.queues.remove(&connection) else { return Ok(()) };
        let examined = queue.proceed(connection, doctor, kit).await;
        // Also after an error: then it is tried again.
        if examined.is_err() || !queue.is_done() {
            self.queues.insert(connection, queue);
        }
        examined
    }

    /// The next webhook in turn for which there is work left.
    fn next(&mut self, doctor: &mut Doctor) -> Option<ConnectionId> {
        let after = |connection: &&ConnectionId| self.last.is_none_or(|last| **connection > last);
        let order: Vec<ConnectionId> = {
            let later = self.queues.keys().filter(after);
            let earlier = self.queues.keys().filter(|connection| !after(connection));
            later.chain(earlier).copied().collect()
        };
        let can = |connection: &ConnectionId| {
            let needed = self.queues.get(connection).map_or(0, |queue| queue.needed);
            doctor.budget().for_stored(*connection).most >= needed.max(1)
        };
        self.last = order.into_iter().find(can);
        self.last
    }
}

impl Queue {
    fn is_done(&self) -> bool {
        self.requests.is_empty() && !self.is_incomplete
    }

    async fn proceed(&mut self, connection: ConnectionId, doctor: &mut Doctor, kit: &Kit) -> Result<(), DbError> {
        if self.is_incomplete && (self.requests.is_empty() || self.is_unfinished()) {
            self.list(connection, kit).await?;
        }
        let Some(first) = self.first(kit).await? else { return Ok(()) };
        let known = within_longest(examination::known(kit, &first.place(), kit.clock.now())).await?;
        let allowance = doctor.budget().for_stored(connection);
        let (taken, most) = self.take(kit, first, &known, allowance.most).await?;
        let mut stored = Vec::with_capacity(taken.len());
        let mut samples = Vec::with_capacity(taken.len());
        for one in taken {
            match sample(kit, &one) {
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
        let examined = doctor.look(kit, work, most).await.unwrap_or_default();
        if doctor.is_off() {
            return Ok(());
        }
        let mut moves = Vec::new();
        for (stored, examined) in stored.iter().zip(examined) {
            if examined.diagnosis.cause != Cause::Unexamined {
                moves.push((stored, examined));
            } else if self.unfinished.insert(stored.id) {
                self.requests.push_back(stored.id);
            } else {
                self.given_up.insert(stored.id);
            }
        }
        let written = reassignment::reassign(kit, connection, moves).await;
        if written.is_err() {
            self.requests.extend(stored.iter().map(|stored| stored.id));
        }
        written
    }

    /// Whether only requests are left that need all the work that one request may have.
    fn is_unfinished(&self) -> bool {
        self.requests.front().is_some_and(|first| self.unfinished.contains(first))
    }

    /// As many as can be examined together with that work, and what may be hashed for them, in bytes.
    async fn take(&mut self, kit: &Kit, first: Stored, known: &Known, work: usize) -> Result<(Vec<Stored>, usize), DbError> {
        let (mut used, mut bytes, mut taken) = (0, 0, Vec::new());
        let mut next = Some(first);
        while let Some(stored) = next.take() {
            self.needed =
                if self.is_unfinished() { MOST_WORK } else { single_fault_work(stored.gateway, stored.body.len(), known) };
            (used, bytes) = (used + self.needed, bytes + stored.body.len());
            let is_too_much = !taken.is_empty() && (bytes > MAX_BYTES_TOGETHER || used > MAX_WORK_TOGETHER);
            if used > work || is_too_much {
                used -= self.needed;
                break;
            }
            taken.push(stored);
            self.requests.pop_front();
            self.needed = 0;
            if taken.len() < MAX_TOGETHER {
                next = self.first(kit).await?;
            }
        }
        Ok((taken, work.min(used.max(MAX_WORK_TOGETHER))))
    }

    async fn list(&mut self, connection: ConnectionId, kit: &Kit) -> Result<(), DbError> {
        let listed = async { deferred::list(&mut kit.db.reader().await?, connection, MAX_LISTED).await };
        let listed = within_longest(listed).await?;
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

    /// The first request that still has to be examined.
    async fn first(&mut self, kit: &Kit) -> Result<Option<Stored>, DbError> {
        while let Some(id) = self.requests.front() {
            let found = async { deferred::find(&mut kit.db.reader().await?, *id).await };
            if let Some(stored) = within_longest(found).await? {
                return Ok(Some(stored));
            }
            self.requests.pop_front();
        }
        Ok(None)
    }
}

/// The request as it arrived; `None` if it cannot be opened.
fn sample(kit: &Kit, stored: &Stored) -> Option<Sample> {
    let said = keeping::open(&kit.vault, stored.id, (&stored.headers, &stored.body)).ok()?;
    let (headers, body): (_, Bytes) = (said.pairs()?, said.body);
    let address = stored.address.parse().ok()?;
    let shape = Shape::of((stored.gateway, stored.reason), &headers, &body, address);
    let headers_size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    let (place, reason, at) = (stored.place(), stored.reason, stored.received_at);
    let size = stored.size.and_then(|size| usize::try_from(size).ok());
    let bytes = body.len() + headers_size;
    Some(Sample { place, reason, headers, body, size, is_cut: false, address, shape, at, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Timestamp;

    #[tokio::test(start_paused = true)]
    async fn there_is_nothing_to_wait_for_while_nothing_is_deferred() {
        let mut deferred = Deferred::default();
        assert_eq!(deferred.pause(), Some(INTERVAL), "the database is asked once");
        deferred.is_started = true;
        assert_eq!(deferred.pause(), None);
        deferred.note(ConnectionId::new(Timestamp::from_millis(0)));
        assert_eq!(deferred.pause(), Some(INTERVAL));
        deferred.not_before = Some(Instant::now() + AFTER_FAILURE);
        assert_eq!(deferred.pause(), Some(AFTER_FAILURE));
    }

    #[tokio::test(start_paused = true)]
    async fn webhooks_take_turns_and_one_without_work_left_is_passed_over() {
        let mut doctor = Doctor::new(std::sync::Arc::default());
        let mut deferred = Deferred { is_started: true, ..Deferred::default() };
        let webhooks: [ConnectionId; 3] = std::array::from_fn(|_| ConnectionId::new(Timestamp::from_millis(0)));
        for webhook in webhooks {
            deferred.note(webhook);
        }
        let mut turns: Vec<ConnectionId> = (0..3).filter_map(|_| deferred.next(&mut doctor)).collect();
        assert_eq!(deferred.next(&mut doctor), Some(turns[0]));
        turns.sort();
        assert_eq!(turns, webhooks);
        deferred.last = None;
        doctor.budget().spend(webhooks[0], MOST_WORK);
        assert_eq!(deferred.next(&mut doctor), Some(webhooks[1]));
        if let Some(queue) = deferred.queues.get_mut(&webhooks[2]) {
            queue.needed = MOST_WORK + 1;
        }
        assert_eq!(deferred.next(&mut doctor), Some(webhooks[1]), "what it needs is not there yet");
    }
}
