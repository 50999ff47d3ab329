//! Ids for new rows: positive integers from one counter of the database, for all tables.
//!
//! Invariant: the database hands out a number once, whatever clocks do, however many processes use it, and however long one of
//! them is stopped. On SQLite the counter is a row, which only the unit of work that is writing can change; on PostgreSQL it is a
//! sequence, which no transaction waits for. Ids are taken within the unit of work that stores them, or just before it, so
//! they are in the order of storing. A number that is not used leaves a gap.

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

    /// Raises the counter to the time, when a server starts: this may be an older copy of the database, and ids that it handed
    /// out later may be known elsewhere.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn raise_ids(&self, now: Timestamp) -> Result<(), DbError> {
        let least = now.seconds().saturating_mul(IDS_PER_SECOND);
        let mut tx = self.begin().await?;
        match &mut tx {
            Tx::Sqlite(conn) => drop(sqlx::query(sqlite::RAISE).bind(least).execute(conn).await?),
            Tx::Postgres(conn) => {
                sqlx::query(postgres::LOCK).execute(&mut **conn).await?;
                sqlx::query(postgres::RAISE).bind(least).execute(&mut **conn).await?;
            }
        }
        tx.commit().await
    }
}

/// Returns the statements with their names.
pub(crate) fn statements(db: &Db) -> Vec<(&'static str, &'static str)> {
    match db {
        Db::Sqlite { .. } => vec![("db::ids::TAKE", sqlite::TAKE), ("db::ids::RAISE", sqlite::RAISE)],
        Db::Postgres { .. } => {
            vec![("db::ids::TAKE", postgres::TAKE), ("db::ids::LOCK", postgres::LOCK), ("db::ids::RAISE", postgres::RAISE)]
        }
    }
}
