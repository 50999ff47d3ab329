//! Tests refunded amounts against the totals that reports quote.

use super::*;

#[test]
fn a_total_that_only_a_failure_quotes_is_without_the_failed_refund() {
    let reports = [payment(Status::Captured, 10, 0), refund("r1", 50_000, Failed, (200, 300), Some(60_000))];
    in_any_order(&reports, |state| assert_eq!(state.refunded(), 60_000));
}

#[test]
fn a_quoted_total_may_decrease() {
    let reports = [
        payment(Status::Captured, 10, 0),
        refund("r1", 40_000, Processed, (100, 100), Some(40_000)),
        payment(Status::Captured, 500, 0),
    ];
    in_any_order(&reports, |state| assert_eq!(state.refunded(), 0));
    let later = [&reports[..], &[refund("r2", 30_000, Processed, (600, 600), None)]].concat();
    in_any_order(&later, |state| assert_eq!(state.refunded(), 30_000, "its failure is not reported yet"));
    let failed = [&later[..], &[refund("r1", 40_000, Failed, (100, 501), None)]].concat();
    in_any_order(&failed, |state| assert_eq!(state.refunded(), 30_000, "{state:?}"));
}

#[test]
fn a_refund_made_before_a_quote_and_reported_after_it_is_counted_once() {
    let reports = [
        payment(Status::Captured, 10, 0),
        PaymentObservation {
            snapshot: Some(shown(Status::Captured, Some(40_000))),
            ..dispute("d", DisputeStatus::Open, 200, 5, None)
        },
        refund("r1", 40_000, Processed, (100, 300), None),
    ];
    in_any_order(&reports, |state| assert_eq!(state.refunded(), 40_000));
}

#[test]
fn a_refund_whose_own_report_quotes_a_total_without_it_is_not_lost() {
    let captured = payment(Status::Captured, 10, 0);
    let pending = refund("r1", 50_000, Pending, (100, 100), Some(0));
    let alone = [captured.clone(), pending.clone()];
    in_any_order(&alone, |state| assert_eq!((state.refunded(), state.refund_pending()), (50_000, 50_000)));
    let processed = refund("r1", 50_000, Processed, (100, 300), Some(50_000));
    in_any_order(&[captured.clone(), pending.clone(), processed], |state| {
        assert_eq!((state.refunded(), state.refund_pending()), (50_000, 0));
    });
    for quoted in [0, 50_000] {
        let failed = refund("r1", 50_000, Failed, (100, 300), Some(quoted));
        in_any_order(&[captured.clone(), pending.clone(), failed], |state| assert_eq!(state.refunded(), 0, "{quoted}"));
    }
    let second = refund("r2", 60_000, Pending, (200, 200), Some(40_000));
    let first = refund("r1", 40_000, Processed, (100, 100), Some(40_000));
    in_any_order(&[captured, first, second], |state| {
        assert_eq!((state.refunded(), state.refund_pending()), (100_000, 60_000));
    });
}

#[test]
fn a_pending_refund_counts_although_quoted_totals_are_without_it() {
    let captured = payment(Status::Captured, 10, 0);
    let processed = [captured.clone(), refund("r1", 60_000, Processed, (100, 100), Some(60_000))];
    let second = refund("r2", 40_000, Pending, (200, 200), Some(60_000));
    in_any_order(&[&processed[..], &[second]].concat(), |state| {
        assert_eq!((state.refunded(), state.refund_pending()), (100_000, 40_000));
    });
    let parts =
        [refund("r2", 10_000, Pending, (200, 200), Some(60_000)), refund("r3", 20_000, Pending, (201, 201), Some(60_000))];
    in_any_order(&[&processed[..], &parts].concat(), |state| {
        assert_eq!((state.refunded(), state.refund_pending()), (90_000, 30_000));
    });
    let none = [captured, refund("r1", 40_000, Pending, (100, 100), Some(0)), refund("r2", 30_000, Pending, (200, 200), Some(0))];
    in_any_order(&none, |state| assert_eq!((state.refunded(), state.refund_pending()), (70_000, 70_000)));
    for later in [refund("r2", 30_000, Processed, (200, 300), Some(30_000)), dispute("d", DisputeStatus::Open, 300, 5, None)] {
        let later = PaymentObservation {
            snapshot: Some(shown(Status::Captured, Some(if later.refund.is_some() { 30_000 } else { 0 }))),
            ..later
        };
        in_any_order(&[&none[..], &[later]].concat(), |state| assert_eq!(state.refunded(), 70_000));
    }
}

#[test]
fn a_failure_that_is_not_reported_explains_a_total_first() {
    let retried = [
        payment(Status::Captured, 10, 0),
        refund("r1", 40_000, Processed, (100, 100), Some(40_000)),
        refund("r2", 40_000, Pending, (200, 200), Some(40_000)),
    ];
    in_any_order(&retried, |state| assert_eq!((state.refunded(), state.refund_pending()), (40_000, 40_000)));
    let failed = [&retried[..], &[refund("r1", 40_000, Failed, (100, 150), None)]].concat();
    in_any_order(&failed, |state| assert_eq!((state.refunded(), state.refund_pending()), (40_000, 40_000)));
}

#[test]
fn a_late_total_of_a_processed_refund_says_nothing_of_pending_ones() {
    let lagging = [
        payment(Status::Captured, 10, 0),
        refund("r1", 30_000, Pending, (100, 100), Some(30_000)),
        refund("r2", 60_000, Processed, (200, 200), Some(30_000)),
        // The first has failed, which was not reported.
        PaymentObservation {
            snapshot: Some(shown(Status::Captured, Some(60_000))),
            ..dispute("d", DisputeStatus::Open, 300, 5, None)
        },
    ];
    in_any_order(&lagging, |state| assert_eq!(state.refunded(), 60_000));
}
