//! The only HTTP client for requests to addresses that users choose.
//!
//! Invariants:
//! - Every request is checked: its URL is parsed, its name resolved once, and *all* addresses must be permitted ([`Guard`]). A connection
//!   is opened only to a checked address, with the name of the URL in TLS and in `Host`, so that a name that resolves differently a
//!   moment later has no effect. A reused idle connection was opened in the same way.
//! - Redirects are not followed, no proxy is read from the environment, and certificates are verified.
//! - One timeout covers everything from the lookup to the end of the response. The size of a response is limited: [`connection`] limits
//!   its head, and [`MAX_RESPONSE_BYTES`] its body, after which the connection is closed.
//! - A request on an idle connection that turns out to be closed is sent once more, on a new connection, so its receiver must accept the
//!   same request twice.

mod connection;
mod dialer;
mod exchange;
mod guard;
mod limited;
mod pool;
mod resolver;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use self::{dialer::Tls, exchange::Exchange, pool::Pool};
use super::tls::TlsFault;
use crate::primitives::id::CompanyId;
pub(crate) use guard::{Allowed, Guard, MAX_URL_BYTES, Own, Refusal};

/// The maximum number of bytes read from a response's body.
pub(crate) const MAX_RESPONSE_BYTES: usize = 20_000;

/// The maximum timeout of a request. A longer one is shortened to it.
const MAX_TIMEOUT: Duration = Duration::from_mins(5);

/// The client. Cheap to clone; the clones share their connections.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    guard: Guard,
    tls: Tls,
    pool: Pool,
}

/// A POST request.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    /// The company that sends it, which has a limited number of lookups.
    pub(crate) company: CompanyId,
    /// The headers. `Host` and those that frame the body are ignored, because the client sets them.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// The timeout from the lookup of the name to the end of the response.
    pub(crate) timeout: Duration,
}

/// The outcome of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The address to which the request was sent, or that could not be reached.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) elapsed: Duration,
    pub(crate) result: Result<Response, Failure>,
}

/// A response, of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The header `Retry-After`, not parsed.
    pub(crate) retry_after: Option<String>,
    /// At most the first [`MAX_RESPONSE_BYTES`] of the body.
    pub(crate) body: Bytes,
    /// True if the body was longer, or its end did not arrive in time.
    pub(crate) is_body_cut: bool,
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Refused(Refusal),
    /// The name was not resolved in time.
    NameSlow,
    ConnectionRefused,
    Unreachable,
    /// The connection, including TLS, was not open in time.
    ConnectSlow,
    Tls(TlsFault),
    /// This machine has no root certificates.
    NoCertificates,
    /// No complete head of a response arrived in time.
    ResponseSlow,
    /// The connection was closed before the head of a response was complete.
    ConnectionClosed,
    /// The response is not HTTP.
    NotHttp,
    HeadTooLarge,
}

impl Client {
    pub(crate) fn new(guard: Guard) -> Self {
        Self::with_tls(guard, Tls::system())
    }

    fn with_tls(guard: Guard, tls: Tls) -> Self {
        Self(Arc::new(Inner { guard, tls, pool: Pool::new() }))
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.0.guard
    }

    /// Sends a request. If the future is dropped, its connection is closed.
    pub(crate) async fn post(&self, request: Request<'_>) -> Outcome {
        let began = Instant::now();
        let mut exchange = Exchange::new(&self.0, began + request.timeout.min(MAX_TIMEOUT));
        let result = exchange.run(&request).await;
        Outcome { address: exchange.address(), elapsed: began.elapsed(), result }
    }
}
