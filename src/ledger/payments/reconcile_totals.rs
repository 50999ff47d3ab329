//! Compares the daily totals with the payments, and repairs them.
//!
//! Invariant: each day of an app in a mode is a separate unit of work, so that concurrent ingestion never waits longer than
//! for one day. Only the difference is added: events that arrive meanwhile do not change it, because they change totals and
//! payments alike. Concurrent repairs are serialized by locks on the connections' rows, so that the difference is added once.

use std::collections::BTreeMap;

use super::store::recount::{self, LedgerKey};
use crate::{
    connections,
    db::{Db, DbError},
    primitives::{id::ConnectionId, time::Timestamp},
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
    fn count(&mut self, (app, mode): LedgerKey, day: i64, is_wrong: Result<bool, DbError>) {
        self.days += 1;
        match is_wrong {
            Ok(is_wrong) => self.wrong += i64::from(is_wrong),
            Err(error) => {
                tracing::warn!(%app, %mode, day, %error, "the totals of a day could not be compared");
                self.unread += 1;
            }
        }
    }
}

/// Returns each app in each mode in which it has a connection, with these connections in the order of their ids.
async fn ledgers(db: &Db) -> Result<BTreeMap<LedgerKey, Vec<ConnectionId>>, DbError> {
    let mut books: BTreeMap<LedgerKey, Vec<ConnectionId>> = BTreeMap::new();
    for connection in connections::store::list_all(&mut db.bulk_reader().await?).await? {
        books.entry((connection.app_id, connection.mode)).or_default().push(connection.id);
    }
    for connections in books.values_mut() {
        connections.sort();
    }
    Ok(books)
}

/// Compares the days that pages can show.
pub(crate) async fn compare(db: &Db, now: Timestamp) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    for book in ledgers(db).await?.into_keys() {
        let mut from = now.day() - COMPARED_DAYS;
        while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, book, from).await? {
            counted.count(book, day, is_wrong(db, book, day).await);
            from = day + 1;
        }
    }
    Ok(counted)
}

/// Compares all days, and repairs those that differ.
pub(crate) async fn repair(db: &Db) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    for (book, connections) in ledgers(db).await? {
        let mut from = i64::MIN;
        while let Some(day) = recount::next_day(&mut db.bulk_reader().await?, book, from).await? {
            counted.count(book, day, repair_day(db, book, &connections, day).await);
            from = day + 1;
        }
    }
    Ok(counted)
}

async fn is_wrong(db: &Db, book: LedgerKey, day: i64) -> Result<bool, DbError> {
    Ok(!recount::differences(&mut db.bulk_reader().await?, book, day).await?.is_empty())
}

/// Repairs a day; returns whether its totals differed. Compares first without locks, so that other writers rarely wait, and
/// again under the locks.
async fn repair_day(db: &Db, book: LedgerKey, connections: &[ConnectionId], day: i64) -> Result<bool, DbError> {
    if !is_wrong(db, book, day).await? {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    for connection in connections {
        connections::store::lock_row(&mut tx, *connection).await?;
    }
    let differences = recount::differences(&mut tx, book, day).await?;
    for difference in &differences {
        recount::add(&mut tx, book, difference).await?;
    }
    tx.commit().await?;
    Ok(!differences.is_empty())
}
