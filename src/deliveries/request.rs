//! The HTTP request of a delivery: its headers and its body.
//!
//! Invariant: pure. Of the original request's headers only those that identify and sign it are sent: as received, or signed again with a
//! secret of the destination, never with a secret of the connection.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};

use super::{
    destination::{self, Destination, Format},
    fixed_headers::{Name, Value},
    normalized, signature,
};
use crate::{
    events::{Event, Origin, State, payload::Payload},
    gateways::{Gateway, parts},
    primitives::{
        id::{EventId, RunId},
        secret::Secret,
        time::Timestamp,
    },
};

/// The headers of the Standard Webhooks specification, with which every delivery is signed.
pub(crate) const ID: HeaderName = HeaderName::from_static("webhook-id");
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static(signature::HEADER);
/// Names the state of an event that is not processed.
pub(crate) const EVENT_STATE: HeaderName = HeaderName::from_static("ks-pay-event-state");
const SENDER: HeaderValue = HeaderValue::from_static(SENDER_NAME);
const JSON: HeaderValue = HeaderValue::from_static(JSON_TYPE);
/// The `User-Agent` of every delivery.
pub(crate) const SENDER_NAME: &str = "KS-Pay-Webhook/1";
/// The type of a body, unless another was received.
pub(crate) const JSON_TYPE: &str = "application/json";

/// The headers of a request, except those that frame it.
pub(crate) type Headers = Vec<(HeaderName, HeaderValue)>;

/// The secrets that sign a delivery.
pub(crate) struct SigningSecrets {
    /// The secrets for the Standard Webhooks signature, newest first.
    pub(crate) webhook: Vec<Secret>,
    /// The current secret for the gateway's signature, if KS Pay signs it again.
    pub(crate) gateway: Option<Secret>,
}

/// An event that is sent to a destination.
pub(crate) struct Source<'a> {
    pub(crate) destination: &'a Destination,
    pub(crate) event: &'a Event,
    pub(crate) origin: Origin,
    pub(crate) payload: &'a Payload,
    pub(crate) secrets: &'a SigningSecrets,
    /// The base of links to the console.
    pub(crate) base: &'a str,
    pub(crate) now: Timestamp,
}

impl Source<'_> {
    /// Returns headers and body; `None` if the event has no such form, or a secret that it needs is missing.
    pub(crate) fn request(&self) -> Option<(Headers, Bytes)> {
        let (headers, body) = match self.destination.settings.format {
            Format::Original => self.original()?,
            Format::Normalized => (vec![(CONTENT_TYPE, JSON)], self.normalized()?),
        };
        signed(headers, &self.event.id.to_string(), body, (self.secrets, self.now))
    }

    fn normalized(&self) -> Option<Bytes> {
        normalized_body((self.event, self.origin), self.payload, self.base)
    }

    fn original(&self) -> Option<(Headers, Bytes)> {
        let event = self.event;
        let (mut headers, body) = as_received(event, self.payload)?;
        if self.destination.settings.is_resigned {
            let id = event.gateway_event_id.clone().unwrap_or_else(|| event.id.to_string());
            sign_again(&mut headers, event.gateway, (&id, &body), (self.secrets.gateway.as_ref(), self.now))?;
        }
        Some((headers, body))
    }
}

/// Returns an event as its gateway sent it: the body, the headers that identify and sign it, and the header of its state.
pub(crate) fn as_received(event: &Event, payload: &Payload) -> Option<(Headers, Bytes)> {
    let body = Bytes::copy_from_slice(event.own_bytes(&payload.body).ok()?);
    let received: Vec<(String, String)> = serde_json::from_str(&payload.headers).ok()?;
    let mut headers = vec![(CONTENT_TYPE, single(&received, CONTENT_TYPE.as_str()).unwrap_or(JSON))];
    let names = event.gateway.profile().signature.headers;
    headers.extend(names.iter().filter_map(|name| Some((HeaderName::from_static(name), single(&received, name)?))));
    if event.state != State::Processed {
        headers.push((EVENT_STATE, HeaderValue::from_static(event.state.as_str())));
    }
    Some((headers, body))
}

/// Replaces the gateway's own headers by a signature with `secret`; `None` if there is no secret. If the gateway signs with the headers of
/// KS Pay, removes them only, because every delivery has KS Pay's signature.
pub(crate) fn sign_again(
    headers: &mut Headers,
    gateway: Gateway,
    (id, body): (&str, &[u8]),
    (secret, now): (Option<&Secret>, Timestamp),
) -> Option<()> {
    let names = gateway.profile().signature.headers;
    headers.retain(|(name, _)| !names.contains(&name.as_str()));
    if destination::signs_as_ks_pay(gateway) {
        return Some(());
    }
    let signed = gateway.adapter().sign(secret?, id, body, now).into_iter().filter(|(name, _)| names.contains(name));
    let own = signed.filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?)));
    headers.extend(own);
    Some(())
}

/// Returns the body of an event in the normalized format; `None` if it has no such form. `base` is that of links to the console.
pub(crate) fn normalized_body((event, origin): (&Event, Origin), payload: &Payload, base: &str) -> Option<Bytes> {
    let parsed = parts::read_stored(event.gateway, &payload.body, (event.part, event.received_at)).ok()?;
    let source = normalized::Source {
        event: event.id,
        app: event.app_id,
        transaction: event.transaction_id,
        gateway: event.gateway,
        mode: event.mode,
        gateway_event_id: event.gateway_event_id.as_deref(),
        origin,
        received_at: event.received_at,
        parsed: &parsed,
        public_url: base,
    };
    normalized::body(&source).map(Bytes::from)
}

/// Returns the request of a test event in the normalized format; `None` if there is no secret.
pub(crate) fn test(destination: &Destination, id: EventId, secrets: &SigningSecrets, now: Timestamp) -> Option<(Headers, Bytes)> {
    let id = id.to_string();
    let body = normalized::test_event(&id, (destination.app_id, destination.mode), now);
    signed(vec![(CONTENT_TYPE, JSON)], &id, body.into(), (secrets, now))
}

/// Returns the request of a run of an automation; `None` if there is no secret.
pub(crate) fn of_run(run: RunId, body: Bytes, secrets: &SigningSecrets, now: Timestamp) -> Option<(Headers, Bytes)> {
    signed(vec![(CONTENT_TYPE, JSON)], &run.to_string(), body, (secrets, now))
}

/// Returns a fixed header of a destination, with its value marked as sensitive for logs.
pub(super) fn fixed(name: &Name, value: &Value) -> Option<(HeaderName, HeaderValue)> {
    let mut sent = HeaderValue::try_from(value.expose()).ok()?;
    sent.set_sensitive(true);
    Some((HeaderName::try_from(name.as_str()).ok()?, sent))
}

/// Adds the headers that every delivery has; `None` if there is no secret.
pub(crate) fn signed(
    mut headers: Headers,
    id: &str,
    body: Bytes,
    (secrets, now): (&SigningSecrets, Timestamp),
) -> Option<(Headers, Bytes)> {
    let seconds = now.seconds();
    let signed = signature::sign(id, seconds, &body, &secrets.webhook);
    if signed.is_empty() {
        return None;
    }
    headers.extend([
        (USER_AGENT, SENDER),
        (ID, HeaderValue::try_from(id).ok()?),
        (TIMESTAMP, HeaderValue::from(seconds)),
        (SIGNATURE, HeaderValue::try_from(signed).ok()?),
    ]);
    Some((headers, body))
}

/// Returns the value of a header that was received once.
fn single(received: &[(String, String)], name: &str) -> Option<HeaderValue> {
    let mut found = received.iter().filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => HeaderValue::from_str(value).ok(),
        _ => None,
    }
}
