//! Compares the sums by day with the payments that they are of, and mends them.
//!
//! The rule: a day of an app in a mode is one unit of work, so that whoever writes events waits for no more than that. What
//! is added is the difference, which nothing that arrives meanwhile changes, since it moves both; and two who mend at once
//! take turns, so that it is added once.

use std::collections::BTreeMap;

use super::store::recount::{self, LedgerKey};
use crate::{
    connections,
    db::{Db, DbError},
    primitives::{id::ConnectionId, time::Timestamp},
};

/// How far the doctor looks back, in days: what App Overview shows at most.
const SHOWN: i64 = 90;

/// How many days were looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RecountReport {
    pub(crate) days: i64,
    /// On how many of them the sums differ or differed.
    pub(crate) wrong: i64,
    /// Of how many that could not be found out, as where amounts are so absurd that no integer holds their sum.
    pub(crate) unread: i64,
}

impl RecountReport {
    fn count(&mut self, (app, mode): LedgerKey, day: i64, is_wrong: Result<bool, DbError>) {
        self.days += 1;
        match is_wrong {
            Ok(is_wrong) => self.wrong += i64::from(is_wrong),
            Err(error) => {
                tracing::warn!(%app, %mode, day, %error, "the sums of a day could not be compared");
                self.unread += 1;
            }
        }
    }
}

/// Every app in every mode in which it has a connection, with those connections in their order.
async fn ledgers(db: &Db) -> Result<BTreeMap<LedgerKey, Vec<ConnectionId>>, DbError> {
    let mut books: BTreeMap<LedgerKey, Vec<ConnectionId>> = BTreeMap::new();
    for connection in connections::store::list_all(&mut db.reader().await?).await? {
        books.entry((connection.app_id, connection.mode)).or_default().push(connection.id);
    }
    for connections in books.values_mut() {
        connections.sort();
    }
    Ok(books)
}

/// Compares the days that pages show.
pub(crate) async fn compare(db: &Db, now: Timestamp) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    for book in ledgers(db).await?.into_keys() {
        let mut from = now.day() - SHOWN;
        while let Some(day) = recount::next_day(&mut db.reader().await?, book, from).await? {
            counted.count(book, day, is_wrong(db, book, day).await);
            from = day + 1;
        }
    }
    Ok(counted)
}

/// Compares every day there is, and mends those that differ.
pub(crate) async fn repair(db: &Db) -> Result<RecountReport, DbError> {
    let mut counted = RecountReport::default();
    for (book, connections) in ledgers(db).await? {
        let mut from = i64::MIN;
        while let Some(day) = recount::next_day(&mut db.reader().await?, book, from).await? {
            counted.count(book, day, repair_day(db, book, &connections, day).await);
            from = day + 1;
        }
    }
    Ok(counted)
}

async fn is_wrong(db: &Db, book: LedgerKey, day: i64) -> Result<bool, DbError> {
    Ok(!recount::differences(&mut db.reader().await?, book, day).await?.is_empty())
}

/// Whether there was something to mend. It is looked before anybody has to wait, and again once it is our turn.
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
