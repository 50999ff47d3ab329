//! Runs statements on an open connection, and holds what they return.

use std::sync::Arc;

use rusqlite::{Batch, Connection, Statement as Prepared, types::ValueRef as Borrowed};
use sqlx::{Arguments, Execute, SqlStr, error::BoxDynError};

use super::{
    Sqlite,
    cells::Cells,
    error::convert,
    parameters::numbered,
    row::{SqliteColumn, SqliteQueryResult, SqliteRow},
};

/// The values of a statement's parameters.
#[derive(Default)]
pub struct SqliteArguments(Cells);

impl Arguments for SqliteArguments {
    type Database = Sqlite;

    fn reserve(&mut self, additional: usize, size: usize) {
        self.0.reserve(additional, size);
    }

    fn add<'t, T>(&mut self, value: T) -> Result<(), BoxDynError>
    where
        T: sqlx::Encode<'t, Sqlite> + sqlx::Type<Sqlite>,
    {
        if value.encode(&mut self.0)?.is_null() {
            self.0.push(Borrowed::Null);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

sqlx_core::impl_into_arguments_for_arguments!(SqliteArguments);

/// Which rows are wanted of a statement. It is run to its end in any case, except for the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    First,
    All,
}

/// A statement to run.
pub(super) struct BoundStatement {
    sql: SqlStr,
    /// None for a text that may contain several statements.
    arguments: Option<SqliteArguments>,
    wanted: Wanted,
}

impl BoundStatement {
    pub(super) fn new<'q>(mut query: impl Execute<'q, Sqlite>, wanted: Wanted) -> Result<Self, sqlx::Error> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        Ok(Self { arguments, sql: query.sql(), wanted })
    }

    /// A statement without parameters and rows, which stays prepared.
    pub(super) fn fixed(sql: &'static str) -> Self {
        Self { sql: SqlStr::from_static(sql), arguments: Some(SqliteArguments::default()), wanted: Wanted::Nothing }
    }
}

/// The result of a statement.
#[derive(Default)]
pub(super) struct Outcome {
    rows: RowSet,
    changes: u64,
}

/// Rows of a result.
#[derive(Default)]
pub(super) struct RowSet {
    pub(super) columns: Vec<SqliteColumn>,
    pub(super) cells: Cells,
    count: usize,
}

impl Outcome {
    pub(super) const fn result(&self) -> SqliteQueryResult {
        SqliteQueryResult::new(self.changes)
    }

    pub(super) fn into_rows(self) -> impl ExactSizeIterator<Item = SqliteRow> + Send + use<> {
        let (count, set) = (self.rows.count, Arc::new(self.rows));
        (0..count).map(move |index| SqliteRow::new(Arc::clone(&set), index))
    }
}

/// Runs a statement. A text without arguments may contain several; the rows are then those of the last that has any.
pub(super) fn run(connection: &Connection, statement: &BoundStatement) -> Result<Outcome, sqlx::Error> {
    let mut outcome = Outcome::default();
    if let Some(arguments) = &statement.arguments {
        let mut prepared = connection.prepare_cached(&numbered(statement.sql.as_str())).map_err(convert)?;
        bind(&mut prepared, arguments)?;
        run_prepared(connection, &mut prepared, statement.wanted, &mut outcome)?;
    } else {
        let mut batch = Batch::new(connection, statement.sql.as_str());
        while let Some(mut prepared) = fallible_next(&mut batch)? {
            run_prepared(connection, &mut prepared, statement.wanted, &mut outcome)?;
        }
    }
    Ok(outcome)
}

fn run_prepared(
    connection: &Connection,
    prepared: &mut Prepared<'_>,
    wanted: Wanted,
    outcome: &mut Outcome,
) -> Result<(), sqlx::Error> {
    if prepared.column_count() > 0 {
        outcome.rows = RowSet::default();
    }
    step(prepared, wanted, &mut outcome.rows).map_err(convert)?;
    // After a statement that only reads, SQLite still counts the changes of the one before it.
    outcome.changes += if prepared.readonly() { 0 } else { connection.changes() };
    Ok(())
}

fn fallible_next<'conn>(batch: &mut Batch<'conn, '_>) -> Result<Option<Prepared<'conn>>, sqlx::Error> {
    rusqlite::fallible_iterator::FallibleIterator::next(batch).map_err(convert)
}

fn bind(prepared: &mut Prepared<'_>, arguments: &SqliteArguments) -> Result<(), sqlx::Error> {
    let (bound, expected) = (arguments.0.len(), prepared.parameter_count());
    // A plan is explained without values.
    if bound != expected && prepared.is_explain() == 0 {
        return Err(sqlx::Error::InvalidArgument(format!("{bound} values for {expected} parameters")));
    }
    for index in 0..bound {
        let value = rusqlite::types::ToSqlOutput::Borrowed(arguments.0.get(index));
        prepared.raw_bind_parameter(index + 1, value).map_err(convert)?;
    }
    Ok(())
}

fn step(prepared: &mut Prepared<'_>, wanted: Wanted, found: &mut RowSet) -> rusqlite::Result<()> {
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next()? {
        if wanted == Wanted::Nothing {
            continue;
        }
        if found.count == 0 {
            found.columns = columns(row.as_ref());
        }
        for index in 0..found.columns.len() {
            found.cells.push(row.get_ref(index)?);
        }
        found.count += 1;
        if wanted == Wanted::First {
            break;
        }
    }
    Ok(())
}

fn columns(prepared: &Prepared<'_>) -> Vec<SqliteColumn> {
    prepared.column_names().enumerate().map(|(ordinal, name)| SqliteColumn::new(ordinal, name)).collect()
}

/// The columns of a statement, and the number of its parameters.
pub(super) struct Description {
    pub(super) columns: Vec<SqliteColumn>,
    pub(super) parameters: usize,
}

/// Prepares a statement without running it.
pub(super) fn describe(connection: &Connection, sql: &str) -> Result<Description, sqlx::Error> {
    let prepared = connection.prepare(&numbered(sql)).map_err(convert)?;
    Ok(Description { columns: columns(&prepared), parameters: prepared.parameter_count() })
}
