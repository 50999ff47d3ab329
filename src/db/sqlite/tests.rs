//! Tests of the driver: parameters, types, cached statements, transactions, deadlines and locks.

use std::{path::Path, time::Duration};

use futures_util::{FutureExt as _, TryStreamExt as _};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _, error::ErrorKind};

use super::*;
use crate::{
    db::{Db, DbError, Exec, Location, Tx, execute, run, with_timeout},
    primitives::text_enum::{text_column, text_enum},
};

async fn in_memory() -> SqliteConnection {
    SqliteOptions::create(":memory:").connect().await.unwrap()
}

/// Returns a database with a table of numbers.
async fn with_numbers(directory: &tempfile::TempDir) -> Db {
    let Ok(db) = Db::connect(&Location::Sqlite(path(directory))).await else { panic!("it opens") };
    let mut tx = db.begin().await.unwrap();
    execute!(&mut tx, sqlx::query("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")).unwrap();
    tx.commit().await.unwrap();
    db
}

fn path(directory: &tempfile::TempDir) -> std::path::PathBuf {
    directory.path().join("ks-pay.db")
}

async fn add(tx: &mut Tx, number: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query("INSERT INTO numbers VALUES ($1)").bind(number))
}

async fn count(exec: impl Into<Exec<'_>>) -> i64 {
    run!(exec, |conn| sqlx::query_scalar("SELECT COUNT(*) FROM numbers").fetch_one(conn).await).unwrap()
}

async fn count_in(db: &Db) -> i64 {
    count(&mut db.reader().await.unwrap()).await
}

/// A statement that never ends by itself.
const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n";

#[tokio::test]
async fn parameters_have_their_numbers_in_any_order() {
    let mut conn = in_memory().await;
    let text = "SELECT $3, $1, '$2', $4, $2, $1 -- $5";
    let read = sqlx::query_as::<_, (i64, i64, String, i64, i64, i64)>(text).bind(1_i64).bind(2_i64).bind(3_i64).bind(4_i64);
    assert_eq!(read.fetch_one(&mut conn).await.unwrap(), (3, 1, "$2".to_owned(), 4, 2, 1));
}

#[tokio::test]
async fn a_statement_has_as_many_values_as_parameters() {
    let mut conn = in_memory().await;
    for values in [0, 1, 3] {
        let query = (0..values).fold(sqlx::query("SELECT $2, $1"), |query, value: i64| query.bind(value));
        assert!(matches!(query.execute(&mut conn).await, Err(sqlx::Error::InvalidArgument(_))), "{values}");
    }
}

/// In the text of every store, SQLite's number of a parameter is the one that is written. Named parameters would have the
/// numbers of their first appearances.
#[tokio::test]
async fn each_parameter_of_every_statement_has_the_number_that_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let Ok(db) = Db::open(&Location::Sqlite(path(&directory))).await else { panic!("it opens") };
    let Db::Sqlite { writer, .. } = &db else { unreachable!() };
    let conn = writer.acquire().await.unwrap();
    let mut out_of_order = 0;
    for (name, text) in crate::statements(&db) {
        let prepared = conn.raw().prepare(&parameters::numbered(text)).unwrap();
        let written = parameters_of(text);
        for number in 1..=prepared.parameter_count() {
            let expected = text.contains('$').then(|| format!("?{number}"));
            assert_eq!(prepared.parameter_name(number).map(str::to_owned), expected, "{name}");
        }
        out_of_order += usize::from(!first_appearances(&written).is_sorted());
    }
    assert!(out_of_order > 0, "no statement would be bound differently by name");
    drop(conn);
    db.close().await;
}

/// Returns the numbers of the parameters of a statement, as they are written.
fn parameters_of(text: &str) -> Vec<i64> {
    let starts = text.split('$').skip(1);
    starts.filter_map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()).collect()
}

fn first_appearances(written: &[i64]) -> Vec<i64> {
    let mut seen = Vec::new();
    for number in written {
        if !seen.contains(number) {
            seen.push(*number);
        }
    }
    seen
}

#[tokio::test]
async fn every_type_is_read_as_it_was_bound() {
    type All = (i64, i64, i32, bool, f64, String, Vec<u8>);
    let mut conn = in_memory().await;
    for text in ["", "₹ 1\0 and more", "a longer text that is followed by others"] {
        let values: All = (i64::MAX, i64::MIN, i32::MIN, true, 0.5, text.to_owned(), text.as_bytes().to_vec());
        let bound = sqlx::query_as("SELECT $1, $2, $3, $4, $5, $6, $7").bind(values.0).bind(values.1).bind(values.2);
        let bound = bound.bind(values.3).bind(values.4).bind(text).bind(text.as_bytes());
        let read: All = bound.fetch_one(&mut conn).await.unwrap();
        assert_eq!(read, values);
    }
}

#[tokio::test]
async fn null_is_an_option_and_nothing_else() {
    type Nothing = (Option<i64>, Option<i32>, Option<bool>, Option<f64>, Option<String>, Option<Vec<u8>>);
    let mut conn = in_memory().await;
    let query = sqlx::query_as("SELECT $1, $2, $3, $4, $5, $6").bind(None::<i64>).bind(None::<i32>).bind(None::<bool>);
    let query = query.bind(None::<f64>).bind(None::<&str>).bind(None::<&[u8]>);
    let read: Nothing = query.fetch_one(&mut conn).await.unwrap();
    assert_eq!(read, (None, None, None, None, None, None));
    assert!(sqlx::query_scalar::<_, i64>("SELECT NULL").fetch_one(&mut conn).await.is_err());
    assert_eq!(sqlx::query_scalar("SELECT $1").bind(Some("some")).fetch_one(&mut conn).await.ok(), Some("some".to_owned()));
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_that_does_not_quote_it() {
    let mut conn = in_memory().await;
    let errors = [
        sqlx::query_scalar::<_, i64>("SELECT 'hush'").fetch_one(&mut conn).await.map(drop).unwrap_err(),
        sqlx::query_scalar::<_, i32>("SELECT 4294967296").fetch_one(&mut conn).await.map(drop).unwrap_err(),
        sqlx::query_scalar::<_, String>("SELECT x'68757368'").fetch_one(&mut conn).await.map(drop).unwrap_err(),
        sqlx::query_scalar::<_, String>("SELECT CAST(x'ff68757368' AS TEXT)").fetch_one(&mut conn).await.map(drop).unwrap_err(),
    ];
    for error in errors {
        let said = format!("{error} {error:?}");
        assert!(matches!(error, sqlx::Error::ColumnDecode { .. }) && !said.contains("hush"), "{said}");
    }
}

text_enum! {
    /// A list with two members.
    enum Coin, "a side of a coin" {
        Heads = "heads",
        Tails = "tails",
    }
}
text_column!(Coin, Coin::as_str);

#[tokio::test]
async fn a_column_can_be_a_list_and_another_text_is_an_error_that_names_it() {
    let mut conn = in_memory().await;
    assert_eq!(Coin::ALL, [Coin::Heads, Coin::Tails]);
    let read = sqlx::query_as::<_, (Coin, Option<Coin>, String)>("SELECT $1 AS side, $2 AS other, $1 AS text")
        .bind(Coin::Tails)
        .bind(None::<Coin>);
    assert_eq!(read.fetch_one(&mut conn).await.unwrap(), (Coin::Tails, None, "tails".to_owned()));
    let error = sqlx::query_scalar::<_, Coin>("SELECT 'edge'").fetch_one(&mut conn).await.unwrap_err().to_string();
    assert!(error.contains("\"edge\": a side of a coin must be one of: heads tails"), "{error}");
}

#[tokio::test]
async fn rows_columns_and_changes_are_those_of_the_statement() {
    let mut conn = in_memory().await;
    let made = sqlx::raw_sql("CREATE TABLE a (b INTEGER, c TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y'), (3, NULL)");
    made.execute(&mut conn).await.unwrap();
    let rows = sqlx::query("SELECT c, b FROM a ORDER BY b").fetch_all(&mut conn).await.unwrap();
    let read: Vec<(i64, Option<String>)> = rows.iter().map(|row| (row.get("b"), row.get("c"))).collect();
    assert_eq!(read, [(1, Some("x".to_owned())), (2, Some("y".to_owned())), (3, None)]);
    assert!(matches!(rows[0].try_get::<i64, _>("d"), Err(sqlx::Error::ColumnNotFound(_))));
    let changed = sqlx::query("UPDATE a SET c = 'z' WHERE b < 3").execute(&mut conn).await.unwrap();
    assert_eq!(changed.rows_affected(), 2);
    assert_eq!(sqlx::query("SELECT 1").execute(&mut conn).await.unwrap().rows_affected(), 0);
    // All rows are changed, although only the first is read.
    let first: i64 = sqlx::query_scalar("DELETE FROM a RETURNING b").fetch_one(&mut conn).await.unwrap();
    assert_eq!((first, sqlx::query("SELECT b FROM a").fetch_optional(&mut conn).await.unwrap().is_none()), (1, true));
    let streamed: Vec<SqliteRow> = sqlx::query("VALUES (1), (2)").fetch(&mut conn).try_collect().await.unwrap();
    assert_eq!(streamed.len(), 2);
    assert!(conn.prepare(sqlx::SqlStr::from_static("SELECT nothing")).await.is_err());
}

#[tokio::test]
async fn a_statement_is_prepared_once_and_follows_a_change_of_its_table() {
    let mut conn = in_memory().await;
    sqlx::query("CREATE TABLE a (b INTEGER)").execute(&mut conn).await.unwrap();
    for number in 0..3_i64 {
        sqlx::query("INSERT INTO a VALUES ($1)").bind(number).execute(&mut conn).await.unwrap();
        assert_eq!(sqlx::query("SELECT * FROM a").fetch_one(&mut conn).await.unwrap().len(), 1);
    }
    let runs = |text| conn.raw().prepare_cached(text).unwrap().get_status(rusqlite::StatementStatus::Run);
    assert_eq!((runs("INSERT INTO a VALUES (?1)"), runs("SELECT * FROM a"), runs("SELECT b FROM a")), (3, 3, 0));
    sqlx::query("ALTER TABLE a ADD COLUMN c INTEGER").execute(&mut conn).await.unwrap();
    assert_eq!(sqlx::query("SELECT * FROM a").fetch_one(&mut conn).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_violated_is_told_without_the_values() {
    let mut conn = in_memory().await;
    sqlx::query("CREATE TABLE a (b TEXT NOT NULL UNIQUE CHECK (b <> 'never'))").execute(&mut conn).await.unwrap();
    sqlx::query("INSERT INTO a VALUES ('hush')").execute(&mut conn).await.unwrap();
    let mut violate = async |value: Option<&str>| {
        let error = sqlx::query("INSERT INTO a VALUES ($1)").bind(value).execute(&mut conn).await.unwrap_err();
        let sqlx::Error::Database(error) = error else { panic!("{error:?}") };
        assert!(!format!("{error} {error:?}").contains("hush"));
        error.kind()
    };
    assert!(matches!(violate(Some("hush")).await, ErrorKind::UniqueViolation));
    assert!(matches!(violate(Some("never")).await, ErrorKind::CheckViolation));
    assert!(matches!(violate(None).await, ErrorKind::NotNullViolation));
}

/// The ways in which a unit of work can run.
fn both(db: &Db) -> [Db; 2] {
    [db.clone(), db.on_own_thread()]
}

#[tokio::test]
async fn a_unit_of_work_that_panics_is_rolled_back_and_the_next_one_works() {
    let directory = tempfile::tempdir().unwrap();
    let db = with_numbers(&directory).await;
    for (number, db) in (1..).zip(both(&db)) {
        let unit = std::panic::AssertUnwindSafe(async {
            let mut tx = db.begin().await.unwrap();
            add(&mut tx, number).await.unwrap();
            panic!("on purpose");
        });
        assert!(unit.catch_unwind().await.is_err());
        let mut tx = db.begin().await.unwrap();
        assert_eq!(count(&mut tx).await, number - 1, "the one before was rolled back");
        add(&mut tx, number).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count_in(&db).await, number);
    }
    db.close().await;
}

#[tokio::test]
async fn a_dropped_unit_of_work_is_rolled_back_between_and_within_statements() {
    let directory = tempfile::tempdir().unwrap();
    let db = with_numbers(&directory).await;
    for db in both(&db) {
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        drop(tx);
        assert_eq!(count(&mut db.begin().await.unwrap()).await, 0);
    }
    // The future is dropped while its statement runs, which would never end.
    let mut tx = db.begin().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    let began = run!(&mut tx, |conn| sqlx::query(ENDLESS).execute(conn).now_or_never().transpose().map(|ended| ended.is_some()));
    assert_eq!(began.ok(), Some(false));
    let refused = add(&mut tx, 2).await;
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
    drop(tx);
    assert_eq!(count(&mut db.begin().await.unwrap()).await, 0);
    db.close().await;
}

#[tokio::test]
async fn a_statement_ends_at_its_deadline_wherever_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    let db = with_numbers(&directory).await;
    let Db::Sqlite { readers, writer, .. } = &db else { unreachable!() };
    let soon = || std::time::Instant::now() + Duration::from_millis(50);
    let mut blocking = writer.acquire_for(Calls::Blocking(soon())).await.unwrap();
    blocking.begin_writing().await.unwrap();
    let ended = sqlx::query(ENDLESS).execute(&mut blocking).await.map_err(DbError::from);
    assert!(matches!(ended, Err(DbError::Timeout)), "{ended:?}");
    let late = sqlx::query("SELECT 1").execute(&mut blocking).await.map_err(DbError::from);
    assert!(matches!(late, Err(DbError::Timeout)), "{late:?}");
    drop(blocking);
    let mut inline = readers.acquire_for(Calls::Inline).await.unwrap();
    let ended = sqlx::query(ENDLESS).execute(&mut inline).await.map_err(DbError::from);
    assert!(matches!(ended, Err(DbError::Timeout)), "{ended:?}");
    drop(inline);
    // Handed off, it ends with the future that waits for it; otherwise the connection would never be free again.
    let written = with_timeout(async {
        let mut tx = db.begin().await?;
        add(&mut tx, 1).await?;
        run!(&mut tx, |conn| sqlx::query(ENDLESS).execute(conn).await.map(drop))
    });
    assert!(matches!(written.await, Err(DbError::Timeout)));
    assert_eq!(count(&mut db.begin().await.unwrap()).await, 0);
    db.close().await;
}

#[tokio::test]
async fn a_reader_sees_one_state_and_one_for_bulk_work_the_newest() {
    let directory = tempfile::tempdir().unwrap();
    let db = with_numbers(&directory).await;
    let (mut page, mut bulk) = (db.reader().await.unwrap(), db.bulk_reader().await.unwrap());
    assert_eq!((count(&mut page).await, count(&mut bulk).await), (0, 0));
    let mut tx = db.begin().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((count(&mut page).await, count(&mut bulk).await, count_in(&db).await), (0, 1, 1));
    let written = run!(&mut page, |conn| sqlx::query("INSERT INTO numbers VALUES (2)").execute(conn).await.map(drop));
    assert_eq!(written.err().and_then(|error| error.sqlite_code()), Some(8), "it cannot write");
    drop((page, bulk));
    db.close().await;
}

/// A thread that serves requests does not wait for a lock: others are served meanwhile. On this runtime of one thread they would
/// not be.
#[tokio::test]
async fn a_read_that_waits_for_a_lock_holds_up_no_thread_that_serves_others() {
    let directory = tempfile::tempdir().unwrap();
    // Without a WAL, a writer locks out readers.
    let mut conn = SqliteOptions::create(path(&directory)).pragma("journal_mode", "delete").connect().await.unwrap();
    sqlx::query("CREATE TABLE numbers (number INTEGER)").execute(&mut conn).await.unwrap();
    let pool = SqlitePool::new(SqliteOptions::existing(path(&directory)), 1);
    for calls in [Calls::Inline, Calls::HandedOff] {
        let mut waiting = pool.acquire_for(calls).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut conn).await.unwrap();
        let reading = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM numbers").fetch_one(&mut waiting);
        let releasing = async {
            // Reached only if the reading has given up the thread.
            sqlx::query("COMMIT").execute(&mut conn).await.unwrap();
        };
        let (read, ()) = tokio::join!(reading, releasing);
        assert_eq!(read.unwrap(), 0, "{calls:?}");
    }
    pool.close().await;
}

/// The same for units of work, whose locks WAL does not avoid: of pages, and of the writer's own thread.
#[tokio::test]
async fn a_unit_of_work_that_waits_for_a_lock_holds_up_no_thread_that_serves_others() {
    let directory = tempfile::tempdir().unwrap();
    let db = with_numbers(&directory).await;
    let mut other = SqliteOptions::existing(path(&directory)).connect().await.unwrap();
    other.begin_writing().await.unwrap();
    let (begun, released) = tokio::join!(db.begin(), other.commit_and_continue());
    released.unwrap();
    drop(begun.unwrap());
    other.begin_writing().await.unwrap();
    let (own, (start, started)) = (db.on_own_thread(), tokio::sync::watch::channel(false));
    let writing = db.start_writer(async move {
        // What follows blocks its thread until the lock is released.
        start.send_replace(true);
        let mut tx = own.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
    });
    let releasing = async {
        started.clone().wait_for(|has_started| *has_started).await.unwrap();
        other.commit_and_continue().await.unwrap();
    };
    tokio::join!(writing.unwrap(), releasing);
    assert_eq!(count_in(&db).await, 1);
    other.close().await.unwrap();
    db.close().await;
}

#[tokio::test]
async fn connections_are_served_in_order_and_a_closed_pool_serves_none() {
    let directory = tempfile::tempdir().unwrap();
    let db = with_numbers(&directory).await;
    let Db::Sqlite { writer, .. } = &db else { unreachable!() };
    let first = writer.acquire().await.unwrap();
    let (mut second, mut third) = (Box::pin(writer.acquire()), Box::pin(writer.acquire()));
    assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none(), "there is one writer");
    drop(first);
    assert!(third.as_mut().now_or_never().is_none(), "the second came before");
    drop(second.await.unwrap());
    drop(third.await.unwrap());
    db.close().await;
    let closed = db.begin().await.err();
    assert!(matches!(closed, Some(DbError::Unavailable(sqlx::Error::PoolClosed))), "{closed:?}");
}

/// A file that can be read under any name, and whose connections can be used by sqlx's own transactions.
#[tokio::test]
async fn a_file_that_cannot_change_is_read_whatever_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a b?c%20#₹.db");
    let mut conn = SqliteOptions::create(&file).connect().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    sqlx::query("CREATE TABLE numbers (number INTEGER)").execute(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    sqlx::query("CREATE TABLE letters (letter TEXT)").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    drop(conn.begin().await.unwrap());
    conn.close().await.unwrap();
    assert_eq!(tables(SqliteOptions::existing(&file).immutable()).await, ["letters"]);
    assert_eq!(tables(SqliteOptions::existing(&file).read_only()).await, ["letters"]);
    assert!(SqliteOptions::existing(Path::new("/nowhere/a.db")).connect().await.is_err());
}

async fn tables(options: SqliteOptions) -> Vec<String> {
    let mut conn = options.connect().await.unwrap();
    let names = sqlx::query_scalar("SELECT name FROM sqlite_schema").fetch_all(&mut conn).await.unwrap();
    assert!(sqlx::query("DROP TABLE letters").execute(&mut conn).await.is_err(), "it is opened for reading");
    names
}
