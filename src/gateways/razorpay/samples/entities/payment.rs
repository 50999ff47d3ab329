//! Razorpay's payment entity and its transitions: authorised, captured, failed, partially refunded.
//!
//! Invariant: a field is set exactly when the gateway would set it, so fees appear on capture, and failure reasons are
//! removed on success.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde::Serialize;

use super::super::customers::{self, Customer, Purchase};
use super::super::shops::Shop;
use super::super::{digits, id, pick};
use super::instruments::{Card, Upi};
use super::{AcquirerData, Order};

#[derive(Serialize)]
pub(in super::super) struct Payment {
    pub(super) id: String,
    entity: &'static str,
    pub(super) amount: i64,
    currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_amount: Option<i64>,
    status: &'static str,
    order_id: String,
    invoice_id: Option<String>,
    international: bool,
    method: &'static str,
    amount_refunded: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_transferred: Option<i64>,
    refund_status: Option<&'static str>,
    captured: bool,
    description: String,
    card_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<Card>,
    bank: Option<&'static str>,
    wallet: Option<&'static str>,
    vpa: Option<String>,
    email: String,
    contact: String,
    notes: Notes,
    pub(super) fee: Option<i64>,
    pub(super) tax: Option<i64>,
    error_code: Option<&'static str>,
    error_description: Option<&'static str>,
    error_source: Option<&'static str>,
    error_step: Option<&'static str>,
    error_reason: Option<&'static str>,
    acquirer_data: AcquirerData,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upi: Option<Upi>,
}

/// The shop's notes: an object, or an empty list if there are none.
#[derive(Serialize)]
#[serde(untagged)]
enum Notes {
    None([&'static str; 0]),
    Some { shop: &'static str, item: &'static str },
}

impl Payment {
    /// Creates an order and its payment: the first time is that of the order, the second that of the payment.
    pub(in super::super) fn begin(
        shop: &'static Shop,
        method: Option<&'static str>,
        (ordered_at, at): (i64, i64),
        rng: &mut impl Rng,
    ) -> (Order, Self) {
        let purchase = Purchase::of(shop, rng);
        let method = method.unwrap_or_else(|| customers::method(purchase.amount, rng));
        let order = Order::new(purchase.amount, ordered_at, rng);
        let payment = Self::new(shop, &purchase, &order, method, at, rng);
        (order, payment)
    }

    fn new(shop: &'static Shop, purchase: &Purchase, order: &Order, method: &'static str, at: i64, rng: &mut impl Rng) -> Self {
        let Customer { vpa, email, contact } = Customer::new(rng);
        let has_notes = rng.random_ratio(3, 4);
        let card = (method == "card").then(|| Card::new(rng));
        let vpa = (method == "upi").then_some(vpa);
        Self {
            id: id("pay_", rng),
            entity: "payment",
            amount: order.amount,
            currency: "INR",
            base_amount: None,
            status: "created",
            order_id: order.id.clone(),
            invoice_id: None,
            international: false,
            method,
            amount_refunded: 0,
            amount_transferred: None,
            refund_status: None,
            captured: false,
            description: purchase.description(&order.receipt),
            card_id: card.as_ref().map(|card| card.id.clone()),
            card,
            bank: (method == "netbanking").then(|| *pick(customers::BANKS, rng)),
            wallet: (method == "wallet").then(|| *pick(customers::WALLETS, rng)),
            upi: vpa.clone().map(|vpa| Upi::new(vpa, rng)),
            vpa,
            email,
            contact,
            notes: if has_notes { Notes::Some { shop: shop.name, item: purchase.item } } else { Notes::None([]) },
            fee: None,
            tax: None,
            error_code: None,
            error_description: None,
            error_source: None,
            error_step: None,
            error_reason: None,
            acquirer_data: BTreeMap::from([(bank_reference(method), None)]),
            created_at: at,
        }
    }

    pub(in super::super) fn authorize(&mut self, rng: &mut impl Rng) {
        self.status = "authorized";
        self.error_code = None;
        self.error_description = None;
        self.error_source = None;
        self.error_step = None;
        self.error_reason = None;
        // Wallets have no bank reference.
        if self.method != "wallet" {
            let length = if self.method == "card" { 6 } else { 12 };
            self.acquirer_data.insert(bank_reference(self.method), Some(digits(length, rng)));
        }
    }

    pub(in super::super) fn capture(&mut self) {
        // Two per cent, and 18 % tax on that; the fee reported to the shop includes the tax.
        let charge = self.amount * 2 / 100;
        let tax = charge * 18 / 100;
        self.status = "captured";
        self.captured = true;
        self.base_amount = Some(self.amount);
        self.amount_transferred = Some(0);
        (self.fee, self.tax) = (Some(charge + tax), Some(tax));
    }

    pub(in super::super) fn fail(&mut self, rng: &mut impl Rng) {
        let (description, source, reason) = *pick(customers::FAILURES, rng);
        self.status = "failed";
        self.error_code = Some("BAD_REQUEST_ERROR");
        self.error_description = Some(description);
        self.error_source = Some(source);
        self.error_step = Some("payment_authorization");
        self.error_reason = Some(reason);
    }

    /// Sets the refunded total. A partially refunded payment stays captured.
    pub(in super::super) fn set_refunded(&mut self, amount: i64) {
        self.amount_refunded = amount;
        self.refund_status = (amount > 0).then_some("partial");
    }

    /// Returns the key of the reference by which the buyer's bank identifies a refund.
    pub(super) fn refund_reference(&self) -> &'static str {
        match self.method {
            "upi" => "rrn",
            "card" => "arn",
            _ => "utr",
        }
    }
}

fn bank_reference(method: &str) -> &'static str {
    match method {
        "upi" => "rrn",
        "card" => "auth_code",
        "netbanking" => "bank_transaction_id",
        _ => "transaction_id",
    }
}
