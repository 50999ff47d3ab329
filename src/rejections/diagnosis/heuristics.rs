//! Facts that a request shows without any secret: which parts are signed, and which sender it resembles.

use serde_json::Value;
use url::form_urlencoded;

use super::{CompanyKeys, RejectedCase};
use crate::{
    gateways::{Gateway, adapter::SignatureError},
    rejections::Cause,
};

/// The most that a signed time may differ from ours, in seconds.
const TOLERANCE: i64 = 5 * 60;

/// The part of a form that is searched.
const MAX_FORM_BYTES: usize = 4096;

/// Signature headers of other senders, and their names.
const FOREIGN_SIGNATURE_HEADERS: &[(&str, &str)] = &[
    ("x-razorpay-signature", "Razorpay"),
    ("webhook-signature", "Standard Webhooks"),
    ("svix-signature", "Svix"),
    ("stripe-signature", "Stripe"),
    ("x-hub-signature-256", "GitHub or Meta"),
    ("x-hub-signature", "GitHub or Meta"),
    ("x-shopify-hmac-sha256", "Shopify"),
    ("x-wc-webhook-signature", "WooCommerce"),
    ("paypal-transmission-sig", "PayPal"),
    ("x-paystack-signature", "Paystack"),
    ("verif-hash", "Flutterwave"),
    ("x-cashfree-signature", "Cashfree"),
    ("x-webhook-signature", "Cashfree"),
    ("x-verify", "PhonePe"),
    ("x-square-hmacsha256-signature", "Square"),
    ("x-cc-webhook-signature", "Coinbase"),
    ("paddle-signature", "Paddle"),
    ("x-slack-signature", "Slack"),
    ("x-twilio-signature", "Twilio"),
    ("x-zm-signature", "Zoom"),
    ("x-gitlab-token", "GitLab"),
];

/// User agents of vulnerability scanners and crawlers.
const SCANNERS: &[&str] = &[
    "zgrab",
    "masscan",
    "nmap",
    "nikto",
    "sqlmap",
    "nuclei",
    "censys",
    "shodan",
    "expanse",
    "internetmeasurement",
    "l9explore",
    "leakix",
    "gobuster",
    "dirbuster",
    "feroxbuster",
    "ffuf",
    "wpscan",
    "acunetix",
    "netsparker",
    "qualys",
    "nessus",
    "openvas",
    "burp",
    "crawler",
    "spider",
    "bot/",
    "bot;",
    "palo alto",
    "ivre-",
    "fuzz faster",
];

/// Patterns of attacks.
const ATTACK_PATTERNS: &[&str] = &[
    "${jndi:",
    "<?php",
    "<script",
    "../../",
    "() {",
    "union select",
    "/etc/passwd",
    "allow_url_include",
    "wget http",
    "curl http",
    "<!doctype",
    "<soap",
    "cmd=",
    "eval(",
    "phpunit",
    "wp-login",
    "xmlrpc",
    "{{7*7}}",
    "or 1=1",
];

pub(super) fn header<'a>(case: &'a RejectedCase<'_>, name: &str) -> Option<&'a [u8]> {
    case.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice()).filter(|value| !value.is_empty())
}

/// Returns the text that the gateway signs, with that body; `None` if a part is missing.
pub(super) fn signed_parts<'a>(case: &'a RejectedCase<'_>, body: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    match case.gateway {
        Gateway::Razorpay => Some(vec![body]),
        Gateway::StandardWebhooks => {
            Some(vec![header(case, "webhook-id")?, b".", header(case, "webhook-timestamp")?, b".", body])
        }
    }
}

/// Returns the part of a signature that is missing while others are present.
pub(super) fn missing_part(case: &RejectedCase<'_>) -> Option<Cause> {
    let is_signed = case.gateway == Gateway::StandardWebhooks && header(case, "webhook-signature").is_some();
    match (is_signed, header(case, "webhook-id"), header(case, "webhook-timestamp")) {
        (true, None, _) => Some(Cause::IdMissing),
        (true, Some(_), None) => Some(Cause::TimeMissing),
        _ => None,
    }
}

/// Returns the sender whose signature header the request has instead.
pub(super) fn other_gateway(case: &RejectedCase<'_>) -> Option<&'static str> {
    let own = super::signature_parser::header(case.gateway);
    let other = FOREIGN_SIGNATURE_HEADERS.iter().find(|(name, _)| *name != own && header(case, name).is_some());
    other.map(|(_, who)| *who)
}

/// Whether the body is the form that a checkout posts to the shop.
pub(super) fn is_checkout_form(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_FORM_BYTES)]);
    text.contains("razorpay_signature") && text.contains("razorpay_payment_id")
}

/// Whether the body is the text that a checkout signs, apart from quotes and white space.
pub(super) fn is_checkout_text(body: &[u8]) -> bool {
    let is_around = |letter: char| letter.is_whitespace() || "\"'\u{feff}".contains(letter);
    let parts: Vec<&str> =
        std::str::from_utf8(body).unwrap_or_default().split('|').map(|part| part.trim_matches(is_around)).collect();
    let has = |kind: &str| parts.iter().any(|part| part.starts_with(kind));
    matches!(parts.len(), 2..=4) && has("pay_") && (has("order_") || has("sub_") || has("plink_"))
}

/// Whether the sender resembles a vulnerability scanner.
pub(super) fn is_scanner(case: &RejectedCase<'_>) -> bool {
    let agent = String::from_utf8_lossy(header(case, "user-agent").unwrap_or_default()).to_lowercase();
    let body = String::from_utf8_lossy(&case.body[..case.body.len().min(4096)]).to_lowercase();
    SCANNERS.iter().any(|name| agent.contains(name))
        || ATTACK_PATTERNS.iter().any(|what| body.contains(what) || agent.contains(what))
}

/// Returns the fault of the signed time.
pub(super) fn time(case: &RejectedCase<'_>) -> Option<Cause> {
    if case.gateway != Gateway::StandardWebhooks {
        return None;
    }
    let text = std::str::from_utf8(header(case, "webhook-timestamp")?).unwrap_or_default();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match (case.reason, text.parse::<i64>()) {
        (_, Ok(_)) if is_number && (13..=19).contains(&text.len()) => Some(Cause::TimeInMillis),
        (SignatureError::SignatureMalformed, _) if !is_number => Some(Cause::TimeUnreadable),
        (_, Ok(seconds)) if seconds < case.at.seconds() - TOLERANCE => Some(Cause::SignedEarlier),
        (_, Ok(seconds)) if seconds > case.at.seconds() + TOLERANCE => Some(Cause::SignedAhead),
        _ => None,
    }
}

/// Faults of the signed time that are visible regardless of the clock.
pub(super) fn unreadable_time(case: &RejectedCase<'_>) -> Option<Cause> {
    time(case).filter(|cause| matches!(cause, Cause::TimeInMillis | Cause::TimeUnreadable))
}

/// Returns the number for the message of a cause.
pub(super) fn detail(case: &RejectedCase<'_>, found: Cause) -> Option<String> {
    if !matches!(found, Cause::SignedEarlier | Cause::SignedAhead) {
        return None;
    }
    let seconds: i64 = std::str::from_utf8(header(case, "webhook-timestamp")?).ok()?.parse().ok()?;
    Some(case.at.seconds().abs_diff(seconds).to_string())
}

/// Returns the fault that the body alone shows.
pub(super) fn body(case: &RejectedCase<'_>) -> Option<Cause> {
    if case.is_truncated {
        return None;
    }
    if super::unwrapped::is_compressed(case.body) {
        return Some(Cause::BodyCompressed);
    }
    let text = std::str::from_utf8(case.body).ok()?.trim();
    if text.is_empty() {
        return Some(Cause::BodyEmpty);
    }
    let is_unended = serde_json::from_str::<serde::de::IgnoredAny>(text).is_err_and(|error| error.is_eof());
    (text.starts_with('{') && is_unended).then_some(Cause::BodyCut)
}

/// Whether it names another account of the gateway than earlier events.
pub(super) fn is_other_account(case: &RejectedCase<'_>, known: &CompanyKeys) -> bool {
    let said = case.gateway.adapter().account(case.body);
    said.is_some_and(|said| !known.accounts.is_empty() && known.accounts.iter().all(|before| before != said))
}

/// Returns the messages that Razorpay signs for checkouts, subscriptions and payment links with these ids.
pub(super) fn checkout_messages(body: &[u8]) -> Vec<Vec<u8>> {
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
