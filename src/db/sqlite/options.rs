//! How a connection is opened.

use std::{fmt::Write as _, os::unix::ffi::OsStrExt as _, path::PathBuf, str::FromStr, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use log::LevelFilter;
use rusqlite::{Connection, OpenFlags};
use sqlx::ConnectOptions;
use url::Url;

use super::{SqliteConnection, SqlitePool, error::convert};

/// Timeout of a statement that waits for a lock of another process. Below the ingestion deadline of 4.4 s.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// How many statements a connection keeps prepared, unless it is told otherwise.
const STATEMENTS: usize = 128;

/// How a connection is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    path: PathBuf,
    access: Access,
    pragmas: Vec<(&'static str, String)>,
    pub(super) busy_timeout: Duration,
    statements: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Create,
    Write,
    Read,
    Immutable,
}

impl SqliteOptions {
    /// Opens an existing file for writing.
    pub fn existing(path: impl Into<PathBuf>) -> Self {
        let pragmas = vec![("foreign_keys", "on".to_owned()), ("synchronous", "full".to_owned())];
        Self { path: path.into(), access: Access::Write, pragmas, busy_timeout: BUSY_TIMEOUT, statements: STATEMENTS }
    }

    /// Opens a file for writing, and creates it if there is none.
    pub fn create(path: impl Into<PathBuf>) -> Self {
        Self::existing(path).creating()
    }

    /// Creates the file if there is none.
    pub(super) fn creating(self) -> Self {
        Self { access: Access::Create, ..self }
    }

    /// Sets the timeout of a statement that waits for a lock of another process.
    pub(super) fn waiting_for_locks(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// Sets how many statements stay prepared.
    pub(super) fn keeping_statements(self, statements: usize) -> Self {
        Self { statements, ..self }
    }

    /// Opens the file for reading only.
    pub(super) fn read_only(self) -> Self {
        Self { access: Access::Read, ..self }
    }

    /// Opens a file that cannot change, without locks and without a WAL index.
    pub(super) fn immutable(self) -> Self {
        Self { access: Access::Immutable, ..self }
    }

    /// Sets a pragma when the connection is opened, after those before it.
    #[must_use]
    pub fn pragma(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.pragmas.push((name, value.into()));
        self
    }

    /// Opens a connection. Blocks.
    pub(super) fn open(&self) -> Result<Connection, sqlx::Error> {
        let access = match self.access {
            Access::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Immutable => OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = match self.access {
            Access::Immutable => Connection::open_with_flags(self.immutable_uri(), flags),
            _ => Connection::open_with_flags(&self.path, flags),
        };
        let connection = opened.map_err(convert)?;
        connection.busy_timeout(self.busy_timeout).map_err(convert)?;
        let pragmas =
            self.pragmas.iter().fold(String::new(), |text, (name, value)| text + "PRAGMA " + name + " = " + value + ";");
        connection.execute_batch(&pragmas).map_err(convert)?;
        connection.set_prepared_statement_cache_capacity(self.statements);
        Ok(connection)
    }

    fn immutable_uri(&self) -> String {
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut uri = "file:".to_owned();
        for byte in path.as_os_str().as_bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' => uri.push(char::from(*byte)),
                byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
                byte => write!(uri, "%{byte:02x}").unwrap_or_default(),
            }
        }
        uri + "?immutable=1"
    }
}

impl FromStr for SqliteOptions {
    type Err = sqlx::Error;

    fn from_str(text: &str) -> Result<Self, sqlx::Error> {
        Ok(Self::create(text.strip_prefix("sqlite:").unwrap_or(text)))
    }
}

impl ConnectOptions for SqliteOptions {
    type Connection = SqliteConnection;

    fn from_url(url: &Url) -> Result<Self, sqlx::Error> {
        url.path().parse()
    }

    fn connect(&self) -> impl Future<Output = Result<SqliteConnection, sqlx::Error>> + Send + '_ {
        let pool = SqlitePool::new(self.clone(), 1);
        let connecting: BoxFuture<'static, _> = async move { pool.acquire().await }.boxed();
        connecting
    }

    /// Statements are not logged.
    fn log_statements(self, _: LevelFilter) -> Self {
        self
    }

    fn log_slow_statements(self, _: LevelFilter, _: Duration) -> Self {
        self
    }
}
