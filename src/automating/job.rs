//! The leased job.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    content::{self, Audience, Place},
    values::Occurrence,
};
use crate::{
    accounts::{self, User},
    apps::{self, App},
    automations::{
        Automation, Recipient,
        outbox::MAX_AGE,
        retention::{EMAIL_PERIOD, MAX_PAUSE},
        runs::{Run, RunState, SkipReason, Step},
        store::{automations, emails, runs},
    },
    db::{Db, DbError, Tx},
    gateways::Mode,
    i18n::{Locale, Reader},
    jobs::Periodic,
    ledger::payments::changes::ChangeKind,
    notifications::{
        self, Content, NewNotification, Purpose, State,
        channels::{self, Channel, sender},
    },
    primitives::{
        email,
        id::UserId,
        time::{Clock, Timestamp},
        vault::Vault,
    },
    urls,
};

/// How many due runs are read together.
const BATCH: i64 = 100;
const HOUR: Duration = Duration::from_hours(1);
/// When a run that waits for that limit is looked at again.
const LIMIT_PAUSE: Duration = Duration::from_mins(2);
/// How long a message is worth sending.
const MESSAGE_LIFETIME: Duration = Duration::from_hours(24);
/// The shortest time after which the messages of a run are looked at again.
const MIN_PAUSE: Duration = Duration::from_secs(1);
/// What the digests of addresses are made with.
const DIGEST_PURPOSE: &str = "automations.recipient";

/// The most emails of an automation to customers.
struct Limits {
    /// To one customer in [`EMAIL_PERIOD`]; further ones are skipped.
    per_customer: i64,
    /// To all in an hour; further runs wait.
    per_hour: i64,
}

/// Returns the limits for changes of a kind. A stranger can let payments fail with the addresses of others, without paying.
const fn limits(kind: ChangeKind) -> Limits {
    match kind {
        ChangeKind::Failed => Limits { per_customer: 1, per_hour: 100 },
        ChangeKind::Captured | ChangeKind::Refunded | ChangeKind::DisputeOpened => Limits { per_customer: 3, per_hour: 1_000 },
    }
}

/// Runs what is due.
pub(crate) struct Automating {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The base of the console's URLs.
    pub(crate) base: String,
    /// True if email is set up.
    pub(crate) has_email: bool,
}

impl Periodic for Automating {
    const NAME: &'static str = "automations";

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        loop {
            let due = runs::list_due(&mut self.db.bulk_reader().await?, self.clock.now(), BATCH).await?;
            let is_last = i64::try_from(due.len()).is_ok_and(|count| count < BATCH);
            let mut outcome = Ok(());
            // One that fails does not keep the others from being run.
            for run in due {
                let handled = if run.state == RunState::Sending { self.settle(run).await } else { self.execute(run).await };
                outcome = handled.and(outcome);
            }
            if is_last || outcome.is_err() {
                return outcome;
            }
        }
    }
}

/// What a run needs.
struct Prepared {
    automation: Automation,
    app: App,
    occurrence: Occurrence,
    users: Vec<User>,
    channels: Vec<Channel>,
}

/// A message with its recipient.
struct Planned {
    to: Recipient,
    outcome: Result<Addressed, SkipReason>,
}

/// Where a message goes.
enum Addressed {
    Customer(String),
    /// In Test mode.
    InsteadOfCustomer(User),
    User(User),
    Channel(Channel),
}

impl Automating {
    /// Queues the messages of a run.
    async fn execute(&self, mut run: Run) -> Result<(), DbError> {
        let now = self.clock.now();
        let Some(prepared) = self.prepare(&run).await? else {
            return self.end(run, RunState::Waiting, (RunState::Skipped, Some(SkipReason::TurnedOff)), now).await;
        };
        if run.requested_by.is_none() && now.since(run.created_at) > MAX_AGE {
            return self.end(run, RunState::Waiting, (RunState::Skipped, Some(SkipReason::TooOld)), now).await;
        }
        if self.must_wait(&prepared.automation, now).await? {
            return self.look_later(&run, now.plus(LIMIT_PAUSE)).await;
        }
        let mut tx = self.db.begin().await?;
        let before = run.steps.len();
        for planned in self.plan(&prepared) {
            let step = self.queue(&mut tx, (&prepared, &run), planned, now).await?;
            run.steps.push(step);
        }
        let new = &run.steps[before..];
        let reason = new.iter().find_map(Step::skip_reason).unwrap_or(SkipReason::RecipientGone);
        let is_sending = new.iter().any(|step| step.message.is_some());
        let due_at = is_sending.then(|| now.plus(MIN_PAUSE));
        if is_sending {
            run.state = RunState::Sending;
        } else {
            (run.state, run.reason, run.ended_at) = (RunState::Skipped, Some(reason), Some(now));
        }
        // Another server may have been faster: then nothing that was queued here is stored.
        if runs::advance(&mut tx, &run, RunState::Waiting, due_at).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// True if an automation has emailed so many customers that its next run must wait.
    async fn must_wait(&self, automation: &Automation, now: Timestamp) -> Result<bool, DbError> {
        if !automation.rule.recipients.contains(&Recipient::Customer) {
            return Ok(false);
        }
        let mut reader = self.db.bulk_reader().await?;
        let most = limits(automation.rule.on).per_hour;
        emails::reaches_limit(&mut reader, automation.id, now.minus(HOUR), most).await
    }

    async fn look_later(&self, run: &Run, at: Timestamp) -> Result<(), DbError> {
        self.db.write_with_timeout(async |tx| runs::look_later(tx, run.id, at).await).await
    }

    /// Reads what a run needs; `None` if it must have no effect.
    async fn prepare(&self, run: &Run) -> Result<Option<Prepared>, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        let Some(automation) = automations::find(&mut reader, run.automation).await? else { return Ok(None) };
        if !automation.is_on && run.requested_by.is_none() {
            return Ok(None);
        }
        let Some(app) = apps::store::find(&mut reader, automation.company_id, automation.app_id).await? else { return Ok(None) };
        let Some(occurrence) = Occurrence::of_run(&mut reader, &app, run).await? else { return Ok(None) };
        let users = accounts::store::list_of_company(&mut reader, app.company_id).await?;
        let channels = channels::store::list(&mut reader, app.company_id).await?;
        Ok(Some(Prepared { automation, app, occurrence, users, channels }))
    }

    fn plan(&self, prepared: &Prepared) -> Vec<Planned> {
        let recipients = prepared.automation.rule.recipients.iter();
        recipients.map(|to| Planned { to: *to, outcome: self.address(prepared, *to) }).collect()
    }

    fn address(&self, prepared: &Prepared, to: Recipient) -> Result<Addressed, SkipReason> {
        let user = |id: UserId| prepared.users.iter().find(|user| user.id == id).cloned();
        match to {
            Recipient::Channel(id) => {
                let channel = prepared.channels.iter().find(|channel| channel.id == id).cloned();
                channel.map(Addressed::Channel).ok_or(SkipReason::RecipientGone)
            }
            _ if !self.has_email => Err(SkipReason::NoEmail),
            Recipient::User(id) => user(id).map(Addressed::User).ok_or(SkipReason::RecipientGone),
            Recipient::Customer if prepared.automation.mode == Mode::Test => {
                let responsible = prepared.automation.changed_by.and_then(user).or_else(|| prepared.users.first().cloned());
                responsible.map(Addressed::InsteadOfCustomer).ok_or(SkipReason::RecipientGone)
            }
            Recipient::Customer => {
                let address = prepared.occurrence.details.email.as_deref().and_then(|address| email::parse(address).ok());
                address.map(Addressed::Customer).ok_or(SkipReason::NoAddress)
            }
        }
    }

    /// Queues one message, and returns what was done.
    async fn queue(
        &self,
        tx: &mut Tx,
        (prepared, run): (&Prepared, &Run),
        planned: Planned,
        now: Timestamp,
    ) -> Result<Step, DbError> {
        let Planned { to, outcome } = planned;
        let addressed = match outcome {
            Ok(addressed) => addressed,
            Err(reason) => return Ok(Step::skipped(to, reason, now)),
        };
        let Some(rendered) = self.render(prepared, &addressed, now) else {
            return Ok(Step::skipped(to, SkipReason::RecipientGone, now));
        };
        let limited = match &addressed {
            Addressed::Customer(address) => Some(address),
            Addressed::InsteadOfCustomer(user) => Some(&user.email),
            Addressed::User(_) | Addressed::Channel(_) => None,
        };
        if let Some(address) = limited {
            let digest = self.digest(address);
            let most = limits(prepared.automation.rule.on).per_customer;
            if emails::count_since(&mut *tx, run.automation, &digest, now.minus(EMAIL_PERIOD)).await? >= most {
                return Ok(Step::skipped(to, SkipReason::DailyLimit, now));
            }
            emails::insert(tx, (run.automation, run.id), &digest, now).await?;
        }
        let recipient = match &addressed {
            Addressed::Customer(address) => notifications::Recipient::Email(address),
            Addressed::InsteadOfCustomer(user) | Addressed::User(user) => notifications::Recipient::Email(&user.email),
            Addressed::Channel(channel) => notifications::Recipient::Channel(sender::kind(channel.service), channel.id),
        };
        let new = NewNotification {
            company: Some(prepared.app.company_id),
            recipient,
            purpose: Purpose::Automation,
            content: &rendered,
            valid_for: MESSAGE_LIFETIME,
            alert: None,
            run: Some(run.id),
        };
        Ok(Step::queued(to, notifications::queue(tx, &new, (&self.vault, now)).await?, now))
    }

    /// Renders a message; `None` if the automation has no text.
    fn render(&self, prepared: &Prepared, addressed: &Addressed, now: Timestamp) -> Option<Content> {
        let Prepared { automation, app, occurrence, .. } = prepared;
        let rule = &automation.rule;
        let (audience, wanted, zone) = match addressed {
            Addressed::Customer(_) => (Audience::Customer, rule.language, None),
            Addressed::InsteadOfCustomer(_) => (Audience::InsteadOfCustomer, rule.language, None),
            Addressed::User(user) => (Audience::Company, user.language.unwrap_or(Locale::English), user.zone),
            Addressed::Channel(channel) => (Audience::Company, channel.language, None),
        };
        let (language, wording) = rule.texts.closest(wanted)?;
        let reader = Reader { locale: language, zone: zone.unwrap_or(app.zone) };
        let place = Place { base: &self.base, path: urls::transaction(app.id, occurrence.payment.id) };
        let values = occurrence.values(app, reader, now);
        let content = content::render((app, automation.mode), (wording, language), &values, (audience, &place));
        Some(if matches!(addressed, Addressed::Channel(_)) { content::without_markup(content) } else { content })
    }

    fn digest(&self, address: &str) -> emails::Digest {
        let key = self.vault.derive(DIGEST_PURPOSE);
        let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        mac.chain_update(address.to_lowercase().as_bytes()).finalize().into_bytes().into()
    }

    /// Ends a run whose messages have ended.
    async fn settle(&self, run: Run) -> Result<(), DbError> {
        let now = self.clock.now();
        let stored = notifications::store::list_of_run(&mut self.db.bulk_reader().await?, run.id).await?;
        // What is no longer stored has ended long ago.
        let is_pending = stored.iter().any(|message| matches!(message.state, State::Waiting | State::Sending));
        if is_pending {
            let queued_at = run.steps.last().map_or(now, |step| Timestamp::from_millis(step.at));
            let pause = (now.since(queued_at) / 4).clamp(MIN_PAUSE, MAX_PAUSE);
            return self.look_later(&run, now.plus(pause)).await;
        }
        let is_failed = stored.iter().any(|message| message.state == State::Failed && is_of_last_execution(&run, message.id));
        let state = if is_failed { RunState::Failed } else { RunState::Done };
        self.end(run, RunState::Sending, (state, None), now).await
    }

    async fn end(
        &self,
        mut run: Run,
        from: RunState,
        (state, reason): (RunState, Option<SkipReason>),
        now: Timestamp,
    ) -> Result<(), DbError> {
        (run.state, run.reason, run.ended_at) = (state, reason, Some(now));
        self.db.write_with_timeout(async |tx| runs::advance(tx, &run, from, None).await.map(drop)).await
    }
}

/// True if a message was queued by the last execution of a run, whose steps have one time.
fn is_of_last_execution(run: &Run, message: crate::primitives::id::NotificationId) -> bool {
    let last = run.steps.last().map(|step| step.at);
    run.steps.iter().any(|step| Some(step.at) == last && step.message() == Some(message))
}
