//! Identifies the files of an open SQLite database by device and inode, and in a server also by their content.
//!
//! Data written to an unlinked file is lost when the process ends, so the paths are compared with the opened files: the
//! database, its WAL and the WAL index, which other processes would otherwise recreate. Findings of [`overwrite_detector`]
//! are reported in the same way. Every write, and every read that decides on a request of a gateway, is preceded by a check of its
//! own; the reads of pages share one for a moment.
//!
//! [`overwrite_detector`]: super::overwrite_detector

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, task::spawn_blocking, time::Instant};

use super::{
    Db, DbError,
    file_fault::{Change, DatabaseFile, FileFault},
    overwrite_detector::{OverwriteDetector, Stamp},
    sqlite,
};

/// How many threads look at the files at most.
const READERS: usize = 2;
/// How long a check of the files holds for pages. The reads of a page, and of pages shortly after each other, then share one
/// check, which is handed to another thread.
const CHECK_VALIDITY: Duration = Duration::from_millis(100);

/// Device and inode.
type Identity = (u64, u64);

/// The files that one server or command has open. Cheap to clone.
#[derive(Clone)]
pub struct OpenFiles {
    database: Arc<OpenFile>,
    log: Arc<OnceLock<Vec<OpenFile>>>,
    /// Set only in a server.
    content: Arc<RwLock<Option<OverwriteDetector>>>,
    /// So few threads look at the files, however many wait for a disk that hangs.
    readers: Arc<Semaphore>,
    /// When the last check that found no fault began.
    last_passed_check: Arc<Mutex<Option<Instant>>>,
}

struct OpenFile {
    path: PathBuf,
    role: DatabaseFile,
    identity: Identity,
    /// True if the file ever had content: if it is empty later, it was truncated.
    had_content: AtomicBool,
    /// Prevents the inode number from being reused for another file.
    _handle: Handle,
}

impl OpenFile {
    fn note(path: PathBuf, role: DatabaseFile) -> io::Result<Self> {
        let handle = handle(&path)?;
        let data = fs::metadata(&path)?;
        Ok(Self { identity: identity(&data), had_content: AtomicBool::new(data.len() > 0), path, role, _handle: handle })
    }

    /// Returns the change to the file, if any.
    fn change(&self) -> Option<Change> {
        let Ok(data) = fs::metadata(&self.path) else { return Some(Change::Replaced) };
        if identity(&data) != self.identity {
            return Some(Change::Replaced);
        }
        if data.len() > 0 {
            self.had_content.store(true, Ordering::Relaxed);
            return None;
        }
        // A checkpoint may truncate the log; the detector distinguishes that from other causes.
        (self.role != DatabaseFile::Log && self.had_content.load(Ordering::Relaxed)).then_some(Change::Overwritten)
    }
}

impl OpenFiles {
    /// Records the identity of the database file. Called before SQLite opens it, for a comparison afterwards.
    pub(super) fn note(database: &Path) -> io::Result<Self> {
        let database = Arc::new(OpenFile::note(database.to_owned(), DatabaseFile::Database)?);
        let readers = Arc::new(Semaphore::new(READERS));
        Ok(Self { database, log: Arc::default(), content: Arc::default(), readers, last_passed_check: Arc::default() })
    }

    /// Also records the log and its index, which exist as long as a connection is open.
    pub(super) fn note_log(&self) {
        let Some(real) = self.real_path() else { return };
        let note = |(side, role)| OpenFile::note(with_suffix(&real, side), role).ok();
        let _ = self.log.set([("-wal", DatabaseFile::Log), ("-shm", DatabaseFile::Index)].into_iter().filter_map(note).collect());
    }

    /// Opens the three files for comparing their content, which [`Self::watch_content`] starts.
    pub(super) fn open_content(&self, stamp: Stamp) {
        // On other systems a read may not return data written through a memory map.
        if !cfg!(target_os = "linux") {
            return;
        }
        let opened = self.real_path().and_then(|real| OverwriteDetector::open(&real, stamp).ok());
        *self.content.write().unwrap_or_else(PoisonError::into_inner) = opened;
    }

    /// Looks for the commit that was made since [`Self::open_content`] or the last call. Content is watched from the second one
    /// that is seen, until [`Self::close`]; whether it is.
    pub(super) fn see_commit(&self) -> bool {
        self.content.write().unwrap_or_else(PoisonError::into_inner).as_mut().is_some_and(OverwriteDetector::see_commit)
    }

    /// The same for the last commit of the start. If content is not watched, the log says so.
    pub(super) fn watch_content(&self) {
        if !self.see_commit() {
            tracing::info!(
                "in-place overwrites of the database files cannot be detected: a read of {}-shm does not return what \
                 SQLite writes there",
                self.database.path.display()
            );
        }
    }

    /// True if the stamp is already in the database file.
    pub(super) fn is_stamped(&self) -> bool {
        self.content.read().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(OverwriteDetector::is_stamped)
    }

    /// Stops comparing their content. Called after SQLite has closed the files.
    pub(super) fn close(&self) {
        if let Some(detector) = self.content.write().unwrap_or_else(PoisonError::into_inner).take() {
            detector.close();
        }
    }

    fn real_path(&self) -> Option<PathBuf> {
        fs::canonicalize(&self.database.path).ok()
    }

    /// Looks at the files on a thread of its own: a disk that hangs must hold up no worker thread, or no request would reach its
    /// deadline. `None` when the runtime ends meanwhile.
    async fn read<T: Send + 'static>(&self, look: impl FnOnce(&Self) -> T + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.readers).acquire_owned().await.ok()?;
        let files = self.clone();
        let looking = spawn_blocking(move || {
            let found = look(&files);
            // Not earlier: the caller may have given up while this thread still reads.
            drop(permit);
            found
        });
        looking.await.ok()
    }

    /// True if a check that began within [`CHECK_VALIDITY`] found no fault.
    fn passed_recently(&self) -> bool {
        self.last_passed_check.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < CHECK_VALIDITY)
    }

    /// Returns the first file whose path was removed or leads to another file, or that was overwritten.
    pub(super) fn find_fault(&self) -> Option<FileFault> {
        self.opened().find_map(|file| self.fault(file)).or_else(|| self.find_overwritten())
    }

    /// Returns every such file.
    fn find_faults(&self) -> Vec<FileFault> {
        let replaced: Vec<_> = self.opened().filter_map(|file| self.fault(file)).collect();
        if replaced.is_empty() { self.find_overwritten().into_iter().collect() } else { replaced }
    }

    fn opened(&self) -> impl Iterator<Item = &OpenFile> {
        std::iter::once(&*self.database).chain(self.log.get().into_iter().flatten())
    }

    fn fault(&self, file: &OpenFile) -> Option<FileFault> {
        let change = file.change()?;
        Some(FileFault { path: file.path.clone(), role: file.role, change, open_copy: self.open_copy(file.role) })
    }

    fn find_overwritten(&self) -> Option<FileFault> {
        let role = self.content.read().unwrap_or_else(PoisonError::into_inner).as_ref()?.find()?;
        let path = self.opened().find(|file| file.role == role)?.path.clone();
        Some(FileFault { path, role, change: Change::Overwritten, open_copy: None })
    }

    /// Returns the path under which the system provides the open file, even if its own path was removed.
    fn open_copy(&self, role: DatabaseFile) -> Option<PathBuf> {
        let content = self.content.read().unwrap_or_else(PoisonError::into_inner);
        let [database, log] = content.as_ref()?.descriptors();
        let descriptor = match role {
            DatabaseFile::Database => database,
            DatabaseFile::Log => log,
            DatabaseFile::Index => return None,
        };
        Some(format!("/proc/{}/fd/{descriptor}", std::process::id()).into())
    }
}

impl Db {
    /// Records the WAL of an SQLite database, which exists as long as a connection is open, stamps the database, and starts
    /// comparing the content of the files. `in_file` is the stamp in the file before it was opened; `note` stores the
    /// possible stamps before they are written.
    ///
    /// # Errors
    /// If the database cannot be read or written to.
    pub(crate) async fn pin_log(&self, in_file: Option<u32>, note: impl Fn([u32; 2]) -> io::Result<()>) -> Result<(), DbError> {
        if let Self::Sqlite { writer, checkpointer: checkpointing, files: Some(files), .. } = self {
            sqlx::query("SELECT COUNT(*) FROM sqlite_schema").execute(&mut checkpointing.acquire().await?).await?;
            files.note_log();
            let stamp = sqlite::choose_stamp(writer, in_file).await?;
            note([stamp.before, stamp.now]).map_err(sqlx::Error::Io)?;
            files.open_content(stamp);
            sqlite::write_stamp(writer, stamp).await?;
            files.see_commit();
            sqlite::write_stamp(writer, stamp).await?;
            files.watch_content();
            if files.is_stamped() {
                note([stamp.now; 2]).map_err(sqlx::Error::Io)?;
            }
        }
        Ok(())
    }

    /// Rejects an SQLite database whose files were removed, replaced or overwritten since they were opened.
    ///
    /// # Errors
    /// [`DbError::FileFault`]
    pub(crate) async fn check_files(&self) -> Result<(), DbError> {
        let Self::Sqlite { files: Some(files), may_block: false, .. } = self else { return self.check_files_here() };
        // None when the runtime ends meanwhile.
        let fault = files.read(OpenFiles::find_fault).await.ok_or(DbError::Timeout)?;
        fault.map_or(Ok(()), |fault| Err(DbError::FileFault(fault)))
    }

    /// The same for a page. The result may be that of a check up to [`CHECK_VALIDITY`] ago: a write to a removed file would be lost,
    /// while a read of it shows what was true then.
    pub(super) async fn check_files_for_page(&self) -> Result<(), DbError> {
        let Self::Sqlite { files: Some(files), may_block: false, .. } = self else { return self.check_files_here() };
        if files.passed_recently() {
            return Ok(());
        }
        let began = Instant::now();
        self.check_files().await?;
        *files.last_passed_check.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
        Ok(())
    }

    /// The same on the calling thread, which serves no one else.
    fn check_files_here(&self) -> Result<(), DbError> {
        let Self::Sqlite { files: Some(files), .. } = self else { return Ok(()) };
        files.find_fault().map_or(Ok(()), |fault| Err(DbError::FileFault(fault)))
    }
}

/// Interval for logging the error while nothing can be stored.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Logs when a file of the open database is removed, replaced or overwritten, and when all are in place again.
pub(crate) struct FileWatch {
    db: Db,
    last_logged: Option<Instant>,
}

impl FileWatch {
    pub(crate) fn new(db: &Db) -> Self {
        Self { db: db.clone(), last_logged: None }
    }

    /// Looks at the files once.
    pub(crate) async fn look(&mut self) {
        let Db::Sqlite { files: Some(files), .. } = &self.db else { return };
        let Some(faults) = files.read(OpenFiles::find_faults).await else { return };
        if faults.is_empty() {
            if self.last_logged.take().is_some() {
                tracing::info!("the database files are in place again");
            }
        } else if self.last_logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            self.last_logged = Some(Instant::now());
            for fault in faults {
                tracing::error!("{fault}: nothing is stored, and events get 503. {}", fault.remedy());
            }
        }
    }
}

/// Returns the path with a suffix appended to its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn identity(data: &fs::Metadata) -> Identity {
    (data.dev(), data.ino())
}

#[cfg(target_os = "linux")]
type Handle = std::os::fd::OwnedFd;

/// Opens the file with `O_PATH`: closing a readable descriptor would release the locks that SQLite holds on it.
#[cfg(target_os = "linux")]
fn handle(path: &Path) -> io::Result<Handle> {
    use rustix::fs::{Mode, OFlags};
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(not(target_os = "linux"))]
type Handle = ();

/// SQLite's own connections keep the inode in use.
#[cfg(not(target_os = "linux"))]
const fn handle(_: &Path) -> io::Result<Handle> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Location;

    fn find(files: &OpenFiles) -> Option<PathBuf> {
        files.find_fault().map(|fault| fault.path)
    }

    #[test]
    fn a_file_that_is_removed_or_replaced_is_found_and_one_that_is_put_back_is_good() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (directory.path().join("a.db"), directory.path().join("aside"));
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let files = OpenFiles::note(&path).unwrap();
        files.note_log();
        assert_eq!(find(&files), None);
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            let file = directory.path().join(name);
            fs::rename(&file, &aside).unwrap();
            assert!(find(&files).is_some(), "{name} was removed");
            fs::write(&file, "").unwrap();
            assert!(find(&files).is_some(), "{name} was replaced");
            fs::rename(&aside, &file).unwrap();
            assert_eq!(find(&files), None, "{name} is back");
        }
        fs::write(&path, "content").unwrap();
        assert_eq!(find(&files), None);
        fs::write(&path, "").unwrap();
        assert_eq!(find(&files), Some(path), "it was emptied");
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
            assert_eq!(find(&files), Some(path.clone()));
            fs::remove_file(&path).unwrap();
        }
    }

    #[tokio::test]
    async fn the_reads_of_pages_share_a_check_and_those_that_decide_have_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("ks-pay.db");
        let Ok(db) = Db::open(&Location::Sqlite(path.clone())).await else { panic!("it opens") };
        drop((db.page_reader().await.unwrap(), db.reader().await.unwrap()));
        tokio::time::pause();
        fs::rename(path, with_suffix(path, "-aside")).unwrap();
        assert!(db.page_reader().await.is_ok(), "it shares the check of a moment ago");
        assert!(matches!(db.reader().await, Err(DbError::FileFault(_))) && db.begin().await.is_err());
        tokio::time::advance(CHECK_VALIDITY).await;
        assert!(matches!(db.page_reader().await, Err(DbError::FileFault(_))));
        fs::rename(with_suffix(path, "-aside"), path).unwrap();
        assert!(db.page_reader().await.is_ok());
        tokio::time::resume();
        db.close().await;
    }
}
