//! Sample gateway events: whole stories of invented payments, for the simulator, the demo and the tests.
//!
//! The rule kept here: nothing is read from the world. Time and randomness are arguments, so one
//! seed makes the same bytes on every machine.

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

/// One event, ready to be signed and posted.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The event's name, which the body also carries.
    pub event: &'static str,
    /// The gateway's id of the event, unique to it; it travels in a header, never in the body.
    pub event_id: String,
    /// The exact octets to sign and to send.
    pub body: Vec<u8>,
    /// When the event happened, in Unix seconds, as the body says.
    pub at: i64,
    /// How many milliseconds to wait before sending it, so that a watcher can follow.
    pub after_ms: u64,
}

/// What becomes of one payment, from its first event to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeCycle {
    /// Authorised, captured, order paid.
    Paid,
    /// Refused at first; then the buyer tries again in the UPI app, and the same payment succeeds.
    FailedThenPaid,
    /// Paid, then a part of the money goes back.
    PartlyRefunded,
    /// Paid, then contested at the buyer's bank, then won or lost.
    Disputed,
    /// Paid, then settled to the shop's bank account.
    Settled,
}

impl LifeCycle {
    /// Every life cycle, plainest first.
    pub const ALL: [Self; 5] = [Self::Paid, Self::FailedThenPaid, Self::PartlyRefunded, Self::Disputed, Self::Settled];

    /// The most seconds that can pass between the buyer's click and the last event.
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

/// A name that is no life cycle.
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
    /// Whose name and goods the events speak of.
    pub shop: &'static Shop,
}

impl Merchant {
    /// Opens an account for a shop chosen at random.
    pub fn new(rng: &mut impl Rng) -> Self {
        let shop = pick(SHOPS, rng);
        Self::of(shop, rng)
    }

    /// The simulated shop behind a webhook's URL, the same each time. Its account is the reserved one, which never becomes
    /// the connection's.
    #[must_use]
    pub fn behind(url: &str) -> Self {
        let digest = Sha256::digest(url);
        let shop = &SHOPS[usize::from(digest[31]) % SHOPS.len()];
        Self { account_id: crate::gateways::razorpay::SIMULATED_ACCOUNT.to_owned(), shop }
    }

    /// Opens an account for this shop.
    pub fn of(shop: &'static Shop, rng: &mut impl Rng) -> Self {
        Self { account_id: id("acc_", rng), shop }
    }
}

/// The events [`single`] can make: those a merchant is told to subscribe to.
pub const SINGLE_EVENTS: &[&str] = crate::gateways::razorpay::RECOMMENDED_EVENTS;

/// Tells the whole story of one new payment, which the buyer starts at `at`.
///
/// The events come in the order in which they happened. A gateway promises no such order: shuffle
/// them to see that, the times inside stay true.
pub fn life_cycle(kind: LifeCycle, merchant: &Merchant, at: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let is_won = rng.random_ratio(1, 2);
    story::play(&kind.steps(is_won), merchant, at, rng)
}

/// How far apart the steps of a story are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As at a gateway: a payment takes seconds, its dispute days.
    Natural,
    /// Seconds apart at every step.
    Quick,
}

/// All events of one new payment, the last of which happens at `end`.
pub fn life_cycle_until(kind: LifeCycle, pace: Pace, merchant: &Merchant, end: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let is_won = rng.random_ratio(1, 2);
    story::play_until(&kind.steps(is_won), pace, merchant, end, rng)
}

/// Makes one event that happens at `at`, of a payment that has come that far; `None` if the name is
/// not in [`SINGLE_EVENTS`].
pub fn single(event: &str, merchant: &Merchant, at: i64, rng: &mut impl Rng) -> Option<Sample> {
    let step = Step::ALL.into_iter().find(|step| step.event() == event)?;
    story::play_last(step.path(), merchant, at, rng)
}

/// Identifiers at the gateway: a prefix that names the kind, and 14 letters and digits.
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

/// One of `choices`, which must not be empty: callers pass constants.
fn pick<'a, T>(choices: &'a [T], rng: &mut impl Rng) -> &'a T {
    &choices[rng.random_range(0..choices.len())]
}
