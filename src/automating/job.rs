//! The leased job: executes due runs, and ends those whose messages, deliveries and refund have ended.

use std::time::Duration;

use super::{
    content::{self, Audience, Place},
    deliver,
    limits::{self, Target},
    refund,
    values::Occurrence,
};
use crate::{
    accounts::{self, User},
    apps::{self, App},
    automations::{
        Automation, Recipient,
        outbox::MAX_AGE,
        retention::MAX_PAUSE,
        runs::{Run, RunState, SkipReason, Step},
        store::{automations, runs},
    },
    db::{Db, DbError, Tx},
    deliveries::store::deliveries,
    gateways::Mode,
    i18n::{Locale, Reader},
    jobs::Periodic,
    notifications::{
        self, Content, NewNotification, Purpose, State,
        channels::{self, Channel, sender},
    },
    primitives::{
        email,
        id::{NotificationId, RunId, UserId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
    urls,
};

/// The number of due runs that are read at a time.
const BATCH: i64 = 100;
/// When a run that could not be handled is attempted again.
const ERROR_PAUSE: Duration = Duration::from_mins(1);
/// How long a message is attempted before it expires.
const MESSAGE_LIFETIME: Duration = Duration::from_hours(24);
/// The shortest delay before a run is checked again, and the longest while its messages are sent.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_MESSAGE_PAUSE: Duration = Duration::from_mins(10);

/// Executes the runs that are due.
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
            // A failure does not stop the other runs.
            for run in due {
                let id = run.id;
                let handled = if run.state == RunState::Sending { self.settle(run).await } else { self.execute(run).await };
                if handled.is_err() {
                    // Those that always fail must not be all that a batch has.
                    self.look_later(id, self.clock.now().plus(ERROR_PAUSE)).await.ok();
                }
                outcome = handled.and(outcome);
            }
            if is_last || outcome.is_err() {
                return outcome;
            }
        }
    }
}

/// The data that a run needs.
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
    /// Queues the messages of a run, and starts its refund.
    async fn execute(&self, mut run: Run) -> Result<(), DbError> {
        let now = self.clock.now();
        if run.requested_by.is_none() && now.since(run.created_at) > MAX_AGE {
            return self.end(run, RunState::Waiting, (RunState::Skipped, Some(SkipReason::TooOld)), now).await;
        }
        let turned_off = (RunState::Skipped, Some(SkipReason::TurnedOff));
        let Some(automation) = self.automation(&run).await? else {
            return self.end(run, RunState::Waiting, turned_off, now).await;
        };
        if let Some(at) = limits::wait_until(&mut self.db.bulk_reader().await?, &automation, now).await? {
            return self.look_later(run.id, at).await;
        }
        let Some(prepared) = self.prepare(automation, &run).await? else {
            return self.end(run, RunState::Waiting, turned_off, now).await;
        };
        // Also if a user runs it: nothing is sent for a payment that the rule excludes.
        if !prepared.automation.rule.conditions.is_note_met(&prepared.occurrence.details.notes) {
            return self.end(run, RunState::Waiting, (RunState::Skipped, Some(SkipReason::NoteNotMet)), now).await;
        }
        let mut tx = self.db.begin().await?;
        let before = run.steps.len();
        let own = (&prepared.automation, &prepared.app, &prepared.occurrence);
        let delivered = deliver::queue(&mut tx, own, &run, (&self.base, now)).await?;
        run.steps.extend(delivered);
        for planned in self.plan(&prepared) {
            let step = self.queue(&mut tx, (&prepared, &run), planned, now).await?;
            run.steps.push(step);
        }
        run.steps.extend(refund::start(&mut tx, (own.0, own.2), &run, now).await?);
        let new = &run.steps[before..];
        let reason = new.iter().find_map(Step::skip_reason).unwrap_or(SkipReason::RecipientGone);
        let is_sending = new.iter().any(Step::is_queued);
        let due_at = is_sending.then(|| now.plus(MIN_PAUSE));
        if is_sending {
            run.state = RunState::Sending;
        } else {
            (run.state, run.reason, run.ended_at) = (RunState::Skipped, Some(reason), Some(now));
        }
        // If another server was faster, what was queued here is rolled back.
        if runs::advance(&mut tx, &run, RunState::Waiting, due_at).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn look_later(&self, run: RunId, at: Timestamp) -> Result<(), DbError> {
        self.db.write_with_timeout(async |tx| runs::look_later(tx, run, at).await).await
    }

    /// Finds the automation of a run; `None` if it was deleted or turned off since.
    async fn automation(&self, run: &Run) -> Result<Option<Automation>, DbError> {
        let found = automations::find(&mut self.db.bulk_reader().await?, run.automation).await?;
        Ok(found.filter(|automation| automation.is_on || run.requested_by.is_some()))
    }

    /// Loads the data that a run needs; `None` if the app or the payment no longer exists.
    async fn prepare(&self, automation: Automation, run: &Run) -> Result<Option<Prepared>, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        let Some(app) = apps::store::find(&mut reader, automation.company_id, automation.app_id).await? else { return Ok(None) };
        let Some(occurrence) = Occurrence::of_run(&mut reader, &app, run).await? else { return Ok(None) };
        let users = accounts::store::list_of_company(&mut reader, app.company_id).await?;
        let channels = channels::store::list(&mut reader, app.company_id).await?;
        Ok(Some(Prepared { automation, app, occurrence, users, channels }))
    }

    fn plan(&self, prepared: &Prepared) -> Vec<Planned> {
        let recipients = prepared.automation.rule.recipients.iter().filter(|to| to.reads_message());
        recipients.map(|to| Planned { to: *to, outcome: self.address(prepared, *to) }).collect()
    }

    fn address(&self, prepared: &Prepared, to: Recipient) -> Result<Addressed, SkipReason> {
        let user = |id: UserId| prepared.users.iter().find(|user| user.id == id).cloned();
        match to {
            Recipient::Channel(id) => {
                let channel = prepared.channels.iter().find(|channel| channel.id == id).cloned();
                channel.map(Addressed::Channel).ok_or(SkipReason::RecipientGone)
            }
            // It receives a delivery instead of a message.
            Recipient::Destination(_) => Err(SkipReason::RecipientGone),
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

    /// Queues one message, and returns the step.
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
        let target = match &addressed {
            Addressed::Customer(address) => Target::Customer(address),
            Addressed::InsteadOfCustomer(user) => Target::Customer(&user.email),
            Addressed::User(user) => Target::Company(user.id.to_string()),
            Addressed::Channel(channel) => Target::Company(channel.id.to_string()),
        };
        if let Some(reason) = limits::count(tx, (&prepared.automation, run), target, (&self.vault, now)).await? {
            return Ok(Step::skipped(to, reason, now));
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

    /// Ends a run whose messages have ended.
    async fn settle(&self, run: Run) -> Result<(), DbError> {
        let now = self.clock.now();
        self.cancel_if_off(&run, now).await?;
        let mut reader = self.db.bulk_reader().await?;
        let stored = notifications::store::list_of_run(&mut reader, run.id).await?;
        let delivered = deliveries::list_of_run(&mut reader, run.app, run.id).await?;
        let refunded = refund::find(&mut reader, &run).await?;
        drop(reader);
        // Messages that are no longer stored ended long ago.
        let is_pending = stored.iter().any(|message| matches!(message.state, State::Waiting | State::Sending));
        let is_refunding = refunded.as_ref().is_some_and(|refund| refund.state.is_open());
        if is_pending || is_refunding || delivered.iter().any(|delivery| delivery.state.is_open()) {
            let queued_at = run.steps.last().map_or(now, |step| Timestamp::from_millis(step.at));
            let pause = (now.since(queued_at) / 4).clamp(MIN_PAUSE, if is_pending { MAX_MESSAGE_PAUSE } else { MAX_PAUSE });
            return self.look_later(run.id, now.plus(pause)).await;
        }
        let is_failed = stored.iter().any(|message| message.state == State::Failed && is_of_last_execution(&run, message.id));
        let refund_step = run.last_steps().any(|step| step.refund().is_some());
        let has_others = run.last_steps().any(|step| step.is_queued() && step.refund().is_none());
        let is_canceled =
            |step: &Step| stored.iter().any(|message| message.state == State::Canceled && Some(message.id) == step.message());
        let outcome = if !refund_step && run.last_steps().filter(|step| step.is_queued()).all(is_canceled) {
            (RunState::Skipped, Some(SkipReason::TurnedOff))
        } else {
            let others = has_others.then(|| deliver::ended(&run, &delivered, is_failed));
            refund::ended(refunded.as_ref(), others)
        };
        self.end(run, RunState::Sending, outcome, now).await
    }

    /// Cancels the messages of a run that wait, if its automation was turned off. What a user runs is sent even then.
    async fn cancel_if_off(&self, run: &Run, now: Timestamp) -> Result<(), DbError> {
        let automation = automations::find(&mut self.db.bulk_reader().await?, run.automation).await?;
        if run.requested_by.is_some() || automation.is_none_or(|automation| automation.is_on) {
            return Ok(());
        }
        self.db.write_with_timeout(async |tx| notifications::store::cancel_of_run(tx, run.id, now).await).await
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

/// True if a message was queued by the last execution of a run; the steps of an execution share one time.
fn is_of_last_execution(run: &Run, message: NotificationId) -> bool {
    run.last_steps().any(|step| step.message() == Some(message))
}
