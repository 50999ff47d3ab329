//! Plays the life cycle of a payment, step by step.
//!
//! Invariant: each step updates the entities of the payment and then serialises them, so the events of a life cycle cannot
//! contradict each other.

use rand::{Rng, RngExt};

use super::entities::{Dispute, Entities, Order, Payment, Refund, Settlement, body};
use super::steps::{QUICK_WAIT, Step, span};
use super::{Merchant, Pace, Sample, alphanumerics};

/// Plays all steps; the buyer clicks at `start`.
pub(super) fn play(steps: &[Step], merchant: &Merchant, start: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let waits = waits(steps, Pace::Natural, rng);
    play_timed(steps, &waits, merchant, start, rng)
}

/// Plays all steps, the last at `end`.
pub(super) fn play_until(steps: &[Step], pace: Pace, merchant: &Merchant, end: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let waits = waits(steps, pace, rng);
    play_timed(steps, &waits, merchant, end - waits.iter().sum::<i64>(), rng)
}

/// Returns random intervals before each step, in seconds.
fn waits(steps: &[Step], pace: Pace, rng: &mut impl Rng) -> Vec<i64> {
    let wait = |step: &Step| match pace {
        Pace::Natural => step.wait(),
        Pace::Quick => QUICK_WAIT,
    };
    steps.iter().map(|step| rng.random_range(wait(step))).collect()
}

fn play_timed(steps: &[Step], waits: &[i64], merchant: &Merchant, start: i64, rng: &mut impl Rng) -> Vec<Sample> {
    let mut scenario = Scenario::begin(steps, merchant, start, rng);
    let mut now = start;
    let mut play = |(step, wait): (&Step, &i64)| {
        now += wait;
        scenario.take(*step, now, rng);
        scenario.sample(*step, now, rng)
    };
    steps.iter().zip(waits).map(&mut play).collect()
}

/// Plays all steps, the last at `end`, and returns only the event of the last.
pub(super) fn play_last(steps: &[Step], merchant: &Merchant, end: i64, rng: &mut impl Rng) -> Option<Sample> {
    let (&last, before) = steps.split_last()?;
    let mut now = end - span(steps);
    let mut scenario = Scenario::begin(steps, merchant, now, rng);
    for &step in before {
        now += rng.random_range(step.wait());
        scenario.take(step, now, rng);
    }
    scenario.take(last, end, rng);
    Some(scenario.sample(last, end, rng))
}

/// The entities of a payment so far.
struct Scenario<'a> {
    merchant: &'a Merchant,
    /// Only suspected fraud ends in "closed", so the last step determines the phase.
    phase: &'static str,
    order: Order,
    payment: Payment,
    refund: Option<Refund>,
    dispute: Option<Dispute>,
    settlement: Option<Settlement>,
}

impl<'a> Scenario<'a> {
    fn begin(steps: &[Step], merchant: &'a Merchant, at: i64, rng: &mut impl Rng) -> Self {
        // A retry keeps the payment's id only within a UPI app.
        let is_retried = steps.contains(&Step::Failed) && steps.contains(&Step::Authorized);
        let ordered_at = at - rng.random_range(5..=90);
        let (order, payment) = Payment::begin(merchant.shop, is_retried.then_some("upi"), (ordered_at, at), rng);
        let phase = if steps.contains(&Step::DisputeClosed) { "fraud" } else { "chargeback" };
        Self { merchant, phase, order, payment, refund: None, dispute: None, settlement: None }
    }

    fn take(&mut self, step: Step, now: i64, rng: &mut impl Rng) {
        match step {
            Step::Authorized => self.payment.authorize(rng),
            Step::Captured => self.payment.capture(),
            Step::Failed => self.payment.fail(rng),
            Step::OrderPaid => self.order.pay(),
            Step::RefundCreated => {
                let refund = Refund::of(&self.payment, now, rng);
                self.payment.set_refunded(refund.amount);
                self.refund = Some(refund);
            }
            Step::RefundProcessed => self.refund.iter_mut().for_each(|refund| refund.process(rng)),
            Step::RefundFailed => {
                self.payment.set_refunded(0);
                self.refund.iter_mut().for_each(Refund::fail);
            }
            Step::DisputeCreated => {
                self.dispute = Some(Dispute::of(&self.payment, self.phase, now, rng));
            }
            Step::DisputeActionRequired => {}
            Step::DisputeUnderReview => self.move_dispute("under_review"),
            Step::DisputeWon => self.move_dispute("won"),
            Step::DisputeLost => self.move_dispute("lost"),
            Step::DisputeClosed => self.move_dispute("closed"),
            Step::SettlementProcessed => {
                self.settlement = Some(Settlement::of(&self.payment, now, rng));
            }
        }
    }

    fn move_dispute(&mut self, status: &'static str) {
        self.dispute.iter_mut().for_each(|dispute| dispute.move_to(status));
    }

    fn sample(&self, step: Step, now: i64, rng: &mut impl Rng) -> Sample {
        let entities = Entities {
            payment: &self.payment,
            order: &self.order,
            refund: self.refund.as_ref(),
            dispute: self.dispute.as_ref(),
            settlement: self.settlement.as_ref(),
        };
        Sample {
            event: step.event(),
            event_id: alphanumerics(14, rng),
            body: body(step.event(), &self.merchant.account_id, &entities, now),
            at: now,
            after_ms: rng.random_range(step.pause()),
        }
    }
}
