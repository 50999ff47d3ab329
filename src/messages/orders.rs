//! Messages on a payment's page about the other payments of its order and about its disputes.

use super::{
    Badge, Notice,
    activity::{BAD, WARN},
    badge, day,
    payments::NO_VALUE,
    span,
    text::{disputes, payments as t, states},
};
use crate::{
    events::Event,
    gateways::{Gateway, event_kind::EventKind, payment::DisputeStatus},
    i18n::{DisplayTime, Text, code, isolate, link},
    ledger::{
        orders::{
            OrderState,
            overpaid::{is_held, is_overpaid},
        },
        payments::{
            Transaction,
            disputes::{Dispute, OpenDispute, OtherCosts},
            store::references::MAX_OTHERS,
        },
    },
    primitives::{money::Money, time::Timestamp},
    urls,
};

/// Returns the badge of a dispute.
pub(crate) fn dispute_state(status: DisputeStatus) -> Badge {
    let (looks, label) = match status {
        DisputeStatus::Open => (("status-warn", "warn"), states::dispute_open()),
        DisputeStatus::UnderReview => (("status-pending", "pending"), states::dispute_under_review()),
        DisputeStatus::Won => (("status-good", "good"), states::dispute_won()),
        DisputeStatus::Lost => (("status-lost", "failed"), states::dispute_decided_lost()),
        DisputeStatus::Closed => (("status-off", "info"), states::dispute_closed()),
    };
    badge(status.as_str(), looks, label)
}

/// States the last day to respond to an open dispute.
pub(crate) fn last_day_to_answer(dispute: &Dispute, now: Timestamp) -> Option<Text> {
    let last = open_until(dispute)?;
    let day = day(last, now);
    Some(if last < now { disputes::answer_was_due(day) } else { disputes::answer_by(day) })
}

/// Returns until when an open dispute can be answered.
fn open_until(dispute: &Dispute) -> Option<Timestamp> {
    dispute.respond_by.filter(|_| dispute.status == DisputeStatus::Open)
}

/// An open dispute: the amount at stake, and the deadline.
pub(crate) fn dispute_to_answer(gateway: Gateway, dispute: &Dispute, now: Timestamp) -> Option<Notice> {
    let last = open_until(dispute)?;
    let (money, gateway, day) = (dispute.money, gateway.label(), day(last, now));
    let (headline, advice) = if last < now {
        (disputes::to_answer_was_due(money, day), disputes::to_answer_was_due_advice(money, gateway))
    } else {
        let until = DisplayTime::of_expiry(last, now);
        (disputes::to_answer(money, day), disputes::to_answer_advice(money, gateway, until))
    };
    Some(Notice::new("dispute-to-answer", WARN, headline, advice))
}

/// A dispute that waits for a response, in a list of what needs attention; `app` is its name where several apps are listed.
pub(crate) fn open_dispute(open: &OpenDispute, app: Option<&str>, now: Timestamp) -> Notice {
    let (money, gateway) = (open.dispute.money, open.gateway.label());
    let (hook, (class, _), headline, reason) = if let Some(last) = open_until(&open.dispute) {
        let day = day(last, now);
        let headline = match app {
            Some(app) => disputes::to_answer_of_app(isolate(app), money, day),
            None => disputes::to_answer(money, day),
        };
        let reason = disputes::open_until_advice(span(last.since(now)), gateway, DisplayTime::of_expiry(last, now));
        ("open-dispute", BAD, headline, reason)
    } else {
        let headline = match app {
            Some(app) => disputes::open_undated_of_app(isolate(app), money),
            None => disputes::open_undated(money),
        };
        ("open-dispute-undated", WARN, headline, disputes::open_undated_advice(gateway))
    };
    Notice::new(hook, (class, "dispute"), headline, reason)
}

/// The amount of failed refunds that is still to be refunded. `events` are the payment's.
pub(crate) fn failed_refund(payment: &Transaction, events: &[Event]) -> Option<Notice> {
    let (money, gateway) = (payment.failed_refund()?, payment.gateway.label());
    let failed = events.iter().filter(|event| event.kind() == Some(EventKind::RefundFailed));
    let is_one_refund = failed.filter_map(Event::money).any(|failed| failed == money);
    let is_dispute_lost = payment.lost > 0 || payment.is_dispute_lost;
    let (hook, headline) = if is_one_refund {
        ("refund-failed", t::refund_failed_headline(money))
    } else {
        ("refunds-failed", t::refunds_failed_headline(money))
    };
    let advice = match (is_dispute_lost, is_one_refund) {
        (true, _) => t::refund_failed_after_dispute(gateway),
        (false, true) => t::refund_failed_advice(gateway),
        (false, false) => t::refunds_failed_advice(gateway),
    };
    Some(Notice::new(hook, WARN, headline, advice))
}

/// A payment of which refunds and lost disputes took more than was paid. `disputes` are the payment's.
pub(crate) fn went_back_twice(payment: &Transaction, disputes: &[Dispute]) -> Option<Notice> {
    let (paid, refunded, gateway) = (payment.money()?, payment.refund()?, payment.gateway.label());
    let lost = payment.part(payment.lost);
    let elsewhere = OtherCosts::of(payment.currency, disputes).lost.into_iter().next();
    let is_more = payment.refunded.saturating_add(payment.lost) > paid.subunits;
    let lost = lost.filter(|_| is_more).or_else(|| elsewhere.filter(|_| payment.refunded >= paid.subunits))?;
    let advice = t::went_back_twice_advice(paid, refunded, lost, gateway);
    payment.is_captured.then(|| Notice::new("went-back-twice", WARN, t::went_back_twice(), advice))
}

/// An order with more than one payment held, unless they are its partial payments. `others` are its other captured payments.
/// `is_refundable_here` says whether the page has a button for it.
pub(crate) fn paid_more_than_once(
    payment: &Transaction,
    (others, order): (&[Transaction], &OrderState),
    is_refundable_here: bool,
    now: Timestamp,
) -> Option<Notice> {
    let held: Vec<&Transaction> = others.iter().filter(|other| is_held(other)).collect();
    let id = payment.order_id.as_deref().filter(|_| is_held(payment) && !held.is_empty())?;
    let payments: Vec<&Transaction> = held.iter().copied().chain([payment]).collect();
    let is_known = match is_overpaid(&payments, order) {
        Some(false) => return None,
        Some(true) => true,
        None => false,
    };
    let item = |other: &&Transaction| {
        let (page, id) = (link(urls::transaction(other.app, other.id)), code(&other.payment_id));
        let money = other.money().map_or_else(|| NO_VALUE.to_owned(), |money| money.to_string());
        t::payment_item(page, money, DisplayTime::of_day(other.created_at, now), id)
    };
    let payments = held.iter().take(usize::from(MAX_OTHERS)).map(item).reduce(t::item)?;
    let (gateway, count, id) = (payment.gateway.label(), held.len(), code(id));
    let what_to_do = match (count, is_refundable_here) {
        (1, true) => t::keep_one_here(),
        (1, false) => t::keep_one_at_gateway(gateway),
        (_, true) => t::keep_what_is_due_here(),
        (_, false) => t::keep_what_is_due_at_gateway(gateway),
    };
    Some(if let Some(asked) = order.money().filter(|_| is_known) {
        let advice = t::paid_more_than_once_advice(count, id, asked, payments, what_to_do);
        Notice::new("paid-more-than-once", WARN, t::paid_more_than_once(), advice)
    } else {
        let advice = t::maybe_paid_more_than_once_advice(id, payments, what_to_do);
        Notice::new("maybe-paid-more-than-once", WARN, t::maybe_paid_more_than_once(count), advice)
    })
}

/// An order that was paid twice, in a list of what needs attention; `app` is its name where several apps are listed.
pub(crate) fn order_paid_twice(order: &OrderState, app: Option<&str>) -> Option<Notice> {
    let asked = order.money()?;
    let headline = match app {
        Some(app) => t::order_paid_twice_of_app(isolate(app), asked),
        None => t::order_paid_twice(asked),
    };
    Some(Notice::new("order-paid-twice", WARN, headline, t::order_paid_twice_advice()))
}

/// Labels the amount of a foreign payment in its settlement currency.
pub(crate) fn settled_in(gateway: Gateway, settled: Money) -> Text {
    t::settled_in(settled.currency.to_string(), gateway.label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{messages::payments::tests::paid, primitives::money::Currency};

    fn dispute(status: DisputeStatus, respond_by: Option<i64>) -> Dispute {
        let respond_by = respond_by.map(Timestamp::from_seconds);
        Dispute { id: "disp_1".to_owned(), status, money: Money::new(100_000, Currency::INR), deducted: None, respond_by }
    }

    #[test]
    fn the_other_payments_of_an_order_are_listed_with_their_amounts() {
        let others = ["pay_2", "pay_3"].map(|id| Transaction { payment_id: id.to_owned(), ..paid() });
        let payment = Transaction { order_id: Some("order_1".to_owned()), ..paid() };
        let asked = OrderState { amount: Some((100_000, Currency::INR)), ..OrderState::default() };
        let said = |others: &[Transaction], order: &OrderState| {
            let said = paid_more_than_once(&payment, (others, order), false, payment.created_at).unwrap();
            format!("{}. {}", said.headline.in_english(), said.reason.in_english()).replace('\u{a0}', " ")
        };
        assert_eq!(
            said(&others, &asked),
            "This order was paid more than once. Order order_1 of ₹1,000.00 was paid by this payment and by 2 others: pay_2 (₹1,000.00, \
             22 Nov, 4:00 pm), pay_3 (₹1,000.00, 22 Nov, 4:00 pm). Keep what the order costs, and refund only the rest in Razorpay."
        );
        assert_eq!(
            said(&others[..1], &OrderState::default()),
            "Another payment of this order was received. Order order_1 also has pay_2 (₹1,000.00, 22 Nov, 4:00 pm). If the order isn’t paid in \
             parts, it was paid more than once. Keep one of the two, and refund only the other in Razorpay."
        );
    }

    #[test]
    fn a_failed_refund_is_not_to_be_tried_again_blindly_after_a_lost_dispute() {
        let said = |payment: Transaction| {
            let said = failed_refund(&Transaction { refund_failed: 20_000, ..payment }, &[]).unwrap();
            format!("{}. {}", said.headline, said.reason)
        };
        let parts = "Failed refunds: ₹200.00 not refunded yet. The customer hasn’t received this amount. Refund it in Razorpay.";
        assert_eq!(said(paid()), parts);
        for payment in [Transaction { lost: 1_000, ..paid() }, Transaction { is_dispute_lost: true, ..paid() }] {
            assert!(said(payment).contains("You also lost a dispute. Check in Razorpay"));
        }
        assert_eq!(failed_refund(&paid(), &[]), None);
    }

    #[test]
    fn more_than_was_paid_went_back_only_by_refund_and_dispute_together() {
        let said = |payment: &Transaction, disputes: &[Dispute]| went_back_twice(payment, disputes).map(|said| said.reason);
        let refunded = Transaction { refunded: 100_000, ..paid() };
        assert_eq!(said(&refunded, &[]), None);
        assert_eq!(said(&Transaction { lost: 60_000, refunded: 40_000, ..paid() }, &[]), None);
        let twice = said(&Transaction { lost: 100_000, ..refunded.clone() }, &[]).unwrap();
        let begins = "Of this payment of ₹1,000.00, ₹1,000.00 was refunded and ₹1,000.00 lost in a dispute. ";
        assert!(twice.in_english().starts_with(begins), "{twice}");
        let money = Money::new(1_200, "USD".parse().unwrap());
        let abroad = [Dispute { money, ..dispute(DisputeStatus::Lost, None) }];
        assert!(said(&refunded, &abroad).unwrap().in_english().contains("USD\u{a0}12.00 lost"));
        assert_eq!(said(&paid(), &abroad), None);
    }

    #[test]
    fn only_a_dispute_that_waits_for_an_answer_names_its_last_day() {
        // 6 Dec 2026, 8:23 pm in India.
        let (now, last) = (Timestamp::from_seconds(1_795_959_200), 1_796_568_780);
        let said = |status, respond_by| {
            let said = dispute_to_answer(Gateway::RAZORPAY, &dispute(status, respond_by), now);
            said.map(|said| format!("{}. {}", said.headline, said.reason).replace('\u{a0}', " "))
        };
        let open = said(DisputeStatus::Open, Some(last)).unwrap();
        assert!(
            open.starts_with(
                "Dispute of ₹1,000.00: answer by 6 Dec. ₹1,000.00 is in dispute. Answer in Razorpay by 6 Dec, 8:23 pm. "
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
