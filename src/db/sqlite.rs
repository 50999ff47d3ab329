//! SQLite as we run it: WAL, `synchronous=FULL`, one writer, a few readers.
//!
//! With `NORMAL` a power cut loses commits that were acknowledged, so `FULL` is set here and nowhere else.

use std::{os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use sqlx::{
    Connection as _, SqliteConnection, SqlitePool,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{Db, DbError, Setting, rows::MOST};

/// How long a statement waits for another process's lock. Below the ingestion deadline of 4.5 s.
const BUSY: Duration = Duration::from_secs(1);
/// How long a request waits for a connection. With [`BUSY`] still below the ingestion deadline.
const ACQUIRE: Duration = Duration::from_secs(2);
/// The first version without the WAL-reset corruption of 3.7.0 to 3.51.2 (sqlite.org/wal.html#walresetbug).
const SOUND: (u32, u32, u32) = (3, 51, 3);

pub(super) async fn connect(path: &Path) -> Result<Db, DbError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true);
    // Statements over many rows have a text for each number of rows.
    // What such a statement would have to undo is kept in memory, not in a file that is made anew each time.
    let writing = options.clone().statement_cache_capacity(12 * MOST).pragma("temp_store", "memory");
    let writer = PoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        // A full disk or a failed sync makes SQLite end a transaction by itself; the driver's own rollback then fails, and
        // it would think for ever that one is open. Such a connection is replaced.
        .before_acquire(|conn: &mut SqliteConnection, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
        .connect_with(writing.optimize_on_close(true, None))
        .await?;
    let readers = PoolOptions::new()
        .max_connections(4)
        .acquire_timeout(ACQUIRE)
        .connect_lazy_with(options.read_only(true).create_if_missing(false));
    Ok(Db::Sqlite { readers, writer })
}

pub(super) async fn durability(writer: &SqlitePool) -> Result<Vec<Setting>, DbError> {
    let mut conn = writer.acquire().await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *conn).await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *conn).await?;
    Ok(vec![
        Setting {
            name: "SQLite version",
            remedy: (!is_sound(&version)).then_some("Build with SQLite 3.51.3 or newer: older ones can lose commits."),
            value: version,
        },
        Setting {
            name: "journal_mode",
            remedy: (journal != "wal").then_some("The file system must allow WAL: put the data directory on a local disk."),
            value: journal,
        },
        Setting {
            name: "synchronous",
            value: if synchronous == 2 { "full".to_owned() } else { synchronous.to_string() },
            remedy: (synchronous < 2).then_some("It must be FULL, or a power cut loses acknowledged events."),
        },
    ])
}

/// Waits until no other process brings the tables of that file up to date. The turn ends when the file is closed.
pub(super) async fn migration_turn(path: &Path) -> Result<std::fs::File, DbError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".migrating");
    let taken = tokio::task::spawn_blocking(move || {
        let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(beside)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    });
    taken.await.map_err(std::io::Error::other).and_then(|taken| taken).map_err(|error| DbError::from(sqlx::Error::Io(error)))
}

fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next()) >= SOUND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_the_wal_bug_are_refused() {
        assert!(is_sound("3.51.3") && is_sound("3.52.0") && is_sound("4.0.0"));
        assert!(!is_sound("3.46.0") && !is_sound("3.51.2") && !is_sound(""));
    }
}
