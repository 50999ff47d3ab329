//! When customers pay, and the outcomes of their payments: volume by day of the week and by hour.
//!
//! History and live traffic follow the same schedule, so that both look alike.

use jiff::{ToSpan as _, civil::Date};
use rand::{Rng, RngExt};

use crate::{gateways::samples::LifeCycle, primitives::time::Timestamp};

const HOUR: i64 = 60 * 60;

/// Traffic of a shop: payments by day of the week, Monday first, and the weight of each hour of the day.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trade {
    weekdays: [i64; 7],
    hours: [u32; 24],
}

/// Shopping hours: few payments at night, most in the evening.
const SHOP_HOURS: [u32; 24] = [2, 1, 0, 0, 0, 1, 2, 4, 6, 8, 9, 10, 9, 8, 7, 7, 8, 10, 12, 13, 12, 9, 6, 4];
/// Working hours of developers.
const OFFICE_HOURS: [u32; 24] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 6, 8, 6, 3, 6, 8, 8, 5, 2, 0, 0, 0, 0, 0];

/// A busy shop: 40 to 100 payments a day, most at the end of the week.
pub(super) const BUSY: Trade = Trade { weekdays: [52, 54, 57, 60, 70, 90, 80], hours: SHOP_HOURS };
/// A slightly smaller shop.
pub(super) const STEADY: Trade = Trade { weekdays: [46, 48, 48, 50, 58, 74, 68], hours: SHOP_HOURS };
/// A developer who tests on working days.
pub(super) const TESTS: Trade = Trade { weekdays: [5, 6, 6, 5, 4, 0, 0], hours: OFFICE_HOURS };

/// The simulated outcome of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Failed,
    Cycle(LifeCycle),
}

impl Trade {
    /// Returns the start times of a day's payments in Unix seconds, in ascending order.
    pub(super) fn starts(&self, day: Date, rng: &mut impl Rng) -> Vec<i64> {
        let usual = self.weekdays[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default()];
        let count = (usual * rng.random_range(90..=110) + 50) / 100;
        let midnight = Timestamp::start_of(day).seconds();
        let mut starts: Vec<i64> = (0..count).map(|_| midnight + self.hour(rng) * HOUR + rng.random_range(0..HOUR)).collect();
        starts.sort_unstable();
        starts
    }

    fn hour(&self, rng: &mut impl Rng) -> i64 {
        let mut left = rng.random_range(0..self.hours.iter().sum());
        let is_it = |weight: &u32| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        };
        self.hours.iter().position(is_it).and_then(|hour| i64::try_from(hour).ok()).unwrap_or_default()
    }
}

/// Draws a random outcome; most payments are captured.
pub(super) fn random_outcome(rng: &mut impl Rng) -> Outcome {
    match rng.random_range(0..1000) {
        0..50 => Outcome::Failed,
        50..120 => Outcome::Cycle(LifeCycle::FailedThenPaid),
        120..150 => Outcome::Cycle(LifeCycle::PartlyRefunded),
        150..154 => Outcome::Cycle(LifeCycle::Disputed),
        _ => Outcome::Cycle(LifeCycle::Paid),
    }
}

/// Returns the next day.
pub(super) fn next(day: Date) -> Date {
    day.saturating_add(1.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Weekday, date};

    #[test]
    fn a_shop_has_forty_to_a_hundred_payments_a_day_and_most_at_the_end_of_the_week() {
        let mut rng = rand::rng();
        for trade in [BUSY, STEADY] {
            let (mut monday, mut saturday, mut day) = (0, 0, date(2026, 11, 1));
            for _ in 0..140 {
                let starts = trade.starts(day, &mut rng);
                assert!((40..=100).contains(&starts.len()), "{day}: {}", starts.len());
                let (midnight, next_midnight) = (Timestamp::start_of(day).seconds(), Timestamp::start_of(next(day)).seconds());
                assert!(starts.iter().all(|at| (midnight..next_midnight).contains(at)) && starts.is_sorted());
                match day.weekday() {
                    Weekday::Monday => monday += starts.len(),
                    Weekday::Saturday => saturday += starts.len(),
                    _ => {}
                }
                day = next(day);
            }
            assert!(saturday * 10 > monday * 13, "{saturday} on Saturdays, {monday} on Mondays");
        }
    }

    #[test]
    fn shops_are_busy_in_the_evening_and_developers_test_by_day() {
        let mut rng = rand::rng();
        let hours = |trade: &Trade, day: Date, rng: &mut rand::rngs::ThreadRng| -> Vec<i64> {
            let midnight = Timestamp::start_of(day).seconds();
            trade.starts(day, rng).into_iter().map(|at| (at - midnight) / HOUR).collect()
        };
        let (mut night, mut evening) = (0, 0);
        for day in 1..=28 {
            let hours = hours(&BUSY, date(2026, 11, day), &mut rng);
            night += hours.iter().filter(|hour| **hour < 6).count();
            evening += hours.iter().filter(|hour| (16..22).contains(*hour)).count();
        }
        assert!(evening > 5 * night, "{evening} in the evening, {night} at night");
        assert!(hours(&TESTS, date(2026, 11, 23), &mut rng).iter().all(|hour| (9..19).contains(hour)));
        assert!(TESTS.starts(date(2026, 11, 22), &mut rng).is_empty(), "a Sunday");
    }

    #[test]
    fn most_payments_are_simply_paid() {
        let mut rng = rand::rng();
        let stories: Vec<Outcome> = (0..2000).map(|_| random_outcome(&mut rng)).collect();
        let paid = stories.iter().filter(|story| **story == Outcome::Cycle(LifeCycle::Paid)).count();
        assert!((1500..1900).contains(&paid), "{paid}");
    }
}
