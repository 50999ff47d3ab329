//! The leased job.

use std::time::Duration;

use super::{
    recipients::Everyone,
    send::{self, Context},
};
use crate::{
    accounts,
    alerts::{
        Alert, Condition, Rule,
        collect::{self, Observed},
        schedule::Schedule,
        state::MIN_PAUSE,
        store::{alerts, messages, settings},
    },
    apps::{self, App},
    companies,
    connections::app_health::{self, AppWithWebhooks, Webhook},
    db::{Db, DbError, Exec, Tx, ids},
    gateways::Mode,
    jobs::Periodic,
    notifications::{self, Notification, State, channels},
    primitives::{
        id::CompanyId,
        time::{Clock, Timestamp},
        vault::Vault,
    },
};

/// The shortest interval of the job; a longer one the longer it takes, so that it uses a small part of the time.
const MIN_INTERVAL: Duration = Duration::from_secs(2);
const REST_FACTOR: u32 = 20;
/// After so many attempts a post that fails is also sent to another recipient: the last of them is six minutes after the first.
const ATTEMPTS_BEFORE_FALLBACK: i64 = 3;

/// Evaluates the alerts of all companies.
pub(crate) struct Alerting {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The base of the console's URLs.
    pub(crate) base: String,
    /// True if email is set up.
    pub(crate) has_email: bool,
    pub(crate) interval: Duration,
}

/// An app in a mode, with its settings.
struct Scope<'a> {
    app: &'a App,
    mode: Mode,
    rules: Vec<Rule>,
    schedule: Schedule,
}

impl Scope<'_> {
    fn rule(&self, alert: &Alert) -> Rule {
        Rule::of(&self.rules, alert.kind)
    }
}

impl Periodic for Alerting {
    const NAME: &'static str = "alerts";

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let began = self.clock.monotonic();
        let outcome = self.evaluate_all().await;
        self.interval = MIN_INTERVAL.max(self.clock.monotonic().saturating_sub(began) * REST_FACTOR);
        outcome
    }
}

impl Alerting {
    pub(crate) fn new((db, vault, clock): (Db, Vault, Clock), base: String, has_email: bool) -> Self {
        Self { db, vault, clock, base, has_email, interval: MIN_INTERVAL }
    }

    /// Evaluates every company; one that fails does not keep the others from it.
    async fn evaluate_all(&self) -> Result<(), DbError> {
        let (mut after, mut outcome) = (CompanyId::least(), Ok(()));
        loop {
            let companies = companies::store::list_after(&mut self.db.bulk_reader().await?, after).await?;
            let Some(last) = companies.last() else { break };
            after = last.id;
            for company in companies {
                outcome = self.evaluate_company(company.id).await.and(outcome);
            }
        }
        self.fall_back().await.and(outcome)
    }

    async fn evaluate_company(&self, company: CompanyId) -> Result<(), DbError> {
        let now = self.clock.now();
        let apps = app_health::list(&mut self.db.bulk_reader().await?, company, now).await?;
        let mut outcome = Ok(());
        for listed in &apps {
            for mode in Mode::ALL {
                outcome = self.evaluate(listed, mode, now).await.and(outcome);
            }
        }
        outcome
    }

    async fn evaluate(&self, listed: &AppWithWebhooks, mode: Mode, now: Timestamp) -> Result<(), DbError> {
        let app = &listed.app;
        let is_enabled = |webhook: &&Webhook| app.is_enabled && webhook.connection.is_enabled && webhook.connection.mode == mode;
        let webhooks: Vec<&Webhook> = listed.webhooks.iter().filter(is_enabled).collect();
        let mut reader = self.db.bulk_reader().await?;
        let observed = collect::collect(&mut reader, (app, mode), &webhooks, now).await?;
        let active = alerts::list_active(&mut reader, app.id, mode).await?;
        if observed.conditions.is_empty() && active.is_empty() {
            return Ok(());
        }
        let rules = settings::list_rules(&mut reader, app.id, mode).await?;
        let schedule = settings::schedule(&mut reader, app.id, mode).await?;
        drop(reader);
        let scope = Scope { app, mode, rules, schedule };
        for alert in &active {
            self.advance(&scope, alert, &observed, now).await?;
        }
        let is_known =
            |kind, object: &str| active.iter().any(|alert| alert.is_open() && alert.kind == kind && alert.object == object);
        for seen in observed.conditions.iter().filter(|seen| !is_known(seen.kind, &seen.object)) {
            let mut reader = self.db.bulk_reader().await?;
            let last = alerts::find_last_of_object(&mut reader, (app.id, mode), (seen.kind, &seen.object)).await?;
            drop(reader);
            match last {
                Some(last) if last.continues(now) => self.advance(&scope, &last, &observed, now).await?,
                _ => self.open(&scope, seen, now).await?,
            }
        }
        Ok(())
    }

    /// Creates the alert of a problem, with its first message.
    async fn open(&self, scope: &Scope<'_>, seen: &Condition, now: Timestamp) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let id = ids::next(&mut tx).await?;
        let mut alert = Alert::open((id, scope.app.company_id, scope.app.id), scope.mode, seen, now);
        match alerts::insert(&mut tx, &alert).await {
            // Another server has just created it.
            Err(DbError::NotUnique) => return Ok(()),
            inserted => inserted?,
        }
        // After its alert, to which a message refers.
        self.send_due(&mut tx, scope, &mut alert, now).await?;
        if alert.last_message_at.is_some() {
            alerts::update(&mut tx, &alert).await?;
        }
        tx.commit().await?;
        tracing::info!(alert = %alert.id, app = %scope.app.id, kind = %alert.kind, "an alert was opened");
        Ok(())
    }

    /// Applies what is seen now to an alert, and queues the message that is due.
    async fn advance(&self, scope: &Scope<'_>, stored: &Alert, observed: &Observed, now: Timestamp) -> Result<(), DbError> {
        let seen = observed.of(stored);
        if seen.is_none() && observed.may_hide(stored, now) {
            return Ok(());
        }
        let has_recovered = observed.recovered.contains(&(stored.kind, stored.object.clone()));
        let mut alert = stored.clone();
        alert.observe(seen, has_recovered, now);
        if alert == *stored && !self.is_due(scope, &alert, now).await? {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        self.send_due(&mut tx, scope, &mut alert, now).await?;
        // If another server was faster, nothing of this is stored.
        if alert != *stored && alerts::update(&mut tx, &alert).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// True if a message is due that has a recipient.
    async fn is_due(&self, scope: &Scope<'_>, alert: &Alert, now: Timestamp) -> Result<bool, DbError> {
        let rule = scope.rule(alert);
        if alert.message_due(&rule, (&scope.schedule, scope.app.zone), now).is_none() {
            return Ok(false);
        }
        let everyone = self.everyone(&mut self.db.bulk_reader().await?, scope.app.company_id).await?;
        Ok(!everyone.of(&rule).is_empty())
    }

    /// Queues the message that is due. Without a recipient, it stays due.
    async fn send_due(&self, tx: &mut Tx, scope: &Scope<'_>, alert: &mut Alert, now: Timestamp) -> Result<(), DbError> {
        let rule = scope.rule(alert);
        let Some(event) = alert.message_due(&rule, (&scope.schedule, scope.app.zone), now) else { return Ok(()) };
        let everyone = self.everyone(tx, scope.app.company_id).await?;
        let to = everyone.of(&rule);
        if !to.is_empty() {
            send::queue_alert(tx, self.context(scope.app, scope.mode, now), (alert, event), (&to, false)).await?;
            alert.note_sent(event, now);
        }
        Ok(())
    }

    async fn everyone<On>(&self, on: &mut On, company: CompanyId) -> Result<Everyone, DbError>
    where
        for<'a> &'a mut On: Into<Exec<'a>>,
    {
        let users = accounts::store::list_of_company(&mut *on, company).await?;
        let channels = channels::store::list(on, company).await?;
        Ok(Everyone { users, channels, has_email: self.has_email })
    }

    fn context<'a>(&'a self, app: &'a App, mode: Mode, now: Timestamp) -> Context<'a> {
        Context { vault: &self.vault, base: &self.base, app, mode, now }
    }

    /// Notifies others of what could not be posted.
    async fn fall_back(&self) -> Result<(), DbError> {
        let watched = messages::list_watched(&mut self.db.bulk_reader().await?).await?;
        let mut outcome = Ok(());
        for message in &watched {
            let found = notifications::store::find(&mut self.db.bulk_reader().await?, message.notification).await?;
            match outcome_of(found.as_ref()) {
                Watched::Pending => {}
                Watched::Arrived => outcome = self.unwatch(message).await.and(outcome),
                Watched::Failed => outcome = self.notify_others(message).await.and(outcome),
            }
        }
        outcome
    }

    async fn unwatch(&self, message: &messages::AlertMessage) -> Result<(), DbError> {
        self.db.write_with_timeout(async |tx| messages::unwatch(tx, message.notification).await.map(drop)).await
    }

    async fn notify_others(&self, message: &messages::AlertMessage) -> Result<(), DbError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !messages::unwatch(&mut tx, message.notification).await? {
            return Ok(());
        }
        if let Some(alert) = alerts::find(&mut tx, message.alert).await?
            && let Some(app) = apps::store::find(&mut tx, alert.company_id, alert.app_id).await?
        {
            let rules = settings::list_rules(&mut tx, app.id, alert.mode).await?;
            let rule = Rule::of(&rules, alert.kind);
            let sent = messages::list_of_alert(&mut tx, alert.id).await?;
            let is_same = |other: &&messages::AlertMessage| {
                other.event == message.event && other.created_at > message.created_at.minus(MIN_PAUSE)
            };
            let known: Vec<_> = sent.iter().filter(is_same).filter_map(|other| other.recipient).collect();
            let everyone = self.everyone(&mut tx, alert.company_id).await?;
            let to = everyone.instead(&rule, &known);
            send::queue_alert(&mut tx, self.context(&app, alert.mode, now), (&alert, message.event), (&to, true)).await?;
        }
        tx.commit().await
    }
}

enum Watched {
    Pending,
    Arrived,
    Failed,
}

fn outcome_of(found: Option<&Notification>) -> Watched {
    match found {
        // It was deleted, long after it ended.
        None => Watched::Arrived,
        Some(message) => match message.state {
            State::Sent | State::Canceled => Watched::Arrived,
            State::Failed => Watched::Failed,
            State::Waiting | State::Sending if message.attempts >= ATTEMPTS_BEFORE_FALLBACK => Watched::Failed,
            State::Waiting | State::Sending => Watched::Pending,
        },
    }
}
