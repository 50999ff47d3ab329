//! How much diagnosis may hash: in total, and for each webhook.
//!
//! Invariant: the cost of a flood is bounded, and a webhook uses only its part of the budget, so that junk at one webhook
//! does not use up the work for another. At each webhook, requests of a shape that was diagnosed without a finding leave a
//! part of the share to all others. What is diagnosed later, and what is diagnosed a second time, have rates of their own
//! ([`Share`]), so that neither uses up the other's.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::diagnosis;
use crate::primitives::id::ConnectionId;

/// The most bytes hashed for the requests of one interval. A single request may use the maximum of a request instead.
const ROUND_BYTES: usize = 128 * 1024 * 1024;
/// The total hashing budget: burst, and refill per second, in bytes.
const TOTAL_BURST_BYTES: usize = 4 * diagnosis::MAX_WORK_BYTES;
const TOTAL_BYTES_PER_SECOND: usize = 64 * 1024 * 1024;
/// The budget of each webhook.
const WEBHOOK_BURST_BYTES: usize = diagnosis::MAX_WORK_BYTES;
const WEBHOOK_BYTES_PER_SECOND: usize = 32 * 1024 * 1024;
/// The part of a webhook's burst that fruitless shapes leave to others, in bytes.
const RESERVED_BYTES: usize = WEBHOOK_BURST_BYTES / 4;
/// The most bytes hashed for stored requests in one burst: no more is available while requests arrive.
pub(super) const MAX_STORED_BYTES: usize = WEBHOOK_BURST_BYTES - RESERVED_BYTES;
/// A webhook is quiet if no request was rejected there for this long.
const QUIET_AFTER: Duration = Duration::from_secs(5);
/// The most webhooks tracked. Beyond that, those with a full bucket are forgotten.
const MAX_WEBHOOKS: usize = 4096;

/// The number of bytes that may be hashed for the requests of one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) most: usize,
    /// The part that may be used for fruitless shapes.
    pub(super) for_fruitless: usize,
}

/// What bytes are hashed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Requests just rejected.
    New,
    /// Stored requests that were not diagnosed on arrival.
    Stored,
    /// Stored requests from outside the gateway's networks that are diagnosed a second time.
    Repeated,
}

impl Share {
    /// Returns the rates that only this share may use, in bytes per second: for each webhook, and in total.
    const fn rates(self) -> (usize, usize) {
        match self {
            Self::New => (0, 0),
            Self::Stored => (4 * 1024 * 1024, 16 * 1024 * 1024),
            Self::Repeated => (2 * 1024 * 1024, 8 * 1024 * 1024),
        }
    }
}

/// Buckets of the rates of their own, which start empty.
#[derive(Debug, Clone, Copy)]
struct OwnBuckets {
    stored: Bucket,
    repeated: Bucket,
}

impl OwnBuckets {
    fn new() -> Self {
        Self { stored: Bucket::holding(0), repeated: Bucket::holding(0) }
    }

    /// `None` for new requests, which have none.
    const fn of(&mut self, share: Share) -> Option<&mut Bucket> {
        match share {
            Share::New => None,
            Share::Stored => Some(&mut self.stored),
            Share::Repeated => Some(&mut self.repeated),
        }
    }

    fn refill(&mut self, share: Share, per_second: usize) -> usize {
        self.of(share).map_or(0, |bucket| bucket.refill(MAX_STORED_BYTES, per_second))
    }

    fn take(&mut self, share: Share, bytes: usize) {
        if let Some(bucket) = self.of(share) {
            bucket.take(bytes);
        }
    }
}

/// A token bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    level: usize,
    since: Instant,
}

impl Bucket {
    pub(super) fn holding(level: usize) -> Self {
        Self { level, since: Instant::now() }
    }

    pub(super) const fn take(&mut self, bytes: usize) {
        self.level = self.level.saturating_sub(bytes);
    }

    pub(super) fn refill(&mut self, capacity: usize, per_second: usize) -> usize {
        let waited = usize::try_from(self.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.since = Instant::now();
        self.level = capacity.min(self.level.saturating_add(waited.saturating_mul(per_second / 1000)));
        self.level
    }
}

/// The budget of one webhook.
struct Webhook {
    bucket: Bucket,
    own: OwnBuckets,
    /// The time of the last rejection.
    rejected_at: Option<Instant>,
}

/// The hashing budget of the server.
pub(super) struct Budget {
    total: Bucket,
    own: OwnBuckets,
    webhooks: HashMap<ConnectionId, Webhook>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { total: Bucket::holding(TOTAL_BURST_BYTES), own: OwnBuckets::new(), webhooks: HashMap::new() }
    }

    /// Returns the total number of bytes that may be hashed for this many requests of one interval.
    pub(super) fn of_round(&mut self, requests: usize) -> usize {
        self.total.refill(TOTAL_BURST_BYTES, TOTAL_BYTES_PER_SECOND).min(round(requests))
    }

    /// Returns the allowance for requests just rejected at a webhook; `requests` is their number in the whole interval.
    pub(super) fn for_new(&mut self, webhook: ConnectionId, requests: usize) -> Allowance {
        let level = self.level(webhook);
        if let Some(known) = self.webhooks.get_mut(&webhook) {
            known.rejected_at = Some(Instant::now());
        }
        let most = level.min(round(requests));
        Allowance { most, for_fruitless: most.min(level.saturating_sub(RESERVED_BYTES)) }
    }

    /// Returns the allowance for stored requests of a webhook: the budget that new ones do not need, and the rate of the share's
    /// own.
    pub(super) fn for_later(&mut self, share: Share, webhook: ConnectionId) -> Allowance {
        let most = self.unneeded(share, webhook) + self.own(share, webhook);
        Allowance { most, for_fruitless: most }
    }

    /// Returns what new requests do not need. A second diagnosis leaves a reserve at every time: to new requests of its webhook,
    /// and to those of another webhook what a single one may need.
    fn unneeded(&mut self, share: Share, webhook: ConnectionId) -> usize {
        let (level, total) = (self.level(webhook), self.total.refill(TOTAL_BURST_BYTES, TOTAL_BYTES_PER_SECOND));
        let is_quiet = |known: &Webhook| known.rejected_at.is_none_or(|at| at.elapsed() >= QUIET_AFTER);
        let (reserved, of_total) = match share {
            Share::Repeated => (RESERVED_BYTES, WEBHOOK_BURST_BYTES),
            _ if self.webhooks.get(&webhook).is_none_or(is_quiet) => (0, 0),
            _ => (RESERVED_BYTES, 0),
        };
        level.min(total.saturating_sub(of_total)).saturating_sub(reserved)
    }

    /// Returns the rest of the share's own rate at a webhook.
    fn own(&mut self, share: Share, webhook: ConnectionId) -> usize {
        let (rate, total_rate) = share.rates();
        let total = self.own.refill(share, total_rate);
        self.webhooks.get_mut(&webhook).map_or(0, |known| known.own.refill(share, rate)).min(total)
    }

    /// Subtracts the bytes hashed for a webhook: first from what new requests do not need. The rate of the share's own is left to
    /// webhooks that have nothing else.
    pub(super) fn spend(&mut self, share: Share, webhook: ConnectionId, bytes: usize) {
        let own = match share {
            Share::New => 0,
            _ => self.own(share, webhook).min(bytes.saturating_sub(self.unneeded(share, webhook))),
        };
        self.own.take(share, own);
        self.total.take(bytes - own);
        if let Some(known) = self.webhooks.get_mut(&webhook) {
            known.own.take(share, own);
            known.bucket.take(bytes - own);
        }
    }

    fn level(&mut self, webhook: ConnectionId) -> usize {
        if !self.webhooks.contains_key(&webhook) && self.webhooks.len() >= MAX_WEBHOOKS {
            self.webhooks
                .retain(|_, known| known.bucket.refill(WEBHOOK_BURST_BYTES, WEBHOOK_BYTES_PER_SECOND) < WEBHOOK_BURST_BYTES);
        }
        if self.webhooks.len() >= MAX_WEBHOOKS {
            // So many webhooks are flooded simultaneously that none gets more than its part of an interval.
            return ROUND_BYTES;
        }
        let fresh = || Webhook { bucket: Bucket::holding(WEBHOOK_BURST_BYTES), own: OwnBuckets::new(), rejected_at: None };
        let known = self.webhooks.entry(webhook).or_insert_with(fresh);
        known.bucket.refill(WEBHOOK_BURST_BYTES, WEBHOOK_BYTES_PER_SECOND)
    }
}

const fn round(requests: usize) -> usize {
    if requests == 1 { diagnosis::MAX_WORK_BYTES } else { ROUND_BYTES }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> ConnectionId {
        ConnectionId::unique()
    }

    /// Uses all that may be hashed for requests at a webhook.
    fn flood(budget: &mut Budget, webhook: ConnectionId, requests: usize) -> usize {
        let used = budget.for_new(webhook, requests).most.min(budget.of_round(requests));
        budget.spend(Share::New, webhook, used);
        used
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_flood_at_a_webhook_is_examined_at_a_bounded_rate() {
        let (mut budget, webhook) = (Budget::new(), webhook());
        let mut used = 0;
        for _ in 0..WEBHOOK_BURST_BYTES / ROUND_BYTES {
            used += flood(&mut budget, webhook, 200);
        }
        assert_eq!((used, flood(&mut budget, webhook, 200)), (WEBHOOK_BURST_BYTES, 0));
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = flood(&mut budget, webhook, 200);
        assert!((WEBHOOK_BYTES_PER_SECOND - 1024..=WEBHOOK_BYTES_PER_SECOND).contains(&second), "{second}");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(flood(&mut budget, webhook, usize::MAX), ROUND_BYTES);
        assert_eq!(budget.webhooks[&webhook].bucket.level, WEBHOOK_BURST_BYTES - ROUND_BYTES, "no more is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_at_one_webhook_leaves_another_what_a_lone_request_needs() {
        let (mut budget, flooded, other) = (Budget::new(), webhook(), webhook());
        for _ in 0..600 {
            flood(&mut budget, flooded, 200);
            // A single request is an interval of its own.
            flood(&mut budget, flooded, 1);
            tokio::time::advance(Duration::from_millis(200)).await;
        }
        assert!(budget.for_new(flooded, 1).most < ROUND_BYTES);
        assert_eq!(budget.for_new(other, 1).most, diagnosis::MAX_WORK_BYTES);
        assert_eq!(budget.of_round(1), diagnosis::MAX_WORK_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn what_looks_like_a_flood_leaves_a_part_to_others_and_stored_requests_wait_for_the_end_of_it() {
        let (mut budget, webhook) = (Budget::new(), webhook());
        loop {
            let alike = budget.for_new(webhook, 200).for_fruitless;
            if alike == 0 {
                break;
            }
            budget.spend(Share::New, webhook, alike);
        }
        assert_eq!(budget.for_new(webhook, 200), Allowance { most: ROUND_BYTES, for_fruitless: 0 });
        assert_eq!(budget.for_later(Share::Stored, webhook).most, 0);
        tokio::time::advance(QUIET_AFTER).await;
        assert!(budget.for_later(Share::Stored, webhook).most > RESERVED_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_never_stop_do_not_keep_stored_ones_from_being_examined() {
        for requests in [1, 200] {
            let (mut budget, webhook) = (Budget::new(), webhook());
            let mut waited = 0;
            flood(&mut budget, webhook, requests);
            while budget.for_later(Share::Stored, webhook).most < MAX_STORED_BYTES {
                flood(&mut budget, webhook, requests);
                tokio::time::advance(Duration::from_secs(4)).await;
                waited += 4;
                assert!(waited <= 300, "{waited} s");
            }
            budget.spend(Share::Stored, webhook, MAX_STORED_BYTES);
            assert!(budget.for_later(Share::Stored, webhook).most < MAX_STORED_BYTES);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_webhook_with_a_share_left_leaves_the_common_rate_to_others() {
        let (mut budget, quiet, flooded) = (Budget::new(), webhook(), webhook());
        for webhook in [quiet, flooded] {
            budget.for_new(webhook, 1);
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        flood(&mut budget, flooded, 1);
        let before = budget.own(Share::Stored, flooded);
        assert!(before > 0);
        budget.spend(Share::Stored, quiet, MAX_STORED_BYTES / 2);
        assert_eq!(budget.own(Share::Stored, flooded), before);
    }

    #[tokio::test(start_paused = true)]
    async fn stored_requests_of_all_webhooks_share_a_bounded_rate() {
        let mut budget = Budget::new();
        let (_, per_second) = Share::Stored.rates();
        let webhooks: [ConnectionId; 8] = std::array::from_fn(|_| webhook());
        let mut used = 0;
        for second in 0..120 {
            for webhook in webhooks {
                budget.for_new(webhook, 200);
                budget.spend(Share::New, webhook, TOTAL_BURST_BYTES);
                let most = budget.for_later(Share::Stored, webhook).most;
                budget.spend(Share::Stored, webhook, most);
                used += most;
            }
            assert!(used <= second * per_second, "{used} bytes in {second} s");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(used > 100 * per_second, "{used} bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn second_diagnoses_use_a_fixed_rate_and_leave_every_other_share_as_it_is() {
        let (mut budget, flooded) = (Budget::new(), webhook());
        let (_, per_second) = Share::Repeated.rates();
        let webhooks: [ConnectionId; 8] = std::array::from_fn(|_| webhook());
        let mut used = 0;
        for second in 0..120 {
            for webhook in webhooks {
                // Junk leaves nothing of what new requests may use.
                budget.for_new(webhook, 200);
                budget.spend(Share::New, webhook, TOTAL_BURST_BYTES);
                let stored = budget.for_later(Share::Stored, webhook);
                let most = budget.for_later(Share::Repeated, webhook).most;
                budget.spend(Share::Repeated, webhook, most);
                assert_eq!(budget.for_later(Share::Stored, webhook), stored, "the share of stored requests");
                used += most;
            }
            assert!(used <= second * per_second, "{used} bytes in {second} s");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(used > 100 * per_second, "{used} bytes");
        tokio::time::advance(Duration::from_mins(10)).await;
        budget.for_new(flooded, 200);
        tokio::time::advance(QUIET_AFTER).await;
        for _ in 0..100 {
            let most = budget.for_later(Share::Repeated, flooded).most;
            budget.spend(Share::Repeated, flooded, most);
        }
        assert!(budget.for_new(flooded, 1).most >= RESERVED_BYTES);
        assert_eq!(budget.for_new(webhook(), 1).most.min(budget.of_round(1)), diagnosis::MAX_WORK_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let mut budget = Budget::new();
        for _ in 0..2 * MAX_WEBHOOKS {
            let webhook = webhook();
            budget.for_new(webhook, 2);
            budget.spend(Share::New, webhook, 1024 * 1024);
        }
        assert_eq!(budget.webhooks.len(), MAX_WEBHOOKS);
        tokio::time::advance(Duration::from_mins(1)).await;
        budget.for_new(webhook(), 2);
        assert_eq!(budget.webhooks.len(), 1);
    }
}
