//! SQLite: WAL, `synchronous=FULL`, one connection that writes, a few that read.
//!
//! Invariant: `FULL` is set in `options.rs` and nowhere else, because with `NORMAL` a power failure loses acknowledged commits.
//! The folder makes rusqlite a database of sqlx, so that one SQL text and one query type serve both engines.

mod cells;
mod connection;
mod error;
mod migrations;
mod options;
mod parameters;
mod pool;
mod row;
mod statement;
mod types;

use std::{fs::TryLockError, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use sqlx::AssertSqlSafe;
use tokio::time::sleep;

use self::{
    cells::Cells,
    connection::SqliteTransactionManager,
    row::{SqliteColumn, SqliteQueryResult, SqliteRow, SqliteStatement},
    statement::SqliteArguments,
    types::{SqliteTypeInfo, SqliteValue, SqliteValueRef},
};
pub(super) use self::{connection::Calls, migrations::migrate};
pub use self::{connection::SqliteConnection, options::SqliteOptions, pool::SqlitePool};
use super::{
    Db, DbError, OpenFiles, Setting, batch::SQLITE_TEXTS, checkpointer, file_identity::with_suffix, overwrite_detector::Stamp,
};

/// SQLite, as a database of sqlx.
#[derive(Debug)]
pub struct Sqlite;

impl sqlx::Database for Sqlite {
    type Connection = SqliteConnection;
    type TransactionManager = SqliteTransactionManager;
    type Row = SqliteRow;
    type QueryResult = SqliteQueryResult;
    type Column = SqliteColumn;
    type TypeInfo = SqliteTypeInfo;
    type Value = SqliteValue;
    type ValueRef<'r> = SqliteValueRef<'r>;
    type Arguments = SqliteArguments;
    type ArgumentBuffer = Cells;
    type Statement = SqliteStatement;

    const NAME: &'static str = "SQLite";
    const URL_SCHEMES: &'static [&'static str] = &["sqlite"];
}

/// The number of connections for reading.
const READERS: u32 = 4;
/// Interval for retrying the migration lock while another process migrates.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The first version without the WAL-reset corruption of 3.7.0 to 3.51.2 (sqlite.org/wal.html#walresetbug).
const MIN_SAFE_VERSION: (u32, u32, u32) = (3, 51, 3);

/// `user_version` is a signed integer.
const NON_NEGATIVE: u32 = 0x7fff_ffff;

/// Returns the options of the writing connection.
fn writing(path: &Path) -> SqliteOptions {
    // ANALYZE is never run: statistics of nearly empty tables later cause full scans, and every query has a dedicated index.
    // The statement cache holds every text of the multi-row statements, and the others. Statement journals are kept in memory
    // instead of in a temporary file for each.
    let options = checkpointing(path).creating().pragma("journal_mode", "wal").pragma("temp_store", "memory");
    options.keeping_statements(32 * SQLITE_TEXTS)
}

/// Returns the options of a connection that writes to the file, but no rows.
fn checkpointing(path: &Path) -> SqliteOptions {
    SqliteOptions::existing(path).pragma("wal_autocheckpoint", checkpointer::AUTOCHECKPOINT_PAGES.to_string())
}

pub(super) async fn connect(path: &Path) -> Result<Db, DbError> {
    let noted = OpenFiles::note(path).ok();
    // The first connection creates the file.
    let writer = SqlitePool::new(writing(path), 1);
    drop(writer.acquire().await?);
    // The file may have been replaced while SQLite opened it, so its identity before must match its identity now.
    let files = match noted {
        Some(files) => match files.find_fault() {
            Some(fault) => return Err(DbError::FileFault(fault)),
            None => Some(files),
        },
        None => OpenFiles::note(path).ok(),
    };
    let checkpointer = SqlitePool::new(checkpointing(path), 1);
    let readers = SqlitePool::new(SqliteOptions::existing(path).read_only(), READERS);
    Ok(Db::Sqlite { readers, writer, checkpointer, files, may_block: false })
}

/// Timeout of a read-only command that waits for a lock. A server briefly holds one when it starts or stops.
const READ_BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens an existing database file. Creates no file and no table, and does not change the journal mode.
///
/// It is opened for writing although nothing is written: a read-only connection leaves its WAL behind and does not
/// verify CHECK constraints. If the file is read-only, SQLite falls back to reading; if not even the WAL index can be created
/// and there is no WAL, the file cannot change either.
pub(super) async fn connect_to_read(path: &Path) -> Result<Db, DbError> {
    open_or_assume_immutable(path, SqliteOptions::existing(path).waiting_for_locks(READ_BUSY_TIMEOUT)).await
}

async fn open_or_assume_immutable(path: &Path, options: SqliteOptions) -> Result<Db, DbError> {
    match open_to_read(options.clone()).await {
        // READONLY and CANTOPEN. A locked file can change, so it is never opened as immutable.
        Err(error) if matches!(error.sqlite_code(), Some(8 | 14)) && path.exists() && !with_suffix(path, "-wal").exists() => {
            open_to_read(options.immutable()).await
        }
        opened => opened,
    }
}

async fn open_to_read(options: SqliteOptions) -> Result<Db, DbError> {
    let pool = SqlitePool::new(options, 2);
    // SQLite reads the header and creates the WAL index only now.
    let read = async { sqlx::query("SELECT COUNT(*) FROM sqlite_schema").execute(&mut pool.acquire().await?).await };
    if let Err(error) = read.await {
        pool.close().await;
        return Err(error.into());
    }
    Ok(Db::Sqlite { readers: pool.clone(), writer: pool.clone(), checkpointer: pool, files: None, may_block: false })
}

/// Chooses the stamp that distinguishes a server's database file from a copy put in its place. It is stored in the header as
/// `user_version`, which is otherwise unused. `in_file` is the stamp in the file before it was opened, if known.
pub(super) async fn choose_stamp(writer: &SqlitePool, in_file: Option<u32>) -> Result<Stamp, sqlx::Error> {
    let before: i32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut writer.acquire().await?).await?;
    let before = before.cast_unsigned();
    // An earlier server's stamp is only in the WAL so far: with another new stamp the file would be two stamps behind.
    if let Some(in_file) = in_file.filter(|stamp| *stamp != before) {
        return Ok(Stamp { before: in_file, now: before });
    }
    Ok(Stamp { before, now: (before ^ (rand::random::<u32>() | 1)) & NON_NEGATIVE })
}

/// Writes the stamp to the database, and checkpoints it into the file as far as readers allow.
pub(super) async fn write_stamp(writer: &SqlitePool, stamp: Stamp) -> Result<(), sqlx::Error> {
    let mut conn = writer.acquire().await?;
    sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {}", stamp.now.cast_signed()))).execute(&mut conn).await?;
    checkpointer::checkpoint(&mut conn).await
}

/// Reads the settings on the writing connection, because `synchronous` is set per connection.
pub(super) async fn durability(writer: &SqlitePool) -> Result<Vec<Setting>, DbError> {
    let mut conn = writer.acquire().await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut conn).await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut conn).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut conn).await?;
    Ok(judged(version, journal, synchronous))
}

fn judged(version: String, journal: String, synchronous: i64) -> Vec<Setting> {
    let level = match synchronous {
        0 => "off".to_owned(),
        1 => "normal".to_owned(),
        2 => "full".to_owned(),
        3 => "extra".to_owned(),
        other => other.to_string(),
    };
    let (is_sound, is_wal, is_full) = (is_safe_version(&version), journal == "wal", matches!(synchronous, 2 | 3));
    vec![
        Setting::required("SQLite version", version, is_sound, "Build with SQLite 3.51.3 or newer: older ones can lose commits."),
        Setting::required(
            "journal_mode",
            journal,
            is_wal,
            "It must be wal: let DATABASE_URL name a file, on a local disk whose file system allows it.",
        ),
        Setting::required("synchronous", level, is_full, "It must be full, or a power cut loses acknowledged events."),
    ]
}

/// Waits until no other process migrates the database and takes the migration lock, which is released when the returned file
/// is closed.
pub(super) async fn migration_lock(path: &Path) -> Result<std::fs::File, DbError> {
    let mut lock_file = path.as_os_str().to_owned();
    lock_file.push(".migrating");
    let failed = |error| DbError::from(sqlx::Error::Io(error));
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(lock_file).map_err(failed)?;
    // Polls instead of blocking: a thread blocked on the lock could not be canceled.
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(POLL_INTERVAL).await,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

fn is_safe_version(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next()) >= MIN_SAFE_VERSION
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod durability_tests {
    use sqlx::ConnectOptions as _;

    use super::*;

    /// Returns the settings that do not guarantee durability, for a writer with the changed options.
    async fn faults(change: impl FnOnce(SqliteOptions) -> SqliteOptions) -> Vec<(&'static str, String)> {
        let directory = tempfile::tempdir().unwrap();
        let writer = SqlitePool::new(change(writing(&directory.path().join("ks-pay.db"))), 1);
        let settings = durability(&writer).await.unwrap();
        writer.close().await;
        settings.into_iter().filter(|setting| setting.remedy.is_some()).map(|setting| (setting.name, setting.value)).collect()
    }

    #[tokio::test]
    async fn the_connection_that_writes_is_asked_whether_it_waits_for_the_disk() {
        assert_eq!(faults(|ours| ours).await, []);
        assert_eq!(faults(|ours| ours.pragma("synchronous", "extra")).await, []);
        let faults_of = |name, value: &str| vec![(name, value.to_owned())];
        assert_eq!(faults(|ours| ours.pragma("synchronous", "normal")).await, faults_of("synchronous", "normal"));
        assert_eq!(faults(|ours| ours.pragma("synchronous", "off")).await, faults_of("synchronous", "off"));
        assert_eq!(faults(|ours| ours.pragma("journal_mode", "delete")).await, faults_of("journal_mode", "delete"));
    }

    /// Query plans must not depend on bound values, and unused features must not be compiled in.
    #[tokio::test]
    async fn sqlite_is_built_as_the_configuration_of_cargo_says() {
        let mut conn = SqliteOptions::create(":memory:").connect().await.unwrap();
        let built: Vec<String> = sqlx::query_scalar("PRAGMA compile_options").fetch_all(&mut conn).await.unwrap();
        let has = |name: &str| built.iter().any(|option| option == name);
        assert!(has("ENABLE_QPSG") && has("THREADSAFE=1") && has("DEFAULT_LOOKASIDE=1200,200"), "{built:?}");
        for left_out in ["ENABLE_API_ARMOR", "ENABLE_MEMORY_MANAGEMENT", "ENABLE_STAT4", "ENABLE_FTS5", "ENABLE_RTREE"] {
            assert!(!has(left_out), "{left_out}");
        }
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut conn).await.unwrap();
        assert!(is_safe_version(&version), "{version}");
    }

    #[tokio::test]
    async fn a_file_that_is_locked_is_not_taken_for_one_that_cannot_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ks-pay.db");
        let options = SqliteOptions::existing(&path).waiting_for_locks(Duration::ZERO);
        let mut writer = options.clone().creating().pragma("journal_mode", "delete").connect().await.unwrap();
        for statement in ["CREATE TABLE a (b INTEGER)", "BEGIN EXCLUSIVE"] {
            sqlx::query(statement).execute(&mut writer).await.unwrap();
        }
        let opened = open_or_assume_immutable(&path, options.clone()).await;
        assert_eq!(opened.err().and_then(|error| error.sqlite_code()), Some(5));
        sqlx::query("COMMIT").execute(&mut writer).await.unwrap();
        assert!(open_or_assume_immutable(&path, options).await.is_ok());
    }

    #[test]
    fn versions_with_the_wal_bug_are_refused() {
        assert!(is_safe_version("3.51.3") && is_safe_version("3.52.0") && is_safe_version("4.0.0"));
        assert!(!is_safe_version("3.46.0") && !is_safe_version("3.51.2") && !is_safe_version(""));
    }
}
