//! Compares the daily totals with the payments, and repairs them.
//!
//! Invariant: each day of an app in a mode is a separate unit of work, so that concurrent ingestion never waits longer than
//! for one day. Only the difference is added: events that arrive meanwhile do not change it, because they change totals and
//! payments alike. Concurrent repairs are serialized by locks on the connections' rows, so that the difference is added once.
//! Totals by the days of a zone that the app had earlier are deleted: those of its present zone are made from the payments.

use std::collections::BTreeMap;

use super::store::{daily_totals::Ledger, recount};
use crate::{
    apps, connections,
    db::{Db, DbError},
    primitives::{
        id::{AppId, ConnectionId},
        time::Timestamp,
        zone::Zone,
    },
};

/// The number of days that `ks-pay doctor` compares: the longest period that App Overview shows.
const COMPARED_DAYS: i64 = 90;

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

    /// Counts days whose totals are of another zone than the app's.
    const fn count_stale(&mut self, days: i64) {
        self.days += days;
        self.wrong += days;
    }
}

/// Returns each app in each mode in which it has a connection, with these connections in the order of their ids.
async fn ledgers(db: &Db) -> Result<BTreeMap<Ledger, Vec<ConnectionId>>, DbError> {
    let mut ledgers: BTreeMap<Ledger, Vec<ConnectionId>> = BTreeMap::new();
    let mut reader = db.bulk_reader().await?;
    let connections = connections::store::list_all(&mut reader).await?;
    let zones: BTreeMap<AppId, Zone> = apps::store::list_zones(&mut reader).await?.into_iter().collect();
    for connection in connections {
        let Some(zone) = zones.get(&connection.app_id) else { continue };
        let ledger = Ledger { app: connection.app_id, mode: connection.mode, zone: *zone };
        ledgers.entry(ledger).or_default().push(connection.id);
    }
    for connections in ledgers.values_mut() {
        connections.sort();
    }
    Ok(ledgers)
}

/// Compares the days that pages can show.
pub(crate) async fn compare(db: &Db, now: Timestamp) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    for ledger in ledgers(db).await?.into_keys() {
        let mut from = ledger.zone.day(now) - COMPARED_DAYS;
        while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, ledger, from).await? {
            counted.count(ledger, day, is_wrong(db, ledger, day).await);
            from = day + 1;
        }
        counted.count_stale(recount::count_stale_days(&mut db.bulk_reader().await?, ledger).await?);
    }
    Ok(counted)
}

/// Compares all days, and repairs those that differ.
pub(crate) async fn repair(db: &Db) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    for (ledger, connections) in ledgers(db).await? {
        let mut from = i64::MIN;
        while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, ledger, from).await? {
            counted.count(ledger, day, repair_day(db, ledger, &connections, day).await);
            from = day + 1;
        }
        counted.count_stale(delete_stale(db, ledger).await?);
    }
    Ok(counted)
}

async fn is_wrong(db: &Db, ledger: Ledger, day: i64) -> Result<bool, DbError> {
    Ok(!recount::differences(&mut db.bulk_reader().await?, ledger, day).await?.is_empty())
}

/// Repairs a day; returns whether its totals differed. Compares first without locks, so that other writers rarely wait, and
/// again under the locks.
async fn repair_day(db: &Db, ledger: Ledger, connections: &[ConnectionId], day: i64) -> Result<bool, DbError> {
    if !is_wrong(db, ledger, day).await? {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    for connection in connections {
        connections::store::lock_row(&mut tx, *connection).await?;
    }
    let differences = recount::differences(&mut tx, ledger, day).await?;
    for difference in &differences {
        recount::add(&mut tx, ledger, difference).await?;
    }
    tx.commit().await?;
    Ok(!differences.is_empty())
}

/// Deletes the totals of other zones than the app's; returns of how many days.
async fn delete_stale(db: &Db, ledger: Ledger) -> Result<i64, DbError> {
    let days = recount::count_stale_days(&mut db.bulk_reader().await?, ledger).await?;
    if days == 0 {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    // The zone may have changed since the ledgers were listed; then these are not the stale ones.
    if apps::store::zone(&mut tx, ledger.app).await? != ledger.zone {
        return Ok(0);
    }
    recount::delete_stale_days(&mut tx, ledger).await?;
    tx.commit().await?;
    Ok(days)
}
