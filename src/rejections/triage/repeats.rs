//! Which requests from outside the gateway's networks are diagnosed a second time, alone and with all their work.
//!
//! Invariant: junk costs its sender nothing, so the bytes granted for it are bounded: in total, for each webhook, and for each
//! shape at a webhook. A request is granted once until it was diagnosed again.

use std::{collections::HashMap, hash::Hash, time::Duration};

use tokio::time::Instant;

use crate::{primitives::id::ConnectionId, rejections::budget::Bucket};

const GIB: usize = 1024 * 1024 * 1024;
const MIB: usize = 1024 * 1024;
/// The bytes that may be granted in a burst, and per second: of a shape at a webhook, of a webhook, and in total. When they are
/// hashed depends on the budget.
const SHAPE: Rate = Rate { burst: 9 * GIB, per_second: 4 * MIB };
const WEBHOOK: Rate = Rate { burst: 12 * GIB, per_second: 8 * MIB };
const TOTAL: Rate = Rate { burst: 36 * GIB, per_second: 16 * MIB };
/// How long a grant is remembered, and how many are. A request that was evicted meanwhile does not return it.
const GRANT_TTL: Duration = Duration::from_hours(1);
const MAX_GRANTS: usize = 4096;
/// The most shapes and webhooks that are tracked.
const MAX_TRACKED: usize = 4096;

#[derive(Clone, Copy)]
struct Rate {
    burst: usize,
    per_second: usize,
}

/// A request at a webhook: a digest of all that diagnosis sees.
pub(super) type RequestKey = (ConnectionId, [u8; 32]);

/// The grants, and what may still be granted.
pub(super) struct Repeats {
    total: Bucket,
    webhooks: HashMap<ConnectionId, Bucket>,
    shapes: HashMap<(ConnectionId, u64), Bucket>,
    granted: HashMap<RequestKey, Granted>,
}

/// A grant that is not used yet.
struct Granted {
    at: Instant,
    /// Whether a stored request waits for its second diagnosis by it: equal requests are stored once.
    is_waiting: bool,
}

impl Default for Repeats {
    fn default() -> Self {
        let total = Bucket::holding(TOTAL.burst);
        Self { total, webhooks: HashMap::new(), shapes: HashMap::new(), granted: HashMap::new() }
    }
}

impl Repeats {
    /// Grants a request of that shape a second diagnosis, which may hash so many bytes. Returns whether it has been granted.
    pub(super) fn grant(&mut self, request: RequestKey, shape: u64, bytes: usize) -> bool {
        if self.is_granted(&request) {
            return true;
        }
        if self.granted.len() >= MAX_GRANTS {
            self.granted.retain(|_, granted| granted.at.elapsed() < GRANT_TTL);
        }
        let of_shape = (request.0, shape);
        let has_room = has_room(&mut self.webhooks, &request.0, WEBHOOK) && has_room(&mut self.shapes, &of_shape, SHAPE);
        if !has_room || self.granted.len() >= MAX_GRANTS {
            return false;
        }
        let webhook = self.webhooks.entry(request.0).or_insert_with(|| Bucket::holding(WEBHOOK.burst));
        let shape = self.shapes.entry(of_shape).or_insert_with(|| Bucket::holding(SHAPE.burst));
        let buckets = [(shape, SHAPE), (webhook, WEBHOOK), (&mut self.total, TOTAL)];
        let mut is_affordable = true;
        let buckets = buckets.map(|(bucket, rate)| {
            is_affordable &= bucket.refill(rate.burst, rate.per_second) >= bytes;
            bucket
        });
        if is_affordable {
            for bucket in buckets {
                bucket.take(bytes);
            }
            self.granted.insert(request, Granted { at: Instant::now(), is_waiting: false });
        }
        is_affordable
    }

    pub(super) fn is_granted(&self, request: &RequestKey) -> bool {
        self.granted.get(request).is_some_and(|granted| granted.at.elapsed() < GRANT_TTL)
    }

    /// Records that the request waits. Returns whether it was granted, and did not wait yet.
    pub(super) fn note_waiting(&mut self, request: &RequestKey) -> bool {
        let granted = self.granted.get_mut(request).filter(|granted| granted.at.elapsed() < GRANT_TTL);
        granted.is_some_and(|granted| !std::mem::replace(&mut granted.is_waiting, true))
    }

    /// Records that a request was diagnosed again: the same request needs another grant.
    pub(super) fn note_used(&mut self, request: &RequestKey) {
        self.granted.remove(request);
    }
}

/// Whether a bucket is tracked, or can be: those that are full again are forgotten.
fn has_room<K: Hash + Eq>(tracked: &mut HashMap<K, Bucket>, key: &K, rate: Rate) -> bool {
    if tracked.len() >= MAX_TRACKED && !tracked.contains_key(key) {
        tracked.retain(|_, bucket| bucket.refill(rate.burst, rate.per_second) < rate.burst);
    }
    tracked.len() < MAX_TRACKED || tracked.contains_key(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: usize = 110 * MIB;

    fn webhook() -> ConnectionId {
        ConnectionId::unique()
    }

    fn key(webhook: ConnectionId, number: usize) -> RequestKey {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        (webhook, digest)
    }

    #[tokio::test(start_paused = true)]
    async fn junk_is_granted_a_fixed_number_of_bytes_whatever_its_shapes_and_webhooks() {
        for (shapes, webhooks, burst, rate) in
            [(1, 1, SHAPE.burst, SHAPE), (1000, 1, WEBHOOK.burst, WEBHOOK), (1000, 100, TOTAL.burst, TOTAL)]
        {
            let (mut repeats, webhooks) = (Repeats::default(), (0..webhooks).map(|_| webhook()).collect::<Vec<_>>());
            let mut granted = 0;
            for second in 0..20 {
                for number in 0..400 {
                    let at = webhooks[number % webhooks.len()];
                    let shape = (number % shapes) as u64;
                    granted += usize::from(repeats.grant(key(at, second * 400 + number), shape, COST)) * COST;
                }
                let most = burst + second * rate.per_second;
                // Buckets are refilled in whole bytes per millisecond.
                assert!(granted <= most && granted + COST + MIB > most, "{granted} of {most} after {second} s");
                tokio::time::advance(Duration::from_secs(1)).await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shape_leaves_some_to_others_and_a_webhook_to_other_webhooks() {
        let (mut repeats, flooded) = (Repeats::default(), webhook());
        while repeats.grant(key(flooded, repeats.granted.len()), 1, COST) {}
        assert!(repeats.grant(key(flooded, 5000), 2, COST), "another shape");
        while repeats.grant(key(flooded, repeats.granted.len() + 6000), repeats.granted.len() as u64, COST) {}
        assert!(repeats.grant(key(webhook(), 0), 1, COST), "another webhook");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_granted_once_until_it_was_diagnosed_again() {
        let (mut repeats, webhook) = (Repeats::default(), webhook());
        let request = key(webhook, 1);
        assert!(repeats.grant(request, 1, SHAPE.burst) && repeats.grant(request, 1, SHAPE.burst));
        assert!(
            repeats.note_waiting(&request) && !repeats.note_waiting(&request),
            "an equal request waits for nothing of its own"
        );
        assert!(!repeats.note_waiting(&key(webhook, 2)), "not granted");
        assert!(repeats.is_granted(&request) && !repeats.is_granted(&key(self::webhook(), 1)));
        repeats.note_used(&request);
        assert!(!repeats.is_granted(&request) && !repeats.grant(request, 1, SHAPE.burst), "it costs as much again");
        assert!(repeats.grant(request, 2, MIB));
        tokio::time::advance(GRANT_TTL).await;
        assert!(!repeats.is_granted(&request));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let mut repeats = Repeats::default();
        for number in 0..MAX_TRACKED + 16 {
            repeats.grant(key(webhook(), number), number as u64, MIB);
        }
        assert!(repeats.webhooks.len() <= MAX_TRACKED && repeats.shapes.len() <= MAX_TRACKED);
        assert!(repeats.granted.len() <= MAX_GRANTS);
        tokio::time::advance(GRANT_TTL).await;
        assert!(repeats.grant(key(webhook(), 0), 0, MIB), "there is room again");
        assert_eq!((repeats.webhooks.len(), repeats.granted.len()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn grants_and_buckets_are_bounded_without_each_other() {
        let (mut repeats, flooded) = (Repeats::default(), webhook());
        let granted = (0..MAX_GRANTS + 16).filter(|number| repeats.grant(key(flooded, *number), 1, 0)).count();
        assert_eq!(granted, MAX_GRANTS, "of one webhook");
        let mut repeats = Repeats::default();
        for number in 0..MAX_TRACKED + 16 {
            let request = key(webhook(), number);
            assert_eq!(repeats.grant(request, 1, MIB), number < MAX_TRACKED, "{number}");
            // No grant is left, but each bucket lacks something.
            repeats.note_used(&request);
        }
        assert_eq!((repeats.webhooks.len(), repeats.shapes.len()), (MAX_TRACKED, MAX_TRACKED));
    }
}
