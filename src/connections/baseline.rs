//! The traffic baseline of a connection: how often verified events arrive, and the silence threshold that follows from it.
//!
//! Invariant: silence is compared with the longest pause of the same connection, so nights, weekends and slow shops raise no
//! alarm. Without enough history no alarm is raised either: false alarms train people to ignore them.
//!
//! The data are columns of the activity, changed only by verified events. They cover two windows, the current and the previous
//! one, each of two weeks or, in a slow shop, as long as it takes to have enough active minutes.

use std::time::Duration;

use super::activity::Activity;
use crate::primitives::time::Timestamp;

/// Minimum number of minutes with traffic for a baseline. Minutes and not events, since one payment causes three events. A
/// window ends once it has this many and is as old as [`WINDOW`].
const MIN_ACTIVE_MINUTES: i64 = 10;
/// The least length of a window.
const WINDOW: Duration = Duration::from_hours(14 * 24);
/// Minimum time of observation for a baseline: it includes a night.
const MIN_OBSERVATION: Duration = Duration::from_hours(2 * 24);
/// Below this time of observation the baseline may not include a weekend.
const MIN_OBSERVATION_WITH_WEEKEND: Duration = Duration::from_hours(8 * 24);
/// The longest ordinary weekend, including the evening before and the morning after.
const MAX_WEEKEND: Duration = Duration::from_hours(3 * 24);
/// Lower bound of the silence threshold, however dense the traffic.
const MIN_SILENCE: Duration = Duration::from_hours(3);

/// The stored data of the baseline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Baseline {
    /// Start of the current window.
    pub(super) baseline_since: Option<Timestamp>,
    /// Minutes with traffic in the current window.
    pub(super) baseline_minutes: i64,
    /// The longest pause that ended in the current window, in milliseconds.
    pub(super) baseline_pause: i64,
    pub(super) previous_since: Option<Timestamp>,
    pub(super) previous_minutes: i64,
    pub(super) previous_pause: i64,
}

/// The typical traffic of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypicalTraffic {
    /// Mean interval between minutes with traffic, nights included.
    pub(crate) every: Duration,
    pub(crate) longest_pause: Duration,
    /// The time of observation.
    pub(crate) over: Duration,
}

/// A silence above the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) since: Timestamp,
    pub(crate) lasts: Duration,
    pub(crate) usual: TypicalTraffic,
}

impl Baseline {
    /// Returns the typical traffic, if there is enough history.
    fn usual(&self, last: Timestamp) -> Option<TypicalTraffic> {
        let since = self.previous_since.or(self.baseline_since)?;
        let over = last.since(since);
        let minutes = u32::try_from(self.baseline_minutes + self.previous_minutes).unwrap_or(u32::MAX);
        if i64::from(minutes) < MIN_ACTIVE_MINUTES || over < MIN_OBSERVATION {
            return None;
        }
        let longest = u64::try_from(self.baseline_pause.max(self.previous_pause)).unwrap_or_default();
        Some(TypicalTraffic { every: over / (minutes - 1), longest_pause: Duration::from_millis(longest), over })
    }

    /// Returns the baseline after further verified events, which follow one at `last`. Pauses end at the first of them, and
    /// minutes are those of the last.
    pub(super) fn after(self, last: Option<Timestamp>, first_at: Timestamp, last_at: Timestamp) -> Self {
        let minute = |at: Timestamp| at.millis() / 60_000;
        let pause = last.map_or(0, |last| (first_at.millis() - last.millis()).max(0));
        let is_new_minute = i64::from(last.is_none_or(|last| minute(last_at) > minute(last)));
        let is_over = self.baseline_since.is_some_and(|since| first_at.since(since) >= WINDOW)
            && self.baseline_minutes >= MIN_ACTIVE_MINUTES;
        if is_over {
            return Self {
                baseline_since: Some(first_at),
                baseline_minutes: is_new_minute,
                baseline_pause: pause,
                previous_since: self.baseline_since,
                previous_minutes: self.baseline_minutes,
                previous_pause: self.baseline_pause,
            };
        }
        Self {
            baseline_since: self.baseline_since.or(Some(first_at)),
            baseline_minutes: self.baseline_minutes + is_new_minute,
            baseline_pause: self.baseline_pause.max(pause),
            ..self
        }
    }

    /// Returns a baseline whose first window begins at that time.
    pub(super) fn begun(at: Timestamp) -> Self {
        Self { baseline_since: Some(at), ..Self::default() }
    }

    /// True if a window begins later than this time.
    pub(super) fn is_later_than(&self, latest: Timestamp) -> bool {
        [self.baseline_since, self.previous_since].into_iter().flatten().any(|at| at > latest)
    }
}

impl TypicalTraffic {
    /// Returns the longest silence that is still typical: well above the longest pause, since a longer one will occur some
    /// day, and further above it when traffic is sparse, where pauses vary more.
    fn silence_threshold(&self) -> Duration {
        let beyond = (self.longest_pause / 2).max(self.every * 5 / 2);
        let least =
            if self.over < MIN_OBSERVATION_WITH_WEEKEND && self.longest_pause > MIN_SILENCE { MAX_WEEKEND } else { MIN_SILENCE };
        (self.longest_pause + beyond).max(least)
    }
}

/// Returns the typical traffic of a connection, if there is enough history.
pub(crate) fn typical_traffic(activity: &Activity) -> Option<TypicalTraffic> {
    activity.habit.usual(activity.last_verified_at?)
}

/// Returns the silence of a connection, if it is above the threshold.
pub(crate) fn silence(activity: &Activity, now: Timestamp) -> Option<Silence> {
    let since = activity.last_verified_at?;
    let (usual, lasts) = (typical_traffic(activity)?, now.since(since));
    (lasts > usual.silence_threshold()).then_some(Silence { since, lasts, usual })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    /// Monday, 2 Nov 2026, midnight in India.
    const MONDAY: Timestamp = Timestamp::from_seconds(1_793_557_800);

    /// A random number generator with a fixed seed.
    struct Dice(u64);

    impl Dice {
        /// Returns a number from 0 to 1.
        #[expect(clippy::cast_precision_loss, reason = "dice need no more than 53 bits")]
        fn throw(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// Returns the wait for the next event of a Poisson process with this mean interval.
        fn wait(&mut self, every: Duration) -> Duration {
            every.mul_f64(-(1.0 - self.throw()).ln())
        }
    }

    /// A simulated shop: adds its history to the baseline event by event.
    pub(crate) struct Shop {
        pub(crate) activity: Activity,
        alarms: usize,
    }

    impl Shop {
        pub(crate) fn new() -> Self {
            Self { activity: Activity::default(), alarms: 0 }
        }

        /// Adds a payment, which is three events within two seconds, and counts an alarm if the shop was silent just before.
        pub(crate) fn pay(&mut self, at: Timestamp) {
            self.alarms += usize::from(silence(&self.activity, at).is_some());
            for after in [0, 700, 1900] {
                let at = at.plus(Duration::from_millis(after));
                self.activity.habit = self.activity.habit.after(self.activity.last_verified_at, at, at);
                self.activity.first_verified_at = self.activity.first_verified_at.or(Some(at));
                self.activity.last_verified_at = Some(at);
            }
        }

        /// Adds random payments with this mean interval, within opening hours.
        fn trade(&mut self, days: u64, every: Duration, is_open: impl Fn(u64, u64) -> bool, dice: &mut Dice) -> Timestamp {
            let end = MONDAY.plus(DAY * u32::try_from(days).unwrap());
            let mut at = MONDAY.plus(dice.wait(every));
            while at < end {
                let hours = at.since(MONDAY).as_secs() / 3600;
                if is_open(hours / 24, hours % 24) {
                    self.pay(at);
                }
                at = at.plus(dice.wait(every));
            }
            end
        }

        fn is_silent_after(&self, pause: Duration) -> bool {
            silence(&self.activity, self.activity.last_verified_at.unwrap().plus(pause)).is_some()
        }
    }

    /// Returns the number of alarms of a hundred such shops, and the last shop.
    fn hundred(days: u64, every: Duration, is_open: impl Fn(u64, u64) -> bool + Copy) -> (usize, Shop) {
        let trade = |seed| {
            let mut shop = Shop::new();
            shop.trade(days, every, is_open, &mut Dice(seed));
            shop
        };
        let mut shops: Vec<Shop> = (0..100).map(trade).collect();
        (shops.iter().map(|shop| shop.alarms).sum(), shops.pop().unwrap())
    }

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_steady_shop_is_silent_after_some_hours() {
        let (alarms, shop) = hundred(10, MINUTE * 5, |_, _| true);
        assert_eq!(alarms, 0);
        assert!(!shop.is_silent_after(HOUR) && shop.is_silent_after(HOUR * 4));
    }

    #[test]
    fn nights_are_habit() {
        let (alarms, shop) = hundred(40, MINUTE * 30, |_, hour| (9..21).contains(&hour));
        assert_eq!(alarms, 0);
        assert!(!shop.is_silent_after(HOUR * 14) && shop.is_silent_after(HOUR * 30));
    }

    #[test]
    fn weekends_are_habit_from_the_first_one_on() {
        let (alarms, shop) = hundred(40, MINUTE * 30, |day, hour| day % 7 < 5 && (9..18).contains(&hour));
        assert_eq!(alarms, 0);
        assert!(!shop.is_silent_after(HOUR * 66) && shop.is_silent_after(DAY * 5));
    }

    #[test]
    fn one_payment_a_week_is_a_habit_of_its_own() {
        let mut shop = Shop::new();
        for week in 0..20 {
            shop.pay(MONDAY.plus(DAY * 7 * week + HOUR * (week % 5)));
            assert!(!shop.is_silent_after(DAY * 10), "week {week}");
        }
        assert!(shop.alarms == 0 && shop.is_silent_after(DAY * 30));
    }

    #[test]
    fn a_payment_a_day_by_chance_is_seldom_called_silent() {
        let (alarms, shop) = hundred(180, DAY, |_, _| true);
        assert!(alarms <= 100, "{alarms} alarms in a hundred half years");
        assert!(shop.is_silent_after(DAY * 14));
    }

    #[test]
    fn a_burst_or_a_handful_is_no_habit() {
        let mut burst = Shop::new();
        for minute in 0..120 {
            burst.pay(MONDAY.plus(MINUTE * minute));
        }
        let mut handful = Shop::new();
        for day in 0..5 {
            handful.pay(MONDAY.plus(DAY * day));
        }
        for shop in [burst, handful] {
            assert_eq!(typical_traffic(&shop.activity), None);
            assert!(!shop.is_silent_after(DAY * 365));
        }
    }

    #[test]
    fn a_shop_that_grows_is_measured_by_what_it_has_become() {
        let mut shop = Shop::new();
        let (mut dice, mut at) = (Dice(7), MONDAY);
        while at < MONDAY.plus(DAY * 120) {
            shop.pay(at);
            let days = u32::try_from(at.since(MONDAY).as_secs() / 86_400).unwrap();
            at = at.plus(dice.wait(DAY * 2 / (1 + days)));
        }
        assert_eq!(shop.alarms, 0);
        assert!(!shop.is_silent_after(HOUR * 2) && shop.is_silent_after(HOUR * 12), "{:?}", typical_traffic(&shop.activity));
    }

    #[test]
    fn a_pause_of_long_ago_is_forgotten() {
        let mut shop = Shop::new();
        for (from, until) in [(0, 5), (15, 60)] {
            for hour in from * 24..until * 24 {
                shop.pay(MONDAY.plus(HOUR * hour));
            }
        }
        assert!(shop.is_silent_after(HOUR * 4), "{:?}", typical_traffic(&shop.activity));
    }
}
