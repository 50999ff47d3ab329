//! A partial backup: written under a temporary name, renamed when complete, and never over an existing file.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt as _, fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::primitives::base62;

/// Suffixes of the files that SQLite creates next to a database.
const SQLITE_SUFFIXES: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A temporary file that is removed when dropped, unless it was published.
pub(super) struct Draft {
    file: File,
    path: PathBuf,
    directory: PathBuf,
    dest: PathBuf,
}

impl Draft {
    /// Creates an empty file in the directory of `dest`, with mode 0600.
    ///
    /// # Errors
    /// An explanation if `dest` exists or names no file, or if its directory is missing or not writable.
    pub(super) fn beside(dest: &Path) -> Result<Self, String> {
        if dest == Path::new("-") {
            let said =
                "A backup cannot be written to standard output. Name a file that does not exist yet, for example ks-pay-copy.db.";
            return Err(said.to_owned());
        }
        let names_directory = dest.as_os_str().as_bytes().ends_with(b"/");
        if dest.file_name().is_none() || names_directory || dest.is_dir() {
            let file = dest.join("ks-pay-copy.db");
            let advice =
                if dest.exists() { "is a directory. Name" } else { "names a directory that does not exist. Make it and name" };
            return Err(format!("{} {advice} a file in it, for example {}.", dest.display(), file.display()));
        }
        let name = dest.file_name().unwrap_or_default().to_string_lossy();
        if SQLITE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            return Err(format!(
                "{} has a name that SQLite uses for its own files, which it removes. Choose another name, for example copy.db.",
                dest.display()
            ));
        }
        if fs::symlink_metadata(dest).is_ok() {
            return Err(taken(dest));
        }
        let directory = dest.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let directory = match fs::canonicalize(directory) {
            Ok(found) if found.is_dir() => found,
            _ => return Err(format!("Directory {} does not exist. Create it, or choose another one.", directory.display())),
        };
        let path = directory.join(format!(".ks-pay-backup-{}.partial", base62::random(12)));
        let file = made(&path)
            .map_err(|error| format!("Cannot write to {}: {error}. Choose another directory.", directory.display()))?;
        Ok(Self { file, path, directory, dest: dest.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path as text, as SQLite requires it.
    pub(super) fn text(&self) -> Result<&str, String> {
        self.path.to_str().ok_or_else(|| format!("{} is not valid UTF-8. Choose another directory.", self.directory.display()))
    }

    /// Explains why the copy could not be completed.
    pub(super) fn unwritten(&self, cause: &str) -> String {
        format!(
            "Cannot write the backup to {}: {cause}. The partial file was removed. Free some space, or choose another directory.",
            self.directory.display()
        )
    }

    /// Syncs the file to disk.
    pub(super) fn sync(&self) -> Result<(), String> {
        self.file.sync_all().map_err(|error| self.unwritten(&error.to_string()))
    }

    /// Renames the file to `dest`, syncs the directory and returns the size in bytes.
    ///
    /// # Errors
    /// An explanation if `dest` has been created in the meantime, or if the file cannot be renamed.
    pub(super) fn publish(self) -> Result<u64, String> {
        let unwritten = |error: io::Error| self.unwritten(&error.to_string());
        let bytes = self.file.metadata().map_err(unwritten)?.len();
        // A rename replaces an existing file, so the name is reserved first. A hard link would fail if the name exists, but
        // not every file system used for backups supports links.
        made(&self.dest).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => taken(&self.dest),
            _ => unwritten(error),
        })?;
        if let Err(error) = fs::rename(&self.path, &self.dest) {
            let _ = fs::remove_file(&self.dest);
            return Err(unwritten(error));
        }
        File::open(&self.directory).and_then(|directory| directory.sync_all()).map_err(|error| {
            format!("{} is complete, but could be lost in a power failure: {error}. Make another backup.", self.dest.display())
        })?;
        Ok(bytes)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After publishing, the temporary name no longer exists. SQLite leaves its journal behind if interrupted, or if the disk
        // is full.
        for side in [""].into_iter().chain(SQLITE_SUFFIXES) {
            let mut path = self.path.as_os_str().to_owned();
            path.push(side);
            let _ = fs::remove_file(path);
        }
    }
}

fn made(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn taken(dest: &Path) -> String {
    format!("{} already exists and was not changed. Choose a file name that does not exist yet.", dest.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_to_be_there_meanwhile_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let dest = directory.path().join("copy.db");
        let draft = Draft::beside(&dest).unwrap();
        fs::write(&dest, "somebody's").unwrap();
        assert!(draft.publish().unwrap_err().contains("already exists"));
        assert_eq!(fs::read_to_string(&dest).unwrap(), "somebody's");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_name_that_sqlite_removes_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["ks-pay.db-wal", "ks-pay.db-shm", "ks-pay.db-journal", "copy-wal"] {
            assert!(Draft::beside(&directory.path().join(name)).is_err_and(|said| said.contains("Choose another name")));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_names_no_file_is_refused_before_anything_is_written() {
        let directory = tempfile::tempdir().unwrap();
        for (name, said) in [
            ("", "is a directory. Name a file in it"),
            ("new/", "does not exist. Make it and name a file in it"),
            ("..", "a directory"),
        ] {
            let dest = directory.path().join(name);
            assert!(Draft::beside(&dest).is_err_and(|sentence| sentence.contains(said)), "{name:?}");
        }
        assert!(
            Draft::beside(Path::new("-")).is_err_and(|said| said.contains("standard output") && said.contains("ks-pay-copy.db"))
        );
        let (pipe, device) = (directory.path().join("pipe"), Path::new("/dev/null"));
        std::os::unix::net::UnixListener::bind(&pipe).unwrap();
        for there in [pipe.as_path(), device] {
            assert!(Draft::beside(there).is_err_and(|said| said.contains("already exists")), "{}", there.display());
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let draft = Draft::beside(&directory.path().join("copy.db")).unwrap();
        assert!(draft.path().exists());
        fs::write(format!("{}-journal", draft.text().unwrap()), "SQLite was stopped").unwrap();
        drop(draft);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
