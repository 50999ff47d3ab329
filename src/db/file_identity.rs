//! The files of an open SQLite database, by device and inode.
//!
//! Data written to an unlinked file is lost when the process ends, so the paths are compared with the opened files: the
//! database, its WAL and the WAL index, which other processes would otherwise recreate.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::Db;

/// Device and inode.
type Identity = (u64, u64);

/// The files that one server or command has open. Cheap to clone.
#[derive(Clone)]
pub struct OpenFiles {
    database: Arc<OpenFile>,
    log: Arc<OnceLock<Vec<OpenFile>>>,
}

struct OpenFile {
    path: PathBuf,
    identity: Identity,
    /// Whether the file ever had content: if it is empty later, it was truncated.
    had_content: AtomicBool,
    /// Keeps the inode's number from being given to another file.
    _handle: Handle,
}

impl OpenFile {
    fn note(path: PathBuf) -> io::Result<Self> {
        let handle = handle(&path)?;
        let data = fs::metadata(&path)?;
        Ok(Self { identity: identity(&data), had_content: AtomicBool::new(data.len() > 0), path, _handle: handle })
    }

    fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|data| identity(&data) == self.identity)
    }

    /// Like `is_in_place`, and not truncated. Only a WAL may be truncated, by a checkpoint.
    fn is_whole(&self) -> bool {
        let Ok(data) = fs::metadata(&self.path) else { return false };
        if data.len() > 0 {
            self.had_content.store(true, Ordering::Relaxed);
        } else if self.had_content.load(Ordering::Relaxed) {
            return false;
        }
        identity(&data) == self.identity
    }
}

impl OpenFiles {
    /// Notes the database file. To be called before SQLite opens it, and to be compared after.
    pub(super) fn note(database: &Path) -> io::Result<Self> {
        Ok(Self { database: Arc::new(OpenFile::note(database.to_owned())?), log: Arc::default() })
    }

    /// Notes the log and its index as well, which stay as long as a connection is open.
    pub(super) fn note_log(&self) {
        let Ok(real) = fs::canonicalize(&self.database.path) else { return };
        let noted = ["-wal", "-shm"].into_iter().filter_map(|side| OpenFile::note(with_suffix(&real, side)).ok()).collect();
        let _ = self.log.set(noted);
    }

    /// The first file whose path was removed or now leads to another file.
    pub(super) fn find_replaced(&self) -> Option<PathBuf> {
        let mut log = self.log.get().into_iter().flatten();
        let replaced = if self.database.is_whole() { log.find(|file| !file.is_in_place()) } else { Some(&*self.database) };
        replaced.map(|file| file.path.clone())
    }
}

/// How often the files are checked.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// How often the error is logged while nothing can be stored.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Logs when a file of the open database is removed, replaced or emptied, and when all are in place again, until the task is
/// aborted.
pub(crate) async fn watch(db: Db) {
    let mut last_logged: Option<Instant> = None;
    loop {
        sleep(WATCH_INTERVAL).await;
        match db.check_files() {
            Err(error) if last_logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) => {
                last_logged = Some(Instant::now());
                tracing::error!(
                    "{error}: nothing is stored, and events are answered 503. Stop the server, put the file back, and start again"
                );
            }
            Ok(()) if last_logged.take().is_some() => tracing::info!("the files of the database are in place again"),
            Ok(()) | Err(_) => {}
        }
    }
}

/// The path with something appended to its last name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn identity(data: &fs::Metadata) -> Identity {
    (data.dev(), data.ino())
}

#[cfg(target_os = "linux")]
type Handle = std::os::fd::OwnedFd;

/// Only names the file: closing a descriptor that could read would release the locks that SQLite holds on it.
#[cfg(target_os = "linux")]
fn handle(path: &Path) -> io::Result<Handle> {
    use rustix::fs::{Mode, OFlags};
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(not(target_os = "linux"))]
type Handle = ();

/// SQLite's own connections hold the inode.
#[cfg(not(target_os = "linux"))]
const fn handle(_: &Path) -> io::Result<Handle> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_removed_or_replaced_is_found_and_one_that_is_put_back_is_good() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (directory.path().join("a.db"), directory.path().join("aside"));
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let files = OpenFiles::note(&path).unwrap();
        files.note_log();
        assert_eq!(files.find_replaced(), None);
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            let file = directory.path().join(name);
            fs::rename(&file, &aside).unwrap();
            assert!(files.find_replaced().is_some(), "{name} was removed");
            fs::write(&file, "").unwrap();
            assert!(files.find_replaced().is_some(), "{name} was replaced");
            fs::rename(&aside, &file).unwrap();
            assert_eq!(files.find_replaced(), None, "{name} is back");
        }
        fs::write(&path, "content").unwrap();
        assert_eq!(files.find_replaced(), None);
        fs::write(&path, "").unwrap();
        assert_eq!(files.find_replaced(), Some(path), "it was emptied");
    }

    /// A file system reuses the inode number of a removed file unless a handle keeps it.
    #[test]
    fn a_new_file_never_has_the_number_of_the_one_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        fs::write(&path, "").unwrap();
        let files = OpenFiles::note(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for _ in 0..20 {
            fs::write(&path, "").unwrap();
            assert_eq!(files.find_replaced(), Some(path.clone()));
            fs::remove_file(&path).unwrap();
        }
    }
}
