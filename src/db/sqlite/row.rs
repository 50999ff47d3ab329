//! Rows and prepared statements, as sqlx sees them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{Column, ColumnIndex, Either, Row, SqlStr, Statement};

use super::{
    Sqlite,
    statement::{Description, RowSet, SqliteArguments},
    types::{SqliteTypeInfo, SqliteValueRef},
};

/// The number of rows that a statement changed.
#[derive(Debug, Default)]
pub struct SqliteQueryResult {
    changes: u64,
}

impl SqliteQueryResult {
    pub(super) const fn new(changes: u64) -> Self {
        Self { changes }
    }

    /// Returns the number of rows that were inserted, updated or deleted.
    #[must_use]
    pub const fn rows_affected(&self) -> u64 {
        self.changes
    }
}

impl Extend<Self> for SqliteQueryResult {
    fn extend<T: IntoIterator<Item = Self>>(&mut self, others: T) {
        self.changes += others.into_iter().map(|other| other.changes).sum::<u64>();
    }
}

/// A column of a result. Its type is that of each value.
#[derive(Debug, Clone)]
pub struct SqliteColumn {
    ordinal: usize,
    name: Box<str>,
}

impl SqliteColumn {
    pub(super) fn new(ordinal: usize, name: &str) -> Self {
        Self { ordinal, name: name.into() }
    }
}

impl Column for SqliteColumn {
    type Database = Sqlite;

    fn ordinal(&self) -> usize {
        self.ordinal
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn type_info(&self) -> &SqliteTypeInfo {
        const { &SqliteTypeInfo::NULL }
    }
}

/// A row of a result.
pub struct SqliteRow {
    set: Arc<RowSet>,
    first: usize,
    /// The column after the last that was found by its name: a row is usually read in the order of its columns.
    next: AtomicUsize,
}

impl SqliteRow {
    pub(super) fn new(set: Arc<RowSet>, index: usize) -> Self {
        Self { first: index * set.columns.len(), set, next: AtomicUsize::new(0) }
    }
}

impl Row for SqliteRow {
    type Database = Sqlite;

    fn columns(&self) -> &[SqliteColumn] {
        &self.set.columns
    }

    fn try_get_raw<I: ColumnIndex<Self>>(&self, index: I) -> Result<SqliteValueRef<'_>, sqlx::Error> {
        Ok(SqliteValueRef(self.set.cells.get(self.first + index.index(self)?)))
    }
}

sqlx_core::impl_column_index_for_row!(SqliteRow);

impl ColumnIndex<SqliteRow> for &str {
    fn index(&self, row: &SqliteRow) -> Result<usize, sqlx::Error> {
        let (columns, next) = (row.columns(), row.next.load(Ordering::Relaxed));
        let has_name = |column: &&SqliteColumn| *column.name == **self;
        debug_assert!(columns.iter().filter(has_name).count() < 2, "{self} could be either of two columns");
        let is_next = columns.get(next).is_some_and(|column| *column.name == **self);
        let index = if is_next { next } else { position(columns, self)? };
        row.next.store(index + 1, Ordering::Relaxed);
        Ok(index)
    }
}

fn position(columns: &[SqliteColumn], name: &str) -> Result<usize, sqlx::Error> {
    columns.iter().position(|column| *column.name == *name).ok_or_else(|| sqlx::Error::ColumnNotFound(name.to_owned()))
}

/// A statement that was prepared, to see that it is valid.
#[derive(Clone)]
pub struct SqliteStatement {
    sql: SqlStr,
    columns: Arc<[SqliteColumn]>,
    parameters: usize,
}

impl SqliteStatement {
    pub(super) fn new(sql: SqlStr, description: Description) -> Self {
        Self { sql, columns: description.columns.into(), parameters: description.parameters }
    }
}

impl Statement for SqliteStatement {
    type Database = Sqlite;

    fn into_sql(self) -> SqlStr {
        self.sql
    }

    fn sql(&self) -> &SqlStr {
        &self.sql
    }

    fn parameters(&self) -> Option<Either<&[SqliteTypeInfo], usize>> {
        Some(Either::Right(self.parameters))
    }

    fn columns(&self) -> &[SqliteColumn] {
        &self.columns
    }

    sqlx_core::impl_statement_query!(SqliteArguments);
}

sqlx_core::impl_column_index_for_statement!(SqliteStatement);

impl ColumnIndex<SqliteStatement> for &str {
    fn index(&self, statement: &SqliteStatement) -> Result<usize, sqlx::Error> {
        position(&statement.columns, self)
    }
}
