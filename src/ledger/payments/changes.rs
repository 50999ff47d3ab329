//! What changed in a payment, for features that react to changes rather than to events.
//!
//! Invariant: pure. A change lies between two states of a payment, so an event that repeats a report makes none, and neither do several
//! events that report the same capture.

use super::projection::{DisputeState, Moment, PaymentState};
use crate::{
    gateways::payment::{DisputeStatus, RefundStatus, Status},
    primitives::{
        money::Money,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

text_enum! {
    /// What changed.
    pub(crate) enum ChangeKind, "a change of a payment" {
        Captured = "captured",
        Failed = "failed",
        /// A refund of it was processed.
        Refunded = "refunded",
        DisputeOpened = "dispute_opened",
        /// A dispute of it must be answered soon. Found as time passes, not between two states.
        DisputeDeadline = "dispute_deadline",
        /// It exceeds the amount of its order, which other payments have paid. Found by [`crate::ledger::orders`].
        OrderPaidTwice = "order_paid_twice",
    }
}
text_column!(ChangeKind, ChangeKind::as_str);

impl ChangeKind {
    /// True if a dispute is what changed.
    pub(crate) const fn is_of_dispute(self) -> bool {
        matches!(self, Self::DisputeOpened | Self::DisputeDeadline)
    }
}

/// One change of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    /// The gateway's id of the refund or dispute; `None` for a change of the payment itself.
    pub(crate) object: Option<String>,
    /// The amount of the payment, the refund or the dispute.
    pub(crate) money: Option<Money>,
    /// The payment method, as the gateway names it.
    pub(crate) method: Option<String>,
    /// When it happened by the gateway's time; when it was received, if that is not reported.
    pub(crate) at: Timestamp,
}

impl Change {
    /// Returns what identifies the change among those of its payment: a payment is captured once, and each refund is processed once.
    pub(crate) fn key(&self) -> String {
        self.object.as_ref().map_or_else(|| self.kind.to_string(), |object| format!("{}:{object}", self.kind))
    }
}

/// Returns the changes from `old` to `new`, in the order of the kinds.
pub(crate) fn between(old: &PaymentState, new: &PaymentState) -> Vec<Change> {
    let mut changes = Vec::new();
    if new.is_captured() && !old.is_captured() {
        changes.push(of_payment(ChangeKind::Captured, new));
    }
    if new.status() == Some(Status::Failed) && old.status() != Some(Status::Failed) {
        changes.push(of_payment(ChangeKind::Failed, new));
    }
    for (id, refund) in &new.refunds {
        let is_processed =
            |state: &PaymentState| state.refunds.get(id).is_some_and(|refund| refund.last.status == RefundStatus::Processed);
        if is_processed(new) && !is_processed(old) {
            let money = Money::new(refund.last.amount, refund.last.currency);
            changes.push(of_part(ChangeKind::Refunded, new, id, (money, refund.last.at)));
        }
    }
    for (id, dispute) in new.disputes.iter().filter(|(id, dispute)| is_open(dispute) && !old.disputes.contains_key(*id)) {
        let money = Money::new(dispute.amount, dispute.currency);
        changes.push(of_part(ChangeKind::DisputeOpened, new, id, (money, dispute.at)));
    }
    changes
}

const fn is_open(dispute: &DisputeState) -> bool {
    matches!(dispute.status, DisputeStatus::Open | DisputeStatus::UnderReview)
}

fn of_payment(kind: ChangeKind, state: &PaymentState) -> Change {
    let money = state.amount().zip(state.currency()).map(|(subunits, currency)| Money::new(subunits, currency));
    let at = time(state, state.decisive.map(|decisive| decisive.1));
    Change { kind, object: None, money, method: state.method.clone(), at }
}

fn of_part(kind: ChangeKind, state: &PaymentState, id: &str, (money, at): (Money, Moment)) -> Change {
    Change { kind, object: Some(id.to_owned()), money: Some(money), method: state.method.clone(), at: time(state, Some(at)) }
}

/// Returns the time of a report; where the gateway gives none, that of the latest event.
fn time(state: &PaymentState, reported: Option<Moment>) -> Timestamp {
    let reported = reported.and_then(Moment::seconds).map(Timestamp::from_seconds);
    reported.or_else(|| state.updated_at.map(|updated| updated.at)).unwrap_or(Timestamp::from_millis(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::payment::{Details, Dispute, PaymentObservation, Refund, Snapshot, TimeSource};

    fn rupees(subunits: i64) -> Money {
        Money::new(subunits, "INR".parse().unwrap())
    }

    fn report(seconds: i64, status: Status) -> PaymentObservation {
        let at = Timestamp::from_seconds(seconds);
        PaymentObservation {
            payment_id: "pay_1".to_owned(),
            at,
            time_source: TimeSource::Envelope,
            digest: seconds,
            snapshot: Some(Snapshot {
                status,
                was_captured: None,
                money: rupees(64_900),
                created_at: at,
                order_id: None,
                method: Some("upi".to_owned()),
                refunded: None,
                failure: None,
            }),
            refund: None,
            dispute: None,
            details: Details::default(),
        }
    }

    fn refund(seconds: i64, id: &str, status: RefundStatus) -> PaymentObservation {
        let refund = Refund { id: id.to_owned(), money: rupees(10_000), status, created_at: None };
        PaymentObservation { snapshot: None, refund: Some(refund), ..report(seconds, Status::Captured) }
    }

    fn dispute(seconds: i64, id: &str, status: DisputeStatus) -> PaymentObservation {
        let dispute = Dispute { id: id.to_owned(), status, money: rupees(64_900), deducted: None, respond_by: None };
        PaymentObservation { snapshot: None, dispute: Some(dispute), ..report(seconds, Status::Captured) }
    }

    /// Applies the reports one after the other, and returns the keys of the changes with their times.
    fn changes(reports: &[PaymentObservation]) -> Vec<String> {
        let mut state = PaymentState::default();
        let mut seen = Vec::new();
        for report in reports {
            let before = state.clone();
            state.apply(report);
            seen.extend(between(&before, &state).iter().map(|change| format!("{}@{}", change.key(), change.at.seconds())));
        }
        seen
    }

    #[test]
    fn a_capture_is_one_change_however_many_events_report_it() {
        let reports = [
            report(1, Status::Authorized),
            report(2, Status::Captured),
            report(3, Status::Captured),
            report(2, Status::Captured),
        ];
        assert_eq!(changes(&reports), ["captured@2"]);
        let backwards: Vec<_> = reports.iter().rev().cloned().collect();
        assert_eq!(changes(&backwards), ["captured@2"]);
    }

    #[test]
    fn a_payment_that_failed_may_be_captured_later_but_does_not_fail_again() {
        let reports =
            [report(1, Status::Failed), report(2, Status::Failed), report(3, Status::Captured), report(4, Status::Failed)];
        assert_eq!(changes(&reports), ["failed@1", "captured@3"]);
    }

    #[test]
    fn each_refund_is_a_change_once_it_is_processed() {
        let reports = [
            report(1, Status::Captured),
            refund(2, "rfnd_a", RefundStatus::Pending),
            refund(3, "rfnd_b", RefundStatus::Processed),
            refund(4, "rfnd_a", RefundStatus::Processed),
            refund(4, "rfnd_a", RefundStatus::Processed),
            refund(5, "rfnd_c", RefundStatus::Failed),
        ];
        assert_eq!(changes(&reports), ["captured@1", "refunded:rfnd_b@3", "refunded:rfnd_a@4"]);
    }

    #[test]
    fn a_dispute_is_a_change_when_it_is_first_reported_unless_it_is_over() {
        let reports = [
            dispute(2, "disp_a", DisputeStatus::Open),
            dispute(3, "disp_a", DisputeStatus::UnderReview),
            dispute(4, "disp_b", DisputeStatus::Won),
            dispute(5, "disp_c", DisputeStatus::UnderReview),
        ];
        assert_eq!(changes(&reports), ["dispute_opened:disp_a@2", "dispute_opened:disp_c@5"]);
    }

    #[test]
    fn a_change_has_the_amount_of_what_changed() {
        let (empty, mut state) = (PaymentState::default(), PaymentState::default());
        state.apply(&report(1, Status::Captured));
        state.apply(&refund(2, "rfnd_a", RefundStatus::Processed));
        let amounts: Vec<_> =
            between(&empty, &state).into_iter().map(|change| (change.kind, change.money, change.method)).collect();
        let upi = Some("upi".to_owned());
        assert_eq!(
            amounts,
            [(ChangeKind::Captured, Some(rupees(64_900)), upi.clone()), (ChangeKind::Refunded, Some(rupees(10_000)), upi)]
        );
    }

    #[test]
    fn without_a_time_of_the_gateway_a_change_has_the_time_of_receipt() {
        let mut received = report(7, Status::Captured);
        received.time_source = TimeSource::Received;
        assert_eq!(changes(&[received]), ["captured@7"]);
    }
}
