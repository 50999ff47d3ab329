//! What the automations of an app may refund: with whose confirmation, and how much a day.
//!
//! Invariant: by default, each refund is confirmed by a user.

use crate::primitives::money::{Currency, Money};

/// The limits of an app whose owner has set none: refunds of a day, and their total in paise.
const DEFAULT_COUNT: i64 = 20;
const DEFAULT_AMOUNT: i64 = 2_500_000;

/// The settings of an app in a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefundSettings {
    /// True if no automation refunds.
    pub(crate) is_stopped: bool,
    /// The largest amount that is refunded without a user's confirmation; `None` if each one is confirmed.
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
