//! Razorpay's refund entity and its transitions: requested, processed, failed.
//!
//! Invariant: a refund is for a part of its payment, and has a bank reference only once it is processed.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde::Serialize;

use super::super::{digits, id, pick};
use super::{AcquirerData, Payment};

/// A refund to the buyer.
#[derive(Serialize)]
pub(in super::super) struct Refund {
    id: String,
    entity: &'static str,
    pub(in super::super) amount: i64,
    currency: &'static str,
    payment_id: String,
    notes: BTreeMap<&'static str, &'static str>,
    receipt: Option<String>,
    acquirer_data: AcquirerData,
    created_at: i64,
    batch_id: Option<String>,
    status: &'static str,
    speed_processed: &'static str,
    speed_requested: &'static str,
}

impl Refund {
    /// Requests a partial refund, in whole rupees.
    pub(in super::super) fn of(payment: &Payment, at: i64, rng: &mut impl Rng) -> Self {
        let reasons = ["one item missing", "came in the wrong size", "arrived broken"];
        let part = payment.amount * rng.random_range(20..=60) / 100;
        // An instant refund is already processed when its first event is sent; a normal one is not.
        let (speed_requested, speed_processed, status) =
            *pick(&[("normal", "normal", "pending"), ("optimum", "instant", "processed")], rng);
        Self {
            id: id("rfnd_", rng),
            entity: "refund",
            amount: part - part % 100,
            currency: "INR",
            payment_id: payment.id.clone(),
            notes: BTreeMap::from([("reason", *pick(&reasons, rng))]),
            receipt: None,
            acquirer_data: BTreeMap::from([(payment.refund_reference(), None)]),
            created_at: at,
            batch_id: None,
            status,
            speed_processed,
            speed_requested,
        }
    }

    pub(in super::super) fn process(&mut self, rng: &mut impl Rng) {
        self.status = "processed";
        for reference in self.acquirer_data.values_mut() {
            *reference = Some(digits(12, rng));
        }
    }

    pub(in super::super) fn fail(&mut self) {
        self.status = "failed";
    }
}
