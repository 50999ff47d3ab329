//! Stores the deliveries of new events, in the unit of work that stores the events, and those of runs of automations, in the unit of work
//! that executes the run.
//!
//! Invariant: every stored event has its deliveries. An event that arrives again, or is recovered although it was already stored, gets no
//! further ones. A run has one delivery to a destination, with one id: if it is run again, that delivery is sent again.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

use super::{
    destination::{Candidate, Recipient, receives},
    store::{
        bodies::{self, RunBody},
        deliveries, destinations,
    },
};
use crate::{
    db::{DbError, Tx, ids},
    events::{Origin, append::Arrival, store::log},
    primitives::{
        id::{AppId, DeliveryId, DestinationId, EventId},
        time::Timestamp,
    },
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
            message: (*event).into(),
            origin,
            now: *now,
        });
        deliveries::insert(tx, &new.collect::<Vec<_>>()).await?;
    }
    Ok(matched.into_iter().map(|(destination, ..)| destination).collect())
}

/// Stores the deliveries of a run to destinations of its app and mode, or makes those that it has due again. `created_at` is that of the
/// run. Returns the delivery to each destination, and `None` for one that was deleted.
///
/// # Errors
/// If the database fails. The caller rolls back.
pub(crate) async fn enqueue_run(
    tx: &mut Tx,
    to: &BTreeSet<DestinationId>,
    body: &RunBody,
    (created_at, now): (Timestamp, Timestamp),
) -> Result<HashMap<DestinationId, Option<DeliveryId>>, DbError> {
    // In ascending order, like all units of work that lock several.
    for id in to {
        destinations::lock(tx, *id).await?;
    }
    bodies::put(tx, body, now).await?;
    let stored = deliveries::list_of_run(&mut *tx, body.app_id, body.run_id).await?;
    let mut queued = HashMap::new();
    for id in to {
        let existing = stored.iter().find(|delivery| delivery.destination_id == *id).map(|delivery| delivery.id);
        let delivery = match (destinations::find_any(&mut *tx, *id).await?, existing) {
            (None, _) => None,
            (Some(_), Some(delivery)) => {
                deliveries::replay(tx, *id, delivery, now).await?;
                Some(delivery)
            }
            (Some(_), None) => {
                let delivery = ids::next(tx).await?;
                let message = body.run_id.into();
                let new =
                    deliveries::New { id: delivery, destination: *id, message, origin: Origin::Automation, now: created_at };
                deliveries::insert_due(tx, &new, now).await?;
                Some(delivery)
            }
        };
        queued.insert(*id, delivery);
    }
    Ok(queued)
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
