//! The schedule of a delivery's attempts.
//!
//! Invariant: pure. A receiver may ask for a later attempt by `Retry-After`, but for no more than twice the planned delay, so that
//! it cannot postpone a delivery forever.

use std::time::Duration;

use jiff::fmt::rfc2822;

use crate::primitives::time::Timestamp;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The planned delay before each attempt, in seconds: 75.6 hours in all.
const DELAYS: [u64; 11] =
    [0, 5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// The number of attempts after which a delivery is exhausted.
pub(crate) const MAX_ATTEMPTS: i64 = 11;

/// About how many days these attempts take.
pub(crate) const PLANNED_DAYS: i64 = 3;

/// The longest delay before an attempt: twice the longest planned one.
pub(crate) const MAX_DELAY: Duration = Duration::from_hours(48);

/// The maximum deviation from the planned delay, as a fraction of it, so that attempts that failed together are not repeated
/// together.
const JITTER: f64 = 0.2;

/// Returns the delay before the next attempt, after `attempts` of them; `None` if there is none. `random` is from 0 to 1.
pub(crate) fn delay_after(attempts: i64, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
    let planned = Duration::from_secs(*DELAYS.get(usize::try_from(attempts).ok()?)?);
    let jittered = planned.mul_f64(1.0 - JITTER + 2.0 * JITTER * random.clamp(0.0, 1.0));
    Some(match retry_after {
        Some(asked) => jittered.max(asked.clamp(planned, planned * 2)),
        None => jittered,
    })
}

/// Parses a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(crate) fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(value).ok()?.timestamp();
    Some(Timestamp::from_millis(at.as_millisecond()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(784_111_777);

    fn seconds(attempts: i64, retry_after: Option<u64>, random: f64) -> Option<u64> {
        delay_after(attempts, retry_after.map(Duration::from_secs), random).map(|delay| delay.as_secs())
    }

    #[test]
    fn eleven_attempts_are_planned_within_75_hours_and_a_half_each_within_a_fifth() {
        let planned: Vec<u64> = (0..MAX_ATTEMPTS).map(|attempts| seconds(attempts, None, 0.5).unwrap()).collect();
        assert_eq!(planned, [0, 5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(planned.iter().sum::<u64>(), 272_165);
        assert_eq!(272_165 / 86_400, PLANNED_DAYS.unsigned_abs());
        assert_eq!(seconds(MAX_ATTEMPTS, None, 0.5), None);
        assert_eq!(seconds(-1, None, 0.5), None);
        assert_eq!([seconds(3, None, 0.0), seconds(3, None, 1.0)], [Some(240), Some(360)]);
    }

    #[test]
    fn a_receiver_may_ask_for_up_to_twice_the_planned_delay() {
        let asked = |retry_after| seconds(3, Some(retry_after), 0.5);
        assert_eq!(
            [asked(0), asked(300), asked(450), asked(600), asked(u64::MAX)].map(Option::unwrap),
            [300, 300, 450, 600, 600]
        );
        // Never earlier than without the header.
        assert_eq!(seconds(3, Some(0), 1.0), Some(360));
        assert_eq!(seconds(0, Some(60), 0.5), Some(0));
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let read = |value| parse_retry_after(value, NOW).map(|delay| delay.as_secs());
        assert_eq!([read("120"), read(" 0 ")], [Some(120), Some(0)]);
        assert_eq!(read("Sun, 06 Nov 1994 08:51:37 GMT"), Some(120));
        assert_eq!(read("Sun, 06 Nov 1994 08:40:37 GMT"), Some(0));
        for wrong in ["", "-1", "soon", "1e9", "Sun, 99 Nov 1994 08:51:37 GMT"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
