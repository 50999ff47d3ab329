//! The refund of a run.
//!
//! Invariant: it is started in the unit of work of the run's execution, and a run that has started one ends after it.

use super::values::Occurrence;
use crate::{
    automations::{
        Automation,
        runs::{Run, RunState, SkipReason, Step},
    },
    db::{DbError, Reader, Tx},
    primitives::time::Timestamp,
    refunds::automatic::{
        AutomaticRefund, State,
        start::{self, Started},
        store::{self, write::NewRefund},
    },
};

/// Starts the refund of a run, if its automation starts one, and returns the step.
pub(super) async fn start(
    tx: &mut Tx,
    (automation, occurrence): (&Automation, &Occurrence),
    run: &Run,
    now: Timestamp,
) -> Result<Option<Step>, DbError> {
    if !automation.rule.starts_refund {
        return Ok(None);
    }
    let new = NewRefund {
        company: automation.company_id,
        app: automation.app_id,
        mode: automation.mode,
        automation: automation.id,
        run: run.id,
        change: occurrence.kind,
        transaction: occurrence.payment.id,
        order_id: occurrence.payment.order_id.as_deref(),
    };
    Ok(Some(match start::start(tx, &new, now).await? {
        Started::Open(id) => Step::refund_started(id, now),
        Started::Before(id) => Step::refund_skipped(id, now),
    }))
}

/// Finds the refund that the last execution of a run has started.
pub(super) async fn find(reader: &mut Reader, run: &Run) -> Result<Option<AutomaticRefund>, DbError> {
    let started = run.last_steps().filter(|step| step.is_queued()).find_map(Step::refund);
    match started {
        Some(id) => store::find(reader, id).await,
        None => Ok(None),
    }
}

/// Returns how a run ends whose refund has ended. `others`: how it ends by its messages and deliveries; `None` if it has sent none.
pub(super) fn ended(
    refund: Option<&AutomaticRefund>,
    others: Option<(RunState, Option<SkipReason>)>,
) -> (RunState, Option<SkipReason>) {
    match (refund.map(|refund| refund.state), others) {
        (Some(State::Failed), _) | (_, Some((RunState::Failed, _))) => (RunState::Failed, None),
        (Some(State::Done), _) => (RunState::Done, None),
        (_, Some(others)) => others,
        (_, None) => (RunState::Skipped, Some(SkipReason::NotRefunded)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refunds::automatic::testing::refund;

    #[test]
    fn a_run_ends_as_its_refund_does_unless_something_else_was_sent_or_failed() {
        let (done, failed) = ((RunState::Done, None), (RunState::Failed, None));
        let (nothing, canceled) =
            ((RunState::Skipped, Some(SkipReason::NotRefunded)), (RunState::Skipped, Some(SkipReason::DeliveryCanceled)));
        for (state, others, wanted) in [
            (State::Done, None, done),
            (State::Failed, None, failed),
            (State::Skipped, None, nothing),
            (State::Skipped, Some(done), done),
            (State::Skipped, Some(canceled), canceled),
            (State::Done, Some(canceled), done),
            (State::Done, Some(failed), failed),
            (State::Failed, Some(done), failed),
        ] {
            assert_eq!(ended(Some(&refund(state)), others), wanted, "{state:?} {others:?}");
        }
        assert_eq!(ended(None, Some(done)), done);
    }
}
