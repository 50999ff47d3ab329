//! One server on an SQLite file at a time.

use std::{
    fs::{self, File},
    os::unix::fs::OpenOptionsExt as _,
};

use super::{data_dir, obstacle};
use crate::{config::Config, db::file_identity::with_suffix};

/// Holds an SQLite file for one server. Released when the process ends, however it ends.
pub(crate) struct ServerLock(#[expect(dead_code, reason = "held, not read")] Option<File>);

impl ServerLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// A sentence when another server has it.
    pub(crate) fn take(config: &Config) -> Result<Self, String> {
        let Some(database) = config.database.file() else {
            return Ok(Self(None));
        };
        let path = with_suffix(database, ".lock");
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            data_dir::make(directory)?;
        }
        let failed = |error: &dyn std::fmt::Display| {
            obstacle(database).unwrap_or_else(|| format!("The lock {} cannot be taken: {error}.", path.display()))
        };
        let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(fs::TryLockError::WouldBlock) => Err(format!(
                "Another ks-pay server uses {}. Stop it first. Running several servers requires PostgreSQL.",
                database.display()
            )),
            Err(error) => Err(failed(&error)),
        }
    }
}
