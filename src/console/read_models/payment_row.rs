//! A payment as a row of a list.

use crate::{
    i18n::Text,
    ledger::payments::Transaction,
    messages::{self, Badge, DisplayTime},
    primitives::time::Timestamp,
    urls,
};

/// A row of a list.
pub(crate) struct Row {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) created: DisplayTime,
    pub(crate) updated: DisplayTime,
    pub(crate) sentence: Text,
    pub(crate) method: Text,
    pub(crate) gateway: &'static str,
    pub(crate) currency: String,
    pub(crate) amount: String,
    pub(crate) badge: Badge,
}

impl Row {
    pub(crate) fn new(transaction: &Transaction, now: Timestamp) -> Self {
        Self {
            url: urls::transaction(transaction.app, transaction.id),
            id: transaction.id.to_string(),
            created: DisplayTime::of_day(transaction.created_at, now),
            updated: messages::when(transaction.updated_at, now),
            sentence: messages::payment_sentence(transaction),
            method: messages::method(transaction.method.as_deref()),
            gateway: transaction.gateway.label(),
            currency: transaction.currency.map_or_else(|| messages::NO_VALUE.to_owned(), |currency| currency.to_string()),
            amount: transaction.money().map_or_else(|| messages::NO_VALUE.to_owned(), |money| money.to_string()),
            badge: messages::payment_state(transaction.state),
        }
    }
}
