//! Statements over many rows: one hand-over to the driver for a batch instead of one a row.
//!
//! The rule: such a statement has a text for each number of rows, and each text is prepared once a connection. SQLite
//! takes any number up to [`MOST`], since a hand-over costs more than a text. PostgreSQL keeps a plan for each, so there it
//! is powers of two. A batch is cut into pieces that have a text.

use std::sync::OnceLock;

use super::{Db, Tx};

/// The most rows of one statement.
pub(super) const MAX_ROWS: usize = 64;

/// A statement whose middle is repeated for every row: `head row, row, … tail`. A parameter is written `?`.
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

    /// The statement for a piece of that many rows, as that database writes parameters.
    pub(crate) fn text(&'static self, tx: &Tx, rows: usize) -> &'static str {
        match tx {
            Tx::Sqlite(_) => self.sqlite(rows),
            Tx::Postgres(_) => self.postgres(rows),
        }
    }

    /// The shortest and the longest text, for the test that prepares every statement.
    pub(crate) fn texts(&'static self, db: &Db) -> [&'static str; 2] {
        [1, MAX_ROWS].map(|rows| match db {
            Db::Sqlite { .. } => self.sqlite(rows),
            Db::Postgres { .. } => self.postgres(rows),
        })
    }

    /// SQLite takes `?` as it is; a number would have to be read from the text for every value that is bound.
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

/// Cuts a batch into pieces that have a text on that database.
pub(crate) fn chunks<'a, T>(tx: &Tx, rows: &'a [T]) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
    let longest: fn(usize) -> usize = match tx {
        Tx::Sqlite(_) => |left| left,
        Tx::Postgres(_) => |left| 1 << left.ilog2(),
    };
    chunk_by(rows, longest)
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

/// `?` becomes `$1`, `$2` and so on.
fn numbered(text: &str) -> String {
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.zip(1..).fold(first, |text, (part, number)| format!("{text}${number}{part}"))
}

/// Names this store's statements over many rows, and lists them beside [`super::sql!`]'s.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $head:expr, $row:expr, $tail:expr;)+) => {
        $($(#[$doc])* static $name: $crate::db::batch::BatchStatement = $crate::db::batch::BatchStatement::new($head, $row, $tail);)+
        /// Every statement over many rows of this store.
        pub(crate) static ROWS: &[(&str, &$crate::db::batch::BatchStatement)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), &$name)),+];
    };
}
pub(crate) use rows;

/// Runs a statement over many rows, piece by piece, and says how many rows it touched. `$bind` binds one row.
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

/// Runs a statement over many rows, piece by piece, and gathers what it returns. `$bind` binds one row.
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
    use super::*;

    static INSERT: BatchStatement = BatchStatement::new("INSERT INTO t (a, b) VALUES", "(?, ?)", "ON CONFLICT DO NOTHING");

    #[test]
    fn a_statement_has_a_row_for_each_and_its_parameters_in_order() {
        assert_eq!(INSERT.sqlite(1), "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING");
        assert_eq!(INSERT.postgres(2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        assert!(INSERT.postgres(64).contains("($127, $128) ON"));
    }

    #[test]
    fn pieces_are_the_whole_in_order_and_each_has_a_text() {
        for length in 0..300 {
            let rows: Vec<usize> = (0..length).collect();
            for longest in [|left: usize| left, |left: usize| 1 << left.ilog2()] {
                let all: Vec<&[usize]> = chunk_by(&rows, longest).collect();
                assert_eq!(all.concat(), rows);
                assert!(all.iter().all(|piece| (1..=MAX_ROWS).contains(&piece.len())));
            }
        }
        assert_eq!(chunk_by(&[0; 100], |left| left).map(<[i32]>::len).collect::<Vec<_>>(), [64, 36]);
        assert_eq!(chunk_by(&[0; 100], |left| 1 << left.ilog2()).map(<[i32]>::len).collect::<Vec<_>>(), [64, 32, 4]);
    }
}
