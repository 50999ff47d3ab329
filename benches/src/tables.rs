//! A tight loop on the tables of an event, without a server: what the database itself takes for the rows of an event.
//!
//! The rows are copies of those of one event that the product has stored, each with ids of its own, so the loop knows neither
//! columns nor their meaning. It writes them as the product does: units of work of many rows, one statement for each table, the
//! same durability, and checkpoints from a second connection. Its time includes that of making the copies, a few percent.

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
const STATEMENTS_PER_BATCH: [&str; 3] = [
    "UPDATE ids SET last = last + 1",
    "UPDATE daily_totals SET payments = payments + 1",
    "UPDATE activity SET verified_count = verified_count + 1",
];
/// The length of the random part of a gateway's ids.
const ID_CHARS: usize = 14;
/// The length of the shortest reference of a bank.
const MIN_REFERENCE_CHARS: usize = 12;
/// The interval of checkpoints, as the product's.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(200);
/// The settings of the product's connections: `src/db/sqlite/mod.rs`.
const SETTINGS: &str = "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = on; PRAGMA temp_store = memory; \
                        PRAGMA wal_autocheckpoint = 20000;";

/// Copies the rows of an event in a tight loop, and prints the CPU time of each copy.
#[derive(Args)]
pub(crate) struct Options {
    /// Database of a stopped KS Pay with at least one event; it is filled with copies of the last one.
    #[arg(long)]
    database: PathBuf,
    /// Events of each unit of work.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Seconds of measurement.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// CPU microseconds of the threads of a server that serve requests, for each event: added to those of a copy.
    #[arg(long, default_value_t = 0.0)]
    serving_us: f64,
    #[command(flatten)]
    label: Label,
}

/// Runs the loop and prints one line.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || Connection::open_with_flags(&options.database, flags);
    let (database, checkpointer) = (open()?, open()?);
    database.execute_batch(SETTINGS)?;
    checkpointer.execute_batch(SETTINGS)?;
    let of = database.query_row("SELECT max(id) FROM events", [], |row| row.get(0))?;
    let tables = TABLES.map(|(name, key)| Table::read(&database, name, key, of)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut copies = Copies { of, last: of };
    let mut statements =
        tables.iter().map(|table| database.prepare(&table.insert(options.batch))).collect::<Result<Vec<_>, _>>()?;
    let (duration, pid) = (Duration::from_secs_f64(options.seconds), std::process::id());
    let (before, start, mut stored) = (Sample::take()?, Instant::now(), 0);
    let mut checkpoint_at = CHECKPOINT_INTERVAL;
    while start.elapsed() < duration {
        copies.store(&database, &tables, &mut statements, options.batch)?;
        stored += options.batch as u64;
        if start.elapsed() >= checkpoint_at {
            checkpointer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            checkpoint_at = start.elapsed() + CHECKPOINT_INTERVAL;
        }
    }
    let (took, after) = (start.elapsed(), Sample::take()?);
    let own = ratio(after.own(pid).saturating_sub(before.own(pid)), stored);
    let others = after.others(&[pid]).saturating_sub(before.others(&[pid]));
    options.label.print(json!({
        "cpu_us": own + options.serving_us,
        "storing_us": own,
        "others_busy": ratio(others, u64::try_from(took.as_micros())?),
    }))
}

/// A table, with its rows of the event.
struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    fn read(database: &Connection, name: &'static str, key: &str, event: i64) -> Result<Self, Failure> {
        let mut statement = database.prepare(&format!("SELECT * FROM {name} WHERE {key} = ?"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let found = statement.query_map([event], |row| (0..columns.len()).map(|index| row.get(index)).collect())?;
        let rows = found.collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() { Err(format!("the event has no row in {name}").into()) } else { Ok(Self { name, columns, rows }) }
    }

    /// Returns the statement that inserts the rows of that many events.
    fn insert(&self, events: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let rows = vec![row; events * self.rows.len()].join(", ");
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
        database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for (table, statement) in tables.iter().zip(statements) {
            let mut parameter = 1..;
            for id in first..=self.last {
                for (value, index) in table.rows.iter().flatten().zip(parameter.by_ref()) {
                    statement.raw_bind_parameter(index, &*self.copied(value, id))?;
                }
            }
            if statement.raw_execute()? != count * table.rows.len() {
                return Err(format!("copies of {} are not new", table.name).into());
            }
        }
        for statement in STATEMENTS_PER_BATCH {
            database.prepare_cached(statement)?.execute([])?;
        }
        database.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Replaces ids, the keys by which duplicates are found, and the keys by which banks' references are searched.
    fn copied<'a>(&self, value: &'a Value, id: i64) -> Cow<'a, Value> {
        match value {
            Value::Integer(number) if *number == self.of => Cow::Owned(Value::Integer(id)),
            Value::Text(text) if is_search_key(text) => Cow::Owned(Value::Text(search_key(text.len(), id))),
            Value::Text(text) => match id_at(text) {
                Some(at) => Cow::Owned(Value::Text(format!("{}{id:0ID_CHARS$}", &text[..at]))),
                None => Cow::Borrowed(value),
            },
            Value::Blob(bytes) if bytes.len() == 32 => Cow::Owned(Value::Blob(events::pseudo_random_digest(id))),
            _ => Cow::Borrowed(value),
        }
    }
}

/// Returns whether a text is a bank's reference in lower case.
fn is_search_key(text: &str) -> bool {
    text.len() >= MIN_REFERENCE_CHARS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns another reference of that length, in no order.
fn search_key(chars: usize, id: i64) -> String {
    events::pseudo_random_digest(id)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .take(chars)
        .collect()
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
        assert_eq!(copy_of(text("632711904815"), 1), copy_of(text("632711904816"), 1));
        assert_ne!(copy_of(text("632711904815"), 1), copy_of(text("632711904815"), 2));
        assert_eq!(copy_of(Value::Blob(vec![1; 33]), 1234), Value::Blob(vec![1; 33]));
        assert_ne!(copy_of(Value::Blob(vec![1; 32]), 1), copy_of(Value::Blob(vec![1; 32]), 2));
    }
}
