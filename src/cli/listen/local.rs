//! Sends an event to the local server.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};

use super::{report::root_cause, target::Endpoint};
use crate::{
    deliveries::request::{self, Headers, SENDER_NAME, SigningSecrets},
    gateways::Gateway,
    listening::protocol::ForwardedEvent,
    primitives::{secret::Secret, time::Clock},
};

/// The maximum number of bytes that are read of a response.
const MAX_RESPONSE_BYTES: usize = 4096;

/// The local server.
pub(super) struct Local {
    pub(super) endpoint: Endpoint,
    /// The secret that signs each event again; `None` if events are sent as received.
    pub(super) secret: Option<Secret>,
    pub(super) clock: Clock,
}

/// The result of sending an event.
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    pub(super) elapsed: Duration,
}

pub(super) enum Outcome {
    /// A status and, unless it is a success, the beginning of the body.
    Responded(u16, String),
    /// No connection could be opened, for this reason.
    Unreachable(String),
    /// There was no response, for this reason.
    Failed(String),
    /// Its body was deleted or damaged, or it cannot be signed.
    NothingToSend,
}

impl Attempt {
    /// True if no connection could be opened, so that the server has not received the event.
    pub(super) const fn is_unreachable(&self) -> bool {
        matches!(self.outcome, Outcome::Unreachable(_))
    }

    /// True if the event was not accepted, so that a key can send it again.
    pub(super) fn is_failure(&self) -> bool {
        match self.outcome {
            Outcome::Responded(status, _) => !(200..300).contains(&status),
            Outcome::Unreachable(_) | Outcome::Failed(_) => true,
            Outcome::NothingToSend => false,
        }
    }
}

impl Local {
    pub(super) async fn send(&self, event: &ForwardedEvent) -> Attempt {
        let began = Instant::now();
        let outcome = match self.request(event) {
            Some((headers, body)) => self.post(headers, body).await,
            None => Outcome::NothingToSend,
        };
        Attempt { outcome, elapsed: began.elapsed() }
    }

    async fn post(&self, headers: Headers, body: Bytes) -> Outcome {
        let Endpoint { url, client } = &self.endpoint;
        let mut request = client.post(url.clone()).header(hyper::header::USER_AGENT, SENDER_NAME).body(body);
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != hyper::header::USER_AGENT) {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                let body = beginning(response).await;
                Outcome::Responded(status.as_u16(), if status.is_success() { String::new() } else { body })
            }
            Err(error) if error.is_connect() => Outcome::Unreachable(root_cause(&error)),
            Err(error) if error.is_timeout() => Outcome::Failed("no response within 30 s".to_owned()),
            Err(error) => Outcome::Failed(root_cause(&error)),
        }
    }

    /// Returns headers and body, as received or signed again.
    fn request(&self, event: &ForwardedEvent) -> Option<(Headers, Bytes)> {
        let body = Bytes::from(STANDARD.decode(event.body.as_ref()?).ok()?);
        let parsed = event
            .headers
            .iter()
            .map(|(name, value)| Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value.as_str()).ok()?)));
        let mut headers: Headers = parsed.collect::<Option<_>>()?;
        let Some(secret) = &self.secret else { return Some((headers, body)) };
        let gateway: Gateway = event.gateway.parse().ok()?;
        let (id, now) = (event.gateway_event_id.as_ref().unwrap_or(&event.id), self.clock.now());
        request::sign_again(&mut headers, gateway, (id, &body), (Some(secret), now))?;
        let secrets = SigningSecrets { webhook: vec![secret.clone()], gateway: None };
        request::signed(headers, &event.id, body, (&secrets, now))
    }
}

/// Returns the beginning of a response's body; the rest is not read.
async fn beginning(mut response: reqwest::Response) -> String {
    let mut body = Vec::new();
    while body.len() < MAX_RESPONSE_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        let rest = chunk.len().min(MAX_RESPONSE_BYTES - body.len());
        body.extend_from_slice(&chunk[..rest]);
    }
    String::from_utf8_lossy(&body).into_owned()
}
