//! The time zones of an app, by whose days its totals are computed, and how the zone of an app is changed.
//!
//! Invariant: from the moment that a change is asked for until it is complete, each unit of work that changes payments adds to the
//! totals of both zones. So totals of the next zone that were once equal to the payments stay so. Units of work that change
//! payments begin with [`Db::begin_ingesting`](crate::db::Db::begin_ingesting) and read the zones then: none overlaps a change of
//! them.

use sqlx::FromRow;

use super::{App, store};
use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    db::{DbError, Tx},
    primitives::{id::AppId, time::Timestamp, zone::Zone},
};

/// The zones of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Zones {
    /// The zone of its days on pages and in downloads.
    #[sqlx(rename = "time_zone")]
    pub(crate) current: Zone,
    /// The zone that replaces it once its totals are complete.
    #[sqlx(rename = "next_time_zone")]
    pub(crate) next: Option<Zone>,
    /// The zone before, while there are totals of it.
    #[sqlx(rename = "past_time_zone")]
    pub(crate) past: Option<Zone>,
}

impl Zones {
    /// Returns the zones to whose totals payments are added.
    pub(crate) fn added_up(self) -> impl Iterator<Item = Zone> {
        [Some(self.current), self.next].into_iter().flatten()
    }
}

impl From<Zone> for Zones {
    fn from(current: Zone) -> Self {
        Self { current, next: None, past: None }
    }
}

/// A change that is not complete yet.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct ZoneChange {
    #[sqlx(rename = "id")]
    pub(crate) app: AppId,
    #[sqlx(rename = "next_time_zone")]
    pub(crate) zone: Zone,
    #[sqlx(rename = "next_time_zone_at")]
    pub(super) asked_at: Timestamp,
}

/// The maximum number of apps of a company whose zones change at the same time. One job adds up the payments of all companies'
/// changes, so a company with many apps must not keep it busy alone. A limit in number and not in time: a wrong zone can be
/// corrected immediately.
pub(crate) const MAX_ZONE_CHANGES: i64 = 3;

/// Whether another zone was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum AskOutcome {
    Accepted,
    /// [`MAX_ZONE_CHANGES`] other apps of the company are being changed. Nothing was stored.
    LimitReached,
}

/// Asks for another zone: it replaces the app's once the totals of its days are complete. The app's own zone cancels what was
/// asked for before.
pub(crate) async fn ask(
    tx: &mut Tx,
    app: &App,
    zone: Zone,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<AskOutcome, UseCaseError> {
    actor.require(Permission::ManageApps, app.company_id)?;
    // The row before the lock, as `complete` takes them: in two orders they would wait for each other, and ingestion for both.
    store::lock_row(tx, app.id).await?;
    let zones = store::zones(&mut *tx, app.id).await?;
    if zones.next.unwrap_or(zones.current) == zone {
        return Ok(AskOutcome::Accepted);
    }
    // Counted before the lock, for which all ingestion waits, and again under it: changes of other apps wait for it too.
    let is_another = zones.next.is_none() && zones.current != zone;
    if is_another && is_limit_reached(tx, app).await? {
        return Ok(AskOutcome::LimitReached);
    }
    tx.exclude_ingestion().await?;
    if zones.current == zone {
        store::cancel_zone_change(tx, app.company_id, app.id).await?;
    } else if is_another && is_limit_reached(tx, app).await? {
        return Ok(AskOutcome::LimitReached);
    } else {
        store::ask_for_zone(tx, (app.company_id, app.id), zone, now).await?;
    }
    security_log::append(tx, actor, Action::AppChanged, app.id, now).await?;
    Ok(AskOutcome::Accepted)
}

async fn is_limit_reached(tx: &mut Tx, app: &App) -> Result<bool, DbError> {
    Ok(store::count_zone_changes(tx, app.company_id).await? >= MAX_ZONE_CHANGES)
}

/// Replaces the zone of the app, whose totals of the new zone are complete; false if this change is no longer asked for.
pub(crate) async fn complete(tx: &mut Tx, change: &ZoneChange) -> Result<bool, DbError> {
    store::lock_row(tx, change.app).await?;
    tx.exclude_ingestion().await?;
    store::change_zone(tx, change).await
}
