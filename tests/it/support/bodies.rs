//! Bodies of Razorpay's documented shapes, with synthetic payments.

use serde_json::{Value, json};

/// Base time of the tests, in Unix seconds.
pub(crate) const AT: i64 = 1_795_343_400;
/// Amount of every payment of a test, in subunits.
pub(crate) const AMOUNT: i64 = 100_000;

/// Returns `event` for a payment, in the status that the event's name states, `after` seconds after [`AT`].
pub(crate) fn payment(event: &str, id: &str, after: i64) -> Vec<u8> {
    envelope(event, &json!({ "payment": { "entity": entity(id, status_of(event), 0) } }), after)
}

/// Returns the same event with the customer's notes.
pub(crate) fn payment_with_notes(event: &str, id: &str, notes: &[u8]) -> Vec<u8> {
    let body = String::from_utf8(payment(event, id, 0)).unwrap();
    let (before, after) = body.split_once(r#""notes":[]"#).unwrap();
    [before.as_bytes(), br#""notes":"#, notes, after.as_bytes()].concat()
}

/// Returns `event` for a refund of `amount`, after which `total` is refunded.
pub(crate) fn refund(event: &str, id: &str, of: &str, amount: i64, total: i64, after: i64) -> Vec<u8> {
    let status = match event {
        "refund.created" => "pending",
        "refund.failed" => "failed",
        _ => "processed",
    };
    let refund = json!({ "id": id, "entity": "refund", "amount": amount, "currency": "INR", "payment_id": of, "status": status,
        "created_at": AT + after });
    let payment = entity(of, if total == AMOUNT { "refunded" } else { "captured" }, total);
    envelope(event, &json!({ "payment": { "entity": payment }, "refund": { "entity": refund } }), after)
}

/// Returns a refund without its payment.
pub(crate) fn bare_refund(id: &str, of: &str, amount: i64) -> Vec<u8> {
    let refund = json!({ "id": id, "amount": amount, "currency": "INR", "payment_id": of, "status": "processed" });
    envelope("refund.processed", &json!({ "refund": { "entity": refund } }), 60)
}

/// Returns `payment.dispute.…` in a status.
pub(crate) fn dispute(event: &str, id: &str, of: &str, status: &str, after: i64) -> Vec<u8> {
    let dispute =
        json!({ "id": id, "entity": "dispute", "payment_id": of, "amount": AMOUNT, "currency": "INR", "status": status });
    let payment = entity(of, "captured", 0);
    envelope(event, &json!({ "payment": { "entity": payment }, "dispute": { "entity": dispute } }), after)
}

/// Returns the same event for a partial amount, with a deduction, once `total` was refunded.
pub(crate) fn partial_dispute(event: &str, id: &str, (amount, deducted): (i64, i64), total: i64, after: i64) -> Vec<u8> {
    let status = event.rsplit('.').next().map(|word| if word == "created" { "open" } else { word });
    let dispute = json!({ "id": id, "entity": "dispute", "payment_id": "pay_1", "amount": amount, "currency": "INR", "status": status,
        "amount_deducted": deducted, "created_at": AT + after });
    let payment = entity("pay_1", "captured", total);
    envelope(event, &json!({ "payment": { "entity": payment }, "dispute": { "entity": dispute } }), after)
}

/// Returns `refund.processed` of a payment that was authorised, never captured and refunded automatically.
pub(crate) fn returned(id: &str, of: &str, after: i64) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&refund("refund.processed", id, of, AMOUNT, AMOUNT, after)).unwrap();
    body["payload"]["payment"]["entity"]["captured"] = json!(false);
    body.to_string().into_bytes()
}

/// Returns a body with nothing but the event's name.
pub(crate) fn bare(event: &str) -> Vec<u8> {
    json!({ "event": event }).to_string().into_bytes()
}

/// Returns a body of the generic gateway.
pub(crate) fn standard(event: &str, mark: &str) -> Vec<u8> {
    json!({ "type": event, "timestamp": "2026-11-22T10:30:00Z", "data": { "id": mark } }).to_string().into_bytes()
}

fn envelope(event: &str, payload: &Value, after: i64) -> Vec<u8> {
    let body = json!({ "entity": "event", "account_id": "acc_Test0000000001", "event": event, "payload": payload,
        "created_at": AT + after });
    body.to_string().into_bytes()
}

fn entity(id: &str, status: &str, refunded: i64) -> Value {
    json!({ "id": id, "entity": "payment", "amount": AMOUNT, "currency": "INR", "status": status,
        "order_id": format!("order_of_{id}"), "method": "upi", "amount_refunded": refunded, "notes": [], "created_at": AT })
}

fn status_of(event: &str) -> &str {
    match event.rsplit('.').next().unwrap() {
        "paid" => "captured",
        status => status,
    }
}
