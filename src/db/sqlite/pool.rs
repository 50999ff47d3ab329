//! The open connections of a role: writing, reading or checkpointing.
//!
//! Invariant: a connection is idle only outside a transaction. A [`Lease`] is the connection with its place in the pool, so
//! neither a panic nor a dropped future separates the two: the transaction is rolled back, and then the next in the queue gets
//! the connection, on whatever thread a statement was still running.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use super::{
    SqliteConnection,
    connection::Calls,
    error::{SqliteError, convert},
    options::SqliteOptions,
    statement::{self, BoundStatement, Outcome},
};

/// Timeout of a request that waits for a connection. Together with the busy timeout still below the ingestion deadline.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How many steps of SQLite's virtual machine are run between two looks at the deadline: well below a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Open connections. Cheap to clone.
#[derive(Clone)]
pub struct SqlitePool(Arc<Inner>);

struct Inner {
    options: SqliteOptions,
    size: u32,
    idle: Mutex<Vec<Opened>>,
    /// One permit for each connection; waiting is first come, first served.
    permits: Arc<Semaphore>,
    is_closed: AtomicBool,
}

/// A connection and its limits.
struct Opened {
    connection: rusqlite::Connection,
    deadline: Deadline,
    busy_timeout: Duration,
}

/// When the running statement is ended.
#[derive(Clone, Default)]
pub(super) struct Deadline(Arc<Mutex<Option<Instant>>>);

impl Deadline {
    pub(super) fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn has_passed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() >= until)
    }
}

/// How long a statement may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) until: Option<Instant>,
    /// Whether it may wait for a lock.
    pub(super) may_wait: bool,
}

/// A connection of a pool, for one user at a time.
pub(super) struct Lease {
    /// Taken when it is returned.
    opened: Option<Opened>,
    pool: Arc<Inner>,
    #[expect(dead_code, reason = "held, not read; released after the connection is returned")]
    permit: OwnedSemaphorePermit,
}

impl SqlitePool {
    /// Returns a pool that opens up to `size` connections, when they are needed.
    pub(super) fn new(options: SqliteOptions, size: u32) -> Self {
        let permits = Arc::new(Semaphore::new(size as usize));
        Self(Arc::new(Inner { options, size, idle: Mutex::default(), permits, is_closed: AtomicBool::new(false) }))
    }

    /// Acquires a connection whose statements run on threads for blocking work.
    ///
    /// # Errors
    /// If all are in use for too long, or none can be opened.
    pub async fn acquire(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.acquire_for(Calls::HandedOff).await
    }

    pub(in crate::db) async fn acquire_for(&self, calls: Calls) -> Result<SqliteConnection, sqlx::Error> {
        Ok(SqliteConnection::new(self.lease().await?, calls))
    }

    async fn lease(&self) -> Result<Lease, sqlx::Error> {
        let permits = Arc::clone(&self.0.permits);
        let permit = if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            permit
        } else {
            let waiting = timeout(ACQUIRE_TIMEOUT, permits.acquire_owned()).await;
            waiting.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?
        };
        if self.0.is_closed.load(Ordering::Acquire) {
            return Err(sqlx::Error::PoolClosed);
        }
        let pool = Arc::clone(&self.0);
        let opened = if let Some(opened) = pool.take_idle() {
            opened
        } else {
            let options = pool.options.clone();
            spawn_blocking(move || Opened::open(&options)).await.map_err(|_| sqlx::Error::WorkerCrashed)??
        };
        Ok(Lease { opened: Some(opened), pool, permit })
    }

    /// Waits until no connection is in use, and closes them all. Later acquisitions fail.
    pub(in crate::db) async fn close(&self) {
        self.0.is_closed.store(true, Ordering::Release);
        // The semaphore is closed already if this is the second time.
        let all = self.0.permits.acquire_many(self.0.size).await;
        let pool = Arc::clone(&self.0);
        // The last connection folds the WAL into the file.
        let _ = spawn_blocking(move || pool.idle.lock().unwrap_or_else(PoisonError::into_inner).clear()).await;
        drop(all);
        self.0.permits.close();
    }
}

impl Inner {
    fn take_idle(&self) -> Option<Opened> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Opened {
    fn open(options: &SqliteOptions) -> Result<Self, sqlx::Error> {
        let (mut connection, deadline) = (options.open()?, Deadline::default());
        let looked_at = deadline.clone();
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || looked_at.has_passed())).map_err(convert)?;
        Ok(Self { connection, deadline, busy_timeout: options.busy_timeout })
    }

    /// Ends a transaction that is still open, and returns whether none is. SQLite ends one itself when the disk is full.
    fn roll_back(&self) -> bool {
        self.deadline.set(None);
        self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok()
    }
}

impl Lease {
    /// Sets the limits of the next statement. Not a part of [`Self::run`], which may run later on another thread, when the
    /// statement may have been interrupted already.
    pub(super) fn limit(&mut self, limits: Limits) -> Result<(), sqlx::Error> {
        let busy_timeout = if limits.may_wait { self.pool.options.busy_timeout } else { Duration::ZERO };
        let opened = self.opened.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        opened.deadline.set(limits.until);
        if opened.busy_timeout != busy_timeout {
            opened.connection.busy_timeout(busy_timeout).map_err(convert)?;
            opened.busy_timeout = busy_timeout;
        }
        Ok(())
    }

    /// Runs a statement on this thread.
    pub(super) fn run(&self, statement: &BoundStatement) -> Result<Outcome, sqlx::Error> {
        // Only a lease that is being returned has no connection.
        let opened = self.opened.as_ref().ok_or(sqlx::Error::WorkerCrashed)?;
        if opened.deadline.has_passed() {
            return Err(SqliteError::INTERRUPTED.into());
        }
        statement::run(&opened.connection, statement)
    }

    /// Returns what ends the running statement.
    pub(super) fn deadline(&self) -> Deadline {
        self.opened.as_ref().map(|opened| opened.deadline.clone()).unwrap_or_default()
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| !opened.connection.is_autocommit())
    }

    #[cfg(test)]
    pub(super) fn raw(&self) -> Option<&rusqlite::Connection> {
        self.opened.as_ref().map(|opened| &opened.connection)
    }

    /// Describes a statement without running it.
    pub(super) fn describe(&self, sql: &str) -> Result<statement::Description, sqlx::Error> {
        let opened = self.opened.as_ref().ok_or(sqlx::Error::WorkerCrashed)?;
        statement::describe(&opened.connection, sql)
    }
}

impl Drop for Lease {
    /// Returns the connection. One that cannot leave its transaction is closed, and the next user opens another.
    fn drop(&mut self) {
        if let Some(opened) = self.opened.take()
            && opened.roll_back()
        {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(opened);
        }
    }
}
