//! The normalized form of an event: one JSON for all gateways, which `docs/normalized-event.schema.json` describes.
//!
//! Invariant: keys are added, but never renamed or removed. Every key is always present; an unknown value is null.

pub(crate) mod change;

use serde::Serialize;

use crate::{
    events::Origin,
    gateways::{
        Gateway, Mode,
        adapter::{EventContent, ParsedEvent, TEST_EVENT_TYPE},
        event_kind::EventKind,
        payment::{Dispute, FailureCategory, PaymentObservation, Refund, Snapshot},
    },
    primitives::{
        id::{AppId, EventId, TransactionId},
        time::Timestamp,
    },
    urls,
};

/// A stored event, and what was parsed from it.
pub(crate) struct Source<'a> {
    pub(crate) event: EventId,
    pub(crate) app: AppId,
    pub(crate) transaction: Option<TransactionId>,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) gateway_event_id: Option<&'a str>,
    pub(crate) origin: Origin,
    pub(crate) received_at: Timestamp,
    pub(crate) parsed: &'a ParsedEvent,
    /// The console's public URL, without a trailing slash.
    pub(crate) public_url: &'a str,
}

/// Returns the type of a kind's normalized events; `None` for a kind that reports no payment, refund or dispute.
pub(crate) const fn event_type(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::PaymentCreated => "payment.created",
        EventKind::PaymentAuthorized => "payment.authorized",
        EventKind::PaymentCaptured => "payment.captured",
        EventKind::PaymentFailed => "payment.failed",
        EventKind::OrderPaid => "order.paid",
        EventKind::PaymentLinkPaid => "payment_link.paid",
        EventKind::PaymentLinkPartlyPaid => "payment_link.partially_paid",
        EventKind::InvoicePaid => "invoice.paid",
        EventKind::InvoicePartlyPaid => "invoice.partially_paid",
        EventKind::SubscriptionCharged => "subscription.charged",
        EventKind::SubscriptionActivated => "subscription.activated",
        EventKind::SubscriptionCompleted => "subscription.completed",
        EventKind::QrCodeCredited => "qr_code.credited",
        EventKind::VirtualAccountCredited => "virtual_account.credited",
        EventKind::RefundCreated => "refund.created",
        EventKind::RefundProcessed => "refund.processed",
        EventKind::RefundFailed => "refund.failed",
        EventKind::RefundSpeedChanged => "refund.speed_changed",
        EventKind::DisputeCreated => "dispute.opened",
        EventKind::DisputeUnderReview => "dispute.under_review",
        EventKind::DisputeActionRequired => "dispute.action_required",
        EventKind::DisputeWon => "dispute.won",
        EventKind::DisputeLost => "dispute.lost",
        EventKind::DisputeClosed => "dispute.closed",
        EventKind::SettlementProcessed => return None,
    })
}

/// Returns the types of all normalized events.
pub(crate) fn event_types() -> impl Iterator<Item = &'static str> {
    EventKind::ALL.into_iter().filter_map(event_type)
}

/// Returns the normalized form of an event; `None` if it has none: its type has no rule, or its body is not reliable.
pub(crate) fn body(source: &Source<'_>) -> Option<Vec<u8>> {
    let EventContent::Observation(facts) = &source.parsed.content else { return None };
    let gateway_event_type = source.parsed.event_type.as_deref()?;
    let event_type = event_type(source.gateway.adapter().event_kind(gateway_event_type)?)?;
    let link = |path: String| format!("{}{path}", source.public_url);
    let data = Data {
        app: source.app.to_string(),
        mode: source.mode.slug(),
        gateway: Some(source.gateway.slug()),
        gateway_event_id: source.gateway_event_id,
        gateway_event_type: Some(gateway_event_type),
        origin: source.origin.as_str(),
        received_at: source.received_at.rfc3339(),
        payment: Some(PaymentData::of(facts)),
        refund: facts.refund.as_ref().map(RefundData::of),
        dispute: facts.dispute.as_ref().map(DisputeData::of),
        links: Links {
            event: Some(link(urls::event(source.app, source.event))),
            transaction: source.transaction.map(|id| link(urls::transaction(source.app, id))),
        },
    };
    let at = source.parsed.occurred_at.unwrap_or(source.received_at);
    serde_json::to_vec(&Normalized { id: &source.event.to_string(), event_type, timestamp: at.rfc3339(), data }).ok()
}

/// Returns the body of the test event of a destination, which no gateway sent.
pub(crate) fn test_event(id: &str, (app, mode): (AppId, Mode), now: Timestamp) -> Vec<u8> {
    let data = Data {
        app: app.to_string(),
        mode: mode.slug(),
        gateway: None,
        gateway_event_id: None,
        gateway_event_type: None,
        origin: Origin::Test.as_str(),
        received_at: now.rfc3339(),
        payment: None,
        refund: None,
        dispute: None,
        links: Links { event: None, transaction: None },
    };
    // Texts are always written without errors.
    serde_json::to_vec(&Normalized { id, event_type: TEST_EVENT_TYPE, timestamp: now.rfc3339(), data }).unwrap_or_default()
}

#[derive(Serialize)]
struct Normalized<'a, D> {
    id: &'a str,
    #[serde(rename = "type")]
    event_type: &'static str,
    timestamp: String,
    data: D,
}

#[derive(Serialize)]
struct Data<'a> {
    app: String,
    mode: &'static str,
    gateway: Option<&'static str>,
    gateway_event_id: Option<&'a str>,
    gateway_event_type: Option<&'a str>,
    origin: &'static str,
    received_at: String,
    payment: Option<PaymentData<'a>>,
    refund: Option<RefundData<'a>>,
    dispute: Option<DisputeData<'a>>,
    links: Links,
}

#[derive(Serialize)]
struct PaymentData<'a> {
    id: &'a str,
    order_id: Option<&'a str>,
    status: Option<&'static str>,
    amount: Option<i64>,
    currency: Option<String>,
    amount_refunded: Option<i64>,
    method: Option<&'a str>,
    failure: Option<&'static str>,
    created_at: Option<String>,
}

#[derive(Serialize)]
struct RefundData<'a> {
    id: &'a str,
    status: &'static str,
    amount: i64,
    currency: String,
    created_at: Option<String>,
}

#[derive(Serialize)]
struct DisputeData<'a> {
    id: &'a str,
    status: &'static str,
    amount: i64,
    currency: String,
    amount_deducted: Option<i64>,
    respond_by: Option<String>,
}

#[derive(Serialize)]
struct Links {
    event: Option<String>,
    transaction: Option<String>,
}

impl<'a> PaymentData<'a> {
    /// An event about a refund or a dispute may report only the payment's id.
    fn of(facts: &'a PaymentObservation) -> Self {
        let snapshot = facts.snapshot.as_ref();
        Self {
            id: &facts.payment_id,
            order_id: snapshot.and_then(|payment| payment.order_id.as_deref()),
            status: snapshot.map(|payment| payment.status.as_str()),
            amount: snapshot.map(|payment| payment.money.subunits),
            currency: snapshot.map(|payment| payment.money.currency.to_string()),
            amount_refunded: snapshot.and_then(Snapshot::quote),
            method: snapshot.and_then(|payment| payment.method.as_deref()),
            failure: snapshot.and_then(|payment| payment.failure).map(FailureCategory::as_str),
            created_at: snapshot.map(|payment| payment.created_at.rfc3339()),
        }
    }
}

impl<'a> RefundData<'a> {
    fn of(refund: &'a Refund) -> Self {
        Self {
            id: &refund.id,
            status: refund.status.as_str(),
            amount: refund.money.subunits,
            currency: refund.money.currency.to_string(),
            created_at: refund.created_at.map(Timestamp::rfc3339),
        }
    }
}

impl<'a> DisputeData<'a> {
    fn of(dispute: &'a Dispute) -> Self {
        Self {
            id: &dispute.id,
            status: dispute.status.as_str(),
            amount: dispute.money.subunits,
            currency: dispute.money.currency.to_string(),
            amount_deducted: dispute.deducted,
            respond_by: dispute.respond_by.map(Timestamp::rfc3339),
        }
    }
}

#[cfg(test)]
mod tests;
