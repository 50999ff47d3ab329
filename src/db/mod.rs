//! The only module that knows there are two databases.
//!
//! A store function takes `impl Into<Exec<'_>>` to read and `&mut Tx` to write, and runs one portable statement
//! with `run!`. Nothing outside this folder matches on the database.

pub(crate) mod backup;
pub(crate) mod batch;
mod checkpointer;
mod durability;
mod error;
mod file_fault;
pub(crate) mod file_identity;
mod location;
mod migrate;
mod notifications;
mod overwrite_detector;
mod postgres;
mod sqlite;
mod wal_index;

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::{PoolConnection, PoolOptions},
};
use tokio::runtime::Handle;

pub use durability::Setting;
pub use error::DbError;
pub(crate) use error::describe;
pub use file_fault::FileFault;
pub use file_identity::OpenFiles;
pub use location::Location;
pub(crate) use notifications::Subscription;
pub(crate) use overwrite_detector::read_stamp;

/// The open database. Cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// SQLite lets one transaction write at a time, so writing has a pool of one.
    Sqlite {
        /// Read-only connections.
        readers: SqlitePool,
        /// The one connection that writes.
        writer: SqlitePool,
        /// The one connection that folds the log into the file, while there is a server.
        checkpointer: SqlitePool,
        /// The opened files, compared with what their paths name now.
        files: Option<OpenFiles>,
    },
    /// PostgreSQL.
    Postgres {
        /// Connections for reading and writing.
        pool: PgPool,
        /// The runtime they are opened on, whose reactor drives their sockets. Worker threads have runtimes of their own that end
        /// first at a stop: a connection opened there would fail in the hands of those who still have work to commit.
        runtime: Handle,
    },
}

/// A pool whose connections stay. sqlx 0.9.0 looks for old ones by a number of idle ones that is below nothing for a moment
/// when two threads take and give back: it would then look for ever, and a core with it.
fn no_reap_pool_options<D: sqlx::Database>() -> PoolOptions<D> {
    PoolOptions::new().idle_timeout(None).max_lifetime(None)
}

/// The longest that a unit of work of the server's own may take.
pub(crate) const UNIT_OF_WORK_TIMEOUT: Duration = Duration::from_millis(3500);

/// Gives up what takes longer than [`LONGEST`]: a database that went without a word sends nothing, not even an error, and
/// must not hold up what comes later.
pub(crate) async fn with_timeout<T>(work: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    tokio::time::timeout(UNIT_OF_WORK_TIMEOUT, work).await.unwrap_or(Err(DbError::Timeout))
}

/// A connection for reading.
pub enum Reader {
    /// On SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// On PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

/// A unit of work. Dropped without [`Tx::commit`], none of it happened.
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// What a store function runs on.
pub enum Exec<'c> {
    /// On SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// On PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Db {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or is newer than this binary.
    pub async fn open(location: &Location) -> Result<Self, DbError> {
        let db = Self::connect(location).await?;
        if let Err(error) = db.migrate(location).await {
            db.close().await;
            return Err(error);
        }
        Ok(db)
    }

    /// Brings its tables up to date.
    ///
    /// # Errors
    /// When it is newer than this binary, or refuses.
    pub(crate) async fn migrate(&self, location: &Location) -> Result<(), DbError> {
        // PostgreSQL has sqlx's advisory lock; on SQLite two processes would both begin.
        let turn = location.file().map(sqlite::migration_turn);
        let _turn = match turn {
            Some(turn) => Some(turn.await?),
            None => None,
        };
        migrate::run(self).await
    }

    /// Opens the database as it is.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn connect(location: &Location) -> Result<Self, DbError> {
        match location {
            Location::Sqlite(path) => sqlite::connect(path).await,
            Location::Postgres(url) => postgres::connect(&url.0).await,
        }
    }

    /// Opens an existing database for reading: creates and changes no file, table or database setting.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(crate) async fn connect_to_read(location: &Location) -> Result<Self, DbError> {
        match location {
            Location::Sqlite(path) => sqlite::connect_to_read(path).await,
            Location::Postgres(url) => postgres::connect(&url.0).await,
        }
    }

    /// Refuses a database with other tables than this binary's, and changes nothing.
    ///
    /// # Errors
    /// [`DbError::Newer`], [`DbError::Older`], or when the database does not answer.
    pub(crate) async fn check_tables(&self) -> Result<(), DbError> {
        self.check_schema_version().await?;
        if migrate::is_complete(self).await? { Ok(()) } else { Err(DbError::Older) }
    }

    /// Refuses a database that is newer than this binary, and changes nothing.
    ///
    /// # Errors
    /// [`DbError::Newer`], or when the database does not answer.
    pub async fn check_schema_version(&self) -> Result<(), DbError> {
        migrate::check(self).await
    }

    /// Begins a unit of work that may write.
    ///
    /// # Errors
    /// When the database is busy, full or gone.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        self.check_files().await?;
        Ok(match self {
            // Takes the write lock now. A deferred transaction that reads first and writes later can fail with
            // SQLITE_BUSY_SNAPSHOT, which no busy timeout retries.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { pool, runtime } => Tx::Postgres(postgres::begin(pool, runtime).await?),
        })
    }

    /// A unit of work of the server's own that notes what would be counted twice if it were noted again: given up like
    /// [`within_longest`], but for SQLite's commit, which ends by itself, however slow the disk, and then says how.
    ///
    /// # Errors
    /// When it was not noted; on PostgreSQL also when that is not certain.
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

    /// How many units of work are best written beside each other.
    pub(crate) const fn write_concurrency(&self) -> usize {
        match self {
            Self::Sqlite { .. } => 1,
            Self::Postgres { .. } => 2,
        }
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database is busy or gone.
    pub async fn reader(&self) -> Result<Reader, DbError> {
        self.check_files().await?;
        Ok(match self {
            Self::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Self::Postgres { pool, runtime } => Reader::Postgres(postgres::acquire(pool, runtime).await?),
        })
    }

    /// Hears what other servers on this database say; on SQLite there are none.
    pub(crate) fn ear(&self, channel: &'static str) -> Subscription {
        Subscription::new(self.clone(), channel)
    }

    /// Keeps SQLite's log short until the database is closed; PostgreSQL does so by itself.
    pub(crate) async fn run_checkpointer(&self) {
        if let Self::Sqlite { checkpointer: beside, .. } = self {
            checkpointer::run(beside, || self.check_files()).await;
        }
    }

    /// Closes every connection, so that SQLite folds its log into the file. Whether it did: not if SQLite's files were removed,
    /// replaced or overwritten, which then stay open until the process ends.
    pub async fn close(&self) -> bool {
        if self.check_files().await.is_err() {
            // SQLite would remove the log by its name, which may be another database's by now, or copy it over another
            // database.
            std::mem::forget(self.clone());
            return false;
        }
        match self {
            Self::Sqlite { readers, writer, checkpointer: beside, files } => {
                beside.close().await;
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

    /// What a person calls this database.
    #[must_use]
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// The version and every setting that decides whether a commit survives a power cut, as a session that writes has them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn durability(&self) -> Result<Vec<Setting>, DbError> {
        match self {
            Self::Sqlite { writer, .. } => sqlite::durability(writer).await,
            Self::Postgres { pool, .. } => postgres::durability(pool).await,
        }
    }

    /// Asks whether the database could store something now.
    ///
    /// # Errors
    /// When it could not.
    pub async fn probe(&self) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        execute!(&mut tx, sqlx::query(PROBE).bind(b"".as_slice()))?;
        tx.commit().await?;
        self.check_files().await
    }

    /// The same without storing anything.
    ///
    /// # Errors
    /// When it could not.
    pub(crate) async fn probe_and_undo(&self) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        execute!(&mut tx, sqlx::query(PROBE).bind(b"".as_slice()))?;
        match tx {
            Tx::Sqlite(tx) => tx.rollback().await?,
            Tx::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Prepares a statement without running it.
    ///
    /// # Errors
    /// What the database says of it.
    pub async fn prepare(&self, statement: &'static str) -> Result<(), DbError> {
        let mut reader = self.reader().await?;
        run!(&mut reader, |conn| {
            use sqlx::{Executor as _, SqlSafeStr as _};
            conn.prepare(statement.into_sql_str()).await.map(drop)
        })
    }

    /// The migrations of this engine: number and name, in order.
    #[must_use]
    pub fn migrations(&self) -> Vec<(i64, &'static str)> {
        migrate::names(self)
    }
}

const PROBE: &str = "INSERT INTO installation (name, value) VALUES ('probe', $1) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

impl Tx {
    /// Makes the unit of work last. Only when this returns is anything stored.
    ///
    /// # Errors
    /// When it is not certain that it was stored.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl<'c> From<&'c mut Tx> for Exec<'c> {
    fn from(tx: &'c mut Tx) -> Self {
        match tx {
            Tx::Sqlite(tx) => Self::Sqlite(tx),
            Tx::Postgres(tx) => Self::Postgres(tx),
        }
    }
}

impl<'c> From<&'c mut Reader> for Exec<'c> {
    fn from(reader: &'c mut Reader) -> Self {
        match reader {
            Reader::Sqlite(conn) => Self::Sqlite(conn),
            Reader::Postgres(conn) => Self::Postgres(conn),
        }
    }
}

/// Runs `$body` on whichever database is open. The body is compiled once per driver, so its SQL and its types must
/// mean the same to both.
macro_rules! run {
    ($exec:expr, |$conn:ident| $body:expr) => {{
        let exec: $crate::db::Exec<'_> = $exec.into();
        let result = match exec {
            $crate::db::Exec::Sqlite($conn) => $body,
            $crate::db::Exec::Postgres($conn) => $body,
        };
        result.map_err($crate::db::DbError::from)
    }};
}
pub(crate) use run;

/// Runs a query that returns nothing, and says how many rows it touched.
macro_rules! execute {
    ($exec:expr, $query:expr) => {
        $crate::db::run!($exec, |conn| $query.execute(conn).await.map(|done| done.rows_affected()))
    };
}
pub(crate) use execute;

/// Names this store's statements, and lists them so that a test can prepare every one on both databases.
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* const $name: &str = $text;)+
        /// Every statement of this store.
        pub(crate) const STATEMENTS: &[(&str, &str)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}
pub(crate) use sql;
