//! Access to the database, SQLite or PostgreSQL.
//!
//! Invariant: no code outside this folder distinguishes the two. A store function takes `impl Into<Exec<'_>>` to read and
//! `&mut Tx` to write, and runs one portable statement with `run!`.

pub(crate) mod backup;
pub(crate) mod batch;
mod checkpointer;
mod durability;
mod error;
mod exec;
mod file_fault;
pub(crate) mod file_identity;
pub(crate) mod ids;
pub(crate) mod list;
mod location;
mod migrate;
mod notifications;
mod overwrite_detector;
mod postgres;
pub(crate) mod settled;
mod sqlite;
#[cfg(test)]
pub(crate) mod test_db;
mod wal_index;

use std::{
    io,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _};
use sqlx::PgPool;
use tokio::runtime::Handle;

pub use durability::Setting;
pub use error::DbError;
pub(crate) use error::describe;
pub use exec::{Exec, Reader, Tx};
pub(crate) use exec::{execute, run, sql};
pub use file_fault::FileFault;
pub use file_identity::OpenFiles;
pub use location::Location;
pub(crate) use notifications::Subscription;
pub(crate) use overwrite_detector::read_stamp;
use sqlite::Calls;
pub use sqlite::{SqliteConnection, SqliteOptions, SqlitePool};

use crate::primitives::own_thread;

/// An open database. Cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// SQLite allows one writing transaction at a time, so the writer is a pool of one.
    Sqlite {
        /// Read-only connections.
        readers: SqlitePool,
        /// The only writing connection.
        writer: SqlitePool,
        /// The connection that checkpoints the WAL in a running server.
        checkpointer: SqlitePool,
        /// The opened files, to detect that they were replaced or overwritten.
        files: Option<OpenFiles>,
        /// Whether the thread that uses this value serves no one else, see `Db::on_own_thread`.
        may_block: bool,
    },
    /// PostgreSQL.
    Postgres {
        /// Connections for reading and writing.
        pool: PgPool,
        /// The runtime on which connections are opened, and whose reactor drives their sockets. Worker threads have their own
        /// runtimes, which end first during shutdown: a connection opened there would fail under work that is still to be
        /// committed.
        runtime: Handle,
    },
}

/// Timeout of a unit of work of the server itself.
pub(crate) const UNIT_OF_WORK_TIMEOUT: Duration = Duration::from_millis(3500);

/// Cancels work that takes longer than [`UNIT_OF_WORK_TIMEOUT`]: a database that vanished sends no error and must not block
/// later work.
pub(crate) async fn with_timeout<T>(work: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    tokio::time::timeout(UNIT_OF_WORK_TIMEOUT, work).await.unwrap_or(Err(DbError::Timeout))
}

impl Db {
    /// Opens the database and applies pending migrations.
    ///
    /// # Errors
    /// If it cannot be reached, or is newer than this binary.
    pub async fn open(location: &Location) -> Result<Self, DbError> {
        let db = Self::connect(location).await?;
        if let Err(error) = db.migrate(location).await {
            db.close().await;
            return Err(error);
        }
        Ok(db)
    }

    /// Applies pending migrations.
    ///
    /// # Errors
    /// If the database is newer than this binary, or a migration fails.
    pub(crate) async fn migrate(&self, location: &Location) -> Result<(), DbError> {
        // On PostgreSQL sqlx takes an advisory lock; on SQLite two processes would migrate concurrently.
        let turn = location.file().map(sqlite::migration_lock);
        let _turn = match turn {
            Some(turn) => Some(turn.await?),
            None => None,
        };
        migrate::run(self).await
    }

    /// Opens the database without migrating it.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn connect(location: &Location) -> Result<Self, DbError> {
        match location {
            Location::Sqlite(path) => sqlite::connect(path).await,
            Location::Postgres(url) => postgres::connect(&url.0).await,
        }
    }

    /// Opens an existing database for reading. Creates and changes no file, table or database setting.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub(crate) async fn connect_to_read(location: &Location) -> Result<Self, DbError> {
        match location {
            Location::Sqlite(path) => sqlite::connect_to_read(path).await,
            Location::Postgres(url) => postgres::connect(&url.0).await,
        }
    }

    /// Rejects a database whose schema version is not this binary's. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::SchemaTooNew`], [`DbError::Older`], or if the database does not respond.
    pub(crate) async fn check_tables(&self) -> Result<(), DbError> {
        self.check_schema_version().await?;
        if migrate::is_complete(self).await? { Ok(()) } else { Err(DbError::Older) }
    }

    /// Rejects a database that is newer than this binary. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::SchemaTooNew`], or if the database does not respond.
    pub async fn check_schema_version(&self) -> Result<(), DbError> {
        migrate::check(self).await
    }

    /// Begins a unit of work that may write.
    ///
    /// # Errors
    /// If the database is busy, full or unreachable.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let until = Instant::now() + UNIT_OF_WORK_TIMEOUT;
        self.check_files().await?;
        Ok(match self {
            Self::Sqlite { writer, may_block, .. } => {
                let calls = if *may_block { Calls::Blocking(until) } else { Calls::HandedOff };
                let mut tx = writer.acquire_for(calls).await?;
                tx.begin_writing().await?;
                Tx::Sqlite(tx)
            }
            Self::Postgres { pool, runtime } => Tx::Postgres(postgres::begin(pool, runtime).await?),
        })
    }

    /// Begins a unit of work that changes payments. What [`Tx::exclude_ingestion`] protects does not change before it ends.
    ///
    /// # Errors
    /// If the database is busy, full or unreachable.
    pub(crate) async fn begin_ingesting(&self) -> Result<Tx, DbError> {
        match self {
            // SQLite has one writer.
            Self::Sqlite { .. } => self.begin().await,
            Self::Postgres { pool, runtime } => Ok(Tx::Postgres(postgres::begin_ingesting(pool, runtime).await?)),
        }
    }

    /// Runs a write that must not be retried, because its counters are increments. The timeout is that of [`with_timeout`],
    /// except for SQLite's commit: that always ends, however slow the disk, and its result is then certain.
    ///
    /// # Errors
    /// If nothing was written; on PostgreSQL also if the outcome is unknown.
    pub(crate) async fn write_with_timeout(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<(), DbError>) -> Result<(), DbError> {
        let written = async {
            let mut tx = self.begin().await?;
            work(&mut tx).await?;
            Ok(tx)
        };
        let tx = with_timeout(written).await?;
        match self {
            Self::Sqlite { .. } => tx.commit().await,
            Self::Postgres { .. } => with_timeout(tx.commit()).await,
        }
    }

    /// True if several servers can use the database at the same time. SQLite's files belong to one server.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Returns the database for use on a thread that serves no one else: SQLite's calls, which block, are then not handed off,
    /// and a unit of work ends after [`UNIT_OF_WORK_TIMEOUT`], except for its commit.
    pub(crate) fn on_own_thread(&self) -> Self {
        let mut own = self.clone();
        if let Self::Sqlite { may_block, .. } = &mut own {
            *may_block = true;
        }
        own
    }

    /// Starts a loop that writes with [`Self::on_own_thread`], on SQLite on a thread of its own. Resolves when it has ended.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub(crate) fn start_writer(&self, writing: impl Future<Output = ()> + Send + 'static) -> io::Result<BoxFuture<'static, ()>> {
        match self {
            Self::Sqlite { .. } => own_thread::start("writer", own_thread::Kind::Blocking, writing),
            Self::Postgres { runtime, .. } => Ok(runtime.spawn(writing).map(drop).boxed()),
        }
    }

    /// Acquires a connection for reads that are bounded, as those of pages. On SQLite they run on the calling thread and see
    /// one state of the database. The WAL cannot restart meanwhile, so it is not held while a client is waited for.
    ///
    /// # Errors
    /// If the database is busy or unreachable.
    pub async fn reader(&self) -> Result<Reader, DbError> {
        self.check_files().await?;
        self.acquire_reader().await
    }

    /// The same for the console: the files may have been checked a moment ago, for another read of the same page. What a page
    /// stores is checked by [`Self::begin`]; a decision on a request of a gateway needs [`Self::reader`].
    ///
    /// # Errors
    /// If the database is busy or unreachable.
    pub(crate) async fn page_reader(&self) -> Result<Reader, DbError> {
        self.check_files_for_page().await?;
        self.acquire_reader().await
    }

    async fn acquire_reader(&self) -> Result<Reader, DbError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                let mut reader = readers.acquire_for(Calls::Inline).await?;
                reader.begin_reading().await?;
                Reader::Sqlite(reader)
            }
            Self::Postgres { pool, runtime } => Reader::Postgres(postgres::acquire(pool, runtime).await?),
        })
    }

    /// Acquires a connection for reads that may take long, as exports. No thread that serves requests waits for them.
    ///
    /// # Errors
    /// If the database is busy or unreachable.
    pub(crate) async fn bulk_reader(&self) -> Result<Reader, DbError> {
        self.check_files().await?;
        Ok(match self {
            Self::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Self::Postgres { pool, runtime } => Reader::Postgres(postgres::acquire(pool, runtime).await?),
        })
    }

    /// Subscribes to notifications from other servers on this database. On SQLite there are none.
    pub(crate) fn subscribe(&self, channel: &'static str) -> Subscription {
        Subscription::new(self.clone(), channel)
    }

    /// Checkpoints SQLite's WAL if that is due; returns the time until the next check. Does nothing on PostgreSQL.
    pub(crate) async fn checkpoint_if_due(&self) -> Duration {
        match self {
            Self::Sqlite { checkpointer: checkpointing, .. } => {
                checkpointer::run_once(checkpointing, || self.check_files()).await
            }
            Self::Postgres { .. } => Duration::MAX,
        }
    }

    /// Closes every connection, so that SQLite folds its log into the file. Whether it did: not if SQLite's files were removed,
    /// replaced or overwritten, which then stay open until the process ends.
    pub async fn close(&self) -> bool {
        if self.check_files().await.is_err() {
            // SQLite would delete the WAL by its path, which may belong to another database now, or checkpoint it into
            // another database.
            std::mem::forget(self.clone());
            return false;
        }
        match self {
            Self::Sqlite { readers, writer, checkpointer: checkpointing, files, .. } => {
                checkpointing.close().await;
                readers.close().await;
                writer.close().await;
                if let Some(files) = files {
                    files.close();
                }
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
        true
    }

    /// Returns the display name of the engine.
    #[must_use]
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Returns the version and every setting on which durability depends, as read in a writing session.
    ///
    /// # Errors
    /// If the database does not respond.
    pub async fn durability(&self) -> Result<Vec<Setting>, DbError> {
        match self {
            Self::Sqlite { writer, .. } => sqlite::durability(writer).await,
            Self::Postgres { pool, .. } => postgres::durability(pool).await,
        }
    }

    /// Checks that the database can store data, by a test write.
    ///
    /// # Errors
    /// If it cannot.
    pub async fn probe(&self) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        execute!(&mut tx, sqlx::query(PROBE).bind(b"".as_slice()))?;
        tx.commit().await?;
        self.check_files().await
    }

    /// Like [`Self::probe`], but rolls the write back.
    ///
    /// # Errors
    /// If the database cannot store data.
    pub(crate) async fn probe_and_undo(&self) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        execute!(&mut tx, sqlx::query(PROBE).bind(b"".as_slice()))?;
        tx.roll_back().await
    }

    /// Prepares a statement without running it.
    ///
    /// # Errors
    /// If the database rejects the statement.
    pub async fn prepare(&self, statement: &'static str) -> Result<(), DbError> {
        let mut reader = self.reader().await?;
        run!(&mut reader, |conn| {
            use sqlx::{Executor as _, SqlSafeStr as _};
            conn.prepare(statement.into_sql_str()).await.map(drop)
        })
    }

    /// Lists the migrations of this engine by number and name, in order.
    #[must_use]
    pub fn migrations(&self) -> Vec<(i64, &'static str)> {
        migrate::names(self)
    }
}

const PROBE: &str = "INSERT INTO installation (name, value) VALUES ('probe', $1) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
