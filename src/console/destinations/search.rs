//! The search among the deliveries of a destination: by the id of an event, or of a payment, so that the question whether a system got
//! a payment has an answer.

use std::cmp::Reverse;

use super::scope::Found;
use crate::{
    console::http::{error::AppError, list_query::external_id},
    db::Reader,
    events,
    ledger::payments::store as payments,
    primitives::{
        id::{EventId, TransactionId},
        keyset::PAGE_SIZE,
    },
};

/// The maximum number of payments whose deliveries a search shows.
const MAX_PAYMENTS: i64 = 20;
/// The maximum number of events of each.
const MAX_EVENTS: i64 = 50;

/// The search as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeliverySearch {
    Event(EventId),
    Transaction(TransactionId),
    /// The gateway's id of a payment, an order, a refund or a dispute; or a reference.
    Name(String),
}

impl DeliverySearch {
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let id = typed.parse().map(Self::Event).or_else(|_| typed.parse().map(Self::Transaction));
        id.ok().or_else(|| external_id(typed, &["ev_", "tx_"]).map(Self::Name))
    }

    /// Returns the events that the search finds, newest first and at most a page: the one with that id, or those of the payments with
    /// that id.
    pub(super) async fn events(&self, reader: &mut Reader, found: &Found) -> Result<Vec<EventId>, AppError> {
        let (app, mode) = (found.app.id, found.destination.mode);
        let payments: Vec<TransactionId> = match self {
            Self::Event(id) => return Ok(vec![*id]),
            Self::Transaction(id) => vec![*id],
            Self::Name(name) => {
                let payments = payments::find_by_gateway_id(&mut *reader, app, mode, name, MAX_PAYMENTS).await?;
                payments.into_iter().map(|payment| payment.id).collect()
            }
        };
        let mut events = Vec::new();
        for payment in payments {
            let of_payment = events::store::list_of_transaction(&mut *reader, app, payment, MAX_EVENTS).await?;
            events.extend(of_payment.into_iter().map(|event| event.id));
        }
        events.sort_unstable_by_key(|id| Reverse(*id));
        events.dedup();
        events.truncate(PAGE_SIZE);
        Ok(events)
    }
}
