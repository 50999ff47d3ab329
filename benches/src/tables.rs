//! A tight loop on the tables of an event, without a server: what the database itself takes for the rows of an event.
//!
//! The rows are copies of those of one event that the product has stored, each with ids of its own, so the loop knows neither
//! columns nor their meaning. It writes them as the product does: units of work of many rows, one statement for each table.

use std::{
    borrow::Cow,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use rusqlite::{Connection, OpenFlags, Statement, types::Value};
use serde_json::json;

use crate::{
    Failure, Label, events,
    machine::{Sample, ratio},
};

/// The tables with a row for each captured payment, in the order in which the product writes them, with the column that
/// identifies its event.
const TABLES: [(&str, &str); 5] = [
    ("transactions", "id"),
    ("payment_references", "transaction_id"),
    ("events", "id"),
    ("event_payloads", "request_id"),
    ("event_ids", "event_id"),
];
/// Rows that each unit of work changes once.
const ONCE: [&str; 3] = [
    "UPDATE ids SET last = last + 1",
    "UPDATE daily_totals SET payments = payments + 1",
    "UPDATE activity SET verified_count = verified_count + 1",
];
/// The length of the random part of a gateway's ids.
const ID_CHARS: usize = 14;

/// Copies the rows of an event in a tight loop, and prints the CPU time of each copy.
#[derive(Args)]
pub(crate) struct Options {
    /// Database of a stopped KS Pay with one event; it is filled with copies.
    #[arg(long)]
    database: PathBuf,
    /// Events of each unit of work.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Seconds of measurement.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// CPU microseconds to add to each copy: what a server spends on an event apart from the database.
    #[arg(long, default_value_t = 0.0)]
    plus: f64,
    #[command(flatten)]
    label: Label,
}

/// Runs the loop and prints one line.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let database = Connection::open_with_flags(&options.database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    database.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = on; PRAGMA temp_store = memory;",
    )?;
    let of = database.query_row("SELECT max(id) FROM events", [], |row| row.get(0))?;
    let tables = TABLES.map(|(name, key)| Table::read(&database, name, key, of)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut copies = Copies { of, last: of };
    let mut statements =
        tables.iter().map(|table| database.prepare(&table.insert(options.batch))).collect::<Result<Vec<_>, _>>()?;
    let (duration, pid) = (Duration::from_secs_f64(options.seconds), std::process::id());
    let (before, start, mut stored) = (Sample::take()?, Instant::now(), 0);
    while start.elapsed() < duration {
        copies.store(&database, &tables, &mut statements, options.batch)?;
        stored += options.batch as u64;
    }
    let (took, after) = (start.elapsed(), Sample::take()?);
    let own = ratio(after.own(pid).saturating_sub(before.own(pid)), stored);
    let others = after.others(&[pid]).saturating_sub(before.others(&[pid]));
    options.label.print(json!({
        "rate": ratio(stored, 1) / took.as_secs_f64(),
        "cpu_us": own + options.plus,
        "database_us": own,
        "others_busy": ratio(others, u64::try_from(took.as_micros())?),
    }))
}

/// A table, with its row of the event.
struct Table {
    name: &'static str,
    columns: Vec<String>,
    row: Vec<Value>,
}

impl Table {
    fn read(database: &Connection, name: &'static str, key: &str, event: i64) -> Result<Self, Failure> {
        let mut statement = database.prepare(&format!("SELECT * FROM {name} WHERE {key} = ?"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let row = statement.query_row([event], |row| (0..columns.len()).map(|index| row.get(index)).collect())?;
        Ok(Self { name, columns, row })
    }

    fn insert(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let rows = vec![row; rows].join(", ");
        format!("INSERT INTO {} ({}) VALUES {rows} ON CONFLICT DO NOTHING", self.name, self.columns.join(", "))
    }
}

/// The numbers of the copies.
struct Copies {
    /// The id of the event that is copied, which is also that of its payment.
    of: i64,
    last: i64,
}

impl Copies {
    fn store(
        &mut self,
        database: &Connection,
        tables: &[Table],
        statements: &mut [Statement<'_>],
        count: usize,
    ) -> Result<(), Failure> {
        let first = self.last + 1;
        self.last += i64::try_from(count)?;
        database.execute_batch("BEGIN IMMEDIATE")?;
        for (table, statement) in tables.iter().zip(statements) {
            let mut parameter = 1..;
            for id in first..=self.last {
                for (value, index) in table.row.iter().zip(parameter.by_ref()) {
                    statement.raw_bind_parameter(index, &*self.copied(value, id))?;
                }
            }
            if statement.raw_execute()? != count {
                return Err(format!("copies of {} are not new", table.name).into());
            }
        }
        for statement in ONCE {
            database.execute(statement, [])?;
        }
        Ok(database.execute_batch("COMMIT")?)
    }

    /// Replaces ids, and the keys by which duplicates are found.
    fn copied<'a>(&self, value: &'a Value, id: i64) -> Cow<'a, Value> {
        match value {
            Value::Integer(number) if *number == self.of => Cow::Owned(Value::Integer(id)),
            Value::Text(text) => match id_at(text) {
                Some(at) => Cow::Owned(Value::Text(format!("{}{id:0ID_CHARS$}", &text[..at]))),
                None => Cow::Borrowed(value),
            },
            Value::Blob(bytes) if bytes.len() == 32 => Cow::Owned(Value::Blob(events::scattered(id))),
            _ => Cow::Borrowed(value),
        }
    }
}

/// Returns where the gateway's id begins with which a text ends, if it does.
fn id_at(text: &str) -> Option<usize> {
    let at = text.len().checked_sub(ID_CHARS)?;
    text.get(at..)?.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_ids_of_their_own_and_are_otherwise_equal() {
        let copies = Copies { of: 7, last: 7 };
        let copy_of = |value: Value, id| copies.copied(&value, id).into_owned();
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(copy_of(Value::Integer(7), 1234), Value::Integer(1234));
        assert_eq!(copy_of(Value::Integer(8), 1234), Value::Integer(8));
        assert_eq!(copy_of(text("captured:pay_ABCDEFGHIJKLMN"), 1234), text("captured:pay_00000000001234"));
        assert_eq!(copy_of(text("payment.captured"), 1234), text("payment.captured"));
        assert_eq!(copy_of(Value::Blob(vec![1; 33]), 1234), Value::Blob(vec![1; 33]));
        assert_ne!(copy_of(Value::Blob(vec![1; 32]), 1), copy_of(Value::Blob(vec![1; 32]), 2));
    }
}
