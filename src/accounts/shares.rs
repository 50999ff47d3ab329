//! Limits the queue places per account, so that one account cannot fill the queue.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::primitives::id::UserId;

/// Maximum number of places per account, including running jobs.
pub(super) const MAX_PER_ACCOUNT: usize = 4;

/// Number of places taken by each account. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<UserId, usize>>>);

impl Shares {
    /// Takes a place for the account; `None` if it has reached its limit.
    pub(super) fn take(&self, account: UserId) -> Option<Share> {
        let mut taken = self.lock();
        let count = taken.entry(account).or_default();
        if *count >= MAX_PER_ACCOUNT {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Share { shares: self.clone(), account })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place taken by an account; freed on drop.
pub(super) struct Share {
    shares: Shares,
    account: UserId,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        match taken.get_mut(&self.account) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.account)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back_and_nothing_is_remembered() {
        let shares = Shares::default();
        let [meera, ravi] = std::array::from_fn(|_| UserId::unique());
        let taken: Vec<_> = (0..MAX_PER_ACCOUNT).map_while(|_| shares.take(meera)).collect();
        assert_eq!(taken.len(), MAX_PER_ACCOUNT);
        assert!(shares.take(meera).is_none() && shares.take(ravi).is_some());
        drop(taken);
        assert!(shares.lock().is_empty());
    }
}
