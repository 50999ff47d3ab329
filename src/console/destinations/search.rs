//! The search among the deliveries of a destination: by the id of an event, of a run or of a payment, so that the question whether a system got
//! a payment has an answer.

use std::cmp::Reverse;

use super::scope::Found;
use crate::{
    automations::store::runs,
    console::http::{error::AppError, list_query::external_id},
    db::Reader,
    events,
    ledger::payments::store as payments,
    primitives::{
        id::{EventId, MessageId, RunId, TransactionId},
        keyset::PAGE_SIZE,
    },
};

/// The maximum number of payments whose deliveries a search shows.
const MAX_PAYMENTS: i64 = 20;
/// The maximum number of events of each.
const MAX_EVENTS: i64 = 50;
/// The maximum number of runs of automations for each.
const MAX_RUNS: i64 = 50;

/// The search as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeliverySearch {
    Event(EventId),
    Run(RunId),
    Transaction(TransactionId),
    /// The gateway's id of a payment, an order, a refund or a dispute; or a reference.
    Name(String),
}

impl DeliverySearch {
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let id = typed.parse().map(Self::Event).or_else(|_| typed.parse().map(Self::Run));
        let id = id.or_else(|_| typed.parse().map(Self::Transaction));
        id.ok().or_else(|| external_id(typed, &["ev_", "ru_", "tx_"]).map(Self::Name))
    }

    /// Returns the messages that the search finds, newest first and at most a page: the one with that id, or the events of the payments
    /// with that id and the runs for them.
    pub(super) async fn messages(&self, reader: &mut Reader, found: &Found) -> Result<Vec<MessageId>, AppError> {
        let (app, mode) = (found.app.id, found.destination.mode);
        let payments: Vec<TransactionId> = match self {
            Self::Event(id) => return Ok(vec![(*id).into()]),
            Self::Run(id) => return Ok(vec![(*id).into()]),
            Self::Transaction(id) => vec![*id],
            Self::Name(name) => {
                let payments = payments::find_by_gateway_id(&mut *reader, app, mode, name, MAX_PAYMENTS).await?;
                payments.into_iter().map(|payment| payment.id).collect()
            }
        };
        let mut messages: Vec<MessageId> = Vec::new();
        for payment in payments {
            let of_payment = events::store::list_of_transaction(&mut *reader, app, payment, MAX_EVENTS).await?;
            messages.extend(of_payment.into_iter().map(|event| MessageId::from(event.id)));
            let runs = runs::list_of_transaction(&mut *reader, payment, MAX_RUNS).await?;
            messages.extend(runs.into_iter().filter(|run| run.app == app).map(|run| MessageId::from(run.id)));
        }
        messages.sort_unstable_by_key(|id| Reverse(*id));
        messages.dedup();
        messages.truncate(PAGE_SIZE);
        Ok(messages)
    }
}
