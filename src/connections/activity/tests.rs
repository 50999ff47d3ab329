//! Tests what verified and rejected requests change, independent of the order in which servers write them.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_343_400 + seconds)
}

fn verified(first: i64, last: i64) -> Verifications<'static> {
    Verifications { count: 1, first_at: at(first), last_at: at(last), account: None, other_account: None }
}

fn naming<'a>(account: Option<&'a str>, other_account: Option<&'a str>) -> Verifications<'a> {
    Verifications { account, other_account, ..verified(0, 0) }
}

fn rejected(first: i64, last: i64) -> RejectedRequests {
    RejectedRequests { count: 2, first_at: at(first), last_at: at(last), reason: SignatureError::SignatureMismatch }
}

fn proven(first: i64, last: i64) -> ProvenRequests {
    ProvenRequests { count: 2, first_at: at(first), last_at: at(last), rejection: RejectionId::unique() }
}

fn run(activity: &Activity) -> (Option<Timestamp>, i64) {
    (activity.rejected_since, activity.rejected_streak)
}

#[test]
fn a_verified_request_ends_the_run_of_those_rejected_before_it_and_of_no_later_ones() {
    let mut activity = Activity::default();
    activity.add_rejected(&rejected(10, 20));
    activity.add_proven(&proven(10, 20));
    activity.add_verified(&verified(19, 19));
    assert_eq!((run(&activity), activity.failing_count), ((Some(at(10)), 2), 2), "one was rejected later");
    activity.add_verified(&verified(20, 20));
    assert_eq!((run(&activity), activity.failing_since, activity.failing_count), ((None, 0), None, 0));
    assert_eq!((activity.rejected_count, activity.last_proven_at), (2, Some(at(20))), "what happened stays");
}

#[test]
fn requests_that_were_rejected_before_a_verified_one_are_counted_and_begin_no_run() {
    let mut activity = Activity::default();
    activity.add_verified(&verified(15, 15));
    activity.add_rejected(&rejected(10, 14));
    assert_eq!((run(&activity), activity.rejected_count), ((None, 0), 2));
    activity.add_rejected(&rejected(10, 20));
    assert_eq!(run(&activity), (Some(at(20)), 2), "only the last of them certainly came after it");
}

#[test]
fn of_copies_proven_later_one_counts_if_a_request_was_verified_between_them() {
    for (verified_at, wanted) in [(5, (Some(at(10)), 2)), (15, (Some(at(20)), 1)), (25, (None, 0))] {
        let mut activity = Activity::default();
        activity.add_verified(&verified(verified_at, verified_at));
        activity.add_later_proven(&proven(10, 20));
        assert_eq!((activity.failing_since, activity.failing_count), wanted, "{verified_at}");
    }
}

#[test]
fn an_account_is_unexpected_until_it_is_accepted() {
    let mut activity = Activity::default();
    activity.add_verified(&naming(None, None));
    activity.add_verified(&naming(Some("acc_1"), None));
    activity.add_verified(&naming(Some("acc_1"), None));
    assert_eq!((activity.accounts().collect::<Vec<_>>(), &activity.other_account), (vec!["acc_1"], &None));
    activity.add_verified(&naming(Some("acc_2"), Some("acc_1")));
    assert_eq!((activity.other_account.as_deref(), activity.other_account_at), (Some("acc_2"), Some(at(0))));
    assert!(activity.can_accept("acc_2") && !activity.can_accept("acc_1"));
    activity.accept("acc_2");
    activity.add_verified(&naming(Some("acc_2"), Some("acc_1")));
    assert_eq!((activity.accounts().collect::<Vec<_>>(), &activity.other_account), (vec!["acc_1", "acc_2"], &None));
}

#[test]
fn only_so_many_accounts_are_accepted() {
    let mut activity = Activity { account: Some("acc_0".to_owned()), ..Activity::default() };
    for number in 1..=MAX_ACCEPTED_ACCOUNTS {
        let account = format!("acc_{number}");
        activity.add_verified(&naming(Some(&account), None));
        assert!(activity.can_accept(&account));
        activity.accept(&account);
    }
    activity.add_verified(&naming(Some("acc_more"), None));
    assert!(!activity.can_accept("acc_more"));
}

#[test]
fn times_of_a_clock_that_was_ahead_are_set_to_now_and_the_baseline_begins_again() {
    let mut activity = Activity::default();
    activity.add_verified(&verified(0, 1000));
    activity.add_rejected(&rejected(1, 2000));
    let mut right = activity.clone();
    assert!(activity.is_later_than(at(999)) && !right.is_later_than(at(2000)));
    activity.clamp(at(500), at(400));
    assert_eq!(
        (activity.first_verified_at, activity.last_verified_at, activity.last_rejected_at, activity.rejected_since),
        (Some(at(0)), Some(at(400)), Some(at(400)), Some(at(400)))
    );
    assert_eq!(activity.habit, Baseline::begun(at(400)));
    let before = right.clone();
    right.clamp(at(2000), at(400));
    assert_eq!(right, before);
}

proptest! {
    /// What two servers write about rejections, in either order, leaves the same.
    #[test]
    fn rejections_of_two_servers_commute(verified_at in proptest::option::of(0..40_i64), spans in [(0..40_i64, 0..9_i64), (0..40_i64, 0..9_i64)]) {
        let mut start = Activity::default();
        if let Some(second) = verified_at {
            start.add_verified(&verified(second, second));
        }
        let add = |activity: &mut Activity, (first, length): (i64, i64)| {
            activity.add_rejected(&rejected(first, first + length));
            activity.add_proven(&proven(first, first + length));
        };
        let (mut one, mut other) = (start.clone(), start);
        for span in spans {
            add(&mut one, span);
        }
        for span in spans.into_iter().rev() {
            add(&mut other, span);
        }
        prop_assert_eq!(run(&one), run(&other));
        prop_assert_eq!((one.failing_since, one.failing_count), (other.failing_since, other.failing_count));
        prop_assert_eq!((one.last_rejected_at, one.last_proven_at), (other.last_rejected_at, other.last_proven_at));
    }

    /// The window of a baseline ends no earlier than after two weeks and ten minutes with events.
    #[test]
    fn a_window_of_the_baseline_ends_after_two_weeks_with_enough_minutes(hours in proptest::collection::vec(0..100_u64, 1..80)) {
        let mut activity = Activity::default();
        let mut now = at(0);
        for pause in hours {
            now = now.plus(Duration::from_hours(pause));
            let before = activity.habit;
            activity.add_verified(&Verifications { first_at: now, last_at: now, ..verified(0, 0) });
            let habit = activity.habit;
            if habit.previous_since == before.previous_since {
                prop_assert!(habit.baseline_minutes >= before.baseline_minutes && habit.baseline_pause >= before.baseline_pause);
            } else {
                prop_assert_eq!(habit.previous_since, before.baseline_since);
                prop_assert!(before.baseline_minutes >= 10);
                prop_assert!(now.since(before.baseline_since.unwrap()) >= Duration::from_hours(14 * 24));
            }
        }
    }
}
