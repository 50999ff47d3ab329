//! How much an order was paid too much, and which payment is refunded for it.
//!
//! Invariant: pure. What the merchant still holds of the order is never less than its amount after the refund, and nothing is refunded unless
//! the order is paid without the smallest of its payments: fees that a customer pays are part of a payment and not of the order, and
//! parts of an order are not several payments of it.

use crate::{
    gateways::{
        payment::Status,
        refunds::{ApiOrder, ApiPayment},
    },
    primitives::money::{Currency, Money},
};

/// What was paid too much for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess<'a> {
    /// This payment is refunded by this amount.
    Of(&'a ApiPayment, Money),
    /// The payments do not exceed the amount.
    Nothing,
    /// Parts exceed the amount, by fees that the customer has paid.
    OfParts,
    /// One of many parts may be too much, or all of them together by fees.
    Doubtful,
    /// The amounts cannot be compared.
    Unknown,
}

/// Compares the payments of an order with its amount.
pub(super) fn of<'a>(order: &ApiOrder, payments: &'a [ApiPayment]) -> Excess<'a> {
    let Some(asked) = order.amount.filter(|amount| amount.subunits > 0) else { return Excess::Unknown };
    let held: Vec<(&ApiPayment, i64)> =
        payments.iter().map(|payment| (payment, held(payment))).filter(|(_, held)| *held > 0).collect();
    if held.iter().any(|(payment, _)| payment.amount.currency != asked.currency) {
        return Excess::Unknown;
    }
    let Some(sum) = held.iter().try_fold(0_i64, |sum, (_, held)| sum.checked_add(*held)) else { return Excess::Unknown };
    let excess = sum.saturating_sub(asked.subunits);
    if excess <= 0 {
        return Excess::Nothing;
    }
    let least = held.iter().map(|(_, held)| *held).min().unwrap_or_default();
    if sum - least < asked.subunits {
        return if held.len() > 1 { Excess::OfParts } else { Excess::Nothing };
    }
    if order.is_in_parts {
        return Excess::Doubtful;
    }
    match held.into_iter().max_by_key(|(payment, _)| (payment.created_at, &payment.id)) {
        Some((newest, left)) => Excess::Of(newest, Money::new(excess.min(left), asked.currency)),
        None => Excess::Nothing,
    }
}

/// Returns what the merchant still has of an order, in its currency.
pub(super) fn total(payments: &[ApiPayment], currency: Currency) -> Money {
    Money::new(payments.iter().map(held).fold(0, i64::saturating_add), currency)
}

/// Returns what the merchant still has of a payment, in subunits.
fn held(payment: &ApiPayment) -> i64 {
    match payment.status {
        Status::Captured => payment.amount.subunits.saturating_sub(payment.refunded),
        Status::Created | Status::Failed | Status::Authorized | Status::Refunded => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::primitives::time::Timestamp;

    fn order(amount: i64) -> ApiOrder {
        ApiOrder { amount: Some(Money::new(amount, Currency::INR)), is_in_parts: false }
    }

    fn payment(id: usize, status: Status, (amount, refunded): (i64, i64), at: i64) -> ApiPayment {
        ApiPayment {
            id: format!("pay_{id}"),
            status,
            amount: Money::new(amount, Currency::INR),
            refunded,
            order_id: Some("order_1".to_owned()),
            created_at: Timestamp::from_seconds(at),
        }
    }

    fn captured(payments: &[(i64, i64)]) -> Vec<ApiPayment> {
        let numbered = payments.iter().enumerate();
        numbered.map(|(at, money)| payment(at, Status::Captured, *money, i64::try_from(at).unwrap())).collect()
    }

    /// Returns the index of the payment and the amount.
    fn excess(order: &ApiOrder, payments: &[ApiPayment]) -> Option<(usize, i64)> {
        match of(order, payments) {
            Excess::Of(payment, money) => Some((payments.iter().position(|one| one.id == payment.id).unwrap(), money.subunits)),
            _ => None,
        }
    }

    #[test]
    fn what_exceeds_the_amount_is_taken_from_the_payment_created_last() {
        for (payments, wanted) in [
            (&[(1_000, 0), (1_000, 0)][..], Some((1, 1_000))),
            (&[(1_000, 0), (1_000, 0), (1_000, 0)], Some((2, 1_000))),
            (&[(1_000, 0), (1_000, 0), (1_000, 1_000)], Some((1, 1_000))),
            (&[(1_000, 0), (1_000, 400)], Some((1, 600))),
            (&[(1_000, 300), (1_000, 0)], Some((1, 700))),
            (&[(1_000, 1_000), (1_000, 0)], None),
            (&[(1_000, 0), (1_000, 1_000)], None),
            (&[(1_000, 0)], None),
            (&[], None),
        ] {
            assert_eq!(excess(&order(1_000), &captured(payments)), wanted, "{payments:?}");
        }
        let mut payments = captured(&[(1_000, 0), (1_000, 0)]);
        payments[0].created_at = Timestamp::from_seconds(9);
        assert_eq!(excess(&order(1_000), &payments), Some((0, 1_000)), "by the gateway's time, not by the order of the list");
        payments[1].created_at = payments[0].created_at;
        assert_eq!(excess(&order(1_000), &payments), Some((1, 1_000)), "by the id, in the same second");
    }

    #[test]
    fn an_order_that_is_paid_in_parts_is_not_paid_twice() {
        assert_eq!(of(&order(1_000), &captured(&[(600, 0), (400, 0)])), Excess::Nothing);
        assert_eq!(of(&order(1_000), &captured(&[(500, 0), (300, 0)])), Excess::Nothing);
        // The customer has paid fees.
        assert_eq!(of(&order(1_000), &captured(&[(612, 0), (408, 0)])), Excess::OfParts);
        assert_eq!(of(&order(1_000), &captured(&[(1_020, 0)])), Excess::Nothing);
        let in_parts = ApiOrder { is_in_parts: true, ..order(1_000) };
        assert_eq!(of(&in_parts, &captured(&[(600, 0), (400, 0)])), Excess::Nothing);
        assert_eq!(of(&in_parts, &captured(&[(600, 0), (400, 0), (400, 0)])), Excess::Doubtful);
    }

    #[test]
    fn only_captured_payments_count_and_amounts_that_cannot_be_compared_give_none() {
        for status in [Status::Created, Status::Failed, Status::Authorized, Status::Refunded] {
            let payments = [payment(0, Status::Captured, (1_000, 0), 0), payment(1, status, (1_000, 0), 1)];
            assert_eq!(of(&order(1_000), &payments), Excess::Nothing, "{status:?}");
        }
        let twice = captured(&[(1_000, 0), (1_000, 0)]);
        let unknown = ApiOrder { amount: None, is_in_parts: false };
        assert_eq!(of(&unknown, &twice), Excess::Unknown);
        assert_eq!((of(&order(0), &twice), of(&order(-1), &twice)), (Excess::Unknown, Excess::Unknown));
        let mut dollars = twice.clone();
        dollars[1].amount.currency = "USD".parse().unwrap();
        assert_eq!(of(&order(1_000), &dollars), Excess::Unknown);
        assert_eq!(of(&order(1_000), &captured(&[(i64::MAX, 0), (i64::MAX, 0)])), Excess::Unknown);
    }

    fn any_payment() -> impl Strategy<Value = (Status, i64, i64, i64)> {
        (proptest::sample::select(Status::ALL), 1..3_000_i64, 0..3_000_i64, 0..4_i64)
    }

    proptest! {
        #[test]
        fn what_is_left_after_the_refund_pays_the_order_and_no_payment_is_refunded_beyond_its_amount(
            amount in 1..3_000_i64,
            payments in proptest::collection::vec(any_payment(), 0..6),
        ) {
            let payments: Vec<ApiPayment> = payments
                .into_iter()
                .enumerate()
                .map(|(id, (status, amount, refunded, at))| payment(id, status, (amount, refunded.min(amount)), at))
                .collect();
            let sum: i64 = payments.iter().map(held).sum();
            match of(&order(amount), &payments) {
                Excess::Of(of, money) => {
                    prop_assert!(money.subunits > 0 && money.subunits <= held(of) && sum - money.subunits >= amount);
                    let others = payments.iter().filter(|one| one.id != of.id && held(one) > 0);
                    prop_assert!(others.clone().count() > 0);
                    for other in others {
                        prop_assert!((other.created_at, &other.id) < (of.created_at, &of.id));
                    }
                }
                Excess::Nothing => prop_assert!(sum <= amount || payments.iter().filter(|one| held(one) > 0).count() == 1),
                Excess::OfParts => prop_assert!(sum > amount),
                Excess::Doubtful | Excess::Unknown => prop_assert!(false),
            }
        }

        #[test]
        fn refunds_in_turn_end_when_the_order_is_paid_once(
            amount in 1..1_000_i64,
            count in 1..6_usize,
        ) {
            let mut payments = captured(&vec![(amount, 0); count]);
            let mut refunded = Vec::new();
            while let Some((index, subunits)) = excess(&order(amount), &payments) {
                payments[index].refunded += subunits;
                refunded.push(index);
            }
            prop_assert_eq!(refunded, (1..count).rev().collect::<Vec<_>>());
        }
    }
}
