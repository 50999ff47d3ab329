//! Schema migrations: one folder per engine, with the same numbers and names in both.
//!
//! Invariant: a released file is never edited, since every database stores its checksum.

use sqlx::{
    Connection as _, SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::{Db, DbError, run};

macro_rules! migrations {
    ($engine:literal) => {
        [
            migrations!($engine, 1, "accounts", "0001_accounts"),
            migrations!($engine, 2, "apps", "0002_apps"),
            migrations!($engine, 3, "connections", "0003_connections"),
            migrations!($engine, 4, "events", "0004_events"),
            migrations!($engine, 5, "transactions", "0005_transactions"),
            migrations!($engine, 6, "receivers", "0006_receivers"),
            migrations!($engine, 7, "sums", "0007_sums"),
            migrations!($engine, 8, "rejections", "0008_rejections"),
            migrations!($engine, 9, "rotation", "0009_rotation"),
            migrations!($engine, 10, "habits", "0010_habits"),
            migrations!($engine, 11, "recoveries", "0011_recoveries"),
            migrations!($engine, 12, "rejection_keys", "0012_rejection_keys"),
            migrations!($engine, 14, "proof", "0014_proof"),
            migrations!($engine, 15, "amounts", "0015_amounts"),
            migrations!($engine, 16, "references", "0016_references"),
            migrations!($engine, 18, "access", "0018_access"),
            migrations!($engine, 19, "refund_states", "0019_refund_states"),
            migrations!($engine, 20, "states", "0020_states"),
            migrations!($engine, 21, "copies", "0021_copies"),
        ]
    };
    ($engine:literal, $number:literal, $name:literal, $file:literal) => {
        ($number, $name, include_str!(concat!("../../migrations/", $engine, "/", $file, ".sql")))
    };
}

const SQLITE: &[(i64, &str, &str)] = &migrations!("sqlite");
const POSTGRES: &[(i64, &str, &str)] = &migrations!("postgres");

fn of(db: &Db) -> &'static [(i64, &'static str, &'static str)] {
    match db {
        Db::Sqlite { .. } => SQLITE,
        Db::Postgres { .. } => POSTGRES,
    }
}

pub(super) fn names(db: &Db) -> Vec<(i64, &'static str)> {
    of(db).iter().map(|&(number, name, _)| (number, name)).collect()
}

const NEWEST: &str = "SELECT MAX(version) FROM _sqlx_migrations";

/// Rejects a database that has a migration unknown to this binary. Changes nothing.
pub(super) async fn check(db: &Db) -> Result<(), DbError> {
    let mut reader = db.reader().await?;
    let newest: Result<Option<i64>, DbError> = run!(&mut reader, |conn| sqlx::query_scalar(NEWEST).fetch_one(conn).await);
    match newest {
        Ok(Some(number)) if of(db).iter().all(|(known, ..)| *known != number) => Err(DbError::SchemaTooNew(number)),
        // `Internal`: the table does not exist, because no migration has run yet.
        Ok(_) | Err(DbError::Internal(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Returns whether every migration of this binary is applied. Changes nothing.
pub(super) async fn is_complete(db: &Db) -> Result<bool, DbError> {
    let mut reader = db.reader().await?;
    let newest: Result<Option<i64>, DbError> = run!(&mut reader, |conn| sqlx::query_scalar(NEWEST).fetch_one(conn).await);
    match newest {
        Ok(newest) => Ok(newest >= of(db).last().map(|(number, ..)| *number)),
        // The table does not exist.
        Err(error) if error.sqlite_code() == Some(1) || error.sqlstate().as_deref() == Some("42P01") => Ok(false),
        Err(error) => Err(error),
    }
}

const APPLIED: &str = "SELECT version, checksum FROM _sqlx_migrations";

/// Returns whether at least one migration is applied, and the checksum of each applied one matches one of this binary.
pub(super) async fn verify_checksums(db: &Db) -> Result<bool, DbError> {
    let mut reader = db.reader().await?;
    let applied: Result<Vec<(i64, Vec<u8>)>, DbError> = run!(&mut reader, |conn| sqlx::query_as(APPLIED).fetch_all(conn).await);
    match applied {
        Ok(applied) => {
            let ours: Vec<_> = all(db).collect();
            let is_ours = |row: &(i64, Vec<u8>)| ours.iter().any(|our| our.version == row.0 && *our.checksum == *row.1);
            Ok(!applied.is_empty() && applied.iter().all(is_ours))
        }
        // The table does not exist.
        Err(DbError::Internal(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn all(db: &Db) -> impl Iterator<Item = Migration> {
    of(db)
        .iter()
        .map(|&(number, name, text)| Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false))
}

pub(super) async fn run(db: &Db) -> Result<(), DbError> {
    let migrator = Migrator::with_migrations(all(db).collect());
    let result = match db {
        Db::Sqlite { writer, .. } => migrator.run(writer).await,
        Db::Postgres { pool, .. } => {
            // A migration may take longer than a request, so the timeouts are off, and the connection is not returned to the
            // pool.
            let mut conn = pool.acquire().await?.detach();
            sqlx::query("SELECT set_config('statement_timeout', '0', FALSE), set_config('lock_timeout', '0', FALSE)")
                .execute(&mut conn)
                .await?;
            let result = migrator.run(&mut conn).await;
            let _ = conn.close().await;
            result
        }
    };
    result.map_err(|error| match error {
        MigrateError::VersionMissing(number) => DbError::SchemaTooNew(number),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        error => DbError::Migration(error),
    })
}
