//! A unit of work on PostgreSQL.
//!
//! Invariant: no connection of the pool is in a transaction. A BEGIN that fails or is canceled may have started one, or may wait
//! for a lock that it still gets, and the driver cannot tell: such a connection is closed.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, Postgres, SqlStr, pool::PoolConnection};
use sqlx_core::transaction::TransactionManager as _;
use sqlx_postgres::PgTransactionManager;

/// A transaction of a connection of the pool. Rolled back if dropped without [`UnitOfWork::commit`].
pub struct UnitOfWork {
    conn: PoolConnection<Postgres>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Beginning,
    Open,
    Ended,
}

impl UnitOfWork {
    /// Begins a transaction with the statements of `begin`, sent together.
    pub(super) async fn begin(conn: PoolConnection<Postgres>, begin: &'static str) -> Result<Self, sqlx::Error> {
        let mut unit = Self { conn, state: State::Beginning };
        PgTransactionManager::begin(&mut unit.conn, Some(SqlStr::from_static(begin))).await?;
        unit.state = State::Open;
        Ok(unit)
    }

    pub(in crate::db) async fn commit(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::commit(&mut self.conn).await?;
        self.state = State::Ended;
        Ok(())
    }

    pub(in crate::db) async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::rollback(&mut self.conn).await?;
        self.state = State::Ended;
        Ok(())
    }
}

impl Drop for UnitOfWork {
    fn drop(&mut self) {
        match self.state {
            State::Beginning => self.conn.close_on_drop(),
            // Sent when the connection returns to the pool.
            State::Open => PgTransactionManager::start_rollback(&mut self.conn),
            State::Ended => {}
        }
    }
}

impl Deref for UnitOfWork {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.conn
    }
}

impl DerefMut for UnitOfWork {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
}

#[cfg(test)]
mod tests {
    use crate::db::{Db, Exec, Tx, test_db::TestDb};

    const IN_TRANSACTION: &str = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

    async fn count(db: &Db, statement: &'static str) -> i64 {
        let mut reader = db.reader().await.unwrap();
        let Exec::Postgres(conn) = Exec::from(&mut reader) else { unreachable!("only on PostgreSQL") };
        sqlx::query_scalar(statement).fetch_one(conn).await.unwrap()
    }

    async fn exclude_ingestion(db: &Db) -> Tx {
        let mut tx = db.begin().await.unwrap();
        tx.exclude_ingestion().await.unwrap();
        tx
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_unit_of_work_that_could_not_begin_leaves_no_transaction_and_no_lock() {
        let test = TestDb::new("begin_fails").await;
        if test.db.is_shared() {
            let holder = exclude_ingestion(&test.db).await;
            // One is canceled while it waits for the lock, the other one waits until the server gives up.
            let waiting = tokio::spawn({
                let db = test.db.clone();
                async move { db.begin_ingesting().await.map(drop) }
            });
            while count(&test.db, WAITING).await == 0 {
                tokio::task::yield_now().await;
            }
            waiting.abort();
            let failed = test.db.begin_ingesting().await;
            assert!(failed.is_err(), "the lock is held");
            holder.commit().await.unwrap();
            // Waits for the shared lock of a session that still had it.
            exclude_ingestion(&test.db).await.commit().await.unwrap();
            assert_eq!(count(&test.db, IN_TRANSACTION).await, 0);
        }
        test.end().await;
    }
}
