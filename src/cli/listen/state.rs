//! The file that stores which events have been handled, in the user's state directory.
//!
//! Invariant: the file is replaced atomically, only its user can read it, and one process uses it at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{cli::Failure, listening::protocol::Cursor};

/// The stored state.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// The events that were handled; `None` before the first ones.
    pub(super) cursor: Option<Cursor>,
    /// The signing secret, once `--resign` was used.
    pub(super) secret: Option<String>,
}

/// The file, locked by this process.
pub(super) struct StateFile {
    path: PathBuf,
    _lock: File,
}

impl StateFile {
    /// Opens the file that belongs to these values.
    pub(super) fn open(directory: &Path, values: &[&str]) -> Result<Self, Failure> {
        let failed = |error| failure(directory, &error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let mut digest = Sha256::new();
        for value in values {
            digest.update(value.as_bytes());
            digest.update([0]);
        }
        let name = HEXLOWER.encode(&digest.finalize()[..16]);
        let path = directory.join(format!("{name}.json"));
        let lock = private(directory.join(format!("{name}.lock")), false).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(Failure::Failed(
                "Another ks-pay listen already forwards these events. End it first, or forward to another URL.".to_owned(),
            )),
            Err(fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Reads the file; a missing one is an empty state.
    pub(super) fn read(&self) -> Result<State, Failure> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                let path = self.path.display();
                Failure::Failed(format!("{path} is damaged. Delete it, and use --since to choose where to start."))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(failure(&self.path, &error)),
        }
    }

    /// Replaces the file.
    pub(super) fn write(&self, state: &State) -> Result<(), Failure> {
        let written = || -> io::Result<()> {
            let next = self.path.with_extension("next");
            let mut file = private(next.clone(), true)?;
            file.write_all(&serde_json::to_vec(state)?)?;
            file.sync_data()?;
            fs::rename(&next, &self.path)
        };
        written().map_err(|error| failure(&self.path, &error))
    }
}

/// Opens a file for writing that only its user can read.
fn private(path: PathBuf, is_emptied: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(is_emptied).mode(0o600).open(path)
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!(
        "{} cannot store which events were forwarded: {error}. Check its permissions and the disk.",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_written_is_read_back_by_one_process_and_its_user_alone() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().join("ks-pay/listen");
        let Ok(file) = StateFile::open(&at, &["a", "b"]) else { panic!("it opens") };
        assert!(StateFile::open(&at, &["a", "b"]).is_err() && StateFile::open(&at, &["ab", ""]).is_ok());
        let cursor = Cursor { after: "ev_1".to_owned(), seen: vec!["ev_2".to_owned()] };
        for _ in 0..2 {
            let state = State { cursor: Some(cursor.clone()), secret: None };
            assert!(file.write(&state).is_ok());
        }
        assert_eq!(file.read().ok().and_then(|state| state.cursor), Some(cursor));
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(&file.path, b"{").unwrap();
        assert!(file.read().is_err());
    }
}
