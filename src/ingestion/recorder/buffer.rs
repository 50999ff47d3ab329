//! Rejected requests in memory until they are written.
//!
//! Invariant: what is buffered of a request never lies here without its count, and it is bounded in bytes, in all and per
//! connection, so that a flood at one connection leaves the others room.

use std::collections::BTreeMap;

use crate::{
    connections::activity::Refusals,
    primitives::id::ConnectionId,
    rejections::{
        CapturedRequest, RejectedRequest,
        shape::{self, Shape},
        store_batch::{self, Tallies},
    },
};

/// Requests of one connection that are looked at in an interval.
const MOST_OF_ONE: usize = 200;
/// What all that are gathered may take in memory, in bytes, and those of one connection.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const MOST_BYTES_OF_ONE: usize = 2 * 1024 * 1024;
/// What may be gathered beyond that before the most alike of them go.
const SPARE: usize = 64;
const SPARE_BYTES: usize = 512 * 1024;
/// What is left for connections of which less than that is gathered, however much comes at the others, in bytes.
const ROOM_FOR_OTHERS: usize = 8 * 1024 * 1024;
const LEAST_OF_ONE: usize = 128 * 1024;
/// What goes into one unit of work, in bytes, and the connections: events that arrive wait for no longer than that.
pub(super) const MOST_AT_ONCE: usize = 2 * 1024 * 1024;
const CONNECTIONS_AT_ONCE: usize = 64;
/// What a request costs besides what it said, in bytes.
const OVERHEAD: usize = 512;

/// What was rejected since the last write.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) of: BTreeMap<ConnectionId, PerConnection>,
    pub(super) bytes: usize,
    /// Requests to unknown endpoints, which are written with others or at an interval of their own.
    pub(super) strays: i64,
}

/// The same of one connection.
#[derive(Default)]
pub(super) struct PerConnection {
    pub(super) refusals: Option<Refusals>,
    pub(super) tallies: Tallies,
    pub(super) samples: Vec<CapturedRequest>,
    bytes: usize,
}

impl Buffer {
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty() && self.strays == 0
    }

    pub(super) fn requests(&self) -> i64 {
        self.of.values().filter_map(|own| Some(own.refusals?.count)).sum()
    }

    pub(super) fn count(&mut self, refused: &RejectedRequest) {
        let at = refused.at;
        let own = self.of.entry(refused.place.connection).or_default();
        store_batch::tally(&mut own.tallies, refused);
        if let Some(reason) = refused.reason.rejected() {
            let none = Refusals { count: 0, first_at: at, last_at: at, reason };
            let before = own.refusals.unwrap_or(none);
            own.refusals = Some(Refusals {
                count: before.count + 1,
                first_at: before.first_at.min(at),
                last_at: before.last_at.max(at),
                reason,
            });
        }
    }

    /// Whether one more may be kept of that connection.
    pub(super) fn has_room(&self, connection: ConnectionId) -> bool {
        let own = self.of.get(&connection).map_or(0, |own| own.bytes);
        self.bytes < if own < LEAST_OF_ONE { MOST_BYTES } else { MOST_BYTES - ROOM_FOR_OTHERS }
    }

    pub(super) fn keep(&mut self, sample: CapturedRequest) {
        let own = self.of.entry(sample.place.connection).or_default();
        own.bytes += cost(&sample);
        self.bytes += cost(&sample);
        own.samples.push(sample);
        if own.samples.len() >= MOST_OF_ONE + SPARE || own.bytes >= MOST_BYTES_OF_ONE + SPARE_BYTES {
            self.bytes -= own.trim();
        }
    }

    /// Takes out what goes into one unit of work.
    pub(super) fn next(&mut self) -> Self {
        let mut next = Self { strays: std::mem::take(&mut self.strays), ..Self::default() };
        let has_room = |next: &Self, own: &PerConnection| {
            next.of.is_empty() || (next.of.len() < CONNECTIONS_AT_ONCE && next.bytes + own.bytes <= MOST_AT_ONCE)
        };
        while let Some(entry) = self.of.first_entry().filter(|entry| has_room(&next, entry.get())) {
            let (connection, own) = entry.remove_entry();
            self.bytes -= own.bytes;
            next.bytes += own.bytes;
            next.of.insert(connection, own);
        }
        next
    }

    /// Puts back what could not be written, for the next time.
    pub(super) fn restore(&mut self, older: Self) {
        for (connection, older) in older.of {
            let newer = self.of.entry(connection).or_default();
            newer.refusals = match (newer.refusals, older.refusals) {
                (Some(newer), Some(older)) => Some(Refusals {
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
    /// Leaves as much as is looked at in an interval, some of every shape; how many bytes went.
    fn trim(&mut self) -> usize {
        let shapes: Vec<Shape> = self.samples.iter().map(|sample| sample.shape).collect();
        let mut samples: Vec<Option<CapturedRequest>> = std::mem::take(&mut self.samples).into_iter().map(Some).collect();
        let before = std::mem::take(&mut self.bytes);
        let mut left: Vec<(usize, CapturedRequest)> = Vec::with_capacity(samples.len());
        for at in shape::order(&shapes) {
            let fits = |sample: &CapturedRequest| left.len() < MOST_OF_ONE && self.bytes + cost(sample) <= MOST_BYTES_OF_ONE;
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
    sample.bytes + OVERHEAD
}
