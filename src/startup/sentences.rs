//! What to tell an operator of a database that does not open: the cause, and the way out.

use super::obstacle;
use crate::db::{DbError, Location, describe};

/// Of the database at that place.
pub(crate) fn sentence_at(database: &Location, error: &DbError) -> String {
    let is_about_access = matches!(error.sqlite_code(), Some(3 | 8 | 14));
    match database.file().filter(|_| is_about_access).and_then(obstacle) {
        Some(obstacle) => obstacle,
        None => sentence(error),
    }
}

/// Of a database that was open.
pub(crate) fn sentence(error: &DbError) -> String {
    match error {
        DbError::Newer(number) => format!("The database was written by a newer ks-pay (migration {number}). Start that version."),
        DbError::Older => {
            "The database's tables are older than this ks-pay. Start the server once, which brings them up to date.".to_owned()
        }
        DbError::Silent => "The database does not answer. Check that it is running and can be reached.".to_owned(),
        DbError::FileReplaced(path) => format!(
            "{} was removed or replaced while it was open. Stop every server of this installation, then restore the file.",
            path.display()
        ),
        DbError::Unavailable(cause) | DbError::Broken(cause) => {
            known(error).unwrap_or_else(|| unknown(matches!(error, DbError::Unavailable(_)), &describe(cause)))
        }
        other => format!("{other}. Restore a copy, or ask for help with this line."),
    }
}

fn unknown(is_unavailable: bool, cause: &str) -> String {
    if is_unavailable {
        format!("The database cannot be reached: {cause}. Check that it is running and that DATABASE_URL is right.")
    } else {
        format!("The database refused to open: {cause}. Check that DATABASE_URL names a database of ks-pay.")
    }
}

/// Of the codes that have one cause and one way out.
fn known(error: &DbError) -> Option<String> {
    let sentence = match (error.sqlite_code(), error.sqlstate().as_deref()) {
        (Some(13), _) => "The disk that holds the database is full. Free some space, then try again.",
        (Some(8), _) => {
            "The database can only be read here: its file, its directory or its file system takes no writes. `ks-pay doctor` names which."
        }
        (Some(3 | 14), _) => "A file of the database cannot be opened. `ks-pay doctor` names it.",
        (Some(5 | 6), _) => "Another process holds the database. Try again when it is done.",
        (Some(10), _) => "The disk that holds the database reported an error. Check the disk and the system's log.",
        (Some(11), _) => {
            "The database file is damaged. Stop the server, keep the file for later, and restore a backup: README.md says how."
        }
        (Some(26), _) => "The file is not an SQLite database. Check --data-dir and DATABASE_URL, or restore a backup.",
        (_, Some("25006")) => {
            "PostgreSQL takes no writes now: it is a standby, or default_transaction_read_only is on. Let DATABASE_URL name the primary."
        }
        (_, Some("42501")) => {
            "PostgreSQL's user in DATABASE_URL lacks a privilege. Let it own the tables, or grant it the right to read and write them."
        }
        (_, Some("53100")) => "The disk of PostgreSQL is full. Free some space there, then try again.",
        _ => return None,
    };
    Some(sentence.to_owned())
}

/// The cause alone, where the sentence around it says what was being done.
pub(crate) fn cause(error: &DbError) -> String {
    match error {
        DbError::Unavailable(cause) | DbError::Broken(cause) => describe(cause),
        other => other.to_string(),
    }
}
