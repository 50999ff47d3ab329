//! Signs a test event and sends it.
//!
//! Invariant: it goes only to the address that a probe has just reached, so that no other server receives a signed request.
//! Redirects are not followed.

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use url::Url;

use super::challenge;
use crate::{
    gateways::Gateway,
    net::http_client,
    primitives::{base62, secret::Secret, time::Timestamp, vault::Vault},
    url_check::{GATEWAY_TIMEOUT, challenge::HEADER, probe::Reached},
};

/// The number of random characters that make a test event unique: 131 bits.
const NONCE_CHARS: usize = 22;

type Headers = Vec<(&'static str, String)>;

/// A test event to send.
pub(crate) struct TestRequest<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) gateway: Gateway,
    pub(crate) url: Url,
    pub(crate) endpoint: &'a str,
    pub(crate) secret: &'a Secret,
    pub(crate) now: Timestamp,
}

/// A test event that was sent.
pub(crate) struct Sent {
    /// The SHA-256 of its body.
    pub(super) sha256: [u8; 32],
    pub(super) response: Response,
}

/// The response to a test event.
pub(super) enum Response {
    Status {
        status: u16,
        millis: i64,
    },
    /// None in time.
    None,
}

impl TestRequest<'_> {
    /// Signs the event and sends it; `None` if KS Pay cannot sign as the gateway does.
    pub(crate) async fn send(&self, reached: &Reached) -> Option<Sent> {
        let (headers, body) = self.signed()?;
        let sha256 = Sha256::digest(&body).into();
        let response = self.response(reached, &headers, &sha256, body).await.unwrap_or(Response::None);
        Some(Sent { sha256, response })
    }

    /// Returns headers and body as the gateway would send them.
    pub(super) fn signed(&self) -> Option<(Headers, Vec<u8>)> {
        let (adapter, nonce) = (self.gateway.adapter(), base62::random(NONCE_CHARS));
        let body = adapter.test_event(&nonce)?;
        let body = adapter.signed_body(self.secret, &body, self.now).unwrap_or(body);
        Some((adapter.sign(self.secret, &nonce, &body, self.now), body))
    }

    async fn response(
        &self,
        reached: &Reached,
        headers: &[(&'static str, String)],
        sha256: &[u8; 32],
        body: Vec<u8>,
    ) -> Option<Response> {
        let client = http_client::client_of(&reached.host, reached.address, GATEWAY_TIMEOUT).await.ok()?;
        let value = challenge::header(self.vault, self.endpoint, sha256, self.now);
        let mut request = client.post(self.url.clone()).header(HEADER, value).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let begun = Instant::now();
        let response = request.send().await.ok()?;
        let millis = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        Some(Response::Status { status: response.status().as_u16(), millis })
    }
}
