//! What may be refunded of a payment.
//!
//! Invariant: pure. Status and amounts are those of the gateway's response, never those of an event, and a refund whose outcome is not
//! known counts as refunded.

use crate::{
    gateways::{
        payment::Status,
        refunds::{AmountLimits, ApiPayment},
    },
    primitives::money::{Currency, Money},
};

/// Why an amount, or the payment at all, cannot be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The money was not received: the payment has this status.
    NotCaptured(Status),
    FullyRefunded,
    /// What is left is less than the gateway refunds.
    RestTooSmall(Money),
    /// All that is left is part of refunds whose outcome is not known.
    AllPending,
    /// The payment has this currency.
    OtherCurrency(Currency),
    /// This is left.
    MoreThanLeft(Money),
    /// The gateway refunds at least this.
    BelowMin(Money),
    /// The gateway refunds multiples of this.
    NoMultiple(Money),
}

/// Returns what is left of a payment. `pending` are its refunds whose outcome is not known.
pub(crate) fn left(payment: &ApiPayment, pending: &[Money]) -> Result<Money, Refusal> {
    let Money { subunits, currency } = payment.amount;
    match payment.status {
        Status::Captured => {}
        Status::Refunded => return Err(Refusal::FullyRefunded),
        Status::Created | Status::Failed | Status::Authorized => return Err(Refusal::NotCaptured(payment.status)),
    }
    let left = subunits.saturating_sub(payment.refunded);
    if left <= 0 {
        return Err(Refusal::FullyRefunded);
    }
    if pending.iter().any(|money| money.currency != currency) {
        return Err(Refusal::OtherCurrency(currency));
    }
    let left = pending.iter().fold(left, |left, money| left.saturating_sub(money.subunits.max(0)));
    if left > 0 { Ok(Money::new(left, currency)) } else { Err(Refusal::AllPending) }
}

/// Returns what is left of a payment, if the gateway refunds as little.
pub(crate) fn refundable(payment: &ApiPayment, pending: &[Money], limits: AmountLimits) -> Result<Money, Refusal> {
    let left = left(payment, pending)?;
    if left.subunits < limits.min { Err(Refusal::RestTooSmall(left)) } else { Ok(left) }
}

/// Allows an amount, or says why not.
pub(crate) fn check(payment: &ApiPayment, pending: &[Money], limits: AmountLimits, wanted: Money) -> Result<(), Refusal> {
    let left = refundable(payment, pending, limits)?;
    let of_gateway = |subunits| Money::new(subunits, wanted.currency);
    if wanted.currency != left.currency {
        Err(Refusal::OtherCurrency(left.currency))
    } else if wanted.subunits < limits.min.max(1) {
        Err(Refusal::BelowMin(of_gateway(limits.min.max(1))))
    } else if wanted.subunits > left.subunits {
        Err(Refusal::MoreThanLeft(left))
    } else if wanted.subunits % limits.step.max(1) != 0 {
        Err(Refusal::NoMultiple(of_gateway(limits.step)))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::primitives::time::Timestamp;

    const LIMITS: AmountLimits = AmountLimits { min: 100, step: 1 };

    fn rupees(subunits: i64) -> Money {
        Money::new(subunits, Currency::INR)
    }

    fn payment(status: Status, amount: i64, refunded: i64) -> ApiPayment {
        let (amount, created_at) = (rupees(amount), Timestamp::from_seconds(0));
        ApiPayment { id: "pay_1".to_owned(), status, amount, refunded, order_id: None, created_at }
    }

    #[test]
    fn only_a_captured_payment_with_something_left_can_be_refunded() {
        for status in [Status::Created, Status::Failed, Status::Authorized] {
            assert_eq!(left(&payment(status, 5_000, 0), &[]), Err(Refusal::NotCaptured(status)));
        }
        assert_eq!(left(&payment(Status::Refunded, 5_000, 5_000), &[]), Err(Refusal::FullyRefunded));
        assert_eq!(left(&payment(Status::Refunded, 5_000, 0), &[]), Err(Refusal::FullyRefunded), "never captured");
        assert_eq!(left(&payment(Status::Captured, 5_000, 5_000), &[]), Err(Refusal::FullyRefunded));
        assert_eq!(left(&payment(Status::Captured, 5_000, 6_000), &[]), Err(Refusal::FullyRefunded));
        assert_eq!(left(&payment(Status::Captured, 5_000, 1_500), &[]), Ok(rupees(3_500)));
    }

    #[test]
    fn a_refund_whose_outcome_is_not_known_counts_as_refunded() {
        let paid = payment(Status::Captured, 5_000, 1_000);
        assert_eq!(left(&paid, &[rupees(1_500), rupees(500)]), Ok(rupees(2_000)));
        assert_eq!(left(&paid, &[rupees(4_000)]), Err(Refusal::AllPending));
        assert_eq!(left(&paid, &[rupees(9_000)]), Err(Refusal::AllPending));
        let dollars = Money::new(100, "USD".parse().unwrap());
        assert_eq!(left(&paid, &[dollars]), Err(Refusal::OtherCurrency(Currency::INR)));
    }

    #[test]
    fn an_amount_is_at_least_the_minimum_and_at_most_what_is_left() {
        let paid = payment(Status::Captured, 5_000, 1_000);
        let of = |subunits| check(&paid, &[], LIMITS, rupees(subunits));
        for allowed in [100, 101, 3_999, 4_000] {
            assert_eq!(of(allowed), Ok(()), "{allowed}");
        }
        for low in [i64::MIN, -1, 0, 1, 99] {
            assert_eq!(of(low), Err(Refusal::BelowMin(rupees(100))), "{low}");
        }
        for high in [4_001, 5_000, i64::MAX] {
            assert_eq!(of(high), Err(Refusal::MoreThanLeft(rupees(4_000))), "{high}");
        }
        let rest = payment(Status::Captured, 5_000, 4_950);
        for subunits in [50, 100] {
            assert_eq!(check(&rest, &[], LIMITS, rupees(subunits)), Err(Refusal::RestTooSmall(rupees(50))));
        }
        let dollars = Money::new(4_000, "USD".parse().unwrap());
        assert_eq!(check(&paid, &[], LIMITS, dollars), Err(Refusal::OtherCurrency(Currency::INR)));
        let dinars = |subunits| Money::new(subunits, "KWD".parse().unwrap());
        let paid = ApiPayment { amount: dinars(99_990), ..paid };
        let limits = AmountLimits { min: 10, step: 10 };
        assert_eq!(check(&paid, &[], limits, dinars(98_990)), Ok(()));
        assert_eq!(check(&paid, &[], limits, dinars(98_985)), Err(Refusal::NoMultiple(dinars(10))));
    }

    fn status() -> impl Strategy<Value = Status> {
        proptest::sample::select(Status::ALL)
    }

    proptest! {
        #[test]
        fn nothing_that_is_allowed_exceeds_what_was_captured(
            status in status(),
            (amount, refunded, wanted) in (0..10_000_i64, 0..10_000_i64, -100..10_000_i64),
            pending in proptest::collection::vec(0..5_000_i64, 0..3),
            (min, step) in (0..200_i64, 0..20_i64),
        ) {
            let paid = payment(status, amount, refunded);
            let pending: Vec<Money> = pending.into_iter().map(rupees).collect();
            let total = refunded + pending.iter().map(|money| money.subunits).sum::<i64>();
            let is_allowed = check(&paid, &pending, AmountLimits { min, step }, rupees(wanted)).is_ok();
            let is_right = status == Status::Captured
                && wanted > 0
                && wanted >= min
                && wanted % step.max(1) == 0
                && total + wanted <= amount;
            prop_assert_eq!(is_allowed, is_right);
            if let Ok(left) = left(&paid, &pending) {
                prop_assert_eq!(left.subunits, amount - total);
            }
        }

        #[test]
        fn refunds_in_turn_never_add_up_to_more_than_the_payment(
            amount in 1..10_000_i64,
            wanted in proptest::collection::vec(1..4_000_i64, 1..20),
        ) {
            let mut refunded = 0;
            for subunits in wanted {
                let paid = payment(Status::Captured, amount, refunded);
                if check(&paid, &[], AmountLimits { min: 1, step: 1 }, rupees(subunits)).is_ok() {
                    refunded += subunits;
                }
                prop_assert!(refunded <= amount);
            }
        }
    }
}
