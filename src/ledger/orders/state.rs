//! The state of an order, merged from what events report of it. Pure.
//!
//! Invariant: each field is a maximum or a minimum under a total order, or a number of payments, so reports may arrive in any order
//! and any number of times.

use crate::{
    gateways::payment::{OrderStatus, PaymentObservation},
    ledger::payments::projection::{Moment, merge_min},
    primitives::{
        id::TransactionId,
        money::{Currency, Money},
    },
};

/// How far an order is. The fields are in the order of their rank: an order that was paid remains so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Progress {
    pub(crate) status: Option<OrderStatus>,
    pub(crate) at: Moment,
    pub(crate) digest: i64,
    /// The paid amount in subunits that the gateway quotes.
    pub(crate) paid: Option<i64>,
}

/// The state of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OrderState {
    /// The amount, which does not change at the gateway.
    pub(crate) amount: Option<(i64, Currency)>,
    pub(crate) receipt: Option<String>,
    /// The report of the highest rank.
    pub(crate) last: Option<Progress>,
    /// How many payments of the order were captured.
    pub(crate) captured_payments: i64,
    /// True if an event proves that it is paid in parts.
    pub(crate) is_in_parts: bool,
    /// The newest payment, if the payments that the merchant holds exceed the amount, by [`super::overpaid`].
    pub(crate) overpaid_by: Option<TransactionId>,
}

impl OrderState {
    /// Merges what an event reports of its order.
    pub(crate) fn apply(&mut self, facts: &PaymentObservation) {
        let Some(order) = &facts.details.order else { return };
        let money = order.money.filter(|money| money.subunits > 0);
        merge_min(&mut self.amount, money.map(|money| (money.subunits, money.currency)).as_ref());
        merge_min(&mut self.receipt, order.receipt.as_ref());
        let at = Moment::of(facts.at, facts.time_source);
        let progress = Progress { status: order.status, at, digest: facts.digest, paid: order.paid };
        self.last = self.last.max(Some(progress));
        self.is_in_parts |= order.is_in_parts;
    }

    /// Returns the amount, if an event has reported it.
    pub(crate) fn money(&self) -> Option<Money> {
        self.amount.map(|(subunits, currency)| Money::new(subunits, currency))
    }
}
