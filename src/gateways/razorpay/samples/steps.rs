//! The steps in the life cycle of a payment, and their durations.
//!
//! Invariant: a step is one event, and everything that depends only on the step is defined here.

use std::ops::RangeInclusive;

/// A step, named after its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Authorized,
    Captured,
    Failed,
    OrderPaid,
    RefundCreated,
    RefundProcessed,
    RefundFailed,
    DisputeCreated,
    DisputeUnderReview,
    DisputeActionRequired,
    DisputeWon,
    DisputeLost,
    DisputeClosed,
    SettlementProcessed,
}

use Step::{
    Authorized, Captured, DisputeActionRequired, DisputeClosed, DisputeCreated, DisputeLost, DisputeUnderReview, DisputeWon,
    Failed, OrderPaid, RefundCreated, RefundFailed, RefundProcessed, SettlementProcessed,
};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// Seconds since the previous step with [`Pace::Quick`](super::Pace::Quick). Never zero, as in [`Step::wait`].
pub(super) const QUICK_WAIT: RangeInclusive<i64> = 1..=3;

impl Step {
    pub(super) const ALL: [Self; 14] = [
        Authorized,
        Captured,
        Failed,
        OrderPaid,
        RefundCreated,
        RefundProcessed,
        RefundFailed,
        DisputeCreated,
        DisputeUnderReview,
        DisputeActionRequired,
        DisputeWon,
        DisputeLost,
        DisputeClosed,
        SettlementProcessed,
    ];

    pub(super) const fn event(self) -> &'static str {
        match self {
            Authorized => "payment.authorized",
            Captured => "payment.captured",
            Failed => "payment.failed",
            OrderPaid => "order.paid",
            RefundCreated => "refund.created",
            RefundProcessed => "refund.processed",
            RefundFailed => "refund.failed",
            DisputeCreated => "payment.dispute.created",
            DisputeUnderReview => "payment.dispute.under_review",
            DisputeActionRequired => "payment.dispute.action_required",
            DisputeWon => "payment.dispute.won",
            DisputeLost => "payment.dispute.lost",
            DisputeClosed => "payment.dispute.closed",
            SettlementProcessed => "settlement.processed",
        }
    }

    /// Returns the shortest life cycle that ends with this step.
    pub(super) const fn path(self) -> &'static [Self] {
        match self {
            Authorized => &[Authorized],
            Captured => &[Authorized, Captured],
            Failed => &[Failed],
            OrderPaid => &[Authorized, Captured, OrderPaid],
            RefundCreated => &[Authorized, Captured, RefundCreated],
            RefundProcessed => &[Authorized, Captured, RefundCreated, RefundProcessed],
            RefundFailed => &[Authorized, Captured, RefundCreated, RefundFailed],
            DisputeCreated => &[Authorized, Captured, DisputeCreated],
            DisputeUnderReview => &[Authorized, Captured, DisputeCreated, DisputeUnderReview],
            DisputeActionRequired => &[Authorized, Captured, DisputeCreated, DisputeActionRequired],
            DisputeWon => &[Authorized, Captured, DisputeCreated, DisputeUnderReview, DisputeWon],
            DisputeLost => &[Authorized, Captured, DisputeCreated, DisputeUnderReview, DisputeLost],
            DisputeClosed => &[Authorized, Captured, DisputeCreated, DisputeClosed],
            SettlementProcessed => &[Authorized, Captured, SettlementProcessed],
        }
    }

    /// Returns the seconds since the previous step. Never zero, so that the times alone determine the order.
    pub(super) const fn wait(self) -> RangeInclusive<i64> {
        match self {
            Authorized => 4..=45,
            Captured | OrderPaid => 1..=3,
            Failed => 20..=90,
            RefundCreated | DisputeActionRequired => 2 * HOUR..=20 * HOUR,
            RefundProcessed | RefundFailed => 10..=4 * HOUR,
            DisputeCreated => DAY..=3 * DAY,
            DisputeUnderReview => 3 * HOUR..=DAY,
            DisputeWon | DisputeLost | DisputeClosed => 2 * DAY..=5 * DAY,
            // Domestic payments are settled two days after capture.
            SettlementProcessed => 2 * DAY - 4 * HOUR..=2 * DAY + 4 * HOUR,
        }
    }

    /// Returns the milliseconds before sending, for viewers: the events of a payment follow quickly, later ones after a
    /// pause.
    pub(super) const fn pause(self) -> RangeInclusive<u64> {
        match self {
            Authorized => 900..=2_400,
            Captured | OrderPaid => 250..=900,
            Failed => 500..=1_500,
            _ => 1_800..=4_200,
        }
    }
}

/// Returns the maximum duration of these steps, in seconds.
pub(super) fn span(steps: &[Step]) -> i64 {
    steps.iter().map(|step| *step.wait().end()).sum()
}
