//! Examines a sample of the stored requests for damage, for `ks-pay doctor`.
//!
//! Invariant: memory holds one request at a time, whatever the number of events.

use rand::RngExt as _;

use super::{
    Event,
    payload::{Damage, StoredPayload},
    store,
};
use crate::{
    db::{DbError, Reader},
    primitives::{
        id::{EventId, Id as _},
        time::Timestamp,
    },
};

/// The number of events examined at each end, and the number picked at random between them.
const EVENTS_EACH: i64 = 100;

/// The result of an examination.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// The number of events whose request was unpacked.
    pub(crate) count: usize,
    pub(crate) damaged: Vec<(EventId, Damage)>,
}

/// Unpacks the requests of the oldest and the newest events, and of random ones between them.
pub(crate) async fn examine(reader: &mut Reader) -> Result<Examined, DbError> {
    let mut sample = store::export(&mut *reader, EventId::least(), None, EVENTS_EACH).await?;
    sample.extend(store::list_newest(&mut *reader, EVENTS_EACH).await?);
    let times = sample.iter().map(|event| event.received_at.millis());
    let ids = sample.iter().map(|event| event.id);
    if let (Some(first), Some(last), Some(from), Some(to)) = (times.clone().min(), times.max(), ids.clone().min(), ids.max()) {
        for _ in 0..EVENTS_EACH {
            let at = Timestamp::from_millis(rand::rng().random_range(first..=last));
            sample.extend(received_at(&mut *reader, at, (from, to)).await?);
        }
    }
    sample.sort_by_key(|event| event.id);
    sample.dedup_by_key(|event| event.id);
    unpack(reader, &sample).await
}

/// Finds an event received about that time, between two ids. Ids leave gaps, so an id picked at random would nearly always be in
/// the largest one.
async fn received_at(reader: &mut Reader, at: Timestamp, (from, to): (EventId, EventId)) -> Result<Option<Event>, DbError> {
    let (mut low, mut high, mut found) = (from.number(), to.number(), None);
    while low < high {
        let middle = EventId::from_number(low + (high - low) / 2);
        match store::export(&mut *reader, middle, None, 1).await?.pop() {
            Some(event) if event.received_at < at => low = event.id.number(),
            event => {
                high = middle.number();
                found = event.or(found);
            }
        }
    }
    Ok(found)
}

async fn unpack(reader: &mut Reader, sample: &[Event]) -> Result<Examined, DbError> {
    let mut examined = Examined::default();
    for event in sample {
        match store::find_payload(&mut *reader, event).await? {
            StoredPayload::Deleted => {}
            StoredPayload::Present(_) => examined.count += 1,
            StoredPayload::Damaged(damage) => {
                examined.count += 1;
                examined.damaged.push((event.id, damage));
            }
        }
    }
    Ok(examined)
}
