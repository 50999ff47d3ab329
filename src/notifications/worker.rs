//! The worker of a server: claims due messages, sends them, and settles the outcome. Each kind of channel has a loop of its own, so
//! that a service which does not answer delays no other, and the channels of a service take turns (`turns.rs`).
//!
//! Invariant: no unit of work is held while a message is sent. A message that a killed server was sending is sent again, under
//! the same id, so that a mail server or a reader can recognise it.

use std::{
    collections::{BTreeSet, hash_map::Entry},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use rand::RngExt as _;
use tokio::{
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use super::{
    Content, Failure, Kind, Outcome,
    attempt::{Attempts, Ended},
    clean_answer, schedule,
    store::{self, Claim},
    turns::{Busy, Taken, Turns},
};
use crate::{
    db::{Db, DbError, Tx, with_timeout},
    primitives::{
        id::{ChannelId, NotificationId},
        shutdown::Shutdown,
        time::{CLOCK_TOLERANCE, Clock, Timestamp},
        vault::Vault,
    },
    telemetry,
};

/// How often the database is searched for due messages.
const TICK: Duration = Duration::from_secs(1);
/// The longest time that sending a message takes.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_mins(1);
/// The time that a claim lasts: as long as an attempt, and as much longer as the clocks of two servers may differ, and a little.
pub(super) const MAX_CLAIM: Duration = CLOCK_TOLERANCE.saturating_add(Duration::from_secs(90));
/// The number of messages of a kind that a server sends at the same time.
const MAX_SENDING: usize = 8;
/// The pause before further channels are looked at, if nothing that can be sent was found among many.
const PAUSE_BETWEEN_VISITS: Duration = Duration::from_millis(100);
/// The pause of a kind after the server has refused the installation: each message would fail in the same way.
const PAUSE_AFTER_SETTINGS: Duration = Duration::from_mins(1);
/// How long running attempts are waited for on shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// Where a message is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Email(String),
    Channel(ChannelId),
}

/// A message that is being sent.
pub(crate) struct Outgoing {
    pub(crate) id: NotificationId,
    pub(crate) address: Address,
    pub(crate) content: Content,
}

/// Sends the messages of one kind. A kind that has no transport leaves its messages waiting until they expire.
pub(crate) trait Transport: Send + Sync + 'static {
    /// Returns the kind that it sends.
    fn kind(&self) -> Kind;

    /// Attempts to send a message. Dropped after [`SEND_TIMEOUT`].
    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome>;
}

/// What a worker works with.
pub(crate) struct WorkerContext {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) transports: Vec<Arc<dyn Transport>>,
    pub(crate) health: Health,
}

/// Since when email has been failing, and why; of this server. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Option<Trouble>>>);

/// Why email fails: not for one message, but for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) since: Timestamp,
    pub(crate) failure: Failure,
    pub(crate) answer: String,
}

impl Health {
    /// Returns why email fails, if it does.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how a message ended; returns true if email fails from now on, or for another reason.
    fn note(&self, outcome: &Outcome, now: Timestamp) -> bool {
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = trouble.as_ref().map(|own| (own.failure, own.answer.clone()));
        *trouble = match outcome {
            Outcome::Retry {
                failure: failure @ (Failure::Settings | Failure::Unreachable | Failure::TimedOut), answer, ..
            } => {
                let since = trouble.as_ref().map_or(now, |earlier| earlier.since);
                Some(Trouble { since, failure: *failure, answer: clean_answer(answer) })
            }
            Outcome::Sent | Outcome::Retry { .. } | Outcome::Paused { .. } => None,
            // It may refuse this message only, or each message of the sender.
            Outcome::Failed { .. } => return false,
        };
        trouble.as_ref().is_some_and(|own| Some((own.failure, own.answer.clone())) != before)
    }
}

/// A running worker.
pub(crate) struct Worker {
    shutdown: Shutdown,
    tasks: JoinSet<()>,
}

impl Worker {
    /// Starts the worker.
    pub(crate) fn start(context: WorkerContext) -> Self {
        let (shutdown, mut tasks) = (Shutdown::new(), JoinSet::new());
        tasks.spawn(run(context, shutdown.clone()));
        Self { shutdown, tasks }
    }

    /// Stops claiming, waits briefly for running attempts, and ends.
    pub(crate) async fn stop(mut self) {
        self.shutdown.announce();
        let _ = timeout(GRACE, async { while self.tasks.join_next().await.is_some() {} }).await;
    }
}

/// Releases the claims of an earlier process before anything is claimed, and runs the loops.
async fn run(context: WorkerContext, shutdown: Shutdown) {
    let WorkerContext { db, vault, clock, transports, health } = context;
    release_claims(&db, &clock).await;
    let running = |transport| Running {
        db: db.clone(),
        attempts: Attempts { vault: vault.clone(), clock: clock.clone(), transport },
        clock: clock.clone(),
        health: health.clone(),
        turns: Turns::new(),
        sending: JoinSet::new(),
        busy: Busy::new(),
        resumes_at: None,
    };
    join_all(transports.into_iter().map(|transport| running(transport).run(shutdown.clone()))).await;
}

/// Only one server uses SQLite's files, so what is claimed there was claimed by a process that has ended.
async fn release_claims(db: &Db, clock: &Clock) {
    if db.is_shared() {
        return;
    }
    let now = clock.now();
    if let Err(error) = db.write_with_timeout(async |tx| store::release_all(tx, now).await).await {
        tracing::warn!(%error, "claims on messages could not be released and will expire");
    }
}

/// The loop of one kind.
struct Running {
    db: Db,
    attempts: Attempts,
    clock: Clock,
    health: Health,
    turns: Turns,
    /// The attempts that run. Tasks of their own, because they use the database while this loop waits for it.
    sending: JoinSet<Ended>,
    busy: Busy,
    /// When messages are claimed again, one at first, after the server has refused the installation.
    resumes_at: Option<Timestamp>,
}

impl Running {
    async fn run(mut self, shutdown: Shutdown) {
        let mut pause = TICK;
        loop {
            let ended = tokio::select! {
                () = shutdown.announced() => break,
                Some(ended) = self.sending.join_next() => self.ended(ended),
                () = sleep(pause) => Vec::new(),
            };
            let cycle = AssertUnwindSafe(self.cycle(ended)).catch_unwind().await;
            pause = if let Ok(Ok(pause)) = cycle { pause } else { TICK };
            match cycle {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!(%error, kind = %self.kind(), "messages could not be claimed or settled"),
                // The panic hook has logged the cause. What was claimed is claimed again once the claim expires.
                Err(_) => tracing::error!(kind = %self.kind(), "sending messages panicked"),
            }
        }
        while let Some(ended) = self.sending.join_next().await {
            let ended = self.ended(ended);
            if let Err(error) = self.settle(&ended).await {
                tracing::warn!(%error, kind = %self.kind(), "messages could not be settled on shutdown");
            }
        }
    }

    fn kind(&self) -> Kind {
        self.attempts.transport.kind()
    }

    /// Takes the attempts that have ended from those that run.
    fn ended(&mut self, first: Result<Ended, JoinError>) -> Vec<Ended> {
        let mut all: Vec<_> = first.into_iter().collect();
        while let Some(next) = self.sending.try_join_next() {
            all.extend(next);
        }
        for channel in all.iter().filter_map(|ended| ended.message.channel_id) {
            if let Entry::Occupied(mut sending) = self.busy.entry(channel) {
                *sending.get_mut() -= 1;
                if *sending.get() == 0 {
                    sending.remove();
                }
            }
        }
        all
    }

    /// Settles what has ended, and begins to send what is due. Returns how long nothing more is due that can be claimed.
    async fn cycle(&mut self, ended: Vec<Ended>) -> Result<Duration, DbError> {
        if !ended.is_empty() {
            self.note(&ended);
            self.settle(&ended).await?;
        }
        let (kind, now) = (self.kind(), self.clock.now());
        if self.resumes_at.is_some_and(|at| now < at && at <= now.plus(PAUSE_AFTER_SETTINGS)) {
            return Ok(TICK);
        }
        let limit = if self.resumes_at.is_some() { 1 } else { MAX_SENDING };
        let free = limit.saturating_sub(self.sending.len());
        if free == 0 || !with_timeout(async { store::is_any_due(&mut self.db.reader().await?, kind, now).await }).await? {
            return Ok(TICK);
        }
        let claim = Claim { kind, number: rand::rng().random_range(1..i64::MAX), now, expires_at: now.plus(MAX_CLAIM) };
        let Taken { messages, has_more } = self.claim(&claim, free).await?;
        for message in messages {
            if let Some(channel) = message.channel_id {
                *self.busy.entry(channel).or_default() += 1;
            }
            self.sending.spawn(self.attempts.clone().run(message, claim.number));
        }
        Ok(if has_more { PAUSE_BETWEEN_VISITS } else { TICK })
    }

    async fn claim(&mut self, claim: &Claim, free: usize) -> Result<Taken, DbError> {
        if claim.kind != Kind::Email {
            return self.turns.claim(&self.db, claim, (free, &self.busy)).await;
        }
        let claimed = async {
            let mut tx = self.db.begin().await?;
            let claimed = store::claim(&mut tx, claim, i64::try_from(free).unwrap_or_default()).await?;
            tx.commit().await.map(|()| claimed)
        };
        Ok(Taken { messages: with_timeout(claimed).await?, has_more: false })
    }

    /// Remembers whether the server refuses the installation.
    fn note(&mut self, ended: &[Ended]) {
        let now = self.clock.now();
        for outcome in ended.iter().filter_map(|ended| ended.outcome.as_ref()) {
            if self.kind() == Kind::Email && self.health.note(outcome, now) {
                log_refusal(outcome);
            }
            let is_refused = matches!(outcome, Outcome::Retry { failure: Failure::Settings, .. });
            self.resumes_at = is_refused.then(|| now.plus(PAUSE_AFTER_SETTINGS));
        }
        let failures: BTreeSet<Failure> = ended.iter().filter_map(|ended| failure(ended.outcome.as_ref()?)).collect();
        for failure in failures {
            // Not what the server said: it may repeat the address.
            tracing::warn!(target: telemetry::OUTSIDE, kind = %self.kind(), %failure, "messages were not sent");
        }
    }

    async fn settle(&self, ended: &[Ended]) -> Result<(), DbError> {
        let now = self.clock.now();
        let settle = async |tx: &mut _| {
            for one in ended {
                settle(tx, one, now).await?;
            }
            Ok(())
        };
        // A message that was sent and is not settled is sent again.
        match self.db.write_with_timeout(settle).await {
            Err(_) => {
                sleep(TICK).await;
                self.db.write_with_timeout(settle).await
            }
            settled => settled,
        }
    }
}

/// Logs why the mail server refuses the installation, in its own words: it does so before it knows a recipient. Addresses are left
/// out nevertheless.
fn log_refusal(outcome: &Outcome) {
    if let Outcome::Retry { failure: Failure::Settings, answer, .. } = outcome {
        let words: Vec<_> =
            clean_answer(answer).split(' ').map(|word| if word.contains('@') { "…" } else { word }).map(str::to_owned).collect();
        tracing::warn!(target: telemetry::OUTSIDE, words = words.join(" "), "the mail server refuses the installation");
    }
}

const fn failure(outcome: &Outcome) -> Option<Failure> {
    match outcome {
        Outcome::Sent => None,
        Outcome::Paused { .. } => Some(Failure::Deferred),
        Outcome::Retry { failure, .. } | Outcome::Failed { failure, .. } => Some(*failure),
    }
}

async fn settle(tx: &mut Tx, ended: &Ended, now: Timestamp) -> Result<(), DbError> {
    let (message, own) = (&ended.message, (ended.message.id, ended.claim));
    match &ended.outcome {
        None => store::end_expired(tx, own, now).await,
        Some(Outcome::Sent) => store::end_sent(tx, message.id, now).await,
        Some(Outcome::Failed { failure, answer }) => store::end_failed(tx, own, (*failure, &clean_answer(answer)), now).await,
        Some(Outcome::Paused { answer, pause }) => store::postpone(tx, own, now.plus(*pause), &clean_answer(answer)).await,
        Some(Outcome::Retry { failure, answer, after }) => {
            let delay = match failure {
                Failure::Settings => PAUSE_AFTER_SETTINGS,
                _ => schedule::delay_after(message.attempts + 1, *after),
            };
            store::retry(tx, own, now.plus(delay), (*failure, &clean_answer(answer))).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_message_neither_hides_nor_proves_that_email_fails() {
        let (health, now) = (Health::default(), Timestamp::from_seconds(1_795_343_400));
        let refused = Outcome::Failed { failure: Failure::Rejected, answer: "550".to_owned() };
        health.note(&refused, now);
        assert_eq!(health.trouble(), None);
        health.note(&Outcome::Retry { failure: Failure::Settings, answer: "535".to_owned(), after: None }, now);
        health.note(&refused, now);
        assert_eq!(health.trouble().map(|trouble| trouble.failure), Some(Failure::Settings));
        health.note(&Outcome::Sent, now);
        assert_eq!(health.trouble(), None);
    }
}
