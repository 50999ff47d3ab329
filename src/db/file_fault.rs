//! Reports on a file of an open SQLite database that was replaced or overwritten, and how to save as much data as possible.

use std::{fmt, path::PathBuf};

/// A file that is no longer the one that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The path of the file.
    pub(super) path: PathBuf,
    /// The file's role in the database.
    pub(super) role: DatabaseFile,
    /// The kind of change.
    pub(super) change: Change,
    /// The path from which the file that this process has open can be copied.
    pub(super) open_copy: Option<PathBuf>,
}

/// The files of an SQLite database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DatabaseFile {
    Database,
    /// `-wal`
    Log,
    /// `-shm`. Access after a truncation would end the process with SIGBUS. SQLite rebuilds it from the WAL.
    Index,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The path leads to another file or to none. The opened file is intact.
    Replaced,
    /// The content of the opened file was changed.
    Overwritten,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = match self.change {
            Change::Replaced => "removed or replaced",
            Change::Overwritten => "overwritten or truncated",
        };
        write!(f, "{} was {change} while it was open", self.path.display())
    }
}

impl FileFault {
    /// Returns instructions for the operator.
    #[must_use]
    pub fn remedy(&self) -> String {
        let path = self.path.display();
        match (self.role, self.change) {
            (DatabaseFile::Index, _) => "Restart the server: SQLite rebuilds this file, and nothing is lost.".to_owned(),
            (_, Change::Replaced) => match &self.open_copy {
                Some(copy) => format!(
                    "Do not stop the server yet: it still has the file open. Move the file back to {path}. If it was deleted, \
                     run `cp -p {} {path}` and then restart the server. To use another copy of the database instead, stop the \
                     server and follow \"To restore\" in README.md.",
                    copy.display()
                ),
                None => format!(
                    "Move it back to {path}. A running server still has it open: before you stop the server, read in its log \
                     how to save the file."
                ),
            },
            (DatabaseFile::Database, Change::Overwritten) => format!(
                "Its content is lost. Stop the server, move {path} aside together with {path}-wal and {path}-shm, restore the \
                 newest copy as described under \"To restore\" in README.md, and look up the later payments at the gateway, or \
                 ask its support to send their events again: neither a retry nor a replay brings what was answered 200. Keep the \
                 old files: the -wal holds the newest events."
            ),
            (DatabaseFile::Log, Change::Overwritten) => {
                let database = path.to_string();
                let database = database.strip_suffix("-wal").unwrap_or(&database);
                format!(
                    "Events that were not in {database} yet are lost. Stop the server, move {path} and {database}-shm aside, run \
                     `ks-pay doctor`, start the server, and look up the payments of the last hours at the gateway, or ask its \
                     support to send their events again: neither a retry nor a replay brings what was answered 200."
                )
            }
        }
    }
}
