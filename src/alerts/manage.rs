//! What users change of alerts: who is notified, quiet hours, the daily digest, muting, and acknowledging one.

use super::{
    Alert, RecipientId, Rule,
    digest::DigestSettings,
    schedule::{Mute, Schedule, digest_due},
    store::{alerts, digests, settings},
};
use crate::{
    accounts::{
        self, User,
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::App,
    db::{Exec, Reader, Tx},
    gateways::Mode,
    notifications::channels::{self, Channel},
    primitives::{id::AlertId, time::Timestamp},
};

/// Who does it, and when.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// What the page of an app's alerts in a mode shows.
pub(crate) struct Settings {
    /// In the order of the kinds.
    pub(crate) rules: Vec<Rule>,
    pub(crate) schedule: Schedule,
    pub(crate) digest: DigestSettings,
    pub(crate) users: Vec<User>,
    pub(crate) channels: Vec<Channel>,
}

impl Settings {
    /// True if the company has that recipient.
    pub(crate) fn has(&self, id: RecipientId) -> bool {
        match id {
            RecipientId::User(id) => self.users.iter().any(|user| user.id == id),
            RecipientId::Channel(id) => self.channels.iter().any(|channel| channel.id == id),
        }
    }
}

/// Reads the settings of an app in a mode, with everyone who can be notified.
pub(crate) async fn settings(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    actor: &Actor<'_>,
) -> Result<Settings, UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    Ok(Settings {
        rules: settings::list_rules(&mut *reader, app.id, mode).await?,
        schedule: settings::schedule(&mut *reader, app.id, mode).await?,
        digest: digests::find(&mut *reader, app.id, mode).await?,
        users: accounts::store::list_of_company(&mut *reader, app.company_id).await?,
        channels: channels::store::list(reader, app.company_id).await?,
    })
}

/// The maximum number of alerts that the page lists.
const MAX_LISTED: usize = 20;

/// Lists the newest alerts of an app in a mode, the open ones first.
pub(crate) async fn list_recent(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    actor: &Actor<'_>,
) -> Result<Vec<Alert>, UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    let mut listed = alerts::list_open(&mut *reader, app.id, mode).await?;
    let recent = alerts::list_recent(reader, app.id, mode).await?;
    listed.extend(recent.into_iter().filter(|alert| !alert.is_open()));
    listed.truncate(MAX_LISTED);
    Ok(listed)
}

/// Finds an alert of an app for an actor.
///
/// # Errors
/// [`Denied::OtherCompany`] if the app has no such alert.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: &App, id: AlertId, actor: &Actor<'_>) -> Result<Alert, UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    let found = alerts::find(on, id).await?;
    Ok(found.filter(|alert| (alert.company_id, alert.app_id) == (app.company_id, app.id)).ok_or(Denied::OtherCompany)?)
}

/// Changes who is notified of a kind. The caller has checked that the company has the recipients.
pub(crate) async fn set_rule(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    rule: &Rule,
    (actor, now): By<'_>,
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    settings::set_rule(tx, (app.company_id, app.id, mode), rule).await?;
    Ok(security_log::append(tx, actor, Action::AlertsChanged, app.id, now).await?)
}

/// Changes the quiet hours, from and to in minutes of the day.
pub(crate) async fn set_quiet(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    quiet: Option<(i64, i64)>,
    (actor, now): By<'_>,
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    settings::set_quiet(tx, (app.company_id, app.id, mode), quiet).await?;
    Ok(security_log::append(tx, actor, Action::AlertsChanged, app.id, now).await?)
}

/// Changes the daily digest. The caller has checked that the company has the recipients. If it is turned on after its time of the day, the
/// first one is sent on the next day; if it was on, the one of today is still sent, now if its time has passed.
pub(crate) async fn set_digest(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    chosen: &DigestSettings,
    (actor, now): By<'_>,
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    let was_on = digests::find(&mut *tx, app.id, mode).await?.is_on;
    let passed = digest_due(chosen.minute, None, app.zone, now).filter(|_| !was_on);
    digests::set(tx, (app.company_id, app.id, mode), chosen, passed).await?;
    Ok(security_log::append(tx, actor, Action::AlertsChanged, app.id, now).await?)
}

/// Mutes alerts, or ends that.
pub(crate) async fn mute(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    mute: Option<Mute>,
    (actor, now): By<'_>,
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    let until = mute.map(|mute| mute.until(app.zone, now));
    settings::set_muted(tx, (app.company_id, app.id, mode), until).await?;
    let action = if mute.is_some() { Action::AlertsMuted } else { Action::AlertsUnmuted };
    Ok(security_log::append(tx, actor, action, app.id, now).await?)
}

/// Stops the reminders of an alert.
pub(crate) async fn acknowledge(tx: &mut Tx, alert: &Alert, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, alert.company_id)?;
    if alerts::acknowledge(tx, (alert.company_id, alert.id), actor.name, now).await? {
        security_log::append(tx, actor, Action::AlertAcknowledged, alert.id, now).await?;
    }
    Ok(())
}

/// Records that a user sends a test of an alert.
pub(crate) async fn record_test(tx: &mut Tx, app: &App, (actor, now): By<'_>) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageAlerts, app.company_id)?;
    Ok(security_log::append(tx, actor, Action::AlertTested, app.id, now).await?)
}
