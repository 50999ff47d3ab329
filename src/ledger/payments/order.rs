//! What the events of an order's payments tell of the order. Pure.

use crate::{
    events::store::OrderReport,
    gateways::{Gateway, event_kind::EventKind},
    primitives::money::{Currency, Money},
};

/// An order, as described by the events of its payments.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Order {
    pub(crate) amount: Option<Money>,
    pub(crate) is_in_parts: bool,
}

impl Order {
    /// Merges the reports of an order.
    pub(crate) fn of(gateway: Gateway, reports: Vec<OrderReport>) -> Self {
        let mut order = Self::default();
        for (event_type, subunits, currency) in reports {
            match gateway.adapter().event_kind(&event_type) {
                Some(EventKind::OrderPaid) => {
                    let currency = currency.and_then(|currency| currency.parse::<Currency>().ok());
                    let amount = subunits.zip(currency).map(|(subunits, currency)| Money::new(subunits, currency));
                    order.amount = order.amount.into_iter().chain(amount).max_by_key(|money| money.subunits);
                }
                Some(EventKind::PaymentLinkPartlyPaid | EventKind::InvoicePartlyPaid) => order.is_in_parts = true,
                _ => {}
            }
        }
        order
    }
}
