//! When a message is attempted again.
//!
//! Invariant: pure. A server may ask for a later attempt, but for no more than [`MAX_DELAY`]; after the end of a message's time
//! nothing is sent.

use std::time::Duration;

/// The delay after each failed attempt, in minutes; then hourly. Servers that defer unknown senders accept them after 5 to 15 minutes.
const DELAYS: [u64; 4] = [1, 5, 15, 60];

/// The longest delay before an attempt.
pub(super) const MAX_DELAY: Duration = Duration::from_hours(1);

/// Returns the delay before the next attempt after `attempts` that have failed, of which `asked` is what the server wants at least.
pub(super) fn delay_after(attempts: i64, asked: Option<Duration>) -> Duration {
    let failed = usize::try_from(attempts.saturating_sub(1)).unwrap_or_default();
    let planned = DELAYS.get(failed).map_or(MAX_DELAY, |minutes| Duration::from_mins(*minutes));
    planned.max(asked.unwrap_or_default()).min(MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_one_five_and_fifteen_minutes_and_then_hours_apart() {
        let delays: Vec<u64> = (1..=6).map(|attempts| delay_after(attempts, None).as_secs() / 60).collect();
        assert_eq!(delays, [1, 5, 15, 60, 60, 60]);
        assert_eq!(delay_after(0, None), Duration::from_mins(1));
        assert_eq!(delay_after(i64::MAX, None), MAX_DELAY);
    }

    #[test]
    fn a_server_may_ask_for_up_to_an_hour() {
        let asked = |seconds| delay_after(1, Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!([asked(0), asked(59), asked(61), asked(3600), asked(u64::MAX)], [60, 60, 61, 3600, 3600]);
    }
}
