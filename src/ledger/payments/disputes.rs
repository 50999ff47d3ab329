//! The disputes of a payment as its page lists them, and what they cost in currencies other than the payment's.
//!
//! Invariant: pure; amounts of different currencies are never added.

use crate::{
    gateways::{Gateway, payment::DisputeStatus},
    primitives::{
        id::{AppId, TransactionId},
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// A dispute on a payment's page.
#[derive(Debug)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) status: DisputeStatus,
    pub(crate) money: Money,
    /// The amount deducted for it in subunits, if reported.
    pub(crate) deducted: Option<i64>,
    pub(crate) respond_by: Option<Timestamp>,
}

/// A dispute that waits for a response, with its payment.
#[derive(Debug)]
pub(crate) struct OpenDispute {
    pub(crate) transaction: TransactionId,
    pub(crate) app: AppId,
    pub(crate) gateway: Gateway,
    pub(crate) dispute: Dispute,
}

/// An open dispute whose deadline is near.
#[derive(Debug)]
pub(crate) struct DueDispute {
    pub(crate) open: OpenDispute,
    pub(crate) respond_by: Timestamp,
    /// The payment method of its payment, as the gateway names it.
    pub(crate) method: Option<String>,
    /// The time of the latest report of it.
    pub(crate) reported_at: Timestamp,
}

impl Dispute {
    /// Returns the cost of a lost dispute: the amount deducted or, if the gateway does not report it, the amount in dispute.
    pub(crate) fn lost(&self) -> Option<Money> {
        let subunits = self.deducted.unwrap_or(self.money.subunits);
        (self.status == DisputeStatus::Lost && subunits > 0).then_some(Money { subunits, ..self.money })
    }

    /// Returns the amount deducted for a dispute that is undecided or closed.
    pub(crate) fn held(&self) -> Option<Money> {
        let is_held = !matches!(self.status, DisputeStatus::Lost | DisputeStatus::Won);
        let subunits = self.deducted.filter(|subunits| is_held && *subunits > 0)?;
        Some(Money { subunits, ..self.money })
    }
}

/// Amounts that a payment's own totals exclude, one per currency.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OtherCosts {
    /// The costs of lost disputes.
    pub(crate) lost: Vec<Money>,
    /// The amounts deducted for undecided or closed disputes.
    pub(crate) held: Vec<Money>,
}

impl OtherCosts {
    /// Returns the costs in all currencies but `own`; in all currencies while the payment's is unknown.
    pub(crate) fn of(own: Option<Currency>, disputes: &[Dispute]) -> Self {
        let others = || disputes.iter().filter(move |dispute| Some(dispute.money.currency) != own);
        Self { lost: per_currency(others().filter_map(Dispute::lost)), held: per_currency(others().filter_map(Dispute::held)) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.held.is_empty()
    }
}

/// Returns the sum per currency, in the order of the first amounts.
fn per_currency(amounts: impl Iterator<Item = Money>) -> Vec<Money> {
    amounts.fold(Vec::new(), |mut sums: Vec<Money>, money| {
        match sums.iter_mut().find(|sum| sum.currency == money.currency) {
            Some(sum) => sum.subunits = sum.subunits.saturating_add(money.subunits),
            None => sums.push(money),
        }
        sums
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use DisputeStatus::{Closed, Lost, Open, UnderReview, Won};

    fn dispute(status: DisputeStatus, subunits: i64, deducted: Option<i64>, currency: &str) -> Dispute {
        let money = Money::new(subunits, currency.parse().unwrap());
        Dispute { id: "disp_1".to_owned(), status, money, deducted, respond_by: None }
    }

    #[test]
    fn amounts_in_other_currencies_are_summed_for_each_of_them() {
        let disputes = [
            dispute(Lost, 900, Some(700), "INR"),
            dispute(Lost, 300, None, "INR"),
            dispute(Lost, 50, Some(40), "AED"),
            dispute(Lost, 99, Some(99), "USD"),
            dispute(UnderReview, 20, Some(20), "INR"),
            dispute(Closed, 5, Some(4), "INR"),
            dispute(Open, 7, None, "INR"),
            dispute(Won, 8, Some(8), "INR"),
            dispute(Lost, 8, Some(0), "EUR"),
        ];
        let shown =
            |money: &[Money]| money.iter().map(|money| format!("{}{}", money.currency, money.subunits)).collect::<Vec<_>>();
        let costs = OtherCosts::of(Some("USD".parse().unwrap()), &disputes);
        assert_eq!(
            (shown(&costs.lost), shown(&costs.held)),
            (vec!["INR1000".to_owned(), "AED40".to_owned()], vec!["INR24".to_owned()])
        );
        assert_eq!(shown(&OtherCosts::of(None, &disputes).lost), ["INR1000", "AED40", "USD99"]);
        assert!(OtherCosts::of(Some(Currency::INR), &disputes[..2]).is_empty());
    }
}
