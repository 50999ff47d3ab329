//! Whether an order was paid more than once: the payments that the merchant still holds, compared with the order's amount.
//!
//! Invariant: pure. What was refunded or lost in a dispute does not count, and parts of an order are not several payments of it.

use super::OrderState;
use crate::{ledger::payments::Transaction, primitives::money::Money};

/// Returns what remains of the payment after refunds and lost disputes.
pub(crate) fn left(payment: &Transaction) -> Option<Money> {
    let money = payment.money()?;
    Some(Money { subunits: money.subunits.saturating_sub(payment.refunded).saturating_sub(payment.lost), ..money })
}

/// True if the merchant is known to hold money of the payment; false after a lost dispute whose cost is in another currency.
pub(crate) fn is_held(payment: &Transaction) -> bool {
    let is_cost_unknown = payment.is_dispute_lost && payment.lost == 0;
    payment.is_captured
        && !is_cost_unknown
        && (payment.amount.is_none_or(|amount| amount == 0) || left(payment).is_none_or(|left| left.subunits > 0))
}

/// Returns whether the held payments exceed the order's amount; `None` if that is unknown.
pub(crate) fn is_overpaid(held: &[&Transaction], order: &OrderState) -> Option<bool> {
    let in_parts = order.is_in_parts.then_some(false);
    let Some(asked) = order.money() else { return in_parts };
    let left = held.iter().map(|payment| left(payment).filter(|left| left.currency == asked.currency));
    let Some(left) = left.map(|left| left.map(|left| left.subunits)).collect::<Option<Vec<i64>>>() else { return in_parts };
    let sum = left.iter().fold(0_i64, |sum, left| sum.saturating_add(*left));
    if sum <= asked.subunits {
        return Some(false);
    }
    // Fees paid by the customer are part of a payment and not of the order, so an excess alone does not mean paid twice.
    let least = left.iter().min().copied().unwrap_or_default();
    if sum.saturating_sub(least) >= asked.subunits { Some(true) } else { in_parts }
}

/// Returns the payments in excess of the order's amount, oldest first: those that were made after it was paid.
pub(crate) fn excess<'t>(payments: &'t [Transaction], order: &OrderState) -> Vec<&'t Transaction> {
    let mut held: Vec<&Transaction> = payments.iter().filter(|payment| is_held(payment)).collect();
    if held.len() < 2 || is_overpaid(&held, order) != Some(true) {
        return Vec::new();
    }
    // Not by our ids, which are in the order of arrival.
    held.sort_by(|one, other| (one.created_at, &one.payment_id).cmp(&(other.created_at, &other.payment_id)));
    let asked = order.money().map_or(0, |asked| asked.subunits);
    let sums = held.iter().scan(0_i64, |sum, payment| {
        *sum = sum.saturating_add(left(payment).map_or(0, |left| left.subunits));
        Some(*sum)
    });
    let needed = sums.take_while(|sum| *sum < asked).count() + 1;
    // Small payments may come first, so that the newest is needed as well; yet the order is paid without one of them.
    held.split_off(needed.min(held.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{messages::payments_tests::paid, primitives::money::Currency};

    fn payments(amounts: &[i64]) -> Vec<Transaction> {
        amounts.iter().map(|amount| Transaction { amount: Some(*amount), ..paid() }).collect()
    }

    fn judged(payments: &[Transaction], amount: Option<i64>, is_in_parts: bool) -> Option<bool> {
        let amount = amount.map(|amount| (amount, Currency::INR));
        is_overpaid(&payments.iter().collect::<Vec<_>>(), &OrderState { amount, is_in_parts, ..OrderState::default() })
    }

    #[test]
    fn an_order_is_paid_more_than_once_only_if_the_payments_do_not_fit_its_amount() {
        for (amounts, amount, is_in_parts, wanted) in [
            (&[600, 400][..], Some(1000), false, Some(false)),
            (&[300, 400, 300], Some(1000), true, Some(false)),
            (&[1000, 1000], Some(1000), false, Some(true)),
            (&[600, 400, 400], Some(1000), true, Some(true)),
            (&[612, 408], Some(1000), true, Some(false)),
            (&[612, 408], Some(1000), false, None),
            (&[600, 400], None, true, Some(false)),
            (&[600, 400], None, false, None),
            (&[1020], Some(1000), false, None),
        ] {
            assert_eq!(judged(&payments(amounts), amount, is_in_parts), wanted, "{amounts:?} of {amount:?}");
        }
    }

    #[test]
    fn the_payments_in_excess_are_those_made_after_the_order_was_paid() {
        for (amounts, amount, wanted) in [
            (&[1000, 1000][..], 1000, &[1][..]),
            (&[1000, 1000, 1000], 1000, &[1, 2]),
            (&[600, 400, 400], 1000, &[2]),
            (&[600, 600, 500], 1000, &[2]),
            (&[30, 950, 980], 1000, &[2]),
            (&[1000, 400], 1400, &[]),
        ] {
            let mut all = payments(amounts);
            for (number, payment) in all.iter_mut().enumerate() {
                payment.payment_id = format!("pay_{number}");
            }
            // Their order in the list does not matter.
            all.reverse();
            let order = OrderState { amount: Some((amount, Currency::INR)), ..OrderState::default() };
            let found: Vec<_> = excess(&all, &order).iter().map(|payment| payment.payment_id.clone()).collect();
            assert_eq!(found, wanted.iter().map(|number| format!("pay_{number}")).collect::<Vec<_>>(), "{amounts:?}");
        }
    }

    #[test]
    fn what_went_back_does_not_count_and_amounts_in_two_currencies_are_not_compared() {
        let mut payments = payments(&[1000, 1000]);
        payments[1].lost = 1000;
        assert!(!is_held(&payments[1]) && is_held(&payments[0]));
        (payments[1].lost, payments[1].refunded) = (600, 400);
        assert!(!is_held(&payments[1]));
        payments[1].refunded = 300;
        assert_eq!(judged(&payments, Some(1100), false), Some(false));
        payments[1].currency = Some("USD".parse().unwrap());
        assert_eq!(judged(&payments, Some(1100), false), None);
    }

    #[test]
    fn a_payment_that_was_lost_in_another_currency_is_not_paid_twice() {
        let lost = Transaction { is_dispute_lost: true, ..paid() };
        assert!(is_held(&paid()) && !is_held(&lost) && is_held(&Transaction { lost: 1_000, ..lost }));
    }
}
