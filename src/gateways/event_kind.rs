//! What an event reports, in terms that all gateways share.
//!
//! Invariant: a gateway's folder maps its event types to these; whatever depends on what an event reports uses these and never a
//! gateway's name for it.

use crate::primitives::text_enum::{text_column, text_enum};

text_enum! {
    /// What an event reports. Types that a gateway's folder does not map have none: they are stored and named as the gateway
    /// names them.
    pub(crate) enum EventKind, "the kind of an event" {
        PaymentCreated = "payment_created",
        PaymentAuthorized = "payment_authorized",
        PaymentCaptured = "payment_captured",
        PaymentFailed = "payment_failed",
        /// The payment that completed an order.
        OrderPaid = "order_paid",
        PaymentLinkPaid = "payment_link_paid",
        PaymentLinkPartlyPaid = "payment_link_partly_paid",
        InvoicePaid = "invoice_paid",
        InvoicePartlyPaid = "invoice_partly_paid",
        SubscriptionCharged = "subscription_charged",
        /// It may start without a payment.
        SubscriptionActivated = "subscription_activated",
        /// It may end without a payment.
        SubscriptionCompleted = "subscription_completed",
        QrCodeCredited = "qr_code_credited",
        VirtualAccountCredited = "virtual_account_credited",
        RefundCreated = "refund_created",
        RefundProcessed = "refund_processed",
        RefundFailed = "refund_failed",
        RefundSpeedChanged = "refund_speed_changed",
        DisputeCreated = "dispute_created",
        DisputeUnderReview = "dispute_under_review",
        DisputeActionRequired = "dispute_action_required",
        DisputeWon = "dispute_won",
        DisputeLost = "dispute_lost",
        DisputeClosed = "dispute_closed",
        SettlementProcessed = "settlement_processed",
    }
}
text_column!(EventKind, EventKind::as_str);

impl EventKind {
    /// True if it says that money was paid.
    pub(crate) const fn reports_payment(self) -> bool {
        matches!(
            self,
            Self::PaymentCaptured
                | Self::OrderPaid
                | Self::PaymentLinkPaid
                | Self::PaymentLinkPartlyPaid
                | Self::InvoicePaid
                | Self::InvoicePartlyPaid
                | Self::SubscriptionCharged
                | Self::QrCodeCredited
                | Self::VirtualAccountCredited
        )
    }

    /// True if it is about a refund.
    pub(crate) const fn is_of_refund(self) -> bool {
        matches!(self, Self::RefundCreated | Self::RefundProcessed | Self::RefundFailed | Self::RefundSpeedChanged)
    }

    /// True if it is about a dispute.
    pub(crate) const fn is_of_dispute(self) -> bool {
        matches!(
            self,
            Self::DisputeCreated
                | Self::DisputeUnderReview
                | Self::DisputeActionRequired
                | Self::DisputeWon
                | Self::DisputeLost
                | Self::DisputeClosed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::Gateway;

    #[test]
    fn the_database_takes_every_kind_and_no_other_text() {
        for schema in
            [include_str!("../../migrations/sqlite/0004_events.sql"), include_str!("../../migrations/postgres/0004_events.sql")]
        {
            let (_, rest) = schema.split_once("kind IN (").unwrap();
            let listed = rest.split_once(')').unwrap().0.split(',').map(|text| text.trim().trim_matches('\''));
            assert!(listed.eq(EventKind::ALL.iter().map(|kind| kind.as_str())));
        }
    }

    /// A recommended event without a kind has no sentence of its own.
    #[test]
    fn every_recommended_event_of_a_gateway_with_known_events_has_a_kind() {
        for gateway in Gateway::all().filter(|gateway| gateway.profile().has_known_events) {
            for event_type in gateway.profile().recommended_events {
                assert!(gateway.adapter().event_kind(event_type).is_some(), "{event_type}");
            }
        }
    }
}
