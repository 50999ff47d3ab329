//! Tests that the sentences about a payment agree with its amounts, for arbitrary reports.

use proptest::prelude::*;

use super::{
    model::{any_facts, any_life, facts},
    *,
};
use crate::{
    ledger::payments::{
        Transaction,
        disputes::{Dispute as ShownDispute, OtherCosts},
        state::DisplayState,
    },
    messages::{self, payments_tests::paid},
};

/// A payment as its page reads it.
fn read(state: &PaymentState) -> (Transaction, Vec<ShownDispute>) {
    let payment = Transaction {
        status: state.status(),
        state: DisplayState::of(state),
        stage: state.decisive.map(|decisive| decisive.0),
        amount: state.amount(),
        refunded: state.refunded(),
        refund_pending: state.refund_pending(),
        refund_failed: state.refund_failed(),
        currency: state.currency(),
        is_disputed: state.is_disputed(),
        is_dispute_lost: state.is_dispute_lost(),
        is_captured: state.is_captured(),
        lost: state.lost(),
        held: state.held(),
        ..paid()
    };
    let dispute = |(id, state): (&String, &DisputeState)| {
        let (money, id) = (Money::new(state.amount, state.currency), id.clone());
        ShownDispute { id, status: state.status, money, deducted: state.deducted, respond_by: None }
    };
    (payment, state.disputes.iter().map(dispute).collect())
}

/// Returns all amounts that a sentence may quote: the columns, and the sums in other currencies.
fn amounts(payment: &Transaction, disputes: &[ShownDispute]) -> Vec<Money> {
    let own = |subunits| payment.currency.map(|currency| Money::new(subunits, currency));
    let processed = payment.refunded - payment.refund_pending;
    let columns = [processed, payment.refund_pending, payment.refund_failed, payment.lost, payment.held];
    let columns = columns.into_iter().filter_map(own);
    let costs = OtherCosts::of(payment.currency, disputes);
    columns.chain(costs.lost).chain(costs.held).filter(|money| money.subunits > 0).collect()
}

fn check_sentence(payment: &Transaction, disputes: &[ShownDispute], sentence: &str) -> Result<(), TestCaseError> {
    let said = format!("{sentence:?} of {payment:?}");
    let is_paid = sentence.starts_with("Paid");
    prop_assert_eq!(is_paid, payment.is_captured, "{}", said);
    let is_refunded = payment.status == Some(Status::Refunded) && payment.refund_pending == 0;
    prop_assert_eq!(sentence.contains("in full"), is_paid && is_refunded, "{}", said);
    prop_assert!(!sentence.contains("returned") || !is_paid, "{}", said);
    prop_assert!(!sentence.contains("The money was returned") || is_refunded, "{}", said);
    let label = messages::payment_state(payment.state).label.in_english();
    prop_assert!(!matches!(label.as_str(), "Paid" | "Partly refunded") || is_paid, "{} is {}", said, label);
    prop_assert!(
        !sentence.contains("the whole amount") || (payment.amount == Some(payment.lost) && payment.refunded == 0),
        "{}",
        said
    );
    check_state(payment)?;
    let unknown = amounts(payment, disputes).iter().fold(sentence.to_owned(), |text, money| text.replace(&money.to_string(), ""));
    prop_assert!(!unknown.contains(['₹', '\u{a0}']), "{}: {}", unknown, said);
    Ok(())
}

/// A badge says no more than the columns: what is called paid was received, and nothing of it went back or is in dispute.
fn check_state(payment: &Transaction) -> Result<(), TestCaseError> {
    let has_open_refund = payment.refund_pending > 0 || payment.refund_failed > 0;
    let is_at_rest = !payment.is_disputed && payment.held == 0 && !has_open_refund;
    let agrees = match payment.state {
        DisplayState::DisputeLost => payment.is_dispute_lost,
        DisplayState::Disputed => payment.is_disputed && !payment.is_dispute_lost,
        // Its amount may be in another currency than the payment's.
        DisplayState::DisputeDeducted => !payment.is_disputed,
        DisplayState::RefundFailed => payment.refund_failed > 0 && !payment.is_disputed,
        DisplayState::RefundPending => payment.refund_pending > 0 && payment.refund_failed == 0 && !payment.is_disputed,
        DisplayState::Captured => is_at_rest && payment.is_captured && payment.refunded == 0,
        DisplayState::PartlyRefunded => is_at_rest && payment.is_captured && payment.processed_refund().is_some(),
        DisplayState::Refunded => is_at_rest && payment.status == Some(Status::Refunded),
        DisplayState::Authorized | DisplayState::Created | DisplayState::Failed => is_at_rest && !payment.is_captured,
        DisplayState::Unreported => payment.status.is_none() && is_at_rest,
    };
    prop_assert!(agrees, "{:?}", payment);
    Ok(())
}

fn check(state: &PaymentState) -> Result<(), TestCaseError> {
    let (payment, disputes) = read(state);
    let (listed, sentence) = (messages::payment_sentence(&payment), messages::payment_sentence_with(&payment, &disputes));
    let [listed, sentence] = [listed, sentence].map(|text| text.in_english());
    check_sentence(&payment, &[], &listed)?;
    check_sentence(&payment, &disputes, &sentence)?;
    prop_assert!(!listed.contains("nothing"), "what disputes cost is not at hand: {}", listed);

    let lost = || disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Lost);
    let has_no_cost = lost().next().is_some() && lost().all(|dispute| dispute.deducted == Some(0));
    prop_assert_eq!(sentence.contains("nothing was deducted"), has_no_cost, "{}: {:?}", sentence, disputes);
    prop_assert_eq!(sentence.contains("You lost"), lost().next().is_some(), "{}", sentence);
    let is_open = disputes.iter().any(|dispute| matches!(dispute.status, DisputeStatus::Open | DisputeStatus::UnderReview));
    prop_assert_eq!(sentence.contains("disputes this") || sentence.contains("open"), is_open, "{}: {:?}", sentence, disputes);
    for money in amounts(&payment, &disputes) {
        let is_all = Some(money) == payment.money();
        prop_assert!(is_all || sentence.contains(&money.to_string()), "{} is missing in {}", money, sentence);
    }

    if let Some(notice) = messages::orders::failed_refund(&payment, &[]) {
        prop_assert!(payment.status != Some(Status::Refunded), "{:?} of {:?}", notice, payment);
        let left = payment.amount.map(|amount| amount - payment.refunded - payment.lost);
        prop_assert!(left.is_none_or(|left| payment.refund_failed <= left), "{:?} of {:?}", notice, payment);
    }
    Ok(())
}

/// Generates arbitrary reports; disputes are in one of two currencies, which may differ from the payment's.
fn any_report() -> impl Strategy<Value = PaymentObservation> {
    (any_facts(), any::<bool>()).prop_map(|(mut facts, is_foreign)| {
        if let Some(dispute) = facts.dispute.as_mut().filter(|_| is_foreign) {
            dispute.money.currency = "USD".parse().unwrap();
        }
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn no_sentence_contradicts_the_amounts_whatever_was_reported(reports in prop::collection::vec(any_report(), 1..10)) {
        check(&merged(&reports))?;
    }

    #[test]
    fn no_sentence_contradicts_the_amounts_of_a_whole_life(gateway in any_life(0..4)) {
        check(&merged(&gateway.reports.iter().map(|report| facts(report, gateway.amount)).collect::<Vec<_>>()))?;
    }
}
