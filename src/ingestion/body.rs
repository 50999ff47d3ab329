//! Receives request bodies as exact bytes, with a size limit and a timeout.
//!
//! Invariant: nothing is decoded. actix's extractors would decode a `Content-Encoding`, and the signature would be verified
//! over other bytes than were sent.

use std::{future::poll_fn, net::IpAddr, pin::pin, task::Poll, time::Duration};

use actix_web::{
    HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Bytes,
};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::in_flight::InFlightBodies;
use crate::{gateways::adapter::MAX_BODY_BYTES, net::pipelining};

/// Timeout for receiving a body. Gateways wait 5 s for the complete response.
const BODY_TIMEOUT: Duration = Duration::from_secs(3);

/// The block size in bytes for bodies that arrive in several chunks: a growing buffer would take twice the memory that the
/// byte budget counts.
const BLOCK_BYTES: usize = 16 * 1024;

/// Why a body was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It has a `Content-Encoding`, so the bytes over which it is signed are not known.
    Encoded,
    TooLarge,
    TooSlow,
    /// The sender disconnected or violates HTTP.
    Broken,
    /// Too many bodies are in flight.
    TooManyInFlight,
}

/// Receives the exact bytes of the body.
///
/// # Errors
/// If the body is encoded, too large, too slow or incomplete, or too many are in flight.
pub(crate) async fn body(
    request: &HttpRequest,
    payload: Payload,
    pending: &InFlightBodies,
    address: IpAddr,
) -> Result<Bytes, BodyError> {
    if request.headers().get_all(header::CONTENT_ENCODING).any(|value| !is_identity(value.as_bytes())) {
        return Err(BodyError::Encoded);
    }
    let announced = announced(request.headers());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(BodyError::TooLarge);
    }
    // A proxy may offer WebSocket with every request. actix then provides a body that ends with the connection.
    let is_websocket = pipelining::is_websocket(request.head()) && !request.headers().contains_key(header::TRANSFER_ENCODING);
    let length = is_websocket.then(|| announced.and_then(|length| length.try_into().ok()).unwrap_or_default());
    let mut body = pin!(collect(payload, length));
    if let Poll::Ready(body) = poll_fn(|context| Poll::Ready(body.as_mut().poll(context))).await {
        return body;
    }
    let in_flight = pending.register(address);
    tokio::select! {
        body = timeout(BODY_TIMEOUT, body) => body.unwrap_or(Err(BodyError::TooSlow)),
        () = in_flight.evicted() => Err(BodyError::TooManyInFlight),
    }
}

/// The received chunks of a body.
#[derive(Default)]
struct Gathered {
    /// The first chunk, uncopied. Nearly every body has no other.
    first: Bytes,
    blocks: Vec<Vec<u8>>,
    len: usize,
}

impl Gathered {
    fn push(&mut self, piece: Bytes) {
        if self.len == 0 {
            self.first = piece;
            self.len = self.first.len();
            return;
        }
        if self.blocks.is_empty() {
            let first = std::mem::take(&mut self.first);
            self.copy(&first);
        }
        self.len += piece.len();
        self.copy(&piece);
    }

    fn copy(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut block = self.blocks.pop_if(|block| block.len() < BLOCK_BYTES);
            let block = block.get_or_insert_with(|| Vec::with_capacity(BLOCK_BYTES));
            let (part, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - block.len()));
            block.extend_from_slice(part);
            self.blocks.push(std::mem::take(block));
            bytes = rest;
        }
    }

    fn finish(self) -> Bytes {
        if self.blocks.is_empty() { self.first } else { self.blocks.concat().into() }
    }
}

/// Collects the complete body, or its first `length` bytes.
async fn collect(mut payload: Payload, length: Option<usize>) -> Result<Bytes, BodyError> {
    let mut body = Gathered::default();
    while length.is_none_or(|length| body.len < length)
        && let Some(chunk) = payload.next().await
    {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len + chunk.len() > MAX_BODY_BYTES {
            return Err(BodyError::TooLarge);
        }
        body.push(chunk);
    }
    Ok(body.finish())
}

fn is_identity(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.is_empty() || value.eq_ignore_ascii_case(b"identity")
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the headers in the form that adapters read.
pub(crate) fn headers(map: &HeaderMap) -> Vec<(&str, &[u8])> {
    map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// Returns a copy of the headers, for the recorder, which outlives the request.
pub(crate) fn owned_headers(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, stream};

    use super::*;

    fn arriving(chunks: &[Bytes]) -> Payload {
        let chunks: Vec<_> = chunks.iter().cloned().map(Ok).collect();
        Payload::Stream { payload: Box::pin(stream::iter(chunks)) }
    }

    #[test]
    fn a_body_in_one_piece_is_not_copied_and_one_in_several_is_put_together() {
        let (one, other) = (Bytes::from(b"{\"event\":".to_vec()), Bytes::from(b"\"foo.bar\"}".to_vec()));
        let collected = |chunks: &[Bytes]| collect(arriving(chunks), None).now_or_never().unwrap().unwrap();
        let whole = collected(std::slice::from_ref(&one));
        assert_eq!((whole.as_ptr(), whole.len()), (one.as_ptr(), one.len()));
        assert_eq!(collected(&[one, other]), &b"{\"event\":\"foo.bar\"}"[..]);
    }

    #[test]
    fn a_body_in_several_pieces_takes_little_more_than_its_length() {
        let mut body = Gathered::default();
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(5 * BLOCK_BYTES + 1).collect();
        for piece in bytes.chunks(4093) {
            body.push(Bytes::copy_from_slice(piece));
            let capacity: usize = body.blocks.iter().map(Vec::capacity).sum();
            assert!(capacity < body.len + BLOCK_BYTES, "{capacity} for {}", body.len);
        }
        assert_eq!(body.finish(), bytes);
    }

    #[test]
    fn a_body_that_ends_with_the_connection_is_taken_up_to_its_length() {
        let one = Bytes::from_static(b"{}");
        let pieces = || stream::iter([Ok(one.clone())]).chain(stream::pending());
        let payload = || -> Payload { Payload::Stream { payload: Box::pin(pieces()) } };
        assert_eq!(collect(payload(), None).now_or_never(), None);
        assert_eq!(collect(payload(), Some(2)).now_or_never(), Some(Ok(one.clone())));
        assert_eq!(collect(payload(), Some(0)).now_or_never(), Some(Ok(Bytes::new())));
    }

    #[test]
    fn only_identity_is_no_encoding() {
        assert!(is_identity(b"") && is_identity(b" Identity "));
        assert!(!is_identity(b"gzip") && !is_identity(b"identity, gzip"));
    }
}
