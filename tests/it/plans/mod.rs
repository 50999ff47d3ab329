//! No statement examines more rows as a table grows: not all of a table, of an app or of a company, nor all rows of a period or
//! those that a filter leaves out. What a statement examines ends at a LIMIT.
//!
//! Checked on SQLite's query plans, whichever engine the suite uses: its planner is simpler, and a missing index is immediately
//! visible. Each exception states its reason. PostgreSQL's plans of the lists are checked where the suite runs on it.

mod postgres;
mod select;

use std::collections::{BTreeMap, BTreeSet};

use ks_pay::db::{Db, Location, SqlitePool};
use select::{Select, constraints};
use sqlx::AssertSqlSafe;

/// Tables with a row for every event, payment, request or day.
const GROWING_TABLES: &[&str] = &[
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
    "orders",
    "recoveries",
    "test_events",
    "deliveries",
    "attempts",
    "delivery_bodies",
    "notifications",
    "automation_runs",
    "automation_messages",
    "refund_requests",
    "automatic_refunds",
];
/// Constraints that select few rows, however long an installation is in use: the table, the constraint, and the reason.
const SELECTIVE_CONSTRAINTS: &[(&str, &str, &str)] = &[
    ("refunds", "transaction_id=?", "the refunds of one payment"),
    ("disputes", "transaction_id=?", "the disputes of one payment"),
    ("connections", "app_id=?", "one for each gateway and mode"),
    ("refund_requests", "transaction_id=?", "the refund requests of one payment"),
    ("automatic_refunds", "day=?", "no more than the limit of a day"),
    ("attempts", "delivery_id=?", "at most eleven for each time that a delivery is replayed"),
    ("destinations", "app_id=?", "at most 20 in each mode"),
    ("notifications", "alert_id=?", "the messages of one alert"),
    ("notifications", "run_id=?", "the messages of one run"),
    ("automation_messages", "queued_at>?", "the emails of a day to one recipient, or a limited number of those of an hour"),
    ("rejected_requests", "rejection_id=?", STORAGE),
    ("rejected_requests", "connection_id=?", STORAGE),
    ("daily_totals", "day>?", "a row for each kind of payment of a day; pages ask for at most a year"),
    ("daily_totals", "day=?", "a row for each kind of payment of a day"),
];
/// Statements that every page runs: their time must not depend on how many apps and connections a company has either.
const EVERY_PAGE: &[&str] = &["apps::store::LIST_NEAR", "connections::store::LIST_OF_APPS"];
/// Statements that may take longer with every row: the statement, and why no page runs it.
const NO_PAGE: &[(&str, &str)] = &[
    ("automations::store::runs::DELETE_BEFORE", "a job deletes old runs in small units of work"),
    ("connections::store::INSERT", ONLY_WHEN_BROKEN),
    ("deliveries::store::claims::RELEASE_ALL", "a start returns what a process that has ended was sending"),
    ("deliveries::store::claims::REPAIR_WAITING", "a job corrects times in small units of work"),
    ("deliveries::store::claims::REPAIR_SENDING", "a job corrects times in small units of work"),
    ("deliveries::store::deliveries::EXPORT_APP", "an export reads the table once"),
    ("deliveries::store::deliveries::CANCEL_OF_DELETED", "a job cancels in small units of work"),
    ("events::store::COUNT", "a copy is looked through once, row by row"),
    ("events::store::EXPORT_APP", "an export reads the table once"),
    ("notifications::store::RELEASE_ALL", "a start returns what a process that has ended was sending"),
    ("ledger::payments::store::EXPORT_APP", "an export reads the table once"),
    ("ledger::payments::store::recount::COUNT_STALE_DAYS", "a command compares or repairs all totals"),
    ("ledger::payments::store::recount::LIST_STALE_DAYS", "a job deletes the totals of a replaced zone"),
    ("ledger::payments::store::recount::DIFFER", "a command adds up the payments of a day"),
    ("rejections::store::DELETE", "retention deletes in small units of work"),
    ("rejections::store::FIND_OPEN", "the recorder looks through the rejections of the last hour"),
    ("rejections::store::deferred::LIST_CONNECTIONS", "a background task looks for requests that were not diagnosed"),
    ("rejections::store::later::BOUND", "times in the future are corrected once, after a clock was wrong"),
    ("rejections::store::later::BOUND_REQUESTS", "times in the future are corrected once, after a clock was wrong"),
    ("rejections::store::recoveries::LIST_OF_EXPORT", "an export reads the table once"),
    ("test_events::store::LIST_OF_EXPORT", "an export reads the table once"),
];
/// See `rejections/eviction.rs`.
const STORAGE: &str = "at most 2,000 rejected requests of a connection are stored";
/// A new event could resolve a dangling foreign key; SQLite skips that scan while its count of violations is zero, as it always
/// is.
const ONLY_WHEN_BROKEN: &str = "a foreign key's check that does not take place";

/// A line of a plan, and what it is a part of.
struct Line {
    parent: i64,
    text: String,
}

/// An index, or the primary key of a table.
struct Index {
    table: String,
    columns: Vec<String>,
    is_unique: bool,
    /// What holds for every row of it, as conditions of a WHERE clause; empty for all rows of the table.
    holds: Vec<String>,
}

/// The indexes by name. The primary key of a table has the table's name.
type Indexes = BTreeMap<String, Index>;

async fn indexes(on: &SqlitePool) -> Indexes {
    const PARTIAL: &str = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'";
    const COLUMNS: &str = "SELECT t.name AS owner, i.name AS key, i.\"unique\" AS is_unique, c.name AS part FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i \
         JOIN pragma_index_info(i.name) AS c WHERE t.type = 'table' UNION ALL \
         SELECT t.name, t.name, TRUE, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
         WHERE t.type = 'table' AND c.pk > 0";
    let rows: Vec<(String, String, bool, String)> =
        sqlx::query_as(COLUMNS).fetch_all(&mut on.acquire().await.unwrap()).await.unwrap();
    let mut indexes = Indexes::new();
    for (table, name, is_unique, column) in rows {
        indexes.entry(name).or_insert(Index { table, columns: Vec::new(), is_unique, holds: Vec::new() }).columns.push(column);
    }
    let partial: Vec<(String, String)> = sqlx::query_as(PARTIAL).fetch_all(&mut on.acquire().await.unwrap()).await.unwrap();
    for (name, text) in partial {
        let (_, condition) = text.split_once(" WHERE ").unwrap();
        indexes.get_mut(&name).unwrap().holds = select::conditions_of(condition);
    }
    indexes
}

/// A statement with what is needed to judge its plan.
struct Statement<'a> {
    selects: Vec<Select>,
    indexes: &'a Indexes,
    plan: Vec<Line>,
    growing_tables: Vec<&'static str>,
}

impl Statement<'_> {
    /// Returns the lines that examine more rows as a table grows.
    fn unbounded(&self) -> impl Iterator<Item = &Line> {
        self.plan.iter().filter(|line| self.is_unbounded(line))
    }

    fn is_unbounded(&self, line: &Line) -> bool {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        let ["SCAN" | "SEARCH", name, ..] = words.as_slice() else { return false };
        let index = words.iter().position(|word| *word == "INDEX").and_then(|at| self.indexes.get(*words.get(at + 1)?));
        let named = self.selects.iter().find_map(|select| select.table(name)).unwrap_or(name);
        let table = index.map_or(named, |index| index.table.as_str());
        if !self.growing_tables.contains(&table) {
            return false;
        }
        // Without the name of an index it is the primary key. SQLite calls a key that is an integer the rowid.
        let key = self.indexes.get(table);
        let rowid = key.map_or("", |key| key.columns[0].as_str());
        let constraints: Vec<String> = constraints(&line.text).iter().map(|own| own.replace("rowid", rowid)).collect();
        let is_one_row = [index, key]
            .into_iter()
            .flatten()
            .any(|index| index.is_unique && index.columns.iter().all(|column| constraints.contains(&format!("{column}=?"))));
        let is_few =
            SELECTIVE_CONSTRAINTS.iter().any(|(of, selects, _)| *of == table && constraints.iter().any(|own| own == selects));
        let is_sorted = self.plan.iter().any(|other| other.parent == line.parent && other.text.starts_with("USE TEMP B-TREE"));
        let mut own = self.selects.iter().filter(|select| select.table(name).is_some() && select.has_conditions(&constraints));
        let holds = index.map_or(&[][..], |index| &index.holds);
        let is_limited = |select: &Select| {
            let is_streamed = select.has_limit && !select.is_aggregate && !is_sorted;
            // A partial index serves its own condition, too.
            let served = constraints.iter().chain(holds.iter().filter(|own| select.has_conditions(std::slice::from_ref(own))));
            is_streamed && select.is_served_by(&served.cloned().collect::<Vec<_>>())
        };
        !is_one_row && !is_few && !own.any(is_limited)
    }
}

async fn explain<'a>(on: &SqlitePool, statement: &str, indexes: &'a Indexes) -> Statement<'a> {
    let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let lines: Vec<(i64, i64, i64, String)> = sqlx::query_as(explained)
        .fetch_all(&mut on.acquire().await.unwrap())
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    let plan = lines.into_iter().map(|(_, parent, _, text)| Line { parent, text }).collect();
    Statement { selects: Select::all(statement), indexes, plan, growing_tables: GROWING_TABLES.to_vec() }
}

/// What each rule is to find: a full scan, all rows of an app, an aliased table, the sum of a period, a filter or a sort before
/// the limit, a filter that an index serves only in part.
const UNBOUNDED: &[&str] = &[
    "SELECT count(*) FROM disputes",
    "SELECT amount_subunits FROM transactions WHERE app_id = $1",
    "SELECT mine.id FROM apps mine JOIN transactions other ON other.app_id = mine.id WHERE mine.id = $1",
    "SELECT id FROM events AS other ORDER BY received_at",
    "SELECT SUM(amount_subunits) FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 AND created_at < $4",
    "SELECT COUNT(*) FROM rejections WHERE connection_id = $1",
    "SELECT id FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 ORDER BY created_at",
    "SELECT id FROM transactions WHERE app_id = $1 AND mode = $2 AND state = $3 ORDER BY created_at DESC, id DESC LIMIT $4",
    "SELECT id FROM events WHERE connection_id = $1 ORDER BY received_at DESC LIMIT $2",
    "SELECT id FROM events WHERE state = $1 ORDER BY id DESC LIMIT $2",
    "SELECT DISTINCT state FROM events WHERE connection_id = $1 LIMIT 5",
    "SELECT id FROM deliveries WHERE destination_id = $1 AND due_at IS NOT NULL AND state = 'waiting' ORDER BY message_id LIMIT 1",
    "SELECT id FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at < $3 AND (created_at, id) < ($4, $5) \
     ORDER BY created_at DESC, id DESC LIMIT $6",
];
/// What the list of transactions ran for its head line before it read totals: the limit was 50,000.
const OF_BEFORE: &str = "SELECT currency, state, count(*) AS payments FROM (SELECT currency, state FROM transactions WHERE app_id = $1 \
     AND mode = $2 AND created_at >= $3 AND created_at < $4 ORDER BY created_at DESC, id DESC LIMIT $5) AS newest GROUP BY currency, state";
const BOUNDED: &[&str] = &[
    "SELECT status FROM transactions WHERE id = $1",
    "SELECT id FROM transactions WHERE app_id = $1 AND mode = $2 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5",
    "SELECT COUNT(*) FROM (SELECT 1 FROM rejections WHERE connection_id = $1 LIMIT 5000) AS newest",
    "SELECT id FROM events ORDER BY id DESC LIMIT $1",
    "SELECT id FROM deliveries WHERE destination_id = $1 AND due_at IS NOT NULL ORDER BY message_id LIMIT 1",
    "SELECT endpoint FROM connections WHERE EXISTS (SELECT 1 FROM events WHERE connection_id = connections.id)",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_examines_more_rows_as_tables_grow() {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::Sqlite(directory.path().join("a.db"))).await.unwrap();
    let Db::Sqlite { writer, .. } = &db else { unreachable!() };
    let indexes = indexes(writer).await;

    let (mut unbounded, mut excused, mut checked) = (Vec::new(), BTreeSet::new(), 0);
    for (name, text) in ks_pay::statements(&db) {
        let name = name.strip_prefix("ks_pay::").unwrap_or(name);
        let mut statement = explain(writer, text, &indexes).await;
        if EVERY_PAGE.contains(&name) {
            statement.growing_tables.extend(["apps", "connections"]);
            checked += 1;
        }
        for line in statement.unbounded() {
            match NO_PAGE.iter().find(|(excuse, _)| *excuse == name) {
                Some((excuse, _)) => drop(excused.insert(*excuse)),
                None => unbounded.push(format!("{name}: {}", line.text)),
            }
        }
    }
    assert!(unbounded.is_empty(), "{}", unbounded.join("\n"));
    assert_eq!(checked, EVERY_PAGE.len());
    assert_eq!(excused, NO_PAGE.iter().map(|(name, _)| *name).collect(), "an exception that nothing needs any more");

    // A search stops once it has found a page: only the page itself is sorted.
    let searches = ks_pay::statements(&db).into_iter().filter(|(name, _)| name.contains("::SEARCH_"));
    for (name, text) in searches {
        let statement = explain(writer, text, &indexes).await;
        let scan = statement.plan.iter().find(|line| line.text == "SCAN examined").unwrap();
        let is_sorted = |line: &Line| line.parent == scan.parent && line.text.starts_with("USE TEMP B-TREE");
        assert!(!statement.plan.iter().any(is_sorted), "{name} reads all that it may examine");
    }

    for text in UNBOUNDED.iter().chain([&OF_BEFORE]) {
        assert!(explain(writer, text, &indexes).await.unbounded().next().is_some(), "{text}");
    }
    for text in BOUNDED {
        let statement = explain(writer, text, &indexes).await;
        let lines: Vec<_> = statement.unbounded().map(|line| &line.text).collect();
        assert!(lines.is_empty(), "{text}: {lines:?}");
    }
    db.close().await;
}
