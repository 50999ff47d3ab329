//! SQLite's errors.
//!
//! Invariant: no message quotes stored data. SQLite's own is kept only for faulty statements and violated constraints, where it
//! names tables and columns; of a damaged file it would quote the content.

use std::{borrow::Cow, error::Error, fmt};

use rusqlite::ffi;
use sqlx::error::{DatabaseError, ErrorKind};

/// An error of SQLite.
#[derive(Debug)]
pub(crate) struct SqliteError {
    /// The extended result code (sqlite.org/rescode.html).
    code: i32,
    message: String,
}

impl SqliteError {
    /// The error of a statement that was ended at its deadline.
    pub(super) const INTERRUPTED: Self = Self { code: ffi::SQLITE_INTERRUPT, message: String::new() };

    fn new(error: ffi::Error, message: Option<String>) -> Self {
        let names_no_values = matches!(error.extended_code & 0xff, ffi::SQLITE_ERROR | ffi::SQLITE_CONSTRAINT);
        Self { code: error.extended_code, message: message.filter(|_| names_no_values).unwrap_or_default() }
    }
}

/// True if a lock was not available.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    let primary = error.try_downcast_ref::<SqliteError>().map(|error| error.code & 0xff);
    matches!(primary, Some(ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED))
}

/// Converts an error of rusqlite; those without a code of SQLite are bugs.
pub(super) fn convert(error: rusqlite::Error) -> sqlx::Error {
    match error {
        rusqlite::Error::SqliteFailure(error, message) => SqliteError::new(error, message).into(),
        rusqlite::Error::SqlInputError { error, msg, .. } => SqliteError::new(error, Some(msg)).into(),
        other => sqlx::Error::Encode(other.into()),
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLite code {}", self.code)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl Error for SqliteError {}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
                ErrorKind::UniqueViolation
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ErrorKind::ForeignKeyViolation,
            ffi::SQLITE_CONSTRAINT_NOTNULL => ErrorKind::NotNullViolation,
            ffi::SQLITE_CONSTRAINT_CHECK => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}
