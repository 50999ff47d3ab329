//! Razorpay's checkout, whose signature is sometimes sent to a webhook by mistake: it is made with the API key secret over ids.

use serde_json::Value;
use url::form_urlencoded;

/// The part of a form that is searched.
const MAX_FORM_BYTES: usize = 4096;

/// True if the text is the form that a checkout posts to the shop.
pub(super) fn is_form(text: &str) -> bool {
    text.contains("razorpay_signature") && text.contains("razorpay_payment_id")
}

/// True if the body is the text that a checkout signs, apart from quotes and white space.
pub(super) fn is_signed_text(body: &[u8]) -> bool {
    let is_around = |letter: char| letter.is_whitespace() || "\"'\u{feff}".contains(letter);
    let parts: Vec<&str> =
        std::str::from_utf8(body).unwrap_or_default().split('|').map(|part| part.trim_matches(is_around)).collect();
    let has = |kind: &str| parts.iter().any(|part| part.starts_with(kind));
    matches!(parts.len(), 2..=4) && has("pay_") && (has("order_") || has("sub_") || has("plink_"))
}

/// Returns the messages that Razorpay signs for checkouts, subscriptions and payment links with these ids.
pub(super) fn messages(body: &[u8]) -> Vec<Vec<u8>> {
    let mut ids = Ids::default();
    match serde_json::from_slice::<Value>(body) {
        Ok(json) => ids.gather(&json, 0),
        // The signed text itself, or a form as a browser posts it.
        Err(_) => form_urlencoded::parse(&body[..body.len().min(MAX_FORM_BYTES)]).for_each(|(name, value)| {
            let is_between = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_';
            name.split(is_between).chain(value.split(is_between)).for_each(|word| ids.note(word));
        }),
    }
    let mut messages = Vec::new();
    for payment in &ids.payments {
        for other in ids.orders.iter().chain(&ids.subscriptions) {
            messages.push(format!("{other}|{payment}").into_bytes());
            messages.push(format!("{payment}|{other}").into_bytes());
        }
        for (link, reference, status) in &ids.links {
            messages.push(format!("{link}|{reference}|{status}|{payment}").into_bytes());
        }
    }
    messages
}

#[derive(Default)]
struct Ids {
    payments: Vec<String>,
    orders: Vec<String>,
    subscriptions: Vec<String>,
    links: Vec<(String, String, String)>,
}

impl Ids {
    const MAX_IDS: usize = 3;
    const MAX_DEPTH: usize = 8;

    fn gather(&mut self, value: &Value, depth: usize) {
        match value {
            _ if depth > Self::MAX_DEPTH => {}
            Value::String(text) => self.note(text),
            Value::Array(members) => members.iter().for_each(|member| self.gather(member, depth + 1)),
            Value::Object(members) => {
                let said = |name| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                if said("id").starts_with("plink_") && self.links.len() < Self::MAX_IDS {
                    self.links.push((said("id"), said("reference_id"), said("status")));
                }
                members.values().for_each(|member| self.gather(member, depth + 1));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn note(&mut self, text: &str) {
        let list = match text.split_once('_').map(|(kind, _)| kind) {
            Some("pay") => &mut self.payments,
            Some("order") => &mut self.orders,
            Some("sub") => &mut self.subscriptions,
            _ => return,
        };
        if list.len() < Self::MAX_IDS && text.len() <= 64 && !list.iter().any(|known| known == text) {
            list.push(text.to_owned());
        }
    }
}
