//! The stored requests of one webhook that are to be diagnosed.
//!
//! Invariant: those of the gateway's own networks come first. Strangers' requests that need a second diagnosis come last, one of
//! each shape in turn, and are paid from their own share, so that they delay no other.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    net::IpAddr,
};

use bytes::Bytes;

use super::shape_queue::ShapeQueue;
use crate::{
    db::{DbError, with_timeout},
    gateways::adapter::is_webhook_network,
    primitives::id::{ConnectionId, RequestId},
    rejections::{
        CapturedRequest, Cause,
        budget::{Allowance, Budget, Share},
        diagnose::{self, Diagnoser},
        diagnosis::CompanyKeys,
        reassignment,
        recorder::DiagnosisContext,
        shape::Shape,
        store::deferred::{self, DeferredRequest},
        store_batch,
        triage::{Batch, Pass, needed_for_stored},
    },
};

/// The most requests that are diagnosed together, and their size in bytes.
const MAX_TOGETHER: usize = 32;
const MAX_BYTES_TOGETHER: usize = 1024 * 1024;
/// The most bytes hashed for them, unless a single one needs more: new requests are counted only after that.
const MAX_WORK_TOGETHER: usize = 128 * 1024 * 1024;
/// The most requests of a webhook listed by one query: as many as are stored.
const MAX_LISTED: i64 = 2000;

/// The stored requests of a webhook that are to be diagnosed.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) requests: VecDeque<RequestId>,
    /// Whether the database may have more of them.
    pub(super) is_incomplete: bool,
    /// Requests that need more than was estimated: each is diagnosed again, alone and with the full budget of a request.
    unfinished: HashSet<RequestId>,
    /// Requests from outside the gateway's networks that were granted a second diagnosis.
    repeats: ShapeQueue,
    /// Requests that cannot be diagnosed even with that. They are not tried again.
    pub(super) given_up: HashSet<RequestId>,
    /// The bytes to hash for the first of them, once known.
    pub(super) needed: usize,
    /// How often the number of requests that are moved in one unit of work is halved, since a larger one took too long.
    halvings: u32,
}

impl Queue {
    pub(super) fn is_done(&self) -> bool {
        self.requests.is_empty() && !self.is_incomplete && self.repeats.is_empty()
    }

    /// Records that the database has a further request.
    pub(super) fn note_stored(&mut self) {
        self.is_incomplete = true;
        if self.is_unfinished() || self.requests.is_empty() {
            self.needed = 0;
        }
    }

    /// Adds a request that is to be diagnosed a second time, unless too many wait for that already: its cause stays unknown then.
    pub(super) fn add_repeat(&mut self, shape: u64, id: RequestId) {
        if self.repeats.push(shape, id) && self.is_repeating() {
            self.needed = 0;
        }
    }

    /// Whether the budget has what the next request needs.
    pub(super) fn is_affordable(&self, connection: ConnectionId, budget: &mut Budget) -> bool {
        let share = if self.is_repeating() { Share::Repeated } else { Share::Stored };
        budget.for_later(share, connection).most >= self.needed.max(1)
    }

    /// Whether only second diagnoses are left.
    fn is_repeating(&self) -> bool {
        self.requests.is_empty() && !self.is_incomplete
    }

    /// Whether only requests are left that need the full budget of a request.
    pub(super) fn is_unfinished(&self) -> bool {
        self.requests.front().is_some_and(|first| self.unfinished.contains(first))
    }

    pub(super) async fn proceed(
        &mut self,
        connection: ConnectionId,
        diagnoser: &mut Diagnoser,
        context: &DiagnosisContext,
    ) -> Result<(), DbError> {
        if self.is_repeating() {
            return self.repeat(connection, diagnoser, context).await;
        }
        if self.is_incomplete && (self.requests.is_empty() || self.is_unfinished()) {
            self.list(connection, context).await?;
        }
        let Some(first) = self.first(context).await? else { return Ok(()) };
        let known = with_timeout(diagnose::load_company_keys(context, &first.scope(), context.clock.now())).await?;
        let allowance = diagnoser.budget().for_later(Share::Stored, connection);
        let pass = if self.is_unfinished() { Pass::Alone } else { Pass::Stored };
        let (taken, most) = self.take(context, first, &known, allowance.most).await?;
        let mut opened = self.open(context, taken);
        if pass == Pass::Stored {
            opened.retain(|(stored, sample)| !self.set_aside(stored.id, sample, diagnoser));
        }
        self.diagnose(diagnoser, context, Work { connection, opened, known, allowance, pass, share: Share::Stored, most }).await
    }

    /// Diagnoses a stranger's request for the second time, alone, once its share of the budget has all that it may need.
    async fn repeat(
        &mut self,
        connection: ConnectionId,
        diagnoser: &mut Diagnoser,
        context: &DiagnosisContext,
    ) -> Result<(), DbError> {
        let Some((shape, id)) = self.repeats.next() else { return Ok(()) };
        let found = with_timeout(async { deferred::find(&mut context.db.bulk_reader().await?, id).await }).await?;
        let Some(stored) = found else {
            self.repeats.pop(shape);
            return Ok(());
        };
        let known = with_timeout(diagnose::load_company_keys(context, &stored.scope(), context.clock.now())).await?;
        let most = needed_for_stored(stored.gateway, stored.body.len(), &known, true);
        let allowance = diagnoser.budget().for_later(Share::Repeated, connection);
        self.needed = most;
        if allowance.most < most {
            return Ok(());
        }
        self.needed = 0;
        self.repeats.pop(shape);
        let opened = self.open(context, vec![stored]);
        let work = Work { connection, opened, known, allowance, pass: Pass::Alone, share: Share::Repeated, most };
        self.diagnose(diagnoser, context, work).await
    }

    /// Moves a request that was granted a second diagnosis to those that wait for it. Returns whether it was: if too many wait, it is
    /// diagnosed now, with its usual share. One of the gateway's own networks waits with the other stored requests.
    fn set_aside(&mut self, id: RequestId, sample: &CapturedRequest, diagnoser: &Diagnoser) -> bool {
        if !diagnoser.is_repeat(sample) {
            return false;
        }
        if is_webhook_network(sample.scope.gateway, sample.address) {
            self.note_examined(Pass::Stored, vec![id], Vec::new());
            return true;
        }
        self.repeats.push(sample.shape.likeness(), id)
    }

    /// Opens the requests. Those that cannot be opened are given up.
    fn open(&mut self, context: &DiagnosisContext, taken: Vec<DeferredRequest>) -> Vec<(DeferredRequest, CapturedRequest)> {
        let mut opened = Vec::with_capacity(taken.len());
        for stored in taken {
            match sample(context, &stored) {
                Some(sample) => opened.push((stored, sample)),
                None => drop(self.given_up.insert(stored.id)),
            }
        }
        opened
    }

    /// Diagnoses requests, and moves those that are explained to the rejection of their cause.
    async fn diagnose(&mut self, diagnoser: &mut Diagnoser, context: &DiagnosisContext, work: Work) -> Result<(), DbError> {
        let Work { connection, opened, known, allowance, pass, share, most } = work;
        if opened.is_empty() {
            return Ok(());
        }
        let (stored, samples): (Vec<DeferredRequest>, Vec<CapturedRequest>) = opened.into_iter().unzip();
        let batches = vec![Batch { connection, known, samples, allowance }];
        let ids = stored.iter().map(|stored| stored.id);
        let Some(examined) = diagnoser.look(context, batches, (pass, most), share).await else {
            self.given_up.extend(ids);
            return Ok(());
        };
        if diagnoser.is_off() {
            return Ok(());
        }
        let (mut moves, mut unexplained) = (Vec::new(), Vec::new());
        for (stored, examined) in stored.iter().zip(examined) {
            let cause = examined.diagnosis.cause;
            if stored.is_unknown && matches!(cause, Cause::Unknown | Cause::NotDiagnosed) {
                // It stays where it is.
            } else if cause != Cause::NotDiagnosed {
                moves.push((stored, examined));
            } else if pass == Pass::Alone || !self.set_aside(stored.id, &examined.sample, diagnoser) {
                unexplained.push(stored.id);
            }
        }
        let explained: Vec<RequestId> = moves.iter().map(|(stored, _)| stored.id).collect();
        match reassignment::reassign(context, connection, moves).await {
            Ok(is_moved) => {
                let unmoved = if is_moved { Vec::new() } else { explained };
                self.note_examined(pass, unexplained, unmoved);
            }
            Err(error) => {
                // Those set aside wait already.
                let waiting: Vec<RequestId> = ids.filter(|id| !self.repeats.contains(*id)).collect();
                self.unfinished.extend(waiting.iter().filter(|_| pass == Pass::Alone));
                self.requests.extend(waiting);
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
    fn note_examined(&mut self, pass: Pass, unexplained: Vec<RequestId>, unmoved: Vec<RequestId>) {
        for id in unexplained {
            if pass != Pass::Alone && self.unfinished.insert(id) {
                self.requests.push_back(id);
            } else {
                self.given_up.insert(id);
            }
        }
        self.given_up.extend(unmoved);
    }

    /// Takes as many requests as fit in the budget. Also returns how many bytes may be hashed for them.
    async fn take(
        &mut self,
        context: &DiagnosisContext,
        first: DeferredRequest,
        known: &CompanyKeys,
        work: usize,
    ) -> Result<(Vec<DeferredRequest>, usize), DbError> {
        let (mut used, mut bytes, mut taken) = (0, 0, Vec::new());
        let is_alone = self.is_unfinished();
        let mut next = Some(first);
        while let Some(stored) = next.take() {
            self.needed = needed_for_stored(stored.gateway, stored.body.len(), known, is_alone);
            (used, bytes) = (used + self.needed, bytes + stored.body.len());
            let is_too_much = !taken.is_empty() && (bytes > MAX_BYTES_TOGETHER || used > MAX_WORK_TOGETHER);
            if used > work || is_too_much {
                used -= self.needed;
                break;
            }
            taken.push(stored);
            self.requests.pop_front();
            self.needed = 0;
            if !is_alone && !self.is_unfinished() && taken.len() < self.max_together() {
                next = match self.first(context).await {
                    Ok(next) => next.filter(|_| !self.is_unfinished()),
                    Err(error) => {
                        self.requests.extend(taken.iter().map(|stored| stored.id));
                        return Err(error);
                    }
                };
            }
        }
        Ok((taken, work.min(used.max(MAX_WORK_TOGETHER))))
    }

    /// Lists the requests that are to be diagnosed: those of the gateway's own networks first, the oldest first.
    async fn list(&mut self, connection: ConnectionId, context: &DiagnosisContext) -> Result<(), DbError> {
        let listed = async { deferred::list(&mut context.db.bulk_reader().await?, connection, MAX_LISTED).await };
        let mut listed = with_timeout(listed).await?;
        let ids: BTreeSet<RequestId> = listed.iter().map(|listed| listed.id).collect();
        self.given_up.retain(|id| ids.contains(id));
        self.unfinished.retain(|id| ids.contains(id));
        listed.retain(|listed| !self.given_up.contains(&listed.id) && !self.repeats.contains(listed.id));
        let is_from_gateway =
            |address: &str, gateway| address.parse().is_ok_and(|address: IpAddr| is_webhook_network(gateway, address));
        listed.sort_by_key(|listed| {
            (self.unfinished.contains(&listed.id), !is_from_gateway(&listed.address, listed.gateway), listed.id)
        });
        self.requests = listed.into_iter().map(|listed| listed.id).collect();
        self.is_incomplete = false;
        self.needed = 0;
        Ok(())
    }

    /// Returns the first request that still has to be diagnosed.
    async fn first(&mut self, context: &DiagnosisContext) -> Result<Option<DeferredRequest>, DbError> {
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

/// Requests that are diagnosed together.
struct Work {
    connection: ConnectionId,
    opened: Vec<(DeferredRequest, CapturedRequest)>,
    known: CompanyKeys,
    allowance: Allowance,
    pass: Pass,
    share: Share,
    /// The bytes that may be hashed.
    most: usize,
}

/// Returns the request as it arrived; `None` if it cannot be opened.
fn sample(context: &DiagnosisContext, stored: &DeferredRequest) -> Option<CapturedRequest> {
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

    fn request() -> RequestId {
        RequestId::unique()
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
        queue.note_examined(Pass::Stored, vec![one], vec![other]);
        assert!(queue.is_unfinished() && !queue.is_done());
        assert_eq!((queue.requests.pop_front(), &queue.given_up), (Some(one), &HashSet::from([other])));
        queue.note_examined(Pass::Alone, vec![one], Vec::new());
        assert!(queue.is_done() && queue.given_up.contains(&one));
    }

    #[test]
    fn second_diagnoses_wait_for_all_others() {
        let mut queue = Queue::default();
        assert!(queue.repeats.push(7, request()) && queue.is_repeating() && !queue.is_done());
        queue.requests.push_back(request());
        assert!(!queue.is_repeating());
        queue.requests.clear();
        queue.note_stored();
        assert!(!queue.is_repeating(), "the database may have others");
    }
}
