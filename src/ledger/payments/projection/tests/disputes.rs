//! Tests what disputes cost.

use super::*;

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
