//! Reference model of a gateway: it issues, fails and reverses refunds and disputes of one payment, and reports each change. It
//! tracks the true state, independently of the projection.
//!
//! The report of a failed refund quotes a total in one of the two ways found in published samples: with the failed refund
//! already subtracted, or still included. In every later report it is subtracted.

use proptest::prelude::*;

/// Step of a payment's life cycle. Numbers select a refund or a dispute; an impossible step has no effect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Time that passes, in seconds.
    Wait(i64),
    Capture,
    /// Partial refund, in subunits; processed immediately, or pending.
    Refund {
        amount: i64,
        is_instant: bool,
        quotes: bool,
    },
    ProcessRefund {
        number: usize,
        quotes: bool,
    },
    /// Also for a refund that was reported as processed.
    FailRefund {
        number: usize,
        quotes: bool,
    },
    /// Event about a refund without a state change. None follows its failure.
    ReportRefund {
        number: usize,
        quotes: bool,
    },
    Dispute {
        amount: i64,
    },
    ReviewDispute(usize),
    /// Deducts a part, in subunits.
    LoseDispute {
        number: usize,
        deducted: i64,
    },
    WinDispute(usize),
    CloseDispute(usize),
}

/// Whether the report of a failed refund quotes a total with or without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    TakenOut,
    StillIn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) number: usize,
    pub(crate) amount: i64,
    pub(crate) status: &'static str,
    pub(crate) created_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispute {
    pub(crate) number: usize,
    pub(crate) amount: i64,
    pub(crate) deducted: i64,
    pub(crate) status: &'static str,
}

/// Payment as quoted in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quoted {
    pub(crate) status: &'static str,
    pub(crate) is_captured: bool,
    pub(crate) refunded: i64,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) event: &'static str,
    pub(crate) at: i64,
    pub(crate) payment: Option<Quoted>,
    pub(crate) refund: Option<Refund>,
    pub(crate) dispute: Option<Dispute>,
}

/// The gateway's state of one payment.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    pub(crate) amount: i64,
    pub(crate) way: Way,
    now: i64,
    is_captured: bool,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    /// Failed amount that was not refunded afterwards.
    open: i64,
    pub(crate) reports: Vec<Report>,
}

impl Gateway {
    /// Creates a payment that was just authorised.
    pub(crate) fn authorize(amount: i64, way: Way, at: i64) -> Self {
        let (refunds, disputes, reports) = (Vec::new(), Vec::new(), Vec::new());
        let mut gateway = Self { amount, way, now: at, is_captured: false, refunds, disputes, open: 0, reports };
        gateway.report_payment("payment.authorized");
        gateway
    }

    /// Returns the refunded amount, in subunits.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().filter(|refund| refund.status != "failed").map(|refund| refund.amount).sum()
    }

    /// Returns the pending part of the refunded amount.
    pub(crate) fn refund_pending(&self) -> i64 {
        self.refunds.iter().filter(|refund| refund.status == "pending").map(|refund| refund.amount).sum()
    }

    /// Returns the failed amount that was not refunded afterwards, limited to the remaining amount of the payment.
    pub(crate) fn refund_failed(&self) -> i64 {
        let left = self.amount - self.refunded() - self.lost();
        self.open.min(left.max(0))
    }

    /// Returns the status of the payment.
    pub(crate) fn status(&self) -> &'static str {
        self.status_after(self.refunded())
    }

    fn status_after(&self, refunded: i64) -> &'static str {
        match (refunded, self.is_captured) {
            (refunded, _) if refunded > 0 && refunded == self.amount => "refunded",
            (_, true) => "captured",
            (_, false) => "authorized",
        }
    }

    pub(crate) fn is_captured(&self) -> bool {
        self.is_captured
    }

    /// Returns the amount lost to disputes, in subunits.
    pub(crate) fn lost(&self) -> i64 {
        self.disputes.iter().filter(|dispute| dispute.status == "lost").map(|dispute| dispute.deducted).sum()
    }

    pub(crate) fn is_disputed(&self) -> bool {
        self.disputes.iter().any(|dispute| !["won", "closed"].contains(&dispute.status))
    }

    /// Performs the step, if it is possible, and reports it.
    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Wait(seconds) => self.now += seconds,
            Step::Capture if !self.is_captured && self.refunds.is_empty() => {
                self.is_captured = true;
                self.report_payment("payment.captured");
                self.report_payment("order.paid");
            }
            Step::Refund { amount, is_instant, quotes } => self.issue(amount, is_instant, quotes),
            Step::ProcessRefund { number, quotes } => self.move_refund(number, &["pending"], "processed", quotes),
            Step::FailRefund { number, quotes } => self.move_refund(number, &["pending", "processed"], "failed", quotes),
            Step::ReportRefund { number, quotes } => {
                if let Some(index) = self.refund(number).filter(|index| self.refunds[*index].status != "failed") {
                    self.report_refund("refund.speed_changed", index, quotes.then(|| self.refunded()));
                }
            }
            Step::Dispute { amount } if self.is_captured => {
                let number = self.disputes.len();
                self.disputes.push(Dispute { number, amount: amount.min(self.amount), deducted: 0, status: "open" });
                self.report_dispute("payment.dispute.created", number);
            }
            Step::Capture | Step::Dispute { .. } => {}
            Step::ReviewDispute(number) => self.move_dispute(number, "payment.dispute.under_review", "under_review", 0),
            Step::LoseDispute { number, deducted } => self.move_dispute(number, "payment.dispute.lost", "lost", deducted),
            Step::WinDispute(number) => self.move_dispute(number, "payment.dispute.won", "won", 0),
            Step::CloseDispute(number) => self.move_dispute(number, "payment.dispute.closed", "closed", 0),
        }
    }

    /// An uncaptured payment can only be refunded in full.
    fn issue(&mut self, amount: i64, is_instant: bool, quotes: bool) {
        let left = self.amount - self.refunded();
        let amount = if self.is_captured { amount.min(left) } else { left };
        if amount > 0 {
            let status = if is_instant { "processed" } else { "pending" };
            let number = self.refunds.len();
            self.open = (self.open - amount).max(0);
            self.refunds.push(Refund { number, amount, status, created_at: self.now });
            self.report_refund("refund.created", number, quotes.then(|| self.refunded()));
        }
    }

    fn refund(&self, number: usize) -> Option<usize> {
        number.checked_rem(self.refunds.len())
    }

    fn move_refund(&mut self, number: usize, from: &[&str], to: &'static str, quotes: bool) {
        let Some(index) = self.refund(number).filter(|index| from.contains(&self.refunds[*index].status)) else { return };
        let before = self.refunded();
        self.refunds[index].status = to;
        if to == "failed" {
            self.open += self.refunds[index].amount;
        }
        let is_still_in = to == "failed" && self.way == Way::StillIn;
        let total = if is_still_in { before } else { self.refunded() };
        let event = if to == "failed" { "refund.failed" } else { "refund.processed" };
        self.report_refund(event, index, quotes.then_some(total));
    }

    fn move_dispute(&mut self, number: usize, event: &'static str, to: &'static str, deducted: i64) {
        let Some(index) = number.checked_rem(self.disputes.len()) else { return };
        let dispute = &mut self.disputes[index];
        if ["open", "under_review"].contains(&dispute.status) && dispute.status != to {
            dispute.status = to;
            dispute.deducted = deducted.min(dispute.amount);
            self.report_dispute(event, index);
        }
    }

    fn report_payment(&mut self, event: &'static str) {
        let payment = Some(self.quoted(self.refunded()));
        self.reports.push(Report { event, at: self.now, payment, refund: None, dispute: None });
    }

    fn report_refund(&mut self, event: &'static str, index: usize, total: Option<i64>) {
        let payment = total.map(|total| self.quoted(total));
        let refund = Some(self.refunds[index].clone());
        self.reports.push(Report { event, at: self.now, payment, refund, dispute: None });
    }

    fn report_dispute(&mut self, event: &'static str, index: usize) {
        let payment = Some(self.quoted(self.refunded()));
        let dispute = Some(self.disputes[index].clone());
        self.reports.push(Report { event, at: self.now, payment, refund: None, dispute });
    }

    fn quoted(&self, refunded: i64) -> Quoted {
        Quoted { status: self.status_after(refunded), is_captured: self.is_captured, refunded }
    }
}

/// Generates any step; amounts are whole hundreds, so that some coincide.
pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let number = 0..4usize;
    let amount = prop_oneof![3 => (1..6i64).prop_map(|tenths| tenths * 10_000), 1 => Just(1_000_000)];
    let refund = (amount.clone(), any::<bool>(), any::<bool>());
    prop_oneof![
        4 => refund.prop_map(|(amount, is_instant, quotes)| Step::Refund { amount, is_instant, quotes }),
        2 => (number.clone(), any::<bool>()).prop_map(|(number, quotes)| Step::ProcessRefund { number, quotes }),
        4 => (number.clone(), any::<bool>()).prop_map(|(number, quotes)| Step::FailRefund { number, quotes }),
        1 => (number.clone(), any::<bool>()).prop_map(|(number, quotes)| Step::ReportRefund { number, quotes }),
        1 => Just(Step::Capture),
        2 => amount.clone().prop_map(|amount| Step::Dispute { amount }),
        1 => number.clone().prop_map(Step::ReviewDispute),
        2 => (number.clone(), amount).prop_map(|(number, deducted)| Step::LoseDispute { number, deducted }),
        1 => number.clone().prop_map(Step::WinDispute),
        1 => number.prop_map(Step::CloseDispute),
    ]
}
