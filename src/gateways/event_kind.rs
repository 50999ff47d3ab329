//! What an event reports, in terms that all gateways share.
//!
//! Invariant: a gateway's folder maps its event types to these; whatever depends on what an event reports uses these and never a
//! gateway's name for it. They are not stored: a mapping that is added later holds for earlier events too.

/// What an event reports. Types that a gateway's folder does not map have none: they are stored and named as the gateway names
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    PaymentCreated,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    /// The payment that completed an order.
    OrderPaid,
    PaymentLinkPaid,
    PaymentLinkPartlyPaid,
    InvoicePaid,
    InvoicePartlyPaid,
    SubscriptionCharged,
    /// It may start without a payment.
    SubscriptionActivated,
    /// It may end without a payment.
    SubscriptionCompleted,
    QrCodeCredited,
    VirtualAccountCredited,
    RefundCreated,
    RefundProcessed,
    RefundFailed,
    RefundSpeedChanged,
    DisputeCreated,
    DisputeUnderReview,
    DisputeActionRequired,
    DisputeWon,
    DisputeLost,
    DisputeClosed,
    SettlementProcessed,
}

impl EventKind {
    pub(crate) const ALL: [Self; 25] = [
        Self::PaymentCreated,
        Self::PaymentAuthorized,
        Self::PaymentCaptured,
        Self::PaymentFailed,
        Self::OrderPaid,
        Self::PaymentLinkPaid,
        Self::PaymentLinkPartlyPaid,
        Self::InvoicePaid,
        Self::InvoicePartlyPaid,
        Self::SubscriptionCharged,
        Self::SubscriptionActivated,
        Self::SubscriptionCompleted,
        Self::QrCodeCredited,
        Self::VirtualAccountCredited,
        Self::RefundCreated,
        Self::RefundProcessed,
        Self::RefundFailed,
        Self::RefundSpeedChanged,
        Self::DisputeCreated,
        Self::DisputeUnderReview,
        Self::DisputeActionRequired,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::DisputeClosed,
        Self::SettlementProcessed,
    ];

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
    use crate::gateways::Gateway;

    /// A recommended event without a kind has no sentence of its own.
    #[test]
    fn every_recommended_event_has_a_kind_if_any_has() {
        let mut with_kinds = 0;
        for gateway in Gateway::all() {
            let has_kind = |event_type: &&str| gateway.adapter().event_kind(event_type).is_some();
            let (known, unknown): (Vec<&str>, Vec<&str>) =
                gateway.profile().recommended_events.iter().copied().partition(has_kind);
            assert!(known.is_empty() || unknown.is_empty(), "{gateway}: {unknown:?}");
            with_kinds += usize::from(!known.is_empty());
        }
        assert!(with_kinds > 0);
    }
}
