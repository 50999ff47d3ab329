//! Jobs that run when the server starts and then at an interval.

use std::{future::ready, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{db::DbError, primitives::shutdown::Shutdown};

/// A job that runs again and again. A run that is interrupted by the shutdown must leave nothing half done: units of work are
/// rolled back.
pub(crate) trait Periodic: Send + 'static {
    /// The name of the job in the log and in leases.
    const NAME: &'static str;

    /// Returns the pause before the next run, whether or not the last one failed.
    fn interval(&self) -> Duration;

    /// Returns whether a run would do anything. A leased job takes its lease only then.
    fn has_work(&mut self) -> impl Future<Output = Result<bool, DbError>> + Send {
        ready(Ok(true))
    }

    /// Runs the job once.
    ///
    /// # Errors
    /// If it failed; it is logged.
    fn run(&mut self) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Runs once on shutdown.
    fn end(&mut self) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

/// The running periodic jobs of a server. Dropping it aborts them.
pub(crate) struct Jobs {
    shutdown: Shutdown,
    tasks: JoinSet<()>,
    is_held: watch::Sender<bool>,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Self { shutdown: Shutdown::new(), tasks: JoinSet::new(), is_held: watch::Sender::new(false) }
    }

    /// Starts a job.
    pub(crate) fn start(&mut self, job: impl Periodic) {
        self.tasks.spawn(repeat(job, self.shutdown.clone(), self.is_held.subscribe()));
    }

    /// Begins no run while this is true.
    pub(crate) fn hold(&self, is_held: bool) {
        self.is_held.send_replace(is_held);
    }

    /// Interrupts the jobs and waits until they have ended.
    pub(crate) async fn stop(mut self) {
        self.shutdown.announce();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a periodic job ended before shutdown");
            }
        }
    }
}

async fn repeat<J: Periodic>(mut job: J, shutdown: Shutdown, mut is_held: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = run_and_pause(&mut job, &mut is_held) => {}
            () = shutdown.announced() => return job.end().await,
        }
    }
}

async fn run_and_pause<J: Periodic>(job: &mut J, is_held: &mut watch::Receiver<bool>) {
    // An error is that the jobs are being aborted.
    let _ = is_held.wait_for(|is_held| !is_held).await;
    match AssertUnwindSafe(job.run()).catch_unwind().await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, again_in = ?job.interval(), "periodic job failed: {}", J::NAME),
        // The panic hook has logged the cause.
        Err(_) => tracing::error!(again_in = ?job.interval(), "periodic job panicked: {}", J::NAME),
    }
    sleep(job.interval()).await;
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    const INTERVAL: Duration = Duration::from_mins(1);

    /// Counts its runs and its end. The first run fails, the second panics, the third never ends.
    #[derive(Clone, Default)]
    struct Counting {
        runs: Arc<AtomicUsize>,
        ends: Arc<AtomicUsize>,
    }

    impl Periodic for Counting {
        const NAME: &'static str = "counting";

        fn interval(&self) -> Duration {
            INTERVAL
        }

        async fn run(&mut self) -> Result<(), DbError> {
            match self.runs.fetch_add(1, Ordering::Relaxed) {
                0 => Err(DbError::Timeout),
                1 => panic!("a run that panics"),
                _ => std::future::pending().await,
            }
        }

        async fn end(&mut self) {
            self.ends.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_runs_at_the_start_and_at_its_interval_although_it_failed_or_panicked_and_ends_while_it_runs() {
        let (mut jobs, job) = (Jobs::new(), Counting::default());
        jobs.start(job.clone());
        for runs in 1..=3 {
            sleep(Duration::from_secs(1)).await;
            assert_eq!(job.runs.load(Ordering::Relaxed), runs);
            sleep(INTERVAL).await;
        }
        jobs.stop().await;
        assert_eq!((job.runs.load(Ordering::Relaxed), job.ends.load(Ordering::Relaxed)), (3, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_is_held_begins_no_run_until_it_is_released_and_can_be_stopped() {
        let (mut jobs, job) = (Jobs::new(), Counting::default());
        jobs.hold(true);
        jobs.start(job.clone());
        sleep(INTERVAL * 5).await;
        assert_eq!(job.runs.load(Ordering::Relaxed), 0);
        jobs.hold(false);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(job.runs.load(Ordering::Relaxed), 1);
        jobs.hold(true);
        sleep(INTERVAL * 5).await;
        jobs.stop().await;
        assert_eq!((job.runs.load(Ordering::Relaxed), job.ends.load(Ordering::Relaxed)), (1, 1));
    }
}
