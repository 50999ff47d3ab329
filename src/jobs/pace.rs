//! The interval of a job whose runs take longer the more there is: it uses a small part of the time.

use std::time::Duration;

use tokio::time::Instant;

/// A run is followed by a pause of so many times its duration.
const REST_FACTOR: u32 = 20;
/// The longest pause: a run that waited for a database that did not respond says nothing about the next one.
const MAX_INTERVAL: Duration = Duration::from_mins(5);

/// The interval of a job, at least a minimum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    min: Duration,
    interval: Duration,
}

impl Pace {
    pub(crate) const fn at_least(min: Duration) -> Self {
        Self { min, interval: min }
    }

    /// Returns the pause before the next run.
    pub(crate) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Notes that a run has ended. Not by the console's clock, which can be set.
    pub(crate) fn ran_since(&mut self, began: Instant) {
        self.interval = (began.elapsed() * REST_FACTOR).clamp(self.min, MAX_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_with_the_duration_of_a_run_up_to_a_limit() {
        let mut pace = Pace::at_least(Duration::from_secs(2));
        assert_eq!(pace.interval(), Duration::from_secs(2));
        for (took, pause) in [(0, 2), (1, 20), (14, 280), (3600, 300), (0, 2)] {
            let began = Instant::now();
            tokio::time::advance(Duration::from_secs(took)).await;
            pace.ran_since(began);
            assert_eq!(pace.interval(), Duration::from_secs(pause), "{took}");
        }
    }
}
