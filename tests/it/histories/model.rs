//! Events of a few payments, as a gateway reports them, and the expected final row of each payment: the gateway's own state,
//! independent of the projection.

use ks_pay::primitives::time::Timestamp;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::gateway::{self, Gateway, Report, Step, Way};
use crate::support::bodies::AT;

/// Amount of every payment, in subunits.
const AMOUNT: i64 = 100_000;

/// One event, at one connection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) connection: usize,
    pub(super) payment: u8,
    subject: Subject,
}

#[derive(Debug, Clone, PartialEq)]
enum Subject {
    Payment(Box<Report>, Shown),
    /// Event without a payment.
    Other(i64),
}

/// Fields that are the same in every report of a payment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    order: Option<u8>,
    method: Option<&'static str>,
    currency: &'static str,
    created: i64,
}

/// The gateway's final state of a payment.
#[derive(Debug, Clone)]
pub(super) struct Truth {
    pub(super) connection: usize,
    pub(super) payment: u8,
    gateway: Gateway,
    shown: Shown,
}

/// Generates the life cycles of a few payments at `connections`, and their events.
pub(super) fn any_lives(connections: usize) -> impl Strategy<Value = (Vec<Truth>, Vec<Event>)> {
    let others = prop::collection::vec((0..connections, 0..12i64), 0..4);
    let lives = prop::collection::btree_map((0..connections, 0..2u8), any_life(), 1..=4);
    (lives, others).prop_map(|(lives, others)| {
        let truth = |((connection, payment), (gateway, shown))| Truth { connection, payment, gateway, shown };
        let truths: Vec<Truth> = lives.into_iter().map(truth).collect();
        let other = |(connection, at)| Event { connection, payment: 9, subject: Subject::Other(at) };
        let events = truths.iter().flat_map(Truth::events).chain(others.into_iter().map(other)).collect();
        (truths, events)
    })
}

fn any_life() -> impl Strategy<Value = (Gateway, Shown)> {
    let ways = prop_oneof![Just(Way::TakenOut), Just(Way::StillIn)];
    let steps = prop::collection::vec((1..4i64, gateway::any_step()), 0..7);
    let shown =
        (prop::option::of(0..2u8), prop::option::of(select(vec!["upi", "card"])), select(vec!["INR", "INR", "AED"]), 0..3i64)
            .prop_map(|(order, method, currency, created)| Shown { order, method, currency, created });
    (ways, prop::bool::weighted(0.8), steps, shown).prop_map(|(way, is_captured, steps, shown)| {
        let mut gateway = Gateway::authorize(AMOUNT, way, AT);
        if is_captured {
            gateway.take(Step::Capture);
        }
        for (seconds, step) in steps {
            gateway.take(Step::Wait(seconds));
            gateway.take(step);
        }
        (gateway, shown)
    })
}

impl Truth {
    fn events(&self) -> impl Iterator<Item = Event> {
        self.gateway.reports.iter().map(|report| {
            let subject = Subject::Payment(Box::new(report.clone()), self.shown);
            Event { connection: self.connection, payment: self.payment, subject }
        })
    }

    /// Returns the row of the payment without its ids.
    pub(super) fn row(&self) -> Value {
        let (gateway, shown) = (&self.gateway, self.shown);
        let last = gateway.reports.iter().map(|report| report.at).max().unwrap();
        json!({
            "order_id": shown.order.map(|order| format!("order_{order}")), "status": gateway.status(), "amount": AMOUNT,
            "amount_refunded": gateway.refunded(), "currency": shown.currency, "disputed": gateway.is_disputed(),
            "updated_at": Timestamp::from_seconds(last).rfc3339(), "method": shown.method,
            "created_at": Timestamp::from_seconds(AT - shown.created).rfc3339(), "is_captured": gateway.is_captured(),
            "lost": gateway.lost(), "refund_pending": gateway.refund_pending(), "refund_failed": gateway.refund_failed(),
        })
    }
}

impl Event {
    /// Returns whether the event reports on its payment.
    pub(super) fn reports_payment(&self) -> bool {
        matches!(self.subject, Subject::Payment(..))
    }

    pub(super) fn payment_id(&self, case: u32) -> String {
        payment_id(case, self.payment)
    }

    /// Returns the body in Razorpay's documented format.
    pub(super) fn body(&self, case: u32) -> Vec<u8> {
        let id = self.payment_id(case);
        let body = match &self.subject {
            Subject::Other(at) => {
                let payload = json!({ "settlement": { "entity": { "id": format!("setl_of_{id}") } } });
                json!({ "entity": "event", "event": "settlement.processed", "payload": payload, "created_at": AT + at })
            }
            Subject::Payment(report, shown) => {
                let payload = payload(report, *shown, &id);
                json!({ "entity": "event", "event": report.event, "payload": payload, "created_at": report.at })
            }
        };
        body.to_string().into_bytes()
    }
}

pub(super) fn payment_id(case: u32, payment: u8) -> String {
    format!("pay_{case}_{payment}")
}

fn payload(report: &Report, shown: Shown, id: &str) -> Value {
    let mut payload = json!({});
    if let Some(quoted) = &report.payment {
        payload["payment"]["entity"] = json!({ "id": id, "entity": "payment", "amount": AMOUNT, "currency": shown.currency,
            "status": quoted.status, "captured": quoted.is_captured, "amount_refunded": quoted.refunded,
            "order_id": shown.order.map(|order| format!("order_{order}")), "method": shown.method, "notes": [],
            "created_at": AT - shown.created });
    }
    if let Some(refund) = &report.refund {
        payload["refund"]["entity"] = json!({ "id": format!("rfnd_{}", refund.number), "entity": "refund", "payment_id": id,
            "amount": refund.amount, "currency": shown.currency, "status": refund.status, "created_at": refund.created_at });
    }
    if let Some(dispute) = &report.dispute {
        payload["dispute"]["entity"] = json!({ "id": format!("disp_{}", dispute.number), "entity": "dispute",
            "payment_id": id, "amount": dispute.amount, "amount_deducted": dispute.deducted, "currency": shown.currency,
            "status": dispute.status, "created_at": AT });
    }
    payload
}
