//! Sockets, their limits per address, and what is handed over of pipelined requests.

use super::*;
use crate::net::pipelining::BodyFraming;
use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::sleep,
};

#[expect(clippy::disallowed_methods, reason = "the address is that of the test's listener")]
async fn pair() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (peer, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (Peers::new(TrustedProxies::new(&[])).admit(accepted.unwrap().0).unwrap(), peer.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_given_up() {
    let (mut socket, _peer) = pair().await;
    let began = Instant::now();
    assert_eq!(socket.read_u8().await.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() >= WRITE_IDLE_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_gains_no_time() {
    let (mut socket, mut peer) = pair().await;
    let dripping = tokio::spawn(async move {
        while peer.write_u8(b'a').await.is_ok() {
            sleep(WRITE_IDLE_TIMEOUT / 10).await;
        }
    });
    let began = Instant::now();
    let failed = loop {
        if let Err(error) = socket.read_u8().await {
            break error;
        }
    };
    assert_eq!(failed.kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() < WRITE_IDLE_TIMEOUT * 2);
    dripping.abort();
}

#[tokio::test]
async fn a_peer_that_leaves_is_noticed_when_it_is_read() {
    let (mut socket, peer) = pair().await;
    drop(peer);
    assert_eq!(socket.read(&mut [0]).await.unwrap(), 0);
    assert!(socket.gate().has_left());
}

#[tokio::test]
async fn a_peer_that_leaves_is_noticed_while_nothing_may_be_read() {
    let (mut socket, peer) = pair().await;
    let line = Rc::clone(socket.gate());
    assert_eq!(line.begin(BodyFraming::Length(0)).now_or_never(), Some(()));
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
async fn each_written_response_restarts_the_timeout() {
    let (mut socket, _peer) = pair().await;
    sleep(WRITE_IDLE_TIMEOUT / 2).await;
    socket.write_u8(b'a').await.unwrap();
    let began = Instant::now();
    assert_eq!(socket.read_u8().await.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() >= WRITE_IDLE_TIMEOUT);
}

#[test]
fn addresses_have_a_limit_of_connections_and_loopback_and_trusted_proxies_none() {
    let peers = Peers::new(TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]));
    for (one, beside) in [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::2")] {
        let (one, beside): (IpAddr, IpAddr) = (one.parse().unwrap(), beside.parse().unwrap());
        let taken: Vec<_> = (0..MAX_CONNECTIONS_PER_ADDRESS).map(|_| peers.enter(one).unwrap()).collect();
        let refused = peers.enter(beside).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::QuotaExceeded), "{beside}");
        drop(taken);
        assert!(peers.enter(beside).is_ok(), "{beside}");
    }
    for free in ["127.0.0.1", "::1", "10.1.2.3"] {
        let entered: Vec<_> = (0..=MAX_CONNECTIONS_PER_ADDRESS).map(|_| peers.enter(free.parse().unwrap()).unwrap()).collect();
        assert!(entered.iter().all(Option::is_none), "{free}");
    }
}

#[test]
fn an_address_has_so_many_and_gets_back_what_ended() {
    let peers = Peers::new(TrustedProxies::new(&[]));
    let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
    let mut taken: Vec<_> = (0..MAX_CONNECTIONS_PER_ADDRESS).map(|_| peers.count(one).unwrap()).collect();
    assert!(peers.count(one).is_none() && peers.count(other).is_some());
    taken.pop();
    assert!(peers.count(one).is_some());
    drop(taken);
    assert!(peers.counts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn of_requests_sent_ahead_one_is_handed_over_at_a_time_and_little_is_held_back() {
    let (mut socket, mut peer) = pair().await;
    let line = Rc::clone(socket.gate());
    let head = b"GET /healthz HTTP/1.1\nHost:x\n\n";
    peer.write_all(&head.repeat(1000)).await.unwrap();
    let mut buffer = [0; 2 * MAX_READ_BYTES];
    for _ in 0..300 {
        let read = socket.read(&mut buffer).await.unwrap();
        let rest = if read < head.len() { socket.read(&mut buffer[read..]).await.unwrap() } else { 0 };
        assert_eq!(&buffer[..read + rest], head);
        assert!(socket.ahead.bytes.len() < MAX_READ_BYTES);
        assert!(socket.read(&mut buffer).now_or_never().is_none(), "before the request is served");
        assert_eq!(line.begin(BodyFraming::Length(0)).now_or_never(), Some(()));
        assert!(socket.read(&mut buffer).now_or_never().is_none(), "before it has a response");
        line.finish();
    }
}
