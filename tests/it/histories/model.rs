//! What a payment should look like, from the set of all that was said of it: written without a look at the projection.

use ks_pay::kernel::time::Timestamp;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::support::bodies::AT;

/// One event, at one connection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) connection: usize,
    pub(super) payment: u8,
    /// Seconds after [`AT`].
    at: i64,
    snapshot: Option<Snapshot>,
    subject: Subject,
}

/// The payment as the event shows it.
#[derive(Debug, Clone, PartialEq)]
struct Snapshot {
    status: &'static str,
    amount: i64,
    currency: &'static str,
    order: Option<u8>,
    method: Option<&'static str>,
    refunded: i64,
    created: i64,
}

#[derive(Debug, Clone, PartialEq)]
enum Subject {
    Payment(&'static str),
    Refund {
        id: u8,
        status: &'static str,
        amount: i64,
        currency: &'static str,
    },
    Dispute {
        id: u8,
        status: &'static str,
    },
    /// Of no payment.
    Other,
}

/// From the least to the most.
const STATUSES: [&str; 5] = ["created", "failed", "authorized", "captured", "refunded"];
const REFUND_STATUSES: [&str; 3] = ["pending", "failed", "processed"];
const DISPUTE_STATUSES: [&str; 5] = ["open", "under_review", "lost", "won", "closed"];
/// Mostly rupees.
const CURRENCIES: [&str; 4] = ["INR", "INR", "INR", "AED"];

/// An event at one of `connections`, of few payments, so that many meet.
pub(super) fn any_event(connections: usize) -> impl Strategy<Value = Event> {
    let shown = prop_oneof![1 => any_snapshot().prop_map(Some), 1 => Just(None)];
    (0..connections, 0..2u8, 0..12i64, any_snapshot(), shown, any_subject()).prop_map(
        |(connection, payment, at, own, shown, subject)| {
            let is_payment = matches!(subject, Subject::Payment(_));
            Event { connection, payment, at, snapshot: if is_payment { Some(own) } else { shown }, subject }
        },
    )
}

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let back = prop_oneof![2 => Just(0), 1 => select(vec![20_000, 60_000, 100_000])];
    let methods = prop::option::of(select(vec!["upi", "card"]));
    let amount = select(vec![100_000, 100_000, 90_000, 0]);
    (select(&STATUSES[..]), amount, select(&CURRENCIES[..]), prop::option::of(0..2u8), methods, back, 0..3i64).prop_map(
        |(status, amount, currency, order, method, refunded, created)| Snapshot {
            status,
            amount,
            currency,
            order,
            method,
            refunded,
            created,
        },
    )
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let events = vec!["payment.created", "payment.authorized", "payment.captured", "payment.failed", "order.paid"];
    let refund = (0..3u8, select(&REFUND_STATUSES[..]), 1..7i64, select(&CURRENCIES[..]));
    prop_oneof![
        3 => select(events).prop_map(Subject::Payment),
        2 => refund.prop_map(|(id, status, tenths, currency)| Subject::Refund { id, status, amount: tenths * 10_000, currency }),
        1 => Just(Subject::Other),
        1 => (0..2u8, select(&DISPUTE_STATUSES[..])).prop_map(|(id, status)| Subject::Dispute { id, status }),
    ]
}

impl Event {
    /// Whether it says anything of its payment.
    pub(super) fn tells(&self) -> bool {
        self.subject != Subject::Other
    }

    pub(super) fn payment_id(&self, case: u32) -> String {
        format!("pay_{case}_{}", self.payment)
    }

    /// As Razorpay documents it.
    pub(super) fn body(&self, case: u32) -> Vec<u8> {
        let id = self.payment_id(case);
        let mut payload = json!({});
        if let Some(shown) = &self.snapshot {
            payload["payment"]["entity"] = shown.entity(&id);
        }
        let event = match &self.subject {
            Subject::Payment(event) => (*event).to_owned(),
            Subject::Other => {
                payload["settlement"]["entity"] = json!({ "id": format!("setl_of_{id}") });
                "settlement.processed".to_owned()
            }
            Subject::Refund { id: refund, status, amount, currency } => {
                payload["refund"]["entity"] = json!({ "id": format!("rfnd_{refund}"), "entity": "refund", "payment_id": id,
                    "amount": amount, "currency": currency, "status": status, "created_at": AT });
                format!("refund.{}", if *status == "pending" { "created" } else { status })
            }
            Subject::Dispute { id: dispute, status } => {
                payload["dispute"]["entity"] = json!({ "id": format!("disp_{dispute}"), "entity": "dispute", "payment_id": id,
                    "amount": 100_000, "currency": "INR", "status": status });
                format!("payment.dispute.{}", if *status == "open" { "created" } else { status })
            }
        };
        json!({ "entity": "event", "event": event, "payload": payload, "created_at": AT + self.at }).to_string().into_bytes()
    }
}

impl Snapshot {
    fn entity(&self, id: &str) -> Value {
        json!({ "id": id, "entity": "payment", "amount": self.amount, "currency": self.currency, "status": self.status,
            "order_id": self.order.map(|order| format!("order_{order}")), "method": self.method,
            "amount_refunded": self.refunded, "notes": [], "created_at": AT - self.created })
    }
}

/// The row of a payment of which these events were told, without its ids.
pub(super) fn row(events: &[&Event]) -> Value {
    let shown: Vec<(&Snapshot, i64)> = events.iter().filter_map(|event| Some((event.snapshot.as_ref()?, event.at))).collect();
    let snapshots = shown.iter().map(|(shown, _)| *shown);
    // The furthest status decides; of two such the later, then the greater.
    let decisive = shown.iter().max_by_key(|(shown, at)| (rank(&STATUSES, shown.status), *at, shown.amount, shown.currency));
    let amount = decisive.map(|(shown, _)| shown.amount);
    let refunds = refunds(events);
    let currency = decisive.map(|(shown, _)| shown.currency).or_else(|| refunds.iter().map(|refund| refund.currency).max());
    let refunded = refunded(events, &refunds).min(amount.unwrap_or(i64::MAX));
    let status = decisive.map(|(shown, _)| {
        let is_taken = rank(&STATUSES, shown.status) >= rank(&STATUSES, "captured");
        if is_taken && shown.amount > 0 && refunded >= shown.amount { "refunded" } else { shown.status }
    });
    let last = AT + events.iter().map(|event| event.at).max().unwrap();
    let created = snapshots.clone().map(|shown| AT - shown.created).min().unwrap_or(last);
    json!({
        "order_id": snapshots.clone().filter_map(|shown| shown.order).min().map(|order| format!("order_{order}")),
        "status": status, "amount": amount, "amount_refunded": refunded, "currency": currency,
        "disputed": is_disputed(events), "updated_at": Timestamp::from_seconds(last).rfc3339(),
        "method": snapshots.filter_map(|shown| shown.method).min(), "created_at": Timestamp::from_seconds(created).rfc3339(),
    })
}

/// All that was said of one refund.
struct Refund {
    status: &'static str,
    amount: i64,
    currency: &'static str,
    reported: i64,
}

fn refunds(events: &[&Event]) -> Vec<Refund> {
    let one = |wanted: u8| {
        let said = events.iter().filter_map(|event| match event.subject {
            Subject::Refund { id, status, amount, currency } if id == wanted => Some((
                rank(&REFUND_STATUSES, status),
                (amount, currency),
                event.snapshot.as_ref().map_or(0, |shown| shown.refunded),
            )),
            _ => None,
        });
        let (amount, currency) = said.clone().map(|said| said.1).max()?;
        let status = REFUND_STATUSES[said.clone().map(|said| said.0).max()?];
        Some(Refund { status, amount, currency, reported: said.map(|said| said.2).max()? })
    };
    (0..3).filter_map(one).collect()
}

/// What went back: the refunds that are done, or what the gateway says in all, whichever is more.
fn refunded(events: &[&Event], refunds: &[Refund]) -> i64 {
    let done: i64 = refunds.iter().filter(|refund| refund.status == "processed").map(|refund| refund.amount).sum();
    let by_refunds = refunds.iter().filter(|refund| refund.status != "failed").map(|refund| refund.reported).max();
    let others = events.iter().filter(|event| !matches!(event.subject, Subject::Refund { .. }));
    let by_others = others.filter_map(|event| event.snapshot.as_ref()).map(|shown| shown.refunded).max();
    done.max(by_refunds.unwrap_or_default()).max(by_others.unwrap_or_default())
}

/// Whether the last word on any dispute is neither won nor closed.
fn is_disputed(events: &[&Event]) -> bool {
    (0..2u8).any(|wanted| {
        let words = events.iter().filter_map(|event| match event.subject {
            Subject::Dispute { id, status } if id == wanted => Some((event.at, rank(&DISPUTE_STATUSES, status))),
            _ => None,
        });
        words.max().is_some_and(|(_, word)| !["won", "closed"].contains(&DISPUTE_STATUSES[word]))
    })
}

fn rank(order: &[&str], word: &str) -> usize {
    order.iter().position(|known| *known == word).unwrap()
}
