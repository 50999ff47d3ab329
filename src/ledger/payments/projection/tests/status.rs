//! Tests a payment's status, and the times that decide which report wins.

use super::*;

#[test]
fn a_failure_is_not_final_and_a_capture_is_not_undone() {
    let at = |status, at| payment(status, at, 0);
    let (failed, authorized, captured) = (at(Status::Failed, 2), at(Status::Authorized, 3), at(Status::Captured, 4));
    assert_eq!(merged(&[failed.clone(), authorized.clone(), captured.clone()]).status(), Some(Status::Captured));
    assert_eq!(merged(&[captured.clone(), at(Status::Failed, 9)]).status(), Some(Status::Captured));
    assert_eq!(merged(&[captured, authorized]).status(), Some(Status::Captured));
    assert_eq!(merged(&[failed]).status(), Some(Status::Failed));
}

#[test]
fn a_borrowed_time_ranks_below_every_time_of_the_gateways() {
    let late = payment(Status::Captured, 10, 40_000);
    let borrowed = |source| PaymentObservation { time_source: source, ..payment(Status::Captured, 900, 90_000) };
    for source in [TimeSource::Entity, TimeSource::Received] {
        in_any_order(&[late.clone(), borrowed(source)], |state| assert_eq!(state.refunded(), 40_000));
    }
    in_any_order(&[borrowed(TimeSource::Entity), borrowed(TimeSource::Received)], |state| {
        assert_eq!(state.refunded(), 90_000);
    });
}

#[test]
fn a_time_of_receipt_decides_nothing_so_that_a_duplicate_changes_nothing() {
    let received =
        |at| PaymentObservation { time_source: TimeSource::Received, ..refund("r1", 40_000, Processed, (1, at), None) };
    let first = merged(&[received(500)]);
    assert_eq!(merged(&[received(500), received(900)]), first);
    let with_time = merged(&[received(500), payment(Status::Captured, 10, 0)]);
    assert_eq!(with_time.updated_at.map(|updated| updated.at), Some(Timestamp::from_seconds(10)));
}

#[test]
fn a_payment_that_was_never_captured_and_went_back_is_refunded_but_not_received() {
    let authorized = payment(Status::Authorized, 10, 0);
    let mut returned = refund("r1", AMOUNT, Processed, (500, 500), Some(AMOUNT));
    returned.snapshot.as_mut().unwrap().was_captured = Some(false);
    in_any_order(&[authorized.clone(), returned.clone()], |state| {
        assert_eq!((state.status(), state.refunded(), state.is_captured()), (Some(Status::Refunded), AMOUNT, false));
    });
    in_any_order(&[authorized.clone(), returned, payment(Status::Captured, 20, 0)], |state| assert!(state.is_captured()));
    let mut uncaptured = refund("r1", 1, Pending, (500, 500), Some(1));
    let snapshot = uncaptured.snapshot.as_mut().unwrap();
    (snapshot.status, snapshot.was_captured) = (Status::Authorized, Some(false));
    in_any_order(&[authorized.clone(), uncaptured], |state| {
        assert_eq!((state.status(), state.is_captured()), (Some(Status::Authorized), false), "its own report says so");
    });
    let part = [authorized, refund("r1", 1, Processed, (500, 500), None)];
    in_any_order(&part, |state| assert_eq!((state.status(), state.is_captured()), (Some(Status::Captured), true)));
}

#[test]
fn a_payment_that_only_says_refunded_was_refunded_in_full() {
    let state = merged(&[PaymentObservation { snapshot: Some(shown(Status::Refunded, None)), ..bare(5) }]);
    assert_eq!((state.status(), state.refunded(), state.is_captured()), (Some(Status::Refunded), AMOUNT, true));
}

#[test]
fn with_only_a_refund_known_there_is_no_status() {
    let state = merged(&[refund("r1", 10_000, Processed, (3, 3), None)]);
    assert_eq!((state.status(), state.amount(), state.currency()), (None, None, Some(Currency::INR)));
    assert_eq!(state.refunded(), 10_000);
}

#[test]
fn of_two_reports_of_equal_rank_the_digest_decides() {
    let of = |digest, amount| PaymentObservation { digest, ..refund("r1", amount, Processed, (5, 5), None) };
    in_any_order(&[payment(Status::Captured, 1, 0), of(7, 10_000), of(9, 5_000)], |state| {
        assert_eq!(state.refunded(), 5_000);
    });
}
