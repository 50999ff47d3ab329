//! Folds SQLite's log into the file beside the writer, so that an event seldom waits for it, and then only for the rest.
//!
//! The rule: a commit is on disk by the log alone, so when this runs, or whether it fails, decides nothing. SQLite's own
//! checkpoint at the end of a commit stays behind it, for a log that would never end.

use std::time::Duration;

use sqlx::{SqliteConnection, SqlitePool};
use tokio::time::sleep;

use super::DbError;

/// How often the log is looked at while much is written: often, since whoever comes while it is folded shares core and disk
/// with that.
const BUSY_INTERVAL: Duration = Duration::from_millis(200);
/// The same while little is.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// A log with so many pages that are not in the file is folded.
const CHECKPOINT_PAGES: i64 = 1000;
/// At so many pages SQLite folds what is left at the end of a commit; only then can the log of a writer that never rests begin
/// anew.
pub(super) const AUTOCHECKPOINT_PAGES: i64 = 20_000;

/// Looks after the log until the pools are closed.
pub(super) async fn run<F: Future<Output = Result<(), DbError>>>(pool: &SqlitePool, check_files: impl Fn() -> F) {
    let mut pause = IDLE_INTERVAL;
    while !pool.is_closed() {
        sleep(pause).await;
        pause = look_after(pool, &check_files).await;
    }
}

/// Does so once, and says how long to rest. While `check_files` fails nothing is done: a checkpoint would write into a file that
/// took the database's place.
async fn look_after<F: Future<Output = Result<(), DbError>>>(pool: &SqlitePool, check_files: impl Fn() -> F) -> Duration {
    if check_files().await.is_err() {
        return IDLE_INTERVAL;
    }
    match checkpoint_if_due(pool).await {
        Ok(true) => BUSY_INTERVAL,
        Ok(false) => IDLE_INTERVAL,
        Err(error) => {
            tracing::debug!(%error, "the log was not folded into the file this time");
            IDLE_INTERVAL
        }
    }
}

/// Folds the log if there is enough of it; whether there was.
async fn checkpoint_if_due(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    let mut conn = pool.acquire().await?;
    if log(&mut conn, STATUS_SQL).await?.left() < CHECKPOINT_PAGES {
        return Ok(false);
    }
    log(&mut conn, CHECKPOINT_SQL).await?;
    Ok(true)
}

/// Folds what no reader holds back.
pub(super) async fn checkpoint(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    log(conn, CHECKPOINT_SQL).await.map(drop)
}

// sqlite.org/pragma.html#pragma_wal_checkpoint
const STATUS_SQL: &str = "PRAGMA wal_checkpoint(NOOP)";
/// Waits for nobody.
const CHECKPOINT_SQL: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// Where the log stands, in pages.
#[derive(sqlx::FromRow)]
struct Log {
    #[sqlx(rename = "log")]
    pages: i64,
    #[sqlx(rename = "checkpointed")]
    folded: i64,
}

impl Log {
    const fn left(&self) -> i64 {
        self.pages - self.folded
    }
}

async fn log(conn: &mut SqliteConnection, statement: &'static str) -> Result<Log, sqlx::Error> {
    sqlx::query_as(statement).fetch_one(conn).await
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::db::{Db, Location};

    /// Those that read, write and fold, of a database with a table.
    async fn opened(directory: &tempfile::TempDir) -> (SqlitePool, SqlitePool, SqlitePool) {
        let location = Location::Sqlite(directory.path().join("ks-pay.db"));
        let Ok(Db::Sqlite { readers, writer, checkpointer: beside, .. }) = Db::connect(&location).await else {
            panic!("it opens")
        };
        sqlx::query("CREATE TABLE pages (page BLOB)").execute(&writer).await.unwrap();
        (readers, writer, beside)
    }

    async fn write(writer: &SqlitePool, pages: i64) {
        sqlx::query("INSERT INTO pages VALUES (zeroblob($1))").bind(pages * 4096).execute(writer).await.unwrap();
    }

    async fn left(beside: &SqlitePool) -> i64 {
        log(&mut beside.acquire().await.unwrap(), STATUS_SQL).await.unwrap().left()
    }

    #[tokio::test]
    async fn a_long_log_is_folded_and_a_short_one_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (_, writer, beside) = opened(&directory).await;
        write(&writer, CHECKPOINT_PAGES / 2).await;
        assert!(!checkpoint_if_due(&beside).await.unwrap());
        assert!(left(&beside).await >= CHECKPOINT_PAGES / 2);
        write(&writer, CHECKPOINT_PAGES).await;
        assert!(checkpoint_if_due(&beside).await.unwrap());
        assert_eq!(left(&beside).await, 0);
    }

    #[tokio::test]
    async fn nothing_is_written_into_a_file_that_is_not_the_database() {
        let directory = tempfile::tempdir().unwrap();
        let (_, writer, beside) = opened(&directory).await;
        write(&writer, 2 * CHECKPOINT_PAGES).await;
        look_after(&beside, || ready(Err(DbError::Timeout))).await;
        assert!(left(&beside).await >= 2 * CHECKPOINT_PAGES);
        look_after(&beside, || ready(Ok(()))).await;
        assert_eq!(left(&beside).await, 0);
    }

    #[tokio::test]
    async fn neither_a_reader_nor_a_writer_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let (readers, writer, beside) = opened(&directory).await;
        let mut reader = readers.begin().await.unwrap();
        sqlx::query("SELECT count(*) FROM pages").execute(&mut *reader).await.unwrap();
        write(&writer, 2 * CHECKPOINT_PAGES).await;
        checkpoint_if_due(&beside).await.unwrap();
        assert!(left(&beside).await > 0, "somebody still reads what was before");
        reader.rollback().await.unwrap();
        let mut unit = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("INSERT INTO pages VALUES ('')").execute(&mut *unit).await.unwrap();
        checkpoint_if_due(&beside).await.unwrap();
        unit.commit().await.unwrap();
        assert!(left(&beside).await <= 2);
    }

    /// SQLite's own checkpoint at the end of a commit stays far behind.
    #[tokio::test]
    async fn the_writer_folds_only_what_is_far_too_long() {
        let directory = tempfile::tempdir().unwrap();
        let (_, writer, beside) = opened(&directory).await;
        write(&writer, 2 * CHECKPOINT_PAGES).await;
        assert!(left(&beside).await >= 2 * CHECKPOINT_PAGES);
        write(&writer, AUTOCHECKPOINT_PAGES).await;
        assert_eq!(left(&beside).await, 0);
    }
}
