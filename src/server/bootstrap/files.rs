//! Checks ownership and access permissions of the database's files, and free disk space.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat, statvfs},
    io::Errno,
};

use crate::db::file_identity::with_suffix;

/// With less free space than this, storing an event may fail.
const MIN_FREE_BYTES: u64 = 16 * 1024 * 1024;
/// With less free space than this, an I/O error is attributed to the full disk: SQLite needs 32 KiB for the index of its log.
const FULL_BELOW_BYTES: u64 = 256 * 1024;

/// With less free space than this, a disk is filling, however small it is; a larger one with less than a twentieth of its size.
const FILLING_BELOW_BYTES: u64 = 256 * 1024 * 1024;
/// With more free space than this, no disk is filling, however large it is.
const MAX_FILLING_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// Says how much space is left on the disk of a directory, if it is so little that an operator must act soon; `None` if it is enough, or
/// the file system has no size. `limit` replaces the usual one, in bytes.
///
/// # Errors
/// The file system does not say how much space it has.
pub(crate) fn filling(directory: &Path, limit: Option<u64>) -> Result<Option<String>, Errno> {
    let disk = statvfs(directory)?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    let (free, size) = (bytes(disk.f_bavail), bytes(disk.f_blocks));
    let is_filling = size > 0 && free < limit.unwrap_or_else(|| usual_limit(size));
    Ok(is_filling.then(|| format!("{} MiB of {} MiB are left", free >> 20, size >> 20)))
}

/// Returns the free space below which a disk of that size is filling.
fn usual_limit(size: u64) -> u64 {
    FILLING_BELOW_BYTES.max((size / 20).min(MAX_FILLING_BYTES))
}

/// Returns a user's name, or the numeric id if the system has no name for it.
pub(crate) fn user(id: u32) -> String {
    let names = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = names.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {id}"))
}

/// Returns why this user cannot read and write the files of an SQLite database, and the remedy.
pub(crate) fn obstacle(database: &Path) -> Option<String> {
    DatabaseFiles::of(database).obstacle()
}

/// The files of an SQLite database.
pub(crate) struct DatabaseFiles {
    directory: PathBuf,
    /// The files that exist.
    present: Vec<PathBuf>,
}

impl DatabaseFiles {
    pub(crate) fn of(database: &Path) -> Self {
        let directory = database.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let present = ["", "-wal", "-shm", "-journal", ".lock", ".migrating"].map(|side| with_suffix(database, side));
        let present = present.into_iter().filter(|path| fs::symlink_metadata(path).is_ok()).collect();
        Self { directory: directory.to_owned(), present }
    }

    /// Returns why this user cannot read and write them, and the remedy.
    pub(crate) fn obstacle(&self) -> Option<String> {
        std::iter::once(&self.directory).chain(&self.present).find_map(|path| self.fault(path))
    }

    fn fault(&self, path: &Path) -> Option<String> {
        let wanted = if path == self.directory {
            Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK
        } else {
            Access::READ_OK | Access::WRITE_OK
        };
        let shown = path.display();
        match accessat(CWD, path, wanted, AtFlags::EACCESS) {
            Ok(()) => None,
            Err(Errno::ROFS) => Some(format!("{shown} is on a file system that is mounted read-only. Mount it for writing.")),
            Err(Errno::NOENT) => Some(format!("{shown} does not exist. Create it, or choose another location.")),
            Err(error) => Some(self.denied(path, error)),
        }
    }

    fn denied(&self, path: &Path, error: Errno) -> String {
        let shown = path.display();
        let me = user(rustix::process::geteuid().as_raw());
        let Ok(data) = fs::metadata(path) else {
            return format!("{shown} cannot be reached by {me}: {error}. Run ks-pay as its owner.");
        };
        let owner = user(data.uid());
        if owner == me {
            return format!(
                "{shown} belongs to {owner}, who may not write to it (mode {:o}). Run `chmod u+rwX {shown}`.",
                data.mode() & 0o777
            );
        }
        let directory = if path == self.directory { format!("{shown} ") } else { String::new() };
        let files = format!("{directory}{}", self.names());
        format!(
            "{shown} belongs to {owner}, and {me} may not write to it. Run ks-pay as {owner}, or change the owner to {me}: `chown {me} {}` as root.",
            files.trim_end()
        )
    }

    /// Reports a file with another owner than the directory: a user other than the server's created it.
    pub(crate) fn mixed_owners(&self) -> Option<String> {
        let owner = fs::metadata(&self.directory).ok()?.uid();
        let odd = self.present.iter().find(|path| fs::metadata(path).is_ok_and(|data| data.uid() != owner))?;
        let other = user(fs::metadata(odd).ok()?.uid());
        let owner = user(owner);
        Some(format!(
            "{} belongs to {other}, its directory to {owner}: a server that runs as {owner} cannot use it. Run `chown {owner} {}` as root",
            odd.display(),
            self.names()
        ))
    }

    /// Lists the files that the server's user must own: those of the database, and the master key in the same directory.
    fn names(&self) -> String {
        let key = Some(self.directory.join("master.key")).filter(|key| fs::symlink_metadata(key).is_ok());
        self.present.iter().chain(&key).map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
    }

    /// Returns whether the directory exists.
    pub(crate) fn has_directory(&self) -> bool {
        self.directory.is_dir()
    }

    /// Reports the disk's free space, if it is too low.
    pub(crate) fn shortage(&self) -> Option<String> {
        let free = self.free_bytes().filter(|free| *free < MIN_FREE_BYTES)?;
        Some(format!(
            "the disk of {} has {} KiB left. Free some space, or move the data directory to a larger disk",
            self.directory.display(),
            free / 1024
        ))
    }

    /// Returns the message for an I/O error whose cause is a full disk.
    pub(super) fn full_disk(&self) -> Option<String> {
        let free = self.free_bytes().filter(|free| *free < FULL_BELOW_BYTES)?;
        Some(format!(
            "The disk of {} is full: it has {} KiB left. Free some space, then try again.",
            self.directory.display(),
            free / 1024
        ))
    }

    /// Returns the space available to this user; `None` for file systems that report no size.
    fn free_bytes(&self) -> Option<u64> {
        let disk = statvfs(&self.directory).ok()?;
        (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_filling_below_a_twentieth_within_limits() {
        const GIB: u64 = 1024 * 1024 * 1024;
        for (size, limit) in [(0, GIB / 4), (GIB, GIB / 4), (20 * GIB, GIB), (100 * GIB, 5 * GIB), (4_000 * GIB, 5 * GIB)] {
            assert_eq!(usual_limit(size), limit, "{size}");
        }
        assert!(filling(Path::new("/no such directory"), None).is_err(), "unknown, and not enough");
    }
}
