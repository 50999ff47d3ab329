//! How much of a payment's failed refunds was not refunded afterwards.
//!
//! A refund that is made takes its amount off what earlier failures left open, in one part or several; its own failure adds
//! its amount again. Where the order is unknown it counts as made afterwards: a missing notice costs less than a refund
//! that is paid twice.

use super::{Moment, RefundState, RefundStatus};

/// Of two steps in one second the lesser comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A refund that fails in the same second.
    MadeToFail,
    Failed,
    Made,
}

/// What failed refunds of one currency leave open, in subunits, whatever else went back.
pub(super) fn open<'a>(refunds: impl Iterator<Item = &'a RefundState>) -> i64 {
    let mut steps: Vec<(i64, Step, i64)> = refunds.flat_map(steps).collect();
    steps.sort_unstable();
    steps.iter().fold(0i64, |open, (_, step, amount)| match step {
        Step::Failed => open.saturating_add(*amount),
        Step::Made | Step::MadeToFail => open.saturating_sub(*amount).max(0),
    })
}

/// What happened to a refund, in Unix seconds. Borrowed times say nothing of when.
fn steps(refund: &RefundState) -> impl Iterator<Item = (i64, Step, i64)> + use<> {
    let amount = refund.last.amount;
    let seconds = |moment: Option<Moment>| moment.and_then(Moment::seconds);
    let made_at = seconds(refund.made_at).or(seconds(refund.standing_since));
    let has_failed = refund.last.status == RefundStatus::Failed;
    let failed_at = has_failed.then(|| seconds(refund.failed_since).or(made_at).unwrap_or(i64::MIN));
    let made = match (made_at, failed_at) {
        (Some(at), Some(failed)) if at >= failed => Some((failed, Step::MadeToFail)),
        (Some(at), _) => Some((at, Step::Made)),
        (None, Some(_)) => None,
        (None, None) => Some((i64::MAX, Step::Made)),
    };
    made.map(|(at, step)| (at, step, amount)).into_iter().chain(failed_at.map(|at| (at, Step::Failed, amount)))
}
