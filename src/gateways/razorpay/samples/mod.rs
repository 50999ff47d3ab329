//! Sample events of Razorpay: complete life cycles of fictitious payments.

mod entities;
mod scenario;
mod steps;
#[cfg(test)]
mod tests;

use rand::{Rng, RngExt};

use super::RECOMMENDED_EVENTS;
use crate::gateways::samples::{LifeCycle, Merchant, Pace, Sample, Samples, alphanumerics, customers, digits, id, pick, shops};
use steps::Step;

/// What `ks-pay simulate` can send.
pub(super) const SAMPLES: Samples = Samples {
    events: SINGLE_EVENTS,
    usual: "payment.captured",
    single: |event, merchant, at, mut rng| single(event, merchant, at, &mut rng),
    life_cycle: Some(|kind, pace, merchant, end, mut rng| life_cycle_until(kind, pace, merchant, end, &mut rng)),
};

impl LifeCycle {
    /// Returns the maximum number of seconds between the buyer's click and the last event.
    ///
    /// A caller that wants no event dated in the future starts that long ago.
    #[must_use]
    pub fn span(self) -> i64 {
        steps::span(&self.steps(true)).max(steps::span(&self.steps(false)))
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

/// The events that [`single`] can create: those to which merchants are advised to subscribe.
const SINGLE_EVENTS: &[&str] = RECOMMENDED_EVENTS;

/// Creates all events of a new payment that the buyer starts at `at`.
///
/// The events are in the order in which they occur. A gateway does not guarantee this order: shuffle them to simulate that;
/// the times in them remain correct.
pub fn life_cycle(kind: LifeCycle, merchant: &Merchant, at: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let is_won = rng.random_ratio(1, 2);
    scenario::play(&kind.steps(is_won), merchant, at, rng)
}

/// Creates all events of a new payment, the last of which occurs at `end`.
pub fn life_cycle_until(kind: LifeCycle, pace: Pace, merchant: &Merchant, end: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let is_won = rng.random_ratio(1, 2);
    scenario::play_until(&kind.steps(is_won), pace, merchant, end, rng)
}

/// Creates a single event that occurs at `at`, of a payment that has reached that step; `None` if the name is not in
/// `SINGLE_EVENTS`.
pub fn single(event: &str, merchant: &Merchant, at: i64, rng: &mut impl Rng) -> Option<Sample> {
    let step = Step::ALL.into_iter().find(|step| step.event() == event)?;
    scenario::play_last(step.path(), merchant, at, rng)
}
