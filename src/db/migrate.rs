//! Schema migrations: one folder per engine, with the same numbers and names in both.
//!
//! Invariant: a released file is never edited, since every database stores its checksum. Until the first release the set is rewritten
//! in place, and a database of another development version is refused.

use sqlx::{Connection as _, SqlSafeStr as _};
use sqlx_core::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::{Db, DbError, run, sqlite};

macro_rules! migrations {
    ($engine:literal) => {
        [
            migrations!($engine, 1, "accounts", "0001_accounts"),
            migrations!($engine, 2, "apps", "0002_apps"),
            migrations!($engine, 3, "connections", "0003_connections"),
            migrations!($engine, 4, "events", "0004_events"),
            migrations!($engine, 5, "transactions", "0005_transactions"),
            migrations!($engine, 6, "rejections", "0006_rejections"),
            migrations!($engine, 7, "jobs", "0007_jobs"),
            migrations!($engine, 8, "deliveries", "0008_deliveries"),
            migrations!($engine, 9, "tokens", "0009_tokens"),
            migrations!($engine, 10, "notifications", "0010_notifications"),
            migrations!($engine, 11, "alerts", "0011_alerts"),
            migrations!($engine, 12, "automations", "0012_automations"),
            migrations!($engine, 13, "refunds", "0013_refunds"),
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

const APPLIED: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";

/// The state of a database's migrations compared with those of this binary.
#[derive(PartialEq, Eq)]
enum Schema {
    /// No migration is applied.
    Empty,
    /// Only the first of this binary's migrations are applied.
    Older,
    /// All of them are applied.
    Current,
    /// All of them are applied, and later ones up to this number.
    Newer(i64),
    /// Others are applied: by a development version.
    Other,
}

/// Compares numbers and checksums. Changes nothing.
async fn schema(db: &Db) -> Result<Schema, DbError> {
    let mut reader = db.reader().await?;
    let applied: Result<Vec<(i64, Vec<u8>)>, DbError> = run!(&mut reader, |conn| sqlx::query_as(APPLIED).fetch_all(conn).await);
    match applied {
        Ok(applied) => Ok(compare(&applied, &all(db).collect::<Vec<_>>())),
        Err(error) if error.is_no_such_table() => Ok(Schema::Empty),
        Err(error) => Err(error),
    }
}

fn compare(applied: &[(i64, Vec<u8>)], ours: &[Migration]) -> Schema {
    let is_same =
        applied.iter().zip(ours).all(|((version, checksum), our)| *version == our.version && **checksum == *our.checksum);
    match (applied.get(ours.len()..), applied.last()) {
        (_, None) => Schema::Empty,
        _ if !is_same => Schema::Other,
        (None, _) => Schema::Older,
        (Some([]), _) => Schema::Current,
        (Some(_), Some((newest, _))) => Schema::Newer(*newest),
    }
}

/// Rejects a database that has a migration unknown to this binary. Changes nothing.
pub(super) async fn check(db: &Db) -> Result<(), DbError> {
    match schema(db).await? {
        Schema::Newer(number) => Err(DbError::SchemaTooNew(number)),
        Schema::Other => Err(DbError::OtherSchema),
        Schema::Empty | Schema::Older | Schema::Current => Ok(()),
    }
}

/// Returns whether every migration of this binary is applied. Changes nothing.
pub(super) async fn is_complete(db: &Db) -> Result<bool, DbError> {
    Ok(matches!(schema(db).await?, Schema::Current | Schema::Newer(_)))
}

/// Returns whether at least one migration is applied, and all applied ones are this binary's.
pub(super) async fn is_ours(db: &Db) -> Result<bool, DbError> {
    Ok(matches!(schema(db).await?, Schema::Older | Schema::Current))
}

fn all(db: &Db) -> impl Iterator<Item = Migration> {
    of(db)
        .iter()
        .map(|&(number, name, text)| Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false))
}

pub(super) async fn run(db: &Db) -> Result<(), DbError> {
    check(db).await?;
    let result = match db {
        Db::Sqlite { writer, .. } => return Ok(sqlite::migrate(writer, &all(db).collect::<Vec<_>>()).await?),
        Db::Postgres { pool, .. } => {
            let migrator = Migrator::with_migrations(all(db).collect());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_upgraded_only_if_its_migrations_are_the_first_of_this_binary() {
        let ours: Vec<Migration> = SQLITE
            .iter()
            .map(|&(number, name, text)| Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false))
            .collect();
        let all: Vec<(i64, Vec<u8>)> = ours.iter().map(|our| (our.version, our.checksum.to_vec())).collect();
        let with = |rows: &[(i64, Vec<u8>)], more: (i64, Vec<u8>)| [rows, &[more]].concat();
        assert!(compare(&[], &ours) == Schema::Empty);
        assert!(compare(&all[..2], &ours) == Schema::Older);
        assert!(compare(&all, &ours) == Schema::Current);
        assert!(compare(&with(&all, (77, vec![1])), &ours) == Schema::Newer(77));
        assert!(compare(&with(&all[..2], (3, vec![1])), &ours) == Schema::Other, "another text of the same number");
        assert!(compare(&with(&all[..2], (77, vec![1])), &ours) == Schema::Other, "a number that is not the next");
    }
}
