//! A fictitious gateway, Kestrel Pay, which proves in tests that the trait and the profile are wide enough for gateways of
//! another kind. No released binary contains it.
//!
//! A request is a form, `currency=…&notice=…&…&notice=…&…&sent_at=…&mac=…`: an envelope around one or several events, each of
//! which begins with its id, `notice`. The last field is the signature, base64 of the HMAC-SHA256 of all before it; its key is
//! the secret, decoded from base64. The gateway creates the secret, signs every attempt again with its time, writes amounts as
//! decimal numbers, and expects the ids of the events in the response.

mod api_keys;
mod body;
mod profile;
mod text;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use memchr::memmem;
use sha2::Sha256;

#[cfg(test)]
use super::Gateway;
use super::{
    adapter::{Adapter, Detached, Incoming, ParsedEvent, PartReader, ResponseBody, SignatureError, is_safe_identifier},
    event_kind::EventKind,
    parts::{Part, Parts},
    url_rules,
};
use crate::{
    i18n::{Text, code},
    primitives::{secret::Secret, time::Timestamp},
};
pub(super) use profile::PROFILE;

/// The gateway, for unit tests.
#[cfg(test)]
pub(crate) const GATEWAY: Gateway = Gateway(&PROFILE);

/// The largest accepted difference between its time and ours, in seconds.
const TOLERANCE_SECONDS: i64 = 10 * 60;
/// The field of the signature, which is the last and covers all before it.
const SIGNATURE: &[u8] = b"&mac=";
/// The field of the time, which precedes the signature.
const SENT_AT: &[u8] = b"&sent_at=";

/// The same fields, also as a proxy escapes them.
const SIGNATURE_AS_WRITTEN: [&[u8]; 3] = [SIGNATURE, b"&amp;mac=", b"%26mac%3D"];
const SENT_AT_AS_WRITTEN: [&[u8]; 3] = [SENT_AT, b"&amp;sent_at=", b"%26sent_at%3D"];

struct Kestrel;

impl Adapter for Kestrel {
    fn check(&self, request: &Incoming<'_>, secret: &Secret, now: Timestamp) -> Result<(), SignatureError> {
        let (signed, signature) = rsplit_once(request.body, SIGNATURE).ok_or(SignatureError::SignatureMissing)?;
        let signature = STANDARD.decode(signature).map_err(|_| SignatureError::SignatureMalformed)?;
        let sent_at = sent_at(signed).ok_or(SignatureError::SignatureMalformed)?;
        let mac = mac(secret, signed).ok_or(SignatureError::SignatureMismatch)?;
        if now.seconds().abs_diff(sent_at) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(SignatureError::TimeOutOfTolerance);
        }
        mac.verify_slice(&signature).map_err(|_| SignatureError::SignatureMismatch)
    }

    fn parts(&self, body: &[u8]) -> Parts {
        let starts = body::starts(body);
        if starts.is_empty() {
            return Parts::Whole;
        }
        let end = memmem::rfind(body, SENT_AT).unwrap_or(body.len());
        // Each event ends before the separator of the next one.
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([end]);
        Parts::Ranges(starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
    }

    fn response_body(&self, ids: &mut dyn Iterator<Item = &str>) -> Option<ResponseBody> {
        let ids: Vec<&str> = ids.collect();
        Some(ResponseBody { content_type: "text/plain; charset=utf-8", text: format!("accepted={}", ids.join(",")) })
    }

    fn event_id<'a>(&self, _request: &Incoming<'a>, part: &'a [u8]) -> Option<&'a str> {
        body::field(part, "notice").filter(|id| is_safe_identifier(id))
    }

    fn signs_event_id(&self) -> bool {
        true
    }

    fn account<'a>(&self, _body: &'a [u8]) -> Option<&'a str> {
        None
    }

    fn dedupe_prefix<'a>(&self, part: &'a [u8]) -> &'a str {
        body::field(part, "payment").filter(|id| is_safe_identifier(id)).unwrap_or_default()
    }

    fn read(&self, part: &Part<'_>, received_at: Timestamp) -> ParsedEvent {
        self.part_reader(part.body())(part, received_at)
    }

    fn part_reader<'a>(&'a self, body: &'a [u8]) -> PartReader<'a> {
        let shared = body::single(body);
        Box::new(move |part, _| body::read(part, &shared))
    }

    /// A proxy may have escaped the separators for HTML or for another form.
    fn detach<'a>(&self, body: &'a [u8]) -> Option<Detached<'a>> {
        let (signed, signature) = SIGNATURE_AS_WRITTEN.iter().find_map(|mark| rsplit_once(body, mark))?;
        let time = SENT_AT_AS_WRITTEN.iter().find_map(|mark| rsplit_once(signed, mark)).map(|(_, time)| time);
        Some(Detached { signed, signature, time })
    }

    fn claimed_type(&self, body: &[u8]) -> Option<String> {
        body::field(body, "about").map(str::to_owned)
    }

    fn sign(&self, _secret: &Secret, _event_id: &str, _body: &[u8], _now: Timestamp) -> Vec<(&'static str, String)> {
        vec![("content-type", "application/x-www-form-urlencoded".to_owned())]
    }

    fn signed_body(&self, secret: &Secret, body: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        let signed = [body, SENT_AT, now.seconds().to_string().as_bytes()].concat();
        let tag = mac(secret, &signed)?.finalize().into_bytes();
        Some([&signed, SIGNATURE, STANDARD.encode(tag).as_bytes()].concat())
    }

    fn event_kind(&self, event_type: &str) -> Option<EventKind> {
        match event_type {
            "payment.paid" => Some(EventKind::PaymentCaptured),
            "payment.declined" => Some(EventKind::PaymentFailed),
            _ => None,
        }
    }

    fn format_secret(&self, secret: &Secret) -> String {
        secret.expose().to_owned()
    }

    fn parse_secret(&self, text: &str) -> Option<Secret> {
        Secret::parse(text).filter(|secret| STANDARD.decode(secret.expose()).is_ok())
    }

    fn url_objections(&self, url: &str) -> Vec<Text> {
        url_rules::local_host(url).map(|host| text::url_private_host(code(host))).into_iter().collect()
    }
}

fn rsplit_once<'a>(body: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::rfind(body, mark)?;
    Some((&body[..at], &body[at + mark.len()..]))
}

/// Returns the time that is signed, in Unix seconds.
fn sent_at(signed: &[u8]) -> Option<i64> {
    std::str::from_utf8(rsplit_once(signed, SENT_AT)?.1).ok()?.parse().ok()
}

fn mac(secret: &Secret, signed: &[u8]) -> Option<Hmac<Sha256>> {
    let key = STANDARD.decode(secret.expose()).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(signed);
    Some(mac)
}

#[cfg(test)]
mod tests;
