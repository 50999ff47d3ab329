//! Rejected requests of a connection: aggregated before they are written, and what they change of its activity.

use super::Activity;
use crate::{
    gateways::adapter::SignatureError,
    primitives::{id::RejectionId, time::Timestamp},
};

/// Rejected requests of one connection, buffered until they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RejectedRequests {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    pub(crate) reason: SignatureError,
}

/// The rejected requests that are proven to be meant for the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProvenRequests {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The rejection of the latest one.
    pub(crate) rejection: RejectionId,
}

/// Requests rejected since the last verified event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streak {
    pub(crate) since: Timestamp,
    pub(crate) count: i64,
}

/// The requests of a connection that were rejected since the last verified event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Streaks {
    /// Those that are proven.
    pub(crate) proven: Option<Streak>,
    /// From any sender.
    pub(crate) all: Option<Streak>,
}

/// The first and last time of rejected requests.
#[derive(Clone, Copy)]
struct Span {
    first: Timestamp,
    last: Timestamp,
}

impl Span {
    /// True if no request was verified after the last of them. Rejections are written after the response, so that one may have
    /// been verified meanwhile; they are then not part of the current run.
    fn is_current(self, last_verified: Option<Timestamp>) -> bool {
        last_verified.is_none_or(|verified| verified <= self.last)
    }

    /// Returns when the current run of rejections began, with these added. If a request was verified between them, only the
    /// last of them is known to be part of it.
    fn run_start(self, since: Option<Timestamp>, last_verified: Option<Timestamp>) -> Timestamp {
        let begin = if last_verified.is_some_and(|verified| verified > self.first) { self.last } else { self.first };
        since.map_or(begin, |since| since.min(begin))
    }
}

impl Activity {
    /// Adds requests that were rejected.
    pub(super) fn add_rejected(&mut self, rejected: &RejectedRequests) {
        let span = Span { first: rejected.first_at, last: rejected.last_at };
        self.rejected_count += rejected.count;
        if self.last_rejected_at.is_none_or(|last| last <= span.last) {
            self.last_rejected_at = Some(span.last);
            self.last_reason = Some(rejected.reason);
        }
        if span.is_current(self.last_verified_at) {
            self.rejected_since = Some(span.run_start(self.rejected_since, self.last_verified_at));
            self.rejected_streak += rejected.count;
        }
    }

    /// Adds those of rejected requests that are proven.
    pub(super) fn add_proven(&mut self, proven: &ProvenRequests) {
        let span = Span { first: proven.first_at, last: proven.last_at };
        if span.is_current(self.last_verified_at) {
            self.failing_since = Some(span.run_start(self.failing_since, self.last_verified_at));
            self.failing_count += proven.count;
        }
        if self.last_proven_at.is_none_or(|last| last <= span.last) {
            self.last_proven_at = Some(span.last);
            self.failing_rejection_id = Some(proven.rejection);
        }
    }

    /// Returns the current streaks.
    pub(super) fn streaks(&self) -> Streaks {
        Streaks {
            proven: self.failing_since.map(|since| Streak { since, count: self.failing_count }),
            all: self.rejected_since.map(|since| Streak { since, count: self.rejected_streak }),
        }
    }

    /// Ends streaks whose requests were all recovered. The next proven request begins a new one.
    pub(super) fn end_streaks(&mut self, recovered: Streaks) {
        if recovered.proven.is_some() {
            (self.failing_since, self.failing_count, self.failing_rejection_id) = (None, 0, None);
        }
        if recovered.all.is_some() {
            (self.rejected_since, self.rejected_streak) = (None, 0);
        }
    }

    /// Adds copies of one request that were proven later. If a request was verified between them, at least one of them was
    /// rejected after it.
    pub(super) fn add_later_proven(&mut self, proven: &ProvenRequests) {
        let is_divided = self.last_verified_at.is_some_and(|verified| verified > proven.first_at);
        let count = if is_divided { proven.count.min(1) } else { proven.count };
        self.add_proven(&ProvenRequests { count, ..*proven });
    }
}

impl ProvenRequests {
    /// Combines two batches of the same connection.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            first_at: self.first_at.min(other.first_at),
            last_at: self.last_at.max(other.last_at),
            rejection: if other.last_at >= self.last_at { other.rejection } else { self.rejection },
        }
    }
}
