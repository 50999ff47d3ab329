//! What must hold of the parsers of particular gateways, according to other parsers. A gateway without an oracle is checked
//! only for what holds of every gateway.

use ks_pay::fuzzing::{ParsedBody, ReportedPayment};
use serde_json::Value;

/// Asserts what must hold of a body that was parsed as that gateway's.
///
/// # Panics
/// If it does not hold.
pub fn check(gateway: &str, parsed: &ParsedBody, body: &[u8]) {
    match gateway {
        "razorpay" => {
            requires_object(parsed, body);
            if let Some(payment) = &parsed.payment {
                razorpay(payment, parsed, body);
            }
        }
        "standard-webhooks" => {
            requires_object(parsed, body);
            assert!(parsed.payment.is_none(), "the generic gateway reports no payment");
        }
        _ => {}
    }
}

/// Asserts that nothing but an object is an event: two parsers could read anything else differently.
fn requires_object(parsed: &ParsedBody, body: &[u8]) {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    assert!(is_object || parsed.event_type.is_none(), "{parsed:?}");
}

/// Asserts that another parser finds the same values. It parses the whole body and fails where ours skips, so it may find
/// nothing.
fn razorpay(payment: &ReportedPayment, parsed: &ParsedBody, body: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    let text = |path: &str| body.pointer(path).and_then(Value::as_str);
    let number = |path: &str| body.pointer(path).and_then(Value::as_i64);
    assert_eq!(text("/event"), parsed.event_type.as_deref());
    if parsed.is_time_borrowed {
        assert_eq!(number("/created_at"), None);
    } else {
        assert_eq!(number("/created_at"), parsed.occurred_at);
    }
    if let Some((status, money, refunded)) = payment.snapshot {
        let member = |field: &str| format!("/payload/payment/entity/{field}");
        assert_eq!(text(&member("id")), Some(payment.payment_id.as_str()));
        assert_eq!(text(&member("status")), Some(status));
        assert_eq!((number(&member("amount")), text(&member("currency"))), (Some(money.subunits), Some(money.currency.as_str())));
        assert_eq!(number(&member("amount_refunded")), refunded);
        assert_eq!(text(&member("order_id")).filter(|id| !id.is_empty()), payment.order_id.as_deref());
    }
    if let Some((id, status, money)) = &payment.refund {
        let member = |field: &str| format!("/payload/refund/entity/{field}");
        assert_eq!((text(&member("id")), text(&member("status"))), (Some(id.as_str()), Some(*status)));
        assert_eq!(
            (number(&member("amount")), text(&member("payment_id"))),
            (Some(money.subunits), Some(payment.payment_id.as_str()))
        );
    }
    if let Some((id, status, money, deducted)) = &payment.dispute {
        let member = |field: &str| format!("/payload/dispute/entity/{field}");
        assert_eq!((text(&member("id")), text(&member("status"))), (Some(id.as_str()), Some(*status)));
        assert_eq!(text(&member("payment_id")), Some(payment.payment_id.as_str()));
        assert_eq!((number(&member("amount")), number(&member("amount_deducted"))), (Some(money.subunits), *deducted));
    }
}
