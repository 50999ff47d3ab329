//! One answer after the other on a connection: a request that was sent ahead waits until the answer before it is on its way,
//! and no more is read meanwhile.
//!
//! The rule: what a connection holds in memory does not grow with how much is asked for on it. actix reads 128 KiB ahead, makes
//! requests of all that, which takes fifty times as much, and answers them at once, whether or not anybody takes the answers.
//! Between two requests no more is read than one head may have, and while one is answered no more than its own body: until its
//! response is made, or complete if it is streamed.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    Error, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::{Bytes, Data},
};
use tokio::sync::Notify;

use crate::{byte_budget::Holding, primitives::network::network, state::State, web::client_ip};

/// The longest head of a request, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Where a connection stands. Shared by its socket and its requests, which are on one thread.
pub(crate) struct ConnectionGate {
    /// An answer was made of which nothing was sent yet; whoever waits for that.
    response_pending: Cell<bool>,
    sent: Notify,
    /// Whether a request is being answered, from its complete head until its response is made, or complete if it is streamed.
    is_serving: Cell<bool>,
    /// Whether the request has a body that was not read to its end.
    is_body_unread: Cell<bool>,
    /// Whether what is read is the rest of such a body, which actix discards.
    is_draining: Cell<bool>,
    /// How many bytes may be read.
    allowed: Cell<usize>,
    /// Who found that none may be.
    reader: RefCell<Option<Waker>>,
    /// The peer has closed the connection, or its side of it.
    has_left: Cell<bool>,
    leaving: Notify,
    /// Bytes that were read of a request that has no response yet and is not counted elsewhere.
    received: Cell<usize>,
    /// Their part of the budget; none where there is no connection.
    holding: RefCell<Option<Holding>>,
}

impl ConnectionGate {
    /// The line of a new connection.
    pub(crate) fn new(holding: Option<Holding>) -> Self {
        Self {
            response_pending: Cell::default(),
            sent: Notify::default(),
            is_serving: Cell::default(),
            is_body_unread: Cell::default(),
            is_draining: Cell::default(),
            allowed: Cell::new(MAX_HEAD_BYTES),
            reader: RefCell::default(),
            has_left: Cell::default(),
            leaving: Notify::default(),
            received: Cell::default(),
            holding: RefCell::new(holding),
        }
    }

    /// Something was sent.
    pub(crate) fn sent(&self) {
        if self.response_pending.replace(false) {
            self.sent.notify_one();
            self.wake();
        }
    }

    /// How many bytes may be read now, `most` at most; if none, whoever asks is woken when some may be.
    pub(crate) fn read_budget(&self, most: usize, context: &Context<'_>) -> usize {
        let room = self.allowed.get().min(most);
        if room == 0 {
            self.reader.replace(Some(context.waker().clone()));
        }
        room
    }

    /// The peer has closed the connection, or its side of it, or sends more than its request: the response is no longer awaited.
    pub(crate) fn leave(&self) {
        self.has_left.set(true);
        self.leaving.notify_waiters();
    }

    pub(crate) fn has_left(&self) -> bool {
        self.has_left.get()
    }

    /// Resolves when the peer leaves.
    pub(crate) async fn left(&self) {
        while !self.has_left.get() {
            self.leaving.notified().await;
        }
    }

    /// Whether as much was read as a head may have, and none was complete.
    pub(crate) fn is_head_too_long(&self) -> bool {
        self.allowed.get() == 0 && !self.is_serving.get() && !self.is_draining.get()
    }

    /// Whether an answer was made of which nothing was sent yet.
    pub(crate) const fn is_owed(&self) -> bool {
        self.response_pending.get()
    }

    /// So many bytes were read.
    pub(crate) fn read(&self, bytes: usize) {
        if self.is_draining.get() {
            return;
        }
        self.allowed.set(self.allowed.get().saturating_sub(bytes));
        self.received.set(self.received.get() + bytes);
        if let Some(holding) = self.holding.borrow_mut().as_mut() {
            holding.set(self.received.get());
        }
    }

    /// Resolves when the request must be abandoned to free the budget. Only for a handler: the socket wakes its task.
    pub(crate) async fn evicted(&self) {
        poll_fn(|context| if self.is_evicted(context) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// True if the request must be abandoned to free the budget. Otherwise, if it holds a part of the budget, the calling task
    /// is woken when it must be.
    pub(crate) fn is_evicted(&self, context: &Context<'_>) -> bool {
        if self.received.get() == 0 {
            return false;
        }
        let holding = self.holding.borrow();
        let Some(holding) = holding.as_ref() else { return false };
        holding.watch(context);
        holding.is_evicted()
    }

    /// The request is complete: its body was read to the end, or it has none. Its bytes still count.
    pub(crate) fn arrived(&self) {
        self.is_body_unread.set(false);
    }

    /// The bytes of the request count no longer: they were dropped, or handed over to a queue with a limit of its own.
    pub(crate) fn release(&self) {
        if self.received.replace(0) > 0
            && let Some(holding) = self.holding.borrow_mut().as_mut()
        {
            holding.release();
        }
    }

    /// Sets how many bytes may be read.
    pub(crate) fn set_read_budget(&self, bytes: usize) {
        self.allowed.set(bytes);
        if bytes > 0 {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// A request's turn, with so many bytes that are still to come of it.
    pub(crate) async fn begin(&self, body: usize) {
        self.is_serving.set(true);
        self.is_draining.set(false);
        self.set_read_budget(0);
        while self.response_pending.get() {
            self.sent.notified().await;
        }
        // What was seen while it waited is its own body.
        self.has_left.set(false);
        self.set_read_budget(body);
    }

    /// The head of the response is made.
    fn respond(&self) {
        self.release();
        self.response_pending.set(true);
    }

    /// The response is complete: the next request may come.
    fn finish(&self) {
        self.is_serving.set(false);
        self.release();
        self.is_draining.set(self.is_body_unread.replace(false));
        self.set_read_budget(if self.is_draining.get() { usize::MAX } else { MAX_HEAD_BYTES });
    }

    /// Counts the request for the client that a trusted proxy names.
    fn attribute(&self, request: &HttpRequest) {
        if let Some(holding) = self.holding.borrow_mut().as_mut()
            && (self.is_body_unread.get() || holding.is_counted())
            && let Some(state) = request.app_data::<Data<State>>()
        {
            holding.move_to(network(client_ip::address(request, state)));
        }
    }
}

/// Lets the requests of a connection know its line.
pub(crate) fn attach(line: &Rc<ConnectionGate>, data: &mut Extensions) {
    data.insert(Rc::clone(line));
}

/// The line of a request's connection; one of its own where it has none.
pub(crate) fn line(request: &HttpRequest) -> Rc<ConnectionGate> {
    request.conn_data::<Rc<ConnectionGate>>().cloned().unwrap_or_else(|| Rc::new(ConnectionGate::new(None)))
}

/// Around every route.
pub(crate) async fn serialize_requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Answer>, Error> {
    let line = line(request.request());
    let (body, is_chunked) = (to_come(request.headers()), request.headers().contains_key(header::TRANSFER_ENCODING));
    line.is_body_unread.set(body > 0 || is_chunked);
    line.attribute(request.request());
    line.begin(body).await;
    let open = Open(line);
    let response = next.call(request).await;
    open.0.respond();
    let response = response?;
    // One that is made as it goes may take long, and its last part is sent before the body is dropped.
    let open = matches!(response.response().body().size(), BodySize::Stream).then_some(open);
    Ok(response.map_body(|_, body| Answer { body: body.boxed(), open }))
}

/// A request that is being answered; when dropped, the next one may come.
struct Open(Rc<ConnectionGate>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// The body of a response. While it is made as it goes, nothing else is read on its connection.
pub(crate) struct Answer {
    body: BoxBody,
    open: Option<Open>,
}

impl MessageBody for Answer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, open } = self;
        body.try_into_bytes().map_err(|body| Self { body, open })
    }
}

/// How long the body is said to be; one without a length is read as it is asked for, see `unread.rs`.
fn to_come(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        task::Wake,
    };

    use futures_util::FutureExt as _;

    use super::*;
    use crate::byte_budget::ByteBudget;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn whoever_asks_ahead_waits_until_something_was_sent_and_no_more_is_read_than_is_to_come() {
        let (line, reader) = (ConnectionGate::new(None), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&reader));
        let room = || line.read_budget(100, &Context::from_waker(&waker));
        assert_eq!((room(), line.is_head_too_long()), (100, false));
        assert_eq!((line.begin(30).now_or_never(), room()), (Some(()), 30), "the first one");
        line.read(20);
        assert_eq!(room(), 10);
        line.read(10);
        assert_eq!(room(), 0);
        line.respond();
        assert_eq!(room(), 0, "the response is still made");
        line.finish();
        assert_eq!((reader.0.swap(false, Ordering::Relaxed), room()), (true, 100));

        let mut next = Box::pin(line.begin(0));
        assert_eq!(((&mut next).now_or_never(), room()), (None, 0));
        line.sent();
        assert_eq!((next.now_or_never(), room()), (Some(()), 0));
        line.sent();
        line.respond();
        line.finish();
        assert_eq!(line.begin(0).now_or_never(), None, "what was sent before counts no more");
    }

    #[test]
    fn a_head_has_so_many_bytes_and_the_next_one_as_many() {
        let (line, waker) = (ConnectionGate::new(None), Waker::noop());
        for _ in 0..2 {
            line.read(MAX_HEAD_BYTES - 1);
            assert_eq!((line.read_budget(100, &Context::from_waker(waker)), line.is_head_too_long()), (1, false));
            line.read(1);
            assert!(line.is_head_too_long());
            assert_eq!(line.begin(0).now_or_never(), Some(()), "it was complete after all");
            assert!(!line.is_head_too_long());
            line.respond();
            line.sent();
            line.finish();
        }
    }

    #[test]
    fn nothing_is_read_while_a_response_is_made_as_it_goes() {
        let (line, waker) = (Rc::new(ConnectionGate::new(None)), Waker::noop());
        let room = || line.read_budget(100, &Context::from_waker(waker));
        assert_eq!(line.begin(0).now_or_never(), Some(()));
        let answer = Answer { body: BoxBody::new("so far"), open: Some(Open(Rc::clone(&line))) };
        line.respond();
        line.sent();
        assert_eq!((room(), line.is_head_too_long()), (0, false));
        drop(answer);
        assert_eq!(room(), 100);
    }

    const KIB: usize = 1024;

    /// A line whose request holds so many KiB of a budget of 100.
    fn holding(budget: &ByteBudget, last: u8, kib: usize) -> ConnectionGate {
        let line = ConnectionGate::new(Some(budget.open([192, 0, 2, last].into())));
        line.read(kib * KIB);
        line
    }

    #[test]
    fn a_complete_request_counts_until_it_has_a_response_or_is_handed_over() {
        let budget = ByteBudget::with_limit(100 * KIB);
        for free in [ConnectionGate::release, ConnectionGate::respond, ConnectionGate::finish] {
            let line = holding(&budget, 1, 80);
            line.arrived();
            assert_eq!(budget.total(), 80 * KIB);
            free(&line);
            assert_eq!(budget.total(), 0);
        }
    }

    #[test]
    fn a_complete_request_of_the_address_that_holds_most_gives_way() {
        let budget = ByteBudget::with_limit(100 * KIB);
        let (waiting, other) = (holding(&budget, 1, 60), holding(&budget, 2, 30));
        waiting.arrived();
        other.arrived();
        assert_eq!(waiting.evicted().now_or_never(), None);
        let last = holding(&budget, 2, 25);
        assert_eq!((waiting.evicted().now_or_never(), other.evicted().now_or_never()), (Some(()), None));
        assert_eq!(last.evicted().now_or_never(), None);
        waiting.respond();
        assert_eq!(waiting.evicted().now_or_never(), None, "a response is never interrupted");
    }
}
