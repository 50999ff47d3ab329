//! Tests that the buffer is consistent and bounded under concurrent use.

use std::thread;

use super::{buffer::MAX_BATCH_BYTES, *};

fn some_scope() -> ConnectionScope {
    ConnectionScope {
        company: CompanyId::unique(),
        app: AppId::unique(),
        connection: ConnectionId::unique(),
        gateway: Gateway::RAZORPAY,
        mode: Mode::Test,
    }
}

fn unverified(size: usize) -> UnverifiedRequest {
    let body = Some(Bytes::from(vec![b'a'; size]));
    UnverifiedRequest { headers: Vec::new(), body, address: [127, 0, 0, 1].into(), at: Timestamp::from_millis(0) }
}

fn rejected(scope: ConnectionScope, size: usize) -> RejectedRequest {
    let UnverifiedRequest { headers, body, address, at } = unverified(size);
    RejectedRequest { scope, reason: Reason::SignatureMismatch, headers, body, address, at }
}

fn kept(gathered: &Buffer) -> usize {
    gathered.connections.values().map(|own| own.samples.len()).sum()
}

#[test]
fn no_sample_is_taken_from_the_buffer_without_its_count() {
    const CONNECTIONS: usize = 50;
    const EACH: usize = 150;
    let (recorder, _queue) = RejectionRecorder::new();
    let mut all = 0;
    let mut check = |taken: Buffer| {
        for own in taken.connections.values() {
            let counted = own.rejected_requests.map_or(0, |rejected_requests| rejected_requests.count);
            assert_eq!(usize::try_from(counted).unwrap(), own.samples.len());
            all += own.samples.len();
        }
    };
    thread::scope(|threads| {
        let gathering = threads.spawn(|| {
            for scope in std::iter::repeat_with(some_scope).take(CONNECTIONS) {
                (0..EACH).for_each(|_| recorder.buffer_request(&rejected(scope, 2000)));
            }
        });
        while !gathering.is_finished() {
            check(std::mem::take(&mut *recorder.lock()));
        }
    });
    check(std::mem::take(&mut *recorder.lock()));
    assert_eq!(all, CONNECTIONS * EACH);
}

#[test]
fn what_is_handed_over_is_bounded_and_the_rest_is_counted() {
    let (recorder, mut queues) = RejectionRecorder::new();
    let scope = some_scope();
    // Requests to unknown endpoints take the same path, and no capacity from the others.
    for at in [None, Some((scope, Reason::SignatureMismatch))] {
        (0..100).for_each(|_| recorder.note(at, unverified(1024 * 1024)));
    }
    let counted = recorder.lock().connections[&scope.connection].rejected_requests.unwrap().count;
    for (queue, counted) in [(&mut queues.unknown, recorder.lock().strays), (&mut queues.known, counted)] {
        let handed = std::iter::from_fn(|| queue.try_recv().ok()).count();
        assert_eq!((handed, counted), (15, 85), "15 of 1 MiB and 1 KiB fit in 16 MiB");
    }
}

#[test]
fn a_request_at_an_unknown_endpoint_is_only_counted() {
    let (recorder, mut queues) = RejectionRecorder::new();
    recorder.note(None, unverified(10));
    let (request, _room) = queues.unknown.try_recv().unwrap();
    recorder.buffer_request(&request);
    let gathered = recorder.lock();
    assert_eq!((gathered.strays, gathered.connections.len(), gathered.bytes), (1, 0, 0));
}

#[test]
fn a_unit_of_work_has_so_much_and_the_next_has_the_rest() {
    let mut gathered = Buffer::default();
    for _ in 0..8 {
        let scope = some_scope();
        for _ in 0..4 {
            let rejected = rejected(scope, 200_000);
            gathered.count(&rejected);
            gathered.keep(rejected.capture());
        }
    }
    gathered.strays = 7;
    let mut units = Vec::new();
    while !gathered.is_empty() {
        let next = gathered.take_batch();
        assert!(next.bytes <= MAX_BATCH_BYTES);
        units.push((next.connections.len(), kept(&next), next.strays));
    }
    assert_eq!(units, [(2, 8, 7), (2, 8, 0), (2, 8, 0), (2, 8, 0)]);
    assert_eq!(gathered.bytes, 0);
}
