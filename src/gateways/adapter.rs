//! The interface of a gateway, and the verification of requests.
//!
//! Invariant: verification has no default implementation, and [`verify`] is the only constructor of [`Verified`].

use std::net::IpAddr;

use bytes::Bytes;
use memchr::memmem;
use sha2::{Digest as _, Sha256};

use super::{
    Gateway,
    parts::{Part, Parts},
};
use crate::{
    gateways::{event_kind::EventKind, payment::PaymentObservation, payment_details::PaymentDetails},
    i18n::Text,
    primitives::{
        id::SecretId,
        money::Money,
        secret::Secret,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

/// Maximum length of an event's id and type, in characters.
const MAX_IDENTIFIER_CHARS: usize = 128;

/// The type of the test events of KS Pay itself: no gateway uses it, and no rule reads it.
pub(crate) const TEST_EVENT_TYPE: &str = "ks_pay.test";

/// The maximum size of a body in bytes. Real ones have 1000 to 2000.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A request as received: header names in lower case, the exact bytes of the body.
pub(crate) struct Incoming<'a> {
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    pub(crate) body: &'a Bytes,
}

/// Returns stored headers as those of a request.
pub(crate) fn borrow_headers(headers: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
}

/// A header, with how often it occurs.
#[derive(Clone, Copy)]
pub(crate) enum Header<'a> {
    Absent,
    Once(&'a [u8]),
    Repeated,
}

impl<'a> Incoming<'a> {
    pub(crate) fn header(&self, name: &str) -> Header<'a> {
        let mut found = self.headers.iter().filter(|(known, _)| *known == name);
        match (found.next(), found.next()) {
            (None, _) => Header::Absent,
            (Some((_, value)), None) => Header::Once(value),
            (Some(_), Some(_)) => Header::Repeated,
        }
    }

    /// Returns the id in that header if it occurs exactly once and is visible ASCII.
    pub(crate) fn event_id(&self, name: &str) -> Option<&'a str> {
        match self.header(name) {
            Header::Once(value) => std::str::from_utf8(value).ok().filter(|id| is_safe_identifier(id)),
            Header::Absent | Header::Repeated => None,
        }
    }
}

/// True if an external identifier is 1 to 128 visible ASCII characters.
pub(crate) fn is_safe_identifier(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_IDENTIFIER_CHARS && name.bytes().all(|byte| byte.is_ascii_graphic())
}

text_enum! {
    /// Why a request is rejected.
    pub(crate) enum SignatureError, "the fault of a signature" {
        SignatureMissing = "signature_missing",
        SignatureMalformed = "signature_malformed",
        SignatureMismatch = "signature_mismatch",
        TimeOutOfTolerance = "time_out_of_tolerance",
    }
}
text_column!(SignatureError, SignatureError::as_str);

/// A body whose signature has been verified. Only [`verify`] constructs it.
pub(crate) struct Verified(Bytes);

impl Verified {
    /// Returns the exact bytes that were signed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns their SHA-256.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

/// What a gateway demands as the body of a 200 response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResponseBody {
    pub(crate) content_type: &'static str,
    pub(crate) text: String,
}

/// A secret that verifies requests of a connection.
pub(crate) struct ValidSecret {
    pub(crate) id: SecretId,
    pub(crate) secret: Secret,
    /// When it expires; `None` for the active one and for additional ones.
    pub(crate) until: Option<Timestamp>,
}

impl ValidSecret {
    /// Returns when it expires; the maximum timestamp if it does not.
    pub(crate) fn valid_until(&self) -> Timestamp {
        self.until.unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    /// True if it can verify a request received at that time.
    pub(crate) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.valid_until() > now
    }
}

/// The parsed fields of a verified body.
pub(crate) struct ParsedEvent {
    /// The gateway's event type; `None` if it could not be parsed.
    pub(crate) event_type: Option<String>,
    /// The gateway's time of the event, or that of its entity.
    pub(crate) occurred_at: Option<Timestamp>,
    /// True if the event has no time of its own.
    pub(crate) is_time_borrowed: bool,
    /// The amount of the event, for display.
    pub(crate) amount: Option<Money>,
    /// The bank reference of an event without a payment, for display and search.
    pub(crate) reference: Option<String>,
    pub(crate) content: EventContent,
}

/// How a verified body is processed.
pub(crate) enum EventContent {
    /// An observation of a payment.
    Observation(Box<PaymentObservation>),
    /// Stored only: the type is not supported yet.
    Unhandled,
    /// Authentic, but not reliable: the name of the faulty field, or `json`.
    Quarantined(&'static str),
}

impl ParsedEvent {
    /// Returns an event that is stored only.
    pub(crate) const fn unhandled(event_type: String) -> Self {
        let event_type = Some(event_type);
        Self {
            event_type,
            occurred_at: None,
            is_time_borrowed: false,
            amount: None,
            reference: None,
            content: EventContent::Unhandled,
        }
    }

    /// Returns an event whose body is not reliable.
    pub(crate) const fn quarantined(event_type: Option<String>, fault: &'static str) -> Self {
        let content = EventContent::Quarantined(fault);
        Self { event_type, occurred_at: None, is_time_borrowed: false, amount: None, reference: None, content }
    }

    /// Adds the digest of the body, which orders observations with equal times.
    pub(crate) fn received(mut self, sha256: &[u8; 32]) -> Self {
        if let EventContent::Observation(facts) = &mut self.content {
            facts.digest = rank_digest(sha256);
        }
        self
    }
}

/// The beginning of a body's SHA-256 as an integer, which ranks reports that are equal otherwise.
pub(crate) fn rank_digest(sha256: &[u8]) -> i64 {
    let first = sha256.first_chunk().copied().map_or(0, u64::from_be_bytes);
    // Without its last bit, so that it fits a database integer and keeps the byte order.
    i64::try_from(first >> 1).unwrap_or_default()
}

/// A signature that a body contains, for diagnosis.
pub(crate) struct Detached<'a> {
    /// What is signed.
    pub(crate) signed: &'a [u8],
    /// The signature as it is written.
    pub(crate) signature: &'a [u8],
    /// The signed time as it is written, if a time is signed.
    pub(crate) time: Option<&'a [u8]>,
}

/// Parses an event of a request with several, received at the given time.
pub(crate) type PartReader<'a> = Box<dyn Fn(&Part<'_>, Timestamp) -> ParsedEvent + 'a>;

/// The properties of one gateway's webhooks.
pub(crate) trait Adapter: Sync {
    /// Verifies the signature over the exact bytes received. Deliberately without a default.
    fn check(&self, request: &Incoming<'_>, secret: &Secret, now: Timestamp) -> Result<(), SignatureError>;

    /// Returns where the events of a body are. Faulty ranges, and too many, make the whole body one quarantined event.
    fn parts(&self, _body: &[u8]) -> Parts {
        Parts::Whole
    }

    /// Returns the body of the response once all events of a verified request are stored; `None` for an empty one. `ids` are
    /// the gateway's ids of these events, as [`Self::event_id`] returns them: at most 256 of at most 128 characters. There is
    /// none if the events cannot be told apart: that body is stored too, and a retry of it would be as faulty, so the response
    /// is 200, but it must not say that an event was accepted.
    fn response_body(&self, _ids: &mut dyn Iterator<Item = &str>) -> Option<ResponseBody> {
        None
    }

    /// Returns the gateway's id of an event of the request, if it is a safe identifier. Senders put it in a header or in the
    /// body; `part` is the event's bytes.
    fn event_id<'a>(&self, request: &Incoming<'a>, part: &'a [u8]) -> Option<&'a str>;

    /// True if the signature covers the id, so that different ids mean different events.
    fn signs_event_id(&self) -> bool;

    /// Returns the gateway account that the body names unambiguously. Never decides whether a request is accepted.
    fn account<'a>(&self, body: &'a [u8]) -> Option<&'a str>;

    /// Returns an id in the bytes of an event, so that events of one entity are adjacent in the index; empty if there is none.
    ///
    /// Together with [`dedupe_key`] it determines whether a body was stored before, also by another version, so it must stay
    /// byte-for-byte stable. Correctness does not depend on it finding the right id.
    fn dedupe_prefix<'a>(&self, body: &'a [u8]) -> &'a str {
        first_json_id(body)
    }

    /// Parses an event of a verified body. Unknown types are stored, not rejected. If the body has no time, the time of receipt
    /// is used.
    fn read(&self, part: &Part<'_>, received_at: Timestamp) -> ParsedEvent;

    /// Returns the function that parses the events of a verified body with several, one after the other. An adapter whose events
    /// share values of the envelope reads those here, once for all events.
    fn part_reader<'a>(&'a self, _body: &'a [u8]) -> PartReader<'a> {
        Box::new(|part, received_at| self.read(part, received_at))
    }

    /// Takes apart an unverified body that contains its signature, also one that was changed on the way; `None` if the signature
    /// is in a header, or missing.
    fn detach<'a>(&self, _body: &'a [u8]) -> Option<Detached<'a>> {
        None
    }

    /// Returns the event type that an unverified body claims, if it is an event.
    fn claimed_type(&self, body: &[u8]) -> Option<String>;

    /// Returns the headers that the gateway would send with this body: for `simulate`, the demo and the tests.
    fn sign(&self, secret: &Secret, event_id: &str, body: &[u8], now: Timestamp) -> Vec<(&'static str, String)>;

    /// Returns the body with its signature inside, for a gateway that signs there: what is sent in place of `body`.
    fn signed_body(&self, _secret: &Secret, _body: &[u8], _now: Timestamp) -> Option<Vec<u8>> {
        None
    }

    /// Returns the body of a test event with that nonce, of the type [`TEST_EVENT_TYPE`] and without a time; `None` if KS Pay cannot
    /// sign requests as this gateway does.
    fn test_event(&self, _nonce: &str) -> Option<Vec<u8>> {
        None
    }

    /// Formats the secret as the merchant pastes it into the gateway.
    fn format_secret(&self, secret: &Secret) -> String;

    /// Parses a pasted secret; `None` if it cannot be one.
    fn parse_secret(&self, text: &str) -> Option<Secret>;

    /// Returns the reasons, a sentence each, why the gateway rejects this webhook URL or cannot reach it.
    fn url_objections(&self, url: &str) -> Vec<Text>;

    /// Returns a recommendation about a URL to which the gateway has no objection.
    fn url_advice(&self, _url: &str) -> Option<Text> {
        None
    }

    /// Returns the maximum length of a URL in characters, if the gateway has rules for URLs.
    fn max_url_chars(&self) -> Option<usize> {
        None
    }

    /// Returns what events of that type report; `None` for a type that is stored and named only.
    fn event_kind(&self, _event_type: &str) -> Option<EventKind> {
        None
    }

    /// Returns who paid, how, and what the gateway charged, from the body of an event.
    fn payment_details(&self, _body: &[u8]) -> PaymentDetails {
        PaymentDetails::default()
    }

    /// Returns the gateway's reason for a failure, from the body of an event of the kind [`EventKind::PaymentFailed`].
    fn failure_reason(&self, _body: &[u8]) -> Option<String> {
        None
    }

    /// True if this beginning of a body is the form that the gateway's checkout posts to the shop.
    fn is_checkout_form(&self, _body: &str) -> bool {
        false
    }

    /// True if the body is the text that the gateway's checkout signs.
    fn is_checkout_text(&self, _body: &[u8]) -> bool {
        false
    }

    /// Returns the texts that the gateway's checkout may have signed, made of the ids in the body.
    fn checkout_messages(&self, _body: &[u8]) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// True if the peer is in a network from which the gateway documents to send webhooks. This alone proves nothing: see
/// [`was_sent_for`].
pub(crate) fn is_webhook_network(gateway: Gateway, peer: IpAddr) -> bool {
    gateway.profile().webhook_networks.iter().any(|network| network.contains(&peer))
}

/// True if the gateway itself sent this body for one of these accounts: the peer is in the gateway's published networks, and
/// the body names the account. A body that names none proves nothing.
pub(crate) fn was_sent_for<'a>(gateway: Gateway, peer: IpAddr, body: &[u8], mut accounts: impl Iterator<Item = &'a str>) -> bool {
    is_webhook_network(gateway, peer)
        && gateway.adapter().account(body).is_some_and(|account| accounts.any(|known| known == account))
}

/// Returns the deduplication key: events of one connection with equal keys are the same event. `sha256` is that of the event's
/// bytes.
///
/// If the id is not signed, the key is those bytes alone, so that a replayed body with a new id is not a new event. If it is
/// signed, the key is id and bytes; a known id with other bytes is detected as a conflict by the table of ids.
pub(crate) fn dedupe_key(gateway: Gateway, sha256: [u8; 32], event_id: Option<&str>) -> [u8; 32] {
    match event_id {
        Some(id) if gateway.adapter().signs_event_id() => {
            Sha256::new().chain_update(id).chain_update([0]).chain_update(sha256).finalize().into()
        }
        _ => sha256,
    }
}

/// Returns the first `"id":"…"` of a JSON body, or an empty string.
fn first_json_id(body: &[u8]) -> &str {
    const MARK: &[u8] = b"\"id\":\"";
    const MAX_JSON_ID_BYTES: usize = 64;
    let start = memmem::find(body, MARK).map(|at| at + MARK.len());
    let rest = start.map_or(&[][..], |start| &body[start..]);
    let length = rest.iter().take(MAX_JSON_ID_BYTES + 1).position(|byte| *byte == b'"').unwrap_or_default();
    std::str::from_utf8(&rest[..length]).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic())).unwrap_or_default()
}

/// Verifies with every valid secret, without an early exit, and returns the id of the one that matched.
pub(crate) fn verify(
    gateway: Gateway,
    request: &Incoming<'_>,
    live: &[ValidSecret],
    now: Timestamp,
) -> Result<(Verified, SecretId), SignatureError> {
    let mut matched = None;
    let mut reason = SignatureError::SignatureMismatch;
    for candidate in live.iter().filter(|candidate| candidate.is_valid_at(now)) {
        match gateway.adapter().check(request, &candidate.secret, now) {
            Ok(()) => matched = matched.or(Some(candidate.id)),
            Err(rejected) => reason = rejected,
        }
    }
    matched.map(|id| (Verified(request.body.clone()), id)).ok_or(reason)
}

#[cfg(test)]
mod tests;
