//! An HTTP/1.1 connection, with the task that reads and writes it.
//!
//! Invariant: the task ends with the connection. The bytes of a response that it buffers are limited.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Error, Request, Response,
    body::Incoming,
    client::conn::http1::{Builder, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::AbortOnDropHandle;

use super::{Failure, limited::ReadLimit};

/// The maximum size of the head of a response, in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// The maximum number of headers of a response.
const MAX_HEADERS: usize = 100;

/// An open connection. Dropping it closes it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    pub(super) address: SocketAddr,
    /// The number of bytes that may still be read.
    pub(super) limit: ReadLimit,
    _task: AbortOnDropHandle<()>,
}

impl Connection {
    #[expect(clippy::disallowed_methods, reason = "the stream is one of the dialer")]
    pub(super) async fn over<S>(stream: S, address: SocketAddr, limit: ReadLimit) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = Builder::new();
        builder.max_headers(MAX_HEADERS).max_header_size(MAX_HEAD_BYTES).max_buf_size(2 * MAX_HEAD_BYTES);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| of(&error))?;
        // Its errors are those of the request.
        let task = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, address, limit, _task: AbortOnDropHandle::new(task) })
    }

    /// Sends a request and returns the response as soon as its head has arrived.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        self.limit.begin_head();
        let sent = self.sender.send_request(request).await;
        sent.map_err(|error| if self.limit.is_used_up() { Failure::HeadTooLarge } else { of(&error) })
    }

    /// Waits until the connection accepts another request; returns false if it is closed.
    pub(super) async fn is_reusable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// True if the connection accepts another request and is not known to be closed.
    pub(super) fn is_idle(&self) -> bool {
        self.sender.is_ready()
    }
}

fn of(error: &Error) -> Failure {
    if error.is_parse_too_large() {
        Failure::HeadTooLarge
    } else if error.is_parse() {
        Failure::NotHttp
    } else {
        Failure::ConnectionClosed
    }
}
