//! The story of one payment, line by line: which event decided which state.
//!
//! It tells from the rows of the events, which hold less than their payloads; where that does not lead to the state the
//! transaction has, no line claims to have decided anything.
//!
//! The rule: the lines stand in the order of the gateway's time, and a state is whatever the one projection says after
//! a line; nothing here has an opinion of its own.

use super::{
    Status, Transaction,
    projection::{Details, Dispute, DisputeStatus, PaymentObservation, PaymentState, Refund, RefundStatus, Snapshot, TimeSource},
};
use crate::{
    events::{Event, State},
    messages,
    primitives::time::Timestamp,
};

/// A line of the story.
pub(crate) struct Line<'a> {
    pub(crate) event: &'a Event,
    /// The state it brought about.
    pub(crate) decided: Option<&'static str>,
    /// Whether the line below it arrived before it.
    pub(crate) is_late: bool,
}

/// The events in the order of the gateway's time.
pub(crate) fn lines<'a>(transaction: &Transaction, events: &'a [Event]) -> Vec<Line<'a>> {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| (moment(event), event.id));
    let is_told_right = |states: &Vec<&str>| states.last() == Some(&messages::transaction_state(transaction).label);
    // A refund may be processed as soon as it is reported as created, which its row does not say.
    let readings = [RefundStatus::Pending, RefundStatus::Processed].map(|created| states(transaction, &events, created));
    let states = readings.into_iter().find(is_told_right);
    let is_told_right = states.is_some();
    let states = states.unwrap_or_else(|| vec![""; events.len()]);
    let mut before = None;
    let mut lines = Vec::with_capacity(events.len());
    for (index, (event, state)) in events.iter().zip(states).enumerate() {
        let is_news = is_told_right && before.replace(state) != Some(state) && facts(transaction, event).is_some();
        let is_late = events.get(index + 1).is_some_and(|below| (below.received_at, below.id) < (event.received_at, event.id));
        lines.push(Line { event, decided: is_news.then_some(state), is_late });
    }
    lines
}

pub(crate) fn moment(event: &Event) -> Timestamp {
    event.occurred_at.unwrap_or(event.received_at)
}

/// The state after each event. `created` is that of refunds which are reported as created.
fn states(transaction: &Transaction, events: &[&Event], created: RefundStatus) -> Vec<&'static str> {
    let (mut story, mut refunds) = (PaymentState::default(), Refunds::default());
    let state = |event: &&Event| {
        if let Some(mut facts) = facts(transaction, event) {
            facts.refund = facts.refund.map(|refund| refunds.named(refund, created));
            story.absorb(&facts);
        }
        let now = Transaction {
            status: story.status(),
            refunded: story.refunded(),
            refund_pending: story.refund_pending(),
            refund_failed: story.refund_failed(),
            is_disputed: story.is_disputed(),
            is_dispute_lost: story.is_dispute_lost(),
            ..transaction.clone()
        };
        messages::transaction_state(&now).label
    };
    events.iter().map(state).collect()
}

/// The refunds so far, since a row does not name the refund: a report continues the first one of its amount that is at
/// the stage before.
#[derive(Default)]
struct Refunds(Vec<(i64, RefundStatus)>);

impl Refunds {
    /// The report with a name for its refund.
    fn named(&mut self, mut refund: Refund, created: RefundStatus) -> Refund {
        let (amount, stage) = (refund.money.subunits, refund.status);
        let known = self.0.iter().position(|known| known.0 == amount && known.1 < stage);
        let index = known.unwrap_or_else(|| {
            self.0.push((amount, stage));
            self.0.len() - 1
        });
        self.0[index].1 = stage;
        refund.id = index.to_string();
        refund.status = if stage == RefundStatus::Pending { created } else { stage };
        refund
    }
}

/// What an event's row tells: its type, its time and the amount.
fn facts(transaction: &Transaction, event: &Event) -> Option<PaymentObservation> {
    let (name, at) = (event.event_type.as_deref()?, moment(event));
    // An order's amount is not that of the payment which completed it.
    let money = if name == "order.paid" { transaction.money()? } else { event.money()? };
    let (payment_id, details) = (transaction.payment_id.clone(), Details::default());
    let time_source = if event.is_time_borrowed { TimeSource::Entity } else { TimeSource::Envelope };
    let (digest, snapshot, refund, dispute) = (0, None, None, None);
    let mut facts = PaymentObservation { payment_id, at, time_source, digest, snapshot, refund, dispute, details };
    if let Some(status) = payment_status(name) {
        let (order_id, method) = (transaction.order_id.clone(), transaction.method.clone());
        let created_at = transaction.created_at;
        let (was_captured, refunded) = (None, None);
        facts.snapshot = Some(Snapshot { status, was_captured, money, created_at, order_id, method, refunded });
    } else if let Some(status) = refund_status(name) {
        let id = String::new();
        facts.refund = Some(Refund { id, money, status, created_at: None }).filter(|_| event.state == State::Processed);
    } else {
        let status = dispute_status(name)?;
        facts.dispute = Some(Dispute { id: String::new(), status, money, deducted: None, respond_by: None });
    }
    Some(facts)
}

fn refund_status(name: &str) -> Option<RefundStatus> {
    match name {
        "refund.created" => Some(RefundStatus::Pending),
        "refund.processed" => Some(RefundStatus::Processed),
        "refund.failed" => Some(RefundStatus::Failed),
        _ => None,
    }
}

fn payment_status(name: &str) -> Option<Status> {
    match name {
        "payment.created" => Some(Status::Created),
        "payment.authorized" => Some(Status::Authorized),
        "payment.captured"
        | "order.paid"
        | "payment_link.paid"
        | "payment_link.partially_paid"
        | "invoice.paid"
        | "invoice.partially_paid"
        | "subscription.activated"
        | "subscription.charged"
        | "subscription.completed"
        | "qr_code.credited"
        | "virtual_account.credited" => Some(Status::Captured),
        "payment.failed" => Some(Status::Failed),
        _ => None,
    }
}

fn dispute_status(name: &str) -> Option<DisputeStatus> {
    match name {
        "payment.dispute.created" | "payment.dispute.action_required" => Some(DisputeStatus::Open),
        "payment.dispute.under_review" => Some(DisputeStatus::UnderReview),
        "payment.dispute.won" => Some(DisputeStatus::Won),
        "payment.dispute.lost" => Some(DisputeStatus::Lost),
        "payment.dispute.closed" => Some(DisputeStatus::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateways::{Gateway, Mode},
        primitives::{
            id::{AppId, ConnectionId, EventId, SecretId, TransactionId},
            money::Currency,
        },
    };

    const START: i64 = 1_795_343_403;

    fn transaction(refunded: i64) -> Transaction {
        let at = Timestamp::from_seconds(START);
        Transaction {
            id: TransactionId::new(at),
            app: AppId::new(at),
            connection: ConnectionId::new(at),
            gateway: Gateway::Razorpay,
            mode: Mode::Test,
            payment_id: "pay_1".to_owned(),
            order_id: None,
            status: Some(Status::Captured),
            amount: Some(249_900),
            refunded,
            refund_pending: 0,
            refund_failed: 0,
            currency: Some(Currency::INR),
            method: None,
            is_disputed: false,
            is_dispute_lost: false,
            settled: None,
            is_captured: true,
            lost: 0,
            held: 0,
            created_at: at,
            updated_at: at,
        }
    }

    fn event(name: &str, amount: i64, occurred: i64, received: i64) -> Event {
        let at = Timestamp::from_seconds(START + received);
        Event {
            id: EventId::new(at),
            app_id: AppId::new(at),
            connection_id: ConnectionId::new(at),
            gateway: Gateway::Razorpay,
            mode: Mode::Test,
            gateway_event_id: None,
            event_type: Some(name.to_owned()),
            body_sha256: Vec::new(),
            state: State::Processed,
            fault: None,
            conflict_with: None,
            transaction_id: None,
            amount_subunits: Some(amount),
            currency: Some("INR".to_owned()),
            reference: None,
            secret_id: SecretId::new(at),
            receipts: 1,
            is_flagged: false,
            occurred_at: Some(Timestamp::from_seconds(START + occurred)),
            is_time_borrowed: false,
            received_at: at,
            last_received_at: at,
        }
    }

    #[test]
    fn each_line_says_the_state_it_brought_about() {
        let events = [
            event("payment.captured", 249_900, 20, 21),
            event("payment.authorized", 249_900, 19, 26),
            event("payment.failed", 249_900, 1, 2),
            event("order.paid", 249_900, 20, 22),
            event("refund.processed", 50_000, 90, 91),
        ];
        let lines = lines(&transaction(50_000), &events);
        let told: Vec<_> =
            lines.iter().map(|line| (line.event.event_type.as_deref().unwrap(), line.decided, line.is_late)).collect();
        assert_eq!(
            told,
            [
                ("payment.failed", Some("Failed"), false),
                ("payment.authorized", Some("Approved"), true),
                ("payment.captured", Some("Paid"), false),
                ("order.paid", None, false),
                ("refund.processed", Some("Partly refunded"), false),
            ]
        );
    }

    fn decided(transaction: &Transaction, events: &[Event]) -> Vec<Option<&'static str>> {
        lines(transaction, events).iter().map(|line| line.decided).collect()
    }

    #[test]
    fn a_refund_is_pending_until_it_is_processed_and_none_once_it_failed() {
        let events = [
            event("payment.captured", 249_900, 20, 21),
            event("refund.created", 50_000, 90, 91),
            event("refund.processed", 50_000, 95, 96),
            event("refund.failed", 50_000, 110, 111),
            event("refund.created", 50_000, 120, 121),
        ];
        let pending = Transaction { refund_pending: 50_000, ..transaction(50_000) };
        let wanted =
            [Some("Paid"), Some("Refund pending"), Some("Partly refunded"), Some("Refund failed"), Some("Refund pending")];
        assert_eq!(decided(&pending, &events), wanted);
        let failed = Transaction { refund_failed: 50_000, ..transaction(0) };
        assert_eq!(decided(&failed, &events[..4]), wanted[..4]);
        let unseen = [event("payment.captured", 249_900, 20, 21), event("refund.failed", 50_000, 90, 91)];
        assert_eq!(decided(&failed, &unseen), [Some("Paid"), Some("Refund failed")]);
    }

    #[test]
    fn a_refund_that_is_done_when_it_is_created_is_never_called_pending() {
        let events = [event("payment.captured", 249_900, 20, 21), event("refund.created", 50_000, 90, 91)];
        assert_eq!(decided(&transaction(50_000), &events), [Some("Paid"), Some("Partly refunded")]);
        assert_eq!(
            decided(&Transaction { refund_pending: 50_000, ..transaction(50_000) }, &events),
            [Some("Paid"), Some("Refund pending")]
        );
    }

    #[test]
    fn nothing_is_claimed_when_the_rows_do_not_tell_the_whole_story() {
        let events = [event("payment.failed", 249_900, 1, 2)];
        assert!(lines(&transaction(0), &events).iter().all(|line| line.decided.is_none()));
    }
}
