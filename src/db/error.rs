//! Database errors, as far as callers distinguish them.
//!
//! Invariant: a driver's own message is never passed on unchecked, because it may quote stored data: SQLite quotes a damaged
//! file, PostgreSQL a value that it cannot parse.

use super::FileFault;

/// A database error. Its message is for the log, never for a visitor, and contains no stored data.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique constraint was violated.
    #[error("a value that must be unique exists already")]
    NotUnique,
    /// The database is busy, full, read-only or unreachable. A retry may succeed.
    #[error("the database cannot be used now: {}", describe(.0))]
    Unavailable(#[source] sqlx::Error),
    /// The database did not respond in time.
    #[error("the database does not answer")]
    Timeout,
    /// A file of the open database was removed, replaced or overwritten. Anything written now would be lost.
    #[error("{0}")]
    FileFault(FileFault),
    /// A newer version has migrated the database.
    #[error("the database is newer than this binary: it has migration {0}")]
    SchemaTooNew(i64),
    /// Another development version, with a different schema, has migrated the database.
    #[error("the database was written by another program or another development version of ks-pay")]
    OtherSchema,
    /// The schema is of an older version, and this command migrates nothing.
    #[error("the database is older than this binary")]
    Older,
    /// All other errors: a bug, or a damaged database.
    #[error("the database rejected a statement: {}", describe(.0))]
    Internal(#[source] sqlx::Error),
    /// A migration failed.
    #[error("the database's tables could not be brought up to date: {0}")]
    Migration(#[source] sqlx_core::migrate::MigrateError),
}

/// The code of a statement that was ended at its deadline.
const SQLITE_INTERRUPT: &str = "9";

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Self::NotUnique,
            sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some(SQLITE_INTERRUPT) => Self::Timeout,
            sqlx::Error::Database(refusal) if is_transient(refusal.code().as_deref().unwrap_or_default()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Internal(error),
        }
    }
}

impl DbError {
    /// Returns SQLite's primary result code (sqlite.org/rescode.html).
    pub(crate) fn sqlite_code(&self) -> Option<u32> {
        let code = self.code()?;
        // Codes with five characters are PostgreSQL's.
        (code.len() < 5).then(|| code.parse::<u32>().ok()).flatten().map(|code| code & 0xff)
    }

    /// True if SQLite reports that the file is damaged or not a database.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.sqlite_code(), Some(11 | 26))
    }

    /// Returns PostgreSQL's SQLSTATE.
    pub(crate) fn sqlstate(&self) -> Option<String> {
        self.code().filter(|code| code.len() == 5)
    }

    /// True if a lock was not available within `lock_timeout` of PostgreSQL.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        self.sqlstate().is_some_and(|code| code == "55P03")
    }

    /// True if a table is missing, as before the first start of a server.
    pub(crate) fn is_no_such_table(&self) -> bool {
        match self {
            Self::Internal(sqlx::Error::Database(refusal)) => {
                self.sqlstate().is_some_and(|code| code == "42P01")
                    || (self.sqlite_code() == Some(1) && refusal.message().starts_with("no such table"))
            }
            _ => false,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Unavailable(sqlx::Error::Database(refusal)) | Self::Internal(sqlx::Error::Database(refusal)) => {
                refusal.code().map(Into::into)
            }
            _ => None,
        }
    }
}

/// Describes a driver's error without quoting stored data.
pub(crate) fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            if code.len() == 5 { describe_postgres(&code, refusal.message()) } else { describe_sqlite(&code) }
        }
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => format!("TLS failed: {error}"),
        sqlx::Error::PoolTimedOut => "it did not answer in time".to_owned(),
        sqlx::Error::PoolClosed => "it was closed".to_owned(),
        sqlx::Error::Configuration(_) => "the address is not a valid PostgreSQL URL".to_owned(),
        sqlx::Error::RowNotFound => "a row is missing".to_owned(),
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} holds a value that cannot be read"),
        sqlx::Error::Protocol(_) => "the response is not PostgreSQL's".to_owned(),
        _ => "the driver failed".to_owned(),
    }
}

/// Messages of these classes name users, databases, tables and settings, and no values.
fn describe_postgres(code: &str, message: &str) -> String {
    let names_no_values =
        matches!(&code[..2], "08" | "23" | "25" | "28" | "3D" | "3F" | "40" | "42" | "53" | "55" | "57" | "58" | "XX");
    if names_no_values {
        format!("{} (SQLSTATE {code})", message.lines().next().unwrap_or_default())
    } else {
        format!("SQLSTATE {code}")
    }
}

fn describe_sqlite(code: &str) -> String {
    let text = match code.parse::<u32>().unwrap_or_default() & 0xff {
        1 => "the tables do not match this version",
        3 => "access is denied",
        5 | 6 => "another process holds a lock",
        7 => "out of memory",
        8 => "the file cannot be written to",
        10 => "the disk reported an error",
        11 => "the file is damaged",
        13 => "the disk is full",
        14 => "the file cannot be opened",
        19 => "a constraint was violated",
        26 => "the file is not an SQLite database",
        _ => "SQLite failed",
    };
    format!("{text} (SQLite code {code})")
}

/// True if the code of either engine stands for a transient error.
///
/// SQLite's primary result codes (sqlite.org/rescode.html) are numbers below 256, PostgreSQL's have five characters (appendix
/// "Error Codes"): 08 connection exception, 53 insufficient resources, 57 operator intervention, 40 transaction rollback, 55
/// object not in prerequisite state, 58 system error, 25006 read-only transaction, 25P02 failed transaction.
fn is_transient(code: &str) -> bool {
    if code.len() == 5 && !code.starts_with("0000") {
        return matches!(&code[..2], "08" | "53" | "57" | "40" | "55" | "58") || matches!(code, "25006" | "25P02");
    }
    // PERM, BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; extended codes keep them in the low byte.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 3 | 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::{describe_postgres, describe_sqlite, is_transient};

    #[test]
    fn a_cause_quotes_no_stored_value() {
        let said = describe_postgres("22P02", "invalid input syntax for type integer: \"hush\"");
        assert_eq!(said, "SQLSTATE 22P02");
        assert_eq!(
            describe_postgres("28P01", "password authentication failed"),
            "password authentication failed (SQLSTATE 28P01)"
        );
        assert_eq!(describe_sqlite("11"), "the file is damaged (SQLite code 11)");
        assert_eq!(describe_sqlite("2570"), "the disk reported an error (SQLite code 2570)");
    }

    #[test]
    fn passing_trouble_is_told_from_defects() {
        for code in ["5", "13", "10", "522", "778", "57P01", "53100", "40001", "25006", "25P02", "55P03"] {
            assert!(is_transient(code), "{code}");
        }
        for code in ["1", "19", "11", "42601", "22021", "23505", ""] {
            assert!(!is_transient(code), "{code}");
        }
    }
}
