//! Tests the projection by examples, whose reports are made here; `model` compares it with a reference model of a gateway, and
//! `texts` tests the sentences that pages show.

mod disputes;
mod model;
mod refunds;
mod status;
mod texts;
mod totals;

use super::*;
use crate::{gateways::payment::Details, primitives::money::Money};
use RefundStatus::{Failed, Pending, Processed};

const AMOUNT: i64 = 100_000;

fn money(amount: i64) -> Money {
    Money::new(amount, Currency::INR)
}

fn bare(at: i64) -> PaymentObservation {
    PaymentObservation {
        payment_id: "pay_1".to_owned(),
        at: Timestamp::from_seconds(at),
        time_source: TimeSource::Envelope,
        digest: at * 7919 % 13,
        snapshot: None,
        refund: None,
        dispute: None,
        details: Details { settled: (at % 2 == 0).then(|| money(at % 5)), references: Vec::new(), order: None },
    }
}

fn shown(status: Status, refunded: Option<i64>) -> Snapshot {
    Snapshot {
        status,
        was_captured: None,
        money: money(AMOUNT),
        created_at: Timestamp::from_seconds(1),
        order_id: Some("order_1".to_owned()),
        method: Some("upi".to_owned()),
        refunded,
        failure: None,
    }
}

fn payment(status: Status, at: i64, refunded: i64) -> PaymentObservation {
    PaymentObservation { snapshot: Some(shown(status, Some(refunded))), ..bare(at) }
}

/// Returns a report of a refund created at `made_at`, with the total that its payment quotes.
fn refund(id: &str, amount: i64, status: RefundStatus, (made_at, at): (i64, i64), quoted: Option<i64>) -> PaymentObservation {
    let created_at = Some(Timestamp::from_seconds(made_at));
    let refund = Refund { id: id.to_owned(), money: money(amount), status, created_at };
    let snapshot = quoted.map(|total| shown(if total == AMOUNT { Status::Refunded } else { Status::Captured }, Some(total)));
    PaymentObservation { snapshot, refund: Some(refund), ..bare(at) }
}

fn dispute(id: &str, status: DisputeStatus, at: i64, amount: i64, deducted: Option<i64>) -> PaymentObservation {
    let respond_by = (at % 3 != 0).then(|| Timestamp::from_seconds(at * 5 % 7));
    PaymentObservation {
        dispute: Some(Dispute { id: id.to_owned(), status, money: money(amount), deducted, respond_by }),
        ..bare(at)
    }
}

fn merged(facts: &[PaymentObservation]) -> PaymentState {
    let mut state = PaymentState::default();
    for facts in facts {
        state.apply(facts);
    }
    state
}

/// Runs the check on the result of every order of the reports.
fn in_any_order(facts: &[PaymentObservation], check: impl Fn(&PaymentState)) {
    let mut orders = vec![Vec::new()];
    for fact in facts {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<PaymentObservation>| {
                (0..=order.len()).map(move |at| [&order[..at], std::slice::from_ref(fact), &order[at..]].concat())
            })
            .collect();
    }
    for order in orders {
        check(&merged(&order));
    }
}
