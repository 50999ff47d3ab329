//! The timeline of a payment: its events, and the state that each one caused.
//!
//! It is derived from the rows of the events, which contain less than their payloads. If the resulting state differs from the
//! payment's, no state is attributed to any event.
//!
//! Invariant: each state is computed by [`crate::ledger::payments::projection`] alone.

use std::collections::BTreeMap;

use crate::{
    events::Event,
    gateways::{
        adapter,
        event_kind::EventKind,
        payment::{Details, Dispute, PaymentObservation, Refund, Snapshot, Status, TimeSource},
    },
    i18n::Text,
    ledger::payments::{Transaction, disputes::Dispute as ListedDispute, projection::PaymentState, state::DisplayState},
    messages,
    primitives::{id::EventId, time::Timestamp},
};

/// The stages of a payment that a failure does not undo.
const SUCCESSES: [Status; 2] = [Status::Authorized, Status::Captured];

/// An event in the timeline.
pub(crate) struct TimelineEntry<'a> {
    pub(crate) event: &'a Event,
    /// The state that it caused, if it changed the state.
    pub(crate) decided: Option<Text>,
    /// True if it arrived after the next event in the timeline.
    pub(crate) is_late: bool,
    /// True if it reports the failure of a payment that already succeeded, which changes nothing.
    pub(crate) is_overruled: bool,
}

/// The SHA-256 of the events that came with others in a request: their rows have that of the whole body.
pub(crate) type PartDigests = BTreeMap<EventId, [u8; 32]>;

/// Returns the events in the order of the gateway's time. `disputes` are those of the payment.
pub(crate) fn lines<'a>(
    transaction: &Transaction,
    (events, digests): (&'a [Event], &PartDigests),
    disputes: &[ListedDispute],
) -> Vec<TimelineEntry<'a>> {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| (moment(event), event.id));
    let states = states(transaction, (&events, digests), disputes);
    let is_complete = states.last() == Some(&Some(transaction.state));
    let (mut before, mut has_succeeded) = (None, false);
    let mut lines = Vec::with_capacity(events.len());
    for (index, (event, state)) in events.iter().zip(states).enumerate() {
        let is_change = is_complete && before != state && state != Some(DisplayState::Unreported);
        before = state.or(before);
        let is_late = events.get(index + 1).is_some_and(|below| (below.received_at, below.id) < (event.received_at, event.id));
        let decided = state.filter(|_| is_change).map(|state| messages::payment_state(state).label);
        let stage = event.subject_status.as_deref().filter(|_| event.subject_id.is_none());
        let is_overruled = stage == Some(Status::Failed.as_str()) && has_succeeded;
        has_succeeded |= stage.is_some_and(|stage| SUCCESSES.iter().any(|success| success.as_str() == stage));
        lines.push(TimelineEntry { event, decided, is_late, is_overruled });
    }
    lines
}

pub(crate) fn moment(event: &Event) -> Timestamp {
    event.occurred_at.unwrap_or(event.received_at)
}

/// Returns the state after each event; `None` before the first report.
fn states(
    transaction: &Transaction,
    (events, digests): (&[&Event], &PartDigests),
    disputes: &[ListedDispute],
) -> Vec<Option<DisplayState>> {
    let (mut payment, mut state) = (PaymentState::default(), None);
    let after = |event: &&Event| {
        if let Some(mut observation) = observation(transaction, event, disputes) {
            let sha256 = digests.get(&event.id).map_or(event.body_sha256.as_slice(), |digest| digest);
            observation.digest = adapter::rank_digest(sha256);
            payment.apply(&observation);
            state = Some(DisplayState::of(&payment));
        }
        state
    };
    events.iter().map(after).collect()
}

/// Builds the observation from an event's row: the refund or dispute, its state, time and amount.
fn observation(transaction: &Transaction, event: &Event, disputes: &[ListedDispute]) -> Option<PaymentObservation> {
    let (kind, status, at) = (event.kind(), event.subject_status.as_deref()?, moment(event));
    let time_source = match event.occurred_at {
        None => TimeSource::Received,
        Some(_) if event.is_time_borrowed => TimeSource::Entity,
        Some(_) => TimeSource::Envelope,
    };
    let mut observation = PaymentObservation {
        payment_id: transaction.payment_id.clone(),
        at,
        time_source,
        digest: 0,
        snapshot: None,
        refund: None,
        dispute: None,
        details: Details::default(),
    };
    let id = event.subject_id.clone();
    match id {
        Some(id) if kind.is_some_and(EventKind::is_of_refund) => {
            let (money, status) = (event.money()?, status.parse().ok()?);
            observation.refund = Some(Refund { id, money, status, created_at: None });
        }
        Some(id) => {
            let (money, status) = (event.money()?, status.parse().ok()?);
            // The amount deducted is known only for the latest report.
            let listed = disputes.iter().find(|dispute| dispute.id == id && dispute.status == status);
            let (deducted, respond_by) = (listed.and_then(|dispute| dispute.deducted), None);
            observation.dispute = Some(Dispute { id, status, money, deducted, respond_by });
        }
        None => {
            // The amount of an order can differ from that of the payment that completed it.
            let money = if kind == Some(EventKind::OrderPaid) { transaction.money()? } else { event.money()? };
            observation.snapshot = Some(Snapshot {
                status: status.parse().ok()?,
                was_captured: None,
                money,
                created_at: transaction.created_at,
                order_id: transaction.order_id.clone(),
                method: transaction.method.clone(),
                refunded: None,
                failure: None,
            });
        }
    }
    Some(observation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        events::State,
        gateways::{Gateway, Mode, payment::DisputeStatus},
        messages::payments_tests::paid,
        primitives::{
            id::{AppId, ConnectionId, SecretId},
            money::{Currency, Money},
        },
    };

    const START: i64 = 1_795_343_403;
    const AMOUNT: i64 = 249_900;

    fn event(name: &str, amount: i64, occurred: i64, received: i64) -> Event {
        let at = Timestamp::from_seconds(START + received);
        let status = match name.rsplit('.').next().unwrap() {
            "paid" => "captured",
            "created" if name.starts_with("refund") => "pending",
            "created" if name.contains("dispute") => "open",
            status => status,
        };
        let is_part = name.starts_with("refund.") || name.contains("dispute");
        Event {
            id: EventId::unique(),
            app_id: AppId::unique(),
            connection_id: ConnectionId::unique(),
            gateway: Gateway::RAZORPAY,
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
            subject_id: is_part.then(|| "part_1".to_owned()),
            subject_status: Some(status.to_owned()),
            reference: None,
            secret_id: SecretId::unique(),
            received_count: 1,
            is_flagged: false,
            occurred_at: Some(Timestamp::from_seconds(START + occurred)),
            is_time_borrowed: false,
            request_id: None,
            part: None,
            received_at: at,
            last_received_at: at,
        }
    }

    fn captured() -> Event {
        event("payment.captured", AMOUNT, 20, 21)
    }

    fn part(id: &str, name: &str, amount: i64, at: i64) -> Event {
        Event { subject_id: Some(id.to_owned()), ..event(name, amount, at, at + 1) }
    }

    fn ending(state: DisplayState) -> Transaction {
        Transaction { state, payment_id: "pay_1".to_owned(), amount: Some(AMOUNT), ..paid() }
    }

    fn decided(state: DisplayState, events: &[Event], disputes: &[ListedDispute]) -> Vec<String> {
        lines(&ending(state), events, disputes)
            .iter()
            .map(|line| line.decided.as_ref().map(Text::in_english).unwrap_or_default())
            .collect()
    }

    fn lines<'a>(transaction: &Transaction, events: &'a [Event], disputes: &[ListedDispute]) -> Vec<TimelineEntry<'a>> {
        super::lines(transaction, (events, &PartDigests::new()), disputes)
    }

    #[test]
    fn of_events_in_one_request_with_equal_times_the_parts_own_digest_decides() {
        let events = [
            captured(),
            Event { part: Some(0), ..part("rfnd_1", "refund.processed", AMOUNT, 90) },
            Event { part: Some(1), ..part("rfnd_1", "refund.processed", 50_000, 90) },
        ];
        for (digests, state) in [([2, 1], DisplayState::Refunded), ([1, 2], DisplayState::PartlyRefunded)] {
            let digests = PartDigests::from([(events[1].id, [digests[0]; 32]), (events[2].id, [digests[1]; 32])]);
            let payment = ending(state);
            let lines = super::lines(&payment, (&events, &digests), &[]);
            let last = lines.iter().rev().find_map(|line| line.decided.clone());
            assert_eq!(last, Some(messages::payment_state(state).label), "the states are those of the payment");
        }
    }

    #[test]
    fn each_line_says_the_state_it_brought_about() {
        let events = [
            captured(),
            event("payment.authorized", AMOUNT, 19, 26),
            event("payment.failed", AMOUNT, 1, 2),
            event("order.paid", AMOUNT, 20, 22),
            event("refund.processed", 50_000, 90, 91),
        ];
        let payment = ending(DisplayState::PartlyRefunded);
        let lines = lines(&payment, &events, &[]);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| (line.event.event_type.as_deref().unwrap(), line.decided.as_ref().map(Text::key), line.is_late))
            .collect();
        assert_eq!(
            shown,
            [
                ("payment.failed", Some("states.failed"), false),
                ("payment.authorized", Some("states.authorised"), true),
                ("payment.captured", Some("states.paid"), false),
                ("order.paid", None, false),
                ("refund.processed", Some("states.partly-refunded"), false),
            ]
        );
    }

    #[test]
    fn a_refund_is_pending_until_it_is_processed_and_none_once_it_failed() {
        let events = [
            captured(),
            part("rfnd_1", "refund.created", 50_000, 90),
            part("rfnd_1", "refund.processed", 50_000, 95),
            part("rfnd_1", "refund.failed", 50_000, 110),
            part("rfnd_2", "refund.created", 50_000, 120),
        ];
        let shown = ["Paid", "Refund pending", "Partly refunded", "Refund failed", "Refund pending"];
        assert_eq!(decided(DisplayState::RefundPending, &events, &[]), shown);
        assert_eq!(decided(DisplayState::RefundFailed, &events[..4], &[]), shown[..4]);
    }

    #[test]
    fn a_refund_that_is_done_when_it_is_created_is_never_called_pending() {
        let done = Event { subject_status: Some("processed".to_owned()), ..part("rfnd_1", "refund.created", 50_000, 90) };
        assert_eq!(decided(DisplayState::PartlyRefunded, &[captured(), done], &[]), ["Paid", "Partly refunded"]);
    }

    #[test]
    fn a_payment_stays_disputed_while_another_dispute_is_open() {
        let of = |id, step: &str, amount, at| part(id, &format!("payment.dispute.{step}"), amount, at);
        let both = [captured(), of("a", "created", 40_000, 30), of("b", "created", 30_000, 40)];
        let lost = [&both[..], &[of("a", "won", 40_000, 50), of("b", "lost", 30_000, 60)]].concat();
        assert_eq!(decided(DisplayState::DisputeLost, &lost, &[]), ["Paid", "Disputed", "", "", "Dispute lost"]);
        let closed = [captured(), of("a", "under_review", 60_000, 30), of("b", "closed", 10_000, 40)];
        assert_eq!(decided(DisplayState::Disputed, &closed, &[]), ["Paid", "Disputed", ""]);
        let won = [captured(), of("a", "lost", 40_000, 30), of("b", "created", 30_000, 40), of("b", "won", 30_000, 50)];
        assert_eq!(decided(DisplayState::DisputeLost, &won, &[]), ["Paid", "Dispute lost", "Disputed", "Dispute lost"]);
    }

    #[test]
    fn what_stays_deducted_for_a_closed_dispute_is_a_state() {
        let events =
            [captured(), part("a", "payment.dispute.created", 40_000, 30), part("a", "payment.dispute.closed", 40_000, 40)];
        let (money, status) = (Money::new(40_000, Currency::INR), DisputeStatus::Closed);
        let dispute = ListedDispute { id: "a".to_owned(), status, money, deducted: Some(40_000), respond_by: None };
        assert_eq!(decided(DisplayState::DisputeDeducted, &events, &[dispute]), ["Paid", "Disputed", "Deducted for a dispute"]);
    }

    #[test]
    fn a_failure_after_a_success_is_overruled() {
        let failed = |at| event("payment.failed", AMOUNT, at, at + 1);
        let events = [failed(10), captured(), failed(30), part("rfnd_1", "refund.failed", 100, 40)];
        let payment = ending(DisplayState::RefundFailed);
        let overruled: Vec<_> = lines(&payment, &events, &[]).iter().map(|line| line.is_overruled).collect();
        assert_eq!(overruled, [false, false, true, false]);
    }

    #[test]
    fn nothing_is_claimed_when_the_rows_do_not_lead_to_the_state() {
        let events = [event("payment.failed", AMOUNT, 1, 2)];
        assert_eq!(decided(DisplayState::Captured, &events, &[]), [""]);
    }
}
