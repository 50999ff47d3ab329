//! Refunds by Razorpay's API (docs/api/refunds).
//!
//! Invariant: the body of a refund depends on its order alone. Razorpay makes one refund for each `X-Refund-Idempotency`, and rejects the
//! same key with another body. Amounts below a rupee are rejected, and in currencies with three decimals the last digit is 0.

use serde::{Deserialize, Serialize};

use super::{
    api::{call, unreadable},
    parse::status,
};
use crate::{
    gateways::{
        payment::Status,
        refunds::{Access, AmountLimits, ApiError, ApiPayment, ApiRefund, RefundApi, RefundOrder},
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
    let currency = found.currency.parse().map_err(|_| unreadable(200))?;
    if found.id != id || found.amount < 0 {
        return Err(unreadable(200));
    }
    Ok(ApiPayment {
        // A status that is not known is one in which nothing was captured.
        status: status::of_payment(&found.status).unwrap_or(Status::Created),
        amount: Money::new(found.amount, currency),
        refunded: found.amount_refunded.unwrap_or_default().max(0),
        order_id: found.order_id.filter(|order| !order.is_empty()),
        created_at: Timestamp::from_seconds(found.created_at),
    })
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
