//! Closes a connection whose request was answered before all of its chunked body had come.
//!
//! actix reads on, without any deadline, where a handler has dropped such a body: a sender who never ends one would keep
//! the connection for ever. While the body is held until the answer is written, it closes the connection instead.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage as _,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header,
    middleware::Next,
    web::Bytes,
};
use futures_util::{Stream, StreamExt as _, stream};

use crate::{listener::AT_ONCE, pipelining};

/// Around every route.
pub(crate) async fn close(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let line = pipelining::line(request.request());
    let held = Rc::new(RefCell::new(request.take_payload()));
    let reading = held.clone();
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(stream::poll_fn(move |cx| {
        let chunk = reading.borrow_mut().poll_next_unpin(cx);
        if chunk.is_pending() {
            line.request_chunked(AT_ONCE);
        }
        chunk
    }));
    request.set_payload(Payload::from(stream));
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| BoxBody::new(Holding { body: body.boxed(), _held: held })))
}

/// An answer that keeps the request's body until it is written.
struct Holding {
    body: BoxBody,
    _held: Rc<RefCell<Payload>>,
}

impl MessageBody for Holding {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
