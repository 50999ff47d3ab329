//! Limits the number of request bodies in flight per client address. Their size is limited by `byte_budget.rs`.
//!
//! Invariant: if an address has too many, its oldest is evicted, with a response that asks for a retry. A gateway's body
//! arrives within milliseconds, so this hits bodies that are sent byte by byte.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// The maximum number of bodies in flight per address.
const MAX_BODIES_PER_ADDRESS: usize = 256;
/// The bodies in flight at a server.
pub(crate) struct InFlightBodies {
    by_address: Mutex<HashMap<IpAddr, VecDeque<Arc<Notify>>>>,
}

/// A body in flight.
pub(crate) struct InFlightBody<'a> {
    pending: &'a InFlightBodies,
    address: IpAddr,
    gives_way: Arc<Notify>,
}

impl InFlightBodies {
    pub(crate) fn new() -> Self {
        Self { by_address: Mutex::default() }
    }

    /// Registers a body of the address. Evicts the oldest one of the address if it has too many.
    pub(crate) fn register(&self, address: IpAddr) -> InFlightBody<'_> {
        let gives_way = Arc::new(Notify::new());
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let places = by_address.entry(address).or_default();
        places.push_back(Arc::clone(&gives_way));
        if places.len() > MAX_BODIES_PER_ADDRESS
            && let Some(oldest) = places.pop_front()
        {
            oldest.notify_one();
        }
        drop(by_address);
        InFlightBody { pending: self, address, gives_way }
    }
}

impl InFlightBody<'_> {
    /// Resolves when this body is evicted.
    pub(crate) async fn evicted(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for InFlightBody<'_> {
    fn drop(&mut self) {
        let mut by_address = self.pending.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = by_address.get_mut(&self.address) {
            places.retain(|gives_way| !Arc::ptr_eq(gives_way, &self.gives_way));
            if places.is_empty() {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_further_body_replaces_the_oldest_of_its_own_address() {
        let pending = InFlightBodies::new();
        let other = pending.register(address(2));
        let places: Vec<_> = (0..=MAX_BODIES_PER_ADDRESS).map(|_| pending.register(address(1))).collect();
        let gave_way = |in_flight: &InFlightBody<'_>| in_flight.evicted().now_or_never().is_some();
        assert!(gave_way(&places[0]));
        assert!(!places[1..].iter().any(gave_way) && !gave_way(&other));
    }

    #[test]
    fn who_has_left_counts_no_more() {
        let pending = InFlightBodies::new();
        for _ in 0..3 * MAX_BODIES_PER_ADDRESS {
            drop(pending.register(address(1)));
        }
        assert!(pending.by_address.lock().unwrap().is_empty());
    }
}
