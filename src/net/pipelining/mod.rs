//! Serializes pipelined requests: actix gets one request of a connection at a time.
//!
//! Invariant: the memory of a connection does not grow with the number of requests sent on it. actix would parse everything
//! that was read, which takes up to a hundred times its size. Therefore the socket hands over a head up to its end
//! (`framing/mod.rs`), then no more than the body of that request, and the next head only when the response is created, or sent
//! completely if it is streamed. A response is created only after a part of the previous one was sent.

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
    http::{ConnectionType, Method, header},
    middleware::Next,
    web::{Bytes, Data},
};
use tokio::sync::Notify;

use crate::{
    net::{
        byte_budget::Holding,
        client_ip::{self, TrustedProxies},
        framing::{ChunkedEnd, HeadEnd},
    },
    primitives::network::network,
};

/// The framing of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// A fixed number of bytes.
    Length(usize),
    Chunked,
    /// actix reads the body until the end of the connection, and closes the connection after the response. No more than the
    /// announced length is handed over.
    UntilClose(usize),
}

/// The part of a request that is handed over to actix next.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Head(HeadEnd),
    /// Nothing: the head is complete, and the framing of the body is not known yet.
    Parsing,
    /// A number of bytes of a body.
    Length(usize),
    Chunked(ChunkedEnd),
    /// Nothing: the request is complete and has no response yet.
    Complete,
    /// Everything: the rest of a body and all data after it, which actix discards before it closes the connection.
    Rest,
}

/// The state of a connection. Shared by its socket and its requests, which run on one thread.
pub(crate) struct ConnectionGate {
    /// True if a response was created and nothing of it is sent yet. The next request waits for that.
    response_pending: Cell<bool>,
    sent: Notify,
    stage: Cell<Stage>,
    /// True if actix closes the connection after the response.
    closes: Cell<bool>,
    /// True if the client or the response asks to close the connection: no request follows.
    is_last: Cell<bool>,
    /// True while the rest of an unread body is handed over, which actix discards.
    is_draining: Cell<bool>,
    /// The number of bytes of a chunked body that the handler requested.
    requested: Cell<usize>,
    /// The task to wake when more bytes may be handed over.
    reader: RefCell<Option<Waker>>,
    /// True if the peer has closed the connection, or its sending side.
    has_left: Cell<bool>,
    leaving: Notify,
    /// True if the socket has rejected the request: its handler is dropped.
    is_turned_away: Cell<bool>,
    turning_away: Notify,
    /// The number of bytes read of a request that has no response yet and is not counted elsewhere.
    received: Cell<usize>,
    /// Their part of the byte budget; `None` without a connection.
    holding: RefCell<Option<Holding>>,
}

impl ConnectionGate {
    /// Returns the state of a new connection.
    pub(crate) fn new(holding: Option<Holding>) -> Self {
        Self {
            response_pending: Cell::default(),
            sent: Notify::default(),
            stage: Cell::new(Stage::Head(HeadEnd::default())),
            closes: Cell::default(),
            is_last: Cell::default(),
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

    /// Records that data was sent.
    pub(crate) fn sent(&self) {
        if self.response_pending.replace(false) {
            self.sent.notify_one();
            self.wake();
        }
    }

    /// Returns how many bytes may be handed over now, limited to `most`. If 0, the calling task is woken when that changes.
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

    /// Hands over bytes that were read, within the last [`ConnectionGate::read_budget`]. Returns their number: at least 1
    /// unless `bytes` is empty.
    pub(crate) fn take(&self, bytes: &[u8]) -> usize {
        let was_draining = self.is_draining.get();
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
                let is_accepted = is_complete && (was_draining || !end.is_too_long());
                (taken, if is_accepted { self.after_chunked() } else { Stage::Chunked(end) })
            }
            Stage::Rest => (bytes.len(), Stage::Rest),
            stage => (0, stage),
        };
        self.stage.set(next);
        if was_draining {
            return taken;
        }
        self.received.set(self.received.get() + taken);
        if let Some(holding) = self.holding.borrow_mut().as_mut() {
            holding.set(self.received.get());
        }
        taken
    }

    fn after_chunked(&self) -> Stage {
        let is_drained = self.is_draining.replace(false);
        if is_drained && !self.is_last.get() { Stage::Head(HeadEnd::default()) } else { Stage::Complete }
    }

    /// Records that the peer has closed the connection, or its sending side, or sends more than its request: it is assumed
    /// not to wait for the response.
    pub(crate) fn leave(&self) {
        self.has_left.set(true);
        self.leaving.notify_waiters();
    }

    pub(crate) fn has_left(&self) -> bool {
        self.has_left.get()
    }

    /// Resolves when the peer disconnects.
    pub(crate) async fn left(&self) {
        while !self.has_left.get() {
            self.leaving.notified().await;
        }
    }

    /// True if the maximum size of a head was reached without a complete head, or the same size by trailers and chunk
    /// extensions.
    pub(crate) const fn is_head_too_long(&self) -> bool {
        match self.stage.get() {
            Stage::Head(end) => end.remaining() == 0,
            Stage::Chunked(end) => end.is_too_long() && !self.is_draining.get(),
            _ => false,
        }
    }

    /// True if a response was created and nothing of it is sent yet.
    pub(crate) const fn is_response_pending(&self) -> bool {
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

    /// Records that the socket has rejected the request, so that its handler is dropped.
    pub(crate) fn turn_away(&self) {
        self.is_turned_away.set(true);
        self.turning_away.notify_waiters();
    }

    /// Resolves when the socket has rejected the request.
    async fn turned_away(&self) {
        while !self.is_turned_away.get() {
            self.turning_away.notified().await;
        }
    }

    /// Removes the bytes of the request from the budget: they were dropped, or handed over to a queue with its own limit.
    pub(crate) fn release(&self) {
        if self.received.replace(0) > 0
            && let Some(holding) = self.holding.borrow_mut().as_mut()
        {
            holding.release();
        }
    }

    /// Permits handing over this many bytes of a chunked body.
    pub(crate) fn request_chunked(&self, bytes: usize) {
        self.requested.set(bytes);
        self.wake();
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Starts a request after a part of the previous response was sent.
    pub(crate) async fn begin(&self, body: BodyFraming) {
        while self.response_pending.get() {
            self.sent.notified().await;
        }
        self.closes.set(matches!(body, BodyFraming::UntilClose(_)));
        self.is_last.set(false);
        self.is_draining.set(false);
        self.requested.set(0);
        self.stage.set(match body {
            BodyFraming::Length(0) | BodyFraming::UntilClose(0) => Stage::Complete,
            BodyFraming::Length(length) | BodyFraming::UntilClose(length) => Stage::Length(length),
            BodyFraming::Chunked => Stage::Chunked(ChunkedEnd::new()),
        });
        // Data that arrived during the wait may be its own body; the socket checks again.
        if self.has_left.replace(false) || !matches!(self.stage.get(), Stage::Complete) {
            self.wake();
        }
    }

    /// Records that the head of the response is created.
    fn respond(&self) {
        self.release();
        self.response_pending.set(true);
    }

    /// Records that the response is complete, and permits the next request, after the rest of a chunked body. If a part of
    /// another body was not handed over, actix closes the connection.
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

    /// Attributes the request to the client that a trusted proxy names.
    fn attribute(&self, request: &HttpRequest, body: BodyFraming) {
        if let Some(holding) = self.holding.borrow_mut().as_mut()
            && (body != BodyFraming::Length(0) || holding.is_counted())
            && let Some(trusted) = request.app_data::<Data<TrustedProxies>>()
        {
            holding.move_to(network(client_ip::address(request, trusted)));
        }
    }
}

/// Attaches the gate to the data of its connection, for the requests.
pub(crate) fn attach(line: &Rc<ConnectionGate>, data: &mut Extensions) {
    data.insert(Rc::clone(line));
}

/// Returns the gate of the request's connection; a new one if there is no connection.
pub(crate) fn gate(request: &HttpRequest) -> Rc<ConnectionGate> {
    request.conn_data::<Rc<ConnectionGate>>().cloned().unwrap_or_else(|| Rc::new(ConnectionGate::new(None)))
}

/// Middleware of all routes.
pub(crate) async fn serialize_requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<GatedBody>, Error> {
    let line = gate(request.request());
    let body = framing(request.head());
    line.attribute(request.request(), body);
    let closes = request.head().connection_type() == ConnectionType::Close;
    line.begin(body).await;
    line.is_last.set(closes);
    let open = ActiveRequest(line);
    let response = tokio::select! {
        response = next.call(request) => response,
        // The connection ends soon; until then no resources are held for it.
        () = open.0.turned_away() => pending().await,
    };
    open.0.respond();
    let response = response?;
    open.0.is_last.set(closes || response.response().head().connection_type() == ConnectionType::Close);
    // A streamed response may take long; its last part is sent before the body is dropped.
    let open = matches!(response.response().body().size(), BodySize::Stream).then_some(open);
    Ok(response.map_body(|_, body| GatedBody { body: body.boxed(), open }))
}

/// A request in progress. Dropping it permits the next one.
struct ActiveRequest(Rc<ConnectionGate>);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// The body of a response. While it is streamed, nothing is read on its connection.
pub(crate) struct GatedBody {
    body: BoxBody,
    open: Option<ActiveRequest>,
}

impl MessageBody for GatedBody {
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

/// Returns the framing that actix-http derives from the same head.
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

/// True if the request offers to switch to WebSocket: actix then ignores `Content-Length`.
pub(crate) fn is_websocket(head: &RequestHead) -> bool {
    let mut offers = head.headers().get_all(header::UPGRADE).filter_map(|offer| offer.to_str().ok());
    offers.any(|offer| offer.trim().eq_ignore_ascii_case("websocket"))
}

#[cfg(test)]
mod tests;
