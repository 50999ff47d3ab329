//! Limits the memory of requests without a response: one budget in bytes for the heads and bodies of all routes.
//!
//! Invariant: when the budget is used up, only connections of the address that holds most are rejected, with 503. A request
//! is part of the budget from its first byte until its response is created, or until it is handed over to a queue with its
//! own limit: the group commit's for authentic events, the recorder's for rejected requests.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
};

use futures_util::task::AtomicWaker;

/// The budget of one server, in bytes.
const BUDGET_BYTES: usize = 64 * 1024 * 1024;
/// The number of bytes that each connection may hold uncounted. Nearly every webhook fits into one such read, which then
/// needs no lock.
const UNCOUNTED_BYTES: usize = 4096;

/// The bytes held by the connections of one server.
#[derive(Clone)]
pub(crate) struct ByteBudget {
    limit: usize,
    holdings: Arc<Mutex<Holdings>>,
}

#[derive(Default)]
struct Holdings {
    total: usize,
    by_address: HashMap<IpAddr, Address>,
    next_id: u64,
}

#[derive(Default)]
struct Address {
    bytes: usize,
    connections: HashMap<u64, Connection>,
}

struct Connection {
    bytes: usize,
    eviction: Arc<Eviction>,
}

/// Signals to a connection that it must release its bytes, and holds the task to wake.
#[derive(Default)]
struct Eviction {
    is_due: AtomicBool,
    waker: AtomicWaker,
}

/// The part of the budget that one connection holds; returned when dropped.
pub(crate) struct Holding {
    budget: ByteBudget,
    address: IpAddr,
    id: u64,
    bytes: usize,
    eviction: Arc<Eviction>,
}

impl ByteBudget {
    pub(crate) fn new() -> Self {
        Self::with_limit(BUDGET_BYTES)
    }

    pub(crate) fn with_limit(limit: usize) -> Self {
        Self { limit, holdings: Arc::default() }
    }

    /// Returns the empty holding of a new connection. `address` is an IPv4 address or an IPv6 /64.
    pub(crate) fn open(&self, address: IpAddr) -> Holding {
        let mut holdings = self.lock();
        holdings.next_id += 1;
        Holding { budget: self.clone(), address, id: holdings.next_id, bytes: 0, eviction: Arc::default() }
    }

    /// Returns the bytes that all connections hold.
    #[cfg(test)]
    pub(crate) fn total(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Holdings> {
        self.holdings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holdings {
    /// Evicts the largest holdings of the address that holds most, repeatedly, until an eighth of the budget is free: this
    /// keeps the cost of the search per received byte low.
    fn evict_to_limit(&mut self, limit: usize) {
        let enough = limit - limit / 8;
        while self.total > enough {
            let Some(address) = self.largest() else { return };
            self.evict_from(address, enough);
        }
    }

    fn largest(&self) -> Option<IpAddr> {
        self.by_address.iter().max_by_key(|(_, one)| one.bytes).map(|(address, _)| *address)
    }

    /// Evicts until the address holds half as much as before, or enough is free.
    fn evict_from(&mut self, address: IpAddr, enough: usize) {
        let Some(one) = self.by_address.get(&address) else { return };
        let half = one.bytes / 2;
        let mut connections: Vec<_> = one.connections.iter().map(|(id, connection)| (connection.bytes, *id)).collect();
        connections.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (_, id) in connections {
            if self.total <= enough || self.by_address.get(&address).is_none_or(|one| one.bytes <= half) {
                return;
            }
            if let Some(eviction) = self.remove(address, id) {
                eviction.is_due.store(true, Ordering::Release);
                eviction.waker.wake();
            }
        }
    }

    /// Sets the number of bytes that a connection holds.
    fn set(&mut self, holding: &Holding, bytes: usize) {
        let address = self.by_address.entry(holding.address).or_default();
        let connection = address
            .connections
            .entry(holding.id)
            .or_insert_with(|| Connection { bytes: 0, eviction: Arc::clone(&holding.eviction) });
        address.bytes = address.bytes - connection.bytes + bytes;
        self.total = self.total - connection.bytes + bytes;
        connection.bytes = bytes;
    }

    fn remove(&mut self, address: IpAddr, id: u64) -> Option<Arc<Eviction>> {
        let one = self.by_address.get_mut(&address)?;
        let connection = one.connections.remove(&id)?;
        one.bytes -= connection.bytes;
        self.total -= connection.bytes;
        if one.connections.is_empty() {
            self.by_address.remove(&address);
        }
        Some(connection.eviction)
    }
}

impl Holding {
    /// Sets the number of bytes of a request that the connection holds so far. This may evict others, or this one.
    pub(crate) fn set(&mut self, bytes: usize) {
        if bytes <= UNCOUNTED_BYTES {
            return self.release();
        }
        self.bytes = bytes;
        if self.is_evicted() {
            return;
        }
        let mut holdings = self.budget.lock();
        holdings.set(self, bytes);
        if holdings.total > self.budget.limit {
            holdings.evict_to_limit(self.budget.limit);
        }
    }

    /// Returns all bytes to the budget.
    pub(crate) fn release(&mut self) {
        if std::mem::take(&mut self.bytes) > 0 {
            self.budget.lock().remove(self.address, self.id);
        }
        if self.is_evicted() {
            // The eviction came too late, and must not hit the next request of the connection.
            self.eviction = Arc::default();
        }
    }

    /// Attributes the bytes to the client that a trusted proxy names, instead of the proxy.
    pub(crate) fn move_to(&mut self, address: IpAddr) {
        let bytes = self.bytes;
        self.release();
        self.address = address;
        self.set(bytes);
    }

    /// True if it uses a part of the budget.
    pub(crate) const fn is_counted(&self) -> bool {
        self.bytes > 0
    }

    /// True if the connection must be rejected.
    pub(crate) fn is_evicted(&self) -> bool {
        self.eviction.is_due.load(Ordering::Acquire)
    }

    /// Wakes this task when the connection is evicted.
    pub(crate) fn watch(&self, context: &Context<'_>) {
        self.eviction.waker.register(context.waker());
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn the_address_that_holds_most_gives_way_and_no_other() {
        let budget = ByteBudget::with_limit(800 * KIB);
        let open = |last, bytes| {
            let mut holding = budget.open(address(last));
            holding.set(bytes);
            holding
        };
        let honest: Vec<_> = (1..=5).map(|last| open(last, 20 * KIB)).collect();
        let greedy: Vec<_> = (0..100).map(|_| open(9, 30 * KIB)).collect();
        assert!(budget.total() <= 800 * KIB);
        assert!(!honest.iter().any(Holding::is_evicted));
        assert!(!greedy.last().unwrap().is_evicted() || greedy.iter().any(|one| !one.is_evicted()), "some of it stays");
        assert!(greedy.iter().filter(|one| one.is_evicted()).count() >= 70);
    }

    #[test]
    fn of_one_address_the_largest_gives_way() {
        let budget = ByteBudget::with_limit(100 * KIB);
        let (mut small, mut large, mut last) = (budget.open(address(1)), budget.open(address(1)), budget.open(address(1)));
        small.set(10 * KIB);
        large.set(80 * KIB);
        last.set(20 * KIB);
        assert!(large.is_evicted() && !small.is_evicted() && !last.is_evicted());
        assert_eq!(budget.total(), 30 * KIB);
        large.set(90 * KIB);
        assert_eq!(budget.total(), 30 * KIB, "what was evicted counts no more");
        large.release();
        assert!(!large.is_evicted(), "the next request of that connection is not turned away");
    }

    #[test]
    fn a_small_request_is_not_counted_and_one_that_is_released_gives_everything_back() {
        let budget = ByteBudget::with_limit(100 * KIB);
        let mut holding = budget.open(address(1));
        holding.set(UNCOUNTED_BYTES);
        assert_eq!(budget.total(), 0);
        holding.set(50 * KIB);
        assert_eq!(budget.total(), 50 * KIB);
        holding.release();
        assert_eq!(budget.total(), 0);
        holding.set(60 * KIB);
        drop(holding);
        assert!(budget.lock().by_address.is_empty() && budget.total() == 0);
    }

    #[test]
    fn what_a_proxy_forwards_counts_for_its_client() {
        let budget = ByteBudget::with_limit(100 * KIB);
        let forward = |client, bytes| {
            let mut holding = budget.open(address(250));
            holding.set(bytes);
            holding.move_to(address(client));
            holding
        };
        let honest = forward(1, 40 * KIB);
        let greedy: Vec<_> = (0..4).map(|_| forward(2, 20 * KIB)).collect();
        assert!(!honest.is_evicted() && greedy.iter().any(Holding::is_evicted));
        drop((honest, greedy));
        assert!(budget.lock().by_address.is_empty());
    }
}
