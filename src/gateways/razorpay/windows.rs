//! How long Razorpay retries, replays and tolerates failures. A test compares the texts with these numbers.

use std::time::Duration;

/// Retries are signed like the first attempt.
pub(super) const RETRY_WINDOW: Duration = Duration::from_hours(24);
/// "If the webhooks continue to fail for 24 hours, the webhook is disabled" (set-up, "Deactivation"); it must be enabled
/// again manually.
pub(super) const AUTO_DISABLE_AFTER: Duration = Duration::from_hours(24);
/// The Dashboard replays events of the last seven days.
pub(super) const REPLAY_WINDOW: Duration = Duration::from_hours(7 * 24);
/// Support sends events of so many days again.
#[cfg(test)]
pub(super) const SUPPORT_DAYS: u32 = 15;
