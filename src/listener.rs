//! Connections from outside: how many there may be, and how long a peer may keep one without anything being sent.
//!
//! The rule: a peer that is slow – with the head of a request, or with taking an answer – holds its connection for half
//! a minute at most. actix has a deadline for the first head of a connection and for idle ones; this one is for all that
//! comes between. Every answer of ours begins long before: the slowest is that of a gateway's API.

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
/// What is read at once, in bytes: nearly all requests whole, and of many small ones sent ahead not too many.
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
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        match Pin::new(&mut self.stream).poll_read(context, &mut part) {
            Poll::Pending => self.wait(context),
            Poll::Ready(result) => {
                let read = part.filled().len();
                buffer.advance(read);
                self.line.read(read);
                if read == 0 {
                    self.line.leave();
                }
                self.has_more = read == AT_ONCE;
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
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        time::sleep,
    };

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (peer, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (Peers::new(&[]).admit(accepted.unwrap().0).unwrap(), peer.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_nothing_is_given_up() {
        let (mut socket, _peer) = pair().await;
        let began = Instant::now();
        assert_eq!(socket.read_u8().await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(began.elapsed() >= QUIET);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_byte_by_byte_gains_no_time() {
        let (mut socket, mut peer) = pair().await;
        let dripping = tokio::spawn(async move {
            while peer.write_u8(b'a').await.is_ok() {
                sleep(QUIET / 10).await;
            }
        });
        let began = Instant::now();
        let failed = loop {
            if let Err(error) = socket.read_u8().await {
                break error;
            }
        };
        assert_eq!(failed.kind(), ErrorKind::TimedOut);
        assert!(began.elapsed() < QUIET * 2);
        dripping.abort();
    }

    #[tokio::test]
    async fn a_peer_that_leaves_is_noticed_when_it_is_read() {
        let (mut socket, peer) = pair().await;
        drop(peer);
        assert_eq!(socket.read(&mut [0]).await.unwrap(), 0);
        assert!(socket.line().has_left());
    }

    #[tokio::test]
    async fn a_peer_that_leaves_is_noticed_while_nothing_may_be_read() {
        let (mut socket, peer) = pair().await;
        let line = Rc::clone(socket.line());
        assert_eq!(line.begin(0).now_or_never(), Some(()));
        let mut octet = [0];
        let mut reading = Box::pin(socket.read(&mut octet));
        let mut leaving = Box::pin(line.left());
        assert!((&mut reading).now_or_never().is_none() && (&mut leaving).now_or_never().is_none());
        drop(peer);
        tokio::select! {
            () = &mut leaving => {}
            read = &mut reading => panic!("{read:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_answered_has_the_time_anew() {
        let (mut socket, _peer) = pair().await;
        sleep(QUIET / 2).await;
        socket.write_u8(b'a').await.unwrap();
        let began = Instant::now();
        assert_eq!(socket.read_u8().await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(began.elapsed() >= QUIET);
    }

    #[test]
    fn whoever_is_counted_enters_so_often_and_loopback_and_trusted_proxies_as_they_like() {
        let peers = Peers::new(&["10.0.0.0/8".parse().unwrap()]);
        for (one, beside) in [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::2")] {
            let (one, beside): (IpAddr, IpAddr) = (one.parse().unwrap(), beside.parse().unwrap());
            let taken: Vec<_> = (0..OF_ONE_ADDRESS).map(|_| peers.enter(one).unwrap()).collect();
            let refused = peers.enter(beside).err().map(|error| error.kind());
            assert_eq!(refused, Some(ErrorKind::QuotaExceeded), "{beside}");
            drop(taken);
            assert!(peers.enter(beside).is_ok(), "{beside}");
        }
        for free in ["127.0.0.1", "::1", "10.1.2.3"] {
            let entered: Vec<_> = (0..=OF_ONE_ADDRESS).map(|_| peers.enter(free.parse().unwrap()).unwrap()).collect();
            assert!(entered.iter().all(Option::is_none), "{free}");
        }
    }

    #[test]
    fn an_address_has_so_many_and_gets_back_what_ended() {
        let peers = Peers::new(&[]);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut taken: Vec<_> = (0..OF_ONE_ADDRESS).map(|_| peers.count(one).unwrap()).collect();
        assert!(peers.count(one).is_none() && peers.count(other).is_some());
        taken.pop();
        assert!(peers.count(one).is_some());
        drop(taken);
        assert!(peers.counts.lock().unwrap().is_empty());
    }
}
