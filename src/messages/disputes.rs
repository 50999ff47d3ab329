//! Messages on the cost of a payment's disputes: each currency separately, and without a claim about unknown amounts.

use super::text::disputes as t;
use crate::{
    gateways::payment::DisputeStatus,
    i18n::Text,
    ledger::payments::{
        Transaction,
        disputes::{Dispute, OtherCosts},
    },
    primitives::money::Money,
};

/// States what the disputes cost, and whether one is open; nothing without a dispute. `disputes` may be omitted, as in lists.
pub(super) fn sentences(payment: &Transaction, disputes: &[Dispute]) -> impl Iterator<Item = Text> {
    let other = OtherCosts::of(payment.currency, disputes);
    let own = |subunits| payment.currency.filter(|_| subunits > 0).map(|currency| Money::new(subunits, currency));
    let with_own = |subunits, others: &[Money]| own(subunits).into_iter().chain(others.iter().copied()).collect::<Vec<_>>();
    let (lost, held) = (with_own(payment.lost, &other.lost), with_own(payment.held, &other.held));
    let of = |status| disputes.iter().filter(move |dispute| dispute.status == status).count();
    let has_lost = payment.is_dispute_lost || !lost.is_empty() || of(DisputeStatus::Lost) > 0;
    let open = of(DisputeStatus::Open) + of(DisputeStatus::UnderReview);
    let cost = has_lost.then(|| lost_sentence(payment, &lost, disputes));
    let costly = disputes.iter().filter(|dispute| dispute.held().is_some()).count().max(1);
    let deducted = joined(&held).map(|amount| t::deducted(costly, payment.gateway.label(), amount));
    let open = match (payment.is_disputed && !payment.is_dispute_lost, has_lost) {
        (false, _) => None,
        (true, false) => Some(t::open()),
        (true, true) => Some(t::more_open(open.max(1))),
    };
    [cost, deducted, open].into_iter().flatten()
}

/// States the cost of lost disputes. Says that nothing was deducted only if the gateway reports that for each.
fn lost_sentence(payment: &Transaction, lost: &[Money], disputes: &[Dispute]) -> Text {
    let of_lost = || disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Lost);
    let Some(amount) = joined(lost) else {
        let is_nothing = of_lost().next().is_some() && of_lost().all(|dispute| dispute.deducted == Some(0));
        return if is_nothing { t::lost_nothing() } else { t::lost_unknown() };
    };
    if payment.refunded == 0 && payment.is_captured && payment.money().is_some_and(|money| lost == [money]) {
        return t::lost_all();
    }
    let costly = of_lost().filter(|dispute| dispute.lost().is_some()).count();
    t::lost(costly.max(1), amount)
}

/// The amount of a dispute, and what was deducted for it where that is known and not the same.
pub(crate) fn amounts(dispute: &Dispute) -> Text {
    let (money, status) = (dispute.money, dispute.status);
    match dispute.deducted {
        Some(0) if status == DisputeStatus::Lost => t::disputed_nothing_deducted(money),
        Some(subunits) if subunits > 0 && status != DisputeStatus::Won => {
            if status == DisputeStatus::Lost && subunits == money.subunits {
                return Text::verbatim(money);
            }
            t::disputed_and_deducted(money, Money::new(subunits, money.currency))
        }
        Some(_) | None => Text::verbatim(money),
    }
}

/// Joins amounts of different currencies.
fn joined(amounts: &[Money]) -> Option<Text> {
    amounts.iter().map(|money| Text::verbatim(*money)).reduce(t::amounts)
}

#[cfg(test)]
mod tests {
    use super::super::{payment_sentence, payment_sentence_with, payments::tests::paid};
    use super::*;
    use crate::primitives::money::Currency;

    fn dispute(status: DisputeStatus, subunits: i64, deducted: Option<i64>, currency: Currency) -> Dispute {
        Dispute { id: "disp_1".to_owned(), status, money: Money::new(subunits, currency), deducted, respond_by: None }
    }

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    #[test]
    fn a_sentence_says_what_disputes_cost() {
        let disputed = Transaction { is_disputed: true, ..paid() };
        let lost = Transaction { is_dispute_lost: true, ..disputed.clone() };
        let sentence = |transaction: Transaction| payment_sentence(&transaction);
        assert_eq!(sentence(disputed.clone()), "Paid by Card. The customer disputes this payment.");
        assert_eq!(
            sentence(Transaction { lost: 100_000, ..lost.clone() }),
            "Paid by Card. You lost the whole amount in a dispute."
        );
        assert_eq!(sentence(Transaction { lost: 39_000, ..lost.clone() }), "Paid by Card. You lost ₹390.00 in a dispute.");
        assert_eq!(
            sentence(Transaction { lost: 39_000, refunded: 10_000, ..lost.clone() }),
            "Paid by Card; ₹100.00 was refunded. You lost ₹390.00 in a dispute."
        );
        assert_eq!(sentence(lost), "Paid by Card. You lost a dispute.", "how much is not at hand");
        assert_eq!(
            sentence(Transaction { lost: 39_000, held: 1_000, ..disputed }),
            "Paid by Card. You lost ₹390.00 in a dispute. Razorpay deducted ₹10.00 for a dispute. Another dispute is open."
        );
    }

    #[test]
    fn an_amount_in_another_currency_is_named_and_never_added() {
        let lost = Transaction { currency: Some(usd()), is_disputed: true, is_dispute_lost: true, ..paid() };
        let sentence = |transaction: &Transaction, disputes: &[Dispute]| {
            payment_sentence_with(transaction, disputes).in_english().replace('\u{a0}', " ")
        };
        let in_rupees = dispute(DisputeStatus::Lost, 834_500, Some(834_500), Currency::INR);
        assert_eq!(sentence(&lost, &[in_rupees]), "Paid by Card. You lost ₹8,345.00 in a dispute.");
        let both = [
            dispute(DisputeStatus::Lost, 39_000, Some(39_000), usd()),
            dispute(DisputeStatus::Lost, 834_500, None, Currency::INR),
            dispute(DisputeStatus::UnderReview, 500, Some(500), Currency::INR),
        ];
        let open = Transaction { lost: 39_000, is_dispute_lost: false, ..lost.clone() };
        assert_eq!(
            sentence(&open, &both),
            "Paid by Card. You lost USD 390.00 and ₹8,345.00 in disputes. Razorpay deducted ₹5.00 for a dispute. Another dispute is \
             open."
        );
        let unknown = Transaction { currency: None, amount: None, status: None, lost: 0, ..lost };
        assert_eq!(sentence(&unknown, &both[1..2]), "The payment hasn’t been reported yet. You lost ₹8,345.00 in a dispute.");
    }

    #[test]
    fn a_dispute_says_what_was_deducted_for_it() {
        use DisputeStatus::{Closed, Lost, Open, UnderReview, Won};
        for (status, deducted, wanted) in [
            (Lost, Some(39_000), "₹1,000.00 disputed, ₹390.00 deducted"),
            (Lost, Some(100_000), "₹1,000.00"),
            (Lost, Some(0), "₹1,000.00 disputed, nothing deducted"),
            (Lost, None, "₹1,000.00"),
            (Open, Some(0), "₹1,000.00"),
            (UnderReview, Some(100_000), "₹1,000.00 disputed, ₹1,000.00 deducted"),
            (Closed, Some(39_000), "₹1,000.00 disputed, ₹390.00 deducted"),
            (Won, Some(39_000), "₹1,000.00"),
        ] {
            assert_eq!(amounts(&dispute(status, 100_000, deducted, Currency::INR)), wanted, "{status:?} {deducted:?}");
        }
    }

    #[test]
    fn nothing_was_deducted_only_if_the_gateway_says_so_of_each_dispute() {
        let lost = Transaction { is_disputed: true, is_dispute_lost: true, ..paid() };
        let of = |deducted| dispute(DisputeStatus::Lost, 39_000, deducted, Currency::INR);
        assert_eq!(payment_sentence_with(&lost, &[of(Some(0))]), "Paid by Card. You lost a dispute, but nothing was deducted.");
        // For at least one dispute the gateway reports no deducted amount.
        for disputes in [&[of(None)][..], &[of(Some(0)), of(None)]] {
            assert_eq!(payment_sentence_with(&lost, disputes), "Paid by Card. You lost a dispute.");
        }
    }

    #[test]
    fn all_open_disputes_are_counted_after_a_lost_one() {
        let disputed = Transaction { is_disputed: true, lost: 39_000, ..paid() };
        let of = |status| dispute(status, 39_000, Some(0), Currency::INR);
        let two = [of(DisputeStatus::Open), of(DisputeStatus::UnderReview), of(DisputeStatus::Won)];
        let said = |payment: &_, disputes: &[_]| payment_sentence_with(payment, disputes).in_english();
        assert!(said(&disputed, &two).ends_with(" 2 more disputes are open."));
        assert!(said(&disputed, &two[1..]).ends_with(" Another dispute is open."));
        let none_deducted = [of(DisputeStatus::Lost), of(DisputeStatus::Open)];
        let said = said(&Transaction { lost: 0, ..disputed }, &none_deducted);
        assert_eq!(said, "Paid by Card. You lost a dispute, but nothing was deducted. Another dispute is open.");
    }
}
