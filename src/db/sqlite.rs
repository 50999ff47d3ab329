//! SQLite as we run it: WAL, `synchronous=FULL`, one writer, a few readers.
//!
//! With `NORMAL` a power cut loses commits that were acknowledged, so `FULL` is set here and nowhere else.

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

/// How long a statement waits for another process's lock. Below the ingestion deadline of 4.4 s.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a request waits for a connection. With [`BUSY`] still below the ingestion deadline.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How many times [`ACQUIRE`] a start waits for the file.
const OPEN_ATTEMPTS: usize = 10;
/// How often it is looked whether another process has brought the tables up to date.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The first version without the WAL-reset corruption of 3.7.0 to 3.51.2 (sqlite.org/wal.html#walresetbug).
const MIN_SAFE_VERSION: (u32, u32, u32) = (3, 51, 3);

/// `user_version` has a sign.
const NON_NEGATIVE: u32 = 0x7fff_ffff;

/// How the connection that writes is opened.
fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // A list's page comes over in one go.
        .row_buffer_size(4 * MAX_ROWS)
        .pragma("wal_autocheckpoint", checkpointer::AUTOCHECKPOINT_PAGES.to_string())
}

/// A connection to a file does not go away by itself, so it is not asked whether it is there each time it is used.
fn pool(connections: u32) -> PoolOptions<Sqlite> {
    super::no_reap_pool_options().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false)
}

pub(super) async fn connect(path: &Path) -> Result<Db, DbError> {
    let options = writing(path);
    // Statistics are never gathered: those of tables that are nearly empty lead SQLite to scan them once they have grown,
    // and every query here has an index made for it.
    // Statements over many rows have a text for each number of rows. What such a statement would have to undo is kept in
    // memory, not in a file that is made anew each time.
    let writing = options.clone().statement_cache_capacity(16 * MAX_ROWS).pragma("temp_store", "memory");
    let noted = OpenFiles::note(path).ok();
    let writer = open_first(writing).await?;
    // The file may have been replaced while it was opened: what was noted before is what SQLite has.
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

/// How long a command that only reads waits for a lock. A server that starts or stops holds one for a moment.
const READ_BUSY: Duration = Duration::from_secs(10);

/// Opens an existing database file and creates nothing: no file, no table, no other mode.
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
        .busy_timeout(READ_BUSY)
        .disable_statement_logging();
    open_or_assume_immutable(path, options).await
}

async fn open_or_assume_immutable(path: &Path, options: SqliteConnectOptions) -> Result<Db, DbError> {
    match open_to_read(options.clone()).await {
        // READONLY and CANTOPEN. A file that is locked can change.
        Err(error) if matches!(error.sqlite_code(), Some(8 | 14)) && path.exists() && !with_suffix(path, "-wal").exists() => {
            open_to_read(options.read_only(true).immutable(true)).await
        }
        opened => opened,
    }
}

async fn open_to_read(options: SqliteConnectOptions) -> Result<Db, DbError> {
    let pool = super::no_reap_pool_options().max_connections(2).connect_with(options).await?;
    // The header is read only now, and the log's index made.
    if let Err(error) = sqlx::query("SELECT COUNT(*) FROM sqlite_schema").execute(&pool).await {
        pool.close().await;
        return Err(error.into());
    }
    Ok(Db::Sqlite { readers: pool.clone(), writer: pool.clone(), checkpointer: pool, files: None })
}

/// The connection that writes is the first one, and makes the file. A disk that is busy may take longer for that than a
/// request may wait for a connection.
async fn open_first(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let mut left = OPEN_ATTEMPTS;
    loop {
        let writer = pool(1)
            // A full disk or a failed sync makes SQLite end a transaction by itself; the driver's own rollback then fails,
            // and it would think for ever that one is open. Such a connection is replaced.
            .before_acquire(|conn: &mut SqliteConnection, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
            .connect_with(options.clone())
            .await;
        match writer {
            Err(sqlx::Error::PoolTimedOut) if left > 1 => left -= 1,
            opened => return opened,
        }
    }
}

/// Chooses the number by which a server knows its database file from a copy that is put in its place. It is the header's
/// `user_version`, which nothing else here uses. `in_file` is what the file itself bore before it was opened, if that is known.
pub(super) async fn choose_stamp(writer: &SqlitePool, in_file: Option<u32>) -> Result<Stamp, sqlx::Error> {
    let before: i32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await?;
    let before = before.cast_unsigned();
    // An earlier server's stamp is still in the log alone: a second one would leave the file two behind.
    if let Some(in_file) = in_file.filter(|stamp| *stamp != before) {
        return Ok(Stamp { before: in_file, now: before });
    }
    Ok(Stamp { before, now: (before ^ (rand::random::<u32>() | 1)) & NON_NEGATIVE })
}

/// Writes it into the database, and into the file itself as far as readers allow.
pub(super) async fn write_stamp(writer: &SqlitePool, stamp: Stamp) -> Result<(), sqlx::Error> {
    let mut conn = writer.acquire().await?;
    sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {}", stamp.now.cast_signed()))).execute(&mut *conn).await?;
    checkpointer::checkpoint(&mut conn).await
}

/// What the one connection that writes has: `synchronous` is each connection's own, and no other's tells of it.
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
    let (is_sound, is_wal, is_full) = (is_sound(&version), journal == "wal", matches!(synchronous, 2 | 3));
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

/// Waits until no other process brings the tables of that file up to date. The turn ends when the file is closed.
pub(super) async fn migration_turn(path: &Path) -> Result<std::fs::File, DbError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".migrating");
    let failed = |error| DbError::from(sqlx::Error::Io(error));
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(beside).map_err(failed)?;
    // A thread that waited for the lock would hold up whoever gives up waiting.
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(POLL_INTERVAL).await,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next()) >= MIN_SAFE_VERSION
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings that do not keep the promise, of a writer like ours but for that change.
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
        let told = |name, value: &str| vec![(name, value.to_owned())];
        assert_eq!(faults(|ours| ours.synchronous(SqliteSynchronous::Normal)).await, told("synchronous", "normal"));
        assert_eq!(faults(|ours| ours.synchronous(SqliteSynchronous::Off)).await, told("synchronous", "off"));
        assert_eq!(faults(|ours| ours.journal_mode(SqliteJournalMode::Delete)).await, told("journal_mode", "delete"));
    }

    /// What a statement does must not hang on what is bound, and nothing may be built in that nobody uses.
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
        assert!(is_sound("3.51.3") && is_sound("3.52.0") && is_sound("4.0.0"));
        assert!(!is_sound("3.46.0") && !is_sound("3.51.2") && !is_sound(""));
    }
}
