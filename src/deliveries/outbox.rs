//! Stores the deliveries of new events, in the unit of work that stores the events.
//!
//! Invariant: every stored event has its deliveries. An event that arrives again, or is recovered although it was already stored, gets no
//! further ones.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

use super::{
    destination::{Candidate, Recipient, receives},
    store::{deliveries, destinations},
};
use crate::{
    db::{DbError, Tx, ids},
    events::{Origin, append::Arrival, store::log},
    primitives::id::{AppId, DestinationId, EventId},
};

/// Stores the deliveries of the arrivals that are new events, and returns their destinations.
///
/// # Errors
/// If the database fails. The caller rolls back.
pub(crate) async fn enqueue(tx: &mut Tx, arrivals: &[Arrival<'_>], origin: Origin) -> Result<BTreeSet<DestinationId>, DbError> {
    let apps: BTreeSet<AppId> = arrivals.iter().map(|arrival| arrival.request.scope.app).collect();
    let recipients = destinations::list_recipients(tx, &Vec::from_iter(apps)).await?;
    if recipients.is_empty() {
        return Ok(BTreeSet::new());
    }
    let candidates: Vec<EventId> = arrivals.iter().map(|arrival| arrival.id).collect();
    let states: HashMap<EventId, _> = log::states(tx, &candidates).await?.into_iter().collect();
    let mut matched = Vec::new();
    for arrival in arrivals {
        // An arrival without a row is an event that was stored before.
        let Some(state) = states.get(&arrival.id) else { continue };
        let event_type = arrival.event.reading.event_type.as_deref();
        let candidate = Candidate { scope: arrival.request.scope, event_type, state: *state };
        let own = recipients.iter().filter(|recipient| receives(recipient, &candidate).is_ok());
        matched.extend(own.map(|Recipient { id, .. }| (*id, arrival.id, arrival.request.at)));
    }
    if !matched.is_empty() {
        let ids = ids::take(tx, matched.len()).await?;
        let new = ids.into_iter().zip(&matched).map(|(id, (destination, event, now))| deliveries::New {
            id,
            destination: *destination,
            event: *event,
            origin,
            now: *now,
        });
        deliveries::insert(tx, &new.collect::<Vec<_>>()).await?;
    }
    Ok(matched.into_iter().map(|(destination, ..)| destination).collect())
}

/// Notifies this server's worker of destinations with new deliveries, after the commit. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Wake(Arc<Woken>);

#[derive(Default)]
struct Woken {
    destinations: Mutex<BTreeSet<DestinationId>>,
    notify: Notify,
}

impl Wake {
    /// Wakes the worker for these destinations.
    pub(crate) fn wake(&self, destinations: BTreeSet<DestinationId>) {
        if !destinations.is_empty() {
            self.0.destinations.lock().unwrap_or_else(PoisonError::into_inner).extend(destinations);
            self.0.notify.notify_one();
        }
    }

    /// True if destinations have new deliveries.
    pub(super) fn is_woken(&self) -> bool {
        !self.0.destinations.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Waits until destinations have new deliveries.
    pub(super) async fn woken(&self) {
        self.0.notify.notified().await;
    }

    /// Takes the destinations that have new deliveries.
    pub(super) fn take(&self) -> BTreeSet<DestinationId> {
        std::mem::take(&mut self.0.destinations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
