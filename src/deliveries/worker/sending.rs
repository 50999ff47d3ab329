//! How many deliveries this server is sending, and how many more may begin.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use crate::primitives::id::CompanyId;

/// The maximum number of concurrent deliveries of a server.
const MAX_SENDING: usize = 256;
/// The maximum number of concurrent deliveries of a company. A body has at most 1 MiB, so this also limits their memory.
const MAX_SENDING_OF_COMPANY: usize = 64;

/// The deliveries that this server is sending, by company or by destination.
pub(super) struct Sending<K = CompanyId>(HashMap<K, usize>);

impl<K> Default for Sending<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Sending<K> {
    pub(super) fn begin(&mut self, key: K, count: usize) {
        *self.0.entry(key).or_default() += count;
    }

    pub(super) fn end(&mut self, key: K) {
        if let Entry::Occupied(mut count) = self.0.entry(key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    pub(super) fn total(&self) -> usize {
        self.0.values().sum()
    }

    pub(super) fn count(&self, key: &K) -> usize {
        self.0.get(key).copied().unwrap_or_default()
    }
}

impl Sending {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many more deliveries of a company may begin, in addition to `others` of any company and `own` of this one. A company
    /// never sends more deliveries than places are free, so that another company always finds a place.
    pub(super) fn capacity(&self, company: CompanyId, others: usize, own: usize) -> usize {
        let of_company = self.count(&company) + own;
        let free = MAX_SENDING.saturating_sub(self.total() + others);
        // Once these have begun, the company has no more deliveries than places are free.
        MAX_SENDING_OF_COMPANY.saturating_sub(of_company).min(free.saturating_sub(of_company).div_ceil(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_has_64_places_at_most_and_leaves_room_for_others() {
        let mut sending = Sending::default();
        let begin = |sending: &mut Sending, company| {
            let count = sending.capacity(company, 0, 0);
            sending.begin(company, count);
            count
        };
        let companies: [CompanyId; 5] = std::array::from_fn(|_| CompanyId::unique());
        assert_eq!(companies.map(|company| begin(&mut sending, company)), [64, 64, 64, 32, 16]);
        for _ in 0..10 {
            sending.end(companies[0]);
        }
        assert_eq!([0, 4].map(|at| sending.capacity(companies[at], 0, 0)), [0, 5], "26 are free");
        assert_eq!(sending.capacity(CompanyId::unique(), 20, 0), 3, "of which 20 are claimed in this cycle");
    }
}
