//! How long Razorpay retries, replays and tolerates failures. The profile and the texts take the numbers from here.

use std::time::Duration;

/// Retries, signed like the first attempt, come for so many hours.
macro_rules! retry_hours {
    () => {
        24
    };
}
/// "If the webhooks continue to fail for 24 hours, the webhook is disabled" (set-up, "Deactivation"); it must be enabled
/// again manually.
macro_rules! auto_disable_hours {
    () => {
        24
    };
}
/// Support sends events of so many days again.
macro_rules! support_days {
    () => {
        15
    };
}
pub(super) use {auto_disable_hours, retry_hours, support_days};

pub(super) const RETRY_WINDOW: Duration = Duration::from_hours(retry_hours!());
pub(super) const AUTO_DISABLE_AFTER: Duration = Duration::from_hours(auto_disable_hours!());
/// The Dashboard replays events of the last seven days.
pub(super) const REPLAY_WINDOW: Duration = Duration::from_hours(7 * 24);
