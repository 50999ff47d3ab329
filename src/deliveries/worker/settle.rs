//! How an attempt changes its delivery and destination.
//!
//! Invariant: pure. Only 2xx is a success; every other result is retried as planned.

use crate::{
    deliveries::{
        AttemptFailure, DeliveryState,
        destination::PauseReason,
        health::Verdict,
        schedule::{self, MAX_ATTEMPTS},
        store::claims::Settlement,
    },
    primitives::time::Timestamp,
};

/// The parts of an attempt's response that decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Responded {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
}

/// The response to an attempt, or why there was none.
pub(super) type Attempted = Result<Responded, AttemptFailure>;

/// Returns what an attempt shows about the destination.
pub(super) fn verdict(attempted: &Attempted) -> Verdict {
    match attempted {
        Ok(Responded { status: 200..=299, .. }) => Verdict::Delivered,
        Ok(Responded { status: 408 | 425 | 429 | 500.., .. }) => Verdict::Unavailable,
        // If KS Pay cannot read the delivery, the destination is not at fault.
        Ok(_) | Err(AttemptFailure::Unreadable) => Verdict::Declined,
        Err(_) => Verdict::Unavailable,
    }
}

/// Returns the reason to pause the destination, if this attempt alone is one.
pub(super) fn pause_reason(attempted: &Attempted) -> Option<PauseReason> {
    matches!(attempted, Ok(Responded { status: 410, .. })).then_some(PauseReason::Gone)
}

/// Returns the state of a delivery after an attempt; `attempts` is the number before it. `random` is from 0 to 1.
pub(super) fn settlement(attempted: &Attempted, attempts: i64, random: f64, now: Timestamp) -> Settlement {
    let (status, failure) = match attempted {
        Ok(Responded { status, .. }) => (Some(i64::from(*status)), None),
        Err(failure) => (None, Some(*failure)),
    };
    if verdict(attempted) == Verdict::Delivered {
        return Settlement { state: DeliveryState::Delivered, due_at: None, status, failure, now };
    }
    let retry_after = attempted.as_ref().ok().and_then(|responded| responded.retry_after.as_deref());
    let asked = retry_after.and_then(|value| schedule::parse_retry_after(value, now));
    let due_at = (attempts + 1 < MAX_ATTEMPTS).then(|| schedule::delay_after(attempts + 1, asked, random)).flatten();
    let state = if due_at.is_some() { DeliveryState::Waiting } else { DeliveryState::Exhausted };
    Settlement { state, due_at: due_at.map(|delay| now.plus(delay)), status, failure, now }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);

    /// What comes of a response with that status.
    fn after(status: u16, attempts: i64) -> Settlement {
        settlement(&Ok(responded(status)), attempts, 0.5, NOW)
    }

    const fn responded(status: u16) -> Responded {
        Responded { status, retry_after: None }
    }

    #[test]
    fn only_2xx_is_a_success_and_only_overload_and_silence_count_against_the_destination() {
        for status in 100..=599 {
            let wanted = match status {
                200..=299 => Verdict::Delivered,
                408 | 425 | 429 | 500..=599 => Verdict::Unavailable,
                _ => Verdict::Declined,
            };
            assert_eq!(verdict(&Ok(responded(status))), wanted, "{status}");
            assert_eq!(pause_reason(&Ok(responded(status))).is_some(), status == 410, "{status}");
        }
        for failure in AttemptFailure::ALL {
            let wanted = if *failure == AttemptFailure::Unreadable { Verdict::Declined } else { Verdict::Unavailable };
            assert_eq!((verdict(&Err(*failure)), pause_reason(&Err(*failure))), (wanted, None), "{failure}");
        }
    }

    #[test]
    fn a_failed_delivery_waits_until_it_is_exhausted() {
        let after_500 = |attempts| after(500, attempts);
        assert_eq!((after_500(0).state, after_500(0).due_at), (DeliveryState::Waiting, Some(NOW.plus(Duration::from_secs(5)))));
        assert_eq!(after_500(9).due_at, Some(NOW.plus(Duration::from_hours(24))));
        assert_eq!((after_500(10).state, after_500(10).due_at), (DeliveryState::Exhausted, None));
        assert_eq!(after(204, 10).state, DeliveryState::Delivered);
    }

    #[test]
    fn a_redirect_is_a_failed_attempt_and_retry_after_delays_the_next() {
        assert_eq!(after(302, 0).state, DeliveryState::Waiting);
        let asked = Ok(Responded { status: 429, retry_after: Some("450".to_owned()) });
        assert_eq!(settlement(&asked, 2, 0.5, NOW).due_at, Some(NOW.plus(Duration::from_secs(450))));
    }
}
