//! Closes a connection whose request was answered before its chunked body was received completely.
//!
//! If a handler drops such a body, actix keeps reading it without a timeout: a sender that never ends it would keep the
//! connection open forever. If the body is held until the response is written, actix closes the connection instead.

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

use crate::net::{listener::MAX_READ_BYTES, pipelining};

/// Middleware of all routes.
pub(crate) async fn close(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let line = pipelining::gate(request.request());
    let held = Rc::new(RefCell::new(request.take_payload()));
    let reading = held.clone();
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(stream::poll_fn(move |cx| {
        let chunk = reading.borrow_mut().poll_next_unpin(cx);
        if chunk.is_pending() {
            line.request_chunked(MAX_READ_BYTES);
        }
        chunk
    }));
    request.set_payload(Payload::from(stream));
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| BoxBody::new(BodyWithPayload { body: body.boxed(), _held: held })))
}

/// A response that holds the request's body until it is written.
struct BodyWithPayload {
    body: BoxBody,
    _held: Rc<RefCell<Payload>>,
}

impl MessageBody for BodyWithPayload {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
