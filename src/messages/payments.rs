//! Messages on events and transactions, worded for shop owners.

use super::arrivals::{contradicts, reports_without_payment};
use crate::{
    events::{Event, State},
    gateways::{
        Gateway,
        event_kind::EventKind,
        payment::{DisputeStatus, RefundStatus, Status},
    },
    ledger::payments::{Transaction, disputes::Dispute},
    primitives::time::Timestamp,
};

/// Returns the display name of a payment method.
pub(crate) fn method(code: Option<&str>) -> &str {
    match code {
        None => "–",
        Some("upi") => "UPI",
        Some("card") => "Card",
        Some("netbanking") => "Net Banking",
        Some("wallet") => "Wallet",
        Some("emi") => "EMI",
        Some("cardless_emi") => "Cardless EMI",
        Some("paylater") => "Pay Later",
        Some("bank_transfer") => "Bank transfer",
        Some(other) => other,
    }
}

/// Describes an event.
pub(crate) fn event_sentence(event: &Event) -> String {
    let Some(name) = event.event_type.as_deref() else {
        return "A signed message whose type could not be read".to_owned();
    };
    let amount = event.money().map(|money| money.to_string());
    let of = amount.as_deref().map(|amount| format!(" of {amount}")).unwrap_or_default();
    let with = amount.as_deref().map(|amount| format!(" with a payment of {amount}")).unwrap_or_default();
    let sum = amount.clone().unwrap_or_else(|| "The money".to_owned());
    let gateway = event.gateway.label();
    let reports = || format!("{} reports {name}", super::capitalised(&event.gateway.profile().sender.in_english()));
    if event.state == State::Quarantined {
        // It changes no payment, so nothing is claimed about the money.
        return reports();
    }
    if reports_without_payment(event) {
        return without_payment(event, name);
    }
    let Some(kind) = event.kind() else { return format!("{}{with}", reports()) };
    match kind {
        EventKind::PaymentCreated => format!("A payment{of} was begun"),
        EventKind::PaymentAuthorized => format!("The bank approved a payment{of}"),
        EventKind::PaymentCaptured => format!("{sum} was paid"),
        EventKind::PaymentFailed => format!("A payment{of} failed"),
        EventKind::OrderPaid => format!("An order{of} is paid in full"),
        EventKind::PaymentLinkPaid => format!("{sum} was paid through a payment link"),
        EventKind::PaymentLinkPartlyPaid => format!("{sum} was paid towards a payment link"),
        EventKind::InvoicePaid => format!("{sum} was paid; the invoice is paid in full"),
        EventKind::InvoicePartlyPaid => format!("{sum} was paid towards an invoice"),
        EventKind::SubscriptionCharged => format!("{sum} was paid for a subscription"),
        EventKind::SubscriptionActivated => format!("A subscription became active{with}"),
        EventKind::SubscriptionCompleted => format!("A subscription was completed{with}"),
        EventKind::QrCodeCredited => format!("{sum} was paid by QR code"),
        EventKind::VirtualAccountCredited => format!("{sum} was paid into a virtual account"),
        EventKind::RefundCreated if event.subject_status.as_deref() == Some(RefundStatus::Failed.as_str()) => {
            format!("A refund{of} failed")
        }
        EventKind::RefundCreated if event.subject_status.as_deref() != Some(RefundStatus::Processed.as_str()) => {
            format!("A refund{of} was started")
        }
        EventKind::RefundCreated | EventKind::RefundProcessed => format!("A refund{of} went out"),
        EventKind::RefundFailed => format!("A refund{of} failed"),
        EventKind::RefundSpeedChanged => format!("A refund{of} goes at another speed"),
        EventKind::DisputeCreated => match amount {
            Some(amount) => format!("A customer disputes {amount} of a payment"),
            None => "A customer disputes a payment".to_owned(),
        },
        EventKind::DisputeUnderReview => format!("A dispute{of} is under review"),
        EventKind::DisputeActionRequired => format!("A dispute{of} needs your answer in {gateway}"),
        EventKind::DisputeWon => format!("You won a dispute{of}"),
        EventKind::DisputeLost => format!("You lost a dispute{of}"),
        EventKind::DisputeClosed => format!("A dispute{of} was closed"),
        EventKind::SettlementProcessed => format!(
            "{gateway} sent {} to your bank account{}",
            amount.unwrap_or_else(|| "money".to_owned()),
            event.reference.as_deref().map(|utr| format!(", UTR {utr}")).unwrap_or_default()
        ),
    }
}

/// The same on the page of its payment: what was not received is not called paid, and disputes say what they cost.
pub(crate) fn event_sentence_of_payment(event: &Event, payment: &Transaction, disputes: &[Dispute]) -> String {
    let Some(name) = event.event_type.as_deref() else { return event_sentence(event) };
    if contradicts(event, payment) {
        return without_payment(event, name);
    }
    match (event.kind(), event.money()) {
        (Some(EventKind::DisputeCreated), Some(money)) if [payment.money(), payment.settled].contains(&Some(money)) => {
            format!("A customer disputes this payment of {money}")
        }
        (Some(EventKind::DisputeCreated), Some(money)) => format!("A customer disputes {money} of this payment"),
        _ => event_sentence_with_costs(event, disputes),
    }
}

/// True if the event's sentence says only that the gateway reports it, because its payment was not received.
pub(crate) fn is_only_report(event: &Event, payment: &Transaction) -> bool {
    event.event_type.is_some() && (contradicts(event, payment) || reports_without_payment(event))
}

/// The same outside of that page: a lost dispute says what it cost. `disputes` may be those of any payments.
pub(crate) fn event_sentence_with_costs(event: &Event, disputes: &[Dispute]) -> String {
    let dispute = disputes.iter().find(|dispute| event.subject_id.as_deref() == Some(dispute.id.as_str()));
    match (is_lost_dispute(event), event.money(), dispute) {
        (true, Some(money), Some(dispute)) if event.subject_status.as_deref() == Some(DisputeStatus::Lost.as_str()) => {
            format!("You lost a dispute of {money}{}", super::disputes::deducted_of(dispute, money))
        }
        _ => event_sentence(event),
    }
}

/// True if the sentence of the event needs its dispute.
pub(crate) fn is_lost_dispute(event: &Event) -> bool {
    event.kind() == Some(EventKind::DisputeLost)
}

/// What an event is called whose payment was not received.
fn without_payment(event: &Event, name: &str) -> String {
    let what = if event.kind() == Some(EventKind::OrderPaid) { "an order" } else { "a payment" };
    let amount = event.money().map(|money| format!(" for {what} of {money}")).unwrap_or_default();
    format!("{} reports {name}{amount}", event.gateway.label())
}

/// Why a payment failed, in the gateway's words.
pub(crate) fn reason(said: &str) -> String {
    format!("Reason: {said}")
}

/// Explains a state of an event that needs attention; `None` for processed events.
pub(crate) fn fault_sentence(event: &Event) -> Option<String> {
    match event.state {
        State::Quarantined => Some(match event.fault.as_deref() {
            Some("json") => {
                format!("It is signed, but its body is not JSON. It is stored and changes no payment. {}", look_up(event.gateway))
            }
            Some(field) => {
                format!(
                    "It is signed, but KS Pay can’t read its field {field}. It is stored and changes no payment. {}",
                    look_up(event.gateway)
                )
            }
            None => {
                format!("It is signed, but KS Pay can’t read it. It is stored and changes no payment. {}", look_up(event.gateway))
            }
        }),
        State::Conflict => {
            Some("Another body came under this event’s id before. Both are kept; the money is counted once.".to_owned())
        }
        State::Unhandled if event.kind() == Some(EventKind::SettlementProcessed) => {
            Some("A settlement belongs to no single payment. It is stored and changes no transaction.".to_owned())
        }
        State::Unhandled => Some("Events of this type are stored exactly as received. They change no transaction.".to_owned()),
        State::Processed => None,
    }
}

/// Where to look up an event that could not be parsed.
fn look_up(gateway: Gateway) -> String {
    gateway.profile().texts.requests.look_up_event.in_english()
}

/// Returns the title of a payment's page: `₹2,499.00 by UPI`.
pub(crate) fn payment_title(transaction: &Transaction) -> String {
    match (transaction.money(), transaction.method.as_deref()) {
        (Some(money), None) => money.to_string(),
        (Some(money), code) => format!("{money} by {}", method(code)),
        (None, _) => "A payment that has not been reported yet".to_owned(),
    }
}

/// Describes a payment without the details of its disputes.
pub(crate) fn payment_sentence(transaction: &Transaction) -> String {
    payment_sentence_with(transaction, &[])
}

/// Describes a payment, including what its disputes cost in other currencies and how many are open.
pub(crate) fn payment_sentence_with(transaction: &Transaction, disputes: &[Dispute]) -> String {
    let by = match transaction.method.as_deref() {
        None => String::new(),
        code => format!(" by {}", method(code)),
    };
    let refunded = transaction.processed_refund().map(|money| money.to_string());
    let is_pending = transaction.refund_pending > 0;
    // A report that it was returned uncaptured does not say that it was approved, so no approval is claimed.
    let uncaptured = match transaction.stage {
        Some(Status::Failed) => format!("The payment{by} failed"),
        Some(Status::Created) => format!("The payment{by} was begun"),
        _ => format!("The payment{by} was never captured"),
    };
    let is_returned = !matches!(transaction.stage, Some(Status::Failed | Status::Created));
    let returned = refunded.as_ref().map(|refunded| format!("; {refunded} returned to the customer")).unwrap_or_default();
    let sentence = match (transaction.status, &refunded) {
        (Some(Status::Refunded), _) if !is_pending && transaction.is_captured => format!("Paid{by}, and refunded in full"),
        (Some(Status::Refunded), _) if !is_pending && is_returned => {
            format!("{uncaptured}, and returned to the customer")
        }
        (Some(Status::Refunded), _) if !is_pending => format!("{uncaptured}, and the money was returned to the customer"),
        (Some(Status::Refunded), Some(refunded)) if !transaction.is_captured => {
            format!("{uncaptured}; {refunded} of it returned to the customer")
        }
        (Some(Status::Refunded), None) if !transaction.is_captured => uncaptured,
        (Some(Status::Captured | Status::Refunded), Some(refunded)) => format!("Paid{by}; {refunded} of it refunded"),
        (Some(Status::Captured | Status::Refunded), None) => format!("Paid{by}"),
        (Some(Status::Authorized), _) => {
            format!("Approved{by}; {} has not captured it yet{returned}", transaction.gateway.label())
        }
        (Some(Status::Failed), _) => format!("The payment{by} failed{returned}"),
        (Some(Status::Created), _) => format!("The payment{by} was begun{returned}"),
        (None, Some(refunded)) => format!("{refunded} refunded; the payment itself has not been reported yet"),
        (None, None) => "The payment itself has not been reported yet".to_owned(),
    };
    sentence + &unfinished_refunds(transaction) + &super::disputes::sentence(transaction, disputes)
}

/// States refunds that have not reached the customer.
fn unfinished_refunds(transaction: &Transaction) -> String {
    let pending = transaction.pending_refund().map(|money| format!("; refund of {money} pending"));
    let failed = transaction.failed_refund().map(|money| format!("; refund of {money} failed"));
    pending.into_iter().chain(failed).collect()
}

/// States when a payment was created, if the clocks are plausible.
pub(crate) fn began(transaction: &Transaction, now: Timestamp) -> String {
    let at = transaction.created_at;
    match super::past_day(at, now) {
        Some(_) => format!("Created on {}", at.zoned().strftime("%-d\u{a0}%b\u{a0}%Y at %-I:%M\u{a0}%P")),
        None => "Its time is in the future: this server’s clock or the gateway’s is or was wrong".to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        gateways::Mode,
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
        assert_eq!(began(&payment, at).replace('\u{a0}', " "), "Created on 22 Nov 2026 at 4:00 pm");
        let earlier = at.minus(std::time::Duration::from_hours(1));
        assert!(began(&payment, earlier).starts_with("Its time is in the future"));
    }

    #[test]
    fn a_refund_is_called_one_only_once_it_is_processed() {
        let sentence = |status, refunded, refund_pending, refund_failed| {
            payment_sentence(&Transaction { status, refunded, refund_pending, refund_failed, ..paid() })
        };
        let (captured, refunded) = (Some(Status::Captured), Some(Status::Refunded));
        for (sentence, wanted) in [
            (sentence(captured, 40_000, 40_000, 0), "Paid by Card; refund of ₹400.00 pending"),
            (sentence(captured, 40_000, 10_000, 0), "Paid by Card; ₹300.00 of it refunded; refund of ₹100.00 pending"),
            (sentence(captured, 0, 0, 40_000), "Paid by Card; refund of ₹400.00 failed"),
            (sentence(refunded, 100_000, 100_000, 0), "Paid by Card; refund of ₹1,000.00 pending"),
            (sentence(refunded, 100_000, 40_000, 0), "Paid by Card; ₹600.00 of it refunded; refund of ₹400.00 pending"),
            (sentence(None, 40_000, 40_000, 0), "The payment itself has not been reported yet; refund of ₹400.00 pending"),
        ] {
            assert_eq!(sentence, wanted);
        }
        let stage = Some(Status::Authorized);
        let returned =
            Transaction { status: refunded, stage, refunded: 100_000, refund_pending: 100_000, is_captured: false, ..paid() };
        assert_eq!(payment_sentence(&returned), "The payment by Card was never captured; refund of ₹1,000.00 pending");
    }

    #[test]
    fn a_payment_that_was_never_captured_was_not_paid() {
        let refunded = Transaction { status: Some(Status::Refunded), refunded: 100_000, ..paid() };
        assert_eq!(payment_sentence(&refunded), "Paid by Card, and refunded in full");
        let returned = Transaction { is_captured: false, stage: Some(Status::Authorized), ..refunded };
        assert_eq!(payment_sentence(&returned), "The payment by Card was never captured, and returned to the customer");
        let failed = Transaction { stage: Some(Status::Failed), ..returned };
        assert_eq!(
            payment_sentence(&failed),
            "The payment by Card failed, and the money was returned to the customer",
            "nothing approved it"
        );
    }
}
