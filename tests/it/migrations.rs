//! The two folders of migrations make the same tables.

use std::collections::BTreeMap;

use ks_pay::db::{Db, Location};

use crate::support::database::{Database, migrations, postgres_server};

/// Table and column, and whether it may be null.
type Columns = BTreeMap<(String, String), bool>;

const OF_SQLITE: &str = "SELECT tables.name, columns.name, columns.\"notnull\" = 0 FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tables.name <> '_sqlx_migrations'";
const OF_POSTGRES: &str = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), is_nullable = 'YES' FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";

async fn columns(db: &Db) -> Columns {
    let rows: Vec<(String, String, bool)> = match db {
        Db::Sqlite { writer, .. } => sqlx::query_as(OF_SQLITE).fetch_all(writer).await.unwrap(),
        Db::Postgres(pool) => sqlx::query_as(OF_POSTGRES).fetch_all(pool).await.unwrap(),
    };
    rows.into_iter().map(|(table, column, is_nullable)| ((table, column), is_nullable)).collect()
}

#[test]
fn both_folders_have_the_same_files() {
    let names = |engine| migrations(engine).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_applied_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::Sqlite(directory.path().join("a.db"))).await.unwrap();
    let applied: Vec<_> = db.migrations().into_iter().map(|(number, name)| format!("{number:04}_{name}.sql")).collect();
    let files: Vec<_> = migrations("sqlite").into_iter().map(|(name, _)| name).collect();
    assert_eq!(applied, files);
    let Db::Sqlite { writer, .. } = &db else { unreachable!() };
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations WHERE success").fetch_one(writer).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), files.len());
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_twice_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(directory.path().join("a.db"));
    let first = Db::open(&location).await.unwrap();
    let before = columns(&first).await;
    first.close().await;
    let second = Db::open(&location).await.unwrap();
    assert_eq!(columns(&second).await, before);
    assert!(before.len() > 80, "only {} columns were found", before.len());
    second.close().await;
}

/// Runs wherever a PostgreSQL server is at hand, whatever the suite runs on.
#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_columns_and_nullability() {
    let Some(server) = postgres_server() else { return };
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Db::open(&Location::Sqlite(directory.path().join("a.db"))).await.unwrap();
    let database = Database::postgres(server).await;
    let postgres = Db::open(&Location::parse(database.url().unwrap()).unwrap()).await.unwrap();
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    sqlite.close().await;
    postgres.close().await;
}
