//! An order is the same whatever the order, the repetition and the batches of what is reported of it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    apps::zones::Zones,
    gateways::payment::{Details, Order as Reported, OrderStatus, Snapshot, Status, TimeSource},
    ledger::payments::projection::PaymentState,
    primitives::{
        id::{CompanyId, ConnectionId, Id as _, TransactionId},
        money::{Currency, Money},
        time::Timestamp,
        zone::Zone,
    },
};

const STATUSES: [Status; 5] = [Status::Created, Status::Failed, Status::Authorized, Status::Captured, Status::Refunded];

fn scope() -> ConnectionScope {
    ConnectionScope {
        company: CompanyId::from_number(1),
        app: AppId::from_number(2),
        connection: ConnectionId::from_number(3),
        gateway: Gateway::proposed(),
        mode: Mode::Live,
    }
}

/// Generates what events of four payments of two orders report, which no gateway would send: several of one rank, amounts that differ,
/// and payments that are reported without their order.
fn any_facts() -> impl Strategy<Value = PaymentObservation> {
    let order = (prop::option::of(0..3usize), prop::option::of(1..3i64), prop::option::of(0..3i64), prop::option::of("[ab]"));
    (0..4u8, 1..6i64, 0..3i64, (0..5usize, any::<bool>()), prop::option::of(order)).prop_map(
        |(payment, at, digest, (status, has_order), order)| {
            let id = format!("order_{}", payment % 2);
            let money = |subunits| Money::new(subunits, Currency::INR);
            let at = Timestamp::from_seconds(at);
            let snapshot = Snapshot {
                status: STATUSES[status],
                was_captured: None,
                money: money(500),
                created_at: at,
                order_id: has_order.then(|| id.clone()),
                method: None,
                refunded: None,
                failure: None,
            };
            let order = order.map(|(status, amount, paid, receipt)| Reported {
                id,
                status: status.map(|status| OrderStatus::ALL[status]),
                money: amount.map(money),
                paid,
                receipt,
                is_in_parts: paid == Some(1),
            });
            PaymentObservation {
                payment_id: format!("pay_{payment}"),
                at,
                time_source: TimeSource::Envelope,
                digest,
                snapshot: Some(snapshot),
                refund: None,
                dispute: None,
                details: Details { order, ..Details::default() },
            }
        },
    )
}

/// Applies observations in batches, as units of work do.
fn replay(observations: &[PaymentObservation], batch: usize) -> BTreeMap<String, OrderState> {
    let (scope, zone) = (scope(), Zones::from(Zone::default()));
    let mut payments: BTreeMap<String, PaymentState> = BTreeMap::new();
    let mut orders: BTreeMap<String, OrderState> = BTreeMap::new();
    for batch in observations.chunks(batch) {
        let before = payments.clone();
        for facts in batch {
            payments.entry(facts.payment_id.clone()).or_default().apply(facts);
        }
        let part = |payments: &BTreeMap<String, PaymentState>, id| payments.get(id).and_then(PaymentState::in_order);
        let id = TransactionId::from_number(1);
        let around = |id| -> (Option<InOrder>, Option<InOrder>) { (part(&before, id), part(&payments, id)) };
        let moves: Vec<_> = payments.keys().map(around).filter(|(before, after)| before != after).collect();
        let moves: Vec<_> =
            moves.into_iter().map(|(before, after)| OrderMove { transaction: id, scope: &scope, before, after }).collect();
        let reports: Vec<_> = batch.iter().map(|facts| PaymentReport { scope: &scope, zones: zone, facts, id }).collect();
        for ((.., order), entry) in entries(&moves, &reports) {
            let stored = orders.entry(order.to_owned()).or_default();
            *stored = updated(stored, &entry);
        }
    }
    orders
}

proptest! {
    #[test]
    fn any_permutation_and_repetition_gives_the_same_order(
        (facts, shuffled) in prop::collection::vec(any_facts(), 1..12)
            .prop_flat_map(|facts| (Just(facts.clone()), Just([facts.clone(), facts].concat()).prop_shuffle())),
        batch in 1..5usize,
    ) {
        let all = replay(&facts, facts.len());
        prop_assert_eq!(&replay(&shuffled, batch), &all);
        let captured = |order: &str| {
            let mut payments: BTreeMap<&str, PaymentState> = BTreeMap::new();
            for facts in &facts {
                payments.entry(&facts.payment_id).or_default().apply(facts);
            }
            let parts = payments.values().filter_map(PaymentState::in_order);
            i64::try_from(parts.filter(|part| part.order_id == order).count()).unwrap()
        };
        for (id, order) in &all {
            prop_assert_eq!(order.captured_payments, captured(id));
        }
    }
}
