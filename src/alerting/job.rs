//! The leased job.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{
    recipients::{Everyone, Reachable},
    send::{self, Context},
};
use crate::{
    accounts,
    alerts::{
        Alert, Condition, Event, Kind, Rule,
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
    jobs::{Pace, Periodic},
    notifications::{self, Notification, State, channels},
    primitives::{
        id::{AlertId, CompanyId, NotificationId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
};

/// The shortest interval of the job; a longer one the longer it takes.
const MIN_INTERVAL: Duration = Duration::from_secs(2);
/// After so many attempts a post that fails is also sent to another recipient: the last of them is six minutes after the first.
const ATTEMPTS_BEFORE_FALLBACK: i64 = 3;
/// A post that has failed and still waits after this time is sent to another recipient too.
const FALLBACK_AFTER: Duration = Duration::from_mins(10);
/// The most alerts that a message reports: more than can be opened together, since so many open disputes are not looked at.
const MAX_REPORTED: usize = 500;
/// After a message about a kind of alert, further ones of an app and mode wait so long and are reported together.
const BURST_PAUSE: Duration = Duration::from_mins(1);

/// Evaluates the alerts of all companies.
pub(crate) struct Alerting {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The base of the console's URLs.
    pub(crate) base: String,
    /// True if email is set up.
    pub(crate) has_email: bool,
    pace: Pace,
    /// The message up to which was looked for outcomes.
    watched_after: NotificationId,
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

/// An alert as it is stored, and as it is to be.
struct Change {
    /// `None` for a new one.
    stored: Option<Alert>,
    alert: Alert,
}

impl Change {
    /// Applies what is seen now. An alert of which it is unknown whether the problem goes on remains as it is, and is still reported.
    fn of(stored: &Alert, observed: &Observed, now: Timestamp) -> Self {
        let seen = observed.of(stored);
        let mut alert = stored.clone();
        if seen.is_some() || !observed.may_hide(stored, now) {
            let has_recovered = observed.recovered.contains(&(stored.kind, stored.object.clone()));
            alert.observe(seen, has_recovered, now);
        }
        Self { stored: Some(stored.clone()), alert }
    }

    /// The alert of a new problem, which gets its id when it is stored.
    fn opened(scope: &Scope<'_>, seen: &Condition, now: Timestamp) -> Self {
        let ids = (AlertId::least(), scope.app.company_id, scope.app.id);
        Self { stored: None, alert: Alert::open(ids, scope.mode, seen, now) }
    }

    /// Stores the alert, a new one under an id; returns false if another server was faster.
    async fn store(&self, tx: &mut Tx, alert: &mut Alert) -> Result<bool, DbError> {
        if self.stored.is_some() {
            return alerts::update(tx, alert).await;
        }
        alert.id = ids::next(&mut *tx).await?;
        alerts::insert(tx, alert).await
    }

    fn is_news(&self) -> bool {
        self.stored.as_ref() != Some(&self.alert)
    }
}

/// True if a message about other alerts of the kind was queued less than [`BURST_PAUSE`] ago. The end of a problem does not wait.
fn has_just_sent(active: &[Alert], (kind, event): (Kind, Event), now: Timestamp) -> bool {
    let is_recent = |at: Timestamp| at <= now && now.since(at) < BURST_PAUSE;
    event != Event::Resolved && active.iter().any(|alert| alert.kind == kind && alert.last_message_at.is_some_and(is_recent))
}

fn log_opened(scope: &Scope<'_>, opened: &[(AlertId, Kind)]) {
    if let Some((alert, kind)) = opened.first() {
        tracing::info!(%alert, app = %scope.app.id, %kind, count = opened.len(), "alerts were opened");
    }
}

impl Periodic for Alerting {
    const NAME: &'static str = "alerts";

    fn interval(&self) -> Duration {
        self.pace.interval()
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let began = Instant::now();
        let outcome = self.evaluate_all().await;
        self.pace.ran_since(began);
        outcome
    }
}

impl Alerting {
    pub(crate) fn new((db, vault, clock): (Db, Vault, Clock), base: String, has_email: bool) -> Self {
        Self { db, vault, clock, base, has_email, pace: Pace::at_least(MIN_INTERVAL), watched_after: NotificationId::least() }
    }

    /// Evaluates every company; one that fails does not keep the others from it.
    async fn evaluate_all(&mut self) -> Result<(), DbError> {
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
        let mut changes: Vec<_> = active.iter().map(|alert| Change::of(alert, &observed, now)).collect();
        let is_known =
            |kind, object: &str| active.iter().any(|alert| alert.is_open() && alert.kind == kind && alert.object == object);
        // Beyond that, the time of the last message would not be seen, and messages would not wait for each other any more.
        let room = alerts::MAX_ACTIVE.saturating_sub(active.len());
        for seen in observed.conditions.iter().filter(|seen| !is_known(seen.kind, &seen.object)).take(room) {
            let mut reader = self.db.bulk_reader().await?;
            let last = alerts::find_last_of_object(&mut reader, (app.id, mode), (seen.kind, &seen.object)).await?;
            match last {
                // It is among the active ones if its end is still to be reported.
                Some(last) if active.iter().any(|alert| alert.id == last.id) => {}
                Some(last) if last.continues(now) => changes.push(Change::of(&last, &observed, now)),
                _ => changes.push(Change::opened(&scope, seen, now)),
            }
        }
        self.store_all(&scope, (changes, &active), now).await
    }

    /// Stores what has changed, with the messages that are due: one for all alerts of a kind that have the same to report.
    async fn store_all(
        &self,
        scope: &Scope<'_>,
        (changes, active): (Vec<Change>, &[Alert]),
        now: Timestamp,
    ) -> Result<(), DbError> {
        let due = |alert: &Alert| alert.message_due(&scope.rule(alert), (&scope.schedule, scope.app.zone), now);
        let everyone = if changes.iter().any(|change| !change.alert.is_open() || due(&change.alert).is_some()) {
            self.everyone(&mut self.db.bulk_reader().await?, scope.app.company_id).await?
        } else {
            Everyone { users: Vec::new(), channels: Vec::new(), has_email: self.has_email }
        };
        let (mut groups, mut outcome) = (BTreeMap::<_, Vec<Change>>::new(), Ok(()));
        for mut change in changes {
            let (kind, rule) = (change.alert.kind, scope.rule(&change.alert));
            let to = everyone.of(&rule);
            change.alert.close_unreported((rule.is_on, !to.is_empty()), now);
            match due(&change.alert) {
                Some(event) if !to.is_empty() && !has_just_sent(active, (kind, event), now) => {
                    groups.entry((kind, event)).or_default().push(change);
                }
                _ if change.is_news() => outcome = self.store(scope, (&[change], None), now).await.and(outcome),
                _ => {}
            }
        }
        for ((kind, event), changes) in groups {
            let to = everyone.of(&Rule::of(&scope.rules, kind));
            for group in changes.chunks(MAX_REPORTED) {
                outcome = self.store(scope, (group, Some((event, &to))), now).await.and(outcome);
            }
        }
        outcome
    }

    /// Stores changes, with one message to each recipient about those that no other server was faster with.
    async fn store(
        &self,
        scope: &Scope<'_>,
        (changes, message): (&[Change], Option<(Event, &[Reachable<'_>])>),
        now: Timestamp,
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let (mut stored, mut opened) = (Vec::with_capacity(changes.len()), Vec::new());
        for change in changes {
            let mut alert = change.alert.clone();
            if let Some((event, _)) = message {
                alert.note_sent(event, now);
            }
            if change.store(&mut tx, &mut alert).await? {
                opened.extend(change.stored.is_none().then_some((alert.id, alert.kind)));
                stored.push(alert);
            }
        }
        if let (Some((event, to)), false) = (message, stored.is_empty()) {
            send::queue_alerts(&mut tx, self.context(scope.app, scope.mode, now), (&stored, event), (to, false)).await?;
        }
        tx.commit().await?;
        log_opened(scope, &opened);
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

    /// Notifies others of what could not be posted. Looks at as many messages in each cycle, all in turn.
    async fn fall_back(&mut self) -> Result<(), DbError> {
        let watched = messages::list_watched(&mut self.db.bulk_reader().await?, self.watched_after).await?;
        let next = watched.last().filter(|_| watched.len() == messages::MAX_WATCHED);
        self.watched_after = next.map_or(NotificationId::least(), |last| last.notification);
        let (mut outcome, now) = (Ok(()), self.clock.now());
        for message in &watched {
            let found = notifications::store::find(&mut self.db.bulk_reader().await?, message.notification).await?;
            match outcome_of(found.as_ref(), now) {
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
        let reported = reported(&mut tx, message.notification).await?;
        if let Some(alert) = reported.first()
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
            send::queue_alerts(&mut tx, self.context(&app, alert.mode, now), (&reported, message.event), (&to, true)).await?;
        }
        tx.commit().await
    }
}

enum Watched {
    Pending,
    Arrived,
    Failed,
}

/// Returns the alerts that a message reports.
async fn reported(tx: &mut Tx, notification: NotificationId) -> Result<Vec<Alert>, DbError> {
    let mut found = Vec::new();
    for id in messages::list_alerts(&mut *tx, notification).await? {
        found.extend(alerts::find(&mut *tx, id).await?);
    }
    Ok(found)
}

fn outcome_of(found: Option<&Notification>, now: Timestamp) -> Watched {
    match found {
        // It was deleted, long after it ended.
        None => Watched::Arrived,
        Some(message) => match message.state {
            State::Sent | State::Canceled => Watched::Arrived,
            State::Failed => Watched::Failed,
            State::Waiting | State::Sending if message.attempts >= ATTEMPTS_BEFORE_FALLBACK => Watched::Failed,
            // A service that limits its channel is asked again without an attempt being counted.
            State::Waiting | State::Sending
                if message.last_failure.is_some() && now.since(message.created_at) >= FALLBACK_AFTER =>
            {
                Watched::Failed
            }
            State::Waiting | State::Sending => Watched::Pending,
        },
    }
}
