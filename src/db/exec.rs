//! Units of work, connections for reading, and the macros that run one portable statement on either engine.

use sqlx::{PgConnection, Postgres, pool::PoolConnection};

use super::{
    DbError, SqliteConnection,
    postgres::{self, UnitOfWork},
};

/// A connection for reading.
pub enum Reader {
    /// On SQLite: one read transaction, so that all its reads see one state; without it, if it is for bulk work.
    Sqlite(SqliteConnection),
    /// On PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

/// A unit of work. Rolled back if dropped without [`Tx::commit`].
pub enum Tx {
    /// On SQLite.
    Sqlite(SqliteConnection),
    /// On PostgreSQL.
    Postgres(UnitOfWork),
}

/// The connection or unit of work on which a store function runs.
pub enum Exec<'c> {
    /// On SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// On PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Tx {
    /// Commits the unit of work. Nothing is stored before this returns.
    ///
    /// # Errors
    /// If it was not stored, or the outcome is unknown.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Waits until the units of work that change payments have ended, and lets none begin before this one ends.
    ///
    /// # Errors
    /// If the database does not respond.
    pub(crate) async fn exclude_ingestion(&mut self) -> Result<(), DbError> {
        match self {
            // SQLite has one writer.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => Ok(postgres::exclude_ingestion(tx).await?),
        }
    }

    /// Undoes the unit of work.
    ///
    /// # Errors
    /// If the database does not respond; it then undoes the unit of work itself.
    pub(super) async fn roll_back(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.roll_back().await?,
            Self::Postgres(tx) => tx.roll_back().await?,
        }
        Ok(())
    }
}

impl<'c> From<&'c mut Tx> for Exec<'c> {
    fn from(tx: &'c mut Tx) -> Self {
        match tx {
            Tx::Sqlite(tx) => Self::Sqlite(tx),
            Tx::Postgres(tx) => Self::Postgres(tx),
        }
    }
}

impl<'c> From<&'c mut Reader> for Exec<'c> {
    fn from(reader: &'c mut Reader) -> Self {
        match reader {
            Reader::Sqlite(conn) => Self::Sqlite(conn),
            Reader::Postgres(conn) => Self::Postgres(conn),
        }
    }
}

impl Exec<'_> {
    /// Returns the text for the open database, where the planner of one needs another form.
    pub(crate) const fn pick(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }
}

/// Runs `$body` on the open database. The body is compiled once per driver, so its SQL and its types must mean the same in
/// both.
macro_rules! run {
    ($exec:expr, |$conn:ident| $body:expr) => {{
        let exec: $crate::db::Exec<'_> = $exec.into();
        let result = match exec {
            $crate::db::Exec::Sqlite($conn) => $body,
            $crate::db::Exec::Postgres($conn) => $body,
        };
        result.map_err($crate::db::DbError::from)
    }};
}
pub(crate) use run;

/// Runs a query without results and returns the number of affected rows.
macro_rules! execute {
    ($exec:expr, $query:expr) => {
        $crate::db::run!($exec, |conn| $query.execute(conn).await.map(|done| done.rows_affected()))
    };
}
pub(crate) use execute;

/// Defines a store's statements as constants, and lists them so that a test can prepare each one on both databases.
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* const $name: &str = $text;)+
        /// All statements of this store.
        pub(crate) const STATEMENTS: &[(&str, &str)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}
pub(crate) use sql;
