//! Derives status and amounts from a payment's reports; the two never contradict each other.

use std::collections::BTreeMap;

use super::{DisputeState, DisputeStatus, InOrder, Moment, PaymentState, RefundState, RefundStatus, shortfall, total};
use crate::{
    gateways::payment::{FailureCategory, Status},
    primitives::money::{Currency, Money},
};

impl PaymentState {
    /// Returns the amount in subunits, once a report of the payment itself was received.
    pub(crate) fn amount(&self) -> Option<i64> {
        self.decisive.map(|decisive| decisive.3)
    }

    /// Returns the payment's currency; until that is known, that of its refunds.
    pub(crate) fn currency(&self) -> Option<Currency> {
        self.decisive.map(|decisive| decisive.4).or_else(|| self.refunds.values().map(|refund| refund.last.currency).max())
    }

    /// Returns the refunded total in subunits. Never more than the amount.
    pub(crate) fn refunded(&self) -> i64 {
        total::refunded(self, self.currency()).clamp(0, self.amount().unwrap_or(i64::MAX))
    }

    /// Returns the part of that total, in subunits, whose refunds are not reported as processed.
    pub(crate) fn refund_pending(&self) -> i64 {
        let pending = self.refunds_of_currency().filter(|refund| refund.last.status == RefundStatus::Pending);
        pending.fold(0i64, |sum, refund| sum.saturating_add(refund.last.amount)).min(self.refunded())
    }

    /// Returns the amount in subunits that is left to refund after failed refunds: the failed amount less what was refunded
    /// afterwards. Never more than the rest of the payment after refunds and lost disputes.
    pub(crate) fn refund_failed(&self) -> i64 {
        let gone = self.refunded().saturating_add(self.lost());
        let left = self.amount().map_or(i64::MAX, |amount| amount.saturating_sub(gone).max(0));
        shortfall::open(self.refunds_of_currency()).min(left)
    }

    fn refunds_of_currency(&self) -> impl Iterator<Item = &RefundState> {
        let currency = self.currency();
        self.refunds.values().filter(move |refund| Some(refund.last.currency) == currency)
    }

    /// Returns the payment's status; `None` while only a refund or a dispute is known. It follows from the amounts: a payment
    /// refunded in full is refunded, and only a captured payment can be partially refunded, unless a report that is no older than
    /// the refund says that the payment is not captured.
    pub(crate) fn status(&self) -> Option<Status> {
        let stage = self.decisive?.0;
        let (refunded, amount) = (self.refunded(), self.amount().unwrap_or_default());
        Some(match refunded {
            0 => stage,
            _ if refunded >= amount => Status::Refunded,
            _ if self.is_reported_uncaptured() => stage,
            _ => Status::Captured,
        })
    }

    /// Returns why a payment whose status is failed did so, if reported.
    pub(crate) fn failure(&self) -> Option<FailureCategory> {
        self.decisive.and_then(|decisive| decisive.5).filter(|_| self.status() == Some(Status::Failed))
    }

    /// True if a report that is no older than any refund says that the payment was not captured.
    fn is_reported_uncaptured(&self) -> bool {
        let Some((stage, at, ..)) = self.decisive else { return false };
        let refunds = self.refunds_of_currency().filter(|refund| refund.last.status != RefundStatus::Failed);
        let last = refunds.map(|refund| refund.last.at).max();
        stage == Status::Authorized && at.seconds().is_some() && last.is_some_and(|last| last <= at)
    }

    /// True if the money was received. A payment that is authorised and never captured is refunded automatically.
    pub(crate) fn is_captured(&self) -> bool {
        let stage = self.decisive.map(|decisive| decisive.0);
        stage == Some(Status::Captured) || self.status() == Some(Status::Captured)
    }

    /// Returns a captured payment's part in its order. Captured only by a report of the payment itself, which no later report withdraws.
    pub(crate) fn in_order(&self) -> Option<InOrder> {
        let order_id = self.order_id.as_ref().filter(|_| self.decisive.is_some_and(|decisive| decisive.0 == Status::Captured))?;
        let left = self.amount().map(|amount| amount.saturating_sub(self.refunded()).saturating_sub(self.lost()));
        let left = left.zip(self.currency()).map(|(left, currency)| Money::new(left, currency));
        Some(InOrder { order_id: order_id.clone(), left, is_dispute_lost: self.is_dispute_lost() })
    }

    /// Returns the loss from disputes in subunits: the amounts deducted. For a dispute without a reported deduction, the
    /// amount in dispute, limited to what refunds left.
    pub(crate) fn lost(&self) -> i64 {
        let lost = || self.disputes.values().filter(|dispute| dispute.status == DisputeStatus::Lost);
        let known = self.deducted(|status| status == DisputeStatus::Lost);
        let left = self.amount().map_or(i64::MAX, |amount| amount.saturating_sub(self.refunded()).saturating_sub(known).max(0));
        let unknown = lost().filter(|dispute| self.is_of_currency(dispute) && dispute.deducted.is_none());
        known.saturating_add(unknown.fold(0i64, |sum, dispute| sum.saturating_add(dispute.amount)).min(left))
    }

    /// Returns the amount in subunits that is deducted for disputes that are open, under review or closed.
    pub(crate) fn held(&self) -> i64 {
        self.deducted(|status| !matches!(status, DisputeStatus::Lost | DisputeStatus::Won))
    }

    /// True if an amount is deducted for a dispute that is neither won nor lost, in any currency.
    pub(crate) fn is_deducted(&self) -> bool {
        let is_final = |status| matches!(status, DisputeStatus::Lost | DisputeStatus::Won);
        self.disputes.values().any(|dispute| !is_final(dispute.status) && dispute.deducted.is_some_and(|deducted| deducted > 0))
    }

    /// Returns what disputes in other currencies than the payment's cost, in subunits of each: the loss from lost ones, and
    /// the amount deducted for undecided or closed ones.
    pub(crate) fn costs_elsewhere(&self) -> BTreeMap<Currency, (i64, i64)> {
        let elsewhere = self.disputes.values().filter(|dispute| !self.is_of_currency(dispute));
        elsewhere.fold(BTreeMap::new(), |mut costs, dispute| {
            let (lost, held) = match dispute.status {
                DisputeStatus::Lost => (dispute.deducted.unwrap_or(dispute.amount), 0),
                DisputeStatus::Won => (0, 0),
                _ => (0, dispute.deducted.unwrap_or_default()),
            };
            let sums: &mut (i64, i64) = costs.entry(dispute.currency).or_default();
            *sums = (sums.0.saturating_add(lost), sums.1.saturating_add(held));
            costs
        })
    }

    fn deducted(&self, is_counted: impl Fn(DisputeStatus) -> bool) -> i64 {
        let counted = self.disputes.values().filter(|dispute| is_counted(dispute.status) && self.is_of_currency(dispute));
        counted.filter_map(|dispute| dispute.deducted).fold(0, i64::saturating_add)
    }

    /// True if the dispute has the payment's currency. Amounts of different currencies are never added: those in other
    /// currencies are shown per dispute.
    fn is_of_currency(&self, dispute: &DisputeState) -> bool {
        self.currency() == Some(dispute.currency)
    }

    /// True if a dispute was lost and none is open or under review.
    pub(crate) fn is_dispute_lost(&self) -> bool {
        let has = |wanted: &[DisputeStatus]| self.disputes.values().any(|dispute| wanted.contains(&dispute.status));
        has(&[DisputeStatus::Lost]) && !has(&[DisputeStatus::Open, DisputeStatus::UnderReview])
    }

    /// True if any dispute's latest state is neither won nor closed.
    pub(crate) fn is_disputed(&self) -> bool {
        self.disputes.values().any(|dispute| !matches!(dispute.status, DisputeStatus::Won | DisputeStatus::Closed))
    }
}

impl RefundState {
    /// Returns its creation time or the time of its first report, whichever is earlier.
    pub(super) fn made(&self) -> Option<Moment> {
        [self.made_at, self.standing_since, self.failed_since].into_iter().flatten().min()
    }
}
