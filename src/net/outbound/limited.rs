//! A stream below TLS and HTTP that limits the number of bytes read.
//!
//! Invariant: a server that sends more than the limit of a step loses the connection. Without this limit the parsers above would skip
//! data such as informational responses and session tickets without end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The limit of the TLS handshake, in bytes.
const HANDSHAKE: usize = 256 * 1024;
/// The limit until the head of the response is complete, including informational responses before it.
const HEAD: usize = 128 * 1024;
/// The limit of a body with its framing, which can be larger than the body itself.
const BODY: usize = 512 * 1024;
/// The limit while the connection is idle.
const IDLE: usize = 16 * 1024;

/// The number of bytes that may still be read. Clones share it.
#[derive(Clone)]
pub(super) struct ReadLimit(Arc<AtomicUsize>);

impl ReadLimit {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(HANDSHAKE)))
    }

    pub(super) fn begin_head(&self) {
        self.0.store(HEAD, Ordering::Relaxed);
    }

    pub(super) fn begin_body(&self) {
        self.0.store(BODY, Ordering::Relaxed);
    }

    pub(super) fn begin_idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn take(&self, bytes: usize) {
        // Only the reading task decrements it, so no update is lost.
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
    }
}

/// The stream.
pub(super) struct Limited<S> {
    stream: S,
    limit: ReadLimit,
}

impl<S> Limited<S> {
    /// Returns the stream with the limit of a handshake.
    pub(super) fn new(stream: S) -> (Self, ReadLimit) {
        let limit = ReadLimit::new();
        (Self { stream, limit: limit.clone() }, limit)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.limit.is_used_up() {
            return Poll::Ready(Err(io::Error::other("the server sent more than is read")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.limit.take(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
