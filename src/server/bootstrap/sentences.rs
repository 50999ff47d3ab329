//! Messages for the operator if the database cannot be opened: cause and remedy.

use super::{DatabaseFiles, obstacle};
use crate::db::{DbError, Location, describe};

/// Returns the message for the database at that location.
pub(crate) fn sentence_at(database: &Location, error: &DbError) -> String {
    fault_of_files(database, error).unwrap_or_else(|| sentence(error))
}

/// Returns the message of `ks-pay doctor`, to which the other messages refer.
pub(crate) fn sentence_of_doctor(database: &Location, error: &DbError) -> String {
    fault_of_files(database, error).unwrap_or_else(|| match (error.sqlite_code(), database.file()) {
        (Some(3 | 8 | 14), Some(file)) => format!(
            "SQLite cannot open the database: {}. Check that {path}, {path}-wal and {path}-shm are files of their own on a local \
             disk, and that its file system accepts writes.",
            cause(error),
            path = file.display()
        ),
        _ => sentence(error),
    })
}

fn fault_of_files(database: &Location, error: &DbError) -> Option<String> {
    database.file().and_then(|file| match error.sqlite_code() {
        Some(3 | 8 | 14) => obstacle(file),
        // SQLite reports an I/O error if it has no space for the index of its log.
        Some(10) => DatabaseFiles::of(file).full_disk(),
        _ => None,
    })
}

/// Returns the message for an error of the database, without a look at its files.
pub(crate) fn sentence(error: &DbError) -> String {
    match error {
        DbError::SchemaTooNew(number) => {
            format!("The database was written by a newer ks-pay (migration {number}). Start that version.")
        }
        DbError::OtherSchema => {
            "The database was written by another program or another development version of ks-pay: its tables differ. It was not changed. \
             Use that version, or start with an empty database: another data directory or DATABASE_URL."
                .to_owned()
        }
        DbError::Older => "The database is older than this ks-pay. Start the server once to upgrade it.".to_owned(),
        DbError::Timeout => "The database does not answer. Check that it is running and can be reached.".to_owned(),
        DbError::FileFault(fault) => format!("{fault}. {}", fault.remedy()),
        DbError::Unavailable(cause) | DbError::Internal(cause) => {
            known(error).unwrap_or_else(|| unknown(matches!(error, DbError::Unavailable(_)), &describe(cause)))
        }
        other => format!("{other}. Restore a backup, or ask for help and quote this line."),
    }
}

fn unknown(is_unavailable: bool, cause: &str) -> String {
    if is_unavailable {
        format!("The database cannot be reached: {cause}. Check that it is running and that DATABASE_URL is right.")
    } else {
        format!("The database could not be opened: {cause}. Check that DATABASE_URL points to a ks-pay database.")
    }
}

/// Returns the message for an error code that has one cause and one remedy.
fn known(error: &DbError) -> Option<String> {
    let sentence = match (error.sqlite_code(), error.sqlstate().as_deref()) {
        (Some(13), _) => "The disk that holds the database is full. Free some space, then try again.",
        (Some(8), _) => {
            "The database is read-only here: its file, directory or file system does not allow writes. Run `ks-pay doctor` to see which."
        }
        (Some(3 | 14), _) => "A database file cannot be opened. Run `ks-pay doctor` to see which.",
        (Some(5 | 6), _) => "Another process has locked the database. Try again when it has finished.",
        (Some(10), _) => "The disk that holds the database reported an error. Check the disk and the system's log.",
        (Some(11), _) => {
            "The database file is damaged. Stop the server, keep the damaged file, and restore a backup as described in README.md."
        }
        (Some(26), _) => "The file is not an SQLite database. Check --data-dir and DATABASE_URL, or restore a backup.",
        (_, Some("25006")) => {
            "PostgreSQL is not accepting writes: it is a standby, or default_transaction_read_only is on. Point DATABASE_URL to the primary."
        }
        (_, Some("42501")) => {
            "The PostgreSQL user in DATABASE_URL lacks a privilege. Make it the owner of the tables and of the sequence ids."
        }
        (_, Some("53100")) => "PostgreSQL's disk is full. Free some space there, then try again.",
        _ => return None,
    };
    Some(sentence.to_owned())
}

/// Returns the cause only, for a message that already names the failed operation.
pub(crate) fn cause(error: &DbError) -> String {
    match error {
        DbError::Unavailable(cause) | DbError::Internal(cause) => describe(cause),
        other => other.to_string(),
    }
}
