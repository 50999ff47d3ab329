//! Rejects a database file that does not belong to the log next to it.
//!
//! SQLite would checkpoint the log into any file of that name, as after `cp backup.db ks-pay.db` under a running server.
//! Therefore a server records the database's stamp (see `overwrite_detector::Stamp`) in its lock file, durably before it is
//! written to the database.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::db::{file_identity::with_suffix, read_stamp};

/// Two numbers of eight digits. The length is fixed, so that a new record overwrites the old one completely.
const NOTE_BYTES: usize = 17;

/// Records durably the stamps that the database may have from now on.
pub(super) fn note(lock: &File, stamps: [u32; 2]) -> io::Result<()> {
    let [first, second] = stamps;
    lock.write_all_at(format!("{first:08x} {second:08x}").as_bytes(), 0)?;
    lock.sync_all()
}

/// Removes the record, so that any stamp is accepted until the next [`note`].
pub(super) fn forget(lock: &File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.sync_all()
}

fn noted(database: &Path) -> Option<[u32; 2]> {
    let text = fs::read_to_string(with_suffix(database, ".lock")).ok()?;
    let (first, second) = text.get(..NOTE_BYTES)?.split_once(' ')?;
    Some([u32::from_str_radix(first, 16).ok()?, u32::from_str_radix(second, 16).ok()?])
}

/// Returns the stamp in the file itself, without the log.
pub(super) fn stamp(database: &Path) -> Option<u32> {
    read_stamp(&real(database))
}

/// Returns whether the log has content.
pub(super) fn has_log(database: &Path) -> bool {
    has_bytes(&log(database))
}

/// Returns the log that has content although its database is missing or empty.
pub(super) fn log_without_database(database: &Path) -> Option<PathBuf> {
    (!super::has_content(database) && has_log(database)).then(|| log(database))
}

fn log(database: &Path) -> PathBuf {
    with_suffix(&real(database), "-wal")
}

fn has_bytes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.len() > 0)
}

/// Resolves symbolic links, also to a file that is missing: SQLite creates the log next to the real file.
fn real(database: &Path) -> PathBuf {
    let target = || database.read_link().map(|target| database.parent().map_or_else(|| target.clone(), |at| at.join(&target)));
    fs::canonicalize(database).or_else(|_| target()).unwrap_or_else(|_| database.to_owned())
}

/// Checks that the database belongs to the log, before SQLite opens the files. Without a log, or without a record, every file
/// with content is accepted. SQLite would delete the log of an empty one.
///
/// # Errors
/// A message with the remedy.
pub(crate) fn check_log(database: &Path) -> Result<(), String> {
    if let Some(log) = log_without_database(database) {
        return Err(format!(
            "There is a log at {log}, but no database at {path}. No new database was created, and the log was not changed: it \
             may contain the newest events. If the database was moved, move it back. Otherwise, move {log} elsewhere, then \
             restore the database from a backup, or start a new installation.",
            log = log.display(),
            path = database.display()
        ));
    }
    if belongs(|| noted(database).filter(|_| has_log(database)), || stamp(database)) {
        return Ok(());
    }
    Err(format!(
        "{path} is not the database that the log {path}-wal belongs to: it was overwritten under a running server, or \
         restored next to an old log or an old lock file. Nothing was changed. Stop the server first. If both files come \
         from one copy of this directory, move {path}.lock aside: nothing is lost then. The same holds if the database was \
         replaced through SQLite (`.restore`): move {path}.lock aside and leave the -wal in place. Otherwise, to use {path} as \
         it is, move {path}-wal and {path}-shm aside: what only the log contains is missing then. Then start the server again.",
        path = database.display()
    ))
}

/// Whether the stamp is one of those noted, or nothing is known. A server that starts meanwhile notes its stamp before the
/// database has it, so a note that has changed since the stamp was read is compared again.
fn belongs(noted: impl Fn() -> Option<[u32; 2]>, stamp: impl Fn() -> Option<u32>) -> bool {
    let mut stamps = noted();
    loop {
        let (Some(expected), Some(found)) = (stamps, stamp()) else { return true };
        if expected.contains(&found) {
            return true;
        }
        let now = noted();
        if now == stamps {
            return false;
        }
        stamps = now;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_database_whose_server_starts_meanwhile_is_not_refused() {
        let reads = Cell::new(0);
        let starting = || {
            reads.set(reads.get() + 1);
            Some(if reads.get() == 1 { [1, 2] } else { [2, 3] })
        };
        assert!(belongs(starting, || Some(3)));
        assert!(!belongs(|| Some([1, 2]), || Some(3)), "another one is");
        assert!(belongs(|| None, || Some(3)) && belongs(|| Some([1, 2]), || None), "nothing is known");
    }
}
