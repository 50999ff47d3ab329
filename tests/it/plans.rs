//! No statement scans a growing table, or all its rows of an app or a company.
//!
//! Checked on SQLite's query plans, whichever engine the suite uses: its planner is simpler, and a missing index is immediately
//! visible. Each exception states its reason.

use std::collections::{BTreeMap, BTreeSet};

use ks_pay::db::{Db, Location, SqlitePool};
use sqlx::AssertSqlSafe;

/// Tables with a row for every event, payment, request or day.
const GROWING: &[&str] = &[
    "events",
    "event_payloads",
    "event_ids",
    "transactions",
    "refunds",
    "disputes",
    "rejections",
    "rejected_requests",
    "daily_totals",
    "payment_references",
    "recoveries",
];
/// Index constraints that cover all rows of a tenant.
const TOO_WIDE: &[&str] = &["(app_id=?)", "(company_id=?)"];
/// Exceptions: the statement, the beginning of its plan line, and the reason.
const MAY: &[(&str, &str, &str)] = &[
    ("events::store::COUNT", "SCAN events", "a copy is looked through once, row by row"),
    ("events::store::log::INSERT", "SCAN event_ids", ONLY_WHEN_BROKEN),
    ("events::store::log::ADD_RECEIPTS", "SCAN event_ids", ONLY_WHEN_BROKEN),
];
/// A new event could resolve a dangling foreign key; SQLite skips that scan while its count of violations is zero, as it always
/// is.
const ONLY_WHEN_BROKEN: &str = "a foreign key's check that does not take place";

/// Maps the table aliases of a statement and the indexes to their tables.
struct Names {
    indexes: BTreeMap<String, String>,
    others: BTreeMap<String, String>,
}

impl Names {
    fn of(statement: &str, indexes: &BTreeMap<String, String>) -> Self {
        let plain = statement.replace(['(', ')', ','], " ");
        let words: Vec<&str> = plain.split_whitespace().filter(|word| !word.eq_ignore_ascii_case("AS")).collect();
        let others = words.windows(2).filter(|pair| GROWING.contains(&pair[0]));
        let others = others.map(|pair| (pair[1].to_owned(), pair[0].to_owned())).collect();
        Self { indexes: indexes.clone(), others }
    }

    /// Returns the growing table to which a line of a plan refers.
    fn table(&self, line: &str) -> Option<&str> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let by_index = words.iter().find_map(|word| self.indexes.get(*word)).map(String::as_str);
        let name = *words.get(1)?;
        let by_name = by_index.or_else(|| self.others.get(name).map(String::as_str)).unwrap_or(name);
        GROWING.iter().copied().find(|table| *table == by_name)
    }

    /// Returns whether a line of a plan takes longer with every added row.
    fn is_slow(&self, line: &str) -> bool {
        let is_wide = line.starts_with("SCAN ") || TOO_WIDE.iter().any(|all| line.ends_with(all));
        is_wide && self.table(line).is_some()
    }
}

async fn plan(on: &SqlitePool, statement: &str) -> Vec<String> {
    let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let lines: Vec<(i64, i64, i64, String)> = sqlx::query_as(explained)
        .fetch_all(&mut on.acquire().await.unwrap())
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    lines.into_iter().map(|(.., line)| line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_goes_through_a_growing_table() {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::Sqlite(directory.path().join("a.db"))).await.unwrap();
    let Db::Sqlite { writer, .. } = &db else { unreachable!() };
    let indexes: Vec<(String, String)> = sqlx::query_as("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index'")
        .fetch_all(&mut writer.acquire().await.unwrap())
        .await
        .unwrap();
    let indexes = indexes.into_iter().collect();

    let (mut slow, mut excused) = (Vec::new(), BTreeSet::new());
    for (name, statement) in ks_pay::statements(&db) {
        let name = name.strip_prefix("ks_pay::").unwrap_or(name);
        let names = Names::of(statement, &indexes);
        for line in plan(writer, statement).await.into_iter().filter(|line| names.is_slow(line)) {
            match MAY.iter().find(|(may, what, _)| *may == name && line.starts_with(what)) {
                Some((may, ..)) => drop(excused.insert(*may)),
                None => slow.push(format!("{name}: {line}")),
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
    assert_eq!(excused, MAY.iter().map(|(name, ..)| *name).collect(), "an exception that nothing needs any more");

    // Each kind of slow plan is detected: a full scan, all rows of an app, and an aliased table.
    for wide in [
        "SELECT count(*) FROM disputes",
        "SELECT amount_subunits FROM transactions WHERE app_id = $1",
        "SELECT mine.id FROM apps mine JOIN transactions other ON other.app_id = mine.id WHERE mine.id = $1",
        "SELECT id FROM events AS other ORDER BY received_at",
    ] {
        let names = Names::of(wide, &indexes);
        assert!(plan(writer, wide).await.iter().any(|line| names.is_slow(line)), "{wide}");
    }
    db.close().await;
}
