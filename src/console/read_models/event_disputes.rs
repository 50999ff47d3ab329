//! The disputes of listed events: the sentence of a lost one says what it cost.

use std::collections::BTreeSet;

use crate::{
    db::{DbError, Reader},
    events::Event,
    ledger::payments::{disputes::Dispute, store::references},
    messages,
};

/// Returns the disputes of the payments whose disputes these events report as lost. The caller has checked access to the
/// events.
pub(crate) async fn of(reader: &mut Reader, events: impl IntoIterator<Item = &Event>) -> Result<Vec<Dispute>, DbError> {
    let lost = events.into_iter().filter(|event| messages::is_lost_dispute(event));
    let payments: BTreeSet<_> = lost.filter_map(|event| event.transaction_id).collect();
    let mut disputes = Vec::new();
    for payment in payments {
        disputes.extend(references::list_disputes(&mut *reader, payment).await?);
    }
    Ok(disputes)
}
