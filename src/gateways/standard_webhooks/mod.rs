//! Standard Webhooks 1.0.0, the generic gateway (standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`).
//!
//! `webhook-signature` is a list of `v1,BASE64` separated by spaces; one of them must be the HMAC-SHA256 of
//! `id.timestamp.body` under the decoded secret. Each attempt is signed again, so a time outside the tolerance is rejected.

mod guide;
mod profile;
mod samples;
mod text;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

#[cfg(test)]
use super::Gateway;
use super::{
    adapter::{Adapter, Header, Incoming, ParsedEvent, SignatureError, TEST_EVENT_TYPE, is_safe_identifier},
    parts::Part,
    strict_object::Object,
    url_rules,
};
use crate::{
    i18n::{Text, code},
    primitives::{
        secret::Secret,
        time::Timestamp,
        webhook_signature::{self, SECRET_PREFIX as PREFIX, SIGNATURE_PREFIX},
    },
};
pub(super) use profile::PROFILE;

/// Tolerance of the signed time in both directions, in seconds: the same as in the reference libraries.
const TOLERANCE_SECONDS: i64 = 5 * 60;

/// The gateway, for tests.
#[cfg(test)]
pub(crate) const GATEWAY: Gateway = Gateway(&PROFILE);

/// The adapter.
struct StandardWebhooks;

impl Adapter for StandardWebhooks {
    fn check(&self, request: &Incoming<'_>, secret: &Secret, now: Timestamp) -> Result<(), SignatureError> {
        let id = one(request.header("webhook-id"))?;
        let timestamp = one(request.header("webhook-timestamp"))?;
        let signatures = one(request.header("webhook-signature"))?;
        let seconds = seconds(timestamp).ok_or(SignatureError::SignatureMalformed)?;
        let expected = mac(secret, id, timestamp, request.body).ok_or(SignatureError::SignatureMismatch)?;

        let mut is_known_form = false;
        let mut is_match = false;
        for signature in signatures.split(|&byte| byte == b' ') {
            if let Some(given) = signature.strip_prefix(SIGNATURE_PREFIX.as_bytes()).and_then(|text| STANDARD.decode(text).ok()) {
                is_known_form = true;
                is_match |= bool::from(given.as_slice().ct_eq(&expected));
            }
        }
        if !is_known_form {
            return Err(SignatureError::SignatureMalformed);
        }
        if (now.seconds() - seconds).abs() > TOLERANCE_SECONDS {
            return Err(SignatureError::TimeOutOfTolerance);
        }
        if is_match { Ok(()) } else { Err(SignatureError::SignatureMismatch) }
    }

    fn event_id<'a>(&self, request: &Incoming<'a>, _part: &'a [u8]) -> Option<&'a str> {
        request.event_id(PROFILE.signature.id_header)
    }

    fn signs_event_id(&self) -> bool {
        true
    }

    /// The specification has no accounts.
    fn account<'a>(&self, _body: &'a [u8]) -> Option<&'a str> {
        None
    }

    fn read(&self, part: &Part<'_>, _received_at: Timestamp) -> ParsedEvent {
        read(part.bytes())
    }

    fn claimed_type(&self, body: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Envelope {
            r#type: Option<String>,
        }
        let Object(envelope): Object<Envelope> = serde_json::from_slice(body).ok()?;
        envelope.r#type
    }

    fn sign(&self, secret: &Secret, event_id: &str, body: &[u8], now: Timestamp) -> Vec<(&'static str, String)> {
        let timestamp = now.seconds().to_string();
        let mac = mac(secret, event_id.as_bytes(), timestamp.as_bytes(), body).unwrap_or_default();
        vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", event_id.to_owned()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", webhook_signature::encode(&mac)),
        ]
    }

    fn test_event(&self, nonce: &str) -> Option<Vec<u8>> {
        Some(format!(r#"{{"type":"{TEST_EVENT_TYPE}","data":{{"nonce":"{nonce}"}}}}"#).into_bytes())
    }

    fn format_secret(&self, secret: &Secret) -> String {
        format!("{PREFIX}{}", secret.expose())
    }

    fn parse_secret(&self, text: &str) -> Option<Secret> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        Secret::parse(text).filter(|secret| webhook_signature::key(secret).is_some())
    }

    fn url_objections(&self, url: &str) -> Vec<Text> {
        url_rules::local_host(url).map(|host| text::url_private_host(code(host))).into_iter().collect()
    }
}

fn one(header: Header<'_>) -> Result<&[u8], SignatureError> {
    match header {
        Header::Once(value) if !value.is_empty() => Ok(value),
        Header::Absent | Header::Once(_) => Err(SignatureError::SignatureMissing),
        Header::Repeated => Err(SignatureError::SignatureMalformed),
    }
}

/// Parses the payload that the specification recommends: `type`, `timestamp` and `data`.
fn read(body: &[u8]) -> ParsedEvent {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "type")]
        event_type: String,
    }
    match serde_json::from_slice(body) {
        Ok(Object(Envelope { event_type })) if is_safe_identifier(&event_type) => ParsedEvent::unhandled(event_type),
        Ok(_) => ParsedEvent::quarantined(None, "type"),
        Err(error) if error.is_data() => ParsedEvent::quarantined(None, "type"),
        Err(_) => ParsedEvent::quarantined(None, "json"),
    }
}

/// Parses digits only: the specification allows no sign, decimal point or space.
fn seconds(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    (text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn mac(secret: &Secret, id: &[u8], timestamp: &[u8], body: &[u8]) -> Option<[u8; 32]> {
    #[cfg(test)]
    crate::gateways::hmac_count::add();
    webhook_signature::mac(secret, id, timestamp, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::adapter::EventContent;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn check(headers: &[(&str, &str)], secret: &Secret, now: Timestamp) -> Result<(), SignatureError> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        StandardWebhooks.check(&Incoming { headers: &headers, body: &bytes::Bytes::from_static(b"{}") }, secret, now)
    }

    fn signed(secret: &Secret) -> (String, String) {
        let headers = StandardWebhooks.sign(secret, "msg_1", b"{}", NOW);
        (headers[2].1.clone(), headers[3].1.clone())
    }

    #[test]
    fn only_an_object_has_a_type() {
        assert_eq!(read(br#"{"type":"invoice.paid","data":{}}"#).event_type.as_deref(), Some("invoice.paid"));
        for (body, wanted) in [
            (r#"["invoice.paid"]"#, "type"),
            (r#"{"type":"a","type":"b"}"#, "type"),
            (r#"{"type":"a b"}"#, "type"),
            ("{}", "type"),
            ("not json", "json"),
        ] {
            let reading = read(body.as_bytes());
            assert!(matches!(reading.content, EventContent::Quarantined(fault) if fault == wanted), "{body}");
            assert_eq!(reading.event_type, None, "{body}");
        }
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        let secret = Secret::generate();
        let (timestamp, signature) = signed(&secret);
        let other = signed(&Secret::generate()).1;
        let list = format!("v1a,AAAA {other} {signature}");
        assert_eq!(
            check(&[("webhook-id", "msg_1"), ("webhook-timestamp", &timestamp), ("webhook-signature", &list)], &secret, NOW),
            Ok(())
        );
    }

    #[test]
    fn each_fault_has_its_name() {
        let secret = Secret::generate();
        let (timestamp, signature) = signed(&secret);
        let with = |id: &str, time: &str, list: &str| {
            check(&[("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", list)], &secret, NOW)
        };
        assert_eq!(check(&[], &secret, NOW), Err(SignatureError::SignatureMissing));
        assert_eq!(with("msg_1", &timestamp, ""), Err(SignatureError::SignatureMissing));
        assert_eq!(with("msg_1", &timestamp, "v1,"), Err(SignatureError::SignatureMismatch));
        assert_eq!(with("msg_1", &timestamp, "v2,AAAA"), Err(SignatureError::SignatureMalformed));
        assert_eq!(with("msg_1", "soon", &signature), Err(SignatureError::SignatureMalformed));
        assert_eq!(with("msg_2", &timestamp, &signature), Err(SignatureError::SignatureMismatch));
        assert_eq!(with("msg_1", &timestamp, &signature), Ok(()));
    }

    #[test]
    fn a_time_five_minutes_away_is_taken_and_one_more_second_is_not() {
        let secret = Secret::generate();
        let (timestamp, signature) = signed(&secret);
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", timestamp.as_str()), ("webhook-signature", signature.as_str())];
        for away in [-TOLERANCE_SECONDS, TOLERANCE_SECONDS] {
            assert_eq!(check(&headers, &secret, Timestamp::from_seconds(NOW.seconds() + away)), Ok(()));
            let further = Timestamp::from_seconds(NOW.seconds() + away + away.signum());
            assert_eq!(check(&headers, &secret, further), Err(SignatureError::TimeOutOfTolerance));
        }
    }
}
