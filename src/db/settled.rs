//! Up to which id everything that will ever be stored is stored, for readers that go through new rows in the order of their ids.
//!
//! Invariant: no unit of work of [`Db::begin_ingesting`](super::Db::begin_ingesting) that has taken an id up to the returned one is
//! still open, and what it has stored is visible to the next statement. On PostgreSQL units of work overlap, so one with a smaller id
//! may commit after one with a greater id. No clock decides: those that were open when the last id was read are recognised by the
//! lock that they share.

use std::{collections::HashSet, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use super::{DbError, Reader, postgres::ingestion_lock};
use crate::primitives::id::Id;

/// How long an observation on PostgreSQL is used: all readers share it.
const OBSERVATION_LIFETIME: Duration = Duration::from_millis(200);

/// The last id that was handed out, on SQLite: with the state of the rows, since both are of one read transaction.
const LAST_ON_SQLITE: &str = "SELECT last FROM ids";
const LAST_ON_POSTGRES: &str = "SELECT last_value FROM ids";
/// The open units of work that ingest. The name of one is never that of another.
const OPEN_ON_POSTGRES: &str = concat!(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND classid = 0 \
     AND objsubid = 1 AND objid = ",
    ingestion_lock!(),
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
);

/// What one server knows of it.
#[derive(Default)]
pub(crate) struct SettledIds(Mutex<Known>);

#[derive(Default)]
struct Known {
    settled: i64,
    /// An id, and the units of work that were open when it was the last one.
    candidate: Option<(i64, HashSet<String>)>,
    observed_at: Option<Instant>,
}

impl Known {
    /// Takes an observation that was made after all before it: the last id, and then the open units of work.
    fn observe(&mut self, last: i64, open: HashSet<String>) {
        if let Some((id, _)) = self.candidate.take_if(|(_, before)| before.is_disjoint(&open)) {
            self.settled = self.settled.max(id);
        }
        if open.is_empty() {
            self.settled = self.settled.max(last);
        } else if self.candidate.is_none() {
            self.candidate = Some((last, open));
        }
    }
}

impl SettledIds {
    /// Returns the greatest id that is known to be settled; 0 if none is. Read it before the rows.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn read<I: Id>(&self, reader: &mut Reader) -> Result<I, DbError> {
        let last = match reader {
            Reader::Sqlite(conn) => sqlx::query_scalar(LAST_ON_SQLITE).fetch_one(conn).await?,
            Reader::Postgres(conn) => {
                // Held meanwhile, so that observations are taken in the order in which they are made.
                let mut known = self.0.lock().await;
                if known.observed_at.is_none_or(|at| at.elapsed() >= OBSERVATION_LIFETIME) {
                    let last = sqlx::query_scalar(LAST_ON_POSTGRES).fetch_one(&mut **conn).await?;
                    let open: Vec<String> = sqlx::query_scalar(OPEN_ON_POSTGRES).fetch_all(&mut **conn).await?;
                    known.observe(last, open.into_iter().collect());
                    known.observed_at = Some(Instant::now());
                }
                known.settled
            }
        };
        Ok(I::from_number(last))
    }
}

/// Returns the statements with their names.
pub(crate) fn statements(is_sqlite: bool) -> Vec<(&'static str, &'static str)> {
    if is_sqlite {
        return vec![("db::settled::LAST_ON_SQLITE", LAST_ON_SQLITE)];
    }
    vec![("db::settled::LAST_ON_POSTGRES", LAST_ON_POSTGRES), ("db::settled::OPEN_ON_POSTGRES", OPEN_ON_POSTGRES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::{Db, ids, test_db::TestDb},
        primitives::id::EventId,
    };

    fn open<const N: usize>(names: [&str; N]) -> HashSet<String> {
        names.map(str::to_owned).into()
    }

    #[test]
    fn an_id_is_settled_once_all_that_were_open_with_it_have_ended() {
        let mut known = Known::default();
        let mut settled_after = |last, open| {
            known.observe(last, open);
            known.settled
        };
        assert_eq!(settled_after(10, open([])), 10);
        assert_eq!(settled_after(12, open(["3/7", "4/1"])), 10);
        assert_eq!(settled_after(15, open(["4/1"])), 10, "one of those may have taken an id up to 12");
        assert_eq!(settled_after(18, open(["3/8", "5/2"])), 12, "these began later");
        assert_eq!(settled_after(20, open(["3/9"])), 18, "without a pause in which none is open");
    }

    async fn settled(ids: &SettledIds, db: &Db) -> EventId {
        tokio::time::sleep(OBSERVATION_LIFETIME).await;
        ids.read(&mut db.reader().await.unwrap()).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_id_is_settled_while_one_before_it_may_be_stored() {
        let test = TestDb::new("settled_ids").await;
        let known = SettledIds::default();
        let [first]: [EventId; 1] = test.db.take_ids(1).await.unwrap().try_into().unwrap();
        assert!(settled(&known, &test.db).await >= first);
        // SQLite has one writer, so there nothing commits before it.
        if test.db.is_shared() {
            let mut late = test.db.begin_ingesting().await.unwrap();
            let late_id: EventId = ids::next(&mut late).await.unwrap();
            let mut early = test.db.begin_ingesting().await.unwrap();
            let early_id: EventId = ids::next(&mut early).await.unwrap();
            early.commit().await.unwrap();
            assert!(early_id > late_id && settled(&known, &test.db).await < late_id);
            late.commit().await.unwrap();
            assert!(settled(&known, &test.db).await >= early_id);
        }
        test.end().await;
    }
}
