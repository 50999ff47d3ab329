//! Razorpay (razorpay.com/docs/webhooks). Facts: the text behind those pages, razorpay/markdown-docs @ ab3bda5.
//!
//! `X-Razorpay-Signature` is the hex HMAC-SHA256 of the exact body under the webhook secret. Neither the id nor a time
//! is signed, so nothing is refused for its age: retries, signed like the first attempt, come for 24 h; replays from the
//! Dashboard, signed with the current secret, for 7 days and only of events that were not acknowledged; and support can send
//! events of 15 days again, signed with the secret of that time.

mod api;
mod api_keys;
mod checkout;
mod customer;
mod display;
mod event_types;
mod failure;
mod guide;
mod parse;
mod profile;
mod refunds;
pub mod samples;
mod signature;
mod text;
mod texts;
mod url_rules;
mod windows;

use memchr::memmem;

use super::{
    Gateway,
    adapter::{Adapter, Incoming, ParsedEvent, SignatureError, TEST_EVENT_TYPE, is_safe_identifier},
    event_kind::EventKind,
    parts::Part,
    payment_details::PaymentDetails,
    samples as shared,
};
use crate::{
    i18n::Text,
    primitives::{secret::Secret, time::Timestamp},
};
pub(super) use profile::PROFILE;
use profile::RECOMMENDED_EVENTS;

/// The gateway, for its samples, the demo and tests.
pub(crate) const GATEWAY: Gateway = Gateway(&PROFILE);

/// The adapter.
struct Razorpay;

impl Adapter for Razorpay {
    fn check(&self, request: &Incoming<'_>, secret: &Secret, _now: Timestamp) -> Result<(), SignatureError> {
        signature::check(request, secret)
    }

    fn event_id<'a>(&self, request: &Incoming<'a>, _part: &'a [u8]) -> Option<&'a str> {
        request.event_id(PROFILE.signature.id_header)
    }

    fn signs_event_id(&self) -> bool {
        false
    }

    fn account<'a>(&self, body: &'a [u8]) -> Option<&'a str> {
        account(body)
    }

    fn read(&self, part: &Part<'_>, received_at: Timestamp) -> ParsedEvent {
        parse::read(part.bytes(), received_at)
    }

    fn claimed_type(&self, body: &[u8]) -> Option<String> {
        parse::claimed_type(body)
    }

    fn sign(&self, secret: &Secret, event_id: &str, body: &[u8], _now: Timestamp) -> Vec<(&'static str, String)> {
        signature::sign(secret, event_id, body)
    }

    fn test_event(&self, nonce: &str) -> Option<Vec<u8>> {
        let body = format!(r#"{{"entity":"event","event":"{TEST_EVENT_TYPE}","contains":[],"payload":{{}},"nonce":"{nonce}"}}"#);
        Some(body.into_bytes())
    }

    fn format_secret(&self, secret: &Secret) -> String {
        secret.expose().to_owned()
    }

    fn parse_secret(&self, text: &str) -> Option<Secret> {
        Secret::parse(text)
    }

    fn event_kind(&self, event_type: &str) -> Option<EventKind> {
        event_types::kind(event_type)
    }

    fn payment_details(&self, body: &[u8]) -> PaymentDetails {
        customer::details(body)
    }

    fn failure_reason(&self, body: &[u8]) -> Option<String> {
        failure::reason(body)
    }

    fn url_objections(&self, url: &str) -> Vec<Text> {
        url_rules::objections(url)
    }

    fn url_advice(&self, url: &str) -> Option<Text> {
        url_rules::advice(url)
    }

    fn max_url_chars(&self) -> Option<usize> {
        Some(url_rules::MAX_URL_CHARS)
    }

    fn is_checkout_form(&self, body: &str) -> bool {
        checkout::is_form(body)
    }

    fn is_checkout_text(&self, body: &[u8]) -> bool {
        checkout::is_signed_text(body)
    }

    fn checkout_messages(&self, body: &[u8]) -> Vec<Vec<u8>> {
        checkout::messages(body)
    }
}

/// Returns `account_id` of the envelope. It precedes `payload` in every body that Razorpay documents, so customer input
/// inside the payload is never mistaken for it. In any other form, or in a simulated event, there is none.
fn account(body: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"\"account_id\":\"";
    /// The part of the body searched for it, in bytes.
    const MAX_SEARCHED_BYTES: usize = 256;
    let head = &body[..body.len().min(MAX_SEARCHED_BYTES)];
    let at = |mark: &[u8]| memmem::find(head, mark);
    let start = at(MARK)? + MARK.len();
    if at(b"\"payload\"").is_some_and(|payload| payload < start) {
        return None;
    }
    let length = head[start..].iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&head[start..start + length]).ok().filter(|id| is_safe_identifier(id) && *id != shared::SIMULATED_ACCOUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_envelopes_and_never_a_customers() {
        for body in [
            r#"{"entity":"event","account_id":"acc_Demo0000000001","event":"payment.captured","payload":{}}"#,
            r#"{"account_id":"acc_Demo0000000001","payload":{"account_id":"acc_Other"}}"#,
        ] {
            assert_eq!(account(body.as_bytes()), Some("acc_Demo0000000001"), "{body}");
        }
        let far = format!(r#"{{"a":"{}","account_id":"acc_Far"}}"#, "x".repeat(300));
        for body in [
            "",
            "not json",
            r#"{"event":"foo.bar"}"#,
            r#"{"event":"x","payload":{"payment":{"entity":{"notes":{"account_id":"acc_Typed"}}}}}"#,
            r#"{"account_id":""}"#,
            r#"{"account_id":"acc Two Words"}"#,
            r#"{"account_id":"unended"#,
            r#"{"entity":"event","account_id":"acc_Simulated","event":"payment.captured","payload":{}}"#,
            &far,
        ] {
            assert_eq!(account(body.as_bytes()), None, "{body}");
        }
    }
}
