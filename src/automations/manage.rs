//! What users do with automations and their runs.

use super::{
    Automation, Recipient, Rule,
    runs::{Run, RunState},
    store::{automations, runs},
};
use crate::{
    accounts::{
        self, User,
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::App,
    db::{Exec, Reader, Tx, ids},
    deliveries::{destination::Destination, store::destinations},
    gateways::Mode,
    notifications::channels::{self, Channel},
    primitives::{
        id::{AutomationId, CompanyId, RunId, TransactionId},
        time::Timestamp,
    },
};

/// The most executions of a run, so that none grows without end.
pub(crate) const MAX_EXECUTIONS: usize = 10;

/// The actor and the time.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// The users and channels of a company and the destinations of an app in a mode, which an automation may notify.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) users: Vec<User>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) destinations: Vec<Destination>,
}

impl Known {
    /// True if the recipient exists.
    pub(crate) fn has(&self, recipient: Recipient) -> bool {
        match recipient {
            Recipient::Customer => true,
            Recipient::User(id) => self.users.iter().any(|user| user.id == id),
            Recipient::Channel(id) => self.channels.iter().any(|channel| channel.id == id),
            Recipient::Destination(id) => self.destinations.iter().any(|destination| destination.id == id),
        }
    }
}

/// Reads the users and channels of the app's company, and the app's destinations in a mode.
pub(crate) async fn known(reader: &mut Reader, (app, mode): (&App, Mode), actor: &Actor<'_>) -> Result<Known, UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
    Ok(Known {
        users: accounts::store::list_of_company(&mut *reader, app.company_id).await?,
        channels: channels::store::list(&mut *reader, app.company_id).await?,
        destinations: destinations::list(reader, app.id, mode).await?,
    })
}

/// Lists the automations of an app in a mode.
pub(crate) async fn list(
    on: impl Into<Exec<'_>>,
    (app, mode): (&App, Mode),
    actor: &Actor<'_>,
) -> Result<Vec<Automation>, UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
    Ok(automations::list(on, app.id, mode).await?)
}

/// Finds an automation of an app.
///
/// # Errors
/// [`Denied::OtherCompany`] if the app has no such automation.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    app: &App,
    id: AutomationId,
    actor: &Actor<'_>,
) -> Result<Automation, UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
    let found = automations::find(on, id).await?;
    Ok(found.filter(|one| (one.company_id, one.app_id) == (app.company_id, app.id)).ok_or(Denied::OtherCompany)?)
}

/// Finds a run of an automation. The actor's access to the automation has been checked.
///
/// # Errors
/// [`Denied::OtherCompany`] if the automation has no such run.
pub(crate) async fn find_run(
    on: impl Into<Exec<'_>>,
    automation: &Automation,
    id: RunId,
    actor: &Actor<'_>,
) -> Result<Run, UseCaseError> {
    actor.require(Permission::ManageAutomations, automation.company_id)?;
    let found = runs::find(on, id).await?;
    Ok(found.filter(|run| run.automation == automation.id).ok_or(Denied::OtherCompany)?)
}

/// Lists at most `limit` runs for a payment, with their automations. The actor's access to the payment has been checked. Runs of deleted
/// automations are omitted; an actor without the permission sees none.
pub(crate) async fn list_of_payment(
    reader: &mut Reader,
    (app, mode, payment): (&App, Mode, TransactionId),
    limit: i64,
    actor: &Actor<'_>,
) -> Result<Vec<(Automation, Run)>, UseCaseError> {
    if actor.require(Permission::ManageAutomations, app.company_id).is_err() {
        return Ok(Vec::new());
    }
    let runs = runs::list_of_transaction(&mut *reader, payment, limit).await?;
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let automations = automations::list(reader, app.id, mode).await?;
    let automation = |run: &Run| automations.iter().find(|one| one.id == run.automation).cloned();
    Ok(runs.into_iter().filter_map(|run| Some((automation(&run)?, run))).collect())
}

/// Lists the automations that send to a destination; none for an actor without the permission.
pub(crate) async fn list_of_destination(
    on: impl Into<Exec<'_>>,
    destination: &Destination,
    actor: &Actor<'_>,
) -> Result<Vec<Automation>, UseCaseError> {
    if actor.require(Permission::ManageAutomations, destination.company_id).is_err() {
        return Ok(Vec::new());
    }
    let mut all = automations::list(on, destination.app_id, destination.mode).await?;
    all.retain(|automation| automation.rule.recipients.contains(&Recipient::Destination(destination.id)));
    Ok(all)
}

/// Requires the permission to manage automations, and for a rule that refunds also that to refund.
fn require(actor: &Actor<'_>, company: CompanyId, rules: &[&Rule]) -> Result<(), Denied> {
    actor.require(Permission::ManageAutomations, company)?;
    rules.iter().filter_map(|rule| rule.extra_permission()).try_for_each(|permission| actor.require(permission, company))
}

/// Adds an automation, turned on or off.
pub(crate) async fn add(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    (rule, is_on): (Rule, bool),
    (actor, now): By<'_>,
) -> Result<AutomationId, UseCaseError> {
    require(actor, app.company_id, &[&rule])?;
    let automation = Automation {
        id: ids::next(tx).await?,
        company_id: app.company_id,
        app_id: app.id,
        mode,
        rule,
        is_on,
        turned_on_at: is_on.then_some(now),
        changed_by: actor.user,
        created_at: now,
        changed_at: now,
    };
    automations::insert(tx, &automation).await?;
    security_log::append(tx, actor, Action::AutomationAdded, automation.id, now).await?;
    Ok(automation.id)
}

/// Changes the rule of an automation.
pub(crate) async fn change(tx: &mut Tx, automation: &Automation, rule: &Rule, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    require(actor, automation.company_id, &[&automation.rule, rule])?;
    automations::update(tx, (automation.company_id, automation.id), rule, (actor.user, now)).await?;
    Ok(security_log::append(tx, actor, Action::AutomationChanged, automation.id, now).await?)
}

/// Turns an automation on or off. Once on, it reacts to later changes only.
pub(crate) async fn turn(tx: &mut Tx, automation: &Automation, is_on: bool, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    // Turning it off needs no permission to refund.
    let rule = [&automation.rule];
    require(actor, automation.company_id, if is_on { &rule } else { &[] })?;
    let key = (automation.company_id, automation.id);
    let (is_changed, action) = if is_on {
        (automations::turn_on(tx, key, (actor.user, now)).await?, Action::AutomationTurnedOn)
    } else {
        (automations::turn_off(tx, key).await?, Action::AutomationTurnedOff)
    };
    if is_changed && !is_on {
        // The job cancels the messages that wait.
        runs::look_now(tx, automation.id, now).await?;
    }
    if is_changed {
        security_log::append(tx, actor, action, automation.id, now).await?;
    }
    Ok(())
}

/// Deletes an automation. Queued messages are still sent.
pub(crate) async fn remove(tx: &mut Tx, automation: &Automation, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAutomations, automation.company_id)?;
    if automations::delete(tx, (automation.company_id, automation.id)).await? {
        security_log::append(tx, actor, Action::AutomationRemoved, automation.id, now).await?;
    }
    Ok(())
}

/// What became of a request to run something again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requested {
    Started,
    /// The run has not ended.
    NotEnded,
    /// The run has had [`MAX_EXECUTIONS`].
    TooOften,
}

/// Runs a run that has ended again.
pub(crate) async fn request_run(
    tx: &mut Tx,
    (automation, run): (&Automation, &Run),
    (actor, now): By<'_>,
) -> Result<Requested, UseCaseError> {
    require(actor, automation.company_id, &[&automation.rule])?;
    if run.executions() >= MAX_EXECUTIONS {
        return Ok(Requested::TooOften);
    }
    if !runs::request(tx, run.id, actor.name, now).await? {
        return Ok(Requested::NotEnded);
    }
    security_log::append(tx, actor, Action::AutomationRunRequested, run.id, now).await?;
    Ok(Requested::Started)
}

/// Records in the security log that a user sent a test to themselves.
pub(crate) async fn record_test(tx: &mut Tx, app: &App, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
    Ok(security_log::append(tx, actor, Action::AutomationTested, app.id, now).await?)
}

/// Counts the runs of an automation in each state, at most [`runs::MAX_COUNTED`]. Access to the automation has been checked.
pub(crate) async fn counts(reader: &mut Reader, automation: &Automation) -> Result<Vec<(RunState, i64)>, UseCaseError> {
    let mut counts = Vec::new();
    for state in RunState::ALL {
        counts.push((*state, runs::count_in_state(&mut *reader, automation.id, *state).await?));
    }
    Ok(counts)
}
