//! Details of a payment for display and search.
//!
//! Invariant: nothing here can quarantine an event.

use serde::Deserialize;

use super::{
    body::{BankReferences, ShownPayload, Transfer, Wrapper},
    moment, money,
    shown::{Lenient, Shown},
};
use crate::{
    gateways::{
        adapter::is_safe_identifier,
        payment::{FailureCategory, Order, Reference, ReferenceKind},
        razorpay::failure,
        strict_object::Object,
    },
    primitives::{
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// Parses the display fields of a body with unexpected content. If that fails, only the payment's method and whether it was
/// captured.
pub(super) fn shown(body: &[u8]) -> ShownPayload<'_> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, default)]
        payload: Lenient<ShownPayload<'a>>,
    }
    if let Ok(Object(envelope)) = serde_json::from_slice::<Object<Envelope<'_>>>(body) {
        return envelope.payload.0;
    }
    let mut shown = ShownPayload::default();
    let payment = &mut shown.payment.0.entity.0;
    payment.method = alone(body, |Method { method }| method);
    payment.captured = alone(body, |Captured { captured }| captured);
    shown
}

#[derive(Deserialize)]
struct Method<'a> {
    #[serde(borrow)]
    method: Shown<'a>,
}

#[derive(Deserialize)]
struct Captured<'a> {
    #[serde(borrow)]
    captured: Shown<'a>,
}

/// Parses a single field of the payment.
fn alone<'a, T: Deserialize<'a>>(body: &'a [u8], field: impl FnOnce(T) -> Shown<'a>) -> Shown<'a> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        payload: Object<Payload<T>>,
    }
    #[derive(Deserialize)]
    struct Payload<T> {
        payment: Object<Wrapper<T>>,
    }
    let envelope = serde_json::from_slice::<Object<Envelope<T>>>(body);
    envelope.map_or(Shown::Other, |Object(envelope)| field(envelope.payload.0.payment.0.entity.0))
}

/// Returns the payment's `captured` flag.
pub(super) fn captured(shown: &ShownPayload<'_>) -> Option<bool> {
    shown.payment.0.entity.0.captured.flag()
}

/// Returns the payment method.
pub(super) fn method(shown: &ShownPayload<'_>) -> Option<String> {
    shown.payment.0.entity.0.method.text().filter(|method| is_safe_identifier(method)).map(str::to_owned)
}

/// Returns why a failed payment failed.
pub(super) fn failure(shown: &ShownPayload<'_>) -> Option<FailureCategory> {
    shown.payment.0.entity.0.error_reason.text().and_then(failure::category)
}

/// Returns the amount of the order.
pub(super) fn order(shown: &ShownPayload<'_>) -> Option<Money> {
    let order = &shown.order.0.entity.0;
    money(order.amount.number()?, order.currency.text()?).ok()
}

/// Returns what the event reports of the order; without an id of its own, the order is that of the payment.
pub(super) fn order_report(event: &str, shown: &ShownPayload<'_>, of_payment: Option<&str>) -> Option<Order> {
    let entity = &shown.order.0.entity.0;
    let is_part = matches!(event, "payment_link.partially_paid" | "invoice.partially_paid");
    if entity.amount == Shown::Other && entity.status == Shown::Other && !is_part {
        return None;
    }
    let id = entity.id.text().filter(|id| is_safe_identifier(id)).or(of_payment)?;
    let currency = entity.currency.text();
    let amount = |value: &Shown<'_>| money(value.number()?, currency?).ok();
    let (asked, paid) = (amount(&entity.amount), amount(&entity.amount_paid).map(|money| money.subunits));
    Some(Order {
        id: id.to_owned(),
        status: entity.status.text().and_then(|status| status.parse().ok()),
        is_in_parts: is_part || asked.zip(paid).is_some_and(|(asked, paid)| 0 < paid && paid < asked.subunits),
        money: asked,
        paid,
        receipt: entity.receipt.reference(),
    })
}

/// Returns the amount of a settlement and its bank reference. Razorpay settles in rupees and names no currency.
pub(super) fn settlement(shown: &ShownPayload<'_>) -> (Option<Money>, Option<String>) {
    let settlement = &shown.settlement.0.entity.0;
    let amount = settlement.amount.number().and_then(|amount| {
        let currency = settlement.currency.text().unwrap_or(Currency::INR.as_str());
        money(amount, currency).ok()
    });
    (amount, settlement.utr.reference())
}

/// Returns the settled amount of a payment in a foreign currency. Samples of domestic payments also have a base amount, which
/// is ignored.
pub(super) fn settled(shown: &ShownPayload<'_>, paid_in: Option<Currency>) -> Option<Money> {
    let payment = &shown.payment.0.entity.0;
    let currency = payment.base_currency.text().unwrap_or(Currency::INR.as_str());
    let settled = money(payment.base_amount.number()?, currency).ok()?;
    (paid_in.is_some_and(|paid_in| paid_in != settled.currency)).then_some(settled)
}

/// Returns the deadline for responding to a dispute.
pub(super) fn respond_by(shown: &ShownPayload<'_>) -> Option<Timestamp> {
    let seconds = shown.dispute.0.entity.0.respond_by.number().filter(|seconds| *seconds > 0)?;
    moment(seconds).ok()
}

/// Returns the receipts and bank references of the payment, without duplicates.
pub(super) fn references(shown: &ShownPayload<'_>) -> Vec<Reference> {
    let (payment, refund) = (&shown.payment.0.entity.0, &shown.refund.0.entity.0);
    let receipts = [
        &shown.order.0.entity.0.receipt,
        &shown.invoice.0.entity.0.receipt,
        &shown.invoice.0.entity.0.invoice_number,
        &shown.payment_link.0.entity.0.reference_id,
    ];
    let banks = of_bank(&payment.acquirer_data.0)
        .into_iter()
        .chain(of_transfer(&shown.bank_transfer.0.entity.0))
        .chain(of_transfer(&shown.upi_transfer.0.entity.0));
    let receipts = receipts.into_iter().map(|receipt| (ReferenceKind::Receipt, receipt));
    let mut references: Vec<Reference> = receipts
        .chain(banks.map(|reference| (ReferenceKind::Bank, reference)))
        .chain(of_bank(&refund.acquirer_data.0).into_iter().map(|reference| (ReferenceKind::RefundBank, reference)))
        .chain([(ReferenceKind::RefundReceipt, &refund.receipt)])
        .filter_map(|(kind, value)| Some(Reference { kind, text: value.reference()? }))
        .collect();
    references.sort();
    references.dedup();
    references
}

fn of_bank<'a>(references: &'a BankReferences<'a>) -> [&'a Shown<'a>; 6] {
    let BankReferences { rrn, utr, arn, bank_transaction_id, upi_transaction_id, transaction_id } = references;
    [rrn, utr, arn, bank_transaction_id, upi_transaction_id, transaction_id]
}

fn of_transfer<'a>(transfer: &'a Transfer<'a>) -> [&'a Shown<'a>; 4] {
    let Transfer { bank_reference, npci_reference_id, rrn, utr } = transfer;
    [bank_reference, npci_reference_id, rrn, utr]
}
