//! Razorpay (razorpay.com/docs/webhooks). Facts: the text behind those pages, razorpay/markdown-docs @ ab3bda5.
//!
//! `X-Razorpay-Signature` is the hex HMAC-SHA256 of the exact body under the webhook secret. Neither the id nor a time
//! is signed, so nothing is refused for its age: retries, signed like the first attempt, come for 24 h; replays from the
//! Dashboard, signed with the current secret, for 7 days and only of events that were not acknowledged; and support can send
//! events of 15 days again, signed with the secret of that time.

pub(crate) mod event_types;
mod reading;

use std::{net::Ipv4Addr, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use ipnet::{IpNet, Ipv4Net};
use memchr::memmem;
use sha2::Sha256;
use unicode_segmentation::UnicodeSegmentation as _;

use super::adapter::{Adapter, Header, Incoming, ParsedEvent, SignatureError, Verified, is_safe_identifier};
use crate::primitives::{
    hex,
    invisible_chars::{self, Piece},
    secret::Secret,
    time::Timestamp,
};

/// The events a merchant should select, as used by the page, the simulator and the tests.
pub(crate) const RECOMMENDED_EVENTS: &[&str] = &[
    "payment.authorized",
    "payment.captured",
    "payment.failed",
    "order.paid",
    "refund.created",
    "refund.processed",
    "refund.failed",
    "payment.dispute.created",
    "payment.dispute.under_review",
    "payment.dispute.action_required",
    "payment.dispute.won",
    "payment.dispute.lost",
    "payment.dispute.closed",
    "settlement.processed",
];

/// The account in simulated events. No real id has this length. It is not treated as an account, so that a simulated event
/// never determines the expected account of a connection.
pub(crate) const SIMULATED_ACCOUNT: &str = "acc_Simulated";
/// Networks that webhooks are sent from ("Whitelist IPs", "Webhook IPs"), without those of the partners' test environment.
const WEBHOOK_NETWORKS: &[IpNet] = &[
    network([52, 66, 75, 174], 32),
    network([52, 66, 76, 63], 32),
    network([52, 66, 151, 218], 32),
    network([35, 154, 217, 40], 32),
    network([35, 154, 22, 73], 32),
    network([35, 154, 143, 15], 32),
    network([13, 126, 199, 247], 32),
    network([13, 126, 238, 192], 32),
    network([13, 232, 194, 134], 32),
    network([18, 96, 225, 0], 26),
    network([18, 99, 161, 0], 26),
];

const fn network([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

/// "If the webhooks continue to fail for 24 hours, the webhook is disabled" (set-up, "Deactivation"); it must be enabled
/// again manually.
const AUTO_DISABLE_AFTER: Duration = Duration::from_hours(24);
/// The longest reason that is shown.
const MAX_REASON_GRAPHEMES: usize = 300;
const MAX_REASON_BYTES: usize = 6000;

/// The gateway.
pub(crate) struct Razorpay;

impl Adapter for Razorpay {
    fn check(&self, request: &Incoming<'_>, secret: &Secret, _now: Timestamp) -> Result<(), SignatureError> {
        let header = match request.header("x-razorpay-signature") {
            Header::Absent | Header::Once(b"") => return Err(SignatureError::SignatureMissing),
            Header::Once(value) => value,
            Header::Repeated => return Err(SignatureError::SignatureMalformed),
        };
        let signature = hex::decode_32(header).ok_or(SignatureError::SignatureMalformed)?;
        mac(secret, request.body).verify_slice(&signature).map_err(|_| SignatureError::SignatureMismatch)
    }

    fn event_id<'a>(&self, request: &Incoming<'a>) -> Option<&'a str> {
        request.event_id("x-razorpay-event-id")
    }

    fn signs_event_id(&self) -> bool {
        false
    }

    fn account<'a>(&self, body: &'a [u8]) -> Option<&'a str> {
        account(body)
    }

    fn auto_disable_after(&self) -> Option<Duration> {
        Some(AUTO_DISABLE_AFTER)
    }

    fn webhook_networks(&self) -> &'static [IpNet] {
        WEBHOOK_NETWORKS
    }

    fn read(&self, body: &Verified, received_at: Timestamp) -> ParsedEvent {
        reading::read(body.bytes(), received_at)
    }

    fn sign(&self, secret: &Secret, event_id: &str, body: &[u8], _now: Timestamp) -> Vec<(&'static str, String)> {
        let signature: [u8; 32] = mac(secret, body).finalize().into_bytes().into();
        vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "Razorpay-Webhook/v1".to_owned()),
            ("x-razorpay-event-id", event_id.to_owned()),
            ("x-razorpay-signature", hex::encode(&signature)),
        ]
    }

    fn format_secret(&self, secret: &Secret) -> String {
        secret.expose().to_owned()
    }

    fn parse_secret(&self, text: &str) -> Option<Secret> {
        Secret::parse(text)
    }
}

/// Returns Razorpay's description of a failure from the body of `payment.failed`. For display only.
/// Characters that cannot be seen are named, and a long text ends with an ellipsis.
pub(crate) fn failure_reason(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let said = body.pointer("/payload/payment/entity/error_description")?.as_str()?.trim();
    let end = said.grapheme_indices(true).nth(MAX_REASON_GRAPHEMES).map_or(said.len(), |(at, _)| at);
    // A grapheme has no limit of its own.
    let end = said.floor_char_boundary(end.min(MAX_REASON_BYTES));
    let shown: String = invisible_chars::pieces(&said[..end])
        .into_iter()
        .map(|piece| match piece {
            Piece::Seen(text) => text.to_owned(),
            Piece::Unseen(names) => names,
        })
        .collect();
    let rest = if end < said.len() { "…" } else { "" };
    (!shown.is_empty()).then(|| shown + rest)
}

/// Returns `account_id` of the envelope. It precedes `payload` in every body that Razorpay documents, so customer input
/// inside the payload is never mistaken for it. In any other form, or in a simulated event, there is none.
fn account(body: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"\"account_id\":\"";
    /// The part of the body searched for it, in bytes.
    const WITHIN: usize = 256;
    let head = &body[..body.len().min(WITHIN)];
    let at = |mark: &[u8]| memmem::find(head, mark);
    let start = at(MARK)? + MARK.len();
    if at(b"\"payload\"").is_some_and(|payload| payload < start) {
        return None;
    }
    let length = head[start..].iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&head[start..start + length]).ok().filter(|id| is_safe_identifier(id) && *id != SIMULATED_ACCOUNT)
}

fn mac(secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
    #[cfg(test)]
    super::hmac_count::add();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &Secret, headers: &[&str], body: &[u8]) -> Result<(), SignatureError> {
        let headers: Vec<_> =
            headers.iter().map(|value| ("x-razorpay-signature".to_owned(), value.as_bytes().to_vec())).collect();
        Razorpay.check(
            &Incoming { headers: &headers, body: &bytes::Bytes::copy_from_slice(body) },
            secret,
            Timestamp::from_millis(0),
        )
    }

    /// GitHub publishes a test vector for the same scheme: "Validating webhook deliveries" in its documentation.
    #[test]
    fn a_published_vector_is_accepted() {
        let secret = Secret::parse("It's a Secret to Everybody").unwrap();
        let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(check(&secret, &[signature], b"Hello, World!"), Ok(()));
        // Razorpay's own SDK compares text, so it rejects upper case too.
        assert_eq!(check(&secret, &[&signature.to_uppercase()], b"Hello, World!"), Err(SignatureError::SignatureMalformed));
        assert_eq!(check(&secret, &[signature], b"Hello, World! "), Err(SignatureError::SignatureMismatch));
    }

    #[test]
    fn a_reason_is_read_where_there_is_one() {
        let of = |said: &str| {
            failure_reason(format!(r#"{{"payload":{{"payment":{{"entity":{{"error_description":{said}}}}}}}}}"#).as_bytes())
        };
        assert_eq!(of(r#"" Wrong <b>OTP</b>\n""#).as_deref(), Some("Wrong <b>OTP</b>"));
        assert_eq!(
            (of("null"), of("7"), of("\"\""), failure_reason(b"{}"), failure_reason(b"\xff")),
            (None, None, None, None, None)
        );
        assert_eq!(of("\"OTP\u{202e}9001\\u0007\"").as_deref(), Some("OTP⟨U+202E⟩9001⟨U+0007⟩"));
        for whole in ["न", "क्षि", "👩‍🌾", "é\u{301}"] {
            let said = of(&format!("\"{}\"", whole.repeat(999))).unwrap();
            assert_eq!(said, format!("{}…", whole.repeat(MAX_REASON_GRAPHEMES)), "{whole}");
            assert_eq!(of(&format!("\"{}\"", whole.repeat(300))), Some(whole.repeat(300)));
        }
        let endless = of(&format!("\"e{}\"", "\u{301}".repeat(9_999))).unwrap();
        assert!(endless.len() <= MAX_REASON_BYTES + "…".len() && endless.ends_with('…'));
    }

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

    #[test]
    fn only_the_published_addresses_are_the_gateways() {
        let is_gateways = |address: &str| {
            let address: std::net::IpAddr = address.parse().unwrap();
            WEBHOOK_NETWORKS.iter().any(|network| network.contains(&address))
        };
        for inside in ["52.66.75.174", "13.232.194.134", "18.96.225.0", "18.96.225.63", "18.99.161.17"] {
            assert!(is_gateways(inside), "{inside}");
        }
        // Adjacent addresses, addresses of its API and of its test environment, and IPv6.
        for outside in ["52.66.75.175", "18.96.225.64", "18.99.160.255", "52.66.140.48", "52.66.76.68", "127.0.0.1", "::1"] {
            assert!(!is_gateways(outside), "{outside}");
        }
    }

    #[test]
    fn each_fault_has_its_name() {
        let secret = Secret::generate();
        let good = Razorpay.sign(&secret, "e", b"{}", Timestamp::from_millis(0))[3].1.clone();
        assert_eq!(check(&secret, &[], b"{}"), Err(SignatureError::SignatureMissing));
        assert_eq!(check(&secret, &[""], b"{}"), Err(SignatureError::SignatureMissing));
        assert_eq!(check(&secret, &[&good, &good], b"{}"), Err(SignatureError::SignatureMalformed));
        for wrong in
            [&good[..62], &format!("{good}00"), &format!("sha256={good}"), &good.replace(|c: char| c.is_ascii_digit(), "g")]
        {
            assert_eq!(check(&secret, &[wrong], b"{}"), Err(SignatureError::SignatureMalformed), "{wrong}");
        }
        assert_eq!(check(&Secret::generate(), &[&good], b"{}"), Err(SignatureError::SignatureMismatch));
    }
}
