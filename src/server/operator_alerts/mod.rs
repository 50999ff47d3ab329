//! Notifies the operators of problems of the installation, by email.
//!
//! Invariants: an alert and its messages are stored in one unit of work, and only if no other server has changed the alert since it was
//! read. Only while nothing can be stored, each server sends its messages of that itself, and stores them once it can.

mod probes;
mod texts;

use std::{sync::Arc, time::Duration};

use probes::Probes;
use tokio::time::timeout;

use super::mail::EmailTransport;
use crate::{
    alerts::{
        Event, MESSAGE_LIFETIME,
        operators::{OperatorAlert, Problem, REMIND_OPERATORS_AFTER},
        store::operators,
    },
    db::{Db, DbError, Tx, with_timeout},
    ingestion::Ingestion,
    jobs::Periodic,
    notifications::{
        self, NewNotification, Outcome, Purpose, Recipient,
        worker::{Address, Health, Outgoing, SEND_TIMEOUT},
    },
    primitives::{
        id::NotificationId,
        time::{Clock, Timestamp},
        vault::Vault,
    },
    server::config::Config,
};

/// The interval of the job.
const INTERVAL: Duration = Duration::from_secs(5);
/// Events that cannot be stored for less long are not reported: gateways retry.
const STORAGE_REPORTED_AFTER: Duration = Duration::from_mins(1);
/// The shortest time between two attempts to send a message without the database.
const DIRECT_INTERVAL: Duration = Duration::from_mins(1);
/// How long alerts are stored after their last message.
const RETENTION: Duration = Duration::from_hours(90 * 24);

/// What was sent while nothing could be stored.
struct SentDirectly {
    alert: OperatorAlert,
    at: Timestamp,
}

/// The job of each server. It is not leased: a lease needs the database, and most problems are of one server.
pub(super) struct OperatorAlerts {
    db: Db,
    vault: Vault,
    clock: Clock,
    /// The base of the console's URLs.
    base: String,
    recipients: Vec<String>,
    /// The name of this server, if others may use the same database.
    server: String,
    transport: EmailTransport,
    ingestion: Arc<Ingestion>,
    probes: Probes,
    /// The alerts as they were last read.
    stored: Vec<OperatorAlert>,
    /// Since when events cannot be stored.
    failing_since: Option<Timestamp>,
    directly: Option<SentDirectly>,
    /// When a message was last attempted without the database, on the clock that never goes back.
    attempted: Option<Duration>,
    cleaned_at: Option<Timestamp>,
}

impl Periodic for OperatorAlerts {
    const NAME: &'static str = "operator_alerts";

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let now = self.clock.now();
        let listed = with_timeout(async { operators::list(&mut self.db.reader().await?, &self.server).await }).await;
        let outcome = listed.map(|stored| self.stored = stored);
        let storage = self.storage(outcome.is_err(), now);
        self.report_storage(storage, now).await.and(outcome)?;
        self.clean(now).await?;
        self.examine(now).await
    }
}

impl OperatorAlerts {
    /// Returns the job; `None` if no one is to be notified.
    pub(super) fn new(
        (db, vault, clock): (Db, Vault, Clock),
        (config, base): (&Config, String),
        (transport, email): (EmailTransport, Health),
        ingestion: Arc<Ingestion>,
    ) -> Option<Self> {
        let recipients = config.mail.as_ref().map(|mail| mail.operators.clone()).unwrap_or_default();
        let server = if db.is_shared() { name(config) } else { String::new() };
        (!recipients.is_empty()).then(|| Self {
            probes: Probes::new((db.clone(), vault.clone()), email, config),
            db,
            vault,
            clock,
            base,
            recipients,
            server,
            transport,
            ingestion,
            stored: Vec::new(),
            failing_since: None,
            directly: None,
            attempted: None,
            cleaned_at: None,
        })
    }

    /// Returns why events cannot be stored, once that has lasted.
    fn storage(&mut self, is_unreadable: bool, now: Timestamp) -> Option<String> {
        let found = match is_unreadable {
            true => "the database cannot be read",
            false if self.ingestion.has_recent_write_failure() => "a batch of events could not be stored",
            false => {
                self.failing_since = None;
                return None;
            }
        };
        let since = *self.failing_since.get_or_insert(now);
        (now.since(since) >= STORAGE_REPORTED_AFTER).then(|| found.to_owned())
    }

    /// Applies whether events can be stored. While the alert of that cannot be stored either, it is sent directly.
    async fn report_storage(&mut self, found: Option<String>, now: Timestamp) -> Result<(), DbError> {
        if found.is_none() && self.failing_since.is_some() {
            return Ok(());
        }
        let reported = self.report(Problem::Storage, Ok(found.clone()), now).await;
        if let (Err(_), Some(detail)) = (&reported, found) {
            let alert = self.stored_of(Problem::Storage).filter(OperatorAlert::is_open);
            let since = self.failing_since.unwrap_or(now);
            let alert = alert.unwrap_or_else(|| OperatorAlert::open(Problem::Storage, &self.server, &detail, since));
            self.send_directly(alert, now).await;
        }
        reported
    }

    /// Examines everything that needs the database. A problem that cannot be examined keeps no other from it.
    async fn examine(&mut self, now: Timestamp) -> Result<(), DbError> {
        let (disk, email) = (self.probes.disk().await, self.probes.email(now));
        let key = self.probes.master_key().await;
        let sealed = match &key {
            Ok(None) => Some(self.probes.sealed_values(now).await),
            _ => None,
        };
        let found = [
            (Problem::Disk, disk),
            (Problem::Email, Ok(email)),
            (Problem::MasterKey, key),
            (Problem::Deliveries, self.probes.deliveries(now).await),
            (Problem::Clock, self.probes.clock(now).await),
        ];
        let mut outcome = Ok(());
        for (problem, found) in found.into_iter().chain(sealed.map(|found| (Problem::SealedValues, found))) {
            outcome = self.report(problem, found, now).await.and(outcome);
        }
        outcome
    }

    /// Returns the server that has a problem.
    fn server_of(&self, problem: Problem) -> &str {
        if problem.is_of_server() { &self.server } else { "" }
    }

    /// Returns the alert of a problem as it was last read.
    fn stored_of(&self, problem: Problem) -> Option<OperatorAlert> {
        let server = self.server_of(problem);
        self.stored.iter().find(|alert| alert.problem == problem && alert.server == server).cloned()
    }

    /// Stores what was found of a problem, with the message that is due.
    async fn report(&mut self, problem: Problem, found: probes::Found, now: Timestamp) -> Result<(), DbError> {
        let found = found?;
        let stored = self.stored_of(problem);
        let directly = self.directly.as_ref().filter(|sent| sent.alert.problem == problem);
        let mut alert = match (&stored, directly, &found) {
            (Some(stored), ..) => stored.clone(),
            (None, Some(sent), _) => sent.alert.clone(),
            (None, None, Some(detail)) => OperatorAlert::open(problem, self.server_of(problem), detail, now),
            (None, None, None) => return Ok(()),
        };
        if let Some(sent) = directly {
            alert.observe(Some(&sent.alert.detail), sent.alert.opened_at);
            alert.note_sent(Event::Problem, sent.at);
        }
        alert.observe(found.as_deref(), now);
        let event = alert.message_due(now);
        if event.is_none() && stored.as_ref() == Some(&alert) {
            return Ok(());
        }
        self.write(alert, stored.is_none(), event, now).await?;
        if problem == Problem::Storage {
            self.directly = None;
        }
        Ok(())
    }

    /// Stores an alert and queues its message, unless another server has changed it.
    async fn write(&self, mut alert: OperatorAlert, is_new: bool, event: Option<Event>, now: Timestamp) -> Result<(), DbError> {
        let written = async {
            let mut tx = self.db.begin().await?;
            if let Some(event) = event {
                self.queue(&mut tx, &alert, event, now).await?;
                alert.note_sent(event, now);
            }
            let is_ours = if is_new {
                match operators::insert(&mut tx, &alert).await {
                    Err(DbError::NotUnique) => false,
                    inserted => inserted.map(|()| true)?,
                }
            } else {
                operators::update(&mut tx, &alert).await?
            };
            Ok(is_ours.then_some(tx))
        };
        match with_timeout(written).await? {
            None => Ok(()),
            // As for every write, a commit on SQLite is never interrupted.
            Some(tx) if self.db.is_shared() => with_timeout(tx.commit()).await,
            Some(tx) => tx.commit().await,
        }
    }

    async fn queue(&self, tx: &mut Tx, alert: &OperatorAlert, event: Event, now: Timestamp) -> Result<(), DbError> {
        let content = texts::content(alert, event, &self.base);
        for address in &self.recipients {
            let new = NewNotification {
                company: None,
                recipient: Recipient::Email(address),
                purpose: Purpose::Alert,
                content: &content,
                valid_for: MESSAGE_LIFETIME,
                alert: None,
                run: None,
            };
            notifications::queue(tx, &new, (&self.vault, now)).await?;
        }
        Ok(())
    }

    /// Sends a message that cannot be stored, at most once a day.
    async fn send_directly(&mut self, alert: OperatorAlert, now: Timestamp) {
        let last = self.directly.as_ref().map(|sent| sent.at).or_else(|| alert.last_message_at.filter(|_| alert.is_notified));
        let (is_known, tick) = (last.is_some(), self.clock.monotonic());
        let is_due = last.is_none_or(|at| now.since(at) >= REMIND_OPERATORS_AFTER);
        let is_early = self.attempted.is_some_and(|at| tick.saturating_sub(at) < DIRECT_INTERVAL);
        let Some(transport) = self.transport.clone().filter(|_| is_due && !is_early) else { return };
        self.attempted = Some(tick);
        let content = texts::content(&alert, if is_known { Event::Reminder } else { Event::Problem }, &self.base);
        let mut is_sent = false;
        for address in &self.recipients {
            let (id, address) = (NotificationId::random(), Address::Email(address.clone()));
            let message = Outgoing { id, address, content: content.clone() };
            is_sent |= matches!(timeout(SEND_TIMEOUT, transport.send(&message)).await, Ok(Outcome::Sent));
        }
        if is_sent {
            self.directly = Some(SentDirectly { alert, at: now });
        } else {
            tracing::warn!("the operators could not be notified that nothing can be stored");
        }
    }

    /// Deletes the alerts of servers that no longer exist, once a day.
    async fn clean(&mut self, now: Timestamp) -> Result<(), DbError> {
        if self.cleaned_at.is_some_and(|at| at <= now && now.since(at) < Duration::from_hours(24)) {
            return Ok(());
        }
        let before = now.minus(RETENTION);
        self.db.write_with_timeout(async |tx| operators::delete_old(tx, before).await.map(drop)).await?;
        self.cleaned_at = Some(now);
        Ok(())
    }
}

/// Returns the name of this server: that of the machine, with the address that was configured.
fn name(config: &Config) -> String {
    format!("{} ({})", rustix::system::uname().nodename().to_string_lossy(), config.listen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::{run, test_db::TestDb},
        deliveries::outbox::Wake,
        ingestion::BackgroundTasks,
        primitives::vault::MasterKey,
        server::config::Options,
    };

    const MINUTE: Duration = Duration::from_mins(1);
    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    /// A database with what two servers on it have.
    struct Servers {
        test: TestDb,
        clock: Clock,
        vault: Vault,
        config: Config,
        ingestion: Arc<Ingestion>,
        _tasks: BackgroundTasks,
    }

    impl Servers {
        async fn new(name: &str) -> Self {
            let (test, vault, clock) = (TestDb::new(name).await, Vault::new(MasterKey::generate()), Clock::fixed(NOW));
            let variable = |name: &str| match name {
                "KS_PAY_SMTP_URL" => Some("smtp://localhost".to_owned()),
                "KS_PAY_MAIL_FROM" => Some("pay@example.com".to_owned()),
                "KS_PAY_OPERATOR_EMAIL" => Some("ops@example.com".to_owned()),
                "KS_PAY_DATA_DIR" => std::env::temp_dir().to_str().map(str::to_owned),
                _ => None,
            };
            let config = Config::read(&Options::default(), &variable).unwrap();
            let address = "127.0.0.1:1".parse().unwrap();
            let (ingestion, tasks) = Ingestion::start(&test.db, &vault, (&clock, Wake::default()), address).unwrap();
            Self { test, clock, vault, config, ingestion: Arc::new(ingestion), _tasks: tasks }
        }

        /// Returns the job of a server that has just started. The disk is filling or not.
        fn job(&self, is_filling: bool) -> OperatorAlerts {
            let own = (self.test.db.clone(), self.vault.clone(), self.clock.clone());
            let config = Config { disk_limit: Some(if is_filling { u64::MAX } else { 0 }), ..self.config.clone() };
            let base = "https://pay.example.com".to_owned();
            OperatorAlerts::new(own, (&config, base), (None, Health::default()), Arc::clone(&self.ingestion)).unwrap()
        }

        /// Runs two servers at the same time, one of them twice; returns how many messages there are.
        async fn run(&self, is_filling: bool) -> i64 {
            let (mut one, mut other) = (self.job(is_filling), self.job(is_filling));
            let (first, second) = tokio::join!(Box::pin(one.run()), Box::pin(other.run()));
            assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
            Box::pin(one.run()).await.unwrap();
            let mut reader = self.test.db.reader().await.unwrap();
            let count = "SELECT COUNT(*) FROM notifications WHERE company_id IS NULL";
            run!(&mut reader, |conn| sqlx::query_scalar(count).fetch_one(conn).await).unwrap()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_servers_and_their_restarts_report_a_problem_once_then_daily_and_its_end_once() {
        let servers = Servers::new("operator_alerts_once").await;
        assert_eq!(servers.run(false).await, 0);
        assert_eq!(servers.run(true).await, 1);
        servers.clock.advance(MINUTE * 60 * 23);
        assert_eq!(servers.run(true).await, 1);
        servers.clock.advance(MINUTE * 60);
        assert_eq!(servers.run(true).await, 2);
        servers.clock.advance(MINUTE);
        assert_eq!(servers.run(false).await, 3);
        servers.clock.advance(MINUTE);
        assert_eq!(servers.run(true).await, 3, "less than an hour after the last message");
        servers.clock.advance(MINUTE * 60);
        assert_eq!(servers.run(true).await, 4);
        let mut reader = servers.test.db.reader().await.unwrap();
        assert_eq!(operators::list(&mut reader, &servers.job(true).server).await.unwrap().len(), 1, "one alert throughout");
        drop(reader);
        servers.test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_alert_of_a_server_that_no_longer_exists_is_deleted() {
        let servers = Servers::new("operator_alerts_old").await;
        servers.run(true).await;
        servers.clock.advance(RETENTION + MINUTE);
        let mut job = servers.job(false);
        job.clean(servers.clock.now()).await.unwrap();
        let stored = operators::list(&mut servers.test.db.reader().await.unwrap(), &job.server).await.unwrap();
        assert_eq!(stored, []);
        servers.test.end().await;
    }
}
