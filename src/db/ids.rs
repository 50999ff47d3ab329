//! Ids for new rows: positive integers from one counter of the database, for all tables.
//!
//! Invariant: the database hands out a number once, whatever clocks do, however many processes use it, and however long one of
//! them is stopped. On SQLite the counter is a row, which only the unit of work that is writing can change; on PostgreSQL it is
//! a sequence, for which transactions wait only while it is raised. Ids are taken within the unit of work that stores them, or just
//! before it, so they are in the order of storing. A number that is not used leaves a gap.

use super::{Db, DbError, Tx, with_timeout};
use crate::primitives::{id::Id, time::Timestamp};

/// How far a restart moves the counter, in ids for each second since 1970. If a database is replaced by an older copy of it, the
/// ids handed out since then lie below, unless that was more than this number a second.
const IDS_PER_SECOND: i64 = 1 << 16;

/// Statements of SQLite.
mod sqlite {
    pub(super) const TAKE: &str = "UPDATE ids SET last = last + $1 RETURNING last";
    pub(super) const RAISE: &str = "UPDATE ids SET last = $1 WHERE last < $1";
}

/// Statements of PostgreSQL.
mod postgres {
    pub(super) const TAKE: &str = "SELECT nextval('ids') FROM generate_series(1, CAST($1 AS BIGINT))";
    pub(super) const IS_BELOW: &str = "SELECT last_value < $1 FROM ids";
    /// A unit of work that has taken ids is waited for, and those that take ids meanwhile wait as long: for a command, that is
    /// what ingestion on the servers may be held up.
    pub(super) const WAIT_OF_SERVER: &str = "SET LOCAL lock_timeout = '1s'";
    pub(super) const WAIT_OF_COMMAND: &str = "SET LOCAL lock_timeout = '50ms'";
    /// Changes nothing, but no other transaction takes ids until this one ends.
    pub(super) const LOCK: &str = "ALTER SEQUENCE ids OWNED BY NONE";
    pub(super) const RAISE: &str = "SELECT setval('ids', $1) FROM ids WHERE last_value < $1";
}

/// Takes that many ids, in ascending order.
///
/// # Errors
/// If the database fails.
pub(crate) async fn take<I: Id>(tx: &mut Tx, count: usize) -> Result<Vec<I>, DbError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let numbers: Vec<i64> = match tx {
        Tx::Sqlite(conn) => {
            let last: i64 = sqlx::query_scalar(sqlite::TAKE).bind(count).fetch_one(conn).await?;
            (last - count + 1..=last).collect()
        }
        Tx::Postgres(conn) => sqlx::query_scalar(postgres::TAKE).bind(count).fetch_all(&mut **conn).await?,
    };
    Ok(numbers.into_iter().map(I::from_number).collect())
}

/// Takes one id.
///
/// # Errors
/// If the database fails.
pub(crate) async fn next<I: Id>(tx: &mut Tx) -> Result<I, DbError> {
    take(tx, 1).await?.pop().ok_or(DbError::Internal(sqlx::Error::RowNotFound))
}

/// What raises the counter when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Starting {
    Server,
    Command,
}

impl Db {
    /// Takes ids in a unit of work of their own, for values that are sealed before they are stored.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn take_ids<I: Id>(&self, count: usize) -> Result<Vec<I>, DbError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let taking = async {
            let mut tx = self.begin().await?;
            let ids = take(&mut tx, count).await?;
            tx.commit().await?;
            Ok(ids)
        };
        with_timeout(taking).await
    }

    /// Raises the counter to the time, when a server or a command that writes starts: this may be an older copy of the database,
    /// and ids that it handed out later may be known elsewhere.
    ///
    /// # Errors
    /// If the database fails; see [`DbError::is_lock_timeout`].
    pub(crate) async fn raise_ids(&self, starting: Starting, now: Timestamp) -> Result<(), DbError> {
        let least = now.seconds().saturating_mul(IDS_PER_SECOND);
        let raising = async {
            let mut tx = self.begin().await?;
            match &mut tx {
                Tx::Sqlite(conn) => {
                    sqlx::query(sqlite::RAISE).bind(least).execute(conn).await?;
                }
                Tx::Postgres(conn) => {
                    if sqlx::query_scalar(postgres::IS_BELOW).bind(least).fetch_one(&mut **conn).await? {
                        let wait = match starting {
                            Starting::Server => postgres::WAIT_OF_SERVER,
                            Starting::Command => postgres::WAIT_OF_COMMAND,
                        };
                        sqlx::query(wait).execute(&mut **conn).await?;
                        sqlx::query(postgres::LOCK).execute(&mut **conn).await?;
                        sqlx::query(postgres::RAISE).bind(least).execute(&mut **conn).await?;
                    }
                }
            }
            tx.commit().await
        };
        with_timeout(raising).await
    }
}

/// Returns the statements with their names.
pub(crate) fn statements(db: &Db) -> Vec<(&'static str, &'static str)> {
    match db {
        Db::Sqlite { .. } => vec![("db::ids::TAKE", sqlite::TAKE), ("db::ids::RAISE", sqlite::RAISE)],
        Db::Postgres { .. } => {
            vec![
                ("db::ids::TAKE", postgres::TAKE),
                ("db::ids::IS_BELOW", postgres::IS_BELOW),
                ("db::ids::WAIT_OF_SERVER", postgres::WAIT_OF_SERVER),
                ("db::ids::WAIT_OF_COMMAND", postgres::WAIT_OF_COMMAND),
                ("db::ids::LOCK", postgres::LOCK),
                ("db::ids::RAISE", postgres::RAISE),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

    use super::*;
    use crate::{
        db::test_db::TestDb,
        primitives::id::{EventId, UserId},
    };

    async fn take_committed(db: &Db, count: usize) -> Vec<EventId> {
        db.take_ids(count).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_id_is_greater_than_all_before_whatever_the_clocks_of_the_servers_do() {
        let test = TestDb::new("ids_order").await;
        let Ok(other) = Db::connect(&test.location).await else { panic!("it connects") };
        let servers = [&test.db, &other];
        // Which server, its clock when it starts again or none, and how many ids it takes.
        let step = (0..2usize, proptest::option::of(0..4_000_000_000i64), 1..200usize);
        let mut runner = TestRunner::new(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() });
        let histories: Vec<Vec<_>> =
            (0..8).map(|_| proptest::collection::vec(step.clone(), 1..30).new_tree(&mut runner).unwrap().current()).collect();
        let mut last = EventId::least();
        for (server, restarted_at, count) in histories.concat() {
            if let Some(seconds) = restarted_at {
                servers[server].raise_ids(Starting::Server, Timestamp::from_seconds(seconds)).await.unwrap();
            }
            for id in take_committed(servers[server], count).await {
                assert!(id > last, "{id} after {last}");
                last = id;
            }
        }
        other.close().await;
        test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_id_is_handed_out_twice_by_servers_at_the_same_time() {
        let test = TestDb::new("ids_concurrent").await;
        let Ok(other) = Db::connect(&test.location).await else { panic!("it connects") };
        let workers = (0..8usize).map(|worker| {
            let db = if worker % 2 == 0 { test.db.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut taken = Vec::new();
                for turn in 0..10 {
                    if turn % 4 == worker % 4 {
                        db.raise_ids(Starting::Server, Timestamp::from_seconds(1_795_343_400 + i64::try_from(worker).unwrap()))
                            .await
                            .unwrap();
                    }
                    taken.extend(take_committed(&db, 1 + turn).await);
                }
                taken
            })
        });
        let mut all = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            all.extend(worker.await.unwrap());
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), count), (8 * 55, 8 * 55));
        other.close().await;
        test.end().await;
    }

    /// As a server that is stopped with SIGSTOP in the middle of a unit of work and goes on an hour later.
    #[tokio::test(flavor = "multi_thread")]
    async fn ids_of_a_unit_of_work_stay_its_own_however_long_it_lasts() {
        let test = TestDb::new("ids_suspended").await;
        let mut suspended = test.db.begin().await.unwrap();
        let own: Vec<EventId> = take(&mut suspended, 3).await.unwrap();
        // On SQLite no other unit of work writes meanwhile; on PostgreSQL others take their own.
        let others = if test.db.is_shared() { take_committed(&test.db, 1000).await } else { Vec::new() };
        assert!(others.iter().all(|id| !own.contains(id)));
        suspended.commit().await.unwrap();
        assert!(take_committed(&test.db, 1000).await.iter().all(|id| !own.contains(id)));
        test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_on_an_older_copy_of_the_database_hands_out_no_id_that_was_handed_out_since() {
        let test = TestDb::new("ids_restored").await;
        let now = Timestamp::from_seconds(4_000_000_000);
        test.db.raise_ids(Starting::Server, now).await.unwrap();
        let copied: UserId = next(&mut test.db.begin().await.unwrap()).await.unwrap();
        assert_eq!(copied.number() / IDS_PER_SECOND, now.seconds());
        // What a second at full load uses.
        let lost = copied.number() + IDS_PER_SECOND / 2;
        test.db.raise_ids(Starting::Server, now.plus(std::time::Duration::from_secs(1))).await.unwrap();
        assert!(take_committed(&test.db, 1).await[0].number() > lost);
        test.end().await;
    }
}
