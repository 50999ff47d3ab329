//! What owners set of an app's automatic refunds.
//!
//! Invariant: only an owner changes them, and what allows more than before only with the password.

use super::{AutomaticRefund, settings::RefundSettings, store};
use crate::{
    accounts::{
        Role,
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::App,
    db::{Exec, Reader, Tx},
    gateways::Mode,
    primitives::{
        id::{RunId, TransactionId},
        time::Timestamp,
    },
};

/// The actor and the time.
pub(crate) type By<'a> = (&'a Actor<'a>, Timestamp);

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    Done,
    /// It allows more than before: nothing was changed, since the password was not confirmed.
    NeedsPassword,
}

/// Returns the settings of an app in a mode.
pub(crate) async fn settings(
    on: impl Into<Exec<'_>>,
    (app, mode): (&App, Mode),
    actor: &Actor<'_>,
) -> Result<RefundSettings, UseCaseError> {
    actor.require(Permission::RefundPayments, app.company_id)?;
    Ok(store::settings::find(on, (app.id, mode)).await?)
}

/// Counts the refunds that wait for a user, up to 100.
pub(crate) async fn count_to_confirm(
    on: impl Into<Exec<'_>>,
    (app, mode): (&App, Mode),
    actor: &Actor<'_>,
) -> Result<i64, UseCaseError> {
    actor.require(Permission::RefundPayments, app.company_id)?;
    Ok(store::pages::count_to_confirm(on, (app.id, mode)).await?)
}

/// Lists the refunds that belong to a payment; none for an actor without the permission. Access to the payment has been checked.
pub(crate) async fn list_of_payment(
    reader: &mut Reader,
    (app, payment): (&App, TransactionId),
    limit: i64,
    actor: &Actor<'_>,
) -> Result<Vec<AutomaticRefund>, UseCaseError> {
    if actor.require(Permission::RefundPayments, app.company_id).is_err() {
        return Ok(Vec::new());
    }
    Ok(store::pages::list_of_payment(reader, payment, limit).await?)
}

/// Finds the refund of a run; `None` for an actor without the permission. Access to the run has been checked.
pub(crate) async fn find_of_run(
    on: impl Into<Exec<'_>>,
    (app, run): (&App, RunId),
    actor: &Actor<'_>,
) -> Result<Option<AutomaticRefund>, UseCaseError> {
    if actor.require(Permission::RefundPayments, app.company_id).is_err() {
        return Ok(None);
    }
    Ok(store::find_of_run(on, run).await?)
}

/// True if the actor may change the settings.
pub(crate) fn may_change(app: &App, actor: &Actor<'_>) -> bool {
    require_owner(app, actor).is_ok()
}

fn require_owner(app: &App, actor: &Actor<'_>) -> Result<(), Denied> {
    actor.require(Permission::RefundPayments, app.company_id)?;
    if actor.role == Role::Owner { Ok(()) } else { Err(Denied::Permission) }
}

/// Stops the refunds of an app, or starts them again, which needs the password.
pub(crate) async fn set_stopped(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    (is_stopped, is_confirmed): (bool, bool),
    (actor, now): By<'_>,
) -> Result<Saved, UseCaseError> {
    require_owner(app, actor)?;
    let old = store::settings::find(&mut *tx, (app.id, mode)).await?;
    if old.is_stopped && !is_stopped && !is_confirmed {
        return Ok(Saved::NeedsPassword);
    }
    if old.is_stopped != is_stopped {
        store::settings::set_stopped(tx, (app.id, mode), is_stopped, now).await?;
        record(tx, (app, mode), &RefundSettings { is_stopped, ..old }, (actor, now)).await?;
    }
    Ok(Saved::Done)
}

/// Stores the limits; `is_confirmed` if the password was.
pub(crate) async fn set_limits(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    (limits, is_confirmed): (&RefundSettings, bool),
    (actor, now): By<'_>,
) -> Result<Saved, UseCaseError> {
    require_owner(app, actor)?;
    let old = store::settings::find(&mut *tx, (app.id, mode)).await?;
    if limits.is_looser_than(&old) && !is_confirmed {
        return Ok(Saved::NeedsPassword);
    }
    let new = RefundSettings { is_stopped: old.is_stopped, ..*limits };
    if new != old {
        store::settings::set_limits(tx, (app.id, mode), &new, now).await?;
        record(tx, (app, mode), &new, (actor, now)).await?;
    }
    Ok(Saved::Done)
}

async fn record(
    tx: &mut Tx,
    (app, mode): (&App, Mode),
    settings: &RefundSettings,
    (actor, now): By<'_>,
) -> Result<(), UseCaseError> {
    let object = format!("{} {mode}: {settings}", app.id);
    Ok(security_log::append(tx, actor, Action::RefundSettingsChanged, object, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{accounts::authz::denial::assert_denied, apps, db::test_db::TestDb, primitives::id::CompanyId};

    #[tokio::test(flavor = "multi_thread")]
    async fn only_an_owner_changes_the_settings() {
        let test = TestDb::new("refund_settings_denied").await;
        let app = apps::tests::app(CompanyId::unique());
        let (of, limits, now) = ((&app, Mode::Test), RefundSettings::default(), Timestamp::from_seconds(1_795_343_400));
        assert_denied(app.company_id, async |actor: Actor<'static>| {
            settings(&mut test.db.bulk_reader().await.unwrap(), of, &actor).await
        })
        .await;
        assert_denied(app.company_id, async |actor: Actor<'static>| {
            set_stopped(&mut test.db.begin().await.unwrap(), of, (true, true), (&actor, now)).await
        })
        .await;
        assert_denied(app.company_id, async |actor: Actor<'static>| {
            set_limits(&mut test.db.begin().await.unwrap(), of, (&limits, true), (&actor, now)).await
        })
        .await;
        test.end().await;
    }
}
