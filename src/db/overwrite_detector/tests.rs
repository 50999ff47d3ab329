//! Tests that overwritten and truncated files are detected, and that SQLite's own writes are not.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use sqlx::AssertSqlSafe;

use super::*;
use crate::db::{Db, Location, SqlitePool, checkpointer, sqlite};

/// A database with a table and a detector.
struct Opened {
    _directory: tempfile::TempDir,
    path: PathBuf,
    writer: SqlitePool,
    /// The connection for checkpoints.
    other: SqlitePool,
    detector: OverwriteDetector,
}

impl Opened {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ks-pay.db");
        let Ok(Db::Sqlite { writer, checkpointer: beside, .. }) = Db::connect(&Location::Sqlite(path.clone())).await else {
            panic!("it opens")
        };
        sqlx::query("CREATE TABLE pages (page BLOB)").execute(&mut writer.acquire().await.unwrap()).await.unwrap();
        let stamp = sqlite::choose_stamp(&writer, None).await.unwrap();
        let mut detector = OverwriteDetector::open(&path, stamp).unwrap();
        for is_last in [false, true] {
            sqlite::write_stamp(&writer, stamp).await.unwrap();
            assert_eq!(detector.see_commit(), is_last);
        }
        Self { _directory: directory, path, writer, other: beside, detector }
    }

    async fn write(&self, pages: usize) {
        let bytes = i64::try_from(pages * 4096).unwrap();
        sqlx::query("INSERT INTO pages VALUES (zeroblob($1))")
            .bind(bytes)
            .execute(&mut self.writer.acquire().await.unwrap())
            .await
            .unwrap();
    }

    async fn checkpoint(&self) {
        checkpointer::checkpoint(&mut self.other.acquire().await.unwrap()).await.unwrap();
    }

    fn file(&self, side: &str) -> PathBuf {
        with_suffix(&self.path, side)
    }

    /// Replaces the content of the file in place, as `cp` does.
    fn overwrite(&self, side: &str, content: &[u8]) {
        let mut file = OpenOptions::new().write(true).truncate(true).open(self.file(side)).unwrap();
        file.write_all(content).unwrap();
    }

    fn truncate(&self, side: &str, bytes: u64) {
        OpenOptions::new().write(true).open(self.file(side)).unwrap().set_len(bytes).unwrap();
    }
}

#[tokio::test]
async fn a_copy_made_after_the_start_is_detected() {
    let opened = Opened::new().await;
    opened.write(3).await;
    opened.checkpoint().await;
    let copy = fs::read(&opened.path).unwrap();
    opened.write(3).await;
    opened.checkpoint().await;
    assert_eq!(opened.detector.find(), None);
    let own = fs::read(&opened.path).unwrap();
    opened.overwrite("", &copy);
    assert_eq!(opened.detector.find(), Some(DatabaseFile::Database));
    opened.overwrite("", &own);
    assert_eq!(opened.detector.find(), Some(DatabaseFile::Database), "what a connection has read in the meantime is not known");
}

/// According to the wal-index the file may have changed, so only the stamp reveals the overwrite.
#[tokio::test]
async fn a_copy_made_before_the_start_is_detected_despite_a_checkpoint_in_between() {
    let opened = Opened::new().await;
    assert_eq!(opened.detector.find(), None);
    let mut copy = fs::read(&opened.path).unwrap();
    copy[STAMP_AT..STAMP_AT + 4].copy_from_slice(&opened.detector.stamp.before.to_be_bytes());
    opened.write(3).await;
    opened.checkpoint().await;
    opened.overwrite("", &copy);
    opened.truncate("", 4096 * 100);
    assert_eq!(opened.detector.find(), Some(DatabaseFile::Database));
}

#[tokio::test]
async fn a_database_that_was_truncated_is_found_with_and_without_a_checkpoint_between() {
    for is_seen_before in [true, false] {
        let opened = Opened::new().await;
        opened.write(20).await;
        opened.checkpoint().await;
        assert!(!is_seen_before || opened.detector.find().is_none());
        opened.truncate("", 4096 * 10);
        assert_eq!(opened.detector.find(), Some(DatabaseFile::Database));
    }
}

/// Returns the new content of a log.
type Content = fn(&[u8]) -> Vec<u8>;

#[tokio::test]
async fn a_log_that_lacks_a_committed_frame_is_found() {
    let contents: [Content; 5] = [
        |_| Vec::new(),
        |log| log[..log.len() - 1].to_vec(),
        |log| vec![0; log.len()],
        // An older copy of the same log, with frames of the previous log after its end.
        |log| [&log[..log.len() - 4120], &[7; 4120][..]].concat(),
        // Another log.
        |log| [&log[..16], &[7; 8][..], &log[24..]].concat(),
    ];
    for content in contents {
        let opened = Opened::new().await;
        opened.write(3).await;
        assert_eq!(opened.detector.find(), None);
        let log = fs::read(opened.file("-wal")).unwrap();
        opened.overwrite("-wal", &content(&log));
        assert_eq!(opened.detector.find(), Some(DatabaseFile::Log));
        opened.overwrite("-wal", &log);
        assert_eq!(opened.detector.find(), Some(DatabaseFile::Log));
    }
}

/// As on a file system where a read returns older content.
#[tokio::test]
async fn nothing_is_reported_where_a_read_does_not_show_the_commit_of_the_start() {
    let opened = Opened::new().await;
    opened.write(3).await;
    for seen in [[false, false], [true, false], [false, true], [true, true]] {
        let is_stale = seen != [true, true];
        let mut detector = OverwriteDetector::open(&opened.path, opened.detector.stamp).unwrap();
        let mut begins = false;
        for is_seen in seen {
            if is_seen {
                opened.write(1).await;
            }
            begins = detector.see_commit();
        }
        assert_eq!(begins, !is_stale, "{seen:?}");
        let log = fs::read(opened.file("-wal")).unwrap();
        opened.overwrite("-wal", b"");
        assert_eq!(detector.find(), (!is_stale).then_some(DatabaseFile::Log));
        opened.overwrite("-wal", &log);
    }
}

#[tokio::test]
async fn an_index_that_was_truncated_is_bad_only_until_it_is_whole_again() {
    let opened = Opened::new().await;
    opened.write(3).await;
    assert_eq!(opened.detector.find(), None);
    let index = fs::read(opened.file("-shm")).unwrap();
    for bytes in [0, 100, 136] {
        opened.truncate("-shm", bytes);
        assert_eq!(opened.detector.find(), Some(DatabaseFile::Index), "{bytes}");
    }
    fs::write(opened.file("-shm"), index).unwrap();
    assert_eq!(opened.detector.find(), None);
}

/// Reads in a loop while one connection writes, one checkpoints and one vacuums.
#[tokio::test(flavor = "multi_thread")]
async fn what_other_connections_do_is_never_taken_for_an_overwrite() {
    let opened = Opened::new().await;
    let is_over = AtomicBool::new(false);
    let path = opened.path.clone();
    let reads = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut reads = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(opened.detector.find(), None);
                reads += 1;
            }
            reads
        });
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(busy(&opened, &path)));
        is_over.store(true, Ordering::Relaxed);
        looking.join().unwrap()
    });
    assert!(reads > 1000, "{reads}");
}

async fn busy(opened: &Opened, path: &Path) {
    let Ok(Db::Sqlite { writer: third, .. }) = Db::connect(&Location::Sqlite(path.to_owned())).await else { panic!("it opens") };
    let writing = async {
        for round in 0..120 {
            opened.write(round % 7).await;
        }
    };
    let checkpointing = async {
        for round in 0..60 {
            let mode = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][round % 4];
            // A checkpoint that finds another one running reports that in a row.
            let statement = AssertSqlSafe(format!("PRAGMA wal_checkpoint({mode})"));
            let _ = sqlx::query(statement).execute(&mut opened.other.acquire().await.unwrap()).await;
        }
    };
    let vacuuming = async {
        for _ in 0..10 {
            let _ = sqlx::query("DELETE FROM pages").execute(&mut third.acquire().await.unwrap()).await;
            let _ = sqlx::query("VACUUM").execute(&mut third.acquire().await.unwrap()).await;
        }
    };
    tokio::join!(writing, checkpointing, vacuuming);
    third.close().await;
}
