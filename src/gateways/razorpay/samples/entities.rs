//! Razorpay's envelope and its smaller entities: order, settlement.
//!
//! Invariant: a body is formatted as by the gateway, compact and with the keys in its order, because a signature covers the
//! exact bytes.

mod dispute;
mod instruments;
mod payment;
mod refund;

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

pub(super) use dispute::Dispute;
pub(super) use payment::Payment;
pub(super) use refund::Refund;

use super::{digits, id};

/// The bank reference, by the name of its type.
type AcquirerData = BTreeMap<&'static str, Option<String>>;

/// The entities that a body can contain; the event's name determines which it does.
pub(super) struct Entities<'a> {
    pub(super) payment: &'a Payment,
    pub(super) order: &'a Order,
    pub(super) refund: Option<&'a Refund>,
    pub(super) dispute: Option<&'a Dispute>,
    pub(super) settlement: Option<&'a Settlement>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    entity: &'static str,
    account_id: &'a str,
    event: &'a str,
    contains: &'static [&'static str],
    payload: Payload<'a>,
    created_at: i64,
}

#[derive(Default, Serialize)]
struct Payload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Wrapped<&'a Payment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Wrapped<&'a Order>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<Wrapped<&'a Refund>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<Wrapped<&'a Dispute>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settlement: Option<Wrapped<&'a Settlement>>,
}

#[derive(Serialize)]
struct Wrapped<T> {
    entity: T,
}

fn wrap<T>(entity: T) -> Wrapped<T> {
    Wrapped { entity }
}

/// Serialises the body of `event` as the gateway does.
pub(super) fn body(event: &str, account_id: &str, known: &Entities<'_>, at: i64) -> Vec<u8> {
    const PURE: &str = "plain structs of numbers and strings always serialise";
    let payment = Some(wrap(known.payment));
    let (contains, payload): (&'static [_], _) = match event.split('.').collect::<Vec<_>>()[..] {
        ["order", _] => (&["payment", "order"], Payload { payment, order: Some(wrap(known.order)), ..Payload::default() }),
        ["refund", _] => (&["refund", "payment"], Payload { payment, refund: known.refund.map(wrap), ..Payload::default() }),
        ["payment", "dispute", _] => {
            (&["payment", "dispute"], Payload { payment, dispute: known.dispute.map(wrap), ..Payload::default() })
        }
        ["settlement", _] => (&["settlement"], Payload { settlement: known.settlement.map(wrap), ..Payload::default() }),
        _ => (&["payment"], Payload { payment, ..Payload::default() }),
    };
    let envelope = Envelope { entity: "event", account_id, event, contains, payload, created_at: at };
    if event.starts_with("refund.") {
        // Real refund events have all their keys in alphabetical order, as `Value` does.
        serde_json::to_value(&envelope).expect(PURE).to_string().into_bytes()
    } else {
        serde_json::to_vec(&envelope).expect(PURE)
    }
}

/// An order: created before the payment, and paid by it.
#[derive(Serialize)]
pub(super) struct Order {
    id: String,
    entity: &'static str,
    amount: i64,
    amount_paid: i64,
    amount_due: i64,
    currency: &'static str,
    receipt: String,
    offer_id: Option<String>,
    status: &'static str,
    attempts: u8,
    notes: [&'static str; 0],
    created_at: i64,
}

impl Order {
    fn new(amount: i64, at: i64, rng: &mut impl Rng) -> Self {
        Self {
            id: id("order_", rng),
            entity: "order",
            amount,
            amount_paid: 0,
            amount_due: amount,
            currency: "INR",
            receipt: format!("bill-{}", digits(6, rng)),
            offer_id: None,
            status: "attempted",
            attempts: 1,
            notes: [],
            created_at: at,
        }
    }

    pub(super) fn pay(&mut self) {
        (self.status, self.amount_paid, self.amount_due) = ("paid", self.amount, 0);
    }
}

/// The payout of the payment, less fees, to the shop's bank account.
#[derive(Serialize)]
pub(super) struct Settlement {
    id: String,
    entity: &'static str,
    amount: i64,
    status: &'static str,
    fees: i64,
    tax: i64,
    utr: String,
    created_at: i64,
}

impl Settlement {
    pub(super) fn of(payment: &Payment, at: i64, rng: &mut impl Rng) -> Self {
        let (fees, tax) = (payment.fee.unwrap_or(0), payment.tax.unwrap_or(0));
        Self {
            id: id("setl_", rng),
            entity: "settlement",
            amount: payment.amount - fees,
            status: "processed",
            fees,
            tax,
            utr: format!("EXMPN{}", digits(11, rng)),
            created_at: at,
        }
    }
}
