//! Calculates how much of a payment's failed refunds was not refunded afterwards.
//!
//! A refund reduces the open amount of earlier failures by its own amount; its own failure adds its amount again. A refund
//! whose order is unknown is assumed to be created afterwards: a missing notice costs less than a refund that is paid twice.

use super::{Moment, RefundState};
use crate::gateways::payment::RefundStatus;

/// Events of a refund. Of two in one second the lesser is first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Creation of a refund that fails in the same second.
    MadeToFail,
    Failed,
    Made,
}

/// Returns the open amount of failed refunds of one currency in subunits, regardless of other refunded amounts.
pub(super) fn open<'a>(refunds: impl Iterator<Item = &'a RefundState>) -> i64 {
    let mut steps: Vec<(i64, Step, i64)> = refunds.flat_map(steps).collect();
    steps.sort_unstable();
    steps.iter().fold(0i64, |open, (_, step, amount)| match step {
        Step::Failed => open.saturating_add(*amount),
        Step::Made | Step::MadeToFail => open.saturating_sub(*amount).max(0),
    })
}

/// Returns the steps of a refund, with Unix seconds. Ignores borrowed times, which are not the times of the steps.
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
