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
    gateways::Mode,
    notifications::channels::{self, Channel},
    primitives::{
        id::{AutomationId, RunId, TransactionId},
        time::Timestamp,
    },
};

/// Who does it, and when.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// The users and channels of a company, which an automation may notify.
pub(crate) struct Known {
    pub(crate) users: Vec<User>,
    pub(crate) channels: Vec<Channel>,
}

impl Known {
    /// True if the recipient exists.
    pub(crate) fn has(&self, recipient: Recipient) -> bool {
        match recipient {
            Recipient::Customer => true,
            Recipient::User(id) => self.users.iter().any(|user| user.id == id),
            Recipient::Channel(id) => self.channels.iter().any(|channel| channel.id == id),
        }
    }
}

/// Reads the users and channels of the app's company.
pub(crate) async fn known(reader: &mut Reader, app: &App, actor: &Actor<'_>) -> Result<Known, UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
    Ok(Known {
        users: accounts::store::list_of_company(&mut *reader, app.company_id).await?,
        channels: channels::store::list(reader, app.company_id).await?,
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

/// Finds a run of an automation, which the actor has found.
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

/// Lists the runs for a payment that the actor has found, with their automations; at most `limit`. Those of a deleted automation are
/// left out; an actor without the permission sees none.
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

/// Adds an automation, which is turned on or off.
pub(crate) async fn add(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    (rule, is_on): (Rule, bool),
    (actor, now): By<'_>,
) -> Result<AutomationId, UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
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
    actor.require(Permission::ManageAutomations, automation.company_id)?;
    automations::update(tx, (automation.company_id, automation.id), rule, (actor.user, now)).await?;
    Ok(security_log::append(tx, actor, Action::AutomationChanged, automation.id, now).await?)
}

/// Turns an automation on or off. One that is turned on reacts to changes from then on.
pub(crate) async fn turn(tx: &mut Tx, automation: &Automation, is_on: bool, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAutomations, automation.company_id)?;
    let key = (automation.company_id, automation.id);
    let (is_changed, action) = if is_on {
        (automations::turn_on(tx, key, (actor.user, now)).await?, Action::AutomationTurnedOn)
    } else {
        (automations::turn_off(tx, key).await?, Action::AutomationTurnedOff)
    };
    if is_changed {
        security_log::append(tx, actor, action, automation.id, now).await?;
    }
    Ok(())
}

/// Removes an automation. What it has queued is still sent.
pub(crate) async fn remove(tx: &mut Tx, automation: &Automation, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAutomations, automation.company_id)?;
    if automations::delete(tx, (automation.company_id, automation.id)).await? {
        security_log::append(tx, actor, Action::AutomationRemoved, automation.id, now).await?;
    }
    Ok(())
}

/// Runs a run that has ended again; returns false if it has not.
pub(crate) async fn request_run(
    tx: &mut Tx,
    (automation, run): (&Automation, &Run),
    (actor, now): By<'_>,
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageAutomations, automation.company_id)?;
    let is_requested = runs::request(tx, run.id, actor.name, now).await?;
    if is_requested {
        security_log::append(tx, actor, Action::AutomationRunRequested, run.id, now).await?;
    }
    Ok(is_requested)
}

/// Records that a user sends the message of an automation to themselves.
pub(crate) async fn record_test(tx: &mut Tx, app: &App, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAutomations, app.company_id)?;
    Ok(security_log::append(tx, actor, Action::AutomationTested, app.id, now).await?)
}

/// Counts the runs of an automation in each state, at most [`runs::MAX_COUNTED`]. The actor has found the automation.
pub(crate) async fn counts(reader: &mut Reader, automation: &Automation) -> Result<Vec<(RunState, i64)>, UseCaseError> {
    let mut counts = Vec::new();
    for state in RunState::ALL {
        counts.push((*state, runs::count_in_state(&mut *reader, automation.id, *state).await?));
    }
    Ok(counts)
}
