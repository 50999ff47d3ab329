//! Payment instruments, as in Razorpay's payment entity: a card, a UPI account.
//!
//! Invariant: no number is usable. A card has four digits and no holder.

use rand::{Rng, RngExt};
use serde::Serialize;

use super::super::customers::BANKS;
use super::super::{digits, id, pick};

#[derive(Serialize)]
pub(super) struct Card {
    pub(super) id: String,
    entity: &'static str,
    name: &'static str,
    last4: String,
    network: &'static str,
    r#type: &'static str,
    issuer: Option<&'static str>,
    international: bool,
    emi: bool,
    sub_type: &'static str,
}

#[derive(Serialize)]
pub(super) struct Upi {
    payer_account_type: &'static str,
    vpa: String,
    flow: &'static str,
}

impl Card {
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        Self {
            id: id("card_", rng),
            entity: "card",
            name: "",
            last4: digits(4, rng),
            network: *pick(&["RuPay", "Visa", "MasterCard"], rng),
            r#type: *pick(&["debit", "debit", "credit"], rng),
            issuer: rng.random_ratio(2, 3).then(|| *pick(BANKS, rng)),
            international: false,
            emi: false,
            sub_type: "consumer",
        }
    }
}

impl Upi {
    pub(super) fn new(vpa: String, rng: &mut impl Rng) -> Self {
        let flow = pick(&["intent", "collect"], rng);
        Self { payer_account_type: "bank_account", vpa, flow }
    }
}
