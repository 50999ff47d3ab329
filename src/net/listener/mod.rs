//! Accepted connections: the limit per address, the idle timeout, and the flow control towards actix.
//!
//! Invariant: a connection on which the server sends nothing for 30 s is closed, so that a peer that sends a head or reads a
//! response slowly cannot hold it longer. actix has timeouts only for the first head of a connection and for keep-alive; this
//! one covers everything in between. Every response starts well before it: the slowest waits for a gateway's API. Bytes read
//! beyond the current request, at most one read, stay in the socket until the next request may start (`pipelining/mod.rs`).

use std::{
    collections::HashMap,
    io::{Error, ErrorKind, IoSlice, Result},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::{
    net::{byte_budget::ByteBudget, client_ip::TrustedProxies, pipelining::ConnectionGate},
    primitives::network::network,
};

/// Timeout of a connection on which nothing is sent.
const WRITE_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum number of bytes per read. Nearly every request fits.
pub(crate) const MAX_READ_BYTES: usize = 4096;
/// The maximum number of connections per address. Loopback and trusted proxies, which forward for many clients, are exempt.
const MAX_CONNECTIONS_PER_ADDRESS: usize = 1024;
/// How long data is drained after a request was rejected: closing earlier would reset the connection, and the peer would lose
/// the response.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
/// Responses to incomplete requests, which actix has not seen yet.
const HEAD_TOO_LONG_RESPONSE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const OVERLOADED_RESPONSE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The open connections by address.
#[derive(Clone)]
pub(crate) struct Peers {
    trusted: TrustedProxies,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    budget: ByteBudget,
}

/// A connection in the count of its address. Dropping it decrements the count.
struct Counted {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Peers {
    pub(crate) fn new(trusted: TrustedProxies) -> Self {
        Self { trusted, counts: Arc::default(), budget: ByteBudget::new() }
    }

    /// Accepts the connection, unless its address has too many.
    ///
    /// # Errors
    /// If it has too many; the connection is closed.
    pub(crate) fn admit(&self, stream: TcpStream) -> Result<Socket> {
        let address = stream.peer_addr()?.ip().to_canonical();
        let counted = self.enter(address)?;
        let alarm = Box::pin(sleep_until(Instant::now() + WRITE_IDLE_TIMEOUT));
        Ok(Socket {
            stream,
            last_write: Instant::now(),
            alarm,
            has_more: false,
            is_write_blocked: false,
            is_turned_away: false,
            ahead: Ahead::default(),
            gate: Rc::new(ConnectionGate::new(Some(self.budget.open(network(address))))),
            _counted: counted,
        })
    }

    /// Counts a connection of the address; `None` if the address is exempt.
    fn enter(&self, address: IpAddr) -> Result<Option<Counted>> {
        if address.is_loopback() || self.trusted.contains(address) {
            return Ok(None);
        }
        let too_many = || Error::new(ErrorKind::QuotaExceeded, "too many connections of one address");
        self.count(network(address)).ok_or_else(too_many).map(Some)
    }

    fn count(&self, address: IpAddr) -> Option<Counted> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= MAX_CONNECTIONS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Counted { counts: Arc::clone(&self.counts), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Bytes that were read and not yet handed over to actix. At most one read, since the next one starts only when this is
/// empty.
#[derive(Default)]
struct Ahead {
    bytes: Box<[u8]>,
    start: usize,
}

impl Ahead {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), start: 0 }
    }

    fn bytes(&self, most: usize) -> &[u8] {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        rest.get(..most).unwrap_or(rest)
    }

    /// Drops the first bytes. Frees the memory with the last one.
    fn advance(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start >= self.bytes.len() {
            *self = Self::default();
        }
    }

    const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// A connection with an idle timeout, which each successful write resets.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The time of the last successful write, or of the accept.
    last_write: Instant,
    /// Fires at the idle timeout after the last write, or earlier, and is then reset.
    alarm: Pin<Box<Sleep>>,
    /// True if the last read was of maximum size: the task then yields before the next read.
    has_more: bool,
    /// True if a write is blocked because the peer does not read: nothing is read then.
    is_write_blocked: bool,
    /// True if an incomplete request was rejected: further data is discarded until the linger timeout.
    is_turned_away: bool,
    /// Bytes read beyond the current request.
    ahead: Ahead,
    /// Serializes the requests of this connection.
    gate: Rc<ConnectionGate>,
    _counted: Option<Counted>,
}

impl Socket {
    pub(crate) const fn gate(&self) -> &Rc<ConnectionGate> {
        &self.gate
    }

    /// Returns the local address of the connection.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Waits for the peer; fails after the idle timeout.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        while self.alarm.as_mut().poll(context).is_ready() {
            let due = self.last_write + WRITE_IDLE_TIMEOUT;
            if due <= Instant::now() {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(due);
        }
        Poll::Pending
    }

    /// Detects the end of the stream while nothing may be read, so that the request of a disconnected peer can be abandoned.
    fn notice_leaving(&self, context: &mut Context<'_>) {
        if self.gate.has_left() {
            return;
        }
        let mut octet = [0];
        // Unread data would hide the end of the stream behind it, so it is treated like the end.
        if self.stream.poll_peek(context, &mut ReadBuf::new(&mut octet)).is_ready() {
            self.gate.leave();
        }
    }

    /// Rejects an incomplete request. Bypasses actix, which still waits for the rest of it.
    fn turn_away<T>(&mut self, context: &mut Context<'_>, answer: &[u8]) -> Poll<Result<T>> {
        if self.gate.is_response_pending() {
            return self.wait(context);
        }
        let written = if self.is_write_blocked { Poll::Pending } else { Pin::new(&mut self.stream).poll_write(context, answer) };
        if !matches!(written, Poll::Ready(Ok(length)) if length == answer.len()) {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        let _ = Pin::new(&mut self.stream).poll_shutdown(context);
        self.is_turned_away = true;
        self.ahead = Ahead::default();
        self.gate.turn_away();
        self.alarm.as_mut().reset(Instant::now() + LINGER_TIMEOUT);
        self.discard(context)
    }

    /// Discards incoming data until the peer closes the connection or the linger timeout is over.
    fn discard<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        let mut scratch = [0; MAX_READ_BYTES];
        let mut buffer = ReadBuf::new(&mut scratch);
        let is_over = self.alarm.as_mut().poll(context).is_ready();
        match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() && !is_over => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending if !is_over => Poll::Pending,
            Poll::Ready(_) | Poll::Pending => Poll::Ready(Err(ErrorKind::ConnectionAborted.into())),
        }
    }

    fn sent(&mut self, context: &mut Context<'_>, result: Poll<Result<usize>>) -> Poll<Result<usize>> {
        match result {
            Poll::Pending => {
                self.is_write_blocked = true;
                self.wait(context)
            }
            Poll::Ready(result) => {
                self.last_write = Instant::now();
                if std::mem::take(&mut self.is_write_blocked) {
                    // Reading was suspended during the blocked write.
                    context.waker().wake_by_ref();
                }
                self.gate.sent();
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        if self.is_turned_away {
            return self.discard(context);
        }
        if self.gate.is_evicted(context) {
            return self.turn_away(context, OVERLOADED_RESPONSE);
        }
        if std::mem::take(&mut self.has_more) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = self.gate.read_budget(buffer.remaining().min(MAX_READ_BYTES), context);
        if self.gate.is_head_too_long() && !self.is_write_blocked {
            return self.turn_away(context, HEAD_TOO_LONG_RESPONSE);
        }
        if room == 0 || self.is_write_blocked {
            self.notice_leaving(context);
            return self.wait(context);
        }
        if !self.ahead.is_empty() {
            let bytes = self.ahead.bytes(room);
            let taken = self.gate.take(bytes);
            buffer.put_slice(bytes.get(..taken).unwrap_or_default());
            self.ahead.advance(taken);
            return Poll::Ready(Ok(()));
        }
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        match Pin::new(&mut self.stream).poll_read(context, &mut part) {
            Poll::Pending => self.wait(context),
            Poll::Ready(result) => {
                let read = part.filled();
                if read.is_empty() {
                    self.gate.leave();
                }
                self.has_more = read.len() == MAX_READ_BYTES;
                let taken = self.gate.take(read);
                if let Some(ahead) = read.get(taken..).filter(|ahead| !ahead.is_empty()) {
                    self.ahead = Ahead::of(ahead);
                }
                buffer.advance(taken);
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<Result<usize>> {
        if self.is_turned_away {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let result = Pin::new(&mut self.stream).poll_write(context, octets);
        self.sent(context, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        if self.is_turned_away {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.sent(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
