//! Tests the projection by examples; `model` compares it with a reference model of a gateway, and `texts` tests the sentences
//! that pages show.

mod model;
mod texts;

use super::*;
use crate::{gateways::payment::Details, primitives::money::Money};

const AMOUNT: i64 = 100_000;

fn money(amount: i64) -> Money {
    Money::new(amount, Currency::INR)
}

fn bare(at: i64) -> PaymentObservation {
    PaymentObservation {
        payment_id: "pay_1".to_owned(),
        at: Timestamp::from_seconds(at),
        time_source: TimeSource::Envelope,
        digest: at * 7919 % 13,
        snapshot: None,
        refund: None,
        dispute: None,
        details: Details { settled: (at % 2 == 0).then(|| money(at % 5)), references: Vec::new() },
    }
}

fn shown(status: Status, refunded: Option<i64>) -> Snapshot {
    Snapshot {
        status,
        was_captured: None,
        money: money(AMOUNT),
        created_at: Timestamp::from_seconds(1),
        order_id: Some("order_1".to_owned()),
        method: Some("upi".to_owned()),
        refunded,
        failure: None,
    }
}

fn payment(status: Status, at: i64, refunded: i64) -> PaymentObservation {
    PaymentObservation { snapshot: Some(shown(status, Some(refunded))), ..bare(at) }
}

/// Returns a report of a refund created at `made_at`, with the total that its payment quotes.
fn refund(id: &str, amount: i64, status: RefundStatus, (made_at, at): (i64, i64), quoted: Option<i64>) -> PaymentObservation {
    let created_at = Some(Timestamp::from_seconds(made_at));
    let refund = Refund { id: id.to_owned(), money: money(amount), status, created_at };
    let snapshot = quoted.map(|total| shown(if total == AMOUNT { Status::Refunded } else { Status::Captured }, Some(total)));
    PaymentObservation { snapshot, refund: Some(refund), ..bare(at) }
}

fn dispute(id: &str, status: DisputeStatus, at: i64, amount: i64, deducted: Option<i64>) -> PaymentObservation {
    let respond_by = (at % 3 != 0).then(|| Timestamp::from_seconds(at * 5 % 7));
    PaymentObservation {
        dispute: Some(Dispute { id: id.to_owned(), status, money: money(amount), deducted, respond_by }),
        ..bare(at)
    }
}

fn merged(facts: &[PaymentObservation]) -> PaymentState {
    let mut state = PaymentState::default();
    for facts in facts {
        state.apply(facts);
    }
    state
}

/// Runs the check on the result of every order of the reports.
fn in_any_order(facts: &[PaymentObservation], check: impl Fn(&PaymentState)) {
    let mut orders = vec![Vec::new()];
    for fact in facts {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<PaymentObservation>| {
                (0..=order.len()).map(move |at| [&order[..at], std::slice::from_ref(fact), &order[at..]].concat())
            })
            .collect();
    }
    for order in orders {
        check(&merged(&order));
    }
}

use RefundStatus::{Failed, Pending, Processed};

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
fn a_refund_in_another_currency_is_not_added_up() {
    let mut other = refund("r1", 10_000, Processed, (3, 3), None);
    other.refund.as_mut().unwrap().money.currency = "AED".parse().unwrap();
    in_any_order(&[payment(Status::Captured, 1, 0), other], |state| assert_eq!(state.refunded(), 0));
}

#[test]
fn each_dispute_costs_what_was_deducted_for_it() {
    use DisputeStatus::{Closed, Lost, Open, UnderReview, Won};
    let reports = [
        payment(Status::Captured, 1, 0),
        dispute("d1", Open, 5, 39_000, Some(0)),
        dispute("d1", Lost, 9, 39_000, Some(20_000)),
        dispute("d2", Lost, 6, 10_000, Some(10_000)),
        dispute("d3", UnderReview, 7, 5_000, Some(5_000)),
    ];
    in_any_order(&reports, |state| {
        assert_eq!((state.lost(), state.held(), state.is_disputed(), state.is_dispute_lost()), (30_000, 5_000, true, false));
    });
    let won = [&reports[..], &[dispute("d1", Won, 10, 39_000, Some(0)), dispute("d3", Closed, 8, 5_000, Some(0))]].concat();
    assert_eq!((merged(&won).lost(), merged(&won).held(), merged(&won).is_dispute_lost()), (10_000, 0, true));
    let unsaid = [refund("r1", 80_000, Processed, (2, 2), None), dispute("d1", Lost, 9, 39_000, None)];
    let unsaid = [&[payment(Status::Captured, 1, 0)], &unsaid[..]].concat();
    in_any_order(&unsaid, |state| assert_eq!(state.lost(), 20_000, "no more than refunds left"));
}

#[test]
fn disputes_in_other_currencies_than_the_payments_are_not_added_up() {
    let foreign = |id, status, deducted| {
        let mut facts = dispute(id, status, 9, 39_000, deducted);
        facts.dispute.as_mut().unwrap().money.currency = "USD".parse().unwrap();
        facts
    };
    let disputes = [
        foreign("d1", DisputeStatus::Lost, Some(20_000)),
        foreign("d2", DisputeStatus::Open, Some(5_000)),
        dispute("d3", DisputeStatus::Lost, 9, 10_000, Some(10_000)),
    ];
    in_any_order(&disputes, |state| assert_eq!((state.lost(), state.held()), (0, 0), "the payment's currency is unknown"));
    let all = [&disputes[..], &[payment(Status::Captured, 1, 0)]].concat();
    in_any_order(&all, |state| assert_eq!((state.lost(), state.held(), state.is_disputed()), (10_000, 0, true)));
}

#[test]
fn of_two_reports_of_equal_rank_the_digest_decides() {
    let of = |digest, amount| PaymentObservation { digest, ..refund("r1", amount, Processed, (5, 5), None) };
    in_any_order(&[payment(Status::Captured, 1, 0), of(7, 10_000), of(9, 5_000)], |state| {
        assert_eq!(state.refunded(), 5_000);
    });
}
