//! Messages on payments, worded for shop owners.

use super::text::payments as t;
use crate::{
    gateways::payment::{FailureCategory, Status},
    i18n::{DisplayTime, Text, isolate},
    ledger::payments::{Transaction, disputes::Dispute},
    primitives::{money::Money, time::Timestamp},
};

/// Shown instead of a value that is not known.
pub(crate) const NO_VALUE: &str = "–";

/// The payment methods that have a name, in the order of the filter.
pub(crate) const METHODS: [&str; 8] = ["upi", "card", "netbanking", "wallet", "emi", "cardless_emi", "paylater", "bank_transfer"];

/// Returns the display name of a payment method.
pub(crate) fn method(code: Option<&str>) -> Text {
    match code {
        None => Text::verbatim(NO_VALUE),
        Some("upi") => t::upi(),
        Some("card") => t::card(),
        Some("netbanking") => t::net_banking(),
        Some("wallet") => t::wallet(),
        Some("emi") => t::emi(),
        Some("cardless_emi") => t::cardless_emi(),
        Some("paylater") => t::pay_later(),
        Some("bank_transfer") => t::bank_transfer(),
        Some(other) => Text::verbatim(isolate(other)),
    }
}

/// Returns the sentences as one text, in their order.
pub(super) fn sequence(sentences: impl IntoIterator<Item = Text>) -> Text {
    sentences.into_iter().reduce(t::sequence).unwrap_or_default()
}

/// Why a payment failed, in the gateway's words.
pub(crate) fn reason(said: &str) -> Text {
    t::reason(isolate(said))
}

/// Returns the label of a group of reasons of failure.
pub(crate) fn failure(category: Option<FailureCategory>) -> Text {
    match category {
        Some(FailureCategory::NotCompleted) => t::failure_not_completed(),
        Some(FailureCategory::TimedOut) => t::failure_timed_out(),
        Some(FailureCategory::InsufficientFunds) => t::failure_insufficient_funds(),
        Some(FailureCategory::WrongDetails) => t::failure_wrong_details(),
        Some(FailureCategory::Declined) => t::failure_declined(),
        Some(FailureCategory::TechnicalError) => t::failure_technical_error(),
        Some(FailureCategory::Other) => t::failure_other(),
        None => t::failure_not_given(),
    }
}

/// Returns the title of a payment's page: `₹2,499.00 by UPI`.
pub(crate) fn payment_title(transaction: &Transaction) -> Text {
    match (transaction.money(), transaction.method.as_deref()) {
        (Some(money), None) => Text::verbatim(money),
        (Some(money), code) => t::title_by(money, method(code)),
        (None, _) => t::title_not_reported(),
    }
}

/// Describes a payment without the details of its disputes.
pub(crate) fn payment_sentence(transaction: &Transaction) -> Text {
    payment_sentence_with(transaction, &[])
}

/// Describes a payment, including what its disputes cost in other currencies and how many are open.
pub(crate) fn payment_sentence_with(transaction: &Transaction, disputes: &[Dispute]) -> Text {
    sequence(sentences_with(transaction, disputes))
}

/// The same with the time of its creation.
pub(crate) fn payment_summary(transaction: &Transaction, disputes: &[Dispute], now: Timestamp) -> Text {
    sequence(sentences_with(transaction, disputes).chain([began(transaction, now)]))
}

fn sentences_with(transaction: &Transaction, disputes: &[Dispute]) -> impl Iterator<Item = Text> {
    let (outcome, returned) = outcome(transaction);
    let disputes = super::disputes::sentences(transaction, disputes);
    [outcome].into_iter().chain(returned).chain(unfinished_refunds(transaction)).chain(disputes)
}

/// What became of a payment, and in a second sentence what was returned of one that was not received.
fn outcome(transaction: &Transaction) -> (Text, Option<Text>) {
    let method = transaction.method.as_deref().map(|code| method(Some(code)));
    let refunded = transaction.processed_refund();
    let is_refunded = transaction.status == Some(Status::Refunded) && transaction.refund_pending == 0;
    match transaction.status {
        None => (t::not_reported(), refunded.map(t::refunded)),
        Some(Status::Refunded) if is_refunded && transaction.is_captured => (refunded_in_full(method), None),
        Some(Status::Captured | Status::Refunded) if is_received(transaction) => (paid(method, refunded), None),
        Some(Status::Refunded) if is_refunded => (uncaptured(transaction, method), Some(t::returned_in_full())),
        Some(Status::Authorized) => (authorized(transaction, method), refunded.map(t::returned)),
        Some(_) => (uncaptured(transaction, method), refunded.map(t::returned)),
    }
}

/// True if the payment is captured. A refund alone does not say so.
fn is_received(transaction: &Transaction) -> bool {
    transaction.is_captured || transaction.status == Some(Status::Captured)
}

fn refunded_in_full(method: Option<Text>) -> Text {
    method.map_or_else(t::refunded_in_full, t::refunded_in_full_by)
}

fn paid(method: Option<Text>, refunded: Option<Money>) -> Text {
    match (method, refunded) {
        (None, None) => t::paid(),
        (Some(method), None) => t::paid_by(method),
        (None, Some(refunded)) => t::partly_refunded(refunded),
        (Some(method), Some(refunded)) => t::partly_refunded_by(method, refunded),
    }
}

fn authorized(transaction: &Transaction, method: Option<Text>) -> Text {
    let gateway = transaction.gateway.label();
    match method {
        None => t::authorised(gateway),
        Some(method) => t::authorised_by(method, gateway),
    }
}

/// A report that a payment was returned uncaptured does not say that it was authorised, so that is not claimed.
fn uncaptured(transaction: &Transaction, method: Option<Text>) -> Text {
    let stage = if transaction.status == Some(Status::Refunded) { transaction.stage } else { transaction.status };
    match (stage, method) {
        (Some(Status::Failed), None) => t::failed(),
        (Some(Status::Failed), Some(method)) => t::failed_by(method),
        (Some(Status::Created), None) => t::created(),
        (Some(Status::Created), Some(method)) => t::created_by(method),
        (_, None) => t::never_captured(),
        (_, Some(method)) => t::never_captured_by(method),
    }
}

/// States refunds that have not reached the customer.
fn unfinished_refunds(transaction: &Transaction) -> Option<Text> {
    match (transaction.pending_refund(), transaction.failed_refund()) {
        (None, None) => None,
        (Some(pending), None) => Some(t::refund_pending(pending)),
        (None, Some(failed)) => Some(t::refund_failed(failed)),
        (Some(pending), Some(failed)) => Some(t::refund_pending_and_failed(pending, failed)),
    }
}

/// States when a payment was created, if the clocks are plausible.
fn began(transaction: &Transaction, now: Timestamp) -> Text {
    match super::past_day(transaction.created_at, now) {
        Some(_) => t::created_at(DisplayTime::of_day(transaction.created_at, now)),
        None => t::created_in_future(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        gateways::{Gateway, Mode},
        i18n::Locale,
        ledger::payments::state::DisplayState,
        primitives::{
            id::{AppId, ConnectionId, TransactionId},
            money::Currency,
        },
    };

    pub(crate) fn paid() -> Transaction {
        let at = Timestamp::from_seconds(1_795_343_403);
        Transaction {
            id: TransactionId::unique(),
            app: AppId::unique(),
            connection: ConnectionId::unique(),
            gateway: Gateway::RAZORPAY,
            mode: Mode::Live,
            payment_id: "pay_1".to_owned(),
            order_id: None,
            status: Some(Status::Captured),
            failure: None,
            state: DisplayState::Captured,
            stage: Some(Status::Captured),
            amount: Some(100_000),
            refunded: 0,
            refund_pending: 0,
            refund_failed: 0,
            currency: Some(Currency::INR),
            method: Some("card".to_owned()),
            is_disputed: false,
            is_dispute_lost: false,
            is_captured: true,
            lost: 0,
            held: 0,
            settled: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn a_payment_of_the_future_names_no_day() {
        let payment = paid();
        let at = payment.created_at;
        let said = |now| payment_summary(&payment, &[], now).in_english().replace('\u{a0}', " ");
        assert_eq!(said(at), "Paid by Card. Created 22 Nov, 4:00 pm.");
        assert!(said(at.minus(std::time::Duration::from_hours(1))).starts_with("Paid by Card. Its time is in the future"));
    }

    #[test]
    fn a_refund_is_called_one_only_once_it_is_processed() {
        let sentence = |status, refunded, refund_pending, refund_failed| {
            payment_sentence(&Transaction { status, refunded, refund_pending, refund_failed, ..paid() }).in_english()
        };
        let (captured, refunded) = (Some(Status::Captured), Some(Status::Refunded));
        for (sentence, wanted) in [
            (sentence(captured, 40_000, 40_000, 0), "Paid by Card. A refund of ₹400.00 is pending."),
            (sentence(captured, 40_000, 10_000, 0), "Paid by Card; ₹300.00 was refunded. A refund of ₹100.00 is pending."),
            (sentence(captured, 0, 0, 40_000), "Paid by Card. A refund of ₹400.00 failed."),
            (
                sentence(captured, 10_000, 10_000, 40_000),
                "Paid by Card. A refund of ₹100.00 is pending; a refund of ₹400.00 failed.",
            ),
            (sentence(refunded, 100_000, 100_000, 0), "Paid by Card. A refund of ₹1,000.00 is pending."),
            (sentence(refunded, 100_000, 40_000, 0), "Paid by Card; ₹600.00 was refunded. A refund of ₹400.00 is pending."),
            (sentence(None, 40_000, 40_000, 0), "The payment hasn’t been reported yet. A refund of ₹400.00 is pending."),
        ] {
            assert_eq!(sentence, wanted);
        }
        let stage = Some(Status::Authorized);
        let returned =
            Transaction { status: refunded, stage, refunded: 100_000, refund_pending: 100_000, is_captured: false, ..paid() };
        assert_eq!(payment_sentence(&returned), "Card payment was never captured. A refund of ₹1,000.00 is pending.");
    }

    #[test]
    fn a_payment_that_was_never_captured_was_not_paid() {
        let refunded = Transaction { status: Some(Status::Refunded), refunded: 100_000, ..paid() };
        assert_eq!(payment_sentence(&refunded), "Paid by Card and refunded in full.");
        let returned = Transaction { is_captured: false, stage: Some(Status::Authorized), ..refunded };
        assert_eq!(payment_sentence(&returned), "Card payment was never captured. The money was returned to the customer.");
        let failed = Transaction { stage: Some(Status::Failed), ..returned };
        let said = payment_sentence(&failed);
        assert_eq!(said, "Card payment failed. The money was returned to the customer.", "nothing approved it");
    }

    #[test]
    fn hindi_has_an_order_of_its_own_and_the_gateways_words_as_they_are() {
        let refunded = Transaction { refunded: 30_000, method: Some("upi".to_owned()), ..paid() };
        let said = payment_sentence(&refunded).to_plain(Locale::Hindi);
        assert_eq!(said, "UPI से भुगतान हुआ; उसमें से ₹300.00 का रिफ़ंड हुआ।");
        assert_eq!(reason("Payment declined").to_plain(Locale::Hindi), "वजह: Payment declined");
    }
}
