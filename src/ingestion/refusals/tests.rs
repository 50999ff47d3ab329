//! What is gathered holds together, whoever takes it when.

use std::thread;

use super::*;
use crate::{
    connections::Place,
    gateways::{Gateway, Mode},
    kernel::{
        id::{AppId, CompanyId},
        time::Timestamp,
    },
    rejections::Reason,
};

fn place() -> Place {
    let at = Timestamp::from_millis(0);
    Place {
        company: CompanyId::new(at),
        app: AppId::new(at),
        connection: ConnectionId::new(at),
        gateway: Gateway::Razorpay,
        mode: Mode::Test,
    }
}

fn refused(place: Place, size: usize) -> Refused {
    let body = Some(Bytes::from(vec![b'a'; size]));
    let at = Timestamp::from_millis(0);
    Refused { place, reason: Reason::SignatureMismatch, headers: Vec::new(), body, address: [127, 0, 0, 1].into(), at }
}

fn kept(gathered: &Gathered) -> usize {
    gathered.of.values().map(|own| own.samples.len()).sum()
}

#[test]
fn nothing_is_kept_without_its_count_whoever_takes_what_is_gathered() {
    const CONNECTIONS: usize = 50;
    const EACH: usize = 150;
    let (recorder, _queue) = Recorder::new();
    let mut all = 0;
    let mut check = |taken: Gathered| {
        for own in taken.of.values() {
            let counted = own.refusals.map_or(0, |refusals| refusals.count);
            assert_eq!(usize::try_from(counted).unwrap(), own.samples.len());
            all += own.samples.len();
        }
    };
    thread::scope(|scope| {
        let gathering = scope.spawn(|| {
            for place in std::iter::repeat_with(place).take(CONNECTIONS) {
                (0..EACH).for_each(|_| recorder.gather(&refused(place, 2000)));
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
    let (recorder, mut queue) = Recorder::new();
    let place = place();
    for _ in 0..100 {
        recorder.note(refused(place, 1024 * 1024));
    }
    let mut handed = 0;
    while queue.try_recv().is_ok() {
        handed += 1;
    }
    let counted = recorder.lock().of[&place.connection].refusals.unwrap().count;
    assert_eq!((handed, counted), (15, 85), "15 of 1 MiB and 1 KiB fit in 16 MiB");
}

#[test]
fn a_unit_of_work_has_so_much_and_the_next_has_the_rest() {
    let mut gathered = Gathered::default();
    for _ in 0..8 {
        let place = place();
        for _ in 0..4 {
            let refused = refused(place, 200_000);
            gathered.count(&refused);
            gathered.keep(refused.sample());
        }
    }
    gathered.strays = 7;
    let mut units = Vec::new();
    while !gathered.is_empty() {
        let next = gathered.next();
        assert!(next.bytes <= MOST_AT_ONCE);
        units.push((next.of.len(), kept(&next), next.strays));
    }
    assert_eq!(units, [(2, 8, 7), (2, 8, 0), (2, 8, 0), (2, 8, 0)]);
    assert_eq!(gathered.bytes, 0);
}
