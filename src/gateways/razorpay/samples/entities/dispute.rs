//! Razorpay's dispute entity and its transitions: open, under review, won, lost, closed.
//!
//! Invariant: a dispute is about the whole payment, and an amount is deducted only if it is lost.

use rand::Rng;
use serde::Serialize;

use super::super::{id, pick};
use super::Payment;

/// A dispute of a payment at the buyer's bank.
#[derive(Serialize)]
pub(in super::super) struct Dispute {
    id: String,
    entity: &'static str,
    payment_id: String,
    amount: i64,
    currency: &'static str,
    amount_deducted: i64,
    reason_code: &'static str,
    reason_description: &'static str,
    respond_by: i64,
    status: &'static str,
    phase: &'static str,
    created_at: i64,
}

impl Dispute {
    pub(in super::super) fn of(payment: &Payment, phase: &'static str, at: i64, rng: &mut impl Rng) -> Self {
        const WEEK: i64 = 7 * 24 * 60 * 60;
        let (reason_code, reason_description) = if phase == "fraud" {
            ("fraudulent_transaction", "The bank doubts that the account holder made this payment")
        } else {
            *pick(
                &[
                    ("goods_not_received", "The buyer says that nothing was delivered"),
                    ("goods_not_as_described", "The buyer says that something else was delivered"),
                    ("duplicate_payment", "The buyer says that the same order was paid twice"),
                ],
                rng,
            )
        };
        Self {
            id: id("disp_", rng),
            entity: "dispute",
            payment_id: payment.id.clone(),
            amount: payment.amount,
            currency: "INR",
            amount_deducted: 0,
            reason_code,
            reason_description,
            respond_by: at + WEEK,
            status: "open",
            phase,
            created_at: at,
        }
    }

    pub(in super::super) fn move_to(&mut self, status: &'static str) {
        self.status = status;
        // Only a lost dispute has an amount deducted.
        self.amount_deducted = if status == "lost" { self.amount } else { 0 };
    }
}
