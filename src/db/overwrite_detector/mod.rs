//! Detects that the files of an open SQLite database were overwritten or truncated in place, as by `cp backup.db ks-pay.db`.
//!
//! Invariant: only what no checkpoint and no other connection may change is compared, so that a sound database is never
//! reported: the header and size of the database file between two checkpoints; a number that this server wrote there when it
//! started; and the log's header and last frame, which the wal-index names. So a file is taken for the database that has its
//! stamp, its size and its first 100 bytes, as a copy of the running database's own file without its log.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    mem::ManuallyDrop,
    os::{
        fd::{AsRawFd as _, RawFd},
        unix::fs::FileExt as _,
    },
    path::Path,
    sync::{Mutex, OnceLock, PoisonError},
};

use super::{
    file_fault::DatabaseFile,
    file_identity::{identity, with_suffix},
    wal_index::{WalIndex, big_endian},
};

/// The number of reads that confirm a finding.
const CONFIRMATIONS: usize = 3;
/// The maximum number of reads while another connection writes to the files.
const ATTEMPTS: usize = 4;
const HEADER_BYTES: usize = 100;
/// The position of `user_version`.
const STAMP_AT: usize = 60;

/// The number that a server writes to the database's header when it starts (`user_version`), and the previous one, which is
/// in the file until the first checkpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) before: u32,
    pub(super) now: u32,
}

/// Compares the files of an open database with their earlier content.
pub(super) struct OverwriteDetector {
    // Not closed while SQLite has the files open: that would release SQLite's locks on them.
    database: ManuallyDrop<File>,
    log: ManuallyDrop<File>,
    index: ManuallyDrop<File>,
    stamp: Stamp,
    /// The wal-index when the files were opened, or when a commit was looked for last.
    last_index: Option<WalIndex>,
    /// Whether that commit was seen.
    has_seen_commit: bool,
    /// True if a read returns what SQLite writes through its memory map. Some network and user-space file systems return
    /// older content, so nothing is compared until this is proven.
    is_coherent: bool,
    baseline: Mutex<Baseline>,
    /// The overwritten file. It stays invalid even if it is written to later.
    found: OnceLock<DatabaseFile>,
}

/// The result of reading the files once.
enum Comparison {
    Same,
    Different(DatabaseFile),
    /// Another connection wrote to them during the read.
    Undecided,
}

/// The content that was read last.
#[derive(Default)]
struct Baseline {
    checkpoint: Option<(WalIndex, Header)>,
    is_stamped: bool,
    index_bytes: u64,
}

/// The header and the size of the database file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Header {
    bytes: [u8; HEADER_BYTES],
    file_bytes: u64,
}

impl Header {
    fn read(database: &File) -> io::Result<Self> {
        let mut bytes = [0; HEADER_BYTES];
        database.read_exact_at(&mut bytes, 0)?;
        Ok(Self { bytes, file_bytes: database.metadata()?.len() })
    }

    fn stamp(&self) -> Option<u32> {
        big_endian(&self.bytes, STAMP_AT)
    }
}

/// The databases, by device and inode, that a server in this process has open. No other descriptor of them may be closed:
/// that would release the server's locks.
static OPEN: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// Reads the stamp of a database file, unless a server in this process has it open.
pub(crate) fn read_stamp(database: &Path) -> Option<u32> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_open = open.contains(&identity(&fs::metadata(database).ok()?));
    if is_open { None } else { Header::read(&File::open(database).ok()?).ok()?.stamp() }
}

impl OverwriteDetector {
    /// Opens the files again, for reading. SQLite has them open. Nothing is compared before [`Self::see_commit`].
    pub(super) fn open(database: &Path, stamp: Stamp) -> io::Result<Self> {
        let open = |path: &Path| File::open(path).map(ManuallyDrop::new);
        // Before anything is opened. If a later file cannot be opened, the descriptors before it stay open, and the database
        // stays listed: its stamp is then not read in this process, which leaves an overwritten file undetected by commands
        // in it, but closing a descriptor would release SQLite's locks.
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).insert(identity(&fs::metadata(database)?));
        let index = open(&with_suffix(database, "-shm"))?;
        Ok(Self {
            database: open(database)?,
            log: open(&with_suffix(database, "-wal"))?,
            last_index: read_index(&index),
            has_seen_commit: false,
            is_coherent: false,
            index,
            stamp,
            baseline: Mutex::default(),
            found: OnceLock::new(),
        })
    }

    /// Looks for a commit that was made since the last call, or since [`Self::open`], in the wal-index. Comparing begins, and
    /// this is true, when two in a row are seen: a file system that shows what was written through a memory map only after
    /// some time may show an earlier one instead.
    pub(super) fn see_commit(&mut self) -> bool {
        let now = read_index(&self.index);
        let is_seen = self.last_index.zip(now).is_some_and(|(last, now)| last != now);
        self.last_index = now;
        self.is_coherent = is_seen && self.has_seen_commit;
        self.has_seen_commit = is_seen;
        self.is_coherent
    }

    /// Closes the files. Called after SQLite has closed its own.
    pub(super) fn close(self) {
        if let Ok(data) = self.database.metadata() {
            OPEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&identity(&data));
        }
        for file in [self.database, self.log, self.index] {
            drop(ManuallyDrop::into_inner(file));
        }
    }

    /// Returns the descriptors of the database and the log, through which a file can be copied after its path was removed.
    pub(super) fn descriptors(&self) -> [RawFd; 2] {
        [self.database.as_raw_fd(), self.log.as_raw_fd()]
    }

    /// True if the new stamp is already in the file.
    pub(super) fn is_stamped(&self) -> bool {
        Header::read(&self.database).is_ok_and(|header| header.stamp() == Some(self.stamp.now))
    }

    /// Returns the file that was overwritten, if any.
    pub(super) fn find(&self) -> Option<DatabaseFile> {
        if !self.is_coherent {
            return None;
        }
        if let Some(part) = self.found.get() {
            return Some(*part);
        }
        let mut baseline = self.baseline.lock().unwrap_or_else(PoisonError::into_inner);
        let mut part = None;
        for _ in 0..CONFIRMATIONS {
            part = Some(self.compare(&mut baseline)?);
        }
        if let Some(part @ (DatabaseFile::Database | DatabaseFile::Log)) = part {
            let _ = self.found.set(part);
        }
        part
    }

    /// Reads the files, and repeats that while other connections write to them during the read.
    fn compare(&self, baseline: &mut Baseline) -> Option<DatabaseFile> {
        for _ in 0..ATTEMPTS {
            match self.compare_once(baseline) {
                Ok(Comparison::Different(part)) => return Some(part),
                Ok(Comparison::Undecided) => {}
                // A read error proves nothing; SQLite will report it.
                Ok(Comparison::Same) | Err(_) => return None,
            }
        }
        None
    }

    fn compare_once(&self, baseline: &mut Baseline) -> io::Result<Comparison> {
        use Comparison::{Different, Same, Undecided};
        let index_bytes = self.index.metadata()?.len();
        if index_bytes < baseline.index_bytes {
            return Ok(Different(DatabaseFile::Index));
        }
        let Some(before) = read_whole(WalIndex::read(&self.index))? else { return Ok(Different(DatabaseFile::Index)) };
        let Some(header) = read_whole(Header::read(&self.database))? else { return Ok(Different(DatabaseFile::Database)) };
        let is_log_right = before.map(|index| index.matches_log(&self.log)).transpose()?;
        let Some(after) = read_whole(WalIndex::read(&self.index))? else { return Ok(Different(DatabaseFile::Index)) };
        baseline.index_bytes = index_bytes;
        if !baseline.takes_stamp(self.stamp, &header) {
            return Ok(Different(DatabaseFile::Database));
        }
        let Some(index) = before.filter(|_| before == after) else { return Ok(Undecided) };
        if is_log_right == Some(false) {
            return Ok(Different(DatabaseFile::Log));
        }
        let is_database_right = index.is_checkpointing() || baseline.takes_header(index, header);
        Ok(if is_database_right { Same } else { Different(DatabaseFile::Database) })
    }
}

impl Baseline {
    /// Returns whether the header has the stamp of this server, or still the previous one.
    fn takes_stamp(&mut self, stamp: Stamp, header: &Header) -> bool {
        self.is_stamped |= header.stamp() == Some(stamp.now);
        header.stamp() == Some(if self.is_stamped { stamp.now } else { stamp.before })
    }

    /// Returns whether the header may be that of the database file while no checkpoint is running.
    fn takes_header(&mut self, index: WalIndex, header: Header) -> bool {
        match &self.checkpoint {
            Some((last, same)) if last.has_same_checkpoint(&index) => *same == header,
            _ if header.file_bytes < index.min_database_bytes() => false,
            _ => {
                self.checkpoint = Some((index, header));
                true
            }
        }
    }
}

/// Reads the wal-index, repeatedly while another connection writes to it. `None` if it is truncated or its format is unknown.
fn read_index(index: &File) -> Option<WalIndex> {
    (0..ATTEMPTS).find_map(|_| WalIndex::read(index).ok().flatten())
}

/// Returns `None` for a file that is too short.
fn read_whole<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(Some),
    }
}

#[cfg(test)]
mod tests;
