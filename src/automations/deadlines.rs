//! When a dispute must be answered soon, as a change that automations react to.
//!
//! Invariant: pure. A dispute has one such change, [`NOTICE`] before its deadline, or when it is reported if that is later. No such change
//! is too old: while the deadline is ahead, a late reminder is better than none.

use std::time::Duration;

use super::{conditions::Facts, runs::SkipReason, store::automations::Reacting};
use crate::{
    ledger::payments::{
        changes::{Change, ChangeKind},
        disputes::DueDispute,
    },
    primitives::time::Timestamp,
};

/// How long before its deadline a dispute must be answered soon.
pub(crate) const NOTICE: Duration = Duration::from_hours(3 * 24);

/// Returns the change of a dispute whose deadline is at most [`NOTICE`] away.
pub(crate) fn change(due: &DueDispute) -> Change {
    let dispute = &due.open.dispute;
    Change {
        kind: ChangeKind::DisputeDeadline,
        object: Some(dispute.id.clone()),
        money: Some(dispute.money),
        method: due.method.clone(),
        at: due.respond_by.minus(NOTICE).max(due.reported_at),
    }
}

/// True if an automation of the dispute's app and mode reacts to it.
pub(crate) fn reacts(automation: &Reacting, due: &DueDispute) -> bool {
    let (money, method) = (Some(due.open.dispute.money), due.method.as_deref());
    automation.conditions.are_met(Facts { money, method, gateway: due.open.gateway })
}

/// Returns why the run of a change is skipped.
pub(crate) fn skip_reason(automation: &Reacting, change: &Change) -> Option<SkipReason> {
    // Gateways report whole seconds.
    (change.at.seconds() < automation.turned_on_at.seconds()).then_some(SkipReason::BeforeOn)
}

/// Returns the latest deadline that is near at a time.
pub(crate) fn until(now: Timestamp) -> Timestamp {
    now.plus(NOTICE)
}
