//! Answers the requests of a connection one after the other, and gives actix one of them at a time.
//!
//! Invariant: what a connection holds in memory does not grow with how much is requested on it. actix would parse everything
//! that was read, which takes up to a hundred times its size. So the socket hands over a head up to its end (`framing.rs`),
//! then no more than the body of that request, and the next head only when the response is made, or complete if it is
//! streamed. A response is made only after a part of the one before was sent.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    Error, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, RequestHead, ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web::{Bytes, Data},
};
use tokio::sync::Notify;

use crate::{
    byte_budget::Holding,
    framing::{ChunkedEnd, HeadEnd},
    primitives::network::network,
    state::State,
    web::client_ip,
};

/// How the body of a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// So many bytes.
    Length(usize),
    Chunked,
    /// actix reads a body until the connection ends, and closes it after the response. No more than the announced length is
    /// handed over.
    UntilClose(usize),
}

/// What is handed over to actix next.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Head(HeadEnd),
    /// Nothing: a head is complete, and the framing of its body not known yet.
    Parsing,
    /// So many bytes of a body.
    Length(usize),
    Chunked(ChunkedEnd),
    /// Nothing: the request is complete and has no response yet.
    Complete,
    /// Everything: the rest of a body, and what follows it, which actix discards before it closes the connection.
    Rest,
}

/// The state of a connection. Shared by its socket and its requests, which are on one thread.
pub(crate) struct ConnectionGate {
    /// A response was made of which nothing was sent yet; the next request waits for that.
    response_pending: Cell<bool>,
    sent: Notify,
    stage: Cell<Stage>,
    /// Whether actix closes the connection after the response.
    closes: Cell<bool>,
    /// Whether what is handed over is the rest of a body that was not read, which actix discards.
    is_draining: Cell<bool>,
    /// How many bytes of a chunked body the handler asked for.
    requested: Cell<usize>,
    /// The task to wake when more may be handed over.
    reader: RefCell<Option<Waker>>,
    /// The peer has closed the connection, or its side of it.
    has_left: Cell<bool>,
    leaving: Notify,
    /// The socket has answered the request itself: its handler is dropped.
    is_turned_away: Cell<bool>,
    turning_away: Notify,
    /// Bytes that were read of a request that has no response yet and is not counted elsewhere.
    received: Cell<usize>,
    /// Their part of the budget; none where there is no connection.
    holding: RefCell<Option<Holding>>,
}

impl ConnectionGate {
    /// The state of a new connection.
    pub(crate) fn new(holding: Option<Holding>) -> Self {
        Self {
            response_pending: Cell::default(),
            sent: Notify::default(),
            stage: Cell::new(Stage::Head(HeadEnd::default())),
            closes: Cell::default(),
            is_draining: Cell::default(),
            requested: Cell::default(),
            reader: RefCell::default(),
            has_left: Cell::default(),
            leaving: Notify::default(),
            is_turned_away: Cell::default(),
            turning_away: Notify::default(),
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

    /// How many bytes may be handed over now, `most` at most; if none, the calling task is woken when some may be.
    pub(crate) fn read_budget(&self, most: usize, context: &Context<'_>) -> usize {
        let budget = match self.stage.get() {
            Stage::Head(end) => end.remaining(),
            Stage::Length(length) => length,
            Stage::Chunked(_) => self.requested.get(),
            Stage::Parsing | Stage::Complete => 0,
            Stage::Rest => most,
        };
        if budget == 0 {
            self.reader.replace(Some(context.waker().clone()));
        }
        budget.min(most)
    }

    /// Hands over bytes that were read, within the last [`ConnectionGate::read_budget`]: how many of them. At least one, unless
    /// there are none.
    pub(crate) fn take(&self, bytes: &[u8]) -> usize {
        let (taken, next) = match self.stage.get() {
            Stage::Head(mut end) => match end.take(bytes) {
                (taken, true) => (taken, Stage::Parsing),
                (taken, false) => (taken, Stage::Head(end)),
            },
            Stage::Length(length) => {
                let taken = length.min(bytes.len());
                (taken, if taken == length { Stage::Complete } else { Stage::Length(length - taken) })
            }
            Stage::Chunked(mut end) => {
                let (taken, is_complete) = end.take(bytes);
                self.requested.set(self.requested.get().saturating_sub(taken));
                (taken, if is_complete { self.after_chunked() } else { Stage::Chunked(end) })
            }
            Stage::Rest => (bytes.len(), Stage::Rest),
            stage => (0, stage),
        };
        self.stage.set(next);
        if self.is_draining.get() {
            return taken;
        }
        self.received.set(self.received.get() + taken);
        if let Some(holding) = self.holding.borrow_mut().as_mut() {
            holding.set(self.received.get());
        }
        taken
    }

    fn after_chunked(&self) -> Stage {
        if self.is_draining.replace(false) { Stage::Head(HeadEnd::default()) } else { Stage::Complete }
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

    /// Whether as much was read as a head may have, and none was complete, or as much of trailers and chunk extensions.
    pub(crate) const fn is_head_too_long(&self) -> bool {
        match self.stage.get() {
            Stage::Head(end) => end.remaining() == 0,
            Stage::Chunked(end) => end.is_too_long() && !self.is_draining.get(),
            _ => false,
        }
    }

    /// Whether a response was made of which nothing was sent yet.
    pub(crate) const fn is_owed(&self) -> bool {
        self.response_pending.get()
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

    /// The socket has answered the request itself: what its handler holds is dropped.
    pub(crate) fn turn_away(&self) {
        self.is_turned_away.set(true);
        self.turning_away.notify_waiters();
    }

    /// Resolves when the socket has answered the request itself.
    async fn turned_away(&self) {
        while !self.is_turned_away.get() {
            self.turning_away.notified().await;
        }
    }

    /// The bytes of the request count no longer: they were dropped, or handed over to a queue with a limit of its own.
    pub(crate) fn release(&self) {
        if self.received.replace(0) > 0
            && let Some(holding) = self.holding.borrow_mut().as_mut()
        {
            holding.release();
        }
    }

    /// Lets so many bytes of a chunked body be handed over.
    pub(crate) fn request_chunked(&self, bytes: usize) {
        self.requested.set(bytes);
        self.wake();
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// A request's turn, once a part of the response before it was sent.
    pub(crate) async fn begin(&self, body: BodyFraming) {
        while self.response_pending.get() {
            self.sent.notified().await;
        }
        self.closes.set(matches!(body, BodyFraming::UntilClose(_)));
        self.is_draining.set(false);
        self.requested.set(0);
        self.stage.set(match body {
            BodyFraming::Length(0) | BodyFraming::UntilClose(0) => Stage::Complete,
            BodyFraming::Length(length) | BodyFraming::UntilClose(length) => Stage::Length(length),
            BodyFraming::Chunked => Stage::Chunked(ChunkedEnd::new()),
        });
        // What was seen while it waited may have been its own body; the socket looks again.
        if self.has_left.replace(false) || !matches!(self.stage.get(), Stage::Complete) {
            self.wake();
        }
    }

    /// The head of the response is made.
    fn respond(&self) {
        self.release();
        self.response_pending.set(true);
    }

    /// The response is complete: the next request may come, after the rest of a chunked body. Where a part of another body was
    /// not handed over, actix closes the connection.
    pub(crate) fn finish(&self) {
        self.release();
        let stage = self.stage.get();
        let is_complete = !self.closes.get() && matches!(stage, Stage::Complete);
        self.is_draining.set(!is_complete);
        self.requested.set(usize::MAX);
        self.stage.set(match stage {
            _ if is_complete => Stage::Head(HeadEnd::default()),
            Stage::Chunked(_) => stage,
            _ => Stage::Rest,
        });
        self.wake();
    }

    /// Counts the request for the client that a trusted proxy names.
    fn attribute(&self, request: &HttpRequest, body: BodyFraming) {
        if let Some(holding) = self.holding.borrow_mut().as_mut()
            && (body != BodyFraming::Length(0) || holding.is_counted())
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
    let body = framing(request.head());
    line.attribute(request.request(), body);
    line.begin(body).await;
    let open = Open(line);
    let response = tokio::select! {
        response = next.call(request) => response,
        // The connection ends soon; until then nothing is held for it.
        () = open.0.turned_away() => pending().await,
    };
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

/// The framing that actix-http derives from the same head.
fn framing(head: &RequestHead) -> BodyFraming {
    let headers = head.headers();
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return BodyFraming::Chunked;
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or_default();
    if is_websocket(head) || (length == 0 && head.method == Method::CONNECT) {
        return BodyFraming::UntilClose(length);
    }
    BodyFraming::Length(length)
}

/// Whether the request offers to switch to WebSocket: actix then ignores `Content-Length`.
pub(crate) fn is_websocket(head: &RequestHead) -> bool {
    let mut offers = head.headers().get_all(header::UPGRADE).filter_map(|offer| offer.to_str().ok());
    offers.any(|offer| offer.trim().eq_ignore_ascii_case("websocket"))
}

#[cfg(test)]
mod tests;
