//! What the automations of an app may refund: with whose confirmation, and how much a day.
//!
//! Invariant: by default, each refund is confirmed by a user.

use std::fmt;

use crate::primitives::money::{Currency, Money};

/// The limits of an app whose owner has set none: refunds of a day, and their total in paise.
const DEFAULT_COUNT: i64 = 20;
const DEFAULT_AMOUNT: i64 = 2_500_000;

/// The settings of an app in a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefundSettings {
    /// True if no automation refunds.
    pub(crate) is_stopped: bool,
    /// The largest amount that is refunded without a user's confirmation; `None` if each one is confirmed. It has the currency of
    /// `daily_amount`.
    pub(crate) max_unconfirmed: Option<Money>,
    /// The most refunds of a day in the app's time zone.
    pub(crate) daily_count: i64,
    /// The largest total of a day. A refund in another currency is confirmed by a user, and only counts as one.
    pub(crate) daily_amount: Money,
}

impl Default for RefundSettings {
    fn default() -> Self {
        Self {
            is_stopped: false,
            max_unconfirmed: None,
            daily_count: DEFAULT_COUNT,
            daily_amount: Money::new(DEFAULT_AMOUNT, Currency::INR),
        }
    }
}

/// The automatic refunds of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayTotal {
    pub(super) count: i64,
    /// The total of those in the currency of the limit.
    pub(super) subunits: i64,
}

impl RefundSettings {
    /// The currency of the limits.
    pub(crate) const fn currency(&self) -> Currency {
        self.daily_amount.currency
    }

    /// True if these limits allow a refund that those of `other` do not.
    pub(crate) fn is_looser_than(&self, other: &Self) -> bool {
        let subunits = |max: Option<Money>| max.map_or(0, |max| max.subunits);
        self.currency() != other.currency()
            || subunits(self.max_unconfirmed) > subunits(other.max_unconfirmed)
            || self.daily_count > other.daily_count
            || self.daily_amount.subunits > other.daily_amount.subunits
    }

    /// True if the amount is refunded without a user's confirmation.
    pub(super) fn allows_unconfirmed(&self, amount: Money) -> bool {
        self.max_unconfirmed.is_some_and(|max| amount.currency == max.currency && amount.subunits <= max.subunits)
    }

    /// True if the limit of the day allows one more refund, of this amount.
    pub(super) fn has_room(&self, today: DayTotal, amount: Money) -> bool {
        let total = today.subunits.saturating_add(amount.subunits);
        today.count < self.daily_count && (amount.currency != self.daily_amount.currency || total <= self.daily_amount.subunits)
    }
}

/// Returns the values as the security log has them.
impl fmt::Display for RefundSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unconfirmed = self.max_unconfirmed.map_or_else(|| "none".to_owned(), Money::plain);
        write!(
            f,
            "{}, without confirmation up to {unconfirmed}, a day {} and {} {}",
            if self.is_stopped { "stopped" } else { "active" },
            self.daily_count,
            self.daily_amount.plain(),
            self.currency()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rupees(subunits: i64) -> Money {
        Money::new(subunits, Currency::INR)
    }

    fn dollars(subunits: i64) -> Money {
        Money::new(subunits, "USD".parse().unwrap())
    }

    #[test]
    fn nothing_is_refunded_without_confirmation_unless_it_was_allowed_in_that_currency() {
        let settings = RefundSettings::default();
        assert!(!settings.allows_unconfirmed(rupees(1)) && !settings.is_stopped);
        let settings = RefundSettings { max_unconfirmed: Some(rupees(50_000)), ..settings };
        assert!(settings.allows_unconfirmed(rupees(50_000)));
        assert!(!settings.allows_unconfirmed(rupees(50_001)) && !settings.allows_unconfirmed(dollars(1)));
    }

    #[test]
    fn the_limit_of_a_day_holds_for_the_number_and_for_the_total() {
        let settings = RefundSettings { daily_count: 3, daily_amount: rupees(10_000), ..RefundSettings::default() };
        let room = |count, subunits, amount| settings.has_room(DayTotal { count, subunits }, amount);
        assert!(room(0, 0, rupees(10_000)) && room(2, 9_000, rupees(1_000)));
        assert!(!room(0, 0, rupees(10_001)) && !room(1, 9_001, rupees(1_000)) && !room(3, 0, rupees(1)));
        assert!(!room(0, i64::MAX, rupees(1)));
        assert!(room(2, 10_000, dollars(1_000_000)) && !room(3, 0, dollars(1)), "another currency is one more refund");
        let none = RefundSettings { daily_count: 0, ..settings };
        assert!(!none.has_room(DayTotal { count: 0, subunits: 0 }, rupees(1)));
    }

    #[test]
    fn only_limits_that_allow_more_are_looser() {
        let rupees = |rupees: i64| Money::new(rupees * 100, Currency::INR);
        let limits = |unconfirmed: Option<i64>, count, amount| RefundSettings {
            is_stopped: false,
            max_unconfirmed: unconfirmed.map(rupees),
            daily_count: count,
            daily_amount: rupees(amount),
        };
        let now = limits(Some(500), 20, 10_000);
        for other in [limits(Some(501), 20, 10_000), limits(Some(500), 21, 10_000), limits(Some(500), 20, 10_001)] {
            assert!(other.is_looser_than(&now) && !now.is_looser_than(&other), "{other}");
        }
        assert!(!now.is_looser_than(&now) && now.is_looser_than(&limits(None, 20, 10_000)));
        assert!(!limits(None, 20, 10_000).is_looser_than(&now));
        let yen = RefundSettings { daily_amount: Money::new(1, "JPY".parse().unwrap()), ..now };
        assert!(yen.is_looser_than(&now), "amounts of two currencies cannot be compared");
        let stopped = RefundSettings { is_stopped: true, ..limits(None, 1, 5) };
        assert_eq!(stopped.to_string(), "stopped, without confirmation up to none, a day 1 and 5.00 INR");
        assert_eq!(now.to_string(), "active, without confirmation up to 500.00, a day 20 and 10000.00 INR");
    }
}
