//! Compares the daily totals with the payments, and repairs them.
//!
//! Invariant: each day of an app in a mode is a separate unit of work, so that concurrent ingestion never waits longer than
//! for one day. Only the difference is added: events that arrive meanwhile do not change it, because they change totals and
//! payments alike. Concurrent repairs are serialized by a lock on the app's row, so that the difference is added once. Totals of
//! zones that are neither the app's nor the one that is to replace it are deleted.

use super::store::{daily_totals::Ledger, recount};
use crate::{
    apps::{self, zones::Zones},
    db::{Db, DbError},
    gateways::Mode,
    primitives::{id::AppId, time::Timestamp, zone::Zone},
};

/// The number of days that `ks-pay doctor` compares: the longest period that App Overview shows, and the one before.
const COMPARED_DAYS: i64 = 180;

/// The result of a comparison or repair: numbers of days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RecountReport {
    pub(crate) days: i64,
    /// Days on which the totals differ or differed.
    pub(crate) wrong: i64,
    /// Days that could not be compared, for example because the sum of extreme amounts overflows.
    pub(crate) unread: i64,
}

impl RecountReport {
    fn count(&mut self, Ledger { app, mode, .. }: Ledger, day: i64, is_wrong: Result<bool, DbError>) {
        self.days += 1;
        match is_wrong {
            Ok(is_wrong) => self.wrong += i64::from(is_wrong),
            Err(error) => {
                tracing::warn!(%app, %mode, day, %error, "the totals of a day could not be compared");
                self.unread += 1;
            }
        }
    }

    /// Counts days whose totals are of a zone that the app no longer has.
    const fn count_stale(&mut self, days: i64) {
        self.days += days;
        self.wrong += days;
    }
}

/// Returns the totals of an app in each mode.
fn ledgers(app: AppId, zone: Zone) -> impl Iterator<Item = Ledger> {
    Mode::ALL.iter().map(move |mode| Ledger { app, mode: *mode, zone })
}

/// Compares the days that pages can show.
pub(crate) async fn compare(db: &Db, now: Timestamp) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    let apps = apps::store::list_zones(&mut db.bulk_reader().await?).await?;
    for (app, zones) in apps {
        for ledger in ledgers(app, zones.current) {
            let mut from = ledger.zone.day(now) - COMPARED_DAYS;
            while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, ledger, from).await? {
                counted.count(ledger, day, is_wrong(db, ledger, day).await);
                from = day + 1;
            }
        }
        counted.count_stale(recount::count_stale_days(&mut db.bulk_reader().await?, app, zones).await?);
    }
    Ok(counted)
}

/// Compares all days, and repairs those that differ.
pub(crate) async fn repair(db: &Db) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    let apps = apps::store::list_zones(&mut db.bulk_reader().await?).await?;
    for (app, zones) in apps {
        for ledger in ledgers(app, zones.current) {
            let mut from = i64::MIN;
            while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, ledger, from).await? {
                counted.count(ledger, day, repair_day(db, ledger, day).await);
                from = day + 1;
            }
        }
        counted.count_stale(delete_stale(db, app).await?);
    }
    Ok(counted)
}

/// Makes the totals of an app by the days of a zone.
///
/// # Errors
/// If a day could not be added up, because the database fails or sums of extreme amounts overflow. A retry may succeed.
pub(super) async fn add_up(db: &Db, app: AppId, zone: Zone) -> Result<(), DbError> {
    for ledger in ledgers(app, zone) {
        let mut from = i64::MIN;
        while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, ledger, from).await? {
            repair_day(db, ledger, day).await?;
            from = day + 1;
        }
    }
    Ok(())
}

async fn is_wrong(db: &Db, ledger: Ledger, day: i64) -> Result<bool, DbError> {
    Ok(!recount::differences(&mut db.bulk_reader().await?, ledger, day).await?.is_empty())
}

/// Repairs a day; returns whether its totals differed. Compares first without locks, so that other writers rarely wait, and
/// again under the lock.
async fn repair_day(db: &Db, ledger: Ledger, day: i64) -> Result<bool, DbError> {
    if !is_wrong(db, ledger, day).await? {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    apps::store::lock_row(&mut tx, ledger.app).await?;
    let differences = recount::differences(&mut tx, ledger, day).await?;
    for difference in &differences {
        recount::add(&mut tx, ledger, difference).await?;
    }
    tx.commit().await?;
    Ok(!differences.is_empty())
}

/// Deletes the totals of zones that the app no longer has, a number of days in each unit of work; returns of how many days.
pub(super) async fn delete_stale(db: &Db, app: AppId) -> Result<i64, DbError> {
    let mut days = 0;
    loop {
        let mut tx = db.begin().await?;
        // The zones do not change before the unit of work ends.
        apps::store::lock_row(&mut tx, app).await?;
        let zones = Zones { past: None, ..apps::store::zones(&mut tx, app).await? };
        let stale = recount::list_stale_days(&mut tx, app, zones).await?;
        for day in &stale {
            recount::delete_day(&mut tx, app, day).await?;
        }
        if stale.is_empty() {
            apps::store::forget_past_zone(&mut tx, app).await?;
        }
        tx.commit().await?;
        days += i64::try_from(stale.len()).unwrap_or(i64::MAX);
        if stale.is_empty() {
            return Ok(days);
        }
    }
}
