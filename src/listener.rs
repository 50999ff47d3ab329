//! Connections from outside: how many there may be, how long a peer may keep one without anything being sent, and how much of
//! what it sends actix gets.
//!
//! Invariant: a peer that is slow – with the head of a request, or with reading a response – holds its connection for half
//! a minute at most. actix has a deadline for the first head of a connection and for idle ones; this one is for all that
//! comes between. Every response begins long before: the slowest is that of a gateway's API. What was read beyond the current
//! request, [`AT_ONCE`] bytes at most, stays in the socket until the next one may begin (`pipelining.rs`).

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

use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::{byte_budget::ByteBudget, pipelining::ConnectionGate, primitives::network::network};

/// The longest that nothing is sent on a connection.
const QUIET: Duration = Duration::from_secs(30);
/// What is read at once, in bytes: nearly all requests whole.
pub(crate) const AT_ONCE: usize = 4096;
/// The most connections of one address at once. Loopback and trusted proxies, which speak for many, have no such limit.
const OF_ONE_ADDRESS: usize = 1024;
/// How long what a peer still sends is taken in after it was turned away: closing earlier would take the answer from it.
const LINGER: Duration = Duration::from_secs(1);
/// Answers to requests that never became complete, which actix therefore knows nothing of.
const HEAD_TOO_LONG: &[u8] = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Who is connected, by address.
#[derive(Clone)]
pub(crate) struct Peers {
    trusted: Arc<[IpNet]>,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    budget: ByteBudget,
}

/// One connection of an address; gone when it ends.
struct Counted {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Peers {
    pub(crate) fn new(trusted: &[IpNet]) -> Self {
        Self { trusted: trusted.into(), counts: Arc::default(), budget: ByteBudget::new() }
    }

    /// Takes the connection, unless its address has too many.
    ///
    /// # Errors
    /// When it has; the connection is closed.
    pub(crate) fn admit(&self, stream: TcpStream) -> Result<Socket> {
        let address = stream.peer_addr()?.ip().to_canonical();
        let counted = self.enter(address)?;
        let alarm = Box::pin(sleep_until(Instant::now() + QUIET));
        Ok(Socket {
            stream,
            last: Instant::now(),
            alarm,
            has_more: false,
            is_stuck: false,
            is_turned_away: false,
            ahead: Ahead::default(),
            line: Rc::new(ConnectionGate::new(Some(self.budget.open(network(address))))),
            _counted: counted,
        })
    }

    /// A place for a connection of that address; none is needed where they are not counted.
    fn enter(&self, address: IpAddr) -> Result<Option<Counted>> {
        if address.is_loopback() || self.trusted.iter().any(|network| network.contains(&address)) {
            return Ok(None);
        }
        let too_many = || Error::new(ErrorKind::QuotaExceeded, "too many connections of one address");
        self.count(network(address)).ok_or_else(too_many).map(Some)
    }

    fn count(&self, address: IpAddr) -> Option<Counted> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= OF_ONE_ADDRESS {
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

/// Bytes that were read and are not handed over yet: [`AT_ONCE`] at most, since more is read only when there are none.
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

    /// Drops the first bytes, and the memory with the last one.
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

/// A connection that ends when nothing has been sent on it for too long.
pub(crate) struct Socket {
    stream: TcpStream,
    /// When something was sent last, or the connection began.
    last: Instant,
    /// Rings at [`Socket::last`] and a while, or before; then it is set anew.
    alarm: Pin<Box<Sleep>>,
    /// Whether as much was read as may be at once: then others have their turn first.
    has_more: bool,
    /// Whether the peer does not take what is sent: then nothing is read.
    is_stuck: bool,
    /// Whether it got the answer to a request that is not complete: then what still comes is discarded for a moment.
    is_turned_away: bool,
    /// What was read beyond the current request.
    ahead: Ahead,
    /// Where requests of this connection wait for each other.
    line: Rc<ConnectionGate>,
    _counted: Option<Counted>,
}

impl Socket {
    pub(crate) const fn line(&self) -> &Rc<ConnectionGate> {
        &self.line
    }

    /// The address that the connection arrived at.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Whatever waits for the peer fails once it has waited too long.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        while self.alarm.as_mut().poll(context).is_ready() {
            let due = self.last + QUIET;
            if due <= Instant::now() {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(due);
        }
        Poll::Pending
    }

    /// Looks for the end of the stream while nothing may be read, so that the work of a request whose sender has left can be
    /// dropped.
    fn notice_leaving(&self, context: &mut Context<'_>) {
        if self.line.has_left() {
            return;
        }
        let mut octet = [0];
        // An octet more would hide the end behind it.
        if self.stream.poll_peek(context, &mut ReadBuf::new(&mut octet)).is_ready() {
            self.line.leave();
        }
    }

    /// Answers a request that will not become complete, past actix, which still waits for it.
    fn turn_away<T>(&mut self, context: &mut Context<'_>, answer: &[u8]) -> Poll<Result<T>> {
        if self.line.is_owed() {
            return self.wait(context);
        }
        let written = if self.is_stuck { Poll::Pending } else { Pin::new(&mut self.stream).poll_write(context, answer) };
        if !matches!(written, Poll::Ready(Ok(length)) if length == answer.len()) {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        let _ = Pin::new(&mut self.stream).poll_shutdown(context);
        self.is_turned_away = true;
        self.ahead = Ahead::default();
        self.line.turn_away();
        self.alarm.as_mut().reset(Instant::now() + LINGER);
        self.discard(context)
    }

    /// Discards what still comes, until the peer has closed or a moment is over.
    fn discard<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        let mut scratch = [0; AT_ONCE];
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
                self.is_stuck = true;
                self.wait(context)
            }
            Poll::Ready(result) => {
                self.last = Instant::now();
                if std::mem::take(&mut self.is_stuck) {
                    // Nothing was read meanwhile.
                    context.waker().wake_by_ref();
                }
                self.line.sent();
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
        if self.line.is_evicted(context) {
            return self.turn_away(context, NO_ROOM);
        }
        if std::mem::take(&mut self.has_more) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = self.line.read_budget(buffer.remaining().min(AT_ONCE), context);
        if self.line.is_head_too_long() && !self.is_stuck {
            return self.turn_away(context, HEAD_TOO_LONG);
        }
        if room == 0 || self.is_stuck {
            self.notice_leaving(context);
            return self.wait(context);
        }
        if !self.ahead.is_empty() {
            let bytes = self.ahead.bytes(room);
            let taken = self.line.take(bytes);
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
                    self.line.leave();
                }
                self.has_more = read.len() == AT_ONCE;
                let taken = self.line.take(read);
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
