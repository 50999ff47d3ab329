//! What a payment's page says of its order's other payments and of its disputes.

use super::{Chip, Said, capitalised, chip, day};
use crate::{
    events::{Event, State},
    gateways::Gateway,
    kernel::{money::Money, time::Timestamp},
    transactions::{Transaction, projection::DisputeStatus, store::references::Dispute},
};

/// The state of one dispute.
pub(crate) const fn dispute_state(status: DisputeStatus) -> Chip {
    match status {
        DisputeStatus::Open => chip("status-warn", "warn", "Open"),
        DisputeStatus::UnderReview => chip("status-pending", "pending", "Under review"),
        DisputeStatus::Won => chip("status-good", "good", "Won"),
        DisputeStatus::Lost => chip("status-lost", "failed", "Lost"),
        DisputeStatus::Closed => chip("status-off", "info", "Closed"),
    }
}

/// The last day to answer a dispute that waits for an answer.
pub(crate) fn last_day_to_answer(dispute: &Dispute, now: Timestamp) -> Option<String> {
    let last = dispute.respond_by.filter(|_| dispute.status == DisputeStatus::Open)?;
    let day = day(last, now);
    Some(if last < now { format!("the last day to answer was {day}") } else { format!("answer by {day}") })
}

/// A dispute that waits for an answer: what is at stake, and until when.
pub(crate) fn dispute_to_answer(gateway: Gateway, dispute: &Dispute, now: Timestamp) -> Option<Said> {
    let last = dispute.respond_by?;
    let answer = last_day_to_answer(dispute, now)?;
    let (money, gateway) = (dispute.money, gateway.label());
    let reason = if last < now {
        format!("{money} is in dispute. Check in {gateway} whether it was answered; without an answer the money is lost.")
    } else {
        let until = last.zoned().strftime("%-d\u{a0}%b\u{a0}%Y, %-I:%M\u{a0}%P");
        format!("{money} is in dispute. Answer in {gateway} by {until}; without an answer the money is lost.")
    };
    let headline = format!("Dispute of {money}: {answer}");
    Some(Said { class: "is-warn", icon: "warn", headline: capitalised(&headline), reason })
}

/// A refund that failed and was not tried again with that amount. `events` are the payment's, each with its time.
pub(crate) fn failed_refund(gateway: Gateway, events: &[(Timestamp, &Event)]) -> Option<Said> {
    let is = |event: &Event, name| event.event_type.as_deref() == Some(name);
    let (at, money) = events
        .iter()
        .filter(|(_, event)| is(event, "refund.failed") && event.state != State::Quarantined)
        .filter_map(|(at, event)| Some((*at, event.money()?)))
        .max_by_key(|(at, _)| *at)?;
    let is_retry = |(later, event): &(Timestamp, &Event)| {
        *later > at && event.money() == Some(money) && (is(event, "refund.created") || is(event, "refund.processed"))
    };
    let reason = format!("The customer hasn’t received it. Try again in {}.", gateway.label());
    let headline = format!("A refund of {money} failed");
    (!events.iter().any(is_retry)).then_some(Said { class: "is-warn", icon: "warn", headline, reason })
}

/// Whether money of the payment is with the merchant.
fn is_held(payment: &Transaction) -> bool {
    payment.is_captured && payment.amount.is_none_or(|amount| payment.refunded < amount || amount == 0)
}

/// An order of which more than one payment is held. `others` are its other captured payments.
pub(crate) fn paid_more_than_once(payment: &Transaction, others: &[Transaction]) -> Option<Said> {
    let held: Vec<&Transaction> = others.iter().filter(|other| is_held(other)).collect();
    let order = payment.order_id.as_deref().filter(|_| is_held(payment) && !held.is_empty())?;
    let amounts: Vec<String> = held.iter().filter_map(|other| other.money()).map(|money: Money| money.to_string()).collect();
    let also = match (held.len(), amounts.as_slice()) {
        (1, [amount]) => format!("Another payment of {amount} was captured"),
        (1, _) => "Another payment was captured".to_owned(),
        (count, _) => format!("{count} other payments were captured"),
    };
    let ids: Vec<&str> = held.iter().map(|other| other.payment_id.as_str()).collect();
    let reason = format!(
        "{also} for order {order}: {}. If the order is not paid in parts, refund what was paid twice in {}.",
        ids.join(", "),
        payment.gateway.label()
    );
    Some(Said { class: "is-warn", icon: "warn", headline: "This order was paid more than once".to_owned(), reason })
}

/// Why several payments of one order are right: it is paid in parts, as an event of that type says.
pub(crate) fn is_of_parts(event_type: &str) -> bool {
    event_type.ends_with(".partially_paid")
}

/// The whole amount of a payment in a foreign currency, in the currency it is settled in.
pub(crate) fn settled_in(gateway: Gateway, settled: Money) -> String {
    format!("In {}, at {}’s rate", settled.currency, gateway.label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::money::Currency;

    fn dispute(status: DisputeStatus, respond_by: Option<i64>) -> Dispute {
        let respond_by = respond_by.map(Timestamp::from_seconds);
        Dispute { id: "disp_1".to_owned(), status, money: Money::new(100_000, Currency::INR), respond_by }
    }

    #[test]
    fn only_a_dispute_that_waits_for_an_answer_names_its_last_day() {
        // 6 Dec 2026, 8:23 pm in India.
        let (now, last) = (Timestamp::from_seconds(1_795_959_200), 1_796_568_780);
        let said = |status, respond_by| {
            let said = dispute_to_answer(Gateway::Razorpay, &dispute(status, respond_by), now);
            said.map(|said| format!("{}. {}", said.headline, said.reason).replace('\u{a0}', " "))
        };
        let open = said(DisputeStatus::Open, Some(last)).unwrap();
        assert!(
            open.starts_with(
                "Dispute of ₹1,000.00: answer by 6 Dec. ₹1,000.00 is in dispute. Answer in Razorpay by 6 Dec 2026, "
            ),
            "{open}"
        );
        let past = said(DisputeStatus::Open, Some(1_795_800_000)).unwrap();
        assert!(past.starts_with("Dispute of ₹1,000.00: the last day to answer was 27 Nov. "), "{past}");
        for status in [DisputeStatus::UnderReview, DisputeStatus::Won, DisputeStatus::Lost, DisputeStatus::Closed] {
            assert_eq!(said(status, Some(last)), None, "{status:?}");
        }
        assert_eq!(said(DisputeStatus::Open, None), None);
    }
}
