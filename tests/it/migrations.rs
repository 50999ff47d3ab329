//! The two folders of migrations make the same tables.

use std::collections::BTreeMap;

use ks_pay::db::{Db, Location};

use crate::support::{
    Installation,
    cli::one_sentence,
    database::{Database, migrations, postgres_server},
};

/// Table and column, and whether it may be null.
type Columns = BTreeMap<(String, String), bool>;

const OF_SQLITE: &str = "SELECT tables.name, columns.name, columns.\"notnull\" = 0 FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tables.name <> '_sqlx_migrations'";
const OF_POSTGRES: &str = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), is_nullable = 'YES' FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";

async fn columns(db: &Db) -> Columns {
    let rows: Vec<(String, String, bool)> = match db {
        Db::Sqlite { writer, .. } => sqlx::query_as(OF_SQLITE).fetch_all(&mut writer.acquire().await.unwrap()).await.unwrap(),
        Db::Postgres { pool, .. } => sqlx::query_as(OF_POSTGRES).fetch_all(pool).await.unwrap(),
    };
    // The counter of ids is a sequence on PostgreSQL.
    let rows = rows.into_iter().filter(|(table, ..)| table != "ids");
    rows.map(|(table, column, is_nullable)| ((table, column), is_nullable)).collect()
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
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut writer.acquire().await.unwrap())
        .await
        .unwrap();
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

/// A database with a migration that has one of ours' number and another text.
async fn of_another_version(at: &Installation) -> Location {
    std::fs::create_dir_all(at.data_dir()).unwrap();
    let db = Db::open(&at.location()).await.unwrap();
    db.close().await;
    at.sql("UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations WHERE version = 1) WHERE version = 2")
        .await;
    at.location()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_development_version_is_refused_and_not_altered() {
    let at = Installation::new().await;
    let location = of_another_version(&at).await;
    let db = Db::connect(&location).await.unwrap();
    let before = columns(&db).await;
    db.close().await;
    let started = at.process(&["serve"], &[]).end();
    assert_eq!((started.code, started.out.len()), (Some(1), 0), "{}", started.err);
    let sentence = one_sentence(&started.err);
    assert!(sentence.contains("another development version of ks-pay") && sentence.contains("was not changed"), "{sentence}");
    let doctor = at.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("another development version of ks-pay"), "{}", doctor.out);
    assert!(Db::open(&location).await.is_err());
    let db = Db::connect(&location).await.unwrap();
    assert_eq!(columns(&db).await, before);
    db.close().await;
}
