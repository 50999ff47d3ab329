//! Tests pending, failed and repeated refunds.

use super::*;

#[test]
fn a_refund_that_fails_after_a_success_takes_nothing() {
    for way in [0, 40_000] {
        let reports = [
            payment(Status::Captured, 10, 0),
            refund("r1", 40_000, Processed, (100, 100), Some(40_000)),
            refund("r1", 40_000, Failed, (100, 900), Some(way)),
        ];
        in_any_order(&reports, |state| assert_eq!((state.refunded(), state.status()), (0, Some(Status::Captured)), "{way}"));
    }
}

#[test]
fn a_refund_is_pending_until_a_report_describes_it_as_processed() {
    let reports = [payment(Status::Captured, 10, 0), refund("r1", 40_000, Pending, (100, 100), Some(40_000))];
    in_any_order(&reports, |state| assert_eq!((state.refunded(), state.refund_pending()), (40_000, 40_000)));
    let quoted = [&reports[..], &[payment(Status::Captured, 200, 40_000)]].concat();
    in_any_order(&quoted, |state| assert_eq!(state.refund_pending(), 40_000, "a total says nothing of it"));
    let processed = [&reports[..], &[refund("r1", 40_000, Processed, (100, 300), None)]].concat();
    in_any_order(&processed, |state| assert_eq!((state.refunded(), state.refund_pending()), (40_000, 0)));
}

#[test]
fn a_refund_that_failed_stays_one_until_it_is_issued_again() {
    let failed = [payment(Status::Captured, 10, 0), refund("r1", 40_000, Failed, (100, 200), Some(0))];
    in_any_order(&failed, |state| assert_eq!(state.refund_failed(), 40_000));
    let with = |later: &[PaymentObservation]| [&failed[..], later].concat();
    let other = with(&[refund("r2", 30_000, Processed, (250, 250), None)]);
    in_any_order(&other, |state| assert_eq!(state.refund_failed(), 10_000, "a part of it was refunded"));
    let parts = [refund("r2", 30_000, Processed, (250, 250), None), refund("r3", 10_000, Pending, (260, 260), None)];
    in_any_order(&with(&parts), |state| assert_eq!(state.refund_failed(), 0, "in two parts"));
    let earlier = with(&[refund("r2", 40_000, Processed, (150, 250), None)]);
    in_any_order(&earlier, |state| assert_eq!(state.refund_failed(), 40_000));
    for again in [250, 200] {
        let retried = with(&[refund("r2", 40_000, Pending, (again, again), None)]);
        in_any_order(&retried, |state| assert_eq!((state.refund_failed(), state.refund_pending()), (0, 40_000)));
    }
    let twice = with(&[refund("r2", 40_000, Failed, (250, 260), None)]);
    in_any_order(&twice, |state| assert_eq!(state.refund_failed(), 40_000, "it is one refund"));
    let both = with(&[refund("r2", 40_000, Failed, (150, 160), None)]);
    in_any_order(&both, |state| assert_eq!(state.refund_failed(), 80_000, "they are two"));
    let retry = [&both[..], &[refund("r3", 40_000, Processed, (300, 300), None)]].concat();
    in_any_order(&retry, |state| assert_eq!(state.refund_failed(), 40_000, "one retry of two"));
    let full = with(&[refund("r2", AMOUNT, Processed, (250, 250), None)]);
    in_any_order(&full, |state| assert_eq!(state.refund_failed(), 0, "nothing is left to refund"));
    let lost = with(&[dispute("d", DisputeStatus::Lost, 300, AMOUNT, Some(70_000))]);
    in_any_order(&lost, |state| assert_eq!(state.refund_failed(), 30_000, "a dispute took the rest"));
}

#[test]
fn a_refund_whose_time_is_unknown_counts_as_made_after_a_failure() {
    let failed = [payment(Status::Captured, 10, 0), refund("r1", 40_000, Failed, (100, 200), None)];
    let mut timeless = refund("r2", 40_000, Processed, (100, 100), None);
    timeless.refund.as_mut().unwrap().created_at = None;
    timeless.time_source = TimeSource::Received;
    in_any_order(&[&failed[..], &[timeless]].concat(), |state| assert_eq!(state.refund_failed(), 0));
    let mut unknown = failed.clone();
    unknown[1].time_source = TimeSource::Entity;
    in_any_order(&unknown, |state| assert_eq!(state.refund_failed(), 40_000));
    let earlier = [&unknown[..], &[refund("r2", 40_000, Processed, (50, 50), None)]].concat();
    in_any_order(&earlier, |state| assert_eq!(state.refund_failed(), 40_000, "it was made before the failed one"));
}

#[test]
fn a_failure_in_the_second_of_the_success_comes_after_it() {
    let reports = [
        refund("r1", 40_000, Processed, (100, 100), None),
        refund("r1", 40_000, Failed, (100, 100), None),
        payment(Status::Captured, 10, 0),
    ];
    in_any_order(&reports, |state| assert_eq!(state.refunded(), 0));
}

#[test]
fn refunds_of_one_second_add_up() {
    let reports = [
        payment(Status::Captured, 10, 0),
        refund("r1", 10_000, Processed, (100, 100), Some(10_000)),
        refund("r2", 20_000, Processed, (100, 100), Some(30_000)),
        refund("r3", 30_000, Processed, (100, 100), None),
    ];
    in_any_order(&reports[..3], |state| assert_eq!(state.refunded(), 30_000));
    in_any_order(&reports, |state| assert_eq!(state.refunded(), 60_000));
}

#[test]
fn a_refund_that_is_made_anew_in_the_second_of_the_failure_counts() {
    let before = [payment(Status::Captured, 10, 0), refund("r1", 40_000, Processed, (100, 100), Some(40_000))];
    for (failed, anew) in [(0, 40_000), (40_000, 80_000), (80_000, 80_000)] {
        let both =
            [refund("r1", 40_000, Failed, (100, 200), Some(failed)), refund("r2", 40_000, Processed, (200, 200), Some(anew))];
        in_any_order(&[&before[..], &both].concat(), |state| assert_eq!(state.refunded(), 40_000, "{failed} {anew}"));
    }
}

#[test]
fn a_refund_in_another_currency_is_not_added_up() {
    let mut other = refund("r1", 10_000, Processed, (3, 3), None);
    other.refund.as_mut().unwrap().money.currency = "AED".parse().unwrap();
    in_any_order(&[payment(Status::Captured, 1, 0), other], |state| assert_eq!(state.refunded(), 0));
}
