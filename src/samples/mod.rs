//! Sample gateway events: complete life cycles of fictitious payments, for the simulator, the demo and the tests.
//!
//! Invariant: output depends only on the arguments. Time and randomness are arguments, so a seed yields the same bytes on
//! every machine.

mod customers;
pub mod generic;
mod razorpay;
pub mod shops;
mod steps;
mod story;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use sha2::{Digest as _, Sha256};

use shops::{SHOPS, Shop};
use steps::Step;

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

    /// Returns the maximum number of seconds between the buyer's click and the last event.
    ///
    /// A caller that wants no event dated in the future starts that long ago.
    #[must_use]
    pub fn span(self) -> i64 {
        steps::span(&self.steps(true)).max(steps::span(&self.steps(false)))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::FailedThenPaid => "failed-then-paid",
            Self::PartlyRefunded => "partly-refunded",
            Self::Disputed => "disputed",
            Self::Settled => "settled",
        }
    }

    fn steps(self, is_won: bool) -> Vec<Step> {
        use Step::{Authorized, Captured, Failed, OrderPaid};
        let paid = [Authorized, Captured, OrderPaid];
        match self {
            Self::Paid => paid.to_vec(),
            Self::FailedThenPaid => [&[Failed], &paid[..]].concat(),
            Self::PartlyRefunded => [&paid[..], &[Step::RefundCreated, Step::RefundProcessed]].concat(),
            Self::Disputed => {
                let outcome = if is_won { Step::DisputeWon } else { Step::DisputeLost };
                [&paid[..], &[Step::DisputeCreated, Step::DisputeUnderReview, outcome]].concat()
            }
            Self::Settled => [&paid[..], &[Step::SettlementProcessed]].concat(),
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
        Self { account_id: crate::gateways::razorpay::SIMULATED_ACCOUNT.to_owned(), shop }
    }

    /// Creates an account for this shop.
    pub fn of(shop: &'static Shop, rng: &mut impl Rng) -> Self {
        Self { account_id: id("acc_", rng), shop }
    }
}

/// The events that [`single`] can create: those to which merchants are advised to subscribe.
pub const SINGLE_EVENTS: &[&str] = crate::gateways::razorpay::RECOMMENDED_EVENTS;

/// Creates all events of a new payment that the buyer starts at `at`.
///
/// The events are in the order in which they occur. A gateway does not guarantee this order: shuffle them to simulate that;
/// the times in them remain correct.
pub fn life_cycle(kind: LifeCycle, merchant: &Merchant, at: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let is_won = rng.random_ratio(1, 2);
    story::play(&kind.steps(is_won), merchant, at, rng)
}

/// The intervals between the steps of a life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As at a gateway: a payment takes seconds, its dispute days.
    Natural,
    /// A few seconds for every step.
    Quick,
}

/// Creates all events of a new payment, the last of which occurs at `end`.
pub fn life_cycle_until(kind: LifeCycle, pace: Pace, merchant: &Merchant, end: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let is_won = rng.random_ratio(1, 2);
    story::play_until(&kind.steps(is_won), pace, merchant, end, rng)
}

/// Creates a single event that occurs at `at`, of a payment that has reached that step; `None` if the name is not in
/// [`SINGLE_EVENTS`].
pub fn single(event: &str, merchant: &Merchant, at: i64, rng: &mut impl Rng) -> Option<Sample> {
    let step = Step::ALL.into_iter().find(|step| step.event() == event)?;
    story::play_last(step.path(), merchant, at, rng)
}

/// Generates a gateway id: a prefix for the type, and 14 alphanumeric characters.
fn id(prefix: &str, rng: &mut impl Rng) -> String {
    format!("{prefix}{}", alphanumerics(14, rng))
}

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn alphanumerics(count: usize, rng: &mut impl Rng) -> String {
    (0..count).map(|_| char::from(*pick(ALPHABET, rng))).collect()
}

fn digits(count: usize, rng: &mut impl Rng) -> String {
    (0..count).map(|_| char::from(*pick(b"0123456789", rng))).collect()
}

/// Picks one of `choices`, which must not be empty: callers pass constants.
fn pick<'a, T>(choices: &'a [T], rng: &mut impl Rng) -> &'a T {
    &choices[rng.random_range(0..choices.len())]
}
