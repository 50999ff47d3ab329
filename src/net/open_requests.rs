//! Limits the requests that a server keeps open, in total and per owner: the event streams of users, and the polls of tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The open requests of one server, oldest first. `K` identifies an owner.
#[derive(Clone)]
pub(crate) struct OpenRequests<K> {
    all: Arc<Mutex<Vec<Open<K>>>>,
    limits: OpenLimits,
}

/// How many may be open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenLimits {
    /// The maximum number per server.
    pub(crate) total: usize,
    /// The maximum number per owner.
    pub(crate) of_one: usize,
}

/// The owner of a request, and the signal that ends it.
type Open<K> = (K, Arc<Notify>);

/// An open request; removed from the list on drop.
pub(crate) struct OpenPermit<K: Copy + Eq> {
    requests: OpenRequests<K>,
    /// Ends the request.
    end: Arc<Notify>,
}

impl<K: Copy + Eq> OpenRequests<K> {
    pub(crate) fn new(limits: OpenLimits) -> Self {
        Self { all: Arc::default(), limits }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Open<K>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a request. Above the owner's limit the owner's oldest one ends; above the server's limit, the oldest one of the owner
    /// who has most. The newest is the one most likely in use.
    pub(crate) fn open(&self, owner: K) -> OpenPermit<K> {
        let mut all = self.all();
        let count = |of: K| all.iter().filter(|(owner, _)| *owner == of).count();
        let loser = if count(owner) >= self.limits.of_one {
            Some(owner)
        } else if all.len() >= self.limits.total {
            all.iter().map(|(owner, _)| *owner).max_by_key(|owner| count(*owner))
        } else {
            None
        };
        if let Some(index) = loser.and_then(|loser| all.iter().position(|(owner, _)| *owner == loser)) {
            all.remove(index).1.notify_one();
        }
        let end = Arc::new(Notify::new());
        all.push((owner, Arc::clone(&end)));
        drop(all);
        OpenPermit { requests: self.clone(), end }
    }
}

impl<K: Copy + Eq> OpenPermit<K> {
    /// Waits until the request has to end.
    pub(crate) async fn ended(&self) {
        self.end.notified().await;
    }
}

impl<K: Copy + Eq> Drop for OpenPermit<K> {
    fn drop(&mut self) {
        self.requests.all().retain(|(_, end)| !Arc::ptr_eq(end, &self.end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const LIMITS: OpenLimits = OpenLimits { total: 8, of_one: 3 };

    #[test]
    fn one_owner_has_so_many_and_the_oldest_gives_way() {
        let requests = OpenRequests::new(LIMITS);
        let mut open: Vec<_> = (0..LIMITS.of_one).map(|_| requests.open(1)).collect();
        let newest = requests.open(1);
        assert!(open[0].end.notified().now_or_never().is_some(), "the oldest ends");
        assert!(open[1..].iter().all(|permit| permit.end.notified().now_or_never().is_none()));
        open.remove(0);
        assert_eq!(requests.all().len(), LIMITS.of_one);
        drop((open, newest));
        assert!(requests.all().is_empty());
    }

    #[test]
    fn when_there_are_no_more_the_owner_who_has_most_gives_way() {
        let requests = OpenRequests::new(LIMITS);
        let greedy: Vec<_> = (0..LIMITS.of_one).map(|_| requests.open(1)).collect();
        let modest: Vec<_> = (LIMITS.of_one..LIMITS.total).map(|owner| requests.open(10 + owner)).collect();
        let late = requests.open(0);
        assert!(greedy[0].end.notified().now_or_never().is_some());
        assert!(modest.iter().all(|permit| permit.end.notified().now_or_never().is_none()));
        assert!(late.end.notified().now_or_never().is_none());
    }
}
