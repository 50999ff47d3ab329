//! Chooses which stored requests are evicted when storage is full. Pure.
//!
//! Invariant: cheap requests never evict costly ones. Proven requests stay longest, then those that may be genuine, then
//! those that can never be recovered, then further copies of a signed text. Within a rank every cause has the same share,
//! within a cause every network, and within a network every sender, so that a flood evicts only its own requests.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
};

use super::{
    Cause,
    diagnose::DiagnosedRequest,
    proof::{self, KeyKind},
};
use crate::primitives::{
    id::{RejectionId, RequestId},
    network::network,
};

/// A request of more bytes shares only with other long ones, so that a sender's long requests do not evict its short ones.
const LONG_REQUEST_BYTES: i64 = 32 * 1024;
/// The least that a request weighs, in bytes: that of a typical event, so that tiny requests from very many networks do not
/// precede it.
const TYPICAL_EVENT_BYTES: i64 = 4 * 1024;

/// The cost of forging such a request, and whether it can still become an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i64)]
pub(crate) enum EvictionRank {
    /// No outsider can have made it.
    Proven = 0,
    /// May be genuine: signed with a secret that is not known here.
    Possible = 1,
    /// Can never be recovered, even if it is genuine.
    Unrecoverable = 2,
}

impl EvictionRank {
    pub(crate) fn of(examined: &DiagnosedRequest) -> Self {
        let (cause, signer) = (examined.diagnosis.cause, examined.diagnosis.signer.as_ref());
        // Signed with a key that others know, or over a text that customers hold: it can never be adopted.
        let is_public = |kind| matches!(kind, KeyKind::Public | KeyKind::ApiKeySecret);
        let is_proven = proof::is_proven(examined);
        let is_worthless = !is_proven && signer.is_some_and(|signer| signer.is_guessable || is_public(signer.kind));
        if examined.sample.is_truncated
            || cause.is_unrecoverable()
            || matches!(cause, Cause::CheckoutSignature | Cause::NotKeyed)
            || is_worthless
        {
            Self::Unrecoverable
        } else if is_proven {
            Self::Proven
        } else {
            Self::Possible
        }
    }
}

/// Returns the network of a sender in hexadecimal, as stored.
pub(crate) fn sender(address: IpAddr) -> String {
    match network(address.to_canonical()) {
        IpAddr::V4(address) => format!("{:08x}", u32::from(address)),
        IpAddr::V6(address) => format!("{:016x}", u128::from(address) >> 64),
    }
}

/// Returns the [`site`](crate::primitives::network::site) of a sender in the same notation. One owner may have all of a site.
fn around(sender: &str) -> &str {
    sender.get(..sender.len() / 4 * 3).unwrap_or(sender)
}

/// A stored request, without its content.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EvictionCandidate {
    pub(crate) id: RequestId,
    pub(crate) rejection_id: RejectionId,
    pub(crate) digest: Vec<u8>,
    pub(crate) eviction_rank: i64,
    pub(crate) sender: String,
    pub(crate) bytes: i64,
    pub(crate) is_recovered: bool,
    pub(crate) cause: String,
    pub(crate) key_digest: Option<Vec<u8>>,
}

/// The storage of a connection, or of one rejection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StorageQuota {
    pub(crate) rows: i64,
    pub(crate) bytes: i64,
}

impl StorageQuota {
    pub(crate) const fn fits(self, (rows, bytes): (i64, i64)) -> bool {
        rows <= self.rows && bytes <= self.bytes
    }

    /// Returns the part that one rejection may use.
    pub(crate) const fn of_one(self) -> Self {
        Self { rows: self.rows / 2, bytes: self.bytes / 2 }
    }

    /// Ranking is more expensive than counting, so an eviction frees enough for many requests.
    const fn with_headroom(self) -> Self {
        Self { rows: self.rows / 8 * 7, bytes: self.bytes / 8 * 7 }
    }

    /// Returns the quota to enforce on something of this size.
    const fn if_over(self, taken: (i64, i64)) -> Self {
        if self.fits(taken) { self } else { self.with_headroom() }
    }
}

/// Returns the requests to evict. A rejection or a connection over its quota is reduced to less than the quota; one within it
/// loses nothing.
pub(crate) fn evicted(stored: &[EvictionCandidate], room: StorageQuota) -> Vec<RequestId> {
    let with = |(rows, bytes): (i64, i64), request: &EvictionCandidate| (rows + 1, bytes + request.bytes);
    let mut totals: HashMap<RejectionId, (i64, i64)> = HashMap::new();
    for request in stored {
        let total = totals.entry(request.rejection_id).or_default();
        *total = with(*total, request);
    }
    let all = room.if_over(stored.iter().fold((0, 0), with));
    let mut taken = (0, 0);
    let mut of_one: HashMap<RejectionId, (i64, i64)> = HashMap::new();
    let mut gone = Vec::new();
    for request in in_order(stored) {
        let own = of_one.entry(request.rejection_id).or_default();
        let one = room.of_one().if_over(totals.get(&request.rejection_id).copied().unwrap_or_default());
        if all.fits(with(taken, request)) && one.fits(with(*own, request)) {
            (taken, *own) = (with(taken, request), with(*own, request));
        } else {
            gone.push(request.id);
        }
    }
    gone
}

/// Returns the requests in order of their rank, those to keep longest first.
fn in_order(stored: &[EvictionCandidate]) -> Vec<&EvictionCandidate> {
    // The shortest copy of a signed text represents it: the others only repeat it.
    let mut copies: Vec<&EvictionCandidate> = stored.iter().collect();
    copies.sort_by_key(|request| (request.bytes, request.id));
    let mut seen = HashSet::new();
    let mut classes: BTreeMap<i64, Vec<&EvictionCandidate>> = BTreeMap::new();
    for request in copies {
        let class = match request.eviction_rank {
            _ if !seen.insert(&request.digest) => EvictionRank::Unrecoverable as i64 + 1,
            _ if request.is_recovered => EvictionRank::Unrecoverable as i64,
            rank => rank,
        };
        classes.entry(class).or_default().push(request);
    }
    classes.into_values().flat_map(|class| fairly(class, 0)).collect()
}

/// Orders requests so that any prefix has equal shares in bytes for every group, level by level. Within the last level the
/// newest are first.
fn fairly(mut requests: Vec<&EvictionCandidate>, level: usize) -> Vec<&EvictionCandidate> {
    let Some(group) = LEVELS.get(level) else {
        requests.sort_by_key(|request| std::cmp::Reverse(request.id));
        return requests;
    };
    let mut groups: BTreeMap<Group<'_>, Vec<&EvictionCandidate>> = BTreeMap::new();
    for request in requests {
        groups.entry(group(request)).or_default().push(request);
    }
    let mut ordered: Vec<(i64, &EvictionCandidate)> = Vec::new();
    for members in groups.into_values() {
        let mut share = 0;
        ordered.extend(fairly(members, level + 1).into_iter().map(|request| {
            share += request.bytes.max(TYPICAL_EVENT_BYTES);
            (share, request)
        }));
    }
    ordered.sort_by_key(|(share, request)| (*share, std::cmp::Reverse(request.id)));
    ordered.into_iter().map(|(_, request)| request).collect()
}

/// The common properties of a group.
type Group<'a> = (&'a str, &'a [u8], bool);

const LEVELS: &[for<'a> fn(&'a EvictionCandidate) -> Group<'a>] = &[
    |request| (&request.cause, request.key_digest.as_deref().unwrap_or_default(), false),
    |request| (around(&request.sender), &[], false),
    |request| (&request.sender, &[], request.bytes > LONG_REQUEST_BYTES),
];

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: StorageQuota = StorageQuota { rows: 2000, bytes: 8 * 1024 * 1024 };

    struct Stock {
        rejections: HashMap<String, RejectionId>,
        stored: Vec<EvictionCandidate>,
    }

    impl Stock {
        fn new() -> Self {
            Self { rejections: HashMap::new(), stored: Vec::new() }
        }

        /// Stores a request and evicts those over the quota, as a server does.
        fn add(&mut self, cause: &str, eviction_rank: EvictionRank, from: [u8; 4], (digest, bytes): (&str, i64)) {
            let rejection_id = *self.rejections.entry(cause.to_owned()).or_insert_with(RejectionId::unique);
            self.stored.push(EvictionCandidate {
                id: RequestId::unique(),
                rejection_id,
                digest: digest.as_bytes().to_vec(),
                eviction_rank: eviction_rank as i64,
                sender: sender(from.into()),
                bytes,
                is_recovered: false,
                cause: cause.to_owned(),
                key_digest: None,
            });
            let taken =
                |stored: &[EvictionCandidate]| (stored.len().try_into().unwrap(), stored.iter().map(|one| one.bytes).sum());
            let of_one: Vec<EvictionCandidate> =
                self.stored.iter().filter(|one| one.rejection_id == rejection_id).cloned().collect();
            if !QUOTA.fits(taken(&self.stored)) || !QUOTA.of_one().fits(taken(&of_one)) {
                let gone: HashSet<RequestId> = evicted(&self.stored, QUOTA).into_iter().collect();
                self.stored.retain(|one| !gone.contains(&one.id));
            }
            assert!(QUOTA.fits(taken(&self.stored)), "the quota is never exceeded");
        }

        fn count(&self, mark: &str) -> usize {
            self.stored.iter().filter(|one| one.digest.starts_with(mark.as_bytes())).count()
        }
    }

    fn merchants(stock: &mut Stock) {
        for number in 0..200 {
            stock.add("secret_with_space", EvictionRank::Proven, [192, 0, 2, 1], (&format!("own {number}"), 3000));
            stock.add("unknown", EvictionRank::Possible, [192, 0, 2, 1], (&format!("lost {number}"), 3000));
        }
    }

    #[test]
    fn cheap_requests_evict_nothing_but_each_other() {
        let mut stock = Stock::new();
        merchants(&mut stock);
        for number in 0..4000_u32 {
            let [.., high, low] = number.to_be_bytes();
            // Unsigned requests, requests of a customer, and unknown ones from one network.
            stock.add("no_signature", EvictionRank::Unrecoverable, [198, 51, high, low], (&format!("a {number}"), 24_000));
            stock.add("key_secret", EvictionRank::Unrecoverable, [203, 0, high, low], (&format!("b {number}"), 24_000));
            stock.add("unknown", EvictionRank::Possible, [198, 51, 100, low], (&format!("c {number}"), 24_000));
        }
        assert_eq!((stock.count("own"), stock.count("lost")), (200, 200));
    }

    #[test]
    fn copies_of_one_signed_text_evict_nothing() {
        let mut stock = Stock::new();
        merchants(&mut stock);
        stock.add("body_wrapped", EvictionRank::Proven, [198, 51, 100, 7], ("seen", 250_000));
        stock.add("old_secret", EvictionRank::Proven, [192, 0, 2, 1], ("seen", 3000));
        for number in 0..1000_u32 {
            let [.., high, low] = number.to_be_bytes();
            stock.add(&format!("renamed {number}"), EvictionRank::Proven, [198, 51, high, low], ("seen", 24_000));
        }
        assert_eq!((stock.count("own"), stock.count("lost")), (200, 200));
        assert!(stock.stored.iter().any(|one| one.digest == b"seen" && one.bytes == 3000), "the shortest copy stays");
    }

    #[test]
    fn a_long_lasting_fault_does_not_evict_another() {
        let mut stock = Stock::new();
        merchants(&mut stock);
        for number in 0..6000 {
            stock.add("body_respaced", EvictionRank::Proven, [192, 0, 2, 1], (&format!("new {number}"), 3000));
        }
        assert_eq!((stock.count("own"), stock.count("lost")), (200, 200));
        assert!((800..=1000).contains(&stock.count("new")), "one rejection has half of the room: {}", stock.count("new"));
        assert!(stock.stored.iter().any(|one| one.digest == b"new 5999"), "its newest stay");
    }

    #[test]
    fn a_network_that_one_owner_has_shares_as_one() {
        let of = |address: &str| sender(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(around(&of("2001:db8:1:2::1")), around(&of("2001:db8:1:3::1")));
        assert_ne!(around(&of("2001:db8:1:2::1")), around(&of("2001:db8:2:2::1")));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(around(&of("192.0.2.1")), around(&of("192.0.2.77")));
        for address in ["192.0.2.77", "2001:db8:1:2::1"] {
            let site = crate::primitives::network::site(address.parse().unwrap());
            assert_eq!(around(&of(address)), around(&sender(site)), "{address}");
        }
    }
}
