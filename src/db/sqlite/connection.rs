//! A connection in use, and on which thread its statements run.
//!
//! A call into SQLite blocks its thread: it reads files, waits for locks and, in a commit, for the disk. So a connection is
//! acquired together with the place where its calls may block ([`Calls`]).

use std::{
    fmt,
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt as _, StreamExt as _, TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{Connection, Either, Execute, Executor, SqlStr, Transaction};
use sqlx_core::transaction::TransactionManager;
use tokio::{runtime::Handle, task::spawn_blocking};

use super::{
    Sqlite,
    error::is_busy,
    options::SqliteOptions,
    pool::{Deadline, Lease, Limits},
    row::{SqliteQueryResult, SqliteRow, SqliteStatement},
    statement::{BoundStatement, Outcome, Wanted},
};

/// Timeout of a statement on the calling thread. Such statements take microseconds; see the plans test.
const INLINE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where statements run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Calls {
    /// On the calling thread, which also serves others: for statements that are known to be short. One that finds a lock is
    /// handed off to wait for it.
    Inline,
    /// On the calling thread, which serves no one else, until a time.
    Blocking(Instant),
    /// Each on a thread for blocking work.
    HandedOff,
}

/// A connection in use. Returned to its pool when dropped; its transaction is then rolled back.
pub struct SqliteConnection {
    /// Absent while a statement is handed off, and for ever if the future that waited for it was dropped.
    lease: Option<Lease>,
    calls: Calls,
}

impl SqliteConnection {
    pub(super) const fn new(lease: Lease, calls: Calls) -> Self {
        Self { lease: Some(lease), calls }
    }

    /// Begins a transaction that sees one state of the database, from its first statement on.
    pub(in crate::db) async fn begin_reading(&mut self) -> Result<(), sqlx::Error> {
        self.run(BoundStatement::fixed("BEGIN")).await.map(drop)
    }

    /// Begins a transaction that writes. Takes the write lock immediately: a deferred transaction that reads first and writes
    /// later can fail with SQLITE_BUSY_SNAPSHOT, to which no busy timeout applies.
    pub(in crate::db) async fn begin_writing(&mut self) -> Result<(), sqlx::Error> {
        self.run(BoundStatement::fixed("BEGIN IMMEDIATE")).await.map(drop)
    }

    /// Commits. Always ends, however slow the disk, and the result is certain.
    pub(in crate::db) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.commit_and_continue().await
    }

    /// Commits, and keeps the connection.
    pub(super) async fn commit_and_continue(&mut self) -> Result<(), sqlx::Error> {
        self.end(BoundStatement::fixed("COMMIT")).await
    }

    pub(in crate::db) async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        self.end(BoundStatement::fixed("ROLLBACK")).await
    }

    /// Ends a transaction, without a time limit.
    async fn end(&mut self, statement: BoundStatement) -> Result<(), sqlx::Error> {
        let limits = Limits { until: None, may_wait: true };
        match self.calls {
            Calls::HandedOff => self.hand_off(statement, limits, false).await.map(drop),
            Calls::Inline | Calls::Blocking(_) => self.run_here(&statement, limits).map(drop),
        }
    }

    async fn run(&mut self, statement: BoundStatement) -> Result<Outcome, sqlx::Error> {
        match self.calls {
            Calls::Inline => {
                let until = Some(Instant::now() + INLINE_TIMEOUT);
                match self.run_here(&statement, Limits { until, may_wait: false }) {
                    Err(error) if is_busy(&error) => self.hand_off(statement, Limits { until, may_wait: true }, true).await,
                    outcome => outcome,
                }
            }
            Calls::Blocking(until) => self.run_here(&statement, Limits { until: Some(until), may_wait: true }),
            Calls::HandedOff => self.hand_off(statement, Limits { until: None, may_wait: true }, true).await,
        }
    }

    fn run_here(&mut self, statement: &BoundStatement, limits: Limits) -> Result<Outcome, sqlx::Error> {
        let lease = self.lease()?;
        lease.limit(limits)?;
        lease.run(statement)
    }

    /// Runs a statement on a thread for blocking work. If this future is dropped meanwhile, the statement is ended if it may be
    /// interrupted, and that thread rolls back and returns the connection.
    async fn hand_off(
        &mut self,
        statement: BoundStatement,
        limits: Limits,
        is_interruptible: bool,
    ) -> Result<Outcome, sqlx::Error> {
        let mut lease = self.lease.take().ok_or(sqlx::Error::WorkerCrashed)?;
        lease.limit(limits)?;
        let deadline = lease.deadline();
        let mut running = spawn_blocking(move || {
            let outcome = lease.run(&statement);
            (lease, outcome)
        });
        // Dropped before `running`, and so before the connection can have another user.
        let _interruption = is_interruptible.then(|| Interruption(deadline));
        let (lease, outcome) = (&mut running).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        self.lease = Some(lease);
        outcome
    }

    #[cfg(test)]
    pub(super) fn raw(&self) -> &rusqlite::Connection {
        self.lease.as_ref().and_then(Lease::raw).unwrap()
    }

    fn lease(&mut self) -> Result<&mut Lease, sqlx::Error> {
        self.lease.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }
}

/// Ends the statement that still runs when this is dropped.
struct Interruption(Deadline);

impl Drop for Interruption {
    fn drop(&mut self) {
        self.0.set(Some(Instant::now()));
    }
}

impl Drop for SqliteConnection {
    /// A rollback of a transaction that wrote is not left to a thread that serves others.
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take()
            && matches!(self.calls, Calls::HandedOff)
            && lease.is_in_transaction()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn_blocking(move || drop(lease)));
        }
    }
}

impl fmt::Debug for SqliteConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteConnection").finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut SqliteConnection {
    type Database = Sqlite;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<SqliteQueryResult, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        let statement = BoundStatement::new(query, Wanted::Nothing);
        async move { self.run(statement?).await.map(|outcome| outcome.result()) }.boxed()
    }

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<SqliteQueryResult, SqliteRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        let statement = BoundStatement::new(query, Wanted::All);
        let running = async move {
            let outcome = self.run(statement?).await?;
            let result = Either::Left(outcome.result());
            Ok::<_, sqlx::Error>(stream::iter(outcome.into_rows().map(Either::Right).chain([result]).map(Ok)))
        };
        stream::once(running).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<SqliteRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        let statement = BoundStatement::new(query, Wanted::First);
        async move { self.run(statement?).await.map(|outcome| outcome.into_rows().next()) }.boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, _: &'e [super::SqliteTypeInfo]) -> BoxFuture<'e, Result<SqliteStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        async move {
            let description = self.lease()?.describe(sql.as_str())?;
            Ok(SqliteStatement::new(sql, description))
        }
        .boxed()
    }
}

impl Connection for SqliteConnection {
    type Database = Sqlite;
    type Options = SqliteOptions;

    async fn close(mut self) -> Result<(), sqlx::Error> {
        let lease = self.lease.take();
        spawn_blocking(move || drop(lease)).await.map_err(|_| sqlx::Error::WorkerCrashed)
    }

    async fn close_hard(self) -> Result<(), sqlx::Error> {
        self.close().await
    }

    async fn ping(&mut self) -> Result<(), sqlx::Error> {
        self.run(BoundStatement::fixed("SELECT 1")).await.map(drop)
    }

    fn begin(&mut self) -> impl Future<Output = Result<Transaction<'_, Sqlite>, sqlx::Error>> + Send + '_ {
        Transaction::begin(self, None)
    }

    fn shrink_buffers(&mut self) {}

    async fn flush(&mut self) -> Result<(), sqlx::Error> {
        Ok(())
    }

    fn should_flush(&self) -> bool {
        false
    }
}

/// Transactions of sqlx on a connection; the product uses `Db`.
pub struct SqliteTransactionManager;

impl TransactionManager for SqliteTransactionManager {
    type Database = Sqlite;

    async fn begin(connection: &mut SqliteConnection, statement: Option<SqlStr>) -> Result<(), sqlx::Error> {
        let begin = statement.unwrap_or(SqlStr::from_static("BEGIN"));
        connection.run(BoundStatement::new(begin, Wanted::Nothing)?).await.map(drop)
    }

    async fn commit(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        connection.end(BoundStatement::fixed("COMMIT")).await
    }

    async fn rollback(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        connection.end(BoundStatement::fixed("ROLLBACK")).await
    }

    fn start_rollback(connection: &mut SqliteConnection) {
        let _ = connection.run_here(&BoundStatement::fixed("ROLLBACK"), Limits { until: None, may_wait: false });
    }

    fn get_transaction_depth(connection: &SqliteConnection) -> usize {
        usize::from(connection.lease.as_ref().is_some_and(Lease::is_in_transaction))
    }
}
