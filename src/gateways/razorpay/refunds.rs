//! Refunds by Razorpay's API (docs/api/refunds).
//!
//! Invariant: the body of a refund depends on its order alone. Razorpay makes one refund for each `X-Refund-Idempotency`, and rejects the
//! same key with another body. Amounts below a rupee are rejected, and in currencies with three decimals the last digit is 0.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    api::{call, unreadable},
    parse::status,
};
use crate::{
    gateways::{
        payment::Status,
        refunds::{Access, AmountLimits, ApiError, ApiOrder, ApiPayment, ApiRefund, RefundApi, RefundOrder},
    },
    primitives::{
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// The largest page of a list.
const PAGE_LENGTH: usize = 100;
/// The most pages of a payment's refunds that are read.
const MAX_PAGES: usize = 10;
/// The header of the idempotency key: at least ten letters, digits, hyphens and underscores.
const IDEMPOTENCY_HEADER: &str = "X-Refund-Idempotency";
/// The smallest refund in rupees, in paise.
const MIN_PAISE: i64 = 100;

pub(super) const REFUNDS: RefundApi = RefundApi {
    limits,
    // A value of `notes` has at most 256 characters.
    max_note_chars: 250,
    find_payment: |access, id| Box::pin(find_payment(access, id)),
    find_order: |access, id| Box::pin(find_order(access, id)),
    list_order_payments: |access, id| Box::pin(list_order_payments(access, id)),
    list_refunds: |access, id| Box::pin(list_refunds(access, id)),
    create: |access, order| Box::pin(create(access, order)),
};

fn limits(currency: Currency) -> AmountLimits {
    let step = if currency.exponent() == 3 { 10 } else { 1 };
    AmountLimits { min: if currency == Currency::INR { MIN_PAISE } else { step }, step }
}

#[derive(Deserialize)]
struct PaymentEntity {
    id: String,
    status: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    amount_refunded: Option<i64>,
    #[serde(default)]
    order_id: Option<String>,
    created_at: i64,
}

#[derive(Deserialize)]
struct Payments {
    count: usize,
    items: Vec<PaymentEntity>,
}

#[derive(Deserialize)]
struct OrderEntity {
    id: String,
    #[serde(default)]
    amount: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    partial_payment: Option<bool>,
}

#[derive(Deserialize)]
struct RefundEntity {
    id: String,
    payment_id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    receipt: Option<String>,
}

#[derive(Deserialize)]
struct Refunds {
    items: Vec<RefundEntity>,
}

/// The body of a refund. `speed` is always sent, since the pages differ in what holds without it.
#[derive(Serialize)]
struct RefundBody<'a> {
    amount: i64,
    speed: &'static str,
    receipt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Notes<'a>>,
}

#[derive(Serialize)]
struct Notes<'a> {
    comment: &'a str,
}

async fn find_payment(access: Access<'_>, id: &str) -> Result<ApiPayment, ApiError> {
    let id = path_segment(id)?;
    let found: PaymentEntity = call(access, |client, base| client.get(format!("{base}/v1/payments/{id}"))).await?;
    if found.id == id { payment(found) } else { Err(unreadable(200)) }
}

fn payment(entity: PaymentEntity) -> Result<ApiPayment, ApiError> {
    let currency = entity.currency.parse().map_err(|_| unreadable(200))?;
    // A status that is not known is one in which nothing was captured.
    let status = status::of_payment(&entity.status).unwrap_or(Status::Created);
    if entity.amount < 0 || (status == Status::Captured && entity.amount_refunded.is_none()) {
        return Err(unreadable(200));
    }
    Ok(ApiPayment {
        id: entity.id,
        status,
        amount: Money::new(entity.amount, currency),
        refunded: entity.amount_refunded.unwrap_or_default().max(0),
        order_id: entity.order_id.filter(|order| !order.is_empty()),
        created_at: Timestamp::from_seconds(entity.created_at),
    })
}

async fn find_order(access: Access<'_>, id: &str) -> Result<ApiOrder, ApiError> {
    let id = path_segment(id)?;
    let found: OrderEntity = call(access, |client, base| client.get(format!("{base}/v1/orders/{id}"))).await?;
    if found.id == id { Ok(order(&found)) } else { Err(unreadable(200)) }
}

fn order(entity: &OrderEntity) -> ApiOrder {
    let currency = entity.currency.as_ref().and_then(|currency| currency.parse().ok());
    let amount = entity.amount.filter(|amount| *amount > 0);
    ApiOrder {
        amount: amount.zip(currency).map(|(subunits, currency)| Money::new(subunits, currency)),
        is_in_parts: entity.partial_payment == Some(true),
    }
}

async fn list_order_payments(access: Access<'_>, order: &str) -> Result<Vec<ApiPayment>, ApiError> {
    let order = path_segment(order)?;
    let found: Payments = call(access, |client, base| client.get(format!("{base}/v1/orders/{order}/payments"))).await?;
    order_payments(order, found)
}

/// Returns the payments of a list. One that is incomplete, or has payments of other orders or one twice, says nothing of the order.
fn order_payments(order: &str, found: Payments) -> Result<Vec<ApiPayment>, ApiError> {
    let ids: BTreeSet<&str> = found.items.iter().map(|item| item.id.as_str()).collect();
    let is_of_order = |item: &PaymentEntity| item.order_id.as_deref() == Some(order) && path_segment(&item.id).is_ok();
    if found.count != found.items.len() || ids.len() != found.items.len() || !found.items.iter().all(is_of_order) {
        return Err(unreadable(200));
    }
    found.items.into_iter().map(payment).collect()
}

async fn list_refunds(access: Access<'_>, payment: &str) -> Result<Vec<ApiRefund>, ApiError> {
    let payment = path_segment(payment)?;
    let mut refunds = Vec::new();
    for page in 0..MAX_PAGES {
        let skip = page * PAGE_LENGTH;
        let path = format!("/v1/payments/{payment}/refunds?count={PAGE_LENGTH}&skip={skip}");
        let found: Refunds = call(access, |client, base| client.get(format!("{base}{path}"))).await?;
        let is_last = found.items.len() < PAGE_LENGTH;
        for item in found.items.into_iter().filter(|item| item.payment_id == payment) {
            refunds.push(refund(item)?);
        }
        if is_last {
            return Ok(refunds);
        }
    }
    Ok(refunds)
}

async fn create(access: Access<'_>, order: &RefundOrder<'_>) -> Result<ApiRefund, ApiError> {
    let payment = path_segment(order.payment_id)?;
    let body = body(order);
    let made: RefundEntity = call(access, |client, base| {
        let request = client.post(format!("{base}/v1/payments/{payment}/refund"));
        request.header(IDEMPOTENCY_HEADER, order.key).header("Content-Type", "application/json").body(body)
    })
    .await?;
    let is_own = made.payment_id == payment && made.receipt.as_deref().is_none_or(|receipt| receipt == order.reference);
    let made = refund(made)?;
    if is_own && made.amount == order.amount { Ok(made) } else { Err(unreadable(200)) }
}

fn body(order: &RefundOrder<'_>) -> String {
    let notes = order.note.map(|note| Notes { comment: note });
    let body = RefundBody { amount: order.amount.subunits, speed: "normal", receipt: order.reference, notes };
    // Writing plain values cannot fail.
    serde_json::to_string(&body).unwrap_or_default()
}

fn refund(entity: RefundEntity) -> Result<ApiRefund, ApiError> {
    let currency = entity.currency.parse().map_err(|_| unreadable(200))?;
    Ok(ApiRefund { id: entity.id, amount: Money::new(entity.amount, currency), reference: entity.receipt })
}

/// Returns an id if it can be part of a path: it was read from an event.
fn path_segment(id: &str) -> Result<&str, ApiError> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain { Ok(id) } else { Err(ApiError::Rejected(String::new())) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_of_an_order_is_always_the_same_and_names_speed_and_receipt() {
        let order = RefundOrder {
            payment_id: "pay_1",
            amount: Money::new(120_000, Currency::INR),
            key: "key-00000001",
            reference: "rr_00000000001",
            note: None,
        };
        assert_eq!(body(&order), r#"{"amount":120000,"speed":"normal","receipt":"rr_00000000001"}"#);
        let noted = RefundOrder { note: Some("wrong \"size\""), ..order };
        let expected = r#"{"amount":120000,"speed":"normal","receipt":"rr_00000000001","notes":{"comment":"wrong \"size\""}}"#;
        assert_eq!(body(&noted), expected);
    }

    fn parsed<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> T {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn a_list_of_an_orders_payments_is_complete_and_of_that_order_alone() {
        let item = |id: &str, order: &str| {
            json!({ "id": id, "status": "captured", "amount": 100, "currency": "INR", "amount_refunded": 0, "order_id": order,
                "created_at": 1_795_343_400 })
        };
        let of = |count: usize, items: &[serde_json::Value]| {
            order_payments("order_1", parsed(&json!({ "count": count, "items": items })))
        };
        let (one, two) = (item("pay_1", "order_1"), item("pay_2", "order_1"));
        let ids = of(2, &[one.clone(), two.clone()]).unwrap().into_iter().map(|payment| payment.id);
        assert_eq!(ids.collect::<Vec<_>>(), ["pay_1", "pay_2"]);
        assert_eq!(of(0, &[]), Ok(Vec::new()));
        for (count, items) in [
            (3, vec![one.clone(), two]),
            (2, vec![one.clone(), one.clone()]),
            (2, vec![one.clone(), item("pay_3", "order_2")]),
            (1, vec![item("pay_3", "")]),
            (1, vec![item("pay/../3", "order_1")]),
        ] {
            assert_eq!(of(count, &items), Err(unreadable(200)), "{count}: {items:?}");
        }
    }

    #[test]
    fn an_order_without_a_positive_amount_in_a_known_currency_has_none() {
        let amount = |value: serde_json::Value| order(&parsed(&value)).amount;
        assert_eq!(amount(json!({ "id": "order_1", "amount": 500, "currency": "INR" })), Some(Money::new(500, Currency::INR)));
        for value in [
            json!({ "id": "order_1" }),
            json!({ "id": "order_1", "amount": null, "currency": "INR" }),
            json!({ "id": "order_1", "amount": 0, "currency": "INR" }),
            json!({ "id": "order_1", "amount": -5, "currency": "INR" }),
            json!({ "id": "order_1", "amount": 500, "currency": "rupees" }),
            json!({ "id": "order_1", "amount": 500 }),
        ] {
            assert_eq!(amount(value.clone()), None, "{value}");
        }
        assert!(order(&parsed(&json!({ "id": "order_1", "partial_payment": true }))).is_in_parts);
    }

    #[test]
    fn the_smallest_amount_is_a_rupee_and_dinars_end_in_a_zero() {
        assert_eq!(limits(Currency::INR), AmountLimits { min: 100, step: 1 });
        assert_eq!(limits("JPY".parse().unwrap()), AmountLimits { min: 1, step: 1 });
        assert_eq!(limits("KWD".parse().unwrap()), AmountLimits { min: 10, step: 10 });
    }

    #[test]
    fn an_id_that_is_no_part_of_a_path_is_sent_nowhere() {
        for id in ["", "pay/../refunds", "pay_1?x", "pay_1#", "pay 1", "pay_%2e"] {
            assert_eq!(path_segment(id), Err(ApiError::Rejected(String::new())), "{id}");
        }
        assert_eq!(path_segment("pay_Rkp9B9"), Ok("pay_Rkp9B9"));
    }
}
