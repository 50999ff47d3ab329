//! Checkpoints the WAL from a second connection, so that commits rarely have to, and then have little left to copy.
//!
//! Invariant: the WAL alone makes a commit durable, so durability does not depend on when this runs or whether it fails.
//! SQLite's automatic checkpoint remains as a limit for a WAL that would grow without end.

use std::time::Duration;

use super::{DbError, SqliteConnection, SqlitePool};

/// Interval under write load. Short, so that each checkpoint is small: requests compete with it for CPU and disk.
const BUSY_INTERVAL: Duration = Duration::from_millis(200);
/// Interval under low write load.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// A checkpoint runs if the WAL has at least this many pages that are not yet in the database file.
const CHECKPOINT_PAGES: i64 = 1000;
/// The WAL size in pages at which SQLite checkpoints the rest at the end of a commit. Under continuous writes the WAL can
/// restart only then.
pub(super) const AUTOCHECKPOINT_PAGES: i64 = 20_000;

/// Checkpoints once if due and returns the time until the next check. Does nothing while `check_files` fails: a checkpoint
/// would write to a file that replaced the database.
pub(super) async fn run_once<F: Future<Output = Result<(), DbError>>>(
    pool: &SqlitePool,
    check_files: impl Fn() -> F,
) -> Duration {
    if check_files().await.is_err() {
        return IDLE_INTERVAL;
    }
    match checkpoint_if_due(pool).await {
        Ok(true) => BUSY_INTERVAL,
        Ok(false) => IDLE_INTERVAL,
        Err(error) => {
            tracing::debug!(%error, "the WAL was not checkpointed this time");
            IDLE_INTERVAL
        }
    }
}

/// Checkpoints if enough pages are pending; returns whether they were.
async fn checkpoint_if_due(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    let mut conn = pool.acquire().await?;
    if log(&mut conn, STATUS_SQL).await?.pending_pages() < CHECKPOINT_PAGES {
        return Ok(false);
    }
    log(&mut conn, CHECKPOINT_SQL).await?;
    Ok(true)
}

/// Checkpoints the frames that no reader still needs.
pub(super) async fn checkpoint(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    log(conn, CHECKPOINT_SQL).await.map(drop)
}

// sqlite.org/pragma.html#pragma_wal_checkpoint
const STATUS_SQL: &str = "PRAGMA wal_checkpoint(NOOP)";
/// Waits for neither readers nor writers.
const CHECKPOINT_SQL: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The progress of checkpoints, in pages.
#[derive(sqlx::FromRow)]
struct WalProgress {
    #[sqlx(rename = "log")]
    pages: i64,
    #[sqlx(rename = "checkpointed")]
    folded: i64,
}

impl WalProgress {
    const fn pending_pages(&self) -> i64 {
        self.pages - self.folded
    }
}

async fn log(conn: &mut SqliteConnection, statement: &'static str) -> Result<WalProgress, sqlx::Error> {
    sqlx::query_as(statement).fetch_one(conn).await
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::db::{Db, Location};

    /// Returns the readers, the writer and the checkpointer of a database with a table.
    async fn opened(directory: &tempfile::TempDir) -> (SqlitePool, SqlitePool, SqlitePool) {
        let location = Location::Sqlite(directory.path().join("ks-pay.db"));
        let Ok(Db::Sqlite { readers, writer, checkpointer: checkpointing, .. }) = Db::connect(&location).await else {
            panic!("it opens")
        };
        sqlx::query("CREATE TABLE pages (page BLOB)").execute(&mut writer.acquire().await.unwrap()).await.unwrap();
        (readers, writer, checkpointing)
    }

    async fn write(writer: &SqlitePool, pages: i64) {
        sqlx::query("INSERT INTO pages VALUES (zeroblob($1))")
            .bind(pages * 4096)
            .execute(&mut writer.acquire().await.unwrap())
            .await
            .unwrap();
    }

    async fn left(checkpointing: &SqlitePool) -> i64 {
        log(&mut checkpointing.acquire().await.unwrap(), STATUS_SQL).await.unwrap().pending_pages()
    }

    #[tokio::test]
    async fn a_long_log_is_folded_and_a_short_one_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (_, writer, checkpointing) = opened(&directory).await;
        write(&writer, CHECKPOINT_PAGES / 2).await;
        assert!(!checkpoint_if_due(&checkpointing).await.unwrap());
        assert!(left(&checkpointing).await >= CHECKPOINT_PAGES / 2);
        write(&writer, CHECKPOINT_PAGES).await;
        assert!(checkpoint_if_due(&checkpointing).await.unwrap());
        assert_eq!(left(&checkpointing).await, 0);
    }

    #[tokio::test]
    async fn nothing_is_written_into_a_file_that_is_not_the_database() {
        let directory = tempfile::tempdir().unwrap();
        let (_, writer, checkpointing) = opened(&directory).await;
        write(&writer, 2 * CHECKPOINT_PAGES).await;
        run_once(&checkpointing, || ready(Err(DbError::Timeout))).await;
        assert!(left(&checkpointing).await >= 2 * CHECKPOINT_PAGES);
        run_once(&checkpointing, || ready(Ok(()))).await;
        assert_eq!(left(&checkpointing).await, 0);
    }

    #[tokio::test]
    async fn neither_a_reader_nor_a_writer_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let (readers, writer, checkpointing) = opened(&directory).await;
        let mut reader = readers.acquire().await.unwrap();
        reader.begin_reading().await.unwrap();
        sqlx::query("SELECT count(*) FROM pages").execute(&mut reader).await.unwrap();
        write(&writer, 2 * CHECKPOINT_PAGES).await;
        checkpoint_if_due(&checkpointing).await.unwrap();
        assert!(left(&checkpointing).await > 0, "a reader still holds the earlier snapshot");
        reader.roll_back().await.unwrap();
        let mut unit = writer.acquire().await.unwrap();
        unit.begin_writing().await.unwrap();
        sqlx::query("INSERT INTO pages VALUES ('')").execute(&mut unit).await.unwrap();
        checkpoint_if_due(&checkpointing).await.unwrap();
        unit.commit().await.unwrap();
        assert!(left(&checkpointing).await <= 2);
    }

    /// SQLite's automatic checkpoint runs only far beyond the checkpointer's threshold.
    #[tokio::test]
    async fn the_writer_folds_only_what_is_far_too_long() {
        let directory = tempfile::tempdir().unwrap();
        let (_, writer, checkpointing) = opened(&directory).await;
        write(&writer, 2 * CHECKPOINT_PAGES).await;
        assert!(left(&checkpointing).await >= 2 * CHECKPOINT_PAGES);
        write(&writer, AUTOCHECKPOINT_PAGES).await;
        assert_eq!(left(&checkpointing).await, 0);
    }
}
