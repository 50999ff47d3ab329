//! Multi-row statements: one driver call per batch instead of one per row.
//!
//! Invariant: a statement has one SQL text per number of rows, and each connection prepares each text once, so the numbers of
//! rows are few. On SQLite, where a prepared statement takes memory for each row, two chunks suffice for up to [`MAX_ROWS`]
//! rows. PostgreSQL keeps a plan for each text, so there the number is a power of two. A batch is split into chunks of such
//! sizes.

use std::sync::OnceLock;

use super::{Db, Tx};

/// The maximum number of rows of a statement.
const MAX_ROWS: usize = 64;
/// The number of rows of a chunk on SQLite is less than this, or a multiple of it.
const SQLITE_STEP: usize = 8;
/// The number of texts of a statement on SQLite.
pub(super) const SQLITE_TEXTS: usize = SQLITE_STEP - 1 + MAX_ROWS / SQLITE_STEP;

/// A statement with a part repeated for each row: `prefix values, values, … suffix`. Parameters are written as `?`.
pub(crate) struct BatchStatement {
    prefix: &'static str,
    values: &'static str,
    suffix: &'static str,
    sqlite: [OnceLock<String>; MAX_ROWS],
    postgres: [OnceLock<String>; MAX_ROWS],
}

impl BatchStatement {
    pub(crate) const fn new(head: &'static str, row: &'static str, tail: &'static str) -> Self {
        Self {
            prefix: head,
            values: row,
            suffix: tail,
            sqlite: [const { OnceLock::new() }; MAX_ROWS],
            postgres: [const { OnceLock::new() }; MAX_ROWS],
        }
    }

    /// Returns the statement for a chunk of that many rows, in the parameter syntax of the database.
    pub(crate) fn text(&'static self, tx: &Tx, rows: usize) -> &'static str {
        match tx {
            Tx::Sqlite(_) => self.sqlite(rows),
            Tx::Postgres(_) => self.postgres(rows),
        }
    }

    /// Returns the shortest and the longest text, for the test that prepares every statement.
    pub(crate) fn texts(&'static self, db: &Db) -> [&'static str; 2] {
        [1, MAX_ROWS].map(|rows| match db {
            Db::Sqlite { .. } => self.sqlite(rows),
            Db::Postgres { .. } => self.postgres(rows),
        })
    }

    /// SQLite uses `?` unchanged: for numbered parameters the driver would parse the number for each bound value.
    fn sqlite(&'static self, rows: usize) -> &'static str {
        self.sqlite[rows - 1].get_or_init(|| self.repeated(rows))
    }

    fn postgres(&'static self, rows: usize) -> &'static str {
        self.postgres[rows - 1].get_or_init(|| numbered(&self.repeated(rows)))
    }

    fn repeated(&self, rows: usize) -> String {
        format!("{} {} {}", self.prefix, vec![self.values; rows].join(", "), self.suffix)
    }
}

/// Splits a batch into chunks for which the database has a text.
pub(crate) fn chunks<'a, T>(tx: &Tx, rows: &'a [T]) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
    let longest = match tx {
        Tx::Sqlite(_) => longest_on_sqlite,
        Tx::Postgres(_) => longest_on_postgres,
    };
    chunk_by(rows, longest)
}

/// Returns the size of the longest chunk of at most `rows` rows.
const fn longest_on_sqlite(rows: usize) -> usize {
    if rows < SQLITE_STEP { rows } else { rows - rows % SQLITE_STEP }
}

/// Like [`longest_on_sqlite`].
const fn longest_on_postgres(rows: usize) -> usize {
    1 << rows.ilog2()
}

fn chunk_by<T>(mut rows: &[T], longest: fn(usize) -> usize) -> impl Iterator<Item = &[T]> + use<'_, T> {
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let (piece, rest) = rows.split_at(longest(rows.len().min(MAX_ROWS)));
        rows = rest;
        Some(piece)
    })
}

/// Replaces each `?` with `$1`, `$2` and so on.
fn numbered(text: &str) -> String {
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.zip(1..).fold(first, |text, (part, number)| format!("{text}${number}{part}"))
}

/// Defines a store's multi-row statements as constants, and lists them for the test that prepares every statement, like
/// [`super::sql!`].
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $head:expr, $row:expr, $tail:expr;)+) => {
        $($(#[$doc])* static $name: $crate::db::batch::BatchStatement = $crate::db::batch::BatchStatement::new($head, $row, $tail);)+
        /// All multi-row statements of this store.
        pub(crate) static ROWS: &[(&str, &$crate::db::batch::BatchStatement)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), &$name)),+];
    };
}
pub(crate) use rows;

/// Executes a multi-row statement in chunks and returns the number of affected rows. `$bind` binds one row.
macro_rules! execute_rows {
    ($tx:expr, $statement:expr, $rows:expr, |$query:ident, $row:ident| $bind:expr) => {{
        let mut touched = 0;
        for piece in $crate::db::batch::chunks($tx, $rows) {
            let text = $statement.text($tx, piece.len());
            touched += $crate::db::execute!(&mut *$tx, {
                let mut $query = sqlx::query(text);
                for $row in piece {
                    $query = $bind;
                }
                $query
            })?;
        }
        Ok::<u64, $crate::db::DbError>(touched)
    }};
}
pub(crate) use execute_rows;

/// Executes a multi-row statement in chunks and collects the returned rows. `$bind` binds one row.
macro_rules! fetch_rows {
    ($tx:expr, $statement:ident -> $type:ty, $rows:expr, |$query:ident, $row:ident| $bind:expr) => {{
        let mut found: Vec<$type> = Vec::new();
        for piece in $crate::db::batch::chunks($tx, $rows) {
            let text = $statement.text($tx, piece.len());
            found.extend($crate::db::run!(&mut *$tx, |conn| {
                let mut $query = sqlx::query_as::<_, $type>(text);
                for $row in piece {
                    $query = $bind;
                }
                $query.fetch_all(conn).await
            })?);
        }
        Ok::<Vec<$type>, $crate::db::DbError>(found)
    }};
}
pub(crate) use fetch_rows;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    static INSERT: BatchStatement = BatchStatement::new("INSERT INTO t (a, b) VALUES", "(?, ?)", "ON CONFLICT DO NOTHING");

    #[test]
    fn a_statement_has_a_row_for_each_and_its_parameters_in_order() {
        assert_eq!(INSERT.sqlite(1), "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING");
        assert_eq!(INSERT.postgres(2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        assert!(INSERT.postgres(64).contains("($127, $128) ON"));
    }

    #[test]
    fn chunks_are_the_whole_in_order_and_each_has_a_text() {
        for length in 0..300 {
            let rows: Vec<usize> = (0..length).collect();
            for longest in [longest_on_sqlite, longest_on_postgres] {
                let all: Vec<&[usize]> = chunk_by(&rows, longest).collect();
                assert_eq!(all.concat(), rows);
                assert!(all.iter().all(|chunk| (1..=MAX_ROWS).contains(&chunk.len())));
            }
        }
        assert_eq!(sizes(100, longest_on_sqlite), [64, 32, 4]);
        assert_eq!(sizes(63, longest_on_sqlite), [56, 7]);
        assert_eq!(sizes(100, longest_on_postgres), [64, 32, 4]);
        assert_eq!(sizes(63, longest_on_postgres), [32, 16, 8, 4, 2, 1]);
    }

    #[test]
    fn sqlite_has_few_texts_of_which_two_suffice() {
        let all: Vec<Vec<usize>> = (1..=MAX_ROWS).map(|length| sizes(length, longest_on_sqlite)).collect();
        assert!(all.iter().all(|sizes| sizes.len() <= 2));
        assert_eq!(all.concat().into_iter().collect::<BTreeSet<usize>>().len(), SQLITE_TEXTS);
    }

    fn sizes(length: usize, longest: fn(usize) -> usize) -> Vec<usize> {
        chunk_by(&vec![(); length], longest).map(<[()]>::len).collect()
    }
}
