//! Sample gateway events: what all gateways share. The events of each are in its folder.
//!
//! Invariant: output depends only on the arguments. Time and randomness are arguments, so a seed yields the same bytes on
//! every machine.

pub(in crate::gateways) mod customers;
pub mod shops;
#[cfg(test)]
pub(crate) mod testing;

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use sha2::{Digest as _, Sha256};

use shops::{SHOPS, Shop};

pub use super::razorpay::samples as razorpay;

/// The account in simulated events. No real id has this length. It is not treated as an account, so that a simulated event
/// never determines the expected account of a connection.
pub(in crate::gateways) const SIMULATED_ACCOUNT: &str = "acc_Simulated";

/// An event, ready to be signed and posted.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The event's name, which the body also contains.
    pub event: &'static str,
    /// The gateway's unique id of the event. It is sent in a header, never in the body.
    pub event_id: String,
    /// The exact bytes to sign and to send.
    pub body: Vec<u8>,
    /// The time of the event in the body, in Unix seconds.
    pub at: i64,
    /// The delay in milliseconds before sending it, so that a viewer can follow.
    pub after_ms: u64,
}

/// The life cycle of a payment, from its first event to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeCycle {
    /// Authorised, captured, order paid.
    Paid,
    /// Fails; then the buyer retries in the UPI app, and the same payment succeeds.
    FailedThenPaid,
    /// Paid, then partially refunded.
    PartlyRefunded,
    /// Paid, then disputed at the buyer's bank, then won or lost.
    Disputed,
    /// Paid, then settled to the shop's bank account.
    Settled,
}

impl LifeCycle {
    /// All life cycles, simplest first.
    pub const ALL: [Self; 5] = [Self::Paid, Self::FailedThenPaid, Self::PartlyRefunded, Self::Disputed, Self::Settled];

    const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::FailedThenPaid => "failed-then-paid",
            Self::PartlyRefunded => "partly-refunded",
            Self::Disputed => "disputed",
            Self::Settled => "settled",
        }
    }
}

impl fmt::Display for LifeCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name is not that of a life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose one of: paid, failed-then-paid, partly-refunded, disputed, settled")]
pub struct UnknownLifeCycle;

impl FromStr for LifeCycle {
    type Err = UnknownLifeCycle;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownLifeCycle)
    }
}

/// A simulated shop and its account at the gateway.
#[derive(Debug, Clone)]
pub struct Merchant {
    /// The gateway's id of the account, the same in every event of the shop.
    pub account_id: String,
    /// The shop whose name and goods appear in the events.
    pub shop: &'static Shop,
}

impl Merchant {
    /// Creates an account for a random shop.
    pub fn new(rng: &mut impl Rng) -> Self {
        let shop = pick(SHOPS, rng);
        Self::of(shop, rng)
    }

    /// Returns the simulated shop of a webhook's URL, always the same for a URL. Its account is the reserved one, which never
    /// becomes the connection's.
    #[must_use]
    pub fn behind(url: &str) -> Self {
        let digest = Sha256::digest(url);
        let shop = &SHOPS[usize::from(digest[31]) % SHOPS.len()];
        Self { account_id: SIMULATED_ACCOUNT.to_owned(), shop }
    }

    /// Creates an account for this shop.
    pub fn of(shop: &'static Shop, rng: &mut impl Rng) -> Self {
        Self { account_id: id("acc_", rng), shop }
    }
}

/// The intervals between the steps of a life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As at a gateway: a payment takes seconds, its dispute days.
    Natural,
    /// A few seconds for every step.
    Quick,
}

/// Generates a gateway id: a prefix for the type, and 14 alphanumeric characters.
pub(in crate::gateways) fn id(prefix: &str, rng: &mut impl Rng) -> String {
    format!("{prefix}{}", alphanumerics(14, rng))
}

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(in crate::gateways) fn alphanumerics(count: usize, rng: &mut impl Rng) -> String {
    (0..count).map(|_| char::from(*pick(ALPHABET, rng))).collect()
}

pub(in crate::gateways) fn digits(count: usize, rng: &mut impl Rng) -> String {
    (0..count).map(|_| char::from(*pick(b"0123456789", rng))).collect()
}

/// Picks one of `choices`, which must not be empty: callers pass constants.
pub(in crate::gateways) fn pick<'a, T>(choices: &'a [T], rng: &mut impl Rng) -> &'a T {
    &choices[rng.random_range(0..choices.len())]
}

type MakeSample = fn(&str, &Merchant, i64, &mut dyn Rng) -> Option<Sample>;
type PlayLifeCycle = fn(LifeCycle, Pace, &Merchant, i64, &mut dyn Rng) -> Vec<Sample>;

/// The sample events of a gateway.
pub(crate) struct Samples {
    /// The events that can be created.
    pub(crate) events: &'static [&'static str],
    /// The one of them that is created if none is named.
    pub(crate) usual: &'static str,
    /// Creates an event that occurs at a time in Unix seconds; `None` if the name is not in the list.
    pub(crate) single: MakeSample,
    /// Creates the events of a payment, the last at a time in Unix seconds; `None` for a gateway without payments.
    pub(crate) life_cycle: Option<PlayLifeCycle>,
}
