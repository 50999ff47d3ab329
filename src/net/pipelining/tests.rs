//! The gate of a connection, and its requests compared with the codec that parses them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
};

use actix_web::test::TestRequest;
use futures_util::FutureExt as _;

use super::*;
use crate::net::{byte_budget::ByteBudget, framing::MAX_HEAD_BYTES};

const HEAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const NO_BODY: BodyFraming = BodyFraming::Length(0);

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_next_request_waits_until_a_response_is_sent_and_only_the_current_one_is_handed_over() {
    let (line, reader) = (ConnectionGate::new(None), Arc::new(Woken::default()));
    let waker = Waker::from(Arc::clone(&reader));
    let room = || line.read_budget(100, &Context::from_waker(&waker));
    assert_eq!((room(), line.is_head_too_long()), (100, false));
    assert_eq!((line.take(&HEAD.repeat(3)), room()), (HEAD.len(), 0), "the body's length is not known yet");
    assert_eq!((line.begin(BodyFraming::Length(30)).now_or_never(), room()), (Some(()), 30), "the first one");
    assert!(reader.0.swap(false, Ordering::Relaxed));
    assert_eq!((line.take(&[b'a'; 20]), room()), (20, 10));
    assert_eq!((line.take(&HEAD.repeat(3)), room()), (10, 0));
    line.respond();
    assert_eq!(room(), 0, "the response is still made");
    line.finish();
    assert_eq!((reader.0.swap(false, Ordering::Relaxed), room()), (true, 100));

    assert_eq!((line.take(HEAD), room()), (HEAD.len(), 0));
    let mut next = Box::pin(line.begin(NO_BODY));
    assert_eq!(((&mut next).now_or_never(), room()), (None, 0));
    line.sent();
    assert_eq!((next.now_or_never(), room()), (Some(()), 0));
    line.sent();
    line.respond();
    line.finish();
    assert_eq!(line.begin(NO_BODY).now_or_never(), None, "what was sent before counts no more");
}

#[test]
fn a_head_has_so_many_bytes_and_the_next_one_as_many() {
    let (line, waker) = (ConnectionGate::new(None), Waker::noop());
    for _ in 0..2 {
        line.take(b"GET / HTTP/1.1\r\nA:");
        line.take(&vec![b'a'; MAX_HEAD_BYTES - 18 - 4]);
        line.take(b"\r\n\r");
        assert_eq!((line.read_budget(100, &Context::from_waker(waker)), line.is_head_too_long()), (1, false));
        let incomplete = line.stage.get();
        line.take(b"a");
        assert!(line.is_head_too_long());
        line.stage.set(incomplete);
        line.take(b"\n");
        assert!(!line.is_head_too_long());
        assert_eq!(line.begin(NO_BODY).now_or_never(), Some(()));
        line.respond();
        line.sent();
        line.finish();
    }
}

#[test]
fn a_chunked_body_is_handed_over_up_to_its_end_as_it_is_requested() {
    let (line, waker) = (ConnectionGate::new(None), Waker::noop());
    let room = || line.read_budget(100, &Context::from_waker(waker));
    line.take(HEAD);
    assert_eq!((line.begin(BodyFraming::Chunked).now_or_never(), room()), (Some(()), 0));
    line.request_chunked(20);
    assert_eq!((line.take(b"5\r\nhello\r\n"), room()), (10, 10));
    assert_eq!((line.take(&[b"0\r\n\r\n", HEAD].concat()), room()), (5, 0));
    line.respond();
    line.finish();
    assert_eq!((line.take(HEAD), room()), (HEAD.len(), 0));
}

#[test]
fn trailers_and_extensions_are_too_long_even_if_the_body_ends_with_them() {
    let body = |extra: usize| format!("1;{}\r\na\r\n0\r\nA: {}\r\n\r\n", "a".repeat(extra), "b".repeat(extra)).into_bytes();
    for (extra, is_too_long) in [(MAX_HEAD_BYTES / 2 - 10, false), (MAX_HEAD_BYTES / 2, true)] {
        let line = ConnectionGate::new(None);
        line.take(HEAD);
        assert_eq!(line.begin(BodyFraming::Chunked).now_or_never(), Some(()));
        line.request_chunked(usize::MAX);
        let body = body(extra);
        assert_eq!((line.take(&body), line.is_head_too_long()), (body.len(), is_too_long));
    }
}

#[test]
fn the_rest_of_a_body_that_was_not_read_is_handed_over_to_be_discarded() {
    let unread = |framing, part: &[u8]| {
        let line = ConnectionGate::new(None);
        line.take(HEAD);
        assert_eq!(line.begin(framing).now_or_never(), Some(()));
        line.request_chunked(100);
        line.take(part);
        line.respond();
        line.finish();
        assert_eq!(line.received.get(), 0);
        line
    };
    let rest = &HEAD.repeat(3);
    for framing in [BodyFraming::Length(10), BodyFraming::UntilClose(0), BodyFraming::UntilClose(10)] {
        assert_eq!(unread(framing, b"").take(rest), rest.len(), "{framing:?}");
    }
    assert_eq!(unread(BodyFraming::UntilClose(2), b"aa").take(rest), rest.len(), "no request follows");
    let chunked = unread(BodyFraming::Chunked, b"2\r\na");
    assert_eq!((chunked.take(b"a\r\n0\r\n\r\nGET"), chunked.received.get()), (8, 0), "discarded bytes are not counted");
    assert_eq!(chunked.take(rest), HEAD.len());
    let last = unread(BodyFraming::Chunked, b"2\r\na");
    last.is_last.set(true);
    assert_eq!((last.take(b"a\r\n0\r\n\r\nGET"), last.take(rest)), (8, 0), "no request follows the last one");
    assert_eq!((last.read_budget(100, &Context::from_waker(Waker::noop())), last.is_head_too_long()), (0, false));
    let long = unread(BodyFraming::Chunked, b"2;");
    assert_eq!((long.take(&vec![b'a'; MAX_HEAD_BYTES]), long.is_head_too_long()), (MAX_HEAD_BYTES, false));
}

#[test]
fn the_framing_of_a_body_is_that_of_actix() {
    let framing = |headers: &[(&'static str, &'static str)]| {
        let request = headers.iter().fold(TestRequest::post(), |request, header| request.insert_header(*header));
        framing(request.to_request().head())
    };
    assert_eq!(framing(&[]), NO_BODY);
    assert_eq!(framing(&[("content-length", "5")]), BodyFraming::Length(5));
    assert_eq!(framing(&[("transfer-encoding", "Chunked"), ("upgrade", "websocket")]), BodyFraming::Chunked);
    assert_eq!(framing(&[("content-length", "5"), ("upgrade", "WebSocket")]), BodyFraming::UntilClose(5));
    assert_eq!(framing(&[("content-length", "5"), ("upgrade", "h2c")]), BodyFraming::Length(5));
    let connect = TestRequest::default().method(Method::CONNECT);
    assert_eq!(super::framing(connect.to_request().head()), BodyFraming::UntilClose(0));
}

#[test]
fn nothing_is_read_while_a_response_is_streamed() {
    let (line, waker) = (Rc::new(ConnectionGate::new(None)), Waker::noop());
    let room = || line.read_budget(100, &Context::from_waker(waker));
    assert_eq!(line.begin(NO_BODY).now_or_never(), Some(()));
    let answer = GatedBody { body: BoxBody::new("so far"), open: Some(ActiveRequest(Rc::clone(&line))) };
    line.respond();
    line.sent();
    assert_eq!((room(), line.is_head_too_long()), (0, false));
    drop(answer);
    assert_eq!(room(), 100);
}

#[test]
fn whether_the_peer_left_is_looked_for_again_once_a_request_is_served() {
    let (line, reader) = (ConnectionGate::new(None), Arc::new(Woken::default()));
    line.take(HEAD);
    line.read_budget(100, &Context::from_waker(&Waker::from(Arc::clone(&reader))));
    line.leave();
    assert_eq!(line.begin(NO_BODY).now_or_never(), Some(()));
    assert!(!line.has_left() && reader.0.load(Ordering::Relaxed));
}

const KIB: usize = 1024;

/// Returns a gate whose request holds that many KiB of a budget of 100.
fn holding(budget: &ByteBudget, last: u8, kib: usize) -> ConnectionGate {
    let line = ConnectionGate::new(Some(budget.open([192, 0, 2, last].into())));
    assert_eq!(line.begin(BodyFraming::Length(kib * KIB)).now_or_never(), Some(()));
    line.take(&vec![b'a'; kib * KIB]);
    line
}

#[test]
fn a_complete_request_counts_until_it_has_a_response_or_is_handed_over() {
    let budget = ByteBudget::with_limit(100 * KIB);
    for free in [ConnectionGate::release, ConnectionGate::respond, ConnectionGate::finish] {
        let line = holding(&budget, 1, 80);
        assert_eq!(budget.total(), 80 * KIB);
        free(&line);
        assert_eq!(budget.total(), 0);
    }
}

#[test]
fn a_complete_request_of_the_address_that_holds_most_gives_way() {
    let budget = ByteBudget::with_limit(100 * KIB);
    let (waiting, other) = (holding(&budget, 1, 60), holding(&budget, 2, 30));
    assert_eq!(waiting.evicted().now_or_never(), None);
    let last = holding(&budget, 2, 25);
    assert_eq!((waiting.evicted().now_or_never(), other.evicted().now_or_never()), (Some(()), None));
    assert_eq!(last.evicted().now_or_never(), None);
    waiting.respond();
    assert_eq!(waiting.evicted().now_or_never(), None, "a response is never interrupted");
}
