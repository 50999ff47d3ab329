//! Brings the tables up to date. One folder an engine, the same numbers and names in both; a shipped file is never
//! edited, since its checksum is in every database.

use sqlx::{
    SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::{Db, DbError};

macro_rules! migrations {
    ($engine:literal) => {
        [
            migrations!($engine, 1, "accounts", "0001_accounts"),
            migrations!($engine, 2, "apps", "0002_apps"),
            migrations!($engine, 3, "connections", "0003_connections"),
            migrations!($engine, 4, "events", "0004_events"),
            migrations!($engine, 5, "transactions", "0005_transactions"),
        ]
    };
    ($engine:literal, $number:literal, $name:literal, $file:literal) => {
        ($number, $name, include_str!(concat!("../../migrations/", $engine, "/", $file, ".sql")))
    };
}

const SQLITE: [(i64, &str, &str); 5] = migrations!("sqlite");
const POSTGRES: [(i64, &str, &str); 5] = migrations!("postgres");

fn of(db: &Db) -> &'static [(i64, &'static str, &'static str)] {
    match db {
        Db::Sqlite { .. } => &SQLITE,
        Db::Postgres(_) => &POSTGRES,
    }
}

pub(super) fn names(db: &Db) -> Vec<(i64, &'static str)> {
    of(db).iter().map(|&(number, name, _)| (number, name)).collect()
}

pub(super) async fn run(db: &Db) -> Result<(), DbError> {
    let migrations = of(db)
        .iter()
        .map(|&(number, name, text)| Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false));
    let migrator = Migrator::with_migrations(migrations.collect());
    let result = match db {
        Db::Sqlite { writer, .. } => migrator.run(writer).await,
        Db::Postgres(pool) => migrator.run(pool).await,
    };
    result.map_err(|error| match error {
        MigrateError::VersionMissing(number) => DbError::Newer(number),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        error => DbError::Migration(error),
    })
}
