//! How much diagnosis may hash: in total, and for each webhook.
//!
//! Invariant: the cost of a flood is bounded, and a webhook uses only its part of the budget, so that junk at one webhook
//! does not use up the work for another. At each webhook, requests of a shape that was diagnosed without a finding leave a
//! part of the share to all others.

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
/// The hashing rate that only stored requests may use: for each webhook and in total, in bytes per second.
const STORED_BYTES_PER_SECOND: usize = 4 * 1024 * 1024;
const TOTAL_STORED_BYTES_PER_SECOND: usize = 16 * 1024 * 1024;
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

/// A token bucket.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: usize,
    since: Instant,
}

impl Bucket {
    fn holding(level: usize) -> Self {
        Self { level, since: Instant::now() }
    }

    fn refill(&mut self, capacity: usize, per_second: usize) -> usize {
        let waited = usize::try_from(self.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.since = Instant::now();
        self.level = capacity.min(self.level.saturating_add(waited.saturating_mul(per_second / 1000)));
        self.level
    }
}

/// The budget of one webhook.
struct Webhook {
    bucket: Bucket,
    /// Reserved for stored requests.
    stored: Bucket,
    /// The time of the last rejection.
    rejected_at: Option<Instant>,
}

/// The hashing budget of the server.
pub(super) struct Budget {
    total: Bucket,
    /// Reserved for stored requests.
    stored: Bucket,
    webhooks: HashMap<ConnectionId, Webhook>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { total: Bucket::holding(TOTAL_BURST_BYTES), stored: Bucket::holding(0), webhooks: HashMap::new() }
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

    /// Returns the allowance for stored requests of a webhook that were not diagnosed on arrival: the budget that new ones do
    /// not need, and a small rate reserved for them.
    pub(super) fn for_stored(&mut self, webhook: ConnectionId) -> Allowance {
        let level = self.level(webhook).min(self.total.refill(TOTAL_BURST_BYTES, TOTAL_BYTES_PER_SECOND));
        let is_quiet = |known: &Webhook| known.rejected_at.is_none_or(|at| at.elapsed() >= QUIET_AFTER);
        let reserved = if self.webhooks.get(&webhook).is_none_or(is_quiet) { 0 } else { RESERVED_BYTES };
        let most = level.saturating_sub(reserved) + self.own_of_stored(webhook);
        Allowance { most, for_fruitless: most }
    }

    /// Returns the rest of the reserved rate at a webhook.
    fn own_of_stored(&mut self, webhook: ConnectionId) -> usize {
        let total = self.stored.refill(MAX_STORED_BYTES, TOTAL_STORED_BYTES_PER_SECOND);
        let own = self.webhooks.get_mut(&webhook).map(|known| known.stored.refill(MAX_STORED_BYTES, STORED_BYTES_PER_SECOND));
        own.unwrap_or(0).min(total)
    }

    /// Takes what was hashed for stored requests of a webhook: first from what new ones do not need. What only stored ones may use
    /// is shared with webhooks that have nothing else.
    pub(super) fn spend_on_stored(&mut self, webhook: ConnectionId, bytes: usize) {
        let own = self.own_of_stored(webhook);
        let unneeded = self.for_stored(webhook).most.saturating_sub(own);
        let own = own.min(bytes.saturating_sub(unneeded));
        self.stored.level -= own;
        if let Some(known) = self.webhooks.get_mut(&webhook) {
            known.stored.level -= own;
        }
        self.spend(webhook, bytes - own);
    }

    /// Subtracts the bytes hashed for a webhook.
    pub(super) fn spend(&mut self, webhook: ConnectionId, bytes: usize) {
        self.total.level = self.total.level.saturating_sub(bytes);
        if let Some(known) = self.webhooks.get_mut(&webhook) {
            known.bucket.level = known.bucket.level.saturating_sub(bytes);
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
        let fresh = || Webhook { bucket: Bucket::holding(WEBHOOK_BURST_BYTES), stored: Bucket::holding(0), rejected_at: None };
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
    use crate::primitives::time::Timestamp;

    fn webhook() -> ConnectionId {
        ConnectionId::new(Timestamp::from_millis(0))
    }

    /// Uses all that may be hashed for requests at a webhook.
    fn flood(budget: &mut Budget, webhook: ConnectionId, requests: usize) -> usize {
        let used = budget.for_new(webhook, requests).most.min(budget.of_round(requests));
        budget.spend(webhook, used);
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
            budget.spend(webhook, alike);
        }
        assert_eq!(budget.for_new(webhook, 200), Allowance { most: ROUND_BYTES, for_fruitless: 0 });
        assert_eq!(budget.for_stored(webhook).most, 0);
        tokio::time::advance(QUIET_AFTER).await;
        assert!(budget.for_stored(webhook).most > RESERVED_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_never_stop_do_not_keep_stored_ones_from_being_examined() {
        for requests in [1, 200] {
            let (mut budget, webhook) = (Budget::new(), webhook());
            let mut waited = 0;
            flood(&mut budget, webhook, requests);
            while budget.for_stored(webhook).most < MAX_STORED_BYTES {
                flood(&mut budget, webhook, requests);
                tokio::time::advance(Duration::from_secs(4)).await;
                waited += 4;
                assert!(waited <= 300, "{waited} s");
            }
            budget.spend_on_stored(webhook, MAX_STORED_BYTES);
            assert!(budget.for_stored(webhook).most < MAX_STORED_BYTES);
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
        let before = budget.own_of_stored(flooded);
        assert!(before > 0);
        budget.spend_on_stored(quiet, MAX_STORED_BYTES / 2);
        assert_eq!(budget.own_of_stored(flooded), before);
    }

    #[tokio::test(start_paused = true)]
    async fn stored_requests_of_all_webhooks_share_a_bounded_rate() {
        let mut budget = Budget::new();
        let webhooks: [ConnectionId; 8] = std::array::from_fn(|_| webhook());
        let mut used = 0;
        for second in 0..120 {
            for webhook in webhooks {
                budget.for_new(webhook, 200);
                budget.spend(webhook, TOTAL_BURST_BYTES);
                let most = budget.for_stored(webhook).most;
                budget.spend_on_stored(webhook, most);
                used += most;
            }
            assert!(used <= second * TOTAL_STORED_BYTES_PER_SECOND, "{used} bytes in {second} s");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(used > 100 * TOTAL_STORED_BYTES_PER_SECOND, "{used} bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let mut budget = Budget::new();
        for _ in 0..2 * MAX_WEBHOOKS {
            let webhook = webhook();
            budget.for_new(webhook, 2);
            budget.spend(webhook, 1024 * 1024);
        }
        assert_eq!(budget.webhooks.len(), MAX_WEBHOOKS);
        tokio::time::advance(Duration::from_mins(1)).await;
        budget.for_new(webhook(), 2);
        assert_eq!(budget.webhooks.len(), 1);
    }
}
