//! Starts the refund of a run.
//!
//! Invariant: a run has one automatic refund, however often it is executed. One that has asked the gateway for a refund is never started
//! again, whatever the outcome.

use super::{
    AutomaticRefund, State,
    store::{
        self,
        write::{self, NewRefund},
    },
};
use crate::{
    db::{DbError, Tx, ids},
    primitives::{id::AutomaticRefundId, time::Timestamp},
};

/// What became of the refund of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Started {
    /// It is open.
    Open(AutomaticRefundId),
    /// It has asked the gateway before.
    Before(AutomaticRefundId),
}

/// Starts the refund of a run, or starts it again if nothing was refunded because it was skipped.
pub(crate) async fn start(tx: &mut Tx, new: &NewRefund<'_>, now: Timestamp) -> Result<Started, DbError> {
    if let Some(known) = store::find_of_run(&mut *tx, new.run).await? {
        return again(tx, &known, now).await;
    }
    let id: AutomaticRefundId = ids::next(tx).await?;
    if write::insert(tx, (id, new), now).await? {
        return Ok(Started::Open(id));
    }
    // Another server was faster: the unit of work of this one will be undone.
    let known = store::find_of_run(&mut *tx, new.run).await?.ok_or(DbError::NotUnique)?;
    again(tx, &known, now).await
}

async fn again(tx: &mut Tx, known: &AutomaticRefund, now: Timestamp) -> Result<Started, DbError> {
    match known.state {
        State::Due | State::ToConfirm => Ok(Started::Open(known.id)),
        State::Skipped if write::reopen(tx, known.id, now).await? => Ok(Started::Open(known.id)),
        State::Skipped | State::Requested | State::Done | State::Failed => Ok(Started::Before(known.id)),
    }
}
