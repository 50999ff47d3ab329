//! What happens to verified requests, in the caller's unit of work: they become events, payments, orders, daily totals, deliveries,
//! runs of automations and activity.
//!
//! Invariant: every verified request takes this path, whether it arrives at the ingestion route or is recovered, so that a feature
//! which reacts to events is added in one place. Only test events do not, since nothing reacts to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    automations,
    connections::activity::{self, Verifications},
    db::{DbError, Tx},
    deliveries::outbox,
    events::{
        Origin,
        append::{self, Arrival, VerifiedRequest},
    },
    gateways::adapter::EventContent,
    ledger::{
        orders,
        payments::{self, PaymentReport},
    },
    primitives::id::{ConnectionId, DestinationId, EventId, Id as _, TransactionId},
};

/// Where verified requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The ingestion route: they prove that the webhook works.
    Request,
    /// Recovery by a user. It proves nothing about the webhook's traffic, so nothing is counted as verified.
    Recovery,
}

impl Source {
    const fn origin(self) -> Origin {
        match self {
            Self::Request => Origin::Webhook,
            Self::Recovery => Origin::Recovered,
        }
    }
}

/// What was ingested.
pub(crate) struct Ingested<'a> {
    /// The events with their ids, in the order of the requests.
    pub(crate) arrivals: Vec<Arrival<'a>>,
    /// The destinations that have new deliveries.
    pub(crate) destinations: BTreeSet<DestinationId>,
}

/// Stores verified requests as events, with their effects.
///
/// Writes the tables in the same order on every server – transactions, orders, events, ids, totals, deliveries, runs, activity – so that servers
/// cannot deadlock.
///
/// # Errors
/// If the database fails. The caller rolls back.
pub(crate) async fn ingest<'a>(tx: &mut Tx, requests: &[&'a VerifiedRequest], source: Source) -> Result<Ingested<'a>, DbError> {
    let arrivals = append::arrivals(tx, requests).await?;
    let reports: Vec<PaymentReport<'_>> = arrivals.iter().filter_map(payment_report).collect();
    let projected = payments::project(tx, &reports).await?;
    let paid_twice = orders::project(tx, &projected.order_moves, &reports).await?;
    let changes: Vec<_> = projected.changes.into_iter().chain(paid_twice).collect();
    let mut ids = projected.ids.into_iter();
    let with_payments: Vec<append::ProjectedArrival<'_>> =
        arrivals.iter().map(|arrival| (*arrival, payment_report(arrival).and_then(|_| ids.next()))).collect();
    append::append(tx, &with_payments).await?;
    payments::apply_totals(tx, &projected.sums).await?;
    let destinations = outbox::enqueue(tx, &arrivals, source.origin()).await?;
    if let Some(now) = requests.iter().map(|request| request.at).max() {
        automations::outbox::enqueue(tx, &changes, (source.origin(), now)).await?;
    }
    if source == Source::Request {
        activity::add_verified(tx, &verifications(&arrivals)).await?;
    }
    Ok(Ingested { arrivals, destinations })
}

/// Stores a test event of KS Pay itself, unless it is already stored. Returns its id if it is new.
///
/// It is an event and nothing else: it changes no payment, total or activity and claims no event id, and nothing that follows from a
/// gateway's event may follow from it.
///
/// # Errors
/// If the database fails. The caller rolls back.
pub(crate) async fn ingest_test_event(tx: &mut Tx, request: &VerifiedRequest) -> Result<Option<EventId>, DbError> {
    append::append_alone(tx, request).await
}

/// Returns the payment report of an event, if it has one.
fn payment_report<'a>(arrival: &Arrival<'a>) -> Option<PaymentReport<'a>> {
    let request = arrival.request;
    match &arrival.event.reading.content {
        EventContent::Observation(facts) => {
            // A payment has the number of the event that first reported it.
            let id = TransactionId::from_number(arrival.id.number());
            Some(PaymentReport { scope: &request.scope, zones: request.zones, facts, id })
        }
        EventContent::Unhandled | EventContent::Quarantined(_) => None,
    }
}

fn verifications<'a>(arrivals: &[Arrival<'a>]) -> BTreeMap<ConnectionId, Verifications<'a>> {
    let mut verified = BTreeMap::new();
    for arrival in arrivals {
        let (request, at) = (arrival.request, arrival.request.at);
        let none = Verifications { count: 0, first_at: at, last_at: at, account: None, other_account: None };
        let entry = verified.entry(request.scope.connection).or_insert(none);
        entry.count += 1;
        entry.first_at = entry.first_at.min(at);
        entry.last_at = entry.last_at.max(at);
        // The body is searched once, not once for each of its events.
        if arrival.is_first() {
            entry.add_account(request.account());
        }
    }
    verified
}
