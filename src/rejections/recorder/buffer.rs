//! Buffers rejected requests in memory until they are written.
//!
//! Invariant: captured content is never buffered without its count. It is bounded in bytes, in total and per connection, so
//! that a flood at one connection leaves room for the others.

use std::collections::BTreeMap;

use crate::{
    connections::activity::RejectedRequests,
    jobs::Content,
    primitives::id::ConnectionId,
    rejections::{
        CapturedRequest, RejectedRequest,
        shape::{self, Shape},
        store_batch::{self, Tallies},
    },
};

/// The most requests of one connection that are diagnosed in an interval.
const MAX_REQUESTS_PER_CONNECTION: usize = 200;
/// The memory for captured requests, in bytes: of all connections, and of one.
const MAX_BYTES: usize = 32 * 1024 * 1024;
const MAX_BYTES_PER_CONNECTION: usize = 2 * 1024 * 1024;
/// How far a connection may exceed its limits before it is trimmed, in requests and in bytes.
const TRIM_SLACK_REQUESTS: usize = 64;
const TRIM_SLACK_BYTES: usize = 512 * 1024;
/// The memory reserved for connections that use less than the second number, in bytes.
const RESERVED_BYTES: usize = 8 * 1024 * 1024;
const SMALL_CONNECTION_BYTES: usize = 128 * 1024;
/// The most bytes and connections in one unit of work. It bounds how long incoming events wait.
pub(crate) const MAX_BATCH_BYTES: usize = 2 * 1024 * 1024;
const MAX_BATCH_CONNECTIONS: usize = 64;
/// The memory of a captured request besides its content, in bytes.
const OVERHEAD_BYTES: usize = 512;

/// Rejections since the last write.
#[derive(Default)]
pub(crate) struct Buffer {
    pub(crate) connections: BTreeMap<ConnectionId, PerConnection>,
    pub(crate) bytes: usize,
    /// Requests to unknown endpoints, which are written with others or at their own interval.
    pub(crate) strays: i64,
}

/// Rejections of one connection.
#[derive(Default)]
pub(crate) struct PerConnection {
    pub(crate) rejected_requests: Option<RejectedRequests>,
    pub(crate) tallies: Tallies,
    pub(crate) samples: Vec<CapturedRequest>,
    bytes: usize,
}

impl Buffer {
    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.strays == 0
    }

    pub(crate) fn requests(&self) -> i64 {
        self.connections.values().filter_map(|own| Some(own.rejected_requests?.count)).sum()
    }

    pub(crate) fn count(&mut self, rejected: &RejectedRequest) {
        let at = rejected.at;
        let own = self.connections.entry(rejected.scope.connection).or_default();
        store_batch::tally(&mut own.tallies, rejected);
        if let Some(reason) = rejected.reason.rejected() {
            let none = RejectedRequests { count: 0, first_at: at, last_at: at, reason };
            let before = own.rejected_requests.unwrap_or(none);
            own.rejected_requests = Some(RejectedRequests {
                count: before.count + 1,
                first_at: before.first_at.min(at),
                last_at: before.last_at.max(at),
                reason,
            });
        }
    }

    /// Whether another request of the connection fits.
    pub(crate) fn has_room(&self, connection: ConnectionId) -> bool {
        let own = self.connections.get(&connection).map_or(0, |own| own.bytes);
        self.bytes < if own < SMALL_CONNECTION_BYTES { MAX_BYTES } else { MAX_BYTES - RESERVED_BYTES }
    }

    pub(crate) fn keep(&mut self, sample: CapturedRequest) {
        let own = self.connections.entry(sample.scope.connection).or_default();
        own.bytes += cost(&sample);
        self.bytes += cost(&sample);
        own.samples.push(sample);
        if own.samples.len() >= MAX_REQUESTS_PER_CONNECTION + TRIM_SLACK_REQUESTS
            || own.bytes >= MAX_BYTES_PER_CONNECTION + TRIM_SLACK_BYTES
        {
            self.bytes -= own.trim();
        }
    }

    /// Removes and returns the next unit of work.
    pub(crate) fn take_batch(&mut self) -> Self {
        let mut next = Self { strays: std::mem::take(&mut self.strays), ..Self::default() };
        let has_room = |next: &Self, own: &PerConnection| {
            next.connections.is_empty()
                || (next.connections.len() < MAX_BATCH_CONNECTIONS && next.bytes + own.bytes <= MAX_BATCH_BYTES)
        };
        while let Some(entry) = self.connections.first_entry().filter(|entry| has_room(&next, entry.get())) {
            let (connection, own) = entry.remove_entry();
            self.bytes -= own.bytes;
            next.bytes += own.bytes;
            next.connections.insert(connection, own);
        }
        next
    }
}

impl Content for Buffer {
    fn restore(&mut self, older: Self) {
        for (connection, older) in older.connections {
            let newer = self.connections.entry(connection).or_default();
            newer.rejected_requests = match (newer.rejected_requests, older.rejected_requests) {
                (Some(newer), Some(older)) => Some(RejectedRequests {
                    count: newer.count + older.count,
                    first_at: newer.first_at.min(older.first_at),
                    last_at: newer.last_at.max(older.last_at),
                    reason: newer.reason,
                }),
                (newer, older) => newer.or(older),
            };
            store_batch::restore(&mut newer.tallies, older.tallies);
            for sample in older.samples {
                if self.has_room(connection) {
                    self.keep(sample);
                }
            }
        }
        self.strays += older.strays;
    }
}

impl PerConnection {
    /// Trims to the limits, so that some requests of every shape remain. Returns the number of bytes freed.
    fn trim(&mut self) -> usize {
        let shapes: Vec<Shape> = self.samples.iter().map(|sample| sample.shape).collect();
        let mut samples: Vec<Option<CapturedRequest>> = std::mem::take(&mut self.samples).into_iter().map(Some).collect();
        let before = std::mem::take(&mut self.bytes);
        let mut left: Vec<(usize, CapturedRequest)> = Vec::with_capacity(samples.len());
        for at in shape::order(&shapes) {
            let fits = |sample: &CapturedRequest| {
                left.len() < MAX_REQUESTS_PER_CONNECTION && self.bytes + cost(sample) <= MAX_BYTES_PER_CONNECTION
            };
            if let Some(sample) = samples[at].take().filter(fits) {
                self.bytes += cost(&sample);
                left.push((at, sample));
            }
        }
        left.sort_by_key(|(at, _)| *at);
        self.samples = left.into_iter().map(|(_, sample)| sample).collect();
        before - self.bytes
    }
}

fn cost(sample: &CapturedRequest) -> usize {
    sample.bytes + OVERHEAD_BYTES
}
