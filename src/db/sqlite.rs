//! The SQLite configuration: WAL, `synchronous=FULL`, one writer, a few readers.
//!
//! Invariant: `FULL` is set here and nowhere else, because with `NORMAL` a power failure loses acknowledged commits.

use std::{fs::TryLockError, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::sleep;

use super::{
    Db, DbError, OpenFiles, Setting, batch::MAX_ROWS, checkpointer, file_identity::with_suffix, overwrite_detector::Stamp,
};

/// Timeout of a statement that waits for a lock of another process. Below the ingestion deadline of 4.4 s.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Timeout of a request that waits for a connection. Together with [`BUSY_TIMEOUT`] still below the ingestion deadline.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Opening the file at startup may take this many times [`ACQUIRE_TIMEOUT`].
const OPEN_ATTEMPTS: usize = 10;
/// Interval for retrying the migration lock while another process migrates.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The first version without the WAL-reset corruption of 3.7.0 to 3.51.2 (sqlite.org/wal.html#walresetbug).
const MIN_SAFE_VERSION: (u32, u32, u32) = (3, 51, 3);

/// `user_version` is a signed integer.
const NON_NEGATIVE: u32 = 0x7fff_ffff;

/// Returns the options of the writing connection.
fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // A page of a list fits into the buffer.
        .row_buffer_size(4 * MAX_ROWS)
        .pragma("wal_autocheckpoint", checkpointer::AUTOCHECKPOINT_PAGES.to_string())
}

/// Returns options without a liveness check before each use: a connection to a file does not close by itself.
fn pool(connections: u32) -> PoolOptions<Sqlite> {
    super::no_reap_pool_options().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false)
}

pub(super) async fn connect(path: &Path) -> Result<Db, DbError> {
    let options = writing(path);
    // ANALYZE is never run: statistics of nearly empty tables later cause full scans, and every query has a dedicated index.
    // The statement cache holds a text for each number of rows of a multi-row statement. Their statement journals are kept in
    // memory instead of in a temporary file for each.
    let writing = options.clone().statement_cache_capacity(16 * MAX_ROWS).pragma("temp_store", "memory");
    let noted = OpenFiles::note(path).ok();
    let writer = open_first(writing).await?;
    // The file may have been replaced while SQLite opened it, so its identity before must match its identity now.
    let files = match noted {
        Some(files) => match files.find_fault() {
            Some(fault) => return Err(DbError::FileFault(fault)),
            None => Some(files),
        },
        None => OpenFiles::note(path).ok(),
    };
    let beside = pool(1).connect_lazy_with(options.clone().create_if_missing(false));
    let readers = pool(4).connect_lazy_with(options.read_only(true).create_if_missing(false));
    Ok(Db::Sqlite { readers, writer, checkpointer: beside, files })
}

/// Timeout of a read-only command that waits for a lock. A server briefly holds one when it starts or stops.
const READ_BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens an existing database file. Creates no file and no table, and does not change the journal mode.
///
/// It is opened for writing although nothing is written: a read-only connection leaves its WAL behind and does not
/// verify CHECK constraints. If the file is read-only, SQLite falls back to reading; if not even the WAL index can be created
/// and there is no WAL, the file cannot change either.
pub(super) async fn connect_to_read(path: &Path) -> Result<Db, DbError> {
    // A copy may take long: no slow-statement warning is needed.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(READ_BUSY_TIMEOUT)
        .disable_statement_logging();
    open_or_assume_immutable(path, options).await
}

async fn open_or_assume_immutable(path: &Path, options: SqliteConnectOptions) -> Result<Db, DbError> {
    match open_to_read(options.clone()).await {
        // READONLY and CANTOPEN. A locked file can change, so it is never opened as immutable.
        Err(error) if matches!(error.sqlite_code(), Some(8 | 14)) && path.exists() && !with_suffix(path, "-wal").exists() => {
            open_to_read(options.read_only(true).immutable(true)).await
        }
        opened => opened,
    }
}

async fn open_to_read(options: SqliteConnectOptions) -> Result<Db, DbError> {
    let pool = super::no_reap_pool_options().max_connections(2).connect_with(options).await?;
    // SQLite reads the header and creates the WAL index only now.
    if let Err(error) = sqlx::query("SELECT COUNT(*) FROM sqlite_schema").execute(&pool).await {
        pool.close().await;
        return Err(error.into());
    }
    Ok(Db::Sqlite { readers: pool.clone(), writer: pool.clone(), checkpointer: pool, files: None })
}

/// Opens the writing connection, which is the first one and creates the file. Retries, because a busy disk may take longer
/// than the time that a request may wait for a connection.
async fn open_first(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let mut left = OPEN_ATTEMPTS;
    loop {
        let writer = pool(1)
            // If the disk is full or a sync fails, SQLite rolls the transaction back itself. The driver's rollback then
            // fails, and the driver would treat the transaction as open forever, so the connection is replaced.
            .before_acquire(|conn: &mut SqliteConnection, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
            .connect_with(options.clone())
            .await;
        match writer {
            Err(sqlx::Error::PoolTimedOut) if left > 1 => left -= 1,
            opened => return opened,
        }
    }
}

/// Chooses the stamp that distinguishes a server's database file from a copy put in its place. It is stored in the header as
/// `user_version`, which is otherwise unused. `in_file` is the stamp in the file before it was opened, if known.
pub(super) async fn choose_stamp(writer: &SqlitePool, in_file: Option<u32>) -> Result<Stamp, sqlx::Error> {
    let before: i32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await?;
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
    sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {}", stamp.now.cast_signed()))).execute(&mut *conn).await?;
    checkpointer::checkpoint(&mut conn).await
}

/// Reads the settings on the writing connection, because `synchronous` is set per connection.
pub(super) async fn durability(writer: &SqlitePool) -> Result<Vec<Setting>, DbError> {
    let mut conn = writer.acquire().await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *conn).await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *conn).await?;
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
    let mut beside = path.as_os_str().to_owned();
    beside.push(".migrating");
    let failed = |error| DbError::from(sqlx::Error::Io(error));
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(beside).map_err(failed)?;
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
mod tests {
    use super::*;

    /// Returns the settings that do not guarantee durability, for a writer with the changed options.
    async fn faults(change: impl FnOnce(SqliteConnectOptions) -> SqliteConnectOptions) -> Vec<(&'static str, String)> {
        let directory = tempfile::tempdir().unwrap();
        let options = change(writing(&directory.path().join("ks-pay.db")));
        let writer = PoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let settings = durability(&writer).await.unwrap();
        writer.close().await;
        settings.into_iter().filter(|setting| setting.remedy.is_some()).map(|setting| (setting.name, setting.value)).collect()
    }

    #[tokio::test]
    async fn the_connection_that_writes_is_asked_whether_it_waits_for_the_disk() {
        assert_eq!(faults(|ours| ours).await, []);
        assert_eq!(faults(|ours| ours.synchronous(SqliteSynchronous::Extra)).await, []);
        let faults_of = |name, value: &str| vec![(name, value.to_owned())];
        assert_eq!(faults(|ours| ours.synchronous(SqliteSynchronous::Normal)).await, faults_of("synchronous", "normal"));
        assert_eq!(faults(|ours| ours.synchronous(SqliteSynchronous::Off)).await, faults_of("synchronous", "off"));
        assert_eq!(faults(|ours| ours.journal_mode(SqliteJournalMode::Delete)).await, faults_of("journal_mode", "delete"));
    }

    /// Query plans must not depend on bound values, and unused features must not be compiled in.
    #[tokio::test]
    async fn sqlite_is_built_as_the_configuration_of_cargo_says() {
        let options = SqliteConnectOptions::new().filename(":memory:");
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        let built: Vec<String> = sqlx::query_scalar("PRAGMA compile_options").fetch_all(&mut conn).await.unwrap();
        let has = |name: &str| built.iter().any(|option| option == name);
        assert!(has("ENABLE_QPSG") && has("THREADSAFE=1"), "{built:?}");
        for left_out in ["ENABLE_API_ARMOR", "ENABLE_MEMORY_MANAGEMENT", "ENABLE_STAT4", "ENABLE_FTS5", "ENABLE_RTREE"] {
            assert!(!has(left_out), "{left_out}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_locked_is_not_taken_for_one_that_cannot_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ks-pay.db");
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
        let making = options.clone().create_if_missing(true).journal_mode(SqliteJournalMode::Delete);
        let mut writer = SqliteConnection::connect_with(&making).await.unwrap();
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
