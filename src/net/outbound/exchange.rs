//! One request and its response.

use std::{future::Future, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Response as Head,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
};
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use crate::primitives::id::CompanyId;

use super::{
    Failure, Inner, MAX_RESPONSE_BYTES, Refusal, Request, Response, connection::Connection, dialer, guard, limited::Limited, pool,
};

/// The headers that only the client sets, because they determine the host and the end of a request.
const OWN_HEADERS: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    header::TRAILER,
];
/// The default of the header `User-Agent`.
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("ks-pay/", env!("CARGO_PKG_VERSION")));
/// The maximum length of a `Retry-After` that is returned; a date has 29 bytes.
const MAX_RETRY_AFTER_BYTES: usize = 64;
/// How long a connection may take after a response until it accepts the next request. It takes longer only if the server has not read
/// the whole request.
const READY_TIMEOUT: Duration = Duration::from_millis(100);

type Message = hyper::Request<Full<Bytes>>;

/// A request in progress.
pub(super) struct Exchange<'a> {
    client: &'a Inner,
    deadline: Instant,
    address: Option<SocketAddr>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(client: &'a Inner, deadline: Instant) -> Self {
        Self { client, deadline, address: None }
    }

    /// Returns the address of the last connection.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Sends the request on an idle connection, or on a new one if none is idle or the idle one turns out to be closed.
    pub(super) async fn run(&mut self, request: &Request<'_>) -> Result<Response, Failure> {
        let url = self.client.guard.parse(request.url).map_err(Failure::Refused)?;
        let message = message(&url, request).map_err(Failure::Refused)?;
        if let Some(idle) = self.client.pool.take(&pool::key(&url), Connection::is_idle) {
            match self.send(idle, &url, message.clone()).await {
                Err(Failure::ConnectionClosed) => {}
                result => return result,
            }
        }
        self.address = None;
        let connection = self.connect(&url, request.company).await?;
        self.send(connection, &url, message).await
    }

    /// Opens a connection to a checked address.
    async fn connect(&mut self, url: &Url, company: CompanyId) -> Result<Connection, Failure> {
        let client = self.client;
        let checked = self.before(Failure::NameSlow, client.guard.addresses(url, company)).await?;
        let addresses = checked.map_err(Failure::Refused)?;
        let stream = dialer::connect(&addresses, self.deadline, &mut self.address).await?;
        let address = self.address.ok_or(Failure::Unreachable)?;
        let (stream, limit) = Limited::new(stream);
        if url.scheme() == "http" {
            return Connection::over(stream, address, limit).await;
        }
        let stream = self.before(Failure::ConnectSlow, client.tls.shake_hands(stream, url)).await??;
        Connection::over(stream, address, limit).await
    }

    /// Sends the message and reads the response. The connection is stored if the response was read to its end.
    async fn send(&mut self, mut connection: Connection, url: &Url, message: Message) -> Result<Response, Failure> {
        self.address = Some(connection.address);
        let head = self.before(Failure::ResponseSlow, connection.send(message)).await??;
        connection.limit.begin_body();
        let response = self.read(head).await;
        connection.limit.begin_idle();
        let ready_by = self.deadline.min(Instant::now() + READY_TIMEOUT);
        if !response.is_body_cut && timeout_at(ready_by, connection.is_reusable()).await == Ok(true) {
            self.client.pool.store(pool::key(url), connection);
        }
        Ok(response)
    }

    /// Reads the body to its end, its maximum or the timeout.
    async fn read(&self, head: Head<Incoming>) -> Response {
        let (parts, mut body) = head.into_parts();
        let mut read = Vec::new();
        let mut is_body_cut = false;
        while !is_body_cut {
            match timeout_at(self.deadline, body.frame()).await {
                Ok(None) => break,
                Ok(Some(Ok(frame))) => {
                    let data = frame.into_data().unwrap_or_default();
                    let rest = data.len().min(MAX_RESPONSE_BYTES - read.len());
                    read.extend_from_slice(&data[..rest]);
                    is_body_cut = rest < data.len();
                }
                Ok(Some(Err(_))) | Err(_) => is_body_cut = true,
            }
        }
        Response { status: parts.status.as_u16(), retry_after: retry_after(&parts.headers), body: read.into(), is_body_cut }
    }

    /// Fails with `slow` if the timeout ends before the step.
    async fn before<T>(&self, slow: Failure, step: impl Future<Output = T>) -> Result<T, Failure> {
        timeout_at(self.deadline, step).await.map_err(|_| slow)
    }
}

fn retry_after(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    (value.len() <= MAX_RETRY_AFTER_BYTES).then(|| value.to_owned())
}

pub(super) fn message(url: &Url, request: &Request<'_>) -> Result<Message, Refusal> {
    let mut message = Message::new(Full::new(request.body.clone()));
    *message.method_mut() = hyper::Method::POST;
    *message.uri_mut() = guard::target(url)?;
    let headers = message.headers_mut();
    let host = &url[Position::BeforeHost..Position::AfterPort];
    headers.insert(header::HOST, HeaderValue::from_str(host).map_err(|_| Refusal::Malformed)?);
    for (name, value) in request.headers.iter().filter(|(name, _)| !OWN_HEADERS.contains(name)) {
        headers.append(name, value.clone());
    }
    headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    Ok(message)
}
