//! What can go wrong with a database, as far as a caller acts on it.

/// A database's refusal. Its text is for the log, never for a visitor.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A value that must be unique exists already.
    #[error("a value that must be unique exists already")]
    NotUnique,
    /// Busy, full, read-only or gone: the same may work later.
    #[error("the database cannot be used now: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// It did not answer in time.
    #[error("the database does not answer")]
    Silent,
    /// The database was written by a newer version.
    #[error("the database is newer than this binary: it has migration {0}")]
    Newer(i64),
    /// Everything else: a defect here, or a damaged database.
    #[error("the database refused a statement: {0}")]
    Broken(#[source] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("the database's tables could not be brought up to date: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Self::NotUnique,
            sqlx::Error::Database(refusal) if is_passing(refusal.code().as_deref().unwrap_or_default()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Broken(error),
        }
    }
}

/// Whether a code of either engine says "not now" rather than "never".
///
/// SQLite's primary result codes (sqlite.org/rescode.html) are numbers below 256, PostgreSQL's are five characters
/// (appendix "Error Codes"): connection trouble 08, resources 53, an operator's doing 57, serialisation 40, locks
/// 55, read-only 25006, a transaction that failed before 25P02, too many connections 53300.
fn is_passing(code: &str) -> bool {
    if code.len() == 5 && !code.starts_with("0000") {
        return matches!(&code[..2], "08" | "53" | "57" | "40" | "55" | "58") || matches!(code, "25006" | "25P02");
    }
    // PERM, BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN; extended codes keep them in the low byte.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 3 | 5 | 6 | 8 | 9 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::is_passing;

    #[test]
    fn passing_trouble_is_told_from_defects() {
        for code in ["5", "13", "10", "522", "778", "57P01", "53100", "40001", "25006", "25P02", "55P03"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["1", "19", "11", "42601", "22021", "23505", ""] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
