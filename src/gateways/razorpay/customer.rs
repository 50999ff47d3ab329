//! Who paid, how, and what Razorpay charged, from the payment in a body. For display only.

use serde_json::Value;

use super::display;
use crate::{
    gateways::payment_details::{Card, PaymentDetails},
    primitives::money::{Currency, Money},
};

/// What Razorpay puts where the customer has no address.
const NO_EMAIL: &str = "void@razorpay.com";
/// Razorpay's limit of notes.
const MAX_NOTES: usize = 15;

/// Returns the details of the payment in the body of an event.
pub(super) fn details(body: &[u8]) -> PaymentDetails {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(payment) = body.pointer("/payload/payment/entity") else { return PaymentDetails::default() };
    let text = |name: &str| payment.get(name).and_then(Value::as_str).and_then(display::text);
    let card = payment.get("card").and_then(card);
    let issuer = || payment.pointer("/card/issuer").and_then(Value::as_str).and_then(display::text);
    PaymentDetails {
        email: text("email").filter(|email| email != NO_EMAIL),
        phone: text("contact"),
        upi_id: text("vpa"),
        card,
        bank: text("bank").or_else(issuer),
        wallet: text("wallet"),
        fee: charged(payment, "fee"),
        tax: charged(payment, "tax"),
        notes: payment.get("notes").map(notes).unwrap_or_default(),
    }
}

fn card(card: &Value) -> Option<Card> {
    let text = |name: &str| card.get(name).and_then(Value::as_str).and_then(display::text);
    Some(Card { last4: text("last4")?, network: text("network"), kind: text("type") })
}

/// Returns an amount that Razorpay charged. Of an international payment its currency is not documented.
fn charged(payment: &Value, name: &str) -> Option<Money> {
    let is_international = payment.get("international").and_then(Value::as_bool).unwrap_or_default();
    let currency: Currency = payment.get("currency")?.as_str()?.parse().ok()?;
    let subunits = payment.get(name)?.as_i64().filter(|subunits| *subunits > 0 && !is_international)?;
    Some(Money::new(subunits, currency))
}

/// Returns the notes, an object; Razorpay writes an empty list if there are none.
fn notes(notes: &Value) -> Vec<(String, String)> {
    let note = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => display::text(text)?,
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            other => other.to_string(),
        };
        Some((display::text(name)?, value))
    };
    notes.as_object().into_iter().flatten().filter_map(note).take(MAX_NOTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(payment: &Value) -> PaymentDetails {
        details(json!({ "payload": { "payment": { "entity": payment } } }).to_string().as_bytes())
    }

    #[test]
    fn a_card_payment_says_who_paid_with_what_card_and_what_it_cost() {
        let found = of(&json!({
            "currency": "INR", "email": "meera@mail.example", "contact": "+910000012345", "bank": null, "fee": 4246, "tax": 648,
            "card": { "last4": "4417", "network": "RuPay", "type": "debit", "issuer": "HDFC" },
            "notes": { "shop": "Neem Tree", "table": 7, "nested": {}, "hidden\u{202e}": "a\u{7}b" },
        }));
        assert_eq!((found.email.as_deref(), found.phone.as_deref()), (Some("meera@mail.example"), Some("+910000012345")));
        let card = Card { last4: "4417".to_owned(), network: Some("RuPay".to_owned()), kind: Some("debit".to_owned()) };
        assert_eq!((found.card, found.bank.as_deref()), (Some(card), Some("HDFC")));
        let charged = [found.fee, found.tax].map(|money| money.unwrap().to_string());
        assert_eq!(charged, ["₹42.46", "₹6.48"]);
        let notes: Vec<_> = found.notes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(notes, ["hidden⟨U+202E⟩=a⟨U+0007⟩b", "shop=Neem Tree", "table=7"]);
    }

    #[test]
    fn what_is_missing_or_of_another_form_is_left_out() {
        assert_eq!(
            of(&json!({ "email": "void@razorpay.com", "contact": 7, "notes": [], "fee": "4", "card": {} })),
            PaymentDetails::default()
        );
        assert_eq!(of(&json!({ "currency": "USD", "international": true, "fee": 400, "tax": 0 })).fee, None);
        assert_eq!((details(b"{}"), details(b"\xff"), of(&json!([]))), Default::default());
    }

    #[test]
    fn an_older_report_adds_what_the_newer_one_lacks() {
        let newer = of(&json!({ "currency": "INR", "vpa": "meera@okexample", "tax": 648 }));
        let older =
            of(&json!({ "currency": "INR", "vpa": "other@okexample", "email": "meera@mail.example", "fee": 4246, "tax": 600 }));
        let both = newer.or(older);
        assert_eq!((both.upi_id.as_deref(), both.email.as_deref()), (Some("meera@okexample"), Some("meera@mail.example")));
        assert_eq!(both.tax.map(|tax| tax.subunits), Some(600), "fee and tax are of one report");
    }
}
