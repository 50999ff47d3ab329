//! A lock that limits an SQLite file to one server at a time.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
};

use super::{data_dir, log_guard, obstacle};
use crate::{db::file_identity::with_suffix, server::config::Config};

/// The lock of one server on its SQLite file. Released when the process ends, even by a crash.
pub(crate) struct ServerLock {
    file: Option<File>,
    stamp_in_file: Option<u32>,
}

impl ServerLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// A message if another server holds it.
    pub(crate) fn take(config: &Config) -> Result<Self, String> {
        let Some(database) = config.database.file() else {
            return Ok(Self { file: None, stamp_in_file: None });
        };
        let path = with_suffix(database, ".lock");
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            data_dir::make(directory)?;
        }
        let failed = |error: &dyn std::fmt::Display| {
            obstacle(database).unwrap_or_else(|| format!("The lock {} cannot be taken: {error}.", path.display()))
        };
        let mut options = fs::OpenOptions::new();
        let options = options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = options.open(&path).map_err(|error| {
            if error.kind() == io::ErrorKind::StorageFull {
                return data_dir::disk_full_message(&format!("The lock {}", path.display()));
            }
            failed(&error)
        })?;
        match file.try_lock() {
            Ok(()) => {
                log_guard::check_log(database)?;
                // As long as a log exists, the record still protects it, even if this start fails later.
                if !log_guard::has_log(database) {
                    log_guard::forget(&file).map_err(|error| failed(&error))?;
                }
                Ok(Self { file: Some(file), stamp_in_file: log_guard::stamp(database) })
            }
            Err(fs::TryLockError::WouldBlock) => Err(format!(
                "Another ks-pay server uses {}. Stop it first. Running several servers requires PostgreSQL.",
                database.display()
            )),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Returns the stamp in the database file itself when the lock was taken; the log may contain a newer one.
    pub(super) const fn stamp_in_file(&self) -> Option<u32> {
        self.stamp_in_file
    }

    /// Removes the record for a closed database, unless a log is left: a log that appears later, in a restored copy of the
    /// directory, must not be compared with it.
    pub(crate) fn forget_closed(&self, config: &Config) -> io::Result<()> {
        match (&self.file, config.database.file()) {
            (Some(file), Some(database)) if !log_guard::has_log(database) => log_guard::forget(file),
            _ => Ok(()),
        }
    }

    /// Records the stamps that the database may have.
    pub(super) fn note(&self, stamps: [u32; 2]) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| log_guard::note(file, stamps))
    }
}
