//! Tests of the memory that a request with several events takes in the queue.

use std::mem::size_of;

use bytes::Bytes;

use super::*;
use crate::{
    gateways::{
        Mode,
        adapter::{EventContent, ValidSecret, verify},
        fictitious::GATEWAY,
        parts::MAX_EVENTS_PER_REQUEST,
        payment::PaymentObservation,
    },
    primitives::{
        id::{AppId, CompanyId},
        secret::Secret,
        zone::Zone,
    },
};

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
/// As long as headers become when each of their bytes is replaced.
const HEADERS: usize = 72 * 1024;

fn request(events: usize) -> VerifiedRequest {
    let gateway = GATEWAY;
    let secret = Secret::parse("q1Xv0rT8mK2b9ZcLw7YpN4sEuJ6aHgDfR3iVoQxW5tM=").unwrap();
    let place = ConnectionScope {
        company: CompanyId::unique(),
        app: AppId::unique(),
        connection: ConnectionId::unique(),
        gateway,
        mode: Mode::Test,
    };
    let id = "x".repeat(100);
    let event = |number| format!("notice=kn_{number}{id}&about={id}&payment=kp_{id}&amount=1&state=paid&at=1795000000");
    let form = format!("currency=INR&{}", (0..events).map(event).collect::<Vec<_>>().join("&"));
    let body = Bytes::from(gateway.adapter().signed_body(&secret, form.as_bytes(), NOW).unwrap());
    let incoming = Incoming { headers: &[], body: &body };
    let valid = [ValidSecret { id: SecretId::unique(), secret, until: None }];
    let verified = verify(gateway, &incoming, &valid, NOW).ok().unwrap();
    VerifiedRequest::new((place, Zone::default().into()), &incoming, verified, &"h".repeat(HEADERS), NOW)
}

/// The memory of an event alone, in bytes.
fn size(event: &ReadEvent) -> usize {
    let texts = [Some(&event.dedupe_prefix), event.gateway_event_id.as_ref(), event.reading.event_type.as_ref()];
    let texts: usize = texts.into_iter().flatten().map(String::capacity).sum();
    let content = match &event.reading.content {
        EventContent::Observation(facts) => size_of::<PaymentObservation>() + facts.payment_id.capacity(),
        EventContent::Unhandled | EventContent::Quarantined(_) => 0,
    };
    size_of::<ReadEvent>() + texts + content
}

#[test]
fn the_queue_counts_at_least_the_memory_of_a_request() {
    for events in [2, 16, MAX_EVENTS_PER_REQUEST] {
        let request = request(events);
        assert_eq!(request.count(), events);
        let further: usize = request.others.iter().map(size).sum();
        let (frame, body) = (request.frame.capacity(), request.body.bytes().len());
        assert!(frame < HEADERS / 2, "its buffer has no room for what was saved");
        assert!(frame + body + further <= request.queue_bytes(), "{events}: {further}");
        assert!(request.queue_bytes() < HEADERS + body + events * FURTHER_EVENT_BYTES, "what they share counts once");
        assert!(request.events().count() == events, "and is held once");
    }
}

#[test]
fn a_faulty_request_is_one_event_that_takes_no_identity_of_its_parts() {
    let request = request(MAX_EVENTS_PER_REQUEST + 1);
    assert_eq!((request.count(), request.first.dedupe_key), (1, request.sha256));
    assert_eq!((&*request.first.dedupe_prefix, &request.first.gateway_event_id), ("", &None));
    assert_eq!(request.response_body().unwrap().text, "accepted=");
}
